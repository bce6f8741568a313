// SPDX-License-Identifier: Apache-2.0
// R7 on PostgreSQL: threads and processes change owners, post payments and run commissions at once on one tenant.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "support/pair_work.hpp"
#include "support/script.hpp"
#include "support/soak.hpp"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;

const Date kFirst = parse_date("2026-01-01");
constexpr std::int64_t kToPay = 1'000'000'000;

Opportunity deal_named(const Reader& reader, const char* title) {
  return *reader.find_one<Opportunity>({.conditions = {equals(entity_of<Opportunity>(), "title", title)}});
}
std::vector<Customer> customers(const Reader& reader) { return reader.list<Customer>({.order = {"id"}}); }
std::vector<Employee> employees(const Reader& reader) { return reader.list<Employee>({.order = {"id"}}); }

/// What one actor has done; sent through a pipe by processes.
struct Tally {
  std::int64_t works = 0;
  std::int64_t paid = 0;  ///< minor units
  std::int64_t payments = 0;
  std::int64_t raised = 0;  ///< of the won deal, minor units
  std::int64_t wrong = 0;   ///< totals that were not exact in the middle of it
};

/// A customer and somebody's unit change hands, a deal is lost or comes back.
void change_owners(Work& work, std::mt19937& random) {
  const auto people = employees(work);
  const auto all = customers(work);
  customer::assign(work, all[random() % all.size()].id, people[random() % people.size()].id);
  const auto units = work.list<Unit>({.order = {"id"}});
  const Date day{kFirst.days + static_cast<std::int32_t>(work.next_seq())};
  people::transfer(work, people[random() % people.size()].id, units[1 + random() % (units.size() - 1)].id, day);
  const auto deal = deal_named(work, "lost");
  if (deal.status == DealStatus::lost) {
    sales::reopen(work, deal.id, "again");
  } else {
    sales::lose(work, deal.id, day, "no");
  }
}

/// A payment: what is still to be paid for a deal goes down, what the ledger holds in cash for it goes up; together
/// they stay. The two postings are a pair, which sums to zero.
std::int64_t pay(Work& work, std::mt19937& random) {
  const std::int64_t amount = 1 + random() % 1000;
  Opportunity deal = deal_named(work, "open");
  deal.amount->minor -= amount;
  sales::update(work, deal);
  Posting cash;
  cash.account = "cash";
  cash.amount = {amount};
  cash.customer = customers(work).front().id;
  cash.document_entity = "opportunity";
  cash.document = deal.id;
  Posting billings = cash;
  billings.account = "billings";
  billings.amount = {-amount};
  std::vector<Posting> both = {cash, billings};
  ledger::post(work, both);
  return amount;
}

/// What the ledger holds on an account, and in how many postings.
struct Held {
  std::int64_t minor = 0;
  std::int64_t postings = 0;
};
Held held_on(const Reader& reader, const char* account) {
  const Table sums =
      ledger::balance(reader, {.by = {"account"}, .conditions = {equals(entity_of<Posting>(), "account", account)}});
  if (sums.rows() == 0) return {};
  return {std::get<Money>(sums.value(0, sums.at("amount"))).minor,
          std::get<std::int64_t>(sums.value(0, sums.at("postings")))};
}

/// The won deal grows and its commission is run: 5 % of what it is worth now, rounded once.
bool run_commission(Work& work, std::int64_t by) {
  Opportunity deal = deal_named(work, "won");
  deal.amount->minor += by;
  sales::update(work, deal);
  const incentive::RunResult result = incentive::run(work, "2026-Q1");
  return result.total.minor == (deal.amount->minor * 5 + 50) / 100;
}

/// So many works each actor does at least, however slow the machine is.
constexpr std::int64_t kLeast = 8;

/// Works of all kinds until the time is over.
Tally act(Engine& engine, const std::string& name, unsigned seed, Clock::time_point until) {
  Tally tally;
  std::mt19937 random(seed);
  Session session = engine.session();
  while (tally.works < kLeast || Clock::now() < until) {
    const auto kind = random() % 3;
    const std::string key = name + "/" + std::to_string(tally.works);
    const auto one = static_cast<unsigned>(random());
    std::int64_t amount = 1 + one % 100;
    bool exact = true;
    // A work that is tried again does the same again.
    session.run({.cause = "mixed", .key = key, .payload = key},
                [&](Work& work) {
                  std::mt19937 same(one);
                  if (kind == 0) change_owners(work, same);
                  if (kind == 1) amount = pay(work, same);
                  if (kind == 2) exact = run_commission(work, amount);
                  return std::string();
                },
                {.attempts = 40, .first_ms = 1, .most_ms = 100});
    ++tally.works;
    tally.paid += kind == 1 ? amount : 0;
    tally.payments += kind == 1 ? 1 : 0;
    tally.raised += kind == 2 ? amount : 0;
    tally.wrong += exact ? 0 : 1;
  }
  return tally;
}

