// SPDX-License-Identifier: Apache-2.0
// Random expressions against a second implementation that knows neither kernels nor push-down: every generated text
// comes with a function that says its meaning with rationals of arbitrary precision.

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <functional>

#include "schema/expression_fixture.hpp"
#include "support/soak.hpp"

namespace kith {
namespace {

using testing::compile;
using testing::deal;
using testing::Position;
using testing::view;
using Rational = boost::multiprecision::cpp_rational;

template <class T>
struct Meaning {
  std::string text;
  std::function<std::optional<T>(std::size_t row)> of;
};
using Truth = Meaning<bool>;
using Numeric = Meaning<Rational>;

std::optional<bool> either(std::optional<bool> a, std::optional<bool> b) {
  if (a == true || b == true) return true;
  if (!a || !b) return std::nullopt;
  return false;
}
std::optional<bool> opposite(std::optional<bool> a) { return a ? std::optional<bool>(!*a) : std::nullopt; }

constexpr std::array<std::string_view, 7> kRelations = {"=", "!=", "<>", "<", "<=", ">", ">="};

template <class T>
std::optional<bool> relate(const std::optional<T>& a, std::string_view relation, const std::optional<T>& b) {
  if (!a || !b) return std::nullopt;
  if (relation == "=") return *a == *b;
  if (relation == "!=" || relation == "<>") return *a != *b;
  if (relation == "<") return *a < *b;
  if (relation == "<=") return *a <= *b;
  return relation == ">" ? *a > *b : *a >= *b;
}

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::int64_t upto(std::int64_t most) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most + 1));
  }
  bool chance(int percent) { return upto(99) < percent; }

  /// Rows whose values meet the constants of the texts often.
  void fill(Batch& batch, std::size_t rows) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t field = 0; field < batch.columns.size(); ++field) {
        Column& column = batch.columns[field];
        if (chance(20)) {
          column.append_null();
        } else if (column.is_text()) {
          column.append(std::string_view(field == Position::kUnit ? pick({"USD", "EUR", "JPY"}) : pick(kWords)));
        } else {
          column.append(word(static_cast<int>(field)));
        }
      }
    }
    batch_ = &batch;
  }

  Parameters parameters;

  Truth truth(int depth) {
    if (depth > 0 && chance(60)) return joined(depth);
    Truth test = leaf(depth);
    if (chance(10)) test.text = "(" + test.text + ")";
    return test;
  }

 private:
  using Words = std::vector<std::string>;
  inline static const Words kWords = {"", "a", "A", "ab", "it's", "ß", "SS", "日本", "b"};

  std::string pick(const Words& words) { return words[static_cast<std::size_t>(upto(std::ssize(words) - 1))]; }

  std::int64_t word(int field) {
    switch (field) {
      case Position::kStage: return 1 + upto(2);
      case Position::kActive: return upto(1);
      case Position::kQuantity: return chance(5) ? extreme() : (upto(12) - 6) * 500'000 + upto(2) - 1;
      case Position::kVisits: return chance(5) ? extreme() : upto(8) - 4;
      case Position::kId: return upto(5) + 1;
      case Position::kDue: return 17'000 + upto(3);
      case Position::kMade: return (17'000 + upto(3)) * 86'400'000'000 + upto(1);
      default: return chance(5) ? extreme() : upto(8) * 100 - 400;
    }
  }
  std::int64_t extreme() {
    return chance(50) ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }

  std::string relation(bool ordered) {
    return std::string(kRelations[static_cast<std::size_t>(upto(ordered ? 6 : 2))]);
  }

  std::string wrap(std::string text) { return chance(30) ? "(" + text + ")" : text; }

  std::string parameter(Value value) {
    const std::string name = "p" + std::to_string(parameters.size());
    parameters.emplace(name, std::move(value));
    return ":" + name;
  }

  std::optional<std::int64_t> cell(int field, std::size_t row) const {
    const Column& column = batch_->column(field);
    return column.is_null(row) ? std::nullopt : std::optional(column.word(row));
  }
  std::function<std::optional<std::string>(std::size_t)> text_of(int field) const {
    return [this, field](std::size_t row) -> std::optional<std::string> {
      const Column& column = batch_->column(field);
      if (column.is_null(row)) return std::nullopt;
      return std::string(column.text(row));
    };
  }
  Numeric column(std::string name, int field, std::int64_t unit) const {
    return {std::move(name), [this, field, unit](std::size_t row) -> std::optional<Rational> {
              const auto found = cell(field, row);
              return found ? std::optional(Rational(*found) / unit) : std::nullopt;
            }};
  }

  static Numeric fixed(std::string text, std::optional<Rational> value) {
    return {std::move(text), [value](std::size_t) { return value; }};
  }

  /// A number constant: literal or parameter, whole, halves, more digits than any column has, huge, or null.
  Numeric number_constant() {
    if (chance(5)) return fixed(chance(50) ? "null" : parameter({}), std::nullopt);
    if (chance(5)) {
      const std::int64_t huge = extreme();
      return fixed(chance(50) ? std::to_string(huge) : parameter(huge), Rational(huge));
    }
    if (chance(10)) return percent();
    const int scale = static_cast<int>(upto(2)) * 4;
    std::int64_t unit = power_of_ten(scale);
    const std::int64_t coefficient = (upto(12) - 6) * unit / 2 + (scale > 0 && chance(30) ? upto(4) - 2 : 0);
    const Decimal decimal{coefficient, scale};
    const Rational value = Rational(coefficient) / unit;
    if (chance(30)) return fixed(parameter(decimal), value);
    return fixed(to_string(decimal), value);
  }
  Numeric percent() {
    const std::int64_t shown = upto(400) - 200;
    return fixed(std::to_string(shown) + " %", Rational(shown) / 100);
  }
  Numeric money_constant() {
    if (chance(5)) return fixed("null", std::nullopt);
    const std::int64_t minor = chance(5) ? extreme() : upto(8) * 100 - 400 + upto(1);
    const Money money{minor, currency("USD")};
    if (chance(30)) return fixed(parameter(money), Rational(minor));
    return fixed(to_string(money) + " USD", Rational(minor));
  }

  /// Arithmetic in money or plain numbers; `depth` 0 gives a column or constant.
  Numeric arithmetic(bool money, int depth) {
    if (depth == 0 || chance(40)) {
      if (chance(40)) return money ? money_constant() : number_constant();
      if (money) return chance(50) ? column("amount", Position::kAmount, 1) : column("cost", Position::kCost, 1);
      return chance(50) ? column("quantity", Position::kQuantity, 1'000'000) : column("visits", Position::kVisits, 1);
    }
    switch (upto(6)) {
      case 0: return combine(arithmetic(money, depth - 1), '+', arithmetic(money, depth - 1));
      case 1: return combine(arithmetic(money, depth - 1), '-', arithmetic(money, depth - 1));
      case 2: return combine(arithmetic(money, depth - 1), '*', arithmetic(false, depth - 1));
      case 3: return combine(arithmetic(money, depth - 1), '/', arithmetic(false, depth - 1));
      case 4: return call(money, depth);
      case 5: {
        const Numeric arg = arithmetic(money, depth - 1);
        return {"-(" + arg.text + ")", [arg](std::size_t row) {
                  auto value = arg.of(row);
                  if (value) *value = -*value;
                  return value;
                }};
      }
      default:
        if (money) return combine(arithmetic(false, depth - 1), '*', arithmetic(true, depth - 1));
        return combine(arithmetic(true, depth - 1), '/', arithmetic(true, depth - 1));
    }
  }

  Numeric combine(Numeric a, char sign, Numeric b) {
    return {"(" + a.text + ") " + sign + " (" + b.text + ")", [=](std::size_t row) -> std::optional<Rational> {
              const auto x = a.of(row);
              const auto y = b.of(row);
              if (!x || !y || (sign == '/' && *y == 0)) return std::nullopt;
              switch (sign) {
                case '+': return Rational(*x + *y);
                case '-': return Rational(*x - *y);
                case '*': return Rational(*x * *y);
                default: return Rational(*x / *y);
              }
            }};
  }

  Numeric call(bool money, int depth) {
    const Numeric a = arithmetic(money, depth - 1);
    const Numeric b = arithmetic(money, depth - 1);
    switch (upto(4)) {
      case 0:
        return {"min(" + a.text + ", " + b.text + ")", [=](std::size_t row) -> std::optional<Rational> {
                  const auto x = a.of(row);
                  const auto y = b.of(row);
                  return x && y ? std::optional(std::min(*x, *y)) : std::nullopt;
                }};
      case 1:
        return {"max(" + a.text + ", " + b.text + ")", [=](std::size_t row) -> std::optional<Rational> {
                  const auto x = a.of(row);
                  const auto y = b.of(row);
                  return x && y ? std::optional(std::max(*x, *y)) : std::nullopt;
                }};
      case 2:
        return {"coalesce(" + a.text + ", " + b.text + ")", [=](std::size_t row) {
                  const auto x = a.of(row);
                  return x ? x : b.of(row);
                }};
      case 3:
        return {"abs(" + a.text + ")", [=](std::size_t row) {
                  auto x = a.of(row);
                  if (x && *x < 0) *x = -*x;
                  return x;
                }};
      default: {
        const Truth condition = truth(depth - 1);
        return {"if(" + condition.text + ", " + a.text + ", " + b.text + ")",
                [=](std::size_t row) { return condition.of(row) == true ? a.of(row) : b.of(row); }};
      }
    }
  }

  Truth compared(int depth) {
    const bool money = chance(50);
    const int deep = depth > 0 && chance(40) ? 2 : 0;
    const Numeric a = arithmetic(money, deep);
    const Numeric b = arithmetic(money, deep);
    const std::string sign = relation(true);
    return {wrap(a.text) + " " + sign + " " + wrap(b.text),
            [=](std::size_t row) { return relate(a.of(row), sign, b.of(row)); }};
  }

  Truth between(int depth) {
    const bool money = chance(50);
    const int deep = depth > 0 && chance(20) ? 1 : 0;
    const Numeric x = arithmetic(money, deep);
    const Numeric low = arithmetic(money, deep);
    const Numeric high = arithmetic(money, deep);
    const bool negated = chance(30);
    return {"(" + x.text + ")" + (negated ? " not" : "") + " between " + low.text + " and " + high.text,
            [=](std::size_t row) {
              const auto outside = either(relate(x.of(row), "<", low.of(row)), relate(x.of(row), ">", high.of(row)));
              return negated ? outside : opposite(outside);
            }};
  }

  Truth listed(int depth) {
    const bool money = chance(50);
    const int deep = depth > 0 && chance(20) ? 1 : 0;
    const Numeric x = arithmetic(money, deep);
    std::vector<Numeric> list;
    std::string text = "(" + x.text + ")";
    const bool negated = chance(30);
    text += negated ? " not in (" : " in (";
    for (auto count = 1 + upto(3); count > 0; --count) {
      list.push_back(chance(70) ? (money ? money_constant() : number_constant()) : arithmetic(money, deep));
      text += (list.size() > 1 ? ", " : "") + list.back().text;
    }
    return {text + ")", [=](std::size_t row) {
              std::optional<bool> found = false;
              for (const Numeric& one : list) found = either(found, relate(x.of(row), "=", one.of(row)));
              return negated ? opposite(found) : found;
            }};
  }

  /// A field of words with its constants, each a text and the word it stands for.
  Truth worded() {
    struct Row {
      std::string name;
      int field;
      bool ordered;
      std::vector<std::pair<std::string, std::int64_t>> constants;
    };
    static const std::int64_t day = 86'400'000'000;
    static const std::vector<Row> rows = {
        {"stage", Position::kStage, false, {{"'open'", 1}, {"'won'", 2}, {"'lost'", 3}}},
        {"active", Position::kActive, false, {{"true", 1}, {"false", 0}}},
        {"id", Position::kId, true, {{"3", 3}, {"'4'", 4}}},
        {"due", Position::kDue, true, {{"date '2016-07-18'", 17'000}, {"'2016-07-19'", 17'001}}},
        {"made",
         Position::kMade,
         true,
         {{"'2016-07-18'", 17'000 * day}, {"timestamp '2016-07-19T00:00:00Z'", 17'001 * day}}}};
    const Row& row = rows[static_cast<std::size_t>(upto(std::ssize(rows) - 1))];
    const auto& [text, value] = row.constants[static_cast<std::size_t>(upto(std::ssize(row.constants) - 1))];
    const std::string sign = relation(row.ordered);
    const bool swapped = chance(20);
    const int field = row.field;
    return {swapped ? text + " " + sign + " " + row.name : row.name + " " + sign + " " + text,
            [this, field, sign, swapped, limit = std::optional(value)](std::size_t at) {
              return swapped ? relate(limit, sign, cell(field, at)) : relate(cell(field, at), sign, limit);
            }};
  }

  Truth texts() {
    const bool unit = chance(30);
    const auto field = text_of(unit ? Position::kUnit : Position::kTitle);
    const std::string name = unit ? "unit" : "title";
    const auto constant = [&] {
      const std::string chosen = unit ? pick({"USD", "EUR"}) : pick(kWords);
      std::string quoted = "'";
      for (const char c : chosen) quoted += c == '\'' ? std::string("''") : std::string(1, c);
      return std::pair(chance(30) ? parameter(chosen) : quoted + "'", std::optional(chosen));
    };
    const auto [first_text, first] = constant();
    if (chance(30)) {
      const auto [second_text, second] = constant();
      return {name + " in (" + first_text + ", " + second_text + ")", [field, a = first, b = second](std::size_t row) {
                return either(relate(field(row), "=", a), relate(field(row), "=", b));
              }};
    }
    const std::string sign = relation(!unit);
    return {name + " " + sign + " " + first_text,
            [field, sign, limit = first](std::size_t row) { return relate(field(row), sign, limit); }};
  }

  Truth searched() {
    const bool begins = chance(50);
    const std::string needle = chance(50) ? "a" : "B";
    const auto field = text_of(Position::kTitle);
    return {std::string("title ") + (begins ? "starts with" : "contains") + " '" + needle + "'",
            [=](std::size_t row) -> std::optional<bool> {
              auto hay = field(row);
              if (!hay) return std::nullopt;
              for (char& c : *hay) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
              const auto found = hay->find(needle == "B" ? "b" : "a");
              return begins ? found == 0 : found != std::string::npos;
            }};
  }

  Truth leaf(int depth) {
    switch (upto(9)) {
      case 0:
      case 1: return compared(depth);
      case 2: return between(depth);
      case 3: return listed(depth);
      case 4:
      case 5: return worded();
      case 6: return texts();
      case 7: return chance(50) ? searched() : texts();
      case 8: {
        const int field = static_cast<int>(upto(Position::kDigest));
        const bool negated = chance(50);
        const std::string name(deal().fields[static_cast<std::size_t>(field)].name);
        return {name + (negated ? " is not null" : " is null"),
                [this, field, negated](std::size_t row) { return batch_->column(field).is_null(row) != negated; }};
      }
      default: {
        if (chance(30)) return {chance(50) ? "true" : parameter(true), [](std::size_t) { return true; }};
        return {"active", [this](std::size_t row) -> std::optional<bool> {
                  const auto found = cell(Position::kActive, row);
                  return found ? std::optional(*found != 0) : std::nullopt;
                }};
      }
    }
  }

  Truth joined(int depth) {
    if (chance(25)) {
      const Truth inner = truth(depth - 1);
      return {"not (" + inner.text + ")", [inner](std::size_t row) { return opposite(inner.of(row)); }};
    }
    const bool both = chance(60);
    Truth whole = truth(depth - 1);
    whole.text = "(" + whole.text + ")";
    for (auto more = 1 + upto(2); more > 0; --more) {
      const Truth next = truth(depth - 1);
      whole = {whole.text + (both ? " and (" : " or (") + next.text + ")", [=, left = whole](std::size_t row) {
                 const auto a = left.of(row);
                 const auto b = next.of(row);
                 return both ? opposite(either(opposite(a), opposite(b))) : either(a, b);
               }};
    }
    return {"(" + whole.text + ")", whole.of};
  }

  std::mt19937_64 random_;
  const Batch* batch_ = nullptr;
};

