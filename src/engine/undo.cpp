// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/undo.hpp"

#include <algorithm>
#include <set>

#include "engine/custom.hpp"
#include "engine/internal.hpp"
#include "engine/new_findings.hpp"
#include "engine/recovery.hpp"
#include "engine/trail.hpp"
#include "kith/engine/archive.hpp"
#include "kith/engine/migration.hpp"

namespace kith::history {
namespace {

constexpr std::size_t kIdsAtOnce = 500;

using Places = std::unordered_map<std::int64_t, std::size_t>;  // id to row

Places places_of(const Batch& batch) {
  Places places;
  for (std::size_t row = 0; row < batch.rows(); ++row) places.emplace(batch.columns[kIdField].word(row), row);
  return places;
}

void add_rows(Batch& to, const Batch& from) {
  for (std::size_t row = 0; row < from.rows(); ++row) to.append_row(from, row);
}

/// What a work did to the records of one entity, and where they stand now.
struct Touched {
  const Entity* entity = nullptr;
  std::vector<Id> ids = {};
  std::map<std::int64_t, ChangeKind> kinds = {};
  Batch now = {};     // as they are
  Batch after = {};   // as the work left them
  Batch before = {};  // as the work found them

  void read(const Reader& reader, std::int64_t seq) {
    const Entity& past = *reader.model().history_of(*entity);
    now = raw_get(reader, *entity, ids);
    after = Batch(*entity);
    before = Batch(*entity);
    for (std::size_t start = 0; start < ids.size(); start += kIdsAtOnce) {
      Condition in{.op = Condition::Op::in, .field = kIdField, .operands = {}, .terms = {}};
      for (std::size_t i = start; i < std::min(ids.size(), start + kIdsAtOnce); ++i) {
        in.operands.emplace_back(ids[i].value);
      }
      for (const bool later : {true, false}) {
        const Batch found =
            raw_all(reader, {.entity = &past, .where = {in, equals(past, later ? "seq" : "to_seq", seq)}});
        std::vector<std::size_t> rows(found.rows());
        for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
        add_rows(later ? after : before, Recovery::as_current(*entity, found, rows));
      }
    }
    for (std::size_t row = 0; row < now.rows(); ++row) {
      if (now.columns[kSeqField].word(row) == seq) after.append_row(now, row);
    }
  }
};

class Undo {
 public:
  Undo(const Reader& reader, std::int64_t seq) : reader_(reader), seq_(seq) {
    const Reader system = reader.as_system("undo");
    Inside::state(system).as_of = false;
    Inside::state(system).valid.reset();
    if (const auto base = last_archive(reader); base && seq <= base->until) {
      throw Error(Code::state, "work", "id",
                  "work " + std::to_string(seq) + " was archived; works after " + std::to_string(base->until) +
                      " can be undone");
    }
    const auto found = system.find<WorkRow>({seq});
    if (!found) {
      throw Error(Code::not_found, "work", "id",
                  "there is no work " + std::to_string(seq) + "; the last one is " + std::to_string(reader.seq()));
    }
    row_ = *found;
    if (seq == 1) throw Error(Code::state, "work", "id", "work 1 made the store; it cannot be undone");
    std::map<const Entity*, Touched> groups;
    for (const ChangeRow& change : changes_of(system, seq)) {
      const Entity* entity = reader.model().find_entity(change.entity);
      if (entity == &entity_of<MigrationRow>()) {
        throw Error(Code::state, "work", "id",
                    "work " + std::to_string(seq) + " migrated the store; it cannot be undone");
      }
      if (entity == nullptr || entity->keeping != Keeping::versioned) continue;
      Touched& group = groups[entity];
      group.entity = entity;
      group.ids.push_back(change.record);
      group.kinds.emplace(change.record.value, change.kind);
    }
    for (const Entity* entity : reader.model().entities()) {
      const auto group = groups.find(entity);
      if (group == groups.end()) continue;
      group->second.read(system, seq);
      for (const Id id : group->second.ids) touched_[entity].insert(id.value);
      groups_.push_back(std::move(group->second));
    }
  }

