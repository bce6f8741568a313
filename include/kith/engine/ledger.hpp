// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The ledger: what happened in money and quantity, as postings that are only ever added. A booking, a payment, an
/// earned commission or an expense is a posting on an account, with the fixed dimensions that balances are asked by.
/// A balance is the sum of postings; what was wrong is reversed by reference, once, by its exact mirror.
///
/// Two accounts may be a pair: whatever is posted on the two for one document and measure sums to zero, batch by batch.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// What postings are posted on. A new store has bookings, billings, cash, quota_actuals, commission, expense and cost.
struct LedgerAccount {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};                 ///< unique; what postings call it
  std::optional<std::string> pair = {};  ///< the account that balances it; both name each other
  std::string meaning = {};              ///< for people
};
template <>
const Entity& entity_of<LedgerAccount>();

/// One row of the ledger. Never changed, never removed.
struct Posting {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string account = {};
  std::string measure = "amount";          ///< what is counted: "amount", "margin", "units"
  Amount amount = {};                      ///< in `currency`
  Decimal quantity = {0, kQuantityScale};  ///< of measures that are no money
  Currency currency = {};                  ///< default: the store's base currency
  Date on = {};                            ///< the business day; default: today
  std::string period = {};  ///< the fiscal period it counts in: "2026-Q1", "retail/2026-Q1" of another calendar; or ""
  std::optional<Id> employee = {};
  std::optional<Id> unit = {};
  std::optional<Id> customer = {};
  std::optional<Id> product = {};
  std::string document_entity = {};  ///< what it was posted for: "opportunity"
  Id document = {};                  ///< and which one
  std::string source = {};           ///< what posted it: a verb, an import
  std::optional<Id> reverses = {};   ///< the posting that this one takes back
  /// The worth of `amount` in the base currency, bound by the verbs: at the market rate of `on`, of a reversal that of
  /// what it takes back. Absent only in what was posted before format 4.
  std::optional<Amount> base_amount = {};
  std::optional<std::string> base_rate = {};  ///< what one unit of `currency` was worth; absent in the base currency
  std::optional<Date> base_rate_on = {};      ///< the day of that rate
};
template <>
const Entity& entity_of<Posting>();

/// What a reversal says of itself; everything else mirrors the posting that is reversed.
struct Reversal {
  std::optional<Date> on = {};             ///< default: the day of the posting that is reversed
  std::optional<std::string> period = {};  ///< default: its period
  std::string source = {};                 ///< default: its source
};

/// Which postings a balance sums, and how.
struct BalanceQuery {
  std::vector<std::string> by = {"account", "measure"};  ///< dimensions; none: one sum for each currency
  std::string where = {};                                ///< an expression over postings; "" for all
  Parameters parameters = {};                            ///< of `where`
  std::vector<Condition> conditions = {};                ///< joined by and
  std::optional<Date> from = {};                         ///< the first business day
  std::optional<Date> to = {};                           ///< the first one that no longer counts
};

namespace ledger {

/// Adds an account, or changes one that was read (with its revision). Naming a pair makes the other account name this
/// one. Needs administer on ledger_account. Errors: invalid (no name, paired with itself, unknown pair), conflict (name
/// taken, stale, the pair has another partner), state (name or pair of an account that has postings).
Id set_account(Work& work, LedgerAccount& account);

/// Adds postings, all or none, and fills in their ids and what was left to its default. Needs create on posting.
/// Errors: invalid, all at once: an unknown account, an unknown or absent document, no day, neither amount nor
/// quantity, one that has no opposite in 64 bits, a period that no calendar has, a reference that is not there,
/// `reverses` (see `reverse`), a currency without a market rate on its day, accounts of a pair that do not balance. Of
/// several postings the message begins with the row, counted from 1.
void post(Work& work, std::span<Posting> postings);
/// The same for one.
Id post(Work& work, Posting& posting);
/// The same for a batch of all fields of a posting; fills its id column.
void post_batch(Work& work, Batch& postings);

/// Takes postings back: one new posting for each, in their order, with amount and quantity of the other sign. Postings
/// of a pair are reversed together. Needs create on posting; what the actor cannot see is not_found. Errors: state
/// (already reversed, or a reversal itself: post it again instead), invalid (the same one twice, no such period).
std::vector<Id> reverse(Work& work, std::span<const Id> postings, const Reversal& how = {});
/// Takes back everything posted for a document that is not taken back yet; none is no error.
std::vector<Id> reverse_document(Work& work, std::string_view entity, Id document, const Reversal& how = {});

/// Sums of the postings the actor may see: the dimensions of `by`, then currency, amount, base_amount (in the base
/// currency; absent where a posting from before format 4 has none), quantity and postings (their number), ordered by
/// the dimensions. Amounts of two currencies are never added up, base amounts may be. Sums are exact; error overflow
/// for one that does not fit 64 bits. Dimensions are all fields of a posting but its numbers. Errors: invalid.
Table balance(const Reader& reader, const BalanceQuery& query = {});

}  // namespace ledger

/// Registers the ledger's entities, verbs, permissions and reports.
extern const Area kLedgerArea;

}  // namespace kith
