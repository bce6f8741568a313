// SPDX-License-Identifier: Apache-2.0
// Evaluation: tests of one column run as loops over whole batches, everything else row by row. Neither allocates for
// ordinary numbers; only folding text and numbers beyond 128 bits do.

#include <algorithm>

#include "kith/base/text.hpp"
#include "schema/expression_node.hpp"
#include "schema/expression_number.hpp"

namespace kith::expr {

namespace {

using Test = Kernel::Test;

Tri tri(bool yes) { return yes ? Tri::yes : Tri::no; }

/// Rows first .. first+count-1; null rows are unknown.
template <class Holds>
void each(const Column& column, std::size_t first, std::size_t count, Tri* out, Holds holds) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = column.is_null(first + i) ? Tri::unknown : tri(holds(first + i));
  }
}

template <class Operand, class Read>
void compare_rows(const Kernel& kernel, const std::vector<Operand>& operands, Read read, const Column& column,
                  std::size_t first, std::size_t count, Tri* out) {
  const auto run = [&](auto holds) {
    each(column, first, count, out, [&](std::size_t row) { return holds(read(row)); });
  };
  switch (kernel.test) {
    case Test::eq: run([&](const auto& x) { return x == operands[0]; }); break;
    case Test::ne: run([&](const auto& x) { return x != operands[0]; }); break;
    case Test::lt: run([&](const auto& x) { return x < operands[0]; }); break;
    case Test::le: run([&](const auto& x) { return x <= operands[0]; }); break;
    case Test::gt: run([&](const auto& x) { return x > operands[0]; }); break;
    case Test::ge: run([&](const auto& x) { return x >= operands[0]; }); break;
    case Test::between: run([&](const auto& x) { return operands[0] <= x && x <= operands[1]; }); break;
    case Test::in:
      run([&](const auto& x) {
        const auto found = std::lower_bound(operands.begin(), operands.end(), x);
        return found != operands.end() && *found == x;
      });
      if (kernel.list_has_null) std::replace(out, out + count, Tri::no, Tri::unknown);
      break;
    default: break;
  }
}

void run_kernel(const Node& node, const ColumnView& columns, std::size_t first, std::size_t count, Tri* out) {
  const Kernel& kernel = *node.kernel;
  const Column& column = *columns[static_cast<std::size_t>(kernel.field)];
  switch (kernel.test) {
    case Test::unknown: std::fill(out, out + count, Tri::unknown); break;
    case Test::never: each(column, first, count, out, [](std::size_t) { return false; }); break;
    case Test::always: each(column, first, count, out, [](std::size_t) { return true; }); break;
    case Test::is_null:
      for (std::size_t i = 0; i < count; ++i) out[i] = tri(column.is_null(first + i));
      break;
    default:
      if (kernel.text) {
        const auto text = [&](std::size_t row) { return column.text(row); };
        compare_rows(kernel, kernel.texts, text, column, first, count, out);
      } else {
        const auto words = column.words();
        const auto word = [words](std::size_t row) { return words[row]; };
        compare_rows(kernel, kernel.words, word, column, first, count, out);
      }
      break;
  }
  if (node.negated) std::transform(out, out + count, out, tri_not);
}

/// A value of any kind: text kinds use `text`, all others `number`.
struct Scalar {
  bool null = true;
  Number number = {};
  std::string_view text = {};
};

Scalar of(Number number) { return {false, std::move(number), {}}; }
bool is_text(Kind kind) { return kind == Kind::text || kind == Kind::currency || kind == Kind::bytes; }

/// One row of one batch.
class Row {
 public:
  Row(const ColumnView& columns, std::size_t row) : columns_(columns), row_(row) {}

  Tri truth(const Node& node) const {
    if (node.kernel) {
      Tri result = Tri::unknown;
      run_kernel(node, columns_, row_, 1, &result);
      return result;
    }
    const Tri result = plain_truth(node);
    return node.negated ? tri_not(result) : result;
  }

  Scalar scalar(const Node& node) const {
    switch (node.op) {
      case Op::literal:
      case Op::parameter: return constant(node);
      case Op::field: return field(node);
      case Op::negate: {
        const Scalar arg = scalar(node.args[0]);
        return arg.null ? Scalar{} : of(arg.number.negated());
      }
      case Op::sum: return sum(node);
      case Op::product: return product(node);
      case Op::call: return call(node);
      default: {
        const Tri result = truth(node);
        return result == Tri::unknown ? Scalar{} : of(Number(result == Tri::yes ? 1 : 0));
      }
    }
  }

