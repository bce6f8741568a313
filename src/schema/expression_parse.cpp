// SPDX-License-Identifier: Apache-2.0
// The lexer and the recursive-descent parser of expressions: one function per line of the grammar in the header.

#include <algorithm>
#include <array>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "schema/expression_node.hpp"

namespace kith::expr {

namespace {

void add_details(const Phrase& phrase, std::vector<std::string>& details) {
  for (const Phrase& part : phrase.parts) details.push_back(text_of(part, Language::english));
}

Fault fault_of(const Phrase& what, std::size_t position) {
  Fault fault;
  fault.code = code_of(what.say);
  fault.position = position;
  add_details(what, fault.details);
  fault.english = text_of(what, Language::english, position);
  fault.chinese = text_of(what, Language::chinese, position);
  fault.japanese = text_of(what, Language::japanese, position);
  return fault;
}

}  // namespace

Refusal::Refusal(const Scope& scope, Fault what)
    : Error(Code::invalid, scope.title, "", what.text(scope.language)), fault(std::move(what)) {}

void fail(const Source& source, std::size_t at, const Phrase& what) {
  const auto before = source.text.substr(0, at);
  const auto position = 1 + std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; });
  throw Refusal(source.scope, fault_of(what, static_cast<std::size_t>(position)));
}

void fail(const Source& source, const Phrase& what) { throw Refusal(source.scope, fault_of(what, 0)); }

constexpr std::size_t kMostSuggested = 8;  // as kith::suggest

Phrase suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto joined = [](const auto& names) {
    std::string text;
    for (const auto& name : names) (text += text.empty() ? "" : ", ") += name;
    return text;
  };
  if (const auto near = near_names(word, known); !near.empty()) return {Say::did_you_mean, {joined(near)}};
  std::vector<std::string_view> shown;  // versions of one thing share its name
  for (const std::string_view name : known) {
    if (std::find(shown.begin(), shown.end(), name) == shown.end()) shown.push_back(name);
  }
  if (shown.empty()) return "";
  const std::size_t all = shown.size();
  shown.resize(std::min(kMostSuggested, all));
  if (shown.size() == all) return {Say::known_are, {joined(shown)}};
  return {Say::known_and_more, {joined(shown), std::to_string(all - shown.size())}};
}

