// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The deal table that the tests of expressions filter: one nullable field of every type.

#include <array>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "kith/base/error.hpp"
#include "kith/schema/expression.hpp"

namespace kith::testing {

inline constexpr std::array<std::string_view, 3> kStages = {"open", "won", "lost"};

inline Field deal_field(std::string_view name, Type type, int scale = 0) {
  Field field;
  field.name = name;
  field.type = type;
  field.nullable = true;
  field.options.scale = scale;
  if (type == Type::choice) field.choices = kStages;
  return field;
}

enum Position : int { kId, kStage, kTitle, kAmount, kCost, kQuantity, kVisits, kActive, kDue, kMade, kUnit, kDigest };

inline const Entity& deal() {
  static const std::array<Field, 12> fields = {
      deal_field("id", Type::id),          deal_field("stage", Type::choice),
      deal_field("title", Type::text),     deal_field("amount", Type::money),
      deal_field("cost", Type::money),     deal_field("quantity", Type::decimal, 6),
      deal_field("visits", Type::integer), deal_field("active", Type::boolean),
      deal_field("due", Type::date),       deal_field("made", Type::timestamp),
      deal_field("unit", Type::currency),  deal_field("digest", Type::bytes)};
  static const Entity entity = [] {
    Entity e;
    e.name = "deal";
    e.plural = "deals";
    e.fields = fields;
    return e;
  }();
  return entity;
}

inline ColumnView view(const Batch& batch) {
  ColumnView columns;
  for (const Column& column : batch.columns) columns.push_back(&column);
  return columns;
}

inline Expression compile(std::string_view text, const Parameters& parameters = {}) {
  return Expression::compile(text, scope_of(deal(), currency("USD")), parameters);
}

/// The message of the Error{invalid} that compiling gives; "" when it compiles.
inline std::string fault(std::string_view text, const Parameters& parameters = {}) {
  try {
    compile(text, parameters);
  } catch (const Error& error) {
    if (error.code != Code::invalid) return "wrong code: " + error.message;
    return error.message;
  }
  return "";
}

}  // namespace kith::testing
