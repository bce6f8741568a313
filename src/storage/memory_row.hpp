// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A row of the memory backend: one immutable block, shared by every snapshot that holds it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith {

/// What the backend remembers of an entity. Copied, because entities derived at run time may die before the store.
struct Layout {
  explicit Layout(const Entity& entity);
  /// True when the entity has these very fields and keys.
  bool matches(const Entity& entity) const;

  std::string name;
  std::vector<std::string> fields;
  std::vector<Type> types;
  std::vector<bool> nullable;
  std::vector<std::vector<int>> unique;  ///< field positions of each key
  Keeping keeping;
};

/// A word for each field (of text: where it starts and how long it is), then a bit for each null, then the texts.
class Row {
 public:
  Row() = default;
  /// Row `row` of a batch of all fields. Error{overflow} beyond 4 GiB of text.
  Row(const Layout& layout, const Batch& batch, std::size_t row);

  bool is_null(std::size_t field) const { return ((data_[fields_ + (field >> 6)] >> (field & 63)) & 1) != 0; }
  std::int64_t word(std::size_t field) const { return data_[field]; }
  std::string_view text(std::size_t field) const {
    const auto place = static_cast<std::uint64_t>(data_[field]);
    const auto* bytes = reinterpret_cast<const char*>(data_.get() + fields_ + null_words(fields_));
    return {bytes + (place >> 32), static_cast<std::size_t>(place & 0xffffffffU)};
  }

 private:
  static std::size_t null_words(std::size_t fields) { return (fields + 63) / 64; }

  std::shared_ptr<std::int64_t[]> data_;
  std::size_t fields_ = 0;
};

/// Adds a value of a key to its bytes, such that equal bytes are equal values and no value's bytes begin another's.
void add_key_word(std::string& bytes, std::int64_t word);
void add_key_text(std::string& bytes, std::string_view text);

/// The bytes of a unique key, equal exactly when the values are; false when one of them is null, for then the key
/// binds nothing.
bool unique_bytes(const Layout& layout, std::span<const int> key, const Row& row, std::string& bytes);

}  // namespace kith
