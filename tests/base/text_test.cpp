// SPDX-License-Identifier: Apache-2.0
#include "kith/base/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/quote.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

constexpr std::size_t kValid = std::string_view::npos;

std::string encode(char32_t point) {
  const auto byte = [](char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)), byte(0x80 | (point >> 6 & 0x3F)),
          byte(0x80 | (point & 0x3F))};
}

bool is_surrogate(char32_t point) { return point >= 0xD800 && point <= 0xDFFF; }

TEST(Utf8, EveryCodePointButNulAndSurrogatesIsValid) {
  for (char32_t point = 1; point <= 0x10FFFF; ++point) {
    const std::size_t expected = is_surrogate(point) ? 0 : kValid;
    ASSERT_EQ(invalid_utf8(encode(point)), expected) << static_cast<unsigned>(point);
  }
}

TEST(Utf8, NoOtherBytesAreValid) {
  // All sequences of two and three bytes: they are valid only if encoding some code point gives them.
  std::vector<bool> encodings(1U << 24);
  const auto number = [](std::string_view bytes) {
    unsigned result = 0;
    for (char c : bytes) result = result << 8 | static_cast<unsigned char>(c);
    return result;
  };
  for (char32_t point = 0x80; point < 0x10000; ++point) {
    if (!is_surrogate(point)) encodings[number(encode(point))] = true;
  }
  for (unsigned lead = 0x80; lead < 0x100; ++lead) {
    for (unsigned second = 0; second < 0x100; ++second) {
      const char two[] = {static_cast<char>(lead), static_cast<char>(second)};
      ASSERT_EQ(invalid_utf8({two, 2}), encodings[lead << 8 | second] ? kValid : 0) << lead << " " << second;
      if (lead < 0xE0 || lead > 0xEF) continue;
      for (unsigned third = 0; third < 0x100; ++third) {
        const char three[] = {two[0], two[1], static_cast<char>(third)};
        const bool good = encodings[(lead << 16) | (second << 8) | third];
        ASSERT_EQ(invalid_utf8({three, 3}), good ? kValid : 0) << lead << " " << second << " " << third;
      }
    }
  }
}

TEST(Utf8, NamesTheFirstBadByte) {
  const struct {
    std::string_view text;
    std::size_t at;
  } rows[] = {{"", kValid},
              {"plain", kValid},
              {"客户关系", kValid},
              {"😀", kValid},
              {"\xF4\x8F\xBF\xBF", kValid},
              {std::string_view("\0", 1), 0},
              {std::string_view("a\0b", 3), 1},
              {std::string_view("12345678abcdefg\0", 16), 15},
              {std::string_view("1234\0"
                                "678",
                                8),
               4},
              {"abc\x80", 3},
              {"客\xE5", 3},
              {"客\xE5\xAE", 3},
              {"\xC0\xAF", 0},
              {"\xC1\xBF", 0},
              {"\xE0\x9F\xBF", 0},
              {"\xED\xA0\x80", 0},
              {"\xED\xBF\xBF", 0},
              {"\xF0\x8F\xBF\xBF", 0},
              {"\xF4\x90\x80\x80", 0},
              {"\xF5\x80\x80\x80", 0},
              {"\xF8\x88\x80\x80\x80", 0},
              {"\xFE", 0},
              {"\xFF", 0},
              {"\xF0\x9F\x98", 0},
              {"\xF0\x9F\x98x", 0},
              {"abcdefgh\xC3(", 8},
              {"\xCD\xF2\xB4\xEF", 0}};  // GBK, not UTF-8
  for (const auto& row : rows) EXPECT_EQ(invalid_utf8(row.text), row.at) << quote(row.text);
}

TEST(Fold, NamesThatReadAlikeHaveOneKey) {
  EXPECT_EQ(fold("Ｇoogle  ÉCOLE"), "google école");
  EXPECT_EQ(fold("google école"), "google école");
  EXPECT_EQ(fold("  ACME\t\n Co.,  Ltd. "), "acme co., ltd.");
  EXPECT_EQ(fold("e\xCC\x81"
                 "cole"),
            fold("école"));
  EXPECT_EQ(fold("１３８００１３８０００"), "13800138000");
  EXPECT_EQ(fold("Straße"), fold("STRASSE"));
  EXPECT_EQ(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφος"));
  EXPECT_EQ(fold("ﾃﾚﾋﾞ"), fold("テレビ"));
  EXPECT_EQ(fold("㈱日立"), "(株)日立");
  EXPECT_EQ(fold("华为技术　有限公司"), "华为技术 有限公司");
  EXPECT_EQ(fold("한국"), fold("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xE1\x84\x80\xE1\x85\xAE\xE1\x86\xA8"));
  EXPECT_NE(fold("万科"), fold("萬科"));
}

TEST(Fold, WhiteSpaceOfEveryKind) {
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold("   \t\r\n "), "");
  EXPECT_EQ(fold("\xE3\x80\x80\xC2\xA0"), "");
  EXPECT_EQ(fold("a\xC2\xA0\xE3\x80\x80 b\xE2\x80\xA9"), "a b");
  EXPECT_EQ(fold("\xE2\x80\xA8"
                 "客\xC2\x85户\xE1\x9A\x80"),
            "客 户");
  EXPECT_EQ(fold("a\xE2\x80\x8B"
                 "b\xC2\xAD\xEF\xBB\xBF"),
            "ab")
      << "invisible code points are no part of a name";
}

TEST(Fold, IdeographsFoldAlikeWithAndWithoutTheTables) {
  for (char32_t point = 0x4DC0; point <= 0xA010; ++point) {
    const std::string alone = fold(encode(point) + " A");
    // The accent sends the whole text through the tables.
    ASSERT_EQ(fold(encode(point) + " A\xC3\x89"), alone + "é") << static_cast<unsigned>(point);
  }
}

