// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/engine/migration.hpp"
#include "kith/kith.hpp"

using namespace kith::c;

int32_t kith_field_history(const kith_reader* reader, const char* entity, int64_t id, const char* field,
                           kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    const kith::Entity& of = entity_of_name(from.model(), entity);
    give(out, field == nullptr ? kith::generic::field_changes(from, of, {id})
                               : kith::generic::field_values(from, of, {id}, field));
  });
}

int32_t kith_owner_assign(kith_work* work, const char* entity, int64_t id, int64_t owner, int64_t from,
                          kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::ownership::assign(open, entity_of_name(open.model(), entity), {id}, id_or_none(owner), time_of(from));
  });
}

int32_t kith_ownerships(const kith_reader* reader, const char* entity, int64_t id, kith_table** out,
                        kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::generic::ownerships(from, entity_of_name(from.model(), entity), {id}));
  });
}

int32_t kith_anchor(const kith_reader* reader, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, to_string(kith::history::anchor(reader_of(reader))));
  });
}

namespace {

std::optional<kith::history::Anchor> anchor_or_none(const char* anchor, size_t size) {
  const auto text = text_or_none(anchor, size);
  return text ? std::optional(kith::history::parse_anchor(*text)) : std::nullopt;
}

kith_verification counts_of(const kith::history::Verification& found) {
  kith_verification filled{};
  filled.works = found.works;
  filled.changes = found.changes;
  filled.versions = found.versions;
  filled.faults = static_cast<int64_t>(found.faults.size());
  return filled;
}

}  // namespace

int32_t kith_verify(const kith_reader* reader, const char* anchor, size_t anchor_size, kith_verification* counts,
                    kith_table** faults, kith_table** erasures, kith_error* error) {
  return guarded(error, [&] {
    need_size(counts, "counts");
    const auto found = kith::history::verify(reader_of(reader), anchor_or_none(anchor, anchor_size));
    auto bad = std::make_unique<kith_table>(kith::generic::to_table(found.faults));
    auto gone = std::make_unique<kith_table>(kith::generic::to_table(found.erasures));
    write_struct(counts_of(found), counts);
    if (faults != nullptr) *faults = bad.release();
    if (erasures != nullptr) *erasures = gone.release();
  });
}

int32_t kith_undo(kith_work* work, int64_t seq, int64_t* records, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const std::int64_t changed = kith::history::undo(open, seq);
    if (records != nullptr) *records = changed;
  });
}

int32_t kith_obstacles(const kith_reader* reader, int64_t seq, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::to_table(kith::history::obstacles(reader_of(reader), seq)));
  });
}

int32_t kith_restore(kith_work* work, const char* entity, int64_t id, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::history::restore(open, entity_of_name(open.model(), entity), {id}); });
}

int32_t kith_purge(kith_work* work, const char* entity, int64_t id, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::history::purge(open, entity_of_name(open.model(), entity), {id}); });
}

int32_t kith_erase_person(kith_work* work, const char* entity, int64_t id, kith_table** fields, kith_table** remainders,
                          kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const auto erased = kith::history::erase_person(open, entity_of_name(open.model(), entity), {id});
    auto gone = std::make_unique<kith_table>(kith::generic::to_table(erased.fields));
    auto left = std::make_unique<kith_table>(kith::generic::to_table(erased.remainders));
    if (fields != nullptr) *fields = gone.release();
    if (remainders != nullptr) *remainders = left.release();
  });
}

int32_t kith_scrub(kith_session* session, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    std::string text;
    for (const std::string& line : kith::history::scrub(need(session, "session").session)) text += line + '\n';
    if (out != nullptr) give(out, std::move(text));
  });
}

int32_t kith_feed_subscribe(kith_work* work, const char* name, size_t size, int64_t after, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::history::subscribe(open, text_of(name, size, "name"), after); });
}

int32_t kith_feed_unsubscribe(kith_work* work, const char* name, size_t size, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { kith::history::unsubscribe(open, text_of(name, size, "name")); });
}

int32_t kith_feed_read(const kith_reader* reader, const char* name, size_t size, size_t most, kith_table** out,
                       int64_t* next, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    static_cast<void>(need(next, "next"));
    const auto found = kith::history::unread(reader_of(reader), text_of(name, size, "name"), most);
    give(out, kith::generic::to_table(found.changes));
    *next = found.next;
  });
}

int32_t kith_feed_acknowledge(kith_work* work, const char* name, size_t size, int64_t position, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::history::acknowledge(open, text_of(name, size, "name"), position); });
}

int32_t kith_feed_rewind(kith_work* work, const char* name, size_t size, int64_t position, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::history::rewind(open, text_of(name, size, "name"), position); });
}

int32_t kith_retention_set(kith_work* work, int64_t days, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { kith::history::set_retention(open, days); });
}

int32_t kith_archive(kith_session* session, int64_t until, const char* path, size_t size, int32_t force,
                     kith_record** out, kith_error* error) {
  return guarded(error, [&] {
    kith::Session& actor = need(session, "session").session;
    static_cast<void>(need(path, "path"));
    const auto row = kith::archive_file(actor, until, std::string(text_of(path, size, "path")), {.force = force != 0});
    if (out != nullptr) give(out, kith::generic::get(actor.reader(), kith::entity_of<kith::ArchiveRow>(), row.id));
  });
}

int32_t kith_archive_verify(const kith_reader* reader, const char* path, size_t size, const char* anchor,
                            size_t anchor_size, kith_verification* counts, kith_table** faults, kith_error* error) {
  return guarded(error, [&] {
    need_size(counts, "counts");
    static_cast<void>(need(path, "path"));
    const auto found = kith::verify_archive_file(reader_of(reader), std::string(text_of(path, size, "path")),
                                                 anchor_or_none(anchor, anchor_size));
    if (faults != nullptr) give(faults, kith::generic::to_table(found.faults));
    write_struct(counts_of(found), counts);
  });
}

int32_t kith_migration(const char* url, size_t size, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    static_cast<void>(need(url, "url"));
    kith::StorageOptions options;
    options.create = false;
    const std::string at(text_of(url, size, "url"));
    give(out, kith::migration::script(kith::migration::plan(at, kith::model(), options)));
  });
}
