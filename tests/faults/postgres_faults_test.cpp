// SPDX-License-Identifier: Apache-2.0
// R17, R8: connections cut at a byte, statements that fail. The effect of a work with an idempotency key is there once.
#include <gtest/gtest.h>
#ifdef KITH_POSTGRES

#include "kith/storage/postgres.hpp"
#include "support/cutting_proxy.hpp"
#include "support/failing_libpq.hpp"
#include "support/pair_work.hpp"
#include "support/soak.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

using test::expect_once;
using test::expect_whole;
using test::run_pair;

class CutTest : public testing::Test {
 protected:
  void SetUp() override {
    const test::PostgresServer& server = test::own_server();
    if (!server.fault().empty()) GTEST_SKIP() << "PostgreSQL was not tested: " << server.fault();
    proxy_ = std::make_unique<test::CuttingProxy>(folder_.file(""), server.socket_folder());
    static int tenants = 0;
    url_ = "postgresql://postgres@/postgres?host=" + folder_.file("") +
           "&kith_schema=kith_cut&kith_tenant=" + std::to_string(++tenants);
    engine_ = open(url_, test::patient_options());
  }

  /// One work with that cut; false when the stream was shorter.
  bool cut(test::Way way, std::int64_t bytes, bool at_commit, int more = 0) {
    const std::string name = "work " + std::to_string(++works_);
    customers_ += 2 + static_cast<std::size_t>(more);
    Session session = engine_->session();
    session.reader();  // connected
    proxy_->arm(way, bytes, at_commit);
    EXPECT_EQ(run_pair(session, name, more).result, name);
    const bool was_cut = proxy_->disarm();
    cuts_ += was_cut ? 1 : 0;
    expect_once(session.reader(), name);
    return was_cut;
  }

  void finish(const char* where) {
    Session session = engine_->session();
    expect_whole(session, customers_);
    test::tell("cuts in ", where, ": ", cuts_);
  }

  kith_test::TempDir folder_;
  std::unique_ptr<test::CuttingProxy> proxy_;
  std::string url_;
  std::shared_ptr<Engine> engine_;
  std::size_t works_ = 0;
  std::size_t customers_ = 0;
  int cuts_ = 0;
};

/// "COMMIT" as a message of the protocol, and the answer to it: complete, and ready again.
constexpr std::int64_t kCommitBytes = 12;
constexpr std::int64_t kAnswerBytes = 12 + 6;

TEST_F(CutTest, R17EachByteOfTheCommitAppliesTheWorkOnce) {
  for (std::int64_t byte = 0; byte < kCommitBytes; ++byte) EXPECT_TRUE(cut(test::Way::to_server, byte, true)) << byte;
  for (std::int64_t byte = 0; byte < kAnswerBytes; ++byte) EXPECT_TRUE(cut(test::Way::to_client, byte, true)) << byte;
  EXPECT_FALSE(cut(test::Way::to_client, kAnswerBytes, true)) << "the answer was read to its end";
  EXPECT_EQ(cuts_, kCommitBytes + kAnswerBytes);
  finish("COMMIT");
}

TEST_F(CutTest, R17BytesOfTheWholeWorkApplyItOnce) {
  const int step = test::step_of(311, 3);
  for (const test::Way way : {test::Way::to_server, test::Way::to_client}) {
    for (std::int64_t byte = 0; cut(way, byte, false); byte += step) {
    }
  }
  EXPECT_GT(cuts_, test::turns_of(10));
  finish("the whole work");
}

TEST_F(CutTest, R17BytesOfAWorkThatCopiesManyRowsApplyItOnce) {
  constexpr int kMore = 600;
  const int step = test::step_of(30'011, 1'009);
  for (std::int64_t byte = 7; cut(test::Way::to_server, byte, false, kMore); byte += step) {
  }
  EXPECT_GE(cuts_, test::turns_of(4));
  finish("a work of 602 customers");
}

TEST_F(CutTest, R17AServerThatStaysAwayLeavesTheQuestionToTheKey) {
  Options hasty = test::patient_options();
  hasty.storage.busy_ms = 200;
  auto engine = open(url_, hasty);
  Session session = engine->session();
  const auto run = [&](const WorkOptions& options, const std::string& name) {
    int calls = 0;
    try {
      const Receipt receipt = session.run(options,
                                          [&](Work& work) {
                                            ++calls;
                                            return test::add_pair(work, name);
                                          },
                                          {.attempts = 2, .first_ms = 1, .most_ms = 2});
      EXPECT_EQ(receipt.result, name);
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::storage);
      EXPECT_EQ(calls, 1);
      EXPECT_TRUE(test::says(error, "connect")) << "where it failed";
    }
    return calls;
  };
  // Without a key nothing is tried again, whether the work was kept (the answer was cut off) or not.
  proxy_->arm(test::Way::to_client, 0, true, true);
  EXPECT_EQ(run({.cause = "no key"}, "kept"), 1);
  EXPECT_TRUE(proxy_->disarm());
  expect_whole(session, 2);
  proxy_->arm(test::Way::to_server, 3, true, true);
  EXPECT_EQ(run({.cause = "no key"}, "not kept"), 1);
  EXPECT_TRUE(proxy_->disarm());
  expect_whole(session, 2);
  // With one, the next attempt finds out.
  const WorkOptions keyed{.cause = "pair", .key = "kept too", .payload = "kept too"};
  proxy_->arm(test::Way::to_client, 0, true, true);
  EXPECT_EQ(run(keyed, "kept too"), 1);
  EXPECT_TRUE(proxy_->disarm());
  EXPECT_EQ(run(keyed, "kept too"), 0) << "it was there";
  expect_once(session.reader(), "kept too");
  expect_whole(session, 4);
}

