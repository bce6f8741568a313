// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A stored statement inside an export: what its hash covers, and what a third party can compute of it without a store.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/incentive/statement_payment.hpp"

namespace kith::incentive {

/// A line with the event that it is of ("source:id"), and of an adjustment what was posted before.
struct ToldLine {
  StatementLine row;
  std::string event = {};
  std::optional<std::int64_t> before = {};
};
struct ToldStatement {
  Statement row;
  std::string label;     ///< of its period
  std::string previous;  ///< hash of the closed statement before it, "" for the first
  std::vector<ToldLine> lines;
  std::vector<StatementRelease> releases;
  std::optional<StatementPayment> payment;
};
Json json_of(const ToldStatement& statement);
/// Errors: invalid with paths.
ToldStatement statement_from(const Json& document, const std::string& path);

/// A period computed again for a statement.
struct Computed {
  const PlanDocument* plan = nullptr;
  PlanResult result;
};
/// Names what does not follow: the hash, the sums, lines against what their period computes.
void check_statement(const ToldStatement& told, const std::map<std::string, Computed>& periods,
                     std::vector<Violation>& faults);

/// Names what does not follow in the explanation of a statement of won deals: the trace, and each correction.
std::vector<Violation> check_deals(const Json& document);

/// SHA-256 of a document but for its member "sha256".
std::string digest_of(const Json& document);

}  // namespace kith::incentive
