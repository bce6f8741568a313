// SPDX-License-Identifier: Apache-2.0
// R7: threads and processes on one file. Every history must be explained by one order, the order of the works.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/expect_error.hpp"
#include "support/script.hpp"
#include "support/soak.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;

/// What one transfer saw and did.
struct Transfer {
  std::int64_t seq = 0;
  std::int64_t seen[2] = {};
};

Options patient() {
  Options options = test::script_options();
  options.storage.busy_ms = 30'000;
  return options;
}

std::vector<Opportunity> deals_of(const Reader& reader) { return reader.list<Opportunity>({.order = {"id"}}); }

/// Moves one minor unit from the first deal to the second.
Transfer transfer(Session& session) {
  Work work = session.work({.cause = "transfer"});
  auto deals = deals_of(work);
  Transfer done;
  done.seen[0] = deals[0].amount->minor;
  done.seen[1] = deals[1].amount->minor;
  deals[0].amount->minor -= 1;
  deals[1].amount->minor += 1;
  sales::update(work, deals[0]);
  sales::update(work, deals[1]);
  done.seq = work.commit().seq;
  return done;
}

/// A store with two open deals of 1,000,000 each.
void found(const std::string& path) {
  test::put_store(path, test::script_store());
  auto engine = open(path, patient());
  Session session = engine->session();
  Work work = session.work({.cause = "two deals"});
  for (const Opportunity& deal : deals_of(work)) {
    if (deal.status != DealStatus::open) sales::reopen(work, deal.id, "again");
  }
  for (Opportunity deal : deals_of(work)) {
    deal.amount = Amount{1'000'000};
    sales::update(work, deal);
  }
  work.commit();
}

class ThreadsTest : public testing::Test {
 protected:
  void SetUp() override { found(path_); }

  /// Each transfer saw what the one before it, by sequence, had left.
  void expect_serial(std::vector<Transfer> all) {
    std::sort(all.begin(), all.end(), [](const Transfer& a, const Transfer& b) { return a.seq < b.seq; });
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].seen[0], 1'000'000 - static_cast<std::int64_t>(i)) << "work " << all[i].seq;
      EXPECT_EQ(all[i].seen[1], 1'000'000 + static_cast<std::int64_t>(i)) << "work " << all[i].seq;
    }
  }

  kith_test::TempDir directory_;
  std::string path_ = directory_.file("store.kith");
};

TEST_F(ThreadsTest, R7ThreadsTakeTurnsAndReadersSeeWholeWorks) {
  const int each = test::amount_of(15, 2000);
  std::vector<std::vector<Transfer>> done(4);
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0}, torn{0};
  {
    auto engine = open(path_, patient());
    std::vector<std::thread> threads;
    for (auto& list : done) {
      threads.emplace_back([&] {
        Session session = engine->session();
        for (int i = 0; i < each; ++i) list.push_back(transfer(session));
      });
    }
    std::thread reader([&] {
      Session session = engine->session();
      while (!stop) {
        const Reader snapshot = session.reader();
        const auto deals = deals_of(snapshot);
        torn += deals[0].amount->minor + deals[1].amount->minor == 2'000'000 ? 0 : 1;
        ++reads;
      }
    });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    reader.join();
  }
  std::vector<Transfer> all;
  for (const auto& list : done) all.insert(all.end(), list.begin(), list.end());
  expect_serial(all);
  EXPECT_EQ(torn, 0) << "a snapshot showed half a work";
  test::checked_digest(path_);
  test::tell("threads: ", all.size(), " transfers in one order, ", reads.load(), " snapshots");
}

TEST_F(ThreadsTest, R7ProcessesTakeTurns) {
  const int each = test::amount_of(15, 2000);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    int code = 0;
    try {
      auto engine = open(path_, patient());
      Session session = engine->session();
      for (int n = 0; n < each; ++n) {
        const Transfer one = transfer(session);
        if (write(ends[1], &one, sizeof one) != sizeof one) code = 2;
      }
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      code = 1;
    }
    _exit(code);
  }
  close(ends[1]);
  std::vector<Transfer> all;
  for (Transfer one; read(ends[0], &one, sizeof one) == sizeof one;) all.push_back(one);
  close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(3 * each));
  expect_serial(all);
  test::checked_digest(path_);
  test::tell("processes: ", all.size(), " transfers in one order");
}

TEST_F(ThreadsTest, R7AWriterWaitsForTheBusyTimeAndNoLonger) {
  auto engine = open(path_, patient());
  Session first = engine->session();
  Options options = test::script_options();
  options.storage.busy_ms = 300;
  auto other = open(path_, options);
  Session second = other->session();
  const Work held = first.work({.cause = "long"});
  const auto start = Clock::now();
  EXPECT_KITH_ERROR(second.work({.cause = "short"}), Code::busy, "300 ms");
  const auto waited = Clock::now() - start;
  EXPECT_GE(waited, std::chrono::milliseconds(250));
  EXPECT_LT(waited, std::chrono::seconds(5));
  EXPECT_EQ(deals_of(second.reader()).size(), 3U) << "readers never wait";
}

}  // namespace
}  // namespace kith
