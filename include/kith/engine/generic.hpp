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

namespace kith {

/// One record of any entity, by field names. Belongs to one thread at a time.
class Record {
 public:
  /// A new one with the entity's defaults. `base` is the store's currency, which counts where a record names none.
  /// Error{misuse} for an entity without a struct of its own (a history).
  Record(const Entity& entity, Currency base);

  const Entity& entity() const { return *entity_; }
  /// The struct itself, of `entity_of<T>()`.
  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }

  /// The value of a field: a choice by name, money with its currency, bytes as hexadecimal text, an end that is still
  /// open as null. Error{invalid} for an unknown field, with near names.
  Value get(std::string_view field) const;
  /// Sets a field; takes what `to_cell` takes. Money in a currency gives the record that currency where it has none
  /// yet; null opens the end of a stretch again. Errors: invalid for an unknown or kept field, a value of the wrong
  /// type, money in a second currency, or another currency for money that is there.
  void set(std::string_view field, const Value& value);

 private:
  Cell cell(int position) const;
  bool holds_money() const;
  Currency own_currency() const;
  void set_currency(std::string_view field, const Value& value);

  const Entity* entity_;
  Currency base_;
  std::unique_ptr<void, void (*)(void*)> data_;
};

namespace generic {

/// The record, or Error{not_found}. Errors also: misuse (an entity without a struct).
Record get(const Reader& reader, const Entity& entity, Id id);
/// Through the area's verb; the record then holds what was stored. Error{invalid} naming the verbs of the entity where
/// it has none of that kind, and for all the verb refuses.
Id create(Work& work, Record& record);
void update(Work& work, Record& record);
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

/// Rows of one entity as a table, as `Record::get` shows them. The batch must hold the entity's currency field where
/// it holds money.
Table to_table(const Batch& batch, Currency base);
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
/// Every version of a record, oldest first, with `to_seq`, the work that ended it. Errors of history::versions.
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
/// name, meaning.
Table reports(const Model& model);
/// name, type, required, meaning.
Table parameters(const Report& report);

}  // namespace generic
}  // namespace kith
