// SPDX-License-Identifier: Apache-2.0
// Plans as they are stored, and to whom they are assigned.
#include <fmt/format.h>

#include <algorithm>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr int kLongestDocument = 1'000'000;

constexpr auto kCommissionPlanFields = field_table<CommissionPlan>(
    field<&CommissionPlan::name>("name", {.required = true, .max_length = 200}),
    field<&CommissionPlan::version>("version", {.minimum = 1}),
    field<&CommissionPlan::document>("document", {.required = true, .max_length = kLongestDocument}),
    field<&CommissionPlan::hash>("hash", {.required = true, .kept = true, .max_length = 64}),
    field<&CommissionPlan::valid_from>("valid_from"), field<&CommissionPlan::valid_to>("valid_to"));
constexpr UniqueKey kCommissionPlanKeys[] = {{{"name", "version"}}};

constexpr auto kPlanAssignmentFields =
    field_table<PlanAssignment>(field<&PlanAssignment::plan>("plan", {.required = true, .max_length = 200}),
                                field<&PlanAssignment::employee>("employee", {.refers_to = "employee"}),
                                field<&PlanAssignment::unit>("unit", {.refers_to = "unit"}),
                                field<&PlanAssignment::from>("from"), field<&PlanAssignment::to>("to"));

}  // namespace

constexpr Entity kCommissionPlan = make_entity<CommissionPlan>({.name = "commission_plan",
                                                                .plural = "commission_plans",
                                                                .fields = kCommissionPlanFields,
                                                                .unique = kCommissionPlanKeys,
                                                                .roles = {.title = "name"}});
constexpr Entity kPlanAssignment = make_entity<PlanAssignment>(
    {.name = "plan_assignment", .plural = "plan_assignments", .fields = kPlanAssignmentFields});

namespace {

/// What a document must be beyond a valid plan to count in this store.
void require_fitting(const Work& work, const Plan& plan) {
  std::vector<Violation> violations;
  const auto guard = [&](std::string_view path, auto&& test) {
    try {
      test();
    } catch (const Error& error) {
      violations.push_back({"plan", std::string(path), error.message});
    }
  };
  if (plan.currency != work.currency()) {
    violations.push_back(
        {"plan", "currency",
         fmt::format("is {}; deals of this store are in {}", code_of(plan.currency), code_of(work.currency()))});
  }
  guard("calendar", [&] { static_cast<void>(calendar_named(work, plan.calendar)); });
  guard("eligibility.when",
        [&] { static_cast<void>(compile_eligibility(plan, scope_of(entity_of<Opportunity>(), work.currency()))); });
  if (!violations.empty()) throw Error(std::move(violations));
}

/// Versions grow, and all of one name pay by the same interval, so that no deal can count twice.
void require_next(const Plan& plan, const std::vector<CommissionPlan>& versions) {
  for (const CommissionPlan& other : versions) {
    if (other.version >= plan.version) {
      throw Error(Code::conflict, "commission_plan", "version",
                  fmt::format("version {} of '{}' is stored; give this one a higher number than that", other.version,
                              plan.name));
    }
    const Plan before = parse_plan(other.document);
    if (before.interval != plan.interval || before.calendar != plan.calendar) {
      throw Error(Code::invalid, "plan", "interval",
                  fmt::format("'{}' pays by the {} so far; give a plan that pays by the {} another name", plan.name,
                              name_of(before.interval), name_of(plan.interval)));
    }
  }
}

}  // namespace

Id add_plan(Work& work, std::string_view document) {
  work.require(Action::create, kCommissionPlan);
  const Plan plan = parse_plan(document);
  require_fitting(work, plan);
  require_next(plan, work.as_system("commission")
                         .list<CommissionPlan>(
                             {.conditions = {equals(kCommissionPlan, "name", plan.name)}, .order = {"version desc"}}));
  CommissionPlan row;
  row.name = plan.name;
  row.version = plan.version;
  row.document = canonical_json(plan);
  row.hash = to_hex(hash_of(plan));
  row.valid_from = plan.from;
  row.valid_to = plan.to;
  return work.create(row);
}

namespace {

void require_known_plan(const Reader& system, const std::string& name, verb::Faults& faults) {
  std::vector<std::string> names;
  for (const CommissionPlan& row : system.list<CommissionPlan>({.fields = {"id", "name"}})) names.push_back(row.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  const std::vector<std::string_view> known(names.begin(), names.end());
  faults.add("plan", "there is no plan '" + name + "'." + (known.empty() ? " Add one first." : suggest(name, known)));
}

void require_plausible(const Reader& system, const PlanAssignment& row) {
  verb::Faults faults(kPlanAssignment);
  require_known_plan(system, row.plan, faults);
  if (row.employee.has_value() == row.unit.has_value()) {
    faults.add("employee",
               row.employee ? "and unit are both given; give one of them" : "or unit is missing; give one of them");
  }
  for (const auto& [field, day] : {std::pair("from", row.from), std::pair("to", row.to)}) {
    if (!verb::is_day(day) && day != kOpenDate) faults.add(field, std::string(verb::kDayExpected));
  }
  if (row.to <= row.from) faults.add("to", "is not after from; give a later day");
  faults.raise();
}

}  // namespace

Id assign(Work& work, PlanAssignment& assignment) {
  if (assignment.revision == 0) {
    work.require(Action::create, kPlanAssignment);
  } else {
    static_cast<void>(verb::before_update(work, assignment));
  }
  const Reader system = work.as_system("commission");
  require_plausible(system, assignment);
  const Condition subject = assignment.employee ? equals(kPlanAssignment, "employee", *assignment.employee)
                                                : equals(kPlanAssignment, "unit", *assignment.unit);
  effective::require_free(system.list<PlanAssignment>({.conditions = {subject}, .order = {"from"}}), assignment,
                          "plan_assignment");
  if (assignment.revision == 0) {
    work.create(assignment);
  } else {
    work.update(assignment);
  }
  return assignment.id;
}

}  // namespace incentive

template <>
const Entity& entity_of<CommissionPlan>() {
  return incentive::kCommissionPlan;
}
template <>
const Entity& entity_of<PlanAssignment>() {
  return incentive::kPlanAssignment;
}

}  // namespace kith
