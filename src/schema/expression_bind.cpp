// SPDX-License-Identifier: Apache-2.0
// Names, constants and tests of the Binder.

#include <algorithm>
#include <charconv>

#include "base/quote.hpp"
#include "kith/base/text.hpp"
#include "schema/expression_binder.hpp"

namespace kith::expr {

Phrase noun(Kind kind) {
  switch (kind) {
    case Kind::null: return Say::null;
    case Kind::boolean: return Say::truth;
    case Kind::number: return Say::number;
    case Kind::money: return Say::money;
    case Kind::id: return Say::id;
    case Kind::text: return Say::text;
    case Kind::choice: return Say::choice;
    case Kind::currency: return Say::currency;
    case Kind::date: return Say::date;
    case Kind::timestamp: return Say::timestamp;
    case Kind::bytes: return Say::bytes;
  }
  return Say::null;
}

Kind kind_of(Type type) {
  switch (type) {
    case Type::id: return Kind::id;
    case Type::integer: return Kind::number;
    case Type::boolean: return Kind::boolean;
    case Type::choice: return Kind::choice;
    case Type::text: return Kind::text;
    case Type::decimal: return Kind::number;
    case Type::money: return Kind::money;
    case Type::currency: return Kind::currency;
    case Type::date: return Kind::date;
    case Type::timestamp: return Kind::timestamp;
    case Type::bytes: return Kind::bytes;
  }
  return Kind::bytes;
}

namespace {

bool is_ordered(Kind kind) { return kind != Kind::boolean && kind != Kind::choice && kind != Kind::currency; }

Compare opposite(Compare compare) {
  switch (compare) {
    case Compare::eq: return Compare::ne;
    case Compare::ne: return Compare::eq;
    case Compare::lt: return Compare::ge;
    case Compare::le: return Compare::gt;
    case Compare::gt: return Compare::le;
    case Compare::ge: return Compare::lt;
  }
  return compare;
}

/// The comparison with its sides exchanged.
Compare mirrored(Compare compare) {
  switch (compare) {
    case Compare::lt: return Compare::gt;
    case Compare::le: return Compare::ge;
    case Compare::gt: return Compare::lt;
    case Compare::ge: return Compare::le;
    default: return compare;
  }
}

bool is_soft(const Node& node) {
  return is_constant(node) && (node.kind == Kind::text || (node.kind == Kind::number && node.whole));
}

void take_word(Node& node, Kind kind, std::int64_t word) {
  node.kind = kind;
  node.constant.word = word;
}

void replace_by_argument(Node& node) {
  Node argument = std::move(node.args.front());
  node = std::move(argument);
}

}  // namespace

void Binder::bind(Node& node) {
  for (Node& arg : node.args) bind(arg);
  for (const Node& arg : node.args) {
    if (arg.op == Op::list && node.op != Op::in) fail_at(arg, {Say::list_place, {quote(":" + arg.name)}});
  }
  switch (node.op) {
    case Op::literal: node.whole = node.constant.scale == 0; break;
    case Op::parameter: bind_parameter(node); break;
    case Op::list: break;  // Made by bind_parameter.
    case Op::field: bind_field(node); break;
    case Op::negate: bind_negate(node); break;
    case Op::sum: bind_sum(node); break;
    case Op::product: bind_product(node); break;
    case Op::compare: bind_compare(node); break;
    case Op::between:
    case Op::in: bind_range(node); break;
    case Op::is_null: node.kind = Kind::boolean; break;
    case Op::contains:
    case Op::starts_with: bind_search(node); break;
    case Op::none: bind_none(node); break;
    case Op::all:
    case Op::any: bind_list(node); break;
    case Op::call: bind_call(node); break;
  }
  finish(node);
}

void Binder::finish(Node& node) {
  node.kernel = kernel_of(node);
  const bool joins = node.op == Op::none || node.op == Op::all || node.op == Op::any;
  const auto batchwise = [](const Node& arg) { return arg.batchwise; };
  // A kernel that may meet a foreign currency only looks at rows that nothing has decided yet.
  node.batchwise = node.kernel != nullptr ? !node.kernel->in_unit
                                          : joins && std::all_of(node.args.begin(), node.args.end(), batchwise);
}

void Binder::bind_field(Node& node) const {
  const auto& names = source_.scope.names;
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const ScopeName& row) { return row.name == node.name; });
  if (found == names.end()) {
    std::vector<std::string_view> known;
    for (const ScopeName& row : names) {
      if (!row.name.empty()) known.push_back(row.name);
    }
    fail_at(node, {Say::unknown_field, {quote(node.name), suggestion(node.name, known)}});
  }
  node.field = static_cast<int>(found - names.begin());
  node.kind = kind_of(found->type);
  node.choices = found->choices;
  node.scale = found->type == Type::decimal ? found->scale : 0;
  node.whole = found->type == Type::integer;
  const bool in_base = source_.scope.currency_field < 0 || found->in_base;
  if (node.kind == Kind::money && in_base) node.unit = source_.scope.currency;
}

