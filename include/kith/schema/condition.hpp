// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The part of a filter that storage may take over: comparisons of one field with constants, and / or / not over
/// them. Never arithmetic, functions or text folding: databases differ there. Nulls are three-valued.

#include <cstdint>
#include <vector>

#include "kith/schema/batch.hpp"

namespace kith {

/// false, true, or unknown (a null took part). A filter keeps the rows that are True.
enum class Tri : std::int8_t { no = 0, yes = 1, unknown = 2 };

/// SQL's connectives: `no` wins over unknown in `and`, `yes` in `or`.
constexpr Tri tri_not(Tri a) { return a == Tri::unknown ? a : a == Tri::yes ? Tri::no : Tri::yes; }
constexpr Tri tri_and(Tri a, Tri b) {
  if (a == Tri::no || b == Tri::no) return Tri::no;
  return a == Tri::yes && b == Tri::yes ? Tri::yes : Tri::unknown;
}
constexpr Tri tri_or(Tri a, Tri b) { return tri_not(tri_and(tri_not(a), tri_not(b))); }

/// A node of the tree. Text compares by bytes.
struct Condition {
  enum class Op : std::int32_t {
    eq = 1,
    ne,
    lt,
    le,
    gt,
    ge,       ///< field, operands[0]
    between,  ///< field, operands[0] <= x <= operands[1]
    in,       ///< field, any of operands (none: false)
    is_null,
    not_null,  ///< field
    all,
    any,
    none,  ///< terms: and, or, not (exactly one term)
  };
  Op op = Op::all;
  int field = -1;
  std::vector<Cell> operands = {};
  std::vector<Condition> terms = {};
  /// Many rows are expected to pass: an index over its fields would be in the way. Changes no answer.
  bool broad = false;
};

/// The reference meaning, shared by every backend that evaluates conditions itself.
Tri evaluate(const Condition& condition, const Batch& batch, std::size_t row);
/// Adds every field position the condition reads.
void collect_fields(const Condition& condition, std::vector<int>& fields);

}  // namespace kith
