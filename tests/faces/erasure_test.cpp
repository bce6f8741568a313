// SPDX-License-Identifier: Apache-2.0
// Erasing persons: from the present, the past, dumps and the bytes of the file.
#include "kith/engine/erasure.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

constexpr std::string_view kName = "Xaviera Quillfeather";
constexpr std::string_view kMail = "xaviera@quillfeather.example";

class Erasing : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      acme_.name = "Acme";
      customer::create(work, acme_);
      person_.customer = acme_.id;
      person_.name = kName;
      person_.email = kMail;
      customer::create(work, person_);
    });
    in_work([&](Work& work) {
      person_.role = "buyer";
      customer::update(work, person_);
    });
  }

  history::Erasure erase(const Entity& entity, Id id) {
    history::Erasure erased;
    in_work([&](Work& work) { erased = history::erase_person(work, entity, id); });
    return erased;
  }
  std::string dumped() {
    std::ostringstream text;
    dump(session().reader(), text);
    return text.str();
  }
  void expect_whole() {
    const auto found = history::verify(session().reader());
    for (const Finding& fault : found.faults) ADD_FAILURE() << fault.entity << ' ' << fault.message;
  }

  Customer acme_;
  Contact person_;
};

TEST_P(Erasing, TakesEveryVersionAndLeavesTheRest) {
  const std::int64_t before = session().reader().seq();
  EXPECT_NE(dumped().find(kName), std::string::npos);
  const auto erased = erase(entity_of<Contact>(), person_.id);
  ASSERT_EQ(erased.fields.size(), 3U);
  EXPECT_EQ(erased.fields[0].field, "name");
  EXPECT_EQ(erased.fields[0].versions, 2);
  EXPECT_EQ(erased.fields[2].field, "email");
  EXPECT_TRUE(erased.remainders.empty());
  const Reader reader = session().reader();
  const Contact now = reader.get<Contact>(person_.id);
  EXPECT_EQ(now.name, history::kErased);
  EXPECT_FALSE(now.email);
  EXPECT_EQ(now.role, "buyer");
  EXPECT_EQ(now.customer, acme_.id);
  EXPECT_EQ(session().reader({.as_of_seq = before}).get<Contact>(person_.id).name, history::kErased);
  const auto versions = history::versions<Contact>(reader, person_.id);
  ASSERT_EQ(versions.size(), 3U);
  for (const auto& version : versions) EXPECT_EQ(version.record.name, history::kErased);
  EXPECT_EQ(dumped().find(kName), std::string::npos);
  EXPECT_EQ(dumped().find(kMail), std::string::npos);
  expect_whole();
  const auto found = history::verify(reader);
  ASSERT_EQ(found.erasures.size(), 1U);
  EXPECT_EQ(found.erasures[0].message, "erased by work " + std::to_string(before + 1));
  for (const ChangeRow& change : history::changes(reader, 0)) {
    if (change.record == person_.id) {
      EXPECT_EQ(change.salt.data.empty(), change.kind != ChangeKind::erased);
    }
  }
}

TEST_P(Erasing, TheRecordLivesOnAndIsErasedAgain) {
  erase(entity_of<Contact>(), person_.id);
  EXPECT_TRUE(test::says(
      refused([&](Work& work) { history::erase_person(work, entity_of<Contact>(), person_.id); }, Code::state),
      "no personal value"));
  in_work([&](Work& work) {
    Contact again = work.get<Contact>(person_.id);
    again.name = "Somebody New";
    customer::update(work, again);
  });
  expect_whole();
  const auto erased = erase(entity_of<Contact>(), person_.id);
  EXPECT_EQ(erased.fields.front().versions, 1);
  expect_whole();
  in_work([&](Work& work) { work.remove<Contact>(person_.id, work.get<Contact>(person_.id).revision); });
  in_work([&](Work& work) { history::restore(work, entity_of<Contact>(), person_.id); });
  expect_whole();
  EXPECT_EQ(session().reader().get<Contact>(person_.id).name, history::kErased);
}

TEST_P(Erasing, ReachesARemovedRecordAndUndoBringsNothingBack) {
  std::int64_t removed = 0;
  {
    Work work = session().work();
    work.remove<Contact>(person_.id, person_.revision);
    removed = work.commit().seq;
  }
  EXPECT_EQ(erase(entity_of<Contact>(), person_.id).fields.front().versions, 2);
  expect_whole();
  in_work([&](Work& work) { history::undo(work, removed); });
  EXPECT_EQ(session().reader().get<Contact>(person_.id).name, history::kErased);
  EXPECT_EQ(dumped().find(kName), std::string::npos);
  expect_whole();
}

