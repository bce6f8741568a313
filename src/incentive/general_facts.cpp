// SPDX-License-Identifier: Apache-2.0
#include "incentive/general_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.hpp"
#include "incentive/as_of.hpp"
#include "incentive/document_model.hpp"
#include "incentive/plan_rules.hpp"

namespace kith::incentive {
namespace {

std::string key_of(const BusinessEvent& row) { return row.source + ":" + row.external_id; }

/// Rows of T now or as of a work, that meet the conditions.
template <class T>
std::vector<T> rows_where(const Reader& system, std::optional<std::int64_t> as_of, std::vector<Condition> conditions,
                          std::vector<std::string> fields = {}) {
  const Entity& entity = entity_of<T>();
  std::vector<T> rows;
  if (!as_of) {
    append_rows(system, entity, {.conditions = std::move(conditions), .fields = std::move(fields)}, rows);
    return rows;
  }
  const Entity& past = *system.model().history_of(entity);  // the same fields in the same places, and one more
  std::vector<Condition> then = conditions;
  conditions.push_back(verb::compare(entity, "seq", Condition::Op::le, *as_of));
  append_rows(system, entity, {.conditions = std::move(conditions), .fields = fields}, rows);
  then.push_back(verb::compare(past, "seq", Condition::Op::le, *as_of));
  then.push_back(verb::compare(past, "to_seq", Condition::Op::gt, *as_of));
  append_rows(system, past, {.conditions = std::move(then), .fields = std::move(fields)}, rows);
  return rows;
}

Condition any_of_texts(const Entity& entity, std::string_view field, const std::vector<std::string>& texts,
                       std::size_t start, std::size_t count) {
  Condition these{.op = Condition::Op::in, .field = entity.at(field), .operands = {}, .terms = {}};
  for (std::size_t i = start; i < std::min(texts.size(), start + count); ++i) these.operands.emplace_back(texts[i]);
  return these;
}

constexpr std::size_t kPiece = 500;  // texts a query

EventRow row_of(const BusinessEvent& event, const std::vector<EventShare>& shares) {
  EventRow row;
  row.source = event.source;
  row.id = event.external_id;
  row.version = event.version;
  row.type = event.type;
  row.date = event.date;
  row.sequence = event.sequence;
  row.amount = {event.amount.minor, event.currency};
  row.cost = event.cost.minor;
  row.quantity = to_string(event.quantity, true);
  row.reverses = event.reverses.value_or("");
  row.cancelled = event.cancelled;
  if (event.attributes) {
    const Json attributes = Json::parse(*event.attributes);  // items() only refers to it
    for (const auto& [name, value] : attributes.items()) {
      row.attributes[name] = value.get<std::string>();
    }
  }
  for (const EventShare& share : shares) {
    row.splits.push_back({std::to_string(share.employee.value), share.role, share.share});
  }
  return row;
}

template <class Test>
bool any_modifier(const PlanDocument::Model& model, Test test) {
  using namespace general;
  return std::any_of(model.statement.begin(), model.statement.end(), test) ||
         std::any_of(model.components.begin(), model.components.end(), [&](const ComponentRule& rule) {
           return std::any_of(rule.modifiers.begin(), rule.modifiers.end(), test);
         });
}

bool looks_back_for_ever(const PlanDocument::Model& model) {
  using namespace general;
  return !model.clawbacks.empty() ||
         std::any_of(model.measures.begin(), model.measures.end(),
                     [](const Measure& measure) { return measure.accumulate == Accumulating::lifetime; }) ||
         std::any_of(model.components.begin(), model.components.end(),
                     [](const ComponentRule& rule) { return rule.unpaid_carried; }) ||
         any_modifier(model, [](const Modifier& modifier) { return modifier.carry; });
}

bool looks_back_a_year(const PlanDocument::Model& model) {
  using namespace general;
  return std::any_of(model.measures.begin(), model.measures.end(),
                     [](const Measure& measure) { return measure.accumulate == Accumulating::year_to_date; }) ||
         any_modifier(model, [](const Modifier& modifier) { return modifier.per == "year"; });
}

}  // namespace

GeneralFacts::GeneralFacts(const Reader& system, const Terms& terms, Calendar calendar,
                           std::optional<std::int64_t> as_of)
    : system_(system), terms_(terms), calendar_(std::move(calendar)), as_of_(as_of) {
  values_ = rows_at<CommissionValue>(system, as_of);
  quotas_ = rows_at<Quota>(system, as_of);
  lines_ = rows_at<ReportingLine>(system, as_of);
  rates_ = rows_at<ExchangeRate>(system, as_of);
  for (Employee& row : rows_at<Employee>(system, as_of)) employees_.emplace(row.id, std::move(row));
  sort_rows();
}

GeneralFacts::GeneralFacts(const Reader& system, const Terms& terms, Calendar calendar,
                           const std::unordered_set<Id>& only)
    : system_(system), terms_(terms), calendar_(std::move(calendar)) {
  values_ = system.list<CommissionValue>();
  quotas_ = rows_about<Quota>(system, "employee", &only);
  lines_ = system.list<ReportingLine>();
  rates_ = system.list<ExchangeRate>();
  for (Employee& row : rows_about<Employee>(system, "id", &only)) employees_.emplace(row.id, std::move(row));
  sort_rows();
}

void GeneralFacts::sort_rows() {
  const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
  std::sort(values_.begin(), values_.end(), by_id);
  std::sort(quotas_.begin(), quotas_.end(), by_id);
  std::sort(lines_.begin(), lines_.end(), by_id);
  std::sort(rates_.begin(), rates_.end(), by_id);
}

Date GeneralFacts::window(const PlanDocument& plan, const Period& period) {
  const PlanDocument::Model& model = plan.model();
  if (looks_back_for_ever(model)) return std::min(model.from, period.from);
  if (!looks_back_a_year(model)) return period.from;
  return std::min(period.from, std::max(model.from, period_of(model.calendar, Grain::year, period.from).from));
}

bool GeneralFacts::crosses(const PlanDocument& plan) {
  using namespace general;
  const PlanDocument::Model& model = plan.model();
  const auto ranks = [](const Table& table) { return table.input == Input::rank || table.second_input == Input::rank; };
  return std::any_of(model.credits.begin(), model.credits.end(),
                     [](const CreditRule& rule) { return rule.who == Who::values; }) ||
         std::any_of(model.components.begin(), model.components.end(), [&](const ComponentRule& rule) {
           return rule.kind == Kind::pool_share || rule.kind == Kind::rank || rule.of_reports || ranks(rule.table) ||
                  std::any_of(rule.modifiers.begin(), rule.modifiers.end(),
                              [&](const Modifier& modifier) { return modifier.table && ranks(*modifier.table); });
         });
}

namespace {

/// Everybody that can be reached along reporting lines, from `from` to `to` of each.
std::unordered_set<Id> closure(const std::vector<ReportingLine>& lines, std::unordered_set<Id> people,
                               Id ReportingLine::*from, Id ReportingLine::*to) {
  std::unordered_map<Id, std::vector<Id>> next;
  for (const ReportingLine& line : lines) next[line.*from].push_back(line.*to);
  std::vector<Id> open(people.begin(), people.end());
  while (!open.empty()) {
    const Id person = open.back();
    open.pop_back();
    const auto found = next.find(person);
    if (found == next.end()) continue;
    for (const Id other : found->second) {
      if (people.insert(other).second) open.push_back(other);
    }
  }
  return people;
}

}  // namespace

std::unordered_set<Id> GeneralFacts::with_reports(const std::unordered_set<Id>& people) const {
  return closure(lines_, people, &ReportingLine::manager, &ReportingLine::employee);
}

std::unordered_set<Id> GeneralFacts::with_superiors(const std::unordered_set<Id>& people) const {
  return closure(lines_, people, &ReportingLine::employee, &ReportingLine::manager);
}

std::unordered_set<Id> with_superiors(const Reader& system, const std::unordered_set<Id>& people) {
  return closure(system.list<ReportingLine>(), people, &ReportingLine::employee, &ReportingLine::manager);
}

std::size_t place_of(const PlanDocument& plan, const std::string& component) {
  const auto& parts = plan.model().components;
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.name == component; });
  return static_cast<std::size_t>(found - parts.begin());
}

