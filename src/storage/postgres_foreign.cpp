// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_foreign.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>

#include <exception>
#include <set>
#include <utility>

#include "storage/postgres_sql.hpp"

namespace kith::postgres {
namespace {

Params about(const Settings& settings, std::string_view table) {
  Params params;
  params.text(settings.postgres.schema, Type::text);
  params.text(table, Type::text);
  return params;
}

/// The table in question is c; each row: what it is, its name, and the table that it hangs on.
const std::string& parts_sql() {
  static const std::string from =
      " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND ";
  const auto of = [](const char* what, const char* name, const char* source, const char* table) {
    return fmt::format(
        "SELECT '{}', {}, n.nspname, c.relname FROM pg_catalog.{} JOIN pg_catalog.pg_class AS c ON c.oid = {}", what,
        name, source, table);
  };
  static const std::string sql =
      of("TRIGGER", "t.tgname", "pg_trigger AS t", "t.tgrelid") + from + "NOT t.tgisinternal UNION ALL " +
      of("RULE", "r.rulename", "pg_rewrite AS r", "r.ev_class") + from + "TRUE UNION ALL " +
      of("POLICY", "p.polname", "pg_policy AS p", "p.polrelid") + from + "p.polname <> 'kith_tenant' UNION ALL " +
      of("COLUMN", "a.attname", "pg_attribute AS a", "a.attrelid") + from +
      "a.attnum > 0 AND NOT a.attisdropped UNION ALL " +
      of("INDEX", "i.relname",
         "pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid "
         "LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = x.indexrelid AND k.contype IN ('u', 'x')",
         "x.indrelid") +
      from +
      "NOT x.indisprimary AND k.oid IS NULL AND "
      "(x.indisunique OR x.indexprs IS NOT NULL OR x.indpred IS NOT NULL) UNION ALL "
      // A key that refers to it is named with the table that has it.
      "SELECT 'CONSTRAINT', k.conname, h.nspname, o.relname FROM pg_catalog.pg_constraint AS k "
      "JOIN pg_catalog.pg_class AS o ON o.oid = k.conrelid "
      "JOIN pg_catalog.pg_namespace AS h ON h.oid = o.relnamespace "
      "JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid OR c.oid = k.confrelid" +
      from + "k.contype IN ('c', 'f', 'u', 'x') ORDER BY 1, 2";
  return sql;
}

/// What Kith has made itself, by kind and name.
using Own = std::set<std::pair<std::string_view, std::string>>;

Own own_of(const std::string& schema, const Entity& entity) {
  Own own = {{"COLUMN", std::string(kTenantColumn)}};
  for (const Field& field : entity.fields) own.emplace("COLUMN", field.name);
  for (Definition& one : definitions(schema, entity)) own.emplace("INDEX", std::move(one.name));
  return own;
}

ForeignPart part_of(std::string_view kind, std::string_view name, std::string_view schema, std::string_view table) {
  const std::string on = qualified(schema, table);
  std::string word(kind);
  for (char& letter : word) letter = static_cast<char>(letter - 'A' + 'a');
  ForeignPart part{
      .what = fmt::format("{} {} of {}", word, quoted_name(name), table), .name = std::string(name), .drop = {}};
  if (kind == "INDEX") {
    part.drop = "DROP INDEX " + qualified(schema, name);
  } else if (kind == "CONSTRAINT" || kind == "COLUMN") {
    part.drop = fmt::format("ALTER TABLE {} DROP {} {}", on, kind, quoted_name(name));
  } else {
    part.drop = fmt::format("DROP {} {} ON {}", kind, quoted_name(name), on);
  }
  return part;
}

/// For a message alone nobody waits longer: a pooler may have no other server to give than that of the transaction that
/// failed.
constexpr int kMostMs = 1000;

/// The rows of a query about the table by another connection with the same settings. Whatever fails there is no matter.
std::optional<Result> beside(const Channel& failed, const std::string& sql, std::string_view table) {
  if (failed.borrowed()) return std::nullopt;
  try {
    Settings settings = failed.settings();
    settings.keywords.emplace_back("connect_timeout");
    settings.values.emplace_back("2");
    Channel other(settings);
    Params params = about(settings, table);
    Result rows = other.ask(sql, params, kMostMs);
    if (rows.status() != PGRES_TUPLES_OK) return std::nullopt;
    return rows;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::vector<ForeignPart> parts_in(const Result& rows, const Own& own) {
  std::vector<ForeignPart> found;
  for (int row = 0; row < rows.rows(); ++row) {
    if (own.contains({rows.text(row, 0), std::string(rows.text(row, 1))})) continue;
    found.push_back(part_of(rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3)));
  }
  return found;
}

}  // namespace

std::vector<ForeignPart> foreign_parts(Channel& channel, const Entity& entity) {
  Params params = about(channel.settings(), entity.name);
  return parts_in(channel.run_once(parts_sql(), params, "read"), own_of(channel.settings().postgres.schema, entity));
}

std::vector<ForeignPart> foreign_parts_of_store(Channel& channel) {
  const std::pair<std::string_view, Own> tables[] = {
      {kStoreTable, {{"COLUMN", "name"}, {"COLUMN", "format"}, {"COLUMN", "rls"}}},
      {kTenantTable, {{"COLUMN", std::string(kTenantColumn)}, {"COLUMN", "format"}}}};
  std::vector<ForeignPart> found;
  for (const auto& [table, own] : tables) {
    Params params = about(channel.settings(), table);
    for (ForeignPart& part : parts_in(channel.run_once(parts_sql(), params, "read"), own)) {
      found.push_back(std::move(part));
    }
  }
  return found;
}

std::optional<std::vector<ForeignPart>> foreign_parts_beside(const Channel& failed, const Entity& entity) {
  const auto rows = beside(failed, parts_sql(), entity.name);
  if (!rows) return std::nullopt;
  return parts_in(*rows, own_of(failed.settings().postgres.schema, entity));
}

std::map<std::string, std::string, std::less<>> heirs_of_tables(Channel& channel) {
  static const std::string sql =
      "SELECT n.nspname, c.relname, m.nspname, o.relname FROM pg_catalog.pg_inherits AS h "
      "JOIN pg_catalog.pg_class AS c ON c.oid = h.inhparent "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "JOIN pg_catalog.pg_class AS o ON o.oid = h.inhrelid "
      "JOIN pg_catalog.pg_namespace AS m ON m.oid = o.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
  Params params;
  params.text(channel.settings().postgres.schema, Type::text);
  const Result rows = channel.run_once(sql, params, "read");
  std::map<std::string, std::string, std::less<>> heirs;
  for (int row = 0; row < rows.rows(); ++row) {
    heirs.emplace(rows.text(row, 1),
                  fmt::format("ALTER TABLE {} NO INHERIT {}", qualified(rows.text(row, 2), rows.text(row, 3)),
                              qualified(rows.text(row, 0), rows.text(row, 1))));
  }
  return heirs;
}

std::optional<Rights> rights_beside(const Channel& failed, std::string_view table) {
  // By their numbers: to find them by name would need rights of its own.
  static const std::string sql =
      "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_table_privilege(c.oid, 'SELECT'), "
      "pg_catalog.has_table_privilege(c.oid, 'INSERT'), pg_catalog.has_table_privilege(c.oid, 'UPDATE'), "
      "pg_catalog.has_table_privilege(c.oid, 'DELETE') FROM pg_catalog.pg_class AS c "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";
  const auto row = beside(failed, sql, table);
  if (!row || row->rows() == 0) return std::nullopt;
  const auto yes = [&](int column) { return row->text(0, column) == std::string_view("\1", 1); };
  return Rights{.schema = yes(0), .select = yes(1), .insert = yes(2), .update = yes(3), .erase = yes(4)};
}

}  // namespace kith::postgres

#endif
