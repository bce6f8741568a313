// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The company's calendars as records: fiscal calendars by name, which plans and quotas name, and working calendars
/// with the hours of each weekday, holidays and make-up days. A fiscal period is frozen once a quota or a commission
/// period names it: the calendar can then no longer change in a way that moves it.

#include <optional>
#include <string>
#include <string_view>

#include "kith/base/calendar.hpp"
#include "kith/base/working_time.hpp"
#include "kith/engine/work.hpp"

namespace kith {

template <>
struct Choices<CalendarKind> {
  static constexpr std::string_view names[] = {"months",    "weeks_445",   "weeks_454",
                                               "weeks_544", "quarters_13", "periods_13"};
};
template <>
struct Choices<YearStart> {
  static constexpr std::string_view names[] = {"fixed_date", "nearest_weekday", "after_last_weekday"};
};
template <>
struct Choices<YearName> {
  static constexpr std::string_view names[] = {"by_end", "by_begin"};
};

enum class Weekday : std::int32_t {
  monday = 1,
  tuesday = 2,
  wednesday = 3,
  thursday = 4,
  friday = 5,
  saturday = 6,
  sunday = 7
};
template <>
struct Choices<Weekday> {
  static constexpr std::string_view names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                               "friday", "saturday", "sunday"};
};

/// A named fiscal calendar; base/calendar.hpp says what the members mean.
struct FiscalCalendar {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  CalendarKind kind = CalendarKind::months;
  std::int64_t first_month = 1;
  YearStart start = YearStart::fixed_date;
  std::int64_t first_day = 1;
  Weekday first_weekday = Weekday::monday;
  std::int64_t long_period = 0;
  YearName year_name = YearName::by_end;
};
template <>
const Entity& entity_of<FiscalCalendar>();

/// When people work: hours as "09:00-12:00, 13:00-18:00", empty on days off.
struct WorkingCalendar {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::string zone = {};  ///< IANA name; default: the store's
  std::optional<std::string> monday = {};
  std::optional<std::string> tuesday = {};
  std::optional<std::string> wednesday = {};
  std::optional<std::string> thursday = {};
  std::optional<std::string> friday = {};
  std::optional<std::string> saturday = {};
  std::optional<std::string> sunday = {};
};
template <>
const Entity& entity_of<WorkingCalendar>();

/// A day with other hours than its weekday's: none on a holiday, some on a make-up day (調休).
struct WorkingDay {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id calendar = {};
  Date day = {};
  std::optional<std::string> hours = {};
  std::optional<std::string> note = {};  ///< "Spring Festival"
};
template <>
const Entity& entity_of<WorkingDay>();

namespace people {

/// Adds a fiscal calendar, or changes the one that was read (with its revision). Needs administer on fiscal_calendar.
/// Errors: invalid (no such calendar, see kith::check; a name with '/'), conflict (name taken, stale), state (a change
/// of name, or one that would move a frozen period: the first such period and the record that holds it are named).
Id set_calendar(Work& work, FiscalCalendar& calendar);
/// The calendar of that name. Without a record of that name "calendar" is the plain calendar of months from January,
/// which every store has. Errors: invalid, with near names.
Calendar calendar_named(const Reader& reader, std::string_view name);

/// Adds a working calendar, or changes the one that was read. Needs administer on working_calendar. Errors: invalid
/// (hours, zone), conflict.
Id set_working_calendar(Work& work, WorkingCalendar& calendar);
/// Adds a holiday or make-up day to a working calendar, or changes the one that was read. Needs administer on
/// working_calendar. Errors: as above; conflict for a day that is there.
Id set_working_day(Work& work, WorkingDay& day);
/// A working calendar with its days as the value that base/working_time.hpp computes with. Errors: not_found.
WorkingHours working_hours(const Reader& reader, std::string_view name);

}  // namespace people
}  // namespace kith
