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
#include "kith/incentive/quota_plan.hpp"
#include "kith/people/employee.hpp"
#include "kith/people/exchange_rate.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr int kPercentScale = 6;

constexpr auto kQuotaFields = field_table<Quota>(
    field<&Quota::parent>("parent", {.refers_to = "quota"}), field<&Quota::metric>("metric"),
    field<&Quota::period>("period", {.required = true, .max_length = 20}),
    field<&Quota::calendar>("calendar", {.required = true, .max_length = 200}),
    field<&Quota::from>("from", {.kept = true}), field<&Quota::to>("to", {.kept = true}),
    field<&Quota::unit>("unit", {.refers_to = "unit"}), field<&Quota::employee>("employee", {.refers_to = "employee"}),
    field<&Quota::currency>("currency", {.required = true}), field<&Quota::amount>("amount", {.minimum = 0}),
    field<&Quota::method>("method"), field<&Quota::weight>("weight", {.scale = kRateScale, .minimum = 1}),
    field<&Quota::home>("home", {.kept = true, .refers_to = "unit"}),
    field<&Quota::measure>("measure", {.max_length = 200}), field<&Quota::stretch>("stretch", {.minimum = 0}),
    field<&Quota::challenge>("challenge", {.minimum = 0}), field<&Quota::committed>("committed", {.minimum = 0}),
    field<&Quota::over_percent>("over_percent", {.scale = kPercentScale, .minimum = 0}),
    field<&Quota::plan>("plan", {.kept = true, .refers_to = "quota_plan"}),
    field<&Quota::draft>("draft", {.minimum = 0}), field<&Quota::counts>("counts", {.kept = true, .max_length = 300}),
    field<&Quota::base_rate>("base_rate", {.kept = true, .max_length = 100}));
// What a unit or a person has only one target for.
constexpr UniqueKey kQuotaKeys[] = {{{"unit", "period", "calendar", "counts"}},
                                    {{"employee", "period", "calendar", "counts"}}};

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

/// What the metric counts in, or none where it is none.
Currency counting_currency(const Work& work, const Quota& quota, verb::Faults& faults) {
  if ((quota.metric == QuotaMetric::measure) == quota.measure.empty()) {
    faults.add("measure", quota.measure.empty() ? "is missing; the metric 'measure' counts what a measure says: name it"
                                                : "is named, but the metric counts by itself; leave it empty");
    return {};
  }
  try {
    return currency_of(work.as_system("quotas"), quota);
  } catch (const Error& error) {
    faults.add("measure", error.message);
    return {};
  }
}

void check_amounts(const Quota& quota, Currency currency, verb::Faults& faults) {
  const auto check = [&](std::string_view field, Amount amount, Amount least, const char* why) {
    if (amount < least) {
      faults.add(field, std::string(amount.minor < 0 ? "is negative: " : "is ") +
                            to_string(Money{amount.minor, currency}) + "; give " +
                            (amount.minor < 0 ? "0 or more" : why));
    }
  };
  check("amount", quota.amount, {}, "");
  const Amount low = std::max(quota.amount, Amount{});
  if (quota.stretch) check("stretch", *quota.stretch, low, "at least the amount");
  if (quota.challenge)
    check("challenge", *quota.challenge, std::max(low, quota.stretch.value_or(low)), "at least the grade before it");
  if (quota.committed) check("committed", *quota.committed, {}, "");
}

void check_node(const Work& work, Quota& quota, const Quota* parent, verb::Faults& faults) {
  if (quota.unit.has_value() == quota.employee.has_value()) {
    faults.add("unit", quota.unit ? "and employee are both given; give one of them"
                                  : "or employee is missing; give one of them");
  }
  const Currency expected = counting_currency(work, quota, faults);
  if (!expected) return;
  if (!quota.currency) quota.currency = parent != nullptr ? parent->currency : expected;
  check_amounts(quota, quota.currency, faults);
  const bool money = expected == work.currency();
  if (quota.currency != expected && !money) {
    faults.add("currency", "is " + code_of(quota.currency) + "; what this metric counts is in " + code_of(expected));
  } else if (parent != nullptr && parent->currency != quota.currency) {
    faults.add("currency", "is " + code_of(quota.currency) + ", and that of its parent is " +
                               code_of(parent->currency) + "; one tree has one currency");
  }
}

