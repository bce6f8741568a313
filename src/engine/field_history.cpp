// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/field_history.hpp"

#include <map>
#include <set>

#include "engine/custom.hpp"
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

/// The versions of one record as values, those of fields of the store's own behind those of the entity: in the
/// definitions that the reader sees.
class Versions {
 public:
  /// For a field that is a formula a version is as many as the formulas that stood while it held.
  Versions(const Reader& reader, const Entity& entity, Id id, std::string_view field = {})
      : entity_(entity),
        own_(custom_of(reader, entity)),
        base_(reader.currency()),
        last_(reader.seq()),
        batch_(history::versions(reader, entity, id)),
        to_(batch_.columns.size() - 1) {
    const int index = own_ == nullptr || field.empty() ? -1 : own_->find(field);
    if (index >= 0 && own_->is_formula(static_cast<std::size_t>(index))) split(CustomPast(reader, entity).changes());
    if (own_ != nullptr) expand_versions(reader, *own_, batch_);
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
    const Column& to = batch_.columns[to_];
    return to.is_null(row) || to.word(row) > last_ ? std::nullopt : std::optional(to.word(row));
  }
  /// True when the version follows the one before it without the record having been away.
  bool follows(std::size_t row) const { return row != 0 && end(row - 1) == seq(row); }
  /// Position of a field. Error{invalid} naming near ones.
  int position(std::string_view field) const { return position_of(entity_, own_.get(), field); }
  const Field& field(int position) const { return field_at(entity_, own_.get(), position); }
  /// What verbs write, of the entity and of the store's own: formulas follow from it.
  std::vector<int> written() const {
    std::vector<int> positions;
    const int fields = static_cast<int>(entity_.fields.size());
    for (int i = kSeqField + 1; i < fields; ++i) {
      if (own_ == nullptr || i != entity_.custom()) positions.push_back(i);
    }
    for (std::size_t i = 0; own_ != nullptr && i < own_->size(); ++i) {
      if (!own_->is_formula(i)) positions.push_back(fields + static_cast<int>(i));
    }
    return positions;
  }
  bool same(int position, std::size_t row, std::size_t other) const {
    return column(position).cell(row) == column(position).cell(other);
  }
  Value value(int position, std::size_t row) const {
    const Field& of = field(position);
    const Column& column = this->column(position);
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
  const Column& column(int position) const {
    const int fields = static_cast<int>(entity_.fields.size());
    return batch_.column(position < fields ? position : position + 1);  // behind to_seq
  }
  /// Lets a version end, and another begin, with each of the works.
  void split(const std::set<std::int64_t>& works) {
    Batch pieces(*batch_.entity);
    for (std::size_t row = 0; row < batch_.rows(); ++row) {
      const std::int64_t until = end(row).value_or(last_ + 1);
      pieces.append_row(batch_, row);
      for (auto work = works.upper_bound(seq(row)); work != works.end() && *work < until; ++work) {
        pieces.columns[to_].set_word(pieces.rows() - 1, *work);
        pieces.append_row(batch_, row);
        pieces.columns[kSeqField].set_word(pieces.rows() - 1, *work);
      }
    }
    batch_ = std::move(pieces);
  }

  const Entity& entity_;
  std::shared_ptr<const CustomFields> own_;
  Currency base_;
  std::int64_t last_;
  Batch batch_;
  std::size_t to_;  // place of a column
  std::optional<Authors> authors_;
};

}  // namespace

std::vector<FieldValue> field_values(const Reader& reader, const Entity& entity, Id id, std::string_view field) {
  const Versions versions(reader, entity, id, field);
  const int position = versions.position(field);
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
  const std::vector<int> written = versions.written();
  std::vector<FieldChange> changes;
  for (std::size_t row = 0; row < versions.rows(); ++row) {
    const Authorship by = versions.by(versions.seq(row));
    const bool follows = versions.follows(row);
    const ChangeKind kind = follows ? ChangeKind::updated : row == 0 ? ChangeKind::created : ChangeKind::restored;
    for (const int field : written) {
      if (follows && versions.same(field, row, row - 1)) continue;
      Value before = follows ? versions.value(field, row - 1) : Value();
      Value after = versions.value(field, row);
      if (!follows && is_null(after)) continue;
      changes.push_back({by, kind, std::string(versions.field(field).name), std::move(before), std::move(after)});
    }
    const bool leaves = versions.end(row) && (row + 1 == versions.rows() || !versions.follows(row + 1));
    if (leaves) {
      changes.push_back({versions.by(*versions.end(row)), ChangeKind::removed, "", {}, {}});
    }
  }
  return changes;
}

}  // namespace kith::history
