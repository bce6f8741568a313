// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/custom.hpp"
#include "engine/generic.hpp"
#include "engine/internal.hpp"
#include "engine/valid.hpp"
#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"

namespace kith {
namespace {

const Entity& with_struct(const Entity& entity) {
  if (entity.make != nullptr) return entity;
  throw Error(Code::misuse, std::string(entity.name), "", "has no records of its own; list its rows instead");
}

/// One field of a struct as storage would see it.
Cell read_cell(const Entity& entity, const void* record, int position) {
  Batch batch(entity, {&position, 1});
  store_row(record, batch);
  return batch.columns.front().cell(0);
}

/// Gives an error the name of the entity, which the functions of schema/ do not know.
template <class Call>
auto naming(const Entity& entity, Call&& call) {
  try {
    return call();
  } catch (const Error& error) {
    if (!error.entity.empty()) throw;
    throw Error(error.code, std::string(entity.name), error.field, error.message);
  }
}

/// What can be done to an entity by name, for the message of a refusal.
std::string verbs_for(const Model& model, const Entity& entity) {
  std::string_view about = entity.name;
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<std::string_view> names;
    for (const Area* area : model.areas()) {
      for (const Permit& permit : area->permits) {
        // Callers from C and Python know the verb, not the namespace that it has here.
        const std::string_view name = permit.verb.substr(permit.verb.rfind(':') + 1);
        const bool told = std::find(names.begin(), names.end(), name) != names.end();
        if (permit.entity == about && !told) names.push_back(name);
      }
    }
    std::string list;
    for (const std::string_view name : names) (list += list.empty() ? "" : ", ") += name;
    if (!list.empty()) return "use what is made for " + std::string(about) + ": " + list;
    if (entity.roles.parent.empty()) break;
    const auto parent = static_cast<std::size_t>(entity.at(entity.roles.parent));
    about = entity.fields[parent].options.refers_to;
  }
  return "Kith keeps these records itself";
}

template <class Verb>
Verb needed(const Model& model, const Entity& entity, Verb RecordVerbs::*verb, std::string_view what) {
  const RecordVerbs* verbs = model.verbs_of(entity);
  if (verbs != nullptr && verbs->*verb != nullptr) return verbs->*verb;
  throw Error(Code::invalid, std::string(entity.name), "",
              "cannot be " + std::string(what) + " as a plain record; " + verbs_for(model, entity));
}

[[noreturn]] void fail_not_found(const Reader& reader, const Entity& entity, Id id) {
  throw Error(Code::not_found, std::string(entity.name), "id",
              "there is no " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" +
                  reader.actor().name + "' may see");
}

/// Batches are written through verbs that take all fields.
const Entity& whole(const Batch& records, const char* function) {
  const Entity& entity = with_struct(*records.entity);
  if (records.fields.size() == entity.fields.size()) return entity;
  throw Error(Code::misuse, std::string(entity.name), "", std::string(function) + " takes a batch of all fields");
}

/// Runs a verb for one row of many; what it refuses names the row.
template <class Verb>
void at_row(std::size_t row, Verb&& verb) {
  try {
    verb();
  } catch (...) {
    rethrow_at("row " + std::to_string(row + 1) + ": ");
  }
}

}  // namespace

void rethrow_at(const std::string& place) {
  try {
    throw;
  } catch (const Error& error) {
    const bool about_a_record = error.code == Code::invalid || error.code == Code::not_found ||
                                error.code == Code::denied || error.code == Code::conflict ||
                                error.code == Code::state || error.code == Code::overflow;
    if (!about_a_record) throw;
    if (error.violations.empty()) throw Error(error.code, error.entity, error.field, place + error.message);
    std::vector<Violation> violations = error.violations;
    for (Violation& violation : violations) violation.message = place + violation.message;
    throw Error(std::move(violations), error.code);
  }
}

bool is_open_end(const Field& field, std::int64_t word) {
  if (field.nullable) return false;
  return (field.type == Type::date && word == kOpenDate.days) ||
         (field.type == Type::timestamp && word == kOpenTime.micros);
}

