// SPDX-License-Identifier: Apache-2.0
// Commission over a million credits in memory: P1 (totals), P2 (a line each), P3 (exactness), as one JSON line a job.
//
//     commission_bench DIRECTORY [runs] [rows]
//
// Writes the data it made and the results it got to DIRECTORY as raw little-endian columns, so that
// commission_pandas.py measures and compares the same. Times are medians of interleaved runs, in milliseconds of one
// thread: what Kith takes, what reading the same bytes once takes (P1), what a hand-written loop without checks takes
// (P2).
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "../tests/incentive/commission_oracle.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/commission.hpp"
#include "kith/incentive/plan.hpp"

namespace {

using namespace kith;
using namespace kith::incentive;

constexpr std::int32_t kPersons = 1000;
constexpr std::int32_t kMonths = 12;
constexpr Keys kKeys{kPersons, kMonths};

constexpr std::string_view kPlan = R"({
  "format": "kith.plan/1", "name": "benchmark", "version": 1, "currency": "USD", "calendar": "calendar",
  "interval": "month", "valid": {"from": "2025-01-01"}, "rounding": {"mode": "half_up", "point": "telescoped"},
  "order": ["date", "sequence", "id"], "credit": {"role": "primary", "base": "amount", "split": "from_event"},
  "components": [{"name": "revenue", "accumulate": "interval", "negative": "first_tier", "tiers": {
    "mode": "marginal", "bands": [{"from": "0", "rate": "0.035"}, {"from": "25000", "rate": "0.0525"},
                                  {"from": "60000", "rate": "0.08125"}]}}]
})";

// A ledger in its own order: day after day through a year.
struct Data {
  std::vector<std::int64_t> amount, sequence, id;
  std::vector<std::int32_t> person, interval, date;

  std::size_t rows() const { return amount.size(); }
  CreditColumns columns() const { return {amount, person, interval, date, sequence, id}; }
};

Data make_data(std::size_t rows) {
  // Written out instead of a library distribution, whose numbers differ between standard libraries.
  std::mt19937_64 random(20250101);
  Data data;
  const Date first = date(2025, 1, 1);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto day = static_cast<std::int32_t>(i * 365 / rows);
    const std::uint64_t bits = random();
    const auto magnitude = static_cast<std::int64_t>((bits >> 20) % 200'000);
    data.amount.push_back(bits % 50 == 0 ? -magnitude : magnitude);
    data.person.push_back(static_cast<std::int32_t>(random() % kPersons));
    data.date.push_back(first.days + day);
    data.interval.push_back(civil({first.days + day}).month - 1);
    data.sequence.push_back(static_cast<std::int64_t>(i));
    data.id.push_back(static_cast<std::int64_t>(i + 1));
  }
  return data;
}

Data shuffled(const Data& data) {
  std::vector<std::size_t> order(data.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937_64(7));
  Data result;
  for (const std::size_t i : order) {
    result.amount.push_back(data.amount[i]);
    result.person.push_back(data.person[i]);
    result.interval.push_back(data.interval[i]);
    result.date.push_back(data.date[i]);
    result.sequence.push_back(data.sequence[i]);
    result.id.push_back(data.id[i]);
  }
  return result;
}

template <class T>
void write_column(const std::filesystem::path& path, const std::vector<T>& column) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(column.data()), static_cast<std::streamsize>(column.size() * sizeof(T)));
  file.close();
  if (!file) throw Error(Code::storage, "Cannot write " + path.string() + ".");
}

// The compiler must believe that this is used.
volatile std::int64_t sink = 0;

// Time of this thread on its core, so that others on the machine count less.
double milliseconds(const std::function<void()>& job) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  };
  const double begin = now();
  job();
  return now() - begin;
}

// Reads amount, person and interval once.
void read_all(const Data& data) {
  std::int64_t sum = 0;
  for (const std::int64_t value : data.amount) sum += value;
  std::int32_t keys = 0;
  for (const std::int32_t value : data.person) keys ^= value;
  for (const std::int32_t value : data.interval) keys ^= value;
  sink = sum + keys;
}

// What somebody writes by hand for exactly this plan: constants, no checks, rates over 100,000.
std::vector<std::int64_t> native_lines(const Data& data, std::vector<std::int64_t>& before) {
  struct State {
    std::int64_t base = 0;
    std::int64_t posted = 0;
  };
  std::vector<State> states(static_cast<std::size_t>(kPersons) * kMonths);
  std::vector<std::int64_t> lines(data.rows());
  before.resize(data.rows());
  for (std::size_t i = 0; i < data.rows(); ++i) {
    State& state = states[static_cast<std::size_t>(data.person[i] * kMonths + data.interval[i])];
    before[i] = state.base;
    const std::int64_t x = state.base += data.amount[i];
    std::int64_t paid = 0;
    if (x < 2'500'000) {
      paid = x * 3500;
    } else if (x < 6'000'000) {
      paid = 2'500'000 * std::int64_t{3500} + (x - 2'500'000) * 5250;
    } else {
      paid = 2'500'000 * std::int64_t{3500} + 3'500'000 * std::int64_t{5250} + (x - 6'000'000) * 8125;
    }
    const std::int64_t total = (paid + (paid < 0 ? -50'000 : 50'000)) / 100'000;
    lines[i] = total - state.posted;
    state.posted = total;
  }
  return lines;
}

