// SPDX-License-Identifier: Apache-2.0
// Holds every row of a store against what its works wrote. Two walks: along the chain of works with their changes, and
// along the records, where the changes of each one stand beside the rows of its present and its past.
#include <algorithm>

#include "engine/archived.hpp"
#include "engine/ids.hpp"
#include "engine/internal.hpp"
#include "engine/migrate.hpp"
#include "engine/trail.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

using history::Anchor;
using history::Verification;

std::string_view view(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

std::vector<Order> by(int field) { return {{.field = field}}; }

/// Findings with the work they belong to, so that the first bad row comes first.
class Faults {
 public:
  void add(std::int64_t seq, std::string_view entity, Id id, std::string message) {
    found_.emplace_back(seq, Finding{std::string(entity), id, std::move(message)});
  }
  std::vector<Finding> in_order() {
    std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Finding> findings;
    findings.reserve(found_.size());
    for (auto& [seq, finding] : found_) findings.push_back(std::move(finding));
    return findings;
  }

 private:
  std::vector<std::pair<std::int64_t, Finding>> found_;
};

/// Walks works and their changes side by side, both in order.
class ChainWalk {
 public:
  ChainWalk(const Reader& reader, const std::optional<Anchor>& anchor, const std::optional<ArchiveRow>& base,
            Verification& result, Faults& faults)
      : reader_(reader), anchor_(anchor), base_(base), result_(result), faults_(faults) {
    if (base) {
      previous_ = base->hash.data;
      recorded_ = base->recorded;
      last_change_ = base->last_change;
      access_seq_ = base->access_seq;
    }
    changes_ = raw_scan(reader, {.entity = &entity_of<ChangeRow>(), .order = by(kIdField)});
  }

  void run(const Head& head) {
    const std::int64_t first = base_ ? base_->until + 1 : 1;
    std::int64_t expected = first;
    KeptHash kept;
    while (next_change() && change_.seq < first) {
      kept.add(change_);
      held_ = false;
    }
    auto works = raw_scan(reader_, {.entity = &entity_of<WorkRow>(), .order = by(kIdField)});
    for (Batch batch; works->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        WorkRow work;
        load_row(batch, row, &work);
        if (work.id.value < first) {
          kept.add(work);
          continue;
        }
        if (work.id.value != expected) {
          faults_.add(std::min(expected, work.id.value), "work", {expected},
                      "is missing; the next one found is " + std::to_string(work.id.value));
        }
        expected = work.id.value + 1;
        check_work(work);
        previous_ = work.hash.data;
        recorded_ = work.recorded;
        ++result_.works;
      }
    }
    while (next_change()) {
      faults_.add(change_.seq, "change", change_.id, "belongs to no work");
      held_ = false;
    }
    check_head(head, expected - 1);
    if (base_ && kept.bytes() != base_->kept.data) {
      faults_.add(first, "archive", base_->id,
                  "the works and changes that stayed from before work " + std::to_string(first) +
                      " are not those that it left");
    }
    if (base_ && anchor_ && anchor_->seq == base_->until && anchor_->hash != base_->hash) {
      faults_.add(first, "archive", base_->id, "does not have the hash of the anchor: the chain was written anew");
    }
    if (anchor_ && anchor_->seq >= expected) {
      faults_.add(expected, "work", {expected},
                  "is missing: the anchor names work " + std::to_string(anchor_->seq) + ", but the last one is " +
                      std::to_string(expected - 1));
    }
  }

 private:
  bool next_change() {
    if (held_) return true;
    while (position_ >= batch_.rows()) {
      if (!changes_ || !changes_->next(batch_)) return false;
      position_ = 0;
    }
    change_ = read_change(batch_, position_++);
    held_ = true;
    ++result_.changes;
    return true;
  }

  void check_work(const WorkRow& work) {
    std::vector<std::string> kept;
    const auto& names = Choices<ChangeKind>::names;
    while (next_change() && change_.seq <= work.id.value) {
      held_ = false;
      if (change_.seq < work.id.value) {
        faults_.add(change_.seq, "change", change_.id, "belongs to no work, or stands in the wrong place");
        continue;
      }
      if (change_.id.value != last_change_ + 1) {
        faults_.add(work.id.value, "change", {last_change_ + 1},
                    "is missing; the next one found is " + std::to_string(change_.id.value));
      }
      last_change_ = change_.id.value;
      const auto kind = static_cast<std::int64_t>(change_.kind);
      if (kind < 1 || kind > static_cast<std::int64_t>(std::size(names))) {
        faults_.add(work.id.value, "change", change_.id, "has the kind " + std::to_string(kind) + ", which is none");
      }
      const Entity* entity = reader_.model().find_entity(change_.entity);
      if (entity != nullptr && entity->roles.access) access_seq_ = work.id.value;
      note_id(work);
      kept.push_back(change_.digest.data);
    }
    const std::vector<std::string_view> digests(kept.begin(), kept.end());
    if (static_cast<std::int64_t>(kept.size()) != work.changes) {
      faults_.add(work.id.value, "work", work.id,
                  "made " + std::to_string(work.changes) + " changes, " + std::to_string(kept.size()) + " are there");
    }
    if (work.hash.data != hash_of(work, digests)) {
      faults_.add(work.id.value, "work", work.id, "its hash does not follow from the work before it and its changes");
    }
    if (anchor_ && anchor_->seq == work.id.value && anchor_->hash != work.hash) {
      faults_.add(work.id.value, "work", work.id, "does not have the hash of the anchor: the chain was written anew");
    }
  }

  /// Empty for a time that no calendar has.
  std::string hash_of(const WorkRow& work, const std::vector<std::string_view>& digests) const {
    try {
      return std::string(view(work_hash(work, previous_, digests)));
    } catch (const Error&) {
      return {};
    }
  }

  /// An id of the work's own moment was given by the work, not by the host.
  void note_id(const WorkRow& work) {
    const std::int64_t first = first_id(work.recorded);
    const std::int64_t id = change_.record.value;
    if (change_.kind == ChangeKind::created && first <= id && id < first + kIdsOfMillisecond) {
      last_id_ = std::max(last_id_, id);
    }
  }

  void check_head(const Head& head, std::int64_t last) {
    const auto fault = [&](std::string message) { faults_.add(last + 1, "head", head.id, std::move(message)); };
    if (head.seq != last) {
      fault("names " + std::to_string(head.seq) + " as the last work, but it is " + std::to_string(last));
    } else if (head.hash.data != previous_) {
      fault("does not hold the hash of the last work");
    } else if (head.recorded != recorded_) {
      fault("does not hold the time of the last work");
    }
    if (head.revision != head.seq + 1) {
      fault("has the revision " + std::to_string(head.revision) + ", but its last work is " + std::to_string(head.seq));
    }
    // More ids than fit a millisecond run ahead of the clock, but not by a minute.
    const std::int64_t most = std::max<std::int64_t>(first_id(head.recorded), 0) + 60'000 * kIdsOfMillisecond;
    if (head.last_id < last_id_ || head.last_id > most) {
      fault("lets ids go on from " + std::to_string(head.last_id) + ", but works gave them until " +
            std::to_string(last_id_));
    }
    if (head.last_change != last_change_) {
      fault("counts " + std::to_string(head.last_change) + " changes, there are " + std::to_string(last_change_));
    }
    if (head.access_seq != access_seq_) {
      fault("names " + std::to_string(head.access_seq) + " as the last work about access, but it is " +
            std::to_string(access_seq_));
    }
  }

  const Reader& reader_;
  const std::optional<Anchor>& anchor_;
  const std::optional<ArchiveRow>& base_;
  Verification& result_;
  Faults& faults_;
  std::unique_ptr<Rows> changes_;
  Batch batch_{entity_of<ChangeRow>()};
  std::size_t position_ = 0;
  ChangeRow change_;
  bool held_ = false;
  std::string previous_ = std::string(32, '\0');
  Timestamp recorded_ = {};
  std::int64_t last_change_ = 0;
  std::int64_t last_id_ = 0;  // of those that works gave
  std::int64_t access_seq_ = 0;
};

