// SPDX-License-Identifier: Apache-2.0
// What another plan, other numbers or open deals would pay: the one engine over the stored facts, writing nothing.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "engine/internal.hpp"
#include "engine/verbs.hpp"
#include "incentive/document_model.hpp"
#include "incentive/general_facts.hpp"
#include "incentive/people_names.hpp"
#include "incentive/plan_rules.hpp"
#include "incentive/statement_run.hpp"
#include "kith/base/text.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::incentive {
namespace {

void require_all_statements(const Reader& reader) {
  if (rights_of(reader).level(kStatement, Action::read) == Level::all) return;
  throw Error(Code::denied, "statement", "",
              fmt::format("'{}' may read some statements, but this concerns everybody's; an administrator can grant "
                          "level all",
                          reader.actor().name));
}

/// What a plan pays for one period, by person.
std::map<std::string, std::int64_t> paid(const PlanDocument& plan, const Inputs& inputs, const std::string& label) {
  std::map<std::string, std::int64_t> people;
  for (const LedgerLine& row : compute(plan, inputs).ledger) {
    if (row.earned != label) continue;
    people[row.person] = checked_add(people[row.person], row.amount, "what-if");
  }
  return people;
}

using Sums = std::map<std::string, WhatIf>;

void add(Sums& sums, const std::map<std::string, std::int64_t>& people, std::int64_t WhatIf::*side) {
  for (const auto& [person, amount] : people) {
    WhatIf& row = sums[person];
    row.person = person;
    row.*side = checked_add(row.*side, amount, "what-if");
  }
}

void add_everybody(Sums& sums, const Inputs& inputs) {
  for (const Participation& row : *inputs.members) sums[row.person].person = row.person;
}

std::vector<WhatIf> rows_of(Sums sums) {
  std::vector<WhatIf> rows;
  for (auto& [person, row] : sums) rows.push_back(std::move(row));
  return rows;
}

void put_value(Inputs& inputs, const PlanValue& value) {
  for (PlanValue& row : inputs.values) {
    if (std::tie(row.name, row.person, row.period) != std::tie(value.name, value.person, value.period)) continue;
    row.value = value.value;
    return;
  }
  inputs.values.push_back(value);
}

/// The names of numbers that a plan looks up: wherever it says {"value": name}, but for rows of tables, whose values
/// are numbers.
void add_names(const Json& part, std::set<std::string>& names) {
  if (part.is_object() && part.contains("value") && part["value"].is_string()) {
    const std::string name = part["value"].get<std::string>();
    const bool row = part.contains("from") || part.contains("at_least");
    if (!row) names.insert(name);
  }
  if (!part.is_structured()) return;
  for (const auto& inner : part) add_names(inner, names);
}

/// Numbers that stand in for others, checked: one that fits nothing would change nothing, and nobody would notice.
class Substitutes {
 public:
  Substitutes(const Reader& system, const std::vector<PlanValue>& values) : values_(values) {
    if (values_.empty()) return;
    const PeopleNames people(system);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_[i].person.empty()) continue;
      try {
        values_[i].person = std::to_string(people.find(values_[i].person).value);
      } catch (const Error& error) {
        fault(i, "person", error.message);
      }
    }
  }
  /// What can be named: by a plan, and by what is computed with it.
  void know(const PlanDocument& plan) {
    if (!values_.empty()) add_names(Json::parse(plan.canonical_json()), names_);
  }
  void know(const Inputs& inputs) {
    for (const PlanValue& value : inputs.values) names_.insert(value.name);
    periods_.insert(inputs.periods.begin(), inputs.periods.end());
  }
  /// Errors: invalid, everything that fits nothing.
  void check() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const PlanValue& value = values_[i];
      if (!names_.contains(value.name)) {
        fault(i, "name", fmt::format("The plan looks up no value {}.{}", quote(value.name), near(value.name, names_)));
      }
      if (value.period.empty() || periods_.contains(value.period)) continue;
      fault(i, "period",
            fmt::format("{} is none of the periods that are computed.{}", quote(value.period),
                        near(value.period, periods_)));
    }
    if (!faults_.empty()) throw Error(std::move(faults_));
  }
  void put(Inputs& inputs) const {
    for (const PlanValue& value : values_) {
      const bool here = value.period.empty() ||
                        std::find(inputs.periods.begin(), inputs.periods.end(), value.period) != inputs.periods.end();
      if (here) put_value(inputs, value);
    }
  }

 private:
  static std::string near(const std::string& word, const std::set<std::string>& known) {
    return suggest(word, std::vector<std::string_view>(known.begin(), known.end()));
  }
  void fault(std::size_t i, std::string_view field, std::string message) {
    faults_.push_back({"", below(at("values", i), field), std::move(message)});
  }

  std::vector<PlanValue> values_;
  std::set<std::string> names_, periods_;
  std::vector<Violation> faults_;
};

