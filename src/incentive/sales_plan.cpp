// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/sales_plan.hpp"

#include <fmt/format.h>

#include <tuple>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/sales_plan_entity.hpp"
#include "kith/incentive/measure.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/people/fiscal.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kSalesPlanFields = field_table<SalesPlanLine>(
    field<&SalesPlanLine::period>("period", {.required = true, .indexed = true, .max_length = 20}),
    field<&SalesPlanLine::calendar>("calendar", {.required = true, .max_length = 200}),
    field<&SalesPlanLine::from>("from", {.kept = true}), field<&SalesPlanLine::to>("to", {.kept = true}),
    field<&SalesPlanLine::product>("product", {.refers_to = "product"}),
    field<&SalesPlanLine::customer>("customer", {.refers_to = "customer"}),
    field<&SalesPlanLine::employee>("employee", {.refers_to = "employee"}),
    field<&SalesPlanLine::currency>("currency", {.required = true}),
    field<&SalesPlanLine::amount>("amount", {.minimum = 0}),
    field<&SalesPlanLine::quantity>("quantity", {.scale = kQuantityScale, .minimum = 0}),
    field<&SalesPlanLine::note>("note", {.max_length = 1000}));

}  // namespace

constexpr Entity kSalesPlanLine = make_entity<SalesPlanLine>({.name = "sales_plan_line",
                                                              .plural = "sales_plan_lines",
                                                              .fields = kSalesPlanFields,
                                                              .roles = {.owner = "employee", .currency = "currency"}});

namespace {

void check_line(const Work& work, SalesPlanLine& row) {
  verb::Faults faults(kSalesPlanLine);
  if (row.amount.minor < 0) {
    faults.add("amount", "is negative: " + to_string(Money{row.amount.minor, work.currency()}) + "; give 0 or more");
  }
  if (row.quantity && *row.quantity < Decimal{}) faults.add("quantity", "is negative; give 0 or more");
  if (!row.product && !row.customer && !row.employee) {
    faults.add("product", "customer and employee are all missing; say what the line is about");
  }
  if (row.currency && row.currency != work.currency()) {
    faults.add("currency", "is " + code_of(row.currency) + "; the plan is in " + code_of(work.currency()));
  }
  try {
    const Period period = parse_period(people::calendar_named(work, row.calendar), row.period);
    row.period = period.label;
    row.from = period.from;
    row.to = period.to;
  } catch (const Error& error) {
    faults.add(error.entity == "calendar" ? "calendar" : "period", error.message);
  }
  faults.raise();
}

auto subject_of(const SalesPlanLine& row) { return std::tie(row.calendar, row.product, row.customer, row.employee); }

}  // namespace

Id set_sales_plan_line(Work& work, SalesPlanLine& line) {
  SalesPlanLine row = line;
  if (row.revision == 0) {
    work.require(Action::create, kSalesPlanLine);
  } else {
    static_cast<void>(verb::before_update(work, row));
  }
  check_line(work, row);
  row.currency = work.currency();
  if (row.quantity) row.quantity = rescale(*row.quantity, kQuantityScale);
  for (const SalesPlanLine& other :
       work.as_system("sales plan")
           .list<SalesPlanLine>({.conditions = {equals(kSalesPlanLine, "period", row.period)}})) {
    if (other.id == row.id || subject_of(other) != subject_of(row)) continue;
    throw Error(Code::conflict, "sales_plan_line", "period",
                fmt::format("record {} is the line for the same in {}; change that one", other.id.value, row.period));
  }
  if (row.revision == 0) {
    work.create(row);
  } else {
    work.update(row);
  }
  line = std::move(row);
  return line.id;
}

std::vector<SalesPlanActual> sales_plan(const Reader& reader, std::string_view period) {
  Query query{.order = {"from", "to", "amount desc"}};
  if (!period.empty()) {
    const NamedPeriod named = period_named(reader, period);
    query.conditions.push_back(equals(kSalesPlanLine, "calendar", named.calendar.name));
    query.conditions.push_back(equals(kSalesPlanLine, "period", named.period.label));
  }
  const Reader system = reader.as_system("sales plan");
  std::vector<SalesPlanActual> rows;
  for (SalesPlanLine& line : reader.list<SalesPlanLine>(query)) {
    Measure won;
    won.name = "sales plan";
    won.entity = "opportunity";
    won.on = "closed_on";
    won.filter = "status = 'won'";
    won.value = "base_amount";
    won.kind = MeasureKind::money;
    if (line.product) *won.filter += fmt::format(" and product = {}", line.product->value);
    if (line.customer) *won.filter += fmt::format(" and customer = {}", line.customer->value);
    SalesPlanActual& row = rows.emplace_back();
    std::int64_t sum = 0;
    for (const MeasuredShare& share : measured(system, won, line.from, line.to)) {
      if (!line.employee || share.employee == *line.employee) sum = checked_add(sum, share.amount, "sales");
    }
    row.actual = {sum, line.currency};
    row.gap = {checked_sub(line.amount.minor, sum, "gap of the plan"), line.currency};
    row.percent = compute_attainment(sum, line.amount.minor);
    row.line = std::move(line);
  }
  return rows;
}

}  // namespace incentive

template <>
const Entity& entity_of<SalesPlanLine>() {
  return incentive::kSalesPlanLine;
}

}  // namespace kith
