// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is the PostgreSQL backend's own: URLs, tenants, the second wall, bad servers, the host's connection. What
/// every backend promises is in contract_test.cpp and contract_scan_test.cpp.
#include "kith/storage/postgres.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <regex>
#include <set>

#include "kith/engine/tenants.hpp"
#include "storage/contract.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/postgres_url.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_host.hpp"
#include "support/postgres_server.hpp"
#include "support/store.hpp"

namespace kith_test {
namespace {

using kith::Access;
using kith::Code;
using kith::test::fresh_postgres_url;

TEST(PostgresUrl, GivesKithItsParametersAndLibpqTheRest) {
  const kith::postgres::Url url = kith::postgres::parse_url(
      "postgresql://u@h/d?kith_schema=a%20b&sslmode=require&kith_tenant=7&kith_prepare=unnamed&kith_rls=on&kith_pool=3&"
      "connect_timeout=5&kith_statement_ms=1000&kith_idle_ms=2000");
  EXPECT_EQ(url.rest, "postgresql://u@h/d?sslmode=require&connect_timeout=5");
  EXPECT_EQ(url.options.schema, "a b");
  EXPECT_EQ(url.options.tenant, 7);
  EXPECT_FALSE(url.options.named);
  EXPECT_TRUE(url.options.rls);
  EXPECT_EQ(url.options.pool, 3);
  EXPECT_EQ(url.options.statement_ms, 1000);
  EXPECT_EQ(url.options.idle_ms, 2000);
  EXPECT_EQ(kith::postgres::parse_url("postgresql://h/d?kith_pool=2").rest, "postgresql://h/d");
}

TEST(PostgresUrl, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const std::string& query, std::string_view says) {
    EXPECT_KITH_ERROR(kith::postgres::parse_url("postgresql:///?" + query), Code::invalid, std::string(says));
  };
  refused("kith_tenent=1", "kith_tenant");
  refused("kith_tenant=0", "whole number from 1");
  refused("kith_tenant=x", "whole number");
  refused("kith_tenant=99999999999999999999", "whole number");
  refused("kith_pool=0", "kith_pool");
  refused("kith_pool=1001", "1000");
  refused("kith_prepare=maybe", "named or unnamed");
  refused("kith_rls=yes", "on or off");
  refused("kith_schema=", "1 to 63 bytes");
  refused("kith_schema=pg_catalog", "server's own");
  refused("kith_schema=%4", "hexadecimal");
  refused("kith_tenant=1&sslmode=require&kith_tenant=2", "kith_tenant twice");
}

#ifdef KITH_POSTGRES
TEST(PostgresUrl, NoPasswordIsShown) {
  for (const char* url :
       {"postgresql://u:sec%ret@h/d", "postgresql://u:a@[sec%ret/d", "postgresql://u@h/d?sec%ret",
        "postgresql://u:sec/ret@h/d", "postgresql://u:12/sec@h/d", "postgresql://u:sec/ret@h/d?kith_tenant=1",
        "postgresql://u:a@sec@h/d", "postgresql://u:sec?re/t@h/d", "postgresql://u:1?sec=/b@h/d",
        "postgresql:/u:sec@h/d", "postgresql:u:sec@h", " postgresql://u:sec@h/d", "\tPOSTGRES://u:sec@h/d",
        "mysql://u:sec@h/d", "postgresql+x-y://u:sec@h/d", "memory:sec"}) {
    for (const bool server_alone : {false, true}) {
      try {
        static_cast<void>(server_alone ? kith::open_postgres(url) : kith::open_storage(url));
        ADD_FAILURE() << url;
      } catch (const kith::Error& error) {
        EXPECT_EQ(error.code, Code::invalid) << url;
        EXPECT_EQ(std::string(error.what()).find("sec"), std::string::npos) << error.what();
        EXPECT_EQ(std::string(error.what()).find("ret"), std::string::npos) << error.what();
      }
    }
  }
  // In its right form each of them is a password.
  EXPECT_EQ(kith::postgres::settings_of("postgresql://u:s%2Fe%40c%3Fr@h:7/d", {}).place,
            "database d on h:7, schema kith, tenant 1");
  EXPECT_EQ(kith::postgres::settings_of("postgresql://u:sec?ret@h:7/d?kith_tenant=2", {}).place,
            "database d on h:7, schema kith, tenant 2");
}

/// What the URL leaves out libpq takes from its environment, and errors name what it came to.
TEST(PostgresUrl, TheEnvironmentOfLibpqFillsIn) {
  const auto place = [](const char* url) { return kith::postgres::settings_of(url, {}).place; };
  const char* const names[] = {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER"};
  std::map<std::string, std::string> before;
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr) before[name] = value;
  }
  setenv("PGHOST", "db.example", 1);
  setenv("PGPORT", "7", 1);
  setenv("PGUSER", "anna", 1);
  unsetenv("PGDATABASE");
  EXPECT_EQ(place("postgresql://"), "database anna on db.example:7, schema kith, tenant 1");
  EXPECT_EQ(place("POSTGRES://bert@?kith_tenant=2"), "database bert on db.example:7, schema kith, tenant 2");
  EXPECT_EQ(place("postgresql://other.example:8/shop"), "database shop on other.example:8, schema kith, tenant 1");
  setenv("PGDATABASE", "shop", 1);
  EXPECT_EQ(place("postgresql:///?kith_schema=s"), "database shop on db.example:7, schema s, tenant 1");
  setenv("PGPORT", "seven", 1);
  EXPECT_KITH_ERROR(place("postgresql://"), Code::invalid, "PGPORT");
  for (const char* name : names) {
    unsetenv(name);
    if (before.contains(name)) setenv(name, before[name].c_str(), 1);
  }
}
#endif

