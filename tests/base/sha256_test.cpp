// SPDX-License-Identifier: Apache-2.0
#include "kith/base/sha256.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/sha256_blocks.hpp"

namespace kith {
namespace {

// Source: NIST, "Examples with Intermediate Values" for FIPS 180-4, and the empty message of the CAVP byte vectors.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
                          "lmnopqrsmnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameDigestAsTheWhole) {
  std::mt19937_64 random(1);
  std::string message;
  for (int i = 0; i < 1000; ++i) message += static_cast<char>(random());
  const Digest whole = sha256(message);
  for (int round = 0; round < 200; ++round) {
    Sha256 hash;
    for (std::size_t at = 0; at < message.size();) {
      const std::size_t size = std::min<std::size_t>(random() % 150, message.size() - at);
      hash.update(std::string_view(message).substr(at, size));
      at += size;
    }
    ASSERT_EQ(hash.digest(), whole) << round;
  }
}

TEST(Sha256, GoesOnAfterADigestAndCopiesMidWay) {
  Sha256 hash;
  hash.update("ab");
  EXPECT_EQ(hash.digest(), sha256("ab"));
  Sha256 copy = hash;
  hash.update("c");
  copy.update("d");
  EXPECT_EQ(hash.digest(), sha256("abc"));
  EXPECT_EQ(copy.digest(), sha256("abd"));
}

TEST(Sha256, BothFormsOfTheCompressionAgree) {
  const Sha256Blocks native = sha256_blocks_native();
  if (native == nullptr) GTEST_SKIP() << "this CPU has no SHA instructions";
  std::mt19937_64 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::array<std::uint32_t, 8> state;
    for (auto& word : state) word = static_cast<std::uint32_t>(random());
    std::array<std::uint8_t, 64 * 4 + 1> bytes;
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::array<std::uint32_t, 8> other = state;
    const std::size_t count = random() % 5;
    const std::uint8_t* start = bytes.data() + random() % 2;  // unaligned too
    sha256_blocks_portable(state, start, count);
    native(other, start, count);
    ASSERT_EQ(state, other) << round;
  }
}

TEST(Sha256, ThePortableFormAloneGivesKnownAnswers) {
  // "abc" with its padding is one block.
  std::array<std::uint8_t, 64> block{};
  block[0] = 'a';
  block[1] = 'b';
  block[2] = 'c';
  block[3] = 0x80;
  block[63] = 24;
  std::array<std::uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  sha256_blocks_portable(state, block.data(), 1);
  EXPECT_EQ(state[0], 0xba7816bfU);
  EXPECT_EQ(state[7], 0xf20015adU);
}

TEST(Sha256, Hexadecimal) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x0f\xf0\xff", 4)), "000ff0ff");
  EXPECT_EQ(to_hex(std::string_view()), "");
}

}  // namespace
}  // namespace kith
