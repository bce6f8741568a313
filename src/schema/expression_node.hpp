// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to expressions: the tree between parsing and evaluation. The parser leaves names and literals; `bind`
/// gives every node a kind, resolves names and normalises; afterwards the tree never changes. Sums, products,
/// `and` and `or` are flat lists, so the depth of a tree is bounded by the nesting of its text.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/schema/expression.hpp"

namespace kith::expr {

/// A text at this limit compiles and runs within 512 KiB of stack in a release build, 2 MiB under the sanitizers.
inline constexpr int kMostNesting = 64;
inline constexpr std::size_t kMostText = 64 * 1024;

enum class Op {
  literal,
  parameter,
  field,
  negate,
  sum,
  product,
  compare,
  between,
  in,
  is_null,
  contains,
  starts_with,
  none,
  all,
  any,
  call,
};

/// What a node yields. `null` is the null that could be of any kind.
enum class Kind { null, boolean, number, money, id, text, choice, currency, date, timestamp, bytes };

enum class Compare { eq, ne, lt, le, gt, ge };

enum class Function { min, max, abs, if_, coalesce, days_between };

/// A literal's or parameter's value: a word (of numbers the coefficient) or text. Choices have both; the text of money
/// is its currency.
struct Constant {
  std::int64_t word = 0;
  int scale = 0;
  std::string text;
};

/// The test of one column against constants, in the units of the column: what runs over whole batches and what
/// storage can be offered. Thresholds between two storable values are already moved to a storable one.
struct Kernel {
  enum class Test { unknown, never, always, eq, ne, lt, le, gt, ge, between, in, is_null };
  Test test = Test::unknown;  ///< `never` and `always` speak of rows that are not null
  int field = -1;
  bool text = false;
  bool list_has_null = false;            ///< of `in`
  std::vector<std::int64_t> words = {};  ///< operands; of `in` ascending
  std::vector<std::string> texts = {};
};

struct Node {
  Op op = Op::literal;
  std::size_t at = 0;  ///< byte offset in the source
  std::vector<Node> args = {};
  std::string signs = {};  ///< sum, product: one of + - * / before each argument
  Compare compare = Compare::eq;
  Function function = Function::min;
  bool negated = false;   ///< between, in, is_null, contains, starts_with
  std::string name = {};  ///< field, parameter, function
  Constant constant = {};

  // From here on filled by bind.
  Kind kind = Kind::null;
  bool whole = false;  ///< a number that is always an integer
  int field = -1;
  int scale = 0;  ///< of a decimal field
  std::span<const std::string_view> choices = {};
  std::unique_ptr<const Kernel> kernel = nullptr;
  bool batchwise = false;   ///< only kernels and and / or / not below
  std::string needle = {};  ///< the folded key of a constant right side of contains, starts_with
};

inline bool is_constant(const Node& node) { return node.op == Op::literal || node.op == Op::parameter; }

/// What messages need to point into the text.
struct Source {
  std::string_view text;
  const Scope& scope;
  const Parameters& parameters;
};

/// Throws Error{invalid}: `what`, the 1-based position in code points, `hint`.
[[noreturn]] void fail(const Source& source, std::size_t at, std::string_view what, std::string_view hint = {});

/// The hint to an amount in a currency other than the scope's.
std::string currency_hint(const Source& source);

/// What `read` returns; its Error becomes one that points into the text.
template <class Read>
auto reading(const Source& source, std::size_t at, std::string_view what, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    fail(source, at, what, ": " + error.message);
  }
}

Node parse(const Source& source);
void bind(const Source& source, Node& root);
/// The canonical text.
std::string print(const Node& node);

/// The kernel of a bound node, where it is the test of one column against constants.
std::unique_ptr<const Kernel> kernel_of(const Node& node);
/// The node as a condition with the same three-valued meaning, where there is one.
std::optional<Condition> condition_of(const Node& node);

/// Truth of rows 0 .. rows-1 into `out`.
void test_rows(const Node& node, const ColumnView& columns, std::size_t rows, Tri* out);
/// The value of one row; money carries `currency`.
Value value_of(const Node& node, Currency currency, const ColumnView& columns, std::size_t row);

}  // namespace kith::expr