/// Holds the rows of one record against its changes.
class RecordWalk {
 public:
  RecordWalk(const Reader& reader, std::int64_t base, Verification& result, Faults& faults)
      : reader_(reader), base_(base), added_(reader), result_(result), faults_(faults) {}

  void run() {
    TrailReader trails(reader_);
    while (const Trail* trail = trails.next()) {
      if (trail->entity == nullptr) {
        for (const ChangeRow& change : trail->changes) {
          faults_.add(change.seq, "change", change.id,
                      "names an entity '" + change.entity + "' that keeps no records in this store");
        }
        continue;
      }
      result_.versions += static_cast<std::int64_t>(trail->versions.size());
      check(*trail);
    }
  }

 private:
  void check(const Trail& trail) {
    const std::vector<Lifetime> lives = lifetimes(trail);
    std::size_t at = 0;
    for (const VersionRow& version : trail.versions) {
      while (at < lives.size() && lives[at].from < version.seq) gone(trail, lives[at++]);
      if (at == lives.size() || lives[at].from != version.seq) {
        faults_.add(version.seq, trail.entity->name, trail.record, "holds a version that no work wrote");
        continue;
      }
      if (version.to_seq != lives[at].to) {
        const auto text = [](const std::optional<std::int64_t>& end) {
          return end ? "ends with work " + std::to_string(*end) : std::string("is the present one");
        };
        faults_.add(version.seq, trail.entity->name, trail.record,
                    "the version of work " + std::to_string(version.seq) + " " + text(lives[at].to) + ", but " +
                        text(version.to_seq) + " in the tables");
      }
      ++at;
    }
    while (at < lives.size()) gone(trail, lives[at++]);
    check_digests(trail);
  }

