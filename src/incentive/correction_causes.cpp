// SPDX-License-Identifier: Apache-2.0
#include "incentive/correction_causes.hpp"

#include <algorithm>

#include "incentive/as_of.hpp"
#include "incentive/document_model.hpp"
#include "incentive/plan_rules.hpp"

namespace kith::incentive {
namespace {

constexpr std::string_view kQuotaPrefix = "quota.";

bool is_quota(const PlanValue& value) { return value.name.starts_with(kQuotaPrefix); }

/// Replaces the rows of `into` that `chosen` picks by those of `from` that it picks.
template <class Row, class Chosen>
void exchange(std::vector<Row>& into, const std::vector<Row>& from, Chosen chosen) {
  std::erase_if(into, chosen);
  std::copy_if(from.begin(), from.end(), std::back_inserter(into), chosen);
}

/// The rates of `into` as they are in `from`, as far as that knows them: events of one side may need days that the
/// other never asked for.
void exchange_rates(std::vector<PlanRate>& into, const std::vector<PlanRate>& from) {
  std::vector<PlanRate> rates = from;
  for (const PlanRate& row : into) {
    const bool known = std::any_of(from.begin(), from.end(), [&](const PlanRate& other) {
      return other.currency == row.currency && other.kind == row.kind && other.on == row.on;
    });
    if (!known) rates.push_back(row);
  }
  into = std::move(rates);
}

}  // namespace

CorrectionCauses::CorrectionCauses(const Reader& system, const Terms& terms, Calendar calendar, std::int64_t since)
    : system_(system), terms_(terms), calendar_(std::move(calendar)), after_(since) {
  // The work after the mark is the one that set it. What it wrote is reflected, unless it wrote more after that, or
  // is still open.
  if (read(system, since + 1)) {
    after_ = since + 1;
  } else {
    read(system, since);
  }
}

bool CorrectionCauses::read(const Reader& system, std::int64_t after) {
  for (const BusinessEvent& row : changed_rows<BusinessEvent>(system, after)) {
    events_.insert(row.id);
    if (row.seq <= after) known_.insert(row.id);
  }
  std::vector<Id> ids(events_.begin(), events_.end());
  std::sort(ids.begin(), ids.end());
  in_pieces(ids, [&](const std::vector<Id>& piece) {
    for (const EventShare& row : system.list<EventShare>({.conditions = {verb::one_of(kEventShare, "event", piece)}})) {
      sharing_.insert(row.employee);
    }
  });
  for (const EventShare& row : changed_rows<EventShare>(system, after)) sharing_.insert(row.employee);
  for (const CommissionPlan& row : changed_rows<CommissionPlan>(system, after)) plans_.insert(row.id);
  assignments_ = !changed_rows<PlanAssignment>(system, after).empty();
  tree_ = !changed_rows<UnitParent>(system, after).empty();
  for (const Membership& row : changed_rows<Membership>(system, after)) places_.insert(row.employee);
  for (const PayeeRole& row : changed_rows<PayeeRole>(system, after)) roles_.insert(row.employee);
  std::map<Id, std::set<std::pair<std::optional<Date>, std::optional<Date>>>> service;
  for (const Employee& row : changed_rows<Employee>(system, after)) {
    service[row.id].emplace(row.hired_on, row.left_on);
  }
  for (const auto& [id, versions] : service) {
    if (versions.size() > 1) service_.insert(id);
  }
  for (const CommissionValue& row : changed_rows<CommissionValue>(system, after)) values_.insert(row.name);
  for (const Quota& row : changed_rows<Quota>(system, after)) {
    if (!row.employee) continue;
    quotas_.insert(std::string(kQuotaPrefix) +
                   (row.measure.empty() ? std::string(choice_name(row.metric)) : row.measure));
  }
  hierarchy_ = !changed_rows<ReportingLine>(system, after).empty();
  for (const ExchangeRate& row : changed_rows<ExchangeRate>(system, after)) {
    if (row.kind == RateKind::market) fx_.insert({"transaction", "period_end"});
    if (row.kind == RateKind::period_average) fx_.insert("period_avg");
    if (row.kind == RateKind::plan) fx_.insert("plan_fixed");
  }
  const bool people = assignments_ || tree_ || !places_.empty() || !roles_.empty() || !service_.empty();
  return people || !events_.empty() || !plans_.empty() || !values_.empty() || !quotas_.empty() || hierarchy_ ||
         !fx_.empty();
}

std::string CorrectionCauses::terms_reason(Id employee, Id plan_before, Id plan_now) const {
  if (plans_.contains(plan_before) || plans_.contains(plan_now)) return "plan changed";
  if (service_.contains(employee)) return "hire or leave date changed";
  if (roles_.contains(employee)) return "role changed";
  if (places_.contains(employee) || tree_) return "unit changed";
  return assignments_ ? "assignment changed" : "";
}

std::vector<CorrectionCauses::Kind> CorrectionCauses::kinds_read(const PlanVersion& version) const {
  const PlanDocument::Model& model = version.document->model();
  // A name that stands nowhere in the plan is read nowhere in it.
  const auto named = [&](const std::set<std::string>& names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return model.canonical.find(name) != std::string::npos; });
  };
  const bool climbs = std::any_of(model.credits.begin(), model.credits.end(),
                                  [](const general::CreditRule& rule) { return rule.who == general::Who::chain; }) ||
                      std::any_of(model.components.begin(), model.components.end(),
                                  [](const general::ComponentRule& rule) { return rule.of_reports; });
  const bool converts = std::any_of(model.credits.begin(), model.credits.end(),
                                    [&](const general::CreditRule& rule) { return fx_.contains(rule.fx); });
  std::vector<Kind> kinds;
  const auto add = [&](bool changed, Kind kind) {
    if (changed) kinds.push_back(kind);
  };
  add(!events_.empty(), Kind::events);
  add(named(quotas_), Kind::quotas);
  add(named(values_), Kind::values);
  add(hierarchy_ && climbs, Kind::hierarchy);
  add(converts, Kind::rates);
  add(!service_.empty(), Kind::service);
  add(tree_ || !places_.empty() || !roles_.empty(), Kind::places);
  add(assignments_ || !plans_.empty(), Kind::assignments);
  return kinds;
}

