// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Periods of a calendar of months with quarters and years; the fiscal year may begin with any month. Weeks run
/// Monday to Sunday and are no children of months. Periods are half-open [from, to). Pure and thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/time.hpp"

namespace kith {

/// How long a period is. Numbers are stable.
enum class Grain : std::int32_t { month = 1, quarter = 2, year = 3, week = 4 };
std::string_view name_of(Grain grain);
Grain parse_grain(std::string_view name);

/// A calendar of months. A fiscal year is named by the calendar year in which it ends.
struct Calendar {
  std::string name = "calendar";  ///< unique in a store; plans, quotas and reports name one
  int first_month = 1;            ///< 1..12: the month in which the fiscal year begins
};

/// [from, to) with its label: "2017-03", "2017-Q2", "2017", "2017-W09" (ISO 8601 week).
struct Period {
  Grain grain = Grain::month;
  Date from;
  Date to;
  std::string label;
  friend bool operator==(const Period&, const Period&) = default;
};

/// The period of that grain which holds the day. Errors: invalid for a calendar without such a first month; overflow
/// when a bound lies outside the years 0001 to 9999.
Period period_of(const Calendar& calendar, Grain grain, Date day);
/// The period with that label. Errors: invalid, with an example of each form.
Period parse_period(const Calendar& calendar, std::string_view label);
/// The period after this one.
Period next(const Calendar& calendar, const Period& period);
/// All periods of a grain that meet [from, to), in order; none when the range is empty. Errors: invalid when it runs
/// backwards.
std::vector<Period> periods_between(const Calendar& calendar, Grain grain, Date from, Date to);

}  // namespace kith
