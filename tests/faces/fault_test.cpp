// SPDX-License-Identifier: Apache-2.0
// AX2: storage fails at each point of a batch, once and for good; afterwards the store holds all of it or none, and
// nothing that `check` could find.
#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "storage/faulty_storage.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using kith_test::Faults;
using kith_test::FaultyStorage;

Options still_options() {
  auto clock = std::make_shared<Timestamp>();
  Options options = test::test_options(clock);
  options.random = seeded_random(3);
  return options;
}

/// A team and a pipeline to work on.
void prepare(Session& session) {
  Work work = session.work({.cause = "shop"});
  Unit team{.name = "Team"};
  people::create(work, team, parse_date("2025-01-01"));
  Employee seller{.name = "Ann", .unit = team.id, .hired_on = parse_date("2025-01-01")};
  people::create(work, seller);
  Pipeline pipeline{.name = "Standard"};
  std::vector<Stage> stages = {{.name = "Talk", .position = 1, .probability = {5, 1}}};
  sales::create(work, pipeline, stages);
  incentive::add_plan(work, R"({"format": "kith.plan/1", "name": "p", "version": 1, "currency": "USD",
    "calendar": "calendar", "interval": "quarter", "valid": {"from": "2025-01-01"},
    "rounding": {"mode": "half_up", "point": "telescoped"}, "order": ["date", "sequence", "id"],
    "credit": {"role": "primary", "base": "amount", "split": "from_event"},
    "components": [{"name": "c", "accumulate": "interval", "negative": "first_tier",
      "tiers": {"mode": "flat", "bands": [{"from": "0", "rate": "0.05"}]}}]})");
  PlanAssignment assignment{.plan = "p", .unit = team.id, .from = parse_date("2025-01-01")};
  incentive::assign(work, assignment);
  work.commit();
}

/// One Work over many tables: a bulk of customers, deals that are moved, split and won, commission on them.
void batch(Session& session) {
  Work work = session.work({.cause = "batch"});
  const Id seller = work.list<Employee>().front().id;
  Batch customers(entity_of<Customer>());
  for (const char* name : {"Acme", "宏达"}) {
    const Customer customer{.name = name, .owner = seller};
    store_row(&customer, customers);
  }
  customer::create_batch(work, customers);
  const Id acme{customers.columns[kIdField].word(0)};
  customer::advance(work, acme, "lead");
  Opportunity deal{.title = "Big", .customer = acme, .owner = seller, .amount = Amount{100'000}};
  sales::create(work, deal);
  sales::set_splits(work, deal.id, {{seller, {1, 0}}});
  sales::win(work, deal.id, parse_date("2026-01-01"), "price");
  incentive::run(work, "2026-Q1");
  work.commit();
}

std::string digest(const std::shared_ptr<Storage>& storage) {
  auto engine = Engine::open(storage, model(), still_options());
  Session session = engine->session();
  for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
  return to_hex(state_digest(session));
}

class FaultTest : public testing::TestWithParam<const char*> {
 protected:
  /// A prepared store behind a wrapper that counts and fails.
  std::shared_ptr<Storage> fresh() {
    file_ = std::make_unique<test::TemporaryFile>();
    auto inner = std::string_view(GetParam()) == "memory" ? open_memory() : open_sqlite(file_->path());
    auto engine = Engine::open(inner, model(), still_options());
    Session session = engine->session();
    prepare(session);
    return inner;
  }

  std::unique_ptr<test::TemporaryFile> file_;
};

TEST_P(FaultTest, AX2ABatchIsThereWholeOrNotAtAll) {
  auto faults = std::make_shared<Faults>();
  const auto run = [&](const std::shared_ptr<Storage>& inner, std::int64_t fail_at, bool for_good) {
    faults->reset();  // opening is not the batch
    auto engine = Engine::open(std::make_shared<FaultyStorage>(inner, faults), model(), still_options());
    Session session = engine->session();
    faults->count = Faults::Count::writes;
    if (fail_at > 0) {
      faults->fail(fail_at, for_good);
    } else {
      faults->reset();
    }
    batch(session);
  };
  auto inner = fresh();
  const std::string before = digest(inner);
  run(inner, 0, false);
  const std::int64_t points = faults->calls;
  const std::string after = digest(inner);
  ASSERT_NE(before, after);
  ASSERT_GT(points, 15) << "a batch has many points to fail at";
  for (std::int64_t point = 1; point <= points; ++point) {
    for (const bool for_good : {false, true}) {
      inner = fresh();
      EXPECT_THROW(run(inner, point, for_good), Error) << "point " << point;
      EXPECT_EQ(digest(inner), before) << "point " << point << (for_good ? ", for good" : ", once");
    }
  }
  run(inner, 0, false);
  EXPECT_EQ(digest(inner), after) << "and after a failure the same batch goes through";
}

INSTANTIATE_TEST_SUITE_P(On, FaultTest, testing::Values("memory", "sqlite"), test::backend_name);

}  // namespace
}  // namespace kith
