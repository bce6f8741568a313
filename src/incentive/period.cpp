// SPDX-License-Identifier: Apache-2.0
// Running and closing a period.
#include <fmt/format.h>

#include <map>

#include "engine/internal.hpp"
#include "engine/verbs.hpp"
#include "incentive/statement_hash.hpp"
#include "incentive/statement_run.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kCommissionPeriodFields = field_table<CommissionPeriod>(
    field<&CommissionPeriod::calendar>("calendar", {.required = true, .max_length = 200}),
    field<&CommissionPeriod::label>("label", {.required = true, .max_length = 20}),
    field<&CommissionPeriod::from>("from"), field<&CommissionPeriod::to>("to"),
    field<&CommissionPeriod::status>("status", {.kept = true}),
    field<&CommissionPeriod::facts_seq>("facts_seq", {.kept = true, .minimum = 0}),
    field<&CommissionPeriod::reopened>("reopened", {.kept = true, .minimum = 0}),
    field<&CommissionPeriod::reopen_reason>("reopen_reason", {.kept = true, .max_length = 1000}));
constexpr UniqueKey kCommissionPeriodKeys[] = {{{"calendar", "label"}}};

}  // namespace

constexpr Entity kCommissionPeriod = make_entity<CommissionPeriod>({.name = "commission_period",
                                                                    .plural = "commission_periods",
                                                                    .fields = kCommissionPeriodFields,
                                                                    .unique = kCommissionPeriodKeys,
                                                                    .roles = {.title = "label"}});

NamedPeriod period_named(const Reader& reader, std::string_view text) {
  const std::size_t slash = text.find('/');
  NamedPeriod named;
  named.calendar = calendar_named(reader, slash == std::string_view::npos ? Calendar{}.name : text.substr(0, slash));
  named.period = parse_period(named.calendar, slash == std::string_view::npos ? text : text.substr(slash + 1));
  return named;
}

void require_all(const Work& work, Action action, const Entity& entity) {
  work.require(action, entity);
  if (rights_of(work).level(entity, action) == Level::all) return;
  throw Error(Code::denied, std::string(entity.name), "",
              fmt::format("'{}' ({}) may {} some records, but this concerns everybody's; an administrator can grant "
                          "level all",
                          work.actor().name, rights_of(work).describe(),
                          Choices<Action>::names[static_cast<std::size_t>(action) - 1]));
}

namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Code::state, "commission_period", "status", message);
}

/// Periods close in order, so that corrections have one place to go and each statement names the one before it.
void require_open(const Series& series) {
  const std::string& label = series.target.label;
  if (series.row && series.row->status == PeriodStatus::closed) {
    refuse(label + " is closed; what was learned since is posted by a run of the period after the newest closed one");
  }
  for (const CommissionPeriod& other : series.others) {
    if (other.status == PeriodStatus::closed && series.target.from < other.from) {
      refuse(label + " comes before " + other.label + ", which is closed; run the period after that");
    }
  }
}

template <class T, class Rows>
Batch batch_of(const Rows& rows) {
  Batch batch(entity_of<T>());
  for (const T& row : rows) store_row(&row, batch);
  return batch;
}

/// Makes the row of the target, or raises what its lines reflect; and the mark of the closed periods.
void write_periods(Work& work, Settlement& settlement) {
  Series& series = settlement.series;
  // Facts that this very Work wrote are looked at again next time: more of them may follow.
  const std::int64_t seen = work.seq();
  if (!series.row) {
    CommissionPeriod row;
    row.calendar = series.calendar;
    row.label = series.target.label;
    row.from = series.target.from;
    row.to = series.target.to;
    row.facts_seq = seen;
    work.create(row);
    series.row = row;
  } else if (settlement.differs() && series.row->facts_seq != seen) {
    series.row->facts_seq = seen;
    work.update(*series.row);
  }
  if (!settlement.newer) return;
  CommissionPeriod newest = *series.newest_closed();
  if (newest.facts_seq >= seen) return;
  newest.facts_seq = seen;
  work.update(newest);
}

void write_statements(Work& work, Settlement& settlement) {
  std::vector<Statement> changed;
  for (const std::size_t place : settlement.changed_statements) changed.push_back(settlement.drafts[place].statement);
  if (!changed.empty()) {
    Batch batch = batch_of<Statement>(changed);
    work.update_batch(kStatement, batch);
  }
  if (settlement.new_statements.empty()) return;
  std::vector<Statement> added;
  for (const std::size_t place : settlement.new_statements) {
    Statement& row = settlement.drafts[place].statement;
    row.period = settlement.series.row->id;
    added.push_back(row);
  }
  Batch batch = batch_of<Statement>(added);
  work.create_batch(kStatement, batch);
  for (std::size_t i = 0; i < added.size(); ++i) {
    settlement.drafts[settlement.new_statements[i]].statement.id = {batch.column(kIdField).word(i)};
  }
}