const std::unordered_map<Id, Holding>& GeneralFacts::holdings(const Period& period) const {
  const auto [place, fresh] = holdings_.try_emplace({period.from, period.to});
  if (!fresh) return place->second;
  for (const Id employee : terms_.employees()) {
    auto holding = terms_.holding(employee, period);
    if (holding && holding->version->document) place->second.emplace(employee, std::move(*holding));
  }
  return place->second;
}

std::vector<Id> GeneralFacts::holders(const PlanVersion& version, const Period& period) const {
  std::vector<Id> people;
  for (const auto& [employee, holding] : holdings(period)) {
    if (holding.version == &version) people.push_back(employee);
  }
  std::sort(people.begin(), people.end());
  return people;
}

std::vector<const PlanVersion*> GeneralFacts::held(const Period& period) const {
  if (!terms_.has_general_plans()) return {};
  std::map<Id, const PlanVersion*> versions;
  for (const auto& [employee, holding] : holdings(period)) versions.emplace(holding.version->row.id, holding.version);
  std::vector<const PlanVersion*> list;
  for (const auto& [id, version] : versions) list.push_back(version);
  return list;
}

void GeneralFacts::add_members(const PlanVersion& version, const std::vector<Id>& people,
                               const std::vector<Period>& periods, Inputs& inputs) const {
  inputs.members.emplace();
  for (const Id employee : people) {
    const std::string person = std::to_string(employee.value);
    for (const Period& other : periods) {
      const auto& held = holdings(other);
      const auto found = held.find(employee);
      if (found == held.end() || found->second.version->row.name != version.row.name) continue;
      for (const auto& [from, to] : found->second.days) inputs.members->push_back({person, from, to});
    }
    add_service(employee, inputs);
  }
}

