// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/condition.hpp"

#include <algorithm>

#include "kith/base/error.hpp"

namespace kith {
namespace {

Tri tri(bool truth) { return truth ? Tri::yes : Tri::no; }

const Cell& operand(const Condition& condition, std::size_t place) {
  if (place >= condition.operands.size()) throw Error(Code::misuse, "a comparison lacks its operand");
  return condition.operands[place];
}

/// Negative, zero, positive; the row's value is known not to be null.
int compare(const Column& column, std::size_t row, const Cell& cell) {
  if (column.is_text()) {
    const auto* text = std::get_if<std::string>(&cell);
    if (text == nullptr) throw Error(Code::misuse, "a text field is compared with a word");
    return column.text(row).compare(*text);
  }
  const auto* word = std::get_if<std::int64_t>(&cell);
  if (word == nullptr) throw Error(Code::misuse, "a field of words is compared with a text");
  const std::int64_t value = column.word(row);
  return value < *word ? -1 : (value > *word ? 1 : 0);
}

bool is_null_cell(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

template <class Holds>
Tri compared(const Column& column, std::size_t row, const Cell& cell, Holds holds) {
  if (column.is_null(row) || is_null_cell(cell)) return Tri::unknown;
  return tri(holds(compare(column, row, cell)));
}

Tri any_of_operands(const Condition& condition, const Column& column, std::size_t row) {
  if (condition.operands.empty()) return Tri::no;
  if (column.is_null(row)) return Tri::unknown;
  bool null_seen = false;
  for (const Cell& cell : condition.operands) {
    if (is_null_cell(cell)) {
      null_seen = true;
    } else if (compare(column, row, cell) == 0) {
      return Tri::yes;
    }
  }
  return null_seen ? Tri::unknown : Tri::no;
}

Tri test_field(const Condition& condition, const Column& column, std::size_t row) {
  using Op = Condition::Op;
  switch (condition.op) {
    case Op::eq: return compared(column, row, operand(condition, 0), [](int c) { return c == 0; });
    case Op::ne: return compared(column, row, operand(condition, 0), [](int c) { return c != 0; });
    case Op::lt: return compared(column, row, operand(condition, 0), [](int c) { return c < 0; });
    case Op::le: return compared(column, row, operand(condition, 0), [](int c) { return c <= 0; });
    case Op::gt: return compared(column, row, operand(condition, 0), [](int c) { return c > 0; });
    case Op::ge: return compared(column, row, operand(condition, 0), [](int c) { return c >= 0; });
    case Op::between:
      return tri_and(compared(column, row, operand(condition, 0), [](int c) { return c >= 0; }),
                     compared(column, row, operand(condition, 1), [](int c) { return c <= 0; }));
    case Op::in: return any_of_operands(condition, column, row);
    case Op::is_null: return tri(column.is_null(row));
    case Op::not_null: return tri(!column.is_null(row));
    case Op::all:
    case Op::any:
    case Op::none: break;
  }
  throw Error(Code::misuse, "a condition has an unknown operator");
}

}  // namespace

Tri evaluate(const Condition& condition, const Batch& batch, std::size_t row) {
  using Op = Condition::Op;
  if (condition.op == Op::all) {
    Tri result = Tri::yes;
    for (const Condition& term : condition.terms) result = tri_and(result, evaluate(term, batch, row));
    return result;
  }
  if (condition.op == Op::any) {
    Tri result = Tri::no;
    for (const Condition& term : condition.terms) result = tri_or(result, evaluate(term, batch, row));
    return result;
  }
  if (condition.op == Op::none) {
    if (condition.terms.size() != 1) throw Error(Code::misuse, "`none` takes exactly one term");
    return tri_not(evaluate(condition.terms.front(), batch, row));
  }
  return test_field(condition, batch.column(condition.field), row);
}

void collect_fields(const Condition& condition, std::vector<int>& fields) {
  if (condition.field >= 0 && std::find(fields.begin(), fields.end(), condition.field) == fields.end()) {
    fields.push_back(condition.field);
  }
  for (const Condition& term : condition.terms) collect_fields(term, fields);
}

}  // namespace kith
