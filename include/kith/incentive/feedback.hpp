// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a deed does for those it belongs to, at once and in the same Work ("+250.00 commission, 40.00 % to 45.00 % of
/// target"), and what the day before did, every morning. Both are computed by the same code as statements and
/// attainment, from the facts before and after.

#include <optional>
#include <string>
#include <vector>

#include "kith/base/language.hpp"
#include "kith/engine/work.hpp"
#include "kith/incentive/quota.hpp"

namespace kith {

/// Numbers are stable.
enum class ProgressKind : std::int32_t {
  commission = 1,  ///< what somebody earned in a period
  attainment = 2,  ///< what came in for a quota
};
template <>
struct Choices<ProgressKind> {
  static constexpr std::string_view names[] = {"commission", "attainment"};
};

/// A figure of somebody that a work moved. Amounts are in `currency` (XXX for numbers).
struct Progress {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  std::optional<Id> unit = {};  ///< the employee's today
  ProgressKind kind = ProgressKind::commission;
  std::string name = {};  ///< of the plan, or what the quota counts
  std::string period = {};
  std::string calendar = {};
  Currency currency = {};
  Amount before = {};
  Amount after = {};
  std::optional<Amount> goal = {};  ///< of the quota, relieved and rounded
  std::optional<Id> quota = {};
};
template <>
const Entity& entity_of<Progress>();

/// A digest that was handed out: one a person and day.
struct DigestDelivery {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  Date day = {};
  std::string text = {};
};
template <>
const Entity& entity_of<DigestDelivery>();

/// A deal that was won on the day before, credited to the person or of a customer of theirs.
struct DigestDeal {
  Id deal = {};
  std::string title = {};
  Money amount = {};
  Money credit = {};  ///< the person's part; 0 for a deal of somebody else with their customer
};

/// Something that waits for the person.
struct DigestItem {
  std::string entity = {};  ///< "opportunity", "quota_milestone"
  Id record = {};
  std::string title = {};
  Date due = {};
  bool overdue = false;  ///< due before the day
};

/// What somebody should know on a morning.
struct MorningDigest {
  Id employee = {};
  std::string name = {};
  Date day = {};
  std::vector<DigestDeal> deals = {};
  Money credited = {};                  ///< of those deals
  Money month_to_date = {};             ///< credit of the calendar month of the day before, up to that day
  std::vector<Progress> progress = {};  ///< not stored: ids are 0
  /// Commission that no figure can be given for, and why: "field 2025-Q2: Event a/1, ...: no rate ...".
  std::vector<std::string> untold = {};
  std::vector<DigestItem> due = {};  ///< by day
};

namespace incentive {

/// What this Work has done so far for the people its records belong to: commission by plan and period, attainment of
/// quotas in force. Stores a `progress` record for each figure that moved, so that it shows in the feed; called again
/// in the same Work it brings them up to date. Returns those that the actor may see, by employee. Nothing that the
/// caller could not do is needed: the figures follow from what the Work has written.
std::vector<Progress> catch_up(Work& work);
/// A line for each person's figures: "+250.00 commission, 40.00 % to 45.00 % of target". In English or Chinese.
std::string to_text(const std::vector<Progress>& progress, Language language = Language::english);

/// The same as a table of all fields of `progress`.
Table to_table(const std::vector<Progress>& progress, Currency base);

/// The morning of a day (default: today): what the day before brought, what the month has so far, what is due. A pure
/// query. Facts that cannot be judged, such as an event without a rate, keep back only the commission that they may
/// pay: it stands in `untold`. Errors: not_found for somebody whom the actor may not see; denied unless it is the
/// actor's own, or of somebody whose statements the actor may read.
MorningDigest digest(const Reader& reader, Id employee, std::optional<Date> day = {});
std::string to_text(const MorningDigest& digest, Language language = Language::english);
/// Hands the digest out once: the first call a person and day computes, stores and returns it, later ones return what
/// was handed out.
DigestDelivery deliver_digest(Work& work, Id employee, std::optional<Date> day = {},
                              Language language = Language::english);

}  // namespace incentive
}  // namespace kith
