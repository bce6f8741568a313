// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "engine/verbs.hpp"
#include "people/entities.hpp"

namespace kith {
namespace people {
namespace {

constexpr const Entity* kEntities[] = {&kUnit, &kUnitParent, &kEmployee, &kMembership};

// A unit that is made without a day hangs in its place from today on.
Id create_unit(Work& work, Unit& unit) { return create(work, unit, work.today()); }

constexpr RecordVerbs kVerbs[] = {
    {.entity = "unit", .create = verb::create_record<Unit, create_unit>, .update = verb::update_record<Unit, update>},
    {.entity = "employee",
     .create = verb::create_record<Employee, create>,
     .update = verb::update_record<Employee, update>},
};

constexpr Permit kPermits[] = {
    {"people::create", "unit", Action::create},   {"people::update", "unit", Action::edit},
    {"people::move", "unit", Action::edit},       {"people::create", "employee", Action::create},
    {"people::update", "employee", Action::edit}, {"people::transfer", "employee", Action::edit},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "unit", Action::read, Level::all},
    {"manager", "employee", Action::read, Level::all},
    {"seller", "unit", Action::read, Level::all},
    {"seller", "employee", Action::read, Level::all},
};

// Reports units that hang below themselves: every unit is followed upwards once.
void check_rings(const std::unordered_map<Id, std::optional<Id>>& parents, std::vector<Finding>& findings) {
  std::unordered_set<Id> whole;  // leads to a root
  for (const auto& [unit, parent] : parents) {
    std::unordered_set<Id> path{unit};
    std::optional<Id> at = parent;
    while (at && !whole.contains(*at) && path.insert(*at).second) {
      const auto next = parents.find(*at);
      at = next == parents.end() ? std::nullopt : next->second;
    }
    if (at && *at == unit) findings.push_back({"unit", unit, "must not hang below itself"});
    if (!at || whole.contains(*at)) whole.merge(path);
  }
}

void check_units(const Reader& reader, std::vector<Finding>& findings) {
  verb::check_name_keys(reader, kUnit, findings);
  std::unordered_map<Id, std::optional<Id>> newest;
  verb::each_subject(reader, &UnitParent::unit, "unit", [&](Id unit, const std::vector<UnitParent>& rows) {
    verb::check_rows(rows, true, findings);
    newest[unit] = rows.back().parent;
  });
  std::unordered_map<Id, std::optional<Id>> parents;
  for (const Unit& unit : reader.list<Unit>()) {
    parents[unit.id] = unit.parent;
    const auto place = newest.find(unit.id);
    if (place == newest.end()) {
      findings.push_back({"unit", unit.id, "must have a unit_parent row, has none"});
    } else if (place->second != unit.parent) {
      findings.push_back({"unit", unit.id, "parent must be that of the newest unit_parent row"});
    }
  }
  check_rings(parents, findings);
}

void check_employees(const Reader& reader, std::vector<Finding>& findings) {
  verb::check_name_keys(reader, kEmployee, findings);
  std::unordered_map<Id, Id> newest;
  verb::each_subject(reader, &Membership::employee, "employee", [&](Id employee, const std::vector<Membership>& rows) {
    verb::check_rows(rows, false, findings);
    newest[employee] = rows.back().unit;
  });
  for (const Employee& employee : reader.list<Employee>()) {
    const auto row = newest.find(employee.id);
    if (employee.unit != (row == newest.end() ? std::nullopt : std::optional<Id>(row->second))) {
      findings.push_back({"employee", employee.id, "unit must be that of the newest membership"});
    }
  }
}

void check(const Reader& reader, std::vector<Finding>& findings) {
  check_units(reader, findings);
  check_employees(reader, findings);
}

Reach reach(const Reader& reader, Id employee, Date on) {
  Reach found;
  if (const std::optional<Id> unit = unit_of(reader, employee, on)) {
    found.units = {*unit};
    found.subtree_units = subtree(reader, *unit, on);
  }
  return found;
}

}  // namespace
}  // namespace people

constinit const Area kPeopleArea{.name = "people",
                                 .entities = people::kEntities,
                                 .verbs = people::kVerbs,
                                 .permits = people::kPermits,
                                 .grants = people::kGrants,
                                 .reports = {},
                                 .found = nullptr,
                                 .check = people::check,
                                 .reach = people::reach};

}  // namespace kith