Record::Record(const Entity& entity, Currency base, std::shared_ptr<const CustomFields> own)
    : entity_(&with_struct(entity)), base_(base), data_(entity.make(), entity.destroy), own_(std::move(own)) {}

Cell Record::cell(int position) const { return read_cell(*entity_, data_.get(), position); }

/// The currency that the record names itself, or none.
Currency Record::own_currency() const {
  if (entity_->roles.currency.empty()) return base_;
  const Cell code = cell(entity_->at(entity_->roles.currency));
  const auto* text = std::get_if<std::string>(&code);
  return text == nullptr || text->empty() ? Currency() : currency(*text);
}

bool Record::holds_money() const {
  for (std::size_t i = 0; i < entity_->fields.size(); ++i) {
    if (entity_->fields[i].type != Type::money || entity_->fields[i].options.in_base) continue;
    const Cell amount = cell(static_cast<int>(i));
    const auto* minor = std::get_if<std::int64_t>(&amount);
    if (minor != nullptr && *minor != 0) return true;
  }
  for (std::size_t i = 0; own_ != nullptr && i < own_->size(); ++i) {
    if (own_->rule(i).type == Type::money && !own_->is_formula(i) && !is_null(get_own(i))) return true;
  }
  return false;
}

std::vector<std::string_view> Record::own_names() const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; own_ != nullptr && i < own_->size(); ++i) names.emplace_back(own_->rule(i).name);
  return names;
}

void Record::take_own(const CustomCells& cells) {
  for (const auto& [name, cell] : cells) changes_[name] = cell;
}

void Record::settle_own(std::string_view text) {
  stored_ = parse_custom(text);
  changes_.clear();
}

Value Record::get_own(std::size_t index) const {
  const CustomRule& rule = own_->rule(index);
  const Currency money = own_currency() ? own_currency() : base_;
  if (!own_->is_formula(index)) {
    const auto changed = changes_.find(rule.name);
    const auto kept = stored_.find(rule.name);
    const Cell cell = changed != changes_.end() ? changed->second : kept != stored_.end() ? kept->second : Cell();
    return to_value(cell, own_->field(index), money);
  }
  Batch row(*entity_);
  store_row(data_.get(), row);
  CustomCells cells = stored_;
  for (const auto& [name, cell] : changes_) cells[name] = cell;
  Column texts(true);
  texts.append(std::string_view(to_text(cells)));
  if (texts.text(0).empty()) {
    texts = Column(true);
    texts.append_null();
  }
  row.columns[static_cast<std::size_t>(entity_->custom())] = std::move(texts);
  return to_value(own_->values(row, 0)[index], own_->field(index), money);
}

void Record::set_own(std::size_t index, const Value& value) {
  const Field& field = own_->field(index);
  if (own_->is_formula(index)) {
    throw Error(Code::invalid, std::string(entity_->name), std::string(field.name), "is computed and cannot be set");
  }
  const Currency money = own_currency() ? own_currency() : base_;
  changes_[std::string(field.name)] = naming(*entity_, [&] { return to_cell(value, field, money); });
}

Value Record::get(std::string_view name) const {
  const int position = position_of(*entity_, own_.get(), name);
  if (const auto index = position - static_cast<int>(entity_->fields.size()); index >= 0) {
    return get_own(static_cast<std::size_t>(index));
  }
  return at(static_cast<std::size_t>(position));
}

Value Record::at(std::size_t position) const {
  const Field& field = entity_->fields[position];
  const Cell found = cell(static_cast<int>(position));
  if (const auto* word = std::get_if<std::int64_t>(&found); word != nullptr && is_open_end(field, *word)) return {};
  if (const auto* text = std::get_if<std::string>(&found); text != nullptr && field.type == Type::bytes) {
    return to_hex(*text);
  }
  const Currency own = field.type == Type::money && !field.options.in_base ? own_currency() : Currency();
  return to_value(found, field, own ? own : base_);
}

