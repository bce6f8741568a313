// SPDX-License-Identifier: Apache-2.0
// R3, R4 and R6: power loss at any moment, a failing call at every point of every operation, and a disk that runs full.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "kith/interchange/dump.hpp"
#include "support/crash_disk.hpp"
#include "support/script.hpp"
#include "support/soak.hpp"
#include "support/store.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using kith_test::TempDir;

/// What a power loss left, with what was promised at that moment.
struct Snapshot {
  std::map<std::string, std::string> files;
  std::int64_t acknowledged = 0;
};

/// A run of random operations on one file, photographed at random moments.
class PowerLoss {
 public:
  PowerLoss(unsigned seed, int wanted) : random_(seed), wanted_(wanted) {}

  int run() {
    const std::string path = directory_.file("store.kith");
    {
      test::CrashDisk disk;
      disk.before_change = [&] {
        if (taken_.size() < static_cast<std::size_t>(wanted_) && random_() % 7 == 0) {
          taken_.push_back({disk.after_power_loss(random_), acknowledged_});
        }
      };
      while (taken_.size() < static_cast<std::size_t>(wanted_)) live(path);
      disk.before_change = {};
    }
    for (const Snapshot& snapshot : taken_) verify(snapshot);
    return static_cast<int>(taken_.size());
  }

 private:
  /// From opening to closing; the first life founds the store, under the same threat.
  void live(const std::string& path) {
    auto engine = open(path, test::script_options());
    Session session = engine->session();
    acknowledged_ = session.reader().seq();
    digests_[acknowledged_] = to_hex(state_digest(session));
    for (int i = 0; i < 12; ++i) one(session);
  }
  void one(Session& session) {
    Work work = session.work({.cause = "one"});
    for (auto left = 1 + random_() % 3; left > 0; --left) {
      Customer row{.name = "Customer " + std::string(random_() % 190, 'x')};
      customer::create(work, row);
    }
    const std::int64_t seq = work.commit().seq;
    digests_[seq] = to_hex(state_digest(session));
    acknowledged_ = seq;
  }
  void verify(const Snapshot& snapshot) {
    const TempDir place;
    for (const auto& [path, bytes] : snapshot.files) {
      kith_test::write_bytes(place.file(std::filesystem::path(path).filename().string()), bytes);
    }
    try {
      auto engine = open(place.file("store.kith"), test::script_options());
      Session session = engine->session();
      const std::int64_t seq = session.reader().seq();
      EXPECT_GE(seq, snapshot.acknowledged) << "an acknowledged work was lost";
      const auto known = digests_.find(seq);
      if (snapshot.acknowledged == 0 && known == digests_.end()) return;  // lost before it was founded: made anew
      ASSERT_NE(known, digests_.end()) << "a state that never was, at work " << seq;
      EXPECT_EQ(to_hex(state_digest(session)), known->second) << "work " << seq << " is not whole";
      for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
    } catch (const Error& error) {
      ADD_FAILURE() << "after a power loss behind work " << snapshot.acknowledged << ": " << error.what();
    }
  }

  TempDir directory_;
  std::mt19937 random_;
  int wanted_;
  std::int64_t acknowledged_ = 0;  ///< the last work that was promised to be durable
  std::vector<Snapshot> taken_;
  std::map<std::int64_t, std::string> digests_;
};

TEST(DiskFaults, R3NoPowerLossLosesOrTearsAWork) {
  const int wanted = test::amount_of(40, 5000);
  int done = 0;
  for (unsigned seed = 1; done < wanted; ++seed) done += PowerLoss(seed, std::min(50, wanted - done)).run();
  test::tell("power loss: ", done, " crash snapshots judged");
  EXPECT_GE(done, wanted);
}

/// The state before an operation and the one behind it; equal for reads.
struct Ends {
  std::string before;
  std::string after;
};

