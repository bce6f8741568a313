// SPDX-License-Identifier: Apache-2.0
// Reports by name over small books whose answers are known, on every backend.
#include "kith/analytics/report.hpp"

#include <map>

#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

class ReportTest : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      Unit company{.name = "Company"};
      people::create(work, company, parse_date("2025-01-01"));
      company_ = company.id;
      for (const char* name : {"North", "South"}) {
        Unit region{.name = name, .parent = company.id};
        people::create(work, region, parse_date("2025-01-01"));
        Unit team{.name = std::string(name) + " team", .parent = region.id};
        people::create(work, team, parse_date("2025-01-01"));
        Employee seller{.name = std::string(name) + " 李雷", .unit = team.id, .hired_on = parse_date("2025-01-01")};
        people::create(work, seller);
        sellers_.push_back(seller.id);
      }
      access::add_principal(work, "north", sellers_[0], {"seller"});
      Pipeline pipeline{.name = "Standard"};
      std::vector<Stage> stages = {{.name = "Talk", .position = 1, .probability = {500'000'000, 9}},
                                   {.name = "Offer", .position = 2, .probability = {900'000'000, 9}}};
      sales::create(work, pipeline, stages);
      pipeline_ = pipeline.id;
      stages_ = stages;
    });
  }

  Id deal(DealStatus status, std::int64_t minor, std::string_view closed, std::size_t seller = 0,
          std::optional<Decimal> probability = {}, std::size_t stage = 0) {
    Opportunity made{.title = "deal",
                     .pipeline = pipeline_,
                     .stage = stages_[stage].id,
                     .status = status,
                     .owner = sellers_[seller],
                     .amount = Amount{minor},
                     .probability = probability};
    if (status != DealStatus::open) {
      made.closed_on = parse_date(closed);
      made.engaged_on = parse_date("2025-06-01");
      made.reason = "said so";
    }
    in_work([&](Work& work) { sales::create(work, made); });
    return made.id;
  }

  static std::string cell(const Table& table, std::size_t row, std::string_view column) {
    return to_string(table.value(row, table.at(column)));
  }

  Id company_;
  Id pipeline_;
  std::vector<Id> sellers_;
  std::vector<Stage> stages_;
};

TEST_P(ReportTest, AA2WinRateByCountAndByAmount) {
  for (const std::int64_t amount : {300, 300, 300}) deal(DealStatus::won, amount * 100, "2025-07-01");
  for (const std::int64_t amount : {50, 50}) deal(DealStatus::lost, amount * 100, "2025-07-02");
  for (int i = 0; i < 5; ++i) deal(DealStatus::open, 99900, "");
  const Table table = session().reader().report("win_rate");
  ASSERT_EQ(table.rows(), 1U);
  EXPECT_EQ(cell(table, 0, "won"), "3");
  EXPECT_EQ(cell(table, 0, "lost"), "2");
  EXPECT_EQ(cell(table, 0, "win_rate"), "60.00");
  EXPECT_EQ(cell(table, 0, "win_rate_amount"), "90.00");
  EXPECT_EQ(session().reader().report("win_rate", {{"from", parse_date("2026-01-01")}}).rows(), 0U);
}

TEST_P(ReportTest, NothingWonAndNothingLostHasNoRate) {
  deal(DealStatus::won, 0, "2025-07-01");
  const Table table = session().reader().report("win_rate");
  EXPECT_EQ(cell(table, 0, "win_rate"), "100.00");
  EXPECT_TRUE(is_null(table.value(0, table.at("win_rate_amount")))) << "0 of 0 is no rate";
}

