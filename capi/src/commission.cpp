// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/statement.hpp"

using namespace kith::c;
namespace incentive = kith::incentive;

namespace {

kith_text* explained(const incentive::Trace& trace, const char* format) {
  const std::string_view wanted = name_of(format, "format");
  if (wanted == "text") return new kith_text{incentive::to_text(trace)};
  if (wanted == "json") return new kith_text{incentive::canonical_json(trace)};
  throw kith::Error(kith::Code::invalid, "there is no format '" + std::string(wanted) + "'; give \"text\" or \"json\"");
}

/// A plain number as a decimal.
kith::Decimal number_of(const kith_value& given, const char* argument) {
  const kith::Value value = value_of(given);
  if (const auto* decimal = std::get_if<kith::Decimal>(&value)) return *decimal;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return {*number, 0};
  misuse(std::string(argument) + " is neither a KITH_DECIMAL nor a KITH_INTEGER");
}

}  // namespace

int32_t kith_plan_add(kith_work* work, const char* document, size_t size, int64_t* out, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::Id made = incentive::add_plan(open, text_of(document, size, "document"));
    if (out != nullptr) *out = made.value;
  });
}

int32_t kith_plan_assign(kith_work* work, const char* plan, size_t size, int64_t employee, int64_t unit, int32_t from,
                         int32_t to, int64_t* out, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::PlanAssignment assignment;
    assignment.plan = text_of(plan, size, "plan");
    assignment.employee = id_or_none(employee);
    assignment.unit = id_or_none(unit);
    assignment.from = day_of(from, open);
    assignment.to = day_of(to, open);
    const kith::Id made = incentive::assign(open, assignment);
    if (out != nullptr) *out = made.value;
  });
}

int32_t kith_commission_run(kith_work* work, const char* period, size_t size, kith_run_result* result,
                            kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    need_size(result, "result");
    const incentive::RunResult done = incentive::run(open, text_of(period, size, "period"));
    kith_run_result filled{};
    filled.statements = done.statements;
    filled.lines = done.lines;
    filled.changed = done.changed;
    filled.adjustments = done.adjustments;
    filled.total = c_value(done.total);
    write_struct(filled, result);
  });
}

int32_t kith_commission_close(kith_work* work, const char* period, size_t size, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { incentive::close(open, text_of(period, size, "period")); });
}

int32_t kith_statement_of(const kith_reader* reader, int64_t employee, const char* period, size_t size,
                          kith_record** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    const std::string_view label = text_of(period, size, "period");
    auto statement = incentive::statement_of(from, {employee}, label);
    if (!statement) {
      throw kith::Error(kith::Code::not_found, "statement", "period",
                        "employee " + std::to_string(employee) + " has no statement for " + std::string(label) +
                            " that '" + from.actor().name + "' may see; run the period first");
    }
    kith::Record record(kith::entity_of<kith::Statement>(), from.currency());
    *static_cast<kith::Statement*>(record.data()) = std::move(*statement);
    give(out, std::move(record));
  });
}

int32_t kith_explain_statement(const kith_reader* reader, int64_t statement, const char* format, kith_text** out,
                               kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    *out = explained(incentive::explain_statement(reader_of(reader), {statement}), format);
  });
}

int32_t kith_explain_line(const kith_reader* reader, int64_t line, const char* format, kith_text** out,
                          kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    *out = explained(incentive::explain_line(reader_of(reader), {line}), format);
  });
}

int32_t kith_trace_check(const char* json, size_t size, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const incentive::Trace trace = incentive::parse_trace(text_of(json, size, "json"));
    give(out, kith::generic::to_table(incentive::recheck(trace)));
  });
}

int32_t kith_quota_set(kith_work* work, kith_record* quota, int64_t* id, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::Id made = incentive::set_quota(open, struct_of<kith::Quota>(quota, "quota"));
    if (id != nullptr) *id = made.value;
  });
}

int32_t kith_quota_decompose(kith_work* work, int64_t quota, const kith_quota_child* children, size_t child_count,
                             int32_t method, const kith_value* over_percent, int64_t* ids, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    std::vector<kith::QuotaChild> shares;
    for (const kith_quota_child& child : need_array(children, child_count, "children")) {
      shares.push_back({id_or_none(child.unit), id_or_none(child.employee), {child.weight, kith::kRateScale}});
    }
    const kith::Decimal over = over_percent == nullptr ? kith::Decimal() : number_of(*over_percent, "over_percent");
    const auto made = incentive::decompose(open, {quota}, shares, choice_of<kith::QuotaMethod>(method, "method"), over);
    for (std::size_t i = 0; ids != nullptr && i < made.size(); ++i) ids[i] = made[i].value;
  });
}
