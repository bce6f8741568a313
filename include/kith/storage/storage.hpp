// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where records live. A backend knows tables, rows and transactions, no domain: the engine above it does
/// permission, validation, history and everything a backend does not take. One contract suite
/// (tests/storage/contract) runs over every backend.
///
/// Threads: a Storage may be shared; a Connection and what it made belong to one thread at a time.
/// Errors: conflict (unique key, stale revision), busy, storage, corrupt, version, misuse.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/schema/condition.hpp"

namespace kith {

/// Error{storage} of a connection that was lost. Nothing of the transaction is kept, and the same work may be tried
/// again on a new connection; but when `unknown`, it was lost inside `commit`, and only the store itself can say
/// whether the work is there (Work::commit asks it).
class Interrupted : public Error {
 public:
  Interrupted(std::string said, bool is_unknown) : Error(Code::storage, std::move(said)), unknown(is_unknown) {}
  bool unknown;
};

/// The number of the table layout this library writes; a store with a higher one is refused.
inline constexpr std::int64_t kFormat = 4;

/// Receives rows of a `get`, straight from storage: no batch in between. `row` comes first, then every field of the
/// entity in table order. Texts are valid during the call.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void row(std::size_t index) = 0;  ///< position of the id in the span asked for
  virtual void null(int field) = 0;
  virtual void word(int field, std::int64_t word) = 0;
  virtual void text(int field, std::string_view text) = 0;
};

/// Fills structs straight from a `get`: the row of ids[i] becomes structs[i]; the others keep what they held.
/// The structs belong to the caller and outlive the sink.
class StructSink final : public RowSink {
 public:
  /// `count` structs of the entity, the first at `first`, `stride` bytes apart.
  StructSink(const Entity& entity, void* first, std::size_t stride, std::size_t count);
  template <class T>
  explicit StructSink(std::span<T> structs) : StructSink(entity_of<T>(), structs.data(), sizeof(T), structs.size()) {}

  void row(std::size_t index) override;
  void null(int field) override;
  void word(int field, std::int64_t word) override;
  void text(int field, std::string_view text) override;

  /// Whether a row came for the id at that position.
  bool found(std::size_t index) const { return ((bits(index) >> (index & 63)) & 1) != 0; }
  std::size_t found_count() const { return found_count_; }

 private:
  std::span<const Field> table_;
  char* first_;
  std::size_t stride_;
  void* current_ = nullptr;
  std::uint64_t bits(std::size_t index) const { return index < 64 ? first_found_ : more_found_[index / 64 - 1]; }

  std::uint64_t first_found_ = 0;  ///< the first 64 rows, so that reading a few records allocates nothing
  std::vector<std::uint64_t> more_found_;
  std::size_t found_count_ = 0;
};

/// Appends the rows of a `get` to a batch of all fields of the entity.
class BatchSink final : public RowSink {
 public:
  explicit BatchSink(Batch& batch) : batch_(batch) {}

  void row(std::size_t index) override { indexes_.push_back(index); }
  void null(int field) override { batch_.columns[static_cast<std::size_t>(field)].append_null(); }
  void word(int field, std::int64_t word) override { batch_.columns[static_cast<std::size_t>(field)].append(word); }
  void text(int field, std::string_view text) override { batch_.columns[static_cast<std::size_t>(field)].append(text); }

  /// For each row that was appended, the position of its id in the span asked for.
  const std::vector<std::size_t>& indexes() const { return indexes_; }

 private:
  Batch& batch_;
  std::vector<std::size_t> indexes_;
};

/// One key of a sort order. Nulls come last, ascending or descending; text sorts by bytes.
struct Order {
  int field = kIdField;
  bool descending = false;
};

