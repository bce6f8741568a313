// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A commission plan is a document: data, not code. It says who is credited with what, which rate table turns the
/// credit of an interval into money, and where the one rounding happens. Where sane engines disagree (side of a tier
/// boundary, rounding point, what a return below zero does) the document must say which it means: nothing is assumed.
///
/// The document is JSON, format "kith.plan/1". Amounts, rates and dates are JSON texts, never JSON numbers, so that no
/// reader can turn them into binary floats; `version` alone is a JSON integer.
///
///     {"format": "kith.plan/1", "name": "field sales", "version": 1, "currency": "USD",
///      "calendar": "fiscal", "interval": "quarter", "valid": {"from": "2025-01-01", "to": "2026-01-01"},
///      "rounding": {"mode": "half_up", "point": "telescoped"}, "order": ["date", "sequence", "id"],
///      "eligibility": {"when": "kind = 'booking'"},
///      "credit": {"role": "primary", "base": "amount", "split": "from_event"},
///      "components": [{"name": "revenue", "accumulate": "interval", "negative": "first_tier", "tiers":
///        {"mode": "marginal", "bands": [{"from": "0", "rate": "0.03"}, {"from": "25000", "rate": "0.05"}]}}]}
///
/// Optional are `valid.to` (open end), `eligibility` (everything counts), `tiers.boundary` unless the mode is "slab",
/// and `to` in bands (checked against the next `from`, then dropped). All else is required, unknown keys are refused.
/// Everything here is pure and thread-safe.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/calendar.hpp"
#include "kith/base/decimal.hpp"
#include "kith/base/error.hpp"
#include "kith/base/money.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/sha256.hpp"
#include "kith/base/time.hpp"
#include "kith/schema/expression.hpp"
#include "kith/schema/field.hpp"

