// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Measures > components > modifiers > outcomes: what comes of credits, computed when it is asked for.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "incentive/document_engine.hpp"

namespace kith::incentive::general {

/// What a table needs beside the total.
struct Sight {
  std::optional<Exact> goal;
  Exact target_pay = 0;
  Exact input = 0;   ///< of an attribute, another measure or a rank
  Exact second = 0;  ///< of a matrix
  /// Says whether a condition holds for the event at hand.
  std::function<bool(const Expression&)> holds;
};

/// A piece of input at one value.
struct Piece {
  std::size_t row = 0;
  Exact input = 0;
  Exact value = 0;
  Exact product = 0;
  Exact at = 0;  ///< what was looked up, as the table bounds it
  // of a matrix
  std::size_t column = 0;
  Exact across = 0;
};

/// What a table pays for a total; `pieces` receives the steps when given.
Exact pay(const Model& model, const Table& table, Below below, const Exact& total, const Sight& sight,
          std::vector<Piece>* pieces = nullptr);
/// The row an input reaches, or -1.
int row_of(const Table& table, const Exact& input);

/// One number on its way through the modifiers.
struct Step {
  const Modifier* modifier = nullptr;
  Exact before = 0;
  Exact after = 0;
  Exact factor = 0;  ///< of a bound: what it is here, the year's less what it has left before
  Exact year = 0;    ///< of a bound of the year: what it has left before
  Exact cut = 0;     ///< of a bound of the year: what it has cut before, below 0 what it has lifted
};

/// A bound per year so far in the fiscal year, where it stands among the modifiers: what it has cut (below 0: lifted)
/// and what it has left. What later modifiers make of that does not concern it.
struct YearSum {
  Exact cut = 0;
  Exact left = 0;
};
using YearSums = std::vector<YearSum>;  ///< by modifier; empty: a year that begins
/// Bounds a value by a cap or floor: of a year, all that has come to it counts, min(by, came) - left for a cap. So the
/// year comes to the same in whatever period a return falls. `sum` goes on; that of a period begins anew each time.
inline Exact bounded_value(const Modifier& modifier, const Exact& by, const Exact& value, YearSum& sum) {
  const Exact room = by - sum.left;
  const Exact came = value + sum.cut;
  Exact left = modifier.kind == Do::cap ? std::min(came, room) : std::max(came, room);
  sum.cut = came - left;
  sum.left += left;
  return left;
}

/// An event whose whole result is rounded and then shared.
struct Divided {
  std::uint32_t event = 0;
  Exact base = 0;
  Exact exact = 0;
  std::int64_t rounded = 0;
  Exact share = 0;
  Exact own = 0;
};

/// A place among others.
struct Placed {
  std::size_t place = 0;  ///< from 0
  std::size_t equal = 0;  ///< how many share it
  std::size_t of = 0;
  Exact sum = 0;    ///< of the prizes that they take together
  Exact prize = 0;  ///< own
  bool below = false;
};

/// A component of one person and period, with its lines and, where asked for, its steps.
struct Outcome {
  Index person = 0;
  Index component = 0;
  Index period = 0;
  Exact measured = 0;
  std::optional<Exact> goal;
  Exact raw = 0;
  Exact exact = 0;
  Exact excess = 0;
  Exact carry = 0;
  std::int64_t amount = 0;
  bool applicable = true;
  struct Line {
    std::int64_t event = -1;
    Exact exact = 0;
    Exact excess = 0;
    std::int64_t amount = 0;
  };
  std::vector<Line> lines;
  std::vector<Piece> pieces;
  std::vector<Step> steps;
  std::vector<Divided> wholes;
  std::vector<std::pair<std::uint32_t, std::size_t>>
      alone;                                    ///< events that pay by themselves: which pieces begin there
  std::vector<std::pair<Index, Exact>> others;  ///< of the results of others: whose, and what
  std::optional<Placed> placed;
  YearSums year;  ///< with this period
};

/// A pool of a period.
struct Pool {
  /// Some that would get more than their cap get that; the rest is left for the others.
  struct Round {
    std::size_t people = 0;
    std::int64_t given = 0;
    std::int64_t left = 0;
    Exact open = 0;  ///< weight of the others
  };
  std::int64_t whole = 0;
  std::int64_t brought = 0;  ///< of it, from the pool before
  Exact weight = 0;          ///< of all
  std::size_t people = 0;    ///< that have a weight
  std::size_t without = 0;   ///< that take part and have none
  std::vector<Round> rounds;
  std::int64_t paid = 0;
  std::int64_t carried = 0;
  bool nobody = false;               ///< no weight above 0
  std::vector<std::int64_t> shares;  ///< by person
};

/// Computes outcomes when they are asked for, and keeps them.
class Evaluator {
 public:
  Evaluator(const Model& model, const Ground& ground, const Credits& credits, bool lines)
      : model_(model), ground_(ground), credits_(credits), lines_(lines && credits.kept()) {
    kept_.resize(model.components.size());
    for (auto& people : kept_) people.resize(ground.people.size());
  }
  /// Of all periods, in order.
  const std::vector<Outcome>& outcomes(std::size_t component, Index person);
  /// One, with its pieces and steps.
  Outcome explained(std::size_t component, Index person, Index period);
  const Pool& pool(std::size_t component, Index period);
  /// What a modifier looks at: the input of its rows in their unit, or what a gate compares.
  Exact looked_up(const Modifier& modifier, Index person, Index period) const;
  /// What somebody gets at most of a pool, and has as weight in it.
  Exact cap_in_pool(std::size_t component, Index person, Index period) const;
  Exact weight_in_pool(std::size_t component, Index person, Index period) const;
  /// Forgets what depends on these people; gives everybody it concerns, by component.
  std::vector<std::vector<Index>> forget(const std::vector<Index>& people);

