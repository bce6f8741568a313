// SPDX-License-Identifier: Apache-2.0
#include "kith/customer/customer.hpp"

#include "support/counting_storage.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class CustomerTest : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      for (auto [name, id] : {std::pair("North", &north_), std::pair("South", &south_)}) {
        Unit unit;
        unit.name = name;
        *id = people::create(work, unit, date(2025, 1, 1));
      }
      for (auto [name, unit, id] : {std::tuple("Ann", north_, &ann_), std::tuple("Bob", south_, &bob_)}) {
        Employee employee;
        employee.name = name;
        employee.unit = unit;
        employee.hired_on = date(2025, 1, 1);
        *id = people::create(work, employee);
      }
      access::add_principal(work, "ann", ann_, {"seller"});
      access::add_principal(work, "bob", bob_, {"seller"});
      access::add_principal(work, "chief", bob_, {"manager"});
    });
  }

  Customer add(std::string name, std::optional<Id> owner = {}) {
    Customer row;
    row.name = std::move(name);
    row.owner = owner;
    in_work([&](Work& work) { customer::create(work, row); });
    return row;
  }

  Id north_, south_, ann_, bob_;
};

TEST_P(CustomerTest, StartsInTheFirstStage) {
  const Customer acme = add("ACME Co.", ann_);
  const Reader reader = session().reader();
  const Customer stored = reader.get<Customer>(acme.id);
  EXPECT_EQ(stored.name_key, "acme co.");
  EXPECT_EQ(stored.unit, north_);
  EXPECT_EQ(stored.kind, CustomerKind::organisation);
  const auto stages = customer::lifecycle(reader);
  ASSERT_EQ(stages.size(), 6U);
  EXPECT_EQ(stages[0].name, "subscriber");
  EXPECT_EQ(stages[0].rank, 10);
  EXPECT_EQ(stages[5].name, "customer");
  EXPECT_EQ(stages[5].rank, 60);
  EXPECT_EQ(stored.stage, stages[0].id);
  EXPECT_EQ(stored.highest_stage, stages[0].id);
  const auto rows = reader.list<CustomerStage>();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].from, parse_timestamp("2026-01-01T00:00:00Z"));
  EXPECT_EQ(rows[0].to, kOpenTime);
  EXPECT_EQ(rows[0].cause, MoveCause::automatic);
}

TEST_P(CustomerTest, BelongsToWhoeverAddsIt) {
  Session ann = store().engine->session("ann");
  Work work = ann.work();
  Customer acme;
  acme.name = "Acme";
  customer::create(work, acme);
  work.commit();
  EXPECT_EQ(acme.owner, ann_);
  EXPECT_EQ(acme.unit, north_);
  EXPECT_EQ(add("Nobody's").owner, std::nullopt);  // the administrator is no employee
}

TEST_P(CustomerTest, IsHandedOver) {
  const Customer acme = add("Acme", ann_);
  in_work([&](Work& work) { customer::assign(work, acme.id, bob_); });
  Customer stored = session().reader().get<Customer>(acme.id);
  EXPECT_EQ(stored.owner, bob_);
  EXPECT_EQ(stored.unit, south_);
  EXPECT_EQ(stored.revision, 2);
  Work again = session().work();
  customer::assign(again, acme.id, bob_);
  EXPECT_EQ(again.commit().seq, 0);

  stored.owner = ann_;  // an update that changes the owner takes the unit along as well
  in_work([&](Work& work) { customer::update(work, stored); });
  EXPECT_EQ(session().reader().get<Customer>(acme.id).unit, north_);
  refused([&](Work& work) { customer::assign(work, acme.id, Id{5}); }, Code::not_found);
}