/// One operation with its k-th call failing; says whether any call was failed.
bool fail_one(test::CrashDisk& disk, const test::Operation& operation, std::int64_t k, bool for_good,
              const std::string& path, const Ends& ends) {
  test::put_store(path, test::script_store());
  bool done = false;
  bool hit = false;
  {
    auto engine = open(path, test::script_options());
    Session session = engine->session();
    disk.arm(k, for_good);
    try {
      operation.run(session);
      done = true;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code == Code::storage || error.code == Code::busy)
          << operation.name << ", call " << k << ": " << error.what();
    }
    hit = disk.failures > 0;
    if (!for_good) disk.disarm();  // else closing fails too
    if (!done && !for_good) {
      try {
        operation.run(session);  // the session is usable again
        done = true;
      } catch (const Error& error) {
        ADD_FAILURE() << operation.name << ", again after call " << k << " failed: " << error.what();
      }
    }
  }
  disk.disarm();
  const std::string left = test::checked_digest(path);
  EXPECT_TRUE(left == ends.after || (!done && left == ends.before))
      << operation.name << ", call " << k << (for_good ? " for good" : " once") << ": half of it is there";
  return hit;
}

TEST(DiskFaults, R4AFailingCallAnywhereLeavesAllOrNothing) {
  const TempDir directory;
  const std::string path = directory.file("store.kith");
  test::CrashDisk disk;
  std::int64_t runs = 0, failed = 0;
  EXPECT_GE(test::operations().size(), 40U);
  for (const test::Operation& operation : test::operations()) {
    test::put_store(path, test::script_store());
    const std::string before = test::checked_digest(path);
    std::int64_t points = 0;
    {
      auto engine = open(path, test::script_options());
      Session session = engine->session();
      disk.disarm();
      operation.run(session);
      points = disk.calls;
    }
    const Ends ends{before, test::checked_digest(path)};
    const std::int64_t step = test::soaking() ? 1 : std::max<std::int64_t>(1, points / 2);
    // The first, the middle and the last call; under sanitizers the middle one alone.
    for (std::int64_t k = test::sanitized() ? 1 + step : 1; k <= points; k += step) {
      for (const bool for_good : {false, true}) {
        failed += fail_one(disk, operation, k, for_good, path, ends) ? 1 : 0;
        ++runs;
      }
    }
  }
  test::tell("failing calls: ", runs, " runs of ", test::operations().size(), " operations, ", failed,
             " with a failure");
  EXPECT_GT(failed, runs / 2);
}

TEST(DiskFaults, R6AFullDiskLeavesAllOrNothing) {
  const TempDir directory;
  const std::string path = directory.file("store.kith");
  const auto bulk = std::find_if(test::operations().begin(), test::operations().end(),
                                 [](const auto& each) { return each.name == "create 50 customers at once"; });
  test::CrashDisk disk;
  int refused = 0;
  bool through = false;
  test::put_store(path, test::script_store());
  const std::string before = test::checked_digest(path);
  for (std::int64_t limit = 1; !through; limit += test::step_of(1, 1) * 4096) {
    test::put_store(path, test::script_store());
    {
      auto engine = open(path, test::script_options());
      Session session = engine->session();
      disk.limit(limit);
      try {
        bulk->run(session);
        through = true;
      } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::storage) << error.what();
        ++refused;
      }
    }
    disk.limit(0);
    if (!through) {
      EXPECT_EQ(test::checked_digest(path), before) << "at a limit of " << limit;
    }
  }
  EXPECT_GT(refused, test::turns_of(5));
  EXPECT_NE(test::checked_digest(path), before);
  test::tell("full disk: ", refused, " sizes refused, then it fitted");
}

/// The limit of the operating system, in a process of its own.
TEST(DiskFaults, R6TheLimitOfTheSystemIsAnErrorToo) {
  const TempDir directory;
  const std::string path = directory.file("store.kith");
  test::put_store(path, test::script_store());
  const std::string before = test::checked_digest(path);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{40'000, 40'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    int code = 3;
    try {
      auto engine = open(path, test::script_options());
      Session session = engine->session();
      for (const test::Operation& operation : test::operations()) {
        if (operation.name == "create 50 customers at once") operation.run(session);
      }
    } catch (const Error& error) {
      code = error.code == Code::storage ? 0 : 4;
    }
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "3: it fitted, 4: another error";
  EXPECT_EQ(test::checked_digest(path), before);
}

}  // namespace
}  // namespace kith
