// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "engine/archived.hpp"
#include "engine/migrate.hpp"
#include "engine/trail.hpp"
#include "interchange/json_text.hpp"
#include "interchange/row_lines.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/feed.hpp"

namespace kith {
namespace {

using history::Anchor;
using history::Verification;

void require_administrator(const Reader& reader) {
  if (rights_of(reader).level(entity_of<Principal>(), Action::administer) == Level::all) return;
  throw Error(Code::denied, "principal", "",
              "'" + reader.actor().name + "' may not archive a store; that needs administer");
}

/// Nothing leaves that somebody still counts on.
void require_dispensable(const Work& work, const ArchiveRow& row) {
  const std::string named = "work " + std::to_string(row.until);
  for (const Consumer& consumer : work.as_system("archive").list<Consumer>({.order = {"name"}})) {
    if (consumer.position >= row.last_change) continue;
    const FeedScan missed = scan_feed(work.as_system("archive"), consumer.position, 1, entity_of<Consumer>().name);
    if (missed.changes.empty() || missed.changes.front().id.value > row.last_change) continue;
    throw Error(Code::state, "consumer", "position",
                "consumer " + quote(consumer.name) + " has read to change " + std::to_string(consumer.position) + ", " +
                    named + " reaches to " + std::to_string(row.last_change) +
                    "; let it read on, unsubscribe it, archive less, or force it");
  }
  const auto days = history::retention(work);
  if (!days) return;
  constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000;
  const Timestamp limit{work.now().micros - *days * kDay};
  if (row.recorded <= limit) return;
  throw Error(Code::state, "retention", "days",
              named + " was recorded at " + to_string(row.recorded) + "; as-of reads must reach back " +
                  std::to_string(*days) + " days, to " + to_string(limit) + "; archive less, or force it");
}

std::string header_line(const std::optional<ArchiveRow>& before, const ArchiveRow& row) {
  const Anchor first = before ? Anchor{before->until, before->hash} : Anchor{0, {std::string(32, '\0')}};
  std::string line;
  JsonWriter(line)
      .begin_object()
      .key("kith")
      .text("archive")
      .key("format")
      .number(kFormat)
      .key("after")
      .text(to_string(first))
      .key("until")
      .text(to_string(Anchor{row.until, row.hash}))
      .end_object()
      .end_line();
  return line;
}

/// Everything an archive holds, and the walk along it.
class ArchiveCheck {
 public:
  ArchiveCheck(const Reader& reader, const std::optional<Anchor>& anchor)
      : reader_(reader), added_(reader), anchor_(anchor) {
    for (const Entity* entity : reader.model().stored()) entities_.emplace(entity->name, entity);
  }

  void header(const OrderedJson& line) {
    if (!line.is_object() || line.value("kith", std::string()) != "archive") {
      throw Error(Code::invalid, "this is no archive of Kith; its first line names it {\"kith\":\"archive\",...}");
    }
    if (line.value("format", std::int64_t{0}) > kFormat) {
      throw Error(Code::version, "the archive has a newer format than this Kith knows; use a newer Kith");
    }
    after_ = history::parse_anchor(line.at("after").get<std::string>());
    until_ = history::parse_anchor(line.at("until").get<std::string>());
  }

  void row(const OrderedJson& line) {
    if (!line.is_object() || line.size() != 1) throw Error(Code::invalid, "expected one object with one row");
    const auto found = entities_.find(line.begin().key());
    if (found == entities_.end()) {
      throw Error(Code::version, "holds rows of '" + line.begin().key() + "', which this Kith does not know");
    }
    Batch batch(*found->second);
    append_row(line.begin().value(), reader_.currency(), batch);
    if (found->second == &entity_of<WorkRow>()) {
      load_row(batch, 0, &works_.emplace_back());
    } else if (found->second == &entity_of<ChangeRow>()) {
      changes_.push_back(read_change(batch, 0));
    } else {
      check_version(*found->second, batch);
    }
  }

  Verification end(const Digest& digest) {
    check_chain();
    const auto rows = reader_.list<ArchiveRow>();
    const auto kept =
        std::find_if(rows.begin(), rows.end(), [&](const ArchiveRow& one) { return one.until == until_.seq; });
    if (kept == rows.end()) {
      throw Error(Code::not_found, "archive", "until",
                  "the store knows no archive until work " + std::to_string(until_.seq));
    }
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    if (kept->digest.data != bytes || kept->hash != until_.hash) {
      fault("archive", kept->id, "is not the one that the store wrote: their digests differ");
    }
    return std::move(result_);
  }

 private:
  void fault(std::string_view entity, Id id, std::string message) {
    result_.faults.push_back({std::string(entity), id, std::move(message)});
  }

  const ChangeRow* change_of(std::string_view entity, Id record, std::int64_t seq) {
    if (index_.empty()) {
      for (const ChangeRow& change : changes_) index_[{change.entity, change.record.value, change.seq}] = &change;
    }
    const auto found = index_.find({std::string(entity), record.value, seq});
    return found == index_.end() ? nullptr : found->second;
  }

