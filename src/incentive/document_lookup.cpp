// SPDX-License-Identifier: Apache-2.0
// What stands outside plan and events: values by person and period, superiors, participation, rates.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/quote.hpp"
#include "incentive/document_facts.hpp"
#include "incentive/plan_rules.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

// Days from one date to another where every month has 30 days (the European rule: a 31st is a 30th).
std::int64_t days_of_360(Date from, Date to) {
  const Civil a = civil(from);
  const Civil b = civil(to);
  return 360 * (b.year - a.year) + 30 * (b.month - a.month) + std::min(b.day, 30) - std::min(a.day, 30);
}

// Mondays to Fridays that are no holiday.
std::int64_t working_days(Date from, Date to, const std::vector<Date>& holidays) {
  constexpr int kSaturday = 5;  // Mondays are 0
  std::int64_t days = 0;
  for (std::int32_t day = from.days; day < to.days; ++day) {
    if (weekday({day}) < kSaturday && !std::binary_search(holidays.begin(), holidays.end(), Date{day})) ++days;
  }
  return days;
}

}  // namespace

Lookup::Lookup(const Model& model, const Inputs& inputs, const People& people, const Periods& periods)
    : model_(model), people_(people), periods_(periods), holidays_(inputs.holidays) {
  std::sort(holidays_.begin(), holidays_.end());
  read_values(inputs);
  read_hierarchy(inputs);
  read_people(inputs);
  read_rates(inputs);
}

namespace {

[[noreturn]] void fail_row(std::string_view list, std::size_t row, std::string message) {
  throw Error(Code::invalid, "inputs", fmt::format("{}[{}]", list, row), std::move(message));
}

// Two rows about one day, the first of which `same` finds to be about the same; by place, or nothing.
template <class Row, class Key, class Same>
void refuse_overlaps(std::string_view list, const std::vector<Row>& rows, Key key, Same same,
                     const std::function<std::string(const Row&, const Row&)>& what) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].from > rows[i].to) {
      fail_row(list, i,
               fmt::format("Its days run backwards: {} to {}.", to_string(rows[i].from), to_string(rows[i].to)));
    }
    groups[key(rows[i])].push_back(i);
  }
  for (auto& [name, group] : groups) {
    std::stable_sort(group.begin(), group.end(), [&](auto a, auto b) { return rows[a].from < rows[b].from; });
    std::size_t longest = group.front();
    for (std::size_t i = 1; i < group.size(); ++i) {
      const std::size_t now = group[i];
      if (rows[now].from < rows[longest].to && !same(rows[now], rows[longest])) {
        fail_row(list, std::max(now, longest),
                 fmt::format("{} That overlaps {}[{}]; end one of them first.", what(rows[longest], rows[now]), list,
                             std::min(now, longest)));
      }
      if (rows[now].to > rows[longest].to) longest = now;
    }
  }
}

}  // namespace

void Lookup::read_hierarchy(const Inputs& inputs) {
  superiors_.resize(people_.size());
  refuse_overlaps<Superior>(
      "hierarchy", inputs.hierarchy, [](const Superior& row) { return row.person; },
      [](const Superior& a, const Superior& b) { return a.manager == b.manager; },
      [](const Superior& a, const Superior& b) {
        return fmt::format("{} reports to {} and to {} on {}.", quote(a.person), quote(a.manager), quote(b.manager),
                           to_string(std::max(a.from, b.from)));
      });
  for (const Superior& row : inputs.hierarchy) {
    superiors_[static_cast<std::size_t>(people_.find(row.person))].push_back(
        {row.from, row.to, people_.find(row.manager)});
  }
}

void Lookup::read_people(const Inputs& inputs) {
  active_.resize(people_.size());
  refuse_overlaps<Participation>(
      "people", inputs.people, [](const Participation& row) { return row.person; },
      [](const Participation&, const Participation&) { return false; },
      [](const Participation& a, const Participation& b) {
        return fmt::format("{} takes part twice on {}.", quote(a.person), to_string(std::max(a.from, b.from)));
      });
  for (const Participation& row : inputs.people) {
    active_[static_cast<std::size_t>(people_.find(row.person))].push_back({row.from, row.to, 1});
  }
}

void Lookup::read_rates(const Inputs& inputs) {
  std::map<std::tuple<Currency, std::string, Date>, std::size_t> seen;
  for (std::size_t i = 0; i < inputs.rates.size(); ++i) {
    const PlanRate& rate = inputs.rates[i];
    try {
      const Exact value = parse_number(rate.rate);
      if (value <= 0) throw Error(Code::invalid, "A rate is above 0.");
      if (std::find(kRateKinds.begin(), kRateKinds.end(), rate.kind) == kRateKinds.end()) {
        fail_choice(rate.kind, kRateKinds);
      }
      const auto [other, fresh] = seen.try_emplace({rate.currency, rate.kind, rate.on}, i);
      if (!fresh) {
        throw Error(Code::invalid, fmt::format("There is another {} rate of {} on {}: rates[{}]; give one.", rate.kind,
                                               code_of(rate.currency), to_string(rate.on), other->second));
      }
      rates_[{rate.currency, rate.kind}].push_back({rate.on, rate.to, value});
    } catch (const Error& error) {
      fail_row("rates", i, error.message);
    }
  }
  for (auto& [key, rows] : rates_) {
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    // A rate that a plan fixes once and for all also holds for what came before it.
    const bool alone = key.second == "plan_fixed" && rows.size() == 1 && rows.front().to == kOpenDate;
    if (alone) rows.front().from = Date{};
  }
}

