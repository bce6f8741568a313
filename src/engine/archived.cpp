// SPDX-License-Identifier: Apache-2.0
#include "engine/archived.hpp"

#include <algorithm>

#include "engine/recovery.hpp"
#include "engine/trail.hpp"
#include "kith/engine/feed.hpp"

namespace kith {
namespace {

constexpr std::size_t kIdsAtOnce = 500;

Condition compare(int field, Condition::Op op, std::int64_t word) {
  return {.op = op, .field = field, .operands = {word}, .terms = {}};
}

void put(Sha256& hash, std::string_view text) {
  hash.update(std::to_string(text.size()));
  hash.update(":");
  hash.update(text);
}
void put(Sha256& hash, std::int64_t number) { put(hash, std::to_string(number)); }

std::string_view view(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

/// The present of a reader that may show an earlier moment.
Reader present(const Reader& reader) {
  Reader system = reader.as_system("archive");
  Reader::State& state = Inside::state(system);
  state.as_of = false;
  state.valid.reset();
  return system;
}

/// Every row of a scan, one after the other.
template <class Visit>
void each(const Reader& reader, Scan scan, Visit&& visit) {
  auto rows = raw_scan(reader, std::move(scan));
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) visit(batch, row);
  }
}

template <class Visit>
void in_chunks(const std::vector<Id>& ids, Visit&& visit) {
  for (std::size_t start = 0; start < ids.size(); start += kIdsAtOnce) {
    visit(std::span(ids).subspan(start, std::min(kIdsAtOnce, ids.size() - start)));
  }
}

}  // namespace

namespace history {

std::optional<ArchiveRow> last_archive(const Reader& reader) {
  std::optional<ArchiveRow> last;
  for (ArchiveRow& row : present(reader).list<ArchiveRow>()) {
    if (!last || last->until < row.until) last = std::move(row);
  }
  return last;
}

std::optional<std::int64_t> retention(const Reader& reader) {
  const auto rows = reader.as_system("retention").list<Retention>();
  return rows.empty() ? std::nullopt : std::optional(rows.front().days);
}

void set_retention(Work& work, std::int64_t days) {
  work.require(Action::administer, entity_of<Principal>());
  auto rows = work.as_system("retention").list<Retention>();
  work.trusted([&] {
    if (rows.empty()) {
      Retention row;
      row.days = days;
      work.create(row);
    } else {
      rows.front().days = days;
      work.update(rows.front());
    }
  });
}

}  // namespace history

void require_not_archived(const Reader& reader, std::int64_t position) {
  const auto base = history::last_archive(reader);
  if (!base || position >= base->last_change) return;
  throw Error(Code::state, "change", "id",
              "changes up to " + std::to_string(base->last_change) +
                  " were archived; read the present and go on behind that one, or read them from the archive");
}

void KeptHash::add(const WorkRow& work) {
  put(works_, work.id.value);
  put(works_, work.recorded.micros);
  put(works_, work.actor.value);
  put(works_, work.cause);
  put(works_, work.key ? "key" : "");
  put(works_, work.key.value_or(""));
  put(works_, work.payload.data);
  put(works_, work.result);
  put(works_, work.changes);
  put(works_, work.hash.data);
}

void KeptHash::add(const ChangeRow& change) {
  put(changes_, change.id.value);
  put(changes_, change.seq);
  put(changes_, change.entity);
  put(changes_, change.record.value);
  put(changes_, static_cast<std::int64_t>(change.kind));
  put(changes_, change.digest.data);
}

std::string KeptHash::bytes() const {
  Sha256 both = works_;
  both.update(view(changes_.digest()));
  return std::string(view(both.digest()));
}

Departure::Departure(Work& work, std::int64_t until)
    : work_(work), system_(work.as_system("archive")), before_(history::last_archive(work)) {
  const auto last = system_.find<WorkRow>({until});
  if (!last || (before_ && until <= before_->until)) {
    throw Error(Code::invalid, "archive", "until",
                "is " + std::to_string(until) + "; give a work from " +
                    std::to_string(before_ ? before_->until + 1 : 1) + " to " + std::to_string(work.seq()));
  }
  row_.until = until;
  row_.recorded = last->recorded;
  row_.hash = last->hash;
  if (before_) {
    row_.last_change = before_->last_change;
    row_.access_seq = before_->access_seq;
  }
  decide();
}

bool Departure::stays(const WorkRow& work) const {
  return work.key || work.id.value == row_.until || kept_works_.contains(work.id.value);
}

