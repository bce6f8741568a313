// SPDX-License-Identifier: Apache-2.0
// What other programs put on Kith's tables is told by its name and how to drop it, whatever language the server speaks.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>

#include "kith/interchange/dump.hpp"
#include "kith/storage/postgres.hpp"
#include "support/expect_error.hpp"
#include "support/pair_work.hpp"
#include "support/postgres_host.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using test::Host;
using Texts = std::vector<std::string>;

void expect_says(const Error& error, Code code, const Texts& says) {
  EXPECT_EQ(name_of(error.code), name_of(code)) << error.what();
  for (const std::string& one : says) EXPECT_TRUE(test::says(error, one)) << one << "\n in: " << error.what();
}

/// The error of a Work with that change, and that nothing of it is kept.
Error error_of(Session& session, const std::function<void(Work&)>& change) {
  const std::string before = to_hex(state_digest(session));
  try {
    Work work = session.work({.cause = "x"});
    change(work);
    work.commit();
  } catch (const Error& error) {
    EXPECT_EQ(to_hex(state_digest(session)), before) << "something was changed";
    return error;
  }
  return {Code::ok, "nothing was refused"};
}

void create(Work& work, const std::string& name) {
  Customer row{.name = name};
  customer::create(work, row);
}

/// So many that they travel as arrays, or by COPY.
void create_many(Work& work, int count) {
  Batch rows(entity_of<Customer>());
  for (int i = 0; i < count; ++i) {
    const Customer row{.name = i == count / 2 ? "refused" : "kept " + std::to_string(i)};
    store_row(&row, rows);
  }
  customer::create_batch(work, rows);
}

void rename_first(Work& work, const std::string& name) {
  Customer row = work.list<Customer>().front();
  row.name = name;
  customer::update(work, row);
}

class ForeignPartsTest : public testing::Test {
 protected:
  void SetUp() override {
    KITH_NEEDS_POSTGRES();
    // The tables are made once for all of these tests.
    url_ = test::postgres_tenant_url("foreign");
    schema_ = test::schema_of(url_);
    quoted_ = "\"" + schema_ + "\".\"customer\"";
    engine_ = open(url_, test::patient_options());
    session_ = std::make_unique<Session>(engine_->session());
    host_ = std::make_unique<Host>();
    test::run_pair(*session_, "before");
  }
  /// Runs it on the table of customers; gives the SQLSTATE where it fails.
  std::string on_table(const std::string& sql) { return (*host_)("ALTER TABLE " + quoted_ + " " + sql); }
  std::string drop(const std::string& what) const { return "ALTER TABLE " + quoted_ + " DROP " + what; }

  std::string url_;
  std::string schema_;
  std::string quoted_;  ///< the table of customers
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Host> host_;
};

