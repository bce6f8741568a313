// SPDX-License-Identifier: Apache-2.0
// Years of whole weeks, and the golden cases of calendar_cases.json.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "kith/base/calendar.hpp"
#include "kith/base/money.hpp"
#include "kith/base/rounding.hpp"
#include "support/expect_error.hpp"
#include "support/soak.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

// The retail calendar: 4-5-4, from the Sunday nearest to 1 February, named by the year in which it begins.
const Calendar kRetail{"retail", 2, CalendarKind::weeks_454, YearStart::nearest_weekday, 1, 6, 0, YearName::by_begin};
// Mondays near 1 January.
const Calendar kWeeks{"weeks", 1, CalendarKind::weeks_445, YearStart::nearest_weekday};

std::string shown(const Period& period) {
  return period.label + " " + to_string(period.from) + " " + to_string(period.to);
}

std::string shown(const Calendar& calendar, Grain grain, const char* day) {
  return shown(period_of(calendar, grain, parse_date(day)));
}

TEST(Fiscal, RetailYearsOf53Weeks) {
  // Source: National Retail Federation, 4-5-4 Calendar: 2000, 2006, 2012, 2017 and 2023 have 53 weeks.
  std::set<int> longer;
  for (int year = 1998; year <= 2025; ++year) {
    const Period period = parse_period(kRetail, std::to_string(year));
    const int days = period.to.days - period.from.days;
    ASSERT_TRUE(days == 364 || days == 371) << period.label;
    if (days == 371) longer.insert(year);
  }
  EXPECT_EQ(longer, (std::set<int>{2000, 2006, 2012, 2017, 2023}));
  EXPECT_EQ(shown(kRetail, Grain::year, "2023-06-01"), "2023 2023-01-29 2024-02-04");
  EXPECT_EQ(shown(kRetail, Grain::month, "2024-01-31"), "2023-M12 2023-12-31 2024-02-04")
      << "the 53rd week is January's";
  EXPECT_EQ(shown(kRetail, Grain::week, "2024-02-03"), "2023-W53 2024-01-28 2024-02-04");
  EXPECT_EQ(shown(kRetail, Grain::month, "2023-03-01"), "2023-M02 2023-02-26 2023-04-02");
}

TEST(Fiscal, LongPeriodAndNames) {
  Calendar calendar = kRetail;
  calendar.long_period = 1;
  EXPECT_EQ(shown(calendar, Grain::month, "2023-02-01"), "2023-M01 2023-01-29 2023-03-05");
  EXPECT_EQ(shown(calendar, Grain::quarter, "2023-02-01"), "2023-Q1 2023-01-29 2023-05-07");
  EXPECT_EQ(shown(calendar, Grain::quarter, "2022-02-01"), "2022-Q1 2022-01-30 2022-05-01");
  calendar.year_name = YearName::by_end;
  EXPECT_EQ(shown(calendar, Grain::year, "2023-06-01"), "2024 2023-01-29 2024-02-04");
  EXPECT_EQ(parse_period(calendar, "2024").from, parse_date("2023-01-29"));
}

TEST(Fiscal, YearStarts) {
  // The year ends on the last Saturday of September: it begins on the Sunday after it.
  const Calendar after{"c", 10, CalendarKind::quarters_13, YearStart::after_last_weekday, 1, 6};
  EXPECT_EQ(shown(after, Grain::year, "2023-06-01"), "2023 2022-09-25 2023-10-01");
  EXPECT_EQ(shown(after, Grain::year, "2024-06-01"), "2024 2023-10-01 2024-09-29");
  const Calendar fixed{"c", 7, CalendarKind::periods_13, YearStart::fixed_date, 6};
  EXPECT_EQ(shown(fixed, Grain::year, "2024-01-01"), "2024 2023-07-06 2024-07-06");
  EXPECT_EQ(shown(fixed, Grain::week, "2024-07-05"), "2024-W53 2024-07-04 2024-07-06") << "what is left";
  EXPECT_EQ(shown(fixed, Grain::period, "2024-07-05"), "2024-P13 2024-06-06 2024-07-06");
  EXPECT_EQ(shown(kWeeks, Grain::week, "2024-12-30"), "2025-W01 2024-12-30 2025-01-06");
}

