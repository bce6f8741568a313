// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_tables.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "kith/base/error.hpp"
#include "storage/postgres_foreign.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

using Names = std::set<std::string, std::less<>>;
/// What each column of a table is, by name.
using Columns = std::map<std::string, std::string, std::less<>>;

/// Everything a column is, in one line.
std::string column_line(std::string_view type, bool not_null, std::string_view collation,
                        std::string_view computed = "") {
  return fmt::format("{}{} {}{}", type, not_null ? " not null" : "", collation, computed);
}

/// A column whose values the server makes, which it then takes from nobody.
constexpr std::string_view kIdentity = " identity", kGenerated = " generated";

std::string expected_line(const Field& field) {
  const std::string_view type = column_type(field.type);
  return column_line(type, !field.nullable, type == "text" ? "C" : "");
}

/// Of every table in the schema.
std::map<std::string, Columns, std::less<>> stored_columns(Channel& channel) {
  static const std::string sql =
      // quote_all_identifiers puts quotes around some of the types.
      "SELECT c.relname, a.attname, pg_catalog.translate(pg_catalog.format_type(a.atttypid, a.atttypmod), '\"', ''), "
      "a.attnotnull, l.collname, a.attidentity <> '', a.attgenerated <> '' "
      "FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped";
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  std::map<std::string, Columns, std::less<>> tables;
  for (int row = 0; row < rows.rows(); ++row) {
    const auto yes = [&](int column) { return rows.text(row, column) == std::string_view("\1", 1); };
    tables[std::string(rows.text(row, 0))][std::string(rows.text(row, 1))] =
        column_line(rows.text(row, 2), yes(3), rows.text(row, 4),
                    yes(5)   ? kIdentity
                    : yes(6) ? kGenerated
                             : std::string_view());
  }
  return tables;
}

Names names(Channel& channel, const std::string& sql) {
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  Names found;
  for (int row = 0; row < rows.rows(); ++row) found.emplace(rows.text(row, 0));
  return found;
}

const std::string kIndexes =
    "SELECT i.relname FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = i.relnamespace WHERE n.nspname = $1 AND ";

/// A table and a name that belongs to it, of each row of a query about the schema.
std::set<std::pair<std::string, std::string>> names_of_tables(Channel& channel, const std::string& sql) {
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  std::set<std::pair<std::string, std::string>> found;
  for (int row = 0; row < rows.rows(); ++row) found.emplace(rows.text(row, 0), rows.text(row, 1));
  return found;
}

/// What an index is, as far as it keeps values from standing twice.
struct StoredIndex {
  bool unique = false;
  bool partial = false;
  bool primary = false;
  bool immediate = true;                  ///< not put off to the end of a transaction
  std::vector<std::string> columns = {};  ///< an expression has the name of its function
};

/// The valid indexes by table and name: another table may have one of the same name as Kith's should have.
using StoredIndexes = std::map<std::pair<std::string, std::string>, StoredIndex>;
StoredIndexes indexes_of_tables(Channel& channel) {
  static const std::string sql =
      "SELECT c.relname, i.relname, x.indisunique, x.indpred IS NOT NULL, a.attname, x.indisprimary, x.indimmediate "
      "FROM pg_catalog.pg_index AS x "
      "JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indexrelid "
      "WHERE n.nspname = $1 AND x.indisvalid ORDER BY x.indexrelid, a.attnum";
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  StoredIndexes found;
  const auto yes = [&](int row, int column) { return rows.text(row, column) == std::string_view("\1", 1); };
  for (int row = 0; row < rows.rows(); ++row) {
    StoredIndex& one = found[{std::string(rows.text(row, 0)), std::string(rows.text(row, 1))}];
    one.unique = yes(row, 2);
    one.partial = yes(row, 3);
    one.primary = yes(row, 5);
    one.immediate = yes(row, 6);
    one.columns.emplace_back(rows.text(row, 4));
  }
  return found;
}

