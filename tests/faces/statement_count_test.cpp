// SPDX-License-Identifier: Apache-2.0
// P8 of the performance targets: a verb asks the storage at most twice for each table it touches and four times more,
// the same however long the history, in one transaction that reaches the disk once.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <string>

#include "kith/kith.hpp"
#include "support/counting_storage.hpp"
#include "support/crash_disk.hpp"
#include "support/store.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

// A company with two sellers, a customer and a deal, and verbs on them.
struct Company {
  explicit Company(std::shared_ptr<Storage> storage)
      : engine(Engine::open(std::move(storage), model(), test::test_options(clock))), session(engine->session()) {
    Work work = session.work();
    Unit unit;
    unit.name = "Sales";
    team = people::create(work, unit, date(2025, 1, 1));
    unit = {};
    unit.name = "Export";
    other_team = people::create(work, unit, date(2025, 1, 1));
    for (Id* seller : {&ann, &bob}) {
      Employee employee;
      employee.name = "Seller";
      employee.unit = team;
      employee.hired_on = date(2025, 1, 1);
      *seller = people::create(work, employee);
    }
    Pipeline pipeline;
    pipeline.name = "standard";
    std::vector<Stage> stages(2);
    stages[0].name = "a";
    stages[1].name = "b";
    stages[1].position = 1;
    sales::create(work, pipeline, stages);
    acme = add_customer(work);
    deal = add_deal(work);
    work.commit();
  }

  Id add_customer(Work& work) const {
    Customer customer;
    customer.name = "Acme";
    customer.owner = ann;
    return customer::create(work, customer);
  }
  Id add_deal(Work& work) const {
    Opportunity row;
    row.title = "Deal";
    row.customer = acme;
    row.owner = ann;
    row.amount = Amount{100'000};
    return sales::create(work, row);
  }
  void in_work(const std::function<void(Work&)>& function) {
    Work work = session.work();
    function(work);
    work.commit();
  }
  // Works that lengthen the past of everything the verbs touch.
  void live(int works) {
    for (int i = 0; i < works; ++i) {
      in_work([&](Work& work) {
        customer::assign(work, acme, i % 2 == 0 ? bob : ann);
        sales::advance(work, deal, i % 2 == 0 ? "b" : "a");
        Customer row = work.get<Customer>(acme);
        row.sector = "sector " + std::to_string(i);
        customer::update(work, row);
      });
    }
  }

  std::shared_ptr<Timestamp> clock = std::make_shared<Timestamp>();
  std::shared_ptr<Engine> engine;
  Session session;
  Id team, other_team, ann, bob, acme, deal;
};

struct Verb {
  const char* name;
  void (*run)(Company&, Work&);
};

constexpr Verb kVerbs[] = {
    {"create a customer", [](Company& company, Work& work) { company.add_customer(work); }},
    {"hand over a customer", [](Company& company, Work& work) { customer::assign(work, company.acme, company.bob); }},
    {"move a customer back",
     [](Company& company, Work& work) { customer::set_stage(work, company.acme, "lead", "asked again"); }},
    {"create a deal", [](Company& company, Work& work) { company.add_deal(work); }},
    {"advance a deal", [](Company& company, Work& work) { sales::advance(work, company.deal, "b"); }},
    {"win a deal",
     [](Company& company, Work& work) { sales::win(work, company.deal, date(2026, 1, 1), "good", Amount{1}); }},
    {"lose a deal", [](Company& company, Work& work) { sales::lose(work, company.deal, date(2026, 1, 1), "price"); }},
    {"share a deal",
     [](Company& company, Work& work) {
       sales::set_splits(work, company.deal,
                         {{company.ann, parse_decimal("0.6")}, {company.bob, parse_decimal("0.4")}});
     }},
    {"transfer an employee",
     [](Company& company, Work& work) { people::transfer(work, company.ann, company.other_team, date(2026, 1, 1)); }},
};

test::Calls calls_of(const Verb& verb, int history) {
  auto storage = std::make_shared<test::CountingStorage>(open_memory());
  Company company(storage);
  company.live(history);
  return storage->count([&] { company.in_work([&](Work& work) { verb.run(company, work); }); });
}

TEST(StatementCount, IsTwiceTheTablesAndFourAtMostAndConstantInHistory) {
  for (const Verb& verb : kVerbs) {
    SCOPED_TRACE(verb.name);
    const test::Calls young = calls_of(verb, 0), old = calls_of(verb, 60);
    EXPECT_LE(young.total(), 2 * static_cast<int>(young.tables.size()) + 4);
    EXPECT_LE(old.total(), 2 * static_cast<int>(old.tables.size()) + 4);
    EXPECT_EQ(young.transactions, 1);
    EXPECT_EQ(old.transactions, 1);
    EXPECT_EQ(calls_of(verb, 10).total(), old.total());
  }
}

TEST(StatementCount, AWorkReachesTheDiskOnce) {
  test::CrashDisk disk;
  kith_test::TempDir dir;
  Company company(open_sqlite(dir.file("shop.kith"), {}));
  company.live(2);  // the log of a new file is begun by its first works
  for (const Verb& verb : kVerbs) {
    SCOPED_TRACE(verb.name);
    if (std::string_view(verb.name) == "lose a deal") continue;  // it is won by then
    const std::int64_t before = disk.syncs;
    company.in_work([&](Work& work) { verb.run(company, work); });
    EXPECT_EQ(disk.syncs - before, 1);
    if (std::string_view(verb.name) == "win a deal") {
      company.in_work([&](Work& work) { sales::reopen(work, company.deal, "not yet"); });
    }
  }
}

}  // namespace
}  // namespace kith
