// SPDX-License-Identifier: Apache-2.0
// From events to credits: conditions, bases, exchange rates, shares and chains of superiors.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_engine.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

constexpr std::size_t kBlock = 16384;

Exact exact_of(const Model& model, const Value& value) {
  if (const auto* money = std::get_if<Money>(&value)) return Exact(money->minor);
  if (const auto* number = std::get_if<Decimal>(&value)) {
    return Exact(number->coefficient) / ten_to(number->scale) * ten_to(model.digits);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return Exact(*whole) * ten_to(model.digits);
  return 0;
}

}  // namespace

// --- Columns of events ------------------------------------------------------------------------------------------

EventView::EventView(const Model& model, const Ground& ground, std::string fx, Reversal reversal)
    : model_(model), ground_(ground), fx_(std::move(fx)), reversal_(reversal) {
  for (const ScopeName& name : model.scope.names) columns_.emplace_back(is_text(name.type));
}

Exact EventView::converted(std::size_t row, std::int64_t minor) const {
  const Facts& facts = ground_.facts;
  const Currency from = facts.currency(row);
  if (from == model_.currency) return minor;
  const Date day = facts.date(reversal_ == Reversal::original ? facts.origin(row) : row);
  const Exact rate = ground_.lookup.rate(from, fx_, day, [&] { return facts.key(row); });
  return rate * ten_to(model_.digits) / ten_to(minor_digits(from)) * minor;
}

void EventView::append(std::size_t position, std::size_t row) {
  const Facts& facts = ground_.facts;
  Column& column = columns_[position];
  const auto whose = [&] { return ground_.event(row); };
  const auto money = [&](std::int64_t minor) {
    return told_whose(whose, [&] { return round_number(converted(row, minor), Rounding::half_up); });
  };
  switch (position) {
    case kType: column.append(std::string_view(facts.names()[facts.type(row)])); return;
    case kSource: column.append(std::string_view(facts.names()[facts.source(row)])); return;
    case kKey: column.append(std::string_view(facts.id(row))); return;
    case kDate: column.append(std::int64_t{facts.date(row).days}); return;
    case kAmount: column.append(money(facts.amount(row))); return;
    case kCost: column.append(money(facts.cost(row))); return;
    case kMargin:
      column.append(
          money(told_whose(whose, [&] { return checked_sub(facts.amount(row), facts.cost(row), "margin"); })));
      return;
    case kQuantity: column.append(facts.quantity(row)); return;
    default: facts.append_attribute(position - kFixedColumns, row, column); return;
  }
}

std::int64_t EventView::word(std::size_t position, std::size_t row) {
  columns_[position].clear();
  append(position, row);
  return columns_[position].word(0);
}

void EventView::read(const Expression& expression, std::span<const std::uint32_t> rows) {
  view_.assign(columns_.size(), nullptr);
  for (const int at : expression.reads()) {
    const auto position = static_cast<std::size_t>(at);
    columns_[position].clear();
    for (const std::uint32_t row : rows) append(position, row);
    view_[position] = &columns_[position];
  }
}

// --- Rules ------------------------------------------------------------------------------------------------------

struct Crediting::Rule {
  Rule(const Model& model, const Ground& ground, std::size_t at)
      : rule(model.credits[at]), number(static_cast<Index>(at)), view(model, ground, rule.fx, rule.reversal) {}

  const CreditRule& rule;
  Index number;
  EventView view;
  Index role = -1;
  Index of_role = -1;
  int highest = 0;
  std::vector<Tri> counts;
  std::vector<Exact> bases;        ///< of the block, where an expression gives them
  std::vector<std::int8_t> words;  ///< what a condition over one text says, by code + 1: -1 not asked yet
};

Crediting::Crediting(const Model& model, const Ground& ground) : model_(model), ground_(ground) {
  for (std::size_t i = 0; i < model.credits.size(); ++i) {
    auto rule = std::make_shared<Rule>(model, ground, i);
    for (const ChainLevel& level : rule->rule.levels) rule->highest = std::max(rule->highest, level.level);
    rules_.push_back(std::move(rule));
  }
}