struct Times {
  std::vector<double> values;
  double median() const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  double spread() const {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return (*high - *low) / median();
  }
};

void print_ratio(const char* job, const char* what, const char* anchor, const Times& kith, const Times& other,
                 double target) {
  std::printf(
      "{\"job\": \"%s\", \"what\": \"%s\", \"kith_ms\": %.4f, \"anchor\": \"%s\", \"anchor_ms\": %.4f, "
      "\"ratio\": %.3f, \"target\": %.1f, \"runs\": %zu, \"kith_spread\": %.2f, \"anchor_spread\": %.2f}\n",
      job, what, kith.median(), anchor, other.median(), kith.median() / other.median(), target, kith.values.size(),
      kith.spread(), other.spread());
}

void print_exactness(const Plan& plan, const Data& data, const LineColumns& lines, const Totals& totals) {
  const oracle::Result expected = oracle::compute(plan.components[0], plan.rounding, data.columns());
  std::size_t wrong_lines = 0;
  for (std::size_t i = 0; i < data.rows(); ++i) wrong_lines += expected.line[i] == lines.amount[i] ? 0 : 1;
  std::size_t wrong_totals = 0;
  for (const auto& [key, amount] : expected.amount) {
    wrong_totals += totals.amount[static_cast<std::size_t>(key.first * kMonths + key.second)] == amount ? 0 : 1;
  }
  const bool sums = std::accumulate(lines.amount.begin(), lines.amount.end(), std::int64_t{0}) ==
                    std::accumulate(totals.amount.begin(), totals.amount.end(), std::int64_t{0});
  std::printf(
      "{\"job\": \"P3\", \"what\": \"against exact rationals\", \"lines\": %zu, \"wrong_lines\": %zu, "
      "\"totals\": %zu, \"wrong_totals\": %zu, \"lines_sum_to_totals\": %s}\n",
      data.rows(), wrong_lines, expected.amount.size(), wrong_totals, sums ? "true" : "false");
}

int run(const std::filesystem::path& directory, int runs, std::size_t rows) {
  const Plan plan = parse_plan(kPlan);
  const Kernel kernel = compile(plan.components[0], plan.rounding);
  const Data data = make_data(rows);
  const Data mixed = shuffled(data);
  Times floor, totals_time, mixed_time, lines_time, native_time;
  Totals totals;
  LineColumns lines;
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> native;
  for (int i = 0; i < runs; ++i) {
    floor.values.push_back(milliseconds([&] { read_all(data); }));
    totals_time.values.push_back(milliseconds([&] { totals = compute_totals(kernel, data.columns(), kKeys); }));
    mixed_time.values.push_back(milliseconds([&] { compute_totals(kernel, mixed.columns(), kKeys); }));
    native = {};
    before = {};
    native_time.values.push_back(milliseconds([&] { native = native_lines(data, before); }));
    lines = {};
    lines_time.values.push_back(milliseconds([&] { lines = compute_lines(kernel, data.columns(), kKeys); }));
  }
  if (native != lines.amount || before != lines.before) {
    std::fprintf(stderr, "The hand-written loop and Kith differ; one of them is wrong.\n");
    return 1;
  }
  std::filesystem::create_directories(directory);
  write_column(directory / "amount.i64", data.amount);
  write_column(directory / "person.i32", data.person);
  write_column(directory / "interval.i32", data.interval);
  write_column(directory / "totals.i64", totals.amount);
  write_column(directory / "lines.i64", lines.amount);
  std::ofstream(directory / "plan.json") << canonical_json(plan);
  print_ratio("P1", "totals, in ledger order", "read the same bytes", totals_time, floor, 3.0);
  print_ratio("P1", "totals, rows shuffled", "read the same bytes", mixed_time, floor, 3.0);
  print_ratio("P2", "one line each", "hand-written loop", lines_time, native_time, 3.0);
  print_exactness(plan, data, lines, totals);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Memory stays with the process between runs, or the order of the jobs decides who pays for page faults.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  if (argc < 2) {
    std::fprintf(stderr, "usage: commission_bench DIRECTORY [runs] [rows]\n");
    return 2;
  }
  try {
    const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 9;
    const int rows = argc > 3 ? std::max(1, std::atoi(argv[3])) : 1'000'000;
    return run(argv[1], runs, static_cast<std::size_t>(rows));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
