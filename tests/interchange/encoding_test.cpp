// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/encoding.hpp"

#include <gtest/gtest.h>

#include "kith/interchange/csv.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

std::string all_of(ByteSource& source) {
  std::string all;
  char piece[7];
  while (const std::size_t got = source.read(piece)) all.append(piece, got);
  return all;
}

// Bytes from the tables of the encodings.
constexpr std::string_view kGb = "name\n\xBA\xEA\xB4\xEF\xBB\xFA\xD0\xB5\n";                        // 宏达机械
constexpr std::string_view kBig5 = "name\n\xA7\xBB\xB9\x46\xBE\xF7\xB1\xF1\n";                      // 宏達機械
constexpr std::string_view kShiftJis = "name\n\x97\xE9\x96\xD8\x82\xCC\x83\x65\x83\x58\x83\x67\n";  // 鈴木のテスト

TEST(Encoding, IsFoundOutAndReported) {
  const struct {
    std::string_view bytes;
    Encoding encoding;
    std::string_view text;
    bool mark;
  } cases[] = {
      {kGb, Encoding::gb18030, "name\n宏达机械\n", false},
      {kBig5, Encoding::big5, "name\n宏達機械\n", false},
      {kShiftJis, Encoding::shift_jis, "name\n鈴木のテスト\n", false},
      {"name\nZoë\n", Encoding::utf8, "name\nZoë\n", false},
      {"\xEF\xBB\xBFname\n", Encoding::utf8, "name\n", true},
      {{"\xFF\xFE"
        "a\0\x8F\x5B",
        6},
       Encoding::utf16_le,
       "a宏",
       true},
      {{"\xFE\xFF"
        "\0a\x5B\x8F",
        6},
       Encoding::utf16_be,
       "a宏",
       true},
      {"", Encoding::utf8, "", false},
  };
  for (const auto& one : cases) {
    Decoded decoded = decode(text_source(one.bytes));
    EXPECT_EQ(name_of(decoded.report.encoding), name_of(one.encoding)) << one.text << ": " << decoded.report.why;
    EXPECT_EQ(decoded.report.mark, one.mark);
    EXPECT_FALSE(decoded.report.given);
    EXPECT_FALSE(decoded.report.why.empty());
    EXPECT_EQ(all_of(*decoded.source), one.text);
  }
}

TEST(Encoding, IsOverriddenByWhoKnowsBetter) {
  Decoded decoded = decode(text_source(kGb), parse_encoding("GBK"));
  EXPECT_TRUE(decoded.report.given);
  EXPECT_EQ(all_of(*decoded.source), "name\n宏达机械\n");
  EXPECT_KITH_ERROR(parse_encoding("latin1"), Code::invalid, "gb18030");
  for (const char* name : {"utf-8", "utf-16le", "utf-16be", "gb18030", "big5", "shift_jis"}) {
    EXPECT_EQ(name_of(parse_encoding(name)), name);
  }
}

TEST(Encoding, BytesWithoutAMeaningSpoilTheirRecordOnly) {
  const std::string bytes = std::string(kGb) + "\xFF\xFF\n" + "\xBA\xEA\n";
  CsvReader csv(decode(text_source(bytes), Encoding::gb18030).source);
  EXPECT_EQ(csv.next()->fields[0].text, "宏达机械");
  const CsvRecord* bad = csv.next();
  ASSERT_TRUE(bad != nullptr && bad->problem);
  EXPECT_EQ(bad->problem->fault, CsvFault::invalid_utf8);
  EXPECT_EQ(csv.next()->fields[0].text, "宏");
  EXPECT_EQ(csv.next(), nullptr);
}

TEST(Encoding, AStrayByteMakesUtf8NothingElse) {
  std::string bytes = "name\n";
  for (int i = 0; i < 20; ++i) bytes += "宏达机械\n";
  bytes += "\xFF\n宏\n";
  Decoded decoded = decode(text_source(bytes));
  EXPECT_EQ(decoded.report.encoding, Encoding::utf8);
  EXPECT_NE(decoded.report.why.find("1 byte of its beginning has no meaning"), std::string::npos) << decoded.report.why;
  EXPECT_EQ(all_of(*decoded.source), bytes);
}

TEST(Encoding, WhatMakesNoSenseInAnyIsLeftForTheReaderToReport) {
  // Western European bytes, in which every pair has some meaning in GB18030, but no common one.
  for (const std::string_view bytes : {"name\nM\xFCller\nK\xF6ln\n", "name\nCaf\xE9,\n", "\xFF\xFF\n"}) {
    Decoded decoded = decode(text_source(bytes));
    EXPECT_EQ(decoded.report.encoding, Encoding::utf8) << decoded.report.why;
    EXPECT_NE(decoded.report.why.find("makes no sense"), std::string::npos);
    EXPECT_EQ(all_of(*decoded.source), bytes);
  }
}

TEST(Encoding, LongTextsComeThroughInPieces) {
  std::string bytes, text;
  while (bytes.size() < 300'000) {
    bytes += "x";
    bytes += std::string(kGb.substr(5));
    text += "x宏达机械\n";
  }
  Decoded decoded = decode(text_source(bytes));
  EXPECT_EQ(decoded.report.encoding, Encoding::gb18030);
  EXPECT_EQ(all_of(*decoded.source), text);
}

}  // namespace
}  // namespace kith
