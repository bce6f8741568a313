// SPDX-License-Identifier: Apache-2.0
// R2: a PostgreSQL server, or a client of it, that is killed at random points loses no acknowledged work and keeps none
// in part. When it is killed depends on what has been done, not on the time of day: behind some works and a part of
// one, however fast the machine is.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef KITH_POSTGRES

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "support/failing_libpq.hpp"
#include "support/pair_work.hpp"
#include "support/postgres_host.hpp"
#include "support/soak.hpp"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

/// Sleeps for a random part of `whole` and half as much again.
void sleep_in(nanoseconds whole, std::mt19937& random) {
  std::this_thread::sleep_for(whole * (random() % 1500) / 1000);
}

/// Threads that add works until they are stopped. Nothing but an outage may fail, and a work is tried again with its
/// key until it is acknowledged.
class Writers {
 public:
  Writers(std::shared_ptr<Engine> engine, std::size_t count) : engine_(std::move(engine)), acknowledged_(count) {
    for (std::size_t writer = 0; writer < count; ++writer) threads_.emplace_back([this, writer] { write(writer); });
  }

  /// Waits until that many more works are acknowledged; false where they do not come.
  bool wait_for(int more) const {
    const int wanted = done_ + more;
    const auto until = Clock::now() + std::chrono::seconds(60);
    while (done_ < wanted) {
      if (Clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  }
  /// How long the quickest work took.
  nanoseconds work_time() const { return nanoseconds(quickest_); }

  /// The names of the works that were acknowledged.
  std::vector<std::string> stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    std::vector<std::string> all;
    for (const auto& list : acknowledged_) all.insert(all.end(), list.begin(), list.end());
    return all;
  }

 private:
  void write(std::size_t writer) {
    std::unique_ptr<Session> session;
    for (int i = 0; !stop_;) {
      const std::string name = std::to_string(writer) + "/" + std::to_string(i);
      const auto start = Clock::now();
      try {
        if (session == nullptr) session = std::make_unique<Session>(engine_->session());
        test::run_pair(*session, name);
        acknowledged_[writer].push_back(name);
        const std::int64_t took = nanoseconds(Clock::now() - start).count();
        std::int64_t before = quickest_;
        while (took < before && !quickest_.compare_exchange_weak(before, took)) {
        }
        ++done_;
        ++i;
      } catch (const Error& error) {
        session.reset();
        if (error.code != Code::storage && error.code != Code::busy) ADD_FAILURE() << error.what();
      }
    }
  }

  std::shared_ptr<Engine> engine_;
  std::vector<std::vector<std::string>> acknowledged_;
  std::atomic<int> done_{0};
  std::atomic<std::int64_t> quickest_{nanoseconds(std::chrono::seconds(1)).count()};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// A random number below `count`, or 0.
int part(std::mt19937& random, int count) {
  return static_cast<int>(random() % static_cast<unsigned>(std::max(1, count)));
}

/// How often each key stands in the store's works.
std::map<std::string, int> keys_of(Session& session) {
  std::map<std::string, int> keys;
  for (const WorkRow& row : session.reader().list<WorkRow>()) {
    if (row.key) ++keys[*row.key];
  }
  return keys;
}

TEST(ServerKillTest, R2NoKillLosesAnAcknowledgedWork) {
  // As servers are run, where there is time for it.
  test::PostgresServer server({.settings = {test::soaking() ? "fsync=on" : "fsync=off"}});
  if (!server.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server.fault();
  const int kills = test::amount_of(20, 300);
  auto engine = open(server.url(), test::patient_options());
  Writers writers(engine, 3);
  std::mt19937 random(7);
  bool good = true;
  Clock::duration slowest{};
  for (int i = 0; i < kills && good; ++i) {
    good = writers.wait_for(1 + part(random, 4));
    sleep_in(writers.work_time(), random);
    server.kill();
    const auto start = Clock::now();
    good = good && server.start();
    slowest = std::max(slowest, Clock::now() - start);
  }
  EXPECT_TRUE(good) << "the server did not come up again, or nobody could write";
  EXPECT_TRUE(!good || writers.wait_for(1));
  const std::vector<std::string> acknowledged = writers.stop();
  ASSERT_TRUE(good);
  Session session = engine->session();
  const std::map<std::string, int> keys = keys_of(session);
  std::size_t lost = 0;
  for (const std::string& name : acknowledged) lost += keys.count(name) == 0 ? 1 : 0;
  EXPECT_EQ(lost, 0U);
  for (const auto& [name, count] : keys) EXPECT_EQ(count, 1) << name;
  EXPECT_GT(acknowledged.size(), static_cast<std::size_t>(kills));
  test::expect_whole(session, 2 * keys.size());
  test::tell("kill -9 of the server: ", kills, "; ", acknowledged.size(), " works acknowledged, ", lost,
             " of them lost, ", keys.size() - acknowledged.size(), " kept without an answer; slowest restart ",
             std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count(), " ms");
}

/// Nothing but the row that says what the schema is for.
constexpr const char* kTablesBut =
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND relname <> "
    "'kith_store' AND nspname = '";

/// Behind a kill while tables were made: a store, or none and room for one. Whether there was one.
bool expect_store_or_room(const std::string& url) {
  Options options = test::patient_options();
  options.storage.create = false;
  bool made = true;
  try {
    open(url, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::not_found) << error.what();
    test::Host host(test::plain_url(url));
    EXPECT_EQ(host(kTablesBut + test::schema_of(url) + "'"), "0") << "tables of a store that there is not";
    made = false;
  }
  auto engine = open(url, test::patient_options());
  Session session = engine->session();
  test::run_pair(session, "after the kill");
  test::expect_whole(session, 2);
  return made;
}

/// How many statements make the tables and the tenant of a store.
int statements_of_founding(const std::string& url) {
  test::FailingLibpq libpq;
  libpq.arm({.at = -1});
  open(url, test::patient_options());
  return libpq.seen();
}

TEST(ServerKillTest, R2AKillWhileFoundingLeavesAStoreOrRoomForOne) {
  test::PostgresServer server;
  if (!server.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server.fault();
  const int kills = test::soaking() ? 100 : 4;
  const int statements = statements_of_founding(server.url() + "&kith_schema=kith_counted");
  EXPECT_GT(statements, kills);
  std::mt19937 random(17);
  int made = 0;
  for (int i = 0; i < kills; ++i) {
    const std::string url = server.url() + "&kith_schema=kith_" + std::to_string(i);
    // Of every part of it one; the last within the commit of the tables, or behind it.
    const int at = statements * i / kills + part(random, statements / kills);
    std::thread killer;
    {
      test::FailingLibpq libpq;
      const auto delay = std::chrono::microseconds(random() % 2000);
      libpq.arm({.at = i + 1 == kills ? 0 : at, .commits = i + 1 == kills, .act = [&] {
                   killer = std::thread([&server, delay] {
                     std::this_thread::sleep_for(delay);
                     server.kill();
                   });
                 }});
      try {
        open(url, test::patient_options());
      } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::storage) << error.what();
      }
      EXPECT_EQ(libpq.disarm(), 1);
    }
    if (killer.joinable()) killer.join();
    ASSERT_TRUE(server.start());
    made += expect_store_or_room(url) ? 1 : 0;
  }
  EXPECT_LT(made, kills);
  test::tell("kill -9 of the server while founding: ", kills, ", ", made, " of them behind it");
}

/// How long things take here, without a kill.
struct Pace {
  nanoseconds opening{};
  nanoseconds work{};
};
Pace pace_of(const std::string& url) {
  Pace pace;
  const auto begin = Clock::now();
  auto engine = open(url, test::patient_options());
  Session session = engine->session();
  const auto opened = Clock::now();
  test::run_pair(session, "pace");
  pace.opening = opened - begin;
  pace.work = Clock::now() - opened;
  return pace;
}

/// Opens the store and adds works, named by its number, until it is killed; writes a byte to the pipe once it has the
/// store, and behind each work that was acknowledged.
[[noreturn]] void be_client(const std::string& url, int number, int pipe_end) {
  try {
    auto engine = open(url, test::patient_options());
    Session session = engine->session();
    for (int i = 0;; ++i) {
      static_cast<void>(!write(pipe_end, "k", 1));
      test::run_pair(session, std::to_string(number) + "/" + std::to_string(i));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "client: %s\n", error.what());
  }
  _exit(1);
}

/// Kills a client behind some works and a part of one; every fifth while it opens the store. Gives how many works were
/// acknowledged.
int kill_client(const std::string& url, int number, const Pace& pace, std::mt19937& random) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) be_client(url, number, ends[1]);
  close(ends[1]);
  int bytes = 0;
  char one = 0;
  const int wanted = number % 5 == 0 ? 0 : 2 + part(random, 3);
  while (bytes < wanted && read(ends[0], &one, 1) == 1) ++bytes;
  EXPECT_EQ(bytes, wanted) << "the client failed by itself";
  sleep_in(wanted == 0 ? pace.opening : pace.work, random);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the client failed by itself";
  while (read(ends[0], &one, 1) == 1) ++bytes;
  close(ends[0]);
  return std::max(0, bytes - 1);
}