Tri tri(std::optional<bool> truth) { return !truth ? Tri::unknown : *truth ? Tri::yes : Tri::no; }

Tri all_of(const std::vector<Condition>& conjuncts, const Batch& batch, std::size_t row) {
  Tri result = Tri::yes;
  for (const Condition& condition : conjuncts) result = tri_and(result, evaluate(condition, batch, row));
  return result;
}

TEST(ExpressionRandom, AgreesWithASecondImplementationAndWithWhatIsPushedDown) {
  constexpr std::size_t kRows = 40;
  int pushed = 0;
  int fully = 0;
  std::array<int, 3> seen = {};
  for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(test::turns_of(4'000)); ++seed) {
    Generator generator(seed);
    Batch batch(deal());
    generator.fill(batch, kRows);
    const Truth truth = generator.truth(static_cast<int>(seed % 4));
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + truth.text);
    const Expression expression = compile(truth.text, generator.parameters);
    const std::string canonical = expression.text();
    const Expression again = compile(canonical, generator.parameters);
    ASSERT_EQ(again.text(), canonical);
    const ColumnView columns = view(batch);
    const std::vector<Tri> tested = expression.test(columns, kRows);
    ASSERT_EQ(again.test(columns, kRows), tested) << canonical;
    const std::vector<Condition> conjuncts = expression.conjuncts();
    pushed += conjuncts.empty() ? 0 : 1;
    fully += expression.fully_pushed() ? 1 : 0;
    for (std::size_t row = 0; row < kRows; ++row) {
      ASSERT_EQ(tested[row], tri(truth.of(row))) << "row " << row << ", " << canonical;
      ++seen[static_cast<std::size_t>(tested[row])];
      const Tri offered = all_of(conjuncts, batch, row);
      if (expression.fully_pushed()) {
        ASSERT_EQ(offered, tested[row]) << "row " << row;
      } else if (tested[row] == Tri::yes) {
        ASSERT_EQ(offered, Tri::yes) << "row " << row << " would be lost";
      }
      const Value value = expression.value(columns, row);
      ASSERT_EQ(value, tested[row] == Tri::unknown ? Value() : Value(tested[row] == Tri::yes)) << "row " << row;
    }
  }
  EXPECT_GT(pushed, test::turns_of(1'000));
  EXPECT_GT(fully, test::turns_of(500));
  for (const int count : seen) EXPECT_GT(count, test::turns_of(10'000));
}

/// Compiles what may be anything. Returns whether it was an expression; anything but Error{invalid} fails the test.
bool survives(const std::string& text, const Batch& batch) {
  const Parameters parameters = {{"q", std::int64_t{1}}, {"t", std::string("open")}, {"n", Value()}};
  try {
    const Expression expression = compile(text, parameters);
    EXPECT_EQ(compile(expression.text(), parameters).text(), expression.text()) << text;
    for (std::size_t row = 0; row < batch.rows(); ++row) (void)expression.value(view(batch), row);
    return true;
  } catch (const Error& error) {
    // Numbers of a valid expression may leave 64 bits at the end.
    EXPECT_TRUE(error.code == Code::invalid || error.code == Code::overflow) << text << ": " << error.message;
    return false;
  }
}

TEST(ExpressionRandom, NoBytesCrashIt) {
  Generator generator(99);
  Batch batch(deal());
  generator.fill(batch, 3);
  const std::string likely = "abc01.:'()<>=!+-*/%, \n\"\xE6\x97\xA5\xFF";
  for (int i = 0; i < test::turns_of(20'000); ++i) {
    std::string text;
    for (auto length = generator.upto(60); length > 0; --length) {
      text += generator.chance(70) ? likely[static_cast<std::size_t>(generator.upto(std::ssize(likely) - 1))]
                                   : static_cast<char>(generator.upto(255));
    }
    (void)survives(text, batch);
  }
}

TEST(ExpressionRandom, NoTokenSoupCrashesIt) {
  Generator generator(7);
  Batch batch(deal());
  generator.fill(batch, 3);
  // clang-format off
  const std::vector<std::string> tokens = {
      "and", "or", "not", "in", "is", "null", "between", "contains", "starts", "with", "true", "false", "date",
      "timestamp", "(", ")", "(", ")", ",", "+", "-", "*", "/", "%", "=", "!=", "<>", "<", "<=", ">", ">=", "min(",
      "if(", "coalesce(", "abs(", "max(", "days_between(", "amount", "cost", "visits", "quantity", "stage", "title",
      "due", "made", "active", "id", "unit", "digest", ":q", ":t", ":n", ":x", "1", "2.5", "10 USD", "5 %", "'open'",
      "'2017-03-01'", "'it''s'",
      "date '2017-03-01'", "0", "9223372036854775807", "1 EUR", "''", "'"};
  // clang-format on
  int valid = 0;
  for (int i = 0; i < test::turns_of(20'000); ++i) {
    std::string text;
    for (auto length = 1 + generator.upto(i % 3 == 0 ? 25 : 6); length > 0; --length) {
      text += tokens[static_cast<std::size_t>(generator.upto(std::ssize(tokens) - 1))] + " ";
    }
    valid += survives(text, batch) ? 1 : 0;
  }
  EXPECT_GT(valid, test::turns_of(100));
}

TEST(ExpressionRandom, NoCutOrChangedExpressionCrashesIt) {
  Batch batch(deal());
  Generator(1).fill(batch, 3);
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    Generator generator(seed);
    Batch unused(deal());
    generator.fill(unused, 1);
    std::string text = generator.truth(2).text;
    const auto place = [&] { return static_cast<std::size_t>(generator.upto(std::ssize(text) - 1)); };
    switch (generator.upto(3)) {
      case 0: text.resize(place()); break;
      case 1: text.erase(place(), 1); break;
      case 2: text[place()] = static_cast<char>(generator.upto(255)); break;
      default: text.insert(place(), text.substr(place(), 5)); break;
    }
    (void)survives(text, batch);
  }
}

}  // namespace
}  // namespace kith