/// It is what Kith makes. What an expression is of is not looked at.
bool is_same(const Entity& entity, const Definition& wanted, const StoredIndex& stored) {
  if (stored.partial || stored.unique != wanted.unique || !stored.immediate) return false;
  std::size_t place = 0;
  const auto next = [&](std::string_view name) {
    const bool same = place < stored.columns.size() && stored.columns[place] == name;
    ++place;
    return same;
  };
  // Of several expressions each name but the first gets a number.
  const auto next_of = [&](std::string_view function) {
    const bool same = place < stored.columns.size() && stored.columns[place].starts_with(function);
    ++place;
    return same;
  };
  if (!next(kTenantColumn)) return false;
  for (const int field : wanted.fields) {
    const bool wide = is_wide(entity, field);
    if (!wide && !next(entity.fields[static_cast<std::size_t>(field)].name)) return false;
    if (wide && (!next_of("left") || (wanted.unique && !next_of("md5")))) return false;
  }
  return place == stored.columns.size();
}

/// In a transaction that tells whose rows are meant, for row-level security would hide them otherwise.
template <class Function>
auto within(Channel& channel, Function function) {
  if (channel.borrowed() || channel.state() != PQTRANS_IDLE) return function();
  channel.begin("BEGIN READ ONLY", {}, std::max(channel.settings().storage.busy_ms, 1), "", "read");
  try {
    auto result = function();
    channel.exec("COMMIT", "read");
    return result;
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

/// Where the server no longer keeps a key from standing twice: the first that does, as words, or nothing.
std::string doubled(Channel& channel, const Entity& entity, const std::vector<int>& fields, bool primary) {
  std::string key;
  for (const int field : fields) {
    key += (key.empty() ? "" : ", ") + quoted_name(entity.fields[static_cast<std::size_t>(field)].name);
  }
  std::string filled;  // what is null is no key
  for (const int field : fields) {
    const Field& one = entity.fields[static_cast<std::size_t>(field)];
    if (one.nullable) filled += " AND " + quoted_name(one.name) + " IS NOT NULL";
  }
  const std::string sql = "SELECT pg_catalog.count(*), pg_catalog.min(" + quoted_name(entity.fields[kIdField].name) +
                          ") FROM " + qualified(channel.settings().postgres.schema, entity.name) + " WHERE " +
                          quoted_name(kTenantColumn) + " = $1" + filled + " GROUP BY " + key +
                          " HAVING pg_catalog.count(*) > 1 ORDER BY 2 LIMIT 1";
  Params params;
  params.word(channel.settings().postgres.tenant);
  const Result rows = within(channel, [&] { return channel.run_once(sql, params, {kRead, entity}); });
  if (rows.rows() == 0) return {};
  if (primary) {
    return fmt::format("{} {} stands there {} times: remove the rows that are wrong, then ", entity.name,
                       rows.word(0, 1), rows.word(0, 0));
  }
  return fmt::format(
      "{} rows of {} have the same {}, the first of them is {}: change or remove those that are wrong, "
      "then ",
      rows.word(0, 0), entity.name, key, rows.word(0, 1));
}

/// The fields of the primary key.
std::vector<int> id_fields(const Entity& entity) {
  if (is_history(entity)) return {kIdField, kSeqField};
  return {kIdField};
}

std::vector<std::string> primary_columns(const Entity& entity) {
  std::vector<std::string> columns = {std::string(kTenantColumn)};
  for (const int field : id_fields(entity)) {
    columns.emplace_back(entity.fields[static_cast<std::size_t>(field)].name);
  }
  return columns;
}

[[noreturn]] void fail_table(const Channel& channel, std::string_view table, std::string_view what,
                             std::string_view mend = "restore a backup") {
  throw Error(Code::corrupt, std::string(table), "",
              fmt::format("{} {}; nothing was changed; {}", channel.settings().place, what, mend));
}
[[noreturn]] void fail_table(const Channel& channel, const Entity& entity, std::string_view what,
                             std::string_view mend = "restore a backup") {
  fail_table(channel, entity.name, what, mend);
}

/// The primary key is over these columns, and holds at once. `first`: gives what has to be done before it is made.
template <class First>
void check_primary_key(const Channel& channel, const StoredIndexes& indexes, std::string_view table,
                       const std::vector<std::string>& columns, const First& first) {
  const auto found = std::find_if(indexes.begin(), indexes.end(),
                                  [&](const auto& one) { return one.first.first == table && one.second.primary; });
  const bool there = found != indexes.end();
  if (there && found->second.columns == columns && found->second.immediate) return;
  std::string mend = "run: ALTER TABLE " + qualified(channel.settings().postgres.schema, table);
  if (there) mend += " DROP CONSTRAINT " + quoted_name(found->first.second) + ",";
  std::vector<std::string> quoted;
  for (const std::string& column : columns) quoted.push_back(quoted_name(column));
  mend += fmt::format(" ADD PRIMARY KEY ({})", fmt::join(quoted, ", "));
  fail_table(channel, table, fmt::format("{} the primary key of {}", there ? "has changed" : "lacks", table),
             first() + mend);
}

/// A column is not what it was made as.
[[noreturn]] void fail_column(const Channel& channel, const Entity& entity, std::string_view name,
                              const std::string& stored, const std::string& wanted) {
  const std::string column = "ALTER TABLE " + qualified(channel.settings().postgres.schema, entity.name) +
                             " ALTER COLUMN " + quoted_name(name);
  std::string mend = "restore a backup";
  constexpr std::string_view kNotNull = " not null";
  const auto without = [&](std::string line) {
    const std::size_t at = line.find(kNotNull);
    return at == std::string::npos ? line : line.erase(at, kNotNull.size());
  };
  if (stored.ends_with(kIdentity)) {
    mend = "run: " + column + " DROP IDENTITY";
  } else if (stored.ends_with(kGenerated)) {
    mend = "run: " + column + " DROP EXPRESSION";
  } else if (without(stored) == without(wanted)) {
    mend = "run: " + column + (wanted.size() > stored.size() ? " SET NOT NULL" : " DROP NOT NULL");
  }
  fail_table(channel, entity, fmt::format("has a changed {}.{} ({}, made as {})", entity.name, name, stored, wanted),
             mend);
}

/// Columns of another program are refused: a newer Kith may need their names, and a dump, which moves a tenant, would
/// leave them behind.
[[noreturn]] void fail_added(const Channel& channel, const Entity& entity, const Columns& columns,
                             const std::vector<int>& missing) {
  const auto own = [&](std::string_view name) {
    return name == kTenantColumn || std::any_of(entity.fields.begin(), entity.fields.end(),
                                                [&](const Field& field) { return field.name == name; });
  };
  const std::string table = qualified(channel.settings().postgres.schema, entity.name);
  std::string named;
  std::string drops;
  for (const auto& [name, line] : columns) {
    if (own(name)) continue;
    named += fmt::format("{}{}.{}", named.empty() ? "" : ", ", entity.name, name);
    drops += fmt::format("{}ALTER TABLE {} DROP COLUMN {}", drops.empty() ? "" : "; ", table, quoted_name(name));
  }
  std::string mend = "keep what they hold in a table of your own, by tenant_id and id, then run: " + drops;
  if (!missing.empty()) {
    const std::string_view name = entity.fields[static_cast<std::size_t>(missing.front())].name;
    mend = fmt::format("where one of them is {}.{} under another name, rename it back; of others {}", entity.name, name,
                       mend);
  }
  fail_table(channel, entity, fmt::format("has columns that are not Kith's ({})", named), mend);
}

/// Fields of the entity that its table lacks, in table order. Every other column must be what the entity says.
std::vector<int> missing_fields(const Channel& channel, const Entity& entity, const Columns& columns) {
  std::vector<int> missing;
  std::size_t known = 0;
  const auto check = [&](std::string_view name, const std::string& line) {
    const auto found = columns.find(name);
    if (found == columns.end()) return false;
    if (found->second != line) fail_column(channel, entity, name, found->second, line);
    ++known;
    return true;
  };
  const bool tenant = check(kTenantColumn, column_line("bigint", true, ""));
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    if (!check(entity.fields[i].name, expected_line(entity.fields[i]))) missing.push_back(static_cast<int>(i));
  }
  if (!tenant) fail_table(channel, entity, fmt::format("lacks {}.{}", entity.name, kTenantColumn));
  if (known != columns.size()) fail_added(channel, entity, columns, missing);
  return missing;
}

/// Names of the indexes of each table, but for primary keys and those of constraints: Kith makes none.
std::multimap<std::string, std::string, std::less<>> kept_indexes(Channel& channel) {
  static const std::string sql =
      "SELECT c.relname, i.relname FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid "
      "JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = x.indexrelid AND k.contype IN ('u', 'x') "
      "WHERE n.nspname = $1 AND NOT x.indisprimary AND k.oid IS NULL";
  const auto found = names_of_tables(channel, sql);
  return {found.begin(), found.end()};
}

/// The default of a column that is added, as an SQL literal.
std::string default_literal(const Entity& entity, int field, std::span<const Entity* const> entities) {
  const Cell cell = default_of(entity, field, entities);
  if (const auto* word = std::get_if<std::int64_t>(&cell)) return std::to_string(*word);
  const auto* text = std::get_if<std::string>(&cell);
  const bool bytes = entity.fields[static_cast<std::size_t>(field)].type == Type::bytes;
  return quoted_text(text == nullptr || bytes ? "" : *text);
}

/// Fills a column that was added, for all tenants at once: their rows are hidden from a role that is bound by row-level
/// security, and the owner of the tables is bound unless it says for the length of this transaction that it is not.
std::string fill_sql(const std::string& schema, const Entity& entity, const Field& field, bool rls) {
  const std::string name = qualified(schema, entity.name);
  const std::string fill = "UPDATE " + name + " SET " + begin_of(field);
  if (!rls) return fill;
  return "ALTER TABLE " + name + " NO FORCE ROW LEVEL SECURITY; " + fill + "; ALTER TABLE " + name +
         " FORCE ROW LEVEL SECURITY";
}

}  // namespace

