// SPDX-License-Identifier: Apache-2.0
// R1: kill -9 at random moments of a mixed run, of recovery after the last kill, of founding and of migrating a store.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "support/script.hpp"
#include "support/soak.hpp"
#include "support/source_dir.hpp"
#include "support/store.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using kith_test::TempDir;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kTotal = 5000 * 3;  // of the three deals of the company: every work only moves amounts

/// One Work: a new customer, an amount moved from one deal to another, a step of a life cycle.
std::int64_t do_work(Session& session, std::mt19937& random) {
  Work work = session.work({.cause = "mixed"});
  Customer row{.name = "Customer " + std::to_string(work.next_seq())};
  customer::create(work, row);
  if (random() % 2 == 0) customer::advance(work, row.id, "lead");
  auto deals = work.list<Opportunity>({.where = "status != 'lost'", .order = {"id"}});
  if (deals.size() >= 2 && deals[0].amount->minor > 0 && deals[1].status == DealStatus::open) {
    deals[0].amount->minor -= 1;
    deals[1].amount->minor += 1;
    sales::update(work, deals[0]);
    sales::update(work, deals[1]);
  }
  return work.commit().seq;
}

/// Starts a child that runs `body`, kills it after a while and gives the last number that it wrote to its pipe.
template <class Body>
std::int64_t kill_after(std::chrono::microseconds time, Body&& body) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    try {
      body(ends[1]);
    } catch (const std::exception& error) {
      const std::int64_t failed = -1;
      std::fprintf(stderr, "child: %s\n", error.what());
      static_cast<void>(!write(ends[1], &failed, sizeof failed));
    }
    for (;;) pause();
  }
  close(ends[1]);
  usleep(static_cast<useconds_t>(time.count()));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  std::int64_t last = 0;
  for (std::int64_t token = 0; read(ends[0], &token, sizeof token) == sizeof token;) {
    last = token;
    if (token < 0) ADD_FAILURE() << "the child failed by itself";
  }
  close(ends[0]);
  return last;
}

class KillTest : public testing::Test {
 protected:
  std::chrono::microseconds moment(int from_us, int to_us) {
    return std::chrono::microseconds(from_us + static_cast<int>(random_() % static_cast<unsigned>(to_us - from_us)));
  }
  void start_over() {
    test::put_store(path_, test::script_store());
    works_before_ = -1;
    acknowledged_ = 0;
  }
  void kill_worker() {
    const unsigned seed = static_cast<unsigned>(random_());
    const std::int64_t token = kill_after(moment(4'000, 30'000), [&](int pipe_end) {
      std::mt19937 random(seed);
      auto engine = open(path_, test::script_options());
      Session session = engine->session();
      for (;;) {
        const std::int64_t seq = do_work(session, random);
        static_cast<void>(!write(pipe_end, &seq, sizeof seq));
      }
    });
    acknowledged_ = std::max(acknowledged_, token);
  }
  void kill_recovery() {
    kill_after(moment(500, 6'000), [&](int) {
      auto engine = open(path_, test::script_options());
      Session session = engine->session();
      check(session);
    });
  }
  void verify() {
    const auto start = Clock::now();
    auto engine = open(path_, test::script_options());
    Session session = engine->session();
    const Reader reader = session.reader();
    slowest_ = std::max(slowest_, Clock::now() - start);
    EXPECT_GE(reader.seq(), acknowledged_) << "an acknowledged work was lost";
    const auto customers = reader.list<Customer>({.where = "name contains 'Customer'"}).size();
    if (works_before_ < 0) works_before_ = 2;  // founding and company
    EXPECT_EQ(reader.seq() - works_before_, static_cast<std::int64_t>(customers)) << "a work is there in part";
    std::int64_t total = 0;
    for (const Opportunity& deal : reader.list<Opportunity>()) total += deal.amount->minor;
    EXPECT_EQ(total, kTotal);
    for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
    commits_ = std::max(commits_, reader.seq());
  }

  TempDir directory_;
  std::string path_ = directory_.file("store.kith");
  std::mt19937 random_{20'260'101};
  std::int64_t acknowledged_ = 0;
  std::int64_t works_before_ = -1;
  std::int64_t commits_ = 0;
  Clock::duration slowest_{};
};

TEST_F(KillTest, R1NoKillLosesAnAcknowledgedWork) {
  const int kills = test::amount_of(60, 8000);
  int recoveries = 0;
  std::int64_t works = 0;
  for (int i = 0; i < kills; ++i) {
    if (i % 20 == 0) {
      works += commits_;
      commits_ = 0;
      start_over();
    }
    kill_worker();
    if (i % 5 == 4) {
      kill_recovery();
      ++recoveries;
    }
    verify();
    if (HasFailure()) break;
  }
  works += commits_;
  test::tell("kill -9: ", kills, " workers, ", recoveries, " of them killed again in recovery, ", works,
             " works; slowest reopening ", std::chrono::duration_cast<std::chrono::milliseconds>(slowest_).count(),
             " ms");
  if (test::soaking()) EXPECT_LT(slowest_, std::chrono::seconds(1));
  EXPECT_GT(works, kills / 20);
}

TEST_F(KillTest, R1AKillWhileFoundingLeavesAStoreOrRoomForOne) {
  const int kills = test::amount_of(20, 1000);
  for (int i = 0; i < kills; ++i) {
    for (const char* end : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(path_ + end);
    const std::int64_t made = kill_after(moment(300, 25'000), [&](int pipe_end) {
      auto engine = open(path_, test::script_options());
      const std::int64_t token = 1;
      static_cast<void>(!write(pipe_end, &token, sizeof token));
    });
    try {
      Options options = test::script_options();
      options.storage.create = made == 0;
      auto engine = open(path_, options);
      Session session = engine->session();
      for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
    } catch (const Error& error) {
      ADD_FAILURE() << "kill " << i << ": " << error.what();
    }
  }
  test::tell("kill -9 while founding: ", kills);
}

TEST_F(KillTest, R1AKillWhileMigratingLeavesTheOldOrTheNewFormat) {
  const int kills = test::amount_of(20, 1000);
  const std::string old = kith_test::read_bytes((test::source_dir() / "tests/faces/golden/format1.kith").string());
  for (int i = 0; i < kills; ++i) {
    test::put_store(path_, old);
    kill_after(moment(300, 25'000), [&](int) { open(path_, test::script_options()); });
    try {
      auto engine = open(path_, test::script_options());
      Session session = engine->session();
      for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
    } catch (const Error& error) {
      ADD_FAILURE() << "kill " << i << ": " << error.what();
    }
  }
  test::tell("kill -9 while migrating: ", kills);
}

}  // namespace
}  // namespace kith
