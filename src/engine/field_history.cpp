// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/field_history.hpp"

#include <map>
#include <set>

#include "engine/generic.hpp"
#include "engine/internal.hpp"

namespace kith::history {
namespace {

/// The works of some sequences with the names of their actors.
class Authors {
 public:
  Authors(const Reader& reader, const std::set<std::int64_t>& seqs) : system_(reader.as_system("authors")) {
    std::vector<Id> ids;
    for (const std::int64_t seq : seqs) ids.push_back({seq});
    const Batch works = raw_get(system_, entity_of<WorkRow>(), ids);
    std::set<std::int64_t> actors;
    for (std::size_t row = 0; row < works.rows(); ++row) {
      WorkRow work;
      load_row(works, row, &work);
      actors.insert(work.actor.value);
      works_.emplace(work.id.value, std::move(work));
    }
    ids.clear();
    for (const std::int64_t actor : actors) ids.push_back({actor});
    const Batch principals = raw_get(system_, entity_of<Principal>(), ids);
    for (std::size_t row = 0; row < principals.rows(); ++row) {
      Principal principal;
      load_row(principals, row, &principal);
      names_.emplace(principal.id.value, std::move(principal.name));
    }
  }

  Authorship of(std::int64_t seq) const {
    Authorship by{.seq = seq};
    const auto work = works_.find(seq);
    if (work == works_.end()) return by;
    by.recorded = work->second.recorded;
    by.cause = work->second.cause;
    const auto name = names_.find(work->second.actor.value);
    by.actor = name == names_.end() ? "principal " + std::to_string(work->second.actor.value) : name->second;
    return by;
  }

 private:
  Reader system_;
  std::map<std::int64_t, WorkRow> works_;
  std::map<std::int64_t, std::string> names_;
};

/// The versions of one record as values.
class Versions {
 public:
  Versions(const Reader& reader, const Entity& entity, Id id)
      : entity_(entity), base_(reader.currency()), last_(reader.seq()), batch_(history::versions(reader, entity, id)) {
    std::set<std::int64_t> seqs;
    for (std::size_t row = 0; row < rows(); ++row) {
      seqs.insert(seq(row));
      if (end(row)) seqs.insert(*end(row));
    }
    authors_.emplace(reader, seqs);
  }

  std::size_t rows() const { return batch_.rows(); }
  std::int64_t seq(std::size_t row) const { return batch_.columns[kSeqField].word(row); }
  /// Nothing where the version still held as of the reader's work.
  std::optional<std::int64_t> end(std::size_t row) const {
    const Column& to = batch_.columns.back();
    return to.is_null(row) || to.word(row) > last_ ? std::nullopt : std::optional(to.word(row));
  }
  /// True when the version follows the one before it without the record having been away.
  bool follows(std::size_t row) const { return row != 0 && end(row - 1) == seq(row); }
  bool same(std::size_t field, std::size_t row, std::size_t other) const {
    return batch_.columns[field].cell(row) == batch_.columns[field].cell(other);
  }
  Value value(std::size_t field, std::size_t row) const {
    const Field& of = entity_.fields[field];
    const Column& column = batch_.columns[field];
    if (column.is_null(row)) return {};
    if (!column.is_text() && is_open_end(of, column.word(row))) return {};
    if (of.type == Type::bytes) return to_hex(column.text(row));
    Currency money = base_;
    if (const int named = entity_.currency_of(of); of.type == Type::money && named >= 0) {
      const std::string_view code = batch_.columns[static_cast<std::size_t>(named)].text(row);
      if (!code.empty()) money = currency(code);
    }
    return to_value(column.cell(row), of, money);
  }
  Authorship by(std::int64_t seq) const { return authors_->of(seq); }

 private:
  const Entity& entity_;
  Currency base_;
  std::int64_t last_;
  Batch batch_;
  std::optional<Authors> authors_;
};

}  // namespace

std::vector<FieldValue> field_values(const Reader& reader, const Entity& entity, Id id, std::string_view field) {
  const auto position = static_cast<std::size_t>(entity.at(field));
  const Versions versions(reader, entity, id);
  std::vector<FieldValue> values;
  for (std::size_t row = 0; row < versions.rows(); ++row) {
    if (versions.follows(row) && versions.same(position, row, row - 1)) {
      values.back().to_seq = versions.end(row);
      continue;
    }
    values.push_back({versions.value(position, row), versions.by(versions.seq(row)), versions.end(row)});
  }
  return values;
}

std::vector<FieldChange> field_changes(const Reader& reader, const Entity& entity, Id id) {
  const Versions versions(reader, entity, id);
  std::vector<FieldChange> changes;
  for (std::size_t row = 0; row < versions.rows(); ++row) {
    const Authorship by = versions.by(versions.seq(row));
    const bool follows = versions.follows(row);
    const ChangeKind kind = follows ? ChangeKind::updated : row == 0 ? ChangeKind::created : ChangeKind::restored;
    for (std::size_t field = kSeqField + 1; field < entity.fields.size(); ++field) {
      if (follows && versions.same(field, row, row - 1)) continue;
      Value before = follows ? versions.value(field, row - 1) : Value();
      Value after = versions.value(field, row);
      if (!follows && is_null(after)) continue;
      changes.push_back({by, kind, std::string(entity.fields[field].name), std::move(before), std::move(after)});
    }
    const bool leaves = versions.end(row) && (row + 1 == versions.rows() || !versions.follows(row + 1));
    if (leaves) {
      changes.push_back({versions.by(*versions.end(row)), ChangeKind::removed, "", {}, {}});
    }
  }
  return changes;
}

}  // namespace kith::history
