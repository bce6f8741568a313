// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A whole store as JSON Lines, and its digest. The dump holds everything (current rows, history, works, changes,
/// head) in key order with stable key order, so equal stores give equal bytes on every backend:
///
///     {"kith":"dump","format":1}
///     {"customer":{"id":"...","revision":1,...}}      absent fields are null; numbers that doubles would spoil are
///     text
///     {"rows":123,"sha256":"..."}                      of all lines before: the state digest
///
/// A dump loads into a new store only and gives the same digest there.

#include <iosfwd>
#include <string>
#include <string_view>

#include "kith/base/sha256.hpp"
#include "kith/engine/session.hpp"

namespace kith {

/// Writes the dump of the reader's snapshot, in constant memory. It shows every row, so the actor needs `administer`
/// on principal. Errors: denied, storage.
void dump(const Reader& reader, std::ostream& out);

/// Error{denied} unless the actor has `administer` on principal, as whoever takes the whole store along must.
/// `what` begins the message: "a dump shows every row".
void require_administer(const Reader& reader, std::string_view what);

/// Loads a dump into a store that nobody has used yet. All or nothing: the digest in the last line is compared before
/// the commit. Errors, with the line number: invalid, corrupt (changed or cut), version (newer); state (store in use).
void load(std::istream& in, const std::string& url, const Model& model, const Options& options = {});
/// The same into a storage that the host made and prepared.
void load(std::istream& in, Storage& storage, const Model& model);

/// SHA-256 of the newest snapshot's dump without its last line: equal for equal stores, whoever asks and whatever
/// the backend.
Digest state_digest(const Session& session);

}  // namespace kith