void GeneralFacts::add_service(Id employee, Inputs& inputs) const {
  const auto row = employees_.find(employee);
  if (row == employees_.end() || (!row->second.hired_on && !row->second.left_on)) return;
  const std::optional<Date> left = row->second.left_on;
  inputs.people.push_back({std::to_string(employee.value), row->second.hired_on.value_or(date(1, 1, 1)),
                           left ? Date{left->days + 1} : kOpenDate});
}

void GeneralFacts::add_events(const std::vector<Condition>& conditions,
                              std::unordered_map<std::string, Event>& events) const {
  for (BusinessEvent& row : rows_where<BusinessEvent>(system_, as_of_, conditions)) {
    std::string key = key_of(row);
    events.try_emplace(std::move(key), Event{std::move(row), {}});
  }
}

void GeneralFacts::add_named(const std::vector<std::string>& keys,
                             std::unordered_map<std::string, Event>& events) const {
  std::map<std::string, std::vector<std::string>> by_source;
  for (const std::string& key : keys) {
    const std::size_t colon = key.find(':');
    by_source[key.substr(0, colon)].push_back(key.substr(colon + 1));
  }
  for (const auto& [source, names] : by_source) {
    for (std::size_t start = 0; start < names.size(); start += kPiece) {
      add_events({equals(kEvent, "source", source), any_of_texts(kEvent, "external_id", names, start, kPiece)}, events);
    }
  }
}

void GeneralFacts::add_reversing(std::vector<std::string> keys, std::unordered_map<std::string, Event>& events) const {
  std::sort(keys.begin(), keys.end());
  for (std::size_t start = 0; start < keys.size(); start += kPiece) {
    add_events({any_of_texts(kEvent, "reverses", keys, start, kPiece)}, events);
  }
}

