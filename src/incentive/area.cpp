// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "engine/verbs.hpp"
#include "incentive/bonus_facts.hpp"
#include "incentive/obligations_check.hpp"
#include "incentive/plans_check.hpp"
#include "incentive/quota_check.hpp"
#include "incentive/sales_plan_entity.hpp"
#include "incentive/statement_hash.hpp"
#include "incentive/statement_pay.hpp"
#include "incentive/statement_terms.hpp"
#include "kith/engine/formula.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr const Entity* kEntities[] = {&kCommissionPlan,
                                       &kPlanAssignment,
                                       &kCommissionPeriod,
                                       &kStatement,
                                       &kStatementLine,
                                       &kMeasure,
                                       &kQuotaPlan,
                                       &kQuota,
                                       &kQuotaRelief,
                                       &kQuotaMilestone,
                                       &kProgress,
                                       &kDigestDelivery,
                                       &kBonus,
                                       &kBonusPart,
                                       &kAward,
                                       &kCostAsset,
                                       &kCostLine,
                                       &kDraw,
                                       &kDrawLine,
                                       &kSalesPlanLine,
                                       &kEvent,
                                       &kEventShare,
                                       &kPayeeRole,
                                       &kReportingLine,
                                       &kCommissionValue,
                                       &kStatementRelease,
                                       &kStatementPayment};

constexpr Permit kPermits[] = {
    {"incentive::add_plan", "commission_plan", Action::create},
    {"incentive::assign", "plan_assignment", Action::create},
    {"incentive::run", "statement", Action::edit},
    {"incentive::close", "statement", Action::close},
    {"incentive::approve", "commission_plan", Action::edit},
    {"incentive::retire", "commission_plan", Action::edit},
    {"incentive::reopen", "commission_period", Action::administer},
    {"incentive::post_events", "event", Action::create},
    {"incentive::post_events", "event", Action::create},  // the same from columns
    {"incentive::set_role", "payee_role", Action::create},
    {"incentive::set_superior", "reporting_line", Action::create},
    {"incentive::set_value", "commission_value", Action::create},
    {"incentive::set_quota", "quota", Action::create},
    {"incentive::decompose", "quota", Action::edit},
    {"incentive::split_periods", "quota", Action::edit},
    {"incentive::split_seasonal", "quota", Action::edit},
    {"incentive::sum_periods", "quota", Action::edit},
    {"incentive::roll_up", "quota", Action::edit},
    {"incentive::commit_to", "quota", Action::edit},
    {"incentive::set_measure", "measure", Action::administer},
    {"incentive::draw_up", "quota_plan", Action::create},
    {"incentive::copy_into", "quota_plan", Action::edit},
    {"incentive::move_on", "quota_plan", Action::edit},
    {"incentive::activate", "quota_plan", Action::close},
    {"incentive::set_sales_plan_line", "sales_plan_line", Action::create},
    {"incentive::set_bonus", "bonus", Action::create},
    {"incentive::set_bonus_parts", "bonus", Action::edit},
    {"incentive::post_bonus", "bonus", Action::close},
    {"incentive::set_cost_asset", "cost_asset", Action::create},
    {"incentive::post_amortization", "cost_asset", Action::edit},
    {"incentive::write_off_asset", "cost_asset", Action::edit},
    {"incentive::set_draw", "draw", Action::create},
    {"incentive::post_draw", "draw", Action::edit},
    {"incentive::catch_up", "progress", Action::read},
    {"incentive::deliver_digest", "digest_delivery", Action::read},
    {"incentive::set_milestone", "quota", Action::edit},
    {"incentive::set_relief", "quota_relief", Action::create},
    {"incentive::set_ramp", "quota_relief", Action::create},
};

void change_measure(Work& work, Measure& measure) { set_measure(work, measure); }
void change_plan(Work& work, QuotaPlan& plan) { draw_up(work, plan); }
void change_relief(Work& work, QuotaRelief& relief) { set_relief(work, relief); }
void change_line(Work& work, SalesPlanLine& line) { set_sales_plan_line(work, line); }
void remove_line(Work& work, Id id, std::int64_t revision) { work.remove<SalesPlanLine>(id, revision); }
void change_bonus(Work& work, Bonus& bonus) { set_bonus(work, bonus); }
void change_draw(Work& work, Draw& draw) { set_draw(work, draw); }
void change_milestone(Work& work, QuotaMilestone& milestone) { set_milestone(work, milestone); }
void change_quota(Work& work, Quota& quota) { set_quota(work, quota); }

