// SPDX-License-Identifier: Apache-2.0
// Reports over quotas: attainment, consistency, pace, promises, rankings, actions.
#include <algorithm>
#include <map>
#include <tuple>

#include "analytics/facts.hpp"
#include "engine/add_row.hpp"
#include "engine/mixed_table.hpp"
#include "incentive/feedback_parts.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/catalog/product.hpp"
#include "kith/customer/customer.hpp"
#include "kith/incentive/feedback.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/quota_facts.hpp"
#include "kith/incentive/quota_pace.hpp"
#include "kith/incentive/quota_plan.hpp"
#include "kith/incentive/sales_plan.hpp"
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

std::string kind_of(const Quota& quota) { return quota.unit ? "unit" : "employee"; }

/// What a quota counts, by name.
std::string counted(const Quota& quota) {
  if (!quota.measure.empty()) return quota.measure;
  return std::string(Choices<QuotaMetric>::names[static_cast<std::size_t>(quota.metric) - 1]);
}

template <class Enum>
std::string text_of(Enum value) {
  return std::string(Choices<Enum>::names[static_cast<std::size_t>(value) - 1]);
}

/// The trees in force (or of a version) of a period, or all: nodes whose parent the actor does not see, by period, then
/// what they count, money first, then size.
std::vector<Quota> roots(const Reader& reader, const Parameters& parameters) {
  const std::string metric = text_parameter(parameters, "metric", "");
  const std::int64_t draft = integer_parameter(parameters, "plan", 0);
  Query query{.order = {"from", "period", "metric", "measure", "amount desc"}};
  query.conditions.push_back(equals(entity_of<Quota>(), "draft", draft));
  if (const auto named = period_parameter(reader, parameters)) {
    query.conditions.push_back(equals(entity_of<Quota>(), "calendar", named->calendar.name));
    query.conditions.push_back(equals(entity_of<Quota>(), "period", named->period.label));
  }
  auto all = reader.list<Quota>(query);
  std::vector<Id> ids;
  for (const Quota& quota : all) ids.push_back(quota.id);
  std::sort(ids.begin(), ids.end());
  std::erase_if(all, [&](const Quota& quota) {
    if (!metric.empty() && counted(quota) != metric) return true;
    return quota.parent && std::binary_search(ids.begin(), ids.end(), *quota.parent);
  });
  return all;
}

Value money(std::optional<Amount> amount, Currency currency) {
  return amount ? Value(Money{amount->minor, currency}) : Value();
}
template <class T>
Value cell(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

}  // namespace

Table attainment(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  MixedTable table({text_column("period"), count_column("depth"), text_column("name"), text_column("kind"),
                    amount_column("quota"), amount_column("actual"), amount_column("gap"), percent_column("attainment"),
                    text_column("metric"), amount_column("goal"), text_column("grade"), amount_column("stretch"),
                    amount_column("challenge")});
  for (const Quota& root : roots(reader, parameters)) {
    for (const QuotaAttainment& node : incentive::attainment(reader, root.id)) {
      const Quota& quota = node.quota;
      table.add(quota.currency, quota.period, node.depth, names.of(quota), kind_of(quota),
                Money{quota.amount.minor, quota.currency}, node.actual, node.gap, cell(node.percent), counted(quota),
                node.goal, text_of(node.grade), money(quota.stretch, quota.currency),
                money(quota.challenge, quota.currency));
    }
  }
  return std::move(table).table();
}

Table quota_consistency(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  MixedTable table({text_column("period"), count_column("depth"), text_column("name"), amount_column("quota"),
                    count_column("children"), amount_column("children_sum"), amount_column("difference"),
                    percent_column("over_assignment"), text_column("missing"), text_column("metric"),
                    amount_column("unplanned")});
  for (const Quota& root : roots(reader, parameters)) {
    for (const QuotaNode& node : incentive::quota_tree(reader, root.id)) {
      std::string missing = names.list(node.missing_units, names.units);
      const std::string people = names.list(node.missing_employees, names.employees);
      if (!missing.empty() && !people.empty()) missing += ", ";
      missing += people;
      const std::int64_t amount = node.quota.amount.minor;
      table.add(node.quota.currency, node.quota.period, node.depth, names.of(node.quota),
                Money{amount, node.quota.currency}, node.children, cell(node.children_sum), node.difference,
                node.children_sum ? percent(node.difference.minor, amount) : Value(), missing, counted(node.quota),
                node.unplanned);
    }
  }
  return std::move(table).table();
}

