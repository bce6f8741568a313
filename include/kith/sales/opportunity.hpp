// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Opportunities: open in a stage, then won, lost or void, with a reason; reopened only with a reason. Each stay in a
/// stage is a dated row. Credit for a deal can be split between people.
///
/// A deal may be in any currency. It keeps what it is worth in the store's base currency, and the rate that says so: of
/// a closed deal the market rate of its closing day, of an open one that of the day on which its amount was given.
/// Rates that are set later change no deal, until `sales::revalue` is called. Sums over deals are sums of base amounts.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/effective.hpp"
#include "kith/sales/pipeline.hpp"

namespace kith {

/// Where a deal stands. Numbers are stable.
enum class DealStatus : std::int32_t { open = 1, won = 2, lost = 3, voided = 4 };
template <>
struct Choices<DealStatus> {
  static constexpr std::string_view names[] = {"open", "won", "lost", "void"};
};

/// A chance to sell something to somebody.
struct Opportunity {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string title = {};
  std::optional<Id> customer = {};
  std::optional<Id> product = {};
  Id pipeline = {};                         ///< default: the store's only pipeline
  Id stage = {};                            ///< current, or last before it was closed; default: the first
  DealStatus status = DealStatus::open;     ///< changed by win, lose, void_deal, reopen
  std::optional<Id> owner = {};             ///< employee
  std::optional<Id> unit = {};              ///< the owner's unit when assigned
  std::optional<Amount> amount = {};        ///< expected while open, agreed when won
  Currency currency = {};                   ///< default: the store's
  std::optional<Decimal> probability = {};  ///< set by hand, a fraction, scale 9; without it the stage's default counts
  std::optional<Date> engaged_on = {};      ///< when talks began
  std::optional<Date> expected_on = {};     ///< when it should close
  std::optional<Date> closed_on = {};       ///< when it was won, lost or voided
  std::optional<std::string> reason = {};   ///< of winning, losing, voiding
  std::optional<std::string> source = {};
  std::optional<std::string> external_id = {};
  std::optional<Amount> base_amount = {};     ///< kept: `amount` in the store's base currency, absent without one
  std::optional<std::string> base_rate = {};  ///< kept: what one unit of `currency` is worth in it, exactly: "1.1",
                                              ///< "10/11"; absent without an amount and for the base currency
  std::optional<Date> base_rate_on = {};      ///< kept: the day of that rate
};
template <>
const Entity& entity_of<Opportunity>();

/// A deal was in a stage for a time.
struct OpportunityStage {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id opportunity = {};
  Id stage = {};
  DealStatus status = DealStatus::open;
  Timestamp from = {};
  Timestamp to = kOpenTime;
  std::optional<std::string> reason = {};
};
template <>
const Entity& entity_of<OpportunityStage>();

/// Somebody's share of the credit for a deal. The shares of one deal add up to exactly 100 %.
struct Split {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id opportunity = {};
  Id employee = {};
  std::int64_t position = 0;  ///< order; ties of the largest remainder go to the earlier
  Decimal share = {};         ///< a fraction, scale 9
};
template <>
const Entity& entity_of<Split>();

/// A share as given to `set_splits`.
struct SplitShare {
  Id employee = {};
  Decimal share = {};  ///< a fraction: 0.3333
};

namespace sales {

/// Adds a deal and moves its customer forward to the lifecycle stage "opportunity" ("customer" if it is won), where
/// there is one. An import may give a deal that is already closed (status, closed_on, reason); its first stage row
/// then starts at `engaged_on` (default: `closed_on`). Errors: invalid (unknown stage of that pipeline, no rate for the
/// currency on the day that counts, won without an amount, closed without a date or on a day to come), state (guard),
/// conflict, denied.
Id create(Work& work, Opportunity& deal);
/// Adds many, each as `create` would, in a number of statements that grows only with every thousand of them. The batch
/// holds all fields. One broken row, and none of the batch is added. Errors: those of `create`, naming the row.
void create_batch(Work& work, Batch& deals);
/// Changes anything but pipeline, stage and status. Another amount, currency or closing day binds the rate anew: of an
/// open deal today's. With another owner the unit follows, unless it is changed too.
/// Setting `probability` to nothing returns to the stage's default. Errors: as `create`; conflict (stale).
void update(Work& work, Opportunity& deal);
/// Moves an open deal to another stage of its pipeline, forward or back. Errors: state (closed deal, guard not met:
/// the guard is quoted), invalid (unknown stage, near names).
void advance(Work& work, Id deal, std::string_view stage, std::optional<Timestamp> at = {});
/// Moves of the status ask the machine "opportunity" (engine/state_machine.hpp), which a store may guard.
///
/// Closes an open deal. Winning needs an amount and moves the customer forward to the lifecycle stage "customer". The
/// reason is required. The rate of that day counts from now on. The stay in the stage ends at the start of that day
/// (today: now), or where it began when the closing is told late. Errors: state (closed already), invalid (no rate, a
/// day to come), not_found, denied.
void win(Work& work, Id deal, Date on, std::string_view reason, std::optional<Amount> amount = {});
void lose(Work& work, Id deal, Date on, std::string_view reason);
void void_deal(Work& work, Id deal, Date on, std::string_view reason);
/// Opens a won or lost deal again in its last stage, whose guard is not asked again; the reason is kept in the stage
/// rows, and what it was worth until it is valued again. Errors: state (open, or void: that is final), invalid (no
/// reason).
void reopen(Work& work, Id deal, std::string_view reason);
/// Values the open deals that the query finds (default: all) at the market rates of a day, all or none. How many of
/// them changed; those in the base currency never do. Errors: invalid (no rate, naming the deal), denied.
std::int64_t revalue(Work& work, Date on, const Query& query = {});
/// Shares the credit; replaces what was there. Errors: invalid unless the shares add up to exactly 1 (both the sum
/// and the difference are named), or for an employee named twice. An empty list gives all to the owner again.
void set_splits(Work& work, Id deal, const std::vector<SplitShare>& shares);

/// The splits of a deal by position; empty: all to the owner.
std::vector<Split> splits(const Reader& reader, Id deal);
/// The stays of a deal, oldest first.
std::vector<OpportunityStage> stage_rows(const Reader& reader, Id deal);
/// base_amount x probability of open deals, exact and rounded once at the end (half up); won, lost and void deals add
/// 0.
Money weighted_total(const Reader& reader, const Query& query = {});
/// The chance that counts for a deal: its own, else its stage's; won 1, lost and void 0.
Decimal compute_probability(DealStatus status, std::optional<Decimal> own, Decimal stage);

}  // namespace sales

extern const Area kSalesArea;

}  // namespace kith
