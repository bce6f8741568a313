// SPDX-License-Identifier: Apache-2.0
// Inputs and results as JSON, and the export that a third party checks offline.
#include <fmt/format.h>

#include <deque>
#include <map>

#include "incentive/document_engine.hpp"
#include "incentive/document_facts.hpp"
#include "incentive/document_shapes.hpp"
#include "incentive/json_node.hpp"
#include "incentive/statement_export.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

using general::InJson;
using general::Shape;
using general::Shown;
constexpr std::string_view kInputs = "kith.inputs/1";
constexpr std::string_view kExport = "kith.commission/1";

Date read_date(const std::string& text) { return parse_date(text); }

// A text that names something; what is there and blank names nothing.
std::string name_in(Node& node, std::string_view key, bool required = true) {
  std::string name = node.text(key, required);
  if (name.empty() && node.has(key) && required) node.fault(key, "It is empty; give a name.");
  return name;
}

EventRow read_event(const Json& item, const std::string& path, Findings& out) {
  Node node(item, path, out);
  EventRow event;
  event.source = node.text("source");
  if (event.source.find(':') != std::string::npos) node.fault("source", std::string(general::kNoColon));
  event.id = name_in(node, "id");
  event.version = node.integer("version", false, 1);
  if (event.version < 1) node.fault("version", "Versions count from 1.");
  event.type = node.text("type");
  event.date = node.parsed("date", read_date).value_or(Date{});
  event.sequence = node.integer("sequence", false, 0);
  const auto code = node.parsed("currency", [](const std::string& text) { return currency(text); });
  const auto money = [&](const std::string& text) { return code ? parse_money(text, *code) : Money{}; };
  event.amount = node.parsed("amount", money).value_or(Money{});
  event.cost = node.parsed("cost", money, false).value_or(Money{}).minor;
  const auto quantity = [](const std::string& text) { return rescale(parse_decimal(text), kQuantityScale); };
  if (const auto value = node.parsed("quantity", quantity, false)) event.quantity = to_string(*value, true);
  event.reverses = node.text("reverses", false);
  if (node.has("cancelled")) event.cancelled = node.flag("cancelled");
  const Json* attributes = node.find("attributes", false);
  if (attributes != nullptr && !attributes->is_object()) node.fault("attributes", "Expected an object of texts.");
  if (attributes != nullptr && attributes->is_object()) {
    Node inner(*attributes, node.path("attributes"), out);
    for (const auto& [key, value] : attributes->items()) event.attributes[key] = inner.text(key);
  }
  node.each(
      "splits",
      [&](const Json& split, const std::string& where) {
        Node inner(split, where, out);
        event.splits.push_back({name_in(inner, "person"), inner.text("role"), inner.text("share")});
        inner.finish();
      },
      false);
  node.finish();
  return event;
}

/// The amounts of what is brought forward, by name.
constexpr std::pair<const char*, std::int64_t BroughtForward::*> kBrought[] = {
    {"adjusted", &BroughtForward::adjusted},
    {"held", &BroughtForward::held},
    {"released", &BroughtForward::released},
    {"carried", &BroughtForward::carried},
    {"balance", &BroughtForward::balance},
    {"term_earned", &BroughtForward::term_earned},
    {"term_guaranteed", &BroughtForward::term_guaranteed},
    {"term_given", &BroughtForward::term_given}};

BroughtForward read_brought(Node& node) {
  BroughtForward row;
  row.person = name_in(node, "person");
  row.period = node.text("period");
  const auto minor = [](const std::string& text) { return parse_decimal(text); };
  for (const auto& [name, amount] : kBrought) {
    const Decimal read = node.parsed(name, minor, false).value_or(Decimal{});
    if (read.scale != 0) node.fault(name, "Expected a whole number of minor units as text.");
    row.*amount = read.coefficient;
  }
  if (row.carried > 0) node.fault("carried", "What is carried into a period is 0 or below.");
  return row;
}

