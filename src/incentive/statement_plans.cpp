// SPDX-License-Identifier: Apache-2.0
// Plans as they are stored, and to whom they are assigned.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/document_model.hpp"
#include "incentive/plan_rules.hpp"
#include "incentive/plans_check.hpp"
#include "incentive/quota_actuals.hpp"
#include "incentive/statement_terms.hpp"
#include "kith/people/fiscal.hpp"
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
    field<&CommissionPlan::valid_from>("valid_from"), field<&CommissionPlan::valid_to>("valid_to"),
    field<&CommissionPlan::state>("state", {.kept = true}),
    field<&CommissionPlan::accepted>("accepted", {.kept = true, .max_length = kLongestDocument}));
constexpr UniqueKey kCommissionPlanKeys[] = {{{"name", "version"}}};

constexpr auto kPlanAssignmentFields = field_table<PlanAssignment>(
    field<&PlanAssignment::plan>("plan", {.required = true, .max_length = 200}),
    field<&PlanAssignment::employee>("employee", {.refers_to = "employee"}),
    field<&PlanAssignment::unit>("unit", {.refers_to = "unit"}), field<&PlanAssignment::from>("from"),
    field<&PlanAssignment::to>("to"), field<&PlanAssignment::role>("role", {.max_length = 100}));

}  // namespace

constexpr Entity kCommissionPlan = make_entity<CommissionPlan>({.name = "commission_plan",
                                                                .plural = "commission_plans",
                                                                .fields = kCommissionPlanFields,
                                                                .unique = kCommissionPlanKeys,
                                                                .roles = {.title = "name"}});
constexpr Entity kPlanAssignment = make_entity<PlanAssignment>(
    {.name = "plan_assignment", .plural = "plan_assignments", .fields = kPlanAssignmentFields});

namespace {

bool names_general_format(std::string_view text) {
  const Json document = Json::parse(text, nullptr, false);
  return document.is_object() && document.value("format", Json()) == kGeneralPlanFormat;
}

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

/// A calendar as a plan says it.
std::string calendar_text(const Calendar& calendar) {
  Json said = {{"name", calendar.name},
               {"kind", choice_name(calendar.kind)},
               {"first_month", calendar.first_month},
               {"year_name", choice_name(calendar.year_name)}};
  if (has_weeks(calendar.kind)) {
    said.update({{"start", choice_name(calendar.start)},
                 {"first_day", calendar.first_day},
                 {"first_weekday", choice_name(static_cast<Weekday>(calendar.first_weekday + 1))},
                 {"long_period", calendar.long_period}});
  }
  return said.dump();
}

/// A plan stands by itself: it says how its periods lie, and its store must say the same.
void require_same(const Calendar& stored, const Calendar& said, Findings& found) {
  const auto parts = [](const Calendar& one) {
    return std::tuple(one.kind, one.first_month, one.start, one.first_day, one.first_weekday, one.long_period,
                      one.year_name);
  };
  const bool months = stored.kind == CalendarKind::months && said.kind == stored.kind;
  if (months && said.first_month != stored.first_month) {
    return found.add("first_month",
                     fmt::format("The calendar {} of this store begins its years with month {}; say the same.",
                                 quote(stored.name), stored.first_month));
  }
  const bool same =
      months ? stored.first_month == 1 || stored.year_name == said.year_name : parts(stored) == parts(said);
  if (!same) {
    found.add("calendar", fmt::format("The calendar {} of this store is another one; say all of it: {}",
                                      quote(stored.name), calendar_text(stored)));
  }
}

void require_calendar(const Reader& reader, const PlanDocument::Model& model, Findings& found) {
  try {
    require_same(calendar_named(reader, model.calendar.name), model.calendar, found);
  } catch (const Error& error) {
    found.add("calendar", error.message);
  }
}

/// The same of a general plan, whose validity must also be made of whole periods: so each period has one version.
void require_fitting(const Work& work, const PlanDocument& plan) {
  const PlanDocument::Model& model = plan.model();
  Findings found;
  if (model.currency != work.currency()) {
    found.add("currency", fmt::format("It is {}; statements of this store are in {}.", code_of(model.currency),
                                      code_of(work.currency())));
  }
  if (model.whole_plan || model.interval == Grain::week || model.interval == Grain::period) {
    found.add("interval", "A stored plan pays by \"month\", \"quarter\" or \"year\".");
  } else {
    require_calendar(work, model, found);
    for (const auto& [path, day] : {std::pair("valid.from", model.from), std::pair("valid.to", model.to)}) {
      if (day == kOpenDate || period_of(model.calendar, model.interval, day).from == day) continue;
      found.add(path, fmt::format("{} is not the first day of a {}; a stored plan begins and ends with one.",
                                  to_string(day), name_of(model.interval)));
    }
  }
  if (!found.empty()) throw Error(found.take());
}

/// Versions grow, and all of one name pay by the same interval, so that no deal can count twice.
void require_next(const PlanVersion& plan, const std::vector<CommissionPlan>& versions) {
  for (const CommissionPlan& other : versions) {
    if (other.version >= plan.row.version) {
      throw Error(Code::conflict, "commission_plan", "version",
                  fmt::format("version {} of '{}' is stored; give this one a higher number than that", other.version,
                              plan.row.name));
    }
    const PlanVersion before = read_version(other);
    if (before.interval != plan.interval || before.calendar != plan.calendar) {
      throw Error(Code::invalid, "plan", "interval",
                  fmt::format("'{}' pays by the {} so far; give a plan that pays by the {} another name", plan.row.name,
                              name_of(before.interval), name_of(plan.interval)));
    }
  }
}

}  // namespace

