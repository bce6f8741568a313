// SPDX-License-Identifier: Apache-2.0
// From events to credits: versions, conditions, bases, exchange rates, shares and chains of superiors.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_engine.hpp"
#include "incentive/plan_rules.hpp"

namespace kith::incentive::general {
namespace {

std::string content_of(const EventRow& event) {
  std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}", event.type, event.date.days, event.sequence, event.amount.minor,
                  event.amount.currency.packed, event.cost, event.quantity, event.reverses, event.cancelled);
  for (const auto& [name, value] : event.attributes) text += fmt::format("|{}={}", name, value);
  for (const Split& split : event.splits) text += fmt::format("|{}/{}/{}", split.person, split.role, split.share);
  return text;
}

[[noreturn]] void fail_event(const std::string& key, std::string_view field, std::string message) {
  throw Error(Code::invalid, "event", std::string(field), fmt::format("Event {}: {}", quote(key), message));
}

void append_attribute(Column& column, Type type, const std::string& text, const std::string& key,
                      const std::string& name, Currency currency) {
  try {
    switch (type) {
      case Type::text: column.append(std::string_view(text)); return;
      case Type::decimal: column.append(rescale(parse_decimal(text), kRateScale).coefficient); return;
      case Type::money: column.append(parse_money(text, currency).minor); return;
      case Type::date: column.append(std::int64_t{parse_date(text).days}); return;
      default: break;
    }
    if (text != "true" && text != "false") throw Error(Code::invalid, "Expected \"true\" or \"false\".");
    column.append(std::int64_t{text == "true"});
  } catch (const Error& error) {
    fail_event(key, "attributes." + name, error.message);
  }
}

ColumnView view_of(const std::vector<Column>& columns) {
  ColumnView view;
  for (const Column& column : columns) view.push_back(&column);
  return view;
}