TEST(Fiscal, WeeksAreChildrenOnlyOfYearsOfWeeks) {
  EXPECT_EQ(children(kWeeks, parse_period(kWeeks, "2025-Q1"), Grain::week).size(), 13U);
  EXPECT_EQ(children(kWeeks, parse_period(kWeeks, "2025-M03"), Grain::week).size(), 5U);
  EXPECT_EQ(children(kWeeks, parse_period(kWeeks, "2025"), Grain::month).size(), 12U);
  const Calendar months;
  EXPECT_EQ(children(months, parse_period(months, "2025"), Grain::quarter).size(), 4U);
  EXPECT_KITH_ERROR(children(months, parse_period(months, "2025-Q1"), Grain::week), Code::invalid, "not made of weeks");
  EXPECT_KITH_ERROR(children(months, parse_period(months, "2025-Q1"), Grain::year), Code::invalid, "not made of");
  const Calendar thirteen{"t", 1, CalendarKind::periods_13, YearStart::nearest_weekday};
  EXPECT_KITH_ERROR(period_of(thirteen, Grain::quarter, {}), Code::invalid, "it has year, period, week");
  EXPECT_KITH_ERROR(parse_period(thirteen, "2025-Q1"), Code::invalid, "period like 2017-P03");
  EXPECT_KITH_ERROR(parse_period(kWeeks, "2025-03"), Code::invalid, "month like 2017-M03");
  EXPECT_KITH_ERROR(parse_period(kRetail, "2022-W53"), Code::invalid, "existing");
}

TEST(Fiscal, ComparesWeeksAfterALongYear) {
  const auto compared = [](const char* week, Comparable how) {
    const auto found = comparable_week(kRetail, parse_period(kRetail, week), how);
    return found ? found->label : std::string("none");
  };
  EXPECT_EQ(compared("2024-W01", Comparable::shifted), "2023-W02");
  EXPECT_EQ(compared("2024-W52", Comparable::shifted), "2023-W53");
  EXPECT_EQ(compared("2024-W01", Comparable::same_number), "2023-W01");
  EXPECT_EQ(compared("2023-W53", Comparable::shifted), "none");
  EXPECT_EQ(compared("2023-W07", Comparable::shifted), "2022-W07");
  for (const Period& week : children(kRetail, parse_period(kRetail, "2024"), Grain::week)) {
    EXPECT_EQ(comparable_week(kRetail, week, Comparable::shifted)->from.days, week.from.days - 364);
  }
  EXPECT_KITH_ERROR(comparable_week(Calendar{}, parse_period(Calendar{}, "2024-W01"), Comparable::shifted),
                    Code::invalid, "only such weeks");
}

TEST(Fiscal, RefusesBrokenCalendars) {
  const auto broken = [](auto&& change, const char* text) {
    Calendar calendar = kWeeks;
    change(calendar);
    EXPECT_KITH_ERROR(check(calendar), Code::invalid, text);
  };
  broken([](Calendar& c) { c.kind = static_cast<CalendarKind>(7); }, "calendar.kind");
  broken([](Calendar& c) { c.start = static_cast<YearStart>(0); }, "calendar.start");
  broken([](Calendar& c) { c.year_name = static_cast<YearName>(0); }, "calendar.year_name");
  broken([](Calendar& c) { c.first_weekday = 7; }, "0 (Monday) to 6 (Sunday)");
  broken([](Calendar& c) { c.first_day = 29; }, "1 to 28");
  broken([](Calendar& c) { c.long_period = 13; }, "expected 1 to 12");
  broken([](Calendar& c) { c.start = YearStart::fixed_date, c.long_period = 3; }, "leave this at 0");
  broken([](Calendar& c) { c.start = YearStart::after_last_weekday, c.first_day = 2; }, "leave the day at 1");
  broken([](Calendar& c) { c.kind = CalendarKind::months; }, "leave start and long_period");
}

