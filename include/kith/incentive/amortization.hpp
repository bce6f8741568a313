// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The cost of winning a contract as an asset: a commission is spread over the time it brings benefit. Source: FASB
/// ASC 340-40-25-1 (incremental cost), 25-4 (expedient of one year or less), 35-1 (systematic amortisation), 35-3
/// (impairment). Kith gives the lines; posting them in a general ledger is the host's. Amounts are int64 minor units.
/// Pure and thread-safe; what leaves 64 bits is Error{overflow}.

#include <cstdint>
#include <vector>

#include "kith/base/rounding.hpp"
#include "kith/base/time.hpp"

namespace kith::incentive {

/// Numbers are stable.
enum class AmortizationKind : std::int32_t {
  expense = 1,  ///< at once, by the expedient
  amortize = 2,
  write_off = 3,  ///< the rest, when the customer is lost
};

struct AmortizationLine {
  AmortizationKind kind = AmortizationKind::amortize;
  Date from;  ///< first day of its month of benefit
  std::int64_t amount = 0;
  std::int64_t remaining = 0;  ///< asset after the line
  friend bool operator==(const AmortizationLine&, const AmortizationLine&) = default;
};

/// Benefit months of a commission: those of the contract, with its expected renewals where a renewal earns no
/// commission that is commensurate with the first. Errors: invalid unless months > 0 and renewals >= 0.
std::int64_t benefit_months(std::int64_t contract_months, std::int64_t expected_renewals, bool renewal_commensurate);

/// Straight line over `months` from `start`, month by month from that day: line k is round(cost x k / months) less what
/// the lines before have, so that they sum to the cost. Up to `expedient_months` (12; 0 turns the expedient off) it is
/// one expense line. A negative cost is the mirror. Errors: invalid unless months is 1 to 1,200.
std::vector<AmortizationLine> amortize(std::int64_t cost, std::int64_t months, Date start, Rounding mode,
                                       std::int64_t expedient_months = 12);

/// The schedule when the customer is lost after so many months of benefit: its lines up to there, then one write-off of
/// what remains; unchanged when nothing does. Errors: invalid for a negative number.
std::vector<AmortizationLine> write_off(const std::vector<AmortizationLine>& schedule, std::int64_t months);

}  // namespace kith::incentive
