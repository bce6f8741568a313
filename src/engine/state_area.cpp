// SPDX-License-Identifier: Apache-2.0
// Defining machines and transitions, and those that a store starts with.
#include <algorithm>

#include "engine/remove_setting.hpp"
#include "engine/state_machine.hpp"
#include "engine/verbs.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/formula.hpp"

namespace kith {
namespace state_machine {
namespace {

constexpr auto kMachineFields =
    field_table<StateMachine>(field<&StateMachine::name>("name", {.required = true, .max_length = 60}),
                              field<&StateMachine::entity>("entity", {.required = true, .max_length = 60}),
                              field<&StateMachine::field>("field", {.required = true, .max_length = 60}),
                              field<&StateMachine::initial>("initial", {.max_length = 1000}),
                              field<&StateMachine::meaning>("meaning", {.max_length = 1000}),
                              field<&StateMachine::built_in>("built_in", {.kept = true}));
constexpr UniqueKey kMachineUnique[] = {{{"name"}}, {{"entity", "field"}}};

constexpr auto kTransitionFields = field_table<Transition>(
    field<&Transition::machine>("machine", {.required = true, .refers_to = "state_machine"}),
    field<&Transition::name>("name", {.required = true, .max_length = 60}),
    field<&Transition::from>("from", {.required = true, .max_length = 1000}),
    field<&Transition::to>("to", {.required = true, .max_length = 1000}), field<&Transition::way>("way"),
    field<&Transition::guard>("guard", {.max_length = 2000}), field<&Transition::needs>("needs", {.max_length = 1000}),
    field<&Transition::active>("active"));

constexpr Entity kMachine = make_entity<StateMachine>({.name = "state_machine",
                                                       .plural = "state_machines",
                                                       .fields = kMachineFields,
                                                       .unique = kMachineUnique,
                                                       .roles = {.title = "name", .access = true}});
constexpr Entity kTransition = make_entity<Transition>({.name = "transition",
                                                        .plural = "transitions",
                                                        .fields = kTransitionFields,
                                                        .roles = {.title = "name", .access = true}});

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

/// Every part of a list is one of the names that are known.
void check_list(const std::string& list, const std::vector<std::string>& known, std::string_view field,
                verb::Faults& faults) {
  for (const std::string& name : list_of(list)) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    faults.add(field, "'" + name + "' is no state of the machine." + suggest(name, views(known)));
  }
}

std::vector<std::string> choices_of(const Work& work, const StateMachine& row, verb::Faults& faults) {
  const Entity* entity = work.model().find_entity(row.entity);
  const auto own = entity == nullptr ? nullptr : custom_of(work, *entity);
  const int index = own == nullptr ? -1 : own->find(row.field);
  if (index < 0 || own->rule(static_cast<std::size_t>(index)).type != Type::choice) {
    faults.add("field", "'" + row.field + "' is no choice of the store's own on " + row.entity +
                            "; define one first, as a custom_field");
    return {};
  }
  return own->rule(static_cast<std::size_t>(index)).choices;
}

}  // namespace

Id define(Work& work, StateMachine& machine) {
  work.require(Action::administer, kMachine);
  std::optional<StateMachine> before;
  if (machine.id && machine.revision != 0) before = verb::before_update(work, machine);
  if (before && (before->entity != machine.entity || before->field != machine.field)) {
    throw Error(Code::state, "state_machine", "field", "a machine stays with its field; define another one");
  }
  if (before && before->built_in && (before->name != machine.name || before->initial != machine.initial)) {
    throw Error(Code::state, "state_machine", "name",
                "'" + before->name + "' is run by its verbs; change its transitions");
  }
  if (!before || !before->built_in) {
    verb::Faults faults(kMachine);
    check_list(machine.initial, choices_of(work, machine, faults), "initial", faults);
    faults.raise();
  }
  StateMachine row = machine;
  row.built_in = before && before->built_in;
  work.trusted([&] { before ? work.update(row) : static_cast<void>(work.create(row)); });
  machine = std::move(row);
  return machine.id;
}

namespace {

void check_names(const Work& work, const Transition& row, const StateMachine& machine, verb::Faults& faults) {
  if (!machine.built_in) return;
  std::vector<std::string_view> known;
  for (const Area* area : work.model().areas()) {
    for (const FirstMachine& first : area->machines) {
      for (const FirstTransition& way : first.transitions) {
        if (first.name == machine.name) known.push_back(way.name);
      }
    }
  }
  if (std::find(known.begin(), known.end(), row.name) == known.end()) {
    faults.add("name", "'" + row.name + "' is no verb of " + machine.name + "." + suggest(row.name, known));
  }
}

void check_needs(const Work& work, const Transition& row, const StateMachine& machine, verb::Faults& faults) {
  const Entity& entity = work.model().entity(machine.entity);
  const auto own = custom_of(work, entity);
  for (const std::string& name : list_of(row.needs)) {
    if (name == "reason" && machine.built_in) continue;
    try {
      static_cast<void>(position_of(entity, own.get(), name));
    } catch (const Error& error) {
      faults.add("needs", "'" + name + "': " + error.message);
    }
  }
  if (!row.guard) return;
  const Scope scope = scope_of(work, entity);
  if (const auto fault = Expression::fault(*row.guard, scope)) {
    faults.add("guard", fault->english);
  } else if (Expression::compile(*row.guard, scope).type() != Type::boolean) {
    faults.add("guard", "says neither yes nor no; write a condition such as name is not null");
  }
}

}  // namespace

Id configure(Work& work, Transition& transition) {
  work.require(Action::administer, kMachine);
  std::optional<Transition> before;
  if (transition.id && transition.revision != 0) {
    before = work.get<Transition>(transition.id);
    if (before->machine != transition.machine) {
      throw Error(Code::state, "transition", "machine", "a transition stays in its machine; add one to the other");
    }
  }
  const auto machine = work.as_system("state machine").find<StateMachine>(transition.machine);
  verb::Faults faults(kTransition);
  if (!machine) {
    faults.add("machine", "there is no state_machine " + std::to_string(transition.machine.value));
    faults.raise();
  }
  const std::vector<std::string> known = states(work, machine->name);
  if (transition.from != "*") check_list(transition.from, known, "from", faults);
  if (transition.to != "*") check_list(transition.to, known, "to", faults);
  check_names(work, transition, *machine, faults);
  check_needs(work, transition, *machine, faults);
  faults.raise();
  Transition row = transition;
  work.trusted([&] { before ? work.update(row) : static_cast<void>(work.create(row)); });
  transition = std::move(row);
  return transition.id;
}

namespace {

void change_machine(Work& work, StateMachine& machine) { define(work, machine); }
void change_transition(Work& work, Transition& transition) { configure(work, transition); }

void require_own(const Reader& reader, Id machine) {
  const auto row = reader.find<StateMachine>(machine);
  if (!row || !row->built_in) return;
  throw Error(Code::state, "state_machine", "id",
              "'" + row->name + "' belongs to Kith and stays, as its ways do; close a way with active = false");
}

void remove_transition(Work& work, Id id, std::int64_t revision) {
  require_own(work, work.get<Transition>(id).machine);
  verb::remove_setting<Transition, StateMachine>(work, id, revision);
}

/// With its ways.
void remove_machine(Work& work, Id id, std::int64_t revision) {
  require_own(work, id);
  verb::remove_setting(work, kMachine, kMachine, [&] {
    for (const Transition& way : work.list<Transition>({.conditions = {equals(kTransition, "machine", id)}})) {
      work.remove<Transition>(way.id, way.revision);
    }
    work.remove<StateMachine>(id, revision);
  });
}

void found(Work& work) {
  for (const Area* area : work.model().areas()) {
    for (const FirstMachine& first : area->machines) {
      StateMachine machine;
      machine.name = first.name;
      machine.entity = first.entity;
      machine.field = first.field;
      machine.meaning = first.meaning;
      machine.built_in = true;
      work.create(machine);
      for (const FirstTransition& way : first.transitions) {
        Transition row;
        row.machine = machine.id;
        row.name = way.name;
        row.from = way.from;
        row.to = way.to;
        row.way = way.way;
        row.needs = way.needs;
        work.create(row);
      }
    }
  }
}

/// Fields of the store's own that machines ask for are there.
void check(const Reader& reader, std::vector<Finding>& findings) {
  const auto all = machines_of(reader);
  for (const Machines::Row& row : all->rows()) {
    const Entity* entity = reader.model().find_entity(row.machine.entity);
    if (entity == nullptr) continue;  // an area that this library does not carry
    const auto own = custom_of(reader, *entity);
    const auto known = [&](const std::string& name) {
      return entity->find(name) >= 0 || (own != nullptr && own->find(name) >= 0);
    };
    if (!known(row.machine.field)) {
      findings.push_back({"state_machine", row.machine.id,
                          "'" + row.machine.name + "' leads through " + row.machine.field + ", which is no field of " +
                              row.machine.entity});
    }
    for (const Transition& way : row.transitions) {
      for (const std::string& name : list_of(way.needs)) {
        if (known(name) || (name == "reason" && row.machine.built_in)) continue;
        findings.push_back({"transition", way.id,
                            "'" + way.name + "' of " + row.machine.name + " needs " + name + ", which is no field of " +
                                row.machine.entity});
      }
      if (!way.guard) continue;
      if (const auto fault = Expression::fault(*way.guard, scope_of(reader, *entity))) {
        findings.push_back(
            {"transition", way.id,
             "the guard of '" + way.name + "' of " + row.machine.name + " must compile: " + fault->english});
      }
    }
  }
}

constexpr const Entity* kEntities[] = {&kMachine, &kTransition};
constexpr RecordVerbs kVerbs[] = {
    {.entity = "state_machine",
     .create = verb::create_record<StateMachine, define>,
     .update = verb::update_record<StateMachine, change_machine>,
     .remove = remove_machine},
    {.entity = "transition",
     .create = verb::create_record<Transition, configure>,
     .update = verb::update_record<Transition, change_transition>,
     .remove = remove_transition},
};
constexpr Permit kPermits[] = {
    {"state_machine::define", "state_machine", Action::administer},
    {"state_machine::configure", "state_machine", Action::administer},
};
constexpr FirstGrant kGrants[] = {
    {"manager", "state_machine", Action::read, Level::all},
    {"manager", "transition", Action::read, Level::all},
    {"seller", "state_machine", Action::read, Level::all},
    {"seller", "transition", Action::read, Level::all},
};

}  // namespace
}  // namespace state_machine

constinit const Area kStateArea{.name = "state_machine",
                                .entities = state_machine::kEntities,
                                .verbs = state_machine::kVerbs,
                                .permits = state_machine::kPermits,
                                .grants = state_machine::kGrants,
                                .found = state_machine::found,
                                .check = state_machine::check};

template <>
const Entity& entity_of<StateMachine>() {
  return state_machine::kMachine;
}
template <>
const Entity& entity_of<Transition>() {
  return state_machine::kTransition;
}

}  // namespace kith
