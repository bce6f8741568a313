// SPDX-License-Identifier: Apache-2.0
#include "engine/valid.hpp"

#include <algorithm>

#include "kith/engine/ownership.hpp"

namespace kith {
namespace {

bool has_timestamps(const Entity& rows) {
  return rows.fields[static_cast<std::size_t>(rows.at("from"))].type == Type::timestamp;
}

/// A column with some of its cells replaced.
Column replaced(const Column& column, const std::map<std::size_t, Cell>& cells) {
  Column result(column.is_text());
  result.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    const auto found = cells.find(row);
    found == cells.end() ? result.append_from(column, row) : result.append(found->second);
  }
  return result;
}

/// As what Reader::State::remembered keeps the answer whether any row of an entity begins after today: one that does.
constexpr std::int64_t kAnyAhead = -1;

Cell empty_of(const Field& field) {
  if (field.nullable) return {};
  return is_text(field.type) ? Cell(std::string()) : Cell(std::int64_t{0});
}

}  // namespace

/// What the dated rows of one record say about a day.
struct ValidView::Stays {
  bool any = false;
  bool begun = false;
  bool newest = true;  // the row that holds is the last one
  std::optional<std::vector<Cell>> values = {};
};

Reader stored_view(const Reader& reader) {
  auto state = std::make_shared<Reader::State>(Inside::state(reader));
  state->valid.reset();
  return Inside::make(std::move(state));
}

Timestamp present_of(const Reader& reader) {
  const Reader::State& state = Inside::state(reader);
  return state.valid ? state.session->impl().now() : state.now;
}

Reader settings_view(const Reader& reader, bool as_of) {
  const Reader::State& state = Inside::state(reader);
  auto view = std::make_shared<Reader::State>();
  view->session = state.session;
  view->held = state.held;
  view->head = state.head;
  view->seq = as_of ? state.seq : state.head.seq;
  view->as_of = as_of;
  view->actor = state.actor;
  view->rights = Rights::everything();
  view->now = present_of(reader);
  return Inside::make(std::move(view));
}

std::shared_ptr<const ValidView> ValidView::of(const Reader::State& state, const Entity& entity) {
  if (!state.valid || entity.keeping != Keeping::versioned) return nullptr;
  auto view = std::make_shared<ValidView>();
  view->entity_ = &entity;
  view->moment_ = state.now;
  view->day_ = *state.valid;
  view->follow(state.model(), false);
  const Entity& ownerships = entity_of<Ownership>();
  if (&entity == &ownerships) view->dated_ = true;
  if (!entity.roles.owner.empty()) {
    Group& group =
        view->groups_.emplace_back(Group{.rows = &ownerships, .subject = ownerships.at("record"), .by_entity = true});
    group.columns.push_back({entity.at(entity.roles.owner), ownerships.at("owner")});
    if (!entity.roles.unit.empty()) {
      group.columns.push_back({entity.at(entity.roles.unit), ownerships.at("unit")});
    }
  }
  if (view->groups_.empty() && !view->dated_) return nullptr;
  view->mark();
  if (view->dated_ && has_timestamps(entity)) view->changed_.insert(entity.at("to"));
  return view;
}

/// Groups what areas say about the entity; `by_days`: only where rows begin with a day.
void ValidView::follow(const Model& model, bool by_days) {
  for (const Area* area : model.areas()) {
    for (const Mirror& mirror : area->mirrors) {
      if (mirror.rows == entity_->name && !by_days) dated_ = true;
      if (mirror.entity != entity_->name) continue;
      const Entity& rows = model.entity(mirror.rows);
      if (by_days && has_timestamps(rows)) continue;
      auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& one) { return one.rows == &rows; });
      if (group == groups_.end()) {
        group = groups_.insert(group, Group{.rows = &rows, .subject = rows.at(mirror.subject)});
      }
      group->begins = group->begins || mirror.begins;
      group->columns.push_back({entity_->at(mirror.field), rows.at(mirror.value)});
      for (const std::string_view field : mirror.settled) group->settled.push_back(entity_->at(field));
    }
  }
}

void ValidView::mark() {
  for (const Group& group : groups_) {
    for (const Column& column : group.columns) changed_.insert(column.field);
    changed_.insert(group.settled.begin(), group.settled.end());
  }
}

/// True where a row of the group begins after today. A reader asks once for all records.
bool ValidView::ahead(const Reader& reader, const Group& group, std::optional<Id> record) const {
  Reader::State& state = Inside::state(reader);
  auto& known = state.remembered[group.rows];
  if (const auto found = known.find(kAnyAhead); found != known.end() && (!record || !found->second)) {
    return found->second.has_value();
  }
  Scan scan{.entity = group.rows,
            .fields = {kIdField},
            .where = {{.op = Condition::Op::gt, .field = group.rows->at("from"), .operands = {day_.days}, .terms = {}}},
            .limit = 1};
  const std::string_view subject = group.rows->fields[static_cast<std::size_t>(group.subject)].name;
  if (record) scan.where.push_back(equals(*group.rows, subject, *record));
  const Batch rows = raw_all(reader.as_system("today"), std::move(scan));
  const bool any = rows.rows() != 0;
  if (!record) known[kAnyAhead] = any ? std::optional(Id{rows.columns.front().word(0)}) : std::nullopt;
  return any;
}

