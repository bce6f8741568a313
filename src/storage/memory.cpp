// SPDX-License-Identifier: Apache-2.0
/// \file
/// The memory backend: the reference for what a backend means. A state is a set of trees that share their nodes with
/// the states before it, so that a snapshot, a rollback and a savepoint are each a kept copy of a few pointers.
/// It takes no offers but a choice of ids: the engine's own filters, sorts and limits are tested through it. What
/// unique keys can tell of a filter spares walking over the other rows; the engine tests it all the same.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "storage/memory_row.hpp"
#include "storage/memory_tree.hpp"
#include "storage/rules.hpp"

namespace kith {
namespace {

/// (id, seq) in a history, (id, 0) elsewhere.
using RowKey = std::pair<std::int64_t, std::int64_t>;
using Rows = Tree<RowKey, Row>;
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

struct TableData {
  std::uint64_t stamp = 0;  ///< of the writer that may change it in place
  Rows rows;
  std::vector<Tree<std::string, std::int64_t>> unique;  ///< key bytes to the id that has them
};
using State = std::vector<std::shared_ptr<TableData>>;

constexpr std::size_t kMostPrefixes = 1000;  ///< values of a filter that are looked up in a key

/// What a filter says of one field: the conjunct that names its values, or null.
const Condition* values_of(const std::vector<Condition>& where, int field) {
  for (const Condition& condition : where) {
    const bool names = condition.op == Condition::Op::eq || condition.op == Condition::Op::in;
    if (names && condition.field == field && condition.operands.size() <= kMostPrefixes) return &condition;
  }
  return nullptr;
}

/// Beginnings of the bytes of a key that rows must have to meet a filter; none where it does not name the key's first
/// field. Rows with a null in a key are not in its tree, so the fields behind must not be nullable.
std::vector<std::string> prefixes_of(const Layout& layout, const std::vector<int>& key,
                                     const std::vector<Condition>& where, std::size_t& used) {
  std::vector<std::string> prefixes{{}};
  for (used = 0; used < key.size(); ++used) {
    const Condition* condition = values_of(where, key[used]);
    if (condition == nullptr || prefixes.size() * condition->operands.size() > kMostPrefixes) break;
    const std::size_t operands = condition->op == Condition::Op::eq ? 1 : condition->operands.size();
    std::vector<std::string> longer;
    for (const std::string& prefix : prefixes) {
      for (std::size_t k = 0; k < operands; ++k) {
        std::string bytes = prefix;
        if (const auto* text = std::get_if<std::string>(&condition->operands[k])) {
          add_key_text(bytes, *text);
        } else if (const auto* word = std::get_if<std::int64_t>(&condition->operands[k])) {
          add_key_word(bytes, *word);
        } else {
          continue;  // nothing is equal to null
        }
        longer.push_back(std::move(bytes));
      }
    }
    prefixes = std::move(longer);
  }
  for (std::size_t i = used; i < key.size(); ++i) {
    if (layout.nullable[static_cast<std::size_t>(key[i])]) used = 0;
  }
  return prefixes;
}

/// Ids, in their order, among which are those of all rows that meet a filter; nothing where no key tells or where it
/// tells of too many to be worth it.
std::optional<std::vector<std::int64_t>> ids_by_key(const Layout& layout, const TableData& table,
                                                    const std::vector<Condition>& where) {
  std::size_t most = 0;
  std::size_t best = 0;
  std::vector<std::string> prefixes;
  for (std::size_t k = 0; k < layout.unique.size(); ++k) {
    std::size_t used = 0;
    std::vector<std::string> found = prefixes_of(layout, layout.unique[k], where, used);
    if (used <= most) continue;
    most = used;
    best = k;
    prefixes = std::move(found);
  }
  if (most == 0) return std::nullopt;
  std::vector<std::int64_t> ids;
  const std::size_t worth = table.rows.size() / 4 + 16;
  Tree<std::string, std::int64_t>::Walk walk(table.unique[best]);
  for (const std::string& prefix : prefixes) {
    for (walk.seek(prefix); !walk.done() && walk.key().starts_with(prefix); walk.next()) {
      if (ids.size() == worth) return std::nullopt;
      ids.push_back(walk.value());
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

/// What all connections share.
struct Store {
  explicit Store(const StorageOptions& given) : options(given) {}

  StorageOptions options;
  std::mutex mutex;  ///< guards everything below
  std::condition_variable writer_left;
  bool writing = false;
  bool prepared = false;
  std::uint64_t last_stamp = 0;
  std::vector<std::shared_ptr<const Layout>> layouts;
  std::map<std::string, std::size_t, std::less<>> by_name;
  State current;

  std::uint64_t new_stamp() {
    const std::lock_guard lock(mutex);
    return ++last_stamp;
  }
};

/// Shared by a connection and its transactions, so that either may die first.
struct Link {
  explicit Link(std::shared_ptr<Store> of) : store(std::move(of)) {}

  std::shared_ptr<Store> store;
  bool reading = false;
  bool writing = false;
};

/// Shared by a transaction and its cursors.
struct Life {
  bool ended = false;
};

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const Scan& scan, std::shared_ptr<const Life> life, const Layout& layout, const TableData& table,
               const Rows* history)
      : scan_(scan), life_(std::move(life)) {
    taken_.where.assign(scan_.where.size(), false);
    take_ids();
    if (!ids_ && history == nullptr) ids_ = ids_by_key(layout, table, scan_.where);
    std::vector<Condition>().swap(scan_.where);  // The engine evaluates the rest; no copy is needed.
    sources_.push_back(Source{Rows::Walk(table.rows), scan_.history != nullptr ? kSeqField : -1, -1});
    if (history != nullptr) sources_.push_back(Source{Rows::Walk(*history), kSeqField, to_seq_field(*scan_.history)});
  }

  const Taken& taken() const override { return taken_; }

  bool next(Batch& batch) override {
    if (life_->ended) fail_ended();
    shape_batch(scan_, batch);
    std::size_t rows = 0;
    for (; source_ < sources_.size(); ++source_, id_ = 0, within_id_ = false) {
      while (rows < kRows && advance(sources_[source_])) {
        Rows::Walk& walk = sources_[source_].walk;
        if (visible(sources_[source_], walk.value())) {
          append(walk.value(), batch);
          ++rows;
        }
        walk.next();
      }
      if (rows == kRows) return true;
    }
    return rows != 0;
  }

 private:
  struct Source {
    Rows::Walk walk;
    int seq;     ///< position of the field that must not pass `as_of`, or -1
    int to_seq;  ///< position of the field that must pass it, or -1
  };

  /// Takes the first conjunct that is a choice of ids.
  void take_ids() {
    for (std::size_t i = 0; i < scan_.where.size(); ++i) {
      const Condition& condition = scan_.where[i];
      const bool one = condition.op == Condition::Op::eq;
      if (condition.field != kIdField || (!one && condition.op != Condition::Op::in)) continue;
      ids_.emplace();
      for (std::size_t k = 0; k < (one ? 1 : condition.operands.size()); ++k) {
        if (const auto* id = std::get_if<std::int64_t>(&condition.operands[k])) ids_->push_back(*id);
      }
      std::sort(ids_->begin(), ids_->end());
      ids_->erase(std::unique(ids_->begin(), ids_->end()), ids_->end());
      taken_.where[i] = true;
      return;
    }
  }

  /// Stands on the next row of the source that is among the chosen ids; false at its end.
  bool advance(Source& source) {
    if (!ids_) return !source.walk.done();
    for (; id_ < ids_->size(); ++id_, within_id_ = false) {
      if (!within_id_) source.walk.seek({(*ids_)[id_], kLeast});
      within_id_ = true;
      if (!source.walk.done() && source.walk.key().first == (*ids_)[id_]) return true;
    }
    return false;
  }

  bool visible(const Source& source, const Row& row) const {
    if (source.seq >= 0 && row.word(static_cast<std::size_t>(source.seq)) > scan_.as_of) return false;
    return source.to_seq < 0 || row.word(static_cast<std::size_t>(source.to_seq)) > scan_.as_of;
  }

  void append(const Row& row, Batch& batch) const {
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      Column& column = batch.columns[i];
      const auto field = static_cast<std::size_t>(batch.fields[i]);
      if (row.is_null(field)) {
        column.append_null();
      } else if (column.is_text()) {
        column.append(row.text(field));
      } else {
        column.append(row.word(field));
      }
    }
  }

  Scan scan_;
  std::shared_ptr<const Life> life_;
  Taken taken_;
  std::optional<std::vector<std::int64_t>> ids_;
  std::vector<Source> sources_;
  std::size_t source_ = 0;
  std::size_t id_ = 0;
  bool within_id_ = false;
};

class MemoryTransaction final : public Transaction {
 public:
  MemoryTransaction(std::shared_ptr<Link> link, Access access) : link_(std::move(link)), access_(access) {
    Store& store = *link_->store;
    std::unique_lock lock(store.mutex);
    if (!store.prepared) fail_unprepared("the store in memory");
    if (access_ == Access::write) {
      const auto patience = std::chrono::milliseconds(store.options.busy_ms);
      if (!store.writer_left.wait_for(lock, patience, [&] { return !store.writing; })) {
        throw Error(Code::busy, "another writer held the store for more than " + std::to_string(store.options.busy_ms) +
                                    " ms; try the whole work again");
      }
      store.writing = true;
      link_->writing = true;
      stamp_ = ++store.last_stamp;
    } else {
      link_->reading = true;
    }
    state_ = store.current;
    layouts_ = store.layouts;
  }

