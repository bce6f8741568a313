// SPDX-License-Identifier: Apache-2.0
// Which way leads where: the machines of a store, and the question of a move.
#include "engine/state_machine.hpp"

#include <algorithm>

#include "engine/add_row.hpp"
#include "engine/pending.hpp"
#include "engine/verbs.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/formula.hpp"

namespace kith {

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::string_view one = text.substr(at, end - at);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    parts.emplace_back(one);
    at = end + 1;
  }
  return parts;
}

Machines::Machines(const Reader& reader) {
  if (reader.model().find_entity("state_machine") != &entity_of<StateMachine>()) return;
  const Batch machines = raw_all(reader, {.entity = &entity_of<StateMachine>(), .order = {{.field = kIdField}}});
  for (std::size_t at = 0; at < machines.rows(); ++at) load_row(machines, at, &rows_.emplace_back().machine);
  const Batch ways = raw_all(reader, {.entity = &entity_of<Transition>(), .order = {{.field = kIdField}}});
  for (std::size_t at = 0; at < ways.rows(); ++at) {
    Transition way;
    load_row(ways, at, &way);
    if (!way.active) continue;
    for (Row& row : rows_) {
      if (row.machine.id == way.machine) row.transitions.push_back(way);
    }
  }
}

const Machines::Row* Machines::find(std::string_view machine) const {
  for (const Row& row : rows_) {
    if (row.machine.name == machine) return &row;
  }
  return nullptr;
}

const Machines::Row* Machines::of(std::string_view entity, std::string_view field) const {
  for (const Row& row : rows_) {
    if (row.machine.entity == entity && row.machine.field == field) return &row;
  }
  return nullptr;
}

std::shared_ptr<const Machines> machines_of(const Reader& reader) {
  return settings_of(reader, &Held::machines, &Session::State::machines);
}

