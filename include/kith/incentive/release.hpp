// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// When earned money becomes payable, and when it is taken back: release by steps and in proportion to cash, holdback,
/// clawback. Amounts are int64 minor units. Conservation: released + held = earned, to the cent, at every point. Pure
/// and thread-safe; what leaves 64 bits is Error{overflow}.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/base/decimal.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/time.hpp"

namespace kith::incentive {

/// What makes a step payable. Numbers are stable.
enum class ReleaseTrigger : std::int32_t { booking = 1, invoice = 2, cash = 3, date = 4, year_end = 5 };

/// A step of a schedule.
struct ReleaseStep {
  ReleaseTrigger trigger = ReleaseTrigger::booking;
  Decimal share;                ///< 0.6 for 60 %; those of a schedule sum to 1
  std::optional<Date> on = {};  ///< with `date`
};

/// What has happened to the deal by now; absent where it has not.
struct ReleaseFacts {
  std::optional<Date> booked = {};
  std::optional<Date> invoiced = {};
  std::optional<Date> year_end = {};  ///< last day of the (fiscal) year it was earned in
  std::int64_t due = 0;               ///< invoiced in total, minor units of any one currency
  std::int64_t paid = 0;              ///< cash that came in for it
};

struct Released {
  std::vector<std::int64_t> amounts = {};   ///< of each step; they sum to the earned amount
  std::vector<std::int64_t> released = {};  ///< of each step, by the day asked for
  std::int64_t total_released = 0;
  std::int64_t held = 0;
};

/// What of `earned` is payable on a day. Steps get their amounts by largest remainder; a cash step is released in
/// proportion to paid / due (see `release_by_cash`), every other one as a whole on its day. Errors: invalid unless the
/// shares sum to exactly 1, for a negative one, or a date step without its day.
Released release(std::int64_t earned, std::span<const ReleaseStep> steps, const ReleaseFacts& facts, Date on);

/// earned x paid / due, rounded once; what exceeds the amount due counts as paid in full. Posting the difference of two
/// calls telescopes: after full payment exactly `earned` has been released. Nothing due releases nothing. Errors:
/// invalid for a negative amount due or paid.
std::int64_t release_by_cash(std::int64_t earned, std::int64_t paid, std::int64_t due, Rounding mode);

struct Holdback {
  std::int64_t held = 0;
  std::int64_t payable = 0;  ///< held + payable = earned
};
/// Holds a share back, rounded once. What is released later is the sum of what was held, not a share of the sum.
/// Errors: invalid for a share outside 0 to 1.
Holdback hold_back(std::int64_t earned, Decimal share, Rounding mode);

// --- Clawback ---------------------------------------------------------------------------------------------------
// All give the adjustment: negative for commission that was positive, never beyond it.

/// -paid x share, rounded once. Errors: invalid for a share outside 0 to 1.
std::int64_t clawback_share(std::int64_t paid, Decimal share, Rounding mode);
/// The unearned months: -paid x (term - served) / term. Served more than the term is 0. Errors: invalid unless
/// term is above 0 and served is 0 or more.
std::int64_t clawback_months(std::int64_t paid, std::int64_t term, std::int64_t served, Rounding mode);
/// The unearned calendar days of the contract [from, to) from `ended` on, its first day without service. Errors:
/// invalid when the contract has no day.
std::int64_t clawback_days(std::int64_t paid, Date from, Date to, Date ended, Rounding mode);
/// What computing the deal again gives, less what was paid.
std::int64_t clawback_recompute(std::int64_t paid, std::int64_t computed);
/// Whether a loss on `lost` still falls into the window of so many months after `paid`; its last day does not.
bool in_clawback_window(Date paid, Date lost, int months);

}  // namespace kith::incentive
