// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A table whose money is in another currency from row to row: quotas of money beside quotas that count (XXX).

#include <utility>
#include <vector>

#include "kith/engine/table.hpp"

namespace kith {

class MixedTable {
 public:
  explicit MixedTable(std::vector<TableColumn> columns);
  /// Appends a row; all its money is in that currency.
  template <class... Cells>
  void add(Currency currency, Cells&&... cells) {
    std::vector<Value> row;
    row.reserve(sizeof...(cells));
    (row.emplace_back(std::forward<Cells>(cells)), ...);
    add_values(currency, row);
  }
  Table table() &&;

 private:
  void add_values(Currency currency, const std::vector<Value>& row);

  std::vector<TableColumn> columns_;
  std::vector<Column> data_;
  Column currencies_{true};
};

/// A column of money without a currency of its own.
TableColumn amount_column(std::string_view name);

}  // namespace kith
