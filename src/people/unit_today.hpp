// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the records that a verb writes belong, for the areas whose records have an owner.

#include <optional>

#include "kith/engine/work.hpp"

namespace kith::people {

/// The unit that an employee is in today; the Work remembers it.
std::optional<Id> unit_today(Work& work, Id employee);

}  // namespace kith::people
