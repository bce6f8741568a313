// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The general commission plan (format "kith.plan/2") and the pure engine that computes it: event > credit > measure >
/// component > modifier > release > ledger > statement. No store is needed: a host feeds its own bookings, invoices and
/// payments as `EventRow`s. Between the facts and the one named rounding every number is an exact fraction of any
/// size; only whole amounts leave. docs/plans.md describes the document, docs/plan.schema.json its shape.
/// The same plan and inputs give the same bytes, whatever order the inputs come in. Pure and thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/money.hpp"
#include "kith/base/time.hpp"

namespace kith::incentive {

inline constexpr std::string_view kGeneralPlanFormat = "kith.plan/2";

/// A checked, compiled plan document. Immutable, cheap to copy.
class PlanDocument {
 public:
  /// Reads "kith.plan/2", or a "kith.plan/1" document, which is converted. Error{invalid} carries every violation with
  /// its JSON path; a field on which sane engines disagree is required.
  static PlanDocument parse(std::string_view json);

  std::string name() const;
  std::int64_t version() const;
  kith::Currency currency() const;
  /// Keys in byte order, no white space, numbers in their shortest spelling ("5 %" is "0.05"), optional members that
  /// are not said left out. Documents that differ in spelling alone have one hash.
  std::string canonical_json() const;
  /// Hexadecimal SHA-256 of `canonical_json`.
  std::string hash() const;

  struct Model;
  const Model& model() const { return *model_; }

