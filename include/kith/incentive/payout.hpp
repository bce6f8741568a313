// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Statements of general plans (incentive/document.hpp) beyond the sums: why each is what it is, an export that a third
/// party checks without the store, what another plan or other numbers would have paid, and what is likely to become due
/// for deals that are still open. All of it runs the one plan engine over the stored facts and writes nothing.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"
#include "kith/incentive/document.hpp"

namespace kith::incentive {

/// Why a statement, or one line of it, is what it is, from the facts as they were when it was closed, or, while it is
/// open, last run: credits, slices, modifiers, rounding, and for an adjustment what was posted before. Says how many
/// facts came after the run. `language` is "en", "zh", or "steps", which gives them as JSON. Serves statements of both
/// plan formats. Errors: not_found, invalid (language).
std::string explain_statement_text(const Reader& reader, Id statement, std::string_view language = "en");
std::string explain_line_text(const Reader& reader, Id line, std::string_view language = "en");

/// Plan, facts and result of the period of a statement as one JSON text for `check_export`; persons are ids. Only facts
/// that concern the statement's employee go in where the plan pays everybody alone. Errors: state for a statement of a
/// plan of format "kith.plan/1" (`explain_statement` gives its trace), or of nobody's plan.
std::string export_statement(const Reader& reader, Id statement);

/// The same explanations as data, of either plan format: the trace of a statement or line of won deals for `recheck`,
/// with `corrections` beside it (of a line: `correction`): the line that each corrects, why, what was posted before,
/// what it should be, the difference and the trace of that;
/// the export above for one of a general plan (of a line: that of the period in which it was earned).
std::string explain_statement_json(const Reader& reader, Id statement);
std::string explain_line_json(const Reader& reader, Id line);

/// Computes a statement again from the facts that it states, those known when it was closed or, while it is open, last
/// run, and names what differs. Empty means right to the cent.
std::vector<Violation> recheck_statement(const Reader& reader, Id statement);

/// Another plan, other numbers, or both.
struct Alternative {
  std::optional<std::string> document = {};  ///< instead of every version of the plan
  /// Instead of those of the same name, person and period; a person is an employee's name, or id as decimal text.
  std::vector<PlanValue> values = {};
};
/// What everybody who holds the plan was paid by it for the periods from `first` to `last`, and what the alternative
/// pays for the same facts: before and after by person (an employee's id as text). History stays as it is. Needs read
/// on statement over all. Errors: invalid (no such plan, another interval or currency, labels, a document with faults).
std::vector<WhatIf> what_if(const Reader& reader, std::string_view plan, const Alternative& alternative,
                            std::string_view first, std::string_view last);

/// How open deals become events.
struct AccrualOptions {
  std::string event_type = "order";
  std::string role = "primary";  ///< of the owner, or of everybody with a split
  /// 0: each deal counts with amount x probability. Else so many draws of which deals are won, the same ones every
  /// time, and their mean: pay is not linear, and pay of the mean is not the mean pay. At most 10,000.
  std::int64_t draws = 0;
  std::uint64_t seed = 1;
};
/// What general plans would pay for a period if open deals expected in it came in: before, without them, and after.
/// Needs read on statement over all. Errors: invalid (label, options).
std::vector<WhatIf> accrue(const Reader& reader, std::string_view period, const AccrualOptions& options = {});

}  // namespace kith::incentive
