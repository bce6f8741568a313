// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "kith/base/error.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

using Cells = std::vector<std::string>;
using Rows = std::vector<Cells>;

CsvReader reader_of(std::string_view text, CsvOptions options = {}) { return CsvReader(text_source(text), options); }

Cells cells_of(const CsvRecord& record) {
  Cells cells;
  for (const CsvField& field : record.fields) cells.emplace_back(field.text);
  return cells;
}

/// Every record of a text that must be without problems.
Rows rows_of(std::string_view text, CsvOptions options = {}) {
  CsvReader reader(text_source(text), options);
  Rows rows;
  while (const CsvRecord* record = reader.next()) {
    EXPECT_FALSE(record->problem) << record->line << ": " << record->problem->message;
    rows.push_back(cells_of(*record));
  }
  return rows;
}

/// A source that gives out `step` bytes at a time.
std::unique_ptr<ByteSource> dripping(std::string_view text, std::size_t step) {
  auto left = std::make_shared<std::string_view>(text);
  return callback_source([left, step](std::span<char> into) {
    const std::size_t count = std::min({step, into.size(), left->size()});
    std::copy_n(left->data(), count, into.data());
    left->remove_prefix(count);
    return count;
  });
}

CsvProblem only_problem(std::string_view text, CsvOptions options = {}) {
  CsvReader reader(text_source(text), options);
  std::optional<CsvProblem> found;
  while (const CsvRecord* record = reader.next()) {
    if (!record->problem) continue;
    EXPECT_FALSE(found) << "a second problem: " << record->problem->message;
    found = record->problem;
  }
  EXPECT_TRUE(found);
  return found.value_or(CsvProblem{});
}

TEST(CsvReader, ReadsEveryLineEndAndDelimiter) {
  const Rows expected = {{"1", "x"}, {"2", ""}};
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    for (const std::string delimiter : {",", ";", "\t"}) {
      const std::string text = "a" + delimiter + "b" + end + "1" + delimiter + "x" + end + "2" + delimiter;
      const std::string whole = text + end;
      CsvReader reader = reader_of(whole);
      EXPECT_EQ(reader.header(), (Cells{"a", "b"}));
      EXPECT_EQ(reader.delimiter(), delimiter[0]);
      EXPECT_EQ(rows_of(whole), expected);
      EXPECT_EQ(rows_of(text), expected) << "without a line end after the last record";
      EXPECT_EQ(rows_of("\xEF\xBB\xBF" + text), expected) << "with a byte order mark";
    }
  }
}

TEST(CsvReader, UndoesQuotesAndTellsEmptyTextFromNothing) {
  CsvReader reader = reader_of("a,b,c,d\n\"x \"\"y\"\", z\",\"\",,\"two\r\nlines\"\n");
  const CsvRecord* record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(cells_of(*record), (Cells{"x \"y\", z", "", "", "two\r\nlines"}));
  EXPECT_TRUE(record->fields[1].quoted);
  EXPECT_FALSE(record->fields[2].quoted);
  EXPECT_EQ(record->raw, "\"x \"\"y\"\", z\",\"\",,\"two\r\nlines\"");
  EXPECT_FALSE(reader.next());
}

TEST(CsvReader, AQuoteInsideAnUnquotedFieldIsACharacter) {
  EXPECT_EQ(rows_of("a,b\n5\" disc, \"x\n"), (Rows{{"5\" disc", " \"x"}}));
}

TEST(CsvReader, CountsPhysicalLines) {
  CsvReader reader = reader_of("a,b\r\n\"1\r\n\n\r2\",x\r\n\r\n3,\"4\"\r\n");
  const CsvRecord* record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->line, 2);
  EXPECT_EQ(record->number, 1);
  EXPECT_EQ(reader.place(record->fields[1]), (std::pair<std::int64_t, std::int64_t>{5, 4}));
  record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->line, 7) << "the empty line between is counted, not read";
  EXPECT_EQ(record->number, 2);
  EXPECT_EQ(reader.place(record->fields[1]), (std::pair<std::int64_t, std::int64_t>{7, 3}));
}

TEST(CsvReader, PlacesCountCodePoints) {
  CsvReader reader = reader_of("名,值\n華夏公司,7\n");
  const CsvRecord* record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(reader.place(record->fields[1]), (std::pair<std::int64_t, std::int64_t>{2, 6}));
}

TEST(CsvReader, AnEmptyLineIsARecordOfASingleColumn) {
  EXPECT_EQ(rows_of("a\n\nx\n"), (Rows{{""}, {"x"}}));
  EXPECT_EQ(rows_of("a,b\n\n1,2\n\n"), (Rows{{"1", "2"}}));
}

