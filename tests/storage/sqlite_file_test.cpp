// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which files the SQLite backend takes, which it refuses, that it leaves those alone byte by byte, and what a crash
/// leaves behind.

#include "storage/sqlite_file.hpp"

#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "storage/contract.hpp"
#include "storage/sqlite_sql.hpp"
#include "support/expect_error.hpp"

namespace kith_test {
namespace {

namespace fs = std::filesystem;
using kith::Access;
using kith::Code;
using kith::Id;

/// Runs SQL on a file as any other program would.
void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_free(message);
  sqlite3_close(handle);
}

void open_and_prepare(const std::string& path, const kith::StorageOptions& options = {}) {
  kith::open_storage(path, options)->prepare(sample_entities());
}

class SqliteFile : public testing::Test {
 protected:
  /// Opening fails with that code, names the file, and leaves the directory as it was.
  void expect_refused(Code code, const std::string& piece, const kith::StorageOptions& options = {}) {
    const auto before = files();
    try {
      open_and_prepare(path_, options);
      ADD_FAILURE() << "the file was taken";
    } catch (const kith::Error& error) {
      EXPECT_EQ(kith::name_of(error.code), kith::name_of(code)) << error.what();
      EXPECT_NE(error.message.find(piece), std::string::npos) << error.what();
      EXPECT_NE(error.message.find("store.kith"), std::string::npos) << "the file is not named: " << error.what();
    }
    EXPECT_TRUE(files() == before) << "a refused file or its directory was changed";
  }

  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      all[entry.path().filename().string()] = entry.is_regular_file() ? read_bytes(entry.path().string()) : "";
    }
    return all;
  }

  /// A store with some rows, closed; returns its bytes.
  std::string make_store(std::int64_t rows = 300) {
    const auto storage = kith::open_storage(path_);
    storage->prepare(sample_entities());
    const auto connection = storage->connect();
    const auto transaction = connection->begin(Access::write);
    std::vector<Sample> samples;
    for (std::int64_t id = 1; id <= rows; ++id) samples.push_back(make_sample(id));
    transaction->insert(sample(), batch_of(samples));
    transaction->commit();
    return read_bytes(path_);
  }

  std::size_t count_rows(const std::string& path) {
    const auto storage = kith::open_storage(path);
    storage->prepare(sample_entities());
    EXPECT_TRUE(storage->damage().empty());
    const auto connection = storage->connect();
    return all_samples(*connection->begin(Access::read)).size();
  }

  TempDir directory_;
  std::string path_ = directory_.file("store.kith");
};

TEST_F(SqliteFile, AnAbsentFileIsMadeOnlyWhenAllowed) {
  expect_refused(Code::not_found, "no file", {.create = false});
  expect_refused(Code::not_found, "no file", {.read_only = true});
  const auto storage = kith::open_storage(path_);
  EXPECT_TRUE(storage->fresh());
  EXPECT_FALSE(fs::exists(path_)) << "opening alone makes nothing";
  storage->prepare(sample_entities());
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(SqliteFile, AnEmptyFileIsFresh) {
  write_bytes(path_, "");
  expect_refused(Code::not_found, "the file is empty", {.create = false});
  const auto storage = kith::open_storage(path_);
  EXPECT_TRUE(storage->fresh());
  storage->prepare(sample_entities());
  EXPECT_FALSE(storage->fresh());
  EXPECT_EQ(count_rows(path_), 0U);
}

TEST_F(SqliteFile, ItsHeaderSaysWhoseItIs) {
  make_store();
  const std::string bytes = read_bytes(path_);
  EXPECT_EQ(bytes.substr(68, 4), "Kith");
  EXPECT_EQ(bytes.substr(60, 4), std::string("\0\0\0", 3) + static_cast<char>(kith::kFormat));
  EXPECT_EQ(bytes[18], 2) << "the file is in WAL mode";
}

TEST_F(SqliteFile, ATruncatedFileIsCorrupt) {
  const std::string whole = make_store();
  ASSERT_GT(whole.size(), 30'000U);
  const std::size_t sizes[] = {whole.size() - 1, whole.size() - 4096, whole.size() / 2, 4096, 1000, 100, 99, 20, 1};
  for (const std::size_t size : sizes) {
    write_bytes(path_, whole.substr(0, size));
    expect_refused(Code::corrupt, size >= 100 ? "cut off" : "not an SQLite database");
  }
}

TEST_F(SqliteFile, RandomBytesAreCorrupt) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {std::size_t{3}, std::size_t{100}, std::size_t{5000}, std::size_t{40'000}}) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    write_bytes(path_, bytes);
    expect_refused(Code::corrupt, "not an SQLite database");
  }
  write_bytes(path_, "customer,amount\nAcme,12.50\n");
  expect_refused(Code::corrupt, "choose another file");
  write_bytes(path_, std::string(8192, '\0'));
  expect_refused(Code::corrupt, "not an SQLite database");
}

TEST_F(SqliteFile, AnotherProgramsDatabaseIsLeftAlone) {
  run_sql(path_, "CREATE TABLE customer (id INTEGER PRIMARY KEY); INSERT INTO customer VALUES (1)");
  expect_refused(Code::corrupt, "another program");
  run_sql(path_, "PRAGMA journal_mode=WAL; INSERT INTO customer VALUES (2)");
  expect_refused(Code::corrupt, "another program");
  // With its log still there, as after a crash of that program.
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "INSERT INTO customer VALUES (3)", nullptr, nullptr, nullptr), SQLITE_OK);
  const TempDir copy;
  for (const auto& [name, bytes] : files()) write_bytes(copy.file(name), bytes);
  sqlite3_close(handle);
  ASSERT_GT(fs::file_size(copy.file("store.kith-wal")), 0U);
  for (const auto& entry : fs::directory_iterator(copy.path())) {
    write_bytes(directory_.file(entry.path().filename().string()), read_bytes(entry.path().string()));
  }
  expect_refused(Code::corrupt, "another program");
}

