// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Fields that a store defines for itself, as data: `custom_field` says for an entity a name, a type and rules. Their
/// values are read, filtered, sorted, listed, imported and exported under those names like the fields of a struct, and
/// are part of the record: of its rights, its history, its digests and its dumps (see schema/custom.hpp for how they
/// are kept). A formula is computed from the record whenever it is read.
///
/// Indexed and unique fields, and ids, are found through `key`: one row for each value, written in the same Work.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/engine/work.hpp"
#include "kith/schema/custom.hpp"

namespace kith {

class CustomRows;

template <>
struct Choices<Type> {
  static constexpr std::string_view names[] = {"id",    "integer",  "boolean", "choice",    "text", "decimal",
                                               "money", "currency", "date",    "timestamp", "bytes"};
};

/// One field of the store's own. Readable by everybody; `administer` on custom_field defines it.
struct CustomField {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string entity = {};   ///< "customer"; stays
  std::string name = {};     ///< as expressions name it, up to 60 characters; not that of another field; stays
  Type type = Type::text;    ///< any but bytes; stays
  std::string label = {};    ///< for people; "": the name
  bool required = false;     ///< a new record needs it, and nobody may take it away; older records may lack it
  bool indexed = false;      ///< found through `key`; not for money and formulas
  bool unique = false;       ///< no two records have the same value; also indexed
  std::string choices = {};  ///< of a choice: its names, separated by commas; later ones may be added, none taken away
  std::int64_t scale = 0;    ///< of a decimal: digits after the point, 0 to 18; stays
  std::int64_t max_length = 0;  ///< of text, in characters: 0 is 10,000, or 200 where it is indexed; may only grow
  std::string refers_to = {};   ///< of an id: the entity; "": any number; stays
  std::optional<std::string> default_value = {};  ///< as text: what a new record gets when nothing is said
  std::string formula = {};  ///< an expression over the record; "": the field is written. May change, not come or go
  bool retired = false;      ///< no longer shown or asked for; its values stay and come back with it
};
template <>
const Entity& entity_of<CustomField>();

/// A value that finds a record.
struct KeyRow {
  Id id = {};
  std::string entity = {};                ///< of the record
  std::string rule = {};                  ///< the custom field
  std::optional<std::int64_t> word = {};  ///< the value: a word,
  std::optional<std::string> text = {};   ///< or a text
  std::int64_t owner = 0;                 ///< 0 where no other record may have the value, else the record
  Id record = {};
};
template <>
const Entity& entity_of<KeyRow>();

namespace custom {

/// Defines a field, or changes one that was read (id and revision set). Existing records lack a value until one is
/// written. Errors: denied; invalid, all at once, also for a formula that does not compile, asks for more than the
/// record, or cannot be computed for one of the records; conflict (the name is taken; two records with one value of a
/// field that is to be unique, naming them; stale); state (what must stay was changed; a formula needs what is
/// retired).
Id define(Work& work, CustomField& field);
/// What is defined for an entity, retired ones too, in the order it was defined.
std::vector<CustomField> fields(const Reader& reader, const Entity& entity);

/// Values by name.
using Values = std::map<std::string, Value, std::less<>>;

/// All values of a record, formulas included; null where it has none. Errors: not_found.
Values get(const Reader& reader, const Entity& entity, Id id);
/// Changes some values of a record, through its own update verb where it has one; null takes one away. Errors: those of
/// that verb; invalid (no such field, with near names; what breaks a rule), conflict (a value that must be unique).
void set(Work& work, const Entity& entity, Id id, const Values& values);

/// Gives values to the next record of an entity that a verb makes, or to the one with `id` when a verb changes it.
///
///     custom::with(work, entity_of<Customer>(), {{"floors", 12}}, [&] { return customer::create(work, acme); });
class Carry {
 public:
  Carry(Work& work, const Entity& entity, Id id, CustomCells cells);
  ~Carry();
  Carry(const Carry&) = delete;
  Carry& operator=(const Carry&) = delete;

  bool used() const { return used_; }
  /// What the record then has, as it is stored; "" for none.
  const std::string& stored() const { return stored_; }

 private:
  friend class kith::CustomRows;
  Work& work_;
  const Entity& entity_;
  Id id_;
  CustomCells cells_;
  std::string stored_;
  bool used_ = false;
};

/// Values as they are stored. Errors: invalid, for all values at once: an unknown field, a formula, the wrong type.
CustomCells cells_of(const Reader& reader, const Entity& entity, const Values& values);

template <class Verb>
auto with(Work& work, const Entity& entity, const Values& values, Verb&& verb) {
  const Carry carry(work, entity, {}, cells_of(work, entity, values));
  return std::forward<Verb>(verb)();
}

}  // namespace custom

/// Registers custom_field and key.
extern const Area kCustomArea;

}  // namespace kith
