// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Record identity: a positive 63-bit integer, 41 bits of milliseconds since 2020-01-01 UTC and 22 bits of
/// counter. Ids are reserved by the writer under the store's lock; business order never depends on them.
/// Text in JSON and CSV (they exceed 2^53).

#include <compare>
#include <cstdint>
#include <functional>

namespace kith {

/// Identity of a record; 0 is "no record" and is never stored.
struct Id {
  std::int64_t value = 0;
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

}  // namespace kith

template <>
struct std::hash<kith::Id> {
  std::size_t operator()(kith::Id id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
