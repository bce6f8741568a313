// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The general plan engine's doors for tables: events come in as an Arrow stream, results go out as `Table`s. Pure.

#include <string_view>

#include "kith/engine/table.hpp"
#include "kith/incentive/document.hpp"
#include "kith/interchange/arrow.hpp"

namespace kith::incentive {

/// Adds the events of an Arrow stream to inputs that have no columns yet; what they compute to is what the same events
/// give as rows. A row is an event. Its columns: `source`, `id` (text or integer), `type`, `date`, `amount` (decimal128
/// or text, whole units) and `currency` (or `amount_currency`) are required; `version`, `sequence`, `cost`, `quantity`,
/// `reverses` ("source:id") and `cancelled` may be left out. Who takes part stands in `splits`, a list of structs of
/// `person`, `role` and `share`, or, of events with one split, in columns of these names. Every other column is an
/// attribute of its name, but pandas' index. Null is what is not said. Rows with a whole number as id and no versions
/// are kept as columns, so millions take little memory; rows may come in any order. The stream is released in every
/// case. Errors: invalid, with paths as of a JSON list ("events[3].amount"), at most 20 at once; misuse for inputs with
/// columns; storage when the stream itself fails.
void add_events(Inputs& inputs, ArrowArrayStream* stream);

/// The same as plain rows, appended: for `Computation::change` and `post_events`.
void read_events(ArrowArrayStream* stream, std::vector<EventRow>& out);

/// One part of a result as a table: "credits", "lines", "components", "releases", "ledger", "statements", "payments",
/// "pools", "amortization" or "warnings", with columns named like the members of its rows. Amounts are money of the
/// plan's currency; exact numbers, which may be fractions, are text. Error{invalid} for another name.
Table to_table(const PlanDocument& plan, const PlanResult& result, std::string_view part);
/// Components that a change has touched.
Table to_table(const PlanDocument& plan, const std::vector<ComponentResult>& components);
/// How much has to be computed for a part.
Detail detail_of(std::string_view part);

}  // namespace kith::incentive