/// An expression fails in the server without a word of whose it is: a constraint's, a column's, an index's.
TEST_F(ForeignPartsTest, AnExpressionThatFailsIsToldWithWhatToDrop) {
  const std::string fails = "(1 / (CASE WHEN name = 'refused' THEN 0 ELSE 1 END))";
  const std::string index = "DROP INDEX \"" + schema_ + "\".\"theirs\"";
  const std::vector<std::pair<std::string, std::string>> all = {
      {"ALTER TABLE " + quoted_ + " ADD CONSTRAINT theirs CHECK (" + fails + " > 0)", drop("CONSTRAINT \"theirs\"")},
      {"CREATE INDEX theirs ON " + quoted_ + " (tenant_id, " + fails + ")", index},
      {"CREATE INDEX theirs ON " + quoted_ + " (tenant_id) WHERE " + fails + " > 0", index},
      {"ALTER TABLE " + quoted_ + " ADD theirs int GENERATED ALWAYS AS " + fails + " STORED",
       drop("COLUMN \"theirs\"")}};
  for (const auto& [make, mend] : all) {
    SCOPED_TRACE(make);
    ASSERT_EQ((*host_)(make), "");
    const Texts says = {"an expression of another program is in the way", "customer of database", "22012",
                        "nothing was changed", "run: " + mend};
    expect_says(error_of(*session_, [](Work& work) { create(work, "refused"); }), Code::corrupt, says);
    expect_says(error_of(*session_, [](Work& work) { create_many(work, 9); }), Code::corrupt, says);
    expect_says(error_of(*session_, [](Work& work) { create_many(work, 600); }), Code::corrupt, says);
    expect_says(error_of(*session_, [](Work& work) { rename_first(work, "refused"); }), Code::corrupt, says);
    const auto told = engine_->storage().describe();
    EXPECT_TRUE(std::any_of(told.begin(), told.end(), [&](const std::string& line) {
      return line.starts_with("of another program: ") && line.ends_with(mend);
    })) << "doctor";
    ASSERT_EQ((*host_)(mend), "") << "the mending works";
  }
  // Other states, and what is not a number.
  ASSERT_EQ(on_table("ADD CONSTRAINT theirs CHECK (name <> 'x1' OR name::bigint > 0)"), "");
  expect_says(error_of(*session_, [](Work& work) { create(work, "x1"); }), Code::corrupt,
              {"22P02", drop("CONSTRAINT \"theirs\"")});
  ASSERT_EQ((*host_)(drop("CONSTRAINT theirs")), "");
}

/// On a connection of the host's nothing more can be asked.
TEST_F(ForeignPartsTest, AnExpressionThatFailsOnAHostsConnectionIsToldToo) {
  ASSERT_EQ(on_table("ADD CONSTRAINT theirs CHECK (1 / (CASE WHEN name = 'refused' THEN 0 ELSE 1 END) > 0)"), "");
  {
    Host host(test::plain_url(url_));
    host("BEGIN");
    auto lent = Engine::open(
        open_postgres_on(host.raw(), {.schema = schema_, .tenant = std::stoll(url_.substr(url_.rfind('=') + 1))}),
        model(), test::patient_options());
    Session session = lent->session();
    expect_says(error_of(session, [](Work& work) { create(work, "refused"); }), Code::corrupt,
                {"22012", "from " + quoted_, "`kith doctor`"});
    host("ROLLBACK");
  }
  ASSERT_EQ((*host_)(drop("CONSTRAINT theirs")), "");
}

/// A constraint that calls a function is not a trigger, and is dropped otherwise.
TEST_F(ForeignPartsTest, AConstraintWithAFunctionIsNotTakenForATrigger) {
  for (const char* body :
       {"LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / length(replace(name, 'refused', '')); END $$",
        "LANGUAGE sql AS $$ SELECT 1 / length(replace($1, 'refused', '')) $$ SET work_mem = '4MB'"}) {
    SCOPED_TRACE(body);
    const std::string function = schema_ + ".theirs";
    ASSERT_EQ((*host_)("CREATE FUNCTION " + function + "(name text) RETURNS int IMMUTABLE " + body), "");
    ASSERT_EQ(on_table("ADD CONSTRAINT theirs CHECK (" + function + "(name) >= 0)"), "");
    const Error error = error_of(*session_, [](Work& work) { create(work, "refused"); });
    expect_says(error, Code::corrupt,
                {"a function of another program is in the way", "22012", "theirs", drop("CONSTRAINT \"theirs\"")});
    EXPECT_FALSE(test::says(error, "DROP TRIGGER")) << error.what();
    (*host_)(drop("CONSTRAINT theirs"));
    (*host_)("DROP FUNCTION " + function);
  }
}

