// SPDX-License-Identifier: Apache-2.0
#include "incentive/kernel.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "incentive/plan_rules.hpp"

namespace kith::incentive {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// The one multiplication that replaces a division by d = 10^n, n >= 1. With k = floor(log2 d) and magic =
// ceil(2^(64+k) / d) the error magic * d - 2^(64+k) is below d <= 2^(k+1), so n * error < 2^(64+k) for n < 2^63 and
// the quotient is exact. Source: T. Granlund, P. Montgomery, "Division by invariant integers using multiplication",
// 1994, theorem 4.2.
Divisor divisor(std::int64_t d) {
  Divisor result;
  result.value = d;
  result.shift = static_cast<std::int32_t>(std::bit_width(static_cast<std::uint64_t>(d))) - 1;
  const UInt128 power = UInt128{1} << (64 + result.shift);
  const auto value = static_cast<UInt128>(d);
  result.magic = static_cast<std::uint64_t>((power + value - 1) / value);
  return result;
}

// The smallest power of ten, from 10, over which parts per 1e9 are whole.
std::int64_t common_unit(const std::vector<std::int64_t>& rates) {
  std::int64_t unit = kRateUnit;
  const auto whole = [&](std::int64_t rate) { return rate % (kRateUnit / (unit / 10)) == 0; };
  while (unit > 10 && std::all_of(rates.begin(), rates.end(), whole)) unit /= 10;
  return unit;
}

}  // namespace

Kernel compile(const Component& component, const PlanRounding& rounding) {
  Findings out;
  check_component(component, 0, "", out);
  if (!out.empty()) throw Error(out.take());
  Kernel kernel;
  kernel.mode = component.tiers.mode;
  kernel.boundary = kernel.mode == TierMode::slab ? component.tiers.boundary : Boundary::upper;
  kernel.accumulate = component.accumulate;
  kernel.negative = component.negative;
  kernel.rounding = rounding;
  std::vector<std::int64_t> rates;
  for (const Band& band : component.tiers.bands) rates.push_back(rescale(band.rate, kRateScale).coefficient);
  kernel.unit = divisor(common_unit(rates));
  const std::int64_t to_scaled = kRateUnit / kernel.unit.value;
  // No rate passes 1, so no scaled number passes input * unit; room is left for one more unit.
  kernel.limit = kMost / kernel.unit.value - 1;
  Int128 exact = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    KernelBand band;
    band.from = component.tiers.bands[i].from.minor;
    band.rate = rates[i] / to_scaled;
    if (i > 0) exact += Int128{band.from - kernel.bands.back().from} * rates[i - 1];
    band.exact_before = exact;
    if (band.from <= kernel.limit) band.paid_before = static_cast<std::int64_t>(exact / to_scaled);
    kernel.bands.push_back(band);
  }
  return kernel;
}

bool needs_order(const Kernel& kernel) {
  return kernel.accumulate == Accumulate::interval && kernel.rounding.point == RoundingPoint::line;
}

namespace {

Int128 wide_positive(const Kernel& kernel, Int128 input) {
  const auto at_most = static_cast<std::int64_t>(std::min(input, Int128{kMost}));
  const KernelBand& band = kernel.bands[band_of(kernel, at_most)];
  if (kernel.mode != TierMode::marginal) return input * band.rate;
  return band.exact_before / scale_up(kernel) + (input - band.from) * band.rate;
}

}  // namespace

Int128 scaled_wide(const Kernel& kernel, std::int64_t input) {
  if (input >= 0) return wide_positive(kernel, input);
  if (kernel.negative == Negative::zero) return 0;
  if (kernel.negative == Negative::mirror) return -wide_positive(kernel, -Int128{input});
  return Int128{input} * kernel.bands.front().rate;
}

Int128 compute_exact(const Kernel& kernel, std::int64_t input) { return scaled(kernel, input) * scale_up(kernel); }

std::int64_t round_exact(Int128 exact, Rounding mode) { return divide(exact, kRateUnit, mode); }

}  // namespace kith::incentive
