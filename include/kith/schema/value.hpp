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

/// The value as a cell of that field, checked: text for a choice becomes its number, an int or Decimal for a
/// decimal field is brought to its scale, Money must have `currency`. Errors: invalid, naming field, what was
/// given and what is expected (near names for a choice).
Cell to_cell(const Value& value, const Field& field, Currency currency);
/// The reverse: Money carries `currency`, a choice comes back as its name.
Value to_value(const Cell& cell, const Field& field, Currency currency);

/// Reads plain text (CSV, command line) as a value of that field: "" is null. Dates, timestamps, decimals and
/// money as base/ reads them; booleans true/false/1/0/yes/no; ids as digits. Errors: invalid.
Value parse_value(std::string_view text, const Field& field, Currency currency);
/// The text that `parse_value` reads back.
std::string to_string(const Value& value);

}  // namespace kith
