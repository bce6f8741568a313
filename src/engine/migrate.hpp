// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What opening and verifying need of migrations.

#include <map>
#include <string_view>
#include <vector>

#include "kith/engine/migration.hpp"

namespace kith {

Bytes migration_checksum(std::int64_t from, std::int64_t to, std::string_view statements);
/// The rows of a migration's work: its own, first grants and first rows of what is new.
void record_migration(Work& work, const Migration& migration);
void check_migrations(const Reader& reader, std::vector<Finding>& findings);

/// Fields that migrations added and that are never null: versions written before have no digest of them.
class AddedFields {
 public:
  explicit AddedFields(const Reader& reader);
  /// Takes the fields that came after work `seq` out of a batch of one row. False when one does not hold its default.
  bool drop(const Entity& entity, std::int64_t seq, Batch& version) const;

 private:
  struct Added {
    int field = 0;
    std::int64_t seq = 0;
    Cell value;
  };
  std::map<const Entity*, std::vector<Added>> added_;
};

}  // namespace kith
