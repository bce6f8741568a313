// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Fiscal calendars: years that begin with any month, or years of whole weeks. Periods are half-open [from, to); those
/// of one grain tile the time line. Weeks are children only in kinds made of weeks; in a calendar of months they are
/// those of ISO 8601 (Monday to Sunday) beside it. Pure and thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/time.hpp"

namespace kith {

/// How long a period is. Numbers are stable.
enum class Grain : std::int32_t {
  month = 1,  ///< of a calendar of months, or the 4 or 5 weeks of a 4-4-5 year
  quarter = 2,
  year = 3,
  week = 4,
  period = 5,  ///< four weeks, the thirteenth part of a year: not a month
};
std::string_view name_of(Grain grain);
Grain parse_grain(std::string_view name);

/// What a fiscal year is made of. Numbers are stable.
enum class CalendarKind : std::int32_t {
  months = 1,       ///< twelve calendar months
  weeks_445 = 2,    ///< quarters of 13 weeks in months of 4, 4 and 5 weeks
  weeks_454 = 3,    ///< 4, 5 and 4 weeks (the retail calendar of the NRF)
  weeks_544 = 4,    ///< 5, 4 and 4 weeks
  quarters_13 = 5,  ///< four quarters of 13 weeks, no months
  periods_13 = 6,   ///< thirteen periods of 4 weeks, no months and no quarters
};

/// On which day a year of weeks begins. Numbers are stable.
enum class YearStart : std::int32_t {
  /// On that day of every year. Weeks count from it; the last one has what is left, one or two days.
  fixed_date = 1,
  nearest_weekday = 2,  ///< on the weekday nearest to that day, at most three days off
  /// On the day after the last such day of the month before: "the year ends on the last Saturday of January" begins on
  /// a
  /// Sunday from 26 January to 1 February.
  after_last_weekday = 3,
};

/// Which calendar year names a fiscal one. Numbers are stable.
enum class YearName : std::int32_t { by_end = 1, by_begin = 2 };

/// A fiscal calendar. The first two members suffice for a calendar of months; the others are those of years of weeks.
struct Calendar {
  std::string name = "calendar";  ///< unique in a store; plans, quotas and reports name one
  int first_month = 1;            ///< 1..12: the month in which the fiscal year begins
  CalendarKind kind = CalendarKind::months;
  YearStart start = YearStart::fixed_date;
  int first_day = 1;      ///< 1..28: the day that `start` means, in `first_month`; 1 where it needs no other
  int first_weekday = 0;  ///< Monday = 0 ... Sunday = 6: the first day of a week, but for fixed dates
  /// Which month (quarter, period) of a year of 53 weeks has one more, from 1; 0: the last one.
  int long_period = 0;
  /// A year that begins on 1 January, or on the weekday near it, is that year either way.
  YearName year_name = YearName::by_end;
};

/// [from, to) with its label: "2017-03", "2017-Q2", "2017", "2017-W09"; in years of weeks a month is "2017-M03" and a
/// four-week period "2017-P03".
struct Period {
  Grain grain = Grain::month;
  Date from;
  Date to;
  std::string label;
  friend bool operator==(const Period&, const Period&) = default;
};

/// Throws Error{invalid} unless the calendar is one; all functions below do.
void check(const Calendar& calendar);
/// True for years made of weeks.
bool has_weeks(CalendarKind kind);
/// The grains that a kind has, coarsest first.
std::vector<Grain> grains_of(CalendarKind kind);

/// The period of that grain which holds the day. Errors: invalid for a grain that the kind has not; overflow when a
/// bound lies outside the years 0001 to 9999.
Period period_of(const Calendar& calendar, Grain grain, Date day);
/// The period with that label. Errors: invalid, with an example of each form.
Period parse_period(const Calendar& calendar, std::string_view label);
/// The period after this one.
Period next(const Calendar& calendar, const Period& period);
/// All periods of a grain that meet [from, to), in order; none when the range is empty. Errors: invalid when it runs
/// backwards.
std::vector<Period> periods_between(const Calendar& calendar, Grain grain, Date from, Date to);
/// The periods of a finer grain that make up this one. Errors: invalid for a grain that does not divide it: weeks of a
/// calendar of months, months of themselves.
std::vector<Period> children(const Calendar& calendar, const Period& period, Grain grain);

/// Which week of the year before a week is compared with. Numbers are stable.
enum class Comparable : std::int32_t {
  same_number = 1,  ///< week 7 with week 7
  /// The same dates but for one day or two: 364 days before. After a year of 53 weeks week n meets week n + 1, as
  /// the NRF restates such years; the 53rd week has no counterpart, and week 1 of such a year drops out after it.
  shifted = 2,
};
/// That week; nothing where it has none (a 53rd week). Errors: invalid for a period that is no week of a year of weeks.
std::optional<Period> comparable_week(const Calendar& calendar, const Period& week, Comparable how);

}  // namespace kith
