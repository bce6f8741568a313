// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a change would put at fault: what areas find after it and did not before it.

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/engine/model.hpp"
#include "kith/engine/reader.hpp"
#include "kith/engine/work.hpp"

namespace kith {

/// What areas find in the store; `reader` is one that sees everything.
inline std::vector<Finding> findings_of(const Reader& reader, const std::vector<const Area*>& areas) {
  std::vector<Finding> findings;
  for (const Area* area : areas) {
    if (area->check != nullptr) area->check(reader, findings);
  }
  return findings;
}

class NewFindings {
 public:
  /// Looks at the store before the change. `reader` is one that sees everything.
  NewFindings(const Reader& reader, std::vector<const Area*> areas) : areas_(std::move(areas)) {
    known_ = findings_of(reader, areas_);
  }

  /// The first fault that was not there before.
  std::optional<Finding> first(const Reader& reader) const { return first_of(findings_of(reader, areas_)); }

  /// The same of what areas found after it.
  std::optional<Finding> first_of(std::vector<Finding> found) const {
    for (Finding& finding : found) {
      const bool old = std::any_of(known_.begin(), known_.end(), [&](const Finding& one) {
        return one.entity == finding.entity && one.id == finding.id && one.message == finding.message;
      });
      if (!old) return std::move(finding);
    }
    return std::nullopt;
  }

 private:
  std::vector<const Area*> areas_;
  std::vector<Finding> known_;
};

/// Makes a change and asks every area once, afterwards. Only where one finds a fault it is taken back to see whether
/// that was there before; then it is made again. So `change` must be one that can be. Returns the first new fault, with
/// the change taken back.
template <class Change>
std::optional<Finding> fault_of_change(Work& work, std::string_view purpose, Change&& change) {
  const auto all = work.model().areas();
  const std::vector<const Area*> areas(all.begin(), all.end());
  std::vector<Finding> found;
  {
    Work::Step step(work);
    change();
    found = findings_of(work.as_system(purpose), areas);
    if (found.empty()) {
      step.keep();
      return std::nullopt;
    }
  }
  if (auto fault = NewFindings(work.as_system(purpose), areas).first_of(std::move(found))) return fault;
  change();
  return std::nullopt;
}

}  // namespace kith
