// SPDX-License-Identifier: Apache-2.0
// Reports over quotas and commission statements.
#include <algorithm>

#include "analytics/facts.hpp"
#include "engine/add_row.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/people/employee.hpp"

namespace kith::analytics {
namespace {

using Names = std::unordered_map<std::int64_t, std::string>;

/// Names of units and employees for the nodes of a quota tree.
struct NodeNames {
  explicit NodeNames(const Reader& reader)
      : units(names_of(reader, entity_of<Unit>(), "name")),
        employees(names_of(reader, entity_of<Employee>(), "name")) {}

  std::string of(const Quota& quota) const {
    const Names& names = quota.unit ? units : employees;
    const auto found = names.find(quota.unit ? quota.unit->value : quota.employee.value_or(Id{}).value);
    return found == names.end() ? std::string() : found->second;
  }
  std::string list(const std::vector<Id>& ids, const Names& names) const {
    std::string text;
    for (const Id id : ids) {
      const auto found = names.find(id.value);
      text += (text.empty() ? "" : ", ") + (found == names.end() ? std::to_string(id.value) : found->second);
    }
    return text;
  }

  Names units;
  Names employees;
};

/// The quota trees of a period, or all: nodes whose parent the actor does not see, by period, then size.
std::vector<Quota> roots(const Reader& reader, const Parameters& parameters) {
  const std::string period = text_parameter(parameters, "period", "");
  Query query{.order = {"from", "period", "amount desc"}};
  if (!period.empty()) query.conditions.push_back(equals(entity_of<Quota>(), "period", period));
  auto all = reader.list<Quota>(query);
  std::vector<Id> ids;
  for (const Quota& quota : all) ids.push_back(quota.id);
  std::sort(ids.begin(), ids.end());
  std::erase_if(all, [&](const Quota& quota) {
    if (quota.currency != reader.currency()) return true;  // counts are no money and fit no column here
    return quota.parent && std::binary_search(ids.begin(), ids.end(), *quota.parent);
  });
  return all;
}

}  // namespace

Table attainment(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  Table table({text_column("period"), count_column("depth"), text_column("name"), text_column("kind"),
               money_column("quota", reader), money_column("actual", reader), money_column("gap", reader),
               percent_column("attainment")});
  for (const Quota& root : roots(reader, parameters)) {
    for (const QuotaAttainment& node : incentive::attainment(reader, root.id)) {
      const Value shown = node.percent ? Value(*node.percent) : Value();
      add_row(table, node.quota.period, node.depth, names.of(node.quota),
              std::string(node.quota.unit ? "unit" : "employee"), Money{node.quota.amount.minor, reader.currency()},
              node.actual, node.gap, shown);
    }
  }
  return table;
}

Table quota_consistency(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  Table table({text_column("period"), count_column("depth"), text_column("name"), money_column("quota", reader),
               count_column("children"), money_column("children_sum", reader), money_column("difference", reader),
               percent_column("over_assignment"), text_column("missing")});
  for (const Quota& root : roots(reader, parameters)) {
    for (const QuotaNode& node : incentive::quota_tree(reader, root.id)) {
      std::string missing = names.list(node.missing_units, names.units);
      const std::string people = names.list(node.missing_employees, names.employees);
      if (!missing.empty() && !people.empty()) missing += ", ";
      missing += people;
      const std::int64_t amount = node.quota.amount.minor;
      add_row(table, node.quota.period, node.depth, names.of(node.quota), Money{amount, reader.currency()},
              node.children, node.children_sum ? Value(*node.children_sum) : Value(), node.difference,
              node.children_sum ? percent(node.difference.minor, amount) : Value(), missing);
    }
  }
  return table;
}

Table statements(const Reader& reader, const Parameters& parameters) {
  const std::string period = text_parameter(parameters, "period", "");
  const Names employees = names_of(reader, entity_of<Employee>(), "name");
  const Names units = names_of(reader, entity_of<Unit>(), "name");
  struct Row {
    std::string period;
    std::string employee;
    Statement statement;
  };
  const Names periods = names_of(reader, entity_of<CommissionPeriod>(), "label");
  std::vector<Row> rows;
  for (Statement& statement : reader.list<Statement>()) {
    const auto label = periods.find(statement.period.value);
    const auto name = employees.find(statement.employee.value);
    Row row{.period = label == periods.end() ? "" : label->second,
            .employee = name == employees.end() ? std::to_string(statement.employee.value) : name->second,
            .statement = std::move(statement)};
    if (period.empty() || row.period == period) rows.push_back(std::move(row));
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
