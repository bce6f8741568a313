// SPDX-License-Identifier: Apache-2.0
// What another program has done to the tables is named, with the statement that mends it.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include "kith/storage/postgres.hpp"
#include "storage/contract.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_host.hpp"
#include "support/postgres_server.hpp"

namespace kith_test {
namespace {

using kith::Access;
using kith::Code;
using kith::test::fresh_postgres_url;
using kith::test::Host;
using kith::test::schema_of;

class PostgresChangedTest : public testing::Test {
 protected:
  void SetUp() override { KITH_NEEDS_POSTGRES(); }
};

TEST_F(PostgresChangedTest, ChangedTablesAndAnOpenedWallAreNamed) {
  const std::string url = fresh_postgres_url("kith_rls=on");
  const std::string sample = schema_of(url) + ".sample";
  const auto open_now = kith::open_storage(url);
  open_now->prepare(sample_entities());
  EXPECT_TRUE(open_now->damage().empty());
  Host host;
  const auto expect_told = [&](const std::string& sql, const std::string& undo, const std::string& says, bool wall) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(host(sql), "");
    EXPECT_KITH_ERROR(kith::open_storage(url)->prepare(sample_entities()), Code::corrupt, says);
    if (wall) {
      ASSERT_EQ(open_now->damage().size(), 1U);
      EXPECT_NE(open_now->damage()[0].find(says), std::string::npos);
      EXPECT_NE(open_now->describe().back().find(says), std::string::npos);
    }
    EXPECT_EQ(host(undo), "");
    EXPECT_NO_THROW(kith::open_storage(url)->prepare(sample_entities()));
  };
  const std::string alter = "ALTER TABLE " + sample;
  expect_told(alter + " DISABLE ROW LEVEL SECURITY", alter + " ENABLE ROW LEVEL SECURITY", "switched off; run: ALTER",
              true);
  expect_told(alter + " NO FORCE ROW LEVEL SECURITY", alter + " FORCE ROW LEVEL SECURITY", "bind the owner; run: ALTER",
              true);
  expect_told("CREATE POLICY p ON " + sample + " USING (true)", "DROP POLICY p ON " + sample, "run: DROP POLICY \"p\"",
              true);
  const std::string policy = "ALTER POLICY kith_tenant ON " + sample;
  const std::string own = " USING (tenant_id = NULLIF(current_setting('kith.tenant', true), '')::bigint)";
  for (const char* change :
       {" USING (true)", " TO postgres", " WITH CHECK (true)",
        " USING (tenant_id = NULLIF(current_setting('kith.tenant', true), '')::bigint OR id = 7)"}) {
    expect_told(policy + change,
                "DROP POLICY kith_tenant ON " + sample + "; CREATE POLICY kith_tenant ON " + sample + own,
                "has a changed policy", true);
  }
  // However the server writes it down.
  host("ALTER ROLE postgres SET quote_all_identifiers = on");
  EXPECT_NO_THROW(kith::open_storage(url)->prepare(sample_entities()));
  host("ALTER ROLE postgres RESET quote_all_identifiers");
  expect_told("CREATE TABLE " + sample + "_more () INHERITS (" + sample + ")", "DROP TABLE " + sample + "_more",
              "_more\" NO INHERIT \"" + schema_of(url) + "\".\"sample\"", false);
  const std::string key = alter + " DROP CONSTRAINT sample_pkey", keyed = ", ADD PRIMARY KEY (tenant_id, id)";
  expect_told(key, alter + " ADD PRIMARY KEY (tenant_id, id)", "lacks the primary key", false);
  const std::string named = "has changed the primary key of sample; nothing was changed; run: ALTER TABLE \"" +
                            schema_of(url) + "\".\"sample\" DROP CONSTRAINT \"sample_pkey\", ADD PRIMARY KEY " +
                            "(\"tenant_id\", \"id\")";
  expect_told(key + ", ADD PRIMARY KEY (tenant_id, id, name)", key + keyed, named, false);
  expect_told(key + keyed + " DEFERRABLE", key + keyed, named, false);
  for (const auto& [table, column] : {std::pair("kith_tenant", "tenant_id"), std::pair("kith_store", "name")}) {
    const std::string alters = "ALTER TABLE " + schema_of(url) + "." + table;
    expect_told(alters + " DROP CONSTRAINT " + table + "_pkey", alters + " ADD PRIMARY KEY (" + column + ")",
                std::string("lacks the primary key of ") + table, false);
  }
  const std::string quoted = "ALTER TABLE \"" + schema_of(url) + "\".\"sample\" ";
  expect_told(alter + " ADD x bigint", alter + " DROP COLUMN x",
              "columns that are not Kith's (sample.x); nothing was changed; keep what they hold in a table of your "
              "own, by tenant_id and id, then run: " +
                  quoted + "DROP COLUMN \"x\"",
              false);
  expect_told(alter + " RENAME name TO title", alter + " RENAME title TO name", "rename it back", false);
  expect_told(alter + " ALTER name DROP NOT NULL", alter + " ALTER name SET NOT NULL",
              "sample.name (text C, made as text not null C); nothing was changed; run: " + quoted +
                  "ALTER COLUMN \"name\" SET NOT NULL",
              false);
  expect_told(alter + " ALTER number TYPE int", alter + " ALTER number TYPE bigint",
              "(integer not null , made as bigint not null ); nothing was changed; restore a backup", false);
}

/// Whoever is bound by it would see nothing, and not know why.
TEST_F(PostgresChangedTest, AWallThatKithDidNotMakeIsNamed) {
  const std::string url = fresh_postgres_url();
  const auto open_now = kith::open_storage(url);
  open_now->prepare(sample_entities());
  const std::string alter = "ALTER TABLE \"" + schema_of(url) + "\".\"sample\"";
  Host host;
  ASSERT_EQ(host(alter + " ENABLE ROW LEVEL SECURITY"), "");
  const std::string says =
      "row-level security of sample was switched on by another program; run: " + alter + " DISABLE ROW LEVEL SECURITY";
  EXPECT_KITH_ERROR(kith::open_storage(url)->prepare(sample_entities()), Code::corrupt, says);
  EXPECT_EQ(open_now->damage(), std::vector<std::string>{says});
  ASSERT_EQ(host(alter + " DISABLE ROW LEVEL SECURITY"), "");
  EXPECT_TRUE(open_now->damage().empty());
  // One that another process has made since is Kith's.
  kith::open_storage(url + (url.find('?') == std::string::npos ? "?" : "&") + "kith_rls=on")
      ->prepare(sample_entities());
  EXPECT_TRUE(open_now->damage().empty());
}

/// A unique index that another program takes away, or makes anew as something else, keeps nothing from standing twice:
/// whoever looks is told, with what does.
TEST_F(PostgresChangedTest, ALostUniqueIndexAndWhatStandsTwiceForItAreNamed) {
  const std::string url = fresh_postgres_url();
  const std::string schema = schema_of(url);
  const auto open_now = kith::open_storage(url);
  open_now->prepare(sample_entities());
  Host host;
  {
    const auto writer = open_now->connect()->begin(Access::write);
    Sample first = make_sample(1);
    first.code = "A";
    Sample second = make_sample(2);
    second.code = "B";
    writer->insert(kith_test::sample(), batch_of(std::vector<Sample>{first, second}));
    writer->commit();
  }
  const auto expect_told = [&](const std::string& says) {
    ASSERT_EQ(open_now->damage().size(), 1U);
    EXPECT_NE(open_now->damage()[0].find(says), std::string::npos) << open_now->damage()[0];
    EXPECT_KITH_ERROR(kith::open_storage(url)->prepare(sample_entities()), Code::corrupt, says);
  };
  const std::string index = schema + ".sample_unique_code";
  const std::string make = "CREATE UNIQUE INDEX \"sample_unique_code\" ON \"" + schema + "\".\"sample\" (";
  host("DROP INDEX " + index);
  const std::string drop = "run: DROP INDEX IF EXISTS \"" + schema + "\".\"sample_unique_code\"; ";
  expect_told("lacks a valid index sample_unique_code; nothing was changed; " + drop + make);
  ASSERT_EQ(host("UPDATE " + schema + ".sample SET code = 'A'"), "");
  expect_told("2 rows of sample have the same \"code\", the first of them is 1: change or remove those that are wrong");
  for (const char* other : {"INDEX sample_unique_code ON {} (tenant_id, code)",
                            "UNIQUE INDEX sample_unique_code ON {} (tenant_id, code) WHERE id > 1",
                            "UNIQUE INDEX sample_unique_code ON {} (tenant_id, code, id)",
                            "UNIQUE INDEX sample_unique_code ON {} (tenant_id, id)"}) {
    std::string sql = other;
    sql.replace(sql.find("{}"), 2, schema + ".sample");
    ASSERT_EQ(host("CREATE " + sql), "") << sql;
    expect_told("has a changed index sample_unique_code");
    expect_told("2 rows of sample have the same \"code\"");
    expect_told(drop + make);
    host("DROP INDEX " + index);
  }
  ASSERT_EQ(host("UPDATE " + schema + ".sample SET code = 'B' WHERE id = 2; " + make +
                 "tenant_id, pg_catalog.left(code, 150), pg_catalog.md5(code))"),
            "");
  EXPECT_NO_THROW(kith::open_storage(url)->prepare(sample_entities()));
  EXPECT_TRUE(open_now->damage().empty());
}

/// A key that another program takes away while the store is open keeps no row from standing twice any more: whoever
/// looks is told, with what stands there twice, and nobody opens it anew.
TEST_F(PostgresChangedTest, ALostKeyAndWhatStandsTwiceForItAreNamed) {
  const std::string url = fresh_postgres_url();
  const std::string sample = schema_of(url) + ".sample";
  const auto open_now = kith::open_storage(url);
  open_now->prepare(sample_entities());
  {
    const auto writer = open_now->connect()->begin(Access::write);
    writer->insert(kith_test::sample(), batch_of(std::vector<Sample>{make_sample(1), make_sample(2)}));
    writer->commit();
  }
  Host host;
  host("ALTER TABLE " + sample + " DROP CONSTRAINT sample_pkey");
  const std::string mend =
      "run: ALTER TABLE \"" + schema_of(url) + "\".\"sample\" ADD PRIMARY KEY (\"tenant_id\", \"id\")";
  ASSERT_EQ(open_now->damage().size(), 1U);
  EXPECT_NE(open_now->damage()[0].find("nothing was changed; " + mend), std::string::npos) << open_now->damage()[0];
  ASSERT_EQ(host("INSERT INTO " + sample + " SELECT * FROM " + sample + " WHERE id = 2"), "");
  const std::string twice = "sample 2 stands there 2 times: remove the rows that are wrong, then " + mend;
  ASSERT_EQ(open_now->damage().size(), 1U);
  EXPECT_NE(open_now->damage()[0].find(twice), std::string::npos) << open_now->damage()[0];
  EXPECT_NE(open_now->describe().back().find(twice), std::string::npos);
  EXPECT_KITH_ERROR(kith::open_storage(url)->prepare(sample_entities()), Code::corrupt, twice);
}

}  // namespace
}  // namespace kith_test

#endif
