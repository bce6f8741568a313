// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the general plan engine (document.hpp) takes in and gives: plain rows, and columns where there are millions.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kith/base/money.hpp"
#include "kith/base/time.hpp"

namespace kith::incentive {

/// One share of an event as the host recorded it.
struct Split {
  std::string person = {};
  std::string role = {};   ///< "primary", "overlay", ...
  std::string share = {};  ///< a fraction as decimal text, "0.3333"; or a weight, as the credit rule reads it
};

/// A fact as it was handed in. A correction is a higher version; a cancelled one a higher version with `cancelled`.
struct EventRow {
  std::string source = {};
  std::string id = {};
  std::int64_t version = 1;
  std::string type = {};  ///< "booking", "invoice", "payment", "return", ... whatever the plan's conditions name
  Date date = {};
  std::int64_t sequence = 0;
  Money amount = {};
  std::int64_t cost = 0;       ///< minor units of the amount's currency
  std::string quantity = "0";  ///< decimal text, at most 6 digits after the point
  std::string reverses = {};   ///< "source:id" of the event this one takes back or pays, "" for none
  bool cancelled = false;
  std::map<std::string, std::string> attributes = {};  ///< by the names that the plan declares
  std::vector<Split> splits = {};
};

/// Events as columns, for millions of them: each is of version 1 and stands in the order (date, sequence, key). Texts
/// are places in `names`. Columns that say so may be empty.
struct EventColumns {
  std::vector<std::string> names = {};        ///< sources, types, people, roles, shares, values of attributes
  std::vector<std::int32_t> source = {};      ///< a place in names
  std::vector<std::int64_t> id = {};          ///< number within its source; the key is "source:id"
  std::vector<std::int32_t> type = {};        ///< a place in names
  std::vector<std::int32_t> date = {};        ///< Date::days
  std::vector<std::int64_t> sequence = {};    ///< empty: 0
  std::vector<std::int64_t> amount = {};      ///< minor units
  std::vector<Currency> currency = {};        ///< one for all, or one each
  std::vector<std::int64_t> cost = {};        ///< empty: 0
  std::vector<std::int64_t> quantity = {};    ///< millionths; empty: 0
  std::vector<std::int32_t> reverses = {};    ///< the row it takes back or pays, -1 for none; empty: none
  std::vector<std::uint32_t> split_end = {};  ///< where the splits of each row end; empty: one split a row
  std::vector<std::int32_t> person = {};      ///< of each split, a place in names; so are the next two
  std::vector<std::int32_t> role = {};
  std::vector<std::int32_t> share = {};
  std::map<std::string, std::vector<std::int32_t>> attributes = {};  ///< places in names, -1 for none
};

/// A number that is kept outside the plan: a quota, a target pay, a ramp, a score. Of several that fit, the one for a
/// person and period counts before one for a person's days, a person, a period, some days, everybody.
struct PlanValue {
  std::string name = {};
  std::string person = {};  ///< "" for everybody
  std::string period = {};  ///< a label, "" for every period
  std::string value = {};   ///< decimal text; amounts in major units
  Date from = {};           ///< with `to`, instead of a period: the days on which it holds
  Date to = kOpenDate;
};

/// Who reports to whom from one day to another.
struct Superior {
  std::string person = {};
  std::string manager = {};
  Date from = {};
  Date to = kOpenDate;
};

/// Days on which somebody takes part. Somebody without a row takes part always.
struct Participation {
  std::string person = {};
  Date from = {};
  Date to = kOpenDate;
};

/// Units of the plan's currency for one unit of another.
struct PlanRate {
  kith::Currency currency = {};
  std::string kind = {};  ///< "transaction", "period_avg", "period_end" or "plan_fixed"
  Date on = {};           ///< holds from this day on, until the next row of the kind; ignored for plan_fixed
  std::string rate = {};  ///< decimal text
  Date to = kOpenDate;    ///< the first day on which it no longer holds; ignored for plan_fixed
};

/// What was posted before. Only lines of closed periods are compared; they are never changed.
struct PostedLine {
  std::string person = {};
  std::string component = {};
  std::string period = {};  ///< in which it was earned
  std::int64_t amount = 0;
  std::string posted = {};  ///< the period in which it stands; "": the one in which it was earned
};

/// What somebody's payment takes over where earlier periods are settled already: payment begins with `period`.
struct BroughtForward {
  std::string person = {};
  std::string period = {};
  std::int64_t adjusted = 0;     ///< what else stands in its statement: corrections of earlier periods
  std::int64_t held = 0;         ///< in it, of what was earned in other periods
  std::int64_t released = 0;     ///< in it, of what was earned in other periods
  std::int64_t carried = 0;      ///< 0 or below: what the period before left
  std::int64_t balance = 0;      ///< of the draw
  std::int64_t term_earned = 0;  ///< of a guarantee: so far in its term; so are the next two
  std::int64_t term_guaranteed = 0;
  std::int64_t term_given = 0;
};

struct Inputs {
  std::vector<EventRow> events = {};
  std::vector<PlanValue> values = {};
  std::vector<Superior> hierarchy = {};
  std::vector<Participation> people = {};
  std::vector<PlanRate> rates = {};
  std::vector<std::string> closed = {};  ///< labels of closed periods
  std::string open = {};                 ///< the period into which corrections post; required when any is closed
  std::vector<PostedLine> posted = {};
  /// Who is paid by the plan, on which days: only they get results, and their credits of other days do not count.
  /// Absent: everybody, always. Superiors climb from everybody's credits either way.
  std::optional<std::vector<Participation>> members = {};
  std::vector<std::string> periods = {};  ///< labels to compute beside those that facts and values name
  std::vector<Date> holidays = {};        ///< Mondays to Fridays that are not worked, for proration by working days
  EventColumns columns = {};              ///< more events; `events` may correct them by higher versions
  std::vector<BroughtForward> brought = {};
};

/// One credit: how much of an event counts for whom. `exact` is in minor units of the plan's currency, a fraction.
struct CreditResult {
  std::string rule = {};
  std::string person = {};
  std::string event = {};  ///< "source:id"
  std::string period = {};
  std::string exact = {};  ///< major units, as text; "1/3" where no decimal says it
};

/// What one event earned.
struct LineResult {
  std::string person = {};
  std::string component = {};
  std::string event = {};  ///< "" for what no single event earned
  std::string period = {};
  std::string exact = {};    ///< before rounding, major units
  std::int64_t amount = 0;   ///< rounded; 0 where the plan does not round lines
  std::string excess = {};   ///< cut by caps, major units
  std::string payable = {};  ///< percent of the line that is paid; "" where no cap cuts it
};

/// A component of one person in one period.
struct ComponentResult {
  std::string person = {};
  std::string component = {};
  std::string period = {};
  std::string measured = {};                   ///< its input, major units
  std::string goal = {};                       ///< "" for none
  std::optional<std::string> attainment = {};  ///< percent at 2 decimals half up, for display only
  std::string raw = {};                        ///< after tiers and weight, major units
  std::string excess = {};                     ///< cut by caps
  std::string exact = {};                      ///< after modifiers
  std::int64_t amount = 0;                     ///< rounded; 0 where the plan rounds statements
  bool applicable = true;                      ///< false where a goal of 0 leaves attainment undefined
};

/// A part of a component that is released by a trigger, and what of it has been by the end of the last period.
struct ReleaseResult {
  struct In {
    std::string period = {};
    std::int64_t amount = 0;
  };
  std::string person = {};
  std::string component = {};
  std::string period = {};
  std::string trigger = {};
  std::int64_t amount = 0;
  std::int64_t released = 0;
  bool at_once = false;       ///< never held
  std::vector<In> when = {};  ///< the periods in which it was released; not part of the JSON
};

/// What is to be posted: earnings of open periods, deltas of closed ones.
struct LedgerLine {
  std::string person = {};
  std::string component = {};
  std::string earned = {};  ///< label of the period in which it was earned
  std::string posted = {};  ///< label of the period in which it stands
  std::string kind = {};    ///< "earning", "clawback" or "delta"
  std::int64_t amount = 0;
};

/// From what somebody earns in a period to what is paid: pay = earned - held + released + carried + advanced -
/// recovered + topped_up - carry. Only of plans with "payment".
struct PaymentResult {
  std::string person = {};
  std::string period = {};
  std::int64_t earned = 0;     ///< what the statement of the period says
  std::int64_t held = 0;       ///< waits for its release
  std::int64_t released = 0;   ///< of what was held
  std::int64_t carried = 0;    ///< 0 or below: what the period before left
  std::int64_t advanced = 0;   ///< by the draw
  std::int64_t recovered = 0;  ///< of earlier advances
  std::int64_t topped_up = 0;  ///< given, never recovered
  std::int64_t forgiven = 0;   ///< of the balance of somebody who leaves
  std::int64_t balance = 0;    ///< advanced and not recovered
  std::int64_t carry = 0;      ///< 0 or below: goes into the next period
  std::int64_t pay = 0;
  std::optional<std::int64_t> drawn = {};  ///< what the draw lifts pay to, where one holds; not part of the JSON
};

/// A pool of a period.
struct PoolResult {
  std::string component = {};
  std::string period = {};
  std::int64_t pool = 0;  ///< with what was carried into it
  std::int64_t paid = 0;
  std::int64_t carried = 0;
};

/// A line of the schedule over which the cost of an event is spread (ASC 340-40).
struct CostLine {
  std::string person = {};
  std::string component = {};
  std::string event = {};
  std::string kind = {};  ///< "expense", "amortize" or "write_off"
  Date from = {};         ///< first day of its month of benefit
  std::int64_t amount = 0;
  std::int64_t remaining = 0;
};

struct StatementResult {
  std::string person = {};
  std::string period = {};
  std::int64_t amount = 0;
};

struct PlanResult {
  std::vector<CreditResult> credits = {};
  std::vector<LineResult> lines = {};
  std::vector<ComponentResult> components = {};
  std::vector<ReleaseResult> releases = {};
  std::vector<LedgerLine> ledger = {};
  std::vector<StatementResult> statements = {};
  std::vector<PaymentResult> payments = {};
  std::vector<PoolResult> pools = {};
  std::vector<CostLine> amortization = {};
  std::vector<std::string> warnings = {};
};

}  // namespace kith::incentive
