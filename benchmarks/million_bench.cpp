// SPDX-License-Identifier: Apache-2.0
// A million customers: imported from a CSV, listed by people who may see all or some of them, exported again. Each step
// is a run of its own, so that its peak memory is its own.
//
//     million_bench make DIRECTORY ROWS | list DIRECTORY RUNS | export DIRECTORY

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "kith/interchange/files.hpp"
#include "kith/kith.hpp"
#include "measure.hpp"

namespace {

namespace fs = std::filesystem;
using bench::Duration;
using bench::Stopwatch;
using bench::Times;

constexpr const char* kMapping = R"({"format": "kith.import/1", "entity": "customer", "source": "million", "key": "id",
  "columns": {"name": "name", "country": "country", "sector": "sector", "phone": "phone",
              "email": "email",
              "owner": {"field": "owner", "lookup": {"entity": "employee", "by": "external_id"}}}})";

// The process's own peak; what getrusage tells begins with its parent's.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  }
  throw std::runtime_error("/proc/self/status does not tell the peak of memory");
}

void print_memory(const std::string& what, const Duration& took, const std::string& checked) {
  std::printf(
      "{\"job\": \"1 M\", \"what\": \"%s (%.1f s)\", \"unit\": \"MiB\", \"kith_ms\": %.1f, \"kith_spread\": 0, "
      "\"anchor\": \"limit\", \"anchor_ms\": 256, \"anchor_spread\": 0, \"ratio\": %.3f, \"better\": \"lower\", "
      "\"target\": 1, \"runs\": 1, \"checked\": \"%s\"}\n",
      what.c_str(), took.wall / 1e3, peak_mib(), peak_mib() / 256, checked.c_str());
}

// Names as a real table has them, and an owner for each row.
void write_table(const fs::path& path, std::int64_t rows, const kith::simulation::Company& people) {
  const kith::simulation::Company company(
      {.seed = 11, .records = std::clamp<std::int64_t>(rows * 10 / 3 + 4, 100, 10'000'000)});
  std::ofstream out(path, std::ios::binary);
  kith::CsvWriter csv(
      [&](std::string_view bytes) { out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())); },
      {.profile = kith::CsvProfile::interchange});
  for (const char* name : {"id", "name", "country", "sector", "phone", "email", "owner"}) csv.text(name);
  csv.end_row();
  const auto sellers = static_cast<std::int64_t>(people.sellers().size());
  for (std::int64_t i = 0; i < rows; ++i) {
    const kith::Customer customer = company.customer(i % company.customers()).record;
    csv.number(std::to_string(i));
    csv.text(customer.name);
    csv.text(*customer.country);
    customer.sector ? csv.text(*customer.sector) : csv.null();
    csv.text(*customer.phone);
    csv.text(*customer.email);
    csv.text("s" + std::to_string(i % sellers + 1));
    csv.end_row();
  }
  csv.finish();
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

void make(const fs::path& directory, std::int64_t rows) {
  fs::create_directories(directory);
  const std::string store = (directory / "million.kith").string();
  kith::simulation::GenerateOptions options{.company = {.seed = 3, .records = 40'000}};
  options.events = false;  // the job is about customers and their deals
  kith::simulation::generate(store, kith::model(), options);
  write_table(directory / "customers.csv", rows, kith::simulation::Company(options.company));
  const auto engine = kith::open(store);
  kith::Session session = engine->session();
  {
    // Somebody at the top: everything is theirs to see, row by row, by the rule and not by a wildcard.
    kith::Work work = session.work();
    kith::Employee boss;
    boss.name = "Boss";
    boss.unit = work.find_one<kith::Unit>({.where = "name = 'Company'"})->id;
    boss.hired_on = kith::date(2023, 1, 2);
    kith::people::create(work, boss);
    kith::access::add_principal(work, "boss", boss.id, {"manager"});
    work.commit();
  }
  const Stopwatch watch;
  const kith::ImportReport report = kith::import_csv(session, kith::file_source((directory / "customers.csv").string()),
                                                     kith::parse_import_plan(kMapping), {.chunk_rows = 10'000});
  const Duration took = watch.read();
  if (report.created != rows || report.rejected != 0) throw std::runtime_error("the import lost rows");
  print_memory("import of " + std::to_string(rows) + " customers", took, std::to_string(rows) + " created, 0 rejected");
}

// Every visible customer's id, name and owner; how many there were.
std::int64_t list(kith::Engine& engine, const std::string& principal, Duration& took) {
  kith::Session session = engine.session(principal);
  const kith::Reader reader = session.reader();
  const Stopwatch watch;
  std::int64_t rows = 0;
  const auto cursor = reader.scan(kith::entity_of<kith::Customer>(), {.fields = {"id", "name", "owner"}});
  for (kith::Batch batch; cursor->next(batch);) rows += static_cast<std::int64_t>(batch.rows());
  took = watch.read();
  return rows;
}

void compare(const fs::path& directory, int runs) {
  const auto engine = kith::open((directory / "million.kith").string());
  Times all, boss, region;
  std::int64_t every = 0, bosses = 0, regions = 0;
  for (int i = 0; i <= runs; ++i) {
    Duration one, two, three;
    every = list(*engine, "local", one);
    bosses = list(*engine, "boss", two);
    regions = list(*engine, "m2", three);
    if (i == 0) continue;  // warms the cache
    all.add(one);
    boss.add(two);
    region.add(three);
  }
  if (bosses != every || regions == 0 || regions >= every) {
    throw std::runtime_error("somebody sees the wrong rows: of " + std::to_string(every) + " the boss " +
                             std::to_string(bosses) + ", a region's manager " + std::to_string(regions));
  }
  const auto print = [&](const std::string& who, const Times& times, std::int64_t rows) {
    std::printf(
        "{\"job\": \"1 M\", \"what\": \"list by %s: %lld of %lld rows\", \"kith_ms\": %.1f, \"kith_spread\": %.2f, "
        "\"anchor\": \"the list without permission\", \"anchor_ms\": %.1f, \"anchor_spread\": %.2f, \"ratio\": %.3f, "
        "\"better\": \"lower\", \"target\": 2, \"runs\": %zu, \"checked\": \"rows counted\"}\n",
        who.c_str(), static_cast<long long>(rows), static_cast<long long>(every), times.wall(), times.spread(),
        all.wall(), all.spread(), times.wall() / all.wall(), times.runs());
  };
  print("somebody whose subtree holds all", boss, bosses);
  print("a region's manager", region, regions);
}

void write_out(const fs::path& directory) {
  const auto engine = kith::open((directory / "million.kith").string());
  kith::Session session = engine->session();
  const kith::Reader reader = session.reader();
  const Stopwatch watch;
  const std::int64_t rows = kith::export_csv_file(reader, kith::entity_of<kith::Customer>(), {.order = {"name"}},
                                                  (directory / "out.csv").string());
  print_memory("export of " + std::to_string(rows) + " customers by name", watch.read(),
               std::to_string(rows) + " rows");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  try {
    if (verb == "make" && argc == 4) {
      make(argv[2], std::max(1000, std::atoi(argv[3])));
    } else if (verb == "list" && argc == 4) {
      compare(argv[2], std::max(1, std::atoi(argv[3])));
    } else if (verb == "export" && argc == 3) {
      write_out(argv[2]);
    } else {
      std::fprintf(stderr, "usage: million_bench make DIRECTORY ROWS | list DIRECTORY RUNS | export DIRECTORY\n");
      return 2;
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
