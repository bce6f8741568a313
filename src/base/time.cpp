// SPDX-License-Identifier: Apache-2.0
#include "kith/base/time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

#include "base/quote.hpp"
#include "base/zone.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr Date kFirstDate{-719'162};  // 0001-01-01
constexpr Date kLastDate = kOpenDate;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Digits [at, at + count) as a number, or -1.
int number_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Writes `count` digits of a value that has no more of them.
void append_digits(std::string& text, std::int64_t value, std::size_t count) {
  const std::size_t end = text.size() + count;
  text.resize(end);
  for (std::size_t i = 1; i <= count; ++i, value /= 10) text[end - i] = static_cast<char>('0' + value % 10);
}

bool is_day(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

Date to_date(int year, int month, int day) {
  const std::chrono::year_month_day ymd(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day)));
  return {static_cast<std::int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count())};
}

// Reads "YYYY-MM-DD" at the start. False when the form is wrong or there is no such day.
bool read_date(std::string_view text, Date& result) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  if (!is_day(year, month, day)) return false;
  result = to_date(year, month, day);
  return true;
}

// Reads "hh:mm:ss" with an optional fraction; gives the rest of the text behind it.
bool read_clock(std::string_view& text, std::int64_t& micros) {
  const int hour = number_at(text, 0, 2);
  const int minute = number_at(text, 3, 2);
  const int second = number_at(text, 6, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  if (text[2] != ':' || text[5] != ':') return false;
  micros = (hour * 3600 + minute * 60 + second) * kSecond;
  text.remove_prefix(8);
  if (text.empty() || text[0] != '.') return true;
  std::size_t digits = 0;
  std::int64_t unit = kSecond;
  while (digits + 1 < text.size() && text[digits + 1] >= '0' && text[digits + 1] <= '9') {
    if (++digits > 6) return false;
    unit /= 10;
    micros += (text[digits] - '0') * unit;
  }
  text.remove_prefix(digits + 1);
  return digits > 0;
}

// Reads "Z" or "+hh:mm" as the whole text.
bool read_offset(std::string_view text, std::int64_t& micros) {
  micros = 0;
  if (text == "Z") return true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  const int hour = number_at(text, 1, 2);
  const int minute = number_at(text, 4, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  micros = (text[0] == '-' ? -1 : 1) * (hour * 3600 + minute * 60) * kSecond;
  return true;
}

[[noreturn]] void fail_range(std::string_view what, std::int64_t number) {
  throw Error(Code::overflow, fmt::format("{} {} lies outside the years 0001 to 9999.", what, number));
}

bool in_range(Timestamp time) {
  return time.micros >= kFirstDate.days * kDay && time.micros < (std::int64_t{kLastDate.days} + 1) * kDay;
}

void check_range(Date date) {
  if (date < kFirstDate || date > kLastDate) fail_range("Day", date.days);
}

void check_range(Timestamp time) {
  if (!in_range(time)) fail_range("Microsecond", time.micros);
}

const date::tzdb& zone_data() {
  try {
    return date::get_tzdb();
  } catch (const std::exception& error) {
    throw Error(Code::storage, fmt::format("The time zone data of the system cannot be read ({}); install the tzdata "
                                           "package.",
                                           error.what()));
  }
}

const date::time_zone& zone_named(std::string_view name) {
  const date::tzdb& data = zone_data();
  try {
    return *date::locate_zone(name);
  } catch (const std::runtime_error&) {
    std::vector<std::string_view> known;
    for (const date::time_zone& zone : data.zones) known.push_back(zone.name());
    throw Error(Code::invalid, fmt::format("{} is no time zone; expected an IANA name, like Asia/Shanghai.{}",
                                           quote(name), did_you_mean(name, known)));
  }
}

}  // namespace

Civil civil(Date date) {
  check_range(date);
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(date.days))};
  return {static_cast<int>(ymd.year()), static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day()))};
}

Date date(int year, int month, int day) {
  if (is_day(year, month, day)) return to_date(year, month, day);
  throw Error(Code::invalid, fmt::format("There is no day {:04}-{:02}-{:02}; the calendar runs from 0001-01-01 to "
                                         "9999-12-31.",
                                         year, month, day));
}

Date parse_date(std::string_view text) {
  Date result;
  if (text.size() == 10 && read_date(text, result)) return result;
  throw Error(Code::invalid,
              fmt::format("{} is no date; expected an existing day as YYYY-MM-DD, like 2017-03-01.", quote(text)));
}

