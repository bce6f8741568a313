// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The result of every report: one columnar table. C, Python, the CLI and pages show it without further code.

#include <string>
#include <string_view>
#include <vector>

#include "kith/schema/batch.hpp"

namespace kith {

/// What a column of a table holds.
struct TableColumn {
  std::string name = {};  ///< stable: "win_rate"
  Type type = Type::text;
  int scale = 0;           ///< of decimals
  Currency currency = {};  ///< of money
};

/// Named columns of equal length. A value.
class Table {
 public:
  Table() = default;
  explicit Table(std::vector<TableColumn> columns);
  /// Takes columns that are filled already. `row_currencies` names the currency of each row, for money columns that
  /// name none themselves; empty where there are none. Error{misuse} when lengths or kinds do not agree.
  Table(std::vector<TableColumn> columns, std::vector<Column> data, Column row_currencies = Column(true));

  const std::vector<TableColumn>& columns() const { return columns_; }
  std::size_t rows() const { return data_.empty() ? 0 : data_.front().size(); }
  /// Position of a column. Error{invalid} with near names.
  std::size_t at(std::string_view name) const;
  const Column& data(std::size_t column) const { return data_[column]; }
  /// One cell as a value (Money with its currency). Error{misuse} for a row or column that is not there.
  Value value(std::size_t row, std::size_t column) const;
  /// What the money of a cell is in: the column's currency, else that of the row.
  Currency currency(std::size_t row, std::size_t column) const;

  /// Appends a row: one value for each column, each of the column's type or null. Error{misuse} otherwise.
  void add(const std::vector<Value>& row);

 private:
  std::vector<TableColumn> columns_;
  std::vector<Column> data_;
  Column row_currencies_{true};  // empty, or one code a row
};

}  // namespace kith
