// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/quota.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/quota_actuals.hpp"
#include "kith/incentive/quota_math.hpp"
#include "kith/people/employee.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kQuotaFields = field_table<Quota>(
    field<&Quota::parent>("parent", {.refers_to = "quota"}), field<&Quota::metric>("metric"),
    field<&Quota::period>("period", {.required = true, .max_length = 20}),
    field<&Quota::calendar>("calendar", {.required = true, .max_length = 200}),
    field<&Quota::from>("from", {.kept = true}), field<&Quota::to>("to", {.kept = true}),
    field<&Quota::unit>("unit", {.refers_to = "unit"}), field<&Quota::employee>("employee", {.refers_to = "employee"}),
    field<&Quota::currency>("currency", {.required = true}), field<&Quota::amount>("amount", {.minimum = 0}),
    field<&Quota::method>("method"), field<&Quota::weight>("weight", {.scale = kRateScale, .minimum = 1}),
    field<&Quota::home>("home", {.kept = true, .refers_to = "unit"}));
// What a unit or a person has only one target for.
constexpr UniqueKey kQuotaKeys[] = {{{"unit", "period", "calendar", "metric"}},
                                    {{"employee", "period", "calendar", "metric"}}};

}  // namespace

constexpr Entity kQuota = make_entity<Quota>({.name = "quota",
                                              .plural = "quotas",
                                              .fields = kQuotaFields,
                                              .unique = kQuotaKeys,
                                              .roles = {.owner = "employee", .unit = "home", .currency = "currency"}});

namespace {

/// The unit whose managers see a node.
std::optional<Id> home_of(const Work& work, const Quota& quota) {
  if (quota.unit) return quota.unit;
  const auto employee = work.as_system("quotas").find<Employee>(*quota.employee);
  return employee ? employee->unit : std::nullopt;
}

void check_node(const Work& work, const Quota& quota, verb::Faults& faults) {
  if (quota.unit.has_value() == quota.employee.has_value()) {
    faults.add("unit", quota.unit ? "and employee are both given; give one of them"
                                  : "or employee is missing; give one of them");
  }
  if (quota.amount.minor < 0) {
    faults.add("amount", "is negative: " + to_string(Money{quota.amount.minor, currency_of(quota.metric, work)}) +
                             "; give 0 or more");
  }
  const Currency expected = currency_of(quota.metric, work);
  if (quota.currency && quota.currency != expected) {
    faults.add("currency", "is " + code_of(quota.currency) + "; what this metric counts is in " + code_of(expected));
  }
}

void check_parent(const Work& work, const Quota& quota, verb::Faults& faults) {
  if (!quota.parent) return;
  const Quota parent = work.get<Quota>(*quota.parent);
  if (!parent.unit) faults.add("parent", "is a person's; give the node of a unit");
  if (parent.metric != quota.metric || parent.period != quota.period || parent.calendar != quota.calendar) {
    faults.add("parent", "counts " + parent.period + " of calendar '" + parent.calendar + "', not " + quota.period +
                             " of '" + quota.calendar + "'; give a node that counts the same");
  }
}

/// Fills in what follows from the rest; reports everything that is wrong with it.
void complete(const Work& work, Quota& quota) {
  verb::Faults faults(kQuota);
  check_node(work, quota, faults);
  try {
    const Period period = parse_period(calendar_named(work, quota.calendar), quota.period);
    quota.period = period.label;
    quota.from = period.from;
    quota.to = period.to;
  } catch (const Error& error) {
    faults.add(error.entity == "calendar" ? "calendar" : "period", error.message);
  }
  check_parent(work, quota, faults);
  faults.raise();
  quota.currency = currency_of(quota.metric, work);
  quota.home = home_of(work, quota);
}

void require_untaken(const Work& work, const Quota& quota) {
  const Condition node = quota.unit ? equals(kQuota, "unit", *quota.unit) : equals(kQuota, "employee", *quota.employee);
  for (const Quota& other : work.as_system("quotas").list<Quota>(
           {.conditions = {node, equals(kQuota, "period", quota.period), equals(kQuota, "calendar", quota.calendar),
                           equals(kQuota, "metric", static_cast<std::int64_t>(quota.metric))}})) {
    throw Error(Code::conflict, "quota", quota.unit ? "unit" : "employee",
                fmt::format("{} has a quota for {} already: record {}; change that one",
                            quota.unit ? "the unit" : "the employee", quota.period, other.id.value));
  }
}

}  // namespace

Id set_quota(Work& work, Quota& quota) {
  Quota row = quota;
  if (row.revision == 0) {
    work.require(Action::create, kQuota);
    if (row.parent) work.require(Action::edit, kQuota, *row.parent);
    row.method = QuotaMethod::fixed;
    row.weight.reset();
    complete(work, row);
    require_untaken(work, row);
    work.create(row);
  } else {
    const Quota before = verb::before_update(work, row);
    const auto node = [](const Quota& q) {
      return std::tie(q.parent, q.metric, q.period, q.calendar, q.unit, q.employee);
    };
    if (node(row) != node(before)) {
      throw Error(Code::invalid, "quota", "period",
                  "what a node counts, and where it hangs, stays; set another node for that");
    }
    if (row.amount != before.amount) {
      row.method = QuotaMethod::fixed;
      row.weight.reset();
    }
    complete(work, row);
    work.update(row);
  }
  quota = std::move(row);
  return quota.id;
}

