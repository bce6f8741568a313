// SPDX-License-Identifier: Apache-2.0
// Archiving the past: what leaves, what stays, and that both halves still prove themselves.
#include "kith/interchange/archive.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kith/engine/erasure.hpp"
#include "kith/engine/feed.hpp"
#include "kith/engine/field_history.hpp"
#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

class Archiving : public test::StoreTest {
 protected:
  std::int64_t seq() { return session().reader().seq(); }

  Id add(const std::string& name) {
    Customer made;
    made.name = name;
    in_work([&](Work& work) { customer::create(work, made); });
    return made.id;
  }
  void rename(Id id, const std::string& name) {
    in_work([&](Work& work) {
      Customer changed = work.get<Customer>(id);
      changed.name = name;
      customer::update(work, changed);
    });
  }
  ArchiveRow archive_until(std::int64_t until, bool force = false) {
    std::ostringstream out;
    const ArchiveRow row = archive(session(), until, out, {.force = force});
    text_ = out.str();
    return row;
  }
  history::Verification held(const std::string& text, const std::optional<history::Anchor>& anchor = {}) {
    std::istringstream in(text);
    return verify_archive(session().reader(), in, anchor);
  }
  void expect_whole() {
    for (const Finding& fault : history::verify(session().reader()).faults) {
      ADD_FAILURE() << fault.entity << ' ' << fault.id.value << ' ' << fault.message;
    }
  }
  std::size_t rows_in_store() {
    std::ostringstream out;
    dump(session().reader(), out);
    const std::string text = out.str();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  std::string text_;
};

TEST_P(Archiving, ThePastLeavesAndThePresentStays) {
  const Id acme = add("Acme");
  for (int i = 0; i < 20; ++i) rename(acme, "Acme " + std::to_string(i));
  const Id other = add("Other");
  const std::int64_t until = seq();
  rename(acme, "Acme now");
  const std::int64_t later = seq();
  rename(acme, "Acme today");
  const auto before_anchor = history::anchor(session().reader({.as_of_seq = until - 5}));
  const auto until_anchor = history::anchor(session().reader({.as_of_seq = until}));
  std::ostringstream then;
  for (const auto& one : session().reader({.as_of_seq = until}).list<Customer>({.order = {"id"}}))
    then << one.name << '\n';
  const std::size_t rows = rows_in_store();
  const ArchiveRow row = archive_until(until);
  EXPECT_EQ(row.until, until);
  EXPECT_LT(rows_in_store(), rows - 40);
  expect_whole();
  EXPECT_TRUE(history::verify(session().reader(), until_anchor).faults.empty());
  auto forged = until_anchor;
  forged.hash.data[3] = static_cast<char>(forged.hash.data[3] ^ 1);
  EXPECT_FALSE(history::verify(session().reader(), forged).faults.empty());
  EXPECT_KITH_ERROR(history::verify(session().reader(), before_anchor), Code::state, "hold the archive against it");

  std::ostringstream again;
  for (const auto& one : session().reader({.as_of_seq = until}).list<Customer>({.order = {"id"}}))
    again << one.name << '\n';
  EXPECT_EQ(again.str(), then.str());
  EXPECT_EQ(session().reader({.as_of_seq = later}).get<Customer>(acme).name, "Acme now");
  EXPECT_KITH_ERROR(session().reader({.as_of_seq = until - 1}), Code::state, "was archived");
  EXPECT_KITH_ERROR(session().reader({.as_of_time = parse_timestamp("2025-01-01T00:00:00Z")}), Code::state, "archived");
  EXPECT_KITH_ERROR(history::changes(session().reader(), 0), Code::state, "go on behind that one");
  EXPECT_EQ(history::changes(session().reader(), row.last_change).size(), 3U);  // two renames, the archive
  EXPECT_EQ(history::versions(session().reader(), entity_of<Customer>(), acme).rows(), 3U);
  const auto names = history::field_values(session().reader(), entity_of<Customer>(), acme, "name");
  ASSERT_EQ(names.size(), 3U);
  EXPECT_TRUE(names.front().by.recorded) << "who wrote what still holds is still known";
  refused([&](Work& work) { history::undo(work, until); }, Code::state);
  in_work([&](Work& work) { history::undo(work, later + 1); });
  EXPECT_EQ(session().reader().get<Customer>(acme).name, "Acme now");
  EXPECT_EQ(session().reader().get<Customer>(other).name, "Other");

  const auto found = held(text_, before_anchor);
  EXPECT_TRUE(found.faults.empty());
  EXPECT_EQ(found.works, until);
  EXPECT_GE(found.versions, 19);
}

TEST_P(Archiving, ArchivesFollowEachOther) {
  const Id acme = add("Acme");
  const Id quiet = add("Quiet");
  std::vector<std::string> texts;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) rename(acme, "Acme " + std::to_string(round * 5 + i));
    if (round == 1) rename(quiet, "Quiet no more");
    archive_until(seq() - 1);
    texts.push_back(text_);
    expect_whole();
  }
  for (const std::string& text : texts) EXPECT_TRUE(held(text).faults.empty());
  EXPECT_EQ(session().reader().list<ArchiveRow>().size(), 3U);
  std::string changed = texts[1];
  changed.replace(changed.find("Acme 6"), 6, "Bcme 6");
  EXPECT_KITH_ERROR(held(changed), Code::corrupt, "was changed or cut");
  EXPECT_KITH_ERROR(held(texts[1].substr(0, texts[1].size() / 2)), Code::invalid, "line");
  // With a last line that fits: the chain, the digests and the store's own row tell.
  const auto start = changed.rfind("{\"rows\"");
  const std::string body = changed.substr(0, start);
  std::string sealed = changed;
  const auto at = sealed.find("\"sha256\":\"", start) + 10;
  sealed.replace(at, 64, to_hex(sha256(body)));
  const auto found = held(sealed);
  ASSERT_EQ(found.faults.size(), 2U);
  EXPECT_EQ(found.faults[0].entity, "customer_history");
  EXPECT_EQ(found.faults[1].entity, "archive");
}

