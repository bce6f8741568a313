// SPDX-License-Identifier: Apache-2.0
// What an explanation says adds up to what it explains, whatever a plan pays, takes back or caps.
#include <gtest/gtest.h>

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

std::string told(const Json& plan, std::vector<incentive::EventRow> events, const char* part, const char* period,
                 const char* language = "en") {
  incentive::Inputs inputs;
  inputs.events = std::move(events);
  return incentive::explain(PlanDocument::parse(plan.dump()), inputs, "ann", part, period, language);
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
  EXPECT_TRUE(has(january, "all components: 200\n  cap: 200 becomes 150\n  more than the components: -50\n"))
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
  EXPECT_TRUE(has(text, "  封顶：90 变为 50\n  保底：50 变为 60\n")) << text;
  EXPECT_TRUE(has(text, "  舍入（四舍五入）：60.00")) << text;
}

}  // namespace
}  // namespace kith
