// SPDX-License-Identifier: Apache-2.0
#include "kith/storage/storage.hpp"

namespace kith {

StructSink::StructSink(const Entity& entity, void* first, std::size_t stride, std::size_t count)
    : table_(entity.fields), first_(static_cast<char*>(first)), stride_(stride) {
  if (count > 64) more_found_.resize((count - 1) / 64);
}

void StructSink::row(std::size_t index) {
  current_ = first_ + index * stride_;
  if (found(index)) return;
  ++found_count_;
  (index < 64 ? first_found_ : more_found_[index / 64 - 1]) |= std::uint64_t{1} << (index & 63);
}

void StructSink::null(int field) {
  const Field& row = table_[static_cast<std::size_t>(field)];
  if (row.slot != nullptr) set_slot_null(row, current_);
}

void StructSink::word(int field, std::int64_t word) {
  set_slot_word(table_[static_cast<std::size_t>(field)], current_, word);
}

void StructSink::text(int field, std::string_view text) {
  const Field& row = table_[static_cast<std::size_t>(field)];
  if (row.slot != nullptr) set_slot_text(row, current_, text);  // the store's own fields have no member
}

}  // namespace kith
