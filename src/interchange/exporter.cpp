// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/exporter.hpp"

#include "interchange/json_text.hpp"

namespace kith {
namespace {

std::string currency_name(const TableColumn& column) { return column.name + "_currency"; }

}  // namespace

std::string to_json(const Table& table) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (std::size_t row = 0; row < table.rows(); ++row) {
    json.begin_object();
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      const TableColumn& column = table.columns()[i];
      json.key(column.name).value(table.value(row, i));
      if (column.type == Type::money) json.key(currency_name(column)).text(code_of(table.currency(row, i)));
    }
    json.end_object();
  }
  json.end_array();
  return out;
}

void write_csv(const Table& table, CsvWriter& csv) {
  for (const TableColumn& column : table.columns()) {
    csv.text(column.name);
    if (column.type == Type::money) csv.text(currency_name(column));
  }
  csv.end_row();
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      const TableColumn& column = table.columns()[i];
      const Value value = table.value(row, i);
      if (is_null(value)) {
        csv.null();
      } else if (is_text(column.type)) {
        csv.text(to_string(value));
      } else {
        csv.number(to_string(value));
      }
      if (column.type == Type::money) csv.text(code_of(table.currency(row, i)));
    }
    csv.end_row();
  }
}

}  // namespace kith
