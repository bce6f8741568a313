// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/incentive/event.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/statement.hpp"

using namespace kith::c;
namespace incentive = kith::incentive;

namespace {

enum class Shown { english, chinese, steps, json };

Shown shown_as(const char* format) {
  const std::string_view wanted = name_of(format, "format");
  if (wanted == "text") return Shown::english;
  if (wanted == "zh") return Shown::chinese;
  if (wanted == "steps") return Shown::steps;
  if (wanted == "json") return Shown::json;
  throw kith::Error(kith::Code::invalid,
                    "there is no format '" + std::string(wanted) + "'; give \"text\", \"zh\", \"steps\" or \"json\"");
}

std::string_view language_of(Shown shown) {
  if (shown == Shown::steps) return "steps";
  return shown == Shown::chinese ? "zh" : "en";
}

void write_posted(const incentive::PostResult& done, kith_post_result* result) {
  if (result == nullptr) return;
  kith_post_result filled{};
  filled.added = done.added;
  filled.replaced = done.replaced;
  filled.repeated = done.repeated;
  filled.outdated = done.outdated;
  write_struct(filled, result);
}

std::vector<std::string_view> texts_of(const char* const* first, std::size_t count, const char* argument) {
  std::vector<std::string_view> texts;
  for (const char* const text : need_array(first, count, argument)) texts.push_back(name_of(text, argument));
  return texts;
}

template <class T>
std::span<const T> column_or_none(const T* first, std::size_t count) {
  return first == nullptr ? std::span<const T>() : std::span<const T>(first, count);
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

int32_t kith_plan_approve(kith_work* work, int64_t plan, int32_t accept_findings, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { incentive::approve(open, {plan}, accept_findings != 0); });
}

int32_t kith_plan_retire(kith_work* work, int64_t plan, int32_t end, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { incentive::retire(open, {plan}, day_of(end, open)); });
}

int32_t kith_events_post(kith_work* work, const char* json, size_t size, kith_post_result* result, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    if (result != nullptr) need_size(result, "result");
    write_posted(incentive::post_events(open, incentive::parse_events(text_of(json, size, "json"))), result);
  });
}

int32_t kith_events_post_columns(kith_work* work, const kith_event_columns* columns, kith_post_result* result,
                                 kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    if (result != nullptr) need_size(result, "result");
    const kith_event_columns given = read_struct(&need(columns, "columns"), "columns");
    const std::size_t rows = given.rows;
    const auto source = texts_of(given.source, rows, "source"), id = texts_of(given.id, rows, "id");
    const auto type = texts_of(given.type, rows, "type");
    const auto reverses =
        given.reverses == nullptr ? std::vector<std::string_view>() : texts_of(given.reverses, rows, "reverses");
    const auto person = texts_of(given.person, given.shares, "person");
    const auto role = texts_of(given.role, given.shares, "role");
    const auto share = texts_of(given.share, given.shares, "share");
    std::vector<kith::Currency> money;
    for (const std::string_view code : texts_of(given.currency, rows, "currency"))
      money.push_back(kith::currency(code));
    std::vector<kith::Date> days;
    for (const int32_t day : need_array(given.date, rows, "date")) days.push_back({day});
    incentive::PostColumns made;
    made.source = source, made.id = id, made.type = type, made.date = days, made.currency = money;
    made.version = column_or_none(given.version, rows);
    made.sequence = column_or_none(given.sequence, rows);
    made.amount = need_array(given.amount, rows, "amount");
    made.cost = column_or_none(given.cost, rows);
    made.reverses = reverses;
    made.cancelled = column_or_none(given.cancelled, rows);
    made.share_event = need_array(given.share_event, given.shares, "share_event");
    made.person = person, made.role = role, made.share = share;
    write_posted(incentive::post_events(open, made), result);
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

int32_t kith_commission_reopen(kith_work* work, const char* period, size_t size, const char* reason, size_t reason_size,
                               kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    incentive::reopen(open, text_of(period, size, "period"), text_of(reason, reason_size, "reason"));
  });
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
    const Shown shown = shown_as(format);
    const kith::Reader& from = reader_of(reader);
    *out =
        new kith_text{shown == Shown::json ? incentive::explain_statement_json(from, {statement})
                                           : incentive::explain_statement_text(from, {statement}, language_of(shown))};
  });
}

int32_t kith_explain_line(const kith_reader* reader, int64_t line, const char* format, kith_text** out,
                          kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const Shown shown = shown_as(format);
    const kith::Reader& from = reader_of(reader);
    *out = new kith_text{shown == Shown::json ? incentive::explain_line_json(from, {line})
                                              : incentive::explain_line_text(from, {line}, language_of(shown))};
  });
}

int32_t kith_statement_recheck(const kith_reader* reader, int64_t statement, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, kith::generic::to_table(incentive::recheck_statement(reader_of(reader), {statement})));
  });
}

int32_t kith_commission_what_if(const kith_reader* reader, const char* plan, const char* document, size_t document_size,
                                const char* values, size_t values_size, const char* first, const char* last,
                                kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    incentive::Alternative other;
    if (const auto text = text_or_none(document, document_size)) other.document = std::string(*text);
    if (const auto text = text_or_none(values, values_size)) other.values = incentive::parse_inputs(*text).values;
    const kith::Reader& from = reader_of(reader);
    const auto rows =
        incentive::what_if(from, name_of(plan, "plan"), other, name_of(first, "first"), name_of(last, "last"));
    *out = new kith_text{incentive::canonical_json(from.currency(), rows)};
  });
}

int32_t kith_commission_accrue(const kith_reader* reader, const char* period, int64_t draws, kith_text** out,
                               kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    incentive::AccrualOptions options;
    options.draws = draws;
    const kith::Reader& from = reader_of(reader);
    *out = new kith_text{
        incentive::canonical_json(from.currency(), incentive::accrue(from, name_of(period, "period"), options))};
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