void read_rows(Node& root, Inputs& inputs) {
  Findings& out = root.out();
  root.each("events",
            [&](const Json& item, const std::string& path) { inputs.events.push_back(read_event(item, path, out)); });
  const auto each = [&](std::string_view key, const auto& read) {
    root.each(
        key,
        [&](const Json& item, const std::string& path) {
          Node node(item, path, out);
          read(node);
          node.finish();
        },
        false);
  };
  each("values", [&](Node& node) {
    inputs.values.push_back({node.text("name"), node.text("person", false), node.text("period", false),
                             node.text("value"), node.parsed("from", read_date, false).value_or(Date{}),
                             node.parsed("to", read_date, false).value_or(kOpenDate)});
  });
  each("hierarchy", [&](Node& node) {
    inputs.hierarchy.push_back({name_in(node, "person"), name_in(node, "manager"),
                                node.parsed("from", read_date).value_or(Date{}),
                                node.parsed("to", read_date, false).value_or(kOpenDate)});
  });
  each("people", [&](Node& node) {
    inputs.people.push_back({name_in(node, "person"), node.parsed("from", read_date).value_or(Date{}),
                             node.parsed("to", read_date, false).value_or(kOpenDate)});
  });
  if (root.has("members")) inputs.members.emplace();
  each("members", [&](Node& node) {
    inputs.members->push_back({name_in(node, "person"), node.parsed("from", read_date).value_or(Date{}),
                               node.parsed("to", read_date, false).value_or(kOpenDate)});
  });
  each("rates", [&](Node& node) {
    inputs.rates.push_back(
        {node.parsed("currency", [](const std::string& text) { return currency(text); }).value_or(Currency{}),
         node.text("kind"), node.parsed("on", read_date, false).value_or(Date{}), node.text("rate"),
         node.parsed("to", read_date, false).value_or(kOpenDate)});
  });
  inputs.closed = root.texts("closed", false);
  inputs.open = root.text("open", false);
  inputs.periods = root.texts("periods", false);
  root.each(
      "holidays",
      [&](const Json& item, const std::string& path) {
        try {
          inputs.holidays.push_back(parse_date(item.is_string() ? item.get<std::string>() : ""));
        } catch (const Error& error) {
          out.add(path, error.message);
        }
      },
      false);
  each("posted", [&](Node& node) {
    const auto minor = [](const std::string& text) { return parse_decimal(text); };
    const Decimal amount = node.parsed("minor", minor).value_or(Decimal{});
    inputs.posted.push_back({name_in(node, "person"), node.text("component"), node.text("period"), amount.coefficient,
                             node.text("posted", false)});
    if (amount.scale != 0) node.fault("minor", "Expected a whole number of minor units as text.");
  });
  each("brought", [&](Node& node) { inputs.brought.push_back(read_brought(node)); });
}

Json json_of(const EventRow& event) {
  Json row = {{"source", event.source},
              {"id", event.id},
              {"version", event.version},
              {"type", event.type},
              {"date", to_string(event.date)},
              {"sequence", event.sequence},
              {"currency", code_of(event.amount.currency)},
              {"amount", to_string(event.amount)},
              {"cost", to_string(Money{event.cost, event.amount.currency})},
              {"quantity", event.quantity},
              {"cancelled", event.cancelled},
              {"attributes", Json::object()},
              {"splits", Json::array()}};
  if (!event.reverses.empty()) row["reverses"] = event.reverses;
  for (const auto& [name, value] : event.attributes) row["attributes"][name] = value;
  for (const Split& split : event.splits) {
    row["splits"].push_back({{"person", split.person}, {"role", split.role}, {"share", split.share}});
  }
  return row;
}

Json json_of(const Inputs& inputs) {
  Json root = {{"format", kInputs},          {"events", Json::array()}, {"values", Json::array()},
               {"hierarchy", Json::array()}, {"people", Json::array()}, {"rates", Json::array()},
               {"posted", Json::array()},    {"closed", inputs.closed}};
  if (!inputs.open.empty()) root["open"] = inputs.open;
  if (!inputs.periods.empty()) root["periods"] = inputs.periods;
  for (const EventRow& event : inputs.events) root["events"].push_back(json_of(event));
  for (std::size_t i = 0; i < inputs.columns.amount.size(); ++i) {
    root["events"].push_back(json_of(general::row_of(inputs.columns, i)));
  }
  for (const PlanValue& row : inputs.values) {
    Json value = {{"name", row.name}, {"person", row.person}, {"period", row.period}, {"value", row.value}};
    if (row.from != Date{}) value["from"] = to_string(row.from);
    if (row.to != kOpenDate) value["to"] = to_string(row.to);
    root["values"].push_back(std::move(value));
  }
  for (const Superior& row : inputs.hierarchy) {
    root["hierarchy"].push_back(
        {{"person", row.person}, {"manager", row.manager}, {"from", to_string(row.from)}, {"to", to_string(row.to)}});
  }
  for (const Participation& row : inputs.people) {
    root["people"].push_back({{"person", row.person}, {"from", to_string(row.from)}, {"to", to_string(row.to)}});
  }
  if (inputs.members) {
    root["members"] = Json::array();
    for (const Participation& row : *inputs.members) {
      root["members"].push_back({{"person", row.person}, {"from", to_string(row.from)}, {"to", to_string(row.to)}});
    }
  }
  for (const PlanRate& row : inputs.rates) {
    root["rates"].push_back(
        {{"currency", code_of(row.currency)}, {"kind", row.kind}, {"on", to_string(row.on)}, {"rate", row.rate}});
    if (row.to != kOpenDate) root["rates"].back()["to"] = to_string(row.to);
  }
  for (const PostedLine& row : inputs.posted) {
    root["posted"].push_back({{"person", row.person},
                              {"component", row.component},
                              {"period", row.period},
                              {"minor", std::to_string(row.amount)}});
    if (!row.posted.empty()) root["posted"].back()["posted"] = row.posted;
  }
  for (const BroughtForward& row : inputs.brought) {
    Json one = {{"person", row.person}, {"period", row.period}};
    for (const auto& [name, amount] : kBrought) one[name] = std::to_string(row.*amount);
    root["brought"].push_back(std::move(one));
  }
  for (const Date day : inputs.holidays) root["holidays"].push_back(to_string(day));
  return root;
}

