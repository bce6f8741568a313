// SPDX-License-Identifier: Apache-2.0
// What surrounds the figures of general plans: review, difference, explanation, export, what-if.
#include "kith/incentive/document.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kith/base/error.hpp"
#include "kith/incentive/plan.hpp"

namespace kith::incentive {
namespace {

std::string plan_text(const std::string& mode, const std::string& high, const std::string& extra = "") {
  return R"({"format": "kith.plan/2", "name": "field", "version": 1, "currency": "USD", "interval": "month",
    "valid": {"from": "2025-01-01"}, "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
    "order": ["date", "sequence", "id"],
    "credits": [{"name": "own", "role": "primary", "who": "split", "sum_must_be": "100", "rounding": "none",
      "apply": "base", "base": "amount", "fx": {"rate": "transaction", "reversal": "original"}}],
    "measures": [{"name": "sales", "credits": ["own"], "aggregate": "sum", "accumulate": "interval",
      "return_period": "original", "negative": "first_tier"}],
    "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"}, "tiers": {"input": "amount",
      "mode": ")" +
         mode + R"(", "boundary": "upper", "unit": "pct_of_base", "rows": [{"from": "0", "value": "0.05"},
      {"from": "1000", "value": ")" +
         high + R"("}]})" + extra + "}]}";
}

EventRow booking(const std::string& id, std::int64_t minor, int day = 1) {
  EventRow event;
  event.source = "shop";
  event.id = id;
  event.type = "booking";
  event.date = {date(2025, 1, 1).days + day - 1};
  event.amount = {minor, currency("USD")};
  event.splits = {{"ann", "primary", "1"}};
  return event;
}

TEST(PlanDocumentReview, NamesTheCostOfACliffAndPayThatFalls) {
  const auto rising = lint(PlanDocument::parse(plan_text("slab", "0.08")));
  ASSERT_EQ(rising.size(), 1U);
  EXPECT_EQ(rising[0].field, "components[0].tiers.rows[1]");
  EXPECT_EQ(rising[0].message, "A cliff: reaching 1000 changes pay by 30.00 at once.");
  const auto falling = lint(PlanDocument::parse(plan_text("slab", "0.04")));
  ASSERT_EQ(falling.size(), 2U);
  EXPECT_EQ(falling[0].message, "Pay falls at 1000: the value goes from 0.05 to 0.04.");
  EXPECT_TRUE(lint(PlanDocument::parse(plan_text("marginal", "0.08"))).empty());
  EXPECT_EQ(lint(PlanDocument::parse(plan_text("marginal", "0.05")))[0].message,
            "The row changes nothing: it pays what the one before it pays.");
}

// The one component of the plan above, with another table or more beside it.
std::string plan_with(const std::string& tiers, const std::string& beside = "", const std::string& goal = "") {
  std::string text = plan_text("marginal", "0.08");
  const std::size_t place = text.find(R"("tiers": {)");
  text = text.substr(0, place) + R"("tiers": )" + tiers + beside + "}]}";
  const std::string end = R"("negative": "first_tier")";
  text.insert(text.find(end) + end.size(), goal);
  return text;
}

std::vector<std::string> reviewed(const std::string& text) {
  std::vector<std::string> all;
  for (const Violation& one : lint(PlanDocument::parse(text))) all.push_back(one.field + ": " + one.message);
  return all;
}