TEST_F(SqliteFile, ANewerFormatIsRefused) {
  make_store();
  run_sql(path_, "PRAGMA journal_mode=DELETE; PRAGMA user_version=" + std::to_string(kith::kFormat + 1));
  expect_refused(Code::version, "newer Kith");
  run_sql(path_, "PRAGMA user_version=0");
  expect_refused(Code::corrupt, "format number");
}

TEST_F(SqliteFile, ANewerFormatInTheLogIsRefused) {
  make_store();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "PRAGMA user_version=9", nullptr, nullptr, nullptr), SQLITE_OK);
  const std::string file = read_bytes(path_);
  EXPECT_KITH_ERROR(open_and_prepare(path_), Code::version, "format 9");
  EXPECT_EQ(read_bytes(path_), file);
  sqlite3_close(handle);
}

TEST_F(SqliteFile, ChangedTablesAreRefused) {
  make_store();
  run_sql(path_, "PRAGMA journal_mode=DELETE; DROP INDEX sample_unique_code");
  expect_refused(Code::corrupt, "lacks sample_unique_code");
  run_sql(path_, "CREATE INDEX sample_unique_code ON sample (code)");
  expect_refused(Code::corrupt, "changed sample_unique_code");
}

TEST_F(SqliteFile, MoreTablesOfTheHostDoNotHurt) {
  make_store(5);
  run_sql(path_, "CREATE VIEW my_view AS SELECT name FROM sample");
  EXPECT_EQ(count_rows(path_), 5U);
}

TEST_F(SqliteFile, ADamagedSchemaPageIsCorrupt) {
  std::string bytes = make_store();
  for (std::size_t i = 100; i < 4096; ++i) bytes[i] = static_cast<char>(i * 7);
  write_bytes(path_, bytes);
  EXPECT_KITH_ERROR(open_and_prepare(path_), Code::corrupt, "restore a backup");
  EXPECT_EQ(read_bytes(path_), bytes);
}

TEST_F(SqliteFile, DamageInsideIsFoundAndNeverCrashes) {
  const std::string whole = make_store(2000);
  std::mt19937_64 random(3);
  int noticed = 0;
  for (int round = 0; round < 60; ++round) {
    std::string bytes = whole;
    const std::size_t page = 1 + random() % (bytes.size() / 4096 - 1);
    const std::size_t length = 1 + random() % 64;
    for (std::size_t i = 0; i < length; ++i) bytes[page * 4096 + i] = static_cast<char>(random());
    write_bytes(path_, bytes);
    try {
      const auto storage = kith::open_storage(path_);
      storage->prepare(sample_entities());
      noticed += storage->damage().empty() ? 0 : 1;
      const auto connection = storage->connect();
      const auto transaction = connection->begin(Access::write);
      all_samples(*transaction);
      const Id ids[] = {{17}, {1999}};
      transaction->erase(sample(), ids);
    } catch (const kith::Error& error) {
      EXPECT_TRUE(error.code == Code::corrupt || error.code == Code::overflow) << error.what();
    }
    for (const char* side : {"-wal", "-shm", "-journal"}) fs::remove(path_ + side);
  }
  EXPECT_GT(noticed, 50);
}

