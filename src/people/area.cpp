// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "engine/remove_setting.hpp"
#include "engine/rings.hpp"
#include "engine/verbs.hpp"
#include "people/entities.hpp"

namespace kith {
namespace people {
namespace {

constexpr const Entity* kEntities[] = {&kUnit,           &kUnitParent,      &kEmployee,   &kMembership,
                                       &kFiscalCalendar, &kWorkingCalendar, &kWorkingDay, &kExchangeRate};

// A unit that is made without a day hangs in its place from today on.
Id create_unit(Work& work, Unit& unit) { return create(work, unit, work.today()); }

void change_calendar(Work& work, FiscalCalendar& calendar) { set_calendar(work, calendar); }
void change_working_calendar(Work& work, WorkingCalendar& calendar) { set_working_calendar(work, calendar); }
void change_working_day(Work& work, WorkingDay& day) { set_working_day(work, day); }
void change_rate(Work& work, ExchangeRate& rate) { set_rate(work, rate); }

constexpr RecordVerbs kVerbs[] = {
    {.entity = "unit", .create = verb::create_record<Unit, create_unit>, .update = verb::update_record<Unit, update>},
    {.entity = "employee",
     .create = verb::create_record<Employee, create>,
     .update = verb::update_record<Employee, update>,
     .remove = verb::remove_record<Employee>},
    {.entity = "fiscal_calendar",
     .create = verb::create_record<FiscalCalendar, set_calendar>,
     .update = verb::update_record<FiscalCalendar, change_calendar>,
     .remove = verb::remove_setting<FiscalCalendar>},
    {.entity = "working_calendar",
     .create = verb::create_record<WorkingCalendar, set_working_calendar>,
     .update = verb::update_record<WorkingCalendar, change_working_calendar>,
     .remove = verb::remove_setting<WorkingCalendar>},
    {.entity = "working_day",
     .create = verb::create_record<WorkingDay, set_working_day>,
     .update = verb::update_record<WorkingDay, change_working_day>,
     .remove = verb::remove_setting<WorkingDay, WorkingCalendar>},
    {.entity = "exchange_rate",
     .create = verb::create_record<ExchangeRate, set_rate>,
     .update = verb::update_record<ExchangeRate, change_rate>,
     .remove = verb::remove_setting<ExchangeRate>},
};

constexpr Mirror kMirrors[] = {
    {.entity = "employee", .field = "unit", .rows = "membership", .subject = "employee", .value = "unit"},
    {.entity = "unit", .field = "parent", .rows = "unit_parent", .subject = "unit", .value = "parent"},
};

constexpr Permit kPermits[] = {
    {"people::create", "unit", Action::create},
    {"people::update", "unit", Action::edit},
    {"people::move", "unit", Action::edit},
    {"people::create", "employee", Action::create},
    {"people::update", "employee", Action::edit},
    {"people::transfer", "employee", Action::edit},
    {"people::set_calendar", "fiscal_calendar", Action::administer},
    {"people::set_working_calendar", "working_calendar", Action::administer},
    {"people::set_working_day", "working_calendar", Action::administer},
    {"people::set_rate", "exchange_rate", Action::administer},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "unit", Action::read, Level::all},
    {"manager", "employee", Action::read, Level::all},
    {"seller", "unit", Action::read, Level::all},
    {"seller", "employee", Action::read, Level::all},
    {"manager", "fiscal_calendar", Action::read, Level::all},
    {"seller", "fiscal_calendar", Action::read, Level::all},
    {"manager", "working_calendar", Action::read, Level::all},
    {"seller", "working_calendar", Action::read, Level::all},
    {"manager", "exchange_rate", Action::read, Level::all},
    {"seller", "exchange_rate", Action::read, Level::all},
};

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
  verb::check_rings(parents, kUnit, "must not hang below itself", findings);
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

// Of one pair and kind no two rates hold on one day.
void check_rates(const Reader& reader, std::vector<Finding>& findings) {
  std::map<std::tuple<std::string, std::string, RateKind>, std::vector<ExchangeRate>> pairs;
  for (ExchangeRate& row : reader.list<ExchangeRate>({.order = verb::by_time()})) {
    pairs[{code_of(row.from_currency), code_of(row.to_currency), row.kind}].push_back(std::move(row));
  }
  for (const auto& [pair, rows] : pairs) verb::check_rows(rows, false, findings);
}

void check(const Reader& reader, std::vector<Finding>& findings) {
  check_rates(reader, findings);
  check_calendars(reader, findings);
  check_units(reader, findings);
  check_employees(reader, findings);
}

Reach reach(const Reader& reader, Id employee, Date on) {
  Reach found;
  if (const std::optional<Id> unit = unit_of(reader, employee, on)) {
    found.units = {*unit};
    found.subtree_units = subtree(reader, *unit, on);
    found.subtree_is_broad = found.subtree_units.size() * 4 >= reader.list<Unit>().size();
  }
  return found;
}

std::optional<Ratio> market_rate(const Reader& reader, Currency from, Currency to, Date on) {
  try {
    return rate_on(reader, from, to, on).rate;
  } catch (const Error& error) {
    if (error.code != Code::not_found) throw;
    return std::nullopt;
  }
}

std::vector<BaseValue> base_values(const Reader& reader, std::span<const DatedMoney> facts) {
  const BaseRates rates(reader, facts);
  std::vector<BaseValue> values;
  values.reserve(facts.size());
  for (const DatedMoney& fact : facts) values.push_back(rates.value(fact));
  return values;
}

}  // namespace
}  // namespace people

constinit const Area kPeopleArea{.name = "people",
                                 .entities = people::kEntities,
                                 .verbs = people::kVerbs,
                                 .permits = people::kPermits,
                                 .grants = people::kGrants,
                                 .reports = people::kReports,
                                 .mirrors = people::kMirrors,
                                 .found = nullptr,
                                 .check = people::check,
                                 .reach = people::reach,
                                 .rate = people::market_rate,
                                 .base_values = people::base_values};

}  // namespace kith
