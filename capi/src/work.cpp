// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/storage/storage.hpp"

using namespace kith::c;

namespace {

kith::WorkOptions about_of(const kith_work_options* options) {
  const kith_work_options given = read_struct(options, "options");
  kith::WorkOptions about;
  about.cause = member(given.cause);
  about.key = member(given.key);
  about.payload = text_of(given.payload, given.payload_size, "options->payload");
  return about;
}

kith::Retry retry_of(const kith_retry* retry) {
  const kith_retry given = read_struct(retry, "retry");
  if (given.reserved != 0) misuse("retry->reserved is not 0; zero the struct before filling it");
  kith::Retry often;
  if (given.attempts != 0) often.attempts = given.attempts;
  if (given.first_ms != 0) often.first_ms = given.first_ms;
  if (given.most_ms != 0) often.most_ms = given.most_ms;
  return often;
}

/// A function of a run refused. What it says stands in the error that it was given.
struct Refused {
  std::int32_t code;
};
struct RefusedBusy : kith::Error {
  RefusedBusy() : Error(kith::Code::busy, "the function found the store busy") {}
};
struct RefusedLost : kith::Interrupted {
  explicit RefusedLost(bool in_commit) : Interrupted("the function lost the connection", in_commit) {}
};

/// Runs the function in a work that is lent to it; its failures as Session::run tells them apart.
void call(kith_work_function function, void* context, kith::Work& work, kith_error& said) {
  kith_work lent(&work);
  said = {};
  said.struct_size = sizeof said;
  const std::int32_t code = function(&lent, context, &said);
  if (code == KITH_ERROR_BUSY) throw RefusedBusy();
  if (code == KITH_ERROR_STORAGE && said.lost != 0) throw RefusedLost(said.lost == KITH_LOST_COMMIT);
  if (code != KITH_OK) throw Refused{code};
  if (lent.broken) misuse("a call of the function stopped half way and the function did not say so; return its code");
}

}  // namespace

int32_t kith_work_begin(kith_session* session, const kith_work_options* options, kith_work** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    *out = new kith_work(need(session, "session").session.work(about_of(options)));
  });
}

int32_t kith_session_run(kith_session* session, const kith_work_options* options, kith_work_function function,
                         void* context, const kith_retry* retry, int64_t* seq, kith_error* error) {
  kith_error said{};
  std::int32_t code = KITH_OK;
  const std::int32_t ended = guarded(error, [&] {
    if (function == nullptr) misuse("function is NULL");
    const kith::WorkOptions about = about_of(options);
    const kith::Retry often = retry_of(retry);
    try {
      const kith::Receipt done = need(session, "session")
                                     .session.run(
                                         about,
                                         [&](kith::Work& work) {
                                           call(function, context, work, said);
                                           return std::string();
                                         },
                                         often);
      if (seq != nullptr) *seq = done.seq;
    } catch (const RefusedBusy&) {
      code = KITH_ERROR_BUSY;
    } catch (const RefusedLost&) {
      code = KITH_ERROR_STORAGE;
    } catch (const Refused& given) {
      code = given.code;
    }
  });
  if (code == KITH_OK) return ended;
  said.code = code;  // a function of the host's may leave it out
  copy(said, error);
  return code;
}

const kith_reader* kith_work_reader(const kith_work* work) { return work == nullptr ? nullptr : &work->view; }

int32_t kith_work_replayed(const kith_work* work) { return work != nullptr && work->work.replayed() ? 1 : 0; }

int32_t kith_work_commit(kith_work* work, const char* result, size_t size, kith_receipt* receipt, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    need_size(receipt, "receipt");
    if (!work->own) misuse("kith_session_run ends the work itself; return KITH_OK to commit");
    kith::Receipt done = open.commit(std::string(text_or_none(result, size).value_or("")));
    work->result = std::move(done.result);
    kith_receipt filled{};
    filled.seq = done.seq;
    filled.replayed = done.replayed ? 1 : 0;
    filled.result = work->result.c_str();
    filled.result_size = work->result.size();
    write_struct(filled, receipt);
  });
}

void kith_work_free(kith_work* work) {
  if (work != nullptr && work->own) delete work;
}

int32_t kith_record_new(kith_store* store, const char* entity, kith_record** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Engine& engine = *need(store, "store").engine;
    give(out, kith::Record(entity_of_name(engine.model(), entity), engine.currency()));
  });
}

int32_t kith_record_blank(const kith_reader* reader, const char* entity, kith_record** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    give(out, kith::generic::blank(from, entity_of_name(from.model(), entity)));
  });
}

int32_t kith_record_set(kith_record* record, const char* field, const kith_value* value, kith_error* error) {
  return guarded(error, [&] {
    kith::Record& target = need(record, "record").record;
    target.set(name_of(field, "field"), value_of(need(value, "value")));
  });
}

int32_t kith_record_set_text(kith_record* record, const char* field, const char* text, size_t size, kith_error* error) {
  return guarded(error, [&] {
    kith::Record& target = need(record, "record").record;
    target.set(name_of(field, "field"), std::string(text_of(text, size, "text")));
  });
}

int32_t kith_record_get(const kith_record* record, const char* field, kith_value* out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const std::string_view name = name_of(field, "field");
    kith::Value value = need(record, "record").record.get(name);
    kith_value answer = c_value(value);
    if (auto* text = std::get_if<std::string>(&value)) {
      std::string& kept = record->texts[std::string(name)];
      kept = std::move(*text);
      answer.text = kept.c_str();
    }
    *out = answer;
  });
}

const char* kith_record_entity(const kith_record* record) {
  return record == nullptr ? "" : record->record.entity().name.data();  // a literal, with its NUL
}

void kith_record_free(kith_record* record) { delete record; }

int32_t kith_create(kith_work* work, kith_record* record, int64_t* id, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::Id made = kith::generic::create(open, need(record, "record").record);
    if (id != nullptr) *id = made.value;
  });
}

int32_t kith_update(kith_work* work, kith_record* record, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { kith::generic::update(open, need(record, "record").record); });
}

int32_t kith_remove(kith_work* work, const char* entity, int64_t id, int64_t revision, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::generic::remove(open, entity_of_name(open.model(), entity), {id}, revision);
  });
}

int32_t kith_principal_add(kith_work* work, const char* name, size_t size, int64_t employee, const char* const* roles,
                           size_t role_count, int64_t* out, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    std::vector<std::string> names;
    for (const char* role : need_array(roles, role_count, "roles")) names.emplace_back(name_of(role, "roles[]"));
    const kith::Id made = kith::access::add_principal(open, text_of(name, size, "name"), id_or_none(employee), names);
    if (out != nullptr) *out = made.value;
  });
}

int32_t kith_grant_set(kith_work* work, const char* role, const char* entity, int32_t action, int32_t level,
                       kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::access::set_grant(open, name_of(role, "role"), name_of(entity, "entity"),
                            choice_of<kith::Action>(action, "action"), choice_of<kith::Level>(level, "level"));
  });
}
