// SPDX-License-Identifier: Apache-2.0
#include "incentive/fraction.hpp"

#include <compare>
#include <limits>
#include <numeric>

namespace kith::incentive {
namespace {

using Wide = Fraction::Wide;
__extension__ typedef unsigned __int128 Unsigned;

Whole whole_of(Int128 value) {
  const bool negative = value < 0;
  const auto size = negative ? -static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
  Whole result = static_cast<std::uint64_t>(size >> 64);
  result <<= 64;
  result += static_cast<std::uint64_t>(size);
  return negative ? Whole(-result) : result;
}

bool fits(const Whole& value, unsigned bits) {
  return value.is_zero() || msb(value < 0 ? Whole(-value) : value) + 1 < bits;
}

Int128 narrow_of(const Whole& value) {
  const Whole size = value < 0 ? Whole(-value) : value;
  const auto high = static_cast<std::uint64_t>(size >> 64);
  const auto low = static_cast<std::uint64_t>(size & std::numeric_limits<std::uint64_t>::max());
  const auto result = static_cast<Int128>((static_cast<Unsigned>(high) << 64) | low);
  return value < 0 ? -result : result;
}

std::int64_t common(Int128 top, std::int64_t bottom) {
  return std::gcd(static_cast<std::int64_t>(top % bottom), bottom);
}

}  // namespace

Fraction::Fraction(const Wide& value) { keep(value); }

Fraction Fraction::over(Int128 top, std::int64_t bottom) {
  Fraction result;
  result.top_ = top;
  result.bottom_ = bottom;
  return result;
}

Wide Fraction::wide() const {
  if (wide_) return *wide_;
  return Wide(whole_of(top_), Whole(bottom_));
}

void Fraction::keep(const Wide& value) {
  const Whole top = boost::multiprecision::numerator(value);
  const Whole bottom = boost::multiprecision::denominator(value);
  if (fits(top, 127) && fits(bottom, 63)) {
    top_ = narrow_of(top);
    bottom_ = static_cast<std::int64_t>(narrow_of(bottom));
    wide_.reset();
  } else {
    wide_ = std::make_unique<Wide>(value);
  }
}

void Fraction::reduce() {
  if (wide_ || bottom_ == 1) return;
  const std::int64_t divisor = common(top_, bottom_);
  top_ /= divisor;
  bottom_ /= divisor;
}

Fraction Fraction::operator-() const {
  Fraction result = *this;
  if (!wide_ && top_ != std::numeric_limits<Int128>::min()) {
    result.top_ = -top_;
  } else {
    result.keep(-wide());
  }
  return result;
}

void Fraction::add(const Fraction& other, bool negative) {
  if (!wide_ && !other.wide_) {
    // Over the least common denominator, where that and the sum fit.
    const std::int64_t divisor = std::gcd(bottom_, other.bottom_);
    const std::int64_t own = other.bottom_ / divisor;
    const std::int64_t others = bottom_ / divisor;
    std::int64_t bottom = 0;
    Int128 a = 0;
    Int128 b = 0;
    Int128 sum = 0;
    const bool fit = !__builtin_mul_overflow(bottom_, own, &bottom) && !__builtin_mul_overflow(top_, Int128{own}, &a) &&
                     !__builtin_mul_overflow(other.top_, Int128{others}, &b) &&
                     !(negative ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum));
    if (fit) {
      top_ = sum;
      bottom_ = bottom;
      return;
    }
  }
  keep(negative ? Wide(wide() - other.wide()) : Wide(wide() + other.wide()));
}

void Fraction::multiply(const Fraction& other) {
  if (!wide_ && !other.wide_) {
    Fraction a = *this;
    Fraction b = other;
    a.reduce();
    b.reduce();
    const std::int64_t ab = common(a.top_, b.bottom_);
    const std::int64_t ba = common(b.top_, a.bottom_);
    a.top_ /= ab;
    b.bottom_ /= ab;
    b.top_ /= ba;
    a.bottom_ /= ba;
    if (!__builtin_mul_overflow(a.top_, b.top_, &a.top_) && !__builtin_mul_overflow(a.bottom_, b.bottom_, &a.bottom_)) {
      top_ = a.top_;
      bottom_ = a.bottom_;
      return;
    }
  }
  keep(wide() * other.wide());
}

Fraction& Fraction::operator/=(const Fraction& other) {
  Fraction divisor = other;
  divisor.reduce();
  const bool small = !divisor.wide_ && divisor.top_ <= std::numeric_limits<std::int64_t>::max() &&
                     divisor.top_ >= -std::numeric_limits<std::int64_t>::max();
  if (!small) {
    keep(wide() / other.wide());
    return *this;
  }
  const bool negative = divisor.top_ < 0;
  const Fraction turned = over(negative ? -Int128{divisor.bottom_} : Int128{divisor.bottom_},
                               static_cast<std::int64_t>(negative ? -divisor.top_ : divisor.top_));
  return *this *= turned;
}

int Fraction::compare_slowly(const Fraction& other) const {
  if (!wide_ && !other.wide_) {
    Int128 a = 0;
    Int128 b = 0;
    if (!__builtin_mul_overflow(top_, Int128{other.bottom_}, &a) &&
        !__builtin_mul_overflow(other.top_, Int128{bottom_}, &b)) {
      return a < b ? -1 : a > b;
    }
  }
  return wide().compare(other.wide());
}

Whole numerator(const Fraction& value) {
  if (value.wide_) return boost::multiprecision::numerator(*value.wide_);
  Fraction small = value;
  small.reduce();
  return whole_of(small.top_);
}

Whole denominator(const Fraction& value) {
  if (value.wide_) return boost::multiprecision::denominator(*value.wide_);
  Fraction small = value;
  small.reduce();
  return Whole(small.bottom_);
}

}  // namespace kith::incentive
