// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/pool.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "incentive/big.hpp"

namespace kith::incentive {
namespace {

void check_pool(std::int64_t pool, std::span<const PoolMember> members) {
  expect(pool >= 0, "pool", "is negative; a pool holds 0 or more");
  for (const PoolMember& member : members) {
    expect(!member.cap || *member.cap >= 0, "cap", "is negative; give 0 or more, or none");
  }
}

/// The members of one place, by place.
std::map<std::int64_t, std::vector<std::size_t>> by_place(std::span<const std::int64_t> scores,
                                                          std::optional<std::int64_t> minimum) {
  std::vector<std::size_t> in;
  std::vector<std::int64_t> counted;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (minimum && scores[i] < *minimum) continue;
    in.push_back(i);
    counted.push_back(scores[i]);
  }
  const std::vector<std::int64_t> places = rank(counted);
  std::map<std::int64_t, std::vector<std::size_t>> result;
  for (std::size_t i = 0; i < in.size(); ++i) result[places[i]].push_back(in[i]);
  return result;
}

}  // namespace

std::int64_t pool_above_hurdle(std::int64_t result, std::int64_t hurdle, Decimal rate, Rounding mode) {
  expect(rate.coefficient >= 0, "rate", "is negative; give 0 or more");
  if (result <= hurdle) return 0;
  return round_big(big(Int128{result} - hurdle) * big(rate), mode);
}

PoolShares share_pool(std::int64_t pool, std::span<const PoolMember> members) {
  check_pool(pool, members);
  PoolShares result;
  result.shares.assign(members.size(), 0);
  std::vector<std::int64_t> weights;
  Int128 open_weight = 0;
  for (const PoolMember& member : members) {
    weights.push_back(std::max<std::int64_t>(member.weight, 0));
    open_weight += weights.back();
  }
  result.nobody = open_weight == 0;
  std::int64_t left = pool;
  // A round looks at everybody before it clamps anybody, so that the order of members does not matter.
  for (bool clamped = true; clamped && open_weight > 0;) {
    clamped = false;
    const Big each = big(Int128{left}) / big(open_weight);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (weights[i] == 0 || !members[i].cap || each * weights[i] <= *members[i].cap) continue;
      result.shares[i] = *members[i].cap;
      result.capped.push_back(i);
      left -= *members[i].cap;
      open_weight -= weights[i];
      weights[i] = 0;
      clamped = true;
    }
  }
  std::sort(result.capped.begin(), result.capped.end());
  if (open_weight > 0) {
    const std::vector<std::int64_t> parts = allocate(left, weights);
    for (std::size_t i = 0; i < parts.size(); ++i) result.shares[i] += parts[i];
    left = 0;
  }
  result.carried = left;
  result.paid = pool - left;
  return result;
}

std::vector<std::int64_t> rank_payouts(std::span<const std::int64_t> scores, std::span<const std::int64_t> prizes,
                                       Ties ties, std::optional<std::int64_t> minimum) {
  for (const std::int64_t prize : prizes) expect(prize >= 0, "prizes", "have a negative one; give 0 or more");
  std::vector<std::int64_t> payouts(scores.size(), 0);
  for (const auto& [place, who] : by_place(scores, minimum)) {
    const auto first = static_cast<std::size_t>(place - 1);
    if (first >= prizes.size()) break;
    if (ties == Ties::each) {
      for (const std::size_t i : who) payouts[i] = prizes[first];
      continue;
    }
    std::int64_t sum = 0;
    for (std::size_t i = first; i < std::min(first + who.size(), prizes.size()); ++i) {
      sum = checked_add(sum, prizes[i], "sum of prizes");
    }
    const std::vector<std::int64_t> parts = decompose_equal(sum, static_cast<std::int64_t>(who.size()));
    for (std::size_t i = 0; i < who.size(); ++i) payouts[who[i]] = parts[i];
  }
  return payouts;
}

std::int64_t spiff(std::int64_t variable_pay, std::int64_t deal, std::int64_t target, Decimal rate,
                   std::optional<std::int64_t> threshold, Rounding mode) {
  expect(target > 0, "target", "must be above 0");
  if (threshold && deal < *threshold) return 0;
  return round_big(big(Int128{variable_pay}) * big(Int128{deal}) * big(rate) / target, mode);
}

std::int64_t kickers(std::int64_t base, const Exact& reached, std::span<const Threshold> steps, Rounding mode) {
  Big sum = 0;
  for (const Threshold& step : steps) {
    if (big(reached) >= big(step.from)) sum += big(step.value);
  }
  return round_big(big(Int128{base}) * sum, mode);
}

Decimal factor_of(const Exact& reached, std::span<const Threshold> steps, Decimal otherwise) {
  const Threshold* best = nullptr;
  for (const Threshold& step : steps) {
    if (big(reached) >= big(step.from) && (best == nullptr || step.from > best->from)) best = &step;
  }
  return best == nullptr ? otherwise : best->value;
}

std::int64_t weighted_objectives(std::int64_t base, std::span<const Objective> objectives, Rounding mode) {
  Big weights = 0;
  Big score = 0;
  for (const Objective& objective : objectives) {
    expect(objective.weight.coefficient >= 0, "weight", "is negative; give 0 or more");
    weights += big(objective.weight);
    score += big(objective.weight) * big(objective.done);
  }
  expect(weights == 1, "weight", "does not sum to 100 % over the objectives");
  return round_big(big(Int128{base}) * score, mode);
}

}  // namespace kith::incentive
