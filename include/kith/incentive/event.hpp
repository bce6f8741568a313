// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Business events in the store: bookings, invoices, payments, returns, whatever a host has, fed without any other
/// part of Kith. An event is known by (source, external_id) and its version: the same version again changes nothing, a
/// higher one replaces it, a lower one comes too late. General commission plans (incentive/document.hpp) credit them.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"
#include "kith/incentive/document.hpp"

namespace kith {

/// The newest version of a fact as the host handed it in; earlier ones stay in its history.
struct BusinessEvent {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string source = {};       ///< the system it comes from; without a colon
  std::string external_id = {};  ///< its key there
  std::int64_t version = 1;
  std::string type = {};
  Date date = {};
  std::int64_t sequence = 0;  ///< order within the day
  Currency currency = {};
  Amount amount = {};
  Amount cost = {};
  Decimal quantity = {0, kQuantityScale};
  std::optional<std::string> reverses = {};  ///< "source:external_id" of the event it takes back or pays
  bool cancelled = false;
  std::optional<std::string> attributes = {};  ///< canonical JSON object of texts
};
template <>
const Entity& entity_of<BusinessEvent>();

/// Who takes part in an event, in which role.
struct EventShare {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id event = {};
  std::int64_t position = 0;  ///< from 1; order decides ties of largest remainders
  Id employee = {};
  std::string role = {};
  std::string share = {};  ///< decimal text in its shortest spelling: a fraction, or a weight
  /// The event's day, so that what somebody did in a period is found by one index. Absent where the event takes another
  /// one back, which may count on that one's day, and in what was posted before format 4.
  std::optional<Date> date = {};
};
template <>
const Entity& entity_of<EventShare>();

namespace incentive {

/// What a post did with the rows it was given.
struct PostResult {
  std::int64_t added = 0;
  std::int64_t replaced = 0;  ///< a higher version came
  std::int64_t repeated = 0;  ///< there already, word for word
  std::int64_t outdated = 0;  ///< older than the version that is stored
};

/// Stores events, all or none, in a number of statements that does not grow with single rows. `Split::person` is an
/// employee's id as decimal text, "source:external_id", or a name that only one employee has. What was learned shows
/// in statements with the next run. Needs create on event (edit where one is replaced), over all.
/// Errors: invalid, every fault under its path ("events[3].splits[0].person"); conflict for one version with two
/// contents.
PostResult post_events(Work& work, std::span<const EventRow> events);

/// Events as columns of one length; optional ones may be empty. Texts are views that the caller owns.
struct PostColumns {
  std::span<const std::string_view> source, id;
  std::span<const std::int64_t> version;  ///< optional: 1
  std::span<const std::string_view> type;
  std::span<const Date> date;
  std::span<const std::int64_t> sequence;  ///< optional: 0
  std::span<const Currency> currency;
  std::span<const std::int64_t> amount;        ///< minor units
  std::span<const std::int64_t> cost;          ///< optional: 0
  std::span<const std::string_view> reverses;  ///< optional
  std::span<const std::uint8_t> cancelled;     ///< optional
  std::span<const std::uint32_t> share_event;  ///< place of the event that a share belongs to; any order of events
  std::span<const std::string_view> person;    ///< of each share, as above
  std::span<const std::string_view> role;      ///< of each share
  std::span<const std::string_view> share;     ///< of each share
};
/// The same from columns. Errors: also invalid for columns of different lengths.
PostResult post_events(Work& work, const PostColumns& columns);

/// Reads a JSON list of events, or "kith.inputs/1" with `events` (docs/inputs.md). Errors: invalid with paths.
std::vector<EventRow> parse_events(std::string_view json);

}  // namespace incentive
}  // namespace kith
