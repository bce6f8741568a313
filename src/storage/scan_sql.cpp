// SPDX-License-Identifier: Apache-2.0
#include "storage/scan_sql.hpp"

#include <algorithm>
#include <utility>

#include "kith/base/error.hpp"
#include "storage/rules.hpp"

namespace kith {
namespace {

/// A and B, where one of them may say nothing.
std::string both(std::string_view a, std::string_view b) {
  return std::string(a) + (a.empty() || b.empty() ? "" : " AND ") + std::string(b);
}

}  // namespace

std::string quoted_name(std::string_view name) {
  std::string result(1, '"');
  for (const char letter : name) {
    if (letter == '"') result += '"';
    result += letter;
  }
  return result + '"';
}

std::string qualified(std::string_view schema, std::string_view name) {
  return quoted_name(schema) + "." + quoted_name(name);
}

std::string names_of(const Entity& entity, const std::vector<int>& fields) {
  std::string list;
  for (const int field : fields) {
    if (!list.empty()) list += ", ";
    list += quoted_name(entity.fields[static_cast<std::size_t>(field)].name);
  }
  return list;
}

std::string names_of(const Entity& entity) {
  std::string list;
  for (const Field& field : entity.fields) {
    if (!list.empty()) list += ", ";
    list += quoted_name(field.name);
  }
  return list;
}

ScanSql ScanWriter::write() {
  const std::string as_of = scan_.history == nullptr ? "" : bind(scan_.as_of);
  write_where();
  out_.sql = "SELECT " + names_of(entity(), scan_.fields) + " FROM " +
             (scan_.history == nullptr ? rows(entity().name, "") : past_and_present(as_of)) + order();
  out_.taken.order = true;
  const bool all = std::find(out_.taken.where.begin(), out_.taken.where.end(), false) == out_.taken.where.end();
  out_.taken.limit = scan_.limit.has_value() && all;
  // A negative limit means none to one server, and another refuses it.
  if (out_.taken.limit) out_.sql += " LIMIT " + bind(std::max<std::int64_t>(*scan_.limit, 0));
  return std::move(out_);
}

void ScanWriter::write_where() {
  std::size_t nodes = 0;
  std::size_t parameters = 0;
  for (const Condition& condition : scan_.where) {
    std::size_t more_nodes = nodes;
    std::size_t more_parameters = parameters;
    const bool taken = takes_whole(condition, more_nodes, more_parameters);
    out_.taken.where.push_back(taken);
    if (!taken) continue;
    nodes = more_nodes;
    parameters = more_parameters;
    if (!where.empty()) where += " AND ";
    write_condition(condition);
  }
}

bool ScanWriter::takes_whole(const Condition& condition, std::size_t& nodes, std::size_t& parameters) const {
  if (!takes(condition)) return false;
  ++nodes;
  parameters += parameters_of(condition);
  if (nodes > kMostNodes || parameters > kMostParameters) return false;
  return std::all_of(condition.terms.begin(), condition.terms.end(),
                     [&](const Condition& term) { return takes_whole(term, nodes, parameters); });
}

std::string ScanWriter::bind(const Condition& condition, int operand) {
  out_.parameters.push_back({&condition, operand, 0, field(condition).type});
  return parameter(out_.parameters.size());
}

std::string ScanWriter::bind(std::int64_t word) {
  out_.parameters.push_back({.word = word});
  return parameter(out_.parameters.size());
}

void ScanWriter::write_condition(const Condition& condition) {
  const bool outer = std::exchange(broad_, broad_ || condition.broad);
  write_node(condition);
  broad_ = outer;
}

void ScanWriter::write_node(const Condition& condition) {
  using Op = Condition::Op;
  switch (condition.op) {
    case Op::all: return write_terms(condition, " AND ", "TRUE");
    case Op::any: return write_terms(condition, " OR ", "FALSE");
    case Op::none:
      where += "NOT (";
      write_condition(condition.terms.front());
      where += ")";
      return;
    case Op::in:
      if (!condition.operands.empty()) return write_in(condition);
      where += "FALSE";
      return;
    case Op::is_null: where += name(condition) + " IS NULL"; return;
    case Op::not_null: where += name(condition) + " IS NOT NULL"; return;
    case Op::between: return write_between(condition);
    default: write_comparison(condition);
  }
}

void ScanWriter::write_comparison(const Condition& condition) {
  where += name(condition);
  where += sign(condition.op);
  where += bind(condition, 0);
}

void ScanWriter::write_between(const Condition& condition) {
  where += name(condition) + " BETWEEN ";
  where += bind(condition, 0) + " AND ";
  where += bind(condition, 1);
}

void ScanWriter::write_terms(const Condition& condition, std::string_view between, std::string_view empty) {
  if (condition.terms.empty()) {
    where += empty;
    return;
  }
  where += "(";
  for (std::size_t i = 0; i < condition.terms.size(); ++i) {
    if (i != 0) where += between;
    write_condition(condition.terms[i]);
  }
  where += ")";
}

std::string_view ScanWriter::sign(Condition::Op op) {
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

std::string ScanWriter::rows(std::string_view table, const std::string& limits) const {
  const std::string all = both(both(everywhere(), limits), where);
  return qualified(schema_, table) + (all.empty() ? "" : " WHERE " + all);
}

/// The branch over the present and the one over the past, with the same conjuncts pushed into both.
std::string ScanWriter::past_and_present(const std::string& as_of) const {
  std::vector<int> inner;
  const auto need = [&](int field) {
    if (std::find(inner.begin(), inner.end(), field) == inner.end()) inner.push_back(field);
  };
  for (const int field : scan_.fields) need(field);
  for (const Order& key : scan_.order) need(key.field);
  const std::string select = "SELECT " + names_of(entity(), inner) + " FROM ";
  const std::string begun = quoted_name(entity().fields[kSeqField].name) + " <= " + as_of;
  const auto end = static_cast<std::size_t>(to_seq_field(*scan_.history));
  const std::string not_ended = quoted_name(scan_.history->fields[end].name) + " > " + as_of;
  return "(" + select + rows(entity().name, begun) + " UNION ALL " + select +
         rows(scan_.history->name, both(begun, not_ended)) + ") AS s";
}

std::string ScanWriter::order() const {
  std::string sql;
  for (const Order& key : scan_.order) {
    sql += sql.empty() ? " ORDER BY " : ", ";
    sql += order_key(entity().fields[static_cast<std::size_t>(key.field)], key.descending);
  }
  return sql;
}

std::string group_sql(const GroupBy& by, const std::string& source, std::string_view prefix) {
  const std::string before(prefix);
  const std::string keys = names_of(*by.entity, by.keys);
  std::string sql = "SELECT " + keys + (keys.empty() ? "" : ", ") + before + "count(*)";
  for (const int sum : by.sums) {
    const std::string name = quoted_name(by.entity->fields[static_cast<std::size_t>(sum)].name);
    sql += ", " + before + "count(" + name + "), " + before + "sum(" + name + ")";
  }
  sql += " FROM (" + source + ") AS g";
  if (!keys.empty()) sql += " GROUP BY " + keys;
  return sql;
}

}  // namespace kith
