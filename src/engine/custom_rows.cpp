// SPDX-License-Identifier: Apache-2.0
// What a Work does with the store's own fields of the rows it writes: values, rules, keys.
#include <algorithm>
#include <map>

#include "engine/custom.hpp"
#include "engine/pending.hpp"
#include "engine/state_machine.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

constexpr std::size_t kFew = 500;  // ids or values of one query

std::string_view text_at(const Batch& batch, std::size_t row) {
  const Column& column = batch.columns[static_cast<std::size_t>(batch.entity->custom())];
  return column.is_null(row) ? std::string_view() : column.text(row);
}

std::int64_t id_at(const Batch& batch, std::size_t row) { return batch.columns[kIdField].word(row); }

Cell cell_in(const CustomCells& cells, const std::string& name) {
  const auto found = cells.find(name);
  return found == cells.end() ? Cell() : found->second;
}

bool is_null(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

std::string shown(const Cell& cell, const Field& field, Currency base) {
  const Value value = to_value(cell, field, base);
  return "'" + to_string(value) + "'";
}

Condition compare(std::string_view field, Condition::Op op, std::vector<Cell> operands) {
  return {.op = op, .field = entity_of<KeyRow>().at(field), .operands = std::move(operands), .terms = {}};
}

}  // namespace

/// A value of one record that comes, goes or is replaced.
struct CustomRows::Change {
  int index = 0;
  Id record;
  Cell before;
  Cell after;
};

bool has_keys(const CustomRule& rule) {
  return rule.formula.empty() && (rule.indexed || rule.unique || !rule.refers_to.empty());
}

void CustomRows::begin(custom::Carry& carry) { work_.state_->held->carries.push_back(&carry); }

void CustomRows::end(custom::Carry& carry) { std::erase(work_.state_->held->carries, &carry); }

custom::Carry* CustomRows::carry_for(const Entity& entity, const Batch& rows, bool update) const {
  if (rows.rows() != 1) return nullptr;
  for (custom::Carry* carry : work_.state_->held->carries) {
    const bool meant = update ? carry->id_.value == id_at(rows, 0) : !carry->id_;
    if (!carry->used_ && &carry->entity_ == &entity && meant) return carry;
  }
  return nullptr;
}

namespace {

/// What a row shall hold, before rules are asked.
CustomCells wanted_cells(const CustomFields* own, std::string_view given, const CustomCells& before,
                         const CustomCells* carried, bool fresh) {
  CustomCells cells = given.empty() ? before : given == "{}" ? CustomCells() : parse_custom(given);
  if (carried != nullptr) {
    for (const auto& [name, cell] : *carried) cells[name] = cell;
  }
  for (std::size_t i = 0; own != nullptr && fresh && i < own->size(); ++i) {
    if (!is_null(own->rule(i).initial)) cells.try_emplace(own->rule(i).name, own->rule(i).initial);
  }
  std::erase_if(cells, [](const auto& entry) { return is_null(entry.second); });
  return cells;
}

void check_cells(const Entity& entity, const CustomFields* own, const CustomCells& cells, const CustomCells& before,
                 std::vector<Violation>& violations) {
  const auto fault = [&](const std::string& field, std::string message) {
    violations.push_back({std::string(entity.name), field, std::move(message)});
  };
  for (const auto& [name, cell] : cells) {
    const int index = own == nullptr ? -1 : own->find(name);
    if (index < 0) {  // what a retired field left stays as it is
      if (cell_in(before, name) != cell) fault(name, "there is no field of this name");
    } else if (own->is_formula(static_cast<std::size_t>(index))) {
      fault(name, "is computed; leave it out");
    } else if (std::string wrong = fault_of(own->field(static_cast<std::size_t>(index)), cell); !wrong.empty()) {
      fault(name, std::move(wrong));
    }
  }
  for (std::size_t i = 0; own != nullptr && i < own->size(); ++i) {
    if (own->rule(i).required && is_null(cell_in(cells, own->rule(i).name))) {
      fault(own->rule(i).name, "is missing; give one");
    }
  }
}

}  // namespace

