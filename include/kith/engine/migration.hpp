// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Stores of older formats. What an older store lacks is derived from the entity tables: tables, columns and indexes
/// are added, nothing is taken away or rewritten. Opening a store for writing migrates it in one transaction, so that
/// a process killed at any step leaves the old store as it was; the transaction is a work of its own with one
/// `migration` row, which the chain covers. Columns that are not nullable begin with the default of their struct, those
/// with FieldOptions::begins_as as that field of their row, and `history::verify` holds rows from before the migration
/// to that.

#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/session.hpp"

namespace kith {

/// One migration that a store has gone through, from format 0 where it was made. Kept by the engine.
struct MigrationRow {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::int64_t from_format = 0;
  std::int64_t to_format = 0;
  /// A line each: "customer" for a new table, "customer.tier" for a new column; then what the head row of the store
  /// says that no work changes, "head.currency=USD" and "head.zone=UTC", which `history::verify` holds it to.
  std::string additions = {};
  std::string statements = {};  ///< what was run, a line each
  Bytes checksum = {};          ///< SHA-256 of `from_format to_format`, a line end and `statements`
};
template <>
const Entity& entity_of<MigrationRow>();

namespace migration {

/// What opening the store for writing would do; `steps` is empty and `from` equals `to` where nothing. Changes nothing.
/// Errors: those of open_storage; corrupt (tables that no older format made), version (newer).
Migration plan(std::string_view url, const Model& model, const StorageOptions& options = {});
/// What an open store stands on, a sentence each, for people: what its storage says of itself, then its format and
/// whether opening it for writing would raise that. Changes nothing.
std::vector<std::string> doctor(const Engine& engine);
/// The statements as a script with the checksum in its first line; "" for nothing to do.
std::string script(const Migration& migration);

}  // namespace migration
}  // namespace kith