  ~MemoryTransaction() override { end(false); }

  void get(const Entity& entity, std::span<const Id> ids, RowSink& sink) override {
    check_alive();
    check_get(entity);
    const TableData& table = *state_[table_of(entity)];
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Row* row = table.rows.find({ids[i].value, 0});
      if (row != nullptr) give(entity, *row, i, sink);
    }
  }

  void insert(const Entity& entity, const Batch& batch) override {
    check_writable();
    check_batch(entity, batch);
    const std::size_t place = table_of(entity);
    TableData& table = own(place);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Row row(*layouts_[place], batch, i);
      const RowKey key = key_of(entity, row);
      if (table.rows.find(key) != nullptr) fail_id_taken(entity, key.first);
      move_keys(entity, place, nullptr, &row);
      table.rows.insert(key, row, stamp_);
    }
  }

  void update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) override {
    check_writable();
    check_batch(entity, batch);
    check_expected(entity, batch, expected);
    const std::size_t place = table_of(entity);
    TableData& table = own(place);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Row row(*layouts_[place], batch, i);
      const RowKey key = key_of(entity, row);
      const Row* found = table.rows.find(key);
      if (found == nullptr) fail_gone(entity, key.first);
      const Row old = *found;
      if (has_revision(entity) && old.word(kRevisionField) != expected[i]) {
        fail_stale(entity, key.first, expected[i], old.word(kRevisionField));
      }
      move_keys(entity, place, &old, &row);
      table.rows.replace(key, row, stamp_);
    }
  }

  void erase(const Entity& entity, std::span<const Id> ids) override {
    check_writable();
    const std::size_t place = table_of(entity);
    TableData& table = own(place);
    for (const Id id : ids) {
      for (;;) {
        const Rows::Walk walk(table.rows, {id.value, kLeast});
        if (walk.done() || walk.key().first != id.value) break;
        const RowKey key = walk.key();
        const Row old = walk.value();
        move_keys(entity, place, &old, nullptr);
        table.rows.erase(key, stamp_);
      }
    }
  }

  std::unique_ptr<Cursor> scan(const Scan& scan) override {
    check_alive();
    check_scan(scan);
    const std::size_t place = table_of(*scan.entity);
    const Rows* history = scan.history != nullptr ? &state_[table_of(*scan.history)]->rows : nullptr;
    // Later writes get a new stamp, so that they copy what this cursor walks over.
    if (access_ == Access::write) freeze();
    return std::make_unique<MemoryCursor>(scan, life_, *layouts_[place], *state_[place], history);
  }

  void savepoint() override {
    check_alive();
    savepoints_.push_back(state_);
    if (access_ == Access::write) freeze();
  }

  void release() override {
    check_savepoint();
    savepoints_.pop_back();
  }

  void rollback_to() override {
    check_savepoint();
    state_ = std::move(savepoints_.back());
    savepoints_.pop_back();
    if (access_ == Access::write) freeze();
  }

  void commit() override {
    check_alive();
    end(true);
  }

 private:
  void check_alive() const {
    if (life_->ended) fail_ended();
  }
  void check_writable() const {
    check_alive();
    if (access_ != Access::write) fail_read_only_transaction();
  }
  void check_savepoint() const {
    check_alive();
    if (savepoints_.empty()) fail_no_savepoint();
  }

  /// The place of the entity's table. Known entities are looked up by address; the name is compared all the same,
  /// because another entity may later live at the address of one that died.
  std::size_t table_of(const Entity& entity) {
    const auto known = places_.find(&entity);
    if (known != places_.end() && layouts_[known->second]->name == entity.name) return known->second;
    for (std::size_t place = 0; place < layouts_.size(); ++place) {
      if (layouts_[place]->name == entity.name && layouts_[place]->matches(entity)) return places_[&entity] = place;
    }
    fail_unknown_entity(entity);
  }

  TableData& own(std::size_t place) {
    std::shared_ptr<TableData>& table = state_[place];
    if (table->stamp != stamp_) {
      table = std::make_shared<TableData>(*table);
      table->stamp = stamp_;
    }
    return *table;
  }

  void freeze() { stamp_ = link_->store->new_stamp(); }

  static RowKey key_of(const Entity& entity, const Row& row) {
    return {row.word(kIdField), is_history(entity) ? row.word(kSeqField) : 0};
  }

  static void give(const Entity& entity, const Row& row, std::size_t index, RowSink& sink) {
    sink.row(index);
    for (std::size_t field = 0; field < entity.fields.size(); ++field) {
      const int position = static_cast<int>(field);
      if (row.is_null(field)) {
        sink.null(position);
      } else if (is_text(entity.fields[field].type)) {
        sink.text(position, row.text(field));
      } else {
        sink.word(position, row.word(field));
      }
    }
  }

  /// Keeps the unique trees with a row that goes, comes or changes. All keys are checked before one is moved.
  void move_keys(const Entity& entity, std::size_t place, const Row* old, const Row* row) {
    const Layout& layout = *layouts_[place];
    TableData& table = own(place);
    for (const bool checking : {true, false}) {
      for (std::size_t k = 0; k < layout.unique.size(); ++k) {
        const bool had = old != nullptr && unique_bytes(layout, layout.unique[k], *old, old_bytes_);
        const bool has = row != nullptr && unique_bytes(layout, layout.unique[k], *row, new_bytes_);
        if (had && has && old_bytes_ == new_bytes_) continue;
        if (checking) {
          const std::int64_t* holder = has ? table.unique[k].find(new_bytes_) : nullptr;
          if (holder != nullptr) fail_key_taken(entity, entity.unique[k], *holder);
          continue;
        }
        if (had) table.unique[k].erase(old_bytes_, stamp_);
        if (has) table.unique[k].insert(new_bytes_, row->word(kIdField), stamp_);
      }
    }
  }

  void end(bool keep) {
    if (life_->ended) return;
    life_->ended = true;
    savepoints_.clear();
    if (access_ == Access::read) {
      link_->reading = false;
      state_.clear();
      return;
    }
    Store& store = *link_->store;
    {
      const std::lock_guard lock(store.mutex);
      // What is replaced is freed by the swap's other side after the lock is gone.
      if (keep) store.current.swap(state_);
      store.writing = false;
    }
    link_->writing = false;
    store.writer_left.notify_one();
    state_.clear();
  }

  std::shared_ptr<Link> link_;
  Access access_;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
  std::vector<std::shared_ptr<const Layout>> layouts_;
  State state_;
  std::vector<State> savepoints_;
  std::uint64_t stamp_ = 0;
  std::unordered_map<const Entity*, std::size_t> places_;
  std::string old_bytes_;
  std::string new_bytes_;
};

