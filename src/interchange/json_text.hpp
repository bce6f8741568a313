// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// JSON as text with one spelling: no blanks, keys in the order they are given, the fewest escapes. Two runs that say
/// the same give the same bytes, so exports can be compared and hashed. And strict reading of small documents.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "kith/schema/value.hpp"

namespace kith {

/// Appends JSON to a string. The caller keeps the order right: in an object each `key` is followed by one value.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view text);
  JsonWriter& number(std::int64_t number);
  JsonWriter& boolean(bool truth);
  JsonWriter& null();
  /// Ids, decimals and money as text (a reader's doubles would spoil them), dates and timestamps as text.
  JsonWriter& value(const Value& value);
  /// Ends a line of JSON lines.
  JsonWriter& end_line();

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& put(std::string_view token);
  void quoted(std::string_view text);

  std::string& out_;
  bool comma_ = false;
};

/// Reads a document. `what` names it in messages ("the mapping"). Error{invalid} for a syntax error (with line and
/// column) and for a key that stands twice in one object, which would silently lose the first.
OrderedJson parse_json(std::string_view text, std::string_view what);

}  // namespace kith
