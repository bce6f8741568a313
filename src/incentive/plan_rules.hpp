// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The rules of plan documents, shared by the reader of documents and by plans made by hand, so that both report the
/// same violations under the same paths.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/incentive/plan.hpp"

namespace kith::incentive {

/// The violations found so far, each with its path in the document; `entity` says what kind of document that is.
class Findings {
 public:
  explicit Findings(std::string entity = "plan") : entity_(std::move(entity)) {}
  const std::string& entity() const { return entity_; }
  void add(std::string path, std::string message);
  std::vector<Violation> take() { return std::move(found_); }
  bool empty() const { return found_.empty(); }

 private:
  std::string entity_;
  std::vector<Violation> found_;
};
/// What is said of a required member that is not there.
std::string missing_text(const Findings& out);

/// A band as far as it could be read; what could not is absent and reported already.
struct RawBand {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  std::optional<Decimal> rate;
};

/// "path.key", or the key alone at the root.
std::string below(std::string_view path, std::string_view key);
/// "path[index]".
std::string at(std::string_view path, std::size_t index);

/// Text that names something: not blank, valid, at most 200 characters.
void check_name(std::string_view text, const std::string& path, Findings& out);
/// Range and digits of a rate.
void check_rate(Decimal rate, const std::string& path, Findings& out);
/// Order, gaps, overlaps and ends of a table; `digits` are those of the currency, for messages.
void check_bands(const std::vector<RawBand>& bands, std::optional<TierMode> mode, int digits, const std::string& path,
                 Findings& out);
/// The name of an enum's value, and the value of a name; Error{invalid} lists the names there are.
template <class Enum>
std::string choice_name(Enum value) {
  return std::string(Choices<Enum>::names[static_cast<std::size_t>(value) - 1]);
}
[[noreturn]] void fail_choice(std::string_view name, std::span<const std::string_view> known);
template <class Enum>
Enum parse_choice(std::string_view name) {
  const auto& names = Choices<Enum>::names;
  const auto* found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) fail_choice(name, names);
  return static_cast<Enum>(found - std::begin(names) + 1);
}

/// The number of an enum is that of one of its names.
template <class Enum>
void check_choice(Enum value, const std::string& path, Findings& out) {
  const auto number = static_cast<std::int32_t>(value);
  if (number >= 1 && number <= static_cast<std::int32_t>(std::size(Choices<Enum>::names))) return;
  std::string known;
  for (const std::string_view name : Choices<Enum>::names) known.append(known.empty() ? "" : ", ").append(name);
  out.add(path, std::to_string(number) + " is the number of none of " + known + ".");
}
/// A component made by hand.
void check_component(const Component& component, int digits, const std::string& path, Findings& out);
/// Names of components: no two alike.
void check_names_differ(const std::vector<Component>& components, Findings& out);
/// [from, to) holds at least a day.
void check_validity(Date from, Date to, Findings& out);

}  // namespace kith::incentive
