// SPDX-License-Identifier: Apache-2.0
// The periods and people that occur in inputs.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_facts.hpp"
#include "incentive/plan_rules.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {

Period Periods::named(const Model& model, const std::string& label, const std::string& path) {
  const auto fail = [&](std::string message) { throw Error(Code::invalid, "inputs", path, std::move(message)); };
  if (model.whole_plan) {
    if (label != "plan")
      fail(fmt::format("{} is no period of a plan whose interval is \"plan\"; write \"plan\".", quote(label)));
    return model.period(label);
  }
  Period period;
  try {
    period = model.period(label);
  } catch (const Error& error) {
    fail(error.message);
  }
  if (period.grain != model.interval) {
    fail(fmt::format("{} is a {}; the plan pays by the {}, such as {}.", quote(label), name_of(period.grain),
                     name_of(model.interval), quote(model.period_at(period.from).label)));
  }
  return period;
}

Periods::Periods(const Model& model, const Inputs& inputs, const Facts& facts) : model_(model) {
  std::map<Date, Period> found;
  std::set<Date> listed;
  const auto add = [&](const std::string& label, const std::string& path) {
    if (label.empty()) return;
    const Period period = named(model, label, path);
    found[period.from] = period;
    listed.insert(period.from);
  };
  Period last;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Date day = facts.date(i);
    if (day >= last.from && day < last.to) continue;
    if (day < model.from || day >= model.to) continue;
    last = model.period_at(day);
    found[last.from] = last;
  }
  for (std::size_t i = 0; i < inputs.values.size(); ++i)
    add(inputs.values[i].period, incentive::at("values", i) + ".period");
  for (std::size_t i = 0; i < inputs.posted.size(); ++i) {
    add(inputs.posted[i].period, incentive::at("posted", i) + ".period");
    add(inputs.posted[i].posted, incentive::at("posted", i) + ".posted");
  }
  for (std::size_t i = 0; i < inputs.brought.size(); ++i)
    add(inputs.brought[i].period, incentive::at("brought", i) + ".period");
  for (std::size_t i = 0; i < inputs.closed.size(); ++i) add(inputs.closed[i], incentive::at("closed", i));
  for (std::size_t i = 0; i < inputs.periods.size(); ++i) add(inputs.periods[i], incentive::at("periods", i));
  add(inputs.open, "open");
  fill_gaps(found);
  for (auto& [from, period] : found) {
    periods_.push_back(period);
    listed_.push_back(listed.contains(from));
  }
  for (std::size_t i = 0; i < periods_.size(); ++i) {
    const Date year =
        model.whole_plan ? periods_[i].from : period_of(model.calendar, Grain::year, periods_[i].from).from;
    Index begin = static_cast<Index>(i);
    while (begin > 0 && periods_[static_cast<std::size_t>(begin) - 1].from >= year) --begin;
    year_begin_.push_back(begin);
  }
  if (periods_.empty()) return;
  const std::int64_t from = std::max(periods_.front().from, model.from).days;
  const std::int64_t to = std::min(periods_.back().to, model.to).days;
  first_ = static_cast<std::int32_t>(from);
  by_day_.assign(static_cast<std::size_t>(std::max<std::int64_t>(0, to - from)), -1);
  for (std::size_t i = 0; i < periods_.size(); ++i) {
    const std::int64_t begin = std::max<std::int64_t>(periods_[i].from.days, from);
    const std::int64_t end = std::min<std::int64_t>(periods_[i].to.days, to);
    for (std::int64_t day = begin; day < end; ++day)
      by_day_[static_cast<std::size_t>(day - from)] = static_cast<Index>(i);
  }
}

// Between two periods in which something happened others passed, in which pay is due as well.
void Periods::fill_gaps(std::map<Date, Period>& found) const {
  const auto valid = [this](const Period& period) { return period.from < model_.to && model_.from < period.to; };
  std::vector<Period> missing;
  const Period* last = nullptr;
  for (const auto& [from, period] : found) {
    if (!valid(period)) continue;
    for (Date day = last == nullptr ? from : last->to; day < from; day = missing.back().to) {
      missing.push_back(model_.period_at(day));
    }
    last = &period;
  }
  for (Period& period : missing) found.try_emplace(period.from, std::move(period));
}

Index Periods::find(std::string_view label) const {
  for (std::size_t i = 0; i < periods_.size(); ++i) {
    if (periods_[i].label == label) return static_cast<Index>(i);
  }
  return -1;
}

Date Periods::year_end(Index period) const {
  const Period& own = (*this)[period];
  return model_.whole_plan ? own.to : period_of(model_.calendar, Grain::year, own.from).to;
}

People::People(const Inputs& inputs, const Facts& facts) {
  std::set<std::string> all;
  std::vector<bool> seen(facts.names().size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    for (std::size_t k = 0; k < facts.parts(i); ++k) seen[static_cast<std::size_t>(facts.part(i, k).person)] = true;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) all.insert(facts.names()[static_cast<Index>(i)]);
  }
  std::set<std::string> listed;
  for (const PlanValue& value : inputs.values) {
    if (!value.person.empty()) listed.insert(value.person);
  }
  for (const Superior& row : inputs.hierarchy) {
    all.insert(row.person);
    listed.insert(row.manager);
  }
  for (const Participation& row : inputs.people) listed.insert(row.person);
  for (const PostedLine& row : inputs.posted) listed.insert(row.person);
  for (const BroughtForward& row : inputs.brought) listed.insert(row.person);
  if (inputs.members) {
    for (const Participation& row : *inputs.members) listed.insert(row.person);
  }
  all.insert(listed.begin(), listed.end());
  names_.assign(all.begin(), all.end());
  if (inputs.members) {
    members_.resize(names_.size() + 1);  // never empty, also where nobody occurs
    for (const Participation& row : *inputs.members) {
      members_[static_cast<std::size_t>(find(row.person))].emplace_back(row.from, row.to);
    }
  }
  for (const std::string& name : names_) listed_.push_back(listed.contains(name));
  by_code_.assign(facts.names().size(), -1);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) by_code_[i] = find(facts.names()[static_cast<Index>(i)]);
  }
}

bool People::member(Index person, Date day) const {
  if (!restricted()) return true;
  const auto& rows = members_[static_cast<std::size_t>(person)];
  return std::any_of(rows.begin(), rows.end(), [day](const auto& row) { return row.first <= day && day < row.second; });
}

bool People::member(Index person, const Period& period) const {
  if (!restricted()) return true;
  const auto& rows = members_[static_cast<std::size_t>(person)];
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return row.first < period.to && period.from < row.second; });
}

void People::learn(const Facts& facts, std::size_t row) {
  if (by_code_.size() < facts.names().size()) by_code_.resize(facts.names().size(), -1);
  for (std::size_t i = 0; i < facts.parts(row); ++i) {
    const Index code = facts.part(row, i).person;
    by_code_[static_cast<std::size_t>(code)] = find(facts.names()[code]);
  }
}

Index People::find(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name);
  return found == names_.end() || *found != name ? -1 : static_cast<Index>(found - names_.begin());
}

}  // namespace kith::incentive::general
