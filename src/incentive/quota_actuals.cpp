// SPDX-License-Identifier: Apache-2.0
#include "incentive/quota_actuals.hpp"

#include <fmt/format.h>

#include <set>
#include <tuple>
#include <unordered_set>

#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/measure_facts.hpp"
#include "incentive/whose.hpp"
#include "kith/base/rate.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::incentive {
namespace {

void add_to(std::unordered_map<Id, std::int64_t>& table, Id key, std::int64_t amount) {
  std::int64_t& sum = table[key];
  sum = checked_add(sum, amount, "actual of a quota");
}

}  // namespace

std::string person_text(const Reader& system, Id employee) {
  const auto row = system.find<Employee>(employee);
  return row ? fmt::format("{} ({})", quote(row->name), employee.value) : fmt::format("employee {}", employee.value);
}

std::string unit_text(const Reader& system, Id unit) {
  const auto row = system.find<Unit>(unit);
  return row ? fmt::format("unit {} ({})", quote(row->name), unit.value) : fmt::format("unit {}", unit.value);
}

std::unordered_set<Id> first_deals(const Reader& system) {
  const Entity& entity = entity_of<Opportunity>();
  Query won;
  won.conditions = {equals(entity, "status", static_cast<std::int64_t>(DealStatus::won))};
  won.fields = {"id", "closed_on", "customer"};
  std::unordered_map<std::int64_t, std::pair<std::int64_t, Id>> first;
  auto cursor = system.scan(entity, won);
  for (Batch batch; cursor->next(batch);) {
    const Column& customers = batch.column(entity.at("customer"));
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (customers.is_null(row)) continue;
      const std::pair deal{batch.column(entity.at("closed_on")).word(row), Id{batch.column(kIdField).word(row)}};
      const auto [place, fresh] = first.emplace(customers.word(row), deal);
      if (!fresh && deal < place->second) place->second = deal;
    }
  }
  std::unordered_set<Id> ids;
  for (const auto& [customer, deal] : first) ids.insert(deal.second);
  return ids;
}

Counted counted_by(const Quota& quota) { return {quota.metric, quota.measure}; }

Measure as_measure(const Reader& system, const Counted& what) {
  Measure won;
  won.name = Choices<QuotaMetric>::names[static_cast<std::size_t>(what.metric) - 1];
  won.entity = "opportunity";
  won.on = "closed_on";
  won.filter = "status = 'won'";
  switch (what.metric) {
    case QuotaMetric::won_amount:
      won.kind = MeasureKind::money;
      won.value = "base_amount";
      return won;
    case QuotaMetric::won_count:
    case QuotaMetric::new_customers: return won;
    case QuotaMetric::measure: return measure_named(system, what.measure);
  }
  throw Error(Code::misuse, "the metric of a quota runs from 1 to 4");
}

QuotaActuals::QuotaActuals(const Reader& system, const Counted& what, Date from, Date to) {
  if (what.metric == QuotaMetric::new_customers) {
    const std::unordered_set<Id> first = first_deals(system);
    add(system, as_measure(system, what), from, to, &first);
  } else {
    add(system, as_measure(system, what), from, to, nullptr);
  }
}

QuotaActuals::QuotaActuals(const Reader& system, const Counted& what, Date from, Date to,
                           const std::unordered_set<Id>& people) {
  const Measure measure = as_measure(system, what);
  if (measure.kind == MeasureKind::money) base_ = system.currency();
  for (const MeasuredShare& share : measured_of(system, measure, from, to, &people)) {
    if (!people.contains(share.employee)) continue;
    told_whose([&] { return measure.name + " of " + person_text(system, share.employee); },
               [&] { add_to(employees_, share.employee, share.amount); });
  }
}

QuotaActuals::QuotaActuals(const Reader& system, const Measure& measure, Date from, Date to) {
  add(system, measure, from, to, nullptr);
}

