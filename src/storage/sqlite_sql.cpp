// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_sql.hpp"

#include <algorithm>
#include <utility>

#include "storage/rules.hpp"

namespace kith::sqlite {
namespace {

std::string quoted(std::string_view text, char mark) {
  std::string result(1, mark);
  for (const char letter : text) {
    if (letter == mark) result += mark;
    result += letter;
  }
  return result + mark;
}

/// SQLite's own bounds are 250,000 parameters and a depth of 1,000; what goes past these is left to the engine.
constexpr std::size_t kMostOperands = 900;
constexpr std::size_t kMostParameters = 8000;
constexpr std::size_t kMostNodes = 300;

std::string joined_names(const Entity& entity) {
  std::string list;
  for (const Field& field : entity.fields) {
    if (!list.empty()) list += ", ";
    list += quoted_name(field.name);
  }
  return list;
}

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

bool leads_a_key(const Entity& entity, std::string_view field) {
  return std::any_of(entity.unique.begin(), entity.unique.end(),
                     [&](const UniqueKey& key) { return key.fields.front() == field; });
}

/// Writes conditions; remembers what is to be bound.
class ConditionWriter {
 public:
  ConditionWriter(const Entity& entity, ScanSql& out) : entity_(entity), out_(out) {}

  /// True when SQLite may answer the condition within the bounds above.
  static bool takes(const Condition& condition, std::size_t& nodes, std::size_t& parameters) {
    const std::size_t operands = condition.operands.size();
    if (condition.op == Condition::Op::in && operands > kMostOperands) return false;
    ++nodes;
    parameters += std::max<std::size_t>(padded(operands), 2);
    if (nodes > kMostNodes || parameters > kMostParameters) return false;
    return std::all_of(condition.terms.begin(), condition.terms.end(),
                       [&](const Condition& term) { return takes(term, nodes, parameters); });
  }

  void write(const Condition& condition, std::string& sql) {
    const bool broad = std::exchange(broad_, broad_ || condition.broad);
    write_node(condition, sql);
    broad_ = broad;
  }

 private:
  void write_node(const Condition& condition, std::string& sql) {
    using Op = Condition::Op;
    switch (condition.op) {
      case Op::all: return write_terms(condition, " AND ", "1", sql);
      case Op::any: return write_terms(condition, " OR ", "0", sql);
      case Op::none:
        sql += "NOT (";
        write(condition.terms.front(), sql);
        sql += ")";
        return;
      case Op::in: return write_in(condition, sql);
      case Op::is_null: return append(sql, name(condition), " IS NULL");
      case Op::not_null: return append(sql, name(condition), " IS NOT NULL");
      case Op::between:
        append(sql, name(condition), " BETWEEN ");
        append(sql, bind(condition, 0), " AND ");
        sql += bind(condition, 1);
        return;
      default: append(sql, name(condition), sign(condition.op)); sql += bind(condition, 0);
    }
  }

  /// Lists are padded to powers of two with their last operand, so that few shapes are ever prepared.
  static std::size_t padded(std::size_t count) {
    std::size_t size = 1;
    while (size < count) size *= 2;
    return size;
  }

  static void append(std::string& sql, std::string_view a, std::string_view b) {
    sql += a;
    sql += b;
  }

  static std::string_view sign(Condition::Op op) {
    switch (op) {
      case Condition::Op::eq: return " = ";
      case Condition::Op::ne: return " <> ";
      case Condition::Op::lt: return " < ";
      case Condition::Op::le: return " <= ";
      case Condition::Op::gt: return " > ";
      case Condition::Op::ge: return " >= ";
      default: throw Error(Code::misuse, "a condition has an unknown operator");
    }
  }

  const Field& field(const Condition& condition) const {
    return entity_.fields[static_cast<std::size_t>(condition.field)];
  }
  /// SQLite never answers `+field` by an index.
  std::string name(const Condition& condition) const {
    return (broad_ ? "+" : "") + quoted_name(field(condition).name);
  }

  std::string bind(const Condition& condition, std::size_t operand) {
    out_.parameters.push_back({&condition.operands[operand], 0, field(condition).type});
    return parameter(out_.parameters.size());
  }

  void write_terms(const Condition& condition, std::string_view between, std::string_view empty, std::string& sql) {
    if (condition.terms.empty()) {
      sql += empty;
      return;
    }
    sql += "(";
    for (std::size_t i = 0; i < condition.terms.size(); ++i) {
      if (i != 0) sql += between;
      write(condition.terms[i], sql);
    }
    sql += ")";
  }

  void write_in(const Condition& condition, std::string& sql) {
    if (condition.operands.empty()) {
      sql += "0";
      return;
    }
    append(sql, name(condition), " IN (");
    const std::size_t count = padded(condition.operands.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) sql += ",";
      sql += bind(condition, std::min(i, condition.operands.size() - 1));
    }
    sql += ")";
  }