TEST_P(ReportTest, AO1ThePipelineIsWeightedByTheChanceThatCounts) {
  deal(DealStatus::open, 120'000'000, "");                              // 50 of the stage
  deal(DealStatus::open, 80'000'000, "", 0, Decimal{450'000'000, 9});   // 45 by hand
  deal(DealStatus::open, 250'000'000, "", 1, Decimal{200'000'000, 9});  // 20 by hand
  deal(DealStatus::open, 60'000'000, "", 1, {}, 1);                     // 90 of the stage
  deal(DealStatus::lost, 100'000'000, "2025-08-01");
  const Table table = session().reader().report("pipeline", {{"pipeline", std::string("Standard")}});
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(cell(table, 0, "stage"), "Talk");
  EXPECT_EQ(cell(table, 0, "deals"), "3");
  EXPECT_EQ(cell(table, 0, "amount"), "4500000.00");
  EXPECT_EQ(cell(table, 0, "weighted"), "1460000.00");
  EXPECT_EQ(cell(table, 1, "weighted"), "540000.00");
}

TEST_P(ReportTest, EqualAmountsShareARank) {
  deal(DealStatus::won, 5000, "2025-07-01", 0);
  deal(DealStatus::won, 5000, "2025-07-01", 1);
  const Table table = session().reader().report("ranking");
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(cell(table, 0, "rank"), "1");
  EXPECT_EQ(cell(table, 1, "rank"), "1");
  EXPECT_EQ(cell(table, 0, "name"), "North 李雷");
  EXPECT_EQ(cell(table, 0, "share"), "50.00");
  const Table regions = session().reader().report("ranking", {{"by", std::string("region")}});
  EXPECT_EQ(cell(regions, 0, "name"), "North");
}

TEST_P(ReportTest, BookingsShowWeeksWithoutAny) {
  store().set_clock("2026-02-01T00:00:00Z");
  deal(DealStatus::won, 1000, "2025-12-29");
  deal(DealStatus::won, 2000, "2026-01-14");
  const Table table = session().reader().report("bookings", {{"grain", std::string("week")}});
  ASSERT_EQ(table.rows(), 3U);
  EXPECT_EQ(cell(table, 0, "period"), "2026-W01");
  EXPECT_EQ(cell(table, 1, "amount"), "0.00");
  EXPECT_EQ(cell(table, 2, "running"), "30.00");
}

TEST_P(ReportTest, WhatOlderStoresHoldOfDaysToComeIsOneRow) {
  deal(DealStatus::won, 1000, "2025-12-29");
  const Id far = deal(DealStatus::won, 2000, "2025-12-30");
  in_work([&](Work& work) {
    auto row = work.get<Opportunity>(far);
    row.closed_on = date(9999, 12, 30);
    work.update(row);
  });
  for (const char* grain : {"week", "month", "quarter", "year"}) {
    const Table table = session().reader().report("bookings", {{"grain", std::string(grain)}});
    ASSERT_EQ(table.rows(), 2U) << grain;
    EXPECT_EQ(cell(table, 0, "amount"), "10.00");
    EXPECT_EQ(cell(table, 1, "period"), "later");
    EXPECT_EQ(cell(table, 1, "running"), "30.00");
  }
  const Parameters from{{"grain", std::string("year")}, {"from", date(2026, 1, 1)}};
  EXPECT_EQ(session().reader().report("bookings", from).rows(), 1U);
  const Parameters until{{"grain", std::string("year")}, {"to", date(2026, 1, 1)}};
  EXPECT_EQ(cell(session().reader().report("bookings", until), 0, "running"), "10.00");
  for (const char* by : {"month", "quarter", "year"}) {
    EXPECT_EQ(session().reader().report("win_rate", {{"by", std::string(by)}}).rows(), 2U) << by;
  }
}

