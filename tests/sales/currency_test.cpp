// SPDX-License-Identifier: Apache-2.0
// Deals in many currencies: what they are worth in the base currency, by which rate, and what sums make of it.
#include <sstream>

#include "kith/engine/field_history.hpp"
#include "kith/engine/generic.hpp"
#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "sales_store.hpp"
#include "support/counting_storage.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

using test::says;

constexpr std::string_view kNone = "there is no market rate from EUR to USD on ";

class DealCurrencyTest : public test::SalesTest {
 protected:
  void SetUp() override {
    SalesTest::SetUp();  // the clock stands at 2026-01-01
    rate("EUR", "USD", "1.10", date(2025, 12, 1));
    rate("USD", "JPY", "150", date(2025, 12, 1));
  }

  void rate(std::string_view from, std::string_view to, std::string_view value, Date since) {
    ExchangeRate row;
    row.from_currency = currency(from);
    row.to_currency = currency(to);
    row.rate = parse_decimal(value);
    row.from = since;
    row.source = "treasury";
    in_work([&](Work& work) { people::set_rate(work, row); });
  }
  Opportunity foreign(std::string_view code, std::optional<std::int64_t> minor, std::string title = "Deal") const {
    Opportunity deal = draft(std::move(title));
    deal.currency = currency(code);
    if (minor) deal.amount = Amount{*minor};
    return deal;
  }
  Opportunity closed(std::string_view code, std::int64_t minor, DealStatus status, Date on) const {
    Opportunity deal = foreign(code, minor, "closed");
    deal.status = status;
    deal.closed_on = on;
    deal.reason = "price";
    return deal;
  }
  /// "1100.00 at 1.1 of 2026-01-01".
  static std::string worth(const Opportunity& deal) {
    if (!deal.base_amount) return deal.base_rate || deal.base_rate_on ? "a rate without an amount" : "nothing";
    std::string text = to_string(Money{deal.base_amount->minor, currency("USD")});
    if (deal.base_rate) text += " at " + *deal.base_rate;
    if (deal.base_rate_on) text += " of " + to_string(*deal.base_rate_on);
    return text;
  }
  std::string worth(Id deal) { return worth(read(deal)); }
  std::string digest() { return to_hex(state_digest(session())); }
  std::string cell(const Table& table, std::size_t row, std::string_view column) {
    return to_string(table.value(row, table.at(column)));
  }
  template <class Function>
  Error refused_whole(Function&& function, Code code) {
    const std::string before = digest();
    Error told = refused(std::forward<Function>(function), code);
    EXPECT_EQ(digest(), before);
    return told;
  }
};

