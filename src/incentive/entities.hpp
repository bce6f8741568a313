// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include "kith/incentive/quota.hpp"
#include "kith/incentive/statement.hpp"

namespace kith::incentive {

extern const Entity kCommissionPlan;
extern const Entity kPlanAssignment;
extern const Entity kCommissionPeriod;
extern const Entity kStatement;
extern const Entity kStatementLine;
extern const Entity kQuota;

/// The calendar of that name. Errors: invalid, naming those that are known.
Calendar calendar_named(std::string_view name);

/// Throws Error{denied} unless the actor may do that to every record of the entity.
void require_all(const Work& work, Action action, const Entity& entity);

}  // namespace kith::incentive
