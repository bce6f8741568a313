// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The store as it was before a Work began, seen from inside the Work.

#include <string_view>

#include "kith/engine/work.hpp"

namespace kith {

/// A reader of the last committed state, as the named system principal. Sees nothing that the Work has written; lives
/// no longer than the Work.
Reader before(const Work& work, std::string_view purpose);
/// True when the work has written to the entity: added, changed or removed a row.
bool has_touched(const Work& work, const Entity& entity);

}  // namespace kith
