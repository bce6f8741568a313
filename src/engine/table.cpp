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

std::size_t Table::at(std::string_view name) const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
    names.push_back(columns_[i].name);
  }
  throw Error(Code::invalid, "no column '" + std::string(name) + "'." + suggest(name, names));
}

Value Table::value(std::size_t row, std::size_t column) const {
  const Column& data = data_.at(column);
  if (row >= data.size()) throw Error(Code::misuse, "the table has no row " + std::to_string(row));
  return to_value(data.cell(row), field_of(columns_[column]), columns_[column].currency);
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