TEST_F(SqliteFile, PathsThatCannotBeAreStorageErrors) {
  EXPECT_KITH_ERROR(open_and_prepare("/proc/store.kith"), Code::storage, "/proc/store.kith");
  EXPECT_KITH_ERROR(open_and_prepare(directory_.file("nowhere/store.kith")), Code::storage, "nowhere");
  EXPECT_KITH_ERROR(open_and_prepare(directory_.path().string()), Code::storage, "directory");
  EXPECT_KITH_ERROR(open_and_prepare("/dev/null"), Code::storage, "regular file");
  write_bytes(directory_.file("plain"), "x");
  EXPECT_KITH_ERROR(open_and_prepare(directory_.file("plain/store.kith")), Code::storage, "plain");
}

TEST_F(SqliteFile, AReadOnlyStoreIsReadAndNotWritten) {
  make_store(3);
  const std::string bytes = read_bytes(path_);
  {
    const auto storage = kith::open_storage(path_, {.read_only = true});
    storage->prepare(sample_entities());
    const auto connection = storage->connect();
    EXPECT_EQ(all_samples(*connection->begin(Access::read)).size(), 3U);
    EXPECT_KITH_ERROR(connection->begin(Access::write), Code::storage, "reading only");
    EXPECT_TRUE(storage->damage().empty());
  }
  EXPECT_EQ(read_bytes(path_), bytes);
  write_bytes(path_, "");
  expect_refused(Code::not_found, "the file is empty", {.read_only = true});
}

