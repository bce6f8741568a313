// SPDX-License-Identifier: Apache-2.0
// R5: memory runs out at every allocation of about forty operations through the C ABI, once and for good.
#include <gtest/gtest.h>
#include <kith.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/failing_memory.hpp"
#include "support/script.hpp"
#include "support/soak.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using test::FailingMemory;

template <class T, void (*Free)(T*)>
struct Owned {
  T* object = nullptr;
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { Free(object); }
  operator T*() const { return object; }
  T** out() { return &object; }
};
using Store = Owned<kith_store, kith_store_free>;
using CSession = Owned<kith_session, kith_session_free>;
using CReader = Owned<kith_reader, kith_reader_free>;
using CWork = Owned<kith_work, kith_work_free>;
using CRecord = Owned<kith_record, kith_record_free>;
using CTable = Owned<kith_table, kith_table_free>;
using CText = Owned<kith_text, kith_text_free>;

/// Where an operation works and what it says; fixed memory, so that only Kith allocates.
struct Place {
  kith_store* store = nullptr;
  kith_session* session = nullptr;
  kith_error* error = nullptr;
  const char* path = nullptr;
  std::array<std::int64_t, 8> ids = {};  ///< of kIds
  char said[256] = {};                   ///< the answer of a read

  void say(long long number) { std::snprintf(said, sizeof said, "%lld", number); }
};

enum IdOf { company = 0, east, west, seller, acme, other, open_deal, lost_deal };

/// Ids by entity, field and value, in the order of IdOf.
constexpr std::array<std::array<const char*, 3>, 8> kIds = {{{"unit", "name", "Company"},
                                                             {"unit", "name", "East"},
                                                             {"unit", "name", "West"},
                                                             {"employee", "name", "Seller West"},
                                                             {"customer", "name", "Acme"},
                                                             {"customer", "name", "宏达机械"},
                                                             {"opportunity", "title", "open"},
                                                             {"opportunity", "title", "lost"}}};

struct COperation {
  const char* name;
  bool writes;
  std::int32_t (*run)(Place&);
};

template <std::int32_t (*Verb)(Place&, kith_work*)>
std::int32_t in_work(Place& at) {
  CWork work;
  if (const auto code = kith_work_begin(at.session, nullptr, work.out(), at.error)) return code;
  if (const auto code = Verb(at, work)) return code;
  return kith_work_commit(work, nullptr, 0, nullptr, at.error);
}

template <std::int32_t (*Read)(Place&, kith_reader*)>
std::int32_t in_reader(Place& at) {
  CReader reader;
  if (const auto code = kith_reader_open(at.session, nullptr, reader.out(), at.error)) return code;
  return Read(at, reader);
}

/// A new record of an entity with two texts.
std::int32_t make(Place& at, kith_work* work, const char* entity, const char* field, const char* text,
                  const char* field2 = nullptr, const char* text2 = nullptr) {
  CRecord record;
  if (const auto code = kith_record_new(at.store, entity, record.out(), at.error)) return code;
  if (const auto code = kith_record_set_text(record, field, text, KITH_NUL, at.error)) return code;
  if (field2 != nullptr) {
    if (const auto code = kith_record_set_text(record, field2, text2, KITH_NUL, at.error)) return code;
  }
  return kith_create(work, record, nullptr, at.error);
}

std::int32_t change(Place& at, kith_work* work, const char* entity, std::int64_t id, const char* field,
                    const char* text) {
  CRecord record;
  if (const auto code = kith_get(kith_work_reader(work), entity, id, record.out(), at.error)) return code;
  if (const auto code = kith_record_set_text(record, field, text, KITH_NUL, at.error)) return code;
  return kith_update(work, record, at.error);
}

