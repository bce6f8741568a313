// SPDX-License-Identifier: Apache-2.0
#include "incentive/earned.hpp"

#include <memory>

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

  EarnedTable run() {
    if (question_.deal_days.empty() && question_.event_days.empty()) return {};
    for (const auto& [name, grain] : rhythms(system_)) {
      const Calendar calendar = calendar_named(system_, name);
      const auto deals = periods(calendar, grain, question_.deal_days);
      const auto events = periods(calendar, grain, question_.event_days);
      if (!deals.empty()) by_deals(calendar, deals);
      if (!events.empty()) by_events(calendar, events);
    }
    return std::move(table_);
  }

 private:
  static std::map<Date, Period> periods(const Calendar& calendar, Grain grain, const std::set<Date>& days) {
    std::map<Date, Period> found;
    for (const Date day : days) {
      Period period = period_of(calendar, grain, day);
      found.emplace(period.from, std::move(period));
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
      add(calendar, period, compute_earnings(facts, holdings, only));
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
      if (crosses ? which.crossing : which.alone) add(calendar, period, facts.earnings(*version, period, only));
    }
  }

  void add(const Calendar& calendar, const Period& period, const std::vector<Earning>& earnings) {
    for (const Earning& earning : earnings) {
      Earned& earned = table_[{earning.employee, earning.version->row.name, calendar.name, period.label}];
      earned.total = checked_add(earned.total, earning.amount, "commission");
      std::int64_t& day = earned.by_day[earning.day];
      day = checked_add(day, earning.amount, "commission");
    }
  }

  const Reader& system_;
  const EarnedQuestion& question_;
  EarnedTable table_;
};

}  // namespace

EarnedTable earned_in(const Reader& system, const EarnedQuestion& question) { return Earner(system, question).run(); }

}  // namespace kith::incentive