namespace {

struct Token {
  enum class Kind { end, number, text, name, parameter, symbol };
  Kind kind = Kind::end;
  std::string_view raw;
  std::size_t at = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
/// Names may hold any letter of any script, so every byte of a multi-byte character counts.
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '.'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

constexpr std::array<std::string_view, 9> kReserved = {"and",  "or",      "not",  "in",   "is",
                                                       "null", "between", "true", "false"};

/// The longer ones first.
constexpr std::array<std::string_view, 15> kSymbols = {"<=", ">=", "<>", "!=", "=", "<", ">", "(",
                                                       ")",  ",",  "+",  "-",  "*", "/", "%"};

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    while (true) {
      tokens.push_back(next());
      if (tokens.back().kind == Token::Kind::end) return tokens;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token take(Token::Kind kind, std::size_t from) const { return {kind, text_.substr(from, at_ - from), from}; }

  Token next() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    const std::size_t from = at_;
    if (at_ == text_.size()) return take(Token::Kind::end, from);
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(from);
    if (c == '\'') return text(from);
    if (begins_name(c) || (c == ':' && begins_name(peek(1)))) {
      ++at_;
      while (continues_name(peek())) ++at_;
      return take(c == ':' ? Token::Kind::parameter : Token::Kind::name, from);
    }
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(at_).starts_with(symbol)) {
        at_ += symbol.size();
        return take(Token::Kind::symbol, from);
      }
    }
    if (c == '"') fail(source_, from, Say::double_quote);
    fail(source_, from, {Say::unexpected, {quote(text_.substr(from, 1))}});
  }

  Token number(std::size_t from) {
    while (is_digit(peek())) ++at_;
    if (peek() == '.' && is_digit(peek(1))) {
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    return take(Token::Kind::number, from);
  }

  Token text(std::size_t from) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '\'') continue;
      if (peek(1) == '\'') {
        ++at_;
        continue;
      }
      ++at_;
      return take(Token::Kind::text, from);
    }
    fail(source_, from, Say::open_text);
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(const Source& source) : source_(source), tokens_(Lexer(source).all()) {}

  Node whole() {
    Node root = parse_or();
    if (now().kind != Token::Kind::end) unexpected();
    return root;
  }

 private:
  /// Counts nesting for as long as it lives, so that no text can exhaust the stack.
  class Deeper {
   public:
    Deeper(Parser& parser, std::size_t at) : parser_(parser) {
      if (++parser_.depth_ > kMostNesting) {
        fail(parser_.source_, at, {Say::too_deep, {std::to_string(kMostNesting)}});
      }
    }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  const Token& now() const { return tokens_[index_]; }
  const Token& after() const { return tokens_[std::min(index_ + 1, tokens_.size() - 1)]; }

  bool is_symbol(std::string_view symbol) const { return now().kind == Token::Kind::symbol && now().raw == symbol; }
  bool is_word(std::string_view word) const { return now().kind == Token::Kind::name && lower(now().raw) == word; }
  bool accept_symbol(std::string_view symbol) { return is_symbol(symbol) && (++index_, true); }
  bool accept_word(std::string_view word) { return is_word(word) && (++index_, true); }

  [[noreturn]] void unexpected() const {
    if (now().kind == Token::Kind::end) fail(source_, now().at, Say::ends_early);
    fail(source_, now().at, {Say::unexpected, {quote(now().raw)}});
  }

  void close(std::size_t opened) {
    if (accept_symbol(")")) return;
    if (now().kind == Token::Kind::end) fail(source_, opened, Say::open_parenthesis);
    unexpected();
  }

  static Node make(Op op, std::size_t at) {
    Node node;
    node.op = op;
    node.at = at;
    return node;
  }

  /// A list operator keeps its operands flat: (a and b) and c is a and b and c.
  static void append_flat(Node& list, Node operand) {
    if (operand.op != list.op) {
      list.args.push_back(std::move(operand));
      return;
    }
    for (Node& inner : operand.args) list.args.push_back(std::move(inner));
  }

  Node parse_or() { return parse_list(Op::any, "or", &Parser::parse_and); }
  Node parse_and() { return parse_list(Op::all, "and", &Parser::parse_not); }

  Node parse_list(Op op, std::string_view word, Node (Parser::*operand)()) {
    Node first = (this->*operand)();
    if (!is_word(word)) return first;
    Node list = make(op, first.at);
    append_flat(list, std::move(first));
    while (accept_word(word)) append_flat(list, (this->*operand)());
    return list;
  }

  Node parse_not() {
    if (!is_word("not")) return parse_test();
    Node node = make(Op::none, now().at);
    const Deeper deeper(*this, now().at);
    ++index_;
    node.args.push_back(parse_not());
    return node;
  }

  Node parse_test() {
    Node left = parse_sum();
    const std::size_t at = now().at;
    if (now().kind == Token::Kind::symbol) {
      const auto compare = comparison(now().raw);
      if (!compare) return left;
      ++index_;
      Node node = make(Op::compare, at);
      node.compare = *compare;
      node.args.push_back(std::move(left));
      node.args.push_back(parse_sum());
      return node;
    }
    if (accept_word("is")) {
      Node node = make(Op::is_null, at);
      node.negated = accept_word("not");
      if (!accept_word("null")) fail(source_, now().at, {Say::expected, {"'null'"}});
      node.args.push_back(std::move(left));
      return node;
    }
    const bool negated = accept_word("not");
    Node node = make(Op::between, at);
    node.negated = negated;
    node.args.push_back(std::move(left));
    if (accept_word("between")) return parse_between(std::move(node));
    if (accept_word("in")) return parse_in(std::move(node));
    if (accept_word("contains")) {
      node.op = Op::contains;
    } else if (accept_word("starts")) {
      if (!accept_word("with")) fail(source_, now().at, {Say::expected, {"'with'"}});
      node.op = Op::starts_with;
    } else {
      if (negated) fail(source_, now().at, {Say::expected, {Say::a_test}});
      return std::move(node.args.front());
    }
    node.args.push_back(parse_sum());
    return node;
  }

  static std::optional<Compare> comparison(std::string_view symbol) {
    if (symbol == "=") return Compare::eq;
    if (symbol == "!=" || symbol == "<>") return Compare::ne;
    if (symbol == "<") return Compare::lt;
    if (symbol == "<=") return Compare::le;
    if (symbol == ">") return Compare::gt;
    if (symbol == ">=") return Compare::ge;
    return std::nullopt;
  }

  Node parse_between(Node node) {
    node.args.push_back(parse_sum());
    if (!accept_word("and")) fail(source_, now().at, {Say::expected, {Say::and_of_between}});
    node.args.push_back(parse_sum());
    return node;
  }

  Node parse_in(Node node) {
    node.op = Op::in;
    const std::size_t opened = now().at;
    if (now().kind == Token::Kind::parameter) {
      node.args.push_back(parse_unary());
      return node;
    }
    if (!accept_symbol("(")) fail(source_, opened, Say::expected_list);
    do {
      node.args.push_back(parse_sum());
    } while (accept_symbol(","));
    close(opened);
    return node;
  }

  Node parse_sum() { return parse_chain(Op::sum, '+', '-', &Parser::parse_product); }
  Node parse_product() { return parse_chain(Op::product, '*', '/', &Parser::parse_unary); }

  Node parse_chain(Op op, char direct, char inverse, Node (Parser::*operand)()) {
    Node first = (this->*operand)();
    Node chain = make(op, first.at);
    const auto sign = [&]() -> char {
      if (now().kind != Token::Kind::symbol || now().raw.size() != 1) return '\0';
      return now().raw[0] == direct || now().raw[0] == inverse ? now().raw[0] : '\0';
    };
    if (sign() == '\0') return first;
    chain.args.push_back(std::move(first));
    chain.signs.push_back(direct);
    for (char found = sign(); found != '\0'; found = sign()) {
      ++index_;
      chain.args.push_back((this->*operand)());
      chain.signs.push_back(found);
    }
    return chain;
  }

  Node parse_unary() {
    const std::size_t at = now().at;
    if (is_symbol("-")) {
      ++index_;
      if (now().kind == Token::Kind::number) return parse_number(at, "-");
      const Deeper deeper(*this, at);
      Node node = make(Op::negate, at);
      node.args.push_back(parse_unary());
      return node;
    }
    if (is_symbol("(")) {
      const Deeper deeper(*this, at);
      ++index_;
      Node inner = parse_or();
      close(at);
      return inner;
    }
    if (now().kind == Token::Kind::number) return parse_number(at, "");
    if (now().kind == Token::Kind::text) return text_literal(at);
    if (now().kind == Token::Kind::parameter) {
      Node node = make(Op::parameter, at);
      node.name = now().raw.substr(1);
      ++index_;
      return node;
    }
    if (now().kind != Token::Kind::name) unexpected();
    return parse_name(at);
  }

  Node parse_name(std::size_t at) {
    const std::string word = lower(now().raw);
    const bool text_follows = after().kind == Token::Kind::text;
    if (text_follows && (word == "date" || word == "timestamp")) return dated_literal(at, word == "date");
    const bool opens = after().kind == Token::Kind::symbol && after().raw == "(";
    if (std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end()) {
      if (word != "true" && word != "false" && word != "null") unexpected();
      Node node = make(Op::literal, at);
      node.kind = word == "null" ? Kind::null : Kind::boolean;
      node.constant.word = word == "true" ? 1 : 0;
      ++index_;
      return node;
    }
    Node node = make(opens ? Op::call : Op::field, at);
    node.name = opens ? word : std::string(now().raw);
    ++index_;
    if (!opens) return node;
    const Deeper deeper(*this, at);
    const std::size_t opened = now().at;
    ++index_;
    if (accept_symbol(")")) return node;
    do {
      node.args.push_back(parse_or());
    } while (accept_symbol(","));
    close(opened);
    if (node.args.size() == 2 && node.name == "contains") node.op = Op::contains;
    if (node.args.size() == 2 && node.name == "starts_with") node.op = Op::starts_with;
    return node;
  }

  std::string unquoted() const {
    const auto raw = now().raw.substr(1, now().raw.size() - 2);
    std::string text;
    text.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      text.push_back(raw[i]);
      if (raw[i] == '\'') ++i;  // The second quote of a pair.
    }
    return text;
  }

  Node text_literal(std::size_t at) {
    Node node = make(Op::literal, at);
    node.kind = Kind::text;
    node.constant.text = unquoted();
    ++index_;
    return node;
  }

  Node dated_literal(std::size_t at, bool day) {
    ++index_;
    Node node = make(Op::literal, at);
    node.kind = day ? Kind::date : Kind::timestamp;
    const std::string text = unquoted();
    node.constant.word = day ? reading(source_, at, Say::wrong_date, [&] { return parse_date(text).days; })
                             : reading(source_, at, Say::wrong_timestamp, [&] { return parse_timestamp(text).micros; });
    ++index_;
    return node;
  }

  /// A number with its sign and what may follow it: a currency or a percent sign.
  Node parse_number(std::size_t at, std::string_view sign) {
    Node node = make(Op::literal, at);
    const std::string digits = std::string(sign) + std::string(now().raw);
    ++index_;
    const bool named = now().kind == Token::Kind::name &&
                       std::find(kReserved.begin(), kReserved.end(), lower(now().raw)) == kReserved.end() &&
                       !is_word("contains") && !is_word("starts");
    if (named) {
      node.kind = Kind::money;
      const std::string code(now().raw);
      const Currency unit = reading(source_, now().at, Say::wrong_currency, [&] { return currency(code); });
      node.constant.word = reading(source_, at, Say::wrong_amount, [&] { return parse_money(digits, unit).minor; });
      node.constant.text = code;
      node.unit = unit;
      ++index_;
      return node;
    }
    node.kind = Kind::number;
    Decimal value = reading(source_, at, Say::wrong_number, [&] { return parse_decimal(digits); });
    if (is_symbol("%")) {
      ++index_;
      if (value.scale > 16) fail(source_, at, Say::percent_digits);
      value.scale += 2;
    }
    while (value.scale > 0 && value.coefficient % 10 == 0) {
      value.coefficient /= 10;
      --value.scale;
    }
    node.constant.word = value.coefficient;
    node.constant.scale = value.scale;
    return node;
  }

  const Source& source_;
  std::vector<Token> tokens_;
  std::size_t index_ = 0;
  int depth_ = 0;
};

}  // namespace

Node parse(const Source& source) {
  if (source.text.size() > kMostText) {
    fail(source, {Say::too_long, {std::to_string(kMostText), std::to_string(source.text.size())}});
  }
  const std::size_t wrong = invalid_utf8(source.text);
  if (wrong != std::string_view::npos) fail(source, wrong, Say::not_utf8);
  return Parser(source).whole();
}

}  // namespace kith::expr