void remove_quota(Work& work, Id id, std::int64_t revision) { work.remove<Quota>(id, revision); }
void remove_relief(Work& work, Id id, std::int64_t revision) { work.remove<QuotaRelief>(id, revision); }

template <class T>
void remove_record(Work& work, Id id, std::int64_t revision) {
  work.remove<T>(id, revision);
}

/// The verbs that both add and replace, as record verbs.
template <class T, Id (*kSet)(Work&, T&)>
void replace_record(Work& work, void* record) {
  static_cast<void>(kSet(work, *static_cast<T*>(record)));
}
template <class T, Id (*kSet)(Work&, T&)>
constexpr RecordVerbs set_verbs(std::string_view entity) {
  return {.entity = entity,
          .create = verb::create_record<T, kSet>,
          .update = replace_record<T, kSet>,
          .remove = remove_record<T>};
}
constexpr RecordVerbs kVerbs[] = {
    {.entity = "measure",
     .create = verb::create_record<Measure, set_measure>,
     .update = verb::update_record<Measure, change_measure>},
    {.entity = "quota_plan",
     .create = verb::create_record<QuotaPlan, draw_up>,
     .update = verb::update_record<QuotaPlan, change_plan>},
    {.entity = "quota",
     .create = verb::create_record<Quota, set_quota>,
     .update = verb::update_record<Quota, change_quota>,
     .remove = remove_quota},
    {.entity = "quota_relief",
     .create = verb::create_record<QuotaRelief, set_relief>,
     .update = verb::update_record<QuotaRelief, change_relief>,
     .remove = remove_relief},
    {.entity = "sales_plan_line",
     .create = verb::create_record<SalesPlanLine, set_sales_plan_line>,
     .update = verb::update_record<SalesPlanLine, change_line>,
     .remove = remove_line},
    {.entity = "bonus",
     .create = verb::create_record<Bonus, set_bonus>,
     .update = verb::update_record<Bonus, change_bonus>},
    {.entity = "cost_asset", .create = verb::create_record<CostAsset, set_cost_asset>},
    {.entity = "draw", .create = verb::create_record<Draw, set_draw>, .update = verb::update_record<Draw, change_draw>},
    {.entity = "quota_milestone",
     .create = verb::create_record<QuotaMilestone, set_milestone>,
     .update = verb::update_record<QuotaMilestone, change_milestone>},
    set_verbs<PlanAssignment, assign>("plan_assignment"),
    set_verbs<PayeeRole, set_role>("payee_role"),
    set_verbs<ReportingLine, set_superior>("reporting_line"),
    set_verbs<CommissionValue, set_value>("commission_value"),
};

constexpr FirstGrant kGrants[] = {
    {"manager", "statement", Action::read, Level::subtree},
    {"manager", "quota", Action::read, Level::subtree},
    {"manager", "sales_plan_line", Action::read, Level::all},
    {"seller", "sales_plan_line", Action::read, Level::own},
    {"manager", "bonus", Action::read, Level::all},
    {"manager", "award", Action::read, Level::subtree},
    {"seller", "bonus", Action::read, Level::all},
    {"seller", "award", Action::read, Level::own},
    {"seller", "draw", Action::read, Level::own},
    {"manager", "progress", Action::read, Level::subtree},
    {"manager", "quota_plan", Action::read, Level::all},
    {"manager", "quota_relief", Action::read, Level::subtree},
    {"manager", "measure", Action::read, Level::all},
    {"manager", "commission_plan", Action::read, Level::all},
    {"manager", "commission_period", Action::read, Level::all},
    {"manager", "event", Action::read, Level::all},
    {"seller", "statement", Action::read, Level::own},
    {"seller", "quota", Action::read, Level::own},
    {"seller", "progress", Action::read, Level::own},
    {"seller", "digest_delivery", Action::read, Level::own},
    {"seller", "quota_plan", Action::read, Level::all},
    {"seller", "quota_relief", Action::read, Level::own},
    {"seller", "measure", Action::read, Level::all},
    {"seller", "commission_plan", Action::read, Level::all},
    {"seller", "commission_period", Action::read, Level::all},
};

