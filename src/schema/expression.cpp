// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/expression.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "schema/expression_node.hpp"

namespace kith {

using expr::Kind;
using expr::Node;

struct Expression::Program {
  Node root;
  Currency currency;
  int currency_field = -1;
  Language language = Language::english;
  std::string text;
  std::vector<int> reads;
  std::vector<bool> reads_text;  ///< for each of `reads`
  std::vector<Condition> conjuncts;
  bool fully_pushed = true;

  expr::Run run(const ColumnView& columns, const Lookups* lookups) const {
    return {columns, lookups, currency, currency_field, language};
  }
};

namespace {

void collect_reads(const Node& node, int currency_field, std::vector<int>& reads) {
  if (node.op == expr::Op::field) {
    reads.push_back(node.field);
    if (node.kind == Kind::money && !node.unit) reads.push_back(currency_field);
  }
  for (const Node& arg : node.args) collect_reads(arg, currency_field, reads);
}

/// Whether one of the parts keeps only rows in that currency.
bool guards(const std::vector<Node>& parts, int currency_field, Currency unit) {
  return std::any_of(parts.begin(), parts.end(), [&](const Node& part) {
    const expr::Kernel* kernel = part.kernel.get();
    return kernel != nullptr && kernel->field == currency_field && kernel->test == expr::Kernel::Test::eq &&
           !part.negated && kernel->texts.front() == code_of(unit);
  });
}

/// Splits at the outermost `and`: each part is pushed whole or not at all.
void push_down(const Node& root, int currency_field, std::vector<Condition>& conjuncts, bool& fully) {
  const auto push = [&](const Node& part) {
    const bool always = part.op == expr::Op::literal && part.kind == Kind::boolean && part.constant.word != 0;
    if (always) return;
    const bool in_unit = part.kernel && part.kernel->in_unit;
    const bool guarded = in_unit && root.op == expr::Op::all && guards(root.args, currency_field, part.kernel->unit);
    auto condition = in_unit ? expr::conjunct_in_unit(part, currency_field, guarded) : expr::condition_of(part);
    fully = fully && condition && (!in_unit || guarded);
    if (condition) conjuncts.push_back(std::move(*condition));
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
  if (!entity.roles.currency.empty()) scope.currency_field = entity.find(entity.roles.currency);
  scope.names.reserve(entity.fields.size());
  for (const Field& field : entity.fields) {
    // What lies in the column of the store's own fields is read by their names, not by its.
    const bool hidden = field.slot == nullptr && field.name == kCustomColumn;
    scope.names.push_back({hidden ? std::string() : std::string(field.name), field.type, field.options.scale,
                           field.choices, field.options.in_base});
  }
  return scope;
}

Expression Expression::compile(std::string_view text, const Scope& scope, const Parameters& parameters) {
  const expr::Source source{text, scope, parameters};
  auto program = std::make_unique<Program>();
  program->root = expr::parse(source);
  expr::bind(source, program->root);
  program->currency = scope.currency;
  program->currency_field = scope.currency_field;
  program->language = scope.language;
  program->text = expr::print(program->root);
  if (program->text.size() > expr::kMostText) {
    const std::string most = std::to_string(expr::kMostText);
    expr::fail(source, {expr::Say::too_long_written, {most, std::to_string(program->text.size())}});
  }
  auto& reads = program->reads;
  collect_reads(program->root, scope.currency_field, reads);
  std::sort(reads.begin(), reads.end());
  reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
  for (const int position : reads) {
    program->reads_text.push_back(is_text(scope.names[static_cast<std::size_t>(position)].type));
  }
  const bool filters = program->root.kind == Kind::boolean;
  program->fully_pushed = filters;
  if (filters) push_down(program->root, scope.currency_field, program->conjuncts, program->fully_pushed);
  return Expression(std::move(program));
}

Expression Expression::from_json(std::string_view json, const Scope& scope, const Parameters& parameters) {
  return compile(expr::text_of_json(json, scope), scope, parameters);
}

std::optional<Fault> Expression::fault(std::string_view text, const Scope& scope, const Parameters& parameters) {
  try {
    static_cast<void>(compile(text, scope, parameters));
  } catch (const expr::Refusal& refusal) {
    return refusal.fault;
  }
  return std::nullopt;
}

const std::string& Fault::text(Language language) const {
  return language == Language::chinese ? chinese : language == Language::japanese ? japanese : english;
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

std::string Expression::json() const { return expr::to_json(program_->root); }

namespace {

/// What fails within, said in the language of the expression.
template <class Evaluate>
auto in_language(Language language, Evaluate evaluate) {
  try {
    return evaluate();
  } catch (const expr::Failed& fault) {
    throw Error(fault.code, expr::text_of(fault.say, language));
  }
}

/// What a kind of value is called in sentences.
expr::Say kind_of(Type type) {
  switch (type) {
    case Type::integer:
    case Type::decimal: return expr::Say::number;
    case Type::money: return expr::Say::money;
    case Type::id: return expr::Say::id;
    case Type::choice: return expr::Say::choice;
    case Type::currency: return expr::Say::currency;
    case Type::date: return expr::Say::date;
    case Type::timestamp: return expr::Say::timestamp;
    case Type::bytes: return expr::Say::bytes;
    case Type::boolean: return expr::Say::truth;
    case Type::text: break;
  }
  return expr::Say::text;
}

}  // namespace

std::vector<Tri> Expression::test(const ColumnView& columns, std::size_t rows, const Lookups* lookups) const {
  if (type() != Type::boolean) {
    const expr::Phrase what{expr::Say::no_filter, {quote(program_->text), kind_of(type())}};
    throw Error(Code::misuse, expr::text_of(what, program_->language));
  }
  check_columns(program_->reads, program_->reads_text, columns, rows);
  std::vector<Tri> result(rows);
  const expr::Run run = program_->run(columns, lookups);
  in_language(run.language, [&] { expr::test_rows(program_->root, run, rows, result.data()); });
  return result;
}

Value Expression::value(const ColumnView& columns, std::size_t row, const Lookups* lookups) const {
  check_columns(program_->reads, program_->reads_text, columns, row + 1);
  const expr::Run run = program_->run(columns, lookups);
  return in_language(run.language, [&] { return expr::value_of(program_->root, run, row); });
}

Explanation Expression::explain(const ColumnView& columns, std::size_t row, const Lookups* lookups) const {
  check_columns(program_->reads, program_->reads_text, columns, row + 1);
  const expr::Run run = program_->run(columns, lookups);
  return in_language(run.language, [&] { return expr::explain(program_->root, run, row); });
}

std::vector<Condition> Expression::conjuncts() const { return program_->conjuncts; }
bool Expression::fully_pushed() const { return program_->fully_pushed; }

}  // namespace kith
