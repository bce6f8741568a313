// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Stores for tests: a clock that stands still until it is set, seeded random bytes, all areas; every suite runs on
/// memory, on an SQLite file and, where there is a server, on PostgreSQL.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kith/kith.hpp"
#include "support/postgres_server.hpp"

namespace kith::test {

/// A store, the hand on its clock, and a session as the administrator.
struct TestStore {
  std::shared_ptr<Timestamp> clock;
  std::shared_ptr<Engine> engine;
  Session session;

  void set_clock(Timestamp now) { *clock = now; }
  void set_clock(std::string_view text) { *clock = parse_timestamp(text); }
};

/// Where the clock stands when nothing else is said.
inline constexpr std::string_view kTestStart = "2026-01-01T00:00:00Z";

/// Options with the clock at kTestStart and the same random bytes in every run.
inline Options test_options(const std::shared_ptr<Timestamp>& clock) {
  Options options;
  *clock = parse_timestamp(kTestStart);
  options.clock = [clock] { return *clock; };
  options.random = [generator = std::make_shared<std::mt19937>(42)](std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>((*generator)());
  };
  return options;
}

/// Opens a store with all areas. `adjust` may change the options (currency, zone); `start` is when a new one is made.
template <class Adjust>
TestStore open_test_store(std::string_view url, Adjust&& adjust, std::string_view start = kTestStart) {
  auto clock = std::make_shared<Timestamp>();
  Options options = test_options(clock);
  *clock = parse_timestamp(start);
  adjust(options);
  auto engine = kith::open(url, options);
  Session session = engine->session();
  return {std::move(clock), std::move(engine), std::move(session)};
}
inline TestStore open_test_store(std::string_view url) {
  return open_test_store(url, [](Options&) {});
}

/// A path for an SQLite file that goes away with the object, together with the files SQLite puts beside it.
class TemporaryFile {
 public:
  TemporaryFile() {
    static int count = 0;
    path_ = (std::filesystem::temp_directory_path() /
             ("kith_test_" + std::to_string(getpid()) + "_" + std::to_string(++count) + ".kith"))
                .string();
    erase();
  }
  ~TemporaryFile() { erase(); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  void erase() const {
    for (const char* end : {"", "-wal", "-shm", "-journal"}) std::remove((path_ + end).c_str());
  }
  std::string path_;
};

/// A suite that runs over every backend: INSTANTIATE_ON_ALL_BACKENDS(MySuite) after its tests.
class StoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  virtual void adjust(Options&) {}
  virtual std::string_view start() const { return kTestStart; }

  void SetUp() override {
    const std::string_view backend = GetParam();
    const std::string url = backend == "memory"   ? "memory:"
                            : backend == "sqlite" ? "sqlite:" + file_.path()
                                                  : postgres_tenant_url("domain");
    store_ = std::make_unique<TestStore>(open_test_store(
        url, [this](Options& options) { adjust(options); }, start()));
  }

  /// Every test leaves a store without findings.
  void TearDown() override {
    for (const Finding& finding : check(store_->session)) {
      ADD_FAILURE() << finding.entity << ' ' << finding.id.value << ": " << finding.message;
    }
  }

  Session& session() { return store_->session; }
  TestStore& store() { return *store_; }

  /// Runs something in a Work of its own and commits it.
  template <class Function>
  void in_work(Function&& function) {
    Work work = session().work();
    function(work);
    work.commit();
  }

  /// Runs something that must be refused; afterwards the Work has nothing to commit, so nothing was changed.
  template <class Function>
  Error refused(Function&& function, Code expected) {
    return refused_for(session(), std::forward<Function>(function), expected);
  }
  template <class Function>
  Error refused_for(Session& who, Function&& function, Code expected) {
    Work work = who.work();
    Error told(Code::ok, "nothing was refused");
    try {
      function(work);
      ADD_FAILURE() << "should have been refused with " << name_of(expected);
    } catch (const Error& error) {
      EXPECT_EQ(name_of(error.code), name_of(expected)) << error.what();
      told = error;
    }
    EXPECT_EQ(work.commit().seq, 0) << "a refused verb left something behind";
    return told;
  }

 private:
  TemporaryFile file_;
  std::unique_ptr<TestStore> store_;
};

/// True when a message holds a text.
inline ::testing::AssertionResult says(const Error& error, std::string_view text) {
  if (std::string_view(error.what()).find(text) != std::string_view::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << '"' << error.what() << "\" does not say \"" << text << '"';
}

inline std::string backend_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace kith::test

#define INSTANTIATE_ON_ALL_BACKENDS(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, ::testing::ValuesIn(::kith::test::backend_names()), ::kith::test::backend_name)
