// SPDX-License-Identifier: Apache-2.0
#include "engine/trail.hpp"

#include <algorithm>

namespace kith {

ChangeRow read_change(const Batch& batch, std::size_t row) {
  const auto column = [&](int field) -> const Column& { return batch.columns[static_cast<std::size_t>(field)]; };
  static const Entity& entity = entity_of<ChangeRow>();
  static const int seq = entity.at("seq"), name = entity.at("entity"), record = entity.at("record"),
                   kind = entity.at("kind"), salt = entity.at("salt"), digest = entity.at("digest");
  ChangeRow change;
  change.id = {column(kIdField).word(row)};
  change.seq = column(seq).word(row);
  change.entity = column(name).text(row);
  change.record = {column(record).word(row)};
  const std::int64_t number = column(kind).word(row);
  change.kind = static_cast<ChangeKind>(number >= 0 && number <= 1000 ? number : 0);
  change.salt.data = column(salt).text(row);
  change.digest.data = column(digest).text(row);
  return change;
}

bool Life::take(const ChangeRow& change) {
  // Of a record that lived on, an archive leaves the change that wrote its version.
  const bool was = there || (versions.empty() && change.seq <= base && change.kind == ChangeKind::updated);
  if (was && !there) {
    versions.push_back({.from = change.seq});
    return there = true;
  }
  if (was && change.kind != ChangeKind::created && change.kind != ChangeKind::restored) {
    versions.back().to = change.seq;
    there = false;
  }
  switch (change.kind) {
    case ChangeKind::created:
    case ChangeKind::restored:
    case ChangeKind::updated:
      versions.push_back({.from = change.seq});
      there = true;
      return was == (change.kind == ChangeKind::updated);
    case ChangeKind::removed: return was;
    case ChangeKind::erased:
      if (was) versions.push_back({.from = change.seq});
      there = was;
      return true;
    case ChangeKind::purged: versions.clear(); return true;
  }
  return false;
}

/// A scan read row by row.
struct TrailReader::Source {
  explicit Source(std::unique_ptr<Rows> found) : rows(std::move(found)) { settle(); }

  bool done() const { return row >= batch.rows(); }
  void step() {
    ++row;
    settle();
  }
  void settle() {
    while (rows && row >= batch.rows()) {
      row = 0;
      if (!rows->next(batch)) {
        rows.reset();
        batch.clear();
      }
    }
  }
  std::int64_t id() const { return batch.columns[kIdField].word(row); }

  std::unique_ptr<Rows> rows;
  Batch batch;
  std::size_t row = 0;
};

TrailReader::TrailReader(const Reader& reader) : reader_(reader) {
  for (const Entity* entity : reader.model().entities()) {
    if (entity->keeping == Keeping::versioned) entities_.push_back(entity);
  }
  std::sort(entities_.begin(), entities_.end(), [](const Entity* a, const Entity* b) { return a->name < b->name; });
  const Entity& change = entity_of<ChangeRow>();
  changes_ = std::make_unique<Source>(raw_scan(
      reader, {.entity = &change,
               .order = {{.field = change.at("entity")}, {.field = change.at("record")}, {.field = kIdField}}}));
  if (!entities_.empty()) open(*entities_.front());
}

TrailReader::~TrailReader() = default;

void TrailReader::open(const Entity& entity) {
  const Entity* history = reader_.model().history_of(entity);
  past_ = std::make_unique<Source>(
      raw_scan(reader_, {.entity = history, .order = {{.field = kIdField}, {.field = kSeqField}}}));
  now_ = std::make_unique<Source>(raw_scan(reader_, {.entity = &entity, .order = {{.field = kIdField}}}));
  trail_.past = Batch(*history);
  trail_.now = Batch(entity);
}

const Trail* TrailReader::next() {
  trail_.changes.clear();
  trail_.versions.clear();
  const int name_field = entity_of<ChangeRow>().at("entity");
  const auto name = [&] { return changes_->batch.column(name_field).text(changes_->row); };
  for (; entity_ < entities_.size(); open(*entities_[entity_])) {
    const Entity& entity = *entities_[entity_];
    if (!changes_->done() && name() < entity.name) break;  // of no entity here
    const bool changed = !changes_->done() && name() == entity.name;
    if (changed || !past_->done() || !now_->done()) {
      trail_.entity = &entity;
      std::int64_t record = std::numeric_limits<std::int64_t>::max();
      if (changed) record = read_change(changes_->batch, changes_->row).record.value;
      if (!past_->done()) record = std::min(record, past_->id());
      if (!now_->done()) record = std::min(record, now_->id());
      trail_.record = {record};
      while (!changes_->done() && name() == entity.name) {
        ChangeRow change = read_change(changes_->batch, changes_->row);
        if (change.record.value != record) break;
        trail_.changes.push_back(std::move(change));
        changes_->step();
      }
      trail_.past.clear();
      for (; !past_->done() && past_->id() == record; past_->step()) trail_.past.append_row(past_->batch, past_->row);
      trail_.now.clear();
      for (; !now_->done() && now_->id() == record; now_->step()) trail_.now.append_row(now_->batch, now_->row);
      for (std::size_t row = 0; row < trail_.past.rows(); ++row) {
        trail_.versions.push_back(
            {&trail_.past, row, trail_.past.columns[kSeqField].word(row), trail_.past.columns.back().word(row)});
      }
      if (trail_.now.rows() != 0) {
        trail_.versions.push_back({&trail_.now, 0, trail_.now.columns[kSeqField].word(0), std::nullopt});
      }
      return &trail_;
    }
    if (++entity_ == entities_.size()) break;
  }
  if (changes_->done()) return nullptr;
  trail_.entity = nullptr;
  trail_.changes.push_back(read_change(changes_->batch, changes_->row));
  changes_->step();
  return &trail_;
}

}  // namespace kith
