// SPDX-License-Identifier: Apache-2.0
// Measures and components: from credits to exact and rounded results per person, component and period.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_evaluator.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {

bool needs_credits(const Model& model) {
  if (model.point == Point::line || !model.releases.empty() || !model.clawbacks.empty() || model.amortization)
    return true;
  for (const Measure& measure : model.measures) {
    if (measure.aggregate != Aggregate::sum || measure.accumulate == Accumulating::none) return true;
  }
  return std::any_of(model.components.begin(), model.components.end(), [](const ComponentRule& rule) {
    return std::any_of(rule.modifiers.begin(), rule.modifiers.end(),
                       [](const Modifier& modifier) { return modifier.per == "event"; });
  });
}

// --- Measures ---------------------------------------------------------------------------------------------------

std::size_t Evaluator::index_of(const std::string& measure) const {
  return static_cast<std::size_t>(model_.measure(measure) - model_.measures.data());
}

Exact Evaluator::aggregate(std::size_t measure, Key key) const {
  const Aggregate how = model_.measures[measure].aggregate;
  const Exact& sum = credits_.sum(measure, key.person, key.period);
  if (how == Aggregate::sum) return sum;
  const auto rows = credits_.rows(measure, key.person, key.period);
  const Exact one = ten_to(model_.digits);
  if (how == Aggregate::count) return Exact(rows.size()) * one;
  if (rows.empty()) return 0;
  if (how == Aggregate::average) return sum / Exact(rows.size());
  if (how == Aggregate::last) return credits_.all()[rows.back()].amount;
  std::set<std::uint32_t> events;
  for (const std::uint32_t row : rows) events.insert(credits_.all()[row].event);
  return Exact(events.size()) * one;
}

// What was credited before the period as far as the measure accumulates.
Exact Evaluator::before(std::size_t measure, Key key) const {
  Exact sum = 0;
  const Accumulating how = model_.measures[measure].accumulate;
  if (how != Accumulating::year_to_date && how != Accumulating::lifetime) return sum;
  const Index begin = how == Accumulating::lifetime ? 0 : ground_.periods.year_begin(key.period);
  for (Index period = begin; period < key.period; ++period) sum += aggregate(measure, {key.person, period});
  return sum;
}

Exact Evaluator::total(std::size_t measure, Key key) const { return before(measure, key) + aggregate(measure, key); }

Exact Evaluator::minor(const Number& number, Key key) const {
  return ground_.lookup.minor(number, key.person, key.period);
}

std::optional<Exact> Evaluator::goal(std::size_t index, Key key) const {
  const Measure& measure = model_.measures[index];
  const Lookup& lookup = ground_.lookup;
  if (!measure.goal) return std::nullopt;
  if (!measure.goal->constant && !lookup.has(measure.goal->name, key.person, key.period)) return std::nullopt;
  Exact value = lookup.not_negative("goal", *measure.goal, key.person, key.period);
  if (measure.ramp) value *= lookup.value(*measure.ramp, key.person, key.period, 1);
  if (measure.prorate != "none") {
    value *= lookup.active_share(key.person, ground_.periods[key.period], measure.prorate);
  }
  return value;
}

// The named measure as an input: its attainment, or its total in major units.
Exact Evaluator::measured(const std::string& name, Key key, bool attainment) const {
  const std::size_t index = index_of(name);
  const Exact value = total(index, key);
  if (!attainment) return value / ten_to(model_.digits);
  const std::optional<Exact> target = goal(index, key);
  return target && *target != 0 ? Exact(value / *target) : Exact(0);
}

Exact Evaluator::attribute(const std::string& name, std::size_t event) const {
  for (std::size_t i = 0; i < model_.scope.names.size(); ++i) {
    const ScopeName& one = model_.scope.names[i];
    if (one.name != name || is_text(one.type)) continue;
    const CreditRule* first = model_.credits.empty() ? nullptr : &model_.credits.front();
    EventView view(model_, ground_, first == nullptr ? "transaction" : first->fx,
                   first == nullptr ? Reversal::original : first->reversal);
    const int scale = one.type == Type::money ? model_.digits : one.scale;
    return Exact(view.word(i, event)) / ten_to(scale);
  }
  throw Error(Code::invalid, "plan", "attributes",
              fmt::format("{} is no attribute that holds a number or money.", quote(name)));
}