  void gone(const Trail& trail, const Lifetime& life) {
    faults_.add(life.from, trail.entity->name, trail.record,
                "the version that work " + std::to_string(life.from) + " wrote is gone");
  }

  /// When each version should begin and end, as the changes say.
  std::vector<Lifetime> lifetimes(const Trail& trail) {
    Life life{.base = base_};
    for (const ChangeRow& change : trail.changes) {
      if (!life.take(change)) {
        faults_.add(change.seq, trail.entity->name, trail.record,
                    "change " + std::to_string(change.id.value) + " cannot follow the one before it");
      }
    }
    return life.versions;
  }

  void check_digests(const Trail& trail) {
    std::size_t sealed = trail.changes.size();  // the last erasure or purge
    while (sealed != 0 && !seals(trail.changes[sealed - 1].kind)) --sealed;
    for (std::size_t i = 0; i < trail.changes.size(); ++i) {
      const ChangeRow& change = trail.changes[i];
      if (seals(change.kind)) {
        result_.erasures.push_back(
            {std::string(trail.entity->name), trail.record,
             (change.kind == ChangeKind::erased ? "erased by work " : "purged by work ") + std::to_string(change.seq)});
      }
      if (i + 1 < sealed) {
        if (!change.salt.data.empty()) {
          faults_.add(change.seq, "change", change.id, "has a salt, though the record was erased later");
        }
        continue;
      }
      const bool whole = i + 1 == sealed ? check_seal(trail, i) : check_values(trail, change);
      if (whole) continue;
      faults_.add(change.seq, trail.entity->name, trail.record,
                  "differs from what work " + std::to_string(change.seq) + " wrote (change " +
                      std::to_string(change.id.value) + ")");
    }
  }

  bool check_seal(const Trail& trail, std::size_t position) {
    const ChangeRow& change = trail.changes[position];
    Sealed sealed{.earlier = std::span(trail.changes).first(position)};
    sealed.without = added_.after(*trail.entity, change.seq);
    for (VersionRow version : trail.versions) {
      if (version.seq > change.seq) break;
      if (version.seq == change.seq) version.to_seq.reset();
      sealed.versions.push_back(version);
      check_defaults(trail, change, version);
    }
    return change.digest.data == view(seal_digest(change.salt.data, *trail.entity, change.kind, trail.record, sealed));
  }

