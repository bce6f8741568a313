// SPDX-License-Identifier: Apache-2.0
// The host's connection: whatever the host has set there changes no result, and nothing of the host's is changed.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include <map>

#include "kith/interchange/dump.hpp"
#include "kith/storage/postgres.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_host.hpp"
#include "support/script.hpp"
#include "support/soak.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::Host;

using Settings = std::vector<std::pair<std::string, std::string>>;

/// What hosts set, three ways; each name stands once in each.
const std::vector<Settings>& hosts() {
  static const std::vector<Settings> all = {{{"search_path", "kith_evil, pg_catalog"},
                                             {"timezone", "Asia/Kathmandu"},
                                             {"datestyle", "SQL, DMY"},
                                             {"intervalstyle", "iso_8601"},
                                             {"client_encoding", "LATIN1"},
                                             {"bytea_output", "escape"},
                                             {"standard_conforming_strings", "off"},
                                             {"backslash_quote", "off"},
                                             {"transform_null_equals", "on"},
                                             {"array_nulls", "off"},
                                             {"extra_float_digits", "-15"},
                                             {"lc_numeric", "C"},
                                             {"lc_monetary", "C"},
                                             {"lc_time", "C"},
                                             {"lc_messages", "C"},
                                             {"quote_all_identifiers", "on"},
                                             {"lock_timeout", "7s"},
                                             {"statement_timeout", "1min"},
                                             {"default_transaction_isolation", "serializable"},
                                             {"application_name", "the host"}},
                                            {{"search_path", "\"$user\", public"},
                                             {"timezone", "America/St_Johns"},
                                             {"datestyle", "German, YMD"},
                                             {"intervalstyle", "sql_standard"},
                                             {"client_encoding", "GB18030"},
                                             {"bytea_output", "hex"},
                                             {"standard_conforming_strings", "on"},
                                             {"xmloption", "document"},
                                             {"extra_float_digits", "3"},
                                             {"enable_indexscan", "off"},
                                             {"enable_bitmapscan", "off"},
                                             {"plan_cache_mode", "force_generic_plan"},
                                             {"lock_timeout", "0"},
                                             {"row_security", "off"},
                                             {"default_transaction_isolation", "repeatable read"}},
                                            {{"search_path", "pg_temp"},
                                             {"timezone", "-12:30"},
                                             {"client_encoding", "SJIS"},
                                             {"enable_seqscan", "off"},
                                             {"enable_hashjoin", "off"},
                                             {"cursor_tuple_fraction", "1"},
                                             {"synchronous_commit", "off"},
                                             {"client_min_messages", "debug1"},
                                             {"work_mem", "64kB"}}};
  return all;
}

/// Names that Kith uses, in a schema that the host looks into first: tables, functions and operators that lie.
void make_evil(Host& host) {
  host("CREATE SCHEMA IF NOT EXISTS kith_evil");
  for (const char* table : {"customer", "head", "work", "kith_tenant", "kith_store"}) {
    host(std::string("CREATE TABLE IF NOT EXISTS kith_evil.") + table + " (a int)");
  }
  host("CREATE OR REPLACE FUNCTION kith_evil.never(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false'");
  host("CREATE OR REPLACE FUNCTION kith_evil.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false'");
  for (const char* type : {"bigint", "text"}) {
    for (const char* name : {"=", "<", "<=", ">", ">=", "<>"}) {
      host(std::string("CREATE OPERATOR kith_evil.") + name + " (LEFTARG = " + type + ", RIGHTARG = " + type +
           ", FUNCTION = kith_evil.never)");
    }
  }
  host("CREATE OR REPLACE FUNCTION kith_evil.md5(text) RETURNS text LANGUAGE sql AS 'SELECT ''x''::text'");
  host("CREATE OR REPLACE FUNCTION kith_evil.left(text, int) RETURNS text LANGUAGE sql AS 'SELECT ''x''::text'");
}

class HostTest : public testing::Test {
 protected:
  void SetUp() override {
    KITH_NEEDS_POSTGRES();
    url_ = test::fresh_postgres_url();
    engine_ = open(url_, test::script_options());
    Session session = engine_->session();
    test::found_company(session);
    host_ = std::make_unique<Host>(test::plain_url(url_));
    make_evil(*host_);
  }
  void TearDown() override {
    if (host_ == nullptr) return;
    Session session = engine_->session();
    for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
  }

  std::shared_ptr<Engine> lend() {
    return Engine::open(open_postgres_on(host_->raw(), {.schema = test::schema_of(url_)}), model(),
                        test::script_options());
  }
  void set(const Settings& settings) {
    for (const auto& [name, value] : settings) {
      ASSERT_EQ((*host_)("SELECT set_config('" + name + "', $$" + value + "$$, false) IS NULL"), "f") << name;
    }
    held_.clear();
    for (const auto& [name, value] : settings) held_[name] = (*host_)("SHOW " + name);
  }
  void expect_held(std::string_view when) {
    for (const auto& [name, value] : held_) EXPECT_EQ((*host_)("SHOW " + name), value) << name << ' ' << when;
  }

