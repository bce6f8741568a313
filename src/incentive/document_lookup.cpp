// SPDX-License-Identifier: Apache-2.0
// What stands outside plan and events: values by person and period, superiors, participation, rates.
#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "incentive/document_engine.hpp"

namespace kith::incentive::general {
namespace {

// Days from one date to another where every month has 30 days (the European rule: a 31st is a 30th).
std::int64_t days_of_360(Date from, Date to) {
  const Civil a = civil(from);
  const Civil b = civil(to);
  return 360 * (b.year - a.year) + 30 * (b.month - a.month) + std::min(b.day, 30) - std::min(a.day, 30);
}

}  // namespace

Lookup::Lookup(const Model& model, const Inputs& inputs) : model_(model), inputs_(inputs) {
  for (std::size_t i = 0; i < inputs.values.size(); ++i) {
    const PlanValue& value = inputs.values[i];
    try {
      const bool added =
          values_[value.name].try_emplace({value.person, value.period}, parse_number(value.value)).second;
      if (!added) throw Error(Code::invalid, "There is another value for the same name, person and period.");
    } catch (const Error& error) {
      throw Error(Code::invalid, "inputs", fmt::format("values[{}]", i), error.message);
    }
  }
  for (const Superior& row : inputs.hierarchy) superiors_[row.person].push_back(&row);
}

bool Lookup::has(const std::string& name, const std::string& person, const std::string& period) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  const auto& rows = found->second;
  return rows.contains({person, period}) || rows.contains({person, ""}) || rows.contains({"", period}) ||
         rows.contains({"", ""});
}

Exact Lookup::value(const Number& number, const std::string& person, const std::string& period,
                    const Exact& scale) const {
  if (number.constant) return *number.constant;
  const auto found = values_.find(number.name);
  if (found != values_.end()) {
    const std::pair<std::string, std::string> keys[] = {{person, period}, {person, ""}, {"", period}, {"", ""}};
    for (const auto& key : keys) {
      const auto row = found->second.find(key);
      if (row != found->second.end()) return row->second * scale;
    }
  }
  throw Error(Code::invalid, "inputs", "values",
              fmt::format("There is no value {} for {} in {}; give one for the person, the period or everybody.",
                          quote(number.name), quote(person), quote(period)));
}

std::vector<std::pair<std::string, Exact>> Lookup::people_of(const std::string& name, const std::string& period) const {
  std::map<std::string, Exact> people;
  const auto found = values_.find(name);
  if (found == values_.end()) return {};
  for (const auto& [key, value] : found->second) {
    if (key.first.empty() || (!key.second.empty() && key.second != period)) continue;
    if (!key.second.empty() || !people.contains(key.first)) people[key.first] = value;
  }
  return {people.begin(), people.end()};
}

std::string Lookup::manager(const std::string& person, Date day) const {
  const auto found = superiors_.find(person);
  if (found == superiors_.end()) return {};
  for (const Superior* row : found->second) {
    if (row->from <= day && day < row->to) return row->manager;
  }
  return {};
}

std::vector<std::string> Lookup::reports(const std::string& manager_name, Date day) const {
  std::vector<std::string> people;
  for (const auto& [person, rows] : superiors_) {
    if (manager(person, day) == manager_name) people.push_back(person);
  }
  return people;
}

Exact Lookup::active_share(const std::string& person, const Period& period, bool by_360) const {
  const auto days = [&](Date from, Date to) { return by_360 ? days_of_360(from, to) : to.days - from.days; };
  std::int64_t active = 0;
  bool listed = false;
  for (const Participation& row : inputs_.people) {
    if (row.person != person) continue;
    listed = true;
    const Date from = std::max(row.from, period.from);
    const Date to = std::min(row.to, period.to);
    if (from < to) active += days(from, to);
  }
  return listed ? Exact(active) / Exact(days(period.from, period.to)) : Exact(1);
}

Exact Lookup::rate(Currency from, const std::string& kind, Date day, const std::string& where) const {
  Date at = day;
  if (kind == "period_avg" || kind == "period_end") {
    at = {model_.period(model_.period_label(day)).to.days - 1};
  }
  const PlanRate* best = nullptr;
  for (const PlanRate& rate : inputs_.rates) {
    if (rate.currency != from || rate.kind != kind) continue;
    if (kind != "plan_fixed" && (at < rate.on || (best != nullptr && rate.on < best->on))) continue;
    best = &rate;
  }
  if (best == nullptr) {
    throw Error(Code::invalid, "event", "currency",
                fmt::format("Event {}: there is no {} rate from {} to {} on {}; add it to the rates.", quote(where),
                            kind, code_of(from), code_of(model_.currency), to_string(at)));
  }
  return parse_number(best->rate);
}

}  // namespace kith::incentive::general
