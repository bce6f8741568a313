// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "engine/verbs.hpp"
#include "incentive/statement_hash.hpp"
#include "incentive/statement_run.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr const Entity* kEntities[] = {&kCommissionPlan, &kPlanAssignment, &kCommissionPeriod,
                                       &kStatement,      &kStatementLine,  &kQuota};

constexpr Permit kPermits[] = {
    {"incentive::add_plan", "commission_plan", Action::create},
    {"incentive::assign", "plan_assignment", Action::create},
    {"incentive::run", "statement", Action::edit},
    {"incentive::close", "statement", Action::close},
    {"incentive::set_quota", "quota", Action::create},
    {"incentive::decompose", "quota", Action::edit},
    {"incentive::split_periods", "quota", Action::edit},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "statement", Action::read, Level::subtree},
    {"manager", "quota", Action::read, Level::subtree},
    {"manager", "commission_plan", Action::read, Level::all},
    {"manager", "commission_period", Action::read, Level::all},
    {"seller", "statement", Action::read, Level::own},
    {"seller", "quota", Action::read, Level::own},
    {"seller", "commission_plan", Action::read, Level::all},
    {"seller", "commission_period", Action::read, Level::all},
};

/// What the lines of a statement add up to.
struct Sums {
  Int128 credit = 0;
  Int128 earned = 0;
  Int128 adjusted = 0;
  std::int64_t lines = 0;
  std::set<Id> facts;
  LinesHash hash;
};

std::unordered_map<Id, Sums> sum_lines(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, Sums> sums;
  auto cursor = reader.scan(kStatementLine, {.order = {"statement", "position"}});
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      StatementLine line;
      load_row(batch, row, &line);
      Sums& sum = sums[line.statement];
      if (line.position != ++sum.lines) {
        findings.push_back({"statement_line", line.id,
                            "position must be " + std::to_string(sum.lines) + ", is " + std::to_string(line.position)});
      }
      sum.hash.add(line);
      if (line.kind == LineKind::adjustment) {
        sum.adjusted += line.amount.minor;
        continue;
      }
      sum.earned += line.amount.minor;
      if (sum.facts.insert(line.opportunity).second) sum.credit += line.credit.minor;
    }
  }
  return sums;
}

void check_sums(const Statement& row, const Sums& sums, std::vector<Finding>& findings) {
  const auto expect = [&](const char* field, Amount stored, Int128 sum) {
    if (Int128{stored.minor} == sum) return;
    findings.push_back(
        {"statement", row.id,
         std::string(field) + " must be what its lines add up to, is " + to_string(Money{stored.minor, row.currency})});
  };
  expect("credit", row.credit, sums.credit);
  expect("earned", row.earned, sums.earned);
  expect("adjusted", row.adjusted, sums.adjusted);
  expect("total", row.total, sums.earned + sums.adjusted);
}

/// Closed statements hold the hash of what they say and of the one before; open ones have none.
void check_statements(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, Sums> sums = sum_lines(reader, findings);
  std::unordered_map<Id, CommissionPeriod> periods;
  for (CommissionPeriod& row : reader.list<CommissionPeriod>()) periods.emplace(row.id, std::move(row));
  using Chain = std::tuple<Id, std::string, Grain>;  // employee, calendar, grain
  std::map<Chain, std::map<Date, Statement>> chains;
  for (Statement& row : reader.list<Statement>()) {
    const auto period = periods.find(row.period);
    if (period == periods.end()) continue;  // a broken reference is named elsewhere
    check_sums(row, sums[row.id], findings);
    if (row.status != period->second.status) {
      findings.push_back({"statement", row.id, "status must be that of " + period->second.label});
    }
    const Period stretch = period_from(period->second);
    chains[{row.employee, period->second.calendar, stretch.grain}].emplace(stretch.from, std::move(row));
  }
  for (const auto& [chain, statements] : chains) {
    std::string previous;
    for (const auto& [from, row] : statements) {
      std::optional<std::string> expected;
      if (row.status == PeriodStatus::closed) expected = hash_of(row, previous, sums[row.id].hash);
      if (row.hash != expected) {
        findings.push_back(
            {"statement", row.id, "hash differs from what it and its lines say: a closed statement was changed"});
      }
      previous = row.hash.value_or("");
    }
  }
}

void check_assignments(const Reader& reader, std::vector<Finding>& findings) {
  std::set<std::string> plans;
  for (const CommissionPlan& row : reader.list<CommissionPlan>()) {
    plans.insert(row.name);
    if (row.hash != to_hex(sha256(row.document))) {
      findings.push_back({"commission_plan", row.id, "hash must be the SHA-256 of its document"});
    }
  }
  std::map<std::pair<std::optional<Id>, std::optional<Id>>, std::vector<PlanAssignment>> subjects;
  for (PlanAssignment& row : reader.list<PlanAssignment>({.order = verb::by_time()})) {
    if (row.employee.has_value() == row.unit.has_value()) {
      findings.push_back({"plan_assignment", row.id, "must have exactly one of employee and unit"});
    }
    if (!plans.contains(row.plan)) findings.push_back({"plan_assignment", row.id, "names no plan: '" + row.plan + "'"});
    subjects[{row.employee, row.unit}].push_back(std::move(row));
  }
  for (const auto& [subject, rows] : subjects) verb::check_rows(rows, false, findings);
}

void check_quotas(const Reader& reader, std::vector<Finding>& findings) {
  std::map<Id, Quota> quotas;
  for (Quota& row : reader.list<Quota>()) quotas.emplace(row.id, std::move(row));
  for (const auto& [id, row] : quotas) {
    if (row.unit.has_value() == row.employee.has_value()) {
      findings.push_back({"quota", id, "must have exactly one of unit and employee"});
    }
    if (!row.parent) continue;
    std::set<Id> path{id};
    for (std::optional<Id> at = row.parent; at;) {
      if (!path.insert(*at).second) {
        findings.push_back({"quota", id, "must not hang below itself"});
        break;
      }
      const auto up = quotas.find(*at);
      at = up == quotas.end() ? std::nullopt : up->second.parent;
    }
    const auto parent = quotas.find(*row.parent);
    if (parent == quotas.end()) continue;
    const Quota& up = parent->second;
    if (!up.unit) findings.push_back({"quota", id, "must hang below the node of a unit"});
    if (std::tie(up.metric, up.period, up.calendar, up.from, up.to, up.currency) !=
        std::tie(row.metric, row.period, row.calendar, row.from, row.to, row.currency)) {
      findings.push_back({"quota", id, "must count the same metric, period and currency as its parent"});
    }
  }
}

void check_area(const Reader& reader, std::vector<Finding>& findings) {
  check_statements(reader, findings);
  check_assignments(reader, findings);
  check_quotas(reader, findings);
}

}  // namespace
}  // namespace incentive

constinit const Area kIncentiveArea{.name = "incentive",
                                    .entities = incentive::kEntities,
                                    .verbs = {},
                                    .permits = incentive::kPermits,
                                    .grants = incentive::kGrants,
                                    .reports = {},
                                    .found = nullptr,
                                    .check = incentive::check_area,
                                    .reach = nullptr};

}  // namespace kith
