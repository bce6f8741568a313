// SPDX-License-Identifier: Apache-2.0
// The definitions of a store's own fields at hand, and their values by name.
#include "engine/custom.hpp"

#include <algorithm>

#include "engine/pending.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

CustomRule rule_of(const CustomField& row, Currency base) {
  CustomRule rule;
  rule.definition = row.id;
  rule.name = row.name;
  rule.label = row.label;
  rule.type = row.type;
  rule.choices = split(row.choices);
  rule.scale = static_cast<int>(row.scale);
  rule.max_length = static_cast<int>(row.max_length);
  rule.refers_to = row.refers_to;
  rule.required = row.required;
  rule.indexed = row.indexed;
  rule.unique = row.unique;
  rule.formula = row.formula;
  if (!row.default_value) return rule;
  const std::vector<std::string_view> choices(rule.choices.begin(), rule.choices.end());
  Field field{.name = rule.name, .type = rule.type, .nullable = true, .choices = choices};
  field.options.scale = rule.scale;
  rule.initial = to_cell(parse_value(*row.default_value, field, base), field, base);
  return rule;
}

}  // namespace

Customs::Customs(const Reader& reader) {
  const Model& model = reader.model();
  if (model.find_entity(entity_of<CustomField>().name) != &entity_of<CustomField>()) return;
  std::map<const Entity*, std::vector<CustomRule>> rules;
  const Batch rows = raw_all(reader, {.entity = &entity_of<CustomField>(), .order = {{.field = kIdField}}});
  for (std::size_t at = 0; at < rows.rows(); ++at) {
    CustomField row;
    load_row(rows, at, &row);
    const Entity* entity = model.find_entity(row.entity);
    if (row.retired || entity == nullptr || entity->find(row.name) >= 0) continue;
    rules[entity].push_back(rule_of(row, reader.currency()));
  }
  for (auto& [entity, own] : rules) {
    auto made = std::make_shared<const CustomFields>(*entity, std::move(own), reader.currency());
    by_entity_.emplace(model.history_of(*entity), made);
    by_entity_.emplace(entity, std::move(made));
  }
}

const CustomFields* Customs::of(const Entity& entity) const {
  const auto found = by_entity_.find(&entity);
  return found == by_entity_.end() ? nullptr : found->second.get();
}

struct CustomPast::Span {
  CustomField row;
  std::optional<std::int64_t> to;  // the work that ended it
};

CustomPast::CustomPast(const Reader& reader, const Entity& entity) : entity_(entity), base_(reader.currency()) {
  const Reader system = reader.as_system("definitions");
  Inside::state(system).as_of = false;
  Inside::state(system).valid.reset();
  const Entity& now = entity_of<CustomField>();
  for (const Entity* table : {reader.model().history_of(now), &now}) {
    const Batch rows = raw_all(
        system, {.entity = table,
                 .where = {equals(*table, "entity", entity.name),
                           {.op = Condition::Op::le, .field = kSeqField, .operands = {reader.seq()}, .terms = {}}}});
    for (std::size_t at = 0; at < rows.rows(); ++at) {
      Span span;
      load_row(rows, at, &span.row);
      if (table != &now) span.to = rows.columns.back().word(at);
      changes_.insert(span.row.seq);
      if (span.to && *span.to <= reader.seq()) changes_.insert(*span.to);
      spans_.push_back(std::make_shared<const Span>(std::move(span)));
    }
  }
  std::stable_sort(spans_.begin(), spans_.end(), [](const auto& a, const auto& b) { return a->row.id < b->row.id; });
}

const CustomFields& CustomPast::at(std::int64_t seq) const {
  const auto later = changes_.upper_bound(seq);
  auto& made = made_[later == changes_.begin() ? 0 : *std::prev(later)];
  if (made != nullptr) return *made;
  std::vector<CustomRule> rules;
  for (const auto& span : spans_) {
    const CustomField& row = span->row;
    if (row.seq > seq || (span->to && *span->to <= seq) || row.retired || entity_.find(row.name) >= 0) continue;
    rules.push_back(rule_of(row, base_));
  }
  made = std::make_unique<const CustomFields>(entity_, std::move(rules), base_);
  return *made;
}