Exact Evaluator::rank(std::size_t measure, Key key) const {
  const Exact own = total(measure, key);
  std::int64_t place = 1;
  for (std::size_t i = 0; i < ground_.people.size(); ++i) {
    const auto other = static_cast<Index>(i);
    if (credits_.live_person(other) && total(measure, {other, key.period}) > own) ++place;
  }
  return place;
}

Exact Evaluator::input_of(Input input, const std::string& name, const std::string& measure, Key key,
                          std::int64_t event) const {
  switch (input) {
    case Input::attainment: return measured(name.empty() ? measure : name, key, true);
    case Input::measure: return measured(name, key, false);
    case Input::rank: return rank(index_of(measure), key);
    case Input::attribute: return event < 0 ? Exact(0) : attribute(name, static_cast<std::size_t>(event));
    case Input::amount: break;
  }
  return 0;
}

Sight Evaluator::sight(const Table& table, const std::string& measure, const std::optional<Number>& target, Key key,
                       std::int64_t event) const {
  Sight result;
  if (!measure.empty() && (table.input == Input::attainment || table.second_input == Input::attainment)) {
    result.goal = goal(index_of(measure), key);
  }
  if (target) result.target_pay = minor(*target, key);
  const bool own = table.input == Input::attainment && table.name.empty();
  if (!own && table.input != Input::amount) result.input = input_of(table.input, table.name, measure, key, event);
  if (table.mode == Mode::matrix) {
    result.second = input_of(table.second_input, table.second_name, measure, key, event);
  }
  result.holds = [this, event](const Expression& condition) {
    if (event < 0) return false;
    const CreditRule& first = model_.credits.front();
    EventView view(model_, ground_, first.fx, first.reversal);
    const std::uint32_t row[] = {static_cast<std::uint32_t>(event)};
    view.read(condition, row);
    return condition.test(view.view(), 1)[0] == Tri::yes;
  };
  return result;
}

// --- Components -------------------------------------------------------------------------------------------------

Exact Evaluator::per_event(const ComponentRule& rule, Key key, const Exact& value) const {
  Exact result = value;
  for (const Modifier& modifier : rule.modifiers) {
    if (modifier.per != "event") continue;
    const Exact bound = bound_of(modifier, ground_.lookup, key.person, key.period);
    result = modifier.kind == Do::cap ? std::min(result, bound) : std::max(result, bound);
  }
  return result;
}

void Evaluator::add_line(const ComponentRule& rule, Key key, std::int64_t event, const Exact& value, Raw& raw) const {
  const Exact weighted = value * rule.weight;
  const Exact kept = per_event(rule, key, weighted);
  raw.events.push_back(event);
  raw.running.push_back(raw.running.back() + kept);
  raw.cut.push_back(raw.cut.back() + (kept < weighted ? Exact(weighted - kept) : Exact(0)));
}

Exact Evaluator::alone(const ComponentRule& rule, const Measure& measure, const Credit& credit, const Sight& seen,
                       Outcome& out) const {
  std::vector<Piece>* pieces = explaining_ ? &out.pieces : nullptr;
  if (!credit.shared) return pay(model_, rule.table, measure.negative, credit.amount, seen, pieces);
  const Exact whole = pay(model_, rule.table, measure.negative, credit.shared->whole, seen, pieces);
  const std::int64_t rounded = round_number(whole, model_.mode, model_.unit);
  const Exact own(apportion(rounded, credit.shared->shares)[credit.place]);
  if (explaining_) {
    const Exact& share = credit.shared->shares[credit.place];
    out.wholes.push_back({credit.event, credit.shared->whole, whole, rounded, share, own});
  }
  return own;
}

