// SPDX-License-Identifier: Apache-2.0
// Tables as they are in a file against those of the entity tables: the check at opening, and what an older store lacks.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "kith/base/error.hpp"
#include "storage/rules.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_sql.hpp"

namespace kith::sqlite {
namespace {

using Schema = std::map<std::string, std::string, std::less<>>;  // name to SQL

Schema read_schema(Database& database) {
  Schema schema;
  const Statement rows = database.prepare("SELECT name, sql FROM " + qualified(database.schema(), "sqlite_schema") +
                                          " WHERE sql IS NOT NULL");
  while (database.step(rows.get(), "read")) {
    schema.emplace(column_text(rows.get(), 0), column_text(rows.get(), 1));
  }
  return schema;
}

std::int64_t pragma(Database& database, const char* name) {
  return database.number(("PRAGMA " + qualified(database.schema(), name)).c_str());
}

[[noreturn]] void fail_table(const Database& database, const Entity& entity, std::string_view what) {
  throw Error(Code::corrupt, std::string(entity.name), "",
              fmt::format("{} {}; nothing was changed; restore a backup", database.path(), what));
}

/// Fields of the entity that its table lacks, in table order. Every other column must be what the entity says.
std::vector<int> missing_fields(Database& database, const Entity& entity) {
  struct Column {
    std::string type;
    bool not_null = false;
    bool key = false;
  };
  std::map<std::string, Column, std::less<>> columns;
  const Statement rows = database.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(" +
                                          quoted_text(entity.name) + ", " + quoted_text(database.schema()) + ")");
  while (database.step(rows.get(), "read")) {
    columns[std::string(column_text(rows.get(), 0))] = {.type = std::string(column_text(rows.get(), 1)),
                                                        .not_null = sqlite3_column_int(rows.get(), 2) != 0,
                                                        .key = sqlite3_column_int(rows.get(), 3) != 0};
  }
  const Statement strict =
      database.prepare("SELECT strict FROM pragma_table_list WHERE name = " + quoted_text(entity.name) +
                       " AND schema = " + quoted_text(database.schema()));
  const bool is_strict = database.step(strict.get(), "read") && sqlite3_column_int(strict.get(), 0) != 0;
  std::vector<int> missing;
  std::size_t known = 0;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const Field& field = entity.fields[i];
    const auto found = columns.find(field.name);
    if (found == columns.end()) {
      missing.push_back(static_cast<int>(i));
      continue;
    }
    ++known;
    const bool key = i == kIdField || (is_history(entity) && i == kSeqField);
    const bool not_null = !field.nullable && (i != kIdField || is_history(entity));
    const bool same = found->second.type == column_type(field.type) && found->second.key == key &&
                      (found->second.not_null == not_null || key);
    if (!same) fail_table(database, entity, fmt::format("has a changed {}.{}", entity.name, field.name));
  }
  if (!is_strict || known != columns.size()) fail_table(database, entity, fmt::format("has a changed {}", entity.name));
  return missing;
}

/// The default of a column that is added, as an SQL literal.
std::string default_literal(const Entity& entity, int field, std::span<const Entity* const> entities) {
  const Cell cell = default_of(entity, field, entities);
  if (const auto* word = std::get_if<std::int64_t>(&cell)) return std::to_string(*word);
  const auto* text = std::get_if<std::string>(&cell);
  const bool bytes = entity.fields[static_cast<std::size_t>(field)].type == Type::bytes;
  return (bytes ? "x" : "") + quoted_text(text == nullptr || bytes ? "" : *text);
}

/// True for an index that is named as Kith names those of its columns.
bool is_kiths(const Entity& entity, std::string_view name, std::string_view sql) {
  const std::string on = "INDEX " + quoted_name(name) + " ON " + quoted_name(entity.name) + " (";
  for (const auto& [begin, middle] : {std::pair("CREATE UNIQUE " + on, "_unique"), std::pair("CREATE " + on, "_by")}) {
    if (!sql.starts_with(begin) || !sql.ends_with(')')) continue;
    std::string expected = std::string(entity.name) + middle;
    std::string columns(sql.substr(begin.size()));
    columns.back() = ',';
    for (std::size_t at = 0; at < columns.size();) {
      const std::size_t end = columns.find(',', at);
      expected += "_" + columns.substr(at + 1, end - at - 2);
      at = columns.find_first_not_of(' ', end + 1);
    }
    return expected == name;
  }
  return false;
}

/// Indexes that an older Kith kept for the entity and this one no longer has: a wider one has taken their place. Those
/// that somebody else made have other names, and stay.
std::vector<std::string> overtaken_indexes(const Schema& schema, const Entity& entity,
                                           const std::vector<Definition>& wanted) {
  std::vector<std::string> names;
  for (const auto& [name, sql] : schema) {
    const bool known = std::any_of(wanted.begin(), wanted.end(), [&](const auto& one) { return one.name == name; });
    if (!known && is_kiths(entity, name, sql)) names.push_back(name);
  }
  return names;
}

}  // namespace

