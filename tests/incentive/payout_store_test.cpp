// SPDX-License-Identifier: Apache-2.0
// What-if values that fit nothing, periods that no plan pays by, faults that name their document.
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
  static bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
};

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
