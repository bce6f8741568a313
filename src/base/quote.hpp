// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Input as it may stand in a message: whatever a caller sent, the message stays short, printable, valid UTF-8.

#include <span>
#include <string>
#include <string_view>

namespace kith {

/// The text in single quotes; control and invalid bytes as \xNN, cut after about 60 bytes at a code point.
std::string quote(std::string_view text);

/// " Did you mean a, b?" from `near_names`, or nothing; where listing all known names would help nobody.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace kith
