// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The stages of the general plan engine, each a function from columns to columns.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "incentive/document_model.hpp"
#include "kith/schema/batch.hpp"

namespace kith::incentive::general {

using Model = PlanDocument::Model;

/// Events once each, in order, with what they refer to.
struct Facts {
  std::vector<const EventRow*> rows;
  std::vector<std::string> keys;  ///< "source:id"
  std::map<std::string, std::size_t> by_key;
  /// The event an event takes back, or itself.
  std::size_t origin(std::size_t row) const;
};

/// Merges versions, drops what was cancelled, sorts by date, sequence, key.
Facts order_events(const Inputs& inputs);

/// Amounts of a rule in minor units of the plan's currency, and the columns its conditions read.
struct Bases {
  std::vector<Exact> base;
  std::vector<Column> columns;
};

struct Credit {
  std::size_t rule = 0;
  std::size_t event = 0;
  std::string person;
  Exact amount = 0;
  // where the result is shared instead of the base
  Exact whole = 0;
  std::shared_ptr<const std::vector<Exact>> shares;
  std::size_t share = 0;
};

/// Names, dates and values of the inputs by key.
class Lookup {
 public:
  Lookup(const Model& model, const Inputs& inputs);
  /// The most specific value. Errors: invalid when there is none.
  Exact value(const Number& number, const std::string& person, const std::string& period, const Exact& scale) const;
  bool has(const std::string& name, const std::string& person, const std::string& period) const;
  std::vector<std::pair<std::string, Exact>> people_of(const std::string& name, const std::string& period) const;
  /// "" for nobody.
  std::string manager(const std::string& person, Date day) const;
  std::vector<std::string> reports(const std::string& manager, Date day) const;
  /// Share of the period's days on which somebody takes part.
  Exact active_share(const std::string& person, const Period& period, bool days_of_360) const;
  Exact rate(Currency currency, const std::string& kind, Date day, const std::string& where) const;

 private:
  const Model& model_;
  const Inputs& inputs_;
  std::map<std::string, std::map<std::pair<std::string, std::string>, Exact>> values_;
  std::map<std::string, std::vector<const Superior*>> superiors_;
};

Bases compute_bases(const Model& model, const Facts& facts, const Lookup& lookup, const CreditRule& rule);
std::vector<Credit> compute_credits(const Model& model, const Facts& facts, const Lookup& lookup);

/// Whole parts by largest remainder on the absolute amount, ties to the earlier; shares sum to 1.
std::vector<Whole> apportion(const Whole& amount, const std::vector<Exact>& shares);

/// What a table looks at besides the total.
struct Sight {
  std::optional<Exact> goal;
  Exact target_pay = 0;
  Exact input = 0;                               ///< for inputs that are no function of the total
  Exact second = 0;                              ///< second input of a matrix
  const std::vector<Column>* columns = nullptr;  ///< for conditions of rows
  std::size_t event = 0;
};

/// A piece of input at one value.
struct Piece {
  std::size_t row = 0;
  Exact input = 0;
  Exact value = 0;
  Exact product = 0;
};

/// What a table pays for a total; `pieces` receives the steps when given.
Exact pay(const Model& model, const Table& table, Below below, const Exact& total, const Sight& sight,
          std::vector<Piece>* pieces = nullptr);
/// The row an input reaches, or -1.
int row_of(const Table& table, const Exact& input);

/// One number on its way through the modifiers.
struct Step {
  std::string what;
  Exact before = 0;
  Exact after = 0;
  Exact factor = 0;
};

/// A component of one person and period, with all its steps.
struct Outcome {
  std::string person;
  std::size_t component = 0;
  std::string period;
  Exact measured = 0;
  std::optional<Exact> goal;
  Exact raw = 0;
  Exact exact = 0;
  Exact excess = 0;
  Exact carry = 0;
  std::int64_t amount = 0;
  bool applicable = true;
  struct Line {
    int event = -1;
    Exact exact = 0;
    Exact excess = 0;
    std::int64_t amount = 0;
  };
  std::vector<Line> lines;
  std::vector<Piece> pieces;
  std::vector<Step> steps;
};

struct Run {
  Facts facts;
  std::vector<Credit> credits;
  std::vector<std::string> people;
  std::vector<std::string> periods;
  std::vector<Outcome> outcomes;
  std::vector<std::string> warnings;
};

Run run_plan(const Model& model, const Inputs& inputs);

}  // namespace kith::incentive::general