Tally total_of(const std::vector<Tally>& tallies) {
  Tally all;
  for (const Tally& one : tallies) {
    all.works += one.works;
    all.paid += one.paid;
    all.payments += one.payments;
    all.raised += one.raised;
    all.wrong += one.wrong;
  }
  return all;
}

/// What is to be paid and what was paid; the same in every snapshot.
std::int64_t to_pay_and_paid(const Reader& reader) {
  return deal_named(reader, "open").amount->minor + held_on(reader, "cash").minor;
}

/// Dated rows of one record, by their beginning, never overlap.
template <class Row, class Key>
void expect_apart(const Reader& reader, Key key) {
  std::map<std::int64_t, std::vector<Row>> of;
  for (const Row& row : reader.list<Row>()) of[key(row).value].push_back(row);
  EXPECT_FALSE(of.empty());
  for (auto& [id, rows] : of) {
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
    for (std::size_t i = 1; i < rows.size(); ++i)
      EXPECT_LE(rows[i - 1].to, rows[i].from) << entity_of<Row>().name << id;
  }
}

class ServerThreadsTest : public testing::Test {
 protected:
  void SetUp() override {
    KITH_NEEDS_POSTGRES();
    url_ = test::fresh_postgres_url();
    auto engine = open(url_, test::patient_options());
    Session session = engine->session();
    test::found_company(session);
    {
      Work work = session.work({.cause = "much to pay"});
      Opportunity deal = deal_named(work, "open");
      deal.amount = Amount{kToPay};
      sales::update(work, deal);
      auto billings = *work.find_one<LedgerAccount>({.where = "name = 'billings'"});
      billings.pair = "cash";
      ledger::set_account(work, billings);
      work.commit();
    }
    first_ = deal_named(session.reader(), "won").amount->minor;
    works_ = session.reader().seq();
  }

  void expect_exact(const Tally& all) {
    auto engine = open(url_, test::patient_options());
    Session session = engine->session();
    EXPECT_EQ(all.wrong, 0);
    const Reader reader = session.reader();
    EXPECT_EQ(reader.seq(), works_ + all.works) << "works, one behind the other";
    EXPECT_EQ(held_on(reader, "cash").minor, all.paid);
    EXPECT_EQ(held_on(reader, "billings").minor, -all.paid);
    EXPECT_EQ(held_on(reader, "cash").postings, all.payments);
    EXPECT_EQ(to_pay_and_paid(reader), kToPay);
    EXPECT_EQ(deal_named(reader, "won").amount->minor, first_ + all.raised);
    expect_apart<Membership>(reader, [](const Membership& row) { return row.employee; });
    expect_apart<OpportunityStage>(reader, [](const OpportunityStage& row) { return row.opportunity; });
    expect_apart<CustomerStage>(reader, [](const CustomerStage& row) { return row.customer; });
    test::expect_whole(session, 2);
    Work work = session.work({.cause = "the last run"});
    EXPECT_TRUE(run_commission(work, 0));
  }

  std::string url_;
  std::int64_t first_ = 0;
  std::int64_t works_ = 0;
};

TEST_F(ServerThreadsTest, R7ThreadsAndProcessesKeepTotalsDatedRowsAndTheChain) {
  const auto until = Clock::now() + std::chrono::milliseconds(test::soaking() ? 60'000 : 500);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 3; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    int code = 0;
    try {
      auto engine = open(url_, test::patient_options());
      const Tally tally = act(*engine, "process " + std::to_string(i), 100 + i, until);
      if (write(ends[1], &tally, sizeof tally) != sizeof tally) code = 2;
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      code = 1;
    }
    _exit(code);
  }
  close(ends[1]);
  std::vector<Tally> tallies(4);
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0}, torn{0};
  {
    auto engine = open(url_, test::patient_options());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          tallies[i] = act(*engine, "thread " + std::to_string(i), static_cast<unsigned>(i), until);
        } catch (const Error& error) {
          ADD_FAILURE() << error.what();
        }
      });
    }
    std::thread watcher([&] {
      Session session = engine->session();
      while (!stop) {
        const Reader reader = session.reader();
        torn += to_pay_and_paid(reader) == kToPay ? 0 : 1;
        ++reads;
      }
    });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    watcher.join();
  }
  for (Tally one; read(ends[0], &one, sizeof one) == sizeof one;) tallies.push_back(one);
  close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(tallies.size(), 7U);
  EXPECT_EQ(torn, 0) << "a snapshot showed half a work";
  const Tally all = total_of(tallies);
  EXPECT_GT(all.payments, 5);
  expect_exact(all);
  test::tell("4 threads and 3 processes: ", all.works, " works, ", all.payments, " of them payments; ", reads.load(),
             " snapshots while they worked");
}

}  // namespace
}  // namespace kith
