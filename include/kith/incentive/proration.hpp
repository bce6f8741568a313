// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Parts of a period: how many days of it somebody was there, which goal held for how long, how a goal ramps up and
/// what a leave takes off it. Results stay exact fractions until a named rounding. Amounts are int64 minor units,
/// stretches are half-open [from, to). Pure and thread-safe; what leaves 64 bits at the end is Error{overflow}.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "kith/base/decimal.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/time.hpp"

namespace kith::incentive {

/// numerator / denominator in lowest terms, the denominator above 0; may be negative or 0. An amount that is not
/// rounded yet, or a ratio of two.
struct Exact {
  Int128 numerator = 0;
  Int128 denominator = 1;
  friend bool operator==(const Exact&, const Exact&) = default;
};
/// In lowest terms. Errors: misuse when the denominator is 0.
Exact exact(Int128 numerator, Int128 denominator = 1);
/// Rounded once to a whole number of minor units. Errors: overflow.
std::int64_t rounded(const Exact& value, Rounding mode);
/// Rounded once to `scale` digits after the point; for showing. Errors: overflow.
Decimal rounded(const Exact& value, int scale, Rounding mode);

/// How days are counted. Numbers are stable.
enum class DayBasis : std::int32_t {
  calendar = 1,    ///< every day
  working = 2,     ///< the days that the given calendar calls working days
  thirty_360 = 3,  ///< months of 30 days: 30E/360, ISDA 2006 definitions 4.16(g)
};

/// Says whether a day is worked. An empty one means Monday to Friday.
using IsWorkingDay = std::function<bool(Date)>;

/// Days of [from, to) on that basis. Errors: invalid when it runs backwards, or ends open where days are walked.
std::int64_t day_count(DayBasis basis, Date from, Date to, const IsWorkingDay& working = {});

/// Something that holds from one day to another.
struct Stretch {
  Date from;
  Date to;
  std::int64_t amount = 0;  ///< for a whole period, in minor units
};

/// The mean of the amounts, each weighted with its share of the days of the period [from, to): a quota that changes in
/// mid-period, a target bonus that is raised in June. Days outside the period do not count; days in no stretch count 0,
/// so one stretch from 15 January is the quota of a new hire. Errors: invalid when stretches overlap or one runs
/// backwards, or the period has no day on that basis.
Exact blend(std::span<const Stretch> stretches, Date from, Date to, DayBasis basis, const IsWorkingDay& working = {});

/// The amount for the days of the period that are in none of the leaves: amount x (days - days of leave) / days.
/// Leaves may overlap each other; their days count once. Errors as for `blend`.
Exact relieve(std::int64_t amount, Date from, Date to, std::span<const Stretch> leaves, DayBasis basis,
              const IsWorkingDay& working = {});

/// The goal of month `index` (0 is the first month): amount x ramp[index], the whole amount after the last step.
/// {0.25, 0.5, 0.75} ramps up over three months. Errors: invalid for a negative step or index.
Exact ramped(std::int64_t amount, std::span<const Decimal> ramp, std::int64_t index);

}  // namespace kith::incentive
