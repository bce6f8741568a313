// SPDX-License-Identifier: Apache-2.0
// Expressions as JSON and back. Reading makes the tree that the parser would have made and writes it as text, so that
// one compiler judges both.

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "schema/expression_node.hpp"

namespace kith::expr {

namespace {

struct Name {
  Op op;
  std::string_view name;
};
constexpr std::array kOps = {
    Name{Op::any, "or"},          Name{Op::all, "and"},           Name{Op::none, "not"},
    Name{Op::negate, "negate"},   Name{Op::sum, "sum"},           Name{Op::product, "product"},
    Name{Op::compare, "compare"}, Name{Op::between, "between"},   Name{Op::in, "in"},
    Name{Op::is_null, "is_null"}, Name{Op::contains, "contains"}, Name{Op::starts_with, "starts_with"},
    Name{Op::call, "call"}};
constexpr std::array<std::string_view, 6> kRelations = {"=", "!=", "<", "<=", ">", ">="};

std::string_view name_of_op(Op op) {
  return std::find_if(kOps.begin(), kOps.end(), [&](const Name& row) { return row.op == op; })->name;
}

OrderedJson literal(const Node& node) {
  const Constant& constant = node.constant;
  switch (node.kind) {
    case Kind::null: return nullptr;
    case Kind::boolean: return constant.word != 0;
    case Kind::id: return {{"number", std::to_string(constant.word)}};
    case Kind::number: return {{"number", to_string(Decimal{constant.word, constant.scale})}};
    case Kind::money:
      return {{"money", to_string(Money{constant.word, currency(constant.text)})}, {"currency", constant.text}};
    case Kind::date: return {{"date", to_string(Date{static_cast<std::int32_t>(constant.word)})}};
    case Kind::timestamp: return {{"timestamp", to_string(Timestamp{constant.word})}};
    default: return {{"text", constant.text}};
  }
}

OrderedJson tree(const Node& node) {
  if (node.op == Op::literal) return literal(node);
  if (node.op == Op::field) return {{"field", node.name}};
  if (node.op == Op::parameter || node.op == Op::list) return {{"parameter", node.name}};
  OrderedJson result = {{"op", name_of_op(node.op)}};
  if (node.op == Op::call) result["function"] = node.name;
  if (node.op == Op::compare) result["relation"] = kRelations[static_cast<std::size_t>(node.compare)];
  if (node.op == Op::sum || node.op == Op::product) result["signs"] = node.signs;
  if (node.negated) result["negated"] = true;
  auto& args = result["args"] = OrderedJson::array();
  for (const Node& arg : node.args) args.push_back(tree(arg));
  return result;
}

class TreeReader {
 public:
  explicit TreeReader(const Scope& scope) : scope_(scope) {}

  Node read(const OrderedJson& value, const std::string& path, int depth) const {
    if (depth > kMostNesting) refuse(path, {Say::json_too_deep, {std::to_string(kMostNesting)}});
    Node node;
    if (value.is_null()) return node;
    if (value.is_boolean()) {
      node.kind = Kind::boolean;
      node.constant.word = value.get<bool>() ? 1 : 0;
      return node;
    }
    if (!value.is_object()) refuse(path, Say::json_no_part);
    if (value.contains("op")) return operation(value, path, depth);
    return leaf(value, path);
  }

 private:
  [[noreturn]] void refuse(const std::string& path, Phrase what) const {
    fail({{}, scope_, {}}, {Say::json_at, {std::move(what), path}});
  }

  std::string text(const OrderedJson& value, const char* key, const std::string& path) const {
    const auto found = value.find(key);
    if (found == value.end() || !found->is_string()) refuse(path, {Say::json_lacks_text, {key}});
    return found->get<std::string>();
  }

  void only(const OrderedJson& value, std::span<const std::string_view> known, const std::string& path) const {
    for (const auto& [key, unused] : value.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        refuse(path, {Say::json_unknown_key, {quote(key), suggestion(key, known)}});
      }
    }
  }

