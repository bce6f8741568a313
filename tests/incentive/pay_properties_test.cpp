// SPDX-License-Identifier: Apache-2.0
// What holds for pay whatever the numbers are, on seeded random input, against exact rationals where a formula is
// asked.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

#include "kith/incentive/amortization.hpp"
#include "kith/incentive/draw.hpp"
#include "kith/incentive/pool.hpp"
#include "kith/incentive/proration.hpp"
#include "kith/incentive/release.hpp"

namespace kith::incentive {
namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

constexpr int kRounds = 500;

std::int64_t any(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

// Half away from zero, a second time: floor(|x| + 1/2) with the sign put back.
std::int64_t half_up(const cpp_rational& value) {
  const cpp_rational raised = abs(value) + cpp_rational(1, 2);
  const cpp_int whole = numerator(raised) / denominator(raised);
  return static_cast<std::int64_t>(value < 0 ? cpp_int(-whole) : whole);
}

std::int64_t sum_of(const std::vector<std::int64_t>& values) {
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  return sum;
}

// The shares of a pool with caps: the level at which nobody takes more than the cap, found by trying every set size of
// members in the order in which caps bind.
std::vector<cpp_rational> level_shares(std::int64_t pool, const std::vector<PoolMember>& members) {
  std::vector<std::size_t> order;
  cpp_rational weight = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].weight <= 0) continue;
    order.push_back(i);
    weight += members[i].weight;
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return cpp_int(*members[a].cap) * members[b].weight < cpp_int(*members[b].cap) * members[a].weight;
  });
  std::vector<cpp_rational> shares(members.size(), 0);
  cpp_rational left = pool;
  for (const std::size_t i : order) {
    const cpp_rational fair = left * members[i].weight / weight;
    shares[i] = std::min(fair, cpp_rational(*members[i].cap));
    left -= shares[i];
    weight -= members[i].weight;
  }
  return shares;
}

