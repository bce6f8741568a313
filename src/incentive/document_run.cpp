// SPDX-License-Identifier: Apache-2.0
// Measures, components and modifiers: from credits to exact and rounded results per person, component and period.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_engine.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

using Key = std::pair<std::string, std::string>;  // person, period

class Runner {
 public:
  Runner(const Model& model, const Inputs& inputs) : model_(model), inputs_(inputs), lookup_(model, inputs) {}

  Run run() {
    run_.facts = order_events(inputs_);
    run_.credits = compute_credits(model_, run_.facts, lookup_);
    CreditRule plain;
    plain.fx = model_.credits.empty() ? "transaction" : model_.credits.front().fx;
    plain.reversal = model_.credits.empty() ? Reversal::original : model_.credits.front().reversal;
    columns_ = compute_bases(model_, run_.facts, lookup_, plain).columns;
    collect();
    for (std::size_t i = 0; i < model_.components.size(); ++i) component(i);
    return std::move(run_);
  }

 private:
  struct Entries {
    std::map<Key, std::vector<std::size_t>> credits;
  };

  void collect() {
    std::set<std::string> people;
    std::map<Date, std::string> periods;
    const auto add_period = [&](const std::string& label) {
      if (label.empty()) return;
      periods[model_.period(label).from] = model_.whole_plan ? std::string("plan") : label;
    };
    measures_.resize(model_.measures.size());
    for (std::size_t m = 0; m < model_.measures.size(); ++m) {
      const Measure& measure = model_.measures[m];
      for (std::size_t i = 0; i < run_.credits.size(); ++i) {
        const Credit& credit = run_.credits[i];
        const auto& names = measure.credits;
        if (std::find(names.begin(), names.end(), model_.credits[credit.rule].name) == names.end()) continue;
        const std::size_t dated =
            measure.return_period == Reversal::original ? run_.facts.origin(credit.event) : credit.event;
        const Date day = run_.facts.rows[dated]->date;
        if (day < model_.from || day >= model_.to) continue;
        const std::string label = model_.period_label(day);
        measures_[m].credits[{credit.person, label}].push_back(i);
        people.insert(credit.person);
        add_period(label);
      }
      for (auto& [key, rows] : measures_[m].credits) {
        std::stable_sort(rows.begin(), rows.end(),
                         [&](std::size_t a, std::size_t b) { return run_.credits[a].event < run_.credits[b].event; });
      }
    }
    for (const Participation& row : inputs_.people) people.insert(row.person);
    for (const PlanValue& value : inputs_.values) {
      if (!value.person.empty()) people.insert(value.person);
      add_period(value.period);
    }
    for (const Superior& row : inputs_.hierarchy) people.insert(row.manager);
    for (const PostedLine& line : inputs_.posted) {
      people.insert(line.person);
      add_period(line.period);
    }
    for (const std::string& label : inputs_.closed) add_period(label);
    add_period(inputs_.open);
    run_.people.assign(people.begin(), people.end());
    for (auto& [from, label] : periods) run_.periods.push_back(label);
  }

  std::size_t index_of(const std::string& measure) const {
    return static_cast<std::size_t>(model_.measure(measure) - model_.measures.data());
  }

  const std::vector<std::size_t>& rows_of(std::size_t measure, const Key& key) const {
    static const std::vector<std::size_t> kNone;
    const auto found = measures_[measure].credits.find(key);
    return found == measures_[measure].credits.end() ? kNone : found->second;
  }

  Exact aggregate(std::size_t index, const Key& key) const {
    const Measure& measure = model_.measures[index];
    const std::vector<std::size_t>& rows = rows_of(index, key);
    Exact sum = 0;
    std::set<std::size_t> events;
    for (const std::size_t row : rows) {
      sum += run_.credits[row].amount;
      events.insert(run_.credits[row].event);
    }
    const Exact one = ten_to(model_.digits);
    switch (measure.aggregate) {
      case Aggregate::sum: return sum;
      case Aggregate::count: return Exact(rows.size()) * one;
      case Aggregate::distinct: return Exact(events.size()) * one;
      case Aggregate::average: return rows.empty() ? Exact(0) : Exact(sum / rows.size());
      case Aggregate::last: return rows.empty() ? Exact(0) : run_.credits[rows.back()].amount;
    }
    return sum;
  }

