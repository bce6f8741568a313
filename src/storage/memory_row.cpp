// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_row.hpp"

#include <cstring>
#include <limits>

#include "storage/rules.hpp"

namespace kith {

Layout::Layout(const Entity& entity) : name(entity.name), keeping(entity.keeping) {
  for (const Field& field : entity.fields) {
    fields.emplace_back(field.name);
    types.push_back(field.type);
    nullable.push_back(field.nullable);
  }
  if (is_history(entity)) return;
  for (const UniqueKey& key : entity.unique) unique.push_back(positions_of(entity, key));
}

bool Layout::matches(const Entity& entity) const {
  const Layout other(entity);
  return fields == other.fields && types == other.types && nullable == other.nullable && unique == other.unique &&
         keeping == other.keeping;
}

Row::Row(const Layout& layout, const Batch& batch, std::size_t row) : fields_(layout.fields.size()) {
  std::size_t bytes = 0;
  for (const Column& column : batch.columns) {
    if (column.is_text()) bytes += column.text(row).size();
  }
  if (bytes > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Code::overflow, layout.name, "", "a record holds at most 4 GiB of text");
  }
  const std::size_t head = fields_ + null_words(fields_);
  data_ = std::make_shared<std::int64_t[]>(head + (bytes + 7) / 8);
  char* texts = reinterpret_cast<char*>(data_.get() + head);
  std::size_t used = 0;
  for (std::size_t field = 0; field < fields_; ++field) {
    const Column& column = batch.columns[field];
    if (column.is_null(row)) {
      data_[fields_ + (field >> 6)] |= static_cast<std::int64_t>(std::uint64_t{1} << (field & 63));
    } else if (column.is_text()) {
      const std::string_view text = column.text(row);
      if (!text.empty()) std::memcpy(texts + used, text.data(), text.size());
      data_[field] = static_cast<std::int64_t>((std::uint64_t{used} << 32) | text.size());
      used += text.size();
    } else {
      data_[field] = column.word(row);
    }
  }
}

void add_key_word(std::string& bytes, std::int64_t word) {
  char raw[sizeof word];
  std::memcpy(raw, &word, sizeof word);
  bytes.append(raw, sizeof raw);
}

void add_key_text(std::string& bytes, std::string_view text) {
  // A length in front of each text keeps ("a", "bc") apart from ("ab", "c").
  add_key_word(bytes, static_cast<std::int64_t>(text.size()));
  bytes.append(text);
}

bool unique_bytes(const Layout& layout, std::span<const int> key, const Row& row, std::string& bytes) {
  bytes.clear();
  for (const int position : key) {
    const auto field = static_cast<std::size_t>(position);
    if (row.is_null(field)) return false;
    is_text(layout.types[field]) ? add_key_text(bytes, row.text(field)) : add_key_word(bytes, row.word(field));
  }
  return true;
}

}  // namespace kith
