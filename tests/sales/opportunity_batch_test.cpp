// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "sales_store.hpp"
#include "support/counting_storage.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

using test::says;

class OpportunityBatchTest : public test::SalesTest {
 protected:
  void SetUp() override {
    SalesTest::SetUp();
    in_work([&](Work& work) {
      for (int i = 0; i < 3; ++i) {
        Customer customer;
        customer.name = "Customer " + std::to_string(i);
        customers_.push_back(customer::create(work, customer));
      }
    });
  }

  // Deals of every kind: of several customers or none, with and without owner, open, won, lost and void.
  std::vector<Opportunity> sample(const std::string& source, std::size_t rows = 12) const {
    std::vector<Opportunity> deals;
    for (std::size_t i = 0; i < rows; ++i) {
      Opportunity& deal = deals.emplace_back();
      deal.title = "Deal " + std::to_string(i);
      if (i % 4 != 3) deal.customer = customers_[i % customers_.size()];
      if (i % 3 != 2) deal.owner = i % 2 == 0 ? ann_ : bob_;
      if (i % 5 == 0) deal.unit = unit_;
      deal.status = static_cast<DealStatus>(i % 4 + 1);
      deal.amount = Amount{static_cast<std::int64_t>(100'000 + i)};
      deal.engaged_on = date(2025, 2, 1);
      if (deal.status != DealStatus::open) {
        deal.closed_on = date(2025, 3, 1 + static_cast<int>(i));
        deal.reason = "told late";
      }
      deal.source = source;
      deal.external_id = std::to_string(i);
    }
    return deals;
  }

  static Batch batch_of(const std::vector<Opportunity>& deals) {
    Batch batch(entity_of<Opportunity>());
    for (const Opportunity& deal : deals) store_row(&deal, batch);
    return batch;
  }

  // What somebody sees of the deals of a source and of their customers' way, without ids and times.
  std::vector<std::string> seen(const std::string& source) {
    const Reader reader = session().reader();
    Query query;
    query.conditions = {equals(entity_of<Opportunity>(), "source", source)};
    query.order = {"external_id"};
    std::vector<std::string> lines;
    for (const Opportunity& deal : reader.list<Opportunity>(query)) {
      std::string line = deal.title + " " + std::to_string(deal.stage.value) + " " +
                         std::to_string(deal.owner.value_or(Id{}).value) + " " +
                         std::to_string(deal.unit.value_or(Id{}).value) + " " + code_of(deal.currency) + " " +
                         std::to_string(deal.revision);
      for (const OpportunityStage& stay : sales::stage_rows(reader, deal.id)) {
        line += " | " + std::to_string(static_cast<int>(stay.status)) + " " + stay.reason.value_or("");
        if (deal.status != DealStatus::open) line += " " + to_string(stay.from) + " " + to_string(stay.to);
      }
      lines.push_back(line);
    }
    return lines;
  }

  std::vector<Id> customers_;
};

TEST_P(OpportunityBatchTest, IsTheSameAsOneByOne) {
  in_work([&](Work& work) {
    for (Opportunity deal : sample("single")) sales::create(work, deal);
  });
  std::vector<std::string> ways;
  for (const Id customer : customers_) ways.push_back(lifecycle_of(customer));
  Batch batch = batch_of(sample("list"));
  in_work([&](Work& work) { sales::create_batch(work, batch); });
  for (std::size_t row = 0; row < batch.rows(); ++row) EXPECT_GT(batch.column(kIdField).word(row), 0);
  EXPECT_EQ(seen("list"), seen("single"));
  for (std::size_t i = 0; i < customers_.size(); ++i) EXPECT_EQ(lifecycle_of(customers_[i]), ways[i]);
}

TEST_P(OpportunityBatchTest, MovesCustomersForwardOnly) {
  Batch batch = batch_of(sample("list"));
  in_work([&](Work& work) { sales::create_batch(work, batch); });
  for (const Id customer : customers_) EXPECT_EQ(lifecycle_of(customer), "customer");
  const Reader reader = session().reader();
  Query query;
  query.conditions = {equals(entity_of<CustomerStage>(), "customer", customers_[0])};
  query.order = {"seq", "id"};
  std::vector<std::string> stages;
  for (const CustomerStage& stay : reader.list<CustomerStage>(query)) {
    stages.push_back(reader.get<LifecycleStage>(stay.stage).name);
  }
  std::sort(stages.begin(), stages.end());
  EXPECT_EQ(stages, (std::vector<std::string>{"customer", "opportunity", "subscriber"}));
}

TEST_P(OpportunityBatchTest, ABrokenRowLeavesNothingOfItsBatch) {
  const auto put = [](const std::vector<Opportunity>& deals) {
    return [&](Work& work) {
      Batch batch = batch_of(deals);
      sales::create_batch(work, batch);
    };
  };
  std::vector<Opportunity> deals = sample("list");
  deals[4].closed_on = date(2025, 3, 1);  // open
  deals[5].amount.reset();                // won
  const Error both = refused(put(deals), Code::invalid);
  ASSERT_EQ(both.violations.size(), 2U);
  EXPECT_TRUE(says(both, "row 5: an open deal has no closing day"));
  EXPECT_TRUE(says(both, "row 6: a won deal needs the amount agreed"));
  deals = sample("list");
  deals[7].external_id = "0";  // taken by the first
  refused(put(deals), Code::conflict);
  deals = sample("list");
  deals[2].stage = sales::stages(session().reader(), pipeline_).back().id;  // its guard asks for a customer
  deals[2].customer.reset();
  const Error unguarded = refused(put(deals), Code::state);
  EXPECT_TRUE(says(unguarded, "row 3: stage '"));
  EXPECT_TRUE(says(unguarded, "this deal does not meet that"));
  deals = sample("list");
  deals[5].closed_on = date(2026, 1, 2);
  EXPECT_TRUE(says(refused(put(deals), Code::invalid), "row 6: 2026-01-02 lies in the future"));
  refused(
      [&](Work& work) {
        Batch batch(entity_of<Customer>());
        sales::create_batch(work, batch);
      },
      Code::misuse);
  EXPECT_TRUE(session().reader().list<Opportunity>().empty());
  for (const Id customer : customers_) EXPECT_EQ(lifecycle_of(customer), "subscriber");
}

TEST_P(OpportunityBatchTest, BelongsToTheActorWithoutAnOwner) {
  Session ann = store().engine->session("ann");
  std::vector<Opportunity> deals = sample("list", 4);
  for (Opportunity& deal : deals) deal.owner.reset(), deal.customer.reset(), deal.unit.reset();
  Batch batch = batch_of(deals);
  Work work = ann.work();
  sales::create_batch(work, batch);
  work.commit();
  for (const Opportunity& deal : session().reader().list<Opportunity>()) {
    EXPECT_EQ(deal.owner, ann_);
    EXPECT_EQ(deal.unit, unit_);
  }
}

INSTANTIATE_ON_ALL_BACKENDS(OpportunityBatchTest);

TEST(OpportunityBatch, AsksTheStorageTheSameForFewAndMany) {
  auto storage = std::make_shared<test::CountingStorage>(open_memory());
  const auto engine = Engine::open(storage, model(), test::test_options(std::make_shared<Timestamp>()));
  Session session = engine->session();
  std::vector<Id> customers;
  {
    Work work = session.work();
    Pipeline pipeline;
    pipeline.name = "standard";
    std::vector<Stage> stages(1);
    stages[0].name = "prospect";
    stages[0].position = 1;
    sales::create(work, pipeline, stages);
    for (int i = 0; i < 900; ++i) {
      Customer customer;
      customer.name = "Customer " + std::to_string(i);
      customers.push_back(customer::create(work, customer));
    }
    work.commit();
  }
  std::size_t next = 0;
  const auto calls = [&](std::size_t rows) {
    Work work = session.work();
    Batch batch(entity_of<Opportunity>());
    for (std::size_t i = 0; i < rows; ++i) {
      Opportunity deal;
      deal.title = "Deal " + std::to_string(i);
      deal.customer = customers[next++ % customers.size()];
      store_row(&deal, batch);
    }
    const test::Calls counted = storage->count([&] { sales::create_batch(work, batch); });
    work.commit();
    return counted;
  };
  calls(2);
  const test::Calls few = calls(3);
  const test::Calls many = calls(800);
  EXPECT_EQ(few.reads, many.reads);
  EXPECT_EQ(few.writes, many.writes);
  EXPECT_EQ(few.steps, many.steps);
}

}  // namespace
}  // namespace kith
