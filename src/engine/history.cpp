// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/history.hpp"

#include <algorithm>

#include "engine/internal.hpp"
#include "engine/migrate.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::size_t kChunk = 500;  // records looked up at a time while verifying

Condition at_least(int field, std::int64_t word) {
  return {.op = Condition::Op::ge, .field = field, .operands = {word}, .terms = {}};
}

std::vector<Order> by(int field) { return {{.field = field}}; }

/// Recomputes digests of change rows against the stored versions, a chunk of one entity at a time.
class DigestCheck {
 public:
  DigestCheck(const Reader& reader, std::vector<Finding>& findings)
      : reader_(reader), findings_(findings), added_(reader) {}

  void add(const ChangeRow& change) {
    const Entity* entity = reader_.model().find_entity(change.entity);
    if (entity == nullptr) {
      findings_.push_back({"change", change.id, "names an entity '" + change.entity + "' that the store has not"});
      return;
    }
    if (change.kind == ChangeKind::removed) {
      compare(change, change_digest(change.salt.data, *entity, change.kind, change.record, nullptr, 0));
      return;
    }
    auto& waiting = waiting_[entity];
    waiting.push_back(change);
    if (waiting.size() >= kChunk) flush(*entity, waiting);
  }

  void finish() {
    for (auto& [entity, waiting] : waiting_) flush(*entity, waiting);
  }

 private:
  void compare(const ChangeRow& change, const Digest& digest) {
    if (change.digest.data == std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())) return;
    findings_.push_back({change.entity, change.record,
                         "differs from what work " + std::to_string(change.seq) + " wrote (change " +
                             std::to_string(change.id.value) + ")"});
  }

  void flush(const Entity& entity, std::vector<ChangeRow>& waiting) {
    std::map<std::pair<std::int64_t, std::int64_t>, const ChangeRow*> open;  // (id, seq)
    std::vector<Id> ids;
    for (const ChangeRow& change : waiting) {
      open[{change.record.value, change.seq}] = &change;
      ids.push_back(change.record);
    }
    match(entity, raw_get(reader_, entity, ids), open);
    if (!open.empty()) {
      const Entity* history = reader_.model().history_of(entity);
      Condition in{.op = Condition::Op::in, .field = kIdField, .operands = {}, .terms = {}};
      for (const auto& [key, change] : open) in.operands.emplace_back(key.first);
      match(entity, raw_all(reader_, {.entity = history, .where = {in}}), open);
    }
    for (const auto& [key, change] : open) {
      findings_.push_back({change->entity, change->record,
                           "the version that work " + std::to_string(change->seq) + " wrote is gone (change " +
                               std::to_string(change->id.value) + ")"});
    }
    waiting.clear();
  }

  void match(const Entity& entity, const Batch& rows,
             std::map<std::pair<std::int64_t, std::int64_t>, const ChangeRow*>& open) {
    const std::size_t fields = entity.fields.size();
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const auto found = open.find({rows.columns[kIdField].word(row), rows.columns[kSeqField].word(row)});
      if (found == open.end()) continue;
      Batch version(entity);
      for (std::size_t i = 0; i < fields; ++i) version.columns[i].append_from(rows.columns[i], row);
      const ChangeRow& change = *found->second;
      if (!added_.drop(entity, change.seq, version)) {
        findings_.push_back({change.entity, change.record,
                             "has a value in a field that came after work " + std::to_string(change.seq)});
      }
      compare(change, change_digest(change.salt.data, entity, change.kind, change.record, &version, 0));
      open.erase(found);
    }
  }

  const Reader& reader_;
  std::vector<Finding>& findings_;
  AddedFields added_;
  std::map<const Entity*, std::vector<ChangeRow>> waiting_;
};

/// Walks works and their changes side by side, both in order.
class ChainCheck {
 public:
  explicit ChainCheck(const Reader& reader) : reader_(reader), digests_(reader, findings_) {
    changes_ = raw_scan(reader, {.entity = &entity_of<ChangeRow>(), .order = by(kIdField)});
  }