void CustomRows::take(const Entity& entity, Batch& rows, const Batch* stored, std::span<const std::size_t> origin,
                      std::vector<Violation>& violations) {
  if (entity.custom() < 0) return;
  const auto place = static_cast<std::size_t>(entity.custom());
  const auto own = custom_of(work_, entity);
  custom::Carry* carry = carry_for(entity, rows, stored != nullptr);
  const bool given = rows.columns[place].null_count() != rows.rows();
  const bool kept = stored != nullptr && stored->columns[place].null_count() != stored->rows();
  if (own == nullptr && carry == nullptr && !given && !kept) return;
  Column column(true);
  std::vector<std::pair<int, Id>> references;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::string_view old = stored == nullptr ? std::string_view() : text_at(*stored, origin[row]);
    if (stored != nullptr && carry == nullptr && text_at(rows, row).empty()) {
      old.empty() ? column.append_null() : column.append(old);
      continue;
    }
    const CustomCells before = parse_custom(old);
    CustomCells cells;
    try {
      cells = wanted_cells(own.get(), text_at(rows, row), before, carry == nullptr ? nullptr : &carry->cells_,
                           stored == nullptr);
    } catch (const Error& error) {
      violations.push_back({std::string(entity.name), std::string(kCustomColumn), error.message});
    }
    if (stored == nullptr || cells != before) check_cells(entity, own.get(), cells, before, violations);
    for (std::size_t i = 0; own != nullptr && i < own->size(); ++i) {
      const Cell cell = cell_in(cells, own->rule(i).name);
      const auto* id = own->rule(i).refers_to.empty() ? nullptr : std::get_if<std::int64_t>(&cell);
      if (id != nullptr && cell_in(before, own->rule(i).name) != cell)
        references.push_back({static_cast<int>(i), {*id}});
    }
    const std::string text = to_text(cells);
    text.empty() ? column.append_null() : column.append(std::string_view(text));
  }
  rows.columns[place] = std::move(column);
  if (carry != nullptr) {
    carry->used_ = true;
    carry->stored_ = text_at(rows, 0);
  }
  if (own == nullptr) return;
  check_references(*own, references, violations);
  if (!violations.empty()) return;
  require_moves(work_, *own, rows, stored, origin, violations);
  try {  // a formula that cannot be computed would spoil every list
    std::vector<int> formulas;
    for (std::size_t i = 0; i < own->size(); ++i) {
      if (own->is_formula(i)) formulas.push_back(static_cast<int>(i));
    }
    if (formulas.empty()) return;
    Batch computed = rows;
    own->expand(computed, formulas);
  } catch (const Error& error) {
    violations.push_back({error.entity, error.field, error.message});
  }
}

void CustomRows::check_references(const CustomFields& own, const std::vector<std::pair<int, Id>>& asked,
                                  std::vector<Violation>& violations) const {
  std::map<int, std::vector<Id>> by_field;
  for (const auto& [index, id] : asked) by_field[index].push_back(id);
  for (const auto& [index, ids] : by_field) {
    const CustomRule& rule = own.rule(static_cast<std::size_t>(index));
    const Entity* target = work_.model().find_entity(rule.refers_to);
    if (target == nullptr) continue;
    std::unordered_set<std::int64_t> found;
    if (work_.state_->trust > 0) {
      const Batch there = raw_get(work_, *target, ids);
      for (std::size_t row = 0; row < there.rows(); ++row) found.insert(id_at(there, row));
    } else {
      found = allowed(work_, *target, Action::read, ids);
    }
    for (const Id id : ids) {
      if (found.contains(id.value)) continue;
      violations.push_back({std::string(own.entity().name), rule.name,
                            "refers to " + std::string(target->name) + " " + std::to_string(id.value) +
                                ", which does not exist or may not be seen by '" + work_.actor().name + "'"});
    }
  }
}

std::string CustomRows::to_be(const Reader& reader, const Entity& entity, Id id, std::string_view stored,
                              std::string_view given) {
  const auto own = custom_of(reader, entity);
  const CustomCells* carried = nullptr;
  for (const custom::Carry* carry : Inside::state(reader).held->carries) {
    const bool meant = !carry->used_ && &carry->entity_ == &entity && carry->id_ == id;
    if (meant && carried == nullptr) carried = &carry->cells_;
  }
  try {
    return to_text(wanted_cells(own.get(), given, parse_custom(stored), carried, !id));
  } catch (const Error&) {
    return std::string(stored);  // told with the other faults when the row is written
  }
}

