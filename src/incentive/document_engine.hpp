// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The stages of the general plan engine: facts > credits > measures > components > modifiers > outcomes. Stages know
/// people, periods and events by number; an Outcome says how one component of one person and period came about.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/quote.hpp"
#include "incentive/document_facts.hpp"
#include "incentive/whose.hpp"

namespace kith::incentive::general {

/// What every stage reads. Lives as long as what was computed from it.
struct Ground {
  Ground(const Model& model, const Inputs& inputs)
      : facts(model, inputs),
        periods(model, inputs, facts),
        people(inputs, facts),
        lookup(model, inputs, people, periods) {}
  Facts facts;
  Periods periods;
  People people;
  Lookup lookup;

  /// Names for errors: "event shop:7", "revenue of 'ann' in 2025-01".
  std::string event(std::size_t row) const { return "event " + facts.key(row); }
  /// Whether somebody takes part, and is paid by the plan, on any day of a period.
  bool takes_part(Index person, Index period) const {
    return people.member(person, periods[period]) && lookup.active(person, periods[period]);
  }
  std::string whose(std::string_view what, Index person, Index period) const {
    return std::string(what) + " of " + quote(people[person]) + " in " + periods[period].label;
  }
};

/// The result of a whole event, to be rounded and then shared.
struct Shared {
  Exact whole = 0;
  std::vector<Exact> shares;
};

struct Credit {
  Index rule = 0;
  Index person = 0;
  std::uint32_t event = 0;
  std::uint32_t place = 0;  ///< in Shared::shares
  Exact amount = 0;         ///< minor units of the plan's currency
  Exact share = 1;          ///< of the event's base
  bool mirrored = false;    ///< of what its event takes back
  std::int16_t level = -1;  ///< of a chain: which of the rule's levels
  Index source = -1;        ///< of a chain: whose credit climbed
  std::shared_ptr<const Shared> shared;
};

/// The columns that expressions over events read, a block of rows at a time.
class EventView {
 public:
  EventView(const Model& model, const Ground& ground, std::string fx, Reversal reversal);
  /// Amount, or cost, of an event in exact minor units of the plan's currency.
  Exact converted(std::size_t row, std::int64_t minor) const;
  /// Fills the columns that the expression reads.
  void read(const Expression& expression, std::span<const std::uint32_t> rows);
  const ColumnView& view() const { return view_; }
  /// One number of one event as its column keeps it; 0 where it has none.
  std::int64_t word(std::size_t position, std::size_t row);

 private:
  void append(std::size_t position, std::size_t row);

  const Model& model_;
  const Ground& ground_;
  std::string fx_;
  Reversal reversal_;
  bool same_digits_ = true;
  std::vector<Column> columns_;
  ColumnView view_;
};

/// What an event brings a rule before it is shared, in exact minor units of the plan's currency.
Exact base_of(const Model& model, const Facts& facts, const CreditRule& rule, EventView& view, std::uint32_t event);

/// Shares events out. `take` receives every credit, event by event, chains after what they climb from.
class Crediting {
 public:
  Crediting(const Model& model, const Ground& ground);
  void run(std::span<const std::uint32_t> rows, const std::function<void(Credit&&)>& take);

 private:
  struct Rule;
  void test(Rule& rule, std::span<const std::uint32_t> rows);
  void credit(std::size_t place, std::uint32_t event);
  void share(const Rule& rule, std::uint32_t event, const Exact& base);
  void post(const Rule& rule, std::uint32_t event, const Exact& base);
  void climb(const Rule& rule, std::uint32_t event, const Exact& base);
  void mirror(std::uint32_t event);
  Exact base_of(Rule& rule, std::size_t place, std::uint32_t event);

  const Model& model_;
  const Ground& ground_;
  std::vector<std::shared_ptr<Rule>> rules_;
  std::vector<Index> roles_;
  // of the event at hand
  std::vector<Credit> made_;
  std::vector<Index> people_;
  std::vector<Exact> shares_;
};

/// Credits, and their sums by measure, person and period.
class Credits {
 public:
  /// `kept`: the credits themselves stay too; without them only what needs no single credit can be computed.
  Credits(const Model& model, const Ground& ground, bool kept);

  bool kept() const { return kept_; }
  const std::vector<Credit>& all() const { return credits_; }
  const Exact& sum(std::size_t measure, Index person, Index period) const {
    return sums_[measure][cell(person, period)];
  }
  /// Numbers of the credits of a measure, person and period, in the order of their events.
  std::span<const std::uint32_t> rows(std::size_t measure, Index person, Index period) const;
  /// Whether a person, or a period, has any credit that a measure counts, or is named beside the events. A period
  /// between two such ones counts too.
  bool live_person(Index person) const {
    if (ground_.people.restricted()) return ground_.people.member(person);
    return credited_[static_cast<std::size_t>(person)] > 0 || ground_.people.listed(person);
  }
  bool live_period(Index period) const { return (first_live_ <= period && period <= last_live_) || occurs(period); }
  bool gone(std::size_t credit) const { return !gone_.empty() && gone_[credit]; }

  /// Takes the credits of these events away, or gives them (again); tells which people that touches. What an event
  /// refers to must be as it was when its credits are taken away.
  void remove(std::span<const std::uint32_t> rows, std::vector<Index>& touched);
  void add(std::span<const std::uint32_t> rows, std::vector<Index>& touched);

 private:
  std::size_t cell(Index person, Index period) const {
    return static_cast<std::size_t>(person) * ground_.periods.size() + static_cast<std::size_t>(period);
  }
  bool occurs(Index period) const {
    return used_[static_cast<std::size_t>(period)] > 0 || ground_.periods.listed(period);
  }
  void find_live();
  /// Adds a credit to the sums (or takes it away) and tells the cells it stands in.
  void count(const Credit& credit, bool away, const std::function<void(std::size_t, std::size_t)>& cells = {});
  void group();
  /// Where a credit stands among the sums of a measure; nothing where it does not count.
  std::optional<std::size_t> cell_of(std::size_t measure, const Credit& credit) const;
  std::vector<std::uint32_t>& cell_rows(std::size_t measure, std::size_t cell);
  std::vector<std::uint32_t> of_event(std::uint32_t event) const;

  const Model& model_;
  const Ground& ground_;
  bool kept_;
  Crediting crediting_;
  std::vector<std::vector<std::size_t>> measures_;  ///< of each rule
  std::vector<std::vector<Exact>> sums_;
  std::vector<Credit> credits_;
  std::vector<bool> gone_;
  // of each measure: where the credits of a cell begin, and their numbers
  std::vector<std::vector<std::uint32_t>> begin_;
  std::vector<std::vector<std::uint32_t>> numbers_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::uint32_t>> changed_;  ///< measure, cell
  std::vector<std::uint32_t> event_begin_;  ///< credits of each event, in event_numbers_
  std::vector<std::uint32_t> event_numbers_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_event_;  ///< of changed events
  std::vector<std::int64_t> credited_;
  std::vector<std::int64_t> used_;
  Index first_live_ = 0;
  Index last_live_ = -1;
};

/// Whole parts by largest remainder on the absolute amount, ties to the earlier; shares sum to 1.
std::vector<Whole> apportion(const Whole& amount, const std::vector<Exact>& shares);
std::int64_t to_int64(const Whole& value);

}  // namespace kith::incentive::general
