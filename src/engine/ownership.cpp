// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/ownership.hpp"

#include "engine/owners.hpp"
#include "engine/recovery.hpp"
#include "engine/valid.hpp"
#include "engine/verbs.hpp"

namespace kith {
namespace {

const Timestamp kEver = parse_timestamp("0001-01-01T00:00:00Z");

struct Move {
  Id record = {};
  std::optional<Id> old_owner = {};
  std::optional<Id> old_unit = {};
  std::optional<Id> owner = {};
  std::optional<Id> unit = {};
};

std::optional<Id> id_at(const Batch& batch, int field, std::size_t row) {
  if (field < 0) return std::nullopt;
  const Column& column = batch.column(field);
  return column.is_null(row) ? std::nullopt : std::optional(Id{column.word(row)});
}

int unit_field(const Entity& entity) { return entity.roles.unit.empty() ? -1 : entity.at(entity.roles.unit); }

std::map<std::int64_t, std::vector<Ownership>> rows_by_record(const Reader& reader, const Entity& entity,
                                                              const std::vector<Id>& records) {
  const Entity& table = entity_of<Ownership>();
  Query query{.conditions = {equals(table, "entity", entity.name), verb::one_of(table, "record", records)},
              .order = verb::by_time()};
  std::map<std::int64_t, std::vector<Ownership>> rows;
  for (Ownership& row : reader.as_system("owners").list<Ownership>(query)) {
    rows[row.record.value].push_back(std::move(row));
  }
  return rows;
}

Ownership stretch(const Entity& entity, const Move& move, bool old, Timestamp from, Timestamp to) {
  Ownership row;
  row.entity = entity.name;
  row.record = move.record;
  row.owner = old ? move.old_owner : move.owner;
  row.unit = old ? move.old_unit : move.unit;
  row.from = from;
  row.to = to;
  return row;
}

/// From a moment on the records belong to others; what was told of later stretches goes.
void write_moves(Work& work, const Entity& entity, const std::vector<Move>& moves, Timestamp at) {
  std::vector<Id> records;
  for (const Move& move : moves) records.push_back(move.record);
  auto known = rows_by_record(work, entity, records);
  Batch fresh(entity_of<Ownership>()), ended(entity_of<Ownership>());
  work.trusted([&] {
    for (const Move& move : moves) {
      auto& rows = known[move.record.value];
      if (rows.empty()) {
        const Ownership ever = stretch(entity, move, true, kEver, at);
        store_row(&ever, fresh);
      }
      for (Ownership& row : rows) {
        if (row.from >= at) {
          work.remove<Ownership>(row.id, row.revision);
        } else if (row.to > at) {
          row.to = at;
          store_row(&row, ended);
        }
      }
      const Ownership next = stretch(entity, move, false, at, kOpenTime);
      store_row(&next, fresh);
    }
    if (ended.rows() != 0) work.update_batch(entity_of<Ownership>(), ended);
    if (fresh.rows() != 0) work.create_batch(entity_of<Ownership>(), fresh);
  });
}

}  // namespace

void note_owners(Work& work, const Entity& entity, const Batch& before, const Batch& after) {
  if (entity.roles.owner.empty()) return;
  const int owner = entity.at(entity.roles.owner), unit = unit_field(entity);
  std::vector<Move> moves;
  for (std::size_t row = 0; row < after.rows(); ++row) {
    Move move{.record = {after.columns[kIdField].word(row)},
              .old_owner = id_at(before, owner, row),
              .old_unit = id_at(before, unit, row),
              .owner = id_at(after, owner, row),
              .unit = id_at(after, unit, row)};
    if (move.old_owner == move.owner && move.old_unit == move.unit) continue;
    moves.push_back(move);
  }
  if (!moves.empty()) write_moves(work, entity, moves, Recovery(work).owner_from().value_or(work.now()));
}

void check_owners(const Reader& reader, std::vector<Finding>& findings) {
  const auto rows = reader.list<Ownership>({.order = {"entity", "record", "from", "to", "seq"}});
  for (std::size_t start = 0; start < rows.size();) {
    std::size_t end = start;
    while (end < rows.size() && rows[end].entity == rows[start].entity && rows[end].record == rows[start].record) ++end;
    const std::vector<Ownership> of(rows.begin() + static_cast<std::ptrdiff_t>(start),
                                    rows.begin() + static_cast<std::ptrdiff_t>(end));
    start = end;
    verb::check_rows(of, true, findings);
    const Entity* entity = reader.model().find_entity(of.front().entity);
    if (entity == nullptr || entity->roles.owner.empty()) {
      findings.push_back({"ownership", of.front().id, "names an entity without an owner: '" + of.front().entity + "'"});
      continue;
    }
    const Batch now = raw_get(reader, *entity, {&of.front().record, 1});
    if (now.rows() == 0) continue;  // removed: its rows wait for it
    if (id_at(now, entity->at(entity->roles.owner), 0) != of.back().owner ||
        id_at(now, unit_field(*entity), 0) != of.back().unit) {
      findings.push_back(
          {of.front().entity, of.front().record, "owner and unit must be those of the newest ownership"});
    }
  }
}

namespace ownership {

void assign(Work& work, const Entity& entity, Id record, std::optional<Id> owner, std::optional<Timestamp> from) {
  if (entity.roles.owner.empty()) {
    throw Error(Code::invalid, std::string(entity.name), "", "has no owner; customers and opportunities have one");
  }
  work.require(Action::edit, entity, record);
  if (owner) {
    const int field = entity.at(entity.roles.owner);
    const auto& refers_to = entity.fields[static_cast<std::size_t>(field)].options.refers_to;
    if (!refers_to.empty()) work.require(Action::read, work.model().entity(refers_to), *owner);
  }
  const Timestamp at = from.value_or(work.now());
  if (at > work.now() || at <= kEver) {
    throw Error(Code::invalid, "ownership", "from",
                to_string(at) + " lies in the future or before year 1; give a moment until " + to_string(work.now()));
  }
  const Batch stored = raw_get(work, entity, {&record, 1});
  const int owner_at = entity.at(entity.roles.owner), unit_at = unit_field(entity);
  std::optional<Id> unit;
  if (owner) {
    for (const Area* area : work.model().areas()) {
      if (area->reach == nullptr) continue;
      const Reach reach = area->reach(work.as_system("assign"), *owner, local_date(at, work.zone()));
      if (!reach.units.empty()) unit = reach.units.front();
    }
  }
  const Move move{record, id_at(stored, owner_at, 0), id_at(stored, unit_at, 0), owner,
                  unit_at < 0 ? std::nullopt : unit};
  if (move.old_owner == move.owner && move.old_unit == move.unit) {
    if (from) write_moves(work, entity, {move}, at);
    return;
  }
  const std::unique_ptr<void, void (*)(void*)> row(entity.make(), entity.destroy);
  load_row(stored, 0, row.get());
  const auto put = [&](int field, std::optional<Id> value) {
    if (field < 0) return;
    const Field& of = entity.fields[static_cast<std::size_t>(field)];
    value ? set_slot_word(of, row.get(), value->value) : set_slot_null(of, row.get());
  };
  put(owner_at, move.owner);
  put(unit_at, move.unit);
  Recovery(work).owner_from() = at;
  try {
    work.trusted([&] { work.update(entity, row.get()); });
  } catch (...) {
    Recovery(work).owner_from().reset();
    throw;
  }
  Recovery(work).owner_from().reset();
}

std::vector<Ownership> rows_of(const Reader& reader, const Entity& entity, Id record) {
  if (!reader.may(Action::read, entity, record)) {
    throw Error(Code::not_found, std::string(entity.name), "id",
                "there is no " + std::string(entity.name) + " " + std::to_string(record.value) + " that '" +
                    reader.actor().name + "' may see");
  }
  auto rows = rows_by_record(reader, entity, {record});
  return std::move(rows[record.value]);
}

}  // namespace ownership
}  // namespace kith
