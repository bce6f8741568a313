// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/interchange/csv.hpp"

namespace kith {
namespace {

constexpr char kQuote = '"';
constexpr std::size_t kShownBytes = 1000;
constexpr std::size_t kLargestRecord = std::size_t{1} << 30;
constexpr std::string_view kMark = "\xEF\xBB\xBF";

constexpr std::uint64_t repeat(char byte) { return 0x0101010101010101u * static_cast<unsigned char>(byte); }

/// 0x80 in each byte of `word` that is zero, exactly: no carries run between bytes.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7fu;
  return ~(((word & kLow) + kLow) | word | kLow);
}

/// The first delimiter, CR or LF in [at, end), or end. Eight bytes a step: the inner loop of the whole reader.
const char* find_end(const char* at, const char* end, char delimiter) {
  const std::uint64_t delimiters = repeat(delimiter);
  constexpr std::uint64_t kLf = repeat('\n');
  constexpr std::uint64_t kCr = repeat('\r');
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      const std::uint64_t hits = zero_bytes(word ^ delimiters) | zero_bytes(word ^ kLf) | zero_bytes(word ^ kCr);
      if (hits != 0) return at + (std::countr_zero(hits) >> 3);
    }
  }
  while (at != end && *at != delimiter && *at != '\n' && *at != '\r') ++at;
  return at;
}

/// Line ends (LF, CRLF, CR) in a text; a CR at its very end counts.
std::int64_t count_lines(std::string_view text) {
  std::int64_t lines = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++lines;
    } else if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
      ++lines;
    }
  }
  return lines;
}

/// Line (counted on from `line`) and column in code points of the byte at the end of `before`.
std::pair<std::int64_t, std::int64_t> place_after(std::string_view before, std::int64_t line) {
  const std::size_t last = before.find_last_of("\r\n");
  const std::string_view tail = last == std::string_view::npos ? before : before.substr(last + 1);
  const auto points = std::count_if(tail.begin(), tail.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return {line + count_lines(before), static_cast<std::int64_t>(points) + 1};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void check_options(const CsvOptions& options) {
  const char d = options.delimiter;
  if (d == kQuote || d == '\n' || d == '\r' || static_cast<unsigned char>(d) >= 0x80) {
    throw Error(Code::invalid, "the CSV delimiter must be one ASCII character other than a quote or a line end");
  }
  if (options.max_field == 0 || options.max_record == 0 || options.max_record > kLargestRecord || options.chunk == 0) {
    throw Error(Code::invalid, "CSV limits must be positive, and max_record at most 1 GiB");
  }
}

}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, CsvOptions options)
    : source_(std::move(source)), options_(options) {
  check_options(options_);
  std::size_t bytes = std::min(options_.chunk, options_.max_record + 2);
  if (const std::int64_t all = source_->size(); all >= 0) bytes = std::min(bytes, static_cast<std::size_t>(all) + 1);
  buffer_.resize(bytes);
  fill();
  skip_mark();
  delimiter_ = options_.delimiter;
  if (delimiter_ == '\0') detect_delimiter();
  if (options_.header) read_header();
}

/// Moves what is left to the front and reads until the buffer is full or the source ends, so that a record that
/// straddles two chunks is scanned twice at most.
void CsvReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    consumed_ += static_cast<std::int64_t>(begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::min(buffer_.size() * 2, options_.max_record + 2));
  while (!ended_ && end_ < buffer_.size()) {
    const std::size_t got = source_->read(std::span<char>(buffer_).subspan(end_));
    if (got == 0) ended_ = true;
    end_ += got;
  }
}

void CsvReader::skip_mark() {
  while (!ended_ && end_ < kMark.size()) fill();
  const std::string_view head(buffer_.data(), end_);
  if (head.starts_with(kMark)) begin_ = kMark.size();
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    throw Error(Code::invalid, "the file is UTF-16, not UTF-8; save it again as \"CSV UTF-8\"");
  }
}

