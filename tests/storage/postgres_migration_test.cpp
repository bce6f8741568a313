// SPDX-License-Identifier: Apache-2.0
// Tables of format 1 that several tenants share, made by the SQL of that time from the golden file: they are migrated
// step by step under the lease, whoever is killed leaves the rest to the next, and every tenant keeps every row.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "kith/engine/migration.hpp"
#include "storage/contract.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/sqlite_sql.hpp"
#include "support/expect_error.hpp"
#include "support/failing_libpq.hpp"
#include "support/postgres_host.hpp"
#include "support/soak.hpp"
#include "support/source_dir.hpp"
#include "support/store.hpp"

#ifdef KITH_POSTGRES

namespace kith {
namespace {

using test::Host;
using test::schema_of;

constexpr int kTenants = 3;

std::string golden(const char* name) { return (test::source_dir() / "tests/faces/golden" / name).string(); }

/// What an SQLite file says, row by row.
template <class Row>
void query(const std::string& path, const std::string& sql, Row&& row) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  while (sqlite3_step(statement) == SQLITE_ROW) row(statement);
  sqlite3_finalize(statement);
  sqlite3_close(handle);
}

std::string text_at(sqlite3_stmt* row, int column) {
  const void* bytes = sqlite3_column_blob(row, column);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

std::string literal_at(sqlite3_stmt* row, int column) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: return "NULL";
    case SQLITE_INTEGER: return std::to_string(sqlite3_column_int64(row, column));
    case SQLITE_BLOB: return postgres::quoted_text("\\x" + to_hex(text_at(row, column)));
    default: return postgres::quoted_text(text_at(row, column));
  }
}

/// CREATE and INSERT of one table of the golden file, for all tenants.
std::string old_table(const std::string& schema, const std::string& table) {
  std::string columns;
  std::string key = "tenant_id";
  query(golden("format1.kith"), "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo('" + table + "')",
        [&](sqlite3_stmt* row) {
          const std::string type = text_at(row, 1);
          columns += ", \"" + text_at(row, 0) + "\" " +
                     (type == "INTEGER" ? "bigint"
                      : type == "BLOB"  ? "bytea"
                                        : "text COLLATE \"C\"");
          const bool keys = sqlite3_column_int(row, 3) != 0;
          if (keys || sqlite3_column_int(row, 2) != 0) columns += " NOT NULL";
          if (keys) key += ", \"" + text_at(row, 0) + "\"";
        });
  const std::string name = qualified(schema, table);
  std::string sql = "CREATE TABLE " + name + " (tenant_id bigint NOT NULL" + columns + ", PRIMARY KEY (" + key + "));";
  std::string values;
  query(golden("format1.kith"), "SELECT * FROM \"" + table + "\"", [&](sqlite3_stmt* row) {
    for (int tenant = 1; tenant <= kTenants; ++tenant) {
      values += (values.empty() ? "(" : ", (") + std::to_string(tenant);
      for (int i = 0; i < sqlite3_column_count(row); ++i) values += ", " + literal_at(row, i);
      values += ")";
    }
  });
  if (!values.empty()) sql += "INSERT INTO " + name + " VALUES " + values + ";";
  return sql;
}

/// A schema as format 1 made it.
std::string old_schema(const std::string& schema, bool rls) {
  std::map<std::string, bool> tables;  // and indexes
  query(golden("format1.kith"), "SELECT name, type FROM sqlite_schema WHERE sql IS NOT NULL",
        [&](sqlite3_stmt* row) { tables[text_at(row, 0)] = text_at(row, 1) == "table"; });
  std::string sql = "BEGIN; CREATE SCHEMA " + schema + "; CREATE TABLE " + schema +
                    ".kith_store (name text PRIMARY KEY, format bigint NOT NULL, rls bigint NOT NULL); INSERT INTO " +
                    schema + ".kith_store VALUES ('kith', 1, " + (rls ? "1" : "0") + "); CREATE TABLE " + schema +
                    ".kith_tenant (tenant_id bigint PRIMARY KEY); INSERT INTO " + schema +
                    ".kith_tenant SELECT generate_series(1, " + std::to_string(kTenants) + ");";
  if (rls) sql += postgres::rls_sql(schema, "kith_tenant") + ";";
  for (const auto& [name, is_table] : tables) {
    if (!is_table) continue;
    sql += old_table(schema, name);
    if (rls) sql += postgres::rls_sql(schema, name) + ";";
  }
  for (const Entity* entity : model().stored()) {
    const auto theirs = sqlite::definitions(*entity);
    const auto ours = postgres::definitions(schema, *entity);
    EXPECT_EQ(theirs.size(), ours.size());
    for (std::size_t i = 1; i < ours.size(); ++i) {
      if (tables.contains(theirs[i].name)) sql += ours[i].sql + ";";
    }
  }
  return sql + "COMMIT";
}

