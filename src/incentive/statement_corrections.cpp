// SPDX-License-Identifier: Apache-2.0
// What is learned after a period was closed. Facts that changed since the closed periods were last looked at name the
// people concerned; their lines in those periods are computed again in full, and the difference to what was posted
// for each fact becomes an adjustment. So the sum of everything posted is always that of a full recomputation.
#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/correction_causes.hpp"
#include "incentive/general_changes.hpp"
#include "incentive/statement_run.hpp"

namespace kith::incentive {
namespace {

/// What of a deal has changed.
struct Touched {
  bool deal = false;
  bool splits = false;
};

/// Everything posted so far for one employee, period, component and fact, but for the target's own adjustments.
struct Posted {
  std::int64_t credit = 0;
  std::int64_t amount = 0;
  Date day;
  Date posted;  ///< first day of the period of the latest of its lines
  Id plan;
  std::optional<Id> line;  ///< the earning line
  std::optional<LineBasis> basis;
};
using PostedKey = std::tuple<Id, std::string, Id>;  // employee, component, fact

class Corrector {
 public:
  Corrector(const Reader& system, const Terms& terms, const Series& series, std::int64_t since)
      : system_(system), terms_(terms), series_(series), since_(since), changes_(system, since) {
    if (terms.has_general_plans()) general_.emplace(system, terms, calendar_named(system, series.calendar));
    for (const CommissionPeriod& row : series.others) {
      if (row.status == PeriodStatus::closed) closed_.push_back(row);
    }
    affected_.resize(closed_.size());
    recompute_.resize(closed_.size());
  }

  Corrections run() {
    find_deals();
    find_posted();
    find_terms();
    find_general();
    for (std::size_t i = 0; i < closed_.size(); ++i) {
      if (recompute_[i] || !affected_[i].empty()) correct(i);
    }
    return std::move(result_);
  }

 private:
  std::optional<std::size_t> closed_at(Date day) const {
    const auto found = std::find_if(closed_.begin(), closed_.end(),
                                    [&](const CommissionPeriod& row) { return row.from <= day && day < row.to; });
    if (found == closed_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - closed_.begin());
  }
  std::optional<std::size_t> closed_named(std::string_view label) const {
    const auto found =
        std::find_if(closed_.begin(), closed_.end(), [&](const CommissionPeriod& row) { return row.label == label; });
    if (found == closed_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - closed_.begin());
  }

  /// Marks the closed period in which a deal is won now.
  void place(DealStatus status, std::optional<Date> closed_on) {
    if (status != DealStatus::won || !closed_on) return;
    if (const auto period = closed_at(*closed_on)) recompute_[*period] = true;
  }

  /// Deals that changed themselves, or whose splits came or went.
  void find_deals() {
    const Entity& deals = entity_of<Opportunity>();
    const std::vector<std::string> fields{"id", "status", "closed_on"};
    const auto read = [&](const std::vector<Condition>& conditions, auto&& mark) {
      for (const Opportunity& deal : system_.list<Opportunity>({.conditions = conditions, .fields = fields})) {
        mark(deal.id);
        place(deal.status, deal.closed_on);
      }
    };
    read({verb::compare(deals, "seq", Condition::Op::gt, since_)}, [&](Id id) { touched_[id].deal = true; });
    std::vector<Id> others;
    for (const kith::Split& split : changed_rows<kith::Split>(system_, since_)) {
      Touched& touched = touched_[split.opportunity];
      if (!touched.deal && !touched.splits) others.push_back(split.opportunity);
      touched.splits = true;
    }
    in_pieces(others, [&](const std::vector<Id>& ids) { read({verb::one_of(deals, "id", ids)}, [](Id) {}); });
    result_.newer = !touched_.empty();
  }

  /// Whoever has a line for one of those deals, or for a changed event, in a closed period.
  void find_posted() {
    std::vector<Id> deals;
    for (const auto& [deal, touched] : touched_) deals.push_back(deal);
    deals.insert(deals.end(), changes_.events().begin(), changes_.events().end());
    std::sort(deals.begin(), deals.end());
    const Entity& entity = kStatementLine;
    in_pieces(deals, [&](const std::vector<Id>& ids) {
      const auto lines = system_.list<StatementLine>(
          {.conditions = {verb::one_of(entity, "opportunity", ids)}, .fields = {"id", "statement", "period_earned"}});
      const auto statements = statements_of(lines);
      for (const StatementLine& line : lines) {
        const auto statement = statements.find(line.statement);
        const auto period = closed_named(line.period_earned);
        if (period && statement != statements.end()) affected_[*period].insert(statement->second.employee);
      }
    });
  }

