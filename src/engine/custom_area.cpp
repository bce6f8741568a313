// SPDX-License-Identifier: Apache-2.0
// Defining fields of a store's own, and what `check` asks of them.
#include <algorithm>
#include <map>
#include <set>

#include "engine/custom.hpp"
#include "engine/new_findings.hpp"
#include "engine/recovery.hpp"
#include "engine/verbs.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace custom {
namespace {

constexpr std::int64_t kLongestName = 60;
constexpr std::int64_t kLongestKey = 200;      // characters of a text that is found through `key`
constexpr std::int64_t kLongestText = 10'000;  // characters of any other
constexpr std::int64_t kMostLength = 100'000;

constexpr auto kFieldFields = field_table<CustomField>(
    field<&CustomField::entity>("entity", {.required = true, .max_length = kLongestName}),
    field<&CustomField::name>("name", {.required = true, .max_length = kLongestName}),
    field<&CustomField::type>("type"), field<&CustomField::label>("label", {.max_length = 200}),
    field<&CustomField::required>("required"), field<&CustomField::indexed>("indexed"),
    field<&CustomField::unique>("unique"), field<&CustomField::choices>("choices"),
    field<&CustomField::scale>("scale", {.minimum = 0, .maximum = 18}),
    field<&CustomField::max_length>("max_length", {.minimum = 0, .maximum = kMostLength}),
    field<&CustomField::refers_to>("refers_to", {.max_length = kLongestName}),
    field<&CustomField::default_value>("default_value"), field<&CustomField::formula>("formula"),
    field<&CustomField::retired>("retired"));
constexpr UniqueKey kFieldUnique[] = {{{"entity", "name"}}};

constexpr auto kKeyFields = log_table<KeyRow>(
    field<&KeyRow::entity>("entity", {.required = true}), field<&KeyRow::rule>("rule", {.required = true}),
    field<&KeyRow::word>("word"), field<&KeyRow::text>("text"), field<&KeyRow::owner>("owner"),
    field<&KeyRow::record>("record", {.indexed = true}));
constexpr UniqueKey kKeyUnique[] = {{{"entity", "rule", "word", "owner"}}, {{"entity", "rule", "text", "owner"}}};

constexpr Entity kField = make_entity<CustomField>({.name = "custom_field",
                                                    .plural = "custom_fields",
                                                    .fields = kFieldFields,
                                                    .unique = kFieldUnique,
                                                    .roles = {.title = "name", .access = true}});
constexpr Entity kKey = make_entity<KeyRow>(
    {.name = "key", .plural = "keys", .fields = kKeyFields, .unique = kKeyUnique, .keeping = Keeping::index});

/// "red, green" as "red,green".
std::string tidy_choices(std::string_view text, verb::Faults& faults) {
  std::string tidy;
  std::set<std::string> seen;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::string_view one = text.substr(at, end - at);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) faults.add("choices", "holds a name without a character; write them as red,green,blue");
    if (!seen.insert(std::string(one)).second) faults.add("choices", "names '" + std::string(one) + "' twice");
    tidy += (tidy.empty() ? "" : ",") + std::string(one);
    at = end + 1;
  }
  return tidy;
}

/// The entity whose records get the field, or null with a fault.
const Entity* owner_of(const Work& work, const CustomField& row, verb::Faults& faults) {
  std::vector<std::string_view> names;
  for (const Entity* entity : work.model().entities()) {
    const RecordVerbs* verbs = work.model().verbs_of(*entity);
    const bool written = verbs != nullptr && (verbs->create != nullptr || verbs->update != nullptr);
    if (entity->custom() >= 0 && written && !entity->append_only && !entity->roles.access)
      names.push_back(entity->name);
  }
  if (std::find(names.begin(), names.end(), row.entity) != names.end()) return work.model().find_entity(row.entity);
  faults.add("entity",
             "records of '" + row.entity + "' take no fields of the store's own." + suggest(row.entity, names));
  return nullptr;
}

