// SPDX-License-Identifier: Apache-2.0
// Reads plan documents of the general format and checks that their parts fit each other.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.hpp"
#include "incentive/document_parts.hpp"
#include "kith/base/sha256.hpp"
#include "kith/base/text.hpp"
#include "kith/incentive/plan.hpp"

namespace kith::incentive {
namespace {

using namespace general;
using Model = PlanDocument::Model;

// A calendar of months needs its first month alone; years of weeks say all on which two calendars differ. A name is
// that of the store's calendar which is the same.
void read_calendar(Node& root, Model& model) {
  Calendar& calendar = model.calendar;
  const auto first_month = [&calendar](Node& node, bool required) {
    calendar.first_month = static_cast<int>(node.integer("first_month", required, 1));
    if (calendar.first_month >= 1 && calendar.first_month <= 12) return;
    node.fault("first_month", "Expected 1 to 12.");
    calendar.first_month = 1;
  };
  first_month(root, false);
  const Json* said = root.find("calendar", false);
  if (said != nullptr && said->is_string()) {  // of the store that keeps the plan
    calendar.name = said->get<std::string>();
    check_name(calendar.name, "calendar", root.out());
  } else if (const Json* value = said) {
    if (root.has("first_month")) root.fault("first_month", "It stands in the calendar; say it once.");
    Node node(*value, "calendar", root.out());
    static const std::vector<std::string_view> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                        "friday", "saturday", "sunday"};
    calendar.kind = static_cast<CalendarKind>(
        node.choice("kind", {"months", "weeks_445", "weeks_454", "weeks_544", "quarters_13", "periods_13"}) + 1);
    if (node.has("name")) {
      calendar.name = node.text("name");
      check_name(calendar.name, "calendar.name", root.out());
    }
    first_month(node, true);
    if (has_weeks(calendar.kind)) {
      calendar.start =
          static_cast<YearStart>(node.choice("start", {"fixed_date", "nearest_weekday", "after_last_weekday"}) + 1);
      calendar.first_day = static_cast<int>(node.integer("first_day", true, 1));
      calendar.first_weekday = static_cast<int>(node.choice("first_weekday", kDays));
      calendar.long_period = static_cast<int>(node.integer("long_period", true, 0));
    }
    calendar.year_name = static_cast<YearName>(node.choice("year_name", {"by_end", "by_begin"}) + 1);
    node.finish();
    try {
      check(calendar);
    } catch (const Error& error) {
      node.fault(error.field.empty() ? "kind" : error.field, error.message);
      calendar = {};
    }
  }
  const std::vector<Grain> grains = grains_of(calendar.kind);
  const bool week = model.interval == Grain::week;  // a calendar of months has them beside it
  if (model.whole_plan || week || std::find(grains.begin(), grains.end(), model.interval) != grains.end()) return;
  root.fault("interval", fmt::format("The calendar has no {}.", name_of(model.interval)));
}

void read_head(Node& root, Model& model) {
  root.parsed("format", [](const std::string& text) {
    if (text == kGeneralPlanFormat) return true;
    throw Error(Code::invalid, fmt::format("{} is a format this reader does not know; it reads \"{}\" and \"{}\".",
                                           quote(text), kGeneralPlanFormat, kPlanFormat));
  });
  model.name = root.text("name");
  check_name(model.name, "name", root.out());
  model.version = root.integer("version", true, 1);
  if (model.version < 1) root.fault("version", "Expected a whole JSON number from 1 on.");
  if (const auto code = root.parsed("currency", [](const std::string& text) { return currency(text); })) {
    model.currency = *code;
    model.digits = minor_digits(*code);
  }
  static constexpr Grain kGrains[] = {Grain::month, Grain::quarter, Grain::year,
                                      Grain::year,  Grain::week,    Grain::period};
  const std::size_t interval = root.choice("interval", {"month", "quarter", "year", "plan", "week", "period"});
  model.whole_plan = interval == 3;
  model.interval = kGrains[interval];
  read_calendar(root, model);
  if (const Json* valid = root.find("valid")) {
    Node node(*valid, "valid", root.out());
    const auto from = node.parsed("from", [](const std::string& text) { return parse_date(text); });
    const auto to = node.parsed(
        "to", [](const std::string& text) { return parse_date(text); }, model.whole_plan);
    node.finish();
    if (from) model.from = *from;
    if (to) model.to = *to;
    if (from) check_validity(model.from, model.to, root.out());
  }
  if (const Json* value = root.find("rounding")) {
    Node node(*value, "rounding", root.out());
    if (const auto mode = node.parsed("mode", [](const std::string& text) { return parse_rounding(text); })) {
      model.mode = *mode;
    }
    const Exact unit = node.number("unit") * ten_to(model.digits);
    if (unit > 0 && denominator(unit) == 1) {
      model.unit = unit;
    } else if (node.has("unit")) {
      node.fault("unit", fmt::format("A unit is a positive multiple of the smallest of the currency, \"{}\".",
                                     number_text(1 / ten_to(model.digits))));
    }
    model.point = static_cast<Point>(node.choice("point", {"line", "component", "telescoped", "statement"}));
    node.finish();
  }
  if (const Json* order = root.find("order"); order != nullptr && *order != Json({"date", "sequence", "id"})) {
    root.fault("order", "Transactions are taken by [\"date\", \"sequence\", \"id\"]; write exactly that.");
  }
}

void read_scope(Node& root, Model& model) {
  model.scope.title = "event";
  model.scope.row_only = true;
  model.scope.currency = model.currency;
  model.scope.names = {{"type", Type::text},    {"source", Type::text},
                       {"id", Type::text},      {"date", Type::date},
                       {"amount", Type::money}, {"cost", Type::money},
                       {"margin", Type::money}, {"quantity", Type::decimal, kQuantityScale}};
  const Json* list = root.find("attributes", false);
  if (list == nullptr) return;
  Node node(*list, "attributes", root.out());
  if (!list->is_object()) return;
  static const std::vector<Type> kTypes = {Type::text, Type::decimal, Type::money, Type::date, Type::boolean};
  for (const auto& [key, value] : list->items()) {
    const bool taken = std::any_of(model.scope.names.begin(), model.scope.names.end(),
                                   [&key = key](const ScopeName& name) { return name.name == key; });
    if (taken) node.fault(key, "Every event has a field of this name; choose another one.");
    const Type type = kTypes[node.choice(key, {"text", "decimal", "money", "date", "boolean"})];
    model.attributes[key] = type;
    model.scope.names.push_back({key, type, type == Type::decimal ? kRateScale : 0});
  }
}

template <class T>
void check_unique(const std::vector<T>& parts, std::string_view list, Findings& out) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!seen.insert(parts[i].name).second) {
      out.add(below(at(list, i), "name"), fmt::format("There is another one named {}.", quote(parts[i].name)));
    }
  }
}

