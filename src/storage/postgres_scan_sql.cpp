// SPDX-License-Identifier: Apache-2.0
/// \file
/// Scans as SQL: every conjunct that PostgreSQL answers as `evaluate` does, the order, and the limit where nothing is
/// left to the engine. Text columns have the collation "C", so they compare by bytes.

#include <algorithm>

#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "storage/postgres_sql_parts.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

/// The protocol's bound is 65,535 parameters; the server's stack bounds the depth. What goes past is the engine's.
constexpr std::size_t kMostParameters = 8000;
constexpr std::size_t kMostNodes = 300;

/// A text that no column can hold: the server would refuse it, so it is never sent.
bool is_sendable(const Cell& cell, Type type) {
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr || type == Type::bytes) return true;
  return text->find('\0') == std::string::npos && invalid_utf8(*text) == std::string_view::npos;
}

class ConditionWriter {
 public:
  ConditionWriter(const Entity& entity, ScanSql& out) : entity_(entity), out_(out) {}

  bool takes(const Condition& condition, std::size_t& nodes, std::size_t& parameters) const {
    ++nodes;
    parameters += 2;
    if (nodes > kMostNodes || parameters > kMostParameters) return false;
    const auto sendable = [&](const Cell& cell) { return is_sendable(cell, field(condition).type); };
    if (!std::all_of(condition.operands.begin(), condition.operands.end(), sendable)) return false;
    return std::all_of(condition.terms.begin(), condition.terms.end(),
                       [&](const Condition& term) { return takes(term, nodes, parameters); });
  }

  void write(const Condition& condition, std::string& sql) {
    using Op = Condition::Op;
    switch (condition.op) {
      case Op::all: return write_terms(condition, " AND ", "TRUE", sql);
      case Op::any: return write_terms(condition, " OR ", "FALSE", sql);
      case Op::none:
        sql += "NOT (";
        write(condition.terms.front(), sql);
        sql += ")";
        return;
      case Op::in:
        if (condition.operands.empty()) {
          sql += "FALSE";
        } else {
          sql += name(condition) + " = ANY (" + bind(condition, -1) + ")";
        }
        return;
      case Op::is_null: sql += name(condition) + " IS NULL"; return;
      case Op::not_null: sql += name(condition) + " IS NOT NULL"; return;
      case Op::between: {
        const std::string column = name(condition);
        const std::string low = bind(condition, 0);
        const std::string high = bind(condition, 1);
        sql += "(" + column + " BETWEEN " + low + " AND " + high;
        if (is_wide(entity_, condition.field)) {
          sql += " AND " + beginning(column) + " BETWEEN " + beginning(low) + " AND " + beginning(high);
        }
        sql += ")";
        return;
      }
      default: write_comparison(condition, sql);
    }
  }

 private:
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
  std::string name(const Condition& condition) const { return quoted_name(field(condition).name); }

  std::string bind(const Condition& condition, int operand) {
    out_.parameters.push_back({&condition, operand, 0, field(condition).type});
    return parameter(out_.parameters.size() + 1);
  }

  void write_comparison(const Condition& condition, std::string& sql) {
    const std::string value = bind(condition, 0);
    const std::string column = name(condition);
    if (!is_wide(entity_, condition.field) || condition.op == Condition::Op::ne) {
      sql += column + std::string(sign(condition.op)) + value;
      return;
    }
    // What is said of the beginnings follows from what is said of the whole, also of nulls; it is there for the index.
    std::string_view weaker = sign(condition.op);
    if (condition.op == Condition::Op::lt) weaker = " <= ";
    if (condition.op == Condition::Op::gt) weaker = " >= ";
    sql += "(" + column + std::string(sign(condition.op)) + value + " AND " + beginning(column) + std::string(weaker) +
           beginning(value) + ")";
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

  const Entity& entity_;
  ScanSql& out_;
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
  const auto need = [&](int field) {
    if (std::find(inner.begin(), inner.end(), field) == inner.end()) inner.push_back(field);
  };
  for (const int field : scan.fields) need(field);
  for (const Order& order : scan.order) need(order.field);
  const std::string columns = columns_of(*scan.entity, inner);
  const std::string limit = quoted_name(kTenantColumn) + " = $1 AND " +
                            quoted_name(scan.entity->fields[kSeqField].name) + " <= " + parameter(as_of);
  const std::string more = where.empty() ? "" : " AND " + where;
  const auto end = static_cast<std::size_t>(to_seq_field(*scan.history));
  const std::string to_seq = quoted_name(scan.history->fields[end].name);
  return "(SELECT " + columns + " FROM " + qualified(schema, scan.entity->name) + " WHERE " + limit + more +
         " UNION ALL SELECT " + columns + " FROM " + qualified(schema, scan.history->name) + " WHERE " + limit +
         " AND " + to_seq + " > " + parameter(as_of) + more + ") AS s";
}

void write_order(const Scan& scan, std::string& sql) {
  for (std::size_t i = 0; i < scan.order.size(); ++i) {
    const Field& field = scan.entity->fields[static_cast<std::size_t>(scan.order[i].field)];
    sql += i == 0 ? " ORDER BY " : ", ";
    sql += quoted_name(field.name);
    if (!scan.order[i].descending) continue;
    sql += " DESC";
    // Only where nulls may be: a plain term can be read off an index. Ascending, they come last anyway.
    if (field.nullable) sql += " NULLS LAST";
  }
}

}  // namespace

ScanSql scan_sql(std::string_view schema, const Scan& scan) {
  ScanSql out;
  if (scan.history != nullptr) out.parameters.push_back({.word = scan.as_of});
  const std::size_t as_of = out.parameters.size() + 1;

  std::string where;
  std::size_t nodes = 0;
  std::size_t parameters = 0;
  ConditionWriter writer(*scan.entity, out);
  for (const Condition& condition : scan.where) {
    std::size_t more_nodes = nodes;
    std::size_t more_parameters = parameters;
    const bool takes = writer.takes(condition, more_nodes, more_parameters);
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
    out.sql += qualified(schema, scan.entity->name) + " WHERE " + quoted_name(kTenantColumn) + " = $1";
    if (!where.empty()) out.sql += " AND " + where;
  }
  write_order(scan, out.sql);
  out.taken.order = true;

  const bool all_taken = std::find(out.taken.where.begin(), out.taken.where.end(), false) == out.taken.where.end();
  out.taken.limit = scan.limit.has_value() && all_taken;
  if (out.taken.limit) {
    // A negative limit is refused by the server.
    out.parameters.push_back({.word = std::max<std::int64_t>(*scan.limit, 0)});
    out.sql += " LIMIT " + parameter(out.parameters.size() + 1);
  }
  return out;
}

std::string group_sql(const GroupBy& by, const std::string& source) {
  const std::string keys = columns_of(*by.entity, by.keys);
  std::string sql = "SELECT " + keys + (keys.empty() ? "" : ", ") + "pg_catalog.count(*)";
  for (const int sum : by.sums) {
    const std::string name = quoted_name(by.entity->fields[static_cast<std::size_t>(sum)].name);
    sql += ", pg_catalog.count(" + name + "), pg_catalog.sum(" + name + ")";
  }
  sql += " FROM (" + source + ") AS g";
  if (!keys.empty()) sql += " GROUP BY " + keys;
  return sql;
}

}  // namespace kith::postgres
