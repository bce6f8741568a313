// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/batch.hpp"

#include <cassert>
#include <cstring>
#include <optional>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {

Cell Column::cell(std::size_t row) const {
  if (is_null(row)) return {};
  if (text_) return std::string(text(row));
  return word(row);
}

void Column::append_null() {
  if (text_) {
    offsets_.push_back(offsets_.back());
  } else {
    words_.push_back(0);
  }
  append_validity(false);
}

void Column::fail_too_long() {
  throw Error(Code::overflow, "a column holds at most 2 GiB of text in one batch; use smaller batches");
}

void Column::append(const Cell& cell) {
  if (const auto* word = std::get_if<std::int64_t>(&cell)) {
    append(*word);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    append(std::string_view(*text));
  } else {
    append_null();
  }
}

void Column::append_from(const Column& other, std::size_t row) {
  if (other.is_null(row)) {
    append_null();
  } else if (text_) {
    append(other.text(row));
  } else {
    append(other.word(row));
  }
}

void Column::set_word(std::size_t row, std::int64_t word) {
  assert(!text_ && row < size_);
  if (is_null(row)) {
    validity_[row >> 3] = static_cast<std::uint8_t>(validity_[row >> 3] | (1U << (row & 7)));
    --null_count_;
  }
  words_[row] = word;
}

void Column::set_last(std::string_view text) {
  assert(text_ && size_ != 0 && is_null(size_ - 1));
  if (text.size() > kMostBytes - bytes_.size()) fail_too_long();
  const std::size_t row = size_ - 1;
  bytes_.append(text);
  offsets_.back() = static_cast<std::int32_t>(bytes_.size());
  validity_[row >> 3] = static_cast<std::uint8_t>(validity_[row >> 3] | (1U << (row & 7)));
  --null_count_;
}

void Column::reserve(std::size_t rows) {
  validity_.reserve((rows + 7) / 8);
  if (text_) {
    offsets_.reserve(rows + 1);
  } else {
    words_.reserve(rows);
  }
}

void Column::clear() {
  size_ = 0;
  null_count_ = 0;
  validity_.clear();
  words_.clear();
  bytes_.clear();
  if (text_) offsets_.assign(1, 0);
}

Batch::Batch(const Entity& of) : entity(&of) {
  fields.reserve(of.fields.size());
  columns.reserve(of.fields.size());
  for (std::size_t i = 0; i < of.fields.size(); ++i) {
    fields.push_back(static_cast<int>(i));
    columns.emplace_back(is_text(of.fields[i].type));
  }
}

Batch::Batch(const Entity& of, std::span<const int> chosen) : entity(&of), fields(chosen.begin(), chosen.end()) {
  columns.reserve(chosen.size());
  for (const int field : chosen) columns.emplace_back(is_text(of.fields[static_cast<std::size_t>(field)].type));
}

const Column& Batch::column(int field) const {
  // A batch of all fields has each column at its field's position.
  const auto place = static_cast<std::size_t>(field);
  if (place < fields.size() && fields[place] == field) return columns[place];
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i] == field) return columns[i];
  }
  const bool known = entity != nullptr && place < entity->fields.size();
  throw Error(Code::misuse, entity == nullptr ? "" : std::string(entity->name),
              known ? std::string(entity->fields[place].name) : std::to_string(field),
              "this batch does not hold the field; choose it when the rows are read");
}

Column& Batch::column(int field) { return const_cast<Column&>(static_cast<const Batch&>(*this).column(field)); }

void Batch::append_row(const Batch& other, std::size_t row) {
  assert(fields == other.fields);
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].append_from(other.columns[i], row);
}

void Batch::clear() {
  for (Column& column : columns) column.clear();
}

void Batch::reserve(std::size_t rows) {
  for (Column& column : columns) column.reserve(rows);
}

