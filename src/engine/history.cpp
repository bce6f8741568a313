// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/history.hpp"

#include <algorithm>

#include "engine/internal.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

Condition at_least(int field, std::int64_t word) {
  return {.op = Condition::Op::ge, .field = field, .operands = {word}, .terms = {}};
}

std::vector<Order> by(int field) { return {{.field = field}}; }

}  // namespace

namespace history {

Batch versions(const Reader& reader, const Entity& entity, Id id) {
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
  std::vector<ChangeRow> result;
  const Entity& entity = entity_of<ChangeRow>();
  auto rows = raw_scan(reader, {.entity = &entity, .where = {at_least(kIdField, after + 1)}, .order = by(kIdField)});
  const Rights& rights = rights_of(reader);
  for (Batch batch; result.size() < most && rows->next(batch);) {
    std::map<const Entity*, std::vector<Id>> asked;
    std::vector<ChangeRow> loaded(batch.rows());
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      load_row(batch, row, &loaded[row]);
      if (const Entity* touched = reader.model().find_entity(loaded[row].entity)) {
        asked[touched].push_back(loaded[row].record);
      }
    }
    std::map<const Entity*, std::unordered_set<std::int64_t>> readable;
    for (const auto& [touched, ids] : asked) readable[touched] = allowed(reader, *touched, Action::read, ids);
    for (ChangeRow& change : loaded) {
      const Entity* touched = reader.model().find_entity(change.entity);
      if (touched == nullptr) continue;
      const bool all = rights.level(*touched, Action::read) == Level::all;
      if (!all && !readable[touched].contains(change.record.value)) continue;
      result.push_back(std::move(change));
      if (result.size() == most) break;
    }
  }
  return result;
}

}  // namespace history
}  // namespace kith
