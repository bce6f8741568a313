// SPDX-License-Identifier: Apache-2.0
// Live feedback and quotas on business events that a host feeds, paid by general plans.
#include "incentive/general_fixture.hpp"

namespace kith {
namespace {

class GeneralFeedbackTest : public test::GeneralTest {
 protected:
  void SetUp() override {
    GeneralTest::SetUp();
    ann_ = employee("Ann");
    boss_ = employee("Boss");
    reports_to(ann_, boss_);
    general(test::GeneralText{.interval = "quarter", .override_rate = "1 %"});
    for (const Id one : {ann_, boss_}) assigned("general", one);
    Measure orders{.name = "orders", .entity = "event", .on = "date"};
    orders.filter = "type = 'order' and cancelled = false";
    orders.value = "amount";
    orders.role = "primary";
    Quota quota{.metric = QuotaMetric::measure, .period = "2025-Q2", .employee = ann_};
    quota.measure = "orders";
    quota.amount = Amount{10'000'000};
    in_work([&](Work& work) {
      incentive::set_measure(work, orders);
      incentive::set_quota(work, quota);
    });
    quota_ = quota.id;
  }
  std::string told(Work& work) { return incentive::to_text(incentive::catch_up(work)); }

  Id ann_;
  Id boss_;
  Id quota_;
};

TEST_P(GeneralFeedbackTest, AK5AnOrderOfTheHostTellsWhatItDid) {
  post({sale("1", "2025-04-02", 4'000'000, ann_)});
  in_work([&](Work& work) {
    incentive::post_events(work, std::vector<incentive::EventRow>{sale("2", "2025-04-03", 500'000, ann_)});
    EXPECT_EQ(told(work), "+250.00 commission, 40.00 % to 45.00 % of orders target\n+50.00 commission\n");
  });
  in_work([&](Work& work) {
    incentive::post_events(work, std::vector<incentive::EventRow>{sale("2", "2025-04-03", 300'000, ann_, 2)});
    EXPECT_EQ(told(work), "-100.00 commission, 45.00 % to 43.00 % of orders target\n-20.00 commission\n");
  });
  run("2025-Q2");
  std::map<Id, std::int64_t> sums;
  for (const Progress& row : session().reader().list<Progress>({.where = "kind = 'commission'"})) {
    sums[row.employee] += row.after.minor - row.before.minor;
  }
  // What was there before the first message was posted without one: 2,000.00 and 400.00.
  EXPECT_EQ(statement(ann_, "2025-Q2").total.minor - 200'000, sums[ann_]);
  EXPECT_EQ(statement(boss_, "2025-Q2").total.minor - 40'000, sums[boss_]);
  EXPECT_EQ(incentive::attainment(session().reader(), quota_).front().percent, (Decimal{4300, 2}));
}

TEST_P(GeneralFeedbackTest, SharesInRolesAreCreditedToThatRole) {
  const std::vector<incentive::Split> splits{{person(ann_), "primary", "1"}, {person(boss_), "overlay", "0.5"}};
  post({sale("1", "2025-04-02", 1'001, splits)});
  EXPECT_EQ(incentive::attainment(session().reader(), quota_).front().actual.minor, 1'001);
  Measure overlay{.name = "overlay", .entity = "event", .on = "date"};
  overlay.value = "amount";
  overlay.role = "overlay";
  in_work([&](Work& work) { incentive::set_measure(work, overlay); });
  const auto shares = incentive::measured(session().reader(), overlay, date(2025, 4, 1), date(2025, 5, 1));
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(shares[0].employee, boss_);
  EXPECT_EQ(shares[0].amount, 501);  // 500.5, half up
}

TEST_P(GeneralFeedbackTest, TheDigestKnowsEventsToo) {
  post({sale("1", "2025-04-02", 4'000'000, ann_), sale("2", "2025-04-03", 500'000, ann_)});
  const std::string text = incentive::to_text(incentive::digest(session().reader(), ann_, date(2025, 4, 4)));
  EXPECT_NE(text.find("general 2025-Q2: +250.00 commission"), std::string::npos) << text;
  EXPECT_NE(text.find("orders 2025-Q2: 40.00 % to 45.00 % of orders target"), std::string::npos) << text;
}

INSTANTIATE_ON_ALL_BACKENDS(GeneralFeedbackTest);

}  // namespace
}  // namespace kith
