// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What removing, restoring, purging and undoing have in common: rows taken out and put back below the checks of the
/// ordinary verbs, which these functions make themselves. The history keeps what was there, the feed tells of it.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
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
  /// A record that refers to another one.
  struct Reference {
    const Entity* entity = nullptr;
    Id id = {};
    std::int64_t seq = 0;     // the work that wrote it
    std::string field = {};   // also one of the store's own
    std::string target = {};  // an entity
    Id to = {};
    std::string text() const;  // "contact 7 of work 3 refers to 5 as its customer; remove or change that first"
  };
  using Group = Work::Group;
  /// The first record, but for those in `leaving`, that refers to one of these.
  static std::optional<Reference> reference_to(const Reader& reader, const Entity& entity, const std::vector<Id>& ids,
                                               const Group& leaving);
  /// A row of a history as a row of its entity.
  static Batch as_current(const Entity& entity, const Batch& past, const std::vector<std::size_t>& rows);
  /// The first reference of the rows to a record that is neither there nor among them.
  static std::optional<Reference> missing_reference(const Reader& reader, const std::vector<Batch>& rows);
  /// What is wrong with a value of the rows that no custom_field defines any more; nothing where there is none.
  static std::optional<Finding> undefined_value(const Reader& reader, const std::vector<Batch>& rows);
  WorkOptions& options() const;
  bool wrote() const;
  std::optional<Timestamp>& owner_from() const;
  using Earlier = std::map<std::int64_t, std::vector<ChangeRow>>;
  /// Empties the salts of all changes of these records, which it returns by record, each in order.
  Earlier blank_salts(const Entity& entity, const std::vector<Id>& ids);
  /// One change of a record whose digest takes the place of all earlier ones.
  void seal(const Batch& rows, std::size_t row, ChangeKind kind, const Sealed& sealed);
  /// Error{conflict} for a record that was touched in this Work: "purge it in one of its own".
  void require_untouched(const Entity& entity, const std::vector<Id>& ids, std::string_view verb) const;
  /// Statements after whose failure the Work can only roll back.
  void write(const std::function<void(Transaction&)>& statements);
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
