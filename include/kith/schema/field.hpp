// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Schema once: an entity is a plain struct plus one `constexpr` table with a row per member. Storage, JSON, CSV,
/// C records, Python attributes, validation, history and the data dictionary all walk that table. A field is
/// spelled in exactly two places, the struct and its row; a static_assert on the member count ties them.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kith/base/decimal.hpp"
#include "kith/base/id.hpp"
#include "kith/base/money.hpp"
#include "kith/base/time.hpp"

namespace kith {

/// What a field holds. Numbers are stable. In a Batch and in storage every type is either a *word* (int64) or
/// *text* (bytes with a length).
enum class Type : std::int32_t {
  id = 1,          ///< word; Id
  integer = 2,     ///< word; std::int64_t
  boolean = 3,     ///< word 0 or 1; bool
  choice = 4,      ///< word, the enum's number; an enum with a Choices<> table
  text = 5,        ///< text, UTF-8; std::string
  decimal = 6,     ///< word, the coefficient at the field's scale; Decimal
  money = 7,       ///< word, minor units in the record's currency (see FieldOptions::in_base); Amount
  currency = 8,    ///< text, three letters; Currency
  date = 9,        ///< word, days since 1970-01-01; Date
  timestamp = 10,  ///< word, UTC microseconds; Timestamp
  bytes = 11,      ///< text without an encoding; Bytes
};
std::string_view name_of(Type type);
/// True for the types stored as text offsets and bytes, false for those stored as int64 words.
constexpr bool is_text(Type type) { return type == Type::text || type == Type::currency || type == Type::bytes; }

/// Raw bytes (digests, salts).
struct Bytes {
  std::string data;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

/// Names of an enum's values: specialise with `static constexpr std::string_view names[]`, value n (from 1) is
/// names[n-1].
template <class Enum>
struct Choices;

/// Rules of one field beyond its type. Every member has a harmless default.
struct FieldOptions {
  bool required = false;  ///< text must not be blank, an Id must not be 0, a currency must be set
  bool indexed = false;   ///< storage keeps an index (also made for `refers_to`)
  bool personal = false;  ///< a natural person's data: masked in logs, blanked by erasure
  bool kept = false;      ///< kept by the engine or a verb: create and update from outside may not set it
  int max_length = 0;     ///< of text, in code points; 0 means 10,000
  int scale = 0;          ///< of a decimal
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();  ///< of the stored word
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  bool in_base = false;  ///< of money: always in the store's base currency, whatever currency the record names
  std::string_view begins_as = {};  ///< a migration that adds it fills it from this field of the same row
  std::string_view refers_to = {};  ///< entity name that an Id points to; checked to exist at write time
  std::string_view label = {};      ///< for people; default: the name with blanks
};

/// One row of a field table.
struct Field {
  std::string_view name;  ///< stable: column, JSON key, C name, Python attribute
  Type type = Type::text;
  bool nullable = false;           ///< std::optional members
  void* (*slot)(void*) = nullptr;  ///< address of the member in its struct
  std::span<const std::string_view> choices = {};
  FieldOptions options = {};
};

namespace detail {

template <class T>
struct MemberType {
  static constexpr bool nullable = false;
  using Value = T;
};
template <class T>
struct MemberType<std::optional<T>> {
  static constexpr bool nullable = true;
  using Value = T;
};

template <class T>
constexpr Type type_of() {
  if constexpr (std::is_same_v<T, Id>)
    return Type::id;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return Type::integer;
  else if constexpr (std::is_same_v<T, bool>)
    return Type::boolean;
  else if constexpr (std::is_same_v<T, std::string>)
    return Type::text;
  else if constexpr (std::is_same_v<T, Decimal>)
    return Type::decimal;
  else if constexpr (std::is_same_v<T, Amount>)
    return Type::money;
  else if constexpr (std::is_same_v<T, Currency>)
    return Type::currency;
  else if constexpr (std::is_same_v<T, Date>)
    return Type::date;
  else if constexpr (std::is_same_v<T, Timestamp>)
    return Type::timestamp;
  else if constexpr (std::is_same_v<T, Bytes>)
    return Type::bytes;
  else {
    static_assert(std::is_enum_v<T> && std::is_same_v<std::underlying_type_t<T>, std::int32_t>,
                  "a member is one of the types of kith::Type, or std::optional of one");
    return Type::choice;
  }
}

template <class Class, class Member>
Class class_of(Member Class::*);
template <class Class, class Member>
Member member_of(Member Class::*);

/// Converts to anything: counts the members of an aggregate by trying ever longer brace lists.
struct Anything {
  template <class T>
  operator T() const noexcept;  // NOLINT: implicit on purpose; never defined, only asked about
};
template <class T, std::size_t... I>
constexpr bool braces_with(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), Anything{})...}; };
}
template <class T, std::size_t N = 1>
constexpr std::size_t member_count() {
  static_assert(N < 64, "an entity has fewer than 64 members");
  if constexpr (braces_with<T>(std::make_index_sequence<N>{}) && !braces_with<T>(std::make_index_sequence<N + 1>{})) {
    return N;
  } else {
    return member_count<T, N + 1>();
  }
}

}  // namespace detail

/// The row of one member: type, nullability and slot come from the member itself.
template <auto Member>
constexpr Field field(std::string_view name, FieldOptions options = {}) {
  using Class = decltype(detail::class_of(Member));
  using Info = detail::MemberType<decltype(detail::member_of(Member))>;
  Field row;
  row.name = name;
  row.type = detail::type_of<typename Info::Value>();
  row.nullable = Info::nullable;
  row.slot = [](void* entity) -> void* { return &(static_cast<Class*>(entity)->*Member); };
  if constexpr (detail::type_of<typename Info::Value>() == Type::choice) {
    row.choices = Choices<typename Info::Value>::names;
  }
  row.options = options;
  return row;
}

}  // namespace kith
