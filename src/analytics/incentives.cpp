// SPDX-License-Identifier: Apache-2.0
// Reports over commission statements.
#include <algorithm>

#include "analytics/facts.hpp"
#include "engine/add_row.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/people/employee.hpp"

namespace kith::analytics {
namespace {

using Names = std::unordered_map<std::int64_t, std::string>;

}  // namespace

Table statements(const Reader& reader, const Parameters& parameters) {
  const auto wanted = period_parameter(reader, parameters);
  const Names employees = names_of(reader, entity_of<Employee>(), "name");
  const Names units = names_of(reader, entity_of<Unit>(), "name");
  struct Row {
    std::string period;
    std::string employee;
    Statement statement;
  };
  Names periods;
  Query query;
  Condition of{.op = Condition::Op::in, .field = entity_of<Statement>().at("period")};
  for (const CommissionPeriod& row : reader.list<CommissionPeriod>()) {
    periods.emplace(row.id.value, row.label);
    const bool is = wanted && row.calendar == wanted->calendar.name && row.label == wanted->period.label;
    if (is) of.operands.emplace_back(row.id.value);
  }
  if (wanted) query.conditions.push_back(std::move(of));
  std::vector<Row> rows;
  for (Statement& statement : reader.list<Statement>(query)) {
    const auto label = periods.find(statement.period.value);
    const auto name = employees.find(statement.employee.value);
    Row row{.period = label == periods.end() ? "" : label->second,
            .employee = name == employees.end() ? std::to_string(statement.employee.value) : name->second,
            .statement = std::move(statement)};
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.period, a.employee, a.statement.id) < std::tie(b.period, b.employee, b.statement.id);
  });
  Table table({text_column("period"),
               text_column("employee"),
               text_column("unit"),
               money_column("credit", reader),
               money_column("earned", reader),
               money_column("adjusted", reader),
               money_column("total", reader),
               text_column("status"),
               {.name = "statement", .type = Type::id}});
  for (const Row& row : rows) {
    const Currency currency = row.statement.currency;
    const auto unit = units.find(row.statement.unit.value_or(Id{}).value);
    add_row(table, row.period, row.employee, unit == units.end() ? "" : unit->second,
            Money{row.statement.credit.minor, currency}, Money{row.statement.earned.minor, currency},
            Money{row.statement.adjusted.minor, currency}, Money{row.statement.total.minor, currency},
            std::string(row.statement.status == PeriodStatus::open ? "open" : "closed"), row.statement.id);
  }
  return table;
}

}  // namespace kith::analytics
