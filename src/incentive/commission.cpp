// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/commission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

#include "incentive/kernel.hpp"
#include "incentive/whose.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::int64_t kMostKeys = std::int64_t{1} << 28;

std::size_t key_count(Keys keys) {
  if (keys.persons < 0 || keys.intervals < 0) {
    throw Error(Code::invalid, fmt::format("{} persons and {} intervals are given; counts are not negative.",
                                           keys.persons, keys.intervals));
  }
  const std::int64_t count = std::int64_t{keys.persons} * keys.intervals;
  if (count > kMostKeys) {
    throw Error(Code::invalid, fmt::format("{} persons x {} intervals are more than {} keys; number only those that "
                                           "occur.",
                                           keys.persons, keys.intervals, kMostKeys));
  }
  return static_cast<std::size_t>(count);
}

std::size_t key_of(const CreditColumns& credits, std::size_t row, Keys keys) {
  return static_cast<std::size_t>(credits.person[row]) * static_cast<std::size_t>(keys.intervals) +
         static_cast<std::size_t>(credits.interval[row]);
}

void check_lengths(const CreditColumns& credits, bool ordered) {
  const std::size_t rows = credits.amount.size();
  const auto same = [&](std::string_view name, std::size_t size) {
    if (size == rows) return;
    throw Error(Code::invalid, "credits", std::string(name),
                fmt::format("The column has {} rows, \"amount\" has {}.", size, rows));
  };
  same("person", credits.person.size());
  same("interval", credits.interval.size());
  if (!ordered) return;
  same("date", credits.date.size());
  same("sequence", credits.sequence.size());
  same("id", credits.id.size());
  if (rows > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Code::invalid,
                fmt::format("{} credits are given; lines are computed for at most 4294967295 at once.", rows));
  }
}

[[noreturn]] void fail_index(const CreditColumns& credits, std::size_t row, Keys keys) {
  throw Error(Code::invalid, "credits", "person",
              fmt::format("Row {} has person {} and interval {}; there are {} persons and {} intervals, counted "
                          "from 0.",
                          row, credits.person[row], credits.interval[row], keys.persons, keys.intervals));
}

// Whose sign bit tells that an index is negative or above the last one, without a comparison.
inline std::uint32_t outside(std::uint32_t index, std::uint32_t last) { return index | (last - index); }

void check_indexes(const CreditColumns& credits, Keys keys) {
  const std::size_t rows = credits.amount.size();
  const std::uint32_t last_person = static_cast<std::uint32_t>(keys.persons) - 1;
  const std::uint32_t last_interval = static_cast<std::uint32_t>(keys.intervals) - 1;
  const auto bad = [&](std::size_t i) {
    return outside(static_cast<std::uint32_t>(credits.person[i]), last_person) |
           outside(static_cast<std::uint32_t>(credits.interval[i]), last_interval);
  };
  std::uint32_t signs = 0;
  for (std::size_t i = 0; i < rows; ++i) signs |= bad(i);
  if ((signs >> 31) == 0) return;
  for (std::size_t i = 0; i < rows; ++i) {
    if ((bad(i) >> 31) != 0) fail_index(credits, i, keys);
  }
}

// Asks for the cache lines of 16 rows. An address past the end is harmless to ask for.
inline void prefetch_row(const CreditColumns& credits, std::size_t row) {
  __builtin_prefetch(credits.amount.data() + row);
  __builtin_prefetch(credits.amount.data() + row + 8);
  __builtin_prefetch(credits.person.data() + row);
  __builtin_prefetch(credits.interval.data() + row);
}