namespace state_machine {
namespace {

const Machines::Row& machine_named(const Machines& all, std::string_view name) {
  if (const Machines::Row* found = all.find(name)) return *found;
  std::vector<std::string_view> known;
  for (const Machines::Row& row : all.rows()) known.push_back(row.machine.name);
  throw Error(Code::invalid, "state_machine", "name",
              "there is no machine '" + std::string(name) + "'." + suggest(name, known));
}

std::vector<std::string> states_of(const Reader& reader, const StateMachine& machine) {
  const Entity& entity = reader.model().entity(machine.entity);
  const auto own = custom_of(reader, entity);
  const Field& field = field_at(entity, own.get(), position_of(entity, own.get(), machine.field));
  if (field.type == Type::choice) return {field.choices.begin(), field.choices.end()};
  // States that are records: by their rank.
  const Entity& rows = reader.model().entity(field.options.refers_to);
  const int name = rows.at(rows.roles.title);
  const Batch all = raw_all(reader, {.entity = &rows, .fields = {name}, .order = {{.field = rows.at("rank")}}});
  std::vector<std::string> names;
  for (std::size_t at = 0; at < all.rows(); ++at) names.emplace_back(all.columns[0].text(at));
  return names;
}

bool among(std::string_view list, std::string_view state) {
  const std::vector<std::string> parts = list_of(list);
  return list == "*" || std::find(parts.begin(), parts.end(), state) != parts.end();
}

/// Whether a transition leads from one state to the other.
bool leads(const Transition& way, std::string_view from, std::string_view to, const std::vector<std::string>& order) {
  if (!among(way.from, from) || !among(way.to, to)) return false;
  if (from == to && (way.from == "*" || way.to == "*")) return false;
  if (way.way == Way::any) return true;
  const auto before = std::find(order.begin(), order.end(), from);
  const auto after = std::find(order.begin(), order.end(), to);
  return way.way == Way::forward ? before < after : after < before;
}

std::string describe(const StateMachine& machine, const Transition& way) {
  return "transition '" + way.name + "' of " + machine.name + " (" + way.from + " to " + way.to +
         (way.way == Way::any       ? ""
          : way.way == Way::forward ? ", forward"
                                    : ", back") +
         ")";
}

/// One row of all fields of the record, with what the store will have of its own. `given`: see CustomRows::to_be.
Batch row_of(const Reader& reader, const Entity& entity, const void* record, std::string_view given = {}) {
  Batch row(entity);
  store_row(record, row);
  if (custom_of(reader, entity) == nullptr) return row;
  const Id id{row.columns[kIdField].word(0)};
  const auto place = static_cast<std::size_t>(entity.custom());
  std::string stored;
  if (id) {
    const Batch found = raw_get(reader, entity, {&id, 1});
    if (found.rows() != 0 && !found.columns[place].is_null(0)) stored = found.columns[place].text(0);
  }
  const std::string own = CustomRows::to_be(reader, entity, id, stored, given);
  if (!own.empty()) row.columns[place].set_last(own);
  return row;
}

/// A row with the columns of the store's own fields.
Batch expanded(const Reader& reader, Batch row) {
  const auto own = custom_of(reader, *row.entity);
  if (own == nullptr) return row;
  std::vector<int> all;
  for (std::size_t i = 0; i < own->size(); ++i) all.push_back(static_cast<int>(i));
  own->expand(row, all);
  return row;
}

bool meets(const Reader& reader, std::string_view guard, const Batch& row) {
  const Expression condition = Expression::compile(guard, scope_of(reader, *row.entity));
  ColumnView view;
  for (const Column& column : row.columns) view.push_back(&column);
  return condition.test(view, 1, lookups_of(reader).get()).front() == Tri::yes;
}

bool filled(const Reader& reader, const Batch& row, std::string_view name) {
  const auto own = custom_of(reader, *row.entity);
  const Column& column = row.column(position_of(*row.entity, own.get(), name));
  return !column.is_null(0) && (!column.is_text() || !verb::is_blank(column.text(0)));
}

/// What stands in the way of one transition: fields that are not filled, a guard that does not hold.
struct Obstacle {
  std::vector<Violation> missing;
  std::string guard;
  bool none() const { return missing.empty() && guard.empty(); }
};

Obstacle obstacle(const Reader& reader, const StateMachine& machine, const Transition& way, const Batch& row,
                  std::string_view reason) {
  Obstacle found;
  for (const std::string& name : list_of(way.needs)) {
    if (name == "reason" ? !verb::is_blank(reason) : filled(reader, row, name)) continue;
    found.missing.push_back({machine.entity, name, "is missing; " + describe(machine, way) + " needs it"});
  }
  if (way.guard && !meets(reader, *way.guard, row)) found.guard = *way.guard;
  return found;
}

[[noreturn]] void no_way(const Machines::Row& row, const Move& move, const std::vector<std::string>& order) {
  std::string known;
  for (const Transition& way : row.transitions) {
    for (const std::string& to : order) {
      if (!leads(way, move.from, to, order)) continue;
      const std::string said = "'" + way.name + "' to '" + to + "'";
      if (known.find(said) == std::string::npos) known += (known.empty() ? "" : ", ") + said;
    }
  }
  const std::string name =
      move.name.empty() ? "no transition of " : "no transition '" + std::string(move.name) + "' of ";
  throw Error(Code::state, row.machine.entity, row.machine.field,
              std::string(move.note) + (move.note.empty() ? "" : "; ") + name + row.machine.name + " leads from '" +
                  std::string(move.from) + "' to '" + std::string(move.to) + "'; from there lead " +
                  (known.empty() ? "none" : known));
}

void require_row(const Reader& reader, const Machines::Row& row, const Move& move, const Batch& record,
                 std::vector<Violation>& missing) {
  const bool asks_order = std::any_of(row.transitions.begin(), row.transitions.end(),
                                      [](const Transition& way) { return way.way != Way::any; });
  std::vector<std::string> order;
  if (move.states != nullptr) {
    order = *move.states;
  } else if (asks_order) {
    order = states_of(reader, row.machine);
  }
  const Transition* closest = nullptr;
  Obstacle nearest;
  for (const Transition& way : row.transitions) {
    if (!move.name.empty() && way.name != move.name) continue;
    if (!leads(way, move.from, move.to, order)) continue;
    Obstacle found = obstacle(reader, row.machine, way, record, move.reason);
    if (found.none()) return;
    if (closest == nullptr || (!nearest.guard.empty() && found.guard.empty())) {
      closest = &way;
      nearest = std::move(found);
    }
  }
  if (closest == nullptr) no_way(row, move, order.empty() ? states_of(reader, row.machine) : order);
  missing.insert(missing.end(), nearest.missing.begin(), nearest.missing.end());
  if (nearest.guard.empty() || !nearest.missing.empty()) return;
  throw Error(
      Code::state, row.machine.entity, row.machine.field,
      describe(row.machine, *closest) + " is for records with: " + nearest.guard + "; this one does not meet that");
}

}  // namespace

std::vector<std::string> states(const Reader& reader, std::string_view machine) {
  return states_of(reader, machine_named(*machines_of(reader), machine).machine);
}

void require(const Reader& reader, const Move& move, const Entity& entity, const void* record,
             std::vector<Violation>& missing) {
  const auto all = machines_of(reader);
  require_row(reader, machine_named(*all, move.machine), move, expanded(reader, row_of(reader, entity, record)),
              missing);
}

bool allows(const Reader& reader, const Move& move, const Entity& entity, const void* record) {
  std::vector<Violation> missing;
  try {
    require(reader, move, entity, record, missing);
  } catch (const Error& error) {
    if (error.code != Code::state) throw;
    return false;
  }
  return missing.empty();
}

bool holds(const Reader& reader, std::string_view guard, const Entity& entity, const void* record,
           std::string_view own) {
  return meets(reader, guard, expanded(reader, row_of(reader, entity, record, own)));
}

Table ways(const Reader& reader, const Entity& entity, Id id) {
  Table table({{.name = "machine"},
               {.name = "transition"},
               {.name = "from"},
               {.name = "to"},
               {.name = "guard"},
               {.name = "needs"},
               {.name = "open", .type = Type::boolean},
               {.name = "why"}});
  const std::unique_ptr<void, void (*)(void*)> record(entity.make(), entity.destroy);
  if (!reader.fetch(entity, id, record.get())) {
    throw Error(Code::not_found, std::string(entity.name), "id",
                "there is no " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" +
                    reader.actor().name + "' may see");
  }
  const Batch row = expanded(reader, row_of(reader, entity, record.get()));
  const auto own = custom_of(reader, entity);
  const auto all = machines_of(reader);
  for (const Machines::Row& one : all->rows()) {
    if (one.machine.entity != entity.name) continue;
    const std::vector<std::string> order = states_of(reader, one.machine);
    const int position = position_of(entity, own.get(), one.machine.field);
    const Column& column = row.column(position);
    if (column.is_null(0)) continue;
    const Field& field = field_at(entity, own.get(), position);
    std::string from;
    if (field.type == Type::choice) {
      from = order.at(static_cast<std::size_t>(column.word(0)) - 1);
    } else {
      const Entity& target = reader.model().entity(field.options.refers_to);
      const Id state{column.word(0)};
      const Batch named = raw_get(reader, target, {&state, 1});
      if (named.rows() != 0) from = named.column(target.at(target.roles.title)).text(0);
    }
    for (const Transition& way : one.transitions) {
      for (const std::string& to : order) {
        if (!leads(way, from, to, order)) continue;
        const Obstacle found = obstacle(reader, one.machine, way, row, {});
        std::string why;
        for (const Violation& violation : found.missing)
          why += (why.empty() ? "" : "; ") + violation.field + " is missing";
        if (!found.guard.empty()) why += (why.empty() ? "" : "; ") + ("needs " + found.guard);
        add_row(table, one.machine.name, way.name, from, to, way.guard ? Value(*way.guard) : Value(),
                way.needs.empty() ? Value() : Value(way.needs), found.none(), why.empty() ? Value() : Value(why));
      }
    }
  }
  return table;
}

}  // namespace state_machine

