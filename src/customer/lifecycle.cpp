// SPDX-License-Identifier: Apache-2.0
#include "kith/customer/lifecycle.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/quote.hpp"
#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "kith/engine/state_machine.hpp"

namespace kith {
namespace customer {
namespace {

constexpr auto kLifecycleStageFields = field_table<LifecycleStage>(
    field<&LifecycleStage::name>("name", {.required = true, .max_length = 100}), field<&LifecycleStage::rank>("rank"));

constexpr auto kCustomerStageFields = field_table<CustomerStage>(
    field<&CustomerStage::customer>("customer", {.required = true, .refers_to = "customer"}),
    field<&CustomerStage::stage>("stage", {.required = true, .refers_to = "lifecycle_stage"}),
    field<&CustomerStage::from>("from"), field<&CustomerStage::to>("to"), field<&CustomerStage::cause>("cause"),
    field<&CustomerStage::reason>("reason", {.max_length = 1000}));

constexpr UniqueKey kLifecycleStageKeys[] = {{{"name"}}, {{"rank"}}};

}  // namespace

constexpr Entity kLifecycleStage = make_entity<LifecycleStage>({.name = "lifecycle_stage",
                                                                .plural = "lifecycle_stages",
                                                                .fields = kLifecycleStageFields,
                                                                .unique = kLifecycleStageKeys,
                                                                .roles = {.title = "name"}});
constexpr Entity kCustomerStage = make_entity<CustomerStage>({.name = "customer_stage",
                                                              .plural = "customer_stages",
                                                              .fields = kCustomerStageFields,
                                                              .roles = {.parent = "customer"}});

namespace {

const LifecycleStage* by_id(const std::vector<LifecycleStage>& stages, std::optional<Id> id) {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const auto& stage) { return id == stage.id; });
  return found == stages.end() ? nullptr : &*found;
}

const LifecycleStage* by_name(const std::vector<LifecycleStage>& stages, std::string_view name) {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const auto& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

// The highest-ranked stage is a fact about the past, so the order of stages that customers have entered stands.
void require_same_order(const Work& work, const LifecycleStage& before, const LifecycleStage& after) {
  const auto [low, high] = std::minmax(before.rank, after.rank);
  const Reader all = work.as_system("order of stages");
  Query entered;
  entered.conditions = {equals(kCustomerStage, "stage", before.id)};
  entered.limit = 1;
  for (const LifecycleStage& other : lifecycle(all)) {
    if (other.rank <= low || other.rank >= high) continue;  // a rank that is taken is a conflict, told by the key
    if (all.list<CustomerStage>(entered).empty()) return;
    throw Error(Code::state, "lifecycle_stage", "rank",
                "customers have been in '" + before.name + "', and moving it past '" + other.name +
                    "' would change how far they came; add a new stage instead");
  }
}

// A customer's place in the life cycle and where it is to go.
struct Move {
  Customer customer;
  CustomerStage stay;  // ends with the move
  std::vector<LifecycleStage> stages;
  std::vector<std::string> names;  // of the stages, in their order
  const LifecycleStage* from = nullptr;
  const LifecycleStage* to = nullptr;
  Timestamp at;
};

// What is known of the move; `from` or `to` is null where the stage is not.
Move look_up(const Reader& reader, Id id, std::string_view name, std::optional<Timestamp> at) {
  Move move;
  move.customer = reader.get<Customer>(id);
  move.stages = lifecycle(reader);
  for (const LifecycleStage& stage : move.stages) move.names.push_back(stage.name);
  move.to = by_name(move.stages, name);
  Query open;
  open.conditions = {equals(kCustomerStage, "customer", id), equals(kCustomerStage, "to", kOpenTime.micros)};
  if (std::optional<CustomerStage> stay = reader.find_one<CustomerStage>(open)) {
    move.stay = *std::move(stay);
    move.from = by_id(move.stages, move.stay.stage);
  }
  move.at = at.value_or(std::max(reader.now(), move.stay.from));
  return move;
}

Move prepare(const Work& work, Id id, std::string_view name, std::optional<Timestamp> at) {
  work.require(Action::edit, kCustomer, id);
  Move move = look_up(work, id, name, at);
  if (move.to == nullptr) {
    std::vector<std::string_view> names;
    for (const LifecycleStage& stage : move.stages) names.push_back(stage.name);
    throw Error(Code::invalid, "customer", "stage",
                "there is no lifecycle stage " + quote(name) + "." + suggest(name, names));
  }
  if (move.from == nullptr) {
    throw Error(Code::corrupt, "customer", "stage",
                "the customer's stage has no open row; run check and restore a backup");
  }
  return move;
}

void require_after_entry(const Work& work, const Move& move) {
  verb::require_past(work, "customer_stage", move.at, move.stay.from);
  if (move.at >= move.stay.from) return;
  throw Error(Code::state, "customer", "stage",
              to_string(move.at) + " lies before the entry into '" + move.from->name + "' at " +
                  to_string(move.stay.from) + "; give a later time");
}

/// The move as the machine of the life cycle is asked about it.
state_machine::Move asked(const Move& move, std::string_view verb, std::string_view reason, std::string_view note) {
  return {.machine = "lifecycle",
          .name = verb,
          .from = move.from->name,
          .to = move.to->name,
          .reason = reason,
          .note = note,
          .states = &move.names};
}

/// The customer as it will be.
Customer moved(const Move& move) {
  Customer row = move.customer;
  row.stage = move.to->id;
  return row;
}

void require_move(const Work& work, const Move& move, std::string_view verb, std::string_view reason,
                  std::string_view note) {
  std::vector<Violation> missing;
  state_machine::require(work, asked(move, verb, reason, note), moved(move), missing);
  if (!missing.empty()) throw Error(std::move(missing));
}

void write(Work& work, Move& move, MoveCause cause, std::string_view reason) {
  work.trusted([&] {
    CustomerStage entry;  // written first: its reason is all that may still be refused
    entry.customer = move.customer.id;
    entry.stage = move.to->id;
    entry.from = move.at;
    entry.cause = cause;
    if (!verb::is_blank(reason)) entry.reason = reason;
    work.create(entry);
    move.stay.to = move.at;
    work.update(move.stay);
    move.customer.stage = move.to->id;
    const LifecycleStage* highest = by_id(move.stages, move.customer.highest_stage);
    if (highest == nullptr || highest->rank < move.to->rank) move.customer.highest_stage = move.to->id;
    work.update(move.customer);
  });
}

std::vector<CustomerStage> stays_of(const Reader& reader, Id customer) {
  Query query;
  query.conditions = {equals(kCustomerStage, "customer", customer)};
  query.order = verb::by_time();
  return reader.list<CustomerStage>(query);
}

}  // namespace

LifecycleStage first_stage(const Reader& reader) {
  Query query;
  query.order = {"rank"};
  query.limit = 1;
  std::vector<LifecycleStage> stages = reader.list<LifecycleStage>(query);
  if (stages.empty()) {
    throw Error(Code::state, "customer", "stage",
                "the actor sees no lifecycle stage; grant 'read' on lifecycle_stage, or add a stage");
  }
  return std::move(stages.front());
}

Id configure(Work& work, LifecycleStage& stage) {
  work.require(Action::administer, kLifecycleStage);
  LifecycleStage row = stage;
  std::optional<LifecycleStage> before;
  if (row.id) before = work.get<LifecycleStage>(row.id);
  if (before && before->rank != row.rank) require_same_order(work, *before, row);
  work.trusted([&] { before ? work.update(row) : static_cast<void>(work.create(row)); });
  stage = std::move(row);
  return stage.id;
}

std::vector<LifecycleStage> lifecycle(const Reader& reader) {
  Query query;
  query.order = {"rank"};
  return reader.list<LifecycleStage>(query);
}

void advance(Work& work, Id customer, std::string_view stage, std::optional<Timestamp> at) {
  Move move = prepare(work, customer, stage, at);
  const std::string note = move.to->rank > move.from->rank
                               ? std::string()
                               : "automatic moves only go forward, and '" + move.to->name + "' does not lie behind '" +
                                     move.from->name + "'; use set_stage with a reason";
  require_move(work, move, "advance", {}, note);
  require_after_entry(work, move);
  write(work, move, MoveCause::automatic, {});
}

void advance_if_forward(Work& work, Id customer, std::string_view stage) {
  Move move = look_up(work.as_system("life cycle"), customer, stage, std::nullopt);
  if (move.to == nullptr || move.from == nullptr || move.to->rank <= move.from->rank) return;
  const Customer row = moved(move);
  if (!state_machine::allows(work.as_system("life cycle"), asked(move, "advance", {}, {}), kCustomer, &row)) return;
  write(work, move, MoveCause::automatic, {});
}

void set_stage(Work& work, Id customer, std::string_view stage, std::string_view reason, std::optional<Timestamp> at) {
  Move move = prepare(work, customer, stage, at);
  require_move(work, move, "set_stage", reason,
               move.to == move.from ? "the customer is in '" + move.to->name + "' already; name another stage" : "");
  require_after_entry(work, move);
  write(work, move, MoveCause::manual, reason);
}

std::vector<StageTime> time_in_stages(const Reader& reader, Id customer, Date until) {
  static_cast<void>(reader.get<Customer>(customer));
  std::unordered_map<Id, std::int64_t> days;
  for (const CustomerStage& stay : stays_of(reader, customer)) {
    const Date entered = local_date(stay.from, reader.zone());
    if (entered > until) continue;
    const Date left = stay.to == kOpenTime ? until : std::min(until, local_date(stay.to, reader.zone()));
    days[stay.stage] += left.days - entered.days;
  }
  std::vector<StageTime> result;
  for (const LifecycleStage& stage : lifecycle(reader)) {
    if (const auto found = days.find(stage.id); found != days.end()) result.push_back({stage.name, found->second});
  }
  return result;
}

std::optional<std::string> highest_stage(const Reader& reader, Id customer, Timestamp before) {
  static_cast<void>(reader.get<Customer>(customer));
  const std::vector<LifecycleStage> stages = lifecycle(reader);
  const LifecycleStage* highest = nullptr;
  for (const CustomerStage& stay : stays_of(reader, customer)) {
    if (stay.from >= before) continue;
    const LifecycleStage* entered = by_id(stages, stay.stage);
    if (entered != nullptr && (highest == nullptr || highest->rank < entered->rank)) highest = entered;
  }
  return highest == nullptr ? std::nullopt : std::optional<std::string>(highest->name);
}

}  // namespace customer

template <>
const Entity& entity_of<LifecycleStage>() {
  return customer::kLifecycleStage;
}
template <>
const Entity& entity_of<CustomerStage>() {
  return customer::kCustomerStage;
}

}  // namespace kith
