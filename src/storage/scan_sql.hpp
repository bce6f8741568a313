// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Scans as SQL, what all servers of SQL have in common: every conjunct that the server answers as `evaluate` does, the
/// order, and the limit where nothing is left to the engine. A dialect overrides where its words differ. Names come
/// from entity tables only and are quoted; values are bound, never written.

#include <string>
#include <string_view>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith {

/// "name" as an SQL identifier, and `a, b` of fields.
std::string quoted_name(std::string_view name);
/// "schema"."name".
std::string qualified(std::string_view schema, std::string_view name);
std::string names_of(const Entity& entity, const std::vector<int>& fields);
/// All fields of an entity, in table order.
std::string names_of(const Entity& entity);

/// A scan as SQL, with what is to be bound.
struct ScanSql {
  struct Parameter {
    const Condition* condition = nullptr;  ///< in the scan; null for `word`
    int operand = 0;                       ///< of the condition; -1: all of them as one array
    std::int64_t word = 0;
    Type type = Type::integer;

    const Cell& cell() const { return condition->operands[static_cast<std::size_t>(operand)]; }
  };
  std::string sql;
  std::vector<Parameter> parameters;
  Taken taken;
};

/// Writes one scan of tables in a schema. An object writes once.
class ScanWriter {
 public:
  ScanWriter(std::string_view schema, const Scan& scan) : schema_(schema), scan_(scan) {}
  virtual ~ScanWriter() = default;
  ScanSql write();

 protected:
  /// Bounds of every dialect: parameters of a statement and the depth of its conditions. Servers bear more.
  static constexpr std::size_t kMostParameters = 8000;
  static constexpr std::size_t kMostNodes = 300;

  /// What stands for the parameter with that place among those of the scan, from 1.
  virtual std::string parameter(std::size_t number) const = 0;
  /// What all rows must be besides; empty for nothing.
  virtual std::string_view everywhere() const { return {}; }
  /// False where this node alone, without its terms, is left to the engine.
  virtual bool takes(const Condition& condition) const = 0;
  /// How many parameters a node binds at the most.
  virtual std::size_t parameters_of(const Condition& condition) const = 0;
  virtual std::string name(const Condition& condition) const { return quoted_name(field(condition).name); }
  /// `a = 1`, `a < 1`, ...
  virtual void write_comparison(const Condition& condition);
  virtual void write_between(const Condition& condition);
  /// `a IN (...)` of operands that are not empty.
  virtual void write_in(const Condition& condition) = 0;
  /// One key of the order, where nulls come last in either direction.
  virtual std::string order_key(const Field& field, bool descending) const = 0;

  const Entity& entity() const { return *scan_.entity; }
  const Field& field(const Condition& condition) const {
    return entity().fields[static_cast<std::size_t>(condition.field)];
  }
  static std::string_view sign(Condition::Op op);
  /// Binds an operand; says what stands for it.
  std::string bind(const Condition& condition, int operand);
  /// True inside a condition that most rows pass.
  bool broad() const { return broad_; }

  std::string where;  ///< grows by what the writing functions say

 private:
  bool takes_whole(const Condition& condition, std::size_t& nodes, std::size_t& parameters) const;
  std::string bind(std::int64_t word);
  void write_where();
  void write_condition(const Condition& condition);
  void write_node(const Condition& condition);
  void write_terms(const Condition& condition, std::string_view between, std::string_view empty);
  std::string rows(std::string_view table, const std::string& limits) const;
  std::string past_and_present(const std::string& as_of) const;
  std::string order() const;

  std::string schema_;
  const Scan& scan_;
  ScanSql out_;
  bool broad_ = false;
};

/// The groups of the rows that a scan gives: keys, count(*), then count and sum of each summed field. `prefix` stands
/// before the names of functions.
std::string group_sql(const GroupBy& by, const std::string& source, std::string_view prefix = {});

}  // namespace kith
