// SPDX-License-Identifier: Apache-2.0
#include "incentive/bonus_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/big.hpp"
#include "incentive/entities.hpp"
#include "incentive/plan_rules.hpp"
#include "incentive/whose.hpp"
#include "kith/people/employee.hpp"

namespace kith::incentive {

Counted counted_named(std::string_view name) {
  const auto& names = Choices<QuotaMetric>::names;
  const auto metric = static_cast<std::size_t>(QuotaMetric::measure) - 1;
  for (std::size_t i = 0; i < metric; ++i) {
    if (names[i] == name) return {static_cast<QuotaMetric>(i + 1), {}};
  }
  return {QuotaMetric::measure, std::string(name)};
}

std::vector<BonusPart> parts_of(const Reader& reader, Id bonus) {
  return reader.list<BonusPart>({.conditions = {equals(kBonusPart, "bonus", bonus)}, .order = {"position"}});
}

namespace {

/// Which bonus, of which days, whose numbers do not fit, and how to mend it.
std::string bonus_text(const Bonus& bonus) {
  return fmt::format("{} {} from {} to {} (shorten its days{})", choice_name(bonus.kind), quote(bonus.name),
                     to_string(bonus.from), to_string(bonus.to),
                     bonus.kind == BonusKind::spiff  ? ", or narrow its filter"
                     : bonus.kind == BonusKind::pool ? ", or lower its rate or weights"
                                                     : "");
}

std::string shown(const Reader& system, const Counted& what, std::int64_t value) {
  return display({value, currency_of(system, what)});
}

/// Everybody who takes part, by id: members of the unit and of those below on the last day, else all.
std::vector<Id> participants(const Reader& system, const Bonus& bonus) {
  const Date last{bonus.to.days - 1};
  std::vector<Id> people;
  if (bonus.unit) {
    for (const Employee& row : people::members(system, people::subtree(system, *bonus.unit, last), last)) {
      people.push_back(row.id);
    }
  } else {
    for (const Employee& row : system.list<Employee>()) {
      if ((!row.hired_on || *row.hired_on <= last) && (!row.left_on || *row.left_on > last)) people.push_back(row.id);
    }
  }
  std::sort(people.begin(), people.end());
  return people;
}

/// How a pool came to be that is a share of what all brought, also those who take no part.
std::string pool_text(const Reader& system, const Bonus& bonus, const Counted& what, std::int64_t all,
                      std::int64_t pool) {
  if (!bonus.rate) return {};
  const std::int64_t hurdle = bonus.hurdle.value_or(Amount{}).minor;
  const std::string brought = shown(system, what, all);
  const std::string begin = "; pool of " + display({pool, system.currency()}) + ": ";
  const std::string above = shown(system, what, hurdle);
  if (hurdle != 0 && all <= hurdle) return begin + brought + " of everybody is not above " + above;
  const std::string of =
      hurdle == 0 ? brought + " of everybody" : fmt::format("({} of everybody - {})", brought, above);
  return begin + to_string(*bonus.rate, true) + " x " + of + ", shared among all who take part";
}

void fill_pool(const Reader& system, const Bonus& bonus, const std::vector<BonusPart>& parts, BonusOutcome& outcome) {
  const Counted what = counted_named(bonus.counts);
  const QuotaActuals actuals(system, what, bonus.from, bonus.to);
  const auto share_of_all = [&] {
    return told_whose(
        [&] {
          return fmt::format("{} of {} brought by all", to_string(*bonus.rate, true),
                             shown(system, what, actuals.all()));
        },
        [&] {
          return pool_above_hurdle(actuals.all(), bonus.hurdle.value_or(Amount{}).minor, *bonus.rate,
                                   Rounding::half_up);
        });
  };
  const std::int64_t pool = bonus.amount ? bonus.amount->minor : share_of_all();
  std::vector<PoolMember> members;
  const auto add = [&](Id employee, std::int64_t weight, std::optional<Amount> cap, std::string basis) {
    if (!cap) cap = bonus.cap;
    members.push_back({weight, cap ? std::optional(cap->minor) : std::nullopt});
    outcome.people.push_back({.employee = employee, .score = weight, .basis = std::move(basis)});
  };
  for (const BonusPart& part : parts)
    add(*part.employee, *part.weight, part.amount, fmt::format("weight {}", *part.weight));
  if (parts.empty()) {
    for (const Id person : participants(system, bonus)) {
      const std::int64_t brought = actuals.of(std::nullopt, person);
      if (brought > 0) add(person, brought, std::nullopt, "brought " + shown(system, what, brought));
    }
  }
  const PoolShares shares = share_pool(pool, members);
  const std::unordered_set<std::size_t> capped(shares.capped.begin(), shares.capped.end());
  Int128 weights = 0;
  for (const PoolMember& member : members) weights += std::max<std::int64_t>(member.weight, 0);
  const auto weight_text = [&](Int128 weight) {
    const std::int64_t number = narrow(weight, "sum of the weights of all");
    return parts.empty() ? shown(system, what, number) : std::to_string(number);
  };
  const std::string whole = weight_text(weights);
  const std::string origin = pool_text(system, bonus, what, bonus.rate ? actuals.all() : 0, pool);
  std::int64_t left = pool;
  Int128 open = weights;
  for (const std::size_t i : capped) {
    left -= shares.shares[i];
    open -= members[i].weight;
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    BonusResult& result = outcome.people[i];
    result.amount = shares.shares[i];
    result.basis += " of " + whole + " in all";
    if (capped.contains(i)) {
      result.basis += ", at the cap of " + display({*members[i].cap, system.currency()});
    } else if (!capped.empty() && members[i].weight > 0) {
      result.basis += fmt::format("; {} at the cap leave {} for a weight of {}", capped.size(),
                                  display({left, system.currency()}), weight_text(open));
    }
    result.basis += origin;
  }
  outcome.pool = {pool, system.currency()};
  outcome.carried = {shares.carried, system.currency()};
}

/// How the prizes of a place are shared among equals; "" for somebody alone there, or without a prize.
std::string tie_text(const Reader& system, const Bonus& bonus, const std::vector<std::int64_t>& places,
                     const std::vector<std::int64_t>& prizes, std::size_t own) {
  const std::int64_t place = places[own];
  const auto equal = std::count(places.begin(), places.end(), place);
  if (equal < 2 || place > static_cast<std::int64_t>(prizes.size())) return {};
  if (bonus.ties == Ties::each) return "; equal with others, each has its prize";
  const std::int64_t last = std::min<std::int64_t>(place + equal - 1, static_cast<std::int64_t>(prizes.size()));
  std::int64_t sum = 0;
  for (std::int64_t i = place; i <= last; ++i) {
    sum = checked_add(sum, prizes[static_cast<std::size_t>(i) - 1], "sum of prizes");
  }
  return fmt::format("; equal with {} more: prizes {} to {} sum to {}", equal - 1, place, last,
                     display({sum, system.currency()}));
}

void fill_contest(const Reader& system, const Bonus& bonus, const std::vector<BonusPart>& parts,
                  BonusOutcome& outcome) {
  const Counted what = counted_named(bonus.counts);
  const QuotaActuals actuals(system, what, bonus.from, bonus.to);
  std::vector<std::int64_t> scores;
  std::vector<std::int64_t> prizes;
  for (const BonusPart& part : parts) prizes.push_back(part.amount->minor);
  for (const Id person : participants(system, bonus)) {
    scores.push_back(actuals.of(std::nullopt, person));
    outcome.people.push_back({.employee = person, .score = scores.back()});
  }
  const std::vector<std::int64_t> places = rank(scores);
  const std::vector<std::int64_t> payouts = rank_payouts(scores, prizes, bonus.ties, bonus.minimum);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    BonusResult& result = outcome.people[i];
    const bool placed = !bonus.minimum || scores[i] >= *bonus.minimum;
    result.place = placed ? places[i] : 0;
    result.amount = payouts[i];
    result.basis = placed ? fmt::format("place {} with {}", places[i], shown(system, what, scores[i]))
                          : shown(system, what, scores[i]) + ", below the minimum";
    if (placed) result.basis += tie_text(system, bonus, places, prizes, i);
  }
}

void fill_spiff(const Reader& system, const Bonus& bonus, BonusOutcome& outcome) {
  Measure deals;
  deals.name = bonus.name;
  deals.entity = "opportunity";
  deals.on = "closed_on";
  deals.filter = "status = 'won'" + (bonus.filter ? " and (" + *bonus.filter + ")" : std::string());
  deals.kind = MeasureKind::money;
  deals.value = bonus.amount
                    ? to_string(Money{bonus.amount->minor, system.currency()}) + " " + code_of(system.currency())
                    : std::string("base_amount");
  struct Sum {
    std::int64_t credit = 0;
    std::int64_t pay = 0;
    std::int64_t deals = 0;
  };
  std::map<Id, Sum> sums;
  const std::vector<Id> people = participants(system, bonus);
  for (const MeasuredShare& share : measured(system, deals, bonus.from, bonus.to)) {
    if (!std::binary_search(people.begin(), people.end(), share.employee)) continue;
    Sum& sum = sums[share.employee];
    told_whose([&] { return person_text(system, share.employee); },
               [&] {
                 const std::int64_t pay =
                     bonus.amount ? share.amount
                                  : round_big(big(Int128{share.amount}) * big(*bonus.rate), Rounding::half_up);
                 sum.credit = checked_add(sum.credit, share.amount, "credit");
                 sum.pay = checked_add(sum.pay, pay, "premium");
               });
    ++sum.deals;
  }
  for (const auto& [person, sum] : sums) {
    BonusResult& result = outcome.people.emplace_back();
    result.employee = person;
    result.score = sum.credit;
    result.amount = bonus.cap ? std::min(sum.pay, bonus.cap->minor) : sum.pay;
    result.basis = fmt::format("{} deal{}", sum.deals, sum.deals == 1 ? "" : "s");
    if (bonus.rate) {
      result.basis += fmt::format(", {} x {}, rounded deal by deal", display({sum.credit, system.currency()}),
                                  to_string(*bonus.rate, true));
    }
    if (result.amount < sum.pay) result.basis += ", at the cap of " + display({bonus.cap->minor, system.currency()});
  }
}

/// Whoever was paid once is there, also when nothing is due any more.
void add_posted(const Reader& system, Id bonus, BonusOutcome& outcome) {
  std::map<Id, std::int64_t> posted;
  for (const Award& award : system.list<Award>({.conditions = {equals(kAward, "bonus", bonus)}})) {
    std::int64_t& sum = posted[award.employee];
    sum = told_whose([&] { return "awards of " + person_text(system, award.employee); },
                     [&] { return checked_add(sum, award.amount.minor, "awards"); });
  }
  for (BonusResult& result : outcome.people) {
    const auto found = posted.find(result.employee);
    if (found == posted.end()) continue;
    result.posted = found->second;
    posted.erase(found);
  }
  for (const auto& [employee, sum] : posted) {
    outcome.people.push_back({.employee = employee, .posted = sum, .basis = "takes no part any more"});
  }
}

}  // namespace

