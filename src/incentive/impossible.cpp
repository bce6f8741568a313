// SPDX-License-Identifier: Apache-2.0
#include "incentive/impossible.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace kith::incentive {
namespace {

Tri told(bool truth) { return truth ? Tri::yes : Tri::no; }

/// What a condition over one field says of a value.
Tri holds(const Condition& condition, const Cell& value) {
  using Op = Condition::Op;
  const bool null = std::holds_alternative<std::monostate>(value);
  Tri sum = told(condition.op != Op::any);
  switch (condition.op) {
    case Op::all:
      for (const Condition& term : condition.terms) sum = tri_and(sum, holds(term, value));
      return sum;
    case Op::any:
      for (const Condition& term : condition.terms) sum = tri_or(sum, holds(term, value));
      return sum;
    case Op::none: return tri_not(holds(condition.terms.front(), value));
    case Op::is_null: return told(null);
    case Op::not_null: return told(!null);
    default: break;
  }
  if (null) return Tri::unknown;
  const std::vector<Cell>& given = condition.operands;
  switch (condition.op) {
    case Op::eq: return told(value == given[0]);
    case Op::ne: return told(value != given[0]);
    case Op::lt: return told(value < given[0]);
    case Op::le: return told(value <= given[0]);
    case Op::gt: return told(value > given[0]);
    case Op::ge: return told(value >= given[0]);
    case Op::between: return told(given[0] <= value && value <= given[1]);
    default: return told(std::find(given.begin(), given.end(), value) != given.end());
  }
}

/// If any value meets the conditions on a field, one of these does: each bound, what comes right before and after it,
/// null.
void add_candidates(const Condition& condition, std::vector<Cell>& values) {
  for (const Condition& term : condition.terms) add_candidates(term, values);
  for (const Cell& operand : condition.operands) {
    values.push_back(operand);
    if (const auto* word = std::get_if<std::int64_t>(&operand)) {
      if (*word < std::numeric_limits<std::int64_t>::max()) values.emplace_back(*word + 1);
      if (*word > std::numeric_limits<std::int64_t>::min()) values.emplace_back(*word - 1);
    }
    if (const auto* text = std::get_if<std::string>(&operand)) {
      values.emplace_back(*text + '\0');
      values.emplace_back(std::string());
    }
  }
}

/// Values to try on a field: null, what the conditions name, and one that is there where they name none.
std::vector<Cell> candidates(std::initializer_list<const std::vector<Condition>*> lists) {
  std::vector<Cell> values = {Cell{}};
  for (const std::vector<Condition>* conditions : lists) {
    for (const Condition& one : *conditions) add_candidates(one, values);
  }
  if (values.size() == 1) values.emplace_back(std::int64_t{0});
  return values;
}

using ByField = std::map<int, std::vector<Condition>>;

/// The parts of a condition that look at one field alone; `rest` tells whether there are others.
ByField by_field(const Expression& condition, bool& rest) {
  ByField found;
  rest = !condition.fully_pushed();
  for (Condition& one : condition.conjuncts()) {
    std::vector<int> fields;
    collect_fields(one, fields);
    const bool alone =
        !fields.empty() && std::all_of(fields.begin(), fields.end(), [&](int f) { return f == fields[0]; });
    if (alone) found[fields[0]].push_back(std::move(one));
    rest = rest || !alone;
  }
  return found;
}

bool all_hold(const std::vector<Condition>& conditions, const Cell& value) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& one) { return holds(one, value) == Tri::yes; });
}

}  // namespace

int contradicted(const Expression& condition) {
  bool rest = false;
  for (const auto& [field, conditions] : by_field(condition, rest)) {
    const std::vector<Cell> values = candidates({&conditions});
    const bool possible = std::any_of(values.begin(), values.end(), [&conditions = conditions](const Cell& value) {
      return all_hold(conditions, value);
    });
    if (!possible) return field;
  }
  return -1;
}

bool covers(const Expression& wide, const Expression& narrow) {
  bool rest = false;
  ByField given = by_field(narrow, rest);
  const ByField wanted = by_field(wide, rest);
  if (rest || wanted.empty()) return false;
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& part) {
    const std::vector<Condition>& own = given[part.first];
    const std::vector<Cell> values = candidates({&own, &part.second});
    return std::all_of(values.begin(), values.end(),
                       [&](const Cell& value) { return !all_hold(own, value) || all_hold(part.second, value); });
  });
}

}  // namespace kith::incentive
