// SPDX-License-Identifier: Apache-2.0
// Trees of quotas: whether they add up, and what was won below each node.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "engine/verbs.hpp"
#include "incentive/quota_actuals.hpp"
#include "incentive/relief.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/quota_math.hpp"

namespace kith::incentive {
namespace {

/// All nodes that count the same as `root`, and which of them lie below it.
class Tree {
 public:
  Tree(const Reader& system, const Quota& root) {
    std::vector<Quota> rows = system.list<Quota>({.conditions = counting_the_same(root)});
    for (Quota& row : rows) {
      const Id parent = row.id == root.id ? Id{} : row.parent.value_or(Id{});
      children_[parent].push_back(std::move(row));
    }
    visit(children_.at(Id{}), root.id, 0);
  }

  struct Place {
    const Quota* quota = nullptr;
    std::int64_t depth = 0;
  };
  /// Parents before children, children by id (which is the order in which they were made).
  const std::vector<Place>& places() const { return places_; }
  const std::vector<Quota>& children(Id node) const {
    static const std::vector<Quota> none;
    const auto found = children_.find(node);
    return found == children_.end() ? none : found->second;
  }

 private:
  void visit(const std::vector<Quota>& siblings, Id only, std::int64_t depth) {
    for (const Quota& quota : siblings) {
      if (only && quota.id != only) continue;
      places_.push_back({&quota, depth});
      const auto below = children_.find(quota.id);
      if (below != children_.end()) visit(below->second, {}, depth + 1);
    }
  }

  std::unordered_map<Id, std::vector<Quota>> children_;
  std::vector<Place> places_;
};

/// The nodes that the actor may see.
std::unordered_set<Id> visible(const Reader& reader, const Quota& root) {
  std::unordered_set<Id> ids;
  const Query query{.conditions = counting_the_same(root), .fields = {"id"}};
  for (const Quota& row : reader.list<Quota>(query)) ids.insert(row.id);
  return ids;
}

/// Who below a node should have a part of it and has none.
void find_missing(const Organisation& organisation, Date day, const std::vector<Quota>& children, QuotaNode& node) {
  std::unordered_set<Id> units;
  std::unordered_set<Id> employees;
  for (const Quota& child : children) {
    if (child.unit) units.insert(*child.unit);
    if (child.employee) employees.insert(*child.employee);
  }
  const Id unit = *node.quota.unit;
  for (const Id below : organisation.below(unit, day)) {
    const bool empty = organisation.members(below, day).empty() && organisation.below(below, day).empty();
    if (!empty && !units.contains(below)) node.missing_units.push_back(below);
  }
  if (employees.empty()) return;
  for (const Id member : organisation.members(unit, day)) {
    if (!employees.contains(member)) node.missing_employees.push_back(member);
  }
}

}  // namespace

std::vector<QuotaNode> quota_tree(const Reader& reader, Id root) {
  const Quota top = reader.get<Quota>(root);
  const Reader system = reader.as_system("quotas");
  const Tree tree(system, top);
  const Organisation organisation(system);
  const Date day = std::clamp(reader.today(), top.from, Date{top.to.days - 1});
  const std::unordered_set<Id> seen = visible(reader, top);
  std::vector<QuotaNode> nodes;
  for (const Tree::Place& place : tree.places()) {
    if (!seen.contains(place.quota->id)) continue;
    QuotaNode& node = nodes.emplace_back();
    node.quota = *place.quota;
    node.depth = place.depth;
    node.difference.currency = node.unplanned.currency = node.quota.currency;
    const std::vector<Quota>& children = tree.children(node.quota.id);
    node.children = static_cast<std::int64_t>(children.size());
    if (children.empty()) continue;
    std::int64_t sum = 0;
    for (const Quota& child : children) sum = checked_add(sum, child.amount.minor, "children of a quota");
    node.children_sum = Money{sum, node.quota.currency};
    node.difference.minor = checked_sub(sum, node.quota.amount.minor, "difference of a quota");
    const std::int64_t planned = over_assign(node.quota.amount.minor, node.quota.over_percent, Rounding::half_up);
    node.unplanned.minor = checked_sub(sum, planned, "difference of a quota");
    if (node.quota.unit) find_missing(organisation, day, children, node);
  }
  return nodes;
}

std::vector<Quota> nodes_below(const Reader& system, const Quota& root) {
  const Tree tree(system, root);
  std::vector<Quota> nodes;
  for (const Tree::Place& place : tree.places()) nodes.push_back(*place.quota);
  return nodes;
}

namespace {

QuotaGrade grade_of(std::int64_t actual, const Quota& quota, const Relief& relief) {
  QuotaGrade grade = QuotaGrade::none;
  const auto reached = [&](std::optional<Amount> least, QuotaGrade next) {
    if (least && actual >= 0 && reaches(actual, relief.goal(*least), Decimal{1, 0})) grade = next;
  };
  reached(quota.amount, QuotaGrade::target);
  reached(quota.stretch, QuotaGrade::stretch);
  reached(quota.challenge, QuotaGrade::challenge);
  return grade;
}

}  // namespace

std::vector<QuotaAttainment> attainment(const Reader& reader, Id root) {
  return attainment_until(reader, root, kOpenDate);
}

std::vector<QuotaAttainment> attainment_until(const Reader& reader, Id root, Date until) {
  const Quota top = reader.get<Quota>(root);
  const Reader system = reader.as_system("quota actuals");
  const Tree tree(system, top);
  const QuotaActuals actuals(system, counted_by(top), top.from, std::min(top.to, until));
  const Reliefs reliefs(system, top.from, top.to);
  const std::unordered_set<Id> seen = visible(reader, top);
  std::vector<QuotaAttainment> nodes;
  for (const Tree::Place& place : tree.places()) {
    if (!seen.contains(place.quota->id)) continue;
    QuotaAttainment& node = nodes.emplace_back();
    node.quota = *place.quota;
    node.depth = place.depth;
    const std::int64_t actual = actuals.of(node.quota);
    const Relief relief = reliefs.of(node.quota.employee);
    const Exact goal = relief.goal(node.quota.amount);
    node.actual = {actual, node.quota.currency};
    node.goal = {rounded(goal, Rounding::half_up), node.quota.currency};
    node.gap = {checked_sub(node.goal.minor, actual, "gap of a quota"), node.quota.currency};
    node.grade = grade_of(actual, node.quota, relief);
    if (const auto share = attainment_of(actual, goal)) {
      constexpr int kPercentDigits = 2;
      node.percent = rounded(exact(share->numerator * 100, share->denominator), kPercentDigits, Rounding::half_up);
    }
  }
  return nodes;
}

}  // namespace kith::incentive
