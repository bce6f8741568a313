// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kith on the host's own sqlite3*: one transaction for both, one savepoint for each Work, nothing of the host touched.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "kith/storage/sqlite.hpp"
#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith_test {
namespace {

using kith::Code;

/// A connection as a host has one, with settings that Kith would not choose.
class Host {
 public:
  explicit Host(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &raw_), SQLITE_OK);
    sqlite3_extended_result_codes(raw_, 0);
    (*this)(
        "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; "
        "PRAGMA reverse_unordered_selects=ON; PRAGMA recursive_triggers=ON");
  }
  ~Host() { EXPECT_EQ(sqlite3_close(raw_), SQLITE_OK) << "something of Kith's is left on the connection"; }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// The first column of the last row; what SQLite says where it fails.
  std::string operator()(const std::string& sql) {
    std::string last;
    char* said = nullptr;
    const auto row = [](void* into, int columns, char** values, char**) {
      *static_cast<std::string*>(into) = columns == 0 || values[0] == nullptr ? "" : values[0];
      return 0;
    };
    if (sqlite3_exec(raw_, sql.c_str(), row, &last, &said) != SQLITE_OK) {
      last = said;
      sqlite3_free(said);
    }
    return last;
  }
  sqlite3* raw() const { return raw_; }

 private:
  sqlite3* raw_ = nullptr;
};

std::shared_ptr<kith::Engine> engine_on(const Host& host, const std::string& schema = "main") {
  return kith::Engine::open(kith::open_sqlite_on(host.raw(), {.schema = schema}), kith::model(),
                            kith::test::test_options(std::make_shared<kith::Timestamp>()));
}

void create(kith::Session& session, const std::string& name, bool commits = true) {
  kith::Work work = session.work({.cause = "on the host's connection"});
  kith::Customer customer{.name = name};
  kith::customer::create(work, customer);
  if (commits) work.commit();
}

