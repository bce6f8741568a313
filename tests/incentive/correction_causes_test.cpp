// SPDX-License-Identifier: Apache-2.0
// What a correction line says it was caused by, for each kind of fact that can move a closed period.
#include "incentive/general_fixture.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/people/exchange_rate.hpp"

namespace kith {
namespace {

using test::GeneralText;
using test::Json;

class CorrectionCausesTest : public test::GeneralTest {
 protected:
  void SetUp() override {
    GeneralTest::SetUp();
    ann = employee("Ann"), bob = employee("Bob"), boss = employee("Boss");
  }
  void rate(std::int64_t hundredths) {
    ExchangeRate row;
    const auto rows = session().reader().list<ExchangeRate>();
    if (!rows.empty()) row = rows.front();
    row.from_currency = currency("EUR");
    row.to_currency = currency("USD");
    row.rate = rescale(Decimal{hundredths, 2}, kExchangeScale);
    row.from = parse_date("2025-01-01");
    row.source = "ECB";
    in_work([&](Work& work) { people::set_rate(work, row); });
  }
  void goal(std::string value) {
    CommissionValue row;
    row.name = "goal", row.employee = ann, row.value = std::move(value);
    in_work([&](Work& work) { incentive::set_value(work, row); });
  }
  void quota(std::int64_t cents) {
    Quota row;
    const auto rows = session().reader().list<Quota>();
    if (!rows.empty()) row = rows.front();
    row.period = "2025-01", row.employee = ann, row.amount = {cents};
    in_work([&](Work& work) { incentive::set_quota(work, row); });
  }
  static incentive::EventRow euros(incentive::EventRow row) {
    row.amount.currency = currency("EUR");
    return row;
  }
  /// Pays by the attainment of a goal that has that name among the values: 5 %, 10 % from 100 % on.
  static Json by_goal(const std::string& name) {
    GeneralText text;
    text.rows = {{"0", "5 %"}, {"1", "10 %"}};
    text.mode = "slab";
    text.override_rate = "1 %";
    Json plan = text.json();
    plan["measures"][0]["goal"] = {{"value", name}};
    plan["measures"][0]["prorate_goal"] = "none";
    plan["components"][0]["tiers"]["input"] = "attainment";
    return plan;
  }
  void closed_january(const Json& plan, const std::vector<incentive::EventRow>& events) {
    general(plan);
    for (const Id who : {ann, bob, boss}) assigned(plan.at("name").get<std::string>(), who);
    post(events);
    run("2025-01"), close("2025-01");
  }
  std::vector<std::string> reasons(Id who) {
    run("2025-02");
    std::vector<std::string> found;
    for (const StatementLine& line : lines(who, "2025-02")) found.push_back(line.reason.value_or(""));
    return found;
  }
  using Texts = std::vector<std::string>;