void check_plans(const Reader& reader, std::vector<Finding>& findings) {
  for (const CommissionPlan& row : reader.list<CommissionPlan>()) {
    if (row.state == PlanState::draft || !is_general(row)) continue;
    Findings found;
    try {
      require_calendar(reader, PlanDocument::parse(row.document).model(), found);
    } catch (const Error& error) {
      found.add("document", error.message);
    }
    for (const Violation& one : found.take()) {
      findings.push_back({"commission_plan", row.id, one.field + " must fit the store: " + one.message});
    }
  }
}

bool is_general(const CommissionPlan& plan) {
  // Canonical documents have no white space, and no text in them can hold an unescaped quote.
  return plan.document.find(fmt::format(R"("format":"{}")", kGeneralPlanFormat)) != std::string::npos;
}

Id add_plan(Work& work, std::string_view document) {
  work.require(Action::create, kCommissionPlan);
  CommissionPlan row;
  if (names_general_format(document)) {
    const PlanDocument plan = PlanDocument::parse(document);
    require_fitting(work, plan);
    row.name = plan.name();
    row.version = plan.version();
    row.document = plan.canonical_json();
    row.hash = plan.hash();
    row.valid_from = plan.model().from;
    row.valid_to = plan.model().to;
    row.state = PlanState::draft;
  } else {
    const Plan plan = parse_plan(document);
    require_fitting(work, plan);
    row.name = plan.name;
    row.version = plan.version;
    row.document = canonical_json(plan);
    row.hash = to_hex(hash_of(plan));
    row.valid_from = plan.from;
    row.valid_to = plan.to;
  }
  const Reader system = work.as_system("commission");
  require_next(read_version(row),
               system.list<CommissionPlan>(
                   {.conditions = {equals(kCommissionPlan, "name", row.name)}, .order = {"version desc"}}));
  return work.trusted([&] { return work.create(row); });
}

namespace {

/// The plan that the actor may edit, in the state that a verb needs.
CommissionPlan plan_in(const Work& work, Id plan, PlanState state, std::string_view verb) {
  work.require(Action::edit, kCommissionPlan, plan);
  CommissionPlan row = work.get<CommissionPlan>(plan);
  if (row.state == state) return row;
  throw Error(Code::state, "commission_plan", "state",
              fmt::format("version {} of '{}' is {}; only one that is {} can be {}", row.version, row.name,
                          choice_name(row.state), choice_name(state), verb));
}

}  // namespace

