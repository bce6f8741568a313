// SPDX-License-Identifier: Apache-2.0
#include "kith/sales/opportunity.hpp"

#include "sales/sales_store.hpp"
#include "support/counting_storage.hpp"

namespace kith {
namespace {

using test::says;

class OpportunityTest : public test::SalesTest {};

TEST_P(OpportunityTest, StartsOpenInTheFirstStage) {
  Opportunity deal = draft();
  deal.amount = Amount{50'000};
  const Opportunity stored = read(add(deal));
  EXPECT_EQ(stored.pipeline, pipeline_);
  EXPECT_EQ(stage_name(stored.id), "prospect");
  EXPECT_EQ(stored.status, DealStatus::open);
  EXPECT_EQ(stored.currency, currency("USD"));
  EXPECT_EQ(stored.unit, unit_);
  const auto rows = sales::stage_rows(session().reader(), stored.id);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].stage, stored.stage);
  EXPECT_EQ(rows[0].from, *store().clock);
  EXPECT_EQ(rows[0].to, kOpenTime);
  EXPECT_EQ(lifecycle_of(acme_), "opportunity");
}

TEST_P(OpportunityTest, ComesInClosed) {
  Opportunity deal = draft();
  deal.status = DealStatus::won;
  deal.engaged_on = date(2016, 10, 20);
  deal.closed_on = date(2017, 3, 1);
  deal.amount = Amount{105'400};
  const Opportunity stored = read(add(deal));
  const auto rows = sales::stage_rows(session().reader(), stored.id);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].from, parse_timestamp("2016-10-20T00:00:00Z"));
  EXPECT_EQ(rows[0].status, DealStatus::open);
  EXPECT_EQ(rows[1].from, parse_timestamp("2017-03-01T00:00:00Z"));
  EXPECT_EQ(rows[1].status, DealStatus::won);
  EXPECT_EQ(lifecycle_of(acme_), "customer");

  Opportunity lost = draft();
  lost.status = DealStatus::lost;
  lost.closed_on = date(2017, 3, 1);
  lost.reason = "price";
  EXPECT_EQ(sales::stage_rows(session().reader(), add(lost)).back().reason, "price");
}

TEST_P(OpportunityTest, RefusesBadDealsAndChangesNothing) {
  Opportunity deal;
  deal.amount = Amount{1};
  deal.currency = currency("EUR");
  deal.closed_on = date(2026, 1, 1);
  deal.reason = "why";
  Error told = refused([&](Work& work) { sales::create(work, deal); }, Code::invalid);
  EXPECT_EQ(told.violations.size(), 3U) << told.what();  // two of an open deal, and the rate
  EXPECT_TRUE(says(told, "there is no market rate from EUR to USD on 2026-01-01"));

  deal = draft();
  deal.status = DealStatus::won;
  told = refused([&](Work& work) { sales::create(work, deal); }, Code::invalid);
  EXPECT_EQ(told.violations.size(), 2U) << told.what();  // closed_on, amount
  deal.closed_on = date(2026, 1, 1);
  deal.amount = Amount{1};
  deal.engaged_on = date(2026, 1, 2);
  EXPECT_EQ(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid).field, "closed_on");
  deal.engaged_on = Date{2147483647};
  EXPECT_EQ(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid).field, "engaged_on");

  deal = draft();
  deal.stage = Id{5};
  EXPECT_TRUE(says(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid), "prospect"));
  deal = draft();
  deal.pipeline = Id{5};
  EXPECT_EQ(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid).field, "pipeline");
  deal = draft("");
  deal.amount = Amount{-1};
  deal.probability = parse_decimal("1.5");
  deal.customer = Id{5};
  deal.status = static_cast<DealStatus>(7);
  EXPECT_EQ(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid).violations.size(), 5U);
  EXPECT_FALSE(deal.id);
  EXPECT_FALSE(deal.pipeline);
  EXPECT_EQ(lifecycle_of(acme_), "subscriber");
}

TEST_P(OpportunityTest, WithSeveralPipelinesOneMustBeNamed) {
  Id other;
  in_work([&](Work& work) { other = add_pipeline(work, "renewals"); });
  Opportunity deal = draft();
  EXPECT_TRUE(says(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid), "renewals"));
  deal.pipeline = other;
  deal.stage = sales::stages(session().reader(), pipeline_)[0].id;
  EXPECT_EQ(refused([&](Work& work) { sales::create(work, deal); }, Code::invalid).field, "stage");
  deal.stage = {};
  EXPECT_EQ(read(add(deal)).pipeline, other);
}