  Id ann, bob, boss;
};

TEST_P(CorrectionCausesTest, AnExchangeRate) {
  rate(110);
  closed_january(GeneralText{}.json(),
                 {euros(sale("1", "2025-01-05", 100'000, ann)), sale("2", "2025-01-06", 100'000, ann)});
  rate(120);
  EXPECT_EQ(reasons(ann), Texts{"exchange rate changed"});
  const std::string told = incentive::explain_statement_text(session().reader(), statement(ann, "2025-02").id, "zh");
  EXPECT_NE(told.find("汇率有变"), std::string::npos) << told;
}

TEST_P(CorrectionCausesTest, TheHierarchy) {
  GeneralText text;
  text.override_rate = "1 %";
  closed_january(text.json(), {sale("1", "2025-01-05", 100'000, ann)});
  reports_to(ann, boss);
  EXPECT_EQ(reasons(boss), Texts{"hierarchy changed"});
  EXPECT_TRUE(reasons(ann).empty());
}

TEST_P(CorrectionCausesTest, AQuotaAndAValue) {
  quota(200'000);
  goal("3000");
  closed_january(by_goal("quota.won_amount"), {sale("1", "2025-01-05", 100'000, ann)});
  quota(100'000);
  EXPECT_EQ(reasons(ann), Texts{"quota changed"});
}

TEST_P(CorrectionCausesTest, AValueOfThePlanAndNoneThatItDoesNotRead) {
  goal("2000");
  closed_january(by_goal("goal"), {sale("1", "2025-01-05", 100'000, ann)});
  quota(100'000);
  goal("1000");
  EXPECT_EQ(reasons(ann), Texts{"value changed"});
}

// Two kinds changed; each line names the one that moved it, and both where each does.
TEST_P(CorrectionCausesTest, OfSeveralKindsThoseThatMoveTheLine) {
  rate(110);
  goal("2000");
  Json plan = by_goal("goal");
  closed_january(plan, {sale("1", "2025-01-05", 100'000, ann), sale("2", "2025-01-06", 100'000, bob, 1)});
  rate(120);
  reports_to(ann, boss);
  goal("1000");
  EXPECT_EQ(reasons(ann), Texts{"value changed"});
  EXPECT_EQ(reasons(boss), Texts{"hierarchy changed"});
}

TEST_P(CorrectionCausesTest, EventsOfOnesOwnAndOfOthers) {
  GeneralText text;
  text.rows = {{"0", "5 %"}, {"1000", "8 %"}};
  closed_january(text.json(), {sale("1", "2025-01-05", 80'000, ann), sale("2", "2025-01-09", 40'000, ann)});
  post({sale("1", "2025-01-05", 90'000, ann, 2), sale("3", "2025-01-20", 10'000, ann)});
  EXPECT_EQ(reasons(ann), (Texts{"event changed", "follows another correction", "came late"}));
}

TEST_P(CorrectionCausesTest, AShareThatCameByAChangedSplitIsNoLateEvent) {
  closed_january(GeneralText{}.json(), {sale("1", "2025-01-05", 80'000, ann)});
  post({sale("1", "2025-01-05", 80'000, {{person(ann), "primary", "0.5"}, {person(bob), "primary", "0.5"}}, 2)});
  EXPECT_EQ(reasons(bob), Texts{"event changed"});
  EXPECT_EQ(reasons(ann), Texts{"event changed"});
}

TEST_P(CorrectionCausesTest, APoolMovesByTheEventsOfOthers) {
  Json plan = GeneralText{}.json();
  plan["components"][0] = {{"name", "pool"},
                           {"kind", "pool_share"},
                           {"basis", {{"measure", "sales"}}},
                           {"pool", "1000.00"},
                           {"unpaid", "lose"}};
  closed_january(plan, {sale("1", "2025-01-05", 100'000, ann), sale("2", "2025-01-06", 100'000, bob)});
  post({sale("3", "2025-01-07", 100'000, bob)});
  EXPECT_EQ(reasons(ann), Texts{"events of others changed"});
}

TEST_P(CorrectionCausesTest, PlanAssignmentAndService) {
  closed_january(GeneralText{}.json(), {sale("1", "2025-01-05", 80'000, ann)});
  const Id eve = employee("Eve");
  post({sale("2", "2025-01-05", 10'000, eve)});
  run("2025-02"), close("2025-02");
  assigned("general", eve);
  run("2025-03");
  EXPECT_EQ(lines(eve, "2025-03").at(0).reason, "assignment changed");
  close("2025-03");
  in_work([&](Work& work) {
    Employee row = work.get<Employee>(ann);
    row.left_on = parse_date("2025-01-03");
    people::update(work, row);
  });
  run("2025-04");
  EXPECT_EQ(lines(ann, "2025-04").at(0).reason, "hire or leave date changed");
  close("2025-04");
  GeneralText next;
  next.version = 2;
  next.rows = {{"0", "7 %"}};
  general(next);
  run("2025-05");
  EXPECT_EQ(lines(eve, "2025-05").at(0).reason, "plan changed");
}

TEST_P(CorrectionCausesTest, AUnitAndARole) {
  general(GeneralText{});
  const Id team = unit("Team"), elsewhere = unit("Elsewhere");
  const Id own = employee("Own", team);
  assigned("general", {}, team);
  PlanAssignment by_role;
  by_role.plan = "general", by_role.role = "closer", by_role.from = parse_date("2024-01-01");
  in_work([&](Work& work) { incentive::assign(work, by_role); });
  post({sale("1", "2025-01-05", 100'000, own), sale("2", "2025-01-06", 100'000, bob)});
  run("2025-01"), close("2025-01");
  EXPECT_TRUE(reasons(own).empty());
  in_work([&](Work& work) { people::transfer(work, own, elsewhere, parse_date("2025-01-01")); });
  EXPECT_EQ(reasons(own), Texts{"unit changed"});
  PayeeRole role;
  role.employee = bob, role.role = "closer", role.from = parse_date("2025-01-01");
  in_work([&](Work& work) { incentive::set_role(work, role); });
  EXPECT_EQ(reasons(bob), Texts{"role changed"});
  const std::string told = incentive::explain_statement_text(session().reader(), statement(bob, "2025-02").id, "zh");
  EXPECT_NE(told.find("角色有变"), std::string::npos) << told;
}

INSTANTIATE_ON_ALL_BACKENDS(CorrectionCausesTest);

}  // namespace
}  // namespace kith
