// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Decimal numbers without surprises: an int64 coefficient and a scale. Rates use scale 9, quantities and unit
/// prices scale 6; a field declares its scale and stores only the coefficient. No double is ever involved.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "kith/base/rounding.hpp"

namespace kith {

inline constexpr int kRateScale = 9;      ///< rates, shares, percentages as fractions
inline constexpr int kQuantityScale = 6;  ///< quantities and unit prices

/// coefficient / 10^scale, 0 <= scale <= 18. Comparison is by value: 1.0 equals 1.00.
struct Decimal {
  std::int64_t coefficient = 0;
  std::int32_t scale = 0;

  friend bool operator==(Decimal a, Decimal b);
  friend std::strong_ordering operator<=>(Decimal a, Decimal b);
};

/// Reads "-1234.50", "+3", ".5", "1e3"-free plain decimals; no grouping signs, no spaces.
/// Errors: invalid (not a number, or more than 18 digits after the point), overflow.
Decimal parse_decimal(std::string_view text);

/// The shortest text that shows all `scale` digits: {12345, 2} is "123.45". `trim` drops trailing zeros.
std::string to_string(Decimal value, bool trim = false);

/// The same value at another scale. Losing non-zero digits without a rounding mode is Error{invalid}.
Decimal rescale(Decimal value, int scale);
Decimal rescale(Decimal value, int scale, Rounding mode);

}  // namespace kith