std::vector<CustomRows::Change> CustomRows::changes_of(const CustomFields& own, const Batch* before,
                                                       const Batch* after) const {
  std::vector<int> kept;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (has_keys(own.rule(i))) kept.push_back(static_cast<int>(i));
  }
  std::vector<Change> changes;
  const Batch& rows = after != nullptr ? *after : *before;
  for (std::size_t row = 0; !kept.empty() && row < rows.rows(); ++row) {
    const std::string_view was = before == nullptr ? std::string_view() : text_at(*before, row);
    const std::string_view is = after == nullptr ? std::string_view() : text_at(*after, row);
    if (was == is) continue;
    const CustomCells old = parse_custom(was);
    const CustomCells now = parse_custom(is);
    for (const int index : kept) {
      const std::string& name = own.rule(static_cast<std::size_t>(index)).name;
      Change change{index, {id_at(rows, row)}, cell_in(old, name), cell_in(now, name)};
      if (change.before != change.after) changes.push_back(std::move(change));
    }
  }
  return changes;
}

void CustomRows::require_unique(const Entity& entity, const Batch& after, const Batch* before) {
  const auto own = custom_of(work_, entity);
  if (own == nullptr) return;
  const std::vector<Change> all = changes_of(*own, before, &after);
  for (std::size_t i = 0; i < own->size(); ++i) {
    if (!own->rule(i).unique) continue;
    std::vector<Change> some;
    for (const Change& change : all) {
      if (change.index == static_cast<int>(i)) some.push_back(change);
    }
    require_unique(*own, static_cast<int>(i), some);
  }
}

void CustomRows::require_unique(const CustomFields& own, int index, const std::vector<Change>& changes) const {
  const CustomRule& rule = own.rule(static_cast<std::size_t>(index));
  const Field& field = own.field(static_cast<std::size_t>(index));
  const std::string_view kind = is_text(rule.type) ? "text" : "word";
  const auto fail = [&](const Cell& value, Id holder) {
    const bool seen = work_.state_->trust > 0 || work_.may(Action::read, own.entity(), holder);
    throw Error(Code::conflict, std::string(own.entity().name), rule.name,
                shown(value, field, work_.currency()) + " is that of " +
                    (seen ? std::string(own.entity().name) + " " + std::to_string(holder.value)
                          : "another " + std::string(own.entity().name)) +
                    " already; it must be unique, so change one of the two");
  };
  std::map<Cell, Id> wanted;
  std::unordered_set<std::int64_t> moving;  // records that give up the value they had
  std::vector<Cell> values;
  for (const Change& change : changes) {
    if (!is_null(change.before)) moving.insert(change.record.value);
    if (is_null(change.after)) continue;
    if (const auto [place, added] = wanted.emplace(change.after, change.record); !added)
      fail(change.after, place->second);
    values.push_back(change.after);
  }
  for (std::size_t at = 0; at < values.size(); at += kFew) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = values.begin() + static_cast<std::ptrdiff_t>(std::min(values.size(), at + kFew));
    const Entity& keys = entity_of<KeyRow>();
    const Batch taken = raw_all(
        work_, {.entity = &keys,
                .fields = {keys.at("record"), keys.at(kind)},
                .where = {equals(keys, "entity", own.entity().name), equals(keys, "rule", rule.name),
                          equals(keys, "owner", std::int64_t{0}), compare(kind, Condition::Op::in, {first, last})}});
    for (std::size_t row = 0; row < taken.rows(); ++row) {
      const Id holder{taken.columns[0].word(row)};
      if (!moving.contains(holder.value)) fail(taken.columns[1].cell(row), holder);
    }
  }
}

void CustomRows::erase_keys(std::vector<Condition> where) {
  const Entity& keys = entity_of<KeyRow>();
  const Batch found = raw_all(work_, {.entity = &keys, .fields = {kIdField}, .where = std::move(where)});
  std::vector<Id> ids;
  for (std::size_t row = 0; row < found.rows(); ++row) ids.push_back({found.columns[0].word(row)});
  if (!ids.empty()) work_.state_->live().erase(keys, ids);
}

