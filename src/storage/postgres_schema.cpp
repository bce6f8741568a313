// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_schema.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "kith/base/error.hpp"
#include "storage/postgres_sql.hpp"

namespace kith::postgres {
namespace {

/// Making tables takes longer than a write; whoever waits for it would rather wait than fail.
constexpr int kLeaseMs = 60'000;

[[noreturn]] void fail_foreign(const Channel& channel, std::string_view why) {
  throw Error(Code::corrupt, fmt::format("{} is no Kith store: {}; nothing was changed; choose another kith_schema",
                                         channel.settings().place, why));
}

void check_server(Channel& channel) {
  const int version = api().PQserverVersion(channel.raw());
  if (version < 150'000) {
    throw Error(Code::storage, fmt::format("{} runs PostgreSQL {}; Kith needs version 15 or newer",
                                           channel.settings().place, version / 10'000));
  }
  const char* encoding = api().PQparameterStatus(channel.raw(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    throw Error(Code::invalid, fmt::format("{} has the encoding {}; make a database with the encoding UTF8",
                                           channel.settings().place, encoding == nullptr ? "?" : encoding));
  }
}

bool schema_exists(Channel& channel) {
  static const std::string sql = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  return channel.run_once(sql, params, "read").rows() != 0;
}

std::string set_tenant(const Channel& channel) {
  return fmt::format("SELECT pg_catalog.set_config('kith.tenant', '{}', true); ", channel.settings().postgres.tenant);
}

/// Format and row-level security of the schema; format 0 where its tables were never completed.
struct StoreRow {
  std::int64_t format = 0;
  bool rls = false;
};
StoreRow read_store(Channel& channel, bool lease) {
  const std::string sql =
      fmt::format("SELECT format, rls FROM {} WHERE name = 'kith'{}",
                  qualified(channel.settings().postgres.schema, kStoreTable), lease ? " FOR UPDATE" : "");
  Params none;
  const Result row = channel.run_once(sql, none, "read");
  if (row.rows() == 0) return {};
  return {row.word(0, 0), row.word(0, 1) != 0};
}

void check_format(const Channel& channel, std::int64_t format) {
  if (format == kFormat || format == 0) return;
  if (format < kFormat) {
    throw Error(Code::version, fmt::format("{} was written by an older Kith (format {}, this one writes {}); nothing "
                                           "was changed; dump it with that version and load the dump here",
                                           channel.settings().place, format, kFormat));
  }
  throw Error(Code::version, fmt::format("{} was written by a newer Kith (format {}, this one knows {}); nothing was "
                                         "changed; use that version",
                                         channel.settings().place, format, kFormat));
}

/// The few tables that must be there before anything can be leased. Two processes may make them at once.
void make_store_table(Channel& channel) {
  const std::string& schema = channel.settings().postgres.schema;
  std::string sql;
  if (!schema_exists(channel)) sql = "CREATE SCHEMA IF NOT EXISTS " + quoted_name(schema) + "; ";
  sql += fmt::format(
      "CREATE TABLE IF NOT EXISTS {0} (name text PRIMARY KEY, format bigint NOT NULL, "
      "rls bigint NOT NULL); INSERT INTO {0} (name, format, rls) VALUES ('kith', 0, 0) "
      "ON CONFLICT DO NOTHING",
      qualified(schema, kStoreTable));
  for (int attempt = 1;; ++attempt) {
    try {
      channel.exec(sql, "make tables in");
      return;
    } catch (const Error& error) {
      // The catalogue's own unique keys: the other one was faster, and the next look sees what it made.
      if (error.code != Code::conflict || attempt == 5) throw;
    }
  }
}

void enable_rls(Channel& channel, std::string_view table) {
  const std::string name = qualified(channel.settings().postgres.schema, table);
  channel.exec(fmt::format("ALTER TABLE {0} ENABLE ROW LEVEL SECURITY; ALTER TABLE {0} FORCE ROW LEVEL SECURITY; "
                           "CREATE POLICY kith_tenant ON {0} USING ({1} = "
                           "NULLIF(pg_catalog.current_setting('kith.tenant', true), '')::bigint)",
                           name, quoted_name(kTenantColumn)),
               "make tables in");
}

void make_under_lease(Channel& channel, std::span<const Entity* const> entities) {
  const PostgresOptions& postgres = channel.settings().postgres;
  const StoreRow store = read_store(channel, true);
  check_format(channel, store.format);
  if (store.format == 0) {
    channel.exec(fmt::format("CREATE TABLE {} ({} bigint PRIMARY KEY)", qualified(postgres.schema, kTenantTable),
                             quoted_name(kTenantColumn)),
                 "make tables in");
    for (const Entity* entity : entities) {
      for (const Definition& definition : definitions(postgres.schema, *entity)) {
        channel.exec(definition.sql, "make tables in");
      }
    }
  }
  const bool adds_rls = postgres.rls && !store.rls;
  if (adds_rls) {
    enable_rls(channel, kTenantTable);
    for (const Entity* entity : entities) enable_rls(channel, entity->name);
  }
  if (store.format == 0 || adds_rls) {
    channel.exec(fmt::format("UPDATE {} SET format = {}, rls = {} WHERE name = 'kith'",
                             qualified(postgres.schema, kStoreTable), kFormat, postgres.rls || store.rls ? 1 : 0),
                 "make tables in");
  }
}

/// Everything a column is, in one line.
std::string column_line(std::string_view name, std::string_view type, bool not_null, std::string_view collation) {
  return fmt::format("{} {}{} {};", name, type, not_null ? " not null" : "", collation);
}

std::string expected_columns(const Entity& entity) {
  std::string lines = column_line(kTenantColumn, "bigint", true, "");
  for (const Field& field : entity.fields) {
    const std::string_view type = column_type(field.type);
    lines += column_line(field.name, type, !field.nullable, type == "text" ? "C" : "");
  }
  return lines;
}

std::map<std::string, std::string, std::less<>> stored_columns(Channel& channel) {
  static const std::string sql =
      // quote_all_identifiers puts quotes around some of the types.
      "SELECT c.relname, a.attname, pg_catalog.translate(pg_catalog.format_type(a.atttypid, a.atttypmod), '\"', ''), "
      "a.attnotnull, l.collname "
      "FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped "
      "ORDER BY c.relname, a.attnum";
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  std::map<std::string, std::string, std::less<>> columns;
  for (int row = 0; row < rows.rows(); ++row) {
    columns[std::string(rows.text(row, 0))] += column_line(
        rows.text(row, 1), rows.text(row, 2), rows.text(row, 3) != std::string_view("\0", 1), rows.text(row, 4));
  }
  return columns;
}

std::set<std::string, std::less<>> names(Channel& channel, const std::string& sql) {
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  std::set<std::string, std::less<>> found;
  for (int row = 0; row < rows.rows(); ++row) found.emplace(rows.text(row, 0));
  return found;
}

const std::string kIndexes =
    "SELECT i.relname FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = i.relnamespace WHERE n.nspname = $1 AND ";

}  // namespace

std::set<std::string, std::less<>> table_names(Channel& channel) {
  static const std::string sql =
      "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')";
  return names(channel, sql);
}

Found inspect(Channel& channel) {
  check_server(channel);
  const auto tables = table_names(channel);
  if (tables.find(kStoreTable) == tables.end()) return {};
  StoreRow store;
  try {
    store = read_store(channel, false);
  } catch (const Error& error) {
    if (error.code != Code::corrupt) throw;
    fail_foreign(channel, fmt::format("its table {} has other columns", kStoreTable));
  }
  check_format(channel, store.format);
  if (store.format == 0) return {};
  const Result tenant =
      channel.exec(set_tenant(channel) + fmt::format("SELECT 1 FROM {} WHERE {} = {}",
                                                     qualified(channel.settings().postgres.schema, kTenantTable),
                                                     quoted_name(kTenantColumn), channel.settings().postgres.tenant),
                   "read");
  return {.tables = true, .tenant = tenant.rows() != 0, .rls = store.rls};
}

void make_tables(Channel& channel, std::span<const Entity* const> entities) {
  const PostgresOptions& postgres = channel.settings().postgres;
  const Found before = inspect(channel);
  if (!before.tables) {
    const auto taken = table_names(channel);
    std::vector<std::string> in_the_way;
    for (const Entity* entity : entities) {
      for (const Definition& definition : definitions(postgres.schema, *entity)) {
        if (taken.find(definition.name) != taken.end()) in_the_way.push_back(definition.name);
      }
    }
    if (taken.find(kTenantTable) != taken.end()) in_the_way.emplace_back(kTenantTable);
    // Unless another process has just made them.
    if (!in_the_way.empty() && !inspect(channel).tables) {
      fail_foreign(channel, fmt::format("tables of another program are in the way ({})", fmt::join(in_the_way, ", ")));
    }
    make_store_table(channel);
  }
  const int wait = std::max(channel.settings().storage.busy_ms, kLeaseMs);
  channel.exec(fmt::format("BEGIN; SET LOCAL lock_timeout = {}; {}", wait, set_tenant(channel)), "make tables in");
  try {
    if (!before.tables || (postgres.rls && !before.rls)) make_under_lease(channel, entities);
    check_tables(channel, entities);
    channel.exec(fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING",
                             qualified(postgres.schema, kTenantTable), quoted_name(kTenantColumn), postgres.tenant),
                 "make the tenant in");
    channel.exec("COMMIT", "make tables in");
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

void check_tables(Channel& channel, std::span<const Entity* const> entities) {
  const auto columns = stored_columns(channel);
  const auto indexes = names(channel, kIndexes + "x.indisvalid");
  const auto fail = [&](const Entity& entity, std::string_view what, std::string_view name) {
    throw Error(Code::corrupt, std::string(entity.name), "",
                fmt::format("{} {} {}; nothing was changed; restore a backup", channel.settings().place, what, name));
  };
  for (const Entity* entity : entities) {
    const auto found = columns.find(entity->name);
    if (found == columns.end()) fail(*entity, "lacks", entity->name);
    if (found->second != expected_columns(*entity)) fail(*entity, "has a changed", entity->name);
    for (const Definition& definition : definitions(channel.settings().postgres.schema, *entity)) {
      if (definition.name == entity->name || indexes.find(definition.name) != indexes.end()) continue;
      fail(*entity, "lacks a valid index", definition.name);
    }
  }
}

std::vector<std::string> invalid_indexes(Channel& channel) {
  std::vector<std::string> faults;
  for (const std::string& name : names(channel, kIndexes + "NOT x.indisvalid")) {
    faults.push_back(fmt::format("the index {} is not valid; REINDEX it", name));
  }
  return faults;
}

}  // namespace kith::postgres

#endif
