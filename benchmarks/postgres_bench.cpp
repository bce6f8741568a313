// SPDX-License-Identifier: Apache-2.0
// Storage on PostgreSQL: P9 (imports against COPY, mixed writes against a pipeline), the main job against SQLite, and
// sums by the server against sums by the engine. A JSON line each.
//
//     postgres_bench URL DIRECTORY [runs] [rows]
//
// Every run works in schemas of its own, which it drops. Clocks and salts stand still, so each run writes the same.
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

#include "kith/storage/postgres.hpp"
#include "postgres_anchor.hpp"

namespace {

namespace fs = std::filesystem;
using namespace bench;

constexpr std::int64_t kNow = 1'750'000'000'000'000;
constexpr int kEmployees = 20;
constexpr std::size_t kBatch = 10'000;
constexpr std::size_t kMixed = 200;

kith::Options options() {
  kith::Options given;
  given.clock = [] { return kith::Timestamp{kNow}; };
  given.random = kith::seeded_random(7);
  return given;
}

/// A store with a unit, its employees and a pipeline.
void found(const std::string& url) {
  const auto engine = kith::open(url, options());
  auto session = engine->session();
  auto work = session.work({.cause = "people"});
  kith::Unit unit{.name = "Sales"};
  kith::people::create(work, unit, kith::date(2025, 1, 1));
  for (int i = 0; i < kEmployees; ++i) {
    kith::Employee employee{
        .name = "Seller " + std::to_string(i + 1), .unit = unit.id, .hired_on = kith::date(2025, 1, 1)};
    kith::people::create(work, employee);
  }
  kith::Pipeline pipeline{.name = "Standard"};
  std::vector<kith::Stage> stages = {{.name = "Talk", .position = 1, .probability = {5, 1}},
                                     {.name = "Offer", .position = 2, .probability = {9, 1}}};
  kith::sales::create(work, pipeline, stages);
  work.commit();
}

template <class Record>
std::vector<kith::Id> ids_of(const kith::Session& session) {
  std::vector<kith::Id> ids;
  for (const Record& record : session.reader().list<Record>()) ids.push_back(record.id);
  return ids;
}

std::vector<kith::Batch> customers(std::size_t rows, std::size_t size, const std::vector<kith::Id>& owners) {
  constexpr const char* kSectors[] = {"retail", "software", "medical", "marketing", "telecommunications"};
  std::mt19937_64 random(20250101);
  std::vector<kith::Batch> batches;
  for (std::size_t i = 0; i < rows; ++i) {
    if (i % size == 0) batches.emplace_back(kith::entity_of<kith::Customer>());
    kith::Customer one;
    const std::string number = std::to_string(i + 1);
    one.name = (random() % 8 == 0 ? "Müller & Söhne " : "Northern Supplies ") + number;
    one.owner = owners[random() % owners.size()];
    one.sector = kSectors[random() % std::size(kSectors)];
    if (random() % 4 != 0) one.employees = static_cast<std::int64_t>(random() % 20'000);
    one.phone = "+49 30 " + std::to_string(1'000'000 + random() % 9'000'000);
    one.email = "office" + number + "@example.com";
    one.source = "erp";
    one.external_id = "C" + number;
    kith::store_row(&one, batches.back());
  }
  return batches;
}

Duration import_customers(const std::string& url, std::size_t rows, std::size_t size) {
  const auto engine = kith::open(url, options());
  auto session = engine->session();
  auto batches = customers(rows, size, ids_of<kith::Employee>(session));
  const Stopwatch watch;
  for (kith::Batch& batch : batches) {
    auto work = session.work({.cause = "import"});
    kith::customer::create_batch(work, batch);
    work.commit();
  }
  return watch.read();
}

/// Each work adds some customers and changes those that the work before added.
Duration write_mixed(const std::string& url, std::size_t rows) {
  const auto engine = kith::open(url, options());
  auto session = engine->session();
  auto batches = customers(rows, kMixed, ids_of<kith::Employee>(session));
  const kith::Entity& entity = kith::entity_of<kith::Customer>();
  const auto phone = static_cast<std::size_t>(entity.at("phone"));
  const Stopwatch watch;
  kith::Batch* before = nullptr;
  for (kith::Batch& batch : batches) {
    auto work = session.work({.cause = "mixed"});
    if (before != nullptr) {
      kith::Column changed(true);
      for (std::size_t row = 0; row < before->rows(); ++row) changed.append(std::string_view("+49 40 1"));
      before->columns[phone] = std::move(changed);
      work.update_batch(entity, *before);
    }
    kith::customer::create_batch(work, batch);
    work.commit();
    before = &batch;
  }
  return watch.read();
}

/// A year of a company: customers come, deals are opened, won and lost, reports are read. The state digest is the
/// check.
Duration main_job(const std::string& url, std::size_t rows, std::string& digest) {
  found(url);
  const auto engine = kith::open(url, options());
  auto session = engine->session();
  auto batches = customers(rows, kBatch, ids_of<kith::Employee>(session));
  const Stopwatch watch;
  for (kith::Batch& batch : batches) {
    auto work = session.work({.cause = "import"});
    kith::customer::create_batch(work, batch);
    work.commit();
  }
  const auto buyers = ids_of<kith::Customer>(session);
  std::mt19937_64 random(7);
  for (std::size_t i = 0; i < rows / 100; ++i) {
    auto work = session.work({.cause = "deal"});
    kith::Opportunity deal{.title = "Deal " + std::to_string(i), .customer = buyers[random() % buyers.size()]};
    deal.amount = kith::Amount{static_cast<std::int64_t>(random() % 1'000'000)};
    kith::sales::create(work, deal);
    const kith::Date day = kith::date(2025, 1 + static_cast<int>(random() % 5), 1);
    if (i % 3 == 0) kith::sales::win(work, deal.id, day, "price");
    if (i % 3 == 1) kith::sales::lose(work, deal.id, day, "price");
    work.commit();
  }
  const auto reader = session.reader();
  for (const char* by : {"owner", "sector", "month"}) reader.report("win_rate", {{"by", std::string(by)}});
  for (const char* report : {"pipeline", "ranking", "bookings", "deals"}) reader.report(report);
  const Duration taken = watch.read();
  digest = kith::to_hex(kith::state_digest(session));
  return taken;
}

class Schemas {
 public:
  Schemas(Server& server, std::string url) : server_(server), url_(std::move(url)) {}
  ~Schemas() {
    try {
      server_("ROLLBACK");
      for (const std::string& name : made_) server_("DROP SCHEMA IF EXISTS " + name + " CASCADE");
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }
  std::string fresh() {
    for (const std::string& name : made_) server_("DROP SCHEMA IF EXISTS " + name + " CASCADE");
    made_.clear();
    return next();
  }
  std::string next() {
    made_.push_back("kith_bench_" + std::to_string(++count_));
    return made_.back();
  }
  std::string url(const std::string& schema) const {
    return url_ + (url_.find('?') == std::string::npos ? "?" : "&") + "kith_schema=" + schema;
  }

 private:
  Server& server_;
  std::string url_;
  std::vector<std::string> made_;
  int count_ = 0;
};

using Write = std::function<Duration(const std::string& url)>;
using Replay = std::function<Duration(const Recording&, const std::string& schema)>;

void measure_writes(const std::string& what, Server& server, Schemas& schemas, int runs, double target,
                    const char* anchor, const Write& write, const Replay& replay) {
  Times kith_times, raw_times;
  std::int64_t equal = 0;
  for (int i = 0; i <= runs; ++i) {
    const std::string mine = schemas.fresh();
    const std::string raw = schemas.next();
    found(schemas.url(mine));
    found(schemas.url(raw));
    const std::int64_t first = server.number("SELECT seq FROM " + mine + ".head");
    const Duration taken = write(schemas.url(mine));
    const Recording recording(server, mine, first);
    const Duration other = replay(recording, raw);
    equal = require_equal(server, mine, raw);
    if (i == 0) continue;  // warms up
    kith_times.add(taken);
    raw_times.add(other);
  }
  print_speed("P9", what, kith_times, anchor, raw_times, target,
              std::to_string(equal) + " rows of both schemas are equal");
}

void measure_main_job(Schemas& schemas, const fs::path& directory, int runs, std::size_t rows) {
  Times kith_times, lite_times;
  for (int i = 0; i <= runs; ++i) {
    std::string ours;
    std::string theirs;
    const Duration taken = main_job(schemas.url(schemas.fresh()), rows, ours);
    const fs::path file = directory / "main.kith";
    for (const char* beside : {"", "-wal", "-shm"}) fs::remove(file.string() + beside);
    const Duration other = main_job("sqlite:" + file.string(), rows, theirs);
    if (ours != theirs) throw std::runtime_error("PostgreSQL and SQLite hold different states");
    if (i == 0) continue;
    kith_times.add(taken);
    lite_times.add(other);
  }
  print_speed("main",
              "a year on PostgreSQL: " + std::to_string(rows) + " customers, " + std::to_string(rows / 100) +
                  " deals, 7 reports",
              kith_times, "the same on SQLite", lite_times, 0, "the state digests are equal");
}

/// Sums by group where the rows are, against the same over a scan of them.
void measure_groups(const std::string& name, const std::string& url, int runs, std::size_t rows) {
  found(url);
  import_customers(url, rows, kBatch);
  const auto engine = kith::open(url, options());
  auto session = engine->session();
  const auto reader = session.reader();
  const kith::Entity& entity = kith::entity_of<kith::Customer>();
  Times pushed, scanned;
  for (int i = 0; i <= runs; ++i) {
    const Stopwatch first;
    const kith::Groups groups = reader.group(entity, {"sector", "owner"}, {"employees"});
    const Duration taken = first.read();
    // An expression that storage does not take, and that keeps every row.
    const Stopwatch second;
    const kith::Groups same =
        reader.group(entity, {"sector", "owner"}, {"employees"}, {.where = "employees is null or employees + 1 > 0"});
    const Duration other = second.read();
    std::int64_t sum = 0;
    for (std::size_t group = 0; group < groups.rows.size(); ++group) sum += groups.sums[0][group] + groups.rows[group];
    for (std::size_t group = 0; group < same.rows.size(); ++group) sum -= same.sums[0][group] + same.rows[group];
    if (sum != 0 || groups.rows.size() != same.rows.size()) throw std::runtime_error("groups differ");
    if (i == 0) continue;
    pushed.add(taken);
    scanned.add(other);
  }
  print_speed("group", name + ": counts and sums of " + std::to_string(rows) + " customers by sector and owner", pushed,
              "over a scan", scanned, 0, "both give the same groups");
}

/// The words and texts of every customer, as a checksum: what a program does that reads them.
std::int64_t read_all(const Server& server, const std::string& sql, const std::vector<bool>& texts, bool binary) {
  const Answer rows = server.checked(
      pg::api().PQexecParams(server.raw(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, binary ? 1 : 0), sql);
  std::int64_t sum = 0;
  const int columns = pg::api().PQnfields(rows.get());
  for (int row = 0; row < pg::api().PQntuples(rows.get()); ++row) {
    for (int i = 0; i < columns; ++i) {
      if (pg::api().PQgetisnull(rows.get(), row, i) != 0) continue;
      const char* bytes = pg::api().PQgetvalue(rows.get(), row, i);
      if (texts[static_cast<std::size_t>(i)]) {
        sum += pg::api().PQgetlength(rows.get(), row, i);
      } else if (binary) {
        std::uint64_t word = 0;
        for (int byte = 0; byte < 8; ++byte) word = (word << 8) | static_cast<unsigned char>(bytes[byte]);
        sum ^= static_cast<std::int64_t>(word);
      } else {
        std::int64_t word = 0;
        std::from_chars(bytes, bytes + pg::api().PQgetlength(rows.get(), row, i), word);
        sum ^= word;
      }
    }
  }
  return sum;
}

/// Values in binary form against the same as text, by libpq alone.
void measure_transfer(const Server& server, const std::string& schema, int runs, std::size_t rows) {
  std::string columns;
  std::vector<bool> texts;
  for (const kith::Field& field : kith::entity_of<kith::Customer>().fields) {
    if (field.type == kith::Type::bytes) continue;
    columns += (columns.empty() ? "\"" : ", \"") + std::string(field.name) + "\"";
    texts.push_back(kith::is_text(field.type));
  }
  const std::string sql = "SELECT " + columns + " FROM " + schema + ".customer";
  Times binary, text;
  for (int i = 0; i <= runs; ++i) {
    const Stopwatch first;
    const std::int64_t one = read_all(server, sql, texts, true);
    const Duration taken = first.read();
    const Stopwatch second;
    const std::int64_t other = read_all(server, sql, texts, false);
    const Duration taken_as_text = second.read();
    if (one != other) throw std::runtime_error("binary and text transfer read different values");
    if (i == 0) continue;
    binary.add(taken);
    text.add(taken_as_text);
  }
  print_speed("transfer", "binary: all columns of " + std::to_string(rows) + " customers", binary, "the same as text",
              text, 0, "both read the same values");
}

void measure(const std::string& url, const fs::path& directory, int runs, std::size_t rows) {
  fs::create_directories(directory);
  Server server(url);
  Schemas schemas(server, url);
  const std::string count = std::to_string(rows) + " rows, ";
  measure_writes(
      "import: create_batch, " + count + std::to_string(kBatch) + " a work", server, schemas, runs, 0.7, "COPY",
      [&](const std::string& to) { return import_customers(to, rows, kBatch); },
      [](const Recording& recording, const std::string& schema) { return recording.copy(schema); });
  measure_writes(
      "mixed: " + std::to_string(kMixed) + " added and " + std::to_string(kMixed) + " changed a work, " +
          std::to_string(rows / 5) + " rows",
      server, schemas, runs, 0.8, "pipelined statements",
      [&](const std::string& to) { return write_mixed(to, rows / 5); },
      [](const Recording& recording, const std::string& schema) { return recording.pipeline(schema); });
  measure_main_job(schemas, directory, runs, rows / 5);
  const std::string grouped = schemas.fresh();
  measure_groups("PostgreSQL", schemas.url(grouped), runs, rows);
  measure_transfer(server, grouped, runs, rows);
  const fs::path file = directory / "group.kith";
  for (const char* beside : {"", "-wal", "-shm"}) fs::remove(file.string() + beside);
  measure_groups("SQLite", "sqlite:" + file.string(), runs, rows);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 5) {
    std::fprintf(stderr, "usage: postgres_bench URL DIRECTORY [runs] [rows]\n");
    return 2;
  }
  try {
    const int runs = argc > 3 ? std::max(1, std::atoi(argv[3])) : 7;
    const int rows = argc > 4 ? std::max(1000, std::atoi(argv[4])) : 100'000;
    measure(argv[1], argv[2], runs, static_cast<std::size_t>(rows));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