// Every kind, way to begin and grain: 200 years without a gap or an overlap, each period found by its days and label.
TEST(Fiscal, PeriodsTileTwoHundredYears) {
  const Date last = date(1900 + test::turns_of(200), 1, 1);
  for (int kind = 1; kind <= 6; ++kind) {
    for (int start = 1; start <= 3; ++start) {
      for (const YearName name : {YearName::by_end, YearName::by_begin}) {
        Calendar calendar{"c",
                          1 + (kind * 5 + start * 3) % 12,
                          static_cast<CalendarKind>(kind),
                          static_cast<YearStart>(start),
                          1,
                          (kind + start) % 7,
                          0,
                          name};
        if (kind == 1 && start != 1) continue;
        if (start != 3 && kind != 1) calendar.first_day = 1 + kind * 4;
        if (start != 1) calendar.long_period = kind;
        if (kind == 5 && start != 1) calendar.long_period = 2;
        std::vector<Date> year_starts;
        for (const Grain grain : grains_of(calendar.kind)) {
          Period period = period_of(calendar, grain, date(1900, 1, 1));
          while (period.to < last) {
            ASSERT_LT(period.from, period.to);
            ASSERT_EQ(period_of(calendar, grain, period.from), period) << shown(period);
            ASSERT_EQ(period_of(calendar, grain, Date{period.to.days - 1}), period) << shown(period);
            ASSERT_EQ(parse_period(calendar, period.label), period) << shown(period);
            const Period after = next(calendar, period);
            ASSERT_EQ(after.from, period.to);
            ASSERT_LT(period.label, after.label);
            if (grain == Grain::year) year_starts.push_back(period.from);
            period = after;
          }
        }
        for (const Date begin : year_starts) {
          for (const Grain grain : grains_of(calendar.kind)) {
            if (grain == Grain::week && !has_weeks(calendar.kind)) continue;
            ASSERT_EQ(period_of(calendar, grain, begin).from, begin) << "parts begin with their year";
          }
        }
      }
    }
  }
}

nlohmann::json cases(const char* kind) {
  std::ifstream file(test::source_dir() / "tests/base/calendar_cases.json");
  return nlohmann::json::parse(file).at(kind);
}

TEST(Fiscal, GoldenAllocations) {
  int checked = 0;
  for (const auto& row : cases("allocate")) {
    const Currency unit = currency(row.at("currency").get<std::string>());
    const Period period = parse_period(kWeeks, row.at("period").get<std::string>());
    std::vector<std::int64_t> weights;
    const auto parts = children(kWeeks, period, parse_grain(row.at("grain").get<std::string>()));
    for (const Period& part : parts) weights.push_back((part.to.days - part.from.days) / 7);
    if (row.contains("weights")) weights = row.at("weights").get<std::vector<std::int64_t>>();
    ASSERT_EQ(weights.size(), parts.size());
    std::vector<std::string> amounts;
    for (const std::int64_t amount : allocate(parse_money(row.at("amount").get<std::string>(), unit).minor, weights)) {
      amounts.push_back(to_string(Money{amount, unit}));
    }
    EXPECT_EQ(amounts, row.at("parts").get<std::vector<std::string>>()) << row.at("id");
    ++checked;
  }
  EXPECT_EQ(checked, 3);
}

TEST(Fiscal, GoldenWeeks) {
  for (const auto& row : cases("weekly")) {
    const Currency unit = currency(row.at("currency").get<std::string>());
    const std::int64_t a_week = parse_money(row.at("a_week").get<std::string>(), unit).minor;
    const Period year = parse_period(kRetail, row.at("year").get<std::string>());
    const auto amount = [&](const Period& period) {
      const auto weeks = static_cast<std::int64_t>(children(kRetail, period, Grain::week).size());
      return to_string(Money{weeks * a_week, unit});
    };
    std::vector<std::string> quarters;
    for (const Period& quarter : children(kRetail, year, Grain::quarter)) quarters.push_back(amount(quarter));
    EXPECT_EQ(quarters, row.at("quarters").get<std::vector<std::string>>()) << row.at("id");
    EXPECT_EQ(amount(year), row.at("whole")) << row.at("id");
    std::int64_t comparable = 0;
    for (const Period& week : children(kRetail, year, Grain::week)) {
      if (comparable_week(kRetail, week, Comparable::shifted)) comparable += a_week;
    }
    EXPECT_EQ(to_string(Money{comparable, unit}), row.at("comparable")) << row.at("id");
  }
  for (const auto& row : cases("weeks")) {
    const Date day = parse_date(row.at("day").get<std::string>());
    EXPECT_EQ(period_of(kWeeks, Grain::week, day).label, row.at("week")) << row.at("id");
    EXPECT_EQ(period_of(kWeeks, Grain::quarter, day).label, row.at("quarter")) << row.at("id");
  }
}

}  // namespace
}  // namespace kith
