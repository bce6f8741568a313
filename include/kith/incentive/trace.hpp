// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Why an amount is what it is: a tree of steps from the facts to the cent. A trace stands alone: it names the plan by
/// its hash and the facts by their ids, every number in it is exact, its leaves sum to the amount, and `recheck` does
/// the arithmetic again without store or plan. The same facts give the same bytes, whatever order they came in.
/// Everything here is pure and thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/money.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/time.hpp"
#include "kith/incentive/commission.hpp"
#include "kith/incentive/plan.hpp"

namespace kith::incentive {

/// A credit as a trace reads it.
struct Fact {
  std::int64_t id = 0;
  Date date = {};
  std::int64_t sequence = 0;
  std::int64_t amount = 0;  ///< credited minor units
  friend bool operator==(const Fact&, const Fact&) = default;
};

/// What a step does. Numbers are stable.
enum class StepKind : std::int32_t {
  slice = 1,      ///< leaf: input x rate = value
  rounding = 2,   ///< leaf: what rounding added or took away
  line = 3,       ///< one fact: the sum of its parts
  component = 4,  ///< one component of the plan: the sum of its parts
  statement = 5,  ///< all components: the sum of its parts
};

/// A node. Exact numbers are numerators over kRateUnit.
struct Step {
  StepKind kind = StepKind::slice;
  std::string label = {};                ///< for people: "band 2 from 100000.00"; part of the canonical bytes
  std::int64_t input = 0;                ///< slice: minor units taken at the rate; line, component: the credit
  std::int64_t rate = 0;                 ///< slice: over kRateUnit
  Int128 value = 0;                      ///< exact: what this step contributes to its parent
  Int128 before = 0;                     ///< rounding: the exact running total without the line; 0 for a total
  Int128 after = 0;                      ///< rounding: the exact sum that is rounded
  std::vector<std::int64_t> facts = {};  ///< ids of the facts this step is about, in order
  std::vector<Step> parts = {};
  friend bool operator==(const Step&, const Step&) = default;
};

/// A whole explanation.
struct Trace {
  std::string plan = {};
  std::int64_t version = 0;
  std::string plan_hash = {};  ///< hexadecimal SHA-256
  Currency currency = {};
  PlanRounding rounding = {};
  bool rounded = true;      ///< false for a line or component where statements are rounded: only `root.value` counts
  std::int64_t amount = 0;  ///< minor units, the sum of all leaves; 0 where nothing was rounded
  Step root;
  friend bool operator==(const Trace&, const Trace&) = default;
};

/// The trace of one component's total over the facts of one person and interval. Errors: invalid for an unknown
/// component or two facts with one id; overflow.
Trace explain_total(const Plan& plan, std::size_t component, std::span<const Fact> facts);

/// The trace of the line of one fact among the facts of its person and interval. Errors: also not_found.
Trace explain_line(const Plan& plan, std::size_t component, std::span<const Fact> facts, std::int64_t fact);

/// The trace of all components together.
Trace explain_statement(const Plan& plan, std::span<const Fact> facts);

/// English text, one line a step, indented.
std::string to_text(const Trace& trace);

/// Canonical JSON: keys in byte order, no white space, numbers as decimal texts in major units. `parse_trace` reads it
/// back; Error{invalid} says what is wrong with it.
std::string canonical_json(const Trace& trace);
Trace parse_trace(std::string_view json);

/// Does every step's arithmetic again (products, sums, rounding, leaves against the amount) and names each that does
/// not hold by its path ("root.parts[1]"). Empty means the trace is right in itself.
std::vector<Violation> recheck(const Trace& trace);

}  // namespace kith::incentive

namespace kith {

template <>
struct Choices<incentive::StepKind> {
  static constexpr std::string_view names[] = {"slice", "rounding", "line", "component", "statement"};
};

}  // namespace kith
