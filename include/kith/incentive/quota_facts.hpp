// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Why an attainment is what it is: the records behind it. And sums the other way: a long period as the sum of short
/// ones.

#include <vector>

#include "kith/incentive/measure.hpp"
#include "kith/incentive/quota.hpp"

namespace kith {

/// The records behind a node's actual, as far as the actor may see them.
struct QuotaFacts {
  Quota quota = {};
  Money actual = {};                                 ///< of all records: what `attainment` says
  std::vector<incentive::MeasuredShare> facts = {};  ///< by day, record, employee; a unit's counted record once; money
                                                     ///< in the base currency
  Money hidden = {};  ///< of records that the actor may not see: actual less that of the facts
};

namespace incentive {

/// Errors: not_found, and those of the quota's measure.
QuotaFacts quota_facts(const Reader& reader, Id quota);

/// Makes a target the sum of its parts in the periods of a finer grain (method bottom_up): three months give the
/// quarter. Errors: state naming the periods without a target; those of `set_quota`.
void sum_periods(Work& work, Id quota, Grain grain);

}  // namespace incentive
}  // namespace kith
