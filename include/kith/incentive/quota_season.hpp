// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A target shared over the months (or quarters, weeks) of its period as earlier years were: by what came in, in the
/// same periods, for the same unit or employee.

#include <vector>

#include "kith/incentive/quota.hpp"

namespace kith::incentive {

/// What came in, for the node's unit or employee, in the periods of a finer grain that make up its own, added up over
/// the same periods of so many earlier years; less than nothing counts 0. A year that has no such period (a 53rd week)
/// adds nothing. Errors: invalid (a grain that does not divide the period, years outside 1 to 20).
std::vector<std::int64_t> seasonal_weights(const Reader& reader, Id quota, Grain grain, int years = 3);

/// `split_periods` by those weights: whole amounts by largest remainder, so the parts sum to the target. Errors: those
/// of `split_periods`; also state where nothing came in in any of those years: give weights then.
std::vector<Id> split_seasonal(Work& work, Id quota, Grain grain, int years = 3);

}  // namespace kith::incentive
