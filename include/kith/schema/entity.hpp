// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// An entity: a named field table. A versioned entity's struct begins with
/// `Id id; std::int64_t revision; std::int64_t seq;`: identity, the number of times the record was written (from 1;
/// an update must name the one it read), and the sequence of the work that wrote it last. A log's struct begins with
/// `Id id;` alone: its rows are only ever added.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kith/schema/field.hpp"

namespace kith {

/// How an entity is kept. Numbers are stable.
enum class Keeping : std::int32_t {
  versioned = 1,  ///< every past version stays readable in a derived history table of the same fields + to_seq
  log = 2,        ///< rows are only ever added (works, changes)
  history = 3,    ///< the past of a versioned entity: its fields + `to_seq`, keyed by (id, seq); made by the Model
  head = 4,       ///< the one row of a store, written by every work: versioned fields, but without a past
  index = 5,      ///< what other rows say, once more, to find them by: comes and goes with them, has no past
};

/// Fields that together must be unique; a key with a null in it binds nothing.
struct UniqueKey {
  std::array<std::string_view, 4> fields = {};  ///< unused places are empty
};

/// Fields that storage keeps an index of together, in this order: rows are found by the first ones, and the others
/// spare fetching the rows.
struct IndexKey {
  std::array<std::string_view, 4> fields = {};  ///< unused places are empty
};

/// The first fields of a versioned entity, by position; id is the first of every entity.
inline constexpr int kIdField = 0;
inline constexpr int kRevisionField = 1;
inline constexpr int kSeqField = 2;

/// The meaning of fields that the engine itself reads; empty where the entity has none.
struct EntityRoles {
  std::string_view owner = {};     ///< Id of the employee the record belongs to (permission)
  std::string_view unit = {};      ///< Id of the unit it belongs to (permission)
  std::string_view currency = {};  ///< of its money fields but those in_base; without one, the base currency
  std::string_view title = {};     ///< the text a person knows the record by
  std::string_view parent = {};    ///< Id of the record this is a part of: its rights decide over this too
  bool access = false;             ///< its rows decide who may do what: a change makes every session look again
};

/// One entity. Constant data with static lifetime; shared by all threads.
struct Entity {
  std::string_view name;    ///< "opportunity": table, JSON, C, messages
  std::string_view plural;  ///< "opportunities": Python, CLI
  std::span<const Field> fields;
  std::span<const UniqueKey> unique = {};
  std::span<const IndexKey> indexes = {};  ///< beside those of `indexed` and `refers_to` fields
  EntityRoles roles = {};
  Keeping keeping = Keeping::versioned;
  bool append_only = false;   ///< its rows are never changed or removed: what is wrong is corrected by further rows
  void* (*make)() = nullptr;  ///< a new default struct, for generic records
  void (*destroy)(void*) = nullptr;

  /// Position of a field, or -1.
  int find(std::string_view field) const;
  /// Position of a field, or Error{invalid} naming near ones.
  int at(std::string_view field) const;
  /// Position of the field that names what the money of a field is in; -1 where that is the store's base currency.
  int currency_of(const Field& field) const;
  /// Position of the column with the values of the store's own fields (see schema/custom.hpp), or -1.
  int custom() const;
};

/// The column that every versioned entity has behind its fields; no struct has a member for it.
inline constexpr std::string_view kCustomColumn = "custom";

/// The rows every versioned entity starts with.
template <class T>
constexpr std::array<Field, 3> system_fields() {
  return {field<&T::id>("id", {.kept = true}), field<&T::revision>("revision", {.kept = true}),
          field<&T::seq>("seq", {.kept = true})};
}

/// The system rows, then the entity's own. Refuses to compile when a member has no row.
template <class T, class... Rows>
constexpr std::array<Field, 3 + sizeof...(Rows)> struct_table(Rows... rows) {
  static_assert(detail::member_count<T>() == 3 + sizeof...(Rows), "every member of the struct needs one row");
  constexpr auto system = system_fields<T>();
  return {system[0], system[1], system[2], rows...};
}

/// A whole field table: those rows, and the column of the store's own fields.
template <class T, class... Rows>
constexpr std::array<Field, 4 + sizeof...(Rows)> field_table(Rows... rows) {
  static_assert(detail::member_count<T>() == 3 + sizeof...(Rows), "every member of the struct needs one row");
  constexpr auto system = system_fields<T>();
  Field custom{.name = kCustomColumn, .type = Type::text, .nullable = true};
  custom.options = {.personal = true, .kept = true, .max_length = 1'000'000};
  return {system[0], system[1], system[2], rows..., custom};
}

/// The field table of a log: `id`, then the entity's own.
template <class T, class... Rows>
constexpr std::array<Field, 1 + sizeof...(Rows)> log_table(Rows... rows) {
  static_assert(detail::member_count<T>() == 1 + sizeof...(Rows), "every member of the struct needs one row");
  return {field<&T::id>("id", {.kept = true}), rows...};
}

/// The entity of a struct. Specialised beside the struct, defined with its field table.
template <class T>
const Entity& entity_of();

/// Fills the make and destroy functions of T.
template <class T>
constexpr Entity make_entity(Entity entity) {
  entity.make = []() -> void* { return new T(); };
  entity.destroy = [](void* p) { delete static_cast<T*>(p); };
  return entity;
}

}  // namespace kith
