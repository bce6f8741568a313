// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Transactions and cursors of the SQLite backend.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kith/base/error.hpp"
#include "storage/sqlite_cursor.hpp"
#include "storage/sqlite_handle.hpp"

namespace kith::sqlite {

/// The kept statements of one entity.
struct Plan {
  std::string name;
  const Field* fields = nullptr;
  std::string get, insert, update, erase;  ///< SQL
  std::vector<Statement> getting, inserting, updating, erasing;
};

/// One sqlite3* with what is kept for it.
struct Channel {
  Channel(const std::string& path, Database::Mode mode, const StorageOptions& options) : database(path, mode, options) {
    SqliteCursor::add_function(database);
  }
  Channel(sqlite3* host, const std::string& schema) : database(host, schema) {}

  Database database;
  std::unordered_map<const Entity*, std::unique_ptr<Plan>> plans;  ///< destroyed before the database
  bool busy = false;                                               ///< a transaction is open on it
};

/// What a connection and its transactions share, so that either may die first.
struct Link {
  std::shared_ptr<const std::atomic<bool>> fresh;  ///< the store's: no tables yet
  std::string path;
  StorageOptions options;
  sqlite3* host = nullptr;           ///< whose handle it is; null for one's own
  std::string schema = "main";       ///< on the host's
  std::shared_ptr<bool> host_works;  ///< a Work is open on the host's handle: savepoints nest
  std::optional<Channel> reading;
  std::optional<Channel> writing;
};

/// What a transaction and its cursors share.
struct Life {
  bool ended = false;
  std::vector<SqliteCursor*> cursors;  ///< that have a statement under way
};

class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(std::shared_ptr<Link> link, Channel& channel, Access access);
  ~SqliteTransaction() override;

  void get(const Entity& entity, std::span<const Id> ids, RowSink& sink) override;
  void insert(const Entity& entity, const Batch& batch) override;
  void update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) override;
  void erase(const Entity& entity, std::span<const Id> ids) override;
  std::unique_ptr<Cursor> scan(const Scan& scan) override;
  void savepoint() override;
  void release() override;
  bool group(const GroupBy& by, Groups& groups) override;
  void rollback_to() override;
  void migrate(const Migration& migration, std::span<const Entity* const> entities) override;
  void commit() override;

 private:
  void begin();
  void begin_borrowed();
  void check_alive() const;
  void check_writable() const;
  Plan& plan_of(const Entity& entity);
  /// A kept statement, or Error{misuse} where the store has no table for the entity.
  Lease lease(const Entity& entity, std::vector<Statement>& home, const std::string& sql);
  [[noreturn]] void fail_missing_table(const Entity& entity, const Error& error);
  void run(const char* sql);
  void step_write(sqlite3_stmt* statement, const Entity& entity, const Batch& batch, std::size_t row, bool adding);
  [[noreturn]] void fail_constraint(const Entity& entity, const Batch& batch, std::size_t row, bool adding);
  std::optional<std::int64_t> stored_revision(const Entity& entity, const Batch& batch, std::size_t row);
  void end(bool committed) noexcept;

  std::shared_ptr<Link> link_;
  Channel& channel_;
  Database& database_;
  Access access_;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
  int savepoints_ = 0;
};

}  // namespace kith::sqlite