 private:
  static Scalar constant(const Node& node) {
    if (node.kind == Kind::null) return {};
    if (is_text(node.kind)) return {false, {}, node.constant.text};
    return of(Number(node.constant.word, node.constant.scale));
  }

  Scalar field(const Node& node) const {
    const Column& column = *columns_[static_cast<std::size_t>(node.field)];
    if (column.is_null(row_)) return {};
    if (column.is_text()) return {false, {}, column.text(row_)};
    return of(Number(column.word(row_), node.scale));
  }

  Scalar sum(const Node& node) const {
    Scalar total = scalar(node.args[0]);
    for (std::size_t i = 1; i < node.args.size() && !total.null; ++i) {
      const Scalar arg = scalar(node.args[i]);
      if (arg.null) return {};
      total.number = node.signs[i] == '+' ? total.number + arg.number : total.number - arg.number;
    }
    return total;
  }

  Scalar product(const Node& node) const {
    Scalar total = scalar(node.args[0]);
    for (std::size_t i = 1; i < node.args.size() && !total.null; ++i) {
      const Scalar arg = scalar(node.args[i]);
      const bool divides = node.signs[i] == '/';
      if (arg.null || (divides && arg.number.sign() == 0)) return {};
      total.number = divides ? total.number / arg.number : total.number * arg.number;
    }
    return total;
  }

  Scalar call(const Node& node) const {
    switch (node.function) {
      case Function::min:
      case Function::max: return extreme(node);
      case Function::abs: {
        Scalar arg = scalar(node.args[0]);
        if (!arg.null && arg.number.sign() < 0) arg.number = arg.number.negated();
        return arg;
      }
      case Function::if_: return scalar(node.args[truth(node.args[0]) == Tri::yes ? 1 : 2]);
      case Function::coalesce: {
        Scalar found;
        for (std::size_t i = 0; i < node.args.size() && found.null; ++i) found = scalar(node.args[i]);
        return found;
      }
      case Function::days_between: {
        const Scalar from = scalar(node.args[0]);
        const Scalar to = scalar(node.args[1]);
        return from.null || to.null ? Scalar{} : of(to.number - from.number);
      }
    }
    return {};
  }

  Scalar extreme(const Node& node) const {
    Scalar best = scalar(node.args[0]);
    for (std::size_t i = 1; i < node.args.size() && !best.null; ++i) {
      Scalar arg = scalar(node.args[i]);
      if (arg.null) return {};
      const int order = compare(arg.number, best.number);
      if (node.function == Function::min ? order < 0 : order > 0) best = std::move(arg);
    }
    return best;
  }

  static Tri relation(const Scalar& a, Compare wanted, const Scalar& b, bool text) {
    if (a.null || b.null) return Tri::unknown;
    const int order = text ? a.text.compare(b.text) : compare(a.number, b.number);
    switch (wanted) {
      case Compare::eq: return tri(order == 0);
      case Compare::ne: return tri(order != 0);
      case Compare::lt: return tri(order < 0);
      case Compare::le: return tri(order <= 0);
      case Compare::gt: return tri(order > 0);
      case Compare::ge: return tri(order >= 0);
    }
    return Tri::unknown;
  }

  Tri plain_truth(const Node& node) const {
    switch (node.op) {
      case Op::compare: {
        const bool text = is_text(node.args[0].kind);
        return relation(scalar(node.args[0]), node.compare, scalar(node.args[1]), text);
      }
      case Op::between: {
        const Scalar x = scalar(node.args[0]);
        const bool text = is_text(node.args[0].kind);
        return tri_and(relation(x, Compare::ge, scalar(node.args[1]), text),
                       relation(x, Compare::le, scalar(node.args[2]), text));
      }
      case Op::in: return in(node);
      case Op::is_null: return tri(scalar(node.args[0]).null);
      case Op::contains:
      case Op::starts_with: return search(node);
      case Op::none: return tri_not(truth(node.args[0]));
      case Op::all: {
        Tri result = Tri::yes;
        for (std::size_t i = 0; i < node.args.size() && result != Tri::no; ++i) {
          result = tri_and(result, truth(node.args[i]));
        }
        return result;
      }
      case Op::any: {
        Tri result = Tri::no;
        for (std::size_t i = 0; i < node.args.size() && result != Tri::yes; ++i) {
          result = tri_or(result, truth(node.args[i]));
        }
        return result;
      }
      default: {
        const Scalar value = scalar(node);
        return value.null ? Tri::unknown : tri(value.number.sign() != 0);
      }
    }
  }

