// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tables as they were after an earlier work, and what has changed since, seen from inside a Work (which is no as-of
/// reader: it must see its own writes at the same time).

#include <optional>
#include <vector>

#include "engine/verbs.hpp"
#include "kith/engine/work.hpp"

namespace kith::incentive {

/// Adds the rows of a query on `entity` (T's, or its history) to `rows`.
template <class T>
void append_rows(const Reader& system, const Entity& entity, const Query& query, std::vector<T>& rows) {
  auto cursor = system.scan(entity, query);
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) load_row(batch, row, &rows.emplace_back());
  }
}

/// All rows of T now, or as they were right after work `as_of`.
template <class T>
std::vector<T> rows_at(const Reader& system, std::optional<std::int64_t> as_of) {
  if (!as_of) return system.list<T>();
  const Entity& entity = entity_of<T>();
  const Entity& past = *system.model().history_of(entity);
  std::vector<T> rows;
  append_rows(system, entity, {.conditions = {verb::compare(entity, "seq", Condition::Op::le, *as_of)}}, rows);
  append_rows(system, past,
              {.conditions = {verb::compare(past, "seq", Condition::Op::le, *as_of),
                              verb::compare(past, "to_seq", Condition::Op::gt, *as_of)}},
              rows);
  return rows;
}

/// Every version of T that came or went after work `seq`.
template <class T>
std::vector<T> changed_rows(const Reader& system, std::int64_t seq) {
  const Entity& entity = entity_of<T>();
  const Entity& past = *system.model().history_of(entity);
  std::vector<T> rows;
  append_rows(system, entity, {.conditions = {verb::compare(entity, "seq", Condition::Op::gt, seq)}}, rows);
  append_rows(system, past, {.conditions = {verb::compare(past, "to_seq", Condition::Op::gt, seq)}}, rows);
  return rows;
}

/// Calls `visit(ids)` for the ids in pieces that fit one query.
template <class Visit>
void in_pieces(const std::vector<Id>& ids, Visit&& visit) {
  constexpr std::size_t kPiece = 1000;
  for (std::size_t start = 0; start < ids.size(); start += kPiece) {
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(start);
    visit(std::vector<Id>(first, first + static_cast<std::ptrdiff_t>(std::min(kPiece, ids.size() - start))));
  }
}

}  // namespace kith::incentive
