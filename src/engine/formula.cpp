// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/formula.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/custom.hpp"
#include "engine/internal.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

class StoreLookups : public Lookups {
 public:
  explicit StoreLookups(Reader reader) : reader_(std::move(reader)) {}

  Date today() const override { return reader_.today(); }

  std::optional<Ratio> rate(Currency from, Currency to, Date on) const override {
    const auto [found, fresh] = rates_.try_emplace({from, to, on});
    if (!fresh) return found->second;
    for (const Area* area : reader_.model().areas()) {
      if (area->rate != nullptr) found->second = area->rate(reader_, from, to, on);
    }
    return found->second;
  }

  Value dated(std::string_view name, const Value& key, const Value& moment) const override {
    const std::int64_t subject = std::get<Id>(key).value;
    const auto* day = std::get_if<Date>(&moment);
    const std::int64_t at = day != nullptr ? day->days : std::get<Timestamp>(moment).micros;
    const auto [found, fresh] = values_.try_emplace({std::string(name), subject, at});
    if (fresh) found->second = read(name, subject, at);
    return found->second;
  }

 private:
  Value read(std::string_view name, std::int64_t subject, std::int64_t at) const {
    const auto dot = name.find('.');
    const Entity& entity = reader_.model().entity(name.substr(0, dot));
    const int position = entity.at(name.substr(dot + 1));
    const auto compare = [&](Condition::Op op, int field, std::int64_t word) {
      return Condition{.op = op, .field = field, .operands = {word}, .terms = {}};
    };
    Query query;
    query.conditions = {compare(Condition::Op::eq, dated_key(entity), subject),
                        compare(Condition::Op::le, entity.at("from"), at),
                        compare(Condition::Op::gt, entity.at("to"), at)};
    query.limit = 1;
    const auto rows = reader_.scan(entity, query);
    Batch batch;
    if (!rows->next(batch)) return {};
    const Column& column = batch.column(position);
    if (column.is_null(0)) return {};
    const Cell cell = column.is_text() ? Cell(std::string(column.text(0))) : Cell(column.word(0));
    return to_value(cell, entity.fields[static_cast<std::size_t>(position)], reader_.currency());
  }

  Reader reader_;
  mutable std::map<std::tuple<Currency, Currency, Date>, std::optional<Ratio>> rates_;
  mutable std::map<std::tuple<std::string, std::int64_t, std::int64_t>, Value> values_;
};

/// The record as one row, also of the store's own fields, or Error{not_found}.
Batch row_of(const Reader& reader, const Entity& entity, Id id) {
  Query query;
  query.conditions = {equals(entity, entity.fields[kIdField].name, id)};
  for (const Field& field : entity.fields) {
    if (field.name != kCustomColumn) query.fields.emplace_back(field.name);
  }
  const auto own = custom_of(reader, entity);
  for (std::size_t i = 0; own != nullptr && i < own->size(); ++i) query.fields.push_back(own->rule(i).name);
  const auto rows = reader.scan(entity, query);
  Batch batch;
  if (rows->next(batch)) return batch;
  throw Error(Code::not_found, std::string(entity.name), "id",
              "there is no " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" +
                  reader.actor().name + "' may see");
}

ColumnView view_of(const Batch& batch) {
  ColumnView view;
  for (std::size_t i = 0; i < batch.fields.size(); ++i) {
    const auto position = static_cast<std::size_t>(batch.fields[i]);
    if (view.size() <= position) view.resize(position + 1, nullptr);
    view[position] = &batch.columns[i];
  }
  return view;
}

}  // namespace

Scope scope_of(const Reader& reader, const Entity& entity) {
  const auto own = custom_of(reader, entity);
  Scope scope = own == nullptr ? scope_of(entity, reader.currency()) : own->scope(reader.currency());
  scope.dated = reader.model().dated();
  return scope;
}

std::unique_ptr<const Lookups> lookups_of(const Reader& reader) {
  // A Work keeps its reader's state for itself; the look-ups borrow it.
  auto borrowed = std::shared_ptr<Reader::State>(&Inside::state(reader), [](auto*) {});
  return std::make_unique<const StoreLookups>(Inside::make(std::move(borrowed)));
}

Value evaluate(const Reader& reader, const Entity& entity, Id id, const Expression& expression) {
  const Batch batch = row_of(reader, entity, id);
  return expression.value(view_of(batch), 0, lookups_of(reader).get());
}

Explanation explain(const Reader& reader, const Entity& entity, Id id, const Expression& expression) {
  const Batch batch = row_of(reader, entity, id);
  return expression.explain(view_of(batch), 0, lookups_of(reader).get());
}

std::vector<BaseValue> base_values(const Reader& reader, std::span<const DatedMoney> facts) {
  for (const Area* area : reader.model().areas()) {
    if (area->base_values != nullptr) return area->base_values(reader, facts);
  }
  throw Error(Code::not_found, "no area of this store knows exchange rates; post in " + code_of(reader.currency()));
}

Value evaluate(const Reader& reader, const Entity& entity, Id id, std::string_view expression,
               const Parameters& parameters) {
  return evaluate(reader, entity, id, Expression::compile(expression, scope_of(reader, entity), parameters));
}

Explanation explain(const Reader& reader, const Entity& entity, Id id, std::string_view expression,
                    const Parameters& parameters) {
  return explain(reader, entity, id, Expression::compile(expression, scope_of(reader, entity), parameters));
}

}  // namespace kith
