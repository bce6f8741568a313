// SPDX-License-Identifier: Apache-2.0
// From what a general plan computes to lines of statements: one for each event that a component paid, and one for what
// no event alone explains. The lines of a component sum to what the plan's ledger says of it.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/quote.hpp"
#include "incentive/as_of.hpp"
#include "incentive/document_pay.hpp"
#include "incentive/general_facts.hpp"
#include "incentive/whose.hpp"

namespace kith::incentive {
namespace {

using general::Point;

Fraction fraction(std::string_view text) { return parse_number(text); }

class Liner {
 public:
  Liner(const PlanVersion& version, const Period& period, const std::vector<Id>& holders,
        const GeneralFacts::EventKeys& events)
      : version_(version), model_(version.document->model()), period_(period), events_(events) {
    for (const Id employee : holders) holders_.emplace(std::to_string(employee.value), employee);
  }

  std::vector<Earning> lines(const PlanResult& result) {
    credits(result);
    for (const LineResult& row : result.lines) {
      if (row.period == period_.label && holders_.contains(row.person)) line(row);
    }
    if (model_.point == Point::component) telescope_components();
    if (model_.point == Point::statement) telescope_statements();
    for (const LedgerLine& row : result.ledger) {
      if (row.earned == period_.label && holders_.contains(row.person)) wanted(row);
    }
    remainders();
    return finish();
  }

 private:
  struct Line {
    Id employee;
    std::string name;  ///< of a component, or of a clawback
    std::size_t place = 0;
    Id fact;
    LineBasis basis = LineBasis::plan;
    Date day;
    Fraction credit = 0;
    Fraction exact = 0;
    std::int64_t amount = 0;
  };
  using Key = std::tuple<Id, std::string, Id>;  // employee, component, fact

  void credits(const PlanResult& result) {
    for (const CreditResult& row : result.credits) {
      if (!holders_.contains(row.person)) continue;
      credits_[{row.person, row.event, row.rule}] += fraction(row.exact);
    }
  }

  Fraction credit_of(const LineResult& row, std::size_t place) const {
    if (place >= model_.components.size()) return 0;  // what is taken back credits nobody
    const general::Measure* measure = model_.measure(model_.components[place].measure);
    if (measure == nullptr) return 0;
    Fraction sum = 0;
    for (const std::string& rule : measure->credits) {
      const auto found = credits_.find({row.person, row.event, rule});
      if (found != credits_.end()) sum += found->second;
    }
    return sum * ten_to(model_.digits);
  }

  void line(const LineResult& row) {
    const Id employee = holders_.at(row.person);
    const std::size_t place = place_of(*version_.document, row.component);
    const auto event = events_.find(row.event);
    const bool known = event != events_.end();
    const Id fact = known ? event->second.first : version_.row.id;
    const auto [at, fresh] = index_.try_emplace({employee, row.component, fact}, lines_.size());
    if (fresh) {
      const Date day = known ? event->second.second : Date{period_.to.days - 1};
      lines_.push_back({employee, row.component, place, fact, known ? LineBasis::event : LineBasis::plan, day});
    }
    Line& line = lines_[at->second];
    if (known) line.credit = credit_of(row, place);
    line.exact += fraction(row.exact) * ten_to(model_.digits);
    line.amount = told_whose([&] { return row.component + " of " + quote(row.person) + " from event " + row.event; },
                             [&] { return checked_add(line.amount, row.amount, "line of a statement"); });
  }

  /// Rounds running totals over lines in the order in which the engine took their events.
  void telescope_components() {
    std::map<std::pair<Id, std::string>, std::pair<Fraction, std::int64_t>> running;
    for (Line& line : lines_) advance(line, running[{line.employee, line.name}]);
  }