void Crediting::test(Rule& rule, std::span<const std::uint32_t> rows) {
  const Facts& facts = ground_.facts;
  rule.role = facts.names().find(rule.rule.role);
  rule.of_role = facts.names().find(rule.rule.of);
  rule.counts.assign(rows.size(), Tri::yes);
  if (rule.rule.when) {
    const Expression& when = *rule.rule.when;
    const std::vector<int>& reads = when.reads();
    const std::size_t position = reads.size() == 1 ? static_cast<std::size_t>(reads[0]) : kKey;
    const bool attribute = position >= kFixedColumns && model_.scope.names[position].type == Type::text;
    if (position == kType || attribute) {  // one question for every word, not for every event
      rule.words.resize(facts.names().size() + 1, -1);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const Index code = attribute ? facts.attribute_code(position - kFixedColumns, rows[i]) : facts.type(rows[i]);
        std::int8_t& word = rule.words[static_cast<std::size_t>(code + 1)];
        if (word < 0) {
          rule.view.read(when, rows.subspan(i, 1));
          word = static_cast<std::int8_t>(when.test(rule.view.view(), 1)[0]);
        }
        rule.counts[i] = static_cast<Tri>(word);
      }
    } else {
      rule.view.read(when, rows);
      rule.counts = when.test(rule.view.view(), rows.size());
    }
  }
  if (rule.rule.base != Base::expression) return;
  rule.view.read(*rule.rule.base_expression, rows);
  rule.bases.assign(rows.size(), 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rule.counts[i] != Tri::yes) continue;
    rule.bases[i] = told_whose([&] { return ground_.event(rows[i]); },
                               [&] { return exact_of(model_, rule.rule.base_expression->value(rule.view.view(), i)); });
  }
}

Exact base_of(const Model& model, const Facts& facts, const CreditRule& rule, EventView& view, std::uint32_t event) {
  switch (rule.base) {
    case Base::amount: return view.converted(event, facts.amount(event));
    case Base::margin: return view.converted(event, checked_sub(facts.amount(event), facts.cost(event), "margin"));
    case Base::cost: return view.converted(event, facts.cost(event));
    case Base::quantity: return Exact(facts.quantity(event)) / ten_to(kQuantityScale) * ten_to(model.digits);
    case Base::expression: break;
  }
  const std::uint32_t row[] = {event};
  view.read(*rule.base_expression, row);
  return exact_of(model, rule.base_expression->value(view.view(), 0));
}

Exact Crediting::base_of(Rule& rule, std::size_t place, std::uint32_t event) {
  if (rule.rule.base == Base::expression) return rule.bases[place];  // read by the block
  return general::base_of(model_, ground_.facts, rule.rule, rule.view, event);
}

void Crediting::run(std::span<const std::uint32_t> rows, const std::function<void(Credit&&)>& take) {
  std::set<Index> mirrored;
  for (const Clawback& clawback : model_.clawbacks) {
    if (clawback.prorate == Unearned::recompute) mirrored.insert(ground_.facts.names().find(clawback.type));
  }
  std::vector<std::uint32_t> mirrors;
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    const auto block = rows.subspan(begin, std::min(kBlock, rows.size() - begin));
    for (const auto& rule : rules_) test(*rule, block);
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (ground_.facts.orphan(block[i])) continue;
      told_whose([&] { return ground_.event(block[i]); }, [&] { credit(i, block[i]); });
      for (Credit& credit : made_) take(std::move(credit));
      if (!mirrored.empty() && mirrored.contains(ground_.facts.type(block[i]))) mirrors.push_back(block[i]);
    }
  }
  for (const std::uint32_t event : mirrors) {
    mirror(event);
    for (Credit& credit : made_) take(std::move(credit));
  }
}

// All credits of one event, by the rules that count it.
void Crediting::credit(std::size_t place, std::uint32_t event) {
  made_.clear();
  for (const bool chains : {false, true}) {
    for (const auto& rule : rules_) {
      if ((rule->rule.who == Who::chain) != chains || rule->counts[place] != Tri::yes) continue;
      if (!chains) {
        share(*rule, event, base_of(*rule, place, event));
      } else if (!made_.empty()) {
        climb(*rule, event, base_of(*rule, place, event));
      }
    }
  }
}

// A loss that is computed again takes the credits of its event back, as a return of all of it would.
void Crediting::mirror(std::uint32_t event) {
  made_.clear();
  const Facts& facts = ground_.facts;
  const std::size_t origin = facts.origin(event);
  if (origin == event) return;
  const std::string& type = facts.names()[facts.type(event)];
  const bool open = std::any_of(model_.clawbacks.begin(), model_.clawbacks.end(), [&](const Clawback& clawback) {
    return clawback.type == type && clawback.prorate == Unearned::recompute &&
           (clawback.window == 0 || facts.date(event) < add_months(facts.date(origin), clawback.window));
  });
  if (!open) return;
  std::vector<Credit> taken;
  const std::uint32_t row[] = {static_cast<std::uint32_t>(origin)};
  for (const auto& rule : rules_) test(*rule, row);
  told_whose([&] { return ground_.event(origin); }, [&] { credit(0, row[0]); });
  for (Credit& credit : made_) {
    credit.event = event;
    credit.mirrored = true;
    credit.amount = -credit.amount;
    if (!credit.shared) continue;
    auto shared = std::make_shared<Shared>(*credit.shared);
    shared->whole = -shared->whole;
    credit.shared = std::move(shared);
  }
}

