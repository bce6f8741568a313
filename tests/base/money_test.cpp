// SPDX-License-Identifier: Apache-2.0
#include "kith/base/money.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>

#include "support/expect_error.hpp"

namespace kith {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Money usd(std::int64_t minor) { return {minor, currency("USD")}; }

TEST(Currency, KnowsItsMinorUnit) {
  // Source: ISO 4217 List One.
  const struct {
    const char* code;
    int digits;
  } rows[] = {{"USD", 2}, {"EUR", 2}, {"CNY", 2}, {"JPY", 0}, {"KRW", 0}, {"ISK", 0}, {"CLP", 0},
              {"CLF", 4}, {"UYW", 4}, {"UYI", 0}, {"KWD", 3}, {"TND", 3}, {"IQD", 3}, {"MGA", 2},
              {"MRU", 2}, {"HUF", 2}, {"TWD", 2}, {"VND", 0}, {"XAF", 0}, {"XAU", 0}, {"XXX", 0},
              {"SLE", 2}, {"VED", 2}, {"XCG", 2}, {"ZWG", 2}, {"HRK", 2}};
  for (const auto& row : rows) EXPECT_EQ(minor_digits(currency(row.code)), row.digits) << row.code;
}

TEST(Currency, CountsTheWholeList) {
  // Source: ISO 4217 List One to amendment 179 (17 codes without, 13 with no known minor unit, 140, 7 and 2 others),
  // and the five codes of two digits that were withdrawn since 2020.
  std::map<int, int> codes_by_digits;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) {
      for (char c = 'A'; c <= 'Z'; ++c) {
        const Currency candidate{(a << 16) | (b << 8) | c};
        try {
          ++codes_by_digits[minor_digits(candidate)];
        } catch (const Error& error) {
          ASSERT_EQ(error.code, Code::misuse);
          continue;
        }
        ASSERT_EQ(currency(std::string{a, b, c}), candidate);
        ASSERT_EQ(code_of(candidate), (std::string{a, b, c}));
      }
    }
  }
  EXPECT_EQ(codes_by_digits, (std::map<int, int>{{0, 30}, {2, 145}, {3, 7}, {4, 2}}));
}

TEST(Currency, HasANumber) {
  // Source: ISO 4217 List One and, for HRK, List Three.
  const struct {
    const char* code;
    int number;
  } rows[] = {{"USD", 840}, {"EUR", 978}, {"CNY", 156}, {"JPY", 392}, {"KWD", 414}, {"TWD", 901}, {"ALL", 8},
              {"CLF", 990}, {"UYW", 927}, {"XAU", 959}, {"XXX", 999}, {"HRK", 191}, {"SLE", 925}, {"ZWG", 924}};
  for (const auto& row : rows) EXPECT_EQ(number_of(currency(row.code)), row.number) << row.code;
  EXPECT_KITH_ERROR(number_of({}), Code::misuse, "set it first");
  std::map<int, std::string> codes;
  for (const Currency each : currencies()) codes[number_of(each)] += code_of(each) + " ";
  EXPECT_EQ(currencies().size(), 184U);
  EXPECT_EQ(codes.size(), 183U);
  EXPECT_EQ(codes[532], "ANG XCG ") << "the only number that two codes share";
}

TEST(Currency, NamesNearCodes) {
  EXPECT_KITH_ERROR(currency("usd"), Code::invalid, "Did you mean USD");
  EXPECT_KITH_ERROR(currency("UDS"), Code::invalid, "USD");
  EXPECT_KITH_ERROR(currency("RMB"), Code::invalid, "'RMB' is no currency");
  EXPECT_KITH_ERROR(currency(""), Code::invalid, "like USD");
  EXPECT_KITH_ERROR(currency("US"), Code::invalid, "three capital letters");
  EXPECT_KITH_ERROR(currency("\xFF\xFF\xFF"), Code::invalid, "\\xFF");
  EXPECT_KITH_ERROR(currency("USDX"), Code::invalid, "USD");
}

TEST(Currency, NoneIsNotACurrency) {
  EXPECT_FALSE(Currency{});
  EXPECT_EQ(code_of(Currency{}), "");
  EXPECT_KITH_ERROR(minor_digits(Currency{}), Code::misuse, "without a currency");
  EXPECT_KITH_ERROR(minor_digits(Currency{12345}), Code::misuse, "12345");
  EXPECT_KITH_ERROR(minor_digits(Currency{-1}), Code::misuse, "-1");
  const Currency above_three_letters{currency("USD").packed | (1 << 24)};
  EXPECT_KITH_ERROR(minor_digits(above_three_letters), Code::misuse, "packed");
}

