// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/commission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "incentive/kernel.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

// Rows are checked in blocks that stay in the nearest cache and then added, so that no bad index is ever written to.
constexpr std::size_t kBlock = 2048;
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
    throw Error(Code::invalid, fmt::format("{} credits are given; lines are computed for at most 4294967295 at once.",
                                           rows));
  }
}

[[noreturn]] void fail_index(const CreditColumns& credits, std::size_t row, Keys keys) {
  throw Error(
      Code::invalid, "credits", "person",
      fmt::format("Row {} has person {} and interval {}; there are {} persons and {} intervals, counted from 0.", row,
                  credits.person[row], credits.interval[row], keys.persons, keys.intervals));
}

// Bits that are set in any magnitude of the block, after the indexes were checked.
std::uint64_t check_block(const CreditColumns& credits, std::size_t begin, std::size_t end, Keys keys) {
  const auto persons = static_cast<std::uint32_t>(keys.persons);
  const auto intervals = static_cast<std::uint32_t>(keys.intervals);
  std::uint32_t bad = 0;
  std::uint64_t bits = 0;
  for (std::size_t i = begin; i < end; ++i) {
    bad |= static_cast<std::uint32_t>(static_cast<std::uint32_t>(credits.person[i]) >= persons);
    bad |= static_cast<std::uint32_t>(static_cast<std::uint32_t>(credits.interval[i]) >= intervals);
    bits |= static_cast<std::uint64_t>(credits.amount[i] ^ (credits.amount[i] >> 63));
  }
  if (bad != 0) {
    for (std::size_t i = begin; i < end; ++i) {
      if (static_cast<std::uint32_t>(credits.person[i]) >= persons ||
          static_cast<std::uint32_t>(credits.interval[i]) >= intervals) {
        fail_index(credits, i, keys);
      }
    }
  }
  return bits;
}

void check_indexes(const CreditColumns& credits, Keys keys) {
  for (std::size_t begin = 0; begin < credits.amount.size(); begin += kBlock) {
    check_block(credits, begin, std::min(begin + kBlock, credits.amount.size()), keys);
  }
}

// Net credit per key. The sum of a key does not depend on the order, so neither does whether it overflows.
std::vector<std::int64_t> sum_by_key(const CreditColumns& credits, Keys keys) {
  const std::size_t rows = credits.amount.size();
  const auto intervals = static_cast<std::uint32_t>(keys.intervals);
  std::vector<std::uint64_t> sums(key_count(keys));
  std::uint64_t bits = 0;
  for (std::size_t begin = 0; begin < rows; begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, rows);
    bits |= check_block(credits, begin, end, keys);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t key = static_cast<std::size_t>(credits.person[i]) * intervals +
                              static_cast<std::uint32_t>(credits.interval[i]);
      sums[key] += static_cast<std::uint64_t>(credits.amount[i]);
    }
  }
  std::vector<std::int64_t> result(sums.size());
  if (UInt128{rows} * (UInt128{bits} + 1) <= static_cast<UInt128>(std::numeric_limits<std::int64_t>::max())) {
    std::copy(sums.begin(), sums.end(), result.begin());
    return result;
  }
  std::vector<Int128> wide(sums.size());
  for (std::size_t i = 0; i < rows; ++i) wide[key_of(credits, i, keys)] += credits.amount[i];
  for (std::size_t key = 0; key < wide.size(); ++key) result[key] = narrow(wide[key], "net credit of a person");
  return result;
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

// The rows in order; empty where they stand in it already.
std::vector<std::uint32_t> order_of(const CreditColumns& credits) {
  const std::size_t rows = credits.amount.size();
  std::size_t sorted = 1;
  while (sorted < rows && !comes_before(credits, sorted, sorted - 1)) ++sorted;
  if (sorted >= rows) return {};
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return comes_before(credits, a, b); });
  return order;
}

template <class Visit>
void in_order(const CreditColumns& credits, Visit visit) {
  const std::vector<std::uint32_t> order = order_of(credits);
  if (order.empty()) {
    for (std::size_t i = 0; i < credits.amount.size(); ++i) visit(i);
  } else {
    for (const std::uint32_t i : order) visit(std::size_t{i});
  }
}

// Lines on a running net total of each key.
void accumulated_lines(const Kernel& kernel, const CreditColumns& credits, Keys keys, LineColumns& lines) {
  struct State {
    std::int64_t base = 0;
    std::int64_t posted = 0;
  };
  std::vector<State> states(key_count(keys));
  const RoundingPoint point = kernel.rounding.point;
  const std::int64_t up = scale_up(kernel);
  in_order(credits, [&](std::size_t i) {
    State& state = states[key_of(credits, i, keys)];
    const std::int64_t before = state.base;
    std::int64_t after = 0;
    if (__builtin_add_overflow(before, credits.amount[i], &after)) [[unlikely]] {
      after = checked_add(before, credits.amount[i], "running credit of a person");
    }
    lines.before[i] = before;
    state.base = after;
    if (point == RoundingPoint::telescoped) {
      const std::int64_t total = is_small(kernel, after) ? round_small(kernel.unit, scaled_small(kernel, after),
                                                                       kernel.rounding.mode)
                                                         : round_scaled(kernel, scaled_wide(kernel, after));
      lines.amount[i] = checked_sub(total, state.posted, "line");
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
    lines.amount[i] = checked_sub(total, state.posted, "line");
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
