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
/// The name of what no component pays: caps and floors over all of them, and the one rounding of whole statements.
inline constexpr std::string_view kWholeStatement = "statement";
inline bool bounded(const Model& model) { return !model.statement.empty() || model.point == Point::statement; }
/// What caps and floors over all components make of a person's period.
struct Bounded {
  Index period = 0;
  Exact own = 0;      ///< of all components
  Exact carried = 0;  ///< excess of the period before
  Exact after = 0;
  std::int64_t amount = 0;  ///< what that adds; where statements are rounded, all of it
  std::vector<Step> steps;
};
/// `own` gives what all components of the person come to in a period; every live period in order.
std::vector<Bounded> bounded_periods(const Model& model, const Ground& ground, const Credits& credits, Index person,
                                     const std::function<Exact(Index)>& own);
Bounded bounded_of(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator, Index person,
                   Index period);
/// Everything of a plan that can earn or take back: components, clawbacks, what holds over all of them.
std::vector<std::string> explained_parts(const Model& model);
/// What somebody whom the facts name is called in words; without it, as the facts do.
using Called = std::function<std::string(const std::string&)>;
/// The steps to one outcome, in words.
std::string explain_outcome(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator,
                            std::string_view person, const Called& called, std::string_view component,
                            std::string_view period, std::string_view language);
/// The same from the facts.
std::string explain_as(const PlanDocument& plan, const Inputs& inputs, std::string_view person, const Called& called,
                       std::string_view component, std::string_view period, std::string_view language);

}  // namespace kith::incentive::general
