// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Records and lists for callers that know the schema only at run time: what the C ABI, Python and the command line
/// have in common. Values are checked against the field tables; writes go through the areas' own verbs, so nothing
/// here can do more than those.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/erasure.hpp"
#include "kith/engine/history.hpp"
#include "kith/engine/undo.hpp"
#include "kith/schema/custom.hpp"

namespace kith {

/// One record of any entity, by field names. Belongs to one thread at a time.
class Record {
 public:
  /// A new one with the entity's defaults. `base` is the store's currency, which counts where a record names none.
  /// With `own` it knows the store's own fields too (see generic::blank). Error{misuse} for an entity without a struct
  /// of its own (a history).
  Record(const Entity& entity, Currency base, std::shared_ptr<const CustomFields> own = nullptr);

  const Entity& entity() const { return *entity_; }
  /// The struct itself, of `entity_of<T>()`.
  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }

  /// The value of a field: a choice by name, money with its currency, bytes as hexadecimal text, an end that is still
  /// open as null. Error{invalid} for an unknown field, with near names.
  Value get(std::string_view field) const;
  /// The same of `entity().fields[position]`.
  Value at(std::size_t position) const;
  /// Sets a field; takes what `to_cell` takes. Money in a currency gives the record that currency where it has none
  /// yet; null opens the end of a stretch again. Errors: invalid for an unknown or kept field, a value of the wrong
  /// type, money in a second currency, or another currency for money that is there.
  void set(std::string_view field, const Value& value);

  /// Names of the store's own fields that it knows, in the order they were defined.
  std::vector<std::string_view> own_names() const;
  /// What was set of the store's own fields since it was read, as it is stored; a null takes a value away.
  const CustomCells& own_changes() const { return changes_; }
  /// Sets some of them as they are stored.
  void take_own(const CustomCells& cells);
  /// What the store has of them now (see custom::Carry); nothing is changed since.
  void settle_own(std::string_view text);

 private:
  Value get_own(std::size_t index) const;
  void set_own(std::size_t index, const Value& value);
  Cell cell(int position) const;
  bool holds_money() const;
  Currency own_currency() const;
  void set_currency(std::string_view field, const Value& value);

  const Entity* entity_;
  Currency base_;
  std::unique_ptr<void, void (*)(void*)> data_;
  std::shared_ptr<const CustomFields> own_;
  CustomCells stored_;   // of the store's own fields, when it was read
  CustomCells changes_;  // and what was set since
};

namespace generic {

/// A new record that knows the store's own fields too.
Record blank(const Reader& reader, const Entity& entity);
/// The record, or Error{not_found}. Errors also: misuse (an entity without a struct).
Record get(const Reader& reader, const Entity& entity, Id id);
/// Through the area's verb; the record then holds what was stored. Error{invalid} naming the verbs of the entity where
/// it has none of that kind, and for all the verb refuses.
Id create(Work& work, Record& record);
void update(Work& work, Record& record);
/// Appends the record as a row of all fields, with what it holds of the store's own.
void append_row(const Record& record, Batch& batch);
/// `create` for each row of a batch of all fields, in bulk where the area can; all or none. Fills the id column.
/// Errors: those of `create`; misuse for a batch that lacks fields.
void create_batch(Work& work, Batch& records);
/// `update` for each row of a batch of all fields, in bulk where the area can; all or none. The revision column holds
/// what was read; it and seq become what is stored. Errors: those of `update`, naming the row; misuse for a batch that
/// lacks fields.
void update_batch(Work& work, Batch& records);
void remove(Work& work, const Entity& entity, Id id, std::int64_t revision);
/// The records of some ids, all fields, in that order. Error{not_found} naming the first that is not there or not
/// visible.
Batch get_batch(const Reader& reader, const Entity& entity, std::span<const Id> ids);
/// Runs a verb of another name that makes the record (id 0) or changes it, with what it holds of the store's own
/// fields.
void carry(Work& work, Record& record, Id id, const std::function<void()>& verb);

/// Rows of one entity as a table, as `Record::get` shows them. The batch must hold the entity's currency field where
/// it holds money. `own`: what its columns behind the entity's own fields are.
Table to_table(const Batch& batch, Currency base, const CustomFields* own = nullptr);
/// All visible rows of a query.
Table find(const Reader& reader, const Entity& entity, const Query& query = {});
/// The rows of a query that is running, a table at a time; memory does not grow with their number, but where an order
/// is asked for that storage leaves to the reader. Keeps its snapshot alive; belongs to one thread at a time.
class Pages {
 public:
  virtual ~Pages() = default;
  /// What every table has; the currency of money only where it is that of every record.
  virtual const std::vector<TableColumn>& columns() const = 0;
  /// At least one and at most about `rows` of them; nothing at the end. Error{misuse} when their Work has ended.
  virtual std::optional<Table> next(std::size_t rows) = 0;
};
/// Errors: those of Reader::scan.
std::unique_ptr<Pages> pages(const Reader& reader, const Entity& entity, const Query& query = {});
/// The same piece by piece, in constant memory: at least one table, which is empty where no row is.
void each_table(const Reader& reader, const Entity& entity, const Query& query, const std::function<void(Table)>& take);
/// Every version of a record, oldest first, with `to_seq`, the work that ended it; formulas as they stood when it
/// ended, and as the reader sees them in the version that holds. Errors of history::versions.
Table versions(const Reader& reader, const Entity& entity, Id id);
/// Every value of one field over time: value, seq (the work that set it), recorded, actor, cause, to_seq (null: still
/// so). Errors of history::field_values.
Table field_values(const Reader& reader, const Entity& entity, Id id, std::string_view field);
/// Every change of a record, a row for each field: seq, recorded, actor, cause, kind, field, before, after (as text).
/// Errors of history::field_changes.
Table field_changes(const Reader& reader, const Entity& entity, Id id);
/// owner, unit, from, to (null: still so). Errors of ownership::rows_of.
Table ownerships(const Reader& reader, const Entity& entity, Id id);
/// id, seq, entity, record, kind.
Table to_table(const std::vector<ChangeRow>& changes);
/// entity, id, message.
Table to_table(const std::vector<Finding>& findings);
/// field, versions.
Table to_table(const std::vector<history::ErasedField>& fields);
/// entity, id, field, message.
Table to_table(const std::vector<history::Remainder>& remainders);
/// entity, id, seq, message.
Table to_table(const std::vector<history::Obstacle>& obstacles);
/// entity, field, message.
Table to_table(const std::vector<Violation>& violations);

/// The data dictionary: every entity with its plural, keeping, title, parent, and which record verbs it has.
Table entities(const Model& model);
/// One row for each field of an entity: name, type, scale, nullable, required, kept, indexed, personal, max_length,
/// refers_to, choices (joined by commas), label.
Table fields(const Entity& entity);
/// The data dictionary as a page of Markdown: a section for each entity with its fields, in the order of areas.
std::string dictionary(const Model& model);
/// The same with the store's own fields behind them, and the columns own, unique and formula.
Table fields(const Reader& reader, const Entity& entity);
/// name, meaning.
Table reports(const Model& model);
/// name, type, required, meaning.
Table parameters(const Report& report);

}  // namespace generic
}  // namespace kith
