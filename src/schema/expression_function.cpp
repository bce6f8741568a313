// SPDX-License-Identifier: Apache-2.0
// Functions of the Binder: their table, and what each demands of its arguments.

#include <algorithm>
#include <array>

#include "base/quote.hpp"
#include "schema/expression_binder.hpp"

namespace kith::expr {

namespace {

struct FunctionRow {
  std::string_view name;
  Function function;
  std::size_t least;
  std::size_t most;
};
constexpr std::size_t kAny = kMostText;
constexpr std::array kFunctions = {FunctionRow{"min", Function::min, 1, kAny},
                                   FunctionRow{"max", Function::max, 1, kAny},
                                   FunctionRow{"clamp", Function::clamp, 3, 3},
                                   FunctionRow{"abs", Function::abs, 1, 1},
                                   FunctionRow{"round", Function::round, 1, 3},
                                   FunctionRow{"if", Function::if_, 3, 3},
                                   FunctionRow{"coalesce", Function::coalesce, 1, kAny},
                                   FunctionRow{"days_between", Function::days_between, 2, 2},
                                   FunctionRow{"today", Function::today, 0, 0},
                                   FunctionRow{"rate", Function::rate, 3, 3},
                                   FunctionRow{"base", Function::base, 1, 2},
                                   FunctionRow{"convert", Function::convert, 2, 3},
                                   FunctionRow{"lookup", Function::lookup, 3, 3}};

Phrase count_of(const FunctionRow& row) {
  if (row.most == kAny) return Say::count_least_one;
  if (row.least == 1 && row.most == 1) return Say::count_one;
  if (row.least == row.most) return {Say::count_exactly, {std::to_string(row.least)}};
  return {Say::count_range, {std::to_string(row.least), std::to_string(row.most)}};
}

bool asks_store(Function function) {
  switch (function) {
    case Function::today:
    case Function::rate:
    case Function::base:
    case Function::convert:
    case Function::lookup: return true;
    default: return false;
  }
}

/// A whole number that the text itself says.
std::optional<std::int64_t> written_number(const Node& node) {
  if (!is_constant(node) || node.kind != Kind::number || !node.whole) return std::nullopt;
  return node.constant.word;
}

constexpr int kMostDigits = 18;

constexpr std::array<std::string_view, 8> kModes = {"half_up", "half_even", "half_down", "down",
                                                    "up",      "floor",     "ceiling",   "half_ceiling"};

}  // namespace

void Binder::bind_call(Node& node) const {
  const auto* row =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const FunctionRow& f) { return f.name == node.name; });
  if (row == kFunctions.end()) {
    std::array<std::string_view, kFunctions.size()> known;
    std::transform(kFunctions.begin(), kFunctions.end(), known.begin(), [](const FunctionRow& f) { return f.name; });
    fail_at(node, {Say::unknown_function, {quote(node.name), suggestion(node.name, known)}});
  }
  node.function = row->function;
  if (source_.scope.row_only && asks_store(row->function)) fail_at(node, {Say::row_only, {node.name}});
  const std::size_t count = node.args.size();
  if (count < row->least || count > row->most) {
    fail_at(node, {Say::argument_count, {node.name, count_of(*row), std::to_string(count)}});
  }
  const auto whole = [](const Node& arg) { return arg.whole; };
  node.whole = true;
  switch (node.function) {
    case Function::min:
    case Function::max:
    case Function::clamp:
      bind_extreme(node);
      node.whole = std::all_of(node.args.begin(), node.args.end(), whole);
      break;
    case Function::abs:
      check_arithmetic(node.args[0]);
      node.kind = node.args[0].kind;
      node.unit = node.args[0].unit;
      node.whole = node.args[0].whole;
      break;
    case Function::round: bind_round(node); break;
    case Function::if_:
      check_truth(node.args[0], Say::condition_of_if);
      node.kind = agree(node, 1, false, Say::cannot_mix);
      node.whole = node.args[1].whole && node.args[2].whole;
      break;
    case Function::coalesce:
      node.kind = agree(node, 0, false, Say::cannot_mix);
      node.whole = std::all_of(node.args.begin(), node.args.end(), whole);
      break;
    case Function::days_between: bind_days(node); break;
    case Function::today: node.kind = Kind::date; break;
    case Function::rate:
    case Function::base:
    case Function::convert: bind_exchange(node); break;
    case Function::lookup: bind_lookup(node); break;
  }
  // One branch may be in a currency that only its row knows.
  const bool chooses = node.function == Function::if_ || node.function == Function::coalesce;
  const auto foreign = [](const Node& arg) { return arg.kind == Kind::money && !arg.unit; };
  if (chooses && std::any_of(node.args.begin(), node.args.end(), foreign)) node.unit = {};
}