void Record::set(std::string_view name, const Value& value) {
  const int position = position_of(*entity_, own_.get(), name);
  if (const auto index = position - static_cast<int>(entity_->fields.size()); index >= 0) {
    return set_own(static_cast<std::size_t>(index), value);
  }
  const Field& field = entity_->fields[static_cast<std::size_t>(position)];
  if (field.options.kept) {
    throw Error(Code::invalid, std::string(entity_->name), std::string(name),
                "is kept by Kith and cannot be set; the verbs of " + std::string(entity_->name) + " change it");
  }
  if (field.type == Type::currency && name == entity_->roles.currency) return set_currency(name, value);
  Currency money = base_;
  if (field.type == Type::money && !field.options.in_base) {
    const Currency own = own_currency();
    const auto* given = std::get_if<Money>(&value);
    const bool adopts = !own && given != nullptr && !holds_money();
    money = own ? own : adopts ? given->currency : base_;
  }
  const Cell cell = naming(*entity_, [&]() -> Cell {
    const bool end = is_null(value) && (field.type == Type::date || field.type == Type::timestamp) && !field.nullable;
    if (!end) return to_cell(value, field, money);
    const Record fresh(*entity_, base_);
    const Cell open = fresh.cell(entity_->at(name));
    return is_open_end(field, std::get<std::int64_t>(open)) ? open : to_cell(value, field, money);
  });
  if (const auto* word = std::get_if<std::int64_t>(&cell)) {
    set_slot_word(field, data(), *word);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    set_slot_text(field, data(), *text);
  } else {
    set_slot_null(field, data());
  }
  if (field.type == Type::money && !is_null(value) && money != base_ && !own_currency()) {
    set_slot_text(entity_->fields[static_cast<std::size_t>(entity_->at(entity_->roles.currency))], data(),
                  code_of(money));
  }
}

/// Amounts are whole minor units of the currency: another currency would silently change what they are worth.
void Record::set_currency(std::string_view name, const Value& value) {
  const Field& field = entity_->fields[static_cast<std::size_t>(entity_->at(name))];
  const Cell cell = naming(*entity_, [&] { return to_cell(value, field, base_); });
  const auto* code = std::get_if<std::string>(&cell);
  const Currency wanted = code == nullptr || code->empty() ? base_ : currency(*code);
  const Currency own = own_currency();
  if (wanted != (own ? own : base_) && holds_money()) {
    throw Error(Code::invalid, std::string(entity_->name), std::string(name),
                "cannot become " + code_of(wanted) + " while the record holds money in " + code_of(own ? own : base_) +
                    "; clear its amounts first");
  }
  code == nullptr ? set_slot_null(field, data()) : set_slot_text(field, data(), *code);
}

