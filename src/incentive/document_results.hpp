// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From outcomes to the rows of a result.

#include "incentive/document_evaluator.hpp"

namespace kith::incentive::general {

ComponentResult row_of(const Model& model, const Ground& ground, const Outcome& out);
PlanResult results_of(const Model& model, const Inputs& inputs, const Ground& ground, const Credits& credits,
                      Evaluator& evaluator, Detail detail);
/// Statements alone.
std::vector<StatementResult> statements_of(const Model& model, const Inputs& inputs, const Ground& ground,
                                           const Credits& credits, Evaluator& evaluator);
/// The steps to one outcome, in words. `shown` is what the person is called there.
std::string explain_outcome(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator,
                            std::string_view person, std::string_view shown, std::string_view component,
                            std::string_view period, std::string_view language);
/// The same from the facts.
std::string explain_as(const PlanDocument& plan, const Inputs& inputs, std::string_view person, std::string_view shown,
                       std::string_view component, std::string_view period, std::string_view language);

}  // namespace kith::incentive::general
