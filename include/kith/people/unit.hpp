// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The organisation: units in a tree (company, region, team). Where a unit hangs is a dated row, so that the tree of
/// any past day can be walked; the unit's `parent` is today's answer.

#include <optional>
#include <string>
#include <vector>

#include "kith/engine/effective.hpp"
#include "kith/engine/work.hpp"

namespace kith {

/// A company, region, department or team.
struct Unit {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name;
  std::string name_key;            ///< kept: fold(name)
  std::optional<Id> parent;        ///< kept: today's parent; none for a root
  std::optional<Id> manager;       ///< employee who leads it
  std::optional<std::string> source;
  std::optional<std::string> external_id;
};
template <>
const Entity& entity_of<Unit>();

/// Where a unit hung: [from, to) never overlap for one unit.
struct UnitParent {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id unit;
  std::optional<Id> parent;
  Date from;
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<UnitParent>();

namespace people {

/// Adds a unit below `unit.parent` from `from` on. Errors: invalid, not_found (parent).
Id create(Work& work, Unit& unit, Date from);
/// Changes name, manager or external key; the place in the tree moves by `move`.
void update(Work& work, Unit& unit);
/// Hangs the unit below another from a day on. Errors: invalid when that would make a ring; conflict when a later move is recorded.
void move(Work& work, Id unit, std::optional<Id> parent, Date from);

/// The units below `root` on a day, `root` first, parents before children, siblings by name key. Closed in memory
/// from one scan; no recursion in SQL.
std::vector<Id> subtree(const Reader& reader, Id root, Date on);
/// The chain of parents of a unit on a day, nearest first.
std::vector<Id> ancestors(const Reader& reader, Id unit, Date on);

}  // namespace people
}  // namespace kith