/// Money `x` is handed on with its currency beside it, as `x_currency`: in CSV, in Arrow.
void check_currency_name(const CustomField& row, const Entity& entity, const std::vector<CustomField>& others,
                         verb::Faults& faults) {
  constexpr std::string_view kEnd = "_currency";
  const auto type_of = [&](std::string_view name) -> std::optional<Type> {
    if (const int at = entity.find(name); at >= 0) return entity.fields[static_cast<std::size_t>(at)].type;
    for (const CustomField& other : others) {
      if (other.name == name) return other.type;
    }
    return std::nullopt;
  };
  const std::string_view name = row.name;
  if (name.ends_with(kEnd) && type_of(name.substr(0, name.size() - kEnd.size())) == Type::money) {
    faults.add("name", "'" + row.name + "' is the column of the currency of '" +
                           std::string(name.substr(0, name.size() - kEnd.size())) + "'; take another");
  }
  if (row.type == Type::money && type_of(row.name + std::string(kEnd))) {
    faults.add("name", "the currency of '" + row.name + "' would stand in a column '" + row.name +
                           "_currency', which is another field already; take another");
  }
}

void check_name(const CustomField& row, const Entity& entity, verb::Faults& faults) {
  if (entity.find(row.name) >= 0 || row.name == "to_seq") {
    return faults.add("name", "'" + row.name + "' is a field of " + row.entity + " already");
  }
  Scope scope;
  scope.title = "custom_field";
  scope.names.push_back({row.name, Type::boolean});
  const bool dotted = row.name.find('.') != std::string::npos;
  const auto fault = Expression::fault(row.name, scope);
  if (dotted || fault || Expression::compile(row.name, scope).reads().empty()) {
    faults.add("name", "'" + row.name +
                           "' cannot be read in an expression; begin with a letter or _, go on with those "
                           "and digits, and take no word of the language, such as and, null or true");
  }
}

void check_type(const Work& work, const CustomField& row, verb::Faults& faults) {
  const bool text = row.type == Type::text;
  const bool keyed = row.indexed || row.unique;
  if (row.type == Type::bytes) faults.add("type", "bytes cannot be kept in a field of the store's own; take text");
  if ((row.type == Type::choice) == row.choices.empty()) {
    faults.add("choices",
               row.choices.empty() ? "are missing; write them as red,green,blue" : "belong to a choice only");
  }
  if (row.type != Type::decimal && row.scale != 0) faults.add("scale", "belongs to a decimal only");
  if (!text && row.max_length != 0) faults.add("max_length", "belongs to text only");
  if (text && keyed && row.max_length > kLongestKey) {
    faults.add("max_length", "of a text that is indexed or unique is at most " + std::to_string(kLongestKey));
  }
  if (keyed && row.type == Type::money)
    faults.add("indexed", "is not for money, which no index can order across currencies");
  if (row.type != Type::id && !row.refers_to.empty()) faults.add("refers_to", "belongs to an id only");
  if (!row.refers_to.empty()) {
    const Entity* target = work.model().find_entity(row.refers_to);
    if (target == nullptr || target->name != row.refers_to || target->keeping != Keeping::versioned) {
      faults.add("refers_to", "there is no entity '" + row.refers_to + "' with records of its own");
    }
  }
  if (row.formula.empty()) return;
  static constexpr Type kComputed[] = {Type::integer, Type::boolean, Type::text,     Type::decimal,
                                       Type::money,   Type::date,    Type::timestamp};
  if (std::find(std::begin(kComputed), std::end(kComputed), row.type) == std::end(kComputed)) {
    faults.add("type", "a formula gives an integer, boolean, text, decimal, money, date or timestamp");
  }
  if (keyed || row.required || row.default_value) {
    faults.add("formula", "is computed when it is read: it cannot be indexed, unique, required or have a default");
  }
}

void check_default(const Work& work, const CustomField& row, verb::Faults& faults) {
  if (!row.default_value) return;
  try {
    std::vector<std::string_view> choices;
    for (std::size_t at = 0; at < row.choices.size();) {
      const std::size_t end = std::min(row.choices.find(',', at), row.choices.size());
      choices.push_back(std::string_view(row.choices).substr(at, end - at));
      at = end + 1;
    }
    Field field{.name = "default_value", .type = row.type, .nullable = true, .choices = choices};
    field.options.scale = static_cast<int>(row.scale);
    field.options.max_length = static_cast<int>(row.max_length);
    const Cell cell = to_cell(parse_value(*row.default_value, field, work.currency()), field, work.currency());
    if (const std::string wrong = fault_of(field, cell); !wrong.empty()) faults.add("default_value", wrong);
    if (row.unique) faults.add("default_value", "would give two records one value of a field that is unique");
  } catch (const Error& error) {
    if (error.code != Code::invalid) throw;
    faults.add("default_value", error.message);
  }
}