namespace generic {

Record blank(const Reader& reader, const Entity& entity) {
  return Record(entity, reader.currency(), custom_of(reader, entity));
}

Record get(const Reader& reader, const Entity& entity, Id id) {
  const auto own = custom_of(reader, entity);
  Record record(entity, reader.currency(), own);
  if (reader.fetch(entity, id, record.data())) {
    if (own == nullptr) return record;
    const Batch row = raw_get(reader, entity, {&id, 1});
    const Column& texts = row.columns[static_cast<std::size_t>(entity.custom())];
    if (!texts.is_null(0)) record.settle_own(texts.text(0));
    return record;
  }
  fail_not_found(reader, entity, id);
}

void carry(Work& work, Record& record, Id id, const std::function<void()>& verb) {
  if (record.own_changes().empty() && record.own_names().empty()) return verb();
  const custom::Carry given(work, record.entity(), id, record.own_changes());
  verb();
  if (given.used()) {
    record.settle_own(given.stored());
  } else if (!record.own_changes().empty()) {
    throw Error(Code::internal, std::string(record.entity().name), "",
                "its verb wrote no record that could take values");
  }
}

Id create(Work& work, Record& record) {
  const auto verb = needed(work.model(), record.entity(), &RecordVerbs::create, "created");
  Id made;
  carry(work, record, {}, [&] { made = verb(work, record.data()); });
  return made;
}

void update(Work& work, Record& record) {
  const auto verb = needed(work.model(), record.entity(), &RecordVerbs::update, "changed");
  carry(work, record, std::get<Id>(record.get("id")), [&] { verb(work, record.data()); });
}

void append_row(const Record& record, Batch& batch) {
  store_row(record.data(), batch);
  const int place = record.entity().custom();
  const std::string text = to_text(record.own_changes());
  if (place >= 0 && !text.empty()) batch.column(place).set_last(text);
}

namespace {

/// Takes what a row says of the store's own fields; a null says nothing.
void take_row(const Batch& rows, std::size_t row, Record& record) {
  const int place = rows.entity->custom();
  if (place < 0 || rows.column(place).is_null(row)) return;
  CustomCells cells = parse_custom(rows.column(place).text(row));
  for (const std::string_view name : record.own_names()) cells.try_emplace(std::string(name));
  record.take_own(cells);
}

}  // namespace

void create_batch(Work& work, Batch& records) {
  const Entity& entity = whole(records, "create_batch");
  const RecordVerbs* verbs = work.model().verbs_of(entity);
  if (verbs != nullptr && verbs->create_batch != nullptr) return verbs->create_batch(work, records);
  const auto create = needed(work.model(), entity, &RecordVerbs::create, "created");
  Work::Step step(work);
  for (std::size_t row = 0; row < records.rows(); ++row) {
    Record record = blank(work, entity);
    load_row(records, row, record.data());
    take_row(records, row, record);
    at_row(row, [&] {
      Id made;
      carry(work, record, {}, [&] { made = create(work, record.data()); });
      records.columns[kIdField].set_word(row, made.value);
    });
  }
  step.keep();
}

void update_batch(Work& work, Batch& records) {
  const Entity& entity = whole(records, "update_batch");
  const RecordVerbs* verbs = work.model().verbs_of(entity);
  if (verbs != nullptr && verbs->update_batch != nullptr) return verbs->update_batch(work, records);
  const auto update = needed(work.model(), entity, &RecordVerbs::update, "changed");
  Work::Step step(work);
  for (std::size_t row = 0; row < records.rows(); ++row) {
    Record record = blank(work, entity);
    load_row(records, row, record.data());
    take_row(records, row, record);
    const Id id{records.columns[kIdField].word(row)};
    at_row(row, [&] { carry(work, record, id, [&] { update(work, record.data()); }); });
    for (const int field : {kRevisionField, kSeqField}) {
      records.columns[static_cast<std::size_t>(field)].set_word(
          row, std::get<std::int64_t>(read_cell(entity, record.data(), field)));
    }
  }
  step.keep();
}

Batch get_batch(const Reader& reader, const Entity& entity, std::span<const Id> ids) {
  const Turn turn(Inside::state(reader).session.get());
  Batch found = raw_get(reader, with_struct(entity), ids);
  std::unordered_map<std::int64_t, std::size_t> rows;
  for (std::size_t row = 0; row < found.rows(); ++row) rows.emplace(found.columns[kIdField].word(row), row);
  if (const auto today = ValidView::today(reader, entity)) put_day(*today, reader, found);
  const bool all = reads_all(reader, entity);
  const auto visible = all ? std::unordered_set<std::int64_t>() : allowed(reader, entity, Action::read, ids);
  Batch result(entity);
  result.reserve(ids.size());
  for (const Id id : ids) {
    const auto row = rows.find(id.value);
    if (row == rows.end() || (!all && !visible.contains(id.value))) fail_not_found(reader, entity, id);
    result.append_row(found, row->second);
  }
  return result;
}

void remove(Work& work, const Entity& entity, Id id, std::int64_t revision) {
  needed(work.model(), entity, &RecordVerbs::remove, "removed")(work, id, revision);
}

}  // namespace generic
}  // namespace kith