/// Periods of one grain from one label to another.
std::vector<Period> periods_from(const NamedPeriod& first, const NamedPeriod& last) {
  if (first.period.grain != last.period.grain || first.calendar.name != last.calendar.name ||
      last.period.from < first.period.from) {
    throw Error(Code::invalid, "commission_period", "label",
                fmt::format("{} and {} begin and end no stretch of periods; give two of one calendar and length, the "
                            "earlier first",
                            quote(first.period.label), quote(last.period.label)));
  }
  return periods_between(first.calendar, first.period.grain, first.period.from, last.period.to);
}

}  // namespace

std::vector<WhatIf> what_if(const Reader& reader, std::string_view plan, const Alternative& alternative,
                            std::string_view first, std::string_view last) {
  require_all_statements(reader);
  const Reader system = reader.as_system("commission");
  const NamedPeriod begin = period_named(system, first);
  const std::vector<Period> periods = periods_from(begin, period_named(system, last));
  std::optional<PlanDocument> other;
  if (alternative.document) {
    other = PlanDocument::parse(*alternative.document);
    const PlanDocument::Model& model = other->model();
    if (model.whole_plan || model.interval != begin.period.grain || model.currency != system.currency()) {
      throw Error(Code::invalid, "plan", "interval",
                  fmt::format("The other plan pays by the {} in {}; the periods asked for are of a {} in {}.",
                              model.whole_plan ? "plan" : name_of(model.interval), code_of(model.currency),
                              name_of(begin.period.grain), code_of(system.currency())));
    }
  }
  const Terms terms(system, begin.calendar.name);
  const GeneralFacts facts(system, terms, begin.calendar);
  Substitutes values(system, alternative.values);
  if (other) values.know(*other);
  struct Case {
    const PlanVersion* version;
    const Period* period;
    Inputs inputs;
  };
  std::vector<Case> cases;
  for (const Period& period : periods) {
    for (const PlanVersion* version : facts.held(period)) {
      if (version->row.name != plan) continue;
      cases.push_back({version, &period, facts.inputs(*version, period)});
      values.know(*version->document);
      values.know(cases.back().inputs);
    }
  }
  if (!cases.empty()) values.check();
  Sums sums;
  for (Case& one : cases) {
    const std::string& label = one.period->label;
    add_everybody(sums, one.inputs);
    add(sums, paid(*one.version->document, one.inputs, label), &WhatIf::before);
    if (other) one.inputs = facts.inputs(*one.version, *one.period, {.reach = &*other});
    values.put(one.inputs);
    add(sums, paid(other ? *other : *one.version->document, one.inputs, label), &WhatIf::after);
  }
  if (cases.empty()) {
    throw Error(Code::invalid, "commission_plan", "name",
                fmt::format("nobody holds an approved general plan {} in those periods", quote(plan)));
  }
  return rows_of(std::move(sums));
}