Names table_names(Channel& channel) {
  static const std::string sql =
      "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')";
  return names(channel, sql);
}

Names taken_names(Channel& channel) {
  static const std::string sql =
      "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 UNION SELECT t.typname FROM pg_catalog.pg_type AS t "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE n.nspname = $1";
  return names(channel, sql);
}

bool is_store_table(Channel& channel) {
  static const Columns expected = {{"name", column_line("text", true, "default")},
                                   {"format", column_line("bigint", true, "")},
                                   {"rls", column_line("bigint", true, "")}};
  const auto tables = stored_columns(channel);
  const auto found = tables.find(kStoreTable);
  return found != tables.end() && found->second == expected;
}

namespace {

/// An expression as the server tells it, without what its version, its search path or its settings put around it.
std::string plain(std::string_view expression) {
  std::string text;
  for (const char letter : expression) {
    if (letter != '"' && letter != ' ' && letter != '(' && letter != ')') text += letter;
  }
  for (const std::string_view noise : {"pg_catalog.", "::text"}) {
    for (std::size_t at = text.find(noise); at != std::string::npos; at = text.find(noise))
      text.erase(at, noise.size());
  }
  return text;
}

/// Of Kith's own policy (rls_sql): what it says, for whom and for what, and that it adds no condition to what is
/// written.
bool is_own_policy(const Result& rows, int row) {
  const auto yes = [&](int column) { return rows.text(row, column) == std::string_view("\1", 1); };
  return plain(rows.text(row, 4)) == "tenant_id=NULLIFcurrent_setting'kith.tenant',true,''::bigint" &&
         rows.is_null(row, 5) && yes(6);
}

/// A query that locks tables, which another program may hold: it waits no longer than a work would, and names stand as
/// Kith writes them whatever the search path. On a connection of the host's both are the host's.
Result run_bounded(Channel& channel, const std::string& sql, Params& params) {
  if (channel.borrowed()) return channel.run_once(sql, params, "read");
  channel.begin("BEGIN READ ONLY", {"SET LOCAL search_path = ''"}, channel.settings().storage.busy_ms, "", "read");
  try {
    Result rows = channel.run_once(sql, params, "read");
    channel.exec("COMMIT", "read");
    return rows;
  } catch (...) {
    channel.try_exec("ROLLBACK");
    throw;
  }
}

}  // namespace

