// SPDX-License-Identifier: Apache-2.0
// How the value of one row comes about. Every part is evaluated as evaluation itself would, and none that it would not.

#include <algorithm>

#include "base/json.hpp"
#include "schema/expression_row.hpp"

namespace kith::expr {

namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

std::string shown_money(const Scalar& value) {
  const int digits = value.unit ? minor_digits(value.unit) : 0;
  const std::string code = value.unit ? " " + kith::code_of(value.unit) : "";
  const std::optional<Decimal> minor = value.number.exact();
  if (minor && minor->scale == 0 && value.unit) return to_string(Money{minor->coefficient, value.unit}) + code;
  return (value.number / Number(power_of_ten(digits))).text() + code;
}

std::string shown(const Scalar& value, const Node& node, const Run& run) {
  if (value.null) return node.kind == Kind::boolean ? "unknown" : "null";
  switch (node.kind) {
    case Kind::boolean: return value.number.sign() != 0 ? "true" : "false";
    case Kind::number: return value.number.text();
    case Kind::money: return shown_money(value);
    case Kind::date:
    case Kind::timestamp:
    case Kind::id: return to_string(to_value(value, node, run));
    case Kind::choice: return in_quotes(to_string(to_value(value, node, run)));
    default: return in_quotes(value.text);
  }
}

class Explainer {
 public:
  explicit Explainer(const Run& run, std::size_t row) : run_(run), row_(run, row) {}

  Explanation explain(const Node& node, Scalar& value) const {
    Explanation result;
    result.text = print(node);
    result.evaluated = true;
    value = row_.scalar(node);
    result.shown = shown(value, node, run_);
    bool decided = false;
    bool null_part = false;
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      const Node& arg = node.args[i];
      const bool skipped = decided || !takes_part(node, i);
      if (is_constant(arg) || arg.op == Op::list) {
        if (skipped) continue;
        if (arg.op != Op::literal) result.parts.push_back(given(arg));
        null_part = null_part || arg.kind == Kind::null;
        if (arg.op != Op::list) decided = decides(node, row_.scalar(arg));
        continue;
      }
      if (skipped) {
        result.parts.push_back({.text = print(arg), .note = std::string(code_of(Say::decided))});
        continue;
      }
      Scalar part;
      result.parts.push_back(explain(arg, part));
      null_part = null_part || part.null;
      decided = decides(node, part);
    }
    if (value.null && !node.args.empty() && node.op != Op::all && node.op != Op::any) {
      const bool divided = node.op == Op::product && !null_part;
      if (divided || null_part) result.note = code_of(divided ? Say::divided_by_zero : Say::null_operand);
    }
    return result;
  }

 private:
  /// A parameter with the value, or the values, that came from outside.
  Explanation given(const Node& node) const {
    Explanation result{.text = print(node), .evaluated = true};
    if (node.op != Op::list) {
      result.shown = shown(row_.scalar(node), node, run_);
      return result;
    }
    constexpr std::size_t kMost = 20;
    for (std::size_t i = 0; i < std::min(kMost, node.args.size()); ++i) {
      result.shown += (i == 0 ? "" : ", ") + shown(row_.scalar(node.args[i]), node.args[i], run_);
    }
    if (node.args.size() > kMost) result.shown += ", … (" + std::to_string(node.args.size()) + ")";
    result.shown = "(" + result.shown + ")";
    return result;
  }

  /// Only the branch of `if` that was taken takes part.
  bool takes_part(const Node& node, std::size_t place) const {
    if (node.op != Op::call || node.function != Function::if_ || place == 0) return true;
    return (row_.truth(node.args[0]) == Tri::yes) == (place == 1);
  }

  /// Whether evaluation stops after an argument with that value.
  static bool decides(const Node& node, const Scalar& part) {
    switch (node.op) {
      case Op::all: return !part.null && part.number.sign() == 0;
      case Op::any: return !part.null && part.number.sign() != 0;
      case Op::sum:
      case Op::product: return part.null;
      case Op::call:
        if (node.function == Function::coalesce) return !part.null;
        return part.null && (node.function == Function::min || node.function == Function::max);
      default: return false;
    }
  }

  const Run& run_;
  Row row_;
};

/// Values that are words of a language; texts stand in quotes and never meet them.
Phrase in_words(const std::string& shown) {
  if (shown == "true") return Say::true_;
  if (shown == "false") return Say::false_;
  if (shown == "unknown") return Say::unknown;
  if (shown == "null") return Say::null;
  return shown;
}

void write(const Explanation& part, Language language, std::size_t depth, std::string& out) {
  out.append(2 * depth, ' ');
  if (part.evaluated) {
    out += text_of({Say::evaluates_to, {part.text, in_words(part.shown)}}, language);
  } else {
    out += part.text;
  }
  for (const Say note : {Say::null_operand, Say::divided_by_zero, Say::decided}) {
    if (part.note != code_of(note)) continue;
    if (!part.evaluated) out += language == Language::english ? ":" : "：";
    out += text_of(note, language);
  }
  out += '\n';
  for (const Explanation& inner : part.parts) write(inner, language, depth + 1, out);
}

OrderedJson tree(const Explanation& part) {
  OrderedJson result;
  result["text"] = part.text;
  result["value"] = part.evaluated ? OrderedJson(part.shown) : OrderedJson(nullptr);
  if (!part.note.empty()) result["note"] = part.note;
  if (!part.parts.empty()) {
    auto& parts = result["parts"] = OrderedJson::array();
    for (const Explanation& inner : part.parts) parts.push_back(tree(inner));
  }
  return result;
}

}  // namespace

Explanation explain(const Node& node, const Run& run, std::size_t row) {
  Scalar value;
  return Explainer(run, row).explain(node, value);
}

}  // namespace kith::expr

namespace kith {

std::string Explanation::to_text(Language language) const {
  std::string out;
  expr::write(*this, language, 0, out);
  return out;
}

std::string Explanation::to_json() const {
  return expr::tree(*this).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace kith
