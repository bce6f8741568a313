// SPDX-License-Identifier: Apache-2.0
// R8: what a PostgreSQL server refuses is an error that says what, where and how to mend it, and nothing has changed.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>

#include "kith/interchange/dump.hpp"
#include "kith/storage/postgres.hpp"
#include "support/expect_error.hpp"
#include "support/failing_libpq.hpp"
#include "support/pair_work.hpp"
#include "support/postgres_host.hpp"

namespace kith {
namespace {

using test::Host;

class ServerErrorTest : public testing::Test {
 protected:
  void SetUp() override {
    KITH_NEEDS_POSTGRES();
    url_ = test::fresh_postgres_url();
    engine_ = open(url_, test::patient_options());
    Session session = engine_->session();
    test::run_pair(session, "before");
    digest_ = digest();
  }
  std::string digest() { return to_hex(state_digest(engine_->session())); }
  void TearDown() override {
    if (engine_ == nullptr) return;
    EXPECT_EQ(digest(), digest_) << "something was changed";
    Session session = engine_->session();
    test::expect_whole(session, customers_);
  }

  /// The URL with another role; "" where the server of KITH_TEST_POSTGRES has its own.
  std::string as(const std::string& role) {
    const std::string from = "//postgres@";
    const std::size_t at = url_.find(from);
    return at == std::string::npos ? std::string() : "postgresql://" + role + "@" + url_.substr(at + from.size());
  }

