// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the engine's sources share: the states behind Engine, Session, Reader and Work, and raw reads that no
// permission filters.

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"
#include "kith/engine/history.hpp"
#include "kith/engine/session.hpp"

namespace kith {

extern const Area kEngineArea;
class Customs;
class Machines;
namespace custom {
class Carry;
}

/// What a principal may do, resolved for one state of the access tables and one day.
class Rights {
 public:
  /// A principal that may do everything: system processes.
  static std::shared_ptr<const Rights> everything();
  /// Reads roles, grants and reach. `reader` must be a system reader.
  static std::shared_ptr<const Rights> load(const Reader& reader, const Principal& principal);

  Level level(const Entity& entity, Action action) const;
  /// The filter that a level puts on records with an owner or unit: absent for nothing, an empty `all` for everything.
  std::optional<Condition> predicate(const Entity& entity, Action action) const;
  bool sees_all() const { return system_; }
  const std::string& describe() const { return roles_text_; }

 private:
  bool system_ = false;
  std::optional<Id> employee_;
  Reach reach_;
  std::map<std::pair<std::string, Action>, Level> levels_;
  std::string roles_text_;
};

/// True for a condition that keeps every row.
inline bool keeps_all(const Condition& condition) {
  return condition.op == Condition::Op::all && condition.terms.empty();
}

struct Engine::Impl {
  std::shared_ptr<Storage> storage;
  const Model* model = nullptr;
  Options options;
  Currency currency;
  Timestamp now() const;
  void random(std::span<std::uint8_t> bytes) const;
};

struct Session::State : std::enable_shared_from_this<Session::State> {
  std::shared_ptr<Engine> engine;
  Principal principal;
  std::vector<std::unique_ptr<Connection>> idle;  // connections that no reader holds
  std::unique_ptr<Connection> writer;
  bool working = false;  // a Work is open

  // Rights of the principal, as of the last look.
  std::shared_ptr<const Rights> rights;
  std::int64_t rights_seq = -1;
  Date rights_day;

  // What the store says of itself as data, as of the last look.
  template <class Kept>
  struct Present {
    std::shared_ptr<const Kept> value = nullptr;
    std::int64_t seq = -1;
  };
  Present<Customs> customs;
  Present<Machines> machines;

  Engine::Impl& impl() const;
  std::unique_ptr<Connection> take_connection();

  // One thread at a time: debug builds notice a second one inside.
  std::atomic<std::thread::id> inside{};
  int depth = 0;
};

/// Marks a call into a session; in debug builds a second thread inside is Error{misuse}.
class Turn {
 public:
  explicit Turn(Session::State* session);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Session::State* session_;
};

/// Ids of records that changed, by the name of their entity; in no order.
using ChangedRecords = std::map<std::string, std::vector<Id>, std::less<>>;
struct TouchedRecord;

/// A transaction with the connection it runs on, shared by the readers that look through it.
struct Held {
  std::shared_ptr<Session::State> session;
  std::unique_ptr<Connection> connection;  // of a plain reader; given back at the end
  std::unique_ptr<Transaction> transaction;
  std::shared_ptr<const Customs> customs;    // as this transaction sees them; loaded on first need
  std::shared_ptr<const Machines> machines;  // the same
  bool settings_changed = false;             // one of them, by this transaction itself
  std::vector<custom::Carry*> carries;       // values of the store's own fields that wait for a verb's record
  const std::vector<TouchedRecord>* touched = nullptr;  // by the open Work
  /// What committed works after one of them changed (engine/changed.hpp), or that it cannot be told; kept, for the
  /// transaction sees the same to its end.
  std::map<std::int64_t, std::optional<ChangedRecords>> changed;

  void forget_settings() {
    customs.reset();
    machines.reset();
  }

  ~Held();
};

struct Reader::State {
  std::shared_ptr<Session::State> session;
  std::shared_ptr<Held> held;
  Head head;
  std::int64_t seq = 0;
  bool as_of = false;
  Principal actor;
  mutable std::shared_ptr<const Rights> rights;  // loaded on first need
  Timestamp now;
  std::optional<Date> valid;  // the day of valid time; `now` is then its end
  int trust = 0;              // depth of Work::trusted
  // Of a Work: what `verb::remembered` found, by the entity that was read and what was asked.
  std::map<const Entity*, std::map<std::int64_t, std::optional<Id>>> remembered = {};

