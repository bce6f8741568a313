// SPDX-License-Identifier: Apache-2.0
// Servers that are something else than alone and healthy: a standby, a primary that dies, a disk that is full.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef KITH_POSTGRES

#include <algorithm>
#include <chrono>
#include <thread>

#include "kith/interchange/dump.hpp"
#include "support/expect_error.hpp"
#include "support/pair_work.hpp"
#include "support/postgres_host.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using test::Host;
using test::PostgresServer;

std::string digest_of(Engine& engine) { return to_hex(state_digest(engine.session())); }

/// Waits until `condition` holds; false after half a minute.
template <class Condition>
bool comes_true(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

TEST(StandbyTest, AStandbyReadsRefusesWorksAndTakesOverWithEveryAcknowledgedOne) {
  PostgresServer primary;
  if (!primary.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << primary.fault();
  auto engine = open(primary.url(), test::patient_options());
  {
    Session session = engine->session();
    test::run_pair(session, "before");
  }
  PostgresServer standby({.primary = primary.socket_folder()});
  ASSERT_EQ(standby.fault(), "");
  // Reads see what the primary had; works are refused, and where to go is told.
  const std::string digest = digest_of(*engine);
  auto replica = open(standby.url(), test::patient_options());
  EXPECT_TRUE(comes_true([&] { return digest_of(*replica) == digest; })) << "the standby does not follow";
  {
    Session session = replica->session();
    test::expect_whole(session, 2);
    EXPECT_KITH_ERROR(session.work({.cause = "x"}), Code::storage, "target_session_attrs=read-write");
    EXPECT_KITH_ERROR(open(standby.url() + "&kith_tenant=2"), Code::storage, "read-only");
    const std::vector<std::string> told = replica->storage().describe();
    EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const std::string& line) {
      return line.starts_with("a standby: it reads");
    })) << "doctor";
    EXPECT_KITH_ERROR(open(standby.url() + "&target_session_attrs=read-write"), Code::storage, "cannot connect");
  }
  // Rows of a table without a log are on the primary alone.
  Host unlogged(primary.url());
  EXPECT_EQ(unlogged("ALTER TABLE kith.customer SET UNLOGGED"), "");
  EXPECT_TRUE(comes_true([&] { return !replica->storage().damage().empty(); }));
  Session reading = replica->session();
  EXPECT_KITH_ERROR(check(reading), Code::storage, "ALTER TABLE \"kith\".\"customer\" SET LOGGED");
  EXPECT_EQ(unlogged("ALTER TABLE kith.customer SET LOGGED"), "");
  EXPECT_TRUE(comes_true([&] { return digest_of(*replica) == digest; }));
  // From here on the primary acknowledges only what the standby has.
  Host admin(primary.url());
  EXPECT_EQ(admin("ALTER SYSTEM SET synchronous_standby_names = '*'"), "");
  admin("SELECT pg_reload_conf()");
  EXPECT_TRUE(comes_true([&] { return admin("SELECT sync_state FROM pg_stat_replication") == "sync"; }));
  auto both = open("postgresql://postgres@/postgres?host=" + primary.socket_folder() + "," + standby.socket_folder() +
                       "&target_session_attrs=read-write",
                   test::patient_options());
  Session session = both->session();
  for (int i = 0; i < 20; ++i) test::run_pair(session, "primary " + std::to_string(i));
  primary.kill();
  std::thread promotion([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(Host(standby.url())("SELECT pg_promote()"), "t");
  });
  test::run_pair(session, "over the change");
  promotion.join();
  for (int i = 0; i < 20; ++i) test::expect_once(session.reader(), "primary " + std::to_string(i));
  test::expect_once(session.reader(), "over the change");
  test::expect_whole(session, 2 * (1 + 20 + 1));
}

