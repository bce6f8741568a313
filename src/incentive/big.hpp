// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Exact rationals of any size, for the formulas of pay that multiply more than two numbers.

#include <boost/multiprecision/cpp_int.hpp>

#include "kith/base/decimal.hpp"
#include "kith/base/error.hpp"
#include "kith/base/rounding.hpp"
#include "kith/incentive/proration.hpp"

namespace kith::incentive {

using BigInt = boost::multiprecision::cpp_int;
using Big = boost::multiprecision::cpp_rational;

Big big(Int128 value);
Big big(Decimal value);
Big big(const Exact& value);
/// Errors: overflow.
std::int64_t round_big(const Big& value, Rounding mode);
Exact exact_of(const Big& value);

/// Error{invalid} with the text, unless `holds`.
inline void expect(bool holds, const char* field, const char* text) {
  if (!holds) throw Error(Code::invalid, "", field, text);
}

}  // namespace kith::incentive
