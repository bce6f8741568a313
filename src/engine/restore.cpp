// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/new_findings.hpp"
#include "engine/pending.hpp"
#include "engine/recovery.hpp"
#include "engine/trail.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/recovery.hpp"

namespace kith {
namespace {

Condition is_one_of(int field, const std::vector<Id>& ids) {
  Condition condition{.op = Condition::Op::in, .field = field, .operands = {}, .terms = {}};
  for (const Id id : ids) condition.operands.emplace_back(id.value);
  return condition;
}

[[noreturn]] void fail_not_found(const Reader& reader, const Entity& entity, Id id) {
  throw Error(Code::not_found, std::string(entity.name), "id",
              "nothing is kept of a " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" +
                  reader.actor().name + "' may see");
}

/// The rows of parts that left in work `gone` together with a record, with their own parts behind them.
void add_gone_parts(const Reader& reader, const Entity& entity, Id id, std::int64_t gone, std::vector<Batch>& rows) {
  for (const Entity* part : reader.model().entities()) {
    if (Recovery::parent_field(*part, entity) < 0) continue;
    const Entity& history = *reader.model().history_of(*part);
    const Batch past = raw_all(
        reader,
        {.entity = &history, .where = {equals(history, part->roles.parent, id), equals(history, "to_seq", gone)}});
    std::unordered_set<std::int64_t> there;  // replaced in that work, not removed
    const Batch now = raw_get(reader, *part, Recovery::ids_of(past));
    for (const Id one : Recovery::ids_of(now)) there.insert(one.value);
    std::vector<std::size_t> kept;
    for (std::size_t row = 0; row < past.rows(); ++row) {
      if (!there.contains(past.columns[kIdField].word(row))) kept.push_back(row);
    }
    if (kept.empty()) continue;
    rows.push_back(Recovery::as_current(*part, past, kept));
    for (const Id one : Recovery::ids_of(rows.back())) add_gone_parts(reader, *part, one, gone, rows);
  }
}

void require_references(const Reader& reader, const std::vector<Batch>& rows) {
  const auto missing = Recovery::missing_reference(reader, rows);
  if (!missing) return;
  throw Error(Code::state, std::string(missing->entity->name), missing->field,
              "record " + std::to_string(missing->id.value) + " refers to " + missing->target + " " +
                  std::to_string(missing->to.value) + ", which was removed; restore that first");
}

}  // namespace

Batch Recovery::as_current(const Entity& entity, const Batch& past, const std::vector<std::size_t>& rows) {
  Batch batch(entity);
  for (const std::size_t row : rows) {
    for (std::size_t i = 0; i < entity.fields.size(); ++i) batch.columns[i].append_from(past.columns[i], row);
  }
  return batch;
}

namespace {

/// By fields of the store's own. `there`: records that are known to be there, or to come.
std::optional<Recovery::Reference> missing_own_reference(
    const Reader& reader, const Batch& batch, const std::map<const Entity*, std::unordered_set<std::int64_t>>& there) {
  const auto own = custom_of(reader, *batch.entity);
  for (std::size_t row = 0; own != nullptr && row < batch.rows(); ++row) {
    const Column& texts = batch.column(batch.entity->custom());
    const CustomCells cells = parse_custom(texts.is_null(row) ? std::string_view() : texts.text(row));
    for (std::size_t i = 0; i < own->size(); ++i) {
      const CustomRule& rule = own->rule(i);
      const Entity* target = rule.refers_to.empty() ? nullptr : reader.model().find_entity(rule.refers_to);
      const auto cell = target == nullptr ? cells.end() : cells.find(rule.name);
      if (cell == cells.end()) continue;
      const Id id{std::get<std::int64_t>(cell->second)};
      const auto known = there.find(target);
      if (known != there.end() && known->second.contains(id.value)) continue;
      if (raw_get(reader, *target, {&id, 1}).rows() != 0) continue;
      return Recovery::Reference{batch.entity,
                                 {batch.columns[kIdField].word(row)},
                                 batch.columns[kSeqField].word(row),
                                 rule.name,
                                 rule.refers_to,
                                 id};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Recovery::Reference> Recovery::missing_reference(const Reader& reader, const std::vector<Batch>& rows) {
  std::map<const Entity*, std::unordered_set<std::int64_t>> there;
  for (const Batch& batch : rows) {
    for (const Id id : ids_of(batch)) there[batch.entity].insert(id.value);
  }
  for (const Batch& batch : rows) {
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      const std::string_view refers_to = batch.entity->fields[i].options.refers_to;
      const Entity* target = refers_to.empty() ? nullptr : reader.model().find_entity(refers_to);
      if (target == nullptr) continue;
      auto& known = there[target];
      std::vector<Id> asked;
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const Id id{batch.columns[i].word(row)};
        if (!batch.columns[i].is_null(row) && id.value != 0 && !known.contains(id.value)) asked.push_back(id);
      }
      if (asked.empty()) continue;
      for (const Id found : ids_of(raw_get(reader, *target, asked))) known.insert(found.value);
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const Id id{batch.columns[i].word(row)};
        if (batch.columns[i].is_null(row) || id.value == 0 || known.contains(id.value)) continue;
        return Reference{batch.entity,
                         {batch.columns[kIdField].word(row)},
                         batch.columns[kSeqField].word(row),
                         std::string(batch.entity->fields[i].name),
                         std::string(refers_to),
                         id};
      }
    }
    if (const auto missing = missing_own_reference(reader, batch, there)) return missing;
  }
  return std::nullopt;
}

std::optional<Finding> Recovery::undefined_value(const Reader& reader, const std::vector<Batch>& rows) {
  const Entity& field = entity_of<CustomField>();
  for (const Batch& batch : rows) {
    const int place = batch.entity->custom();
    if (place < 0) continue;
    std::optional<std::set<std::string>> defined;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const Column& texts = batch.column(place);
      if (texts.is_null(row)) continue;
      if (!defined) {
        defined.emplace();
        const Batch own = raw_all(reader, {.entity = &field, .where = {equals(field, "entity", batch.entity->name)}});
        for (std::size_t i = 0; i < own.rows(); ++i) defined->emplace(own.column(field.at("name")).text(i));
      }
      for (const auto& [name, cell] : parse_custom(texts.text(row))) {
        if (defined->contains(name)) continue;
        const Entity& past = *reader.model().history_of(field);
        const Batch gone =
            raw_all(reader, {.entity = &past,
                             .where = {equals(past, "entity", batch.entity->name), equals(past, "name", name)},
                             .order = {{.field = kSeqField, .descending = true}},
                             .limit = 1});
        const std::string by = gone.rows() == 0 ? "" : " since work " + std::to_string(gone.columns.back().word(0));
        const Id id{batch.columns[kIdField].word(row)};
        return Finding{std::string(batch.entity->name), id,
                       "has a value of '" + name + "', which no custom_field defines" + by + "; " +
                           (by.empty() ? "" : "undo that work, or ") + "define the field again first"};
      }
    }
  }
  return std::nullopt;
}

WorkOptions& Recovery::options() const { return work.pending_->options; }
std::optional<Timestamp>& Recovery::owner_from() const { return work.pending_->owner_from; }
bool Recovery::wrote() const { return work.pending_->wrote; }

bool Recovery::touched(const Entity& entity, Id id) const {
  const auto found = work.pending_->position.find(&entity);
  return found != work.pending_->position.end() && found->second.contains(id.value);
}

void Recovery::require_untouched(const Entity& entity, const std::vector<Id>& ids, std::string_view verb) const {
  for (const Id id : ids) {
    if (!touched(entity, id)) continue;
    throw Error(Code::conflict, std::string(entity.name), "id",
                "record " + std::to_string(id.value) + " was touched in this work; " + std::string(verb) +
                    " it in one of its own");
  }
}

Recovery::Earlier Recovery::blank_salts(const Entity& entity, const std::vector<Id>& ids) {
  const Entity& log = entity_of<ChangeRow>();
  Batch changes = raw_all(work, {.entity = &log,
                                 .where = {equals(log, "entity", entity.name), is_one_of(log.at("record"), ids)},
                                 .order = {{.field = kIdField}}});
  Earlier earlier;
  Batch blank(log);
  const auto salt = static_cast<std::size_t>(log.at("salt"));
  for (std::size_t row = 0; row < changes.rows(); ++row) {
    ChangeRow change = read_change(changes, row);
    earlier[change.record.value].push_back(std::move(change));
    for (std::size_t i = 0; i < changes.columns.size(); ++i) {
      if (i == salt) {
        blank.columns[i].append(std::string_view());
      } else {
        blank.columns[i].append_from(changes.columns[i], row);
      }
    }
  }
  write([&](Transaction& store) {
    if (blank.rows() != 0) store.update(log, blank, {});
  });
  return earlier;
}

void Recovery::seal(const Batch& rows, std::size_t row, ChangeKind kind, const Sealed& sealed) {
  const Entity& entity = *rows.entity;
  const Id id{rows.columns[kIdField].word(row)};
  work.touch(entity, rows, row, kind);
  TouchedRecord& record = work.pending_->touched[work.pending_->position[&entity].at(id.value)];
  record.digest = seal_digest({record.salt.data(), record.salt.size()}, entity, kind, id, sealed);
}

void Recovery::write(const std::function<void(Transaction&)>& statements) {
  try {
    statements(work.state_->live());
  } catch (const Error&) {
    work.pending_->failed = true;
    throw;
  }
  work.pending_->wrote = true;
}

void Recovery::purge(const Entity& entity, const std::vector<Id>& ids) {
  require_untouched(entity, ids, "purge");
  const Earlier earlier = blank_salts(entity, ids);
  write([&](Transaction& store) { store.erase(*work.model().history_of(entity), ids); });
  for (const Id id : ids) {
    Batch row(entity);
    const std::unique_ptr<void, void (*)(void*)> empty(entity.make(), entity.destroy);
    store_row(empty.get(), row);
    row.columns[kIdField].set_word(0, id.value);
    const auto past = earlier.find(id.value);
    seal(row, 0, ChangeKind::purged, {.earlier = past == earlier.end() ? std::span<const ChangeRow>() : past->second});
  }
}

namespace history {

void restore(Work& work, const Entity& entity, Id id) {
  Recovery recovery(work);
  recovery.begin();
  const Entity* history = work.model().history_of(entity);
  const RecordVerbs* verbs = work.model().verbs_of(entity);
  if (history == nullptr || verbs == nullptr || verbs->remove == nullptr) {
    throw Error(Code::state, std::string(entity.name), "",
                "records of this kind are not removed on their own, so none can be restored on its own");
  }
  if (raw_get(work, entity, {&id, 1}).rows() != 0) {
    if (!recovery.trusted() && !work.may(Action::read, entity, id)) fail_not_found(work, entity, id);
    throw Error(Code::state, std::string(entity.name), "id",
                "record " + std::to_string(id.value) + " is there; only a removed one can be restored");
  }
  const Batch past = raw_all(work, {.entity = history,
                                    .where = {equals(*history, "id", id)},
                                    .order = {{.field = kSeqField, .descending = true}},
                                    .limit = 1});
  if (past.rows() == 0) fail_not_found(work, entity, id);
  std::vector<Batch> rows{Recovery::as_current(entity, past, {0})};
  if (!recovery.trusted()) {
    if (!allowed_row(work, entity, Action::read, rows.front(), 0)) fail_not_found(work, entity, id);
    if (!allowed_row(work, entity, Action::remove, rows.front(), 0)) {
      throw Error(
          Code::denied, std::string(entity.name), "",
          "'" + work.actor().name + "' may not remove record " + std::to_string(id.value) + ", so may not restore it");
    }
  }
  add_gone_parts(work, entity, id, past.columns.back().word(0), rows);
  require_references(work, rows);
  if (const auto fault = Recovery::undefined_value(work.as_system("restore"), rows)) {
    throw Error(Code::state, fault->entity, "custom",
                "record " + std::to_string(fault->id.value) + " " + fault->message);
  }
  const auto put_back = [&] {
    for (const Batch& batch : rows) {
      recovery.put_back(batch, std::vector<ChangeKind>(batch.rows(), ChangeKind::restored));
    }
  };
  if (entity.find("calendar") < 0) {
    Work::Step step(work);
    put_back();
    return step.keep();
  }
  // Its period may lie elsewhere by now.
  if (const auto fault = fault_of_change(work, "restore", put_back)) {
    throw Error(Code::state, fault->entity, "id",
                "record " + std::to_string(id.value) + " cannot be restored: then " + std::string(fault->entity) + " " +
                    std::to_string(fault->id.value) + " would be at fault, for: " + fault->message);
  }
}

void purge(Work& work, const Entity& entity, Id id) {
  Recovery recovery(work);
  recovery.begin();
  work.require(Action::administer, entity_of<Principal>());
  const Entity* history = work.model().history_of(entity);
  if (history == nullptr) {
    throw Error(Code::misuse, std::string(entity.name), "", "keeps no history; its rows never go");
  }
  if (raw_get(work, entity, {&id, 1}).rows() != 0) {
    throw Error(Code::state, std::string(entity.name), "id",
                "record " + std::to_string(id.value) + " is there; remove it first, then purge it");
  }
  // A part outlives the record it belonged to in nothing but its history.
  std::vector<std::pair<const Entity*, std::vector<Id>>> groups{{&entity, {id}}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto [of, ids] = groups[i];
    for (const Entity* part : work.model().entities()) {
      const int field = Recovery::parent_field(*part, *of);
      if (field < 0) continue;
      const Batch past = raw_all(work, {.entity = work.model().history_of(*part), .where = {is_one_of(field, ids)}});
      std::set<std::int64_t> parts;
      for (const Id one : Recovery::ids_of(past)) parts.insert(one.value);
      std::vector<Id> asked;
      for (const std::int64_t one : parts) asked.push_back({one});
      for (const Id there : Recovery::ids_of(raw_get(work, *part, asked))) parts.erase(there.value);
      if (parts.empty()) continue;
      auto& group = groups.emplace_back(part, std::vector<Id>());
      for (const std::int64_t one : parts) group.second.push_back({one});
    }
  }
  if (raw_all(work, {.entity = history, .where = {equals(*history, "id", id)}, .limit = 1}).rows() == 0) {
    fail_not_found(work, entity, id);
  }
  for (const auto& [of, ids] : groups) {
    for (const Id one : ids) recovery.require_unreferenced(*of, one, {});
  }
  Work::Step step(work);
  for (const auto& [of, ids] : groups) recovery.purge(*of, ids);
  step.keep();
}

}  // namespace history
}  // namespace kith