Evaluator::Raw Evaluator::tiers(const ComponentRule& rule, Key key, Outcome& out) const {
  const std::size_t m = index_of(rule.measure);
  const Measure& measure = model_.measures[m];
  out.measured = total(m, key);
  out.goal = goal(m, key);
  Raw raw;
  std::vector<Piece>* pieces = explaining_ ? &out.pieces : nullptr;
  const bool attained = rule.table.input == Input::attainment && rule.table.name.empty();
  if (attained && (!out.goal || *out.goal == 0)) {
    out.applicable = false;
    return raw;
  }
  if (measure.accumulate == Accumulating::none) {
    for (const std::uint32_t row : credits_.rows(m, key.person, key.period)) {
      const Credit& credit = credits_.all()[row];
      const Sight seen = sight(rule.table, rule.measure, rule.target_pay, key, credit.event);
      if (explaining_) out.alone.emplace_back(credit.event, out.pieces.size());
      const Exact value = told_whose([&] { return ground_.event(credit.event); },
                                     [&] { return alone(rule, measure, credit, seen, out); });
      add_line(rule, key, credit.event, value, raw);
    }
    return raw;
  }
  const Sight seen = sight(rule.table, rule.measure, rule.target_pay, key, -1);
  const bool sums = measure.aggregate == Aggregate::sum;
  Exact run = before(m, key);
  const bool level = !sums || (lines_ && credits_.rows(m, key.person, key.period).empty());
  if (out.measured == 0 && run == 0 && !ground_.takes_part(key.person, key.period)) return raw;
  if (level) {
    const Exact value = pay(model_, rule.table, measure.negative, out.measured, seen, pieces);
    if (measure.accumulate == Accumulating::interval && value != 0) add_line(rule, key, -1, value, raw);
    return raw;
  }
  Exact paid = run == 0 ? Exact(0) : pay(model_, rule.table, measure.negative, run, seen);
  if (!lines_) {  // the sum alone decides
    const Exact now = pay(model_, rule.table, measure.negative, out.measured, seen, pieces);
    const bool empty = credits_.sum(m, key.person, key.period) == 0;
    if (!empty || measure.accumulate == Accumulating::interval) add_line(rule, key, -1, now - paid, raw);
    return raw;
  }
  for (const std::uint32_t row : credits_.rows(m, key.person, key.period)) {
    const Credit& credit = credits_.all()[row];
    run += credit.amount;
    const Exact now = pay(model_, rule.table, measure.negative, run, seen);
    add_line(rule, key, credit.event, now - paid, raw);
    paid = now;
  }
  if (explaining_) pay(model_, rule.table, measure.negative, run, seen, pieces);
  return raw;
}

Evaluator::Raw Evaluator::from_component(const ComponentRule& rule, Key key, Outcome& out) {
  std::size_t source = 0;
  while (model_.components[source].name != rule.component) ++source;
  std::vector<Index> people = {key.person};
  if (rule.of_reports) {
    people = ground_.lookup.reports(key.person, {ground_.periods[key.period].to.days - 1});
  }
  for (const Index person : people) {
    if (!credits_.live_person(person)) continue;
    for (const Outcome& other : outcomes(source, person)) {
      if (other.period != key.period) continue;
      const Exact amount = model_.point == Point::statement ? other.exact : Exact(other.amount);
      out.measured += amount;
      if (explaining_ && amount != 0) out.others.emplace_back(person, amount);
    }
  }
  Raw raw;
  const Sight seen = sight(rule.table, "", rule.target_pay, key, -1);
  const Exact value =
      pay(model_, rule.table, Below::first_tier, out.measured, seen, explaining_ ? &out.pieces : nullptr);
  if (value != 0) add_line(rule, key, -1, value, raw);
  return raw;
}

Exact Evaluator::cap_in_pool(std::size_t component, Index person, Index period) const {
  return ground_.lookup.not_negative("cap", *model_.components[component].member_cap, person, period);
}

Exact Evaluator::weight_in_pool(std::size_t component, Index person, Index period) const {
  if (!credits_.live_person(person)) return 0;
  return std::max(Exact(0), total(index_of(model_.components[component].measure), {person, period}));
}