TEST_P(OpportunityTest, MovesForwardAndBack) {
  const Id deal = add(draft());
  store().set_clock("2026-01-02T00:00:00Z");
  in_work([&](Work& work) { sales::advance(work, deal, "talks"); });
  EXPECT_EQ(stage_name(deal), "talks");
  store().set_clock("2026-01-05T00:00:00Z");
  in_work([&](Work& work) { sales::advance(work, deal, "offer", parse_timestamp("2026-01-03T12:00:00Z")); });
  const auto rows = sales::stage_rows(session().reader(), deal);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].to, parse_timestamp("2026-01-03T12:00:00Z"));
  EXPECT_EQ(rows[2].from, rows[1].to);
  EXPECT_EQ(read(deal).revision, 3);

  EXPECT_TRUE(says(refused([&](Work& work) { sales::advance(work, deal, "contrct"); }, Code::invalid),
                   "Did you mean contract?"));
  refused([&](Work& work) { sales::advance(work, deal, "offer"); }, Code::state);
  refused([&](Work& work) { sales::advance(work, deal, "talks", parse_timestamp("2026-01-01T00:00:00Z")); },
          Code::state);
  refused([&](Work& work) { sales::advance(work, deal, "talks", kOpenTime); }, Code::invalid);
  refused([&](Work& work) { sales::advance(work, Id{5}, "talks"); }, Code::not_found);
}

