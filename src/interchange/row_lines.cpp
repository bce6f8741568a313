// SPDX-License-Identifier: Apache-2.0
#include "interchange/row_lines.hpp"

#include <istream>
#include <ostream>

#include "base/json.hpp"
#include "interchange/json_text.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 26;

void check_trailer(const OrderedJson& trailer, std::int64_t rows, const Digest& digest, const std::string& what) {
  const auto told = trailer.find("sha256");
  if (trailer.value("rows", std::int64_t{-1}) != rows || told == trailer.end() ||
      told->get<std::string>() != to_hex(digest)) {
    throw Error(Code::corrupt, "the " + what +
                                   " was changed or cut: its rows do not give the digest in its last line; make it "
                                   "again, or take another copy");
  }
}

}  // namespace

RowWriter::RowWriter(const Entity& entity, Currency base) : entity_(entity), base_(base) {
  if (!entity.roles.currency.empty()) currency_field_ = entity.at(entity.roles.currency);
}

void RowWriter::write(const Batch& batch, std::size_t row, std::string& line) const {
  line.clear();
  JsonWriter json(line);
  json.begin_object().key(entity_.name).begin_object();
  const Currency currency = currency_of(batch, row);
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    if (column.is_null(row)) continue;  // absent means null
    const Field& field = entity_.fields[i];
    json.key(field.name);
    if (field.type == Type::bytes) {
      json.text(to_hex(column.text(row)));
    } else if (column.is_text()) {
      json.text(column.text(row));
    } else {
      json.value(to_value(column.word(row), field, field.options.in_base ? base_ : currency));
    }
  }
  json.end_object().end_object();
  line += '\n';
}

Currency RowWriter::currency_of(const Batch& batch, std::size_t row) const {
  if (currency_field_ < 0 || batch.column(currency_field_).is_null(row)) return base_;
  return currency(batch.column(currency_field_).text(row));
}

std::string from_hex(const std::string& text, std::string_view field) {
  const auto digit = [&](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    throw Error(Code::invalid, "", std::string(field), "expected lower-case hexadecimal digits");
  };
  if (text.size() % 2 != 0) throw Error(Code::invalid, "", std::string(field), "has an odd number of digits");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return bytes;
}

void append_row(const OrderedJson& values, Currency base, Batch& batch, bool older) {
  const Entity& entity = *batch.entity;
  for (const auto& [name, value] : values.items()) static_cast<void>(entity.at(name));
  Currency money = base;
  if (!entity.roles.currency.empty() && values.contains(entity.roles.currency)) {
    money = currency(values.at(std::string(entity.roles.currency)).get<std::string>());
  }
  std::vector<Cell> cells;
  cells.reserve(entity.fields.size());
  for (const Field& field : entity.fields) {
    const auto value = values.find(std::string(field.name));
    if (value == values.end()) {
      if (older && !field.options.begins_as.empty()) {  // which stands before it
        cells.push_back(cells[static_cast<std::size_t>(entity.at(field.options.begins_as))]);
        continue;
      }
      if (!field.nullable) throw Error(Code::invalid, std::string(entity.name), std::string(field.name), "is missing");
      cells.emplace_back();
    } else if (field.type == Type::bytes) {
      cells.emplace_back(from_hex(value->get<std::string>(), field.name));
    } else if (is_text(field.type)) {
      cells.emplace_back(value->get<std::string>());
    } else if (value->is_string()) {
      const Currency unit = field.options.in_base ? base : money;
      cells.push_back(to_cell(parse_value(value->get<std::string>(), field, unit), field, unit));
    } else if (value->is_boolean()) {
      cells.emplace_back(std::int64_t{value->get<bool>()});
    } else {
      cells.emplace_back(value->get<std::int64_t>());
    }
  }
  for (std::size_t i = 0; i < cells.size(); ++i) batch.columns[i].append(cells[i]);
}

void SealedWriter::write(std::string_view line) {
  hash_.update(line);
  out_.write(line.data(), static_cast<std::streamsize>(line.size()));
  ++lines_;
}

void SealedWriter::end() {
  std::string trailer;
  JsonWriter(trailer).begin_object().key("rows").number(rows()).key("sha256").text(to_hex(hash_.digest())).end_object();
  out_ << trailer << '\n';
  if (!out_.flush()) throw Error(Code::storage, "the " + what_ + " could not be written; look for a full disk");
}

Digest read_sealed(std::istream& in, std::string_view what, const std::function<void(const OrderedJson&)>& header,
                   const std::function<void(const OrderedJson&)>& row) {
  const std::string named(what);
  Sha256 hash;
  bool closed = false;
  std::int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    try {
      if (closed) throw Error(Code::invalid, "follows the last line of the " + named);
      if (line.size() > kLongestLine) throw Error(Code::invalid, "is longer than any row");
      const auto json = parse_json(line, "the " + named);
      if (number > 1 && json.contains("sha256")) {
        check_trailer(json, number - 2, hash.digest(), named);
        closed = true;
        continue;
      }
      hash.update(line);
      hash.update("\n");
      number == 1 ? header(json) : row(json);
    } catch (const Json::exception& error) {
      throw Error(Code::invalid, "line " + std::to_string(number) + " of the " + named + ": " + error.what());
    } catch (const Error& error) {
      throw Error(error.code, error.entity, error.field,
                  "line " + std::to_string(number) + " of the " + named + ": " + error.message);
    }
  }
  if (!closed) {
    throw Error(Code::corrupt,
                "the " + named + " ends early: its last line with the digest is missing; take another copy");
  }
  return hash.digest();
}

}  // namespace kith