Options options() {
  Options options;
  options.clock = [] { return parse_timestamp("2026-06-01T00:00:00Z"); };
  options.random = seeded_random(1);
  return options;
}

using Json = nlohmann::json;

/// Rows of a dump by entity, id and, of histories, sequence.
std::map<std::string, Json> rows_of(std::istream& in) {
  std::map<std::string, Json> rows;
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line);
    if (json.contains("kith") || json.contains("sha256") || json.contains("head")) continue;
    const std::string entity = json.begin().key();
    const Json& values = json.begin().value();
    std::string key = entity + " " + values.at("id").dump();
    if (entity.ends_with("_history")) key += " " + values.at("seq").dump();
    rows[key] = values;
  }
  return rows;
}

std::map<std::string, Json> rows_of(Session& session) {
  std::stringstream text;
  dump(session.reader(), text);
  return rows_of(text);
}

/// Opens the tenant, and finds nothing wrong with it.
bool opens_whole(const std::string& url, const Options& given = options()) {
  auto engine = open(url, given);
  Session session = engine->session();
  return check(session).empty();
}

class PostgresMigration : public testing::Test {
 protected:
  void SetUp() override { KITH_NEEDS_POSTGRES(); }

  void make_old(bool rls = false) {
    url_ = test::fresh_postgres_url();
    schema_ = schema_of(url_);
    ASSERT_EQ(host()(old_schema(schema_, rls)), "");
  }
  /// The schema as it was before, in place of what is there now.
  void make_old_again() {
    ASSERT_EQ(host()("DROP SCHEMA " + schema_ + " CASCADE; " + old_schema(schema_, false)), "");
    drop_a_column();
  }
  /// Of two tenants, each found whole: every row, its past, and the chain with the statements of the migration in it.
  std::string digests() {
    std::string all;
    for (const int number : {1, 2}) {
      auto engine = open(tenant(number), options());
      Session session = engine->session();
      EXPECT_TRUE(check(session).empty()) << number;
      EXPECT_EQ(session.reader().list<MigrationRow>().size(), 1U);
      all += to_hex(state_digest(session)) + " ";
    }
    return all;
  }
  /// As before a column came that has no value in any row of the golden file: the digests are the same without it.
  void drop_a_column() {
    for (const char* table : {"customer", "customer_history"}) {
      ASSERT_EQ(host()("ALTER TABLE " + schema_ + "." + table + " DROP COLUMN founded"), "");
    }
  }
  std::string tenant(int number) const { return url_ + "&kith_tenant=" + std::to_string(number); }
  Host& host() {
    if (!host_) host_ = std::make_unique<Host>();
    return *host_;
  }
  std::string format() { return host()("SELECT format FROM " + schema_ + ".kith_store"); }
  /// Everything in the schema, as text.
  std::string shape() {
    return host()(
        "SELECT md5(string_agg(c.relname || '.' || a.attname || a.attnum, ',' ORDER BY c.relname, a.attnum)) FROM "
        "pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE "
        "nspname = '" +
        schema_ + "'");
  }

  std::string url_;
  std::string schema_;

 private:
  std::unique_ptr<Host> host_;
};

