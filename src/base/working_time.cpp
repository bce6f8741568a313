// SPDX-License-Identifier: Apache-2.0
#include "kith/base/working_time.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "base/zone.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kDaySeconds = 86'400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// [from, to) in microseconds since 1970.
struct Stretch {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// Holds in order, those that meet joined.
std::vector<Stretch> joined(std::span<const Hold> holds) {
  std::vector<Stretch> all;
  for (const Hold& hold : holds) {
    if (hold.to < hold.from) {
      throw Error(Code::invalid,
                  fmt::format("The hold from {} to {} runs backwards.", to_string(hold.from), to_string(hold.to)));
    }
    all.push_back({hold.from.micros, hold.to.micros});
  }
  std::sort(all.begin(), all.end(), [](const Stretch& a, const Stretch& b) { return a.from < b.from; });
  std::vector<Stretch> result;
  for (const Stretch& hold : all) {
    if (result.empty() || result.back().to < hold.from) {
      result.push_back(hold);
    } else {
      result.back().to = std::max(result.back().to, hold.to);
    }
  }
  return result;
}

/// Walks forward through the pieces of working time, in order; a piece never spans a change of the clock or midnight.
class Walk {
 public:
  Walk(const WorkingHours& hours, Timestamp from, std::span<const Hold> holds)
      : hours_(hours), holds_(joined(holds)), at_(from.micros) {
    bool weekly = false;
    for (const auto& spans : hours.week) weekly = weekly || !spans.empty();
    if (!weekly) {
      last_day_ = hours.exceptions.empty() ? std::int64_t{INT32_MIN} : std::int64_t{hours.exceptions.back().day.days};
    }
  }

  /// Visits pieces until `visit` says false; gives up at `end`, and where no working time can come any more.
  template <class Visit>
  void each(std::int64_t end, Visit&& visit) {
    while (at_ < end) {
      const std::int64_t second = floor_div(at_, kMicros);
      if (second >= offset_.to || second < offset_.from) offset_ = zone_offset(second, hours_.zone);
      const std::int64_t day = floor_div(second + offset_.offset, kDaySeconds);
      if (day > last_day_) return;
      const std::int64_t midnight = day * kDaySeconds - offset_.offset;  // of that day, were the clock never changed
      const std::int64_t until = std::min({end, offset_.to * kMicros, (midnight + kDaySeconds) * kMicros});
      for (const WorkingSpan& span : spans_on(hours_, {static_cast<std::int32_t>(day)})) {
        const Stretch piece{std::max(at_, (midnight + span.from) * kMicros),
                            std::min(until, (midnight + span.to) * kMicros)};
        if (!outside_holds(piece, visit)) return;
      }
      at_ = until;
    }
  }

 private:
  template <class Visit>
  bool outside_holds(Stretch piece, Visit&& visit) {
    for (const Stretch& hold : holds_) {
      if (hold.to <= piece.from) continue;
      if (hold.from >= piece.to) break;
      if (piece.from < hold.from && !visit(Stretch{piece.from, hold.from})) return false;
      piece.from = hold.to;
    }
    return piece.from >= piece.to || visit(piece);
  }

  const WorkingHours& hours_;
  std::vector<Stretch> holds_;
  std::int64_t at_;
  ZoneOffset offset_;                  // empty: looked up first
  std::int64_t last_day_ = INT32_MAX;  // no working time after it
};

[[noreturn]] void fail_spans(std::string_view text) {
  throw Error(Code::invalid, fmt::format("{} are no working hours; expected stretches in order, like 09:00-12:00, "
                                         "13:00-18:00, at most to 24:00, or nothing for a day off.",
                                         quote(text)));
}

// "09:00" or "09:00:30" as seconds; takes it off the front.
bool read_clock(std::string_view& text, std::int32_t& seconds) {
  std::int32_t value = 0;
  std::size_t at = 0;
  const std::int32_t most[] = {24, 59, 59};
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && (at >= text.size() || text[at] != ':')) {
      if (part == 1) return false;
      value *= 60;
      continue;
    }
    if (part > 0) ++at;
    if (at + 2 > text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' || text[at + 1] > '9') {
      return false;
    }
    const std::int32_t digits = (text[at] - '0') * 10 + (text[at + 1] - '0');
    if (digits > most[part]) return false;
    value = value * 60 + digits;
    at += 2;
  }
  if (value > kDaySeconds) return false;
  seconds = value;
  text.remove_prefix(at);
  return true;
}

