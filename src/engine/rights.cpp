// SPDX-License-Identifier: Apache-2.0
// Who may do what: levels merged by maximum, turned into one predicate that filters lists and decides records.
#include <algorithm>

#include "engine/internal.hpp"
#include "engine/valid.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

const std::string_view kEverything = "*";

/// Record actions on a part are decided by its parent: reading by read, everything else by edit.
Action parent_action(Action action) { return action == Action::read ? Action::read : Action::edit; }

/// The entity that a part belongs to, or null.
const Entity* parent_of(const Model& model, const Entity& entity) {
  if (entity.roles.parent.empty()) return nullptr;
  return &model.entity(entity.fields[static_cast<std::size_t>(entity.at(entity.roles.parent))].options.refers_to);
}

Condition in_ids(int field, const std::vector<Id>& ids) {
  Condition condition{.op = Condition::Op::in, .field = field, .operands = {}, .terms = {}};
  for (const Id id : ids) condition.operands.emplace_back(id.value);
  return condition;
}

}  // namespace

std::shared_ptr<const Rights> Rights::everything() {
  static const std::shared_ptr<const Rights> rights = [] {
    auto all = std::make_shared<Rights>();
    all->system_ = true;
    all->roles_text_ = "system";
    return all;
  }();
  return rights;
}

std::shared_ptr<const Rights> Rights::load(const Reader& reader, const Principal& principal) {
  if (principal.kind == PrincipalKind::system) return everything();
  auto rights = std::make_shared<Rights>();
  rights->employee_ = principal.employee;
  std::vector<Id> roles;
  for (const RoleHolder& held :
       reader.list<RoleHolder>({.conditions = {equals(entity_of<RoleHolder>(), "principal", principal.id)}})) {
    roles.push_back(held.role);
  }
  for (const Id role : roles) {
    if (const auto row = reader.find<Role>(role)) {
      rights->roles_text_ += (rights->roles_text_.empty() ? "" : ", ") + row->name;
    }
  }
  bool needs_reach = false;
  if (!roles.empty()) {
    const Entity& entity = entity_of<Grant>();
    for (const Grant& grant : reader.list<Grant>({.conditions = {in_ids(entity.at("role"), roles)}})) {
      Level& level = rights->levels_.try_emplace({grant.entity, grant.action}, Level::none).first->second;
      level = std::max(level, grant.level);
      needs_reach = needs_reach || grant.level == Level::unit || grant.level == Level::subtree;
    }
  }
  if (needs_reach && principal.employee) {
    for (const Area* area : reader.model().areas()) {
      if (area->reach != nullptr) rights->reach_ = area->reach(reader, *principal.employee, reader.today());
    }
  }
  return rights;
}

Level Rights::level(const Entity& entity, Action action) const {
  if (system_) return Level::all;
  Level level = Level::none;
  for (const std::string_view name : {entity.name, kEverything}) {
    const auto found = levels_.find({std::string(name), action});
    if (found != levels_.end()) level = std::max(level, found->second);
  }
  return level;
}

std::optional<Condition> Rights::predicate(const Entity& entity, Action action) const {
  const Level granted = level(entity, action);
  if (granted == Level::all) return Condition{};
  const bool owned = !entity.roles.owner.empty();
  if (granted == Level::none || !owned || !employee_) return std::nullopt;
  Condition any{.op = Condition::Op::any, .field = -1, .operands = {}, .terms = {}};
  any.terms.push_back(equals(entity, entity.roles.owner, *employee_));
  if (granted != Level::own && !entity.roles.unit.empty()) {
    const auto& units = granted == Level::unit ? reach_.units : reach_.subtree_units;
    if (!units.empty()) any.terms.push_back(in_ids(entity.at(entity.roles.unit), units));
    any.broad = granted != Level::unit && reach_.subtree_is_broad;
  }
  return any;
}

const Rights& rights_of(const Reader& reader) {
  const Reader::State& state = Inside::state(reader);
  if (state.rights) return *state.rights;
  if (state.actor.kind == PrincipalKind::system) {
    state.rights = Rights::everything();
    return *state.rights;
  }
  Session::State& session = *state.session;
  const Date today = local_date(present_of(reader), state.head.zone);
  // Rights are those of the present even for an as-of reader, so they hang on the head, not on the moment read.
  if (!session.rights || session.rights_seq != state.head.access_seq || session.rights_day != today) {
    session.rights = Rights::load(settings_view(reader, false), state.actor);
    session.rights_seq = state.head.access_seq;
    session.rights_day = today;
  }
  state.rights = session.rights;
  return *state.rights;
}

bool reads_all(const Reader& reader, const Entity& entity) {
  if (rights_of(reader).sees_all()) return true;  // also of history tables, whose parents nobody asks about
  const Entity* decides = &entity;
  while (const Entity* parent = parent_of(reader.model(), *decides)) decides = parent;
  return rights_of(reader).level(*decides, Action::read) == Level::all;
}

