// SPDX-License-Identifier: Apache-2.0
// Gives every node of a parsed expression a kind, resolves names, converts text constants to what they are compared
// with, and brings the tree to its normal form.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/quote.hpp"
#include "kith/base/text.hpp"
#include "schema/expression_node.hpp"

namespace kith::expr {

namespace {

std::string_view noun(Kind kind) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "a truth value";
    case Kind::number: return "a number";
    case Kind::money: return "money";
    case Kind::id: return "an id";
    case Kind::text: return "text";
    case Kind::choice: return "a choice";
    case Kind::currency: return "a currency";
    case Kind::date: return "a date";
    case Kind::timestamp: return "a timestamp";
    case Kind::bytes: return "bytes";
  }
  return "null";
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

bool is_arithmetic(Kind kind) { return kind == Kind::number || kind == Kind::money || kind == Kind::null; }
bool is_ordered(Kind kind) { return kind != Kind::boolean && kind != Kind::choice && kind != Kind::currency; }

struct FunctionRow {
  std::string_view name;
  Function function;
  std::size_t least;
  std::size_t most;
};
constexpr std::size_t kAny = kMostText;
constexpr std::array<FunctionRow, 6> kFunctions = {{{"min", Function::min, 1, kAny},
                                                    {"max", Function::max, 1, kAny},
                                                    {"abs", Function::abs, 1, 1},
                                                    {"if", Function::if_, 3, 3},
                                                    {"coalesce", Function::coalesce, 1, kAny},
                                                    {"days_between", Function::days_between, 2, 2}}};

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

class Binder {
 public:
  explicit Binder(const Source& source) : source_(source) {}

  void bind(Node& node) {
    for (Node& arg : node.args) bind(arg);
    switch (node.op) {
      case Op::literal: node.whole = node.constant.scale == 0; break;
      case Op::parameter: bind_parameter(node); break;
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

 private:
  [[noreturn]] void fail_at(const Node& node, std::string_view what, std::string_view hint = {}) const {
    fail(source_, node.at, what, hint);
  }

  static void finish(Node& node) {
    node.kernel = kernel_of(node);
    const bool joins = node.op == Op::none || node.op == Op::all || node.op == Op::any;
    const auto batchwise = [](const Node& arg) { return arg.batchwise; };
    node.batchwise = node.kernel != nullptr || (joins && std::all_of(node.args.begin(), node.args.end(), batchwise));
  }

  static void replace_by_argument(Node& node) {
    Node argument = std::move(node.args.front());
    node = std::move(argument);
  }

  // ---- names ----

  void bind_field(Node& node) const {
    const auto& names = source_.scope.names;
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const ScopeName& row) { return row.name == node.name; });
    if (found == names.end()) {
      std::vector<std::string_view> known(names.size());
      std::transform(names.begin(), names.end(), known.begin(),
                     [](const ScopeName& row) -> std::string_view { return row.name; });
      fail_at(node, fmt::format("unknown field {}", quote(node.name)), "." + suggest(node.name, known));
    }
    node.field = static_cast<int>(found - names.begin());
    node.kind = kind_of(found->type);
    node.choices = found->choices;
    node.scale = found->type == Type::decimal ? found->scale : 0;
    node.whole = found->type == Type::integer;
  }

  void bind_parameter(Node& node) const {
    const auto found = source_.parameters.find(node.name);
    if (found == source_.parameters.end()) {
      std::vector<std::string_view> known;
      for (const auto& [name, value] : source_.parameters) known.push_back(name);
      fail_at(node, fmt::format("no value is given for the parameter {}", quote(":" + node.name)),
              known.empty() ? ": no parameters were given" : "." + suggest(node.name, known));
    }
    std::visit([&](const auto& value) { take_value(node, value); }, found->second);
  }

