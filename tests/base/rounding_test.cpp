// SPDX-License-Identifier: Apache-2.0
#include "kith/base/rounding.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/expect_error.hpp"
#include "support/soak.hpp"

namespace kith {
namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
__extension__ typedef unsigned __int128 Bits;
constexpr Int128 kWideMax = static_cast<Int128>(~Bits{0} >> 1);
constexpr Int128 kWideMin = -kWideMax - 1;

constexpr Rounding kModes[] = {Rounding::half_up, Rounding::half_even, Rounding::half_down, Rounding::down,
                               Rounding::up,      Rounding::floor,     Rounding::ceiling,   Rounding::half_ceiling};

cpp_int wide(Int128 value) {
  const cpp_int high = static_cast<std::int64_t>(value >> 64);
  const cpp_int low = static_cast<std::uint64_t>(static_cast<Bits>(value));
  return high * (cpp_int(1) << 64) + low;
}

// The rounded quotient by the definitions on the number line: the two whole numbers beside it, their distances.
cpp_int oracle(Int128 numerator, Int128 denominator, Rounding mode) {
  // A negative denominator is turned first: cpp_rational of Boost 1.74 refuses it.
  const int sign = denominator < 0 ? -1 : 1;
  const cpp_rational exact(cpp_int(sign * wide(numerator)), cpp_int(sign * wide(denominator)));
  cpp_int below = boost::multiprecision::numerator(exact) / boost::multiprecision::denominator(exact);
  if (cpp_rational(below) > exact) --below;
  if (cpp_rational(below) == exact) return below;
  const cpp_int above = below + 1;
  const cpp_int towards_zero = exact < 0 ? above : below;
  const cpp_int from_zero = exact < 0 ? below : above;
  const cpp_rational to_below = exact - below;
  const cpp_rational to_above = above - exact;
  switch (mode) {
    case Rounding::down: return towards_zero;
    case Rounding::up: return from_zero;
    case Rounding::floor: return below;
    case Rounding::ceiling: return above;
    default: break;
  }
  if (to_below < to_above) return below;
  if (to_above < to_below) return above;
  switch (mode) {
    case Rounding::half_up: return from_zero;
    case Rounding::half_down: return towards_zero;
    case Rounding::half_even: return below % 2 == 0 ? below : above;
    default: return above;  // half_ceiling
  }
}

void expect_oracle(Int128 numerator, Int128 denominator, Rounding mode) {
  const cpp_int expected = oracle(numerator, denominator, mode);
  const std::string context =
      wide(numerator).str() + " / " + wide(denominator).str() + " " + std::string(name_of(mode));
  if (expected > wide(kWideMax) || expected < wide(kWideMin)) {
    EXPECT_KITH_ERROR(divide_wide(numerator, denominator, mode), Code::overflow, "128 bits");
  } else {
    ASSERT_EQ(wide(divide_wide(numerator, denominator, mode)), expected) << context;
  }
  if (expected > kMax || expected < kMin) {
    EXPECT_KITH_ERROR(divide(numerator, denominator, mode), Code::overflow, "does not fit");
  } else {
    ASSERT_EQ(cpp_int(divide(numerator, denominator, mode)), expected) << context;
  }
}

TEST(Rounding, EdgesAgreeWithTheOracle) {
  std::vector<Int128> values;
  for (Int128 base : {Int128{0}, Int128{kMin}, Int128{kMax}, Int128{5} * kMax, Int128{10}, Int128{1} << 64}) {
    for (int around = -3; around <= 3; ++around) {
      values.push_back(base + around);
      values.push_back(-base + around);
    }
  }
  for (int inward = 0; inward <= 3; ++inward) {
    values.push_back(kWideMax - inward);
    values.push_back(kWideMin + inward);
  }
  values.push_back(Int128{1} << 126);
  for (Int128 numerator : values) {
    for (Int128 denominator : values) {
      if (denominator == 0) continue;
      for (Rounding mode : kModes) expect_oracle(numerator, denominator, mode);
    }
  }
}

TEST(Rounding, RandomValuesAgreeWithTheOracle) {
  std::mt19937_64 random(20170301);
  for (int round = 0; round < test::turns_of(4000); ++round) {
    const auto value = [&] {
      const Bits bits = (Bits{random()} << 64) | random();
      return static_cast<Int128>(bits) >> (random() % 127);
    };
    Int128 numerator = value();
    Int128 denominator = value();
    if (denominator == 0) denominator = 7;
    if (round % 3 == 0) {
      // An exact tie: an odd number of halves.
      denominator = 2 * (1 + static_cast<std::int64_t>(random() % 100000));
      numerator = (denominator / 2) * (2 * static_cast<std::int64_t>(random() % 2000000) - 1999999);
    }
    for (Rounding mode : kModes) expect_oracle(numerator, denominator, mode);
  }
}

TEST(Rounding, TheTableOfTheDefinitions) {
  // Source: by hand, from the one-line definitions in the header, in the order of kModes.
  const struct {
    int tenths;
    int expected[8];
  } rows[] = {{55, {6, 6, 5, 5, 6, 5, 6, 6}},          {25, {3, 2, 2, 2, 3, 2, 3, 3}},
              {16, {2, 2, 2, 1, 2, 1, 2, 2}},          {11, {1, 1, 1, 1, 2, 1, 2, 1}},
              {10, {1, 1, 1, 1, 1, 1, 1, 1}},          {5, {1, 0, 0, 0, 1, 0, 1, 1}},
              {-5, {-1, 0, 0, 0, -1, -1, 0, 0}},       {-10, {-1, -1, -1, -1, -1, -1, -1, -1}},
              {-11, {-1, -1, -1, -1, -2, -2, -1, -1}}, {-16, {-2, -2, -2, -1, -2, -2, -1, -2}},
              {-25, {-3, -2, -2, -2, -3, -3, -2, -2}}, {-55, {-6, -6, -5, -5, -6, -6, -5, -5}}};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(divide(row.tenths, 10, kModes[i]), row.expected[i]) << row.tenths << " " << name_of(kModes[i]);
      EXPECT_EQ(divide(-row.tenths, -10, kModes[i]), row.expected[i]) << row.tenths << " " << name_of(kModes[i]);
    }
  }
}

