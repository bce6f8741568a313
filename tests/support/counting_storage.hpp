// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A storage that counts what is asked of the one it wraps: each call is a statement on a database.

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith::test {

/// Calls so far, by kind; shared by all connections of one CountingStorage.
struct Calls {
  int reads = 0;   ///< get, scan
  int writes = 0;  ///< insert, update, erase
  int steps = 0;   ///< savepoint, release, rollback_to
  int transactions = 0;
  std::set<std::string_view> tables = {};  ///< that were read or written
  int total() const { return reads + writes + steps; }
};

class CountingTransaction : public Transaction {
 public:
  CountingTransaction(std::unique_ptr<Transaction> inner, std::shared_ptr<Calls> calls)
      : inner_(std::move(inner)), calls_(std::move(calls)) {}
  void get(const Entity& entity, std::span<const Id> ids, RowSink& sink) override {
    ++calls_->reads;
    calls_->tables.insert(entity.name);
    inner_->get(entity, ids, sink);
  }
  void insert(const Entity& entity, const Batch& batch) override {
    ++calls_->writes;
    calls_->tables.insert(entity.name);
    inner_->insert(entity, batch);
  }
  void update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) override {
    ++calls_->writes;
    calls_->tables.insert(entity.name);
    inner_->update(entity, batch, expected);
  }
  void erase(const Entity& entity, std::span<const Id> ids) override {
    ++calls_->writes;
    calls_->tables.insert(entity.name);
    inner_->erase(entity, ids);
  }
  std::unique_ptr<Cursor> scan(const Scan& scan) override {
    ++calls_->reads;
    calls_->tables.insert(scan.entity->name);
    return inner_->scan(scan);
  }
  void savepoint() override {
    ++calls_->steps;
    inner_->savepoint();
  }
  void release() override {
    ++calls_->steps;
    inner_->release();
  }
  void rollback_to() override {
    ++calls_->steps;
    inner_->rollback_to();
  }
  void migrate(const Migration& migration, std::span<const Entity* const> entities) override {
    inner_->migrate(migration, entities);
  }
  void commit() override { inner_->commit(); }

 private:
  std::unique_ptr<Transaction> inner_;
  std::shared_ptr<Calls> calls_;
};

class CountingConnection : public Connection {
 public:
  CountingConnection(std::unique_ptr<Connection> inner, std::shared_ptr<Calls> calls)
      : inner_(std::move(inner)), calls_(std::move(calls)) {}
  std::unique_ptr<Transaction> begin(Access access) override {
    ++calls_->transactions;
    return std::make_unique<CountingTransaction>(inner_->begin(access), calls_);
  }

 private:
  std::unique_ptr<Connection> inner_;
  std::shared_ptr<Calls> calls_;
};

class CountingStorage : public Storage {
 public:
  explicit CountingStorage(std::shared_ptr<Storage> inner) : inner_(std::move(inner)) {}
  std::unique_ptr<Connection> connect() override {
    return std::make_unique<CountingConnection>(inner_->connect(), calls_);
  }
  bool fresh() const override { return inner_->fresh(); }
  void prepare(std::span<const Entity* const> entities) override { inner_->prepare(entities); }
  Migration migration(std::span<const Entity* const> entities) override { return inner_->migration(entities); }
  std::vector<std::string> damage() override { return inner_->damage(); }
  std::vector<std::string> describe() const override { return inner_->describe(); }

  /// What `function` asks of the storage.
  template <class Function>
  Calls count(Function&& function) {
    *calls_ = {};
    function();
    return *calls_;
  }

 private:
  std::shared_ptr<Storage> inner_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

}  // namespace kith::test
