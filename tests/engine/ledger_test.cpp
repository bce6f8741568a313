// SPDX-License-Identifier: Apache-2.0
// The ledger: what may be posted, reversed once, summed; and a random history against sums in a map.
#include "kith/engine/ledger.hpp"

#include <map>

#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class LedgerTest : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      for (std::size_t i = 0; i < std::size(customers_); ++i) {
        Customer customer;
        customer.name = "Customer " + std::to_string(i);
        customers_[i] = customer::create(work, customer);
      }
    });
  }

  Posting posting(std::string_view account, std::int64_t minor, int customer = 0) const {
    Posting row;
    row.account = account;
    row.amount = {minor};
    row.customer = customers_[customer];
    row.document_entity = "customer";
    row.document = customers_[customer];
    row.source = "test";
    return row;
  }
  Posting posted(std::string_view account, std::int64_t minor, int customer = 0) {
    Posting row = posting(account, minor, customer);
    in_work([&](Work& work) { ledger::post(work, row); });
    return row;
  }
  void set_euro(std::string_view rate, Date from) {
    ExchangeRate row;
    row.from_currency = currency("EUR");
    row.rate = parse_decimal(rate);
    row.from = from;
    row.source = "treasury";
    in_work([&](Work& work) { people::set_rate(work, row); });
  }
  void make_pair_of_accounts() {
    in_work([&](Work& work) {
      LedgerAccount receivable;
      receivable.name = "receivable";
      ledger::set_account(work, receivable);
      LedgerAccount revenue;
      revenue.name = "revenue";
      revenue.pair = "receivable";
      ledger::set_account(work, revenue);
    });
  }

  Id customers_[3];
};

TEST_P(LedgerTest, APostingTakesDefaultsAndStays) {
  Posting row = posted("bookings", 1000);
  EXPECT_EQ(row.currency, currency("USD"));
  EXPECT_EQ(row.on, date(2026, 1, 1));
  const Error changed = refused(
      [&](Work& work) {
        row.amount = {1};
        work.update(row);
      },
      Code::state);
  EXPECT_TRUE(says(changed, "only ever added"));
  refused([&](Work& work) { work.remove<Posting>(row.id, row.revision); }, Code::state);
}

TEST_P(LedgerTest, APostingIsNotUndone) {
  posted("bookings", 1000);
  const std::int64_t seq = session().reader().seq();
  EXPECT_TRUE(says(refused([&](Work& work) { history::undo(work, seq); }, Code::conflict), "is only ever added to"));
}

TEST_P(LedgerTest, RefusesWhatMeansNothing) {
  const auto error = [&](auto&& spoil) {
    Posting row = posting("bookings", 100);
    spoil(row);
    return refused([&](Work& work) { ledger::post(work, row); }, Code::invalid);
  };
  EXPECT_TRUE(says(error([](Posting& row) { row.account = "booking"; }), "bookings"));
  EXPECT_TRUE(says(error([](Posting& row) { row.amount = {}; }), "posts nothing"));
  EXPECT_TRUE(says(error([](Posting& row) { row.document_entity = "costumer"; }), "customer"));
  EXPECT_TRUE(says(error([](Posting& row) { row.document = {12}; }), "there is no customer 12"));
  EXPECT_TRUE(says(error([](Posting& row) { row.product = Id{12}; }), "product"));
  EXPECT_TRUE(says(error([](Posting& row) { row.reverses = Id{12}; }), "by reversing a posting only"));
}

TEST_P(LedgerTest, IsReversedOnceByItsMirror) {
  const Posting row = posted("bookings", 1000);
  std::vector<Id> made;
  in_work([&](Work& work) {
    made = ledger::reverse(work, std::vector{row.id}, {.on = date(2026, 2, 1), .period = {}, .source = "correction"});
  });
  const Posting mirror = session().reader().get<Posting>(made.at(0));
  EXPECT_EQ(mirror.amount.minor, -1000);
  EXPECT_EQ(mirror.reverses, row.id);
  EXPECT_EQ(mirror.on, date(2026, 2, 1));
  EXPECT_EQ(mirror.source, "correction");
  EXPECT_TRUE(says(refused([&](Work& work) { ledger::reverse(work, std::vector{row.id}); }, Code::state), "already"));
  EXPECT_TRUE(says(refused([&](Work& work) { ledger::reverse(work, made); }, Code::state), "a reversal itself"));
  refused([&](Work& work) { ledger::reverse(work, std::vector{Id{77}}); }, Code::not_found);
  in_work([&](Work& work) {
    EXPECT_TRUE(ledger::reverse_document(work, "customer", customers_[0]).empty()) << "nothing is left to take back";
  });
}

