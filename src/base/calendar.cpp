// SPDX-License-Identifier: Apache-2.0
#include "kith/base/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::array<std::string_view, 5> kGrains = {"month", "quarter", "year", "week", "period"};
constexpr int kLongYear = 53;

[[noreturn]] void fail_grain(Grain grain) {
  throw Error(Code::misuse, fmt::format("{} is no grain of a calendar.", static_cast<int>(grain)));
}

/// The parts of a year of weeks: months, quarters or periods, in weeks.
std::vector<int> parts_of(CalendarKind kind) {
  const auto quarters = [](int a, int b, int c) { return std::vector<int>{a, b, c, a, b, c, a, b, c, a, b, c}; };
  switch (kind) {
    case CalendarKind::weeks_445: return quarters(4, 4, 5);
    case CalendarKind::weeks_454: return quarters(4, 5, 4);
    case CalendarKind::weeks_544: return quarters(5, 4, 4);
    case CalendarKind::quarters_13: return std::vector<int>(4, 13);
    case CalendarKind::periods_13: return std::vector<int>(13, 4);
    case CalendarKind::months: break;
  }
  return {};
}

/// What the parts of a year of weeks are.
Grain part_grain(CalendarKind kind) {
  if (kind == CalendarKind::quarters_13) return Grain::quarter;
  return kind == CalendarKind::periods_13 ? Grain::period : Grain::month;
}

void require(bool good, const char* field, const std::string& message) {
  if (!good) throw Error(Code::invalid, "calendar", field, message);
}

/// How many years later than its nominal beginning a fiscal year is named.
int naming(const Calendar& calendar) {
  const bool whole = calendar.first_month == 1 && calendar.first_day == 1;
  return !whole && calendar.year_name == YearName::by_end ? 1 : 0;
}

/// The nominal beginning, counted in months from year 1, so that what leaves the years 0001 to 9999 is an overflow.
Date nominal_start(const Calendar& calendar, int year) {
  const Date month = add_months(date(1, 1, 1), (year - 1) * 12 + calendar.first_month - 1);
  return {month.days + calendar.first_day - 1};
}

Date start_of(const Calendar& calendar, int year) {
  const Date nominal = nominal_start(calendar, year);
  if (calendar.kind == CalendarKind::months || calendar.start == YearStart::fixed_date) return nominal;
  const int after = (weekday(nominal) - calendar.first_weekday + 7) % 7;  // days since the last such weekday
  const bool forward = calendar.start == YearStart::nearest_weekday && after > 3;
  const Date start{nominal.days - after + (forward ? 7 : 0)};
  civil(start);  // throws where it leaves the years 0001 to 9999
  return start;
}

/// A fiscal year: `number` is the calendar year of its nominal beginning.
struct Year {
  int number = 0;
  int name = 0;
  Date from;
  Date to;

  Year(const Calendar& calendar, int year)
      : number(year), name(year + naming(calendar)), from(start_of(calendar, year)), to(start_of(calendar, year + 1)) {}
  int weeks() const { return (to.days - from.days + 6) / 7; }
};

Year year_of(const Calendar& calendar, Date day) {
  int number = civil(day).year;
  // A year of weeks can begin up to three days before the January it belongs to.
  if (calendar.kind != CalendarKind::months && day >= start_of(calendar, number + 1)) ++number;
  if (day < start_of(calendar, number)) --number;
  return Year(calendar, number);
}

Period whole(const Year& year) { return {Grain::year, year.from, year.to, fmt::format("{:04}", year.name)}; }

Period month_period(int year, int month) {
  const Date from = date(year, month, 1);
  return {Grain::month, from, add_months(from, 1), fmt::format("{:04}-{:02}", year, month)};
}

Period quarter_of_months(const Year& year, int quarter) {
  const Date from = add_months(year.from, (quarter - 1) * 3);
  return {Grain::quarter, from, add_months(from, 3), fmt::format("{:04}-Q{}", year.name, quarter)};
}

// The week that begins on this Monday. ISO 8601: a week belongs to the year of its Thursday.
Period iso_week(Date monday) {
  const Date thursday{monday.days + 3};
  const int year = civil(thursday).year;
  const int week = (thursday.days - date(year, 1, 1).days) / 7 + 1;
  const Date to{monday.days + 7};
  civil(to);  // throws where the week leaves the years 0001 to 9999
  return {Grain::week, monday, to, fmt::format("{:04}-W{:02}", year, week)};
}

