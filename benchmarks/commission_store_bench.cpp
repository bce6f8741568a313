// SPDX-License-Identifier: Apache-2.0
// P4: commission over transactions that stand in a store on SQLite, a JSON line each.
//
//     commission_store_bench DIRECTORY [runs] [rows]
//
// The transactions are won deals of a thousand people in a year, among three tiers by person and month. Kith reads
// owner, day and amount with `Reader::scan` and computes with `compute_totals`. Anchors, by turns: SQLite's C API
// reading the same three columns and doing nothing with them; one SQL statement that groups and applies the tiers, in
// whole numbers. All totals must agree. The file stays in DIRECTORY for commission_store_pandas.py, with the totals.
#include <malloc.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "kith/engine/generic.hpp"
#include "kith/incentive/commission.hpp"
#include "kith/incentive/plan.hpp"
#include "kith/kith.hpp"
#include "store_anchor.hpp"

namespace {

namespace fs = std::filesystem;
using namespace bench;

constexpr int kPeople = 1000, kMonths = 12;
constexpr std::string_view kPlan = R"({
  "format": "kith.plan/1", "name": "benchmark", "version": 1, "currency": "USD", "calendar": "calendar",
  "interval": "month", "valid": {"from": "2025-01-01"}, "rounding": {"mode": "half_up", "point": "telescoped"},
  "order": ["date", "sequence", "id"], "credit": {"role": "primary", "base": "amount", "split": "from_event"},
  "components": [{"name": "revenue", "accumulate": "interval", "negative": "first_tier", "tiers": {
    "mode": "marginal", "bands": [{"from": "0", "rate": "0.035"}, {"from": "25000", "rate": "0.0525"},
                                  {"from": "60000", "rate": "0.08125"}]}}]
})";

// Parts of 1/100,000 in whole numbers; half up, for no total is negative.
constexpr const char* kSql =
    "SELECT owner, month, ((CASE WHEN x < 2500000 THEN x * 3500 "
    "WHEN x < 6000000 THEN 2500000 * 3500 + (x - 2500000) * 5250 "
    "ELSE 2500000 * 3500 + 3500000 * 5250 + (x - 6000000) * 8125 END) + 50000) / 100000 FROM "
    "(SELECT owner, CAST(strftime('%m', closed_on * 86400, 'unixepoch') AS INTEGER) - 1 AS month, SUM(amount) AS x "
    "FROM opportunity NOT INDEXED GROUP BY owner, month)";

/// Dense places of ids, by open addressing: the lookup of a deal's owner is part of every job.
class People {
 public:
  void add(std::int64_t id, std::int32_t place) { slots_[slot(id)] = {id, place}; }
  std::int32_t at(std::int64_t id) const { return slots_[slot(id)].place; }
  template <class Do>
  void each(Do what) const {
    for (const Slot& one : slots_) {
      if (one.id != 0) what(one.id, one.place);
    }
  }

 private:
  struct Slot {
    std::int64_t id = 0;
    std::int32_t place = 0;
  };

