// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to expressions: the value of any node for one row. Allocates nothing for ordinary numbers; only folding
/// text, look-ups and numbers beyond 128 bits do.

#include <forward_list>
#include <string>
#include <string_view>

#include "schema/expression_node.hpp"
#include "schema/expression_number.hpp"

namespace kith::expr {

/// A value of any kind: text kinds use `text`, all others `number` (money in minor units of `unit`).
struct Scalar {
  bool null = true;
  Number number = {};
  std::string_view text = {};
  Currency unit = {};
};

/// Rows first .. first+count-1 of a node with a kernel.
void run_kernel(const Node& node, const Run& run, std::size_t first, std::size_t count, Tri* out);

/// One row of one batch. What its scalars show ends with it or with the batch.
class Row {
 public:
  Row(const Run& run, std::size_t row) : run_(run), row_(row) {}
  Tri truth(const Node& node) const;
  Scalar scalar(const Node& node) const;

 private:
  Scalar constant(const Node& node) const;
  Scalar field(const Node& node) const;
  Scalar sum(const Node& node) const;
  Scalar product(const Node& node) const;
  Scalar call(const Node& node) const;
  Scalar extreme(const Node& node) const;
  Scalar clamped(const Node& node) const;
  Scalar rounded(const Node& node) const;
  Scalar exchange(const Node& node) const;
  Scalar looked_up(const Node& node) const;
  const Lookups& lookups(const Node& node) const;
  Ratio rate(const Node& node, Currency from, Currency to, Date on) const;
  void one_currency(const Scalar& a, const Scalar& b, const Node& node) const;
  Tri relation(const Scalar& a, Compare wanted, const Scalar& b, const Node& node) const;
  Tri plain_truth(const Node& node) const;
  Tri in(const Node& node) const;
  Tri search(const Node& node) const;

  const Run& run_;
  std::size_t row_;
  mutable std::forward_list<std::string> found_ = {};  // texts of look-ups
};

/// The currency of a row's money.
Currency unit_of_row(const Run& run, std::size_t row);
/// Throws Error{invalid}: two currencies meet in that part.
[[noreturn]] void currencies_meet(const Run& run, Currency a, Currency b, const Node& node);
/// A scalar of a kind as a value, rounded as Expression::value says.
Value to_value(const Scalar& scalar, const Node& node, const Run& run);

}  // namespace kith::expr