  // What was credited before the period as far as the measure accumulates.
  Exact before(std::size_t index, const Key& key) const {
    const Measure& measure = model_.measures[index];
    Exact sum = 0;
    if (measure.accumulate != Accumulating::year_to_date && measure.accumulate != Accumulating::lifetime) return sum;
    const Date start = model_.period(key.second).from;
    const Date year = model_.whole_plan ? start : period_of(model_.calendar, Grain::year, start).from;
    for (const std::string& label : run_.periods) {
      const Date from = model_.period(label).from;
      if (from >= start || (measure.accumulate == Accumulating::year_to_date && from < year)) continue;
      sum += aggregate(index, {key.first, label});
    }
    return sum;
  }

  Exact total(std::size_t index, const Key& key) const { return before(index, key) + aggregate(index, key); }

  std::optional<Exact> goal(std::size_t index, const Key& key) const {
    const Measure& measure = model_.measures[index];
    if (!measure.goal) return std::nullopt;
    if (!measure.goal->constant && !lookup_.has(measure.goal->name, key.first, key.second)) return std::nullopt;
    Exact value = lookup_.value(*measure.goal, key.first, key.second, ten_to(model_.digits));
    if (value < 0) {
      throw Error(Code::invalid, "inputs", "values",
                  fmt::format("The goal {} of {} in {} is negative; a goal is 0 or more.", quote(measure.goal->name),
                              quote(key.first), quote(key.second)));
    }
    if (measure.ramp) value *= lookup_.value(*measure.ramp, key.first, key.second, 1);
    if (measure.prorate != "none") {
      value *= lookup_.active_share(key.first, model_.period(key.second), measure.prorate == "30_360");
    }
    return value;
  }

  // The named measure as an input: its attainment, or its total in major units.
  Exact measured(const std::string& name, const Key& key, bool attainment) const {
    const std::size_t index = index_of(name);
    const Exact value = total(index, key);
    if (!attainment) return value / ten_to(model_.digits);
    const std::optional<Exact> target = goal(index, key);
    return target && *target != 0 ? Exact(value / *target) : Exact(0);
  }

  Exact attribute(const std::string& name, std::size_t event) const {
    for (std::size_t i = 0; i < model_.scope.names.size(); ++i) {
      const ScopeName& one = model_.scope.names[i];
      if (one.name != name || columns_[i].is_text()) continue;
      const int scale = one.type == Type::money ? model_.digits : one.scale;
      return Exact(columns_[i].word(event)) / ten_to(scale);
    }
    throw Error(Code::invalid, "plan", "attributes",
                fmt::format("{} is no attribute that holds a number or money.", quote(name)));
  }

  Exact rank(std::size_t measure, const Key& key) const {
    const Exact own = total(measure, key);
    Exact place = 1;
    for (const std::string& person : run_.people) {
      if (total(measure, {person, key.second}) > own) place += 1;
    }
    return place;
  }

  Exact input_of(Input input, const std::string& name, const std::string& measure, const Key& key, int event) const {
    switch (input) {
      case Input::attainment: return measured(name.empty() ? measure : name, key, true);
      case Input::measure: return measured(name, key, false);
      case Input::rank: return rank(index_of(measure), key);
      case Input::attribute: return event < 0 ? Exact(0) : attribute(name, static_cast<std::size_t>(event));
      case Input::amount: break;
    }
    return 0;
  }

  Sight sight(const Table& table, const std::string& measure, const std::optional<Number>& target, const Key& key,
              int event) const {
    Sight result;
    if (!measure.empty()) result.goal = goal(index_of(measure), key);
    if (target) result.target_pay = lookup_.value(*target, key.first, key.second, ten_to(model_.digits));
    const bool own = table.input == Input::attainment && table.name.empty();
    if (!own && table.input != Input::amount) result.input = input_of(table.input, table.name, measure, key, event);
    if (table.mode == Mode::matrix) {
      result.second = input_of(table.second_input, table.second_name, measure, key, event);
    }
    result.columns = &columns_;
    result.event = event < 0 ? 0 : static_cast<std::size_t>(event);
    return result;
  }

