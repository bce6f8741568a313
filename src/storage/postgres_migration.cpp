// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tables of an older format, which many tenants share. What has to be done is written into kith_migration before the
/// first of it is done: step 0 of a migration holds the checksum of its statements, and says when all are done. Each
/// step is one transaction that takes the lease, marks the step, and runs its statement. A tenant's own migration, its
/// row of the chain, comes with its next opening and repeats the statements recorded here.

#include "storage/postgres_schema.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "kith/base/error.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/postgres_tables.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

constexpr Doing kDoing = kMigrating;

std::string migrations(const Channel& channel) {
  return qualified(channel.settings().postgres.schema, kMigrationTable);
}

[[noreturn]] void fail_record(const Channel& channel, std::string_view what) {
  throw Error(Code::corrupt, fmt::format("{}: {} in {}; restore a backup of the schema", channel.settings().place, what,
                                         kMigrationTable));
}

/// The steps recorded from a format on, in order; `to` is where they lead.
Migration read_steps(Channel& channel, std::int64_t from) {
  Migration all{.from = from, .to = from, .steps = {}};
  const auto tables = table_names(channel);
  if (tables.find(kMigrationTable) == tables.end()) return all;
  const std::string sql = fmt::format(
      "SELECT from_format, to_format, step, entity, field, statement FROM {} WHERE from_format >= $1 "
      "ORDER BY from_format, step",
      migrations(channel));
  Params params;
  params.word(from);
  const Result rows = channel.run_once(sql, params, "read");
  for (int row = 0; row < rows.rows();) {
    if (rows.word(row, 0) != all.to || rows.word(row, 2) != 0) fail_record(channel, "a migration has no beginning");
    Migration one{.from = rows.word(row, 0), .to = rows.word(row, 1), .steps = {}};
    const std::string checksum(rows.text(row, 5));
    for (++row; row < rows.rows() && rows.word(row, 0) == one.from; ++row) {
      one.steps.push_back(
          {std::string(rows.text(row, 3)), std::string(rows.text(row, 4)), std::string(rows.text(row, 5))});
    }
    if (to_hex(checksum_of(one.from, one.to, statements_of(one))) != checksum) {
      fail_record(channel, fmt::format("the statements from format {} do not have their checksum", one.from));
    }
    all.to = one.to;
    all.steps.insert(all.steps.end(), one.steps.begin(), one.steps.end());
  }
  return all;
}

void record(Channel& channel, const Migration& migration) {
  const std::string sql = fmt::format(
      "INSERT INTO {} (from_format, to_format, step, entity, field, statement, done) VALUES "
      "($1, $2, $3, $4, $5, $6, 0)",
      migrations(channel));
  const auto add = [&](std::int64_t number, const MigrationStep& step) {
    Params params;
    for (const std::int64_t word : {migration.from, migration.to, number}) params.word(word);
    for (const std::string* text : {&step.entity, &step.field, &step.sql}) params.text(*text, Type::text);
    static_cast<void>(channel.run_once(sql, params, kDoing));
  };
  add(0, {.sql = to_hex(checksum_of(migration.from, migration.to, statements_of(migration)))});
  std::int64_t number = 0;
  for (const MigrationStep& step : migration.steps) add(++number, step);
}

/// Writes down what is to be done, unless it stands there.
void begin_migration(Channel& channel, std::span<const Entity* const> entities) {
  make_once(channel, migration_table_sql(channel.settings().postgres.schema), kDoing);
  const StoreRow store = take_lease(channel);
  try {
    if (store.format != kFormat && read_steps(channel, store.format).to == store.format) {
      const bool spread = is_spread(channel);
      if (spread) {
        channel.exec(fmt::format("SELECT create_reference_table({})", quoted_text(migrations(channel))), kDoing);
      }
      record(channel,
             {.from = store.format, .to = kFormat, .steps = missing_steps(channel, entities, store.rls, spread)});
    }
    channel.exec("COMMIT", kDoing);
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

struct Step {
  std::int64_t number = 0;
  std::string sql;
};
std::optional<Step> next_step(Channel& channel, std::int64_t from) {
  const std::string sql = fmt::format(
      "SELECT step, statement FROM {} WHERE from_format = $1 AND step > 0 AND done = 0 ORDER BY step LIMIT 1",
      migrations(channel));
  Params params;
  params.word(from);
  const Result row = channel.run_once(sql, params, "read");
  if (row.rows() == 0) return std::nullopt;
  return Step{row.word(0, 0), std::string(row.text(0, 1))};
}

void mark(Channel& channel, std::int64_t from, std::int64_t step) {
  Params params;
  params.word(from);
  params.word(step);
  static_cast<void>(channel.run_once(
      fmt::format("UPDATE {} SET done = 1 WHERE from_format = $1 AND step = $2", migrations(channel)), params, kDoing));
}

/// One step, or the end: false when there is nothing left.
bool advance(Channel& channel, std::span<const Entity* const> entities) {
  const StoreRow store = take_lease(channel);
  try {
    if (store.format == kFormat) {
      channel.try_exec("ROLLBACK");
      return false;
    }
    const auto step = next_step(channel, store.format);
    mark(channel, store.format, step ? step->number : 0);
    if (step) {
      // Whoever reads or writes a table goes first; waiting long for it would hold up all who come after.
      channel.exec(fmt::format("SET LOCAL lock_timeout = {}", std::max(channel.settings().storage.busy_ms, 1)), kDoing);
      channel.exec(step->sql, kDoing);
    } else {
      check_tables(channel, entities);
      channel.exec(fmt::format("UPDATE {} SET format = {} WHERE name = 'kith'",
                               qualified(channel.settings().postgres.schema, kStoreTable), kFormat),
                   kDoing);
    }
    channel.exec("COMMIT", kDoing);
    return step.has_value();
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

}  // namespace

std::string migration_table_sql(std::string_view schema) {
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (from_format bigint NOT NULL, to_format bigint NOT NULL, step bigint NOT NULL, "
      "entity text NOT NULL, field text NOT NULL, statement text NOT NULL, done bigint NOT NULL, "
      "PRIMARY KEY (from_format, step))",
      qualified(schema, kMigrationTable));
}

Migration plan_migration(Channel& channel, std::span<const Entity* const> entities) {
  const Found found = inspect(channel);
  // The tables may be older than the tenant, where a part of a backup was restored.
  const std::int64_t from =
      found.tenant_format == 0 ? found.format : std::min<std::int64_t>(found.tenant_format, found.format);
  if (found.format == 0 || (from == kFormat && found.format == kFormat)) return {};
  Migration plan = read_steps(channel, from);
  if (plan.to != found.format && plan.to != kFormat) {
    fail_record(channel, fmt::format("the steps from format {} to {} are not recorded", from, found.format));
  }
  if (plan.to == kFormat) return plan;
  for (MigrationStep& step : missing_steps(channel, entities, found.rls, is_spread(channel))) {
    plan.steps.push_back(std::move(step));
  }
  plan.to = kFormat;
  return plan;
}

void migrate_tables(Channel& channel, std::span<const Entity* const> entities) {
  if (inspect(channel).format == kFormat) return;
  begin_migration(channel, entities);
  while (advance(channel, entities)) {
  }
}

}  // namespace kith::postgres

#endif