/// What is wanted. `where`, `order` and `limit` are offers: the cursor says which it took, the engine does the rest.
struct Scan {
  const Entity* entity = nullptr;
  std::vector<int> fields = {};       ///< columns of the batches, in this order; one or more
  std::vector<Condition> where = {};  ///< conjuncts
  std::vector<Order> order = {};
  std::optional<std::int64_t> limit = {};  ///< only with everything in `where` and `order` taken
  const Entity* history = nullptr;         ///< with it: the state right after work `as_of`
  std::int64_t as_of = 0;
};

/// Which offers of a Scan a backend took.
struct Taken {
  std::vector<bool> where = {};  ///< one for each conjunct
  bool order = false;
  bool limit = false;
};

/// What to count and sum: rows that agree in every key are one group, and nulls agree with each other.
struct GroupBy {
  const Entity* entity = nullptr;
  std::vector<int> keys = {};         ///< fields; none for one group of everything
  std::vector<int> sums = {};         ///< fields of words, not texts
  std::vector<Condition> where = {};  ///< conjuncts, as of a Scan
  const Entity* history = nullptr;    ///< as of a Scan
  std::int64_t as_of = 0;
};

/// The answer to a GroupBy: groups in any order, each with one row or more. Column i of `keys` is the i-th key;
/// `present[i]` and `sums[i]` are, of the i-th summed field, how many rows have a value and what those add up to.
struct Groups {
  std::vector<Column> keys = {};
  std::vector<std::int64_t> rows = {};
  std::vector<std::vector<std::int64_t>> present = {};
  std::vector<std::vector<std::int64_t>> sums = {};
};

/// Rows of a scan. Ends with its transaction: later calls are Error{misuse}.
class Cursor {
 public:
  static constexpr std::size_t kRows = 1024;
  virtual ~Cursor() = default;
  virtual const Taken& taken() const = 0;
  /// Clears the batch and fills it with up to kRows rows; false when none were left.
  virtual bool next(Batch& batch) = 0;
};

/// One addition that brings the tables of an older store to those of this library.
struct MigrationStep {
  std::string entity = {};  ///< the table
  std::string field = {};   ///< the column that is added; "" for a table or an index
  std::string sql = {};     ///< the statement
};

/// What an older store lacks, derived from the entity tables. Nothing is ever taken away.
struct Migration {
  std::int64_t from = kFormat;  ///< the store's format
  std::int64_t to = kFormat;    ///< this library's
  std::vector<MigrationStep> steps = {};
};

/// A snapshot (read) or the one writer (write). Its destructor rolls back what was not committed.
///
/// Writes go row by row: one that throws may have written the rows of its batch before the one that failed; undo
/// them with a savepoint, or give the transaction up. After a failure of the disk the whole transaction may be
/// gone; every further call is then Error{storage}. Writing in a read transaction, and any call after `commit`,
/// is Error{misuse}. Rows written while a cursor is open may or may not be seen by it.
/// History rows (Keeping::history) are told apart by (id, seq): `insert` and `update` work on one version each,
/// `erase` removes all versions of an id, `get` is Error{misuse}.
class Transaction {
 public:
  virtual ~Transaction() = default;

  /// Rows of those ids, in any order; absent ids give no row. An id given twice gives two rows.
  virtual void get(const Entity& entity, std::span<const Id> ids, RowSink& sink) = 0;
  /// Adds rows; the batch holds every field in table order. Conflict names the unique key that is taken; invalid a
  /// field that is null and must not be.
  virtual void insert(const Entity& entity, const Batch& batch) = 0;
  /// Replaces rows by id; the batch holds every field with the new revision. Where the stored revision is not
  /// `expected[row]`, or the row is gone: conflict. The rows of a log have
  /// no revision; they are replaced with an empty `expected`.
  virtual void update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) = 0;
  /// Removes rows; absent ids are no error.
  virtual void erase(const Entity& entity, std::span<const Id> ids) = 0;
  virtual std::unique_ptr<Cursor> scan(const Scan& scan) = 0;
  /// Counts and sums where the rows are. False, and `groups` is not to be used, where the backend does not take all of
  /// it or a sum does not fit 64 bits: the engine then scans and does it itself. Never another answer than that.
  virtual bool group(const GroupBy& by, Groups& groups);

  /// Nested undo points, last in first out.
  virtual void savepoint() = 0;
  virtual void release() = 0;
  virtual void rollback_to() = 0;  ///< undoes to the last savepoint and removes it
  /// Takes the steps of Storage::migration that are this store's own and raises its format, all undone unless this
  /// transaction commits. The first call of its transaction, behind Storage::migrate. Errors: conflict (another process
  /// has migrated the store meanwhile), corrupt, misuse (a backend whose stores are never older).
  virtual void migrate(const Migration& migration, std::span<const Entity* const> entities);
  /// Makes everything durable; nothing else may be called afterwards. Interrupted{unknown} where the backend cannot
  /// say whether it is.
  virtual void commit() = 0;
};

