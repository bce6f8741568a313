// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The hash that a closed statement carries: SHA-256 over the hash of the employee's statement before it, its own
/// sums and all its lines. Every text goes in with its length, so that no two statements share their bytes.

#include <string>
#include <string_view>

#include "kith/base/sha256.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/incentive/statement_payment.hpp"

namespace kith::incentive {

/// The lines of one statement, added by position, then its releases by position, then its payment.
class LinesHash {
 public:
  void add(const StatementLine& line);
  void add(const StatementRelease& line);
  void add(const StatementPayment& row);
  Digest digest() const { return hash_.digest(); }

 private:
  Sha256 hash_;
};

/// Hexadecimal; `previous` is "" for somebody's first statement.
std::string hash_of(const Statement& statement, std::string_view previous, const LinesHash& lines);

}  // namespace kith::incentive
