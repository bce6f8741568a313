// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Working time: the hours of each weekday in a time zone, holidays and make-up days (調休), and exact arithmetic on
/// them. A moment is working when its local time lies in a stretch of its local day; so a clock that is put back gives
/// an hour twice, one that is put forward takes it away. Pure and thread-safe.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/time.hpp"

namespace kith {

/// [from, to) in seconds of the local day: 09:00 to 12:00 is {32400, 43200}. At most 24:00, {.., 86400}.
struct WorkingSpan {
  std::int32_t from = 0;
  std::int32_t to = 0;
  friend bool operator==(WorkingSpan, WorkingSpan) = default;
};

/// "09:00-12:00, 13:00-18:00", with seconds where needed ("08:30:30-17:00"), in order and without overlap; "" is a day
/// off. Errors: invalid, saying what is expected.
std::vector<WorkingSpan> parse_spans(std::string_view text);
/// The same text again, without seconds that are zero.
std::string to_string(std::span<const WorkingSpan> spans);

/// A day with other hours than its weekday's: none on a holiday, some on a make-up day.
struct WorkingException {
  Date day;
  std::vector<WorkingSpan> spans = {};
};

/// When somebody works. A plain value.
struct WorkingHours {
  std::string name = "working time";
  std::string zone = "UTC";                           ///< IANA name
  std::array<std::vector<WorkingSpan>, 7> week = {};  ///< Monday first
  std::vector<WorkingException> exceptions = {};      ///< ordered by day, one a day
};

/// A stretch of time that does not count: a ticket on hold. Holds may overlap and come in any order.
struct Hold {
  Timestamp from;
  Timestamp to = kOpenTime;
};

/// Throws Error{invalid} unless the spans are in order, the exceptions too, and the zone is known; so do all below.
void check(const WorkingHours& hours);
/// The stretches of a day.
std::span<const WorkingSpan> spans_on(const WorkingHours& hours, Date day);
/// The seconds of working time in [from, to) that lie outside every hold; a fraction that is left is dropped. Errors:
/// invalid when the range runs backwards.
std::int64_t working_seconds(const WorkingHours& hours, Timestamp from, Timestamp to, std::span<const Hold> holds = {});
/// The earliest moment by which that much working time has passed since `from`, holds left out: working_seconds(from,
/// result) = seconds. Zero seconds end where they begin. Errors: invalid for a negative number, for hours that never
/// come again, and behind a hold without end; overflow past year 9999.
Timestamp add_working_time(const WorkingHours& hours, Timestamp from, std::int64_t seconds,
                           std::span<const Hold> holds = {});

}  // namespace kith