/// Adds a row's members to its JSON object, each by its kind; amounts as text of the plan's currency.
template <class Row>
struct Filler {
  const PlanDocument& plan;
  const Row& row;
  const Shown<Row>& shown;
  Json& to;

  template <class T>
  void operator()(T Row::*member) const {
    put(row.*member);
  }
  template <class T>
  void put(const std::optional<T>& value) const {
    if (value) put(*value);
  }
  void put(const std::string& value) const {
    if (!value.empty() || shown.json == InJson::always) to[shown.name] = value;
  }
  void put(std::int64_t value) const { to[shown.name] = to_string(Money{value, plan.currency()}); }
  void put(bool value) const { to[shown.name] = value; }
  void put(Date value) const { to[shown.name] = to_string(value); }
};

template <class Row>
Json rows_of(const PlanDocument& plan, const std::vector<Row>& rows) {
  const Shape<Row> shape = general::shape_of(rows);
  Json list = Json::array();
  for (const Row& row : rows) {
    Json one = Json::object();
    for (const Shown<Row>& shown : shape) {
      if (shown.json != InJson::never) std::visit(Filler<Row>{plan, row, shown, one}, shown.member);
    }
    list.push_back(std::move(one));
  }
  return list;
}

Json json_of(const PlanDocument& plan, const PlanResult& result) {
  Json root = {{"plan_hash", plan.hash()},
               {"currency", code_of(plan.currency())},
               {"credits", rows_of(plan, result.credits)},
               {"lines", rows_of(plan, result.lines)},
               {"components", rows_of(plan, result.components)},
               {"releases", rows_of(plan, result.releases)},
               {"ledger", rows_of(plan, result.ledger)},
               {"statements", rows_of(plan, result.statements)},
               {"warnings", result.warnings}};
  if (!result.payments.empty()) root["payments"] = rows_of(plan, result.payments);
  if (!result.pools.empty()) root["pools"] = rows_of(plan, result.pools);
  if (!result.amortization.empty()) root["amortization"] = rows_of(plan, result.amortization);
  return root;
}

Inputs inputs_of(const Json& document, const std::string& path, Findings& out) {
  Node root(document, path, out);
  Inputs inputs;
  if (const std::string format = root.text("format"); format != kInputs) {
    root.fault("format", fmt::format("Expected \"{}\".", kInputs));
  }
  read_rows(root, inputs);
  root.finish();
  return inputs;
}

void compare(const Json& stated, const Json& computed, const std::string& path, std::vector<Violation>& out) {
  if (stated == computed) return;
  if (stated.is_object() && computed.is_object()) {
    for (const auto& [key, value] : computed.items()) compare(stated.value(key, Json()), value, below(path, key), out);
    for (const auto& [key, value] : stated.items()) {
      if (!computed.contains(key))
        out.push_back({"commission", below(path, key), "It is stated, but nothing gives it."});
    }
    return;
  }
  if (stated.is_array() && computed.is_array() && stated.size() == computed.size()) {
    for (std::size_t i = 0; i < stated.size(); ++i) compare(stated[i], computed[i], at(path, i), out);
    return;
  }
  out.push_back(
      {"commission", path, fmt::format("It says {}; computed again it is {}.", stated.dump(), computed.dump())});
}

}  // namespace

