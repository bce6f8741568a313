// SPDX-License-Identifier: Apache-2.0
// Statements explained from the facts they state, what-if values that fit nothing, periods that no plan pays by.
#include "incentive/general_fixture.hpp"
#include "kith/incentive/payout.hpp"

namespace kith {
namespace {

using test::GeneralText;
using test::Json;
using test::PlanText;
using test::says;

class PayoutStoreTest : public test::GeneralTest {
 protected:
  std::string explained(Id who, std::string_view period, std::string_view language = "en") {
    return incentive::explain_statement_text(session().reader(), statement(who, period).id, language);
  }
  /// What the export of a statement says everybody's statements come to.
  Json exported(Id who, std::string_view period) {
    return Json::parse(
        incentive::export_statement(session().reader(), statement(who, period).id))["result"]["statements"];
  }
  static bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
};

TEST_P(PayoutStoreTest, AnExportHoldsNothingOfPeopleWhomTheStatementIsNotAbout) {
  const Id ann = employee("Ann"), bo = employee("Bo"), cy = employee("Cy"), dee = employee("Dee");
  general(GeneralText{.override_rate = "1 %"});
  for (const Id one : {ann, bo, cy, dee}) assigned("general", one);
  reports_to(bo, ann);
  reports_to(dee, cy);
  post({sale("1", "2025-01-07", 100'000, bo), sale("2", "2025-01-08", 70'000, dee)});
  in_work([&](Work& work) {
    for (const Id one : {ann, cy}) {
      CommissionValue value;
      value.name = "goal";
      value.employee = one;
      value.value = one == ann ? "1000" : "77777";
      incentive::set_value(work, value);
      Quota quota{.period = "2025-01", .employee = one};
      quota.amount = {one == ann ? 500'000 : 888'800};
      incentive::set_quota(work, quota);
    }
  });
  run("2025-01");
  const std::string text = incentive::export_statement(session().reader(), statement(ann, "2025-01").id);
  const Json inputs = Json::parse(text)["inputs"];
  EXPECT_EQ(inputs["events"].size(), 1U) << "what Bo sold, for whom Ann is paid";
  EXPECT_EQ(inputs["hierarchy"].size(), 1U);
  EXPECT_EQ(inputs["values"].size(), 2U) << inputs["values"];
  EXPECT_FALSE(holds(text, "77777") || holds(text, "8888.00") || holds(text, "shop:2"));
  EXPECT_TRUE(incentive::check_export(text).empty());
}

TEST_P(PayoutStoreTest, AnOpenStatementIsExplainedFromTheFactsItStates) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01");
  const std::string before = explained(ann, "2025-01");
  EXPECT_TRUE(holds(before, "shop:1")) << before;
  EXPECT_FALSE(holds(before, "facts came after")) << before;
  post({sale("2", "2025-01-09", 200'000, ann)});
  const std::string text = explained(ann, "2025-01");
  EXPECT_TRUE(holds(text, "1 facts came after this run; run it again")) << text;
  EXPECT_FALSE(holds(text, "shop:2")) << text;
  EXPECT_TRUE(holds(text, "Total: 50.00 USD")) << text;
  EXPECT_TRUE(holds(explained(ann, "2025-01", "zh"), "有 1 项新事实"));
  EXPECT_EQ(exported(ann, "2025-01")[0]["amount"], "50.00");
  run("2025-01");
  const std::string again = explained(ann, "2025-01");
  EXPECT_TRUE(holds(again, "shop:2")) << again;
  EXPECT_FALSE(holds(again, "facts came after")) << again;
  EXPECT_EQ(exported(ann, "2025-01")[0]["amount"], "150.00");
}

TEST_P(PayoutStoreTest, AnEventWithoutARateDoesNotHideTheStatement) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01");
  auto euro = sale("2", "2025-01-09", 100'000, ann);
  euro.amount.currency = currency("EUR");
  post({euro});
  const std::string text = explained(ann, "2025-01");
  EXPECT_TRUE(holds(text, "1 facts came after")) << text;
  EXPECT_TRUE(holds(text, "Total: 50.00 USD")) << text;
  EXPECT_EQ(exported(ann, "2025-01")[0]["amount"], "50.00");
}

TEST_P(PayoutStoreTest, OpenedAgainItIsExplainedAsItWasClosed) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01"), close("2025-01");
  post({sale("2", "2025-01-09", 200'000, ann)});
  reopen("2025-01");
  EXPECT_EQ(exported(ann, "2025-01")[0]["amount"], "50.00");
  EXPECT_TRUE(holds(explained(ann, "2025-01"), "1 facts came after"));
}

TEST_P(PayoutStoreTest, AStatementOfCorrectionsAloneSaysWhatItCorrects) {
  const Id ann = employee("Ann");
  plan(PlanText{});
  assigned("field", ann);
  const Id deal = won(ann, 1'000'000, "2025-01-10", {}, "Mill");
  run("2025-01"), close("2025-01");
  change(deal, [](Opportunity& row) { row.amount = Amount{3'000'000}; });
  run("2025-02");
  const std::string text = explained(ann, "2025-02");
  for (const std::string_view part :
       {"Statement of Ann for 2025-02: 1,000.00 USD", "Corrections of 2025-01", "Mill", "amount changed",
        "corrects line 1 of the statement of 2025-01", "posted before: 500.00 USD", "should be: 1,500.00 USD",
        "difference: 1,000.00 USD", "Total: 1,000.00 USD"}) {
    EXPECT_TRUE(holds(text, part)) << part << " in\n" << text;
  }
  const std::string line = incentive::explain_line_text(session().reader(), lines(ann, "2025-02").front().id);
  EXPECT_TRUE(holds(line, "posted before: 500.00 USD")) << line;
  const Statement corrected = statement(ann, "2025-02");
  const StatementLine first = lines(ann, "2025-01").front();
  const Json told = Json::parse(incentive::explain_statement_json(session().reader(), corrected.id));
  ASSERT_EQ(told["corrections"].size(), 1U) << told;
  const Json& one = told["corrections"][0];
  EXPECT_EQ(one["corrects"]["line"], std::to_string(first.id.value));
  EXPECT_EQ(one["corrects"]["statement"], std::to_string(first.statement.value));
  EXPECT_EQ(one["period_earned"], "2025-01");
  EXPECT_EQ(one["reason"], "amount changed");
  EXPECT_EQ(one["posted_before"], "500.00");
  EXPECT_EQ(one["should_be"], "1500.00");
  EXPECT_EQ(one["difference"], "1000.00");
  EXPECT_EQ(one["trace"]["amount"], "1500.00");
  EXPECT_TRUE(incentive::recheck(incentive::parse_trace(told.dump())).empty());
  EXPECT_TRUE(incentive::check_export(told.dump()).empty());
  const std::string offline = incentive::explain_export(told.dump());
  EXPECT_TRUE(holds(offline, incentive::to_text(incentive::parse_trace(one["trace"].dump())))) << offline;
  EXPECT_TRUE(holds(incentive::explain_export(told.dump(), "zh"),
                    incentive::to_text(incentive::parse_trace(one["trace"].dump()), Language::chinese)));
  EXPECT_EQ(Json::parse(incentive::explain_export(told.dump(), "steps")), told) << "its steps are its own";
  EXPECT_THROW(incentive::explain_export(told.dump(), "en", {.person = "1"}), Error);
  Json spoiled = told;
  spoiled["corrections"][0]["difference"] = "1000.01";
  const auto faults = incentive::check_export(spoiled.dump());
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults.front().field, "corrections[0].difference");
  spoiled = told;
  spoiled["corrections"][0]["trace"]["amount"] = "1500.01";
  EXPECT_FALSE(incentive::check_export(spoiled.dump()).empty());
  const Json alone = Json::parse(incentive::explain_line_json(session().reader(), lines(ann, "2025-02").front().id));
  EXPECT_EQ(alone["correction"]["reason"], "amount changed");
  EXPECT_EQ(alone["amount"], "1500.00");
  won(ann, 100'000, "2025-02-10");
  run("2025-02");
  const std::string both = explained(ann, "2025-02");
  EXPECT_TRUE(holds(both, "50.00 USD by plan field")) << both;
  EXPECT_TRUE(holds(both, "difference: 1,000.00 USD")) << both;
  EXPECT_TRUE(holds(both, "Total: 1,050.00 USD")) << both;
}

TEST_P(PayoutStoreTest, WhatIfValuesThatFitNothingAreRefused) {
  const Id ann = employee("Ann");
  Json text = GeneralText{}.json();
  text["measures"][0]["goal"] = {{"value", "goal"}};
  text["components"][0]["target_pay"] = "1000";
  text["components"][0]["tiers"] = {{"input", "attainment"},
                                    {"mode", "marginal"},
                                    {"unit", "pct_of_target_pay"},
                                    {"rows", Json::array({{{"from", "0"}, {"value", "1"}}})}};
  general(text);
  assigned("general", ann);
  CommissionValue goal;
  goal.name = "goal";
  goal.value = "1000";
  goal.employee = ann;
  goal.period = "2025-01";
  in_work([&](Work& work) { incentive::set_value(work, goal); });
  post({sale("1", "2025-01-07", 50'000, ann)});
  const auto difference = [&](incentive::PlanValue value) {
    incentive::Alternative other;
    other.values = {std::move(value)};
    const auto rows = incentive::what_if(session().reader(), "general", other, "2025-01", "2025-02");
    EXPECT_EQ(rows.size(), 1U);
    return rows.front().after - rows.front().before;
  };
  goal.id = {}, goal.revision = 0, goal.period = "2025-02";
  in_work([&](Work& work) { incentive::set_value(work, goal); });
  EXPECT_EQ(difference({"goal", person(ann), "2025-01", "500"}), 50'000);
  EXPECT_EQ(difference({"goal", "ann", "2025-01", "500"}), 50'000) << "a name as events and splits take it";
  EXPECT_EQ(difference({"goal", "ann", "2025-02", "500"}), 0) << "nothing was sold then";
  const auto fault = [&](incentive::PlanValue value) {
    try {
      difference(std::move(value));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_TRUE(holds(fault({"goal", "Anne", "2025-01", "500"}), "values[0].person: There is no employee 'Anne'"));
  EXPECT_TRUE(holds(fault({"goal", "Anne", "2025-01", "500"}), "Did you mean Ann?"));
  EXPECT_TRUE(holds(fault({"gaol", "Ann", "2025-01", "500"}), "Did you mean goal?"));
  EXPECT_TRUE(holds(fault({"goal", "Ann", "2025-13", "500"}), "values[0].period: '2025-13'"));
}

TEST_P(PayoutStoreTest, AValueIsOfAPeriodThatThereIs) {
  CommissionValue row;
  row.name = "goal";
  row.value = "1";
  for (const char* label : {"2025-13", "junk", ""}) {
    row.period = label;
    const Error error = refused([&](Work& work) { incentive::set_value(work, row); }, Code::invalid);
    EXPECT_EQ(error.field, "period") << label;
  }
  row.period = "2025-Q1";
  in_work([&](Work& work) { incentive::set_value(work, row); });
}

TEST_P(PayoutStoreTest, APeriodThatNoPlanPaysByIsNotRun) {
  const Id ann = employee("Ann");
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::invalid), "approve one"));
  PlanText text;
  text.interval = "quarter";
  plan(text);
  assigned("field", ann);
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::invalid), "quarter (2025-Q1)"));
  EXPECT_TRUE(session().reader().list<CommissionPeriod>().empty());
  run("2025-Q1");
}

TEST_P(PayoutStoreTest, FaultsNameTheDocumentTheyAreIn) {
  const auto fault = [](auto&& read) {
    try {
      read();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const std::string inputs = fault([] { incentive::parse_inputs(R"({"format": "kith.inputs/1", "events": [{}]})"); });
  EXPECT_TRUE(inputs.starts_with("inputs.events[0]")) << inputs;
  EXPECT_FALSE(holds(inputs, "a plan says this")) << inputs;
  const std::string whole = fault([] { incentive::check_export("{}"); });
  EXPECT_TRUE(whole.starts_with("export.format")) << whole;
  EXPECT_FALSE(holds(whole, "a plan says this")) << whole;
  const Error posted = refused(
      [&](Work& work) {
        const std::vector<incentive::EventRow> rows{sale("1", "2025-01-07", 1, {{"nobody", "primary", "1"}})};
        incentive::post_events(work, rows);
      },
      Code::invalid);
  EXPECT_TRUE(std::string_view(posted.what()).starts_with("events[0].splits[0].person")) << posted.what();
}

INSTANTIATE_ON_ALL_BACKENDS(PayoutStoreTest);

}  // namespace
}  // namespace kith
