// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/action_target.hpp"

#include "incentive/big.hpp"

namespace kith::incentive {
namespace {

void check_counts(const Conversion& counts) {
  expect(counts.won >= 0 && counts.won <= counts.tried, "won", "must lie between 0 and what was tried");
}

}  // namespace

std::optional<Exact> conversion_of(const Conversion& own, const Conversion& team, std::int64_t minimum) {
  check_counts(own);
  check_counts(team);
  for (const Conversion& counts : {own, team}) {
    if (counts.tried > 0 && counts.tried >= minimum) return exact(counts.won, counts.tried);
  }
  return std::nullopt;
}

std::vector<ActionTarget> action_targets(std::int64_t amount, const Exact& average_deal,
                                         std::span<const ActionLevel> levels, std::int64_t weeks) {
  expect(average_deal.numerator > 0, "average_deal", "must be above 0");
  expect(weeks > 0, "weeks", "must be above 0");
  std::vector<ActionTarget> targets;
  const auto add = [&](const std::string& name, const Big& needed) {
    const std::int64_t count = round_big(needed, Rounding::ceiling);
    targets.push_back({name, count, divide(count, weeks, Rounding::ceiling)});
  };
  add("deals", amount > 0 ? Big(big(Int128{amount}) / big(average_deal)) : Big(0));
  for (const ActionLevel& level : levels) {
    if (level.conversion.numerator <= 0) {
      throw Error(Code::invalid, "", level.name, "has a conversion that is not above 0; nothing would ever come of it");
    }
    add(level.name, big(Int128{targets.back().count}) / big(level.conversion));
  }
  return targets;
}

}  // namespace kith::incentive