  void telescope_statements() {
    std::map<Id, std::pair<Fraction, std::int64_t>> running;
    std::vector<Line*> order;
    for (Line& line : lines_) order.push_back(&line);
    std::sort(order.begin(), order.end(), [](const Line* a, const Line* b) {
      return std::tie(a->employee, a->day, a->fact, a->place, a->name) <
             std::tie(b->employee, b->day, b->fact, b->place, b->name);
    });
    for (Line* line : order) advance(*line, running[line->employee]);
  }

  void advance(Line& line, std::pair<Fraction, std::int64_t>& running) const {
    running.first += line.exact;
    const std::int64_t total = round_number(running.first, model_.mode, model_.unit);
    line.amount = checked_sub(total, running.second, "line of a statement");
    running.second = total;
  }

  void wanted(const LedgerLine& row) {
    const bool whole = model_.point == Point::statement;
    std::int64_t& sum = wanted_[{holders_.at(row.person), whole ? "" : row.component}];
    sum = told_whose([&] { return row.component + " of " + quote(row.person) + " in " + row.posted; },
                     [&] { return checked_add(sum, row.amount, "statement"); });
  }

  /// What the ledger says beyond the lines: caps and floors over all components, roundings of a whole component.
  void remainders() {
    std::map<std::pair<Id, std::string>, std::int64_t> sums;
    for (const Line& line : lines_) {
      const bool whole = model_.point == Point::statement;
      std::int64_t& sum = sums[{line.employee, whole ? "" : line.name}];
      sum = checked_add(sum, line.amount, "statement");
    }
    for (const auto& [key, amount] : wanted_) sums.try_emplace(key, 0);
    for (const auto& [key, sum] : sums) {
      const auto found = wanted_.find(key);
      const std::int64_t rest = checked_sub(found == wanted_.end() ? 0 : found->second, sum, "statement");
      if (rest == 0) continue;
      rests_[{key.first, key.second.empty() ? "statement" : key.second}] = rest;
    }
  }

  std::vector<Earning> finish() {
    std::vector<Earning> earnings;
    for (const Line& line : lines_) {
      const std::int64_t credit = round_number(line.credit, Rounding::half_up);
      if (credit == 0 && line.amount == 0) continue;
      earnings.push_back(
          {line.employee, &version_, line.place, line.name, line.fact, line.basis, line.day, credit, line.amount});
    }
    for (const auto& [key, rest] : rests_) {
      const auto same = std::find_if(earnings.begin(), earnings.end(), [&key = key](const Earning& one) {
        return one.employee == key.first && one.name == key.second && one.basis == LineBasis::plan;
      });
      if (same != earnings.end()) {
        same->amount = checked_add(same->amount, rest, "line of a statement");
        continue;
      }
      const Date last{period_.to.days - 1};
      earnings.push_back({key.first, &version_, place_of(*version_.document, key.second), key.second, version_.row.id,
                          LineBasis::plan, last, 0, rest});
    }
    sort_earnings(earnings);
    return earnings;
  }

