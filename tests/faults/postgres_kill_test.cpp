// SPDX-License-Identifier: Apache-2.0
// R2: a PostgreSQL server that is killed at random points loses no acknowledged work and keeps none in part.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "support/pair_work.hpp"
#include "support/soak.hpp"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;

/// Threads that add works until they are stopped. Nothing but an outage may fail, and a work is tried again with its
/// key until it is acknowledged.
class Writers {
 public:
  Writers(std::shared_ptr<Engine> engine, std::size_t count) : engine_(std::move(engine)), acknowledged_(count) {
    for (std::size_t writer = 0; writer < count; ++writer) threads_.emplace_back([this, writer] { write(writer); });
  }

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
      try {
        if (session == nullptr) session = std::make_unique<Session>(engine_->session());
        test::run_pair(*session, name);
        acknowledged_[writer].push_back(name);
        ++i;
      } catch (const Error& error) {
        session.reset();
        if (error.code != Code::storage && error.code != Code::busy) ADD_FAILURE() << error.what();
      }
    }
  }

  std::shared_ptr<Engine> engine_;
  std::vector<std::vector<std::string>> acknowledged_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

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
  bool up = true;
  Clock::duration slowest{};
  for (int i = 0; i < kills && up; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 300));
    server.kill();
    const auto start = Clock::now();
    up = server.start();
    slowest = std::max(slowest, Clock::now() - start);
  }
  EXPECT_TRUE(up) << "the server did not come up again";
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const std::vector<std::string> acknowledged = writers.stop();
  ASSERT_TRUE(up);
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

/// A process that opens the store and adds works, named by its number, until it is killed; it writes a byte to the pipe
/// once it has the store, and behind each work that was acknowledged. Gives how many those were.
int kill_client(const std::string& url, int number, std::mt19937& random) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    try {
      auto engine = open(url, test::patient_options());
      Session session = engine->session();
      for (int i = 0;; ++i) {
        static_cast<void>(!write(ends[1], "k", 1));
        test::run_pair(session, std::to_string(number) + "/" + std::to_string(i));
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "client: %s\n", error.what());
    }
    _exit(1);
  }
  close(ends[1]);
  int bytes = 0;
  char one = 0;
  // Every fifth is killed while it opens the store.
  if (number % 5 != 0) bytes += static_cast<int>(read(ends[0], &one, 1));
  std::this_thread::sleep_for(std::chrono::microseconds(random() % (number % 5 == 0 ? 60'000 : 120'000)));
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
  const std::string url = test::fresh_postgres_url();
  const int kills = test::amount_of(20, 1000);
  std::mt19937 random(11);
  std::vector<int> acknowledged;
  for (int i = 0; i < kills; ++i) acknowledged.push_back(kill_client(url, i, random));
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
  EXPECT_GT(total, kills);
  for (const auto& [name, count] : keys) EXPECT_EQ(count, 1) << name;
  test::expect_whole(session, 2 * keys.size());
  test::tell("kill -9 of a client: ", kills, "; ", total, " works acknowledged, ",
             keys.size() - static_cast<std::size_t>(total), " kept without an answer");
}

/// Whoever is killed while the tables are made leaves room for the next one, who makes them.
TEST(ClientKillTest, R2AKillWhileFoundingLeavesAStoreOrRoomForOne) {
  KITH_NEEDS_POSTGRES();
  const int kills = test::amount_of(6, 200);
  std::mt19937 random(13);
  int made = 0;
  for (int i = 0; i < kills; ++i) {
    const std::string url = test::fresh_postgres_url();
    const pid_t child = fork();
    if (child == 0) {
      try {
        open(url, test::patient_options());
      } catch (const std::exception& error) {
        std::fprintf(stderr, "client: %s\n", error.what());
      }
      for (;;) pause();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 700));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    Options options = test::patient_options();
    options.storage.create = false;
    try {
      open(url, options);
      ++made;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::not_found) << error.what();
    }
    auto engine = open(url, test::patient_options());
    Session session = engine->session();
    test::run_pair(session, "after the kill");
    test::expect_whole(session, 2);
  }
  test::tell("kill -9 of a client while founding: ", kills, ", ", made, " of them behind it");
}

}  // namespace
}  // namespace kith
