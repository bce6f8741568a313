// SPDX-License-Identifier: Apache-2.0
// What the engine refuses of inputs that come without a store, and what it warns of.
#include "incentive/general_fixture.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"

namespace kith::incentive {
namespace {

using test::Json;

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

// What inputs of one booking, with `more` beside it, are refused for.
std::string refused_inputs(const Json& plan, const std::string& more, const std::string& source = "shop") {
  try {
    compute(PlanDocument::parse(plan.dump()),
            parse_inputs(R"({"format": "kith.inputs/1", "events": [{"source": ")" + source +
                         R"(", "id": "1", "type": "booking", "date": "2025-01-01",
        "currency": "USD", "amount": "1200.00", "splits": [{"person": "ann", "role": "primary", "share": "1"}]}])" +
                         more + "}"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PlanInputs, PeriodsAreThoseOfThePlan) {
  const Json plan = test::GeneralText().json();
  const std::string told = " is a quarter; the plan pays by the month, such as '2025-01'.";
  EXPECT_EQ(refused_inputs(plan, R"(, "open": "2025-Q1")"), "inputs.open: '2025-Q1'" + told);
  EXPECT_EQ(refused_inputs(plan, R"(, "closed": ["2025-01", "2025-Q1"], "open": "2025-02")"),
            "inputs.closed[1]: '2025-Q1'" + told);
  EXPECT_EQ(refused_inputs(plan, R"(, "periods": ["2025-Q1"])"), "inputs.periods[0]: '2025-Q1'" + told);
  EXPECT_EQ(refused_inputs(plan, R"(, "values": [{"name": "quota", "value": "1", "period": "2025-Q1"}])"),
            "inputs.values[0].period: '2025-Q1'" + told);
  EXPECT_EQ(refused_inputs(plan, R"(, "open": "2025-W03")"),
            "inputs.open: '2025-W03' is a week; the plan pays by the month, such as '2025-01'.");
  EXPECT_TRUE(refused_inputs(plan, R"(, "open": "May")").starts_with("inputs.open: 'May' is no period"));
  EXPECT_EQ(refused_inputs(plan, R"(, "closed": ["2024-12"], "periods": ["2025-03"], "open": "2025-02")"), "");
}

TEST(PlanInputs, ASourceHasNoColon) {
  const Json plan = test::GeneralText().json();
  const std::string told = "A colon ends a source in references; use none.";
  EXPECT_EQ(refused_inputs(plan, "", "a:b"), "inputs.events[0].source: " + told);
  Inputs inputs;
  inputs.events = {booking("1", 120000)};
  inputs.events[0].source = "a:b";
  try {
    compute(PlanDocument::parse(plan.dump()), inputs);
    ADD_FAILURE() << "a colon was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "event.source: Event 'a:b:1': " + told);
  }
}

TEST(PlanInputs, NoPoolAndNoCapIsBelowNothing) {
  const std::string value = R"(, "values": [{"name": "most", "value": "-5"}])";
  const std::string told = "is negative; give one of 0 or more.";
  Json capped = test::GeneralText().json();
  capped["components"][0]["modifiers"] =
      Json::parse(R"([{"do": "cap", "amount": {"value": "most"}, "per": "period", "excess": "lose"}])");
  EXPECT_EQ(refused_inputs(capped, value), "inputs.values: The cap 'most' of 'ann' in '2025-01' " + told);
  Json shared = test::GeneralText().json();
  shared["components"].push_back(Json::parse(R"({"name": "pot", "kind": "pool_share", "basis": {"measure": "sales"},
      "unpaid": "lose", "pool": {"value": "most"}})"));
  EXPECT_EQ(refused_inputs(shared, value), "inputs.values: The pool 'most' of everybody in '2025-01' " + told);
  shared["components"][1]["pool"] = "-100";
  EXPECT_EQ(refused_inputs(shared, ""), "plan.components[1].pool: A pool is 0 or more.");
}

TEST(PlanInputs, WarnsOfEventsThatCountForNothing) {
  Inputs inputs;
  inputs.events = {booking("1", 120000), booking("2", 100, 0), booking("3", 100), booking("4", 100)};
  inputs.events[2].splits.clear();
  inputs.events[3].splits.clear();
  inputs.events[3].reverses = "shop:1";
  EXPECT_EQ(
      compute(PlanDocument::parse(test::GeneralText().json().dump()), inputs).warnings,
      (std::vector<std::string>{"Event 'shop:2' is of 2024-12-31, when the plan is not valid; it counts for nothing.",
                                "Event 'shop:3' has no splits; nobody is credited with it."}));
}

}  // namespace
}  // namespace kith::incentive