// Adds a part of the rows in 64 bits and tells whether no sum can have left them: whether every magnitude is below
// 2^bound, a bound that this many rows cannot add up to 2^63. Checked and added in blocks that stay in the nearest
// cache, the next block on its way meanwhile; nothing is written for a block with a bad index.
[[gnu::always_inline]] inline bool add_blocks(const CreditColumns& credits, Keys keys, std::int64_t* sums) {
  const std::size_t rows = credits.amount.size();
  const int bound = 62 - static_cast<int>(std::bit_width(rows));
  const std::uint64_t offset = std::uint64_t{1} << bound;
  const std::int64_t* amount = credits.amount.data();
  const std::int32_t* person = credits.person.data();
  const std::int32_t* interval = credits.interval.data();
  const auto intervals = static_cast<std::uint32_t>(keys.intervals);
  const std::uint32_t last_person = static_cast<std::uint32_t>(keys.persons) - 1;
  const std::uint32_t last_interval = intervals - 1;
  std::array<std::uint32_t, kBlock> key;
  for (std::size_t begin = 0; begin < rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, rows - begin);
    const std::int64_t* a = amount + begin;
    std::uint32_t signs = 0;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto p = static_cast<std::uint32_t>(person[begin + i]);
      const auto n = static_cast<std::uint32_t>(interval[begin + i]);
      signs |= outside(p, last_person) | outside(n, last_interval);
      key[i] = p * intervals + n;
    }
    // An amount in [-2^bound, 2^bound) moved up by 2^bound has no higher bit.
    for (std::size_t i = 0; i < count; ++i) bits |= static_cast<std::uint64_t>(a[i]) + offset;
    if ((signs >> 31) != 0 || (bits >> (bound + 1)) != 0) return false;
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16) {
      prefetch_row(credits, begin + kBlock + i);
      for (std::size_t j = i; j < i + 16; ++j) sums[key[j]] += a[j];
    }
    for (; i < count; ++i) sums[key[i]] += a[i];
  }
  return true;
}

bool add_plain(const CreditColumns& credits, Keys keys, std::int64_t* sums) { return add_blocks(credits, keys, sums); }

#if defined(__x86_64__)
// The same code with vectors twice as wide, where the processor has them.
__attribute__((target("avx2"))) bool add_wide(const CreditColumns& credits, Keys keys, std::int64_t* sums) {
  return add_blocks(credits, keys, sums);
}
bool add_small(const CreditColumns& credits, Keys keys, std::int64_t* sums) {
  static const bool wide = __builtin_cpu_supports("avx2") != 0;
  return wide ? add_wide(credits, keys, sums) : add_plain(credits, keys, sums);
}
#else
bool add_small(const CreditColumns& credits, Keys keys, std::int64_t* sums) { return add_plain(credits, keys, sums); }
#endif

// Net credit per key. The sum of a key does not depend on the order, so neither does whether it overflows. Where the
// fast loop gives up, the exact one starts again and finds the bad index, if that was it.
std::vector<std::int64_t> sum_by_key(const CreditColumns& credits, Keys keys) {
  std::vector<std::int64_t> sums(key_count(keys));
  if (add_small(credits, keys, sums.data())) return sums;
  check_indexes(credits, keys);
  std::vector<Int128> wide(sums.size());
  for (std::size_t i = 0; i < credits.amount.size(); ++i) wide[key_of(credits, i, keys)] += credits.amount[i];
  const auto intervals = static_cast<std::size_t>(keys.intervals);
  for (std::size_t key = 0; key < wide.size(); ++key) {
    const auto whose = [&] {
      return "person " + std::to_string(key / intervals) + ", interval " + std::to_string(key % intervals);
    };
    sums[key] = told_whose(whose, [&] { return narrow(wide[key], "net credit"); });
  }
  return sums;
}

// Finishes exact sums that are scaled still.
void round_totals(const Kernel& kernel, Totals& totals) {
  const bool rounds = kernel.rounding.point != RoundingPoint::statement;
  if (rounds) totals.amount.resize(totals.exact.size());
  const std::int64_t up = scale_up(kernel);
  for (std::size_t key = 0; key < totals.exact.size(); ++key) {
    if (rounds) totals.amount[key] = round_scaled(kernel, totals.exact[key]);
    totals.exact[key] *= up;
  }
}

// Totals of lines that are rounded alone.
void add_rounded(const CreditColumns& credits, const std::vector<std::int64_t>& lines, Keys keys, Totals& totals) {
  std::vector<Int128> sums(totals.base.size());
  for (std::size_t i = 0; i < lines.size(); ++i) sums[key_of(credits, i, keys)] += lines[i];
  totals.amount.resize(sums.size());
  for (std::size_t key = 0; key < sums.size(); ++key) {
    totals.amount[key] = narrow(sums[key], "sum of lines");
    totals.exact[key] = sums[key] * kRateUnit;
  }
}

