// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_schema.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "kith/base/error.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/postgres_tables.hpp"

namespace kith::postgres {
namespace {

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

/// Bounds the wait for a table that another program holds whole, for the statements of one text.
std::string bounded(const Channel& channel, const std::string& sql) {
  return fmt::format("SELECT pg_catalog.set_config('lock_timeout', '{}', true); {}",
                     std::max(channel.settings().storage.busy_ms, 1), sql);
}

std::int64_t number_in(std::string_view digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// With the lease its wait has been told.
StoreRow read_store(Channel& channel, bool lease) {
  const std::string sql =
      fmt::format("SELECT format, rls FROM {} WHERE name = 'kith'{}",
                  qualified(channel.settings().postgres.schema, kStoreTable), lease ? " FOR UPDATE" : "");
  const Result row = channel.exec(lease ? sql : bounded(channel, sql), {lease ? kLock : kRead, kStoreTable});
  if (row.rows() == 0) return {};
  return {number_in(row.text(0, 0)), number_in(row.text(0, 1)) != 0};
}

/// The few tables that must be there before anything can be leased.
void make_store_table(Channel& channel) {
  const std::string& schema = channel.settings().postgres.schema;
  std::string sql;
  const bool absent = !schema_exists(channel);
  if (absent) sql = "CREATE SCHEMA IF NOT EXISTS " + quoted_name(schema) + "; ";
  sql += fmt::format(
      "CREATE TABLE IF NOT EXISTS {0} (name text PRIMARY KEY, format bigint NOT NULL, "
      "rls bigint NOT NULL); INSERT INTO {0} (name, format, rls) VALUES ('kith', 0, 0) "
      "ON CONFLICT DO NOTHING",
      qualified(schema, kStoreTable));
  make_once(channel, sql, absent ? kMakingSchema : kMaking);
}

/// Under the lease. `store` is what it said.
void make_under_lease(Channel& channel, std::span<const Entity* const> entities, const StoreRow& store) {
  const PostgresOptions& postgres = channel.settings().postgres;
  if (store.format == 0) {
    channel.exec(fmt::format("CREATE TABLE {} ({} bigint PRIMARY KEY, \"format\" bigint NOT NULL); {}",
                             qualified(postgres.schema, kTenantTable), quoted_name(kTenantColumn),
                             migration_table_sql(postgres.schema)),
                 kMaking);
    for (const Entity* entity : entities) {
      for (const Definition& definition : definitions(postgres.schema, *entity)) {
        channel.exec(definition.sql, kMaking);
      }
    }
  }
  const bool adds_rls = postgres.rls && !store.rls;
  if (adds_rls) {
    channel.exec(rls_sql(postgres.schema, kTenantTable), kMaking);
    for (const Entity* entity : entities) channel.exec(rls_sql(postgres.schema, entity->name), kMaking);
  }
  if (store.format == 0 || adds_rls) {
    channel.exec(fmt::format("UPDATE {} SET format = {}, rls = {} WHERE name = 'kith'",
                             qualified(postgres.schema, kStoreTable), kFormat, postgres.rls || store.rls ? 1 : 0),
                 kMaking);
  }
}

/// Nothing of another program may stand where tables are about to be made.
void check_room(Channel& channel, std::span<const Entity* const> entities) {
  const auto taken = taken_names(channel);
  std::vector<std::string> in_the_way;
  for (const Entity* entity : entities) {
    for (const Definition& definition : definitions(channel.settings().postgres.schema, *entity)) {
      if (taken.find(definition.name) != taken.end()) in_the_way.push_back(definition.name);
    }
  }
  for (const std::string_view own : {kTenantTable, kMigrationTable}) {
    if (taken.find(own) != taken.end()) in_the_way.emplace_back(own);
  }
  const auto tables = table_names(channel);
  if (!tables.contains(kStoreTable) && taken.contains(kStoreTable)) in_the_way.emplace_back(kStoreTable);
  // Unless another process has just made them.
  if (in_the_way.empty() || inspect(channel).format != 0) return;
  fail_foreign(channel, fmt::format("tables, indexes or types of another program are in the way ({})",
                                    fmt::join(in_the_way, ", ")));
}

/// The tenant's row. The first format has no column for the tenant's.
Result read_tenant(Channel& channel) {
  const PostgresOptions& postgres = channel.settings().postgres;
  const std::string sql = fmt::format("SELECT * FROM {} WHERE {} = {}", qualified(postgres.schema, kTenantTable),
                                      quoted_name(kTenantColumn), postgres.tenant);
  if (!channel.cluster() || channel.borrowed()) {
    return channel.exec(
        bounded(channel, fmt::format("SELECT {}; {}", tenant_settings(std::to_string(postgres.tenant)), sql)),
        {kRead, kTenantTable});
  }
  try {
    Result row = channel.begin("BEGIN READ ONLY", {}, std::max(channel.settings().storage.busy_ms, 1), sql,
                               {kRead, kTenantTable});
    channel.exec("ROLLBACK");  // nothing was written
    return row;
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

}  // namespace

void check_format(const Channel& channel, std::int64_t format) {
  if (format <= kFormat) return;
  throw Error(Code::version, fmt::format("{} was written by a newer Kith (format {}, this one knows {}); nothing was "
                                         "changed; use that version",
                                         channel.settings().place, format, kFormat));
}

void make_once(Channel& channel, const std::string& sql, const Doing& doing) {
  for (int attempt = 1;; ++attempt) {
    try {
      channel.exec(sql, doing);
      return;
    } catch (const Error& error) {
      // The catalogue's own unique keys, or a type of a table that is being made: the other one was faster, and the
      // next look sees what it made. What another program has left there is there at every look.
      if ((error.code != Code::conflict && error.code != Code::corrupt) || attempt == 5) throw;
    }
  }
}

StoreRow take_lease(Channel& channel) {
  const int wait = std::max(channel.settings().storage.busy_ms, kLeaseMs);
  channel.begin("BEGIN", {}, wait, "", kMaking);
  try {
    const StoreRow store = read_store(channel, true);
    check_format(channel, store.format);
    return store;
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

Found inspect(Channel& channel) {
  check_server(channel);
  const auto tables = table_names(channel);
  if (tables.find(kStoreTable) == tables.end()) return {};
  if (!is_store_table(channel)) fail_foreign(channel, fmt::format("its {} is not Kith's table", kStoreTable));
  const StoreRow store = read_store(channel, false);
  check_format(channel, store.format);
  if (store.format == 0) return {};
  Found found{.format = store.format, .rls = store.rls};
  const Result tenant = read_tenant(channel);
  if (tenant.rows() == 0) return found;
  found.tenant_format = store.format;
  if (api().PQnfields(tenant.raw()) > 1) {
    found.tenant_format = number_in(tenant.text(0, 1));
  }
  check_format(channel, found.tenant_format);
  return found;
}

void make_tables(Channel& channel, std::span<const Entity* const> entities) {
  const PostgresOptions& postgres = channel.settings().postgres;
  const Found before = inspect(channel);
  if (before.format == 0) {
    check_room(channel, entities);
    make_store_table(channel);
  }
  const bool makes = before.format == 0 || (postgres.rls && !before.rls);
  StoreRow store{.format = before.format, .rls = before.rls};
  if (makes) {
    store = take_lease(channel);
  } else {
    channel.begin("BEGIN", {}, std::max(channel.settings().storage.busy_ms, 1), "", "make the tenant in");
  }
  try {
    if (store.format != 0 && store.format != kFormat) {
      throw Error(Code::version,
                  fmt::format("{} has the older format {}, this Kith writes {}; migrate it before a tenant is added",
                              channel.settings().place, store.format, kFormat));
    }
    if (makes) make_under_lease(channel, entities, store);
    check_tables(channel, entities);
    channel.exec(
        fmt::format("INSERT INTO {} ({}, \"format\") VALUES ({}, {}) ON CONFLICT DO NOTHING",
                    qualified(postgres.schema, kTenantTable), quoted_name(kTenantColumn), postgres.tenant, kFormat),
        {kInsert, kTenantTable});
    channel.exec("COMMIT", kMaking);
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

}  // namespace kith::postgres

#endif