TEST(Money, AddsOneCurrencyOnly) {
  EXPECT_EQ(add(usd(1), usd(2)), usd(3));
  EXPECT_EQ(subtract(usd(1), usd(2)), usd(-1));
  EXPECT_KITH_ERROR(add(usd(1), Money{1, currency("EUR")}), Code::invalid, "USD and one in EUR");
  EXPECT_KITH_ERROR(subtract(usd(1), Money{}), Code::invalid, "no currency");
  EXPECT_KITH_ERROR(add(usd(kMax), usd(1)), Code::overflow, "sum of amounts");
  EXPECT_KITH_ERROR(subtract(usd(kMin), usd(1)), Code::overflow, "difference of amounts");
  EXPECT_NE(usd(1), (Money{1, currency("EUR")}));
}

TEST(Money, MultipliesOnce) {
  EXPECT_EQ(multiply(usd(1001), Decimal{7, 2}, Rounding::half_up), usd(70));
  EXPECT_EQ(multiply(usd(kMin), Decimal{1, 0}, Rounding::half_up), usd(kMin));
  EXPECT_EQ(multiply(usd(kMin), Decimal{-999'999'999'999'999'999, 18}, Rounding::down), usd(9223372036854775798));
  EXPECT_KITH_ERROR(multiply(usd(kMin), Decimal{-1, 0}, Rounding::half_up), Code::overflow, "product of an amount");
  EXPECT_KITH_ERROR(multiply(usd(1), Decimal{1, 19}, Rounding::half_up), Code::misuse, "0 to 18");
}

TEST(Money, ParsesWithoutRounding) {
  EXPECT_EQ(parse_money("12.30", currency("USD")), usd(1230));
  EXPECT_EQ(parse_money("12.3", currency("USD")), usd(1230));
  EXPECT_EQ(parse_money("-12", currency("USD")), usd(-1200));
  EXPECT_EQ(parse_money("5", currency("JPY")).minor, 5);
  EXPECT_EQ(parse_money("1.250", currency("KWD")).minor, 1250);
  EXPECT_EQ(parse_money("1.2345", currency("CLF")).minor, 12345);
  EXPECT_EQ(parse_money("-92233720368547758.08", currency("USD")), usd(kMin));
  EXPECT_KITH_ERROR(parse_money("12.345", currency("USD")), Code::invalid, "USD has 2, like 1234.50");
  EXPECT_KITH_ERROR(parse_money("12.300", currency("USD")), Code::invalid, "3 digits after the point");
  EXPECT_KITH_ERROR(parse_money("12.0", currency("JPY")), Code::invalid, "JPY has 0, like 1234");
  EXPECT_KITH_ERROR(parse_money("1.00001", currency("CLF")), Code::invalid, "like 1234.5000");
  EXPECT_KITH_ERROR(parse_money("1,234.50", currency("USD")), Code::invalid, "like -1234.50");
  EXPECT_KITH_ERROR(parse_money("92233720368547758.08", currency("USD")), Code::overflow, "too many digits");
  EXPECT_KITH_ERROR(parse_money("92233720368547759", currency("USD")), Code::overflow, "64 bits");
  EXPECT_KITH_ERROR(parse_money("1", Currency{}), Code::misuse, "without a currency");
}

TEST(Money, Prints) {
  EXPECT_EQ(to_string(usd(123450)), "1234.50");
  EXPECT_EQ(to_string(usd(-5)), "-0.05");
  EXPECT_EQ(to_string(Money{5, currency("JPY")}), "5");
  EXPECT_EQ(to_string(Money{1250, currency("KWD")}), "1.250");
  EXPECT_EQ(to_string(usd(kMin)), "-92233720368547758.08");
}

TEST(Money, ShowsThousandsToPeople) {
  EXPECT_EQ(display(usd(123450)), "1,234.50 USD");
  EXPECT_EQ(display(usd(0)), "0.00 USD");
  EXPECT_EQ(display(usd(99999)), "999.99 USD");
  EXPECT_EQ(display(usd(-99999)), "-999.99 USD");
  EXPECT_EQ(display(usd(-100000)), "-1,000.00 USD");
  EXPECT_EQ(display(usd(123456789012)), "1,234,567,890.12 USD");
  EXPECT_EQ(display(Money{1000000, currency("JPY")}), "1,000,000 JPY");
  EXPECT_EQ(display(Money{999, currency("JPY")}), "999 JPY");
  EXPECT_EQ(display(usd(kMin)), "-92,233,720,368,547,758.08 USD");
}

}  // namespace
}  // namespace kith
