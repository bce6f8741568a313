// SPDX-License-Identifier: Apache-2.0
// The past as tables.
#include <algorithm>

#include "engine/add_row.hpp"
#include "engine/custom.hpp"
#include "engine/generic.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/field_history.hpp"
#include "kith/engine/ownership.hpp"

namespace kith::generic {
namespace {

Value maybe(std::optional<std::int64_t> number) { return number ? Value(*number) : Value(); }
Value said(const history::Authorship& by, const std::string& text) { return by.recorded ? Value(text) : Value(); }
Value recorded(const history::Authorship& by) { return by.recorded ? Value(*by.recorded) : Value(); }

/// Null as null, anything else as `parse_value` would read it.
Value as_text(const Value& value) {
  if (is_null(value)) return {};
  const auto* money = std::get_if<Money>(&value);
  return money == nullptr ? to_string(value) : to_string(*money) + " " + code_of(money->currency);
}

/// The currency of all amounts among the values: theirs, or none where they differ.
Currency common_currency(const std::vector<history::FieldValue>& values, Currency base) {
  std::optional<Currency> common;
  for (const auto& one : values) {
    const auto* money = std::get_if<Money>(&one.value);
    if (money == nullptr) continue;
    if (common && *common != money->currency) return {};
    common = money->currency;
  }
  return common.value_or(base);
}

}  // namespace

Table field_values(const Reader& reader, const Entity& entity, Id id, std::string_view field) {
  const auto values = history::field_values(reader, entity, id, field);
  const auto own = custom_of(reader, entity);
  const Field& of = field_at(entity, own.get(), position_of(entity, own.get(), field));
  TableColumn value{.name = "value", .type = of.type, .scale = of.options.scale};
  if (of.type == Type::choice || of.type == Type::bytes) value.type = Type::text;
  const bool money = of.type == Type::money;
  if (money) value.currency = common_currency(values, reader.currency());
  const bool mixed = money && !value.currency;  // the record changed its currency: amounts stand beside their code
  if (mixed) value.type = Type::text;
  Table table({value,
               {.name = "seq", .type = Type::integer},
               {.name = "recorded", .type = Type::timestamp},
               {.name = "actor"},
               {.name = "cause"},
               {.name = "to_seq", .type = Type::integer}});
  for (const auto& one : values) {
    add_row(table, mixed ? as_text(one.value) : one.value, one.by.seq, recorded(one.by), said(one.by, one.by.actor),
            said(one.by, one.by.cause), maybe(one.to_seq));
  }
  return table;
}

Table field_changes(const Reader& reader, const Entity& entity, Id id) {
  Table table({{.name = "seq", .type = Type::integer},
               {.name = "recorded", .type = Type::timestamp},
               {.name = "actor"},
               {.name = "cause"},
               {.name = "kind"},
               {.name = "field"},
               {.name = "before"},
               {.name = "after"}});
  for (const auto& change : history::field_changes(reader, entity, id)) {
    const auto kind = Choices<ChangeKind>::names[static_cast<std::size_t>(change.kind) - 1];
    add_row(table, change.by.seq, recorded(change.by), said(change.by, change.by.actor),
            said(change.by, change.by.cause), std::string(kind), change.field.empty() ? Value() : Value(change.field),
            as_text(change.before), as_text(change.after));
  }
  return table;
}

Table ownerships(const Reader& reader, const Entity& entity, Id id) {
  Table table({{.name = "owner", .type = Type::id},
               {.name = "unit", .type = Type::id},
               {.name = "from", .type = Type::timestamp},
               {.name = "to", .type = Type::timestamp}});
  for (const Ownership& row : ownership::rows_of(reader, entity, id)) {
    add_row(table, row.owner ? Value(*row.owner) : Value(), row.unit ? Value(*row.unit) : Value(), row.from,
            row.to == kOpenTime ? Value() : Value(row.to));
  }
  return table;
}

Table to_table(const std::vector<history::Obstacle>& obstacles) {
  Table table({{.name = "entity"},
               {.name = "id", .type = Type::id},
               {.name = "seq", .type = Type::integer},
               {.name = "message"}});
  for (const auto& obstacle : obstacles) {
    add_row(table, obstacle.entity, obstacle.id, obstacle.seq == 0 ? Value() : Value(obstacle.seq), obstacle.message);
  }
  return table;
}

Table to_table(const std::vector<history::ErasedField>& fields) {
  Table table({{.name = "field"}, {.name = "versions", .type = Type::integer}});
  for (const auto& field : fields) add_row(table, field.field, field.versions);
  return table;
}

Table to_table(const std::vector<history::Remainder>& remainders) {
  Table table({{.name = "entity"}, {.name = "id", .type = Type::id}, {.name = "field"}, {.name = "message"}});
  for (const auto& one : remainders) add_row(table, one.entity, one.id, one.field, one.message);
  return table;
}

}  // namespace kith::generic
