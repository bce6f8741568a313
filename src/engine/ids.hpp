// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Ids are milliseconds since 2020 above a counter of 22 bits.

#include <cstdint>

#include "kith/base/time.hpp"

namespace kith {

inline constexpr std::int64_t kIdsOfMillisecond = std::int64_t{1} << 22;

/// The first id that a Work at that moment gives, where none before it went further.
inline std::int64_t first_id(Timestamp now) {
  constexpr std::int64_t kEpochMicros = 1'577'836'800'000'000;  // 2020-01-01T00:00:00Z
  return (now.micros - kEpochMicros) / 1000 * kIdsOfMillisecond;
}

}  // namespace kith
