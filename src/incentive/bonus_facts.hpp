// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Bonuses by the facts, and what their awards must add up to.

#include <string_view>
#include <vector>

#include "incentive/quota_actuals.hpp"
#include "kith/incentive/bonus.hpp"

namespace kith::incentive {

extern const Entity kBonus;
extern const Entity kBonusPart;
extern const Entity kAward;

/// A metric of quotas by its name, else a measure of that name.
Counted counted_named(std::string_view name);
std::vector<BonusPart> parts_of(const Reader& reader, Id bonus);
/// What the facts give, next to what was posted. Reads as the system.
/// Errors: overflow, naming the bonus, its days and whose number or what sum it is.
BonusOutcome compute_bonus(const Reader& system, const Bonus& bonus);
/// What an award has to bring. Errors: as `compute_bonus`.
std::int64_t missing_to(const Reader& system, const Bonus& bonus, const BonusResult& result);

void check_bonuses(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::incentive
