// SPDX-License-Identifier: Apache-2.0
// Ramps and leaves: rows by day, of which the lowest counts.
#include "incentive/relief.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/verbs.hpp"
#include "incentive/big.hpp"
#include "incentive/entities.hpp"
#include "kith/people/employee.hpp"
#include "kith/people/fiscal.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr int kShareScale = 9;
constexpr std::int64_t kWhole = 1'000'000'000;

constexpr auto kReliefFields = field_table<QuotaRelief>(
    field<&QuotaRelief::employee>("employee", {.required = true, .refers_to = "employee"}),
    field<&QuotaRelief::kind>("kind"), field<&QuotaRelief::from>("from"), field<&QuotaRelief::to>("to"),
    field<&QuotaRelief::share>("share", {.scale = kShareScale, .minimum = 0, .maximum = kWhole}),
    field<&QuotaRelief::basis>("basis"), field<&QuotaRelief::working_calendar>("working_calendar", {.max_length = 200}),
    field<&QuotaRelief::note>("note", {.max_length = 1000}));

}  // namespace

constexpr Entity kQuotaRelief = make_entity<QuotaRelief>(
    {.name = "quota_relief", .plural = "quota_reliefs", .fields = kReliefFields, .roles = {.owner = "employee"}});

namespace {

IsWorkingDay working_days(const Reader& system, const std::optional<std::string>& calendar) {
  if (!calendar) return {};
  return [hours = people::working_hours(system, *calendar)](Date day) { return !spans_on(hours, day).empty(); };
}

/// sum over the days of the period of the lowest share that holds, over the days of the period.
Relief relief_of(const Reader& system, const std::vector<QuotaRelief>& rows, Date from, Date to) {
  const DayBasis basis = rows.front().basis;
  const IsWorkingDay working = working_days(system, rows.front().working_calendar);
  const std::int64_t days = day_count(basis, from, to, working);
  expect(days > 0, "period", "has no day on the basis of its reliefs");
  std::vector<Date> bounds{from, to};
  for (const QuotaRelief& row : rows) {
    for (const Date bound : {row.from, row.to}) {
      if (from < bound && bound < to) bounds.push_back(bound);
    }
  }
  std::sort(bounds.begin(), bounds.end());
  Int128 sum = 0;
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    if (bounds[i] == bounds[i + 1]) continue;
    std::int64_t share = kWhole;
    for (const QuotaRelief& row : rows) {
      if (row.from <= bounds[i] && bounds[i] < row.to) share = std::min(share, row.share.coefficient);
    }
    sum += Int128{day_count(basis, bounds[i], bounds[i + 1], working)} * share;
  }
  return {exact(sum, Int128{days} * kWhole)};
}

}  // namespace

Exact Relief::goal(Amount amount) const { return exact_of(big(Int128{amount.minor}) * big(share)); }

Reliefs::Reliefs(const Reader& system, Date from, Date to) {
  std::map<Id, std::vector<QuotaRelief>> rows;
  for (QuotaRelief& row :
       system.list<QuotaRelief>({.conditions = {verb::compare(kQuotaRelief, "from", Condition::Op::lt, to.days),
                                                verb::compare(kQuotaRelief, "to", Condition::Op::gt, from.days)}})) {
    rows[row.employee].push_back(std::move(row));
  }
  for (const auto& [employee, own] : rows) shares_.emplace(employee, relief_of(system, own, from, to));
}

Relief Reliefs::of(std::optional<Id> employee) const {
  const auto found = shares_.find(employee.value_or(Id{}));
  return found == shares_.end() ? Relief{} : found->second;
}

namespace {

void check_relief(const Work& work, const QuotaRelief& row) {
  verb::Faults faults(kQuotaRelief);
  if (!work.find<Employee>(row.employee)) {
    faults.add("employee", "there is no employee " + std::to_string(row.employee.value));
  }
  if (row.share < Decimal{} || row.share > Decimal{1, 0}) {
    faults.add("share", "is " + to_string(row.share, true) + "; give 0 (nothing is expected) to 1 (the full target)");
  }
  if (!verb::is_day(row.from)) faults.add("from", std::string(verb::kDayExpected));
  if (row.to <= row.from) faults.add("to", "does not lie after from; give the first day that is as usual again");
  if (row.working_calendar) {
    if (row.basis != DayBasis::working) {
      faults.add("working_calendar", "is named, but the days are not working days; give basis working");
    }
    try {
      people::working_hours(work, *row.working_calendar);
    } catch (const Error& error) {
      faults.add("working_calendar", error.message);
    }
  }
  for (const QuotaRelief& other :
       work.as_system("quotas").list<QuotaRelief>({.conditions = {equals(kQuotaRelief, "employee", row.employee)}})) {
    if (other.id == row.id) continue;
    if (other.basis != row.basis || other.working_calendar != row.working_calendar) {
      faults.add("basis", fmt::format("differs from that of record {}; one person's days are counted in one way",
                                      other.id.value));
      break;
    }
  }
  faults.raise();
}

}  // namespace

Id set_relief(Work& work, QuotaRelief& relief) {
  if (relief.revision == 0) {
    work.require(Action::create, kQuotaRelief);
  } else {
    static_cast<void>(verb::before_update(work, relief));
  }
  QuotaRelief row = relief;
  check_relief(work, row);
  row.share = rescale(row.share, kShareScale);
  if (row.revision == 0) {
    work.create(row);
  } else {
    work.update(row);
  }
  relief = std::move(row);
  return relief.id;
}

std::vector<Id> set_ramp(Work& work, Id employee, Date from, const std::vector<Decimal>& steps, DayBasis basis) {
  if (steps.empty()) {
    throw Error(Code::invalid, "quota_relief", "share", "is missing; give what each month is expected to bring");
  }
  Work::Step step(work);
  std::vector<Id> ids;
  for (std::size_t month = 0; month < steps.size(); ++month) {
    QuotaRelief row;
    row.employee = employee;
    row.kind = ReliefKind::ramp;
    row.from = add_months(from, static_cast<int>(month));
    row.to = add_months(from, static_cast<int>(month) + 1);
    row.share = steps[month];
    row.basis = basis;
    ids.push_back(set_relief(work, row));
  }
  step.keep();
  return ids;
}

}  // namespace incentive

template <>
const Entity& entity_of<QuotaRelief>() {
  return incentive::kQuotaRelief;
}

}  // namespace kith
