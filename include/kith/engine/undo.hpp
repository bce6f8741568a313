// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Undoing a work: what it made goes, what it changed or removed is again as it was. Undoing is a work like any other,
/// so undoing that one is redoing. A work on which something later depends is not undone; what depends is named.

#include <string>
#include <vector>

#include "kith/engine/recovery.hpp"

namespace kith::history {

/// Something that stands in the way of undoing a work.
struct Obstacle {
  std::string entity = {};
  Id id = {};
  std::int64_t seq = 0;      ///< the later work that depends on it; 0 where none does (what it changed was erased)
  std::string message = {};  ///< what depends, and how to mend it
};

/// What stands in the way of undoing a work, by work, newest first; empty: nothing that can be told without trying
/// (`undo` also holds the areas' invariants). Errors: not_found (no such work), state (the work that made or migrated
/// the store; an archived one), denied (somebody else did it, and the reader's actor does not administer principals).
std::vector<Obstacle> obstacles(const Reader& reader, std::int64_t seq);

/// Undoes a committed work in this one and returns how many records that changed. A Work without a cause says "undo of
/// work 12". The idempotency key of the undone work stays used.
///
/// Every record that the work touched must hold the values that the work left (changes that were undone since do not
/// count), nothing else may refer to a record that goes, everything that comes back must find what it refers to, and no
/// invariant of an area concerned may be broken by it. The actor is the one who did the work and may still edit what it
/// made or changed and remove what it removed, or has `administer` on principal. All or nothing.
///
/// Errors: those of `obstacles`; conflict (an obstacle: the first one is named and the others counted; a unique key is
/// taken; an invariant would break), state (nothing is left to undo), denied.
std::int64_t undo(Work& work, std::int64_t seq);

}  // namespace kith::history
