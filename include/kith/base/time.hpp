// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Dates are days, timestamps are UTC microseconds, both since 1970-01-01. Business dates are stored as dates
/// and never derived again from a timestamp. Proleptic Gregorian calendar, years 0001 to 9999.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith {

/// Days since 1970-01-01.
struct Date {
  std::int32_t days = 0;
  friend constexpr auto operator<=>(Date, Date) = default;
};

/// Microseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  std::int64_t micros = 0;
  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

/// The end of a row that is still open; stored as such, so that unique keys hold. Shown as absent.
inline constexpr Date kOpenDate{2932896};                    // 9999-12-31
inline constexpr Timestamp kOpenTime{253402300799'000'000};  // 9999-12-31T23:59:59Z

/// A calendar day in parts; month and day count from 1.
struct Civil {
  int year = 1970;
  int month = 1;
  int day = 1;
};
/// Errors: overflow outside the years 0001 to 9999; so do all functions below that take a date or time.
Civil civil(Date date);
/// Errors: invalid when there is no such day.
Date date(int year, int month, int day);

/// Strict ISO 8601 "2017-03-01". Errors: invalid, saying what is expected.
Date parse_date(std::string_view text);
std::string to_string(Date date);

/// "2017-03-01T09:30:00Z", optional fraction up to 6 digits, "Z" or "+08:00"; a plain date is midnight UTC.
Timestamp parse_timestamp(std::string_view text);
/// Always UTC, "2017-03-01T09:30:00Z", with a fraction only where it is not zero.
std::string to_string(Timestamp time);

/// The day this instant falls on in an IANA zone ("Asia/Shanghai"); kOpenTime falls on kOpenDate everywhere. The
/// system's zone data is loaded on first use; it lists changes of the clock up to 2037, later ones are not foreseen.
/// Errors: invalid for an unknown zone, naming near ones; storage when the system has no zone data.
Date local_date(Timestamp time, std::string_view zone);
/// The instant a local day begins (the first instant of it where midnight is skipped, the earlier midnight where it
/// comes twice); kOpenDate begins at kOpenTime. Errors as for `local_date`.
Timestamp start_of_day(Date date, std::string_view zone);

/// Monday = 0 ... Sunday = 6.
int weekday(Date date);
/// The same day `months` later; month ends clamp (31 January + 1 month = 28 or 29 February).
Date add_months(Date date, int months);

}  // namespace kith