std::unordered_map<std::string, GeneralFacts::Event> GeneralFacts::events(Date from, Date to) const {
  std::unordered_map<std::string, Event> found;
  add_events({verb::compare(kEvent, "date", Condition::Op::ge, from.days),
              verb::compare(kEvent, "date", Condition::Op::lt, to.days)},
             found);
  std::vector<std::string> own, origins;
  for (const auto& [key, event] : found) {
    own.push_back(key);
    if (event.row.reverses && !found.contains(*event.row.reverses)) origins.push_back(*event.row.reverses);
  }
  std::sort(origins.begin(), origins.end());
  origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  add_reversing(std::move(own), found);
  add_named(origins, found);
  add_shares(found);
  return found;
}

std::unordered_map<std::string, GeneralFacts::Event> GeneralFacts::events_of(const std::unordered_set<Id>& people,
                                                                             Date from, Date to) const {
  std::vector<Id> employees(people.begin(), people.end());
  std::sort(employees.begin(), employees.end());
  std::vector<Id> ids;
  const auto add_ids = [&](std::vector<Condition> conditions) {
    for (const EventShare& row : rows_where<EventShare>(system_, as_of_, std::move(conditions), {"event"})) {
      ids.push_back(row.event);
    }
  };
  in_pieces(employees, [&](const std::vector<Id>& piece) {
    const Condition theirs = verb::one_of(kEventShare, "employee", piece);
    add_ids({theirs, verb::compare(kEventShare, "date", Condition::Op::ge, from.days),
             verb::compare(kEventShare, "date", Condition::Op::lt, to.days)});
    add_ids({theirs, {.op = Condition::Op::is_null, .field = kEventShare.at("date")}});  // may count on any day
  });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  // What takes another event back may count on that one's day.
  const Condition dated{.op = Condition::Op::all,
                        .terms = {verb::compare(kEvent, "date", Condition::Op::ge, from.days),
                                  verb::compare(kEvent, "date", Condition::Op::lt, to.days)}};
  const Condition takes_back{.op = Condition::Op::not_null, .field = kEvent.at("reverses")};
  const Condition either{.op = Condition::Op::any, .terms = {dated, takes_back}};
  std::unordered_map<std::string, Event> found;
  in_pieces(ids, [&](const std::vector<Id>& piece) { add_events({verb::one_of(kEvent, "id", piece), either}, found); });
  std::vector<std::string> origins;
  for (const auto& [key, event] : found) {
    if (event.row.reverses && !found.contains(*event.row.reverses)) origins.push_back(*event.row.reverses);
  }
  std::sort(origins.begin(), origins.end());
  origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  add_named(origins, found);
  const auto within = [&](const BusinessEvent& row) { return from <= row.date && row.date < to; };
  std::vector<std::string> own;
  for (const auto& [key, event] : found) {
    if (within(event.row)) own.push_back(key);
  }
  add_reversing(std::move(own), found);
  add_shares(found);
  return found;
}

void GeneralFacts::add_shares(std::unordered_map<std::string, Event>& events) const {
  std::unordered_map<Id, Event*> by_id;
  std::vector<Id> ids;
  for (auto& [key, event] : events) {
    by_id.emplace(event.row.id, &event);
    ids.push_back(event.row.id);
  }
  std::sort(ids.begin(), ids.end());
  in_pieces(ids, [&](const std::vector<Id>& piece) {
    for (EventShare& row : rows_where<EventShare>(system_, as_of_, {verb::one_of(kEventShare, "event", piece)})) {
      by_id.at(row.event)->shares.push_back(std::move(row));
    }
  });
  for (auto& [key, event] : events) {
    std::sort(event.shares.begin(), event.shares.end(),
              [](const EventShare& a, const EventShare& b) { return a.position < b.position; });
  }
}

