// SPDX-License-Identifier: Apache-2.0
// Quotas on any measure, grades, ramps and leaves, versions, promises, pace and actions, on every backend.
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "incentive/incentive_fixture.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

using test::says;

class QuotaStoreTest : public test::IncentiveTest {
 protected:
  Quota target(
      std::optional<Id> of_unit, std::optional<Id> of_employee, std::int64_t amount, std::optional<Id> parent = {},
      const std::function<void(Quota&)>& how = [](Quota&) {}) {
    Quota row;
    row.parent = parent;
    row.period = "2025-Q2";
    row.unit = of_unit;
    row.employee = of_employee;
    row.amount = Amount{amount};
    how(row);
    in_work([&](Work& work) { incentive::set_quota(work, row); });
    return row;
  }
  Id measure(std::string name, std::string on, std::string filter, std::optional<std::string> value = {}) {
    Measure row{.name = std::move(name), .entity = "opportunity", .on = std::move(on), .filter = std::move(filter)};
    row.value = std::move(value);
    in_work([&](Work& work) { incentive::set_measure(work, row); });
    return row.id;
  }
  QuotaAttainment attained(Id quota) { return incentive::attainment(session().reader(), quota).front(); }
  Id open_deal(Id owner, std::int64_t cents, std::string_view expected, std::optional<Decimal> chance = {}) {
    Opportunity row{.title = "open", .owner = owner, .amount = Amount{cents}, .probability = chance};
    row.expected_on = parse_date(expected);
    in_work([&](Work& work) { sales::create(work, row); });
    return row.id;
  }
  static std::string cell(const Table& table, std::size_t row, std::string_view column) {
    return to_string(table.value(row, table.at(column)));
  }
  QuotaPlan drawn_up(std::string name, QuotaCheck check = QuotaCheck::strict) {
    QuotaPlan plan{.name = std::move(name), .check = check};
    in_work([&](Work& work) { incentive::draw_up(work, plan); });
    return plan;
  }
  void agree(Id plan) {
    in_work([&](Work& work) {
      incentive::move_on(work, plan, QuotaPlanState::proposed);
      incentive::move_on(work, plan, QuotaPlanState::agreed);
    });
  }
};

TEST_P(QuotaStoreTest, EveryGoldenCaseHolds) {
  using nlohmann::json;
  std::ifstream file(test::source_dir() / "tests/incentive/store_cases/quotas.json");
  const json document = json::parse(file);
  const auto usd = [](const json& text) { return parse_money(text.get<std::string>(), currency("USD")).minor; };
  std::set<std::string> ids;
  for (const json& row : document.at("cases")) {
    SCOPED_TRACE(row.at("id").get<std::string>() + " (" + row.at("source").get<std::string>() + ")");
    ids.insert(row.at("id").get<std::string>());
    const json& given = row.at("given");
    const Id company = unit("Company");
    std::vector<QuotaChild> children;
    for (int i = 0; i < given.at("departments").get<int>(); ++i) {
      children.push_back({.unit = unit("Department " + std::to_string(i), company)});
      employee("Member", children.back().unit);
    }
    const Quota root = target(company, {}, usd(given.at("parent")));
    if (given.contains("amounts")) {
      const json& amounts = given.at("amounts");
      for (std::size_t i = 0; i < amounts.size(); ++i) target(children[i].unit, {}, usd(amounts[i]), root.id);
    } else {
      const Decimal over = parse_decimal(given.value("over_percent", "0"));
      in_work([&](Work& work) { incentive::decompose(work, root.id, children, QuotaMethod::equal, over); });
    }
    json told = {{"parts", json::array()}, {"missing", json::array()}};
    for (const QuotaNode& node : incentive::quota_tree(session().reader(), root.id)) {
      if (node.depth != 0) told["parts"].push_back(to_string(Money{node.quota.amount.minor, node.quota.currency}));
      if (node.depth != 0) continue;
      told["sum"] = to_string(*node.children_sum);
      told["difference"] = to_string(node.difference);
      told["unplanned"] = to_string(node.unplanned);
      told["parent"] = to_string(Money{node.quota.amount.minor, node.quota.currency});
      for (const Id id : node.missing_units) told["missing"].push_back(session().reader().get<Unit>(id).name);
    }
    const Table table = session().reader().report("quota_consistency");
    told["over"] = cell(table, table.rows() - 1 - told["parts"].size(), "over_assignment");
    for (const auto& [key, value] : row.at("expect").items()) EXPECT_EQ(told.at(key), value) << key;
    in_work([&](Work& work) {  // the next case finds the period free
      for (const Quota& child : work.list<Quota>({.conditions = {equals(entity_of<Quota>(), "parent", root.id)}})) {
        work.remove<Quota>(child.id, child.revision);
      }
      const Quota top = work.get<Quota>(root.id);
      work.remove<Quota>(top.id, top.revision);
    });
  }
  for (const char* id : {"AK1", "AK3"}) EXPECT_TRUE(ids.contains(id)) << id << " has no case";
}

