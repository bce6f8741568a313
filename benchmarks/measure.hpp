// SPDX-License-Identifier: Apache-2.0
#pragma once
// Times of interleaved runs and the JSON line that benchmarks/run.py reads.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace bench {

/// Milliseconds that passed, and those that this process computed: on a busy machine the two differ.
struct Duration {
  double wall = 0;
  double cpu = 0;
};

class Stopwatch {
 public:
  Duration read() const {
    const auto wall = std::chrono::steady_clock::now() - wall_;
    return {std::chrono::duration<double, std::milli>(wall).count(), cpu_now() - cpu_};
  }

 private:
  static double cpu_now() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  }

  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  double cpu_ = cpu_now();
};

class Times {
 public:
  void add(Duration duration) {
    wall_.push_back(duration.wall);
    cpu_.push_back(duration.cpu);
  }
  double wall() const { return median(wall_); }
  double cpu() const { return median(cpu_); }
  std::size_t runs() const { return wall_.size(); }
  /// Slowest less fastest, in medians.
  double spread() const {
    const auto [low, high] = std::minmax_element(wall_.begin(), wall_.end());
    return (*high - *low) / wall();
  }

 private:
  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }

  std::vector<double> wall_;
  std::vector<double> cpu_;
};

/// A job whose ratio is the anchor's time over Kith's: how much of the anchor's speed Kith has.
inline void print_speed(const char* job, const std::string& what, const Times& kith, const char* anchor,
                        const Times& other, double target, const std::string& checked) {
  std::printf(
      "{\"job\": \"%s\", \"what\": \"%s\", \"kith_ms\": %.3f, \"kith_cpu_ms\": %.3f, \"kith_spread\": %.2f, "
      "\"anchor\": \"%s\", \"anchor_ms\": %.3f, \"anchor_cpu_ms\": %.3f, \"anchor_spread\": %.2f, "
      "\"ratio\": %.3f, \"cpu_ratio\": %.3f, \"better\": \"higher\", \"target\": %.2f, \"runs\": %zu, "
      "\"checked\": \"%s\"}\n",
      job, what.c_str(), kith.wall(), kith.cpu(), kith.spread(), anchor, other.wall(), other.cpu(), other.spread(),
      other.wall() / kith.wall(), other.cpu() / kith.cpu(), target, kith.runs(), checked.c_str());
  std::fflush(stdout);
}

}  // namespace bench
