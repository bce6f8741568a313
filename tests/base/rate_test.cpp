// SPDX-License-Identifier: Apache-2.0
#include "kith/base/rate.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/expect_error.hpp"

namespace kith {
namespace {

const Currency kUsd = currency("USD");
const Currency kEur = currency("EUR");
const Currency kJpy = currency("JPY");
const Currency kKwd = currency("KWD");
const Currency kClf = currency("CLF");

Ratio rate(const char* text) { return ratio(parse_decimal(text)); }
std::string converted(const char* amount, Currency from, Currency to, const Ratio& at,
                      Rounding mode = Rounding::half_up) {
  return to_string(convert(parse_money(amount, from), to, at, mode));
}

TEST(Rate, ConvertsBetweenAllNumbersOfDigits) {
  // Derived by hand: 10,000 x 1.10; 100 x 149.255 = 14,925.5; 1 / 3.25 = 0.3076923...; 14,925 x 0.0067.
  EXPECT_EQ(converted("10000.00", kEur, kUsd, rate("1.10")), "11000.00");
  EXPECT_EQ(converted("100.00", kUsd, kJpy, rate("149.255")), "14926");
  EXPECT_EQ(converted("100.00", kUsd, kJpy, rate("149.255"), Rounding::half_down), "14925");
  EXPECT_EQ(converted("1.00", kUsd, kKwd, inverse(rate("3.25"))), "0.308");
  EXPECT_EQ(converted("14925", kJpy, kUsd, rate("0.0067")), "100.00");
  EXPECT_EQ(converted("1.0000", kClf, kUsd, rate("40.12345")), "40.12");
  EXPECT_EQ(converted("-0.01", kUsd, kUsd, rate("0.5")), "-0.01") << "ties go away from zero";
  EXPECT_EQ(converted("-0.01", kUsd, kUsd, rate("0.5"), Rounding::half_even), "0.00");
  EXPECT_EQ(converted("0.00", kUsd, kJpy, rate("149.255")), "0");
}

TEST(Rate, GoldenCasesE10AndE15) {
  // E-10: EUR 10,000 at 1.10 and 5,000 at 1.06 are 16,300 USD; at the average 1.08 they are 16,200.
  EXPECT_EQ(converted("10000.00", kEur, kUsd, rate("1.10")), "11000.00");
  EXPECT_EQ(converted("5000.00", kEur, kUsd, rate("1.06")), "5300.00");
  const std::vector<Ratio> rates{rate("1.10"), rate("1.06")};
  EXPECT_EQ(weighted_mean(rates, std::vector<std::int64_t>{1, 1}), rate("1.08"));
  EXPECT_EQ(converted("15000.00", kEur, kUsd, rate("1.08")), "16200.00");
  // E-15: USD 10,000 at the fixed 83, USD 3,000 at the market's 84.5.
  const Currency inr = currency("INR");
  EXPECT_EQ(converted("10000.00", kUsd, inr, rate("83")), "830000.00");
  EXPECT_EQ(converted("3000.00", kUsd, inr, rate("84.5")), "253500.00");
}

TEST(Rate, IsExactUntilTheEnd) {
  const Ratio third = inverse(rate("3"));
  EXPECT_EQ(multiply(third, rate("3")), Ratio{});
  EXPECT_EQ(inverse(inverse(rate("1.0837"))), rate("1.0837"));
  EXPECT_EQ(to_string(rounded(third, 4, Rounding::half_up)), "0.3333");
  EXPECT_EQ(to_string(rounded(third, 4, Rounding::up)), "0.3334");
  EXPECT_EQ(minor_ratio(kJpy, kUsd, rate("0.0068")), ratio(68, 100));
  EXPECT_EQ(weighted_mean(std::vector<Ratio>{third, rate("1")}, std::vector<std::int64_t>{1, 2}), ratio(7, 9));
}

TEST(Rate, FindsPairsInversesAndTheWayThroughThePivot) {
  const std::vector<Quote> quotes{{kEur, kUsd, rate("1.10")}, {kUsd, kJpy, rate("150")}, {kEur, kUsd, rate("9")}};
  EXPECT_EQ(find_route(quotes, kEur, kEur, kUsd)->legs.size(), 0U);
  EXPECT_EQ(find_route(quotes, kEur, kUsd, kUsd)->rate, rate("1.10")) << "the first quote of a pair counts";
  const auto back = find_route(quotes, kUsd, kEur, kUsd);
  EXPECT_EQ(back->rate, ratio(10, 11));
  EXPECT_TRUE(back->legs.at(0).inverted);
  const auto cross = find_route(quotes, kJpy, kEur, kUsd);
  ASSERT_EQ(cross->legs.size(), 2U);
  EXPECT_EQ(cross->rate, ratio(1, 165));
  EXPECT_EQ(converted("16500", kJpy, kEur, cross->rate), "100.00");
  EXPECT_FALSE(find_route(quotes, kJpy, kEur, kKwd)) << "only the named pivot";
  EXPECT_FALSE(find_route(quotes, kEur, kKwd, kUsd));
  EXPECT_FALSE(find_route({}, kEur, kUsd, kUsd));
}

TEST(Rate, RefusesWhatIsNoRate) {
  EXPECT_KITH_ERROR(rate("0"), Code::invalid, "above 0");
  EXPECT_KITH_ERROR(rate("-1.1"), Code::invalid, "-1.1 is no exchange rate");
  EXPECT_KITH_ERROR(ratio(1, 0), Code::invalid, "above 0");
  EXPECT_KITH_ERROR(weighted_mean({}, {}), Code::invalid, "at least one");
  EXPECT_KITH_ERROR(weighted_mean(std::vector<Ratio>{Ratio{}}, {}), Code::invalid, "1 rates have 0 weights");
  EXPECT_KITH_ERROR(weighted_mean(std::vector<Ratio>{Ratio{}}, std::vector<std::int64_t>{-1}), Code::invalid,
                    "negative");
  EXPECT_KITH_ERROR(convert({1, {}}, kUsd, Ratio{}, Rounding::half_up), Code::misuse, "set it first");
  EXPECT_KITH_ERROR(convert({INT64_MAX, kUsd}, kJpy, rate("150"), Rounding::half_up), Code::overflow, "64 bits");
  Ratio many = rate("1.000000000001");
  EXPECT_KITH_ERROR(for (int i = 0; i < 9; ++i) many = multiply(many, rate("1.000000000001")), Code::overflow, "chain");
}

// Against arbitrary precision: random amounts and rates, every mode.
TEST(Rate, AgreesWithAnOracle) {
  using Big = boost::multiprecision::cpp_int;
  std::mt19937_64 random(4217);
  const std::vector<Currency> all = currencies();
  for (int round = 0; round < 20'000; ++round) {
    const Currency from = all[random() % all.size()];
    const Currency to = all[random() % all.size()];
    const auto minor = static_cast<std::int64_t>(random() % 2'000'000'000) - 1'000'000'000;
    const Ratio at =
        ratio(static_cast<Int128>(random() % 1'000'000'000 + 1), static_cast<Int128>(random() % 1'000'000 + 1));
    const Big top = Big(minor) * Big(at.numerator) * power_of_ten(minor_digits(to));
    const Big bottom = Big(at.denominator) * power_of_ten(minor_digits(from));
    const Big floor = top >= 0 ? Big(top / bottom) : Big(-((-top + bottom - 1) / bottom));
    const Big rest = top - floor * bottom;
    const std::int64_t low = convert({minor, from}, to, at, Rounding::floor).minor;
    ASSERT_EQ(Big(low), floor);
    ASSERT_EQ(Big(convert({minor, from}, to, at, Rounding::ceiling).minor), rest == 0 ? floor : Big(floor + 1));
    const bool up = rest * 2 > bottom || (rest * 2 == bottom && minor > 0);
    ASSERT_EQ(Big(convert({minor, from}, to, at, Rounding::half_up).minor), up ? Big(floor + 1) : floor);
    ASSERT_EQ(convert({-minor, from}, to, at, Rounding::half_up).minor,
              -convert({minor, from}, to, at, Rounding::half_up).minor);
  }
}

TEST(Ratio, IsWrittenExactlyAndReadBack) {
  const std::pair<Ratio, const char*> cases[] = {{{}, "1"},
                                                 {ratio(11, 10), "1.1"},
                                                 {ratio(10, 11), "10/11"},
                                                 {ratio(1, 8), "0.125"},
                                                 {ratio(1, 150), "1/150"},
                                                 {ratio(250, 1), "250"},
                                                 {ratio(Decimal{1, 12}), "0.000000000001"},
                                                 {inverse(ratio(Decimal{1, 12})), "1000000000000"}};
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(to_string(value), text);
    EXPECT_EQ(parse_ratio(text), value) << text;
  }
  const Ratio fine = multiply(ratio(1, power_of_ten(12)), ratio(1, power_of_ten(12)));
  EXPECT_EQ(to_string(fine), "1/1000000000000000000000000");
  EXPECT_EQ(parse_ratio(to_string(fine)), fine);
  EXPECT_EQ(parse_ratio("2.50"), ratio(5, 2));
  for (const char* text : {"", "x", "1/", "/2", "1.", ".5", "-1", "1/0", "0", "1.1/2", "1,5", "1e3",
                           "0.0000000000000000001", "999999999999999999999999999999999999999999"}) {
    EXPECT_KITH_ERROR(parse_ratio(text), Code::invalid, "");
  }
}

}  // namespace
}  // namespace kith
