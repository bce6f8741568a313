// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the verbs of every area need: collecting broken rules, reading the stored version before an update, rows
/// of one subject in order, and the wrappers that the generic record verbs are made of.

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/base/text.hpp"
#include "kith/engine/effective.hpp"
#include "kith/engine/work.hpp"

namespace kith::verb {

/// Collects broken rules of one entity, so that a verb reports all of them at once.
class Faults {
 public:
  explicit Faults(const Entity& entity) : entity_(entity) {}

  void add(std::string_view field, std::string message) {
    found_.push_back({std::string(entity_.name), std::string(field), where_ + std::move(message)});
  }
  /// Begins every message from now on with the row of a batch, counted from 0.
  void in_row(std::size_t row) { where_ = "row " + std::to_string(row + 1) + ": "; }
  /// Throws Error{invalid} with everything that was added, if anything was.
  void raise() const {
    if (!found_.empty()) throw Error(found_);
  }

 private:
  const Entity& entity_;
  std::string where_;
  std::vector<Violation> found_;
};

/// The stored version of a record that is about to be replaced, after the actor's right to edit it was checked.
/// A stale record is refused here, before a verb compares it with what somebody else wrote meanwhile.
template <class T>
T before_update(const Work& work, const T& record) {
  const Entity& entity = entity_of<T>();
  work.require(Action::edit, entity, record.id);
  T before = work.get<T>(record.id);
  if (before.revision != record.revision) {
    throw Error(Code::conflict, std::string(entity.name), "revision",
                "revision " + std::to_string(record.revision) + " was read, but " + std::to_string(before.revision) +
                    " is stored now; read the record again and decide again");
  }
  return before;
}

/// field <op> word, for Query::conditions.
inline Condition compare(const Entity& entity, std::string_view field, Condition::Op op, std::int64_t word) {
  return {.op = op, .field = entity.at(field), .operands = {word}, .terms = {}};
}

/// field in (ids), for Query::conditions.
inline Condition one_of(const Entity& entity, std::string_view field, const std::vector<Id>& ids) {
  Condition condition{.op = Condition::Op::in, .field = entity.at(field), .operands = {}, .terms = {}};
  condition.operands.reserve(ids.size());
  for (const Id id : ids) condition.operands.emplace_back(id.value);
  return condition;
}

/// The rows whose stretch [from, to) holds a day, for Query::conditions.
inline std::vector<Condition> holding(const Entity& entity, Date day) {
  return {compare(entity, "from", Condition::Op::le, day.days), compare(entity, "to", Condition::Op::gt, day.days)};
}

/// Nothing moves on before it happens: Error{invalid} for a time behind the Work's own, unless the last move lies
/// there.
inline void require_past(const Work& work, std::string_view entity, Timestamp at, Timestamp entered) {
  if (at <= std::max(work.now(), entered)) return;
  throw Error(Code::invalid, std::string(entity), "from",
              to_string(at) + " lies in the future; give a time until " + to_string(work.now()));
}

/// The order of dated rows: by time, and those of no length in the order they were written.
inline std::vector<std::string> by_time() { return {"from", "to", "seq"}; }

/// What `look` finds in rows of `entity`, and in nothing else, for `key`: looked up once in a Work, and again after the
/// Work has written such rows. For verbs that are called for one record after the other.
std::optional<Id> remembered(Work& work, const Entity& entity, Id key, const std::function<std::optional<Id>()>& look);

/// The kept key of a name. Of text that is no UTF-8 the empty key: the name itself is then refused with its field.
inline std::string key_of(std::string_view name) {
  return invalid_utf8(name) == std::string_view::npos ? fold(name) : std::string();
}

/// True for a text without a visible character.
inline bool is_blank(std::string_view text) {
  return invalid_utf8(text) == std::string_view::npos && fold(text).empty();
}

/// True for a day on which something can happen: year 1 to the last one before the open end.
inline bool is_day(Date day) { return day >= date(1, 1, 1) && day < kOpenDate; }
inline constexpr std::string_view kDayExpected = "is no day from 0001-01-01 to 9999-12-30";

/// Adds a fault for each of two days that is none, or for an order of the two that time does not know.
inline void check_days(Faults& faults, std::string_view first_field, std::optional<Date> first,
                       std::string_view last_field, std::optional<Date> last) {
  const bool first_good = !first || is_day(*first);
  const bool last_good = !last || is_day(*last);
  if (!first_good) faults.add(first_field, std::string(kDayExpected));
  if (!last_good) faults.add(last_field, std::string(kDayExpected));
  if (first && last && first_good && last_good && *last < *first) {
    faults.add(last_field, to_string(*last) + " lies before " + std::string(first_field) + ", " + to_string(*first));
  }
}

/// Calls `visit(subject, rows)` for every subject of a table of dated rows, the rows in the order of time.
template <class Row, class Visit>
void each_subject(const Reader& reader, Id Row::*subject, std::string_view subject_field, Visit&& visit) {
  Query query;
  query.order = by_time();
  query.order.insert(query.order.begin(), std::string(subject_field));
  auto cursor = reader.scan(entity_of<Row>(), query);
  std::vector<Row> rows;
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      Row row;
      load_row(batch, i, &row);
      if (!rows.empty() && rows.front().*subject != row.*subject) {
        visit(rows.front().*subject, std::as_const(rows));
        rows.clear();
      }
      rows.push_back(std::move(row));
    }
  }
  if (!rows.empty()) visit(rows.front().*subject, std::as_const(rows));
}

