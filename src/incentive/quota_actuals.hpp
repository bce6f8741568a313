// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What came in during a stretch of days, by employee and by every unit above each on the day it came in.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "incentive/statement_facts.hpp"
#include "kith/incentive/quota.hpp"

namespace kith::incentive {

class QuotaActuals {
 public:
  QuotaActuals(const Reader& system, QuotaMetric metric, Date from, Date to);

  std::int64_t of(std::optional<Id> unit, std::optional<Id> employee) const;
  std::int64_t of(const Quota& quota) const { return of(quota.unit, quota.employee); }

 private:
  std::unordered_map<Id, std::int64_t> employees_;
  std::unordered_map<Id, std::int64_t> units_;
};

/// True for metrics that count things; their quotas are in XXX, the currency without money and without digits.
bool counts(QuotaMetric metric);
/// What quotas of that metric are in.
Currency currency_of(QuotaMetric metric, const Reader& reader);
/// The same period of the year before, by its label. Errors: invalid where that year has none (a 53rd week).
Period year_before(const Calendar& calendar, const std::string& label);
/// The nodes below (and with) a root, parents before children, whoever may see them.
std::vector<Quota> nodes_below(const Reader& system, const Quota& root);

}  // namespace kith::incentive