  const Entity& entity_;
  ScanSql& out_;
  bool broad_ = false;
};

std::string columns_of(const Entity& entity, const std::vector<int>& fields) {
  std::string list;
  for (const int field : fields) {
    if (!list.empty()) list += ", ";
    list += quoted_name(entity.fields[static_cast<std::size_t>(field)].name);
  }
  return list;
}

/// The branch over the present and the one over the past, with the same conjuncts pushed into both.
std::string as_of_source(std::string_view schema, const Scan& scan, const std::string& where, std::size_t as_of) {
  std::vector<int> inner;
  for (const int field : scan.fields) {
    if (std::find(inner.begin(), inner.end(), field) == inner.end()) inner.push_back(field);
  }
  for (const Order& order : scan.order) {
    if (std::find(inner.begin(), inner.end(), order.field) == inner.end()) inner.push_back(order.field);
  }
  const std::string columns = columns_of(*scan.entity, inner);
  const std::string seq = quoted_name(scan.entity->fields[kSeqField].name);
  const std::string limit = seq + " <= " + parameter(as_of);
  const std::string more = where.empty() ? "" : " AND " + where;
  const auto end = static_cast<std::size_t>(to_seq_field(*scan.history));
  const std::string to_seq = quoted_name(scan.history->fields[end].name);
  return "(SELECT " + columns + " FROM " + qualified(schema, scan.entity->name) + " WHERE " + limit + more +
         " UNION ALL SELECT " + columns + " FROM " + qualified(schema, scan.history->name) + " WHERE " + limit +
         " AND " + to_seq + " > " + parameter(as_of) + more + ")";
}

void write_order(const Scan& scan, std::string& sql) {
  for (std::size_t i = 0; i < scan.order.size(); ++i) {
    const Field& field = scan.entity->fields[static_cast<std::size_t>(scan.order[i].field)];
    const std::string name = quoted_name(field.name);
    sql += i == 0 ? " ORDER BY " : ", ";
    // Only where nulls may be: a plain term can be read off an index.
    if (field.nullable) sql += name + " IS NULL, ";
    sql += name;
    if (scan.order[i].descending) sql += " DESC";
  }
}

}  // namespace

std::string_view column_type(Type type) {
  if (type == Type::bytes) return "BLOB";
  return is_text(type) ? "TEXT" : "INTEGER";
}

std::string quoted_name(std::string_view name) { return quoted(name, '"'); }
std::string qualified(std::string_view schema, std::string_view name) {
  return quoted_name(schema) + "." + quoted_name(name);
}
std::string quoted_text(std::string_view text) { return quoted(text, '\''); }

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
    std::vector<std::string_view> fields;
    for (const int position : positions_of(entity, key)) {
      fields.push_back(entity.fields[static_cast<std::size_t>(position)].name);
    }
    all.push_back(index_on(entity, "CREATE UNIQUE INDEX ", "_unique", fields));
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
  return "SELECT " + joined_names(entity) + " FROM " + qualified(schema, entity.name) + " WHERE " +
         quoted_name(entity.fields[kIdField].name) + " = ?1";
}

std::string insert_sql(std::string_view schema, const Entity& entity) {
  std::string values;
  for (std::size_t i = 1; i <= entity.fields.size(); ++i) values += (i == 1 ? "" : ", ") + parameter(i);
  return "INSERT INTO " + qualified(schema, entity.name) + " (" + joined_names(entity) + ") VALUES (" + values + ")";
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

ScanSql scan_sql(std::string_view schema, const Scan& scan) {
  ScanSql out;
  if (scan.history != nullptr) out.parameters.push_back({nullptr, scan.as_of, Type::integer});
  const std::size_t as_of = out.parameters.size();

  std::string where;
  std::size_t nodes = 0;
  std::size_t parameters = 0;
  ConditionWriter writer(*scan.entity, out);
  for (const Condition& condition : scan.where) {
    std::size_t more_nodes = nodes;
    std::size_t more_parameters = parameters;
    const bool takes = ConditionWriter::takes(condition, more_nodes, more_parameters);
    out.taken.where.push_back(takes);
    if (!takes) continue;
    nodes = more_nodes;
    parameters = more_parameters;
    if (!where.empty()) where += " AND ";
    writer.write(condition, where);
  }

  out.sql = "SELECT " + columns_of(*scan.entity, scan.fields) + " FROM ";
  if (scan.history != nullptr) {
    out.sql += as_of_source(schema, scan, where, as_of);
  } else {
    out.sql += qualified(schema, scan.entity->name);
    if (!where.empty()) out.sql += " WHERE " + where;
  }
  write_order(scan, out.sql);
  out.taken.order = true;

  const bool all_taken = std::find(out.taken.where.begin(), out.taken.where.end(), false) == out.taken.where.end();
  out.taken.limit = scan.limit.has_value() && all_taken;
  if (out.taken.limit) {
    // A negative limit would mean none to SQLite.
    out.parameters.push_back({nullptr, std::max<std::int64_t>(*scan.limit, 0), Type::integer});
    out.sql += " LIMIT " + parameter(out.parameters.size());
  }
  return out;
}

std::string group_sql(const GroupBy& by, const std::string& source) {
  std::string keys = columns_of(*by.entity, by.keys);
  std::string sql = "SELECT " + keys + (keys.empty() ? "" : ", ") + "count(*)";
  for (const int sum : by.sums) {
    const std::string name = quoted_name(by.entity->fields[static_cast<std::size_t>(sum)].name);
    sql += ", count(" + name + "), sum(" + name + ")";
  }
  sql += " FROM (" + source + ")";
  if (!keys.empty()) sql += " GROUP BY " + keys;
  return sql;
}

}  // namespace kith::sqlite
