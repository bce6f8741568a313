// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to expressions: an exact rational that stays in two 128-bit words while it can, so that ordinary rows
/// cost no allocation, and moves to arbitrary precision when they overflow.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kith/base/decimal.hpp"
#include "kith/base/rounding.hpp"

namespace kith::expr {

/// A fraction. Movable, not copyable; immutable apart from assignment.
class Number {
 public:
  Number() = default;
  explicit Number(std::int64_t whole) : numerator_(whole) {}
  /// coefficient / 10^scale, 0 <= scale <= 18.
  Number(std::int64_t coefficient, int scale) : numerator_(coefficient), denominator_(power_of_ten(scale)) {}
  /// Errors: overflow when a part of the result passes 2,048 bits; this bounds the time a hostile text can take.
  friend Number operator+(const Number& a, const Number& b);
  friend Number operator-(const Number& a, const Number& b);
  friend Number operator*(const Number& a, const Number& b);
  friend Number operator/(const Number& a, const Number& b);  ///< b is not zero
  Number negated() const;
  int sign() const;
  /// -1, 0, 1
  friend int compare(const Number& a, const Number& b);

  /// Only for numbers made from one word (dates, ids, choices, booleans): that word.
  std::int64_t word() const { return static_cast<std::int64_t>(numerator_); }
  /// The value as a Decimal when one shows it exactly.
  std::optional<Decimal> exact() const;
  /// value x 10^scale, rounded half-up (ties away from zero). Errors: overflow.
  std::int64_t rounded(int scale) const;
  /// The nearest multiple of 10^-digits by that mode, -36 <= digits <= 18.
  Number rounded_to(int digits, Rounding mode) const;
  /// numerator / denominator, both above 0.
  static Number fraction(Int128 numerator, Int128 denominator);
  /// A decimal where one shows it exactly, else a fraction: "0.375", "1/3".
  std::string text() const;

 private:
  struct Big;
  struct Release {
    void operator()(Big* big) const;
  };
  using Owner = std::unique_ptr<Big, Release>;
  explicit Number(Owner big) : big_(std::move(big)) {}
  static Number slow(const Number& a, char operation, const Number& b);

  Int128 numerator_ = 0;
  Int128 denominator_ = 1;  ///< > 0
  Owner big_;               ///< when set, the value; the words are unused
};

}  // namespace kith::expr
