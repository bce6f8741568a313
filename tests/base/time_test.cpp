// SPDX-License-Identifier: Apache-2.0
#include "kith/base/time.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "support/expect_error.hpp"

namespace kith {
namespace {

bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : kDays[month - 1];
}

Timestamp at(std::string_view text) { return parse_timestamp(text); }

TEST(Date, EveryDayOfTheCalendarInOrder) {
  std::int32_t days = date(1, 1, 1).days;
  EXPECT_EQ(days, -719162);
  int week_day = 0;  // 0001-01-01 was a Monday
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      ASSERT_EQ(date(year, month, 1).days, days);
      for (int day = 1; day <= days_in(year, month); ++day, ++days, week_day = (week_day + 1) % 7) {
        const Civil parts = civil({days});
        ASSERT_TRUE(parts.year == year && parts.month == month && parts.day == day) << days;
        ASSERT_EQ(weekday({days}), week_day) << days;
      }
    }
  }
  EXPECT_EQ(days - 1, kOpenDate.days);
}

TEST(Date, RefusesDaysThatDoNotExist) {
  EXPECT_KITH_ERROR(date(2017, 2, 29), Code::invalid, "2017-02-29");
  EXPECT_KITH_ERROR(date(1900, 2, 29), Code::invalid, "1900-02-29");
  EXPECT_EQ(to_string(date(2000, 2, 29)), "2000-02-29");
  EXPECT_KITH_ERROR(date(2017, 13, 1), Code::invalid, "no day");
  EXPECT_KITH_ERROR(date(2017, 0, 1), Code::invalid, "no day");
  EXPECT_KITH_ERROR(date(2017, 1, 0), Code::invalid, "no day");
  EXPECT_KITH_ERROR(date(2017, 1, 257), Code::invalid, "no day");
  EXPECT_KITH_ERROR(date(0, 1, 1), Code::invalid, "0001-01-01");
  EXPECT_KITH_ERROR(date(10000, 1, 1), Code::invalid, "9999-12-31");
  EXPECT_KITH_ERROR(date(70000, 1, 1), Code::invalid, "9999-12-31");
  EXPECT_KITH_ERROR(civil(Date{kOpenDate.days + 1}), Code::overflow, "years 0001 to 9999");
  EXPECT_KITH_ERROR(to_string(Date{-719163}), Code::overflow, "years 0001 to 9999");
}

TEST(Date, ParsesStrictly) {
  EXPECT_EQ(parse_date("1970-01-01").days, 0);
  EXPECT_EQ(parse_date("2017-03-01"), date(2017, 3, 1));
  EXPECT_EQ(parse_date("1969-12-31").days, -1);
  EXPECT_EQ(parse_date("9999-12-31"), kOpenDate);
  EXPECT_EQ(to_string(parse_date("0001-01-01")), "0001-01-01");
  for (const char* text : {"", "2017-3-1", "2017/03/01", "20170301", "2017-02-29", "2017-13-01", "0000-01-01",
                           "2017-03-01 ", " 2017-03-01", "17-03-01", "2017-03-01T00:00:00Z", "+2017-03-01",
                           "2017-03-1x", "２017-03-01", "-017-03-01", "2017-03"}) {
    EXPECT_KITH_ERROR(parse_date(text), Code::invalid, "like 2017-03-01");
  }
}

