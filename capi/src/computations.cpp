// SPDX-License-Identifier: Apache-2.0
// General plans whose computation stays.
#include "internal.hpp"
#include "kith/incentive/document_tables.hpp"
#include "kith/incentive/event.hpp"

using namespace kith::c;
namespace incentive = kith::incentive;

struct kith_computation {
  incentive::Computation computation;
};

namespace {

/// Released in every case, also where something before it fails.
struct Given {
  ArrowArrayStream* stream;
  ~Given() {
    if (stream != nullptr && stream->release != nullptr) stream->release(stream);
  }
};

}  // namespace

int32_t kith_computation_new(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                             struct ArrowArrayStream* events, kith_computation** out, kith_error* error) {
  return guarded(error, [&] {
    const Given given{events};
    static_cast<void>(need(out, "out"));
    incentive::PlanDocument compiled = incentive::PlanDocument::parse(text_of(plan, plan_size, "plan"));
    incentive::Inputs facts;
    if (inputs != nullptr) facts = incentive::parse_inputs(text_of(inputs, inputs_size, "inputs"));
    if (events != nullptr) incentive::add_events(facts, events);
    *out = new kith_computation{incentive::Computation(std::move(compiled), std::move(facts))};
  });
}

int32_t kith_computation_change(kith_computation* computation, const char* json, size_t size,
                                struct ArrowArrayStream* events, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    const Given given{events};
    incentive::Computation& stays = need(computation, "computation").computation;
    std::vector<incentive::EventRow> rows;
    if (json != nullptr) rows = incentive::parse_events(text_of(json, size, "json"));
    if (events != nullptr) incentive::read_events(events, rows);
    const auto changed = stays.change(rows);
    if (out != nullptr) give(out, incentive::to_table(stays.plan(), changed));
  });
}

int32_t kith_computation_table(const kith_computation* computation, const char* part, kith_table** out,
                               kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const incentive::Computation& stays = need(computation, "computation").computation;
    const std::string_view name = name_of(part, "part");
    give(out, incentive::to_table(stays.plan(), stays.result(incentive::detail_of(name)), name));
  });
}

int32_t kith_computation_result(const kith_computation* computation, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const incentive::Computation& stays = need(computation, "computation").computation;
    give(out, incentive::canonical_json(stays.plan(), stays.result()));
  });
}

int32_t kith_computation_explain(const kith_computation* computation, const char* person, const char* component,
                                 const char* period, const char* language, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const incentive::Computation& stays = need(computation, "computation").computation;
    give(out, stays.explain(name_of(person, "person"), name_of(component, "component"), name_of(period, "period"),
                            name_of(language, "language")));
  });
}

void kith_computation_free(kith_computation* computation) { delete computation; }