bool in_order(std::span<const WorkingSpan> spans) {
  std::int32_t end = 0;
  for (const WorkingSpan& span : spans) {
    if (span.from < end || span.to <= span.from || span.to > kDaySeconds) return false;
    end = span.to;
  }
  return true;
}

}  // namespace

std::vector<WorkingSpan> parse_spans(std::string_view text) {
  std::vector<WorkingSpan> spans;
  std::string_view rest = text;
  const auto skip = [&] { rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size())); };
  for (skip(); !rest.empty(); skip()) {
    if (!spans.empty()) {
      if (rest.front() != ',') fail_spans(text);
      rest.remove_prefix(1);
      skip();
    }
    WorkingSpan span;
    if (!read_clock(rest, span.from) || rest.empty() || rest.front() != '-') fail_spans(text);
    rest.remove_prefix(1);
    if (!read_clock(rest, span.to)) fail_spans(text);
    spans.push_back(span);
  }
  if (!in_order(spans)) fail_spans(text);
  return spans;
}

std::string to_string(std::span<const WorkingSpan> spans) {
  const auto clock = [](std::int32_t seconds) {
    std::string text = fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    return seconds % 60 == 0 ? text : text + fmt::format(":{:02}", seconds % 60);
  };
  std::string text;
  for (const WorkingSpan& span : spans) text += (text.empty() ? "" : ", ") + clock(span.from) + "-" + clock(span.to);
  return text;
}

void check(const WorkingHours& hours) {
  const auto fail = [&](const char* field, std::string message) {
    throw Error(Code::invalid, "working_hours", field, std::move(message));
  };
  for (const auto& spans : hours.week) {
    if (!in_order(spans)) fail("week", "the stretches of a day must come in order, without overlap, up to 24:00");
  }
  for (std::size_t i = 0; i < hours.exceptions.size(); ++i) {
    if (!in_order(hours.exceptions[i].spans)) {
      fail("exceptions", "the stretches of a day must come in order, without overlap, up to 24:00");
    }
    if (i > 0 && hours.exceptions[i].day <= hours.exceptions[i - 1].day) {
      fail("exceptions", "days must come in order, each once; " + to_string(hours.exceptions[i].day) + " does not");
    }
  }
  zone_offset(0, hours.zone);  // throws for an unknown zone
}

std::span<const WorkingSpan> spans_on(const WorkingHours& hours, Date day) {
  const auto found = std::lower_bound(hours.exceptions.begin(), hours.exceptions.end(), day,
                                      [](const WorkingException& row, Date wanted) { return row.day < wanted; });
  if (found != hours.exceptions.end() && found->day == day) return found->spans;
  return hours.week[static_cast<std::size_t>(weekday(day))];
}

std::int64_t working_seconds(const WorkingHours& hours, Timestamp from, Timestamp to, std::span<const Hold> holds) {
  check(hours);
  if (to < from) {
    throw Error(Code::invalid, fmt::format("The range from {} to {} runs backwards; give the earlier moment first.",
                                           to_string(from), to_string(to)));
  }
  std::int64_t micros = 0;
  Walk(hours, from, holds).each(to.micros, [&](const Stretch& piece) {
    micros += piece.to - piece.from;
    return true;
  });
  return micros / kMicros;
}

Timestamp add_working_time(const WorkingHours& hours, Timestamp from, std::int64_t seconds,
                           std::span<const Hold> holds) {
  check(hours);
  if (seconds < 0) {
    throw Error(Code::invalid, fmt::format("{} seconds cannot be worked off; give zero or more.", seconds));
  }
  if (seconds == 0) return from;
  if (seconds > kOpenTime.micros / kMicros) {
    throw Error(Code::overflow, fmt::format("{} seconds of working time end past the year 9999.", seconds));
  }
  std::int64_t left = seconds * kMicros;
  Timestamp result = from;
  Walk(hours, from, holds).each(kOpenTime.micros, [&](const Stretch& piece) {
    const std::int64_t length = piece.to - piece.from;
    result = {piece.from + std::min(left, length)};
    left -= std::min(left, length);
    return left > 0;
  });
  if (left == 0) return result;
  throw Error(Code::invalid, fmt::format("{} seconds of working time after {} never come: '{}' has no hours after {}; "
                                         "give it hours, or end the hold.",
                                         seconds, to_string(from), hours.name, to_string(result)));
}

}  // namespace kith
