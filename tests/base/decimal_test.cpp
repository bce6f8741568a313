// SPDX-License-Identifier: Apache-2.0
#include "kith/base/decimal.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <limits>
#include <random>
#include <string>

#include "support/expect_error.hpp"

namespace kith {
namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

cpp_rational exact(Decimal value) { return {cpp_int(value.coefficient), cpp_int(power_of_ten(value.scale))}; }

void expect_parsed(const char* text, std::int64_t coefficient, int scale) {
  const Decimal value = parse_decimal(text);
  EXPECT_EQ(value.coefficient, coefficient) << text;
  EXPECT_EQ(value.scale, scale) << text;
}

TEST(Decimal, Parses) {
  expect_parsed("0", 0, 0);
  expect_parsed("-1234.50", -123450, 2);
  expect_parsed("+3", 3, 0);
  expect_parsed(".5", 5, 1);
  expect_parsed("-.05", -5, 2);
  expect_parsed("-0", 0, 0);
  expect_parsed("007.10", 710, 2);
  expect_parsed("00000000000000000000000000001", 1, 0);
  expect_parsed("9223372036854775807", kMax, 0);
  expect_parsed("-9223372036854775808", kMin, 0);
  expect_parsed("-9.223372036854775808", kMin, 18);
  expect_parsed("0.000000000000000001", 1, 18);
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"",      "-",     "+",   ".",   "-.",           "5.",        "1e3",
        "1,000", "1 000", " 1",  "1 ",  "--1",          "+-1",       "1.2.3",
        "1-",    "0x10",  "NaN", "inf", "\xEF\xBC\x91", "1\xC2\xA0", "99999999999999999999999999x"}) {
    EXPECT_KITH_ERROR(parse_decimal(text), Code::invalid, "like -1234.50");
  }
  EXPECT_KITH_ERROR(parse_decimal(std::string_view("1\0", 2)), Code::invalid, "'1\\x00'");
  EXPECT_KITH_ERROR(parse_decimal("0.0000000000000000001"), Code::invalid, "at most 18");
}

TEST(Decimal, RefusesWhatDoesNotFit) {
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "18446744073709551616",
                           "340282366920938463463374607431768211456", "92233720368547758.08001"}) {
    EXPECT_KITH_ERROR(parse_decimal(text), Code::overflow, text);
  }
  EXPECT_KITH_ERROR(parse_decimal(std::string(1000, '9')), Code::overflow, "...'");
}

TEST(Decimal, Prints) {
  EXPECT_EQ(to_string(Decimal{12345, 2}), "123.45");
  EXPECT_EQ(to_string(Decimal{5, 2}), "0.05");
  EXPECT_EQ(to_string(Decimal{-5, 2}), "-0.05");
  EXPECT_EQ(to_string(Decimal{0, 3}), "0.000");
  EXPECT_EQ(to_string(Decimal{0, 3}, true), "0");
  EXPECT_EQ(to_string(Decimal{-1200, 3}, true), "-1.2");
  EXPECT_EQ(to_string(Decimal{1000, 3}, true), "1");
  EXPECT_EQ(to_string(Decimal{1000, 0}, true), "1000");
  EXPECT_EQ(to_string(Decimal{kMin, 18}), "-9.223372036854775808");
  EXPECT_EQ(to_string(Decimal{kMin, 0}), "-9223372036854775808");
  EXPECT_KITH_ERROR(to_string(Decimal{1, 19}), Code::misuse, "0 to 18");
  EXPECT_KITH_ERROR(to_string(Decimal{1, -1}), Code::misuse, "0 to 18");
}

TEST(Decimal, ComparesByValue) {
  EXPECT_EQ((Decimal{10, 1}), (Decimal{100, 2}));
  EXPECT_NE((Decimal{10, 1}), (Decimal{101, 2}));
  EXPECT_LT((Decimal{-1, 0}), (Decimal{-9, 1}));
  EXPECT_GT((Decimal{kMax, 0}), (Decimal{kMax, 18}));
  EXPECT_LT((Decimal{kMin, 0}), (Decimal{kMin, 18}));
  EXPECT_EQ((Decimal{0, 0}), (Decimal{0, 18}));
}

TEST(Decimal, RandomValuesAgreeWithRationals) {
  std::mt19937_64 random(3);
  const auto value = [&] {
    return Decimal{static_cast<std::int64_t>(random()) >> (random() % 64), static_cast<std::int32_t>(random() % 19)};
  };
  for (int round = 0; round < 5000; ++round) {
    const Decimal a = value();
    const Decimal b = random() % 8 == 0 ? rescale(a, a.scale) : value();
    ASSERT_EQ(a < b, exact(a) < exact(b));
    ASSERT_EQ(a == b, exact(a) == exact(b));
    const Decimal read = parse_decimal(to_string(a));
    ASSERT_EQ(read.coefficient, a.coefficient);
    ASSERT_EQ(read.scale, a.scale);
    ASSERT_EQ(parse_decimal(to_string(a, true)), a);
    if (b.scale <= a.scale) {
      const Decimal lowered = rescale(a, b.scale, Rounding::floor);
      ASSERT_LE(exact(lowered), exact(a));
      ASSERT_GT(exact(lowered) + cpp_rational(1, power_of_ten(b.scale)), exact(a));
    }
  }
}

TEST(Decimal, Rescales) {
  EXPECT_EQ(rescale(Decimal{15, 1}, 3).coefficient, 1500);
  EXPECT_EQ(rescale(Decimal{1500, 3}, 1).coefficient, 15);
  EXPECT_EQ(rescale(Decimal{-1500, 3}, 1).scale, 1);
  EXPECT_KITH_ERROR(rescale(Decimal{1501, 3}, 2), Code::invalid, "1.501 has more than 2 digits");
  EXPECT_EQ(rescale(Decimal{1501, 3}, 2, Rounding::up).coefficient, 151);
  EXPECT_EQ(rescale(Decimal{-1505, 3}, 2, Rounding::half_up).coefficient, -151);
  EXPECT_EQ(rescale(Decimal{-1505, 3}, 2, Rounding::half_even).coefficient, -150);
  EXPECT_KITH_ERROR(rescale(Decimal{kMax, 0}, 1), Code::overflow, "rescaled");
  EXPECT_KITH_ERROR(rescale(Decimal{1, 0}, 19), Code::misuse, "0 to 18");
  EXPECT_KITH_ERROR(rescale(Decimal{1, 0}, -1, Rounding::down), Code::misuse, "0 to 18");
}

}  // namespace
}  // namespace kith