std::int64_t missing_to(const Reader& system, const Bonus& bonus, const BonusResult& result) {
  return told_whose([&] { return bonus_text(bonus) + ": " + person_text(system, result.employee); },
                    [&] { return checked_sub(result.amount, result.posted, "difference to the awards so far"); });
}

BonusOutcome compute_bonus(const Reader& system, const Bonus& bonus) {
  BonusOutcome outcome;
  told_whose([&] { return bonus_text(bonus); },
             [&] {
               switch (bonus.kind) {
                 case BonusKind::pool: fill_pool(system, bonus, parts_of(system, bonus.id), outcome); break;
                 case BonusKind::contest: fill_contest(system, bonus, parts_of(system, bonus.id), outcome); break;
                 case BonusKind::spiff: fill_spiff(system, bonus, outcome); break;
               }
               add_posted(system, bonus.id, outcome);
             });
  std::stable_sort(outcome.people.begin(), outcome.people.end(),
                   [](const BonusResult& a, const BonusResult& b) { return a.amount > b.amount; });
  return outcome;
}

void check_bonuses(const Reader& reader, std::vector<Finding>& findings) {
  std::map<std::pair<Id, Id>, Int128> people;
  for (const Award& award : reader.list<Award>({.order = {"id"}})) {
    Int128& sum = people[{award.bonus, award.employee}];
    if (award.correction && sum == 0) {
      findings.push_back({"award", award.id, "corrects nothing: no award came before it"});
    }
    sum += award.amount.minor;
  }
  for (const auto& [key, sum] : people) {
    if (sum < 0) findings.push_back({"bonus", key.first, "has taken more back than it gave"});
  }
  for (const Bonus& bonus : reader.list<Bonus>()) {
    if (bonus.to <= bonus.from) findings.push_back({"bonus", bonus.id, "must end after it begins"});
    if (bonus.kind == BonusKind::contest && (bonus.amount || bonus.rate)) {
      findings.push_back({"bonus", bonus.id, "a contest has prizes, neither an amount nor a rate"});
    }
  }
}

}  // namespace kith::incentive