std::vector<std::string> names(const kith::Reader& reader) {
  std::vector<std::string> names;
  for (const auto& customer : reader.list<kith::Customer>({.order = {"name"}})) names.push_back(customer.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(SqliteHost, OneTransactionHoldsTheHostsRowsAndKiths) {
  const kith::test::TemporaryFile file;
  kith::test::TestStore owned = kith::test::open_test_store(file.path());
  Host host(file.path());
  host("CREATE TABLE erp_order (id INTEGER PRIMARY KEY, note TEXT)");
  int rows = 0;
  for (const bool keeps : {false, true}) {
    host("BEGIN");
    {
      auto engine = engine_on(host);
      kith::Session session = engine->session();
      host("INSERT INTO erp_order (note) VALUES ('before')");
      create(session, "Acme 宏达");
      create(session, "dropped", false);
      host("INSERT INTO erp_order (note) VALUES ('after')");
      create(session, "Beta");
      EXPECT_EQ(names(session.reader()), (Names{"Acme 宏达", "Beta"}));
      EXPECT_EQ(host("SELECT count(*) FROM erp_order"), std::to_string(rows + 2));
      EXPECT_TRUE(names(owned.session.reader()).empty()) << "not before the host commits";
      EXPECT_KITH_ERROR(create(session, ""), Code::invalid, "name");
      EXPECT_EQ(names(session.reader()).size(), 2U);
      for (const kith::Finding& finding : kith::check(session)) ADD_FAILURE() << finding.message;
    }
    EXPECT_EQ(host(keeps ? "COMMIT" : "ROLLBACK"), "");
    if (keeps) rows = 2;
    EXPECT_EQ(host("SELECT count(*) FROM erp_order"), std::to_string(rows));
  }
  EXPECT_EQ(names(owned.session.reader()), (Names{"Acme 宏达", "Beta"}));
  for (const kith::Finding& finding : kith::check(owned.session)) ADD_FAILURE() << finding.message;
  // What the host chose is as it was.
  EXPECT_EQ(host("PRAGMA synchronous"), "1");
  EXPECT_EQ(host("PRAGMA foreign_keys"), "1");
  EXPECT_EQ(host("PRAGMA reverse_unordered_selects"), "1");
  EXPECT_EQ(host("PRAGMA query_only"), "0");
}

TEST(SqliteHost, GivesTheBytesOfAStoreOpenedByItsPath) {
  const kith::test::TemporaryFile mine;
  const kith::test::TemporaryFile theirs;
  const auto work = [](kith::Session& session) {
    for (int i = 0; i < 20; ++i) create(session, "Customer " + std::to_string(i));
    kith::Work edits = session.work({.cause = "edits"});
    for (kith::Customer customer : edits.list<kith::Customer>({.order = {"name"}, .limit = 5})) {
      customer.name += "!";
      kith::customer::update(edits, customer);
    }
    edits.commit();
    return kith::to_hex(kith::state_digest(session));
  };
  kith::test::TestStore owned = kith::test::open_test_store(theirs.path());
  kith::test::open_test_store(mine.path());
  Host host(mine.path());
  host("BEGIN IMMEDIATE");
  {
    // The clock and the salts go on where those of the store that was opened by its path stand.
    auto clock = std::make_shared<kith::Timestamp>();
    kith::Options options = kith::test::test_options(clock);
    options.random = kith::seeded_random(5);
    auto ours = kith::Engine::open(kith::open_sqlite_on(host.raw()), kith::model(), options);
    options.random = kith::seeded_random(5);
    auto other = kith::open(theirs.path(), options);
    kith::Session one = ours->session();
    kith::Session two = other->session();
    EXPECT_EQ(work(one), work(two));
  }
  EXPECT_EQ(host("COMMIT"), "");
}

TEST(SqliteHost, WorksInAnAttachedFileBesideTablesOfTheSameNames) {
  const kith::test::TemporaryFile file;
  const kith::test::TemporaryFile erp;
  kith::test::TestStore owned = kith::test::open_test_store(file.path());
  Host host(erp.path());
  host("CREATE TABLE customer (number INTEGER PRIMARY KEY, title TEXT); INSERT INTO customer VALUES (1, 'theirs')");
  host("CREATE TEMP TABLE head (x)");
  host("ATTACH '" + file.path() + "' AS crm");
  EXPECT_KITH_ERROR(kith::open_sqlite_on(host.raw()), Code::not_found, "no tables of Kith");
  EXPECT_KITH_ERROR(kith::open_sqlite_on(host.raw(), {.schema = "kith"}), Code::not_found, "no schema 'kith'");
  host("BEGIN");
  {
    auto engine = engine_on(host, "crm");
    kith::Session session = engine->session();
    create(session, "Acme");
    host("UPDATE main.customer SET title = 'changed'");
    EXPECT_EQ(names(session.reader()), Names{"Acme"});
    const auto groups = session.reader().group(kith::entity_of<kith::Customer>(), {"kind"}, {});
    EXPECT_EQ(groups.rows, std::vector<std::int64_t>{1});
    EXPECT_TRUE(engine->storage().damage().empty());
    EXPECT_FALSE(engine->storage().describe().empty());
  }
  EXPECT_EQ(host("COMMIT"), "");
  EXPECT_EQ(host("SELECT title FROM main.customer"), "changed");
  EXPECT_EQ(names(owned.session.reader()), Names{"Acme"});
  for (const kith::Finding& finding : kith::check(owned.session)) ADD_FAILURE() << finding.message;
  EXPECT_EQ(host("DETACH crm"), "") << "a statement of Kith's holds the file";
}

TEST(SqliteHost, RefusesWhatTheHostHasToDoFirst) {
  const kith::test::TemporaryFile file;
  kith::test::TestStore owned = kith::test::open_test_store(file.path());
  create(owned.session, "Acme");
  Host host(file.path());
  EXPECT_KITH_ERROR(kith::open_sqlite_on(nullptr), Code::misuse, "null");
  EXPECT_KITH_ERROR(engine_on(host), Code::misuse, "begin one first");
  host("BEGIN");
  {
    auto engine = engine_on(host);
    kith::Session session = engine->session();
    kith::Session second = engine->session();
    const auto reader = session.reader();
    const auto another = second.reader();
    EXPECT_EQ(names(reader), names(another));
    kith::Work work = session.work();
    EXPECT_KITH_ERROR(second.work(), Code::misuse, "");
  }
  host("COMMIT");
  // Another connection writes: busy, and the host's transaction can be rolled back and repeated.
  {
    kith::Work other = owned.session.work();
    kith::Customer customer{.name = "Other"};
    kith::customer::create(other, customer);
    host("BEGIN");
    {
      auto engine = engine_on(host);
      kith::Session session = engine->session();
      EXPECT_KITH_ERROR(create(session, "Mine"), Code::busy, "repeat all of it");
      EXPECT_EQ(names(session.reader()), Names{"Acme"});
    }
    EXPECT_EQ(host("ROLLBACK"), "");
    other.commit();
  }
  host("BEGIN IMMEDIATE");
  {
    auto engine = engine_on(host);
    kith::Session session = engine->session();
    create(session, "Mine");
  }
  EXPECT_EQ(host("COMMIT"), "");
  EXPECT_EQ(names(owned.session.reader()), (Names{"Acme", "Mine", "Other"}));
}

TEST(SqliteHost, LeavesOlderNewerAndForeignFilesAlone) {
  const kith::test::TemporaryFile file;
  kith::test::open_test_store(file.path());
  Host host(file.path());
  host("PRAGMA user_version=1; BEGIN");
  EXPECT_KITH_ERROR(engine_on(host), Code::version, "open the file once by its path");
  host("COMMIT; PRAGMA user_version=99");
  EXPECT_KITH_ERROR(kith::open_sqlite_on(host.raw()), Code::version, "newer Kith");
  host("PRAGMA user_version=2; PRAGMA application_id=7");
  EXPECT_KITH_ERROR(kith::open_sqlite_on(host.raw()), Code::corrupt, "another program");
}

}  // namespace
}  // namespace kith_test
