// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/history.hpp"

#include <algorithm>

#include "engine/archived.hpp"
#include "engine/internal.hpp"
#include "engine/trail.hpp"
#include "engine/valid.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

Condition at_least(int field, std::int64_t word) {
  return {.op = Condition::Op::ge, .field = field, .operands = {word}, .terms = {}};
}

std::vector<Order> by(int field) { return {{.field = field}}; }

}  // namespace

std::vector<ChangeRow> changes_of(const Reader& reader, std::int64_t seq) {
  const Entity& entity = entity_of<ChangeRow>();
  const auto from = [&](std::int64_t id, std::optional<std::int64_t> most) {
    return raw_scan(reader,
                    {.entity = &entity, .where = {at_least(kIdField, id)}, .order = by(kIdField), .limit = most});
  };
  // Ids and sequences grow together: the first change of the work is found by halving.
  std::int64_t low = 1;
  std::int64_t high = Inside::state(reader).head.last_change + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    Batch found;
    if (!from(middle, 1)->next(found) || read_change(found, 0).seq >= seq) {
      high = middle;
    } else {
      low = found.columns[kIdField].word(0) + 1;
    }
  }
  std::vector<ChangeRow> changes;
  auto rows = from(low, std::nullopt);
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      ChangeRow change = read_change(batch, row);
      if (change.seq > seq) return changes;
      changes.push_back(std::move(change));
    }
  }
  return changes;
}

FeedScan scan_feed(const Reader& reader, std::int64_t after, std::size_t most, std::string_view without) {
  FeedScan result;
  const Entity& entity = entity_of<ChangeRow>();
  auto rows = raw_scan(reader, {.entity = &entity, .where = {at_least(kIdField, after + 1)}, .order = by(kIdField)});
  const Rights& rights = rights_of(reader);
  for (Batch batch; result.changes.size() < most && rows->next(batch);) {
    std::map<const Entity*, std::vector<Id>> asked;
    std::vector<ChangeRow> loaded;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      ChangeRow change = read_change(batch, row);
      if (change.entity == without) continue;
      if (const Entity* touched = reader.model().find_entity(change.entity)) asked[touched].push_back(change.record);
      loaded.push_back(std::move(change));
    }
    std::map<const Entity*, std::unordered_set<std::int64_t>> readable;
    for (const auto& [touched, ids] : asked) readable[touched] = allowed(reader, *touched, Action::read, ids);
    for (ChangeRow& change : loaded) {
      result.last = change.id.value;
      const Entity* touched = reader.model().find_entity(change.entity);
      if (touched == nullptr) continue;
      const bool all = rights.level(*touched, Action::read) == Level::all;
      if (!all && !readable[touched].contains(change.record.value)) continue;
      result.changes.push_back(std::move(change));
      if (result.changes.size() == most) break;
    }
  }
  return result;
}

namespace history {

Batch versions(const Reader& reader, const Entity& entity, Id id) {
  if (Inside::state(reader).valid) return versions(stored_view(reader), entity, id);
  const Entity* past = reader.model().history_of(entity);
  if (past == nullptr) {
    throw Error(Code::misuse, std::string(entity.name), "", "keeps no history; its rows never change");
  }
  const bool whole = rights_of(reader).level(entity, Action::read) == Level::all && entity.roles.parent.empty();
  if (!whole && !reader.may(Action::read, entity, id)) {
    throw Error(Code::not_found, std::string(entity.name), "id",
                "there is no " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" +
                    reader.actor().name + "' may see");
  }
  // History and present are plain tables here: an as-of reader shows the versions recorded until then.
  Scan scan{.entity = past, .where = {equals(*past, "id", id)}, .order = by(kSeqField)};
  const std::int64_t until = reader.seq();
  scan.where.push_back({.op = Condition::Op::le, .field = kSeqField, .operands = {until}, .terms = {}});
  Batch result = raw_all(reader, scan);
  const Batch now = raw_get(reader, entity, {&id, 1});
  const bool already = now.rows() != 0 && result.rows() != 0 &&
                       result.columns[kSeqField].word(result.rows() - 1) == now.columns[kSeqField].word(0);
  if (now.rows() != 0 && !already) {
    for (std::size_t i = 0; i < now.columns.size(); ++i) result.columns[i].append_from(now.columns[i], 0);
    result.columns.back().append_null();
  }
  if (result.rows() == 0) {
    throw Error(Code::not_found, std::string(entity.name), "id",
                "there never was a " + std::string(entity.name) + " " + std::to_string(id.value));
  }
  return result;
}

std::vector<ChangeRow> changes(const Reader& reader, std::int64_t after, std::size_t most) {
  require_not_archived(reader, after);
  return scan_feed(reader, after, most, {}).changes;
}

}  // namespace history
}  // namespace kith