std::int64_t length_of(const CustomField& row) { return row.max_length == 0 ? kLongestText : row.max_length; }

/// What records already say must go on meaning the same.
void require_same(const CustomField& before, const CustomField& after) {
  const auto fail = [](std::string_view field, const std::string& what) {
    throw Error(Code::state, "custom_field", std::string(field),
                what + "; retire the field and define another one under a new name");
  };
  if (before.entity != after.entity) fail("entity", "a field stays with its entity");
  if (before.name != after.name) fail("name", "a field keeps its name");
  if (before.type != after.type) fail("type", "a field keeps its type");
  if (before.scale != after.scale) fail("scale", "a field keeps its digits");
  if (before.refers_to != after.refers_to) fail("refers_to", "a field goes on referring to what it refers to");
  if (before.formula.empty() != after.formula.empty()) fail("formula", "a field stays written or computed");
  if (length_of(after) < length_of(before)) fail("max_length", "a text may only become longer");
  const bool longer = after.choices.size() >= before.choices.size() && after.choices.starts_with(before.choices) &&
                      (after.choices.size() == before.choices.size() || after.choices[before.choices.size()] == ',');
  if (!longer && !before.choices.empty())
    fail("choices", "choices stay in their order, and new ones stand behind them");
}

/// Formulas that the change has spoilt; those of the field itself are invalid, those of others stand in the way.
void require_formulas(const CustomFields& own, const CustomField& row) {
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own.fault(i).empty()) continue;
    const bool itself = own.rule(i).name == row.name;
    throw Error(itself ? Code::invalid : Code::state, "custom_field", itself ? "formula" : "retired",
                itself ? own.fault(i) : "the formula of " + own.rule(i).name + " needs it: " + own.fault(i));
  }
}

/// Every formula can be computed for every record.
void require_computable(const Work& work, const CustomFields& own) {
  std::vector<int> formulas;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own.is_formula(i)) formulas.push_back(static_cast<int>(i));
  }
  if (formulas.empty()) return;
  std::vector<int> fields{kIdField};
  own.add_needs(formulas, fields);
  auto rows = raw_scan(work, {.entity = &own.entity(), .fields = fields});
  for (Batch batch; rows->next(batch);) own.expand(batch, formulas);
}

/// What the past says under the name must be readable: a definition that was undone left no value that it could not
/// read.
void require_readable_past(const Work& work, const Entity& entity, const CustomField& row) {
  const Reader system = work.as_system("fields");
  const Entity& history = *work.model().history_of(kField);
  const Batch found = raw_all(
      system,
      {.entity = &history, .where = {equals(history, "entity", entity.name), equals(history, "name", row.name)}});
  std::vector<std::size_t> rows(found.rows());
  for (std::size_t at = 0; at < rows.size(); ++at) rows[at] = at;
  const Batch defined = Recovery::as_current(kField, found, rows);
  const bool same = std::all_of(rows.begin(), rows.end(), [&](std::size_t at) {
    CustomField before;
    load_row(defined, at, &before);
    return before.type == row.type && before.scale == row.scale && before.formula.empty() == row.formula.empty() &&
           (before.choices.empty() || row.choices == before.choices || row.choices.starts_with(before.choices + ","));
  });
  if (same) return;
  const Entity& past = *work.model().history_of(entity);
  auto scan = raw_scan(system, {.entity = &past,
                                .fields = {kIdField, entity.custom()},
                                .where = {{.op = Condition::Op::not_null, .field = entity.custom()}}});
  for (Batch batch; scan->next(batch);) {
    for (std::size_t at = 0; at < batch.rows(); ++at) {
      if (!parse_custom(batch.columns[1].text(at)).contains(row.name)) continue;
      throw Error(Code::state, "custom_field", "name",
                  "'" + row.name + "' was defined otherwise before, and the past of " + row.entity + " " +
                      std::to_string(batch.columns[0].word(at)) + " holds a value of then; take another name");
    }
  }
}

