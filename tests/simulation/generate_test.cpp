// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "kith/kith.hpp"
#include "support/soak.hpp"
#include "support/store.hpp"
#include "support/temp_dir.hpp"

namespace kith::simulation {
namespace {

using test::says;

GenerateOptions small() {
  GenerateOptions options;
  options.company = {.seed = 5, .records = 1'500};
  options.chunk_rows = 64;
  options.worked_every = 5;
  return options;
}

// Where sanitizers slow it down, less of it: for tests that make it many times.
GenerateOptions smaller() {
  GenerateOptions options = small();
  if (test::sanitized()) options.company.records = 400;
  return options;
}

// A file and what stands in it.
struct Made {
  kith_test::TempDir dir;
  std::string url = dir.file("company.kith");
  GenerateReport report = generate(url, model(), small());
  std::shared_ptr<Engine> engine = open(url);
};

TEST(Generate, MakesACompanyThatHoldsTogether) {
  Made made;
  Session session = made.engine->session();
  const Reader reader = session.reader();
  EXPECT_TRUE(check(session).empty());
  const GenerateReport& report = made.report;
  EXPECT_EQ(report.customers, 450);
  EXPECT_EQ(report.deals, 600);
  EXPECT_EQ(report.worked, 120);
  EXPECT_EQ(reader.list<Customer>().size(), 450U);
  EXPECT_EQ(reader.list<Opportunity>().size(), 600U);
  EXPECT_EQ(static_cast<std::int64_t>(reader.list<Contact>().size()), report.contacts);
  EXPECT_EQ(static_cast<std::int64_t>(reader.list<Employee>().size()), report.employees);
  EXPECT_EQ(static_cast<std::int64_t>(reader.list<Unit>().size()), report.units);
  EXPECT_EQ(reader.seq(), report.last_seq);
  EXPECT_GT(report.leavers, 0);
  EXPECT_GT(report.transfers, 0);
  EXPECT_GT(report.territory_changes, 0);
  EXPECT_GT(report.handovers, 0);
  EXPECT_GT(report.splits, 0);
  const Company company(small().company);
  std::int64_t won = 0, lost = 0;
  for (const Opportunity& deal : reader.list<Opportunity>()) {
    const std::int64_t number = std::stoll(deal.external_id->substr(5)) - 1;
    const SimulatedDeal simulated = company.deal(number);
    EXPECT_EQ(deal.status, simulated.record.status) << *deal.external_id;
    EXPECT_EQ(deal.closed_on, simulated.record.closed_on);
    EXPECT_EQ(deal.amount, simulated.record.amount);
    won += deal.status == DealStatus::won;
    lost += deal.status == DealStatus::lost;
  }
  EXPECT_EQ(won, report.won);
  EXPECT_EQ(lost, report.lost);
}

TEST(Generate, TellsWhatFollowedTheWonDeals) {
  Made made;
  Session session = made.engine->session();
  const Reader reader = session.reader();
  const Company company(small().company);
  std::map<std::string, Amount> expected;
  std::size_t shares = 0;
  for (std::int64_t deal = 0; deal < company.deals(); ++deal) {
    for (const incentive::EventRow& event : company.events(deal)) {
      expected.emplace(event.id, Amount{event.amount.minor});
      shares += event.splits.size();
    }
  }
  EXPECT_GT(expected.size(), static_cast<std::size_t>(made.report.won));
  EXPECT_EQ(made.report.events, static_cast<std::int64_t>(expected.size()));
  std::map<std::string, int> types;
  const auto rows = reader.list<BusinessEvent>();
  EXPECT_EQ(rows.size(), expected.size());
  for (const BusinessEvent& row : rows) {
    EXPECT_EQ(row.amount, expected.at(row.external_id)) << row.external_id;
    EXPECT_LT(start_of_day(row.date, "UTC"), reader.get<WorkRow>({row.seq}).recorded) << "told before it happened";
    ++types[row.type];
  }
  EXPECT_EQ(types["booking"], made.report.won);
  EXPECT_EQ(types.size(), 4U) << "bookings, invoices, payments and returns";
  EXPECT_EQ(reader.list<EventShare>().size(), shares);
  GenerateOptions without = small();
  without.events = false;
  EXPECT_EQ(generate("memory:", model(), without).events, 0);
}

TEST(Generate, CustomersEndWithWhoLooksAfterThem) {
  Made made;
  Session session = made.engine->session();
  const Reader reader = session.reader();
  const Company company(small().company);
  for (const Customer& customer : reader.list<Customer>()) {
    const std::int64_t number = std::stoll(customer.external_id->substr(9)) - 1;
    const std::int64_t seller = company.successor(company.customer(number).seller, company.options().to);
    EXPECT_EQ(reader.get<Employee>(*customer.owner).external_id, "s" + std::to_string(seller + 1));
  }
}

TEST(Generate, ThePastCanBeRead) {
  Made made;
  Session session = made.engine->session();
  ReadOptions middle;
  middle.as_of_time = start_of_day(date(2024, 7, 1), "UTC");
  const Reader then = session.reader(middle);
  const auto customers = then.list<Customer>().size();
  EXPECT_GT(customers, 200U);
  EXPECT_LT(customers, 250U);
  std::size_t open = 0;
  for (const Opportunity& deal : then.list<Opportunity>()) open += deal.status == DealStatus::open;
  EXPECT_GT(open, 0U);
}

TEST(Generate, TheSameOptionsGiveTheSameStore) {
  Made one;
  kith_test::TempDir dir;
  generate(dir.file("again.kith"), model(), small());
  const auto digest = [](Engine& engine) {
    Session session = engine.session();
    return to_hex(state_digest(session));
  };
  const std::string first = digest(*one.engine);
  EXPECT_EQ(digest(*open(dir.file("again.kith"))), first);
  GenerateOptions chunks = smaller();
  chunks.company.seed = 6;
  generate(dir.file("other.kith"), model(), chunks);
  EXPECT_NE(digest(*open(dir.file("other.kith"))), first);
}

TEST(Generate, SellersSeeTheirOwn) {
  Made made;
  Session all = made.engine->session(), seller = made.engine->session("s1"), manager = made.engine->session("m1");
  const auto seen = [](Session& session) { return session.reader().list<Customer>().size(); };
  EXPECT_GT(seen(seller), 0U);
  EXPECT_LT(seen(seller), seen(all));
  EXPECT_LT(seen(manager), seen(all));
}

TEST(Generate, RefusesAStoreInUseAndStopsWhenAsked) {
  Made made;
  const auto digest = [&] {
    Session session = made.engine->session();
    return to_hex(state_digest(session));
  };
  const std::string before = digest();
  try {
    generate(made.url, model(), smaller());
    FAIL() << "filled a store twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::state);
    EXPECT_TRUE(says(error, "give the URL of a new one"));
  }
  EXPECT_EQ(digest(), before);
  kith_test::TempDir dir;
  GenerateOptions options = smaller();
  options.progress = [](std::int64_t done, std::int64_t total) { return done < total / 2; };
  try {
    generate(dir.file("half.kith"), model(), options);
    FAIL() << "was not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::cancelled);
  }
  const auto engine = open(dir.file("half.kith"));
  Session session = engine->session();
  EXPECT_TRUE(check(session).empty());
  options = smaller();
  options.chunk_rows = 0;
  EXPECT_THROW(generate("memory:", model(), options), Error);
}

}  // namespace
}  // namespace kith::simulation
