// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/quota_facts.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>

#include "engine/verbs.hpp"
#include "incentive/quota_actuals.hpp"

namespace kith::incentive {
namespace {

/// Those of some records that the actor may see.
std::unordered_set<Id> visible(const Reader& reader, const Entity& entity, const std::set<Id>& ids) {
  std::unordered_set<Id> seen;
  for (const Id id : ids) {
    if (reader.may(Action::read, entity, id)) seen.insert(id);
  }
  return seen;
}

/// Whether a share counts for a node: the person's own, or somebody's below the unit on that day.
bool belongs(const Organisation& organisation, const Quota& quota, const MeasuredShare& share) {
  if (quota.employee) return share.employee == *quota.employee;
  const std::optional<Id> unit = organisation.unit_on(share.employee, share.day);
  if (!unit) return false;
  const std::vector<Id> chain = organisation.chain(*unit, share.day);
  return std::find(chain.begin(), chain.end(), *quota.unit) != chain.end();
}

}  // namespace

QuotaFacts quota_facts(const Reader& reader, Id quota) {
  QuotaFacts result;
  result.quota = reader.get<Quota>(quota);
  const Reader system = reader.as_system("quota facts");
  const Counted what = counted_by(result.quota);
  const Measure measure = as_measure(system, what);
  const Organisation organisation(system);
  const bool once = measure.kind == MeasureKind::count && result.quota.unit;
  const std::unordered_set<Id> first =
      what.metric == QuotaMetric::new_customers ? first_deals(system) : std::unordered_set<Id>();
  std::set<Id> records;
  std::int64_t actual = 0;
  for (MeasuredShare& share : measured(system, measure, result.quota.from, result.quota.to)) {
    if (what.metric == QuotaMetric::new_customers && !first.contains(share.record)) continue;
    if (!belongs(organisation, result.quota, share)) continue;
    const bool fresh = records.insert(share.record).second;
    if (once && !fresh) continue;
    actual = checked_add(actual, share.amount, "actual of a quota");
    result.facts.push_back(share);
  }
  const auto seen = visible(reader, reader.model().entity(measure.entity), records);
  std::int64_t shown = actual;
  std::erase_if(result.facts, [&](const MeasuredShare& share) {
    if (seen.contains(share.record)) return false;
    shown -= share.amount;
    return true;
  });
  std::sort(result.facts.begin(), result.facts.end(), [](const MeasuredShare& a, const MeasuredShare& b) {
    return std::tie(a.day, a.record, a.employee) < std::tie(b.day, b.record, b.employee);
  });
  const Currency base = measure.kind == MeasureKind::money ? system.currency() : Currency{};
  actual = in_currency_of(result.quota, base, actual);
  result.actual = {actual, result.quota.currency};
  result.hidden = {actual - in_currency_of(result.quota, base, shown), result.quota.currency};
  return result;
}

void sum_periods(Work& work, Id quota, Grain grain) {
  work.require(Action::edit, kQuota, quota);
  Quota whole = work.get<Quota>(quota);
  std::string missing;
  Amount sum;
  for (const QuotaPart& part : quota_parts(work.as_system("quotas"), quota, grain)) {
    if (!part.quota) {
      missing += (missing.empty() ? "" : ", ") + part.period.label;
    } else {
      sum.minor = checked_add(sum.minor, part.quota->amount.minor, "sum of periods");
    }
  }
  if (!missing.empty()) {
    throw Error(Code::state, "quota", "period", "there is no target for " + missing + "; set one, or give 0");
  }
  Work::Step step(work);
  whole.amount = sum;
  if (whole.stretch && *whole.stretch < sum) whole.stretch.reset();
  if (whole.challenge && *whole.challenge < whole.stretch.value_or(sum)) whole.challenge.reset();
  set_quota(work, whole);
  whole.method = QuotaMethod::bottom_up;
  work.update(whole);
  step.keep();
}

}  // namespace kith::incentive
