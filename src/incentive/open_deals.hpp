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

  /// In the currency of the quota, each rounded once, half up.
  struct Worth {
    std::int64_t open = 0;
    std::int64_t weighted = 0;
  };
  Worth of(const Quota& quota) const;

 private:
  struct Sum {
    std::int64_t open = 0;
    Int128 weighted = 0;  // x 10^9
  };
  Currency base_;  // none: numbers
  std::unordered_map<Id, Sum> employees_;
  std::unordered_map<Id, Sum> units_;
};

}  // namespace kith::incentive
