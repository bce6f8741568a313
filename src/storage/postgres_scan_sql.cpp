// SPDX-License-Identifier: Apache-2.0
/// \file
/// Scans in the words of PostgreSQL. Text columns have the collation "C", so they compare by bytes.

#include <algorithm>

#include "kith/base/text.hpp"
#include "storage/postgres_sql_parts.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

/// A text that no column can hold: the server would refuse it, so it is never sent.
bool is_sendable(const Cell& cell, Type type) {
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr || type == Type::bytes) return true;
  return text->find('\0') == std::string::npos && invalid_utf8(*text) == std::string_view::npos;
}

/// The protocol's bound is 65,535 parameters; the server's stack bounds the depth.
class PostgresScan final : public ScanWriter {
 public:
  using ScanWriter::ScanWriter;

 protected:
  std::string parameter(std::size_t number) const override { return postgres::parameter(number + 1); }
  std::string_view everywhere() const override { return kOnlyTenant; }

  bool takes(const Condition& condition) const override {
    return std::all_of(condition.operands.begin(), condition.operands.end(),
                       [&](const Cell& cell) { return is_sendable(cell, field(condition).type); });
  }

  std::size_t parameters_of(const Condition& /*condition*/) const override { return 2; }

  void write_in(const Condition& condition) override {
    where += name(condition) + " = ANY (" + bind(condition, -1) + ")";
  }

  // What is said of the beginnings follows from what is said of the whole, also of nulls; it is there for the index.

  void write_comparison(const Condition& condition) override {
    if (!is_wide(entity(), condition.field) || condition.op == Condition::Op::ne) {
      return ScanWriter::write_comparison(condition);
    }
    const std::string value = bind(condition, 0);
    const std::string column = name(condition);
    std::string_view weaker = sign(condition.op);
    if (condition.op == Condition::Op::lt) weaker = " <= ";
    if (condition.op == Condition::Op::gt) weaker = " >= ";
    where += "(" + column + std::string(sign(condition.op)) + value + " AND " + beginning(column) +
             std::string(weaker) + beginning(value) + ")";
  }

  void write_between(const Condition& condition) override {
    if (!is_wide(entity(), condition.field)) return ScanWriter::write_between(condition);
    const std::string column = name(condition);
    const std::string low = bind(condition, 0);
    const std::string high = bind(condition, 1);
    where += "(" + column + " BETWEEN " + low + " AND " + high + " AND " + beginning(column) + " BETWEEN " +
             beginning(low) + " AND " + beginning(high) + ")";
  }

  std::string order_key(const Field& field, bool descending) const override {
    // Only where nulls may be: a plain term can be read off an index. Ascending, they come last anyway.
    return quoted_name(field.name) + (descending ? field.nullable ? " DESC NULLS LAST" : " DESC" : "");
  }
};

}  // namespace

ScanSql scan_sql(std::string_view schema, const Scan& scan) { return PostgresScan(schema, scan).write(); }

}  // namespace kith::postgres
