// SPDX-License-Identifier: Apache-2.0
// Modifiers, credits by values, and results that are shared: what a plan may say of them, and what it is refused for.
#include <functional>

#include "incentive/general_fixture.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"

namespace kith::incentive {
namespace {

using test::Json;

/// What a plan with this modifier is refused for.
std::string refused_modifier(const std::string& modifier, const std::string& more = "") {
  Json plan = test::GeneralText().json();
  plan["components"][0]["modifiers"] = Json::parse("[" + modifier + "]");
  if (!more.empty()) plan["components"][0].update(Json::parse(more));
  try {
    PlanDocument::parse(plan.dump());
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PlanModifiers, AModifierTakesOneRowInOneUnit) {
  const std::string measure = "sales";
  const auto modifier = [&](const char* mode, const char* unit, const char* of, const char* row) {
    return R"({"do": "add", "of": ")" + std::string(of) + R"(", "cumulative": false, "measure": ")" + measure +
           R"(", "tiers": {"input": "amount", "mode": ")" + mode + R"(", "unit": ")" + unit +
           R"(", "boundary": "upper", "rows": [)" + row + "]}}";
  };
  const char* row = R"({"from": "0", "value": "1"})";
  EXPECT_EQ(refused_modifier(modifier("lookup", "amount", "amount", row)), "");
  EXPECT_EQ(refused_modifier(modifier("slab", "pct_of_base", "raw", row)), "");
  EXPECT_EQ(refused_modifier(modifier("lookup", "pct_of_target_pay", "target_pay", row), R"({"target_pay": "10"})"),
            "");
  const auto said = [](const std::string& told, const char* words) { return told.find(words) != std::string::npos; };
  EXPECT_TRUE(said(refused_modifier(modifier("marginal", "pct_of_base", "raw", row)), "A modifier takes one row"));
  EXPECT_TRUE(said(refused_modifier(modifier("lookup", "amount", "raw", row)), "is counted in unit \"pct_of_base\""));
  EXPECT_TRUE(said(refused_modifier(modifier("lookup", "pct_of_base", "amount", row)), "in unit \"amount\""));
  EXPECT_TRUE(said(refused_modifier(modifier("lookup", "pct_of_target_pay", "target_pay", row)), "has no target_pay"));
  EXPECT_TRUE(said(refused_modifier(modifier("lookup", "amount", "amount", R"({"value": "1", "when": "type = 'a'"})")),
                   "The rows of a modifier begin at a number"));
  EXPECT_TRUE(
      said(refused_modifier(modifier("slab", "amount", "amount", R"({"from": "0", "value": "1", "retro_from": "0"})")),
           "Only marginal rows reach back"));
}

TEST(PlanModifiers, ResultsAreSharedEventByEvent) {
  Json plan = test::GeneralText().json();
  plan["credits"][0]["apply"] = "result";
  try {
    PlanDocument::parse(plan.dump());
    ADD_FAILURE() << "a measure that accumulates";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("give measure 'sales' accumulate"), std::string::npos) << error.what();
  }
  plan["measures"][0]["accumulate"] = "none";
  EXPECT_NO_THROW(PlanDocument::parse(plan.dump()));
}

TEST(PlanModifiers, CreditsByValuesHoldOnTheDaysOfTheValue) {
  Json plan = test::GeneralText().json();
  plan["credits"][0]["who"] = "values";
  plan["credits"][0]["share_value"] = "desk";
  plan["credits"][0].erase("sum_must_be");
  Inputs inputs;
  for (const int day : {5, 20}) {
    EventRow& event = inputs.events.emplace_back();
    event.source = "shop";
    event.id = std::to_string(day);
    event.type = "booking";
    event.date = date(2025, 1, static_cast<unsigned>(day));
    event.amount = {100'000, currency("USD")};
  }
  inputs.values = {{"desk", "ann", "", "0.5", date(2025, 1, 1), date(2025, 1, 10)},
                   {"desk", "ann", "", "0.25", date(2025, 1, 10), kOpenDate},
                   {"desk", "bob", "", "0.1"}};
  const PlanResult result = compute(PlanDocument::parse(plan.dump()), inputs);
  std::map<std::string, std::int64_t> paid;
  for (const StatementResult& row : result.statements) paid[row.person] = row.amount;
  EXPECT_EQ(paid["ann"], 3'750) << "5 % of 500.00 and of 250.00";
  EXPECT_EQ(paid["bob"], 1'000) << "5 % of 100.00, twice";
}

/// What a plan whose component has these tiers is refused for.
std::string refused_tiers(const std::string& tiers, bool by_event = false) {
  Json plan = test::GeneralText().json();
  plan["attributes"] = {{"region", "text"}, {"discount", "decimal"}};
  if (by_event) plan["measures"][0]["accumulate"] = "none";
  plan["components"][0]["tiers"] = Json::parse(tiers);
  try {
    PlanDocument::parse(plan.dump());
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PlanTables, LookAtWhatIsThere) {
  const auto slab = [](const std::string& input) {
    return R"({"mode": "slab", "boundary": "upper", "unit": "pct_of_base", "rows": [{"from": "0", "value": "1 %"}],
               "input": )" +
           input + "}";
  };
  const auto matrix = [](const std::string& second) {
    return R"({"mode": "matrix", "boundary": "upper", "unit": "pct_of_base", "from": ["0"], "cells": [["1 %"]],
               "input": "amount", "second": {"from": ["0"], "input": )" +
           second + "}}";
  };
  const auto said = [](const std::string& told, const char* words) { return told.find(words) != std::string::npos; };
  for (const auto& table : {std::function<std::string(const std::string&)>(slab), {matrix}}) {
    EXPECT_EQ(refused_tiers(table(R"({"measure": "sales"})")), "");
    EXPECT_TRUE(said(refused_tiers(table(R"({"measure": "salse"})")), "There is none named 'salse'"));
    EXPECT_TRUE(said(refused_tiers(table(R"({"attainment": "salse"})")), "There is none named 'salse'"));
    EXPECT_TRUE(said(refused_tiers(table(R"({"attainment": "sales"})")), "needs a goal"));
    EXPECT_TRUE(said(refused_tiers(table(R"("attainment")")), "needs a goal"));
    EXPECT_EQ(refused_tiers(table(R"({"attribute": "discount"})"), true), "");
    EXPECT_TRUE(said(refused_tiers(table(R"({"attribute": "discount"})")), "accumulate \"none\""));
    EXPECT_TRUE(
        said(refused_tiers(table(R"({"attribute": "region"})"), true), "'region' is no attribute that holds a number"));
    EXPECT_TRUE(
        said(refused_tiers(table(R"({"attribute": "rebate"})"), true), "'rebate' is no attribute that holds a number"));
  }
}

}  // namespace
}  // namespace kith::incentive
