// SPDX-License-Identifier: Apache-2.0
// Conditions of plans that no event can meet are found; those that some event meets are not.
#include "incentive/impossible.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kith/incentive/document.hpp"

namespace kith {
namespace {

std::vector<Violation> lint_of(const std::string& when) {
  nlohmann::json plan = nlohmann::json::parse(R"({"format": "kith.plan/2", "name": "p", "version": 1,
    "currency": "USD", "interval": "month", "valid": {"from": "2025-01-01"}, "order": ["date", "sequence", "id"],
    "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
    "attributes": {"region": "text", "seats": "decimal"},
    "credits": [{"name": "own", "role": "primary", "who": "split", "sum_must_be": "100", "rounding": "none",
      "apply": "base", "base": "amount", "fx": {"rate": "transaction", "reversal": "original"}}],
    "measures": [{"name": "sales", "credits": ["own"], "aggregate": "sum", "accumulate": "interval",
      "return_period": "original", "negative": "first_tier"}],
    "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"},
      "tiers": {"input": "amount", "mode": "marginal", "unit": "pct_of_base",
        "rows": [{"from": "0", "value": "10 %"}]}}]})");
  plan["credits"][0]["when"] = when;
  return incentive::lint(incentive::PlanDocument::parse(plan.dump()));
}

TEST(PlanConditions, WhatNoEventCanMeetIsNamed) {
  const std::vector<Violation> found = lint_of("amount > 10 USD and type = 'order' and amount < 5 USD");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].field, "credits[0].when");
  EXPECT_TRUE(found[0].message.starts_with("The rule credits nobody: no 'amount' meets ")) << found[0].message;
  for (const char* when :
       {"region = 'north' and region = 'south'", "date > date '2025-01-01' and date < date '2025-01-02'",
        "seats in (1, 2) and seats > 2", "region is null and region = 'north'", "seats between 5 and 3",
        "not (seats > 3) and seats = 7", "region > 'b' and region < 'a'",
        "date < date '2025-01-01' and date > date '2025-06-01'"}) {
    EXPECT_EQ(lint_of(when).size(), 1U) << when;
  }
}

TEST(PlanConditions, WhatSomeEventMeetsIsNot) {
  for (const char* when :
       {"amount > 5 USD and amount < 10 USD", "region = 'north' or region = 'south'", "seats > 3 and seats < 5",
        "seats in (1, 2) and seats >= 2", "region is null", "region != 'north' and region != 'south'",
        "region > 'a' and region < 'b'", "amount > 5 USD and seats < 3", "seats >= 4 and seats <= 4",
        "region is not null", "not (seats is null)", "seats is not null and region is not null", "type is not null"}) {
    EXPECT_TRUE(lint_of(when).empty()) << when << ": " << lint_of(when)[0].message;
  }
}

TEST(PlanConditions, OneThatHoldsForAllOfAnotherIsWider) {
  Scope scope;
  scope.title = "event";
  scope.currency = currency("USD");
  scope.names = {{"amount", Type::money}, {"region", Type::text}, {"seats", Type::integer}};
  const auto covers = [&](const char* wide, const char* narrow) {
    return incentive::covers(Expression::compile(wide, scope), Expression::compile(narrow, scope));
  };
  for (const auto& [wide, narrow] :
       std::vector<std::pair<const char*, const char*>>{{"amount > 10 USD", "amount > 20 USD"},
                                                        {"amount >= 10 USD", "amount > 10 USD"},
                                                        {"seats > 3", "seats >= 4"},
                                                        {"region = 'n'", "region = 'n' and seats > 3"},
                                                        {"region in ('n', 's')", "region = 's'"},
                                                        {"region is not null", "region > 'a'"},
                                                        {"seats > 3 or seats < 0", "seats between 5 and 9"}}) {
    EXPECT_TRUE(covers(wide, narrow)) << wide << " / " << narrow;
  }
  for (const auto& [wide, narrow] :
       std::vector<std::pair<const char*, const char*>>{{"amount > 20 USD", "amount > 10 USD"},
                                                        {"amount > 10 USD", "amount >= 10 USD"},
                                                        {"region = 'n' and seats > 3", "region = 'n'"},
                                                        {"region > 'a'", "region < 'b'"},
                                                        {"region > 'a'", "region is null"},
                                                        {"amount > 10 USD or seats > 3", "amount > 20 USD"},
                                                        {"amount * 2 > 10 USD", "amount > 20 USD"},
                                                        {"seats != 7", "seats > 3"}}) {
    EXPECT_FALSE(covers(wide, narrow)) << wide << " / " << narrow;
  }
}

}  // namespace
}  // namespace kith
