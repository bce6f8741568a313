// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What people earn in the periods that hold some days, as the facts stand, whether or not a run has posted it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "kith/base/error.hpp"
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

/// Which earnings are asked about: those of every period of commission that holds one of the days.
struct EarnedQuestion {
  using People = std::optional<std::unordered_set<Id>>;  ///< nothing: everybody
  std::set<Date> deal_days = {};                         ///< by plans of won deals
  std::set<Date> event_days = {};                        ///< by general plans
  People deal_people = {};
  /// A plan that pays some by what others did gives everybody's, whoever is asked about.
  People event_people = {};
};
/// What was asked, and what no figure can be told of: a fact in it cannot be judged (an event without a rate). That
/// keeps back the people whom the fact may pay, or a whole plan that pays some by what others did.
struct EarnedAnswer {
  EarnedTable earned = {};
  /// The key has no employee for everybody, and no plan for plans of won deals.
  std::map<EarnedKey, Error> untold = {};
  /// The error that keeps a figure back, or null.
  const Error* why_untold(const EarnedKey& key) const;
};
EarnedAnswer earned_in(const Reader& system, const EarnedQuestion& question);

}  // namespace kith::incentive