TEST(PlanDocumentReview, NamesWhatTakesPayAwayAndWhatACapHides) {
  const auto rows = [](const std::string& mode, const std::string& unit, const std::string& list,
                       const std::string& beside = "") {
    return reviewed(plan_with(R"({"input": "amount", "mode": ")" + mode + R"(", "boundary": "upper", "unit": ")" +
                                  unit + R"(", "rows": [)" + list + "]" +
                                  (mode == "interpolated" ? R"(, "beyond": "zero"})" : "}"),
                              beside));
  };
  using Told = std::vector<std::string>;
  EXPECT_EQ(rows("marginal", "pct_of_base", R"({"from": "0", "value": "8 %"}, {"from": "1000", "value": "-2 %"})"),
            (Told{"components[0].tiers.rows[1].value: Pay falls above 1000: the value is -0.02."}));
  EXPECT_EQ(rows("interpolated", "amount", R"({"from": "0", "value": "0"}, {"from": "100", "value": "50"},
                 {"from": "200", "value": "20"})"),
            (Told{"components[0].tiers.rows[2].value: Pay falls at 200: the value goes from 50.00 to 20.00.",
                  "components[0].tiers.rows[2]: Pay falls beyond 200: from 20.00 to nothing."}));
  const std::string steps = R"({"from": "0", "value": "10 %"}, {"from": "500", "value": "20 %"},
                            {"from": "1000", "value": "30 %"})";
  const auto capped = [&](const std::string& amount, const std::string& excess) {
    return rows("marginal", "pct_of_base", steps,
                R"(, "modifiers": [{"do": "cap", "amount": ")" + amount + R"(", "per": "period", "excess": ")" +
                    excess + R"("}])");
  };
  EXPECT_EQ(
      capped("150", "lose"),
      (Told{"components[0].tiers.rows[2]: The row changes nothing: at 1000 the cap of 150.00 is reached already."}));
  EXPECT_EQ(capped("50", "lose").size(), 2U);
  EXPECT_TRUE(capped("150.01", "lose").empty());
  EXPECT_TRUE(capped("50", "carry").empty()) << "what is carried is paid later";
}

std::string refused(const std::string& text) {
  try {
    PlanDocument::parse(text);
  } catch (const Error& error) {
    std::string all;
    for (const Violation& one : error.violations) all += one.field + ": " + one.message + "\n";
    return error.violations.empty() ? error.message : all;
  }
  return "";
}

using Notes = std::vector<std::string>;

TEST(PlanDocumentReview, TellsTheCostOfEveryKindOfCliff) {
  const std::string rows = R"("rows": [{"from": "0", "value": "0"}, {"from": "50 %", "value": "1"}]})";
  const std::string pay = R"(, "target_pay": "2000")";
  const std::string goal = R"(, "goal": "1000")";
  EXPECT_EQ(reviewed(plan_with(R"({"input": "amount", "mode": "marginal", "boundary": "upper", "unit":
      "pct_of_base", "rows": [{"from": "0", "value": "0.05"},
      {"from": "1000", "value": "0.08", "retro_from": "0"}]})")),
            Notes{"components[0].tiers.rows[1]: A cliff: reaching 1000 changes pay by 30.00 at once."});
  EXPECT_EQ(reviewed(plan_with(R"({"input": "amount", "mode": "lookup", "boundary": "upper", "unit":
      "amount", "rows": [{"from": "0", "value": "10"}, {"from": "1000", "value": "75.50"}]})")),
            Notes{"components[0].tiers.rows[1]: A cliff: reaching 1000 changes pay by 65.50 at once."});
  EXPECT_EQ(reviewed(plan_with(R"({"input": "attainment", "mode": "slab", "boundary": "upper", "unit":
      "pct_of_target_pay", )" + rows,
                               pay, goal)),
            Notes{"components[0].tiers.rows[1]: A cliff: reaching 50 % changes pay by 50 % of target pay at once."});
  EXPECT_EQ(reviewed(plan_with(R"({"input": "attainment", "mode": "lookup", "boundary": "upper", "unit":
      "pct_of_target_pay", )" + rows,
                               pay, goal)),
            Notes{"components[0].tiers.rows[1]: A cliff: reaching 50 % changes pay by 100 % of target pay at once."});
  const std::string flat = R"({"input": "amount", "mode": "marginal", "unit": "pct_of_base",
      "rows": [{"from": "0", "value": "0.05"}]})";
  EXPECT_EQ(reviewed(plan_with(flat, R"(, "modifiers": [{"do": "gate", "measure": "sales", "input": "amount",
      "at_least": "500"}])")),
            Notes{"components[0].modifiers[0]: A cliff: nothing is paid below 500; reaching it pays 25.00 at once."});
  EXPECT_EQ(reviewed(plan_with(flat, R"(, "modifiers": [{"do": "gate", "measure": "sales", "input": "attainment",
      "at_least": "80 %"}])",
                               goal)),
            Notes{"components[0].modifiers[0]: A cliff: nothing is paid below 80 %; reaching it pays 40.00 at once."});
  EXPECT_EQ(reviewed(plan_with(flat, R"(, "modifiers": [{"do": "gate", "measure": "sales", "input": "amount",
      "at_least": "500"}, {"do": "multiply", "by": {"value": "health"}}])")),
            Notes{"components[0].modifiers[0]: A cliff: nothing is paid below 500."});
}