// Whoever would get more than the cap gets the cap; the rest goes to the others by weight, again and again.
const Pool& Evaluator::pool(std::size_t component, Index period) {
  const auto kept = pools_.find({component, period});
  if (kept != pools_.end()) return kept->second;
  const ComponentRule& rule = model_.components[component];
  Pool pool;
  pool.whole = round_number(ground_.lookup.not_negative("pool", *rule.pool, -1, period), model_.mode, model_.unit);
  if (rule.unpaid_carried) {
    for (Index last = period - 1; last >= 0; --last) {
      if (!credits_.live_period(last)) continue;
      pool.brought = this->pool(component, last).carried;
      pool.whole =
          told_whose([&] { return fmt::format("pool {} of {}", quote(rule.name), ground_.periods[period].label); },
                     [&] { return checked_add(pool.whole, pool.brought, "pool"); });
      break;
    }
  }
  std::vector<Exact> weights(ground_.people.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = weight_in_pool(component, static_cast<Index>(i), period);
    pool.weight += weights[i];
    if (weights[i] > 0) ++pool.people;
    if (weights[i] == 0 && credits_.live_person(static_cast<Index>(i))) ++pool.without;
  }
  Exact open = pool.weight;  // of those who can still get more
  pool.nobody = open == 0;
  pool.shares.assign(weights.size(), 0);
  std::int64_t left = pool.whole;
  for (bool again = rule.member_cap.has_value(); again && open > 0;) {
    Pool::Round round;
    const Exact each = Exact(left) / open;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] == 0) continue;
      const Exact cap = cap_in_pool(component, static_cast<Index>(i), period);
      if (each * weights[i] <= cap) continue;
      pool.shares[i] = round_number(cap, Rounding::down, model_.unit);
      round.given += pool.shares[i];
      left -= pool.shares[i];
      open -= weights[i];
      weights[i] = 0;
      ++round.people;
    }
    again = round.people > 0;
    round.left = left;
    round.open = open;
    if (again) pool.rounds.push_back(std::move(round));
  }
  if (open > 0) {
    for (Exact& weight : weights) weight /= open;
    const std::vector<Whole> parts = apportion(left, weights);
    for (std::size_t i = 0; i < parts.size(); ++i) pool.shares[i] += to_int64(parts[i]);
    left = 0;
  }
  pool.paid = pool.whole - left;
  pool.carried = rule.unpaid_carried ? left : 0;
  return pools_[{component, period}] = std::move(pool);
}

Evaluator::Raw Evaluator::pool_share(std::size_t component, Key key, Outcome& out) {
  const ComponentRule& rule = model_.components[component];
  out.measured = total(index_of(rule.measure), key);
  const Pool& shared = pool(component, key.period);
  const std::int64_t own = shared.shares[static_cast<std::size_t>(key.person)];
  out.applicable = !shared.nobody;
  Raw raw;
  if (own == 0) return raw;
  add_line(rule, key, -1, own, raw);
  return raw;
}

// The prize of the place; several with one total share the prizes of the places they take, or each get the first.
Evaluator::Raw Evaluator::ranked(const ComponentRule& rule, Key key, Outcome& out) const {
  const std::size_t m = index_of(rule.measure);
  out.measured = total(m, key);
  Raw raw;
  Placed own;
  own.below = rule.least && out.measured < *rule.least;
  if (own.below && !explaining_) return raw;
  std::size_t turn = 0;  // among equals, by name
  for (std::size_t i = 0; i < ground_.people.size(); ++i) {
    const Key other{static_cast<Index>(i), key.period};
    if (!credits_.live_person(other.person)) continue;
    ++own.of;
    const Exact value = total(m, other);
    if (value > out.measured) ++own.place;
    if (value != out.measured) continue;
    if (other.person < key.person) ++turn;
    ++own.equal;
  }
  if (own.below) {
    // nobody has a place there
  } else if (!rule.ties_share) {
    if (own.place < rule.prizes.size()) own.prize = own.sum = rule.prizes[own.place];
  } else {
    for (std::size_t i = own.place; i < std::min(own.place + own.equal, rule.prizes.size()); ++i) {
      own.sum += rule.prizes[i];
    }
    const std::vector<Exact> shares(own.equal, Exact(1) / Exact(own.equal));
    own.prize = Exact(apportion(round_number(own.sum, model_.mode, model_.unit), shares)[turn]);
  }
  if (own.prize != 0) add_line(rule, key, -1, own.prize, raw);
  if (explaining_) out.placed = std::move(own);
  return raw;
}