  std::string url_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Host> host_;
  std::map<std::string, std::string> held_;
};

/// Every operation of the script gives the same state as on a store of Kith's own.
TEST_F(HostTest, NoSettingOfTheHostChangesAResultOrIsChanged) {
  const auto expected = [](const test::Operation& operation) {
    auto engine = open("memory:", test::script_options());
    Session session = engine->session();
    test::found_company(session);
    operation.run(session);
    return to_hex(state_digest(session));
  };
  const auto step = static_cast<std::size_t>(test::step_of(10, 1));
  for (std::size_t host = 0; host < hosts().size(); ++host) {
    set(hosts()[host]);
    for (std::size_t i = 3 * host % step; i < test::operations().size(); i += step) {
      const test::Operation& operation = test::operations()[i];
      (*host_)("BEGIN");
      {
        auto engine = lend();
        Session session = engine->session();
        operation.run(session);
        EXPECT_EQ(to_hex(state_digest(session)), expected(operation))
            << operation.name << ", search_path " << held_["search_path"];
      }
      expect_held("after " + std::string(operation.name));
      (*host_)("ROLLBACK");
      if (HasFailure()) return;
    }
    expect_held("after the last rollback");
  }
}

TEST_F(HostTest, WhatTheHostHasOpenStaysOpen) {
  Host& host = *host_;
  host("CREATE TABLE kith_evil.own (a int)");
  host("PREPARE own AS SELECT 41 + 1");
  host("CREATE TEMP TABLE customer (a int)");
  host("BEGIN");
  host("INSERT INTO kith_evil.own VALUES (1)");
  host("DECLARE own CURSOR FOR SELECT generate_series(1, 9)");
  host("SET LOCAL kith.tenant = '77'");
  EXPECT_EQ(host("FETCH own"), "1");
  host("SAVEPOINT kith_work");  // a name of Kith's own
  {
    auto engine = lend();
    Session session = engine->session();
    Work work = session.work({.cause = "within"});
    Customer row{.name = "within"};
    customer::create(work, row);
    work.commit();
    EXPECT_EQ(session.reader().list<Customer>({.where = "name = 'within'"}).size(), 1U);
    // A work that fails costs the host nothing of its own.
    Work other = session.work({.cause = "fails"});
    Customer broken{.name = ""};
    EXPECT_ANY_THROW(customer::create(other, broken));
  }
  EXPECT_EQ(host("FETCH own"), "2");
  EXPECT_EQ(host("EXECUTE own"), "42");
  EXPECT_EQ(host("SHOW kith.tenant"), "77");
  EXPECT_EQ(host("SELECT count(*) FROM customer"), "0") << "the host's own table";
  // The host undoes to its own point, and with it the Work; its row from before stays.
  EXPECT_EQ(host("ROLLBACK TO kith_work"), "");
  host("COMMIT");
  EXPECT_EQ(host("SELECT count(*) FROM kith_evil.own"), "1");
  EXPECT_EQ(engine_->session().reader().list<Customer>({.where = "name = 'within'"}).size(), 0U);
  host("DROP TABLE kith_evil.own");
}

/// What is open of Kith's may end in any order; the host has its settings back when the last of it has.
TEST_F(HostTest, ReadersAndWorksMayEndInAnyOrder) {
  set({{"client_encoding", "LATIN1"}, {"search_path", "kith_evil, pg_catalog"}, {"kith.tenant", "77"}});
  Host& host = *host_;
  for (const bool reader_first : {true, false}) {
    host("BEGIN");
    {
      auto engine = lend();
      Session session = engine->session();
      auto reader = std::make_unique<Reader>(session.reader());
      auto work = std::make_unique<Work>(session.work({.cause = "é"}));
      Customer row{.name = "Zoë é"};
      customer::create(*work, row);
      if (reader_first) {
        reader.reset();
        EXPECT_EQ(work->get<Customer>(row.id).name, "Zoë é");
        Customer more{.name = "Ÿ 宏达"};
        customer::create(*work, more);
        work->commit();
        work.reset();
      } else {
        work.reset();  // undone
        EXPECT_EQ(reader->list<Contact>().front().name, "Zoë");
        reader.reset();
      }
      EXPECT_EQ(session.reader().list<Customer>({.where = "name contains 'é'"}).size(), reader_first ? 1U : 0U);
    }
    expect_held(reader_first ? "reader first" : "work first");
    host("ROLLBACK");
  }
}

