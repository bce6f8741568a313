// SPDX-License-Identifier: Apache-2.0
#include "kith/base/working_time.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/expect_error.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

WorkingHours office(const char* zone = "Asia/Shanghai") {
  WorkingHours hours{"office", zone};
  for (int day = 0; day < 5; ++day) hours.week[static_cast<std::size_t>(day)] = parse_spans("09:00-12:00, 13:00-18:00");
  return hours;
}

// In the zone of office(), which is eight hours ahead all year.
Timestamp local(const std::string& text) { return parse_timestamp(text + ":00+08:00"); }

TEST(WorkingTime, ReadsSpans) {
  EXPECT_EQ(parse_spans("09:00-12:00,13:00-18:00"), (std::vector<WorkingSpan>{{32400, 43200}, {46800, 64800}}));
  EXPECT_EQ(parse_spans(""), std::vector<WorkingSpan>{});
  EXPECT_EQ(to_string(parse_spans(" 00:00-24:00 ")), "00:00-24:00");
  EXPECT_EQ(to_string(parse_spans("08:30:30-09:00 , 09:00-10:00")), "08:30:30-09:00, 09:00-10:00");
  for (const char* text :
       {"9-12", "09:00", "09:00-", "09:00-08:00", "09:00-09:00", "09:00-12:00,11:00-13:00", "24:01-25:00",
        "09:00-12:00;13:00-14:00", "09:60-10:00", "09:00-12:00,", "10:00-11:00, 09:00-09:30"}) {
    EXPECT_KITH_ERROR(parse_spans(text), Code::invalid, "like 09:00-12:00");
  }
}

TEST(WorkingTime, GoldenCases) {
  std::ifstream file(test::source_dir() / "tests/base/calendar_cases.json");
  int checked = 0;
  const nlohmann::json all = nlohmann::json::parse(file);
  for (const auto& row : all.at("working")) {
    WorkingHours hours = office();
    std::vector<Hold> holds;
    if (row.contains("off")) {
      for (const auto& day : row.at("off")) hours.exceptions.push_back({parse_date(day.get<std::string>())});
    }
    if (row.contains("hold")) {
      holds.push_back({local(row.at("hold")[0].get<std::string>()), local(row.at("hold")[1].get<std::string>())});
    }
    const Timestamp from = local(row.at("from").get<std::string>());
    const auto seconds = row.at("seconds").get<std::int64_t>();
    const Timestamp due = add_working_time(hours, from, seconds, holds);
    EXPECT_EQ(to_string(due), to_string(local(row.at("due").get<std::string>()))) << row.at("id");
    EXPECT_EQ(working_seconds(hours, from, due, holds), seconds) << row.at("id");
    ++checked;
  }
  EXPECT_EQ(checked, 5);
}

TEST(WorkingTime, MakeUpDaysWork) {
  // A Saturday that makes up for a Monday off.
  WorkingHours hours = office();
  hours.exceptions = {{parse_date("2026-02-14"), parse_spans("09:00-12:00, 13:00-18:00")}, {parse_date("2026-02-16")}};
  EXPECT_EQ(to_string(add_working_time(hours, local("2026-02-13T17:00"), 2 * 3600)),
            to_string(local("2026-02-14T10:00")));
  EXPECT_EQ(working_seconds(hours, local("2026-02-14T00:00"), local("2026-02-17T10:00")), 9 * 3600);
}

TEST(WorkingTime, FollowsTheClock) {
  // New York 2026: 2:00 to 3:00 is skipped on 8 March, 1:00 to 2:00 comes twice on 1 November.
  WorkingHours night{"night", "America/New_York"};
  for (auto& spans : night.week) spans = parse_spans("00:00-04:00");
  EXPECT_EQ(working_seconds(night, parse_timestamp("2026-03-08T05:00:00Z"), parse_timestamp("2026-03-09T04:00:00Z")),
            3 * 3600);
  EXPECT_EQ(working_seconds(night, parse_timestamp("2026-11-01T04:00:00Z"), parse_timestamp("2026-11-02T05:00:00Z")),
            5 * 3600);
  EXPECT_EQ(to_string(add_working_time(night, parse_timestamp("2026-03-08T05:00:00Z"), 3 * 3600)),
            "2026-03-08T08:00:00Z");
  EXPECT_EQ(to_string(add_working_time(night, parse_timestamp("2026-11-01T04:00:00Z"), 3 * 3600)),
            "2026-11-01T07:00:00Z");
}

