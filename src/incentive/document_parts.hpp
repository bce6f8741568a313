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
void read_releases(Node& root, PlanDocument::Model& model);

}  // namespace kith::incentive::general
