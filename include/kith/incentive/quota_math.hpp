// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Quotas as arithmetic, without a store: goals are shared out and checked, compared with what came in, paced by days,
/// ranked, and met with capacity. Amounts are int64 minor units (or counts of anything); comparisons cross-multiply, so
/// that exactly 80 % is 80 %. Pure and thread-safe; what leaves 64 bits is Error{overflow}.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kith/base/decimal.hpp"
#include "kith/base/rounding.hpp"
#include "kith/incentive/proration.hpp"

namespace kith::incentive {

// --- Decomposition ----------------------------------------------------------------------------------------------

/// The amount raised by so many percent (5 = 105 %), rounded once. Errors: invalid for a percentage below 0.
std::int64_t over_assign(std::int64_t amount, Decimal percent, Rounding mode);
/// The amount on each layer below, each raised on top of the one above: 10,000,000 with 5 and 5 is 10,500,000 and
/// 11,025,000. Every layer is rounded from the exact product, so that rounding does not compound.
std::vector<std::int64_t> over_assign_layers(std::int64_t amount, std::span<const Decimal> percents, Rounding mode);

/// Parts as equal as whole units allow, the earlier ones larger: `allocate` with weights of 1. Weeks of a quarter are
/// decompose_equal(amount, 13). Errors: invalid unless `parts` is above 0.
std::vector<std::int64_t> decompose_equal(std::int64_t amount, std::int64_t parts);
/// Parts by ratio, by largest remainder. Weights may have any scales: 4, 4, 5 or 0.22, 0.26, 0.24, 0.28. Errors:
/// invalid for a negative weight or when all are zero; overflow when a common scale does not hold them.
std::vector<std::int64_t> decompose_ratio(std::int64_t amount, std::span<const Decimal> weights);
/// Parts by what each brought in before; negative history counts 0. Where nobody has any, the parts are equal.
std::vector<std::int64_t> decompose_history(std::int64_t amount, std::span<const std::int64_t> history);
/// Parts by seasonality. Errors: invalid unless the shares sum to exactly 1 (the message shows it in percent).
std::vector<std::int64_t> decompose_seasonal(std::int64_t amount, std::span<const Decimal> shares);

/// children - parent x (1 + over/100), the parent rounded half up once: 0 means that a tree adds up.
std::int64_t tree_difference(std::int64_t parent, std::span<const std::int64_t> children, Decimal over_percent = {});
/// By how many percent the children exceed the parent (negative: fall short), unrounded; nothing for a parent of 0.
std::optional<Exact> over_assignment(std::int64_t parent, std::span<const std::int64_t> children);

// --- Attainment -------------------------------------------------------------------------------------------------

/// actual / goal; nothing for a goal of 0: not applicable, never an infinite or a full attainment.
std::optional<Exact> attainment_of(std::int64_t actual, const Exact& goal);
/// Whether actual / goal is at least `threshold` (0.8 for 80 %), exactly. False for a goal of 0 or below.
bool reaches(std::int64_t actual, const Exact& goal, Decimal threshold);
/// Straight-line pay: target pay x actual / goal, rounded once; nothing for a goal of 0 (the component then does not
/// apply and pays nothing). Below `threshold` it is 0 (a cliff: from it on, the first unit counts).
std::optional<std::int64_t> linear_pay(std::int64_t target_pay, std::int64_t actual, const Exact& goal,
                                       Decimal threshold, Rounding mode);

/// How a goal stands on a day. Numbers are stable.
enum class GoalStatus : std::int32_t {
  achieved = 1,        ///< actual >= goal
  on_track = 2,        ///< actual >= pace
  behind = 3,          ///< actual < pace
  overdue = 4,         ///< the period has ended and actual < goal
  not_applicable = 5,  ///< the goal is 0
};
std::string_view name_of(GoalStatus status);

/// What should be there by now: goal x elapsed / days, exactly. Days are working days of the period; what has elapsed
/// is cut to [0, days]. Errors: invalid unless days is above 0.
Exact pace_of(std::int64_t goal, std::int64_t elapsed, std::int64_t days);
/// See `GoalStatus`. `ended` says that the last day of the period has gone by.
GoalStatus goal_status(std::int64_t goal, std::int64_t actual, std::int64_t elapsed, std::int64_t days, bool ended);
/// (actual + weighted open deals that close in the period) / goal; nothing for a goal of 0.
std::optional<Exact> landing_of(std::int64_t goal, std::int64_t actual, std::int64_t weighted_open);
/// open / (goal - won): how often the pipeline covers what is missing. Nothing when won >= goal. With weighted amounts
/// in `open` it is the weighted coverage, another figure by another name. Source: coverage ratio, case K-09.
std::optional<Exact> coverage_of(std::int64_t goal, std::int64_t won, std::int64_t open);

// --- Capacity ---------------------------------------------------------------------------------------------------

/// A number of people who sell at a share of the full quota (1 for those who are through their ramp).
struct Crew {
  std::int64_t people = 0;
  Decimal productivity = {1, 0};
};
/// What a crew will bring: sum(people x productivity) x quota x expected attainment (0.85), rounded once.
/// Source: metrickittools.com, quota guide (capacity formula).
std::int64_t capacity_of(std::span<const Crew> crews, std::int64_t quota, Decimal attainment, Rounding mode);

/// How many people a target takes.
struct Headcount {
  std::int64_t required = 0;  ///< quota to hand out: target / attainment, rounded half up
  std::int64_t people = 0;    ///< target / attainment / quota, rounded up from the exact figure
};
/// Errors: invalid unless attainment and quota are above 0. Source: wiki.himodus.com, quota setting.
Headcount headcount_for(std::int64_t target, Decimal attainment, std::int64_t quota);

// --- Ranking ----------------------------------------------------------------------------------------------------

/// How equals are numbered. Numbers are stable.
enum class Ranking : std::int32_t {
  competition = 1,  ///< 1, 2, 2, 4
  dense = 2,        ///< 1, 2, 2, 3
};
/// The place of each score, 1 for the highest; equal scores have equal places.
std::vector<std::int64_t> rank(std::span<const std::int64_t> scores, Ranking ranking = Ranking::competition);

}  // namespace kith::incentive
