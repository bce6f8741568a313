// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/payee.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/exact_number.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kPayeeRoleFields =
    field_table<PayeeRole>(field<&PayeeRole::employee>("employee", {.required = true, .refers_to = "employee"}),
                           field<&PayeeRole::role>("role", {.required = true, .max_length = 100}),
                           field<&PayeeRole::from>("from"), field<&PayeeRole::to>("to"));
constexpr auto kReportingLineFields =
    field_table<ReportingLine>(field<&ReportingLine::employee>("employee", {.required = true, .refers_to = "employee"}),
                               field<&ReportingLine::manager>("manager", {.required = true, .refers_to = "employee"}),
                               field<&ReportingLine::from>("from"), field<&ReportingLine::to>("to"));
constexpr auto kCommissionValueFields = field_table<CommissionValue>(
    field<&CommissionValue::name>("name", {.required = true, .indexed = true, .max_length = 200}),
    field<&CommissionValue::employee>("employee", {.refers_to = "employee"}),
    field<&CommissionValue::unit>("unit", {.refers_to = "unit"}),
    field<&CommissionValue::role>("role", {.max_length = 100}),
    field<&CommissionValue::period>("period", {.max_length = 20}),
    field<&CommissionValue::value>("value", {.required = true, .max_length = 100}));
constexpr UniqueKey kPayeeRoleKeys[] = {{{"employee", "from"}}};
constexpr UniqueKey kReportingLineKeys[] = {{{"employee", "from"}}};

}  // namespace

constexpr Entity kPayeeRole = make_entity<PayeeRole>(
    {.name = "payee_role", .plural = "payee_roles", .fields = kPayeeRoleFields, .unique = kPayeeRoleKeys});
constexpr Entity kReportingLine = make_entity<ReportingLine>({.name = "reporting_line",
                                                              .plural = "reporting_lines",
                                                              .fields = kReportingLineFields,
                                                              .unique = kReportingLineKeys});
constexpr Entity kCommissionValue = make_entity<CommissionValue>(
    {.name = "commission_value", .plural = "commission_values", .fields = kCommissionValueFields});

namespace {

template <class T>
void require_days(const T& row) {
  verb::Faults faults(entity_of<T>());
  if (!verb::is_day(row.from)) faults.add("from", std::string(verb::kDayExpected));
  if (!verb::is_day(row.to) && row.to != kOpenDate) faults.add("to", std::string(verb::kDayExpected));
  if (row.to <= row.from) faults.add("to", "is not after from; give a later day, the first one without it");
  faults.raise();
}

template <class T>
std::vector<T> rows_of(const Reader& system, Id employee) {
  return system.list<T>({.conditions = {equals(entity_of<T>(), "employee", employee)}, .order = verb::by_time()});
}

/// Adds or replaces a dated row of somebody; a new one ends the row that was open.
template <class T>
Id set_dated(Work& work, T& record, std::vector<T> others) {
  const Entity& entity = entity_of<T>();
  const bool fresh = record.revision == 0;
  std::optional<T> ended;
  for (T& other : others) {
    if (!fresh || other.to != kOpenDate || !(other.from < record.from)) continue;
    other.to = record.from;
    ended = other;
  }
  effective::require_free(others, record, std::string(entity.name).c_str());
  T row = record;
  Work::Step step(work);
  work.trusted([&] {
    if (ended) work.update(*ended);
    fresh ? static_cast<void>(work.create(row)) : work.update(row);
  });
  step.keep();
  record = std::move(row);
  return record.id;
}

template <class T>
void require_right(Work& work, const T& record) {
  if (record.revision == 0) {
    work.require(Action::create, entity_of<T>());
  } else {
    static_cast<void>(verb::before_update(work, record));
  }
}

/// Nobody stands above himself on any day once the row is there: followed on every day on which something above
/// changes.
void require_no_ring(const Reader& system, const ReportingLine& row) {
  std::map<Id, std::vector<ReportingLine>> lines;
  std::set<Date> days{row.from};
  for (ReportingLine& other : system.list<ReportingLine>()) {
    if (other.id == row.id) continue;
    if (row.from < other.from && other.from < row.to) days.insert(other.from);
    if (row.revision == 0 && other.employee == row.employee && other.to == kOpenDate && other.from < row.from) {
      other.to = row.from;
    }
    lines[other.employee].push_back(std::move(other));
  }
  lines[row.employee].push_back(row);
  for (const Date day : days) {
    Id above = row.manager;
    for (std::size_t steps = 0; steps <= lines.size(); ++steps) {
      if (above == row.employee) {
        throw Error(Code::invalid, "reporting_line", "manager",
                    "employee " + std::to_string(row.employee.value) + " would stand above himself on " +
                        to_string(day) + "; give another manager or other days");
      }
      const auto found = lines.find(above);
      const ReportingLine* next = found == lines.end() ? nullptr : effective::at(found->second, day);
      if (next == nullptr) break;
      above = next->manager;
    }
  }
}

}  // namespace

