// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What commission obliges to over time, in the store: the cost of winning a contract, amortised month by month
/// (ASC 340-40), and draws, settled period by period against statements. Lines are posted in order and never changed;
/// `check` computes every one of them again.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/language.hpp"
#include "kith/engine/work.hpp"
#include "kith/incentive/amortization.hpp"
#include "kith/incentive/draw.hpp"

namespace kith {

template <>
struct Choices<Rounding> {
  static constexpr std::string_view names[] = {"half_up", "half_even", "half_down", "down",
                                               "up",      "floor",     "ceiling",   "half_ceiling"};
};
template <>
struct Choices<incentive::AmortizationKind> {
  static constexpr std::string_view names[] = {"expense", "amortize", "write_off"};
};
template <>
struct Choices<incentive::DrawKind> {
  static constexpr std::string_view names[] = {"recoverable", "nonrecoverable", "guarantee"};
};

/// A commission that was paid to win a contract, as an asset in the store's currency.
struct CostAsset {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::optional<Id> opportunity = {};  ///< the contract
  std::optional<Id> employee = {};     ///< who was paid
  Currency currency = {};              ///< kept
  Amount cost = {};
  std::int64_t months = 0;  ///< of benefit, see incentive::benefit_months
  Date start = {};          ///< first day of benefit
  Rounding rounding = Rounding::half_up;
  std::int64_t expedient_months = 12;  ///< up to so many months it is an expense at once; 0: never
  std::optional<Date> lost_on = {};    ///< kept: the customer was lost, the rest written off
};
template <>
const Entity& entity_of<CostAsset>();

/// A posted line of an asset's schedule.
struct CostLine {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id asset = {};
  std::int64_t position = 0;  ///< from 1
  incentive::AmortizationKind kind = incentive::AmortizationKind::amortize;
  Date from = {};  ///< first day of its month of benefit
  Amount amount = {};
  Amount remaining = {};  ///< asset after the line
};
template <>
const Entity& entity_of<CostLine>();

/// An agreement on a draw, in the store's currency. It has no rule for leavers: see `DrawLine::balance`.
struct Draw {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  incentive::DrawKind kind = incentive::DrawKind::recoverable;
  Currency currency = {};                      ///< kept
  Amount amount = {};                          ///< a period
  Decimal recover_share = {1'000'000'000, 9};  ///< of earnings above the draw, 0 to 1, scale 9
  Date from = {};
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<Draw>();

/// A settled period of a draw. pay = earned + advanced - recovered + topped_up.
struct DrawLine {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id draw = {};
  std::int64_t position = 0;  ///< from 1, one after the other
  std::string period = {};
  Date from = {};
  Amount earned = {};  ///< total of the statement
  Amount pay = {};
  Amount advanced = {};
  Amount recovered = {};
  Amount topped_up = {};
  Amount balance = {};  ///< advanced and not recovered; owed by a leaver (`settle_leaver`; plans: `forgiven`)
};
template <>
const Entity& entity_of<DrawLine>();

namespace incentive {

/// Adds an asset; what was posted of it stays as it is, so it is never changed. Needs create on cost_asset. Errors:
/// invalid (no name, months outside 1 to 1,200).
Id set_cost_asset(Work& work, CostAsset& asset);
/// All lines of an asset by its terms, posted or not.
std::vector<AmortizationLine> schedule_of(const CostAsset& asset);
/// Posts the lines whose month has begun by a day; returns how many. Needs edit on cost_asset.
std::int64_t post_amortization(Work& work, Id asset, Date until);
/// The customer is lost on a day: posts what is due until then, and the rest as a write-off. Errors: state (lost
/// already), invalid (a day before the start).
void write_off_asset(Work& work, Id asset, Date lost_on);

/// Adds a draw, or ends the one that was read (another `to`). Needs create or edit on draw. Errors: invalid (negative
/// amount, share outside 0 to 1, stretch that runs backwards), conflict (another draw of that person overlaps, stale),
/// state (its terms after a period was settled).
Id set_draw(Work& work, Draw& draw);
/// Settles a period against the person's statement for it. Errors: state (settled already, an earlier line lies after
/// it, or the statement's period is not closed: its total may still change), not_found (no statement), invalid (the
/// draw does not hold on the first day of the period).
DrawLine post_draw(Work& work, Id draw, std::string_view period);
/// The lines of a draw in words, period by period. English or Chinese.
std::string draw_text(const Reader& reader, Id draw, Language language = Language::english);

}  // namespace incentive
}  // namespace kith