Outcome Evaluator::outcome(std::size_t component, Key key, const Past& past) {
  return told_whose([&] { return ground_.whose(model_.components[component].name, key.person, key.period); },
                    [&] { return outcome_of(component, key, past); });
}

Outcome Evaluator::outcome_of(std::size_t component, Key key, const Past& past) {
  const ComponentRule& rule = model_.components[component];
  Outcome out;
  out.person = key.person;
  out.component = static_cast<Index>(component);
  out.period = key.period;
  Raw raw;
  if (rule.kind == Kind::fixed && !ground_.takes_part(key.person, key.period)) {
    // what is paid for being there is not paid to whom is not
  } else if (rule.kind == Kind::fixed) {
    add_line(rule, key, -1, minor(*rule.pool, key), raw);
  } else if (rule.kind == Kind::pool_share) {
    raw = pool_share(component, key, out);
  } else if (rule.kind == Kind::rank) {
    raw = ranked(rule, key, out);
  } else if (!rule.component.empty()) {
    raw = from_component(rule, key, out);
  } else {
    raw = tiers(rule, key, out);
  }
  finish(rule, key, raw, past, out);
  return out;
}

const std::vector<Outcome>& Evaluator::outcomes(std::size_t component, Index person) {
  auto& kept = kept_[component][static_cast<std::size_t>(person)];
  if (kept) return *kept;
  std::vector<Outcome> made;
  Past past;
  for (std::size_t i = 0; i < ground_.periods.size(); ++i) {
    const auto period = static_cast<Index>(i);
    if (!credits_.live_period(period)) continue;
    if (!made.empty() && made.back().period < ground_.periods.year_begin(period)) past.year.clear();
    made.push_back(outcome(component, {person, period}, past));
    past.carried = made.back().carry;
    past.year = made.back().year;
  }
  return kept.emplace(std::move(made));
}

Outcome Evaluator::explained(std::size_t component, Index person, Index period) {
  Past past;
  for (const Outcome& earlier : outcomes(component, person)) {
    if (earlier.period >= period) break;
    past.carried = earlier.carry;
    if (earlier.period < ground_.periods.year_begin(period)) continue;
    past.year = earlier.year;
  }
  struct Restore {  // also where the outcome fails
    explicit Restore(Evaluator& from) : self(from), lines(from.lines_) {}
    ~Restore() {
      self.explaining_ = false;
      self.lines_ = lines;
    }
    Evaluator& self;
    bool lines;
  };
  const Restore restore(*this);
  lines_ = credits_.kept();
  explaining_ = true;
  return outcome(component, {person, period}, past);
}

std::vector<std::vector<Index>> Evaluator::forget(const std::vector<Index>& people) {
  std::vector<std::vector<Index>> dirty(model_.components.size());
  const std::set<Index> own(people.begin(), people.end());
  const auto all = [this] {
    std::set<Index> everybody;
    for (std::size_t i = 0; i < ground_.people.size(); ++i) everybody.insert(static_cast<Index>(i));
    return everybody;
  };
  pools_.clear();
  std::vector<std::set<Index>> sets(model_.components.size());
  for (std::size_t c = 0; c < model_.components.size(); ++c) {
    const ComponentRule& rule = model_.components[c];
    const auto ranks = [](const Table& table) {
      return table.input == Input::rank || (table.mode == Mode::matrix && table.second_input == Input::rank);
    };
    bool everybody = rule.kind == Kind::pool_share || rule.kind == Kind::rank || ranks(rule.table);
    for (const Modifier& modifier : rule.modifiers) everybody = everybody || (modifier.table && ranks(*modifier.table));
    sets[c] = everybody ? all() : own;
    for (std::size_t source = 0; source < c && !rule.component.empty(); ++source) {
      if (model_.components[source].name != rule.component) continue;
      for (const Index person : sets[source]) {
        sets[c].insert(person);
        if (!rule.of_reports) continue;
        for (const Index manager : ground_.lookup.managers(person)) sets[c].insert(manager);
      }
    }
    for (const Index person : sets[c]) kept_[c][static_cast<std::size_t>(person)].reset();
    dirty[c].assign(sets[c].begin(), sets[c].end());
  }
  return dirty;
}

}  // namespace kith::incentive::general
