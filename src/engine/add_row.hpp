// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows of tables from single values. A braced list would do, but for GCC 12, which destroys what it has not made yet
/// when memory runs out in the middle of one.

#include <utility>
#include <vector>

#include "kith/engine/table.hpp"

namespace kith {

/// Table::add of these values.
template <class... Cells>
void add_row(Table& table, Cells&&... cells) {
  std::vector<Value> row;
  row.reserve(sizeof...(cells));
  (row.emplace_back(std::forward<Cells>(cells)), ...);
  table.add(row);
}

}  // namespace kith
