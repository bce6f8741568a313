// SPDX-License-Identifier: Apache-2.0
#include "incentive/earned.hpp"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "incentive/statement_facts.hpp"

namespace kith::incentive {
namespace {

/// The calendar and grain of every stored plan, whatever the format of its document: all name them alike. A plan that
/// pays once, at its own end, has no such rhythm.
std::set<std::pair<std::string, Grain>> rhythms(const Reader& system) {
  std::set<std::pair<std::string, Grain>> found;
  for (const CommissionPlan& row : system.list<CommissionPlan>()) {
    const nlohmann::json document = nlohmann::json::parse(row.document);
    const auto calendar = document.find("calendar");
    const bool named = calendar != document.end() && calendar->is_string();
    const std::string interval = document.at("interval").get<std::string>();
    if (interval != "plan")
      found.emplace(named ? calendar->get<std::string>() : Calendar{}.name, parse_grain(interval));
  }
  return found;
}

void add_period(const Reader& system, const Terms& terms, const std::string& calendar, const Period& period,
                const std::unordered_set<Id>* only, EarnedTable& table) {
  const PeriodFacts facts(system, terms, period);
  Holdings holdings(terms, period);
  for (const Earning& earning : compute_earnings(facts, holdings, only)) {
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