void Lookup::read_values(const Inputs& inputs) {
  for (std::size_t i = 0; i < inputs.values.size(); ++i) {
    const PlanValue& value = inputs.values[i];
    try {
      const Exact number = parse_number(value.value);
      const Index person = value.person.empty() ? -1 : people_.find(value.person);
      Values& values = values_[value.name];
      if (value.from != Date{} || value.to != kOpenDate) {
        if (!value.period.empty()) throw Error(Code::invalid, "A value has a period or days, not both.");
        if (value.from >= value.to) throw Error(Code::invalid, "Its days run backwards.");
        for (const Stretch& other : values.dated[person]) {
          if (value.from < other.to && other.from < value.to) {
            throw Error(Code::invalid, "Its days overlap those of another value for the same name and person.");
          }
        }
        values.dated[person].push_back({value.from, value.to, number});
        continue;
      }
      const Index period = value.period.empty() ? -1 : periods_.find(value.period);
      if (!values.plain.try_emplace(key(person, period), number).second) {
        throw Error(Code::invalid, "There is another value for the same name, person and period.");
      }
    } catch (const Error& error) {
      throw Error(Code::invalid, "inputs", fmt::format("values[{}]", i), error.message);
    }
  }
}

std::int64_t Lookup::days(const std::string& basis, Date from, Date to) const {
  if (basis == "30_360") return days_of_360(from, to);
  return basis == "working" ? working_days(from, to, holidays_) : std::int64_t{to.days} - from.days;
}

// The mean of what held on the days of the period; days in no stretch count 0.
std::optional<Exact> Lookup::blended(const std::vector<Stretch>& stretches, const Number& number, Index period) const {
  if (period < 0) return std::nullopt;
  const Period& own = periods_[period];
  Exact sum = 0;
  bool any = false;
  for (const Stretch& stretch : stretches) {
    const Date from = std::max(stretch.from, own.from);
    const Date to = std::min(stretch.to, own.to);
    if (from >= to) continue;
    any = true;
    if (from == own.from && to == own.to) return stretch.value;
    if (number.blend.empty()) {
      throw Error(Code::invalid, "inputs", "values",
                  fmt::format("The value {} changes within {}; say in the plan how its days count: \"blend\".",
                              quote(number.name), own.label));
    }
    sum += stretch.value * days(number.blend, from, to);
  }
  if (!any) return std::nullopt;
  const std::int64_t all = days(number.blend, own.from, own.to);
  return all == 0 ? Exact(0) : Exact(sum / Exact(all));
}

std::optional<Exact> Lookup::find(const Number& number, Index person, Index period) const {
  const auto found = values_.find(number.name);
  if (found == values_.end()) return std::nullopt;
  const auto plain = [&](Index who, Index when) -> std::optional<Exact> {
    const auto row = found->second.plain.find(key(who, when));
    return row == found->second.plain.end() ? std::nullopt : std::optional<Exact>(row->second);
  };
  const auto dated = [&](Index who) -> std::optional<Exact> {
    const auto row = found->second.dated.find(who);
    return row == found->second.dated.end() ? std::nullopt : blended(row->second, number, period);
  };
  for (const Index who : {person, Index{-1}}) {
    if (auto value = plain(who, period)) return value;
    if (auto value = dated(who)) return value;
    if (auto value = plain(who, -1)) return value;
    if (person < 0) break;
  }
  return std::nullopt;
}

bool Lookup::has(const std::string& name, Index person, Index period) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  Number number;
  number.name = name;
  number.blend = "calendar";
  return find(number, person, period).has_value();
}

Exact Lookup::value(const Number& number, Index person, Index period, const Exact& scale) const {
  if (number.constant) return *number.constant;
  if (auto value = find(number, person, period)) {
    if (number.above) value = *value > *number.above ? Exact(*value - *number.above) : Exact(0);
    return *value * number.times * scale;
  }
  const auto who = person < 0 ? std::string("everybody") : quote(people_[person]);
  throw Error(Code::invalid, "inputs", "values",
              fmt::format("There is no value {} for {} in {}; give one for the person, the period or everybody.",
                          quote(number.name), who, period < 0 ? "" : quote(periods_[period].label)));
}

Exact Lookup::minor(const Number& number, Index person, Index period) const {
  return value(number, person, period, ten_to(model_.digits));
}