void check_tables(Database& database, std::span<const Entity* const> entities) {
  const std::int64_t format = pragma(database, "user_version");
  check_format(database.path(), pragma(database, "application_id"), format);
  if (format < kFormat) {
    throw Error(Code::version, fmt::format("{} has the older format {}, this Kith writes {}; open it for writing once, "
                                           "which migrates it",
                                           database.path(), format, kFormat));
  }
  const Schema schema = read_schema(database);
  for (const Entity* entity : entities) {
    bool table = true;
    for (const Definition& definition : definitions(*entity)) {
      const auto found = schema.find(definition.name);
      if (found == schema.end()) fail_table(database, *entity, "lacks " + definition.name);
      const bool is_table = std::exchange(table, false);
      if (found->second == definition.sql) continue;
      if (!is_table) fail_table(database, *entity, "has a changed " + definition.name);
      // Columns that a migration added stand in another order.
      for (const int field : missing_fields(database, *entity)) {
        const std::string_view name = entity->fields[static_cast<std::size_t>(field)].name;
        fail_table(database, *entity, fmt::format("lacks {}.{}", entity->name, name));
      }
    }
  }
}

Migration plan_migration(Database& database, std::span<const Entity* const> entities) {
  Migration migration;
  migration.from = pragma(database, "user_version");
  check_format(database.path(), pragma(database, "application_id"), migration.from);
  if (migration.from == kFormat) return migration;
  const Schema schema = read_schema(database);
  const auto add = [&](const Entity& entity, std::string_view field, std::string sql) {
    migration.steps.push_back({std::string(entity.name), std::string(field), std::move(sql)});
  };
  for (const Entity* entity : entities) {
    const std::vector<Definition> wanted = definitions(*entity);
    const bool there = schema.contains(wanted.front().name);
    if (there) {
      for (const int position : missing_fields(database, *entity)) {
        const Field& field = entity->fields[static_cast<std::size_t>(position)];
        std::string sql = "ALTER TABLE " + quoted_name(entity->name) + " ADD COLUMN " + quoted_name(field.name) + " " +
                          std::string(column_type(field.type));
        if (!field.nullable) sql += " NOT NULL DEFAULT " + default_literal(*entity, position, entities);
        add(*entity, field.name, std::move(sql));
        if (!field.options.begins_as.empty()) {
          add(*entity, "", "UPDATE " + quoted_name(entity->name) + " SET " + begin_of(field));
        }
      }
    }
    for (std::size_t i = there ? 1 : 0; i < wanted.size(); ++i) {
      const auto found = schema.find(wanted[i].name);
      if (found == schema.end()) {
        add(*entity, "", wanted[i].sql);
      } else if (found->second != wanted[i].sql) {
        fail_table(database, *entity, "has a changed " + wanted[i].name);
      }
    }
    for (const std::string& name : overtaken_indexes(schema, *entity, wanted)) {
      add(*entity, "", "DROP INDEX " + quoted_name(name));
    }
  }
  return migration;
}

}  // namespace kith::sqlite