  /// Whoever is paid by another plan, or for other days, than at the last look.
  void find_terms() {
    const ChangedTerms changed = terms_changed_since(system_, since_);
    if (!changed.any()) return;
    result_.newer = true;
    const Terms before(system_, series_.calendar, since_);
    for (std::size_t i = 0; i < closed_.size(); ++i) {
      const Period period = period_from(closed_[i]);
      for (const Id employee : changed.everybody ? terms_.employees() : changed.employees) {
        const auto then = before.holding(employee, period);
        const auto now = terms_.holding(employee, period);
        if (then.has_value() == now.has_value() && (!now || now->same_as(*then))) continue;
        affected_[i].insert(employee);
        if (!then || !now || then->version->row.id != now->version->row.id) other_plan_.emplace(i, employee);
        terms_from_ = std::min(terms_from_, period.from);
      }
    }
  }

  /// Who holds a general plan that looks at something that has changed.
  void find_general() {
    if (!general_) return;
    result_.newer = result_.newer || changes_.any();
    const std::unordered_set<Id> concerned = general_->with_superiors(changes_.people());
    for (std::size_t i = 0; i < closed_.size(); ++i) {
      const Period period = period_from(closed_[i]);
      if (!changes_.any() && period.to <= terms_from_) continue;
      for (const PlanVersion* version : general_->held(period)) {
        if (period.to <= terms_from_ && !changes_.concerns(*version, period)) continue;
        // A changed event concerns those who share in it and those above them, unless the plan pays by what others did.
        const bool narrow =
            changes_.only_events() && period.to <= terms_from_ && !GeneralFacts::crosses(*version->document);
        for (const Id employee : general_->holders(*version, period)) {
          if (!narrow || concerned.contains(employee)) affected_[i].insert(employee);
        }
      }
    }
  }

  /// What those concerned should have been paid in a closed period.
  std::vector<Earning> earnings_of(std::size_t i, const PeriodFacts& facts, const Period& period) const {
    Holdings holdings(terms_, period);
    std::vector<Earning> earnings = compute_earnings(facts, holdings, &affected_[i]);
    if (!general_) return earnings;
    for (const PlanVersion* version : general_->held(period)) {
      const std::vector<Id> holders = general_->holders(*version, period);
      if (std::none_of(holders.begin(), holders.end(), [&](Id id) { return affected_[i].contains(id); })) continue;
      std::vector<Earning> more = general_->earnings(*version, period, &affected_[i]);
      std::move(more.begin(), more.end(), std::back_inserter(earnings));
    }
    sort_earnings(earnings);
    return earnings;
  }

  /// The statements that lines belong to, by id; those of other series are left out.
  std::unordered_map<Id, Statement> statements_of(const std::vector<StatementLine>& lines) const {
    std::vector<Id> ids;
    for (const StatementLine& line : lines) ids.push_back(line.statement);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::unordered_map<Id, Statement> statements;
    in_pieces(ids, [&](const std::vector<Id>& piece) {
      for (Statement& row : system_.list<Statement>({.conditions = {verb::one_of(kStatement, "id", piece)}})) {
        if (start_of(row.period)) statements.emplace(row.id, std::move(row));
      }
    });
    return statements;
  }

  /// First day of a period of this series.
  std::optional<Date> start_of(Id period) const {
    if (series_.row && series_.row->id == period) return series_.row->from;
    for (const CommissionPeriod& row : series_.others) {
      if (row.id == period) return row.from;
    }
    return std::nullopt;
  }

  void add_posted(const StatementLine& line, const Statement& statement, std::map<PostedKey, Posted>& posted) const {
    if (series_.row && statement.period == series_.row->id) return;
    Posted& sum = posted[{statement.employee, line.component, line.opportunity}];
    sum.credit = checked_add(sum.credit, line.credit.minor, "posted credit");
    sum.amount = checked_add(sum.amount, line.amount.minor, "posted commission");
    if (line.kind == LineKind::earning) sum.line = line.id;
    sum.basis = line.basis;
    const Date start = *start_of(statement.period);
    if (sum.plan && start < sum.posted) return;
    sum.posted = start;
    sum.day = line.earned_on;
    sum.plan = line.plan;
  }