TEST(Rounding, DivisionFailsLoudly) {
  EXPECT_KITH_ERROR(divide(1, 0, Rounding::half_up), Code::misuse, "zero");
  EXPECT_KITH_ERROR(divide(kMin, -1, Rounding::half_up), Code::overflow, "64 bits");
  EXPECT_KITH_ERROR(divide_wide(kWideMin, -1, Rounding::half_up), Code::overflow, "128 bits");
  EXPECT_KITH_ERROR(divide(1, 2, static_cast<Rounding>(9)), Code::misuse, "rounding mode");
  EXPECT_EQ(divide(kMin, 1, Rounding::half_up), kMin);
  EXPECT_TRUE(divide_wide(kWideMin, 1, Rounding::up) == kWideMin);
}

TEST(Rounding, Names) {
  for (Rounding mode : kModes) EXPECT_EQ(parse_rounding(name_of(mode)), mode);
  EXPECT_EQ(name_of(Rounding::half_ceiling), "half_ceiling");
  EXPECT_KITH_ERROR(parse_rounding("bankers"), Code::invalid, "half_even, half_down");
  EXPECT_KITH_ERROR(parse_rounding("HALF_UP"), Code::invalid, "'HALF_UP'");
  EXPECT_KITH_ERROR(parse_rounding(""), Code::invalid, "expected one of");
  EXPECT_KITH_ERROR(name_of(static_cast<Rounding>(0)), Code::misuse, "0 is no rounding mode");
}

TEST(Rounding, CheckedArithmetic) {
  EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
  EXPECT_KITH_ERROR(checked_add(kMax, 1, "sum of amounts"), Code::overflow, "sum of amounts");
  EXPECT_KITH_ERROR(checked_add(kMin, -1), Code::overflow, "sum");
  EXPECT_EQ(checked_sub(-1, kMax), kMin);
  EXPECT_KITH_ERROR(checked_sub(0, kMin), Code::overflow, "difference");
  EXPECT_EQ(checked_mul(kMin, 1), kMin);
  EXPECT_KITH_ERROR(checked_mul(kMin, -1), Code::overflow, "product");
  EXPECT_EQ(narrow(Int128{kMin}), kMin);
  EXPECT_EQ(narrow(Int128{kMax}), kMax);
  EXPECT_KITH_ERROR(narrow(Int128{kMax} + 1), Code::overflow, "result");
  EXPECT_KITH_ERROR(narrow(Int128{kMin} - 1, "balance"), Code::overflow, "balance");
}

