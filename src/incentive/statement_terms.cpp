// SPDX-License-Identifier: Apache-2.0
#include "incentive/statement_terms.hpp"

#include <algorithm>
#include <unordered_set>

#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/document_model.hpp"

namespace kith::incentive {

Organisation::Organisation(const Reader& system, std::optional<std::int64_t> as_of) {
  for (Membership& row : rows_at<Membership>(system, as_of)) memberships_[row.employee].push_back(row);
  for (UnitParent& row : rows_at<UnitParent>(system, as_of)) parents_[row.unit].push_back(row);
}

Organisation::Organisation(const Reader& system, const std::unordered_set<Id>& only) {
  for (Membership& row : rows_about<Membership>(system, "employee", &only)) memberships_[row.employee].push_back(row);
  for (UnitParent& row : system.list<UnitParent>()) parents_[row.unit].push_back(row);
}

std::optional<Id> Organisation::unit_on(Id employee, Date day) const {
  const auto rows = memberships_.find(employee);
  if (rows == memberships_.end()) return std::nullopt;
  const Membership* row = effective::at(rows->second, day);
  return row == nullptr ? std::nullopt : std::optional<Id>(row->unit);
}

std::vector<Id> Organisation::chain(Id unit, Date day) const {
  std::vector<Id> units{unit};
  while (true) {
    const auto rows = parents_.find(units.back());
    if (rows == parents_.end()) return units;
    const UnitParent* row = effective::at(rows->second, day);
    if (row == nullptr || !row->parent) return units;
    // A ring is a fault that `check` names; here it must not turn for ever.
    if (std::find(units.begin(), units.end(), *row->parent) != units.end()) return units;
    units.push_back(*row->parent);
  }
}

std::vector<Id> Organisation::below(Id unit, Date day) const {
  std::vector<Id> units;
  for (const auto& [child, rows] : parents_) {
    const UnitParent* row = effective::at(rows, day);
    if (row != nullptr && row->parent == unit) units.push_back(child);
  }
  std::sort(units.begin(), units.end());
  return units;
}

std::vector<Id> Organisation::members(Id unit, Date day) const {
  std::vector<Id> employees;
  for (const auto& [employee, rows] : memberships_) {
    const Membership* row = effective::at(rows, day);
    if (row != nullptr && row->unit == unit) employees.push_back(employee);
  }
  std::sort(employees.begin(), employees.end());
  return employees;
}

void Organisation::add_bounds(Id employee, std::vector<Date>& days) const {
  const auto add = [&](const auto& rows) {
    for (const auto& row : rows) {
      days.push_back(row.from);
      days.push_back(row.to);
    }
  };
  const auto rows = memberships_.find(employee);
  if (rows == memberships_.end()) return;
  add(rows->second);
  for (const auto& [unit, places] : parents_) add(places);
}

bool Holding::holds(Date day) const {
  return std::any_of(days.begin(), days.end(),
                     [&](const auto& span) { return span.first <= day && day < span.second; });
}

Terms::Terms(const Reader& system, std::string_view calendar, std::optional<std::int64_t> as_of)
    : organisation_(system, as_of) {
  add_people(rows_at<Employee>(system, as_of), rows_at<PayeeRole>(system, as_of));
  add_plans(calendar, rows_at<PlanAssignment>(system, as_of), rows_at<CommissionPlan>(system, as_of));
}

Terms::Terms(const Reader& system, std::string_view calendar, const std::unordered_set<Id>& only)
    : organisation_(system, only) {
  add_people(rows_about<Employee>(system, "id", &only), rows_about<PayeeRole>(system, "employee", &only));
  std::vector<PlanAssignment> assignments = rows_about<PlanAssignment>(system, "employee", &only);
  const Condition shared{.op = Condition::Op::is_null, .field = kPlanAssignment.at("employee")};
  append_rows(system, kPlanAssignment, {.conditions = {shared}}, assignments);
  add_plans(calendar, std::move(assignments), system.list<CommissionPlan>());
}

void Terms::add_people(std::vector<Employee> employees, std::vector<PayeeRole> roles) {
  for (const Employee& row : employees) {
    employees_.push_back(row.id);
    service_.emplace(row.id, Service{row.hired_on, row.left_on});
  }
  std::sort(employees_.begin(), employees_.end());
  for (PayeeRole& row : roles) roles_[row.employee].push_back(std::move(row));
}

void Terms::add_plans(std::string_view calendar, std::vector<PlanAssignment> assignments,
                      std::vector<CommissionPlan> plans) {
  for (PlanAssignment& row : assignments) {
    auto& rows = row.employee ? own_[*row.employee] : row.unit ? unit_[*row.unit] : role_[row.role.value_or("")];
    rows.push_back(std::move(row));
  }
  for (CommissionPlan& row : plans) {
    if (row.state == PlanState::draft) continue;
    auto version = std::make_unique<PlanVersion>(read_version(std::move(row)));
    if (version->calendar != calendar) continue;
    by_name_[version->row.name].push_back(version.get());
    versions_.push_back(std::move(version));
  }
  for (auto& [name, versions] : by_name_) {
    std::sort(versions.begin(), versions.end(),
              [](const PlanVersion* a, const PlanVersion* b) { return a->row.version > b->row.version; });
  }
}

PlanVersion read_version(CommissionPlan row) {
  PlanVersion version;
  if (is_general(row)) {
    version.document = PlanDocument::parse(row.document);
    version.calendar = version.document->model().calendar.name;
    version.interval = version.document->model().interval;
  } else {
    version.plan = parse_plan(row.document);
    version.calendar = version.plan->calendar;
    version.interval = version.plan->interval;
  }
  version.row = std::move(row);
  return version;
}

const std::string* Terms::role_on(Id employee, Date day) const {
  const auto rows = roles_.find(employee);
  const PayeeRole* row = rows == roles_.end() ? nullptr : effective::at(rows->second, day);
  return row == nullptr ? nullptr : &row->role;
}

bool Terms::has_general_plans() const {
  return std::any_of(versions_.begin(), versions_.end(),
                     [](const auto& version) { return version->document.has_value(); });
}

std::vector<const PlanVersion*> Terms::general_versions(const Period& period) const {
  std::vector<const PlanVersion*> versions;
  for (const auto& version : versions_) {
    const bool meets = version->row.valid_from < period.to && period.from < version->row.valid_to;
    if (version->document && version->interval == period.grain && meets) versions.push_back(version.get());
  }
  return versions;
}

std::vector<const PlanVersion*> Terms::general_versions() const {
  std::vector<const PlanVersion*> versions;
  for (const auto& version : versions_) {
    if (version->document) versions.push_back(version.get());
  }
  return versions;
}

const std::string* Terms::plan_on(Id employee, Date day) const {
  const auto service = service_.find(employee);
  if (service == service_.end()) return nullptr;
  if (service->second.hired_on && day < *service->second.hired_on) return nullptr;
  if (service->second.left_on && *service->second.left_on < day) return nullptr;
  const auto held = [&](const auto& table, Id subject) -> const PlanAssignment* {
    const auto rows = table.find(subject);
    return rows == table.end() ? nullptr : effective::at(rows->second, day);
  };
  if (const PlanAssignment* own = held(own_, employee)) return &own->plan;
  if (const std::optional<Id> unit = unit_.empty() ? std::nullopt : organisation_.unit_on(employee, day)) {
    for (const Id above : organisation_.chain(*unit, day)) {
      if (const PlanAssignment* row = held(unit_, above)) return &row->plan;
    }
  }
  const std::string* role = role_.empty() ? nullptr : role_on(employee, day);
  const auto rows = role == nullptr ? role_.end() : role_.find(*role);
  const PlanAssignment* row = rows == role_.end() ? nullptr : effective::at(rows->second, day);
  return row == nullptr ? nullptr : &row->plan;
}

const PlanVersion* Terms::version_for(const std::string& name, const Period& period, Date day) const {
  const auto versions = by_name_.find(name);
  if (versions == by_name_.end()) return nullptr;
  for (const Date at : {period.from, day}) {
    for (const PlanVersion* version : versions->second) {
      if (version->row.valid_from <= at && at < version->row.valid_to) return version;
    }
  }
  return nullptr;
}

std::set<Grain> Terms::intervals() const {
  std::set<Grain> grains;
  for (const auto& version : versions_) grains.insert(version->interval);
  return grains;
}

std::vector<Date> Terms::bounds(Id employee, const Period& period) const {
  std::vector<Date> days;
  const auto add = [&](const std::vector<PlanAssignment>& rows) {
    for (const PlanAssignment& row : rows) {
      days.push_back(row.from);
      days.push_back(row.to);
    }
  };
  if (const auto own = own_.find(employee); own != own_.end()) add(own->second);
  if (!unit_.empty()) {
    for (const auto& [unit, rows] : unit_) add(rows);
    organisation_.add_bounds(employee, days);
  }
  for (const auto& [role, rows] : role_) add(rows);
  if (const auto roles = roles_.find(employee); roles != roles_.end() && !role_.empty()) {
    for (const PayeeRole& row : roles->second) {
      days.push_back(row.from);
      days.push_back(row.to);
    }
  }
  if (const auto service = service_.find(employee); service != service_.end()) {
    if (service->second.hired_on) days.push_back(*service->second.hired_on);
    if (service->second.left_on) days.push_back({service->second.left_on->days + 1});
  }
  // A plan may come into force inside the period: its first day is a bound, too.
  for (const auto& version : versions_) {
    days.push_back(version->row.valid_from);
    days.push_back(version->row.valid_to);
  }
  std::erase_if(days, [&](Date day) { return day <= period.from || period.to <= day; });
  days.push_back(period.from);
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  days.push_back(period.to);
  return days;
}

std::optional<Holding> Terms::holding(Id employee, const Period& period) const {
  Holding holding;
  const std::vector<Date> days = bounds(employee, period);
  for (std::size_t i = 0; i + 1 < days.size(); ++i) {
    const std::string* name = plan_on(employee, days[i]);
    const PlanVersion* version = name == nullptr ? nullptr : version_for(*name, period, days[i]);
    if (version == nullptr || version->interval != period.grain) continue;
    if (holding.version == nullptr) holding.version = version;
    if (!holding.days.empty() && holding.days.back().second == days[i]) {
      holding.days.back().second = days[i + 1];
    } else {
      holding.days.emplace_back(days[i], days[i + 1]);
    }
  }
  return holding.version == nullptr ? std::nullopt : std::optional<Holding>(std::move(holding));
}

std::vector<const PlanVersion*> Terms::versions_in(const Period& period) const {
  std::vector<const PlanVersion*> versions;
  for (const auto& version : versions_) {
    if (!version->plan) continue;
    const Plan& plan = *version->plan;
    const bool meets = plan.from < period.to && period.from < plan.to;
    if (meets && plan.interval == period.grain) versions.push_back(version.get());
  }
  return versions;
}

const Holding* Holdings::of(Id employee) {
  auto found = known_.find(employee);
  if (found == known_.end()) found = known_.emplace(employee, terms_.holding(employee, period_)).first;
  return found->second ? &*found->second : nullptr;
}

ChangedTerms terms_changed_since(const Reader& system, std::int64_t seq) {
  ChangedTerms changed;
  std::unordered_set<Id> employees;
  changed.everybody =
      !changed_rows<CommissionPlan>(system, seq).empty() || !changed_rows<UnitParent>(system, seq).empty();
  for (const PlanAssignment& row : changed_rows<PlanAssignment>(system, seq)) {
    if (row.employee) employees.insert(*row.employee);
    changed.everybody = changed.everybody || !row.employee.has_value();
  }
  for (const PayeeRole& row : changed_rows<PayeeRole>(system, seq)) employees.insert(row.employee);
  for (const Membership& row : changed_rows<Membership>(system, seq)) employees.insert(row.employee);
  for (const Employee& row : changed_rows<Employee>(system, seq)) employees.insert(row.id);
  changed.employees.assign(employees.begin(), employees.end());
  std::sort(changed.employees.begin(), changed.employees.end());
  return changed;
}

}  // namespace kith::incentive