  const PlanVersion& version_;
  const PlanDocument::Model& model_;
  const Period& period_;
  const GeneralFacts::EventKeys& events_;
  std::unordered_map<std::string, Id> holders_;
  std::map<std::tuple<std::string, std::string, std::string>, Fraction> credits_;
  std::vector<Line> lines_;
  std::map<Key, std::size_t> index_;
  std::map<std::pair<Id, std::string>, std::int64_t> wanted_;  // by employee and component; "" for all
  std::map<std::pair<Id, std::string>, std::int64_t> rests_;
};

}  // namespace

std::vector<Earning> GeneralFacts::earnings(const PlanVersion& version, const Period& period,
                                            const std::unordered_set<Id>* only, std::vector<Part>* parts) const {
  EventKeys keys;
  const Inputs given = inputs(version, period, {.only = only, .keys = &keys});
  return earnings_from(version, period, given, keys, only, parts);
}

std::vector<Earning> GeneralFacts::earnings_from(const PlanVersion& version, const Period& period, const Inputs& given,
                                                 const EventKeys& keys, const std::unordered_set<Id>* only,
                                                 std::vector<Part>* parts) const {
  std::vector<Id> people = holders(version, period);
  if (only != nullptr) std::erase_if(people, [&](Id id) { return !only->contains(id); });
  const PlanResult result = with_names([&] { return compute(*version.document, given); });
  if (parts != nullptr) {
    std::vector<Part> more = parts_of(version, period, period, result, people);
    std::move(more.begin(), more.end(), std::back_inserter(*parts));
  }
  return with_names([&] { return Liner(version, period, people, keys).lines(result); });
}

// Messages of the engine quote whom they name.
std::string GeneralFacts::with_name(const std::string& text) const {
  std::string named;
  std::size_t done = 0;
  for (std::size_t start = text.find('\''); start != std::string::npos; start = text.find('\'', start + 1)) {
    const std::size_t end = text.find_first_not_of("0123456789", start + 1);
    const std::size_t digits = end == std::string::npos ? 0 : end - start - 1;
    if (digits == 0 || digits > 18 || text[end] != '\'') continue;
    const std::string id = text.substr(start + 1, digits);
    const auto row = employees_.find(Id{std::stoll(id)});
    if (row == employees_.end()) continue;
    named += text.substr(done, start - done) + quote(row->second.name) + " (" + id + ")";
    done = end + 1;
  }
  return named + text.substr(done);
}

Error GeneralFacts::named(const Error& error) const {
  Error result(error.code, error.entity, error.field, with_name(error.message));
  result.violations = error.violations;
  for (Violation& one : result.violations) one.message = with_name(one.message);
  return result;
}

std::vector<GeneralFacts::Part> GeneralFacts::parts(const PlanVersion& version, const Period& period,
                                                    const Period& until, const std::unordered_set<Id>* only) const {
  if (!version.document->model().pays_apart()) return {};
  std::vector<Id> people = holders(version, period);
  if (only != nullptr) std::erase_if(people, [&](Id id) { return !only->contains(id); });
  if (people.empty()) return {};
  const Inputs given = inputs(version, period, {.only = only, .until = &until});
  const PlanResult result = with_names([&] { return compute(*version.document, given, Detail::totals); });
  return parts_of(version, period, until, result, people);
}

std::vector<GeneralFacts::Part> GeneralFacts::parts_of(const PlanVersion& version, const Period& period,
                                                       const Period& until, const PlanResult& result,
                                                       const std::vector<Id>& people) const {
  std::unordered_map<std::string, Id> wanted;
  for (const Id employee : people) wanted.emplace(std::to_string(employee.value), employee);
  std::vector<Part> parts;
  for (const ReleaseResult& row : result.releases) {
    const auto employee = wanted.find(row.person);
    if (row.at_once || row.period != period.label || employee == wanted.end()) continue;
    Part& part = parts.emplace_back();
    part.employee = employee->second;
    part.version = &version;
    part.component = row.component;
    part.trigger = row.trigger;
    part.amount = row.amount;
    for (const ReleaseResult::In& one : row.when) {  // facts of later periods may be there already
      if (parse_period(version.document->model().calendar, one.period).from <= until.from) part.when.push_back(one);
    }
  }
  return parts;
}

std::vector<PaymentResult> GeneralFacts::payments(const PlanVersion& version, const Period& period,
                                                  const std::vector<BroughtForward>& rows) const {
  Inputs given;
  given.periods = {period.label};
  given.brought = rows;
  std::vector<Id> people;
  for (const BroughtForward& row : rows) people.push_back({std::stoll(row.person)});
  for (const Id employee : people) add_service(employee, given);
  add_values({period}, people, nullptr, given);
  const general::Ground ground(version.document->model(), given);
  const std::vector<Id> holding = holders(version, period);
  std::vector<PaymentResult> results;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool holds = std::binary_search(holding.begin(), holding.end(), people[i]);
    results.push_back(
        with_names([&] { return general::pay_brought(version.document->model(), ground, rows[i], holds); }));
  }
  return results;
}

}  // namespace kith::incentive