namespace {

/// The member itself: optional or not. Null pointer for an empty optional.
template <class T>
const T* peek(const Field& field, const void* slot) {
  if (!field.nullable) return static_cast<const T*>(slot);
  const auto& member = *static_cast<const std::optional<T>*>(slot);
  return member ? &*member : nullptr;
}

template <class T>
void poke(const Field& field, void* slot, const T& value) {
  if (field.nullable) {
    *static_cast<std::optional<T>*>(slot) = value;
  } else {
    *static_cast<T*>(slot) = value;
  }
}

template <class T>
void poke_null(const Field& field, void* slot) {
  if (field.nullable) {
    static_cast<std::optional<T>*>(slot)->reset();
  } else {
    *static_cast<T*>(slot) = T{};
  }
}

/// Enums are of many types with one representation, that of int32 (field.hpp insists): their bytes are copied, so
/// that no object is read through a type that is not its own.
enum class AnyChoice : std::int32_t {};
static_assert(sizeof(AnyChoice) == sizeof(std::int32_t));
static_assert(std::is_trivially_copyable_v<std::optional<AnyChoice>>);

std::optional<std::int32_t> peek_choice(const Field& field, const void* slot) {
  if (field.nullable) {
    std::optional<AnyChoice> member;
    std::memcpy(static_cast<void*>(&member), slot, sizeof member);
    if (!member) return std::nullopt;
    return static_cast<std::int32_t>(*member);
  }
  std::int32_t number = 0;
  std::memcpy(&number, slot, sizeof number);
  return number;
}

void poke_choice(const Field& field, void* slot, std::optional<std::int32_t> number) {
  if (field.nullable) {
    std::optional<AnyChoice> member;
    if (number) member = static_cast<AnyChoice>(*number);
    std::memcpy(slot, static_cast<const void*>(&member), sizeof member);
    return;
  }
  const std::int32_t value = number.value_or(0);
  std::memcpy(slot, &value, sizeof value);
}

template <class T, class Get>
void append_word(const Field& field, const void* slot, Column& column, Get get) {
  if (const T* member = peek<T>(field, slot)) {
    column.append(static_cast<std::int64_t>(get(*member)));
  } else {
    column.append_null();
  }
}

template <class T, class Get>
void append_text(const Field& field, const void* slot, Column& column, Get get) {
  if (const T* member = peek<T>(field, slot)) {
    column.append(std::string_view(get(*member)));
  } else {
    column.append_null();
  }
}

void append_choice(const Field& field, const void* slot, Column& column) {
  if (const auto number = peek_choice(field, slot)) {
    column.append(std::int64_t{*number});
  } else {
    column.append_null();
  }
}

/// The coefficient at the field's scale, whatever scale the member was given at.
std::int64_t coefficient_at(const Field& field, Decimal value) {
  return value.scale == field.options.scale ? value.coefficient : rescale(value, field.options.scale).coefficient;
}

void append_slot(const Field& field, const void* slot, Column& column) {
  switch (field.type) {
    case Type::id: return append_word<Id>(field, slot, column, [](Id v) { return v.value; });
    case Type::integer: return append_word<std::int64_t>(field, slot, column, [](std::int64_t v) { return v; });
    case Type::boolean: return append_word<bool>(field, slot, column, [](bool v) { return v ? 1 : 0; });
    case Type::choice: return append_choice(field, slot, column);
    case Type::text: return append_text<std::string>(field, slot, column, [](const auto& v) -> auto& { return v; });
    case Type::decimal:
      return append_word<Decimal>(field, slot, column, [&](Decimal v) { return coefficient_at(field, v); });
    case Type::money: return append_word<Amount>(field, slot, column, [](Amount v) { return v.minor; });
    case Type::currency: return append_text<Currency>(field, slot, column, [](Currency v) { return code_of(v); });
    case Type::date: return append_word<Date>(field, slot, column, [](Date v) { return v.days; });
    case Type::timestamp: return append_word<Timestamp>(field, slot, column, [](Timestamp v) { return v.micros; });
    case Type::bytes: return append_text<Bytes>(field, slot, column, [](const Bytes& v) -> auto& { return v.data; });
  }
}

[[noreturn]] void does_not_fit(const Field& field, std::string stored) {
  throw Error(Code::corrupt, "", std::string(field.name),
              "the store holds " + stored + ", which is no " + std::string(name_of(field.type)) +
                  "; restore a backup or mend the row");
}

std::int32_t word32(const Field& field, std::int64_t word) {
  const auto narrow = static_cast<std::int32_t>(word);
  if (narrow != word) does_not_fit(field, std::to_string(word));
  return narrow;
}

[[noreturn]] void wrong_kind(const Field& field) {
  throw Error(Code::corrupt, "", std::string(field.name),
              "the store holds a value of another kind than " + std::string(name_of(field.type)) +
                  "; restore a backup or mend the row");
}

}  // namespace

