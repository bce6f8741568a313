// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What opening and verifying need of migrations.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/migration.hpp"

namespace kith {

Bytes migration_checksum(std::int64_t from, std::int64_t to, std::string_view statements);
/// The rows of a migration's work: its own, first grants and first rows of what is new.
void record_migration(Work& work, const Migration& migration);
/// The row of a new store: it comes from no format.
void record_founding(Work& work);
/// What the head row says and the rows of migrations do not: its format, base currency and zone. A store that was made
/// before these rows said so, and was not migrated since, is held to nothing.
std::vector<std::string> head_faults(const Reader& reader, const Head& head);
void check_migrations(const Reader& reader, std::vector<Finding>& findings);

/// Fields that migrations added and filled: versions written before have no digest of them.
class AddedFields {
 public:
  explicit AddedFields(const Reader& reader);
  /// Marks the fields that came after work `seq`; empty where none did.
  std::vector<bool> after(const Entity& entity, std::int64_t seq) const;
  /// False when a row that work `seq` wrote holds anything but what the migration filled in in a field that came later.
  bool defaults_hold(const Entity& entity, std::int64_t seq, const Batch& batch, std::size_t row) const;

 private:
  struct Added {
    int field = 0;
    std::int64_t seq = 0;
    Cell value;     ///< what rows from before hold,
    int from = -1;  ///< unless they hold what this field says
  };
  std::map<const Entity*, std::vector<Added>> added_;
};

}  // namespace kith