void CorrectionCauses::try_out(const GeneralFacts& facts, const PlanVersion& version, const Period& period,
                               const std::unordered_set<Id>& affected, Trials& made) {
  if (!facts_before_) {
    terms_before_ = std::make_unique<Terms>(system_, calendar_.name, after_);
    facts_before_ = std::make_unique<GeneralFacts>(system_, *terms_before_, calendar_, after_);
  }
  const PlanVersion* before = nullptr;
  for (const PlanVersion* one : facts_before_->held(period)) {
    if (one->row.id == version.row.id) before = one;
  }
  if (before == nullptr) return;  // nobody held it: there is nothing to put back
  GeneralFacts::EventKeys keys;
  const Inputs now = facts.inputs(version, period, {.only = &affected, .keys = &keys});
  const Inputs then = facts_before_->inputs(*before, period, {.only = &affected, .keys = &keys});
  const auto amounts = [&](const Inputs& inputs) {
    Amounts sums;
    for (const Earning& one : facts.earnings_from(version, period, inputs, keys, &affected)) {
      auto& [credit, amount] = sums[{one.employee, one.name, one.fact}];
      credit += one.credit;
      amount += one.amount;
    }
    return sums;
  };
  made.now = amounts(now);
  for (const Kind kind : made.kinds) {
    Inputs mixed = now;
    if (kind == Kind::events) mixed.events = then.events;
    if (kind == Kind::quotas) exchange(mixed.values, then.values, is_quota);
    if (kind == Kind::values) exchange(mixed.values, then.values, [](const PlanValue& row) { return !is_quota(row); });
    if (kind == Kind::hierarchy) mixed.hierarchy = then.hierarchy;
    if (kind == Kind::service) mixed.people = then.people;
    if (kind == Kind::places || kind == Kind::assignments) mixed.members = then.members;
    if (kind == Kind::places) exchange(mixed.values, then.values, [](const PlanValue& row) { return !is_quota(row); });
    if (kind == Kind::events) exchange_rates(mixed.rates, now.rates), exchange_rates(mixed.rates, then.rates);
    if (kind == Kind::rates) exchange_rates(mixed.rates, then.rates);
    try {
      made.put_back[kind] = amounts(mixed);
    } catch (const Error&) {
      made.put_back.erase(kind);  // without it nothing can be computed at all, a rate for example
    }
  }
}

const CorrectionCauses::Trials& CorrectionCauses::trials(const GeneralFacts& facts, const PlanVersion& version,
                                                         const Period& period, const std::unordered_set<Id>& affected) {
  const auto [place, fresh] = trials_.try_emplace({version.row.id, period.label});
  if (!fresh) return place->second;
  place->second.kinds = kinds_read(version);
  if (place->second.kinds.size() > 1) try_out(facts, version, period, affected, place->second);
  return place->second;
}

std::string CorrectionCauses::name(Kind kind, const GeneralFacts& facts, const Key& line) const {
  const auto& [employee, component, fact] = line;
  switch (kind) {
    case Kind::events:
      if (touched(fact)) return came(fact) ? "came late" : "event changed";
      return facts.with_superiors(sharing_).contains(employee) ? "follows another correction"
                                                               : "events of others changed";
    case Kind::quotas: return "quota changed";
    case Kind::values: return "value changed";
    case Kind::hierarchy: return "hierarchy changed";
    case Kind::rates: return "exchange rate changed";
    case Kind::service: return "hire or leave date changed";
    case Kind::places: return roles_.contains(employee) ? "role changed" : "unit changed";
    case Kind::assignments: return "assignment changed";
  }
  return {};
}

std::string CorrectionCauses::reason(const GeneralFacts& facts, const PlanVersion& version, const Period& period,
                                     const Key& line, const std::unordered_set<Id>& affected) {
  const Trials& all = trials(facts, version, period, affected);
  const auto amount_in = [&](const Amounts& amounts) {
    const auto found = amounts.find(line);
    return found == amounts.end() ? std::pair<std::int64_t, std::int64_t>{} : found->second;
  };
  std::vector<Kind> moving;
  for (const Kind kind : all.kinds) {
    const auto trial = all.put_back.find(kind);
    if (trial != all.put_back.end() && amount_in(trial->second) != amount_in(all.now)) moving.push_back(kind);
  }
  if (moving.empty()) moving = all.kinds;  // there is one alone, or only together they move it
  std::string text;
  for (const Kind kind : moving) text += (text.empty() ? "" : ", ") + name(kind, facts, line);
  return text.empty() ? "follows another correction" : text;
}

}  // namespace kith::incentive
