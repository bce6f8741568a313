// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The compression function of SHA-256 in its two forms, apart so that a test can hold one against the other.

#include <array>
#include <cstddef>
#include <cstdint>

namespace kith {

/// Folds `count` blocks of 64 bytes into the state.
using Sha256Blocks = void (*)(std::array<std::uint32_t, 8>& state, const std::uint8_t* bytes, std::size_t count);

void sha256_blocks_portable(std::array<std::uint32_t, 8>& state, const std::uint8_t* bytes, std::size_t count);

/// The form on the CPU's SHA instructions, or null where this CPU has none.
Sha256Blocks sha256_blocks_native();

}  // namespace kith
