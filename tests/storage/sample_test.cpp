// SPDX-License-Identifier: Apache-2.0
#include "storage/sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using kith_test::Note;
using kith_test::Sample;

constexpr auto kSampleFields = kith::field_table<Sample>(
    kith::field<&Sample::name>("name", {.required = true, .max_length = 200}),
    kith::field<&Sample::number>("number", {.indexed = true}), kith::field<&Sample::flag>("flag"),
    kith::field<&Sample::colour>("colour"), kith::field<&Sample::rate>("rate", {.scale = 4}),
    kith::field<&Sample::amount>("amount"), kith::field<&Sample::currency>("currency"),
    kith::field<&Sample::day>("day"), kith::field<&Sample::time>("time"), kith::field<&Sample::raw>("raw"),
    kith::field<&Sample::parent>("parent", {.refers_to = "sample"}), kith::field<&Sample::maybe_name>("maybe_name"),
    kith::field<&Sample::maybe_number>("maybe_number"), kith::field<&Sample::maybe_flag>("maybe_flag"),
    kith::field<&Sample::maybe_colour>("maybe_colour"), kith::field<&Sample::maybe_rate>("maybe_rate", {.scale = 9}),
    kith::field<&Sample::maybe_amount>("maybe_amount"), kith::field<&Sample::maybe_currency>("maybe_currency"),
    kith::field<&Sample::maybe_day>("maybe_day"), kith::field<&Sample::maybe_time>("maybe_time"),
    kith::field<&Sample::maybe_raw>("maybe_raw"), kith::field<&Sample::maybe_parent>("maybe_parent"),
    kith::field<&Sample::code>("code"));
constexpr kith::UniqueKey kSampleKeys[] = {{{"code"}}, {{"maybe_name", "maybe_number"}}};
constexpr kith::Entity kSample = kith::make_entity<Sample>({.name = "sample",
                                                            .plural = "samples",
                                                            .fields = kSampleFields,
                                                            .unique = kSampleKeys,
                                                            .roles = {.currency = "currency", .title = "name"}});

constexpr auto kNoteFields = kith::log_table<Note>(kith::field<&Note::text>("text"));
constexpr kith::Entity kNote =
    kith::make_entity<Note>({.name = "note", .plural = "notes", .fields = kNoteFields, .keeping = kith::Keeping::log});

}  // namespace

namespace kith {

template <>
const Entity& entity_of<Sample>() {
  return kSample;
}
template <>
const Entity& entity_of<Note>() {
  return kNote;
}

}  // namespace kith

namespace kith_test {

const kith::Entity& sample_history() {
  static const std::vector<kith::Field> fields = [] {
    std::vector<kith::Field> all(kSample.fields.begin(), kSample.fields.end());
    kith::Field to_seq;
    to_seq.name = "to_seq";
    to_seq.type = kith::Type::integer;
    all.push_back(to_seq);
    return all;
  }();
  static const kith::Entity history = {
      .name = "sample_history", .plural = "sample_histories", .fields = fields, .keeping = kith::Keeping::history};
  return history;
}

}  // namespace kith_test

TEST(Sample, HasEveryTypePlainAndNullable) {
  for (int type = 1; type <= static_cast<int>(kith::Type::bytes); ++type) {
    for (const bool nullable : {false, true}) {
      const bool there = std::any_of(kSampleFields.begin(), kSampleFields.end(), [&](const kith::Field& field) {
        return static_cast<int>(field.type) == type && field.nullable == nullable;
      });
      EXPECT_TRUE(there) << kith::name_of(static_cast<kith::Type>(type)) << (nullable ? " nullable" : " plain");
    }
  }
}