Id set_role(Work& work, PayeeRole& role) {
  require_right(work, role);
  require_days(role);
  return set_dated(work, role, rows_of<PayeeRole>(work.as_system("commission"), role.employee));
}

Id set_superior(Work& work, ReportingLine& line) {
  require_right(work, line);
  require_days(line);
  const Reader system = work.as_system("commission");
  require_no_ring(system, line);
  return set_dated(work, line, rows_of<ReportingLine>(system, line.employee));
}

namespace {

/// The label of a period as a calendar of the store spells it; a value is not tied to one of them. Errors: invalid.
std::string period_label(const Reader& system, const std::string& text) {
  std::vector<Calendar> calendars{calendar_named(system, Calendar{}.name)};
  for (const FiscalCalendar& row : system.list<FiscalCalendar>({.order = {"name"}})) {
    if (row.name != calendars.front().name) calendars.push_back(calendar_named(system, row.name));
  }
  std::string why;
  for (const Calendar& calendar : calendars) {
    try {
      return parse_period(calendar, text).label;
    } catch (const Error& error) {
      if (why.empty()) why = error.message;
    }
  }
  throw Error(Code::invalid, why);
}

}  // namespace

Id set_value(Work& work, CommissionValue& value) {
  require_right(work, value);
  CommissionValue row = value;
  verb::Faults faults(kCommissionValue);
  if (row.period) {
    try {
      row.period = period_label(work.as_system("commission"), *row.period);
    } catch (const Error& error) {
      faults.add("period", error.message);
    }
  }
  if ((row.employee ? 1 : 0) + (row.unit ? 1 : 0) + (row.role ? 1 : 0) > 1) {
    faults.add("employee", "is one of several subjects; give at most one of employee, unit and role");
  }
  try {
    row.value = number_text(parse_number(row.value));
  } catch (const Error& error) {
    faults.add("value", error.message);
  }
  faults.raise();
  const auto subject = [](const CommissionValue& of) { return std::tie(of.employee, of.unit, of.role, of.period); };
  for (const CommissionValue& other :
       work.as_system("commission")
           .list<CommissionValue>({.conditions = {equals(kCommissionValue, "name", row.name)}})) {
    if (other.id == row.id || subject(other) != subject(row)) continue;
    if (row.revision != 0) {
      throw Error(Code::conflict, "commission_value", "name",
                  quote(row.name) + " has another value for the same subject and period; change that one");
    }
    work.require(Action::edit, kCommissionValue, other.id);
    row.id = other.id;
    row.revision = other.revision;
    if (other.value == row.value) {
      value = other;
      return other.id;
    }
  }
  row.revision == 0 ? static_cast<void>(work.create(row)) : work.update(row);
  value = std::move(row);
  return value.id;
}

}  // namespace incentive

template <>
const Entity& entity_of<PayeeRole>() {
  return incentive::kPayeeRole;
}
template <>
const Entity& entity_of<ReportingLine>() {
  return incentive::kReportingLine;
}
template <>
const Entity& entity_of<CommissionValue>() {
  return incentive::kCommissionValue;
}

}  // namespace kith
