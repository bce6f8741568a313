// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the ledger's sources share: its entities, its accounts at hand, and the sums that pairs of accounts must keep.

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kith/base/rounding.hpp"
#include "kith/engine/ledger.hpp"

namespace kith::ledger {

extern const Entity kLedgerAccount;
extern const Entity kPosting;

/// All accounts, by name.
class Accounts {
 public:
  explicit Accounts(const Reader& reader);
  const LedgerAccount* find(std::string_view name) const;
  std::vector<std::string_view> names() const;

 private:
  std::map<std::string, LedgerAccount, std::less<>> by_name_;
};

/// The two accounts, document entity, document, measure, currency; and the sum of amounts and quantities.
using PairSum = std::tuple<std::string, std::string, std::string, std::int64_t, std::string, std::string>;
using PairSums = std::map<PairSum, std::pair<Int128, Int128>>;
/// Which of them a posting counts in, if its account has a pair.
std::optional<PairSum> pair_of(const Accounts& accounts, const Posting& posting);
/// Adds a posting to the sum of its pair, if its account has one.
void add_to_pairs(const Accounts& accounts, const Posting& posting, PairSums& sums);

/// Why a text names no fiscal period of the store, "2026-Q1" or "retail/2026-Q1"; nothing where it does.
std::optional<std::string> period_fault(const Reader& reader, std::string_view text);

/// Adds what does not hold: mirrors, pairs, accounts, postings that were changed.
void check(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::ledger