Table quota_pace(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  const std::optional<Date> on = date_parameter(parameters, "on");
  const std::string calendar = text_parameter(parameters, "working_calendar", "");
  MixedTable table({text_column("period"),
                    count_column("depth"),
                    text_column("name"),
                    text_column("kind"),
                    text_column("metric"),
                    amount_column("goal"),
                    amount_column("actual"),
                    amount_column("gap"),
                    percent_column("attainment"),
                    count_column("elapsed"),
                    count_column("days"),
                    amount_column("pace"),
                    text_column("status"),
                    amount_column("open"),
                    amount_column("weighted"),
                    percent_column("landing"),
                    percent_column("coverage"),
                    percent_column("weighted_coverage"),
                    count_column("overdue_milestones"),
                    count_column("open_obstacles")});
  for (const Quota& root : roots(reader, parameters)) {
    if (on && (*on < root.from || *on >= root.to)) continue;
    for (const QuotaPace& pace : incentive::quota_pace(reader, root.id, on, calendar)) {
      const QuotaAttainment& node = pace.node;
      table.add(node.quota.currency, node.quota.period, node.depth, names.of(node.quota), kind_of(node.quota),
                counted(node.quota), node.goal, node.actual, node.gap, cell(node.percent), pace.elapsed, pace.days,
                pace.pace, text_of(pace.status), cell(pace.open), cell(pace.weighted), cell(pace.landing),
                cell(pace.coverage), cell(pace.weighted_coverage), pace.overdue_milestones, pace.open_obstacles);
    }
  }
  return std::move(table).table();
}

Table quota_reconciliation(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  MixedTable table({text_column("period"), count_column("depth"), text_column("name"), text_column("kind"),
                    text_column("metric"), amount_column("quota"), amount_column("committed"), amount_column("gap"),
                    count_column("missing")});
  for (const Quota& root : roots(reader, parameters)) {
    for (const QuotaGap& gap : incentive::reconcile(reader, root.id)) {
      table.add(gap.quota.currency, gap.quota.period, gap.depth, names.of(gap.quota), kind_of(gap.quota),
                counted(gap.quota), Money{gap.quota.amount.minor, gap.quota.currency}, cell(gap.committed),
                cell(gap.gap), gap.missing);
    }
  }
  return std::move(table).table();
}

Table quota_ranking(const Reader& reader, const Parameters& parameters) {
  const NodeNames names(reader);
  const std::string by = text_parameter(parameters, "by", "actual");
  const std::string how = text_parameter(parameters, "ranking", "competition");
  constexpr std::string_view kBy[] = {"actual", "attainment"};
  constexpr std::string_view kHow[] = {"competition", "dense"};
  if (by != kBy[0] && by != kBy[1]) {
    throw Error(Code::invalid, "report", "by", "cannot rank by '" + by + "'." + suggest(by, kBy));
  }
  if (how != kHow[0] && how != kHow[1]) {
    throw Error(Code::invalid, "report", "ranking", "'" + how + "' is no way to rank." + suggest(how, kHow));
  }
  const std::string kind = text_parameter(parameters, "kind", "employee");
  MixedTable table({text_column("period"), text_column("metric"), count_column("rank"), text_column("name"),
                    amount_column("actual"), amount_column("goal"), percent_column("attainment")});
  std::map<std::tuple<Date, std::string, std::string>, std::vector<QuotaAttainment>> groups;
  for (const Quota& root : roots(reader, parameters)) {
    for (QuotaAttainment& node : incentive::attainment(reader, root.id)) {
      if (kind_of(node.quota) == kind) groups[{root.from, root.period, counted(root)}].push_back(std::move(node));
    }
  }
  for (auto& [key, nodes] : groups) {
    // By attainment crosswise: a / b before c / d where a d > c b. Without a goal there is no attainment: last.
    const auto better = [&](const QuotaAttainment& a, const QuotaAttainment& b) {
      if (by == "actual") return a.actual.minor > b.actual.minor;
      if (a.goal.minor == 0 || b.goal.minor == 0) return a.goal.minor != 0 && b.goal.minor == 0;
      return Int128{a.actual.minor} * b.goal.minor > Int128{b.actual.minor} * a.goal.minor;
    };
    std::stable_sort(nodes.begin(), nodes.end(), better);
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i == 0 || better(nodes[i - 1], nodes[i])) rank = how == "dense" ? rank + 1 : static_cast<std::int64_t>(i) + 1;
      table.add(nodes[i].quota.currency, std::get<1>(key), std::get<2>(key), rank, names.of(nodes[i].quota),
                nodes[i].actual, nodes[i].goal, cell(nodes[i].percent));
    }
  }
  return std::move(table).table();
}

Table quota_facts(const Reader& reader, const Parameters& parameters) {
  const QuotaFacts found = incentive::quota_facts(reader, id_parameter(parameters, "quota"));
  const Names employees = names_of(reader, entity_of<Employee>(), "name");
  // What came in is in the base currency; what is not visible is told as the target is.
  const Currency currency = found.quota.base_rate ? reader.currency() : found.quota.currency;
  MixedTable table({{.name = "day", .type = Type::date},
                    {.name = "record", .type = Type::id},
                    text_column("employee"),
                    amount_column("amount"),
                    amount_column("running")});
  std::int64_t running = 0;
  for (const incentive::MeasuredShare& share : found.facts) {
    running = checked_add(running, share.amount, "running sum");
    const auto name = employees.find(share.employee.value);
    table.add(currency, share.day, share.record, name == employees.end() ? std::string() : name->second,
              Money{share.amount, currency}, Money{running, currency});
  }
  if (found.hidden.minor != 0) {
    table.add(found.quota.currency, Value(), Value(), std::string("(not visible)"), found.hidden, found.actual);
  }
  return std::move(table).table();
}