std::int32_t count_rows(Place& at, kith_reader* reader, const char* entity, const char* where,
                        const char* order = nullptr) {
  CTable table;
  kith_query query = {};
  query.struct_size = sizeof query;
  query.where = where;
  query.order = &order;
  query.order_count = order != nullptr ? 1 : 0;
  if (const auto code = kith_find(reader, entity, &query, table.out(), at.error)) return code;
  CText json;
  if (const auto code = kith_table_to_json(table, json.out(), at.error)) return code;
  at.say(static_cast<long long>(kith_table_rows(table) * 100'000 + kith_text_size(json)));
  return KITH_OK;
}

std::int32_t report(Place& at, kith_reader* reader, const char* name) {
  CTable table;
  if (const auto code = kith_report(reader, name, nullptr, 0, table.out(), at.error)) return code;
  at.say(static_cast<long long>(kith_table_rows(table)));
  return KITH_OK;
}

constexpr std::int32_t kDay = 20'454;  // 2026-01-01

const COperation kOperations[] = {
    {"open a store and a session", false,
     [](Place& at) {
       Store store;
       if (const auto code = kith_open(at.path, KITH_NUL, nullptr, store.out(), at.error)) return code;
       CSession session;
       return kith_session_open(store, nullptr, 0, session.out(), at.error);
     }},
    {"found a store in memory", false,
     [](Place& at) {
       Store store;
       return kith_open("memory:", KITH_NUL, nullptr, store.out(), at.error);
     }},
    {"describe", false,
     [](Place& at) {
       CText text;
       return kith_doctor(at.store, text.out(), at.error);
     }},
    {"entities", false,
     [](Place& at) {
       CTable table;
       if (const auto code = kith_entities(at.store, table.out(), at.error)) return code;
       at.say(static_cast<long long>(kith_table_rows(table)));
       return std::int32_t{KITH_OK};
     }},
    {"fields", false,
     [](Place& at) {
       CTable table;
       if (const auto code = kith_fields(at.store, "customer", table.out(), at.error)) return code;
       at.say(static_cast<long long>(kith_table_rows(table)));
       return std::int32_t{KITH_OK};
     }},
    {"reports", false,
     [](Place& at) {
       CTable table;
       return kith_reports(at.store, table.out(), at.error);
     }},
    {"get", false, in_reader<[](Place& at, kith_reader* reader) {
       CRecord record;
       if (const auto code = kith_get(reader, "customer", at.ids[acme], record.out(), at.error)) return code;
       kith_value value;
       if (const auto code = kith_record_get(record, "name", &value, at.error)) return code;
       at.say(value.size == 4 && std::memcmp(value.text, "Acme", 4) == 0 ? 1 : 0);
       return std::int32_t{KITH_OK};
     }>},
    {"find all", false,
     in_reader<[](Place& at, kith_reader* reader) { return count_rows(at, reader, "customer", nullptr); }>},
    {"find by text", false,
     in_reader<[](Place& at, kith_reader* reader) { return count_rows(at, reader, "customer", "name = 'Acme'"); }>},
    {"find by part of a text", false, in_reader<[](Place& at, kith_reader* reader) {
       return count_rows(at, reader, "customer", "name contains '宏达'", "name desc");
     }>},
    {"find by amount", false, in_reader<[](Place& at, kith_reader* reader) {
       return count_rows(at, reader, "opportunity", "amount >= 10.00 USD and status = 'won'");
     }>},
    {"weighted total", false, in_reader<[](Place& at, kith_reader* reader) {
       kith_value total;
       if (const auto code = kith_weighted_total(reader, nullptr, &total, at.error)) return code;
       at.say(total.integer);
       return std::int32_t{KITH_OK};
     }>},
    {"win rate", false, in_reader<[](Place& at, kith_reader* reader) { return report(at, reader, "win_rate"); }>},
    {"versions", false, in_reader<[](Place& at, kith_reader* reader) {
       CTable table;
       if (const auto code = kith_versions(reader, "customer", at.ids[acme], table.out(), at.error)) return code;
       at.say(static_cast<long long>(kith_table_rows(table)));
       return std::int32_t{KITH_OK};
     }>},
    {"changes", false, in_reader<[](Place& at, kith_reader* reader) {
       CTable table;
       if (const auto code = kith_changes(reader, 0, 1000, table.out(), at.error)) return code;
       at.say(static_cast<long long>(kith_table_rows(table)));
       return std::int32_t{KITH_OK};
     }>},
    {"may", false, in_reader<[](Place& at, kith_reader* reader) {
       std::int32_t allowed = 0;
       CText why;
       if (const auto code = kith_may(reader, 1, "customer", at.ids[acme], &allowed, why.out(), at.error)) return code;
       at.say(allowed);
       return std::int32_t{KITH_OK};
     }>},
    {"time in stages", false, in_reader<[](Place& at, kith_reader* reader) {
       CTable table;
       if (const auto code = kith_customer_time_in_stages(reader, at.ids[acme], kDay + 9, table.out(), at.error)) {
         return code;
       }
       at.say(static_cast<long long>(kith_table_rows(table)));
       return std::int32_t{KITH_OK};
     }>},
    {"arrow", false, in_reader<[](Place& at, kith_reader* reader) {
       CTable table;
       if (const auto code = kith_find(reader, "opportunity", nullptr, table.out(), at.error)) return code;
       ArrowArrayStream stream = {};
       if (const auto code = kith_table_stream(table, &stream, at.error)) return code;
       ArrowArray array = {};
       const int code = stream.get_next(&stream, &array);
       if (code == 0) at.say(array.length);
       if (array.release != nullptr) array.release(&array);
       stream.release(&stream);
       if (code == ENOMEM) at.error->code = KITH_ERROR_NO_MEMORY;  // streams answer errno values
       return code == ENOMEM ? std::int32_t{KITH_ERROR_NO_MEMORY} : std::int32_t{code};
     }>},
    {"check", false,
     [](Place& at) {
       CTable table;
       if (const auto code = kith_check(at.session, table.out(), at.error)) return code;
       at.say(static_cast<long long>(kith_table_rows(table)));
       return std::int32_t{KITH_OK};
     }},
    {"digest", false,
     [](Place& at) {
       char digest[65];
       if (const auto code = kith_digest(at.session, digest, at.error)) return code;
       std::memcpy(at.said, digest, sizeof digest);
       return std::int32_t{KITH_OK};
     }},
    {"an empty work", false, in_work<[](Place&, kith_work*) { return std::int32_t{KITH_OK}; }>},
    {"create a customer", true, in_work<[](Place& at, kith_work* work) {
       return make(at, work, "customer", "name", "新しい", "country", "日本");
     }>},
    {"create a product", true,
     in_work<[](Place& at, kith_work* work) { return make(at, work, "product", "name", "Barrel"); }>},
    {"create a deal", true, in_work<[](Place& at, kith_work* work) {
       return make(at, work, "opportunity", "title", "x", "amount", "12.50");
     }>},
    {"hire", true, in_work<[](Place& at, kith_work* work) { return make(at, work, "employee", "name", "Ann"); }>},
    {"change a customer", true, in_work<[](Place& at, kith_work* work) {
       return change(at, work, "customer", at.ids[acme], "sector", "retail");
     }>},
    {"change a deal", true, in_work<[](Place& at, kith_work* work) {
       return change(at, work, "opportunity", at.ids[open_deal], "amount", "77.00");
     }>},
    {"rename a unit", true,
     in_work<[](Place& at, kith_work* work) { return change(at, work, "unit", at.ids[east], "name", "Far East"); }>},
    {"create a unit", true, in_work<[](Place& at, kith_work* work) {
       CRecord record;
       if (const auto code = kith_record_new(at.store, "unit", record.out(), at.error)) return code;
       if (const auto code = kith_record_set_text(record, "name", "North", KITH_NUL, at.error)) return code;
       return kith_unit_create(work, record, kDay, nullptr, at.error);
     }>},
    {"move a unit", true, in_work<[](Place& at, kith_work* work) {
       return kith_unit_move(work, at.ids[east], at.ids[west], kDay, at.error);
     }>},
    {"transfer", true, in_work<[](Place& at, kith_work* work) {
       return kith_employee_transfer(work, at.ids[seller], at.ids[east], kDay, at.error);
     }>},
    {"assign a customer", true, in_work<[](Place& at, kith_work* work) {
       return kith_customer_assign(work, at.ids[acme], at.ids[seller], at.error);
     }>},
    {"advance a customer", true, in_work<[](Place& at, kith_work* work) {
       return kith_customer_advance(work, at.ids[other], "lead", KITH_NUL, KITH_NOW, at.error);
     }>},
    {"advance a deal", true, in_work<[](Place& at, kith_work* work) {
       return kith_deal_advance(work, at.ids[open_deal], "Offer", KITH_NUL, KITH_NOW, at.error);
     }>},
    {"win", true, in_work<[](Place& at, kith_work* work) {
       return kith_deal_win(work, at.ids[open_deal], kDay, "price", KITH_NUL, nullptr, at.error);
     }>},
    {"lose", true, in_work<[](Place& at, kith_work* work) {
       return kith_deal_lose(work, at.ids[open_deal], kDay, "price", KITH_NUL, at.error);
     }>},
    {"reopen", true, in_work<[](Place& at, kith_work* work) {
       return kith_deal_reopen(work, at.ids[lost_deal], "again", KITH_NUL, at.error);
     }>},
    {"run commissions", true, in_work<[](Place& at, kith_work* work) {
       return kith_commission_run(work, "2026-Q1", KITH_NUL, nullptr, at.error);
     }>},
    {"add a principal", true, in_work<[](Place& at, kith_work* work) {
       const char* role = "seller";
       std::int64_t id = 0;
       return kith_principal_add(work, "ann", KITH_NUL, at.ids[seller], &role, 1, &id, at.error);
     }>},
    {"set a grant", true,
     in_work<[](Place& at, kith_work* work) { return kith_grant_set(work, "seller", "product", 3, 5, at.error); }>},
};

std::int64_t still_clock(void*) { return 1'767'323'045'000'000; }  // as in script_options

class MemoryTest : public testing::TestWithParam<std::size_t> {
 protected:
  struct Outcome {
    std::int32_t code = 0;
    std::int64_t allocations = 0;
    std::int64_t failures = 0;
    std::string said;
    std::string digest;
  };

  /// One operation in a newly opened store, the company as it was made, with allocation `k` failing.
  Outcome run(const COperation& operation, std::int64_t k, bool for_good) {
    kith_error error = {};
    error.struct_size = sizeof error;
    if (!fresh_) test::put_store(path_, test::script_store());
    kith_options options = {};
    options.struct_size = sizeof options;
    options.clock = still_clock;
    options.seeded = 1;
    Store store;
    CSession session;
    EXPECT_EQ(kith_open(path_.c_str(), KITH_NUL, &options, store.out(), &error), KITH_OK) << error.message;
    EXPECT_EQ(kith_session_open(store, nullptr, 0, session.out(), &error), KITH_OK) << error.message;
    Place place{store, session, &error, path_.c_str(), ids_};
    Outcome outcome;
    FailingMemory::arm(k, for_good);
    outcome.code = operation.run(place);
    FailingMemory::disarm();
    outcome.allocations = FailingMemory::allocations();
    outcome.failures = FailingMemory::failures();
    outcome.said = place.said;
    EXPECT_EQ(error.code, outcome.code) << operation.name;
    const bool failed = outcome.code != KITH_OK && outcome.failures > 0;
    fresh_ = failed ? untouched() : !operation.writes;
    if (!failed) return outcome;
    outcome.digest = fresh_ ? before_ : test::checked_digest(path_);
    // The session is as usable as before; in the soak an eighth of the writes show it, for each takes a new file.
    if (operation.writes && test::soaking() && k % 8 != 0) return outcome;
    std::memset(place.said, 0, sizeof place.said);
    EXPECT_EQ(operation.run(place), KITH_OK) << operation.name << ", again after " << k << ": " << error.message;
    fresh_ = fresh_ && !operation.writes;
    return outcome;
  }

  /// What every work begins with: SQLite reads the schema. The empty work fails at each of these allocations.
  std::int64_t opening_allocations() {
    for (const COperation& operation : kOperations) {
      if (operation.name == std::string_view("an empty work")) return run(operation, 0, false).allocations;
    }
    return 0;
  }

  /// The very bytes that were put there, and nothing in the log: what most failures leave, and quickly told.
  bool untouched() const {
    const std::filesystem::path log = path_ + "-wal";
    if (std::filesystem::exists(log) && std::filesystem::file_size(log) != 0) return false;
    std::string bytes(std::filesystem::file_size(path_), '\0');
    std::ifstream(path_, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes == test::script_store();
  }

  void learn_ids() {
    test::put_store(path_, test::script_store());
    auto engine = open(path_, test::script_options());
    Session session = engine->session();
    const Reader reader = session.reader();
    for (std::size_t i = 0; i < kIds.size(); ++i) {
      const Entity& entity = reader.model().entity(kIds[i][0]);
      Batch rows;
      ASSERT_TRUE(reader
                      .scan(entity, {.conditions = {equals(entity, kIds[i][1], std::string_view(kIds[i][2]))},
                                     .fields = {"id"}})
                      ->next(rows));
      ids_[i] = rows.columns[0].word(0);
    }
  }

  kith_test::TempDir directory_;
  std::string path_ = directory_.file("store.kith");
  std::array<std::int64_t, 8> ids_ = {};
  bool fresh_ = false;  ///< the file is as it was made
  std::string before_;  ///< its digest
};

TEST_P(MemoryTest, R5WithoutMemoryNothingIsHalfDoneOrWrong) {
  static_cast<void>(test::script_store());
  const FailingMemory memory;
  learn_ids();
  const COperation& operation = kOperations[GetParam()];
  before_ = test::checked_digest(path_);
  const Outcome whole = run(operation, 0, false);
  ASSERT_EQ(whole.code, KITH_OK) << operation.name;
  const std::string after = test::checked_digest(path_);
  std::int64_t runs = 0, refused = 0, absorbed = 0;
  const std::int64_t opening = operation.writes ? opening_allocations() : 0;
  const auto step_at = [&](std::int64_t k) -> std::int64_t {
    if (!test::soaking()) return std::max<std::int64_t>(1, whole.allocations / test::turns_of(6));
    return k < opening ? 10 : 1;
  };
  for (std::int64_t k = 1; k <= whole.allocations; k += step_at(k)) {
    for (const bool for_good : {false, true}) {
      const Outcome outcome = run(operation, k, for_good);
      ++runs;
      if (outcome.code == KITH_OK) {
        ++absorbed;
        EXPECT_EQ(outcome.said, whole.said) << operation.name << ", allocation " << k << ": ok, and wrong";
      } else {
        ++refused;
        EXPECT_EQ(outcome.code, KITH_ERROR_NO_MEMORY) << operation.name << ", allocation " << k << " " << for_good;
      }
      if (operation.writes) {
        EXPECT_EQ(outcome.code == KITH_OK ? test::checked_digest(path_) : outcome.digest,
                  outcome.code == KITH_OK ? after : before_)
            << operation.name << ", allocation " << k << ": half of it is there";
      }
      if (HasFailure()) return;
    }
  }
  test::tell("memory runs out in \"", operation.name, "\": ", runs, " runs, ", refused, " refused, ", absorbed,
             " went through rightly");
}

// One test for each operation, so that several processes can share them.
INSTANTIATE_TEST_SUITE_P(Operations, MemoryTest, testing::Range(std::size_t{0}, std::size(kOperations)),
                         [](const auto& tested) {
                           std::string name = kOperations[tested.param].name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

}  // namespace
}  // namespace kith
