// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/quota_season.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/quota_actuals.hpp"

namespace kith::incentive {
namespace {

/// The same period so many years earlier; nothing where that year has none.
std::optional<Period> earlier(const Calendar& calendar, const std::string& label, int years) {
  std::string wanted = label;
  try {
    for (int i = 1; i < years; ++i) wanted = year_before(calendar, wanted).label;
    return year_before(calendar, wanted);
  } catch (const Error& error) {
    if (error.code != Code::invalid) throw;
    return std::nullopt;
  }
}

}  // namespace

std::vector<std::int64_t> seasonal_weights(const Reader& reader, Id quota, Grain grain, int years) {
  constexpr int kMostYears = 20;
  if (years < 1 || years > kMostYears) {
    throw Error(Code::invalid, "quota", "years", fmt::format("is {}; give 1 to {}", years, kMostYears));
  }
  const Quota whole = reader.get<Quota>(quota);
  const Reader system = reader.as_system("quota seasons");
  const Calendar calendar = calendar_named(reader, whole.calendar);
  const std::vector<Period> parts = children(calendar, parse_period(calendar, whole.period), grain);
  std::vector<std::int64_t> weights(parts.size(), 0);
  for (int year = 1; year <= years; ++year) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::optional<Period> before = earlier(calendar, parts[i].label, year);
      if (!before) continue;
      const QuotaActuals actuals(system, counted_by(whole), before->from, before->to);
      weights[i] = checked_add(weights[i], actuals.of(whole), "what came in");
    }
  }
  for (std::int64_t& weight : weights) weight = std::max<std::int64_t>(weight, 0);
  return weights;
}

std::vector<Id> split_seasonal(Work& work, Id quota, Grain grain, int years) {
  work.require(Action::edit, kQuota, quota);
  const std::vector<std::int64_t> weights = seasonal_weights(work, quota, grain, years);
  if (std::all_of(weights.begin(), weights.end(), [](std::int64_t weight) { return weight == 0; })) {
    throw Error(Code::state, "quota", "weight",
                fmt::format("nothing came in in the same periods of the {} before; give weights",
                            years == 1 ? "year" : fmt::format("{} years", years)));
  }
  return split_by(work, quota, grain, weights);
}

}  // namespace kith::incentive
