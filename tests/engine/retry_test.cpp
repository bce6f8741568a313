// SPDX-License-Identifier: Apache-2.0
/// \file
/// Works that are tried again, and commits whose outcome nobody told.
#include <gtest/gtest.h>

#include <chrono>

#include "engine/toy.hpp"
#include "kith/engine/session.hpp"

namespace kith::toy {
namespace {

/// What the commits of a flaky storage do, one by one; "" goes through.
struct Script {
  std::vector<std::string> commits;
  std::size_t next = 0;
  std::string take() { return next < commits.size() ? commits[next++] : std::string(); }
};

class FlakyTransaction final : public Transaction {
 public:
  FlakyTransaction(std::unique_ptr<Transaction> inner, std::shared_ptr<Script> script)
      : inner_(std::move(inner)), script_(std::move(script)) {}
  void get(const Entity& entity, std::span<const Id> ids, RowSink& sink) override { inner_->get(entity, ids, sink); }
  void insert(const Entity& entity, const Batch& batch) override { inner_->insert(entity, batch); }
  void update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) override {
    inner_->update(entity, batch, expected);
  }
  void erase(const Entity& entity, std::span<const Id> ids) override { inner_->erase(entity, ids); }
  std::unique_ptr<Cursor> scan(const Scan& scan) override { return inner_->scan(scan); }
  void savepoint() override { inner_->savepoint(); }
  void release() override { inner_->release(); }
  void rollback_to() override { inner_->rollback_to(); }
  void commit() override {
    const std::string fate = script_->take();
    if (fate == "busy") throw Error(Code::busy, "scripted");
    if (fate == "lost") throw Interrupted("scripted", false);
    if (fate == "unknown, not kept") throw Interrupted("scripted", true);
    inner_->commit();
    if (fate == "unknown, kept") throw Interrupted("scripted", true);
  }

 private:
  std::unique_ptr<Transaction> inner_;
  std::shared_ptr<Script> script_;
};

class FlakyStorage final : public Storage {
 public:
  explicit FlakyStorage(std::shared_ptr<Script> script) : inner_(open_memory()), script_(std::move(script)) {}
  std::unique_ptr<Connection> connect() override {
    struct Flaky final : Connection {
      std::unique_ptr<Transaction> begin(Access access) override {
        auto begun = inner->begin(access);
        if (access == Access::read) return begun;
        return std::make_unique<FlakyTransaction>(std::move(begun), script);
      }
      std::unique_ptr<Connection> inner;
      std::shared_ptr<Script> script;
    };
    auto flaky = std::make_unique<Flaky>();
    flaky->inner = inner_->connect();
    flaky->script = script_;
    return flaky;
  }
  bool fresh() const override { return inner_->fresh(); }
  void prepare(std::span<const Entity* const> entities) override { inner_->prepare(entities); }
  std::vector<std::string> damage() override { return inner_->damage(); }
  std::vector<std::string> describe() const override { return inner_->describe(); }

 private:
  std::shared_ptr<Storage> inner_;
  std::shared_ptr<Script> script_;
};

class RetryTest : public testing::Test {
 protected:
  RetryTest()
      : engine_(Engine::open(std::make_shared<FlakyStorage>(script_), model(), options())),
        session_(engine_->session()) {}

  Receipt run(std::vector<std::string> commits, WorkOptions work, int attempts = 5) {
    script_->commits = std::move(commits);
    script_->next = 0;
    calls_ = 0;
    return session_.run(work,
                        [this](Work& open) {
                          ++calls_;
                          Box made = box("box");
                          open.create(made);
                          return std::string("made");
                        },
                        {.attempts = attempts, .first_ms = 1, .most_ms = 2});
  }
  std::size_t boxes() { return session_.reader().list<Box>().size(); }

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::shared_ptr<Engine> engine_;
  Session session_;
  int calls_ = 0;
};

TEST_F(RetryTest, TriesAgainUntilItIsThrough) {
  const Receipt receipt = run({"busy", "lost", "busy"}, {});
  EXPECT_EQ(receipt.result, "made");
  EXPECT_FALSE(receipt.replayed);
  EXPECT_EQ(calls_, 4);
  EXPECT_EQ(boxes(), 1U);
  EXPECT_TRUE(check(session_).empty());
}

TEST_F(RetryTest, GivesUpWithTheLastError) {
  EXPECT_EQ(code_of_error([&] { run({"busy", "busy", "busy"}, {}, 3); }), Code::busy);
  EXPECT_EQ(calls_, 3);
  EXPECT_EQ(boxes(), 0U);
  EXPECT_EQ(code_of_error([&] { run({}, {}, 0); }), Code::misuse);
}

TEST_F(RetryTest, AsksTheStoreForACommitThatNobodyToldOf) {
  EXPECT_EQ(run({"unknown, kept"}, {.key = "a"}).result, "made");
  EXPECT_EQ(calls_, 1) << "it was there, so nothing is done again";
  EXPECT_EQ(boxes(), 1U);
  EXPECT_EQ(run({"unknown, kept"}, {}).result, "made") << "its hash finds it without a key";
  EXPECT_EQ(boxes(), 2U);
  EXPECT_EQ(run({"unknown, not kept"}, {}).result, "made");
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(boxes(), 3U);
  EXPECT_TRUE(check(session_).empty());
}

TEST_F(RetryTest, AnUsedKeyRunsNothing) {
  const Receipt first = run({}, {.key = "k"});
  const Receipt second = run({}, {.key = "k"});
  EXPECT_EQ(calls_, 0);
  EXPECT_TRUE(second.replayed);
  EXPECT_EQ(second.seq, first.seq);
  EXPECT_EQ(boxes(), 1U);
}

TEST_F(RetryTest, PausesAreAsLongAsTheRandomBytesSayAndGrowToTheMost) {
  Options given = options();
  // 39 as a number: the whole pause wherever it is 39 ms at most, never more.
  given.random = [](std::span<std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = i % 4 == 0 ? 39 : 0;
  };
  auto engine = Engine::open(std::make_shared<FlakyStorage>(script_), model(), given);
  Session session = engine->session();
  const auto time = [&](const Retry& retry) {
    script_->commits = {"busy", "lost", "busy", "busy"};
    script_->next = 0;
    const auto start = std::chrono::steady_clock::now();
    session.run(
        {},
        [](Work& open) {
          Box made = box("box");
          open.create(made);
          return std::string();
        },
        retry);
    return std::chrono::steady_clock::now() - start;
  };
  EXPECT_GE(time({.attempts = 5, .first_ms = 39, .most_ms = 39}), std::chrono::milliseconds(4 * 39));
  // Of at most 19, 38, 76 and 152 ms: 39 % 20 = 19, 39 % 39 = 0, then 39 twice.
  EXPECT_GE(time({.attempts = 5, .first_ms = 19, .most_ms = 1000}), std::chrono::milliseconds(19 + 2 * 39));
}

}  // namespace
}  // namespace kith::toy
