// SPDX-License-Identifier: Apache-2.0
#include "incentive/quota_check.hpp"

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/quota_actuals.hpp"

namespace kith::incentive {
namespace {

using Quotas = std::map<Id, Quota>;

/// True when following parents comes back to the node itself.
bool hangs_below_itself(const Quotas& quotas, const Quota& row) {
  std::set<Id> path{row.id};
  for (std::optional<Id> at = row.parent; at;) {
    if (!path.insert(*at).second) return true;
    const auto up = quotas.find(*at);
    at = up == quotas.end() ? std::nullopt : up->second.parent;
  }
  return false;
}

void check_place(const Quotas& quotas, const Quota& row, std::vector<Finding>& findings) {
  if (!row.parent) return;
  if (hangs_below_itself(quotas, row)) findings.push_back({"quota", row.id, "must not hang below itself"});
  const auto parent = quotas.find(*row.parent);
  if (parent == quotas.end()) return;  // a broken reference is named elsewhere
  const Quota& up = parent->second;
  if (!up.unit) findings.push_back({"quota", row.id, "must hang below the node of a unit"});
  const auto counted = [](const Quota& q) {
    return std::tie(q.metric, q.measure, q.period, q.calendar, q.from, q.to, q.currency, q.base_rate, q.draft);
  };
  if (counted(up) != counted(row)) {
    findings.push_back(
        {"quota", row.id,
         "must count the same metric, period and currency at the same rate as its parent, in one version"});
  }
}

void check_node(const Quota& row, Currency base, const std::map<Id, QuotaPlan>& plans, std::vector<Finding>& findings) {
  const auto must = [&](bool holds, const char* what) {
    if (!holds) findings.push_back({"quota", row.id, what});
  };
  must(row.unit.has_value() != row.employee.has_value(), "must have exactly one of unit and employee");
  must((row.metric == QuotaMetric::measure) != row.measure.empty(), "must name a measure where it counts one");
  // Rows from before there were measures and drafts have no key: they count by their metric alone.
  must(row.counts.empty() || row.counts == counts_key(row), "must keep what it counts as its key");
  const bool foreign = row.currency != base && row.currency != currency("XXX");
  must(row.base_rate.has_value() == foreign, "must keep a rate exactly when it is in another than the base currency");
  const Amount stretch = row.stretch.value_or(row.amount);
  must(row.amount <= stretch && stretch <= row.challenge.value_or(stretch), "must have grades that rise");
  if (row.draft == 0) {
    if (!row.plan) return;
    const auto plan = plans.find(*row.plan);
    must(plan == plans.end() || plan->second.state == QuotaPlanState::active,
         "in force must belong to an active version, or to none");
    return;
  }
  must(row.plan == Id{row.draft} && plans.contains(Id{row.draft}), "must belong to the version that its draft names");
}

/// One version of a name is in force, and at most one is on its way.
void check_plans(const std::map<Id, QuotaPlan>& plans, std::vector<Finding>& findings) {
  std::map<std::pair<std::string, bool>, Id> one;
  for (const auto& [id, plan] : plans) {
    if (plan.state == QuotaPlanState::superseded) continue;
    const bool active = plan.state == QuotaPlanState::active;
    if (!one.emplace(std::pair{plan.name, active}, id).second) {
      findings.push_back(
          {"quota_plan", id, "must be the only version of '" + plan.name + (active ? "' in force" : "' on its way")});
    }
  }
}

}  // namespace

void check_quotas(const Reader& reader, std::vector<Finding>& findings) {
  std::map<Id, QuotaPlan> plans;
  for (QuotaPlan& row : reader.list<QuotaPlan>()) plans.emplace(row.id, std::move(row));
  Quotas quotas;
  for (Quota& row : reader.list<Quota>()) quotas.emplace(row.id, std::move(row));
  std::set<std::string> measures;
  for (const Measure& row : reader.list<Measure>()) measures.insert(row.name);
  for (const auto& [id, row] : quotas) {
    check_node(row, reader.currency(), plans, findings);
    check_place(quotas, row, findings);
    if (!row.measure.empty() && !measures.contains(row.measure)) {
      findings.push_back({"quota", id, "names no measure: '" + row.measure + "'"});
    }
  }
  check_plans(plans, findings);
  for (const QuotaRelief& row : reader.list<QuotaRelief>()) {
    if (row.to <= row.from) findings.push_back({"quota_relief", row.id, "must end after it begins"});
  }
}

}  // namespace kith::incentive