TEST(PostgresSql, EveryStatementCarriesTheTenantAndNothingThatCitusRefuses) {
  std::vector<std::string> all;
  for (const kith::Entity* entity : kith::model().stored()) {
    using namespace kith::postgres;
    for (const auto& make : {get_sql, get_one_sql, insert_sql, insert_many_sql, copy_sql, update_sql, update_many_sql,
                             erase_sql, revision_sql}) {
      all.push_back(make("kith", *entity));
    }
    for (const kith::UniqueKey& key : entity->unique) all.push_back(holder_sql("kith", *entity, key));
    kith::Scan scan{.entity = entity, .fields = {0}, .order = {{.field = 0, .descending = true}}, .limit = 5};
    for (std::size_t field = 0; field < entity->fields.size(); ++field) {
      const kith::Cell value =
          kith::is_text(entity->fields[field].type) ? kith::Cell("x") : kith::Cell(std::int64_t{1});
      for (int op = 1; op <= 10; ++op) {
        scan.where.push_back({static_cast<kith::Condition::Op>(op), static_cast<int>(field), {value, value}, {}});
      }
      all.push_back(scan_sql("kith", scan).sql);
      scan.where.clear();
    }
  }
  const std::regex refused(
      R"(::|\bCAST\b|\bnow\(|random\(|nextval|advisory|RECURSIVE|TRIGGER| / |CURRENT_|lower\(|LIKE)",
      std::regex::icase);
  const std::regex source(R"re((FROM|INTO|UPDATE|JOIN|COPY) "kith"\."\w+")re");
  for (const std::string& sql : all) {
    EXPECT_FALSE(std::regex_search(sql, refused)) << sql;
    const auto sources = std::distance(std::sregex_iterator(sql.begin(), sql.end(), source), std::sregex_iterator());
    const std::regex wall(R"re("tenant_id" = \$1|\("tenant_id")re");
    const auto walls = std::distance(std::sregex_iterator(sql.begin(), sql.end(), wall), std::sregex_iterator());
    EXPECT_GT(sources, 0) << sql;
    EXPECT_GE(walls, sources) << "a table without its tenant: " << sql;
  }
}