TEST_P(QuotaStoreTest, ThreeMonthsGiveTheQuarter) {
  const Id team = unit("Team");
  const Quota quarter = target(team, {}, 1, {}, [](Quota& row) { row.stretch = Amount{500}; });
  const auto sum = [&](Work& work) { incentive::sum_periods(work, quarter.id, Grain::month); };
  EXPECT_TRUE(says(refused(sum, Code::state), "2025-04, 2025-05, 2025-06"));
  for (const char* month : {"2025-04", "2025-05", "2025-06"}) {
    target(team, {}, 333, {}, [&](Quota& row) { row.period = month; });
  }
  in_work(sum);
  const Quota stored = session().reader().get<Quota>(quarter.id);
  EXPECT_EQ(stored.amount.minor, 999);
  EXPECT_EQ(stored.method, QuotaMethod::bottom_up);
  EXPECT_FALSE(stored.stretch) << "it would lie below the target";
}

TEST_P(QuotaStoreTest, TellsTheRecordsBehindAFigure) {
  const Id team = unit("Team");
  const Id ann = employee("Ann", team);
  const Id bob = employee("Bob", team);
  in_work([&](Work& work) { access::add_principal(work, "ann", ann, {"seller"}); });
  const Quota root = target(team, {}, 10'000);
  const Quota own = target({}, ann, 5'000, root.id);
  const Id shared = won(ann, 1'000, "2025-04-03", {{ann, {6, 1}}, {bob, {4, 1}}});
  const Id others = won(bob, 500, "2025-04-02");
  const QuotaFacts facts = incentive::quota_facts(session().reader(), root.id);
  ASSERT_EQ(facts.facts.size(), 3U);
  EXPECT_EQ(facts.facts[0].record, others);
  EXPECT_EQ(facts.facts[1].amount, 600);
  EXPECT_EQ(facts.actual, attained(root.id).actual);
  const Table table = session().reader().report("quota_facts", {{"quota", root.id}});
  EXPECT_EQ(cell(table, 2, "running"), "15.00");
  Session seller = store().engine->session("ann");
  const QuotaFacts mine = incentive::quota_facts(seller.reader(), own.id);
  ASSERT_EQ(mine.facts.size(), 1U);
  EXPECT_EQ(mine.facts[0].record, shared);
  change(shared, [&](Opportunity& deal) { deal.owner = bob; });
  const QuotaFacts hidden = incentive::quota_facts(seller.reader(), own.id);
  EXPECT_TRUE(hidden.facts.empty()) << "the deal is Bob's now";
  EXPECT_EQ(hidden.hidden.minor, 600);
  EXPECT_EQ(hidden.actual.minor, 600);
}

TEST_P(QuotaStoreTest, ReportsShowWhatWasKnownThen) {
  const Id team = unit("Team");
  const Id ann = employee("Ann", team);
  const Quota own = target(team, {}, 10'000);
  won(ann, 1'000, "2025-04-02");
  const std::int64_t then = session().reader().seq();
  won(ann, 4'000, "2025-04-03");
  Quota lower = own;
  lower.amount = Amount{5'000};
  in_work([&](Work& work) { incentive::set_quota(work, lower); });
  const Reader past = session().reader({.as_of_seq = then});
  EXPECT_EQ(incentive::attainment(past, own.id).front().percent, (Decimal{1000, 2}));
  EXPECT_EQ(attained(own.id).percent, (Decimal{10000, 2}));
  EXPECT_EQ(cell(past.report("quota_pace", {{"on", date(2025, 4, 3)}}), 0, "actual"), "10.00");
}

TEST_P(QuotaStoreTest, CountsWhateverAMeasureSays) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Id bob = employee("Bob", company);
  measure("margin", "closed_on", "status = 'won'", "amount * 30 %");
  measure("talks", "engaged_on", "status != 'void'");
  measure("days", "closed_on", "status = 'won'", "days_between(engaged_on, closed_on)");
  change(won(ann, 10'001, "2025-05-11", {{ann, {5, 1}}, {bob, {5, 1}}}),
         [](Opportunity& deal) { deal.engaged_on = parse_date("2025-04-30"); });
  change(won(bob, 100, "2025-05-12"), [](Opportunity& deal) { deal.engaged_on = parse_date("2025-03-31"); });
  const auto counted = [&](std::string name, std::int64_t amount) {
    const auto how = [&](Quota& row) {
      row.metric = QuotaMetric::measure;
      row.measure = name;
    };
    const Quota top = target(company, {}, amount, {}, how);
    std::vector<std::int64_t> actual;
    in_work([&](Work& work) {
      incentive::decompose(work, top.id, {{.employee = ann}, {.employee = bob}}, QuotaMethod::equal);
    });
    for (const auto& node : incentive::attainment(session().reader(), top.id)) actual.push_back(node.actual.minor);
    return actual;
  };
  // 30 % of 100.01 is 30.003, of 1.00 it is 0.30; 15.00 each after the split, the odd unit to the first.
  EXPECT_EQ(counted("margin", 100'000), (std::vector<std::int64_t>{3'030, 1'500, 1'530}));
  EXPECT_EQ(counted("talks", 4), (std::vector<std::int64_t>{1, 1, 1}));
  EXPECT_EQ(counted("days", 100), (std::vector<std::int64_t>{53, 6, 47}));

  const Table table = session().reader().report("attainment", {{"period", std::string("2025-Q2")}});
  ASSERT_EQ(table.rows(), 9U);
  EXPECT_EQ(cell(table, 0, "metric"), "days");
  EXPECT_EQ(table.value(0, table.at("actual")), Value(Money{53, currency("XXX")}));
  EXPECT_EQ(cell(table, 0, "attainment"), "53.00");
  EXPECT_EQ(table.value(3, table.at("actual")), Value(Money{3'030, currency("USD")}));
  const Table margins = session().reader().report("quota_consistency", {{"metric", std::string("margin")}});
  EXPECT_EQ(margins.rows(), 3U);
  EXPECT_EQ(margins.value(0, margins.at("children_sum")), Value(Money{100'000, currency("USD")}));
}

TEST_P(QuotaStoreTest, RefusesMeasuresThatSayNothing) {
  const auto attempt = [](Measure row) { return [row](Work& work) mutable { incentive::set_measure(work, row); }; };
  const Measure good{.name = "talks", .entity = "opportunity", .on = "engaged_on"};
  Measure row = good;
  row.name = "won_count";
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "choose another"));
  row = good;
  row.entity = "oportunity";
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "opportunity"));
  row = good;
  row.on = "amount";
  row.filter = "statuss = 'won'";
  row.value = "title";
  EXPECT_EQ(refused(attempt(row), Code::invalid).violations.size(), 3U);
  row = good;
  row.entity = "product";
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "belongs to nobody"));
  row = good;
  row.role = "primary";
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "no splits with a role"));
  measure("talks", "engaged_on", "status = 'won'");
  EXPECT_TRUE(says(refused(attempt(good), Code::conflict), "already"));
  const Id company = unit("Company");
  const Quota top = target(company, {}, 4, {}, [](Quota& quota) {
    quota.metric = QuotaMetric::measure;
    quota.measure = "talks";
  });
  Measure money = session().reader().list<Measure>().front();
  money.value = "amount";
  EXPECT_TRUE(says(refused(attempt(money), Code::state), "quotas count it"));
  Quota unknown = top;
  unknown.id = {};
  unknown.revision = 0;
  unknown.measure = "talk";
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_quota(work, unknown); }, Code::invalid), "talks"));
  unknown.measure = "";
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_quota(work, unknown); }, Code::invalid), "name it"));
}

