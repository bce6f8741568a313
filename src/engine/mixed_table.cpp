// SPDX-License-Identifier: Apache-2.0
#include "engine/mixed_table.hpp"

namespace kith {

MixedTable::MixedTable(std::vector<TableColumn> columns) : columns_(std::move(columns)) {
  for (const TableColumn& column : columns_) data_.emplace_back(is_text(column.type));
}

void MixedTable::add_values(Currency currency, const std::vector<Value>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    Field field;
    field.name = columns_[i].name;
    field.type = columns_[i].type;
    field.nullable = true;
    field.options.scale = columns_[i].scale;
    data_[i].append(is_null(row[i]) ? Cell{} : to_cell(row[i], field, currency));
  }
  currencies_.append(std::string_view(code_of(currency)));
}

Table MixedTable::table() && { return Table(std::move(columns_), std::move(data_), std::move(currencies_)); }

TableColumn amount_column(std::string_view name) { return {.name = std::string(name), .type = Type::money}; }

}  // namespace kith
