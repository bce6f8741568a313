// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "engine/add_row.hpp"
#include "engine/custom.hpp"
#include "engine/generic.hpp"
#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"

namespace kith::generic {
namespace {

/// The type that a table shows a field as: choices by name and bytes by their hexadecimal digits.
Type shown(Type type) { return type == Type::choice || type == Type::bytes ? Type::text : type; }

/// Collects batches of one entity into the columns of a table.
class Builder {
 public:
  Builder(const Entity& entity, std::vector<int> chosen, Currency base, const CustomFields* own)
      : entity_(entity), chosen_(std::move(chosen)), base_(base), base_code_(code_of(base)), own_(own) {
    for (const int position : chosen_) {
      const Field& field = field_at(entity_, own_, position);
      data_.emplace_back(is_text(shown(field.type)));
      if (field.type == Type::money) currency_field_ = std::max(currency_field_, entity_.currency_of(field));
    }
  }

  /// The field whose values say what the money of a row is in; -1 where all is in the base currency.
  int currency_field() const { return currency_field_; }

  void append(const Batch& batch) {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      append_column(field_at(entity_, own_, chosen_[i]), batch.column(chosen_[i]), data_[i]);
    }
    if (currency_field_ < 0) return;
    const Column& codes = batch.column(currency_field_);
    for (std::size_t row = 0; row < codes.size(); ++row) {
      const std::string_view code = codes.text(row);  // "" where null
      currencies_.append(code.empty() ? std::string_view(base_code_) : code);
    }
  }

  Table table() && {
    const Currency common = common_currency();
    return Table(columns(common), std::move(data_), common ? Column(true) : std::move(currencies_));
  }

  /// What the table shows, its money in that currency, but for what is always in the base currency.
  std::vector<TableColumn> columns(Currency money) const {
    std::vector<TableColumn> columns;
    for (const int position : chosen_) {
      const Field& field = field_at(entity_, own_, position);
      columns.push_back({.name = std::string(field.name), .type = shown(field.type), .scale = field.options.scale});
      if (field.type == Type::money) columns.back().currency = entity_.currency_of(field) < 0 ? base_ : money;
    }
    return columns;
  }

  std::size_t rows() const { return data_.empty() ? 0 : data_.front().size(); }

 private:
  static void append_column(const Field& field, const Column& from, Column& to) {
    to.reserve(to.size() + from.size());
    for (std::size_t row = 0; row < from.size(); ++row) {
      if (from.is_null(row) || (!from.is_text() && is_open_end(field, from.word(row)))) {
        to.append_null();
      } else if (field.type == Type::choice) {
        const Value name = to_value(from.word(row), field, {});
        is_null(name) ? to.append_null() : to.append(std::string_view(std::get<std::string>(name)));
      } else if (field.type == Type::bytes) {
        to.append(std::string_view(to_hex(from.text(row))));
      } else {
        to.append_from(from, row);
      }
    }
  }

  /// The one currency of all money in the table that the rows name, or none.
  Currency common_currency() const {
    if (currencies_.size() == 0) return base_;
    const std::string_view first = currencies_.text(0);
    for (std::size_t row = 1; row < currencies_.size(); ++row) {
      if (currencies_.text(row) != first) return {};
    }
    return currency(first);
  }

  const Entity& entity_;
  std::vector<int> chosen_;
  Currency base_;
  std::string base_code_;
  const CustomFields* own_;
  int currency_field_ = -1;
  std::vector<Column> data_;
  Column currencies_{true};
};

/// The fields without the column that holds those of the store's own.
std::vector<int> visible(const Entity& entity, std::vector<int> fields) {
  std::erase(fields, entity.custom());
  return fields;
}

/// Every field, then the store's own.
std::vector<int> all_positions(const Entity& entity, const CustomFields* own) {
  std::vector<int> positions = visible(entity, Batch(entity).fields);
  for (std::size_t i = 0; own != nullptr && i < own->size(); ++i) {
    positions.push_back(static_cast<int>(entity.fields.size() + i));
  }
  return positions;
}

/// A query that is running, with the columns it shows; the currency of their money comes along.
struct Scanned {
  Scanned(const Reader& reader, const Entity& entity, const Query& query) : own(custom_of(reader, entity)) {
    for (const std::string& name : query.fields) {
      if (const int field = position_of(entity, own.get(), name);
          std::find(chosen.begin(), chosen.end(), field) == chosen.end()) {
        chosen.push_back(field);
      }
    }
    if (chosen.empty()) chosen = all_positions(entity, own.get());
    const Builder builder(entity, chosen, reader.currency(), own.get());
    Query asked = query;
    if (asked.fields.empty() && own != nullptr) {
      for (const int position : chosen) asked.fields.emplace_back(field_at(entity, own.get(), position).name);
    }
    if (builder.currency_field() >= 0 && !asked.fields.empty()) asked.fields.emplace_back(entity.roles.currency);
    rows = reader.scan(entity, asked);
  }

