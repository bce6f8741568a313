// SPDX-License-Identifier: Apache-2.0
#include "incentive/exact_number.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

constexpr std::size_t kMostDigits = 60;
constexpr int kMostFraction = 36;

bool one_more(const Whole& magnitude, const Whole& doubled_rest, const Whole& divisor, bool negative, Rounding mode) {
  const int half = doubled_rest.compare(divisor);  // below, on or above the middle
  switch (mode) {
    case Rounding::half_up: return half >= 0;
    case Rounding::half_even: return half > 0 || (half == 0 && (magnitude & 1) != 0);
    case Rounding::half_down: return half > 0;
    case Rounding::down: return false;
    case Rounding::up: return doubled_rest != 0;
    case Rounding::floor: return negative && doubled_rest != 0;
    case Rounding::ceiling: return !negative && doubled_rest != 0;
    case Rounding::half_ceiling: return negative ? half > 0 : half >= 0;
  }
  return false;
}

/// "1/3", the way number_text writes what no decimal says; nothing for anything else.
std::optional<Fraction> parse_ratio(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const bool negative = text.starts_with('-');
  const auto whole = [](std::string_view digits) -> std::optional<Whole> {
    if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
    Whole value = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const auto top = whole(text.substr(negative ? 1 : 0, slash - (negative ? 1 : 0)));
  const auto bottom = whole(text.substr(slash + 1));
  if (!top || !bottom || *bottom == 0) return std::nullopt;
  const Fraction result = Fraction(*top) / Fraction(*bottom);
  return negative ? Fraction(-result) : result;
}

}  // namespace

Fraction parse_number(std::string_view text) {
  if (const auto ratio = parse_ratio(text)) return *ratio;
  std::string_view digits = text;
  const bool percent = digits.ends_with('%');
  if (percent) {
    digits.remove_suffix(1);
    while (digits.ends_with(' ')) digits.remove_suffix(1);
  }
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  Whole value = 0;
  std::size_t count = 0;
  int fraction = -1;
  for (const char c : digits) {
    if (c == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') {
      count = 0;
      break;
    }
    value = value * 10 + (c - '0');
    ++count;
    if (fraction >= 0) ++fraction;
  }
  if (count == 0 || count > kMostDigits || fraction == 0) {
    throw Error(Code::invalid,
                fmt::format("{} is no decimal number; write it like \"0.05\", \"5 %\" or \"1200.00\".", quote(text)));
  }
  Fraction result = Fraction(value) / ten_to(fraction > 0 ? fraction : 0);
  if (percent) result /= 100;
  return negative ? Fraction(-result) : result;
}

std::string number_text(const Fraction& value) {
  Int128 small = 0;
  std::int64_t under = 0;
  if (value.small(small, under) && under == 1 && small <= INT64_MAX && small >= INT64_MIN) {
    return std::to_string(static_cast<std::int64_t>(small));
  }
  const Whole top = numerator(value);
  const Whole bottom = denominator(value);
  Whole rest = bottom;
  int digits = 0;
  Whole scale = 1;
  while (digits <= kMostFraction && scale % bottom != 0) {
    scale *= 10;
    ++digits;
  }
  if (digits > kMostFraction) return top.str() + "/" + bottom.str();
  Whole shown = top * (scale / bottom);
  const bool negative = shown < 0;
  if (negative) shown = -shown;
  std::string text = shown.str();
  const auto point = static_cast<std::size_t>(digits);
  if (text.size() < point + 1) text.insert(0, point + 1 - text.size(), '0');
  if (point > 0) text.insert(text.size() - point, 1, '.');
  return negative ? "-" + text : text;
}

std::int64_t round_number(const Fraction& value, Rounding mode, const Fraction& unit) {
  Int128 small = 0;
  std::int64_t under = 0;
  if (unit == 1 && value.small(small, under)) {
    const Int128 rounded = under == 1 ? small : divide_wide(small, under, mode);
    if (rounded <= INT64_MAX && rounded >= INT64_MIN) return static_cast<std::int64_t>(rounded);
  }
  const Fraction scaled = value / unit;
  const bool negative = scaled < 0;
  const Whole top = negative ? Whole(-numerator(scaled)) : Whole(numerator(scaled));
  const Whole bottom = denominator(scaled);
  Whole magnitude = top / bottom;
  const Whole rest = top % bottom;
  if (one_more(magnitude, rest * 2, bottom, negative, mode)) ++magnitude;
  const Fraction result = Fraction(negative ? Whole(-magnitude) : magnitude) * unit;
  const Whole whole = numerator(result);
  if (denominator(result) != 1 || whole > INT64_MAX || whole < INT64_MIN) {
    throw Error(Code::overflow, fmt::format("The amount {} does not fit 64 bits of minor units.", number_text(value)));
  }
  return static_cast<std::int64_t>(whole);
}

Fraction ten_to(int digits) {
  constexpr int kSmall = 18;
  if (digits >= 0 && digits <= kSmall) return Fraction(power_of_ten(digits));
  Whole result = 1;
  for (int i = 0; i < digits; ++i) result *= 10;
  return Fraction(result);
}

}  // namespace kith::incentive