TEST_F(PostgresMigration, EveryTenantKeepsEveryRow) {
  make_old();
  drop_a_column();
  host()("ALTER TABLE " + schema_ + ".customer ADD CONSTRAINT host_key UNIQUE (tenant_id, id, name)");
  host()("CREATE INDEX customer_by_name ON " + schema_ + ".customer (tenant_id, name)");
  const std::string before_shape = shape();
  const Migration plan = migration::plan(tenant(1), model());
  EXPECT_EQ(plan.from, 1);
  EXPECT_EQ(plan.to, kFormat);
  const std::string script = migration::script(plan);
  EXPECT_NE(script.find("-- format 1 to 4, sha256 "), std::string::npos);
  EXPECT_NE(script.find("ADD COLUMN \"founded\""), std::string::npos);
  EXPECT_NE(script.find(".\"customer_by_name\""), std::string::npos) << "an index that Kith no longer has";
  EXPECT_EQ(script.find("host_key"), std::string::npos) << "a key of the host's is not Kith's to take away";
  EXPECT_EQ(shape(), before_shape) << "a plan changes nothing";
  std::ifstream before_file(golden("format1.jsonl"));
  const auto before = rows_of(before_file);
  EXPECT_GT(before.size(), 200U);
  for (const int number : {2, 1, 3}) {
    // Whoever comes first takes the steps; the others find them done, and record the same.
    EXPECT_EQ(migration::script(migration::plan(tenant(number), model())), script);
    auto engine = open(tenant(number), options());
    Session session = engine->session();
    for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
    const auto after = rows_of(session);
    for (const auto& [key, values] : before) {
      ASSERT_TRUE(after.contains(key)) << key;
      for (const auto& [name, value] : values.items()) EXPECT_EQ(after.at(key).at(name), value) << key << " " << name;
    }
    const auto rows = session.reader().list<MigrationRow>();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.front().statements, script.substr(script.find('\n') + 1));
    EXPECT_EQ(session.reader().get<WorkRow>({rows.front().seq}).cause, "migration from format 1 to 4");
    EXPECT_TRUE(migration::plan(tenant(number), model()).steps.empty());
    EXPECT_EQ(format(), std::to_string(kFormat));
  }
  EXPECT_EQ(host()("SELECT count(*) FROM " + schema_ + ".kith_migration WHERE done = 0"), "0");
  // A tenant that comes new, and a migrated one that goes on.
  EXPECT_TRUE(opens_whole(tenant(9)));
  auto engine = open(tenant(1), options());
  Session session = engine->session();
  auto customers = session.reader().list<Customer>({.order = {"name"}});
  ASSERT_FALSE(customers.empty());
  Work work = session.work();
  customers.front().name += "!";
  customer::update(work, customers.front());
  work.commit();
  EXPECT_TRUE(check(session).empty());
}

TEST_F(PostgresMigration, GivesTheRowsThatSqliteGives) {
  make_old();
  const test::TemporaryFile file;
  std::filesystem::copy_file(golden("format1.kith"), file.path());
  auto theirs = open(file.path(), options());
  auto ours = open(tenant(1), options());
  Session their_session = theirs->session();
  Session our_session = ours->session();
  const auto expected = rows_of(their_session);
  const auto found = rows_of(our_session);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [key, values] : expected) {
    ASSERT_TRUE(found.contains(key)) << key;
    for (const auto& [name, value] : values.items()) {
      // The statements are each backend's own, and with them the end of the chain.
      if (name == "statements" || name == "checksum" || name == "hash" || name == "digest") continue;
      EXPECT_EQ(found.at(key).at(name), value) << key << " " << name;
    }
  }
}

TEST_F(PostgresMigration, ANewTenantInOldTablesMigratesThem) {
  make_old();
  auto engine = open(tenant(kTenants + 1), options());
  Session session = engine->session();
  EXPECT_EQ(session.reader().list<MigrationRow>().at(0).from_format, 0) << "made, not migrated";
  EXPECT_TRUE(check(session).empty());
  EXPECT_EQ(format(), std::to_string(kFormat));
  EXPECT_EQ(
      host()("SELECT string_agg(tenant_id || ':' || format, ' ' ORDER BY tenant_id) FROM " + schema_ + ".kith_tenant"),
      "1:1 2:1 3:1 4:4");
}

/// As a part of a backup leaves it: the tenants are new, what says of which format the tables are is old.
TEST_F(PostgresMigration, TablesThatOnlySayThatTheyAreOldAreToldAndMended) {
  make_old();
  EXPECT_TRUE(opens_whole(tenant(1)));
  EXPECT_EQ(migration::script(migration::plan(tenant(1), model())), "");
  host()("UPDATE " + schema_ + ".kith_store SET format = 1");
  EXPECT_NE(migration::script(migration::plan(tenant(1), model())), "");
  EXPECT_TRUE(opens_whole(tenant(1)));
  EXPECT_EQ(format(), std::to_string(kFormat));
  EXPECT_EQ(migration::script(migration::plan(tenant(1), model())), "");
}

