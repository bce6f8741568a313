// SPDX-License-Identifier: Apache-2.0
/// \file
/// A fault at every call of a piece of work: afterwards all of it is there, or nothing.

#include "storage/contract.hpp"
#include "storage/faulty_storage.hpp"
#include "support/expect_error.hpp"

namespace kith_test {

using kith::Access;
using kith::Code;
using kith::Id;

namespace {

/// A piece of work of several writes on the given store; returns whether it was acknowledged.
bool do_work(kith::Storage& storage) {
  try {
    const auto connection = storage.connect();
    const auto transaction = connection->begin(Access::write);
    transaction->insert(sample(), batch_of({make_sample(10), make_sample(11)}));
    transaction->savepoint();
    Sample changed = make_sample(1);
    changed.revision = 2;
    const std::int64_t revision[] = {1};
    transaction->update(sample(), batch_of({changed}), revision);
    const Id ids[] = {{2}};
    transaction->erase(sample(), ids);
    transaction->release();
    transaction->commit();
    return true;
  } catch (const kith::Error& error) {
    EXPECT_EQ(error.code, Code::storage) << error.what();
    return false;
  }
}

TEST(Faults, AFaultAtEveryCallLeavesAllOrNothing) {
  Sample changed = make_sample(1);
  changed.revision = 2;
  const std::vector<Sample> before = {make_sample(1), make_sample(2)};
  const std::vector<Sample> after = {changed, make_sample(10), make_sample(11)};
  std::int64_t total = 0;
  for (const auto when : {Faults::When::before, Faults::When::after}) {
    for (const bool dead : {false, true}) {
      bool through = false;
      for (std::int64_t k = 1; !through; ++k) {
        const TempDir directory;
        const std::string url = directory.file("store.kith");
        {
          const auto storage = kith::open_storage(url);
          storage->prepare(sample_entities());
          const auto connection = storage->connect();
          const auto transaction = connection->begin(Access::write);
          transaction->insert(sample(), batch_of(before));
          transaction->commit();
        }
        const auto faults = std::make_shared<Faults>();
        faults->fail(k, dead, when);
        bool acknowledged = false;
        {
          FaultyStorage storage(kith::open_storage(url), faults);
          acknowledged = do_work(storage);
        }
        through = faults->failures == 0;
        const auto storage = kith::open_storage(url);
        storage->prepare(sample_entities());
        EXPECT_TRUE(storage->damage().empty());
        const auto connection = storage->connect();
        const auto left = all_samples(*connection->begin(Access::read));
        if (acknowledged) {
          EXPECT_EQ(left, after) << k;
        } else if (faults->log.back().operation == "commit" && when == Faults::When::after) {
          EXPECT_EQ(left, after) << "the commit came through, though nobody was told";
        } else {
          EXPECT_EQ(left, before) << k;
        }
        ++total;
      }
    }
  }
  EXPECT_EQ(total, 4 * 9);
}

TEST(Faults, CallsAreCountedByKind) {
  const auto faults = std::make_shared<Faults>();
  FaultyStorage storage(kith::open_memory(), faults);
  storage.prepare(sample_entities());
  const auto connection = storage.connect();
  const auto transaction = connection->begin(Access::write);
  transaction->insert(sample(), batch_of({make_sample(1), make_sample(2)}));
  EXPECT_EQ(all_samples(*transaction).size(), 2U);
  transaction->commit();
  EXPECT_EQ(faults->called("insert", "sample"), 1);
  EXPECT_EQ(faults->called("insert", "note"), 0);
  EXPECT_EQ(faults->called("commit"), 1);
  EXPECT_EQ(faults->called("next"), 2);
  EXPECT_EQ(faults->log[3].rows, 2U);
  EXPECT_EQ(faults->calls, 8);
  faults->count = Faults::Count::writes;
  faults->fail(2);
  const auto second = connection->begin(Access::write);
  EXPECT_EQ(all_samples(*second).size(), 2U);
  EXPECT_KITH_ERROR(second->insert(sample(), batch_of({make_sample(3)})), Code::storage, "call 2 (insert)");
  EXPECT_NO_THROW(second->commit());
}

}  // namespace
}  // namespace kith_test