void Binder::bind_extreme(Node& node) const {
  node.kind = agree(node, 0, false, Say::cannot_mix);
  const bool counts = node.kind == Kind::number || node.kind == Kind::money || node.kind == Kind::null;
  if (counts || node.kind == Kind::date || node.kind == Kind::timestamp) return;
  fail_at(node, {Say::needs_ordered, {node.name, noun(node.kind)}});
}

void Binder::bind_round(Node& node) const {
  const Node& value = node.args[0];
  check_arithmetic(value);
  node.kind = value.kind;
  node.unit = value.unit;
  if (node.args.size() > 1) {
    const std::optional<std::int64_t> digits = written_number(node.args[1]);
    if (!digits || *digits < -kMostDigits || *digits > kMostDigits) fail_at(node.args[1], Say::round_digits);
    node.digits = static_cast<int>(*digits);
  } else if (value.kind != Kind::money) {
    node.digits = 0;
  }
  if (node.args.size() > 2) {
    const Node& mode = node.args[2];
    const std::string& name = mode.constant.text;
    if (!is_constant(mode) || mode.kind != Kind::text ||
        std::find(kModes.begin(), kModes.end(), name) == kModes.end()) {
      fail_at(mode, {Say::round_mode, {suggestion(name, kModes)}});
    }
    node.mode = parse_rounding(name);
  }
  node.whole = node.kind == Kind::number && *node.digits <= 0;
}

void Binder::check_day(const Node& node, const Node& call) const {
  if (node.kind == Kind::date || node.kind == Kind::null) return;
  fail_at(node, {Say::needs_dates, {call.name, noun(node.kind), mismatch_hint(Kind::date, node.kind)}});
}

void Binder::bind_days(Node& node) const {
  for (const Node& arg : node.args) check_day(arg, node);
  node.kind = Kind::number;
}

void Binder::check_currency(Node& node, const Node& call) const {
  Node model;
  model.kind = Kind::currency;
  convert(node, model);
  if (node.kind == Kind::currency || node.kind == Kind::null) return;
  fail_at(node, {Say::needs_currency, {call.name, noun(node.kind)}});
}

void Binder::bind_exchange(Node& node) const {
  if (node.function == Function::rate) {
    check_currency(node.args[0], node);
    check_currency(node.args[1], node);
    check_day(node.args[2], node);
    node.kind = Kind::number;
    node.whole = false;
    return;
  }
  const Node& amount = node.args[0];
  if (amount.kind != Kind::money && amount.kind != Kind::null) {
    fail_at(amount, {Say::needs_money, {node.name, noun(amount.kind)}});
  }
  const bool named = node.function == Function::convert;
  node.kind = Kind::money;
  node.unit = source_.scope.currency;
  if (named) {
    Node& target = node.args[1];
    check_currency(target, node);
    if (target.kind != Kind::currency || !is_constant(target)) {
      fail_at(target, {Say::constant_currency, {node.name}});
    }
    node.unit = currency(target.constant.text);
  } else if (!source_.scope.currency) {
    fail_at(node, Say::no_base);
  }
  const std::size_t day = named ? 2 : 1;
  if (node.args.size() > day) check_day(node.args[day], node);
}

void Binder::bind_lookup(Node& node) const {
  const auto& dated = source_.scope.dated;
  const Node& name = node.args[0];
  const auto found =
      std::find_if(dated.begin(), dated.end(), [&](const DatedName& row) { return row.name == name.constant.text; });
  if (name.op != Op::literal || name.kind != Kind::text || found == dated.end()) {
    std::vector<std::string_view> known;
    for (const DatedName& row : dated) known.push_back(row.name);
    fail_at(name, {Say::dated_name, {suggestion(name.constant.text, known)}});
  }
  const auto demand = [&](Node& arg, Type type) {
    Node model;
    model.kind = kind_of(type);
    convert(arg, model);
    if (arg.kind == Kind::null || arg.kind == model.kind) return;
    fail_at(arg, {Say::cannot_compare, {noun(model.kind), noun(arg.kind), mismatch_hint(model.kind, arg.kind)}});
  };
  demand(node.args[1], found->key);
  demand(node.args[2], found->moment);
  node.kind = kind_of(found->type);
  node.choices = found->choices;
  node.scale = found->type == Type::decimal ? found->scale : 0;
  node.whole = found->type == Type::integer;
}

}  // namespace kith::expr