Exact Lookup::not_negative(std::string_view what, const Number& number, Index person, Index period) const {
  Exact found = minor(number, person, period);
  if (found >= 0) return found;
  const std::string who = person < 0 ? "everybody" : quote(people_[person]);
  throw Error(Code::invalid, "inputs", "values",
              fmt::format("The {} {} of {} in {} is negative; give one of 0 or more.", what, quote(number.name), who,
                          quote(periods_[period].label)));
}

Exact bound_of(const Modifier& modifier, const Lookup& lookup, Index person, Index period) {
  return modifier.kind == Do::cap ? lookup.not_negative("cap", modifier.by, person, period)
                                  : lookup.minor(modifier.by, person, period);
}

std::vector<std::pair<Index, Exact>> Lookup::people_of(const std::string& name, Index period, Date day) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return {};
  std::map<Index, Exact> people;
  const auto add_plain = [&](Index of) {
    for (const auto& [packed, value] : found->second.plain) {
      const auto person = static_cast<Index>(packed >> 32);
      if (person >= 0 && static_cast<Index>(packed & 0xffffffffU) == of) people[person] = value;
    }
  };
  // The nearer one stands, as `find` looks for it: of always, of some days, of the period.
  add_plain(-1);
  for (const auto& [person, stretches] : found->second.dated) {
    for (const Stretch& stretch : stretches) {
      if (person >= 0 && stretch.from <= day && day < stretch.to) people[person] = stretch.value;
    }
  }
  add_plain(period);
  return {people.begin(), people.end()};
}

Index Lookup::manager(Index person, Date day) const {
  for (const Line& row : superiors_[static_cast<std::size_t>(person)]) {
    if (row.from <= day && day < row.to) return row.manager;
  }
  return -1;
}

std::vector<Index> Lookup::managers(Index person) const {
  std::vector<Index> all;
  for (const Line& row : superiors_[static_cast<std::size_t>(person)]) all.push_back(row.manager);
  return all;
}

std::vector<Index> Lookup::reports(Index manager_wanted, Date day) const {
  std::vector<Index> people;
  for (std::size_t i = 0; i < superiors_.size(); ++i) {
    if (manager(static_cast<Index>(i), day) == manager_wanted) people.push_back(static_cast<Index>(i));
  }
  return people;
}

bool Lookup::active(Index person, const Period& period) const {
  const std::vector<Stretch>& rows = active_[static_cast<std::size_t>(person)];
  return rows.empty() || std::any_of(rows.begin(), rows.end(),
                                     [&](const Stretch& row) { return row.from < period.to && period.from < row.to; });
}

std::pair<std::int64_t, std::int64_t> Lookup::active_days(Index person, const Period& period,
                                                          const std::string& basis) const {
  const std::vector<Stretch>& rows = active_[static_cast<std::size_t>(person)];
  const std::int64_t all = days(basis, period.from, period.to);
  if (rows.empty()) return {all, all};
  std::int64_t active = 0;
  for (const Stretch& row : rows) {
    const Date from = std::max(row.from, period.from);
    const Date to = std::min(row.to, period.to);
    if (from < to) active += days(basis, from, to);
  }
  return {active, all};
}

Exact Lookup::active_share(Index person, const Period& period, const std::string& basis) const {
  if (active_[static_cast<std::size_t>(person)].empty()) return 1;
  const auto [active, all] = active_days(person, period, basis);
  return all == 0 ? Exact(0) : Exact(active) / Exact(all);
}

std::optional<Date> Lookup::leaves(Index person) const {
  const std::vector<Stretch>& rows = active_[static_cast<std::size_t>(person)];
  Date last{};
  for (const Stretch& row : rows) last = std::max(last, row.to);
  if (rows.empty() || last == kOpenDate) return std::nullopt;
  return last;
}

const Exact& Lookup::rate(Currency from, const std::string& kind, Date day,
                          const std::function<std::string()>& where) const {
  Date at = day;
  if (kind == "period_avg" || kind == "period_end") at = {model_.period_at(day).to.days - 1};
  const auto found = rates_.find({from, kind});
  if (found != rates_.end()) {
    const auto& rows = found->second;
    const auto after =
        std::upper_bound(rows.begin(), rows.end(), at, [](Date wanted, const auto& row) { return wanted < row.from; });
    if (after != rows.begin() && at < std::prev(after)->to) return std::prev(after)->value;
  }
  const std::string_view stored = kind == "plan_fixed" ? "plan" : kind == "period_avg" ? "period_average" : "market";
  throw Error(
      Code::invalid, "event", "currency",
      fmt::format("Event {}: there is no {} rate from {} to {} on {}; add it to the rates of the inputs, in a store "
                  "set a {} rate that holds on that day.",
                  quote(where()), kind, code_of(from), code_of(model_.currency), to_string(at), stored));
}

}  // namespace kith::incentive::general
