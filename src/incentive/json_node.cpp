// SPDX-License-Identifier: Apache-2.0
#include "incentive/json_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "kith/base/text.hpp"

namespace kith::incentive {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 28;

/// Finds the first key that an object has twice, of which a reader would silently take one.
class Twice {
 public:
  const std::string& path() const { return path_; }

  void see(Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    if (!path_.empty()) return;
    switch (event) {
      case Event::key: key(value.get_ref<const std::string&>()); return;
      case Event::object_start: open(false); return;
      case Event::array_start: open(true); return;
      case Event::value: begin(); return;
      case Event::object_end:
      case Event::array_end: open_.pop_back(); return;
    }
  }

 private:
  struct Level {
    bool list = false;
    std::size_t element = 0;  ///< of a list, from 1
    std::string key = {};
    std::set<std::string> keys = {};
  };

  void begin() {
    if (!open_.empty() && open_.back().list) ++open_.back().element;
  }
  void open(bool list) {
    begin();
    open_.push_back({.list = list});
  }
  void key(const std::string& name) {
    Level& level = open_.back();
    level.key = name;
    if (level.keys.insert(name).second) return;
    for (const Level& one : open_) path_ = one.list ? at(path_, one.element - 1) : below(path_, one.key);
  }

  std::vector<Level> open_;
  std::string path_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view entity) {
  if (text.size() > kLargest) {
    throw Error(Code::invalid, std::string(entity), "",
                fmt::format("The document has {} bytes; at most {} are read.", text.size(), kLargest));
  }
  try {
    Twice twice;
    Json document = Json::parse(text, [&](int, Json::parse_event_t event, Json& value) {
      twice.see(event, value);
      return true;
    });
    if (!twice.path().empty()) {
      throw Error(Code::invalid, std::string(entity), twice.path(), "The key stands twice here; say it once.");
    }
    return document;
  } catch (const Json::parse_error& error) {
    throw Error(Code::invalid, std::string(entity), "",
                fmt::format("The document is no JSON: it breaks at byte {}.", error.byte));
  }
}

Node::Node(const Json& value, std::string path, Findings& out) : path_(std::move(path)), out_(&out) {
  if (value.is_object()) {
    object_ = &value;
  } else {
    out_->add(path_, "Expected an object in braces.");
  }
}

bool Node::has(std::string_view key) const { return object_ != nullptr && object_->contains(std::string(key)); }

const Json* Node::find(std::string_view key, bool required) {
  known_.emplace_back(key);
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(std::string(key));
  if (found != object_->end()) return &*found;
  if (required) {
    ++faults_;
    fault(key, missing_text(*out_));
  }
  return nullptr;
}

std::string Node::text(std::string_view key, bool required) {
  const Json* value = find(key, required);
  if (value == nullptr) {
    if (object_ == nullptr) ++faults_;
    return {};
  }
  if (value->is_string()) return value->get<std::string>();
  ++faults_;
  fault(key, value->is_number() ? fmt::format("Found a JSON number; write it as text: \"{}\".", value->dump())
                                : std::string("Expected a text."));
  return {};
}

Fraction Node::number(std::string_view key, bool required, Fraction absent) {
  const auto value = parsed(
      key, [](const std::string& text) { return parse_number(text); }, required);
  return value ? *value : absent;
}

bool Node::flag(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  ++faults_;
  fault(key, "Expected true or false.");
  return false;
}

std::int64_t Node::integer(std::string_view key, bool required, std::int64_t absent) {
  const Json* value = find(key, required);
  if (value == nullptr) return absent;
  if (value->is_number_integer() && (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX)) {
    return value->get<std::int64_t>();
  }
  ++faults_;
  fault(key, "Expected a whole JSON number.");
  return absent;
}

std::size_t Node::choice(std::string_view key, const std::vector<std::string_view>& names, bool required) {
  const auto read = [&](const std::string& text) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) fail_choice(text, names);
    return static_cast<std::size_t>(found - names.begin());
  };
  return parsed(key, read, required).value_or(0);
}

void Node::each(std::string_view key, const std::function<void(const Json&, const std::string&)>& visit,
                bool required) {
  const Json* list = find(key, required);
  if (list == nullptr) return;
  if (!list->is_array()) {
    ++faults_;
    fault(key, "Expected a list.");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) visit((*list)[i], at(path(key), i));
}

std::vector<std::string> Node::texts(std::string_view key, bool required) {
  std::vector<std::string> result;
  each(
      key,
      [&](const Json& value, const std::string& where) {
        if (value.is_string()) {
          result.push_back(value.get<std::string>());
        } else {
          out_->add(where, "Expected a text.");
        }
      },
      required);
  return result;
}

std::vector<Fraction> Node::numbers(std::string_view key) {
  const Json* list = find(key);
  return list == nullptr ? std::vector<Fraction>() : read_numbers(*list, path(key), *out_);
}

std::vector<Fraction> read_numbers(const Json& list, const std::string& path, Findings& out) {
  std::vector<Fraction> result;
  if (!list.is_array()) out.add(path, "Expected a list of numbers as texts.");
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) {
    try {
      if (!list[i].is_string()) throw Error(Code::invalid, "Expected a number as text.");
      result.push_back(parse_number(list[i].get<std::string>()));
    } catch (const Error& error) {
      out.add(at(path, i), error.message);
    }
  }
  return result;
}

void Node::finish() {
  if (object_ == nullptr) return;
  std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& [key, value] : object_->items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    fault(key, fmt::format("There is no such key here.{}", suggest(key, known)));
  }
}

}  // namespace kith::incentive
