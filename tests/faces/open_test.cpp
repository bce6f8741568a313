// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>

#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

TEST(Open, FoundsAStoreOnce) {
  const test::TemporaryFile file;
  Id acme;
  {
    test::TestStore store = test::open_test_store(file.path());
    Work work = store.session.work({.cause = "first customer"});
    Customer customer;
    customer.name = "Acme";
    acme = customer::create(work, customer);
    work.commit();
  }
  test::TestStore store = test::open_test_store(file.path());
  const Reader reader = store.session.reader();
  EXPECT_EQ(reader.get<Customer>(acme).name, "Acme");
  EXPECT_EQ(customer::lifecycle(reader).size(), 6U);
  EXPECT_TRUE(reader.list<Pipeline>().empty());
  EXPECT_TRUE(check(store.session).empty());
}

// A record of any entity that was only just made is refused or good, never half written.
TEST(Open, GenericVerbsTakeEmptyRecords) {
  test::TestStore store = test::open_test_store("memory:");
  for (const Area* area : model().areas()) {
    for (const RecordVerbs& verbs : area->verbs) {
      const Entity& entity = model().entity(verbs.entity);
      const std::unique_ptr<void, void (*)(void*)> record(entity.make(), entity.destroy);
      for (const auto verb : {verbs.create == nullptr ? 0 : 1, verbs.update == nullptr ? 0 : 2}) {
        if (verb == 0) continue;
        Work work = store.session.work();
        const auto call = [&] {
          verb == 1 ? static_cast<void>(verbs.create(work, record.get())) : verbs.update(work, record.get());
        };
        EXPECT_THROW(call(), Error) << verbs.entity;
        EXPECT_EQ(work.commit().seq, 0) << verbs.entity;
      }
    }
  }
}

TEST(Open, SpeaksOfNearNames) {
  test::TestStore store = test::open_test_store("memory:");
  EXPECT_KITH_ERROR(store.engine->session("locla"), Code::not_found, "Did you mean local?");
  EXPECT_KITH_ERROR(model().entity("oportunity"), Code::invalid, "opportunity");
}

}  // namespace
}  // namespace kith