TEST_P(LedgerTest, PairsOfAccountsBalance) {
  make_pair_of_accounts();
  std::vector<Posting> sides{posting("receivable", 500), posting("revenue", -499)};
  const Error unequal = refused([&](Work& work) { ledger::post(work, sides); }, Code::invalid);
  EXPECT_TRUE(says(unequal, "row 1: the pair receivable and revenue, amount in USD of customer "));
  EXPECT_TRUE(says(unequal, ", does not balance: 0.01 USD is left; post both sides together"));
  sides[1].quantity = {1'500'000, kQuantityScale};
  EXPECT_TRUE(says(refused([&](Work& work) { ledger::post(work, sides); }, Code::invalid),
                   "0.01 USD and quantity 1.5 is left"));
  sides[1].quantity = {0, kQuantityScale};
  sides[1].amount = {-500};
  in_work([&](Work& work) { ledger::post(work, sides); });
  refused([&](Work& work) { ledger::reverse(work, std::vector{sides[0].id}); }, Code::invalid);
  in_work([&](Work& work) { EXPECT_EQ(ledger::reverse_document(work, "customer", customers_[0]).size(), 2U); });
  const Error used = refused(
      [&](Work& work) {
        auto account = *work.find_one<LedgerAccount>({.where = "name = 'revenue'"});
        account.pair.reset();
        ledger::set_account(work, account);
      },
      Code::state);
  EXPECT_TRUE(says(used, "there are postings"));
}

TEST_P(LedgerTest, APostingKeepsItsWorthAndTheRateThatSaysSo) {
  set_euro("1.10", date(2025, 1, 1));
  Posting euros = posting("bookings", 55);
  euros.currency = currency("EUR");
  euros.on = date(2025, 6, 1);
  euros.base_amount = Amount{1};  // what a caller says of it does not count
  in_work([&](Work& work) { ledger::post(work, euros); });
  EXPECT_EQ(euros.base_amount, Amount{61}) << "60.5 cents, half up";
  EXPECT_EQ(euros.base_rate, "1.1");
  EXPECT_EQ(euros.base_rate_on, date(2025, 6, 1));
  const Posting dollars = posted("bookings", 55);
  EXPECT_EQ(dollars.base_amount, Amount{55});
  EXPECT_FALSE(dollars.base_rate || dollars.base_rate_on);

  set_euro("2", date(2025, 7, 1));
  std::vector<Id> made;
  in_work([&](Work& work) { made = ledger::reverse(work, std::vector{euros.id}, {.on = date(2025, 8, 1)}); });
  const Posting mirror = session().reader().get<Posting>(made.at(0));
  EXPECT_EQ(mirror.base_amount, Amount{-61}) << "at the rate of what it takes back";
  EXPECT_EQ(mirror.base_rate_on, date(2025, 6, 1));
}

TEST_P(LedgerTest, WithoutARateNothingIsPosted) {
  std::vector<Posting> rows(2, posting("bookings", 100));
  rows[1].currency = currency("EUR");
  rows[1].on = date(2025, 6, 1);
  const Error error = refused([&](Work& work) { ledger::post(work, rows); }, Code::invalid);
  EXPECT_EQ(error.field, "currency");
  EXPECT_TRUE(says(error, "no market rate from EUR to USD on 2025-06-01"));
  rows[1].amount = {};  // pieces are worth nothing in any currency
  rows[1].quantity = {1'000'000, kQuantityScale};
  in_work([&](Work& work) { ledger::post(work, rows); });
  EXPECT_EQ(rows[1].base_amount, Amount{0});
  set_euro("1.10", date(2025, 1, 1));
  rows[1].amount = {std::numeric_limits<std::int64_t>::max()};
  rows[1].revision = rows[0].revision = 0;
  const Error big = refused([&](Work& work) { ledger::post(work, rows); }, Code::invalid);
  EXPECT_EQ(big.field, "amount");
  EXPECT_TRUE(says(big, "row 2: "));
}

