// SPDX-License-Identifier: Apache-2.0
#include "incentive/earned.hpp"

#include <iterator>
#include <unordered_set>

#include "incentive/general_facts.hpp"
#include "incentive/statement_facts.hpp"

namespace kith::incentive {
namespace {

/// The calendar and grain of every stored plan.
std::set<std::pair<std::string, Grain>> rhythms(const Reader& system) {
  std::set<std::pair<std::string, Grain>> found;
  for (const CommissionPlan& row : system.list<CommissionPlan>()) {
    const PlanVersion version = read_version(row);
    found.emplace(version.calendar, version.interval);
  }
  return found;
}

void add_period(const Reader& system, const Terms& terms, const std::string& calendar, const Period& period,
                const std::unordered_set<Id>* only, EarnedTable& table) {
  const PeriodFacts facts(system, terms, period);
  Holdings holdings(terms, period);
  std::vector<Earning> earnings = compute_earnings(facts, holdings, only);
  if (terms.has_general_plans()) {
    const GeneralFacts general(system, terms, calendar_named(system, calendar));
    for (const PlanVersion* version : general.held(period)) {
      std::vector<Earning> more = general.earnings(*version, period, only);
      std::move(more.begin(), more.end(), std::back_inserter(earnings));
    }
  }
  for (const Earning& earning : earnings) {
    Earned& earned = table[{earning.employee, earning.version->row.name, calendar, period.label}];
    earned.total = checked_add(earned.total, earning.amount, "commission");
    std::int64_t& day = earned.by_day[earning.day];
    day = checked_add(day, earning.amount, "commission");
  }
}

}  // namespace

EarnedTable earned_in(const Reader& system, const std::set<Date>& days, std::optional<Id> only) {
  EarnedTable table;
  if (days.empty()) return table;
  std::unordered_set<Id> people;
  if (only) people.insert(*only);
  for (const auto& [name, grain] : rhythms(system)) {
    const Calendar calendar = calendar_named(system, name);
    std::map<Date, Period> periods;
    for (const Date day : days) {
      Period period = period_of(calendar, grain, day);
      periods.emplace(period.from, std::move(period));
    }
    const Terms terms(system, name);
    for (const auto& [from, period] : periods) {
      add_period(system, terms, name, period, only ? &people : nullptr, table);
    }
  }
  return table;
}

}  // namespace kith::incentive
