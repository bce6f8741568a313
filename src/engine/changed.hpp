// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which records have changed since a work, told by the change feed: tables have no index by work, and a scan of all
/// their rows for the few that are new costs the more the longer a store lives.

#include <optional>
#include <vector>

#include "kith/engine/reader.hpp"

namespace kith {

/// Records of an entity that works after `since` wrote, and the open one so far; by id, each once. Nothing where they
/// are too many for asking by id to pay, the feed does not reach back, or the reader is as of an earlier work: then the
/// tables are to be scanned.
std::optional<std::vector<Id>> changed_since(const Reader& reader, const Entity& entity, std::int64_t since);

}  // namespace kith
