// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One PGconn as far as Kith needs it: statements with binary parameters and results, prepared ones that are kept,
/// pipelines, and SQLSTATEs as kith::Error. One thread at a time.

#ifdef KITH_POSTGRES

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kith/storage/postgres.hpp"
#include "storage/postgres_api.hpp"

namespace kith::postgres {

/// Types of parameters, by their fixed numbers (pg_type.dat).
inline constexpr Oid kInt8 = 20;
inline constexpr Oid kText = 25;
inline constexpr Oid kBytea = 17;
Oid type_number(Type type);
Oid array_number(Type type);

/// Parameters of one statement in binary form. Binary, because no setting of a session changes it: neither
/// bytea_output, DateStyle nor the quoting of strings.
class Params {
 public:
  void word(std::int64_t word);
  void text(std::string_view text, Type type);
  void null(Type type);
  void cell(const Cell& cell, Type type);
  void column(const Column& column, std::size_t row, Type type);
  void words(std::span<const std::int64_t> words);
  void cells(std::span<const Cell> cells, Type type);
  /// Rows [from, to) of a column whose texts the server takes.
  void rows(const Column& column, std::size_t from, std::size_t to, Type type);

  int size() const { return static_cast<int>(types_.size()); }
  const Oid* types() const { return types_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  /// Valid until the next change.
  const char* const* values();

 private:
  void open(Oid type);
  void close();
  void open_array(std::size_t count, Type type);

  std::string bytes_;
  std::vector<Oid> types_;
  std::vector<std::size_t> offsets_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<char> nulls_;
  std::vector<const char*> values_;
};

/// Big-endian, as the protocol has it.
void append_int16(std::string& bytes, std::int16_t value);
void append_int32(std::string& bytes, std::int32_t value);
void append_int64(std::string& bytes, std::int64_t value);
/// As COPY and arrays have it: the length of the value, then its bytes.
void append_value(std::string& bytes, const Column& column, std::size_t row);

/// A result that frees itself; columns of statements with parameters are binary.
class Result {
 public:
  explicit Result(PGresult* raw = nullptr) : raw_(raw) {}
  PGresult* raw() const { return raw_.get(); }
  ExecStatusType status() const { return api().PQresultStatus(raw()); }
  bool failed() const;
  int rows() const { return api().PQntuples(raw()); }
  bool is_null(int row, int column) const { return api().PQgetisnull(raw(), row, column) != 0; }
  std::string_view text(int row, int column) const {
    return {api().PQgetvalue(raw(), row, column), static_cast<std::size_t>(api().PQgetlength(raw(), row, column))};
  }
  std::int64_t word(int row, int column) const;
  /// A whole numeric, the sum of bigints; nothing where it does not fit 64 bits. 0 for null.
  std::optional<std::int64_t> whole(int row, int column) const;
  /// Rows that an INSERT, UPDATE or DELETE touched.
  std::int64_t touched() const;
  /// What the server tells of a failure under that code (PG_DIAG_...); empty where it tells nothing.
  std::string_view field(int code) const;

 private:
  struct Clear {
    void operator()(PGresult* raw) const { api().PQclear(raw); }
  };
  std::unique_ptr<PGresult, Clear> raw_;
};

/// One statement of a pipeline.
struct Step {
  const std::string* sql;
  Params params;
  int format = 1;  ///< of its result: 1 for binary, 0 for text
};

/// What all connections of a store have in common.
struct Settings {
  std::vector<std::string> keywords;  ///< for libpq
  std::vector<std::string> values;
  PostgresOptions postgres;
  StorageOptions storage;
  std::string place;  ///< for messages: "database shop on db.example, schema kith, tenant 1"
};

/// Those of a URL, as libpq itself reads it. Errors: invalid, storage (no libpq).
Settings settings_of(std::string_view url, const StorageOptions& options);

/// A connection that the host lends, and what it had set before Kith began to work on it. Stores of several tenants
/// that are open on one connection share it.
struct Lent {
  std::atomic<PGconn*> connection{nullptr};  ///< none once the host has closed it: then its address is nobody's
  int inside = 0;                            ///< how much of Kith's is open on it
  bool working = false;                      ///< a Work is
  /// What the setting kith.inside has been since the first of them was opened. It goes with the host's transaction, or
  /// when the host undoes to a point from before.
  std::string mark = {};
  std::vector<std::string> before = {};  ///< of each setting that is Kith's meanwhile
  std::string tenant = {};
  std::optional<bool> cluster = {};
  std::int64_t told = 0;  ///< the tenant that the nodes of a cluster were told last
};

/// What is known of that connection; one for all stores on it, for as long as it is open.
std::shared_ptr<Lent> lent_of(PGconn* connection);

/// What a statement is for, so that its failure can say what was being done to which of Kith's tables.
struct Doing {
  // NOLINTNEXTLINE(google-explicit-constructor): most statements are about no table of their own.
  constexpr Doing(const char* what) : verb(what) {}
  constexpr Doing(std::string_view what, std::string_view whose) : verb(what), table(whose) {}
  Doing(std::string_view what, const Entity& whose) : verb(what), table(whose.name), entity(&whose) {}
  std::string_view verb;           ///< "read": one of those below, or any other
  std::string_view table = {};     ///< empty where it is about several, or none
  const Entity* entity = nullptr;  ///< whose table that is
  bool copies = false;             ///< by COPY, which says so in what the server tells of its context
};
// Those that need a right of their own.
inline constexpr std::string_view kRead = "read";
inline constexpr std::string_view kInsert = "insert into";
inline constexpr std::string_view kUpdate = "update";
inline constexpr std::string_view kErase = "delete from";
inline constexpr std::string_view kLock = "lock a row of";
inline constexpr const char* kCommit = "commit to";
inline constexpr const char* kMakingSchema = "make the schema of";
inline constexpr const char* kMaking = "make tables in";
inline constexpr const char* kMigrating = "migrate the tables of";

class Copying;

class Channel {
 public:
  /// Connects. Errors: storage, denied, not_found, busy.
  explicit Channel(const Settings& settings);
  /// Borrows the host's connection.
  Channel(const Settings& settings, std::shared_ptr<Lent> lent);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// None where the host has closed its connection; libpq refuses to do anything with that.
  PGconn* raw() const { return lent_ == nullptr ? connection_ : lent_->connection.load(); }
  bool borrowed() const { return lent_ != nullptr; }
  bool alive() const { return api().PQstatus(raw()) == CONNECTION_OK; }
  const Settings& settings() const { return settings_; }
  PGTransactionStatusType state() const { return api().PQtransactionStatus(raw()); }

