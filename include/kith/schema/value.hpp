// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A single value of any type, for the places where the type is known only at run time: parameters of
/// expressions and reports, generic records, imports. Bulk data travels in batches instead.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "kith/schema/field.hpp"

namespace kith {

/// std::monostate is null. A choice is its name as text.
using Value = std::variant<std::monostate, bool, std::int64_t, Id, Decimal, Money, Date, Timestamp, std::string>;

/// What storage sees of a value: null, a word, or text.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;

/// A null of any kind.
inline bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }

/// The value as a cell of that field, checked. Text for any other type is read as `parse_value` reads it; an int or
/// Decimal for a decimal field is brought to its scale; Money must have `currency`, and a Decimal for a money field
/// counts whole units of it (an int does not: it could mean either); an int is taken for an id, a choice (its
/// number) and a boolean (0, 1). Null for a text that is not nullable is the empty text, for anything else that is
/// not nullable an error. Errors: invalid, naming field, what was given and what is expected (near names for a choice).
Cell to_cell(const Value& value, const Field& field, Currency currency);
/// The reverse: Money carries `currency`, a choice comes back as its name (0, no choice yet, as null). Error{corrupt}
/// for a number that is no choice or no day.
Value to_value(const Cell& cell, const Field& field, Currency currency);

/// Reads plain text (CSV, command line) as a value of that field: "" is null. Dates, timestamps, decimals and
/// money as base/ reads them; booleans true/false/1/0/yes/no; ids as digits. Errors: invalid, naming the field.
Value parse_value(std::string_view text, const Field& field, Currency currency);
/// The text that `parse_value` reads back.
std::string to_string(const Value& value);

}  // namespace kith