/// A small file system in memory, where this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    mounted_ = mount("kith", path().c_str(), "tmpfs", 0, (std::string("mode=0777,size=") + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  std::string path() const { return folder_.file(""); }
  void grow(const char* size) const {
    EXPECT_EQ(mount("kith", path().c_str(), "tmpfs", MS_REMOUNT, (std::string("size=") + size).c_str()), 0);
  }

 private:
  kith_test::TempDir folder_;
  bool mounted_ = false;
};

/// So many that they travel by COPY.
constexpr std::size_t kRows = 600;

/// Adds works of many customers until one fails, and gives its error; what was acknowledged goes into `names`.
Error fill(Session& session, std::vector<std::string>& names) {
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "filling " + std::to_string(names.size());
    try {
      Work work = session.work({.cause = "fill", .key = name, .payload = name});
      Batch rows(entity_of<Customer>());
      for (std::size_t row = 0; row < kRows; ++row) {
        const Customer customer{.name = name + " " + std::to_string(row)};
        store_row(&customer, rows);
      }
      customer::create_batch(work, rows);
      work.commit();
      names.push_back(name);
    } catch (const Error& error) {
      return error;
    }
  }
  return {Code::ok, "the disk is never full"};
}

TEST(FullDiskTest, AFullTablespaceIsToldAndTheStoreIsAsBefore) {
  const SmallDisk disk("6m");
  if (!disk.mounted()) GTEST_SKIP() << "a full disk was not tested: this process may not mount a file system";
  PostgresServer server;
  if (!server.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server.fault();
  const std::string place = disk.path() + "tables";
  ASSERT_EQ(mkdir(place.c_str(), 0700), 0);
  ASSERT_EQ(chown(place.c_str(), server.user(), server.group()), 0);
  Host host(server.url());
  ASSERT_EQ(host("CREATE TABLESPACE small LOCATION '" + place + "'"), "");
  auto engine = open(server.url() + "&options=-c%20default_tablespace%3Dsmall", test::patient_options());
  Session session = engine->session();
  std::vector<std::string> names;
  const Error error = fill(session, names);
  EXPECT_EQ(error.code, Code::storage) << error.what();
  EXPECT_TRUE(test::says(error, "the server's disk is full; free some space there, then try again"));
  EXPECT_TRUE(test::says(error, "schema kith, tenant 1"));
  EXPECT_GT(names.size(), 3U);
  test::expect_whole(session, kRows * names.size());
  EXPECT_EQ(fill(session, names).code, Code::storage) << "still full";
  test::expect_whole(session, kRows * names.size());
  disk.grow("64m");
  test::run_pair(session, "when there was room again");
  test::expect_whole(session, kRows * names.size() + 2);
}

TEST(FullDiskTest, AServerThatStopsOnAFullDiskComesBackWithEveryAcknowledgedWork) {
  const SmallDisk disk("72m");
  if (!disk.mounted()) GTEST_SKIP() << "a full disk was not tested: this process may not mount a file system";
  PostgresServer server({.folder = disk.path(), .initdb = "--wal-segsize=1"});
  if (!server.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server.fault();
  Options hasty = test::patient_options();
  hasty.storage.busy_ms = 500;
  auto engine = open(server.url(), hasty);
  Session session = engine->session();
  std::vector<std::string> names;
  const Error error = fill(session, names);
  EXPECT_EQ(error.code, Code::storage) << error.what();
  EXPECT_GT(names.size(), 3U);
  disk.grow("400m");
  server.kill();
  ASSERT_TRUE(server.start());
  // The last one may have been kept without an answer.
  test::run_pair(session, "when there was room again");
  const Reader reader = session.reader();
  std::size_t kept = 0;
  for (const WorkRow& row : reader.list<WorkRow>()) kept += row.key ? 1 : 0;
  const std::size_t unanswered = kept - 1 - names.size();
  EXPECT_LE(unanswered, 1U);
  for (const std::string& name : names) {
    EXPECT_EQ(reader.list<WorkRow>({.conditions = {equals(entity_of<WorkRow>(), "key", name)}}).size(), 1U) << name;
  }
  test::expect_whole(session, kRows * (kept - 1) + 2);
}

}  // namespace
}  // namespace kith
#endif