TEST_P(CustomerTest, RightsDecideWhoMayDoWhat) {
  const Customer acme = add("Acme", ann_);
  Session ann = store().engine->session("ann");
  Session bob = store().engine->session("bob");
  EXPECT_TRUE(ann.reader().find<Customer>(acme.id).has_value());
  EXPECT_FALSE(bob.reader().find<Customer>(acme.id).has_value());
  EXPECT_TRUE(bob.reader().list<CustomerStage>().empty());
  refused_for(
      bob, [&](Work& work) { customer::assign(work, acme.id, bob_); }, Code::not_found);
  refused_for(
      bob, [&](Work& work) { customer::set_stage(work, acme.id, "lead", "why"); }, Code::not_found);
  refused_for(
      bob,
      [&](Work& work) {
        Customer hers;
        hers.name = "Hers";
        hers.owner = ann_;
        customer::create(work, hers);
      },
      Code::denied);
  refused_for(
      ann,
      [&](Work& work) {
        LifecycleStage stage;
        stage.name = "evangelist";
        stage.rank = 70;
        customer::configure(work, stage);
      },
      Code::denied);
  {
    Work work = ann.work();
    customer::advance(work, acme.id, "lead");
    Contact contact;
    contact.customer = acme.id;
    contact.name = "Wile E.";
    customer::create(work, contact);
    work.commit();
  }
  EXPECT_TRUE(bob.reader().list<Contact>().empty());
  EXPECT_EQ(ann.reader().list<Contact>().size(), 1U);
  refused_for(
      bob,
      [&](Work& work) {
        Contact contact;
        contact.customer = acme.id;
        contact.name = "Spy";
        customer::create(work, contact);
      },
      Code::not_found);
  {
    Work work = ann.work();  // giving away is allowed, taking back is not
    customer::assign(work, acme.id, bob_);
    work.commit();
  }
  EXPECT_FALSE(ann.reader().find<Customer>(acme.id).has_value());
  EXPECT_EQ(store().engine->session("chief").reader().list<Customer>().size(), 1U);
}

TEST_P(CustomerTest, AnUpdateMayKeepAReferenceTheActorCannotSee) {
  const Customer parent = add("Parent", bob_);
  Customer child = add("Child", ann_);
  child.parent = parent.id;
  in_work([&](Work& work) { customer::update(work, child); });
  Session ann = store().engine->session("ann");
  Work work = ann.work();
  Customer mine = work.get<Customer>(child.id);
  mine.sector = "retail";
  customer::update(work, mine);
  work.commit();
  EXPECT_EQ(session().reader().get<Customer>(child.id).parent, parent.id);
  const Customer other = add("Other", bob_);
  refused_for(
      ann,
      [&](Work& again) {
        mine.parent = other.id;
        customer::update(again, mine);
      },
      Code::invalid);
}

TEST_P(CustomerTest, RefusesBadInputAndChangesNothing) {
  const Customer acme = add("Acme");
  Customer bad;
  bad.stage = bad.highest_stage = acme.stage;
  Error told = refused([&](Work& work) { customer::create(work, bad); }, Code::invalid);
  EXPECT_EQ(told.violations.size(), 2U);
  bad.stage.reset();
  bad.highest_stage.reset();
  bad.founded = 0;
  bad.employees = -1;
  bad.owner = Id{5};
  bad.kind = static_cast<CustomerKind>(9);
  told = refused([&](Work& work) { customer::create(work, bad); }, Code::invalid);
  EXPECT_EQ(told.violations.size(), 5U) << told.what();  // name, kind, owner, founded, employees
  EXPECT_FALSE(bad.id);
  EXPECT_TRUE(bad.name_key.empty());

  Customer changed = session().reader().get<Customer>(acme.id);
  changed.parent = acme.id;
  EXPECT_EQ(refused([&](Work& work) { customer::update(work, changed); }, Code::invalid).field, "parent");
  changed.parent.reset();
  changed.stage.reset();
  EXPECT_EQ(refused([&](Work& work) { customer::update(work, changed); }, Code::invalid).field, "stage");
  Customer stale = acme;
  stale.revision = 7;
  refused([&](Work& work) { customer::update(work, stale); }, Code::conflict);
}

TEST_P(CustomerTest, RefusesRingsOfSubsidiaries) {
  Customer a = add("A"), b = add("B"), c = add("C");
  b.parent = a.id;
  in_work([&](Work& work) { customer::update(work, b); });
  c.parent = b.id;
  in_work([&](Work& work) { customer::update(work, c); });
  a.parent = c.id;
  EXPECT_EQ(refused([&](Work& work) { customer::update(work, a); }, Code::invalid).field, "parent");
}