  /// True also when the version is not there: that was said already.
  bool check_values(const Trail& trail, const ChangeRow& change) {
    if (change.kind == ChangeKind::removed) {
      return change.digest.data ==
             view(change_digest(change.salt.data, *trail.entity, change.kind, trail.record, nullptr, 0));
    }
    const auto version = std::find_if(trail.versions.begin(), trail.versions.end(),
                                      [&](const VersionRow& one) { return one.seq == change.seq; });
    if (version == trail.versions.end()) return true;
    check_defaults(trail, change, *version);
    return change.digest.data ==
           view(change_digest(change.salt.data, *trail.entity, change.kind, trail.record, version->batch, version->row,
                              added_.after(*trail.entity, change.seq)));
  }

  void check_defaults(const Trail& trail, const ChangeRow& change, const VersionRow& version) {
    if (added_.defaults_hold(*trail.entity, change.seq, *version.batch, version.row)) return;
    faults_.add(change.seq, trail.entity->name, trail.record,
                "has a value in a field that came after work " + std::to_string(change.seq));
  }

  const Reader& reader_;
  std::int64_t base_;
  AddedFields added_;
  Verification& result_;
  Faults& faults_;
};

}  // namespace

namespace history {

Verification verify(const Reader& reader, const std::optional<Anchor>& anchor) {
  if (rights_of(reader).level(entity_of<Principal>(), Action::administer) != Level::all) {
    throw Error(Code::denied, "principal", "",
                "'" + reader.actor().name + "' may not verify a store; that needs administer");
  }
  const Reader system = reader.as_system("verify");
  Inside::state(system).as_of = false;  // every row there is, whatever moment the reader shows
  Inside::state(system).valid.reset();
  Verification result;
  Faults faults;
  const auto head = read_head(Inside::state(system).live());
  if (!head) {
    result.faults.push_back({"head", {}, "is missing"});
    return result;
  }
  if (const std::size_t heads = raw_all(system, {.entity = &entity_of<Head>(), .fields = {kIdField}}).rows();
      heads > 1) {
    faults.add(head->seq + 1, "head", head->id, "has " + std::to_string(heads) + " rows, where there is one");
  }
  for (std::string& fault : head_faults(system, *head)) {
    faults.add(head->seq + 1, "head", head->id, std::move(fault));
  }
  const auto base = last_archive(system);
  if (base && anchor && anchor->seq < base->until) {
    throw Error(Code::state, "archive", "until",
                "the anchor names work " + std::to_string(anchor->seq) + ", which was archived with those until " +
                    std::to_string(base->until) + "; hold the archive against it");
  }
  ChainWalk(system, anchor, base, result, faults).run(*head);
  RecordWalk(system, base ? base->until : 0, result, faults).run();
  result.faults = faults.in_order();
  return result;
}

Anchor anchor(const Reader& reader) {
  if (reader.seq() == 0) return {.seq = 0, .hash = {std::string(32, '\0')}};
  const WorkRow work = reader.as_system("anchor").get<WorkRow>({reader.seq()});
  return {.seq = work.id.value, .hash = work.hash};
}

std::string to_string(const Anchor& anchor) {
  Digest digest{};
  std::copy_n(anchor.hash.data.begin(), std::min(anchor.hash.data.size(), digest.size()),
              reinterpret_cast<char*>(digest.data()));
  return std::to_string(anchor.seq) + ":" + to_hex(digest);
}

Anchor parse_anchor(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view digits = text.substr(0, colon);
  const std::string_view hex = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const bool number =
      !digits.empty() && digits.size() <= 18 && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number || hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    throw Error(Code::invalid, "'" + std::string(text) +
                                   "' is no anchor; expected a work's number, a colon and the 64 "
                                   "lower-case hexadecimal digits of its hash");
  }
  Anchor anchor{.seq = std::stoll(std::string(digits)), .hash = {}};
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    anchor.hash.data += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
  }
  return anchor;
}

}  // namespace history
}  // namespace kith