bool allowed_row(const Reader& reader, const Entity& entity, Action action, const Batch& batch, std::size_t row) {
  const Rights& rights = rights_of(reader);
  if (rights.sees_all()) return true;
  if (const Entity* parent = parent_of(reader.model(), entity); parent != nullptr) {
    const Column& column = batch.column(entity.at(entity.roles.parent));
    if (column.is_null(row)) return false;
    const Id id{column.word(row)};
    return allowed(reader, *parent, parent_action(action), {&id, 1}).contains(id.value);
  }
  const auto predicate = rights.predicate(entity, action);
  return predicate && (keeps_all(*predicate) || evaluate(*predicate, batch, row) == Tri::yes);
}

std::unordered_set<std::int64_t> allowed(const Reader& reader, const Entity& entity, Action action,
                                         std::span<const Id> ids) {
  std::unordered_set<std::int64_t> result;
  if (Inside::state(reader).valid) return allowed(stored_view(reader), entity, action, ids);
  const Batch batch = raw_get(reader, entity, ids);
  const Rights& rights = rights_of(reader);
  const Column& id_column = batch.columns[kIdField];
  if (const Entity* parent = parent_of(reader.model(), entity); parent != nullptr && !rights.sees_all()) {
    const Column& column = batch.column(entity.at(entity.roles.parent));
    std::vector<Id> parents;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (!column.is_null(row)) parents.push_back({column.word(row)});
    }
    const auto open = allowed(reader, *parent, parent_action(action), parents);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (!column.is_null(row) && open.contains(column.word(row))) result.insert(id_column.word(row));
    }
    return result;
  }
  const auto predicate = rights.predicate(entity, action);
  if (!predicate) return result;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (keeps_all(*predicate) || evaluate(*predicate, batch, row) == Tri::yes) result.insert(id_column.word(row));
  }
  return result;
}

bool Reader::may(Action action, const Entity& entity, Id id, std::string* why) const {
  const bool yes = allowed(*this, entity, action, {&id, 1}).contains(id.value);
  if (why != nullptr) {
    const Entity* parent = parent_of(model(), entity);
    const Entity& decides = parent != nullptr ? *parent : entity;
    const Action asked = parent != nullptr ? parent_action(action) : action;
    const Rights& rights = rights_of(*this);
    *why = "'" + actor().name + "' (" + (rights.describe().empty() ? "no role" : rights.describe()) + ") may " +
           std::string(Choices<Action>::names[static_cast<std::size_t>(asked) - 1]) + " " + std::string(decides.name) +
           " records at level " +
           std::string(Choices<Level>::names[static_cast<std::size_t>(rights.level(decides, asked)) - 1]);
  }
  return yes;
}

namespace access {
namespace {

Role role_by_name(const Reader& reader, std::string_view name) {
  const auto roles = reader.list<Role>();
  std::vector<std::string_view> names;
  for (const Role& role : roles) {
    if (role.name == name) return role;
    names.push_back(role.name);
  }
  throw Error(Code::invalid, "role", "name", "there is no role '" + std::string(name) + "'." + suggest(name, names));
}

}  // namespace

Id add_principal(Work& work, std::string_view name, std::optional<Id> employee, const std::vector<std::string>& roles) {
  work.require(Action::administer, entity_of<Principal>());
  std::vector<Id> role_ids;
  for (const std::string& role : roles) role_ids.push_back(role_by_name(work, role).id);
  Principal principal;
  principal.name = name;
  principal.employee = employee;
  return work.trusted([&] {
    work.create(principal);
    for (const Id role : role_ids) {
      RoleHolder holder;
      holder.principal = principal.id;
      holder.role = role;
      work.create(holder);
    }
    return principal.id;
  });
}

void set_grant(Work& work, std::string_view role, std::string_view entity, Action action, Level level) {
  work.require(Action::administer, entity_of<Role>());
  if (entity != kEverything) {
    const Entity& target = work.model().entity(entity);
    const bool partial = level != Level::none && level != Level::all;
    if (!target.roles.parent.empty()) {
      throw Error(Code::invalid, "grant", "entity",
                  std::string(entity) + " follows its " + std::string(target.roles.parent) + "; grant that instead");
    }
    if (partial && target.roles.owner.empty()) {
      throw Error(Code::invalid, "grant", "level",
                  "records of " + std::string(entity) + " have no owner; give level none or all");
    }
  }
  const Id role_id = role_by_name(work, role).id;
  const Entity& grants = entity_of<Grant>();
  auto existing = work.as_system("grants").find_one<Grant>(
      {.conditions = {equals(grants, "role", role_id), equals(grants, "entity", entity),
                      equals(grants, "action", static_cast<std::int64_t>(action))}});
  work.trusted([&] {
    if (existing) {
      existing->level = level;
      work.update(*existing);
    } else {
      Grant grant;
      grant.role = role_id;
      grant.entity = entity;
      grant.action = action;
      grant.level = level;
      work.create(grant);
    }
  });
}

}  // namespace access
}  // namespace kith
