// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Quotas as a tree: company > region > team > person. A node's amount is shared among its children by ratio or in
/// equal parts with the largest remainder, so that children add up to the cent; deviations are reported, never
/// silently mended. Attainment compares a node with what was won below it, by splits and by the organisation as it was.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/calendar.hpp"
#include "kith/engine/work.hpp"

namespace kith {

/// What a quota counts. Numbers are stable.
enum class QuotaMetric : std::int32_t {
  won_amount = 1,     ///< money of won deals, by their splits
  won_count = 2,      ///< won deals: one for everybody with a share, one for each unit above them
  new_customers = 3,  ///< customers by the first deal they ever gave, counted like won deals
};
template <>
struct Choices<QuotaMetric> {
  static constexpr std::string_view names[] = {"won_amount", "won_count", "new_customers"};
};

/// How a node got its amount.
enum class QuotaMethod : std::int32_t {
  fixed = 1,
  ratio = 2,
  equal = 3,
  history = 4,  ///< by what each brought in the same period of the year before; in equal parts where nobody has any
};
template <>
struct Choices<QuotaMethod> {
  static constexpr std::string_view names[] = {"fixed", "ratio", "equal", "history"};
};

/// A node: a target of a unit (with everyone below it) or of an employee, for a period.
struct Quota {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::optional<Id> parent = {};
  QuotaMetric metric = QuotaMetric::won_amount;
  std::string period = {};  ///< "2017-Q2" of calendar `calendar`
  std::string calendar = "calendar";
  Date from = {};
  Date to = {};
  std::optional<Id> unit = {};  ///< exactly one of unit and employee
  std::optional<Id> employee = {};
  Currency currency = {};  ///< the store's; XXX for metrics that count, whose amount is then the number itself
  Amount amount = {};
  QuotaMethod method = QuotaMethod::fixed;
  std::optional<Decimal> weight = {};  ///< given with ratio, scale 9
  std::optional<Id> home = {};         ///< kept: by which unit it is seen: `unit`, or the employee's when it was set
};
template <>
const Entity& entity_of<Quota>();

/// A child as given to `decompose`.
struct QuotaChild {
  std::optional<Id> unit = {};
  std::optional<Id> employee = {};
  Decimal weight = {1, 0};  ///< used by ratio; any positive numbers
};

/// A node's consistency: children against parent.
struct QuotaNode {
  Quota quota = {};
  std::int64_t depth = 0;
  std::int64_t children = 0;
  std::optional<Money> children_sum = {};
  Money difference = {};  ///< children_sum - amount; 0 for leaves
  /// Units right below the node's unit that have members or units but no child node; like the next one as of today,
  /// or of the period's day nearest to it, and empty for leaves.
  std::vector<Id> missing_units = {};
  /// Members of the node's unit without a child node, where any child is an employee.
  std::vector<Id> missing_employees = {};
};

/// A node's attainment.
struct QuotaAttainment {
  Quota quota = {};
  std::int64_t depth = 0;
  Money actual = {};
  Money gap = {};                       ///< amount - actual
  std::optional<Decimal> percent = {};  ///< actual / amount x 100, 2 decimals, half up; absent for an amount of 0
};

/// A period of a finer grain and its target, if there is one.
struct QuotaPart {
  Period period = {};
  std::optional<Quota> quota = {};
};

namespace incentive {

/// Sets a root, or any node by hand (method fixed); fills in `from`, `to`, `home` and the currency. A node that was
/// read (with its revision) gets another amount; what it counts stays. Errors: invalid (negative amount, both or
/// neither of unit and employee, a period that is none, wrong currency, a parent that counts something else or is a
/// person's), conflict (the node has a quota for that period).
Id set_quota(Work& work, Quota& quota);
/// Shares a node's amount among children, made or replaced in the order given; grandchildren that exist are kept and
/// show up in `quota_tree` when they no longer add up. The amount is raised by `over_percent` (5 = 105 %), rounded half
/// up once, then shared. Children that are no longer named go. Errors: invalid for no child, a child named twice, a
/// weight that is not positive, method fixed, a percentage below 0; conflict for a child that has its quota under
/// another parent, or is no longer named but still has children.
std::vector<Id> decompose(Work& work, Id quota, const std::vector<QuotaChild>& children, QuotaMethod method,
                          Decimal over_percent = {});

/// Shares a node's amount over the periods of a finer grain that make up its own, by weights in their order (4, 4 and 5
/// weeks; the seasons of twelve months), or equally without any. The parts sum to the amount. Each is a node of the
/// same unit or employee, made or replaced; it hangs below the node of the same period of this node's parent, where
/// that is set. Errors: invalid (a grain that does not divide the period, another number of weights, one not above 0).
std::vector<Id> split_periods(Work& work, Id quota, Grain grain, const std::vector<Decimal>& weights = {});

/// The targets of a node's unit or employee in the periods that make up its own, in order: those the actor may see.
/// They need not sum to it: `tree_difference` says by how much they miss it.
std::vector<QuotaPart> quota_parts(const Reader& reader, Id quota, Grain grain);

/// The tree below (and with) a node, parents before children, with its consistency: nodes that the actor may see, their
/// sums over all children.
std::vector<QuotaNode> quota_tree(const Reader& reader, Id root);
/// Attainment of every node below (and with) `root`. Actuals count every deal won in the period, whoever may see it
/// (the declared exception), for nodes in the actor's scope.
std::vector<QuotaAttainment> attainment(const Reader& reader, Id root);
/// actual / target x 100 at 2 decimals, half up; nothing for a target of 0. Never compare the result: cross-multiply.
std::optional<Decimal> compute_attainment(std::int64_t actual, std::int64_t target);

}  // namespace incentive
}  // namespace kith
