// SPDX-License-Identifier: Apache-2.0
// P22: what opening a store and asking it one thing costs over SQLite's own opening and asking.
//
//     open_bench DIRECTORY RUNS

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "kith/kith.hpp"
#include "store_anchor.hpp"

namespace {

namespace fs = std::filesystem;
using bench::Stopwatch;
using bench::Times;

int threads() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("Threads:", 0) == 0) return std::atoi(line.c_str() + 8);
  }
  return 0;
}

std::string name_by_kith(const std::string& path, kith::Id id) {
  const auto engine = kith::open(path);
  kith::Session session = engine->session();
  return session.reader().get<kith::Customer>(id).name;
}

std::string name_by_sqlite(const std::string& path, kith::Id id) {
  const bench::Handle handle = bench::open_file(path);
  const bench::Statement statement = bench::prepare(handle, "SELECT name FROM customer WHERE id = ?");
  sqlite3_bind_int64(statement.get(), 1, id.value);
  bench::require(bench::step(handle, statement), handle.get(), "the customer");
  return reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0));
}

void measure(const fs::path& directory, int runs) {
  fs::create_directories(directory);
  const std::string path = (directory / "open.kith").string();
  kith::Customer customer{.name = "Acme"};
  {
    const auto engine = kith::open(path);
    kith::Session session = engine->session();
    kith::Work work = session.work();
    kith::customer::create(work, customer);
    work.commit();
  }
  Times ours, theirs;
  for (int i = 0; i <= runs; ++i) {
    const Stopwatch first;
    const std::string kith_name = name_by_kith(path, customer.id);
    const auto kith_time = first.read();
    const Stopwatch second;
    const std::string sqlite_name = name_by_sqlite(path, customer.id);
    const auto sqlite_time = second.read();
    if (kith_name != "Acme" || sqlite_name != kith_name) throw std::runtime_error("another name was read");
    if (i == 0) continue;
    ours.add(kith_time);
    theirs.add(sqlite_time);
  }
  const double over = ours.wall() - theirs.wall();
  std::printf(
      "{\"job\": \"P22\", \"what\": \"C++: open and read one record\", \"kith_ms\": %.3f, \"kith_spread\": %.2f, "
      "\"anchor\": \"SQLite's own, + 2 ms\", \"anchor_ms\": %.3f, \"anchor_spread\": %.2f, \"ratio\": %.3f, "
      "\"better\": \"lower\", \"target\": 1, \"runs\": %zu, \"checked\": \"%.3f ms over SQLite; %d thread\"}\n",
      ours.wall(), ours.spread(), theirs.wall() + 2, theirs.spread(), ours.wall() / (theirs.wall() + 2), ours.runs(),
      over, threads());
  if (threads() != 1) throw std::runtime_error("opening a store left a thread");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: open_bench DIRECTORY RUNS\n");
    return 2;
  }
  try {
    measure(argv[1], std::max(1, std::atoi(argv[2])));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
