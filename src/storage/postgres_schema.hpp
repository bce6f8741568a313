// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Looking at a schema before anything may change it, making its tables under a lease, and migrating older ones.

#ifdef KITH_POSTGRES

#include <span>
#include <string>

#include "storage/postgres_channel.hpp"

namespace kith::postgres {

/// Making or altering tables takes longer than a write; whoever waits for it would rather wait than fail.
inline constexpr int kLeaseMs = 60'000;

/// What a schema holds.
struct Found {
  std::int64_t format = 0;         ///< of the tables, 0 without
  std::int64_t tenant_format = 0;  ///< of this tenant, 0 where it is not there
  bool rls = false;
};
/// Changes nothing. An older format is no error. Errors: version (newer), storage (server too old), invalid (encoding),
/// denied, corrupt.
Found inspect(Channel& channel);

/// Makes the schema and its tables, where they are not there, and the tenant. One process at a time: the others wait
/// for its lease, a row of kith_store, and go on where it ended. Errors: corrupt where tables of another program are
/// in the way, denied, busy, version where the tables are older.
void make_tables(Channel& channel, std::span<const Entity* const> entities);

/// What the tenant lacks of this library's format: steps that are recorded in kith_migration, because they are taken
/// or begun, and those that follow from the tables. Changes nothing. Errors: those of `inspect`.
Migration plan_migration(Channel& channel, std::span<const Entity* const> entities);

/// Brings the tables of all tenants to this library's format. Each step is a transaction that holds the lease, so
/// processes that migrate at once take turns, and one that was killed leaves the rest to the next.
/// Errors: busy (a table is in use for longer than the busy time), denied (not the owner), corrupt.
void migrate_tables(Channel& channel, std::span<const Entity* const> entities);

/// BEGIN under the lease: the format and row-level security of the schema; format 0 where its tables were never
/// completed. The caller commits or rolls back.
struct StoreRow {
  std::int64_t format = 0;
  bool rls = false;
};
StoreRow take_lease(Channel& channel);

// What the parts of this file share.
void check_format(const Channel& channel, std::int64_t format);
/// The statement that makes kith_migration.
std::string migration_table_sql(std::string_view schema);
/// Runs what two processes may do at once, again where the other one was faster.
void make_once(Channel& channel, const std::string& sql, const Doing& doing);

}  // namespace kith::postgres

#endif
