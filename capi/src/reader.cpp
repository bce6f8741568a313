// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/engine/state_machine.hpp"

using namespace kith::c;

int32_t kith_reader_open(kith_session* session, const kith_read_options* options, kith_reader** out,
                         kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith_read_options given = read_struct(options, "options");
    kith::ReadOptions moment;
    if (given.as_of_seq != 0) moment.as_of_seq = given.as_of_seq;
    if (given.as_of_time != 0) moment.as_of_time = kith::Timestamp{given.as_of_time};
    if (given.valid_on != 0) moment.valid_on = kith::Date{given.valid_on};
    auto reader = std::make_unique<kith_reader>();
    reader->reader = &reader->own.emplace(need(session, "session").session.reader(moment));
    *out = reader.release();
  });
}

int64_t kith_reader_seq(const kith_reader* reader) { return reader == nullptr ? 0 : reader->reader->seq(); }

void kith_reader_free(kith_reader* reader) {
  if (reader != nullptr && reader->own) delete reader;  // the view of a work belongs to the work
}

int32_t kith_get(const kith_reader* reader, const char* entity, int64_t id, kith_record** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::generic::get(from, entity_of_name(from.model(), entity), {id}));
  });
}

int32_t kith_find(const kith_reader* reader, const char* entity, const kith_query* query, kith_table** out,
                  kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::generic::find(from, entity_of_name(from.model(), entity), query_of(query)));
  });
}

int32_t kith_reader_fields(const kith_reader* reader, const char* entity, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::generic::fields(from, entity_of_name(from.model(), entity)));
  });
}

int32_t kith_report(const kith_reader* reader, const char* report, const kith_parameter* parameters, size_t count,
                    kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, from.report(name_of(report, "report"), parameters_of(parameters, count)));
  });
}

int32_t kith_may(const kith_reader* reader, int32_t action, const char* entity, int64_t id, int32_t* allowed,
                 kith_text** why, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(allowed, "allowed"));
    const kith::Reader& from = reader_of(reader);
    const auto asked = choice_of<kith::Action>(action, "action");
    std::string rule;
    const bool may = from.may(asked, entity_of_name(from.model(), entity), {id}, &rule);
    if (why != nullptr) give(why, std::move(rule));
    *allowed = may ? 1 : 0;
  });
}

int32_t kith_versions(const kith_reader* reader, const char* entity, int64_t id, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::generic::versions(from, entity_of_name(from.model(), entity), {id}));
  });
}

int32_t kith_ways(const kith_reader* reader, const char* entity, int64_t id, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::state_machine::ways(from, entity_of_name(from.model(), entity), {id}));
  });
}

int32_t kith_changes(const kith_reader* reader, int64_t after, size_t most, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::to_table(kith::history::changes(reader_of(reader), after, most)));
  });
}

int32_t kith_check(kith_session* session, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::to_table(kith::check(need(session, "session").session)));
  });
}
