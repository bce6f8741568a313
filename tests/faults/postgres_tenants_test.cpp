// SPDX-License-Identifier: Apache-2.0
// Many tenants in one schema: who is there, and one that is taken away, all or nothing, without a trace in the others.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include <sstream>

#include "kith/engine/tenants.hpp"
#include "kith/interchange/dump.hpp"
#include "support/expect_error.hpp"
#include "support/failing_libpq.hpp"
#include "support/pair_work.hpp"
#include "support/postgres_host.hpp"

namespace kith {
namespace {

using test::Host;

/// Rows of that tenant in any table of the schema.
std::int64_t rows_of(Host& host, const std::string& schema, std::int64_t tenant) {
  std::int64_t rows = 0;
  const std::string tables = host(
      "SELECT string_agg(table_name, ' ') FROM information_schema.columns WHERE "
      "column_name = 'tenant_id' AND table_schema = '" +
      schema + "'");
  std::istringstream names(tables);
  for (std::string name; names >> name;) {
    rows += std::stoll(
        host("SELECT count(*) FROM " + schema + "." + name + " WHERE tenant_id = " + std::to_string(tenant)));
  }
  return rows;
}

class TenantsTest : public testing::Test {
 protected:
  void SetUp() override {
    KITH_NEEDS_POSTGRES();
    // The tables are made once for all of these tests; each has two tenants of its own.
    const std::string first = test::postgres_tenant_url(kind());
    url_ = first.substr(0, first.find("&kith_tenant="));
    schema_ = test::schema_of(url_);
    if (kind() == "walled") url_ += "&kith_rls=on";
    kept_ = number_of(first);
    gone_ = number_of(test::postgres_tenant_url(kind()));
    host_ = std::make_unique<Host>();
    for (const std::int64_t tenant : {kept_, gone_}) {
      auto engine = open(of(tenant), test::patient_options());
      Session session = engine->session();
      test::run_pair(session, "of " + std::to_string(tenant));
    }
    other_ = digest(kept_);
  }
  virtual std::string_view kind() const { return "tenants"; }
  void TearDown() override {
    if (host_ == nullptr) return;
    EXPECT_EQ(digest(kept_), other_) << "another tenant was touched";
  }

  static std::int64_t number_of(const std::string& url) { return std::stoll(url.substr(url.rfind('=') + 1)); }
  std::string of(std::int64_t tenant) const { return url_ + "&kith_tenant=" + std::to_string(tenant); }
  std::string digest(std::int64_t tenant) const {
    Options options = test::patient_options();
    options.storage.create = false;
    return to_hex(state_digest(open(of(tenant), options)->session()));
  }
  /// Those of this test.
  std::vector<Tenant> listed(const std::string& url) const {
    std::vector<Tenant> all = tenants::list(url);
    std::erase_if(all, [&](const Tenant& tenant) { return tenant.id < kept_; });
    return all;
  }
  std::vector<std::int64_t> ids(const std::string& url) const {
    std::vector<std::int64_t> all;
    for (const Tenant& tenant : listed(url)) all.push_back(tenant.id);
    return all;
  }
  using Ids = std::vector<std::int64_t>;

