// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One small typed language for filters, stage guards and plan eligibility. Total: no loops, no side effects;
/// values from outside enter only as parameters, so text never becomes code.
///
///     status = 'open' and amount >= 1000.00 USD and name contains :q
///
/// Grammar (keywords and functions in any case, names of fields exactly as in the schema):
///     or     := and ('or' and)*          and  := not ('and' not)*        not := 'not' not | test
///     test   := sum [ ('=' | '!=' | '<>' | '<' | '<=' | '>' | '>=') sum | ['not'] 'between' sum 'and' sum
///                   | ['not'] 'in' '(' sum (',' sum)* ')' | 'is' ['not'] 'null' | ['not'] 'contains' sum
///                   | ['not'] 'starts' 'with' sum ]
///     sum    := product (('+' | '-') product)*      product := unary (('*' | '/') unary)*
///     unary  := '-' unary | literal | ':' name | name | function '(' or (',' or)* ')' | '(' or ')'
///     literal:= 12 | 12.5 | 12.50 USD | 12.5 % | 'text' ('' is a quote) | true | false | null | date '2017-03-01'
///               | timestamp '2017-03-01T00:00:00Z'
///     name   := a letter of any script or '_', then letters, digits, '_' and '.'
/// At most 64 KiB of text and 64 levels of parentheses, function calls, `not` and unary minus.
///
/// Functions: min(a, ...) and max(a, ...) of numbers, money, dates or timestamps, null when one of them is null;
/// abs(a); if(condition, then, else), else also when the condition is unknown; coalesce(a, ...), the first that is not
/// null; days_between(from, to), the calendar days from one date to another.
///
/// Types: an operation takes operands of one type. Money and numbers do not mix (Money * number and Money / number
/// are Money; Money / Money is a number); Money x Money, and money in another currency than the scope's, are errors.
/// Numbers have no precision to lose: they are exact fractions until a value leaves the expression. Division by zero is
/// null. A null makes a comparison unknown; `and`, `or`, `not` are three-valued (SQL). Numbers, money, text, dates,
/// timestamps and ids are ordered; choices, currencies and booleans only compare with =, != and `in`; bytes are only
/// tested with `is null`. Text compares by its bytes; `contains` and `starts with` compare folded keys (see fold).
/// Where a constant is compared, a text becomes the date, timestamp, currency, id (digits) or choice (its name) it is
/// compared with, and an integer becomes an id; there is no other conversion.
///
/// Errors are Error{invalid} with the 1-based position in code points, and the scope's title as entity:
/// "unknown field 'amout' at character 5. Did you mean amount?".

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/schema/condition.hpp"

namespace kith {

/// A name that an expression may read. A field whose name is a keyword (and or not in is null between true false)
/// cannot be read; `date`, `contains` and the like can.
struct ScopeName {
  std::string name;
  Type type = Type::text;
  int scale = 0;                                   ///< of a decimal, 0 to 18
  std::span<const std::string_view> choices = {};  ///< of a choice; must outlive what is compiled
};

/// The names an expression is compiled against; position i is column i of what it is evaluated on.
struct Scope {
  std::string title;  ///< for messages: "opportunity"
  std::vector<ScopeName> names;
  Currency currency;  ///< of all money in it
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
  /// Parses, types and binds; keeps nothing of `text` and `parameters`. A parameter has the type of its value; null
  /// fits every type. Parameters that the text does not name are ignored. Errors: invalid, with the character
  /// position and near names.
  static Expression compile(std::string_view text, const Scope& scope, const Parameters& parameters = {});

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  /// The result type; Type::boolean for a filter, and for a null of no known type. A number is Type::integer when it
  /// is made of integers without division.
  Type type() const;
  /// The canonical text: keywords in lower case, the constant of a comparison on its right, `not` drawn into tests, no
  /// parenthesis that the grammar does not need, parameters kept as :names. Compiles back to itself.
  std::string text() const;
  /// Scope positions it reads, ascending.
  const std::vector<int>& reads() const;

  /// Truth of rows 0 .. rows-1. Errors: misuse when the type is not boolean, or a column that is read is missing, too
  /// short or of another kind; overflow when a number needs more than 2,048 bits.
  std::vector<Tri> test(const ColumnView& columns, std::size_t rows) const;
  /// The value for one row. Money is rounded half-up (ties away from zero) to the minor unit; a decimal that 18
  /// digits after the point cannot show exactly is rounded half-up to kRateScale digits. A currency comes as its code.
  /// Errors: misuse as in `test`; overflow, also when the value does not fit 64 bits; corrupt for a choice's number
  /// without a name.
  Value value(const ColumnView& columns, std::size_t row) const;

  /// Conjuncts that storage may be offered: the parts of the outermost `and` that consist of comparisons of a field
  /// with constants, `between`, `in`, `is null`, and and / or / not over them. Fields are scope positions. A constant
  /// between two storable values is moved to the one that gives the same rows. Together with `test` on what comes back
  /// they give the same rows: offering is an optimisation, never the truth.
  std::vector<Condition> conjuncts() const;
  /// True when `conjuncts` already say everything, so that rows need no second test.
  bool fully_pushed() const;

 private:
  struct Program;
  explicit Expression(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace kith