const CommissionValue* GeneralFacts::value_for(const std::vector<const CommissionValue*>& rows, Id employee,
                                               const Period& period) const {
  const Date day{period.to.days - 1};
  const auto best = [&](const auto& fits) {
    const CommissionValue* found = nullptr;
    for (const CommissionValue* row : rows) {
      if (!fits(*row) || (row->period && *row->period != period.label)) continue;
      if (found == nullptr || row->period) found = row;
    }
    return found;
  };
  if (const std::optional<Id> unit = terms_.organisation().unit_on(employee, day)) {
    for (const Id above : terms_.organisation().chain(*unit, day)) {
      const auto* found = best([&](const CommissionValue& row) { return row.unit == above; });
      if (found != nullptr) return found;
    }
  }
  const std::string* role = terms_.role_on(employee, day);
  return role == nullptr ? nullptr : best([&](const CommissionValue& row) { return row.role == *role; });
}

void GeneralFacts::add_values(const std::vector<Period>& periods, const std::vector<Id>& members,
                              const std::unordered_set<Id>* only, Inputs& inputs) const {
  const auto strange = [&](const std::optional<Id>& employee) {
    return only != nullptr && employee && !only->contains(*employee);
  };
  std::map<std::string, std::vector<const CommissionValue*>> shared;  // of units and roles, by name
  std::set<std::tuple<std::string, std::string, std::string>> own;    // name, person, period
  std::set<std::string> labels;
  for (const Period& period : periods) labels.insert(period.label);
  for (const CommissionValue& row : values_) {
    if (row.unit || row.role) {
      shared[row.name].push_back(&row);
      continue;
    }
    if ((row.period && !labels.contains(*row.period)) || strange(row.employee)) continue;
    const std::string person = row.employee ? std::to_string(row.employee->value) : "";
    inputs.values.push_back({row.name, person, row.period.value_or(""), row.value});
    if (row.employee) own.emplace(row.name, person, row.period.value_or(""));
  }
  for (const auto& [name, rows] : shared) {
    for (const Id employee : members) {
      const std::string person = std::to_string(employee.value);
      if (own.contains({name, person, ""})) continue;
      for (const Period& period : periods) {
        if (own.contains({name, person, period.label})) continue;
        const CommissionValue* row = value_for(rows, employee, period);
        if (row != nullptr) inputs.values.push_back({name, person, period.label, row->value});
      }
    }
  }
  for (const Quota& row : quotas_) {
    if (!row.employee || row.draft != 0 || row.calendar != calendar_.name || !labels.contains(row.period)) continue;
    if (strange(row.employee)) continue;
    PlanValue& value = inputs.values.emplace_back();
    value.name = "quota." + (row.measure.empty() ? choice_name(row.metric) : row.measure);
    value.person = std::to_string(row.employee->value);
    value.period = row.period;
    Money target{row.amount.minor, row.currency};
    if (row.base_rate) target = convert(target, system_.currency(), parse_ratio(*row.base_rate), Rounding::half_up);
    value.value = to_string(target);
  }
}

namespace {

/// The days whose rates a plan may ask for, by currency: of each event and what it reverses, and the last of their
/// periods.
std::map<Currency, std::set<Date>> rate_days(const PlanDocument::Model& model,
                                             const std::unordered_map<std::string, GeneralFacts::Event>& events) {
  std::map<Currency, std::set<Date>> days;
  for (const auto& [key, event] : events) {
    if (event.row.currency == model.currency) continue;
    std::set<Date>& wanted = days[event.row.currency];
    const auto origin = event.row.reverses ? events.find(*event.row.reverses) : events.end();
    for (const Date day : {event.row.date, origin == events.end() ? event.row.date : origin->second.row.date}) {
      wanted.insert(day);
      wanted.insert({period_of(model.calendar, model.interval, day).to.days - 1});
    }
  }
  return days;
}

}  // namespace

