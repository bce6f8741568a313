// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows as columns, in Arrow's memory layout: validity bits (least significant first), int64 words, or int32
/// offsets and bytes for text. Imports, scans, reports, the C callbacks and the Arrow export pass the same
/// batches. A batch is a value: copyable, movable, owned by one thread at a time.

#include <cassert>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/schema/entity.hpp"
#include "kith/schema/value.hpp"

namespace kith {

/// One column. Words and text never mix; `append_*` of the wrong kind is a defect (asserted in debug builds).
class Column {
 public:
  explicit Column(bool text = false) : text_(text) {
    if (text_) offsets_.push_back(0);
  }

  bool is_text() const { return text_; }
  std::size_t size() const { return size_; }
  bool is_null(std::size_t row) const { return null_count_ != 0 && ((validity_[row >> 3] >> (row & 7)) & 1) == 0; }
  std::int64_t word(std::size_t row) const { return words_[row]; }  ///< 0 where null
  std::string_view text(std::size_t row) const {                    ///< "" where null; valid until the next append
    return std::string_view(bytes_).substr(offsets_[row], offsets_[row + 1] - offsets_[row]);
  }
  Cell cell(std::size_t row) const;

  void append_null();
  void append(std::int64_t word) {
    assert(!text_ && "a word was appended to a text column");
    words_.push_back(word);
    append_validity(true);
  }
  void append(std::string_view text) {  ///< Error{overflow} when the column passes 2 GiB
    assert(text_ && "a text was appended to a word column");
    if (text.size() > kMostBytes - bytes_.size()) fail_too_long();
    bytes_.append(text);
    offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
    append_validity(true);
  }
  void append(const Cell& cell);
  void append_from(const Column& other, std::size_t row);
  void set_word(std::size_t row, std::int64_t word);  ///< of a row that exists; also makes it not null
  void set_last(std::string_view text);               ///< of the last row, which must be null
  void reserve(std::size_t rows);
  void clear();

  /// The buffers themselves, for kernels and Arrow.
  std::size_t null_count() const { return null_count_; }
  std::span<const std::uint8_t> validity() const { return validity_; }  ///< always kept, one bit a row
  std::span<const std::int64_t> words() const { return words_; }
  std::span<const std::int32_t> offsets() const { return offsets_; }
  std::string_view bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kMostBytes = std::numeric_limits<std::int32_t>::max();

  [[noreturn]] static void fail_too_long();
  void append_validity(bool valid) {
    const std::size_t bit = size_ & 7;
    if (bit == 0) validity_.push_back(0);
    if (valid) {
      validity_.back() = static_cast<std::uint8_t>(validity_.back() | (1U << bit));
    } else {
      ++null_count_;
    }
    ++size_;
  }

  bool text_ = false;
  std::size_t size_ = 0;
  std::size_t null_count_ = 0;
  std::vector<std::uint8_t> validity_;
  std::vector<std::int64_t> words_;
  std::vector<std::int32_t> offsets_;
  std::string bytes_;
};

/// Rows of some fields of one entity.
struct Batch {
  Batch() = default;
  /// All fields of the entity, in table order, no rows.
  explicit Batch(const Entity& entity);
  /// Chosen fields (positions), in that order.
  Batch(const Entity& entity, std::span<const int> chosen);

  const Entity* entity = nullptr;
  std::vector<int> fields;      ///< field position of each column
  std::vector<Column> columns;  ///< all of one length
  std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }

  /// The column of a field position. Error{misuse} when it was not chosen.
  const Column& column(int field) const;
  Column& column(int field);
  /// Appends row `row` of a batch with the same fields.
  void append_row(const Batch& other, std::size_t row);
  void clear();
  void reserve(std::size_t rows);
};

/// Appends the struct (of `batch.entity`) as one row. Only this function and those below touch slots.
void store_row(const void* entity, Batch& batch);
/// Fills the struct from a row; fields that the batch lacks keep their value. Error{corrupt} as for `set_slot_word`.
void load_row(const Batch& batch, std::size_t row, void* entity);

/// Writes one member of a struct, the way `load_row` does. Null empties an optional member and gives any other one
/// its default. Error{corrupt} when the value does not fit the member (a day or a choice beyond 32 bits, a currency
/// that does not exist).
void set_slot_null(const Field& field, void* entity);
void set_slot_word(const Field& field, void* entity, std::int64_t word);
void set_slot_text(const Field& field, void* entity, std::string_view text);

}  // namespace kith
