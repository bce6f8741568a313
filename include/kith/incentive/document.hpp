// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The general commission plan (format "kith.plan/2") and the pure engine that computes it: event > credit > measure >
/// component > modifier > release > ledger > statement. No store is needed: a host feeds its own bookings, invoices and
/// payments as `EventRow`s. Between the facts and the one named rounding every number is an exact fraction of any
/// size; only whole amounts leave. docs/plans.md describes the document, docs/plan.schema.json its shape.
/// The same plan and inputs give the same bytes, whatever order the inputs come in. Pure and thread-safe.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/money.hpp"
#include "kith/incentive/document_rows.hpp"

namespace kith::incentive {

inline constexpr std::string_view kGeneralPlanFormat = "kith.plan/2";

/// A checked, compiled plan document. Immutable, cheap to copy.
class PlanDocument {
 public:
  /// Reads "kith.plan/2", or a "kith.plan/1" document, which is converted. Error{invalid} carries every violation with
  /// its JSON path; a field on which sane engines disagree is required.
  static PlanDocument parse(std::string_view json);

  std::string name() const;
  std::int64_t version() const;
  kith::Currency currency() const;
  /// Keys in byte order, no white space, numbers in their shortest spelling ("5 %" is "0.05"), optional members that
  /// are not said left out. Documents that differ in spelling alone have one hash.
  std::string canonical_json() const;
  /// Hexadecimal SHA-256 of `canonical_json`.
  std::string hash() const;

  struct Model;
  const Model& model() const { return *model_; }

 private:
  explicit PlanDocument(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::shared_ptr<const Model> model_;
};

/// What is allowed but pays in a way people rarely mean, with JSON paths: pay that falls as the input grows, the cost
/// of each cliff, rows that never decide, measures with a goal nobody uses. Never an error.
std::vector<Violation> lint(const PlanDocument& plan);

/// What changed between two documents, one English sentence a change, by path.
std::vector<std::string> diff(const PlanDocument& before, const PlanDocument& after);

/// Reads "kith.inputs/1" JSON (docs/inputs.md) with the names above, numbers as text. Error{invalid} with paths.
Inputs parse_inputs(std::string_view json);
std::string canonical_json(const Inputs& inputs);

/// How much of a result is written out.
enum class Detail : std::int32_t {
  all = 1,
  totals = 2,  ///< without credits and lines: for millions of events
};

/// Computes everything. Errors: invalid with paths ("events[3].splits"), for shares that miss 100 %, a currency without
/// a rate, an event of one key and version with two contents; state for facts whose correction has no open period;
/// overflow. Nothing is returned of a computation that fails.
PlanResult compute(const PlanDocument& plan, const Inputs& inputs, Detail detail = Detail::all);
std::string canonical_json(const PlanDocument& plan, const PlanResult& result);

/// A computation that stays, to change single events and to explain single amounts without computing all again. For one
/// thread at a time.
class Computation {
 public:
  /// Errors: as of `compute`.
  Computation(PlanDocument plan, Inputs inputs);
  Computation(Computation&&) noexcept;
  Computation& operator=(Computation&&) noexcept;
  ~Computation();

  const PlanDocument& plan() const;
  /// The same bytes as `compute` over all events so far.
  PlanResult result(Detail detail = Detail::all) const;
  /// Takes in a new event, a higher version of a known one or its cancellation; gives the components that depend on it
  /// as they are now. The same version again changes nothing. Only what depends on the event is computed, unless it
  /// brings a person or a period that did not occur. Errors: as of `compute`; nothing has changed then.
  std::vector<ComponentResult> change(const EventRow& event);
  /// The same for several, one after the other, all or none; a component that more than one touches is given once.
  std::vector<ComponentResult> change(std::span<const EventRow> events);
  /// As the function of this name.
  std::string explain(std::string_view person, std::string_view component, std::string_view period,
                      std::string_view language = "en") const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The steps from the facts to an amount: credits, slices, modifiers, rounding. "en", "zh", or "steps": them as JSON.
std::string explain(const PlanDocument& plan, const Inputs& inputs, std::string_view person, std::string_view component,
                    std::string_view period, std::string_view language = "en");

/// Plan, inputs and result in one text that a third party can check offline.
std::string export_commission(const PlanDocument& plan, const Inputs& inputs);
/// Computes an export, or a trace of won deals, again; names every path that differs. Empty: right to the last unit.
std::vector<Violation> check_export(std::string_view json);
/// Which amounts of an export; an empty member means all of them.
struct ExportedPart {
  std::string_view person = {};
  std::string_view component = {};
  std::string_view period = {};
};
/// The steps to what an export, or a trace of won deals, states: from its own plan and facts, without a store. Of a
/// statement's export those of its person, of its own period and those it corrects. "en", "zh", or "steps":
/// {"format": "kith.steps/1", "components": [as of `explain`]}; of a trace "steps" are its own, and it has no parts.
/// Errors: invalid with paths; not_found (there is no such part).
std::string explain_export(std::string_view json, std::string_view language = "en", const ExportedPart& part = {});

/// What another plan would have paid: amount after minus before, by person; nobody is left out.
struct WhatIf {
  std::string person = {};
  std::int64_t before = 0;
  std::int64_t after = 0;
};
/// Errors: invalid for two currencies.
std::vector<WhatIf> what_if(const PlanDocument& before, const PlanDocument& after, const Inputs& inputs);
/// The same for many plans at once; plans whose credits and measures are alike share them. One list a plan.
std::vector<std::vector<WhatIf>> what_if(const PlanDocument& before, std::span<const PlanDocument> after,
                                         const Inputs& inputs);
/// A list of {"person", "before", "after", "difference"}, amounts as text in major units of the plan's currency.
std::string canonical_json(const PlanDocument& plan, const std::vector<WhatIf>& rows);
std::string canonical_json(kith::Currency currency, const std::vector<WhatIf>& rows);

}  // namespace kith::incentive
