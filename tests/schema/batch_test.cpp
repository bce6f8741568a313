// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/batch.hpp"

#include <gtest/gtest.h>

#include <random>

#include "storage/sample.hpp"
#include "support/expect_error.hpp"

namespace kith_test {
namespace {

using kith::Code;
using kith::Column;

TEST(Column, KeepsWordsAndNullsInArrowLayout) {
  Column column;
  for (std::int64_t i = 0; i < 20; ++i) {
    if (i % 3 == 0) {
      column.append_null();
    } else {
      column.append(i);
    }
  }
  ASSERT_EQ(column.size(), 20U);
  EXPECT_EQ(column.null_count(), 7U);
  ASSERT_EQ(column.validity().size(), 3U);
  EXPECT_EQ(column.validity()[0], 0b10110110);
  EXPECT_EQ(column.validity()[2], 0b1011) << "bits past the end are zero";
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(column.is_null(i), i % 3 == 0);
    EXPECT_EQ(column.word(i), i % 3 == 0 ? 0 : static_cast<std::int64_t>(i));
  }
  column.set_word(3, 33);
  EXPECT_FALSE(column.is_null(3));
  EXPECT_EQ(column.word(3), 33);
  EXPECT_EQ(column.null_count(), 6U);
  column.set_word(3, 34);
  EXPECT_EQ(column.null_count(), 6U);
}

TEST(Column, KeepsTexts) {
  Column column(true);
  column.append(std::string_view("客户"));
  column.append_null();
  column.append(std::string_view(""));
  column.append(std::string_view("\0a", 2));
  EXPECT_EQ(column.text(0), "客户");
  EXPECT_EQ(column.text(1), "");
  EXPECT_TRUE(column.is_null(1));
  EXPECT_FALSE(column.is_null(2));
  EXPECT_EQ(column.text(3), std::string_view("\0a", 2));
  EXPECT_EQ(std::vector<std::int32_t>(column.offsets().begin(), column.offsets().end()),
            (std::vector<std::int32_t>{0, 6, 6, 6, 8}));
  EXPECT_EQ(column.cell(0), kith::Cell(std::string("客户")));
  EXPECT_EQ(column.cell(1), kith::Cell());

  Column copy(true);
  for (std::size_t row = 4; row-- > 0;) copy.append_from(column, row);
  copy.append(column.cell(0));
  copy.append(column.cell(1));
  EXPECT_EQ(copy.text(3), "客户");
  EXPECT_EQ(copy.text(4), "客户");
  EXPECT_TRUE(copy.is_null(2));
  EXPECT_TRUE(copy.is_null(5));

  column.clear();
  EXPECT_EQ(column.size(), 0U);
  EXPECT_EQ(column.offsets().size(), 1U);
  column.append(std::string_view("again"));
  EXPECT_EQ(column.text(0), "again");
  EXPECT_EQ(column.null_count(), 0U);
}

TEST(Batch, FindsItsColumns) {
  const int chosen[] = {at("name"), at("id"), at("maybe_day")};
  kith::Batch batch(sample(), chosen);
  EXPECT_TRUE(batch.column(at("name")).is_text());
  EXPECT_EQ(&batch.column(at("id")), &batch.columns[1]);
  EXPECT_KITH_ERROR(batch.column(at("flag")), Code::misuse, "sample.flag");
  EXPECT_KITH_ERROR(batch.column(-1), Code::misuse, "choose it");
  EXPECT_EQ(batch.rows(), 0U);
  const Sample one = make_sample(7);
  kith::store_row(&one, batch);
  EXPECT_EQ(batch.column(at("id")).word(0), 7);

  Sample other;
  other.number = 99;
  kith::load_row(batch, 0, &other);
  EXPECT_EQ(other.name, "sample 7");
  EXPECT_EQ(other.number, 99) << "fields that the batch lacks keep their value";
}

TEST(Batch, StructsSurviveTheTripThroughColumns) {
  std::mt19937_64 random(11);
  const auto word = [&] { return static_cast<std::int64_t>(random()); };
  const auto maybe = [&] { return random() % 2 == 0; };
  std::vector<Sample> rows;
  kith::Batch batch(sample());
  for (int i = 0; i < 500; ++i) {
    Sample row = make_sample(i + 1);
    row.number = word();
    row.flag = maybe();
    row.colour = static_cast<Colour>(1 + random() % 3);
    row.rate = {word(), 4};
    row.day = {static_cast<std::int32_t>(random())};
    row.time = {word()};
    row.raw.data = std::string(random() % 40, static_cast<char>(random()));
    if (maybe()) row.maybe_name = std::string(random() % 100, 'x');
    if (maybe()) row.maybe_number = word();
    if (maybe()) row.maybe_flag = maybe();
    if (maybe()) row.maybe_colour = static_cast<Colour>(1 + random() % 3);
    if (maybe()) row.maybe_rate = kith::Decimal{word(), 9};
    if (maybe()) row.maybe_amount = kith::Amount{word()};
    if (maybe()) row.maybe_currency = kith::currency("CNY");
    if (maybe()) row.maybe_day = kith::Date{static_cast<std::int32_t>(random())};
    if (maybe()) row.maybe_time = kith::Timestamp{word()};
    if (maybe()) row.maybe_raw = kith::Bytes{std::string(3, '\0')};
    if (maybe()) row.maybe_parent = kith::Id{word()};
    kith::store_row(&row, batch);
    rows.push_back(std::move(row));
  }
  Sample reused;  // Everything that an earlier row left must go.
  for (std::size_t row = 0; row < rows.size(); ++row) {
    kith::load_row(batch, row, &reused);
    EXPECT_EQ(reused, rows[row]) << row;
  }
}

TEST(Batch, DecimalsAreStoredAtTheScaleOfTheirField) {
  Sample row = make_sample(1);
  row.rate = {15, 1};
  kith::Batch batch(sample());
  kith::store_row(&row, batch);
  EXPECT_EQ(batch.column(at("rate")).word(0), 15'000);
  row.rate = {123456, 5};
  EXPECT_KITH_ERROR(kith::store_row(&row, batch), Code::invalid, "");
}

TEST(Slots, NullGivesEveryMemberItsDefault) {
  Sample row = make_sample(1);
  row.colour = Colour::blue;
  row.maybe_colour = Colour::red;
  row.maybe_raw = kith::Bytes{"x"};
  row.maybe_name = "x";
  for (const kith::Field& field : sample().fields) {
    if (field.slot != nullptr) kith::set_slot_null(field, &row);  // what only tables hold has no member
  }
  Sample empty;
  empty.colour = Colour{};
  empty.rate = {};
  EXPECT_EQ(row, empty);
}

TEST(Slots, WhatDoesNotFitAMemberIsDamage) {
  Sample row;
  const auto field = [](std::string_view name) -> const kith::Field& {
    return sample().fields[static_cast<std::size_t>(at(name))];
  };
  EXPECT_KITH_ERROR(kith::set_slot_word(field("day"), &row, 1LL << 40), Code::corrupt, "day");
  EXPECT_KITH_ERROR(kith::set_slot_word(field("maybe_colour"), &row, -1LL << 40), Code::corrupt, "maybe_colour");
  EXPECT_KITH_ERROR(kith::set_slot_text(field("currency"), &row, "nonsense"), Code::corrupt, "'nonsense'");
  EXPECT_KITH_ERROR(kith::set_slot_text(field("number"), &row, "5"), Code::corrupt, "number");
  EXPECT_KITH_ERROR(kith::set_slot_word(field("name"), &row, 5), Code::corrupt, "name");
  kith::set_slot_text(field("currency"), &row, "");
  EXPECT_EQ(row.currency, kith::Currency());
}

TEST(Entity, FindsFieldsAndNamesNearOnes) {
  EXPECT_EQ(sample().find("id"), kith::kIdField);
  EXPECT_EQ(sample().find("revision"), kith::kRevisionField);
  EXPECT_EQ(sample().find("seq"), kith::kSeqField);
  EXPECT_EQ(sample().find("nam"), -1);
  EXPECT_EQ(sample().at("name"), 3);
  EXPECT_KITH_ERROR(sample().at("nmae"), Code::invalid, "Did you mean name");
  void* made = sample().make();
  EXPECT_EQ(*static_cast<Sample*>(made), Sample());
  sample().destroy(made);
}

TEST(Entity, TypesHaveNames) {
  EXPECT_EQ(kith::name_of(kith::Type::id), "id");
  EXPECT_EQ(kith::name_of(kith::Type::timestamp), "timestamp");
  EXPECT_EQ(kith::name_of(kith::Type::bytes), "bytes");
  EXPECT_TRUE(kith::is_text(kith::Type::currency));
  EXPECT_FALSE(kith::is_text(kith::Type::money));
}

}  // namespace
}  // namespace kith_test