Exact exact_of(const Model& model, const Value& value) {
  if (const auto* money = std::get_if<Money>(&value)) return Exact(money->minor);
  if (const auto* number = std::get_if<Decimal>(&value)) {
    return Exact(number->coefficient) / ten_to(number->scale) * ten_to(model.digits);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return Exact(*whole) * ten_to(model.digits);
  return 0;
}

class Sharer {
 public:
  Sharer(const Model& model, const Facts& facts, const Lookup& lookup, std::vector<Credit>& out)
      : model_(model), facts_(facts), lookup_(lookup), out_(out) {}

  void rule(std::size_t index) {
    const CreditRule& rule = model_.credits[index];
    const Bases bases = compute_bases(model_, facts_, lookup_, rule);
    std::vector<Tri> counts(facts_.rows.size(), Tri::yes);
    if (rule.when) counts = rule.when->test(view_of(bases.columns), facts_.rows.size());
    if (rule.who == Who::chain) {
      climb(index, counts, bases);
      return;
    }
    for (std::size_t i = 0; i < facts_.rows.size(); ++i) {
      if (counts[i] == Tri::yes) share(index, i, bases.base[i]);
    }
  }

 private:
  void share(std::size_t index, std::size_t event, const Exact& base) {
    const CreditRule& rule = model_.credits[index];
    std::vector<std::string> people;
    std::vector<Exact> shares;
    if (rule.who == Who::values) {
      const std::string period = model_.period_label(facts_.rows[event]->date);
      for (auto& [person, value] : lookup_.people_of(rule.of, period)) {
        people.push_back(person);
        shares.push_back(value);
      }
    } else {
      for (const Split& split : facts_.rows[event]->splits) {
        if (split.role != rule.role) continue;
        people.push_back(split.person);
        try {
          shares.push_back(parse_number(split.share));
        } catch (const Error& error) {
          fail_event(facts_.keys[event], "splits", error.message);
        }
      }
    }
    if (people.empty()) return;
    post(index, event, base, people, normalised(rule, event, std::move(shares)));
  }

  std::vector<Exact> normalised(const CreditRule& rule, std::size_t event, std::vector<Exact> shares) {
    Exact sum = 0;
    for (const Exact& value : shares) {
      if (value < 0) fail_event(facts_.keys[event], "splits", "a share is negative; shares are 0 % or more.");
      sum += value;
    }
    if (rule.who == Who::split_weights) {
      if (sum == 0) fail_event(facts_.keys[event], "splits", "the weights are all zero; give one a positive number.");
      for (Exact& value : shares) value /= sum;
    } else if (rule.who == Who::split && rule.sum_must_be_100 && sum != 1) {
      fail_event(facts_.keys[event], "splits",
                 fmt::format("the shares of role {} sum to {} %; they must sum to 100 %.", quote(rule.role),
                             number_text(sum * 100)));
    }
    return shares;
  }

  void post(std::size_t index, std::size_t event, const Exact& base, const std::vector<std::string>& people,
            std::vector<Exact> shares) {
    const CreditRule& rule = model_.credits[index];
    Exact sum = 0;
    for (const Exact& value : shares) sum += value;
    std::vector<Whole> parts;
    if (rule.rounded) {
      const std::int64_t whole = round_number(base, model_.mode);
      if (sum == 1) {
        parts = apportion(whole, shares);
      } else {
        for (const Exact& value : shares) parts.emplace_back(round_number(value * whole, model_.mode));
      }
    }
    const auto kept = std::make_shared<const std::vector<Exact>>(std::move(shares));
    for (std::size_t i = 0; i < people.size(); ++i) {
      Credit credit{index, event, people[i], rule.rounded ? Exact(parts[i]) : Exact(base * (*kept)[i]), 0, nullptr, 0};
      if (rule.apply == Apply::result) {
        if (sum != 1) fail_event(facts_.keys[event], "splits", "a result is shared by shares that sum to 100 %.");
        credit.whole = base;
        credit.shares = kept;
        credit.share = i;
      }
      out_.push_back(std::move(credit));
    }
  }

  // The superiors of everybody with a credit of the role, level by level, as the organisation was.
  void climb(std::size_t index, const std::vector<Tri>& counts, const Bases& bases) {
    const CreditRule& rule = model_.credits[index];
    int highest = 0;
    for (const ChainLevel& level : rule.levels) highest = std::max(highest, level.level);
    const std::size_t before = out_.size();
    for (std::size_t i = 0; i < before; ++i) {
      const Credit base = out_[i];
      if (model_.credits[base.rule].role != rule.of || counts[base.event] != Tri::yes) continue;
      const Date day = facts_.rows[rule.as_of_original ? facts_.origin(base.event) : base.event]->date;
      const Exact share = share_of(base);
      std::string person = base.person;
      std::set<std::string> seen = {person};
      for (int level = 1; level <= highest; ++level) {
        person = lookup_.manager(person, day);
        if (person.empty()) break;
        if (!seen.insert(person).second) {
          if (rule.skip_self && person == base.person) continue;
          fail_event(facts_.keys[base.event], "hierarchy",
                     fmt::format("{} stands above himself on {}.", quote(person), to_string(day)));
        }
        for (const ChainLevel& one : rule.levels) {
          if (one.level != level) continue;
          Exact amount = bases.base[base.event] * share * one.share;
          if (rule.rounded) amount = Exact(round_number(amount, model_.mode));
          out_.push_back({index, base.event, person, amount, 0, nullptr, 0});
        }
      }
    }
  }

  Exact share_of(const Credit& credit) const {
    const CreditRule& rule = model_.credits[credit.rule];
    Exact share = 0;
    Exact sum = 0;
    for (const Split& split : facts_.rows[credit.event]->splits) {
      if (split.role != rule.role) continue;
      const Exact value = parse_number(split.share);
      sum += value;
      if (split.person == credit.person) share += value;
    }
    if (rule.who == Who::values) return 1;
    return rule.who == Who::split_weights && sum != 0 ? Exact(share / sum) : share;
  }

  const Model& model_;
  const Facts& facts_;
  const Lookup& lookup_;
  std::vector<Credit>& out_;
};

}  // namespace

std::size_t Facts::origin(std::size_t row) const {
  const auto found = by_key.find(rows[row]->reverses);
  return found == by_key.end() ? row : found->second;
}