/// Counts candidates outside quotes in the first line of the buffer.
void CsvReader::detect_delimiter() {
  constexpr std::string_view kCandidates = ",;\t";
  std::size_t counts[3] = {};
  bool in_quotes = false;
  for (std::size_t i = begin_; i < end_; ++i) {
    const char c = buffer_[i];
    if (c == kQuote) in_quotes = !in_quotes;
    if (in_quotes) continue;
    if (c == '\n' || c == '\r') break;
    const std::size_t which = kCandidates.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  delimiter_ = kCandidates[static_cast<std::size_t>(std::max_element(counts, counts + 3) - counts)];
}

void CsvReader::read_header() {
  do {
    if (!read_record()) throw Error(Code::invalid, "the CSV is empty: its first line must name the columns");
    if (record_.problem) {
      const CsvProblem& found = *record_.problem;
      throw Error(Code::invalid, fmt::format("the CSV header cannot be read: line {}, column {}: {}", found.line,
                                             found.column, found.message));
    }
  } while (record_.raw.empty());
  for (const CsvField& field : fields_) header_.emplace_back(trimmed(field.text));
  expected_ = header_.size();
  record_.number = 0;
}

const CsvRecord* CsvReader::next() {
  while (!finished_ && read_record()) {
    if (record_.raw.empty() && expected_ != 1 && !record_.problem) {
      --record_.number;
      continue;
    }
    if (expected_ == 0 && !record_.problem) expected_ = fields_.size();
    if (!record_.problem && fields_.size() != expected_) {
      problem(CsvFault::field_count, 0, 0,
              fmt::format("the record has {} fields where {} are expected; look for a delimiter too many or a missing "
                          "quote",
                          fields_.size(), expected_));
      record_.problem->column = 0;
    }
    return &record_;
  }
  finished_ = true;
  return nullptr;
}

std::pair<std::int64_t, std::int64_t> CsvReader::place(const CsvField& field) const {
  return place_after(record_.raw.substr(0, field.offset), record_.line);
}

/// Makes the record that starts at begin_; false at the end of the input.
bool CsvReader::read_record() {
  record_.problem.reset();
  ++record_.number;
  record_.line = line_;
  while (scan() == Scanned::need_more) {
    if (ended_) return false;
    if (end_ - begin_ > options_.max_record) {
      skip_record();
      return true;
    }
    fill();
  }
  record_.raw = std::string_view(buffer_.data() + begin_, length_);
  if (!doubled_.empty()) undo_quotes();
  record_.fields = fields_;
  check_record(had_quotes_);
  if (had_quotes_) line_ += count_lines(record_.raw);
  if (width_ > 0) ++line_;
  begin_ += length_ + width_;
  return true;
}

/// Tells the fields of the record at begin_ apart without touching its bytes. Sets fields_, doubled_, had_quotes_,
/// length_ and width_; a fault of quoting becomes the record's problem.
CsvReader::Scanned CsvReader::scan() {
  fields_.clear();
  doubled_.clear();
  had_quotes_ = false;
  record_.problem.reset();
  const char* const start = buffer_.data() + begin_;
  const char* const end = buffer_.data() + end_;
  if (start == end) return Scanned::need_more;
  record_.raw = std::string_view(start, static_cast<std::size_t>(end - start));
  for (const char* at = start;;) {
    CsvField field;
    field.offset = static_cast<std::uint32_t>(at - start);
    if (at != end && *at == kQuote) {
      if (scan_quoted(at, field) == Scanned::need_more) return Scanned::need_more;
    } else {
      const char* const stop = find_end(at, end, delimiter_);
      field.text = std::string_view(at, static_cast<std::size_t>(stop - at));
      at = stop;
    }
    fields_.push_back(field);
    if (at == end) {
      if (!ended_) return Scanned::need_more;
      width_ = 0;
    } else if (*at == delimiter_) {
      ++at;
      continue;
    } else if (*at == '\r' && at + 1 == end && !ended_) {
      return Scanned::need_more;
    } else {
      width_ = *at == '\r' && at + 1 != end && at[1] == '\n' ? 2 : 1;
    }
    length_ = static_cast<std::size_t>(at - start);
    return Scanned::record;
  }
}

/// Reads a quoted field from its opening quote; leaves `at` behind the field.
CsvReader::Scanned CsvReader::scan_quoted(const char*& at, CsvField& field) {
  const char* const end = buffer_.data() + end_;
  const char* const open = at;
  had_quotes_ = true;
  field.quoted = true;
  bool doubled = false;
  const char* from = open + 1;
  for (;;) {
    const auto* close = static_cast<const char*>(std::memchr(from, kQuote, static_cast<std::size_t>(end - from)));
    if (close == nullptr) {
      if (!ended_) return Scanned::need_more;
      field.text = std::string_view(open + 1, static_cast<std::size_t>(end - open - 1));
      at = end;
      problem(CsvFault::unterminated_quote, field.offset, fields_.size() + 1,
              "the quote that opens here is never closed, so everything after it was taken for one field");
      break;
    }
    if (close + 1 == end && !ended_) return Scanned::need_more;
    if (close + 1 != end && close[1] == kQuote) {
      doubled = true;
      from = close + 2;
      continue;
    }
    field.text = std::string_view(open + 1, static_cast<std::size_t>(close - open - 1));
    at = find_end(close + 1, end, delimiter_);
    if (at != close + 1) {
      if (at == end && !ended_) return Scanned::need_more;
      const auto [line, column] = place_after(record_.raw.substr(0, field.offset), line_);
      problem(CsvFault::text_after_quote, field.offset + static_cast<std::size_t>(close + 1 - open), fields_.size() + 1,
              fmt::format("text follows the closing quote of the field that opened on line {}, column {}; double the "
                          "quotes inside a quoted field",
                          line, column));
    }
    break;
  }
  if (doubled) doubled_.push_back(fields_.size());
  return Scanned::record;
}

/// Gives the fields with doubled quotes a text of their own; `raw` stays as it stands.
void CsvReader::undo_quotes() {
  std::size_t total = 0;
  for (const std::size_t i : doubled_) total += fields_[i].text.size();
  scratch_.resize(total);
  char* out = scratch_.data();
  for (const std::size_t i : doubled_) {
    const std::string_view from = fields_[i].text;
    char* const start = out;
    for (std::size_t k = 0; k < from.size(); ++k) {
      *out++ = from[k];
      if (from[k] == kQuote && k + 1 < from.size() && from[k + 1] == kQuote) ++k;
    }
    fields_[i].text = std::string_view(start, static_cast<std::size_t>(out - start));
  }
}

/// What can be wrong beyond quoting: NUL bytes, encoding, length.
void CsvReader::check_record(bool had_quotes) {
  if (record_.problem) return;
  const auto field_at = [this](std::size_t offset) {
    std::size_t field = 0;
    while (field < fields_.size() && fields_[field].offset <= offset) ++field;
    return field;
  };
  const std::string_view raw = record_.raw;
  const std::size_t bad = invalid_utf8(raw);  // NUL counts
  if (bad != std::string_view::npos) {
    if (raw[bad] == '\0') {
      problem(CsvFault::nul_byte, bad, field_at(bad), "a byte of value 0; the file is damaged or no CSV in UTF-8");
    } else {
      problem(CsvFault::invalid_utf8, bad, field_at(bad),
              fmt::format("byte 0x{:02X} is no UTF-8; leave the encoding out or give the file's own, such as gb18030; "
                          "save a file in another one, such as Windows-1252, again as UTF-8",
                          static_cast<unsigned char>(raw[bad])));
    }
    return;
  }
  if (raw.size() <= options_.max_field) return;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].text.size() <= options_.max_field) continue;
    problem(CsvFault::too_long, fields_[i].offset, i + 1,
            fmt::format("the field has {} bytes, more than the limit of {}{}", fields_[i].text.size(),
                        options_.max_field, had_quotes ? "; look for a quote that is not closed" : ""));
    record_.raw = raw.substr(0, kShownBytes);
    return;
  }
}