void Binder::bind_parameter(Node& node) const {
  const auto& values = source_.parameters;
  const auto found = values.find(node.name);
  const auto list = values.lists.find(node.name);
  const std::string shown = quote(":" + node.name);
  if (list != values.lists.end()) {
    if (found != values.end()) fail_at(node, {Say::parameter_twice, {shown}});
    return take_list(node, list->second);
  }
  if (found == values.end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, value] : values) known.push_back(name);
    for (const auto& [name, items] : values.lists) known.push_back(name);
    if (known.empty()) fail_at(node, {Say::no_parameters, {shown}});
    fail_at(node, {Say::missing_parameter, {shown, suggestion(node.name, known)}});
  }
  take_value(node, found->second);
}

void Binder::take_list(Node& node, const std::vector<Value>& values) const {
  if (values.size() > kMostText) fail_at(node, {Say::list_long, {quote(":" + node.name), std::to_string(kMostText)}});
  node.op = Op::list;
  node.args.reserve(values.size());
  for (const Value& value : values) {
    Node& item = node.args.emplace_back();
    item.op = Op::parameter;
    item.at = node.at;
    item.name = node.name;
    take_value(item, value);
  }
}

void Binder::take_value(Node& node, const Value& value) const {
  const std::string shown = quote(":" + node.name);
  if (is_null(value)) {
    node.whole = true;
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    take_word(node, Kind::boolean, *truth ? 1 : 0);
  } else if (const auto* id = std::get_if<Id>(&value)) {
    take_word(node, Kind::id, id->value);
  } else if (const auto* day = std::get_if<Date>(&value)) {
    take_word(node, Kind::date, day->days);
  } else if (const auto* time = std::get_if<Timestamp>(&value)) {
    take_word(node, Kind::timestamp, time->micros);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    take_word(node, Kind::number, *number);
    node.whole = true;
  } else if (const auto* decimal = std::get_if<Decimal>(&value)) {
    if (decimal->scale < 0 || decimal->scale > 18) fail_at(node, {Say::parameter_scale, {shown}});
    take_word(node, Kind::number, decimal->coefficient);
    node.constant.scale = decimal->scale;
  } else if (const auto* money = std::get_if<Money>(&value)) {
    if (!money->currency) fail_at(node, {Say::parameter_currency, {shown}});
    take_word(node, Kind::money, money->minor);
    node.unit = money->currency;
    node.constant.text = code_of(money->currency);
  } else {
    const auto& text = std::get<std::string>(value);
    if (invalid_utf8(text) != std::string_view::npos) fail_at(node, {Say::parameter_utf8, {shown}});
    node.kind = Kind::text;
    node.constant.text = text;
  }
}

// ---- constants take the kind of what they are compared with ----

