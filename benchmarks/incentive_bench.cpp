// SPDX-License-Identifier: Apache-2.0
// Commission and quotas of a company in a store on SQLite, a JSON line each:
//
//     incentive_bench DIRECTORY [runs] [events] [deals]
//
// A thousand people in a hundred teams of ten regions; business events that a general plan pays by month, and won
// deals that quotas count. P5: one event changes; what that does is told (`catch_up`), or its month is run again; both
// against running all months. Every statement that changed is computed again from its facts. quota: the actuals of the
// whole tree against SQLite's C API reading the same columns of the same deals and doing nothing with them. catch_up:
// one more deal is won, with and without.
#include <cstdlib>
#include <random>
#include <string>

#include "kith/incentive/event.hpp"
#include "kith/incentive/feedback.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/kith.hpp"
#include "store_anchor.hpp"

namespace {

namespace fs = std::filesystem;
using namespace bench;

constexpr std::size_t kRegions = 10, kTeams = 100, kPeople = 1000;
constexpr std::string_view kPlan = R"({"format": "kith.plan/2", "name": "stored", "version": 1, "currency": "USD",
  "interval": "month", "valid": {"from": "2025-01-01"}, "order": ["date", "sequence", "id"],
  "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
  "credits": [{"name": "own", "role": "primary", "who": "split", "sum_must_be": "100", "rounding": "none",
    "apply": "base", "base": "amount", "fx": {"rate": "transaction", "reversal": "original"}}],
  "measures": [{"name": "sales", "credits": ["own"], "aggregate": "sum", "accumulate": "interval",
    "return_period": "current", "negative": "first_tier"}],
  "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"}, "tiers": {"input": "amount",
    "mode": "marginal", "boundary": "upper", "unit": "pct_of_base", "rows": [{"from": "0", "value": "3.5 %"},
      {"from": "5000", "value": "5.25 %"}, {"from": "20000", "value": "8.125 %"}]}}]})";

struct Company {
  kith::Id root;
  std::vector<kith::Id> regions, teams, people;
};

kith::Id unit(kith::Work& work, const std::string& name, std::optional<kith::Id> parent) {
  kith::Unit made{.name = name, .parent = parent};
  return kith::people::create(work, made, kith::date(2024, 1, 1));
}

Company hire(kith::Session& session) {
  Company company;
  auto work = session.work({.cause = "people"});
  kith::Pipeline pipeline{.name = "Standard"};
  std::vector<kith::Stage> stages{{.name = "Talk", .position = 1}};
  kith::sales::create(work, pipeline, stages);
  company.root = unit(work, "Company", {});
  for (std::size_t i = 0; i < kRegions; ++i)
    company.regions.push_back(unit(work, "Region " + std::to_string(i), company.root));
  for (std::size_t i = 0; i < kTeams; ++i)
    company.teams.push_back(unit(work, "Team " + std::to_string(i), company.regions[i % kRegions]));
  for (std::size_t i = 0; i < kPeople; ++i) {
    kith::Employee employee{.name = "Seller " + std::to_string(i), .unit = company.teams[i % kTeams]};
    employee.hired_on = kith::date(2024, 1, 1);
    company.people.push_back(kith::people::create(work, employee));
  }
  kith::incentive::approve(work, kith::incentive::add_plan(work, kPlan));
  kith::PlanAssignment all{.plan = "stored", .unit = company.root, .from = kith::date(2025, 1, 1)};
  kith::incentive::assign(work, all);
  work.commit();
  return company;
}

kith::Date day_of(std::size_t i, std::size_t of) {
  return {kith::date(2025, 1, 1).days + static_cast<std::int32_t>(i * 365 / of)};
}

kith::incentive::EventRow event(const Company& company, std::size_t i, std::size_t of, std::int64_t version,
                                std::int64_t amount) {
  kith::incentive::EventRow row;
  row.source = "shop";
  row.id = std::to_string(i);
  row.version = version;
  row.type = "order";
  row.date = day_of(i, of);
  row.amount = {amount, kith::currency("USD")};
  row.splits = {{std::to_string(company.people[i * 7 % kPeople].value), "primary", "1"}};
  return row;
}

