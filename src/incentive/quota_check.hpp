// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Invariants of quotas, their versions and reliefs, for `check`.

#include <vector>

#include "kith/engine/model.hpp"

namespace kith::incentive {

void check_quotas(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::incentive