Date monday_of(Date day) { return {day.days - weekday(day)}; }

// Week `number`, from 1, of a year of weeks.
Period week_of_year(const Year& year, int number) {
  const Date from{year.from.days + (number - 1) * 7};
  return {Grain::week, from, std::min(Date{from.days + 7}, year.to), fmt::format("{:04}-W{:02}", year.name, number)};
}

// The parts of a year of weeks, in days from its beginning: n + 1 bounds of n parts.
std::vector<int> bounds_of(const Calendar& calendar, const Year& year) {
  std::vector<int> weeks = parts_of(calendar.kind);
  const std::size_t place = calendar.long_period == 0 ? weeks.size() : static_cast<std::size_t>(calendar.long_period);
  if (year.weeks() == kLongYear) ++weeks[place - 1];
  std::vector<int> bounds{0};
  for (const int length : weeks) bounds.push_back(bounds.back() + length * 7);
  bounds.back() = year.to.days - year.from.days;  // with fixed dates the last week is short
  return bounds;
}

// Part `number`, from 1, of a year of weeks; `each` parts make one.
Period part(const Calendar& calendar, const Year& year, Grain grain, int number, int each) {
  const std::vector<int> bounds = bounds_of(calendar, year);
  const auto at = [&](int index) { return Date{year.from.days + bounds[static_cast<std::size_t>(index)]}; };
  const std::string label = grain == Grain::quarter
                                ? fmt::format("{:04}-Q{}", year.name, number)
                                : fmt::format("{:04}-{}{:02}", year.name, grain == Grain::month ? 'M' : 'P', number);
  return {grain, at((number - 1) * each), at(number * each), label};
}

// How many parts make a period of that grain.
int parts_in(const Calendar& calendar, Grain grain) {
  return grain == Grain::quarter && part_grain(calendar.kind) == Grain::month ? 3 : 1;
}

void require_grain(const Calendar& calendar, Grain grain) {
  name_of(grain);  // throws for a number that is none
  const std::vector<Grain> known = grains_of(calendar.kind);
  if (std::find(known.begin(), known.end(), grain) != known.end()) return;
  std::vector<std::string_view> names;
  for (const Grain each : known) names.push_back(name_of(each));
  throw Error(Code::invalid, "calendar", "kind",
              fmt::format("Calendar '{}' has no period of grain {}; it has {}.", calendar.name, name_of(grain),
                          fmt::join(names, ", ")));
}

Period period_of_weeks(const Calendar& calendar, Grain grain, Date day) {
  const Year year = year_of(calendar, day);
  const int offset = day.days - year.from.days;
  if (grain == Grain::year) return whole(year);
  if (grain == Grain::week) return week_of_year(year, offset / 7 + 1);
  const std::vector<int> bounds = bounds_of(calendar, year);
  const auto above = std::upper_bound(bounds.begin(), bounds.end(), offset);
  const int each = parts_in(calendar, grain);
  const int index = static_cast<int>(above - bounds.begin()) - 1;
  return part(calendar, year, grain, index / each + 1, each);
}

// The number in text, all of it digits and of that length, within [low, high].
std::optional<int> number(std::string_view text, std::size_t digits, int low, int high) {
  if (text.size() != digits) return std::nullopt;
  int value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value < low || value > high) return std::nullopt;
  return value;
}

std::optional<Period> read_part(const Calendar& calendar, const Year& year, std::string_view text) {
  const auto read = [&](Grain grain, std::size_t digits, int most) -> std::optional<Period> {
    const std::vector<Grain> known = grains_of(calendar.kind);
    const std::optional<int> value = number(text.substr(1), digits, 1, most);
    if (!value || std::find(known.begin(), known.end(), grain) == known.end()) return std::nullopt;
    if (grain == Grain::week) return week_of_year(year, *value);
    return part(calendar, year, grain, *value, parts_in(calendar, grain));
  };
  switch (text.front()) {
    case 'Q': return read(Grain::quarter, 1, 4);
    case 'M': return read(Grain::month, 2, 12);
    case 'P': return read(Grain::period, 2, 13);
    case 'W': return read(Grain::week, 2, year.weeks());
    default: return std::nullopt;
  }
}