TEST(PlanDocumentReview, TellsTheCostOfACliffOnAttainment) {
  const std::string table = R"({"input": "attainment", "mode": "slab", "boundary": "lower", "unit": "pct_of_base",
      "rows": [{"from": "0", "value": "1 %"}, {"from": "100 %", "value": "2 %"}]})";
  const std::string place = "components[0].tiers.rows[1]: A cliff: reaching 100 % changes pay by ";
  // 100,000 x (2 % - 1 %)
  EXPECT_EQ(reviewed(plan_with(table, "", R"(, "goal": "100000")")), Notes{place + "1000.00 at once."});
  EXPECT_EQ(reviewed(plan_with(table, R"(, "weight": "0.5")", R"(, "goal": "100000")")),
            Notes{place + "500.00 at once."});
  EXPECT_EQ(reviewed(plan_with(table, "", R"(, "goal": {"value": "quota"})")),
            Notes{place + "1 % of the goal at once."});
  EXPECT_EQ(reviewed(plan_with(table, "", R"(, "goal": "100000", "prorate_goal": "calendar")")),
            Notes{place + "1 % of the goal at once."});
  // 10 units at 3.00 each rather than at 1.00
  EXPECT_EQ(reviewed(plan_with(R"({"input": "amount", "mode": "slab", "boundary": "upper", "unit": "per_unit", "rows": [
      {"from": "0", "value": "1"}, {"from": "10", "value": "3"}]})")),
            Notes{"components[0].tiers.rows[1]: A cliff: reaching 10 changes pay by 20.00 at once."});
}

TEST(PlanDocumentReview, NamesWhatATableLeavesOut) {
  const std::string row = R"("rows": [{"from": "500", "value": "5"}]})";
  const std::string place = "components[0].tiers.rows[0].from: Nothing is paid from 0 to 500";
  const std::string whole = place + ", yet this row counts below 0; write a row from 0 that says so.";
  EXPECT_EQ(
      reviewed(plan_with(R"({"input": "amount", "mode": "slab", "boundary": "upper", "unit": "pct_of_base", )" + row)),
      Notes{whole});
  std::string zero =
      plan_with(R"({"input": "amount", "mode": "lookup", "boundary": "upper", "unit": "amount", )" + row);
  EXPECT_EQ(reviewed(zero), Notes{whole});
  const std::string first = R"("negative": "first_tier")";
  zero.replace(zero.find(first), first.size(), R"("negative": "zero")");
  EXPECT_EQ(reviewed(zero), Notes{place + "; write a row from 0 that says so."});
}

TEST(PlanDocumentReview, NamesBoundsThatLeaveAnotherOneNothing) {
  const auto bounds = [](const std::string& first, const std::string& second) {
    return reviewed(plan_with(R"({"input": "amount", "mode": "marginal", "unit": "pct_of_base",
        "rows": [{"from": "0", "value": "0.05"}]})",
                              R"(, "modifiers": [)" + first + ", " + second + "]"));
  };
  const auto cap = [](const std::string& amount, const std::string& per) {
    return R"({"do": "cap", "amount": ")" + amount + R"(", "per": ")" + per + R"(", "excess": "lose"})";
  };
  const std::string floor = R"({"do": "floor", "amount": "100", "per": "period"})";
  const std::string place = "components[0].modifiers[1]: ";
  EXPECT_EQ(bounds(floor, cap("50", "period")),
            Notes{place + "The floor of 100.00 before it decides nothing: this cap of 50.00 lies below it."});
  EXPECT_EQ(bounds(cap("50", "period"), floor),
            Notes{place + "The cap of 50.00 before it decides nothing: this floor of 100.00 lies above it."});
  EXPECT_TRUE(bounds(floor, cap("100", "period")).empty());
  EXPECT_TRUE(bounds(floor, cap("50", "year")).empty()) << "two spans of time are not compared";
}

