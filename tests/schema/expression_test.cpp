// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/expression.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "schema/expression_fixture.hpp"

namespace kith {
namespace {

using testing::compile;
using testing::deal;
using testing::fault;
using testing::view;

constexpr std::int64_t kMicros = 1'000'000;

/// Three deals: an open one with everything, a won one, one of nulls.
Batch deals() {
  Batch batch(deal());
  const auto fill = [&](std::initializer_list<Cell> cells) {
    int field = 0;
    for (const Cell& cell : cells) batch.column(field++).append(cell);
  };
  const Cell null;
  fill({std::int64_t{7}, std::int64_t{1}, "Große Anlage", std::int64_t{100'000}, std::int64_t{30'000},
        std::int64_t{2'500'000}, std::int64_t{3}, std::int64_t{1}, std::int64_t{parse_date("2017-03-01").days},
        parse_timestamp("2017-03-01T09:30:00Z").micros, "USD", "\x01"});
  fill({std::int64_t{8}, std::int64_t{2}, "it's small", std::int64_t{-5}, std::int64_t{0}, std::int64_t{1},
        std::int64_t{0}, std::int64_t{0}, std::int64_t{parse_date("2017-04-01").days},
        parse_timestamp("2017-04-01T00:00:00Z").micros + kMicros, "EUR", ""});
  fill({null, null, null, null, null, null, null, null, null, null, null, null});
  return batch;
}

/// The truth of the three deals: y, n, ? each.
std::string truth(std::string_view text, const Parameters& parameters = {}) {
  const Batch batch = deals();
  const Expression expression = compile(text, parameters);
  std::string shown;
  for (const Tri tri : expression.test(view(batch), batch.rows())) {
    shown += tri == Tri::yes ? 'y' : tri == Tri::no ? 'n' : '?';
  }
  return shown;
}

Value value(std::string_view text, std::size_t row, const Parameters& parameters = {}) {
  const Batch batch = deals();
  return compile(text, parameters).value(view(batch), row);
}

TEST(Expression, ComparesEveryTypeInThreeValues) {
  EXPECT_EQ(truth("amount >= 1000.00 USD"), "yn?");
  EXPECT_EQ(truth("amount = 1000 USD"), "yn?");
  EXPECT_EQ(truth("amount < -0.04 USD"), "ny?");
  EXPECT_EQ(truth("quantity = 2.5"), "yn?");
  EXPECT_EQ(truth("quantity > 0.0000009"), "yy?");
  EXPECT_EQ(truth("quantity > 0.000001"), "yn?");
  EXPECT_EQ(truth("visits <> 3"), "ny?");
  EXPECT_EQ(truth("visits < 2.5"), "ny?");
  EXPECT_EQ(truth("2.5 > visits"), "ny?");
  EXPECT_EQ(truth("stage = 'open'"), "yn?");
  EXPECT_EQ(truth("stage in ('won', 'lost')"), "ny?");
  EXPECT_EQ(truth("title = 'it''s small'"), "ny?");
  EXPECT_EQ(truth("title < 'H'"), "yn?");
  EXPECT_EQ(truth("unit != 'EUR'"), "yn?");
  EXPECT_EQ(truth("due = '2017-03-01'"), "yn?");
  EXPECT_EQ(truth("due between date '2017-03-02' and '2017-04-01'"), "ny?");
  EXPECT_EQ(truth("made > '2017-03-31'"), "ny?");
  EXPECT_EQ(truth("made = timestamp '2017-03-01T10:30:00+01:00'"), "yn?");
  EXPECT_EQ(truth("active"), "yn?");
  EXPECT_EQ(truth("not active"), "ny?");
  EXPECT_EQ(truth("active = false"), "ny?");
  EXPECT_EQ(truth("id = 7"), "yn?");
  EXPECT_EQ(truth("id in ('8', 9)"), "ny?");
  EXPECT_EQ(truth("digest is null"), "nny");
  EXPECT_EQ(truth("digest is not null"), "yyn");
}

TEST(Expression, TreatsNullsAsSqlDoes) {
  EXPECT_EQ(truth("visits = null"), "???");
  EXPECT_EQ(truth("not (visits = null)"), "???");
  EXPECT_EQ(truth("visits in (3, null)"), "y??");
  EXPECT_EQ(truth("visits not in (3, null)"), "n??");
  EXPECT_EQ(truth("visits between null and 2"), "n??");
  EXPECT_EQ(truth("visits between 1 and null"), "?n?");
  EXPECT_EQ(truth("visits > 1 or true"), "yyy");
  EXPECT_EQ(truth("visits > 1 and false"), "nnn");
  EXPECT_EQ(truth("visits > 1 or null"), "y??");
  EXPECT_EQ(truth("null"), "???");
  EXPECT_EQ(truth("visits = :q", {{"q", Value()}}), "???");
  EXPECT_EQ(truth("(visits > 1) is null"), "nny");
  EXPECT_EQ(truth("visits + null is null"), "yyy");
  EXPECT_EQ(truth("title contains null"), "???");
}

TEST(Expression, SearchesFoldedText) {
  EXPECT_EQ(truth("title contains 'GROSSE'"), "yn?");
  EXPECT_EQ(truth("title starts with 'IT''S'"), "ny?");
  EXPECT_EQ(truth("title not contains 'an'"), "ny?");
  EXPECT_EQ(truth("title not starts with :q", {{"q", std::string("große")}}), "ny?");
  EXPECT_EQ(truth("'a große anlage' contains title"), "yn?");
  EXPECT_EQ(truth("title contains ''"), "yy?");
}

TEST(Expression, CalculatesExactly) {
  EXPECT_EQ(truth("amount / 3 * 3 = amount"), "yy?");
  EXPECT_EQ(truth("1 / 3 + 1 / 3 + 1 / 3 = 1"), "yyy");
  EXPECT_EQ(truth("amount - cost > 50 % * amount"), "yn?");
  EXPECT_EQ(truth("cost / amount = 0.3"), "yn?");
  EXPECT_EQ(truth("amount / cost > 3"), "y??");  // Division by zero is null.
  EXPECT_EQ(truth("-visits = -3"), "yn?");
  EXPECT_EQ(truth("days_between(due, date '2017-04-01') = 31"), "yn?");
  EXPECT_EQ(truth("visits * 9223372036854775807 * 9223372036854775807 * 9223372036854775807 >= 0"), "yy?");
  EXPECT_EQ(truth("9223372036854775807 * 9223372036854775807 * 9223372036854775807 * visits / 9223372036854775807 / "
                  "9223372036854775807 / 9223372036854775807 = visits"),
            "yy?");
}

TEST(Expression, YieldsValuesOfEveryType) {
  const Currency usd = currency("USD");
  EXPECT_EQ(value("amount", 0), Value(Money{100'000, usd}));
  EXPECT_EQ(value("amount / 3", 0), Value(Money{33'333, usd}));
  EXPECT_EQ(value("amount / 200000 * 1", 0), Value(Money{1, usd}));  // 0.5 cents: half up
  EXPECT_EQ(value("-amount / 200000", 0), Value(Money{-1, usd}));    // away from zero
  EXPECT_EQ(value("amount * 12.5 %", 0), Value(Money{12'500, usd}));
  EXPECT_EQ(value("visits + 1", 0), Value(std::int64_t{4}));
  EXPECT_EQ(value("quantity * 2", 0), Value(Decimal{5, 0}));
  EXPECT_EQ(value("visits / 9", 0), Value(Decimal{333'333'333, 9}));
  EXPECT_EQ(value("visits / 8", 0), Value(Decimal{375, 3}));
  EXPECT_EQ(value("stage", 1), Value(std::string("won")));
  EXPECT_EQ(value("title", 1), Value(std::string("it's small")));
  EXPECT_EQ(value("unit", 0), Value(std::string("USD")));
  EXPECT_EQ(value("due", 0), Value(parse_date("2017-03-01")));
  EXPECT_EQ(value("made", 0), Value(parse_timestamp("2017-03-01T09:30:00Z")));
  EXPECT_EQ(value("id", 0), Value(Id{7}));
  EXPECT_EQ(value("active", 0), Value(true));
  EXPECT_EQ(value("visits > 5", 0), Value(false));
  EXPECT_EQ(value("visits > 5", 2), Value());
  EXPECT_EQ(value("if(amount > 0 USD, 'plus', 'minus')", 0), Value(std::string("plus")));
  EXPECT_EQ(value("if(amount > 0 USD, 1, 2)", 2), Value(std::int64_t{2}));  // Unknown is not true.
  EXPECT_EQ(value("coalesce(amount, cost, 1 USD)", 2), Value(Money{100, usd}));
  EXPECT_EQ(value("min(amount, cost)", 0), Value(Money{30'000, usd}));
  EXPECT_EQ(value("max(due, date '2020-01-01')", 0), Value(parse_date("2020-01-01")));
  EXPECT_EQ(value("max(visits, 1)", 2), Value());
  EXPECT_EQ(value("abs(amount)", 1), Value(Money{5, usd}));
  EXPECT_EQ(compile("amount / cost").type(), Type::decimal);
  EXPECT_EQ(compile("visits * 2").type(), Type::integer);
  EXPECT_EQ(compile("visits / 2").type(), Type::decimal);
  EXPECT_EQ(compile("amount * null").type(), Type::money);
  EXPECT_EQ(compile("coalesce(stage, null)").type(), Type::choice);
  EXPECT_EQ(compile("null").type(), Type::boolean);
}

TEST(Expression, BindsParametersByTheirValue) {
  EXPECT_EQ(truth("stage = :s", {{"s", std::string("won")}}), "ny?");
  EXPECT_EQ(truth("stage in (:s, :t)", {{"s", std::string("won")}, {"t", std::string("open")}}), "yy?");
  EXPECT_EQ(truth("id = :i", {{"i", Id{7}}}), "yn?");
  EXPECT_EQ(truth("id = :i", {{"i", std::string("8")}}), "ny?");
  EXPECT_EQ(truth("quantity = :d", {{"d", Decimal{25, 1}}}), "yn?");
  EXPECT_EQ(truth("quantity > :d", {{"d", std::int64_t{1}}}), "yn?");
  EXPECT_EQ(truth("amount > :m", {{"m", Money{0, currency("USD")}}}), "yn?");
  EXPECT_EQ(truth("due >= :d", {{"d", parse_date("2017-04-01")}}), "ny?");
  EXPECT_EQ(truth("due >= :d", {{"d", std::string("2017-04-01")}}), "ny?");
  EXPECT_EQ(truth("active = :b", {{"b", false}}), "ny?");
  EXPECT_EQ(truth(":b and visits >= 0", {{"b", true}}), "yy?");
  EXPECT_EQ(truth("made < :t", {{"t", parse_timestamp("2017-03-02T00:00:00Z")}}), "yn?");
}

TEST(Expression, NamesThePlaceAndTheRemedyOfFaults) {
  EXPECT_EQ(fault("and amout > 1"), "unexpected 'and' at character 1");
  EXPECT_EQ(
      fault("due = 'x' or amout > 1"), "wrong date at character 7: " + [] {
        try {
          parse_date("x");
        } catch (const Error& error) {
          return error.message;
        }
        return std::string();
      }());
  EXPECT_EQ(fault("amout > 1 USD"), "unknown field 'amout' at character 1. Did you mean amount?");
  EXPECT_EQ(fault("title = '日本' and amout > 1 USD"), "unknown field 'amout' at character 18. Did you mean amount?");
  EXPECT_EQ(fault("stage = 'opne'"), "unknown stage 'opne' at character 9. Did you mean open?");
  EXPECT_EQ(fault("stage in ('open', :s)", {{"s", std::string("wen")}}),
            "unknown stage 'wen' at character 19. Did you mean won?");
  EXPECT_EQ(fault("mix(1, 2) = 1"), "unknown function 'mix' at character 1. Did you mean min, max?");
  EXPECT_EQ(fault("visits = :q"), "no value is given for the parameter ':q' at character 10: no parameters were given");
  EXPECT_EQ(fault("visits = :limt", {{"limit", std::int64_t{1}}}),
            "no value is given for the parameter ':limt' at character 10. Did you mean limit?");
  EXPECT_EQ(fault("amount > 0"),
            "cannot compare money with a number at character 10: write an amount with its currency, USD");
  EXPECT_EQ(fault("amount + 1 > 0 USD"),
            "cannot add or subtract money and a number at character 10: write an amount with its currency, USD");
  EXPECT_EQ(fault("amount > 1 EUR"),
            "USD and EUR do not mix at character 10: bring amounts to one currency with base(...) or convert(...)");
  EXPECT_EQ(fault("amount > :m", {{"m", Money{1, currency("EUR")}}}),
            "USD and EUR do not mix at character 10: bring amounts to one currency with base(...) or convert(...)");
  EXPECT_EQ(fault("amount * amount > 0 USD"), "money cannot be multiplied with money at character 10");
  EXPECT_EQ(fault("1 / amount > 0"), "a number cannot be divided by money at character 5");
  EXPECT_EQ(fault("(visits > 1"), "the '(' at character 1 is never closed");
  EXPECT_EQ(fault("visits > 1)"), "unexpected ')' at character 11");
  EXPECT_EQ(fault("title = 'abc"),
            "text that begins at character 9 does not end: close it with ' (a quote inside is written '')");
  EXPECT_EQ(
      fault("visits > 1 visits"), "wrong currency at character 12: " + [] {
        try {
          currency("visits");
        } catch (const Error& error) {
          return error.message;
        }
        return std::string();
      }());
  EXPECT_EQ(fault("visits visits"), "unexpected 'visits' at character 8");
  EXPECT_EQ(fault(""), "something is missing at the end, at character 1");
  EXPECT_EQ(fault("1 <"), "something is missing at the end, at character 4");
  EXPECT_EQ(fault("active > false"), "a truth value has no order at character 8: use =, != or in");
  EXPECT_EQ(fault("stage < 'won'"), "a choice has no order at character 7: use =, != or in");
  EXPECT_EQ(fault("stage = title"),
            "cannot compare a choice with text at character 9: a choice is compared with one of its names");
  EXPECT_EQ(fault("stage = 1"), "cannot compare a choice with a number at character 9");
  EXPECT_EQ(fault("digest = 'a'"), "cannot compare bytes with text at character 10");
  EXPECT_EQ(fault("made > date '2017-03-01'"),
            "cannot compare a timestamp with a date at character 8: when a day begins depends on the zone, so write "
            "timestamp '2017-03-01T00:00:00Z'");
  EXPECT_EQ(fault("days_between(due, '2017-03-01') > 1"),
            "'days_between' needs dates, not text at character 19: write date '2017-03-01'");
  EXPECT_EQ(fault("visits and active"), "'and' needs true or false, not a number at character 1");
  EXPECT_EQ(fault("amount contains 'a'"), "'contains' needs text, not money at character 1");
  EXPECT_EQ(fault("abs(1, 2) = 1"), "'abs' takes 1 value, not 2, at character 1");
  EXPECT_EQ(fault("id = '12x'"), "'12x' is no id at character 6: an id is written in digits");
  EXPECT_EQ(fault("visits < 1 < 2"), "unexpected '<' at character 12");
  EXPECT_EQ(fault("visits is 3"), "'null' is expected at character 11");
  EXPECT_EQ(fault("digest"), "bytes can only be tested with 'is null' at character 1");
  EXPECT_EQ(fault("title = \"a\""), "text stands in single quotes, not '\"', at character 9");
  EXPECT_EQ(fault("title = '\xff'"), "no valid UTF-8 at character 10");
  EXPECT_NE(fault("amount > 1.005 USD").find("wrong amount at character 10: "), std::string::npos);
  EXPECT_NE(fault("visits > 99999999999999999999").find("wrong number at character 10: "), std::string::npos);
}

TEST(Expression, RefusesTextsThatAreTooDeepOrTooLong) {
  const auto repeat = [](std::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
  };
  EXPECT_EQ(fault(repeat("(", 64) + "active" + repeat(")", 64)), "");
  EXPECT_EQ(fault(repeat("(", 65) + "active" + repeat(")", 65)), "nested more than 64 levels deep at character 65");
  EXPECT_EQ(fault(repeat("not ", 30'000 / 4) + "active"), "nested more than 64 levels deep at character 257");
  EXPECT_EQ(fault(repeat("- ", 1'000) + "1 = 1"), "nested more than 64 levels deep at character 129");
  EXPECT_EQ(fault(repeat("abs(", 1'000)), "nested more than 64 levels deep at character 257");
  EXPECT_EQ(fault("active" + repeat(" or active", 6'000)), "");
  EXPECT_EQ(fault("1" + repeat("+1", 16'000) + " = 1"), "");
  EXPECT_EQ(fault(std::string(65'536, ' ')), "something is missing at the end, at character 65537");
  EXPECT_EQ(fault(std::string(65'537, ' ')), "an expression is at most 65536 bytes long, this one has 65537");
  EXPECT_NE(fault("1" + repeat("+1", 32'000) + "=1").find("when written out in full"), std::string::npos);
}

TEST(Expression, BoundsTheSizeOfNumbers) {
  std::string text = "visits";
  for (int i = 0; i < 2'500; ++i) text += "*9223372036854775807";
  const Batch batch = deals();
  const Expression hostile = compile(text + " > 1");
  try {
    (void)hostile.test(view(batch), 1);
    FAIL() << "a number of 157,500 bits was computed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::overflow);
  }
  // A guard protects, in a batch as for one row.
  EXPECT_EQ(truth("visits < 0 and " + text + " > 1"), "nn?");
}

TEST(Expression, PrintsOneCanonicalText) {
  const auto text = [](std::string_view source) { return compile(source, {{"q", std::int64_t{1}}}).text(); };
  EXPECT_EQ(text("((active))"), "active");
  EXPECT_EQ(text("stage='open' AND amount>=1000 USD Or Not active"),
            "stage = 'open' and amount >= 1000.00 USD or not active");
  EXPECT_EQ(text("(active or visits=1) and (visits<>2 and visits = 3)"),
            "(active or visits = 1) and visits != 2 and visits = 3");
  EXPECT_EQ(text("not (visits = 1)"), "visits != 1");
  EXPECT_EQ(text("not not active"), "active");
  EXPECT_EQ(text("not (visits in (1,2))"), "visits not in (1, 2)");
  EXPECT_EQ(text("not visits not between 1 and :q"), "visits between 1 and :q");
  EXPECT_EQ(text("not (active and visits is null)"), "not (active and visits is null)");
  EXPECT_EQ(text("5 < visits"), "visits > 5");
  EXPECT_EQ(text("(visits + (1 - 2)) - (3 - 4) * -(5) > 0"), "visits + 1 - 2 - (3 - 4) * -5 > 0");
  EXPECT_EQ(text("visits * (2 / 3) / (4 * 5) = 1"), "visits * 2 / 3 / (4 * 5) = 1");
  EXPECT_EQ(text("cost * (amount / cost) = 1 USD"), "cost * (amount / cost) = 1.00 USD");
  EXPECT_EQ(text("12.50 % < visits"), "visits > 0.125");
  EXPECT_EQ(text("due = '2017-03-01'"), "due = date '2017-03-01'");
  EXPECT_EQ(text("made = '2017-03-01'"), "made = timestamp '2017-03-01T00:00:00Z'");
  EXPECT_EQ(text("title = 'it''s'"), "title = 'it''s'");
  EXPECT_EQ(text("id = '007'"), "id = 7");
  EXPECT_EQ(text("- -visits = --9223372036854775808"), "visits = --9223372036854775808");
  EXPECT_EQ(text("MAX(visits,1)=1 or (active = (visits > 1))"), "max(visits, 1) = 1 or active = (visits > 1)");
  EXPECT_EQ(text("IF(not active or (active), visits, (1 + 1) * 2) = 1"),
            "if(not active or active, visits, (1 + 1) * 2) = 1");
}

TEST(Expression, ContextualWordsMayBeFields) {
  Scope scope;
  scope.title = "thing";
  scope.names = {{"date", Type::date}, {"contains", Type::text}, {"starts", Type::text}, {"客户.级别", Type::text}};
  EXPECT_EQ(Expression::compile("date > date '2017-03-01' and contains contains starts", scope).text(),
            "date > date '2017-03-01' and contains contains starts");
  EXPECT_EQ(Expression::compile("客户.级别 = 'A'", scope).reads(), std::vector<int>{3});
  try {
    (void)Expression::compile("date > 1", scope);
    FAIL() << "a date was compared with a number";
  } catch (const Error& error) {
    EXPECT_EQ(error.entity, "thing");
  }
}

TEST(Expression, ReadsAreAscendingAndMissingColumnsAreMisuse) {
  const Expression expression = compile("visits > 1 and stage = 'won' and visits < 9");
  EXPECT_EQ(expression.reads(), (std::vector<int>{testing::kStage, testing::kVisits}));
  const auto code = [](auto call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code;
    }
    return Code::ok;
  };
  const Batch batch = deals();
  EXPECT_EQ(code([&] { (void)expression.test({}, 1); }), Code::misuse);
  EXPECT_EQ(code([&] { (void)expression.test(view(batch), 4); }), Code::misuse);
  EXPECT_EQ(code([&] { (void)expression.value(view(batch), 3); }), Code::misuse);
  EXPECT_EQ(code([&] { (void)compile("visits").test(view(batch), 1); }), Code::misuse);
  ColumnView few(12, nullptr);
  few[testing::kStage] = &batch.column(testing::kStage);
  few[testing::kVisits] = &batch.column(testing::kVisits);
  EXPECT_EQ(expression.test(few, 3).size(), 3U);
}

/// What storage is offered: "all" when everything, else the number of conjuncts.
std::string offered(std::string_view text, const Parameters& parameters = {}) {
  const Expression expression = compile(text, parameters);
  return std::to_string(expression.conjuncts().size()) + (expression.fully_pushed() ? " all" : "");
}

TEST(Expression, OffersOnlyComparisonsOfColumnsWithConstants) {
  EXPECT_EQ(offered("stage = 'open' and amount >= 10 USD and title contains 'x'"), "2");
  EXPECT_EQ(offered("stage = 'open' and (amount >= 10 USD or active) and not due is null"), "3 all");
  EXPECT_EQ(offered("stage = 'open' or title contains 'x'"), "0");
  EXPECT_EQ(offered("visits + 1 > 2"), "0");
  EXPECT_EQ(offered("abs(visits) > 2"), "0");
  EXPECT_EQ(offered("amount > cost"), "0");
  EXPECT_EQ(offered("title starts with 'x'"), "0");
  EXPECT_EQ(offered("visits = null"), "0");
  EXPECT_EQ(offered("visits = :q", {{"q", Value()}}), "0");
  EXPECT_EQ(offered("visits not in (1, null)"), "0");
  EXPECT_EQ(offered("visits in (1, 2.5)"), "1 all");
  EXPECT_EQ(offered("visits between null and 1"), "0");
  EXPECT_EQ(offered("quantity = 1.23456789"), "0");
  EXPECT_EQ(offered("visits = 0.5 or active"), "0");
  EXPECT_EQ(offered("quantity < 9223372036854775807"), "0");
  EXPECT_EQ(offered("true"), "0 all");
  EXPECT_EQ(offered("true and active"), "1 all");
  EXPECT_EQ(offered("false"), "0");
  EXPECT_EQ(offered("amount"), "0");
}

TEST(Expression, MovesThresholdsToStorableOnes) {
  const auto only = [](std::string_view text) { return compile(text).conjuncts().at(0); };
  const Condition above = only("quantity > 1.23456789");
  EXPECT_EQ(above.op, Condition::Op::gt);
  EXPECT_EQ(above.operands, std::vector<Cell>{std::int64_t{1'234'567}});
  const Condition least = only("quantity >= 1.23456789");
  EXPECT_EQ(least.op, Condition::Op::gt);
  const Condition below = only("quantity < -1.23456789");
  EXPECT_EQ(below.op, Condition::Op::le);
  EXPECT_EQ(below.operands, std::vector<Cell>{std::int64_t{-1'234'568}});
  const Condition between = only("visits between 1.5 and 2.5");
  EXPECT_EQ(between.operands, (std::vector<Cell>{std::int64_t{2}, std::int64_t{2}}));
  const Condition stage = only("stage != 'won'");
  EXPECT_EQ(stage.op, Condition::Op::ne);
  EXPECT_EQ(stage.field, testing::kStage);
  EXPECT_EQ(stage.operands, std::vector<Cell>{std::int64_t{2}});
  const Condition scaled = only("quantity = 2");
  EXPECT_EQ(scaled.operands, std::vector<Cell>{std::int64_t{2'000'000}});
}

}  // namespace
}  // namespace kith
