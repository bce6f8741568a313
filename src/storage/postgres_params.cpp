// SPDX-License-Identifier: Apache-2.0
/// \file
/// Parameters and results in PostgreSQL's binary form: integers big-endian, texts and bytes as they are, arrays with
/// one dimension.

#ifdef KITH_POSTGRES

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "kith/base/error.hpp"
#include "kith/base/rounding.hpp"
#include "kith/base/text.hpp"
#include "storage/postgres_channel.hpp"

namespace kith::postgres {
namespace {

template <class Unsigned>
void append_big_endian(std::string& bytes, Unsigned value) {
  char big[sizeof(Unsigned)];
  for (std::size_t i = 0; i < sizeof big; ++i) big[i] = static_cast<char>(value >> (8 * (sizeof big - 1 - i)));
  bytes.append(big, sizeof big);
}

/// The protocol counts bytes in 31 bits and the server in 30.
constexpr std::size_t kMostBytes = (std::size_t{1} << 30) - 64;

/// The server would refuse the statement, and with it the whole transaction.
void check_text(std::string_view text, Type type) {
  if (type == Type::bytes) return;
  if (const std::size_t at = invalid_utf8(text); at != std::string_view::npos) {
    throw Error(Code::invalid,
                fmt::format("byte {} of a text is not valid UTF-8, or is NUL; PostgreSQL keeps neither", at));
  }
}

}  // namespace

void append_int16(std::string& bytes, std::int16_t value) {
  append_big_endian(bytes, static_cast<std::uint16_t>(value));
}
void append_int32(std::string& bytes, std::int32_t value) {
  append_big_endian(bytes, static_cast<std::uint32_t>(value));
}
void append_int64(std::string& bytes, std::int64_t value) {
  append_big_endian(bytes, static_cast<std::uint64_t>(value));
}
void append_value(std::string& bytes, const Column& column, std::size_t row) {
  if (column.is_null(row)) {
    append_int32(bytes, -1);
  } else if (column.is_text()) {
    const std::string_view text = column.text(row);
    append_int32(bytes, static_cast<std::int32_t>(text.size()));
    bytes.append(text);
  } else {
    append_int32(bytes, 8);
    append_int64(bytes, column.word(row));
  }
}

Oid type_number(Type type) {
  if (type == Type::bytes) return kBytea;
  return is_text(type) ? kText : kInt8;
}

Oid array_number(Type type) {
  if (type == Type::bytes) return 1001;
  return is_text(type) ? 1009 : 1016;
}

void Params::open(Oid type) {
  types_.push_back(type);
  offsets_.push_back(bytes_.size());
  formats_.push_back(1);
  nulls_.push_back(0);
}

void Params::close() {
  const std::size_t length = bytes_.size() - offsets_.back();
  if (bytes_.size() > kMostBytes) {
    throw Error(Code::overflow, "one statement would carry more than 1 GiB; write fewer rows at once");
  }
  lengths_.push_back(static_cast<int>(length));
}

const char* const* Params::values() {
  values_.clear();
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    values_.push_back(nulls_[i] != 0 ? nullptr : bytes_.data() + offsets_[i]);
  }
  return values_.data();
}

void Params::word(std::int64_t word) {
  open(kInt8);
  append_int64(bytes_, word);
  close();
}

void Params::text(std::string_view text, Type type) {
  check_text(text, type);
  open(type_number(type));
  bytes_.append(text);
  close();
}

void Params::null(Type type) {
  open(type_number(type));
  nulls_.back() = 1;
  close();
}

void Params::cell(const Cell& cell, Type type) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    word(*number);
  } else if (const auto* string = std::get_if<std::string>(&cell)) {
    text(*string, type);
  } else {
    null(type);
  }
}

void Params::column(const Column& column, std::size_t row, Type type) {
  if (column.is_null(row)) {
    null(type);
  } else if (column.is_text()) {
    text(column.text(row), type);
  } else {
    word(column.word(row));
  }
}

void Params::open_array(std::size_t count, Type type) {
  open(array_number(type));
  append_int32(bytes_, count == 0 ? 0 : 1);
  append_int32(bytes_, 1);  // nulls may be among them
  append_int32(bytes_, static_cast<std::int32_t>(type_number(type)));
  if (count == 0) return;
  append_int32(bytes_, static_cast<std::int32_t>(count));
  append_int32(bytes_, 1);
}

void Params::words(std::span<const std::int64_t> words) {
  open_array(words.size(), Type::integer);
  for (const std::int64_t word : words) {
    append_int32(bytes_, 8);
    append_int64(bytes_, word);
  }
  close();
}

void Params::cells(std::span<const Cell> cells, Type type) {
  open_array(cells.size(), type);
  for (const Cell& cell : cells) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) {
      append_int32(bytes_, 8);
      append_int64(bytes_, *number);
    } else if (const auto* string = std::get_if<std::string>(&cell)) {
      append_int32(bytes_, static_cast<std::int32_t>(string->size()));
      bytes_.append(*string);
    } else {
      append_int32(bytes_, -1);
    }
  }
  close();
}

void Params::rows(const Column& column, std::size_t from, std::size_t to, Type type) {
  open_array(to - from, type);
  for (std::size_t row = from; row < to; ++row) append_value(bytes_, column, row);
  close();
}

std::int64_t Result::word(int row, int column) const {
  std::uint64_t value = 0;
  for (const char byte : text(row, column)) value = (value << 8) | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

/// src/backend/utils/adt/numeric.c, numeric_send: the count of digits to the base 10,000, the weight of the first, the
/// sign, the scale, the digits; zeros at the end are left out.
std::optional<std::int64_t> Result::whole(int row, int column) const {
  if (is_null(row, column)) return 0;
  const std::string_view bytes = text(row, column);
  const auto number = [&](std::size_t at) {
    return static_cast<std::int16_t>((static_cast<unsigned char>(bytes[at]) << 8) |
                                     static_cast<unsigned char>(bytes[at + 1]));
  };
  constexpr int kMostWeight = 4;  // 10,000^5 is past 64 bits
  constexpr std::int16_t kNegative = 0x4000;
  const int digits = number(0);
  const int weight = number(2);
  const std::int16_t sign = number(4);
  if (weight > kMostWeight || (sign != 0 && sign != kNegative)) return std::nullopt;
  Int128 value = 0;
  for (int i = 0; i <= weight; ++i) {
    value = value * 10'000 + (i < digits ? number(8 + 2 * static_cast<std::size_t>(i)) : 0);
  }
  if (sign == kNegative) value = -value;
  if (value < std::numeric_limits<std::int64_t>::min() || value > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t Result::touched() const {
  const std::string_view digits = api().PQcmdTuples(raw());
  std::int64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

std::string_view Result::field(int code) const {
  const char* text = raw() == nullptr ? nullptr : api().PQresultErrorField(raw(), code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

bool Result::failed() const {
  switch (status()) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_IN: return false;
    default: return true;
  }
}

}  // namespace kith::postgres

#endif