/// The rate between what came in and the target. A tree has one, that of its root, and keeps it.
void bind_rate(const Work& work, Quota& quota, const Quota* parent, const Quota* before, verb::Faults& faults) {
  if (before != nullptr || parent != nullptr) {
    quota.base_rate = before != nullptr ? before->base_rate : parent->base_rate;
    return;
  }
  quota.base_rate.reset();
  if (!quota.currency || quota.currency == work.currency() || quota.currency == currency("XXX")) return;
  try {
    const DatedMoney day{{0, quota.currency}, quota.from};
    quota.base_rate = people::BaseRates(work, {&day, 1}, RateKind::plan).value(day).rate;
  } catch (const Error& error) {
    if (error.code != Code::not_found) throw;
    faults.add("currency", error.message);
  }
}

void check_parent(const Quota& parent, const Quota& quota, verb::Faults& faults) {
  if (!parent.unit) faults.add("parent", "is a person's; give the node of a unit");
  if (!same_count(parent, quota)) {
    faults.add("parent", "counts " + counted_text(parent) + ", not " + counted_text(quota) +
                             "; give a node that counts the same");
  }
  if (parent.draft != quota.draft) {
    faults.add("parent",
               parent.draft == 0 ? "is in force; a draft hangs below a draft" : "is a draft of another version");
  }
}

/// Nodes of a version change only while it is a draft.
void require_draft(const Work& work, const Quota& quota) {
  if (quota.draft == 0) return;
  const auto plan = work.as_system("quotas").find<QuotaPlan>(Id{quota.draft});
  if (!plan) {
    throw Error(Code::invalid, "quota", "draft",
                fmt::format("there is no quota plan {}; give its id, or 0 for a quota in force", quota.draft));
  }
  if (plan->state == QuotaPlanState::draft) return;
  throw Error(Code::state, "quota", "draft",
              fmt::format("version {} of '{}' is {}; draw up the next version and change that", plan->version,
                          plan->name, Choices<QuotaPlanState>::names[static_cast<std::size_t>(plan->state) - 1]));
}

/// Fills in what follows from the rest; reports everything that is wrong with it. `before`: the stored node, if any.
void complete(const Work& work, Quota& quota, const Quota* before) {
  verb::Faults faults(kQuota);
  std::optional<Quota> parent;
  if (quota.parent) parent = work.get<Quota>(*quota.parent);
  const Quota* above = parent ? &*parent : nullptr;
  check_node(work, quota, above, faults);
  try {
    const Period period = parse_period(calendar_named(work, quota.calendar), quota.period);
    quota.period = period.label;
    quota.from = period.from;
    quota.to = period.to;
  } catch (const Error& error) {
    faults.add(error.entity == "calendar" ? "calendar" : "period", error.message);
  }
  if (parent) check_parent(*parent, quota, faults);
  bind_rate(work, quota, above, before, faults);
  faults.raise();
  quota.home = home_of(work, quota);
  quota.over_percent = rescale(quota.over_percent, kPercentScale);
  if (quota.draft != 0) quota.plan = Id{quota.draft};
  quota.counts = counts_key(quota);
}