// (date, sequence, id), then what makes two rows of one key differ at all.
bool comes_before(const CreditColumns& c, std::size_t a, std::size_t b) {
  if (c.date[a] != c.date[b]) return c.date[a] < c.date[b];
  if (c.sequence[a] != c.sequence[b]) return c.sequence[a] < c.sequence[b];
  if (c.id[a] != c.id[b]) return c.id[a] < c.id[b];
  return c.amount[a] < c.amount[b];
}

// Whether date and sequence alone put the rows in order, as in a ledger; without a branch in the loop.
bool is_strictly_ordered(const CreditColumns& credits) {
  const std::int32_t* date = credits.date.data();
  const std::int64_t* sequence = credits.sequence.data();
  unsigned ordered = 1;
  for (std::size_t i = 1; i < credits.amount.size(); ++i) {
    const auto later = static_cast<unsigned>(date[i - 1] < date[i]);
    const auto same = static_cast<unsigned>(date[i - 1] == date[i]);
    ordered &= later | (same & static_cast<unsigned>(sequence[i - 1] < sequence[i]));
  }
  return ordered != 0;
}

// The rows in order; empty where they stand in it already.
std::vector<std::uint32_t> order_of(const CreditColumns& credits) {
  if (is_strictly_ordered(credits)) return {};
  const std::size_t rows = credits.amount.size();
  std::size_t sorted = 1;
  while (sorted < rows && !comes_before(credits, sorted, sorted - 1)) ++sorted;
  if (sorted >= rows) return {};
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return comes_before(credits, a, b); });
  return order;
}

std::string whose(const CreditColumns& credits, std::size_t row) {
  return "row " + std::to_string(row) + " (person " + std::to_string(credits.person[row]) + ", interval " +
         std::to_string(credits.interval[row]) + ")";
}

template <class Visit>
void in_order(const CreditColumns& credits, Visit visit) {
  const std::vector<std::uint32_t> order = order_of(credits);
  // One loop for both cases, so that the visit is compiled into it.
  const std::uint32_t* index = order.empty() ? nullptr : order.data();
  std::size_t k = 0;
  const auto row = [&] { return index == nullptr ? k : std::size_t{index[k]}; };
  told_whose([&] { return whose(credits, row()); },
             [&] {
               for (; k < credits.amount.size(); ++k) visit(row());
             });
}

// The checked sums of base/, with the check in the loop and only the failure outside of it.
inline std::int64_t step_to(std::int64_t before, std::int64_t credit) {
  std::int64_t after = 0;
  if (!__builtin_add_overflow(before, credit, &after)) [[likely]]
    return after;
  return checked_add(before, credit, "running credit of a person");
}
inline std::int64_t step_from(std::int64_t posted, std::int64_t total) {
  std::int64_t line = 0;
  if (!__builtin_sub_overflow(total, posted, &line)) [[likely]]
    return line;
  return checked_sub(total, posted, "line");
}

// Lines on a running net total of each key.
void accumulated_lines(const Kernel& kernel, const CreditColumns& credits, Keys keys, LineColumns& lines) {
  struct State {
    std::int64_t base = 0;
    std::int64_t posted = 0;
  };
  std::vector<State> states(key_count(keys));
  // Copies, because the columns that are written could alias the kernel.
  const RoundingPoint point = kernel.rounding.point;
  const Rounding mode = kernel.rounding.mode;
  const Divisor unit = kernel.unit;
  const std::int64_t up = scale_up(kernel);
  in_order(credits, [&](std::size_t i) {
    State& state = states[key_of(credits, i, keys)];
    const std::int64_t before = state.base;
    const std::int64_t after = step_to(before, credits.amount[i]);
    lines.before[i] = before;
    state.base = after;
    if (point == RoundingPoint::telescoped) {
      const std::int64_t total = is_small(kernel, after) ? round_within_limit(unit, scaled_small(kernel, after), mode)
                                                         : round_scaled(kernel, scaled_wide(kernel, after));
      lines.amount[i] = step_from(state.posted, total);
      state.posted = total;
    } else {
      const Int128 earned = scaled(kernel, after) - scaled(kernel, before);
      if (point == RoundingPoint::line) {
        lines.amount[i] = round_scaled(kernel, earned);
      } else {
        lines.exact[i] = earned * up;
      }
    }
  });
}

