// SPDX-License-Identifier: Apache-2.0
#include "kith/base/calendar.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "support/expect_error.hpp"

namespace kith {
namespace {

const Calendar kPlain{"plain", 1};
const Calendar kApril{"april", 4};
const Calendar kOctober{"october", 10};

constexpr Grain kGrains[] = {Grain::month, Grain::quarter, Grain::year, Grain::week};

std::string shown(const Period& period) {
  return period.label + " " + to_string(period.from) + " " + to_string(period.to);
}

std::string shown(const Calendar& calendar, Grain grain, const char* day) {
  return shown(period_of(calendar, grain, parse_date(day)));
}

TEST(Calendar, GrainsHaveNames) {
  for (Grain grain : kGrains) EXPECT_EQ(parse_grain(name_of(grain)), grain);
  EXPECT_KITH_ERROR(parse_grain("day"), Code::invalid, "expected one of month, quarter, year, week, period");
  EXPECT_KITH_ERROR(name_of(static_cast<Grain>(6)), Code::misuse, "6");
  EXPECT_KITH_ERROR(period_of(kPlain, static_cast<Grain>(0), {}), Code::misuse, "0");
}

TEST(Calendar, PlainYear) {
  EXPECT_EQ(shown(kPlain, Grain::month, "2016-02-29"), "2016-02 2016-02-01 2016-03-01");
  EXPECT_EQ(shown(kPlain, Grain::month, "2017-12-31"), "2017-12 2017-12-01 2018-01-01");
  EXPECT_EQ(shown(kPlain, Grain::quarter, "2017-06-30"), "2017-Q2 2017-04-01 2017-07-01");
  EXPECT_EQ(shown(kPlain, Grain::year, "2017-12-31"), "2017 2017-01-01 2018-01-01");
  EXPECT_EQ(shown(kPlain, Grain::quarter, "1969-12-31"), "1969-Q4 1969-10-01 1970-01-01");
}

TEST(Calendar, FiscalYearIsNamedByTheYearItEndsIn) {
  EXPECT_EQ(shown(kApril, Grain::year, "2017-03-31"), "2017 2016-04-01 2017-04-01");
  EXPECT_EQ(shown(kApril, Grain::year, "2017-04-01"), "2018 2017-04-01 2018-04-01");
  EXPECT_EQ(shown(kApril, Grain::quarter, "2017-04-01"), "2018-Q1 2017-04-01 2017-07-01");
  EXPECT_EQ(shown(kApril, Grain::quarter, "2017-01-15"), "2017-Q4 2017-01-01 2017-04-01");
  EXPECT_EQ(shown(kOctober, Grain::quarter, "2017-10-01"), "2018-Q1 2017-10-01 2018-01-01");
  EXPECT_EQ(shown(kOctober, Grain::quarter, "2017-09-30"), "2017-Q4 2017-07-01 2017-10-01");
  EXPECT_EQ(shown(kApril, Grain::month, "2017-04-01"), "2017-04 2017-04-01 2017-05-01") << "months keep their names";
  EXPECT_EQ(shown(Calendar{"february", 2}, Grain::quarter, "2016-02-29"), "2017-Q1 2016-02-01 2016-05-01");
}

TEST(Calendar, WeeksAreThoseOfIso8601) {
  // Source: ISO 8601, week 01 holds the first Thursday of the year.
  EXPECT_EQ(shown(kPlain, Grain::week, "2017-03-01"), "2017-W09 2017-02-27 2017-03-06");
  EXPECT_EQ(shown(kPlain, Grain::week, "2021-01-03"), "2020-W53 2020-12-28 2021-01-04");
  EXPECT_EQ(shown(kPlain, Grain::week, "2021-01-04"), "2021-W01 2021-01-04 2021-01-11");
  EXPECT_EQ(shown(kPlain, Grain::week, "2018-12-31"), "2019-W01 2018-12-31 2019-01-07");
  EXPECT_EQ(shown(kApril, Grain::week, "1970-01-01"), "1970-W01 1969-12-29 1970-01-05");
  for (Date day = date(1890, 1, 1); day < date(2110, 1, 1); ++day.days) {
    const std::time_t seconds = std::time_t{day.days} * 86'400;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char expected[16];
    std::strftime(expected, sizeof expected, "%G-W%V", &parts);
    ASSERT_EQ(period_of(kPlain, Grain::week, day).label, expected) << to_string(day);
  }
}

TEST(Calendar, EveryFirstMonthTilesTheDays) {
  for (int first_month = 1; first_month <= 12; ++first_month) {
    const Calendar calendar{"c", first_month};
    for (Grain grain : kGrains) {
      Period period = period_of(calendar, grain, date(1967, 5, 17));
      for (int i = 0; i < 300 && period.to < date(2030, 1, 1); ++i) {
        ASSERT_LE(period.from, period.to);
        for (const Date day : {period.from, Date{period.from.days + 1}, Date{period.to.days - 1}}) {
          ASSERT_EQ(period_of(calendar, grain, day), period) << shown(period);
        }
        ASSERT_EQ(parse_period(calendar, period.label), period) << shown(period);
        const Period after = next(calendar, period);
        ASSERT_EQ(after.from, period.to);
        ASSERT_LT(period.label, after.label);
        period = after;
      }
    }
  }
}

TEST(Calendar, ParsesLabels) {
  EXPECT_EQ(shown(parse_period(kApril, "2017-Q1")), "2017-Q1 2016-04-01 2016-07-01");
  EXPECT_EQ(shown(parse_period(kApril, "2017")), "2017 2016-04-01 2017-04-01");
  EXPECT_EQ(shown(parse_period(kPlain, "2020-W53")), "2020-W53 2020-12-28 2021-01-04");
  EXPECT_EQ(parse_period(kPlain, "2017-03").grain, Grain::month);
  for (const char* label :
       {"",       "17",       "2017-",    "2017-3",   "2017-13",  "2017-00",  "2017-Q0", "2017-Q5",    "2017-Q",
        "2017-W", "2017-Q12", "2017-W00", "2017-W53", "2021-W53", "2017-W54", "2017-W9", "2017-03-01", "20170",
        "0000",   "0000-Q1",  "2017Q1",   "2017/03",  "2017-q1",  "-017",     "2017 "}) {
    EXPECT_KITH_ERROR(parse_period(kPlain, label), Code::invalid,
                      "month like 2017-03, quarter like 2017-Q2, year like 2017 or week like 2017-W09");
  }
}

TEST(Calendar, PeriodsBetween) {
  const auto labels = [](const Calendar& calendar, Grain grain, const char* from, const char* to) {
    std::string text;
    for (const Period& period : periods_between(calendar, grain, parse_date(from), parse_date(to))) {
      text += (text.empty() ? "" : " ") + period.label;
    }
    return text;
  };
  EXPECT_EQ(labels(kPlain, Grain::month, "2016-12-31", "2017-02-01"), "2016-12 2017-01");
  EXPECT_EQ(labels(kPlain, Grain::month, "2016-12-31", "2017-02-02"), "2016-12 2017-01 2017-02");
  EXPECT_EQ(labels(kApril, Grain::quarter, "2017-01-01", "2017-07-01"), "2017-Q4 2018-Q1");
  EXPECT_EQ(labels(kPlain, Grain::week, "2020-12-28", "2021-01-05"), "2020-W53 2021-W01");
  EXPECT_EQ(labels(kPlain, Grain::year, "2017-05-05", "2017-05-06"), "2017");
  EXPECT_EQ(labels(kPlain, Grain::month, "2017-05-05", "2017-05-05"), "");
  EXPECT_KITH_ERROR(labels(kPlain, Grain::month, "2017-05-06", "2017-05-05"), Code::invalid,
                    "from 2017-05-06 to 2017-05-05 runs backwards");
}

TEST(Calendar, RefusesABrokenCalendarAndTheEndOfTime) {
  for (int month : {0, 13, -1}) {
    EXPECT_KITH_ERROR(period_of(Calendar{"c", month}, Grain::year, {}), Code::invalid, "calendar.first_month: ");
    EXPECT_KITH_ERROR(parse_period(Calendar{"c", month}, "2017"), Code::invalid, "expected 1 (January)");
  }
  EXPECT_KITH_ERROR(period_of(kPlain, Grain::month, kOpenDate), Code::overflow, "0001 to 9999");
  EXPECT_KITH_ERROR(parse_period(kPlain, "9999"), Code::overflow, "0001 to 9999");
  EXPECT_KITH_ERROR(parse_period(kApril, "0001"), Code::overflow, "0001 to 9999");
  EXPECT_KITH_ERROR(period_of(kPlain, Grain::week, kOpenDate), Code::overflow, "0001 to 9999");
  EXPECT_KITH_ERROR(period_of(kApril, Grain::year, date(9999, 5, 1)), Code::overflow, "0001 to 9999");
}

}  // namespace
}  // namespace kith
