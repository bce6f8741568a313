// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tables as they were after an earlier work, and what has changed since, seen from inside a Work (which is no as-of
/// reader: it must see its own writes at the same time).

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/changed.hpp"
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

/// Calls `visit(ids)` for the ids in pieces that fit one query.
template <class Visit>
void in_pieces(const std::vector<Id>& ids, Visit&& visit) {
  constexpr std::size_t kPiece = 512;  // SQLite is asked for at most 900, in powers of two
  for (std::size_t start = 0; start < ids.size(); start += kPiece) {
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(start);
    visit(std::vector<Id>(first, first + static_cast<std::ptrdiff_t>(std::min(kPiece, ids.size() - start))));
  }
}

/// Every version of T that came or went after work `seq`.
template <class T>
std::vector<T> changed_rows(const Reader& system, std::int64_t seq) {
  const Entity& entity = entity_of<T>();
  const Entity& past = *system.model().history_of(entity);
  const Condition came = verb::compare(entity, "seq", Condition::Op::gt, seq);
  const Condition went = verb::compare(past, "to_seq", Condition::Op::gt, seq);
  std::vector<T> rows;
  if (const auto ids = changed_since(system, entity, seq)) {
    in_pieces(*ids, [&](const std::vector<Id>& piece) {
      append_rows(system, entity, {.conditions = {verb::one_of(entity, "id", piece), came}}, rows);
    });
    in_pieces(*ids, [&](const std::vector<Id>& piece) {
      append_rows(system, past, {.conditions = {verb::one_of(past, "id", piece), went}}, rows);
    });
    return rows;
  }
  append_rows(system, entity, {.conditions = {came}}, rows);
  append_rows(system, past, {.conditions = {went}}, rows);
  return rows;
}

/// Rows of T now that are about some people: whose `field` is one of them. Null asks about everybody.
template <class T>
std::vector<T> rows_about(const Reader& system, std::string_view field, const std::unordered_set<Id>* people) {
  if (people == nullptr) return system.list<T>();
  std::vector<Id> ids(people->begin(), people->end());
  std::sort(ids.begin(), ids.end());
  std::vector<T> rows;
  in_pieces(ids, [&](const std::vector<Id>& piece) {
    append_rows(system, entity_of<T>(), {.conditions = {verb::one_of(entity_of<T>(), field, piece)}}, rows);
  });
  return rows;
}

/// Ids of records within `range` that belong to some people: by `owner` (-1: no such field), or by a part that names
/// one of them as `employee` (null: no parts). Sorted.
inline std::vector<Id> records_of(const Reader& system, const Entity& entity, int owner, const Entity* parts,
                                  const std::unordered_set<Id>& people, const std::vector<Condition>& range) {
  std::vector<Id> employees(people.begin(), people.end());
  std::sort(employees.begin(), employees.end());
  std::vector<Id> ids;
  const auto read = [&](const Entity& table, std::string_view field, std::vector<Condition> conditions) {
    auto cursor = system.scan(table, {.conditions = std::move(conditions), .fields = {std::string(field)}});
    for (Batch batch; cursor->next(batch);) {
      const Column& column = batch.column(table.at(field));
      for (std::size_t row = 0; row < batch.rows(); ++row) ids.push_back({column.word(row)});
    }
  };
  in_pieces(employees, [&](const std::vector<Id>& piece) {
    if (parts != nullptr) read(*parts, parts->roles.parent, {verb::one_of(*parts, "employee", piece)});
    if (owner < 0) return;
    std::vector<Condition> own = range;
    own.push_back(verb::one_of(entity, entity.fields[static_cast<std::size_t>(owner)].name, piece));
    read(entity, "id", std::move(own));
  });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace kith::incentive