  void take_value(Node& node, std::monostate) const { node.whole = true; }
  void take_value(Node& node, bool value) const { take_word(node, Kind::boolean, value ? 1 : 0); }
  void take_value(Node& node, Id value) const { take_word(node, Kind::id, value.value); }
  void take_value(Node& node, Date value) const { take_word(node, Kind::date, value.days); }
  void take_value(Node& node, Timestamp value) const { take_word(node, Kind::timestamp, value.micros); }
  void take_value(Node& node, std::int64_t value) const {
    take_word(node, Kind::number, value);
    node.whole = true;
  }
  void take_value(Node& node, Decimal value) const {
    if (value.scale < 0 || value.scale > 18)
      fail_at(node, fmt::format("{} has no scale of 0 to 18", quote(":" + node.name)));
    take_word(node, Kind::number, value.coefficient);
    node.constant.scale = value.scale;
  }
  void take_value(Node& node, Money value) const {
    if (value.currency != source_.scope.currency) {
      const std::string given = value.currency ? code_of(value.currency) : "no currency";
      fail_at(node, fmt::format("{} is in {}", quote(":" + node.name), given), currency_hint(source_));
    }
    take_word(node, Kind::money, value.minor);
  }
  void take_value(Node& node, const std::string& value) const {
    if (invalid_utf8(value) != std::string_view::npos)
      fail_at(node, fmt::format("{} is no valid UTF-8", quote(":" + node.name)));
    node.kind = Kind::text;
    node.constant.text = value;
  }
  static void take_word(Node& node, Kind kind, std::int64_t word) {
    node.kind = kind;
    node.constant.word = word;
  }

  // ---- constants take the kind of what they are compared with ----

  static bool is_soft(const Node& node) {
    return is_constant(node) && (node.kind == Kind::text || (node.kind == Kind::number && node.whole));
  }

  void convert(Node& node, const Node& model) const {
    if (!is_constant(node)) return;
    if (node.kind == Kind::number && node.whole && model.kind == Kind::id) node.kind = Kind::id;
    if (node.kind != Kind::text || model.kind == Kind::text) return;
    const std::string text = node.constant.text;
    switch (model.kind) {
      case Kind::date:
        take_word(node, Kind::date, reading(source_, node.at, "wrong date", [&] { return parse_date(text).days; }));
        break;
      case Kind::timestamp:
        take_word(node, Kind::timestamp,
                  reading(source_, node.at, "wrong timestamp", [&] { return parse_timestamp(text).micros; }));
        break;
      case Kind::currency:
        node.constant.text = reading(source_, node.at, "wrong currency", [&] { return code_of(currency(text)); });
        node.kind = Kind::currency;
        break;
      case Kind::choice: {
        const auto found = std::find(model.choices.begin(), model.choices.end(), text);
        if (found == model.choices.end()) {
          const std::string_view field = model.name.empty() ? "choice" : std::string_view(model.name);
          fail_at(node, fmt::format("unknown {} {}", field, quote(text)), "." + suggest(text, model.choices));
        }
        take_word(node, Kind::choice, 1 + (found - model.choices.begin()));
        node.choices = model.choices;
        break;
      }
      case Kind::id: {
        std::int64_t word = 0;
        const char* end = text.data() + text.size();
        const auto [stop, failed] = std::from_chars(text.data(), end, word);
        if (failed != std::errc() || stop != end || text.front() == '-') {
          fail_at(node, fmt::format("{} is no id", quote(text)), ": an id is written in digits");
        }
        take_word(node, Kind::id, word);
        break;
      }
      default: break;
    }
  }

  bool alike(const Node& a, const Node& b) const {
    if (a.kind == Kind::null || b.kind == Kind::null) return true;
    if (a.kind != b.kind) return false;
    return a.kind != Kind::choice || a.choices.data() == b.choices.data() ||
           std::equal(a.choices.begin(), a.choices.end(), b.choices.begin(), b.choices.end());
  }

  std::string mismatch_hint(Kind a, Kind b) const {
    const auto are = [&](Kind x, Kind y) { return (a == x && b == y) || (a == y && b == x); };
    if (are(Kind::money, Kind::number)) {
      const std::string code = code_of(source_.scope.currency);
      return code.empty() ? ": an amount has a currency" : fmt::format(": write an amount with its currency, {}", code);
    }
    if (are(Kind::date, Kind::timestamp)) {
      return ": when a day begins depends on the zone, so write timestamp '2017-03-01T00:00:00Z'";
    }
    if (are(Kind::date, Kind::text)) return ": write date '2017-03-01'";
    if (are(Kind::timestamp, Kind::text)) return ": write timestamp '2017-03-01T00:00:00Z'";
    if (are(Kind::choice, Kind::choice)) return ": they have different choices";
    if (are(Kind::choice, Kind::text)) return ": a choice is compared with one of its names";
    return "";
  }

