// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SHA-256 (FIPS 180-4), for the chain of works and the state digest. Uses the CPU's SHA instructions where it has
/// them. Pure; an object belongs to one thread at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith {

using Digest = std::array<std::uint8_t, 32>;

/// Incremental hash; a value, copyable mid-way.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  /// The digest of everything so far; the object can go on afterwards.
  Digest digest() const;

 private:
  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> block_;
  std::uint64_t bytes_ = 0;
};

Digest sha256(std::string_view bytes);
/// 64 lower-case hexadecimal digits.
std::string to_hex(const Digest& digest);
std::string to_hex(std::string_view bytes);

}  // namespace kith
