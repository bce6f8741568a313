// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/table.hpp"

#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

Field field_of(const TableColumn& column) {
  Field field;
  field.name = column.name;
  field.type = column.type;
  field.nullable = true;
  field.options.scale = column.scale;
  return field;
}

}  // namespace

Table::Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {
  data_.reserve(columns_.size());
  for (const TableColumn& column : columns_) data_.emplace_back(is_text(column.type));
}

Table::Table(std::vector<TableColumn> columns, std::vector<Column> data, Column row_currencies)
    : columns_(std::move(columns)), data_(std::move(data)), row_currencies_(std::move(row_currencies)) {
  bool fits = columns_.size() == data_.size();
  for (std::size_t i = 0; fits && i < data_.size(); ++i) {
    fits = data_[i].is_text() == is_text(columns_[i].type) && data_[i].size() == rows();
  }
  if (!fits || (row_currencies_.size() != 0 && row_currencies_.size() != rows())) {
    throw Error(Code::misuse, "the columns of a table have one length each, and the kind that their type says");
  }
}

std::size_t Table::at(std::string_view name) const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
    names.push_back(columns_[i].name);
  }
  throw Error(Code::invalid, "no column '" + std::string(name) + "'." + suggest(name, names));
}

Value Table::value(std::size_t row, std::size_t column) const {
  if (column >= data_.size()) throw Error(Code::misuse, "the table has no column " + std::to_string(column));
  const Column& data = data_[column];
  if (row >= data.size()) throw Error(Code::misuse, "the table has no row " + std::to_string(row));
  const bool money = columns_[column].type == Type::money && !data.is_null(row);
  return to_value(data.cell(row), field_of(columns_[column]), money ? currency(row, column) : Currency());
}

Currency Table::currency(std::size_t row, std::size_t column) const {
  const Currency fixed = columns_[column].currency;
  if (fixed || row_currencies_.size() == 0) return fixed;
  return kith::currency(row_currencies_.text(row));
}

void Table::add(const std::vector<Value>& row) {
  if (row.size() != columns_.size()) {
    throw Error(Code::misuse, "a row of this table has " + std::to_string(columns_.size()) + " values");
  }
  std::vector<Cell> cells;
  cells.reserve(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells.push_back(is_null(row[i]) ? Cell{} : to_cell(row[i], field_of(columns_[i]), columns_[i].currency));
  }
  for (std::size_t i = 0; i < row.size(); ++i) data_[i].append(cells[i]);
}

}  // namespace kith