// O16: a stage may be entered only by deals that meet its guard, as they would be there.
TEST_P(OpportunityTest, AGuardHoldsAStage) {
  const Id deal = add(draft());
  const Error told = refused([&](Work& work) { sales::advance(work, deal, "contract"); }, Code::state);
  EXPECT_TRUE(says(told, "amount >= 1000.00 USD and customer is not null"));
  Opportunity row = read(deal);
  row.amount = Amount{99'999};
  in_work([&](Work& work) { sales::update(work, row); });
  refused([&](Work& work) { sales::advance(work, deal, "contract"); }, Code::state);
  row.amount = Amount{100'000};
  in_work([&](Work& work) { sales::update(work, row); });
  in_work([&](Work& work) { sales::advance(work, deal, "contract"); });
  EXPECT_EQ(stage_name(deal), "contract");

  Opportunity direct = draft();
  direct.stage = read(deal).stage;
  refused([&](Work& work) { sales::create(work, direct); }, Code::state);
  direct.amount = Amount{100'000};
  EXPECT_EQ(stage_name(add(direct)), "contract");
}

TEST_P(OpportunityTest, AGuardSeesTheNewStage) {
  Stage talks = sales::stages(session().reader(), pipeline_)[2];
  talks.guard = "stage = " + std::to_string(talks.id.value);
  in_work([&](Work& work) { sales::configure(work, talks); });
  const Id deal = add(draft());
  in_work([&](Work& work) { sales::advance(work, deal, "talks"); });
  EXPECT_EQ(stage_name(deal), "talks");
}

TEST_P(OpportunityTest, IsWonLostAndReopened) {
  const Id deal = add(draft());
  store().set_clock("2026-02-01T10:00:00Z");
  in_work([&](Work& work) { sales::win(work, deal, date(2026, 2, 1), "best product", Amount{120'000}); });
  Opportunity row = read(deal);
  EXPECT_EQ(row.status, DealStatus::won);
  EXPECT_EQ(row.closed_on, date(2026, 2, 1));
  EXPECT_EQ(row.amount, Amount{120'000});
  EXPECT_EQ(row.reason, "best product");
  EXPECT_EQ(lifecycle_of(acme_), "customer");
  EXPECT_EQ(sales::stage_rows(session().reader(), deal).back().from, *store().clock);

  EXPECT_TRUE(
      says(refused([&](Work& work) { sales::advance(work, deal, "talks"); }, Code::state), "won since 2026-02-01"));
  refused([&](Work& work) { sales::win(work, deal, date(2026, 2, 2), "again"); }, Code::state);
  refused([&](Work& work) { sales::lose(work, deal, date(2026, 2, 2), "no"); }, Code::state);
  EXPECT_EQ(refused([&](Work& work) { sales::reopen(work, deal, ""); }, Code::invalid).field, "reason");

  store().set_clock("2026-02-03T00:00:00Z");
  in_work([&](Work& work) { sales::reopen(work, deal, "the contract was not signed"); });
  row = read(deal);
  EXPECT_EQ(row.status, DealStatus::open);
  EXPECT_EQ(row.closed_on, std::nullopt);
  EXPECT_EQ(row.reason, std::nullopt);
  EXPECT_EQ(stage_name(deal), "prospect");
  EXPECT_EQ(sales::stage_rows(session().reader(), deal).back().reason, "the contract was not signed");
  refused([&](Work& work) { sales::reopen(work, deal, "it is open"); }, Code::state);

  in_work([&](Work& work) { sales::lose(work, deal, date(2026, 2, 3), "price"); });
  EXPECT_EQ(read(deal).status, DealStatus::lost);
  EXPECT_EQ(sales::stage_rows(session().reader(), deal).size(), 4U);
}

TEST_P(OpportunityTest, AVoidDealStaysVoid) {
  const Id deal = add(draft());
  in_work([&](Work& work) { sales::void_deal(work, deal, date(2026, 1, 1), "entered twice"); });
  EXPECT_EQ(read(deal).status, DealStatus::voided);
  refused([&](Work& work) { sales::reopen(work, deal, "why not"); }, Code::state);
  refused([&](Work& work) { sales::win(work, deal, date(2026, 1, 2), "still", Amount{1}); }, Code::state);
}

TEST_P(OpportunityTest, RefusesBadClosingsAndChangesNothing) {
  Opportunity given = draft();
  given.engaged_on = date(2025, 12, 1);
  const Id deal = add(given);
  Error told = refused([&](Work& work) { sales::win(work, deal, date(2025, 11, 1), " "); }, Code::invalid);
  EXPECT_EQ(told.violations.size(), 3U) << told.what();  // reason, amount, closed_on
  refused([&](Work& work) { sales::win(work, deal, date(2026, 1, 1), "x", Amount{-1}); }, Code::invalid);
  refused([&](Work& work) { sales::lose(work, deal, kOpenDate, "x"); }, Code::invalid);
  refused([&](Work& work) { sales::lose(work, deal, Date{2147483647}, "x"); }, Code::invalid);
  refused([&](Work& work) { sales::lose(work, deal, date(2026, 1, 1), std::string(1001, 'x')); }, Code::invalid);
  refused([&](Work& work) { sales::lose(work, deal, date(2026, 1, 1), "bad \xff"); }, Code::invalid);
  refused([&](Work& work) { sales::win(work, Id{5}, date(2026, 1, 1), "x", Amount{1}); }, Code::not_found);
  EXPECT_EQ(read(deal).status, DealStatus::open);
}

TEST_P(OpportunityTest, NothingClosesOnADayToCome) {
  const Id deal = add(draft());
  const Date tomorrow = date(2026, 1, 2);
  const Error won = refused([&](Work& work) { sales::win(work, deal, tomorrow, "x", Amount{1}); }, Code::invalid);
  EXPECT_EQ(won.field, "closed_on");
  EXPECT_TRUE(
      says(won, "2026-01-02 lies in the future: today is 2026-01-01 in UTC; give the day on which it was done"));
  refused([&](Work& work) { sales::lose(work, deal, tomorrow, "x"); }, Code::invalid);
  refused([&](Work& work) { sales::void_deal(work, deal, date(9999, 12, 30), "x"); }, Code::invalid);
  Opportunity closed = draft();
  closed.status = DealStatus::won;
  closed.amount = Amount{1};
  closed.closed_on = tomorrow;
  EXPECT_EQ(refused([&](Work& work) { sales::create(work, closed); }, Code::invalid).field, "closed_on");
  closed.closed_on = date(2026, 1, 1);
  Opportunity stored = read(add(closed));
  stored.closed_on = tomorrow;
  EXPECT_EQ(refused([&](Work& work) { sales::update(work, stored); }, Code::invalid).field, "closed_on");

  // As a store may hold it from before such days were refused: everything else of it can still be changed.
  in_work([&](Work& work) { work.update(stored); });
  stored.title = "renamed";
  in_work([&](Work& work) { sales::update(work, stored); });
  EXPECT_EQ(read(stored.id).closed_on, tomorrow);
}

TEST_P(OpportunityTest, AClosingToldLateKeepsItsDay) {
  const Id deal = add(draft());  // entered on 2026-01-01
  in_work([&](Work& work) { sales::lose(work, deal, date(2025, 12, 24), "told after the holidays"); });
  EXPECT_EQ(read(deal).closed_on, date(2025, 12, 24));
  const auto rows = sales::stage_rows(session().reader(), deal);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].from, rows[0].to);
}

TEST_P(OpportunityTest, TheCustomerNeverMovesBack) {
  in_work([&](Work& work) { customer::set_stage(work, acme_, "customer", ""); });
  const Id deal = add(draft());
  EXPECT_EQ(lifecycle_of(acme_), "customer");
  in_work([&](Work& work) { sales::win(work, deal, date(2026, 1, 1), "x", Amount{1}); });
  EXPECT_EQ(lifecycle_of(acme_), "customer");
  EXPECT_EQ(session().reader().list<CustomerStage>().size(), 2U);
}

TEST_P(OpportunityTest, WithoutSuchAStageTheCustomerStaysWhereItIs) {
  LifecycleStage stage = *session().reader().find_one<LifecycleStage>(
      {.conditions = {equals(entity_of<LifecycleStage>(), "name", "opportunity")}});
  stage.name = "prospect";
  in_work([&](Work& work) { customer::configure(work, stage); });
  add(draft());
  EXPECT_EQ(lifecycle_of(acme_), "subscriber");
}

TEST_P(OpportunityTest, UpdatesAllButStageAndStatus) {
  const Id deal = add(draft());
  Opportunity row = read(deal);
  row.title = "Bigger deal";
  row.owner = bob_;
  row.probability = parse_decimal("0.75");
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(read(deal).title, "Bigger deal");
  EXPECT_EQ(read(deal).unit, unit_);

  Opportunity other = row;
  other.stage = sales::stages(session().reader(), pipeline_)[2].id;
  other.status = DealStatus::won;
  other.pipeline = Id{5};
  EXPECT_EQ(refused([&](Work& work) { sales::update(work, other); }, Code::invalid).violations.size(), 3U);
  other = row;
  other.closed_on = date(2026, 1, 1);
  EXPECT_EQ(refused([&](Work& work) { sales::update(work, other); }, Code::invalid).field, "closed_on");
  other = row;
  other.amount = Amount{1};
  other.currency = currency("EUR");
  EXPECT_EQ(refused([&](Work& work) { sales::update(work, other); }, Code::invalid).field, "currency");
  other = row;
  other.revision = 1;
  refused([&](Work& work) { sales::update(work, other); }, Code::conflict);

  in_work([&](Work& work) { sales::win(work, deal, date(2026, 1, 1), "x", Amount{5}); });
  row = read(deal);
  row.amount.reset();
  EXPECT_EQ(refused([&](Work& work) { sales::update(work, row); }, Code::invalid).field, "amount");
}

TEST_P(OpportunityTest, ADealGivenToAnotherCustomerMovesThatOneOn) {
  Customer other;
  other.name = "Other";
  in_work([&](Work& work) { customer::create(work, other); });
  Opportunity row = read(add(draft()));
  row.customer = other.id;
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(lifecycle_of(other.id), "opportunity");
}

TEST_P(OpportunityTest, RightsDecideWhoMayDoWhat) {
  const Id deal = add(draft());
  Session ann = store().engine->session("ann"), bob = store().engine->session("bob");
  refused_for(
      bob, [&](Work& work) { sales::advance(work, deal, "offer"); }, Code::not_found);
  refused_for(
      bob, [&](Work& work) { sales::win(work, deal, date(2026, 1, 1), "mine", Amount{1}); }, Code::not_found);
  EXPECT_TRUE(bob.reader().list<Opportunity>().empty());
  EXPECT_TRUE(sales::stage_rows(bob.reader(), deal).empty());
  refused_for(
      bob,
      [&](Work& work) {
        Opportunity stolen = draft();
        stolen.owner = bob_;
        sales::create(work, stolen);  // of a customer that Bob may not see
      },
      Code::invalid);
  {
    Work work = ann.work();
    sales::advance(work, deal, "offer");
    sales::win(work, deal, date(2026, 1, 1), "good", Amount{100});
    work.commit();
  }
  EXPECT_EQ(read(deal).status, DealStatus::won);
}

TEST_P(OpportunityTest, WinningMovesACustomerThatTheSellerCannotSee) {
  const Id deal = add(draft());
  in_work([&](Work& work) {
    Opportunity row = work.get<Opportunity>(deal);
    row.owner = bob_;
    sales::update(work, row);
  });
  Session bob = store().engine->session("bob");
  EXPECT_FALSE(bob.reader().find<Customer>(acme_).has_value());
  Work work = bob.work();
  sales::win(work, deal, date(2026, 1, 1), "good", Amount{100});
  work.commit();
  EXPECT_EQ(lifecycle_of(acme_), "customer");
}

// O2: the stage's default until a manual value is set; resetting returns to the default; won = 1, lost and void = 0
// whatever was set; reopening restores the earlier value.
TEST_P(OpportunityTest, O2) {
  const auto chance = [&](Id id) {
    const Reader reader = session().reader();
    const Opportunity deal = reader.get<Opportunity>(id);
    const Decimal value =
        sales::compute_probability(deal.status, deal.probability, reader.get<Stage>(deal.stage).probability);
    return to_string(value, true);
  };
  const auto set = [&](Id id, std::optional<Decimal> value) {
    Opportunity deal = read(id);
    deal.probability = value;
    in_work([&](Work& work) { sales::update(work, deal); });
  };
  Opportunity given = draft();
  given.amount = Amount{100'000};
  const Id deal = add(given);
  EXPECT_EQ(chance(deal), "0.1");
  in_work([&](Work& work) { sales::advance(work, deal, "talks"); });
  EXPECT_EQ(chance(deal), "0.6");
  set(deal, parse_decimal("0.75"));
  EXPECT_EQ(chance(deal), "0.75");
  in_work([&](Work& work) { sales::advance(work, deal, "offer"); });
  EXPECT_EQ(chance(deal), "0.75");
  set(deal, std::nullopt);
  EXPECT_EQ(chance(deal), "0.4");
  set(deal, parse_decimal("0.333333333"));
  in_work([&](Work& work) { sales::win(work, deal, date(2026, 1, 1), "good"); });
  EXPECT_EQ(chance(deal), "1");
  in_work([&](Work& work) { sales::reopen(work, deal, "not signed"); });
  EXPECT_EQ(chance(deal), "0.333333333");
  in_work([&](Work& work) { sales::lose(work, deal, date(2026, 1, 1), "price"); });
  EXPECT_EQ(chance(deal), "0");
  in_work([&](Work& work) { sales::reopen(work, deal, "they came back"); });
  EXPECT_EQ(chance(deal), "0.333333333");
  in_work([&](Work& work) { sales::void_deal(work, deal, date(2026, 1, 1), "entered twice"); });
  EXPECT_EQ(chance(deal), "0");
}

// Case AO1: deals 1,200,000@50, 800,000@45, 2,500,000@20, 600,000@90: total 5,100,000, weighted 2,000,000.00; one
// Lost deal of 1,000,000 adds 0.
TEST_P(OpportunityTest, AO1) {
  const std::vector<std::pair<std::int64_t, std::string_view>> deals = {
      {1'200'000, "0.5"}, {800'000, "0.45"}, {2'500'000, "0.2"}, {600'000, "0.9"}};
  std::int64_t total = 0;
  for (const auto& [amount, probability] : deals) {
    Opportunity deal = draft();
    deal.amount = Amount{amount * 100};
    deal.probability = parse_decimal(probability);
    total += read(add(deal)).amount->minor;
  }
  Opportunity lost = draft();
  lost.amount = Amount{1'000'000 * 100};
  lost.status = DealStatus::lost;
  lost.closed_on = date(2026, 1, 1);
  add(lost);
  const Reader reader = session().reader();
  EXPECT_EQ(total, 5'100'000 * 100);
  EXPECT_EQ(to_string(sales::weighted_total(reader)), "2000000.00");
  EXPECT_EQ(to_string(sales::weighted_total(reader, {.where = "probability >= 0.5"})), "1140000.00");
  EXPECT_EQ(to_string(sales::weighted_total(reader, {.where = "status = 'lost'"})), "0.00");
}

TEST_P(OpportunityTest, TheWeightedTotalIsRoundedOnce) {
  for (int i = 0; i < 3; ++i) {
    Opportunity deal = draft();
    deal.amount = Amount{1};  // 0.01 at the prospect's 10 %: 0.1 cents each
    add(deal);
  }
  Opportunity deal = draft();
  deal.amount = Amount{2};
  add(deal);
  add(draft());  // an amount that is not known yet adds nothing
  EXPECT_EQ(to_string(sales::weighted_total(session().reader())), "0.01");  // 0.5 cents, half up
}

TEST_P(OpportunityTest, SharesAddUpToTheWhole) {
  const Id deal = add(draft());
  const auto set = [&](std::vector<SplitShare> shares) {
    return [deal, shares](Work& work) { sales::set_splits(work, deal, shares); };
  };
  in_work(set({{ann_, parse_decimal("0.3333")}, {bob_, parse_decimal("0.3333")}, {cid_, parse_decimal("0.3334")}}));
  auto rows = sales::splits(session().reader(), deal);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].employee, cid_);
  EXPECT_EQ(to_string(rows[2].share), "0.333400000");
  const Id anns = rows[0].id;

  in_work(set({{cid_, parse_decimal("0.4")}, {ann_, parse_decimal("0.6")}}));
  rows = sales::splits(session().reader(), deal);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].employee, cid_);
  EXPECT_EQ(rows[1].id, anns);  // the same row, with a past
  EXPECT_EQ(history::versions<Split>(session().reader(), anns).size(), 2U);

  const Error told = refused(set({{ann_, parse_decimal("0.6")}, {bob_, parse_decimal("0.3")}}), Code::invalid);
  EXPECT_TRUE(says(told, "90 %"));
  EXPECT_TRUE(says(told, "10 % short of 100 %"));
  EXPECT_TRUE(says(refused(set({{ann_, parse_decimal("1.2")}}), Code::invalid), "20 % more than"));
  EXPECT_TRUE(says(refused(set({{ann_, parse_decimal("0.5")}, {ann_, parse_decimal("0.5")}}), Code::invalid), "twice"));
  refused(set({{ann_, parse_decimal("1.5")}, {bob_, parse_decimal("-0.5")}}), Code::invalid);
  refused(set({{ann_, parse_decimal("1")}, {bob_, parse_decimal("0")}}), Code::invalid);
  refused(set({{Id{5}, parse_decimal("1")}}), Code::invalid);
  refused(set({{ann_, parse_decimal("0.9999999999")}}), Code::invalid);
  EXPECT_EQ(refused(set({{ann_, parse_decimal("0.1")}, {ann_, parse_decimal("0.1")}, {Id{5}, parse_decimal("-1")}}),
                    Code::invalid)
                .violations.size(),
            4U);  // the same employee twice, an unknown one, a negative share, the sum

  in_work(set({}));
  EXPECT_TRUE(sales::splits(session().reader(), deal).empty());
}

INSTANTIATE_ON_ALL_BACKENDS(OpportunityTest);

// P8: at most two statements a table touched plus four, however long the deal's history is.
TEST(DealStatements, WinningAsksTheSameHoweverLongTheHistory) {
  auto storage = std::make_shared<test::CountingStorage>(open_memory());
  const auto clock = std::make_shared<Timestamp>();
  const auto engine = Engine::open(storage, model(), test::test_options(clock));
  Session session = engine->session();
  {
    Work work = session.work();
    Pipeline pipeline;
    pipeline.name = "standard";
    Stage a, b;
    a.name = "a";
    b.name = "b";
    b.position = 1;
    std::vector<Stage> stages{a, b};
    sales::create(work, pipeline, stages);
    work.commit();
  }
  const auto calls = [&](int moves) {
    Opportunity deal;
    {
      Work work = session.work();
      Customer customer;
      customer.name = "Acme";
      customer::create(work, customer);
      deal.title = "Deal";
      deal.customer = customer.id;
      sales::create(work, deal);
      for (int i = 0; i < moves; ++i) sales::advance(work, deal.id, i % 2 == 0 ? "b" : "a");
      work.commit();
    }
    Work work = session.work();
    const int counted = storage->count([&] { sales::win(work, deal.id, date(2026, 1, 1), "good", Amount{1}); }).total();
    work.commit();
    return counted;
  };
  const int first = calls(0);
  EXPECT_EQ(first, calls(40));
  // opportunity, opportunity_stage, customer, customer_stage, the history of each, lifecycle_stage, stage
  EXPECT_LE(first, 2 * 10 + 4);
}

}  // namespace
}  // namespace kith