/// What the lines of a statement add up to.
struct Sums {
  Int128 credit = 0;
  Int128 earned = 0;
  Int128 adjusted = 0;
  std::int64_t lines = 0;
  std::set<Id> facts;
  LinesHash hash;
};

std::unordered_map<Id, Sums> sum_lines(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, Sums> sums;
  auto cursor = reader.scan(kStatementLine, {.order = {"statement", "position"}});
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      StatementLine line;
      load_row(batch, row, &line);
      Sums& sum = sums[line.statement];
      if (line.position != ++sum.lines) {
        findings.push_back({"statement_line", line.id,
                            "position must be " + std::to_string(sum.lines) + ", is " + std::to_string(line.position)});
      }
      sum.hash.add(line);
      if (line.kind == LineKind::adjustment) {
        sum.adjusted += line.amount.minor;
        continue;
      }
      sum.earned += line.amount.minor;
      if (sum.facts.insert(line.opportunity).second) sum.credit += line.credit.minor;
    }
  }
  for (const StatementRelease& row : reader.list<StatementRelease>({.order = {"statement", "position"}})) {
    sums[row.statement].hash.add(row);
  }
  for (const StatementPayment& row : reader.list<StatementPayment>()) sums[row.statement].hash.add(row);
  return sums;
}

void check_sums(const Statement& row, const Sums& sums, std::vector<Finding>& findings) {
  const auto expect = [&](const char* field, Amount stored, Int128 sum) {
    if (Int128{stored.minor} == sum) return;
    findings.push_back(
        {"statement", row.id,
         std::string(field) + " must be what its lines add up to, is " + to_string(Money{stored.minor, row.currency})});
  };
  expect("credit", row.credit, sums.credit);
  expect("earned", row.earned, sums.earned);
  expect("adjusted", row.adjusted, sums.adjusted);
  expect("total", row.total, sums.earned + sums.adjusted);
}

/// Closed statements hold the hash of what they say and of the one before; open ones have none.
void check_statements(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, Sums> sums = sum_lines(reader, findings);
  std::unordered_map<Id, CommissionPeriod> periods;
  for (CommissionPeriod& row : reader.list<CommissionPeriod>()) periods.emplace(row.id, std::move(row));
  using Chain = std::tuple<Id, std::string, Grain>;  // employee, calendar, grain
  std::map<Chain, std::map<Date, Statement>> chains;
  for (Statement& row : reader.list<Statement>()) {
    const auto period = periods.find(row.period);
    if (period == periods.end()) continue;  // a broken reference is named elsewhere
    check_sums(row, sums[row.id], findings);
    if (row.status != period->second.status) {
      findings.push_back({"statement", row.id, "status must be that of " + period->second.label});
    }
    const Period stretch = period_from(period->second);
    chains[{row.employee, period->second.calendar, stretch.grain}].emplace(stretch.from, std::move(row));
  }
  for (const auto& [chain, statements] : chains) {
    std::string previous;
    for (const auto& [from, row] : statements) {
      std::optional<std::string> expected;
      if (row.status == PeriodStatus::closed) expected = hash_of(row, previous, sums[row.id].hash);
      if (row.hash != expected) {
        findings.push_back(
            {"statement", row.id, "hash differs from what it and its lines say: a closed statement was changed"});
      }
      previous = row.hash.value_or("");
    }
  }
}

/// What plans, measures and bonuses name in their texts is there.
void check_names(const Reader& reader, std::vector<Finding>& findings) {
  const auto expect = [&](std::string_view entity, Id id, std::string_view what, auto&& read) {
    try {
      read();
    } catch (const Error& error) {
      if (error.code != Code::invalid) throw;
      findings.push_back({std::string(entity), id, std::string(what) + " must be readable: " + error.message});
    }
  };
  for (const CommissionPlan& row : reader.list<CommissionPlan>()) {
    expect("commission_plan", row.id, "its calendar",
           [&] { static_cast<void>(calendar_named(reader, read_version(row).calendar)); });
  }
  for (const Measure& row : reader.list<Measure>()) {
    const Entity* entity = reader.model().find_entity(row.entity);
    if (entity == nullptr) continue;  // an area that this library does not carry
    const Scope scope = scope_of(reader, *entity);
    for (const auto& [field, text] : {std::pair("filter", &row.filter), std::pair("value", &row.value)}) {
      if (*text)
        expect("measure", row.id, std::string("the ") + field + " of '" + row.name + "'",
               [&] { Expression::compile(**text, scope); });
    }
  }
  for (const Bonus& row : reader.list<Bonus>()) {
    if (!row.filter) continue;
    expect("bonus", row.id, "the filter of '" + row.name + "'",
           [&] { Expression::compile(*row.filter, scope_of(reader, entity_of<Opportunity>())); });
  }
}