/// What a host may do to its transaction while a Work is open in it, and what the Work says of it.
struct Move {
  const char* what;
  const char* sql;
  const char* says;
};
const Move kMoves[] = {{"commit", "COMMIT", "or tried to commit it, while"},
                       {"commit without the guard", "CLOSE ALL; COMMIT", "the host committed its transaction"},
                       {"rollback", "ROLLBACK", "the host rolled back its transaction"},
                       {"rollback, then another one", "ROLLBACK; BEGIN", "nothing of the Work is kept"},
                       {"undo", "ROLLBACK TO before", "to a point from before this Work"},
                       {"undo of all", "ROLLBACK TO before; RELEASE before", "begin it again"}};

TEST_F(HostTest, AHostThatEndsItsTransactionUnderAWorkIsToldAtTheNextStatement) {
  Host& host = *host_;
  host("CREATE TABLE kith_evil.own (a int)");
  for (const Move& move : kMoves) {
    for (const bool writes : {true, false}) {
      SCOPED_TRACE(std::string(move.what) + (writes ? ", then a write" : ", then the commit"));
      host("BEGIN");
      host("SAVEPOINT before");
      std::string seq;
      {
        auto engine = lend();
        Session session = engine->session();
        Work work = session.work({.cause = "half"});
        seq = std::to_string(work.next_seq());
        Customer row{.name = "half"};
        if (writes) customer::create(work, row);
        const std::string answer = host(move.sql);
        if (std::string(move.sql) == "COMMIT") EXPECT_EQ(answer, "42704") << "half a work is not kept";
        const bool within = host("SELECT 1") == "1" && std::string(move.sql).find("BEGIN") != std::string::npos;
        if (within) host("INSERT INTO kith_evil.own VALUES (1)");
        const auto next = [&] {
          Customer more{.name = "more"};
          customer::create(work, more);
          work.commit();
        };
        EXPECT_KITH_ERROR(next(), Code::misuse, move.says);
        EXPECT_KITH_ERROR(work.list<Customer>(), Code::misuse, "");
      }
      // What the host has begun since is not broken, and nothing was written into it.
      EXPECT_EQ(host("SELECT count(*) FROM " + test::schema_of(url_) + ".customer WHERE name = 'more'"), "0");
      host("COMMIT");
      Session session = engine_->session();
      const bool kept = writes && std::string(move.says).find("committed") != std::string::npos;
      EXPECT_EQ(check(session).empty(), !kept) << "half a work is found";
      EXPECT_EQ(session.reader().list<Customer>({.where = "name = 'half'"}).size(), kept ? 1U : 0U);
      for (const char* table : {".customer", ".customer_stage"}) {
        host("DELETE FROM " + test::schema_of(url_) + table + " WHERE seq = " + seq);
      }
    }
  }
  EXPECT_EQ(host("SELECT count(*) FROM kith_evil.own"), "2") << "the host's next transactions are its own";
  host("DROP TABLE kith_evil.own");
}

/// A closed connection's address is nobody's, or another connection's: nothing is done there.
TEST_F(HostTest, AHostThatClosesItsConnectionIsTold) {
  auto host = std::make_unique<Host>(test::plain_url(url_));
  (*host)("BEGIN");
  const auto engine =
      Engine::open(open_postgres_on(host->raw(), {.schema = test::schema_of(url_)}), model(), test::script_options());
  {
    Session session = engine->session();
    const Reader reader = session.reader();
    Work work = session.work({.cause = "left open"});
    Customer row{.name = "left open"};
    customer::create(work, row);
    host.reset();
    const Host next(test::plain_url(url_));
    Customer late{.name = "late"};
    EXPECT_KITH_ERROR(customer::create(work, late), Code::misuse, "closed its connection");
    EXPECT_KITH_ERROR(reader.list<Customer>(), Code::misuse, "closed its connection");
    EXPECT_KITH_ERROR(engine->storage().describe(), Code::misuse, "closed its connection");
  }
  EXPECT_KITH_ERROR(engine->session(), Code::misuse, "closed its connection");
  // Whoever gets the address next is another one, to which nothing of this is known.
  (*host_)("BEGIN");
  EXPECT_TRUE(lend()->session().reader().list<Customer>({.where = "name = 'left open'"}).empty());
  (*host_)("ROLLBACK");
}

TEST_F(HostTest, PipelineModeIsRefused) {
  Host& host = *host_;
  host("BEGIN");
  const auto engine = lend();
  Session session = engine->session();
  Work work = session.work({.cause = "piped"});
  auto* raw = static_cast<PGconn*>(host.raw());
  ASSERT_EQ(postgres::api().PQenterPipelineMode(raw), 1);
  Customer row{.name = "piped"};
  EXPECT_KITH_ERROR(customer::create(work, row), Code::misuse, "leave the pipeline");
  EXPECT_KITH_ERROR(session.reader(), Code::misuse, "leave the pipeline");
  ASSERT_EQ(postgres::api().PQexitPipelineMode(raw), 1);
  customer::create(work, row);
  work.commit();
  EXPECT_EQ(session.reader().list<Customer>({.where = "name = 'piped'"}).size(), 1U);
  host("ROLLBACK");
}

