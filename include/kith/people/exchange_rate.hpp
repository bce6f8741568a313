// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Dated exchange rates as records, each with its kind and source. Of one pair and kind the rates never overlap; an
/// inverse is derived exactly and need not be stored, nor need rates between two currencies that both have one to the
/// store's base currency.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/rate.hpp"
#include "kith/engine/work.hpp"

namespace kith {

/// What a rate is for. Numbers are stable.
enum class RateKind : std::int32_t {
  market = 1,          ///< of the day, as quoted
  plan = 2,            ///< fixed for budgets, quotas and plans
  period_average = 3,  ///< the mean of a period, as published
};
template <>
struct Choices<RateKind> {
  static constexpr std::string_view names[] = {"market", "plan", "period_average"};
};

/// From a day on, one unit of `from_currency` is worth `rate` of `to_currency`.
struct ExchangeRate {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Currency from_currency = {};
  Currency to_currency = {};  ///< default: the store's base currency
  RateKind kind = RateKind::market;
  Decimal rate = {0, kExchangeScale};  ///< above 0
  Date from = {};                      ///< default: today
  Date to = kOpenDate;
  std::string source = {};  ///< who says so: "ECB", "treasury"
};
template <>
const Entity& entity_of<ExchangeRate>();

namespace people {

/// Adds a rate, or corrects one that was read (with its revision). A new rate ends the one of its pair and kind that
/// was open until then. Needs administer on exchange_rate. Errors: invalid (one currency twice, a rate of zero or less,
/// no source), conflict (overlap with another row, stale).
Id set_rate(Work& work, ExchangeRate& rate);

/// A rate that was found, with the rows it was made of (one, or two through the pivot; none for one currency).
struct FoundRate {
  Ratio rate;
  std::vector<ExchangeRate> rows = {};
};
/// The rate of a day: that of the pair; else the exact inverse of the reverse pair; else through `pivot` (default: the
/// base currency), see kith::find_route. Errors: not_found, naming the pair, kind and day.
FoundRate rate_on(const Reader& reader, Currency from, Currency to, Date on, RateKind kind = RateKind::market,
                  Currency pivot = {});
/// The amount at the rate of a day, rounded once. Errors: as `rate_on`; overflow.
Money convert_on(const Reader& reader, Money amount, Currency to, Date on, RateKind kind = RateKind::market,
                 Rounding mode = Rounding::half_up);

/// Rates into the store's base currency for many facts, read by one query for all of them (none for base money).
class BaseRates {
 public:
  BaseRates(const Reader& reader, std::span<const DatedMoney> facts, RateKind kind = RateKind::market);
  /// One of those facts at the rate of its day, rounded once, half up. Errors: as `rate_on`; overflow.
  BaseValue value(const DatedMoney& fact) const;

 private:
  Currency base_;
  RateKind kind_;
  std::map<std::string, std::vector<ExchangeRate>> rows_;  // by pair, "EURUSD", oldest first
};

}  // namespace people
}  // namespace kith