TEST(Rounding, PowersOfTen) {
  EXPECT_EQ(power_of_ten(0), 1);
  EXPECT_EQ(power_of_ten(18), 1'000'000'000'000'000'000);
  EXPECT_KITH_ERROR(power_of_ten(19), Code::misuse, "0 to 18");
  EXPECT_KITH_ERROR(power_of_ten(-1), Code::misuse, "0 to 18");
}

TEST(Allocate, RefusesWhatCannotBeShared) {
  EXPECT_KITH_ERROR(allocate(10, std::vector<std::int64_t>{}), Code::invalid, "weight");
  EXPECT_KITH_ERROR(allocate(10, std::vector<std::int64_t>{0, 0}), Code::invalid, "None of the 2 weights");
  EXPECT_KITH_ERROR(allocate(10, std::vector<std::int64_t>{1, -1}), Code::invalid, "Weight 2 of 2 is -1");
}

TEST(Allocate, Extremes) {
  using Parts = std::vector<std::int64_t>;
  EXPECT_EQ(allocate(kMin, Parts{1}), Parts{kMin});
  EXPECT_EQ(allocate(kMax, Parts{kMax}), Parts{kMax});
  EXPECT_EQ(allocate(kMin, Parts{0, kMax, 0}), (Parts{0, kMin, 0}));
  EXPECT_EQ(allocate(kMin, Parts{kMax, kMax}), (Parts{kMin / 2, kMin / 2}));
  EXPECT_EQ(allocate(kMax, Parts{kMax, kMax}), (Parts{kMax / 2 + 1, kMax / 2}));
  EXPECT_EQ(allocate(0, Parts{1, 2}), (Parts{0, 0}));
  EXPECT_EQ(allocate(1, Parts{1, 1, 1}), (Parts{1, 0, 0}));
  EXPECT_EQ(allocate(1, Parts{0, 1, 1}), (Parts{0, 1, 0}));
  EXPECT_EQ(allocate(-2, Parts{1, 1, 1}), (Parts{-1, -1, 0}));
}

TEST(Allocate, RandomSharesKeepTheirLaws) {
  std::mt19937_64 random(7);
  for (int round = 0; round < test::turns_of(3000); ++round) {
    std::vector<std::int64_t> weights(1 + random() % 9);
    cpp_int total = 0;
    const auto shift = random() % 63;
    for (std::int64_t& weight : weights) {
      weight = random() % 4 == 0 ? 0 : static_cast<std::int64_t>(random() >> (1 + shift));
      total += weight;
    }
    if (total == 0) continue;
    const std::int64_t amount = static_cast<std::int64_t>(random()) >> (random() % 64);
    const std::vector<std::int64_t> parts = allocate(amount, weights);
    ASSERT_EQ(parts.size(), weights.size());
    cpp_int sum = 0;
    std::vector<cpp_rational> remainders;
    std::vector<bool> raised;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      sum += parts[i];
      ASSERT_TRUE(weights[i] != 0 || parts[i] == 0);
      const cpp_rational quota(abs(cpp_int(amount)) * weights[i], total);
      const cpp_int floor = boost::multiprecision::numerator(quota) / boost::multiprecision::denominator(quota);
      const cpp_int extra = abs(cpp_int(parts[i])) - floor;
      ASSERT_TRUE(extra == 0 || extra == 1);
      remainders.push_back(quota - floor);
      raised.push_back(extra == 1);
    }
    ASSERT_EQ(sum, cpp_int(amount));
    // Nobody is passed over for a smaller remainder, nor for a later line with the same one.
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (std::size_t j = 0; j < parts.size(); ++j) {
        if (!raised[i] || raised[j]) continue;
        ASSERT_TRUE(remainders[i] > remainders[j] || (remainders[i] == remainders[j] && i < j));
      }
    }
    if (amount == kMin) continue;
    const std::vector<std::int64_t> mirror = allocate(-amount, weights);
    for (std::size_t i = 0; i < parts.size(); ++i) ASSERT_EQ(mirror[i], -parts[i]);
  }
}

}  // namespace
}  // namespace kith
