// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/engine/migration.hpp"
#include "kith/kith.hpp"

using namespace kith::c;

int32_t kith_open(const char* url, size_t url_size, const kith_options* options, kith_store** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    static_cast<void>(need(url, "url"));
    auto engine = kith::open(text_of(url, url_size, "url"), options_of(options));
    *out = new kith_store{std::move(engine)};
  });
}

void kith_store_free(kith_store* store) { delete store; }

int32_t kith_doctor(kith_store* store, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    std::string text = "kith " KITH_VERSION "\n";
    for (const std::string& line : kith::migration::doctor(*need(store, "store").engine)) text += line + '\n';
    give(out, std::move(text));
  });
}

int32_t kith_session_open(kith_store* store, const char* principal, size_t size, kith_session** out,
                          kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const auto name = text_or_none(principal, size);
    *out = new kith_session{need(store, "store").engine->session(name.value_or("local"))};
  });
}

void kith_session_free(kith_session* session) { delete session; }

int32_t kith_entities(kith_store* store, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::entities(need(store, "store").engine->model()));
  });
}

int32_t kith_fields(kith_store* store, const char* entity, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::fields(entity_of_name(need(store, "store").engine->model(), entity)));
  });
}

int32_t kith_reports(kith_store* store, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::reports(need(store, "store").engine->model()));
  });
}

int32_t kith_report_parameters(kith_store* store, const char* report, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Model& model = need(store, "store").engine->model();
    give(out, kith::generic::parameters(model.report(name_of(report, "report"))));
  });
}