bool keyed(const CustomField& row) {
  return !row.retired && row.formula.empty() && (row.indexed || row.unique || !row.refers_to.empty());
}

}  // namespace

Id define(Work& work, CustomField& field) {
  work.require(Action::administer, kField);
  std::optional<CustomField> before;
  if (field.id && field.revision != 0) before = verb::before_update(work, field);
  CustomField row = field;
  verb::Faults faults(kField);
  row.choices = tidy_choices(row.choices, faults);
  if (row.type == Type::text && (row.indexed || row.unique) && row.max_length == 0 && !before)
    row.max_length = kLongestKey;
  const Entity* entity = owner_of(work, row, faults);
  if (entity != nullptr) check_name(row, *entity, faults);
  if (entity != nullptr && !before)
    check_currency_name(row, *entity, fields(work.as_system("fields"), *entity), faults);
  check_type(work, row, faults);
  check_default(work, row, faults);
  faults.raise();
  if (before) require_same(*before, row);
  if (!before) require_readable_past(work, *entity, row);
  const bool retires = before && row.retired && !before->retired;
  const CustomField wanted = row;
  const auto write = [&] {
    row = wanted;
    before ? work.update(row) : static_cast<void>(work.create(row));
    if (const auto own = custom_of(work, *entity)) require_formulas(*own, row);
  };
  Work::Step step(work);
  work.trusted([&] {
    if (!retires) {
      write();
    } else if (const auto fault = fault_of_change(work, "fields", write)) {  // guards, machines, measures name it
      throw Error(Code::state, "custom_field", "retired",
                  fault->entity + " " + std::to_string(fault->id.value) + " needs it, for without it " +
                      fault->message + "; change that first, or undo what made it");
    }
    const auto own = custom_of(work, *entity);
    if (own != nullptr && !row.formula.empty()) require_computable(work, *own);
    const bool same = before && keyed(*before) == keyed(row) && before->unique == row.unique;
    if (same || (!before && !keyed(row))) return;
    CustomRows rows(work);
    keyed(row) ? rows.rebuild(*own, own->find(row.name)) : rows.forget(*entity, row.name);
  });
  step.keep();
  field = std::move(row);
  return field.id;
}

namespace {

void change(Work& work, CustomField& field) { define(work, field); }

/// The keys that an entity's records should have.
using Keys = std::map<std::tuple<std::string, Cell, std::int64_t>, std::int64_t>;  // rule, value, record: owner

void check_records(const Reader& reader, const CustomFields& own, Keys& keys, std::vector<Finding>& findings) {
  const Entity& entity = own.entity();
  std::vector<int> all, fields{kIdField};
  for (std::size_t i = 0; i < own.size(); ++i) all.push_back(static_cast<int>(i));
  own.add_needs(all, fields);
  auto rows = raw_scan(reader, {.entity = &entity, .fields = fields});
  for (Batch batch; rows->next(batch);) {
    const std::size_t first = batch.columns.size();
    try {
      own.expand(batch, all);
    } catch (const Error& error) {
      findings.push_back({std::string(entity.name), {}, error.field + " " + error.message});
      continue;
    }
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const Id id{batch.columns[0].word(row)};
      for (std::size_t i = 0; i < own.size(); ++i) {
        const Cell cell = batch.columns[first + i].cell(row);
        if (std::holds_alternative<std::monostate>(cell) || own.is_formula(i)) continue;
        const CustomRule& rule = own.rule(i);
        if (const std::string wrong = fault_of(own.field(i), cell); !wrong.empty()) {
          findings.push_back({std::string(entity.name), id, rule.name + " " + wrong});
        }
        const Entity* target = rule.refers_to.empty() ? nullptr : reader.model().find_entity(rule.refers_to);
        const auto* word = std::get_if<std::int64_t>(&cell);
        if (target != nullptr && word != nullptr) {
          const Id referred{*word};
          if (raw_get(reader, *target, {&referred, 1}).rows() == 0) {
            findings.push_back(
                {std::string(entity.name), id,
                 rule.name + " refers to " + rule.refers_to + " " + std::to_string(*word) + ", which does not exist"});
          }
        }
        if (has_keys(rule)) keys.emplace(std::tuple(rule.name, cell, id.value), rule.unique ? 0 : id.value);
      }
    }
  }
}