TEST(PlanDocumentReview, FindsRowsThatNeverDecideAndPayThatFalls) {
  std::string alone = plan_with(R"({"input": "amount", "mode": "lookup", "unit": "pct_of_base", "rows": [
      {"when": "type = 'a'", "value": "0.1"}, {"when": "type = 'a'", "value": "0.2"}, {"value": "0"},
      {"when": "type = 'b'", "value": "0.3"}]})");
  const auto by_event = [](std::string text) {
    const std::string interval = R"("accumulate": "interval")";
    return text.replace(text.find(interval), interval.size(), R"("accumulate": "none")");
  };
  EXPECT_EQ(reviewed(by_event(alone)),
            (Notes{"components[0].tiers.rows[1]: The row is never reached: one before it has the same condition.",
                   "components[0].tiers.rows[3]: The row is never reached: one before it holds for everything."}));
  EXPECT_EQ(reviewed(by_event(plan_with(R"({"input": "amount", "mode": "lookup", "unit": "pct_of_base", "rows": [
      {"when": "amount > 10 USD", "value": "9 %"}, {"when": "amount > 20 USD", "value": "4 %"}]})"))),
            (Notes{"components[0].tiers.rows[1]: The row is never reached: one before it has a wider condition.",
                   "components[0].tiers.rows: What meets none of the conditions is paid nothing; write a last row "
                   "without \"when\" that says so."}));
  EXPECT_TRUE(reviewed(by_event(plan_with(R"({"input": "amount", "mode": "lookup", "unit": "pct_of_base", "rows": [
      {"when": "amount > 20 USD", "value": "4 %"}, {"when": "amount > 10 USD", "value": "9 %"},
      {"value": "1 %"}]})")))
                  .empty());
  EXPECT_EQ(reviewed(plan_with(R"({"input": "amount", "mode": "matrix", "unit": "pct_of_base", "boundary": "upper",
      "from": ["0", "10"], "second": {"input": "amount", "from": ["0", "5"]},
      "cells": [["1 %", "2 %"], ["2 %", "1 %"]]})")),
            Notes{"components[0].tiers.cells[1][1]: Pay falls: the cell holds less than one before it."});
  const std::string flat = R"({"input": "amount", "mode": "marginal", "unit": "pct_of_base",
      "rows": [{"from": "0", "value": "0.05"}]})";
  EXPECT_EQ(reviewed(plan_with(flat, R"(, "modifiers": [{"do": "multiply", "measure": "sales", "tiers": {"input":
      "amount", "mode": "lookup", "boundary": "upper", "unit": "pct_of_base", "rows": [{"from": "0", "value": "1"},
      {"from": "100", "value": "0.5"}]}}])")),
            Notes{"components[0].modifiers[0].tiers.rows[1].value: Pay falls at 100: the value goes from 1 to 0.5."});
  EXPECT_EQ(reviewed(plan_with(flat, "", R"(, "goal": "1000")")),
            Notes{"measures[0].goal: No component reads the attainment of this goal."});
}