void expand_versions(const Reader& reader, const CustomFields& own, Batch& versions) {
  std::vector<int> written, computed;
  for (std::size_t i = 0; i < own.size(); ++i) (own.is_formula(i) ? computed : written).push_back(static_cast<int>(i));
  const std::size_t to = versions.entity->fields.size() - 1;
  own.expand(versions, written);
  if (computed.empty()) return;
  const CustomPast past(reader, own.entity());
  std::vector<Column> columns;
  for (const int index : computed) columns.emplace_back(is_text(own.field(static_cast<std::size_t>(index)).type));
  for (std::size_t row = 0; row < versions.rows(); ++row) {
    const bool ended = !versions.columns[to].is_null(row) && versions.columns[to].word(row) <= reader.seq();
    const CustomFields& then = past.at(ended ? versions.columns[to].word(row) - 1 : reader.seq());
    std::map<std::int64_t, Cell> cells;  // by definition: another one of that name may be of another type
    const std::vector<Cell> values = then.values(versions, row);
    for (std::size_t i = 0; i < then.size(); ++i) cells.emplace(then.rule(i).definition.value, values[i]);
    for (std::size_t i = 0; i < computed.size(); ++i) {
      columns[i].append(cells[own.rule(static_cast<std::size_t>(computed[i])).definition.value]);
    }
  }
  for (std::size_t i = 0; i < computed.size(); ++i) {
    versions.fields.push_back(static_cast<int>(versions.entity->fields.size()) + computed[i]);
    versions.columns.push_back(std::move(columns[i]));
  }
}

std::shared_ptr<const Customs> customs_of(const Reader& reader) {
  return settings_of(reader, &Held::customs, &Session::State::customs);
}

std::shared_ptr<const CustomFields> custom_of(const Reader& reader, const Entity& entity) {
  if (entity.custom() < 0) return nullptr;
  auto all = customs_of(reader);
  const CustomFields* own = all->of(entity);
  return own == nullptr ? nullptr : std::shared_ptr<const CustomFields>(std::move(all), own);
}

int position_of(const Entity& entity, const CustomFields* own, std::string_view name) {
  if (const int position = entity.find(name); position >= 0 && name != kCustomColumn) return position;
  if (own == nullptr) return entity.at(name == kCustomColumn ? std::string_view("") : name);
  if (const int index = own->find(name); index >= 0) return static_cast<int>(entity.fields.size()) + index;
  std::vector<std::string_view> known;
  for (const Field& field : entity.fields) {
    if (field.name != kCustomColumn) known.push_back(field.name);
  }
  for (std::size_t i = 0; i < own->size(); ++i) known.push_back(own->field(i).name);
  throw Error(Code::invalid, std::string(entity.name), std::string(name),
              "there is no field of this name." + suggest(name, known));
}

const Field& field_at(const Entity& entity, const CustomFields* own, int position) {
  const auto place = static_cast<std::size_t>(position);
  return place < entity.fields.size() ? entity.fields[place] : own->field(place - entity.fields.size());
}

namespace custom {

CustomCells cells_of(const Reader& reader, const Entity& entity, const Values& values) {
  Record record = generic::blank(reader, entity);
  std::vector<Violation> violations;
  for (const auto& [name, value] : values) {
    try {
      if (entity.find(name) >= 0) {
        throw Error(Code::invalid, std::string(entity.name), name, "is no field of the store's own");
      }
      record.set(name, value);
    } catch (const Error& error) {
      if (error.code != Code::invalid) throw;
      violations.push_back({std::string(entity.name), name, error.message});
    }
  }
  if (!violations.empty()) throw Error(std::move(violations));
  return record.own_changes();
}

Values get(const Reader& reader, const Entity& entity, Id id) {
  const Record record = generic::get(reader, entity, id);
  Values values;
  if (const auto own = custom_of(reader, entity)) {
    for (std::size_t i = 0; i < own->size(); ++i) values.emplace(own->rule(i).name, record.get(own->rule(i).name));
  }
  return values;
}

void set(Work& work, const Entity& entity, Id id, const Values& values) {
  const CustomCells cells = cells_of(work, entity, values);
  const RecordVerbs* verbs = work.model().verbs_of(entity);
  if (verbs != nullptr && verbs->update != nullptr) {
    Record record = generic::get(work, entity, id);
    record.take_own(cells);
    return generic::update(work, record);
  }
  work.require(Action::edit, entity, id);
  Batch row = raw_get(work, entity, {&id, 1});
  Column given(true);
  CustomCells all = parse_custom(row.columns[static_cast<std::size_t>(entity.custom())].text(0));
  for (const auto& [name, cell] : cells) all[name] = cell;
  const std::string text = to_text(all);
  given.append(text.empty() ? std::string_view("{}") : std::string_view(text));
  row.columns[static_cast<std::size_t>(entity.custom())] = std::move(given);
  work.update_batch(entity, row);
}

std::vector<CustomField> fields(const Reader& reader, const Entity& entity) {
  return reader.list<CustomField>(
      {.conditions = {equals(entity_of<CustomField>(), "entity", entity.name)}, .order = {"id"}});
}

Carry::Carry(Work& work, const Entity& entity, Id id, CustomCells cells)
    : work_(work), entity_(entity), id_(id), cells_(std::move(cells)) {
  CustomRows(work_).begin(*this);
}

Carry::~Carry() { CustomRows(work_).end(*this); }

}  // namespace custom
}  // namespace kith