std::optional<Period> read_iso_week(int year, std::string_view label) {
  const std::optional<int> week = number(label.substr(6), 2, 1, kLongYear);
  if (!week) return std::nullopt;
  const Date monday = monday_of(date(year, 1, 4));  // 4 January is always in week 1
  Period period = iso_week({monday.days + (*week - 1) * 7});
  if (period.label == label) return period;  // week 53 exists in long years only
  return std::nullopt;
}

std::optional<Period> read_period(const Calendar& calendar, std::string_view label) {
  const std::optional<int> name = number(label.substr(0, 4), 4, 1, 9999);
  if (!name) return std::nullopt;
  const bool dashed = label.size() >= 7 && label[4] == '-';
  if (label.size() != 4 && !dashed) return std::nullopt;
  if (calendar.kind == CalendarKind::months && label.size() > 4) {
    if (label[5] == 'W') return read_iso_week(*name, label);
    if (label[5] != 'Q') {
      const std::optional<int> month = number(label.substr(5), 2, 1, 12);
      return month ? std::optional<Period>(month_period(*name, *month)) : std::nullopt;
    }
    const std::optional<int> quarter = number(label.substr(6), 1, 1, 4);
    if (!quarter) return std::nullopt;
    return quarter_of_months(Year(calendar, *name - naming(calendar)), *quarter);
  }
  const Year year(calendar, *name - naming(calendar));
  if (label.size() == 4) return whole(year);
  return read_part(calendar, year, label.substr(5));
}

std::string_view forms_of(CalendarKind kind) {
  switch (kind) {
    case CalendarKind::months: return "month like 2017-03, quarter like 2017-Q2, year like 2017 or week like 2017-W09";
    case CalendarKind::quarters_13: return "quarter like 2017-Q2, year like 2017 or week like 2017-W09";
    case CalendarKind::periods_13: return "period like 2017-P03, year like 2017 or week like 2017-W09";
    default: return "month like 2017-M03, quarter like 2017-Q2, year like 2017 or week like 2017-W09";
  }
}

}  // namespace

void check(const Calendar& calendar) {
  const auto kind = static_cast<std::int32_t>(calendar.kind);
  const auto start = static_cast<std::int32_t>(calendar.start);
  require(calendar.first_month >= 1 && calendar.first_month <= 12, "first_month",
          fmt::format("{} is no month; expected 1 (January) to 12 (December).", calendar.first_month));
  require(kind >= 1 && kind <= 6, "kind", fmt::format("{} is no kind of calendar.", kind));
  require(start >= 1 && start <= 3, "start", fmt::format("{} is no way to begin a year.", start));
  require(calendar.year_name == YearName::by_end || calendar.year_name == YearName::by_begin, "year_name",
          fmt::format("{} is no way to name a year.", static_cast<int>(calendar.year_name)));
  require(calendar.first_weekday >= 0 && calendar.first_weekday <= 6, "first_weekday",
          fmt::format("{} is no weekday; expected 0 (Monday) to 6 (Sunday).", calendar.first_weekday));
  require(calendar.first_day >= 1 && calendar.first_day <= 28, "first_day",
          fmt::format("{} is no day that every month has; expected 1 to 28.", calendar.first_day));
  const bool weeks = calendar.kind != CalendarKind::months;
  require(calendar.first_day == 1 || (weeks && calendar.start != YearStart::after_last_weekday), "first_day",
          "A year of months, or one after the last weekday of a month, begins with a month; leave the day at 1.");
  require(weeks || (calendar.start == YearStart::fixed_date && calendar.long_period == 0), "start",
          "A year of months begins on the first of a month and has no 53rd week; leave start and long_period.");
  const int parts = static_cast<int>(parts_of(calendar.kind).size());
  require(calendar.long_period >= 0 && calendar.long_period <= parts, "long_period",
          fmt::format("{} is no part of the year; expected 1 to {}, or 0 for the last.", calendar.long_period, parts));
  require(calendar.start != YearStart::fixed_date || calendar.long_period == 0 || calendar.long_period == parts,
          "long_period", "With a fixed date the 53rd week is what is left at the end of the year; leave this at 0.");
}

