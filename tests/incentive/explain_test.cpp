// SPDX-License-Identifier: Apache-2.0
// What an explanation says adds up to what it explains, whatever a plan pays, takes back or caps.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "kith/incentive/document.hpp"

namespace kith {
namespace {

using incentive::PlanDocument;
using Json = nlohmann::json;

Json plan_json() {
  return Json::parse(R"({"format": "kith.plan/2", "name": "p", "version": 1, "currency": "USD", "interval": "month",
    "valid": {"from": "2025-01-01"}, "order": ["date", "sequence", "id"],
    "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
    "credits": [{"name": "own", "role": "primary", "who": "split", "sum_must_be": "100", "rounding": "none",
      "apply": "base", "base": "amount", "fx": {"rate": "transaction", "reversal": "original"}}],
    "measures": [{"name": "sales", "credits": ["own"], "aggregate": "sum", "accumulate": "interval",
      "return_period": "original", "negative": "first_tier"}],
    "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"},
      "tiers": {"input": "amount", "mode": "marginal", "boundary": "upper", "unit": "pct_of_base",
        "rows": [{"from": "0", "value": "10 %"}, {"from": "1000", "value": "20 %"}]}}]})");
}

incentive::EventRow sale(const std::string& id, Date day, std::int64_t minor) {
  incentive::EventRow row;
  row.source = "t";
  row.id = id;
  row.version = 1;
  row.type = "order";
  row.date = day;
  row.amount = {minor, currency("USD")};
  row.splits = {{"ann", "primary", "1"}};
  return row;
}

incentive::EventRow loss(const std::string& of, Date day) {
  incentive::EventRow row = sale("loss", day, 0);
  row.type = "churn";
  row.reverses = "t:" + of;
  row.splits.clear();
  return row;
}

std::string told_of(const Json& plan, const incentive::Inputs& inputs, const char* person, const char* part,
                    const char* period, const char* language = "en") {
  return incentive::explain(PlanDocument::parse(plan.dump()), inputs, person, part, period, language);
}

std::string told(const Json& plan, std::vector<incentive::EventRow> events, const char* part, const char* period,
                 const char* language = "en") {
  incentive::Inputs inputs;
  inputs.events = std::move(events);
  return told_of(plan, inputs, "ann", part, period, language);
}

incentive::EventRow sale_of(const std::string& id, Date day, std::int64_t minor, const char* who) {
  incentive::EventRow row = sale(id, day, minor);
  row.splits = {{who, "primary", "1"}};
  return row;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Explain, WhatIsTakenBackNamesTheLossTheSaleAndWhatItPaid) {
  Json plan = plan_json();
  plan["clawback"] = Json::parse(R"([{"name": "claw", "event_type": "churn", "prorate": "share", "share": "40 %",
    "components": "all"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 9), 150'005), loss("1", date(2025, 3, 8))};
  const std::string text = told(plan, events, "claw", "2025-03");
  EXPECT_TRUE(has(text, "event t:loss takes back of event t:1, which paid 200.01 in revenue: -80.00")) << text;
  EXPECT_TRUE(has(text, "in all: -80.00")) << text;
  EXPECT_TRUE(has(told(plan, events, "claw", "2025-01"), "in all: 0.00"));
  EXPECT_TRUE(has(told(plan, events, "claw", "2025-03", "zh"), "合计：-80.00"));
}

