// SPDX-License-Identifier: Apache-2.0
// Stores of older formats: the golden files open, keep every row, and survive a kill at any statement on the way.
#include "kith/engine/migration.hpp"

#include <sqlite3.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/expect_error.hpp"
#include "support/postgres_server.hpp"
#include "support/soak.hpp"
#include "support/source_dir.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

std::string golden(const std::string& name) { return (test::source_dir() / "tests/faces/golden" / name).string(); }

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void sql(const std::string& path, const std::string& statement) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, statement.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

/// A copy of a golden file.
class Old : public test::TemporaryFile {
 public:
  explicit Old(const std::string& name = "format1") { std::filesystem::copy_file(golden(name + ".kith"), path()); }
};

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

class GoldenStore : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Of, GoldenStore, testing::Values("format1", "format2", "format2_ledger", "format3"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(GoldenStore, KeepsEveryRow) {
  const Old old(GetParam());
  const std::string from(1, GetParam()[std::string_view("format").size()]);
  const Migration plan = migration::plan(old.path(), model());
  EXPECT_EQ(std::to_string(plan.from), from);
  EXPECT_EQ(plan.to, kFormat);
  const std::string script = migration::script(plan);
  EXPECT_NE(script.find("-- format " + from + " to 4, sha256 "), std::string::npos);
  EXPECT_EQ(script.find("CREATE TABLE \"migration\" ") != std::string::npos, from == "1");

  auto engine = open(old.path(), options());
  Session session = engine->session();
  for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
  std::ifstream before_file(golden(std::string(GetParam()) + ".jsonl"));
  const auto before = rows_of(before_file);
  std::stringstream text;
  dump(session.reader(), text);
  const auto after = rows_of(text);
  EXPECT_GT(before.size(), 200U);
  for (const auto& [key, values] : before) {
    ASSERT_TRUE(after.contains(key)) << key;
    for (const auto& [name, value] : values.items()) EXPECT_EQ(after.at(key).at(name), value) << key << " " << name;
  }
  const auto migrations = session.reader().list<MigrationRow>();
  ASSERT_EQ(migrations.size(), 1U);
  EXPECT_EQ(script.substr(script.find('\n') + 1), migrations.front().statements);
  EXPECT_EQ(session.reader().get<WorkRow>({migrations.front().seq}).cause, "migration from format " + from + " to 4");
}

/// Deals that are not worth their amount, present and past.
int worthless(Session& session, int& deals) {
  int wrong = 0;
  for (const Opportunity& deal : session.reader().list<Opportunity>()) {
    for (const auto& version : history::versions<Opportunity>(session.reader(), deal.id)) {
      ++deals;
      const Opportunity& row = version.record;
      wrong += row.base_amount != row.amount || row.base_rate || row.base_rate_on ? 1 : 0;
    }
  }
  return wrong;
}

TEST_P(GoldenStore, ItsDealsAreWorthTheirAmounts) {
  const Old old(GetParam());
  {
    auto engine = open(old.path(), options());
    Session session = engine->session();
    int deals = 0;
    EXPECT_EQ(worthless(session, deals), 0);
    EXPECT_GT(deals, 1);
    EXPECT_TRUE(history::verify(session.reader()).faults.empty());
  }
  sql(old.path(), "UPDATE opportunity SET base_amount = base_amount + 1 WHERE base_amount IS NOT NULL");
  auto engine = open(old.path(), options());
  EXPECT_FALSE(history::verify(engine->session().reader()).faults.empty()) << "what was filled in is guarded, too";
}

TEST(Migration, SharesOfFormat3AreFoundWithoutADayAndGetOneWhenTheirEventIsPostedAgain) {
  const Old old("format3");
  auto engine = open(old.path(), options());
  Session session = engine->session();
  const auto dated = [&] { return session.reader().list<EventShare>({.where = "date is not null"}); };
  EXPECT_TRUE(dated().empty());
  const auto run = [&](std::string_view events) {
    Work work = session.work();
    incentive::post_events(work, incentive::parse_events(events));
    const incentive::RunResult result = incentive::run(work, "2025-02");
    work.commit();
    for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
    return result;
  };
  const incentive::RunResult first = run("[]");
  EXPECT_EQ(first.changed, 0) << "what was computed by format 3";
  EXPECT_GT(first.statements, 1);
  const auto bo = session.reader().find_one<Employee>({.where = "name = 'Bo 張偉'"});
  ASSERT_TRUE(bo);
  const std::string who = std::to_string(bo->id.value);
  EXPECT_EQ(run(R"([{"source": "shop", "id": "3", "version": 3, "type": "order", "date": "2025-01-31",
                   "amount": "300.00", "currency": "USD", "splits": [{"person": ")" +
                who + R"(", "role": "primary", "share": "1"}]}])")
                .changed,
            0);
  const auto shares = dated();
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(shares.front().date, date(2025, 1, 31));
}

