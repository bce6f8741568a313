// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/custom.hpp"

#include <algorithm>
#include <charconv>

#include "kith/base/error.hpp"
#include "kith/base/rounding.hpp"

namespace kith {
namespace {

[[noreturn]] void fail_text(std::string_view text) {
  throw Error(Code::corrupt, "", std::string(kCustomColumn),
              "holds no values of custom fields: " + std::string(text.substr(0, 60)) + "; restore a backup");
}

/// Walks the pairs of one object, as `to_text` writes it.
class Walk {
 public:
  explicit Walk(std::string_view object) : text_(object) {
    if (!text_.starts_with('{')) fail_text(text_);
    at_ = 1;
  }

  bool next() {
    if (at_ >= text_.size()) fail_text(text_);
    if (text_[at_] == '}') {
      if (at_ + 1 != text_.size()) fail_text(text_);
      return false;
    }
    if (at_ > 1) expect(',');
    name = string(name_scratch_);
    expect(':');
    if (at_ < text_.size() && text_[at_] == '"') {
      is_text = true;
      text = string(text_scratch_);
    } else {
      is_text = false;
      const char* const end = text_.data() + text_.size();
      const auto [stop, fault] = std::from_chars(text_.data() + at_, end, word);
      if (fault != std::errc()) fail_text(text_);
      at_ = static_cast<std::size_t>(stop - text_.data());
    }
    return true;
  }

  std::string_view name;  // valid until the next call
  bool is_text = false;
  std::string_view text;
  std::int64_t word = 0;

 private:
  void expect(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) fail_text(text_);
    ++at_;
  }

  std::string_view string(std::string& scratch) {
    expect('"');
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') ++at_;
    if (at_ < text_.size() && text_[at_] == '"') return text_.substr(start, at_++ - start);
    scratch.assign(text_.substr(start, at_ - start));
    while (at_ < text_.size() && text_[at_] != '"') scratch += text_[at_] == '\\' ? escape() : text_[at_++];
    expect('"');
    return scratch;
  }