/// Adds a finding for every row that ends before it begins or shares a moment with an earlier one. `rows` are those
/// of one subject in the order of time. With `gapless`, each must begin where the one before it ends and the last
/// must be open.
template <class Row>
void check_rows(const std::vector<Row>& rows, bool gapless, std::vector<Finding>& findings) {
  const std::string name(entity_of<Row>().name);
  const auto text = [](const Row& row) { return "[" + to_string(row.from) + ", " + to_string(row.to) + ")"; };
  const Row* longest = nullptr;  // of the rows so far with a length, the one that ends last
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    if (row.to < row.from) findings.push_back({name, row.id, "ends before it begins: " + text(row)});
    if (longest != nullptr && row.from < row.to && row.from < longest->to) {
      findings.push_back({name, row.id, "must not overlap: " + text(row) + " and " + text(*longest)});
    } else if (gapless && i > 0 && row.from != rows[i - 1].to) {
      findings.push_back(
          {name, row.id, "must begin where the row before it ends: " + text(rows[i - 1]) + ", " + text(row)});
    }
    if (row.from < row.to && (longest == nullptr || longest->to < row.to)) longest = &row;
  }
  if (gapless && !rows.empty() && rows.back().to != effective::open_end(rows.back().to)) {
    findings.push_back({name, rows.back().id, "the last row must be open, but is " + text(rows.back())});
  }
}

/// Adds a finding for every record whose `name_key` is not fold(name).
inline void check_name_keys(const Reader& reader, const Entity& entity, std::vector<Finding>& findings) {
  Query query;
  query.fields = {"id", "name", "name_key"};
  auto cursor = reader.scan(entity, query);
  const int id = entity.at("id"), name = entity.at("name"), key = entity.at("name_key");
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (batch.column(key).text(row) == fold(batch.column(name).text(row))) continue;
      findings.push_back({std::string(entity.name), Id{batch.column(id).word(row)}, "name_key must be fold(name)"});
    }
  }
}

/// The generic record verbs of T, made of its typed ones.
template <class T, Id (*kCreate)(Work&, T&)>
Id create_record(Work& work, void* record) {
  return kCreate(work, *static_cast<T*>(record));
}
template <class T, void (*kUpdate)(Work&, T&)>
void update_record(Work& work, void* record) {
  kUpdate(work, *static_cast<T*>(record));
}
template <class T>
void remove_record(Work& work, Id id, std::int64_t revision) {
  work.remove<T>(id, revision);
}

}  // namespace kith::verb