Table quota_actions(const Reader& reader, const Parameters& parameters) {
  const Id quota = id_parameter(parameters, "quota");
  ActionHistory history;
  history.from = date_parameter(parameters, "from");
  history.to = date_parameter(parameters, "to");
  history.minimum = integer_parameter(parameters, "minimum", history.minimum);
  std::string levels = text_parameter(parameters, "levels", "");
  for (std::size_t start = 0; start < levels.size();) {
    const std::size_t end = std::min(levels.find(',', start), levels.size());
    const std::size_t first = levels.find_first_not_of(' ', start);
    history.levels.push_back(levels.substr(first, end - first));
    start = end + 1;
  }
  const ActionPlan plan = incentive::action_plan(reader, quota, date_parameter(parameters, "on"), history);
  Table table({text_column("action"), count_column("needed"), count_column("each_week"),
               TableColumn{.name = "amount", .type = Type::money, .currency = plan.quota.currency}, count_column("won"),
               count_column("tried"), text_column("figures")});
  for (const ActionStep& step : plan.steps) {
    // The first step divides what was won by how many deals that took; those after it count on both sides.
    const bool first = &step == &plan.steps.front();
    add_row(table, step.name, step.count, step.each_week, first ? Value(Money{step.won, plan.quota.currency}) : Value(),
            first ? Value() : Value(step.won), step.tried, std::string(step.own ? "own" : "all"));
  }
  return table;
}

Table sales_plan(const Reader& reader, const Parameters& parameters) {
  const Names products = names_of(reader, entity_of<Product>(), "name");
  const Names customers = names_of(reader, entity_of<Customer>(), "name");
  const Names employees = names_of(reader, entity_of<Employee>(), "name");
  const auto name = [](const Names& names, std::optional<Id> id) -> Value {
    if (!id) return {};
    const auto found = names.find(id->value);
    return found == names.end() ? std::to_string(id->value) : found->second;
  };
  Table table({text_column("period"), text_column("product"), text_column("customer"), text_column("employee"),
               money_column("plan", reader), money_column("actual", reader), money_column("gap", reader),
               percent_column("attainment")});
  for (const SalesPlanActual& row : incentive::sales_plan(reader, text_parameter(parameters, "period", ""))) {
    const SalesPlanLine& line = row.line;
    add_row(table, line.period, name(products, line.product), name(customers, line.customer),
            name(employees, line.employee), Money{line.amount.minor, line.currency}, row.actual, row.gap,
            cell(row.percent));
  }
  return table;
}

Table digest(const Reader& reader, const Parameters& parameters) {
  const Id employee = id_parameter(parameters, "employee");
  const MorningDigest morning = incentive::digest(reader, employee, date_parameter(parameters, "day"));
  MixedTable table({text_column("section"),
                    text_column("title"),
                    amount_column("amount"),
                    amount_column("before"),
                    amount_column("after"),
                    amount_column("goal"),
                    percent_column("percent_before"),
                    percent_column("percent_after"),
                    {.name = "due", .type = Type::date},
                    {.name = "overdue", .type = Type::boolean},
                    {.name = "record", .type = Type::id}});
  const Value none;
  for (const DigestDeal& deal : morning.deals) {
    table.add(reader.currency(), std::string("deal"), deal.title, deal.credit, none, none, none, none, none, none, none,
              deal.deal);
  }
  table.add(reader.currency(), std::string("credited"), std::string("yesterday"), morning.credited, none, none, none,
            none, none, none, none, none);
  table.add(reader.currency(), std::string("credited"), std::string("month to date"), morning.month_to_date, none, none,
            none, none, none, none, none, none);
  for (const Progress& row : morning.progress) {
    const Currency currency = row.currency;
    const Value goal = money(row.goal, currency);
    const std::int64_t target = row.goal.value_or(Amount{}).minor;
    const Money moved{checked_sub(row.after.minor, row.before.minor, "progress"), currency};
    table.add(currency, text_of(row.kind), incentive::label_of(row, false) + " " + row.period, moved,
              Money{row.before.minor, currency}, Money{row.after.minor, currency}, goal,
              percent(row.before.minor, target), percent(row.after.minor, target), none, none,
              row.quota ? Value(*row.quota) : none);
  }
  for (const std::string& why : morning.untold) {
    table.add(reader.currency(), std::string("untold"), why, none, none, none, none, none, none, none, none, none);
  }
  for (const DigestItem& item : morning.due) {
    table.add(reader.currency(), std::string("due"), item.title, none, none, none, none, none, none, item.due,
              item.overdue, item.record);
  }
  return std::move(table).table();
}

}  // namespace kith::analytics