TEST_P(CustomerTest, ContactsNeedACustomer) {
  Contact contact;
  contact.name = "Wile";
  EXPECT_EQ(refused([&](Work& work) { customer::create(work, contact); }, Code::invalid).field, "customer");
  contact.customer = Id{5};
  refused([&](Work& work) { customer::create(work, contact); }, Code::not_found);
  contact.customer = add("Acme").id;
  in_work([&](Work& work) { customer::create(work, contact); });
  contact.name = "Wile E. Coyote";
  in_work([&](Work& work) { customer::update(work, contact); });
  EXPECT_EQ(session().reader().get<Contact>(contact.id).name_key, "wile e. coyote");
  contact.customer = Id{5};
  refused([&](Work& work) { customer::update(work, contact); }, Code::not_found);
}

// Rows for both ways of adding them: owned, unowned, with a unit of their own.
std::vector<Customer> sample(Id ann, Id bob, Id south, int count) {
  std::vector<Customer> rows;
  for (int i = 0; i < count; ++i) {
    Customer& row = rows.emplace_back();
    row.name = "Customer  Ｎｏ " + std::to_string(i);
    if (i % 3 == 0) row.owner = ann;
    if (i % 3 == 1) row.owner = bob;
    if (i % 4 == 0) row.unit = south;
    row.source = "list";
    row.external_id = std::to_string(i);
  }
  return rows;
}

TEST_P(CustomerTest, ABatchIsTheSameAsOneByOne) {
  const std::vector<Customer> rows = sample(ann_, bob_, south_, 12);
  Batch batch(entity_of<Customer>());
  for (const Customer& row : rows) store_row(&row, batch);
  in_work([&](Work& work) { customer::create_batch(work, batch); });
  EXPECT_EQ(batch.rows(), rows.size());
  in_work([&](Work& work) {
    for (Customer row : rows) {
      row.source = "single";
      customer::create(work, row);
    }
  });
  const Reader reader = session().reader();
  const auto list = [&](std::string_view source) {
    return reader.list<Customer>(
        {.conditions = {equals(entity_of<Customer>(), "source", source)}, .order = {"external_id"}});
  };
  const auto in_batch = list("list"), single = list("single");
  ASSERT_EQ(in_batch.size(), rows.size());
  ASSERT_EQ(single.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(in_batch[i].name, single[i].name);
    EXPECT_EQ(in_batch[i].name_key, single[i].name_key);
    EXPECT_EQ(in_batch[i].owner, single[i].owner);
    EXPECT_EQ(in_batch[i].unit, single[i].unit);
    EXPECT_EQ(in_batch[i].stage, single[i].stage);
    EXPECT_EQ(in_batch[i].highest_stage, single[i].highest_stage);
    EXPECT_EQ(in_batch[i].revision, 1);
  }
  const auto stays = reader.list<CustomerStage>();
  EXPECT_EQ(stays.size(), 2 * rows.size());
  for (const CustomerStage& stay : stays) EXPECT_EQ(stay.cause, MoveCause::automatic);
}

TEST_P(CustomerTest, ABatchOwnedByTheActor) {
  Session ann = store().engine->session("ann");
  Batch batch(entity_of<Customer>());
  for (const Customer& row : sample(ann_, ann_, south_, 5)) store_row(&row, batch);
  Work work = ann.work();
  customer::create_batch(work, batch);
  work.commit();
  for (const Customer& row : session().reader().list<Customer>()) EXPECT_EQ(row.owner, ann_);
}