  /// Everything posted for a closed period and the people concerned.
  std::map<PostedKey, Posted> posted_for(std::size_t i) const {
    std::map<PostedKey, Posted> posted;
    std::vector<Id> own;
    for (const Statement& row :
         system_.list<Statement>({.conditions = {equals(kStatement, "period", closed_[i].id)}})) {
      if (affected_[i].contains(row.employee)) own.push_back(row.id);
    }
    std::vector<StatementLine> lines = lines_of_statements(system_, own);
    std::erase_if(lines, [](const StatementLine& line) { return line.kind != LineKind::earning; });
    append_rows(system_, kStatementLine,
                {.conditions = {equals(kStatementLine, "period_earned", closed_[i].label),
                                equals(kStatementLine, "kind", static_cast<std::int64_t>(LineKind::adjustment))}},
                lines);
    const auto statements = statements_of(lines);
    for (const StatementLine& line : lines) {
      const auto statement = statements.find(line.statement);
      if (statement == statements.end() || !affected_[i].contains(statement->second.employee)) continue;
      add_posted(line, statement->second, posted);
    }
    return posted;
  }

  void correct(std::size_t i) {
    const Period period = period_from(closed_[i]);
    const PeriodFacts facts(system_, terms_, period);
    for (const Share& share : facts.shares()) {
      if (touched_.contains(share.deal)) affected_[i].insert(share.employee);
    }
    std::map<PostedKey, Posted> posted = posted_for(i);
    for (const Id employee : affected_[i]) result_.looked.emplace(employee, period.label);
    for (const Earning& earning : earnings_of(i, facts, period)) {
      const auto found = posted.find({earning.employee, earning.name, earning.fact});
      const bool known = found != posted.end();
      Posted before = known ? found->second : Posted{};
      if (known) posted.erase(found);
      before.basis = earning.basis;
      StatementLine line = line_for(i, earning.name, earning.fact, before);
      line.plan = earning.version->row.id;
      line.earned_on = earning.day;
      line.credit.minor = checked_sub(earning.credit, before.credit, "correction of credit");
      line.amount.minor = checked_sub(earning.amount, before.amount, "correction of commission");
      const bool moved = known && before.day != earning.day;
      if (line.credit.minor == 0 && line.amount.minor == 0 && !moved) continue;
      line.reason = earning.basis ? reason_of_fact(i, earning, line, known, before, moved)
                                  : reason_of(earning.employee, line, known, before, moved);
      result_.lines.push_back({earning.employee, std::move(line)});
    }
    take_back(i, posted);
  }

  /// What was posted and no longer counts at all.
  void take_back(std::size_t i, const std::map<PostedKey, Posted>& posted) {
    std::vector<Id> deals, events;
    for (const auto& [key, before] : posted) {
      if (before.credit == 0 && before.amount == 0) continue;
      if (!before.basis) deals.push_back(std::get<2>(key));
      if (before.basis == LineBasis::event) events.push_back(std::get<2>(key));
    }
    std::unordered_set<Id> cancelled;
    in_pieces(events, [&](const std::vector<Id>& ids) {
      for (const BusinessEvent& event : system_.list<BusinessEvent>(
               {.conditions = {verb::one_of(kEvent, "id", ids)}, .fields = {"id", "cancelled"}})) {
        if (event.cancelled) cancelled.insert(event.id);
      }
    });
    std::unordered_map<Id, Opportunity> now;
    in_pieces(deals, [&](const std::vector<Id>& ids) {
      const Condition these = verb::one_of(entity_of<Opportunity>(), "id", ids);
      for (Opportunity& deal :
           system_.list<Opportunity>({.conditions = {these}, .fields = {"id", "status", "closed_on"}})) {
        now.emplace(deal.id, std::move(deal));
      }
    });
    for (const auto& [key, before] : posted) {
      if (before.credit == 0 && before.amount == 0) continue;
      const auto& [employee, component, deal] = key;
      StatementLine line = line_for(i, component, deal, before);
      line.plan = before.plan;
      line.earned_on = before.day;
      line.credit.minor = checked_sub(0, before.credit, "correction of credit");
      line.amount.minor = checked_sub(0, before.amount, "correction of commission");
      const auto found = now.find(deal);
      line.reason = before.basis
                        ? reason_gone(i, key, before, cancelled.contains(deal))
                        : reason_gone(i, employee, deal, before, found == now.end() ? Opportunity{} : found->second);
      result_.lines.push_back({employee, std::move(line)});
    }
  }

