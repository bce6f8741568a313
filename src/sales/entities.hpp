// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include <string>

#include "kith/sales/opportunity.hpp"

namespace kith::sales {

extern const Entity kPipeline;
extern const Entity kStage;
extern const Entity kOpportunity;
extern const Entity kOpportunityStage;
extern const Entity kSplit;

/// 1 at the scale of rates: certainty, the whole credit.
inline constexpr std::int64_t kOne = 1'000'000'000;

/// "open", "won", "lost", "void"; the status must be one of them.
inline std::string status_name(DealStatus status) {
  return std::string(Choices<DealStatus>::names[static_cast<std::size_t>(status) - 1]);
}

/// Throws Error{state} that quotes the guard unless the deal, as it would be in that stage, meets it.
void require_guard(const Reader& reader, const Stage& stage, const Opportunity& deal, std::string_view own = {},
                   std::string_view where = {});
/// Guards of stages that no longer compile.
void check_stage_guards(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::sales
