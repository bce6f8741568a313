// SPDX-License-Identifier: Apache-2.0
// Functions, lists, currencies by row, look-ups, explanations, JSON and messages of expressions.

#include <gtest/gtest.h>

#include "schema/expression_fixture.hpp"

namespace kith {
namespace {

using testing::compile;
using testing::deal;
using testing::fault;
using testing::Position;
using testing::view;

/// EUR in USD is 1.10 since 2017-01-01; units of employee 7 by date; today is 2017-03-31.
class Known : public Lookups {
 public:
  Date today() const override { return parse_date("2017-03-31"); }
  std::optional<Ratio> rate(Currency from, Currency to, Date on) const override {
    if (on < parse_date("2017-01-01")) return std::nullopt;
    if (from == currency("EUR") && to == currency("USD")) return ratio(11, 10);
    if (from == currency("USD") && to == currency("EUR")) return ratio(10, 11);
    return std::nullopt;
  }
  Value dated(std::string_view name, const Value& key, const Value& moment) const override {
    if (key != Value(Id{7})) return {};
    const bool early = std::get<Date>(moment) < parse_date("2017-02-01");
    if (name == "membership.unit") return early ? Id{70} : Id{71};
    return std::string(early ? "junior" : "senior");
  }
};

/// The deal table, each row in the currency of its `unit`.
Scope mixed_scope() {
  Scope scope = scope_of(deal(), currency("USD"));
  scope.currency_field = Position::kUnit;
  static const std::array<DatedName, 2> dated = {DatedName{.name = "membership.unit", .type = Type::id},
                                                 DatedName{.name = "level.name", .type = Type::text}};
  scope.dated = dated;
  return scope;
}

/// A row in EUR, one in USD, one of nulls (its currency too).
Batch deals() {
  Batch batch(deal());
  const Cell null;
  const std::vector<std::vector<Cell>> rows = {
      {std::int64_t{7}, std::int64_t{1}, "one", std::int64_t{10'000}, std::int64_t{-250}, std::int64_t{2'500'000},
       std::int64_t{3}, std::int64_t{1}, std::int64_t{parse_date("2017-03-01").days}, null, "EUR", null},
      {std::int64_t{8}, std::int64_t{2}, "two", std::int64_t{10'000}, std::int64_t{300}, std::int64_t{-1'500'000},
       std::int64_t{-2}, std::int64_t{0}, std::int64_t{parse_date("2016-12-31").days}, null, "USD", null},
      std::vector<Cell>(12, null)};
  for (const auto& row : rows) {
    for (std::size_t field = 0; field < row.size(); ++field) batch.columns[field].append(row[field]);
  }
  return batch;
}

std::string shown(const Value& value) {
  if (is_null(value)) return "null";
  const auto* money = std::get_if<Money>(&value);
  return to_string(value) + (money != nullptr ? " " + code_of(money->currency) : "");
}

std::string value(std::string_view text, std::size_t row = 0, const Parameters& parameters = {}) {
  const Batch batch = deals();
  const Known known;
  try {
    return shown(Expression::compile(text, mixed_scope(), parameters).value(view(batch), row, &known));
  } catch (const Error& error) {
    return std::string(name_of(error.code)) + ": " + error.message;
  }
}

std::string truth(std::string_view text, const Parameters& parameters = {}) {
  const Batch batch = deals();
  const Known known;
  std::string result;
  for (const Tri tri : Expression::compile(text, mixed_scope(), parameters).test(view(batch), 3, &known)) {
    result += tri == Tri::yes ? 'y' : tri == Tri::no ? 'n' : '?';
  }
  return result;
}

TEST(ExpressionFunction, RoundsByNameInEveryMode) {
  for (std::int64_t half = -9; half <= 9; ++half) {
    for (const Rounding mode : {Rounding::half_up, Rounding::half_even, Rounding::half_down, Rounding::down,
                                Rounding::up, Rounding::floor, Rounding::ceiling, Rounding::half_ceiling}) {
      const std::string text =
          "round(" + to_string(Decimal{half * 25, 2}) + ", 0, '" + std::string(name_of(mode)) + "')";
      EXPECT_EQ(value(text), std::to_string(divide(half * 25, 100, mode))) << text;
      // Thirds have no decimal digits to look at.
      const std::string third = "round(" + std::to_string(half) + " / 3, 2, '" + std::string(name_of(mode)) + "')";
      const Decimal expected{divide(half * 100, 3, mode), 2};
      EXPECT_EQ(value(third + " - " + to_string(expected)), "0") << third;
    }
  }
  EXPECT_EQ(value("round(1234.5678, 2)"), "1234.57");
  EXPECT_EQ(value("round(1250, -2, 'half_even')"), "1200");
  EXPECT_EQ(value("round(amount / 3)"), "33.33 EUR");
  EXPECT_EQ(value("round(amount / 3, 0, 'up')"), "34.00 EUR");
  EXPECT_EQ(value("round(quantity) + 1"), "4");
  EXPECT_EQ(value("round(null)"), "null");
  EXPECT_EQ(compile("round(quantity)").type(), Type::integer);
  EXPECT_EQ(compile("round(quantity, 1)").type(), Type::decimal);
  EXPECT_EQ(fault("round(quantity, visits) = 1"),
            "the digits of 'round' are written as a whole number from -18 to 18, at character 17");
  EXPECT_EQ(fault("round(quantity, 19) = 1"),
            "the digits of 'round' are written as a whole number from -18 to 18, at character 17");
  EXPECT_EQ(fault("round(quantity, 1, 'half_upp') = 1"),
            "the mode of 'round' stands in quotes, such as 'half_up', at character 20. Did you mean half_up?");
}

TEST(ExpressionFunction, ClampsMovesDatesAndSearches) {
  EXPECT_EQ(value("clamp(visits, 0, 2)"), "2");
  EXPECT_EQ(value("clamp(visits, 0, 2)", 1), "0");
  EXPECT_EQ(value("clamp(visits, 5, 2)"), "5");  // The lower bound wins.
  EXPECT_EQ(value("clamp(visits, null, 2)"), "null");
  EXPECT_EQ(value("due + 30"), "2017-03-31");
  EXPECT_EQ(value("due + 30 - visits"), "2017-03-28");
  EXPECT_EQ(value("due - null"), "null");
  EXPECT_EQ(truth("due + 30 >= today()"), "yn?");
  EXPECT_EQ(truth("contains(title, 'ON') or starts_with(title, 'tw')"), "yy?");
  EXPECT_EQ(compile("contains(title, 'a')").text(), "title contains 'a'");
  EXPECT_EQ(value("date '9999-12-31' + 1"), "overflow: date '9999-12-31' + 1 leaves the years 0001 to 9999");
  EXPECT_EQ(value("date '0001-01-01' - 1"), "overflow: date '0001-01-01' - 1 leaves the years 0001 to 9999");
  EXPECT_EQ(value("date '0001-01-01' + 3652058"), "9999-12-31");
  EXPECT_EQ(fault("due + quantity > due"),
            "a date moves by a whole number of days at character 7: write round(...) around it");
  EXPECT_EQ(fault("due - made > 1"),
            "cannot add or subtract a date and a timestamp at character 7: when a day begins "
            "depends on the zone, so write timestamp '2017-03-01T00:00:00Z'");
  EXPECT_EQ(fault("due - due > 1"),
            "cannot add or subtract a date and a date at character 7: days_between(from, to) "
            "counts the days from one date to another");
  EXPECT_EQ(fault("clamp(1, 2) = 1"), "'clamp' takes 3 values, not 2, at character 1");
  EXPECT_EQ(fault("round() = 1"), "'round' takes 1 to 3 values, not 0, at character 1");
}

TEST(ExpressionFunction, TakesLists) {
  Parameters lists;
  lists.lists["ids"] = {std::int64_t{7}, std::string("9")};
  lists.lists["stages"] = {std::string("won"), std::string("lost")};
  lists.lists["none"] = {};
  lists.lists["holes"] = {Value(), std::int64_t{3}};
  EXPECT_EQ(truth("id in :ids", lists), "yn?");
  EXPECT_EQ(truth("id in (8, :ids)", lists), "yy?");
  EXPECT_EQ(truth("stage in :stages", lists), "ny?");
  EXPECT_EQ(truth("stage not in :stages", lists), "yn?");
  EXPECT_EQ(truth("stage in :none", lists), "nnn");  // In nothing is nothing, not even null.
  EXPECT_EQ(truth("stage not in :none", lists), "yyy");
  EXPECT_EQ(truth("visits in :holes", lists), "y??");
  EXPECT_EQ(truth("visits + 0 in :holes", lists), "y??");
  EXPECT_EQ(truth("stage in :one", {{"one", std::string("won")}}), "ny?");
  const Expression expression = compile("id in :ids and stage in ('open', :stages)", lists);
  EXPECT_EQ(expression.text(), "id in :ids and stage in ('open', :stages)");
  EXPECT_EQ(compile(expression.text(), lists).text(), expression.text());
  EXPECT_TRUE(expression.fully_pushed());
  EXPECT_EQ(expression.conjuncts().at(1).operands.size(), 3U);
  EXPECT_EQ(fault("id = :ids", lists), "the list ':ids' at character 6 can only stand to the right of 'in'");
  EXPECT_EQ(fault(":ids", lists), "the list ':ids' at character 1 can only stand to the right of 'in'");
  EXPECT_EQ(fault("stage in :ids", lists), "cannot compare a choice with a number at character 10");
  EXPECT_EQ(fault("visits in :idz", lists),
            "no value is given for the parameter ':idz' at character 11. Did you mean ids?");
  lists.emplace("ids", std::int64_t{1});
  EXPECT_EQ(fault("id in :ids", lists), "':ids' is given as a value and as a list at character 7: give one of them");
}

TEST(ExpressionFunction, KeepsCurrenciesApart) {
  EXPECT_EQ(value("amount"), "100.00 EUR");
  EXPECT_EQ(value("amount", 1), "100.00 USD");
  EXPECT_EQ(value("amount + cost"), "97.50 EUR");
  EXPECT_EQ(value("amount / cost"), "-40");
  EXPECT_EQ(value("max(amount, 1 EUR)"), "100.00 EUR");
  const std::string meets =
      "invalid: EUR meets USD in amount > 1.00 USD: bring amounts to one currency with "
      "base(...) or convert(...), or ask for the currency first";
  EXPECT_EQ(value("amount > 1 USD"), meets);
  EXPECT_EQ(value("amount > 1 USD", 1), "true");
  EXPECT_EQ(value("amount > 1 USD", 2), "null");
  EXPECT_NE(value("amount + 1 USD").find("EUR meets USD in amount + 1.00 USD"), std::string::npos);
  EXPECT_NE(value("amount in (1 USD, 2 USD)").find("EUR meets USD"), std::string::npos);
  EXPECT_NE(value("clamp(amount, 1 USD, 2 USD)").find("EUR meets USD"), std::string::npos);
  // Whoever asks for the currency first meets no other one, whatever the order of the text.
  EXPECT_EQ(truth("unit = 'USD' and amount > 1 USD"), "ny?");
  EXPECT_EQ(truth("amount > 1 USD and unit = 'USD'"), "ny?");
  EXPECT_EQ(truth("base(amount) > 105 USD"), "yn?");
  const auto offer = [](std::string_view text) {
    const Expression expression = Expression::compile(text, mixed_scope());
    return std::to_string(expression.conjuncts().size()) + (expression.fully_pushed() ? " all" : "");
  };
  EXPECT_EQ(offer("amount > 1 USD and unit = 'USD'"), "2 all");
  EXPECT_EQ(offer("amount > 1 USD"), "1");
  EXPECT_EQ(offer("amount > 1 USD or stage = 'won'"), "0");
  EXPECT_EQ(offer("amount is null"), "1 all");
  // What storage is offered keeps the rows that are an error.
  const Batch batch = deals();
  const Condition condition = Expression::compile("amount > 200 USD", mixed_scope()).conjuncts().at(0);
  EXPECT_EQ(evaluate(condition, batch, 0), Tri::yes);
  EXPECT_EQ(evaluate(condition, batch, 1), Tri::no);
}

TEST(ExpressionFunction, AsksForRatesAndDatedRows) {
  EXPECT_EQ(value("base(amount)"), "110.00 USD");
  EXPECT_EQ(value("base(amount)", 1), "100.00 USD");
  EXPECT_EQ(value("base(amount)", 2), "null");
  EXPECT_EQ(value("base(0.05 EUR)"), "0.06 USD");    // 5.5 cents, half up
  EXPECT_EQ(value("base(-0.05 EUR)"), "-0.06 USD");  // away from zero
  EXPECT_EQ(value("convert(amount, 'EUR', due)", 0), "100.00 EUR");
  EXPECT_EQ(value("convert(110 USD, 'EUR', due)", 0), "100.00 EUR");
  EXPECT_EQ(value("rate('EUR', 'USD', due)"), "1.1");
  EXPECT_EQ(value("rate(unit, 'USD', due)", 1), "1");
  EXPECT_EQ(
      value("base(1 EUR, due)", 1),
      "not_found: there is no market rate from EUR to USD on 2016-12-31, which base(1.00 EUR, due) needs; set one "
      "(exchange_rate) that holds on that day");
  EXPECT_EQ(value("base(1 JPY)").substr(0, 62), "not_found: there is no market rate from JPY to USD on 2017-03-");
  EXPECT_EQ(value("lookup('membership.unit', id, due)"), "71");
  EXPECT_EQ(value("lookup('membership.unit', id, date '2017-01-31')"), "70");
  EXPECT_EQ(value("lookup('membership.unit', id, due)", 1), "null");
  EXPECT_EQ(value("lookup('level.name', 7, '2017-02-01')"), "senior");
  EXPECT_EQ(truth("lookup('level.name', id, due) = 'senior'"), "y??");
  const Batch batch = deals();
  try {
    (void)Expression::compile("today() > due", mixed_scope()).test(view(batch), 1);
    FAIL() << "nobody knew the day";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::misuse);
    EXPECT_EQ(error.message, "today() needs a store to look into, and none was given");
  }
  const auto mixed = [](std::string_view text) { return Expression::fault(text, mixed_scope())->english; };
  EXPECT_EQ(mixed("lookup('membership.unt', id, due) = 1"),
            "'lookup' begins with the name of a dated field in quotes at character 8. Did you mean membership.unit?");
  EXPECT_EQ(mixed("base(1)"), "'base' needs money, not a number at character 6");
  EXPECT_EQ(mixed("convert(amount, unit)"),
            "'convert' needs a currency written in quotes, such as 'EUR', at character 17");
  EXPECT_EQ(mixed("rate('EUR', 1, due)"), "'rate' needs a currency such as 'EUR', not a number at character 13");
  EXPECT_EQ(mixed("base(1 EUR) + 1 EUR"),
            "USD and EUR do not mix at character 15: bring amounts to one currency with base(...) or convert(...)");
}

TEST(ExpressionFunction, SaysFaultsInThreeLanguages) {
  const Scope scope = scope_of(deal(), currency("USD"));
  EXPECT_FALSE(Expression::fault("active", scope));
  const Fault unknown = *Expression::fault("title = '日本' and amout > 1 USD", scope);
  EXPECT_EQ(unknown.code, "unknown_field");
  EXPECT_EQ(unknown.position, 18U);
  EXPECT_EQ(unknown.details, (std::vector<std::string>{"'amout'", " Did you mean amount?"}));
  EXPECT_EQ(unknown.english, "unknown field 'amout' at character 18. Did you mean amount?");
  EXPECT_EQ(unknown.chinese, "第 18 个字符：没有字段 'amout'。是否指 amount？");
  EXPECT_EQ(unknown.japanese, "18 文字目：項目 'amout' はありません。amount のことですか。");
  const Fault money = *Expression::fault("amount > 0", scope);
  EXPECT_EQ(money.code, "cannot_compare");
  EXPECT_EQ(money.chinese, "第 10 个字符：不能将金额与数字比较：金额要带货币，如 USD");
  EXPECT_EQ(Expression::fault("amount * amount > 0 USD", scope)->chinese, "第 10 个字符：金额不能与金额相乘");
  Scope chinese = scope;
  chinese.language = Language::chinese;
  try {
    (void)Expression::compile("visits = :q", chinese);
    FAIL() << "a parameter was made up";
  } catch (const Error& error) {
    EXPECT_EQ(error.message, "第 10 个字符：参数 ':q' 没有给值：没有给任何参数");
  }
}

TEST(ExpressionFunction, ExplainsAnEvaluation) {
  const Batch batch = deals();
  const Known known;
  const auto explain = [&](std::string_view text, std::size_t row) {
    return Expression::compile(text, mixed_scope()).explain(view(batch), row, &known);
  };
  EXPECT_EQ(explain("base(amount) - cost * 2 > 100 USD or stage = 'won'", 1).to_text(),
            "base(amount) - cost * 2 > 100.00 USD or stage = 'won' is true\n"
            "  base(amount) - cost * 2 > 100.00 USD is false\n"
            "    base(amount) - cost * 2 is 94.00 USD\n"
            "      base(amount) is 100.00 USD\n"
            "        amount is 100.00 USD\n"
            "      cost * 2 is 6.00 USD\n"
            "        cost is 3.00 USD\n"
            "  stage = 'won' is true\n"
            "    stage is 'won'\n");
  EXPECT_EQ(explain("visits > 5 and title contains 'x'", 0).to_text(Language::chinese),
            "visits > 5 and title contains 'x' 为 假\n"
            "  visits > 5 为 假\n"
            "    visits 为 3\n"
            "  title contains 'x'：未计算：结果已定\n");
  EXPECT_EQ(explain("visits / 9", 0).shown, "1/3");
  EXPECT_EQ(explain("amount / 3", 0).shown, "100/3 EUR");
  EXPECT_EQ(explain("visits / (visits - 3)", 0).note, "divided_by_zero");
  EXPECT_EQ(explain("visits + 1", 2).note, "null_operand");
  const Explanation branch = explain("if(visits > 0, 'plus', title)", 0);
  EXPECT_EQ(branch.shown, "'plus'");
  ASSERT_EQ(branch.parts.size(), 2U);
  EXPECT_FALSE(branch.parts[1].evaluated);
  EXPECT_EQ(explain("visits > 5", 0).to_json(),
            R"({"text":"visits > 5","value":"false","parts":[{"text":"visits","value":"3"}]})");
}

TEST(ExpressionFunction, TravelsAsJson) {
  Parameters parameters = {{"q", std::int64_t{1}}};
  parameters.lists["ids"] = {std::int64_t{7}};
  const Scope scope = mixed_scope();
  for (const std::string_view text :
       {"active", "amount >= 12.50 USD and (stage in ('open', 'won') or not active and title not contains 'it''s')",
        "id in :ids", "if(visits > :q, round(quantity, 2, 'up'), -visits * 2 / 3) > 0.125",
        "due - 3 between date '2017-03-01' and today()", "made is not null", "null", "not true",
        "lookup('level.name', id, due) starts with 'a'", "- -visits = --9223372036854775808", "id = 7",
        "made > timestamp '2017-03-01T00:00:00Z'", "unit = 'USD'"}) {
    const Expression expression = Expression::compile(text, scope, parameters);
    const Expression again = Expression::from_json(expression.json(), scope, parameters);
    EXPECT_EQ(again.text(), expression.text());
    EXPECT_EQ(again.json(), expression.json());
  }
  EXPECT_EQ(compile("visits > 1").json(),
            R"({"op":"compare","relation":">","args":[{"field":"visits"},{"number":"1"}]})");
  const auto refused = [&](std::string_view json) {
    try {
      (void)Expression::from_json(json, scope);
    } catch (const Error& error) {
      return std::string(name_of(error.code)) + ": " + error.message;
    }
    return std::string();
  };
  EXPECT_EQ(refused("{"), "invalid: this is no JSON; see docs/expressions.md");
  EXPECT_EQ(refused(R"({"field":"active or true"})"),
            "invalid: the JSON of the expression has 'active or true' where a name stands, at ''");
  EXPECT_EQ(refused(R"({"op":"and","args":[true,{"op":"nand","args":[]}]})"),
            "invalid: the JSON of the expression has the unknown operation 'nand', at '/args/1'");
  EXPECT_EQ(refused(R"({"op":"not","args":[]})"),
            "invalid: the JSON of the expression has the wrong number of 'args', at ''");
  EXPECT_EQ(refused(R"({"op":"sum","signs":"+*","args":[{"number":"1"},{"number":"2"}]})").substr(0, 70),
            "invalid: the JSON of the expression needs a sign for each of 'args' in");
  Scope told = mixed_scope();
  const auto in = [&](Language language, std::string_view json) -> std::string {
    told.language = language;
    try {
      (void)Expression::from_json(json, told);
    } catch (const Error& error) {
      return error.message;
    }
    return {};
  };
  EXPECT_EQ(in(Language::chinese, "{"), "这不是 JSON；见 docs/expressions.md");
  EXPECT_EQ(in(Language::japanese, R"({"op":"and","args":[true,{"op":"nand","args":[]}]})"),
            "式の JSON は '/args/1' で知らない演算 'nand' があります");
  for (const std::string_view bad :
       {"7", R"({"x":1})", R"({"field":7})", R"({"field":"a b"})", R"({"number":"x"})",
        R"({"money":"1","currency":"?"})", R"({"currency":"USD"})", R"({"field":"a","text":"b"})", R"({"op":"and"})",
        R"({"op":"x","args":[]})", R"({"op":"not","negated":true,"args":[true]})",
        R"({"op":"compare","relation":"~","args":[true,true]})", R"({"op":"sum","signs":"*","args":[true,true]})",
        R"({"op":"not","args":[]})", "{"}) {
    EXPECT_FALSE(in(Language::english, bad).empty()) << bad;
    const std::string chinese = in(Language::chinese, bad);
    EXPECT_TRUE(chinese.find("表达式的 JSON 在") == 0 || chinese.find("这不是 JSON") == 0) << chinese;
    EXPECT_EQ(chinese.find("wrong"), std::string::npos) << chinese;
    const std::string japanese = in(Language::japanese, bad);
    EXPECT_TRUE(japanese.find("式の JSON は") == 0 || japanese.find("JSON では") == 0) << japanese;
  }
  std::string deep = "true";
  for (int i = 0; i < 1'000; ++i) deep = R"({"op":"not","args":[)" + deep + "]}";
  EXPECT_NE(refused(deep).find("nested more than 64 levels"), std::string::npos);
}

}  // namespace
}  // namespace kith