TEST(CsvReader, AHeaderIsNotNeeded) {
  CsvOptions options;
  options.header = false;
  EXPECT_EQ(rows_of("1,2\n3,4", options), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(rows_of("", options), Rows{});
}

TEST(CsvReader, GoesOnAfterBadRecords) {
  CsvReader reader = reader_of("a,b\n1,2,3\n4\n5,\"6\"x\n7,\xC4\xE3\n8,9\n");
  std::vector<std::pair<CsvFault, std::int64_t>> faults;
  Rows good;
  while (const CsvRecord* record = reader.next()) {
    if (record->problem) {
      EXPECT_FALSE(record->problem->fatal);
      faults.emplace_back(record->problem->fault, record->problem->line);
    } else {
      good.push_back(cells_of(*record));
    }
  }
  EXPECT_EQ(faults, (std::vector<std::pair<CsvFault, std::int64_t>>{{CsvFault::field_count, 2},
                                                                    {CsvFault::field_count, 3},
                                                                    {CsvFault::text_after_quote, 4},
                                                                    {CsvFault::invalid_utf8, 5}}));
  EXPECT_EQ(good, (Rows{{"8", "9"}}));
}

TEST(CsvReader, NamesThePlaceOfEachFault) {
  CsvProblem found = only_problem("a,b\n1,2\n3,\"x\ny\"z\n");
  EXPECT_EQ(found.fault, CsvFault::text_after_quote);
  EXPECT_EQ(std::tuple(found.line, found.column, found.field), std::tuple(4, 3, 2u));
  EXPECT_NE(found.message.find("opened on line 3, column 3"), std::string::npos) << found.message;

  found = only_problem("a,b\n華\xFF,2\n");
  EXPECT_EQ(found.fault, CsvFault::invalid_utf8);
  EXPECT_EQ(std::tuple(found.line, found.column, found.field), std::tuple(2, 2, 1u));
  EXPECT_NE(found.message.find("0xFF"), std::string::npos) << found.message;

  found = only_problem(std::string_view("a,b\n1,x\0y\n", 10));
  EXPECT_EQ(found.fault, CsvFault::nul_byte);
  EXPECT_EQ(std::tuple(found.line, found.column, found.field), std::tuple(2, 4, 2u));

  found = only_problem("a,b\n1,2\n3,\"x\n4,5\n6,7\n");
  EXPECT_EQ(found.fault, CsvFault::unterminated_quote);
  EXPECT_TRUE(found.fatal);
  EXPECT_EQ(std::tuple(found.line, found.column, found.field), std::tuple(3, 3, 2u));
}

TEST(CsvReader, BoundsFieldsAndRecords) {
  CsvOptions options;
  options.max_field = 10;
  CsvProblem found = only_problem("a,b\n1,12345678901\n2,1234567890\n", options);
  EXPECT_EQ(found.fault, CsvFault::too_long);
  EXPECT_EQ(std::tuple(found.line, found.column, found.field), std::tuple(2, 3, 2u));

  options.max_record = 40;
  options.chunk = 16;
  const std::string long_record = "\"" + std::string(100, 'x') + "\r\n\"\"\r\n\",1\r\n";
  const std::string text = "a,b\r\n" + long_record + "2,3\r\n" + std::string(99, ',') + "\r\n4,5\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    CsvReader reader(dripping(text, step), options);
    std::map<std::int64_t, CsvFault> faults;
    std::map<std::int64_t, Cells> good;
    while (const CsvRecord* record = reader.next()) {
      if (record->problem) {
        EXPECT_EQ(record->problem->line, record->line);
        faults[record->line] = record->problem->fault;
      } else {
        good[record->line] = cells_of(*record);
      }
    }
    EXPECT_EQ(faults, (std::map<std::int64_t, CsvFault>{{2, CsvFault::too_long}, {6, CsvFault::too_long}}));
    EXPECT_EQ(good, (std::map<std::int64_t, Cells>{{5, {"2", "3"}}, {7, {"4", "5"}}}));
  }

  const std::string open = "a,b\n1,2\n3,\"" + std::string(200, '\n');
  CsvReader reader(text_source(open), options);
  ASSERT_TRUE(reader.next());
  const CsvRecord* record = reader.next();
  ASSERT_TRUE(record && record->problem);
  EXPECT_TRUE(record->problem->fatal);
  EXPECT_EQ(record->problem->line, 3);
  EXPECT_FALSE(reader.next());
}

