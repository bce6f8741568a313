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

/// Where a version of a plan stands. Only an approved one pays, a retired one for the periods before its end.
enum class PlanState : std::int32_t { draft = 1, approved = 2, retired = 3 };
template <>
struct Choices<PlanState> {
  static constexpr std::string_view names[] = {"draft", "approved", "retired"};
};

/// A version of a plan document in the store. Numbers of versions grow; the approved version valid on a period's
/// first day counts for that period.
struct CommissionPlan {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::int64_t version = 1;
  std::string document = {};  ///< canonical JSON (incentive/plan.hpp, or incentive/document.hpp)
  std::string hash = {};      ///< hexadecimal SHA-256 of it
  Date valid_from = {};
  Date valid_to = kOpenDate;
  PlanState state = PlanState::approved;
  std::optional<std::string> accepted = {};  ///< what `lint` found and the approver accepted, a line each
};
template <>
const Entity& entity_of<CommissionPlan>();

/// A plan, by name, holds for an employee, for the members of a unit and all below it, or for everybody in a role
/// (incentive/payee.hpp), from one day to another. The assignment of the employee beats that of a unit, a nearer unit
/// beats a farther one, and each of these beats that of the role. Nobody has two plans in one
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
  std::optional<std::string> role = {};
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
  std::int64_t reopened = 0;                      ///< how often
  std::optional<std::string> reopen_reason = {};  ///< the newest one; earlier ones stand in its history
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

/// What a line of a general plan pays for. Numbers are stable.
enum class LineBasis : std::int32_t {
  event = 1,  ///< a business event
  plan = 2,   ///< no single fact: a fixed amount, a share of a pool, a cap over all components
};
template <>
struct Choices<LineBasis> {
  static constexpr std::string_view names[] = {"event", "plan"};
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
  /// The fact: a deal; where `basis` is given, the id of the event or of the plan (docs/decisions/0008).
  Id opportunity = {};
  Date earned_on = {};              ///< the day the deal was won, the event's date, or the last day of the period
  std::string period_earned = {};   ///< label; differs from the statement's for adjustments
  Amount credit = {};               ///< credited to this person; for an adjustment the change
  Amount amount = {};               ///< commission; for an adjustment the change
  std::optional<Id> corrects = {};  ///< adjustment: the line of the closed period, absent when it had none
  /// Adjustment: "won late", "amount changed", "split changed", "won on another day", "no longer won", "came late",
  /// "event changed", "cancelled", "plan changed", "quota changed", "hierarchy changed" and what else
  /// docs/statements.md lists; several with ", " between them where each of them moves the line.
  std::optional<std::string> reason = {};
  std::optional<LineBasis> basis = {};  ///< absent: a deal
  std::optional<Id> event = {};         ///< the business event, where it is one
  std::optional<Id> deal = {};          ///< the deal, where it is one; absent in lines written before there were others
};
template <>
const Entity& entity_of<StatementLine>();

namespace incentive {

/// Stores a plan document as the next version of its name. One of format "kith.plan/1" credits won deals and is
/// approved at once; a general one ("kith.plan/2") credits business events and is a draft until `approve`. Errors:
/// invalid with JSON paths, also for a currency or calendar that the store has not, an eligibility that does not fit
/// opportunities, another interval than the name's earlier versions, a general plan whose validity is no whole number
/// of its periods; conflict for a version that is there or was overtaken.
Id add_plan(Work& work, std::string_view document);
/// Lets a draft pay. Errors: state (no draft); invalid with everything `lint` finds, unless `accept_findings`: they are
/// then kept in `CommissionPlan::accepted`. Needs edit on commission_plan.
void approve(Work& work, Id plan, bool accept_findings = false);
/// Ends an approved version: it pays for the periods before `end`, the first day of one. Errors: state (not approved),
/// invalid (no first day of a period, not after `valid_from`, later than the end it has). Needs edit on
/// commission_plan.
void retire(Work& work, Id plan, Date end);
/// Assigns a plan by name; a row that was read (with its revision) is replaced, which is how an assignment ends.
/// Errors: invalid (unknown plan, not exactly one of employee, unit and role), conflict (overlap).
Id assign(Work& work, PlanAssignment& assignment);

/// What a run did.
struct RunResult {
  std::int64_t statements = 0;  ///< that the period has now
  std::int64_t lines = 0;
  std::int64_t changed = 0;      ///< lines and releases added, changed or removed by this run
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

/// Opens the newest closed period again; its lines stay until a run finds other facts, and closing it without one gives
/// the same hashes. Adjustments that later open periods hold are taken out of them: they follow from its next closing.
/// Needs administer on commission_period over all; the reason is kept. Errors: state (not closed, a newer one is
/// closed), invalid (no reason).
void reopen(Work& work, std::string_view period, std::string_view reason);

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
