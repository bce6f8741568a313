// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Records that stand above each other may not do so in a ring.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kith/engine/model.hpp"

namespace kith::verb {

/// Adds a finding for every record that is above itself; each is followed upwards once.
inline void check_rings(const std::unordered_map<Id, std::optional<Id>>& parents, const Entity& entity,
                        std::string_view message, std::vector<Finding>& findings) {
  std::unordered_set<Id> whole;  // leads to a root
  for (const auto& [record, parent] : parents) {
    std::unordered_set<Id> path{record};
    std::optional<Id> at = parent;
    while (at && !whole.contains(*at) && path.insert(*at).second) {
      const auto next = parents.find(*at);
      at = next == parents.end() ? std::nullopt : next->second;
    }
    if (at && *at == record) findings.push_back({std::string(entity.name), record, std::string(message)});
    if (!at || whole.contains(*at)) whole.merge(path);
  }
}

}  // namespace kith::verb
