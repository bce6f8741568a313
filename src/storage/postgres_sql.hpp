// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The SQL that Kith says to PostgreSQL. Every statement names its schema and carries the tenant as $1; values are
/// bound in binary form with their types, never written. Pure functions. What may be said is narrowed to what Citus
/// does alike: no triggers, sequences, advisory locks, recursion, volatile functions, divisions or casts.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kith/storage/storage.hpp"
#include "storage/scan_sql.hpp"

namespace kith::postgres {

/// The tables of Kith itself: one row for the schema, the steps of its migrations, and one row for each tenant, which
/// its writer locks.
inline constexpr std::string_view kStoreTable = "kith_store";
inline constexpr std::string_view kMigrationTable = "kith_migration";
inline constexpr std::string_view kTenantTable = "kith_tenant";
inline constexpr std::string_view kTenantColumn = "tenant_id";

/// What tells row-level security the tenant for the length of a transaction, as the columns of a query; and that it may
/// hide rows, which a role or a database can be set to take for an error (row_security = off).
std::string tenant_settings(std::string_view tenant);

/// 'text' as a literal that no setting of a session reads otherwise.
std::string quoted_text(std::string_view text);

/// The column type of a field: bigint, text or bytea.
std::string_view column_type(Type type);
/// A column as CREATE TABLE and ADD COLUMN say it, but for NOT NULL.
std::string column_definition(const Field& field);

/// One thing of a schema.
struct Definition {
  std::string name;
  std::string sql;
  bool unique = false;
  std::vector<int> fields = {};  ///< of an index, behind the tenant
};
/// The table of an entity, then its indexes. Every key begins with the tenant. Names of indexes stay below what
/// PostgreSQL and the shard suffix of Citus leave.
std::vector<Definition> definitions(std::string_view schema, const Entity& entity);
/// True for a name that Kith gives, or an older one gave, to an index of one or two columns of the table.
bool is_index_name(const Entity& entity, std::string_view name);

/// What makes row-level security of a table.
std::string rls_sql(std::string_view schema, std::string_view table);
/// What spreads a table over a cluster, with the other rows of each tenant.
std::string distribute_sql(std::string_view schema, std::string_view table);

/// True where a text of the entity's keys may be longer than an index entry: the index then holds its beginning and
/// its digest.
bool is_wide(const Entity& entity, int field);

/// tenant, ids as one array: all fields of those rows.
std::string get_sql(std::string_view schema, const Entity& entity);
/// tenant, id.
std::string get_one_sql(std::string_view schema, const Entity& entity);
/// tenant, every field; a row that is in the way makes it insert nothing.
std::string insert_sql(std::string_view schema, const Entity& entity);
/// The same from one array for each field.
std::string insert_many_sql(std::string_view schema, const Entity& entity);
std::string copy_sql(std::string_view schema, const Entity& entity);
/// tenant, every field, the expected revision where there is one. Updates nothing where the row is not there, has
/// another revision, or another row holds one of its unique keys.
std::string update_sql(std::string_view schema, const Entity& entity);
/// The same from arrays; updates nothing where a unique key of the row would change.
std::string update_many_sql(std::string_view schema, const Entity& entity);
/// tenant, ids as one array.
std::string erase_sql(std::string_view schema, const Entity& entity);
/// tenant, id (and seq in a history): the revision, or 1 without one.
std::string revision_sql(std::string_view schema, const Entity& entity);
/// tenant, id, the key's fields: the id of another row with that key.
std::string holder_sql(std::string_view schema, const Entity& entity, const UniqueKey& key);

/// Parameters are $2, $3, ...; $1 is the tenant.
ScanSql scan_sql(std::string_view schema, const Scan& scan);

}  // namespace kith::postgres
