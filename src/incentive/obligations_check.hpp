// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Assets and draws as entities, and their invariants for `check`.

#include <vector>

#include "kith/incentive/obligations.hpp"

namespace kith::incentive {

extern const Entity kCostAsset;
extern const Entity kCostLine;
extern const Entity kDraw;
extern const Entity kDrawLine;

void check_assets(const Reader& reader, std::vector<Finding>& findings);
void check_draws(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::incentive
