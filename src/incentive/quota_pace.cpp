// SPDX-License-Identifier: Apache-2.0
// How quotas stand on a day.
#include "kith/incentive/quota_pace.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/open_deals.hpp"
#include "incentive/quota_actuals.hpp"
#include "kith/people/employee.hpp"
#include "kith/people/fiscal.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kMilestoneFields = field_table<QuotaMilestone>(
    field<&QuotaMilestone::quota>("quota", {.required = true, .refers_to = "quota"}),
    field<&QuotaMilestone::kind>("kind"), field<&QuotaMilestone::title>("title", {.required = true, .max_length = 200}),
    field<&QuotaMilestone::owner>("owner", {.refers_to = "employee"}), field<&QuotaMilestone::due>("due"),
    field<&QuotaMilestone::status>("status"), field<&QuotaMilestone::note>("note", {.max_length = 1000}));

}  // namespace

constexpr Entity kQuotaMilestone = make_entity<QuotaMilestone>({.name = "quota_milestone",
                                                                .plural = "quota_milestones",
                                                                .fields = kMilestoneFields,
                                                                .roles = {.title = "title", .parent = "quota"}});

Id set_milestone(Work& work, QuotaMilestone& milestone) {
  const Quota quota = work.get<Quota>(milestone.quota);
  const bool own = quota.employee && work.actor().employee == quota.employee;
  if (!own) work.require(Action::edit, kQuota, quota.id);
  QuotaMilestone row = milestone;
  verb::Faults faults(kQuotaMilestone);
  if (verb::is_blank(row.title)) faults.add("title", "is missing; say what is to be reached, or what is in the way");
  if (row.due && !verb::is_day(*row.due)) faults.add("due", std::string(verb::kDayExpected));
  if (row.owner && !work.as_system("quotas").find<Employee>(*row.owner)) {
    faults.add("owner", "there is no employee " + std::to_string(row.owner->value));
  }
  faults.raise();
  work.trusted([&] {
    if (row.revision == 0) {
      work.create(row);
    } else {
      static_cast<void>(verb::before_update(work, row));
      work.update(row);
    }
  });
  milestone = std::move(row);
  return milestone.id;
}

namespace {

IsWorkingDay worked(const Reader& reader, std::string_view calendar) {
  if (calendar.empty()) return {};
  return [hours = people::working_hours(reader, calendar)](Date day) { return !spans_on(hours, day).empty(); };
}

struct Obstacles {
  std::int64_t overdue = 0;
  std::int64_t obstacles = 0;
};

std::unordered_map<Id, Obstacles> obstacles_on(const Reader& system, Date on) {
  std::unordered_map<Id, Obstacles> found;
  const Condition open = equals(kQuotaMilestone, "status", static_cast<std::int64_t>(MilestoneStatus::open));
  for (const QuotaMilestone& row : system.list<QuotaMilestone>({.conditions = {open}})) {
    if (row.due && *row.due < on) ++found[row.quota].overdue;
    if (row.kind == MilestoneKind::obstacle) ++found[row.quota].obstacles;
  }
  return found;
}

constexpr int kShownDigits = 2;

std::optional<Decimal> shown(const std::optional<Exact>& ratio, std::int64_t factor) {
  if (!ratio) return std::nullopt;
  return rounded(exact(ratio->numerator * factor, ratio->denominator), kShownDigits, Rounding::half_up);
}

void add_pipeline(QuotaPace& pace, const OpenDeals::Worth& worth) {
  const std::int64_t goal = pace.node.goal.minor;
  const std::int64_t actual = pace.node.actual.minor;
  pace.open = Money{worth.open, pace.node.goal.currency};
  pace.weighted = Money{worth.weighted, pace.node.goal.currency};
  pace.landing = shown(landing_of(goal, actual, worth.weighted), 100);
  pace.coverage = shown(coverage_of(goal, actual, worth.open), 1);
  pace.weighted_coverage = shown(coverage_of(goal, actual, worth.weighted), 1);
}

}  // namespace

std::vector<QuotaPace> quota_pace(const Reader& reader, Id root, std::optional<Date> on,
                                  std::string_view working_calendar) {
  const Quota top = reader.get<Quota>(root);
  const Date day = on.value_or(std::clamp(reader.today(), top.from, Date{top.to.days - 1}));
  if (day < top.from || day >= top.to) {
    throw Error(
        Code::invalid, "quota", "on",
        to_string(day) + " is no day of " + top.period + ", [" + to_string(top.from) + ", " + to_string(top.to) + ")");
  }
  const IsWorkingDay working = worked(reader, working_calendar);
  const std::int64_t days = day_count(DayBasis::working, top.from, top.to, working);
  const std::int64_t elapsed = day_count(DayBasis::working, top.from, Date{day.days + 1}, working);
  const Reader system = reader.as_system("quota pace");
  const auto milestones = obstacles_on(system, day);
  const bool deals = top.metric == QuotaMetric::won_amount || top.metric == QuotaMetric::won_count;
  std::optional<OpenDeals> open;
  if (deals) open.emplace(system, top.metric == QuotaMetric::won_count, top.from, top.to);
  std::vector<QuotaPace> paces;
  for (QuotaAttainment& node : attainment_until(reader, root, Date{day.days + 1})) {
    QuotaPace& pace = paces.emplace_back();
    pace.node = std::move(node);
    pace.elapsed = elapsed;
    pace.days = days;
    const std::int64_t goal = pace.node.goal.minor;
    pace.pace = {rounded(pace_of(goal, elapsed, days), Rounding::half_up), pace.node.goal.currency};
    // The period has ended for whoever looks back at it: on its last day nothing more can come in.
    const bool ended = day.days + 1 == top.to.days && reader.today() >= top.to;
    pace.status = goal_status(goal, pace.node.actual.minor, elapsed, days, ended);
    if (open) add_pipeline(pace, open->of(pace.node.quota));
    if (const auto found = milestones.find(pace.node.quota.id); found != milestones.end()) {
      pace.overdue_milestones = found->second.overdue;
      pace.open_obstacles = found->second.obstacles;
    }
  }
  return paces;
}

}  // namespace incentive

template <>
const Entity& entity_of<QuotaMilestone>() {
  return incentive::kQuotaMilestone;
}

}  // namespace kith