  void check_version(const Entity& past, const Batch& batch) {
    ++result_.versions;
    const std::string name(past.name.substr(0, past.name.size() - std::string_view("_history").size()));
    const Entity* entity = reader_.model().find_entity(name);
    const Id id{batch.columns[kIdField].word(0)};
    const std::int64_t seq = batch.columns[kSeqField].word(0);
    const ChangeRow* change = entity == nullptr ? nullptr : change_of(name, id, seq);
    if (change == nullptr)
      return fault(past.name, id, "holds a version of work " + std::to_string(seq) + " that no change wrote");
    // What an erasure blanked or sealed is no longer told version by version.
    if (change->salt.data.empty() || seals(change->kind)) return;
    Batch current(*entity);
    for (std::size_t i = 0; i < entity->fields.size(); ++i) current.columns[i].append_from(batch.columns[i], 0);
    const Digest digest =
        change_digest(change->salt.data, *entity, change->kind, id, &current, 0, added_.after(*entity, seq));
    if (change->digest.data != std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())) {
      fault(past.name, id, "differs from what work " + std::to_string(seq) + " wrote");
    }
  }

  void check_chain() {
    std::string previous = after_.hash.data;
    std::int64_t expected = after_.seq + 1;
    std::size_t at = 0;
    while (at < changes_.size() && changes_[at].seq <= after_.seq) ++at;  // left behind by an earlier archive
    for (const WorkRow& work : works_) {
      if (work.id.value <= after_.seq) continue;
      ++result_.works;
      if (work.id.value != expected) fault("work", {expected}, "is missing");
      expected = work.id.value + 1;
      std::vector<std::string_view> digests;
      for (; at < changes_.size() && changes_[at].seq == work.id.value; ++at)
        digests.push_back(changes_[at].digest.data);
      result_.changes += static_cast<std::int64_t>(digests.size());
      const Digest hash = work_hash(work, previous, digests);
      if (work.hash.data != std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size())) {
        fault("work", work.id, "its hash does not follow from the work before it and its changes");
      }
      if (anchor_ && anchor_->seq == work.id.value && anchor_->hash != work.hash) {
        fault("work", work.id, "does not have the hash of the anchor: the chain was written anew");
      }
      previous = work.hash.data;
    }
    if (expected != until_.seq + 1 || previous != until_.hash.data || at != changes_.size()) {
      fault("work", {until_.seq}, "the chain does not end where the archive says");
    }
    if (anchor_ && (anchor_->seq <= after_.seq || anchor_->seq > until_.seq)) {
      fault("work", {anchor_->seq}, "the anchor names a work that this archive does not hold");
    }
  }

  const Reader& reader_;
  AddedFields added_;
  const std::optional<Anchor>& anchor_;
  std::map<std::string_view, const Entity*> entities_;
  Anchor after_;
  Anchor until_;
  std::vector<WorkRow> works_;
  std::vector<ChangeRow> changes_;
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, const ChangeRow*> index_;
  Verification result_;
};

/// Bytes and name of a file reach the disk.
void make_durable(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  for (const std::string& one : {path, folder}) {
    const int file = ::open(one.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (!done) throw Error(Code::storage, "the archive " + quote(path) + " could not be made durable");
  }
}

template <class Written>
ArchiveRow archive_with(Session& session, std::int64_t until, std::ostream& out, const ArchiveOptions& options,
                        Written&& written) {
  require_administrator(session.reader());
  Work work = session.work({.cause = "archive until work " + std::to_string(until)});
  Departure departure(work, until);
  if (!options.force) require_dispensable(work, departure.row());
  SealedWriter sealed(out, "archive");
  sealed.write(header_line(departure.before(), departure.row()));
  std::string line;
  std::optional<RowWriter> writer;
  const Entity* entity = nullptr;
  departure.tell([&](const Batch& batch, std::size_t row) {
    if (entity != batch.entity) writer.emplace(*(entity = batch.entity), work.currency());
    writer->write(batch, row, line);
    sealed.write(line);
  });
  sealed.end();
  written();
  departure.take_out(sealed.rows(), sealed.digest());
  work.commit();
  return *history::last_archive(session.reader());
}

}  // namespace

ArchiveRow archive(Session& session, std::int64_t until, std::ostream& out, const ArchiveOptions& options) {
  return archive_with(session, until, out, options, [] {});
}

ArchiveRow archive_file(Session& session, std::int64_t until, const std::string& path, const ArchiveOptions& options) {
  if (std::filesystem::exists(path)) {
    throw Error(Code::conflict, "archive", "path", quote(path) + " is there already; an archive takes no file's place");
  }
  try {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!out) throw Error(Code::storage, "cannot make the file " + quote(path) + "; look at its folder and rights");
    return archive_with(session, until, out, options, [&] { make_durable(path); });
  } catch (const Interrupted& error) {
    if (!error.unknown) std::filesystem::remove(path);
    throw;
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    throw;
  }
}

Verification verify_archive(const Reader& reader, std::istream& in, const std::optional<Anchor>& anchor) {
  require_administrator(reader);
  const Reader system = reader.as_system("archive");
  ArchiveCheck check(system, anchor);
  const Digest digest = read_sealed(
      in, "archive", [&](const OrderedJson& line) { check.header(line); },
      [&](const OrderedJson& line) { check.row(line); });
  return check.end(digest);
}

Verification verify_archive_file(const Reader& reader, const std::string& path, const std::optional<Anchor>& anchor) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Code::not_found, "there is no archive " + quote(path) + " that can be read");
  return verify_archive(reader, in, anchor);
}

}  // namespace kith
