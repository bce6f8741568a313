// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ostream>

#include "kith/base/error.hpp"
#include "kith/interchange/csv.hpp"

namespace kith {
namespace {

constexpr std::size_t kFlushAt = std::size_t{1} << 16;
constexpr std::string_view kMark = "\xEF\xBB\xBF";

/// Texts that a spreadsheet may run as a formula. Full-width forms count: East Asian editions fold them.
bool looks_like_formula(std::string_view text) {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) return true;
  for (const std::string_view sign : {"＝", "＋", "－", "＠"}) {
    if (text.starts_with(sign)) return true;
  }
  return false;
}

/// Every delimiter a reader may try is quoted, not only the one in use: the file must not read differently elsewhere.
bool needs_quotes(std::string_view text, char delimiter) {
  if (text.starts_with(kMark)) return true;
  return std::any_of(text.begin(), text.end(), [delimiter](char c) {
    return c == '"' || c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r' || c == delimiter;
  });
}

bool is_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (point == std::string_view::npos) return digits(text);
  return digits(text.substr(0, point)) && digits(text.substr(point + 1));
}

}  // namespace

CsvWriter::CsvWriter(Sink sink, CsvWriteOptions options) : sink_(std::move(sink)), options_(options) {
  const char d = options_.delimiter;
  if (d == '"' || d == '\n' || d == '\r' || d == '\0' || static_cast<unsigned char>(d) >= 0x80) {
    throw Error(Code::invalid, "the CSV delimiter must be one ASCII character other than a quote or a line end");
  }
  if (options_.byte_order_mark) buffer_ = kMark;
}

CsvWriter::CsvWriter(std::ostream& out, CsvWriteOptions options)
    : CsvWriter(
          [&out](std::string_view bytes) {
            out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            if (!out) throw Error(Code::storage, "cannot write the CSV: the stream failed (is the disk full?)");
          },
          options) {}

CsvWriter::~CsvWriter() {
  try {
    finish();
  } catch (...) {  // A destructor cannot report; callers who care call finish().
  }
}

void CsvWriter::begin_cell() {
  if (in_row_) buffer_ += options_.delimiter;
  in_row_ = true;
}

void CsvWriter::quoted(std::string_view text, bool neutralise) {
  buffer_ += '"';
  if (neutralise) buffer_ += '\'';
  for (std::size_t from = 0;;) {
    const std::size_t quote = text.find('"', from);
    buffer_ += text.substr(from, quote - from);
    if (quote == std::string_view::npos) break;
    buffer_ += "\"\"";
    from = quote + 1;
  }
  buffer_ += '"';
}

void CsvWriter::text(std::string_view text) {
  begin_cell();
  const bool neutralise = options_.profile == CsvProfile::spreadsheet && looks_like_formula(text);
  if (text.empty() || needs_quotes(text, options_.delimiter)) {
    quoted(text, neutralise);
    return;
  }
  if (neutralise) buffer_ += '\'';
  buffer_ += text;
}

void CsvWriter::number(std::string_view digits) {
  if (!is_number(digits)) {
    text(digits);
    return;
  }
  begin_cell();
  if (needs_quotes(digits, options_.delimiter)) {
    quoted(digits, false);
  } else {
    buffer_ += digits;
  }
}

void CsvWriter::null() { begin_cell(); }

void CsvWriter::verbatim(std::string_view raw) {
  begin_cell();
  buffer_ += raw;
}

void CsvWriter::end_row() {
  if (!in_row_) throw Error(Code::misuse, "a CSV record needs at least one cell");
  buffer_ += options_.crlf ? "\r\n" : "\n";
  in_row_ = false;
  if (buffer_.size() >= kFlushAt) finish();
}

void CsvWriter::row(std::span<const std::string_view> cells) {
  for (const std::string_view cell : cells) text(cell);
  end_row();
}

void CsvWriter::finish() {
  if (buffer_.empty()) return;
  const std::string bytes = std::move(buffer_);
  buffer_.clear();  // First: bytes that the sink refused are not offered to it again.
  sink_(bytes);
}

}  // namespace kith
