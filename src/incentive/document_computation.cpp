// SPDX-License-Identifier: Apache-2.0
// The stages put together: once, to stay, and for many plans at once.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/quote.hpp"
#include "incentive/document_results.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {

using namespace general;

PlanResult compute(const PlanDocument& plan, const Inputs& inputs, Detail detail) {
  const Model& model = plan.model();
  const bool kept = detail == Detail::all || needs_credits(model);
  const Ground ground(model, inputs);
  const Credits credits(model, ground, kept);
  Evaluator evaluator(model, ground, credits, kept);
  return results_of(model, inputs, ground, credits, evaluator, detail);
}

std::string explain(const PlanDocument& plan, const Inputs& inputs, std::string_view person, std::string_view component,
                    std::string_view period, std::string_view language) {
  return explain_as(plan, inputs, person, {}, component, period, language);
}

std::string general::explain_as(const PlanDocument& plan, const Inputs& inputs, std::string_view person,
                                const Called& called, std::string_view component, std::string_view period,
                                std::string_view language) {
  const Model& model = plan.model();
  const Ground ground(model, inputs);
  const Credits credits(model, ground, true);
  Evaluator evaluator(model, ground, credits, true);
  return explain_outcome(model, ground, credits, evaluator, person, called, component, period, language);
}

// --- A computation that stays -----------------------------------------------------------------------------------

struct Computation::State {
  State(PlanDocument document, Inputs given) : plan(std::move(document)), inputs(std::move(given)) {
    for (std::size_t i = 0; i < inputs.events.size(); ++i) index(i);
    build(inputs);
  }

  std::vector<ComponentResult> change(const EventRow& event);
  std::vector<ComponentResult> change(std::span<const EventRow> events);
  std::vector<ComponentResult> current(const std::set<std::pair<std::string, std::string>>& touched);
  std::vector<ComponentResult> apply(const EventRow& event, const std::string& key, std::optional<std::size_t> row);

  void index(std::size_t i) {
    const EventRow& event = inputs.events[i];
    const auto [at, added] = newest.try_emplace(event.source + ":" + event.id, i);
    if (!added && inputs.events[at->second].version < event.version) at->second = i;
  }

  using Known = std::unordered_map<std::string, std::size_t>::iterator;
  void place(Inputs& into, const EventRow& event, Known known) const {
    if (known == newest.end()) {
      into.events.push_back(event);
    } else {
      into.events[known->second] = event;
    }
  }
  void keep(const EventRow& event, Known known) {
    place(inputs, event, known);
    if (known == newest.end()) index(inputs.events.size() - 1);
  }

  // What is there stays as it is until the new one stands.
  void build(const Inputs& from) {
    const Model& model = plan.model();
    auto facts = std::make_unique<Ground>(model, from);
    facts->facts.own();
    auto shared = std::make_unique<Credits>(model, *facts, true);
    auto made = std::make_unique<Evaluator>(model, *facts, *shared, needs_credits(model));
    for (std::size_t c = 0; c < model.components.size(); ++c) {
      for (std::size_t p = 0; p < facts->people.size(); ++p) {
        if (shared->live_person(static_cast<Index>(p))) made->outcomes(c, static_cast<Index>(p));
      }
    }
    evaluator = std::move(made);
    credits = std::move(shared);
    ground = std::move(facts);
  }

  std::vector<bool> live_periods() const {
    std::vector<bool> live;
    for (std::size_t i = 0; i < ground->periods.size(); ++i)
      live.push_back(credits->live_period(static_cast<Index>(i)));
    return live;
  }

  std::vector<ComponentResult> everything() {
    return results_of(plan.model(), inputs, *ground, *credits, *evaluator, Detail::totals).components;
  }

  PlanDocument plan;
  Inputs inputs;
  std::unordered_map<std::string, std::size_t> newest;  ///< key -> place in inputs.events
  std::unique_ptr<Ground> ground;
  std::unique_ptr<Credits> credits;
  std::unique_ptr<Evaluator> evaluator;
};

Computation::Computation(PlanDocument plan, Inputs inputs)
    : state_(std::make_unique<State>(std::move(plan), std::move(inputs))) {}
Computation::Computation(Computation&&) noexcept = default;
Computation& Computation::operator=(Computation&&) noexcept = default;
Computation::~Computation() = default;

const PlanDocument& Computation::plan() const { return state_->plan; }