  std::string url_;
  std::string digest_;
  std::size_t customers_ = 2;
  std::shared_ptr<Engine> engine_;
};

struct Refusal {
  const char* state;
  Code code;
  const char* says;
  bool lost = false;  ///< the connection is gone
};

constexpr Refusal kRefusals[] = {
    {"40001", Code::busy, "try the whole work again"},
    {"40P01", Code::busy, "try the whole work again"},
    {"55P03", Code::busy, "held"},
    {"42501", Code::denied, "may not"},
    {"25006", Code::storage, "connect to the primary"},
    {"53100", Code::storage, "the server's disk is full; free some space"},
    {"53200", Code::storage, "short of memory"},
    {"57014", Code::storage, "kith_statement_ms"},
    {"58030", Code::storage, "check the server's disk"},
    {"26000", Code::storage, "kith_prepare=unnamed"},
    {"42P07", Code::corrupt, "choose another kith_schema"},
    {"42P01", Code::corrupt, "another program changed the tables"},
    {"42703", Code::corrupt, "another program changed the tables"},
    {"3F000", Code::corrupt, "another program changed the tables"},
    {"42804", Code::corrupt, "another program changed the tables"},
    {"42883", Code::corrupt, "another program changed the tables"},
    {"XX001", Code::corrupt, "restore a backup"},
    {"54000", Code::overflow, "too long"},
    {"0A000", Code::internal, "see the server's log"},
    {"08006", Code::storage, "was lost", true},
    {"57P01", Code::storage, "was lost", true},
    {"57P02", Code::storage, "was lost", true},
    {"25P03", Code::storage, "was lost", true},
};

/// Fails at that statement, or at COMMIT where it is -1, and gives the error.
Error refused_at(Session& session, test::FailingLibpq& libpq, const char* state, int at) {
  try {
    libpq.arm({.state = state, .at = std::max(at, 0), .commits = at < 0});
    Work work = session.work({.cause = "refused"});
    test::add_pair(work, "refused");
    work.commit();
  } catch (const Error& error) {
    EXPECT_EQ(libpq.disarm(), 1);
    return error;
  }
  ADD_FAILURE() << state << " at statement " << at << " was not told";
  return {Code::ok, ""};
}

TEST_F(ServerErrorTest, R8EachStateIsToldWithWhatWhereAndHow) {
  test::FailingLibpq libpq;
  for (const Refusal& refusal : kRefusals) {
    for (const int at : {0, 4, 9, -1}) {
      // A connection that dies before anything was asked of it is replaced unnoticed; a cluster takes more statements
      // to begin.
      if (refusal.lost && at >= 0 && at <= (std::getenv("KITH_TEST_SPREAD") == nullptr ? 0 : 4)) continue;
      Session session = engine_->session();
      session.reader();  // connected
      const Error error = refused_at(session, libpq, refusal.state, at);
      EXPECT_EQ(name_of(error.code), name_of(refusal.code)) << refusal.state << " at " << at << ": " << error.what();
      EXPECT_TRUE(test::says(error, refusal.says)) << refusal.state << " at " << at;
      if (at >= 0) {
        EXPECT_TRUE(test::says(error, test::schema_of(url_))) << "where";
      }
      EXPECT_EQ(digest(), digest_) << refusal.state << " at " << at;
    }
  }
}

/// One import of many customers, which travel by COPY, and its error.
Error refused_import(Session& session) {
  try {
    Work work = session.work({.cause = "import"});
    test::add_pair(work, "import", 900);
    work.commit();
  } catch (const Error& error) {
    return error;
  }
  return {Code::ok, "the import was not refused"};
}

/// What happens while rows are on their way: each is told, the import is gone, and the session goes on.
TEST_F(ServerErrorTest, AFailureInTheMiddleOfCopyIsToldAndNothingIsKept) {
  Host host;
  const std::string table = test::schema_of(url_) + ".customer";
  Session session = engine_->session();
  const auto expect_refused = [&](Code code, const char* says, const char* what) {
    const Error error = refused_import(session);
    EXPECT_EQ(name_of(error.code), name_of(code)) << what << ": " << error.what();
    EXPECT_TRUE(test::says(error, says)) << what << ": " << error.what();
    EXPECT_EQ(digest(), digest_) << what;
  };
  ASSERT_EQ(host("ALTER TABLE " + table + " ADD CONSTRAINT theirs CHECK (name <> 'import more 700')"), "");
  expect_refused(Code::corrupt, "another program is in the way", "a constraint");
  host("ALTER TABLE " + table + " DROP CONSTRAINT theirs");
  ASSERT_EQ(host("CREATE FUNCTION " + test::schema_of(url_) +
                 ".fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                 "IF NEW.name = 'import more 700' THEN RAISE 'as if' USING ERRCODE = TG_ARGV[0]; END IF; "
                 "RETURN NEW; END $$"),
            "");
  for (const Refusal& refusal : kRefusals) {
    const std::string told = host("CREATE TRIGGER fails BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION " +
                                  test::schema_of(url_) + ".fail('" + refusal.state + "')");
    if (!told.empty()) GTEST_SKIP() << "a cluster takes no triggers (" << told << ")";
    // What is not about the server itself is the trigger's own failure.
    const std::string_view state = refusal.state;
    const bool own =
        state.starts_with("42") || state == "0A000" || state == "54000" || state == "26000" || state == "3F000";
    if (own) {
      expect_refused(state == "42501" ? Code::denied : Code::corrupt, "a function of another program is in the way",
                     refusal.state);
    } else {
      expect_refused(refusal.code, refusal.says, refusal.state);
    }
    host("DROP TRIGGER fails ON " + table);
  }
  test::run_pair(session, "afterwards", 900);
  customers_ += 902;
  digest_ = digest();
}

/// The connection goes while rows are on their way: behind each piece of them.
TEST_F(ServerErrorTest, AConnectionLostInTheMiddleOfCopyLosesTheImportAlone) {
  static decltype(&::PQputCopyData) real;
  static int pieces;
  static int cut;
  postgres::Api& api = postgres::replaceable_api();
  real = api.PQputCopyData;
  api.PQputCopyData = [](PGconn* connection, const char* bytes, int count) {
    if (pieces++ == cut) shutdown(postgres::api().PQsocket(connection), SHUT_RDWR);
    return real(connection, bytes, count);
  };
  Session session = engine_->session();
  int lost = 0;
  for (cut = 0;; ++cut) {
    pieces = 0;
    const Error error = refused_import(session);
    if (error.code == Code::ok) break;
    EXPECT_EQ(error.code, Code::storage) << error.what();
    EXPECT_TRUE(test::says(error, "nothing of the work is kept")) << error.what();
    ++lost;
    cut += 2;
  }
  api.PQputCopyData = real;
  EXPECT_GT(lost, 1);
  customers_ += 902;
  EXPECT_EQ(session.reader().list<Customer>().size(), customers_);
  digest_ = digest();
}

TEST_F(ServerErrorTest, ARefusedConnectionIsToldByItsReason) {
  Host host;
  if (as("x").empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  EXPECT_KITH_ERROR(open(as("kith_nobody")), Code::denied, "kith_nobody");
  host("CREATE ROLE kith_asleep NOLOGIN");
  EXPECT_KITH_ERROR(open(as("kith_asleep")), Code::denied, "pg_hba.conf");
  host("CREATE ROLE kith_few LOGIN CONNECTION LIMIT 0");
  EXPECT_KITH_ERROR(open(as("kith_few")), Code::busy, "kith_pool");
  // The same server, whatever the database of the tests is called.
  const auto in = [](std::string url, const std::string& database) {
    const std::size_t from = url.find('/', url.find('@')) + 1;
    return url.replace(from, url.find('?') - from, database);
  };
  EXPECT_KITH_ERROR(open(in(url_, "kith_absent")), Code::not_found, "createdb");
  host("CREATE DATABASE kith_closed");
  host("REVOKE CONNECT ON DATABASE kith_closed FROM public");
  host("CREATE ROLE kith_stranger LOGIN");
  EXPECT_KITH_ERROR(open(in(as("kith_stranger"), "kith_closed")), Code::denied, "CONNECT");
  host("DROP DATABASE kith_closed");
  // A server that does not answer at all.
  EXPECT_KITH_ERROR(open("postgresql:///x?host=/nowhere"), Code::storage, "cannot connect");
  EXPECT_KITH_ERROR(open("postgresql://127.0.0.1:1/x"), Code::storage, "cannot connect");
}

TEST_F(ServerErrorTest, ARoleDoesWhatItIsGrantedAndNothingInPart) {
  Host host;
  const std::string schema = test::schema_of(url_);
  if (as("x").empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  host("CREATE ROLE kith_reader LOGIN");
  host("GRANT USAGE ON SCHEMA " + schema + " TO kith_reader");
  host("GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO kith_reader");
  auto engine = open(as("kith_reader"), test::patient_options());
  Session session = engine->session();
  EXPECT_EQ(session.reader().list<Customer>().size(), 2U);
  EXPECT_KITH_ERROR(session.work({.cause = "x"}), Code::denied,
                    "GRANT SELECT, UPDATE ON \"" + schema + "\".\"kith_tenant\" TO \"kith_reader\"");
  // A right that is missing at the last statement undoes the whole work.
  host("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO kith_reader");
  host("REVOKE UPDATE ON " + schema + ".head FROM kith_reader");
  Work work = session.work({.cause = "x"});
  test::add_pair(work, "without a right");
  EXPECT_KITH_ERROR(work.commit(), Code::denied, "the role 'kith_reader' may not update head of database");
  EXPECT_EQ(digest(), digest_);
  // The grants of docs/postgres.md are enough for a role that owns nothing.
  host("GRANT UPDATE ON " + schema + ".head TO kith_reader");
  host("REVOKE INSERT, UPDATE, DELETE ON " + schema + ".kith_store FROM kith_reader");
  test::run_pair(session, "with every right");
  customers_ += 2;
  digest_ = digest();
}

/// What another program hangs on a table of Kith's is named with the table, what was done, where it stands, and how to
/// mend it; a row is never left out in silence.
TEST_F(ServerErrorTest, ATriggerOrRuleOfAnotherProgramIsNamed) {
  Host host;
  const std::string schema = test::schema_of(url_);
  const std::string table = schema + ".customer";
  const auto on = [&](const char* body, const char* when) {
    ASSERT_EQ(host("CREATE FUNCTION " + schema + ".theirs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body +
                   " END $$"),
              "");
    if (const std::string told = host(std::string("CREATE TRIGGER hook BEFORE ") + when + " ON " + table +
                                      " FOR EACH ROW EXECUTE FUNCTION " + schema + ".theirs()");
        !told.empty()) {
      GTEST_SKIP() << "a cluster takes no triggers (" << told << ")";
    }
  };
  const auto off = [&] { EXPECT_EQ(host("DROP FUNCTION " + schema + ".theirs CASCADE"), ""); };
  Session session = engine_->session();
  const auto told = [&](const std::function<void(Work&)>& change) {
    try {
      Work work = session.work({.cause = "x"});
      change(work);
      work.commit();
    } catch (const Error& error) {
      EXPECT_EQ(digest(), digest_);
      return error;
    }
    return Error(Code::ok, "nothing was refused");
  };
  const auto adds = [](Work& work) { test::add_pair(work, "x"); };
  const auto changes = [](Work& work) {
    Customer row = work.list<Customer>().front();
    row.country = row.country == "FR" ? "IT" : "FR";
    customer::update(work, row);
  };
  const auto expect_told = [&](const Error& error, Code code, std::vector<std::string> says) {
    EXPECT_EQ(name_of(error.code), name_of(code)) << error.what();
    for (const std::string& one : says) EXPECT_TRUE(test::says(error, one)) << one;
  };
  on("RAISE EXCEPTION 'not on Sundays'; RETURN NEW;", "INSERT");
  if (IsSkipped()) return;
  const std::string drop = "ON \"" + schema + "\".\"customer\"";
  expect_told(told(adds), Code::corrupt,
              {"insert into customer of database", "not on Sundays", "P0001", schema + ".theirs()", drop});
  off();
  on("PERFORM 1 / 0; RETURN NEW;", "UPDATE");
  expect_told(told(changes), Code::corrupt, {"update customer of database", "22012", "theirs()"});
  off();
  on("RETURN NULL;", "INSERT");
  expect_told(told(adds), Code::corrupt, {"did not insert into customer", "DROP TRIGGER \"hook\" " + drop});
  off();
  on("RETURN NULL;", "UPDATE");
  expect_told(told(changes), Code::corrupt, {"did not update customer", "DROP TRIGGER \"hook\" " + drop});
  off();
  SCOPED_TRACE("rule");
  host("CREATE RULE deaf AS ON UPDATE TO " + table + " DO INSTEAD NOTHING");
  expect_told(told(adds), Code::corrupt, {"a rule of another program", "insert into customer", "DROP RULE"});
  expect_told(told(changes), Code::corrupt, {"did not update customer", "DROP RULE \"deaf\" " + drop});
  host("DROP RULE deaf ON " + table);
  ASSERT_EQ(host("CREATE UNIQUE INDEX theirs ON " + table + " (tenant_id, (name IS NULL)) WHERE name LIKE '%first'"),
            "");
  expect_told(told([](Work& work) {
                test::add_pair(work, "x");
                test::add_pair(work, "xy");
              }),
              Code::corrupt, {"did not insert into customer", "DROP INDEX \"" + schema + "\".\"theirs\""});
  host("DROP INDEX " + schema + ".theirs");
  ASSERT_EQ(host("ALTER TABLE " + table + " ADD CONSTRAINT theirs CHECK (name <> 'x first') NOT VALID"), "");
  expect_told(told(adds), Code::corrupt,
              {"insert into customer", "run: ALTER TABLE \"" + schema + "\".\"customer\" DROP CONSTRAINT \"theirs\""});
  host("ALTER TABLE " + table + " DROP CONSTRAINT theirs");
}

/// Tables that another program changes while they are open: a kept statement meets other types (0A000, 42804, 42883)
/// or columns.
TEST_F(ServerErrorTest, TablesThatChangeWhileTheyAreOpenAreNamed) {
  Host host;
  const std::string url = test::fresh_postgres_url();
  const std::string table = test::schema_of(url) + ".customer";
  const auto engine = open(url, test::patient_options());
  Session session = engine->session();
  const auto one = [&] {
    Work work = session.work({.cause = "x"});
    test::add_pair(work, "x");
    work.commit();
  };
  one();
  EXPECT_EQ(session.reader().list<Customer>().size(), 2U);
  const auto expect_told = [&](const std::string& sql, const std::string& undo) {
    SCOPED_TRACE(sql);
    ASSERT_EQ(host("ALTER TABLE " + table + sql), "");
    EXPECT_KITH_ERROR(session.reader().list<Customer>(), Code::corrupt, "another program changed the tables");
    EXPECT_KITH_ERROR(one(), Code::corrupt, "another program changed the tables");
    EXPECT_EQ(host("ALTER TABLE " + table + undo), "");
    EXPECT_EQ(session.reader().list<Customer>().size(), 2U);
  };
  // Conditions and kept statements on a column of another type.
  expect_told(" ALTER country TYPE bytea USING country::bytea",
              " ALTER country TYPE text COLLATE \"C\" USING convert_from(country, 'UTF8')");
  expect_told(" RENAME country TO land", " RENAME land TO country");
  expect_told(" RENAME TO customer_moved", "_moved RENAME TO customer");
}

/// What a trigger makes of a row is not what was asked for: the chain of works tells.
TEST_F(ServerErrorTest, ATriggerThatChangesARowIsFoundAfterwards) {
  Host host;
  const std::string url = test::fresh_postgres_url();
  const std::string schema = test::schema_of(url);
  const auto engine = open(url, test::patient_options());
  Session session = engine->session();
  host("CREATE FUNCTION " + schema +
       ".theirs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
       "NEW.country := 'FR'; RETURN NEW; END $$");
  if (!host("CREATE TRIGGER hook BEFORE INSERT ON " + schema + ".customer FOR EACH ROW EXECUTE FUNCTION " + schema +
            ".theirs()")
           .empty()) {
    GTEST_SKIP() << "a cluster takes no triggers";
  }
  {
    Work work = session.work({.cause = "x"});
    Customer row{.name = "changed on the way"};
    customer::create(work, row);
    work.commit();
  }
  EXPECT_FALSE(check(session).empty());
}

/// A whole table that another program holds keeps nobody waiting longer than the busy time.
TEST_F(ServerErrorTest, ATableThatIsHeldWholeIsBusy) {
  Options hasty = test::patient_options();
  hasty.storage.busy_ms = 60;
  const std::string schema = test::schema_of(url_);
  Host host;
  const auto engine = open(url_, hasty);
  Session session = engine->session();
  const auto held = [&](const std::string& table) {
    host("ROLLBACK");
    ASSERT_EQ(host("BEGIN; LOCK TABLE " + schema + "." + table + " IN ACCESS EXCLUSIVE MODE"), "");
  };
  held("customer");
  EXPECT_KITH_ERROR(session.reader().list<Customer>(), Code::busy, "held the whole table customer of database");
  {
    Work work = session.work({.cause = "x"});
    EXPECT_KITH_ERROR(test::add_pair(work, "x"), Code::busy, "60 ms");
  }
  held("kith_tenant");
  EXPECT_KITH_ERROR(session.reader(), Code::busy, "the whole table kith_tenant");
  EXPECT_KITH_ERROR(session.work({.cause = "x"}), Code::busy, "the whole table kith_tenant");
  EXPECT_KITH_ERROR(open(url_, hasty), Code::busy, "the whole table kith_tenant");
  held("kith_store");
  EXPECT_KITH_ERROR(open(url_, hasty), Code::busy, "the whole table kith_store");
  host("ROLLBACK");
  EXPECT_EQ(session.reader().list<Customer>().size(), 2U);
}

TEST_F(ServerErrorTest, TheWallIsLookedAtNoLongerThanTheBusyTimeAndWhateverTheSearchPath) {
  const std::string walled = url_ + "&kith_rls=on";
  open(walled, test::patient_options());
  Options hasty = test::patient_options();
  hasty.storage.busy_ms = 60;
  Host host;
  ASSERT_EQ(host("BEGIN; LOCK TABLE " + test::schema_of(url_) + ".customer IN ACCESS EXCLUSIVE MODE"), "");
  EXPECT_KITH_ERROR(open(walled, hasty), Code::busy, "60 ms");
  host("ROLLBACK");
  const std::string aside = test::schema_of(url_) + "_aside";
  host("CREATE SCHEMA " + aside + "; CREATE FUNCTION " + aside +
       ".lie(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR " + aside +
       ".= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = " + aside + ".lie)");
  EXPECT_NO_THROW(open(walled + "&options=-c%20search_path%3D" + aside + ",pg_catalog", hasty));
  host("DROP SCHEMA " + aside + " CASCADE");
}

TEST_F(ServerErrorTest, AReadOnlyServerReadsAndRefusesWorks) {
  auto engine = open(url_ + "&options=-c%20default_transaction_read_only%3Don", test::patient_options());
  Session session = engine->session();
  EXPECT_EQ(to_hex(state_digest(session)), digest_);
  EXPECT_KITH_ERROR(session.work({.cause = "x"}), Code::storage, "target_session_attrs=read-write");
}

TEST_F(ServerErrorTest, AStatementThatTakesTooLongIsStopped) {
  auto engine = open(url_ + "&kith_statement_ms=1000", test::patient_options());
  Session session = engine->session();
  Host host;
  host("BEGIN; LOCK TABLE " + test::schema_of(url_) + ".customer IN ACCESS EXCLUSIVE MODE");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_KITH_ERROR(session.reader().list<Customer>(), Code::storage, "kith_statement_ms");
  {
    Work work = session.work({.cause = "slow"});
    EXPECT_KITH_ERROR(test::add_pair(work, "slow"), Code::storage, "kith_statement_ms");
    EXPECT_EQ(work.commit().seq, 0) << "its step is undone, so there is nothing to commit";
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  host("ROLLBACK");
  EXPECT_EQ(session.reader().list<Customer>().size(), 2U);
  // The wait for another writer has a limit of its own, the busy time: no statement is too slow for that.
  Options hasty = test::patient_options();
  hasty.storage.busy_ms = 2'500;
  auto other = open(url_ + "&kith_statement_ms=1000", hasty);
  Session second = other->session();
  const Work held = session.work({.cause = "held"});
  EXPECT_KITH_ERROR(second.work({.cause = "waits"}), Code::busy, "2500 ms");
}

/// Waits until the server has ended what idled; false where it does not.
bool waits_for_the_end_of_idle_works(Host& host) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (host("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kith' AND state = 'idle in "
              "transaction'") != "0") {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

TEST_F(ServerErrorTest, AForgottenWorkIsEndedAndTheSessionGoesOn) {
  auto engine = open(url_ + "&kith_idle_ms=1500", test::patient_options());
  Session session = engine->session();
  Host host;
  {
    Work work = session.work({.cause = "forgotten"});
    test::add_pair(work, "forgotten");
    EXPECT_TRUE(waits_for_the_end_of_idle_works(host));
    EXPECT_KITH_ERROR(test::add_pair(work, "late"), Code::storage, "was lost");
  }
  {
    Work work = session.work({.cause = "forgotten before the commit"});
    test::add_pair(work, "forgotten");
    EXPECT_TRUE(waits_for_the_end_of_idle_works(host));
    EXPECT_KITH_ERROR(work.commit(), Code::storage, "nothing of the work is kept");
  }
  EXPECT_EQ(session.reader().list<Customer>().size(), 2U);
}

/// On one server. (Each node of a cluster has a snapshot of its own, taken at the first statement there.)
/// A snapshot of the host's that is older than the last work: the server itself refuses (40001).
TEST_F(ServerErrorTest, AnOldSnapshotOfTheHostsIsBusy) {
  Host host(test::plain_url(url_));
  host("BEGIN ISOLATION LEVEL REPEATABLE READ");
  host("SELECT 1");
  {
    Session session = engine_->session();
    Work work = session.work({.cause = "meanwhile"});
    Customer row = work.list<Customer>().front();
    row.country = row.country == "FR" ? "IT" : "FR";
    customer::update(work, row);
    work.commit();
  }
  digest_ = digest();
  auto lent =
      Engine::open(open_postgres_on(host.raw(), {.schema = test::schema_of(url_)}), model(), test::patient_options());
  Session session = lent->session();
  Work work = session.work({.cause = "on an old snapshot"});
  try {
    test::add_pair(work, "too late");
    work.commit();
    ADD_FAILURE() << "an old snapshot was written on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::busy) << error.what();
    EXPECT_TRUE(test::says(error, "roll the host's transaction back"));
  }
  host("ROLLBACK");
}

/// Two hosts take the tenants of one schema in opposite order: the server ends the deadlock (40P01).
TEST_F(ServerErrorTest, ADeadlockOfTwoHostsIsBusyForOneOfThem) {
  const std::string schema = test::schema_of(url_);
  auto second = open(url_ + "&kith_tenant=2", test::patient_options());
  std::vector<std::string> fates(2);
  std::atomic<int> holding{0};
  const auto run = [&](std::size_t me) {
    Host host(test::plain_url(url_));
    host("BEGIN");
    try {
      for (const std::int64_t tenant : {std::int64_t{1} + (me == 0 ? 0 : 1), std::int64_t{2} - (me == 0 ? 0 : 1)}) {
        auto engine = Engine::open(open_postgres_on(host.raw(), {.schema = schema, .tenant = tenant}), model(),
                                   test::patient_options());
        Session session = engine->session();
        Work work = session.work({.cause = "crossing"});
        test::add_pair(work, "crossing");
        work.commit();
        for (++holding; holding < 2;) std::this_thread::yield();
      }
      fates[me] = "whole";
    } catch (const Error& error) {
      fates[me] = error.code == Code::busy && test::says(error, "roll the host's") ? "busy" : error.what();
    }
    host("ROLLBACK");
  };
  std::thread other(run, 1U);
  run(0);
  other.join();
  std::sort(fates.begin(), fates.end());
  EXPECT_EQ(fates, (std::vector<std::string>{"busy", "whole"}));
}

}  // namespace
}  // namespace kith
#endif