/// What the server names itself, in its fields.
TEST_F(ForeignPartsTest, ARuleOfAColumnOrTypeIsToldAsWhatItIs) {
  const auto told = [&](const Texts& says) {
    expect_says(error_of(*session_, [](Work& work) { create(work, "refused"); }), Code::corrupt, says);
  };
  ASSERT_EQ(on_table("ADD theirs int; UPDATE " + quoted_ + " SET theirs = 1; ALTER TABLE " + quoted_ +
                     " ALTER theirs SET NOT NULL"),
            "");
  told({"23502", "run: " + drop("COLUMN \"theirs\"")});
  (*host_)(drop("COLUMN theirs"));
  ASSERT_EQ((*host_)("CREATE DOMAIN " + schema_ + ".word AS text CONSTRAINT mild CHECK (VALUE <> 'refused')"), "");
  ASSERT_EQ(on_table("ADD theirs " + schema_ + ".word GENERATED ALWAYS AS (name) STORED"), "");
  told({"23514", "run: ALTER DOMAIN \"" + schema_ + "\".\"word\" DROP CONSTRAINT \"mild\""});
  (*host_)(drop("COLUMN theirs"));
  (*host_)("DROP DOMAIN " + schema_ + ".word");
}

/// Unique by the host's wish: an insert finds a row in the way, an update is refused.
TEST_F(ForeignPartsTest, AUniqueConstraintOfTheHostsIsNamedAndDroppedAsOne) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"ADD CONSTRAINT theirs UNIQUE (tenant_id, name)", drop("CONSTRAINT \"theirs\"")},
      {"ADD CONSTRAINT theirs EXCLUDE USING btree (tenant_id WITH =, name WITH =)", drop("CONSTRAINT \"theirs\"")}};
  for (const auto& [add, mend] : all) {
    SCOPED_TRACE(add);
    ASSERT_EQ(on_table(add), "");
    expect_says(error_of(*session_, [](Work& work) { create(work, "before first"); }), Code::corrupt,
                {"did not insert into customer", mend});
    expect_says(error_of(*session_,
                         [](Work& work) {
                           create_many(work, 600);
                           create(work, "before second");
                         }),
                Code::corrupt, {mend});
    expect_says(error_of(*session_, [](Work& work) { rename_first(work, "before second"); }), Code::corrupt,
                {"update customer of database", "run: " + mend});
    ASSERT_EQ((*host_)(mend), "") << "the mending works";
  }
  ASSERT_EQ((*host_)("CREATE UNIQUE INDEX theirs ON " + quoted_ + " (tenant_id, name)"), "");
  expect_says(error_of(*session_, [](Work& work) { rename_first(work, "before second"); }), Code::corrupt,
              {"23505", "run: DROP INDEX \"" + schema_ + "\".\"theirs\""});
  (*host_)("DROP INDEX " + schema_ + ".theirs");
}

/// Two of the host's whose names begin alike: the one that refused is named, and not the other.
TEST_F(ForeignPartsTest, AKeyIsNotTakenForOneWhoseNameItBeginsWith) {
  const std::string index = "\"" + schema_ + "\".\"theirs";
  ASSERT_EQ((*host_)("CREATE UNIQUE INDEX theirs ON " + quoted_ + " (tenant_id, id)"), "");
  ASSERT_EQ((*host_)("CREATE UNIQUE INDEX theirs_name ON " + quoted_ + " (tenant_id, name)"), "");
  ASSERT_EQ((*host_)("CREATE UNIQUE INDEX customer_pkey2 ON " + quoted_ + " (tenant_id, (name || 'x'))"), "");
  const auto taken = [&] { return error_of(*session_, [](Work& work) { rename_first(work, "before second"); }); };
  expect_says(taken(), Code::corrupt, {"23505", "run: DROP INDEX " + index + "_name\""});
  ASSERT_EQ((*host_)("DROP INDEX " + index + "_name\""), "");
  expect_says(taken(), Code::corrupt, {"23505", "run: DROP INDEX \"" + schema_ + "\".\"customer_pkey2\""});
  ASSERT_EQ((*host_)("DROP INDEX " + schema_ + ".customer_pkey2"), "");
  ASSERT_EQ((*host_)("DROP INDEX " + index + "\""), "");
}

