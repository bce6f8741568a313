// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The parts of a plan document, each read by one function.

#include "incentive/document_model.hpp"
#include "incentive/json_node.hpp"

namespace kith::incentive::general {

void read_credits(Node& root, PlanDocument::Model& model);
void read_measures(Node& root, PlanDocument::Model& model);
void read_components(Node& root, PlanDocument::Model& model);
/// How days are counted where a part of a period counts.
inline const std::vector<std::string_view> kDayBases = {"calendar", "working", "30_360"};
/// A number of the plan, or {"value": name, "above", "times", "blend"} for one among the inputs.
std::optional<Number> read_number(Node& node, std::string_view key, const Exact& scale, bool required);
/// "release", "clawback", "payment", "amortization": what happens to what was earned.
void read_pay(Node& root, PlanDocument::Model& model);

}  // namespace kith::incentive::general
