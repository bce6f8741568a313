// SPDX-License-Identifier: Apache-2.0
#include "incentive/exact_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

constexpr int kMostDigits = 36;  // so that a sum of many still fits 128 bits

[[noreturn]] void fail(std::string_view text, int scale) {
  throw Error(Code::invalid, fmt::format("{} is no number with at most {} digits after the point and {} in all.",
                                         quote(text), scale, kMostDigits));
}

}  // namespace

std::string exact_text(Int128 value, int scale) {
  std::string digits;
  for (Int128 rest = value; rest != 0; rest /= 10) {
    const int digit = static_cast<int>(rest % 10);
    digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
  }
  const auto point = static_cast<std::size_t>(scale);
  if (digits.size() < point + 1) digits.append(point + 1 - digits.size(), '0');
  std::reverse(digits.begin(), digits.end());
  if (point > 0) {
    digits.insert(digits.size() - point, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return value < 0 ? "-" + digits : digits;
}

Int128 parse_exact(std::string_view text, int scale) {
  const bool negative = text.starts_with('-');
  const std::string_view number = text.substr(negative ? 1 : 0);
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::size_t fraction = point < number.size() ? number.size() - point - 1 : 0;
  if (point == 0 || fraction > static_cast<std::size_t>(scale) || (point < number.size() && fraction == 0) ||
      point + static_cast<std::size_t>(scale) > kMostDigits) {
    fail(text, scale);
  }
  Int128 value = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (i == point) continue;
    if (number[i] < '0' || number[i] > '9') fail(text, scale);
    value = value * 10 + (number[i] - '0');
  }
  for (std::size_t i = fraction; i < static_cast<std::size_t>(scale); ++i) value *= 10;
  return negative ? -value : value;
}

}  // namespace kith::incentive
