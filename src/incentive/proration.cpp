// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/proration.hpp"

#include <algorithm>
#include <numeric>

#include "incentive/big.hpp"

namespace kith::incentive {
namespace {

BigInt big_int(Int128 value) {
  const auto high = static_cast<std::int64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  return (BigInt(high) << 64) + low;
}

Int128 narrow_wide(const BigInt& value) {
  static const BigInt kTop = BigInt(1) << 126;
  if (value > kTop || value < -kTop) throw Error(Code::overflow, "The fraction does not fit 127 bits.");
  const BigInt magnitude = abs(value);
  const auto high = static_cast<std::uint64_t>(magnitude >> 64);
  const auto low = static_cast<std::uint64_t>(magnitude & BigInt(~std::uint64_t{0}));
  const Int128 whole = (static_cast<Int128>(high) << 64) | static_cast<Int128>(low);
  return value < 0 ? -whole : whole;
}

void check_stretch(Date from, Date to) {
  if (to < from) {
    throw Error(Code::invalid, "", "from", "is after its end: " + to_string(from) + " to " + to_string(to));
  }
}

std::int64_t thirty_360_between(Date from, Date to) {
  const Civil a = civil(from);
  const Civil b = civil(to);
  return 360 * (b.year - a.year) + 30 * (b.month - a.month) + std::min(b.day, 30) - std::min(a.day, 30);
}

/// The part of a stretch that lies in the period; empty ones have from = to.
Stretch clip(const Stretch& stretch, Date from, Date to) {
  check_stretch(stretch.from, stretch.to);
  const Date begin = std::clamp(stretch.from, from, to);
  return {begin, std::clamp(stretch.to, begin, to), stretch.amount};
}

std::vector<Stretch> clipped(std::span<const Stretch> stretches, Date from, Date to) {
  std::vector<Stretch> inside;
  for (const Stretch& stretch : stretches) {
    const Stretch part = clip(stretch, from, to);
    if (part.from < part.to) inside.push_back(part);
  }
  std::stable_sort(inside.begin(), inside.end(), [](const Stretch& a, const Stretch& b) { return a.from < b.from; });
  return inside;
}

std::int64_t days_of_period(DayBasis basis, Date from, Date to, const IsWorkingDay& working) {
  const std::int64_t days = day_count(basis, from, to, working);
  expect(days > 0, "to", "leaves the period without a day to count; give a longer period or another day basis");
  return days;
}

}  // namespace

Big big(Int128 value) { return Big(big_int(value)); }
Big big(Decimal value) { return Big(BigInt(value.coefficient), BigInt(power_of_ten(value.scale))); }
Big big(const Exact& value) { return Big(big_int(value.numerator), big_int(value.denominator)); }

Exact exact_of(const Big& value) { return {narrow_wide(numerator(value)), narrow_wide(denominator(value))}; }

std::int64_t round_big(const Big& value, Rounding mode) {
  // A quotient that fits keeps its fraction in a remainder; only its size against one half matters.
  BigInt quotient;
  BigInt remainder;
  divide_qr(abs(numerator(value)), denominator(value), quotient, remainder);
  if (quotient > BigInt(std::numeric_limits<std::int64_t>::max())) {
    // The smallest int64 has no positive twin.
    const bool smallest = value < 0 && remainder == 0 && quotient == (BigInt(1) << 63);
    if (smallest) return std::numeric_limits<std::int64_t>::min();
    throw Error(Code::overflow, "The result does not fit 64 bits.");
  }
  const BigInt twice = 2 * remainder;
  const int quarter = remainder == 0 ? 0 : twice < denominator(value) ? 1 : twice == denominator(value) ? 2 : 3;
  const Int128 scaled = 4 * static_cast<Int128>(static_cast<std::int64_t>(quotient)) + quarter;
  return divide(value < 0 ? -scaled : scaled, 4, mode);
}

Exact exact(Int128 numerator, Int128 denominator) {
  if (denominator == 0) throw Error(Code::misuse, "A fraction with the denominator 0; test it before dividing.");
  return exact_of(Big(big_int(numerator)) / Big(big_int(denominator)));
}

std::int64_t rounded(const Exact& value, Rounding mode) { return divide(value.numerator, value.denominator, mode); }

Decimal rounded(const Exact& value, int scale, Rounding mode) {
  return {round_big(big(value) * big(Int128{power_of_ten(scale)}), mode), scale};
}

std::int64_t day_count(DayBasis basis, Date from, Date to, const IsWorkingDay& working) {
  check_stretch(from, to);
  if (basis == DayBasis::calendar) return std::int64_t{to.days} - from.days;
  if (basis == DayBasis::thirty_360) return thirty_360_between(from, to);
  if (basis != DayBasis::working) throw Error(Code::misuse, "The day basis is none of calendar, working, thirty_360.");
  expect(to != kOpenDate, "to", "is open; working days are counted to a day");
  std::int64_t days = 0;
  for (Date day = from; day < to; ++day.days) {
    if (working ? working(day) : weekday(day) < 5) ++days;
  }
  return days;
}

Exact blend(std::span<const Stretch> stretches, Date from, Date to, DayBasis basis, const IsWorkingDay& working) {
  const std::int64_t days = days_of_period(basis, from, to, working);
  Big sum = 0;
  Date end = from;
  for (const Stretch& stretch : clipped(stretches, from, to)) {
    if (stretch.from < end) {
      throw Error(Code::invalid, "", "from",
                  to_string(stretch.from) + " overlaps the stretch before it, which ends on " + to_string(end));
    }
    end = stretch.to;
    sum += big(Int128{stretch.amount}) * day_count(basis, stretch.from, stretch.to, working);
  }
  return exact_of(sum / days);
}

Exact relieve(std::int64_t amount, Date from, Date to, std::span<const Stretch> leaves, DayBasis basis,
              const IsWorkingDay& working) {
  std::vector<Stretch> present;
  Date begin = from;
  for (const Stretch& leave : clipped(leaves, from, to)) {
    if (begin < leave.from) present.push_back({begin, leave.from, amount});
    begin = std::max(begin, leave.to);
  }
  if (begin < to) present.push_back({begin, to, amount});
  return blend(present, from, to, basis, working);
}

Exact ramped(std::int64_t amount, std::span<const Decimal> ramp, std::int64_t index) {
  expect(index >= 0, "index", "is negative; the first month is 0");
  for (const Decimal step : ramp) expect(step.coefficient >= 0, "ramp", "has a negative step; give 0 or more");
  if (index >= static_cast<std::int64_t>(ramp.size())) return exact(amount);
  return exact_of(big(Int128{amount}) * big(ramp[static_cast<std::size_t>(index)]));
}

}  // namespace kith::incentive
