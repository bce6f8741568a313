// SPDX-License-Identifier: Apache-2.0
#include "kith/base/rate.hpp"

#include <fmt/format.h>

#include <boost/multiprecision/cpp_int.hpp>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

using Integer = boost::multiprecision::cpp_int;

Int128 gcd(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

Int128 product(Int128 a, Int128 b) {
  Int128 result = 0;
  if (__builtin_mul_overflow(a, b, &result)) {
    throw Error(Code::overflow, "A chain of exchange rates has too many digits to be kept exactly.");
  }
  return result;
}

// The nearest whole number by the mode; both are positive apart from the sign of the numerator.
std::int64_t divide_big(const Integer& numerator, const Integer& denominator, Rounding mode) {
  const bool negative = numerator < 0;
  const Integer size = negative ? Integer(-numerator) : numerator;
  const Integer whole = size / denominator;
  if (whole > std::numeric_limits<std::int64_t>::max()) {
    throw Error(Code::overflow, "An amount in another currency leaves 64 bits; convert smaller ones.");
  }
  // What is left only matters against a half and against nothing: that is kept, and the one rounding function decides.
  const Integer rest = size % denominator;
  const int place = rest == 0 ? 0 : rest * 2 < denominator ? 1 : rest * 2 == denominator ? 2 : 3;
  const Int128 quarters = Int128{static_cast<std::int64_t>(whole)} * 4 + place;
  return divide(negative ? -quarters : quarters, 4, mode);
}

}  // namespace

Ratio ratio(Int128 numerator, Int128 denominator) {
  if (numerator <= 0 || denominator <= 0) {
    throw Error(Code::invalid, "An exchange rate of zero or less converts nothing; give one above 0.");
  }
  const Int128 common = gcd(numerator, denominator);
  return {numerator / common, denominator / common};
}

Ratio ratio(Decimal value) {
  if (value.coefficient <= 0) {
    throw Error(Code::invalid, fmt::format("{} is no exchange rate; give one above 0.", to_string(value)));
  }
  return ratio(value.coefficient, power_of_ten(value.scale));
}

std::string to_string(const Ratio& value) {
  constexpr int kMostScale = 18;
  for (int scale = 0; scale <= kMostScale; ++scale) {
    const Int128 power = power_of_ten(scale);
    if (power % value.denominator != 0) continue;
    Int128 digits = 0;
    if (__builtin_mul_overflow(value.numerator, power / value.denominator, &digits)) break;
    std::string text = fmt::format("{:0>{}}", fmt::format("{}", digits), scale + 1);
    if (scale != 0) text.insert(text.size() - static_cast<std::size_t>(scale), 1, '.');
    return text;
  }
  return fmt::format("{}/{}", value.numerator, value.denominator);
}

Ratio parse_ratio(std::string_view text) {
  const std::size_t bar = text.find('/');
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto number = [&](std::string_view digits) {
    Int128 whole = 0;
    bool good = !digits.empty();
    for (const char digit : digits) {
      good = good && digit >= '0' && digit <= '9' && !__builtin_mul_overflow(whole, Int128{10}, &whole) &&
             !__builtin_add_overflow(whole, Int128{digit - '0'}, &whole);
    }
    if (good) return whole;
    throw Error(Code::invalid, fmt::format("{} is no exact rate; write a number such as 1.1, or a fraction such as "
                                           "10/11.",
                                           quote(text)));
  };
  if (bar != std::string_view::npos) return ratio(number(text.substr(0, bar)), number(text.substr(bar + 1)));
  if (point == text.size()) return ratio(number(text), 1);
  const std::string_view fraction = text.substr(point + 1);
  const int scale = static_cast<int>(std::min<std::size_t>(fraction.size(), 19));  // one more than a power there is
  if (scale > 18) static_cast<void>(number("."));
  static_cast<void>(number(text.substr(0, point)));
  static_cast<void>(number(fraction));
  return ratio(number(std::string(text.substr(0, point)).append(fraction)), power_of_ten(scale));
}

Ratio inverse(const Ratio& value) { return {value.denominator, value.numerator}; }

Ratio multiply(const Ratio& a, const Ratio& b) {
  // Reduced crosswise first, so that the parts stay as small as they can be and the result is in lowest terms.
  const Int128 left = gcd(a.numerator, b.denominator);
  const Int128 right = gcd(b.numerator, a.denominator);
  return {product(a.numerator / left, b.numerator / right), product(a.denominator / right, b.denominator / left)};
}

Ratio weighted_mean(std::span<const Ratio> rates, std::span<const std::int64_t> weights) {
  if (rates.size() != weights.size()) {
    throw Error(Code::invalid,
                fmt::format("{} rates have {} weights; give one for each.", rates.size(), weights.size()));
  }
  Integer numerator = 0;
  Integer denominator = 1;
  Integer total = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (weights[i] < 0) throw Error(Code::invalid, "A rate cannot count a negative number of times.");
    const Integer below = static_cast<Integer>(rates[i].denominator);
    numerator = numerator * below + Integer(rates[i].numerator) * weights[i] * denominator;
    denominator *= below;
    const Integer common = boost::multiprecision::gcd(numerator, denominator);
    if (common > 1) {
      numerator /= common;
      denominator /= common;
    }
    total += weights[i];
  }
  if (total == 0) throw Error(Code::invalid, "The mean of no rates is asked for; give at least one that counts.");
  denominator *= total;
  const Integer common = boost::multiprecision::gcd(numerator, denominator);
  numerator /= common;
  denominator /= common;
  const Integer most = (Integer(1) << 127) - 1;
  if (numerator > most || denominator > most) {
    throw Error(Code::overflow, "The mean of these exchange rates has too many digits to be kept exactly.");
  }
  return {static_cast<Int128>(numerator), static_cast<Int128>(denominator)};
}

Decimal rounded(const Ratio& value, int scale, Rounding mode) {
  return {divide_big(Integer(value.numerator) * power_of_ten(scale), Integer(value.denominator), mode), scale};
}

Ratio minor_ratio(Currency from, Currency to, const Ratio& rate) {
  return multiply(rate, ratio(power_of_ten(minor_digits(to)), power_of_ten(minor_digits(from))));
}

Money convert(Money amount, Currency to, const Ratio& rate, Rounding mode) {
  const Integer numerator = Integer(amount.minor) * Integer(rate.numerator) * power_of_ten(minor_digits(to));
  const Integer denominator = Integer(rate.denominator) * power_of_ten(minor_digits(amount.currency));
  return {divide_big(numerator, denominator, mode), to};
}

namespace {

std::optional<Route> find_pair(std::span<const Quote> quotes, Currency from, Currency to) {
  std::optional<Route> reverse;
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    if (quotes[i].from == from && quotes[i].to == to) return Route{quotes[i].rate, {{i, false}}};
    if (!reverse && quotes[i].from == to && quotes[i].to == from) {
      reverse = Route{inverse(quotes[i].rate), {{i, true}}};
    }
  }
  return reverse;
}

}  // namespace

std::optional<Route> find_route(std::span<const Quote> quotes, Currency from, Currency to, Currency pivot) {
  if (from == to) return Route{};
  if (std::optional<Route> pair = find_pair(quotes, from, to)) return pair;
  if (!pivot || pivot == from || pivot == to) return std::nullopt;
  std::optional<Route> first = find_pair(quotes, from, pivot);
  const std::optional<Route> second = find_pair(quotes, pivot, to);
  if (!first || !second) return std::nullopt;
  first->rate = multiply(first->rate, second->rate);
  first->legs.push_back(second->legs.front());
  return first;
}

}  // namespace kith
