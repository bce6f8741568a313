// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What commission needs to know of people beside their unit: the role in which they are paid, to whom they report, and
/// the numbers that plans look up by name (target pay, ramps, scores, goals), for everybody, a role, a unit or a
/// person.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// Somebody is paid in a role from one day to another; one role at a time.
struct PayeeRole {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  std::string role = {};  ///< "account executive"
  Date from = {};
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<PayeeRole>();

/// Somebody reports to somebody from one day to another; one superior at a time. Chains of credit climb along these.
struct ReportingLine {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  Id manager = {};
  Date from = {};
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<ReportingLine>();

/// A number that plans look up by name. Of several that fit, the one for an employee counts before that of the nearest
/// unit, of a role, of everybody; within each, the one for the period before the one for every period.
struct CommissionValue {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::optional<Id> employee = {};
  std::optional<Id> unit = {};
  std::optional<std::string> role = {};
  std::optional<std::string> period = {};  ///< a label, "2025-03"; absent: every period
  std::string value = {};                  ///< decimal text; amounts in major units
};
template <>
const Entity& entity_of<CommissionValue>();

namespace incentive {

/// Adds a row, or replaces one that was read (with its revision). A new row ends the one that was open until then.
/// Errors: invalid (days), conflict (overlap, stale).
Id set_role(Work& work, PayeeRole& role);
/// The same. Errors: also invalid for somebody who would stand above himself on some day.
Id set_superior(Work& work, ReportingLine& line);
/// Adds a value or replaces the one for the same name, subject and period. Errors: invalid (two subjects, no number).
Id set_value(Work& work, CommissionValue& value);

}  // namespace incentive
}  // namespace kith
