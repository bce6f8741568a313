// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Versions of quota trees, and what takes a goal down: a version is drawn up as drafts (quotas with `Quota::draft`),
/// proposed, agreed and activated, which puts its nodes in force and supersedes the version before; leaves and ramps
/// reduce what is expected of somebody; commitments from below are held against targets from above.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/incentive/proration.hpp"
#include "kith/incentive/quota.hpp"

namespace kith {

/// How a version stands. Numbers are stable.
enum class QuotaPlanState : std::int32_t {
  draft = 1,       ///< its nodes may change
  proposed = 2,    ///< given to those concerned; back to draft when refused
  agreed = 3,      ///< approved; back to draft when refused
  active = 4,      ///< in force
  superseded = 5,  ///< a later version took its place; final
};
template <>
struct Choices<QuotaPlanState> {
  static constexpr std::string_view names[] = {"draft", "proposed", "agreed", "active", "superseded"};
};

/// What becomes of children that do not add up to their parent x (1 + over_percent / 100). Numbers are stable.
enum class QuotaCheck : std::int32_t {
  strict = 1,  ///< activation is refused, with the differences
  report = 2,  ///< activation tells them
};
template <>
struct Choices<QuotaCheck> {
  static constexpr std::string_view names[] = {"strict", "report"};
};

/// A version of the quotas of a name ("field 2026").
struct QuotaPlan {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::int64_t version = 1;                      ///< kept: one more than the last of its name
  QuotaPlanState state = QuotaPlanState::draft;  ///< kept
  QuotaCheck check = QuotaCheck::strict;
  std::optional<std::string> note = {};
};
template <>
const Entity& entity_of<QuotaPlan>();

/// Numbers are stable.
enum class ReliefKind : std::int32_t { leave = 1, ramp = 2 };
template <>
struct Choices<ReliefKind> {
  static constexpr std::string_view names[] = {"leave", "ramp"};
};
template <>
struct Choices<incentive::DayBasis> {
  static constexpr std::string_view names[] = {"calendar", "working", "thirty_360"};
};

/// Somebody is expected to bring only a share of the target on the days [from, to): nothing while on leave, 25 % in the
/// first month. Where several hold on one day the lowest counts.
struct QuotaRelief {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  ReliefKind kind = ReliefKind::leave;
  Date from = {};
  Date to = kOpenDate;
  Decimal share = {0, 9};  ///< of the full target that is still expected, 0 to 1, scale 9
  /// Of the period's days, those that are taken off: calendar or working days (Monday to Friday, or those of
  /// `working_calendar`). All rows of one person have one basis.
  incentive::DayBasis basis = incentive::DayBasis::calendar;
  std::optional<std::string> working_calendar = {};
  std::optional<std::string> note = {};
};
template <>
const Entity& entity_of<QuotaRelief>();

/// A node from above and from below.
struct QuotaGap {
  Quota quota = {};
  std::int64_t depth = 0;
  std::optional<Money> committed = {};  ///< its own commitment, else the sum of those below; absent without any
  std::optional<Money> gap = {};        ///< committed - amount: negative means promised less than wanted
  std::int64_t missing = 0;             ///< leaves below (and with) it that have committed nothing
};

namespace incentive {

/// Adds the next version of a name as a draft, or changes check and note of the one that was read. Needs create or edit
/// on quota_plan. Errors: invalid (blank name), conflict (a version of that name is still on its way; stale).
Id draw_up(Work& work, QuotaPlan& plan);
/// Copies the tree below (and with) a quota, in force or of a version, into a draft; ids of the copies, parents first.
/// Errors: state (no draft), conflict (the draft has one of the nodes already).
std::vector<Id> copy_into(Work& work, Id plan, Id root);
/// Moves a version along: proposed, agreed, or back to draft. Errors: state for any other move; invalid (a draft
/// without nodes).
void move_on(Work& work, Id plan, QuotaPlanState to);
/// Puts an agreed version in force: its nodes replace those in force that count the same, what the version before had
/// and this one has not goes, that version is superseded. Returns the nodes whose children do not add up. Errors: state
/// (not agreed; with QuotaCheck::strict also for such nodes: all are named, nothing changes), conflict (a node in force
/// that another plan holds, or that others hang below).
std::vector<QuotaNode> activate(Work& work, Id plan);

/// quota, period, amount, children_sum, unplanned: for those who know tables.
Table to_table(const std::vector<QuotaNode>& nodes);

/// Makes every inner node below (and with) a root the sum of its children (method bottom_up), leaves first; grades
/// alike where all children have them. Returns how many nodes changed. Errors: state (its version is no draft any
/// more).
std::int64_t roll_up(Work& work, Id root);
/// What a node's owner promises from below. Needs edit on the quota, or to be the employee it belongs to. Errors:
/// invalid (negative, another currency than the quota's).
void commit_to(Work& work, Id quota, Money amount);
/// The tree with what was promised: parents before children, the nodes that the actor may see.
std::vector<QuotaGap> reconcile(const Reader& reader, Id root);

/// Adds a relief, or changes the one that was read. Needs create or edit on quota_relief. Errors: invalid (a share
/// outside 0 to 1, a stretch that runs backwards, another basis than the person's other rows, an unknown calendar).
Id set_relief(Work& work, QuotaRelief& relief);
/// Ramps somebody up from a day: month k of service is expected to bring steps[k]. Ids of the rows. Errors: as
/// `set_relief`; invalid without steps.
std::vector<Id> set_ramp(Work& work, Id employee, Date from, const std::vector<Decimal>& steps,
                         DayBasis basis = DayBasis::calendar);

}  // namespace incentive
}  // namespace kith