void approve(Work& work, Id plan, bool accept_findings) {
  CommissionPlan row = plan_in(work, plan, PlanState::draft, "approved");
  const PlanDocument document = PlanDocument::parse(row.document);
  require_fitting(work, document);  // its calendar may have changed since
  std::vector<Violation> found = lint(document);
  if (!found.empty() && !accept_findings) throw Error(std::move(found));
  std::string accepted;
  for (const Violation& one : found) accepted += one.field + ": " + one.message + "\n";
  if (!accepted.empty()) row.accepted = std::move(accepted);
  row.state = PlanState::approved;
  work.trusted([&] { work.update(row); });
}

void retire(Work& work, Id plan, Date end) {
  CommissionPlan row = plan_in(work, plan, PlanState::approved, "retired");
  const PlanVersion version = read_version(row);
  verb::Faults faults(kCommissionPlan);
  if (end <= row.valid_from || row.valid_to < end) {
    faults.add("valid_to", fmt::format("{} is not within its validity: give the first day without it, after {}{}",
                                       to_string(end), to_string(row.valid_from),
                                       row.valid_to == kOpenDate ? "" : " and not after " + to_string(row.valid_to)));
  } else if (end != kOpenDate && period_of(calendar_named(work, version.calendar), version.interval, end).from != end) {
    const Period cut = period_of(calendar_named(work, version.calendar), version.interval, end);
    faults.add("valid_to",
               fmt::format("{} would cut the {} {}, which it pays whole or not; give {} or {}", to_string(end),
                           name_of(version.interval), cut.label, to_string(cut.from), to_string(cut.to)));
  }
  faults.raise();
  row.valid_to = end;
  row.state = PlanState::retired;
  work.trusted([&] { work.update(row); });
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
  const int subjects = (row.employee ? 1 : 0) + (row.unit ? 1 : 0) + (row.role ? 1 : 0);
  if (subjects != 1) {
    faults.add("employee", subjects == 0 ? "or unit is missing; give one of them, or a role"
                                         : "and unit are both given; give one of them, or a role");
  }
  for (const auto& [field, day] : {std::pair("from", row.from), std::pair("to", row.to)}) {
    if (!verb::is_day(day) && day != kOpenDate) faults.add(field, std::string(verb::kDayExpected));
  }
  if (row.to <= row.from) faults.add("to", "is not after from; give a later day");
  faults.raise();
}

std::string days_text(const PlanAssignment& row) {
  return "from " + to_string(row.from) + (row.to == kOpenDate ? " on" : " to " + to_string(row.to));
}

/// Of two assignments to the same employee, unit or role none is more specific: they must not hold on one day.
void require_alone(const Reader& system, const std::vector<PlanAssignment>& rows, const PlanAssignment& row) {
  for (const PlanAssignment& other : rows) {
    if (!effective::overlaps(std::vector<PlanAssignment>{other}, row)) continue;
    const std::string subject = row.employee ? "employee " + person_text(system, *row.employee)
                                : row.unit   ? unit_text(system, *row.unit)
                                             : "role " + quote(*row.role);
    const std::string mend = other.from < row.from
                                 ? fmt::format("end that one on {} first", to_string(row.from))
                                 : fmt::format("let this one end on {}, or change that one", to_string(other.from));
    throw Error(
        Code::conflict, "plan_assignment", "from",
        fmt::format("plan {} for {} {} overlaps assignment {} of plan {} to the same {} {}; one has one plan at "
                    "a time: {}",
                    quote(row.plan), subject, days_text(row), other.id.value, quote(other.plan),
                    row.employee ? "employee"
                    : row.unit   ? "unit"
                                 : "role",
                    days_text(other), mend));
  }
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
                            : assignment.unit   ? equals(kPlanAssignment, "unit", *assignment.unit)
                                                : equals(kPlanAssignment, "role", *assignment.role);
  require_alone(system, system.list<PlanAssignment>({.conditions = {subject}, .order = {"from"}}), assignment);
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
