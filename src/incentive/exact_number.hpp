// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Exact fractions of any size for the plan engine, with their texts and the one rounding.

#include <string>
#include <string_view>

#include "incentive/fraction.hpp"

namespace kith::incentive {

namespace general {
using Exact = Fraction;
}

/// Reads "-12.5", "12.5 %", "1/3" as a fraction. Error{invalid}: not a number, more than 60 digits.
Fraction parse_number(std::string_view text);
/// The shortest decimal text, or "numerator/denominator" where no decimal of at most 36 digits says it.
std::string number_text(const Fraction& value);
/// Rounded once to a whole multiple of `unit` (> 0), as a count of ones. Error{overflow} beyond int64.
std::int64_t round_number(const Fraction& value, Rounding mode, const Fraction& unit = 1);
/// 10^digits.
Fraction ten_to(int digits);

}  // namespace kith::incentive
