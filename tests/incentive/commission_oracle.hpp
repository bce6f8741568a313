// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What commission means, written down a second time with exact rationals and no thought for speed. Shares no
/// arithmetic with the library: tests and benchmarks compare with it.

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <numeric>
#include <tuple>
#include <vector>

#include "kith/incentive/commission.hpp"

namespace kith::incentive::oracle {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

inline cpp_rational rate_of(const Band& band) {
  return cpp_rational(band.rate.coefficient) / boost::multiprecision::pow(cpp_int(10), band.rate.scale);
}

// What the table pays for x >= 0.
inline cpp_rational positive(const Component& component, const cpp_rational& x) {
  const std::vector<Band>& bands = component.tiers.bands;
  cpp_rational sum = 0;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const cpp_rational low = bands[i].from.minor;
    const bool last = i + 1 == bands.size();
    const cpp_rational high = last ? cpp_rational(x + low + 1) : cpp_rational(bands[i + 1].from.minor);
    if (component.tiers.mode == TierMode::marginal) {
      const cpp_rational part = std::min(x, high) - low;
      if (part > 0) sum += part * rate_of(bands[i]);
    } else {
      const bool upper = component.tiers.mode == TierMode::flat || component.tiers.boundary == Boundary::upper;
      const bool inside = upper ? low <= x && x < high : (low < x || (i == 0 && x == 0)) && x <= high;
      if (inside) return x * rate_of(bands[i]);
    }
  }
  return sum;
}

inline cpp_rational pays(const Component& component, const cpp_rational& x) {
  if (x >= 0) return positive(component, x);
  if (component.negative == Negative::zero) return 0;
  if (component.negative == Negative::mirror) return -positive(component, -x);
  return x * rate_of(component.tiers.bands.front());
}

inline cpp_int floor_of(const cpp_rational& x) {
  const cpp_int below = numerator(x) / denominator(x);
  return below * denominator(x) > numerator(x) ? cpp_int(below - 1) : below;
}

inline cpp_int rounded(const cpp_rational& x, Rounding mode) {
  const cpp_int low = floor_of(x);
  const cpp_rational rest = x - low;
  if (rest == 0) return low;
  const cpp_int high = low + 1;
  const cpp_rational half(1, 2);
  const cpp_int to_zero = x < 0 ? high : low;
  const cpp_int from_zero = x < 0 ? low : high;
  switch (mode) {
    case Rounding::down: return to_zero;
    case Rounding::up: return from_zero;
    case Rounding::floor: return low;
    case Rounding::ceiling: return high;
    default: break;
  }
  if (rest != half) return rest < half ? low : high;
  switch (mode) {
    case Rounding::half_up: return from_zero;
    case Rounding::half_down: return to_zero;
    case Rounding::half_ceiling: return high;
    default: return low % 2 == 0 ? low : high;
  }
}

/// Results of one component, lines by row and totals by (person, interval).
struct Result {
  std::vector<cpp_rational> line_exact;
  std::vector<cpp_int> line;
  std::map<std::pair<std::int32_t, std::int32_t>, cpp_rational> exact;  ///< unrounded earnings
  std::map<std::pair<std::int32_t, std::int32_t>, cpp_int> amount;
};

inline Result compute(const Component& component, const PlanRounding& rounding, const CreditColumns& credits) {
  const std::size_t rows = credits.amount.size();
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(credits.date[a], credits.sequence[a], credits.id[a]) <
           std::tuple(credits.date[b], credits.sequence[b], credits.id[b]);
  });
  Result result;
  result.line_exact.resize(rows);
  result.line.resize(rows);
  std::map<std::pair<std::int32_t, std::int32_t>, cpp_rational> base;
  for (const std::size_t i : order) {
    const auto key = std::pair(credits.person[i], credits.interval[i]);
    const cpp_rational before = result.exact[key];
    base[key] += credits.amount[i];
    const cpp_rational after = component.accumulate == Accumulate::interval
                                   ? pays(component, base[key])
                                   : cpp_rational(before + pays(component, credits.amount[i]));
    result.exact[key] = after;
    result.line_exact[i] = after - before;
    cpp_int& amount = result.amount[key];
    if (rounding.point == RoundingPoint::line) {
      result.line[i] = rounded(result.line_exact[i], rounding.mode);
    } else {
      // The amount so far is the rounded total before this line.
      result.line[i] = rounded(after, rounding.mode) - amount;
    }
    amount += result.line[i];
  }
  return result;
}

/// A 128-bit number as a rational over kRateUnit.
inline cpp_rational exact_of(Int128 value) {
  const auto high = static_cast<std::int64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  return cpp_rational((cpp_int(high) << 64) + low) / kRateUnit;
}

}  // namespace kith::incentive::oracle
