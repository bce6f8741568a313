// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/value.hpp"

#include <charconv>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

[[noreturn]] void reject(const Field& field, const std::string& message) {
  throw Error(Code::invalid, "", std::string(field.name), message);
}

[[noreturn]] void reject_stored(const Field& field, std::int64_t word) {
  throw Error(Code::corrupt, "", std::string(field.name),
              "the store holds " + std::to_string(word) + ", which is no " + std::string(name_of(field.type)) +
                  "; restore a backup or mend the row");
}

std::string_view kind_of(const Value& value) {
  constexpr std::string_view kNames[] = {"null",  "a boolean", "an integer",  "an id", "a decimal",
                                         "money", "a date",    "a timestamp", "a text"};
  return kNames[value.index()];
}

std::string expected(const Field& field) {
  switch (field.type) {
    case Type::id: return "an id, a positive whole number";
    case Type::integer: return "a whole number";
    case Type::boolean: return "true or false";
    case Type::choice: return "the name of a choice";
    case Type::text: return "a text";
    case Type::decimal:
      return "a decimal number of at most " + std::to_string(field.options.scale) + " digits after the point";
    case Type::money: return "money";
    case Type::currency: return "a currency code such as USD";
    case Type::date: return "a date such as 2017-03-01";
    case Type::timestamp: return "a time such as 2017-03-01T09:30:00Z";
    case Type::bytes: return "bytes";
  }
  return "another value";
}

[[noreturn]] void reject_kind(const Field& field, const Value& value) {
  std::string given(kind_of(value));
  if (!is_null(value)) given += " " + quote(to_string(value));
  reject(field, "expected " + expected(field) + ", not " + given);
}

/// Runs a reader of base/ and puts the field's name on its error.
template <class Read>
auto naming(const Field& field, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.code, "", std::string(field.name), error.message);
  }
}

std::int64_t parse_integer(std::string_view text, const Field& field) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool signed_twice = digits.size() < text.size() && !digits.empty() && digits.front() == '-';
  if (fault != std::errc() || end != digits.data() + digits.size() || signed_twice) {
    reject(field, "expected " + expected(field) + ", not " + quote(text));
  }
  return number;
}

bool parse_boolean(std::string_view text, const Field& field) {
  const std::string key = fold(text);
  if (key == "true" || key == "1" || key == "yes") return true;
  if (key == "false" || key == "0" || key == "no") return false;
  reject(field, "expected true, false, yes, no, 1 or 0, not " + quote(text));
}

std::int64_t choice_number(std::string_view name, const Field& field) {
  for (std::size_t i = 0; i < field.choices.size(); ++i) {
    if (field.choices[i] == name) return static_cast<std::int64_t>(i) + 1;
  }
  reject(field, quote(name) + " is no choice." + suggest(name, field.choices));
}

std::int64_t checked_choice(std::int64_t number, const Field& field) {
  if (number >= 1 && number <= static_cast<std::int64_t>(field.choices.size())) return number;
  reject(field, std::to_string(number) + " is no choice; its numbers are 1 to " + std::to_string(field.choices.size()));
}

std::int64_t checked_id(std::int64_t number, const Field& field) {
  if (number >= 0) return number;
  reject(field, "expected " + expected(field) + ", not " + std::to_string(number));
}

std::string checked_text(std::string_view text, const Field& field) {
  if (field.type == Type::text) {
    if (const std::size_t place = invalid_utf8(text); place != std::string_view::npos) {
      if (text[place] == '\0') {
        reject(field, "the text has a zero byte at byte " + std::to_string(place) + "; leave it out");
      }
      reject(field, "the text is not valid UTF-8 at byte " + std::to_string(place) + "; convert it to UTF-8 first");
    }
  }
  return std::string(text);
}

Currency known_currency(Currency currency, const Field& field) {
  if (!currency) reject(field, "the record has no currency yet; give its currency too");
  return currency;
}

std::int64_t minor_of(const Value& value, const Field& field, Currency currency) {
  if (const auto* money = std::get_if<Money>(&value)) {
    if (money->currency == currency) return money->minor;
    const std::string wanted = currency ? code_of(currency) : "the record's currency";
    const std::string given = money->currency ? code_of(money->currency) : "no currency";
    reject(field, "expected money in " + wanted + ", not in " + given + "; the money of a record has one currency");
  }
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    const int digits = minor_digits(known_currency(currency, field));
    return naming(field, [&] { return rescale(*decimal, digits).coefficient; });
  }
  reject_kind(field, value);
}

std::int64_t coefficient_of(const Value& value, const Field& field) {
  Decimal decimal;
  if (const auto* given = std::get_if<Decimal>(&value)) {
    decimal = *given;
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    decimal = {*number, 0};
  } else {
    reject_kind(field, value);
  }
  return naming(field, [&] { return rescale(decimal, field.options.scale).coefficient; });
}