void CustomRows::remove_keys(const Entity& entity, const std::vector<Change>& changes) {
  struct Gone {
    std::vector<Cell> records;
    std::vector<Cell> values;  // theirs: keys are found by value
  };
  std::map<int, std::vector<Gone>> by_field;
  for (const Change& change : changes) {
    if (is_null(change.before)) continue;
    std::vector<Gone>& some = by_field[change.index];
    if (some.empty() || some.back().records.size() == kFew) some.emplace_back();
    some.back().records.emplace_back(change.record.value);
    some.back().values.push_back(change.before);
  }
  const auto own = custom_of(work_, entity);
  for (auto& [index, all] : by_field) {
    const CustomRule& rule = own->rule(static_cast<std::size_t>(index));
    for (Gone& some : all) {
      erase_keys({equals(entity_of<KeyRow>(), "entity", entity.name), equals(entity_of<KeyRow>(), "rule", rule.name),
                  compare(is_text(rule.type) ? "text" : "word", Condition::Op::in, std::move(some.values)),
                  compare("record", Condition::Op::in, std::move(some.records))});
    }
  }
}

void CustomRows::add_keys(const CustomFields& own, const std::vector<Change>& changes) {
  const Entity& keys = entity_of<KeyRow>();
  Batch rows(keys);
  for (const Change& change : changes) {
    if (is_null(change.after)) continue;
    const CustomRule& rule = own.rule(static_cast<std::size_t>(change.index));
    KeyRow row;
    row.entity = own.entity().name;
    row.rule = rule.name;
    if (const auto* text = std::get_if<std::string>(&change.after)) {
      row.text = *text;
    } else {
      row.word = std::get<std::int64_t>(change.after);
    }
    row.owner = rule.unique ? 0 : change.record.value;
    row.record = change.record;
    store_row(&row, rows);
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) work_.fill_new_row(keys, rows, row);
  if (rows.rows() != 0) work_.state_->live().insert(keys, rows);
}

void CustomRows::index(const Entity& entity, const Batch* before, const Batch* after) {
  const auto own = custom_of(work_, entity);
  if (own == nullptr) return;
  const std::vector<Change> changes = changes_of(*own, before, after);
  remove_keys(entity, changes);
  add_keys(*own, changes);
}

void CustomRows::forget(const Entity& entity, std::string_view rule) {
  erase_keys({equals(entity_of<KeyRow>(), "entity", entity.name), equals(entity_of<KeyRow>(), "rule", rule)});
}

void CustomRows::rebuild(const CustomFields& own, int index) {
  const Entity& entity = own.entity();
  const CustomRule& rule = own.rule(static_cast<std::size_t>(index));
  forget(entity, rule.name);
  if (!has_keys(rule)) return;
  auto rows = raw_scan(work_, {.entity = &entity,
                               .fields = {kIdField, entity.custom()},
                               .where = {{.op = Condition::Op::not_null, .field = entity.custom()}},
                               .order = {{.field = kIdField}}});
  std::vector<Change> changes;
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const Cell cell = cell_in(parse_custom(batch.columns[1].text(row)), rule.name);
      if (!is_null(cell)) changes.push_back({index, {batch.columns[0].word(row)}, {}, cell});
    }
  }
  rows.reset();
  if (rule.unique) require_unique(own, index, changes);
  add_keys(own, changes);
}

std::optional<std::vector<Id>> records_by_key(const Reader& reader, const CustomFields& own, int index,
                                              const Condition& condition, std::size_t most) {
  using Op = Condition::Op;
  const CustomRule& rule = own.rule(static_cast<std::size_t>(index));
  const bool says = condition.op == Op::eq || condition.op == Op::in || condition.op == Op::between ||
                    (condition.op >= Op::lt && condition.op <= Op::ge);
  if (!has_keys(rule) || !says) return std::nullopt;
  const Entity& keys = entity_of<KeyRow>();
  Condition same = condition;
  same.field = keys.at(is_text(rule.type) ? "text" : "word");
  const Batch found = raw_all(
      reader, {.entity = &keys,
               .fields = {keys.at("record")},
               .where = {equals(keys, "entity", own.entity().name), equals(keys, "rule", rule.name), std::move(same)},
               .limit = static_cast<std::int64_t>(most) + 1});
  if (found.rows() > most) return std::nullopt;
  std::vector<Id> ids;
  for (std::size_t row = 0; row < found.rows(); ++row) ids.push_back({found.columns[0].word(row)});
  return ids;
}

}  // namespace kith
