// SPDX-License-Identifier: Apache-2.0
// Bad input of every kind: the right code, a message that says how to mend it, and a store that is as it was.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class BadInputTest : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      Pipeline pipeline{.name = "Standard"};
      std::vector<Stage> stages = {{.name = "Talk", .position = 1, .probability = {5, 1}},
                                   {.name = "Offer", .position = 2, .probability = {9, 1}}};
      sales::create(work, pipeline, stages);
      deal_ = Opportunity{.title = "Deal", .amount = Amount{500}};
      sales::create(work, deal_);
    });
    in_work([&](Work& work) {
      Opportunity changed = deal_;
      changed.title = "Deal 2";
      sales::update(work, changed);
    });
    before_ = to_hex(state_digest(session()));
  }

  void TearDown() override {
    EXPECT_EQ(to_hex(state_digest(session())), before_);
    StoreTest::TearDown();
  }

  Opportunity deal_;
  std::string before_;
};

TEST_P(BadInputTest, AnUnknownStage) {
  EXPECT_TRUE(says(refused([&](Work& work) { sales::advance(work, deal_.id, "Ofer"); }, Code::invalid), "Offer"));
  refused([&](Work& work) { customer::advance(work, deal_.id, "lead"); }, Code::not_found);
}

TEST_P(BadInputTest, AWrongCurrency) {
  Opportunity euros{.title = "E", .amount = Amount{1}, .currency = currency("EUR")};
  EXPECT_TRUE(says(refused([&](Work& work) { sales::create(work, euros); }, Code::invalid), "EUR"));
}

TEST_P(BadInputTest, AnUnknownFieldInAnExpression) {
  const Error told = refused([](Work& work) { work.list<Opportunity>({.where = "amuont > 1.00 USD"}); }, Code::invalid);
  EXPECT_TRUE(says(told, "character 1"));
  EXPECT_TRUE(says(told, "amount"));
}

TEST_P(BadInputTest, AStaleRevision) {
  Opportunity late = deal_;
  late.title = "late";
  EXPECT_TRUE(says(refused([&](Work& work) { sales::update(work, late); }, Code::conflict), "decide again"));
}

TEST_P(BadInputTest, AGappedRateTable) {
  constexpr std::string_view kGapped = R"({"format": "kith.plan/1", "name": "p", "version": 1, "currency": "USD",
    "calendar": "calendar", "interval": "quarter", "valid": {"from": "2026-01-01"},
    "rounding": {"mode": "half_up", "point": "telescoped"}, "order": ["date", "sequence", "id"],
    "credit": {"role": "primary", "base": "amount", "split": "from_event"},
    "components": [{"name": "c", "accumulate": "interval", "negative": "first_tier", "tiers": {"mode": "marginal",
      "bands": [{"from": "0", "to": "10", "rate": "0.1"}, {"from": "10.01", "rate": "0.2"}]}}]})";
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::add_plan(work, kGapped); }, Code::invalid), "10.01"));
}

TEST_P(BadInputTest, ABrokenRow) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "kith_broken_row.csv";
  std::ofstream(path) << "name,founded\nAcme,ninety\n\"never closed\n";
  const ImportPlan plan = parse_import_plan(R"({"format": "kith.import/1", "entity": "customer", "source": "t",
    "key": "name", "columns": {"name": "name", "founded": "founded"}})");
  const ImportReport report = import_csv(session(), file_source(path.string()), plan);
  std::filesystem::remove(path);
  EXPECT_EQ(report.created, 0);
  ASSERT_GE(report.problems.size(), 2U);
  EXPECT_EQ(report.problems[0].line, 2);
  EXPECT_EQ(report.problems[0].column, "founded");
  EXPECT_EQ(report.problems[1].line, 3);
}

INSTANTIATE_ON_ALL_BACKENDS(BadInputTest);

TEST(BadInput, ATruncatedStoreIsRefusedAndLeftAlone) {
  const test::TemporaryFile file;
  {
    test::TestStore store = test::open_test_store("sqlite:" + file.path());
    Work work = store.session.work();
    for (int i = 0; i < 300; ++i) {
      Customer customer{.name = "Customer " + std::to_string(i)};
      customer::create(work, customer);
    }
    work.commit();
  }
  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  const auto read = [&] {
    std::ostringstream bytes;
    bytes << std::ifstream(file.path(), std::ios::binary).rdbuf();
    return bytes.str();
  };
  const std::string before = read();
  try {
    open("sqlite:" + file.path());
    FAIL() << "half a store was opened";
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code), name_of(Code::corrupt)) << error.what();
  }
  EXPECT_EQ(read(), before);
}

}  // namespace
}  // namespace kith
