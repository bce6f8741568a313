// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The organisation: units in a tree (company, region, team). Where a unit hangs is a dated row, so that the tree of
/// any day can be walked; `parent` is that of today, or of the day that is read: a move ahead shows when its day comes.

#include <optional>
#include <string>
#include <vector>

#include "kith/engine/effective.hpp"
#include "kith/engine/work.hpp"

namespace kith {

/// A company, region, department or team.
struct Unit {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::string name_key = {};       ///< kept: fold(name)
  std::optional<Id> parent = {};   ///< today's, of the row that holds; changed by `move`; none for a root
  std::optional<Id> manager = {};  ///< employee who leads it
  std::optional<std::string> source = {};
  std::optional<std::string> external_id = {};
};
template <>
const Entity& entity_of<Unit>();

/// Where a unit hung: [from, to) never overlap for one unit.
struct UnitParent {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id unit = {};
  std::optional<Id> parent = {};
  Date from = {};
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<UnitParent>();

namespace people {

/// Adds a unit below `unit.parent` from `from` on. Errors: invalid, not_found (parent).
Id create(Work& work, Unit& unit, Date from);
/// Changes name, manager or external key. Errors: invalid for another `parent`, which `move` changes; conflict.
void update(Work& work, Unit& unit);
/// Hangs the unit below another (or makes it a root) from a day on; a second move on one day replaces the first.
/// Errors: invalid when that would make a ring on that day or a later one; conflict when a later move is recorded.
void move(Work& work, Id unit, std::optional<Id> parent, Date from);

/// The units below `root` on a day, `root` first, parents before children, siblings by name key. Closed in memory
/// from one scan of places and one of names; no recursion in SQL.
std::vector<Id> subtree(const Reader& reader, Id root, Date on);
/// The chain of parents of a unit on a day, nearest first.
std::vector<Id> ancestors(const Reader& reader, Id unit, Date on);

}  // namespace people
}  // namespace kith
