// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Bonuses that are no commission: pools shared by contribution, prizes of contests by place, premiums on single deals
/// (SPIFFs), kickers and weighted objectives. Amounts are int64 minor units. Pure and thread-safe; what leaves 64 bits
/// is Error{overflow}.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/base/decimal.hpp"
#include "kith/base/rounding.hpp"
#include "kith/incentive/proration.hpp"
#include "kith/incentive/quota_math.hpp"

namespace kith::incentive {

// --- Pools ------------------------------------------------------------------------------------------------------

/// What a pool holds when it is fed by what exceeds a hurdle: rate x max(0, result - hurdle), rounded once. The result
/// is a profit, a margin or the like. Errors: invalid for a negative rate.
std::int64_t pool_above_hurdle(std::int64_t result, std::int64_t hurdle, Decimal rate, Rounding mode);

/// Somebody who may share in a pool.
struct PoolMember {
  std::int64_t weight = 0;               ///< points, hours x grade, value attained...; below 0 counts as 0
  std::optional<std::int64_t> cap = {};  ///< at most so much
};

struct PoolShares {
  std::vector<std::int64_t> shares = {};  ///< in the order of the members
  std::int64_t paid = 0;
  std::int64_t carried = 0;              ///< paid + carried = the pool
  std::vector<std::size_t> capped = {};  ///< members that stand at their cap
  bool nobody = false;                   ///< no weight above 0: all of it is carried; worth a warning
};

/// Shares a pool by weights. Whoever would get more than the cap gets the cap; the excess goes to the rest by weight,
/// again and again, on exact fractions; then one rounding by largest remainder, ties to the earlier member. When all
/// are at their cap the remainder is carried. Errors: invalid for a negative pool or cap.
PoolShares share_pool(std::int64_t pool, std::span<const PoolMember> members);

// --- Contests ---------------------------------------------------------------------------------------------------

/// What happens when several have one place. Numbers are stable.
enum class Ties : std::int32_t {
  share = 1,  ///< they share the prizes of the places they take, in equal parts by largest remainder
  each = 2,   ///< each gets the full prize of the place; the places after them are empty
};
/// What each gets by place: prizes[0] for the highest score. Scores below `minimum` take no place. Places follow
/// `Ranking::competition`. Errors: invalid for a negative prize.
std::vector<std::int64_t> rank_payouts(std::span<const std::int64_t> scores, std::span<const std::int64_t> prizes,
                                       Ties ties, std::optional<std::int64_t> minimum = {});

// --- Single deals and modifiers ---------------------------------------------------------------------------------

/// A premium on one deal: variable pay x deal / target x rate, rounded once; 0 for a deal below `threshold` (one of
/// exactly that size counts). Errors: invalid unless the target is above 0.
std::int64_t spiff(std::int64_t variable_pay, std::int64_t deal, std::int64_t target, Decimal rate,
                   std::optional<std::int64_t> threshold, Rounding mode);

/// A step of a table that is looked up by what was reached.
struct Threshold {
  Decimal from;  ///< reached at exactly this value
  Decimal value;
};
/// Sum of the values of all steps that are reached (kickers add up), times `base`, rounded once.
std::int64_t kickers(std::int64_t base, const Exact& reached, std::span<const Threshold> steps, Rounding mode);
/// The value of the highest step that is reached, `otherwise` below all. Steps may stand in any order.
Decimal factor_of(const Exact& reached, std::span<const Threshold> steps, Decimal otherwise);

/// An objective: how much of the bonus hangs on it, and how much of it was done (0.8 for 80 %).
struct Objective {
  Decimal weight;
  Decimal done;
};
/// base x sum(weight x done), rounded once. Errors: invalid unless the weights sum to exactly 1, or for a negative one.
std::int64_t weighted_objectives(std::int64_t base, std::span<const Objective> objectives, Rounding mode);

}  // namespace kith::incentive
