// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reading as of a day of valid time: columns that show the newest of dated rows show the row of that day instead, and
/// of dated rows only those that had begun. The present is such a day, too, for what is told by days and ahead: a
/// transfer as of next month.

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "engine/internal.hpp"

namespace kith {

/// What a day changes about the rows of one entity.
class ValidView {
 public:
  /// Null where it changes nothing.
  static std::shared_ptr<const ValidView> of(const Reader::State& state, const Entity& entity);

  /// What today changes for a reader without a day: columns that follow rows by days, where a row begins later. Null
  /// where none does (of the record, if one is given), and for system readers, which see what is stored.
  static std::shared_ptr<const ValidView> today(const Reader& reader, const Entity& entity,
                                                std::optional<Id> record = std::nullopt);

  /// True for a field whose value may differ from the stored one.
  bool changes(int field) const { return changed_.contains(field); }
  /// Adds the fields that must be read so that `read` can be told.
  void add_needed(std::vector<int>& read) const;
  /// What storage can already leave out.
  std::optional<Condition> begun() const;
  /// Puts the values of the day in place; marks the rows that were not there yet. `reader` sees everything as
  /// it is stored.
  void apply(const Reader& reader, Batch& batch, std::vector<bool>& absent) const;

 private:
  struct Column {
    int field = 0;  // of the entity
    int value = 0;  // of the rows
  };
  // All columns that follow the same dated rows.
  struct Group {
    const Entity* rows = nullptr;
    int subject = 0;
    bool by_entity = false;  // the rows are those of many entities
    bool begins = false;
    std::vector<Column> columns = {};
    std::vector<int> settled = {};
  };
  struct Stays;
  void follow(const Model& model, bool by_days);
  void mark();
  bool ahead(const Reader& reader, const Group& group, std::optional<Id> record) const;
  std::int64_t moment_of(const Entity& rows) const;
  void apply(const Reader& reader, const Group& group, Batch& batch, std::vector<bool>& absent) const;

  const Entity* entity_ = nullptr;
  Timestamp moment_;
  Date day_;
  std::vector<Group> groups_;
  bool dated_ = false;  // the entity's rows are dated ones
  std::set<int> changed_;
};

/// Puts the values of the day in place in rows that are there on every day.
inline void put_day(const ValidView& view, const Reader& reader, Batch& rows) {
  std::vector<bool> absent;
  view.apply(reader.as_system("valid time"), rows, absent);
}

/// Lets the reader of a Work forget what it remembers of an entity, since it writes a row of it, but for whether any
/// row of it begins later than today: that may only become true.
void forget(const Reader& reader, const Entity& entity, const Batch& rows, std::size_t row);

/// The host's clock as the reader knows it; not the end of a day of valid time.
Timestamp present_of(const Reader& reader);
/// The same snapshot for what a store says of itself, rights and definitions: sees everything, as of the present or of
/// the reader's work, and stands on no day of valid time.
Reader settings_view(const Reader& reader, bool as_of);
/// The same reader without a day of valid time: what is stored.
Reader stored_view(const Reader& reader);

}  // namespace kith