TEST(ClientKillTest, R2NoKillOfAClientLosesItsWorksOrLeavesOneInPart) {
  KITH_NEEDS_POSTGRES();
  const std::string url = test::postgres_tenant_url("killed");
  open(url, test::patient_options());
  const Pace pace = pace_of(url);
  const int kills = test::amount_of(20, 1000);
  std::mt19937 random(11);
  std::vector<int> acknowledged;
  for (int i = 0; i < kills; ++i) acknowledged.push_back(kill_client(url, i, pace, random));
  auto engine = open(url, test::patient_options());
  Session session = engine->session();
  const std::map<std::string, int> keys = keys_of(session);
  int total = 0;
  for (int i = 0; i < kills; ++i) {
    total += acknowledged[static_cast<std::size_t>(i)];
    for (int work = 0; work < acknowledged[static_cast<std::size_t>(i)]; ++work) {
      EXPECT_TRUE(keys.contains(std::to_string(i) + "/" + std::to_string(work))) << i << "/" << work << " was lost";
    }
  }
  EXPECT_GE(total, kills * 4 / 5) << "each but those that only opened the store has done a work";
  for (const auto& [name, count] : keys) EXPECT_EQ(count, 1) << name;
  test::expect_whole(session, 2 * keys.size());
  test::tell("kill -9 of a client: ", kills, "; ", total, " works acknowledged, ",
             keys.size() - static_cast<std::size_t>(total) - 1, " kept without an answer");
}

/// Whoever is killed while the tables are made leaves room for the next one, who makes them.
TEST(ClientKillTest, R2AKillWhileFoundingLeavesAStoreOrRoomForOne) {
  KITH_NEEDS_POSTGRES();
  const int kills = test::soaking() ? 200 : 4;
  const int statements = statements_of_founding(test::fresh_postgres_url());
  std::mt19937 random(13);
  int made = 0;
  for (int i = 0; i < kills; ++i) {
    const std::string url = test::fresh_postgres_url();
    const int at = statements * i / kills + part(random, statements / kills);
    const pid_t child = fork();
    if (child == 0) {
      test::FailingLibpq libpq;
      libpq.arm({.at = at, .act = [] { raise(SIGKILL); }});
      try {
        open(url, test::patient_options());
      } catch (const std::exception& error) {
        std::fprintf(stderr, "client: %s\n", error.what());
      }
      _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it was not killed at statement " << at;
    made += expect_store_or_room(url) ? 1 : 0;
  }
  test::tell("kill -9 of a client while founding: ", kills, ", ", made, " of them behind it");
}

}  // namespace
}  // namespace kith
#endif
