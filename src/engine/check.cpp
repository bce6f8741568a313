// SPDX-License-Identifier: Apache-2.0
// The invariant checker that ships: every fault test ends with it, and so can every customer's day.
#include <algorithm>

#include "engine/internal.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::size_t kMostFindings = 1000;  // a broken store needs no longer list

/// Every reference points to a record; every record obeys its fields' rules.
void check_entity(const Reader& reader, const Entity& entity, std::vector<Finding>& findings) {
  auto rows = raw_scan(reader, {.entity = &entity});
  for (Batch batch; rows->next(batch) && findings.size() < kMostFindings;) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::vector<Violation> violations;
      check_fields(entity, batch, row, violations);
      for (const Violation& violation : violations) {
        findings.push_back(
            {violation.entity, {batch.columns[kIdField].word(row)}, violation.field + " " + violation.message});
      }
    }
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      const Field& field = entity.fields[static_cast<std::size_t>(batch.fields[i])];
      const Entity* target =
          field.options.refers_to.empty() ? nullptr : reader.model().find_entity(field.options.refers_to);
      if (target == nullptr) continue;
      std::vector<Id> asked;
      std::unordered_set<std::int64_t> seen;
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const std::int64_t id = batch.columns[i].word(row);
        if (!batch.columns[i].is_null(row) && id != 0 && seen.insert(id).second) asked.push_back({id});
      }
      const Batch found = raw_get(reader, *target, asked);
      std::unordered_set<std::int64_t> there;
      for (std::size_t row = 0; row < found.rows(); ++row) there.insert(found.columns[kIdField].word(row));
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const std::int64_t id = batch.columns[i].word(row);
        if (batch.columns[i].is_null(row) || id == 0 || there.contains(id)) continue;
        findings.push_back({std::string(entity.name),
                            {batch.columns[kIdField].word(row)},
                            std::string(field.name) + " refers to " + std::string(target->name) + " " +
                                std::to_string(id) + ", which does not exist"});
      }
    }
  }
}

/// Versions of one record follow each other without gap or overlap, and end where the present begins.
void check_history(const Reader& reader, const Entity& entity, std::vector<Finding>& findings) {
  const Entity* history = reader.model().history_of(entity);
  const int to_seq = history->at("to_seq");
  std::int64_t id = 0;
  std::int64_t end = 0;
  auto rows = raw_scan(reader, {.entity = history,
                                .fields = {kIdField, kSeqField, to_seq},
                                .order = {{.field = kIdField}, {.field = kSeqField}}});
  std::vector<std::pair<std::int64_t, std::int64_t>> ends;  // last to_seq of each record
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::int64_t next = batch.columns[0].word(row);
      const std::int64_t from = batch.columns[1].word(row);
      const std::int64_t to = batch.columns[2].word(row);
      if (to <= from) findings.push_back({std::string(history->name), {next}, "a version ends before it begins"});
      if (next == id && from < end) findings.push_back({std::string(history->name), {next}, "versions overlap"});
      if (next != id && id != 0) ends.emplace_back(id, end);
      id = next;
      end = to;
    }
  }
  if (id != 0) ends.emplace_back(id, end);
  for (std::size_t start = 0; start < ends.size(); start += Cursor::kRows) {
    const std::size_t stop = std::min(ends.size(), start + Cursor::kRows);
    std::map<std::int64_t, std::int64_t> last(ends.begin() + static_cast<std::ptrdiff_t>(start),
                                              ends.begin() + static_cast<std::ptrdiff_t>(stop));
    std::vector<Id> ids;
    for (const auto& [record, to] : last) ids.push_back({record});
    const Batch now = raw_get(reader, entity, ids);
    for (std::size_t row = 0; row < now.rows(); ++row) {
      const std::int64_t record = now.columns[kIdField].word(row);
      if (now.columns[kSeqField].word(row) < last.at(record)) {
        findings.push_back({std::string(entity.name), {record}, "is older than the end of its last version"});
      }
    }
  }
}

/// An area reads records as its verbs wrote them. Where raw SQL has put in what no verb lets in, such as text that is
/// no UTF-8, the area stops; the records at fault were told before, and the other areas are held against theirs.
void check_area(const Reader& reader, const Area& area, std::vector<Finding>& findings) {
  try {
    area.check(reader, findings);
  } catch (const Error& error) {
    if (error.code != Code::invalid && error.code != Code::corrupt && error.code != Code::overflow) throw;
    const std::string place = error.field.empty() ? std::string() : error.field + " ";
    findings.push_back({error.entity.empty() ? std::string(area.name) : error.entity,
                        {},
                        "stops the check of the area " + std::string(area.name) + ": " + place + error.message});
  }
}

}  // namespace

std::vector<Finding> check(Session& session) {
  const Reader reader = session.reader();
  if (rights_of(reader).level(entity_of<Principal>(), Action::administer) != Level::all) {
    throw Error(Code::denied, "principal", "",
                "'" + reader.actor().name + "' may not check a store; it needs administer");
  }
  std::vector<Finding> findings;
  for (const std::string& fault : session.engine().storage().damage()) findings.push_back({"storage", {}, fault});
  const Reader system = reader.as_system("check");
  for (Finding& finding : history::verify(system).faults) findings.push_back(std::move(finding));
  for (const Entity* entity : system.model().entities()) {
    if (entity->keeping != Keeping::versioned) continue;
    check_entity(system, *entity, findings);
    check_history(system, *entity, findings);
  }
  for (const Area* area : system.model().areas()) {
    if (area->check != nullptr) check_area(system, *area, findings);
  }
  return findings;
}

}  // namespace kith