namespace kith::incentive {

/// The format a plan document names; a reader refuses any other.
inline constexpr std::string_view kPlanFormat = "kith.plan/1";

/// Where the one rounding happens. Numbers are stable.
enum class RoundingPoint : std::int32_t {
  /// Every line alone; the total is the sum of rounded lines.
  line = 1,
  /// A line is the rounded running total after it minus the rounded one before it: lines sum to the rounded total.
  telescoped = 2,
  /// Nothing before the end: all components of a person and interval are summed exactly, then rounded once.
  statement = 3,
};

/// How a rate table is applied. Numbers are stable.
enum class TierMode : std::int32_t {
  flat = 1,      ///< one rate on everything; exactly one band
  slab = 2,      ///< the rate of the band that is reached, on the whole amount (also called step or retroactive)
  marginal = 3,  ///< each part of the amount at the rate of the band it lies in
};

/// Whose an amount exactly on a band's `from` is. Decides slab results; marginal sums do not depend on it.
enum class Boundary : std::int32_t {
  upper = 1,  ///< the upper band's: bands are [from, next)
  lower = 2,  ///< the lower band's: bands are (from, next]
};

/// What the rate table is applied to. Numbers are stable.
enum class Accumulate : std::int32_t {
  none = 1,      ///< each transaction alone
  interval = 2,  ///< the running net total of the person in the plan's interval
};

/// What an input below zero pays. Numbers are stable.
enum class Negative : std::int32_t {
  first_tier = 1,  ///< negative, at the first band's rate
  zero = 2,        ///< nothing; what was paid before in the interval is taken back
  mirror = 3,      ///< the negative of what the absolute amount pays; lets `none` take a sale back exactly
};

/// Which number of an event is credited.
enum class CreditBase : std::int32_t { amount = 1 };

/// Where the shares of several people in one event come from.
enum class CreditSplit : std::int32_t { from_event = 1 };

/// One row of a rate table: from here on, this rate.
struct Band {
  Amount from = {};   ///< minor units of the plan's currency; 0 in the first band, then ascending
  Decimal rate = {};  ///< a fraction at kRateScale: 5 % is {50'000'000, 9}; between 0 and 1
  friend bool operator==(const Band&, const Band&) = default;
};

/// A gapless rate table. The last band has no end.
struct Tiers {
  TierMode mode = TierMode::flat;
  Boundary boundary = Boundary::upper;
  std::vector<Band> bands = {};
  friend bool operator==(const Tiers&, const Tiers&) = default;
};

/// A part of the plan that earns on its own: a credited amount and the table that turns it into money.
struct Component {
  std::string name = {};  ///< unique in the plan
  Accumulate accumulate = Accumulate::interval;
  Negative negative = Negative::first_tier;
  Tiers tiers = {};
  friend bool operator==(const Component&, const Component&) = default;
};

/// How a result becomes whole minor units.
struct PlanRounding {
  Rounding mode = Rounding::half_up;
  RoundingPoint point = RoundingPoint::telescoped;
  friend bool operator==(const PlanRounding&, const PlanRounding&) = default;
};

/// Who is credited with what of an event.
struct Credit {
  std::string role = {};  ///< "primary": its shares of an event sum to exactly 100 %
  CreditBase base = CreditBase::amount;
  CreditSplit split = CreditSplit::from_event;
  friend bool operator==(const Credit&, const Credit&) = default;
};

/// One version of a plan. A plain value; made by `parse_plan`, or by hand and then passed through `check`.
struct Plan {
  std::string name = {};
  std::int64_t version = 1;  ///< from 1
  Currency currency = {};
  std::string calendar = {};      ///< name of the Calendar whose periods are the intervals
  Grain interval = Grain::month;  ///< month, quarter or year
  Date from = {};                 ///< first day on which it holds
  Date to = kOpenDate;            ///< first day on which it no longer holds
  PlanRounding rounding = {};
  std::string when = {};  ///< eligibility: an expression over the fields of an event; empty means every event
  Credit credit = {};
  std::vector<Component> components = {};
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Reads and checks a document. Error{invalid} carries every violation at once; `Violation::field` is the JSON path
/// ("components[0].tiers.bands[2].from"), `entity` is "plan".
Plan parse_plan(std::string_view json);

/// Everything that breaks a rule in a plan made by hand, with the paths of the document. Empty means valid.
std::vector<Violation> violations_of(const Plan& plan);

/// Throws Error{invalid} with `violations_of(plan)` unless that is empty.
void check(const Plan& plan);

/// The document in its one spelling: keys in byte order, no white space, amounts with all digits of the currency,
/// rates without trailing zeros. Two documents that mean the same give the same bytes; parses back to an equal Plan.
/// Errors: invalid as `check` says.
std::string canonical_json(const Plan& plan);

/// SHA-256 of `canonical_json(plan)`: what statements and traces name as the plan they were computed with.
Digest hash_of(const Plan& plan);

/// What is allowed but pays in a way people rarely mean, with JSON paths: a slab whose boundary pays less just above
/// than just below, bands that change nothing. Never an error.
std::vector<Violation> lint(const Plan& plan);

/// The eligibility of a plan, compiled against the fields of an event; null when every event counts. Errors: invalid,
/// with the position in the text and the path "eligibility.when"; also when it is no yes-or-no question, or asks
/// today(), rate(), base(), convert() or lookup(): a statement that is computed again must find what it found before.
std::unique_ptr<Expression> compile_eligibility(const Plan& plan, const Scope& scope);

}  // namespace kith::incentive

namespace kith {

template <>
struct Choices<incentive::RoundingPoint> {
  static constexpr std::string_view names[] = {"line", "telescoped", "statement"};
};
template <>
struct Choices<incentive::TierMode> {
  static constexpr std::string_view names[] = {"flat", "slab", "marginal"};
};
template <>
struct Choices<incentive::Boundary> {
  static constexpr std::string_view names[] = {"upper", "lower"};
};
template <>
struct Choices<incentive::Accumulate> {
  static constexpr std::string_view names[] = {"none", "interval"};
};
template <>
struct Choices<incentive::Negative> {
  static constexpr std::string_view names[] = {"first_tier", "zero", "mirror"};
};
template <>
struct Choices<incentive::CreditBase> {
  static constexpr std::string_view names[] = {"amount"};
};
template <>
struct Choices<incentive::CreditSplit> {
  static constexpr std::string_view names[] = {"from_event"};
};

}  // namespace kith
