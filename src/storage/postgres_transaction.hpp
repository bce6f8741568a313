// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The pool of connections, transactions and cursors of the PostgreSQL backend.

#ifdef KITH_POSTGRES

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/postgres_channel.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/side_by_side.hpp"

namespace kith::postgres {

/// The connections of one store: at most `kith_pool` at once, or the one that the host lends. Shared by threads.
class Pool {
 public:
  explicit Pool(Settings settings) : settings_(std::move(settings)) {}
  Pool(Settings settings, PGconn* host) : settings_(std::move(settings)), lent_(lent_of(host)) {}

  const Settings& settings() const { return settings_; }
  bool borrows() const { return lent_ != nullptr; }

  /// A connection; `fresh` never one that has been used before. Waits at most the busy time. Errors: busy, storage.
  std::unique_ptr<Channel> take(bool fresh = false);
  /// Takes it back; a dead one, or one with a transaction open, is closed.
  void give(std::unique_ptr<Channel> channel) noexcept;

  /// The store has no tables, or not this tenant.
  std::atomic<bool> fresh{true};
  /// Its tables have row-level security.
  std::atomic<bool> rls{false};

  /// Whether the store has a table of that name; asks the server only for names not seen before.
  bool has_table(Channel& channel, std::string_view name);

 private:
  Settings settings_;
  std::shared_ptr<Lent> lent_;  ///< none where the connections are Kith's own
  std::mutex mutex_;
  std::condition_variable given_;
  std::vector<std::unique_ptr<Channel>> idle_;
  int out_ = 0;
  std::set<std::string, std::less<>> tables_;
};

/// What a connection of the storage interface and its transactions share, so that either may die first.
struct Link {
  std::shared_ptr<Pool> pool;
  bool reading = false;
  bool writing = false;
};

class PostgresCursor;

/// What a transaction and its cursors share.
struct Life {
  std::shared_ptr<Channel> channel;  ///< none once it has ended
  bool ended = false;
  int savepoints = 0;
  int cursors_made = 0;
  std::vector<PostgresCursor*> cursors;  ///< that are open on the server
};

class PostgresTransaction final : public Transaction, public SideBySide {
 public:
  PostgresTransaction(std::shared_ptr<Link> link, Access access);
  ~PostgresTransaction() override;

  void get(const Entity& entity, std::span<const Id> ids, RowSink& sink) override;
  void insert(const Entity& entity, const Batch& batch) override;
  void insert_while(const Entity& entity, const Batch& batch, const Meanwhile& meanwhile) override;
  void update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) override;
  void erase(const Entity& entity, std::span<const Id> ids) override;
  std::unique_ptr<Cursor> scan(const Scan& scan) override;
  bool group(const GroupBy& by, Groups& groups) override;
  void savepoint() override;
  void release() override;
  void rollback_to() override;
  void migrate(const Migration& migration, std::span<const Entity* const> entities) override;
  void commit() override;

 private:
  void take_channel(bool fresh);
  void begin();
  void begin_borrowed();
  void check_newer(const Result& tenant) const;
  void check_alive() const;
  void check_writable();
  void check_known(const Entity& entity);
  const std::string& schema() const { return channel_->settings().postgres.schema; }
  Params tenant() const;
  /// The tenant, then what the scan binds.
  Params scan_params(const ScanSql& wanted) const;

  void get_one(const Entity& entity, Id id, RowSink& sink);
  void check_insert(const Entity& entity, const Batch& batch);
  void insert_few(const Entity& entity, const Batch& batch);
  void update_few(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected, std::size_t from,
                  std::size_t to);
  // Of rows [from, to), or all: false where one of them cannot be written, and then none is.
  bool insert_one(const Entity& entity, const Batch& batch, std::size_t row);
  bool insert_many(const Entity& entity, const Batch& batch, std::size_t from, std::size_t to);
  bool copy_all(const Entity& entity, const Batch& batch, const Meanwhile& meanwhile);
  bool update_one(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected, std::size_t row);
  bool update_many(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected, std::size_t from,
                   std::size_t to);
  bool update_each(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected, std::size_t from,
                   std::size_t to);
  Params update_params(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                       std::size_t row) const;
  bool run_undoable(std::vector<Step> writes, std::int64_t rows, const Doing& doing);
  [[noreturn]] void fail_insert(const Entity& entity, const Batch& batch, std::size_t row);
  [[noreturn]] void fail_update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                                std::size_t row);
  [[noreturn]] void fail_swallowed(std::string_view verb, const Entity& entity);
  void fail_if_held(const Entity& entity, const Batch& batch, std::size_t row);
  std::optional<std::int64_t> stored_revision(const Entity& entity, const Batch& batch, std::size_t row);
  void end(bool committed) noexcept;

  std::shared_ptr<Link> link_;
  Channel* channel_ = nullptr;  ///< of `life_`
  Access access_;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

}  // namespace kith::postgres

#endif
