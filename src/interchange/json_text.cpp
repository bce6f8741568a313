// SPDX-License-Identifier: Apache-2.0
#include "interchange/json_text.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {

JsonWriter& JsonWriter::put(std::string_view token) {
  if (comma_) out_ += ',';
  out_ += token;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  if (comma_) out_ += ',';
  out_ += bracket;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  if (comma_) out_ += ',';
  quoted(name);
  out_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view text) {
  if (comma_) out_ += ',';
  quoted(text);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t number) { return put(std::to_string(number)); }

JsonWriter& JsonWriter::boolean(bool truth) { return put(truth ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return put("null"); }

JsonWriter& JsonWriter::value(const Value& value) {
  if (is_null(value)) return null();
  if (const auto* truth = std::get_if<bool>(&value)) return boolean(*truth);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return number(*whole);
  return text(to_string(value));
}

JsonWriter& JsonWriter::end_line() {
  out_ += '\n';
  comma_ = false;
  return *this;
}

void JsonWriter::quoted(std::string_view text) {
  out_ += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out_ += "\\\""; break;
      case '\\': out_ += "\\\\"; break;
      case '\n': out_ += "\\n"; break;
      case '\r': out_ += "\\r"; break;
      case '\t': out_ += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out_ += c;
        }
    }
  }
  out_ += '"';
}

OrderedJson parse_json(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> open;  // keys seen in each object around
  const auto watch = [&](int, OrderedJson::parse_event_t event, OrderedJson& value) {
    if (event == OrderedJson::parse_event_t::object_start) open.emplace_back();
    if (event == OrderedJson::parse_event_t::object_end) open.pop_back();
    if (event == OrderedJson::parse_event_t::key && !open.back().insert(value.get<std::string>()).second) {
      throw Error(Code::invalid, fmt::format("{} has the key {} twice in one object; keep the one that is meant", what,
                                             quote(value.get<std::string>())));
    }
    return true;
  };
  try {
    return OrderedJson::parse(text, watch);
  } catch (const OrderedJson::parse_error& error) {
    std::string_view reason = error.what();  // "[json.exception.parse_error.101] parse error at line 1, ..."
    if (const std::size_t tag = reason.find("] "); tag != std::string_view::npos) reason.remove_prefix(tag + 2);
    throw Error(Code::invalid, fmt::format("{} is no JSON: {}", what, reason));
  }
}

}  // namespace kith
