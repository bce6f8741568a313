// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_sql.hpp"

#include <algorithm>

#include "storage/postgres_sql_parts.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {

namespace {

std::string_view id_name(const Entity& entity) { return entity.fields[kIdField].name; }

/// "a.field = value", by way of the index also where it holds only the beginning.
std::string equals(const Entity& entity, int field, std::string_view alias, const std::string& value) {
  const std::string name = std::string(alias) + quoted_name(entity.fields[static_cast<std::size_t>(field)].name);
  std::string sql = name + " = " + value;
  if (is_wide(entity, field)) sql += " AND " + beginning(name) + " = " + beginning(value);
  return sql;
}

/// $2, $3, ...
std::string values_from(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ", ") + parameter(i + 2);
  return list;
}

/// The rows of arrays $2, $3, ... side by side.
std::string arrays_from(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i)
    list += (i == 0 ? "" : ", ") + ("pg_catalog.unnest(" + parameter(i + 2) + ")");
  return list;
}

/// "SET field = value, ..." of everything an update replaces.
template <class Value>
std::string assignments(const Entity& entity, Value value) {
  std::string set;
  for (std::size_t i = 1; i < entity.fields.size(); ++i) {
    if (i == kSeqField && is_history(entity)) continue;
    set += (set.empty() ? "" : ", ") + quoted_name(entity.fields[i].name) + " = " + value(i);
  }
  return set;
}

}  // namespace

std::string get_sql(std::string_view schema, const Entity& entity) {
  return "SELECT " + names_of(entity) + " FROM " + qualified(schema, entity.name) + " WHERE " + kOnlyTenant + " AND " +
         quoted_name(id_name(entity)) + " = ANY ($2)";
}

std::string get_one_sql(std::string_view schema, const Entity& entity) {
  return "SELECT " + names_of(entity) + " FROM " + qualified(schema, entity.name) + " WHERE " + kOnlyTenant + " AND " +
         quoted_name(id_name(entity)) + " = $2";
}

std::string insert_sql(std::string_view schema, const Entity& entity) {
  return "INSERT INTO " + qualified(schema, entity.name) + " (" + kTenant + ", " + names_of(entity) + ") VALUES ($1, " +
         values_from(entity.fields.size()) + ") ON CONFLICT DO NOTHING";
}

/// What is returned is counted: of such an INSERT a Citus coordinator says how many rows it was given, not how many it
/// has added.
std::string insert_many_sql(std::string_view schema, const Entity& entity) {
  const std::string names = names_of(entity);
  return "INSERT INTO " + qualified(schema, entity.name) + " (" + kTenant + ", " + names + ") SELECT $1, " + names +
         " FROM ROWS FROM (" + arrays_from(entity.fields.size()) + ") AS u (" + names +
         ") ON CONFLICT DO NOTHING RETURNING " + quoted_name(id_name(entity));
}

std::string copy_sql(std::string_view schema, const Entity& entity) {
  return "COPY " + qualified(schema, entity.name) + " (" + kTenant + ", " + names_of(entity) +
         ") FROM STDIN (FORMAT binary)";
}

std::string update_sql(std::string_view schema, const Entity& entity) {
  const auto value = [](std::size_t field) { return parameter(field + 2); };
  const std::string table = qualified(schema, entity.name);
  std::string sql = "UPDATE " + table + " AS t SET " + assignments(entity, value) + " WHERE t." + kOnlyTenant +
                    " AND t." + quoted_name(id_name(entity)) + " = $2";
  if (is_history(entity)) {
    sql += " AND t." + quoted_name(entity.fields[kSeqField].name) + " = " + parameter(kSeqField + 2);
  }
  if (has_revision(entity)) {
    sql += " AND t." + quoted_name(entity.fields[kRevisionField].name) + " = " + parameter(entity.fields.size() + 2);
  }
  // The tenant has one writer: what is looked for here cannot appear before the row is written.
  for (const UniqueKey& key : entity.unique) {
    sql += " AND NOT EXISTS (SELECT 1 FROM " + table + " AS o WHERE o." + kOnlyTenant;
    for (const int field : positions_of(entity, key)) {
      sql += " AND " + equals(entity, field, "o.", parameter(static_cast<std::size_t>(field) + 2));
    }
    sql += " AND o." + quoted_name(id_name(entity)) + " <> $2)";
  }
  return sql;
}

std::string update_many_sql(std::string_view schema, const Entity& entity) {
  const auto value = [&](std::size_t field) { return "u." + quoted_name(entity.fields[field].name); };
  const std::string id = quoted_name(id_name(entity));
  const std::string arrays = arrays_from(entity.fields.size() + (has_revision(entity) ? 1 : 0));
  std::string names = names_of(entity);
  if (has_revision(entity)) names += ", " + quoted_name("kith expected");
  std::string sql = "UPDATE " + qualified(schema, entity.name) + " AS t SET " + assignments(entity, value) +
                    " FROM ROWS FROM (" + arrays + ") AS u (" + names + ") WHERE t." + kOnlyTenant + " AND t." + id +
                    " = u." + id;
  if (is_history(entity)) {
    const std::string seq = quoted_name(entity.fields[kSeqField].name);
    sql += " AND t." + seq + " = u." + seq;
  }
  if (has_revision(entity)) {
    sql += " AND t." + quoted_name(entity.fields[kRevisionField].name) + " = u." + quoted_name("kith expected");
  }
  if (is_history(entity)) return sql;
  for (const UniqueKey& key : entity.unique) {
    for (const int position : positions_of(entity, key)) {
      const Field& field = entity.fields[static_cast<std::size_t>(position)];
      const std::string name = quoted_name(field.name);
      sql += " AND t." + name + (field.nullable ? " IS NOT DISTINCT FROM u." : " = u.") + name;
    }
  }
  return sql;
}

std::string erase_sql(std::string_view schema, const Entity& entity) {
  return "DELETE FROM " + qualified(schema, entity.name) + " WHERE " + kOnlyTenant + " AND " +
         quoted_name(id_name(entity)) + " = ANY ($2)";
}

std::string revision_sql(std::string_view schema, const Entity& entity) {
  std::string sql = "SELECT ";
  sql += quoted_name(entity.fields[has_revision(entity) ? kRevisionField : kIdField].name);
  sql += " FROM " + qualified(schema, entity.name) + " WHERE " + kOnlyTenant + " AND " + quoted_name(id_name(entity)) +
         " = $2";
  if (is_history(entity)) sql += " AND " + quoted_name(entity.fields[kSeqField].name) + " = $3";
  return sql;
}

std::string holder_sql(std::string_view schema, const Entity& entity, const UniqueKey& key) {
  const std::string id = quoted_name(id_name(entity));
  std::string sql =
      "SELECT " + id + " FROM " + qualified(schema, entity.name) + " WHERE " + kOnlyTenant + " AND " + id + " <> $2";
  std::size_t number = 2;
  for (const int field : positions_of(entity, key)) sql += " AND " + equals(entity, field, "", parameter(++number));
  return sql + " LIMIT 1";
}

}  // namespace kith::postgres
