// SPDX-License-Identifier: Apache-2.0
#include "kith/people/unit.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "people/entities.hpp"
#include "people/succession.hpp"

namespace kith {
namespace people {
namespace {

constexpr auto kUnitFields = field_table<Unit>(
    field<&Unit::name>("name", {.required = true, .max_length = 200}),
    field<&Unit::name_key>("name_key", {.indexed = true, .kept = true, .max_length = 1000}),
    field<&Unit::parent>("parent", {.refers_to = "unit"}), field<&Unit::manager>("manager", {.refers_to = "employee"}),
    field<&Unit::source>("source", {.max_length = 100}), field<&Unit::external_id>("external_id", {.max_length = 200}));

constexpr auto kUnitParentFields =
    field_table<UnitParent>(field<&UnitParent::unit>("unit", {.required = true, .refers_to = "unit"}),
                            field<&UnitParent::parent>("parent", {.refers_to = "unit"}),
                            field<&UnitParent::from>("from"), field<&UnitParent::to>("to"));

constexpr UniqueKey kUnitKeys[] = {{{"source", "external_id"}}};
constexpr UniqueKey kUnitParentKeys[] = {{{"unit", "to"}}};

}  // namespace

constexpr Entity kUnit = make_entity<Unit>(
    {.name = "unit", .plural = "units", .fields = kUnitFields, .unique = kUnitKeys, .roles = {.title = "name"}});
constexpr Entity kUnitParent = make_entity<UnitParent>({.name = "unit_parent",
                                                        .plural = "unit_parents",
                                                        .fields = kUnitParentFields,
                                                        .unique = kUnitParentKeys,
                                                        .roles = {.parent = "unit"}});

namespace {

std::vector<UnitParent> places_of(const Reader& reader, Id unit) {
  Query query;
  query.conditions = {equals(kUnitParent, "unit", unit)};
  query.order = {"from"};
  return reader.list<UnitParent>(query);
}

// Parent of each unit among rows that hold on one day.
using Parents = std::unordered_map<Id, Id>;

Parents parents_among(const std::vector<UnitParent>& places, Date on) {
  Parents parents;
  for (const UnitParent& place : places) {
    if (place.from <= on && on < place.to && place.parent) parents.emplace(place.unit, *place.parent);
  }
  return parents;
}

Parents parents_on(const Reader& reader, Date on) {
  Query query;
  query.conditions = verb::holding(kUnitParent, on);
  return parents_among(reader.list<UnitParent>(query), on);
}

// Upwards from a unit, nearest first; stops at a ring instead of turning for ever.
std::vector<Id> chain(const Parents& parents, Id unit) {
  std::vector<Id> found;
  std::unordered_set<Id> seen{unit};
  for (auto next = parents.find(unit); next != parents.end() && seen.insert(next->second).second;
       next = parents.find(next->second)) {
    found.push_back(next->second);
  }
  return found;
}

// A move holds until it is moved again, so it must make no ring on that day nor on any later one on which some
// other unit is already recorded to move.
void require_no_ring(const Work& work, Id unit, Id parent, Date from) {
  const std::vector<UnitParent> places = work.as_system("tree of units").list<UnitParent>();
  std::set<Date> days{from};
  for (const UnitParent& place : places) {
    if (place.from > from) days.insert(place.from);
  }
  for (const Date day : days) {
    const std::vector<Id> above = chain(parents_among(places, day), parent);
    if (parent == unit || std::find(above.begin(), above.end(), unit) != above.end()) {
      throw Error(Code::invalid, "unit", "parent",
                  "'" + work.get<Unit>(parent).name + "' lies below '" + work.get<Unit>(unit).name + "' on " +
                      to_string(day) + "; choose a unit outside of it");
    }
  }
}

}  // namespace

Id create(Work& work, Unit& unit, Date from) {
  work.require(Action::create, kUnit);
  require_day(kUnitParent, "from", from);
  if (unit.parent) work.require(Action::read, kUnit, *unit.parent);
  Unit row = unit;
  row.name_key = verb::key_of(row.name);
  work.create(row);
  work.trusted([&] {
    UnitParent place;
    place.unit = row.id;
    place.parent = row.parent;
    place.from = from;
    work.create(place);
  });
  unit = std::move(row);
  return unit.id;
}

void update(Work& work, Unit& unit) {
  const Unit before = verb::before_update(work, unit);
  const std::optional<Id> stored = stored_of<Unit>(work, unit.id).parent;
  if (unit.parent != before.parent && unit.parent != stored) {
    throw Error(Code::invalid, "unit", "parent",
                "is changed by moving the unit, which knows from which day; leave it as it was read");
  }
  Unit row = unit;
  row.parent = stored;
  row.name_key = verb::key_of(row.name);
  work.update(row);
  row.parent = before.parent;
  unit = std::move(row);
}

void move(Work& work, Id unit, std::optional<Id> parent, Date from) {
  work.require(Action::edit, kUnit, unit);
  require_day(kUnitParent, "from", from);
  if (parent) {
    work.require(Action::read, kUnit, *parent);
    require_no_ring(work, unit, *parent, from);
  }
  Unit row = work.get<Unit>(unit);
  const std::vector<UnitParent> places = places_of(work, unit);
  require_newest(places, from);
  if (const UnitParent* now = effective::at(places, from); now != nullptr && now->parent == parent) return;
  work.trusted([&] {
    UnitParent next;
    next.unit = unit;
    next.parent = parent;
    next.from = from;
    succeed(work, places, next);
    row.parent = parent;
    work.update(row);
  });
}

std::vector<Id> subtree(const Reader& reader, Id root, Date on) {
  std::unordered_map<Id, std::vector<Id>> children;
  for (const auto& [unit, parent] : parents_on(reader, on)) children[parent].push_back(unit);
  if (children.empty()) return {root};
  std::unordered_map<Id, std::string> keys;
  for (Unit& unit : reader.list<Unit>()) keys.emplace(unit.id, std::move(unit.name_key));
  const auto earlier = [&](Id a, Id b) { return std::pair(keys[a], a) < std::pair(keys[b], b); };
  std::vector<Id> found;
  std::unordered_set<Id> seen;
  std::vector<Id> open{root};
  while (!open.empty()) {
    const Id unit = open.back();
    open.pop_back();
    if (!seen.insert(unit).second) continue;
    found.push_back(unit);
    std::vector<Id>& below = children[unit];
    std::sort(below.begin(), below.end(), earlier);
    open.insert(open.end(), below.rbegin(), below.rend());
  }
  return found;
}

std::vector<Id> ancestors(const Reader& reader, Id unit, Date on) { return chain(parents_on(reader, on), unit); }

}  // namespace people

template <>
const Entity& entity_of<Unit>() {
  return people::kUnit;
}
template <>
const Entity& entity_of<UnitParent>() {
  return people::kUnitParent;
}

}  // namespace kith