  /// Converts constants, then demands one kind of all arguments; returns it.
  Kind agree(Node& node, std::size_t first, bool converts, std::string_view verb) const {
    const Node* model = nullptr;
    for (std::size_t i = first; i < node.args.size(); ++i) {
      const Node& arg = node.args[i];
      if (arg.kind == Kind::null) continue;
      if (model == nullptr || (converts && is_soft(*model) && !is_soft(arg))) model = &arg;
    }
    if (model == nullptr) return Kind::null;
    for (std::size_t i = first; i < node.args.size(); ++i) {
      Node& arg = node.args[i];
      if (converts) convert(arg, *model);
      if (!alike(arg, *model)) {
        fail_at(arg, fmt::format("cannot {} {} with {}", verb, noun(model->kind), noun(arg.kind)),
                mismatch_hint(model->kind, arg.kind));
      }
    }
    node.choices = model->choices;
    return model->kind;
  }

  // ---- tests ----

  void bind_compare(Node& node) const {
    const Kind kind = agree(node, 0, true, "compare");
    const bool equality = node.compare == Compare::eq || node.compare == Compare::ne;
    check_comparable(node, kind, !equality);
    node.choices = {};
    node.kind = Kind::boolean;
    if (is_constant(node.args[0]) && !is_constant(node.args[1])) {
      std::swap(node.args[0], node.args[1]);
      node.compare = mirrored(node.compare);
    }
  }

  void bind_range(Node& node) const {
    const Kind kind = agree(node, 0, true, "compare");
    check_comparable(node, kind, node.op == Op::between);
    node.choices = {};
    node.kind = Kind::boolean;
  }

  void check_comparable(const Node& node, Kind kind, bool needs_order) const {
    if (kind == Kind::bytes) fail_at(node, "bytes can only be tested with 'is null', not compared");
    if (needs_order && !is_ordered(kind)) {
      fail_at(node, fmt::format("{} has no order", noun(kind)), ": use =, != or in");
    }
  }

  void bind_search(Node& node) const {
    for (const Node& arg : node.args) {
      if (arg.kind != Kind::text && arg.kind != Kind::null) {
        fail_at(arg, fmt::format("'{}' needs text, not {}", node.op == Op::contains ? "contains" : "starts with",
                                 noun(arg.kind)));
      }
    }
    if (is_constant(node.args[1])) node.needle = fold(node.args[1].constant.text);
    node.kind = Kind::boolean;
  }

  void check_truth(const Node& node, std::string_view where) const {
    if (node.kind == Kind::boolean || node.kind == Kind::null) return;
    fail_at(node, fmt::format("{} needs true or false, not {}", where, noun(node.kind)));
  }

