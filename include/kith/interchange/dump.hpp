// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A whole store as JSON Lines, and its digest. The dump holds everything (current rows, history, works, changes,
/// head) in key order with stable key order, so equal stores give equal bytes on every backend; the state digest is its
/// SHA-256. A dump loads into a fresh store only and gives the same digest there.

#include <functional>
#include <iosfwd>
#include <string>

#include "kith/base/sha256.hpp"
#include "kith/engine/session.hpp"

namespace kith {

/// Writes the dump of the reader's snapshot: a header line {"kith":"dump","format":1,...}, then one line a row. Reads as a
/// system principal; the actor needs `administer` on principal. Constant memory.
void dump(const Reader& reader, std::ostream& out);

/// Loads a dump into a store that is fresh (its tables empty but for what opening made). All or nothing; the chain is verified
/// before the commit. Errors: invalid (line number and what is wrong), version (newer format), state (store not fresh).
void load(std::istream& in, const std::string& url, const Model& model, const Options& options = {});

/// SHA-256 of the dump of the newest snapshot.
Digest state_digest(const Session& session);

}  // namespace kith
