// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A plan document as the engine reads it. Amounts are exact fractions of minor units of the plan's currency, rates and
/// attainments plain fractions.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "incentive/exact_number.hpp"
#include "kith/base/calendar.hpp"
#include "kith/incentive/document.hpp"
#include "kith/schema/expression.hpp"

namespace kith::incentive::general {

/// The kinds of exchange rates that a plan may ask for.
inline const std::vector<std::string_view> kRateKinds = {"transaction", "period_avg", "period_end", "plan_fixed"};

/// A number that stands in the plan or is looked up among the inputs by name.
struct Number {
  std::optional<Exact> constant = {};
  std::string name = {};
  std::optional<Exact> above = {};  ///< only what exceeds this counts, in the units of the value
  Exact times = 1;
  std::string blend = {};  ///< day basis of a value that changes within a period; "" refuses one
};

enum class Who { split, split_weights, values, chain };
enum class Base { amount, margin, cost, quantity, expression };
enum class Reversal { original, current };
enum class Apply { base, result };

struct ChainLevel {
  int level = 1;
  Exact share = 1;
};

struct CreditRule {
  std::string name = {};
  std::string role = {};
  std::shared_ptr<const Expression> when = {};
  Who who = Who::split;
  bool sum_must_be_100 = true;
  bool rounded = false;  ///< credits are whole minor units, by largest remainder
  Apply apply = Apply::base;
  Base base = Base::amount;
  std::shared_ptr<const Expression> base_expression = {};
  std::string fx = {};  ///< kind of rate
  Reversal reversal = Reversal::original;
  // chain
  std::string of = {};  ///< role whose credits climb
  std::vector<ChainLevel> levels = {};
  bool skip_self = false;
  bool as_of_original = true;
};

enum class Aggregate { sum, count, average, distinct, last };
enum class Accumulating { none, interval, year_to_date, lifetime };
enum class Below { first_tier, zero, mirror };

struct Measure {
  std::string name = {};
  std::vector<std::string> credits = {};
  Aggregate aggregate = Aggregate::sum;
  Accumulating accumulate = Accumulating::interval;
  std::optional<Number> goal = {};
  std::optional<Number> ramp = {};
  std::string prorate = "none";  ///< of the goal: none, calendar, working, 30_360
  Reversal return_period = Reversal::original;
  Below negative = Below::first_tier;
};

enum class Input { amount, attainment, measure, attribute, rank };
enum class Mode { slab, marginal, interpolated, lookup, matrix };
enum class Unit { pct_of_base, pct_of_target_pay, amount, per_unit };
enum class Beyond { flat, extrapolate, zero };

struct Row {
  Exact from = 0;
  Exact value = 0;
  std::optional<Exact> retro = {};  ///< when this row is reached its value counts from there on
  std::shared_ptr<const Expression> when = {};
};

struct Table {
  Input input = Input::amount;
  std::string name = {};  ///< measure or attribute
  Mode mode = Mode::marginal;
  bool upper = true;
  Unit unit = Unit::pct_of_base;
  Beyond beyond = Beyond::flat;
  std::vector<Row> rows = {};
  // matrix
  Input second_input = Input::amount;
  std::string second_name = {};
  std::vector<Exact> second = {};
  std::vector<std::vector<Exact>> cells = {};
};

enum class Do { multiply, add, cap, floor, prorate, disqualify, gate };

struct Modifier {
  Do kind = Do::multiply;
  Number by = {};
  std::string per = "period";  ///< of a cap or floor: event, period, year
  bool carry = false;
  std::string basis = {};  ///< prorate: calendar, working, 30_360, value
  std::string input = {};  ///< measure whose attainment or value decides
  bool attainment = true;
  std::optional<Table> table = {};         ///< multiply, add: by rows
  std::string of = {};                     ///< add: raw, target_pay, amount
  bool cumulative = false;                 ///< add: every row that is reached counts
  Exact at_least = 0;                      ///< gate
  std::shared_ptr<const Expression> when;  ///< disqualify: over values by name
};

enum class Kind { tiers, fixed, pool_share, rank };

struct ComponentRule {
  std::string name = {};
  Kind kind = Kind::tiers;
  std::string measure = {};    ///< basis
  std::string component = {};  ///< or the result of another component
  bool of_reports = false;
  std::optional<Number> target_pay = {};
  std::optional<Number> pool = {};
  bool unpaid_carried = false;            ///< what of a pool nobody gets goes into the next one
  std::optional<Number> member_cap = {};  ///< of a pool: at most so much each
  std::vector<Exact> prizes = {};         ///< of ranks, by place
  bool ties_share = true;                 ///< else each gets the prize of the place
  std::optional<Exact> least = {};        ///< of ranks: below it nobody has a place
  Exact weight = 1;
  Table table = {};
  std::vector<Modifier> modifiers = {};
};

enum class Point { line, component, telescoped, statement };

struct Release {
  std::string trigger = {};
  Exact share = 0;
  std::string type = {};  ///< event type that fires it; "" at once
  bool proportional = false;
  std::string on = {};           ///< "period_end" or "year_end" of what was earned
  std::optional<Date> day = {};  ///< or a day
  int months = 0;                ///< or so many months after the last day of the period