  StatementLine line_for(std::size_t i, const std::string& component, Id deal, const Posted& before) const {
    StatementLine line;
    line.kind = LineKind::adjustment;
    line.component = component;
    line.opportunity = deal;
    line.basis = before.basis;
    if (line.basis == LineBasis::event) line.event = deal;
    if (!line.basis) line.deal = deal;
    line.period_earned = closed_[i].label;
    line.corrects = before.line;
    return line;
  }

  Touched touched(Id deal) const {
    const auto found = touched_.find(deal);
    return found == touched_.end() ? Touched{} : found->second;
  }

  CorrectionCauses& causes() {
    if (!causes_) causes_.emplace(system_, terms_, calendar_named(system_, series_.calendar), since_);
    return *causes_;
  }

  std::string terms_reason(Id employee, Id plan_before, Id plan_now) {
    std::string why = causes().terms_reason(employee, plan_before, plan_now);
    return why.empty() ? "plan or assignment changed" : why;
  }

  std::string reason_of(Id employee, const StatementLine& line, bool known, const Posted& before, bool moved) {
    const Touched what = touched(line.opportunity);
    if (!known || (before.credit == 0 && before.amount == 0)) {
      if (what.splits && !what.deal) return "split changed";
      return what.deal ? "won late" : terms_reason(employee, before.plan, line.plan);
    }
    if (moved) return "won on another day";
    if (line.credit.minor != 0) {
      if (what.deal && what.splits) return "amount or split changed";
      return what.splits ? "split changed" : "amount changed";
    }
    if (before.plan == line.plan) return "follows another correction";
    return terms_reason(employee, before.plan, line.plan);
  }

  std::string reason_gone(std::size_t i, Id employee, Id deal, const Posted& before, const Opportunity& now) {
    if (now.status != DealStatus::won || !now.closed_on) return "no longer won";
    if (*now.closed_on < closed_[i].from || closed_[i].to <= *now.closed_on) return "won on another day";
    const Touched what = touched(deal);
    if (what.splits) return "split changed";
    return what.deal ? "no longer credited" : terms_reason(employee, before.plan, {});
  }

  std::string reason_of_fact(std::size_t i, const Earning& earning, const StatementLine& line, bool known,
                             const Posted& before, bool moved) {
    const bool fresh = !known || (before.credit == 0 && before.amount == 0);
    if (fresh && causes().came(line.opportunity)) return "came late";
    if (moved) return "dated on another day";
    const bool other_plan = known ? before.plan != line.plan : other_plan_.contains({i, earning.employee});
    std::string why = other_plan ? causes().terms_reason(earning.employee, before.plan, line.plan) : "";
    if (!why.empty()) return why;
    return causes().reason(*general_, *earning.version, period_from(closed_[i]),
                           {earning.employee, earning.name, earning.fact}, affected_[i]);
  }

  std::string reason_gone(std::size_t i, const PostedKey& key, const Posted& before, bool cancelled) {
    if (cancelled) return "cancelled";
    const Period period = period_from(closed_[i]);
    const Id employee = std::get<0>(key);
    const auto holding = terms_.holding(employee, period);
    if (!holding || holding->version->row.id != before.plan) {
      return terms_reason(employee, before.plan, holding ? holding->version->row.id : Id{});
    }
    return causes().reason(*general_, *holding->version, period, key, affected_[i]);
  }

  const Reader& system_;
  const Terms& terms_;
  const Series& series_;
  std::int64_t since_;
  GeneralChanges changes_;
  std::optional<GeneralFacts> general_;
  std::optional<CorrectionCauses> causes_;
  Date terms_from_ = kOpenDate;  // the first closed period in which somebody is paid by other terms
  std::vector<CommissionPeriod> closed_;
  std::unordered_map<Id, Touched> touched_;
  std::vector<std::unordered_set<Id>> affected_;     // by closed period: employees
  std::set<std::pair<std::size_t, Id>> other_plan_;  // (closed period, employee): paid by another one, or none
  std::vector<bool> recompute_;                      // by closed period: a touched deal is won in it
  Corrections result_;
};

}  // namespace

Corrections compute_corrections(const Reader& system, const Terms& terms, const Series& series) {
  const std::optional<std::int64_t> since = series.reflected();
  if (!since) return {};
  return Corrector(system, terms, series, *since).run();
}

}  // namespace kith::incentive
