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

constexpr std::array<std::string_view, 4> kGrains = {"month", "quarter", "year", "week"};

[[noreturn]] void fail_grain(Grain grain) {
  throw Error(Code::misuse, fmt::format("{} is no grain of a calendar.", static_cast<int>(grain)));
}

void check(const Calendar& calendar) {
  if (calendar.first_month >= 1 && calendar.first_month <= 12) return;
  throw Error(Code::invalid, "calendar", "first_month",
              fmt::format("{} is no month; expected 1 (January) to 12 (December).", calendar.first_month));
}

// The fiscal year of a day, named by the calendar year in which it ends.
int fiscal_year(const Calendar& calendar, const Civil& day) {
  return day.year + (calendar.first_month > 1 && day.month >= calendar.first_month ? 1 : 0);
}

Date fiscal_start(const Calendar& calendar, int year) {
  // Counted in months from year 1, so that a start outside the years 0001 to 9999 is an overflow.
  return add_months(date(1, 1, 1), (year - (calendar.first_month > 1 ? 2 : 1)) * 12 + calendar.first_month - 1);
}

Period month_period(int year, int month) {
  const Date from = date(year, month, 1);
  return {Grain::month, from, add_months(from, 1), fmt::format("{:04}-{:02}", year, month)};
}

Period quarter_period(const Calendar& calendar, int year, int quarter) {
  const Date from = add_months(fiscal_start(calendar, year), (quarter - 1) * 3);
  return {Grain::quarter, from, add_months(from, 3), fmt::format("{:04}-Q{}", year, quarter)};
}

Period year_period(const Calendar& calendar, int year) {
  const Date from = fiscal_start(calendar, year);
  return {Grain::year, from, add_months(from, 12), fmt::format("{:04}", year)};
}

// The week that begins on this Monday. ISO 8601: a week belongs to the year of its Thursday.
Period week_period(Date monday) {
  const Date thursday{monday.days + 3};
  const int year = civil(thursday).year;
  const int week = (thursday.days - date(year, 1, 1).days) / 7 + 1;
  const Date to{monday.days + 7};
  civil(to);  // throws where the week leaves the years 0001 to 9999
  return {Grain::week, monday, to, fmt::format("{:04}-W{:02}", year, week)};
}

Date monday_of(Date day) { return {day.days - weekday(day)}; }

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

std::optional<Period> read_period(const Calendar& calendar, std::string_view label) {
  const std::optional<int> year = number(label.substr(0, 4), 4, 1, 9999);
  if (!year) return std::nullopt;
  if (label.size() == 4) return year_period(calendar, *year);
  if (label.size() < 7 || label[4] != '-') return std::nullopt;
  if (label[5] == 'Q') {
    const std::optional<int> quarter = number(label.substr(6), 1, 1, 4);
    if (quarter) return quarter_period(calendar, *year, *quarter);
    return std::nullopt;
  }
  if (label[5] == 'W') {
    const std::optional<int> week = number(label.substr(6), 2, 1, 53);
    if (!week) return std::nullopt;
    const Date monday = monday_of(date(*year, 1, 4));  // 4 January is always in week 1
    Period period = week_period({monday.days + (*week - 1) * 7});
    if (period.label == label) return period;  // week 53 exists in long years only
    return std::nullopt;
  }
  const std::optional<int> month = number(label.substr(5), 2, 1, 12);
  if (month) return month_period(*year, *month);
  return std::nullopt;
}

}  // namespace

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
  const Civil parts = civil(day);
  const int year = fiscal_year(calendar, parts);
  switch (grain) {
    case Grain::month: return month_period(parts.year, parts.month);
    case Grain::quarter: return quarter_period(calendar, year, (parts.month - calendar.first_month + 12) % 12 / 3 + 1);
    case Grain::year: return year_period(calendar, year);
    case Grain::week: return week_period(monday_of(day));
  }
  fail_grain(grain);
}

Period parse_period(const Calendar& calendar, std::string_view label) {
  check(calendar);
  if (std::optional<Period> period = read_period(calendar, label)) return *std::move(period);
  throw Error(Code::invalid, fmt::format("{} is no period; expected an existing month like 2017-03, quarter like "
                                         "2017-Q2, year like 2017 or week like 2017-W09.",
                                         quote(label)));
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

}  // namespace kith
