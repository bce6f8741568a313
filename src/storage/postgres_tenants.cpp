// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_tenants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kith/base/error.hpp"
#include "kith/storage/postgres.hpp"
#include "storage/postgres_schema.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/postgres_tables.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {

#ifdef KITH_POSTGRES

namespace {

/// What the tables are, before anything is asked of them. The caller's error where they are none.
Found look(Channel& channel) {
  Found found = inspect(channel);
  if (found.format != 0) return found;
  const Settings& settings = channel.settings();
  throw Error(Code::not_found, fmt::format("there are no tables of Kith in schema {} of {}; check kith_schema",
                                           settings.postgres.schema, settings.place));
}

template <class Function>
auto or_roll_back(Channel& channel, Function function) {
  try {
    return function();
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

std::string list_sql(const std::string& schema, bool formats, const Entity& entity, std::span<const int> fields) {
  const std::string tenant = quoted_name(kTenantColumn);
  // The first format of the tables told none of the tenants'.
  std::string sql = "SELECT t." + tenant + (formats ? ", t.\"format\"" : ", t." + tenant);
  for (const int field : fields) sql += ", e." + quoted_name(entity.fields[static_cast<std::size_t>(field)].name);
  return sql + " FROM " + qualified(schema, kTenantTable) + " AS t LEFT JOIN " + qualified(schema, entity.name) +
         " AS e ON e." + tenant + " = t." + tenant + " ORDER BY t." + tenant;
}

TenantRow tenant_row(const Result& rows, int row, const Entity& entity, std::span<const int> fields) {
  TenantRow tenant{.tenant = rows.word(row, 0), .format = rows.word(row, 1)};
  int column = 2;
  for (const int field : fields) {
    if (rows.is_null(row, column)) {
      tenant.values.emplace_back();
    } else if (is_text(entity.fields[static_cast<std::size_t>(field)].type)) {
      tenant.values.emplace_back(std::string(rows.text(row, column)));
    } else {
      tenant.values.emplace_back(rows.word(row, column));
    }
    ++column;
  }
  return tenant;
}

}  // namespace

std::vector<TenantRow> list_tenants(std::string_view url, const StorageOptions& options, const Entity& entity,
                                    std::span<const int> fields) {
  const Settings settings = settings_of(url, options);
  Channel channel(settings);
  const Found found = look(channel);
  const bool formats = found.format > 1;
  Params none;
  channel.begin("BEGIN READ ONLY", {}, std::max(settings.storage.busy_ms, 1), "", "read");
  return or_roll_back(channel, [&] {
    const Result rows =
        channel.run_once(list_sql(settings.postgres.schema, formats, entity, fields), none, {kRead, kTenantTable});
    std::vector<TenantRow> tenants;
    for (int row = 0; row < rows.rows(); ++row) {
      tenants.push_back(tenant_row(rows, row, entity, fields));
      if (!formats) tenants.back().format = found.format;
    }
    channel.exec("COMMIT", "read");
    return tenants;
  });
}

namespace {

[[noreturn]] void fail_unknown(const Settings& settings) {
  throw Error(Code::not_found, fmt::format("there is no tenant {} in {}; nothing was removed; list the tenants",
                                           settings.postgres.tenant, settings.place));
}

/// Its one writer, until the end: no Work is in the middle of it, and none begins.
void lock_tenant(Channel& channel) {
  const Settings& settings = channel.settings();
  const std::string row = fmt::format("SELECT {0} FROM {1} WHERE {0} = {2} FOR UPDATE", quoted_name(kTenantColumn),
                                      qualified(settings.postgres.schema, kTenantTable), settings.postgres.tenant);
  const int wait = std::max(settings.storage.busy_ms, 1);
  if (channel.begin("BEGIN", {}, wait, row, {kLock, kTenantTable}).rows() == 0) fail_unknown(settings);
}

std::int64_t remove_rows(Channel& channel, std::string_view table) {
  const PostgresOptions& postgres = channel.settings().postgres;
  Params tenant;
  tenant.word(postgres.tenant);
  const std::string sql =
      "DELETE FROM " + qualified(postgres.schema, table) + " WHERE " + quoted_name(kTenantColumn) + " = $1";
  return channel.run_once(sql, tenant, {kErase, table}).touched();
}

void commit_removal(Channel& channel) {
  try {
    channel.commit();
  } catch (const Interrupted& lost) {
    if (!lost.unknown) throw;
    throw Interrupted(fmt::format("the connection to {} was lost while the tenant was removed; it is there with "
                                  "every row, or gone: list the tenants",
                                  channel.settings().place),
                      true);
  }
}

}  // namespace

std::int64_t remove_tenant(std::string_view url, const StorageOptions& options, std::int64_t confirmed,
                           std::span<const Entity* const> entities) {
  const Settings settings = settings_of(url, options);
  if (confirmed != settings.postgres.tenant) {
    throw Error(Code::invalid, "", "confirmed",
                fmt::format("the URL names tenant {}, and {} was confirmed; nothing was removed; repeat the number of "
                            "the tenant that is to go",
                            settings.postgres.tenant, confirmed));
  }
  if (options.read_only) fail_read_only_store(settings.place);
  Channel channel(settings);
  if (look(channel).tenant_format == 0) fail_unknown(settings);
  const auto tables = table_names(channel);
  return or_roll_back(channel, [&] {
    lock_tenant(channel);
    std::int64_t rows = 0;
    for (const Entity* entity : entities) {
      // An older store lacks some.
      if (tables.find(entity->name) != tables.end()) rows += remove_rows(channel, entity->name);
    }
    rows += remove_rows(channel, kTenantTable);
    commit_removal(channel);
    return rows;
  });
}

#else

std::vector<TenantRow> list_tenants(std::string_view url, const StorageOptions& options, const Entity&,
                                    std::span<const int>) {
  static_cast<void>(open_postgres(url, options));
  return {};
}

std::int64_t remove_tenant(std::string_view url, const StorageOptions& options, std::int64_t,
                           std::span<const Entity* const>) {
  static_cast<void>(open_postgres(url, options));
  return 0;
}

#endif

}  // namespace kith::postgres
