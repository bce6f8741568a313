// SPDX-License-Identifier: Apache-2.0
#include "engine/changed.hpp"

#include <algorithm>

#include "engine/internal.hpp"
#include "engine/pending.hpp"
#include "kith/engine/archive.hpp"

namespace kith {
namespace {

constexpr std::int64_t kMostChanges = 10'000;

/// How many changes the committed works after `since` made.
std::optional<std::int64_t> count_changes(const Reader& system, std::int64_t since) {
  const Entity& work = entity_of<WorkRow>();
  const Condition after{.op = Condition::Op::gt, .field = kIdField, .operands = {since}, .terms = {}};
  const auto rows = raw_scan(system, {.entity = &work, .fields = {work.at("changes")}, .where = {after}});
  std::int64_t count = 0;
  for (Batch batch; rows->next(batch);) {
    for (const std::int64_t changes : batch.columns.front().words()) count += std::max<std::int64_t>(changes, 1);
    if (count > kMostChanges) return std::nullopt;
  }
  return count;
}

/// The feed after `since`, found from its end: changes are numbered without a gap.
std::optional<ChangedRecords> committed_since(const Reader& reader, std::int64_t since) {
  const Head& head = Inside::state(reader).head;
  if (since >= head.seq) return ChangedRecords{};
  const Reader system = reader.as_system("changes");
  const auto archive = history::last_archive(system);
  if (archive && since < archive->until) return std::nullopt;
  const auto most = count_changes(system, since);
  if (!most) return std::nullopt;
  const Entity& change = entity_of<ChangeRow>();
  const int seq = change.at("seq"), name = change.at("entity"), record = change.at("record");
  const std::int64_t before = std::max<std::int64_t>(head.last_change - *most, 0);
  const Condition from{.op = Condition::Op::ge, .field = kIdField, .operands = {before}, .terms = {}};
  const auto rows = raw_scan(
      system,
      {.entity = &change, .fields = {kIdField, seq, name, record}, .where = {from}, .order = {{.field = kIdField}}});
  ChangedRecords found;
  bool whole = before == 0;  // a change of `since` or before was seen: nothing after it is missing
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (batch.column(seq).word(row) <= since) {
        whole = true;
      } else {
        found[std::string(batch.column(name).text(row))].push_back({batch.column(record).word(row)});
      }
    }
  }
  if (!whole) return std::nullopt;
  return found;
}

}  // namespace

std::optional<std::vector<Id>> changed_since(const Reader& reader, const Entity& entity, std::int64_t since) {
  const Reader::State& state = Inside::state(reader);
  if (state.as_of) return std::nullopt;
  Held& held = *state.held;
  const auto [place, added] = held.changed.try_emplace(since);
  if (added) place->second = committed_since(reader, since);
  if (!place->second) return std::nullopt;
  std::vector<Id> ids;
  if (const auto found = place->second->find(entity.name); found != place->second->end()) ids = found->second;
  if (held.touched != nullptr) {
    for (const TouchedRecord& one : *held.touched) {
      if (one.entity == &entity) ids.push_back(one.record);
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > static_cast<std::size_t>(kMostChanges)) return std::nullopt;
  return ids;
}

}  // namespace kith