  std::size_t slot(std::int64_t id) const {
    std::size_t at = static_cast<std::size_t>((static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15U) >> 52);
    while (slots_[at].id != 0 && slots_[at].id != id) at = (at + 1) % slots_.size();
    return at;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(4096);
};

People make(const fs::path& path, std::size_t rows) {
  for (const char* beside : {"", "-wal", "-shm"}) fs::remove(path.string() + beside);
  const auto engine = kith::open("sqlite:" + path.string());
  auto session = engine->session();
  People people;
  std::vector<kith::Id> ids;
  {
    auto work = session.work({.cause = "people"});
    kith::Pipeline pipeline{.name = "Standard"};
    std::vector<kith::Stage> stages{{.name = "Talk", .position = 1}};
    kith::sales::create(work, pipeline, stages);
    for (int i = 0; i < kPeople; ++i) {
      kith::Employee employee{.name = "Seller " + std::to_string(i + 1)};
      kith::people::create(work, employee);
      people.add(employee.id.value, i);
      ids.push_back(employee.id);
    }
    work.commit();
  }
  std::mt19937_64 random(20250101);
  constexpr std::size_t kPerWork = 10'000;
  for (std::size_t done = 0; done < rows; done += kPerWork) {
    kith::Batch batch(kith::entity_of<kith::Opportunity>());
    for (std::size_t i = done; i < std::min(rows, done + kPerWork); ++i) {
      kith::Opportunity deal{.title = "Deal"};
      deal.owner = ids[random() % ids.size()];
      deal.amount = kith::Amount{static_cast<std::int64_t>((random() >> 20) % 200'000)};
      deal.status = kith::DealStatus::won;
      deal.closed_on = kith::Date{kith::date(2025, 1, 1).days + static_cast<std::int32_t>(i * 365 / rows)};
      deal.reason = "price";
      kith::store_row(&deal, batch);
    }
    auto work = session.work({.cause = "deals"});
    kith::sales::create_batch(work, batch);
    work.commit();
  }
  return people;
}

using Totals = std::vector<std::int64_t>;  // by person and month

Duration with_kith(const kith::Session& session, const kith::incentive::Kernel& kernel, const People& people,
                   Totals& totals) {
  const Stopwatch watch;
  std::int32_t months[367];
  const std::int32_t first = kith::date(2025, 1, 1).days;
  for (std::int32_t day = 0; day < 367; ++day) months[day] = kith::civil({first + day}).month - 1;
  std::vector<std::int64_t> amount;
  std::vector<std::int32_t> person, month;
  const kith::Reader reader = session.reader();
  const auto rows = reader.scan(kith::entity_of<kith::Opportunity>(), {.fields = {"owner", "closed_on", "amount"}});
  for (kith::Batch batch; rows->next(batch);) {
    const auto owners = batch.columns[0].words(), days = batch.columns[1].words(), amounts = batch.columns[2].words();
    const std::size_t before = amount.size();
    amount.insert(amount.end(), amounts.begin(), amounts.end());
    person.resize(amount.size());
    month.resize(amount.size());
    for (std::size_t i = 0; i < owners.size(); ++i) person[before + i] = people.at(owners[i]);
    for (std::size_t i = 0; i < days.size(); ++i) month[before + i] = months[days[i] - first];
  }
  totals = kith::incentive::compute_totals(kernel, {amount, person, month, {}, {}, {}}, {kPeople, kMonths}).amount;
  return watch.read();
}

Duration bare_scan(const Handle& file, std::int64_t& sum) {
  const Stopwatch watch;
  const Statement rows = prepare(file, "SELECT owner, closed_on, amount FROM opportunity NOT INDEXED");
  sum = 0;
  while (step(file, rows)) {
    for (int i = 0; i < 3; ++i) sum += sqlite3_column_int64(rows.get(), i);
  }
  return watch.read();
}

Duration with_sql(const Handle& file, const People& people, Totals& totals) {
  const Stopwatch watch;
  const Statement rows = prepare(file, kSql);
  totals.assign(std::size_t{kPeople} * kMonths, 0);
  while (step(file, rows)) {
    const auto person = static_cast<std::size_t>(people.at(sqlite3_column_int64(rows.get(), 0)));
    totals[person * kMonths + static_cast<std::size_t>(sqlite3_column_int64(rows.get(), 1))] =
        sqlite3_column_int64(rows.get(), 2);
  }
  return watch.read();
}

void measure(const fs::path& directory, int runs, std::size_t rows) {
  fs::create_directories(directory);
  const fs::path path = directory / "deals.kith";
  const People people = make(path, rows);
  const kith::incentive::Plan plan = kith::incentive::parse_plan(kPlan);
  const kith::incentive::Kernel kernel = kith::incentive::compile(plan.components[0], plan.rounding);
  const auto engine = kith::open("sqlite:" + path.string());
  const kith::Session session = engine->session();
  const Handle file = open_file(path);
  Times ours, scan, sql;
  Totals totals, other;
  std::int64_t sum = 0;
  for (int i = 0; i <= runs; ++i) {
    const Duration one = with_kith(session, kernel, people, totals);
    const Duration two = bare_scan(file, sum);
    const Duration three = with_sql(file, people, other);
    malloc_trim(0);  // or the next job would pay for putting together what SQL has freed in small pieces
    if (totals != other) throw std::runtime_error("Kith and SQL pay different commission");
    if (i == 0) continue;  // warms the cache
    ours.add(one), scan.add(two), sql.add(three);
  }
  const std::string count = std::to_string(rows) + " stored deals";
  const std::string checked = std::to_string(totals.size()) + " totals are equal";
  print_speed("P4", count, ours, "SQL without an index", sql, 6.0, checked);
  // Here less is better: Kith's time over that of the scan.
  std::printf(
      "{\"job\": \"P4\", \"what\": \"%s\", \"kith_ms\": %.3f, \"kith_spread\": %.2f, \"anchor\": \"bare column scan\", "
      "\"anchor_ms\": %.3f, \"anchor_spread\": %.2f, \"ratio\": %.3f, \"cpu_ratio\": %.3f, \"better\": \"lower\", "
      "\"target\": 1.4, \"runs\": %zu, \"checked\": \"%s\"}\n",
      count.c_str(), ours.wall(), ours.spread(), scan.wall(), scan.spread(), ours.wall() / scan.wall(),
      ours.cpu() / scan.cpu(), ours.runs(), checked.c_str());
  std::ofstream out(directory / "totals.csv");
  people.each([&](std::int64_t id, std::int32_t place) {
    for (int month = 0; month < kMonths; ++month) {
      out << id << ',' << month << ',' << totals[static_cast<std::size_t>(place * kMonths + month)] << '\n';
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: commission_store_bench DIRECTORY [runs] [rows]\n");
    return 2;
  }
  try {
    const int rows = argc > 3 ? std::atoi(argv[3]) : 1'000'000;
    measure(argv[1], std::max(1, argc > 2 ? std::atoi(argv[2]) : 7), static_cast<std::size_t>(std::max(1000, rows)));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