  /// A name as the text would write it, so that no name can smuggle an operator in.
  std::string name(const OrderedJson& value, const char* key, const std::string& path) const {
    std::string found = text(value, key, path);
    const auto letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
    };
    const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; };
    if (found.empty() || !letter(found.front()) || !std::all_of(found.begin(), found.end(), inner)) {
      refuse(path, {Say::json_no_name, {quote(found)}});
    }
    return found;
  }

  template <class Read>
  auto reading(const std::string& path, Say kind, Read read) const {
    try {
      return read();
    } catch (const Error& error) {
      refuse(path, {Say::json_wrong_value, {error.message, kind}});
    }
  }

  Node leaf(const OrderedJson& value, const std::string& path) const {
    static constexpr std::string_view known[] = {"field",    "parameter", "number", "money",
                                                 "currency", "text",      "date",   "timestamp"};
    only(value, known, path);
    const bool money = value.contains("money");
    if (value.size() != (money ? 2U : 1U)) refuse(path, Say::json_no_leaf);
    Node node;
    const std::string key = money ? "money" : value.begin().key();
    if (key == "field" || key == "parameter") {
      node.op = key == "field" ? Op::field : Op::parameter;
      node.name = name(value, key.c_str(), path);
      return node;
    }
    const std::string given = text(value, key.c_str(), path);
    if (key == "number") {
      const Decimal decimal = reading(path, Say::number, [&] { return parse_decimal(given); });
      node.kind = Kind::number;
      node.constant.word = decimal.coefficient;
      node.constant.scale = decimal.scale;
    } else if (key == "money") {
      node.kind = Kind::money;
      node.constant.text = text(value, "currency", path);
      node.constant.word =
          reading(path, Say::money, [&] { return parse_money(given, currency(node.constant.text)).minor; });
    } else if (key == "date") {
      node.kind = Kind::date;
      node.constant.word = reading(path, Say::date, [&] { return parse_date(given).days; });
    } else if (key == "timestamp") {
      node.kind = Kind::timestamp;
      node.constant.word = reading(path, Say::timestamp, [&] { return parse_timestamp(given).micros; });
    } else if (key == "text") {
      node.kind = Kind::text;
      node.constant.text = given;
    } else {
      refuse(path, Say::json_no_money);
    }
    return node;
  }

  Node operation(const OrderedJson& value, const std::string& path, int depth) const {
    static constexpr std::string_view known[] = {"op", "args", "function", "relation", "signs", "negated"};
    only(value, known, path);
    const std::string op = text(value, "op", path);
    const auto* row = std::find_if(kOps.begin(), kOps.end(), [&](const Name& one) { return one.name == op; });
    if (row == kOps.end()) refuse(path, {Say::json_unknown_operation, {quote(op)}});
    const auto args = value.find("args");
    if (args == value.end() || !args->is_array()) refuse(path, Say::json_lacks_list);
    Node node;
    node.op = row->op;
    for (std::size_t i = 0; i < args->size(); ++i) {
      node.args.push_back(read((*args)[i], path + "/args/" + std::to_string(i), depth + 1));
    }
    if (value.contains("negated")) {
      const bool may = node.op >= Op::between && node.op <= Op::starts_with;
      if (!value["negated"].is_boolean() || !may) refuse(path, Say::json_negated);
      node.negated = value["negated"].get<bool>();
    }
    details(node, value, path);
    check_count(node, path);
    return node;
  }

  void details(Node& node, const OrderedJson& value, const std::string& path) const {
    if (node.op == Op::call) node.name = name(value, "function", path);
    if (node.op == Op::compare) {
      const std::string relation = text(value, "relation", path);
      const auto* found = std::find(kRelations.begin(), kRelations.end(), relation);
      if (found == kRelations.end()) refuse(path, {Say::json_unknown_relation, {quote(relation)}});
      node.compare = static_cast<Compare>(found - kRelations.begin());
    }
    if (node.op == Op::sum || node.op == Op::product) {
      node.signs = text(value, "signs", path);
      const std::string_view signs = node.op == Op::sum ? "+-" : "*/";
      if (node.signs.size() != node.args.size() || node.signs.find_first_not_of(signs) != std::string::npos ||
          (!node.signs.empty() && node.signs.front() != signs.front())) {
        refuse(path, {Say::json_signs, {quote(signs.substr(0, 1))}});
      }
    }
  }

  void check_count(const Node& node, const std::string& path) const {
    std::size_t least = 2;
    std::size_t most = kMostText;
    switch (node.op) {
      case Op::none:
      case Op::negate:
      case Op::is_null: least = most = 1; break;
      case Op::compare:
      case Op::contains:
      case Op::starts_with: most = 2; break;
      case Op::between: least = most = 3; break;
      case Op::call: least = 0; break;
      default: break;
    }
    if (node.args.size() < least || node.args.size() > most) refuse(path, Say::json_count);
  }

  const Scope& scope_;
};

}  // namespace

std::string to_json(const Node& node) { return tree(node).dump(-1, ' ', false, OrderedJson::error_handler_t::replace); }

std::string text_of_json(std::string_view json, const Scope& scope) {
  if (json.size() > 16 * kMostText) {
    fail({{}, scope, {}}, Say::json_long);
  }
  const OrderedJson value = OrderedJson::parse(json, nullptr, false);
  if (value.is_discarded()) fail({{}, scope, {}}, Say::json_none);
  return print(TreeReader(scope).read(value, "", 0));
}

}  // namespace kith::expr