  Exact minor(const Number& number, const Key& key) const {
    return lookup_.value(number, key.first, key.second, ten_to(model_.digits));
  }

  // Running raw results: one before any event, then one after each line.
  struct Raw {
    std::vector<int> events;
    std::vector<Exact> running = {0};
    std::vector<Exact> cut = {0};  ///< by caps per event
  };

  Exact per_event(const ComponentRule& rule, const Key& key, const Exact& value) const {
    Exact result = value;
    for (const Modifier& modifier : rule.modifiers) {
      if (modifier.per != "event") continue;
      const Exact bound = minor(modifier.by, key);
      result = modifier.kind == Do::cap ? std::min(result, bound) : std::max(result, bound);
    }
    return result;
  }

  void add_line(const ComponentRule& rule, const Key& key, int event, const Exact& value, Raw& raw) const {
    const Exact weighted = value * rule.weight;
    const Exact kept = per_event(rule, key, weighted);
    raw.events.push_back(event);
    raw.running.push_back(raw.running.back() + kept);
    raw.cut.push_back(raw.cut.back() + (kept < weighted ? Exact(weighted - kept) : Exact(0)));
  }

  Exact alone(const ComponentRule& rule, const Measure& measure, const Credit& credit, const Sight& seen,
              std::vector<Piece>* pieces) const {
    if (!credit.shares) return pay(model_, rule.table, measure.negative, credit.amount, seen, pieces);
    const Exact whole = pay(model_, rule.table, measure.negative, credit.whole, seen, pieces);
    return Exact(apportion(round_number(whole, model_.mode, model_.unit), *credit.shares)[credit.share]);
  }

  Raw tiers(std::size_t index, const Key& key, Outcome& out) {
    const ComponentRule& rule = model_.components[index];
    const std::size_t m = index_of(rule.measure);
    const Measure& measure = model_.measures[m];
    out.measured = total(m, key);
    out.goal = goal(m, key);
    Raw raw;
    const bool attained = rule.table.input == Input::attainment && rule.table.name.empty();
    if (attained && (!out.goal || *out.goal == 0)) {
      out.applicable = false;
      if (!rows_of(m, key).empty() || out.goal) {
        run_.warnings.push_back(
            fmt::format("{} of {} in {} has no goal above 0; attainment is undefined and nothing is paid.", rule.name,
                        key.first, key.second));
      }
      return raw;
    }
    if (measure.accumulate == Accumulating::none) {
      for (const std::size_t row : rows_of(m, key)) {
        const Credit& credit = run_.credits[row];
        const Sight seen = sight(rule.table, rule.measure, rule.target_pay, key, static_cast<int>(credit.event));
        add_line(rule, key, static_cast<int>(credit.event), alone(rule, measure, credit, seen, &out.pieces), raw);
      }
      return raw;
    }
    const Sight seen = sight(rule.table, rule.measure, rule.target_pay, key, -1);
    if (measure.aggregate != Aggregate::sum || rows_of(m, key).empty()) {
      const Exact value = pay(model_, rule.table, measure.negative, out.measured, seen, &out.pieces);
      const bool level = measure.accumulate == Accumulating::interval;
      if (level && value != 0) add_line(rule, key, -1, value, raw);
      return raw;
    }
    Exact run = before(m, key);
    Exact paid = run == 0 ? Exact(0) : pay(model_, rule.table, measure.negative, run, seen);
    for (const std::size_t row : rows_of(m, key)) {
      const Credit& credit = run_.credits[row];
      run += credit.amount;
      const Exact now = pay(model_, rule.table, measure.negative, run, seen);
      add_line(rule, key, static_cast<int>(credit.event), now - paid, raw);
      paid = now;
    }
    pay(model_, rule.table, measure.negative, run, seen, &out.pieces);
    return raw;
  }