TEST(Timestamp, ParsesAndPrints) {
  EXPECT_EQ(at("1970-01-01T00:00:00Z").micros, 0);
  EXPECT_EQ(at("2017-03-01").micros, date(2017, 3, 1).days * 86'400'000'000);
  // Source: 2017-03-01T09:30:00Z is second 1488360600 of Unix time.
  EXPECT_EQ(at("2017-03-01T09:30:00Z").micros, 1'488'360'600'000'000);
  EXPECT_EQ(at("2017-03-01T17:30:00+08:00"), at("2017-03-01T09:30:00Z"));
  EXPECT_EQ(at("2017-02-28T23:30:00-10:00"), at("2017-03-01T09:30:00Z"));
  EXPECT_EQ(at("2017-03-01T09:30:00.5Z").micros, 1'488'360'600'500'000);
  EXPECT_EQ(at("2017-03-01T09:30:00.000001Z").micros, 1'488'360'600'000'001);
  EXPECT_EQ(at("1969-12-31T23:59:59.999999Z").micros, -1);
  EXPECT_EQ(at("9999-12-31T23:59:59Z"), kOpenTime);
  EXPECT_EQ(to_string(at("2017-03-01T09:30:00.120Z")), "2017-03-01T09:30:00.12Z");
  EXPECT_EQ(to_string(Timestamp{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_string(Timestamp{0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_string(kOpenTime), "9999-12-31T23:59:59Z");
  EXPECT_EQ(to_string(at("0001-01-01")), "0001-01-01T00:00:00Z");
}

TEST(Timestamp, RefusesOtherForms) {
  for (const char* text : {"",
                           "2017-03-01T",
                           "2017-03-01T09:30Z",
                           "2017-03-01T09:30:00",
                           "2017-03-01 09:30:00Z",
                           "2017-03-01T24:00:00Z",
                           "2017-03-01T09:60:00Z",
                           "2017-03-01T09:30:60Z",
                           "2017-03-01T09:30:00z",
                           "2017-03-01T09:30:00.Z",
                           "2017-03-01T09:30:00.1234567Z",
                           "2017-03-01T09:30:00+0800",
                           "2017-03-01T09:30:00+08",
                           "2017-03-01T09:30:00+24:00",
                           "2017-03-01T09:30:00+08:60",
                           "2017-03-01T09:30:00Zx",
                           "2017-03-01T9:30:00Z",
                           "2017-02-29T09:30:00Z",
                           "2017-03-01T09-30-00Z",
                           "2017-03-01T09:30:00.5",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "2017-03-01x",
                           "2017-03-01T09:30:00,5Z"}) {
    EXPECT_KITH_ERROR(parse_timestamp(text), Code::invalid, "like 2017-03-01T09:30:00Z");
  }
}

TEST(Timestamp, PrintsOnlyWhatItCanRead) {
  for (const std::int64_t micros : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                                    (date(1, 1, 1).days * 86'400'000'000) - 1}) {
    EXPECT_KITH_ERROR(to_string(Timestamp{micros}), Code::overflow, "years 0001 to 9999");
  }
}

// Source of all local times here: the IANA time zone database.
TEST(Zone, LocalDate) {
  EXPECT_EQ(local_date(at("2024-01-01T15:59:59.999999Z"), "Asia/Shanghai"), date(2024, 1, 1));
  EXPECT_EQ(local_date(at("2024-01-01T16:00:00Z"), "Asia/Shanghai"), date(2024, 1, 2));
  EXPECT_EQ(local_date(at("1969-12-31T15:59:59.999999Z"), "Asia/Shanghai"), date(1969, 12, 31));
  EXPECT_EQ(local_date(at("1969-12-31T16:00:00Z"), "Asia/Shanghai"), date(1970, 1, 1));
  EXPECT_EQ(local_date(at("1989-07-01T15:00:00Z"), "Asia/Shanghai"), date(1989, 7, 2)) << "summer time 1986 to 1991";
  EXPECT_EQ(local_date(at("2024-07-01T03:59:59Z"), "America/New_York"), date(2024, 6, 30));
  EXPECT_EQ(local_date(at("2024-07-01T04:00:00Z"), "America/New_York"), date(2024, 7, 1));
  EXPECT_EQ(local_date(at("2024-01-01T04:59:59Z"), "America/New_York"), date(2023, 12, 31));
  EXPECT_EQ(local_date(at("2024-05-05T12:00:00Z"), "UTC"), date(2024, 5, 5));
  EXPECT_EQ(local_date(at("2024-05-05T18:30:00Z"), "Asia/Kolkata"), date(2024, 5, 6));
}

TEST(Zone, StartOfDay) {
  const auto start = [](const char* day, const char* zone) { return to_string(start_of_day(parse_date(day), zone)); };
  EXPECT_EQ(start("2024-01-02", "Asia/Shanghai"), "2024-01-01T16:00:00Z");
  EXPECT_EQ(start("1970-01-01", "Asia/Shanghai"), "1969-12-31T16:00:00Z");
  EXPECT_EQ(start("2024-03-10", "America/New_York"), "2024-03-10T05:00:00Z");
  EXPECT_EQ(start("2024-03-11", "America/New_York"), "2024-03-11T04:00:00Z") << "the day before had 23 hours";
  EXPECT_EQ(start("2018-11-04", "America/Sao_Paulo"), "2018-11-04T03:00:00Z") << "midnight skipped: 01:00";
  EXPECT_EQ(start("2024-11-03", "America/Havana"), "2024-11-03T04:00:00Z") << "midnight twice: the earlier one";
  EXPECT_EQ(start("2011-12-31", "Pacific/Apia"), "2011-12-30T10:00:00Z");
  EXPECT_EQ(start("2011-12-30", "Pacific/Apia"), "2011-12-30T10:00:00Z") << "a day that was skipped is empty";
  EXPECT_EQ(start("2024-05-05", "UTC"), "2024-05-05T00:00:00Z");
}

TEST(Zone, ADayBeginsWhereItsStartSays) {
  for (const char* zone : {"Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu",
                           "Europe/London", "Australia/Lord_Howe"}) {
    for (Date day = date(1985, 1, 1); day < date(2030, 1, 1); ++day.days) {
      const Timestamp start = start_of_day(day, zone);
      ASSERT_EQ(local_date(start, zone), day) << zone << " " << to_string(day);
      ASSERT_EQ(local_date({start.micros - 1}, zone).days, day.days - 1) << zone << " " << to_string(day);
    }
  }
}

TEST(Zone, TheOpenEndStaysOpen) {
  for (const char* zone : {"Asia/Shanghai", "America/New_York", "UTC"}) {
    EXPECT_EQ(local_date(kOpenTime, zone), kOpenDate);
    EXPECT_EQ(start_of_day(kOpenDate, zone), kOpenTime);
  }
  EXPECT_KITH_ERROR(local_date(Timestamp{kOpenTime.micros - 1}, "Asia/Shanghai"), Code::overflow, "0001 to 9999");
  EXPECT_KITH_ERROR(start_of_day(date(1, 1, 1), "Asia/Shanghai"), Code::overflow, "0001 to 9999");
  EXPECT_KITH_ERROR(local_date(Timestamp{std::numeric_limits<std::int64_t>::min()}, "UTC"), Code::overflow,
                    "0001 to 9999");
}

TEST(Zone, UnknownZones) {
  EXPECT_KITH_ERROR(local_date({}, "Asia/Shangai"), Code::invalid, "Did you mean Asia/Shanghai?");
  EXPECT_KITH_ERROR(local_date({}, "asia/shanghai"), Code::invalid, "Did you mean Asia/Shanghai?");
  EXPECT_KITH_ERROR(start_of_day({}, ""), Code::invalid, "like Asia/Shanghai");
  EXPECT_KITH_ERROR(start_of_day({}, "../../secret"), Code::invalid, "no time zone");
  EXPECT_KITH_ERROR(start_of_day({}, "CST"), Code::invalid, "IANA name");
}

TEST(AddMonths, ClampsAtTheEnd) {
  const auto later = [](const char* day, int months) { return to_string(add_months(parse_date(day), months)); };
  EXPECT_EQ(later("2017-01-31", 1), "2017-02-28");
  EXPECT_EQ(later("2016-01-31", 1), "2016-02-29");
  EXPECT_EQ(later("2016-02-29", 12), "2017-02-28");
  EXPECT_EQ(later("2016-02-29", 48), "2020-02-29");
  EXPECT_EQ(later("2017-03-31", -1), "2017-02-28");
  EXPECT_EQ(later("2017-01-15", -1), "2016-12-15");
  EXPECT_EQ(later("2017-12-31", 2), "2018-02-28");
  EXPECT_EQ(later("1970-01-01", -12), "1969-01-01");
  EXPECT_EQ(later("2017-05-31", 0), "2017-05-31");
  EXPECT_EQ(later("0001-01-31", 12 * 9998), "9999-01-31");
  EXPECT_KITH_ERROR(add_months(kOpenDate, 1), Code::overflow, "years 0001 to 9999");
  EXPECT_KITH_ERROR(add_months(date(1, 1, 1), -1), Code::overflow, "years 0001 to 9999");
  EXPECT_KITH_ERROR(add_months(date(2017, 1, 1), std::numeric_limits<int>::max()), Code::overflow, "2147483647");
  EXPECT_KITH_ERROR(add_months(date(2017, 1, 1), std::numeric_limits<int>::min()), Code::overflow, "0001");
}

}  // namespace
}  // namespace kith
