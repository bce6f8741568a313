// SPDX-License-Identifier: Apache-2.0
#include "interchange/arrow_column.hpp"

#include <charconv>
#include <cstring>
#include <limits>

#include "kith/base/error.hpp"
#include "kith/base/rounding.hpp"

namespace kith {
namespace {

using Kind = ArrowLayout::Kind;

constexpr std::int64_t kMicros = 1'000'000;

template <class T>
T at(const unsigned char* bytes, std::int64_t index) {
  T value;
  std::memcpy(&value, bytes + static_cast<std::size_t>(index) * sizeof value, sizeof value);
  return value;
}

std::optional<int> number_after(std::string_view text, std::size_t from) {
  int number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data() + from, end, number);
  return fault == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

/// "d:38,2" or "d:38,2,128".
std::optional<ArrowLayout> decimal_layout(std::string_view format) {
  const auto comma = format.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  std::string_view scale = format.substr(comma + 1);
  if (const auto bits = scale.find(','); bits != std::string_view::npos) {
    if (scale.substr(bits + 1) != "128") return std::nullopt;
    scale = scale.substr(0, bits);
  }
  const auto digits = number_after(scale, 0);
  if (!digits || *digits < 0 || *digits > 38) return std::nullopt;
  return ArrowLayout{.kind = Kind::decimal, .width = 16, .scale = *digits};
}

/// "tsu:UTC"; one without a zone is no moment.
std::optional<ArrowLayout> time_layout(std::string_view format) {
  if (format.size() < 5 || format[3] != ':') return std::nullopt;
  std::int64_t per = 0;
  switch (format[2]) {
    case 's': per = 1; break;
    case 'm': per = 1'000; break;
    case 'u': per = kMicros; break;
    case 'n': per = 1'000 * kMicros; break;
    default: return std::nullopt;
  }
  return ArrowLayout{.kind = Kind::time, .width = 8, .per = per};
}

std::optional<ArrowLayout> plain_layout(std::string_view format) {
  struct Row {
    std::string_view format;
    ArrowLayout layout;
  };
  static const Row rows[] = {
      {"n", {.kind = Kind::none}},
      {"b", {.kind = Kind::boolean}},
      {"c", {.kind = Kind::integer, .width = 1}},
      {"C", {.kind = Kind::integer, .width = 1, .is_signed = false}},
      {"s", {.kind = Kind::integer, .width = 2}},
      {"S", {.kind = Kind::integer, .width = 2, .is_signed = false}},
      {"i", {.kind = Kind::integer, .width = 4}},
      {"I", {.kind = Kind::integer, .width = 4, .is_signed = false}},
      {"l", {.kind = Kind::integer, .width = 8}},
      {"L", {.kind = Kind::integer, .width = 8, .is_signed = false}},
      {"u", {.kind = Kind::text, .width = 4}},
      {"U", {.kind = Kind::text, .width = 8}},
      {"vu", {.kind = Kind::text_view}},
      {"tdD", {.kind = Kind::date, .width = 4, .per = 1}},
      {"tdm", {.kind = Kind::date, .width = 8, .per = 86'400'000}},
      {"e", {.kind = Kind::real}},
      {"f", {.kind = Kind::real}},
      {"g", {.kind = Kind::real}},
  };
  for (const Row& row : rows) {
    if (row.format == format) return row.layout;
  }
  return std::nullopt;
}

[[noreturn]] void unfit(const ArrowLayout& layout, const Field& field) {
  std::string wanted(name_of(field.type));
  std::string hint;
  if (layout.kind == Kind::real && (field.type == Type::decimal || field.type == Type::money)) {
    hint = "; floats are not exact: make it decimal128 first";
  } else if (layout.kind == Kind::integer && field.type == Type::money) {
    hint = "; an integer could mean units or minor units: make it decimal128 first";
  }
  throw Error(Code::invalid, "", std::string(field.name),
              "Arrow type '" + layout.format + "' does not fit a field of type " + wanted + hint);
}

/// The number at a scale that int64 holds, without its needless last zeros.
Decimal narrow_decimal(Int128 number, int scale, const Field& field) {
  while (scale > 0 && number % 10 == 0) {
    number /= 10;
    --scale;
  }
  if (scale > 18) {
    throw Error(Code::invalid, "", std::string(field.name), "has more than 18 digits after the point");
  }
  return {narrow(number, field.name), scale};
}

Value temporal(const ArrowLayout& layout, std::int64_t ticks, const Field& field) {
  if (layout.kind == Kind::date && field.type == Type::date) {
    if (ticks % layout.per != 0) {
      throw Error(Code::invalid, "", std::string(field.name), "is not a whole day; make it date32 first");
    }
    const std::int64_t day = ticks / layout.per;
    if (day < std::numeric_limits<std::int32_t>::min() || day > std::numeric_limits<std::int32_t>::max()) {
      throw Error(Code::overflow, "", std::string(field.name), "is a day beyond the calendar");
    }
    return Date{static_cast<std::int32_t>(day)};
  }
  if (layout.kind == Kind::time && field.type == Type::timestamp) {
    if (layout.per <= kMicros)
      return Timestamp{narrow(static_cast<Int128>(ticks) * (kMicros / layout.per), field.name)};
    if (ticks % (layout.per / kMicros) != 0) {
      throw Error(Code::invalid, "", std::string(field.name), "has parts of a microsecond; round it first");
    }
    return Timestamp{ticks / (layout.per / kMicros)};
  }
  unfit(layout, field);
}

}  // namespace

std::optional<ArrowLayout> layout_of(const ArrowSchema& schema) {
  const std::string_view format = schema.format;
  std::optional<ArrowLayout> layout;
  if (format.starts_with("d:")) {
    layout = decimal_layout(format);
  } else if (format.starts_with("ts")) {
    layout = time_layout(format);
  } else {
    layout = plain_layout(format);
  }
  if (!layout) return std::nullopt;
  layout->format = format;
  if (schema.dictionary == nullptr) return layout;
  if (layout->kind != Kind::integer) return std::nullopt;
  auto values = layout_of(*schema.dictionary);
  if (!values || values->kind == Kind::dictionary) return std::nullopt;
  ArrowLayout coded{.kind = Kind::dictionary, .width = layout->width, .is_signed = layout->is_signed};
  coded.format = std::string(format) + "->" + values->format;
  coded.values = std::make_shared<const ArrowLayout>(std::move(*values));
  return coded;
}

ArrowCells::ArrowCells(const ArrowLayout& layout, const ArrowArray& array) : layout_(layout), array_(array) {
  const std::int64_t needed = layout.kind == Kind::none                                     ? 0
                              : layout.kind == Kind::text || layout.kind == Kind::text_view ? 3
                                                                                            : 2;
  const bool data = needed == 0 || array.length == 0 || (array.n_buffers >= 2 && array.buffers[1] != nullptr);
  if (array.n_buffers < needed || !data || array.length < 0 || array.offset < 0) {
    throw Error(Code::invalid, "the stream's column of type '" + layout.format + "' lacks its buffers");
  }
  if (layout.kind != Kind::dictionary) return;
  if (array.dictionary == nullptr) throw Error(Code::invalid, "the stream's dictionary column lacks its dictionary");
  dictionary_ = std::make_unique<ArrowCells>(*layout.values, *array.dictionary);
}

bool ArrowCells::is_null(std::int64_t row) const {
  if (layout_.kind == Kind::none) return true;
  const std::int64_t place = row + array_.offset;
  if (array_.null_count != 0 && buffer(0) != nullptr && ((buffer(0)[place >> 3] >> (place & 7)) & 1) == 0) return true;
  return dictionary_ != nullptr && dictionary_->is_null(integer(row));
}

std::int64_t ArrowCells::integer(std::int64_t row) const {
  const std::int64_t place = row + array_.offset;
  const unsigned char* data = buffer(1);
  if (layout_.is_signed) {
    switch (layout_.width) {
      case 1: return at<std::int8_t>(data, place);
      case 2: return at<std::int16_t>(data, place);
      case 4: return at<std::int32_t>(data, place);
      default: return at<std::int64_t>(data, place);
    }
  }
  switch (layout_.width) {
    case 1: return at<std::uint8_t>(data, place);
    case 2: return at<std::uint16_t>(data, place);
    case 4: return at<std::uint32_t>(data, place);
    default: return narrow(static_cast<Int128>(at<std::uint64_t>(data, place)), "integer");
  }
}

bool ArrowCells::boolean(std::int64_t row) const {
  const std::int64_t place = row + array_.offset;
  return ((buffer(1)[place >> 3] >> (place & 7)) & 1) != 0;
}

Int128 ArrowCells::decimal(std::int64_t row) const { return at<Int128>(buffer(1), row + array_.offset); }

std::string_view ArrowCells::text(std::int64_t row) const {
  if (dictionary_ != nullptr) {
    const std::int64_t code = integer(row);
    if (code < 0 || code >= array_.dictionary->length) {
      throw Error(Code::invalid, "the stream's dictionary has no entry " + std::to_string(code));
    }
    return dictionary_->text(code);
  }
  if (layout_.kind == Kind::text_view) return view(row);
  const std::int64_t place = row + array_.offset;
  std::int64_t from = 0, to = 0;
  if (layout_.width == 4) {
    from = at<std::int32_t>(buffer(1), place);
    to = at<std::int32_t>(buffer(1), place + 1);
  } else {
    from = at<std::int64_t>(buffer(1), place);
    to = at<std::int64_t>(buffer(1), place + 1);
  }
  if (from < 0 || to < from) throw Error(Code::invalid, "the stream's text offsets run backwards");
  if (from == to) return {};
  return {static_cast<const char*>(array_.buffers[2]) + from, static_cast<std::size_t>(to - from)};
}

/// 16 bytes: length, then up to 12 bytes of text, or four bytes of it, the number of a buffer and an offset there.
std::string_view ArrowCells::view(std::int64_t row) const {
  const unsigned char* cell = buffer(1) + static_cast<std::size_t>(row + array_.offset) * 16;
  const auto length = at<std::int32_t>(cell, 0);
  if (length < 0) throw Error(Code::invalid, "the stream's text has a negative length");
  if (length <= 12) return {reinterpret_cast<const char*>(cell) + 4, static_cast<std::size_t>(length)};
  const auto number = at<std::int32_t>(cell, 2);
  const auto offset = at<std::int32_t>(cell, 3);
  // Between the views and the last buffer, which holds the sizes, lie the variadic ones.
  if (number < 0 || number + 3 >= array_.n_buffers || offset < 0) {
    throw Error(Code::invalid, "the stream's text names a buffer that is not there");
  }
  return {static_cast<const char*>(array_.buffers[2 + number]) + offset, static_cast<std::size_t>(length)};
}

Value arrow_value(const ArrowLayout& layout, const ArrowCells& cells, std::int64_t row, const Field& field,
                  Currency currency) {
  if (cells.is_null(row)) return {};
  switch (layout.kind) {
    case Kind::none: return {};
    case Kind::text:
    case Kind::text_view: return parse_value(cells.text(row), field, currency);
    case Kind::dictionary:
      if (layout.values->kind != Kind::text && layout.values->kind != Kind::text_view) unfit(layout, field);
      return parse_value(cells.text(row), field, currency);
    case Kind::boolean:
      if (field.type != Type::boolean) unfit(layout, field);
      return cells.boolean(row);
    case Kind::integer:
      if (field.type == Type::money || field.type == Type::date || field.type == Type::timestamp ||
          field.type == Type::bytes || is_text(field.type)) {
        unfit(layout, field);
      }
      return cells.integer(row);
    case Kind::decimal:
      if (field.type != Type::decimal && field.type != Type::money) unfit(layout, field);
      return narrow_decimal(cells.decimal(row), layout.scale, field);
    case Kind::date:
    case Kind::time: return temporal(layout, cells.integer(row), field);
    case Kind::real: unfit(layout, field);
  }
  unfit(layout, field);
}

}  // namespace kith
