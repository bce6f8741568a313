// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows that hold from one moment to another, [from, to), and never overlap for one subject: membership, stage,
/// price. An open end is kOpenDate or kOpenTime. Works on any struct with members `from` and `to`.

#include <algorithm>
#include <string>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/time.hpp"

namespace kith::effective {

/// The end of a row that is still open, for the type of its bounds.
constexpr Date open_end(Date) { return kOpenDate; }
constexpr Timestamp open_end(Timestamp) { return kOpenTime; }

/// The row that holds at a moment, or null. `rows` in any order.
template <class Row, class Moment>
const Row* at(const std::vector<Row>& rows, Moment moment) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.from <= moment && moment < row.to; });
  return found == rows.end() ? nullptr : &*found;
}

/// True when `row` shares a moment with one of `rows` (other than the one with its id). Rows of no length share none.
template <class Row>
bool overlaps(const std::vector<Row>& rows, const Row& row) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
    return other.id != row.id && other.from < row.to && row.from < other.to && other.from < other.to &&
           row.from < row.to;
  });
}

/// Throws Error{conflict} naming both stretches when `row` overlaps one of `rows`, Error{invalid} when it ends
/// before it begins.
template <class Row>
void require_free(const std::vector<Row>& rows, const Row& row, const char* entity) {
  if (row.to < row.from) throw Error(Code::invalid, entity, "to", "ends before it begins; give a later end");
  for (const Row& other : rows) {
    if (overlaps(std::vector<Row>{other}, row)) {
      throw Error(Code::conflict, entity, "from",
                  "[" + to_string(row.from) + ", " + to_string(row.to) + ") overlaps [" + to_string(other.from) + ", " +
                      to_string(other.to) + "); " +
                      (other.from <= row.from ? "end that one first" : "let this one end where that one begins"));
    }
  }
}

}  // namespace kith::effective
