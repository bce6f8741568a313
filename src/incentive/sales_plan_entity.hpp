// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The lines of the sales plan as an entity, for the area's table.

#include "kith/incentive/sales_plan.hpp"

namespace kith::incentive {

extern const Entity kSalesPlanLine;

}  // namespace kith::incentive