 private:
  explicit PlanDocument(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::shared_ptr<const Model> model_;
};

/// What is allowed but pays in a way people rarely mean, with JSON paths: pay that falls as the input grows, the cost
/// of each cliff, rows that never decide, measures with a goal nobody uses. Never an error.
std::vector<Violation> lint(const PlanDocument& plan);

/// What changed between two documents, one English sentence a change, by path.
std::vector<std::string> diff(const PlanDocument& before, const PlanDocument& after);

/// One share of an event as the host recorded it.
struct Split {
  std::string person = {};
  std::string role = {};   ///< "primary", "overlay", ...
  std::string share = {};  ///< a fraction as decimal text, "0.3333"; or a weight, as the credit rule reads it
};

/// A fact as it was handed in. A correction is a higher version; a cancelled one a higher version with `cancelled`.
struct EventRow {
  std::string source = {};
  std::string id = {};
  std::int64_t version = 1;
  std::string type = {};  ///< "booking", "invoice", "payment", "return", ... whatever the plan's conditions name
  Date date = {};
  std::int64_t sequence = 0;
  Money amount = {};
  std::int64_t cost = 0;       ///< minor units of the amount's currency
  std::string quantity = "0";  ///< decimal text, at most 6 digits after the point
  std::string reverses = {};   ///< "source:id" of the event this one takes back or pays, "" for none
  bool cancelled = false;
  std::map<std::string, std::string> attributes = {};  ///< by the names that the plan declares
  std::vector<Split> splits = {};
};

/// A number that is kept outside the plan: a quota, a target pay, a ramp, a score. Of several that fit, the one for a
/// person and period counts before the one for a person, a period, everybody.
struct PlanValue {
  std::string name = {};
  std::string person = {};  ///< "" for everybody
  std::string period = {};  ///< a label, "" for every period
  std::string value = {};   ///< decimal text; amounts in major units
};

/// Who reports to whom from one day to another.
struct Superior {
  std::string person = {};
  std::string manager = {};
  Date from = {};
  Date to = kOpenDate;
};

/// Days on which somebody takes part. Somebody without a row takes part always.
struct Participation {
  std::string person = {};
  Date from = {};
  Date to = kOpenDate;
};

/// Units of the plan's currency for one unit of another.
struct PlanRate {
  kith::Currency currency = {};
  std::string kind = {};  ///< "transaction", "period_avg", "period_end" or "plan_fixed"
  Date on = {};           ///< holds from this day on, until the next row of the kind; ignored for plan_fixed
  std::string rate = {};  ///< decimal text
};

/// What was posted before. Only lines of closed periods are compared; they are never changed.
struct PostedLine {
  std::string person = {};
  std::string component = {};
  std::string period = {};  ///< in which it was earned
  std::int64_t amount = 0;
};

struct Inputs {
  std::vector<EventRow> events = {};
  std::vector<PlanValue> values = {};
  std::vector<Superior> hierarchy = {};
  std::vector<Participation> people = {};
  std::vector<PlanRate> rates = {};
  std::vector<std::string> closed = {};  ///< labels of closed periods
  std::string open = {};                 ///< the period into which corrections post; required when any is closed
  std::vector<PostedLine> posted = {};
};

/// Reads "kith.inputs/1" JSON with the names above, numbers as text. Error{invalid} with paths.
Inputs parse_inputs(std::string_view json);
std::string canonical_json(const Inputs& inputs);

/// One credit: how much of an event counts for whom. `exact` is in minor units of the plan's currency, a fraction.
struct CreditResult {
  std::string rule = {};
  std::string person = {};
  std::string event = {};  ///< "source:id"
  std::string period = {};
  std::string exact = {};  ///< major units, as text; "1/3" where no decimal says it
};

/// What one event earned.
struct LineResult {
  std::string person = {};
  std::string component = {};
  std::string event = {};  ///< "" for what no single event earned
  std::string period = {};
  std::string exact = {};   ///< before rounding, major units
  std::int64_t amount = 0;  ///< rounded; 0 where the plan does not round lines
  std::string excess = {};  ///< cut by caps, major units
};

/// A component of one person in one period.
struct ComponentResult {
  std::string person = {};
  std::string component = {};
  std::string period = {};
  std::string measured = {};                   ///< its input, major units
  std::string goal = {};                       ///< "" for none
  std::optional<std::string> attainment = {};  ///< percent at 2 decimals half up, for display only
  std::string raw = {};                        ///< after tiers and weight, major units
  std::string excess = {};                     ///< cut by caps
  std::string exact = {};                      ///< after modifiers
  std::int64_t amount = 0;                     ///< rounded; 0 where the plan rounds statements
  bool applicable = true;                      ///< false where a goal of 0 leaves attainment undefined
};

/// A part of a component that is released by a trigger.
struct ReleaseResult {
  std::string person = {};
  std::string component = {};
  std::string period = {};
  std::string trigger = {};
  std::int64_t amount = 0;
  std::int64_t released = 0;
};

/// What is to be posted: earnings of open periods, deltas of closed ones.
struct LedgerLine {
  std::string person = {};
  std::string component = {};
  std::string earned = {};  ///< label of the period in which it was earned
  std::string posted = {};  ///< label of the period in which it stands
  std::string kind = {};    ///< "earning" or "delta"
  std::int64_t amount = 0;
};

struct StatementResult {
  std::string person = {};
  std::string period = {};
  std::int64_t amount = 0;
};

struct PlanResult {
  std::vector<CreditResult> credits = {};
  std::vector<LineResult> lines = {};
  std::vector<ComponentResult> components = {};
  std::vector<ReleaseResult> releases = {};
  std::vector<LedgerLine> ledger = {};
  std::vector<StatementResult> statements = {};
  std::vector<std::string> warnings = {};
};

/// Computes everything. Errors: invalid with paths ("events[3].splits"), for shares that miss 100 %, a currency without
/// a rate, an event of one key and version with two contents; state for facts whose correction has no open period;
/// overflow. Nothing is returned of a computation that fails.
PlanResult compute(const PlanDocument& plan, const Inputs& inputs);
std::string canonical_json(const PlanDocument& plan, const PlanResult& result);

/// The steps from the facts to an amount: credits, slices, modifiers, rounding. `language` is "en" or "zh".
std::string explain(const PlanDocument& plan, const Inputs& inputs, std::string_view person, std::string_view component,
                    std::string_view period, std::string_view language = "en");

/// Plan, inputs and result in one text that a third party can check offline.
std::string export_commission(const PlanDocument& plan, const Inputs& inputs);
/// Computes an export again; names every path where the stated result differs. Empty means right to the last unit.
std::vector<Violation> check_export(std::string_view json);

/// What another plan would have paid: amount after minus before, by person; nobody is left out.
struct WhatIf {
  std::string person = {};
  std::int64_t before = 0;
  std::int64_t after = 0;
};
/// Errors: invalid for two currencies.
std::vector<WhatIf> what_if(const PlanDocument& before, const PlanDocument& after, const Inputs& inputs);
/// A list of {"person", "before", "after", "difference"}, amounts as text in major units of the plan's currency.
std::string canonical_json(const PlanDocument& plan, const std::vector<WhatIf>& rows);

}  // namespace kith::incentive