TEST_P(LedgerTest, EveryFaultOfManyPostingsNamesItsRow) {
  std::vector<Posting> rows(11, posting("bookings", 100));
  rows[1].account = "booking";
  rows[2].document = {12};
  rows[3].document_entity = "costumer";
  rows[4].currency = currency("EUR");
  rows[5].currency = currency("EUR");
  rows[6].period = "2026-Q5";
  rows[7].quantity = {1, 9};
  rows[8] = rows[2];
  rows[9] = rows[3];
  rows[10] = rows[6];
  const Error error = refused([&](Work& work) { ledger::post(work, rows); }, Code::invalid);
  std::map<std::string, std::string> told;  // the field of each row
  for (const Violation& one : error.violations) told[one.message.substr(0, one.message.find(':'))] += one.field + " ";
  const std::map<std::string, std::string> expected{
      {"row 2", "account "},          {"row 3", "document "}, {"row 4", "document_entity "}, {"row 5", "currency "},
      {"row 6", "currency "},         {"row 7", "period "},   {"row 8", "quantity "},        {"row 9", "document "},
      {"row 10", "document_entity "}, {"row 11", "period "}};
  EXPECT_EQ(told, expected);
  Posting alone = rows[4];
  EXPECT_FALSE(says(refused([&](Work& work) { ledger::post(work, alone); }, Code::invalid), "row "));
}

TEST_P(LedgerTest, ThePeriodIsOneOfACalendar) {
  in_work([&](Work& work) {
    FiscalCalendar retail{.name = "retail", .kind = CalendarKind::periods_13};
    retail.first_month = 7;
    people::set_calendar(work, retail);
  });
  Posting row = posting("bookings", 100);
  for (const char* good : {"2026", "2026-Q1", "2025-12", "2026-W01", "retail/2026", "retail/2026-P13", ""}) {
    row.period = good;
    row.id = {};
    row.revision = 0;
    in_work([&](Work& work) { ledger::post(work, row); });
    EXPECT_EQ(session().reader().get<Posting>(row.id).period, good);
  }
  const auto error = [&](std::string_view period) {
    row.period = period;
    row.id = {};
    row.revision = 0;
    return refused([&](Work& work) { ledger::post(work, row); }, Code::invalid);
  };
  EXPECT_EQ(error("next month").field, "period");
  EXPECT_TRUE(says(error("2026-Q5"), "2026-Q1"));
  for (const char* bad :
       {"2026-13", "2026-q1", "2026-W54", "2026Q1", "1", "/2026", "retail/", "retail/2026-Q1", "2026 "}) {
    EXPECT_EQ(error(bad).field, "period") << bad;
  }
  EXPECT_TRUE(says(error("retial/2026"), "retail"));
  row.period = "";
  row.id = {};
  row.revision = 0;
  in_work([&](Work& work) { ledger::post(work, row); });
  const Error moved = refused(
      [&](Work& work) { ledger::reverse(work, std::vector{row.id}, {.on = {}, .period = "soon", .source = {}}); },
      Code::invalid);
  EXPECT_EQ(moved.field, "period");
}

TEST_P(LedgerTest, WhatNothingCouldTakeBackIsRefused) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  Posting row = posting("bookings", kLeast);
  const Error amount = refused([&](Work& work) { ledger::post(work, row); }, Code::invalid);
  EXPECT_EQ(amount.field, "amount");
  EXPECT_EQ(amount.violations.size(), 1U) << "not of its worth too";
  EXPECT_TRUE(says(amount, "has no opposite"));
  row = posting("bookings", 1);
  row.quantity = {kLeast, kQuantityScale};
  EXPECT_EQ(refused([&](Work& work) { ledger::post(work, row); }, Code::invalid).field, "quantity");
  row = posted("bookings", kLeast + 1);
  in_work([&](Work& work) { ledger::reverse(work, std::vector{row.id}); });
}

