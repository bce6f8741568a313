// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/value.hpp"

#include <gtest/gtest.h>

#include "storage/sample.hpp"
#include "support/expect_error.hpp"

namespace kith_test {
namespace {

using kith::Cell;
using kith::Code;
using kith::Value;

const kith::Field& field(std::string_view name) { return sample().fields[static_cast<std::size_t>(at(name))]; }

Cell cell(const Value& value, std::string_view name) {
  return kith::to_cell(value, field(name), kith::currency("USD"));
}
Value parsed(std::string_view text, std::string_view name) {
  return kith::parse_value(text, field(name), kith::currency("USD"));
}
Cell word(std::int64_t value) { return value; }
Value text(std::string value) { return Value(std::move(value)); }

TEST(Value, BecomesTheCellOfItsField) {
  EXPECT_EQ(cell(kith::Id{5}, "parent"), word(5));
  EXPECT_EQ(cell(std::int64_t{5}, "parent"), word(5));
  EXPECT_EQ(cell(std::int64_t{-5}, "number"), word(-5));
  EXPECT_EQ(cell(kith::Decimal{500, 2}, "number"), word(5));
  EXPECT_EQ(cell(true, "flag"), word(1));
  EXPECT_EQ(cell(std::int64_t{0}, "flag"), word(0));
  EXPECT_EQ(cell(text("green"), "colour"), word(2));
  EXPECT_EQ(cell(std::int64_t{3}, "colour"), word(3));
  EXPECT_EQ(cell(text("客户"), "name"), Cell(std::string("客户")));
  EXPECT_EQ(cell(std::int64_t{3}, "rate"), word(30'000));
  EXPECT_EQ(cell(kith::Decimal{125, 2}, "rate"), word(12'500));
  EXPECT_EQ(cell(kith::Money{1230, kith::currency("USD")}, "amount"), word(1230));
  EXPECT_EQ(cell(kith::Decimal{123, 1}, "amount"), word(1230));
  EXPECT_EQ(cell(text("EUR"), "currency"), Cell(std::string("EUR")));
  EXPECT_EQ(cell(kith::Date{17}, "day"), word(17));
  EXPECT_EQ(cell(kith::Timestamp{17}, "time"), word(17));
  EXPECT_EQ(cell(text(std::string("\0\xff", 2)), "raw"), Cell(std::string("\0\xff", 2)));
}

TEST(Value, TextIsReadForEveryType) {
  EXPECT_EQ(cell(text("9007199254740993"), "parent"), word(9007199254740993));
  EXPECT_EQ(cell(text("+12"), "number"), word(12));
  EXPECT_EQ(cell(text("Yes"), "flag"), word(1));
  EXPECT_EQ(cell(text("0.5"), "rate"), word(5'000));
  EXPECT_EQ(cell(text("12.30"), "amount"), word(1230));
  EXPECT_EQ(cell(text("1970-01-18"), "day"), word(17));
  EXPECT_EQ(cell(text("1970-01-01T00:00:01Z"), "time"), word(1'000'000));
}

TEST(Value, NullNeedsAPlace) {
  EXPECT_EQ(cell(Value(), "maybe_number"), Cell());
  EXPECT_EQ(cell(text(""), "maybe_number"), Cell());
  EXPECT_EQ(cell(Value(), "maybe_name"), Cell());
  EXPECT_EQ(cell(text(""), "maybe_name"), Cell(std::string()));
  EXPECT_EQ(cell(text(""), "maybe_currency"), Cell());
  EXPECT_EQ(cell(Value(), "name"), Cell(std::string()));
  EXPECT_KITH_ERROR(cell(Value(), "number"), Code::invalid, "number: a value is needed");
  EXPECT_KITH_ERROR(cell(text(""), "day"), Code::invalid, "2017-03-01");
}

TEST(Value, WhatDoesNotFitIsNamed) {
  EXPECT_KITH_ERROR(cell(text("gren"), "colour"), Code::invalid, "Did you mean green");
  EXPECT_KITH_ERROR(cell(std::int64_t{4}, "colour"), Code::invalid, "1 to 3");
  EXPECT_KITH_ERROR(cell(std::int64_t{2}, "flag"), Code::invalid, "true or false");
  EXPECT_KITH_ERROR(cell(kith::Money{5, kith::currency("EUR")}, "amount"), Code::invalid, "money in USD, not in EUR");
  EXPECT_KITH_ERROR(cell(std::int64_t{5}, "amount"), Code::invalid, "expected money, not an integer '5'");
  EXPECT_KITH_ERROR(cell(kith::Decimal{12345, 3}, "amount"), Code::invalid, "amount");
  EXPECT_KITH_ERROR(cell(kith::Decimal{12345678, 7}, "rate"), Code::invalid, "rate");
  EXPECT_KITH_ERROR(cell(kith::Date{1}, "time"), Code::invalid, "not a date");
  EXPECT_KITH_ERROR(cell(text("USDX"), "currency"), Code::invalid, "currency");
  EXPECT_KITH_ERROR(cell(text("\xff"), "name"), Code::invalid, "UTF-8");
  EXPECT_KITH_ERROR(cell(std::int64_t{1}, "name"), Code::invalid, "expected a text");
  EXPECT_KITH_ERROR(cell(kith::Id{-1}, "parent"), Code::invalid, "positive");
  EXPECT_KITH_ERROR(cell(text("12x"), "number"), Code::invalid, "'12x'");
  EXPECT_KITH_ERROR(cell(text("+-12"), "number"), Code::invalid, "'+-12'");
  EXPECT_KITH_ERROR(cell(text("99999999999999999999"), "number"), Code::invalid, "number");
  EXPECT_KITH_ERROR(kith::to_cell(kith::Decimal{1, 0}, field("amount"), {}), Code::invalid, "currency");
}

TEST(Value, ComesBackFromItsCell) {
  const auto back = [](const Cell& stored, std::string_view name) {
    return kith::to_value(stored, field(name), kith::currency("JPY"));
  };
  EXPECT_EQ(back(word(5), "parent"), Value(kith::Id{5}));
  EXPECT_EQ(back(word(1), "flag"), Value(true));
  EXPECT_EQ(back(word(3), "colour"), text("blue"));
  EXPECT_EQ(back(word(0), "colour"), Value());
  EXPECT_EQ(back(word(5), "amount"), Value(kith::Money{5, kith::currency("JPY")}));
  EXPECT_EQ(back(word(5), "rate"), Value(kith::Decimal{5, 4}));
  EXPECT_EQ(back(word(5), "day"), Value(kith::Date{5}));
  EXPECT_EQ(back(word(5), "time"), Value(kith::Timestamp{5}));
  EXPECT_EQ(back(word(5), "number"), Value(std::int64_t{5}));
  EXPECT_EQ(back(Cell(), "number"), Value());
  EXPECT_KITH_ERROR(back(word(4), "colour"), Code::corrupt, "colour");
  EXPECT_KITH_ERROR(back(word(-1), "colour"), Code::corrupt, "colour");
  EXPECT_KITH_ERROR(back(word(1LL << 40), "day"), Code::corrupt, "day");
}

TEST(Value, TextAndBackIsTheSame) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"parent", "123"},
                                                                 {"number", "-9223372036854775808"},
                                                                 {"flag", "true"},
                                                                 {"flag", "false"},
                                                                 {"colour", "red"},
                                                                 {"name", "  a, \"b\" "},
                                                                 {"rate", "0.0001"},
                                                                 {"amount", "-12.30"},
                                                                 {"currency", "KWD"},
                                                                 {"day", "2017-03-01"},
                                                                 {"time", "2017-03-01T09:30:00Z"},
                                                                 {"raw", "\xff\x01"},
                                                                 {"maybe_colour", "blue"},
                                                                 {"maybe_rate", "-0.123456789"}};
  for (const auto& [name, written] : cases) {
    EXPECT_EQ(kith::to_string(parsed(written, name)), written) << name;
    EXPECT_TRUE(kith::is_null(parsed("", name))) << name;
  }
  EXPECT_EQ(parsed("no", "flag"), Value(false));
  EXPECT_KITH_ERROR(parsed("perhaps", "flag"), Code::invalid, "'perhaps'");
  EXPECT_KITH_ERROR(parsed("1.005", "amount"), Code::invalid, "amount");
  EXPECT_KITH_ERROR(parsed("2017-02-30", "day"), Code::invalid, "day");
}

}  // namespace
}  // namespace kith_test
