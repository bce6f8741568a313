// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Who may do what. A session acts as a principal; its roles grant levels for (entity, action), merged by maximum.
/// One predicate over a record's owner and unit decides both single records and lists, on every backend:
/// list(p) = filter(can(p, read)). A part (contact, stage row) follows its parent.
///
/// Not readable is `not_found`; readable but not allowed is `denied` with the rule. System work runs as an
/// explicit principal, never as a "skip checks" flag.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/schema/condition.hpp"

namespace kith {

class Work;

/// What is done to a record. Numbers are stable.
enum class Action : std::int32_t { read = 1, create = 2, edit = 3, remove = 4, close = 5, administer = 6 };
template <>
struct Choices<Action> {
  static constexpr std::string_view names[] = {"read", "create", "edit", "remove", "close", "administer"};
};

/// Over whose records, as of today: one's own; those of the units one is a member of; those units with all below; all.
enum class Level : std::int32_t { none = 1, own = 2, unit = 3, subtree = 4, all = 5 };
template <>
struct Choices<Level> {
  static constexpr std::string_view names[] = {"none", "own", "unit", "subtree", "all"};
};

enum class PrincipalKind : std::int32_t { person = 1, system = 2 };
template <>
struct Choices<PrincipalKind> {
  static constexpr std::string_view names[] = {"person", "system"};
};

/// Somebody who acts: a person (often an employee) or a named process.
struct Principal {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};  ///< unique; what `Engine::session` is given
  PrincipalKind kind = PrincipalKind::person;
  std::optional<Id> employee = {};  ///< whose records are "own"
  bool active = true;
};
template <>
const Entity& entity_of<Principal>();

/// A named set of grants.
struct Role {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
};
template <>
const Entity& entity_of<Role>();

/// A role lets its holders do `action` to records of `entity` ("*": every entity) over `level`.
struct Grant {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id role = {};
  std::string entity = {};
  Action action = Action::read;
  Level level = Level::none;
};
template <>
const Entity& entity_of<Grant>();

/// A principal holds a role.
struct RoleHolder {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id principal = {};
  Id role = {};
};
template <>
const Entity& entity_of<RoleHolder>();

/// The employees and units that a level reaches; resolved by the people area for a date.
struct Reach {
  std::vector<Id> units = {};          ///< units the employee is a member of
  std::vector<Id> subtree_units = {};  ///< those and all below
  bool subtree_is_broad = false;       ///< those are at least a quarter of all: finding rows by them takes longer than
                                       ///< reading all rows
};

namespace access {

/// Adds a person or process with roles by name. Needs `administer` on principal.
/// Errors: invalid (unknown role, near names), conflict (name taken), denied.
Id add_principal(Work& work, std::string_view name, std::optional<Id> employee, const std::vector<std::string>& roles);
/// Sets one grant of a role, made if it is new. Needs `administer` on role.
void set_grant(Work& work, std::string_view role, std::string_view entity, Action action, Level level);

}  // namespace access
}  // namespace kith
