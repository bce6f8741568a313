// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/exporter.hpp"

#include "interchange/json_text.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace {

std::string currency_name(const TableColumn& column) { return column.name + "_currency"; }

void write_header(const Table& table, CsvWriter& csv) {
  for (const TableColumn& column : table.columns()) {
    csv.text(column.name);
    if (column.type == Type::money) csv.text(currency_name(column));
  }
  csv.end_row();
}

void write_rows(const Table& table, CsvWriter& csv) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      const TableColumn& column = table.columns()[i];
      const Value value = table.value(row, i);
      if (is_null(value)) {
        csv.null();
      } else if (is_text(column.type)) {
        csv.text(std::get<std::string>(value));
      } else {
        csv.number(to_string(value));
      }
      if (column.type == Type::money) csv.text(code_of(table.currency(row, i)));
    }
    csv.end_row();
  }
}

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
  write_header(table, csv);
  write_rows(table, csv);
}

std::int64_t export_csv(const Reader& reader, const Entity& entity, const Query& query, CsvWriter& csv) {
  std::int64_t rows = 0;
  generic::each_table(reader, entity, query, [&](const Table& table) {
    if (rows == 0) write_header(table, csv);
    write_rows(table, csv);
    rows += static_cast<std::int64_t>(table.rows());
  });
  return rows;
}

}  // namespace kith