PlanResult Computation::result(Detail detail) const {
  State& state = *state_;
  if (detail == Detail::totals) {
    return results_of(state.plan.model(), state.inputs, *state.ground, *state.credits, *state.evaluator, detail);
  }
  Evaluator lines(state.plan.model(), *state.ground, *state.credits, true);
  return results_of(state.plan.model(), state.inputs, *state.ground, *state.credits, lines, detail);
}

std::string Computation::explain(std::string_view person, std::string_view component, std::string_view period,
                                 std::string_view language) const {
  State& state = *state_;
  return explain_outcome(state.plan.model(), *state.ground, *state.credits, *state.evaluator, person, {}, component,
                         period, language);
}

namespace {

// An event that brings a person or a period for the first time changes every table; the rest is built again then.
bool fits(const Model& model, const Ground& ground, const EventRow& event) {
  for (const Split& split : event.splits) {
    if (ground.people.find(split.person) < 0) return false;
  }
  const bool valid = event.date >= model.from && event.date < model.to;
  return !valid || ground.periods.at(event.date) >= 0;
}

}  // namespace

std::vector<ComponentResult> Computation::change(const EventRow& event) { return state_->change(event); }
std::vector<ComponentResult> Computation::change(std::span<const EventRow> events) { return state_->change(events); }

std::vector<ComponentResult> Computation::State::change(const EventRow& event) {
  const std::string key = event.source + ":" + event.id;
  const auto known = newest.find(key);
  const auto row = ground->facts.find(key);
  const bool column = known == newest.end() && row.has_value();
  const std::int64_t version = known != newest.end() ? inputs.events[known->second].version : column ? 1 : 0;
  if (event.version == version) {
    if (column) {
      throw Error(Code::conflict, "event", "version",
                  fmt::format("Event {} stands in the columns; a change needs a version above 1.", quote(key)));
    }
    Inputs twice;
    twice.events = {inputs.events[known->second], event};
    const Facts same(plan.model(), twice);  // fails where the contents differ
  }
  if (event.version <= version) return {};
  try {
    std::vector<ComponentResult> rows;
    if (fits(plan.model(), *ground, event)) {
      rows = apply(event, key, row);
      keep(event, known);
    } else {
      Inputs after = inputs;
      place(after, event, known);
      build(after);
      keep(event, known);
      rows = everything();
    }
    return rows;
  } catch (...) {
    build(inputs);
    throw;
  }
}

namespace {

// What takes back an event of the same batch comes after it.
std::vector<const EventRow*> ordered(std::span<const EventRow> events) {
  std::unordered_map<std::string, std::vector<const EventRow*>> waiting;  // by the key they wait for
  std::unordered_map<std::string, std::size_t> open;                      // rows of a key still to come
  for (const EventRow& event : events) ++open[event.source + ":" + event.id];
  std::vector<const EventRow*> order;
  for (const EventRow& event : events) {
    const auto target = open.find(event.reverses);
    if (target != open.end() && target->second > 0) {
      waiting[event.reverses].push_back(&event);
      continue;
    }
    for (std::vector<const EventRow*> next{&event}; !next.empty();) {
      const EventRow* one = next.back();
      next.pop_back();
      order.push_back(one);
      const std::string key = one->source + ":" + one->id;
      if (--open[key] > 0) continue;
      const auto after = waiting.find(key);
      if (after == waiting.end()) continue;
      next.insert(next.end(), after->second.rbegin(), after->second.rend());
      waiting.erase(after);
    }
  }
  for (const auto& [key, rows] : waiting) order.insert(order.end(), rows.begin(), rows.end());  // in a circle
  return order;
}

}  // namespace

std::vector<ComponentResult> Computation::State::change(std::span<const EventRow> events) {
  if (events.size() == 1) return change(events.front());
  const std::size_t rows = inputs.events.size();
  std::vector<std::pair<std::size_t, EventRow>> before;  // of those that were known
  std::set<std::pair<std::string, std::string>> touched;
  try {
    for (const EventRow* one : ordered(events)) {
      const EventRow& event = *one;
      const auto known = newest.find(event.source + ":" + event.id);
      if (known != newest.end() && known->second < rows) {
        before.emplace_back(known->second, inputs.events[known->second]);
      }
      for (const ComponentResult& row : change(event)) touched.emplace(row.component, row.person);
    }
  } catch (...) {
    for (auto one = before.rbegin(); one != before.rend(); ++one) inputs.events[one->first] = std::move(one->second);
    inputs.events.resize(rows);
    newest.clear();
    for (std::size_t i = 0; i < rows; ++i) index(i);
    build(inputs);
    throw;
  }
  return current(touched);
}