TEST_F(PostgresMigration, IsRefusedWhereTheHostDoesNotWantIt) {
  make_old();
  const std::string before = shape();
  Options never = options();
  never.migrate = false;
  EXPECT_KITH_ERROR(open(tenant(1), never), Code::version, "from format 1 to 4");
  Options reading = options();
  reading.storage.read_only = true;
  EXPECT_KITH_ERROR(open(tenant(1), reading), Code::version, "open it for writing");
  host()("BEGIN");
  EXPECT_KITH_ERROR(Engine::open(open_postgres_on(host().raw(), {.schema = schema_}), model(), options()),
                    Code::version, "connection of the host's");
  EXPECT_EQ(host()("SELECT 1"), "1") << "the host's transaction goes on";
  host()("COMMIT");
  const std::string poor = test::as_role(host(), tenant(1), "kith_tenant_only");
  if (!poor.empty()) {
    host()("GRANT USAGE ON SCHEMA " + schema_ + " TO kith_tenant_only; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL " +
           "TABLES IN SCHEMA " + schema_ + " TO kith_tenant_only");
    EXPECT_KITH_ERROR(open(poor, options()), Code::denied, "kith_tenant_only");
  }
  EXPECT_EQ(shape(), before);
  EXPECT_EQ(format(), "1");
}

TEST_F(PostgresMigration, ATableInUseIsBusyAndTheRestIsDoneLater) {
  make_old();
  drop_a_column();
  host()("BEGIN; SELECT count(*) FROM " + schema_ + ".customer");
  Options hasty = options();
  hasty.storage.busy_ms = 50;
  const std::string in_use = "ALTER TABLE " + qualified(schema_, "customer");
  const std::string script = migration::script(migration::plan(tenant(1), model()));
  ASSERT_NE(script.find(in_use), std::string::npos) << script;
  EXPECT_KITH_ERROR(open(tenant(1), hasty), Code::busy, "");
  Host other;
  EXPECT_NE(other("SELECT count(*) FROM " + schema_ + ".kith_migration WHERE done = 1"), "0");
  EXPECT_NE(other("SELECT count(*) FROM " + schema_ + ".kith_migration WHERE done = 0"), "0");
  EXPECT_EQ(migration::script(migration::plan(tenant(1), model())), script) << "what is under way is told whole";
  host()("COMMIT");
  EXPECT_TRUE(opens_whole(tenant(1), hasty));
  EXPECT_EQ(format(), std::to_string(kFormat));
}

TEST_F(PostgresMigration, TablesThatNoOlderFormatMadeAreCorrupt) {
  for (const auto& [change, says] : {std::pair("RENAME COLUMN name TO title", "under another name, rename it back"),
                                     std::pair("ADD x text", "\"customer\" DROP COLUMN \"x\"")}) {
    make_old();
    ASSERT_EQ(host()("ALTER TABLE " + schema_ + ".customer " + change), "");
    EXPECT_KITH_ERROR(open(tenant(1), options()), Code::corrupt, says);
    EXPECT_EQ(format(), "1");
  }
  make_old();
  drop_a_column();
  host()("BEGIN; SELECT count(*) FROM " + schema_ + ".customer");
  Options hasty = options();
  hasty.storage.busy_ms = 50;
  EXPECT_KITH_ERROR(open(tenant(1), hasty), Code::busy, "was in use for more than 50 ms");
  host()("COMMIT; UPDATE " + schema_ + ".kith_migration SET statement = 'DROP TABLE customer' WHERE step = 2");
  EXPECT_KITH_ERROR(open(tenant(1), options()), Code::corrupt, "checksum");
}

