// SPDX-License-Identifier: Apache-2.0
#include "kith/base/text.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

bool is_tail(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Whether eight bytes are all ASCII and none is NUL.
bool plain_word(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  return ((word | (word - kOnes)) & kHighs) == 0;
}

// Bytes of the valid sequence at the front (RFC 3629, table 3-7 of the Unicode standard), or 0.
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return lead != 0 ? 1 : 0;
  if (lead < 0xC2 || lead > 0xF4) return 0;  // a tail byte, an overlong lead, or beyond Unicode
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_tail(text[i])) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
  if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // beyond U+10FFFF
  return size;
}

// The code points of valid text.
std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = sequence(text.substr(at));
    const auto lead = static_cast<unsigned char>(text[at]);
    char32_t point = size == 1 ? lead : lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    points.push_back(point);
    at += size;
  }
  return points;
}

bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_space(std::string_view sequence_bytes) {
  if (sequence_bytes.size() == 1) return is_ascii_space(sequence_bytes[0]);
  // What NFKC leaves of the white space beyond ASCII: next line, Ogham space, line and paragraph separator.
  return sequence_bytes == "\xC2\x85" || sequence_bytes == "\xE1\x9A\x80" || sequence_bytes == "\xE2\x80\xA8" ||
         sequence_bytes == "\xE2\x80\xA9";
}

// Trims the ends and makes every run of white space one blank; text is valid.
std::string squeeze(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view next = text.substr(at, sequence(text.substr(at)));
    at += next.size();
    if (is_space(next)) {
      gap = !result.empty();
      continue;
    }
    if (gap) result += ' ';
    gap = false;
    result += next;
  }
  return result;
}

// Whether text is valid and holds only ASCII and the common ideographs U+4E00 to U+9FFF, which no normal form and no
// case folding touches: Chinese names need not pass through the tables.
bool is_simple(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (at + 8 <= text.size() && plain_word(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t size = sequence(text.substr(at));
    const std::string_view bytes = text.substr(at, size);
    const bool ideograph = size == 3 && bytes >= "\xE4\xB8\x80" && bytes <= "\xE9\xBF\xBF";
    if (size != 1 && !ideograph) return false;
    at += size;
  }
  return true;
}

std::string fold_simple(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool gap = false;
  for (char c : text) {
    if (is_ascii_space(c)) {
      gap = !result.empty();
      continue;
    }
    if (gap) result += ' ';
    gap = false;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return result;
}

struct Free {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

// Edits (insert, delete, replace, swap two neighbours) from a to b. Source: Damerau 1964; the unrestricted distance.
std::size_t edits(const std::vector<char32_t>& a, const std::vector<char32_t>& b) {
  const std::size_t width = b.size() + 2;
  const std::size_t far = a.size() + b.size();
  std::vector<std::size_t> cost((a.size() + 2) * width, far);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return cost[(i + 1) * width + j + 1]; };
  for (std::size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t match_in_b = 0;  // the last column of this row where the code points were equal
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t match_in_a = i - 1;  // the last earlier row whose code point is b[j - 1]
      while (match_in_a > 0 && a[match_in_a - 1] != b[j - 1]) --match_in_a;
      const bool same = a[i - 1] == b[j - 1];
      std::size_t best = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1)});
      if (match_in_a > 0 && match_in_b > 0) {
        const std::size_t between = (i - match_in_a - 1) + (j - match_in_b - 1);
        best = std::min(best, at(match_in_a - 1, match_in_b - 1) + between + 1);
      }
      at(i, j) = best;
      if (same) match_in_b = j;
    }
  }
  return at(a.size(), b.size());
}

}  // namespace

std::size_t invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size() && plain_word(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t size = sequence(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return std::string_view::npos;
}

std::string fold(std::string_view text) {
  if (is_simple(text)) return fold_simple(text);
  const std::size_t bad = invalid_utf8(text);
  if (bad != std::string_view::npos) {
    throw Error(Code::invalid,
                fmt::format("Byte {} of {} is no valid UTF-8; convert the text to UTF-8 first.", bad + 1, quote(text)));
  }
  utf8proc_uint8_t* raw = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                                      UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &raw, options);
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(raw);
  if (size < 0) throw Error(Code::internal, fmt::format("Folding text failed: {}.", utf8proc_errmsg(size)));
  return squeeze({reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size)});
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_tail(c); }));
}

std::vector<std::string> near_names(std::string_view word, std::span<const std::string_view> known, std::size_t most) {
  if (invalid_utf8(word) != std::string_view::npos) return {};
  const std::string key = fold(word);
  const std::vector<char32_t> wanted = code_points(key);
  if (wanted.empty()) return {};
  const std::size_t limit = wanted.size() < 4 ? 1 : 2;
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (std::string_view name : known) {
    if (invalid_utf8(name) != std::string_view::npos) continue;
    const std::string other_key = fold(name);
    const std::vector<char32_t> other = code_points(other_key);
    const bool holds = other_key.find(key) != std::string::npos;
    const std::size_t gap = std::max(other.size(), wanted.size()) - std::min(other.size(), wanted.size());
    if (!holds && gap > limit) continue;
    // A name that holds the word differs from it by the rest of its letters.
    const std::size_t distance = holds ? gap : edits(wanted, other);
    if (holds || distance <= limit) found.emplace_back(distance, name);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(most, found.size()); ++i) names.emplace_back(found[i].second);
  return names;
}

std::string suggest(std::string_view word, std::span<const std::string_view> all) {
  std::vector<std::string_view> once;  // versions of one thing share its name
  for (const std::string_view name : all) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  const std::span<const std::string_view> known = once;
  if (std::string near = did_you_mean(word, known); !near.empty() || known.empty()) return near;
  constexpr std::size_t kMost = 8;
  const std::span<const std::string_view> shown = known.first(std::min(kMost, known.size()));
  if (shown.size() == known.size()) return fmt::format(" Known are {}.", fmt::join(shown, ", "));
  return fmt::format(" Known are {} and {} more.", fmt::join(shown, ", "), known.size() - shown.size());
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::vector<std::string> near = near_names(word, known);
  return near.empty() ? std::string() : fmt::format(" Did you mean {}?", fmt::join(near, ", "));
}

std::string quote(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string result = "'";
  std::size_t at = 0;
  while (at < text.size() && at < kMost) {
    const std::size_t size = sequence(text.substr(at));
    const auto byte = static_cast<unsigned char>(text[at]);
    if (size == 0 || byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02X}", byte);
      ++at;
    } else {
      result += text.substr(at, size);
      at += size;
    }
  }
  return result + (at < text.size() ? "...'" : "'");
}

}  // namespace kith