namespace {

using Node = std::pair<std::optional<Id>, std::optional<Id>>;  // unit, employee

void check_children(const std::vector<QuotaChild>& children, QuotaMethod method, Decimal over_percent) {
  verb::Faults faults(kQuota);
  if (children.empty()) faults.add("parent", "is shared among nobody; name at least one child");
  if (method == QuotaMethod::fixed)
    faults.add("method", "is fixed, which shares nothing; give ratio, equal or history");
  if (over_percent < Decimal{}) {
    faults.add("amount", "cannot be raised by " + to_string(over_percent, true) + " %; give 0 or more");
  }
  std::set<Node> seen;
  for (const QuotaChild& child : children) {
    if (child.unit.has_value() == child.employee.has_value()) {
      faults.add("unit", "a child is one unit or one employee; give exactly one of them");
    } else if (!seen.emplace(child.unit, child.employee).second) {
      faults.add(child.unit ? "unit" : "employee", fmt::format("{} is named twice; name each child once",
                                                               (child.unit ? *child.unit : *child.employee).value));
    }
    if (method == QuotaMethod::ratio && child.weight <= Decimal{}) {
      faults.add("weight", "is " + to_string(child.weight, true) + "; a share needs a weight above 0");
    }
  }
  faults.raise();
}

/// amount x (1 + percent / 100), rounded half up once.
std::int64_t raised(Amount amount, Decimal percent) {
  const Int128 hundred = Int128{100} * power_of_ten(percent.scale);
  Int128 product = 0;
  if (__builtin_mul_overflow(Int128{amount.minor}, hundred + percent.coefficient, &product)) {
    throw Error(Code::overflow, "quota", "amount", "raised by that percentage leaves 64 bits");
  }
  return divide(product, hundred, Rounding::half_up);
}

std::vector<std::int64_t> weights_of(const std::vector<QuotaChild>& children, QuotaMethod method) {
  std::vector<std::int64_t> weights;
  for (const QuotaChild& child : children) {
    weights.push_back(method == QuotaMethod::equal ? 1 : rescale(child.weight, kRateScale).coefficient);
  }
  return weights;
}

std::vector<std::int64_t> shared_out(const Work& work, const Quota& parent, std::int64_t amount,
                                     const std::vector<QuotaChild>& children, QuotaMethod method) {
  if (method != QuotaMethod::history) return allocate(amount, weights_of(children, method));
  const Period before = year_before(calendar_named(work, parent.calendar), parent.period);
  const QuotaActuals actuals(work.as_system("quota actuals"), parent.metric, before.from, before.to);
  std::vector<std::int64_t> history;
  for (const QuotaChild& child : children) history.push_back(actuals.of(child.unit, child.employee));
  return decompose_history(amount, history);
}

}  // namespace

std::vector<Id> decompose(Work& work, Id quota, const std::vector<QuotaChild>& children, QuotaMethod method,
                          Decimal over_percent) {
  work.require(Action::edit, kQuota, quota);
  const Quota parent = work.get<Quota>(quota);
  check_children(children, method, over_percent);
  const std::vector<std::int64_t> amounts =
      shared_out(work, parent, raised(parent.amount, over_percent), children, method);
  std::map<Node, Quota> before;
  for (Quota& row : work.as_system("quotas").list<Quota>({.conditions = {equals(kQuota, "parent", quota)}})) {
    Node node{row.unit, row.employee};
    before.emplace(node, std::move(row));
  }
  std::vector<Quota> rows;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto known = before.find({children[i].unit, children[i].employee});
    Quota row = known == before.end() ? Quota{} : known->second;
    row.parent = quota;
    row.metric = parent.metric;
    row.period = parent.period;
    row.calendar = parent.calendar;
    row.unit = children[i].unit;
    row.employee = children[i].employee;
    row.amount.minor = amounts[i];
    row.method = method;
    row.weight.reset();
    if (method == QuotaMethod::ratio) row.weight = rescale(children[i].weight, kRateScale);
    complete(work, row);
    if (known == before.end()) {
      require_untaken(work, row);
    } else {
      before.erase(known);
    }
    rows.push_back(std::move(row));
  }
  Work::Step step(work);
  std::vector<Id> ids;
  for (const auto& [node, row] : before) work.remove<Quota>(row.id, row.revision);
  for (Quota& row : rows) {
    if (row.revision == 0) {
      work.create(row);
    } else {
      work.update(row);
    }
    ids.push_back(row.id);
  }
  step.keep();
  return ids;
}

std::optional<Decimal> compute_attainment(std::int64_t actual, std::int64_t target) {
  if (target == 0) return std::nullopt;
  constexpr int kPercentDigits = 2;
  const Int128 scaled = Int128{actual} * 100 * power_of_ten(kPercentDigits);
  return Decimal{divide(scaled, target, Rounding::half_up), kPercentDigits};
}

}  // namespace incentive

template <>
const Entity& entity_of<Quota>() {
  return incentive::kQuota;
}

}  // namespace kith
