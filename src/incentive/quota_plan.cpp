// SPDX-License-Identifier: Apache-2.0
// Versions of quota trees: drawn up, proposed, agreed, put in force.
#include "kith/incentive/quota_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/mixed_table.hpp"
#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/quota_actuals.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kQuotaPlanFields =
    field_table<QuotaPlan>(field<&QuotaPlan::name>("name", {.required = true, .max_length = 200}),
                           field<&QuotaPlan::version>("version", {.kept = true, .minimum = 1}),
                           field<&QuotaPlan::state>("state", {.kept = true}), field<&QuotaPlan::check>("check"),
                           field<&QuotaPlan::note>("note", {.max_length = 1000}));
constexpr UniqueKey kQuotaPlanKeys[] = {{{"name", "version"}}};

}  // namespace

constexpr Entity kQuotaPlan = make_entity<QuotaPlan>({.name = "quota_plan",
                                                      .plural = "quota_plans",
                                                      .fields = kQuotaPlanFields,
                                                      .unique = kQuotaPlanKeys,
                                                      .roles = {.title = "name"}});

namespace {

std::string_view name_of(QuotaPlanState state) {
  return Choices<QuotaPlanState>::names[static_cast<std::size_t>(state) - 1];
}

std::vector<Quota> nodes_of(const Reader& system, Id plan) {
  return system.list<Quota>({.conditions = {equals(kQuota, "draft", plan.value)}});
}

}  // namespace

Id draw_up(Work& work, QuotaPlan& plan) {
  QuotaPlan row = plan;
  verb::Faults faults(kQuotaPlan);
  if (verb::is_blank(row.name)) faults.add("name", "is missing; give a name such as 'field 2026'");
  if (row.revision != 0) {
    const QuotaPlan before = verb::before_update(work, row);
    if (row.name != before.name) faults.add("name", "stays '" + before.name + "'; draw up another plan");
    row.version = before.version;
    row.state = before.state;
    faults.raise();
    work.update(row);
  } else {
    work.require(Action::create, kQuotaPlan);
    faults.raise();
    row.version = 1;
    row.state = QuotaPlanState::draft;
    for (const QuotaPlan& other :
         work.as_system("quotas").list<QuotaPlan>({.conditions = {equals(kQuotaPlan, "name", row.name)}})) {
      if (other.state < QuotaPlanState::active) {
        throw Error(Code::conflict, "quota_plan", "name",
                    fmt::format("version {} of '{}' is {}; change that one, or activate it first", other.version,
                                other.name, name_of(other.state)));
      }
      row.version = std::max(row.version, other.version + 1);
    }
    work.create(row);
  }
  plan = std::move(row);
  return plan.id;
}

std::vector<Id> copy_into(Work& work, Id plan, Id root) {
  work.require(Action::edit, kQuotaPlan, plan);
  const Quota top = work.get<Quota>(root);
  std::map<Id, Id> copies;
  std::vector<Id> ids;
  Work::Step step(work);
  for (const Quota& node : nodes_below(work.as_system("quotas"), top)) {
    Quota row = node;
    row.id = {};
    row.revision = row.seq = 0;
    row.draft = plan.value;
    const auto parent = node.parent ? copies.find(*node.parent) : copies.end();
    row.parent = parent == copies.end() ? std::nullopt : std::optional<Id>(parent->second);
    set_quota(work, row);
    // How it came about is copied too: a copy is no target set by hand.
    row.method = node.method;
    row.weight = node.weight;
    work.update(row);
    copies.emplace(node.id, row.id);
    ids.push_back(row.id);
  }
  step.keep();
  return ids;
}

void move_on(Work& work, Id plan, QuotaPlanState to) {
  work.require(Action::edit, kQuotaPlan, plan);
  QuotaPlan row = work.get<QuotaPlan>(plan);
  const bool forward = (row.state == QuotaPlanState::draft && to == QuotaPlanState::proposed) ||
                       (row.state == QuotaPlanState::proposed && to == QuotaPlanState::agreed);
  const bool back =
      to == QuotaPlanState::draft && (row.state == QuotaPlanState::proposed || row.state == QuotaPlanState::agreed);
  if (!forward && !back) {
    throw Error(Code::state, "quota_plan", "state",
                fmt::format("a version that is {} does not become {}; draft -> proposed -> agreed, and back to draft; "
                            "activate puts an agreed one in force",
                            name_of(row.state), name_of(to)));
  }
  if (to == QuotaPlanState::proposed && nodes_of(work.as_system("quotas"), plan).empty()) {
    throw Error(Code::invalid, "quota_plan", "state", "the version has no quota; set one with its id as draft");
  }
  row.state = to;
  work.update(row);
}

