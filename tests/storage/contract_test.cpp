// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every backend promises: rows, keys, revisions, transactions. Scans are in contract_scan_test.cpp.

#include "storage/contract.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <thread>

#include "storage/faulty_storage.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_server.hpp"

namespace kith_test {

using kith::Access;
using kith::Code;
using kith::Id;

const std::vector<Backend>& backends() {
  static const auto memory = [](const TempDir&, const kith::StorageOptions& options) {
    return kith::open_storage("memory:", options);
  };
  static const auto sqlite = [](const TempDir& directory, const kith::StorageOptions& options) {
    return kith::open_storage("sqlite:" + directory.file("store.kith"), options);
  };
  static const auto wrapped = [](const TempDir&, const kith::StorageOptions& options) {
    return std::static_pointer_cast<kith::Storage>(
        std::make_shared<FaultyStorage>(kith::open_memory(options), std::make_shared<Faults>()));
  };
  // Each folder stands for a tenant; all of them share the tables of one schema.
  static const auto on_postgres = [](const char* prepare) {
    return [prepare](const TempDir& directory, const kith::StorageOptions& options) {
      static std::map<std::string, int> tenants;
      const auto tenant = tenants.emplace(directory.file(prepare), static_cast<int>(tenants.size()) + 1).first->second;
      return kith::open_storage(
          kith::test::postgres_url_with("kith_schema=kith_contract_" + std::to_string(getpid()) +
                                        "&kith_prepare=" + prepare + "&kith_tenant=" + std::to_string(tenant)),
          options);
    };
  };
  static const std::vector<Backend> all = [] {
    std::vector<Backend> some = {
        {"memory", false, memory}, {"sqlite", true, sqlite}, {"wrapped_memory", false, wrapped}};
    if (!kith::test::postgres_url().empty()) {
      some.push_back({"postgres", true, on_postgres("named")});
      // As behind a pooler that changes servers between transactions.
      some.push_back({"postgres_unnamed", true, on_postgres("unnamed")});
    }
    return some;
  }();
  return all;
}

namespace {

INSTANTIATE_TEST_SUITE_P(Storage, Contract, testing::ValuesIn(backends()), backend_name);

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

/// Every type at its ends.
std::vector<Sample> extremes() {
  Sample low = make_sample(1);
  low.name = "";
  low.number = kMin;
  low.rate = {kMin, 4};
  low.amount = {kMin};
  low.day = {std::numeric_limits<std::int32_t>::min()};
  low.time = {kMin};
  low.maybe_name = "";
  low.maybe_raw = kith::Bytes{""};
  low.maybe_number = kMin;
  low.code = "";
  Sample high = make_sample(kMax);
  high.name = "客户関係管理 — Straße 😀";
  high.number = kMax;
  high.flag = true;
  high.colour = Colour::blue;
  high.rate = {kMax, 4};
  high.amount = {kMax};
  high.currency = kith::currency("JPY");
  high.day = kith::kOpenDate;
  high.time = kith::kOpenTime;
  high.raw.data = std::string("\0a\0\xff\0", 5);
  high.parent = {kMax};
  high.maybe_name = std::string(1'000'000, 'x') + "長い";
  high.maybe_number = 0;
  high.maybe_flag = false;
  high.maybe_colour = Colour::green;
  high.maybe_rate = kith::Decimal{-1, 9};
  high.maybe_amount = kith::Amount{-5};
  high.maybe_currency = kith::currency("KWD");
  high.maybe_day = kith::Date{-1};
  high.maybe_time = kith::Timestamp{-1};
  high.maybe_raw = kith::Bytes{std::string(70'000, '\0')};
  high.maybe_parent = Id{1};
  high.code = "'; DROP TABLE sample; --";
  return {low, make_sample(2), high};
}

TEST_P(Contract, KeepsEveryTypeAtItsEnds) {
  given(extremes());
  EXPECT_EQ(stored(), extremes());
  const auto transaction = read();
  std::vector<Sample> got(3);
  kith::StructSink sink{std::span<Sample>(got)};
  const Id ids[] = {{1}, {2}, {kMax}};
  transaction->get(sample(), ids, sink);
  EXPECT_EQ(sink.found_count(), 3U);
  EXPECT_EQ(got, extremes());
}

TEST_P(Contract, GetTellsWhichIdsWereFound) {
  given({make_sample(1), make_sample(2), make_sample(3)});
  const auto transaction = read();
  const Id ids[] = {{9}, {3}, {0}, {1}, {3}, {-1}};
  std::vector<Sample> got(6);
  kith::StructSink sink{std::span<Sample>(got)};
  transaction->get(sample(), ids, sink);
  EXPECT_EQ(sink.found_count(), 3U);
  const bool found[] = {false, true, false, true, true, false};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(sink.found(i), found[i]) << i;
  EXPECT_EQ(got[1], make_sample(3));
  EXPECT_EQ(got[3], make_sample(1));
  EXPECT_EQ(got[0], Sample());

  kith::Batch batch(sample());
  kith::BatchSink rows(batch);
  transaction->get(sample(), ids, rows);
  EXPECT_EQ(batch.rows(), 3U);
  EXPECT_EQ(rows.indexes(), (std::vector<std::size_t>{1, 3, 4}));
  EXPECT_EQ(batch.column(at("name")).text(1), "sample 1");
}

TEST_P(Contract, ASinkOfManyRowsRemembersEachOne) {
  std::vector<Sample> many;
  std::vector<Id> ids;
  for (std::int64_t id = 1; id <= 200; ++id) {
    ids.push_back({id});
    if (id % 3 != 0) many.push_back(make_sample(id));
  }
  given(many);
  std::vector<Sample> got(200);
  kith::StructSink sink{std::span<Sample>(got)};
  read()->get(sample(), ids, sink);
  EXPECT_EQ(sink.found_count(), many.size());
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(sink.found(i), (i + 1) % 3 != 0) << i;
}

TEST_P(Contract, ASinkMayReadAgainWhileItIsGivenARow) {
  struct Nested final : kith::RowSink {
    explicit Nested(kith::Transaction& of) : transaction(of) {}
    void row(std::size_t) override {
      const Id other[] = {{2}};
      Sample got;
      kith::StructSink sink{std::span<Sample>(&got, 1)};
      transaction.get(sample(), other, sink);
      names.push_back(got.name);
    }
    void null(int) override {}
    void word(int, std::int64_t) override {}
    void text(int field, std::string_view text) override {
      if (field == at("name")) names.emplace_back(text);
    }
    kith::Transaction& transaction;
    std::vector<std::string> names;
  };
  given({make_sample(1), make_sample(2)});
  const auto transaction = read();
  Nested sink(*transaction);
  const Id ids[] = {{1}, {2}};
  transaction->get(sample(), ids, sink);
  EXPECT_EQ(sink.names, (std::vector<std::string>{"sample 2", "sample 1", "sample 2", "sample 2"}));
}

TEST_P(Contract, AnIdIsTakenOnce) {
  given({make_sample(1)});
  const auto transaction = write();
  EXPECT_KITH_ERROR(transaction->insert(sample(), batch_of({make_sample(1)})), Code::conflict, "sample.id");
  EXPECT_KITH_ERROR(transaction->insert(sample(), batch_of({make_sample(2), make_sample(2)})), Code::conflict, "2");
}

TEST_P(Contract, AUniqueKeyIsTakenOnceAndNullsBindNothing) {
  Sample a = make_sample(1);
  a.code = "A";
  Sample b = make_sample(2);
  b.maybe_name = "same";
  b.maybe_number = 7;
  Sample c = make_sample(3);
  c.maybe_name = "same";
  given({a, b, c});

  const auto transaction = write();
  Sample again = make_sample(4);
  again.code = "A";
  try {
    transaction->insert(sample(), batch_of({again}));
    ADD_FAILURE() << "a taken code was accepted";
  } catch (const kith::Error& error) {
    EXPECT_EQ(error.code, Code::conflict);
    EXPECT_EQ(error.entity, "sample");
    EXPECT_EQ(error.field, "code");
    EXPECT_NE(error.message.find("sample 1"), std::string::npos) << error.message;
  }
  Sample pair = make_sample(5);
  pair.maybe_name = "same";
  EXPECT_NO_THROW(transaction->insert(sample(), batch_of({pair})));
  pair.id = {6};
  pair.maybe_number = 7;
  EXPECT_KITH_ERROR(transaction->insert(sample(), batch_of({pair})), Code::conflict, "maybe_name, maybe_number");
  pair.maybe_number = 8;
  pair.code = "a";
  EXPECT_NO_THROW(transaction->insert(sample(), batch_of({pair})));
}

TEST_P(Contract, AnUpdateNamesTheRevisionItRead) {
  given({make_sample(1), make_sample(2)});
  const auto transaction = write();
  Sample changed = make_sample(1);
  changed.revision = 2;
  changed.name = "changed";
  changed.maybe_day = kith::Date{5};
  const std::int64_t first[] = {1};
  const std::int64_t second[] = {2};
  EXPECT_KITH_ERROR(transaction->update(sample(), batch_of({changed}), second), Code::conflict, "revision");
  transaction->update(sample(), batch_of({changed}), first);
  EXPECT_KITH_ERROR(transaction->update(sample(), batch_of({changed}), first), Code::conflict, "read it again");
  EXPECT_KITH_ERROR(transaction->update(sample(), batch_of({make_sample(3)}), first), Code::conflict, "removed");
  EXPECT_KITH_ERROR(transaction->update(sample(), batch_of({changed}), {}), Code::misuse, "revision");
  transaction->commit();
  EXPECT_EQ(stored(), (std::vector<Sample>{changed, make_sample(2)}));
}

TEST_P(Contract, AnUpdateMovesUniqueKeys) {
  Sample a = make_sample(1);
  a.code = "A";
  Sample b = make_sample(2);
  b.code = "B";
  given({a, b});
  const auto transaction = write();
  const std::int64_t first[] = {1};
  const std::int64_t second[] = {2};
  a.code = "B";
  EXPECT_KITH_ERROR(transaction->update(sample(), batch_of({a}), first), Code::conflict, "code");
  a.code = "C";
  a.revision = 2;
  transaction->update(sample(), batch_of({a}), first);
  b.code = "A";
  transaction->update(sample(), batch_of({b}), first);
  a.code.reset();
  transaction->update(sample(), batch_of({a}), second);
  Sample c = make_sample(3);
  c.code = "C";
  transaction->insert(sample(), batch_of({c}));
  transaction->commit();
  EXPECT_EQ(stored(), (std::vector<Sample>{a, b, c}));
}

TEST_P(Contract, ErasingFreesIdsAndKeys) {
  Sample a = make_sample(1);
  a.code = "A";
  given({a, make_sample(2)});
  const auto transaction = write();
  const Id gone[] = {{1}, {77}, {1}};
  transaction->erase(sample(), gone);
  a.id = {3};
  transaction->insert(sample(), batch_of({make_sample(1), a}));
  transaction->commit();
  EXPECT_EQ(stored(), (std::vector<Sample>{make_sample(1), make_sample(2), a}));
}

TEST_P(Contract, LogsHaveNoRevision) {
  kith::Batch notes(note());
  const Note one{{1}, "first"};
  kith::store_row(&one, notes);
  {
    const auto transaction = write();
    transaction->insert(note(), notes);
    const Note other{{1}, "blanked"};
    notes.clear();
    kith::store_row(&other, notes);
    const std::int64_t revision[] = {1};
    EXPECT_KITH_ERROR(transaction->update(note(), notes, revision), Code::misuse, "no revision");
    transaction->update(note(), notes, {});
    transaction->commit();
  }
  const Id ids[] = {{1}};
  Note got;
  kith::StructSink sink{std::span<Note>(&got, 1)};
  read()->get(note(), ids, sink);
  EXPECT_EQ(got.text, "blanked");
}

TEST_P(Contract, HistoryRowsAreTheirVersions) {
  Sample first = make_sample(1);
  Sample second = make_sample(1);
  second.revision = 2;
  second.seq = 5;
  const auto transaction = write();
  transaction->insert(sample_history(), history_of({first, second, make_sample(2)}, {5, 9, 3}));
  EXPECT_KITH_ERROR(transaction->insert(sample_history(), history_of({first}, {5})), Code::conflict, "id");
  second.name = "erased";
  const std::int64_t revision[] = {2};
  transaction->update(sample_history(), history_of({second}, {9}), revision);
  second.seq = 6;
  EXPECT_KITH_ERROR(transaction->update(sample_history(), history_of({second}, {9}), revision), Code::conflict, "");
  second.seq = 5;

  kith::Scan scan;
  scan.entity = &sample_history();
  scan.fields = {kith::kIdField, kith::kSeqField, at("name"), sample_history().at("to_seq")};
  scan.order = {{kith::kIdField}, {kith::kSeqField}};
  scan.where = {{kith::Condition::Op::eq, kith::kIdField, {std::int64_t{1}}, {}}};
  kith::Batch batch;
  const auto cursor = transaction->scan(scan);
  EXPECT_TRUE(cursor->taken().where[0]);
  ASSERT_TRUE(cursor->next(batch));
  ASSERT_EQ(batch.rows(), 2U);
  EXPECT_EQ(batch.columns[1].word(0), 1);
  EXPECT_EQ(batch.columns[1].word(1), 5);
  EXPECT_EQ(batch.columns[2].text(1), "erased");
  EXPECT_EQ(batch.columns[3].word(1), 9);
  const Id ids[] = {{1}};
  kith::BatchSink sink(batch);
  EXPECT_KITH_ERROR(transaction->get(sample_history(), ids, sink), Code::misuse, "scan");
  transaction->erase(sample_history(), ids);
  EXPECT_FALSE(transaction->scan(scan)->next(batch));
}

TEST_P(Contract, RejectsBatchesThatDoNotFit) {
  const auto transaction = write();
  kith::Batch batch = batch_of({make_sample(1)});
  kith::Batch null_name(sample());
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (static_cast<int>(i) == at("name")) {
      null_name.columns[i].append_null();
    } else {
      null_name.columns[i].append_from(batch.columns[i], 0);
    }
  }
  EXPECT_KITH_ERROR(transaction->insert(sample(), null_name), Code::invalid, "sample.name");
  const int chosen[] = {0, 1, 2};
  EXPECT_KITH_ERROR(transaction->insert(sample(), kith::Batch(sample(), chosen)), Code::misuse, "every field");
  batch.columns[3].append(std::string_view("more"));
  EXPECT_KITH_ERROR(transaction->insert(sample(), batch), Code::misuse, "one length");
  EXPECT_KITH_ERROR(transaction->insert(note(), batch), Code::misuse, "note");
}

TEST_P(Contract, SavepointsNest) {
  const auto transaction = write();
  transaction->insert(sample(), batch_of({make_sample(1)}));
  transaction->savepoint();
  transaction->insert(sample(), batch_of({make_sample(2)}));
  transaction->savepoint();
  transaction->insert(sample(), batch_of({make_sample(3)}));
  const Id one[] = {{1}};
  transaction->erase(sample(), one);
  EXPECT_EQ(all_samples(*transaction), (std::vector<Sample>{make_sample(2), make_sample(3)}));
  transaction->rollback_to();
  EXPECT_EQ(all_samples(*transaction), (std::vector<Sample>{make_sample(1), make_sample(2)}));
  transaction->savepoint();
  transaction->insert(sample(), batch_of({make_sample(4)}));
  transaction->release();
  EXPECT_EQ(all_samples(*transaction).size(), 3U);
  transaction->rollback_to();
  EXPECT_EQ(all_samples(*transaction), (std::vector<Sample>{make_sample(1)}));
  EXPECT_KITH_ERROR(transaction->rollback_to(), Code::misuse, "savepoint");
  EXPECT_KITH_ERROR(transaction->release(), Code::misuse, "savepoint");
  transaction->insert(sample(), batch_of({make_sample(2)}));
  transaction->savepoint();
  transaction->commit();
  EXPECT_EQ(stored(), (std::vector<Sample>{make_sample(1), make_sample(2)}));
}

TEST_P(Contract, ASavepointUndoesAFailedBatch) {
  Sample taken = make_sample(1);
  taken.code = "A";
  given({taken});
  const auto transaction = write();
  transaction->savepoint();
  Sample clash = make_sample(3);
  clash.code = "A";
  EXPECT_KITH_ERROR(transaction->insert(sample(), batch_of({make_sample(2), clash})), Code::conflict, "code");
  transaction->rollback_to();
  transaction->insert(sample(), batch_of({make_sample(2)}));
  transaction->commit();
  EXPECT_EQ(stored(), (std::vector<Sample>{taken, make_sample(2)}));
}

TEST_P(Contract, WhatIsNotCommittedIsUndone) {
  given({make_sample(1)});
  {
    const auto transaction = write();
    transaction->savepoint();
    transaction->insert(sample(), batch_of({make_sample(2)}));
    const Id ids[] = {{1}};
    transaction->erase(sample(), ids);
  }
  EXPECT_EQ(stored(), (std::vector<Sample>{make_sample(1)}));
  given({make_sample(2)});
  EXPECT_EQ(stored().size(), 2U);
}

TEST_P(Contract, ACommitOutlivesTheStorage) {
  if (!GetParam().durable) GTEST_SKIP() << "this backend forgets";
  given(extremes());
  connection_.reset();
  storage_ = open();
  EXPECT_FALSE(storage_->fresh());
  storage_->prepare(sample_entities());
  connection_ = storage_->connect();
  EXPECT_EQ(stored(), extremes());
  EXPECT_TRUE(storage_->damage().empty());
}

TEST_P(Contract, ReadersAreSnapshotsAndNeverWait) {
  given({make_sample(1)});
  const auto before = read();
  const auto other = storage_->connect();
  const auto writer = write();
  writer->insert(sample(), batch_of({make_sample(2)}));
  const auto during = other->begin(Access::read);
  EXPECT_EQ(all_samples(*before).size(), 1U);
  EXPECT_EQ(all_samples(*during).size(), 1U);
  EXPECT_EQ(all_samples(*writer).size(), 2U);
  writer->commit();
  EXPECT_EQ(all_samples(*before).size(), 1U);
  EXPECT_EQ(all_samples(*during).size(), 1U);
  EXPECT_EQ(all_samples(*storage_->connect()->begin(Access::read)).size(), 2U);
}

TEST_P(Contract, ASnapshotIsFixedWhenItBegins) {
  given({make_sample(1)});
  const auto before = read();  // Nothing is read from it until the other side has committed.
  given({make_sample(2)});
  EXPECT_EQ(all_samples(*before).size(), 1U);
}

TEST_P(Contract, ASecondWriterWaitsThenIsBusy) {
  const auto other = storage_->connect();
  {
    const auto writer = write();
    EXPECT_KITH_ERROR(other->begin(Access::write), Code::busy, "50 ms");
    writer->insert(sample(), batch_of({make_sample(1)}));
    EXPECT_KITH_ERROR(other->begin(Access::write), Code::busy, "try the whole work again");
  }
  EXPECT_NO_THROW(other->begin(Access::write));
}

TEST_P(Contract, WritersTakeTurns) {
  if (GetParam().name == "wrapped_memory") GTEST_SKIP() << "the wrapper counts for one thread";
  const auto patient = GetParam().durable ? open({.busy_ms = 20'000}) : storage_;
  if (GetParam().durable) patient->prepare(sample_entities());
  given({make_sample(1)});
  constexpr int kThreads = 3;
  constexpr int kEach = 40;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto mine = patient->connect();
      for (int n = 0; n < kEach;) {
        try {
          const auto writer = mine->begin(Access::write);
          Sample counter = all_samples(*writer).at(0);
          const std::int64_t revision[] = {counter.revision++};
          ++counter.number;
          writer->update(sample(), batch_of({counter}), revision);
          writer->commit();
          ++n;
        } catch (const kith::Error& error) {
          if (error.code != Code::busy) throw;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored().at(0).number, 10 + kThreads * kEach);
}

TEST_P(Contract, EndedThingsSaySo) {
  given({make_sample(1)});
  const auto transaction = write();
  const auto cursor = transaction->scan({.entity = &sample(), .fields = {0}});
  kith::Batch batch;
  transaction->commit();
  const Id ids[] = {{1}};
  kith::BatchSink sink(batch);
  EXPECT_KITH_ERROR(cursor->next(batch), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->commit(), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->get(sample(), ids, sink), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->insert(sample(), batch_of({make_sample(2)})), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->erase(sample(), ids), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->scan({.entity = &sample(), .fields = {0}}), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->savepoint(), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->release(), Code::misuse, "ended");
  EXPECT_KITH_ERROR(transaction->rollback_to(), Code::misuse, "ended");

  std::unique_ptr<kith::Cursor> orphan;
  {
    const auto reader = read();
    orphan = reader->scan({.entity = &sample(), .fields = {0}});
    ASSERT_TRUE(orphan->next(batch));
  }
  EXPECT_KITH_ERROR(orphan->next(batch), Code::misuse, "ended");
}

TEST_P(Contract, PartsMayDieInAnyOrder) {
  given({make_sample(1)});
  auto transaction = read();
  auto cursor = transaction->scan({.entity = &sample(), .fields = {0}});
  connection_.reset();
  storage_.reset();
  kith::Batch batch;
  EXPECT_TRUE(cursor->next(batch));
  EXPECT_EQ(all_samples(*transaction).size(), 1U);
  transaction.reset();
  EXPECT_KITH_ERROR(cursor->next(batch), Code::misuse, "ended");
  cursor.reset();
}

TEST_P(Contract, OneTransactionOfAKindOnAConnection) {
  const auto reader = read();
  const auto writer = write();
  EXPECT_KITH_ERROR(read(), Code::misuse, "read transaction");
  EXPECT_KITH_ERROR(write(), Code::misuse, "write transaction");
  EXPECT_KITH_ERROR(reader->insert(sample(), batch_of({make_sample(1)})), Code::misuse, "begin one for writing");
  const Id ids[] = {{1}};
  EXPECT_KITH_ERROR(reader->erase(sample(), ids), Code::misuse, "begin one for writing");
  reader->commit();
  writer->commit();
  EXPECT_NO_THROW(read());
  EXPECT_NO_THROW(write());
}

TEST_P(Contract, UnknownEntitiesAreNamed) {
  const kith::Entity stranger = {.name = "stranger", .plural = "strangers", .fields = sample().fields};
  const auto transaction = write();
  kith::Batch batch(stranger);
  kith::BatchSink sink(batch);
  const Id ids[] = {{1}};
  EXPECT_KITH_ERROR(transaction->get(stranger, ids, sink), Code::misuse, "stranger");
  EXPECT_KITH_ERROR(transaction->insert(stranger, batch), Code::misuse, "stranger");
  EXPECT_KITH_ERROR(transaction->erase(stranger, ids), Code::misuse, "stranger");
  EXPECT_KITH_ERROR(transaction->scan({.entity = &stranger, .fields = {0}}), Code::misuse, "stranger");
}

TEST_P(Contract, TablesAreMadeOnceAndCheckedAfterwards) {
  EXPECT_NO_THROW(storage_->prepare(sample_entities()));
  const kith::Entity changed = {.name = "sample", .plural = "samples", .fields = sample().fields.first(5)};
  const kith::Entity missing = {.name = "missing", .plural = "missing", .fields = sample().fields};
  const kith::Entity* one[] = {&changed};
  const kith::Entity* two[] = {&missing};
  EXPECT_KITH_ERROR(storage_->prepare(one), Code::corrupt, "sample");
  EXPECT_KITH_ERROR(storage_->prepare(two), Code::corrupt, "missing");
  EXPECT_TRUE(storage_->damage().empty());
  EXPECT_FALSE(storage_->describe().empty());
}

TEST(ContractOpening, NothingBeginsBeforeTheTablesAreMade) {
  for (const Backend& backend : backends()) {
    const TempDir directory;
    const auto storage = backend.open(directory, {});
    const auto connection = storage->connect();
    EXPECT_KITH_ERROR(connection->begin(Access::read), Code::misuse, "prepare");
    EXPECT_KITH_ERROR(connection->begin(Access::write), Code::misuse, "prepare");
    storage->prepare(sample_entities());
    EXPECT_NO_THROW(connection->begin(Access::write));
  }
}

TEST(ContractOpening, PostgresTakesPart) { KITH_NEEDS_POSTGRES(); }

TEST(ContractOpening, UrlsNameTheirStorage) {
  EXPECT_KITH_ERROR(kith::open_storage("mysql://localhost/kith"), Code::invalid, "memory:");
  EXPECT_KITH_ERROR(kith::open_storage("memory:shop"), Code::invalid, "memory:");
  EXPECT_KITH_ERROR(kith::open_storage("sqlite:"), Code::invalid, "path");
  EXPECT_KITH_ERROR(kith::open_storage(""), Code::invalid, "path");
  EXPECT_KITH_ERROR(kith::open_storage(":memory:"), Code::invalid, "memory:");
  EXPECT_KITH_ERROR(kith::open_storage(std::string_view("a\0b", 3)), Code::invalid, "path");
  const TempDir directory;
  EXPECT_TRUE(kith::open_storage(directory.file("a:b"))->fresh());
}

}  // namespace
}  // namespace kith_test
