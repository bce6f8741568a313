// SPDX-License-Identifier: Apache-2.0
// A whole CRM's tables into an empty store with the mappings in examples/. The expected counts and sums are the known
// truths of the data set, recounted from its files.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "kith/interchange/importer.hpp"
#include "kith/kith.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << "cannot read " << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::int64_t count_of(const ImportReport& report, ImportNoticeKind kind, std::string_view column,
                      std::string_view field, std::string_view value = {}) {
  for (const ImportNotice& notice : report.notices) {
    if (notice.kind == kind && notice.column == column && notice.field == field && notice.value == value) {
      return notice.count;
    }
  }
  return 0;
}

class MavenImport : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    data_ = test::data_dir() / "maven_crm";
    if (!std::filesystem::exists(data_ / "sales_pipeline.csv")) GTEST_SKIP() << "no real data at " << data_;
    engine_ = open(GetParam());
    session_.emplace(engine_->session());
    Work work = session_->work();
    Pipeline pipeline;
    pipeline.name = "Standard";
    std::vector<Stage> stages(2);
    stages[0].name = "Prospecting";
    stages[0].position = 1;
    stages[1].name = "Engaging";
    stages[1].position = 2;
    sales::create(work, pipeline, stages);
    work.commit();
  }

  ImportReport import(const std::string& table, bool aliases = true) {
    const std::filesystem::path documents = test::source_dir() / "examples" / "maven_crm";
    ImportPlan plan = parse_import_plan(read_file(documents / (table + ".import.json")));
    if (aliases) add_aliases(plan, read_file(documents / "aliases.json"));
    ImportOptions options;
    options.cause = "import " + table;
    ImportReport report = import_csv(*session_, file_source((data_ / (table + ".csv")).string()), plan, options);
    for (std::size_t i = 0; i < std::min<std::size_t>(3, report.problems.size()); ++i) {
      ADD_FAILURE() << table << " line " << report.problems[i].line << ": " << report.problems[i].reason;
    }
    return report;
  }

  std::filesystem::path data_;
  std::shared_ptr<Engine> engine_;
  std::optional<Session> session_;
};

INSTANTIATE_TEST_SUITE_P(Storage, MavenImport, ::testing::Values("memory:"), [](const auto&) { return "Memory"; });

TEST_P(MavenImport, EveryTableComesInWholeAndEveryDefectIsCounted) {
  EXPECT_EQ(import("sales_teams").created, 35);
  EXPECT_EQ(import("products").created, 7);

  const ImportReport accounts = import("accounts");
  EXPECT_EQ(accounts.created, 85);
  EXPECT_EQ(count_of(accounts, ImportNoticeKind::alias, "sector", "sector", "technolgy"), 12);
  EXPECT_EQ(count_of(accounts, ImportNoticeKind::alias, "office_location", "country", "Philipines"), 1);
  EXPECT_EQ(count_of(accounts, ImportNoticeKind::blank, "subsidiary_of", "parent"), 70);

  const ImportReport deals = import("sales_pipeline");
  EXPECT_EQ(deals.created, 8800);
  EXPECT_EQ(deals.rejected, 0);
  EXPECT_EQ(count_of(deals, ImportNoticeKind::alias, "product", "product", "GTXPro"), 1480);
  EXPECT_EQ(count_of(deals, ImportNoticeKind::blank, "account", "customer"), 1425);
  EXPECT_EQ(count_of(deals, ImportNoticeKind::blank, "engage_date", "engaged_on"), 500);

  std::map<DealStatus, int> count;
  std::int64_t won = 0;
  for (const Opportunity& deal : session_->reader().list<Opportunity>()) {
    ++count[deal.status];
    if (deal.status == DealStatus::won) won += deal.amount->minor;
  }
  EXPECT_EQ(count, (std::map<DealStatus, int>{
                       {DealStatus::won, 4238}, {DealStatus::lost, 2473}, {DealStatus::open, 1589 + 500}}));
  EXPECT_EQ(won, 10'005'534'00);
  for (const Finding& finding : check(*session_)) ADD_FAILURE() << finding.entity << ": " << finding.message;

  const ImportReport again = import("sales_pipeline");
  EXPECT_EQ(again.unchanged, 8800);
  EXPECT_EQ(again.last_seq, 0);
}

}  // namespace
}  // namespace kith