TEST_P(LedgerTest, AMappingLooksUpTheDocument) {
  constexpr std::string_view kMapping = R"({"format": "kith.import/1", "entity": "posting",
    "columns": {"who": [{"field": "document", "lookup": {"entity": "customer"}}], "amount": "amount"},
    "constants": {"account": "bookings", "document_entity": "customer"}})";
  const auto import = [&](const std::string& rows, std::string_view mapping) {
    return import_csv(session(), text_source("who,amount\n" + rows), parse_import_plan(mapping));
  };
  const ImportReport report = import("Customer 1,12.50\nCustomer 7,1\n", kMapping);
  EXPECT_EQ(report.created, 1);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems.front().field, "document");
  const auto rows = session().reader().list<Posting>();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.front().document, customers_[1]);
  std::string other(kMapping);
  other.replace(other.find("\"document_entity\": \"customer\""), 29, R"("document_entity": "product")");
  const ImportReport wrong = import("Customer 1,12.50\n", other);
  ASSERT_EQ(wrong.problems.size(), 1U);
  EXPECT_NE(wrong.problems.front().reason.find("there is no product"), std::string::npos);
}

/// A table of postings of one day on customers, and how it was taken in, three rows at once.
constexpr std::string_view kPairMapping = R"({"format": "kith.import/1", "entity": "posting",
  "columns": {"who": [{"field": "document", "lookup": {"entity": "customer"}}], "account": "account",
              "amount": "amount"},
  "constants": {"document_entity": "customer"}})";

TEST_P(LedgerTest, AnImportJudgesPairsOverTheWholeTable) {
  make_pair_of_accounts();
  const std::string rows =
      "Customer 0,receivable,5\nCustomer 1,revenue,-7\nCustomer 2,bookings,1\nCustomer 2,bookings,1\n"
      "Customer 2,receivable,3\nCustomer 2,revenue,-1\nCustomer 1,receivable,7\nCustomer 0,revenue,-5\n"
      "Customer 2,revenue,-2\n";
  for (const bool whole : {false, true}) {
    const ImportReport report = import_csv(session(), text_source("who,account,amount\n" + rows),
                                           parse_import_plan(kPairMapping), {.all_or_nothing = whole, .chunk_rows = 3});
    EXPECT_EQ(report.created, 9) << to_json(report);
    EXPECT_TRUE(report.committed);
  }
  EXPECT_EQ(session().reader().list<Posting>().size(), 18U);
}

TEST_P(LedgerTest, AnImportNamesEveryRowOfAPairThatDoesNotBalance) {
  make_pair_of_accounts();
  const std::string rows =
      "Customer 0,receivable,5\nCustomer 2,receivable,3\nCustomer 2,nowhere,-1\nCustomer 2,revenue,-3\n"
      "Customer 0,revenue,-4.99\nCustomer 1,receivable,2\n";
  const ImportReport report = import_csv(session(), text_source("who,account,amount\n" + rows),
                                         parse_import_plan(kPairMapping), {.chunk_rows = 2});
  EXPECT_EQ(report.created, 2);
  EXPECT_EQ(report.rejected, 4);
  std::map<std::int64_t, std::string> told;
  for (const ImportProblem& problem : report.problems) told[problem.line] += problem.reason;
  ASSERT_EQ(told.size(), 4U) << to_json(report);
  EXPECT_NE(told[2].find("does not balance: 0.01 USD is left"), std::string::npos) << told[2];
  EXPECT_EQ(told[4].find("'nowhere' is no account"), 0U) << told[4];
  EXPECT_NE(told[6].find("the pair of line 2"), std::string::npos) << told[6];
  EXPECT_NE(told[7].find("does not balance: 2.00 USD is left"), std::string::npos) << told[7];
}

