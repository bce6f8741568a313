// SPDX-License-Identifier: Apache-2.0
// The steps to what an export states, from the plan and the facts that it carries.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_results.hpp"
#include "incentive/json_node.hpp"
#include "kith/incentive/trace_text.hpp"

namespace kith::incentive {
namespace {

struct Explained {
  std::string language;
  std::string person, component, period;  // "": all
  bool stated = false;                    // a statement: all that its plan has is told, as the store does it
  std::vector<std::string> found;         // texts, or JSON of the steps
};

bool among(const std::string& wanted, const std::string& name) { return wanted.empty() || wanted == name; }

/// Errors name the place in the export.
const Json& member(const Json& document, const char* key, const std::string& path) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_object()) {
    throw Error(Code::invalid, "export", below(path, key), "Expected an object.");
  }
  return *found;
}

/// Errors of a part begin with the path of the part.
template <class Read>
auto read_at(const Json& document, const char* key, const std::string& path, const Read& read) {
  const Json& part = member(document, key, path);
  try {
    return read(part.dump());
  } catch (const Error& error) {
    std::vector<Violation> faults = error.violations;
    for (Violation& fault : faults) {
      if (path.empty() && fault.entity == key) continue;  // it begins with the part already
      fault.field = fault.field.empty() ? below(path, key) : below(below(path, key), fault.field);
    }
    if (faults.empty()) throw;
    throw Error(std::move(faults));
  }
}

/// What one plan gives over one set of facts.
void explain_case(const Json& document, const std::string& path, Explained& all) {
  const Computation computation(read_at(document, "plan", path, PlanDocument::parse),
                                read_at(document, "inputs", path, parse_inputs));
  const PlanResult result = computation.result(Detail::totals);
  std::set<std::pair<std::string, std::string>> keys;  // person and period
  std::set<std::pair<std::string, std::pair<std::string, std::string>>> there;
  const auto add = [&](const std::string& component, const std::string& person, const std::string& period) {
    if (!among(all.person, person) || !among(all.period, period)) return;
    keys.emplace(person, period);
    there.insert({component, {person, period}});
  };
  for (const ComponentResult& row : result.components) add(row.component, row.person, row.period);
  for (const LedgerLine& row : result.ledger) add(row.component, row.person, row.earned);
  const general::Model& model = computation.plan().model();
  for (const auto& key : keys) {
    for (const std::string& part : general::explained_parts(model)) {
      const bool whole = part == general::kWholeStatement;
      if (!among(all.component, part) || (!whole && !all.stated && !there.contains({part, key}))) continue;
      try {
        all.found.push_back(computation.explain(key.first, part, key.second, all.language));
      } catch (const Error& error) {  // posted once, and nothing gives it any more
        if (error.code != Code::not_found) throw;
      }
    }
  }
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void explain_cases(const Json& document, Explained& all) {
  const auto statement = document.find("statement");
  const bool stated = all.stated = statement != document.end() && statement->is_object();
  const std::string wanted = all.period;
  if (stated) {
    const std::string person = text_in(*statement, "employee");
    if (!among(all.person, person)) return;
    all.person = person;
  }
  const auto explain_of = [&](const Json& one, const std::string& path, const std::string& label) {
    if (stated && !among(wanted, label)) return;
    if (stated) all.period = label;
    explain_case(one, path, all);
  };
  if (!stated || document.contains("plan")) explain_of(document, "", stated ? text_in(*statement, "label") : "");
  const auto corrected = document.find("corrected");
  if (corrected == document.end()) return;
  if (!corrected->is_array()) throw Error(Code::invalid, "export", "corrected", "Expected a list.");
  for (std::size_t i = 0; i < corrected->size(); ++i) {
    const Json& one = (*corrected)[i];
    explain_of(one, at("corrected", i), one.is_object() ? text_in(one, "period") : "");
  }
}

/// A statement of won deals: its trace, then what each correction should be.
void explain_trace(const Json& document, Explained& all) {
  const Language language = all.language == "zh" ? Language::chinese : Language::english;
  const auto add = [&](const Json& trace) {
    all.found.push_back(all.language == "steps" ? trace.dump() : to_text(parse_trace(trace.dump()), language));
  };
  add(document);
  const Json corrections = document.value("corrections", Json::array());
  for (const Json& one : corrections) {
    if (all.language != "steps" && one.is_object() && one.contains("trace")) add(one["trace"]);
  }
}

/// " of person “A”, period “2026-01”".
std::string wanted_of(const ExportedPart& part) {
  std::string wanted;
  const auto add = [&](std::string_view what, std::string_view name) {
    if (!name.empty()) wanted += fmt::format("{}{} {}", wanted.empty() ? " of " : ", ", what, quote(name));
  };
  add("person", part.person);
  add("component", part.component);
  add("period", part.period);
  return wanted.empty() ? " to explain" : wanted;
}

}  // namespace

std::string explain_export(std::string_view text, std::string_view language, const ExportedPart& part) {
  if (language != "en" && language != "zh" && language != "steps") {
    throw Error(Code::invalid, "commission", "language", fmt::format("{} is none of en, zh, steps.", quote(language)));
  }
  const Json document = parse_json(text, "export");
  Explained all{std::string(language),
                std::string(part.person),
                std::string(part.component),
                std::string(part.period),
                false,
                {}};
  const std::string format = document.is_object() ? text_in(document, "format") : "";
  if (format == "kith.trace/1") {
    if (!all.person.empty() || !all.component.empty() || !all.period.empty()) {
      throw Error(Code::invalid, "export", "format", "A trace of won deals is explained whole; name no part of it.");
    }
    explain_trace(document, all);
    if (language == "steps") return all.found.front();
  } else if (format == "kith.commission/1") {
    explain_cases(document, all);
  } else {
    throw Error(Code::invalid, "export", "format", "Expected \"kith.commission/1\" or \"kith.trace/1\".");
  }
  if (all.found.empty()) {
    throw Error(Code::not_found, "export", "", "It holds nothing" + wanted_of(part) + ".");
  }
  if (language != "steps") {
    std::string told;
    for (const std::string& one : all.found) told += one;
    return told;
  }
  Json steps = {{"format", "kith.steps/1"}, {"components", Json::array()}};
  for (const std::string& one : all.found) steps["components"].push_back(Json::parse(one));
  return steps.dump();
}

}  // namespace kith::incentive
