// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From what is earned to what is paid: releases, clawbacks, draws, and the cost of events over time.

#include "incentive/document_evaluator.hpp"

namespace kith::incentive::general {

/// What one event earned somebody in one component.
struct EventPay {
  Index person = 0;
  Index component = 0;
  std::int64_t amount = 0;
};

/// What events earned, by event.
using EventPays = std::map<std::uint32_t, std::vector<EventPay>>;
EventPays pays_by_event(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator);

/// How much of a contract was not served: `left` of `of` months or days; a plain share has neither.
struct Unserved {
  Exact share = 0;
  std::int64_t left = 0;
  std::int64_t of = 0;
};

/// A part of what an event earned, taken back in the period of the loss.
struct Taken {
  Index person = 0;
  std::size_t clawback = 0;
  std::uint32_t event = 0;  ///< the loss
  Index period = 0;
  std::int64_t amount = 0;
  Index component = 0;    ///< that had paid
  std::int64_t paid = 0;  ///< by it for the event that was lost
  Unserved unserved = {};
  std::int64_t before = 0;  ///< taken back of that earlier
};
std::vector<Taken> claw_back(const Model& model, const Ground& ground, const EventPays& pays);

/// A part of an outcome and when it is released: amounts by period, sorted.
struct Schedule {
  std::vector<std::int64_t> parts;                               ///< of each release
  std::vector<std::vector<std::pair<Index, std::int64_t>>> out;  ///< of each release: period, amount
};
/// Of an amount that is posted in period `at`; the lines of the outcome say which events it hangs on.
Schedule schedule(const Model& model, const Ground& ground, const Outcome& outcome, std::int64_t amount, Index at);

/// What came in for a person in each period before payment begins.
struct Flow {
  std::int64_t earned = 0;
  std::int64_t held = 0;
  std::int64_t released = 0;
};
/// Payments of a person, period by period, from what is brought forward on.
std::vector<PaymentResult> pay_out(const Model& model, const Ground& ground, Index person,
                                   const std::map<Index, Flow>& flows, const BroughtForward* from = nullptr);
/// The payment of one period where everything that is earned, held and released is brought forward. Without `holds`
/// nobody draws any more; what was advanced is still recovered.
PaymentResult pay_brought(const Model& model, const Ground& ground, const BroughtForward& row, bool holds);
/// The day on which what was earned in a period is released; nothing where that is at once, or an event decides.
std::optional<Date> release_day(const Model& model, const Release& release, const Period& earned);

std::vector<CostLine> spread_costs(const Model& model, const Ground& ground, const EventPays& pays);

}  // namespace kith::incentive::general
