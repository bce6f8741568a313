// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What archiving, verifying and the feed share: what leaves a store with its past up to a work, and what stays.

#include <functional>
#include <string>

#include "engine/internal.hpp"
#include "kith/engine/archive.hpp"

namespace kith {

/// Changes behind a position that the actor may see, but for those of one entity.
struct FeedScan {
  std::vector<ChangeRow> changes = {};
  std::int64_t last = 0;  // id of the last change looked at that is not of that entity
};
FeedScan scan_feed(const Reader& reader, std::int64_t after, std::size_t most, std::string_view without);

/// Error{state} for a position in the feed behind which changes were archived.
void require_not_archived(const Reader& reader, std::int64_t position);

/// Hash over rows that stay though the works around them left.
class KeptHash {
 public:
  void add(const WorkRow& work);
  void add(const ChangeRow& change);
  std::string bytes() const;

 private:
  Sha256 works_;
  Sha256 changes_;
};

/// Rows of one table that leave, of which `leaving` is told in the order of keys.
using RowTaker = std::function<void(const Batch& rows, std::size_t row)>;

/// The past up to a work, while it leaves: what is archived is told table by table, then taken out.
class Departure {
 public:
  /// `until` is a work that is there, later than the last archive. `row` gets all but rows and digest.
  Departure(Work& work, std::int64_t until);

  const ArchiveRow& row() const { return row_; }
  const std::optional<ArchiveRow>& before() const { return before_; }
  /// Tells every row of the archive: works and changes since the last archive (whether they stay or not) and what left
  /// the store of the time before, then versions that ended, table by table.
  void tell(const RowTaker& take);
  /// Takes out what leaves and keeps the archive's row. Nothing else may be written in this Work.
  void take_out(std::int64_t rows, const Digest& digest);

 private:
  void decide();
  bool stays(const WorkRow& work) const;

  Work& work_;
  Reader system_;
  std::optional<ArchiveRow> before_;
  ArchiveRow row_;
  std::unordered_set<std::int64_t> kept_changes_;  // ids until then
  std::unordered_set<std::int64_t> kept_works_;
  std::map<const Entity*, std::unordered_set<std::int64_t>> exempt_;  // records that keep all of their past
};

}  // namespace kith
