// SPDX-License-Identifier: Apache-2.0
#include "kith/people/employee.hpp"

#include <algorithm>
#include <string>

#include "people/entities.hpp"
#include "people/succession.hpp"
#include "people/unit_today.hpp"

namespace kith {
namespace people {
namespace {

constexpr auto kEmployeeFields = field_table<Employee>(
    field<&Employee::name>("name", {.required = true, .personal = true, .max_length = 200}),
    field<&Employee::name_key>("name_key", {.indexed = true, .personal = true, .kept = true, .max_length = 1000}),
    field<&Employee::email>("email", {.personal = true, .max_length = 254}),
    field<&Employee::unit>("unit", {.refers_to = "unit"}), field<&Employee::hired_on>("hired_on"),
    field<&Employee::left_on>("left_on"), field<&Employee::source>("source", {.max_length = 100}),
    field<&Employee::external_id>("external_id", {.max_length = 200}));

constexpr auto kMembershipFields =
    field_table<Membership>(field<&Membership::employee>("employee", {.required = true, .refers_to = "employee"}),
                            field<&Membership::unit>("unit", {.required = true, .refers_to = "unit"}),
                            field<&Membership::from>("from"), field<&Membership::to>("to"));

constexpr UniqueKey kEmployeeKeys[] = {{{"source", "external_id"}}};
constexpr UniqueKey kMembershipKeys[] = {{{"employee", "to"}}};

}  // namespace

constexpr Entity kEmployee = make_entity<Employee>({.name = "employee",
                                                    .plural = "employees",
                                                    .fields = kEmployeeFields,
                                                    .unique = kEmployeeKeys,
                                                    .roles = {.title = "name"}});
constexpr Entity kMembership = make_entity<Membership>({.name = "membership",
                                                        .plural = "memberships",
                                                        .fields = kMembershipFields,
                                                        .unique = kMembershipKeys,
                                                        .roles = {.parent = "employee"}});

namespace {

void require_plausible(const Employee& employee) {
  verb::Faults faults(kEmployee);
  verb::check_days(faults, "hired_on", employee.hired_on, "left_on", employee.left_on);
  faults.raise();
}

}  // namespace

Id create(Work& work, Employee& employee) {
  work.require(Action::create, kEmployee);
  require_plausible(employee);
  Employee row = employee;
  row.name_key = verb::key_of(row.name);
  const Date from = row.hired_on.value_or(work.today());
  if (row.unit) work.require(Action::read, kUnit, *row.unit);
  work.create(row);
  if (row.unit) {
    work.trusted([&] {
      Membership first;
      first.employee = row.id;
      first.unit = *row.unit;
      first.from = from;
      work.create(first);
    });
  }
  employee = std::move(row);
  return employee.id;
}

void update(Work& work, Employee& employee) {
  const Employee before = verb::before_update(work, employee);
  const std::optional<Id> stored = stored_of<Employee>(work, employee.id).unit;
  if (employee.unit != before.unit && employee.unit != stored) {
    throw Error(Code::invalid, "employee", "unit",
                "is changed by a transfer, which knows from which day; leave it as it was read");
  }
  require_plausible(employee);
  Employee row = employee;
  row.unit = stored;
  row.name_key = verb::key_of(row.name);
  work.update(row);
  row.unit = before.unit;
  employee = std::move(row);
}

void transfer(Work& work, Id employee, Id unit, Date from) {
  work.require(Action::edit, kEmployee, employee);
  work.require(Action::read, kUnit, unit);
  require_day(kMembership, "from", from);
  Employee row = work.get<Employee>(employee);
  const std::vector<Membership> rows = memberships(work, employee);
  require_newest(rows, from);
  if (const Membership* now = effective::at(rows, from); now != nullptr && now->unit == unit) return;
  work.trusted([&] {
    Membership next;
    next.employee = employee;
    next.unit = unit;
    next.from = from;
    succeed(work, rows, next);
    row.unit = unit;
    work.update(row);
  });
}

std::optional<Id> unit_of(const Reader& reader, Id employee, Date on) {
  Query query;
  query.conditions = verb::holding(kMembership, on);
  query.conditions.push_back(equals(kMembership, "employee", employee));
  const auto found = reader.find_one<Membership>(query);
  return found ? std::optional<Id>(found->unit) : std::nullopt;
}

std::optional<Id> unit_today(Work& work, Id employee) {
  return verb::remembered(work, kMembership, employee, [&] { return unit_of(work, employee, work.today()); });
}

std::unordered_map<Id, Id> units_of(const Reader& reader, const std::vector<Id>& employees, Date on) {
  std::unordered_map<Id, Id> units;
  if (employees.empty()) return units;
  Query query;
  query.conditions = verb::holding(kMembership, on);
  query.conditions.push_back(verb::one_of(kMembership, "employee", employees));
  for (const Membership& row : reader.list<Membership>(query)) units.emplace(row.employee, row.unit);
  return units;
}

std::vector<Employee> members(const Reader& reader, const std::vector<Id>& units, Date on) {
  if (units.empty()) return {};
  Query rows;
  rows.conditions = verb::holding(kMembership, on);
  rows.conditions.push_back(verb::one_of(kMembership, "unit", units));
  std::vector<Id> employees;
  for (const Membership& row : reader.list<Membership>(rows)) employees.push_back(row.employee);
  if (employees.empty()) return {};
  Query query;
  query.conditions = {verb::one_of(kEmployee, "id", employees)};
  query.order = {"name_key"};
  return reader.list<Employee>(query);
}

std::vector<Membership> memberships(const Reader& reader, Id employee) {
  Query query;
  query.conditions = {equals(kMembership, "employee", employee)};
  query.order = {"from"};
  return reader.list<Membership>(query);
}

}  // namespace people

template <>
const Entity& entity_of<Employee>() {
  return people::kEmployee;
}
template <>
const Entity& entity_of<Membership>() {
  return people::kMembership;
}

}  // namespace kith
