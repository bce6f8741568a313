// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads JSON objects member by member, reporting what is missing, unknown or of the wrong kind under its path, so that
/// an author sees every fault at once.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "incentive/exact_number.hpp"
#include "incentive/plan_rules.hpp"

namespace kith::incentive {

/// Parses, refusing broken JSON with the byte. Errors: invalid, also above 256 MiB.
Json parse_json(std::string_view text, std::string_view entity);

/// A list of numbers as texts; what is none is reported.
std::vector<Fraction> read_numbers(const Json& list, const std::string& path, Findings& out);

class Node {
 public:
  Node(const Json& value, std::string path, Findings& out);

  const std::string& where() const { return path_; }
  std::string path(std::string_view key) const { return below(path_, key); }
  Findings& out() const { return *out_; }
  void fault(std::string_view key, std::string message) const { out_->add(path(key), std::move(message)); }

  bool has(std::string_view key) const;
  /// The member or null; a required one that is missing is reported.
  const Json* find(std::string_view key, bool required = true);
  std::string text(std::string_view key, bool required = true);
  /// Runs `read` on the text; its Error becomes a violation.
  template <class Read>
  auto parsed(std::string_view key, Read read, bool required = true) -> std::optional<decltype(read(std::string()))> {
    const std::size_t before = faults_;
    const std::string value = text(key, required);
    if (faults_ != before || (!required && !has(key))) return std::nullopt;
    try {
      return read(value);
    } catch (const Error& error) {
      fault(key, error.message);
      return std::nullopt;
    }
  }
  Fraction number(std::string_view key, bool required = true, Fraction absent = 0);
  bool flag(std::string_view key);  ///< required true or false
  std::int64_t integer(std::string_view key, bool required, std::int64_t absent);
  /// Index of the text in `names`; 0 with a report when it is none of them.
  std::size_t choice(std::string_view key, const std::vector<std::string_view>& names, bool required = true);
  /// Every element of a list.
  void each(std::string_view key, const std::function<void(const Json&, const std::string&)>& visit,
            bool required = true);
  std::vector<std::string> texts(std::string_view key, bool required = true);
  std::vector<Fraction> numbers(std::string_view key);
  /// Reports members nobody asked for.
  void finish();

 private:
  const Json* object_ = nullptr;
  std::string path_;
  Findings* out_;
  std::size_t faults_ = 0;
  std::vector<std::string> known_;
};

}  // namespace kith::incentive