void require_moves(const Work& work, const CustomFields& own, const Batch& rows, const Batch* stored,
                   std::span<const std::size_t> origin, std::vector<Violation>& violations) {
  const auto all = machines_of(work);
  const Entity& entity = own.entity();
  for (std::size_t i = 0; i < own.size(); ++i) {
    const Machines::Row* row = all->of(entity.name, own.rule(i).name);
    if (row == nullptr || own.rule(i).type != Type::choice) continue;
    for (std::size_t at = 0; at < rows.rows(); ++at) {
      const auto place = static_cast<std::size_t>(entity.custom());
      const auto state_in = [&](const Batch& batch, std::size_t where) {
        const Column& texts = batch.columns[place];
        const CustomCells cells = parse_custom(texts.is_null(where) ? std::string_view() : texts.text(where));
        const auto found = cells.find(own.rule(i).name);
        const auto* number = found == cells.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
        return number == nullptr ? std::string() : own.rule(i).choices[static_cast<std::size_t>(*number) - 1];
      };
      const std::string to = state_in(rows, at);
      const std::string from = stored == nullptr ? std::string() : state_in(*stored, origin[at]);
      if (from == to) continue;
      if (from.empty()) {
        if (row->machine.initial.empty() || state_machine::among(row->machine.initial, to)) continue;
        violations.push_back(
            {std::string(entity.name), own.rule(i).name,
             "of " + row->machine.name + " begins with " + row->machine.initial + ", not with '" + to + "'"});
        continue;
      }
      if (to.empty()) {
        throw Error(
            Code::state, std::string(entity.name), own.rule(i).name,
            "of " + row->machine.name + " is '" + from + "' and cannot be taken away; no transition leads out of it");
      }
      Batch one(entity);
      one.append_row(rows, at);
      state_machine::require_row(work, *row, {.machine = row->machine.name, .name = {}, .from = from, .to = to},
                                 state_machine::expanded(work, std::move(one)), violations);
    }
  }
}

}  // namespace kith
