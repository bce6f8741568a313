// SPDX-License-Identifier: Apache-2.0
// What statements refuse, who may see them, what a run costs, and how tampering is found out.
#include "incentive/incentive_fixture.hpp"
#include "kith/incentive/statement.hpp"
#include "support/counting_storage.hpp"

namespace kith {
namespace {

using test::PlanText;
using test::says;

class StatementRulesTest : public test::IncentiveTest {};

TEST_P(StatementRulesTest, ADealThatAPlanCannotJudgeStopsOnlyThoseWhomItPays) {
  const Id ann = employee("Ann"), bo = employee("Bo");
  plan({.when = "amount > 0.00 USD"});
  assigned("field", ann);
  won(ann, 100'000, "2025-01-10");
  const auto euros = [&](Id owner) {
    Opportunity row{.title = "Paris", .owner = owner, .amount = Amount{50'000}, .currency = currency("EUR")};
    row.status = DealStatus::won;
    row.closed_on = date(2025, 1, 12);
    row.reason = "price";
    in_work([&](Work& work) { sales::create(work, row); });
  };
  in_work([&](Work& work) {
    ExchangeRate rate{.from_currency = currency("EUR"), .rate = parse_decimal("1.10"), .from = date(2025, 1, 1)};
    rate.source = "treasury";
    people::set_rate(work, rate);
  });
  euros(bo);
  run("2025-01");
  EXPECT_EQ(statement(ann, "2025-01").total, Amount{5'000}) << "Bo has no plan; what he won is judged by none";
  euros(ann);
  const Error error = refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::invalid);
  EXPECT_TRUE(test::says(error, "plan 'field' version 1, deal 'Paris'")) << error.message;
  EXPECT_TRUE(test::says(error, "base_amount")) << error.message;
  plan({.version = 2, .when = "base_amount > 0.00 USD"});
  run("2025-01");
  EXPECT_EQ(statement(ann, "2025-01").total, Amount{7'750}) << "500 EUR are 550 USD";
}

TEST_P(StatementRulesTest, RefusesWhatCannotBeRun) {
  plan({});
  const Id ann = employee("Ann");
  assigned("field", ann);
  const Id deal = won(ann, 10'000, "2025-02-02");
  EXPECT_TRUE(says(refused([](Work& work) { incentive::run(work, "2025-13"); }, Code::invalid), "2025-13"));
  EXPECT_TRUE(says(refused([](Work& work) { incentive::run(work, "2025-W09"); }, Code::invalid), "is a week"));
  EXPECT_TRUE(says(refused([](Work& work) { incentive::close(work, "2025-02"); }, Code::state), "never run"));
  run("2025-01");
  run("2025-02");
  EXPECT_TRUE(says(refused([](Work& work) { incentive::close(work, "2025-02"); }, Code::state), "close it first"));
  close("2025-01");
  change(deal, [](Opportunity& row) { row.amount = Amount{20'000}; });
  EXPECT_TRUE(says(refused([](Work& work) { incentive::close(work, "2025-02"); }, Code::state), "run it again"));
  run("2025-02");
  close("2025-02");
  EXPECT_TRUE(says(refused([](Work& work) { incentive::close(work, "2025-02"); }, Code::state), "is closed"));
  EXPECT_TRUE(says(refused([](Work& work) { incentive::run(work, "2025-02"); }, Code::state), "is closed"));
  EXPECT_TRUE(says(refused([](Work& work) { incentive::run(work, "2024-12"); }, Code::state), "comes before"));
  change(deal, [](Opportunity& row) { row.amount = Amount{30'000}; });
  run("2025-03");
  change(deal, [](Opportunity& row) { row.amount = Amount{40'000}; });
  EXPECT_TRUE(says(refused([](Work& work) { incentive::close(work, "2025-03"); }, Code::state), "run it again"));
}

TEST_P(StatementRulesTest, PeriodsCloseWithoutAGapAndTheNextOneTakesCorrections) {
  plan({});
  const Id ann = employee("Ann");
  assigned("field", ann);
  const Id deal = won(ann, 10'000, "2025-01-02");
  run("2025-01");
  close("2025-01");
  change(deal, [](Opportunity& row) { row.amount = Amount{20'000}; });
  EXPECT_EQ(run("2025-03").adjustments, 0);
  const auto close_march = [](Work& work) { incentive::close(work, "2025-03"); };
  EXPECT_TRUE(says(refused(close_march, Code::state), "2025-02 comes before"));
  EXPECT_EQ(run("2025-02").adjustments, 1);
  close("2025-02");
  EXPECT_EQ(run("2025-03").adjustments, 0);
  close("2025-03");
  EXPECT_EQ(posted(session().reader(), ann, "2025-01").at("revenue"), 1'000);
}

TEST_P(StatementRulesTest, ARunThatOverflowsKeepsNothing) {
  plan({});
  const Id ann = employee("Ann");
  assigned("field", ann);
  won(ann, std::numeric_limits<std::int64_t>::max(), "2025-01-02");
  won(ann, 1, "2025-01-03");
  const Error error = refused([](Work& work) { incentive::run(work, "2025-01"); }, Code::overflow);
  EXPECT_TRUE(says(error, "revenue of 'Ann' (" + std::to_string(ann.value) + ") from deal ")) << error.message;
}

TEST_P(StatementRulesTest, RefusesPlansThatDoNotFit) {
  plan({.version = 2});
  EXPECT_TRUE(says(refused([](Work& work) { incentive::add_plan(work, "{}"); }, Code::invalid), "format"));
  refused([](Work& work) { incentive::add_plan(work, PlanText{.version = 2}.json()); }, Code::conflict);
  refused([](Work& work) { incentive::add_plan(work, PlanText{.version = 1}.json()); }, Code::conflict);
  const std::string yearly = PlanText{.version = 3, .interval = "year"}.json();
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::add_plan(work, yearly); }, Code::invalid), "another name"));
  std::string text = PlanText{.name = "other", .when = "amout > 1.00 USD"}.json();
  text.replace(text.find("\"USD\""), 5, "\"EUR\"");
  text.replace(text.find("\"calendar\": \"calendar\""), 22, "\"calendar\": \"lunar\"");
  const Error error = refused([&](Work& work) { incentive::add_plan(work, text); }, Code::invalid);
  ASSERT_EQ(error.violations.size(), 3U);
  EXPECT_EQ(error.violations[0].field, "currency");
  EXPECT_EQ(error.violations[1].field, "calendar");
  EXPECT_EQ(error.violations[2].field, "eligibility.when");
}

TEST_P(StatementRulesTest, RefusesAssignmentsThatDoNotFit) {
  plan({});
  const Id ann = employee("Ann");
  const Id team = unit("Team");
  const auto attempt = [](PlanAssignment given) {
    return [given](Work& work) mutable { incentive::assign(work, given); };
  };
  PlanAssignment row;
  row.plan = "feld";
  row.employee = ann;
  row.from = date(2025, 1, 1);
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "Did you mean field?"));
  row.plan = "field";
  row.unit = team;
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "both given"));
  row.employee.reset();
  row.unit.reset();
  EXPECT_TRUE(says(refused(attempt(row), Code::invalid), "is missing"));
  row.employee = ann;
  row.to = row.from;
  refused(attempt(row), Code::invalid);
  row.to = kOpenDate;
  assigned("field", ann, {}, date(2025, 3, 1), date(2025, 4, 1));
  refused(attempt(row), Code::conflict);
  row.employee = Id{12345};
  refused(attempt(row), Code::invalid);
}

TEST_P(StatementRulesTest, EveryoneSeesTheirOwn) {
  plan({});
  const Id east = unit("East");
  const Id west = unit("West");
  const Id ann = employee("Ann", east);
  const Id bob = employee("Bob", west);
  const Id boss = employee("Boss", east);
  assigned("field", ann);
  assigned("field", bob);
  won(ann, 10'000, "2025-01-02");
  won(bob, 10'000, "2025-01-02");
  in_work([&](Work& work) {
    access::add_principal(work, "ann", ann, {"seller"});
    access::add_principal(work, "boss", boss, {"manager"});
  });
  run("2025-01");
  const Id others = lines(bob, "2025-01").front().id;
  for (const auto* who : {"ann", "boss"}) {
    Session one = store().engine->session(who);
    const Reader reader = one.reader();
    ASSERT_TRUE(incentive::statement_of(reader, ann, "2025-01")) << who;
    EXPECT_EQ(incentive::statement_of(reader, bob, "2025-01"), std::nullopt) << who;
    EXPECT_EQ(reader.list<Statement>().size(), 1U) << who;
    const auto own = incentive::lines_of(reader, incentive::statement_of(reader, ann, "2025-01")->id);
    ASSERT_EQ(own.size(), 1U) << who;
    EXPECT_EQ(incentive::explain_line(reader, own.front().id).amount, 500) << who;
    try {
      incentive::explain_line(reader, others);
      ADD_FAILURE() << who << " reads the line of somebody else";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::not_found);
    }
    refused_for(
        one, [](Work& work) { incentive::run(work, "2025-01"); }, Code::denied);
    refused_for(
        one, [](Work& work) { incentive::close(work, "2025-01"); }, Code::denied);
    refused_for(
        one, [](Work& work) { incentive::add_plan(work, PlanText{.name = "mine"}.json()); }, Code::denied);
  }
  in_work([](Work& work) { access::set_grant(work, "manager", "statement", Action::edit, Level::subtree); });
  Session boss_session = store().engine->session("boss");
  const auto run_all = [](Work& work) { incentive::run(work, "2025-01"); };
  EXPECT_TRUE(says(refused_for(boss_session, run_all, Code::denied), "level all"));
}

INSTANTIATE_ON_ALL_BACKENDS(StatementRulesTest);

// What a run asks of the store depends neither on how many people there are nor on how many deals.
TEST(StatementCostTest, AsksTheStoreAConstantNumberOfTimes) {
  const auto reads = [](int people, int deals_each) {
    auto storage = std::make_shared<test::CountingStorage>(open_memory());
    auto engine = Engine::open(storage, model(), test::test_options(std::make_shared<Timestamp>()));
    Session session = engine->session();
    std::vector<Id> deals;
    Work setting = session.work();
    Pipeline pipeline;
    pipeline.name = "Sales";
    Stage stage;
    stage.name = "Talking";
    std::vector<Stage> stages{stage};
    sales::create(setting, pipeline, stages);
    incentive::add_plan(setting, PlanText{}.json());
    for (int i = 0; i < people; ++i) {
      Employee seller;
      seller.name = "Seller";
      seller.hired_on = date(2024, 1, 1);
      people::create(setting, seller);
      PlanAssignment row;
      row.plan = "field";
      row.employee = seller.id;
      row.from = date(2025, 1, 1);
      incentive::assign(setting, row);
      for (int d = 0; d < deals_each; ++d) {
        Opportunity deal;
        deal.title = "deal";
        deal.owner = seller.id;
        deal.amount = Amount{10'000};
        deal.status = DealStatus::won;
        deal.closed_on = date(2025, 1, 1 + d);
        deal.reason = "price";
        deals.push_back(sales::create(setting, deal));
        sales::set_splits(setting, deal.id, {{seller.id, {1, 0}}});
      }
    }
    setting.commit();
    std::vector<int> counts;
    const auto counted = [&](auto&& verb) {
      Work work = session.work();
      counts.push_back(storage->count([&] { verb(work); }).total());
      work.commit();
    };
    counted([](Work& work) { incentive::run(work, "2025-01"); });
    counted([](Work& work) { incentive::close(work, "2025-01"); });
    Work changing = session.work();
    for (const Id id : deals) {
      Opportunity deal = changing.get<Opportunity>(id);
      deal.amount = Amount{20'000};
      sales::update(changing, deal);
    }
    changing.commit();
    counted([](Work& work) { incentive::run(work, "2025-02"); });
    counted([](Work& work) { incentive::run(work, "2025-02"); });
    return counts;
  };
  EXPECT_EQ(reads(2, 1), reads(20, 12));
}

// A store whose closed statement was changed behind the verbs is found out.
TEST(StatementCheckTest, FindsAClosedStatementThatWasChanged) {
  test::TestStore store = test::open_test_store("memory:");
  const auto in_work = [&](auto&& function) {
    Work work = store.session.work();
    function(work);
    work.commit();
  };
  Employee ann;
  ann.name = "Ann";
  in_work([&](Work& work) {
    Pipeline pipeline;
    pipeline.name = "Sales";
    Stage stage;
    stage.name = "Talking";
    std::vector<Stage> stages{stage};
    sales::create(work, pipeline, stages);
    people::create(work, ann);
    incentive::add_plan(work, PlanText{}.json());
    PlanAssignment row;
    row.plan = "field";
    row.employee = ann.id;
    row.from = date(2025, 1, 1);
    incentive::assign(work, row);
    for (int i = 1; i <= 2; ++i) {
      Opportunity deal;
      deal.title = "deal";
      deal.owner = ann.id;
      deal.amount = Amount{10'000};
      deal.status = DealStatus::won;
      deal.closed_on = date(2025, i, 2);
      deal.reason = "price";
      sales::create(work, deal);
    }
    for (const auto* period : {"2025-01", "2025-02"}) {
      incentive::run(work, period);
      incentive::close(work, period);
    }
  });
  EXPECT_TRUE(check(store.session).empty());
  in_work([&](Work& work) {
    Statement row = *incentive::statement_of(work, ann.id, "2025-01");
    StatementLine line = incentive::lines_of(work, row.id).front();
    line.amount.minor += 100;
    work.update(line);
    row.earned.minor += 100;
    row.total.minor += 100;
    work.update(row);
  });
  const auto findings = check(store.session);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].entity, "statement");
  EXPECT_NE(findings[0].message.find("a closed statement was changed"), std::string::npos);
}

}  // namespace
}  // namespace kith