/// What another program puts in the way while a migration is under way: the step that meets it says so, what is done
/// stays, and once it is gone the next opening goes on.
TEST_F(PostgresMigration, WhatComesInTheWayIsNamedAndTheRestIsDoneLater) {
  make_old();
  const std::string script = migration::script(migration::plan(tenant(1), model()));
  const std::string made = "CREATE TABLE \"" + schema_ + "\".\"";
  const std::size_t at = script.find(made);
  ASSERT_NE(at, std::string::npos) << script;
  const std::string table = script.substr(at + made.size(), script.find('"', at + made.size()) - at - made.size());
  // There before: nothing is begun.
  host()("CREATE SEQUENCE " + schema_ + "." + table);
  EXPECT_KITH_ERROR(open(tenant(1), options()), Code::corrupt, table + " of another program is in the way");
  host()("DROP SEQUENCE " + schema_ + "." + table);
  EXPECT_EQ(format(), "1");
  // Come between two steps: the statements stand there already, so a step meets it.
  drop_a_column();
  host()("BEGIN; SELECT count(*) FROM " + schema_ + ".customer");
  Options hasty = options();
  hasty.storage.busy_ms = 50;
  EXPECT_KITH_ERROR(open(tenant(1), hasty), Code::busy, "the next opening goes on behind it");
  host()("COMMIT");
  const std::string waiting =
      host()("SELECT substring(statement FROM '\"([^\"]*)\" \\(\"tenant_id') FROM " + schema_ +
             ".kith_migration WHERE done = 0 AND statement LIKE 'CREATE TABLE%' ORDER BY step LIMIT 1");
  ASSERT_FALSE(waiting.empty());
  host()("CREATE TABLE " + schema_ + "." + waiting + " (theirs int)");
  try {
    open(tenant(1), options());
    ADD_FAILURE() << "a table of another program was taken for Kith's";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::corrupt) << error.what();
    EXPECT_TRUE(test::says(error, "what is migrated stays, and the next opening goes on behind it: rename or remove"));
  }
  EXPECT_EQ(format(), "1");
  host()("DROP TABLE " + schema_ + "." + waiting);
  EXPECT_TRUE(opens_whole(tenant(1)));
  EXPECT_EQ(format(), std::to_string(kFormat));
}

TEST_F(PostgresMigration, AnAddedColumnBeginsWithTheDefaultOfItsStruct) {
  using kith_test::Sample;
  url_ = test::fresh_postgres_url();
  schema_ = schema_of(url_);
  std::vector<Sample> rows;
  {
    const auto storage = open_storage(url_);
    storage->prepare(kith_test::sample_entities());
    const auto writer = storage->connect()->begin(Access::write);
    for (int i = 1; i <= 3; ++i) rows.push_back(kith_test::make_sample(i));
    writer->insert(kith_test::sample(), kith_test::batch_of(rows));
    writer->commit();
  }
  std::string drops;
  const Sample fresh;
  for (const char* field :
       {"number", "flag", "colour", "rate", "amount", "day", "time", "raw", "maybe_name", "maybe_raw"}) {
    drops += "ALTER TABLE " + schema_ + ".sample DROP COLUMN " + field + ";";
    drops += "ALTER TABLE " + schema_ + ".sample_history DROP COLUMN " + field + ";";
  }
  ASSERT_EQ(host()(drops + "ALTER TABLE " + schema_ + ".kith_tenant DROP COLUMN format; UPDATE " + schema_ +
                   ".kith_store SET format = 1"),
            "");
  for (Sample& row : rows) {
    row.number = fresh.number;
    row.flag = fresh.flag;
    row.colour = fresh.colour;
    row.rate = fresh.rate;
    row.amount = fresh.amount;
    row.day = fresh.day;
    row.time = fresh.time;
    row.raw = fresh.raw;
  }
  const auto entities = kith_test::sample_entities();
  const auto storage = open_storage(url_);
  EXPECT_KITH_ERROR(storage->prepare(entities), Code::version, "open it for writing once");
  const Migration plan = storage->migration(entities);
  storage->migrate(plan, entities);
  const auto connection = storage->connect();
  {
    const auto writer = connection->begin(Access::write);
    writer->migrate(plan, entities);
    writer->commit();
  }
  storage->prepare(entities);
  EXPECT_EQ(kith_test::all_samples(*connection->begin(Access::read)), rows);
  const auto writer = connection->begin(Access::write);
  EXPECT_KITH_ERROR(writer->migrate(plan, entities), Code::conflict, "meanwhile");
}

TEST_F(PostgresMigration, NewTablesGetTheSecondWall) {
  make_old(true);
  EXPECT_TRUE(opens_whole(tenant(2)));
  EXPECT_EQ(host()("SELECT string_agg(relname, ' ') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE "
                   "nspname = '" +
                   schema_ +
                   "' AND relkind = 'r' AND relname NOT IN ('kith_store', 'kith_migration') AND NOT "
                   "(relrowsecurity AND relforcerowsecurity)"),
            "");
}