TEST(PlanDocument, RefusesWhatCannotBeMeantWithItsPlace) {
  const auto says = [](const std::string& text, const std::string& part) {
    const std::string told = refused(text);
    EXPECT_NE(told.find(part), std::string::npos) << told;
  };
  const std::string head = R"({"input": "amount", "mode": "marginal", "unit": "pct_of_base", "rows": [)";
  says(plan_with(head + R"({"from": "0", "to": "10", "value": "0.05"}, {"from": "10.01", "value": "0.08"}]})"),
       "components[0].tiers.rows[0].to: There is a gap (10, 10.01) that no row covers.");
  says(plan_with(head + R"({"from": "0", "to": "12", "value": "0.05"}, {"from": "10", "value": "0.08"}]})"),
       "components[0].tiers.rows[0].to: Rows overlap from 10 to 12.");
  says(plan_with(head + R"({"from": "10", "value": "0.05"}]})"),
       "components[0].tiers.rows[0].from: The first row begins");
  says(plan_with(head + R"({"from": "0", "value": "0.05"}, {"from": "0", "value": "0.08"}]})"), "Rows ascend");
  says(plan_with(R"({"input": "attainment", "mode": "slab", "boundary": "upper", "unit": "pct_of_base", "rows": [
      {"from": "0", "value": "1"}]})"),
       "components[0].tiers.input: Attainment needs a goal; the measure 'sales' has none.");
  says(plan_with(head + R"({"from": "0", "value": "0.05"}]})", R"(, "modifiers": [{"do": "gate", "measure": "sales",
      "input": "attainment", "at_least": "80 %"}])"),
       "components[0].modifiers[0].input: Attainment needs a goal; the measure 'sales' has none.");
  const std::string unsaid = "boundary: It is missing; a plan says this, nothing is assumed.";
  EXPECT_TRUE(refused(plan_with(head + R"({"from": "0", "value": "0.05"}]})")).empty());
  says(plan_with(head + R"({"from": "0", "value": "0.05"}, {"from": "10", "value": "0.08", "retro_from": "0"}]})"),
       "components[0].tiers." + unsaid);
  says(plan_with(R"({"input": "amount", "mode": "lookup", "unit": "amount", "rows": [{"from": "0", "value": "5"}]})"),
       "components[0].tiers." + unsaid);
  says(plan_with(head + R"({"from": "0", "value": "0.05"}]})", R"(, "modifiers": [{"do": "multiply",
      "measure": "sales", "tiers": {"input": "amount", "mode": "marginal", "unit": "pct_of_base",
      "rows": [{"from": "0", "value": "0.5"}]}}])"),
       "components[0].modifiers[0].tiers." + unsaid);
  says(plan_with(head + R"({"from": "0", "value": "0.05"}]})", R"(, "modifiers": [{"do": "cap", "amount": "-5",
      "per": "period", "excess": "lose"}])"),
       "components[0].modifiers[0].amount: A cap is 0 or more.");
  for (const std::string unit : {"amount", "per_unit"}) {
    says(plan_with(head + R"({"from": "0", "value": "0.05"}]})", R"(, "modifiers": [{"do": "multiply",
        "measure": "sales", "tiers": {"input": "amount", "mode": "lookup", "boundary": "upper", "unit": ")" +
                                                                     unit + R"(",
        "rows": [{"from": "0", "value": "0.5"}, {"from": "60", "value": "0.85"}]}}])"),
         "components[0].modifiers[0].tiers: What multiplies is a factor");
  }
  for (const auto& [when, part] :
       std::vector<std::pair<std::string, std::string>>{{"amout > 1.00 USD", "unknown field 'amout' at character 1"},
                                                        {"amount * amount > 1.00 USD", "at character 10"},
                                                        {"date > today()", "today() at character 8"},
                                                        {"rate('EUR', 'USD', date) > 1", "rate() at character 1"},
                                                        {"type", "expected a comparison"}}) {
    std::string text = plan_text("marginal", "0.08");
    text.insert(text.find(R"("who": "split")"), R"("when": ")" + when + R"(", )");
    says(text, "credits[0].when: ");
    says(text, part);
  }
}

TEST(PlanDocumentReview, SaysWhatChangedBetweenTwoDocuments) {
  const auto words =
      diff(PlanDocument::parse(plan_text("marginal", "0.08")), PlanDocument::parse(plan_text("slab", "0.09")));
  const std::vector<std::string> expected = {
      "component revenue, tiers, mode changes from \"marginal\" to \"slab\".",
      "component revenue, tiers, row 2, value changes from \"0.08\" to \"0.09\"."};
  EXPECT_EQ(words, expected);
}

TEST(PlanDocumentReview, ShowsWhatWasAdded) {
  const std::string text = plan_text("marginal", "0.08");
  std::string more = text;
  more.insert(more.rfind("]}"), R"(, {"name": "base", "kind": "fixed", "amount": "20"})");
  const std::string base = R"({"amount":"20","kind":"fixed","name":"base"}.)";
  EXPECT_EQ(diff(PlanDocument::parse(text), PlanDocument::parse(more)), Notes{"component base was added: " + base});
  EXPECT_EQ(diff(PlanDocument::parse(more), PlanDocument::parse(text)), Notes{"component base was removed: " + base});
}

TEST(PlanDocument, RefusesALevelThatStandsTwice) {
  std::string text = plan_text("marginal", "0.08");
  text.insert(text.find(R"(],
    "measures")"),
              R"(, {"name": "up", "role": "lead", "who": "chain", "rounding": "none", "apply": "base", "base": "amount",
      "fx": {"rate": "transaction", "reversal": "original"}, "chain": {"of": "primary", "as_of": "event_date",
      "skip_self": true, "levels": [{"level": 1, "share": "1"}, {"level": 1, "share": "0.5"}]}})");
  EXPECT_EQ(refused(text), "credits[1].chain.levels[1].level: Level 1 stands twice; give it one share.\n");
}