std::vector<std::string> wall_faults(Channel& channel, std::span<const Entity* const> entities, bool rls) {
  static const std::string sql =
      "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polname, "
      "pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), "
      "p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}' FROM pg_catalog.pg_class AS c "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_catalog.pg_policy AS p ON p.polrelid = c.oid WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')";
  const std::string& schema = channel.settings().postgres.schema;
  Names ours = {std::string(kTenantTable)};
  for (const Entity* entity : entities) ours.emplace(entity->name);
  Params params;
  params.text(schema, Type::text);
  const Result rows = run_bounded(channel, sql, params);
  std::set<std::string> faults;
  Names guarded;
  const auto no = [&](int row, int column) { return rows.text(row, column) == std::string_view("\0", 1); };
  for (int row = 0; row < rows.rows(); ++row) {
    const std::string table(rows.text(row, 0));
    if (!ours.contains(table)) continue;
    const std::string name = qualified(schema, table);
    const auto tell = [&](std::string_view what, const std::string& mend) {
      faults.insert(fmt::format("row-level security of {} {}; run: {}", table, what, mend));
    };
    if (!rls) {
      if (!no(row, 1))
        tell("was switched on by another program", "ALTER TABLE " + name + " DISABLE ROW LEVEL SECURITY");
      continue;
    }
    if (no(row, 1)) tell("was switched off", "ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY");
    if (no(row, 2)) tell("does not bind the owner", "ALTER TABLE " + name + " FORCE ROW LEVEL SECURITY");
    const std::string policy(rows.text(row, 3));
    if (rows.is_null(row, 3)) continue;
    if (policy == "kith_tenant") {
      guarded.insert(table);
      if (is_own_policy(rows, row)) continue;
      tell(fmt::format("has a changed policy, USING ({})", rows.text(row, 4)),
           "DROP POLICY kith_tenant ON " + name + "; " + rls_sql(schema, table));
      continue;
    }
    tell("has a policy that is not Kith's", "DROP POLICY " + quoted_name(policy) + " ON " + name);
  }
  for (const std::string& table : ours) {
    if (!rls || guarded.contains(table)) continue;
    faults.insert(fmt::format("row-level security of {} lacks its policy; run: {}", table, rls_sql(schema, table)));
  }
  return {faults.begin(), faults.end()};
}

