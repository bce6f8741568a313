// SPDX-License-Identifier: Apache-2.0
// The company's calendars and exchange rates as records.
#include "kith/people/fiscal.hpp"

#include "kith/people/exchange_rate.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

FiscalCalendar retail() {
  FiscalCalendar calendar;
  calendar.name = "retail";
  calendar.kind = CalendarKind::weeks_454;
  calendar.first_month = 2;
  calendar.start = YearStart::nearest_weekday;
  calendar.first_weekday = Weekday::sunday;
  calendar.year_name = YearName::by_begin;
  return calendar;
}

class FiscalStoreTest : public test::StoreTest {
 protected:
  ExchangeRate rate(const char* from, const char* to, const char* value, Date on, RateKind kind = RateKind::market) {
    ExchangeRate row;
    row.from_currency = currency(from);
    if (*to != 0) row.to_currency = currency(to);
    row.rate = parse_decimal(value);
    row.from = on;
    row.kind = kind;
    row.source = "treasury";
    in_work([&](Work& work) { people::set_rate(work, row); });
    return row;
  }
  Quota quota_for(const char* calendar, const char* period) {
    Unit unit;
    unit.name = std::string("Unit ") + calendar + period;
    Quota quota;
    in_work([&](Work& work) {
      people::create(work, unit, date(2020, 1, 1));
      quota.unit = unit.id;
      quota.calendar = calendar;
      quota.period = period;
      quota.amount = {100'000};
      incentive::set_quota(work, quota);
    });
    return quota;
  }
};

TEST_P(FiscalStoreTest, QuotasUseTheStoredCalendar) {
  FiscalCalendar calendar = retail();
  in_work([&](Work& work) { people::set_calendar(work, calendar); });
  const Quota quota = quota_for("retail", "2023-Q4");
  EXPECT_EQ(to_string(quota.from), "2023-10-29");
  EXPECT_EQ(to_string(quota.to), "2024-02-04");
  EXPECT_EQ(quota_for("calendar", "2024-Q1").to, date(2024, 4, 1)) << "every store has the plain one";
  const Error error = refused(
      [&](Work& work) {
        Quota wrong = quota;
        wrong.id = {};
        wrong.revision = 0;
        wrong.calendar = "retial";
        incentive::set_quota(work, wrong);
      },
      Code::invalid);
  EXPECT_TRUE(says(error, "retail"));
}

TEST_P(FiscalStoreTest, FrozenPeriodsStay) {
  FiscalCalendar calendar = retail();
  in_work([&](Work& work) { people::set_calendar(work, calendar); });
  calendar.long_period = 12;  // the same as the last one
  in_work([&](Work& work) { people::set_calendar(work, calendar); });
  quota_for("retail", "2023-Q4");
  calendar.long_period = 1;
  const Error moved = refused([&](Work& work) { people::set_calendar(work, calendar); }, Code::state);
  EXPECT_TRUE(says(moved, "period 2023-Q4 of calendar 'retail' is frozen: quota "));
  calendar.long_period = 0;
  calendar.kind = CalendarKind::weeks_445;  // moves months, but no quarter
  in_work([&](Work& work) { people::set_calendar(work, calendar); });
  calendar.kind = CalendarKind::periods_13;
  EXPECT_TRUE(says(refused([&](Work& work) { people::set_calendar(work, calendar); }, Code::state), "frozen"));
  calendar.kind = CalendarKind::weeks_445;
  calendar.name = "other";
  EXPECT_TRUE(says(refused([&](Work& work) { people::set_calendar(work, calendar); }, Code::state), "by its name"));
}

TEST_P(FiscalStoreTest, FrozenPeriodsStayThroughUndo) {
  FiscalCalendar calendar = retail();
  in_work([&](Work& work) { people::set_calendar(work, calendar); });
  calendar.first_month = 7;
  in_work([&](Work& work) { people::set_calendar(work, calendar); });
  const std::int64_t changed = session().reader().seq();
  const Quota quota = quota_for("retail", "2023-Q4");
  const std::string name = "quota " + std::to_string(quota.id.value);
  EXPECT_TRUE(says(refused([&](Work& work) { history::undo(work, changed); }, Code::conflict), name));
  FiscalCalendar other = retail();
  other.name = "five";
  in_work([&](Work& work) { people::set_calendar(work, other); });
  const std::int64_t second = session().reader().seq();
  quota_for("five", "2023-Q4");
  EXPECT_TRUE(says(refused([&](Work& work) { history::undo(work, second); }, Code::conflict),
                   "there must be its calendar 'five'"));
  in_work([&](Work& work) { work.remove<Quota>(quota.id, quota.revision); });
  in_work([&](Work& work) { history::undo(work, changed); });
}

TEST_P(FiscalStoreTest, ThePlainCalendarCanBeChangedUntilItIsUsed) {
  FiscalCalendar april;
  april.name = "calendar";
  april.first_month = 4;
  in_work([&](Work& work) { people::set_calendar(work, april); });
  EXPECT_EQ(quota_for("calendar", "2024-Q1").from, date(2023, 4, 1));
  april.first_month = 1;
  refused([&](Work& work) { people::set_calendar(work, april); }, Code::state);
}

TEST_P(FiscalStoreTest, RefusesWhatIsNoCalendar) {
  FiscalCalendar calendar = retail();
  calendar.first_month = 13;
  EXPECT_TRUE(says(refused([&](Work& work) { people::set_calendar(work, calendar); }, Code::invalid), "first_month"));
  calendar = retail();
  calendar.name = "a/b";
  EXPECT_TRUE(says(refused([&](Work& work) { people::set_calendar(work, calendar); }, Code::invalid), "'/'"));
}

TEST_P(FiscalStoreTest, WorkingCalendars) {
  WorkingCalendar office;
  office.name = "office";
  office.zone = "Asia/Shanghai";
  office.monday = office.tuesday = office.wednesday = office.thursday = office.friday = "9:00-12:00";
  EXPECT_TRUE(says(refused([&](Work& work) { people::set_working_calendar(work, office); }, Code::invalid), "monday"));
  office.monday = office.tuesday = office.wednesday = office.thursday = office.friday = "09:00-12:00,13:00-18:00";
  WorkingDay holiday;
  in_work([&](Work& work) {
    people::set_working_calendar(work, office);
    holiday.calendar = office.id;
    holiday.day = date(2026, 3, 9);
    people::set_working_day(work, holiday);
  });
  EXPECT_EQ(office.monday, "09:00-12:00, 13:00-18:00");
  const Reader reader = session().reader();
  const WorkingHours hours = people::working_hours(reader, "office");
  const Timestamp friday = parse_timestamp("2026-03-06T17:00:00+08:00");
  EXPECT_EQ(add_working_time(hours, friday, 8 * 3600), parse_timestamp("2026-03-10T17:00:00+08:00")) << "AT1";
  const Table due = reader.report(
      "working_time", {{"calendar", std::string("office")}, {"from", friday}, {"seconds", std::int64_t{8 * 3600}}});
  EXPECT_EQ(to_string(due.value(0, 1)), to_string(Value(parse_timestamp("2026-03-10T17:00:00+08:00"))));
  const auto held = [&](std::string holds) {
    return to_string(reader
                         .report("working_time", {{"calendar", std::string("office")},
                                                  {"from", friday},
                                                  {"seconds", std::int64_t{8 * 3600}},
                                                  {"holds", std::move(holds)}})
                         .value(0, 1));
  };
  const std::string tuesday = "2026-03-10T10:00:00+08:00/2026-03-10T15:00:00+08:00";  // four hours of work
  EXPECT_EQ(held(tuesday), to_string(Value(parse_timestamp("2026-03-11T12:00:00+08:00")))) << "AT2, a day off later";
  EXPECT_EQ(held(tuesday + ", " + tuesday), held(tuesday)) << "holds may overlap";
  for (const auto& [text, told] :
       std::vector<std::pair<const char*, const char*>>{{"monday", "no stretch of time"},
                                                        {"2026-03-10T15:00:00Z/2026-03-10T10:00:00Z", "runs backwards"},
                                                        {"2026-03-10T02:00:00Z/..", "hold"}}) {
    try {
      held(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid);
      EXPECT_TRUE(says(error, told)) << error.message;
    }
  }
  EXPECT_THROW(people::working_hours(reader, "shop"), Error);
}

TEST_P(FiscalStoreTest, RatesAreDated) {
  const Currency usd = currency("USD"), eur = currency("EUR"), jpy = currency("JPY");
  rate("EUR", "", "1.10", date(2026, 1, 1));
  rate("EUR", "USD", "1.06", date(2026, 2, 1));
  rate("USD", "JPY", "150", date(2026, 1, 1));
  rate("EUR", "USD", "1.20", date(2026, 1, 1), RateKind::plan);
  const Reader reader = session().reader();
  const auto converted = [&](Money amount, Currency to, Date on, RateKind kind = RateKind::market) {
    return display(people::convert_on(reader, amount, to, on, kind));
  };
  EXPECT_EQ(converted({1'000'000, eur}, usd, date(2026, 1, 31)), "11,000.00 USD");
  EXPECT_EQ(converted({500'000, eur}, usd, date(2026, 2, 1)), "5,300.00 USD");
  EXPECT_EQ(converted({500'000, eur}, usd, date(2026, 2, 1), RateKind::plan), "6,000.00 USD");
  EXPECT_EQ(converted({530'000, usd}, eur, date(2026, 2, 1)), "5,000.00 EUR") << "the inverse";
  EXPECT_EQ(converted({16'500, jpy}, eur, date(2026, 1, 5)), "100.00 EUR") << "through the base currency";
  EXPECT_EQ(people::rate_on(reader, jpy, eur, date(2026, 1, 5)).rows.size(), 2U);
  try {
    converted({100, eur}, usd, date(2025, 12, 31));
    ADD_FAILURE() << "there is no rate";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::not_found);
    EXPECT_TRUE(says(error, "market rate from EUR to USD on 2025-12-31"));
  }
  const Table table = reader.report("conversion", {{"amount", std::string("16500")},
                                                   {"from", std::string("JPY")},
                                                   {"to", std::string("EUR")},
                                                   {"on", date(2026, 1, 5)}});
  EXPECT_EQ(std::get<Money>(table.value(0, 1)), (Money{10'000, eur}));
  EXPECT_EQ(reader.report("currencies").rows(), 184U);
}

TEST_P(FiscalStoreTest, RatesNeverOverlap) {
  ExchangeRate first = rate("EUR", "USD", "1.10", date(2026, 1, 1));
  ExchangeRate late = first;
  late.id = {};
  late.revision = 0;
  late.from = date(2025, 6, 1);
  EXPECT_TRUE(says(refused([&](Work& work) { people::set_rate(work, late); }, Code::conflict), "overlaps"));
  late.to = date(2026, 1, 1);
  in_work([&](Work& work) { people::set_rate(work, late); });
  late.rate = parse_decimal("1.11");
  in_work([&](Work& work) { people::set_rate(work, late); });  // corrected
  EXPECT_EQ(people::rate_on(session().reader(), currency("EUR"), currency("USD"), date(2025, 7, 1)).rate,
            ratio(111, 100));
  for (const auto& [change, text] : std::vector<std::pair<void (*)(ExchangeRate&), const char*>>{
           {[](ExchangeRate& row) { row.to_currency = row.from_currency; }, "no rate to itself"},
           {[](ExchangeRate& row) {
              row.rate = {0, kExchangeScale};
            },
            "more than 0"},
           {[](ExchangeRate& row) { row.to = row.from; }, "ends before"},
           {[](ExchangeRate& row) { row.source.clear(); }, "source"}}) {
    ExchangeRate wrong = first;
    wrong.id = {};
    wrong.revision = 0;
    wrong.kind = RateKind::period_average;
    change(wrong);
    EXPECT_TRUE(says(refused([&](Work& work) { people::set_rate(work, wrong); }, Code::invalid), text));
  }
}

TEST_P(FiscalStoreTest, OnlyAdministratorsSetThem) {
  in_work([&](Work& work) { access::add_principal(work, "sam", {}, {"seller"}); });
  Session sam = store().engine->session("sam");
  FiscalCalendar calendar = retail();
  refused_for(
      sam, [&](Work& work) { people::set_calendar(work, calendar); }, Code::denied);
  ExchangeRate row;
  row.from_currency = currency("EUR");
  row.rate = parse_decimal("1.1");
  row.source = "sam";
  refused_for(
      sam, [&](Work& work) { people::set_rate(work, row); }, Code::denied);
}

INSTANTIATE_ON_ALL_BACKENDS(FiscalStoreTest);

}  // namespace
}  // namespace kith