TEST(PostgresUrl, ANameOfLibpqsAndCapitalsMeanTheSame) {
  KITH_NEEDS_POSTGRES();
  const std::string url = fresh_postgres_url();
  kith::open_storage(url)->prepare(sample_entities());
  const std::string rest = url.substr(url.find(':'));
  for (const char* scheme : {"postgres", "Postgresql", "POSTGRES"}) {
    EXPECT_FALSE(kith::open_storage(scheme + rest, {.create = false})->fresh()) << scheme;
  }
  for (const char* words : {"host=localhost dbname=shop password=se/cret", " dbname = shop", "service=shop",
                            "connect_timeout=3 application_name='a b' host=db password=secret"}) {
    try {
      kith::open_storage(words);
      ADD_FAILURE() << words;
    } catch (const kith::Error& error) {
      EXPECT_EQ(error.code, kith::Code::invalid);
      EXPECT_NE(std::string(error.what()).find("postgresql://user:password@host:port/database"), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find("cret"), std::string::npos) << error.what();
    }
  }
  EXPECT_KITH_ERROR(kith::tenants::list(" postgres" + rest), kith::Code::invalid, "a blank stands before the URL");
  EXPECT_KITH_ERROR(kith::open_storage("postgre" + rest), kith::Code::invalid, "postgresql://host/database");
}

TEST(PostgresSql, AShardPlanIsOfASchemaThatCanBe) {
  for (const char* bad : {"", "pg_kith", "information_schema"}) {
    EXPECT_KITH_ERROR(kith::postgres_shard_plan(kith::model().stored(), bad), kith::Code::invalid, "kith_schema is");
  }
}

TEST(PostgresSql, AShardPlanNamesReferenceTablesThenTheTenantsThenEveryTableBesideThem) {
  const auto plan = kith::postgres_shard_plan(kith::model().stored(), "it's");
  ASSERT_EQ(plan.size(), kith::model().stored().size() + 3);
  EXPECT_EQ(plan[0], "SELECT create_reference_table('\"it''s\".\"kith_store\"');");
  EXPECT_EQ(plan[1], "SELECT create_reference_table('\"it''s\".\"kith_migration\"');");
  EXPECT_EQ(plan[2], "SELECT create_distributed_table('\"it''s\".\"kith_tenant\"', 'tenant_id');");
  std::set<std::string> told;
  for (std::size_t i = 3; i < plan.size(); ++i) {
    EXPECT_EQ(plan[i], "SELECT create_distributed_table('\"it''s\".\"" +
                           std::string(kith::model().stored()[i - 3]->name) +
                           "\"', 'tenant_id', colocate_with => '\"it''s\".\"kith_tenant\"');");
    EXPECT_TRUE(told.insert(plan[i]).second) << plan[i];
  }
  // Nothing refers to another table by a key of the server's, so nothing has to be added behind it.
  for (const kith::Entity* entity : kith::model().stored()) {
    for (const auto& definition : kith::postgres::definitions("kith", *entity)) {
      EXPECT_EQ(definition.sql.find("REFERENCES"), std::string::npos) << definition.sql;
    }
  }
}

#ifdef KITH_POSTGRES

using kith::test::as_role;
using kith::test::Host;
using kith::test::schema_of;

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override { KITH_NEEDS_POSTGRES(); }
};

TEST_F(PostgresTest, BadServersAndPlacesAreNamed) {
  EXPECT_KITH_ERROR(kith::open_storage("postgresql:///x?host=/nowhere"), Code::storage, "cannot connect");
  EXPECT_KITH_ERROR(kith::open_storage("postgresql://[broken"), Code::invalid, "cannot be read");
  EXPECT_KITH_ERROR(kith::open_storage("postgresql:///?sslmood=x"), Code::invalid, "sslmood");
  EXPECT_KITH_ERROR(kith::open_storage(fresh_postgres_url(), {.create = false}), Code::not_found, "no store");
  EXPECT_KITH_ERROR(kith::open_storage(fresh_postgres_url(), {.read_only = true}), Code::not_found, "no store");
}

TEST_F(PostgresTest, KeysBeginWithTheTenantAndTextComparesByBytes) {
  const std::string url = fresh_postgres_url();
  kith::test::open_test_store(url);
  Host host;
  const std::string schema = "'" + schema_of(url) + "'";
  EXPECT_EQ(host("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = " +
                 schema + " AND relkind = 'r'"),
            std::to_string(kith::model().stored().size() + 3));
  EXPECT_EQ(
      host("SELECT string_agg(x.indexrelid::regclass::text, ' ') FROM pg_index x JOIN pg_class c ON c.oid = indrelid "
           "JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND "
           "a.attnum = x.indkey[0] WHERE nspname = " +
           schema +
           " AND c.relname NOT IN ('kith_store', 'kith_migration') AND a.attname IS DISTINCT FROM 'tenant_id'"),
      "");
  EXPECT_EQ(
      host(
          "SELECT string_agg(c.relname || '.' || attname, ' ') FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid "
          "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_collation l "
          "ON l.oid = attcollation WHERE nspname = " +
          schema +
          " AND relkind = 'r' AND typname = 'text' AND relname NOT IN ('kith_store', 'kith_migration') AND collname <> "
          "'C'"),
      "");
  EXPECT_EQ(host("SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = "
                 "c.relnamespace WHERE nspname = " +
                 schema),
            "0");
  EXPECT_EQ(host("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = " +
                 schema + " AND relkind NOT IN ('r', 'i')"),
            "0");
}