  Raw from_component(std::size_t index, const Key& key, Outcome& out) {
    const ComponentRule& rule = model_.components[index];
    std::vector<std::string> people = {key.first};
    if (rule.of_reports) people = lookup_.reports(key.first, {model_.period(key.second).to.days - 1});
    for (const Outcome& other : run_.outcomes) {
      if (model_.components[other.component].name != rule.component || other.period != key.second) continue;
      if (std::find(people.begin(), people.end(), other.person) == people.end()) continue;
      out.measured += model_.point == Point::statement ? other.exact : Exact(other.amount);
    }
    Raw raw;
    const Sight seen = sight(rule.table, "", rule.target_pay, key, -1);
    const Exact value = pay(model_, rule.table, Below::first_tier, out.measured, seen, &out.pieces);
    if (value != 0) add_line(rule, key, -1, value, raw);
    return raw;
  }

  Raw pool_share(std::size_t index, const Key& key, Outcome& out) {
    const ComponentRule& rule = model_.components[index];
    const std::size_t m = index_of(rule.measure);
    out.measured = total(m, key);
    std::vector<Exact> weights;
    Exact sum = 0;
    std::size_t own = 0;
    for (const std::string& person : run_.people) {
      if (person == key.first) own = weights.size();
      weights.push_back(std::max(Exact(0), total(m, {person, key.second})));
      sum += weights.back();
    }
    Raw raw;
    if (sum == 0) {
      out.applicable = false;
      return raw;
    }
    for (Exact& weight : weights) weight /= sum;
    const Exact pool = lookup_.value(*rule.pool, "", key.second, ten_to(model_.digits));
    const std::int64_t whole = round_number(pool, model_.mode, model_.unit);
    const Exact part = Exact(apportion(whole, weights)[own]);
    out.pieces.push_back({0, Exact(whole), weights[own], part});
    if (part != 0) add_line(rule, key, -1, part, raw);
    return raw;
  }

  Exact by_rows(const Modifier& modifier, const Key& key) const {
    const Table& table = *modifier.table;
    const Exact at = table.name.empty() && table.input == Input::amount
                         ? total(index_of(modifier.input), key)
                         : input_of(table.input, table.name, modifier.input, key, -1);
    const int reached = row_of(table, at);
    if (reached < 0) return 0;
    if (!modifier.cumulative) return table.rows[static_cast<std::size_t>(reached)].value;
    Exact sum = 0;
    for (int i = 0; i <= reached; ++i) sum += table.rows[static_cast<std::size_t>(i)].value;
    return sum;
  }

  bool gate_open(const Modifier& modifier, const Key& key) const {
    const std::size_t index = index_of(modifier.input);
    const Exact value = total(index, key);
    if (!modifier.attainment) return value >= modifier.at_least;
    const std::optional<Exact> target = goal(index, key);
    return target && *target > 0 && value >= *target * modifier.at_least;
  }

  struct Changed {
    Exact value = 0;
    Exact excess = 0;
    Exact carry = 0;
  };

  Changed modify(const ComponentRule& rule, const Key& key, const Exact& raw, std::vector<Step>* steps) const {
    static const std::string_view kNames[] = {"multiply", "add", "cap", "floor", "prorate", "disqualify", "gate"};
    Changed state{raw, 0, 0};
    for (const Modifier& modifier : rule.modifiers) {
      if (modifier.per == "event") continue;
      const Exact start = state.value;
      Exact factor = 0;
      switch (modifier.kind) {
        case Do::multiply:
          factor = modifier.table ? by_rows(modifier, key) : lookup_.value(modifier.by, key.first, key.second, 1);
          state.value *= factor;
          break;
        case Do::add:
          factor = modifier.table ? by_rows(modifier, key)
                                  : lookup_.value(modifier.by, key.first, key.second,
                                                  modifier.of == "amount" ? ten_to(model_.digits) : Exact(1));
          if (modifier.of == "raw") state.value += factor * raw;
          if (modifier.of == "amount") state.value += factor;
          if (modifier.of == "target_pay")
            state.value += factor * (rule.target_pay ? minor(*rule.target_pay, key) : Exact(0));
          break;
        case Do::cap:
          factor = minor(modifier.by, key);
          if (state.value > factor) {
            state.excess += state.value - factor;
            if (modifier.carry) state.carry += state.value - factor;
            state.value = factor;
          }
          break;
        case Do::floor:
          factor = minor(modifier.by, key);
          state.value = std::max(state.value, factor);
          break;
        case Do::prorate:
          factor = modifier.basis == "value"
                       ? lookup_.value(modifier.by, key.first, key.second, 1)
                       : lookup_.active_share(key.first, model_.period(key.second), modifier.basis == "30_360");
          state.value *= factor;
          break;
        case Do::disqualify:
          if (lookup_.has(modifier.by.name, key.first, key.second) &&
              lookup_.value(modifier.by, key.first, key.second, 1) != 0) {
            state.value = 0;
          }
          break;
        case Do::gate:
          factor = modifier.at_least;
          if (!gate_open(modifier, key)) state.value = 0;
          break;
      }
      if (steps != nullptr) {
        steps->push_back({std::string(kNames[static_cast<std::size_t>(modifier.kind)]), start, state.value, factor});
      }
    }
    return state;
  }