TEST(CsvReader, RefusesHeadersItCannotRead) {
  const auto message_of = [](std::string_view text) {
    try {
      CsvReader reader(text_source(text));
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid);
      return error.message;
    }
    return std::string("no error");
  };
  EXPECT_NE(message_of("").find("empty"), std::string::npos);
  EXPECT_NE(message_of("\n\n").find("empty"), std::string::npos);
  EXPECT_NE(message_of("a,\"b\n").find("line 1, column 3"), std::string::npos);
  EXPECT_NE(message_of("\xFF\xFE"
                       "a")
                .find("UTF-16"),
            std::string::npos);
  CsvOptions options;
  options.delimiter = '"';
  EXPECT_THROW(reader_of("a", options), Error);
}

TEST(CsvReader, ReportsMissingFiles) {
  try {
    file_source("no/such/file.csv");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::not_found);
    EXPECT_NE(error.message.find("no/such/file.csv"), std::string::npos);
  }
}

/// The same language, character by character: the oracle of the fast reader.
Rows slow_rows(std::string_view text) {
  Rows rows;
  Cells cells;
  std::string cell;
  enum { start, plain, quoted, closed } in = start;
  const auto end_cell = [&] {
    cells.push_back(std::move(cell));
    cell.clear();
    in = start;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in == quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        in = closed;
      }
    } else if (c == '"' && in == start) {
      in = quoted;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n' || c == '\r') {
      const bool empty = cells.empty() && cell.empty() && in == start;
      end_cell();
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      if (!empty) rows.push_back(cells);
      cells.clear();
    } else {
      if (in != closed) cell += c;
      if (in == start) in = plain;
    }
  }
  if (!cells.empty() || !cell.empty() || in != start) {
    end_cell();
    rows.push_back(cells);
  }
  return rows;
}

TEST(CsvReader, AgreesWithASlowReaderOnRandomBytesAndChunks) {
  std::mt19937 random(20260105);
  const std::vector<std::string> pieces = {",",    ",", "\n",  "\r",   "\r\n", "\"", "\"",
                                           "\"\"", "a", "xyz", "客戶", "=1+2", " ",  "0123456789"};
  for (int round = 0; round < 5000; ++round) {
    std::string text = "h,h\n";
    for (std::size_t n = random() % 40; n > 0; --n) text += pieces[random() % pieces.size()];
    CsvOptions options;
    options.delimiter = ',';
    options.chunk = 1 + random() % 9;
    CsvReader reader(dripping(text, 1 + random() % 5), options);
    Rows rows = {reader.header()};
    while (const CsvRecord* record = reader.next()) rows.push_back(cells_of(*record));
    ASSERT_EQ(rows, slow_rows(text)) << "seed round " << round << ": " << ::testing::PrintToString(text);
  }
}

TEST(CsvReader, CountsBytesForProgress) {
  const std::string text = "a,b\r\n1,2\r\n3,4";
  CsvReader reader(text_source(text));
  EXPECT_EQ(reader.total_bytes(), static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(reader.bytes(), 5);
  reader.next();
  EXPECT_EQ(reader.bytes(), 10);
  reader.next();
  EXPECT_EQ(reader.bytes(), static_cast<std::int64_t>(text.size()));
}

std::string written(const Rows& rows, CsvWriteOptions options) {
  std::ostringstream out;
  CsvWriter writer(out, options);
  for (const Cells& cells : rows) {
    const std::vector<std::string_view> views(cells.begin(), cells.end());
    writer.row(views);
  }
  writer.finish();
  return out.str();
}

TEST(CsvWriter, QuotesOnlyWhereNeeded) {
  std::ostringstream out;
  CsvWriter writer(out, {.profile = CsvProfile::interchange});
  for (const char* cell : {"plain", "a b", "a,b", "say \"hi\"", "two\nlines", "=1"}) writer.text(cell);
  writer.number("-1.50");
  writer.null();
  writer.text("");
  writer.end_row();
  writer.finish();
  EXPECT_EQ(out.str(), "plain,a b,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",=1,-1.50,,\"\"\n");
}

TEST(CsvWriter, NeutralisesFormulasForSpreadsheets) {
  std::ostringstream out;
  CsvWriter writer(out, {.byte_order_mark = true, .crlf = true});
  for (const char* cell : {"=1+1", "+8621", "-x", "@sum", "\tx", "\rx", "=\"a\"", "＝1", "a=1"}) writer.text(cell);
  writer.number("-12.50");
  writer.number("+3");
  writer.number("=1");
  writer.number("-1+2");
  writer.end_row();
  writer.finish();
  EXPECT_EQ(out.str(),
            "\xEF\xBB\xBF'=1+1,'+8621,'-x,'@sum,\"'\tx\",\"'\rx\",\"'=\"\"a\"\"\",'＝1,a=1,-12.50,+3,'=1,'-1+2\r\n");
}

TEST(CsvWriter, ReportsAStreamThatFails) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CsvWriter writer(out);
  writer.text("x");
  writer.end_row();
  try {
    writer.finish();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::storage);
  }
  EXPECT_THROW(writer.end_row(), Error);
}