  const WorkRow& row() const { return row_; }
  const std::vector<Touched>& groups() const { return groups_; }

  std::vector<Obstacle> obstacles() {
    for (const Touched& group : groups_) {
      const Places now = places_of(group.now), after = places_of(group.after), before = places_of(group.before);
      for (const Id id : group.ids) check_record(group, id, now, after, before);
    }
    check_references();
    check_rules();
    std::stable_sort(found_.begin(), found_.end(), [](const Obstacle& a, const Obstacle& b) { return a.seq > b.seq; });
    return std::move(found_);
  }

  /// Rows that come back: what was changed or removed.
  Batch returning(const Touched& group, std::vector<ChangeKind>* kinds = nullptr) const {
    const Places now = places_of(group.now);
    Batch rows(*group.entity);
    for (std::size_t row = 0; row < group.before.rows(); ++row) {
      const std::int64_t id = group.before.columns[kIdField].word(row);
      const ChangeKind kind = group.kinds.at(id);
      if (kind != ChangeKind::updated && kind != ChangeKind::removed) continue;
      const auto there = now.find(id);
      if (there != now.end() && same_values(group.now, there->second, group.before, row)) continue;
      rows.append_row(group.before, row);
      if (there != now.end()) {
        rows.columns[kRevisionField].set_word(rows.rows() - 1, group.now.columns[kRevisionField].word(there->second));
      }
      if (kinds != nullptr) {
        kinds->push_back(kind == ChangeKind::updated ? ChangeKind::updated : ChangeKind::restored);
      }
    }
    return rows;
  }
  /// Rows that are there and go, or make room for what comes back.
  Batch leaving(const Touched& group, bool for_good) const {
    const Places back = places_of(returning(group));
    Batch rows(*group.entity);
    for (std::size_t row = 0; row < group.now.rows(); ++row) {
      const std::int64_t id = group.now.columns[kIdField].word(row);
      const ChangeKind kind = group.kinds.at(id);
      const bool made = kind == ChangeKind::created || kind == ChangeKind::restored;
      if (made || (!for_good && back.contains(id))) rows.append_row(group.now, row);
    }
    return rows;
  }

 private:
  void add(const Touched& group, Id id, std::int64_t seq, const std::string& message) {
    found_.push_back({std::string(group.entity->name), id, seq,
                      std::string(group.entity->name) + " " + std::to_string(id.value) + " " + message});
  }

  void check_record(const Touched& group, Id id, const Places& now, const Places& after, const Places& before) {
    const ChangeKind kind = group.kinds.at(id.value);
    const auto stands = now.find(id.value), left = after.find(id.value);
    if (kind == ChangeKind::erased || kind == ChangeKind::purged) {
      return add(group, id, 0,
                 std::string("was ") + (kind == ChangeKind::erased ? "erased" : "purged") +
                     " by it; what is gone from the store does not come back");
    }
    const bool had = kind == ChangeKind::updated || kind == ChangeKind::removed;
    const bool leaves = kind != ChangeKind::removed;
    if ((had && !before.contains(id.value)) || (leaves && left == after.end())) {
      return add(group, id, 0, "has been purged or archived since, so its earlier values are gone");
    }
    if (!leaves) {
      if (stands != now.end())
        add_later(group, id, group.now.columns[kSeqField].word(stands->second), "is there again");
      return;
    }
    if (stands == now.end()) return add_later(group, id, last_end(group, id), "was removed");
    if (!same_values(group.now, stands->second, group.after, left->second)) {
      add_later(group, id, group.now.columns[kSeqField].word(stands->second), "was changed");
    }
  }

  void add_later(const Touched& group, Id id, std::int64_t seq, const std::string& what) {
    add(group, id, seq, what + " by work " + std::to_string(seq) + "; undo that work first");
  }

