// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What facts keep of their worth in the base currency, held against their amount and rate.

#include <optional>
#include <string>

#include "kith/base/rate.hpp"

namespace kith {

/// What a fact keeps of its worth, as it is stored.
struct KeptWorth {
  std::optional<Amount> amount;
  std::optional<std::string> rate;
  std::optional<Date> on;
};

/// What does not follow from the money of a fact (none: it has none); nothing where all does.
std::optional<std::string> worth_fault(const std::optional<Money>& money, const KeptWorth& kept, Currency base);

}  // namespace kith
