// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a change would put at fault: what areas find after it and did not before it.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "kith/engine/model.hpp"
#include "kith/engine/reader.hpp"

namespace kith {

class NewFindings {
 public:
  /// Looks at the store before the change. `reader` is one that sees everything.
  NewFindings(const Reader& reader, std::vector<const Area*> areas) : areas_(std::move(areas)) { known_ = all(reader); }

  /// The first fault that was not there before.
  std::optional<Finding> first(const Reader& reader) const {
    for (Finding& finding : all(reader)) {
      const bool old = std::any_of(known_.begin(), known_.end(), [&](const Finding& one) {
        return one.entity == finding.entity && one.id == finding.id && one.message == finding.message;
      });
      if (!old) return std::move(finding);
    }
    return std::nullopt;
  }

 private:
  std::vector<Finding> all(const Reader& reader) const {
    std::vector<Finding> findings;
    for (const Area* area : areas_) {
      if (area->check != nullptr) area->check(reader, findings);
    }
    return findings;
  }

  std::vector<const Area*> areas_;
  std::vector<Finding> known_;
};

}  // namespace kith
