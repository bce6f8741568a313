// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Random numbers as a function of (seed, kind, number): no state is shared between two facts. splitmix64 (Steele, Lea,
/// Flood 2014), whole numbers only, so every machine draws the same.

#include <cstdint>
#include <span>

#include "kith/base/rounding.hpp"

namespace kith::simulation {

/// What is drawn; part of every seed, so that two kinds never follow each other. Numbers are stable.
enum class Kind : std::uint64_t {
  seller = 1,
  team = 2,
  product = 3,
  customer = 4,
  contact = 5,
  deal = 6,
  event = 7,
  successor = 8,
  campaign = 9,
  work = 10,
};

class Draw {
 public:
  Draw(std::uint64_t seed, Kind kind, std::int64_t number) {
    state_ = mix(seed + kStep * static_cast<std::uint64_t>(kind));
    state_ = mix(state_ + kStep * static_cast<std::uint64_t>(number));
  }

  std::uint64_t next() { return mix(state_ += kStep); }
  /// 0 .. limit - 1, each as likely (but for one part in 2^64 / limit).
  std::int64_t below(std::int64_t limit) {
    __extension__ typedef unsigned __int128 Wide;
    return static_cast<std::int64_t>((static_cast<Wide>(next()) * static_cast<std::uint64_t>(limit)) >> 64);
  }
  /// first .. last.
  std::int64_t between(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
  /// True `permille` times in a thousand.
  bool chance(std::int64_t permille) { return below(1000) < permille; }
  /// One of them.
  template <class T>
  const T& of(std::span<const T> all) {
    return all[static_cast<std::size_t>(below(static_cast<std::int64_t>(all.size())))];
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  static std::uint64_t mix(std::uint64_t word) {
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
  }
  std::uint64_t state_ = 0;
};

}  // namespace kith::simulation
