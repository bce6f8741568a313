// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Fields that a store defines for itself. They are rows of the same Field type as those of a struct, at positions
/// behind the entity's own. Their values lie in one text column of the record's table (`kCustomColumn`), a flat JSON
/// object: {"colour":2,"floors":12,"nick":"Acme"}. Numbers stand as they are stored (a decimal by its coefficient, a
/// choice by its number, a date by its days), keys in the order of their bytes, no blanks, nulls left out: equal values
/// are equal bytes. A formula is computed whenever it is read and stands nowhere.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/schema/expression.hpp"

namespace kith {

/// Values by name, as they are stored; a null takes a value away where values are merged.
using CustomCells = std::map<std::string, Cell, std::less<>>;

/// The values of one record. Empty text: none. Error{corrupt} for anything but what `to_text` writes.
CustomCells parse_custom(std::string_view text);
/// The reverse; "" without values. Nulls are left out.
std::string to_text(const CustomCells& cells);

/// What a store says of one field of its own.
struct CustomRule {
  Id definition = {};
  std::string name = {};
  std::string label = {};
  Type type = Type::text;
  std::vector<std::string> choices = {};  ///< of a choice, from 1
  int scale = 0;                          ///< of a decimal
  int max_length = 0;                     ///< of text, in code points; 0: 10,000
  std::string refers_to = {};             ///< of an id
  bool required = false;
  bool indexed = false;
  bool unique = false;
  Cell initial = {};         ///< what a new record gets when nothing is said
  std::string formula = {};  ///< "": the field is written
};

/// The fields that a store has added to one entity. Immutable; may be shared by threads.
class CustomFields {
 public:
  /// A formula reads the entity's own fields, written custom fields and formulas before it. One that does not compile
  /// has `fault` and is null. `base` is the store's currency.
  CustomFields(const Entity& entity, std::vector<CustomRule> rules, Currency base);
  ~CustomFields();
  CustomFields(const CustomFields&) = delete;
  CustomFields& operator=(const CustomFields&) = delete;

  const Entity& entity() const { return entity_; }
  std::size_t size() const { return rows_.size(); }
  const CustomRule& rule(std::size_t index) const;
  const Field& field(std::size_t index) const;
  bool is_formula(std::size_t index) const;
  /// Why a formula does not compile; "" when it does.
  const std::string& fault(std::size_t index) const;
  /// Index of a field, or -1.
  int find(std::string_view name) const;

  /// The names of the entity, then these: what expressions over it read. The column of the values has no name.
  Scope scope(Currency currency) const;

  /// Positions of the entity's own fields that some fields (by index) are made of.
  void add_needs(std::span<const int> indexes, std::vector<int>& positions) const;
  /// Adds to a batch of the entity, or of its history, the columns of some fields (by index) at the positions
  /// batch.entity->fields.size() + index. The batch holds what `add_needs` names. Errors: corrupt; those of a formula,
  /// naming record and field.
  void expand(Batch& batch, std::span<const int> indexes) const;

  /// All values of a record with those cells, formulas included, as `expand` gives them. `row` is one row of all fields
  /// of the entity.
  std::vector<Cell> values(const Batch& row, std::size_t at) const;

 private:
  struct Row;
  void collect(int index, std::vector<bool>& wanted) const;
  Column read_column(const Batch& batch, int index) const;
  Column compute(const Batch& batch, int index, const std::vector<const Column*>& known) const;
  const Entity& entity_;
  Currency base_;
  std::vector<std::unique_ptr<Row>> rows_;
};

}  // namespace kith