  void bind_none(Node& node) const {
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

  void bind_list(Node& node) const {
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

  // ---- arithmetic ----

  void check_arithmetic(const Node& node) const {
    if (!is_arithmetic(node.kind)) {
      fail_at(node, fmt::format("arithmetic needs numbers or money, not {}", noun(node.kind)));
    }
  }

  void bind_negate(Node& node) const {
    Node& arg = node.args.front();
    check_arithmetic(arg);
    node.kind = arg.kind;
    node.whole = arg.whole;
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    if (arg.op == Op::literal && arg.kind != Kind::null && arg.constant.word != least) {
      arg.constant.word = -arg.constant.word;
      replace_by_argument(node);
    } else if (arg.op == Op::negate) {
      Node inner = std::move(arg.args.front());
      node = std::move(inner);
    }
  }

  void bind_sum(Node& node) const {
    node.whole = true;
    for (const Node& arg : node.args) {
      check_arithmetic(arg);
      node.whole = node.whole && arg.whole;
      if (node.kind == Kind::null) node.kind = arg.kind;
      if (arg.kind != Kind::null && arg.kind != node.kind) {
        fail_at(arg, fmt::format("cannot add or subtract {} and {}", noun(node.kind), noun(arg.kind)),
                mismatch_hint(node.kind, arg.kind));
      }
    }
    splice(node, '+', [](const Node& arg) { return arg.op == Op::sum; });
  }

  /// A null operand may stand for either kind; the result is null, and of a kind only where one is left.
  Kind product(Kind so_far, const Node& arg) const {
    if (so_far == Kind::money && arg.kind == Kind::money) fail_at(arg, "money cannot be multiplied with money");
    if (so_far == Kind::money || arg.kind == Kind::money) return Kind::money;
    return so_far == Kind::null ? so_far : arg.kind;
  }
  Kind quotient(Kind so_far, const Node& arg) const {
    if (so_far == Kind::number && arg.kind == Kind::money) fail_at(arg, "a number cannot be divided by money");
    if (arg.kind == Kind::money) return Kind::number;
    return so_far == Kind::money && arg.kind == Kind::null ? Kind::null : so_far;
  }

  void bind_product(Node& node) const {
    node.kind = node.args.front().kind;
    node.whole = true;
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      const Node& arg = node.args[i];
      check_arithmetic(arg);
      const bool divides = node.signs[i] == '/';
      node.whole = node.whole && arg.whole && !divides;
      if (i > 0) node.kind = divides ? quotient(node.kind, arg) : product(node.kind, arg);
    }
    splice(node, '*', [](const Node& arg) {
      return arg.op == Op::product && std::all_of(arg.args.begin(), arg.args.end(),
                                                  [](const Node& inner) { return inner.kind == Kind::number; });
    });
  }

  /// (a + b) + (c - d) is a + b + c - d. Exact arithmetic is associative; only the first argument may be taken apart
  /// whatever it is, because there the order stays.
  template <class Splits>
  static void splice(Node& node, char direct, Splits splits) {
    std::vector<Node> flat;
    std::string signs;
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      Node& arg = node.args[i];
      const bool opens = i == 0 ? arg.op == node.op : node.signs[i] == direct && splits(arg);
      if (!opens) {
        flat.push_back(std::move(arg));
        signs.push_back(node.signs[i]);
        continue;
      }
      signs += arg.signs;
      for (Node& inner : arg.args) flat.push_back(std::move(inner));
    }
    node.args = std::move(flat);
    node.signs = std::move(signs);
  }

  // ---- functions ----

  void bind_call(Node& node) const {
    const auto row =
        std::find_if(kFunctions.begin(), kFunctions.end(), [&](const FunctionRow& f) { return f.name == node.name; });
    if (row == kFunctions.end()) {
      std::array<std::string_view, kFunctions.size()> known;
      std::transform(kFunctions.begin(), kFunctions.end(), known.begin(), [](const FunctionRow& f) { return f.name; });
      fail_at(node, fmt::format("unknown function {}", quote(node.name)), "." + suggest(node.name, known));
    }
    node.function = row->function;
    const std::size_t count = node.args.size();
    if (count < row->least || count > row->most) {
      fail_at(node, fmt::format("'{}' takes {}{} value{}, not {},", row->name, row->most == kAny ? "at least " : "",
                                row->least, row->least == 1 ? "" : "s", count));
    }
    switch (node.function) {
      case Function::min:
      case Function::max: bind_extreme(node); break;
      case Function::abs:
        check_arithmetic(node.args[0]);
        node.kind = node.args[0].kind;
        break;
      case Function::if_:
        check_truth(node.args[0], "the condition of 'if'");
        node.kind = agree(node, 1, false, "mix");
        break;
      case Function::coalesce: node.kind = agree(node, 0, false, "mix"); break;
      case Function::days_between: bind_days(node); break;
    }
    node.whole = node.kind == Kind::number && node.function != Function::days_between
                     ? std::all_of(node.args.begin() + (node.function == Function::if_ ? 1 : 0), node.args.end(),
                                   [](const Node& arg) { return arg.whole; })
                     : true;
  }

  void bind_extreme(Node& node) const {
    node.kind = agree(node, 0, false, "mix");
    if (is_arithmetic(node.kind) || node.kind == Kind::date || node.kind == Kind::timestamp) return;
    fail_at(node, fmt::format("'{}' needs numbers, money, dates or timestamps, not {}", node.name, noun(node.kind)));
  }

  void bind_days(Node& node) const {
    for (const Node& arg : node.args) {
      if (arg.kind != Kind::date && arg.kind != Kind::null) {
        fail_at(arg, fmt::format("'days_between' needs dates, not {}", noun(arg.kind)),
                mismatch_hint(Kind::date, arg.kind));
      }
    }
    node.kind = Kind::number;
  }

  const Source& source_;
};

}  // namespace

void bind(const Source& source, Node& root) {
  Binder(source).bind(root);
  if (root.kind == Kind::bytes) fail(source, root.at, "bytes can only be tested with 'is null'");
}

}  // namespace kith::expr