TEST_F(SqliteFile, ACreationThatWasCutOffStartsAgain) {
  // What is left when the process dies while the first transaction reaches the file: pages without a header, and a
  // journal that leads back to no pages at all ("The SQLite Database File Format", section 3).
  std::string journal("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
  journal += std::string(
      "\0\0\0\0"
      "\x12\x34\x56\x78"
      "\0\0\0\0"
      "\0\0\x02\0"
      "\0\0\x10\0",
      20);
  journal.resize(512, '\0');
  write_bytes(path_ + "-journal", journal);
  write_bytes(path_, std::string(3 * 4096, '\0'));
  const auto storage = kith::open_storage(path_);
  EXPECT_TRUE(storage->fresh());
  storage->prepare(sample_entities());
  EXPECT_EQ(count_rows(path_), 0U);
}

TEST_F(SqliteFile, AJournalOfAnotherProgramIsNotPlayedBack) {
  run_sql(path_, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  std::string journal("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
  journal += std::string(
      "\0\0\0\0"
      "\x12\x34\x56\x78"
      "\0\0\0\1"
      "\0\0\x02\0"
      "\0\0\x10\0",
      20);
  journal.resize(512, '\0');
  write_bytes(path_ + "-journal", journal);
  expect_refused(Code::corrupt, "another program");
}

TEST_F(SqliteFile, ACrashKeepsWhatWasCommitted) {
  // The files as they are on the disk in the middle of things are what a crash leaves.
  const auto storage = kith::open_storage(path_);
  storage->prepare(sample_entities());
  const auto connection = storage->connect();
  for (std::int64_t id = 1; id <= 6; ++id) {
    const auto transaction = connection->begin(Access::write);
    transaction->insert(sample(), batch_of({make_sample(id)}));
    if (id % 2 == 0) transaction->commit();
    const TempDir crash;
    for (const char* side : {"", "-wal"}) write_bytes(crash.file(std::string("copy") + side), read_bytes(path_ + side));
    EXPECT_EQ(count_rows(crash.file("copy")), static_cast<std::size_t>(id / 2));
  }
}

TEST_F(SqliteFile, AFullDiskLosesTheTransactionAndNothingElse) {
  make_store(10);
  {
    const auto storage = kith::open_storage(path_);
    storage->prepare(sample_entities());
    const auto connection = storage->connect();
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const auto transaction = connection->begin(Access::write);
    std::vector<Sample> many;
    for (std::int64_t id = 1000; id < 20'000; ++id) many.push_back(make_sample(id));
    const kith::Batch batch = batch_of(many);
    rlimit small = old;
    small.rlim_cur = 400'000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    Code code = Code::ok;
    Code next = Code::ok;
    try {
      transaction->insert(sample(), batch);
      transaction->commit();
    } catch (const kith::Error& error) {
      code = error.code;
    }
    try {
      transaction->insert(sample(), batch_of({make_sample(500)}));
      transaction->commit();
    } catch (const kith::Error& error) {
      next = error.code;
    }
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(kith::name_of(code), kith::name_of(Code::storage));
    EXPECT_TRUE(next == Code::storage || next == Code::misuse) << "a transaction went on after its disk had failed";
  }
  EXPECT_EQ(count_rows(path_), 10U);
}

TEST_F(SqliteFile, TextFromOutsideNeverBecomesSql) {
  EXPECT_EQ(kith::quoted_name("a\"b"), "\"a\"\"b\"");
  kith::Scan scan = scan_where({{kith::Condition::Op::eq, at("name"), {std::string("' OR 1=1 --")}, {}}});
  scan.fields = {0};
  scan.order = {{at("maybe_day"), true}, {kith::kIdField}};
  scan.limit = 3;
  const auto wanted = kith::sqlite::scan_sql("main", scan);
  EXPECT_EQ(
      wanted.sql,
      "SELECT \"id\" FROM \"main\".\"sample\" WHERE \"name\" = ?1 ORDER BY \"maybe_day\" IS NULL, \"maybe_day\" DESC, "
      "\"id\" LIMIT ?2");
  EXPECT_TRUE(wanted.taken.where[0] && wanted.taken.order && wanted.taken.limit);
}

TEST_F(SqliteFile, ListsShareAFewShapes) {
  std::set<std::string> shapes;
  for (std::size_t size = 0; size <= 1000; ++size) {
    const std::vector<kith::Cell> operands(size, std::int64_t{1});
    kith::Scan scan = scan_where({{kith::Condition::Op::in, at("number"), operands, {}}});
    scan.fields = {0};
    scan.limit = 1;
    const auto wanted = kith::sqlite::scan_sql("main", scan);
    EXPECT_EQ(wanted.taken.where[0], size <= 900) << size;
    EXPECT_EQ(wanted.taken.limit, size <= 900) << "a limit may only be taken with everything else";
    shapes.insert(wanted.sql);
  }
  EXPECT_LE(shapes.size(), 13U);
}

TEST_F(SqliteFile, AnUnknownSchemaFormatIsCorrupt) {
  std::string bytes = make_store();
  constexpr std::size_t kSchemaFormatAt = 47;  // "The SQLite Database File Format", section 1.3.10
  bytes[kSchemaFormatAt] = 9;
  fs::remove(path_ + "-wal");
  write_bytes(path_, bytes);
  expect_refused(Code::corrupt, "unsupported file format");
}

/// How often this process has the file open.
std::size_t handles_of(const std::string& path) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    count += fs::read_symlink(entry.path(), gone) == fs::canonical(path) ? 1 : 0;
  }
  return count;
}

TEST_F(SqliteFile, OneHandleServesOpeningAndOneConnectionAfterAnother) {
  make_store();
  const auto storage = kith::open_storage(path_);
  EXPECT_TRUE(storage->migration(sample_entities()).steps.empty());
  storage->prepare(sample_entities());
  for (int turn = 0; turn < 3; ++turn) {
    const auto connection = storage->connect();
    EXPECT_EQ(all_samples(*connection->begin(Access::read)).size(), 300U);
    EXPECT_EQ(handles_of(path_), 1U);
  }
  {
    const auto first = storage->connect(), second = storage->connect();
    const auto reading = first->begin(Access::read), too = second->begin(Access::read);
    EXPECT_EQ(handles_of(path_), 2U) << "two at once have a handle each";
  }
}

TEST_F(SqliteFile, DescribesItself) {
  make_store(1);
  const auto lines = kith::open_storage(path_)->describe();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], std::string("sqlite ") + sqlite3_libversion() + ", file " + path_);
  EXPECT_EQ(lines[2], "journal mode wal");
}

TEST_F(SqliteFile, TwoLibrariesInOneProcessAreNoticed) {
  const std::string maps =
      "7f00-7f01 r--p 00000000 08:01 11 /usr/lib/libsqlite3.so.0.8.6\n"
      "7f01-7f02 r-xp 00001000 08:01 11 /usr/lib/libsqlite3.so.0.8.6\n"
      "7f03-7f04 rw-p 00000000 00:00 0 \n"
      "7f05-7f06 r-xp 00000000 08:01 12 /opt/other/libsqlite3.so.0\n"
      "7f07-7f08 r-xp 00000000 08:01 13 /opt/libsqlite3/libother.so\n";
  EXPECT_EQ(kith::sqlite::sqlite_libraries(maps),
            (std::vector<std::string>{"/usr/lib/libsqlite3.so.0.8.6", "/opt/other/libsqlite3.so.0"}));
  EXPECT_TRUE(kith::sqlite::sqlite_libraries("").empty());
}

}  // namespace
}  // namespace kith_test