// Lines that stand alone; telescoped ones still share the rounding of their key.
void single_lines(const Kernel& kernel, const CreditColumns& credits, Keys keys, LineColumns& lines) {
  const RoundingPoint point = kernel.rounding.point;
  if (point != RoundingPoint::telescoped) {
    const std::int64_t up = scale_up(kernel);
    for (std::size_t i = 0; i < credits.amount.size(); ++i) {
      const Int128 earned = scaled(kernel, credits.amount[i]);
      if (point == RoundingPoint::line) {
        lines.amount[i] = round_scaled(kernel, earned);
      } else {
        lines.exact[i] = earned * up;
      }
    }
    return;
  }
  struct State {
    Int128 earned = 0;
    std::int64_t posted = 0;
  };
  std::vector<State> states(key_count(keys));
  in_order(credits, [&](std::size_t i) {
    State& state = states[key_of(credits, i, keys)];
    state.earned += scaled(kernel, credits.amount[i]);
    const std::int64_t total = round_scaled(kernel, state.earned);
    lines.amount[i] = step_from(state.posted, total);
    state.posted = total;
  });
}

}  // namespace

Line compute_line(const Kernel& kernel, Running& running, std::int64_t credit) {
  const bool alone = kernel.accumulate == Accumulate::none;
  Running next;
  next.base = checked_add(running.base, credit, "running credit of a person");
  next.exact = alone ? running.exact + compute_exact(kernel, credit) : compute_exact(kernel, next.base);
  Line line;
  line.before = alone ? 0 : running.base;
  line.credit = credit;
  line.exact = next.exact - running.exact;
  const Rounding mode = kernel.rounding.mode;
  if (kernel.rounding.point == RoundingPoint::line) {
    line.amount = round_exact(line.exact, mode);
  } else if (kernel.rounding.point == RoundingPoint::telescoped) {
    line.amount = checked_sub(round_exact(next.exact, mode), round_exact(running.exact, mode), "line");
  }
  running = next;
  return line;
}

Totals compute_totals(const Kernel& kernel, const CreditColumns& credits, Keys keys) {
  check_lengths(credits, needs_order(kernel));
  Totals totals;
  totals.base = sum_by_key(credits, keys);
  totals.exact.resize(totals.base.size());
  if (kernel.rounding.point == RoundingPoint::line) {
    add_rounded(credits, compute_lines(kernel, credits, keys).amount, keys, totals);
    return totals;
  }
  if (kernel.accumulate == Accumulate::none) {
    for (std::size_t i = 0; i < credits.amount.size(); ++i) {
      totals.exact[key_of(credits, i, keys)] += scaled(kernel, credits.amount[i]);
    }
  } else {
    for (std::size_t key = 0; key < totals.base.size(); ++key) totals.exact[key] = scaled(kernel, totals.base[key]);
  }
  round_totals(kernel, totals);
  return totals;
}

LineColumns compute_lines(const Kernel& kernel, const CreditColumns& credits, Keys keys) {
  const bool accumulates = kernel.accumulate == Accumulate::interval;
  check_lengths(credits, accumulates || kernel.rounding.point == RoundingPoint::telescoped);
  key_count(keys);
  check_indexes(credits, keys);
  const std::size_t rows = credits.amount.size();
  LineColumns lines;
  if (kernel.rounding.point == RoundingPoint::statement) {
    lines.exact.resize(rows);
  } else {
    lines.amount.resize(rows);
  }
  if (accumulates) {
    lines.before.resize(rows);
    accumulated_lines(kernel, credits, keys, lines);
  } else {
    single_lines(kernel, credits, keys, lines);
  }
  return lines;
}

Statements compute_statements(const Plan& plan, const CreditColumns& credits, Keys keys) {
  check(plan);
  Statements result;
  std::vector<Int128> sums(key_count(keys));
  const bool exactly = plan.rounding.point == RoundingPoint::statement;
  for (const Component& component : plan.components) {
    result.components.push_back(compute_totals(compile(component, plan.rounding), credits, keys));
    const Totals& totals = result.components.back();
    for (std::size_t key = 0; key < sums.size(); ++key) {
      sums[key] += exactly ? totals.exact[key] : Int128{totals.amount[key]};
    }
  }
  result.amount.resize(sums.size());
  for (std::size_t key = 0; key < sums.size(); ++key) {
    result.amount[key] = exactly ? round_exact(sums[key], plan.rounding.mode) : narrow(sums[key], "statement");
  }
  return result;
}

}  // namespace kith::incentive
