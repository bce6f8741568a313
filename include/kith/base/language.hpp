// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The languages that texts for people come in.

#include <cstdint>
#include <string_view>

namespace kith {

/// Numbers are stable.
enum class Language : std::int32_t {
  english = 1,
  chinese = 2,  ///< simplified
  japanese = 3,
};

/// Its two letters by ISO 639: "en", "zh", "ja".
std::string_view name_of(Language language);
/// The reverse. Error{invalid} naming those that are known.
Language parse_language(std::string_view name);

}  // namespace kith