  Tri in(const Node& node) const {
    const Scalar x = scalar(node.args[0]);
    const bool text = is_text(node.args[0].kind);
    Tri result = Tri::no;
    for (std::size_t i = 1; i < node.args.size() && result != Tri::yes; ++i) {
      result = tri_or(result, relation(x, Compare::eq, scalar(node.args[i]), text));
    }
    return result;
  }

  Tri search(const Node& node) const {
    const Scalar hay = scalar(node.args[0]);
    const Scalar needle = scalar(node.args[1]);
    if (hay.null || needle.null) return Tri::unknown;
    const std::string text = fold(hay.text);
    const std::string folded = is_constant(node.args[1]) ? std::string() : fold(needle.text);
    const std::string& key = is_constant(node.args[1]) ? node.needle : folded;
    return tri(node.op == Op::contains ? text.find(key) != std::string::npos : text.starts_with(key));
  }

  const ColumnView& columns_;
  std::size_t row_;
};

void join_rows(const Node& node, const ColumnView& columns, std::size_t rows, Tri* out) {
  const bool all = node.op == Op::all;
  const Tri decided = all ? Tri::no : Tri::yes;
  std::fill(out, out + rows, tri_not(decided));
  std::vector<Tri> term;
  for (const Node& arg : node.args) {
    if (arg.batchwise) {
      term.resize(rows);
      test_rows(arg, columns, rows, term.data());
      for (std::size_t i = 0; i < rows; ++i) out[i] = all ? tri_and(out[i], term[i]) : tri_or(out[i], term[i]);
      continue;
    }
    // Rows that are decided are left alone, as a guard before a costly or overflowing term expects.
    for (std::size_t i = 0; i < rows; ++i) {
      if (out[i] == decided) continue;
      const Tri truth = Row(columns, i).truth(arg);
      out[i] = all ? tri_and(out[i], truth) : tri_or(out[i], truth);
    }
  }
}

}  // namespace

void test_rows(const Node& node, const ColumnView& columns, std::size_t rows, Tri* out) {
  if (node.kernel) {
    run_kernel(node, columns, 0, rows, out);
  } else if (node.op == Op::all || node.op == Op::any) {
    join_rows(node, columns, rows, out);
  } else if (node.op == Op::none && node.batchwise) {
    test_rows(node.args[0], columns, rows, out);
    std::transform(out, out + rows, out, tri_not);
  } else {
    for (std::size_t i = 0; i < rows; ++i) out[i] = Row(columns, i).truth(node);
  }
}

Value value_of(const Node& node, Currency currency, const ColumnView& columns, std::size_t row) {
  const Scalar value = Row(columns, row).scalar(node);
  if (value.null) return {};
  switch (node.kind) {
    case Kind::null: return {};
    case Kind::boolean: return value.number.sign() != 0;
    case Kind::number: {
      if (node.whole) return value.number.rounded(0);
      if (const auto exact = value.number.exact()) return *exact;
      return Decimal{value.number.rounded(kRateScale), kRateScale};
    }
    case Kind::money: return Money{value.number.rounded(0), currency};
    case Kind::id: return Id{value.number.word()};
    case Kind::date: return Date{static_cast<std::int32_t>(value.number.word())};
    case Kind::timestamp: return Timestamp{value.number.word()};
    case Kind::choice: {
      const std::int64_t number = value.number.word();
      if (number < 1 || number > static_cast<std::int64_t>(node.choices.size())) {
        throw Error(Code::corrupt, "a choice holds the number " + std::to_string(number) + ", which has no name");
      }
      return std::string(node.choices[static_cast<std::size_t>(number - 1)]);
    }
    case Kind::text:
    case Kind::currency:
    case Kind::bytes: return std::string(value.text);
  }
  return {};
}

}  // namespace kith::expr