TEST(PlanDocumentExplain, ShowsEveryStepInBothLanguages) {
  const PlanDocument plan = PlanDocument::parse(plan_text("marginal", "0.08"));
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  const std::string english = explain(plan, inputs, "ann", "revenue", "2025-01");
  for (const char* part : {"credit of 1200 from event shop:1", "row 1: 1000 x 0.05 = 50", "row 2: 200 x 0.08 = 16",
                           "rounded (half_up): 66.00"}) {
    EXPECT_NE(english.find(part), std::string::npos) << english;
  }
  EXPECT_NE(explain(plan, inputs, "ann", "revenue", "2025-01", "zh").find("第 2 档：200 × 0.08 = 16"),
            std::string::npos);
  EXPECT_THROW(explain(plan, inputs, "bob", "revenue", "2025-01"), Error);
}

TEST(PlanDocumentExport, AChangedFigureIsFoundOffline) {
  const PlanDocument plan = PlanDocument::parse(plan_text("marginal", "0.08"));
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  std::string text = export_commission(plan, inputs);
  EXPECT_TRUE(check_export(text).empty());
  const std::size_t place = text.find("\"statements\"");
  text.replace(text.find("66.00", place), 5, "67.00");
  const auto faults = check_export(text);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].field, "result.statements[0].amount");
  EXPECT_EQ(faults[0].message, "It says \"67.00\"; computed again it is \"66.00\".");
}

TEST(PlanDocumentExport, EveryAmountIsExplainedOffline) {
  const PlanDocument plan = PlanDocument::parse(plan_text("marginal", "0.08"));
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  const std::string text = export_commission(plan, inputs);
  EXPECT_EQ(explain_export(text), explain(plan, inputs, "ann", "revenue", "2025-01"));
  EXPECT_EQ(explain_export(text, "zh", {.person = "ann", .component = "revenue", .period = "2025-01"}),
            explain(plan, inputs, "ann", "revenue", "2025-01", "zh"));
  EXPECT_EQ(explain_export(text, "steps"), R"({"components":[)" +
                                               explain(plan, inputs, "ann", "revenue", "2025-01", "steps") +
                                               R"(],"format":"kith.steps/1"})");
  const auto refusal = [&](const std::string& exported, const ExportedPart& part = {}) {
    try {
      explain_export(exported, "en", part);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(refusal(text, {.person = "bob"}).find("nothing of person 'bob'"), std::string::npos);
  EXPECT_NE(refusal("{}").find("export.format"), std::string::npos) << refusal("{}");
  std::string broken = text;
  broken.replace(broken.find("\"marginal\""), 10, "\"marginel\"");
  EXPECT_TRUE(refusal(broken).starts_with("plan.components[0].tiers.mode")) << refusal(broken);
}

TEST(PlanDocumentExport, AStatementThatIsNoneIsNamed) {
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  const std::string text = export_commission(PlanDocument::parse(plan_text("marginal", "0.08")), inputs);
  for (const char* statement : {"\"x\"", "true", "[]", "{\"label\": {}}"}) {
    std::string damaged = text;
    damaged.insert(1, std::string("\"statement\": ") + statement + ", ");
    try {
      check_export(damaged);
      ADD_FAILURE() << statement << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid) << error.what();
      EXPECT_TRUE(std::string(error.what()).find("statement") != std::string::npos) << error.what();
    }
  }
}

TEST(PlanDocumentWhatIf, ComparesWithoutPosting) {
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  const auto rows = what_if(PlanDocument::parse(plan_text("marginal", "0.08")),
                            PlanDocument::parse(plan_text("slab", "0.08")), inputs);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].before, 6600);
  EXPECT_EQ(rows[0].after, 9600);
}

TEST(PlanDocument, SpellingDoesNotChangeTheHash) {
  const PlanDocument plan = PlanDocument::parse(plan_text("marginal", "0.08"));
  for (const char* spelling : {"8 %", "0.080", "8.00%"}) {
    const PlanDocument same = PlanDocument::parse(plan_text("marginal", spelling));
    EXPECT_EQ(same.hash(), plan.hash()) << same.canonical_json();
    EXPECT_TRUE(diff(plan, same).empty()) << spelling;
  }
  EXPECT_NE(PlanDocument::parse(plan_text("marginal", "0.8")).hash(), plan.hash());
  // A name that looks like a number stays the name it is.
  const std::string capped = R"(, "modifiers": [{"do": "disqualify", "value": "010"},
      {"do": "cap", "amount": {"value": "010"}, "per": "period", "excess": "lose"}])";
  const std::string canonical = PlanDocument::parse(plan_text("marginal", "0.08", capped)).canonical_json();
  EXPECT_NE(canonical.find(R"({"do":"disqualify","value":"010"})"), std::string::npos) << canonical;
  EXPECT_NE(canonical.find(R"("amount":{"value":"010"})"), std::string::npos) << canonical;
}