TEST(Fold, RefusesInvalidText) {
  EXPECT_KITH_ERROR(fold("客\xFF"), Code::invalid, "Byte 4 of '客\\xFF' is no valid UTF-8");
  EXPECT_KITH_ERROR(fold(std::string_view("a\0", 2)), Code::invalid, "Byte 2");
}

TEST(Fold, FoldingTwiceChangesNothing) {
  for (char32_t point = 1; point <= 0x1FFFF; ++point) {
    if (is_surrogate(point)) continue;
    const std::string once = fold("x" + encode(point) + "Y");
    ASSERT_EQ(invalid_utf8(once), kValid) << static_cast<unsigned>(point);
    ASSERT_EQ(fold(once), once) << static_cast<unsigned>(point);
  }
}

TEST(Length, CountsCodePoints) {
  EXPECT_EQ(length(""), 0U);
  EXPECT_EQ(length("abc"), 3U);
  EXPECT_EQ(length("客户"), 2U);
  EXPECT_EQ(length("e\xCC\x81😀"), 3U);
}

using Names = std::vector<std::string>;
constexpr std::string_view kStages[] = {"Qualification", "Proposal", "Negotiation", "Closed won",
                                        "Closed lost",   "成交客户", "潜在客户"};

TEST(NearNames, WithinTwoEdits) {
  EXPECT_EQ(near_names("proposal", kStages), Names{"Proposal"});
  EXPECT_EQ(near_names("Propsoal", kStages), Names{"Proposal"});
  EXPECT_EQ(near_names("Porposla", kStages), Names{"Proposal"});
  EXPECT_EQ(near_names("Propose", kStages), Names{"Proposal"});
  EXPECT_EQ(near_names("Prpsl", kStages), Names{});
  EXPECT_EQ(near_names("ｎｅｇｏｔｉａｔｉｏｎ", kStages), Names{"Negotiation"});
  EXPECT_EQ(near_names("成交用户", kStages), Names{"成交客户"});
}

TEST(NearNames, OneEditForShortWords) {
  constexpr std::string_view kCodes[] = {"USD", "UYU", "SGD"};
  EXPECT_EQ(near_names("UDS", kCodes), Names{"USD"});
  EXPECT_EQ(near_names("XGX", kCodes), Names{});
  EXPECT_EQ(near_names("US", kCodes), Names{"USD"});
}

TEST(NearNames, HoldingTheWord) {
  EXPECT_EQ(near_names("closed", kStages), (Names{"Closed won", "Closed lost"}));
  EXPECT_EQ(near_names("客户", kStages), (Names{"成交客户", "潜在客户"}));
  EXPECT_EQ(near_names("Negotiation with the board", kStages), Names{});
}

TEST(NearNames, NearestFirstAndAtMost) {
  constexpr std::string_view kNames[] = {"amount_net", "amouns", "amount", "amounts"};
  EXPECT_EQ(near_names("amount", kNames), (Names{"amount", "amouns", "amounts"}));
  EXPECT_EQ(near_names("amount", kNames, 1), Names{"amount"});
  EXPECT_EQ(near_names("amount", kNames, 9), (Names{"amount", "amouns", "amounts", "amount_net"}));
  EXPECT_EQ(near_names("amount", kNames, 0), Names{});
}

TEST(NearNames, UnrestrictedSwaps) {
  // "ca" to "abc" takes two edits (swap, insert between), which the restricted distance counts as three.
  constexpr std::string_view kNames[] = {"xabcx"};
  EXPECT_EQ(near_names("xcax", kNames), Names{"xabcx"});
}

TEST(NearNames, BadWordsGiveNothing) {
  EXPECT_EQ(near_names("", kStages), Names{});
  EXPECT_EQ(near_names(" \t", kStages), Names{});
  EXPECT_EQ(near_names("Propos\xFF", kStages), Names{});
  constexpr std::string_view kBroken[] = {"Proposal\xFF", "Proposal"};
  EXPECT_EQ(near_names("Proposal", kBroken), Names{"Proposal"});
}

TEST(Suggest, NearElseKnown) {
  EXPECT_EQ(suggest("Close won", kStages), " Did you mean Closed won?");
  EXPECT_EQ(suggest("closed", kStages), " Did you mean Closed won, Closed lost?");
  constexpr std::string_view kFew[] = {"a1", "b2"};
  EXPECT_EQ(suggest("something", kFew), " Known are a1, b2.");
  constexpr std::string_view kTwice[] = {"a1", "b2", "a1"};
  EXPECT_EQ(suggest("something", kTwice), " Known are a1, b2.") << "versions of one thing share its name";
  EXPECT_EQ(suggest("something", {}), "");
  constexpr std::string_view kMany[] = {"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10"};
  EXPECT_EQ(suggest("something", kMany), " Known are n1, n2, n3, n4, n5, n6, n7, n8 and 2 more.");
  EXPECT_EQ(did_you_mean("something", kMany), "");
}

TEST(Quoted, StaysShortAndPrintable) {
  EXPECT_EQ(quote("客户"), "'客户'");
  EXPECT_EQ(quote(std::string_view("a\0\n\x7F\xFF", 5)), "'a\\x00\\x0A\\x7F\\xFF'");
  EXPECT_EQ(quote(std::string(60, 'a')), "'" + std::string(60, 'a') + "'");
  EXPECT_EQ(quote(std::string(61, 'a')), "'" + std::string(60, 'a') + "...'");
  EXPECT_EQ(invalid_utf8(quote(std::string(59, 'a') + "客户")), kValid);
}

}  // namespace
}  // namespace kith
