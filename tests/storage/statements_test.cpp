// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of a cluster (DESIGN.md 5), held against every statement that is really sent to PostgreSQL while a store
/// is made, written, read, migrated, dumped and loaded. A test's own functions in place of libpq's write them down.
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "storage/contract.hpp"
#include "support/postgres_host.hpp"
#include "support/script.hpp"
#include "support/source_dir.hpp"
#include "support/store.hpp"

#ifdef KITH_POSTGRES

namespace kith_test {
namespace {

namespace postgres = kith::postgres;

/// Statements of one text, at the semicolons that stand in no literal and no name.
std::vector<std::string> statements_in(const std::string& text) {
  std::vector<std::string> all(1);
  char inside = 0;
  for (const char letter : text) {
    if (inside != 0) {
      if (letter == inside) inside = 0;
    } else if (letter == '\'' || letter == '"') {
      inside = letter;
    } else if (letter == ';') {
      all.emplace_back();
      continue;
    }
    all.back() += letter;
  }
  for (std::string& one : all) {
    const std::size_t from = one.find_first_not_of(' ');
    one = from == std::string::npos ? "" : one.substr(from);
  }
  std::erase(all, "");
  return all;
}

/// The text with what stands in literals taken out: 'x' becomes ''.
std::string without_literals(const std::string& sql) { return std::regex_replace(sql, std::regex(R"('[^']*')"), "''"); }

/// Tables that every node has a copy of: one row for the schema, and its migrations.
bool is_reference(const std::string& table) { return table == "kith_store" || table == "kith_migration"; }

/// What a statement may call. md5 and "left" stand over columns of keys, of a table's own row.
const std::set<std::string> kFunctions = {"pg_catalog.set_config", "pg_catalog.current_setting", "pg_catalog.unnest",
                                          "pg_catalog.md5", "pg_catalog.\"left\"", "pg_catalog.count", "pg_catalog.sum",
                                          "pg_catalog.format_type", "pg_catalog.translate", "pg_catalog.pg_get_expr",
                                          // Of the coordinator alone, about the host's transaction.
                                          "pg_catalog.pg_current_xact_id"};
/// Words before a bracket that call nothing.
const std::set<std::string> kWords = {"IN", "ANY",    "VALUES", "FROM", "AND",   "OR",    "NOT",    "KEY",    "ON",
                                      "AS", "EXISTS", "USING",  "ALL",  "UNION", "WHERE", "SELECT", "NULLIF", "STDIN"};

/// The rules that a statement breaks, a line each.
std::string broken_rules(const std::string& statement) {
  const std::string sql = without_literals(statement);
  std::string broken;
  const auto breaks = [&](const std::string& rule) { broken += rule + "\n"; };
  const auto has = [&](const char* pattern) { return std::regex_search(sql, std::regex(pattern, std::regex::icase)); };
  // A column may be called as a word of SQL is.
  const std::string words = std::regex_replace(sql, std::regex("\"[^\"]*\""), "\"\"");

  static const std::regex verb(
      "^(SELECT|INSERT|UPDATE|DELETE|COPY|DECLARE|FETCH|CLOSE|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET LOCAL|"
      "CREATE SCHEMA|CREATE TABLE|CREATE INDEX|CREATE UNIQUE INDEX|CREATE POLICY|ALTER TABLE|DROP "
      "INDEX|DEALLOCATE)\\b");
  if (!std::regex_search(sql, verb)) breaks("an unknown kind of statement");
  // The one cast stands in the policy of row-level security, which no query of Kith carries.
  if (!sql.starts_with("CREATE POLICY") && has("::|\\bCAST\\b")) breaks("a cast");
  static const std::regex refused(
      "\\bRECURSIVE\\b|\\bTRIGGER\\b|\\bSEQUENCE\\b|serial\\b|\\bREFERENCES\\b|\\bMERGE\\b|\\bROLLUP\\b|\\bCUBE\\b|"
      "GROUPING SETS|CURRENT_(DATE|TIME|USER)|\\bI?LIKE\\b|SIMILAR TO",
      std::regex::icase);
  if (std::regex_search(words, refused)) {
    breaks("a word that a cluster refuses, or that means another thing elsewhere");
  }
  if (std::regex_search(sql, std::regex(R"( [/%~+] | \|\| )"))) breaks("arithmetic, matching or joining of texts");

  static const std::regex call(R"re(((?:pg_catalog\.)?(?:"\w+"|\w+)) ?\()re");
  for (std::sregex_iterator at(sql.begin(), sql.end(), call), end; at != end; ++at) {
    const std::string name = (*at)[1];
    const std::string before = sql.substr(0, static_cast<std::size_t>(at->position()));
    // The names of a table, an index or an alias are followed by columns.
    const bool columns = std::regex_search(
        before + name, std::regex(R"re((INTO|COPY|TABLE|TABLE IF NOT EXISTS|ON|AS) (?:"\w+"\.)?("?\w+"?)$)re"));
    if (columns || kWords.contains(name) || kFunctions.contains(name)) continue;
    breaks("it calls " + name);
  }

  if (sql.starts_with("CREATE TABLE") && sql.find("kith_store") == std::string::npos &&
      sql.find("kith_migration") == std::string::npos &&
      !has(R"re(PRIMARY KEY \("tenant_id"|\("tenant_id" bigint PRIMARY KEY)re")) {
    breaks("a table whose key does not begin with the tenant");
  }
  if (has(R"(^CREATE (UNIQUE )?INDEX)") && !has(R"re(ON "\w+"\."\w+" \("tenant_id")re")) {
    breaks("an index that does not begin with the tenant");
  }
  const bool data = has("^(SELECT|INSERT|UPDATE|DELETE|COPY|DECLARE)");
  if (data) {
    std::ptrdiff_t sources = 0;
    static const std::regex source(R"re((?:FROM|INTO|UPDATE|JOIN|COPY) "\w+"\."(\w+)")re");
    for (std::sregex_iterator at(sql.begin(), sql.end(), source), end; at != end; ++at) {
      sources += is_reference((*at)[1]) ? 0 : 1;
    }
    // A condition on the tenant's column, or the tenant as the first value of what is added.
    static const std::regex wall(R"re("tenant_id" = (?:\$1|\d+)|)re"
                                 R"re(\("tenant_id", [^)]*\) (?:VALUES \((?:\$1|\d+)|SELECT \$1|FROM STDIN))re");
    const auto walls = std::distance(std::sregex_iterator(sql.begin(), sql.end(), wall), std::sregex_iterator());
    if (walls < sources) breaks("a table without its tenant");
    if (has("FOR UPDATE") && walls == 0 && !has("kith_store")) breaks("a lock that is not inside one tenant");
  }
  return broken;
}

std::mutex recording;
std::set<std::string> recorded;
postgres::Api real;

void note(const char* sql) {
  const std::lock_guard lock(recording);
  for (std::string& one : statements_in(sql)) recorded.insert(std::move(one));
}

/// While it lives, every statement is written down.
class Recorder {
 public:
  Recorder() {
    postgres::Api& api = postgres::replaceable_api();
    real = api;
    recorded.clear();
    api.PQexec = [](PGconn* connection, const char* sql) {
      note(sql);
      return real.PQexec(connection, sql);
    };
    api.PQexecParams = [](PGconn* connection, const char* sql, int count, const Oid* types, const char* const* values,
                          const int* lengths, const int* formats, int format) {
      note(sql);
      return real.PQexecParams(connection, sql, count, types, values, lengths, formats, format);
    };
    api.PQprepare = [](PGconn* connection, const char* name, const char* sql, int count, const Oid* types) {
      note(sql);
      return real.PQprepare(connection, name, sql, count, types);
    };
    api.PQsendQueryParams = [](PGconn* connection, const char* sql, int count, const Oid* types,
                               const char* const* values, const int* lengths, const int* formats, int format) {
      note(sql);
      return real.PQsendQueryParams(connection, sql, count, types, values, lengths, formats, format);
    };
  }
  ~Recorder() { postgres::replaceable_api() = real; }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
};

/// Everything of the company that the fault tests use, moved there by its dump and worked on.
void work_through(const std::string& url) {
  const TempDir folder;
  const std::string file = folder.file("company.kith");
  kith::test::put_store(file, kith::test::script_store());
  std::stringstream text;
  {
    auto engine = kith::open(file, kith::test::script_options());
    kith::dump(engine->session().reader(), text);
  }
  kith::load(text, url, kith::model());
  auto engine = kith::open(url, kith::test::script_options());
  kith::Session session = engine->session();
  std::size_t done = 0;
  for (const kith::test::Operation& operation : kith::test::operations()) {
    try {
      operation.run(session);
      ++done;
    } catch (const kith::Error&) {
      // Each expects the company as it was made; an earlier one has changed it.
    }
  }
  EXPECT_GT(done, kith::test::operations().size() / 2);
  EXPECT_TRUE(kith::check(session).empty());
  std::ostringstream out;
  kith::dump(session.reader(), out);
  session.reader({.as_of_seq = 3}).list<kith::Customer>();
  for (const kith::Report* report : engine->model().reports()) {
    const bool asks = std::any_of(report->parameters.begin(), report->parameters.end(),
                                  [](const kith::ReportParameter& parameter) { return parameter.required; });
    if (!asks) session.reader().report(report->name);
  }
}

/// What the engine does not come to by itself: many rows at once, each way of failing.
void write_samples(const std::string& url) {
  const auto storage = kith::open_storage(url);
  storage->prepare(sample_entities());
  const auto connection = storage->connect();
  const auto writer = connection->begin(kith::Access::write);
  for (const int count : {1, 3, 1100}) {
    std::vector<Sample> rows;
    for (int i = 0; i < count; ++i) rows.push_back(make_sample(count * 1000 + i));
    const auto batch = batch_of(rows);
    writer->insert(sample(), batch);
    EXPECT_THROW(writer->insert(sample(), batch), kith::Error);
    std::vector<std::int64_t> revisions;
    for (Sample& row : rows) revisions.push_back(std::exchange(row.revision, row.revision + 1));
    writer->update(sample(), batch_of(rows), revisions);
    EXPECT_THROW(writer->update(sample(), batch_of(rows), revisions), kith::Error);
  }
  EXPECT_EQ(all_samples(*writer).size(), 1104U);
  const std::vector<kith::Id> ids = {{1000}, {3000}};
  writer->erase(sample(), ids);
  writer->savepoint();
  writer->rollback_to();
  writer->savepoint();
  writer->release();
  writer->commit();
}

TEST(PostgresStatements, TheRulesFindWhatBreaksThem) {
  for (const char* bad : {
           "SELECT \"id\" FROM \"kith\".\"customer\" WHERE \"id\" = $1",
           "SELECT \"id\" FROM \"kith\".\"customer\" WHERE \"tenant_id\" = $1 UNION ALL SELECT \"id\" FROM "
           "\"kith\".\"customer_history\" WHERE \"id\" = $2",
           "UPDATE \"kith\".\"customer\" SET \"name\" = $2 WHERE \"id\" = $1",
           "DELETE FROM \"kith\".\"customer\"",
           "INSERT INTO \"kith\".\"customer\" (\"id\") VALUES ($1)",
           "COPY \"kith\".\"customer\" (\"id\") FROM STDIN",
           "SELECT now() FROM \"kith\".\"customer\" WHERE \"tenant_id\" = $1",
           "SELECT lower(\"name\") FROM \"kith\".\"customer\" WHERE \"tenant_id\" = $1",
           "SELECT pg_advisory_lock(1)",
           "SELECT \"amount\" / 2 FROM \"kith\".\"customer\" WHERE \"tenant_id\" = $1",
           "SELECT \"amount\"::text FROM \"kith\".\"customer\" WHERE \"tenant_id\" = $1",
           "SELECT 1 FROM \"kith\".\"customer\" WHERE \"tenant_id\" IN (1, 2) FOR UPDATE",
           "CREATE TABLE \"kith\".\"x\" (\"tenant_id\" bigint, \"id\" bigint PRIMARY KEY)",
           "CREATE UNIQUE INDEX \"x\" ON \"kith\".\"customer\" (\"id\", \"tenant_id\")",
           "WITH RECURSIVE x AS (SELECT 1) SELECT 1",
           "CREATE TRIGGER x BEFORE INSERT ON \"kith\".\"customer\"",
           "LISTEN kith",
       }) {
    EXPECT_NE(broken_rules(bad), "") << bad;
  }
  EXPECT_EQ(statements_in("BEGIN; SELECT ';' ; SET LOCAL x = '\"'").size(), 3U);
}

TEST(PostgresStatements, EveryOneThatIsSentKeepsToOneTenantAndToWhatAClusterTakes) {
  KITH_NEEDS_POSTGRES();
  std::set<std::string> sent;
  {
    const Recorder recorder;
    for (const char* more : {"", "kith_rls=on", "kith_prepare=unnamed"}) {
      work_through(kith::test::fresh_postgres_url(more));
      write_samples(kith::test::fresh_postgres_url(more));
    }
    sent = recorded;
  }
  EXPECT_GT(sent.size(), 300U) << "the record has holes";
  std::set<std::string> verbs;
  for (const std::string& sql : sent) {
    EXPECT_EQ(broken_rules(sql), "") << sql;
    verbs.insert(sql.substr(0, sql.find(' ')));
  }
  for (const char* verb : {"SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "DECLARE", "FETCH", "SAVEPOINT", "CREATE"}) {
    EXPECT_TRUE(verbs.contains(verb)) << verb << " was never sent";
  }
}

TEST(PostgresStatements, ManyRowsTravelByCopyByPipelinesAndByCursors) {
  KITH_NEEDS_POSTGRES();
  static int pipelines = 0;
  pipelines = 0;
  const std::string url = kith::test::fresh_postgres_url();
  const auto storage = kith::open_storage(url);
  storage->prepare(sample_entities());
  const Recorder recorder;
  postgres::replaceable_api().PQenterPipelineMode = [](PGconn* connection) {
    ++pipelines;
    return real.PQenterPipelineMode(connection);
  };
  const auto count = [](const char* verb) {
    return std::count_if(recorded.begin(), recorded.end(),
                         [&](const std::string& sql) { return sql.starts_with(verb); });
  };
  const auto connection = storage->connect();
  const auto writer = connection->begin(kith::Access::write);
  std::vector<Sample> rows;
  for (int i = 0; i < 5000; ++i) rows.push_back(make_sample(i + 1));
  writer->insert(sample(), batch_of(rows));
  EXPECT_EQ(count("COPY"), 1) << "an import travels by COPY";
  EXPECT_EQ(count("INSERT"), 0);
  std::vector<std::int64_t> revisions;
  rows.resize(100);
  for (Sample& row : rows) revisions.push_back(std::exchange(row.revision, row.revision + 1));
  writer->update(sample(), batch_of(rows), revisions);
  EXPECT_EQ(pipelines, 1) << "updates travel in one go";
  EXPECT_EQ(all_samples(*writer).size(), 5000U);
  EXPECT_EQ(count("DECLARE"), 1) << "a large scan is a cursor";
  EXPECT_GE(count("FETCH"), 1);
}

TEST(PostgresStatements, ManyBytesTravelInSeveralStatements) {
  KITH_NEEDS_POSTGRES();
  static int pipelines = 0;
  const auto storage = kith::open_storage(kith::test::fresh_postgres_url());
  storage->prepare(sample_entities());
  const Recorder recorder;
  postgres::replaceable_api().PQenterPipelineMode = [](PGconn* connection) {
    ++pipelines;
    return real.PQenterPipelineMode(connection);
  };
  const auto connection = storage->connect();
  const auto writer = connection->begin(kith::Access::write);
  std::vector<Sample> rows;
  for (int i = 0; i < 9; ++i) {
    rows.push_back(make_sample(i + 1));
    rows.back().maybe_name = std::string(std::size_t{1} << 22, 'x');
  }
  pipelines = 0;
  writer->insert(sample(), batch_of(rows));
  EXPECT_EQ(pipelines, 3) << "36 MiB, of which a statement carries 16";
  std::vector<std::int64_t> revisions;
  for (Sample& row : rows) revisions.push_back(std::exchange(row.revision, row.revision + 1));
  pipelines = 0;
  writer->update(sample(), batch_of(rows), revisions);
  EXPECT_EQ(pipelines, 3);
  // The last of several statements fails, and the rows before it may stay, as of any batch.
  std::vector<std::int64_t> stale(rows.size(), revisions.front());
  EXPECT_THROW(writer->update(sample(), batch_of(rows), stale), kith::Error);
  EXPECT_EQ(all_samples(*writer).size(), 9U);
}

/// On a connection that a host lends, the same statements carry the tenant; the marks of its transaction come besides.
TEST(PostgresStatements, TheSameTravelOnALentConnection) {
  KITH_NEEDS_POSTGRES();
  const std::string url = kith::test::fresh_postgres_url();
  kith::open(url, kith::test::script_options());
  kith::test::Host host(kith::test::plain_url(url));
  std::set<std::string> sent;
  {
    const Recorder recorder;
    real.PQclear(real.PQexec(static_cast<PGconn*>(host.raw()), "BEGIN"));
    const auto storage = kith::open_postgres_on(host.raw(), {.schema = kith::test::schema_of(url)});
    const auto engine = kith::Engine::open(storage, kith::model(), kith::test::script_options());
    kith::Session session = engine->session();
    for (const int many : {1, 700}) {
      kith::Work work = session.work({.cause = "lent"});
      kith::Batch rows(kith::entity_of<kith::Customer>());
      for (int i = 0; i < many; ++i) {
        const kith::Customer row{.name = std::to_string(many) + " " + std::to_string(i)};
        kith::store_row(&row, rows);
      }
      kith::customer::create_batch(work, rows);
      work.commit();
    }
    EXPECT_EQ(session.reader().list<kith::Customer>().size(), 701U);
    EXPECT_TRUE(kith::check(session).empty());
    sent = recorded;
  }
  EXPECT_GT(sent.size(), 30U);
  for (const std::string& sql : sent) EXPECT_EQ(broken_rules(sql), "") << sql;
  EXPECT_TRUE(std::any_of(sent.begin(), sent.end(), [](const std::string& sql) { return sql.starts_with("COPY"); }));
}

}  // namespace
}  // namespace kith_test

#endif