void require_untaken(const Work& work, const Quota& quota) {
  std::vector<Condition> conditions = counting_the_same(quota);
  conditions.push_back(quota.unit ? equals(kQuota, "unit", *quota.unit) : equals(kQuota, "employee", *quota.employee));
  for (const Quota& other : work.as_system("quotas").list<Quota>({.conditions = conditions})) {
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
    row.plan.reset();
    require_draft(work, row);
    complete(work, row, nullptr);
    require_untaken(work, row);
    work.create(row);
  } else {
    const Quota before = verb::before_update(work, row);
    if (!row.currency) row.currency = before.currency;
    const auto node = [](const Quota& q) {
      return std::tie(q.parent, q.metric, q.period, q.calendar, q.unit, q.employee, q.measure, q.draft, q.currency);
    };
    if (node(row) != node(before)) {
      throw Error(Code::invalid, "quota", "period",
                  "what a node counts, its currency, and where it hangs, stay; set another node for that");
    }
    require_draft(work, row);
    if (row.amount != before.amount) {
      row.method = QuotaMethod::fixed;
      row.weight.reset();
    }
    complete(work, row, &before);
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
  if (method == QuotaMethod::fixed || method == QuotaMethod::bottom_up) {
    faults.add("method", std::string("is ") + (method == QuotaMethod::fixed ? "fixed" : "bottom_up") +
                             ", which shares nothing; give ratio, equal or history");
  }
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

/// A target with its grades, shared out child by child.
struct Shares {
  std::vector<std::int64_t> amount, stretch, challenge;
};

Shares shared_out(const Work& work, const Quota& parent, const std::vector<QuotaChild>& children, QuotaMethod method,
                  Decimal over_percent) {
  std::vector<std::int64_t> history;
  if (method == QuotaMethod::history) {
    const Period before = year_before(calendar_named(work, parent.calendar), parent.period);
    const QuotaActuals actuals(work.as_system("quota actuals"), counted_by(parent), before.from, before.to);
    for (const QuotaChild& child : children) history.push_back(actuals.of(child.unit, child.employee));
  }
  const auto share = [&](std::optional<Amount> amount) -> std::vector<std::int64_t> {
    if (!amount) return {};
    const std::int64_t all = raised(*amount, over_percent);
    return method == QuotaMethod::history ? decompose_history(all, history)
                                          : allocate(all, weights_of(children, method));
  };
  return {share(parent.amount), share(parent.stretch), share(parent.challenge)};
}

/// A child as it should be stored: what it counts is what its parent counts.
Quota child_row(const Quota& parent, const QuotaChild& child, QuotaMethod method, Quota row) {
  row.parent = parent.id;
  row.metric = parent.metric;
  row.measure = parent.measure;
  row.currency = parent.currency;
  row.draft = parent.draft;
  row.period = parent.period;
  row.calendar = parent.calendar;
  row.unit = child.unit;
  row.employee = child.employee;
  row.method = method;
  row.weight.reset();
  if (method == QuotaMethod::ratio) row.weight = rescale(child.weight, kRateScale);
  return row;
}

/// The part of a grade; by rounding it may fall a unit short of the grade before it, never below.
std::optional<Amount> grade_part(const std::vector<std::int64_t>& parts, std::size_t i, Amount least) {
  if (parts.empty()) return std::nullopt;
  return std::max(Amount{parts[i]}, least);
}

}  // namespace

std::vector<Id> decompose(Work& work, Id quota, const std::vector<QuotaChild>& children, QuotaMethod method,
                          Decimal over_percent) {
  work.require(Action::edit, kQuota, quota);
  Quota parent = work.get<Quota>(quota);
  check_children(children, method, over_percent);
  require_draft(work, parent);
  const Shares shares = shared_out(work, parent, children, method, over_percent);
  std::map<Node, Quota> before;
  for (Quota& row : work.as_system("quotas").list<Quota>({.conditions = {equals(kQuota, "parent", quota)}})) {
    Node node{row.unit, row.employee};
    before.emplace(node, std::move(row));
  }
  std::vector<Quota> rows;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto known = before.find({children[i].unit, children[i].employee});
    Quota row = child_row(parent, children[i], method, known == before.end() ? Quota{} : known->second);
    row.amount.minor = shares.amount[i];
    row.stretch = grade_part(shares.stretch, i, row.amount);
    row.challenge = grade_part(shares.challenge, i, row.stretch.value_or(row.amount));
    complete(work, row, nullptr);
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
  if (const Decimal over = rescale(over_percent, kPercentScale); over != parent.over_percent) {
    parent.over_percent = over;
    work.update(parent);
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