class StatementTest : public testing::Test {
 protected:
  void SetUp() override {
    KITH_NEEDS_POSTGRES();
    url_ = test::fresh_postgres_url();
    engine_ = open(url_, test::patient_options());
    libpq_ = std::make_unique<test::FailingLibpq>();
  }

  /// One work with that failure; false where it has fewer statements.
  bool apply(const test::Failure& failure, int more = 0) {
    const std::string name = "work " + std::to_string(++works_);
    customers_ += 2 + static_cast<std::size_t>(more);
    Session session = engine_->session();
    libpq_->arm(failure);
    EXPECT_EQ(run_pair(session, name, more).result, name);
    const int hits = libpq_->disarm();
    hits_ += hits;
    expect_once(session.reader(), name);
    return hits > (failure.again >= 0 ? 1 : 0);
  }

  std::string url_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<test::FailingLibpq> libpq_;
  std::size_t works_ = 0;
  std::size_t customers_ = 0;
  int hits_ = 0;
};

TEST_F(StatementTest, R8AFailureAtAnyStatementAppliesTheWorkOnce) {
  for (const char* state : {"40001", "40P01", "57P01", "08006", ""}) {
    for (int at = 0; apply({.state = state, .at = at}); ++at) {
      ASSERT_FALSE(HasFailure()) << "'" << state << "' at statement " << at;
    }
  }
  EXPECT_GT(hits_, 50);
  Session session = engine_->session();
  expect_whole(session, customers_);
  test::tell("statements that failed: ", hits_);
}

TEST_F(StatementTest, R8AFailureWithinAnImportAppliesItOnce) {
  for (const char* state : {"40001", ""}) {
    for (int at = test::soaking() ? 0 : 12; apply({.state = state, .at = at}, 600); at += test::step_of(5, 1)) {
      ASSERT_FALSE(HasFailure()) << "'" << state << "' at statement " << at;
    }
  }
  EXPECT_GT(hits_, test::turns_of(4));
  Session session = engine_->session();
  expect_whole(session, customers_);
  test::tell("statements of imports that failed: ", hits_);
}

/// What Citus reports at COMMIT, and what a server says that goes away: the work is there or not.
TEST_F(StatementTest, R17ACommitOfUnknownOutcomeAppliesTheWorkOnce) {
  for (const bool keeps : {false, true}) {
    for (const char* state : {"XX000", "57P01", "08006", "08007", "57P02", ""}) {
      EXPECT_TRUE(apply({.state = state, .commits = true, .keeps = keeps})) << state;
    }
    // While the store is asked the network fails again, and again at the next statement of that question.
    for (int again = 0; apply({.state = "", .commits = true, .keeps = keeps, .again = again}); ++again) {
      ASSERT_FALSE(HasFailure()) << again << " statements behind the commit";
    }
  }
  EXPECT_GT(hits_, 20);
  Session session = engine_->session();
  expect_whole(session, customers_);
  test::tell("commits of unknown outcome: ", hits_);
}

/// The host's transaction is the host's to repeat: each failure is told once, as an error that says so.
TEST_F(StatementTest, R8ABorrowedTransactionReportsBusyToTheHost) {
  const std::size_t from = url_.find("kith_schema=");
  const PostgresOptions mine{.schema = url_.substr(from + 12)};
  const std::string plain = url_.substr(0, from - 1);
  const char* keywords[] = {"dbname", nullptr};
  const char* values[] = {plain.c_str(), nullptr};
  const auto& real = libpq_->real();
  PGconn* host = real.PQconnectdbParams(keywords, values, 1);
  const auto say = [&](const char* sql) { real.PQclear(real.PQexec(host, sql)); };
  for (const char* state : {"40001", "40P01"}) {
    int hits = 1;
    for (int at = 0; hits > 0; ++at) {
      say("BEGIN");
      int calls = 0;
      {
        auto engine = Engine::open(open_postgres_on(host, mine), model(), test::patient_options());
        Session session = engine->session();
        libpq_->arm({.state = state, .at = at});
        try {
          session.run({.cause = "borrowed"},
                      [&](Work& work) {
                        ++calls;
                        return test::add_pair(work, "borrowed");
                      },
                      {.attempts = 1});
          hits = libpq_->disarm();
          EXPECT_EQ(hits, 0) << "a failed statement was not reported, " << at;
        } catch (const Error& error) {
          hits = libpq_->disarm();
          EXPECT_EQ(error.code, Code::busy) << at << ": " << error.what();
          EXPECT_TRUE(test::says(error, "roll the host's transaction back")) << at;
          EXPECT_EQ(hits, 1);
        }
      }
      EXPECT_LE(calls, 1) << "tried again within the host's transaction";
      hits_ += hits;
      say("ROLLBACK");
    }
  }
  real.PQfinish(host);
  EXPECT_GT(hits_, 20);
  Session session = engine_->session();
  expect_whole(session, 0);
}

}  // namespace
}  // namespace kith
#endif
