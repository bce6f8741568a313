// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where quotas stand on a day: the pace by working days, where they will land with the open deals that should close in
/// time, how often the pipeline covers what is missing; milestones and obstacles on the way; and the actions it still
/// takes, back-computed from what history has shown, with the figures behind them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/language.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/quota_math.hpp"

namespace kith {

template <>
struct Choices<incentive::GoalStatus> {
  static constexpr std::string_view names[] = {"achieved", "on_track", "behind", "overdue", "not_applicable"};
};

/// Numbers are stable.
enum class MilestoneKind : std::int32_t { milestone = 1, obstacle = 2 };
template <>
struct Choices<MilestoneKind> {
  static constexpr std::string_view names[] = {"milestone", "obstacle"};
};
enum class MilestoneStatus : std::int32_t { open = 1, done = 2, dropped = 3 };
template <>
struct Choices<MilestoneStatus> {
  static constexpr std::string_view names[] = {"open", "done", "dropped"};
};

/// Something on the way to a quota: a step to reach, or something in the way.
struct QuotaMilestone {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id quota = {};
  MilestoneKind kind = MilestoneKind::milestone;
  std::string title = {};
  std::optional<Id> owner = {};  ///< employee who sees to it
  std::optional<Date> due = {};  ///< open after that day means overdue
  MilestoneStatus status = MilestoneStatus::open;
  std::optional<std::string> note = {};
};
template <>
const Entity& entity_of<QuotaMilestone>();

/// How a node stands on a day. Ratios are exact; what is shown is rounded half up.
struct QuotaPace {
  QuotaAttainment node = {};  ///< with what came in up to and on the day
  std::int64_t elapsed = 0;   ///< working days up to and with the day
  std::int64_t days = 0;      ///< of the period
  Money pace = {};            ///< goal x elapsed / days, rounded half up
  incentive::GoalStatus status = incentive::GoalStatus::not_applicable;
  /// Open deals that are expected to close in the period, by today's owners and splits: in full, and weighted by the
  /// chance that counts, summed exactly and rounded once. Absent for metrics that are no deals.
  std::optional<Money> open = {};
  std::optional<Money> weighted = {};
  std::optional<Decimal> landing = {};            ///< (actual + weighted) / goal x 100, 2 decimals
  std::optional<Decimal> coverage = {};           ///< open / (goal - actual), 2 decimals; absent when reached
  std::optional<Decimal> weighted_coverage = {};  ///< weighted / (goal - actual)
  std::int64_t overdue_milestones = 0;            ///< milestones and obstacles that are open after their day
  std::int64_t open_obstacles = 0;
};

/// How to look for what happened before.
struct ActionHistory {
  std::optional<Date> from = {};  ///< default: a year before the quota's period begins
  std::optional<Date> to = {};    ///< default: where the quota's period begins, at most the day after `on`
  std::int64_t minimum = 5;       ///< a ratio of fewer cases than that is taken from the team instead
  /// Names of measures that count, from the deal backwards: visits, leads.
  std::vector<std::string> levels = {};
};

/// A level of the chain with the figures behind it.
struct ActionStep {
  std::string name = {};
  std::int64_t count = 0;      ///< needed until the period ends
  std::int64_t each_week = 0;  ///< rounded up
  std::int64_t won = 0;        ///< history: of the level before; of the first step minor units
  std::int64_t tried = 0;      ///< history: of this level
  bool own = false;            ///< the figures are the node's own, not those of all
};

/// What it still takes to meet a quota.
struct ActionPlan {
  Quota quota = {};
  Date on = {};
  Date history_from = {};
  Date history_to = {};
  Money remaining = {};                ///< max(0, goal - actual)
  Money weighted = {};                 ///< open deals that should close in the period
  Money needed = {};                   ///< max(0, remaining - weighted)
  Money average_deal = {};             ///< rounded for showing; the chain uses the exact fraction
  std::int64_t weeks = 0;              ///< from the day to the end of the period, begun ones count
  std::vector<ActionStep> steps = {};  ///< deals, new_customers, opportunities, then the levels
};

namespace incentive {

/// The tree below (and with) a node on a day (default: today, within the period). `working_calendar` names one of the
/// store's; without it Monday to Friday are worked. Errors: invalid (a day outside the period, a period without a
/// working day), not_found.
std::vector<QuotaPace> quota_pace(const Reader& reader, Id root, std::optional<Date> on = {},
                                  std::string_view working_calendar = {});

/// What a node of money still takes. Errors: invalid (a quota that counts, a level that adds up money), state (nobody
/// has won a deal in that time: give another).
ActionPlan action_plan(const Reader& reader, Id quota, std::optional<Date> on = {}, const ActionHistory& history = {});
/// The chain in words, a line a step: English or Chinese (others: English).
std::string to_text(const ActionPlan& plan, Language language = Language::english);

/// Adds a milestone or obstacle to a quota that the actor may edit or owns, or changes the one that was read. Errors:
/// invalid (no title), not_found, denied.
Id set_milestone(Work& work, QuotaMilestone& milestone);

}  // namespace incentive
}  // namespace kith