/// A word for a value that is neither null nor text.
std::int64_t word_of(const Value& value, const Field& field, Currency currency) {
  const auto* number = std::get_if<std::int64_t>(&value);
  switch (field.type) {
    case Type::id:
      if (const auto* id = std::get_if<Id>(&value)) return checked_id(id->value, field);
      if (number != nullptr) return checked_id(*number, field);
      break;
    case Type::integer:
      if (number != nullptr) return *number;
      if (const auto* decimal = std::get_if<Decimal>(&value)) {
        return naming(field, [&] { return rescale(*decimal, 0).coefficient; });
      }
      break;
    case Type::boolean:
      if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
      if (number != nullptr && (*number == 0 || *number == 1)) return *number;
      break;
    case Type::choice:
      if (number != nullptr) return checked_choice(*number, field);
      break;
    case Type::decimal: return coefficient_of(value, field);
    case Type::money: return minor_of(value, field, currency);
    case Type::date:
      if (const auto* day = std::get_if<Date>(&value)) return day->days;
      break;
    case Type::timestamp:
      if (const auto* time = std::get_if<Timestamp>(&value)) return time->micros;
      break;
    case Type::text:
    case Type::currency:
    case Type::bytes: break;
  }
  reject_kind(field, value);
}

std::int64_t word_of_text(std::string_view text, const Field& field, Currency currency) {
  return naming(field, [&]() -> std::int64_t {
    switch (field.type) {
      case Type::id: return checked_id(parse_integer(text, field), field);
      case Type::integer: return parse_integer(text, field);
      case Type::boolean: return parse_boolean(text, field) ? 1 : 0;
      case Type::choice: return choice_number(text, field);
      case Type::decimal: return rescale(parse_decimal(text), field.options.scale).coefficient;
      case Type::money: return parse_money(text, known_currency(currency, field)).minor;
      case Type::date: return parse_date(text).days;
      case Type::timestamp: return parse_timestamp(text).micros;
      case Type::text:
      case Type::currency:
      case Type::bytes: break;
    }
    reject(field, "expected " + expected(field));
  });
}

}  // namespace

Cell to_cell(const Value& value, const Field& field, Currency money_currency) {
  const auto* text = std::get_if<std::string>(&value);
  if (is_text(field.type)) {
    if (is_null(value)) return field.nullable ? Cell() : Cell(std::string());
    if (text == nullptr) reject_kind(field, value);
    if (field.type != Type::currency) return checked_text(*text, field);
    if (text->empty()) return field.nullable ? Cell() : Cell(std::string());
    return naming(field, [&] { return code_of(currency(*text)); });
  }
  if (is_null(value) || (text != nullptr && text->empty())) {
    if (field.nullable) return {};
    reject(field, "a value is needed: expected " + expected(field));
  }
  return text != nullptr ? word_of_text(*text, field, money_currency) : word_of(value, field, money_currency);
}

Value to_value(const Cell& cell, const Field& field, Currency currency) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const auto* stored = std::get_if<std::int64_t>(&cell);
  if (stored == nullptr) return {};
  const std::int64_t word = *stored;
  switch (field.type) {
    case Type::id: return Id{word};
    case Type::boolean: return word != 0;
    case Type::choice: {
      if (word == 0) return {};
      const auto place = static_cast<std::size_t>(word) - 1;
      if (word < 0 || place >= field.choices.size()) {
        reject_stored(field, word);
      }
      return std::string(field.choices[place]);
    }
    case Type::decimal: return Decimal{word, field.options.scale};
    case Type::money: return Money{word, currency};
    case Type::date:
      if (static_cast<std::int32_t>(word) != word) reject_stored(field, word);
      return Date{static_cast<std::int32_t>(word)};
    case Type::timestamp: return Timestamp{word};
    case Type::integer:
    case Type::text:
    case Type::currency:
    case Type::bytes: break;
  }
  return word;
}

Value parse_value(std::string_view text, const Field& field, Currency currency) {
  if (text.empty()) return {};
  if (is_text(field.type)) {
    return to_value(to_cell(Value(std::string(text)), field, currency), field, currency);
  }
  return to_value(word_of_text(text, field, currency), field, currency);
}

std::string to_string(const Value& value) {
  struct Writer {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(Id id) const { return std::to_string(id.value); }
    std::string operator()(Decimal decimal) const { return to_string(decimal); }
    std::string operator()(Money money) const { return to_string(money); }
    std::string operator()(Date date) const { return to_string(date); }
    std::string operator()(Timestamp time) const { return to_string(time); }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Writer{}, value);
}

}  // namespace kith
