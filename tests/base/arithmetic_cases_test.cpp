// SPDX-License-Identifier: Apache-2.0
// Runs the golden numbers of arithmetic_cases.json.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kith/base/money.hpp"
#include "kith/base/rounding.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

nlohmann::json cases(const char* operation) {
  std::ifstream file(test::source_dir() / "tests/base/arithmetic_cases.json");
  return nlohmann::json::parse(file).at(operation);
}

TEST(ArithmeticCases, Multiply) {
  int checked = 0;
  const nlohmann::json rows = cases("multiply");
  for (const nlohmann::json& row : rows) {
    const Money amount =
        parse_money(row.at("amount").get<std::string>(), currency(row.at("currency").get<std::string>()));
    const Decimal factor = parse_decimal(row.at("factor").get<std::string>());
    for (const char* mode : {"half_up", "half_even", "half_ceiling", "down"}) {
      if (!row.contains(mode)) continue;
      EXPECT_EQ(to_string(multiply(amount, factor, parse_rounding(mode))), row.at(mode).get<std::string>())
          << row.at("id") << " " << mode;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 27);
}

TEST(ArithmeticCases, Allocate) {
  int checked = 0;
  const nlohmann::json rows = cases("allocate");
  for (const nlohmann::json& row : rows) {
    const Currency unit = currency(row.at("currency").get<std::string>());
    const Money amount = parse_money(row.at("amount").get<std::string>(), unit);
    const auto weights = row.at("weights").get<std::vector<std::int64_t>>();
    const std::vector<std::int64_t> parts = allocate(amount.minor, weights);
    std::vector<std::string> shown;
    Money sum{0, unit};
    for (std::int64_t part : parts) {
      shown.push_back(to_string(Money{part, unit}));
      sum = add(sum, {part, unit});
    }
    EXPECT_EQ(shown, row.at("parts").get<std::vector<std::string>>()) << row.at("id");
    EXPECT_EQ(sum, amount) << row.at("id");
    ++checked;
  }
  EXPECT_EQ(checked, 15);
}

}  // namespace
}  // namespace kith
