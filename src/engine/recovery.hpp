// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What removing, restoring, purging and undoing have in common: rows taken out and put back below the checks of the
/// ordinary verbs, which these functions make themselves. The history keeps what was there, the feed tells of it.

#include <vector>

#include "engine/internal.hpp"

namespace kith {

struct Recovery {
  explicit Recovery(Work& of) : work(of) {}

  /// Error{misuse} where the Work can no longer write.
  void begin() const;
  /// Adds the rows of all parts of a record, parts of parts too, each kind of part behind what it is a part of.
  void add_parts(const Entity& entity, Id id, std::vector<Batch>& rows, Work::Group& leaving) const;
  /// Current rows go from their table into the history.
  void take_out(const Batch& rows);
  /// Rows come (back) with the next revision; none of these ids is in the table. A change of that kind each.
  void put_back(Batch rows, const std::vector<ChangeKind>& kinds);
  void touch(const Batch& rows, std::size_t row, ChangeKind kind) { work.touch(*rows.entity, rows, row, kind); }
  void require_unreferenced(const Entity& entity, Id id, const Work::Group& leaving) const {
    work.require_unreferenced(entity, id, leaving);
  }
  /// Removes every version of ids that have no current row, blanks the salts of their changes, and writes one change
  /// over what is left. They were not touched in this Work.
  void purge(const Entity& entity, const std::vector<Id>& ids);
  bool trusted() const { return work.state_->trust > 0; }
  bool touched(const Entity& entity, Id id) const;

  /// The field by which `part` names the record of `entity` it is a part of, or -1.
  static int parent_field(const Entity& part, const Entity& entity);
  static std::vector<Id> ids_of(const Batch& rows);

  Work& work;
};

}  // namespace kith
