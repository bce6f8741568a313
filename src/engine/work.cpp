// SPDX-License-Identifier: Apache-2.0
// The write funnel: permission -> validation -> revision -> history -> storage -> feed.
#include "kith/engine/work.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "engine/ids.hpp"
#include "engine/internal.hpp"
#include "engine/owners.hpp"
#include "engine/pending.hpp"
#include "engine/valid.hpp"
#include "engine/verbs.hpp"
#include "kith/base/error.hpp"
#include "storage/side_by_side.hpp"

namespace kith {
namespace {

constexpr std::size_t kSaltBytes = 16;

std::string_view view(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

std::unordered_map<std::int64_t, std::size_t> rows_by_id(const Batch& batch) {
  std::unordered_map<std::int64_t, std::size_t> rows;
  for (std::size_t row = 0; row < batch.rows(); ++row) rows.emplace(batch.columns[kIdField].word(row), row);
  return rows;
}

std::vector<Id> ids_of(const Batch& batch) {
  std::vector<Id> ids;
  ids.reserve(batch.rows());
  for (std::size_t row = 0; row < batch.rows(); ++row) ids.push_back({batch.columns[kIdField].word(row)});
  return ids;
}

/// A commit was cut off: looks on a new connection whether the work is there. Taking the writer's lock waits for the
/// end of the transaction that was cut off, for its server may still be at it. Returns when it is there; throws when
/// it is not, or when the store cannot be asked.
void ask_outcome(const Session::State& session, const WorkRow& row, const Interrupted& cut_off) {
  Storage& storage = *session.impl().storage;
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(session.impl().options.storage.busy_ms);
  for (;;) {
    try {
      const auto connection = storage.connect();
      const auto transaction = connection->begin(Access::write);
      WorkRow kept;
      // Another writer may have taken the sequence since; no other work has the hash.
      if (fetch_record(*transaction, entity_of<WorkRow>(), row.id, &kept) && kept.hash == row.hash) return;
      break;
    } catch (const Error& error) {
      // Whatever is wrong with the store now, what is not known is the fate of the work.
      if (error.code != Code::busy && error.code != Code::storage) throw cut_off;
      if (std::chrono::steady_clock::now() >= until) throw cut_off;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  throw Interrupted("the connection was lost while the work was made durable, and the work is not kept; try it again",
                    false);
}

}  // namespace

bool same_values(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b) {
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    if (a.fields[i] == kRevisionField || a.fields[i] == kSeqField) continue;
    const Column& x = a.columns[i];
    const Column& y = b.columns[i];
    if (x.is_null(row_a) != y.is_null(row_b)) return false;
    if (x.is_null(row_a)) continue;
    if (x.is_text() ? x.text(row_a) != y.text(row_b) : x.word(row_a) != y.word(row_b)) return false;
  }
  return true;
}

void require_changeable(const Entity& entity) {
  if (!entity.append_only) return;
  throw Error(Code::state, std::string(entity.name), "",
              "is only ever added to; correct it by a further one that names the one it reverses");
}

Work Session::begin(const WorkOptions& options, std::unique_ptr<Transaction> transaction) {
  auto held = std::make_shared<Held>();
  held->session = state_;
  held->transaction = std::move(transaction);
  auto head = read_head(*held->transaction);
  if (!head) throw Error(Code::corrupt, "the store has no head row; restore a backup");
  auto state = std::make_shared<Reader::State>();
  state->session = state_;
  state->held = std::move(held);
  state->head = std::move(*head);
  state->seq = state->head.seq;
  state->actor = state_->principal;
  // One moment for the whole Work: its ids, its rows and its recorded time agree, and time never runs back.
  state->now = std::max(state_->impl().now(), state->head.recorded);
  auto pending = std::make_unique<Work::Pending>();
  pending->options = options;
  pending->last_id = state->head.last_id;
  state->held->touched = &pending->touched;
  Work work(std::move(state), std::move(pending));
  if (!options.key.empty()) {
    const Reader system = work.as_system("idempotency");
    const auto earlier = system.find_one<WorkRow>({.conditions = {equals(entity_of<WorkRow>(), "key", options.key)}});
    if (earlier) {
      if (earlier->payload.data != view(sha256(options.payload))) {
        throw Error(Code::conflict, "work", "key",
                    "'" + options.key + "' was used by work " + std::to_string(earlier->id.value) +
                        " for something else; give each command its own key");
      }
      work.pending_->replayed = Receipt{.seq = earlier->id.value, .result = earlier->result, .replayed = true};
    }
  }
  state_->working = true;
  return work;
}

Work::Work(std::shared_ptr<State> state, std::unique_ptr<Pending> pending)
    : Reader(std::move(state)), pending_(std::move(pending)) {}
Work::Work(Work&&) noexcept = default;

Work::~Work() {
  if (pending_ && !pending_->ended) end(false);
}

void Work::end(bool committed) {
  static_cast<void>(committed);
  pending_->ended = true;
  state_->held->touched = nullptr;
  state_->held->transaction.reset();  // rolls back unless it was committed
  state_->session->working = false;
}

bool Work::replayed() const { return pending_->replayed.has_value(); }

Receipt Work::receipt() const {
  if (!pending_->replayed) throw Error(Code::misuse, "this Work was not replayed; commit gives its receipt");
  return *pending_->replayed;
}

std::int64_t Work::next_seq() const { return state_->head.seq + 1; }

void Work::begin_write() {
  static_cast<void>(state_->live());
  if (pending_->failed) {
    throw Error(Code::misuse, "storage failed earlier in this Work; drop it and begin another");
  }
  if (pending_->replayed) {
    throw Error(Code::misuse, "this key was committed before; use the receipt instead of writing again");
  }
}

void Work::require(Action action, const Entity& entity) const {
  if (state_->trust > 0) return;
  const Rights& rights = rights_of(*this);
  if (rights.level(entity, action) == Level::none) {
    throw Error(Code::denied, std::string(entity.name), "",
                "'" + actor().name + "' (" + rights.describe() + ") has no grant to " +
                    std::string(Choices<Action>::names[static_cast<std::size_t>(action) - 1]) +
                    "; an administrator can give one");
  }
}

void Work::require(Action action, const Entity& entity, Id id) const {
  static_cast<void>(state_->live());
  if (state_->trust > 0) {
    if (raw_get(*this, entity, {&id, 1}).rows() == 0) not_found(entity, id);
    return;
  }
  std::string why;
  if (may(action, entity, id, &why)) return;
  if (!may(Action::read, entity, id)) not_found(entity, id);
  throw Error(Code::denied, std::string(entity.name), "", "record " + std::to_string(id.value) + ": " + why);
}

void Work::require_rows(Action action, const Entity& entity, const Batch& batch) const {
  if (state_->trust > 0 || rights_of(*this).sees_all()) return;
  if (entity.roles.parent.empty()) {
    const auto predicate = rights_of(*this).predicate(entity, action);
    if (predicate && keeps_all(*predicate)) return;
  }
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (allowed_row(*this, entity, action, batch, row)) continue;
    const Id id{batch.columns[kIdField].word(row)};
    std::string why;
    static_cast<void>(may(action, entity, id, &why));
    if (action != Action::create && !allowed_row(*this, entity, Action::read, batch, row)) not_found(entity, id);
    throw Error(Code::denied, std::string(entity.name), "", why + "; this record is not among them");
  }
}

void Work::fill_new_row(const Entity& entity, Batch& batch, std::size_t row) {
  Column& ids = batch.columns[kIdField];
  if (ids.word(row) == 0) {
    pending_->last_id = std::max(pending_->last_id + 1, first_id(state_->now));
    ids.set_word(row, pending_->last_id);
  } else if (ids.word(row) < 0) {
    throw Error(Code::invalid, std::string(entity.name), "id", "is negative; ids are positive");
  }
  if (entity.keeping == Keeping::versioned) {
    batch.columns[kRevisionField].set_word(row, 1);
    batch.columns[kSeqField].set_word(row, next_seq());
  }
}

void Work::create_batch(const Entity& entity, Batch& batch) {
  const Turn turn(state_->session.get());
  begin_write();
  if (entity.keeping != Keeping::versioned) {
    throw Error(Code::misuse, std::string(entity.name), "", "is kept by the engine itself");
  }
  if (batch.entity != &entity || batch.columns.size() != entity.fields.size()) {
    throw Error(Code::misuse, std::string(entity.name), "", "a new record needs a batch of all its fields");
  }
  require_rows(Action::create, entity, batch);
  std::vector<Violation> violations;
  CustomRows own(*this);
  own.take(entity, batch, nullptr, {}, violations);
  check_rows(entity, batch, nullptr, std::move(violations));
  own.require_unique(entity, batch, nullptr);
  insert_rows(entity, batch);
}

void Work::insert_rows(const Entity& entity, Batch& batch) {
  for (std::size_t row = 0; row < batch.rows(); ++row) fill_new_row(entity, batch, row);
  const auto touch_rows = [&](std::size_t from, std::size_t to) {
    for (std::size_t row = from; row < to; ++row) touch(entity, batch, row, ChangeKind::created);
  };
  try {
    if (auto* server = dynamic_cast<SideBySide*>(&state_->live())) {
      server->insert_while(entity, batch, touch_rows);
    } else {
      state_->live().insert(entity, batch);
      touch_rows(0, batch.rows());
    }
  } catch (const Error& error) {
    // A taken key leaves the statement undone; what a Work wrote before stays good. Anything else may have left half a
    // batch.
    pending_->failed = pending_->failed || error.code != Code::conflict || batch.rows() > 1;
    throw;
  } catch (...) {  // without memory, some rows may be noted that are not there
    pending_->failed = true;
    throw;
  }
  pending_->wrote = true;
  try {
    CustomRows(*this).index(entity, nullptr, &batch);
  } catch (...) {
    pending_->failed = true;
    throw;
  }
}

void Work::keep_past(const Entity& entity, const Batch& old) {
  const Entity* history = model().history_of(entity);
  Batch past(*history);
  const Column& seqs = old.columns[kSeqField];
  for (std::size_t row = 0; row < old.rows(); ++row) {
    if (seqs.word(row) == next_seq()) continue;  // written by this very Work: nobody ever saw it
    for (std::size_t i = 0; i < old.columns.size(); ++i) past.columns[i].append_from(old.columns[i], row);
    past.columns.back().append(next_seq());
  }
  if (past.rows() != 0) state_->live().insert(*history, past);
}

void Work::update_batch(const Entity& entity, Batch& batch) {
  const Turn turn(state_->session.get());
  begin_write();
  require_changeable(entity);
  const std::vector<Id> ids = ids_of(batch);
  const Batch stored = raw_get(*this, entity, ids);
  const auto rows = rows_by_id(stored);
  for (const Id id : ids) {
    if (!rows.contains(id.value)) not_found(entity, id);
  }
  require_rows(Action::edit, entity, stored);
  std::vector<Violation> violations;
  std::vector<std::size_t> before_of;
  for (const Id id : ids) before_of.push_back(rows.at(id.value));
  CustomRows own(*this);
  own.take(entity, batch, &stored, before_of, violations);
  Batch changed(entity);
  Batch old(entity);
  std::vector<std::int64_t> expected;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::size_t before = before_of[row];
    const std::int64_t read = batch.columns[kRevisionField].word(row);
    const std::int64_t now = stored.columns[kRevisionField].word(before);
    if (read != now) {
      throw Error(Code::conflict, std::string(entity.name), "revision",
                  "record " + std::to_string(ids[row].value) + " was read at revision " + std::to_string(read) +
                      ", but " + std::to_string(now) + " is stored; read it again and repeat the change");
    }
    if (same_values(batch, row, stored, before)) {
      batch.columns[kSeqField].set_word(row, stored.columns[kSeqField].word(before));
      continue;
    }
    batch.columns[kRevisionField].set_word(row, now + 1);
    batch.columns[kSeqField].set_word(row, next_seq());
    changed.append_row(batch, row);
    old.append_row(stored, before);
    expected.push_back(now);
  }
  if (changed.rows() == 0 && violations.empty()) return;
  check_rows(entity, changed, &old, std::move(violations));
  own.require_unique(entity, changed, &old);
  try {
    keep_past(entity, old);
    state_->live().update(entity, changed, expected);
    own.index(entity, &old, &changed);
  } catch (const Error&) {
    pending_->failed = true;
    throw;
  }
  pending_->wrote = true;
  for (std::size_t row = 0; row < changed.rows(); ++row) touch(entity, changed, row, ChangeKind::updated);
  note_owners(*this, entity, old, changed);
}

Id Work::create(const Entity& entity, void* record) {
  Batch batch(entity);
  store_row(record, batch);
  create_batch(entity, batch);
  load_row(batch, 0, record);
  return {batch.columns[kIdField].word(0)};
}

void Work::update(const Entity& entity, void* record) {
  Batch batch(entity);
  store_row(record, batch);
  update_batch(entity, batch);
  load_row(batch, 0, record);
}

void Work::touch(const Entity& entity, const Batch& batch, std::size_t row, ChangeKind kind) {
  Pending& pending = *pending_;
  pending.touched_access = pending.touched_access || entity.roles.access;
  if (entity.roles.access) {
    state_->held->settings_changed = true;
    state_->held->forget_settings();
  }
  forget(*this, entity, batch, row);
  const Id id{batch.columns[kIdField].word(row)};
  const auto [place, added] = pending.position[&entity].try_emplace(id.value, pending.touched.size());
  if (added) {
    TouchedRecord record{.entity = &entity, .record = id, .kind = kind};
    if (pending.random_used == pending.random.size()) {
      pending.random.resize(kSaltBytes * 256);
      state_->session->impl().random({reinterpret_cast<std::uint8_t*>(pending.random.data()), pending.random.size()});
      pending.random_used = 0;
    }
    std::memcpy(record.salt.data(), pending.random.data() + pending.random_used, kSaltBytes);
    pending.random_used += kSaltBytes;
    pending.touched.push_back(record);
    if (!pending.steps.empty()) pending.undo.push_back({.index = place->second});
  } else if (!pending.steps.empty()) {
    pending.undo.push_back({.index = place->second, .before = pending.touched[place->second]});
  }
  TouchedRecord& record = pending.touched[place->second];
  if (!added) {
    if (record.kind == ChangeKind::erased || record.kind == ChangeKind::purged) {
      pending.failed = true;  // the digest that seals its past must stay the last word of this Work on it
      throw Error(Code::conflict, std::string(entity.name), "id",
                  "record " + std::to_string(id.value) + " was erased or purged in this work; write it in another");
    }
    if (record.kind == ChangeKind::created || record.kind == ChangeKind::restored) {
      record.dead = kind == ChangeKind::removed;
    } else {
      const bool back = kind == ChangeKind::created || kind == ChangeKind::restored;
      record.kind = back ? ChangeKind::updated : kind;
    }
  }
  const bool values = record.kind != ChangeKind::removed;
  record.digest =
      change_digest({record.salt.data(), kSaltBytes}, entity, record.kind, id, values ? &batch : nullptr, row);
}

void Work::write_changes(std::vector<TouchedRecord*>& alive) {
  Batch changes(entity_of<ChangeRow>());
  changes.reserve(alive.size());
  for (const TouchedRecord* record : alive) {
    std::size_t column = 0;
    changes.columns[column++].append(++state_->head.last_change);
    changes.columns[column++].append(next_seq());
    changes.columns[column++].append(record->entity->name);
    changes.columns[column++].append(record->record.value);
    changes.columns[column++].append(static_cast<std::int64_t>(record->kind));
    changes.columns[column++].append(std::string_view(record->salt.data(), kSaltBytes));
    changes.columns[column++].append(view(record->digest));
  }
  if (changes.rows() != 0) state_->live().insert(entity_of<ChangeRow>(), changes);
}

Receipt Work::commit(std::string result) {
  const Turn turn(state_->session.get());
  if (pending_->replayed) {
    end(false);
    return *pending_->replayed;
  }
  begin_write();
  if (!pending_->steps.empty()) throw Error(Code::misuse, "a Step is still open; let it end before the commit");
  std::vector<TouchedRecord*> alive;
  for (TouchedRecord& record : pending_->touched) {
    if (!record.dead) alive.push_back(&record);
  }
  if (alive.empty() && pending_->options.key.empty() && !pending_->wrote) {
    end(false);
    return {.seq = 0, .result = std::move(result), .replayed = false};
  }
  try {
    WorkRow row;
    row.id = {next_seq()};
    row.recorded = state_->now;
    row.actor = state_->actor.id;
    row.cause = pending_->options.cause;
    if (!pending_->options.key.empty()) row.key = pending_->options.key;
    if (row.key) row.payload.data = view(sha256(pending_->options.payload));
    row.result = std::move(result);
    row.changes = static_cast<std::int64_t>(alive.size());
    std::vector<std::string_view> digests;
    for (const TouchedRecord* record : alive) digests.push_back(view(record->digest));
    row.hash.data = view(work_hash(row, state_->head.hash.data, digests));
    write_changes(alive);
    Batch work_batch(entity_of<WorkRow>());
    store_row(&row, work_batch);
    state_->live().insert(entity_of<WorkRow>(), work_batch);

    Head& head = state_->head;
    const std::int64_t expected = head.revision++;
    head.seq = row.id.value;
    head.last_id = pending_->last_id;
    head.recorded = row.recorded;
    head.hash = row.hash;
    if (pending_->touched_access) head.access_seq = head.seq;
    Batch head_batch(entity_of<Head>());
    store_row(&head, head_batch);
    state_->live().update(entity_of<Head>(), head_batch, {&expected, 1});
    const Receipt receipt{.seq = row.id.value, .result = row.result, .replayed = false};
    try {
      state_->live().commit();
    } catch (const Interrupted& error) {
      if (!error.unknown) throw;
      end(false);
      ask_outcome(*state_->session, row, error);
    }
    end(true);
    return receipt;
  } catch (...) {
    end(false);
    throw;
  }
}

Work::Step::Step(Work& work) : work_(work) {
  work_.begin_write();
  work_.state_->live().savepoint();
  work_.pending_->steps.push_back({.undo = work_.pending_->undo.size(), .wrote = work_.pending_->wrote});
}

void Work::Step::keep() {
  if (!open_) throw Error(Code::misuse, "this Step has ended");
  work_.state_->live().release();
  work_.pending_->steps.pop_back();
  if (work_.pending_->steps.empty()) work_.pending_->undo.clear();
  open_ = false;
}

Work::Step::~Step() {
  if (!open_ || !work_.state_->held->transaction) return;
  Pending& pending = *work_.pending_;
  try {
    work_.state_->held->transaction->rollback_to();
    pending.failed = false;  // the savepoint undid whatever was half done
  } catch (...) {            // also without memory: a destructor must not throw
    pending.failed = true;
  }
  const Pending::Mark mark = pending.steps.back();
  pending.steps.pop_back();
  while (pending.undo.size() > mark.undo) {
    const Pending::Undo& undo = pending.undo.back();
    if (undo.before) {
      pending.touched[undo.index] = *undo.before;
    } else {
      const TouchedRecord& last = pending.touched[undo.index];
      pending.position[last.entity].erase(last.record.value);
      pending.touched.pop_back();
    }
    pending.undo.pop_back();
  }
  pending.known.clear();
  pending.existing.clear();
  work_.state_->remembered.clear();
  pending.wrote = mark.wrote;
  if (work_.state_->held->settings_changed) work_.state_->held->forget_settings();
}

std::optional<Id> verb::remembered(Work& work, const Entity& entity, Id key,
                                   const std::function<std::optional<Id>()>& look) {
  Reader::State& state = Inside::state(work);
  if (state.trust > 0) return look();  // which sees more than the actor does
  auto& found = state.remembered[&entity];
  const auto place = found.find(key.value);
  return place != found.end() ? place->second : found.emplace(key.value, look()).first->second;
}

Work::Trust::Trust(Work& work) : work_(work) { ++work_.state_->trust; }
Work::Trust::~Trust() { --work_.state_->trust; }

}  // namespace kith
