// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A change from a day on, among the dated rows of one subject (places of a unit, memberships of an employee).

#include <string>
#include <vector>

#include "engine/verbs.hpp"

namespace kith::people {

/// Throws Error{invalid} for a day on which no row can begin.
inline void require_day(const Entity& entity, std::string_view field, Date day) {
  if (verb::is_day(day)) return;
  throw Error(Code::invalid, std::string(entity.name), std::string(field), std::string(verb::kDayExpected));
}

/// Throws Error{conflict} when a row begins after `from`: what is recorded for later would be undone unasked.
template <class Row>
void require_newest(const std::vector<Row>& rows, Date from) {
  for (const Row& row : rows) {
    if (row.from <= from) continue;
    throw Error(
        Code::conflict, std::string(entity_of<Row>().name), "from",
        "a later row is recorded, from " + to_string(row.from) + "; give a day from then on, not " + to_string(from));
  }
}

/// A record as it is stored: where a dated row begins later, its column has the value of then already, which a reader
/// shows from that day on.
template <class T>
T stored_of(const Work& work, Id id) {
  return work.as_system("dated rows").get<T>(id);
}

/// Lets `next` hold from its day on: ends the row that holds then, or replaces the one that began on that very day
/// (a day is the smallest stretch; the version before stays readable in its history).
template <class Row>
void succeed(Work& work, std::vector<Row> rows, Row next) {
  for (Row& row : rows) {
    if (next.from < row.from || row.to <= next.from) continue;
    if (row.from == next.from) {
      next.id = row.id;
      next.revision = row.revision;
      work.update(next);
      return;
    }
    row.to = next.from;
    work.update(row);
  }
  work.create(next);
}

}  // namespace kith::people
