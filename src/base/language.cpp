// SPDX-License-Identifier: Apache-2.0
#include "kith/base/language.hpp"

#include <algorithm>
#include <array>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"en", "zh", "ja"};

}  // namespace

std::string_view name_of(Language language) {
  const auto place = static_cast<std::size_t>(language) - 1;
  if (place >= kNames.size())
    throw Error(Code::misuse, "this number is no language; give 1 for English, 2 for Chinese, 3 for Japanese");
  return kNames[place];
}

Language parse_language(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) throw Error(Code::invalid, quote(name) + " is no language here; give en, zh or ja");
  return static_cast<Language>(1 + (found - kNames.begin()));
}

}  // namespace kith
