// SPDX-License-Identifier: Apache-2.0
// Statements and their lines as they are stored, and why they are what they are.
#include "kith/incentive/statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/entities.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kStatementFields = field_table<Statement>(
    field<&Statement::employee>("employee", {.required = true, .refers_to = "employee"}),
    field<&Statement::unit>("unit", {.refers_to = "unit"}),
    field<&Statement::period>("period", {.required = true, .refers_to = "commission_period"}),
    field<&Statement::currency>("currency", {.required = true}), field<&Statement::credit>("credit"),
    field<&Statement::earned>("earned"), field<&Statement::adjusted>("adjusted"), field<&Statement::total>("total"),
    field<&Statement::status>("status"), field<&Statement::hash>("hash", {.max_length = 64}));
constexpr UniqueKey kStatementKeys[] = {{{"employee", "period"}}};

constexpr auto kStatementLineFields = field_table<StatementLine>(
    field<&StatementLine::statement>("statement", {.required = true, .refers_to = "statement"}),
    field<&StatementLine::position>("position", {.minimum = 1}), field<&StatementLine::kind>("kind"),
    field<&StatementLine::plan>("plan", {.required = true, .refers_to = "commission_plan"}),
    field<&StatementLine::component>("component", {.required = true, .max_length = 200}),
    // The fact: no reference of one kind, so `check_area` looks after it; `deal` and `event` are the references.
    field<&StatementLine::opportunity>("opportunity", {.required = true, .indexed = true}),
    field<&StatementLine::earned_on>("earned_on"),
    field<&StatementLine::period_earned>("period_earned", {.required = true, .indexed = true, .max_length = 20}),
    field<&StatementLine::credit>("credit"), field<&StatementLine::amount>("amount"),
    field<&StatementLine::corrects>("corrects", {.refers_to = "statement_line"}),
    field<&StatementLine::reason>("reason", {.max_length = 200}), field<&StatementLine::basis>("basis"),
    field<&StatementLine::event>("event", {.refers_to = "event"}),
    field<&StatementLine::deal>("deal", {.refers_to = "opportunity"}));
constexpr UniqueKey kStatementLineKeys[] = {{{"statement", "opportunity", "component", "period_earned"}}};

}  // namespace

constexpr Entity kStatement =
    make_entity<Statement>({.name = "statement",
                            .plural = "statements",
                            .fields = kStatementFields,
                            .unique = kStatementKeys,
                            .roles = {.owner = "employee", .unit = "unit", .currency = "currency"}});
constexpr Entity kStatementLine = make_entity<StatementLine>({.name = "statement_line",
                                                              .plural = "statement_lines",
                                                              .fields = kStatementLineFields,
                                                              .unique = kStatementLineKeys,
                                                              .roles = {.parent = "statement"}});

std::optional<Statement> statement_of(const Reader& reader, Id employee, std::string_view period) {
  const NamedPeriod named = period_named(reader, period);
  // Not `find_one` through the actor: who may see a statement need not be allowed to list periods.
  const auto row =
      reader.as_system("commission")
          .find_one<CommissionPeriod>({.conditions = {equals(kCommissionPeriod, "calendar", named.calendar.name),
                                                      equals(kCommissionPeriod, "label", named.period.label)}});
  if (!row) return std::nullopt;
  return reader.find_one<Statement>(
      {.conditions = {equals(kStatement, "employee", employee), equals(kStatement, "period", row->id)}});
}

std::vector<StatementLine> lines_of(const Reader& reader, Id statement) {
  return reader.list<StatementLine>(
      {.conditions = {equals(kStatementLine, "statement", statement)}, .order = {"position"}});
}