TEST_F(PostgresTest, NewerTablesAndForeignOnesAreLeftAlone) {
  const std::string url = fresh_postgres_url();
  const std::string schema = schema_of(url);
  kith::open_storage(url)->prepare(sample_entities());
  Host host;
  host("UPDATE " + schema + ".kith_store SET format = 99");
  EXPECT_KITH_ERROR(kith::open_storage(url), Code::version, "newer Kith");

  const std::string other = fresh_postgres_url();
  const std::string theirs = schema_of(other);
  host("CREATE SCHEMA " + theirs + "; CREATE TABLE " + theirs + ".sample (a int)");
  const auto storage = kith::open_storage(other);
  EXPECT_KITH_ERROR(storage->prepare(sample_entities()), Code::corrupt, "sample");
  EXPECT_EQ(host("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = '" +
                 theirs + "'"),
            "1");
  host("CREATE TABLE " + theirs + ".kith_store (a int)");
  EXPECT_KITH_ERROR(kith::open_storage(other), Code::corrupt, "kith_store");
}

/// What another program has there stays as it was, and nothing is put beside it.
TEST_F(PostgresTest, NothingIsMadeBesideWhatIsInTheWay) {
  const std::string store = "CREATE TABLE {}.kith_store (name text PRIMARY KEY, ";
  Host host;
  for (std::string sql :
       {std::string("CREATE TYPE {}.sample AS ENUM ('a')"), std::string("CREATE SEQUENCE {}.sample"),
        std::string("CREATE DOMAIN {}.kith_tenant AS text"), std::string("CREATE TYPE {}.kith_store AS ENUM ('a')"),
        std::string("CREATE VIEW {}.kith_store AS SELECT 'kith'::text AS name, 3::bigint AS format, "
                    "0::bigint AS rls"),
        store + "format text, rls text)", store + "format int NOT NULL, rls int NOT NULL)"}) {
    SCOPED_TRACE(sql);
    const std::string url = fresh_postgres_url();
    const std::string schema = schema_of(url);
    host("CREATE SCHEMA " + schema);
    EXPECT_EQ(host(sql.replace(sql.find("{}"), 2, schema)), "");
    const std::string count =
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = '" + schema + "'";
    const std::string before = host(count);
    EXPECT_KITH_ERROR(kith::open_storage(url)->prepare(sample_entities()), Code::corrupt, "nothing was changed");
    EXPECT_EQ(host(count), before);
    host("DROP SCHEMA " + schema + " CASCADE");
  }
}

TEST_F(PostgresTest, TablesWithoutALogAreNamed) {
  const std::string url = fresh_postgres_url();
  const auto storage = kith::open_storage(url);
  storage->prepare(sample_entities());
  Host host;
  if (host("ALTER TABLE " + schema_of(url) + ".sample SET UNLOGGED") != "") GTEST_SKIP() << "not on a cluster";
  const std::string mend = "run: ALTER TABLE \"" + schema_of(url) + "\".\"sample\" SET LOGGED";
  ASSERT_EQ(storage->damage().size(), 1U);
  EXPECT_NE(storage->damage()[0].find(mend), std::string::npos) << storage->damage()[0];
  EXPECT_NE(storage->describe().back().find(mend), std::string::npos);
}

TEST_F(PostgresTest, AReadOnlyServerIsNamed) {
  const auto storage = kith::open_storage(fresh_postgres_url("options=-c%20default_transaction_read_only%3Don"));
  EXPECT_KITH_ERROR(storage->prepare(sample_entities()), Code::storage, "read-only");
}