  /// Statements without parameters, separated by semicolons; the last result, as text. `doing` is for messages.
  Result exec(const std::string& sql, const Doing& doing = "use");
  /// Never fails; for what happens at the end.
  void try_exec(const char* sql) noexcept;
  Result run(const std::string& sql, Params& params, const Doing& doing = "use");
  /// Runs without keeping a prepared statement.
  Result run_once(const std::string& sql, Params& params, const Doing& doing = "use");
  /// The same where no answer is needed at any price: a failure or none within that time is told as a result that has
  /// failed, and nothing more can be asked. Only of a connection of Kith's own.
  Result ask(const std::string& sql, Params& params, int most_ms);
  /// Sends all steps in one go, then fails with the first error, if there was one.
  std::vector<Result> pipeline(std::span<Step> steps, const Doing& doing = "write to");
  /// Begins a transaction that tells the server whose it is, with settings of its own ("SET LOCAL ..."); `lock_ms`
  /// bounds each wait for a lock, 0 for what the server has. Gives the result of `last` as text.
  Result begin(const std::string& mode, const std::vector<std::string>& own, int lock_ms, const std::string& last,
               const Doing& doing);
  /// Whether the server is a node of Citus. Such a one tells the other nodes a setting only where it is asked to, and
  /// sends them the text of the whole message that sets it: so each is a message of its own there.
  bool cluster();
  /// COMMIT, with what is said of it.
  void commit();

  /// The failure as kith::Error.
  [[noreturn]] void fail(const Result& result, const Doing& doing) const;

  // Of a borrowed connection: encoding, search path and tenant are Kith's while something of Kith's is open on it. A
  // host may end its transaction, or undo to a point from before, while a Reader or Work is open. Nobody can keep it
  // from that, so it is looked for whenever something is written and with everything that is read.
  /// Errors: misuse where the host has closed its connection, or put it into pipeline mode.
  void check_lent() const;
  void enter();
  void leave() noexcept;
  /// The undo point of a Work and the lock on its tenant; gives the row of the tenant. Errors: misuse where another
  /// Work is open on the connection.
  Result begin_work(const std::string& lock);
  void keep_work();
  /// Undoes it, unless the host has moved on.
  void undo_work() noexcept;
  /// Error{misuse} that says what the host did, where it has moved on. Does nothing on a connection of Kith's own.
  void look();
  /// Whether what was begun here is still there.
  bool within() noexcept;

 private:
  friend class Copying;
  std::string look_sql() const;
  bool moved(const Result& looked) const;
  [[noreturn]] void fail_moved() const;
  Result run_looking(const std::string& sql, Params& params, const Doing& doing);
  std::vector<Result> send(std::span<Step> steps, Result& failure, const Doing& doing);
  void tell_nodes(const char* setting, const std::string& value);
  void tell_tenant();
  void forget_prepared();
  const std::string* prepared(const std::string& sql, const Params& params, const Doing& doing);
  void check_open() const;
  [[noreturn]] void fail_lost(std::string_view said) const;

  const Settings& settings_;
  PGconn* connection_ = nullptr;
  std::shared_ptr<Lent> lent_;
  std::string inside_;       ///< its mark when this one entered
  std::string work_;         ///< the number of the Work that is open here
  std::string transaction_;  ///< the host's, by its number on the server
  std::optional<bool> cluster_;
  std::int64_t prepared_count_ = 0;
  std::unordered_map<std::string, std::string> prepared_;
};

/// COPY ... FROM STDIN in binary form: the server takes the bytes in while more of them are made.
class Copying {
 public:
  /// `sql` may hold statements before and behind the COPY into that table.
  Copying(Channel& channel, const std::string& sql, const Entity& entity);
  /// Gives up unless `end` was called; the transaction is then broken.
  ~Copying();
  Copying(const Copying&) = delete;
  Copying& operator=(const Copying&) = delete;

  void send(std::string_view bytes);
  /// False where a unique key was in the way, or what a cluster does not tell: the transaction is then broken. False
  /// also where the server took in another number of rows than were sent, because something of another program left
  /// some out.
  bool end(std::int64_t sent);

 private:
  /// Reads all answers; the first that tells of a failure.
  Result finish();

  Channel& channel_;
  Doing doing_;
  std::int64_t taken_ = 0;  ///< rows that the server says it took in
  bool open_ = true;
};

}  // namespace kith::postgres

#endif
