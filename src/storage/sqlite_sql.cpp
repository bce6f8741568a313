// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_sql.hpp"

#include <algorithm>
#include <utility>

#include "storage/rules.hpp"

namespace kith::sqlite {
namespace {

std::string parameter(std::size_t number) { return "?" + std::to_string(number); }

Definition index_on(const Entity& entity, std::string_view prefix, std::string_view middle,
                    const std::vector<std::string_view>& fields) {
  std::string name = std::string(entity.name) + std::string(middle);
  std::string columns;
  for (const std::string_view field : fields) {
    name += "_" + std::string(field);
    columns += (columns.empty() ? "" : ", ") + quoted_name(field);
  }
  std::string sql = std::string(prefix) + quoted_name(name) + " ON " + quoted_name(entity.name) + " (" + columns + ")";
  return {std::move(name), std::move(sql)};
}

std::vector<std::string_view> names_at(const Entity& entity, const std::vector<int>& positions) {
  std::vector<std::string_view> names;
  for (const int position : positions) names.push_back(entity.fields[static_cast<std::size_t>(position)].name);
  return names;
}

/// Scans in the words of SQLite, whose own bounds are 250,000 parameters and a depth of 1,000.
class SqliteScan final : public ScanWriter {
 public:
  using ScanWriter::ScanWriter;

 protected:
  static constexpr std::size_t kMostOperands = 900;

  std::string parameter(std::size_t number) const override { return sqlite::parameter(number); }

  bool takes(const Condition& condition) const override {
    return condition.op != Condition::Op::in || condition.operands.size() <= kMostOperands;
  }

  std::size_t parameters_of(const Condition& condition) const override {
    return std::max<std::size_t>(padded(condition.operands.size()), 2);
  }

  /// SQLite never answers `+field` by an index.
  std::string name(const Condition& condition) const override {
    return (broad() ? "+" : "") + ScanWriter::name(condition);
  }

  void write_in(const Condition& condition) override {
    where += name(condition) + " IN (";
    const std::size_t count = padded(condition.operands.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) where += ",";
      where += bind(condition, static_cast<int>(std::min(i, condition.operands.size() - 1)));
    }
    where += ")";
  }

  std::string order_key(const Field& field, bool descending) const override {
    const std::string name = quoted_name(field.name);
    // Only where nulls may be: a plain term can be read off an index.
    return (field.nullable ? name + " IS NULL, " : "") + name + (descending ? " DESC" : "");
  }

 private:
  /// Lists are padded to powers of two with their last operand, so that few shapes are ever prepared.
  static std::size_t padded(std::size_t count) {
    std::size_t size = 1;
    while (size < count) size *= 2;
    return size;
  }
};

}  // namespace

std::string_view column_type(Type type) {
  if (type == Type::bytes) return "BLOB";
  return is_text(type) ? "TEXT" : "INTEGER";
}

std::string quoted_text(std::string_view text) {
  std::string result(1, '\'');
  for (const char letter : text) {
    if (letter == '\'') result += '\'';
    result += letter;
  }
  return result + '\'';
}

std::vector<Definition> definitions(const Entity& entity) {
  std::string table = "CREATE TABLE " + quoted_name(entity.name) + " (";
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const Field& field = entity.fields[i];
    if (i != 0) table += ", ";
    table += quoted_name(field.name) + " " + std::string(column_type(field.type));
    if (i == kIdField && !is_history(entity)) {
      table += " PRIMARY KEY";
    } else if (!field.nullable) {
      table += " NOT NULL";
    }
  }
  if (is_history(entity)) {
    table += ", PRIMARY KEY (" + quoted_name(entity.fields[kIdField].name) + ", " +
             quoted_name(entity.fields[kSeqField].name) + ")";
  }
  table += ") STRICT";

  std::vector<Definition> all = {{std::string(entity.name), std::move(table)}};
  if (is_history(entity)) {
    const std::string_view to_seq = entity.fields[static_cast<std::size_t>(to_seq_field(entity))].name;
    all.push_back(index_on(entity, "CREATE INDEX ", "_by", {to_seq}));
    return all;
  }
  for (const UniqueKey& key : entity.unique) {
    all.push_back(index_on(entity, "CREATE UNIQUE INDEX ", "_unique", names_at(entity, positions_of(entity, key))));
  }
  for (const IndexKey& key : entity.indexes) {
    all.push_back(index_on(entity, "CREATE INDEX ", "_by", names_at(entity, positions_of(entity, key))));
  }
  for (std::size_t i = 1; i < entity.fields.size(); ++i) {
    const Field& field = entity.fields[i];
    const bool wanted = field.options.indexed || !field.options.refers_to.empty();
    if (!wanted || leads_a_key(entity, field.name)) continue;
    all.push_back(index_on(entity, "CREATE INDEX ", "_by", {field.name}));
  }
  return all;
}

