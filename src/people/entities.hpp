// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include "kith/people/employee.hpp"

namespace kith::people {

extern const Entity kUnit;
extern const Entity kUnitParent;
extern const Entity kEmployee;
extern const Entity kMembership;

}  // namespace kith::people
