// SPDX-License-Identifier: Apache-2.0
#include "incentive/open_deals.hpp"

#include <set>

#include "engine/verbs.hpp"
#include "incentive/big.hpp"
#include "incentive/quota_actuals.hpp"
#include "kith/base/rate.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::incentive {
namespace {

/// The chance that counts for each open deal, over 10^9.
std::unordered_map<Id, std::int64_t> chances(const Reader& system, Date from, Date to) {
  std::unordered_map<std::int64_t, std::int64_t> stages;
  for (const Stage& stage : system.list<Stage>()) stages.emplace(stage.id.value, stage.probability.coefficient);
  const Entity& entity = entity_of<Opportunity>();
  Query open;
  open.conditions = {equals(entity, "status", static_cast<std::int64_t>(DealStatus::open)),
                     verb::compare(entity, "expected_on", Condition::Op::ge, from.days),
                     verb::compare(entity, "expected_on", Condition::Op::lt, to.days)};
  open.fields = {"id", "stage", "probability"};
  std::unordered_map<Id, std::int64_t> found;
  auto cursor = system.scan(entity, open);
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const Column& own = batch.columns[2];
      found.emplace(Id{batch.columns[0].word(row)},
                    own.is_null(row) ? stages[batch.columns[1].word(row)] : own.word(row));
    }
  }
  return found;
}

}  // namespace

OpenDeals::OpenDeals(const Reader& system, bool each, Date from, Date to) {
  if (!each) base_ = system.currency();
  Measure open;
  open.name = "open deals";
  open.entity = "opportunity";
  open.on = "expected_on";
  open.filter = "status = 'open'";
  open.kind = each ? MeasureKind::count : MeasureKind::money;
  if (!each) open.value = "base_amount";
  const std::unordered_map<Id, std::int64_t> chance = chances(system, from, to);
  const Organisation organisation(system);
  const Date today = system.today();
  std::set<std::pair<Id, Id>> counted;
  const auto add = [&](Sum& sum, const MeasuredShare& share) {
    sum.open = checked_add(sum.open, share.amount, "open deals");
    sum.weighted += Int128{share.amount} * chance.at(share.record);
  };
  for (const MeasuredShare& share : measured(system, open, from, to)) {
    add(employees_[share.employee], share);
    const std::optional<Id> unit = organisation.unit_on(share.employee, today);
    if (!unit) continue;
    for (const Id above : organisation.chain(*unit, today)) {
      if (!each || counted.emplace(above, share.record).second) add(units_[above], share);
    }
  }
}

OpenDeals::Worth OpenDeals::of(const Quota& quota) const {
  const auto& table = quota.unit ? units_ : employees_;
  const auto found = table.find(quota.unit ? *quota.unit : quota.employee.value_or(Id{}));
  if (found == table.end()) return {};
  Big weighted = big(found->second.weighted) / big(power_of_ten(kRateScale));
  if (base_ && quota.base_rate) {
    const Ratio minor = minor_ratio(base_, quota.currency, inverse(parse_ratio(*quota.base_rate)));
    weighted *= big(minor.numerator) / big(minor.denominator);
  }
  return {in_currency_of(quota, base_, found->second.open), round_big(weighted, Rounding::half_up)};
}

}  // namespace kith::incentive
