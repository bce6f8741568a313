// SPDX-License-Identifier: Apache-2.0
#include "incentive/quota_actuals.hpp"

#include <fmt/format.h>

#include <set>
#include <tuple>
#include <unordered_set>

#include "engine/verbs.hpp"

namespace kith::incentive {
namespace {

/// Per customer the first deal that was ever won: by day, then by id.
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

void add_to(std::unordered_map<Id, std::int64_t>& table, Id key, std::int64_t amount) {
  std::int64_t& sum = table[key];
  sum = checked_add(sum, amount, "actual of a quota");
}

}  // namespace

QuotaActuals::QuotaActuals(const Reader& system, QuotaMetric metric, Date from, Date to) {
  const Organisation organisation(system);
  const WonDeals deals(system, from, to);
  const std::unordered_set<Id> first =
      metric == QuotaMetric::new_customers ? first_deals(system) : std::unordered_set<Id>();
  std::set<std::pair<Id, Id>> counted;  // unit, deal: one deal of two people is one deal of their unit
  for (const Share& share : deals.shares()) {
    if (metric == QuotaMetric::new_customers && !first.contains(share.deal)) continue;
    const std::int64_t amount = counts(metric) ? 1 : share.amount;
    add_to(employees_, share.employee, amount);
    const std::optional<Id> unit = organisation.unit_on(share.employee, share.day);
    if (!unit) continue;
    for (const Id above : organisation.chain(*unit, share.day)) {
      if (!counts(metric) || counted.emplace(above, share.deal).second) add_to(units_, above, amount);
    }
  }
}

std::int64_t QuotaActuals::of(std::optional<Id> unit, std::optional<Id> employee) const {
  const auto& table = unit ? units_ : employees_;
  const auto found = table.find(unit ? *unit : employee.value_or(Id{}));
  return found == table.end() ? 0 : found->second;
}

bool counts(QuotaMetric metric) { return metric != QuotaMetric::won_amount; }

Currency currency_of(QuotaMetric metric, const Reader& reader) {
  return counts(metric) ? currency("XXX") : reader.currency();
}

Period year_before(const Calendar& calendar, const std::string& label) {
  constexpr std::size_t kYearDigits = 4;
  const int year = std::stoi(label.substr(0, kYearDigits));
  return parse_period(calendar, fmt::format("{:04}{}", year - 1, label.substr(kYearDigits)));
}

}  // namespace kith::incentive
