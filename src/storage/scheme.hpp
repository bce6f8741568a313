// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What kind of storage a URL names: one answer for everybody who asks.

#include <string>
#include <string_view>

namespace kith {

/// The scheme in front of a colon in small letters (capitals mean the same, RFC 3986), "postgresql" for the shorter
/// name too; nothing for a path: one letter is a drive, and a path may hold colons behind a slash. Errors: invalid
/// where blanks stand before a scheme that Kith knows, or what stands before "://" is none.
std::string scheme_of(std::string_view url);

}  // namespace kith
