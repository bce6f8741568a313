// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/interchange/arrow.hpp"
#include "kith/interchange/exporter.hpp"

using namespace kith::c;

namespace {

/// Columns hold their texts one behind the other; C wants a NUL behind each. Made on the first question to a column.
const std::string& texts_of(const kith_table& table, std::size_t column) {
  if (table.texts.empty()) table.texts.resize(table.table->columns().size());
  std::unique_ptr<std::string>& texts = table.texts[column];
  if (texts) return *texts;
  const kith::Column& data = table.table->data(column);
  auto made = std::make_unique<std::string>();
  made->reserve(data.bytes().size() + data.size());
  for (std::size_t row = 0; row < data.size(); ++row) (*made += data.text(row)) += '\0';
  texts = std::move(made);
  return *texts;
}

kith_value text_value(const kith_table& table, std::size_t row, std::size_t column) {
  const kith::Column& data = table.table->data(column);
  kith_value value{};
  if (data.is_null(row)) return value;
  value.type = KITH_TEXT;
  value.text = texts_of(table, column).data() + data.offsets()[row] + static_cast<std::ptrdiff_t>(row);
  value.size = data.text(row).size();
  return value;
}

}  // namespace

size_t kith_table_rows(const kith_table* table) { return table == nullptr ? 0 : table->table->rows(); }

size_t kith_table_columns(const kith_table* table) { return table == nullptr ? 0 : table->table->columns().size(); }

const char* kith_table_column_name(const kith_table* table, size_t column) {
  return column < kith_table_columns(table) ? table->table->columns()[column].name.c_str() : "";
}

int32_t kith_table_column_type(const kith_table* table, size_t column) {
  if (column >= kith_table_columns(table)) return KITH_NULL;
  const kith::Type type = table->table->columns()[column].type;
  return kith::is_text(type) ? KITH_TEXT : static_cast<int32_t>(type);
}

int32_t kith_table_value(const kith_table* table, size_t row, size_t column, kith_value* out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Table& data = *need(table, "table").table;
    const bool text = column < data.columns().size() && row < data.rows() && data.data(column).is_text();
    *out = text ? text_value(*table, row, column) : c_value(data.value(row, column));
  });
}

int32_t kith_table_to_json(const kith_table* table, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::to_json(*need(table, "table").table));
  });
}

int32_t kith_table_stream(const kith_table* table, struct ArrowArrayStream* out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    kith::to_arrow(need(table, "table").table, out);
  });
}

void kith_table_free(kith_table* table) { delete table; }