Facts order_events(const Inputs& inputs) {
  std::map<std::string, const EventRow*> newest;
  std::map<std::pair<std::string, std::int64_t>, const EventRow*> seen;
  for (const EventRow& event : inputs.events) {
    const std::string key = event.source + ":" + event.id;
    const auto [at, added] = seen.try_emplace({key, event.version}, &event);
    if (!added && content_of(*at->second) != content_of(event)) {
      throw Error(Code::conflict, "event", "version",
                  fmt::format("Event {} comes twice as version {} with two contents; a change needs a higher version.",
                              quote(key), event.version));
    }
    const EventRow*& kept = newest[key];
    if (kept == nullptr || kept->version < event.version) kept = &event;
  }
  std::vector<std::pair<const EventRow*, std::string>> rows;
  for (const auto& [key, event] : newest) {
    if (!event->cancelled) rows.emplace_back(event, key);
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first->date, a.first->sequence, a.second) < std::tie(b.first->date, b.first->sequence, b.second);
  });
  Facts facts;
  for (auto& [event, key] : rows) {
    facts.by_key[key] = facts.rows.size();
    facts.rows.push_back(event);
    facts.keys.push_back(key);
  }
  return facts;
}

Bases compute_bases(const Model& model, const Facts& facts, const Lookup& lookup, const CreditRule& rule) {
  Bases result;
  for (const ScopeName& name : model.scope.names) result.columns.emplace_back(is_text(name.type));
  for (std::size_t i = 0; i < facts.rows.size(); ++i) {
    const EventRow& event = *facts.rows[i];
    const EventRow& dated = rule.reversal == Reversal::original ? *facts.rows[facts.origin(i)] : event;
    Exact rate = ten_to(model.digits) / ten_to(minor_digits(event.amount.currency));
    if (event.amount.currency != model.currency) {
      rate *= lookup.rate(event.amount.currency, rule.fx, dated.date, facts.keys[i]);
    }
    const Exact amount = rate * event.amount.minor;
    const Exact cost = rate * event.cost;
    const Exact quantity = parse_number(event.quantity);
    auto& columns = result.columns;
    columns[kType].append(std::string_view(event.type));
    columns[kSource].append(std::string_view(event.source));
    columns[kKey].append(std::string_view(event.id));
    columns[kDate].append(std::int64_t{event.date.days});
    columns[kAmount].append(round_number(amount, Rounding::half_up));
    columns[kCost].append(round_number(cost, Rounding::half_up));
    columns[kMargin].append(round_number(amount - cost, Rounding::half_up));
    columns[kQuantity].append(round_number(quantity * ten_to(kQuantityScale), Rounding::half_up));
    for (std::size_t k = kFixedColumns; k < columns.size(); ++k) {
      const ScopeName& name = model.scope.names[k];
      const auto found = event.attributes.find(name.name);
      if (found == event.attributes.end()) {
        columns[k].append_null();
      } else {
        append_attribute(columns[k], name.type, found->second, facts.keys[i], name.name, model.currency);
      }
    }
    switch (rule.base) {
      case Base::amount: result.base.push_back(amount); break;
      case Base::margin: result.base.push_back(amount - cost); break;
      case Base::cost: result.base.push_back(cost); break;
      case Base::quantity: result.base.push_back(quantity * ten_to(model.digits)); break;
      case Base::expression: break;
    }
  }
  if (rule.base == Base::expression) {
    const ColumnView view = view_of(result.columns);
    for (std::size_t i = 0; i < facts.rows.size(); ++i) {
      result.base.push_back(exact_of(model, rule.base_expression->value(view, i)));
    }
  }
  return result;
}

std::vector<Credit> compute_credits(const Model& model, const Facts& facts, const Lookup& lookup) {
  std::vector<Credit> credits;
  Sharer sharer(model, facts, lookup, credits);
  for (std::size_t pass = 0; pass < 2; ++pass) {  // chains climb from what the other rules credit
    for (std::size_t i = 0; i < model.credits.size(); ++i) {
      if ((model.credits[i].who == Who::chain) == (pass == 1)) sharer.rule(i);
    }
  }
  return credits;
}

std::vector<Whole> apportion(const Whole& amount, const std::vector<Exact>& shares) {
  const bool negative = amount < 0;
  const Whole size = negative ? Whole(-amount) : amount;
  std::vector<Whole> parts;
  std::vector<std::pair<Exact, std::size_t>> rests;
  Whole left = size;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Exact ideal = shares[i] * size;
    const Whole floor = numerator(ideal) / denominator(ideal);
    parts.push_back(floor);
    rests.emplace_back(ideal - floor, i);
    left -= floor;
  }
  std::stable_sort(rests.begin(), rests.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; left > 0 && i < rests.size(); ++i, --left) ++parts[rests[i].second];
  if (negative) {
    for (Whole& part : parts) part = -part;
  }
  return parts;
}

}  // namespace kith::incentive::general
