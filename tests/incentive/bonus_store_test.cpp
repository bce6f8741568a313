// SPDX-License-Identifier: Apache-2.0
// Stored pools, contests, SPIFFs, amortised costs and draws: posted, explained, checked.
#include "incentive/incentive_fixture.hpp"

namespace kith {
namespace {

using test::says;

class BonusStoreTest : public test::IncentiveTest {
 protected:
  Bonus set(Bonus row) {
    row.from = date(2025, 4, 1);
    row.to = date(2025, 7, 1);
    in_work([&](Work& work) { incentive::set_bonus(work, row); });
    return row;
  }
  void parts(Id bonus, const std::vector<BonusPart>& rows) {
    in_work([&](Work& work) { incentive::set_bonus_parts(work, bonus, rows); });
  }
  std::int64_t post(Id bonus) {
    std::int64_t added = 0;
    in_work([&](Work& work) { added = incentive::post_bonus(work, bonus); });
    return added;
  }
  std::int64_t awarded(Id employee) {
    std::int64_t sum = 0;
    const Condition own = equals(entity_of<Award>(), "employee", employee);
    for (const Award& row : session().reader().list<Award>({.conditions = {own}})) sum += row.amount.minor;
    return sum;
  }
  std::string text(Id bonus, Language language = Language::english) {
    const Reader reader = session().reader();
    return incentive::to_text(reader, incentive::bonus_outcome(reader, bonus), language);
  }
};

TEST_P(BonusStoreTest, AB6PoolsAreSharedByWeightAndPostedOnce) {
  std::vector<BonusPart> shares;
  std::vector<Id> people;
  for (const std::int64_t weight : {40, 35, 15, 7, 3}) {
    people.push_back(employee("P" + std::to_string(weight)));
    shares.push_back({.employee = people.back(), .weight = weight});
  }
  const Bonus pool = set({.name = "pool", .amount = Amount{10'000'000}});
  parts(pool.id, shares);
  EXPECT_EQ(post(pool.id), 5);
  EXPECT_EQ(post(pool.id), 0) << "the same facts";
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(awarded(people[i]), *shares[i].weight * 100'000);
  EXPECT_TRUE(text(pool.id).starts_with("pool 100,000.00 USD\nP40: 40,000.00 USD, weight 40 of 100 in all\n"))
      << text(pool.id);
  EXPECT_TRUE(text(pool.id, Language::chinese).starts_with("奖金池 100,000.00 USD\n"));
  shares.pop_back();
  parts(pool.id, shares);
  EXPECT_EQ(post(pool.id), 5) << "all shares have moved, one has gone";
  EXPECT_EQ(awarded(people[4]), 0);
  std::int64_t sum = 0;
  for (const Id person : people) sum += awarded(person);
  EXPECT_EQ(sum, 10'000'000);
}

TEST_P(BonusStoreTest, EqualsSayWhichPrizesTheyShareAndAnOverflowWhoseItIs) {
  const Id ann = employee("Ann"), bob = employee("Bob"), eve = employee("Eve");
  Bonus contest = set({.name = "contest", .kind = BonusKind::contest});
  parts(contest.id, {{.amount = Amount{100'000}}, {.amount = Amount{50'000}}, {.amount = Amount{10'000}}});
  won(ann, 900'000, "2025-05-01"), won(bob, 900'000, "2025-05-02"), won(eve, 200'000, "2025-05-03");
  EXPECT_TRUE(
      text(contest.id)
          .starts_with(
              "Ann: 750.00 USD, place 1 with 9,000.00 USD; equal with 1 more: prizes 1 to 2 sum to 1,500.00 USD\n"))
      << text(contest.id);
  EXPECT_TRUE(
      text(contest.id, Language::chinese)
          .starts_with("Ann: 750.00 USD，第 1 名，9,000.00 USD；另有 1 人并列：名次 1 至 2 的奖金合计 1,500.00 USD\n"))
      << text(contest.id, Language::chinese);
  won(ann, 9'000'000'000'000'000'000, "2025-05-04");
  won(ann, 9'000'000'000'000'000'000, "2025-05-05");
  try {
    text(contest.id);
    ADD_FAILURE() << "a sum beyond 64 bits";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::overflow);
    EXPECT_NE(error.message.find("won_amount of 'Ann' ("), std::string::npos) << error.message;
  }
}

TEST_P(BonusStoreTest, PoolsByContributionAreFedByWhatExceedsAHurdle) {
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  employee("Eve");
  const Bonus pool =
      set({.name = "pool", .rate = Decimal{3, 2}, .hurdle = Amount{100'000'000}, .cap = Amount{400'000}});
  EXPECT_EQ(post(pool.id), 0) << "nothing came in";
  won(ann, 82'304'526, "2025-05-01");
  won(bob, 41'152'263, "2025-05-02");
  // 1,234,567.89 in all, 3 % of 234,567.89 are 7,037.04; Ann's two thirds stand at the cap, Bob has the rest.
  EXPECT_EQ(post(pool.id), 2);
  EXPECT_EQ(awarded(ann), 400'000);
  EXPECT_EQ(awarded(bob), 303'704);
  const std::string said = text(pool.id);
  EXPECT_NE(said.find("Bob: 3,037.04 USD, brought 411,522.63 USD of 1,234,567.89 USD in all"), std::string::npos)
      << said;
  EXPECT_NE(said.find("of 1,234,567.89 USD in all, at the cap of 4,000.00 USD; pool of 7,037.04 USD: 0.03 x "
                      "(1,234,567.89 USD of everybody - 1,000,000.00 USD), shared among all who take part\n"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("; 1 at the cap leave 3,037.04 USD for a weight of 411,522.63 USD"), std::string::npos) << said;
  EXPECT_NE(
      text(pool.id, Language::chinese)
          .find("Bob: 3,037.04 USD，带来 411,522.63 USD，合计 1,234,567.89 USD；1 人达到上限，余 3,037.04 USD，按权重 "
                "411,522.63 USD 再分；奖金池 7,037.04 USD：0.03 × （所有人 1,234,567.89 USD 减 1,000,000.00 USD），"
                "由全体参与者分配\n"),
      std::string::npos)
      << text(pool.id, Language::chinese);
  won(bob, 100, "2025-07-01");  // after it
  EXPECT_EQ(post(pool.id), 0);
}

TEST_P(BonusStoreTest, AnOverflowNamesTheBonusItsDaysAndWhatDoesNotFit) {
  const Id ann = employee("Ann"), bob = employee("Bob");
  constexpr std::int64_t kHuge = 9'000'000'000'000'000'000;
  const auto refusal = [&](const Bonus& bonus) {
    return refused([&](Work& work) { incentive::post_bonus(work, bonus.id); }, Code::overflow).message;
  };
  const Bonus weighed = set({.name = "weighed", .amount = Amount{100}});
  parts(weighed.id, {{.employee = ann, .weight = kHuge}, {.employee = bob, .weight = kHuge}});
  EXPECT_TRUE(
      refusal(weighed).starts_with("pool 'weighed' from 2025-04-01 to 2025-07-01 (shorten its days, or lower "
                                   "its rate or weights): The sum of the weights of all does not fit"))
      << refusal(weighed);
  won(ann, kHuge, "2025-05-01");
  const Bonus twice = set({.name = "twice", .rate = Decimal{2, 0}});
  EXPECT_NE(refusal(twice).find("pool 'twice' from 2025-04-01 to 2025-07-01"), std::string::npos) << refusal(twice);
  EXPECT_NE(refusal(twice).find(": 2 of 90,000,000,000,000,000.00 USD brought by all: "), std::string::npos)
      << refusal(twice);
  const Bonus premium = set({.name = "premium", .kind = BonusKind::spiff, .rate = Decimal{2, 0}});
  EXPECT_NE(refusal(premium).find("spiff 'premium' from 2025-04-01 to 2025-07-01"), std::string::npos);
  EXPECT_NE(refusal(premium).find(": 'Ann' ("), std::string::npos) << refusal(premium);
  won(bob, kHuge, "2025-05-02");
  const Bonus fed = set({.name = "fed", .rate = Decimal{1, 2}});
  EXPECT_NE(refusal(fed).find("pool 'fed' from 2025-04-01 to 2025-07-01"), std::string::npos) << refusal(fed);
  EXPECT_NE(refusal(fed).find(": won_amount of all from 2025-04-01 to 2025-07-01"), std::string::npos) << refusal(fed);
}

TEST_P(BonusStoreTest, ContestsPayByPlaceAndCorrectThemselves) {
  const Id team = unit("Team");
  const Id ann = employee("Ann", team);
  const Id bob = employee("Bob", team);
  const Id eve = employee("Eve", team);
  const Id out = employee("Out");
  const Bonus contest = set({.name = "spring", .kind = BonusKind::contest, .unit = team, .minimum = 1'000});
  parts(contest.id, {{.amount = Amount{100'000}}, {.amount = Amount{50'000}}});
  won(ann, 2'000, "2025-04-02");
  won(bob, 2'000, "2025-04-02");
  won(eve, 999, "2025-04-02");
  won(out, 9'000, "2025-04-02");
  EXPECT_EQ(post(contest.id), 2);
  EXPECT_EQ(awarded(ann), 75'000) << "they share the prizes of both places";
  EXPECT_EQ(awarded(bob), 75'000);
  EXPECT_TRUE(text(contest.id).find("9.99 USD, below the minimum") != std::string::npos) << text(contest.id);
  won(eve, 2'000, "2025-06-30");
  EXPECT_EQ(post(contest.id), 3);
  EXPECT_EQ(awarded(eve), 100'000);
  EXPECT_EQ(awarded(ann), 25'000);
  const auto rows = session().reader().list<Award>({.order = {"id"}});
  EXPECT_FALSE(rows.front().correction);
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const Award& row) { return row.correction; }));
}

TEST_P(BonusStoreTest, SpiffsPayForDealsThatAFilterKeeps) {
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  const Bonus rate = set({.name = "big ones",
                          .kind = BonusKind::spiff,
                          .rate = Decimal{25, 3},
                          .cap = Amount{2'000},
                          .filter = "amount >= 100.00 USD"});
  const Bonus each = set({.name = "each", .kind = BonusKind::spiff, .amount = Amount{1'001}});
  won(ann, 10'001, "2025-04-02", {{ann, {5, 1}}, {bob, {5, 1}}});
  won(ann, 90'000, "2025-04-03");
  won(ann, 9'999, "2025-04-04");
  post(rate.id);
  // 2.5 % of 50.01 and of 900.00: 1.25 + 22.50, at most 20.00.
  EXPECT_EQ(awarded(ann), 2'000);
  EXPECT_EQ(awarded(bob), 125);
  EXPECT_TRUE(text(rate.id).find("2 deals, 950.01 USD x 0.025, rounded deal by deal, at the cap of 20.00 USD") !=
              std::string::npos)
      << text(rate.id);
  post(each.id);
  EXPECT_EQ(awarded(ann), 2'000 + 501 + 1'001 + 1'001);
  EXPECT_EQ(awarded(bob), 125 + 500);
}

TEST_P(BonusStoreTest, RefusesBonusesThatMakeNoSense) {
  const Id ann = employee("Ann");
  const auto attempt = [](Bonus row) {
    row.from = date(2025, 4, 1);
    row.to = date(2025, 7, 1);
    return [row](Work& work) mutable { incentive::set_bonus(work, row); };
  };
  EXPECT_TRUE(says(refused(attempt({.name = "x", .amount = Amount{-1}}), Code::invalid), "negative: -0.01"));
  EXPECT_TRUE(says(refused(attempt({.name = "x"}), Code::invalid), "rate is missing"));
  EXPECT_TRUE(
      says(refused(attempt({.name = "x", .amount = Amount{1}, .rate = Decimal{1, 0}}), Code::invalid), "one of"));
  EXPECT_TRUE(
      says(refused(attempt({.name = "x", .kind = BonusKind::contest, .amount = Amount{1}}), Code::invalid), "prizes"));
  EXPECT_TRUE(
      says(refused(attempt({.name = "x", .counts = "won_amunt", .amount = Amount{1}}), Code::invalid), "measure"));
  EXPECT_TRUE(says(refused(attempt({.name = "x", .kind = BonusKind::spiff, .amount = Amount{1}, .filter = "amout > 1"}),
                           Code::invalid),
                   "amount"));
  const Bonus pool = set({.name = "pool", .amount = Amount{1}});
  const auto weigh = [&](std::vector<BonusPart> rows) {
    return [&pool, rows](Work& work) { incentive::set_bonus_parts(work, pool.id, rows); };
  };
  const BonusPart one{.employee = ann, .weight = 1};
  EXPECT_TRUE(says(refused(weigh({one, one}), Code::invalid), "twice"));
  EXPECT_TRUE(says(refused(weigh({{.employee = ann, .weight = -1}}), Code::invalid), "negative"));
  Bonus other = pool;
  other.kind = BonusKind::spiff;
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_bonus(work, other); }, Code::invalid), "stays"));
}

TEST_P(BonusStoreTest, CostsAreAmortisedMonthByMonth) {
  CostAsset asset{.name = "contract 1", .cost = Amount{100'000}, .months = 36, .start = date(2025, 1, 15)};
  in_work([&](Work& work) {
    incentive::set_cost_asset(work, asset);
    EXPECT_EQ(incentive::post_amortization(work, asset.id, date(2025, 1, 14)), 0);
    EXPECT_EQ(incentive::post_amortization(work, asset.id, date(2025, 3, 15)), 3);
    EXPECT_EQ(incentive::post_amortization(work, asset.id, date(2025, 3, 15)), 0);
  });
  auto lines = session().reader().list<CostLine>({.order = {"position"}});
  EXPECT_EQ(lines[0].amount.minor, 2'778);  // 1,000.00 / 36 = 27.777...
  EXPECT_EQ(lines[1].amount.minor, 2'778);
  EXPECT_EQ(lines[2].amount.minor, 2'777);
  EXPECT_EQ(lines[2].remaining.minor, 91'667);
  EXPECT_TRUE(
      says(refused([&](Work& work) { incentive::write_off_asset(work, asset.id, date(2025, 2, 1)); }, Code::state),
           "posted already"));
  in_work([&](Work& work) { incentive::write_off_asset(work, asset.id, date(2025, 5, 20)); });
  lines = session().reader().list<CostLine>({.order = {"position"}});
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines.back().kind, incentive::AmortizationKind::write_off);
  EXPECT_EQ(lines.back().remaining.minor, 0);
  std::int64_t sum = 0;
  for (const CostLine& line : lines) sum += line.amount.minor;
  EXPECT_EQ(sum, 100'000);
  refused([&](Work& work) { incentive::write_off_asset(work, asset.id, date(2025, 6, 20)); }, Code::state);
  CostAsset brief{.name = "one year", .cost = Amount{500}, .months = 12, .start = date(2025, 1, 1)};
  in_work([&](Work& work) {
    incentive::set_cost_asset(work, brief);
    EXPECT_EQ(incentive::post_amortization(work, brief.id, date(2025, 1, 1)), 1) << "an expense at once";
  });
  CostAsset bad = brief;
  bad.id = {};
  bad.revision = 0;
  bad.months = 0;
  refused([&](Work& work) { incentive::set_cost_asset(work, bad); }, Code::invalid);
}

TEST_P(BonusStoreTest, G09DrawsAreSettledAgainstClosedStatements) {
  plan({.components = {{"revenue", {{"0", "0.1"}}}}});
  const Id ann = employee("Ann");
  assigned("field", ann);
  Draw draw{.employee = ann, .amount = Amount{300'000}, .from = date(2025, 1, 1)};
  in_work([&](Work& work) { incentive::set_draw(work, draw); });
  won(ann, 1'200'000, "2025-01-10");
  won(ann, 2'500'000, "2025-02-10");
  won(ann, 7'000'000, "2025-03-10");
  const std::int64_t pays[] = {300'000, 300'000, 470'000};
  const std::int64_t balances[] = {180'000, 230'000, 0};
  const char* const months[] = {"2025-01", "2025-02", "2025-03"};
  for (std::size_t i = 0; i < 3; ++i) {
    run(months[i]);
    const auto settle = [&](Work& work) { incentive::post_draw(work, draw.id, months[i]); };
    EXPECT_TRUE(says(refused(settle, Code::state), "close the period first"));
    close(months[i]);
    in_work([&](Work& work) {
      const DrawLine line = incentive::post_draw(work, draw.id, months[i]);
      EXPECT_EQ(line.pay.minor, pays[i]);
      EXPECT_EQ(line.balance.minor, balances[i]);
    });
    EXPECT_TRUE(says(refused(settle, Code::state), "settled already"));
  }
  EXPECT_EQ(
      incentive::draw_text(session().reader(), draw.id),
      "2025-01: earned 1200.00 + advanced 1800.00 - recovered 0.00 + topped up 0.00 = pay 3000.00, balance 1800.00\n"
      "2025-02: earned 2500.00 + advanced 500.00 - recovered 0.00 + topped up 0.00 = pay 3000.00, balance 2300.00\n"
      "2025-03: earned 7000.00 + advanced 0.00 - recovered 2300.00 + topped up 0.00 = pay 4700.00, balance 0.00\n");
  Draw other = draw;
  other.id = {};
  other.revision = 0;
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_draw(work, other); }, Code::conflict), "overlaps"));
  draw.amount = Amount{1};
  EXPECT_TRUE(
      says(refused([&](Work& work) { incentive::set_draw(work, draw); }, Code::state), "settled by these terms"));
  other.from = date(2024, 1, 1);
  other.to = date(2025, 1, 1);
  other.amount = Amount{-1};
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_draw(work, other); }, Code::invalid), "negative"));
}

INSTANTIATE_ON_ALL_BACKENDS(BonusStoreTest);

}  // namespace
}  // namespace kith