void store_row(const void* entity, Batch& batch) {
  const std::span<const Field> table = batch.entity->fields;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Field& field = table[static_cast<std::size_t>(batch.fields[i])];
    if (field.slot == nullptr) {  // the column of the store's own fields: no struct has a member for it
      batch.columns[i].append_null();
      continue;
    }
    // A slot only computes an address; nothing is written through it here.
    append_slot(field, field.slot(const_cast<void*>(entity)), batch.columns[i]);
  }
}

void load_row(const Batch& batch, std::size_t row, void* entity) {
  const std::span<const Field> table = batch.entity->fields;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Field& field = table[static_cast<std::size_t>(batch.fields[i])];
    const Column& column = batch.columns[i];
    if (field.slot == nullptr) continue;
    if (column.is_null(row)) {
      set_slot_null(field, entity);
    } else if (column.is_text()) {
      set_slot_text(field, entity, column.text(row));
    } else {
      set_slot_word(field, entity, column.word(row));
    }
  }
}

void set_slot_null(const Field& field, void* entity) {
  void* slot = field.slot(entity);
  switch (field.type) {
    case Type::id: return poke_null<Id>(field, slot);
    case Type::integer: return poke_null<std::int64_t>(field, slot);
    case Type::boolean: return poke_null<bool>(field, slot);
    case Type::choice: return poke_choice(field, slot, std::nullopt);
    case Type::text: return poke_null<std::string>(field, slot);
    case Type::decimal: return poke_null<Decimal>(field, slot);
    case Type::money: return poke_null<Amount>(field, slot);
    case Type::currency: return poke_null<Currency>(field, slot);
    case Type::date: return poke_null<Date>(field, slot);
    case Type::timestamp: return poke_null<Timestamp>(field, slot);
    case Type::bytes: return poke_null<Bytes>(field, slot);
  }
}

void set_slot_word(const Field& field, void* entity, std::int64_t word) {
  void* slot = field.slot(entity);
  switch (field.type) {
    case Type::id: return poke(field, slot, Id{word});
    case Type::integer: return poke(field, slot, word);
    case Type::boolean: return poke(field, slot, word != 0);
    case Type::choice: return poke_choice(field, slot, word32(field, word));
    case Type::decimal: return poke(field, slot, Decimal{word, field.options.scale});
    case Type::money: return poke(field, slot, Amount{word});
    case Type::date: return poke(field, slot, Date{word32(field, word)});
    case Type::timestamp: return poke(field, slot, Timestamp{word});
    case Type::text:
    case Type::currency:
    case Type::bytes: wrong_kind(field);
  }
}

void set_slot_text(const Field& field, void* entity, std::string_view text) {
  void* slot = field.slot(entity);
  if (field.type == Type::text) {
    // Assigning in place keeps the member's buffer, so that a struct read again and again allocates once.
    if (!field.nullable) {
      static_cast<std::string*>(slot)->assign(text);
    } else if (auto& member = *static_cast<std::optional<std::string>*>(slot); member) {
      member->assign(text);
    } else {
      member.emplace(text);
    }
  } else if (field.type == Type::bytes) {
    poke(field, slot, Bytes{std::string(text)});
  } else if (field.type == Type::currency) {
    try {
      poke(field, slot, text.empty() ? Currency{} : currency(text));
    } catch (const Error&) {
      does_not_fit(field, quote(text));
    }
  } else {
    wrong_kind(field);
  }
}

}  // namespace kith
