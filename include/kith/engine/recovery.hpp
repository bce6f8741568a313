// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Ways back and ways out: a removed record is restored or purged. Each is a work like any other: it is recorded and
/// stands in the feed.

#include "kith/engine/history.hpp"

namespace kith::history {

/// Brings a removed record back as it was, with the parts that were removed with it. Needs `remove` on it.
/// Errors: not_found (never was, purged, or not visible), state (is there; a part, which comes with what it is a part
/// of; something it refers to is gone), conflict (a unique key was taken meanwhile), denied.
void restore(Work& work, const Entity& entity, Id id);

/// Physically removes every version of a removed record and of its parts. The changes that touched it stay in the
/// chain, without their salts; `verify` reports it as purged. Nothing brings it back. Needs `administer` on principal;
/// the records must not have been touched in this Work. Reads the table of changes once.
/// Errors: not_found, state (not removed), conflict (something refers to it, or was touched), denied.
void purge(Work& work, const Entity& entity, Id id);

}  // namespace kith::history