TEST(PlanDocument, ReadsTheOlderFormatToTheSameFigures) {
  const PlanDocument plan = PlanDocument::parse(
      R"({"format": "kith.plan/1", "name": "old", "version": 1, "currency": "USD", "calendar": "fiscal",
      "interval": "month", "valid": {"from": "2025-01-01"}, "rounding": {"mode": "half_up", "point": "telescoped"},
      "order": ["date", "sequence", "id"], "credit": {"role": "primary", "base": "amount", "split": "from_event"},
      "components": [{"name": "revenue", "accumulate": "interval", "negative": "first_tier",
      "tiers": {"mode": "marginal",
      "bands": [{"from": "0", "rate": "0.05"}, {"from": "1000", "rate": "0.08"}]}}]})");
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  EXPECT_EQ(compute(plan, inputs).statements.at(0).amount, 6600);
}

// Statements, posted period by period while events come late, change and are cancelled, end where one run over all of
// them ends.
TEST(PlanDocument, PostedDeltasSumToAFullRun) {
  const PlanDocument plan = PlanDocument::parse(plan_text("slab", "0.08"));
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::map<std::string, EventRow> known;
    std::vector<PostedLine> posted;
    const std::vector<std::string> months = {"2025-01", "2025-02", "2025-03", "2025-04"};
    std::vector<std::string> closed;
    for (const std::string& open : months) {
      for (int i = 0; i < 6; ++i) {
        EventRow event = booking(std::to_string(random() % 12), static_cast<std::int64_t>(random() % 200000) - 40000,
                                 static_cast<int>(random() % 110) + 1);
        event.cancelled = random() % 7 == 0;
        const auto found = known.find(event.id);
        event.version = found == known.end() ? 1 : found->second.version + 1;
        known[event.id] = event;
      }
      Inputs inputs;
      for (const auto& [id, event] : known) inputs.events.push_back(event);
      inputs.closed = closed;
      inputs.open = open;
      inputs.posted = posted;
      for (const LedgerLine& line : compute(plan, inputs).ledger) {
        if (line.posted == open) posted.push_back({line.person, line.component, line.earned, line.amount});
      }
      closed.push_back(open);
    }
    Inputs all;
    for (const auto& [id, event] : known) all.events.push_back(event);
    std::map<std::string, std::int64_t> full;
    for (const LedgerLine& line : compute(plan, all).ledger) {
      if (line.earned <= months.back()) full[line.earned] += line.amount;
    }
    std::map<std::string, std::int64_t> sums;
    for (const PostedLine& line : posted) sums[line.period] += line.amount;
    for (const std::string& month : months) EXPECT_EQ(sums[month], full[month]) << "seed " << seed << " " << month;
  }
}

