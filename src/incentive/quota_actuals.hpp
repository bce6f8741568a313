// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What came in during a stretch of days, by employee and by every unit above each on the day it came in.

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "incentive/statement_facts.hpp"
#include "kith/incentive/measure.hpp"
#include "kith/incentive/quota.hpp"

namespace kith::incentive {

/// What a quota counts: a metric, and the measure where the metric is `measure`.
struct Counted {
  QuotaMetric metric = QuotaMetric::won_amount;
  std::string measure = {};
  friend bool operator==(const Counted&, const Counted&) = default;
};
Counted counted_by(const Quota& quota);
/// As a measure: won_amount and won_count are measures of opportunities. Errors: invalid (unknown measure); misuse for
/// new_customers, which is none.
Measure as_measure(const Reader& system, const Counted& what);

/// What a worth in the base currency is in that of a quota, at the rate it keeps, rounded once; numbers, which have no
/// currency, stay as they are.
std::int64_t in_currency_of(const Quota& quota, Currency base, std::int64_t worth);

/// In the store's base currency, unless a quota is named: then in its own.
class QuotaActuals {
 public:
  QuotaActuals(const Reader& system, const Counted& what, Date from, Date to);
  /// Of these people alone; units and `all` say nothing.
  QuotaActuals(const Reader& system, const Counted& what, Date from, Date to, const std::unordered_set<Id>& people);
  /// Of a measure that need not be stored.
  QuotaActuals(const Reader& system, const Measure& measure, Date from, Date to);

  std::int64_t of(std::optional<Id> unit, std::optional<Id> employee) const;
  std::int64_t of(const Quota& quota) const;
  /// Of everybody; a record that several share counts once.
  std::int64_t all() const { return all_; }
  std::int64_t all_in_currency_of(const Quota& quota) const;

 private:
  void add(const Reader& system, const Measure& measure, Date from, Date to, const std::unordered_set<Id>* only);
  Currency base_;  // none: numbers
  std::unordered_map<Id, std::int64_t> employees_;
  std::unordered_map<Id, std::int64_t> units_;
  std::int64_t all_ = 0;
};

/// "'Ann' (12)", "unit 'North' (7)", for errors.
std::string person_text(const Reader& system, Id employee);
std::string unit_text(const Reader& system, Id unit);

/// Per customer the first deal that was ever won: by day, then by id.
std::unordered_set<Id> first_deals(const Reader& system);
/// True for what adds up records, not their worth.
bool counts(const Reader& system, const Counted& what);
/// What its quotas are in: the store's currency, or XXX (the currency without money and without digits) for numbers.
Currency currency_of(const Reader& system, const Counted& what);
inline Currency currency_of(const Reader& system, const Quota& quota) { return currency_of(system, counted_by(quota)); }
/// The quotas that count the same in the same period and version, for Query::conditions.
std::vector<Condition> counting_the_same(const Quota& quota);
/// What `Quota::counts` should hold.
std::string counts_key(const Quota& quota);
bool same_count(const Quota& a, const Quota& b);
/// "won_amount of 2025-Q2 of calendar 'calendar'".
std::string counted_text(const Quota& quota);
/// The same period of the year before, by its label. Errors: invalid where that year has none (a 53rd week).
Period year_before(const Calendar& calendar, const std::string& label);
/// The nodes below (and with) a root, parents before children, whoever may see them.
std::vector<Quota> nodes_below(const Reader& system, const Quota& root);

/// `split_periods` by whole weights, some of which may be 0.
std::vector<Id> split_by(Work& work, Id quota, Grain grain, const std::vector<std::int64_t>& weights);

/// `attainment` of what came in before a day.
std::vector<QuotaAttainment> attainment_until(const Reader& reader, Id root, Date until);

}  // namespace kith::incentive
