// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Moving the past out of a store: works, changes and versions up to a work go to a file of JSON Lines, and the chain
/// goes on from the hash of that work. The present, as-of reads from that work on, undo of later works and idempotency
/// keys lose nothing; earlier moments can be read from the file only. Its last line holds the SHA-256 of all lines
/// before, which the store keeps under its own chain:
///
///     {"kith":"archive","format":3,"after":"0:00...","until":"120:5c..."}    the anchors it stands between
///     {"work":{...}} ... {"change":{...}} ... {"customer_history":{...}} ...
///     {"rows":123,"sha256":"..."}

#include <iosfwd>
#include <optional>
#include <string>

#include "kith/engine/archive.hpp"

namespace kith {

/// What an archive may take.
struct ArchiveOptions {
  bool force = false;  ///< also what a consumer has not read, or what lies within the retention
};

/// Writes the archive of everything up to work `until` and takes it out of the store, in a work of its own. The stream
/// is flushed before the commit; when that fails, or the process dies, the store is as it was and the file worthless.
/// Kept are: what holds now or held after `until`, with the changes and works that wrote it; works with an idempotency
/// key; and all of the past of records that were erased. Reads the whole store. Needs `administer` on principal.
/// Errors: denied, invalid (no such work, or archived before), state (a consumer has not read it, or as-of reads within
/// the retention would lose it; what stands in the way is named), storage, misuse (the session has an open Work).
ArchiveRow archive(Session& session, std::int64_t until, std::ostream& out, const ArchiveOptions& options = {});
/// The same into a new file, made durable before the store lets go. Errors also: conflict (the file is there).
ArchiveRow archive_file(Session& session, std::int64_t until, const std::string& path,
                        const ArchiveOptions& options = {});

/// Holds an archive against itself and against the store it came from: its digest, the chain from its first anchor to
/// its last, every change, every version, and the row that the store keeps of it; with `anchor` also that the chain
/// runs through that. Faults are told as of history::verify. Needs `administer` on principal. Errors: corrupt (changed
/// or cut), invalid (no archive), not_found (the store knows no such archive), denied.
history::Verification verify_archive(const Reader& reader, std::istream& in,
                                     const std::optional<history::Anchor>& anchor = {});
history::Verification verify_archive_file(const Reader& reader, const std::string& path,
                                          const std::optional<history::Anchor>& anchor = {});

}  // namespace kith
