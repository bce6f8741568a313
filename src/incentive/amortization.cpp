// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/amortization.hpp"

#include <algorithm>

#include "incentive/big.hpp"

namespace kith::incentive {
namespace {

constexpr std::int64_t kMostMonths = 1200;

}  // namespace

std::int64_t benefit_months(std::int64_t contract_months, std::int64_t expected_renewals, bool renewal_commensurate) {
  expect(contract_months > 0, "contract_months", "must be above 0");
  expect(expected_renewals >= 0, "expected_renewals", "is negative; give 0 or more");
  if (renewal_commensurate) return contract_months;
  return checked_mul(contract_months, checked_add(expected_renewals, 1, "renewals"), "months of benefit");
}

std::vector<AmortizationLine> amortize(std::int64_t cost, std::int64_t months, Date start, Rounding mode,
                                       std::int64_t expedient_months) {
  expect(months > 0 && months <= kMostMonths, "months", "must lie between 1 and 1,200");
  if (months <= expedient_months) return {{AmortizationKind::expense, start, cost, 0}};
  std::vector<AmortizationLine> lines;
  std::int64_t posted = 0;
  for (std::int64_t month = 1; month <= months; ++month) {
    const std::int64_t running = divide(Int128{cost} * month, months, mode);
    lines.push_back(
        {AmortizationKind::amortize, add_months(start, static_cast<int>(month - 1)), running - posted, cost - running});
    posted = running;
  }
  return lines;
}

std::vector<AmortizationLine> write_off(const std::vector<AmortizationLine>& schedule, std::int64_t months) {
  expect(months >= 0, "months", "is negative; give the months of benefit so far");
  if (months >= static_cast<std::int64_t>(schedule.size())) return schedule;
  const auto kept = static_cast<std::size_t>(months);
  const AmortizationLine& lost = schedule[kept];
  if (lost.kind != AmortizationKind::amortize) return schedule;
  std::vector<AmortizationLine> lines(schedule.begin(), schedule.begin() + months);
  lines.push_back({AmortizationKind::write_off, lost.from, lost.amount + lost.remaining, 0});
  return lines;
}

}  // namespace kith::incentive
