// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Who set a field to what, when and why: the versions of one record beside the works that wrote them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/history.hpp"
#include "kith/schema/value.hpp"

namespace kith::history {

/// What a work says about itself, for people.
struct Authorship {
  std::int64_t seq = 0;
  std::optional<Timestamp> recorded = {};  ///< absent: the work was archived
  std::string actor = {};                  ///< name of the principal, as it is now
  std::string cause = {};                  ///< why: what the work said when it began
};

/// A value that a field held from one work until another.
struct FieldValue {
  Value value = {};  ///< as Record::get gives it; null also where the record was empty in that field
  Authorship by = {};
  std::optional<std::int64_t> to_seq = {};  ///< the work that ended it by another value or by removing the record
};

/// All values of a field, of the entity or of the store's own, over time, oldest first. Fields of the store's own are
/// those that the reader sees. A formula gives what the formula of then gave, as an as-of reader would have shown it:
/// a work that changed its definition begins a new value, and before it was defined there was none. A work that left
/// the value as it was begins no new one; a record that was removed and restored begins one again. An as-of reader
/// shows what was recorded until then. Errors: those of history::versions; invalid (no such field, near names).
std::vector<FieldValue> field_values(const Reader& reader, const Entity& entity, Id id, std::string_view field);

/// One field that one work changed; formulas are left out, for they follow from others. Of a record that came into
/// being every field that is not null, of one that was removed none: `field` is then empty.
struct FieldChange {
  Authorship by = {};
  ChangeKind kind = ChangeKind::created;  ///< created, updated, removed or restored
  std::string field = {};
  Value before = {};
  Value after = {};
};

/// Everything that happened to a record, oldest first, field by field; id, revision and seq are left out. Errors: those
/// of history::versions.
std::vector<FieldChange> field_changes(const Reader& reader, const Entity& entity, Id id);

}  // namespace kith::history