TEST_F(PostgresTest, ARoleWithoutRightsIsToldSo) {
  const std::string url = fresh_postgres_url();
  kith::open_storage(url)->prepare(sample_entities());
  Host host;
  const std::string poor = as_role(host, url, "kith_poor");
  if (poor.empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  EXPECT_KITH_ERROR(kith::open_storage(poor), Code::denied, "kith_poor");
  EXPECT_KITH_ERROR(kith::open_storage(as_role(host, fresh_postgres_url(), "kith_poor"))->prepare(sample_entities()),
                    Code::denied, "kith_poor");
}

TEST_F(PostgresTest, AForgedTenantReadsNothing) {
  const std::string url = fresh_postgres_url("kith_rls=on");
  const std::string schema = schema_of(url);
  Host host;
  for (const int tenant : {1, 2}) {
    const auto storage = kith::open_storage(url + "&kith_tenant=" + std::to_string(tenant));
    storage->prepare(sample_entities());
    const auto writer = storage->connect()->begin(Access::write);
    std::vector<Sample> rows;
    for (int i = 0; i < 600 * tenant; ++i) rows.push_back(make_sample(i + 1));
    writer->insert(sample(), batch_of(rows));
    writer->commit();
  }
  const std::string app = as_role(host, url, "kith_app");
  if (app.empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  host("GRANT USAGE ON SCHEMA " + schema +
       " TO kith_app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO kith_app");
  const auto mine = kith::open_storage(app + "&kith_tenant=1");
  EXPECT_EQ(all_samples(*mine->connect()->begin(Access::read)).size(), 600U);
  {
    const auto writer = mine->connect()->begin(Access::write);
    std::vector<Sample> rows;
    for (int i = 0; i < 600; ++i) rows.push_back(make_sample(10'000 + i));
    writer->insert(sample(), batch_of(rows));
    EXPECT_EQ(all_samples(*writer).size(), 1200U);
  }
  const std::size_t kith_at = app.find("kith_schema=");
  Host forger(app.substr(0, kith_at - 1));
  const std::string table = schema + ".sample";
  EXPECT_EQ(forger("SELECT count(*) FROM " + table), "0") << "without a tenant nothing is seen";
  forger("BEGIN; SET LOCAL kith.tenant = '1'");
  EXPECT_EQ(forger("SELECT count(*) FROM " + table), "600");
  EXPECT_EQ(forger("SELECT count(*) FROM " + table + " WHERE tenant_id = 2"), "0");
  EXPECT_EQ(forger("DELETE FROM " + table + " WHERE tenant_id = 2 RETURNING 1"), "");
  EXPECT_EQ(forger("UPDATE " + table + " SET tenant_id = 2 WHERE id = 1"), "42501");
  forger("ROLLBACK");
  EXPECT_EQ(host("SELECT count(*) FROM " + table + " WHERE tenant_id = 2"), "1200");
}

TEST_F(PostgresTest, ThePoolIsBounded) {
  const auto storage = kith::open_storage(fresh_postgres_url("kith_pool=2"), {.busy_ms = 50});
  storage->prepare(sample_entities());
  const auto connection = storage->connect();
  const auto other = storage->connect();
  const auto one = connection->begin(Access::read);
  auto two = other->begin(Access::read);
  EXPECT_KITH_ERROR(connection->begin(Access::write), Code::busy, "kith_pool");
  two.reset();
  EXPECT_NO_THROW(connection->begin(Access::write));
}

TEST_F(PostgresTest, UnnamedStatementsGiveTheSameRows) {
  const std::string url = fresh_postgres_url("kith_prepare=unnamed&kith_statement_ms=60000&kith_idle_ms=60000");
  const auto storage = kith::open_storage(url);
  storage->prepare(sample_entities());
  const auto writer = storage->connect()->begin(Access::write);
  writer->insert(sample(), batch_of({make_sample(1), make_sample(2)}));
  writer->commit();
  const auto connection = storage->connect();
  const auto reader = connection->begin(Access::read);
  EXPECT_EQ(all_samples(*reader), (std::vector<Sample>{make_sample(1), make_sample(2)}));
  EXPECT_FALSE(storage->describe().empty());
}

TEST_F(PostgresTest, ALostConnectionLosesTheWorkAndTheNextOneIsNew) {
  const std::string url = fresh_postgres_url();
  const auto storage = kith::open_storage(url);
  storage->prepare(sample_entities());
  const auto connection = storage->connect();
  Host host;
  const auto kill_all = [&] {
    host(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'kith' AND query LIKE "
        "'%" +
        schema_of(url) + "%'");
  };
  {
    const auto writer = connection->begin(Access::write);
    writer->insert(sample(), batch_of({make_sample(1)}));
    kill_all();
    try {
      writer->insert(sample(), batch_of({make_sample(2)}));
      ADD_FAILURE() << "a dead connection wrote";
    } catch (const kith::Interrupted& error) {
      EXPECT_FALSE(error.unknown);
      EXPECT_EQ(error.code, Code::storage);
    }
  }
  EXPECT_TRUE(all_samples(*connection->begin(Access::read)).empty());
  kill_all();  // the one that rests in the pool
  const auto writer = connection->begin(Access::write);
  writer->insert(sample(), batch_of({make_sample(3)}));
  writer->commit();
  EXPECT_EQ(all_samples(*connection->begin(Access::read)).size(), 1U);
}

TEST(PostgresLibrary, TwoOfThemAreTold) {
  const std::string system = "7f0 r-xp 0 08:01 12 /usr/lib/x86_64-linux-gnu/libpq.so.5.15\n";
  const std::string wheel = "7f1 r-xp 0 08:01 13 /venv/psycopg_binary.libs/libpq-e8a033dd.so.5.16\n";
  const std::string other = "7f2 r-xp 0 08:01 14 /usr/lib/libpqxx.so\n7f3 rw-p 0 00:00 0\n";
  EXPECT_EQ(kith::postgres::libpq_files(system + system + other).size(), 1U);
  EXPECT_EQ(kith::postgres::libpq_files(system + wheel + other).size(), 2U);
}

TEST_F(PostgresTest, TheHostsConnectionStaysTheHosts) {
  const std::string url = fresh_postgres_url();
  const kith::PostgresOptions mine{.schema = schema_of(url)};
  kith::test::TestStore owned = kith::test::open_test_store(url);
  Host host;
  EXPECT_KITH_ERROR(kith::open_postgres_on(host.raw(), {.schema = "kith_nowhere"})->prepare(sample_entities()),
                    Code::not_found, "host");
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"search_path", "pg_temp"},    {"timezone", "Asia/Kathmandu"}, {"datestyle", "SQL, DMY"},
      {"client_encoding", "LATIN1"}, {"bytea_output", "escape"},     {"standard_conforming_strings", "off"},
      {"lock_timeout", "7s"},        {"extra_float_digits", "-3"}};
  for (const auto& [name, value] : settings) host("SET " + name + " = '" + value + "'");
  const auto clock = std::make_shared<kith::Timestamp>();
  for (const bool keeps : {false, true}) {
    host("CREATE TEMP TABLE IF NOT EXISTS customer (a int); BEGIN");
    {
      auto engine =
          kith::Engine::open(kith::open_postgres_on(host.raw(), mine), kith::model(), kith::test::test_options(clock));
      kith::Session session = engine->session();
      kith::Work work = session.work({.cause = "on the host's connection"});
      kith::Customer acme{.name = "Acme 宏达 é"};
      kith::customer::create(work, acme);
      work.commit();
      {
        kith::Work dropped = session.work({});
        kith::Customer gone{.name = "gone"};
        kith::customer::create(dropped, gone);
      }
      EXPECT_EQ(session.reader().list<kith::Customer>().size(), 1U);
      EXPECT_EQ(session.reader().list<kith::Customer>()[0].name, "Acme 宏达 é");
    }
    for (const auto& [name, value] : settings) EXPECT_EQ(host("SHOW " + name), value);
    EXPECT_EQ(owned.session.reader().list<kith::Customer>().size(), 0U) << "not before the host commits";
    host(keeps ? "COMMIT" : "ROLLBACK");
  }
  EXPECT_EQ(owned.session.reader().list<kith::Customer>().size(), 1U);
  for (const kith::Finding& finding : kith::check(owned.session)) ADD_FAILURE() << finding.message;
  auto storage = kith::open_postgres_on(host.raw(), mine);
  EXPECT_KITH_ERROR(storage->connect()->begin(Access::write), Code::misuse, "transaction");
}

#endif

}  // namespace
}  // namespace kith_test