  std::string url_;
  std::string schema_;
  std::string other_;
  std::int64_t kept_ = 0;
  std::int64_t gone_ = 0;
  std::unique_ptr<Host> host_;
};

TEST_F(TenantsTest, AreListedWithTheirLastWork) {
  const std::vector<Tenant> all = listed(url_);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, kept_);
  EXPECT_EQ(all[1].id, gone_);
  for (const Tenant& tenant : all) {
    EXPECT_EQ(tenant.format, kFormat);
    EXPECT_EQ(tenant.currency, "USD");
    EXPECT_EQ(std::to_string(tenant.seq),
              (*host_)("SELECT max(id) FROM " + schema_ + ".work WHERE tenant_id = " + std::to_string(tenant.id)));
    EXPECT_GT(tenant.recorded.micros, 0);
  }
  // Tables without anything founded in them, and capitals in the URL.
  const std::int64_t empty = number_of(test::postgres_tenant_url(kind()));
  open_storage(of(empty))->prepare(model().stored());
  std::string loud = url_;
  loud.replace(0, 10, "PostgreSQL");
  const std::vector<Tenant> more = listed(loud);
  ASSERT_EQ(more.size(), 3U);
  EXPECT_EQ(more[2].id, empty);
  EXPECT_EQ(more[2].seq, 0);
  const Table table = tenants::to_table(more);
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_TRUE(table.data(table.at("recorded")).is_null(2));
  EXPECT_FALSE(table.data(table.at("recorded")).is_null(1));
}

TEST_F(TenantsTest, OneGoesWithEveryRowAndTheOthersStay) {
  auto engine = open(of(gone_), test::patient_options());
  Session session = engine->session();
  const std::int64_t before = rows_of(*host_, schema_, gone_);
  EXPECT_GT(before, 20);
  EXPECT_EQ(tenants::remove(of(gone_), gone_, model()), before);
  EXPECT_EQ(rows_of(*host_, schema_, gone_), 0);
  EXPECT_EQ(ids(url_), Ids{kept_});
  // Whoever has it open is told so, and nothing comes back.
  EXPECT_KITH_ERROR(session.work({.cause = "late"}), Code::not_found, "the tenant was removed");
  EXPECT_KITH_ERROR(session.reader(), Code::not_found, "tenant " + std::to_string(gone_));
  EXPECT_EQ(rows_of(*host_, schema_, gone_), 0);
  EXPECT_KITH_ERROR(tenants::remove(of(gone_), gone_, model()), Code::not_found, "no tenant " + std::to_string(gone_));
  // The number is free for another one.
  Session again = open(of(gone_), test::patient_options())->session();
  test::run_pair(again, "anew");
  EXPECT_EQ(ids(url_), (Ids{kept_, gone_}));
  EXPECT_TRUE(check(again).empty());
}

TEST_F(TenantsTest, WhatIsNotMeantIsNotRemoved) {
  const std::string before = digest(gone_);
  EXPECT_KITH_ERROR(tenants::remove(of(gone_), kept_, model()), Code::invalid, "was confirmed; nothing was removed");
  EXPECT_KITH_ERROR(tenants::remove(of(1'000'000), 1'000'000, model()), Code::not_found, "no tenant 1000000");
  EXPECT_KITH_ERROR(tenants::remove("shop.kith", 1, model()), Code::invalid, "only a server has tenants");
  EXPECT_KITH_ERROR(tenants::list("memory:"), Code::invalid, "only a server has tenants");
  const std::string nowhere = test::fresh_postgres_url();
  EXPECT_KITH_ERROR(tenants::list(nowhere), Code::not_found, "check kith_schema");
  EXPECT_KITH_ERROR(tenants::remove(nowhere, 1, model()), Code::not_found, "check kith_schema");
  EXPECT_KITH_ERROR(tenants::remove(of(gone_), gone_, model(), {.read_only = true}), Code::storage, "read");
  {
    auto engine = open(of(gone_), test::patient_options());
    Session session = engine->session();
    const Work writer = session.work({.cause = "holds it"});
    EXPECT_KITH_ERROR(tenants::remove(of(gone_), gone_, model(), {.busy_ms = 50}), Code::busy, "50 ms");
  }
  (*host_)("UPDATE " + schema_ + ".kith_tenant SET format = 99 WHERE tenant_id = " + std::to_string(gone_));
  EXPECT_KITH_ERROR(tenants::remove(of(gone_), gone_, model()), Code::version, "newer Kith");
  EXPECT_EQ(listed(url_).back().format, 99);
  (*host_)("UPDATE " + schema_ + ".kith_tenant SET format = " + std::to_string(kFormat) +
           " WHERE tenant_id = " + std::to_string(gone_));
  EXPECT_EQ(digest(gone_), before);
  EXPECT_EQ(ids(url_), (Ids{kept_, gone_}));
}

TEST_F(TenantsTest, AFailureAnywhereRemovesNothing) {
  const std::string before = digest(gone_);
  test::FailingLibpq libpq;
  int failed = 0;
  // Statements all over a removal; the first ones only look.
  for (int at = 6;; at += 17) {
    libpq.arm({.state = "53100", .at = at});
    try {
      tenants::remove(of(gone_), gone_, model());
      EXPECT_EQ(libpq.disarm(), 0);
      break;
    } catch (const Error& error) {
      if (libpq.disarm() == 0) throw;
      EXPECT_EQ(error.code, Code::storage) << error.what();
    }
    ++failed;
    ASSERT_EQ(ids(url_), (Ids{kept_, gone_})) << at;
    ASSERT_EQ(digest(gone_), before) << at;
  }
  EXPECT_GT(failed, 5);
  EXPECT_EQ(ids(url_), Ids{kept_});
}

TEST_F(TenantsTest, ACommitOfUnknownOutcomeSaysSo) {
  test::FailingLibpq libpq;
  libpq.arm({.state = "08006", .commits = true});
  EXPECT_KITH_ERROR(tenants::remove(of(gone_), gone_, model()), Code::storage, "list the tenants");
  libpq.disarm();
  const bool there = ids(url_).size() == 2;
  EXPECT_EQ(rows_of(*host_, schema_, gone_) > 0, there) << "all or nothing";
}

TEST_F(TenantsTest, ARoleRemovesWhatItIsGranted) {
  const std::string before = digest(gone_);
  const std::string clerk = test::as_role(*host_, of(gone_), "kith_clerk");
  if (clerk.empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  (*host_)("GRANT USAGE ON SCHEMA " + schema_ + " TO kith_clerk");
  EXPECT_KITH_ERROR(tenants::list(clerk), Code::denied, "kith_clerk");
  (*host_)("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema_ + " TO kith_clerk");
  // What docs/postgres.md says to keep an application from it: the last statement is the one that fails.
  (*host_)("REVOKE DELETE ON " + schema_ + ".kith_tenant FROM kith_clerk");
  EXPECT_EQ(ids(clerk), (Ids{kept_, gone_}));
  EXPECT_KITH_ERROR(tenants::remove(clerk, gone_, model()), Code::denied, "kith_clerk");
  EXPECT_EQ(digest(gone_), before);
  {
    Session session = open(clerk, test::patient_options())->session();
    test::run_pair(session, "the application works on");
  }
  (*host_)("GRANT DELETE ON " + schema_ + ".kith_tenant TO kith_clerk");
  EXPECT_GT(tenants::remove(clerk, gone_, model()), 0);
  EXPECT_EQ(rows_of(*host_, schema_, gone_), 0);
  (*host_)("DROP OWNED BY kith_clerk");
  (*host_)("DROP ROLE kith_clerk");
}

class WalledTenantsTest : public TenantsTest {
 protected:
  std::string_view kind() const override { return "walled"; }
};

TEST_F(WalledTenantsTest, ABoundRoleSeesAndRemovesItsOwnAlone) {
  EXPECT_EQ(ids(url_), (Ids{kept_, gone_})) << "the superuser passes the wall";
  const std::string clerk = test::as_role(*host_, of(gone_), "kith_walled");
  if (clerk.empty()) GTEST_SKIP() << "the server of KITH_TEST_POSTGRES has its own roles";
  (*host_)("GRANT USAGE ON SCHEMA " + schema_ + " TO kith_walled");
  (*host_)("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema_ + " TO kith_walled");
  EXPECT_EQ(ids(clerk), Ids{gone_});
  const std::int64_t before = rows_of(*host_, schema_, gone_);
  EXPECT_EQ(tenants::remove(clerk, gone_, model()), before) << "the wall hides nothing of its own";
  EXPECT_EQ(ids(url_), Ids{kept_});
  (*host_)("DROP OWNED BY kith_walled");
  (*host_)("DROP ROLE kith_walled");
}

}  // namespace
}  // namespace kith
#endif
