// SPDX-License-Identifier: Apache-2.0
// What of an expression is a test of one column against constants. Such tests run over whole batches and are all
// that storage is offered; everything here must keep the three-valued meaning to the letter.

#include <algorithm>
#include <limits>

#include "schema/expression_node.hpp"

namespace kith::expr {

namespace {

using Test = Kernel::Test;

constexpr Int128 kLeast = std::numeric_limits<std::int64_t>::min();
constexpr Int128 kMost = std::numeric_limits<std::int64_t>::max();

/// A constant in the units of a column: `floor` is exact or lies just below it.
struct Threshold {
  Int128 floor = 0;
  bool exact = true;
};

Threshold threshold(const Node& constant, const Node& field) {
  if (constant.kind != Kind::number) return {constant.constant.word, true};
  const int shift = field.scale - constant.constant.scale;
  const Int128 word = constant.constant.word;
  if (shift >= 0) return {word * power_of_ten(shift), true};
  const Int128 unit = power_of_ten(-shift);
  const Int128 floor = divide_wide(word, unit, Rounding::floor);
  return {floor, floor * unit == word};
}

bool fits(Int128 word) { return word >= kLeast && word <= kMost; }

/// The test against one word; where the word lies beyond all storable ones the answer is always the same.
void set(Kernel& kernel, Test test, Int128 word) {
  if (!fits(word)) {
    const bool below_all = word < kLeast;
    const bool greater = test == Test::gt || test == Test::ge;
    const bool less = test == Test::lt || test == Test::le;
    const bool yes = test == Test::ne || (below_all ? greater : less);
    kernel.test = yes ? Test::always : Test::never;
    return;
  }
  kernel.test = test;
  kernel.words = {static_cast<std::int64_t>(word)};
}

void compare_words(Kernel& kernel, Compare compare, Threshold limit) {
  switch (compare) {
    case Compare::eq: limit.exact ? set(kernel, Test::eq, limit.floor) : void(kernel.test = Test::never); break;
    case Compare::ne: limit.exact ? set(kernel, Test::ne, limit.floor) : void(kernel.test = Test::always); break;
    case Compare::lt: set(kernel, limit.exact ? Test::lt : Test::le, limit.floor); break;
    case Compare::le: set(kernel, Test::le, limit.floor); break;
    case Compare::gt: set(kernel, Test::gt, limit.floor); break;
    case Compare::ge: set(kernel, limit.exact ? Test::ge : Test::gt, limit.floor); break;
  }
}

Test test_of(Compare compare) {
  switch (compare) {
    case Compare::eq: return Test::eq;
    case Compare::ne: return Test::ne;
    case Compare::lt: return Test::lt;
    case Compare::le: return Test::le;
    case Compare::gt: return Test::gt;
    case Compare::ge: return Test::ge;
  }
  return Test::unknown;
}

void between_words(Kernel& kernel, Threshold low, Threshold high) {
  const Int128 first = low.exact ? low.floor : low.floor + 1;
  if (first > kMost || high.floor < kLeast) {
    kernel.test = Test::never;
    return;
  }
  kernel.test = Test::between;
  kernel.words = {static_cast<std::int64_t>(std::max(first, kLeast)),
                  static_cast<std::int64_t>(std::min(high.floor, kMost))};
}

/// Constants that no row can equal are left out of the list; a null stays in it, as it makes misses unknown.
void list_constants(Kernel& kernel, const Node& node) {
  kernel.test = Test::in;
  const auto take = [&](const Node& item) {
    if (item.kind == Kind::null) {
      kernel.list_has_null = true;
    } else if (kernel.text) {
      kernel.texts.push_back(item.constant.text);
    } else if (const Threshold word = threshold(item, node.args[0]); word.exact && fits(word.floor)) {
      kernel.words.push_back(static_cast<std::int64_t>(word.floor));
    }
  };
  for (std::size_t i = 1; i < node.args.size(); ++i) {
    if (node.args[i].op != Op::list) {
      take(node.args[i]);
      continue;
    }
    for (const Node& item : node.args[i].args) take(item);
  }
  const auto tidy = [](auto& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  tidy(kernel.words);
  tidy(kernel.texts);
  if (kernel.words.empty() && kernel.texts.empty()) kernel.test = kernel.list_has_null ? Test::unknown : Test::never;
}

/// The currency of the constants, where the field may be in any.
void demand_unit(Kernel& kernel, const Node& node) {
  const Node& field = node.args[0];
  if (field.kind != Kind::money || field.unit) return;
  const auto look = [&](const Node& item) {
    if (item.kind != Kind::money || !item.unit) return;
    kernel.unit = *item.unit;
    kernel.in_unit = true;
  };
  for (const Node& arg : node.args) {
    look(arg);
    for (const Node& item : arg.args) look(item);
  }
}

std::vector<Cell> operands_of(const Kernel& kernel) {
  if (kernel.text) return {kernel.texts.begin(), kernel.texts.end()};
  return {kernel.words.begin(), kernel.words.end()};
}

std::optional<Condition> condition_of_kernel(const Kernel& kernel, bool negated) {
  using Wanted = Condition::Op;
  Condition condition;
  condition.field = kernel.field;
  switch (kernel.test) {
    case Test::unknown:
    case Test::never:
    case Test::always: return std::nullopt;
    case Test::eq: condition.op = Wanted::eq; break;
    case Test::ne: condition.op = Wanted::ne; break;
    case Test::lt: condition.op = Wanted::lt; break;
    case Test::le: condition.op = Wanted::le; break;
    case Test::gt: condition.op = Wanted::gt; break;
    case Test::ge: condition.op = Wanted::ge; break;
    case Test::between: condition.op = Wanted::between; break;
    case Test::in:
      if (kernel.list_has_null) return std::nullopt;
      condition.op = Wanted::in;
      break;
    case Test::is_null: condition.op = negated ? Wanted::not_null : Wanted::is_null; return condition;
  }
  condition.operands = operands_of(kernel);
  if (!negated) return condition;
  Condition none;
  none.op = Wanted::none;
  none.terms.push_back(std::move(condition));
  return none;
}

}  // namespace

std::unique_ptr<const Kernel> kernel_of(const Node& node) {
  const bool plain = node.op == Op::field && node.kind == Kind::boolean;
  const bool tests = node.op == Op::compare || node.op == Op::between || node.op == Op::in || node.op == Op::is_null;
  if (!plain && (!tests || node.args[0].op != Op::field)) return nullptr;
  const auto fixed = [](const Node& arg) { return is_constant(arg) || arg.op == Op::list; };
  if (!std::all_of(node.args.begin() + (plain ? 0 : 1), node.args.end(), fixed)) return nullptr;
  const auto empty = [](const Node& arg) { return arg.op == Op::list && arg.args.empty(); };
  // In nothing is no row, not even one of null, which a kernel takes for unknown.
  if (node.op == Op::in && std::all_of(node.args.begin() + 1, node.args.end(), empty)) return nullptr;
  const Node& field = plain ? node : node.args[0];
  Kernel kernel;
  kernel.field = field.field;
  kernel.text = is_text(field.kind);
  if (plain) {
    set(kernel, Test::eq, 1);
  } else if (node.op == Op::is_null) {
    kernel.test = Test::is_null;
  } else if (node.op == Op::in) {
    list_constants(kernel, node);
  } else if (node.op == Op::compare) {
    if (node.args[1].kind == Kind::null) {
      kernel.test = Test::unknown;
    } else if (kernel.text) {
      kernel.test = test_of(node.compare);
      kernel.texts = {node.args[1].constant.text};
    } else {
      compare_words(kernel, node.compare, threshold(node.args[1], field));
    }
  } else {
    // One bound that is null still lets the other one say no; that is left to the general way.
    if (node.args[1].kind == Kind::null || node.args[2].kind == Kind::null) return nullptr;
    if (kernel.text) {
      kernel.test = Test::between;
      kernel.texts = {node.args[1].constant.text, node.args[2].constant.text};
    } else {
      between_words(kernel, threshold(node.args[1], field), threshold(node.args[2], field));
    }
  }
  if (!plain && kernel.test != Test::is_null) demand_unit(kernel, node);
  return std::make_unique<const Kernel>(std::move(kernel));
}

std::optional<Condition> condition_of(const Node& node) {
  if (node.kernel && node.kernel->in_unit) return std::nullopt;  // See conjunct_in_unit.
  if (node.kernel) return condition_of_kernel(*node.kernel, node.negated);
  Condition condition;
  switch (node.op) {
    case Op::all: condition.op = Condition::Op::all; break;
    case Op::any: condition.op = Condition::Op::any; break;
    case Op::none: condition.op = Condition::Op::none; break;
    default: return std::nullopt;
  }
  for (const Node& arg : node.args) {
    std::optional<Condition> term = condition_of(arg);
    if (!term) return std::nullopt;
    condition.terms.push_back(std::move(*term));
  }
  return condition;
}

std::optional<Condition> conjunct_in_unit(const Node& node, int currency_field, bool guarded) {
  std::optional<Condition> test = condition_of_kernel(*node.kernel, node.negated);
  if (!test || guarded) return test;
  Condition foreign;
  foreign.op = Condition::Op::ne;
  foreign.field = currency_field;
  foreign.operands = {code_of(node.kernel->unit)};
  Condition either;
  either.op = Condition::Op::any;
  either.terms = {std::move(foreign), std::move(*test)};
  return either;
}

}  // namespace kith::expr