namespace {

Plan plan_of(const Reader& system, Id plan) { return parse_plan(system.get<CommissionPlan>(plan).document); }

std::optional<std::size_t> component_named(const Plan& plan, std::string_view name) {
  const auto found = std::find_if(plan.components.begin(), plan.components.end(),
                                  [&](const Component& component) { return component.name == name; });
  if (found == plan.components.end()) return std::nullopt;
  return static_cast<std::size_t>(found - plan.components.begin());
}

/// The credits behind the earning lines of a component.
std::vector<Fact> facts_of(const std::vector<StatementLine>& lines, std::string_view component) {
  std::vector<Fact> facts;
  for (const StatementLine& line : lines) {
    if (line.kind != LineKind::earning || line.component != component) continue;
    facts.push_back({line.opportunity.value, line.earned_on, 0, line.credit.minor});
  }
  return facts;
}

Trace empty_trace(StepKind kind, Currency currency) {
  Trace trace;
  trace.currency = currency;
  trace.root.kind = kind;
  return trace;
}

/// The trace of a fact that was paid once and no longer counts.
Trace nothing(const Plan& plan, const StatementLine& line) {
  Trace trace = empty_trace(StepKind::line, plan.currency);
  trace.plan = plan.name;
  trace.version = plan.version;
  trace.plan_hash = to_hex(hash_of(plan));
  trace.rounding = plan.rounding;
  trace.rounded = plan.rounding.point != RoundingPoint::statement;
  trace.root.label = fmt::format("fact {} of {} no longer counts", line.opportunity.value, to_string(line.earned_on));
  trace.root.facts.push_back(line.opportunity.value);
  return trace;
}

/// The credits of somebody's closed period and component as they stood once an adjustment was posted: the lines of
/// that period's own statement, moved by all adjustments up to the statement of this one.
std::vector<Fact> facts_after(const Reader& system, const StatementLine& adjustment) {
  const Statement statement = system.get<Statement>(adjustment.statement);
  const CommissionPeriod posted = system.get<CommissionPeriod>(statement.period);
  std::map<Id, Date> starts;
  for (const CommissionPeriod& row :
       system.list<CommissionPeriod>({.conditions = {equals(kCommissionPeriod, "calendar", posted.calendar)}})) {
    starts.emplace(row.id, row.from);
  }
  std::vector<std::pair<Date, Id>> statements;  // by start of their period
  for (const Statement& row : system.list<Statement>(
           {.conditions = {equals(kStatement, "employee", statement.employee)}, .fields = {"id", "period"}})) {
    const auto start = starts.find(row.period);
    if (start != starts.end() && start->second <= posted.from) statements.emplace_back(start->second, row.id);
  }
  std::sort(statements.begin(), statements.end());
  std::vector<Id> ids;
  for (const auto& [start, id] : statements) ids.push_back(id);
  std::map<Id, std::vector<StatementLine>> lines;
  in_pieces(ids, [&](const std::vector<Id>& piece) {
    for (StatementLine& line :
         system.list<StatementLine>({.conditions = {verb::one_of(kStatementLine, "statement", piece),
                                                    equals(kStatementLine, "period_earned", adjustment.period_earned),
                                                    equals(kStatementLine, "component", adjustment.component)}})) {
      lines[line.statement].push_back(std::move(line));
    }
  });
  struct Standing {
    std::int64_t credit = 0;
    Date day;
    bool corrected = false;
  };
  std::map<Id, Standing> standing;
  for (const Id id : ids) {
    for (const StatementLine& line : lines[id]) {
      Standing& fact = standing[line.opportunity];
      fact.credit = checked_add(fact.credit, line.credit.minor, "corrected credit");
      fact.day = line.earned_on;
      fact.corrected = line.kind == LineKind::adjustment;
    }
  }
  std::vector<Fact> facts;
  for (const auto& [deal, fact] : standing) {
    if (fact.credit != 0 || !fact.corrected) facts.push_back({deal.value, fact.day, 0, fact.credit});
  }
  return facts;
}

}  // namespace

Trace explain_statement(const Reader& reader, Id statement) {
  const Statement row = reader.get<Statement>(statement);
  const std::vector<StatementLine> lines = lines_of(reader, statement);
  const auto first = std::find_if(lines.begin(), lines.end(),
                                  [](const StatementLine& line) { return line.kind == LineKind::earning; });
  if (first == lines.end()) return empty_trace(StepKind::statement, row.currency);
  return explain_statement(plan_of(reader.as_system("commission"), first->plan), facts_of(lines, first->component));
}

Trace explain_line(const Reader& reader, Id line) {
  const StatementLine row = reader.get<StatementLine>(line);
  const Reader system = reader.as_system("commission");
  const Plan plan = plan_of(system, row.plan);
  const std::optional<std::size_t> component = component_named(plan, row.component);
  const std::vector<Fact> facts = row.kind == LineKind::earning
                                      ? facts_of(lines_of(reader, row.statement), row.component)
                                      : facts_after(system, row);
  const bool counts = component && std::any_of(facts.begin(), facts.end(),
                                               [&](const Fact& fact) { return fact.id == row.opportunity.value; });
  return counts ? explain_line(plan, *component, facts, row.opportunity.value) : nothing(plan, row);
}

}  // namespace incentive

template <>
const Entity& entity_of<Statement>() {
  return incentive::kStatement;
}
template <>
const Entity& entity_of<StatementLine>() {
  return incentive::kStatementLine;
}

}  // namespace kith
