// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One small typed language for filters, stage guards and plan eligibility. Total: no loops, no side effects;
/// values from outside enter only as parameters, so text never becomes code.
///
///     status = 'open' and amount >= 1000.00 USD and name contains :q
///
/// Grammar (keywords in any case, names exactly as in the schema):
///     or     := and ('or' and)*          and  := not ('and' not)*        not := 'not' not | test
///     test   := sum [ ('=' | '!=' | '<>' | '<' | '<=' | '>' | '>=') sum | ['not'] 'between' sum 'and' sum
///                   | ['not'] 'in' '(' sum (',' sum)* ')' | 'is' ['not'] 'null' | ['not'] 'contains' sum
///                   | ['not'] 'starts' 'with' sum ]
///     sum    := product (('+' | '-') product)*      product := unary (('*' | '/') unary)*
///     unary  := '-' unary | literal | ':' name | name | function '(' [or (',' or)*] ')' | '(' or ')'
///     literal:= 12 | 12.5 | 12.50 USD | 12.5 % | 'text' ('' is a quote) | true | false | null | date '2017-03-01'
///               | timestamp '2017-03-01T00:00:00Z'
/// Functions: min, max, abs, if(condition, then, else), coalesce, days_between(from, to), lower is not needed:
/// `contains`, `starts with` and `=` on text compare folded keys for the first two and exact bytes for `=`.
/// Types: Money and numbers do not mix (Money * number and Money / number are Money; Money / Money is a number);
/// Money x Money, and money in two currencies, are errors. A null makes a comparison unknown; `and`, `or` are
/// three-valued (SQL). Numbers are exact rationals inside one evaluation; division by zero is null.
///
/// Errors are Error{invalid} with the position: "unknown field 'amout' at character 5. Did you mean amount?".

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kith/schema/condition.hpp"

namespace kith {

/// A name that an expression may read.
struct ScopeName {
  std::string name;
  Type type = Type::text;
  int scale = 0;
  std::span<const std::string_view> choices = {};
};

/// The names an expression is compiled against; position i is column i of what it is evaluated on.
struct Scope {
  std::string title;                ///< for messages: "opportunity"
  std::vector<ScopeName> names;
  Currency currency;                ///< of all money in it
};

/// All fields of an entity in table order (so position = field position).
Scope scope_of(const Entity& entity, Currency currency);

/// Values by name, without the colon.
using Parameters = std::map<std::string, Value, std::less<>>;

/// Columns by scope position; null where the position is not needed.
using ColumnView = std::vector<const Column*>;

/// A checked, compiled expression. Immutable; may be shared by threads.
class Expression {
 public:
  /// Parses, types and binds. Errors: invalid, with the character position and near names.
  static Expression compile(std::string_view text, const Scope& scope, const Parameters& parameters = {});

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  /// The result type; Type::boolean for a filter.
  Type type() const;
  /// The canonical text: one spelling for one meaning, parameters kept as :names. Compiles back to the same tree.
  std::string text() const;
  /// Scope positions it reads, ascending.
  const std::vector<int>& reads() const;

  /// Truth of rows 0 .. rows-1. Errors: misuse when the type is not boolean; overflow.
  std::vector<Tri> test(const ColumnView& columns, std::size_t rows) const;
  /// The value for one row.
  Value value(const ColumnView& columns, std::size_t row) const;

  /// Conjuncts that storage may be offered. Together with `test` on what comes back they give the same rows:
  /// offering is an optimisation, never the truth.
  std::vector<Condition> conjuncts() const;
  /// True when `conjuncts` already say everything, so that rows need no second test.
  bool fully_pushed() const;

 private:
  struct Program;
  explicit Expression(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace kith
