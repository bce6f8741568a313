// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Looking at a file before anything may change it, and making the tables of a new one.

#include <span>
#include <string>
#include <vector>

#include "storage/sqlite_handle.hpp"

namespace kith::sqlite {

/// "Kith" as the application id in an SQLite header.
inline constexpr std::int64_t kApplicationId = 0x4b697468;

enum class Found { absent, fresh, store };

/// What stands at the path, without changing a byte of it. Fresh is an empty file, or one whose creation was cut off.
/// Errors: corrupt for anything but a Kith store, version for a newer one, storage when it cannot be read.
Found inspect(const std::string& path);

/// Refuses the database of another program (corrupt) and a newer format (version).
void check_format(const std::string& path, std::int64_t application_id, std::int64_t format);

/// Makes the tables in one transaction, unless another process just did; then checks them.
void make_tables(Database& database, std::span<const Entity* const> entities);

/// It is a Kith store of this format with the tables and indexes of these entities. Errors: corrupt, version.
void check_tables(Database& database, std::span<const Entity* const> entities);

/// What a store of an older format lacks of these entities; see Storage::migration. Errors: corrupt, version.
Migration plan_migration(Database& database, std::span<const Entity* const> entities);

/// Shared libraries named libsqlite3 in a list of memory maps (the text of /proc/self/maps); two of them lose each
/// other's file locks.
std::vector<std::string> sqlite_libraries(std::string_view maps);

}  // namespace kith::sqlite