/// Every value has a definition, though that may be retired.
void check_defined(const Reader& reader, std::vector<Finding>& findings) {
  std::map<std::string, std::set<std::string>, std::less<>> defined;
  for (const CustomField& row : reader.list<CustomField>()) {
    if (row.formula.empty()) defined[row.entity].insert(row.name);
  }
  for (const Entity* entity : reader.model().entities()) {
    if (entity->custom() < 0) continue;
    const std::set<std::string>& names = defined[std::string(entity->name)];
    auto rows = raw_scan(reader, {.entity = entity,
                                  .fields = {kIdField, entity->custom()},
                                  .where = {{.op = Condition::Op::not_null, .field = entity->custom()}}});
    for (Batch batch; rows->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        for (const auto& [name, cell] : parse_custom(batch.columns[1].text(row))) {
          if (names.contains(name)) continue;
          findings.push_back({std::string(entity->name), Id{batch.columns[0].word(row)},
                              "has a value of '" + name + "', which no custom_field defines"});
        }
      }
    }
  }
}

void check(const Reader& reader, std::vector<Finding>& findings) {
  check_defined(reader, findings);
  std::map<std::string, Keys, std::less<>> wanted;
  std::map<std::pair<std::string, std::string>, Id> defined;  // by entity and name
  const auto all = customs_of(reader);
  for (const Entity* entity : reader.model().entities()) {
    const CustomFields* own = all->of(*entity);
    if (own == nullptr || &own->entity() != entity) continue;
    for (std::size_t i = 0; i < own->size(); ++i) {
      defined.emplace(std::pair(std::string(entity->name), own->rule(i).name), own->rule(i).definition);
      if (!own->fault(i).empty()) {
        findings.push_back({"custom_field", own->rule(i).definition, "its formula must compile: " + own->fault(i)});
      }
    }
    check_records(reader, *own, wanted[std::string(entity->name)], findings);
  }
  const std::int64_t last_id = Inside::state(reader).head.last_id;
  auto rows = raw_scan(reader, {.entity = &kKey});
  for (Batch batch; rows->next(batch);) {
    for (std::size_t at = 0; at < batch.rows(); ++at) {
      KeyRow row;
      load_row(batch, at, &row);
      const auto definition = defined.find({row.entity, row.rule});
      const bool given = row.id.value <= last_id && (definition == defined.end() || definition->second < row.id);
      if (!given) findings.push_back({"key", row.id, "its id must be one that works gave after its field was defined"});
      const Cell value = row.text ? Cell(*row.text) : row.word ? Cell(*row.word) : Cell();
      Keys& keys = wanted[row.entity];
      const auto found = keys.find({row.rule, value, row.record.value});
      if (found == keys.end() || found->second != row.owner) {
        findings.push_back(
            {"key", row.id, "must be a value of " + row.entity + " " + std::to_string(row.record.value)});
        continue;
      }
      keys.erase(found);
    }
  }
  for (const auto& [entity, keys] : wanted) {
    for (const auto& [key, owner] : keys) {
      findings.push_back({entity, Id{std::get<2>(key)}, "its " + std::get<0>(key) + " must have a key"});
    }
  }
}

constexpr const Entity* kEntities[] = {&kField, &kKey};
constexpr RecordVerbs kVerbs[] = {
    {.entity = "custom_field",
     .create = verb::create_record<CustomField, define>,
     .update = verb::update_record<CustomField, change>},
};
constexpr Permit kPermits[] = {
    {"custom::define", "custom_field", Action::administer},
    // These ask for the right to the record whose values they are.
    {"custom::set", "custom_field", Action::read},
    {"custom::with", "custom_field", Action::read},
};
constexpr FirstGrant kGrants[] = {
    {"manager", "custom_field", Action::read, Level::all},
    {"seller", "custom_field", Action::read, Level::all},
};

}  // namespace
}  // namespace custom

constinit const Area kCustomArea{.name = "custom",
                                 .entities = custom::kEntities,
                                 .verbs = custom::kVerbs,
                                 .permits = custom::kPermits,
                                 .grants = custom::kGrants,
                                 .check = custom::check};

template <>
const Entity& entity_of<CustomField>() {
  return custom::kField;
}
template <>
const Entity& entity_of<KeyRow>() {
  return custom::kKey;
}

}  // namespace kith