void Binder::convert(Node& node, const Node& model) const {
  if (node.op == Op::list) {
    for (Node& item : node.args) convert(item, model);
    return;
  }
  if (!is_constant(node)) return;
  if (node.kind == Kind::number && node.whole && model.kind == Kind::id) node.kind = Kind::id;
  if (node.kind != Kind::text || model.kind == Kind::text) return;
  const std::string text = node.constant.text;
  switch (model.kind) {
    case Kind::date:
      take_word(node, Kind::date, reading(source_, node.at, Say::wrong_date, [&] { return parse_date(text).days; }));
      break;
    case Kind::timestamp:
      take_word(node, Kind::timestamp,
                reading(source_, node.at, Say::wrong_timestamp, [&] { return parse_timestamp(text).micros; }));
      break;
    case Kind::currency:
      node.constant.text = reading(source_, node.at, Say::wrong_currency, [&] { return code_of(currency(text)); });
      node.kind = Kind::currency;
      break;
    case Kind::choice: convert_to_choice(node, model); break;
    case Kind::id: convert_to_id(node); break;
    default: break;
  }
}

void Binder::convert_to_choice(Node& node, const Node& model) const {
  const std::string& text = node.constant.text;
  const auto found = std::find(model.choices.begin(), model.choices.end(), text);
  if (found == model.choices.end()) {
    const std::string field = model.name.empty() ? "choice" : model.name;
    fail_at(node, {Say::unknown_choice, {field, quote(text), suggestion(text, model.choices)}});
  }
  take_word(node, Kind::choice, 1 + (found - model.choices.begin()));
  node.choices = model.choices;
}

void Binder::convert_to_id(Node& node) const {
  const std::string& text = node.constant.text;
  std::int64_t word = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, word);
  if (failed != std::errc() || stop != end || text.front() == '-') fail_at(node, {Say::not_an_id, {quote(text)}});
  take_word(node, Kind::id, word);
}

bool Binder::alike(const Node& a, const Node& b) {
  if (a.kind == Kind::null || b.kind == Kind::null) return true;
  if (a.kind != b.kind) return false;
  return a.kind != Kind::choice || a.choices.data() == b.choices.data() ||
         std::equal(a.choices.begin(), a.choices.end(), b.choices.begin(), b.choices.end());
}

Phrase Binder::mismatch_hint(Kind a, Kind b) const {
  const auto are = [&](Kind x, Kind y) { return (a == x && b == y) || (a == y && b == x); };
  if (are(Kind::money, Kind::number)) {
    const std::string code = code_of(source_.scope.currency);
    return code.empty() ? Phrase(Say::has_currency) : Phrase(Say::write_currency, {code});
  }
  if (are(Kind::date, Kind::timestamp)) return Say::day_needs_zone;
  if (are(Kind::date, Kind::text)) return Say::write_date;
  if (are(Kind::timestamp, Kind::text)) return Say::write_timestamp;
  if (are(Kind::choice, Kind::choice)) return Say::different_choices;
  if (are(Kind::choice, Kind::text)) return Say::choice_by_name;
  if (are(Kind::date, Kind::date)) return Say::use_days_between;
  return "";
}

std::optional<Currency> Binder::one_currency(std::optional<Currency> a, const Node& b) const {
  if (b.kind != Kind::money || !b.unit) return a;
  if (!a) return b.unit;
  if (*a == *b.unit) return a;
  const auto shown = [](Currency unit) { return unit ? Phrase(code_of(unit)) : Phrase(Say::no_currency); };
  fail_at(b, {Say::two_currencies, {shown(*a), shown(*b.unit)}});
}

