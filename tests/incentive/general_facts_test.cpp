// SPDX-License-Identifier: Apache-2.0
// What general plans and quotas read of stored events: attributes, shares of any kind, calendars of weeks, plan rates.
#include "incentive/general_fixture.hpp"
#include "kith/incentive/feedback.hpp"
#include "kith/incentive/measure.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/people/exchange_rate.hpp"
#include "kith/people/fiscal.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

using test::GeneralText;
using test::Json;
using test::says;

class GeneralFactsTest : public test::GeneralTest {
 protected:
  void plan_rate(std::string_view from, std::int64_t hundredths) {
    ExchangeRate row;
    row.from_currency = currency("EUR");
    row.to_currency = currency("USD");
    row.kind = RateKind::plan;
    row.rate = rescale(Decimal{hundredths, 2}, kExchangeScale);
    row.from = parse_date(from);
    row.source = "budget";
    in_work([&](Work& work) { people::set_rate(work, row); });
  }
  void retail_calendar() {
    FiscalCalendar retail{.name = "retail", .kind = CalendarKind::weeks_454, .first_month = 2};
    retail.start = YearStart::nearest_weekday;
    retail.first_weekday = Weekday::sunday;
    retail.year_name = YearName::by_begin;
    in_work([&](Work& work) { people::set_calendar(work, retail); });
  }
};

TEST_P(GeneralFactsTest, AttributesOfStoredEventsDecide) {
  const Id ann = employee("Ann");
  Json text = GeneralText{.when = "region = '北区'"}.json();
  text["attributes"] = {{"region", "text"}, {"units", "decimal"}};
  general(text);
  assigned("general", ann);
  std::vector<incentive::EventRow> rows{sale("1", "2025-01-05", 100'000, ann), sale("2", "2025-01-06", 200'000, ann)};
  rows[0].attributes = {{"region", "北区"}, {"units", "3"}, {"undeclared", "kept"}};
  rows[1].attributes = {{"region", "south"}};
  in_work([&](Work& work) {
    incentive::post_events(work, rows);
    EXPECT_EQ(incentive::to_text(incentive::catch_up(work)), "+50.00 commission\n");
  });
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 5'000) << "5 % of 1,000.00 in the north";
  const Reader reader = session().reader();
  const Statement row = statement(ann, "2025-01");
  EXPECT_NE(incentive::explain_statement_text(reader, row.id).find("shop:1"), std::string::npos);
  EXPECT_TRUE(incentive::check_export(incentive::export_statement(reader, row.id)).empty());
  EXPECT_TRUE(incentive::recheck_statement(reader, row.id).empty());
}

