// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows of progress, as the live message and the digest make them.

#include <optional>
#include <unordered_map>

#include "incentive/earned.hpp"
#include "incentive/relief.hpp"
#include "kith/incentive/feedback.hpp"

namespace kith::incentive {

/// The unit of everybody today.
class Places {
 public:
  explicit Places(const Reader& system);
  std::optional<Id> of(Id employee) const;

 private:
  std::unordered_map<Id, std::optional<Id>> units_;
};

Progress commission_row(const Reader& system, const Places& places, const EarnedKey& key, std::int64_t before,
                        std::int64_t after);
Progress attainment_row(const Places& places, const Quota& quota, const Reliefs& reliefs, std::int64_t before,
                        std::int64_t after);
/// What a row is about, as people call it: "won amount", "new customers", the plan, or the measure by its own name.
std::string label_of(const Progress& row, bool chinese);
/// "+250.00 commission" or "40.00 % to 45.00 % of target".
std::string phrase(const Progress& row, bool chinese);

}  // namespace kith::incentive