std::string to_string(Date date) {
  const Civil day = civil(date);
  std::string text;
  append_digits(text, day.year, 4);
  text += '-';
  append_digits(text, day.month, 2);
  text += '-';
  append_digits(text, day.day, 2);
  return text;
}

Timestamp parse_timestamp(std::string_view text) {
  Date day;
  std::int64_t clock = 0;
  std::int64_t offset = 0;
  bool good = read_date(text, day);
  if (good && text.size() > 10) {
    std::string_view rest = text.substr(11);
    good = text[10] == 'T' && read_clock(rest, clock) && read_offset(rest, offset);
  }
  const Timestamp result{day.days * kDay + clock - offset};
  if (good && in_range(result)) return result;
  throw Error(Code::invalid, fmt::format("{} is no time; expected YYYY-MM-DDThh:mm:ss with up to 6 decimals and Z or "
                                         "an offset, like 2017-03-01T09:30:00Z or 2017-03-01T17:30:00+08:00.",
                                         quote(text)));
}

std::string to_string(Timestamp time) {
  check_range(time);
  const std::int64_t day = floor_div(time.micros, kDay);
  const std::int64_t clock = time.micros - day * kDay;
  const std::int64_t seconds = clock / kSecond;
  std::string text = to_string(Date{static_cast<std::int32_t>(day)});
  text += 'T';
  append_digits(text, seconds / 3600, 2);
  text += ':';
  append_digits(text, seconds / 60 % 60, 2);
  text += ':';
  append_digits(text, seconds % 60, 2);
  if (clock % kSecond != 0) {
    text += '.';
    append_digits(text, clock % kSecond, 6);
    text.erase(text.find_last_not_of('0') + 1);
  }
  text += 'Z';
  return text;
}

Date local_date(Timestamp time, std::string_view zone) {
  check_range(time);
  const date::time_zone& rules = zone_named(zone);
  if (time == kOpenTime) return kOpenDate;
  const date::sys_seconds instant{std::chrono::seconds(floor_div(time.micros, kSecond))};
  const auto local = (instant + rules.get_info(instant).offset).time_since_epoch();
  const Date result{static_cast<std::int32_t>(floor_div(local.count(), 86'400))};
  check_range(result);
  return result;
}

Timestamp start_of_day(Date date, std::string_view zone) {
  check_range(date);
  const date::time_zone& rules = zone_named(zone);
  if (date == kOpenDate) return kOpenTime;
  const date::local_seconds midnight{std::chrono::seconds(std::int64_t{date.days} * 86'400)};
  const date::local_info info = rules.get_info(midnight);
  // Where midnight is skipped the day begins when the gap ends; where it comes twice, the earlier one counts.
  const auto start = info.result == date::local_info::nonexistent ? info.first.end.time_since_epoch()
                                                                  : midnight.time_since_epoch() - info.first.offset;
  const Timestamp result{start.count() * kSecond};
  check_range(result);
  return result;
}

ZoneOffset zone_offset(std::int64_t seconds, std::string_view zone) {
  const date::sys_info info = zone_named(zone).get_info(date::sys_seconds{std::chrono::seconds(seconds)});
  return {info.begin.time_since_epoch().count(), info.end.time_since_epoch().count(), info.offset.count()};
}

int weekday(Date date) {
  // 1970-01-01 was a Thursday.
  const std::int64_t day = std::int64_t{date.days} + 3;
  return static_cast<int>(day - floor_div(day, 7) * 7);
}

Date add_months(Date date, int months) {
  const Civil day = civil(date);
  const std::int64_t index = std::int64_t{day.year} * 12 + (day.month - 1) + months;
  const std::int64_t year = floor_div(index, 12);
  if (year < 1 || year > 9999) {
    throw Error(Code::overflow,
                fmt::format("{} and {} months lies outside the years 0001 to 9999.", to_string(date), months));
  }
  const std::chrono::year_month month{std::chrono::year(static_cast<int>(year)),
                                      std::chrono::month(static_cast<unsigned>(index - year * 12 + 1))};
  const auto last = static_cast<int>(static_cast<unsigned>((month / std::chrono::last).day()));
  return to_date(static_cast<int>(year), static_cast<int>(static_cast<unsigned>(month.month())),
                 std::min(day.day, last));
}

}  // namespace kith