std::string get_sql(std::string_view schema, const Entity& entity) {
  return "SELECT " + names_of(entity) + " FROM " + qualified(schema, entity.name) + " WHERE " +
         quoted_name(entity.fields[kIdField].name) + " = ?1";
}

std::string insert_sql(std::string_view schema, const Entity& entity) {
  std::string values;
  for (std::size_t i = 1; i <= entity.fields.size(); ++i) values += (i == 1 ? "" : ", ") + parameter(i);
  return "INSERT INTO " + qualified(schema, entity.name) + " (" + names_of(entity) + ") VALUES (" + values + ")";
}

std::string update_sql(std::string_view schema, const Entity& entity) {
  std::string set;
  for (std::size_t i = 1; i < entity.fields.size(); ++i) {
    if (i == kSeqField && is_history(entity)) continue;
    set += (set.empty() ? "" : ", ") + quoted_name(entity.fields[i].name) + " = " + parameter(i + 1);
  }
  std::string sql = "UPDATE " + qualified(schema, entity.name) + " SET " + set + " WHERE " +
                    quoted_name(entity.fields[kIdField].name) + " = ?1";
  if (is_history(entity)) {
    sql += " AND " + quoted_name(entity.fields[kSeqField].name) + " = " + parameter(kSeqField + 1);
  }
  if (has_revision(entity)) {
    sql += " AND " + quoted_name(entity.fields[kRevisionField].name) + " = " + parameter(entity.fields.size() + 1);
  }
  return sql;
}

std::string erase_sql(std::string_view schema, const Entity& entity) {
  return "DELETE FROM " + qualified(schema, entity.name) + " WHERE " + quoted_name(entity.fields[kIdField].name) +
         " = ?1";
}

std::string revision_sql(std::string_view schema, const Entity& entity) {
  std::string sql = "SELECT ";
  sql += has_revision(entity) ? quoted_name(entity.fields[kRevisionField].name) : std::string("1");
  sql += " FROM " + qualified(schema, entity.name) + " WHERE " + quoted_name(entity.fields[kIdField].name) + " = ?1";
  if (is_history(entity)) sql += " AND " + quoted_name(entity.fields[kSeqField].name) + " = ?2";
  return sql;
}

std::string holder_sql(std::string_view schema, const Entity& entity, const UniqueKey& key) {
  const std::string id = quoted_name(entity.fields[kIdField].name);
  std::string sql = "SELECT " + id + " FROM " + qualified(schema, entity.name) + " WHERE " + id + " <> ?1";
  std::size_t number = 1;
  for (const int position : positions_of(entity, key)) {
    const Field& field = entity.fields[static_cast<std::size_t>(position)];
    sql += " AND " + quoted_name(field.name) + " = " + parameter(++number);
  }
  return sql + " LIMIT 1";
}

ScanSql scan_sql(std::string_view schema, const Scan& scan) { return SqliteScan(schema, scan).write(); }

bool is_whole_table(const Scan& scan) {
  const bool by_id = scan.order.size() == 1 && scan.order.front().field == kIdField && !scan.order.front().descending;
  return scan.where.empty() && (scan.order.empty() || by_id) && !scan.limit && scan.history == nullptr;
}

/// Without an index SQLite walks the table by its key, so rows meet the function in the order that is asked for.
ScanSql whole_table_sql(std::string_view schema, const Scan& scan) {
  ScanSql out;
  out.sql = "SELECT 1 FROM " + qualified(schema, scan.entity->name) + " NOT INDEXED WHERE kith_row(" + parameter(1) +
            ", " + names_of(*scan.entity, scan.fields) + ") ORDER BY " +
            quoted_name(scan.entity->fields[kIdField].name);
  out.taken.order = true;
  return out;
}

}  // namespace kith::sqlite