TEST_F(PostgresMigration, AnOlderProcessNoLongerWritesIntoAMigratedTenant) {
  auto store = test::open_test_store(test::fresh_postgres_url());
  url_ = "";
  const auto describe = store.engine->storage().describe();
  std::string place;
  for (const std::string& line : describe) {
    if (line.find("schema ") == std::string::npos) continue;
    const std::size_t from = line.find("schema ") + 7;
    place = line.substr(from, line.find(',', from) - from);
  }
  ASSERT_FALSE(place.empty());
  host()("UPDATE " + place + ".kith_tenant SET format = " + std::to_string(kFormat + 1));
  EXPECT_KITH_ERROR(store.session.work(), Code::version, "newer Kith");
  EXPECT_NO_THROW(store.session.reader()) << "reading goes on: migrations only add";
}

/// Opens the tenant in a process of its own, which dies by SIGKILL before that statement; true when it lived.
bool survives(const std::string& url, int statement) {
  const pid_t child = fork();
  if (child == 0) {
    test::FailingLibpq libpq;
    libpq.arm({.at = statement, .act = [] { raise(SIGKILL); }});
    try {
      open(url, options());
      _exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(1);
    }
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

TEST_F(PostgresMigration, AKillAnywhereLeavesTheRestToTheNext) {
  make_old();
  drop_a_column();
  const std::string never_killed = digests();
  const std::string tables = shape();
  int kills = 0;
  // Killed again and again on the way through one schema, and each time somewhere else.
  for (int start = 1; start <= test::amount_of(1, 3); ++start) {
    make_old_again();
    int statements = start;
    for (bool done = false; !done; statements += 11) {
      done = survives(tenant(1 + kills % 2), statements);
      kills += done ? 0 : 1;
    }
    EXPECT_EQ(digests(), never_killed) << "what nobody killed has left another state";
    EXPECT_EQ(shape(), tables);
    EXPECT_EQ(host()("SELECT count(*) FROM " + schema_ + ".kith_migration WHERE done = 0"), "0");
  }
  EXPECT_GT(kills, test::amount_of(6, 20));
}

/// The server itself is killed, again and again on the way through one schema.
TEST_F(PostgresMigration, AKillOfTheServerLeavesTheRestToTheNext) {
  test::PostgresServer server;
  ASSERT_EQ(server.fault(), "");
  url_ = server.url() + "&kith_schema=kith_killed";
  schema_ = schema_of(url_);
  ASSERT_EQ(Host(server.url())(old_schema(schema_, false)), "");
  const std::string never_killed = digests();
  ASSERT_EQ(Host(server.url())("DROP SCHEMA " + schema_ + " CASCADE; " + old_schema(schema_, false)), "");
  std::mt19937 random(19);
  int kills = 0;
  for (bool done = false; !done; kills += done ? 0 : 1) {
    std::thread killer;
    test::FailingLibpq libpq;
    // Before a statement or within it.
    const auto delay = std::chrono::microseconds(random() % 2000);
    libpq.arm({.at = test::soaking() ? 5 + kills / 4 : 20 + 80 * kills, .act = [&] {
                 killer = std::thread([&server, delay] {
                   std::this_thread::sleep_for(delay);
                   server.kill();
                 });
               }});
    try {
      open(tenant(1 + kills % 2), options());
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::storage) << error.what();
    }
    done = libpq.disarm() == 0;
    if (!killer.joinable()) continue;
    killer.join();
    ASSERT_TRUE(server.start());
  }
  EXPECT_EQ(digests(), never_killed) << "what nobody killed has left another state";
  Host host(server.url());
  EXPECT_EQ(host("SELECT count(*) FROM " + schema_ + ".kith_migration WHERE done = 0"), "0");
  EXPECT_GT(kills, 2);
  test::tell("kill -9 of the server while migrating: ", kills);
}

TEST_F(PostgresMigration, ProcessesThatMigrateAtOnceTakeTurns) {
  make_old();
  Options patient = options();
  patient.storage.busy_ms = 60'000;  // six migrations one after another, on a machine that may have more to do
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        open(tenant(1 + i % kTenants), patient);
        _exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  for (int number = 1; number <= kTenants; ++number) {
    auto engine = open(tenant(number), options());
    Session session = engine->session();
    EXPECT_TRUE(check(session).empty());
    EXPECT_EQ(session.reader().list<MigrationRow>().size(), 1U);
  }
}

}  // namespace
}  // namespace kith

#endif