TEST_F(HostTest, AHostThatEndsItsTransactionUnderAReaderIsTold) {
  Host& host = *host_;
  for (const char* move : {"COMMIT", "ROLLBACK; BEGIN", "ROLLBACK TO before"}) {
    SCOPED_TRACE(move);
    host("BEGIN");
    host("SET LOCAL search_path = kith_evil");
    host("SAVEPOINT before");
    auto engine = lend();
    Session session = engine->session();
    {
      const Reader reader = session.reader();
      EXPECT_FALSE(reader.list<Customer>().empty());
      host(move);
      EXPECT_KITH_ERROR(reader.list<Customer>(), Code::misuse, "while a Reader was open");
      if (host("SELECT 1") == "1") host("BEGIN");  // a warning, where one is open
      // The next one is whole, beside the stale one and behind it.
      EXPECT_FALSE(session.reader().list<Customer>().empty());
    }
    EXPECT_FALSE(session.reader().list<Customer>().empty());
    EXPECT_EQ(host("SELECT 1"), "1");
    host("ROLLBACK");
  }
}

/// Stores of several tenants on one connection, whose rows the server tells apart by a setting.
TEST_F(HostTest, TenantsTakeTurnsOnOneConnection) {
  const std::string url = test::fresh_postgres_url("kith_rls=on");
  const std::string schema = test::schema_of(url);
  for (const char* tenant : {"1", "2"}) {
    auto engine = open(url + "&kith_tenant=" + tenant, test::script_options());
    Session session = engine->session();
    Work work = session.work();
    Customer row{.name = std::string("of ") + tenant};
    customer::create(work, row);
    work.commit();
  }
  Host admin(test::plain_url(url));
  const std::string app = test::as_role(admin, url, "kith_turns");
  if (app.empty()) GTEST_SKIP() << "the server has its own roles";
  admin("GRANT USAGE ON SCHEMA " + schema + " TO kith_turns");
  admin("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO kith_turns");
  {
    Host host(test::plain_url(app));
    host("BEGIN");
    host("SET LOCAL kith.tenant = '77'; SET LOCAL row_security = off");
    const auto engine_of = [&](std::int64_t tenant) {
      return Engine::open(open_postgres_on(host.raw(), {.schema = schema, .tenant = tenant}), model(),
                          test::script_options());
    };
    auto one = engine_of(1);
    auto two = engine_of(2);
    Session first = one->session();
    Session second = two->session();
    auto reader = std::make_unique<Reader>(first.reader());
    Work work = second.work();
    EXPECT_EQ(reader->list<Customer>().front().name, "of 1");
    Customer row{.name = "more of 2"};
    customer::create(work, row);
    EXPECT_EQ(reader->list<Customer>().size(), 1U);
    EXPECT_EQ(work.list<Customer>().size(), 2U);
    EXPECT_KITH_ERROR(first.work(), Code::misuse, "another Work is open on the host's connection");
    work.commit();
    Work mine = first.work();
    reader.reset();
    Customer other{.name = "more of 1"};
    customer::create(mine, other);
    EXPECT_EQ(second.reader().list<Customer>().size(), 2U);
    mine.commit();
    EXPECT_EQ(first.reader().list<Customer>().size(), 2U);
    EXPECT_TRUE(check(first).empty());
    EXPECT_TRUE(check(second).empty());
    EXPECT_EQ(host("SHOW kith.tenant"), "77");
    EXPECT_EQ(host("SHOW row_security"), "off");
    host("COMMIT");
  }
  admin("DROP OWNED BY kith_turns");
  admin("DROP ROLE kith_turns");
}

TEST_F(HostTest, ALostConnectionIsTheHostsToReplace) {
  const auto before = to_hex(state_digest(engine_->session()));
  (*host_)("BEGIN");
  auto engine = lend();
  Session session = engine->session();
  Work work = session.work({.cause = "cut off"});
  Customer row{.name = "cut off"};
  customer::create(work, row);
  Host admin;
  admin("SELECT pg_terminate_backend(" + (*host_)("SELECT pg_backend_pid()") + ")");
  Customer more{.name = "more"};
  EXPECT_KITH_ERROR(customer::create(work, more), Code::storage, "connect again and repeat all of it");
  EXPECT_EQ(to_hex(state_digest(engine_->session())), before);
}

}  // namespace
}  // namespace kith
#endif
