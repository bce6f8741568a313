// SPDX-License-Identifier: Apache-2.0
// General plans without a store.
#include "internal.hpp"
#include "kith/incentive/document.hpp"

using namespace kith::c;
namespace incentive = kith::incentive;
using incentive::PlanDocument;

namespace {

PlanDocument plan_of(const char* text, std::size_t size, const char* argument) {
  return PlanDocument::parse(text_of(text, size, argument));
}

incentive::Inputs inputs_of(const char* text, std::size_t size) {
  return incentive::parse_inputs(text_of(text, size, "inputs"));
}

}  // namespace

int32_t kith_plan_lint(const char* plan, size_t size, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::to_table(incentive::lint(plan_of(plan, size, "plan"))));
  });
}

int32_t kith_plan_canonical(const char* plan, size_t size, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    *out = new kith_text{plan_of(plan, size, "plan").canonical_json()};
  });
}

int32_t kith_plan_diff(const char* before, size_t before_size, const char* after, size_t after_size, kith_text** out,
                       kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const PlanDocument one = plan_of(before, before_size, "before");
    const PlanDocument other = plan_of(after, after_size, "after");
    std::string lines;
    for (const std::string& line : incentive::diff(one, other)) lines += line + "\n";
    *out = new kith_text{std::move(lines)};
  });
}

int32_t kith_plan_compute(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size, kith_text** out,
                          kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const PlanDocument compiled = plan_of(plan, plan_size, "plan");
    const incentive::PlanResult result = incentive::compute(compiled, inputs_of(inputs, inputs_size));
    *out = new kith_text{incentive::canonical_json(compiled, result)};
  });
}

int32_t kith_plan_explain(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                          const char* person, const char* component, const char* period, const char* language,
                          kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const PlanDocument compiled = plan_of(plan, plan_size, "plan");
    *out = new kith_text{incentive::explain(compiled, inputs_of(inputs, inputs_size), name_of(person, "person"),
                                            name_of(component, "component"), name_of(period, "period"),
                                            name_of(language, "language"))};
  });
}

int32_t kith_plan_what_if(const char* before, size_t before_size, const char* after, size_t after_size,
                          const char* inputs, size_t inputs_size, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const PlanDocument one = plan_of(before, before_size, "before");
    const PlanDocument other = plan_of(after, after_size, "after");
    const auto rows = incentive::what_if(one, other, inputs_of(inputs, inputs_size));
    *out = new kith_text{incentive::canonical_json(one, rows)};
  });
}

int32_t kith_commission_export(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                               kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const PlanDocument compiled = plan_of(plan, plan_size, "plan");
    *out = new kith_text{incentive::export_commission(compiled, inputs_of(inputs, inputs_size))};
  });
}

int32_t kith_commission_explain(const char* json, size_t size, const char* person, const char* component,
                                const char* period, const char* language, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const auto chosen = [](const char* name) { return name == nullptr ? std::string_view() : std::string_view(name); };
    *out = new kith_text{incentive::explain_export(text_of(json, size, "json"), name_of(language, "language"),
                                                   {chosen(person), chosen(component), chosen(period)})};
  });
}

int32_t kith_commission_check(const char* json, size_t size, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::to_table(incentive::check_export(text_of(json, size, "json"))));
  });
}