TEST(WorkingTime, EdgesAndErrors) {
  const WorkingHours hours = office();
  const Timestamp lunch = local("2026-03-06T12:20");
  EXPECT_EQ(add_working_time(hours, lunch, 0), lunch) << "nothing to do is done at once";
  EXPECT_EQ(add_working_time(hours, local("2026-03-06T09:00"), 3 * 3600), local("2026-03-06T12:00")) << "not 13:00";
  EXPECT_EQ(working_seconds(hours, {local("2026-03-06T09:00").micros + 1}, local("2026-03-06T09:01")), 59);
  EXPECT_KITH_ERROR(add_working_time(hours, lunch, -1), Code::invalid, "zero or more");
  EXPECT_KITH_ERROR(working_seconds(hours, local("2026-03-06T12:20"), local("2026-03-06T12:19")), Code::invalid,
                    "backwards");
  EXPECT_KITH_ERROR(add_working_time({}, lunch, 1), Code::invalid, "never come");
  const std::vector<Hold> open{{lunch}};
  EXPECT_KITH_ERROR(add_working_time(hours, lunch, 1, open), Code::invalid, "end the hold");
  const std::vector<Hold> backwards{{local("2026-03-06T12:20"), local("2026-03-06T12:19")}};
  EXPECT_KITH_ERROR(add_working_time(hours, lunch, 1, backwards), Code::invalid, "runs backwards");
  EXPECT_KITH_ERROR(check(WorkingHours{"x", "Mars/Olympus"}), Code::invalid, "no time zone");
  WorkingHours twice = office();
  twice.exceptions = {{parse_date("2026-02-14")}, {parse_date("2026-02-14")}};
  EXPECT_KITH_ERROR(check(twice), Code::invalid, "2026-02-14 does not");
}

// --- Against an oracle that looks at every single second ---------------------------------------------------------

class SystemZone {
 public:
  explicit SystemZone(const std::string& name) {
    if (const char* before = std::getenv("TZ")) old_ = before;
    setenv("TZ", name.c_str(), 1);
    tzset();
  }
  ~SystemZone() {
    if (old_.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", old_.c_str(), 1);
    }
    tzset();
  }

 private:
  std::string old_;
};

bool works(const WorkingHours& hours, const std::vector<Hold>& holds, std::int64_t second) {
  for (const Hold& hold : holds) {
    if (hold.from.micros <= second * 1'000'000 && second * 1'000'000 < hold.to.micros) return false;
  }
  const std::time_t instant = second;
  std::tm parts{};
  localtime_r(&instant, &parts);
  const Date day = date(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
  std::vector<WorkingSpan> spans = hours.week[static_cast<std::size_t>((parts.tm_wday + 6) % 7)];
  for (const WorkingException& row : hours.exceptions) {
    if (row.day == day) spans = row.spans;
  }
  const int clock = parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
  for (const WorkingSpan& span : spans) {
    if (span.from <= clock && clock < span.to) return true;
  }
  return false;
}

std::vector<WorkingSpan> random_spans(std::mt19937_64& random) {
  std::vector<WorkingSpan> spans;
  auto at = static_cast<std::int32_t>(random() % 20'000);
  while (at < 80'000 && random() % 4 != 0) {
    const auto length = static_cast<std::int32_t>(1 + random() % 9'000);
    spans.push_back({at, std::min(at + length, 86'400)});
    at += length + static_cast<std::int32_t>(random() % 9'000);
  }
  return spans;
}

TEST(WorkingTime, AgreesWithAnOracleThatCountsSeconds) {
  // Around changes of the clock: forward, back, by half an hour, at midnight, and a day that was skipped.
  const std::pair<const char*, const char*> moments[] = {
      {"America/New_York", "2026-03-08T00:00:00Z"},  {"America/New_York", "2026-10-31T20:00:00Z"},
      {"Europe/Berlin", "2026-03-28T12:00:00Z"},     {"Australia/Lord_Howe", "2026-04-04T00:00:00Z"},
      {"America/Sao_Paulo", "2018-11-03T12:00:00Z"}, {"Pacific/Apia", "2011-12-29T12:00:00Z"},
      {"Asia/Shanghai", "2026-02-13T00:00:00Z"}};
  std::mt19937_64 random(1949);
  for (const auto& [zone, start] : moments) {
    const SystemZone system(zone);
    for (int round = 0; round < 2; ++round) {
      WorkingHours hours{"random", zone};
      for (auto& spans : hours.week) spans = random_spans(random);
      const Timestamp from = parse_timestamp(start);
      const Date first = local_date(from, zone);
      for (int day = 0; day < 3; ++day) {
        if (random() % 2 == 0) hours.exceptions.push_back({{first.days + day}, random_spans(random)});
      }
      std::vector<Hold> holds;
      for (int i = 0; i < 2; ++i) {
        const auto begin = static_cast<std::int64_t>(random() % 150'000);
        const auto length = static_cast<std::int64_t>(random() % 20'000);
        holds.push_back({{from.micros + begin * 1'000'000}, {from.micros + (begin + length) * 1'000'000}});
      }
      std::int64_t worked = 0;
      for (std::int64_t second = 0; second < 150'000; ++second) {
        const Timestamp now{from.micros + second * 1'000'000};
        if (second % 977 == 0) {
          ASSERT_EQ(working_seconds(hours, from, now, holds), worked) << zone << " " << to_string(now);
        }
        if (!works(hours, holds, now.micros / 1'000'000)) continue;
        ++worked;
        if (worked % 1009 == 1) {
          ASSERT_EQ(add_working_time(hours, from, worked, holds).micros, now.micros + 1'000'000)
              << zone << " " << to_string(now);
        }
      }
    }
  }
}

}  // namespace
}  // namespace kith