  const Model& model() const { return *session->impl().model; }
  /// The transaction, or Error{misuse} when its Work has ended.
  Transaction& live() const;
};

/// Fills the struct of one record straight from storage; false when there is none.
bool fetch_record(Transaction& transaction, const Entity& entity, Id id, void* record);

/// Access to protected state for the engine's free functions.
struct Inside : Reader {
  static Reader::State& state(const Reader& reader) { return *static_cast<const Inside&>(reader).state_; }
  static Reader make(std::shared_ptr<Reader::State> state) { return Inside(std::move(state)); }
  using Shared = std::shared_ptr<Reader::State>;

 private:
  explicit Inside(std::shared_ptr<Reader::State> state) : Reader(std::move(state)) {}
};

/// Where the rows of an entity that hold from one moment to another keep what they belong to: its first required
/// reference. -1 for other entities.
int dated_key(const Entity& entity);
/// The rights of the reader's actor, loaded once.
const Rights& rights_of(const Reader& reader);
/// All rows of a scan, unfiltered by permission, with residual conditions, order and limit applied.
std::unique_ptr<Rows> raw_scan(const Reader& reader, Scan scan);
/// What storage alone can answer of a query, with the actor's rights in it; `any` is false where the actor sees no row.
/// Nothing where part of the filter is the engine's.
struct Pushed {
  bool any = false;
  Scan scan;  // no fields, order or limit
};
std::optional<Pushed> pushed_scan(const Reader& reader, const Entity& entity, const Query& query);
/// Everything of `raw_scan` in one batch.
Batch raw_all(const Reader& reader, Scan scan);
/// Full current rows of some ids, unfiltered; rows come in storage order.
Batch raw_get(const Reader& reader, const Entity& entity, std::span<const Id> ids);
/// True when the actor reads every row of the entity; of a part: every row of what it is a part of.
bool reads_all(const Reader& reader, const Entity& entity);
/// The ids among `ids` on which the actor may do `action`.
std::unordered_set<std::int64_t> allowed(const Reader& reader, const Entity& entity, Action action,
                                         std::span<const Id> ids);
/// The same for full rows at hand (of a record that may be new).
bool allowed_row(const Reader& reader, const Entity& entity, Action action, const Batch& batch, std::size_t row);
/// What facts are worth in the base currency, by the area that knows rates. Errors: not_found (no rate), overflow.
std::vector<BaseValue> base_values(const Reader& reader, std::span<const DatedMoney> facts);
/// The head row, or nothing in a store that is not founded.
std::optional<Head> read_head(Transaction& transaction);

/// True when two rows of one entity hold the same values but for revision and seq.
bool same_values(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b);
/// The changes of one work, by id.
std::vector<ChangeRow> changes_of(const Reader& reader, std::int64_t seq);

/// Error{state} for an entity whose rows are only ever added.
void require_changeable(const Entity& entity);
/// Rules of fields: required, length, range, UTF-8, known choices. Adds what is broken in one row.
void check_fields(const Entity& entity, const Batch& batch, std::size_t row, std::vector<Violation>& violations);
/// The digest of one version of a record: salt, entity, kind, then every field that is not null, but for those that
/// `without` marks (empty: none).
Digest change_digest(std::string_view salt, const Entity& entity, ChangeKind kind, Id record, const Batch* batch,
                     std::size_t row, const std::vector<bool>& without = {});

/// A version of a record where it lies: a row of its table or of its history.
struct VersionRow {
  const Batch* batch = nullptr;
  std::size_t row = 0;
  std::int64_t seq = 0;
  std::optional<std::int64_t> to_seq = {};  // absent: still so
};

/// All that is left of a record's past when it is erased or purged. Its earlier digests can no longer be recomputed,
/// because their values or their salts are gone; the digest of the erasure over all of this takes their place.
struct Sealed {
  std::span<const ChangeRow> earlier = {};  // changes of the record before this one
  std::vector<VersionRow> versions = {};    // by seq; the erasure's own last, with its to_seq absent
  std::vector<bool> without = {};           // fields that the store did not have then
};
Digest seal_digest(std::string_view salt, const Entity& entity, ChangeKind kind, Id record, const Sealed& sealed);
/// The hash of a work: the previous hash, the row's own fields, the digests of its changes in order.
Digest work_hash(const WorkRow& work, std::string_view previous, const std::vector<std::string_view>& digests);

}  // namespace kith