/// The server looks at it when the Work is committed, or can use it for no insert at all.
TEST_F(ForeignPartsTest, AKeyThatIsPutOffIsNamed) {
  for (const std::string add : {"UNIQUE (tenant_id, name)", "EXCLUDE USING btree (tenant_id WITH =, name WITH =)"}) {
    SCOPED_TRACE(add);
    ASSERT_EQ(on_table("ADD CONSTRAINT theirs " + add + " DEFERRABLE INITIALLY DEFERRED"), "");
    expect_says(error_of(*session_, [](Work& work) { create(work, "another"); }), Code::corrupt,
                {"deferrable", "nothing was changed", drop("CONSTRAINT \"theirs\"")});
    expect_says(error_of(*session_, [](Work& work) { rename_first(work, "before second"); }), Code::corrupt,
                {"run: " + drop("CONSTRAINT \"theirs\"")});
    ASSERT_EQ((*host_)(drop("CONSTRAINT theirs")), "");
  }
}

/// A trigger that leaves rows out without a word: of few rows, of many that are copied, and of their history.
TEST_F(ForeignPartsTest, WhatATriggerLeavesOutIsMissed) {
  ASSERT_EQ((*host_)("CREATE FUNCTION " + schema_ +
                     ".quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                     "IF NEW.name = 'refused' OR NEW.name = 'kept 1' THEN RETURN NULL; END IF; RETURN NEW; END $$"),
            "");
  const auto trigger = [&](const std::string& table) {
    return (*host_)("CREATE TRIGGER quiet BEFORE INSERT ON " + schema_ + "." + table +
                    " FOR EACH ROW EXECUTE FUNCTION " + schema_ + ".quiet()");
  };
  const auto says = [&](const std::string& table) {
    return Texts{"did not insert into " + table, "nothing was changed",
                 "DROP TRIGGER \"quiet\" ON \"" + schema_ + "\".\"" + table + "\""};
  };
  ASSERT_EQ(trigger("customer"), "");
  for (const int count : {1, 9, 600}) {
    SCOPED_TRACE(count);
    expect_says(error_of(*session_, [&](Work& work) { create_many(work, count); }), Code::corrupt, says("customer"));
  }
  // A dump whose customers are left out is not loaded: into a tenant of its own in the same schema.
  kith_test::TempDir folder;
  const std::string dump_file = folder.file("shop.jsonl");
  {
    auto source = open("memory:", test::patient_options());
    Session other = source->session();
    Work work = other.work({.cause = "x"});
    create_many(work, 900);
    work.commit();
    std::ofstream out(dump_file, std::ios::binary);
    dump(other.reader(), out);
  }
  const std::string fresh = url_.substr(0, url_.rfind('=') + 1) + "987654";
  {
    std::ifstream in(dump_file, std::ios::binary);
    EXPECT_KITH_ERROR(load(in, fresh, model()), Code::corrupt, "did not insert into customer");
  }
  EXPECT_EQ((*host_)("SELECT count(*) FROM " + quoted_ + " WHERE tenant_id = 987654"), "0");
  ASSERT_EQ((*host_)("DROP TRIGGER quiet ON " + quoted_), "");

  Batch rows(entity_of<Customer>());
  {
    Work work = session_->work({.cause = "x"});
    create_many(work, 600);
    work.commit();
  }
  ASSERT_EQ(trigger("customer_history"), "");
  expect_says(error_of(*session_,
                       [&](Work& work) {
                         for (Customer& row : work.list<Customer>()) {
                           row.name += "!";
                           store_row(&row, rows);
                         }
                         customer::update_batch(work, rows);
                       }),
              Code::corrupt, says("customer_history"));
  ASSERT_EQ((*host_)("DROP TRIGGER quiet ON " + schema_ + ".customer_history; DROP FUNCTION " + schema_ + ".quiet()"),
            "");
}

/// Beside the tables of records: what stands on those that say what the schema is.
TEST_F(ForeignPartsTest, WhatStandsOnTheTablesOfTenantsIsListed) {
  const std::string tenants = "\"" + schema_ + "\".\"kith_tenant\"";
  ASSERT_EQ((*host_)("ALTER TABLE " + tenants + " ADD CONSTRAINT theirs CHECK (tenant_id > 0)"), "");
  const std::string mend = "ALTER TABLE " + tenants + " DROP CONSTRAINT \"theirs\"";
  const auto told = engine_->storage().describe();
  EXPECT_TRUE(std::any_of(told.begin(), told.end(), [&](const std::string& line) {
    return line == "of another program: constraint \"theirs\" of kith_tenant; to drop it: " + mend;
  }));
  ASSERT_EQ((*host_)(mend), "");
}

/// The server then makes the values itself and takes them from nobody.
TEST_F(ForeignPartsTest, AColumnThatWasMadeTheServersIsTold) {
  ASSERT_EQ(on_table("ALTER id ADD GENERATED ALWAYS AS IDENTITY"), "");
  expect_says(error_of(*session_, [](Work& work) { create(work, "another"); }), Code::corrupt,
              {"another program changed the tables", "428C9", "nothing was changed", "`kith doctor`"});
  const std::string mend = "ALTER TABLE " + quoted_ + " ALTER COLUMN \"id\" DROP IDENTITY";
  EXPECT_NE(engine_->storage().describe().back().find("run: " + mend), std::string::npos)
      << engine_->storage().describe().back();
  EXPECT_KITH_ERROR(open(url_, test::patient_options()), Code::corrupt, "run: " + mend);
  ASSERT_EQ((*host_)(mend), "");
  EXPECT_NO_THROW(open(url_, test::patient_options()));
}

/// A role that may not use what a constraint calls has every right on the table: no GRANT on that is of use.
TEST_F(ForeignPartsTest, WhatARoleLacksIsAskedForAndNotReadFromWords) {
  const std::string clerk = test::as_role(*host_, url_, "kith_foreign");
  if (clerk.empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  const std::string usage = "GRANT USAGE ON SCHEMA \"" + schema_ + "\" TO \"kith_foreign\"";
  const std::string store = "GRANT SELECT ON \"" + schema_ + "\".\"kith_store\" TO \"kith_foreign\"";
  EXPECT_KITH_ERROR(open(clerk, test::patient_options()), Code::denied, usage + "; " + store);
  ASSERT_EQ((*host_)(usage), "");
  EXPECT_KITH_ERROR(open(clerk, test::patient_options()), Code::denied, "run as the owner of the tables: " + store);
  (*host_)("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema_ + " TO kith_foreign");
  Session session = open(clerk, test::patient_options())->session();
  ASSERT_EQ((*host_)("CREATE FUNCTION " + schema_ +
                     ".secret(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS "
                     "'SELECT true'; REVOKE EXECUTE ON FUNCTION " +
                     schema_ + ".secret FROM public"),
            "");
  ASSERT_EQ(on_table("ADD CONSTRAINT theirs CHECK (" + schema_ + ".secret(name))"), "");
  const Error error = error_of(session, [](Work& work) { create(work, "x"); });
  expect_says(error, Code::denied, {"secret", "has every right on that table", drop("CONSTRAINT \"theirs\"")});
  EXPECT_FALSE(test::says(error, "GRANT")) << error.what();
  (*host_)(drop("CONSTRAINT theirs"));
  (*host_)("DROP FUNCTION " + schema_ + ".secret; DROP OWNED BY kith_foreign; DROP ROLE kith_foreign");
}

/// A role, a database or a connection may be set to take hidden rows for an error. Kith means them hidden.
TEST_F(ForeignPartsTest, RowSecurityThatIsOffForARoleIsOnForKith) {
  const std::string url = test::fresh_postgres_url("kith_rls=on");
  open(url, test::patient_options());
  const std::string clerk = test::as_role(*host_, url, "kith_unseeing");
  if (clerk.empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  (*host_)("GRANT USAGE ON SCHEMA " + test::schema_of(url) +
           " TO kith_unseeing; GRANT SELECT, INSERT, UPDATE, DELETE ON "
           "ALL TABLES IN SCHEMA " +
           test::schema_of(url) + " TO kith_unseeing; ALTER ROLE kith_unseeing SET row_security = off");
  Session session = open(clerk, test::patient_options())->session();
  test::run_pair(session, "seen");
  test::expect_whole(session, 2);
  (*host_)("DROP OWNED BY kith_unseeing; DROP ROLE kith_unseeing");
}

/// Servers that speak other languages tell the same: what is looked at is no word of theirs.
TEST(ForeignWordsTest, TheLanguageOfTheServerChangesNothingThatIsTold) {
  const kith_test::TempDir folder;
  std::vector<std::string> spoken;
  for (const char* language : {"de_DE", "fr_FR", "ja_JP", "ru_RU", "zh_CN"}) {
    const std::string make =
        std::string("localedef -i ") + language + " -f UTF-8 " + folder.file(language) + ".UTF-8 > /dev/null 2>&1";
    if (std::system(make.c_str()) == 0) spoken.push_back(std::string(language) + ".UTF-8");
  }
  if (spoken.empty()) GTEST_SKIP() << "other languages were not tested: no locale can be made (Debian: locales)";
  std::system(("chmod -R a+rX " + folder.file("")).c_str());
  setenv("LOCPATH", folder.file("").c_str(), 1);
  test::PostgresServer server;
  unsetenv("LOCPATH");
  if (!server.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server.fault();
  Host host(server.url());
  auto engine = open(server.url(), test::patient_options());
  Session session = engine->session();
  test::run_pair(session, "before");
  ASSERT_EQ(host("CREATE FUNCTION kith.theirs() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$ BEGIN PERFORM 1 / length(replace(NEW.name, 'refused', '')); RETURN NEW; END $$; "
                 "CREATE TRIGGER hook BEFORE INSERT ON kith.customer FOR EACH ROW EXECUTE FUNCTION kith.theirs(); "
                 "CREATE ROLE kith_poor LOGIN; GRANT USAGE ON SCHEMA kith TO kith_poor"),
            "");
  const std::string poor = "postgresql://kith_poor@" + server.url().substr(server.url().find('@') + 1);
  for (const std::string& language : spoken) {
    SCOPED_TRACE(language);
    ASSERT_EQ(host("ALTER SYSTEM SET lc_messages = '" + language + "'"), "");
    host("SELECT pg_reload_conf()");
    Session speaking = open(server.url() + "&application_name=" + language, test::patient_options())->session();
    const Error error = error_of(speaking, [](Work& work) { create(work, "refused"); });
    expect_says(error, Code::corrupt,
                {"a function of another program is in the way", "22012", "kith.theirs()", "DROP TRIGGER \"hook\""});
    EXPECT_FALSE(test::says(error, "division by zero")) << "the server speaks English";
    expect_says(error_of(speaking, [](Work& work) { create_many(work, 600); }), Code::corrupt,
                {"a function of another program is in the way", "kith.theirs()", "DROP TRIGGER \"hook\""});
    try {
      open(poor, test::patient_options());
      ADD_FAILURE() << "a role without rights came in";
    } catch (const Error& denied) {
      expect_says(denied, Code::denied,
                  {"run as the owner of the tables: GRANT SELECT ON \"kith\".\"kith_store\" TO \"kith_poor\""});
      EXPECT_FALSE(test::says(denied, "permission denied")) << "the server speaks English";
    }
    std::string absent = server.url();
    absent.replace(absent.find("@/postgres"), 10, "@/kith_absent");
    EXPECT_KITH_ERROR(open(absent), Code::not_found, "createdb");
  }
}

}  // namespace
}  // namespace kith
#endif