TEST(Explain, CapsOverAllComponentsAreStepsOfTheirOwn) {
  Json plan = plan_json();
  plan["statement"] = Json::parse(R"([{"do": "cap", "amount": "150", "per": "period", "excess": "carry"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 9), 150'000),
                                                   sale("2", date(2025, 2, 9), 50'000)};
  const std::string january = told(plan, events, "statement", "2025-01");
  EXPECT_TRUE(
      has(january, "all components: 200\n  cap: 200 becomes 150; 50 is carried\n  more than the components: -50\n"))
      << january;
  EXPECT_TRUE(has(january, "rounded (half_up): -50.00")) << january;
  const std::string february = told(plan, events, "statement", "2025-02");
  EXPECT_TRUE(has(february, "carried from the period before: 50\n  cap: 100 becomes 100\n")) << february;
  plan["rounding"]["point"] = "statement";
  EXPECT_TRUE(has(told(plan, events, "statement", "2025-01"), "rounded (half_up): 150.00"));
  plan.erase("statement");
  EXPECT_TRUE(has(told(plan, events, "statement", "2025-01"), "rounded (half_up): 200.00"));
}

TEST(Explain, WhatIsCarriedInAndWhatTheYearHadAreSaid) {
  Json plan = plan_json();
  plan["components"][0]["modifiers"] =
      Json::parse(R"([{"do": "cap", "amount": "150", "per": "period", "excess": "carry"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 9), 150'000),
                                                   sale("2", date(2025, 2, 9), 50'000)};
  const std::string carried = told(plan, events, "revenue", "2025-02");
  EXPECT_TRUE(has(carried, "row 1: 500 x 0.1 = 50\n  carried from the period before: 50\n  before modifiers: 100\n"))
      << carried;
  EXPECT_TRUE(has(carried, "of no single event: 50.00")) << carried;
  plan = plan_json();
  plan["measures"][0]["accumulate"] = "year_to_date";
  const std::string year = told(plan, events, "revenue", "2025-02");
  EXPECT_TRUE(has(year, "before this period: 1500\n  measured: 2000\n")) << year;
  EXPECT_TRUE(has(year, "paid for that before: 200\n  before modifiers: 100\n")) << year;
}

TEST(Explain, ChineseHasNoEnglishWordsOfItsOwn) {
  Json plan = plan_json();
  plan["components"][0]["weight"] = "0.5";
  plan["components"][0]["modifiers"] = Json::parse(R"([{"do": "multiply", "by": "0.9"},
    {"do": "cap", "amount": "50", "per": "period", "excess": "lose"},
    {"do": "floor", "amount": "60", "per": "period"}])");
  const std::string text = told(plan, {sale("1", date(2025, 1, 9), 150'000)}, "revenue", "2025-01", "zh");
  for (const char* word : {"multiply", "cap", "floor", "half_up", "weight"}) EXPECT_FALSE(has(text, word)) << text;
  EXPECT_TRUE(has(text, "  封顶：90 变为 50；40 作废\n  保底：50 变为 60\n")) << text;
  EXPECT_TRUE(has(text, "  舍入（四舍五入）：60.00")) << text;
}

incentive::Inputs three_people() {
  incentive::Inputs inputs;
  inputs.events = {sale_of("1", date(2025, 1, 9), 90'000, "ann"), sale_of("2", date(2025, 1, 10), 20'000, "bob"),
                   sale_of("3", date(2025, 1, 11), 10'000, "eve"), sale_of("4", date(2025, 1, 12), -5'000, "joe")};
  return inputs;
}

TEST(Explain, APoolSaysWeightsCapsAndWhatTheyLeave) {
  Json plan = plan_json();
  plan["components"][0] = Json::parse(R"({"name": "pool", "kind": "pool_share", "basis": {"measure": "sales"},
    "pool": "900", "unpaid": "lose", "member_cap": "500"})");
  const incentive::Inputs inputs = three_people();
  EXPECT_TRUE(has(told_of(plan, inputs, "ann", "pool", "2025-01"),
                  "  pool: 900\n  weight: 900 of 1200 in all (3 with a weight, 1 without)\n"
                  "  1 at the cap: 500 in all; 400 is left for a weight of 300\n  at the cap of 500: 500\n"));
  EXPECT_TRUE(has(told_of(plan, inputs, "bob", "pool", "2025-01"), "  share: 400 x 200 / 300 = 266.67\n"));
  EXPECT_TRUE(has(told_of(plan, inputs, "eve", "pool", "2025-01", "zh"),
                  "  1 人达到上限，共 500；余 400 按权重 300 再分\n  份额：400 × 100 / 300 = 133.33\n"));
  plan["components"][0]["member_cap"] = "200";
  plan["components"][0]["unpaid"] = "carry";
  const std::string all = told_of(plan, inputs, "bob", "pool", "2025-01");
  EXPECT_TRUE(has(all, "nobody gets of the pool: 300, which is carried")) << all;
  const Json data = Json::parse(told_of(plan, inputs, "bob", "pool", "2025-01", "steps"));
  EXPECT_EQ(data["format"], "kith.steps/1");
  const Json unpaid{{"kind", "unpaid"}, {"amount", "300"}, {"goes", "carry"}};
  EXPECT_NE(std::find(data["steps"].begin(), data["steps"].end(), unpaid), data["steps"].end()) << data;
}

TEST(Explain, APlaceSaysWithHowManyItIsShared) {
  Json plan = plan_json();
  plan["components"][0] = Json::parse(R"({"name": "contest", "kind": "rank", "basis": {"measure": "sales"},
    "prizes": ["1000", "500", "100"], "ties": "share", "least": "0"})");
  incentive::Inputs inputs = three_people();
  inputs.events[1].amount.minor = 90'000;
  EXPECT_TRUE(has(told_of(plan, inputs, "bob", "contest", "2025-01"),
                  "  place 1 of 4\n  2 are equal at place 1: prizes 1 to 2 sum to 1500, own part 750\n  prize: 750\n"));
  EXPECT_TRUE(has(told_of(plan, inputs, "joe", "contest", "2025-01", "zh"), "  低于 0：不计名次\n"));
  plan["components"][0]["ties"] = "each";
  EXPECT_TRUE(has(told_of(plan, inputs, "ann", "contest", "2025-01"),
                  "  2 are equal at place 1: each gets its prize\n  prize: 1000\n"));
}

TEST(Explain, AResultOfTheWholeEventIsSaidBeforeItIsShared) {
  Json plan = plan_json();
  plan["credits"][0]["apply"] = "result";
  plan["measures"][0]["accumulate"] = "none";
  incentive::EventRow both = sale("1", date(2025, 1, 9), 100'010);
  both.splits = {{"ann", "primary", "0.5"}, {"bob", "primary", "0.5"}};
  const std::string text = told(plan, {both}, "revenue", "2025-01");
  EXPECT_TRUE(has(text, "event t:1 in all: 1000.1 pays 100.02, rounded 100.02; 0.5 of it is 50.01")) << text;
}

TEST(Explain, AGoalSaysItsRampAndTheDaysOfItsOwner) {
  Json plan = plan_json();
  plan["measures"][0]["goal"] = "4000";
  plan["measures"][0]["ramp"] = "0.5";
  plan["measures"][0]["prorate_goal"] = "calendar";
  plan["components"][0]["modifiers"] = Json::parse(R"([{"do": "prorate", "basis": "calendar"}])");
  incentive::Inputs inputs;
  inputs.events = {sale("1", date(2025, 1, 20), 50'000)};
  inputs.people = {{"ann", date(2025, 1, 17), kOpenDate}};
  const std::string text = told_of(plan, inputs, "ann", "revenue", "2025-01");
  EXPECT_TRUE(has(text,
                  "  goal before ramp and days: 4000\n    ramp: x 0.5 = 2000\n"
                  "    takes part 15 of 31 days (calendar): 30000/31\n"))
      << text;
  EXPECT_TRUE(has(text, "(15 of 31 days, calendar)")) << text;
  EXPECT_TRUE(has(told_of(plan, inputs, "ann", "revenue", "2025-01", "zh"), "参与 31 天中的 15 天（日历日）"));
}

TEST(Explain, ABlendedRateIsRoundedInWordsAndExactAsData) {
  Json plan = plan_json();
  plan["components"][0]["tiers"] = Json::parse(R"({"input": "amount", "mode": "marginal", "boundary": "upper",
    "unit": "pct_of_base", "rows": [{"from": "0", "value": "5 %"}, {"from": "1000", "value": "8 %"}]})");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 9), 140'000)};
  EXPECT_TRUE(has(told(plan, events, "revenue", "2025-01"), "  blended rate: ≈ 5.8571 %\n"))
      << told(plan, events, "revenue", "2025-01");
  EXPECT_TRUE(has(told(plan, events, "revenue", "2025-01", "zh"), "  综合费率：≈ 5.8571 %\n"));
  EXPECT_TRUE(has(told(plan, events, "revenue", "2025-01", "steps"), R"({"kind":"blended","rate":"41/7"})"));
  const std::vector<incentive::EventRow> even = {sale("1", date(2025, 1, 9), 150'000)};
  EXPECT_TRUE(has(told(plan, even, "revenue", "2025-01"), "  blended rate: 6 %\n"));
}

TEST(Explain, ACapOfTheYearSaysWhatTheYearHasPaid) {
  Json plan = plan_json();
  plan["components"][0]["modifiers"] =
      Json::parse(R"([{"do": "cap", "amount": "220", "per": "year", "excess": "lose"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 9), 150'000),
                                                   sale("2", date(2025, 2, 9), 50'000)};
  EXPECT_TRUE(has(told(plan, events, "revenue", "2025-02"),
                  "  bound of the year: 220 less 200 that came past it earlier in the year: 20\n"
                  "  cap: 50 becomes 20; 30 is lost\n"));
  const std::vector<incentive::EventRow> lost = {sale("1", date(2025, 1, 9), 250'000),
                                                 sale("2", date(2025, 2, 9), -20'000)};
  EXPECT_TRUE(has(told(plan, lost, "revenue", "2025-02"), "  cut earlier in the year, counted again first: -"))
      << told(plan, lost, "revenue", "2025-02");
  plan["components"][0]["modifiers"][0] = Json::parse(R"({"do": "cap", "amount": "30", "per": "event",
    "excess": "lose"})");
  EXPECT_TRUE(has(told(plan, events, "revenue", "2025-02"), "event t:2: 30.00 (20 cut by caps)"));
}

TEST(Explain, ACreditSaysItsBaseItsShareAndItsRole) {
  Json plan = plan_json();
  plan["credits"][0]["base"] = "margin";
  incentive::EventRow row = sale("1", date(2025, 1, 9), 200'000);
  row.cost = 70'000;
  row.splits = {{"ann", "primary", "0.6"}, {"bob", "primary", "0.4"}};
  EXPECT_TRUE(has(told(plan, {row}, "revenue", "2025-01"),
                  "  credit of 780 from event t:1: margin 1300 x 0.6 as primary\n"
                  "    margin: 2000.00 - 700.00 = 1300.00\n  measured: 780\n"));
  EXPECT_TRUE(has(told(plan, {row}, "revenue", "2025-01", "zh"),
                  "  事件 t:1 计入 780：毛利 1300 × 0.6（primary）\n    毛利：2000.00 - 700.00 = 1300.00\n"));
  plan["credits"][0]["base"] = {{"expr", "amount * 2 - cost"}};
  EXPECT_TRUE(has(told(plan, {row}, "revenue", "2025-01"),
                  "  credit of 1980 from event t:1: expression 3300 x 0.6 as primary\n"
                  "    amount * 2 - cost = 3300, with amount 2000.00 USD, cost 700.00 USD\n"))
      << told(plan, {row}, "revenue", "2025-01");
}

TEST(Explain, AForeignMarginSaysWhatWasConverted) {
  Json plan = plan_json();
  plan["credits"][0]["base"] = "margin";
  incentive::Inputs inputs;
  inputs.events = {sale("1", date(2025, 1, 9), 200'000)};
  inputs.events[0].amount = {200'000, currency("EUR")};
  inputs.events[0].cost = 70'000;
  inputs.rates = {{.currency = currency("EUR"), .kind = "transaction", .on = date(2025, 1, 1), .rate = "1.1"}};
  EXPECT_TRUE(has(told_of(plan, inputs, "ann", "revenue", "2025-01"),
                  "  credit of 1430 from event t:1: margin 1430 x 1 as primary\n"
                  "    margin: 2000.00 - 700.00 = 1300.00\n    1300.00 EUR at 1.1 (transaction, 2025-01-09)\n"))
      << told_of(plan, inputs, "ann", "revenue", "2025-01");
}

TEST(Explain, SharesByWeightAreRoundedToTheWhole) {
  Json plan = plan_json();
  plan["credits"][0]["who"] = "split_weights";
  plan["credits"][0].erase("sum_must_be");
  plan["credits"][0]["rounding"] = "minor_unit";
  incentive::EventRow row = sale("1", date(2025, 1, 9), 10'001);
  row.splits = {{"ann", "primary", "3"}, {"bob", "primary", "2"}, {"eve", "primary", "2"}};
  // 42.861.., 28.574.., 28.574..: the odd cent of 100.01 goes to Bob.
  EXPECT_TRUE(has(told(plan, {row}, "revenue", "2025-01"),
                  "  credit of 42.86 from event t:1: amount 100.01 x 3/7 by weight as primary\n"
                  "    30003/700 is rounded to 42.86\n"))
      << told(plan, {row}, "revenue", "2025-01");
}

incentive::Inputs two_reports() {
  incentive::Inputs inputs;
  incentive::EventRow row = sale("1", date(2025, 1, 9), 200'000);
  row.splits = {{"ann", "primary", "0.75"}, {"bob", "primary", "0.25"}};
  inputs.events = {row};
  inputs.hierarchy = {{"ann", "max", date(2025, 1, 1), kOpenDate},
                      {"bob", "max", date(2025, 1, 1), kOpenDate},
                      {"max", "sue", date(2025, 1, 1), kOpenDate}};
  return inputs;
}

TEST(Explain, ACreditThatClimbedSaysWhoseItWasAndByWhichLevel) {
  Json plan = plan_json();
  plan["credits"].push_back(Json::parse(R"({"name": "up", "role": "manager", "who": "chain",
    "chain": {"of": "primary", "as_of": "original_event", "skip_self": true,
      "levels": [{"level": 1, "share": "1"}, {"level": 2, "share": "50 %"}]}, "rounding": "none",
    "apply": "base", "base": "amount", "fx": {"rate": "transaction", "reversal": "original"}})"));
  plan["measures"].push_back(plan["measures"][0]);
  plan["measures"][1]["name"] = "team";
  plan["measures"][1]["credits"] = {"up"};
  plan["components"][0]["basis"]["measure"] = "team";
  const std::string sue = told_of(plan, two_reports(), "sue", "revenue", "2025-01");
  EXPECT_TRUE(has(sue,
                  "  credit of 750 from event t:1: amount 2000 x 0.75 of ann as primary, x 0.5 at level 2\n"
                  "  credit of 250 from event t:1: amount 2000 x 0.25 of bob as primary, x 0.5 at level 2\n"))
      << sue;
  EXPECT_TRUE(has(told_of(plan, two_reports(), "max", "revenue", "2025-01", "zh"),
                  "  事件 t:1 计入 1500：金额 2000 × 0.75（ann，primary）× 1（第 1 级）\n"));
  const Json steps = Json::parse(told_of(plan, two_reports(), "sue", "revenue", "2025-01", "steps"))["steps"];
  const Json first{{"kind", "credit"},     {"event", "t:1"},       {"amount", "750"},   {"base", "amount"},
                   {"level", "2"},         {"person", "ann"},      {"role", "primary"}, {"share", "0.75"},
                   {"level_share", "0.5"}, {"base_amount", "2000"}};
  EXPECT_EQ(steps[0], first);
}

TEST(Explain, APartOfTheCommissionOfOthersNamesThem) {
  Json plan = plan_json();
  plan["components"].push_back(Json::parse(R"({"name": "override", "kind": "tiers",
    "basis": {"component": "revenue", "of": "reports"},
    "tiers": {"input": "amount", "mode": "marginal", "boundary": "upper", "unit": "pct_of_base",
      "rows": [{"from": "0", "value": "20 %"}]}})"));
  // Ann: 1000 x 10 % + 500 x 20 %, Bob: 500 x 10 %.
  EXPECT_TRUE(has(told_of(plan, two_reports(), "max", "override", "2025-01"),
                  "  commission of ann in revenue: 200\n  commission of bob in revenue: 50\n  measured: 250\n"
                  "  row 1: 250 x 0.2 = 50\n"));
  EXPECT_TRUE(
      has(told_of(plan, two_reports(), "max", "override", "2025-01", "zh"), "  ann 在项目 revenue 的提成：200\n"));
}

TEST(Explain, AMatrixSaysBothInputsAndTheEvent) {
  Json plan = plan_json();
  plan["attributes"] = {{"discount", "decimal"}};
  plan["measures"][0]["accumulate"] = "none";
  plan["components"][0]["tiers"] = Json::parse(R"({"input": "amount", "mode": "matrix", "boundary": "upper",
    "unit": "pct_of_base", "from": ["0", "1000"], "second": {"input": {"attribute": "discount"}, "from": ["0", "10"]},
    "cells": [["5 %", "3 %"], ["8 %", "4 %"]]})");
  incentive::EventRow row = sale("1", date(2025, 1, 9), 120'000);
  row.attributes = {{"discount", "12.5"}};
  EXPECT_TRUE(has(told(plan, {row}, "revenue", "2025-01"),
                  "  event t:1 by itself:\n  row 2 (amount 1200), column 2 (discount 12.5): 1200 x 0.04 = 48\n"))
      << told(plan, {row}, "revenue", "2025-01");
  EXPECT_TRUE(has(told(plan, {row}, "revenue", "2025-01", "zh"),
                  "  事件 t:1 单独计算：\n  第 2 档（金额 1200），第 2 列（discount 12.5）：1200 × 0.04 = 48\n"));
}

TEST(Explain, RowsFoundByAConditionSayIt) {
  Json plan = plan_json();
  plan["measures"][0]["accumulate"] = "none";
  plan["components"][0]["tiers"] = Json::parse(R"({"input": "amount", "mode": "lookup", "unit": "pct_of_base",
    "rows": [{"when": "amount > 10 USD", "value": "4 %"}, {"value": "1 %"}]})");
  const std::string text = told(plan, {sale("1", date(2025, 1, 9), 10'000)}, "revenue", "2025-01");
  EXPECT_TRUE(has(text, "  row 1 (amount > 10.00 USD): 100 x 0.04 = 4\n")) << text;
}

TEST(Explain, WhatALossTakesBackSaysHowMuchWasNotServed) {
  Json plan = plan_json();
  plan["clawback"] = Json::parse(R"([{"name": "claw", "event_type": "churn", "prorate": "months", "window_months": 12,
    "term": {"months": 12}, "date_is": "first_day_without", "components": "all"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 10), 100'000), loss("1", date(2025, 5, 10))};
  EXPECT_TRUE(has(told(plan, events, "claw", "2025-05"), ": -66.67\n    8 of 12 months were not served\n"));
  EXPECT_TRUE(has(told(plan, events, "claw", "2025-05", "zh"), "：-66.67\n    12 个月中有 8 个月未履行\n"));
  plan["clawback"][0]["prorate"] = "days";  // 10 May to 10 January: 245 of 365
  EXPECT_TRUE(has(told(plan, events, "claw", "2025-05"), ": -67.12\n    245 of 365 days were not served\n"));
  plan["clawback"] = Json::parse(R"([{"name": "claw", "event_type": "churn", "prorate": "share", "share": "70 %",
    "components": "all"}])");
  std::vector<incentive::EventRow> twice = events;
  twice.push_back(loss("1", date(2025, 5, 20)));
  twice.back().id = "again";
  EXPECT_TRUE(
      has(told(plan, twice, "claw", "2025-05"), ": -30.00\n    share: 0.7\n    taken back of it before: 70.00\n"))
      << told(plan, twice, "claw", "2025-05");
}

TEST(Explain, ALossThatIsComputedAgainSaysWhoseCreditItTakesBack) {
  Json plan = plan_json();
  plan["credits"][0]["when"] = "type = 'order'";
  plan["clawback"] = Json::parse(R"([{"name": "claw", "event_type": "churn", "prorate": "recompute"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 10), 100'000), loss("1", date(2025, 5, 10))};
  const std::string text = told(plan, events, "revenue", "2025-01");
  EXPECT_TRUE(has(text,
                  "  credit of -1000 from event t:loss: amount -1000 x 1 as primary\n"
                  "    takes back what event t:1 gave\n"))
      << text;
}

TEST(Explain, AValueOfWhichAPartCountsSaysItsFormula) {
  Json plan = plan_json();
  plan["components"].push_back(Json::parse(R"({"name": "pool", "kind": "pool_share", "basis": {"measure": "sales"},
    "pool": {"value": "profit", "above": "1000", "times": "3 %"}, "unpaid": "lose"})"));
  plan["components"][0]["modifiers"] = Json::parse(R"([{"do": "cap", "amount": {"value": "base", "times": "2"},
    "per": "period", "excess": "lose"}])");
  incentive::Inputs inputs;
  inputs.events = {sale("1", date(2025, 1, 9), 100'000)};
  inputs.values = {{.name = "profit", .value = "11000"}, {.name = "base", .value = "45"}};
  EXPECT_TRUE(has(told_of(plan, inputs, "ann", "pool", "2025-01"),
                  "  value profit: (11000 - 1000) x 0.03 = 300\n  pool: 300\n"));
  EXPECT_TRUE(has(told_of(plan, inputs, "ann", "revenue", "2025-01"),
                  "  value base: 45 x 2 = 90\n  cap: 100 becomes 90; 10 is lost\n"));
  inputs.values[0].value = "900";
  EXPECT_TRUE(
      has(told_of(plan, inputs, "ann", "pool", "2025-01", "zh"), "  数值 profit：900 未超过 1000：0\n  奖金池：0\n"));
}

TEST(Explain, AFactorByRowsAndAGateSayWhatTheyLookAt) {
  Json plan = plan_json();
  plan["measures"].push_back(plan["measures"][0]);
  plan["measures"][1]["name"] = "deals";
  plan["measures"][1]["aggregate"] = "count";
  plan["components"][0]["modifiers"] = Json::parse(R"([
    {"do": "multiply", "measure": "deals", "tiers": {"input": "amount", "mode": "lookup", "boundary": "upper",
      "unit": "pct_of_base", "rows": [{"from": "0", "value": "1"}, {"from": "2", "value": "1.2"}]}},
    {"do": "gate", "measure": "sales", "at_least": "100", "input": "amount"}])");
  const std::vector<incentive::EventRow> events = {sale("1", date(2025, 1, 9), 30'000),
                                                   sale("2", date(2025, 1, 9), 20'000)};
  const std::string text = told(plan, events, "revenue", "2025-01");
  EXPECT_TRUE(has(text, "  multiply: 50 becomes 60 (x 1.2)\n    deals 2: row 2\n")) << text;
  EXPECT_TRUE(has(text, "  gate: 60 becomes 60 (sales at least 100)\n    sales: 500\n")) << text;
}

TEST(Explain, SlicesOfALossThatMirrorsAGainSumToWhatIsTaken) {
  Json plan = plan_json();
  plan["measures"][0]["negative"] = "mirror";
  const std::string text = told(plan, {sale("1", date(2025, 1, 9), -150'000)}, "revenue", "2025-01");
  EXPECT_TRUE(has(text, "  row 1: -1000 x 0.1 = -100\n  row 2: -500 x 0.2 = -100\n")) << text;
}

}  // namespace
}  // namespace kith
