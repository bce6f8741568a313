// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/statement.hpp"

#include "incentive/incentive_fixture.hpp"

namespace kith {
namespace {

using test::Bands;
using test::PlanText;

/// 3 % to 100,000, 5 % to 300,000, 8 % above (case AB1).
const Bands kThreeTiers{{"0", "0.03"}, {"100000", "0.05"}, {"300000", "0.08"}};
/// 5 % to 100,000, 8 % above (case C-03).
const Bands kTwoTiers{{"0", "0.05"}, {"100000", "0.08"}};

class StatementTest : public test::IncentiveTest {};

// Cases AB1 of the catalogue of functions.
TEST_P(StatementTest, AB1TiersOnTheRunningTotal) {
  plan({.interval = "quarter", .components = {{"revenue", kThreeTiers}}});
  plan({.name = "whole", .interval = "quarter", .mode = "slab", .components = {{"revenue", kThreeTiers}}});
  const std::pair<std::int64_t, std::int64_t> marginal[] = {
      {35'000'000, 1'700'000}, {10'000'000, 300'000}, {10'000'001, 300'000}, {30'000'000, 1'300'000}};
  std::vector<Id> sellers;
  for (const auto& [amount, commission] : marginal) {
    sellers.push_back(employee("Seller " + std::to_string(amount)));
    assigned("field", sellers.back());
    won(sellers.back(), amount, "2025-02-03");
  }
  const Id ten = employee("Ten");
  assigned("field", ten);
  for (int i = 0; i < 10; ++i) won(ten, 3'500'000, "2025-03-" + std::to_string(10 + i));
  const Id whole = employee("Whole");
  assigned("whole", whole);
  won(whole, 35'000'000, "2025-01-01");
  const auto result = run("2025-Q1");
  EXPECT_EQ(result.statements, 6);
  EXPECT_EQ(result.lines, 15);
  EXPECT_EQ(result.changed, 15);
  EXPECT_EQ(result.adjustments, 0);
  EXPECT_EQ(result.total, (Money{1'700'000 + 300'000 + 300'000 + 1'300'000 + 1'700'000 + 2'800'000, currency("USD")}));
  for (std::size_t i = 0; i < sellers.size(); ++i) {
    EXPECT_EQ(statement(sellers[i], "2025-Q1").total.minor, marginal[i].second);
    EXPECT_EQ(statement(sellers[i], "2025-Q1").credit.minor, marginal[i].first);
  }
  EXPECT_EQ(statement(ten, "2025-Q1").total.minor, 1'700'000);
  EXPECT_EQ(lines(ten, "2025-Q1").size(), 10U);
  EXPECT_EQ(statement(whole, "2025-Q1").total.minor, 2'800'000);
}

TEST_P(StatementTest, AB5ExplainsEveryCent) {
  plan({.interval = "quarter", .components = {{"revenue", kThreeTiers}}});
  const Id seller = employee("Ann");
  assigned("field", seller);
  const Id deal = won(seller, 35'000'000, "2025-02-03");
  run("2025-Q1");
  const Id id = statement(seller, "2025-Q1").id;
  const incentive::Trace trace = incentive::explain_statement(session().reader(), id);
  EXPECT_EQ(trace.amount, 1'700'000);
  EXPECT_EQ(trace.plan, "field");
  EXPECT_EQ(trace.plan_hash, session().reader().list<CommissionPlan>().front().hash);
  ASSERT_EQ(trace.root.parts.size(), 1U);
  const auto& slices = trace.root.parts[0].parts;
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices[0].value, Int128{300'000} * incentive::kRateUnit);
  EXPECT_EQ(slices[1].value, Int128{1'000'000} * incentive::kRateUnit);
  EXPECT_EQ(slices[2].value, Int128{400'000} * incentive::kRateUnit);
  EXPECT_EQ(trace.root.facts, std::vector<std::int64_t>{deal.value});
  EXPECT_TRUE(incentive::recheck(trace).empty());
  const Id line = lines(seller, "2025-Q1").front().id;
  EXPECT_EQ(incentive::explain_line(session().reader(), line).amount, 1'700'000);
  const std::string bytes = incentive::canonical_json(trace);
  close("2025-Q1");
  change(deal, [](Opportunity& row) { row.amount = Amount{1}; });
  run("2025-Q2");
  EXPECT_EQ(incentive::canonical_json(incentive::explain_statement(session().reader(), id)), bytes);
}

TEST_P(StatementTest, AClosedPeriodIsNotOpenedByUndo) {
  plan({.interval = "quarter", .components = {{"revenue", kThreeTiers}}});
  const Id seller = employee("Ann");
  assigned("field", seller);
  won(seller, 35'000'000, "2025-02-03");
  run("2025-Q1");
  close("2025-Q1");
  const std::int64_t closed = session().reader().seq();
  EXPECT_TRUE(
      test::says(refused([&](Work& work) { history::undo(work, closed); }, Code::conflict), "is closed; reopen it"));
  in_work([&](Work& work) { incentive::reopen(work, "2025-Q1", "a deal was missing"); });
  EXPECT_EQ(session().reader().list<CommissionPeriod>().front().reopened, 1);
}

TEST_P(StatementTest, AReopeningIsUndoneOnlyWhileNothingStandsOnIt) {
  plan({.interval = "month", .components = {{"revenue", kThreeTiers}}});
  const Id seller = employee("Ann");
  assigned("field", seller);
  won(seller, 35'000'000, "2025-01-03");
  for (const char* period : {"2025-01", "2025-02"}) {
    run(period);
    close(period);
  }
  const auto reopen = [&](std::string_view period) {
    in_work([&](Work& work) { incentive::reopen(work, period, "mistake"); });
    return session().reader().seq();
  };
  const auto closed = [&] {
    const Query query{.where = "status = 'closed'"};
    return session().reader().list<CommissionPeriod>(query).size();
  };
  in_work([&, seq = reopen("2025-02")](Work& work) { history::undo(work, seq); });
  EXPECT_EQ(closed(), 2U) << "nothing stands on it";

  const std::int64_t second = reopen("2025-02");
  const std::int64_t first = reopen("2025-01");
  const auto found = history::obstacles(session().reader(), second);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().seq, first);
  const Error error = refused([&](Work& work) { history::undo(work, second); }, Code::conflict);
  EXPECT_TRUE(test::says(error, "by work " + std::to_string(first)));
  EXPECT_TRUE(test::says(error, "close it again instead"));
  in_work([&](Work& work) { history::undo(work, first); });
  in_work([&](Work& work) { history::undo(work, second); });
  EXPECT_EQ(closed(), 2U) << "what stood on it was undone";
}

TEST_P(StatementTest, J02TheSameFactsAgainChangeNothing) {
  plan({.components = {{"revenue", {{"0", "0.1"}}}}});
  const Id seller = employee("Ann");
  assigned("field", seller);
  won(seller, 1'000'000, "2025-01-05");
  const auto first = run("2025-01");
  EXPECT_EQ(first.total.minor, 100'000);
  Work work = session().work();
  const auto second = incentive::run(work, "2025-01");
  EXPECT_EQ(second.changed, 0);
  EXPECT_EQ(second.lines, first.lines);
  EXPECT_EQ(second.total, first.total);
  EXPECT_EQ(work.commit().seq, 0) << "the second run wrote something";
}

TEST_P(StatementTest, ARunInTheWorkThatBringsTheFactsSeesThem) {
  plan({});
  const Id seller = employee("Ann");
  assigned("field", seller);
  in_work([&](Work& work) {
    Opportunity deal;
    deal.title = "new";
    deal.owner = seller;
    deal.amount = Amount{10'000};
    deal.status = DealStatus::won;
    deal.closed_on = date(2025, 1, 31);
    deal.reason = "price";
    sales::create(work, deal);
    EXPECT_EQ(incentive::run(work, "2025-01").total.minor, 500);
    deal.amount = Amount{20'000};
    sales::update(work, deal);
    EXPECT_EQ(incentive::run(work, "2025-01").total.minor, 1'000);
    incentive::close(work, "2025-01");
    deal.amount = Amount{30'000};
    sales::update(work, deal);
    EXPECT_EQ(incentive::run(work, "2025-02").total.minor, 500);
  });
  EXPECT_EQ(run("2025-02").changed, 0);
}

TEST_P(StatementTest, C03AReturnCorrectsThePeriodOfItsSale) {
  plan({.components = {{"revenue", kTwoTiers}}});
  const Id seller = employee("Ann");
  assigned("field", seller);
  const Id deal = won(seller, 12'000'000, "2025-01-10");
  run("2025-01");
  EXPECT_EQ(statement(seller, "2025-01").total.minor, 660'000);
  close("2025-01");
  won(seller, 5'000'000, "2025-02-10");
  change(deal, [](Opportunity& row) { row.amount = Amount{9'000'000}; });
  const auto result = run("2025-02");
  EXPECT_EQ(result.adjustments, 1);
  const Statement after = statement(seller, "2025-02");
  EXPECT_EQ(after.earned.minor, 250'000);
  EXPECT_EQ(after.adjusted.minor, -210'000);
  EXPECT_EQ(after.total.minor, 40'000);
  const auto rows = lines(seller, "2025-02");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].kind, LineKind::adjustment);
  EXPECT_EQ(rows[1].period_earned, "2025-01");
  EXPECT_EQ(rows[1].credit.minor, -3'000'000);
  EXPECT_EQ(rows[1].reason, "amount changed");
  EXPECT_EQ(rows[1].corrects, lines(seller, "2025-01").front().id);
  const incentive::Trace trace = incentive::explain_line(session().reader(), rows[1].id);
  EXPECT_EQ(trace.amount, 450'000);
  EXPECT_TRUE(incentive::recheck(trace).empty());
  EXPECT_EQ(statement(seller, "2025-01").total.minor, 660'000);
}

TEST_P(StatementTest, D12ADealThatBelongedToSomebodyElse) {
  plan({.components = {{"revenue", {{"0", "0.02"}}}}});
  const Id m1 = employee("M1");
  const Id m2 = employee("M2");
  assigned("field", m1);
  assigned("field", m2);
  const Id deal = won(m1, 10'000'000, "2025-02-28");
  run("2025-02");
  close("2025-02");
  change(deal, [&](Opportunity& row) { row.owner = m2; });
  EXPECT_EQ(run("2025-03").adjustments, 2);
  EXPECT_EQ(statement(m1, "2025-03").total.minor, -200'000);
  EXPECT_EQ(statement(m2, "2025-03").total.minor, 200'000);
  EXPECT_EQ(lines(m2, "2025-03").front().corrects, std::nullopt);
  const auto gone = incentive::explain_line(session().reader(), lines(m1, "2025-03").front().id);
  EXPECT_EQ(gone.amount, 0);
  EXPECT_TRUE(incentive::recheck(gone).empty());
}

TEST_P(StatementTest, J01APlanRaisedAfterwards) {
  plan({});
  const Id seller = employee("Ann");
  assigned("field", seller);
  won(seller, 4'000'000, "2025-01-15");
  won(seller, 6'000'000, "2025-02-15");
  for (const auto* period : {"2025-01", "2025-02"}) {
    run(period);
    close(period);
  }
  won(seller, 5'000'000, "2025-03-15");
  plan({.version = 2, .components = {{"revenue", {{"0", "0.06"}}}}});
  EXPECT_EQ(run("2025-03").adjustments, 2);
  const auto rows = lines(seller, "2025-03");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].amount.minor, 300'000);
  EXPECT_EQ(rows[1].period_earned, "2025-01");
  EXPECT_EQ(rows[1].amount.minor, 40'000);
  EXPECT_EQ(rows[1].credit.minor, 0);
  EXPECT_EQ(rows[1].reason, "plan changed");
  EXPECT_EQ(rows[2].period_earned, "2025-02");
  EXPECT_EQ(rows[2].amount.minor, 60'000);
  EXPECT_EQ(statement(seller, "2025-03").total.minor, 400'000);
  EXPECT_EQ(incentive::explain_line(session().reader(), rows[1].id).amount, 240'000);
}

TEST_P(StatementTest, J07NothingNewPostsNothing) {
  plan({});
  const Id seller = employee("Ann");
  assigned("field", seller);
  won(seller, 4'000'000, "2025-01-15");
  won(seller, 1'234'567, "2025-01-15");
  run("2025-01");
  close("2025-01");
  const Statement closed = statement(seller, "2025-01");
  ASSERT_TRUE(closed.hash);
  EXPECT_EQ(run("2025-02").adjustments, 0);
  close("2025-02");
  const Statement again = statement(seller, "2025-01");
  EXPECT_EQ(again.hash, closed.hash);
  EXPECT_EQ(again.revision, closed.revision);
  EXPECT_NE(statement(seller, "2025-02").hash, closed.hash);
}

TEST_P(StatementTest, TellsWhyItCorrects) {
  plan({.components = {{"revenue", kTwoTiers}}});
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  assigned("field", ann);
  assigned("field", bob);
  const Id lost = won(ann, 1'000'000, "2025-01-02");
  const Id split = won(ann, 2'000'000, "2025-01-03");
  const Id moved = won(ann, 3'000'000, "2025-01-04");
  const Id other_month = won(ann, 4'000'000, "2025-01-05");
  run("2025-01");
  close("2025-01");
  in_work([&](Work& work) {
    sales::reopen(work, lost, "cancelled");
    sales::lose(work, lost, date(2025, 2, 1), "cancelled");
    sales::set_splits(work, split, {{ann, {5, 1}}, {bob, {5, 1}}});
  });
  change(moved, [](Opportunity& row) { row.closed_on = date(2025, 1, 1); });
  change(other_month, [](Opportunity& row) { row.closed_on = date(2025, 2, 5); });
  const Id late = won(ann, 9'000'000, "2025-01-01");
  run("2025-02");
  std::map<Id, StatementLine> by_deal;
  for (const StatementLine& line : lines(ann, "2025-02")) {
    if (line.kind == LineKind::adjustment) by_deal[line.opportunity] = line;
  }
  EXPECT_EQ(by_deal.at(lost).reason, "no longer won");
  EXPECT_EQ(by_deal.at(lost).amount.minor, -50'000);
  EXPECT_EQ(by_deal.at(split).reason, "split changed");
  EXPECT_EQ(by_deal.at(split).credit.minor, -1'000'000);
  EXPECT_EQ(by_deal.at(moved).reason, "won on another day");
  EXPECT_EQ(by_deal.at(moved).earned_on, date(2025, 1, 1));
  EXPECT_EQ(by_deal.at(other_month).reason, "won on another day");
  EXPECT_EQ(by_deal.at(late).reason, "won late");
  const auto shared = lines(bob, "2025-02");
  ASSERT_EQ(shared.size(), 1U);
  EXPECT_EQ(shared.front().reason, "split changed");
  EXPECT_EQ(shared.front().amount.minor, 50'000);
  // 10,000 and 30,000 on the first, 10,000 and 90,000 after: 5 % of 100,000 and 8 % of 30,000.
  EXPECT_EQ(posted(session().reader(), ann, "2025-01").at("revenue"), 500'000 + 240'000);
}

TEST_P(StatementTest, SharesThatAreTakenAwayGoBackToTheOwner) {
  plan({});
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  assigned("field", ann);
  assigned("field", bob);
  const Id deal = won(ann, 1'000'000, "2025-01-02", {{bob, {1, 0}}});
  run("2025-01");
  close("2025-01");
  EXPECT_EQ(statement(bob, "2025-01").total.minor, 50'000);
  in_work([&](Work& work) { sales::set_splits(work, deal, {}); });
  EXPECT_EQ(run("2025-02").adjustments, 2);
  EXPECT_EQ(lines(ann, "2025-02").front().reason, "split changed");
  EXPECT_EQ(statement(ann, "2025-02").total.minor, 50'000);
  EXPECT_EQ(statement(bob, "2025-02").total.minor, -50'000);
}

TEST_P(StatementTest, OpenCorrectionsFollowTheFacts) {
  plan({});
  const Id ann = employee("Ann");
  assigned("field", ann);
  const Id deal = won(ann, 1'000'000, "2025-01-02");
  run("2025-01");
  close("2025-01");
  change(deal, [](Opportunity& row) { row.amount = Amount{1'200'000}; });
  EXPECT_EQ(run("2025-02").adjustments, 1);
  change(deal, [](Opportunity& row) { row.amount = Amount{1'000'000}; });
  const auto back = run("2025-02");
  EXPECT_EQ(back.adjustments, 0);
  EXPECT_EQ(back.changed, 1);
  EXPECT_EQ(statement(ann, "2025-02").adjusted.minor, 0);
  EXPECT_TRUE(lines(ann, "2025-02").empty());
  change(deal, [](Opportunity& row) { row.amount = Amount{800'000}; });
  run("2025-02");
  close("2025-02");
  change(deal, [](Opportunity& row) { row.amount = Amount{900'000}; });
  run("2025-03");
  EXPECT_EQ(statement(ann, "2025-02").adjusted.minor, -10'000);
  EXPECT_EQ(statement(ann, "2025-03").adjusted.minor, 5'000);
  EXPECT_EQ(posted(session().reader(), ann, "2025-01").at("revenue"), 45'000);
}

TEST_P(StatementTest, CreditsSplitsToTheCent) {
  plan({.components = {{"revenue", {{"0", "0.1"}}}}});
  std::vector<Id> sellers;
  std::vector<SplitShare> shares;
  for (int i = 0; i < 3; ++i) {
    sellers.push_back(employee("Seller " + std::to_string(i)));
    assigned("field", sellers.back());
    shares.push_back({sellers.back(), i == 0 ? Decimal{3334, 4} : Decimal{3333, 4}});
  }
  won(sellers[0], 10'001, "2025-01-02", shares);
  run("2025-01");
  std::int64_t credit = 0;
  for (const Id seller : sellers) credit += statement(seller, "2025-01").credit.minor;
  EXPECT_EQ(credit, 10'001);
  EXPECT_EQ(statement(sellers[0], "2025-01").credit.minor, 3'335);
}

TEST_P(StatementTest, CountsOnlyWhatThePlanAdmits) {
  plan({.when = "amount >= 100.00 USD"});
  const Id ann = employee("Ann");
  assigned("field", ann);
  won(ann, 9'999, "2025-01-02");
  won(ann, 10'000, "2025-01-02");
  EXPECT_EQ(run("2025-01").lines, 1);
  EXPECT_EQ(statement(ann, "2025-01").credit.minor, 10'000);
}

TEST_P(StatementTest, RoundsOnceAtTheEndAndLinesStillAddUp) {
  plan({.point = "statement", .components = {{"revenue", {{"0", "0.015"}}}, {"bonus", {{"0", "0.005"}}}}});
  const Id ann = employee("Ann");
  assigned("field", ann);
  for (int i = 1; i <= 3; ++i) won(ann, 33, "2025-01-0" + std::to_string(i));  // 99 cents x 2 % = 1.98
  run("2025-01");
  const Statement row = statement(ann, "2025-01");
  EXPECT_EQ(row.total.minor, 2);
  EXPECT_EQ(row.credit.minor, 99);
  std::int64_t sum = 0;
  for (const StatementLine& line : lines(ann, "2025-01")) sum += line.amount.minor;
  EXPECT_EQ(sum, 2);
  const incentive::Trace trace = incentive::explain_statement(session().reader(), row.id);
  EXPECT_EQ(trace.amount, 2);
  EXPECT_TRUE(incentive::recheck(trace).empty());
}

TEST_P(StatementTest, TheNearestAssignmentCountsOnTheDayOfWinning) {
  plan({.name = "one", .components = {{"revenue", {{"0", "0.01"}}}}});
  plan({.name = "two", .components = {{"revenue", {{"0", "0.02"}}}}});
  plan({.name = "four", .components = {{"revenue", {{"0", "0.04"}}}}});
  const Id company = unit("Company");
  const Id team = unit("Team", company);
  assigned("one", {}, company);
  assigned("two", {}, team);
  const Id above = employee("Above", company);
  const Id member = employee("Member", team);
  const Id own = employee("Own", team);
  assigned("four", own);
  const Id nobody = employee("Nobody");
  for (const Id who : {above, member, own, nobody}) won(who, 10'000, "2025-01-20");
  EXPECT_EQ(run("2025-01").statements, 3);
  EXPECT_EQ(statement(above, "2025-01").total.minor, 100);
  EXPECT_EQ(statement(member, "2025-01").total.minor, 200);
  EXPECT_EQ(statement(own, "2025-01").total.minor, 400);
  EXPECT_EQ(incentive::statement_of(session().reader(), nobody, "2025-01"), std::nullopt);
  // A transfer recorded later, but before the deal, pays by the other plan: closed periods are corrected.
  close("2025-01");
  in_work([&](Work& work) { people::transfer(work, member, company, date(2025, 1, 1)); });
  EXPECT_EQ(run("2025-02").adjustments, 1);
  EXPECT_EQ(statement(member, "2025-02").adjusted.minor, -100);
}

TEST_P(StatementTest, CountsFromHireAndWhileAssigned) {
  plan({});
  const Id hired = employee("Hired", {}, date(2025, 1, 10));
  assigned("field", hired);
  won(hired, 10'000, "2025-01-09");
  won(hired, 10'000, "2025-01-10");
  const Id leaving = employee("Leaving");
  PlanAssignment assignment = assigned("field", leaving);
  won(leaving, 10'000, "2025-01-14");
  won(leaving, 10'000, "2025-01-15");
  in_work([&](Work& work) {
    assignment.to = date(2025, 1, 15);
    incentive::assign(work, assignment);
  });
  run("2025-01");
  EXPECT_EQ(statement(hired, "2025-01").credit.minor, 10'000);
  EXPECT_EQ(statement(leaving, "2025-01").credit.minor, 10'000);
  EXPECT_EQ(run("2025-02").statements, 1);
  const Id idle = statement(hired, "2025-02").id;
  EXPECT_TRUE(incentive::lines_of(session().reader(), idle).empty());
  EXPECT_TRUE(incentive::recheck(incentive::explain_statement(session().reader(), idle)).empty());
}

TEST_P(StatementTest, QuartersAndMonthsKeepToThemselves) {
  plan({});
  plan({.name = "quarterly", .interval = "quarter", .components = {{"revenue", kTwoTiers}}});
  const Id ann = employee("Ann");
  assigned("field", ann, {}, date(2025, 1, 1), date(2025, 2, 1));
  assigned("quarterly", ann, {}, date(2025, 2, 1));
  const Id january = won(ann, 1'000'000, "2025-01-20");
  const Id february = won(ann, 12'000'000, "2025-02-20");
  run("2025-01");
  run("2025-Q1");
  EXPECT_EQ(statement(ann, "2025-01").total.minor, 50'000);
  EXPECT_EQ(statement(ann, "2025-Q1").total.minor, 660'000);
  close("2025-01");
  close("2025-Q1");
  change(january, [](Opportunity& row) { row.amount = Amount{2'000'000}; });
  change(february, [](Opportunity& row) { row.amount = Amount{10'000'000}; });
  run("2025-02");
  run("2025-Q2");
  EXPECT_EQ(statement(ann, "2025-02").adjusted.minor, 50'000);
  EXPECT_EQ(statement(ann, "2025-Q2").adjusted.minor, -160'000);
}

INSTANTIATE_ON_ALL_BACKENDS(StatementTest);

}  // namespace
}  // namespace kith
