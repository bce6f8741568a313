// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the Binder: units are checked here, once; evaluation only meets currencies that differ by row.

#include <algorithm>
#include <limits>

#include "schema/expression_binder.hpp"

namespace kith::expr {

namespace {

bool is_arithmetic(Kind kind) { return kind == Kind::number || kind == Kind::money || kind == Kind::null; }

/// (a + b) + (c - d) is a + b + c - d. Exact arithmetic is associative; only the first argument may be taken apart
/// whatever it is, because there the order stays.
template <class Splits>
void splice(Node& node, char direct, Splits splits) {
  std::vector<Node> flat;
  std::string signs;
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    Node& arg = node.args[i];
    const bool opens = i == 0 ? arg.op == node.op : node.signs[i] == direct && splits(arg);
    if (!opens) {
      flat.push_back(std::move(arg));
      signs.push_back(node.signs[i]);
      continue;
    }
    signs += arg.signs;
    for (Node& inner : arg.args) flat.push_back(std::move(inner));
  }
  node.args = std::move(flat);
  node.signs = std::move(signs);
}

}  // namespace

void Binder::check_arithmetic(const Node& node) const {
  if (is_arithmetic(node.kind)) return;
  fail_at(node, {Say::needs_numbers, {noun(node.kind), mismatch_hint(node.kind, Kind::number)}});
}

void Binder::bind_negate(Node& node) const {
  Node& arg = node.args.front();
  check_arithmetic(arg);
  node.kind = arg.kind;
  node.whole = arg.whole;
  node.unit = arg.unit;
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  if (arg.op == Op::literal && arg.kind != Kind::null && arg.constant.word != least) {
    arg.constant.word = -arg.constant.word;
    Node constant = std::move(arg);
    node = std::move(constant);
  } else if (arg.op == Op::negate) {
    Node inner = std::move(arg.args.front());
    node = std::move(inner);
  }
}

void Binder::bind_sum(Node& node) const {
  if (node.args.front().kind == Kind::date) return bind_days_on(node);
  node.whole = true;
  for (const Node& arg : node.args) {
    check_arithmetic(arg);
    node.whole = node.whole && arg.whole;
    if (node.kind == Kind::null) node.kind = arg.kind;
    if (arg.kind != Kind::null && arg.kind != node.kind) {
      fail_at(arg, {Say::cannot_add, {noun(node.kind), noun(arg.kind), mismatch_hint(node.kind, arg.kind)}});
    }
    node.unit = one_currency(node.unit, arg);
  }
  splice(node, '+', [](const Node& arg) { return arg.op == Op::sum && arg.kind != Kind::date; });
}

/// A date, then whole days.
void Binder::bind_days_on(Node& node) const {
  for (std::size_t i = 1; i < node.args.size(); ++i) {
    const Node& arg = node.args[i];
    if (arg.kind != Kind::null && arg.kind != Kind::number) {
      fail_at(arg, {Say::cannot_add, {noun(Kind::date), noun(arg.kind), mismatch_hint(Kind::date, arg.kind)}});
    }
    if (arg.kind == Kind::number && !arg.whole) fail_at(arg, Say::whole_days);
  }
  node.kind = Kind::date;
  splice(node, '+', [](const Node& arg) { return arg.op == Op::sum; });
}

namespace {

/// A null operand may stand for either kind; the result is null, and of a kind only where one is left.
Kind product(Kind so_far, Kind kind) {
  if (so_far == Kind::money || kind == Kind::money) return Kind::money;
  return so_far == Kind::null ? so_far : kind;
}
Kind quotient(Kind so_far, Kind kind) {
  if (kind == Kind::money) return Kind::number;
  return so_far == Kind::money && kind == Kind::null ? Kind::null : so_far;
}

}  // namespace

void Binder::bind_product(Node& node) const {
  node.kind = node.args.front().kind;
  node.whole = true;
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    const Node& arg = node.args[i];
    check_arithmetic(arg);
    const bool divides = node.signs[i] == '/';
    node.whole = node.whole && arg.whole && !divides;
    if (arg.kind == Kind::money && divides && node.kind == Kind::number) fail_at(arg, Say::number_by_money);
    if (arg.kind == Kind::money && divides) static_cast<void>(one_currency(node.unit, arg));
    if (i > 0 && arg.kind == Kind::money && !divides && node.kind == Kind::money) fail_at(arg, Say::money_times_money);
    if (i > 0) node.kind = divides ? quotient(node.kind, arg.kind) : product(node.kind, arg.kind);
    if (node.kind != Kind::money) {
      node.unit = {};
    } else if (arg.kind == Kind::money) {
      node.unit = arg.unit;
    }
  }
  splice(node, '*', [](const Node& arg) {
    return arg.op == Op::product &&
           std::all_of(arg.args.begin(), arg.args.end(), [](const Node& inner) { return inner.kind == Kind::number; });
  });
}

}  // namespace kith::expr
