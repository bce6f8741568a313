// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What ramps and leaves leave of a goal.

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kith/incentive/quota_plan.hpp"

namespace kith::incentive {

/// The share of a full target that is expected of somebody in a period, exactly.
struct Relief {
  Exact share = {1, 1};
  /// amount x share. Errors: overflow.
  Exact goal(Amount amount) const;
};

/// All reliefs that meet a period, read once.
class Reliefs {
 public:
  Reliefs(const Reader& system, Date from, Date to);
  /// Of nobody: the full target.
  Relief of(std::optional<Id> employee) const;

 private:
  std::unordered_map<Id, Relief> shares_;
};

}  // namespace kith::incentive
