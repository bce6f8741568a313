// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Exact fractions of any size that are fast while they are small. A small one is a 128-bit numerator over a 64-bit
/// denominator, kept as it came and reduced only where a result would leave those widths; what does not fit even then
/// is a Boost rational. Values, comparisons and texts do not depend on which of the two a number is.

#include <boost/multiprecision/cpp_int.hpp>
#include <concepts>
#include <cstdint>
#include <memory>

#include "kith/base/rounding.hpp"

namespace kith::incentive {

using Whole = boost::multiprecision::cpp_int;

class Fraction {
 public:
  using Wide = boost::multiprecision::cpp_rational;

  Fraction() = default;
  template <std::integral T>
  Fraction(T value) : top_(value) {}       // NOLINT: implicit, as numbers are
  Fraction(Int128 value) : top_(value) {}  // NOLINT
  explicit Fraction(const Whole& value) : Fraction(Wide(value)) {}
  explicit Fraction(const Wide& value);
  /// bottom > 0.
  static Fraction over(Int128 top, std::int64_t bottom);

  Fraction(const Fraction& other) : top_(other.top_), bottom_(other.bottom_) {
    if (other.wide_) wide_ = std::make_unique<Wide>(*other.wide_);
  }
  Fraction& operator=(const Fraction& other) {
    top_ = other.top_;
    bottom_ = other.bottom_;
    wide_ = other.wide_ ? std::make_unique<Wide>(*other.wide_) : nullptr;
    return *this;
  }
  Fraction(Fraction&&) noexcept = default;
  Fraction& operator=(Fraction&&) noexcept = default;
  ~Fraction() = default;

  Fraction operator-() const;
  Fraction& operator+=(const Fraction& other) {
    Int128 sum = 0;
    if (!wide_ && !other.wide_ && bottom_ == other.bottom_ && !__builtin_add_overflow(top_, other.top_, &sum)) {
      top_ = sum;
      return *this;
    }
    add(other, false);
    return *this;
  }
  Fraction& operator-=(const Fraction& other) {
    Int128 rest = 0;
    if (!wide_ && !other.wide_ && bottom_ == other.bottom_ && !__builtin_sub_overflow(top_, other.top_, &rest)) {
      top_ = rest;
      return *this;
    }
    add(other, true);
    return *this;
  }
  Fraction& operator*=(const Fraction& other) {
    Int128 top = 0;
    std::int64_t bottom = 0;
    if (!wide_ && !other.wide_ && !__builtin_mul_overflow(top_, other.top_, &top) &&
        !__builtin_mul_overflow(bottom_, other.bottom_, &bottom)) {
      top_ = top;
      bottom_ = bottom;
      return *this;
    }
    multiply(other);
    return *this;
  }
  /// `other` is not 0.
  Fraction& operator/=(const Fraction& other);

  friend Fraction operator+(Fraction a, const Fraction& b) { return a += b; }
  friend Fraction operator-(Fraction a, const Fraction& b) { return a -= b; }
  friend Fraction operator*(Fraction a, const Fraction& b) { return a *= b; }
  friend Fraction operator/(Fraction a, const Fraction& b) { return a /= b; }
  friend bool operator==(const Fraction& a, const Fraction& b) { return a.compare(b) == 0; }
  friend std::strong_ordering operator<=>(const Fraction& a, const Fraction& b) { return a.compare(b) <=> 0; }

  /// In lowest terms, the denominator above 0.
  friend Whole numerator(const Fraction& value);
  friend Whole denominator(const Fraction& value);

  bool is_zero() const { return wide_ ? wide_->is_zero() : top_ == 0; }
  /// A small number as it is kept, not reduced; nothing for a large one.
  bool small(Int128& top, std::int64_t& bottom) const {
    top = top_;
    bottom = bottom_;
    return !wide_;
  }

 private:
  int compare(const Fraction& other) const {
    if (!wide_ && !other.wide_ && bottom_ == other.bottom_) return top_ < other.top_ ? -1 : top_ > other.top_;
    return compare_slowly(other);
  }
  int compare_slowly(const Fraction& other) const;
  void add(const Fraction& other, bool negative);
  void multiply(const Fraction& other);
  Wide wide() const;
  void keep(const Wide& value);
  void reduce();

  Int128 top_ = 0;
  std::int64_t bottom_ = 1;
  std::unique_ptr<Wide> wide_;
};

}  // namespace kith::incentive
