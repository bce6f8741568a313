// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// State machines as data. A machine governs one field of an entity: its transitions say from which state to which a
/// record may go, what must hold for it (a guard) and what must be filled in. Nothing else leads anywhere, and a
/// refusal names the transition that stands in the way.
///
/// The life cycles of deals ("opportunity") and customers ("lifecycle") are machines that a store starts with: their
/// transitions carry the names of the verbs that make them, and a store may guard them, ask for more fields, close them
/// or add ways between their states. A machine over a choice field of the store's own (engine/custom.hpp) is wholly its
/// own, and is asked whenever that field is written.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// What governs a field.
struct StateMachine {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};     ///< unique
  std::string entity = {};   ///< "customer"; stays
  std::string field = {};    ///< whose values are the states; one machine a field; stays
  std::string initial = {};  ///< states that a new record may have, separated by commas; "": any, or none yet
  std::string meaning = {};  ///< for people
  bool built_in = false;     ///< an area's: its verbs make the moves
};
template <>
const Entity& entity_of<StateMachine>();

/// A way from one state to another.
struct Transition {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id machine = {};
  std::string name = {};  ///< "win"; of a built-in machine one of its verbs
  std::string from = {};  ///< states, separated by commas; "*": all but the one it leads to
  std::string to = {};
  Way way = Way::any;                     ///< which must be the later in the order of states
  std::optional<std::string> guard = {};  ///< an expression over the record as it will be; it must hold
  std::string needs = {};                 ///< fields that must be filled, separated by commas; "reason": the verb's
  bool active = true;                     ///< false: closed
};
template <>
const Entity& entity_of<Transition>();

namespace state_machine {

/// Adds a machine over a choice field of the store's own, or changes one that was read (name, initial, meaning). Needs
/// administer on state_machine. Errors: invalid (no such field, unknown states), conflict (the field has one, the name
/// is taken, stale), state (what must stay, or is an area's, was changed).
Id define(Work& work, StateMachine& machine);
/// Adds a transition, or changes one that was read. Needs administer on state_machine. Errors: invalid, all at once (an
/// unknown state or field, a guard that does not compile; of a built-in machine a name that is none of its verbs),
/// conflict (stale), state (another machine).
Id configure(Work& work, Transition& transition);

/// The states of a machine in their order. Error{invalid} for an unknown machine.
std::vector<std::string> states(const Reader& reader, std::string_view machine);
/// The ways that lead on from where a record is: machine, transition, from, to, guard, needs, open (may be taken now,
/// as the record is) and why not. Errors: not_found.
Table ways(const Reader& reader, const Entity& entity, Id id);

/// A move that a verb is about to make.
struct Move {
  std::string_view machine;
  std::string_view name;  ///< the transition's; "": any
  std::string_view from;
  std::string_view to;
  std::string_view reason = {};                      ///< what was given as such
  std::string_view note = {};                        ///< what a refusal says first: "the deal is won since 2026-02-01"
  const std::vector<std::string>* states = nullptr;  ///< in their order, where the verb has them at hand
};

/// Throws unless a transition leads there; `record` is a struct of the entity as it will be, and it is looked at with
/// what the store will have of its own fields. What must be filled and is not is added to `missing` instead, so that a
/// verb tells it with its other faults. Errors: state (no way leads there, or a guard does not hold; both name the
/// transition).
void require(const Reader& reader, const Move& move, const Entity& entity, const void* record,
             std::vector<Violation>& missing);
template <class T>
void require(const Reader& reader, const Move& move, const T& record, std::vector<Violation>& missing) {
  require(reader, move, entity_of<T>(), &record, missing);
}
/// Whether `require` would find nothing wrong.
bool allows(const Reader& reader, const Move& move, const Entity& entity, const void* record);

/// True when a guard holds for a record: a struct of the entity as it will be. Of the store's own fields counts what a
/// verb is given for it (custom::with), else what is stored; in a batch what its row says in `own`.
bool holds(const Reader& reader, std::string_view guard, const Entity& entity, const void* record,
           std::string_view own = {});

}  // namespace state_machine

/// Registers state_machine and transition.
extern const Area kStateArea;

}  // namespace kith
