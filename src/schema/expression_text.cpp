// SPDX-License-Identifier: Apache-2.0
// The canonical text of an expression: lower-case words, single blanks, no parenthesis that the grammar does not need.

#include <array>

#include "schema/expression_node.hpp"

namespace kith::expr {

namespace {

/// The line of the grammar a node belongs to; a child of a lower line stands in parentheses.
int level_of(const Node& node) {
  switch (node.op) {
    case Op::any: return 1;
    case Op::all: return 2;
    case Op::none: return 3;
    case Op::compare:
    case Op::between:
    case Op::in:
    case Op::is_null:
    case Op::contains:
    case Op::starts_with: return 4;
    case Op::sum: return 5;
    case Op::product: return 6;
    case Op::negate: return 7;
    default: return 8;
  }
}
constexpr int kTestLevel = 4;
constexpr int kSumLevel = 5;

constexpr std::array<std::string_view, 6> kSymbols = {" = ", " != ", " < ", " <= ", " > ", " >= "};

class Printer {
 public:
  std::string take() { return std::move(text_); }

  void print(const Node& node) {
    switch (node.op) {
      case Op::literal: literal(node); break;
      case Op::list:
      case Op::parameter: text_ += ":" + node.name; break;
      case Op::field: text_ += node.name; break;
      case Op::negate:
        text_ += "-";
        child(node.args[0], level_of(node));
        break;
      case Op::sum:
      case Op::product: chain(node); break;
      case Op::compare:
        child(node.args[0], kSumLevel);
        text_ += kSymbols[static_cast<std::size_t>(node.compare)];
        child(node.args[1], kSumLevel);
        break;
      case Op::between:
      case Op::in:
      case Op::is_null:
      case Op::contains:
      case Op::starts_with: test(node); break;
      case Op::none:
        text_ += "not ";
        child(node.args[0], level_of(node));
        break;
      case Op::all: list(node, " and "); break;
      case Op::any: list(node, " or "); break;
      case Op::call:
        text_ += node.name + "(";
        arguments(node, 0, 0);
        break;
    }
  }

 private:
  void child(const Node& node, int level) {
    const bool wrapped = level_of(node) < level;
    if (wrapped) text_ += "(";
    print(node);
    if (wrapped) text_ += ")";
  }

  void quote(std::string_view text) {
    text_ += '\'';
    for (const char c : text) {
      text_ += c;
      if (c == '\'') text_ += c;
    }
    text_ += '\'';
  }

  void literal(const Node& node) {
    const Constant& constant = node.constant;
    switch (node.kind) {
      case Kind::null: text_ += "null"; break;
      case Kind::boolean: text_ += constant.word != 0 ? "true" : "false"; break;
      case Kind::number: text_ += to_string(Decimal{constant.word, constant.scale}); break;
      case Kind::money: text_ += to_string(Money{constant.word, currency(constant.text)}) + " " + constant.text; break;
      case Kind::id: text_ += std::to_string(constant.word); break;
      case Kind::date: text_ += "date '" + to_string(Date{static_cast<std::int32_t>(constant.word)}) + "'"; break;
      case Kind::timestamp: text_ += "timestamp '" + to_string(Timestamp{constant.word}) + "'"; break;
      case Kind::text:
      case Kind::choice:
      case Kind::currency:
      case Kind::bytes: quote(constant.text); break;
    }
  }

  void list(const Node& node, std::string_view word) {
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      if (i > 0) text_ += word;
      child(node.args[i], level_of(node) + 1);
    }
  }

  void chain(const Node& node) {
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      if (i > 0) text_ += std::string{' ', node.signs[i], ' '};
      child(node.args[i], level_of(node) + 1);
    }
  }

  void arguments(const Node& node, std::size_t first, int level) {
    for (std::size_t i = first; i < node.args.size(); ++i) {
      if (i > first) text_ += ", ";
      child(node.args[i], level);
    }
    text_ += ")";
  }

  void test(const Node& node) {
    child(node.args[0], kTestLevel + 1);
    if (node.op == Op::is_null) {
      text_ += node.negated ? " is not null" : " is null";
      return;
    }
    if (node.negated) text_ += " not";
    switch (node.op) {
      case Op::between:
        text_ += " between ";
        child(node.args[1], kSumLevel);
        text_ += " and ";
        child(node.args[2], kSumLevel);
        break;
      case Op::in:
        if (node.args.size() == 2 && node.args[1].op == Op::list) {
          text_ += " in :" + node.args[1].name;
          break;
        }
        text_ += " in (";
        arguments(node, 1, kSumLevel);
        break;
      default:
        text_ += node.op == Op::contains ? " contains " : " starts with ";
        child(node.args[1], kSumLevel);
        break;
    }
  }

  std::string text_;
};

}  // namespace

std::string print(const Node& node) {
  Printer printer;
  printer.print(node);
  return printer.take();
}

}  // namespace kith::expr