void write_lines(Work& work, Settlement& settlement) {
  std::vector<StatementLine> changed;
  for (const auto& [place, line] : settlement.changed_lines) changed.push_back(settlement.drafts[place].lines[line]);
  if (!changed.empty()) {
    Batch batch = batch_of<StatementLine>(changed);
    work.update_batch(kStatementLine, batch);
  }
  if (settlement.new_lines.empty()) return;
  std::vector<StatementLine> added;
  for (const auto& [place, line] : settlement.new_lines) {
    Draft& draft = settlement.drafts[place];
    draft.lines[line].statement = draft.statement.id;
    added.push_back(draft.lines[line]);
  }
  Batch batch = batch_of<StatementLine>(added);
  work.create_batch(kStatementLine, batch);
}

/// Rows below statements: changed ones, then new ones.
template <class T, class Place, class Row>
void write_rows(Work& work, Settlement& settlement, const std::vector<Place>& changed, const std::vector<Place>& added,
                Row row_at) {
  std::vector<T> rows;
  for (const Place& place : changed) rows.push_back(row_at(place).second);
  if (!rows.empty()) {
    Batch batch = batch_of<T>(rows);
    work.update_batch(entity_of<T>(), batch);
  }
  rows.clear();
  for (const Place& place : added) {
    auto [draft, row] = row_at(place);
    row.statement = settlement.drafts[draft].statement.id;
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return;
  Batch batch = batch_of<T>(rows);
  work.create_batch(entity_of<T>(), batch);
}

void write_pay(Work& work, Settlement& settlement) {
  write_rows<StatementRelease>(
      work, settlement, settlement.changed_releases, settlement.new_releases,
      [&](const auto& place) { return std::pair(place.first, settlement.drafts[place.first].releases[place.second]); });
  write_rows<StatementPayment>(work, settlement, settlement.changed_payments, settlement.new_payments,
                               [&](std::size_t place) { return std::pair(place, *settlement.drafts[place].payment); });
}

void write(Work& work, Settlement& settlement) {
  for (const StatementRelease& row : settlement.gone_releases) work.remove<StatementRelease>(row.id, row.revision);
  for (const StatementPayment& row : settlement.gone_payments) work.remove<StatementPayment>(row.id, row.revision);
  for (const StatementLine& line : settlement.gone_lines) work.remove<StatementLine>(line.id, line.revision);
  for (const Statement& row : settlement.gone_statements) work.remove<Statement>(row.id, row.revision);
  write_periods(work, settlement);
  write_statements(work, settlement);
  write_lines(work, settlement);
  write_pay(work, settlement);
}

RunResult result_of(const Settlement& settlement, Currency currency) {
  RunResult result;
  result.total.currency = currency;
  const auto add = [&](const Statement& row, std::int64_t lines) {
    ++result.statements;
    result.lines += lines;
    result.total.minor = checked_add(result.total.minor, row.total.minor, "total of a period");
  };
  for (const Draft& draft : settlement.drafts) {
    add(draft.statement, static_cast<std::int64_t>(draft.lines.size()));
  }
  for (const Statement& row : settlement.untouched) add(row, 0);
  result.lines += settlement.untouched_lines;
  result.changed = static_cast<std::int64_t>(settlement.new_lines.size() + settlement.changed_lines.size() +
                                             settlement.gone_lines.size() + settlement.new_releases.size() +
                                             settlement.changed_releases.size() + settlement.gone_releases.size());
  for (const auto& [place, line] : settlement.new_lines) {
    if (settlement.drafts[place].lines[line].kind == LineKind::adjustment) ++result.adjustments;
  }
  return result;
}

}  // namespace

RunResult run(Work& work, std::string_view period) {
  require_all(work, Action::edit, kStatement);
  const Reader system = work.as_system("commission");
  Series series = load_series(system, period);
  require_open(series);
  Settlement settlement = settle(system, std::move(series));
  const RunResult result = result_of(settlement, work.currency());
  Work::Step step(work);
  work.trusted([&] { write(work, settlement); });
  step.keep();
  return result;
}

namespace {

void require_closable(const Reader& system, const Series& series) {
  const std::string& label = series.target.label;
  if (!series.row) refuse(label + " was never run; run it first");
  require_open(series);
  const CommissionPeriod* newest = series.newest_closed();
  if (newest != nullptr && newest->to != series.target.from) {
    refuse(next(calendar_named(system, newest->calendar), period_from(*newest)).label + " comes before " + label +
           " and is not closed; run and close it first");
  }
  for (const CommissionPeriod& other : series.others) {
    if (newest != nullptr || series.target.from < other.from) continue;
    refuse(other.label + " comes before " + label + " and is open; close it first");
  }
  const Settlement settlement = settle(system, series);
  if (settlement.differs()) refuse("facts came after the last run of " + label + "; run it again");
}

/// The hash of everybody's newest closed statement of the series.
std::map<Id, std::string> last_hashes(const Reader& system, const Series& series) {
  std::map<Id, std::string> hashes;
  for (const CommissionPeriod& other : series.others) {  // oldest first
    if (other.status != PeriodStatus::closed) continue;
    for (const Statement& row : system.list<Statement>(
             {.conditions = {equals(kStatement, "period", other.id)}, .fields = {"id", "employee", "hash"}})) {
      hashes[row.employee] = row.hash.value_or("");
    }
  }
  return hashes;
}

}  // namespace