  std::shared_ptr<const CustomFields> own;
  std::vector<int> chosen;
  std::unique_ptr<Rows> rows;
};

class ScannedPages : public Pages {
 public:
  ScannedPages(const Reader& reader, const Entity& entity, const Query& query)
      : entity_(entity), base_(reader.currency()), scanned_(reader, entity, query) {
    const Builder builder(entity_, scanned_.chosen, base_, scanned_.own.get());
    columns_ = builder.columns(builder.currency_field() < 0 ? base_ : Currency());
  }

  const std::vector<TableColumn>& columns() const override { return columns_; }

  std::optional<Table> next(std::size_t rows) override {
    Builder builder(entity_, scanned_.chosen, base_, scanned_.own.get());
    while (builder.rows() < rows && scanned_.rows->next(batch_)) builder.append(batch_);
    if (builder.rows() == 0) return std::nullopt;
    return std::move(builder).table();
  }

 private:
  const Entity& entity_;
  Currency base_;
  Scanned scanned_;
  std::vector<TableColumn> columns_;
  Batch batch_;
};

std::string_view name_of_keeping(Keeping keeping) {
  switch (keeping) {
    case Keeping::versioned: return "versioned";
    case Keeping::log: return "log";
    case Keeping::history: return "history";
    case Keeping::head: return "head";
    case Keeping::index: return "index";
  }
  return "";
}

/// Absent where the schema says nothing.
Value said(std::string_view text) { return text.empty() ? Value() : Value(std::string(text)); }

}  // namespace

Table to_table(const Batch& batch, Currency base, const CustomFields* own) {
  Builder builder(*batch.entity, visible(*batch.entity, batch.fields), base, own);
  builder.append(batch);
  return std::move(builder).table();
}

Table find(const Reader& reader, const Entity& entity, const Query& query) {
  Scanned scanned(reader, entity, query);
  Builder builder(entity, scanned.chosen, reader.currency(), scanned.own.get());
  for (Batch batch; scanned.rows->next(batch);) builder.append(batch);
  return std::move(builder).table();
}

std::unique_ptr<Pages> pages(const Reader& reader, const Entity& entity, const Query& query) {
  return std::make_unique<ScannedPages>(reader, entity, query);
}

void each_table(const Reader& reader, const Entity& entity, const Query& query,
                const std::function<void(Table)>& take) {
  const auto all = pages(reader, entity, query);
  auto page = all->next(1);
  if (!page) return take(Table(all->columns()));
  for (; page; page = all->next(1)) take(std::move(*page));
}

Table versions(const Reader& reader, const Entity& entity, Id id) {
  Batch rows = history::versions(reader, entity, id);
  const auto own = custom_of(reader, entity);
  if (own == nullptr) return to_table(rows, reader.currency());
  expand_versions(reader, *own, rows);
  return to_table(rows, reader.currency(), own.get());
}

Table to_table(const std::vector<ChangeRow>& changes) {
  Table table({{.name = "id", .type = Type::id},
               {.name = "seq", .type = Type::integer},
               {.name = "entity"},
               {.name = "record", .type = Type::id},
               {.name = "kind"}});
  for (const ChangeRow& change : changes) {
    const auto kind = Choices<ChangeKind>::names[static_cast<std::size_t>(change.kind) - 1];
    add_row(table, change.id, change.seq, change.entity, change.record, std::string(kind));
  }
  return table;
}

Table to_table(const std::vector<Finding>& findings) {
  Table table({{.name = "entity"}, {.name = "id", .type = Type::id}, {.name = "message"}});
  for (const Finding& finding : findings) {
    add_row(table, said(finding.entity), finding.id ? Value(finding.id) : Value(), finding.message);
  }
  return table;
}

Table to_table(const std::vector<Violation>& violations) {
  Table table({{.name = "entity"}, {.name = "field"}, {.name = "message"}});
  for (const Violation& violation : violations) {
    add_row(table, said(violation.entity), said(violation.field), violation.message);
  }
  return table;
}