namespace {

/// Nodes of a version whose children miss parent x (1 + over_percent / 100).
std::vector<QuotaNode> uneven(const Reader& system, const std::vector<Quota>& nodes) {
  std::vector<QuotaNode> found;
  for (const Quota& node : nodes) {
    if (node.parent) continue;
    for (QuotaNode& checked : quota_tree(system, node.id)) {
      if (checked.unplanned.minor != 0) found.push_back(std::move(checked));
    }
  }
  return found;
}

[[noreturn]] void fail_uneven(const std::vector<QuotaNode>& nodes) {
  std::string text;
  for (const QuotaNode& node : nodes) {
    text += fmt::format("{}quota {} is {}, its children {}: {} off", text.empty() ? "" : "; ", node.quota.id.value,
                        display({node.quota.amount.minor, node.quota.currency}), display(*node.children_sum),
                        display(node.unplanned));
  }
  throw Error(Code::state, "quota_plan", "check",
              "children do not add up: " + text + ". Change them, or the check to report");
}

using Subject = std::tuple<std::optional<Id>, std::optional<Id>, std::string, std::string, QuotaMetric, std::string>;
Subject subject_of(const Quota& quota) {
  return {quota.unit, quota.employee, quota.period, quota.calendar, quota.metric, quota.measure};
}

/// What is in force once a version is: written leaf by leaf, so that references hold at every step.
class Activation {
 public:
  Activation(Work& work, const QuotaPlan& plan, std::vector<Quota> nodes)
      : work_(work), system_(work.as_system("quotas")), plan_(plan), nodes_(std::move(nodes)) {
    for (Quota& row : system_.list<Quota>({.conditions = {equals(kQuota, "draft", 0)}})) {
      Subject subject = subject_of(row);
      live_.emplace(std::move(subject), std::move(row));
    }
    for (const QuotaPlan& other : system_.list<QuotaPlan>({.conditions = {equals(kQuotaPlan, "name", plan.name)}})) {
      if (other.state == QuotaPlanState::active) before_ = other;
    }
  }

  void run() {
    for (const Quota& node : nodes_) {
      if (!node.parent) put(node, std::nullopt);
    }
    remove_left_over();
    if (before_) {
      before_->state = QuotaPlanState::superseded;
      work_.update(*before_);
    }
  }

 private:
  void put(const Quota& node, std::optional<Id> parent) {
    Quota row = node;
    row.id = {};
    row.revision = row.seq = 0;
    row.draft = 0;
    row.counts = counts_key(row);
    row.parent = parent;
    const auto known = live_.find(subject_of(node));
    if (known == live_.end()) {
      work_.create(row);
    } else {
      const Quota& old = known->second;
      if (old.plan && (!before_ || *old.plan != before_->id)) {
        throw Error(Code::conflict, "quota", old.unit ? "unit" : "employee",
                    fmt::format("quota {} for {} is in force by another plan, version {}; take it out of this one",
                                old.id.value, old.period, old.plan->value));
      }
      row.id = old.id;
      row.revision = old.revision;
      row.seq = old.seq;
      if (!row.committed) row.committed = old.committed;
      work_.update(row);
      live_.erase(known);
    }
    for (const Quota& child : nodes_) {
      if (child.parent == node.id) put(child, row.id);
    }
  }

  /// What the version before had and this one has not goes, leaves first.
  void remove_left_over() {
    if (!before_) return;
    std::vector<Quota> left;
    for (const auto& [subject, row] : live_) {
      if (row.plan == before_->id) left.push_back(row);
    }
    while (!left.empty()) {
      const auto leaf = std::find_if(left.begin(), left.end(), [&](const Quota& row) {
        return std::none_of(left.begin(), left.end(), [&](const Quota& other) { return other.parent == row.id; });
      });
      const Quota row = leaf == left.end() ? left.front() : *leaf;
      work_.remove<Quota>(row.id, row.revision);
      std::erase_if(left, [&](const Quota& other) { return other.id == row.id; });
    }
  }

  Work& work_;
  Reader system_;
  const QuotaPlan& plan_;
  std::vector<Quota> nodes_;
  std::map<Subject, Quota> live_;
  std::optional<QuotaPlan> before_;
};

}  // namespace

std::vector<QuotaNode> activate(Work& work, Id plan) {
  work.require(Action::close, kQuotaPlan, plan);
  QuotaPlan row = work.get<QuotaPlan>(plan);
  if (row.state != QuotaPlanState::agreed) {
    throw Error(Code::state, "quota_plan", "state",
                fmt::format("version {} of '{}' is {}; only an agreed one is put in force", row.version, row.name,
                            name_of(row.state)));
  }
  const Reader system = work.as_system("quotas");
  std::vector<Quota> nodes = nodes_of(system, plan);
  std::vector<QuotaNode> differences = uneven(system, nodes);
  if (!differences.empty() && row.check == QuotaCheck::strict) fail_uneven(differences);
  Work::Step step(work);
  work.trusted([&] {
    Activation(work, row, std::move(nodes)).run();
    row.state = QuotaPlanState::active;
    work.update(row);
  });
  step.keep();
  return differences;
}

Table to_table(const std::vector<QuotaNode>& nodes) {
  MixedTable table({{.name = "quota", .type = Type::id},
                    {.name = "period"},
                    amount_column("amount"),
                    amount_column("children_sum"),
                    amount_column("unplanned")});
  for (const QuotaNode& node : nodes) {
    const Quota& quota = node.quota;
    table.add(quota.currency, quota.id, quota.period, Money{quota.amount.minor, quota.currency},
              node.children_sum ? Value(*node.children_sum) : Value(), node.unplanned);
  }
  return std::move(table).table();
}

}  // namespace incentive

template <>
const Entity& entity_of<QuotaPlan>() {
  return incentive::kQuotaPlan;
}

}  // namespace kith
