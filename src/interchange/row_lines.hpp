// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows as lines of JSON and back, as dumps and archives hold them: {"customer":{"id":"...",...}}. Absent fields are
/// null; numbers that doubles would spoil are text, bytes hexadecimal digits.

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "kith/base/sha256.hpp"
#include "kith/schema/batch.hpp"

namespace kith {

/// Writes rows of one entity.
class RowWriter {
 public:
  /// `base`: the currency of money where the record names none.
  RowWriter(const Entity& entity, Currency base);
  /// The line of a row, with its end.
  void write(const Batch& batch, std::size_t row, std::string& line) const;

 private:
  Currency currency_of(const Batch& batch, std::size_t row) const;

  const Entity& entity_;
  Currency base_;
  int currency_field_ = -1;
};

/// Appends the values of a line to a batch of all fields of its entity. Error{invalid} naming entity and field.
void append_row(const OrderedJson& values, Currency base, Batch& batch, bool older = false);

/// Lines whose last one holds their number, without the first, and the SHA-256 of them all.
class SealedWriter {
 public:
  /// `what` is for messages: "dump".
  SealedWriter(std::ostream& out, std::string_view what) : out_(out), what_(what) {}
  /// A line with its end; the first one is the header.
  void write(std::string_view line);
  /// Writes the last line and flushes. Error{storage} when anything could not be written.
  void end();
  std::int64_t rows() const { return lines_ - 1; }
  Digest digest() const { return hash_.digest(); }

 private:
  std::ostream& out_;
  std::string what_;
  Sha256 hash_;
  std::int64_t lines_ = 0;
};
/// Reads such lines: the first one goes to `header`, the others to `row`, the last one is compared. Returns the digest
/// of the lines before it. Errors, with the number of the line: invalid, corrupt (changed or cut), what the callbacks
/// throw.
Digest read_sealed(std::istream& in, std::string_view what, const std::function<void(const OrderedJson&)>& header,
                   const std::function<void(const OrderedJson&)>& row);

/// The bytes of hexadecimal digits. Error{invalid}.
std::string from_hex(const std::string& text, std::string_view field);

}  // namespace kith
