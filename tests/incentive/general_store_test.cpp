// SPDX-License-Identifier: Apache-2.0
// General plans in a store: events, states of plans, statements, corrections, re-opening.
#include <set>

#include "incentive/general_fixture.hpp"
#include "kith/engine/erasure.hpp"

namespace kith {
namespace {

using test::GeneralText;
using test::Json;
using test::says;

class GeneralStoreTest : public test::GeneralTest {};

TEST_P(GeneralStoreTest, EventsAreKnownBySourceIdAndVersion) {
  const Id ann = employee("Ann");
  const auto first = sale("1", "2025-01-07", 120'000, ann);
  auto result = post({first, first, sale("2", "2025-01-08", 5, ann)});
  EXPECT_EQ(result.added, 2);
  EXPECT_EQ(result.repeated, 1);
  const std::string digest = to_hex(state_digest(session()));
  result = post({first});
  EXPECT_EQ(result.repeated, 1);
  EXPECT_EQ(to_hex(state_digest(session())), digest) << "the same event again left something";

  result = post({sale("1", "2025-01-09", 110'000, ann, 3), sale("1", "2025-01-07", 1, ann, 2)});
  EXPECT_EQ(result.replaced, 1);
  EXPECT_EQ(result.outdated, 1);
  EXPECT_EQ(post({first}).outdated, 1);
  const auto stored = session().reader().find_one<BusinessEvent>({.where = "external_id = '1'"});
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->version, 3);
  EXPECT_EQ(stored->amount.minor, 110'000);

  EXPECT_TRUE(says(refused(
                       [&](Work& work) {
                         const incentive::EventRow rows[] = {sale("1", "2025-01-09", 110'001, ann, 3)};
                         incentive::post_events(work, rows);
                       },
                       Code::conflict),
                   "two contents"));
}

TEST_P(GeneralStoreTest, SharesMayChangeAndPeopleHaveNames) {
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  employee("Twin"), employee("Twin");
  post({sale("1", "2025-01-07", 100, {{"Ann", "primary", "60 %"}, {person(bob), "primary", "0.40"}})});
  auto shares = session().reader().list<EventShare>({.order = {"position"}});
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(shares[0].employee, ann);
  EXPECT_EQ(shares[0].share, "0.6");
  post({sale("1", "2025-01-07", 100, {{"bob", "primary", "1"}}, 2)});
  shares = session().reader().list<EventShare>();
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(shares[0].employee, bob);
  const Error told = refused(
      [&](Work& work) {
        auto bad = sale("9", "2025-01-07", 100, {{"Nobody", "", "x"}, {"Twin", "primary", "-1"}});
        bad.source = "a:b";
        bad.version = 0;
        bad.quantity = "1.2345678";
        bad.reverses = "nothing";
        const incentive::EventRow rows[] = {sale("8", "2025-01-07", 1, ann), bad};
        incentive::post_events(work, rows);
      },
      Code::invalid);
  std::set<std::string> fields;
  for (const Violation& fault : told.violations) fields.insert(fault.field);
  EXPECT_EQ(fields, (std::set<std::string>{"events[1].source", "events[1].version", "events[1].quantity",
                                           "events[1].reverses", "events[1].splits[0].person",
                                           "events[1].splits[0].role", "events[1].splits[0].share",
                                           "events[1].splits[1].person", "events[1].splits[1].share"}));
}

TEST_P(GeneralStoreTest, EventsComeAsColumns) {
  const Id ann = employee("Ann");
  const std::string id = person(ann);
  const std::string_view source[] = {"erp", "erp"}, ids[] = {"a", "b"}, type[] = {"order", "return"};
  const std::string_view reverses[] = {"", "erp:a"}, people[] = {id, "Ann"}, role[] = {"primary", "primary"};
  const std::string_view share[] = {"1", "1"};
  const Date days[] = {date(2025, 1, 2), date(2025, 1, 3)};
  const Currency money[] = {currency("USD"), currency("USD")};
  const std::int64_t amount[] = {100'000, -40'000};
  const std::uint32_t place[] = {0, 1};
  incentive::PostColumns columns;
  columns.source = source, columns.id = ids, columns.type = type, columns.date = days, columns.currency = money;
  columns.amount = amount, columns.reverses = reverses, columns.share_event = place, columns.person = people;
  columns.role = role, columns.share = share;
  in_work([&](Work& work) { EXPECT_EQ(incentive::post_events(work, columns).added, 2); });
  columns.amount = std::span(amount).first(1);
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::post_events(work, columns); }, Code::invalid), "1 rows"));
  general(GeneralText{});
  assigned("general", ann);
  EXPECT_EQ(run("2025-01").total.minor, 3'000);
}

TEST_P(GeneralStoreTest, OnlyApprovedPlansPay) {
  const Id ann = employee("Ann");
  post({sale("1", "2025-01-07", 120'000, ann)});
  GeneralText text;
  text.rows = {{"0", "5 %"}, {"1000", "8 %"}};
  text.mode = "slab";
  Id plan;
  in_work([&](Work& work) { plan = incentive::add_plan(work, text.json().dump()); });
  assigned("general", ann);
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::invalid), "approve one"));
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::approve(work, plan); }, Code::invalid), "cliff"));
  in_work([&](Work& work) { incentive::approve(work, plan, true); });
  EXPECT_NE(session().reader().get<CommissionPlan>(plan).accepted.value_or("").find("cliff"), std::string::npos);
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::approve(work, plan, true); }, Code::state), "approved"));
  EXPECT_EQ(run("2025-01").total.minor, 9'600);

  const auto ends = [&](Date end) { return [&, end](Work& work) { incentive::retire(work, plan, end); }; };
  EXPECT_TRUE(
      says(refused(ends(date(2025, 2, 2)), Code::invalid),
           "2025-02-02 would cut the month 2025-02, which it pays whole or not; give 2025-02-01 or 2025-03-01"));
  EXPECT_TRUE(says(refused(ends(date(2025, 1, 1)), Code::invalid), "give the first day without it, after 2025-01-01"));
  in_work([&](Work& work) { incentive::retire(work, plan, date(2025, 2, 1)); });
  post({sale("2", "2025-02-07", 120'000, ann)});
  EXPECT_EQ(run("2025-01").total.minor, 9'600);
  EXPECT_EQ(run("2025-02").total.minor, 0);

  Json bad = text.json();
  bad["version"] = 2;
  bad["currency"] = "EUR";
  bad["valid"]["from"] = "2025-01-15";
  bad["first_month"] = 4;
  const Error told = refused([&](Work& work) { incentive::add_plan(work, bad.dump()); }, Code::invalid);
  EXPECT_EQ(told.violations.size(), 3U);
}

TEST_P(GeneralStoreTest, TheMostSpecificAssignmentCounts) {
  const Id east = unit("East");
  const Id ann = employee("Ann", east), bob = employee("Bob", east), cid = employee("Cid"), dan = employee("Dan");
  for (const auto& [name, rate] : {std::pair("one", "1 %"), std::pair("two", "2 %"), std::pair("three", "3 %")}) {
    GeneralText text;
    text.name = name;
    text.rows = {{"0", rate}};
    general(text);
  }
  for (const Id who : {ann, bob, cid, dan}) {
    PayeeRole role;
    role.employee = who;
    role.role = who == dan ? "engineer" : "seller";
    role.from = date(2024, 1, 1);
    in_work([&](Work& work) { incentive::set_role(work, role); });
  }
  PlanAssignment row;
  row.plan = "three";
  row.role = "seller";
  row.from = date(2024, 1, 1);
  in_work([&](Work& work) { incentive::assign(work, row); });
  assigned("two", {}, east);
  assigned("one", ann);
  post({sale("1", "2025-01-07", 100'000, ann), sale("2", "2025-01-07", 100'000, bob),
        sale("3", "2025-01-07", 100'000, cid), sale("4", "2025-01-07", 100'000, dan)});
  EXPECT_EQ(run("2025-01").statements, 3);
  EXPECT_EQ(total(ann, "2025-01"), 1'000);
  EXPECT_EQ(total(bob, "2025-01"), 2'000);
  EXPECT_EQ(total(cid, "2025-01"), 3'000);
  PlanAssignment both = row;
  both.id = {}, both.revision = 0, both.employee = ann;
  refused([&](Work& work) { incentive::assign(work, both); }, Code::invalid);
}

TEST_P(GeneralStoreTest, LinesNameEventsAndTheSameFactsChangeNothing) {
  const Id ann = employee("Ann");
  GeneralText text;
  text.rows = {{"0", "5 %"}, {"1000", "8 %"}};
  const Id plan = general(text);
  assigned("general", ann);
  post({sale("1", "2025-01-07", 80'000, ann), sale("2", "2025-01-09", 40'000, ann)});
  EXPECT_EQ(run("2025-01").total.minor, 6'600);
  const auto made = lines(ann, "2025-01");
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].amount.minor, 4'000);
  EXPECT_EQ(made[1].amount.minor, 2'600);
  EXPECT_EQ(made[1].credit.minor, 40'000);
  EXPECT_EQ(made[1].plan, plan);
  EXPECT_EQ(made[1].basis, LineBasis::event);
  EXPECT_EQ(session().reader().get<BusinessEvent>(*made[1].event).external_id, "2");
  EXPECT_EQ(statement(ann, "2025-01").credit.minor, 120'000);
  Work work = session().work();
  EXPECT_EQ(incentive::run(work, "2025-01").changed, 0);
  EXPECT_EQ(work.commit().seq, 0) << "the second run wrote something";
}

// Cases J-01, J-02 and C-03 of the golden cases, over a store.
TEST_P(GeneralStoreTest, J01ARateRaisedLaterPostsDeltas) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 4'000'000, ann), sale("2", "2025-02-07", 6'000'000, ann)});
  for (const char* month : {"2025-01", "2025-02"}) run(month), close(month);
  post({sale("3", "2025-03-07", 5'000'000, ann)});
  GeneralText raised;
  raised.version = 2;
  raised.rows = {{"0", "6 %"}};
  general(raised);
  run("2025-03");
  EXPECT_EQ(total(ann, "2025-03"), 400'000);
  EXPECT_EQ(statement(ann, "2025-03").adjusted.minor, 100'000);
  std::map<std::string, std::int64_t> deltas;
  for (const StatementLine& line : lines(ann, "2025-03")) {
    if (line.kind != LineKind::adjustment) continue;
    deltas[line.period_earned] += line.amount.minor;
    EXPECT_EQ(line.reason, "plan changed");
    EXPECT_TRUE(line.corrects.has_value());
  }
  EXPECT_EQ(deltas, (std::map<std::string, std::int64_t>{{"2025-01", 40'000}, {"2025-02", 60'000}}));
}

TEST_P(GeneralStoreTest, C03AReturnCountsWhereThePlanSays) {
  for (const auto& [name, expected] : {std::pair("original", 40'000), std::pair("current", 100'000)}) {
    GeneralText text;
    text.name = name;
    text.return_period = name;
    text.rows = {{"0", "5 %"}, {"100000", "8 %"}};
    general(text);
    const Id who = employee(name);
    assigned(name, who);
    post({sale(std::string(name) + "1", "2025-01-07", 12'000'000, who)});
    static_cast<void>(expected);
  }
  run("2025-01"), close("2025-01");
  const auto people = session().reader().list<Employee>({.order = {"name"}});
  for (const Employee& who : people) {
    auto back = sale(who.name + "-back", "2025-02-09", -3'000'000, who.id);
    back.reverses = "shop:" + who.name + "1";
    post({sale(who.name + "2", "2025-02-07", 5'000'000, who.id), back});
  }
  run("2025-02");
  EXPECT_EQ(total(people[1].id, "2025-02"), 40'000) << "original";
  EXPECT_EQ(total(people[0].id, "2025-02"), 100'000) << "current";
}

TEST_P(GeneralStoreTest, EverythingTakenBackLeavesNothing) {
  const Id ann = employee("Ann"), bob = employee("Bob"), boss = employee("Boss");
  reports_to(ann, boss), reports_to(bob, boss);
  GeneralText text;
  text.override_rate = "1 %";
  general(text);
  for (const Id who : {ann, bob, boss}) assigned("general", who);
  const std::vector<incentive::Split> both{{person(ann), "primary", "0.3333"}, {person(bob), "primary", "0.6667"}};
  post({sale("1", "2025-01-07", 123'457, both), sale("2", "2025-01-08", 99, ann)});
  run("2025-01");
  EXPECT_EQ(total(boss, "2025-01"), 1'236);
  close("2025-01");
  auto gone = sale("1", "2025-01-07", 123'457, both, 2);
  gone.cancelled = true;
  auto other = sale("2", "2025-01-08", 99, ann, 2);
  other.cancelled = true;
  post({gone, other});
  run("2025-02");
  for (const Id who : {ann, bob, boss}) {
    for (const auto& [component, sum] : posted(session().reader(), who, "2025-01")) EXPECT_EQ(sum, 0) << component;
    for (const StatementLine& line : lines(who, "2025-02")) EXPECT_EQ(line.reason, "cancelled");
  }
}

// Case D-12: found after the close that somebody else was the superior.
TEST_P(GeneralStoreTest, D12ABackDatedHierarchyMovesOverrides) {
  const Id ann = employee("Ann"), first = employee("First"), second = employee("Second");
  reports_to(ann, first);
  GeneralText text;
  text.override_rate = "2 %";
  general(text);
  for (const Id who : {ann, first, second}) assigned("general", who);
  post({sale("1", "2025-02-28", 10'000'000, ann)});
  run("2025-02"), close("2025-02");
  reports_to(ann, second, "2025-02-28");
  run("2025-03");
  EXPECT_EQ(statement(first, "2025-03").adjusted.minor, -200'000);
  EXPECT_EQ(statement(second, "2025-03").adjusted.minor, 200'000);
  EXPECT_EQ(statement(ann, "2025-03").adjusted.minor, 0);
}

// Case J-07, and that what was learned in between is corrected once.
TEST_P(GeneralStoreTest, J07OpenedAgainAClosedPeriodKeepsItsBytes) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01"), close("2025-01");
  const Statement before = statement(ann, "2025-01");
  reopen("2025-01");
  EXPECT_FALSE(statement(ann, "2025-01").hash);
  EXPECT_EQ(run("2025-01").changed, 0);
  close("2025-01");
  EXPECT_EQ(statement(ann, "2025-01").hash, before.hash);

  post({sale("2", "2025-01-20", 10'000, ann), sale("3", "2025-02-20", 20'000, ann)});
  run("2025-02");
  EXPECT_EQ(total(ann, "2025-02"), 1'500);
  reopen("2025-01");
  EXPECT_EQ(total(ann, "2025-02"), 1'000) << "the adjustment follows from closing January";
  EXPECT_EQ(run("2025-01").total.minor, 5'500);
  EXPECT_EQ(run("2025-02").adjustments, 0);
  close("2025-01");
  EXPECT_EQ(run("2025-02").total.minor, 1'000);
  const auto row = session().reader().find_one<CommissionPeriod>({.where = "label = '2025-01'"});
  EXPECT_EQ(row->reopened, 2);
  EXPECT_EQ(row->reopen_reason, "mistake");
  run("2025-02"), close("2025-02");
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::reopen(work, "2025-01", "late"); }, Code::state), "2025-02"));
  refused([&](Work& work) { incentive::reopen(work, "2025-02", " "); }, Code::invalid);
}

TEST_P(GeneralStoreTest, ValuesOfUnitsRolesAndPeople) {
  const Id east = unit("East");
  const Id ann = employee("Ann", east), bob = employee("Bob", east), cid = employee("Cid");
  Json plan = GeneralText{}.json();
  plan["measures"][0]["goal"] = {{"value", "goal"}};
  plan["components"][0]["target_pay"] = "1000";
  plan["components"][0]["tiers"] = {{"input", "attainment"},
                                    {"mode", "marginal"},
                                    {"unit", "pct_of_target_pay"},
                                    {"rows", Json::array({{{"from", "0"}, {"value", "1"}}})}};
  general(plan);
  for (const Id who : {ann, bob, cid}) assigned("general", who);
  const auto set = [&](auto&& fill, std::string value) {
    CommissionValue row;
    row.name = "goal";
    row.value = std::move(value);
    fill(row);
    in_work([&](Work& work) { incentive::set_value(work, row); });
  };
  set([](CommissionValue&) {}, "1000");
  set([&](CommissionValue& row) { row.unit = east; }, "2000");
  set([&](CommissionValue& row) { row.employee = ann, row.period = "2025-01"; }, "4000");
  post({sale("1", "2025-01-07", 100'000, ann), sale("2", "2025-01-07", 100'000, bob),
        sale("3", "2025-01-07", 100'000, cid)});
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 25'000);
  EXPECT_EQ(total(bob, "2025-01"), 50'000);
  EXPECT_EQ(total(cid, "2025-01"), 100'000);
  close("2025-01");
  set([&](CommissionValue& row) { row.unit = east; }, "1000");
  run("2025-02");
  EXPECT_EQ(statement(bob, "2025-02").adjusted.minor, 50'000);
  EXPECT_EQ(statement(ann, "2025-02").adjusted.minor, 0);
}

TEST_P(GeneralStoreTest, ForeignEventsNeedARate) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  auto euro = sale("1", "2025-01-07", 100'000, ann);
  euro.amount.currency = currency("EUR");
  post({euro});
  const std::string digest = to_hex(state_digest(session()));
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::invalid), "EUR to USD"));
  EXPECT_EQ(to_hex(state_digest(session())), digest);
  ExchangeRate rate;
  rate.from_currency = currency("USD");
  rate.to_currency = currency("EUR");
  rate.rate = parse_decimal("0.75");
  rate.from = date(2025, 1, 1);
  rate.source = "ECB";
  in_work([&](Work& work) { people::set_rate(work, rate); });
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 6'667) << "5 % of 1,000 x 4/3";
}

TEST_P(GeneralStoreTest, AmountsAtTheEdgeFailWhole) {
  const Id ann = employee("Ann");
  GeneralText text;
  text.rows = {{"0", "200 %"}};
  general(text);
  assigned("general", ann);
  post({sale("1", "2025-01-07", 9'200'000'000'000'000'000, ann)});
  const std::string digest = to_hex(state_digest(session()));
  const Error error = refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::overflow);
  EXPECT_TRUE(says(error, "revenue of 'Ann' (" + std::to_string(ann.value) + ") in 2025-01: event shop:1: "))
      << error.message;
  EXPECT_EQ(to_hex(state_digest(session())), digest);
}

TEST_P(GeneralStoreTest, AssignmentsOfOneSubjectMustNotOverlap) {
  const Id ann = employee("Ann"), team = unit("Team");
  general(GeneralText{});
  const auto attempt = [&](PlanAssignment row, std::string_view from) {
    row.plan = "general", row.from = parse_date(from);
    return refused([&](Work& work) { incentive::assign(work, row); }, Code::conflict);
  };
  const PlanAssignment own = assigned("general", ann, {}, date(2025, 1, 1), date(2025, 7, 1));
  const Error told = attempt({.employee = ann}, "2025-03-01");
  EXPECT_EQ(told.message, "plan 'general' for employee 'Ann' (" + person(ann) +
                              ") from 2025-03-01 on overlaps assignment " + std::to_string(own.id.value) +
                              " of plan 'general' to the same employee from 2025-01-01 to 2025-07-01; one has one plan "
                              "at a time: end that one on 2025-03-01 first");
  EXPECT_TRUE(says(attempt({.employee = ann}, "2024-03-01"), "let this one end on 2025-01-01, or change that one"));
  assigned("general", ann, {}, date(2025, 7, 1));
  assigned("general", {}, team);
  EXPECT_TRUE(says(attempt({.unit = team}, "2025-03-01"), "for unit 'Team' ("));
  PlanAssignment role{.role = "closer"};
  role.plan = "general", role.from = parse_date("2025-01-01");
  in_work([&](Work& work) { incentive::assign(work, role); });
  EXPECT_TRUE(says(attempt({.role = "closer"}, "2025-03-01"), "for role 'closer' from 2025-03-01 on"));
}

TEST_P(GeneralStoreTest, StatementsAreOfPeriodsInWhichSomebodyHasAPlanOrALine) {
  const Id ann = employee("Ann"), bob = employee("Bob");
  Json plan = GeneralText{}.json();
  plan["release"] = Json::parse(R"([{"trigger": "at once", "share": "0.9"},
      {"trigger": "later", "share": "0.1", "after_months": 2}])");
  general(plan);
  PlanAssignment january = assigned("general", ann, {}, date(2025, 1, 1), date(2025, 3, 1));
  assigned("general", bob);
  post({sale("1", "2025-01-07", 100'000, ann), sale("2", "2025-02-07", 100'000, bob)});
  run("2025-01"), close("2025-01");
  const auto has = [&](Id who, std::string_view period) {
    return incentive::statement_of(session().reader(), who, period).has_value();
  };
  EXPECT_TRUE(has(ann, "2025-01"));
  EXPECT_TRUE(has(bob, "2025-01")) << "nothing was earned, under a plan that held";
  run("2025-02");
  EXPECT_TRUE(has(ann, "2025-02"));
  january.to = date(2025, 2, 1);
  in_work([&](Work& work) { incentive::assign(work, january); });
  run("2025-02");
  EXPECT_FALSE(has(ann, "2025-02")) << "no plan, no line";
  EXPECT_TRUE(has(bob, "2025-02"));
  close("2025-02"), run("2025-03");
  EXPECT_TRUE(has(ann, "2025-03")) << "a release of what January held back";
}

TEST_P(GeneralStoreTest, ExplanationsNamePeopleAsTheyWereCalledThen) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01");
  close("2025-01");
  in_work([&](Work& work) {
    auto row = work.get<Employee>(ann);
    row.name = "Anne";
    people::update(work, row);
  });
  const Id statement = incentive::statement_of(session().reader(), ann, "2025-01")->id;
  for (const char* language : {"en", "zh"}) {
    const std::string text = incentive::explain_statement_text(session().reader(), statement, language);
    EXPECT_NE(text.find("\nAnn revenue 2025-01"), std::string::npos) << text;
    EXPECT_EQ(text.find("Anne"), std::string::npos) << text;
    EXPECT_EQ(text.find(std::to_string(ann.value)), std::string::npos) << text;
  }
  const std::string data = incentive::explain_statement_json(session().reader(), statement);
  EXPECT_NE(data.find("\"" + std::to_string(ann.value) + "\""), std::string::npos) << "data names people by id";
  EXPECT_TRUE(incentive::check_export(data).empty());
  in_work([&](Work& work) { history::erase_person(work, entity_of<Employee>(), ann); });
  const std::string text = incentive::explain_statement_text(session().reader(), statement);
  EXPECT_NE(text.find("\n(erased) revenue 2025-01"), std::string::npos) << text;
}

TEST_P(GeneralStoreTest, CreditsThatClimbNameWhoseTheyWere) {
  const Id ann = employee("Ann");
  const Id max = employee("Max");
  reports_to(ann, max);
  general(GeneralText{.override_rate = "1 %"});
  assigned("general", ann), assigned("general", max);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01");
  const Id statement = incentive::statement_of(session().reader(), max, "2025-01")->id;
  const std::string text = incentive::explain_statement_text(session().reader(), statement);
  EXPECT_NE(text.find("credit of 1000 from event shop:1: amount 1000 x 1 of Ann as primary, x 1 at level 1\n"),
            std::string::npos)
      << text;
  const Json data = Json::parse(incentive::explain_statement_text(session().reader(), statement, "steps"));
  EXPECT_EQ(data["components"][1]["steps"][0]["person"], person(ann)) << "data names people by id";
}

TEST_P(GeneralStoreTest, AStatementAndItsCorrectionsAreToldAsData) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-07", 100'000, ann)});
  run("2025-01"), close("2025-01");
  post({sale("1", "2025-01-07", 120'000, ann, 2), sale("2", "2025-02-07", 100'000, ann)});
  run("2025-02");
  const Statement february = statement(ann, "2025-02");
  const Json data = Json::parse(incentive::explain_statement_text(session().reader(), february.id, "steps"));
  EXPECT_EQ(data["total"], "60.00");
  EXPECT_EQ(data["components"][0]["person"], person(ann));
  EXPECT_EQ(data["components"][0]["steps"].back()["amount"], "50.00");
  const Json& correction = data["corrections"][0];
  EXPECT_EQ(correction["reason"], "event changed");
  EXPECT_EQ(correction["difference"], "10.00");
  EXPECT_EQ(correction["steps_to"]["steps"].back()["amount"], "60.00");
  for (const StatementLine& line : lines(ann, "2025-02")) {
    const Json one = Json::parse(incentive::explain_line_text(session().reader(), line.id, "steps"));
    EXPECT_EQ(one.contains("steps"), line.kind == LineKind::earning) << one;
  }
}

INSTANTIATE_ON_ALL_BACKENDS(GeneralStoreTest);

}  // namespace
}  // namespace kith