bool has_weeks(CalendarKind kind) { return kind != CalendarKind::months; }

std::vector<Grain> grains_of(CalendarKind kind) {
  switch (kind) {
    case CalendarKind::quarters_13: return {Grain::year, Grain::quarter, Grain::week};
    case CalendarKind::periods_13: return {Grain::year, Grain::period, Grain::week};
    default: return {Grain::year, Grain::quarter, Grain::month, Grain::week};
  }
}

std::string_view name_of(Grain grain) {
  const auto index = static_cast<std::size_t>(static_cast<std::int32_t>(grain)) - 1;
  if (index < kGrains.size()) return kGrains[index];
  fail_grain(grain);
}

Grain parse_grain(std::string_view name) {
  const auto found = std::find(kGrains.begin(), kGrains.end(), name);
  if (found == kGrains.end()) {
    throw Error(Code::invalid, fmt::format("{} is no grain of a calendar; expected one of {}.", quote(name),
                                           fmt::join(kGrains, ", ")));
  }
  return static_cast<Grain>(found - kGrains.begin() + 1);
}

Period period_of(const Calendar& calendar, Grain grain, Date day) {
  check(calendar);
  require_grain(calendar, grain);
  if (has_weeks(calendar.kind)) return period_of_weeks(calendar, grain, day);
  const Civil parts = civil(day);
  if (grain == Grain::month) return month_period(parts.year, parts.month);
  if (grain == Grain::week) return iso_week(monday_of(day));
  const Year year = year_of(calendar, day);
  if (grain == Grain::year) return whole(year);
  return quarter_of_months(year, (parts.month - calendar.first_month + 12) % 12 / 3 + 1);
}

Period parse_period(const Calendar& calendar, std::string_view label) {
  check(calendar);
  if (std::optional<Period> period = read_period(calendar, label)) return *std::move(period);
  throw Error(Code::invalid,
              fmt::format("{} is no period; expected an existing {}.", quote(label), forms_of(calendar.kind)));
}

Period next(const Calendar& calendar, const Period& period) { return period_of(calendar, period.grain, period.to); }

std::vector<Period> periods_between(const Calendar& calendar, Grain grain, Date from, Date to) {
  if (from > to) {
    throw Error(Code::invalid, fmt::format("The range from {} to {} runs backwards; give the earlier day first.",
                                           to_string(from), to_string(to)));
  }
  std::vector<Period> periods;
  if (from == to) return periods;
  periods.push_back(period_of(calendar, grain, from));
  while (periods.back().to < to) periods.push_back(next(calendar, periods.back()));
  return periods;
}

std::vector<Period> children(const Calendar& calendar, const Period& period, Grain grain) {
  check(calendar);
  require_grain(calendar, grain);
  const std::vector<Grain> known = grains_of(calendar.kind);  // coarsest first
  const auto own = std::find(known.begin(), known.end(), period.grain);
  const bool finer = own != known.end() && std::find(own + 1, known.end(), grain) != known.end();
  if (!finer || (grain == Grain::week && !has_weeks(calendar.kind))) {
    throw Error(
        Code::invalid, "calendar", "kind",
        fmt::format("A {} of calendar '{}' is not made of {}s.", name_of(period.grain), calendar.name, name_of(grain)));
  }
  return periods_between(calendar, grain, period.from, period.to);
}

std::optional<Period> comparable_week(const Calendar& calendar, const Period& week, Comparable how) {
  check(calendar);
  if (week.grain != Grain::week || !has_weeks(calendar.kind)) {
    throw Error(Code::invalid, "calendar", "kind",
                fmt::format("{} is no week of a year of weeks in calendar '{}'; only such weeks are compared.",
                            quote(week.label), calendar.name));
  }
  const Year year = year_of(calendar, week.from);
  const Year before(calendar, year.number - 1);
  const int index = (week.from.days - year.from.days) / 7 + 1;
  // The short 53rd week of a fixed date compares with none either, but moves no other.
  const bool moved =
      how == Comparable::shifted && before.weeks() == kLongYear && calendar.start != YearStart::fixed_date;
  if (index == kLongYear) return std::nullopt;
  return week_of_year(before, index + (moved ? 1 : 0));
}

}  // namespace kith
