// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/expression.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schema/expression_node.hpp"

namespace kith {

using expr::Kind;
using expr::Node;

struct Expression::Program {
  Node root;
  Currency currency;
  std::string text;
  std::vector<int> reads;
  std::vector<bool> reads_text;  ///< for each of `reads`
  std::vector<Condition> conjuncts;
  bool fully_pushed = true;
};

namespace {

void collect_reads(const Node& node, std::vector<int>& reads) {
  if (node.op == expr::Op::field) reads.push_back(node.field);
  for (const Node& arg : node.args) collect_reads(arg, reads);
}

/// Splits at the outermost `and`: each part is pushed whole or not at all.
void push_down(const Node& root, std::vector<Condition>& conjuncts, bool& fully) {
  const auto push = [&](const Node& part) {
    const bool always = part.op == expr::Op::literal && part.kind == Kind::boolean && part.constant.word != 0;
    if (always) return;
    if (auto condition = expr::condition_of(part)) {
      conjuncts.push_back(std::move(*condition));
    } else {
      fully = false;
    }
  };
  if (root.op == expr::Op::all) {
    for (const Node& part : root.args) push(part);
  } else {
    push(root);
  }
}

/// Throws Error{misuse} unless every column that is read is there, of the right kind, with at least `rows` rows.
void check_columns(const std::vector<int>& reads, const std::vector<bool>& reads_text, const ColumnView& columns,
                   std::size_t rows) {
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto position = static_cast<std::size_t>(reads[i]);
    const Column* column = position < columns.size() ? columns[position] : nullptr;
    if (column == nullptr || column->is_text() != reads_text[i] || column->size() < rows) {
      throw Error(Code::misuse, fmt::format("the expression reads column {}, which is {}", position,
                                            column == nullptr       ? "absent"
                                            : column->size() < rows ? "too short"
                                                                    : "of another kind"));
    }
  }
}

}  // namespace

Scope scope_of(const Entity& entity, Currency currency) {
  Scope scope;
  scope.title = entity.name;
  scope.currency = currency;
  scope.names.reserve(entity.fields.size());
  for (const Field& field : entity.fields) {
    scope.names.push_back({std::string(field.name), field.type, field.options.scale, field.choices});
  }
  return scope;
}

Expression Expression::compile(std::string_view text, const Scope& scope, const Parameters& parameters) {
  const expr::Source source{text, scope, parameters};
  auto program = std::make_unique<Program>();
  program->root = expr::parse(source);
  expr::bind(source, program->root);
  program->currency = scope.currency;
  program->text = expr::print(program->root);
  if (program->text.size() > expr::kMostText) {
    throw Error(Code::invalid, scope.title, "",
                fmt::format("an expression is at most {} bytes long, this one has {} when written out in full",
                            expr::kMostText, program->text.size()));
  }
  auto& reads = program->reads;
  collect_reads(program->root, reads);
  std::sort(reads.begin(), reads.end());
  reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
  for (const int position : reads) {
    program->reads_text.push_back(is_text(scope.names[static_cast<std::size_t>(position)].type));
  }
  const bool filters = program->root.kind == Kind::boolean;
  program->fully_pushed = filters;
  if (filters) push_down(program->root, program->conjuncts, program->fully_pushed);
  return Expression(std::move(program));
}

Expression::Expression(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Type Expression::type() const {
  switch (program_->root.kind) {
    case Kind::null:
    case Kind::boolean: return Type::boolean;
    case Kind::number: return program_->root.whole ? Type::integer : Type::decimal;
    case Kind::money: return Type::money;
    case Kind::id: return Type::id;
    case Kind::text: return Type::text;
    case Kind::choice: return Type::choice;
    case Kind::currency: return Type::currency;
    case Kind::date: return Type::date;
    case Kind::timestamp: return Type::timestamp;
    case Kind::bytes: return Type::bytes;
  }
  return Type::boolean;
}

std::string Expression::text() const { return program_->text; }
const std::vector<int>& Expression::reads() const { return program_->reads; }

std::vector<Tri> Expression::test(const ColumnView& columns, std::size_t rows) const {
  if (type() != Type::boolean) {
    throw Error(Code::misuse, fmt::format("'{}' is no filter: it yields {}", program_->text, name_of(type())));
  }
  check_columns(program_->reads, program_->reads_text, columns, rows);
  std::vector<Tri> result(rows);
  expr::test_rows(program_->root, columns, rows, result.data());
  return result;
}

Value Expression::value(const ColumnView& columns, std::size_t row) const {
  check_columns(program_->reads, program_->reads_text, columns, row + 1);
  return expr::value_of(program_->root, program_->currency, columns, row);
}

std::vector<Condition> Expression::conjuncts() const { return program_->conjuncts; }
bool Expression::fully_pushed() const { return program_->fully_pushed; }

}  // namespace kith