TEST_P(GeneralFactsTest, QuotasCountSharesThatAreFractionsAndNothingThatWasCancelled) {
  const Id ann = employee("Ann"), bob = employee("Bob");
  Measure orders{.name = "orders", .entity = "event", .on = "date"};
  orders.filter = "type = 'order'";
  orders.value = "amount";
  orders.role = "primary";
  in_work([&](Work& work) { incentive::set_measure(work, orders); });
  std::vector<Id> quotas;
  for (const Id one : {ann, bob}) {
    Quota quota{.metric = QuotaMetric::measure, .period = "2025-Q1", .employee = one};
    quota.measure = "orders";
    quota.amount = Amount{100'000};
    in_work([&](Work& work) { incentive::set_quota(work, quota); });
    quotas.push_back(quota.id);
  }
  post({sale("1", "2025-01-05", 100'001, {{person(ann), "primary", "2/3"}, {person(bob), "primary", "1/3"}}),
        sale("2", "2025-01-06", 50'000, bob)});
  incentive::EventRow gone = sale("2", "2025-01-06", 50'000, bob, 2);
  gone.cancelled = true;
  post({gone});
  const Reader reader = session().reader();
  EXPECT_EQ(incentive::attainment(reader, quotas[0]).front().actual.minor, 66'667) << "666.67 1/3, rounded down";
  EXPECT_EQ(incentive::attainment(reader, quotas[1]).front().actual.minor, 33'334) << "333.33 2/3 has the unit left";
}

TEST_P(GeneralFactsTest, PlansPayByThePeriodsOfACalendarOfWeeks) {
  retail_calendar();
  const Id ann = employee("Ann", {}, date(2020, 1, 1));
  Json text = GeneralText{.from = "2023-01-29"}.json();
  text["calendar"] = "retail";
  text["first_month"] = 2;
  const Error told = refused([&](Work& work) { incentive::add_plan(work, text.dump()); }, Code::invalid);
  const std::string all = R"({"first_day":1,"first_month":2,"first_weekday":"sunday","kind":"weeks_454",)"
                          R"("long_period":0,"name":"retail","start":"nearest_weekday","year_name":"by_begin"})";
  EXPECT_TRUE(says(told, all)) << told.what();
  text.erase("first_month");
  text["calendar"] = Json::parse(all);
  general(text);
  assigned("general", ann, {}, date(2023, 1, 29));
  // 2023 has 53 weeks; its last month, the twelfth, has five of them: 31 December 2023 to 3 February 2024.
  post({sale("1", "2023-12-30", 100'000, ann), sale("2", "2023-12-31", 200'000, ann),
        sale("3", "2024-02-03", 400'000, ann), sale("4", "2024-02-04", 800'000, ann)});
  run("retail/2023-M12");
  EXPECT_EQ(total(ann, "retail/2023-M12"), 30'000) << "5 % of 2,000.00 and 4,000.00";
  run("retail/2024-M01");
  EXPECT_EQ(total(ann, "retail/2024-M01"), 40'000);
}

TEST_P(GeneralFactsTest, ACalendarStaysWhileAPlanPaysByIt) {
  FiscalCalendar fiscal{.name = "fiscal", .first_month = 2};
  in_work([&](Work& work) { people::set_calendar(work, fiscal); });
  Json text = GeneralText{.interval = "quarter", .from = "2025-02-01"}.json();
  text["calendar"] = "fiscal";
  text["first_month"] = 2;
  Id plan;
  in_work([&](Work& work) { plan = incentive::add_plan(work, text.dump()); });
  const auto move_to = [&](std::int64_t month) {
    return [&, month](Work& work) {
      FiscalCalendar row = work.get<FiscalCalendar>(fiscal.id);
      row.first_month = month;
      people::set_calendar(work, row);
    };
  };
  in_work(move_to(3));
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::approve(work, plan, true); }, Code::invalid), "with month 3"));
  in_work(move_to(2));
  in_work([&](Work& work) { incentive::approve(work, plan, true); });
  const std::string before = to_hex(state_digest(session()));
  EXPECT_TRUE(says(refused(move_to(3), Code::state), "commission_plan"));
  EXPECT_EQ(to_hex(state_digest(session())), before);
}

TEST_P(GeneralFactsTest, AnEventHasThePlanRateOfItsDay) {
  const Id ann = employee("Ann");
  Json text = GeneralText{.rows = {{"0", "10 %"}}}.json();
  text["credits"][0]["fx"]["rate"] = "plan_fixed";
  general(text);
  assigned("general", ann);
  plan_rate("2025-01-01", 110);
  plan_rate("2025-01-20", 120);
  std::vector<incentive::EventRow> rows{sale("1", "2025-01-10", 100'000, ann), sale("2", "2025-01-25", 100'000, ann)};
  for (incentive::EventRow& row : rows) row.amount.currency = currency("EUR");
  post(rows);
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 23'000) << "1,000.00 x 1.1 and x 1.2, 10 % of each";
  const Reader reader = session().reader();
  const std::string told = incentive::explain_statement_text(reader, statement(ann, "2025-01").id);
  EXPECT_NE(told.find("at 1.1 (plan_fixed, 2025-01-10)"), std::string::npos) << told;
}

TEST_P(GeneralFactsTest, FactsThatTheWorkOfARunBroughtAfterItAreTold) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  in_work([&](Work& work) {
    incentive::post_events(work, std::vector<incentive::EventRow>{sale("1", "2025-01-20", 100'000, ann)});
    incentive::run(work, "2025-01");
    incentive::post_events(work, std::vector<incentive::EventRow>{sale("2", "2025-01-21", 100'000, ann)});
  });
  const auto told = [&] { return incentive::explain_statement_text(session().reader(), statement(ann, "2025-01").id); };
  EXPECT_NE(told().find("facts came after this run; run it again"), std::string::npos) << told();
  run("2025-01");
  EXPECT_EQ(told().find("facts came after"), std::string::npos) << told();
}

INSTANTIATE_ON_ALL_BACKENDS(GeneralFactsTest);

}  // namespace
}  // namespace kith
