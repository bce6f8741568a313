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
#include "schema/expression_message.hpp"

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
  list,  ///< a parameter with the values in `args`
};

/// What a node yields. `null` is the null that could be of any kind.
enum class Kind { null, boolean, number, money, id, text, choice, currency, date, timestamp, bytes };

enum class Compare { eq, ne, lt, le, gt, ge };

enum class Function { min, max, clamp, abs, round, if_, coalesce, days_between, today, rate, base, convert, lookup };

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
  Currency unit = {};                    ///< of money that may be in any currency: what rows must be in
  bool in_unit = false;                  ///< rows in another currency than `unit` are an error
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
  std::optional<Currency> unit = {};  ///< of money; none: known for each row only
  std::optional<int> digits = {};     ///< of round
  Rounding mode = Rounding::half_up;  ///< of round
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

/// The Error of a text that does not compile, with what it says in every language.
class Refusal : public Error {
 public:
  Refusal(const Scope& scope, Fault fault);
  Fault fault;
};

/// Throws a Refusal that points at a byte of the text, or at no place.
[[noreturn]] void fail(const Source& source, std::size_t at, const Phrase& what);
[[noreturn]] void fail(const Source& source, const Phrase& what);

/// " Did you mean a, b?" or " Known are a, b."; see kith::suggest.
Phrase suggestion(std::string_view word, std::span<const std::string_view> known);

/// What `read` returns; its Error becomes one that points into the text.
template <class Read>
auto reading(const Source& source, std::size_t at, Say what, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    fail(source, at, {what, {error.message}});
  }
}

/// What evaluation knows besides the row.
struct Run {
  const ColumnView& columns;
  const Lookups* lookups = nullptr;
  Currency currency = {};
  int currency_field = -1;
  Language language = Language::english;
};

Node parse(const Source& source);
void bind(const Source& source, Node& root);
/// The canonical text.
std::string print(const Node& node);

/// The kernel of a bound node, where it is the test of one column against constants.
std::unique_ptr<const Kernel> kernel_of(const Node& node);
/// The node as a condition with the same three-valued meaning, where there is one.
std::optional<Condition> condition_of(const Node& node);
/// The condition of a kernel whose money may be in any currency, as one of the outermost `and`. Rows in another
/// currency must come back, because they are an error, unless `guarded`: another conjunct keeps them away.
std::optional<Condition> conjunct_in_unit(const Node& node, int currency_field, bool guarded);

/// Truth of rows 0 .. rows-1 into `out`.
void test_rows(const Node& node, const Run& run, std::size_t rows, Tri* out);
/// The value of one row.
Value value_of(const Node& node, const Run& run, std::size_t row);
Explanation explain(const Node& node, const Run& run, std::size_t row);

std::string to_json(const Node& node);
/// The text of an expression given as JSON.
std::string text_of_json(std::string_view json, const Scope& scope);

/// True for the kinds that are texts, not numbers.
inline bool is_text(Kind kind) { return kind == Kind::text || kind == Kind::currency || kind == Kind::bytes; }

}  // namespace kith::expr
