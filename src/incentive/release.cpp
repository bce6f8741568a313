// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/release.hpp"

#include <algorithm>
#include <numeric>

#include "incentive/big.hpp"
#include "kith/incentive/commission.hpp"

namespace kith::incentive {
namespace {

void check_share(Decimal share) {
  expect(share >= Decimal{0, 0} && share <= Decimal{1, 0}, "share", "must lie between 0 and 1 (0.1 for 10 %)");
}

std::optional<Date> day_of(const ReleaseStep& step, const ReleaseFacts& facts) {
  switch (step.trigger) {
    case ReleaseTrigger::booking: return facts.booked;
    case ReleaseTrigger::invoice: return facts.invoiced;
    case ReleaseTrigger::date: return step.on;
    case ReleaseTrigger::year_end: return facts.year_end;
    case ReleaseTrigger::cash: break;
  }
  throw Error(Code::misuse, "The trigger of a release step runs from 1 to 5.");
}

}  // namespace

Released release(std::int64_t earned, std::span<const ReleaseStep> steps, const ReleaseFacts& facts, Date on) {
  std::vector<Decimal> shares;
  for (const ReleaseStep& step : steps) {
    shares.push_back(step.share);
    expect(step.trigger != ReleaseTrigger::date || step.on.has_value(), "on", "is missing; a date step needs its day");
  }
  Released result;
  result.amounts = apply_split(earned, shares);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].trigger == ReleaseTrigger::cash) {
      result.released.push_back(release_by_cash(result.amounts[i], facts.paid, facts.due, Rounding::half_up));
    } else {
      const std::optional<Date> day = day_of(steps[i], facts);
      result.released.push_back(day && *day <= on ? result.amounts[i] : 0);
    }
    result.total_released += result.released.back();
  }
  result.held = earned - result.total_released;
  return result;
}

std::int64_t release_by_cash(std::int64_t earned, std::int64_t paid, std::int64_t due, Rounding mode) {
  expect(due >= 0, "due", "is negative; give what was invoiced");
  expect(paid >= 0, "paid", "is negative; give the cash that came in so far");
  if (due == 0) return 0;
  return divide(Int128{earned} * std::min(paid, due), due, mode);
}

Holdback hold_back(std::int64_t earned, Decimal share, Rounding mode) {
  check_share(share);
  const std::int64_t held = round_big(big(Int128{earned}) * big(share), mode);
  return {held, earned - held};
}

std::int64_t clawback_share(std::int64_t paid, Decimal share, Rounding mode) {
  check_share(share);
  return checked_sub(0, round_big(big(Int128{paid}) * big(share), mode), "clawback");
}

std::int64_t clawback_months(std::int64_t paid, std::int64_t term, std::int64_t served, Rounding mode) {
  expect(term > 0, "term", "must be above 0 months");
  expect(served >= 0, "served", "is negative; give 0 or more months");
  return checked_sub(0, divide(Int128{paid} * (term - std::min(served, term)), term, mode), "clawback");
}

std::int64_t clawback_days(std::int64_t paid, Date from, Date to, Date ended, Rounding mode) {
  expect(from < to, "to", "is not after the first day; the contract has no day");
  const std::int64_t days = std::int64_t{to.days} - from.days;
  const std::int64_t unearned = std::int64_t{to.days} - std::clamp(ended, from, to).days;
  return checked_sub(0, divide(Int128{paid} * unearned, days, mode), "clawback");
}

std::int64_t clawback_recompute(std::int64_t paid, std::int64_t computed) {
  return checked_sub(computed, paid, "clawback");
}

bool in_clawback_window(Date paid, Date lost, int months) {
  expect(months >= 0, "months", "is negative; give 0 or more");
  return paid <= lost && lost < add_months(paid, months);
}

}  // namespace kith::incentive