void Crediting::share(const Rule& rule, std::uint32_t event, const Exact& base) {
  const Facts& facts = ground_.facts;
  people_.clear();
  shares_.clear();
  if (rule.rule.who == Who::values) {
    const Index period = ground_.periods.at(facts.date(event));
    for (auto& [person, value] : ground_.lookup.people_of(rule.rule.of, period, facts.date(event))) {
      people_.push_back(person);
      shares_.push_back(value);
    }
  } else {
    for (std::size_t i = 0; i < facts.parts(event); ++i) {
      const Part part = facts.part(event, i);
      if (part.role != rule.role) continue;
      people_.push_back(ground_.people.of_code(part.person));
      shares_.push_back(facts.share(part.share, event));
    }
  }
  if (!people_.empty()) post(rule, event, base);
}

void Crediting::post(const Rule& rule, std::uint32_t event, const Exact& base) {
  const CreditRule& said = rule.rule;
  const auto key = [&] { return ground_.facts.key(event); };
  Exact sum = 0;
  for (const Exact& value : shares_) {
    if (value < 0) fail_event(key(), "splits", "a share is negative; shares are 0 % or more.");
    sum += value;
  }
  if (said.who == Who::split_weights) {
    if (sum == 0) fail_event(key(), "splits", "the weights are all zero; give one a positive number.");
    for (Exact& value : shares_) value /= sum;
    sum = 1;
  } else if (said.who == Who::split && said.sum_must_be_100 && sum != 1) {
    fail_event(key(), "splits",
               fmt::format("the shares of role {} sum to {} %; they must sum to 100 %.", quote(said.role),
                           number_text(sum * 100)));
  }
  std::vector<Whole> parts;
  if (said.rounded && sum == 1) parts = apportion(round_number(base, model_.mode), shares_);
  std::shared_ptr<Shared> shared;
  if (said.apply == Apply::result) {
    if (sum != 1) fail_event(key(), "splits", "a result is shared by shares that sum to 100 %.");
    shared = std::make_shared<Shared>(Shared{base, shares_});
  }
  for (std::size_t i = 0; i < people_.size(); ++i) {
    Credit credit;
    credit.rule = rule.number;
    credit.event = event;
    credit.person = people_[i];
    credit.share = shares_[i];
    if (!said.rounded) {
      credit.amount = base * shares_[i];
    } else if (!parts.empty()) {
      credit.amount = Exact(parts[i]);
    } else {
      credit.amount = round_number(shares_[i] * round_number(base, model_.mode), model_.mode);
    }
    credit.shared = shared;
    credit.place = static_cast<std::uint32_t>(i);
    made_.push_back(std::move(credit));
  }
}

// The superiors of everybody with a credit of the role, level by level, as the organisation was.
void Crediting::climb(const Rule& rule, std::uint32_t event, const Exact& base) {
  const CreditRule& said = rule.rule;
  const Facts& facts = ground_.facts;
  const std::size_t made = made_.size();
  for (std::size_t i = 0; i < made; ++i) {
    const CreditRule& source = model_.credits[static_cast<std::size_t>(made_[i].rule)];
    if (source.who == Who::chain || source.role != said.of) continue;
    const Date day = facts.date(said.as_of_original ? facts.origin(event) : event);
    const Index own = made_[i].person;
    const Exact share = made_[i].share;
    std::array<Index, 65> seen{own};
    Index person = own;
    for (int level = 1; level <= rule.highest; ++level) {
      person = ground_.lookup.manager(person, day);
      if (person < 0) break;
      if (std::find(seen.begin(), seen.begin() + level, person) != seen.begin() + level) {
        if (!said.skip_self || person != own) {
          fail_event(facts.key(event), "hierarchy",
                     fmt::format("{} stands above himself on {}.", quote(ground_.people[person]), to_string(day)));
        }
        seen[static_cast<std::size_t>(level)] = person;
        continue;
      }
      seen[static_cast<std::size_t>(level)] = person;
      for (std::size_t row = 0; row < said.levels.size(); ++row) {
        if (said.levels[row].level != level) continue;
        Credit credit;
        credit.rule = rule.number;
        credit.event = event;
        credit.person = person;
        credit.source = own;
        credit.level = static_cast<std::int16_t>(row);
        credit.share = share * said.levels[row].share;
        credit.amount = base * credit.share;
        if (said.rounded) credit.amount = round_number(credit.amount, model_.mode);
        made_.push_back(std::move(credit));
      }
    }
  }
}

