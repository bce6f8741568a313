// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/commission.hpp"

namespace kith::incentive {
namespace {

using Key = std::pair<std::string_view, std::string_view>;

Key key_of(const Event& event) { return {event.source, event.id}; }

[[noreturn]] void fail_conflict(const Event& event) {
  throw Error(Code::conflict, "event", "version",
              fmt::format("Event {} of {} comes with two contents under version {}; give the changed one a higher "
                          "version.",
                          quote(event.id), quote(event.source), event.version));
}

// Every version that was seen, so that two contents of one are found whatever order they come in.
using Versions = std::map<std::int64_t, const Event*>;

}  // namespace

Merged merge_events(std::span<const Event> known, std::span<const Event> incoming) {
  Merged merged;
  std::map<Key, Versions> keys;
  for (const Event& event : known) {
    const auto [place, fresh] = keys[key_of(event)].emplace(event.version, &event);
    if (!fresh && *place->second != event) fail_conflict(event);
  }
  std::map<Key, std::int64_t> highest_known;
  for (const auto& [key, versions] : keys) highest_known[key] = versions.rbegin()->first;
  for (const Event& event : incoming) {
    const auto [place, fresh] = keys[key_of(event)].emplace(event.version, &event);
    if (!fresh) {
      if (*place->second != event) fail_conflict(event);
      ++merged.repeated;
      continue;
    }
    const auto before = highest_known.find(key_of(event));
    if (before != highest_known.end() && event.version < before->second) ++merged.outdated;
  }
  for (const auto& [key, versions] : keys) {
    const auto before = highest_known.find(key);
    if (before == highest_known.end()) {
      ++merged.added;
    } else if (before->second < versions.rbegin()->first) {
      ++merged.replaced;
    }
    merged.events.push_back(*versions.rbegin()->second);
  }
  std::sort(merged.events.begin(), merged.events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.date, a.sequence, a.source, a.id) < std::tie(b.date, b.sequence, b.source, b.id);
  });
  return merged;
}

std::vector<std::int64_t> apply_split(std::int64_t amount, std::span<const Decimal> shares) {
  if (shares.empty()) throw Error(Code::invalid, "split", "shares", "Nobody has a share; name at least one person.");
  std::int32_t scale = 0;
  for (const Decimal share : shares) scale = std::max(scale, share.scale);
  std::vector<std::int64_t> weights;
  Int128 sum = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].coefficient < 0) {
      throw Error(Code::invalid, "split", fmt::format("shares[{}]", i),
                  fmt::format("{} is negative; a share is zero or more.", to_string(shares[i], true)));
    }
    weights.push_back(rescale(shares[i], scale).coefficient);
    sum += weights.back();
  }
  if (sum != power_of_ten(scale)) {
    // Moving the point two places makes a percentage of it.
    const std::int64_t digits = narrow(scale < 2 ? sum * power_of_ten(2 - scale) : sum, "sum of shares");
    throw Error(Code::invalid, "split", "shares",
                fmt::format("The shares sum to {} %; the shares of a credit sum to exactly 100 %.",
                            to_string(Decimal{digits, std::max(scale - 2, 0)}, true)));
  }
  return allocate(amount, weights);
}

}  // namespace kith::incentive
