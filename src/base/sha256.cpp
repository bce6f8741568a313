// SPDX-License-Identifier: Apache-2.0
// FIPS 180-4, section 6.2. The names a to h, w and k are those of the standard.
#include "kith/base/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define KITH_SHA_NI 1
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "base/sha256_blocks.hpp"

namespace kith {
namespace {

// Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, section 4.2.2).
alignas(16) constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Fractional parts of the square roots of the first eight primes (section 5.3.3).
constexpr std::array<std::uint32_t, 8> kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

std::uint32_t load_big(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

void store_big(std::uint32_t word, std::uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(word >> (24 - 8 * i));
}

std::uint32_t mix(std::uint32_t x, int first, int second, int third) {
  return std::rotr(x, first) ^ std::rotr(x, second) ^ std::rotr(x, third);
}

#ifdef KITH_SHA_NI

bool cpu_has_sha() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

#endif

}  // namespace

void sha256_blocks_portable(std::array<std::uint32_t, 8>& state, const std::uint8_t* bytes, std::size_t count) {
  std::array<std::uint32_t, 64> w;
  for (; count > 0; --count, bytes += 64) {
    for (std::size_t t = 0; t < 16; ++t) w[t] = load_big(bytes + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t low = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
      const std::uint32_t high = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
      w[t] = high + w[t - 7] + low + w[t - 16];
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
      const std::uint32_t first = h + mix(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
      const std::uint32_t second = mix(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    const std::array<std::uint32_t, 8> added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += added[i];
  }
}

#ifdef KITH_SHA_NI

// The instructions want the state as (a, b, e, f) and (c, d, g, h), the first letter in the highest lane. Each step
// of the loop makes four rounds; from the fifth on, four words of the schedule come from the last sixteen.
__attribute__((target("sha,sse4.1,ssse3"))) void sha256_blocks_sha_ni(std::array<std::uint32_t, 8>& state,
                                                                      const std::uint8_t* bytes, std::size_t count) {
  const auto lane = [&](std::size_t i) { return static_cast<int>(state[i]); };
  __m128i abef = _mm_set_epi32(lane(0), lane(1), lane(4), lane(5));
  __m128i cdgh = _mm_set_epi32(lane(2), lane(3), lane(6), lane(7));
  const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  for (; count > 0; --count, bytes += 64) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];
#pragma GCC unroll 16
    for (int t = 0; t < 16; ++t) {
      __m128i& words = w[t % 4];
      if (t < 4) {
        words = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + t), big_endian);
      } else {
        const __m128i last = w[(t + 3) % 4];
        const __m128i shifted = _mm_alignr_epi8(last, w[(t + 2) % 4], 4);
        words = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(words, w[(t + 1) % 4]), shifted), last);
      }
      const __m128i k = _mm_load_si128(reinterpret_cast<const __m128i*>(kRound.data()) + t);
      const __m128i sum = _mm_add_epi32(words, k);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  std::uint32_t fe_ba[4];
  std::uint32_t hg_dc[4];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(fe_ba), abef);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(hg_dc), cdgh);
  state = {fe_ba[3], fe_ba[2], hg_dc[3], hg_dc[2], fe_ba[1], fe_ba[0], hg_dc[1], hg_dc[0]};
}

Sha256Blocks sha256_blocks_native() { return cpu_has_sha() ? &sha256_blocks_sha_ni : nullptr; }

#else

Sha256Blocks sha256_blocks_native() { return nullptr; }

#endif

namespace {

void blocks(std::array<std::uint32_t, 8>& state, const std::uint8_t* bytes, std::size_t count) {
  static const Sha256Blocks chosen =
      sha256_blocks_native() != nullptr ? sha256_blocks_native() : &sha256_blocks_portable;
  chosen(state, bytes, count);
}

}  // namespace

Sha256::Sha256() : state_(kStart) {}

void Sha256::update(std::string_view bytes) {
  const std::size_t held = bytes_ % 64;
  bytes_ += bytes.size();
  if (held > 0) {
    const std::size_t taken = std::min(64 - held, bytes.size());
    std::memcpy(block_.data() + held, bytes.data(), taken);
    bytes.remove_prefix(taken);
    if (held + taken < 64) return;
    blocks(state_, block_.data(), 1);
  }
  if (bytes.size() >= 64) blocks(state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size() / 64);
  const std::size_t rest = bytes.size() % 64;
  if (rest > 0) std::memcpy(block_.data(), bytes.data() + (bytes.size() - rest), rest);
}

Digest Sha256::digest() const {
  // One bit, zeros, and the length in bits fill one block, or two where fewer than eight bytes are left.
  std::array<std::uint8_t, 128> tail{};
  const std::size_t held = bytes_ % 64;
  std::memcpy(tail.data(), block_.data(), held);
  tail[held] = 0x80;
  const std::size_t size = held < 56 ? 64 : 128;
  store_big(static_cast<std::uint32_t>(bytes_ >> 29), tail.data() + size - 8);
  store_big(static_cast<std::uint32_t>(bytes_ << 3), tail.data() + size - 4);
  std::array<std::uint32_t, 8> state = state_;
  blocks(state, tail.data(), size / 64);
  Digest digest;
  for (std::size_t i = 0; i < 8; ++i) store_big(state[i], digest.data() + 4 * i);
  return digest;
}

Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.digest();
}

std::string to_hex(const Digest& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex(bytes.size() * 2, '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    hex[2 * i] = kDigits[byte >> 4];
    hex[2 * i + 1] = kDigits[byte & 15];
  }
  return hex;
}

}  // namespace kith
