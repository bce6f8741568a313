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
  measure = 4,        ///< what the Measure of the name `Quota::measure` says (incentive/measure.hpp)
};
template <>
struct Choices<QuotaMetric> {
  static constexpr std::string_view names[] = {"won_amount", "won_count", "new_customers", "measure"};
};

/// How a node got its amount.
enum class QuotaMethod : std::int32_t {
  fixed = 1,
  ratio = 2,
  equal = 3,
  history = 4,    ///< by what each brought in the same period of the year before; in equal parts where nobody has any
  bottom_up = 5,  ///< the sum of its children
};
template <>
struct Choices<QuotaMethod> {
  static constexpr std::string_view names[] = {"fixed", "ratio", "equal", "history", "bottom_up"};
};

/// How far a result got. Numbers are stable.
enum class QuotaGrade : std::int32_t {
  none = 1,
  target = 2,     ///< 目標
  stretch = 3,    ///< 衝刺
  challenge = 4,  ///< 挑戰
};
template <>
struct Choices<QuotaGrade> {
  static constexpr std::string_view names[] = {"none", "target", "stretch", "challenge"};
};

/// A node: a target of a unit (with everyone below it) or of an employee, for a period. Nodes with `draft` 0 are in
/// force; the others belong to a version of a quota plan (incentive/quota_plan.hpp) and count for nothing until it is
/// activated. Trees never mix the two.
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
  Currency currency = {};  ///< default: the parent's, else the store's; XXX for metrics that count, whose amount is
                           ///< then the number itself
  Amount amount = {};
  QuotaMethod method = QuotaMethod::fixed;
  std::optional<Decimal> weight = {};    ///< given with ratio, scale 9
  std::optional<Id> home = {};           ///< kept: by which unit it is seen: `unit`, or the employee's when it was set
  std::string measure = {};              ///< name of the Measure with metric `measure`, else empty
  std::optional<Amount> stretch = {};    ///< a second grade, at least `amount`
  std::optional<Amount> challenge = {};  ///< a third one, at least the grade before it
  std::optional<Amount> committed = {};  ///< what its owner has promised from below, for `reconcile`
  Decimal over_percent = {0, 6};         ///< by how many percent its children together should exceed it, scale 6
  std::optional<Id> plan = {};           ///< kept: the version of a quota plan it belongs to, or that put it in force
  std::int64_t draft = 0;                ///< id of that version while it is no more than a proposal; 0: in force
  std::string counts = {};  ///< kept: metric or measure with the draft; a subject has one node of each in a period
  /// Kept: what one unit of `currency` is worth in the base currency, by the plan rate of the first day as it was when
  /// the root was set; absent for the base currency. The actual is the sum of base amounts over this, rounded once.
  std::optional<std::string> base_rate = {};
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
  Money unplanned = {};   ///< children_sum - amount x (1 + over_percent / 100), that rounded half up; 0 for leaves
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
  Money gap = {};                       ///< goal - actual
  std::optional<Decimal> percent = {};  ///< actual / goal x 100, 2 decimals, half up; absent for a goal of 0
  Money goal = {};  ///< amount less what ramps and leaves take off it, rounded half up; `gap` counts from here
  QuotaGrade grade = QuotaGrade::none;  ///< by the exact goal and grades, relieved alike
};

/// A period of a finer grain and its target, if there is one.
struct QuotaPart {
  Period period = {};
  std::optional<Quota> quota = {};
};

namespace incentive {

/// Sets a root, or any node by hand (method fixed); fills in `from`, `to`, `home`, the currency and
/// its rate. A node that was read (with its revision) gets other amounts; what it counts stays. Errors: invalid
/// (negative amount, grades that fall, both or neither of unit and employee, a period that is none, another currency
/// than the parent's, or one without a plan rate on the first day, an unknown measure, a parent that counts something
/// else or is a person's), conflict (the node has a quota for that period), state (its plan is no draft any more).
Id set_quota(Work& work, Quota& quota);
/// Shares a node's amount among children, made or replaced in the order given; grandchildren that exist are kept and
/// show up in `quota_tree` when they no longer add up. The amount is raised by `over_percent` (5 = 105 %), rounded half
/// up once, then shared; grades are shared alike. Children that are no longer named go. Errors: invalid for no child, a
/// child named twice, a weight that is not positive, method fixed, a percentage below 0; conflict for a child that has
/// its quota under another parent, or is no longer named but still has children.
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

/// The same as a table: period, from, to, quota, amount.
Table to_table(const std::vector<QuotaPart>& parts);

/// The tree below (and with) a node, parents before children, with its consistency: nodes that the actor may see, their
/// sums over all children.
std::vector<QuotaNode> quota_tree(const Reader& reader, Id root);
/// Attainment of every node below (and with) `root`. Actuals count every deal won in the period, whoever may see it
/// (the declared exception), for nodes in the actor's scope.
std::vector<QuotaAttainment> attainment(const Reader& reader, Id root);
/// What quotas of that metric (and measure) are in unless they name another: the store's currency, or XXX, the currency
/// without money, for what is a number. Errors: invalid (unknown measure).
Currency quota_currency(const Reader& reader, QuotaMetric metric, std::string_view measure = {});
/// actual / target x 100 at 2 decimals, half up; nothing for a target of 0. Never compare the result: cross-multiply.
std::optional<Decimal> compute_attainment(std::int64_t actual, std::int64_t target);

}  // namespace incentive
}  // namespace kith