void Departure::decide() {
  using Versions = std::unordered_map<std::int64_t, std::int64_t>;  // record to the work that wrote what held then
  std::map<const Entity*, Versions> alive;
  const std::int64_t until = row_.until;
  for (const Entity* entity : system_.model().entities()) {
    if (entity->keeping != Keeping::versioned) continue;
    const Entity* past = system_.model().history_of(*entity);
    const std::vector<int> fields{kIdField, kSeqField};
    const auto note = [&](const Batch& batch, std::size_t row) {
      alive[entity].emplace(batch.columns[0].word(row), batch.columns[1].word(row));
    };
    const Condition begun = compare(kSeqField, Condition::Op::le, until);
    each(system_, {.entity = entity, .fields = fields, .where = {begun}}, note);
    const Condition holds = compare(past->at("to_seq"), Condition::Op::gt, until);
    each(system_, {.entity = past, .fields = fields, .where = {begun, holds}}, note);
  }
  const Entity& log = entity_of<ChangeRow>();
  std::map<const Entity*, std::unordered_set<std::int64_t>> sealed, later;
  each(system_, {.entity = &log, .order = {{.field = kIdField}}}, [&](const Batch& batch, std::size_t row) {
    const ChangeRow change = read_change(batch, row);
    const Entity* entity = system_.model().find_entity(change.entity);
    if (seals(change.kind)) sealed[entity].insert(change.record.value);
    if (change.seq > until) {
      later[entity].insert(change.record.value);
      return;
    }
    row_.last_change = std::max(row_.last_change, change.id.value);
    if (entity != nullptr && entity->roles.access) row_.access_seq = std::max(row_.access_seq, change.seq);
  });
  // What an erasure sealed is proven by all that is left of it, so it stays together.
  for (const auto& [entity, records] : sealed) {
    for (const std::int64_t record : records) {
      if (alive[entity].contains(record) || later[entity].contains(record)) exempt_[entity].insert(record);
    }
  }
  each(system_, {.entity = &log, .where = {compare(kIdField, Condition::Op::le, row_.last_change)}},
       [&](const Batch& batch, std::size_t row) {
         const ChangeRow change = read_change(batch, row);
         const Entity* entity = system_.model().find_entity(change.entity);
         const auto holds = alive[entity].find(change.record.value);
         const bool writer = holds != alive[entity].end() && holds->second == change.seq;
         if (!writer && !exempt_[entity].contains(change.record.value)) return;
         kept_changes_.insert(change.id.value);
         kept_works_.insert(change.seq);
       });
}

void Departure::tell(const RowTaker& take) {
  const std::int64_t base = before_ ? before_->until : 0;
  const std::int64_t base_change = before_ ? before_->last_change : 0;
  const Entity& works = entity_of<WorkRow>();
  const std::vector<Order> by_id{{.field = kIdField}};
  each(system_, {.entity = &works, .where = {compare(kIdField, Condition::Op::le, row_.until)}, .order = by_id},
       [&](const Batch& batch, std::size_t row) {
         WorkRow work;
         load_row(batch, row, &work);
         if (work.id.value > base || !stays(work)) take(batch, row);
       });
  const Entity& log = entity_of<ChangeRow>();
  each(system_, {.entity = &log, .where = {compare(kIdField, Condition::Op::le, row_.last_change)}, .order = by_id},
       [&](const Batch& batch, std::size_t row) {
         const std::int64_t id = batch.columns[kIdField].word(row);
         if (id > base_change || !kept_changes_.contains(id)) take(batch, row);
       });
  for (const Entity* entity : system_.model().entities()) {
    const Entity* past = system_.model().history_of(*entity);
    if (past == nullptr) continue;
    each(system_,
         {.entity = past,
          .where = {compare(past->at("to_seq"), Condition::Op::le, row_.until)},
          .order = {{.field = kIdField}, {.field = kSeqField}}},
         [&](const Batch& batch, std::size_t row) {
           if (!exempt_[entity].contains(batch.columns[kIdField].word(row))) take(batch, row);
         });
  }
}

void Departure::take_out(std::int64_t rows, const Digest& digest) {
  KeptHash kept;
  std::vector<Id> works, changes;
  const std::vector<Order> by_id{{.field = kIdField}};
  each(system_,
       {.entity = &entity_of<WorkRow>(), .where = {compare(kIdField, Condition::Op::le, row_.until)}, .order = by_id},
       [&](const Batch& batch, std::size_t row) {
         WorkRow work;
         load_row(batch, row, &work);
         if (stays(work))
           kept.add(work);
         else
           works.push_back(work.id);
       });
  each(system_,
       {.entity = &entity_of<ChangeRow>(),
        .where = {compare(kIdField, Condition::Op::le, row_.last_change)},
        .order = by_id},
       [&](const Batch& batch, std::size_t row) {
         const ChangeRow change = read_change(batch, row);
         if (kept_changes_.contains(change.id.value))
           kept.add(change);
         else
           changes.push_back(change.id);
       });
  Recovery recovery(work_);
  recovery.write([&](Transaction& store) {
    in_chunks(works, [&](std::span<const Id> ids) { store.erase(entity_of<WorkRow>(), ids); });
    in_chunks(changes, [&](std::span<const Id> ids) { store.erase(entity_of<ChangeRow>(), ids); });
  });
  for (const Entity* entity : system_.model().entities()) {
    const Entity* past = system_.model().history_of(*entity);
    if (past == nullptr) continue;
    std::vector<Id> ids;
    const int to_seq = past->at("to_seq");
    each(system_,
         {.entity = past,
          .fields = {kIdField},
          .where = {compare(to_seq, Condition::Op::le, row_.until)},
          .order = {{.field = kIdField}}},
         [&](const Batch& batch, std::size_t row) {
           const Id id{batch.columns[0].word(row)};
           if (!exempt_[entity].contains(id.value) && (ids.empty() || ids.back() != id)) ids.push_back(id);
         });
    in_chunks(ids, [&](std::span<const Id> some) {
      Condition in{.op = Condition::Op::in, .field = kIdField, .operands = {}, .terms = {}};
      for (const Id id : some) in.operands.emplace_back(id.value);
      const Batch stay =
          raw_all(system_, {.entity = past, .where = {in, compare(to_seq, Condition::Op::gt, row_.until)}});
      recovery.write([&](Transaction& store) {
        store.erase(*past, some);
        if (stay.rows() != 0) store.insert(*past, stay);
      });
    });
  }
  row_.kept.data = kept.bytes();
  row_.rows = rows;
  row_.digest.data = view(digest);
  work_.trusted([&] { work_.create(row_); });
}

}  // namespace kith
