// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// All that a store holds of one record: its changes, and its versions of the past and the present.

#include <memory>
#include <optional>
#include <vector>

#include "engine/internal.hpp"

namespace kith {

/// True for the kinds whose digest takes the place of all earlier ones of the record.
constexpr bool seals(ChangeKind kind) { return kind == ChangeKind::erased || kind == ChangeKind::purged; }

/// A change as it is stored; a kind that is none comes as it is.
ChangeRow read_change(const Batch& batch, std::size_t row);

/// From the work that wrote a version to the one that replaced or removed it.
struct Lifetime {
  std::int64_t from = 0;
  std::optional<std::int64_t> to = {};
};

/// The versions that a record must have, told from its changes.
struct Life {
  std::vector<Lifetime> versions = {};
  bool there = false;     // the last version is the present one
  std::int64_t base = 0;  // what came before this work may be archived

  /// False when that change cannot follow the ones before it.
  bool take(const ChangeRow& change);
};

struct Trail {
  const Entity* entity = nullptr;  // null for changes of an entity that the store has not
  Id record = {};
  std::vector<ChangeRow> changes = {};    // by id
  std::vector<VersionRow> versions = {};  // by seq, those of the past before the present one
  Batch past = {};                        // rows of the history
  Batch now = {};                         // no row or one of the entity
};

/// Reads the trails of all records, one entity after the other, each in the order of ids. Its rows are held one record
/// at a time.
class TrailReader {
 public:
  explicit TrailReader(const Reader& reader);
  ~TrailReader();
  /// The next one, until the next call; null when none were left.
  const Trail* next();

 private:
  struct Source;
  void open(const Entity& entity);
  std::unique_ptr<Source> changes_;
  std::unique_ptr<Source> past_;
  std::unique_ptr<Source> now_;
  const Reader& reader_;
  std::vector<const Entity*> entities_;  // by name, which is the order of the changes
  std::size_t entity_ = 0;
  Trail trail_;
};

}  // namespace kith