GeneralFacts::Unrated GeneralFacts::add_rates(const PlanVersion& version,
                                              const std::unordered_map<std::string, Event>& events,
                                              Inputs& inputs) const {
  const PlanDocument::Model& model = version.document->model();
  const std::pair<std::string_view, RateKind> kinds[] = {{"transaction", RateKind::market},
                                                         {"period_end", RateKind::market},
                                                         {"period_avg", RateKind::period_average},
                                                         {"plan_fixed", RateKind::plan}};
  const auto days = rate_days(model, events);
  Unrated unrated;
  for (const auto& [name, kind] : kinds) {
    const bool used = std::any_of(model.credits.begin(), model.credits.end(),
                                  [name = name](const general::CreditRule& rule) { return rule.fx == name; });
    if (!used) continue;
    for (const auto& [currency, on] : days) {
      for (const Date day : on) {
        std::vector<Quote> quotes;
        for (const ExchangeRate& row : rates_) {
          if (row.kind == kind && row.from <= day && day < row.to) {
            quotes.push_back({row.from_currency, row.to_currency, ratio(row.rate)});
          }
        }
        const auto route = find_route(quotes, currency, model.currency, system_.currency());
        if (!route) {
          unrated.insert(currency);
          continue;
        }
        const Fraction rate = Fraction(route->rate.numerator) / Fraction(route->rate.denominator);
        inputs.rates.push_back({currency, std::string(name), day, number_text(rate), Date{day.days + 1}});
      }
    }
  }
  return unrated;
}

// Without a rate an event cannot be credited. One that could not count for anybody here is left out; of the others
// computing says which rate they lack.
bool GeneralFacts::is_strange(const PlanVersion& version, const Unrated& unrated, const Event& event, Date end,
                              const Inputs& inputs) const {
  if (!unrated.contains(event.row.currency) || crosses(*version.document)) return false;
  const auto& measures = version.document->model().measures;
  const bool by_original = std::any_of(measures.begin(), measures.end(), [](const general::Measure& measure) {
    return measure.return_period == general::Reversal::original;
  });
  if (end <= event.row.date && !by_original && version.document->model().clawbacks.empty()) return true;
  std::unordered_set<Id> people;
  for (const EventShare& share : event.shares) people.insert(share.employee);
  people = with_superiors(people);
  return std::none_of(inputs.members->begin(), inputs.members->end(),
                      [&](const Participation& member) { return people.contains(Id{std::stoll(member.person)}); });
}

Inputs GeneralFacts::inputs(const PlanVersion& version, const Period& period, const Wanted& wanted) const {
  Inputs inputs;
  const PlanDocument& plan = *version.document;
  const bool narrow = wanted.only != nullptr && !crosses(plan);
  const Date first =
      std::min(window(plan, period), wanted.reach == nullptr ? period.from : window(*wanted.reach, period));
  const std::vector<Period> around = periods_between(calendar_, period.grain, first, period.to);
  for (const Period& one : around) inputs.periods.push_back(one.label);
  if (wanted.until != nullptr) {
    for (const Period& one : periods_between(calendar_, period.grain, period.to, wanted.until->to)) {
      inputs.periods.push_back(one.label);
    }
  }
  std::vector<Id> members = holders(version, period);
  if (narrow) std::erase_if(members, [&](Id id) { return !wanted.only->contains(id); });
  add_members(version, members, around, inputs);
  add_values(around, members, narrow ? wanted.only : nullptr, inputs);
  const std::unordered_set<Id> team = narrow ? with_reports(*wanted.only) : std::unordered_set<Id>();
  for (const ReportingLine& row : lines_) {
    if (narrow && !(team.contains(row.employee) && team.contains(row.manager))) continue;  // of somebody else's chain
    inputs.hierarchy.push_back(
        {std::to_string(row.employee.value), std::to_string(row.manager.value), row.from, row.to});
  }
  const auto found = narrow ? events_of(team, first, period.to) : events(first, period.to);
  const Unrated unrated = add_rates(version, found, inputs);
  const Date end = wanted.until == nullptr ? period.to : std::max(period.to, wanted.until->to);
  const std::map<std::string, Event> sorted(found.begin(), found.end());
  for (const auto& [key, event] : sorted) {
    if (!event.row.cancelled && is_strange(version, unrated, event, end, inputs)) continue;
    if (wanted.keys != nullptr) wanted.keys->emplace(key, std::pair(event.row.id, event.row.date));
    inputs.events.push_back(row_of(event.row, event.shares));
  }
  return inputs;
}

}  // namespace kith::incentive