TEST_P(LedgerTest, BalancesKeepCurrenciesApart) {
  posted("bookings", 100);
  set_euro("1.10", date(2025, 1, 1));
  Posting euros = posting("bookings", 70);
  euros.currency = currency("EUR");
  in_work([&](Work& work) { ledger::post(work, euros); });
  const Table table = ledger::balance(session().reader(), {.by = {"account"}});
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.value(0, table.at("amount")), Value(Money{70, currency("EUR")}));
  EXPECT_EQ(table.value(1, table.at("amount")), Value(Money{100, currency("USD")}));
  EXPECT_EQ(table.value(0, table.at("base_amount")), Value(Money{77, currency("USD")}));
  EXPECT_EQ(table.value(1, table.at("base_amount")), Value(Money{100, currency("USD")}));
  EXPECT_THROW(ledger::balance(session().reader(), {.by = {"acount"}}), Error);
  EXPECT_THROW(ledger::balance(session().reader(), {.by = {"base_amount"}}), Error);
  const Table report = session().reader().report(
      "ledger_balance", {{"by", std::string("customer, period")}, {"customer", Value(customers_[1])}});
  EXPECT_EQ(report.rows(), 0U);
  EXPECT_EQ(session().reader().report("ledger_postings", {{"account", std::string("bookings")}}).rows(), 2U);
}

TEST_P(LedgerTest, SumsThatDoNotFitAreAnError) {
  posted("bookings", std::numeric_limits<std::int64_t>::max());
  posted("bookings", 1);
  try {
    ledger::balance(session().reader());
    ADD_FAILURE() << "should overflow";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::overflow);
  }
}

TEST_P(LedgerTest, PeopleSeeAndPostWhatTheyMay) {
  posted("bookings", 100);
  in_work([&](Work& work) { access::add_principal(work, "sam", std::nullopt, {"seller"}); });
  Session sam = store().engine->session("sam");
  EXPECT_EQ(ledger::balance(sam.reader()).rows(), 0U);
  Posting row = posting("bookings", 1);
  refused_for(
      sam, [&](Work& work) { ledger::post(work, row); }, Code::denied);
}

TEST_P(LedgerTest, RandomHistoriesSumLikeAMap) {
  std::mt19937 random(7);
  const auto pick = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  const char* const accounts[] = {"bookings", "cash", "expense"};
  std::map<std::pair<std::string, std::int64_t>, std::pair<std::int64_t, std::int64_t>> sums;
  std::map<Id, Posting> open;  // posted and not reversed
  std::int64_t seq_between = 0;
  decltype(sums) sums_between;
  for (int round = 0; round < 25; ++round) {
    in_work([&](Work& work) {
      if (pick(3) != 0 || open.empty()) {
        std::vector<Posting> rows;
        for (int i = pick(6) + 1; i > 0; --i) {
          rows.push_back(posting(accounts[pick(3)], pick(2000) - 1000, pick(3)));
          rows.back().quantity = {pick(5) + 1, kQuantityScale};
        }
        ledger::post(work, rows);
        for (const Posting& row : rows) {
          auto& sum = sums[{row.account, row.customer->value}];
          sum.first += row.amount.minor;
          sum.second += 1;
          open.emplace(row.id, row);
        }
        return;
      }
      const auto chosen = std::next(open.begin(), pick(static_cast<int>(open.size())));
      ledger::reverse(work, std::vector{chosen->first});
      auto& sum = sums[{chosen->second.account, chosen->second.customer->value}];
      sum.first -= chosen->second.amount.minor;
      sum.second += 1;
      open.erase(chosen);
    });
    if (round == 12) {
      seq_between = session().reader().seq();
      sums_between = sums;
    }
  }
  const auto compare = [&](const Reader& reader, const decltype(sums)& expected) {
    const Table table = ledger::balance(reader, {.by = {"account", "customer"}});
    ASSERT_EQ(table.rows(), expected.size());
    std::size_t row = 0;
    for (const auto& [key, sum] : expected) {
      EXPECT_EQ(table.value(row, 0), Value(key.first));
      EXPECT_EQ(table.value(row, 1), Value(Id{key.second}));
      EXPECT_EQ(table.value(row, table.at("amount")), Value(Money{sum.first, currency("USD")}));
      EXPECT_EQ(table.value(row, table.at("postings")), Value(sum.second));
      ++row;
    }
  };
  compare(session().reader(), sums);
  compare(session().reader({.as_of_seq = seq_between, .as_of_time = {}}), sums_between);
}

INSTANTIATE_ON_ALL_BACKENDS(LedgerTest);

}  // namespace
}  // namespace kith
