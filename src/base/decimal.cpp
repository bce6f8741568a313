// SPDX-License-Identifier: Apache-2.0
#include "kith/base/decimal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr int kMaxScale = 18;

void check_scale(int scale) {
  if (scale >= 0 && scale <= kMaxScale) return;
  throw Error(Code::misuse, fmt::format("A decimal of scale {} is asked for; the scale runs from 0 to 18.", scale));
}

Int128 at_scale(Decimal value, int scale) { return Int128{value.coefficient} * power_of_ten(scale - value.scale); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void fail_parse(std::string_view text) {
  throw Error(Code::invalid, fmt::format("{} is no number; expected digits with an optional sign and point, without "
                                         "spaces or grouping signs, like -1234.50.",
                                         quote(text)));
}

}  // namespace

bool operator==(Decimal a, Decimal b) { return (a <=> b) == std::strong_ordering::equal; }

std::strong_ordering operator<=>(Decimal a, Decimal b) {
  check_scale(a.scale);
  check_scale(b.scale);
  const int scale = std::max(a.scale, b.scale);
  const Int128 left = at_scale(a, scale);
  const Int128 right = at_scale(b, scale);
  if (left == right) return std::strong_ordering::equal;
  return left < right ? std::strong_ordering::less : std::strong_ordering::greater;
}

Decimal parse_decimal(std::string_view text) {
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) at = 1;
  const std::size_t point = std::min(text.find('.', at), text.size());
  const std::size_t fraction = point < text.size() ? text.size() - point - 1 : 0;
  if (at == text.size() || (point < text.size() && fraction == 0)) fail_parse(text);
  constexpr Int128 kBeyond = Int128{1} << 64;
  Int128 value = 0;
  for (; at < text.size(); ++at) {
    if (at == point) continue;
    if (!is_digit(text[at])) fail_parse(text);
    // Nothing is added once the value left 64 bits, but the rest is read: a letter further on is the worse fault.
    if (value <= kBeyond) value = value * 10 + (text[at] - '0');
  }
  if (fraction > kMaxScale) {
    throw Error(Code::invalid,
                fmt::format("{} has {} digits after the point; at most 18 can be kept.", quote(text), fraction));
  }
  if (negative) value = -value;
  if (value != static_cast<std::int64_t>(value)) {
    throw Error(Code::overflow, fmt::format("{} has too many digits; without its point a number is at most "
                                            "9223372036854775807.",
                                            quote(text)));
  }
  return {static_cast<std::int64_t>(value), static_cast<std::int32_t>(fraction)};
}

std::string to_string(Decimal value, bool trim) {
  check_scale(value.scale);
  const bool negative = value.coefficient < 0;
  const auto bits = static_cast<std::uint64_t>(value.coefficient);
  std::string digits = fmt::format("{:0{}}", negative ? 0 - bits : bits, value.scale + 1);
  if (value.scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(value.scale), 1, '.');
  if (trim && value.scale > 0) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return negative ? "-" + digits : digits;
}

Decimal rescale(Decimal value, int scale) {
  const Decimal result = rescale(value, scale, Rounding::down);
  if (result == value) return result;
  throw Error(Code::invalid, fmt::format("{} has more than {} digits after the point; round it first, or name a "
                                         "rounding mode.",
                                         to_string(value), scale));
}

Decimal rescale(Decimal value, int scale, Rounding mode) {
  check_scale(scale);
  check_scale(value.scale);
  if (scale >= value.scale) return {narrow(at_scale(value, scale), "rescaled number"), scale};
  return {divide(value.coefficient, power_of_ten(value.scale - scale), mode), scale};
}

}  // namespace kith