class MemoryConnection final : public Connection {
 public:
  explicit MemoryConnection(std::shared_ptr<Store> store) : link_(std::make_shared<Link>(std::move(store))) {}

  std::unique_ptr<Transaction> begin(Access access) override {
    if (access == Access::write ? link_->writing : link_->reading) fail_second_transaction(access);
    if (access == Access::write && link_->store->options.read_only) fail_read_only_store("the store in memory");
    return std::make_unique<MemoryTransaction>(link_, access);
  }

 private:
  std::shared_ptr<Link> link_;
};

class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(const StorageOptions& options) : store_(std::make_shared<Store>(options)) {}

  std::unique_ptr<Connection> connect() override { return std::make_unique<MemoryConnection>(store_); }

  bool fresh() const override {
    const std::lock_guard lock(store_->mutex);
    return !store_->prepared;
  }

  void prepare(std::span<const Entity* const> entities) override {
    const std::lock_guard lock(store_->mutex);
    if (store_->prepared) {
      for (const Entity* entity : entities) check_table(*entity);
      return;
    }
    if (store_->options.read_only) fail_read_only_store("the store in memory");
    for (const Entity* entity : entities) {
      auto table = std::make_shared<TableData>();
      auto layout = std::make_shared<const Layout>(*entity);
      table->unique.resize(layout->unique.size());
      store_->by_name[layout->name] = store_->layouts.size();
      store_->layouts.push_back(std::move(layout));
      store_->current.push_back(std::move(table));
    }
    store_->prepared = true;
  }

  std::vector<std::string> damage() override { return {}; }
  std::vector<std::string> scrub() override { return {}; }

  std::vector<std::string> describe() const override { return {"memory, lost when it is closed"}; }

 private:
  void check_table(const Entity& entity) const {
    const auto known = store_->by_name.find(entity.name);
    if (known != store_->by_name.end() && store_->layouts[known->second]->matches(entity)) return;
    throw Error(Code::corrupt, std::string(entity.name), "", "the store has no such table, or one with other fields");
  }

  std::shared_ptr<Store> store_;
};

}  // namespace

std::shared_ptr<Storage> open_memory(const StorageOptions& options) { return std::make_shared<MemoryStorage>(options); }

}  // namespace kith