void check_tables(Channel& channel, std::span<const Entity* const> entities) {
  const auto tables = stored_columns(channel);
  const auto indexes = indexes_of_tables(channel);
  const auto heirs = heirs_of_tables(channel);
  const auto nothing = [] { return std::string(); };
  check_primary_key(channel, indexes, kStoreTable, {"name"}, nothing);
  check_primary_key(channel, indexes, kTenantTable, {std::string(kTenantColumn)}, nothing);
  for (const Entity* entity : entities) {
    const auto found = tables.find(entity->name);
    if (found == tables.end()) fail_table(channel, *entity, fmt::format("lacks {}", entity->name));
    for (const int field : missing_fields(channel, *entity, found->second)) {
      const std::string_view name = entity->fields[static_cast<std::size_t>(field)].name;
      fail_table(channel, *entity, fmt::format("lacks {}.{}", entity->name, name));
    }
    const std::string& schema = channel.settings().postgres.schema;
    check_primary_key(channel, indexes, entity->name, primary_columns(*entity),
                      [&] { return doubled(channel, *entity, id_fields(*entity), true); });
    if (const auto heir = heirs.find(entity->name); heir != heirs.end()) {
      fail_table(channel, *entity, fmt::format("shows rows of another table, which inherits from {}", entity->name),
                 "run: " + heir->second);
    }
    for (const Definition& definition : definitions(schema, *entity)) {
      if (definition.name == entity->name) continue;
      const auto index = indexes.find({std::string(entity->name), definition.name});
      const bool there = index != indexes.end();
      if (there && is_same(*entity, definition, index->second)) continue;
      // One that can be put off is a constraint's.
      const std::string drop = there && !index->second.immediate
                                   ? fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", qualified(schema, entity->name),
                                                 quoted_name(definition.name))
                                   : "DROP INDEX IF EXISTS " + qualified(schema, definition.name);
      std::string mend = fmt::format("run: {}; {}", drop, definition.sql);
      if (definition.unique) mend = doubled(channel, *entity, definition.fields, false) + mend;
      fail_table(channel, *entity,
                 fmt::format("{} {}", there ? "has a changed index" : "lacks a valid index", definition.name), mend);
    }
  }
}

