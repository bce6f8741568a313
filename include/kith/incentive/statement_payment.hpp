// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From what a statement says is earned to what is paid, of general plans with `release` or `payment` (docs/plans.md):
/// what waits for its release, what is released in the period, the draw, and what goes on into the next one. Written by
/// `incentive::run` beside the lines of the statement, frozen by `close` and part of its hash. What is learned later
/// posts as corrections that name the row they correct; rows of closed periods never change.

#include <optional>
#include <string>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// Numbers are stable.
enum class ReleaseKind : std::int32_t {
  held = 1,      ///< earned, and waits
  released = 2,  ///< becomes payable
};
template <>
struct Choices<ReleaseKind> {
  static constexpr std::string_view names[] = {"held", "released"};
};

/// A part of what a component earned somebody in a period: held there, released there or later. Of each part, what is
/// held and released in all statements together is what its facts give by the newest period.
struct StatementRelease {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id statement = {};
  std::int64_t position = 0;  ///< order within the statement, from 1; corrections come last
  ReleaseKind kind = ReleaseKind::held;
  bool correction = false;  ///< of what closed periods hold, or should have released
  Id plan = {};             ///< the CommissionPlan by which it is held
  std::string component = {};
  std::string period_earned = {};  ///< label
  std::string part = {};           ///< `trigger` of the plan's release
  Amount amount = {};
  std::optional<Id> corrects = {};  ///< the row of a closed period; absent when it had none
  /// Correction: "earnings changed", or "came late" of an event that released.
  std::optional<std::string> reason = {};
};
template <>
const Entity& entity_of<StatementRelease>();

/// What is paid: pay = earned - held + released + carried + advanced - recovered + topped_up - carry.
struct StatementPayment {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id statement = {};
  Id plan = {};                      ///< the CommissionPlan by whose rules it is paid
  Amount earned = {};                ///< total of the statement
  Amount held = {};                  ///< sum of its held rows
  Amount released = {};              ///< sum of its released rows
  Amount carried = {};               ///< 0 or below: what the period before left
  std::optional<Amount> drawn = {};  ///< what the draw lifts pay to, where one holds
  Amount advanced = {};              ///< by the draw
  Amount recovered = {};             ///< of earlier advances
  Amount topped_up = {};             ///< given, never recovered
  Amount forgiven = {};              ///< of the balance of somebody who leaves
  Amount balance = {};               ///< advanced and not recovered, after the period
  Amount carry = {};                 ///< 0 or below: goes into the next period
  Amount pay = {};
};
template <>
const Entity& entity_of<StatementPayment>();

namespace incentive {

/// What of a statement waits and is released, by position.
std::vector<StatementRelease> releases_of(const Reader& reader, Id statement);
/// What is paid for a statement; nothing where no plan says more than a sum, or before the first run.
std::optional<StatementPayment> payment_of(const Reader& reader, Id statement);
/// What of everything that somebody earned waits, by the newest statement of a calendar's periods of one length (those
/// of the statement): a row of kind `held` for each part, with what is left of it.
std::vector<StatementRelease> waiting(const Reader& reader, Id statement);

}  // namespace incentive
}  // namespace kith
