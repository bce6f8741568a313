// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/arrow.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kith/base/error.hpp"

namespace kith {
namespace {

const Currency kUsd = currency("USD");
const Currency kJpy = currency("JPY");

Table sample() {
  Table table({{.name = "id", .type = Type::id},
               {.name = "name"},
               {.name = "open", .type = Type::boolean},
               {.name = "rate", .type = Type::decimal, .scale = 9},
               {.name = "amount", .type = Type::money, .currency = kUsd},
               {.name = "on", .type = Type::date},
               {.name = "at", .type = Type::timestamp}});
  table.add({Id{7}, std::string("Acme"), true, Decimal{50'000'000, 9}, Money{-1230, kUsd}, Date{-1}, Timestamp{5}});
  table.add({Id{8}, Value(), Value(), Value(), Value(), Value(), Value()});
  table.add({Id{9}, std::string("宏达"), false, Decimal{-1, 9}, Money{INT64_MAX, kUsd}, Date{17000}, Timestamp{-6}});
  return table;
}

/// A stream with its schema and its one batch, released at the end.
class Consumed {
 public:
  explicit Consumed(Table table) {
    to_arrow(std::make_shared<const Table>(std::move(table)), &stream);
    EXPECT_EQ(stream.get_schema(&stream, &schema), 0);
    EXPECT_EQ(stream.get_next(&stream, &batch), 0);
    EXPECT_EQ(stream.get_last_error(&stream), nullptr);
  }
  ~Consumed() {
    if (batch.release != nullptr) batch.release(&batch);
    if (schema.release != nullptr) schema.release(&schema);
    if (stream.release != nullptr) stream.release(&stream);
  }
  Consumed(const Consumed&) = delete;
  Consumed& operator=(const Consumed&) = delete;

  const ArrowArray& column(std::size_t i) const { return *batch.children[i]; }
  template <class T>
  T value(std::size_t i, std::size_t row, int buffer = 1) const {
    T result;
    std::memcpy(&result, static_cast<const char*>(column(i).buffers[buffer]) + row * sizeof(T), sizeof result);
    return result;
  }
  std::string text(std::size_t i, std::size_t row) const {
    const auto begin = value<std::int32_t>(i, row);
    return {static_cast<const char*>(column(i).buffers[2]) + begin,
            static_cast<std::size_t>(value<std::int32_t>(i, row + 1) - begin)};
  }
  bool valid(std::size_t i, std::size_t row) const {
    const auto* bits = static_cast<const std::uint8_t*>(column(i).buffers[0]);
    return bits == nullptr || ((bits[row >> 3] >> (row & 7)) & 1) != 0;
  }

