// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the funnel and `check` need of ownership.

#include <vector>

#include "kith/engine/ownership.hpp"

namespace kith {

/// Writes the dated rows of records whose owner or unit an update changed; `before` and `after` hold the same records.
void note_owners(Work& work, const Entity& entity, const Batch& before, const Batch& after);
/// Rows follow each other, and the newest is what the record's columns say.
void check_owners(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith
