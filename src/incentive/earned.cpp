// SPDX-License-Identifier: Apache-2.0
#include "incentive/earned.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "incentive/general_facts.hpp"
#include "incentive/statement_facts.hpp"

namespace kith::incentive {
namespace {

/// The calendar and grain of every stored plan.
std::set<std::pair<std::string, Grain>> rhythms(const Reader& system) {
  std::set<std::pair<std::string, Grain>> found;
  for (const CommissionPlan& row : system.list<CommissionPlan>()) {
    const PlanVersion version = read_version(row);
    found.emplace(version.calendar, version.interval);
  }
  return found;
}

class Earner {
 public:
  Earner(const Reader& system, const EarnedQuestion& question) : system_(system), question_(question) {}

  EarnedAnswer run() {
    if (question_.deal_days.empty() && question_.event_days.empty()) return {};
    for (const auto& [name, grain] : rhythms(system_)) {
      const Calendar calendar = calendar_named(system_, name);
      const auto deals = periods(calendar, grain, question_.deal_days);
      const auto events = periods(calendar, grain, question_.event_days);
      if (!deals.empty()) by_deals(calendar, deals);
      if (!events.empty()) by_events(calendar, events);
    }
    return std::move(answer_);
  }

 private:
  /// The last periods of 9999 end where no date is any more, so nothing is ever computed for them: a fact of such a day
  /// earns nothing, and is no reason to turn its work down.
  static std::optional<Period> period_at(const Calendar& calendar, Grain grain, Date day) {
    try {
      return period_of(calendar, grain, day);
    } catch (const Error& error) {
      if (error.code != Code::overflow) throw;
      return std::nullopt;
    }
  }

  static std::map<Date, Period> periods(const Calendar& calendar, Grain grain, const std::set<Date>& days) {
    std::map<Date, Period> found;
    for (const Date day : days) {
      auto period = period_at(calendar, grain, day);
      if (period) found.emplace(period->from, std::move(*period));
    }
    return found;
  }

  std::unique_ptr<Terms> terms(const Calendar& calendar, const EarnedQuestion::People& people) const {
    if (people) return std::make_unique<Terms>(system_, calendar.name, *people);
    return std::make_unique<Terms>(system_, calendar.name);
  }

  void by_deals(const Calendar& calendar, const std::map<Date, Period>& periods) {
    const auto known = terms(calendar, question_.deal_people);
    const std::unordered_set<Id>* only = question_.deal_people ? &*question_.deal_people : nullptr;
    for (const auto& [from, period] : periods) {
      const PeriodFacts facts(system_, *known, period, only);
      Holdings holdings(*known, period);
      attempt(
          {{}, "", calendar.name, period.label}, only,
          [&](const std::unordered_set<Id>* people) { return compute_earnings(facts, holdings, people); },
          [&] {
            std::unordered_set<Id> people;
            for (const Share& share : facts.shares()) people.insert(share.employee);
            return people;
          });
    }
  }

  void by_events(const Calendar& calendar, const std::map<Date, Period>& periods) {
    const auto known = terms(calendar, question_.event_people);
    if (!known->has_general_plans()) return;
    std::map<Date, Period> crossing;
    for (const auto& [from, period] : periods) {
      for (const PlanVersion* version : known->general_versions(period)) {
        if (GeneralFacts::crosses(*version->document)) crossing.emplace(from, period);
      }
    }
    if (!question_.event_people) {
      const GeneralFacts facts(system_, *known, calendar);
      for (const auto& [from, period] : periods) add_general(facts, calendar, period, nullptr, {true, true});
      return;
    }
    const GeneralFacts facts(system_, *known, calendar, *question_.event_people);
    for (const auto& [from, period] : periods) {
      add_general(facts, calendar, period, &*question_.event_people, {false, true});
    }
    if (crossing.empty()) return;
    const Terms all(system_, calendar.name);
    const GeneralFacts everything(system_, all, calendar);
    for (const auto& [from, period] : crossing) add_general(everything, calendar, period, nullptr, {true, false});
  }

  struct Which {
    bool crossing;
    bool alone;
  };
  void add_general(const GeneralFacts& facts, const Calendar& calendar, const Period& period,
                   const std::unordered_set<Id>* only, Which which) {
    for (const PlanVersion* version : facts.held(period)) {
      const bool crosses = GeneralFacts::crosses(*version->document);
      if (crosses ? !which.crossing : !which.alone) continue;
      attempt(
          {{}, version->row.name, calendar.name, period.label}, only,
          [&](const std::unordered_set<Id>* people) { return facts.earnings(*version, period, people); },
          [&] {
            std::unordered_set<Id> people;
            if (crosses) return people;  // all or nobody
            for (const Id holder : facts.holders(*version, period)) people.insert(holder);
            return people;
          });
    }
  }

  /// A fact that cannot be judged keeps back those whom it may pay: `compute` is tried for all that are asked about, or
  /// those of `all` where that is everybody, and then for halves of them.
  template <class Compute, class All>
  void attempt(const EarnedKey& key, const std::unordered_set<Id>* only, const Compute& compute, const All& all) {
    std::vector<Earning> earnings;
    try {
      earnings = compute(only);
    } catch (const Error& error) {
      if (!of_facts(error)) throw;
      std::unordered_set<Id> everybody = all();
      if (only != nullptr && !everybody.empty()) {
        std::erase_if(everybody, [&](Id id) { return !only->contains(id); });
      }
      std::vector<Id> people(everybody.begin(), everybody.end());
      if (people.empty()) {
        answer_.untold.emplace(key, error);
        return;
      }
      std::sort(people.begin(), people.end());
      attempt_each(key, people, error, compute);
      return;
    }
    add(key, earnings);
  }

  /// `failed`: what computing these people together came to.
  template <class Compute>
  void attempt_each(const EarnedKey& key, std::span<const Id> people, const Error& failed, const Compute& compute) {
    if (people.size() == 1) {
      answer_.untold.emplace(EarnedKey{people.front(), key.plan, key.calendar, key.period}, failed);
      return;
    }
    const std::size_t half = people.size() / 2;
    for (const auto part : {people.first(half), people.subspan(half)}) {
      const std::unordered_set<Id> some(part.begin(), part.end());
      std::vector<Earning> earnings;
      try {
        earnings = compute(&some);
      } catch (const Error& error) {
        if (!of_facts(error)) throw;
        attempt_each(key, part, error, compute);
        continue;
      }
      add(key, earnings);
    }
  }

  static bool of_facts(const Error& error) {
    return error.code == Code::invalid || error.code == Code::not_found || error.code == Code::state ||
           error.code == Code::overflow;
  }

  void add(const EarnedKey& key, const std::vector<Earning>& earnings) {
    for (const Earning& earning : earnings) {
      Earned& earned = answer_.earned[{earning.employee, earning.version->row.name, key.calendar, key.period}];
      earned.total = checked_add(earned.total, earning.amount, "commission");
      std::int64_t& day = earned.by_day[earning.day];
      day = checked_add(day, earning.amount, "commission");
    }
  }

  const Reader& system_;
  const EarnedQuestion& question_;
  EarnedAnswer answer_;
};

}  // namespace

const Error* EarnedAnswer::why_untold(const EarnedKey& key) const {
  for (const EarnedKey& kept : {key, EarnedKey{key.employee, "", key.calendar, key.period},
                                EarnedKey{{}, key.plan, key.calendar, key.period}}) {
    if (const auto found = untold.find(kept); found != untold.end()) return &found->second;
  }
  return nullptr;
}

EarnedAnswer earned_in(const Reader& system, const EarnedQuestion& question) { return Earner(system, question).run(); }

}  // namespace kith::incentive
