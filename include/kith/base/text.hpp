// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// UTF-8 text: checked on the way in, folded into keys for comparison. SQL's lower(), LIKE and collations are
/// never trusted. Pure and thread-safe.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// Byte offset of the first byte that is no valid UTF-8 (overlong forms, surrogates and NUL count), or npos.
std::size_t invalid_utf8(std::string_view text);

/// The comparison key of a name: NFKC, case-folded, without invisible code points (Unicode's NFKC_Casefold), ends
/// trimmed, inner white space to one blank. "Ｇoogle  ÉCOLE" and "google école" have one key. Folding a key again
/// changes nothing. Errors: invalid for bytes that are no UTF-8.
std::string fold(std::string_view text);

/// Number of code points; text must be valid.
std::size_t length(std::string_view text);

/// Candidates within two edits of `word` (one when it has less than four letters; insert, delete, replace, swap; after
/// folding) or holding it, nearest first, at most `most`. None for a blank or broken word. Feeds "did you mean".
std::vector<std::string> near_names(std::string_view word, std::span<const std::string_view> known,
                                    std::size_t most = 3);

/// " Did you mean a, b?" from `near_names`, else " Known are a, b, c." (at most eight, then how many more), else
/// nothing; for the end of a message.
std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace kith