  void finish(const ComponentRule& rule, const Key& key, const Raw& raw, const Exact& carried, Outcome& out) const {
    Changed last{};
    std::int64_t posted = 0;
    const bool telescoped = model_.point == Point::telescoped;
    for (std::size_t i = 0; i < raw.running.size(); ++i) {
      const bool end = i + 1 == raw.running.size();
      const Changed now =
          out.applicable ? modify(rule, key, raw.running[i] + carried, end ? &out.steps : nullptr) : Changed{};
      Outcome::Line line;
      line.event = i == 0 ? -1 : raw.events[i - 1];
      line.exact = now.value - last.value;
      line.excess = now.excess - last.excess + raw.cut[i] - (i == 0 ? Exact(0) : raw.cut[i - 1]);
      if (telescoped) line.amount = round_number(now.value, model_.mode, model_.unit) - posted;
      if (model_.point == Point::line) line.amount = round_number(line.exact, model_.mode, model_.unit);
      posted += line.amount;
      out.excess += line.excess;
      last = now;
      if (i > 0 || line.exact != 0 || line.amount != 0) out.lines.push_back(line);
    }
    out.raw = raw.running.back() + carried;
    out.exact = last.value;
    out.carry = last.carry;
    out.amount = posted;
    if (model_.point == Point::component) out.amount = round_number(out.exact, model_.mode, model_.unit);
  }

  void component(std::size_t index) {
    const ComponentRule& rule = model_.components[index];
    std::vector<Outcome> results;
    for (const std::string& person : run_.people) {
      Exact carried = 0;
      for (const std::string& period : run_.periods) {
        const Key key{person, period};
        Outcome out;
        out.person = person;
        out.component = index;
        out.period = period;
        Raw raw;
        if (rule.kind == Kind::fixed) {
          add_line(rule, key, -1, minor(*rule.pool, key), raw);
        } else if (rule.kind == Kind::pool_share) {
          raw = pool_share(index, key, out);
        } else if (!rule.component.empty()) {
          raw = from_component(index, key, out);
        } else {
          raw = tiers(index, key, out);
        }
        finish(rule, key, raw, carried, out);
        carried = out.carry;
        results.push_back(std::move(out));
      }
    }
    if (rule.kind == Kind::pool_share) warn_of_empty_pools(rule, results);
    for (Outcome& out : results) run_.outcomes.push_back(std::move(out));
  }

  void warn_of_empty_pools(const ComponentRule& rule, const std::vector<Outcome>& results) {
    std::set<std::string> empty;
    for (const Outcome& out : results) {
      if (!out.applicable) empty.insert(out.period);
    }
    for (const std::string& period : empty) {
      run_.warnings.push_back(
          fmt::format("Nobody contributed to {} in {}; nothing is paid and the pool is carried.", rule.name, period));
    }
  }

  const Model& model_;
  const Inputs& inputs_;
  Lookup lookup_;
  Run run_;
  std::vector<Column> columns_;
  std::vector<Entries> measures_;
};

}  // namespace

Run run_plan(const Model& model, const Inputs& inputs) { return Runner(model, inputs).run(); }

}  // namespace kith::incentive::general
