// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Conditions that nothing can meet, or that another one leaves nothing for.

#include "kith/schema/expression.hpp"

namespace kith::incentive {

/// A scope position about which the condition asks for what no one value is: `amount > 10 USD and amount < 5 USD`; or
/// -1. Looks at each name alone, so it finds some of them, never one that can be met.
int contradicted(const Expression& condition);

/// Whether `wide` holds wherever `narrow` does: `amount > 10 USD` wherever `amount > 20 USD`. Finds some such pairs,
/// never a wrong one.
bool covers(const Expression& wide, const Expression& narrow);

}  // namespace kith::incentive
