// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Commission as arithmetic, without a store: events are merged, shared out into credits, added up by person and
/// interval, put through a plan's rate tables and rounded once, where the plan says. Amounts are int64 minor units,
/// rates are parts per 1e9, products are exact in 128 bits. *Exact* numbers below are numerators over kRateUnit:
/// 1.6665 USD = 166.65 minor units is the numerator 166'650'000'000. What leaves 64 bits is Error{overflow} and nothing
/// is returned. Everything here is pure and thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kith/base/decimal.hpp"
#include "kith/base/money.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/time.hpp"
#include "kith/incentive/plan.hpp"

namespace kith::incentive {

/// The denominator of exact numbers and of rates: 10^kRateScale.
inline constexpr std::int64_t kRateUnit = 1'000'000'000;

// --- Input: events, shares, credits -----------------------------------------------------------------------------

/// A business fact as it was handed in: a booking, an invoice, a return. Never edited: a correction is a higher
/// version.
struct Event {
  std::string source = {};    ///< the system it comes from
  std::string id = {};        ///< its key there
  std::int64_t version = 1;   ///< of that key; the highest one counts
  Date date = {};             ///< effective date
  std::int64_t sequence = 0;  ///< order within the day
  Money amount = {};          ///< negative for a return
  friend bool operator==(const Event&, const Event&) = default;
};

/// What `merge_events` did with the rows it was given.
struct Merged {
  std::vector<Event> events = {};  ///< one per (source, id), its highest version; ordered by date, sequence, source, id
  std::int64_t added = 0;          ///< keys that were new
  std::int64_t replaced = 0;       ///< keys of which a higher version came
  std::int64_t repeated = 0;       ///< rows that were there already, word for word
  std::int64_t outdated = 0;       ///< rows older than the version that is known
};

/// Adds incoming events to known ones, once each: the same (source, id, version) again changes nothing, so that any
/// batch may be handed in twice. The result does not depend on the order of either list. Errors: conflict when one
/// (source, id, version) comes with two contents: a change needs a higher version.
Merged merge_events(std::span<const Event> known, std::span<const Event> incoming);

/// Shares an amount by fractions (0.3333 for 33.33 %) that must sum to exactly 1: kith::allocate, so the parts sum to
/// the amount and the shares of -amount are the exact mirror. Errors: invalid for no share, a negative one, or another
/// sum (the message shows it in percent).
std::vector<std::int64_t> apply_split(std::int64_t amount, std::span<const Decimal> shares);

/// Credits as columns of one length: one row per credited person of an event, in any order. The caller has left out
/// what the plan's eligibility refuses. `date`, `sequence` and `id` may be empty where only totals are wanted (see
/// `needs_order`). Two credits of one key with equal (date, sequence, id) are taken in order of their amounts.
struct CreditColumns {
  std::span<const std::int64_t> amount;    ///< minor units
  std::span<const std::int32_t> person;    ///< dense index: 0 <= person < Keys::persons
  std::span<const std::int32_t> interval;  ///< dense index: 0 <= interval < Keys::intervals
  std::span<const std::int32_t> date;      ///< Date::days
  std::span<const std::int64_t> sequence;
  std::span<const std::int64_t> id;
};

/// How many persons and intervals the dense indexes count. The key of a credit is person * intervals + interval.
struct Keys {
  std::int32_t persons = 1;
  std::int32_t intervals = 1;
};

// --- Kernel: a component made ready -----------------------------------------------------------------------------

/// Division by a number known in advance, as one multiplication; exact for 0 <= n < 2^63. Made by `divisor`.
struct Divisor {
  std::int64_t value = 10;
  std::uint64_t magic = 0;
  std::int32_t shift = 0;
};

/// A band of a kernel.
struct KernelBand {
  std::int64_t from = 0;
  std::int64_t rate = 0;         ///< over Kernel::unit
  std::int64_t paid_before = 0;  ///< over Kernel::unit: paid up to `from` where marginal; 0 beyond Kernel::limit
  Int128 exact_before = 0;       ///< the same over kRateUnit, always
};

/// A component with its rounding, as integers ready for the loops. Made by `compile`; a plain value.
struct Kernel {
  TierMode mode = TierMode::flat;
  Boundary boundary = Boundary::upper;
  Accumulate accumulate = Accumulate::interval;
  Negative negative = Negative::first_tier;
  PlanRounding rounding = {};
  std::vector<KernelBand> bands = {};
  Divisor unit;            ///< the smallest power of ten, from 10, over which every rate is whole
  std::int64_t limit = 0;  ///< inputs up to this magnitude are computed in 64 bits, the others in 128
};

/// Errors: invalid when the component breaks a rule of plans (see `violations_of`).
Kernel compile(const Component& component, const PlanRounding& rounding);

/// True when totals depend on the order of credits, so that `date`, `sequence` and `id` must be given: lines rounded
/// one by one on a running total.
bool needs_order(const Kernel& kernel);

// --- Computation ------------------------------------------------------------------------------------------------

/// What the table pays for an input, exactly: a numerator over kRateUnit. Negative inputs as Kernel::negative says.
Int128 compute_exact(const Kernel& kernel, std::int64_t input);

/// An exact number rounded once to minor units. Errors: overflow.
std::int64_t round_exact(Int128 exact, Rounding mode);

/// The state between two lines of one key.
struct Running {
  std::int64_t base = 0;  ///< net credit so far
  Int128 exact = 0;       ///< what it pays, exactly
};

/// One line: what a credit earned where it stood in the order.
struct Line {
  std::int64_t before = 0;  ///< running credit before it; 0 where each transaction stands alone
  std::int64_t credit = 0;
  Int128 exact = 0;         ///< earned, exactly
  std::int64_t amount = 0;  ///< earned in minor units; with RoundingPoint::statement a line has none and this is 0
};

/// Earns one more credit after `running` and moves that on. The first line of a key starts from Running{}; the caller
/// keeps the order (date, sequence, id). Errors: overflow, `running` is then unchanged.
Line compute_line(const Kernel& kernel, Running& running, std::int64_t credit);

/// Results per key. The columns have persons * intervals rows.
struct Totals {
  std::vector<std::int64_t> base = {};    ///< net credit
  std::vector<Int128> exact = {};         ///< earned, exactly; with RoundingPoint::line the sum of the rounded lines
  std::vector<std::int64_t> amount = {};  ///< earned in minor units; empty with RoundingPoint::statement
};

/// Adds up per key, then applies the table. Does not look at the order unless `needs_order`. Errors: invalid for
/// columns of different lengths or an index outside `keys`; overflow.
Totals compute_totals(const Kernel& kernel, const CreditColumns& credits, Keys keys);

/// Results per credit, in the order of the rows that were given.
struct LineColumns {
  std::vector<std::int64_t> before = {};  ///< running credit of the key before the row; empty where each stands alone
  std::vector<std::int64_t> amount = {};  ///< minor units; empty with RoundingPoint::statement
  std::vector<Int128> exact = {};         ///< only with RoundingPoint::statement
};

/// What each credit earned, taking those of a key in the order (date, sequence, id). With RoundingPoint::telescoped the
/// lines of a key sum to its total to the last unit. Input already in that order is not sorted again. Errors as above.
LineColumns compute_lines(const Kernel& kernel, const CreditColumns& credits, Keys keys);

/// All components of a plan, per key.
struct Statements {
  std::vector<Totals> components = {};    ///< in the order of Plan::components
  std::vector<std::int64_t> amount = {};  ///< earned in minor units over all components, per key
};

/// The result of a whole plan: components rounded as the plan says and added, or with RoundingPoint::statement added
/// exactly and rounded once.
Statements compute_statements(const Plan& plan, const CreditColumns& credits, Keys keys);

/// A piece of an input at one rate.
struct Slice {
  std::int32_t band = 0;   ///< index into Tiers::bands
  std::int64_t input = 0;  ///< minor units; negative where a piece is taken back
  std::int64_t rate = 0;   ///< over kRateUnit; 0 where Negative::zero pays nothing
  Int128 product = 0;      ///< input x rate: over kRateUnit
};

/// The pieces that lead from one running credit to another (0 to the total for a whole interval): their products sum to
/// compute_exact(after) - compute_exact(before). A slab that changes band takes the old amount back at the old rate.
std::vector<Slice> compute_slices(const Kernel& kernel, std::int64_t before, std::int64_t after);

}  // namespace kith::incentive
