// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tables and indexes of an entity in PostgreSQL, and how they are spread over a cluster.

#include <algorithm>

#include "kith/base/sha256.hpp"
#include "kith/storage/postgres.hpp"
#include "storage/postgres_sql_parts.hpp"
#include "storage/postgres_url.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

/// An index entry may have about 2,700 bytes.
constexpr int kMostEntry = 2500;
constexpr int kBytesPerCharacter = 4;
/// The server cuts names at 63 bytes, and Citus appends the number of the shard.
constexpr std::size_t kMostName = 50;

std::string index_name(const Entity& entity, std::string_view middle, const std::vector<int>& fields) {
  std::string name = std::string(entity.name) + std::string(middle);
  for (const int field : fields) name += "_" + std::string(entity.fields[static_cast<std::size_t>(field)].name);
  if (name.size() <= kMostName) return name;
  return name.substr(0, kMostName - 13) + "_" + to_hex(sha256(name)).substr(0, 12);
}

Definition index_on(std::string_view schema, const Entity& entity, bool unique, std::string_view middle,
                    const std::vector<int>& fields) {
  std::string name = index_name(entity, middle, fields);
  std::string columns = quoted_name(kTenantColumn);
  for (const int field : fields) {
    const std::string column = quoted_name(entity.fields[static_cast<std::size_t>(field)].name);
    if (!is_wide(entity, field)) {
      columns += ", " + column;
      continue;
    }
    columns += ", " + beginning(column);
    if (unique) columns += ", pg_catalog.md5(" + column + ")";
  }
  std::string sql = std::string(unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ") + quoted_name(name) + " ON " +
                    qualified(schema, entity.name) + " (" + columns + ")";
  return {std::move(name), std::move(sql), unique, fields};
}

bool wants_index(const Field& field) { return field.options.indexed || !field.options.refers_to.empty(); }

/// The most bytes a field's value can take in an index; more than an entry has where it is not bounded.
int most_bytes(const Field& field) {
  if (!is_text(field.type)) return 8;
  if (field.type == Type::currency) return 3;
  const int length = field.options.max_length;
  return length == 0 || length > kMostEntry ? kMostEntry + 1 : length * kBytesPerCharacter;
}

}  // namespace

std::string_view column_type(Type type) {
  if (type == Type::bytes) return "bytea";
  return is_text(type) ? "text" : "bigint";
}

bool is_wide(const Entity& entity, int position) {
  const Field& field = entity.fields[static_cast<std::size_t>(position)];
  if (field.type != Type::text || most_bytes(field) <= kBeginning * kBytesPerCharacter) return false;
  if (wants_index(field) && most_bytes(field) > kMostEntry) return true;
  const auto overflows = [&](const auto& key) {
    const std::vector<int> fields = positions_of(entity, key);
    if (std::find(fields.begin(), fields.end(), position) == fields.end()) return false;
    int bytes = 0;
    for (const int one : fields) bytes += most_bytes(entity.fields[static_cast<std::size_t>(one)]);
    return bytes > kMostEntry;
  };
  return std::any_of(entity.unique.begin(), entity.unique.end(), overflows) ||
         std::any_of(entity.indexes.begin(), entity.indexes.end(), overflows);
}

std::string quoted_text(std::string_view text) {
  std::string quoted = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') quoted += letter;
    quoted += letter;
  }
  return quoted + "'";
}

std::string tenant_settings(std::string_view tenant) {
  return "pg_catalog.set_config('kith.tenant', '" + std::string(tenant) +
         "', true), pg_catalog.set_config('row_security', 'on', true)";
}

std::string column_definition(const Field& field) {
  std::string column = quoted_name(field.name) + " " + std::string(column_type(field.type));
  if (is_text(field.type) && field.type != Type::bytes) column += " COLLATE pg_catalog.\"C\"";
  return column;
}

std::string rls_sql(std::string_view schema, std::string_view table) {
  const std::string name = qualified(schema, table);
  return "ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY; ALTER TABLE " + name +
         " FORCE ROW LEVEL SECURITY; CREATE POLICY kith_tenant ON " + name + " USING (" + quoted_name(kTenantColumn) +
         " = NULLIF(pg_catalog.current_setting('kith.tenant', true), '')::bigint)";
}

std::string distribute_sql(std::string_view schema, std::string_view table) {
  const auto literal = [&](std::string_view one) { return quoted_text(qualified(schema, one)); };
  std::string sql = "SELECT create_distributed_table(" + literal(table) + ", " + quoted_text(kTenantColumn);
  if (table != kTenantTable) sql += ", colocate_with => " + literal(kTenantTable);
  return sql + ")";
}

std::vector<Definition> definitions(std::string_view schema, const Entity& entity) {
  std::string table =
      "CREATE TABLE " + qualified(schema, entity.name) + " (" + quoted_name(kTenantColumn) + " bigint NOT NULL";
  for (const Field& field : entity.fields) {
    table += ", " + column_definition(field);
    if (!field.nullable) table += " NOT NULL";
  }
  table += ", PRIMARY KEY (" + quoted_name(kTenantColumn) + ", " + quoted_name(entity.fields[kIdField].name);
  if (is_history(entity)) table += ", " + quoted_name(entity.fields[kSeqField].name);
  table += "))";

  std::vector<Definition> all = {{.name = std::string(entity.name), .sql = std::move(table)}};
  if (is_history(entity)) {
    all.push_back(index_on(schema, entity, false, "_by", {to_seq_field(entity)}));
    return all;
  }
  for (const UniqueKey& key : entity.unique) {
    all.push_back(index_on(schema, entity, true, "_unique", positions_of(entity, key)));
  }
  for (const IndexKey& key : entity.indexes) {
    all.push_back(index_on(schema, entity, false, "_by", positions_of(entity, key)));
  }
  for (std::size_t i = 1; i < entity.fields.size(); ++i) {
    const Field& field = entity.fields[i];
    if (!wants_index(field) || leads_a_key(entity, field.name)) continue;
    all.push_back(index_on(schema, entity, false, "_by", {static_cast<int>(i)}));
  }
  return all;
}

bool is_index_name(const Entity& entity, std::string_view name) {
  const int fields = static_cast<int>(entity.fields.size());
  for (int one = 0; one < fields; ++one) {
    if (index_name(entity, "_by", {one}) == name) return true;
    for (int two = 0; two < fields; ++two) {
      if (index_name(entity, "_by", {one, two}) == name) return true;
    }
  }
  return false;
}

}  // namespace kith::postgres

namespace kith {

std::vector<std::string> postgres_shard_plan(std::span<const Entity* const> entities, std::string_view schema) {
  PostgresOptions options;
  options.schema = schema;
  postgres::check_options(options);
  std::vector<std::string> plan;
  for (const std::string_view table : {postgres::kStoreTable, postgres::kMigrationTable}) {
    const std::string name = postgres::quoted_text(qualified(schema, table));
    plan.push_back("SELECT create_reference_table(" + name + ");");
  }
  plan.push_back(postgres::distribute_sql(schema, postgres::kTenantTable) + ";");
  for (const Entity* entity : entities) plan.push_back(postgres::distribute_sql(schema, entity->name) + ";");
  return plan;
}

}  // namespace kith