std::vector<MigrationStep> missing_steps(Channel& channel, std::span<const Entity* const> entities, bool rls,
                                         bool spread) {
  const std::string& schema = channel.settings().postgres.schema;
  const auto tables = stored_columns(channel);
  const auto indexes = names(channel, kIndexes + "TRUE");
  const auto kept = kept_indexes(channel);
  const Names taken = taken_names(channel);
  const auto check_free = [&](const Entity& entity, const std::string& name) {
    if (!taken.contains(name)) return;
    throw Error(
        Code::corrupt, std::string(entity.name), "",
        fmt::format("{} of another program is in the way in {}; nothing was migrated; rename or remove it, then "
                    "open again",
                    name, channel.settings().place));
  };
  std::vector<MigrationStep> steps;
  if (const auto tenants = tables.find(kTenantTable); tenants != tables.end() && !tenants->second.contains("format")) {
    // The first format with tenants did not tell theirs apart.
    steps.push_back({std::string(kTenantTable), "format",
                     fmt::format("ALTER TABLE {} ADD COLUMN \"format\" bigint NOT NULL DEFAULT 1",
                                 qualified(schema, kTenantTable))});
  }
  for (const Entity* entity : entities) {
    const auto add = [&](std::string_view field, std::string sql) {
      steps.push_back({std::string(entity->name), std::string(field), std::move(sql)});
    };
    const std::vector<Definition> wanted = definitions(schema, *entity);
    const auto found = tables.find(entity->name);
    if (found == tables.end()) {
      check_free(*entity, wanted.front().name);
      add("", wanted.front().sql);
      if (rls) add("", rls_sql(schema, entity->name));
      if (spread) add("", distribute_sql(schema, entity->name));
    } else {
      for (const int position : missing_fields(channel, *entity, found->second)) {
        const Field& field = entity->fields[static_cast<std::size_t>(position)];
        std::string sql = "ALTER TABLE " + qualified(schema, entity->name) + " ADD COLUMN " + column_definition(field);
        if (!field.nullable) sql += " NOT NULL DEFAULT " + default_literal(*entity, position, entities);
        add(field.name, std::move(sql));
        if (!field.options.begins_as.empty()) add("", fill_sql(schema, *entity, field, rls));
      }
    }
    for (std::size_t i = 1; i < wanted.size(); ++i) {
      if (indexes.contains(wanted[i].name)) continue;
      check_free(*entity, wanted[i].name);
      add("", wanted[i].sql);
    }
    const auto [first, last] = kept.equal_range(entity->name);
    for (auto index = first; index != last; ++index) {
      // A wider one has taken its place. One of another name is the host's and stays.
      const bool own =
          index->second.starts_with(std::string(entity->name) + "_unique_") || is_index_name(*entity, index->second);
      const bool known =
          std::any_of(wanted.begin(), wanted.end(), [&](const auto& one) { return one.name == index->second; });
      if (own && !known) add("", "DROP INDEX " + qualified(schema, index->second));
    }
  }
  return steps;
}

bool is_spread(Channel& channel) {
  Params none;
  static const std::string citus =
      "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_dist_partition'";
  if (channel.run_once(citus, none, "read").rows() == 0) return false;
  static const std::string sql =
      "SELECT 1 FROM pg_catalog.pg_dist_partition AS d JOIN pg_catalog.pg_class AS c ON c.oid = d.logicalrelid "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  params.text(kTenantTable, Type::text);
  return channel.run_once(sql, params, "read").rows() != 0;
}

std::vector<std::string> unlogged_tables(Channel& channel, std::span<const Entity* const> entities) {
  static const std::string sql =
      "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relpersistence = 'u'";
  Names ours = {std::string(kTenantTable), std::string(kStoreTable), std::string(kMigrationTable)};
  for (const Entity* entity : entities) ours.emplace(entity->name);
  std::vector<std::string> faults;
  for (const std::string& name : names(channel, sql)) {
    if (!ours.contains(name)) continue;
    faults.push_back(
        fmt::format("the table {} is UNLOGGED: a crash of the server empties it, and a standby has none of its rows; "
                    "run: ALTER TABLE {} SET LOGGED",
                    name, qualified(channel.settings().postgres.schema, name)));
  }
  return faults;
}

std::vector<std::string> invalid_indexes(Channel& channel, std::span<const Entity* const> entities) {
  const std::string& schema = channel.settings().postgres.schema;
  const Names broken = names(channel, kIndexes + "NOT x.indisvalid");
  std::vector<std::string> faults;
  for (const Entity* entity : entities) {
    for (const Definition& one : definitions(schema, *entity)) {
      if (!broken.contains(one.name)) continue;
      faults.push_back(fmt::format("the index {} of {} is not valid; run: REINDEX INDEX {}", one.name, entity->name,
                                   qualified(schema, one.name)));
    }
  }
  return faults;
}

}  // namespace kith::postgres

#endif