namespace {

/// An open deal as an event, with its chance.
struct Chance {
  EventRow event;
  Fraction probability = 0;
};

std::vector<Chance> open_deals(const Reader& system, const Period& period, const AccrualOptions& options) {
  const Entity& entity = entity_of<Opportunity>();
  std::map<Id, Decimal> stages;
  for (const Stage& row : system.list<Stage>()) stages.emplace(row.id, row.probability);
  std::map<Id, std::vector<kith::Split>> splits;
  for (kith::Split& row : system.list<kith::Split>({.order = {"opportunity", "position"}})) {
    splits[row.opportunity].push_back(std::move(row));
  }
  std::vector<Chance> chances;
  for (const Opportunity& deal : system.list<Opportunity>(
           {.conditions = {equals(entity, "status", static_cast<std::int64_t>(DealStatus::open)),
                           verb::compare(entity, "expected_on", Condition::Op::ge, period.from.days),
                           verb::compare(entity, "expected_on", Condition::Op::lt, period.to.days)}})) {
    if (!deal.base_amount) continue;
    Chance chance;
    const Decimal share = sales::compute_probability(deal.status, deal.probability, stages[deal.stage]);
    chance.probability = Fraction(share.coefficient) / ten_to(share.scale);
    EventRow& event = chance.event;
    event.source = "kith.pipeline";
    event.id = std::to_string(deal.id.value);
    event.type = options.event_type;
    event.date = *deal.expected_on;
    event.amount = {deal.base_amount->minor, system.currency()};
    const auto shared = splits.find(deal.id);
    if (shared != splits.end()) {
      for (const kith::Split& row : shared->second) {
        event.splits.push_back({std::to_string(row.employee.value), options.role, to_string(row.share, true)});
      }
    } else if (deal.owner) {
      event.splits.push_back({std::to_string(deal.owner->value), options.role, "1"});
    }
    chances.push_back(std::move(chance));
  }
  return chances;
}

/// The same numbers on every machine: SplitMix64.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  /// True with that probability.
  bool happens(const Fraction& probability) {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return Fraction(z) / (Fraction(UINT64_MAX) + 1) < probability;
  }

 private:
  std::uint64_t state_;
};

/// The mean of what draws of won deals pay, or what the weighted deals pay.
std::map<std::string, std::int64_t> expected(const PlanDocument& plan, const Inputs& inputs, const Period& period,
                                             const std::vector<Chance>& chances, const AccrualOptions& options) {
  if (options.draws == 0) {
    Inputs weighted = inputs;
    for (const Chance& chance : chances) {
      EventRow event = chance.event;
      event.amount.minor = round_number(chance.probability * event.amount.minor, Rounding::half_up);
      weighted.events.push_back(std::move(event));
    }
    return paid(plan, weighted, period.label);
  }
  Draws draws(options.seed);
  std::map<std::string, Fraction> sums;
  for (std::int64_t i = 0; i < options.draws; ++i) {
    Inputs drawn = inputs;
    for (const Chance& chance : chances) {
      if (draws.happens(chance.probability)) drawn.events.push_back(chance.event);
    }
    for (const auto& [person, amount] : paid(plan, drawn, period.label)) sums[person] += amount;
  }
  std::map<std::string, std::int64_t> means;
  for (const auto& [person, sum] : sums) means[person] = round_number(sum / options.draws, Rounding::half_up);
  return means;
}

}  // namespace

std::vector<WhatIf> accrue(const Reader& reader, std::string_view period, const AccrualOptions& options) {
  require_all_statements(reader);
  if (options.draws < 0 || options.draws > 10'000) {
    throw Error(Code::invalid, "accrual", "draws", "lies outside 0 to 10,000");
  }
  const Reader system = reader.as_system("commission");
  const NamedPeriod named = period_named(system, period);
  const Terms terms(system, named.calendar.name);
  const GeneralFacts facts(system, terms, named.calendar);
  const std::vector<Chance> chances = open_deals(system, named.period, options);
  Sums sums;
  for (const PlanVersion* version : facts.held(named.period)) {
    const Inputs inputs = facts.inputs(*version, named.period);
    add_everybody(sums, inputs);
    add(sums, paid(*version->document, inputs, named.period.label), &WhatIf::before);
    add(sums, expected(*version->document, inputs, named.period, chances, options), &WhatIf::after);
  }
  return rows_of(std::move(sums));
}

}  // namespace kith::incentive
