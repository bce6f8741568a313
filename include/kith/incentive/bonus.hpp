// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Bonuses in the store: pools shared by contribution, contests with prizes by place, premiums on deals (SPIFFs). What
/// each brings is computed from the facts; posting appends awards until what was posted is what was computed. Awards
/// are never changed: facts that come later post the difference, naming why.

#include <optional>
#include <string>
#include <vector>

#include "kith/base/language.hpp"
#include "kith/engine/work.hpp"
#include "kith/incentive/pool.hpp"

namespace kith {

/// Numbers are stable.
enum class BonusKind : std::int32_t { pool = 1, contest = 2, spiff = 3 };
template <>
struct Choices<BonusKind> {
  static constexpr std::string_view names[] = {"pool", "contest", "spiff"};
};
template <>
struct Choices<incentive::Ties> {
  static constexpr std::string_view names[] = {"share", "each"};
};

/// A programme. Amounts are in the store's currency.
struct Bonus {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  BonusKind kind = BonusKind::pool;  ///< stays
  Date from = {};                    ///< what counts: [from, to)
  Date to = {};
  Currency currency = {};             ///< kept: the store's
  std::optional<Id> unit = {};        ///< who takes part: its members and those below on the last day; none: everybody
  std::string counts = {};            ///< pool without weights, contest: a QuotaMetric or a measure; default won_amount
  std::optional<Amount> amount = {};  ///< pool: what it holds; spiff: what a deal brings, shared out by its splits
  /// Pool: of what all brought above `hurdle`; spiff: of each deal's credit. Scale 9.
  std::optional<Decimal> rate = {};
  std::optional<Amount> hurdle = {};         ///< pool with a rate
  std::optional<Amount> cap = {};            ///< pool, spiff: at most so much a person
  std::optional<std::int64_t> minimum = {};  ///< contest: a lower score takes no place; minor units or number
  incentive::Ties ties = incentive::Ties::share;
  std::optional<std::string> filter = {};  ///< spiff: which won deals, an expression over the opportunity
};
template <>
const Entity& entity_of<Bonus>();

/// A person's weight in a pool, or the prize of a place of a contest.
struct BonusPart {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id bonus = {};
  std::int64_t position = 0;                ///< contest: the place, from 1; pool: order, which decides between equals
  std::optional<Id> employee = {};          ///< pool
  std::optional<std::int64_t> weight = {};  ///< pool: points, hours x grade...
  std::optional<Amount> amount = {};        ///< contest: the prize; pool: this person's cap
};
template <>
const Entity& entity_of<BonusPart>();

/// What a bonus has brought somebody. Only ever added.
struct Award {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id bonus = {};
  Id employee = {};
  std::optional<Id> unit = {};  ///< the employee's when it was posted
  Date on = {};                 ///< day of posting
  Currency currency = {};
  Amount amount = {};       ///< of a correction the difference
  bool correction = false;  ///< posted because the facts had changed
  std::string basis = {};   ///< how the computed amount came about, in English
};
template <>
const Entity& entity_of<Award>();

/// What a bonus is worth to somebody by the facts.
struct BonusResult {
  Id employee = {};
  std::int64_t score = 0;  ///< weight, points of the contest, or credit; minor units or number
  std::int64_t place = 0;  ///< contest; 0: none
  std::int64_t amount = 0;
  std::int64_t posted = 0;
  std::string basis = {};
};
/// The whole programme.
struct BonusOutcome {
  Money pool = {};                       ///< pool: what there is to share
  Money carried = {};                    ///< pool: what nobody gets
  std::vector<BonusResult> people = {};  ///< by amount, then id
};

namespace incentive {

/// Adds a bonus, or changes the one that was read: what was posted then follows at the next posting. Needs create or
/// edit on bonus. Errors: invalid (negative amounts, what its kind has not or lacks, an unknown metric or measure, a
/// filter that does not compile).
Id set_bonus(Work& work, Bonus& bonus);
/// Sets the weights of a pool or the prizes of a contest; replaces what was there. Errors: invalid (a negative number,
/// somebody twice, a spiff).
void set_bonus_parts(Work& work, Id bonus, const std::vector<BonusPart>& parts);
/// What it brings by the facts now. Errors: not_found, overflow. Needs to read the bonus; figures are system totals, of
/// people whose awards the actor may read.
BonusOutcome bonus_outcome(const Reader& reader, Id bonus);
/// Posts what is missing to the outcome: an award for everybody who has none, the difference for others. The same facts
/// again post nothing. Returns how many awards were added. Needs close on bonus.
std::int64_t post_bonus(Work& work, Id bonus);
/// A line a person, with the pool before and what is carried behind. English or Chinese.
std::string to_text(const Reader& reader, const BonusOutcome& outcome, Language language = Language::english);

}  // namespace incentive
}  // namespace kith
