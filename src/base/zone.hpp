// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private: stretches of time in which the clock of a zone stands still against UTC.

#include <cstdint>
#include <string_view>

namespace kith {

/// From `from` until before `to`, in seconds since 1970-01-01T00:00:00Z, local time = UTC + offset.
struct ZoneOffset {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t offset = 0;
};

/// The stretch that holds a moment. Errors as for `local_date`.
ZoneOffset zone_offset(std::int64_t seconds, std::string_view zone);

}  // namespace kith
