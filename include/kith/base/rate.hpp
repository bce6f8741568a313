// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Exchange rates as exact fractions. A quote says what one unit of a currency is worth in another: EUR/USD 1.10 means
/// 1 EUR = 1.10 USD. Inverses and chains of rates stay exact; an amount is rounded once, at the end, by a named mode
/// and to the minor unit of the currency it becomes. Everything here is pure and thread-safe.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/decimal.hpp"
#include "kith/base/money.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/time.hpp"

namespace kith {

/// Digits after the point of a stored exchange rate: enough for one Iranian rial in Kuwaiti dinars.
inline constexpr int kExchangeScale = 12;

/// A positive fraction in lowest terms. Made by the functions below; 1 by default.
struct Ratio {
  Int128 numerator = 1;
  Int128 denominator = 1;
  friend bool operator==(const Ratio&, const Ratio&) = default;
};

/// numerator / denominator in lowest terms. Errors: invalid unless both are above 0.
Ratio ratio(Int128 numerator, Int128 denominator);
/// The decimal as a fraction. Errors: invalid unless it is above 0.
Ratio ratio(Decimal value);
/// 1 / value, exactly.
Ratio inverse(const Ratio& value);
/// a x b, exactly. Errors: overflow when a part of the result leaves 127 bits.
Ratio multiply(const Ratio& a, const Ratio& b);
/// The mean of rates, each counted `weights` times (days that it held): sum(rate x weight) / sum(weight), exactly.
/// Errors: invalid for lists of two lengths, a negative weight, or none above 0; overflow.
Ratio weighted_mean(std::span<const Ratio> rates, std::span<const std::int64_t> weights);
/// The value with `scale` digits after the point, rounded once; for showing. Errors: overflow.
Decimal rounded(const Ratio& value, int scale, Rounding mode);

/// The value exactly: "1.1" where a decimal number with at most 18 digits after the point says it, else "10/11".
std::string to_string(const Ratio& value);
/// Its inverse. Errors: invalid for what is neither, or not above 0.
Ratio parse_ratio(std::string_view text);

/// What one minor unit of `from` is in minor units of `to`, where one whole unit of `from` is `rate` of `to`: 1 JPY at
/// 0.0068 USD is 0.68 cents.
Ratio minor_ratio(Currency from, Currency to, const Ratio& rate);
/// The amount in another currency, rounded once. Errors: overflow; misuse for an amount without a currency.
Money convert(Money amount, Currency to, const Ratio& rate, Rounding mode);

/// One unit of `from` is worth `rate` of `to`.
struct Quote {
  Currency from;
  Currency to;
  Ratio rate;
};

/// How a rate was found among quotes.
struct Route {
  /// One quote on the way, and whether it was turned round.
  struct Leg {
    std::size_t quote = 0;  ///< its place among the quotes
    bool inverted = false;
  };
  Ratio rate;             ///< of the whole way
  std::vector<Leg> legs;  ///< none where both currencies are one
};

/// The rate between two currencies: the quote of the pair; else the exact inverse of the reverse pair's; else the
/// product of the two legs through `pivot` (mostly the base currency), each found in the same way. Of two quotes of one
/// pair the first counts. Nothing when the quotes do not lead there; longer chains are never guessed.
std::optional<Route> find_route(std::span<const Quote> quotes, Currency from, Currency to, Currency pivot);

/// Money on the day that it counts on.
struct DatedMoney {
  Money money;
  Date on;
};

/// What a fact keeps of its worth in a store's base currency: rates that are set later change nothing about it.
struct BaseValue {
  Amount amount = {};
  std::optional<std::string> rate = {};  ///< that was used, exactly (to_string of a Ratio); none for base money
  std::optional<Date> on = {};           ///< the day of that rate
  friend bool operator==(const BaseValue&, const BaseValue&) = default;
};

}  // namespace kith