  std::vector<Finding> run(const Head& head) {
    std::string previous(32, '\0');
    std::int64_t expected = 1;
    auto works = raw_scan(reader_, {.entity = &entity_of<WorkRow>(), .order = by(kIdField)});
    for (Batch batch; works->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        WorkRow work;
        load_row(batch, row, &work);
        if (work.id.value != expected) {
          findings_.push_back(
              {"work", {expected}, "is missing; the next one found is " + std::to_string(work.id.value)});
          expected = work.id.value;
        }
        ++expected;
        check_work(work, previous);
        previous = work.hash.data;
      }
    }
    if (next_change()) findings_.push_back({"change", change_.id, "belongs to no work"});
    if (head.seq != expected - 1) {
      findings_.push_back(
          {"head", head.id,
           "names " + std::to_string(head.seq) + " as the last work, but it is " + std::to_string(expected - 1)});
    } else if (head.hash.data != previous) {
      findings_.push_back({"head", head.id, "does not hold the hash of the last work"});
    }
    if (head.last_change != last_change_) {
      findings_.push_back(
          {"head", head.id,
           "counts " + std::to_string(head.last_change) + " changes, there are " + std::to_string(last_change_)});
    }
    digests_.finish();
    return std::move(findings_);
  }

 private:
  bool next_change() {
    if (held_) return true;
    while (position_ >= batch_.rows()) {
      if (!changes_ || !changes_->next(batch_)) return false;
      position_ = 0;
    }
    change_ = ChangeRow{};
    load_row(batch_, position_++, &change_);
    held_ = true;
    return true;
  }

  void check_work(const WorkRow& work, const std::string& previous) {
    std::vector<std::string> kept;
    while (next_change() && change_.seq == work.id.value) {
      if (change_.id.value != last_change_ + 1) {
        findings_.push_back({"change", {last_change_ + 1}, "is missing"});
      }
      last_change_ = change_.id.value;
      kept.push_back(change_.digest.data);
      digests_.add(change_);
      held_ = false;
    }
    const std::vector<std::string_view> digests(kept.begin(), kept.end());
    if (static_cast<std::int64_t>(kept.size()) != work.changes) {
      findings_.push_back(
          {"work", work.id,
           "made " + std::to_string(work.changes) + " changes, " + std::to_string(kept.size()) + " are there"});
    }
    const Digest hash = work_hash(work, previous, digests);
    if (work.hash.data != std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size())) {
      findings_.push_back({"work", work.id, "its hash does not follow from the work before it and its changes"});
    }
  }

  const Reader& reader_;
  std::vector<Finding> findings_;
  DigestCheck digests_;
  std::unique_ptr<Rows> changes_;
  Batch batch_{entity_of<ChangeRow>()};
  std::size_t position_ = 0;
  ChangeRow change_;
  bool held_ = false;
  std::int64_t last_change_ = 0;
};

}  // namespace

namespace history {

Batch versions(const Reader& reader, const Entity& entity, Id id) {
  const Entity* past = reader.model().history_of(entity);
  if (past == nullptr) {
    throw Error(Code::misuse, std::string(entity.name), "", "keeps no history; its rows never change");
  }
  const bool whole = rights_of(reader).level(entity, Action::read) == Level::all && entity.roles.parent.empty();
  if (!whole && !reader.may(Action::read, entity, id)) {
    throw Error(Code::not_found, std::string(entity.name), "id",
                "there is no " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" +
                    reader.actor().name + "' may see");
  }
  // History and present are plain tables here: an as-of reader shows the versions recorded until then.
  Scan scan{.entity = past, .where = {equals(*past, "id", id)}, .order = by(kSeqField)};
  const std::int64_t until = reader.seq();
  scan.where.push_back({.op = Condition::Op::le, .field = kSeqField, .operands = {until}, .terms = {}});
  Batch result = raw_all(reader, scan);
  const Batch now = raw_get(reader, entity, {&id, 1});
  const bool already = now.rows() != 0 && result.rows() != 0 &&
                       result.columns[kSeqField].word(result.rows() - 1) == now.columns[kSeqField].word(0);
  if (now.rows() != 0 && !already) {
    for (std::size_t i = 0; i < now.columns.size(); ++i) result.columns[i].append_from(now.columns[i], 0);
    result.columns.back().append_null();
  }
  if (result.rows() == 0) {
    throw Error(Code::not_found, std::string(entity.name), "id",
                "there never was a " + std::string(entity.name) + " " + std::to_string(id.value));
  }
  return result;
}

std::vector<ChangeRow> changes(const Reader& reader, std::int64_t after, std::size_t most) {
  std::vector<ChangeRow> result;
  const Entity& entity = entity_of<ChangeRow>();
  auto rows = raw_scan(reader, {.entity = &entity, .where = {at_least(kIdField, after + 1)}, .order = by(kIdField)});
  const Rights& rights = rights_of(reader);
  for (Batch batch; result.size() < most && rows->next(batch);) {
    std::map<const Entity*, std::vector<Id>> asked;
    std::vector<ChangeRow> loaded(batch.rows());
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      load_row(batch, row, &loaded[row]);
      if (const Entity* touched = reader.model().find_entity(loaded[row].entity)) {
        asked[touched].push_back(loaded[row].record);
      }
    }
    std::map<const Entity*, std::unordered_set<std::int64_t>> readable;
    for (const auto& [touched, ids] : asked) readable[touched] = allowed(reader, *touched, Action::read, ids);
    for (ChangeRow& change : loaded) {
      const Entity* touched = reader.model().find_entity(change.entity);
      if (touched == nullptr) continue;
      const bool all = rights.level(*touched, Action::read) == Level::all;
      if (!all && !readable[touched].contains(change.record.value)) continue;
      result.push_back(std::move(change));
      if (result.size() == most) break;
    }
  }
  return result;
}

std::vector<Finding> verify(const Reader& reader) {
  const Reader system = reader.as_system("verify");
  auto head = read_head(Inside::state(system).live());
  if (!head) return {{"head", {}, "is missing"}};
  return ChainCheck(system).run(*head);
}

}  // namespace history
}  // namespace kith