Inputs parse_inputs(std::string_view text) {
  Findings out("inputs");
  Inputs inputs = inputs_of(parse_json(text, "inputs"), "", out);
  if (!out.empty()) throw Error(out.take());
  return inputs;
}

std::string canonical_json(const Inputs& inputs) { return json_of(inputs).dump(); }
std::string canonical_json(const PlanDocument& plan, const PlanResult& result) { return json_of(plan, result).dump(); }

std::string canonical_json(Currency currency, const std::vector<WhatIf>& rows) {
  const auto text = [&](std::int64_t minor) { return to_string(Money{minor, currency}); };
  Json list = Json::array();
  for (const WhatIf& row : rows) {
    list.push_back({{"person", row.person},
                    {"before", text(row.before)},
                    {"after", text(row.after)},
                    {"difference", text(checked_sub(row.after, row.before, "what-if"))}});
  }
  return list.dump();
}

std::string canonical_json(const PlanDocument& plan, const std::vector<WhatIf>& rows) {
  return canonical_json(plan.currency(), rows);
}

std::string export_commission(const PlanDocument& plan, const Inputs& inputs) {
  Json root = {{"format", kExport},
               {"plan", Json::parse(plan.canonical_json())},
               {"inputs", json_of(inputs)},
               {"result", json_of(plan, compute(plan, inputs))}};
  root["sha256"] = digest_of(root);
  return root.dump();
}

namespace {

/// A plan with inputs and the result they are said to give.
struct Case {
  const Json* plan = nullptr;
  const Json* inputs = nullptr;
  const Json* result = nullptr;
  std::string path;

  void read(Node& node, bool required) {
    plan = node.find("plan", required);
    inputs = node.find("inputs", required || plan != nullptr);
    result = node.find("result", required || plan != nullptr);
  }
};

class ExportChecker {
 public:
  std::vector<Violation> check(const Json& document) {
    Findings out("export");
    Node root(document, "", out);
    if (root.text("format") != kExport) root.fault("format", fmt::format("Expected \"{}\".", kExport));
    const Json* statement = root.find("statement", false);
    Case own;
    own.read(root, statement == nullptr);
    // Exports of plans alone had no digest once.
    const std::string digest = root.text("sha256", statement != nullptr);
    std::vector<std::pair<std::string, Case>> corrected;
    root.each(
        "corrected",
        [&](const Json& item, const std::string& path) {
          Node node(item, path, out);
          corrected.emplace_back(node.text("period"), Case{.path = path}).second.read(node, true);
          node.finish();
        },
        false);
    if (statement != nullptr && !statement->is_object()) root.fault("statement", "Expected an object.");
    root.finish();
    if (!out.empty()) throw Error(out.take());
    if (own.plan != nullptr) computed(own, statement == nullptr ? "" : label_of(*statement));
    for (const auto& [label, one] : corrected) computed(one, label);
    if (statement != nullptr) check_statement(statement_from(*statement, "statement"), periods_, faults_);
    if (root.has("sha256") && digest != digest_of(document)) {
      faults_.push_back({"commission", "sha256", "The text is not the one that was exported."});
    }
    return std::move(faults_);
  }

 private:
  /// Whatever else stands there is found with the rest of the statement.
  static std::string label_of(const Json& statement) {
    const auto label = statement.find("label");
    return label != statement.end() && label->is_string() ? label->get<std::string>() : std::string();
  }

  void computed(const Case& one, const std::string& label) {
    Findings out("export");
    const Inputs inputs = inputs_of(*one.inputs, below(one.path, "inputs"), out);
    if (!out.empty()) throw Error(out.take());
    plans_.push_back(PlanDocument::parse(one.plan->dump()));
    Computed& made = periods_[label];
    made.plan = &plans_.back();
    made.result = compute(*made.plan, inputs);
    compare(*one.result, json_of(*made.plan, made.result), below(one.path, "result"), faults_);
  }

  std::deque<PlanDocument> plans_;
  std::map<std::string, Computed> periods_;
  std::vector<Violation> faults_;
};

}  // namespace

std::vector<Violation> check_export(std::string_view text) {
  const Json document = parse_json(text, "export");
  const bool deals = document.is_object() && document.value("format", Json()) == "kith.trace/1";
  return deals ? check_deals(document) : ExportChecker().check(document);
}

}  // namespace kith::incentive
