// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/quota.hpp"

#include "incentive/incentive_fixture.hpp"
#include "kith/incentive/quota_season.hpp"

namespace kith {
namespace {

using test::says;

class QuotaTest : public test::IncentiveTest {
 protected:
  Quota target(std::optional<Id> of_unit, std::optional<Id> of_employee, std::int64_t cents,
               std::optional<Id> parent = {}) {
    Quota row;
    row.parent = parent;
    row.period = "2025-Q2";
    row.unit = of_unit;
    row.employee = of_employee;
    row.amount = Amount{cents};
    in_work([&](Work& work) { incentive::set_quota(work, row); });
    return row;
  }
  std::vector<Id> share(Id node, const std::vector<QuotaChild>& children, QuotaMethod method, Decimal over = {}) {
    std::vector<Id> ids;
    in_work([&](Work& work) { ids = incentive::decompose(work, node, children, method, over); });
    return ids;
  }
  std::vector<std::int64_t> amounts(const std::vector<Id>& nodes) {
    std::vector<std::int64_t> result;
    for (const Id node : nodes) result.push_back(session().reader().get<Quota>(node).amount.minor);
    return result;
  }
  std::map<Id, QuotaNode> tree(Id root) {
    std::map<Id, QuotaNode> nodes;
    for (QuotaNode& node : incentive::quota_tree(session().reader(), root)) nodes.emplace(node.quota.id, node);
    return nodes;
  }
  std::map<Id, QuotaAttainment> attained(Id root) {
    std::map<Id, QuotaAttainment> nodes;
    for (QuotaAttainment& node : incentive::attainment(session().reader(), root)) nodes.emplace(node.quota.id, node);
    return nodes;
  }
};

TEST_P(QuotaTest, AK1SevenEqualDepartments) {
  const Id company = unit("Company");
  std::vector<QuotaChild> children;
  for (int i = 0; i < 7; ++i) children.push_back({.unit = unit("Department " + std::to_string(i), company)});
  const Quota root = target(company, {}, 30'000'000'000);
  EXPECT_EQ(root.from, date(2025, 4, 1));
  EXPECT_EQ(root.to, date(2025, 7, 1));
  EXPECT_EQ(code_of(root.currency), "USD");
  const auto nodes = share(root.id, children, QuotaMethod::equal);
  const std::int64_t more = 4'285'714'286;
  EXPECT_EQ(amounts(nodes), (std::vector<std::int64_t>{more, more, more, more, more, more - 1, more - 1}));
  const QuotaNode top = tree(root.id).at(root.id);
  EXPECT_EQ(top.children, 7);
  EXPECT_EQ(top.children_sum, (Money{30'000'000'000, currency("USD")}));
  EXPECT_EQ(top.difference.minor, 0);
  EXPECT_TRUE(top.missing_units.empty());
}

TEST_P(QuotaTest, AK3OverAssignmentAndMissingChildrenAreReported) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id west = unit("West", company);
  const Id north = unit("North", company);
  const Id empty = unit("Empty", company);
  for (const Id team : {east, west, north}) employee("Member", team);
  const Quota root = target(company, {}, 10'000);
  target(east, {}, 6'000, root.id);
  target(west, {}, 5'000, root.id);
  const QuotaNode top = tree(root.id).at(root.id);
  EXPECT_EQ(top.quota.amount.minor, 10'000);
  EXPECT_EQ(top.children_sum, (Money{11'000, currency("USD")}));
  EXPECT_EQ(top.difference.minor, 1'000);
  EXPECT_EQ(top.missing_units, std::vector<Id>{north});
  const Id member = employee("Filled", empty);
  EXPECT_EQ(tree(root.id).at(root.id).missing_units, (std::vector<Id>{north, empty}));
  const Quota person = target({}, member, 100, root.id);
  EXPECT_EQ(person.home, empty);
  EXPECT_TRUE(tree(root.id).at(root.id).missing_employees.empty());
  const Id direct = employee("Direct", company);
  EXPECT_EQ(tree(root.id).at(root.id).missing_employees, std::vector<Id>{direct});
}

TEST_P(QuotaTest, AK5OneDealMovesCommissionAndAttainment) {
  plan({.interval = "quarter"});
  const Id ann = employee("Ann");
  assigned("field", ann);
  const Quota own = target({}, ann, 10'000'000);
  won(ann, 4'000'000, "2025-04-02");
  run("2025-Q2");
  const std::int64_t before = statement(ann, "2025-Q2").total.minor;
  EXPECT_EQ(attained(own.id).at(own.id).percent, (Decimal{4000, 2}));
  won(ann, 500'000, "2025-04-03");
  run("2025-Q2");
  EXPECT_EQ(statement(ann, "2025-Q2").total.minor - before, 25'000);
  const QuotaAttainment after = attained(own.id).at(own.id);
  EXPECT_EQ(after.percent, (Decimal{4500, 2}));
  EXPECT_EQ(after.actual.minor, 4'500'000);
  EXPECT_EQ(after.gap.minor, 5'500'000);
}

TEST_P(QuotaTest, CascadesFromCompanyToPersonToTheCent) {
  const Id company = unit("Company");
  std::vector<QuotaChild> regions;
  for (const auto* name : {"East", "West", "South"}) regions.push_back({.unit = unit(name, company)});
  regions[0].weight = {5, 1};
  regions[1].weight = {33, 2};
  regions[2].weight = {17, 2};
  const Quota root = target(company, {}, 123'456'789);
  const auto region_nodes = share(root.id, regions, QuotaMethod::ratio, {5, 0});
  // 1,234,567.89 x 1.05 = 1,296,296.2845, half up 1,296,296.28; x 0.5 / 0.33 / 0.17 = .14, 427,777.7724, 220,370.3676.
  EXPECT_EQ(amounts(region_nodes), (std::vector<std::int64_t>{64'814'814, 42'777'777, 22'037'037}));
  for (std::size_t r = 0; r < regions.size(); ++r) {
    std::vector<QuotaChild> teams;
    for (int t = 0; t < 3; ++t) teams.push_back({.unit = unit("Team", regions[r].unit)});
    const auto team_nodes = share(region_nodes[r], teams, QuotaMethod::equal);
    for (std::size_t t = 0; t < teams.size(); ++t) {
      std::vector<QuotaChild> people;
      for (int p = 0; p < 4; ++p) people.push_back({.employee = employee("Seller", teams[t].unit)});
      share(team_nodes[t], people, QuotaMethod::equal);
    }
  }
  const auto nodes = incentive::quota_tree(session().reader(), root.id);
  ASSERT_EQ(nodes.size(), 1U + 3 + 9 + 36);
  std::int64_t by_depth[4] = {};
  for (const QuotaNode& node : nodes) {
    by_depth[node.depth] += node.quota.amount.minor;
    EXPECT_TRUE(node.missing_units.empty());
    EXPECT_TRUE(node.missing_employees.empty());
    EXPECT_EQ(node.difference.minor, node.depth == 0 ? 129'629'628 - 123'456'789 : 0) << node.quota.id.value;
  }
  EXPECT_EQ(by_depth[0], 123'456'789);
  for (int depth = 1; depth <= 3; ++depth) EXPECT_EQ(by_depth[depth], 129'629'628) << depth;
}

TEST_P(QuotaTest, ReplacesChildrenAndKeepsGrandchildren) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id west = unit("West", company);
  const Id ann = employee("Ann", east);
  const Quota root = target(company, {}, 10'000);
  const auto first = share(root.id, {{.unit = east}, {.unit = west}}, QuotaMethod::equal);
  const auto below = share(first[0], {{.employee = ann}}, QuotaMethod::equal);
  const QuotaChild quarter{.unit = west, .weight = {1, 0}};
  const QuotaChild rest{.unit = east, .weight = {3, 0}};
  const auto second = share(root.id, {quarter, rest}, QuotaMethod::ratio);
  EXPECT_EQ(second, (std::vector<Id>{first[1], first[0]}));
  EXPECT_EQ(amounts(second), (std::vector<std::int64_t>{2'500, 7'500}));
  const auto nodes = tree(root.id);
  EXPECT_EQ(nodes.at(first[0]).difference.minor, 5'000 - 7'500);
  EXPECT_EQ(nodes.at(below[0]).quota.amount.minor, 5'000);
  // The child without children goes when it is no longer named; the one with a child does not.
  share(root.id, {{.unit = east}}, QuotaMethod::equal);
  EXPECT_FALSE(session().reader().find<Quota>(first[1]));
  const auto only_west = [&](Work& work) { incentive::decompose(work, root.id, {{.unit = west}}, QuotaMethod::equal); };
  EXPECT_TRUE(says(refused(only_west, Code::conflict), "refers to"));
  EXPECT_FALSE(session().reader().find_one<Quota>({.conditions = {equals(entity_of<Quota>(), "unit", west)}}));
}

TEST_P(QuotaTest, CountsByTheOrganisationAsItWas) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id west = unit("West", company);
  const Id team = unit("Team", east);
  const Id ann = employee("Ann", team);
  const Id bob = employee("Bob", west);
  const Id free = employee("Free");
  const Quota root = target(company, {}, 100'000);
  const Quota east_node = target(east, {}, 50'000, root.id);
  const Quota west_node = target(west, {}, 50'000, root.id);
  const Quota ann_node = target({}, ann, 25'000, east_node.id);
  in_work([&](Work& work) {
    people::transfer(work, ann, west, date(2025, 5, 1));
    people::move(work, team, west, date(2025, 6, 1));
  });
  won(ann, 10'000, "2025-04-30");
  won(ann, 1'000, "2025-05-01");
  won(bob, 100, "2025-06-30", {{bob, {25, 2}}, {ann, {75, 2}}});
  won(bob, 5'000, "2025-07-01");
  won(free, 7, "2025-05-05");
  const auto nodes = attained(root.id);
  EXPECT_EQ(nodes.at(root.id).actual.minor, 11'100);
  EXPECT_EQ(nodes.at(east_node.id).actual.minor, 10'000);
  EXPECT_EQ(nodes.at(west_node.id).actual.minor, 1'100);
  EXPECT_EQ(nodes.at(ann_node.id).actual.minor, 11'075);
  EXPECT_EQ(nodes.at(ann_node.id).percent, (Decimal{4430, 2}));
  EXPECT_EQ(nodes.at(west_node.id).depth, 1);
}

TEST_P(QuotaTest, PercentIsRoundedHalfUpAndAbsentWithoutATarget) {
  EXPECT_EQ(incentive::compute_attainment(1, 3), (Decimal{3333, 2}));
  EXPECT_EQ(incentive::compute_attainment(7'999'920, 9'999'900), (Decimal{8000, 2}));
  EXPECT_EQ(incentive::compute_attainment(1, 20'000), (Decimal{1, 2}));
  EXPECT_EQ(incentive::compute_attainment(0, 5), (Decimal{0, 2}));
  EXPECT_EQ(incentive::compute_attainment(5, 0), std::nullopt);
}

TEST_P(QuotaTest, RefusesTargetsThatMakeNoSense) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Quota root = target(company, {}, 10'000);
  const Quota person = target({}, ann, 10'000, root.id);
  const auto attempt = [](Quota given) { return [given](Work& work) mutable { incentive::set_quota(work, given); }; };
  Quota row;
  row.period = "2025-Q5";
  row.amount = Amount{-1};
  row.currency = currency("EUR");
  EXPECT_EQ(refused(attempt(row), Code::invalid).violations.size(), 4U);
  row = Quota{};
  row.unit = company;
  row.period = "2025-Q2";
  EXPECT_TRUE(says(refused(attempt(row), Code::conflict), "2025-Q2 already"));
  row.period = "2025-Q3";
  row.parent = root.id;
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "counts won_amount of 2025-Q2"));
  row.period = "2025-Q2";
  row.parent = person.id;
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "is a person's"));
  row.parent.reset();
  row.calendar = "lunar";
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "there is no calendar 'lunar'"));
  Quota stale = root;
  stale.amount = Amount{20'000};
  in_work([&](Work& work) { incentive::set_quota(work, stale); });
  EXPECT_EQ(stale.revision, root.revision + 1);
  refused(attempt(root), Code::conflict);
  stale.unit.reset();
  stale.employee = ann;
  EXPECT_TRUE(says(refused(attempt(stale), Code::invalid), "stay"));
}

TEST_P(QuotaTest, RefusesSharingThatMakesNoSense) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id west = unit("West", company);
  const Quota root = target(company, {}, 10'000);
  const Quota other = target(west, {}, 10'000);
  const auto attempt = [&](std::vector<QuotaChild> children, QuotaMethod method, Decimal over = {}) {
    return [=](Work& work) { incentive::decompose(work, root.id, children, method, over); };
  };
  EXPECT_TRUE(says(refused(attempt({}, QuotaMethod::equal), Code::invalid), "at least one child"));
  const QuotaChild child{.unit = east};
  EXPECT_TRUE(says(refused(attempt({child, child}, QuotaMethod::equal), Code::invalid), "named twice"));
  EXPECT_TRUE(says(refused(attempt({{.unit = east, .weight = {}}}, QuotaMethod::ratio), Code::invalid), "above 0"));
  const QuotaChild negative{.unit = east, .weight = {-1, 0}};
  EXPECT_TRUE(says(refused(attempt({negative}, QuotaMethod::ratio), Code::invalid), "above 0"));
  EXPECT_TRUE(says(refused(attempt({{}}, QuotaMethod::equal), Code::invalid), "exactly one"));
  EXPECT_TRUE(says(refused(attempt({{.unit = east}}, QuotaMethod::fixed), Code::invalid), "ratio, equal or history"));
  refused(attempt({{.unit = east}}, QuotaMethod::equal, {-1, 0}), Code::invalid);
  refused(attempt({{.unit = east}, {.unit = west}}, QuotaMethod::equal), Code::conflict);
  refused(attempt({{.unit = Id{99}}}, QuotaMethod::equal), Code::invalid);
  const auto of_nothing = [&](Work& work) { incentive::decompose(work, Id{99}, {child}, QuotaMethod::equal); };
  refused(of_nothing, Code::not_found);
  EXPECT_EQ(tree(root.id).size(), 1U);
  EXPECT_EQ(tree(other.id).size(), 1U);
}

TEST_P(QuotaTest, EveryoneSeesTheirPartAndAllOfTheActuals) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id west = unit("West", company);
  const Id ann = employee("Ann", east);
  const Id bob = employee("Bob", east);
  const Id boss = employee("Boss", east);
  in_work([&](Work& work) {
    access::add_principal(work, "ann", ann, {"seller"});
    access::add_principal(work, "boss", boss, {"manager"});
  });
  const Quota root = target(company, {}, 100'000);
  share(root.id, {{.unit = east}, {.unit = west}}, QuotaMethod::equal);
  const Id east_node = tree(root.id).begin()->first == root.id ? std::next(tree(root.id).begin())->first : Id{};
  const auto people = share(east_node, {{.employee = ann}, {.employee = bob}}, QuotaMethod::equal);
  won(bob, 1'000, "2025-04-02");
  Session boss_session = store().engine->session("boss");
  const auto seen = incentive::attainment(boss_session.reader(), east_node);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].actual.minor, 1'000);
  EXPECT_EQ(seen[2].quota.id, people[1]);
  Session ann_session = store().engine->session("ann");
  EXPECT_EQ(incentive::quota_tree(ann_session.reader(), people[0]).size(), 1U);
  for (const Id hidden : {people[1], east_node}) {
    try {
      incentive::attainment(ann_session.reader(), hidden);
      ADD_FAILURE() << "reads a node of others";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::not_found);
    }
  }
  const auto set = [&](Work& work) {
    Quota row;
    row.period = "2025-Q3";
    row.employee = ann;
    incentive::set_quota(work, row);
  };
  refused_for(ann_session, set, Code::denied);
  refused_for(boss_session, set, Code::denied);
  refused_for(
      boss_session, [&](Work& work) { incentive::decompose(work, east_node, {{.employee = ann}}, QuotaMethod::equal); },
      Code::denied);
}

TEST_P(QuotaTest, SharesByTheYearBefore) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Id bob = employee("Bob", company);
  const Id eve = employee("Eve", company);
  won(ann, 3'000, "2024-04-01");
  won(bob, 1'000, "2024-06-30");
  won(bob, 9'000, "2024-07-01");  // another quarter
  const Quota root = target(company, {}, 10'001);
  const std::vector<QuotaChild> people{{.employee = ann}, {.employee = bob}, {.employee = eve}};
  EXPECT_EQ(amounts(share(root.id, people, QuotaMethod::history)), (std::vector<std::int64_t>{7'501, 2'500, 0}));
  EXPECT_EQ(amounts(share(root.id, {{.employee = eve}}, QuotaMethod::history)), std::vector<std::int64_t>{10'001});
}

TEST_P(QuotaTest, CountsDealsAndNewCustomers) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Id bob = employee("Bob", company);
  Customer old;
  old.name = "Old";
  Customer fresh;
  fresh.name = "Fresh";
  in_work([&](Work& work) {
    customer::create(work, old);
    customer::create(work, fresh);
  });
  change(won(ann, 100, "2024-05-01"), [&](Opportunity& deal) { deal.customer = old.id; });
  change(won(ann, 100, "2025-04-01"), [&](Opportunity& deal) { deal.customer = old.id; });
  change(won(ann, 100, "2025-04-02", {{ann, {5, 1}}, {bob, {5, 1}}}),
         [&](Opportunity& deal) { deal.customer = fresh.id; });
  change(won(ann, 100, "2025-05-02"), [&](Opportunity& deal) { deal.customer = fresh.id; });
  const auto counted = [&](QuotaMetric metric) {
    Quota top;
    top.metric = metric;
    top.period = "2025-Q2";
    top.unit = company;
    top.amount = Amount{4};
    in_work([&](Work& work) { incentive::set_quota(work, top); });
    EXPECT_EQ(code_of(top.currency), "XXX");
    share(top.id, {{.employee = ann}, {.employee = bob}}, QuotaMethod::equal);
    std::vector<std::int64_t> actual;
    for (const auto& node : incentive::attainment(session().reader(), top.id)) actual.push_back(node.actual.minor);
    return actual;
  };
  EXPECT_EQ(counted(QuotaMetric::won_count), (std::vector<std::int64_t>{3, 3, 1}));
  EXPECT_EQ(counted(QuotaMetric::new_customers), (std::vector<std::int64_t>{1, 1, 1}));
}

TEST_P(QuotaTest, I03AndI05SplitOverSeasonsAndWeeks) {
  const Id company = unit("Company");
  Quota year;
  year.period = "2025";
  year.unit = company;
  year.amount = Amount{123'456'789};
  in_work([&](Work& work) { incentive::set_quota(work, year); });
  std::vector<Id> ids;
  const std::vector<Decimal> seasons{{22, 2}, {26, 2}, {24, 2}, {28, 2}};
  in_work([&](Work& work) { ids = incentive::split_periods(work, year.id, Grain::quarter, seasons); });
  EXPECT_EQ(amounts(ids), (std::vector<std::int64_t>{27'160'494, 32'098'765, 29'629'629, 34'567'901}));
  std::vector<Id> again;
  in_work([&](Work& work) { again = incentive::split_periods(work, year.id, Grain::quarter); });
  EXPECT_EQ(again, ids);
  std::int64_t sum = 0;
  for (const QuotaPart& part : incentive::quota_parts(session().reader(), year.id, Grain::quarter)) {
    sum += part.quota->amount.minor;
  }
  EXPECT_EQ(sum, 123'456'789);
  FiscalCalendar weeks;
  weeks.name = "weeks";
  weeks.kind = CalendarKind::weeks_445;
  weeks.start = YearStart::nearest_weekday;
  in_work([&](Work& work) { people::set_calendar(work, weeks); });
  Quota quarter;
  quarter.calendar = "weeks";
  quarter.period = "2025-Q1";
  quarter.unit = company;
  quarter.amount = Amount{100'000'000};
  in_work([&](Work& work) {
    incentive::set_quota(work, quarter);
    ids = incentive::split_periods(work, quarter.id, Grain::month, {{4, 0}, {4, 0}, {5, 0}});
  });
  EXPECT_EQ(amounts(ids), (std::vector<std::int64_t>{30'769'231, 30'769'231, 38'461'538}));
  const auto few = [&](Work& work) { incentive::split_periods(work, year.id, Grain::quarter, {{1, 0}}); };
  EXPECT_TRUE(says(refused(few, Code::invalid), "the target has 4"));
  refused([&](Work& work) { incentive::split_periods(work, ids[0], Grain::year); }, Code::invalid);
}

// Derived by hand: 2023 brought 100, 200, 0, 300 and 2024 brought 200, 100, -, 100 by quarter: weights 300:300:0:400.
TEST_P(QuotaTest, SeasonsOfEarlierYearsShareATarget) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const std::pair<const char*, std::int64_t> history[] = {
      {"2023-02-01", 10'000}, {"2023-05-01", 20'000}, {"2023-12-31", 30'000}, {"2024-01-01", 20'000},
      {"2024-06-30", 10'000}, {"2024-10-01", 10'000}, {"2025-08-01", 77'700}};
  for (const auto& [day, cents] : history) won(ann, cents, day);
  Quota year;
  year.period = "2025";
  year.employee = ann;
  year.amount = Amount{100'001};
  year.stretch = Amount{200'000};
  in_work([&](Work& work) { incentive::set_quota(work, year); });
  EXPECT_EQ(incentive::seasonal_weights(session().reader(), year.id, Grain::quarter),
            (std::vector<std::int64_t>{30'000, 30'000, 0, 40'000}));
  std::vector<Id> ids;
  in_work([&](Work& work) { ids = incentive::split_seasonal(work, year.id, Grain::quarter); });
  EXPECT_EQ(amounts(ids), (std::vector<std::int64_t>{30'000, 30'000, 0, 40'001}));
  EXPECT_EQ(session().reader().get<Quota>(ids[3]).stretch, Amount{80'000});
  in_work([&](Work& work) { ids = incentive::split_seasonal(work, year.id, Grain::quarter, 1); });
  EXPECT_EQ(amounts(ids), (std::vector<std::int64_t>{50'001, 25'000, 0, 25'000}));
  Quota far;
  far.period = "2035";
  far.employee = ann;
  far.amount = Amount{1};
  in_work([&](Work& work) { incentive::set_quota(work, far); });
  const auto without_history = [&](Work& work) { incentive::split_seasonal(work, far.id, Grain::month, 2); };
  EXPECT_TRUE(says(refused(without_history, Code::state), "2 years"));
  refused([&](Work& work) { incentive::split_seasonal(work, year.id, Grain::quarter, 0); }, Code::invalid);
}

TEST_P(QuotaTest, PeriodPartsHangBelowThoseOfTheirParent) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Quota root = target(company, {}, 1'000);
  const Id person = share(root.id, {{.employee = ann}}, QuotaMethod::equal)[0];
  in_work([&](Work& work) {
    const auto months = incentive::split_periods(work, root.id, Grain::month);
    const auto own = incentive::split_periods(work, person, Grain::month);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(work.get<Quota>(own[i]).parent, months[i]);
  });
}

INSTANTIATE_ON_ALL_BACKENDS(QuotaTest);

}  // namespace
}  // namespace kith
