// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Exact integer arithmetic with named rounding: the only place where a digit is ever dropped.
/// Products run through 128 bits; whatever does not fit 64 bits at the end is Error{overflow}, never a wrapped
/// number. All functions are pure and thread-safe.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kith {

__extension__ typedef __int128 Int128;

/// How a quotient that is no whole number becomes one. Numbers are stable.
enum class Rounding : std::int32_t {
  half_up = 1,       ///< Nearest, ties away from zero. The default of Kith; commercial rounding, 四捨五入.
  half_even = 2,     ///< Nearest, ties to the even neighbour (IEEE 754 roundTiesToEven).
  half_down = 3,     ///< Nearest, ties towards zero.
  down = 4,          ///< Towards zero (truncation).
  up = 5,            ///< Away from zero.
  floor = 6,         ///< Towards minus infinity.
  ceiling = 7,       ///< Towards plus infinity.
  half_ceiling = 8,  ///< Nearest, ties towards plus infinity.
};

/// "half_up" ... ; `parse_rounding` is its inverse and throws Error{invalid} naming the known modes.
std::string_view name_of(Rounding mode);
Rounding parse_rounding(std::string_view name);

/// numerator / denominator, rounded once. Errors: overflow when the result leaves int64; misuse when
/// denominator is 0.
std::int64_t divide(Int128 numerator, Int128 denominator, Rounding mode);

/// Like `divide`, keeping 128 bits; for intermediate results.
Int128 divide_wide(Int128 numerator, Int128 denominator, Rounding mode);

/// a + b, a - b, a * b, or Error{overflow} that names `what` ("sum of amounts").
std::int64_t checked_add(std::int64_t a, std::int64_t b, std::string_view what = "sum");
std::int64_t checked_sub(std::int64_t a, std::int64_t b, std::string_view what = "difference");
std::int64_t checked_mul(std::int64_t a, std::int64_t b, std::string_view what = "product");
/// The 128-bit value as int64, or Error{overflow}.
std::int64_t narrow(Int128 value, std::string_view what = "result");

/// 10^exponent for 0 <= exponent <= 18.
std::int64_t power_of_ten(int exponent);

/// Shares `amount` by `weights` (each >= 0, at least one > 0) so that the parts sum to it exactly: the largest
/// remainder method on |amount|, ties to the earlier line, the sign put back afterwards, so that a reversal is
/// the exact mirror. Source: Hamilton/Hare method of apportionment. Errors: invalid for a negative weight or
/// when all are zero.
std::vector<std::int64_t> allocate(std::int64_t amount, std::span<const std::int64_t> weights);

}  // namespace kith