TEST_P(DealCurrencyTest, ADealKeepsWhatItIsWorthAndByWhichRate) {
  EXPECT_EQ(worth(add(foreign("EUR", 100'000))), "1100.00 at 1.1 of 2026-01-01");
  EXPECT_EQ(worth(add(foreign("JPY", 1'000))), "6.67 at 1/150 of 2026-01-01") << "the exact inverse, rounded once";
  EXPECT_EQ(worth(add(foreign("USD", 500))), "5.00");
  EXPECT_EQ(worth(add(foreign("EUR", {}))), "nothing");
  Opportunity lying = foreign("USD", 500);
  lying.base_amount = Amount{1};
  lying.base_rate = "7";
  EXPECT_EQ(worth(add(lying)), "5.00") << "what the caller says of it does not count";

  const Id deal = add(foreign("EUR", 100'000, "record"));
  const Record record = generic::get(session().reader(), entity_of<Opportunity>(), deal);
  EXPECT_EQ(record.get("amount"), Value(Money{100'000, currency("EUR")}));
  EXPECT_EQ(record.get("base_amount"), Value(Money{110'000, currency("USD")}));
  const Table table = generic::find(session().reader(), entity_of<Opportunity>(),
                                    {.where = "base_amount > 1000.00 USD and currency = 'EUR'",
                                     .order = {"base_amount desc"},
                                     .fields = {"title", "amount", "base_amount"}});
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.value(0, 1), Value(Money{100'000, currency("EUR")}));
  EXPECT_EQ(table.value(0, 2), Value(Money{110'000, currency("USD")}));
}

TEST_P(DealCurrencyTest, LaterRatesChangeNothingUntilTheAmountDoes) {
  const Id deal = add(foreign("EUR", 100'000));
  const Id other = add(foreign("EUR", 100'000));
  rate("EUR", "USD", "1.20", date(2026, 1, 10));
  store().set_clock("2026-01-20T00:00:00Z");
  EXPECT_EQ(worth(deal), "1100.00 at 1.1 of 2026-01-01");
  Opportunity row = read(deal);
  row.title = "Another name";
  row.base_amount = Amount{1};
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(worth(deal), "1100.00 at 1.1 of 2026-01-01");
  row.amount = Amount{100'001};
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(worth(deal), "1200.01 at 1.2 of 2026-01-20");
  row.currency = currency("JPY");
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(worth(deal), "666.67 at 1/150 of 2026-01-20");
  row.amount.reset();
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(worth(deal), "nothing");
  EXPECT_EQ(worth(other), "1100.00 at 1.1 of 2026-01-01");
}

TEST_P(DealCurrencyTest, ClosingBindsTheRateOfItsDay) {
  store().set_clock("2026-01-15T00:00:00Z");
  rate("EUR", "USD", "1.25", date(2026, 1, 10));
  const Id deal = add(foreign("EUR", 100'000));
  in_work([&](Work& work) { sales::win(work, deal, date(2026, 1, 12), "price", Amount{200'000}); });
  EXPECT_EQ(worth(deal), "2500.00 at 1.25 of 2026-01-12");
  in_work([&](Work& work) { sales::reopen(work, deal, "they hesitate"); });
  EXPECT_EQ(worth(deal), "2500.00 at 1.25 of 2026-01-12") << "until it is valued again";
  in_work([&](Work& work) { sales::lose(work, deal, date(2026, 1, 9), "price"); });
  EXPECT_EQ(worth(deal), "2200.00 at 1.1 of 2026-01-09");

  Opportunity row = read(add(closed("EUR", 100, DealStatus::won, date(2025, 12, 24))));
  EXPECT_EQ(worth(row), "1.10 at 1.1 of 2025-12-24");
  store().set_clock("2026-02-01T00:00:00Z");
  row.amount = Amount{300};
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(worth(row), "3.30 at 1.1 of 2025-12-24") << "a closed deal is valued as of its closing";
  row.closed_on = date(2026, 1, 11);
  in_work([&](Work& work) { sales::update(work, row); });
  EXPECT_EQ(worth(row), "3.75 at 1.25 of 2026-01-11");
}

TEST_P(DealCurrencyTest, AMissingRateIsNamedAndNothingIsWritten) {
  Opportunity early = closed("EUR", 100, DealStatus::won, date(2025, 11, 30));
  Error told = refused_whole([&](Work& work) { sales::create(work, early); }, Code::invalid);
  EXPECT_EQ(told.field, "currency");
  EXPECT_TRUE(says(told, std::string(kNone) + "2025-11-30, neither direct nor inverse nor through USD; set such "
                                              "a rate first"));
  Batch batch(entity_of<Opportunity>());
  for (const Opportunity& deal : {foreign("EUR", 1), early, foreign("GBP", 1), foreign("GBP", {})}) {
    store_row(&deal, batch);
  }
  told = refused_whole([&](Work& work) { sales::create_batch(work, batch); }, Code::invalid);
  ASSERT_EQ(told.violations.size(), 2U) << told.what();
  EXPECT_TRUE(says(told, "row 2: " + std::string(kNone) + "2025-11-30"));
  EXPECT_TRUE(says(told, "row 3: there is no market rate from GBP to USD on 2026-01-01"));

  const Id deal = add(foreign("EUR", 100'000));
  Opportunity row = read(deal);
  row.currency = currency("GBP");
  EXPECT_TRUE(says(refused_whole([&](Work& work) { sales::update(work, row); }, Code::invalid), "from GBP to USD"));
  const auto win = [&](Work& work) { sales::win(work, deal, date(2025, 11, 1), "price"); };
  EXPECT_TRUE(says(refused_whole(win, Code::invalid), std::string(kNone) + "2025-11-01"));
  add(foreign("JPY", 100));
  const auto revalue = [&](Work& work) { sales::revalue(work, date(2025, 11, 2)); };
  EXPECT_EQ(refused_whole(revalue, Code::invalid).violations.size(), 2U);

  Opportunity huge = foreign("EUR", 9'000'000'000'000'000'000);
  EXPECT_EQ(refused_whole([&](Work& work) { sales::create(work, huge); }, Code::invalid).field, "amount");
}

TEST_P(DealCurrencyTest, AmountsAreInOrderWithinEachCurrency) {
  const Id few_yen = add(foreign("JPY", 9'000));
  const Id dollars = add(foreign("USD", 8'000));
  const Id euros = add(foreign("EUR", 8'500));
  const Id many_yen = add(foreign("JPY", 10'000));
  const auto order = [&](std::vector<std::string> by) {
    std::vector<Id> ids;
    for (const Opportunity& row : session().reader().list<Opportunity>({.order = std::move(by)})) ids.push_back(row.id);
    return ids;
  };
  EXPECT_EQ(order({"amount desc"}), (std::vector<Id>{euros, many_yen, few_yen, dollars}));
  EXPECT_EQ(order({"currency desc", "amount"}), (std::vector<Id>{dollars, few_yen, many_yen, euros}));
  EXPECT_EQ(order({"base_amount desc"}), (std::vector<Id>{euros, dollars, many_yen, few_yen}));
}

TEST_P(DealCurrencyTest, OpenDealsAreValuedAgainOnDemand) {
  const Id euro = add(foreign("EUR", 100'000));
  const Id yen = add(foreign("JPY", 15'000));
  const Id dollar = add(foreign("USD", 100));
  const Id blank = add(foreign("EUR", {}));
  const Id won = add(closed("EUR", 100'000, DealStatus::won, date(2025, 12, 31)));
  rate("EUR", "USD", "1.3", date(2026, 1, 5));
  std::int64_t changed = 0;
  in_work([&](Work& work) {
    changed = sales::revalue(work, date(2026, 1, 5),
                             {.where = "currency = :code", .parameters = {{"code", std::string("JPY")}}});
  });
  EXPECT_EQ(changed, 1) << "the day of the rate is another";
  EXPECT_EQ(worth(euro), "1100.00 at 1.1 of 2026-01-01");
  in_work([&](Work& work) { changed = sales::revalue(work, date(2026, 1, 5)); });
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(worth(euro), "1300.00 at 1.3 of 2026-01-05");
  EXPECT_EQ(worth(yen), "100.00 at 1/150 of 2026-01-05");
  EXPECT_EQ(worth(dollar), "1.00");
  EXPECT_EQ(worth(blank), "nothing");
  EXPECT_EQ(worth(won), "1100.00 at 1.1 of 2025-12-31");
  EXPECT_EQ(read(dollar).revision, 1);
  in_work([&](Work& work) { EXPECT_EQ(sales::revalue(work, date(2026, 1, 5)), 0); });

  Session ann = store().engine->session("ann");
  in_work([&](Work& work) {
    Opportunity row = work.get<Opportunity>(yen);
    row.owner = bob_;
    sales::update(work, row);
  });
  Work work = ann.work();
  EXPECT_EQ(sales::revalue(work, date(2026, 1, 6)), 1) << "her own, and nobody else's";
  work.commit();
  EXPECT_EQ(worth(yen), "100.00 at 1/150 of 2026-01-05");
}

TEST_P(DealCurrencyTest, ReportsOverManyCurrenciesAddUpBaseAmounts) {
  rate("GBP", "USD", "1.3", date(2025, 12, 1));
  add(foreign("USD", 100'000));
  add(foreign("EUR", 100'000));  // 1100.00
  Opportunity offer = foreign("JPY", 10'000);
  offer.stage = sales::stages(session().reader(), pipeline_)[1].id;
  add(offer);                                                        // 66.67
  add(closed("EUR", 20'000, DealStatus::won, date(2025, 12, 15)));   // 220.00
  add(closed("USD", 8'000, DealStatus::won, date(2025, 12, 20)));    // 80.00
  add(closed("GBP", 10'000, DealStatus::lost, date(2025, 12, 20)));  // 130.00
  rate("EUR", "USD", "9", date(2026, 1, 2));
  const Reader reader = session().reader();
  const Table pipeline = reader.report("pipeline");
  ASSERT_EQ(pipeline.rows(), 4U);
  EXPECT_EQ(pipeline.value(0, pipeline.at("amount")), Value(Money{210'000, currency("USD")}));
  EXPECT_EQ(cell(pipeline, 0, "weighted"), "210.00");
  EXPECT_EQ(cell(pipeline, 1, "amount"), "66.67");
  EXPECT_EQ(cell(pipeline, 1, "weighted"), "26.67");  // 66.67 x 0.4 = 26.668
  EXPECT_EQ(to_string(sales::weighted_total(reader)), "236.67");
  const Table rates = reader.report("win_rate");
  EXPECT_EQ(cell(rates, 0, "won_amount"), "300.00");
  EXPECT_EQ(cell(rates, 0, "lost_amount"), "130.00");
  EXPECT_EQ(cell(rates, 0, "win_rate_amount"), "69.77");
  EXPECT_EQ(cell(reader.report("ranking"), 0, "amount"), "300.00");
  const Table bookings = reader.report("bookings");
  EXPECT_EQ(cell(bookings, bookings.rows() - 1, "running"), "300.00");
  EXPECT_EQ(cell(reader.report("deals"), 0, "average_won"), "150.00");
}

TEST_P(DealCurrencyTest, ThePastAndACopyKeepTheirValues) {
  const Id deal = add(foreign("EUR", 100'000));
  const std::int64_t before = session().reader().seq();
  rate("EUR", "USD", "2", date(2026, 1, 2));
  store().set_clock("2026-01-04T00:00:00Z");
  Receipt receipt;
  {
    Work work = session().work();
    sales::win(work, deal, date(2026, 1, 3), "price");
    receipt = work.commit();
  }
  EXPECT_EQ(worth(deal), "2000.00 at 2 of 2026-01-03");
  EXPECT_EQ(worth(session().reader({.as_of_seq = before}).get<Opportunity>(deal)), "1100.00 at 1.1 of 2026-01-01");
  EXPECT_EQ(to_string(sales::weighted_total(session().reader({.as_of_seq = before}))), "110.00");
  std::vector<std::string> values;
  for (const auto& value : history::field_values(session().reader(), entity_of<Opportunity>(), deal, "base_amount")) {
    values.push_back(to_string(value.value) + " " + code_of(std::get<Money>(value.value).currency));
  }
  EXPECT_EQ(values, (std::vector<std::string>{"1100.00 USD", "2000.00 USD"}));
  in_work([&](Work& work) { history::undo(work, receipt.seq); });
  EXPECT_EQ(worth(deal), "1100.00 at 1.1 of 2026-01-01");

  std::stringstream text;
  dump(session().reader(), text);
  const test::TemporaryFile copy;
  load(text, copy.path(), model());
  const auto loaded = open(copy.path());
  EXPECT_EQ(to_hex(state_digest(loaded->session())), digest());
  EXPECT_EQ(worth(loaded->session().reader().get<Opportunity>(deal)), "1100.00 at 1.1 of 2026-01-01");
}

TEST_P(DealCurrencyTest, CheckFindsADealThatIsNotWorthWhatItsRateSays) {
  const Id deal = add(foreign("EUR", 100'000));
  const auto with = [&](auto&& change) {
    in_work([&](Work& work) {
      Opportunity row = work.get<Opportunity>(deal);
      change(row);
      work.update(row);
    });
    std::vector<std::string> found;
    for (const Finding& finding : check(session())) found.push_back(finding.message);
    return found;
  };
  const std::vector<std::string> wrong{"base_amount must be amount x base_rate, rounded half up"};
  EXPECT_EQ(with([](Opportunity& row) { row.base_amount = Amount{110'001}; }), wrong);
  EXPECT_EQ(with([](Opportunity& row) { row.base_amount.reset(); }), wrong);
  EXPECT_EQ(with([](Opportunity& row) { row.base_amount = Amount{110'000}, row.base_rate = "1,1"; }).size(), 1U);
  EXPECT_EQ(with([](Opportunity& row) { row.base_rate.reset(); }).size(), 1U);
  EXPECT_EQ(with([](Opportunity& row) { row.base_rate = "11/10"; }), std::vector<std::string>{});
}

TEST_P(DealCurrencyTest, AFileOfManyCurrenciesIsImported) {
  const ImportPlan plan = parse_import_plan(
      R"({"format": "kith.import/1", "entity": "opportunity", "source": "crm", "key": "no",
          "columns": {"no": "title", "value": "amount", "currency": "currency", "won": "closed_on",
                      "status": {"field": "status", "values": {"W": "won", "O": "open"}}}})");
  const ImportReport report = import_csv(session(),
                                         text_source("no,value,currency,won,status\n"
                                                     "1,1000.00,EUR,2025-12-24,W\n"
                                                     "2,1000,JPY,,O\n"
                                                     "3,10.00,USD,,O\n"
                                                     "4,10.00,GBP,,O\n"),
                                         plan);
  EXPECT_EQ(report.created, 3);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems.front().line, 5);
  EXPECT_NE(report.problems.front().reason.find("no market rate from GBP to USD on 2026-01-01"), std::string::npos);
  std::vector<std::string> found;
  for (const Opportunity& deal : session().reader().list<Opportunity>({.order = {"title"}})) {
    found.push_back(worth(deal));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"1100.00 at 1.1 of 2025-12-24", "6.67 at 1/150 of 2026-01-01", "10.00"}));
}

INSTANTIATE_ON_ALL_BACKENDS(DealCurrencyTest);

TEST(DealCurrency, ABatchAsksForItsRatesOnce) {
  auto storage = std::make_shared<test::CountingStorage>(open_memory());
  const auto engine = Engine::open(storage, model(), test::test_options(std::make_shared<Timestamp>()));
  Session session = engine->session();
  {
    Work work = session.work();
    Pipeline pipeline;
    pipeline.name = "standard";
    std::vector<Stage> stages(1);
    stages[0].name = "prospect";
    stages[0].position = 1;
    sales::create(work, pipeline, stages);
    for (const char* code : {"EUR", "GBP"}) {
      for (int day = 0; day < 300; ++day) {
        ExchangeRate rate;
        rate.from_currency = currency(code);
        rate.rate = {1'000'000'000'000 + day, kExchangeScale};
        rate.from = Date{date(2025, 1, 1).days + day};
        rate.source = "treasury";
        people::set_rate(work, rate);
      }
    }
    work.commit();
  }
  const auto calls = [&](std::size_t rows, bool foreign) {
    Work work = session.work();
    Batch batch(entity_of<Opportunity>());
    for (std::size_t i = 0; i < rows; ++i) {
      Opportunity deal;
      deal.title = "Deal " + std::to_string(i);
      deal.amount = Amount{100};
      deal.currency = currency(!foreign ? "USD" : i % 2 == 0 ? "EUR" : "GBP");
      deal.status = DealStatus::won;
      deal.closed_on = Date{date(2025, 1, 1).days + static_cast<int>(i % 300)};
      deal.reason = "price";
      store_row(&deal, batch);
    }
    const test::Calls counted = storage->count([&] { sales::create_batch(work, batch); });
    work.commit();
    return counted.reads;
  };
  calls(2, true);
  const int few = calls(3, true);
  EXPECT_EQ(calls(900, true), few);
  EXPECT_EQ(calls(900, false), few - 1) << "base money needs no rate";
  for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
}

}  // namespace
}  // namespace kith
