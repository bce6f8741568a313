// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What has to be done to meet a goal: from money to deals, from deals back through the funnel to visits and leads, by
/// ratios that history has shown. Ratios are exact fractions of counts; each level is rounded up once. Pure and
/// thread-safe; what leaves 64 bits is Error{overflow}.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/incentive/proration.hpp"

namespace kith::incentive {

/// How often one thing led to the next: `won` of `tried`.
struct Conversion {
  std::int64_t won = 0;
  std::int64_t tried = 0;
};
/// The ratio to use: one's own where `tried` is above 0 and at least `minimum`, else the team's where that is, else
/// nothing. Errors: invalid for counts that are negative or win more than was tried.
std::optional<Exact> conversion_of(const Conversion& own, const Conversion& team, std::int64_t minimum);

/// A level of the funnel, from the deal backwards: opportunities (win rate), visits, leads.
struct ActionLevel {
  std::string name = {};
  Exact conversion = {1, 1};  ///< of this level into the one before; above 0
};

struct ActionTarget {
  std::string name = {};
  std::int64_t count = 0;      ///< in the whole period
  std::int64_t each_week = 0;  ///< count / weeks, rounded up
};

/// deals = ceil(amount / average deal), then each level = ceil(the one before / its conversion). An amount of 0 or less
/// needs nothing. The first target is named "deals". Errors: invalid unless the average deal, every conversion and the
/// weeks are above 0.
std::vector<ActionTarget> action_targets(std::int64_t amount, const Exact& average_deal,
                                         std::span<const ActionLevel> levels, std::int64_t weeks);

}  // namespace kith::incentive