  /// The work that removed a record that is no longer there.
  std::int64_t last_end(const Touched& group, Id id) const {
    const Entity& past = *reader_.model().history_of(*group.entity);
    const Reader system = reader_.as_system("undo");
    Inside::state(system).as_of = false;
    Inside::state(system).valid.reset();
    const Batch last = raw_all(system, {.entity = &past,
                                        .where = {equals(past, "id", id)},
                                        .order = {{.field = kSeqField, .descending = true}},
                                        .limit = 1});
    return last.rows() == 0 ? 0 : last.columns.back().word(0);
  }

  void check_references() {
    const Reader system = reader_.as_system("undo");
    Inside::state(system).as_of = false;
    Inside::state(system).valid.reset();
    std::vector<Batch> back;
    for (const Touched& group : groups_) {
      back.push_back(returning(group));
      const std::vector<Id> going = Recovery::ids_of(leaving(group, true));
      if (going.empty()) continue;
      const auto user = Recovery::reference_to(system, *group.entity, going, touched_);
      if (user) found_.push_back({std::string(user->entity->name), user->id, user->seq, user->text()});
    }
    const bool definitions = touched_.contains(&entity_of<CustomField>());
    if (const auto fault = definitions ? std::nullopt : Recovery::undefined_value(system, back)) {
      found_.push_back(
          {fault->entity, fault->id, 0, fault->entity + " " + std::to_string(fault->id.value) + " " + fault->message});
    }
    const auto missing = Recovery::missing_reference(system, back);
    if (!missing) return;
    found_.push_back({std::string(missing->entity->name), missing->id, 0,
                      std::string(missing->entity->name) + " " + std::to_string(missing->id.value) +
                          " would refer to " + missing->target + " " + std::to_string(missing->to.value) + " as its " +
                          missing->field + ", which was removed; restore that first"});
  }

  /// What is only ever added to stays; and areas say what their verbs alone do.
  void check_rules() {
    for (const Touched& group : groups_) {
      const Batch going = leaving(group, false);
      if (group.entity->append_only && going.rows() != 0) {
        add(group, Id{going.columns[kIdField].word(0)}, 0,
            "is only ever added to and stays; correct it by a further one that names the one it reverses");
      }
      check_closed(group, going);
    }
  }

  /// Where an area has a verb that closes records, only its verbs open them again; and what was opened is closed by an
  /// undo only while nothing has come to stand on it.
  void check_closed(const Touched& group, const Batch& going) {
    const int status = group.entity->find("status");
    if (status < 0) return;
    const auto& choices = group.entity->fields[static_cast<std::size_t>(status)].choices;
    const auto closed = std::find(choices.begin(), choices.end(), std::string_view("closed"));
    if (closed == choices.end()) return;
    const std::int64_t word = closed - choices.begin() + 1;
    for (const Area* area : reader_.model().areas()) {
      if (std::find(area->entities.begin(), area->entities.end(), group.entity) == area->entities.end()) continue;
      const auto has_verb = [&](std::string_view end) {
        return std::any_of(area->permits.begin(), area->permits.end(),
                           [&](const Permit& permit) { return permit.verb.ends_with(end); });
      };
      if (!has_verb("::close") || !has_verb("::reopen")) return;
      for (std::size_t row = 0; row < going.rows(); ++row) {
        if (going.column(status).word(row) != word) continue;
        add(group, Id{going.columns[kIdField].word(row)}, 0, "is closed; reopen it instead");
      }
      const Places now = places_of(group.now);
      for (std::size_t row = 0; row < group.before.rows(); ++row) {
        const auto there = now.find(group.before.columns[kIdField].word(row));
        const bool opened = there != now.end() && group.now.column(status).word(there->second) != word &&
                            group.before.column(status).word(row) == word;
        if (opened) return check_stands_on(*group.entity);
      }
    }
  }

  /// Entities that refer to one, directly or through others, with that one.
  std::set<const Entity*> dependents_of(const Entity& entity) const {
    std::set<const Entity*> found{&entity};
    for (std::size_t before = 0; before != found.size();) {
      before = found.size();
      for (const Entity* one : reader_.model().entities()) {
        const bool refers = std::any_of(one->fields.begin(), one->fields.end(), [&](const Field& field) {
          return found.contains(reader_.model().find_entity(field.options.refers_to));
        });
        if (refers) found.insert(one);
      }
    }
    return found;
  }

