// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>

#include "base/json.hpp"
#include "incentive/exact_text.hpp"
#include "incentive/plan_rules.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/trace.hpp"

namespace kith::incentive {
namespace {

constexpr std::string_view kFormat = "kith.trace/1";
constexpr int kDeepest = 8;  // a statement has components, they have lines, these have slices

Json document_of(const Step& step, Currency money) {
  const int scale = minor_digits(money) + kRateScale;
  Json document = {{"kind", choice_name(step.kind)}, {"label", step.label}, {"value", exact_text(step.value, scale)}};
  if (step.kind == StepKind::rounding) {
    document["before"] = exact_text(step.before, scale);
    document["after"] = exact_text(step.after, scale);
  } else {
    document["input"] = to_string(Money{step.input, money});
  }
  if (step.kind == StepKind::slice) document["rate"] = exact_text(step.rate, kRateScale);
  if (!step.facts.empty()) {
    Json facts = Json::array();
    // Texts, because ids exceed what a JSON number keeps.
    for (const std::int64_t id : step.facts) facts.push_back(std::to_string(id));
    document["facts"] = std::move(facts);
  }
  if (!step.parts.empty()) {
    Json parts = Json::array();
    for (const Step& part : step.parts) parts.push_back(document_of(part, money));
    document["parts"] = std::move(parts);
  }
  return document;
}

[[noreturn]] void fail(const std::string& path, std::string message) {
  throw Error(Code::invalid, "trace", path, std::move(message));
}

const Json& member(const Json& object, const char* key, const std::string& path) {
  if (!object.is_object()) fail(path, "Expected an object.");
  const auto found = object.find(key);
  if (found == object.end()) fail(below(path, key), "It is missing.");
  return *found;
}

std::string text(const Json& object, const char* key, const std::string& path) {
  const Json& value = member(object, key, path);
  if (!value.is_string()) fail(below(path, key), "Expected a text.");
  return value.get<std::string>();
}

// What `parse` makes of a text, with the path in front of its error.
template <class Parse>
auto parsed(const Json& object, const char* key, const std::string& path, Parse parse) {
  const std::string value = text(object, key, path);
  try {
    return parse(value);
  } catch (const Error& error) {
    fail(below(path, key), error.message);
  }
}

std::int64_t parse_id(const Json& value, const std::string& path) {
  std::int64_t id = 0;
  if (value.is_string()) {
    const auto& digits = value.get_ref<const std::string&>();
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, id);
    if (error == std::errc() && stop == end && !digits.empty()) return id;
  }
  fail(path, "Expected an id as text.");
}

Step parse_step(const Json& document, Currency money, const std::string& path, int depth) {
  if (depth > kDeepest) fail(path, "The steps are nested too deep for a trace.");
  const int scale = minor_digits(money) + kRateScale;
  const auto exact = [&](const char* key) {
    return parsed(document, key, path, [&](const std::string& number) { return parse_exact(number, scale); });
  };
  Step step;
  step.kind = parsed(document, "kind", path, parse_choice<StepKind>);
  step.label = text(document, "label", path);
  step.value = exact("value");
  if (step.kind == StepKind::rounding) {
    step.before = exact("before");
    step.after = exact("after");
  } else {
    step.input =
        parsed(document, "input", path, [&](const std::string& number) { return parse_money(number, money).minor; });
  }
  if (step.kind == StepKind::slice) {
    step.rate = parsed(document, "rate", path,
                       [](const std::string& number) { return narrow(parse_exact(number, kRateScale), "rate"); });
  }
  if (const auto facts = document.find("facts"); facts != document.end()) {
    for (std::size_t i = 0; i < facts->size(); ++i) {
      step.facts.push_back(parse_id((*facts)[i], at(below(path, "facts"), i)));
    }
  }
  if (const auto parts = document.find("parts"); parts != document.end()) {
    for (std::size_t i = 0; i < parts->size(); ++i) {
      step.parts.push_back(parse_step((*parts)[i], money, at(below(path, "parts"), i), depth + 1));
    }
  }
  return step;
}

}  // namespace

std::string canonical_json(const Trace& trace) {
  const Json document = {
      {"format", std::string(kFormat)},
      {"plan", {{"name", trace.plan}, {"version", trace.version}, {"hash", trace.plan_hash}}},
      {"currency", code_of(trace.currency)},
      {"rounding", {{"mode", std::string(name_of(trace.rounding.mode))}, {"point", choice_name(trace.rounding.point)}}},
      {"rounded", trace.rounded},
      {"amount", to_string(Money{trace.amount, trace.currency})},
      {"root", document_of(trace.root, trace.currency)},
  };
  return document.dump();
}

Trace parse_trace(std::string_view source) {
  const Json document = Json::parse(source, nullptr, false);
  if (document.is_discarded()) fail("", "The document is no JSON.");
  if (text(document, "format", "") != kFormat) fail("format", fmt::format("Expected \"{}\".", kFormat));
  Trace trace;
  const Json& plan = member(document, "plan", "");
  trace.plan = text(plan, "name", "plan");
  trace.plan_hash = text(plan, "hash", "plan");
  const Json& version = member(plan, "version", "plan");
  if (!version.is_number_integer()) fail("plan.version", "Expected a whole number.");
  trace.version = version.get<std::int64_t>();
  trace.currency = parsed(document, "currency", "", [](const std::string& code) { return currency(code); });
  const Json& rounding = member(document, "rounding", "");
  trace.rounding.mode = parsed(rounding, "mode", "rounding", [](const std::string& m) { return parse_rounding(m); });
  trace.rounding.point = parsed(rounding, "point", "rounding", parse_choice<RoundingPoint>);
  const Json& rounded = member(document, "rounded", "");
  if (!rounded.is_boolean()) fail("rounded", "Expected true or false.");
  trace.rounded = rounded.get<bool>();
  trace.amount = parsed(document, "amount", "",
                        [&](const std::string& number) { return parse_money(number, trace.currency).minor; });
  trace.root = parse_step(member(document, "root", ""), trace.currency, "root", 0);
  return trace;
}

}  // namespace kith::incentive
