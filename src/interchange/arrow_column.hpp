// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One column of a foreign Arrow array, read cell by cell as values.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kith/interchange/arrow.hpp"

namespace kith {

/// How the cells of an Arrow column lie in memory.
struct ArrowLayout {
  enum class Kind { none, boolean, integer, decimal, text, text_view, date, time, real, dictionary };
  Kind kind = Kind::none;
  int width = 0;                                   ///< bytes of an integer, a date, or an offset of text
  bool is_signed = true;                           ///< of integers
  int scale = 0;                                   ///< of decimals
  std::int64_t per = 1;                            ///< ticks in a day of a date, in a second of a time
  std::string format = {};                         ///< as the stream said it, for messages
  std::shared_ptr<const ArrowLayout> values = {};  ///< of a dictionary
};

/// Reads the format of a schema. Nothing for types that no field of Kith can take (lists, structs, durations).
std::optional<ArrowLayout> layout_of(const ArrowSchema& schema);

/// Cells of one array. The array outlives it.
class ArrowCells {
 public:
  /// Error{invalid} when the array lacks the buffers that its layout needs.
  ArrowCells(const ArrowLayout& layout, const ArrowArray& array);

  bool is_null(std::int64_t row) const;
  std::int64_t integer(std::int64_t row) const;  ///< Error{overflow} beyond int64
  bool boolean(std::int64_t row) const;
  Int128 decimal(std::int64_t row) const;
  std::string_view text(std::int64_t row) const;

 private:
  const unsigned char* buffer(int index) const { return static_cast<const unsigned char*>(array_.buffers[index]); }
  std::string_view view(std::int64_t row) const;

  const ArrowLayout& layout_;
  const ArrowArray& array_;
  std::unique_ptr<ArrowCells> dictionary_;
};

/// The cell as a value of that field: what `to_cell` then checks. Error{invalid} for types that do not fit, naming
/// both; `currency` is what money counts in.
Value arrow_value(const ArrowLayout& layout, const ArrowCells& cells, std::int64_t row, const Field& field,
                  Currency currency);

}  // namespace kith
