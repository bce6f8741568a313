// SPDX-License-Identifier: Apache-2.0
// Modifiers in their order, and the one rounding of lines and components.
#include <algorithm>

#include "incentive/document_evaluator.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {

Exact Evaluator::looked_up(const Modifier& modifier, Index person, Index period) const {
  const Key key{person, period};
  if (!modifier.table) return measured(modifier.input, key, modifier.attainment);
  const Table& table = *modifier.table;
  return table.name.empty() && table.input == Input::amount
             ? total(index_of(modifier.input), key)
             : input_of(table.input, table.name, modifier.input, key, -1);
}

Exact Evaluator::by_rows(const Modifier& modifier, Key key) const {
  const Table& table = *modifier.table;
  const int reached = row_of(table, looked_up(modifier, key.person, key.period));
  if (reached < 0) return 0;
  if (!modifier.cumulative) return table.rows[static_cast<std::size_t>(reached)].value;
  Exact sum = 0;
  for (int i = 0; i <= reached; ++i) sum += table.rows[static_cast<std::size_t>(i)].value;
  return sum;
}

bool Evaluator::gate_open(const Modifier& modifier, Key key) const {
  const std::size_t index = index_of(modifier.input);
  const Exact value = total(index, key);
  if (!modifier.attainment) return value >= modifier.at_least;
  const std::optional<Exact> target = goal(index, key);
  return target && *target > 0 && value >= *target * modifier.at_least;
}

void Evaluator::bound(const Modifier& modifier, const ComponentRule& rule, Key key, Changed& state,
                      Exact& factor) const {
  const Exact by = bound_of(modifier, ground_.lookup, key.person, key.period);
  const bool year = modifier.per == "year";
  const auto place = static_cast<std::size_t>(&modifier - rule.modifiers.data());
  if (year) state.year.resize(rule.modifiers.size());
  YearSum period;
  YearSum& sum = year ? state.year[place] : period;
  factor = by - sum.left;
  const Exact before = state.value;
  state.value = bounded_value(modifier, by, before, sum);
  if (modifier.kind == Do::cap) state.excess += before - state.value;
  if (modifier.carry) state.carry += sum.cut;
}

void Evaluator::apply(const Modifier& modifier, const ComponentRule& rule, Key key, const Exact& raw, Changed& state,
                      Exact& factor) const {
  const Lookup& lookup = ground_.lookup;
  const auto plain = [&](const Exact& scale) { return lookup.value(modifier.by, key.person, key.period, scale); };
  switch (modifier.kind) {
    case Do::multiply:
      factor = modifier.table ? by_rows(modifier, key) : plain(1);
      state.value *= factor;
      break;
    case Do::add:
      factor =
          modifier.table ? by_rows(modifier, key) : plain(modifier.of == "amount" ? ten_to(model_.digits) : Exact(1));
      if (modifier.of == "raw") state.value += factor * raw;
      if (modifier.of == "amount") state.value += factor;
      if (modifier.of == "target_pay")
        state.value += factor * (rule.target_pay ? minor(*rule.target_pay, key) : Exact(0));
      break;
    case Do::cap:
    case Do::floor: bound(modifier, rule, key, state, factor); break;
    case Do::prorate:
      factor = modifier.basis == "value" ? plain(1)
                                         : lookup.active_share(key.person, ground_.periods[key.period], modifier.basis);
      state.value *= factor;
      break;
    case Do::disqualify:
      if (lookup.has(modifier.by.name, key.person, key.period) && plain(1) != 0) state.value = 0;
      break;
    case Do::gate:
      factor = modifier.at_least;
      if (!gate_open(modifier, key)) state.value = 0;
      break;
  }
}

Evaluator::Changed Evaluator::modify(const ComponentRule& rule, Key key, const Exact& raw, const Past& past,
                                     std::vector<Step>* steps) const {
  Changed state{raw, 0, 0, past.year};
  const bool absent = !ground_.takes_part(key.person, key.period);
  for (const Modifier& modifier : rule.modifiers) {
    if (modifier.per == "event") continue;
    // Nobody is lifted, or given something beside, for a time of absence.
    const auto place = static_cast<std::size_t>(&modifier - rule.modifiers.data());
    const bool year = modifier.per == "year";
    if (absent && (modifier.kind == Do::floor || (modifier.kind == Do::add && modifier.of != "raw"))) {
      if (year) state.year.resize(rule.modifiers.size()), state.year[place].left += state.value;
      continue;
    }
    const Exact start = state.value;
    Exact factor = 0;
    apply(modifier, rule, key, raw, state, factor);
    if (steps == nullptr) continue;
    const YearSum before = year && place < past.year.size() ? past.year[place] : YearSum();
    steps->push_back({&modifier, start, state.value, factor, before.left, before.cut});
  }
  return state;
}

// Lines are differences of the modified running result. Nothing is modified twice where no modifier stands.
void Evaluator::finish(const ComponentRule& rule, Key key, const Raw& raw, const Past& past, Outcome& out) const {
  Changed last{0, 0, 0, past.year};
  std::int64_t posted = 0;
  const bool telescoped = model_.point == Point::telescoped;
  const bool plain = std::all_of(rule.modifiers.begin(), rule.modifiers.end(),
                                 [](const Modifier& modifier) { return modifier.per == "event"; });
  for (std::size_t i = 0; i < raw.running.size(); ++i) {
    if (plain && i == 0 && past.carried == 0) continue;
    const bool end = i + 1 == raw.running.size();
    const Exact value = raw.running[i] + past.carried;
    Changed now{0, 0, 0, past.year};
    if (out.applicable)
      now =
          plain ? Changed{value, 0, 0, {}} : modify(rule, key, value, past, end && explaining_ ? &out.steps : nullptr);
    Outcome::Line line;
    line.event = i == 0 ? -1 : raw.events[i - 1];
    line.exact = now.value - last.value;
    line.excess = now.excess - last.excess + raw.cut[i] - (i == 0 ? Exact(0) : raw.cut[i - 1]);
    const auto round = [&] {
      if (telescoped) line.amount = checked_sub(round_number(now.value, model_.mode, model_.unit), posted, "line");
      if (model_.point == Point::line) line.amount = round_number(line.exact, model_.mode, model_.unit);
      posted = checked_add(posted, line.amount, "component");
    };
    if (line.event < 0) {
      round();
    } else {
      told_whose([&] { return ground_.event(static_cast<std::size_t>(line.event)); }, round);
    }
    out.excess += line.excess;
    last = std::move(now);
    if (lines_ && (i > 0 || line.exact != 0 || line.amount != 0)) out.lines.push_back(std::move(line));
  }
  out.raw = raw.running.back() + past.carried;
  out.exact = std::move(last.value);
  out.carry = std::move(last.carry);
  out.year = std::move(last.year);
  out.amount = posted;
  if (model_.point == Point::component) out.amount = round_number(out.exact, model_.mode, model_.unit);
}

}  // namespace kith::incentive::general
