// SPDX-License-Identifier: Apache-2.0
// Evaluation: tests of one column run as loops over whole batches, everything else row by row.

#include <algorithm>

#include "schema/expression_row.hpp"

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

void require_unit(const Node& node, const Run& run, const Column& column, std::size_t first, std::size_t count) {
  const std::string wanted = code_of(node.kernel->unit);
  const Column& units = *run.columns[static_cast<std::size_t>(run.currency_field)];
  for (std::size_t row = first; row < first + count; ++row) {
    if (column.is_null(row) || (!units.is_null(row) && units.text(row) == wanted)) continue;
    const Currency unit = unit_of_row(run, row);
    if (unit != node.kernel->unit) currencies_meet(run, unit, node.kernel->unit, node);
  }
}

}  // namespace

void run_kernel(const Node& node, const Run& run, std::size_t first, std::size_t count, Tri* out) {
  const Kernel& kernel = *node.kernel;
  const Column& column = *run.columns[static_cast<std::size_t>(kernel.field)];
  if (kernel.in_unit) require_unit(node, run, column, first, count);
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

namespace {

void join_rows(const Node& node, const Run& run, std::size_t rows, Tri* out) {
  const bool all = node.op == Op::all;
  const Tri decided = all ? Tri::no : Tri::yes;
  std::fill(out, out + rows, tri_not(decided));
  std::vector<Tri> term;
  // What cannot fail comes first, so that storage, which may have taken it, never changes what fails.
  for (const Node& arg : node.args) {
    if (!arg.batchwise) continue;
    term.resize(rows);
    test_rows(arg, run, rows, term.data());
    for (std::size_t i = 0; i < rows; ++i) out[i] = all ? tri_and(out[i], term[i]) : tri_or(out[i], term[i]);
  }
  for (const bool kernels : {true, false}) {
    for (const Node& arg : node.args) {
      if (arg.batchwise || (arg.kernel != nullptr) != kernels) continue;
      // Rows that are decided are left alone, as a guard before a costly or overflowing term expects.
      for (std::size_t i = 0; i < rows; ++i) {
        if (out[i] == decided) continue;
        const Tri truth = Row(run, i).truth(arg);
        out[i] = all ? tri_and(out[i], truth) : tri_or(out[i], truth);
      }
    }
  }
}

}  // namespace

void test_rows(const Node& node, const Run& run, std::size_t rows, Tri* out) {
  if (node.kernel) {
    run_kernel(node, run, 0, rows, out);
  } else if (node.op == Op::all || node.op == Op::any) {
    join_rows(node, run, rows, out);
  } else if (node.op == Op::none && node.batchwise) {
    test_rows(node.args[0], run, rows, out);
    std::transform(out, out + rows, out, tri_not);
  } else {
    for (std::size_t i = 0; i < rows; ++i) out[i] = Row(run, i).truth(node);
  }
}

Value value_of(const Node& node, const Run& run, std::size_t row) {
  const Row at(run, row);
  return to_value(at.scalar(node), node, run);
}

Value to_value(const Scalar& value, const Node& node, const Run& run) {
  const auto fitting = [&](int scale) {
    try {
      return value.number.rounded(scale);
    } catch (const Error& error) {
      if (error.code != Code::overflow) throw;
      throw Error(Code::overflow, text_of(Say::too_big, run.language));
    }
  };
  if (value.null) return {};
  switch (node.kind) {
    case Kind::null: return {};
    case Kind::boolean: return value.number.sign() != 0;
    case Kind::number: {
      if (node.whole) return fitting(0);
      if (const auto exact = value.number.exact()) return *exact;
      return Decimal{fitting(kRateScale), kRateScale};
    }
    case Kind::money: return Money{fitting(0), value.unit};
    case Kind::id: return Id{value.number.word()};
    case Kind::date: return Date{static_cast<std::int32_t>(value.number.word())};
    case Kind::timestamp: return Timestamp{value.number.word()};
    case Kind::choice: {
      const std::int64_t number = value.number.word();
      if (number < 1 || number > static_cast<std::int64_t>(node.choices.size())) {
        throw Error(Code::corrupt, text_of({Say::choice_number, {std::to_string(number)}}, run.language));
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
