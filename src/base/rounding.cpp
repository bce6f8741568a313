// SPDX-License-Identifier: Apache-2.0
#include "kith/base/rounding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

__extension__ typedef unsigned __int128 UInt128;

constexpr std::array<std::string_view, 8> kModes = {"half_up", "half_even", "half_down", "down",
                                                    "up",      "floor",     "ceiling",   "half_ceiling"};

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

UInt128 magnitude(Int128 value) {
  // Negating in unsigned arithmetic is defined for the smallest value too.
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

// Whether a quotient with a remainder moves away from zero. `tie` is the sign of 2 * remainder - denominator.
bool moves_away(Rounding mode, int tie, bool odd, bool negative) {
  switch (mode) {
    case Rounding::half_up: return tie >= 0;
    case Rounding::half_even: return tie > 0 || (tie == 0 && odd);
    case Rounding::half_down: return tie > 0;
    case Rounding::down: return false;
    case Rounding::up: return true;
    case Rounding::floor: return negative;
    case Rounding::ceiling: return !negative;
    case Rounding::half_ceiling: return tie > 0 || (tie == 0 && !negative);
  }
  throw Error(Code::misuse, fmt::format("{} is no rounding mode.", static_cast<int>(mode)));
}

[[noreturn]] void fail_overflow(std::string_view what) {
  throw Error(Code::overflow, fmt::format("The {} does not fit 64 bits ({} to {}).", what, kMin, kMax));
}

}  // namespace

std::string_view name_of(Rounding mode) {
  const auto index = static_cast<std::size_t>(static_cast<std::int32_t>(mode)) - 1;
  if (index < kModes.size()) return kModes[index];
  throw Error(Code::misuse, fmt::format("{} is no rounding mode.", static_cast<int>(mode)));
}

Rounding parse_rounding(std::string_view name) {
  const auto found = std::find(kModes.begin(), kModes.end(), name);
  if (found == kModes.end()) {
    throw Error(Code::invalid,
                fmt::format("{} is no rounding mode; expected one of {}.", quote(name), fmt::join(kModes, ", ")));
  }
  return static_cast<Rounding>(found - kModes.begin() + 1);
}

Int128 divide_wide(Int128 numerator, Int128 denominator, Rounding mode) {
  if (denominator == 0) throw Error(Code::misuse, "Division by zero; test the denominator before dividing.");
  const bool negative = (numerator < 0) != (denominator < 0);
  const UInt128 above = magnitude(numerator);
  const UInt128 below = magnitude(denominator);
  UInt128 quotient = above / below;
  const UInt128 remainder = above % below;
  if (remainder != 0) {
    // Comparing with the rest up to the next whole number cannot overflow, doubling the remainder can.
    const UInt128 rest = below - remainder;
    const int tie = remainder > rest ? 1 : remainder == rest ? 0 : -1;
    if (moves_away(mode, tie, (quotient & 1) != 0, negative)) ++quotient;
  }
  constexpr UInt128 kTop = UInt128{1} << 127;
  if (quotient > kTop || (quotient == kTop && !negative)) {
    throw Error(Code::overflow, "The quotient does not fit 128 bits.");
  }
  return static_cast<Int128>(negative ? UInt128{0} - quotient : quotient);
}

std::int64_t divide(Int128 numerator, Int128 denominator, Rounding mode) {
  return narrow(divide_wide(numerator, denominator, mode), "quotient");
}

std::int64_t checked_add(std::int64_t a, std::int64_t b, std::string_view what) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) fail_overflow(what);
  return result;
}

std::int64_t checked_sub(std::int64_t a, std::int64_t b, std::string_view what) {
  std::int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) fail_overflow(what);
  return result;
}

std::int64_t checked_mul(std::int64_t a, std::int64_t b, std::string_view what) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) fail_overflow(what);
  return result;
}

std::int64_t narrow(Int128 value, std::string_view what) {
  if (value < kMin || value > kMax) fail_overflow(what);
  return static_cast<std::int64_t>(value);
}

std::int64_t power_of_ten(int exponent) {
  if (exponent < 0 || exponent > 18) {
    throw Error(Code::misuse, fmt::format("10^{} is asked for; the exponent runs from 0 to 18.", exponent));
  }
  std::int64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

std::vector<std::int64_t> allocate(std::int64_t amount, std::span<const std::int64_t> weights) {
  UInt128 total = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < 0) {
      throw Error(Code::invalid,
                  fmt::format("Weight {} of {} is {}; a weight is zero or more.", i + 1, weights.size(), weights[i]));
    }
    total += static_cast<UInt128>(weights[i]);
  }
  if (total == 0) {
    throw Error(Code::invalid,
                fmt::format("None of the {} weights is above zero; nobody can take a share.", weights.size()));
  }
  const UInt128 whole = magnitude(amount);
  UInt128 left = whole;
  std::vector<std::uint64_t> shares(weights.size());
  std::vector<UInt128> remainders(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // Below 2^63 * 2^63, so the product needs 126 bits.
    const UInt128 product = whole * static_cast<UInt128>(weights[i]);
    shares[i] = static_cast<std::uint64_t>(product / total);
    remainders[i] = product % total;
    left -= shares[i];
  }
  // Fewer units are left than lines have a remainder, so a line of weight zero never takes one.
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; i < static_cast<std::size_t>(left); ++i) ++shares[order[i]];
  std::vector<std::int64_t> parts(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Int128 share = shares[i];
    parts[i] = narrow(amount < 0 ? -share : share, "share");
  }
  return parts;
}

}  // namespace kith