  char escape() {
    ++at_;
    const char kind = at_ < text_.size() ? text_[at_++] : '\0';
    if (kind == '"' || kind == '\\') return kind;
    if (kind == 'n') return '\n';
    if (kind == 't') return '\t';
    if (kind == 'r') return '\r';
    unsigned code = 0;
    if (kind != 'u' || at_ + 4 > text_.size()) fail_text(text_);
    const auto [stop, fault] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (fault != std::errc() || stop != text_.data() + at_ + 4 || code >= 0x20) fail_text(text_);
    at_ += 4;
    return static_cast<char>(code);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string name_scratch_;
  std::string text_scratch_;
};

void put_string(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20) {
      ((out += "\\u00") += kDigits[byte >> 4]) += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

[[noreturn]] void fail_value(const Entity& entity, std::string_view field, std::int64_t id, const std::string& why) {
  throw Error(Code::invalid, std::string(entity.name), std::string(field),
              "of record " + std::to_string(id) + " cannot be computed: " + why);
}

/// The result of a formula as a cell of its field: rounded half up, away from zero, to the digits of the field.
Cell cell_of(const Value& value, const Field& field, Currency currency) {
  if (is_null(value)) return {};
  const auto rounded = [&](int digits) -> Cell {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return rescale({*whole, 0}, digits).coefficient;
    return rescale(std::get<Decimal>(value), digits, Rounding::half_up).coefficient;
  };
  switch (field.type) {
    case Type::integer: return rounded(0);
    case Type::decimal: return rounded(field.options.scale);
    default: return to_cell(value, field, currency);
  }
}

/// Why an expression cannot be the formula of a field of that type; "" when it can.
std::string fault_of(const Expression& formula, Type type) {
  const Type gives = formula.type();
  const bool number = gives == Type::integer || gives == Type::decimal;
  const bool fits = type == Type::integer || type == Type::decimal ? number : gives == type;
  if (!fits) return "gives " + std::string(name_of(gives)) + ", but the field is " + std::string(name_of(type));
  const std::string tree = formula.json();
  for (const std::string_view asks : {"today", "rate", "base", "convert", "lookup"}) {
    if (tree.find("\"function\":\"" + std::string(asks) + "\"") == std::string::npos) continue;
    return "may read the record only, but " + std::string(asks) + "() asks the store";
  }
  return {};
}

}  // namespace

CustomCells parse_custom(std::string_view text) {
  CustomCells cells;
  if (text.empty()) return cells;
  for (Walk walk(text); walk.next();) {
    const bool added = cells.emplace(walk.name, walk.is_text ? Cell(std::string(walk.text)) : Cell(walk.word)).second;
    if (!added) fail_text(text);
  }
  return cells;
}

std::string to_text(const CustomCells& cells) {
  std::string out;
  for (const auto& [name, cell] : cells) {
    if (std::holds_alternative<std::monostate>(cell)) continue;
    out += out.empty() ? '{' : ',';
    put_string(out, name);
    out += ':';
    if (const auto* word = std::get_if<std::int64_t>(&cell)) {
      out += std::to_string(*word);
    } else {
      put_string(out, std::get<std::string>(cell));
    }
  }
  if (!out.empty()) out += '}';
  return out;
}

struct CustomFields::Row {
  CustomRule rule;
  std::vector<std::string_view> choices;
  Field field;
  std::optional<Expression> formula;
  std::string fault;
};

CustomFields::CustomFields(const Entity& entity, std::vector<CustomRule> rules, Currency base)
    : entity_(entity), base_(base) {
  for (CustomRule& rule : rules) {
    auto row = std::make_unique<Row>();
    row->rule = std::move(rule);
    const CustomRule& said = row->rule;
    row->choices.assign(said.choices.begin(), said.choices.end());
    row->field.name = said.name;
    row->field.type = said.type;
    row->field.nullable = true;
    row->field.choices = row->choices;
    row->field.options.required = said.required;
    row->field.options.indexed = said.indexed || said.unique;
    row->field.options.kept = !said.formula.empty();
    row->field.options.max_length = said.max_length;
    row->field.options.scale = said.scale;
    row->field.options.refers_to = said.refers_to;
    row->field.options.label = said.label;
    rows_.push_back(std::move(row));
  }
  Scope known = scope(base);
  for (std::size_t i = 0; i < rows_.size(); ++i) {  // a formula knows no formula from itself on
    if (is_formula(i)) known.names[entity.fields.size() + i].name.clear();
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Row& row = *rows_[i];
    if (!is_formula(i)) continue;
    try {
      row.formula.emplace(Expression::compile(row.rule.formula, known));
      row.fault = fault_of(*row.formula, row.field.type);
    } catch (const Error& error) {
      row.fault = error.message;
    }
    known.names[entity.fields.size() + i].name = row.rule.name;
  }
}

CustomFields::~CustomFields() = default;

const CustomRule& CustomFields::rule(std::size_t index) const { return rows_[index]->rule; }
const Field& CustomFields::field(std::size_t index) const { return rows_[index]->field; }
bool CustomFields::is_formula(std::size_t index) const { return !rows_[index]->rule.formula.empty(); }
const std::string& CustomFields::fault(std::size_t index) const { return rows_[index]->fault; }

int CustomFields::find(std::string_view name) const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i]->rule.name == name) return static_cast<int>(i);
  }
  return -1;
}

Scope CustomFields::scope(Currency currency) const {
  Scope all = scope_of(entity_, currency);
  for (const auto& row : rows_) {
    all.names.push_back({row->rule.name, row->field.type, row->field.options.scale, row->field.choices});
  }
  return all;
}

/// Marks the field and what its formula reads: the entity's own first, then these by index.
void CustomFields::collect(int index, std::vector<bool>& wanted) const {
  const std::size_t own = entity_.fields.size();
  const Row& row = *rows_[static_cast<std::size_t>(index)];
  if (wanted[own + static_cast<std::size_t>(index)]) return;
  wanted[own + static_cast<std::size_t>(index)] = true;
  if (row.rule.formula.empty()) {
    wanted[static_cast<std::size_t>(entity_.custom())] = true;
    return;
  }
  if (!row.formula) return;
  for (const int position : row.formula->reads()) {
    if (static_cast<std::size_t>(position) < own) {
      wanted[static_cast<std::size_t>(position)] = true;
    } else {
      collect(position - static_cast<int>(own), wanted);
    }
  }
  if (row.field.type == Type::money && !entity_.roles.currency.empty()) {
    wanted[static_cast<std::size_t>(entity_.at(entity_.roles.currency))] = true;
  }
}