  /// The first record of those kinds that is not as this work left it, though it did not touch it: it was written while
  /// what this work opened was open.
  void check_stands_on(const Entity& entity) {
    const Reader system = reader_.as_system("undo");
    Inside::state(system).as_of = false;
    Inside::state(system).valid.reset();
    const Reader then = reader_.as_system("undo");
    Inside::state(then).valid.reset();
    Inside::state(then).as_of = true;
    Inside::state(then).seq = seq_;
    const std::set<const Entity*> kinds = dependents_of(entity);
    const Entity& log = entity_of<ChangeRow>();
    const std::int64_t last = changes_of(system, seq_).back().id.value;
    auto rows =
        raw_scan(system, {.entity = &log,
                          .where = {{.op = Condition::Op::gt, .field = kIdField, .operands = {last}, .terms = {}}},
                          .order = {{.field = kIdField}}});
    for (Batch batch; rows->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const ChangeRow change = read_change(batch, row);
        const Entity* of = reader_.model().find_entity(change.entity);
        if (of == nullptr || !kinds.contains(of) || of->keeping != Keeping::versioned) continue;
        const auto own = touched_.find(of);
        if (own != touched_.end() && own->second.contains(change.record.value)) continue;
        const Batch left = raw_get(then, *of, {&change.record, 1}), now = raw_get(system, *of, {&change.record, 1});
        if (left.rows() == now.rows() && (now.rows() == 0 || same_values(now, 0, left, 0))) continue;
        const bool told = std::any_of(found_.begin(), found_.end(), [&](const Obstacle& one) {
          return one.entity == change.entity && one.id == change.record && one.seq == change.seq;
        });
        if (told) return;
        found_.push_back({change.entity, change.record, change.seq,
                          change.entity + " " + std::to_string(change.record.value) + " was written by work " +
                              std::to_string(change.seq) + " while " + std::string(entity.name) +
                              " was open; undo that work first, or close it again instead"});
        return;
      }
    }
  }

  const Reader& reader_;
  std::int64_t seq_;
  WorkRow row_;
  std::vector<Touched> groups_;  // in the order of the model
  Recovery::Group touched_;
  std::vector<Obstacle> found_;
};

[[noreturn]] void fail_denied(const Reader& reader, std::int64_t seq, const std::string& why) {
  throw Error(Code::denied, "work", "id",
              "'" + reader.actor().name + "' may not undo work " + std::to_string(seq) + ": " + why +
                  "; an administrator can undo it");
}

/// Who did a work may undo it as far as he may still touch its records. Rows that only verbs write have no rights of
/// their own: they go the way of the records beside them.
void require_right(const Recovery& recovery, const Undo& undo) {
  const Work& work = recovery.work;
  if (recovery.trusted() || rights_of(work).level(entity_of<Principal>(), Action::administer) == Level::all) return;
  const std::int64_t seq = undo.row().id.value;
  if (undo.row().actor != work.actor().id) fail_denied(work, seq, "somebody else did it");
  bool asked = false;
  for (const Touched& group : undo.groups()) {
    const Entity& entity = *group.entity;
    if (entity.roles.access) fail_denied(work, seq, "it changed who may do what");
    if (work.model().verbs_of(entity) == nullptr && entity.roles.parent.empty()) continue;
    for (const Batch* rows : {&group.now, &group.before}) {
      for (std::size_t row = 0; row < rows->rows(); ++row) {
        const Id id{rows->columns[kIdField].word(row)};
        const ChangeKind kind = group.kinds.at(id.value);
        const bool plain = kind == ChangeKind::created || kind == ChangeKind::updated;
        asked = true;
        if (allowed_row(work, entity, plain ? Action::edit : Action::remove, *rows, row)) continue;
        fail_denied(work, seq,
                    std::string(entity.name) + " " + std::to_string(id.value) + " may not be " +
                        (plain ? "edited" : "removed") + " any more");
      }
    }
  }
  if (!asked) fail_denied(work, seq, "it touched nothing that has rights of its own");
}

void apply(Recovery& recovery, const Undo& undo) {
  Work::Step step(recovery.work);
  for (auto group = undo.groups().rbegin(); group != undo.groups().rend(); ++group) {
    const Batch out = undo.leaving(*group, false);
    if (out.rows() == 0) continue;
    recovery.take_out(out);
    const Batch gone = undo.leaving(*group, true);
    for (std::size_t row = 0; row < gone.rows(); ++row) recovery.touch(gone, row, ChangeKind::removed);
  }
  for (const Touched& group : undo.groups()) {
    std::vector<ChangeKind> kinds;
    Batch back = undo.returning(group, &kinds);
    if (back.rows() != 0) recovery.put_back(std::move(back), kinds);
  }
  step.keep();
}

/// Keys of fields of the store's own follow their definitions, which may have come, gone or become indexed.
void settle_keys(Work& work, const Undo& undo) {
  std::set<std::pair<std::string, std::string>> fields;  // entity, name
  for (const Touched& group : undo.groups()) {
    if (group.entity != &entity_of<CustomField>()) continue;
    for (const Batch* rows : {&group.now, &group.before}) {
      for (std::size_t row = 0; row < rows->rows(); ++row) {
        CustomField field;
        load_row(*rows, row, &field);
        fields.emplace(field.entity, field.name);
      }
    }
  }
  CustomRows keys(work);
  for (const auto& [name, field] : fields) {
    const Entity* entity = work.model().find_entity(name);
    if (entity == nullptr) continue;
    const auto own = custom_of(work, *entity);
    const int index = own == nullptr ? -1 : own->find(field);
    work.trusted([&] { index < 0 ? keys.forget(*entity, field) : keys.rebuild(*own, index); });
  }
}

}  // namespace

