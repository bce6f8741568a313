// SPDX-License-Identifier: Apache-2.0
// Seeded random histories of verbs, many of them wrong on purpose: whatever happens, a refused verb leaves nothing
// behind, the invariants hold, and memory and SQLite end up with the same records.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/soak.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

class History {
 public:
  History(const std::string& url, unsigned seed)
      : store_(test::open_test_store(url, [](Options& options) { options.zone = "Asia/Shanghai"; })), random_(seed) {}

  void run(int steps) {
    found();
    for (int step = 0; step < steps; ++step) {
      store_.set_clock(Timestamp{store_.clock->micros + pick(3) * 40'000'000'000});
      try_one();
    }
  }

  // Every current record, as text.
  std::vector<std::string> records() {
    const Reader reader = store_.session.reader();
    std::vector<std::string> result;
    for (const Entity* entity : model().entities()) {
      if (entity->keeping != Keeping::versioned) continue;
      auto rows = reader.scan(*entity);
      for (Batch batch; rows->next(batch);) {
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          std::string text(entity->name);
          for (std::size_t i = 0; i < batch.columns.size(); ++i) {
            const Field& field = entity->fields[static_cast<std::size_t>(batch.fields[i])];
            text += " " + to_string(to_value(batch.columns[i].cell(row), field, reader.currency()));
          }
          result.push_back(text);
        }
      }
    }
    return result;
  }
  std::vector<Finding> findings() { return check(store_.session); }
  int done() const { return done_; }
  int refused() const { return refused_; }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  Id pick(const std::vector<Id>& ids) { return ids[static_cast<std::size_t>(pick(static_cast<int>(ids.size())))]; }
  // Now and then an id of nothing.
  Id maybe(const std::vector<Id>& ids) { return pick(20) == 0 || ids.empty() ? Id{7} : pick(ids); }
  Date day() { return Date{date(2025, 6, 1).days + pick(400)}; }
  std::optional<Timestamp> moment() {
    if (pick(3) != 0) return std::nullopt;
    return Timestamp{store_.clock->micros - pick(20) * 10'000'000'000};
  }

  void found() {
    Work work = store_.session.work();
    Pipeline pipeline;
    pipeline.name = "standard";
    std::vector<Stage> stages(3);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      stages[i].name = "stage " + std::to_string(i);
      stages[i].position = static_cast<std::int64_t>(i);
    }
    stages[2].guard = "amount >= 50.00 USD";
    sales::create(work, pipeline, stages);
    work.commit();
  }

  void try_one() {
    Work work = store_.session.work();
    try {
      act(work);
      EXPECT_NE(work.commit().seq, -1);
      ++done_;
    } catch (const Error& error) {
      const std::set<Code> expected{Code::invalid, Code::not_found, Code::conflict, Code::state};
      EXPECT_TRUE(expected.contains(error.code)) << error.what();
      EXPECT_EQ(work.commit().seq, 0) << error.what();
      ++refused_;
    }
  }

  void act(Work& work) {
    const std::vector<std::function<void(Work&)>> acts = {
        [this](Work& w) { add_unit(w); },  [this](Work& w) { add_employee(w); },  [this](Work& w) { add_customer(w); },
        [this](Work& w) { add_deal(w); },  [this](Work& w) { add_deal(w); },      [this](Work& w) { move_unit(w); },
        [this](Work& w) { transfer(w); },  [this](Work& w) { move_customer(w); }, [this](Work& w) { move_deal(w); },
        [this](Work& w) { move_deal(w); }, [this](Work& w) { change_deal(w); },   [this](Work& w) { share(w); },
        [this](Work& w) { set_rate(w); },  [this](Work& w) { revalue(w); },
    };
    acts[static_cast<std::size_t>(pick(static_cast<int>(acts.size())))](work);
  }

  void add_unit(Work& work) {
    Unit unit;
    unit.name = "Unit " + std::to_string(units_.size());
    if (!units_.empty()) unit.parent = maybe(units_);
    units_.push_back(people::create(work, unit, day()));
  }
  void add_employee(Work& work) {
    Employee employee;
    employee.name = "Employee " + std::to_string(employees_.size());
    if (pick(3) != 0) employee.unit = maybe(units_);
    if (pick(2) != 0) employee.hired_on = day();
    employees_.push_back(people::create(work, employee));
  }
  void add_customer(Work& work) {
    Customer row;
    row.name = pick(15) == 0 ? "" : "Customer " + std::to_string(customers_.size());
    if (pick(2) != 0) row.owner = maybe(employees_);
    customers_.push_back(customer::create(work, row));
  }
  void add_deal(Work& work) {
    Opportunity deal;
    deal.title = "Deal";
    if (pick(4) != 0) deal.customer = maybe(customers_);
    if (pick(2) != 0) deal.owner = maybe(employees_);
    if (pick(2) != 0) deal.amount = Amount{pick(20'000)};
    deal.currency = any_currency();
    if (pick(2) != 0) deal.engaged_on = day();
    if (pick(4) == 0) deal.status = static_cast<DealStatus>(2 + pick(3));
    if (pick(4) == 0 || deal.status != DealStatus::open) deal.closed_on = day();
    deals_.push_back(sales::create(work, deal));
  }
  void move_unit(Work& work) {
    const std::optional<Id> parent = pick(5) == 0 ? std::nullopt : std::optional<Id>(maybe(units_));
    people::move(work, maybe(units_), parent, day());
  }
  void transfer(Work& work) { people::transfer(work, maybe(employees_), maybe(units_), day()); }
  void move_customer(Work& work) {
    static constexpr const char* kNames[] = {"subscriber", "lead", "MQL", "SQL", "opportunity", "customer", "lead?"};
    const char* stage = kNames[pick(7)];
    if (pick(2) == 0) return customer::advance(work, maybe(customers_), stage, moment());
    customer::set_stage(work, maybe(customers_), stage, pick(3) == 0 ? "" : "a reason", moment());
  }
  void move_deal(Work& work) {
    const Id deal = maybe(deals_);
    const char* reason = pick(8) == 0 ? " " : "a reason";
    switch (pick(6)) {
      case 0: return sales::win(work, deal, day(), reason, pick(2) == 0 ? std::optional(Amount{500}) : std::nullopt);
      case 1: return sales::lose(work, deal, day(), reason);
      case 2: return pick(3) == 0 ? sales::void_deal(work, deal, day(), reason) : sales::reopen(work, deal, reason);
      default: return sales::advance(work, deal, "stage " + std::to_string(pick(4)), moment());
    }
  }
  void change_deal(Work& work) {
    Opportunity deal = work.get<Opportunity>(maybe(deals_));
    if (pick(2) == 0) deal.probability = Decimal{pick(1'200'000'000), kRateScale};
    if (pick(3) == 0) deal.customer = maybe(customers_);
    if (pick(3) == 0) deal.owner = maybe(employees_);
    if (pick(3) == 0) deal.amount = Amount{pick(20'000)};
    if (pick(5) == 0) deal.currency = any_currency();
    if (pick(9) == 0) deal.status = DealStatus::won;
    sales::update(work, deal);
  }
  Currency any_currency() {
    static constexpr const char* kCodes[] = {"USD", "USD", "EUR", "JPY"};
    return currency(kCodes[pick(4)]);
  }
  void set_rate(Work& work) {
    ExchangeRate rate;
    const bool euro = pick(2) == 0;
    rate.from_currency = currency(euro ? "EUR" : "USD");
    rate.to_currency = currency(euro ? "USD" : "JPY");
    rate.rate = Decimal{pick(1'000'000'000), euro ? 9 : 6};
    rate.from = pick(2) == 0 ? date(2025, 5, 1) : day();
    rate.source = "dice";
    people::set_rate(work, rate);
  }
  void revalue(Work& work) { sales::revalue(work, day()); }
  void share(Work& work) {
    std::vector<SplitShare> shares;
    std::int64_t left = 1'000'000'000;
    const int people = pick(4);
    for (int i = 0; i < people; ++i) {
      const std::int64_t part = i + 1 == people && pick(6) != 0 ? left : left / 3;
      shares.push_back({maybe(employees_), Decimal{part, kRateScale}});
      left -= part;
    }
    sales::set_splits(work, maybe(deals_), shares);
  }

  test::TestStore store_;
  std::mt19937 random_;
  std::vector<Id> units_, employees_, customers_, deals_;
  int done_ = 0;
  int refused_ = 0;
};

TEST(RandomHistory, KeepsTheInvariantsOnEveryBackend) {
  for (const unsigned seed : {1U, 2U}) {
    History in_memory("memory:", seed);
    in_memory.run(test::turns_of(400));
    EXPECT_GT(in_memory.done(), test::turns_of(100));
    EXPECT_GT(in_memory.refused(), test::turns_of(50));
    for (const Finding& finding : in_memory.findings()) {
      ADD_FAILURE() << "seed " << seed << ": " << finding.entity << ' ' << finding.message;
    }
    const test::TemporaryFile file;
    History in_file("sqlite:" + file.path(), seed);
    in_file.run(test::turns_of(400));
    EXPECT_EQ(in_memory.records(), in_file.records()) << "seed " << seed;
    if (test::postgres_url().empty()) continue;
    History on_server(test::postgres_tenant_url("domain"), seed);
    on_server.run(test::turns_of(400));
    EXPECT_EQ(in_memory.records(), on_server.records()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace kith
