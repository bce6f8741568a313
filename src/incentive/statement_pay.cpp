// SPDX-License-Identifier: Apache-2.0
#include "incentive/statement_pay.hpp"

#include <algorithm>

#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/document_pay.hpp"

namespace kith::incentive {
namespace {

const general::Release* release_named(const PlanVersion& version, const std::string& part) {
  if (!version.document) return nullptr;
  for (const general::Release& release : version.document->model().releases) {
    if (release.trigger == part) return &release;
  }
  return nullptr;
}

bool waits_for_events(const PlanVersion& version) {
  const auto& releases = version.document->model().releases;
  return std::any_of(releases.begin(), releases.end(), [](const auto& release) { return !release.type.empty(); });
}

bool has_rows(const Reader& system, const Entity& entity) {
  Batch first;
  return system.scan(entity, {.fields = {"id"}, .limit = 1})->next(first);
}

}  // namespace

PayStage::PayStage(const Reader& system, const Terms& terms, const GeneralFacts& general, const Series& series)
    : system_(system),
      terms_(terms),
      general_(general),
      series_(series),
      calendar_(calendar_named(system, series.calendar)) {
  read_posted();
  any_ = !posted_.empty() || !paid_.empty();
  for (const PlanVersion* version : general.held(series.target)) {
    any_ = any_ || version->document->model().pays_apart();
  }
}

void PayStage::read_posted() {
  // Most stores hold nothing back and pay nothing out; asking by the statements of all periods would take longer.
  if (!has_rows(system_, kStatementRelease) && !has_rows(system_, kStatementPayment)) return;
  std::map<Id, std::pair<Id, const CommissionPeriod*>> owners;  // employee and period of each statement
  std::vector<Id> ids;
  for (const CommissionPeriod& row : series_.others) {
    if (series_.target.from <= row.from) continue;
    for (const Statement& statement : system_.list<Statement>(
             {.conditions = {equals(kStatement, "period", row.id)}, .order = {"id"}, .fields = {"id", "employee"}})) {
      owners.emplace(statement.id, std::pair(statement.employee, &row));
      ids.push_back(statement.id);
    }
  }
  for (const StatementRelease& row : releases_of_statements(system_, ids)) {
    count_posted(owners.at(row.statement).first, row);
  }
  for (StatementPayment& row : payments_of_statements(system_, ids)) {
    const auto& [employee, period] = owners.at(row.statement);
    paid_[employee].emplace_back(period_from(*period), std::move(row));
  }
  for (auto& [employee, rows] : paid_) {
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first.from < b.first.from; });
  }
  if (paid_.empty()) return;
  const Query names{.fields = {"id", "name"}};
  for (const CommissionPlan& row : system_.list<CommissionPlan>(names)) plan_names_.emplace(row.id, row.name);
}

void PayStage::count_posted(Id employee, const StatementRelease& row) {
  Posted& sum = posted_[{employee, row.period_earned, row.component, row.part}];
  const bool held = row.kind == ReleaseKind::held;
  std::int64_t& amount = held ? sum.held : sum.released;
  amount = checked_add(amount, row.amount.minor, "posted releases");
  if (!row.correction) (held ? sum.held_row : sum.released_row) = row.id;
  sum.plan = row.plan;
}

const PlanVersion& PayStage::version(Id plan) const {
  std::unique_ptr<PlanVersion>& found = versions_[plan];
  if (!found) found = std::make_unique<PlanVersion>(read_version(system_.get<CommissionPlan>(plan)));
  return *found;
}

std::optional<Period> PayStage::earlier(std::string_view label) const {
  for (const CommissionPeriod& row : series_.others) {
    if (row.label == label && row.from < series_.target.from) return period_from(row);
  }
  return std::nullopt;
}

StatementRelease PayStage::row(ReleaseKind kind, const Key& key, Id plan, std::int64_t amount) const {
  StatementRelease row;
  row.kind = kind;
  row.plan = plan;
  row.period_earned = std::get<1>(key);
  row.component = std::get<2>(key);
  row.part = std::get<3>(key);
  row.amount.minor = amount;
  return row;
}

