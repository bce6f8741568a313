// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The inner loops' arithmetic. *Scaled* numbers are numerators over Kernel::unit, the smallest power of ten over which
/// the rates of the table are whole; up to Kernel::limit they fit 63 bits and a division is one multiplication.

#include <cstdint>

#include "kith/base/rounding.hpp"
#include "kith/incentive/commission.hpp"

namespace kith::incentive {

__extension__ typedef unsigned __int128 UInt128;

inline std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

/// True where compute in 64 bits is exact.
inline bool is_small(const Kernel& kernel, std::int64_t input) {
  return magnitude(input) <= static_cast<std::uint64_t>(kernel.limit);
}

/// The band whose rate an amount >= 0 reaches; on a boundary Kernel::boundary decides.
inline std::size_t band_of(const Kernel& kernel, std::int64_t input) {
  std::size_t band = kernel.bands.size() - 1;
  if (kernel.boundary == Boundary::upper) {
    while (band > 0 && kernel.bands[band].from > input) --band;
  } else {
    while (band > 0 && kernel.bands[band].from >= input) --band;
  }
  return band;
}

/// What 0 <= input <= limit pays, scaled.
inline std::int64_t scaled_positive(const Kernel& kernel, std::int64_t input) {
  const KernelBand& band = kernel.bands[band_of(kernel, input)];
  if (kernel.mode == TierMode::marginal) return band.paid_before + (input - band.from) * band.rate;
  return input * band.rate;
}

/// What |input| <= limit pays, scaled.
inline std::int64_t scaled_small(const Kernel& kernel, std::int64_t input) {
  if (input >= 0) return scaled_positive(kernel, input);
  if (kernel.negative == Negative::zero) return 0;
  if (kernel.negative == Negative::mirror) return -scaled_positive(kernel, -input);
  return input * kernel.bands.front().rate;
}

/// The same for any input.
Int128 scaled_wide(const Kernel& kernel, std::int64_t input);

inline Int128 scaled(const Kernel& kernel, std::int64_t input) {
  return is_small(kernel, input) ? Int128{scaled_small(kernel, input)} : scaled_wide(kernel, input);
}

/// n / divisor for 0 <= n < 2^63, rounded towards zero.
inline std::int64_t quotient(const Divisor& divisor, std::uint64_t n) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>((UInt128{n} * divisor.magic) >> 64) >> divisor.shift);
}

/// kith::divide for a scaled number that fits 63 bits.
inline std::int64_t round_small(const Divisor& divisor, std::int64_t value, Rounding mode) {
  const bool negative = value < 0;
  const std::uint64_t n = magnitude(value);
  std::int64_t result = quotient(divisor, n);
  const std::int64_t rest = static_cast<std::int64_t>(n) - result * divisor.value;
  if (rest != 0) {
    const std::int64_t twice = 2 * rest - divisor.value;
    bool away = false;
    switch (mode) {
      case Rounding::half_up: away = twice >= 0; break;
      case Rounding::half_even: away = twice > 0 || (twice == 0 && (result & 1) != 0); break;
      case Rounding::half_down: away = twice > 0; break;
      case Rounding::down: break;
      case Rounding::up: away = true; break;
      case Rounding::floor: away = negative; break;
      case Rounding::ceiling: away = !negative; break;
      case Rounding::half_ceiling: away = twice > 0 || (twice == 0 && !negative); break;
    }
    result += away ? 1 : 0;
  }
  return negative ? -result : result;
}

/// The same for what an input within Kernel::limit pays: room is left for half a unit, so the usual mode needs no rest.
inline std::int64_t round_within_limit(const Divisor& divisor, std::int64_t value, Rounding mode) {
  if (mode != Rounding::half_up) return round_small(divisor, value, mode);
  const std::int64_t result = quotient(divisor, magnitude(value) + static_cast<std::uint64_t>(divisor.value) / 2);
  return value < 0 ? -result : result;
}

/// A scaled number rounded once to minor units. Errors: overflow.
inline std::int64_t round_scaled(const Kernel& kernel, Int128 value) {
  const auto small = static_cast<std::int64_t>(value);
  if (value == small && small != INT64_MIN) return round_small(kernel.unit, small, kernel.rounding.mode);
  return divide(value, kernel.unit.value, kernel.rounding.mode);
}

/// What turns scaled numbers into exact ones.
inline std::int64_t scale_up(const Kernel& kernel) { return kRateUnit / kernel.unit.value; }

}  // namespace kith::incentive
