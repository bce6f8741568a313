// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Entities for the storage tests alone: one member of every type, plain and optional; a log; a history.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith_test {

enum class Colour : std::int32_t { red = 1, green = 2, blue = 3 };

struct Sample {
  kith::Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name;
  std::int64_t number = 0;
  bool flag = false;
  Colour colour = Colour::red;
  kith::Decimal rate{0, 4};
  kith::Amount amount;
  kith::Currency currency;
  kith::Date day;
  kith::Timestamp time;
  kith::Bytes raw;
  kith::Id parent;
  std::optional<std::string> maybe_name;
  std::optional<std::int64_t> maybe_number;
  std::optional<bool> maybe_flag;
  std::optional<Colour> maybe_colour;
  std::optional<kith::Decimal> maybe_rate;
  std::optional<kith::Amount> maybe_amount;
  std::optional<kith::Currency> maybe_currency;
  std::optional<kith::Date> maybe_day;
  std::optional<kith::Timestamp> maybe_time;
  std::optional<kith::Bytes> maybe_raw;
  std::optional<kith::Id> maybe_parent;
  std::optional<std::string> code;
  friend bool operator==(const Sample&, const Sample&) = default;
};

/// A row of a log: only ever added.
struct Note {
  kith::Id id;
  std::string text;
};

}  // namespace kith_test

namespace kith {

template <>
struct Choices<kith_test::Colour> {
  static constexpr std::string_view names[] = {"red", "green", "blue"};
};
template <>
const Entity& entity_of<kith_test::Sample>();
template <>
const Entity& entity_of<kith_test::Note>();

}  // namespace kith

namespace kith_test {

inline const kith::Entity& sample() { return kith::entity_of<Sample>(); }
inline const kith::Entity& note() { return kith::entity_of<Note>(); }
/// The derived history of Sample: its fields and to_seq.
const kith::Entity& sample_history();

inline std::vector<const kith::Entity*> sample_entities() { return {&sample(), &sample_history(), &note()}; }

inline int at(std::string_view field) { return sample().at(field); }

/// A sample with plain values that follow from the last digits of its id, so that any id will do.
inline Sample make_sample(std::int64_t id) {
  Sample sample;
  sample.id = {id};
  sample.revision = 1;
  sample.seq = 1;
  sample.name = "sample " + std::to_string(id);
  const std::int64_t small = id % 1'000'000;
  sample.number = small * 10;
  sample.amount = {small * 100};
  sample.currency = kith::currency("EUR");
  return sample;
}

inline kith::Batch batch_of(const std::vector<Sample>& samples) {
  kith::Batch batch(sample());
  for (const Sample& one : samples) kith::store_row(&one, batch);
  return batch;
}

/// The same rows as history, each ending with the work at its place in `to_seq`.
inline kith::Batch history_of(const std::vector<Sample>& samples, const std::vector<std::int64_t>& to_seq) {
  kith::Batch batch(sample_history());
  const kith::Batch rows = batch_of(samples);
  for (std::size_t i = 0; i < rows.columns.size(); ++i) batch.columns[i] = rows.columns[i];
  for (const std::int64_t seq : to_seq) batch.columns.back().append(seq);
  return batch;
}

}  // namespace kith_test