void QuotaActuals::add(const Reader& system, const Measure& measure, Date from, Date to,
                       const std::unordered_set<Id>* only) {
  if (measure.kind == MeasureKind::money) base_ = system.currency();
  const Organisation organisation(system);
  const bool each = measure.kind == MeasureKind::count;
  std::set<std::pair<Id, Id>> counted;  // unit, record: one deal of two people is one deal of their unit
  const auto add_share = [&](const MeasuredShare& share, bool alone) {
    const auto is_new = [&](Id unit) { return !each || alone || counted.emplace(unit, share.record).second; };
    const auto of = [&](const std::string& whose) {
      const std::string at = share.record ? fmt::format(", at record {}", share.record.value) : "";
      return fmt::format("{} of {} from {} to {}{} (correct its amount, or count fewer days)", measure.name, whose,
                         to_string(from), to_string(to), at);
    };
    told_whose([&] { return of(person_text(system, share.employee)); },
               [&] { add_to(employees_, share.employee, share.amount); });
    if (is_new({})) {
      all_ =
          told_whose([&] { return of("all"); }, [&] { return checked_add(all_, share.amount, "actual of a quota"); });
    }
    const std::optional<Id> unit = organisation.unit_on(share.employee, share.day);
    if (!unit) return;
    for (const Id above : organisation.chain(*unit, share.day)) {
      if (is_new(above)) {
        told_whose([&] { return of(unit_text(system, above)); }, [&] { add_to(units_, above, share.amount); });
      }
    }
  };
  if (only == nullptr) {
    if (const auto totals = measured_totals(system, measure, from, to)) {
      for (const MeasuredShare& share : totals->alone) add_share(share, true);
      for (const MeasuredShare& share : totals->shared) add_share(share, false);
      return;
    }
  }
  for (const MeasuredShare& share : measured(system, measure, from, to)) {
    if (only == nullptr || only->contains(share.record)) add_share(share, false);
  }
}

std::int64_t QuotaActuals::of(std::optional<Id> unit, std::optional<Id> employee) const {
  const auto& table = unit ? units_ : employees_;
  const auto found = table.find(unit ? *unit : employee.value_or(Id{}));
  return found == table.end() ? 0 : found->second;
}

std::int64_t in_currency_of(const Quota& quota, Currency base, std::int64_t worth) {
  if (!base || !quota.base_rate) return worth;
  return convert({worth, base}, quota.currency, inverse(parse_ratio(*quota.base_rate)), Rounding::half_up).minor;
}

std::int64_t QuotaActuals::of(const Quota& quota) const {
  return in_currency_of(quota, base_, of(quota.unit, quota.employee));
}

std::int64_t QuotaActuals::all_in_currency_of(const Quota& quota) const { return in_currency_of(quota, base_, all_); }

bool counts(const Reader& system, const Counted& what) { return as_measure(system, what).kind == MeasureKind::count; }

Currency quota_currency(const Reader& reader, QuotaMetric metric, std::string_view measure) {
  return currency_of(reader, Counted{metric, std::string(measure)});
}

Currency currency_of(const Reader& system, const Counted& what) {
  return as_measure(system, what).kind == MeasureKind::money ? system.currency() : currency("XXX");
}

std::vector<Condition> counting_the_same(const Quota& quota) {
  return {equals(kQuota, "period", quota.period), equals(kQuota, "calendar", quota.calendar),
          equals(kQuota, "metric", static_cast<std::int64_t>(quota.metric)),
          equals(kQuota, "measure", std::string_view(quota.measure)), equals(kQuota, "draft", quota.draft)};
}

bool same_count(const Quota& a, const Quota& b) {
  return std::tie(a.metric, a.measure, a.period, a.calendar) == std::tie(b.metric, b.measure, b.period, b.calendar);
}

std::string counts_key(const Quota& quota) {
  const std::string_view metric = Choices<QuotaMetric>::names[static_cast<std::size_t>(quota.metric) - 1];
  std::string key(quota.measure.empty() ? metric : std::string_view(quota.measure));
  if (quota.draft != 0) key += " of draft " + std::to_string(quota.draft);
  return key;
}

std::string counted_text(const Quota& quota) {
  return fmt::format("{} of {} of calendar '{}'", counts_key(quota), quota.period, quota.calendar);
}

Period year_before(const Calendar& calendar, const std::string& label) {
  constexpr std::size_t kYearDigits = 4;
  const int year = std::stoi(label.substr(0, kYearDigits));
  return parse_period(calendar, fmt::format("{:04}{}", year - 1, label.substr(kYearDigits)));
}

}  // namespace kith::incentive