template <class T>
void check_refers(const std::vector<T>& parts, const std::string& name, const std::string& path, Findings& out) {
  std::vector<std::string_view> known;
  for (const T& part : parts) {
    if (part.name == name) return;
    known.push_back(part.name);
  }
  out.add(path, fmt::format("There is none named {}.{}", quote(name), suggest(name, known)));
}

void check_component_order(const Model& model, std::size_t index, Findings& out) {
  const std::string& basis = model.components[index].component;
  if (basis.empty()) return;
  for (std::size_t i = 0; i < index; ++i) {
    if (model.components[i].name == basis) return;
  }
  out.add(at("components", index) + ".basis.component",
          fmt::format("No component named {} stands before this one.", quote(basis)));
}

/// What a table looks at is there: the measure with its goal, the attribute. `measure` is the basis, which may have
/// none.
void check_input(const Model& model, Input input, const std::string& name, const std::string& measure,
                 const std::string& path, Findings& out) {
  if (input == Input::measure) return check_refers(model.measures, name, path, out);
  if (input == Input::attribute) {
    const auto& names = model.scope.names;
    const bool number = std::any_of(names.begin(), names.end(),
                                    [&](const auto& one) { return one.name == name && !is_text(one.type); });
    if (!number) out.add(path, fmt::format("{} is no attribute that holds a number or money.", quote(name)));
  }
  if (input != Input::attainment) return;
  const std::string& of = name.empty() ? measure : name;
  if (of.empty()) return out.add(path, "Attainment is that of a measure; write {\"attainment\": its name}.");
  if (!name.empty()) check_refers(model.measures, name, path, out);
  const Measure* found = model.measure(of);
  if (found != nullptr && !found->goal) {
    out.add(path, fmt::format("Attainment needs a goal; the measure {} has none.", quote(found->name)));
  }
}

void check_inputs(const Model& model, const Table& table, const std::string& measure, const std::string& path,
                  Findings& out) {
  check_input(model, table.input, table.name, measure, path + ".input", out);
  if (table.mode == Mode::matrix) {
    check_input(model, table.second_input, table.second_name, measure, path + ".second.input", out);
  }
}

