// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A Storage around another one that counts its calls and lets the k-th fail with Error{storage}: once, or from then
/// on (a dead disk). With it a test fails at every point of a piece of work and looks what is left.
///
///     auto faults = std::make_shared<Faults>();
///     auto storage = std::make_shared<FaultyStorage>(open_storage(url), faults);
///     ... one run to count: faults->calls ...
///     for (k = 1; k <= calls; ++k) { faults->fail(k, true); ... EXPECT all or nothing ... }

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/storage/storage.hpp"

namespace kith_test {

/// What shall fail, and what was called. Shared by a FaultyStorage and all it made; used by one thread at a time.
struct Faults {
  enum class When {
    before,  ///< the call is not made
    after,   ///< the call is made, then reported as failed: a commit that came through although nobody was told
  };
  enum class Count {
    all,    ///< every call
    writes  ///< begin of a writer, insert, update, erase, savepoint, release, rollback_to, commit, prepare
  };
  struct Call {
    std::string operation;  ///< "insert"
    std::string entity;     ///< empty where none is concerned
    std::size_t rows = 0;   ///< ids or rows given; of `next` the rows it brought
  };

  std::int64_t fail_at = 0;  ///< the counted call that fails, from 1; 0 for none
  bool keep_failing = false;
  When when = When::before;
  Count count = Count::all;
  std::int64_t calls = 0;  ///< counted so far
  std::int64_t failures = 0;
  std::vector<Call> log;  ///< every call, counted or not

  /// Starts again, with the k-th counted call failing.
  void fail(std::int64_t k, bool and_all_after = false, When moment = When::before) {
    reset();
    fail_at = k;
    keep_failing = and_all_after;
    when = moment;
  }
  /// Starts again without a fault.
  void reset() {
    fail_at = calls = failures = 0;
    log.clear();
  }
  /// How often an operation was called, or operation and entity.
  std::int64_t called(std::string_view operation, std::string_view entity = {}) const {
    return std::count_if(log.begin(), log.end(), [&](const Call& call) {
      return call.operation == operation && (entity.empty() || call.entity == entity);
    });
  }

  /// Makes one call, unless it is its turn to fail.
  template <class Run>
  auto through(std::string_view operation, std::string_view entity, std::size_t rows, bool writes, Run run) {
    log.push_back({std::string(operation), std::string(entity), rows});
    const bool counted = count == Count::all || writes;
    if (counted) ++calls;
    const bool fails = counted && fail_at > 0 && (calls == fail_at || (keep_failing && calls > fail_at));
    if (fails) ++failures;
    if (fails && when == When::before) give_up(operation);
    if constexpr (std::is_void_v<decltype(run())>) {
      run();
      if (fails) give_up(operation);
    } else {
      auto result = run();
      if (fails) give_up(operation);
      return result;
    }
  }

 private:
  [[noreturn]] void give_up(std::string_view operation) const {
    throw kith::Error(kith::Code::storage,
                      "injected fault at call " + std::to_string(calls) + " (" + std::string(operation) + ")");
  }
};

class FaultyCursor final : public kith::Cursor {
 public:
  FaultyCursor(std::unique_ptr<kith::Cursor> inner, std::shared_ptr<Faults> faults, std::string entity)
      : inner_(std::move(inner)), faults_(std::move(faults)), entity_(std::move(entity)) {}

  const kith::Taken& taken() const override { return inner_->taken(); }
  bool next(kith::Batch& batch) override {
    const bool more = faults_->through("next", entity_, 0, false, [&] { return inner_->next(batch); });
    faults_->log.back().rows = batch.rows();
    return more;
  }

 private:
  std::unique_ptr<kith::Cursor> inner_;
  std::shared_ptr<Faults> faults_;
  std::string entity_;
};

class FaultyTransaction final : public kith::Transaction {
 public:
  FaultyTransaction(std::unique_ptr<kith::Transaction> inner, std::shared_ptr<Faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  void get(const kith::Entity& entity, std::span<const kith::Id> ids, kith::RowSink& sink) override {
    faults_->through("get", entity.name, ids.size(), false, [&] { inner_->get(entity, ids, sink); });
  }
  void insert(const kith::Entity& entity, const kith::Batch& batch) override {
    faults_->through("insert", entity.name, batch.rows(), true, [&] { inner_->insert(entity, batch); });
  }
  void update(const kith::Entity& entity, const kith::Batch& batch, std::span<const std::int64_t> expected) override {
    faults_->through("update", entity.name, batch.rows(), true, [&] { inner_->update(entity, batch, expected); });
  }
  void erase(const kith::Entity& entity, std::span<const kith::Id> ids) override {
    faults_->through("erase", entity.name, ids.size(), true, [&] { inner_->erase(entity, ids); });
  }
  std::unique_ptr<kith::Cursor> scan(const kith::Scan& scan) override {
    const std::string_view name = scan.entity == nullptr ? "" : scan.entity->name;
    auto cursor = faults_->through("scan", name, 0, false, [&] { return inner_->scan(scan); });
    return std::make_unique<FaultyCursor>(std::move(cursor), faults_, std::string(name));
  }
  void savepoint() override {
    write("savepoint", [&] { inner_->savepoint(); });
  }
  void release() override {
    write("release", [&] { inner_->release(); });
  }
  void rollback_to() override {
    write("rollback_to", [&] { inner_->rollback_to(); });
  }
  void migrate(const kith::Migration& migration, std::span<const kith::Entity* const> entities) override {
    write("migrate", [&] { inner_->migrate(migration, entities); });
  }
  void commit() override {
    write("commit", [&] { inner_->commit(); });
  }

 private:
  template <class Run>
  void write(std::string_view operation, Run run) {
    faults_->through(operation, "", 0, true, run);
  }

  std::unique_ptr<kith::Transaction> inner_;
  std::shared_ptr<Faults> faults_;
};

class FaultyConnection final : public kith::Connection {
 public:
  FaultyConnection(std::unique_ptr<kith::Connection> inner, std::shared_ptr<Faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  std::unique_ptr<kith::Transaction> begin(kith::Access access) override {
    const bool writes = access == kith::Access::write;
    auto begun =
        faults_->through(writes ? "begin write" : "begin read", "", 0, writes, [&] { return inner_->begin(access); });
    return std::make_unique<FaultyTransaction>(std::move(begun), faults_);
  }

 private:
  std::unique_ptr<kith::Connection> inner_;
  std::shared_ptr<Faults> faults_;
};

class FaultyStorage final : public kith::Storage {
 public:
  FaultyStorage(std::shared_ptr<kith::Storage> inner, std::shared_ptr<Faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  std::unique_ptr<kith::Connection> connect() override {
    auto connection = faults_->through("connect", "", 0, false, [&] { return inner_->connect(); });
    return std::make_unique<FaultyConnection>(std::move(connection), faults_);
  }
  bool fresh() const override { return inner_->fresh(); }
  void prepare(std::span<const kith::Entity* const> entities) override {
    faults_->through("prepare", "", entities.size(), true, [&] { inner_->prepare(entities); });
  }
  kith::Migration migration(std::span<const kith::Entity* const> entities) override {
    return faults_->through("migration", "", entities.size(), false, [&] { return inner_->migration(entities); });
  }
  std::vector<std::string> damage() override { return inner_->damage(); }
  std::vector<std::string> describe() const override { return inner_->describe(); }

 private:
  std::shared_ptr<kith::Storage> inner_;
  std::shared_ptr<Faults> faults_;
};

}  // namespace kith_test