  ArrowArrayStream stream{};
  ArrowSchema schema{};
  ArrowArray batch{};
};

TEST(Arrow, SchemaNamesEveryColumnAndBringsCurrencies) {
  const Consumed got(sample());
  ASSERT_EQ(got.schema.n_children, 8);
  EXPECT_STREQ(got.schema.format, "+s");
  const std::vector<std::pair<std::string, std::string>> expected = {{"id", "l"},          {"name", "u"},
                                                                     {"open", "b"},        {"rate", "d:38,9"},
                                                                     {"amount", "d:38,2"}, {"amount_currency", "u"},
                                                                     {"on", "tdD"},        {"at", "tsu:UTC"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(got.schema.children[i]->name, expected[i].first);
    EXPECT_EQ(got.schema.children[i]->format, expected[i].second);
    EXPECT_EQ(got.schema.children[i]->flags, ARROW_FLAG_NULLABLE);
  }
}

TEST(Arrow, ValuesKeepEveryDigit) {
  const Consumed got(sample());
  ASSERT_EQ(got.batch.length, 3);
  ASSERT_EQ(got.batch.n_children, 8);
  EXPECT_EQ(got.value<std::int64_t>(0, 2), 9);
  EXPECT_EQ(got.text(1, 0), "Acme");
  EXPECT_EQ(got.text(1, 2), "宏达");
  EXPECT_EQ(got.value<std::uint8_t>(2, 0), 1);  // true, null, false
  EXPECT_TRUE(got.value<Int128>(3, 0) == 50'000'000);
  EXPECT_TRUE(got.value<Int128>(3, 2) == -1);
  EXPECT_TRUE(got.value<Int128>(4, 0) == -1230);
  EXPECT_TRUE(got.value<Int128>(4, 2) == INT64_MAX);
  EXPECT_EQ(got.text(5, 0), "USD");
  EXPECT_EQ(got.value<std::int32_t>(6, 0), -1);
  EXPECT_EQ(got.value<std::int32_t>(6, 2), 17000);
  EXPECT_EQ(got.value<std::int64_t>(7, 0), 5);
  EXPECT_EQ(got.value<std::int64_t>(7, 2), -6);
  for (const std::size_t i : {1, 2, 3, 4, 6, 7}) {
    EXPECT_TRUE(got.valid(i, 0));
    EXPECT_FALSE(got.valid(i, 1)) << i;
    EXPECT_EQ(got.column(i).null_count, 1);
  }
  EXPECT_EQ(got.column(0).null_count, 0);
}

TEST(Arrow, StreamEndsAfterTheRows) {
  Consumed got(sample());
  ArrowArray next{};
  ASSERT_EQ(got.stream.get_next(&got.stream, &next), 0);
  EXPECT_EQ(next.release, nullptr);
}

TEST(Arrow, EmptyTableHasASchemaAndNoRows) {
  const Consumed got(Table({{.name = "amount", .type = Type::money, .currency = kJpy}}));
  EXPECT_EQ(got.schema.n_children, 2);
  EXPECT_STREQ(got.schema.children[0]->format, "d:38,0");
  EXPECT_EQ(got.batch.release, nullptr);
}

TEST(Arrow, WhatWasHandedOutOutlivesTheStreamAndMayBeTakenApart) {
  Consumed got(sample());
  got.stream.release(&got.stream);
  EXPECT_EQ(got.stream.release, nullptr);
  ArrowArray names = *got.batch.children[1];  // a consumer moves a child out
  got.batch.children[1]->release = nullptr;
  got.batch.release(&got.batch);
  EXPECT_EQ(got.batch.release, nullptr);
  EXPECT_EQ(std::string(static_cast<const char*>(names.buffers[2]), 4), "Acme");
  names.release(&names);
  EXPECT_EQ(names.release, nullptr);
}

TEST(Arrow, MoneyOfSeveralCurrenciesSharesTheLargestScale) {
  Column amounts;
  Column codes(true);
  const std::pair<std::int64_t, std::string_view> rows[] = {{500, "JPY"}, {1250, "USD"}, {1250, "KWD"}};
  for (const auto& [minor, code] : rows) {
    amounts.append(minor);
    codes.append(code);
  }
  const Table table({{.name = "price", .type = Type::money}}, {amounts}, codes);
  EXPECT_EQ(std::get<Money>(table.value(0, 0)), (Money{500, kJpy}));
  const Consumed got(table);
  EXPECT_STREQ(got.schema.children[0]->format, "d:38,3");
  EXPECT_TRUE(got.value<Int128>(0, 0) == 500'000);
  EXPECT_TRUE(got.value<Int128>(0, 1) == 12'500);
  EXPECT_TRUE(got.value<Int128>(0, 2) == 1'250);
  EXPECT_EQ(got.text(1, 0), "JPY");
  EXPECT_EQ(got.text(1, 2), "KWD");
}

TEST(Arrow, TablesOfUnevenColumnsAreRefused) {
  Column one;
  one.append(1);
  const TableColumn number{.name = "a", .type = Type::integer};
  EXPECT_THROW(Table({number, number}, {one, Column()}), Error);
  EXPECT_THROW(Table({{.name = "a"}}, {one}), Error);
}

}  // namespace
}  // namespace kith