std::vector<Whole> apportion(const Whole& amount, const std::vector<Exact>& shares) {
  const bool negative = amount < 0;
  const Whole size = negative ? Whole(-amount) : amount;
  std::vector<Whole> parts;
  std::vector<std::pair<Exact, std::size_t>> rests;
  Whole left = size;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Exact ideal = shares[i] * Exact(size);
    const Whole floor = numerator(ideal) / denominator(ideal);
    parts.push_back(floor);
    rests.emplace_back(ideal - Exact(floor), i);
    left -= floor;
  }
  std::stable_sort(rests.begin(), rests.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; left > 0 && i < rests.size(); ++i, --left) ++parts[rests[i].second];
  if (negative) {
    for (Whole& part : parts) part = -part;
  }
  return parts;
}

std::int64_t to_int64(const Whole& value) {
  if (value > INT64_MAX || value < INT64_MIN) {
    throw Error(Code::overflow, fmt::format("The amount {} does not fit 64 bits of minor units.", value.str()));
  }
  return static_cast<std::int64_t>(value);
}

// --- Sums -------------------------------------------------------------------------------------------------------

Credits::Credits(const Model& model, const Ground& ground, bool kept)
    : model_(model), ground_(ground), kept_(kept), crediting_(model, ground), measures_(model.credits.size()) {
  for (std::size_t m = 0; m < model.measures.size(); ++m) {
    for (const std::string& name : model.measures[m].credits) {
      for (std::size_t r = 0; r < model.credits.size(); ++r) {
        if (model.credits[r].name == name) measures_[r].push_back(m);
      }
    }
  }
  sums_.assign(model.measures.size(), std::vector<Exact>(ground.people.size() * ground.periods.size()));
  credited_.assign(ground.people.size(), 0);
  used_.assign(ground.periods.size(), 0);
  std::vector<std::uint32_t> rows;
  for (std::size_t begin = 0; begin < ground.facts.size(); begin += kBlock) {
    rows.clear();
    for (std::size_t i = begin; i < std::min(begin + kBlock, ground.facts.size()); ++i) {
      rows.push_back(static_cast<std::uint32_t>(i));
    }
    crediting_.run(rows, [&](Credit&& credit) {
      count(credit, false);
      if (kept_) credits_.push_back(std::move(credit));
    });
  }
  if (kept_) group();
  find_live();
}

void Credits::find_live() {
  first_live_ = 0;
  last_live_ = -1;
  for (std::size_t i = 0; i < ground_.periods.size(); ++i) {
    const auto period = static_cast<Index>(i);
    if (!occurs(period) || !ground_.periods.valid(period)) continue;
    if (last_live_ < 0) first_live_ = period;
    last_live_ = period;
  }
}

std::optional<std::size_t> Credits::cell_of(std::size_t measure, const Credit& credit) const {
  const bool original = model_.measures[measure].return_period == Reversal::original;
  const Facts& facts = ground_.facts;
  const Date day = original          ? facts.date(facts.origin(credit.event))
                   : credit.mirrored ? facts.takes_effect(credit.event)
                                     : facts.date(credit.event);
  const Index period = ground_.periods.at(day);
  if (period < 0 || !ground_.people.member(credit.person, day)) return std::nullopt;
  return cell(credit.person, period);
}

void Credits::count(const Credit& credit, bool away, const std::function<void(std::size_t, std::size_t)>& cells) {
  for (const std::size_t m : measures_[static_cast<std::size_t>(credit.rule)]) {
    const auto at = cell_of(m, credit);
    if (!at) continue;
    if (away) {
      sums_[m][*at] -= credit.amount;
    } else {
      sums_[m][*at] += credit.amount;
    }
    credited_[static_cast<std::size_t>(credit.person)] += away ? -1 : 1;
    used_[*at % ground_.periods.size()] += away ? -1 : 1;
    if (cells) cells(m, *at);
  }
}

