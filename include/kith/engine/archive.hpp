// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How much of the past a store keeps. Works, changes and versions up to a work can be moved to an archive file
/// (interchange/archive.hpp); the chain then begins at that work, whose hash the store keeps as its anchor.

#include <optional>

#include "kith/engine/history.hpp"

namespace kith {

/// The past up to a work left the store. Kept by the engine; the newest row is where the chain begins.
struct ArchiveRow {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::int64_t until = 0;        ///< the last work that is archived
  Timestamp recorded = {};       ///< of that work
  Bytes hash = {};               ///< of that work: the chain goes on from it
  std::int64_t last_change = 0;  ///< of that work; positions below it can no longer be read
  std::int64_t access_seq = 0;   ///< the last work until then that changed who may do what
  Bytes kept = {};               ///< SHA-256 over the works and changes until then that stayed
  std::int64_t rows = 0;         ///< in the archive
  Bytes digest = {};             ///< SHA-256 of the archive's lines, as its last line says
};
template <>
const Entity& entity_of<ArchiveRow>();

/// For how long as-of reads must reach back. One row at most; kept by the engine.
struct Retention {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::int64_t days = 0;
};
template <>
const Entity& entity_of<Retention>();

namespace history {

/// The newest archive that the snapshot sees, or nothing: everything since the first work is there.
std::optional<ArchiveRow> last_archive(const Reader& reader);
/// Days for which as-of reads must reach back; nothing where nobody has set any.
std::optional<std::int64_t> retention(const Reader& reader);
/// Sets them. Needs `administer` on principal. Errors: invalid (fewer than 0), denied.
void set_retention(Work& work, std::int64_t days);

}  // namespace history
}  // namespace kith