std::vector<StatementRelease> own_releases(const std::vector<GeneralFacts::Part>& parts, const Period& period,
                                           Id employee) {
  std::vector<StatementRelease> rows;
  for (const GeneralFacts::Part& part : parts) {
    if (part.employee != employee) continue;
    StatementRelease row;
    row.plan = part.version->row.id;
    row.period_earned = period.label;
    row.component = part.component;
    row.part = part.trigger;
    row.amount.minor = part.amount;
    if (part.amount != 0) rows.push_back(row);
    row.kind = ReleaseKind::released;
    row.amount = {};
    for (const ReleaseResult::In& one : part.when) {
      row.amount.minor = checked_add(row.amount.minor, one.amount, "release");
    }
    if (row.amount.minor != 0) rows.push_back(row);
  }
  return rows;
}

PayStage::Wanted PayStage::wanted(const GeneralFacts::Part& part) const {
  Wanted wanted;
  wanted.plan = part.version->row.id;
  wanted.held = part.amount;
  for (const ReleaseResult::In& one : part.when) {
    std::int64_t& sum = one.period == series_.target.label ? wanted.now : wanted.before;
    sum = checked_add(sum, one.amount, "release");
  }
  return wanted;
}

PayStage::Rows PayStage::later_releases(const std::set<std::pair<Id, std::string>>& looked) const {
  Rows rows;
  release_by_day(looked, rows);
  release_by_event(looked, rows);
  correct(looked, rows);
  return rows;
}

// What is left of a part whose day lies in the period, or lay in one that was skipped.
void PayStage::release_by_day(const std::set<std::pair<Id, std::string>>& looked, Rows& rows) const {
  for (const auto& [key, posted] : posted_) {
    const auto& [employee, label, component, part] = key;
    const std::int64_t left = checked_sub(posted.held, posted.released, "what waits");
    const std::optional<Period> earned = earlier(label);
    if (left == 0 || !earned || looked.contains({employee, label})) continue;
    const general::Release* release = release_named(version(posted.plan), part);
    if (release == nullptr) continue;
    const auto day = general::release_day(version(posted.plan).document->model(), *release, *earned);
    if (!day || series_.target.to <= *day) continue;
    rows[employee].push_back(row(ReleaseKind::released, key, posted.plan, left));
  }
}

std::map<Date, std::unordered_set<Id>> PayStage::fired() const {
  std::map<std::string, std::vector<std::string>> origins;  // external ids by source
  const Condition reversing{.op = Condition::Op::not_null, .field = kEvent.at("reverses")};
  for (const BusinessEvent& event : system_.list<BusinessEvent>(
           {.conditions = {verb::compare(kEvent, "date", Condition::Op::ge, series_.target.from.days),
                           verb::compare(kEvent, "date", Condition::Op::lt, series_.target.to.days), reversing}})) {
    const std::size_t colon = event.reverses->find(':');
    origins[event.reverses->substr(0, colon)].push_back(event.reverses->substr(colon + 1));
  }
  std::map<Id, Date> found;
  for (auto& [source, names] : origins) {
    constexpr std::size_t kPiece = 500;
    for (std::size_t start = 0; start < names.size(); start += kPiece) {
      Condition these{.op = Condition::Op::in, .field = kEvent.at("external_id"), .operands = {}, .terms = {}};
      for (std::size_t i = start; i < std::min(names.size(), start + kPiece); ++i) {
        these.operands.emplace_back(names[i]);
      }
      for (const BusinessEvent& event :
           system_.list<BusinessEvent>({.conditions = {equals(kEvent, "source", source), these}})) {
        found.emplace(event.id, event.date);
      }
    }
  }
  std::vector<Id> ids;
  for (const auto& [id, day] : found) ids.push_back(id);
  std::map<Date, std::unordered_set<Id>> people;
  for (const auto& [id, day] : found) people[period_of(calendar_, series_.target.grain, day).from];
  in_pieces(ids, [&](const std::vector<Id>& piece) {
    for (const EventShare& row :
         system_.list<EventShare>({.conditions = {verb::one_of(kEventShare, "event", piece)}})) {
      people[period_of(calendar_, series_.target.grain, found.at(row.event)).from].insert(row.employee);
    }
  });
  for (auto& [from, sharing] : people) sharing = general_.with_superiors(sharing);
  return people;
}