TEST(PayProperties, PoolsAreSharedToTheCentAndWithinCaps) {
  std::mt19937_64 random(41);
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t pool = any(random, 0, 1'000'000);
    std::vector<PoolMember> members;
    for (std::int64_t i = any(random, 1, 9); i > 0; --i) {
      members.push_back({any(random, -3, 20), any(random, 0, 300'000)});
    }
    const PoolShares shares = share_pool(pool, members);
    EXPECT_EQ(sum_of(shares.shares), shares.paid);
    EXPECT_EQ(shares.paid + shares.carried, pool);
    const std::vector<cpp_rational> expected = level_shares(pool, members);
    for (std::size_t i = 0; i < members.size(); ++i) {
      EXPECT_LE(shares.shares[i], *members[i].cap);
      EXPECT_LT(abs(cpp_rational(shares.shares[i]) - expected[i]), 1) << "round " << round << " member " << i;
    }
  }
}

TEST(PayProperties, DrawsGiveBackWhatTheyAdvance) {
  std::mt19937_64 random(42);
  for (int round = 0; round < kRounds; ++round) {
    const auto kind = static_cast<DrawKind>(any(random, 1, 3));
    const DrawTerms terms{kind, any(random, 0, 5'000), {any(random, 0, 100), 2}};
    DrawState state;
    std::int64_t earned = 0, pay = 0, advanced = 0, recovered = 0;
    for (int period = 0; period < 12; ++period) {
      const std::int64_t now = any(random, -2'000, 12'000);
      const DrawResult result = apply_draw(terms, now, state);
      state = result.state;
      earned += now;
      pay += result.pay;
      advanced += result.advanced;
      recovered += result.recovered;
      if (kind != DrawKind::guarantee) {
        EXPECT_GE(result.pay, terms.amount);
      }
      EXPECT_GE(state.balance, 0);
      EXPECT_EQ(advanced - recovered, state.balance);
      EXPECT_EQ(pay, earned + state.topped_up + state.balance);
      if (kind == DrawKind::guarantee) {
        EXPECT_GE(pay, terms.amount * (period + 1));
      }
    }
    const LeaverResult left = settle_leaver(LeaverRule::owe, state.balance, any(random, -500, 9'000));
    EXPECT_EQ(left.recovered + left.receivable, state.balance);
  }
}

TEST(PayProperties, ReleasesTelescopeAndMirror) {
  std::mt19937_64 random(43);
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t earned = any(random, -1'000'000, 1'000'000);
    const std::int64_t due = any(random, 1, 5'000'000);
    std::int64_t paid = 0, posted = 0;
    while (paid < due) {
      paid = std::min(due, paid + any(random, 1, due));
      const std::int64_t running = release_by_cash(earned, paid, due, Rounding::half_up);
      EXPECT_EQ(running, half_up(cpp_rational(earned) * paid / due));
      EXPECT_EQ(release_by_cash(-earned, paid, due, Rounding::half_up), -running);
      posted += running - posted;
    }
    EXPECT_EQ(posted, earned);
    const std::int64_t first = any(random, 0, 1000);
    const std::vector<ReleaseStep> steps = {{ReleaseTrigger::booking, {first, 3}, {}},
                                            {ReleaseTrigger::cash, {1000 - first, 3}, {}}};
    ReleaseFacts facts;
    facts.booked = Date{100};
    facts.due = due;
    facts.paid = any(random, 0, due);
    const Released released = release(earned, steps, facts, Date{any(random, 0, 1) == 0 ? 99 : 100});
    EXPECT_EQ(sum_of(released.amounts), earned);
    EXPECT_EQ(released.total_released + released.held, earned);
  }
}

TEST(PayProperties, SchedulesSumToTheCost) {
  std::mt19937_64 random(44);
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t cost = any(random, -1'000'000, 1'000'000);
    const std::int64_t months = any(random, 1, 60);
    const auto whole = amortize(cost, months, date(2025, 1, 31), Rounding::half_up, any(random, 0, 1) * 12);
    for (const auto& lines : {whole, write_off(whole, any(random, 0, 70))}) {
      std::int64_t running = 0;
      for (const AmortizationLine& line : lines) {
        running += line.amount;
        EXPECT_EQ(running + line.remaining, cost);
      }
      EXPECT_EQ(running, cost);
      EXPECT_EQ(lines.back().remaining, 0);
    }
    if (whole.size() > 1) {
      EXPECT_EQ(whole[1].amount, half_up(cpp_rational(cost) * 2 / months) - half_up(cpp_rational(cost) / months));
    }
  }
}

TEST(PayProperties, PartsOfAPeriodAddUpToTheWhole) {
  std::mt19937_64 random(45);
  for (int round = 0; round < kRounds; ++round) {
    const Date from{static_cast<std::int32_t>(any(random, 19'000, 21'000))};
    const Date cut{from.days + static_cast<std::int32_t>(any(random, 0, 60))};
    const Date to{cut.days + static_cast<std::int32_t>(any(random, 7, 60))};
    const auto basis = static_cast<DayBasis>(any(random, 1, 2));
    const std::int64_t first = any(random, 0, 1'000'000), second = any(random, 0, 1'000'000);
    const std::vector<Stretch> both = {{from, cut, first}, {cut, to, second}};
    const std::int64_t a = day_count(basis, from, cut), b = day_count(basis, cut, to);
    const cpp_rational expected = (cpp_rational(first) * a + cpp_rational(second) * b) / (a + b);
    EXPECT_EQ(rounded(blend(both, from, to, basis), Rounding::half_up), half_up(expected));
    const std::vector<Stretch> leave = {{from, cut, 0}};
    EXPECT_EQ(rounded(relieve(second, from, to, leave, basis), Rounding::half_up),
              half_up(cpp_rational(second) * b / (a + b)));
  }
}

}  // namespace
}  // namespace kith::incentive
