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
///                   | ['not'] 'in' ( ':' name | '(' sum (',' sum)* ')' ) | 'is' ['not'] 'null'
///                   | ['not'] 'contains' sum | ['not'] 'starts' 'with' sum ]
///     sum    := product (('+' | '-') product)*      product := unary (('*' | '/') unary)*
///     unary  := '-' unary | literal | ':' name | name | function '(' or (',' or)* ')' | '(' or ')'
///     literal:= 12 | 12.5 | 12.50 USD | 12.5 % | 'text' ('' is a quote) | true | false | null | date '2017-03-01'
///               | timestamp '2017-03-01T00:00:00Z'
///     name   := a letter of any script or '_', then letters, digits, '_' and '.'
/// At most 64 KiB of text and 64 levels of parentheses, function calls, `not` and unary minus.
///
/// Functions: min(a, ...) and max(a, ...) of numbers, money, dates or timestamps, null when one of them is null;
/// clamp(a, low, high) = max(low, min(a, high)); abs(a); round(a [, digits [, 'mode']]) with the digits after the point
/// kept (-18 to 18; of money by default those of its currency, of a number 0) and a mode of kith::Rounding, by default
/// half_up; if(condition, then, else), else also when the condition is unknown; coalesce(a, ...), the first that is not
/// null; days_between(from, to), the calendar days from one date to another; contains(a, b) and starts_with(a, b),
/// other words for the tests. With Lookups: today(); rate('EUR', 'USD', day); base(money [, day]) in the scope's
/// currency and convert(money, 'EUR' [, day]), both rounded half-up to the minor unit, today without a day;
/// lookup('membership.unit', key, day), the field of the dated row of that key that holds on the day, or null.
///
/// Types: an operation takes operands of one type. Money and numbers do not mix (Money * number and Money / number
/// are Money; Money / Money is a number); Money x Money is an error, and so is an operation on amounts in two
/// currencies: of two known ones when it is compiled, of two of a record when it is evaluated. A date plus or minus a
/// whole number is the date that many days later or earlier. Numbers have no precision to lose: they are exact
/// fractions until a value leaves the expression. Division by zero is null. A null makes a comparison unknown; `and`,
/// `or`, `not` are three-valued (SQL). Numbers, money, text, dates, timestamps and ids are ordered; choices, currencies
/// and booleans only compare with =, != and `in`; bytes are only tested with `is null`. Text compares by its bytes;
/// `contains` and `starts with` compare folded keys (see fold). Where a constant is compared, a text becomes the date,
/// timestamp, currency, id (digits) or choice (its name) it is compared with, and an integer becomes an id; there is no
/// other conversion. A list is a parameter that stands to the right of `in`, alone or among other values.
///
/// Errors are Error{invalid} with the 1-based position in code points, and the scope's title as entity:
/// "unknown field 'amout' at character 5. Did you mean amount?". See Fault for their codes and languages.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/language.hpp"
#include "kith/schema/condition.hpp"
#include "kith/schema/lookups.hpp"

namespace kith {

/// A name that an expression may read. A field whose name is a keyword (and or not in is null between true false)
/// cannot be read; `date`, `contains` and the like can.
struct ScopeName {
  std::string name;
  Type type = Type::text;
  int scale = 0;                                   ///< of a decimal, 0 to 18
  std::span<const std::string_view> choices = {};  ///< of a choice; must outlive what is compiled
  bool in_base = false;                            ///< money in Scope::currency, whatever `currency_field` says
};

/// The names an expression is compiled against; position i is column i of what it is evaluated on.
struct Scope {
  std::string title;  ///< for messages: "opportunity"
  std::vector<ScopeName> names;
  Currency currency;        ///< of money that names no other, and what base() converts to
  int currency_field = -1;  ///< position of the column with each row's currency; -1: all are in `currency`
  std::span<const DatedName> dated = {};  ///< what lookup() may read
  Language language = Language::english;  ///< of the messages of errors
  /// What is compiled must depend on its row alone: today(), rate(), base(), convert() and lookup() are refused.
  bool row_only = false;
};

/// All fields of an entity in table order (so position = field position), its money in the currency its role names.
Scope scope_of(const Entity& entity, Currency currency);

/// Values by name, without the colon, and lists of values. A name is in one of them only.
struct Parameters : std::map<std::string, Value, std::less<>> {
  using map::map;
  std::map<std::string, std::vector<Value>, std::less<>> lists = {};
};

/// What is wrong with a text.
struct Fault {
  std::string code;                       ///< stable: "unknown_field"
  std::size_t position = 0;               ///< 1-based, in code points; 0 where no place is to blame
  std::vector<std::string> details = {};  ///< what the message names, in English: the word, the types, near names
  std::string english, chinese, japanese;
  const std::string& text(Language language) const;
};

/// One part of an expression with its value for one row.
struct Explanation {
  std::string text;        ///< the part, in canonical form
  std::string shown;       ///< its value: "true", "unknown", "1000.00 USD", "1/3", "'open'"; "" when not evaluated
  bool evaluated = false;  ///< false: the result was decided before it
  std::string note = {};   ///< stable code of a remark: "null_operand", "divided_by_zero", "decided"; mostly ""
  std::vector<Explanation> parts = {};

  /// A line for each part, indented under what it belongs to. Constants have no line of their own.
  std::string to_text(Language language = Language::english) const;
  /// {"text", "value", "note", "parts"}; value is null where nothing was evaluated.
  std::string to_json() const;
};

/// Columns by scope position; null where the position is not needed.
using ColumnView = std::vector<const Column*>;

/// A checked, compiled expression. Immutable; may be shared by threads.
class Expression {
 public:
  /// Parses, types and binds; keeps nothing of `text` and `parameters`. A parameter has the type of its value; null
  /// fits every type. Parameters that the text does not name are ignored. Errors: invalid, with the character
  /// position and near names.
  static Expression compile(std::string_view text, const Scope& scope, const Parameters& parameters = {});

  /// From what `json` gives; otherwise as `compile`. Errors: invalid, with the JSON pointer to what is no expression.
  static Expression from_json(std::string_view json, const Scope& scope, const Parameters& parameters = {});
  /// What is wrong with a text, or nothing when it compiles.
  static std::optional<Fault> fault(std::string_view text, const Scope& scope, const Parameters& parameters = {});

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
  /// The canonical tree as JSON, see docs/expressions.md. `from_json` makes the same expression of it.
  std::string json() const;

  /// Truth of rows 0 .. rows-1. Errors: misuse when the type is not boolean, a column that is read is missing, too
  /// short or of another kind, or a function needs lookups and there are none; overflow when a number needs more than
  /// 2,048 bits or a date leaves the years 0001 to 9999; invalid when two currencies meet; not_found for a missing
  /// rate.
  std::vector<Tri> test(const ColumnView& columns, std::size_t rows, const Lookups* lookups = nullptr) const;
  /// The value for one row. Money is rounded half-up (ties away from zero) to the minor unit; a decimal that 18
  /// digits after the point cannot show exactly is rounded half-up to kRateScale digits. A currency comes as its code.
  /// Errors: misuse as in `test`; overflow, also when the value does not fit 64 bits; corrupt for a choice's number
  /// without a name.
  Value value(const ColumnView& columns, std::size_t row, const Lookups* lookups = nullptr) const;
  /// How the value of one row comes about, part by part. Parts that decide nothing are not evaluated. Errors: as
  /// `value`.
  Explanation explain(const ColumnView& columns, std::size_t row, const Lookups* lookups = nullptr) const;

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
