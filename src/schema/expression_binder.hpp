// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to expressions: gives every node of a parsed expression a kind, resolves names, converts text constants to
/// what they are compared with, and brings the tree to its normal form. Names, constants and tests are in
/// expression_bind.cpp, arithmetic in expression_arithmetic.cpp, functions in expression_function.cpp.

#include "schema/expression_node.hpp"

namespace kith::expr {

/// "money", "a number": for messages.
Phrase noun(Kind kind);
Kind kind_of(Type type);

class Binder {
 public:
  explicit Binder(const Source& source) : source_(source) {}
  void bind(Node& node);

 private:
  [[noreturn]] void fail_at(const Node& node, const Phrase& what) const { fail(source_, node.at, what); }
  static void finish(Node& node);

  // Names and constants.
  void bind_field(Node& node) const;
  void bind_parameter(Node& node) const;
  void take_list(Node& node, const std::vector<Value>& values) const;
  void take_value(Node& node, const Value& value) const;
  void convert(Node& node, const Node& model) const;
  void convert_to_choice(Node& node, const Node& model) const;
  void convert_to_id(Node& node) const;

  // What operands have in common.
  static bool alike(const Node& a, const Node& b);
  Phrase mismatch_hint(Kind a, Kind b) const;
  /// Converts constants if `converts`, then demands one kind (and one currency) of the arguments from `first` on; gives
  /// the node their choices, currency and kind. `verb` is what cannot be done otherwise.
  Kind agree(Node& node, std::size_t first, bool converts, Say verb) const;
  /// One currency of both where both are known; the known one.
  std::optional<Currency> one_currency(std::optional<Currency> a, const Node& b) const;

  // Tests.
  void bind_compare(Node& node) const;
  void bind_range(Node& node) const;
  void bind_search(Node& node) const;
  void bind_none(Node& node) const;
  void bind_list(Node& node) const;
  void check_comparable(const Node& node, Kind kind, bool needs_order) const;
  void check_truth(const Node& node, const Phrase& where) const;

  // Arithmetic.
  void check_arithmetic(const Node& node) const;
  void bind_negate(Node& node) const;
  void bind_sum(Node& node) const;
  void bind_days_on(Node& node) const;
  void bind_product(Node& node) const;

  // Functions.
  void bind_call(Node& node) const;
  void bind_extreme(Node& node) const;
  void bind_round(Node& node) const;
  void bind_days(Node& node) const;
  void bind_exchange(Node& node) const;
  void bind_lookup(Node& node) const;
  void check_currency(Node& node, const Node& call) const;
  void check_day(const Node& node, const Node& call) const;

  const Source& source_;
};

}  // namespace kith::expr