  bool at_once() const { return type.empty() && on.empty() && !day && months == 0; }
};

enum class Unearned { months, days, share, recompute };

/// What is taken back of the pay for an event when another one of a type reverses it.
struct Clawback {
  std::string name = {};
  std::string type = {};
  Unearned prorate = Unearned::months;
  std::vector<std::string> components = {};  ///< empty: all
  int window = 0;                            ///< months after the event; 0: for ever
  std::optional<Exact> term = {};            ///< months
  std::string term_attribute = {};           ///< or an attribute of the event that holds them
  bool last_day = true;                      ///< the date of the loss is the last day of service, not the first without
  Exact share = 0;
};

enum class Drawn { recoverable, nonrecoverable, guarantee };

struct Draw {
  Drawn kind = Drawn::recoverable;
  Number amount = {};
  Exact recover_share = 1;
  bool forgive = false;  ///< on exit; else it is owed
  bool by_year = true;   ///< term of a guarantee: a fiscal year, or the plan
  Date from = {};
  Date to = kOpenDate;
};

/// From what is earned to what is paid.
struct Payment {
  bool carry = true;  ///< what is below zero waits for the next period; else it is paid back at once
  std::optional<Draw> draw = {};
};

/// The cost of an event as an asset over its time of benefit (ASC 340-40).
struct Amortization {
  std::optional<Exact> term = {};
  std::string term_attribute = {};
  int renewals = 0;
  bool commensurate = true;
  int expedient = 12;
  std::string lost_type = {};  ///< event type that ends the benefit; "" for none
  bool last_day = true;        ///< the date of the loss is the last day of benefit
};

}  // namespace kith::incentive::general

namespace kith::incentive {

struct PlanDocument::Model {
  std::string name;
  std::int64_t version = 1;
  Currency currency;
  int digits = 2;
  Calendar calendar;
  bool whole_plan = false;  ///< the interval is the plan's validity
  Grain interval = Grain::month;
  Date from;
  Date to = kOpenDate;
  Rounding mode = Rounding::half_up;
  general::Exact unit = 1;  ///< minor units
  general::Point point = general::Point::telescoped;
  Scope scope;  ///< of conditions over events; attributes follow the fixed names
  std::map<std::string, Type> attributes;
  std::vector<general::CreditRule> credits;
  std::vector<general::Measure> measures;
  std::vector<general::ComponentRule> components;
  std::vector<general::Modifier> statement;  ///< caps and floors over all components of a person and period
  std::vector<general::Release> releases;
  std::vector<general::Clawback> clawbacks;
  std::optional<general::Payment> payment;
  std::optional<general::Amortization> amortization;
  std::string canonical;
  std::string ground;  ///< canonical text of all that credits depend on; equal grounds share them

  /// Whether more lies between what is earned and what is paid than a sum.
  bool pays_apart() const;
  const general::Measure* measure(std::string_view key) const;
  Period period_at(Date day) const;
  Period period(const std::string& label) const;
};

/// Positions of the fixed names in Model::scope.
enum ScopeColumn : std::size_t { kType, kSource, kKey, kDate, kAmount, kCost, kMargin, kQuantity, kFixedColumns };

/// Minor units of a document's money text.
general::Exact minor_of(std::string_view text, int digits);

}  // namespace kith::incentive