void check_fit(const Model& model, Findings& out) {
  check_unique(model.credits, "credits", out);
  check_unique(model.measures, "measures", out);
  check_unique(model.components, "components", out);
  for (std::size_t i = 0; i < model.measures.size(); ++i) {
    for (std::size_t k = 0; k < model.measures[i].credits.size(); ++k) {
      check_refers(model.credits, model.measures[i].credits[k], at(at("measures", i) + ".credits", k), out);
    }
  }
  for (std::size_t i = 0; i < model.components.size(); ++i) {
    const ComponentRule& rule = model.components[i];
    const std::string path = at("components", i);
    if (!rule.measure.empty()) check_refers(model.measures, rule.measure, path + ".basis.measure", out);
    check_component_order(model, i, out);
    if (rule.kind == Kind::tiers) check_inputs(model, rule.table, rule.measure, path + ".tiers", out);
    for (std::size_t k = 0; k < rule.modifiers.size(); ++k) {
      const Modifier& modifier = rule.modifiers[k];
      const std::string where = at(path + ".modifiers", k);
      const bool measured = modifier.table || modifier.kind == Do::gate;
      if (measured) check_refers(model.measures, modifier.input, where + ".measure", out);
      if (modifier.kind == Do::gate && modifier.attainment) {
        const Measure* gated = model.measure(modifier.input);
        if (gated != nullptr && !gated->goal) {
          out.add(where + ".input",
                  fmt::format("Attainment needs a goal; the measure {} has none.", quote(gated->name)));
        }
      }
      if (modifier.table) check_inputs(model, *modifier.table, modifier.input, where + ".tiers", out);
    }
    const Measure* measure = model.measure(rule.measure);
    const bool by_event =
        rule.table.input == Input::attribute ||
        (rule.table.mode == Mode::matrix && rule.table.second_input == Input::attribute) ||
        std::any_of(rule.table.rows.begin(), rule.table.rows.end(), [](const Row& row) { return row.when != nullptr; });
    if (by_event && (measure == nullptr || measure->accumulate != Accumulating::none)) {
      out.add(path + ".tiers", "A table over attributes of an event needs a measure with accumulate \"none\".");
    }
  }
  check_unique(model.clawbacks, "clawback", out);
  for (std::size_t i = 0; i < model.clawbacks.size(); ++i) {
    const std::vector<std::string>& scope = model.clawbacks[i].components;
    for (std::size_t k = 0; k < scope.size(); ++k) {
      check_refers(model.components, scope[k], at(at("clawback", i) + ".components", k), out);
    }
  }
  Exact released = 0;
  std::set<std::string> triggers;
  for (std::size_t i = 0; i < model.releases.size(); ++i) {
    released += model.releases[i].share;
    if (triggers.insert(model.releases[i].trigger).second) continue;
    out.add(
        fmt::format("release[{}].trigger", i),
        fmt::format("{} names another part already; each has a name of its own.", quote(model.releases[i].trigger)));
  }
  if (!model.releases.empty() && released != 1) {
    out.add("release", fmt::format("The shares sum to {} %; they must sum to 100 %.", number_text(released * 100)));
  }
}

/// Members that hold a number wherever they stand, unless the text is a name, a choice or a day.
constexpr std::string_view kNumbers[] = {"above",         "amount",     "at_least",   "by",         "cells",  "from",
                                         "goal",          "least",      "member_cap", "pool",       "prizes", "ramp",
                                         "recover_share", "retro_from", "share",      "target_pay", "times",  "to",
                                         "unit",          "value",      "weight"};

/// The shortest spelling of a number; any other text stays as it is.
void shorten(Json& value) {
  if (value.is_array()) {
    for (Json& item : value) shorten(item);
  }
  if (!value.is_string()) return;
  try {
    std::string text = number_text(parse_number(value.get<std::string>()));
    if (text.find('/') == std::string::npos) value = std::move(text);
  } catch (const Error&) {
    // A choice such as "amount", a day, or a name.
  }
}

void shorten_numbers(Json& value) {
  if (value.is_array()) {
    for (Json& item : value) shorten_numbers(item);
  }
  if (!value.is_object()) return;
  // A row of a table holds its number as "value"; elsewhere that names a number of the inputs.
  const bool row = value.contains("from") || value.contains("when") || value.contains("retro_from");
  const bool named =
      value.contains("do") ||
      (!row && (value.size() == 1 || value.contains("times") || value.contains("above") || value.contains("blend")));
  for (auto& [key, member] : value.items()) {
    const bool number = std::find(std::begin(kNumbers), std::end(kNumbers), key) != std::end(kNumbers);
    if (number && !(named && key == "value")) {
      if (member.is_object()) {
        shorten_numbers(member);
        continue;
      }
      shorten(member);
    } else {
      shorten_numbers(member);
    }
  }
}