void check_assignments(const Reader& reader, std::vector<Finding>& findings) {
  std::set<std::string> plans;
  for (const CommissionPlan& row : reader.list<CommissionPlan>()) {
    plans.insert(row.name);
    if (row.hash != to_hex(sha256(row.document))) {
      findings.push_back({"commission_plan", row.id, "hash must be the SHA-256 of its document"});
    }
  }
  using Subject = std::tuple<std::optional<Id>, std::optional<Id>, std::optional<std::string>>;
  std::map<Subject, std::vector<PlanAssignment>> subjects;
  for (PlanAssignment& row : reader.list<PlanAssignment>({.order = verb::by_time()})) {
    if ((row.employee ? 1 : 0) + (row.unit ? 1 : 0) + (row.role ? 1 : 0) != 1) {
      findings.push_back({"plan_assignment", row.id, "must have exactly one of employee, unit and role"});
    }
    if (!plans.contains(row.plan)) findings.push_back({"plan_assignment", row.id, "names no plan: '" + row.plan + "'"});
    subjects[{row.employee, row.unit, row.role}].push_back(std::move(row));
  }
  for (const auto& [subject, rows] : subjects) verb::check_rows(rows, false, findings);
}

/// Lines name what they pay for: a deal that is there, the event, or the plan.
void check_facts(const Reader& reader, std::vector<Finding>& findings) {
  auto cursor = reader.scan(kStatementLine, {});
  for (Batch batch; cursor->next(batch);) {
    std::vector<StatementLine> deals;
    std::vector<Id> ids;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      StatementLine line;
      load_row(batch, row, &line);
      const bool good = !line.basis                      ? !line.deal || line.deal == line.opportunity
                        : line.basis == LineBasis::event ? line.event == line.opportunity
                                                         : !line.event && line.opportunity == line.plan;
      if (!good) {
        findings.push_back(
            {"statement_line", line.id, "opportunity must be the deal, the event or the plan that it pays for"});
      }
      if (line.basis) continue;
      ids.push_back(line.opportunity);
      deals.push_back(std::move(line));
    }
    std::set<Id> there;
    const Entity& entity = entity_of<Opportunity>();
    for (const Opportunity& deal :
         reader.list<Opportunity>({.conditions = {verb::one_of(entity, "id", ids)}, .fields = {"id"}})) {
      there.insert(deal.id);
    }
    for (const StatementLine& line : deals) {
      if (there.contains(line.opportunity)) continue;
      findings.push_back(
          {"statement_line", line.id,
           "opportunity refers to opportunity " + std::to_string(line.opportunity.value) + ", which does not exist"});
    }
  }
}

/// Roles and superiors follow each other.
void check_payees(const Reader& reader, std::vector<Finding>& findings) {
  verb::each_subject(reader, &PayeeRole::employee, "employee",
                     [&](Id, const std::vector<PayeeRole>& rows) { verb::check_rows(rows, false, findings); });
  verb::each_subject(reader, &ReportingLine::employee, "employee",
                     [&](Id, const std::vector<ReportingLine>& rows) { verb::check_rows(rows, false, findings); });
}

void check_area(const Reader& reader, std::vector<Finding>& findings) {
  check_plans(reader, findings);
  check_statements(reader, findings);
  check_shares(reader, findings);
  check_assignments(reader, findings);
  check_names(reader, findings);
  check_facts(reader, findings);
  check_payees(reader, findings);
  check_payments(reader, findings);
  check_quotas(reader, findings);
  check_bonuses(reader, findings);
  check_assets(reader, findings);
  check_draws(reader, findings);
}

}  // namespace
}  // namespace incentive

constinit const Area kIncentiveArea{.name = "incentive",
                                    .entities = incentive::kEntities,
                                    .verbs = incentive::kVerbs,
                                    .permits = incentive::kPermits,
                                    .grants = incentive::kGrants,
                                    .reports = {},
                                    .found = nullptr,
                                    .check = incentive::check_area,
                                    .reach = nullptr};

}  // namespace kith
