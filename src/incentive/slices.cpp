// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "incentive/kernel.hpp"

namespace kith::incentive {
namespace {

// Slices of one computation, collected in the direction of travel.
class Slicer {
 public:
  Slicer(const Kernel& kernel, std::int64_t before, std::int64_t after)
      : kernel_(kernel), before_(before), after_(after) {}

  std::vector<Slice> marginal() {
    below_zero();
    for (std::size_t i = 0; i < kernel_.bands.size(); ++i) {
      const bool last = i + 1 == kernel_.bands.size();
      segment(i, kernel_.bands[i].from, last ? kEnd : Int128{kernel_.bands[i + 1].from}, kernel_.bands[i].rate);
    }
    if (after_ < before_) std::reverse(slices_.begin(), slices_.end());
    return std::move(slices_);
  }

  // One rate on the whole amount: what was paid at another rate before is taken back whole.
  std::vector<Slice> whole() {
    const Place from = place_of(before_);
    const Place to = place_of(after_);
    if (from.band == to.band && from.rate == to.rate) {
      add(to.band, Int128{after_} - before_, to.rate);
    } else {
      add(from.band, -Int128{before_}, from.rate);
      add(to.band, after_, to.rate);
    }
    return std::move(slices_);
  }

 private:
  static constexpr Int128 kEnd = Int128{1} << 64;

  struct Place {
    std::size_t band = 0;
    std::int64_t rate = 0;
  };

  Place place_of(std::int64_t input) const {
    if (input >= 0) return at_rate(band_of(kernel_, input));
    if (kernel_.negative == Negative::zero) return {0, 0};
    if (kernel_.negative == Negative::first_tier) return at_rate(0);
    return at_rate(band_of(kernel_, static_cast<std::int64_t>(std::min(-Int128{input}, Int128{INT64_MAX}))));
  }
  Place at_rate(std::size_t band) const { return {band, kernel_.bands[band].rate}; }

  void below_zero() {
    if (kernel_.negative == Negative::first_tier) {
      segment(0, -kEnd, 0, kernel_.bands.front().rate);
    } else if (kernel_.negative == Negative::zero) {
      segment(0, -kEnd, 0, 0);
    } else {
      for (std::size_t i = kernel_.bands.size(); i-- > 0;) {
        const bool last = i + 1 == kernel_.bands.size();
        segment(i, last ? -kEnd : -Int128{kernel_.bands[i + 1].from}, -Int128{kernel_.bands[i].from},
                kernel_.bands[i].rate);
      }
    }
  }

  // The part of the way that lies in [low, high).
  void segment(std::size_t band, Int128 low, Int128 high, std::int64_t rate) {
    const Int128 begin = std::max(low, Int128{std::min(before_, after_)});
    const Int128 end = std::min(high, Int128{std::max(before_, after_)});
    if (begin < end) add(band, after_ < before_ ? begin - end : end - begin, rate);
  }

  void add(std::size_t band, Int128 input, std::int64_t scaled_rate) {
    if (input == 0) return;
    Slice slice;
    slice.band = static_cast<std::int32_t>(band);
    slice.input = narrow(input, "part of a credit");
    slice.rate = scaled_rate * scale_up(kernel_);
    slice.product = Int128{slice.input} * slice.rate;
    slices_.push_back(slice);
  }

  const Kernel& kernel_;
  std::int64_t before_;
  std::int64_t after_;
  std::vector<Slice> slices_;
};

}  // namespace

std::vector<Slice> compute_slices(const Kernel& kernel, std::int64_t before, std::int64_t after) {
  Slicer slicer(kernel, before, after);
  return kernel.mode == TierMode::marginal ? slicer.marginal() : slicer.whole();
}

}  // namespace kith::incentive
