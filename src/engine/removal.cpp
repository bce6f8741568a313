// SPDX-License-Identifier: Apache-2.0
// Removing a record with its parts. Its versions stay in the history; `history::restore` brings it back from there.
#include <algorithm>

#include "engine/custom.hpp"
#include "engine/pending.hpp"
#include "engine/recovery.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::size_t kIdsAtOnce = 500;

bool leaves(const Recovery::Group& leaving, const Entity& entity, std::int64_t id) {
  const auto gone = leaving.find(&entity);
  return gone != leaving.end() && gone->second.contains(id);
}

/// Some of the ids as a condition.
Condition among(int field, const std::vector<Id>& ids, std::size_t start) {
  Condition condition{.op = Condition::Op::in, .field = field, .operands = {}, .terms = {}};
  for (std::size_t at = start; at < std::min(ids.size(), start + kIdsAtOnce); ++at) {
    condition.operands.emplace_back(ids[at].value);
  }
  return condition;
}

/// By fields of the store's own, whose keys say who refers to what.
std::optional<Recovery::Reference> own_reference_to(const Reader& reader, const Entity& entity,
                                                    const std::vector<Id>& ids, const Recovery::Group& leaving) {
  const Entity& keys = entity_of<KeyRow>();
  const auto all = customs_of(reader);
  for (const Entity* other : reader.model().entities()) {
    const CustomFields* own = all->of(*other);
    for (std::size_t i = 0; own != nullptr && &own->entity() == other && i < own->size(); ++i) {
      const CustomRule& rule = own->rule(i);
      for (std::size_t start = 0; rule.refers_to == entity.name && start < ids.size(); start += kIdsAtOnce) {
        const Batch users =
            raw_all(reader, {.entity = &keys,
                             .fields = {keys.at("record"), keys.at("word")},
                             .where = {equals(keys, "entity", other->name), equals(keys, "rule", rule.name),
                                       among(keys.at("word"), ids, start)}});
        for (std::size_t row = 0; row < users.rows(); ++row) {
          const Id user{users.columns[0].word(row)};
          if (leaves(leaving, *other, user.value)) continue;
          const Batch found = raw_get(reader, *other, {&user, 1});
          const std::int64_t seq = found.rows() == 0 ? 0 : found.columns[kSeqField].word(0);
          return Recovery::Reference{other, user, seq, rule.name, rule.refers_to, {users.columns[1].word(row)}};
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Recovery::Reference> Recovery::reference_to(const Reader& reader, const Entity& entity,
                                                          const std::vector<Id>& ids, const Recovery::Group& leaving) {
  for (const Entity* other : reader.model().entities()) {
    if (other->keeping != Keeping::versioned) continue;
    for (std::size_t i = 0; i < other->fields.size(); ++i) {
      if (other->fields[i].options.refers_to != entity.name) continue;
      const int field = static_cast<int>(i);
      for (std::size_t start = 0; start < ids.size(); start += kIdsAtOnce) {
        auto rows = raw_scan(
            reader, {.entity = other, .fields = {kIdField, kSeqField, field}, .where = {among(field, ids, start)}});
        for (Batch users; rows->next(users);) {
          for (std::size_t row = 0; row < users.rows(); ++row) {
            const std::int64_t user = users.columns[0].word(row);
            if (leaves(leaving, *other, user)) continue;
            return Reference{other,
                             {user},
                             users.columns[1].word(row),
                             std::string(other->fields[i].name),
                             std::string(entity.name),
                             {users.columns[2].word(row)}};
          }
        }
      }
    }
  }
  return own_reference_to(reader, entity, ids, leaving);
}

std::string Recovery::Reference::text() const {
  return std::string(entity->name) + " " + std::to_string(id.value) + " of work " + std::to_string(seq) +
         " refers to " + std::to_string(to.value) + " as its " + field + "; remove or change that first";
}

void Work::require_unreferenced(const Entity& entity, Id id, const Group& leaving) const {
  const auto user = Recovery::reference_to(*this, entity, {id}, leaving);
  if (user) throw Error(Code::conflict, std::string(entity.name), "id", user->text());
}

void Work::remove(const Entity& entity, Id id, std::int64_t revision) {
  const Turn turn(state_->session.get());
  begin_write();
  require_changeable(entity);
  const Batch stored = raw_get(*this, entity, {&id, 1});
  if (stored.rows() == 0) not_found(entity, id);
  require_rows(Action::remove, entity, stored);
  const std::int64_t now = stored.columns[kRevisionField].word(0);
  if (revision != now) {
    throw Error(Code::conflict, std::string(entity.name), "revision",
                "record " + std::to_string(id.value) + " was read at revision " + std::to_string(revision) + ", but " +
                    std::to_string(now) + " is stored; read it again");
  }
  Recovery recovery(*this);
  std::vector<Batch> rows{stored};
  Group leaving{{&entity, {id.value}}};
  recovery.add_parts(entity, id, rows, leaving);
  for (const Batch& batch : rows) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      require_unreferenced(*batch.entity, {batch.columns[kIdField].word(row)}, leaving);
    }
  }
  for (auto batch = rows.rbegin(); batch != rows.rend(); ++batch) {
    recovery.take_out(*batch);
    for (std::size_t row = 0; row < batch->rows(); ++row) touch(*batch->entity, *batch, row, ChangeKind::removed);
  }
}

void Recovery::add_parts(const Entity& entity, Id id, std::vector<Batch>& rows, Work::Group& leaving) const {
  for (const Entity* part : work.model().entities()) {
    const int field = parent_field(*part, entity);
    if (field < 0) continue;
    Batch found = raw_all(work, {.entity = part, .where = {equals(*part, part->roles.parent, id)}});
    if (found.rows() == 0) continue;
    const std::vector<Id> ids = ids_of(found);
    for (const Id one : ids) leaving[part].insert(one.value);
    rows.push_back(std::move(found));
    for (const Id one : ids) add_parts(*part, one, rows, leaving);
  }
}

int Recovery::parent_field(const Entity& part, const Entity& entity) {
  if (part.keeping != Keeping::versioned || part.roles.parent.empty()) return -1;
  const int field = part.at(part.roles.parent);
  return part.fields[static_cast<std::size_t>(field)].options.refers_to == entity.name ? field : -1;
}

std::vector<Id> Recovery::ids_of(const Batch& rows) {
  std::vector<Id> ids;
  ids.reserve(rows.rows());
  for (std::size_t row = 0; row < rows.rows(); ++row) ids.push_back({rows.columns[kIdField].word(row)});
  return ids;
}

void Recovery::take_out(const Batch& rows) {
  const Entity& entity = *rows.entity;
  const std::vector<Id> ids = ids_of(rows);
  try {
    work.keep_past(entity, rows);
    work.state_->live().erase(entity, ids);
    CustomRows(work).index(entity, &rows, nullptr);
  } catch (const Error&) {
    work.pending_->failed = true;
    throw;
  }
  work.pending_->wrote = true;
  for (const Id id : ids) {
    work.pending_->known[&entity].erase(id.value);
    work.pending_->existing[&entity].erase(id.value);
  }
}

void Recovery::put_back(Batch rows, const std::vector<ChangeKind>& kinds) {
  const Entity& entity = *rows.entity;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    rows.columns[kRevisionField].set_word(row, rows.columns[kRevisionField].word(row) + 1);
    rows.columns[kSeqField].set_word(row, work.next_seq());
  }
  CustomRows own(work);
  own.require_unique(entity, rows, nullptr);
  try {
    work.state_->live().insert(entity, rows);
    own.index(entity, nullptr, &rows);
  } catch (const Error& error) {
    work.pending_->failed = work.pending_->failed || error.code != Code::conflict || rows.rows() > 1;
    throw;
  }
  work.pending_->wrote = true;
  for (std::size_t row = 0; row < rows.rows(); ++row) work.touch(entity, rows, row, kinds[row]);
}

void Recovery::begin() const { work.begin_write(); }

}  // namespace kith