// What credits and their sums depend on. Goals, tables and payments may differ between plans of one ground.
std::string ground_of(const Json& document) {
  Json ground = Json::object();
  for (const char* key :
       {"currency", "interval", "first_month", "calendar", "valid", "attributes", "credits", "rounding"}) {
    if (document.contains(key)) ground[key] = document[key];
  }
  for (const Json& measure : document["measures"]) {
    ground["measures"].push_back(
        {{"name", measure["name"]}, {"credits", measure["credits"]}, {"return_period", measure["return_period"]}});
  }
  if (document.contains("clawback")) {
    for (const Json& one : document["clawback"]) {
      if (one["prorate"] == "recompute") ground["clawback"].push_back(one);
    }
  }
  return ground.dump();
}

std::string convert_old(std::string_view text) {
  const Plan plan = parse_plan(text);
  const auto name_of_point = choice_name(plan.rounding.point);
  Json credit = {{"name", "credit"},         {"role", plan.credit.role},
                 {"who", "split"},           {"sum_must_be", "100"},
                 {"rounding", "minor_unit"}, {"apply", "base"},
                 {"base", "amount"},         {"fx", {{"rate", "transaction"}, {"reversal", "original"}}}};
  if (!plan.when.empty()) credit["when"] = plan.when;
  Json document = {{"format", kGeneralPlanFormat},
                   {"name", plan.name},
                   {"version", plan.version},
                   {"currency", code_of(plan.currency)},
                   {"interval", std::string(name_of(plan.interval))},
                   {"valid", {{"from", to_string(plan.from)}}},
                   {"rounding",
                    {{"mode", std::string(name_of(plan.rounding.mode))},
                     {"point", name_of_point},
                     {"unit", number_text(1 / ten_to(minor_digits(plan.currency)))}}},
                   {"order", {"date", "sequence", "id"}},
                   {"credits", Json::array({credit})}};
  if (plan.to != kOpenDate) document["valid"]["to"] = to_string(plan.to);
  for (const Component& component : plan.components) {
    document["measures"].push_back({{"name", component.name},
                                    {"credits", {"credit"}},
                                    {"aggregate", "sum"},
                                    {"accumulate", choice_name(component.accumulate)},
                                    {"return_period", "current"},
                                    {"negative", choice_name(component.negative)}});
    Json rows = Json::array();
    for (const Band& band : component.tiers.bands) {
      rows.push_back(
          {{"from", to_string(Money{band.from.minor, plan.currency})}, {"value", to_string(band.rate, true)}});
    }
    const bool slab = component.tiers.mode == TierMode::slab;
    Json tiers = {{"input", "amount"}, {"mode", slab ? "slab" : "marginal"}, {"unit", "pct_of_base"}, {"rows", rows}};
    if (slab) tiers["boundary"] = choice_name(component.tiers.boundary);
    document["components"].push_back(
        {{"name", component.name}, {"kind", "tiers"}, {"basis", {{"measure", component.name}}}, {"tiers", tiers}});
  }
  return document.dump();
}

}  // namespace

PlanDocument PlanDocument::parse(std::string_view text) {
  Json document = parse_json(text, "plan");
  if (document.is_object() && document.value("format", Json()) == kPlanFormat) {
    document = Json::parse(convert_old(text));
  }
  Findings out;
  auto model = std::make_shared<Model>();
  Node root(document, "", out);
  read_head(root, *model);
  read_scope(root, *model);
  read_credits(root, *model);
  read_measures(root, *model);
  read_components(root, *model);
  read_pay(root, *model);
  root.finish();
  if (out.empty()) check_fit(*model, out);
  if (!out.empty()) throw Error(out.take());
  shorten_numbers(document);
  model->canonical = document.dump();
  model->ground = ground_of(document);
  return PlanDocument(std::move(model));
}

std::string PlanDocument::name() const { return model_->name; }
std::int64_t PlanDocument::version() const { return model_->version; }
kith::Currency PlanDocument::currency() const { return model_->currency; }
std::string PlanDocument::canonical_json() const { return model_->canonical; }
std::string PlanDocument::hash() const { return to_hex(sha256(model_->canonical)); }

const Measure* Model::measure(std::string_view key) const {
  for (const Measure& measure : measures) {
    if (measure.name == key) return &measure;
  }
  return nullptr;
}

bool Model::pays_apart() const {
  return payment.has_value() ||
         std::any_of(releases.begin(), releases.end(), [](const Release& release) { return !release.at_once(); });
}

Period Model::period_at(Date day) const {
  if (whole_plan) return {Grain::year, from, to, "plan"};
  return period_of(calendar, interval, day);
}

Period Model::period(const std::string& label) const {
  if (whole_plan) return {Grain::year, from, to, "plan"};
  return parse_period(calendar, label);
}

Exact minor_of(std::string_view text, int digits) { return parse_number(text) * ten_to(digits); }

}  // namespace kith::incentive
