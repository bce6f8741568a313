// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/quota_math.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "incentive/big.hpp"

namespace kith::incentive {
namespace {

Big raised(Decimal percent) {
  expect(percent.coefficient >= 0, "over_percent", "is negative; give 0 or more (5 hands out 105 %)");
  return 1 + big(percent) / 100;
}

std::vector<std::int64_t> at_one_scale(std::span<const Decimal> weights) {
  int scale = 0;
  for (const Decimal weight : weights) scale = std::max(scale, weight.scale);
  std::vector<std::int64_t> whole;
  for (const Decimal weight : weights) whole.push_back(rescale(weight, scale).coefficient);
  return whole;
}

}  // namespace

std::int64_t over_assign(std::int64_t amount, Decimal percent, Rounding mode) {
  return round_big(big(Int128{amount}) * raised(percent), mode);
}

std::vector<std::int64_t> over_assign_layers(std::int64_t amount, std::span<const Decimal> percents, Rounding mode) {
  Big factor = 1;
  std::vector<std::int64_t> layers;
  for (const Decimal percent : percents) {
    factor *= raised(percent);
    layers.push_back(round_big(big(Int128{amount}) * factor, mode));
  }
  return layers;
}

std::vector<std::int64_t> decompose_equal(std::int64_t amount, std::int64_t parts) {
  expect(parts > 0, "parts", "must be above 0; there is nobody to take a share");
  return allocate(amount, std::vector<std::int64_t>(static_cast<std::size_t>(parts), 1));
}

std::vector<std::int64_t> decompose_ratio(std::int64_t amount, std::span<const Decimal> weights) {
  return allocate(amount, at_one_scale(weights));
}

std::vector<std::int64_t> decompose_history(std::int64_t amount, std::span<const std::int64_t> history) {
  std::vector<std::int64_t> weights(history.begin(), history.end());
  for (std::int64_t& weight : weights) weight = std::max<std::int64_t>(weight, 0);
  if (std::all_of(weights.begin(), weights.end(), [](std::int64_t weight) { return weight == 0; })) {
    return decompose_equal(amount, static_cast<std::int64_t>(weights.size()));
  }
  return allocate(amount, weights);
}

std::vector<std::int64_t> decompose_seasonal(std::int64_t amount, std::span<const Decimal> shares) {
  Big sum = 0;
  for (const Decimal share : shares) sum += big(share);
  if (sum != 1) {
    throw Error(Code::invalid, "", "shares",
                "sum to " + to_string(rounded(exact_of(sum * 100), 6, Rounding::half_up), true) + " %, not to 100 %");
  }
  return decompose_ratio(amount, shares);
}

std::int64_t tree_difference(std::int64_t parent, std::span<const std::int64_t> children, Decimal over_percent) {
  Int128 sum = 0;
  for (const std::int64_t child : children) sum += child;
  return narrow(sum - over_assign(parent, over_percent, Rounding::half_up), "difference");
}

std::optional<Exact> over_assignment(std::int64_t parent, std::span<const std::int64_t> children) {
  if (parent == 0) return std::nullopt;
  Int128 sum = 0;
  for (const std::int64_t child : children) sum += child;
  return exact_of(big(sum - parent) * 100 / big(Int128{parent}));
}

std::optional<Exact> attainment_of(std::int64_t actual, const Exact& goal) {
  if (goal.numerator == 0) return std::nullopt;
  return exact_of(big(Int128{actual}) / big(goal));
}

bool reaches(std::int64_t actual, const Exact& goal, Decimal threshold) {
  return goal.numerator > 0 && big(Int128{actual}) >= big(goal) * big(threshold);
}

std::optional<std::int64_t> linear_pay(std::int64_t target_pay, std::int64_t actual, const Exact& goal,
                                       Decimal threshold, Rounding mode) {
  if (goal.numerator == 0) return std::nullopt;
  if (threshold.coefficient > 0 && !reaches(actual, goal, threshold)) return 0;
  return round_big(big(Int128{target_pay}) * big(Int128{actual}) / big(goal), mode);
}

std::string_view name_of(GoalStatus status) {
  switch (status) {
    case GoalStatus::achieved: return "achieved";
    case GoalStatus::on_track: return "on_track";
    case GoalStatus::behind: return "behind";
    case GoalStatus::overdue: return "overdue";
    case GoalStatus::not_applicable: return "not_applicable";
  }
  throw Error(Code::misuse, "The status of a goal runs from 1 to 5.");
}

Exact pace_of(std::int64_t goal, std::int64_t elapsed, std::int64_t days) {
  expect(days > 0, "days", "must be above 0; the period has no working day");
  return exact(Int128{goal} * std::clamp<std::int64_t>(elapsed, 0, days), days);
}

GoalStatus goal_status(std::int64_t goal, std::int64_t actual, std::int64_t elapsed, std::int64_t days, bool ended) {
  if (goal == 0) return GoalStatus::not_applicable;
  if (actual >= goal) return GoalStatus::achieved;
  if (ended) return GoalStatus::overdue;
  const Exact pace = pace_of(goal, elapsed, days);
  return big(Int128{actual}) >= big(pace) ? GoalStatus::on_track : GoalStatus::behind;
}

std::optional<Exact> landing_of(std::int64_t goal, std::int64_t actual, std::int64_t weighted_open) {
  if (goal == 0) return std::nullopt;
  return exact(Int128{actual} + weighted_open, goal);
}

std::optional<Exact> coverage_of(std::int64_t goal, std::int64_t won, std::int64_t open) {
  if (won >= goal) return std::nullopt;
  return exact(open, Int128{goal} - won);
}

std::int64_t capacity_of(std::span<const Crew> crews, std::int64_t quota, Decimal attainment, Rounding mode) {
  Big people = 0;
  for (const Crew& crew : crews) {
    expect(crew.people >= 0 && crew.productivity.coefficient >= 0, "crews", "have a negative number; give 0 or more");
    people += big(Int128{crew.people}) * big(crew.productivity);
  }
  return round_big(people * big(Int128{quota}) * big(attainment), mode);
}

Headcount headcount_for(std::int64_t target, Decimal attainment, std::int64_t quota) {
  expect(attainment.coefficient > 0, "attainment", "must be above 0 (0.85 for 85 %)");
  expect(quota > 0, "quota", "must be above 0");
  const Big required = big(Int128{target}) / big(attainment);
  return {round_big(required, Rounding::half_up), round_big(required / quota, Rounding::ceiling)};
}

std::vector<std::int64_t> rank(std::span<const std::int64_t> scores, Ranking ranking) {
  std::vector<std::int64_t> descending(scores.begin(), scores.end());
  std::sort(descending.begin(), descending.end(), std::greater<>());
  if (ranking == Ranking::dense) descending.erase(std::unique(descending.begin(), descending.end()), descending.end());
  std::vector<std::int64_t> places;
  for (const std::int64_t score : scores) {
    const auto first = std::lower_bound(descending.begin(), descending.end(), score, std::greater<>());
    places.push_back(first - descending.begin() + 1);
  }
  return places;
}

}  // namespace kith::incentive
