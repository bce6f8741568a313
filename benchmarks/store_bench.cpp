// SPDX-License-Identifier: Apache-2.0
// Storage on SQLite: P6 (bulk insert) from C++ and through the C ABI, P7 (get by id) from C++, a JSON line each.
//
//     store_bench DIRECTORY [runs] [rows]     measures, in stores that it makes in DIRECTORY
//     store_bench found STORE                 makes the store that every run starts from
//     store_bench replay BEFORE MADE TARGET   writes again what turned BEFORE into MADE, compares, prints the time
//
// Anchor is the SQLite C API, which writes exactly the rows that Kith wrote (records, change feed, works, head) into
// the same tables with the same indexes, pragmas and number of transactions; both files must then hold the same.
#include <cstdlib>
#include <functional>
#include <random>

#include "customer_reader.hpp"
#include "kith.h"
#include "kith/engine/generic.hpp"
#include "kith/interchange/arrow.hpp"
#include "kith/kith.hpp"
#include "store_anchor.hpp"

namespace {

namespace fs = std::filesystem;
using namespace bench;

constexpr const char* kAnchor = "raw SQLite C API";
constexpr std::int64_t kNow = 1'750'000'000'000'000;  // the stores' clock stands still: every run writes the same
constexpr int kEmployees = 20;

kith::Options options() {
  kith::Options given;
  given.clock = [] { return kith::Timestamp{kNow}; };
  given.random = kith::seeded_random(7);
  return given;
}

std::string url_of(const fs::path& path) { return "sqlite:" + path.string(); }

/// A store with a unit and its employees, who own the customers to come.
void found(const fs::path& path) {
  for (const char* beside : {"", "-wal", "-shm"}) fs::remove(path.string() + beside);
  const auto engine = kith::open(url_of(path), options());
  auto session = engine->session();
  auto work = session.work({.cause = "people"});
  kith::Unit unit{.name = "Sales"};
  kith::people::create(work, unit, kith::date(2025, 1, 1));
  for (int i = 0; i < kEmployees; ++i) {
    kith::Employee employee{
        .name = "Seller " + std::to_string(i + 1), .unit = unit.id, .hired_on = kith::date(2025, 1, 1)};
    kith::people::create(work, employee);
  }
  work.commit();
}

std::vector<kith::Id> employees_of(const fs::path& path) {
  const auto engine = kith::open(url_of(path), options());
  std::vector<kith::Id> ids;
  for (const auto& employee : engine->session().reader().list<kith::Employee>()) ids.push_back(employee.id);
  return ids;
}

std::vector<kith::Customer> make_customers(std::size_t rows, const std::vector<kith::Id>& owners) {
  constexpr const char* kSectors[] = {"retail", "software", "medical", "marketing", "telecommunications"};
  constexpr const char* kCountries[] = {"Germany", "日本", "United States", "Brasil"};
  std::mt19937_64 random(20250101);
  std::vector<kith::Customer> customers(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    kith::Customer& one = customers[i];
    const std::string number = std::to_string(i + 1);
    one.name = (random() % 8 == 0 ? "Müller & Söhne " : "Northern Supplies ") + number;
    if (random() % 4 == 0) one.kind = kith::CustomerKind::person;
    one.owner = owners[random() % owners.size()];
    one.sector = kSectors[random() % std::size(kSectors)];
    one.country = kCountries[random() % std::size(kCountries)];
    if (random() % 4 != 0) one.founded = static_cast<std::int64_t>(1900 + random() % 120);
    if (random() % 4 != 0) {
      one.annual_revenue = kith::Decimal{static_cast<std::int64_t>(random() % 5'000'000'000), kith::kQuantityScale};
    }
    if (random() % 4 != 0) one.employees = static_cast<std::int64_t>(random() % 20'000);
    one.phone = "+49 30 " + std::to_string(1'000'000 + random() % 9'000'000);
    one.email = "office" + number + "@example.com";
    one.source = "erp";
    one.external_id = "C" + number;
  }
  return customers;
}

/// Kith from C++: batches that hold what was given; each becomes a Work.
Duration insert_batches(const fs::path& path, const std::vector<kith::Customer>& customers, std::size_t size) {
  const auto engine = kith::open(url_of(path), options());
  auto session = engine->session();
  std::vector<kith::Batch> batches;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    if (i % size == 0) batches.emplace_back(kith::entity_of<kith::Customer>());
    kith::store_row(&customers[i], batches.back());
  }
  const Stopwatch watch;
  for (kith::Batch& batch : batches) {
    auto work = session.work({.cause = "bulk"});
    kith::customer::create_batch(work, batch);
    work.commit();
  }
  return watch.read();
}

void need(std::int32_t code, const kith_error& error) {
  if (code != KITH_OK) throw std::runtime_error(error.message);
}

kith_value text_value(const std::string& text) { return {KITH_TEXT, 0, 0, text.data(), text.size(), {}, 0}; }
kith_value word_value(std::int32_t type, std::int64_t word, std::int32_t scale = 0) {
  return {type, scale, word, nullptr, 0, {}, 0};
}

void set(kith_record* record, const char* field, const kith_value& value) {
  kith_error error{};
  error.struct_size = sizeof error;
  need(kith_record_set(record, field, &value, &error), error);
}

/// One record as a C program makes it: a record object, its fields by name, kith_create.
void create_through_c(kith_store* store, kith_work* work, const kith::Customer& given) {
  kith_error error{};
  error.struct_size = sizeof error;
  kith_record* record = nullptr;
  need(kith_record_new(store, "customer", &record, &error), error);
  const std::unique_ptr<kith_record, decltype(&kith_record_free)> owned(record, kith_record_free);
  set(record, "name", text_value(given.name));
  set(record, "kind", word_value(KITH_INTEGER, static_cast<std::int64_t>(given.kind)));
  set(record, "owner", word_value(KITH_ID, given.owner->value));
  set(record, "sector", text_value(*given.sector));
  set(record, "country", text_value(*given.country));
  if (given.founded) set(record, "founded", word_value(KITH_INTEGER, *given.founded));
  if (given.annual_revenue) {
    set(record, "annual_revenue",
        word_value(KITH_DECIMAL, given.annual_revenue->coefficient, given.annual_revenue->scale));
  }
  if (given.employees) set(record, "employees", word_value(KITH_INTEGER, *given.employees));
  set(record, "phone", text_value(*given.phone));
  set(record, "email", text_value(*given.email));
  set(record, "source", text_value(*given.source));
  set(record, "external_id", text_value(*given.external_id));
  need(kith_create(work, record, nullptr, &error), error);
}

/// The C ABI, one record after the other; a Work for each `size`.
Duration insert_through_c(const fs::path& path, const std::vector<kith::Customer>& customers, std::size_t size) {
  kith_error error{};
  error.struct_size = sizeof error;
  kith_options given{};
  given.struct_size = sizeof given;
  given.seeded = 1;
  given.seed = 7;
  given.clock = [](void*) { return std::int64_t{kNow}; };
  kith_store* store = nullptr;
  need(kith_open(path.c_str(), KITH_NUL, &given, &store, &error), error);
  const std::unique_ptr<kith_store, decltype(&kith_store_free)> held_store(store, kith_store_free);
  kith_session* session = nullptr;
  need(kith_session_open(store, nullptr, 0, &session, &error), error);
  const std::unique_ptr<kith_session, decltype(&kith_session_free)> held_session(session, kith_session_free);
  const Stopwatch watch;
  for (std::size_t i = 0; i < customers.size(); i += size) {
    kith_work* work = nullptr;
    need(kith_work_begin(session, nullptr, &work, &error), error);
    const std::unique_ptr<kith_work, decltype(&kith_work_free)> held_work(work, kith_work_free);
    const std::size_t end = std::min(customers.size(), i + size);
    for (std::size_t row = i; row < end; ++row) create_through_c(store, work, customers[row]);
    need(kith_work_commit(work, nullptr, 0, nullptr, &error), error);
  }
  return watch.read();
}

/// The same customers as Arrow streams of `size` rows, ready before the clock starts: only what a host would give.
std::vector<std::shared_ptr<const kith::Table>> tables_of(const std::vector<kith::Customer>& customers,
                                                          std::size_t size) {
  const kith::Entity& entity = kith::entity_of<kith::Customer>();
  std::vector<int> fields;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    if (!entity.fields[i].options.kept) fields.push_back(static_cast<int>(i));
  }
  std::vector<std::shared_ptr<const kith::Table>> tables;
  for (std::size_t i = 0; i < customers.size(); i += size) {
    kith::Batch batch(entity, fields);
    for (std::size_t row = i; row < std::min(customers.size(), i + size); ++row)
      kith::store_row(&customers[row], batch);
    tables.push_back(std::make_shared<const kith::Table>(kith::generic::to_table(batch, kith::currency("USD"))));
  }
  return tables;
}

/// The C ABI, columns at a time: one kith_create_stream a Work.
Duration insert_streams_through_c(const fs::path& path, const std::vector<std::shared_ptr<const kith::Table>>& tables) {
  kith_error error{};
  error.struct_size = sizeof error;
  kith_options given{};
  given.struct_size = sizeof given;
  given.seeded = 1;
  given.seed = 7;
  given.clock = [](void*) { return std::int64_t{kNow}; };
  kith_store* store = nullptr;
  need(kith_open(path.c_str(), KITH_NUL, &given, &store, &error), error);
  const std::unique_ptr<kith_store, decltype(&kith_store_free)> held_store(store, kith_store_free);
  kith_session* session = nullptr;
  need(kith_session_open(store, nullptr, 0, &session, &error), error);
  const std::unique_ptr<kith_session, decltype(&kith_session_free)> held_session(session, kith_session_free);
  std::vector<ArrowArrayStream> streams(tables.size());
  for (std::size_t i = 0; i < tables.size(); ++i) kith::to_arrow(tables[i], &streams[i]);
  const Stopwatch watch;
  for (ArrowArrayStream& stream : streams) {
    kith_work* work = nullptr;
    need(kith_work_begin(session, nullptr, &work, &error), error);
    const std::unique_ptr<kith_work, decltype(&kith_work_free)> held_work(work, kith_work_free);
    need(kith_create_stream(work, "customer", &stream, nullptr, &error), error);
    need(kith_work_commit(work, nullptr, 0, nullptr, &error), error);
  }
  return watch.read();
}

using Insert = std::function<Duration(const fs::path&)>;

/// Runs Kith and the anchor by turns, each on a fresh copy of the founded store, and compares every pair of files.
void measure_insert(const std::string& what, const fs::path& directory, int runs, double target, const Insert& insert) {
  const fs::path base = directory / "base.kith";
  const fs::path made = directory / "kith.kith";
  const fs::path raw = directory / "raw.kith";
  copy_store(base, made);
  insert(made);  // warms up, and says what the anchor has to write
  const Recording recording(made, number(open_file(base), "SELECT seq FROM head"));
  Times kith_times, raw_times;
  std::size_t equal = 0;
  for (int i = 0; i < runs; ++i) {
    copy_store(base, made);
    kith_times.add(insert(made));
    copy_store(base, raw);
    raw_times.add(recording.replay(raw));
    equal = require_equal(made, raw);
  }
  print_speed("P6", what, kith_times, kAnchor, raw_times, target,
              std::to_string(equal) + " rows of both files are equal");
}

/// P7: every customer once, in random order, under one snapshot.
void measure_get(const fs::path& store, int runs) {
  const auto engine = kith::open(url_of(store), options());
  auto session = engine->session();
  const auto reader = session.reader();
  const CustomerReader raw(store);
  std::vector<kith::Id> ids;
  for (const Row& row : read_rows(open_file(store), "SELECT id FROM customer")) ids.push_back({row[0].word});
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(7));

  kith::Batch ours(kith::entity_of<kith::Customer>());
  kith::Batch theirs(kith::entity_of<kith::Customer>());
  for (const kith::Id id : ids) {
    const auto one = reader.get<kith::Customer>(id);
    kith::store_row(&one, ours);
    kith::Customer other;
    if (!raw.get(id.value, other)) throw std::runtime_error("the anchor did not find a customer");
    kith::store_row(&other, theirs);
  }
  for (std::size_t i = 0; i < ours.columns.size(); ++i) {
    for (std::size_t row = 0; row < ours.rows(); ++row) {
      if (ours.columns[i].cell(row) == theirs.columns[i].cell(row)) continue;
      throw std::runtime_error("Kith and the anchor read a customer differently");
    }
  }
  Times kith_times, raw_times;
  std::int64_t sum = 0;
  for (int i = 0; i < runs; ++i) {
    const Stopwatch first;
    for (const kith::Id id : ids) sum += static_cast<std::int64_t>(reader.get<kith::Customer>(id).name.size());
    kith_times.add(first.read());
    const Stopwatch second;
    for (const kith::Id id : ids) {
      kith::Customer customer;
      raw.get(id.value, customer);
      sum -= static_cast<std::int64_t>(customer.name.size());
    }
    raw_times.add(second.read());
  }
  if (sum != 0) throw std::runtime_error("Kith and the anchor read different names");
  print_speed("P7", "C++: reader.get of " + std::to_string(ids.size()) + " ids", kith_times, kAnchor, raw_times, 0.7,
              std::to_string(ids.size()) + " customers are equal in all fields");
}

void measure(const fs::path& directory, int runs, std::size_t rows) {
  fs::create_directories(directory);
  found(directory / "base.kith");
  const auto customers = make_customers(rows, employees_of(directory / "base.kith"));
  const std::string count = std::to_string(rows) + " rows, ";
  for (const std::size_t size : {std::size_t{1'000}, std::size_t{10'000}}) {
    measure_insert("C++: create_batch, " + count + std::to_string(size) + " a work", directory, runs, 0.8,
                   [&](const fs::path& path) { return insert_batches(path, customers, size); });
  }
  measure_get(directory / "kith.kith", runs);
  const auto tables = tables_of(customers, 10'000);
  measure_insert("C ABI: kith_create_stream, " + count + "10000 a work", directory, runs, 0.75,
                 [&](const fs::path& path) { return insert_streams_through_c(path, tables); });
  measure_insert("C ABI: kith_create, " + count + "10000 a work", directory, runs, 0.75,
                 [&](const fs::path& path) { return insert_through_c(path, customers, 10'000); });
}

void replay(const fs::path& before, const fs::path& made, const fs::path& target) {
  const Recording recording(made, number(open_file(before), "SELECT seq FROM head"));
  copy_store(before, target);
  const Duration duration = recording.replay(target);
  std::printf("{\"ms\": %.3f, \"cpu_ms\": %.3f, \"equal_rows\": %zu}\n", duration.wall, duration.cpu,
              require_equal(made, target));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  try {
    if (verb == "found" && argc == 3) {
      found(argv[2]);
    } else if (verb == "replay" && argc == 5) {
      replay(argv[2], argv[3], argv[4]);
    } else if (!verb.empty() && argc <= 4) {
      const int rows = argc > 3 ? std::max(1, std::atoi(argv[3])) : 100'000;
      measure(verb, argc > 2 ? std::max(1, std::atoi(argv[2])) : 7, static_cast<std::size_t>(rows));
    } else {
      std::fprintf(stderr, "usage: store_bench DIRECTORY [runs] [rows] | found STORE | replay BEFORE MADE TARGET\n");
      return 2;
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
