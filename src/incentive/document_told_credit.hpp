// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How a credit came about: base, share, role, and whose credit climbed to whom.

#include <functional>
#include <string>
#include <vector>

#include "incentive/document_engine.hpp"
#include "incentive/document_told.hpp"

namespace kith::incentive::general {

/// Appends the steps to a credit. `called` names a person.
void tell_credit(const Model& model, const Ground& ground, const Credit& credit,
                 const std::function<std::string(Index)>& called, std::vector<ToldStep>& steps);

}  // namespace kith::incentive::general
