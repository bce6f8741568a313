// SPDX-License-Identifier: Apache-2.0
#include "engine/worth.hpp"

#include "kith/base/error.hpp"

namespace kith {

std::optional<std::string> worth_fault(const std::optional<Money>& money, const KeptWorth& kept, Currency base) {
  const bool foreign = money && money->currency != base;
  if (kept.rate.has_value() != foreign || kept.on.has_value() != foreign) {
    return "must keep a rate and its day exactly when it has an amount in another than the base currency";
  }
  std::optional<Amount> worth;
  if (money) worth = Amount{money->minor};
  if (foreign) {
    try {
      worth = Amount{convert(*money, base, parse_ratio(*kept.rate), Rounding::half_up).minor};
    } catch (const Error& error) {
      return "base_rate: " + error.message;
    }
  }
  if (worth != kept.amount) return "base_amount must be amount x base_rate, rounded half up";
  return std::nullopt;
}

}  // namespace kith