TEST_P(Archiving, RemovedErasedAndPurgedRecordsStayProven) {
  const Id kept = add("Kept Person");
  const Id erased = add("Erased Person");
  const Id removed = add("Removed");
  const Id purged = add("Purged");
  rename(erased, "Erased Person Two");
  rename(kept, "Kept Person Two");
  in_work([&](Work& work) { work.remove<Customer>(removed, work.get<Customer>(removed).revision); });
  in_work([&](Work& work) { work.remove<Customer>(purged, work.get<Customer>(purged).revision); });
  in_work([&](Work& work) { history::purge(work, entity_of<Customer>(), purged); });
  in_work([&](Work& work) { history::erase_person(work, entity_of<Customer>(), erased); });
  archive_until(seq());
  EXPECT_TRUE(held(text_).faults.empty());
  EXPECT_EQ(text_.find("Erased Person"), std::string::npos);
  expect_whole();
  refused([&](Work& work) { history::restore(work, entity_of<Customer>(), removed); }, Code::not_found);
  in_work([&](Work& work) { history::erase_person(work, entity_of<Customer>(), kept); });
  expect_whole();
  rename(erased, "Somebody New");
  in_work([&](Work& work) { work.remove<Customer>(erased, work.get<Customer>(erased).revision); });
  archive_until(seq());
  EXPECT_TRUE(held(text_).faults.empty());
  expect_whole();
  add("Later");
  archive_until(seq());
  expect_whole();
}

TEST_P(Archiving, NothingThatIsCountedOnLeavesWithoutForce) {
  in_work([&](Work& work) { history::subscribe(work, "mail"); });
  add("Acme");
  const std::int64_t until = seq();
  std::ostringstream out;
  EXPECT_KITH_ERROR(archive(session(), until, out), Code::state, "consumer 'mail' has read to change 0");
  in_work([&](Work& work) { history::acknowledge(work, "mail", history::unread(work, "mail").next); });
  in_work([&](Work& work) { history::set_retention(work, 30); });
  EXPECT_EQ(history::retention(session().reader()), 30);
  EXPECT_KITH_ERROR(archive(session(), until, out), Code::state, "30 days");
  store().set_clock("2026-02-15T00:00:00Z");
  add("Later");
  archive_until(until);
  EXPECT_KITH_ERROR(archive(session(), seq() - 1, out), Code::state, "consumer 'mail'");
  EXPECT_KITH_ERROR(archive(session(), until, out), Code::invalid, "give a work from");
  EXPECT_KITH_ERROR(archive(session(), seq() + 1, out), Code::invalid, "give a work from");
  archive_until(seq() - 1, true);
  EXPECT_KITH_ERROR(history::unread(session().reader(), "mail"), Code::state, "archived");
  in_work([&](Work& work) { history::rewind(work, "mail", history::last_archive(work)->last_change); });
  EXPECT_FALSE(history::unread(session().reader(), "mail").changes.empty());
  in_work([&](Work& work) { access::add_principal(work, "boss", {}, {"manager"}); });
  Session boss = store().engine->session("boss");
  EXPECT_KITH_ERROR(archive(boss, seq(), out), Code::denied, "administer");
}

TEST_P(Archiving, AnIdempotencyKeyOutlivesItsWork) {
  {
    Work work = session().work({.key = "order 1", .payload = "x"});
    Customer made;
    made.name = "Once";
    customer::create(work, made);
    work.commit("first");
  }
  add("More");
  archive_until(seq());
  Work again = session().work({.key = "order 1", .payload = "x"});
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.receipt().result, "first");
}

TEST_P(Archiving, ADumpOfAnArchivedStoreIsAStore) {
  const Id acme = add("Acme");
  rename(acme, "Acme Two");
  archive_until(seq());
  std::stringstream text;
  dump(session().reader(), text);
  const test::TemporaryFile file;
  load(text, "sqlite:" + file.path(), model());
  auto copy = open("sqlite:" + file.path());
  EXPECT_EQ(to_hex(state_digest(copy->session())), to_hex(state_digest(session())));
  EXPECT_TRUE(history::verify(copy->session().reader()).faults.empty());
}

TEST_P(Archiving, AFileThatCannotBeWrittenLeavesTheStoreAsItWas) {
  add("Acme");
  const std::string before = to_hex(state_digest(session()));
  EXPECT_KITH_ERROR(archive_file(session(), seq(), "/nowhere/at/all.jsonl"), Code::storage, "cannot make");
  const test::TemporaryFile file;
  std::ofstream(file.path()) << "mine";
  EXPECT_KITH_ERROR(archive_file(session(), seq(), file.path()), Code::conflict, "is there already");
  EXPECT_EQ(to_hex(state_digest(session())), before);
  std::filesystem::remove(file.path());
  archive_file(session(), seq(), file.path());
  EXPECT_TRUE(verify_archive_file(session().reader(), file.path()).faults.empty());
  expect_whole();
}

INSTANTIATE_ON_ALL_BACKENDS(Archiving);

}  // namespace
}  // namespace kith