std::shared_ptr<const ValidView> ValidView::today(const Reader& reader, const Entity& entity,
                                                  std::optional<Id> record) {
  const Reader::State& state = Inside::state(reader);
  const bool system = state.actor.kind == PrincipalKind::system;
  if (state.valid || system || entity.keeping != Keeping::versioned) return nullptr;
  auto view = std::make_shared<ValidView>();
  view->entity_ = &entity;
  view->follow(state.model(), true);
  if (view->groups_.empty()) return nullptr;
  view->moment_ = state.now;
  view->day_ = reader.today();
  std::erase_if(view->groups_, [&](const Group& group) { return !view->ahead(reader, group, record); });
  if (view->groups_.empty()) return nullptr;
  view->mark();
  return view;
}

void forget(const Reader& reader, const Entity& entity, const Batch& rows, std::size_t row) {
  auto& remembered = Inside::state(reader).remembered;
  const auto found = remembered.find(&entity);
  if (found == remembered.end()) return;
  const auto ahead = found->second.find(kAnyAhead);
  if (ahead == found->second.end()) {
    remembered.erase(found);
    return;
  }
  std::optional<Id> any = ahead->second;
  if (rows.column(entity.at("from")).word(row) > reader.today().days) any = Id{rows.columns[kIdField].word(row)};
  found->second = {{kAnyAhead, any}};
}

void ValidView::add_needed(std::vector<int>& read) const {
  read.push_back(kIdField);
  if (dated_) read.insert(read.end(), {entity_->at("from"), entity_->at("to")});
}

std::int64_t ValidView::moment_of(const Entity& rows) const {
  return has_timestamps(rows) ? moment_.micros : std::int64_t{day_.days};
}

std::optional<Condition> ValidView::begun() const {
  if (!dated_) return std::nullopt;
  return Condition{
      .op = Condition::Op::le, .field = entity_->at("from"), .operands = {moment_of(*entity_)}, .terms = {}};
}

void ValidView::apply(const Reader& reader, Batch& batch, std::vector<bool>& absent) const {
  absent.assign(batch.rows(), false);
  if (batch.rows() == 0) return;
  for (const Group& group : groups_) apply(reader, group, batch, absent);
  // What ended later had not ended. Of agreements by the day the end was known.
  if (!dated_ || !has_timestamps(*entity_)) return;
  kith::Column& to = batch.column(entity_->at("to"));
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (to.word(row) > moment_.micros) to.set_word(row, kOpenTime.micros);
  }
}

void ValidView::apply(const Reader& reader, const Group& group, Batch& batch, std::vector<bool>& absent) const {
  const kith::Column& ids = batch.column(kIdField);
  Condition in{.op = Condition::Op::in, .field = group.subject, .operands = {}, .terms = {}};
  std::unordered_set<std::int64_t> asked;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (asked.insert(ids.word(row)).second) in.operands.emplace_back(ids.word(row));
  }
  const int from = group.rows->at("from"), to = group.rows->at("to");
  Scan scan{.entity = group.rows, .where = {std::move(in)}};
  if (group.by_entity) scan.where.push_back(equals(*group.rows, "entity", entity_->name));
  scan.order = {{.field = group.subject}, {.field = from}, {.field = to}, {.field = kSeqField}, {.field = kIdField}};
  const Batch rows = raw_all(reader, std::move(scan));
  const std::int64_t moment = moment_of(*group.rows);
  std::unordered_map<std::int64_t, Stays> stays;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    Stays& of = stays[rows.column(group.subject).word(row)];
    of.any = true;
    if (rows.column(from).word(row) > moment) {
      of.newest = false;
      continue;
    }
    of.begun = true;
    of.newest = true;
    of.values.reset();
    if (rows.column(to).word(row) <= moment) continue;
    of.values.emplace();
    for (const Column& column : group.columns) of.values->push_back(rows.column(column.value).cell(row));
  }
  std::map<int, std::map<std::size_t, Cell>> cells;  // by field
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const auto found = stays.find(ids.word(row));
    if (found == stays.end()) continue;  // never moved: what is stored holds always
    const Stays& of = found->second;
    if (group.begins && !of.begun) absent[row] = true;
    for (std::size_t i = 0; i < group.columns.size(); ++i) {
      const int field = group.columns[i].field;
      cells[field][row] = of.values ? (*of.values)[i] : empty_of(entity_->fields[static_cast<std::size_t>(field)]);
    }
    if (of.newest) continue;
    for (const int field : group.settled)
      cells[field][row] = empty_of(entity_->fields[static_cast<std::size_t>(field)]);
  }
  for (const auto& [field, changed] : cells) {
    const auto place = std::find(batch.fields.begin(), batch.fields.end(), field);
    if (place == batch.fields.end()) continue;
    kith::Column& column = batch.columns[static_cast<std::size_t>(place - batch.fields.begin())];
    column = replaced(column, changed);
  }
}

}  // namespace kith
