// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Money is a whole number of minor units and a currency: 12.30 USD is {1230, USD}, 5 JPY is {5, JPY}, 1.250 KWD
/// is {1250, KWD}. A record has one currency and its money fields are `Amount`s in it. Adding two currencies is
/// an error; money never touches a double.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/decimal.hpp"

namespace kith {

/// An ISO 4217 currency, as its three letters packed into an integer; 0 is "none yet".
struct Currency {
  std::int32_t packed = 0;
  constexpr explicit operator bool() const { return packed != 0; }
  friend constexpr auto operator<=>(Currency, Currency) = default;
};

/// The currency of an ISO 4217 code ("USD"). Errors: invalid, naming near codes.
Currency currency(std::string_view code);
/// Its three letters; "" for none.
std::string code_of(Currency currency);
/// Digits after the point by ISO 4217: USD 2, JPY 0, KWD 3; metals and units of account, which have no minor unit, 0.
/// Errors: misuse for "none" and for a packed number that no currency has; so do all functions below that need digits.
int minor_digits(Currency currency);
/// Its three-digit number by ISO 4217: USD 840, AFN 971, ALL 8. ANG and XCG share 532. Errors: as `minor_digits`.
int number_of(Currency currency);
/// Every currency that is known, by code: ISO 4217's list with its funds codes, metals and units of account, and what
/// was withdrawn since 2020.
std::vector<Currency> currencies();

/// A whole number of minor units in the currency of the record it stands in.
struct Amount {
  std::int64_t minor = 0;
  friend constexpr auto operator<=>(Amount, Amount) = default;
};

/// Minor units with their currency.
struct Money {
  std::int64_t minor = 0;
  Currency currency;
  friend constexpr bool operator==(Money, Money) = default;
};

/// Exact sum and difference. Errors: invalid for two currencies, overflow.
Money add(Money a, Money b);
Money subtract(Money a, Money b);
/// value x factor, rounded once to the minor unit.
Money multiply(Money value, Decimal factor, Rounding mode);

/// Reads a plain decimal as an amount of that currency. More digits than the currency has are Error{invalid}:
/// nothing is rounded on the way in.
Money parse_money(std::string_view number, Currency currency);
/// "1234.50" (no grouping, no code), with exactly the currency's digits.
std::string to_string(Money value);
/// "1,234.50 USD": for people.
std::string display(Money value);

}  // namespace kith