// Where a plan credits more than those who share in an event, everybody who holds it is asked about.
void PayStage::add_holders(const PlanVersion& version, const Period& earned, std::unordered_set<Id>& people) const {
  if (!GeneralFacts::crosses(*version.document)) return;
  for (const Id id : general_.holders(version, earned)) people.insert(id);
}

void PayStage::release_by_event(const std::set<std::pair<Id, std::string>>& looked, Rows& rows) const {
  std::map<Date, const CommissionPeriod*> earlier;
  for (const CommissionPeriod& row : series_.others) {
    if (row.from < series_.target.from) earlier.emplace(row.from, &row);
  }
  if (posted_.empty() || earlier.empty()) return;
  for (const auto& [from, sharing] : fired()) {
    const auto found = earlier.find(from);
    if (found == earlier.end()) continue;
    const Period earned = period_from(*found->second);
    for (const PlanVersion* version : general_.held(earned)) {
      if (!waits_for_events(*version)) continue;
      std::unordered_set<Id> people = sharing;
      add_holders(*version, earned, people);
      for (const GeneralFacts::Part& part : general_.parts(*version, earned, series_.target, &people)) {
        const general::Release* release = release_named(*version, part.trigger);
        const std::int64_t now = wanted(part).now;
        if (release->type.empty() || now == 0 || looked.contains({part.employee, earned.label})) continue;
        const Key key{part.employee, earned.label, part.component, part.trigger};
        rows[part.employee].push_back(row(ReleaseKind::released, key, version->row.id, now));
      }
    }
  }
}

// A correction of a closed period has what its facts give by now, less what was posted; what falls due in the target
// anyway is no correction.
void PayStage::correct(const std::set<std::pair<Id, std::string>>& looked, Rows& rows) const {
  std::map<std::string, std::unordered_set<Id>> people;
  for (const auto& [employee, label] : looked) people[label].insert(employee);
  std::map<Key, Wanted> all;
  for (const auto& [label, employees] : people) {
    const std::optional<Period> earned = earlier(label);
    if (!earned) continue;
    for (const PlanVersion* version : general_.held(*earned)) {
      for (const GeneralFacts::Part& part : general_.parts(*version, *earned, series_.target, &employees)) {
        all[{part.employee, label, part.component, part.trigger}] = wanted(part);
      }
    }
  }
  for (const auto& [key, posted] : posted_) {
    if (looked.contains({std::get<0>(key), std::get<1>(key)})) all.try_emplace(key, Wanted{.plan = posted.plan});
  }
  for (const auto& [key, wanted] : all) {
    const auto found = posted_.find(key);
    const Posted before = found == posted_.end() ? Posted{} : found->second;
    std::vector<StatementRelease>& own = rows[std::get<0>(key)];
    if (wanted.now != 0) own.push_back(row(ReleaseKind::released, key, wanted.plan, wanted.now));
    const std::int64_t held = checked_sub(wanted.held, before.held, "correction of what waits");
    const std::int64_t released = checked_sub(wanted.before, before.released, "correction of a release");
    const auto add = [&](ReleaseKind kind, std::int64_t amount, const std::optional<Id>& corrects) {
      if (amount == 0) return;
      StatementRelease& line = own.emplace_back(row(kind, key, wanted.plan, amount));
      line.correction = true;
      line.corrects = corrects;
      line.reason = held == 0 ? "came late" : "earnings changed";
    };
    add(ReleaseKind::held, held, before.held_row);
    add(ReleaseKind::released, released, before.released_row ? before.released_row : before.held_row);
  }
  std::erase_if(rows, [](const auto& one) { return one.second.empty(); });
}