void post_events(kith::Session& session, const Company& company, std::size_t events) {
  std::mt19937_64 random(20250101);
  constexpr std::size_t kPerWork = 10'000;
  for (std::size_t done = 0; done < events; done += kPerWork) {
    std::vector<kith::incentive::EventRow> rows;
    for (std::size_t i = done; i < std::min(events, done + kPerWork); ++i) {
      rows.push_back(event(company, i, events, 1, static_cast<std::int64_t>(random() % 200'000)));
    }
    auto work = session.work({.cause = "orders"});
    kith::incentive::post_events(work, rows);
    work.commit();
  }
}

void win_deals(kith::Session& session, const Company& company, std::size_t deals) {
  std::mt19937_64 random(20250102);
  constexpr std::size_t kPerWork = 10'000;
  for (std::size_t done = 0; done < deals; done += kPerWork) {
    kith::Batch batch(kith::entity_of<kith::Opportunity>());
    for (std::size_t i = done; i < std::min(deals, done + kPerWork); ++i) {
      kith::Opportunity deal{.title = "Deal", .status = kith::DealStatus::won, .owner = company.people[i % kPeople]};
      deal.amount = kith::Amount{static_cast<std::int64_t>(random() % 200'000)};
      deal.closed_on = day_of(i, deals);
      deal.reason = "price";
      kith::store_row(&deal, batch);
    }
    auto work = session.work({.cause = "deals"});
    kith::sales::create_batch(work, batch);
    work.commit();
  }
}

/// 1 + 10 + 100 + 1,000 nodes of a year.
kith::Id set_quotas(kith::Session& session, const Company& company) {
  using kith::QuotaMethod;
  auto work = session.work({.cause = "quotas"});
  kith::Quota root{.period = "2025", .unit = company.root, .amount = {10'000'000'000}};
  kith::incentive::set_quota(work, root);
  std::vector<kith::QuotaChild> children;
  for (const kith::Id region : company.regions) children.push_back({.unit = region});
  const auto regions = kith::incentive::decompose(work, root.id, children, QuotaMethod::equal);
  for (std::size_t i = 0; i < kRegions; ++i) {
    children.clear();
    for (std::size_t team = i; team < kTeams; team += kRegions) children.push_back({.unit = company.teams[team]});
    const auto teams = kith::incentive::decompose(work, regions[i], children, QuotaMethod::equal);
    for (std::size_t place = 0; place < teams.size(); ++place) {
      children.clear();
      for (std::size_t person = i + place * kRegions; person < kPeople; person += kTeams) {
        children.push_back({.employee = company.people[person]});
      }
      kith::incentive::decompose(work, teams[place], children, QuotaMethod::equal);
    }
  }
  work.commit();
  return root.id;
}

void print(const char* job, const std::string& what, double value, const char* unit, double limit,
           const std::string& checked) {
  std::printf(
      "{\"job\": \"%s\", \"what\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"limit\": %.4f, \"checked\": \"%s\"}\n",
      job, what.c_str(), value, unit, limit, checked.c_str());
  std::fflush(stdout);
}

/// A job whose ratio is Kith's time over the anchor's; nobody set a target where it is 0.
void print_cost(const char* job, const std::string& what, const Times& kith, const char* anchor, const Times& other,
                double target, const std::string& checked) {
  std::printf(
      "{\"job\": \"%s\", \"what\": \"%s\", \"kith_ms\": %.3f, \"kith_spread\": %.2f, \"anchor\": \"%s\", "
      "\"anchor_ms\": %.3f, \"anchor_spread\": %.2f, \"ratio\": %.3f, \"cpu_ratio\": %.3f, \"better\": \"lower\", "
      "\"target\": %.2f, \"runs\": %zu, \"checked\": \"%s\"}\n",
      job, what.c_str(), kith.wall(), kith.spread(), anchor, other.wall(), other.spread(), kith.wall() / other.wall(),
      kith.cpu() / other.cpu(), target, kith.runs(), checked.c_str());
  std::fflush(stdout);
}

std::string month(int number) { return (number < 10 ? "2025-0" : "2025-") + std::to_string(number); }

void late_events(kith::Session& session, const Company& company, int runs, std::size_t events) {
  Duration full;
  for (int i = 1; i <= 12; ++i) {
    const Stopwatch watch;
    auto work = session.work({.cause = "run"});
    kith::incentive::run(work, month(i));
    work.commit();
    full.wall += watch.read().wall, full.cpu += watch.read().cpu;
  }
  Times all, told, again;
  all.add(full);
  std::mt19937_64 random(5);
  for (int i = 0; i < 2 * runs; ++i) {
    const std::size_t place = events - 1 - random() % (events / 12);  // of the last month
    const std::string period = kith::to_string(day_of(place, events)).substr(0, 7);
    const std::vector<kith::incentive::EventRow> rows{
        event(company, place, events, i + 2, static_cast<std::int64_t>(random() % 200'000))};
    {
      const Stopwatch watch;
      auto work = session.work({.cause = "changed"});
      kith::incentive::post_events(work, rows);
      const auto moved = kith::incentive::catch_up(work);
      work.commit();
      told.add(watch.read());
      if (moved.size() != 1) throw std::runtime_error("a changed event moved nothing");
    }
    const Stopwatch watch;
    auto work = session.work({.cause = "run"});
    kith::incentive::run(work, period);
    work.commit();
    again.add(watch.read());
    const auto reader = session.reader();
    const auto statement =
        kith::incentive::statement_of(reader, kith::Id{std::stoll(rows[0].splits[0].person)}, period);
    if (!statement || !kith::incentive::recheck_statement(reader, statement->id).empty())
      throw std::runtime_error("a statement is not what its facts give");
  }
  const std::string what = "one of " + std::to_string(events) + " stored events changes";
  const std::string checked = "statements computed again from their facts";
  print("P5", what + ": posted, told, committed", told.wall(), "ms", 10, checked);
  print("P5", what + ": its month run, committed", again.wall(), "ms", 10, checked);
  print_speed("P5", what + ", told", told, "all months run", all, 1000, checked);
  print_speed("P5", what + ", run", again, "all months run", all, 1000, checked);
}

/// Why a line of a statement is what it is, from the facts of its run; each reader is a new one.
void explain_lines(kith::Session& session, const Company& company, int runs, std::size_t events) {
  Times times;
  std::mt19937_64 random(9);
  for (int i = 0; i < 10 * runs; ++i) {
    const auto setting = session.reader();
    const kith::Id person = company.people[random() % kPeople];
    const auto statement = kith::incentive::statement_of(setting, person, month(1 + static_cast<int>(random() % 12)));
    if (!statement) throw std::runtime_error("somebody has no statement");
    const auto lines = kith::incentive::lines_of(setting, statement->id);
    const kith::StatementLine& line = lines[random() % lines.size()];
    const Stopwatch watch;
    const auto reader = session.reader();
    const std::string text = kith::incentive::explain_line_text(reader, line.id);
    times.add(watch.read());
    if (text.find(kith::display(kith::Money{line.amount.minor, statement->currency})) == std::string::npos)
      throw std::runtime_error("an explanation does not say what the line is");
  }
  print("S3", "explain one stored line of " + std::to_string(events) + " events", times.wall(), "ms", 1,
        "the text holds the line's amount");
}

void quotas(kith::Session& session, const fs::path& path, kith::Id root, int runs, std::size_t deals) {
  const Handle file = open_file(path);
  Times ours, scan;
  std::int64_t sum = 0;
  std::size_t nodes = 0;
  for (int i = 0; i < runs; ++i) {
    const Stopwatch watch;
    const auto rows = kith::incentive::attainment(session.reader(), root);
    ours.add(watch.read());
    nodes = rows.size();
    const Stopwatch other;
    const Statement read = prepare(file, "SELECT owner, closed_on, base_amount FROM opportunity NOT INDEXED");
    for (sum = 0; step(file, read); sum += sqlite3_column_int64(read.get(), 2)) {
      static_cast<void>(sqlite3_column_int64(read.get(), 0) + sqlite3_column_int64(read.get(), 1));
    }
    scan.add(other.read());
    if (rows.front().actual.minor != sum) throw std::runtime_error("the company's actual is not the sum of its deals");
  }
  print_cost("quota", "actuals of " + std::to_string(nodes) + " nodes over " + std::to_string(deals) + " deals", ours,
             "bare column scan", scan, 0, "the root is the sum of all deals");
}

void feedback(kith::Session& session, const Company& company, int runs) {
  Times with, without;
  std::mt19937_64 random(7);
  for (int i = 0; i < 4 * runs; ++i) {
    const bool asks = i % 2 == 0;
    const Stopwatch watch;
    auto work = session.work({.cause = "won"});
    kith::Opportunity deal{.title = "One more", .owner = company.people[random() % kPeople]};
    deal.amount = kith::Amount{100'000};
    kith::sales::create(work, deal);
    kith::sales::win(work, deal.id, kith::date(2025, 12, 31), "price");
    if (asks && kith::incentive::catch_up(work).size() != 1) throw std::runtime_error("a won deal moved nothing");
    work.commit();
    (asks ? with : without).add(watch.read());
  }
  print_cost("catch_up", "one deal won and told, 1,111 quotas", with, "the same without being told", without, 0,
             "attainment of its owner moves");
}

void measure(const fs::path& directory, int runs, std::size_t events, std::size_t deals) {
  fs::create_directories(directory);
  const fs::path path = directory / "company.kith";
  for (const char* beside : {"", "-wal", "-shm"}) fs::remove(path.string() + beside);
  const auto engine = kith::open("sqlite:" + path.string());
  auto session = engine->session();
  const Company company = hire(session);
  post_events(session, company, events);
  late_events(session, company, runs, events);
  explain_lines(session, company, runs, events);
  win_deals(session, company, deals);
  const kith::Id root = set_quotas(session, company);
  quotas(session, path, root, runs, deals);
  feedback(session, company, runs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: incentive_bench DIRECTORY [runs] [events] [deals]\n");
    return 2;
  }
  try {
    const auto count = [&](int place, int otherwise) {
      return static_cast<std::size_t>(std::max(12'000, argc > place ? std::atoi(argv[place]) : otherwise));
    };
    measure(argv[1], std::max(1, argc > 2 ? std::atoi(argv[2]) : 7), count(3, 200'000), count(4, 200'000));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