Kind Binder::agree(Node& node, std::size_t first, bool converts, Say verb) const {
  std::vector<Node*> operands;
  for (std::size_t i = first; i < node.args.size(); ++i) {
    Node& arg = node.args[i];
    if (arg.op != Op::list) operands.push_back(&arg);
    for (Node& item : arg.args) {
      if (arg.op == Op::list) operands.push_back(&item);
    }
  }
  const Node* model = nullptr;
  for (const Node* operand : operands) {
    if (operand->kind == Kind::null) continue;
    if (model == nullptr || (converts && is_soft(*model) && !is_soft(*operand))) model = operand;
  }
  if (model == nullptr) return Kind::null;
  for (Node* operand : operands) {
    if (converts) convert(*operand, *model);
    if (!alike(*operand, *model)) {
      fail_at(*operand, {verb, {noun(model->kind), noun(operand->kind), mismatch_hint(model->kind, operand->kind)}});
    }
    node.unit = one_currency(node.unit, *operand);
  }
  node.choices = model->choices;
  return model->kind;
}

// ---- tests ----

void Binder::bind_compare(Node& node) const {
  const Kind kind = agree(node, 0, true, Say::cannot_compare);
  const bool equality = node.compare == Compare::eq || node.compare == Compare::ne;
  check_comparable(node, kind, !equality);
  node.choices = {};
  node.kind = Kind::boolean;
  node.unit = {};
  if (is_constant(node.args[0]) && !is_constant(node.args[1])) {
    std::swap(node.args[0], node.args[1]);
    node.compare = mirrored(node.compare);
  }
}

void Binder::bind_range(Node& node) const {
  const Kind kind = agree(node, 0, true, Say::cannot_compare);
  check_comparable(node, kind, node.op == Op::between);
  node.choices = {};
  node.unit = {};
  node.kind = Kind::boolean;
}

void Binder::check_comparable(const Node& node, Kind kind, bool needs_order) const {
  if (kind == Kind::bytes) fail_at(node, Say::bytes_compared);
  if (needs_order && !is_ordered(kind)) {
    fail_at(node, {Say::no_order, {noun(kind)}});
  }
}

void Binder::bind_search(Node& node) const {
  for (const Node& arg : node.args) {
    if (arg.kind != Kind::text && arg.kind != Kind::null) {
      fail_at(arg, {Say::needs_text, {node.op == Op::contains ? "contains" : "starts with", noun(arg.kind)}});
    }
  }
  if (is_constant(node.args[1])) node.needle = fold(node.args[1].constant.text);
  node.kind = Kind::boolean;
}

void Binder::check_truth(const Node& node, const Phrase& where) const {
  if (node.kind == Kind::boolean || node.kind == Kind::null) return;
  fail_at(node, {Say::needs_truth, {where, noun(node.kind)}});
}

void Binder::bind_none(Node& node) const {
  Node& arg = node.args.front();
  check_truth(arg, "'not'");
  node.kind = Kind::boolean;
  switch (arg.op) {
    case Op::compare:
      arg.compare = opposite(arg.compare);
      replace_by_argument(node);
      break;
    case Op::between:
    case Op::in:
    case Op::is_null:
    case Op::contains:
    case Op::starts_with:
      arg.negated = !arg.negated;
      replace_by_argument(node);
      break;
    case Op::none: {
      Node inner = std::move(arg.args.front());
      node = std::move(inner);
      break;
    }
    default: break;
  }
}

void Binder::bind_list(Node& node) const {
  std::vector<Node> flat;
  flat.reserve(node.args.size());
  for (Node& arg : node.args) {
    check_truth(arg, node.op == Op::all ? "'and'" : "'or'");
    if (arg.op != node.op) {
      flat.push_back(std::move(arg));
    } else {
      for (Node& inner : arg.args) flat.push_back(std::move(inner));
    }
  }
  node.args = std::move(flat);
  node.kind = Kind::boolean;
}

void bind(const Source& source, Node& root) {
  Binder(source).bind(root);
  if (root.op == Op::list) fail(source, root.at, {Say::list_place, {quote(":" + root.name)}});
  if (root.kind == Kind::bytes) fail(source, root.at, Say::bytes_read);
}

}  // namespace kith::expr