TEST_P(CustomerTest, ABrokenRowLeavesNothingOfItsBatch) {
  std::vector<Customer> rows = sample(ann_, bob_, south_, 5);
  const auto batch_of = [&] {
    Batch batch(entity_of<Customer>());
    for (const Customer& row : rows) store_row(&row, batch);
    return batch;
  };
  rows[3].name = " ";
  rows[4].owner = Id{5};
  EXPECT_EQ(refused(
                [&](Work& work) {
                  Batch batch = batch_of();
                  customer::create_batch(work, batch);
                },
                Code::invalid)
                .violations.size(),
            2U);
  rows = sample(ann_, bob_, south_, 5);
  rows[4].external_id = "0";  // taken by the first
  refused(
      [&](Work& work) {
        Batch batch = batch_of();
        customer::create_batch(work, batch);
      },
      Code::conflict);
  rows[4].external_id = "4";
  rows[2].stage = add("Acme").stage;
  EXPECT_TRUE(says(refused(
                       [&](Work& work) {
                         Batch batch = batch_of();
                         customer::create_batch(work, batch);
                       },
                       Code::invalid),
                   "row 3"));
  refused(
      [&](Work& work) {
        Batch batch(entity_of<Contact>());
        customer::create_batch(work, batch);
      },
      Code::misuse);
  EXPECT_EQ(session().reader().list<Customer>().size(), 1U);
}

INSTANTIATE_ON_ALL_BACKENDS(CustomerTest);

TEST(CustomerBatch, AsksTheStorageTheSameForFewAndMany) {
  auto storage = std::make_shared<test::CountingStorage>(open_memory());
  const auto clock = std::make_shared<Timestamp>();
  const auto engine = Engine::open(storage, model(), test::test_options(clock));
  Session session = engine->session();
  std::vector<Id> owners;
  {
    Work work = session.work();
    for (int i = 0; i < 20; ++i) {
      Unit unit;
      unit.name = "Unit " + std::to_string(i);
      people::create(work, unit, date(2025, 1, 1));
      Employee employee;
      employee.name = "Employee " + std::to_string(i);
      employee.unit = unit.id;
      owners.push_back(people::create(work, employee));
    }
    work.commit();
  }
  const auto calls = [&](std::size_t rows, const std::string& source) {
    Work work = session.work();
    Batch batch(entity_of<Customer>());
    for (std::size_t i = 0; i < rows; ++i) {
      Customer row;
      row.name = "Customer " + std::to_string(i);
      row.owner = owners[i % owners.size()];
      row.source = source;
      row.external_id = std::to_string(i);
      store_row(&row, batch);
    }
    const test::Calls counted = storage->count([&] { customer::create_batch(work, batch); });
    work.commit();
    return counted;
  };
  calls(2, "warm");
  const test::Calls few = calls(3, "few");
  const test::Calls many = calls(900, "many");
  EXPECT_EQ(few.reads, many.reads);
  EXPECT_EQ(few.writes, many.writes);
  EXPECT_EQ(few.steps, many.steps);
  EXPECT_EQ(many.writes, 2);  // customers and their first stays
  EXPECT_LE(many.total(), 14);
}

// What a Work looked up for one record serves the next, until the Work itself changes it or takes it back.
TEST_P(CustomerTest, OneAfterTheOtherAsksOnceForStageAndUnit) {
  Session session = store().engine->session();
  Work work = session.work();
  const auto next = [&](Work& in) {
    Customer row;
    row.name = "One";
    row.owner = ann_;
    customer::create(in, row);
    return row;
  };
  EXPECT_EQ(next(work).unit, north_);
  {
    Work::Step step(work);
    people::transfer(work, ann_, south_, work.today());
    EXPECT_EQ(next(work).unit, south_);
  }
  EXPECT_EQ(next(work).unit, north_) << "the step was taken back";
  people::transfer(work, ann_, south_, work.today());
  EXPECT_EQ(next(work).unit, south_);
  LifecycleStage stage;
  stage.name = "stranger";
  stage.rank = 1;
  customer::configure(work, stage);
  EXPECT_EQ(next(work).stage, stage.id);
  work.commit();
}

TEST(CustomerCalls, OneAfterTheOtherReadsNothingTwice) {
  auto storage = std::make_shared<test::CountingStorage>(open_memory());
  const auto engine = Engine::open(storage, model(), test::test_options(std::make_shared<Timestamp>()));
  Session session = engine->session();
  Work work = session.work();
  Employee employee;
  employee.name = "Ann";
  const Id ann = people::create(work, employee);
  const auto calls = [&] {
    Customer row;
    row.name = "One";
    row.owner = ann;
    return storage->count([&] { customer::create(work, row); });
  };
  EXPECT_GT(calls().reads, 0);
  EXPECT_EQ(calls().reads, 0);
}

}  // namespace
}  // namespace kith
