// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What `check` holds against stored plans.

#include <vector>

#include "kith/engine/reader.hpp"

namespace kith::incentive {

/// General plans that are approved or retired have the periods of a calendar of the store.
void check_plans(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::incentive