// A loss dated before its order takes effect with it, by all routes alike and in one order of lines.
TEST(Clawbacks, TakeEffectNoSoonerThanWhatTheyTakeBack) {
  for (const std::string prorate : {R"("share", "share": "40 %", "components": "all")", R"("recompute")"}) {
    std::string text = plan_text("marginal", "0.08");
    text.insert(text.size() - 1,
                R"(, "clawback": [{"name": "back", "event_type": "churn", "prorate": )" + prorate + "}]");
    text.replace(text.find(R"("return_period": "original")"), 27, R"("return_period": "current")");
    const PlanDocument plan = PlanDocument::parse(text);
    EventRow loss = booking("2", 0, 40);
    loss.type = "churn";
    loss.reverses = "shop:1";
    loss.splits.clear();
    Inputs inputs;
    inputs.events = {booking("1", 100'000, 10), loss};
    Computation stays(plan, inputs);
    EventRow later = booking("1", 100'000, 70);  // in March
    later.version = 2;
    EventRow early = loss;
    early.id = "3";
    early.date = date(2025, 1, 5);
    stays.change(std::vector{later, early});
    inputs.events = {later, loss, early};
    const PlanResult full = compute(plan, inputs);
    EXPECT_EQ(canonical_json(plan, stays.result()), canonical_json(plan, full));
    for (const LedgerLine& line : full.ledger) EXPECT_EQ(line.earned, "2025-03") << prorate;
    EXPECT_FALSE(full.ledger.empty());
  }
}

TEST(Tiers, ARowThatReachesBackStaysWhenTheNextIsReached) {
  const PlanDocument plan =
      PlanDocument::parse(plan_with(R"({"input": "amount", "mode": "marginal", "boundary": "upper",
      "unit": "pct_of_base", "rows": [{"from": "0", "value": "5 %"}, {"from": "1000", "value": "8 %",
      "retro_from": "0"}, {"from": "3000", "value": "10 %", "retro_from": "1000"},
      {"from": "5000", "value": "12 %"}]})"));
  const std::pair<std::int64_t, std::int64_t> cases[] = {{99'999, 5'000},   {100'000, 8'000},  {299'900, 23'992},
                                                         {300'000, 28'000}, {500'000, 48'000}, {800'000, 84'000}};
  for (const auto& [sold, paid] : cases) {
    Inputs inputs;
    inputs.events = {booking("1", sold)};
    EXPECT_EQ(compute(plan, inputs).statements.at(0).amount, paid) << sold;
  }
}

TEST(Inputs, PeriodsBetweenCountAndNobodyIsPaidForAbsence) {
  const PlanDocument plan = PlanDocument::parse(plan_with(
      R"({"input": "amount", "mode": "marginal", "boundary": "upper", "unit": "pct_of_base",
      "rows": [{"from": "0", "value": "5 %"}]})",
      R"(}, {"name": "base", "kind": "fixed", "amount": "100.00")"));
  Inputs inputs;
  inputs.events = {booking("1", 1'000), booking("2", 1'000, 80)};
  inputs.people = {{"ann", date(2025, 1, 1), kOpenDate}, {"bob", date(2025, 2, 10), date(2025, 2, 20)}};
  std::map<std::string, std::string> fixed;
  for (const ComponentResult& row : compute(plan, inputs).components) {
    if (row.component == "base" && row.amount == 10'000) fixed[row.person] += row.period + " ";
  }
  EXPECT_EQ(fixed["ann"], "2025-01 2025-02 2025-03 ");
  EXPECT_EQ(fixed["bob"], "2025-02 ");
}

TEST(Inputs, WhatContradictsItselfIsRefusedWithItsPlace) {
  const PlanDocument plan = PlanDocument::parse(plan_text("marginal", "0.08"));
  const auto told = [&](const auto& spoil) {
    Inputs inputs;
    inputs.events = {booking("1", 1'000)};
    spoil(inputs);
    try {
      compute(plan, inputs);
    } catch (const Error& error) {
      return error.field + ": " + error.message;
    }
    return std::string();
  };
  const Currency euro = currency("EUR");
  EXPECT_EQ(
      told([&](Inputs& in) {
        in.rates = {{euro, "transaction", date(2025, 1, 1), "1.1"}, {euro, "transaction", date(2025, 1, 1), "1.9"}};
      }),
      "rates[1]: There is another transaction rate of EUR on 2025-01-01: rates[0]; give one.");
  EXPECT_NE(told([&](Inputs& in) {
              in.rates = {{euro, "spot", date(2025, 1, 1), "1.1"}};
            }).find("rates[0]: "),
            std::string::npos);
  EXPECT_EQ(
      told([](Inputs& in) {
        in.hierarchy = {{"ann", "m1", {}}, {"ann", "m2", date(2025, 1, 1)}};
      }),
      "hierarchy[1]: 'ann' reports to 'm1' and to 'm2' on 2025-01-01. That overlaps hierarchy[0]; end one of them "
      "first.");
  EXPECT_NE(told([](Inputs& in) {
              in.people = {{"ann", {}}, {"ann", date(2025, 1, 1)}};
            }).find("people[1]: "),
            std::string::npos);
  EXPECT_NE(told([](Inputs& in) { in.events[0].reverses = "shop:1"; }).find("reverses: "), std::string::npos);
  EXPECT_NE(told([](Inputs& in) { in.events[0].version = 0; }).find("version: "), std::string::npos);
  EXPECT_NE(told([](Inputs& in) { in.events[0].splits[0].person.clear(); }).find("splits: "), std::string::npos);
  std::string twice = plan_text("marginal", "0.08");
  twice.insert(twice.find(R"("from": "1000")"), R"("from": "1", )");
  try {
    PlanDocument::parse(twice);
    FAIL() << "a key stood twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.field, "components[0].tiers.rows[1].from");
  }
}

}  // namespace
}  // namespace kith::incentive
