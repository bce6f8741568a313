// SPDX-License-Identifier: Apache-2.0
// What expressions say in Chinese and Japanese holds no English but for what a reader types, and what explanations say
// of values that came from outside.
#include "schema/expression_message.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

#include "schema/expression_fixture.hpp"

namespace kith {
namespace {

using testing::deal;
using testing::view;

/// Words of Latin letters, but for what stands in quotes and what a reader types or knows by that name.
std::set<std::string> english_in(std::string_view text) {
  static const std::set<std::string> typed = {
      "base",   "convert", "currency", "date",    "days_between", "exchange_rate",
      "from",   "in",      "is",       "null",    "round",        "timestamp",
      "to",     "UTF",     "ISO",      "CNY",     "JPY",          "USD",
      "EUR",    "T",       "Z",        "p",       "id",           "title",
      "visits", "stage",   "amount",   "cost",    "quantity",     "active",
      "open",   "won",     "lost",     "min",     "max",          "clamp",
      "abs",    "if",      "coalesce", "half_up", "half_even",    "half_down",
      "down",   "up",      "floor",    "ceiling", "half_ceiling", "JSON",
      "true",   "false",   "MiB",      "docs",    "expressions",  "md"};
  std::set<std::string> found;
  std::string word;
  bool quoted = false;
  for (const char c : std::string(text) + ' ') {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 || (c == '_' && !word.empty())) {
      word += c;
      continue;
    }
    if (!word.empty() && !quoted && !typed.contains(word)) found.insert(word);
    word.clear();
    if (c == '\'') quoted = !quoted;
  }
  return found;
}

Scope scope_in(Language language) {
  Scope scope = scope_of(deal(), currency("USD"));
  scope.language = language;
  return scope;
}

TEST(ExpressionMessage, NoSentenceIsPartlyEnglish) {
  const std::set<std::string> none;
  for (int row = 1; row <= static_cast<int>(expr::Say::unknown); ++row) {
    const auto say = static_cast<expr::Say>(row);
    for (const Language language : {Language::chinese, Language::japanese}) {
      const std::string text = expr::text_of(say, language);
      EXPECT_FALSE(text.empty()) << expr::code_of(say);
      EXPECT_EQ(english_in(text), none) << text;
    }
  }
  EXPECT_EQ(english_in("第 3 个字符 and 5 more"), (std::set<std::string>{"and", "more"}));
}

TEST(ExpressionMessage, NoFaultIsPartlyEnglish) {
  const std::set<std::string> none;
  for (const std::string_view text : {"zzzzzzzz",
                                      "title = :q",
                                      "stage = 'zzzz'",
                                      "visits between 1",
                                      "visits between 1 or 2",
                                      "visits not 3",
                                      "title starts 'x'",
                                      "title is 3",
                                      "amount > 0",
                                      "amount > title",
                                      "active + 1",
                                      "if(visits, 1, 2)",
                                      "round(1, 99)",
                                      "zzz(1)",
                                      "min(title)",
                                      "days_between(due)",
                                      "due + 0.5",
                                      "due < made",
                                      "date '2017-13-01'",
                                      "1 USDX",
                                      "(1 + 2",
                                      "'open",
                                      "1 2",
                                      "#",
                                      "amount + 1 EUR",
                                      "digest = 'x'",
                                      "active > true",
                                      "lookup('x', 1, due)",
                                      "timestamp 'x' < made",
                                      "1.00000000000000000000001 > 1",
                                      "title in 3",
                                      "round(1, 2, 'up_up')"}) {
    const auto fault = Expression::fault(text, scope_in(Language::english));
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(english_in(fault->chinese), none) << fault->chinese;
    EXPECT_EQ(english_in(fault->japanese), none) << fault->japanese;
  }
}

TEST(ExpressionMessage, NamesBeyondTheFirstAreCounted) {
  const auto fault = Expression::fault("qqqqqqqqqqqq", scope_in(Language::english));
  ASSERT_TRUE(fault);
  EXPECT_NE(fault->english.find("Known are id, stage, title, amount, cost, quantity, visits, active and 4 more."),
            std::string::npos)
      << fault->english;
  EXPECT_NE(fault->chinese.find("visits, active，另有 4 个。"), std::string::npos) << fault->chinese;
  EXPECT_NE(fault->japanese.find("visits, active のほか 4 個です。"), std::string::npos) << fault->japanese;
}

TEST(ExpressionMessage, WhatFailsAtARowIsSaidInTheLanguageAskedFor) {
  Batch batch(deal());
  for (Column& column : batch.columns) column.append_null();
  batch.columns[testing::kVisits] = Column();
  batch.columns[testing::kVisits].append(std::int64_t{9'000'000'000'000'000'000});
  std::string power = "visits";
  for (int i = 0; i < 40; ++i) power += " * visits";
  for (const auto& [text, chinese, japanese] :
       {std::tuple(power, "表达式中的数超过 2,048 位；请简化公式",
                   "式の途中の数が 2,048 ビットを超えました。式を簡単にしてください"),
        std::tuple(std::string("visits * 2"), "表达式的值超出 64 位", "式の値が 64 ビットに収まりません")}) {
    for (const auto& [language, expected] : {std::pair(Language::chinese, chinese), {Language::japanese, japanese}}) {
      try {
        (void)Expression::compile(text, scope_in(language)).value(view(batch), 0);
        ADD_FAILURE() << text;
      } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::overflow);
        EXPECT_EQ(error.message, expected);
      }
    }
  }
  try {
    (void)Expression::compile("visits", scope_in(Language::chinese)).test(view(batch), 1);
    ADD_FAILURE() << "a number filters nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.message, "'visits' 不是筛选条件：它给出数字");
  }
}

TEST(ExpressionMessage, ExplanationsShowWhatCameFromOutside) {
  Batch batch(deal());
  for (Column& column : batch.columns) column.append_null();
  batch.columns[testing::kVisits] = Column();
  batch.columns[testing::kVisits].append(std::int64_t{3});
  Parameters parameters{{"least", std::int64_t{2}}, {"off", Decimal{1, 1}}};
  parameters.lists["some"] = {Value(std::int64_t{3}), Value(std::int64_t{4})};
  const auto explained = [&](std::string_view text) {
    return Expression::compile(text, scope_in(Language::english), parameters).explain(view(batch), 0).to_text();
  };
  EXPECT_EQ(explained("visits > :least and visits in :some and visits * (1 - :off) > 2"),
            "visits > :least and visits in :some and visits * (1 - :off) > 2 is true\n"
            "  visits > :least is true\n"
            "    visits is 3\n"
            "    :least is 2\n"
            "  visits in :some is true\n"
            "    visits is 3\n"
            "    :some is (3, 4)\n"
            "  visits * (1 - :off) > 2 is true\n"
            "    visits * (1 - :off) is 2.7\n"
            "      visits is 3\n"
            "      1 - :off is 0.9\n"
            "        :off is 0.1\n");
}

}  // namespace
}  // namespace kith