TEST_P(ReportTest, YearsAreThoseOfTheStoresCalendar) {
  store().set_clock("2026-04-02T00:00:00Z");
  deal(DealStatus::won, 100'00, "2026-03-31");
  deal(DealStatus::won, 10'00, "2026-04-01");
  const Parameters by_year{{"grain", std::string("year")}};
  EXPECT_EQ(session().reader().report("bookings", by_year).rows(), 1U);
  in_work([&](Work& work) {
    for (const char* name : {"calendar", "五月"}) {
      FiscalCalendar calendar;
      calendar.name = name;
      calendar.first_month = name[0] == 'c' ? 4 : 5;
      people::set_calendar(work, calendar);
    }
  });
  const Table table = session().reader().report("bookings", by_year);
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(cell(table, 0, "from"), "2025-04-01");
  EXPECT_EQ(cell(table, 1, "won"), "1");
  EXPECT_EQ(session().reader().report("win_rate", {{"by", std::string("year")}}).rows(), 2U);
  const Parameters other{{"grain", std::string("year")}, {"calendar", std::string("五月")}};
  EXPECT_EQ(session().reader().report("bookings", other).rows(), 1U);
}

TEST_P(ReportTest, APeriodIsOneOfItsCalendar) {
  in_work([&](Work& work) {
    FiscalCalendar calendar;
    calendar.name = "五月";
    calendar.first_month = 5;
    people::set_calendar(work, calendar);
    Quota quota;
    quota.unit = company_;
    quota.period = "2026-Q1";
    quota.calendar = calendar.name;
    quota.amount = Amount{100'00};
    incentive::set_quota(work, quota);
  });
  const auto rows = [&](const char* report, const char* period) {
    return session().reader().report(report, {{"period", std::string(period)}}).rows();
  };
  EXPECT_EQ(rows("attainment", "五月/2026-Q1"), 1U);
  EXPECT_EQ(rows("attainment", "2026-Q1"), 0U) << "of the store's own calendar";
  for (const char* report : {"attainment", "quota_pace", "quota_consistency", "sales_plan", "statements"}) {
    for (const char* wrong : {"nonsense", "2026Q1", "march/2026-Q1"}) {
      EXPECT_KITH_ERROR(rows(report, wrong), Code::invalid, "");
    }
  }
}

TEST_P(ReportTest, ASellerSeesTheirOwnFigures) {
  deal(DealStatus::won, 1000, "2025-07-01", 0);
  deal(DealStatus::won, 9000, "2025-07-01", 1);
  Session north = store().engine->session("north");
  EXPECT_EQ(cell(north.reader().report("deals"), 0, "won_amount"), "10.00");
  EXPECT_EQ(cell(session().reader().report("deals"), 0, "won_amount"), "100.00");
}

TEST_P(ReportTest, DealsGroupByFieldsOfTheStoresOwn) {
  store().set_clock("2026-02-01T00:00:00Z");
  const Id web = deal(DealStatus::won, 100, "2026-01-05");
  deal(DealStatus::lost, 50, "2026-01-06");
  in_work([&](Work& work) {
    CustomField channel;
    channel.entity = "opportunity";
    channel.name = "channel";
    channel.type = Type::choice;
    channel.choices = "web,shop";
    custom::define(work, channel);
    custom::set(work, entity_of<Opportunity>(), web, {{"channel", std::string("web")}});
  });
  const Table table = session().reader().report("win_rate", {{"by", std::string("channel")}});
  ASSERT_EQ(table.rows(), 2U);
  std::map<std::string, std::int64_t> won;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    won[std::get<std::string>(table.value(row, table.at("group")))] =
        std::get<std::int64_t>(table.value(row, table.at("won")));
  }
  EXPECT_EQ(won, (std::map<std::string, std::int64_t>{{"(none)", 0}, {"web", 1}}));
}

TEST_P(ReportTest, WrongNamesAreTold) {
  const Reader reader = session().reader();
  const auto told = [&](std::string_view name, const Parameters& parameters) {
    try {
      reader.report(name, parameters);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(told("win_rat", {}).find("win_rate"), std::string::npos);
  EXPECT_NE(told("win_rate", {{"form", parse_date("2026-01-01")}}).find("from"), std::string::npos);
  EXPECT_NE(told("win_rate", {{"by", std::string("onwer")}}).find("owner"), std::string::npos);
  EXPECT_NE(told("win_rate", {{"from", std::int64_t{3}}}).find("date"), std::string::npos);
  EXPECT_NE(told("pipeline", {{"pipeline", std::string("None")}}).find("None"), std::string::npos);
}

INSTANTIATE_ON_ALL_BACKENDS(ReportTest);

}  // namespace
}  // namespace kith