Table entities(const Model& model) {
  Table table({{.name = "name"},
               {.name = "plural"},
               {.name = "keeping"},
               {.name = "title"},
               {.name = "parent"},
               {.name = "create", .type = Type::boolean},
               {.name = "update", .type = Type::boolean},
               {.name = "remove", .type = Type::boolean}});
  for (const Entity* entity : model.entities()) {
    const RecordVerbs* found = model.verbs_of(*entity);
    const RecordVerbs verbs = found == nullptr ? RecordVerbs() : *found;
    add_row(table, std::string(entity->name), std::string(entity->plural),
            std::string(name_of_keeping(entity->keeping)), said(entity->roles.title), said(entity->roles.parent),
            verbs.create != nullptr, verbs.update != nullptr, verbs.remove != nullptr);
  }
  return table;
}

namespace {

const std::vector<TableColumn> kFieldColumns = {{.name = "name"},
                                                {.name = "type"},
                                                {.name = "scale", .type = Type::integer},
                                                {.name = "nullable", .type = Type::boolean},
                                                {.name = "required", .type = Type::boolean},
                                                {.name = "kept", .type = Type::boolean},
                                                {.name = "indexed", .type = Type::boolean},
                                                {.name = "personal", .type = Type::boolean},
                                                {.name = "max_length", .type = Type::integer},
                                                {.name = "refers_to"},
                                                {.name = "choices"},
                                                {.name = "label"}};

std::vector<Value> row_of(const Field& field) {
  const FieldOptions& options = field.options;
  std::string choices;
  for (const std::string_view choice : field.choices) (choices += choices.empty() ? "" : ",") += choice;
  std::string label(options.label.empty() ? field.name : options.label);
  if (options.label.empty()) std::replace(label.begin(), label.end(), '_', ' ');
  // One by one: where memory runs out in the middle of a list of temporaries, some of them conditional, GCC 12 destroys
  // what it has not made.
  std::vector<Value> row;
  row.emplace_back(std::string(field.name));
  row.emplace_back(std::string(name_of(field.type)));
  row.emplace_back(field.type == Type::decimal ? Value(std::int64_t{options.scale}) : Value());
  for (const bool flag : {field.nullable, options.required, options.kept, options.indexed, options.personal}) {
    row.emplace_back(flag);
  }
  row.emplace_back(options.max_length == 0 ? Value() : Value(std::int64_t{options.max_length}));
  row.emplace_back(said(options.refers_to));
  row.emplace_back(said(choices));
  row.emplace_back(std::move(label));
  return row;
}

}  // namespace

Table fields(const Entity& entity) {
  Table table(kFieldColumns);
  for (const int position : visible(entity, Batch(entity).fields)) {
    table.add(row_of(entity.fields[static_cast<std::size_t>(position)]));
  }
  return table;
}

Table fields(const Reader& reader, const Entity& entity) {
  std::vector<TableColumn> columns = kFieldColumns;
  columns.push_back({.name = "own", .type = Type::boolean});
  columns.push_back({.name = "unique", .type = Type::boolean});
  columns.push_back({.name = "formula"});
  Table table(std::move(columns));
  const auto own = custom_of(reader, entity);
  for (const int position : all_positions(entity, own.get())) {
    std::vector<Value> row = row_of(field_at(entity, own.get(), position));
    const int index = position - static_cast<int>(entity.fields.size());
    const CustomRule* rule = index < 0 ? nullptr : &own->rule(static_cast<std::size_t>(index));
    row.emplace_back(rule != nullptr);
    row.emplace_back(rule != nullptr && rule->unique);
    row.emplace_back(rule == nullptr ? Value() : said(rule->formula));
    table.add(row);
  }
  return table;
}

Table reports(const Model& model) {
  Table table({{.name = "name"}, {.name = "meaning"}});
  for (const Report* report : model.reports()) {
    add_row(table, std::string(report->name), std::string(report->meaning));
  }
  return table;
}

Table parameters(const Report& report) {
  Table table({{.name = "name"}, {.name = "type"}, {.name = "required", .type = Type::boolean}, {.name = "meaning"}});
  for (const ReportParameter& parameter : report.parameters) {
    add_row(table, std::string(parameter.name), std::string(name_of(parameter.type)), parameter.required,
            std::string(parameter.meaning));
  }
  return table;
}

}  // namespace kith::generic