TEST_P(QuotaStoreTest, SharesAndReachesThreeGrades) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Id bob = employee("Bob", company);
  const Quota top = target(company, {}, 100'000, {}, [](Quota& row) {
    row.stretch = Amount{120'001};
    row.challenge = Amount{150'000};
  });
  std::vector<Id> ids;
  in_work([&](Work& work) {
    ids = incentive::decompose(work, top.id, {{.employee = ann}, {.employee = bob}}, QuotaMethod::equal);
  });
  const Quota own = session().reader().get<Quota>(ids[0]);
  EXPECT_EQ(own.stretch, Amount{60'001});
  EXPECT_EQ(own.challenge, Amount{75'000});
  EXPECT_EQ(attained(ids[0]).grade, QuotaGrade::none);
  won(ann, 50'000, "2025-04-01");
  EXPECT_EQ(attained(ids[0]).grade, QuotaGrade::target);
  won(ann, 10'000, "2025-04-02");
  EXPECT_EQ(attained(ids[0]).grade, QuotaGrade::target) << "one cent short";
  won(ann, 1, "2025-04-03");
  EXPECT_EQ(attained(ids[0]).grade, QuotaGrade::stretch);
  won(ann, 14'999, "2025-04-04");
  EXPECT_EQ(attained(ids[0]).grade, QuotaGrade::challenge);
  Quota fallen = own;
  fallen.challenge = Amount{60'000};
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_quota(work, fallen); }, Code::invalid), "challenge"));
}

TEST_P(QuotaStoreTest, RampsAndLeavesTakeTheGoalDown) {
  const Id ann = employee("Ann");
  const Quota own = target({}, ann, 9'100);
  in_work([&](Work& work) { incentive::set_ramp(work, ann, date(2025, 4, 1), {{25, 2}, {5, 1}}); });
  // April at 25 %, May at 50 %, June in full: (30 x 0.25 + 31 x 0.5 + 30) / 91 = 53 / 91.
  EXPECT_EQ(attained(own.id).goal.minor, 5'300);
  QuotaRelief leave{.employee = ann, .from = date(2025, 5, 22), .to = date(2025, 6, 11)};
  in_work([&](Work& work) { incentive::set_relief(work, leave); });
  // 21 days of May at 50 %, 20 days of leave, 20 of June: 7.5 + 10.5 + 20 = 38.
  EXPECT_EQ(attained(own.id).goal.minor, 3'800);
  won(ann, 1'900, "2025-04-02");
  EXPECT_EQ(attained(own.id).percent, (Decimal{5000, 2}));
  EXPECT_EQ(attained(own.id).gap.minor, 1'900);
  const auto attempt = [&](QuotaRelief row) { return [row](Work& work) mutable { incentive::set_relief(work, row); }; };
  QuotaRelief bad = leave;
  bad.id = {};
  bad.revision = 0;
  bad.share = {11, 1};
  bad.to = bad.from;
  EXPECT_EQ(refused(attempt(bad), Code::invalid).violations.size(), 2U);
  bad = {.employee = ann, .from = date(2025, 5, 1), .to = date(2025, 5, 2), .basis = incentive::DayBasis::working};
  EXPECT_TRUE(says(refused(attempt(bad), Code::invalid), "one way"));
  refused([&](Work& work) { incentive::set_ramp(work, ann, date(2025, 4, 1), {}); }, Code::invalid);
}

TEST_P(QuotaStoreTest, AVersionIsDrawnUpAgreedAndTakesTheOldOnesPlace) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id west = unit("West", company);
  const Quota root = target(company, {}, 10'000);
  in_work([&](Work& work) {
    incentive::decompose(work, root.id, {{.unit = east}, {.unit = west}}, QuotaMethod::equal);
  });
  QuotaPlan first = drawn_up("field 2025");
  std::vector<Id> copies;
  in_work([&](Work& work) { copies = incentive::copy_into(work, first.id, root.id); });
  ASSERT_EQ(copies.size(), 3U);
  Quota changed = session().reader().get<Quota>(copies[1]);
  EXPECT_EQ(changed.method, QuotaMethod::equal);
  changed.amount = Amount{6'000};
  in_work([&](Work& work) { incentive::set_quota(work, changed); });
  EXPECT_EQ(session().reader().report("attainment").rows(), 3U) << "drafts count for nothing";
  EXPECT_EQ(session().reader().report("attainment", {{"plan", first.id.value}}).rows(), 3U);
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::activate(work, first.id); }, Code::state), "is draft"));
  QuotaPlan second{.name = "field 2025"};
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::draw_up(work, second); }, Code::conflict), "version 1"));
  agree(first.id);
  changed.amount = Amount{5'500};
  changed.revision = session().reader().get<Quota>(changed.id).revision;
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_quota(work, changed); }, Code::state), "is agreed"));
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::activate(work, first.id); }, Code::state), "10.00 USD off"));
  in_work([&](Work& work) {
    QuotaPlan row = work.get<QuotaPlan>(first.id);
    row.check = QuotaCheck::report;
    incentive::draw_up(work, row);
    const auto differences = incentive::activate(work, first.id);
    ASSERT_EQ(differences.size(), 1U);
    EXPECT_EQ(differences[0].unplanned.minor, 1'000);
  });
  EXPECT_EQ(session().reader().get<Quota>(root.id).plan, first.id);
  EXPECT_EQ(incentive::quota_tree(session().reader(), root.id).at(1).quota.amount.minor, 6'000);

  second = drawn_up("field 2025");
  EXPECT_EQ(second.version, 2);
  const Quota new_root = target(company, {}, 9'000, {}, [&](Quota& row) { row.draft = second.id.value; });
  in_work([&](Work& work) { incentive::decompose(work, new_root.id, {{.unit = east}}, QuotaMethod::equal); });
  agree(second.id);
  in_work([&](Work& work) { EXPECT_TRUE(incentive::activate(work, second.id).empty()); });
  const auto tree = incentive::quota_tree(session().reader(), root.id);
  ASSERT_EQ(tree.size(), 2U) << "West is not in the new version";
  EXPECT_EQ(tree[0].quota.amount.minor, 9'000);
  EXPECT_EQ(session().reader().get<QuotaPlan>(first.id).state, QuotaPlanState::superseded);
  EXPECT_EQ(session().reader().get<QuotaPlan>(second.id).state, QuotaPlanState::active);
  EXPECT_EQ(
      session().reader().list<Quota>({.conditions = {equals(entity_of<Quota>(), "draft", first.id.value)}}).size(), 3U)
      << "what was proposed stays readable";
  refused([&](Work& work) { incentive::move_on(work, second.id, QuotaPlanState::draft); }, Code::state);
}

TEST_P(QuotaStoreTest, PromisesFromBelowMeetTargetsFromAbove) {
  const Id company = unit("Company");
  const Id east = unit("East", company);
  const Id ann = employee("Ann", east);
  const Id bob = employee("Bob", east);
  in_work([&](Work& work) { access::add_principal(work, "ann", ann, {"seller"}); });
  const Quota root = target(company, {}, 10'000);
  const Quota team = target(east, {}, 10'000, root.id);
  const Quota of_ann = target({}, ann, 6'000, team.id);
  const Quota of_bob = target({}, bob, 5'000, team.id);
  Session seller = store().engine->session("ann");
  {
    Work work = seller.work();
    incentive::commit_to(work, of_ann.id, {5'500, currency("USD")});
    work.commit();
  }
  refused_for(
      seller,
      [&](Work& work) {
        incentive::commit_to(work, of_bob.id, {1, currency("USD")});
      },
      Code::not_found);
  refused([&](Work& work) { incentive::commit_to(work, of_bob.id, {-1, currency("USD")}); }, Code::invalid);
  refused([&](Work& work) { incentive::commit_to(work, of_bob.id, {1, currency("EUR")}); }, Code::invalid);
  auto gaps = incentive::reconcile(session().reader(), root.id);
  ASSERT_EQ(gaps.size(), 4U);
  EXPECT_EQ(gaps[0].committed, (Money{5'500, currency("USD")}));
  EXPECT_EQ(gaps[0].gap, (Money{-4'500, currency("USD")}));
  EXPECT_EQ(gaps[0].missing, 1);
  EXPECT_EQ(gaps[2].depth, 2);
  const Table table = session().reader().report("quota_reconciliation");
  EXPECT_EQ(cell(table, 1, "gap"), "-45.00");
  std::int64_t changed = 0;
  in_work([&](Work& work) { changed = incentive::roll_up(work, root.id); });
  EXPECT_EQ(changed, 2);
  EXPECT_EQ(session().reader().get<Quota>(root.id).amount.minor, 11'000);
  EXPECT_EQ(session().reader().get<Quota>(root.id).method, QuotaMethod::bottom_up);
  in_work([&](Work& work) { EXPECT_EQ(incentive::roll_up(work, root.id), 0); });
}

TEST_P(QuotaStoreTest, PacesByWorkingDaysAndLandsWithThePipeline) {
  const Id team = unit("Team");
  const Id ann = employee("Ann", team);
  const Quota own = target(team, {}, 650'000);
  won(ann, 100'000, "2025-04-10");
  open_deal(ann, 200'000, "2025-06-01");  // 50 % of the stage
  open_deal(ann, 100'000, "2025-06-02", Decimal{25, 2});
  open_deal(ann, 999'900, "2025-07-01");  // closes after the period
  QuotaMilestone row{.quota = own.id, .kind = MilestoneKind::obstacle, .title = "No demo kit", .due = date(2025, 4, 9)};
  in_work([&](Work& work) { incentive::set_milestone(work, row); });
  const auto on = [&](std::string_view day) {
    return incentive::quota_pace(session().reader(), own.id, parse_date(day)).front();
  };
  // April to June 2025 has 65 weekdays, 8 of them up to 10 April.
  const QuotaPace pace = on("2025-04-10");
  EXPECT_EQ(pace.days, 65);
  EXPECT_EQ(pace.elapsed, 8);
  EXPECT_EQ(pace.pace.minor, 80'000);
  EXPECT_EQ(pace.status, incentive::GoalStatus::on_track);
  EXPECT_EQ(pace.open->minor, 300'000);
  EXPECT_EQ(pace.weighted->minor, 125'000);
  EXPECT_EQ(pace.landing, (Decimal{3462, 2}));          // 2,250 / 6,500
  EXPECT_EQ(pace.coverage, (Decimal{55, 2}));           // 3,000 / 5,500
  EXPECT_EQ(pace.weighted_coverage, (Decimal{23, 2}));  // 1,250 / 5,500
  EXPECT_EQ(pace.overdue_milestones, 1);
  EXPECT_EQ(pace.open_obstacles, 1);
  EXPECT_EQ(on("2025-04-09").node.actual.minor, 0) << "what came in later is not there yet";
  EXPECT_EQ(on("2025-04-14").pace.minor, 100'000);
  EXPECT_EQ(on("2025-04-14").status, incentive::GoalStatus::on_track) << "exactly the pace";
  EXPECT_EQ(on("2025-04-15").status, incentive::GoalStatus::behind);
  EXPECT_EQ(on("2025-06-30").status, incentive::GoalStatus::overdue) << "the period has ended, it is 2026";
  const Table table = session().reader().report("quota_pace", {{"on", parse_date("2025-04-10")}});
  EXPECT_EQ(cell(table, 0, "status"), "on_track");
  EXPECT_EQ(cell(table, 0, "coverage"), "0.55");
  try {
    on("2025-07-01");
    ADD_FAILURE() << "a day outside the period";
  } catch (const Error& error) {
    EXPECT_TRUE(says(error, "no day of 2025-Q2"));
  }
}

TEST_P(QuotaStoreTest, BackComputesActionsFromHistory) {
  const Id team = unit("Team");
  const Id ann = employee("Ann", team);
  const Id bob = employee("Bob", team);
  measure("talks", "engaged_on", "status != 'void'");
  Customer acme{.name = "Acme"};
  in_work([&](Work& work) { customer::create(work, acme); });
  const auto past = [&](Id owner, DealStatus status, std::int64_t cents) {
    Opportunity row{.title = "past", .owner = owner, .amount = Amount{cents}};
    row.status = status;
    row.engaged_on = date(2024, 5, 1);
    row.closed_on = date(2024, 6, 1);
    row.reason = "said so";
    in_work([&](Work& work) { sales::create(work, row); });
  };
  for (int i = 0; i < 2; ++i) past(ann, DealStatus::won, 40'000);
  for (int i = 0; i < 6; ++i) past(ann, DealStatus::lost, 40'000);
  past(bob, DealStatus::won, 10'000);
  const Quota own = target({}, ann, 1'200'000);
  won(ann, 200'000, "2025-04-10");
  open_deal(ann, 400'000, "2025-06-10");  // overdue, and still to be won in the quarter
  ActionHistory history{.minimum = 2, .levels = {"talks"}};
  const ActionPlan plan = incentive::action_plan(session().reader(), own.id, date(2025, 6, 17), history);
  EXPECT_EQ(plan.remaining.minor, 1'000'000);
  EXPECT_EQ(plan.weighted.minor, 200'000);
  EXPECT_EQ(plan.needed.minor, 800'000);
  EXPECT_EQ(plan.weeks, 2);
  ASSERT_EQ(plan.steps.size(), 3U) << "nobody won a customer that was new";
  EXPECT_EQ(plan.steps[0].count, 20);  // 8,000 / 400
  EXPECT_TRUE(plan.steps[0].own);
  EXPECT_EQ(plan.steps[1].name, "opportunities");
  EXPECT_EQ(plan.steps[1].count, 80);  // 2 of 8 were won
  EXPECT_EQ(plan.steps[1].each_week, 40);
  EXPECT_EQ(plan.steps[2].count, 80);  // 8 of 8 talks came to an end
  EXPECT_EQ(incentive::to_text(plan),
            "2 weeks from 2025-06-17 to 2025-07-01; history from 2024-04-01 to 2025-04-01\n"
            "missing 10,000.00 USD less weighted pipeline 2,000.00 USD: 8,000.00 USD needed\n"
            "deals 20: 8,000.00 USD / 400.00 USD on average (2 won deals, own figures), 10 a week\n"
            "opportunities 80: 20 / (2/8) (own figures), 40 a week\n"
            "talks 80: 80 / (8/8) (own figures), 40 a week\n");
  // Too few of one's own: those of everybody. Three deals of 900.00 in all.
  history.minimum = 3;
  const ActionPlan shared = incentive::action_plan(session().reader(), own.id, date(2025, 6, 17), history);
  EXPECT_FALSE(shared.steps[0].own);
  EXPECT_EQ(shared.steps[0].count, 27);  // 8,000 / 300, rounded up
  EXPECT_TRUE(shared.steps[1].own);
  const Table table = session().reader().report(
      "quota_actions",
      {{"quota", own.id}, {"on", date(2025, 6, 17)}, {"minimum", std::int64_t{2}}, {"levels", std::string("talks")}});
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_EQ(cell(table, 2, "needed"), "80");
  EXPECT_EQ(cell(table, 0, "amount"), "800.00") << "two deals of 400.00 on average";
  EXPECT_EQ(cell(table, 0, "won"), "");
  EXPECT_EQ(cell(table, 0, "tried"), "2");
  EXPECT_EQ(cell(table, 1, "won"), "2");
  history.from = date(2020, 1, 1);
  history.to = date(2020, 2, 1);
  try {
    incentive::action_plan(session().reader(), own.id, date(2025, 6, 17), history);
    ADD_FAILURE() << "nothing happened in that time";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::state);
    EXPECT_TRUE(says(error, "no won deal"));
  }
}

TEST_P(QuotaStoreTest, RanksByWhatWasBroughtAndByAttainment) {
  const Id team = unit("Team");
  const Quota root = target(team, {}, 100'000);
  std::vector<Id> people;
  const std::int64_t brought[] = {9'000, 5'000, 5'000, 1'000};
  const std::int64_t goals[] = {90'000, 5'000, 10'000, 0};
  for (std::size_t i = 0; i < 4; ++i) {
    people.push_back(employee(std::string(1, static_cast<char>('A' + i)), team));
    target({}, people.back(), goals[i], root.id);
    won(people.back(), brought[i], "2025-04-02");
  }
  const auto ranks = [&](const Parameters& parameters) {
    std::string text;
    const Table table = session().reader().report("quota_ranking", parameters);
    for (std::size_t row = 0; row < table.rows(); ++row)
      text += cell(table, row, "rank") + cell(table, row, "name") + " ";
    return text;
  };
  EXPECT_EQ(ranks({}), "1A 2B 2C 4D ");
  EXPECT_EQ(ranks({{"ranking", std::string("dense")}}), "1A 2B 2C 3D ");
  EXPECT_EQ(ranks({{"by", std::string("attainment")}}), "1B 2C 3A 4D ");
  EXPECT_EQ(ranks({{"kind", std::string("unit")}}), "1Team ");
  EXPECT_THROW(ranks({{"by", std::string("actua")}}), Error);
}

TEST_P(QuotaStoreTest, ThePlanStandsNextToWhatWasWon) {
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  Customer acme{.name = "Acme"};
  Product crate{.name = "Crate"};
  in_work([&](Work& work) {
    customer::create(work, acme);
    catalog::create(work, crate);
  });
  change(won(ann, 10'000, "2025-04-02", {{ann, {5, 1}}, {bob, {5, 1}}}), [&](Opportunity& deal) {
    deal.customer = acme.id;
    deal.product = crate.id;
  });
  change(won(ann, 5'000, "2025-05-02"), [&](Opportunity& deal) { deal.customer = acme.id; });
  const auto line = [&](std::optional<Id> product, std::optional<Id> customer, std::optional<Id> whose) {
    SalesPlanLine row{.period = "2025-Q2", .product = product, .customer = customer, .employee = whose};
    row.amount = Amount{20'000};
    return row;
  };
  std::vector<SalesPlanLine> lines{line(crate.id, acme.id, {}), line({}, acme.id, {}), line({}, {}, bob)};
  for (SalesPlanLine& row : lines) in_work([&](Work& work) { incentive::set_sales_plan_line(work, row); });
  std::vector<std::int64_t> actual;
  for (const SalesPlanActual& row : incentive::sales_plan(session().reader(), "2025-Q2")) {
    actual.push_back(row.actual.minor);
  }
  EXPECT_EQ(actual, (std::vector<std::int64_t>{10'000, 15'000, 5'000}));
  const Table table = session().reader().report("sales_plan");
  EXPECT_EQ(cell(table, 0, "product"), "Crate");
  EXPECT_EQ(cell(table, 1, "attainment"), "75.00");
  const auto attempt = [](SalesPlanLine row) {
    return [row](Work& work) mutable { incentive::set_sales_plan_line(work, row); };
  };
  refused(attempt(line({}, {}, bob)), Code::conflict);
  SalesPlanLine bad = line({}, {}, {});
  bad.amount = Amount{-1};
  bad.period = "2025-Q5";
  EXPECT_EQ(refused(attempt(bad), Code::invalid).violations.size(), 3U);
}

INSTANTIATE_ON_ALL_BACKENDS(QuotaStoreTest);

}  // namespace
}  // namespace kith
