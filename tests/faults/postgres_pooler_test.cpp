// SPDX-License-Identifier: Apache-2.0
// Sessions by way of a real pooler that hands out its few servers by transaction.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include <chrono>
#include <thread>

#include "support/expect_error.hpp"
#include "support/pair_work.hpp"
#include "support/postgres_host.hpp"
#include "support/postgres_pooler.hpp"

namespace kith {
namespace {

class PoolerTest : public testing::Test {
 protected:
  /// With that many connections behind the pooler. Its absence is told loudly.
  void start(int connections) {
    if (!server_.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server_.fault();
    pooler_ = std::make_unique<test::PostgresPooler>(server_, connections);
    if (!pooler_->fault().empty()) GTEST_SKIP() << "no pooler was tested: " << pooler_->fault();
    static int tenants = 0;
    store_ = "&kith_schema=kith_pooled&kith_tenant=" + std::to_string(++tenants);
  }

  const test::PostgresServer& server_ = test::own_server();
  std::string store_;
  std::unique_ptr<test::PostgresPooler> pooler_;
};

/// What a transaction of Kith's sets; nothing of it may stay on a connection that others get.
constexpr const char* kSettings =
    "SELECT current_setting('search_path') || current_setting('lock_timeout') || "
    "current_setting('statement_timeout') || coalesce(current_setting('kith.tenant', true), '') || "
    "(SELECT count(*) FROM pg_prepared_statements) || (SELECT count(*) FROM pg_cursors)";

TEST_F(PoolerTest, MoreSessionsThanServersTakeTurnsByTransaction) {
  start(2);
  if (IsSkipped()) return;
  test::Host direct(server_.url());
  const std::string plain = direct(kSettings);
  constexpr std::size_t kThreads = 6;
  constexpr std::size_t kWorks = 5;
  const std::string url = pooler_->url() + store_ + "&kith_prepare=unnamed&kith_statement_ms=60000";
  auto engine = open(url, test::patient_options());
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      try {
        Session session = engine->session();
        for (std::size_t work = 0; work < kWorks; ++work) {
          // The last one by COPY.
          test::run_pair(session, std::to_string(thread) + "/" + std::to_string(work), work + 1 == kWorks ? 600 : 0);
          EXPECT_GE(session.reader().list<Customer>().size(), 2 * (work + 1));
        }
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Session session = engine->session();
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    for (std::size_t work = 0; work < kWorks; ++work) {
      test::expect_once(session.reader(), std::to_string(thread) + "/" + std::to_string(work));
    }
  }
  test::expect_whole(session, kThreads * (2 * kWorks + 600));
  // The store is one: the digest by way of the pooler is that of the server itself.
  EXPECT_EQ(to_hex(state_digest(session)), to_hex(state_digest(open(server_.url() + store_)->session())));
  test::Host pooled(pooler_->url());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(pooled(kSettings), plain) << "a setting stayed behind";
}

TEST_F(PoolerTest, NamedStatementsAreToldHowToGoWithout) {
  start(1);
  if (IsSkipped()) return;
  auto engine = open(server_.url() + store_, test::patient_options());
  Session session = engine->session();
  test::run_pair(session, "by the server itself");
  const std::string url = pooler_->url() + store_;
  const auto count = [](const std::string& store) {
    auto other = open(store, test::patient_options());
    Session reads = other->session();
    return reads.reader().list<Customer>().size();
  };
  const auto count_twice_with_names = [&] { return count(url) + count(url); };
  EXPECT_KITH_ERROR(count_twice_with_names(), Code::storage, "open the store with kith_prepare=unnamed");
  EXPECT_EQ(count(url + "&kith_prepare=unnamed"), 2U);
}

/// What is on a table is asked for by another connection, and a pooler may have no other server to give.
TEST_F(PoolerTest, AFailureIsToldThoughNoOtherServerCanBeAsked) {
  start(1);
  if (IsSkipped()) return;
  open(server_.url() + store_, test::patient_options());
  auto engine = open(pooler_->url() + store_ + "&kith_prepare=unnamed", test::patient_options());
  Session session = engine->session();
  test::Host host(server_.url());
  ASSERT_EQ(host("ALTER TABLE kith_pooled.customer ADD CONSTRAINT theirs CHECK (1 / (CASE WHEN "
                 "name = 'refused first' THEN 0 ELSE 1 END) > 0)"),
            "");
  const auto start_of_wait = std::chrono::steady_clock::now();
  {
    Work work = session.work({.cause = "x"});
    EXPECT_KITH_ERROR(test::add_pair(work, "refused"), Code::corrupt, "`kith doctor`");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start_of_wait, std::chrono::seconds(60));
  EXPECT_EQ(host("ALTER TABLE kith_pooled.customer DROP CONSTRAINT theirs"), "");
  test::run_pair(session, "afterwards");
}

}  // namespace
}  // namespace kith
#endif
