// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CSV after RFC 4180, streaming in constant memory. The reader takes UTF-8 with or without a byte order mark, lines
/// that end in LF, CRLF or CR, quoted fields with doubled quotes and line ends inside, and finds out the delimiter. A
/// bad record is a result, not an exception, so that an import can report every bad row and go on. The writer has two
/// profiles: one that reads back exactly, one that is safe to open in a spreadsheet.
///
/// Threads: a reader or writer belongs to one thread at a time.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/interchange/byte_source.hpp"

namespace kith {

/// What is wrong with a record. Numbers are stable.
enum class CsvFault : std::int32_t {
  text_after_quote = 1,    ///< something other than a delimiter or line end follows a closing quote
  invalid_utf8 = 2,        ///< bytes that are no UTF-8
  nul_byte = 3,            ///< a byte of value 0
  field_count = 4,         ///< more or fewer fields than the header has
  too_long = 5,            ///< a field or record beyond the limit; its text is not kept
  unterminated_quote = 6,  ///< fatal: the input ends inside a quoted field
};

/// One fault, with its place.
struct CsvProblem {
  CsvFault fault = CsvFault::field_count;
  bool fatal = false;        ///< nothing can be read after it
  std::int64_t line = 0;     ///< physical line of the fault, from 1; of an unterminated quote: where it opened
  std::int64_t column = 0;   ///< position in that line in code points, from 1; 0 where the whole record is meant
  std::size_t field = 0;     ///< number of the field, from 1; 0 where the whole record is meant
  std::string message = {};  ///< a sentence: what is wrong and how to mend it, without the place
};

/// One field of a record.
struct CsvField {
  std::string_view text;     ///< without its quotes, doubled quotes undone
  std::uint32_t offset = 0;  ///< of its first byte (its quote, if quoted) in CsvRecord::raw
  bool quoted = false;       ///< tells "" (empty text) from nothing (no value)
};

/// One record. Its views are valid until the reader reads on.
struct CsvRecord {
  std::int64_t line = 0;             ///< physical line on which it starts, from 1
  std::int64_t number = 0;           ///< 1 for the first record after the header
  std::string_view raw;              ///< its bytes as they stand, without the line end; cut to 1,000 where too_long
  std::span<const CsvField> fields;  ///< as far as they could be told apart where there is a problem
  std::optional<CsvProblem> problem = {};
};

/// How to read.
struct CsvOptions {
  char delimiter = '\0';                          ///< '\0': the most frequent of , ; and TAB in the first record
  bool header = true;                             ///< the first record names the columns
  std::size_t max_field = std::size_t{1} << 20;   ///< bytes of one field
  std::size_t max_record = std::size_t{1} << 24;  ///< bytes of one record; at most 1 GiB; bounds the memory used
  std::size_t chunk = std::size_t{1} << 18;       ///< bytes asked of the source at a time
};

/// Reads records one after the other. An empty line is a record only where there is one column. A quote inside a
/// field that did not begin with one is an ordinary character.
class CsvReader {
 public:
  /// Reads the header. Error{invalid} when it is missing or malformed, when the input is UTF-16, or when an option is
  /// out of range; and what the source throws.
  explicit CsvReader(std::unique_ptr<ByteSource> source, CsvOptions options = {});
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  /// The names in the header, without blanks around them; empty without CsvOptions::header.
  const std::vector<std::string>& header() const { return header_; }
  char delimiter() const { return delimiter_; }

  /// The next record, or null at the end or after a fatal problem. The record belongs to the reader.
  const CsvRecord* next();

  /// Line and column (code points) where a field of the current record starts, both from 1.
  std::pair<std::int64_t, std::int64_t> place(const CsvField& field) const;
  /// Bytes consumed up to the end of the current record, and all there are (-1: not known).
  std::int64_t bytes() const { return consumed_ + static_cast<std::int64_t>(begin_); }
  std::int64_t total_bytes() const { return source_->size(); }

 private:
  enum class Scanned { record, need_more };

  void fill();
  void skip_mark();
  void detect_delimiter();
  void read_header();
  bool read_record();
  Scanned scan();
  Scanned scan_quoted(const char*& at, CsvField& field);
  bool line_end(const char* at, std::size_t& width) const;
  void undo_quotes();
  void check_record(bool had_quotes);
  void skip_record();
  void problem(CsvFault fault, std::size_t offset, std::size_t field, std::string message);

  std::unique_ptr<ByteSource> source_;
  CsvOptions options_;
  char delimiter_ = ',';
  std::vector<std::string> header_;
  std::size_t expected_ = 0;  ///< fields of a record; 0 before the first

  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< of the bytes not yet read as records
  std::size_t end_ = 0;
  bool ended_ = false;         ///< the source has no more
  std::int64_t consumed_ = 0;  ///< bytes that left the buffer

  CsvRecord record_;
  std::vector<CsvField> fields_;
  std::vector<std::size_t> doubled_;  ///< fields that hold doubled quotes
  std::string scratch_;               ///< their text
  std::int64_t line_ = 1;             ///< of the byte at begin_
  std::size_t width_ = 0;             ///< of the line end after the record
  std::size_t length_ = 0;            ///< of the record without it
  bool had_quotes_ = false;
  bool finished_ = false;
};

/// For whom the file is. Numbers are stable.
enum class CsvProfile : std::int32_t {
  interchange = 1,  ///< reads back exactly; texts may be taken for formulas by a spreadsheet
  spreadsheet = 2,  ///< text that could be taken for a formula gets a leading apostrophe; numbers stay numbers
};

/// How to write.
struct CsvWriteOptions {
  CsvProfile profile = CsvProfile::spreadsheet;
  char delimiter = ',';
  bool byte_order_mark = false;  ///< spreadsheets on Windows need it to recognise UTF-8
  bool crlf = false;             ///< lines end in CRLF instead of LF
};

/// Writes records cell by cell, quoting only where needed. Buffers; `finish` (or the destructor, which swallows
/// errors) hands over the rest.
class CsvWriter {
 public:
  /// Receives bytes; throws to stop.
  using Sink = std::function<void(std::string_view)>;

  /// Error{invalid} for a delimiter that is a quote, a line end or not ASCII.
  explicit CsvWriter(Sink sink, CsvWriteOptions options = {});
  /// Writes to a stream that must outlive the writer; Error{storage} when it fails.
  explicit CsvWriter(std::ostream& out, CsvWriteOptions options = {});
  CsvWriter(const CsvWriter&) = delete;
  CsvWriter& operator=(const CsvWriter&) = delete;
  ~CsvWriter();

  /// A cell of text (valid UTF-8). Empty text is written as "", which tells it from no value.
  void text(std::string_view text);
  /// A cell that is a plain number such as -12.50; anything else is written as `text` would.
  void number(std::string_view digits);
  /// A cell without a value.
  void null();
  /// Ends the record. Error{misuse} when it has no cell.
  void end_row();
  /// A whole record of text cells.
  void row(std::span<const std::string_view> cells);
  /// Cells as they stand in another CSV with the same delimiter: unchecked, for what a reader gave as `raw`.
  void verbatim(std::string_view raw);
  /// Hands everything to the sink.
  void finish();

 private:
  void begin_cell();
  void quoted(std::string_view text, bool neutralise);

  Sink sink_;
  CsvWriteOptions options_;
  std::string buffer_;
  bool in_row_ = false;
};

}  // namespace kith