void CustomFields::add_needs(std::span<const int> indexes, std::vector<int>& positions) const {
  std::vector<bool> wanted(entity_.fields.size() + rows_.size());
  for (const int index : indexes) collect(index, wanted);
  wanted[kIdField] = wanted[kIdField] || !indexes.empty();
  for (std::size_t i = 0; i < entity_.fields.size(); ++i) {
    const int position = static_cast<int>(i);
    if (wanted[i] && std::find(positions.begin(), positions.end(), position) == positions.end()) {
      positions.push_back(position);
    }
  }
}

void CustomFields::expand(Batch& batch, std::span<const int> indexes) const {
  const std::size_t own = entity_.fields.size();
  std::vector<bool> wanted(own + rows_.size());
  for (const int index : indexes) collect(index, wanted);
  std::vector<std::unique_ptr<Column>> made(rows_.size());
  std::vector<const Column*> known(own + rows_.size(), nullptr);
  for (std::size_t i = 0; i < batch.fields.size(); ++i) {
    const auto position = static_cast<std::size_t>(batch.fields[i]);
    if (position < own) known[position] = &batch.columns[i];
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!wanted[own + i]) continue;
    const int index = static_cast<int>(i);
    made[i] = std::make_unique<Column>(is_formula(i) ? compute(batch, index, known) : read_column(batch, index));
    known[own + i] = made[i].get();
  }
  for (const int index : indexes) {
    batch.fields.push_back(static_cast<int>(batch.entity->fields.size()) + index);
    batch.columns.push_back(*made[static_cast<std::size_t>(index)]);
  }
}

Column CustomFields::read_column(const Batch& batch, int index) const {
  const Row& row = *rows_[static_cast<std::size_t>(index)];
  const Column& texts = batch.column(entity_.custom());
  const bool text = is_text(row.field.type);
  Column column(text);
  column.reserve(batch.rows());
  for (std::size_t at = 0; at < batch.rows(); ++at) {
    bool found = false;
    if (!texts.is_null(at)) {
      for (Walk walk(texts.text(at)); !found && walk.next();) {
        if (walk.name != row.rule.name) continue;
        if (walk.is_text != text) fail_text(texts.text(at));
        text ? column.append(walk.text) : column.append(walk.word);
        found = true;
      }
    }
    if (!found) column.append_null();
  }
  return column;
}

Column CustomFields::compute(const Batch& batch, int index, const std::vector<const Column*>& known) const {
  const Row& row = *rows_[static_cast<std::size_t>(index)];
  Column column(is_text(row.field.type));
  column.reserve(batch.rows());
  const ColumnView view(known.begin(), known.end());
  const int code = entity_.roles.currency.empty() ? -1 : entity_.find(entity_.roles.currency);
  for (std::size_t at = 0; at < batch.rows(); ++at) {
    if (!row.formula || !row.fault.empty()) {
      column.append_null();
      continue;
    }
    try {
      Currency currency = base_;
      if (code >= 0 && row.field.type == Type::money) {
        const Column* codes = known[static_cast<std::size_t>(code)];
        if (!codes->is_null(at) && !codes->text(at).empty()) currency = kith::currency(codes->text(at));
      }
      column.append(cell_of(row.formula->value(view, at), row.field, currency));
    } catch (const Error& error) {
      fail_value(entity_, row.rule.name, batch.column(kIdField).word(at), error.message);
    }
  }
  return column;
}

std::vector<Cell> CustomFields::values(const Batch& row, std::size_t at) const {
  Batch one(*row.entity);
  for (std::size_t i = 0; i < one.columns.size(); ++i) one.columns[i].append_from(row.columns[i], at);
  std::vector<int> all;
  for (std::size_t i = 0; i < rows_.size(); ++i) all.push_back(static_cast<int>(i));
  const std::size_t own = one.columns.size();
  expand(one, all);
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < rows_.size(); ++i) cells.push_back(one.columns[own + i].cell(0));
  return cells;
}

}  // namespace kith