enum class Access : std::int32_t { read = 1, write = 2 };

/// One session's way to the store.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Write: waits for the writer before it at most the store's busy time, then Error{busy}. One transaction of
  /// each kind at a time on one connection.
  virtual std::unique_ptr<Transaction> begin(Access access) = 0;
};

/// How a store is opened.
struct StorageOptions {
  bool create = true;  ///< make the store when it is absent; else Error{not_found}
  bool read_only = false;
  int busy_ms = 5000;  ///< how long a writer waits for another
};

/// A place that holds one store.
class Storage {
 public:
  virtual ~Storage() = default;
  virtual std::unique_ptr<Connection> connect() = 0;
  /// True until `prepare` has made the tables.
  virtual bool fresh() const = 0;
  /// Makes the tables of a fresh store in one transaction; otherwise checks that it is a Kith store of a format
  /// this library knows (corrupt, version) with those tables.
  virtual void prepare(std::span<const Entity* const> entities) = 0;
  /// What a store of an older format needs; `from` equals `to` where it is not older, and for backends that have no
  /// older stores. Changes nothing. A table holds the fields of its entity in any order, each column that a migration
  /// added with the default of the entity's struct. Errors: corrupt when what is there is not what an older format
  /// made.
  virtual Migration migration(std::span<const Entity* const> entities);
  /// Takes those steps that several stores share, where they are not taken yet: tables of PostgreSQL hold many tenants.
  /// One process at a time, each step durable for itself, so that whoever comes after one that was killed goes on where
  /// it stopped. Does nothing where a store has its tables for itself. Errors: busy, denied, corrupt, version.
  virtual void migrate(const Migration& migration, std::span<const Entity* const> entities);
  /// Copies what is committed now into a new SQLite file at `path`, durably, while others write on: true; or false,
  /// with nothing done, for a backend that has no copy of its own. `path` must be absent. On errors a part of the file
  /// may be there. Errors: storage, corrupt.
  virtual bool copy_to(const std::string& path);
  /// The backend's own integrity check: a sentence for each fault.
  virtual std::vector<std::string> damage() = 0;
  /// Rids what the backend keeps on disk of the bytes of rows that were replaced or removed; reads the whole store.
  /// Returns a sentence for each thing that is left to its keeper. No transaction may be open on it (busy).
  virtual std::vector<std::string> scrub();
  /// "sqlite 3.40.1, file shop.kith": for `kith doctor`.
  virtual std::vector<std::string> describe() const = 0;
};

/// "memory:" is an empty store in memory that dies with the Storage; "sqlite:path", or a plain path, an SQLite file;
/// "postgresql://..." a tenant on a server (see storage/postgres.hpp).
/// Errors: invalid for an unknown scheme; not_found, corrupt, version, storage.
std::shared_ptr<Storage> open_storage(std::string_view url, const StorageOptions& options = {});

std::shared_ptr<Storage> open_memory(const StorageOptions& options = {});
std::shared_ptr<Storage> open_sqlite(std::string_view path, const StorageOptions& options = {});

}  // namespace kith
