// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Statements: what each person earned in a period, line by line. A run credits won deals by their splits, puts them
/// through the plan that is assigned to the person, and keeps the lines; the same facts run again change nothing.
/// Closing a period freezes its statements. What is learned later (a late deal, another amount, a lost deal, another
/// split) posts as adjustment lines in an open period that name the line they correct; closed lines never change.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/session.hpp"
#include "kith/incentive/trace.hpp"

namespace kith {

/// A version of a plan document in the store. Numbers of versions grow; the approved version valid on a period's
/// first day counts for that period.
struct CommissionPlan {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::int64_t version = 1;
  std::string document = {};  ///< canonical JSON (incentive/plan.hpp)
  std::string hash = {};      ///< hexadecimal SHA-256 of it
  Date valid_from = {};
  Date valid_to = kOpenDate;
};
template <>
const Entity& entity_of<CommissionPlan>();

/// A plan, by name, holds for an employee, or for the members of a unit and all below it, from one day to another.
/// The assignment of the employee beats that of a unit, a nearer unit beats a farther one. Nobody has two plans in one
/// period: the first one that counts in it does so to its end, another one from the next period on. Only deals won on
/// days with a plan count, from `Employee::hired_on` to `left_on`.
struct PlanAssignment {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string plan = {};
  std::optional<Id> employee = {};
  std::optional<Id> unit = {};
  Date from = {};
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<PlanAssignment>();

enum class PeriodStatus : std::int32_t { open = 1, closed = 2 };
template <>
struct Choices<PeriodStatus> {
  static constexpr std::string_view names[] = {"open", "closed"};
};

/// A period of a calendar for which commission is run.
struct CommissionPeriod {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string calendar = {};
  std::string label = {};  ///< "2017-Q2"
  Date from = {};
  Date to = {};
  PeriodStatus status = PeriodStatus::open;
  /// Works up to this one are reflected in its lines; that of the newest closed period also holds for the corrections
  /// of all closed ones.
  std::int64_t facts_seq = 0;
};
template <>
const Entity& entity_of<CommissionPeriod>();

/// What somebody earned in a period.
struct Statement {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  std::optional<Id> unit = {};  ///< the employee's on the last day of the period
  Id period = {};
  Currency currency = {};
  Amount credit = {};    ///< net credit of the period's own lines
  Amount earned = {};    ///< their commission
  Amount adjusted = {};  ///< sum of the adjustment lines posted here
  Amount total = {};     ///< earned + adjusted
  PeriodStatus status = PeriodStatus::open;
  /// When closed: hexadecimal SHA-256 over the hash of the employee's statement of the same grain before it, its own
  /// sums and all its lines.
  std::optional<std::string> hash = {};
};
template <>
const Entity& entity_of<Statement>();

enum class LineKind : std::int32_t { earning = 1, adjustment = 2 };
template <>
struct Choices<LineKind> {
  static constexpr std::string_view names[] = {"earning", "adjustment"};
};

/// One credited fact and what it earned. Amounts are in the statement's currency.
struct StatementLine {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id statement = {};
  std::int64_t position = 0;  ///< order within the statement, from 1
  LineKind kind = LineKind::earning;
  Id plan = {};  ///< the CommissionPlan it was computed with
  std::string component = {};
  Id opportunity = {};              ///< the fact
  Date earned_on = {};              ///< the day the deal was won
  std::string period_earned = {};   ///< label; differs from the statement's for adjustments
  Amount credit = {};               ///< credited to this person; for an adjustment the change
  Amount amount = {};               ///< commission; for an adjustment the change
  std::optional<Id> corrects = {};  ///< adjustment: the line of the closed period, absent when it had none
  /// Adjustment: "won late", "amount changed", "split changed", "won on another day", "no longer won", "plan changed",
  /// or "follows another correction" where only the tier has moved.
  std::optional<std::string> reason = {};
};
template <>
const Entity& entity_of<StatementLine>();

namespace incentive {

/// Stores a plan document as the next version of its name. Errors: invalid with JSON paths, also for a currency or
/// calendar that the store has not, an eligibility that does not fit opportunities, another interval than the name's
/// earlier versions; conflict for a version that is there or was overtaken.
Id add_plan(Work& work, std::string_view document);
/// Assigns a plan by name; a row that was read (with its revision) is replaced, which is how an assignment ends.
/// Errors: invalid (unknown plan, both or neither of employee and unit), conflict (overlap).
Id assign(Work& work, PlanAssignment& assignment);

/// What a run did.
struct RunResult {
  std::int64_t statements = 0;  ///< that the period has now
  std::int64_t lines = 0;
  std::int64_t changed = 0;      ///< lines added, changed or removed by this run
  std::int64_t adjustments = 0;  ///< adjustment lines added by this run
  Money total = {};              ///< of all statements of the period
};
/// Computes the statements of one period: "2017-Q2" for the plans that name the calendar "calendar", "retail/2017-Q2"
/// for those that name the calendar "retail"; so do `close` and `statement_of`. Corrections of closed periods
/// of the same grain are posted into it, oldest first, when it comes right after the newest closed one; until it is
/// closed they follow the facts like its other lines. Needs edit on statement at level all.
/// Errors: state (it or a later period is closed), invalid (label), overflow; nothing is kept of a run that fails.
RunResult run(Work& work, std::string_view period);
/// Freezes a period. Periods of one grain close one after the other, without a gap. Errors: state (never run, already
/// closed, the period before is not closed, or facts came after the last run: "run it again"). Needs close on statement
/// at level all.
void close(Work& work, std::string_view period);

/// The statement of somebody for a period, if there is one.
std::optional<Statement> statement_of(const Reader& reader, Id employee, std::string_view period);
/// Lines by position.
std::vector<StatementLine> lines_of(const Reader& reader, Id statement);

/// Why a statement's earnings, or one line of it, are what they are, from the stored facts; every step can be
/// recomputed with `recheck`. Adjustments are explained as the difference of two traces: `explain_line` of an
/// adjustment gives the corrected line's trace after the correction; it earns nothing where the fact no longer counts.
/// `explain_statement` explains `earned`; without a line of its own that is an empty statement.
Trace explain_statement(const Reader& reader, Id statement);
Trace explain_line(const Reader& reader, Id line);

}  // namespace incentive

extern const Area kIncentiveArea;

}  // namespace kith
