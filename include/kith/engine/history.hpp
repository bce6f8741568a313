// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The past. Every commit is one `work` row, chained by SHA-256 over salted digests of its `change` rows; every old
/// version of a record stays in a history table. Audit trail, change feed, field history and as-of reads are views
/// of this one mechanism.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/session.hpp"

namespace kith {

/// One committed Work; `id` is its sequence.
struct WorkRow {
  Id id = {};
  Timestamp recorded = {};  ///< when it was committed, by the host's clock; never decreases
  Id actor = {};            ///< principal
  std::string cause = {};
  std::optional<std::string> key = {};  ///< idempotency key; unique
  Bytes payload = {};                   ///< SHA-256 of the payload that came with the key
  std::string result = {};              ///< what commit was given
  std::int64_t changes = 0;             ///< number of change rows
  Bytes hash = {};                      ///< SHA-256 of the previous hash, this row and its change digests
};
template <>
const Entity& entity_of<WorkRow>();

/// What was done to a record. Removed: no longer there, but its past stays, and `restore` brings it back. Erased: the
/// values of personal fields are gone from every version. Purged: every version is gone.
enum class ChangeKind : std::int32_t { created = 1, updated = 2, removed = 3, restored = 4, erased = 5, purged = 6 };
template <>
struct Choices<ChangeKind> {
  static constexpr std::string_view names[] = {"created", "updated", "removed", "restored", "erased", "purged"};
};

/// One record touched by a Work; ids count from 1 without gaps, so a consumer's position is one number.
struct ChangeRow {
  Id id = {};
  std::int64_t seq = 0;  ///< the work
  std::string entity = {};
  Id record = {};
  ChangeKind kind = ChangeKind::created;
  Bytes salt = {};    ///< 16 random bytes; empty once the record was erased or purged by a later work
  Bytes digest = {};  ///< SHA-256 of salt, entity, kind, record and the new values; of an erasure or a purge over all
                      ///< that is left of the record's past
};
template <>
const Entity& entity_of<ChangeRow>();

/// A record as it was from one work until another.
template <class T>
struct Version {
  T record;
  std::int64_t from_seq = 0;
  std::optional<std::int64_t> to_seq = {};  ///< absent: still so
};

namespace history {

/// Rows of an entity's past and present for one id, oldest first, as a batch of its history table (to_seq null:
/// current). Errors: not_found when the actor may not see the record now.
Batch versions(const Reader& reader, const Entity& entity, Id id);

/// The same as structs.
template <class T>
std::vector<Version<T>> versions(const Reader& reader, Id id) {
  const Batch batch = versions(reader, entity_of<T>(), id);
  std::vector<Version<T>> result(batch.rows());
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    load_row(batch, row, &result[row].record);
    result[row].from_seq = result[row].record.seq;
    const Column& to = batch.columns.back();
    if (!to.is_null(row)) result[row].to_seq = to.word(row);
  }
  return result;
}

/// Changes after a consumer's position, oldest first, of records that the actor may see now. For removed records:
/// of entities the actor may read at level all.
std::vector<ChangeRow> changes(const Reader& reader, std::int64_t after, std::size_t most = 1000);

/// The end of the chain, to be kept outside the store: whoever rewrites the store cannot rewrite what others hold.
struct Anchor {
  std::int64_t seq = 0;  ///< of the last work
  Bytes hash = {};       ///< of that work
};
/// Of the last work that the reader sees; of an as-of reader, of that work.
Anchor anchor(const Reader& reader);
/// "12:" and 64 hexadecimal digits, and back. Error{invalid} for anything else.
std::string to_string(const Anchor& anchor);
Anchor parse_anchor(std::string_view text);

/// What `verify` read and found.
struct Verification {
  std::int64_t works = 0;
  std::int64_t changes = 0;
  std::int64_t versions = 0;           ///< rows of the present and of the past
  std::vector<Finding> faults = {};    ///< by work, the first bad row first; empty: the store is as it was written
  std::vector<Finding> erasures = {};  ///< "erased by work 12", "purged by work 13": gone by right, no damage
};

/// Holds every row against what the works wrote, both ways: works follow each other by their hashes, every change has
/// its work, every change its version, every version of the present and the past its change, and ends where the next
/// one begins. With an anchor also that the chain still runs through it. Reads the whole store; needs `administer` on
/// principal. Errors: denied.
Verification verify(const Reader& reader, const std::optional<Anchor>& anchor = {});

}  // namespace history

/// Everything `kith check` looks at: the backend's own check, the chain, references, history intervals, and every
/// area's invariants. Reads as a system principal; the actor needs `administer` on principal.
std::vector<Finding> check(Session& session);

}  // namespace kith