std::vector<ComponentResult> Computation::State::current(const std::set<std::pair<std::string, std::string>>& touched) {
  const Model& model = plan.model();
  std::vector<ComponentResult> rows;
  for (std::size_t c = 0; c < model.components.size(); ++c) {
    const std::string& name = model.components[c].name;
    for (auto at = touched.lower_bound({name, ""}); at != touched.end() && at->first == name; ++at) {
      const Index person = ground->people.find(at->second);
      if (person < 0 || !credits->live_person(person)) continue;
      for (const Outcome& out : evaluator->outcomes(c, person)) rows.push_back(row_of(model, *ground, out));
    }
  }
  return rows;
}

std::vector<ComponentResult> Computation::State::apply(const EventRow& event, const std::string& key,
                                                       std::optional<std::size_t> row) {
  std::vector<std::uint32_t> affected;
  for (const std::size_t other : ground->facts.naming(key)) affected.push_back(static_cast<std::uint32_t>(other));
  std::vector<std::uint32_t> old = affected;
  if (row) old.push_back(static_cast<std::uint32_t>(*row));
  const std::vector<bool> live = live_periods();
  std::vector<Index> touched;
  credits->remove(old, touched);
  ground->facts.change(event);
  if (!event.cancelled) {
    affected.push_back(static_cast<std::uint32_t>(ground->facts.size() - 1));
    ground->people.learn(ground->facts, ground->facts.size() - 1);
  }
  credits->add(affected, touched);
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  if (live != live_periods()) {  // a period began or ceased to count, for everybody
    evaluator = std::make_unique<Evaluator>(plan.model(), *ground, *credits, needs_credits(plan.model()));
    return everything();
  }
  std::vector<ComponentResult> rows;
  const auto dirty = evaluator->forget(touched);
  for (std::size_t c = 0; c < dirty.size(); ++c) {
    for (const Index person : dirty[c]) {
      if (!credits->live_person(person)) continue;
      for (const Outcome& out : evaluator->outcomes(c, person)) rows.push_back(row_of(plan.model(), *ground, out));
    }
  }
  return rows;
}

// --- What if ----------------------------------------------------------------------------------------------------

namespace {

// What is posted belongs to the plan that was in force.
Inputs without_past(const Inputs& inputs) {
  Inputs open = inputs;
  open.closed.clear();
  open.posted.clear();
  open.open.clear();
  return open;
}

// Facts and credits of plans that share all that these depend on.
struct Common {
  Common(const PlanDocument& document, const Inputs& inputs, bool kept)
      : plan(document), ground(plan.model(), inputs), credits(plan.model(), ground, kept) {}
  PlanDocument plan;
  Ground ground;
  Credits credits;
};

}  // namespace

std::vector<std::vector<WhatIf>> what_if(const PlanDocument& before, std::span<const PlanDocument> after,
                                         const Inputs& inputs) {
  const Inputs open = without_past(inputs);
  std::map<std::pair<std::string, bool>, std::unique_ptr<Common>> bases;
  const auto totals = [&](const PlanDocument& plan) {
    if (plan.currency() != before.currency()) {
      throw Error(Code::invalid, "plan", "currency",
                  "The two plans pay in two currencies; their difference is no amount.");
    }
    const Model& model = plan.model();
    const bool kept = needs_credits(model);
    std::unique_ptr<Common>& base = bases[{model.ground, kept}];
    if (!base) base = std::make_unique<Common>(plan, open, kept);
    Evaluator evaluator(model, base->ground, base->credits, kept);
    std::map<std::string, std::int64_t> sums;
    for (const StatementResult& row : statements_of(model, open, base->ground, base->credits, evaluator)) {
      std::int64_t& sum = sums[row.person];
      sum = checked_add(sum, row.amount, "what-if");
    }
    return sums;
  };
  const auto first = totals(before);
  std::vector<std::vector<WhatIf>> all;
  for (const PlanDocument& plan : after) {
    std::map<std::string, WhatIf> people;
    for (const auto& [person, amount] : first) people[person] = {person, amount, 0};
    for (const auto& [person, amount] : totals(plan)) {
      WhatIf& one = people[person];
      one.person = person;
      one.after = amount;
    }
    std::vector<WhatIf>& rows = all.emplace_back();
    for (auto& [person, row] : people) rows.push_back(std::move(row));
  }
  return all;
}

std::vector<WhatIf> what_if(const PlanDocument& before, const PlanDocument& after, const Inputs& inputs) {
  return what_if(before, std::span(&after, 1), inputs).front();
}

}  // namespace kith::incentive