std::string hostile_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"\"",
                                                   "\"\"",
                                                   ",",
                                                   ";",
                                                   "\t",
                                                   "\n",
                                                   "\r\n",
                                                   "\r",
                                                   "=",
                                                   "+",
                                                   "-",
                                                   "@",
                                                   "'",
                                                   " ",
                                                   "客戶關係",
                                                   "株式会社",
                                                   "é",
                                                   "😀",
                                                   "\xEF\xBB\xBF",
                                                   "=cmd|' /C calc'!A0",
                                                   "NULL",
                                                   "0",
                                                   "name",
                                                   "＝",
                                                   "|"};
  std::string text;
  for (std::size_t n = random() % 6; n > 0; --n) text += kPieces[random() % kPieces.size()];
  return text;
}

TEST(CsvRoundTrip, InterchangeReadsBackExactly) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t columns = 1 + random() % 4;
    Rows rows(1 + random() % 5, Cells(columns));
    for (Cells& cells : rows) {
      for (std::string& cell : cells) cell = hostile_text(random);
    }
    // The header decides delimiter detection and is trimmed by the reader, so it stays plain here.
    for (std::size_t i = 0; i < columns; ++i) rows[0][i] = "欄" + std::to_string(i);
    const CsvWriteOptions options = {.profile = CsvProfile::interchange,
                                     .delimiter = ",;\t"[random() % 3],
                                     .byte_order_mark = random() % 2 == 0,
                                     .crlf = random() % 2 == 0};
    const std::string text = written(rows, options);
    ASSERT_EQ(rows_of(text), Rows(rows.begin() + 1, rows.end())) << text;
    ASSERT_EQ(CsvReader(text_source(text)).header(), rows[0]) << text;
  }
}

TEST(CsvRoundTrip, NothingAndEmptyTextStayApart) {
  for (const std::size_t columns : {std::size_t{1}, std::size_t{3}}) {
    std::ostringstream out;
    CsvWriter writer(out, {.profile = CsvProfile::interchange});
    for (std::size_t i = 0; i < columns; ++i) writer.text("h");
    writer.end_row();
    for (const bool empty : {true, false, true}) {
      for (std::size_t i = 0; i < columns; ++i) empty ? writer.text("") : writer.null();
      writer.end_row();
    }
    writer.finish();
    const std::string text = out.str();
    CsvReader reader(text_source(text));
    for (const bool empty : {true, false, true}) {
      const CsvRecord* record = reader.next();
      ASSERT_TRUE(record);
      ASSERT_EQ(record->fields.size(), columns);
      for (const CsvField& field : record->fields) EXPECT_EQ(field.quoted, empty);
    }
    EXPECT_FALSE(reader.next());
  }
}

TEST(CsvRoundTrip, NoSpreadsheetTextBeginsAFormula) {
  std::mt19937 random(8);
  const std::set<std::string> triggers = {"=", "+", "-", "@", "\t", "\r"};
  for (int round = 0; round < 5000; ++round) {
    const std::string cell = hostile_text(random);
    const std::string text = written({{"h", "h"}, {cell, "x"}}, {});
    const Rows rows = rows_of(text);
    ASSERT_EQ(rows.size(), 1u);
    const std::string& read = rows[0][0];
    ASSERT_FALSE(triggers.contains(read.substr(0, 1))) << text;
    ASSERT_TRUE(read == cell || read == "'" + cell) << text;
  }
}

TEST(CsvReader, ReadsRealFiles) {
  const std::filesystem::path data = test::data_dir();
  const std::filesystem::path file = data / "maven_crm" / "sales_pipeline.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no real data at " << file;
  CsvReader reader(file_source(file.string()));
  std::map<std::string, int> stages;
  int blank_accounts = 0;
  while (const CsvRecord* record = reader.next()) {
    ASSERT_FALSE(record->problem);
    ++stages[std::string(record->fields[4].text)];
    if (record->fields[3].text.empty()) ++blank_accounts;
  }
  // The counts are those of the data set's own description.
  EXPECT_EQ(stages,
            (std::map<std::string, int>{{"Won", 4238}, {"Lost", 2473}, {"Engaging", 1589}, {"Prospecting", 500}}));
  EXPECT_EQ(blank_accounts, 1425);
  EXPECT_EQ(reader.bytes(), reader.total_bytes());
}

}  // namespace
}  // namespace kith