BroughtForward brought_from(const std::vector<std::pair<Period, StatementPayment>>& before, const PlanVersion& version,
                            const Period& period, const std::map<Id, std::string>& plan_names) {
  BroughtForward brought;
  brought.period = period.label;
  if (before.empty()) return brought;
  const StatementPayment& last = before.back().second;
  brought.carried = last.carry.minor;
  brought.balance = last.balance.minor;
  const PlanDocument::Model& model = version.document->model();
  if (!model.payment || !model.payment->draw || model.payment->draw->kind != general::Drawn::guarantee) return brought;
  const bool by_year = model.payment->draw->by_year;
  const Date from = by_year ? period_of(model.calendar, Grain::year, period.from).from : Date{};
  for (const auto& [when, row] : before) {
    const auto name = plan_names.find(row.plan);
    if (!row.drawn || (by_year && when.from < from)) continue;
    if (name == plan_names.end() || name->second != version.row.name) continue;
    const Int128 earned = Int128{row.earned.minor} - row.held.minor + row.released.minor + row.carried.minor;
    brought.term_earned = checked_add(brought.term_earned, narrow(earned, "guarantee"), "guarantee");
    brought.term_guaranteed = checked_add(brought.term_guaranteed, row.drawn->minor, "guarantee");
    brought.term_given = checked_add(brought.term_given, row.topped_up.minor, "guarantee");
  }
  return brought;
}

void fill(StatementPayment& row, const PaymentResult& result) {
  row.earned.minor = result.earned;
  row.held.minor = result.held;
  row.released.minor = result.released;
  row.carried.minor = result.carried;
  row.drawn.reset();
  if (result.drawn) row.drawn = Amount{*result.drawn};
  row.advanced.minor = result.advanced;
  row.recovered.minor = result.recovered;
  row.topped_up.minor = result.topped_up;
  row.forgiven.minor = result.forgiven;
  row.balance.minor = result.balance;
  row.carry.minor = result.carry;
  row.pay.minor = result.pay;
}

std::map<Id, StatementPayment> PayStage::payments(const std::vector<Flow>& flows, Holdings& holdings) const {
  struct Group {
    const PlanVersion* version;
    std::vector<BroughtForward> rows;
    std::vector<Id> people;
  };
  std::map<std::pair<Id, bool>, Group> groups;  // by plan version, and whether it is held in the period
  static const std::vector<std::pair<Period, StatementPayment>> kNone;
  for (const Flow& flow : flows) {
    const auto found = paid_.find(flow.employee);
    const auto& before = found == paid_.end() ? kNone : found->second;
    const Holding* holding = holdings.of(flow.employee);
    const PlanVersion* rule = holding == nullptr ? nullptr : holding->version;
    if (rule != nullptr && (!rule->document || !rule->document->model().pays_apart())) rule = nullptr;
    const bool holds = rule != nullptr;
    if (!holds && !before.empty()) rule = &version(before.back().second.plan);
    if (rule == nullptr) continue;
    BroughtForward row = brought_from(before, *rule, series_.target, plan_names_);
    // Who has left is paid as long as something moves.
    const bool moves = flow.earned != 0 || flow.held != 0 || flow.released != 0 || row.carried != 0;
    if (!holds && !moves) continue;
    row.person = std::to_string(flow.employee.value);
    row.adjusted = flow.earned;
    row.held = flow.held;
    row.released = flow.released;
    Group& group = groups[{rule->row.id, holds}];
    group.version = rule;
    group.rows.push_back(std::move(row));
    group.people.push_back(flow.employee);
  }
  std::map<Id, StatementPayment> made;
  for (const auto& [key, group] : groups) {
    const std::vector<PaymentResult> results = general_.payments(*group.version, series_.target, group.rows);
    for (std::size_t i = 0; i < results.size(); ++i) {
      StatementPayment& row = made[group.people[i]];
      row.plan = key.first;
      fill(row, results[i]);
    }
  }
  return made;
}

}  // namespace kith::incentive
