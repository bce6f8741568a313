// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whose amount an error is about. Arithmetic knows numbers alone; the loops around it know the payee, the component
/// and the event, and say so where a number leaves 64 bits.

#include <string>
#include <utility>

#include "kith/base/error.hpp"

namespace kith::incentive {

/// Runs `act`; an Error{overflow} in it begins with what `whose` says: "event shop:7: ...". Loops within loops add up,
/// from the outer to the inner one.
template <class Whose, class Act>
decltype(auto) told_whose(Whose&& whose, Act&& act) {
  try {
    return std::forward<Act>(act)();
  } catch (const Error& error) {
    if (error.code != Code::overflow) throw;
    throw Error(error.code, error.entity, error.field, whose() + ": " + error.message);
  }
}

}  // namespace kith::incentive
