// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Open deals that should close in a stretch of days, by employee and by every unit above each today.

#include <unordered_map>

#include "kith/incentive/proration.hpp"
#include "kith/incentive/quota.hpp"

namespace kith::incentive {

class OpenDeals {
 public:
  /// With `each` deals are counted, else their amounts are added up.
  OpenDeals(const Reader& system, bool each, Date from, Date to);

  struct Sum {
    std::int64_t open = 0;
    Int128 weighted = 0;  ///< x 10^9
  };
  Sum of(const Quota& quota) const;
  /// A weighted sum as an amount, rounded half up.
  static std::int64_t rounded_weighted(const Sum& sum);

 private:
  std::unordered_map<Id, Sum> employees_;
  std::unordered_map<Id, Sum> units_;
};

}  // namespace kith::incentive