TEST(Migration, PostingsOfFormat3InOtherCurrenciesHaveNoWorth) {
  const Old old("format3");
  auto engine = open(old.path(), options());
  Session session = engine->session();
  const Table sums = ledger::balance(session.reader(), {.by = {"measure"}});
  ASSERT_EQ(sums.rows(), 3U);
  EXPECT_EQ(sums.value(0, sums.at("amount")), Value(Money{3'000, currency("EUR")}));
  EXPECT_TRUE(is_null(sums.value(0, sums.at("base_amount")))) << "nobody knows the rate of a posting of then";
  EXPECT_EQ(sums.value(1, sums.at("base_amount")), Value(Money{1'000, currency("USD")}));
  Work work = session.work({.cause = "a correction"});
  const auto euros = work.list<Posting>({.where = "currency = 'EUR' and reverses is null", .order = {"id"}});
  ledger::reverse(work, std::vector{euros.back().id});
  work.commit();
  for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
}

TEST(Migration, ADumpOfFormat3VerifiesAndSoDoesTheStoreItBecomes) {
  std::ifstream in(golden("format3.jsonl"));
  const test::TemporaryFile file;
  load(in, file.path(), model(), options());
  auto engine = open(file.path(), options());
  Session session = engine->session();
  for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
  const auto report = history::verify(session.reader());
  EXPECT_TRUE(report.faults.empty());
  const auto rows = session.reader().list<MigrationRow>();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.front().additions, "head.currency=USD\nhead.zone=UTC\n") << "it had base amounts of its own";
}

TEST(Migration, ADumpOfFormat1IsRefused) {
  std::ifstream in(golden("format1.jsonl"));
  const test::TemporaryFile file;
  EXPECT_KITH_ERROR(load(in, file.path(), model(), options()), Code::version, "open the store file");
  EXPECT_FALSE(std::filesystem::exists(file.path()));
}

TEST(Migration, ADumpOfFormat2IsFilledAsAStoreIs) {
  std::ifstream in(golden("format2_ledger.jsonl"));
  const test::TemporaryFile file;
  load(in, file.path(), model(), options());
  Options reading = options();
  reading.storage.read_only = true;
  { EXPECT_EQ(open(file.path(), reading)->session().reader().list<MigrationRow>().size(), 0U); }
  std::string digest;
  for (int round = 0; round < 2; ++round) {
    auto engine = open(file.path(), options());
    Session session = engine->session();
    for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << " " << finding.message;
    int deals = 0;
    EXPECT_EQ(worthless(session, deals), 0);
    EXPECT_GT(deals, 3);
    const auto rows = session.reader().list<MigrationRow>();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.front().additions, "opportunity.base_amount\nhead.currency=USD\nhead.zone=UTC\n");
    const std::string now = to_hex(state_digest(session));
    EXPECT_EQ(now, round == 0 ? now : digest);
    digest = now;
  }
}

/// Everything that an SQLite file has besides its rows; columns in the order of their names, for migrations add theirs.
std::string catalogue_of(const std::string& path) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  std::string text;
  const auto add = [](void* to, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i)
      *static_cast<std::string*>(to) += (values[i] != nullptr ? values[i] : "") + std::string("|");
    *static_cast<std::string*>(to) += '\n';
    return 0;
  };
  for (const char* question :
       {"SELECT type, name, tbl_name, CASE type WHEN 'table' THEN '' ELSE sql END FROM sqlite_schema ORDER BY 1, 2",
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS c "
        "WHERE m.type = 'table' ORDER BY 1, 2",
        "PRAGMA user_version", "PRAGMA application_id"}) {
    EXPECT_EQ(sqlite3_exec(handle, question, add, &text, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  }
  sqlite3_close(handle);
  return text;
}

TEST_P(GoldenStore, HasTheTablesAndIndexesOfANewOne) {
  const test::TemporaryFile fresh;
  open(fresh.path(), options());
  const Old old(GetParam());
  sql(old.path(), "CREATE INDEX mine ON customer (name); CREATE UNIQUE INDEX customer_own ON customer (id, name)");
  open(old.path(), options());
  std::string theirs = catalogue_of(old.path());
  for (const std::string line :
       {"index|mine|customer|CREATE INDEX mine ON customer (name)|\n",
        "index|customer_own|customer|CREATE UNIQUE INDEX customer_own ON customer (id, name)|\n"}) {
    ASSERT_NE(theirs.find(line), std::string::npos) << "what the host made stays";
    theirs.erase(theirs.find(line), line.size());
  }
  EXPECT_EQ(theirs, catalogue_of(fresh.path()));
}

TEST(Migration, AnOldDumpBecomesTheSameStoreOnEveryStorage) {
  std::map<std::string, std::string> digests;
  for (const char* backend : test::backend_names()) {
    if (std::string_view(backend) == "memory") continue;  // gone between the load and the opening
    const test::TemporaryFile file;
    const std::string url = std::string_view(backend) == "sqlite" ? file.path() : test::fresh_postgres_url();
    std::ifstream in(golden("format2_ledger.jsonl"));
    load(in, url, model(), options());
    auto engine = open(url, options());
    Session session = engine->session();
    EXPECT_TRUE(check(session).empty()) << backend;
    digests[to_hex(state_digest(session))] += std::string(backend) + " ";
  }
  EXPECT_EQ(digests.size(), 1U);
}

TEST(Migration, HappensOnce) {
  const Old old;
  std::string digest;
  for (int round = 0; round < 2; ++round) {
    auto engine = open(old.path(), options());
    const std::string now = to_hex(state_digest(engine->session()));
    EXPECT_EQ(now, round == 0 ? now : digest);
    digest = now;
  }
  EXPECT_TRUE(migration::plan(old.path(), model()).steps.empty());
  EXPECT_EQ(migration::script(migration::plan(old.path(), model())), "");
}

TEST(Migration, AMigratedStoreIsWrittenLikeAnyOther) {
  const Old old;
  auto engine = open(old.path(), options());
  Session session = engine->session();
  auto customers = session.reader().list<Customer>({.order = {"name"}});
  ASSERT_FALSE(customers.empty());
  Work work = session.work();
  customers.front().name += "!";
  customer::update(work, customers.front());
  work.commit();
  EXPECT_TRUE(check(session).empty());
}

TEST(Migration, IsRefusedWhereTheHostDoesNotWantIt) {
  const Old old;
  const std::string before = bytes_of(old.path());
  Options never = options();
  never.migrate = false;
  EXPECT_KITH_ERROR(open(old.path(), never), Code::version, "from format 1 to 4");
  Options reading = options();
  reading.storage.read_only = true;
  EXPECT_KITH_ERROR(open(old.path(), reading), Code::version, "open it for writing");
  EXPECT_TRUE(bytes_of(old.path()) == before) << "a refused store was changed";
}

TEST(Migration, TablesThatNoOlderFormatMadeAreCorrupt) {
  for (const char* change :
       {"ALTER TABLE customer RENAME COLUMN name TO title", "ALTER TABLE customer ADD COLUMN x TEXT",
        "DROP INDEX work_unique_key; CREATE INDEX work_unique_key ON work (key)"}) {
    const Old old;
    sql(old.path(), change);
    EXPECT_KITH_ERROR(open(old.path(), options()), Code::corrupt, "restore a backup");
  }
}

// The child dies by SIGKILL as it begins its k-th statement on any connection.
int statements_left = 0;
int count_statement(unsigned, void*, void*, void*) {
  if (--statements_left == 0) raise(SIGKILL);
  return 0;
}
int watch_connection(sqlite3* handle, char**, const void*) {
  return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, count_statement, nullptr);
}

bool survives(const std::string& path, int statements) {
  const pid_t child = fork();
  if (child == 0) {
    statements_left = statements;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch_connection));
    try {
      open(path, options());
      _exit(0);
    } catch (...) {
      _exit(1);
    }
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

TEST(Migration, AKillAtAnyStatementLeavesAStoreThatOpens) {
  std::string expected;
  {
    const Old old;
    auto engine = open(old.path(), options());
    expected = to_hex(state_digest(engine->session()));
  }
  int kills = 0;
  const int stride = test::sanitized() ? 12 : 1;
  for (int statements = 1;; statements += stride * (statements < 40 ? 1 : 23)) {
    const Old old;
    const bool done = survives(old.path(), statements);
    kills += done ? 0 : 1;
    auto engine = open(old.path(), options());
    Session session = engine->session();
    ASSERT_EQ(to_hex(state_digest(session)), expected) << "killed at statement " << statements;
    ASSERT_TRUE(kills % 8 != 0 || check(session).empty());
    if (done) break;
  }
  EXPECT_GT(kills, 40 / stride);
}

}  // namespace
}  // namespace kith