/// Goes behind a record that is too long to be kept, without keeping it.
void CsvReader::skip_record() {
  enum class In { start, plain, quoted, closed } in = In::start;
  scratch_.assign(buffer_.data() + begin_, std::min(kShownBytes, end_ - begin_));
  const std::int64_t first_line = line_;
  std::int64_t opened = line_;
  bool after_cr = false;  // an LF next belongs to the line end before it
  bool over = false;
  while (!over) {
    if (begin_ == end_) {
      fill();
      if (begin_ == end_) break;
    }
    const char c = buffer_[begin_];
    if (after_cr && c == '\n') {
      ++begin_;
      after_cr = false;
      continue;
    }
    after_cr = c == '\r';
    const bool line_ends = c == '\n' || c == '\r';
    if (line_ends) ++line_;
    if (in == In::quoted) {
      if (c == kQuote) in = In::closed;
    } else if (c == kQuote && in != In::plain) {
      if (in == In::start) opened = line_;
      in = In::quoted;
    } else if (line_ends) {
      over = true;
    } else {
      in = c == delimiter_ ? In::start : In::plain;
    }
    ++begin_;
  }
  if (over && after_cr) {
    if (begin_ == end_) fill();
    if (begin_ != end_ && buffer_[begin_] == '\n') ++begin_;
  }
  fields_.clear();
  record_.fields = fields_;
  record_.raw = scratch_;
  record_.line = first_line;
  const bool open = in == In::quoted;
  problem(open ? CsvFault::unterminated_quote : CsvFault::too_long, 0, 0,
          open ? std::string("the quote that opens on this line is never closed, so everything after it was taken for "
                             "one field")
               : fmt::format("the record is longer than the limit of {} bytes; look for a quote that is not closed",
                             options_.max_record));
  record_.problem->column = 0;
  if (open) record_.problem->line = opened;
}

/// The first fault of a record counts, but a fatal one always does.
void CsvReader::problem(CsvFault fault, std::size_t offset, std::size_t field, std::string message) {
  const bool fatal = fault == CsvFault::unterminated_quote;
  if (record_.problem && !fatal) return;
  const auto [line, column] = place_after(record_.raw.substr(0, offset), record_.line);
  record_.problem = CsvProblem{fault, fatal, line, column, field, std::move(message)};
  if (fatal) finished_ = true;
}

}  // namespace kith