void close(Work& work, std::string_view period) {
  require_all(work, Action::close, kStatement);
  const Reader system = work.as_system("commission");
  Series series = load_series(system, period);
  require_closable(system, series);
  const std::map<Id, std::string> hashes = last_hashes(system, series);
  std::vector<Statement> statements =
      system.list<Statement>({.conditions = {equals(kStatement, "period", series.row->id)}});
  std::vector<Id> ids;
  for (const Statement& row : statements) ids.push_back(row.id);
  std::map<Id, LinesHash> lines;
  for (const StatementLine& line : lines_of_statements(system, ids)) lines[line.statement].add(line);
  for (const StatementRelease& line : releases_of_statements(system, ids)) lines[line.statement].add(line);
  for (const StatementPayment& row : payments_of_statements(system, ids)) lines[row.statement].add(row);
  for (Statement& row : statements) {
    const auto previous = hashes.find(row.employee);
    row.status = PeriodStatus::closed;
    row.hash = hash_of(row, previous == hashes.end() ? "" : previous->second, lines[row.id]);
  }
  series.row->status = PeriodStatus::closed;
  series.row->facts_seq = work.seq();
  Work::Step step(work);
  work.trusted([&] {
    Batch batch = batch_of<Statement>(statements);
    if (batch.rows() != 0) work.update_batch(kStatement, batch);
    work.update(*series.row);
  });
  step.keep();
}

namespace {

/// Takes the adjustments out of a period's statements; earnings keep their places, which come first. What is paid
/// follows from them with the next run.
void drop_adjustments(Work& work, const Reader& system, Id period) {
  std::vector<Statement> statements = system.list<Statement>({.conditions = {equals(kStatement, "period", period)}});
  std::vector<Id> ids;
  for (const Statement& row : statements) ids.push_back(row.id);
  for (const StatementLine& line : lines_of_statements(system, ids)) {
    if (line.kind == LineKind::adjustment) work.remove<StatementLine>(line.id, line.revision);
  }
  for (const StatementRelease& row : releases_of_statements(system, ids)) {
    if (row.correction) work.remove<StatementRelease>(row.id, row.revision);
  }
  for (const StatementPayment& row : payments_of_statements(system, ids)) {
    work.remove<StatementPayment>(row.id, row.revision);
  }
  std::erase_if(statements, [](const Statement& row) { return row.adjusted.minor == 0 && row.total == row.earned; });
  for (Statement& row : statements) {
    row.adjusted = {};
    row.total = row.earned;
  }
  Batch batch = batch_of<Statement>(statements);
  if (batch.rows() != 0) work.update_batch(kStatement, batch);
}

}  // namespace

void reopen(Work& work, std::string_view period, std::string_view reason) {
  require_all(work, Action::administer, kCommissionPeriod);
  const Reader system = work.as_system("commission");
  Series series = load_series(system, period);
  const std::string& label = series.target.label;
  if (!series.row || series.row->status != PeriodStatus::closed) refuse(label + " is not closed");
  if (verb::is_blank(reason)) {
    throw Error(Code::invalid, "commission_period", "reopen_reason", "is missing; say why the period is opened again");
  }
  const CommissionPeriod* newest = series.newest_closed();
  if (newest != nullptr && series.target.from < newest->from) {
    refuse(newest->label + " comes after " + label + " and is closed; open that one first");
  }
  std::vector<Statement> statements =
      system.list<Statement>({.conditions = {equals(kStatement, "period", series.row->id)}});
  for (Statement& row : statements) {
    row.status = PeriodStatus::open;
    row.hash.reset();
  }
  series.row->status = PeriodStatus::open;
  series.row->facts_seq = 0;  // corrections after it were counted there; its own lines know nothing of them
  ++series.row->reopened;
  series.row->reopen_reason = std::string(reason);
  Work::Step step(work);
  work.trusted([&] {
    Batch batch = batch_of<Statement>(statements);
    if (batch.rows() != 0) work.update_batch(kStatement, batch);
    work.update(*series.row);
    for (const CommissionPeriod& other : series.others) {
      if (series.target.from < other.from) drop_adjustments(work, system, other.id);
    }
  });
  step.keep();
}

}  // namespace incentive

template <>
const Entity& entity_of<CommissionPeriod>() {
  return incentive::kCommissionPeriod;
}

}  // namespace kith