std::vector<Obstacle> obstacles(const Reader& reader, std::int64_t seq) {
  Undo undo(reader, seq);
  const bool administers = rights_of(reader).level(entity_of<Principal>(), Action::administer) == Level::all;
  if (!administers && undo.row().actor != reader.actor().id) fail_denied(reader, seq, "somebody else did it");
  return undo.obstacles();
}

std::int64_t undo(Work& work, std::int64_t seq) {
  Recovery recovery(work);
  recovery.begin();
  Undo undo(work, seq);
  require_right(recovery, undo);
  const std::string name = "work " + std::to_string(seq);
  if (const auto found = undo.obstacles(); !found.empty()) {
    const std::size_t more = found.size() - 1;
    throw Error(Code::conflict, found.front().entity, "id",
                name + " cannot be undone: " + found.front().message +
                    (more == 0 ? "" : " (and " + std::to_string(more) + " more)"));
  }
  std::int64_t records = 0;
  for (const Touched& group : undo.groups()) {
    records += static_cast<std::int64_t>(undo.leaving(group, true).rows() + undo.returning(group).rows());
  }
  if (records == 0) {
    throw Error(Code::state, "work", "id", name + " left nothing that could be undone: everything is as it found it");
  }
  // Undoing the last work leads to a state that was whole. Any other one is looked at by every area: expressions, plans
  // and periods name records of others.
  const bool last = seq + 1 == work.next_seq() && !recovery.wrote();
  std::vector<const Area*> areas;
  if (!last) areas.assign(work.model().areas().begin(), work.model().areas().end());
  const NewFindings findings(work.as_system("undo"), std::move(areas));
  Work::Step step(work);
  apply(recovery, undo);
  settle_keys(work, undo);
  if (const auto fault = findings.first(work.as_system("undo"))) {
    throw Error(Code::conflict, fault->entity, "id",
                name + " cannot be undone: then " + fault->entity + " " + std::to_string(fault->id.value) +
                    " would be at fault, for: " + fault->message + "; undo what came to depend on it first");
  }
  step.keep();
  if (recovery.options().cause.empty()) recovery.options().cause = "undo of " + name;
  return records;
}

}  // namespace kith::history
