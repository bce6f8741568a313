// SPDX-License-Identifier: Apache-2.0
#include "schema/expression_number.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include "schema/expression_message.hpp"

namespace kith::expr {

namespace {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

constexpr unsigned kMostBits = 2048;

bool times(Int128 a, Int128 b, Int128& result) { return !__builtin_mul_overflow(a, b, &result); }
bool plus(Int128 a, Int128 b, Int128& result) { return !__builtin_add_overflow(a, b, &result); }
bool minus(Int128 a, Int128 b, Int128& result) { return !__builtin_sub_overflow(a, b, &result); }

/// By halves, because the strict dialect does not count 128-bit words among the integers.
Integer widen(Int128 value) {
  const auto high = static_cast<std::int64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  return (Integer(high) * (Integer(1) << 64)) + Integer(low);
}

/// The value as 128 bits when it has at most 126.
bool narrow_to(const Integer& value, Int128& result) {
  const Integer magnitude = abs(value);
  if (magnitude != 0 && msb(magnitude) > 125) return false;
  const Integer low_bits = magnitude & Integer(std::numeric_limits<std::uint64_t>::max());
  const Integer high_bits = magnitude >> 64;
  const auto low = low_bits.convert_to<std::uint64_t>();
  const auto high = high_bits.convert_to<std::uint64_t>();
  const Int128 positive = (static_cast<Int128>(high) << 64) | static_cast<Int128>(low);
  result = value < 0 ? -positive : positive;
  return true;
}

void check_size(const Integer& value) {
  if (value != 0 && msb(Integer(abs(value))) >= kMostBits) {
    throw Failed(Code::overflow, Say::grew_too_big);
  }
}

}  // namespace

struct Number::Big {
  Rational value;
};

void Number::Release::operator()(Big* big) const { delete big; }

Number Number::slow(const Number& a, char operation, const Number& b) {
  const auto rational = [](const Number& x) {
    return x.big_ ? x.big_->value : Rational(widen(x.numerator_), widen(x.denominator_));
  };
  Rational value = rational(a);
  switch (operation) {
    case '+': value += rational(b); break;
    case '-': value -= rational(b); break;
    case '*': value *= rational(b); break;
    default: value /= rational(b); break;
  }
  const Integer top = numerator(value);
  const Integer bottom = denominator(value);
  check_size(top);
  check_size(bottom);
  Number small;
  if (narrow_to(top, small.numerator_) && narrow_to(bottom, small.denominator_)) return small;
  return Number(Owner(new Big{std::move(value)}));
}

Number operator+(const Number& a, const Number& b) {
  Number sum;
  if (!a.big_ && !b.big_) {
    if (a.denominator_ == b.denominator_) {
      sum.denominator_ = a.denominator_;
      if (plus(a.numerator_, b.numerator_, sum.numerator_)) return sum;
    }
    Int128 left = 0;
    Int128 right = 0;
    if (times(a.numerator_, b.denominator_, left) && times(b.numerator_, a.denominator_, right) &&
        plus(left, right, sum.numerator_) && times(a.denominator_, b.denominator_, sum.denominator_)) {
      return sum;
    }
  }
  return Number::slow(a, '+', b);
}

Number operator-(const Number& a, const Number& b) {
  Number difference;
  if (!a.big_ && !b.big_) {
    if (a.denominator_ == b.denominator_) {
      difference.denominator_ = a.denominator_;
      if (minus(a.numerator_, b.numerator_, difference.numerator_)) return difference;
    }
    Int128 left = 0;
    Int128 right = 0;
    if (times(a.numerator_, b.denominator_, left) && times(b.numerator_, a.denominator_, right) &&
        minus(left, right, difference.numerator_) && times(a.denominator_, b.denominator_, difference.denominator_)) {
      return difference;
    }
  }
  return Number::slow(a, '-', b);
}

Number operator*(const Number& a, const Number& b) {
  Number product;
  if (!a.big_ && !b.big_ && times(a.numerator_, b.numerator_, product.numerator_) &&
      times(a.denominator_, b.denominator_, product.denominator_)) {
    return product;
  }
  return Number::slow(a, '*', b);
}

Number operator/(const Number& a, const Number& b) {
  Number quotient;
  if (!a.big_ && !b.big_ && times(a.numerator_, b.denominator_, quotient.numerator_) &&
      times(a.denominator_, b.numerator_, quotient.denominator_)) {
    if (quotient.denominator_ > 0) return quotient;
    if (minus(0, quotient.numerator_, quotient.numerator_) && minus(0, quotient.denominator_, quotient.denominator_)) {
      return quotient;
    }
  }
  return Number::slow(a, '/', b);
}

Number Number::negated() const { return Number() - *this; }

int Number::sign() const {
  if (big_) return big_->value.sign();
  return numerator_ > 0 ? 1 : numerator_ < 0 ? -1 : 0;
}

int compare(const Number& a, const Number& b) {
  if (!a.big_ && !b.big_) {
    Int128 left = a.numerator_;
    Int128 right = b.numerator_;
    if (a.denominator_ == b.denominator_ ||
        (times(a.numerator_, b.denominator_, left) && times(b.numerator_, a.denominator_, right))) {
      return left < right ? -1 : left > right ? 1 : 0;
    }
  }
  return Number::slow(a, '-', b).sign();
}

std::optional<Decimal> Number::exact() const {
  const Integer top = big_ ? Integer(numerator(big_->value)) : widen(numerator_);
  const Integer bottom = big_ ? Integer(denominator(big_->value)) : widen(denominator_);
  for (int scale = 0; scale <= 18; ++scale) {
    const Integer shifted = top * power_of_ten(scale);
    if (shifted % bottom != 0) continue;
    const Integer coefficient = shifted / bottom;
    if (coefficient > std::numeric_limits<std::int64_t>::max() ||
        coefficient < std::numeric_limits<std::int64_t>::min()) {
      return std::nullopt;
    }
    return Decimal{coefficient.convert_to<std::int64_t>(), scale};
  }
  return std::nullopt;
}

std::int64_t Number::rounded(int scale) const {
  const Integer top = big_ ? Integer(numerator(big_->value)) : widen(numerator_);
  const Integer bottom = big_ ? Integer(denominator(big_->value)) : widen(denominator_);
  const Integer doubled = abs(top) * power_of_ten(scale) * 2 + bottom;
  Integer result = doubled / (bottom * 2);
  if (top < 0) result = -result;
  if (result > std::numeric_limits<std::int64_t>::max() || result < std::numeric_limits<std::int64_t>::min()) {
    throw Failed(Code::overflow, Say::too_big);
  }
  return result.convert_to<std::int64_t>();
}

Number Number::fraction(Int128 numerator, Int128 denominator) {
  Number result;
  result.numerator_ = numerator;
  result.denominator_ = denominator;
  return result;
}

namespace {

/// Whether the quotient `low` (towards zero) of an amount goes one up, away from zero.
bool goes_up(const Integer& low, const Integer& rest, const Integer& bottom, bool negative, Rounding mode) {
  if (rest == 0) return false;
  const Integer twice = rest * 2;
  switch (mode) {
    case Rounding::half_up: return twice >= bottom;
    case Rounding::half_even: return twice > bottom || (twice == bottom && (low & 1) != 0);
    case Rounding::half_down: return twice > bottom;
    case Rounding::down: return false;
    case Rounding::up: return true;
    case Rounding::floor: return negative;
    case Rounding::ceiling: return !negative;
    case Rounding::half_ceiling: return twice > bottom || (twice == bottom && !negative);
  }
  return false;
}

Integer ten_to(int exponent) { return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent)); }

}  // namespace

Number Number::rounded_to(int digits, Rounding mode) const {
  Integer top = big_ ? Integer(numerator(big_->value)) : widen(numerator_);
  Integer bottom = big_ ? Integer(denominator(big_->value)) : widen(denominator_);
  const bool negative = top < 0;
  if (negative) top = -top;
  (digits >= 0 ? top : bottom) *= ten_to(std::abs(digits));
  Integer low;
  Integer rest;
  divide_qr(top, bottom, low, rest);
  if (goes_up(low, rest, bottom, negative, mode)) ++low;
  if (negative) low = -low;
  const Rational value = digits >= 0 ? Rational(low, ten_to(digits)) : Rational(low * ten_to(-digits));
  Number small;
  if (narrow_to(numerator(value), small.numerator_) && narrow_to(denominator(value), small.denominator_)) return small;
  return Number(Owner(new Big{value}));
}

std::string Number::text() const {
  if (const std::optional<Decimal> decimal = exact()) return to_string(*decimal);
  const Rational value = big_ ? big_->value : Rational(widen(numerator_), widen(denominator_));
  return value.str();
}

}  // namespace kith::expr
