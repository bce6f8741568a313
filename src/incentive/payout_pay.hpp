// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a statement holds back, releases and pays: in words, brought forward for an export, and computed again.

#include <optional>
#include <string>
#include <vector>

#include "incentive/general_facts.hpp"

namespace kith::incentive {

/// "" where nothing lies between what is earned and what is paid.
std::string payment_text(const Reader& reader, const Statement& statement, const std::string& label, bool chinese);
/// What the payment of a statement takes over beside what its own lines give; nothing where it has none.
std::optional<BroughtForward> brought_beside(const Reader& system, const Statement& statement, const Period& period,
                                             const PlanVersion& version);
/// Names what differs from computing releases of the own period, and the payment, again. `version` is the one that is
/// held in the period, or null.
void recheck_payment(const Reader& system, const Statement& statement, const Period& period, const GeneralFacts& facts,
                     const PlanVersion* version, std::vector<Violation>& faults);

}  // namespace kith::incentive