TEST_P(Erasing, NamesWhatIsLeft) {
  in_work([&](Work& work) {
    Customer note = work.get<Customer>(acme_.id);
    note.sector = "known to " + std::string(kName);
    customer::update(work, note);
  });
  {
    Work work = session().work({.cause = "call " + std::string(kName)});
    Customer other;
    other.name = "Other";
    customer::create(work, other);
    work.commit();
  }
  const auto erased = erase(entity_of<Contact>(), person_.id);
  ASSERT_EQ(erased.remainders.size(), 2U);
  EXPECT_EQ(erased.remainders[0].entity, "work");
  EXPECT_EQ(erased.remainders[1].entity, "customer");
  EXPECT_EQ(erased.remainders[1].field, "sector");
  const auto organisation = erase(entity_of<Customer>(), acme_.id);
  ASSERT_FALSE(organisation.remainders.empty());
  EXPECT_EQ(organisation.remainders[0].entity, "contact");
  EXPECT_EQ(organisation.remainders[0].id, person_.id);
  expect_whole();
}

TEST_P(Erasing, IsRefusedWithItsReason) {
  refused([&](Work& work) { history::erase_person(work, entity_of<Contact>(), {99}); }, Code::not_found);
  EXPECT_TRUE(
      test::says(refused([&](Work& work) { history::erase_person(work, entity_of<Product>(), {99}); }, Code::invalid),
                 "no personal fields"));
  in_work([&](Work& work) { access::add_principal(work, "boss", {}, {"manager"}); });
  Session boss = store().engine->session("boss");
  refused_for(
      boss, [&](Work& work) { history::erase_person(work, entity_of<Contact>(), person_.id); }, Code::denied);
  EXPECT_KITH_ERROR(history::scrub(boss), Code::denied, "administer");
  Work work = session().work();
  person_.role = "boss";
  customer::update(work, person_);
  EXPECT_KITH_ERROR(history::erase_person(work, entity_of<Contact>(), person_.id), Code::conflict, "in one of its own");
}

TEST_P(Erasing, IsTheLastWordOfItsWorkOnTheRecord) {
  Work work = session().work();
  history::erase_person(work, entity_of<Contact>(), person_.id);
  Contact again = work.get<Contact>(person_.id);
  again.name = "Back again";
  EXPECT_KITH_ERROR(customer::update(work, again), Code::conflict, "write it in another");
  EXPECT_KITH_ERROR(work.commit(), Code::misuse, "");
}

INSTANTIATE_ON_ALL_BACKENDS(Erasing);

/// Every byte of the file and of what stands beside it.
std::string bytes_beside(const std::string& path) {
  std::string bytes;
  for (const char* end : {"", "-wal", "-journal"}) {
    std::ifstream file(path + end, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    bytes += text.str();
  }
  return bytes;
}

TEST(ErasingAFile, LeavesNoByteBehind) {
  const test::TemporaryFile file;
  auto store = test::open_test_store("sqlite:" + file.path());
  std::vector<Id> people;
  {
    Work work = store.session.work();
    Customer acme;
    acme.name = "Acme";
    customer::create(work, acme);
    for (int i = 0; i < 200; ++i) {  // over several pages, and with their neighbours moved about
      Contact person;
      person.customer = acme.id;
      person.name = std::string(kName) + " " + std::to_string(i);
      person.email = "x" + std::to_string(i) + std::string(kMail);
      customer::create(work, person);
      people.push_back(person.id);
    }
    work.commit();
  }
  for (const Id id : people) {
    Work work = store.session.work();
    Contact person = work.get<Contact>(id);
    person.phone = "+00 " + std::string(kMail);
    customer::update(work, person);
    work.commit();
  }
  for (const Id id : people) {
    Work work = store.session.work();
    history::erase_person(work, entity_of<Contact>(), id);
    work.commit();
  }
  EXPECT_NE(bytes_beside(file.path()).find("quillfeather"), std::string::npos) << "the test could not fail";
  {
    const Reader old = store.session.reader();
    EXPECT_KITH_ERROR(history::scrub(store.session), Code::busy, "");
  }
  EXPECT_FALSE(history::scrub(store.session).empty());
  for (const std::string_view text : {kName, kMail, std::string_view("quillfeather"), std::string_view("xaviera")}) {
    EXPECT_EQ(bytes_beside(file.path()).find(text), std::string::npos) << text;
  }
  EXPECT_TRUE(check(store.session).empty());
  EXPECT_EQ(store.session.reader().list<Contact>().size(), people.size());
}

}  // namespace
}  // namespace kith
