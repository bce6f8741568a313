// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Measures: what quotas and contests may count beyond won deals. A measure is a query over the dated records of any
/// kind: which records, on which day each counts, whose it is, and what it is worth: 1, an amount of money or a whole
/// number, by an expression. Margin is `amount - base(cost)`, calls are tasks `kind = 'call'`, units are `quantity`.
/// System totals: who may see a record never changes a figure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// What a measure adds up. Numbers are stable.
enum class MeasureKind : std::int32_t {
  count = 1,   ///< records: one for everybody with a share, one for each unit above them
  money = 2,   ///< in the store's base currency, shared out by splits
  number = 3,  ///< whole numbers, shared out by splits
};
template <>
struct Choices<MeasureKind> {
  static constexpr std::string_view names[] = {"count", "money", "number"};
};

/// A named measure.
struct Measure {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};    ///< unique; stays
  std::string entity = {};  ///< "opportunity", "customer", ...
  std::string on = {};      ///< its date or timestamp that says when it counts: "closed_on"
  /// Its field that refers to an employee; without one the shares of its splits count, where it has such parts, else
  /// its owner.
  std::optional<std::string> who = {};
  std::optional<std::string> filter = {};  ///< an expression that must be true: "status = 'won'"
  std::optional<std::string> value = {};   ///< an expression of money or number; without one records are counted
  MeasureKind kind = MeasureKind::count;   ///< kept: follows from `value`
  /// Of splits that name a role only those with this one ("primary"). Shares that sum to 1 share the worth out to the
  /// last unit; others (overlays) are rounded half up one by one.
  std::optional<std::string> role = {};
};
template <>
const Entity& entity_of<Measure>();

namespace incentive {

/// Adds a measure, or changes the one that was read (with its revision); the name stays, and what it adds up stays once
/// a quota counts it. Needs administer on measure. Errors: invalid (a blank name or that of a QuotaMetric, an unknown
/// entity or field with near names, an expression that does not compile, nobody to credit), conflict (name taken,
/// stale), state (another kind while quotas count it).
Id set_measure(Work& work, Measure& measure);

/// The measure of that name. Errors: invalid, naming those that are known.
Measure measure_named(const Reader& reader, std::string_view name);

/// Somebody's part of a record that a measure counts.
struct MeasuredShare {
  Id record = {};
  Date day = {};
  Id employee = {};
  std::int64_t amount = 0;  ///< minor units or number; 1 for a count
};
/// Everything a measure counts in [from, to), in no order of importance, whoever may see it: needs administer on
/// measure, or a system reader. Errors: those of its expressions; invalid for a number that is not whole, or money in
/// another currency than the store's.
std::vector<MeasuredShare> measured(const Reader& reader, const Measure& measure, Date from, Date to);

}  // namespace incentive
}  // namespace kith