// Two passes of counting: where the credits of each cell begin, then each to its place.
void Credits::group() {
  const std::size_t cells = ground_.people.size() * ground_.periods.size();
  begin_.resize(model_.measures.size());
  numbers_.resize(model_.measures.size());
  const auto each = [&](std::size_t m, const auto& visit) {
    for (std::size_t n = 0; n < credits_.size(); ++n) {
      const auto& own = measures_[static_cast<std::size_t>(credits_[n].rule)];
      if (std::find(own.begin(), own.end(), m) == own.end()) continue;
      if (const auto at = cell_of(m, credits_[n])) visit(n, *at);
    }
  };
  for (std::size_t m = 0; m < model_.measures.size(); ++m) {
    std::vector<std::uint32_t>& begin = begin_[m];
    begin.assign(cells + 1, 0);
    each(m, [&](std::size_t, std::size_t at) { ++begin[at + 1]; });
    for (std::size_t i = 0; i < cells; ++i) begin[i + 1] += begin[i];
    std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
    numbers_[m].resize(begin.back());
    each(m, [&](std::size_t n, std::size_t at) { numbers_[m][next[at]++] = static_cast<std::uint32_t>(n); });
    const auto earlier = [&](std::uint32_t a, std::uint32_t b) { return credits_[a].event < credits_[b].event; };
    for (std::size_t i = 0; i < cells; ++i) {
      const auto from = numbers_[m].begin() + begin[i];
      const auto to = numbers_[m].begin() + begin[i + 1];
      if (!std::is_sorted(from, to, earlier)) std::stable_sort(from, to, earlier);
    }
  }
  event_begin_.assign(ground_.facts.size() + 1, 0);
  for (const Credit& credit : credits_) ++event_begin_[credit.event + 1];
  for (std::size_t i = 0; i < ground_.facts.size(); ++i) event_begin_[i + 1] += event_begin_[i];
  event_numbers_.resize(credits_.size());
  std::vector<std::uint32_t> next(event_begin_.begin(), event_begin_.end() - 1);
  for (std::size_t n = 0; n < credits_.size(); ++n) {
    event_numbers_[next[credits_[n].event]++] = static_cast<std::uint32_t>(n);
  }
}

std::span<const std::uint32_t> Credits::rows(std::size_t measure, Index person, Index period) const {
  const std::size_t at = cell(person, period);
  if (!changed_.empty()) {
    const auto found = changed_.find({measure, at});
    if (found != changed_.end()) return found->second;
  }
  const std::vector<std::uint32_t>& begin = begin_[measure];
  return std::span(numbers_[measure]).subspan(begin[at], begin[at + 1] - begin[at]);
}

std::vector<std::uint32_t>& Credits::cell_rows(std::size_t measure, std::size_t at) {
  const auto [found, added] = changed_.try_emplace({measure, at});
  if (added) {
    const std::vector<std::uint32_t>& begin = begin_[measure];
    found->second.assign(numbers_[measure].begin() + begin[at], numbers_[measure].begin() + begin[at + 1]);
  }
  return found->second;
}

std::vector<std::uint32_t> Credits::of_event(std::uint32_t event) const {
  const auto changed = by_event_.find(event);
  if (changed != by_event_.end()) return changed->second;
  if (event + 1 >= event_begin_.size()) return {};
  return {event_numbers_.begin() + event_begin_[event], event_numbers_.begin() + event_begin_[event + 1]};
}

void Credits::remove(std::span<const std::uint32_t> rows, std::vector<Index>& touched) {
  gone_.resize(credits_.size(), false);
  for (const std::uint32_t row : rows) {
    for (const std::uint32_t n : of_event(row)) {
      if (gone_[n]) continue;
      gone_[n] = true;
      touched.push_back(credits_[n].person);
      count(credits_[n], true, [&](std::size_t m, std::size_t at) { std::erase(cell_rows(m, at), n); });
    }
    by_event_[row].clear();
  }
  find_live();
}

void Credits::add(std::span<const std::uint32_t> rows, std::vector<Index>& touched) {
  crediting_.run(rows, [&](Credit&& credit) {
    const auto number = static_cast<std::uint32_t>(credits_.size());
    touched.push_back(credit.person);
    by_event_[credit.event].push_back(number);
    credits_.push_back(std::move(credit));
    const Credit& kept = credits_.back();
    count(kept, false, [&](std::size_t m, std::size_t at) {
      std::vector<std::uint32_t>& list = cell_rows(m, at);
      const auto place = std::upper_bound(list.begin(), list.end(), number, [&](std::uint32_t a, std::uint32_t b) {
        const std::uint32_t one = credits_[a].event;
        const std::uint32_t other = credits_[b].event;
        return one != other && ground_.facts.before(one, other);
      });
      list.insert(place, number);
    });
  });
  gone_.resize(credits_.size(), false);
  find_live();
}

}  // namespace kith::incentive::general
