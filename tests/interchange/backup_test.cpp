// SPDX-License-Identifier: Apache-2.0
// R18: a copy taken while others write is some commit's state, whole, or there is no file.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "kith/interchange/files.hpp"
#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

class BackupTest : public test::StoreTest {};

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void add(Session& session, int number) {
  Work work = session.work();
  for (int i = 0; i < 3; ++i) {
    Customer customer{.name = "客户 " + std::to_string(number) + "/" + std::to_string(i)};
    customer::create(work, customer);
  }
  work.commit();
}

TEST_P(BackupTest, IsAnEqualStoreInAFileOfItsOwn) {
  add(session(), 1);
  const test::TemporaryFile copy;
  backup(session(), copy.path());
  const auto engine = open("sqlite:" + copy.path(), {.storage = {.create = false}});
  Session copied = engine->session();
  EXPECT_EQ(to_hex(state_digest(copied)), to_hex(state_digest(session())));
  EXPECT_TRUE(check(copied).empty());
  add(copied, 2);  // and can be worked in
  EXPECT_TRUE(check(copied).empty());
}

TEST_P(BackupTest, LeavesNoFileWhenItFails) {
  add(session(), 1);
  const test::TemporaryFile copy;
  EXPECT_KITH_ERROR(backup(session(), copy.path() + "/no/such/folder"), Code::storage, "");
  EXPECT_FALSE(std::filesystem::exists(copy.path()));
  backup(session(), copy.path());
  const auto size = std::filesystem::file_size(copy.path());
  EXPECT_KITH_ERROR(backup(session(), copy.path()), Code::state, "new name");
  EXPECT_EQ(std::filesystem::file_size(copy.path()), size);
  EXPECT_FALSE(std::filesystem::exists(copy.path() + ".part"));
  EXPECT_FALSE(std::filesystem::exists(copy.path() + ".part.jsonl"));
}

TEST_P(BackupTest, TakesNoLogOfAnEarlierStoreForItsOwn) {
  add(session(), 1);
  const test::TemporaryFile copy;
  const std::string log = copy.path() + "-wal";
  std::ofstream(log) << "left behind";
  EXPECT_KITH_ERROR(backup(session(), copy.path()), Code::state, "-wal");
  EXPECT_FALSE(std::filesystem::exists(copy.path()));
  std::filesystem::remove(log);
  backup(session(), copy.path());
  EXPECT_EQ(to_hex(state_digest(open("sqlite:" + copy.path())->session())), to_hex(state_digest(session())));
}

TEST_P(BackupTest, NeedsAnAdministrator) {
  add(session(), 1);
  Work work = session().work();
  Unit company{.name = "Company"};
  people::create(work, company, work.today());
  Employee anna{.name = "Anna", .unit = company.id, .hired_on = work.today()};
  people::create(work, anna);
  access::add_principal(work, "anna", anna.id, std::vector<std::string>{"seller"});
  work.commit();
  const test::TemporaryFile copy;
  EXPECT_KITH_ERROR(backup(session().engine().session("anna"), copy.path()), Code::denied, "administer");
  EXPECT_FALSE(std::filesystem::exists(copy.path()));
}

TEST_P(BackupTest, CsvFilesTakeThePlaceOfOldOnesOnlyWhole) {
  add(session(), 1);
  const test::TemporaryFile file;
  std::ofstream(file.path()) << "old";
  const Reader reader = session().reader();
  const Entity& entity = entity_of<Customer>();
  const Query query{.order = {"name"}, .fields = {"name"}};
  EXPECT_KITH_ERROR(export_csv_file(reader, entity, {.where = "nme = 'x'"}, file.path()), Code::invalid, "name");
  EXPECT_EQ(content_of(file.path()), "old");
  EXPECT_EQ(export_csv_file(reader, entity, query, file.path()), 3);
  EXPECT_EQ(content_of(file.path()), "name\n客户 1/0\n客户 1/1\n客户 1/2\n");
  EXPECT_EQ(export_csv_file(reader, entity, {.where = "name = 'none'", .fields = {"name"}}, file.path()), 0);
  EXPECT_EQ(content_of(file.path()), "name\n");
}

INSTANTIATE_ON_ALL_BACKENDS(BackupTest);

TEST(Backup, R18UnderLoadIsTheStateOfSomeCommit) {
  const test::TemporaryFile file;
  test::TestStore store = test::open_test_store("sqlite:" + file.path());
  std::map<std::int64_t, std::string> digests;  // after each commit; of the writer until it has ended
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    Session session = store.engine->session();
    for (int i = 0; !stop; ++i) {
      add(session, i);
      digests[session.reader().seq()] = to_hex(state_digest(session));
    }
  });
  constexpr int kCopies = 10;
  std::vector<test::TemporaryFile> copies(kCopies);
  for (const test::TemporaryFile& copy : copies) {
    const std::int64_t before = store.session.reader().seq();
    while (store.session.reader().seq() == before) std::this_thread::yield();
    backup(store.session, copy.path());
  }
  stop = true;
  writer.join();
  for (const test::TemporaryFile& copy : copies) {
    const auto engine = open("sqlite:" + copy.path(), {.storage = {.create = false}});
    Session copied = engine->session();
    EXPECT_TRUE(check(copied).empty());
    const std::int64_t seq = copied.reader().seq();
    const auto found = digests.find(seq);
    ASSERT_NE(found, digests.end()) << "no commit " << seq;
    EXPECT_EQ(to_hex(state_digest(copied)), found->second) << "commit " << seq;
  }
}

}  // namespace
}  // namespace kith