 private:
  struct Key {
    Index person = 0;
    Index period = 0;
  };
  // Running raw results: one before any event, then one after each line.
  struct Raw {
    std::vector<std::int64_t> events;
    std::vector<Exact> running = {0};
    std::vector<Exact> cut = {0};  ///< by caps per event
  };
  struct Changed {
    Exact value = 0;
    Exact excess = 0;
    Exact carry = 0;
    YearSums year;
  };
  struct Past {
    Exact carried = 0;  ///< excess of the period before
    YearSums year;      ///< of the bounds of the fiscal year
  };

  // measures
  std::size_t index_of(const std::string& measure) const;
  Exact aggregate(std::size_t measure, Key key) const;
  Exact before(std::size_t measure, Key key) const;
  Exact total(std::size_t measure, Key key) const;
  std::optional<Exact> goal(std::size_t measure, Key key) const;
  Exact measured(const std::string& name, Key key, bool attainment) const;
  Exact attribute(const std::string& name, std::size_t event) const;
  Exact rank(std::size_t measure, Key key) const;
  Exact input_of(Input input, const std::string& name, const std::string& measure, Key key, std::int64_t event) const;
  Sight sight(const Table& table, const std::string& measure, const std::optional<Number>& target, Key key,
              std::int64_t event) const;
  Exact minor(const Number& number, Key key) const;

  // components
  void add_line(const ComponentRule& rule, Key key, std::int64_t event, const Exact& value, Raw& raw) const;
  Exact per_event(const ComponentRule& rule, Key key, const Exact& value) const;
  Exact alone(const ComponentRule& rule, const Measure& measure, const Credit& credit, const Sight& seen,
              Outcome& out) const;
  Raw tiers(const ComponentRule& rule, Key key, Outcome& out) const;
  Raw from_component(const ComponentRule& rule, Key key, Outcome& out);
  Raw pool_share(std::size_t component, Key key, Outcome& out);
  Raw ranked(const ComponentRule& rule, Key key, Outcome& out) const;
  Outcome outcome(std::size_t component, Key key, const Past& past);
  Outcome outcome_of(std::size_t component, Key key, const Past& past);

  // modifiers
  Exact by_rows(const Modifier& modifier, Key key) const;
  bool gate_open(const Modifier& modifier, Key key) const;
  void bound(const Modifier& modifier, const ComponentRule& rule, Key key, Changed& state, Exact& factor) const;
  void apply(const Modifier& modifier, const ComponentRule& rule, Key key, const Exact& raw, Changed& state,
             Exact& factor) const;
  Changed modify(const ComponentRule& rule, Key key, const Exact& raw, const Past& past,
                 std::vector<Step>* steps) const;
  void finish(const ComponentRule& rule, Key key, const Raw& raw, const Past& past, Outcome& out) const;

  const Model& model_;
  const Ground& ground_;
  const Credits& credits_;
  bool lines_;
  bool explaining_ = false;
  std::vector<std::vector<std::optional<std::vector<Outcome>>>> kept_;  ///< by component and person
  std::map<std::pair<std::size_t, Index>, Pool> pools_;
};

/// Whether lines by event decide what is paid, so that credits must be kept.
bool needs_credits(const Model& model);

}  // namespace kith::incentive::general
