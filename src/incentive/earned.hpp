// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What people earn in the periods that hold some days, as the facts stand, whether or not a run has posted it.

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kith/engine/reader.hpp"

namespace kith::incentive {

/// Whose earnings, with which plan, in which period of which calendar.
struct EarnedKey {
  Id employee;
  std::string plan;
  std::string calendar;
  std::string period;
  friend auto operator<=>(const EarnedKey&, const EarnedKey&) = default;
};
/// Earned in a period, in all and by the day of the fact.
struct Earned {
  std::int64_t total = 0;
  std::map<Date, std::int64_t> by_day;
};
using EarnedTable = std::map<EarnedKey, Earned>;

/// The earnings of every period of commission that holds one of the days; of one person with `only`.
EarnedTable earned_in(const Reader& system, const std::set<Date>& days, std::optional<Id> only = {});

}  // namespace kith::incentive
