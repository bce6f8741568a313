// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What was learned since a work that general plans look at: which of their periods it can move. Says yes too often
/// rather than too seldom; what is computed again without need comes out as it was.

#include <set>
#include <string>
#include <unordered_set>

#include "incentive/general_facts.hpp"

namespace kith::incentive {

class GeneralChanges {
 public:
  GeneralChanges(const Reader& system, std::int64_t since);

  bool any() const { return everything_ || dated_ || from_ < kOpenDate || !events_.empty() || !labels_.empty(); }
  bool concerns(const PlanVersion& version, const Period& period) const;
  /// Whether events alone have changed.
  bool only_events() const { return !everything_ && !dated_ && from_ == kOpenDate && labels_.empty(); }
  /// Who had or has a share in changed events, in those they take back, and in those that take them back.
  const std::unordered_set<Id>& people() const { return people_; }
  /// The events that came, changed or were cancelled.
  const std::unordered_set<Id>& events() const { return events_; }
  bool touched(Id event) const { return events_.contains(event); }

 private:
  void find_events(const Reader& system, std::int64_t since);
  void find_values(const Reader& system, std::int64_t since);
  void find_dated(const Reader& system, std::int64_t since);
  void find_people(const Reader& system, std::int64_t since);

  std::unordered_set<Id> events_;
  std::unordered_set<Id> people_;
  std::set<Date> days_;           // on which changed events, their origins and what reverses them stand
  std::set<std::string> labels_;  // of periods whose values or quotas changed
  Date from_ = kOpenDate;         // from here on, something dated is otherwise
  bool dated_ = false;            // rates or the hierarchy are otherwise
  bool everything_ = false;
};

}  // namespace kith::incentive
