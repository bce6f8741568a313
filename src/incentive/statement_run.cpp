// SPDX-License-Identifier: Apache-2.0
#include "incentive/statement_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/general_changes.hpp"
#include "incentive/statement_pay.hpp"
#include "incentive/whose.hpp"
#include "kith/people/employee.hpp"

namespace kith::incentive {

std::optional<std::int64_t> Series::reflected() const {
  // Each run looks at all closed periods together, and closing demands that nothing is left to correct: so the
  // newest mark among them holds for all.
  std::optional<std::int64_t> seq;
  for (const CommissionPeriod& other : others) {
    if (other.status == PeriodStatus::closed) seq = std::max(seq.value_or(0), other.facts_seq);
  }
  return seq;
}

const CommissionPeriod* Series::newest_closed() const {
  const CommissionPeriod* newest = nullptr;
  for (const CommissionPeriod& other : others) {
    if (other.status == PeriodStatus::closed) newest = &other;
  }
  return newest;
}

bool Series::takes_corrections() const {
  // One place for them, and no gap before it: else a line could correct what a later one has corrected already.
  const CommissionPeriod* newest = newest_closed();
  return newest != nullptr && newest->to == target.from;
}

Period period_from(const CommissionPeriod& row) {
  // The label tells the grain: "2017", "2017-Q2", "2017-W09", "2017-P03", "2017-03" or "2017-M03".
  Grain grain = row.label.size() == 4 ? Grain::year : Grain::month;
  if (row.label.size() > 5) {
    if (row.label[5] == 'Q') grain = Grain::quarter;
    if (row.label[5] == 'W') grain = Grain::week;
    if (row.label[5] == 'P') grain = Grain::period;
  }
  return {grain, row.from, row.to, row.label};
}

Series load_series(const Reader& system, std::string_view label) {
  NamedPeriod named = period_named(system, label);
  Series series;
  series.calendar = named.calendar.name;
  series.target = std::move(named.period);
  if (series.target.grain == Grain::week || series.target.grain == Grain::period) {
    throw Error(Code::invalid, "commission_period", "label",
                "'" + std::string(label) +
                    (series.target.grain == Grain::week ? "' is a week" : "' is a four-week period") +
                    "; plans pay by month (2017-03), quarter (2017-Q2) or year (2017)");
  }
  for (CommissionPeriod& row : system.list<CommissionPeriod>(
           {.conditions = {equals(kCommissionPeriod, "calendar", series.calendar)}, .order = {"from"}})) {
    if (period_from(row).grain != series.target.grain) continue;
    if (row.label == series.target.label) {
      series.row = std::move(row);
    } else {
      series.others.push_back(std::move(row));
    }
  }
  return series;
}

std::vector<StatementLine> lines_of_statements(const Reader& system, const std::vector<Id>& statements) {
  std::vector<StatementLine> lines;
  in_pieces(statements, [&](const std::vector<Id>& ids) {
    const Query query{.conditions = {verb::one_of(kStatementLine, "statement", ids)},
                      .order = {"statement", "position"}};
    append_rows(system, kStatementLine, query, lines);
  });
  return lines;
}

bool Settlement::differs() const {
  return !new_statements.empty() || !changed_statements.empty() || !gone_statements.empty() || !new_lines.empty() ||
         !changed_lines.empty() || !gone_lines.empty() || !new_releases.empty() || !changed_releases.empty() ||
         !gone_releases.empty() || !new_payments.empty() || !changed_payments.empty() || !gone_payments.empty();
}

namespace {

using LineKey = std::tuple<std::string, Id, std::string>;  // component, deal, period earned

LineKey key_of(const StatementLine& line) { return {line.component, line.opportunity, line.period_earned}; }

/// What a statement line says, without its place.
auto content_of(const StatementLine& line) {
  return std::tie(line.kind, line.plan, line.earned_on, line.credit, line.amount, line.corrects, line.basis,
                  line.event);
}

auto content_of(const Statement& row) {
  return std::tie(row.unit, row.currency, row.credit, row.earned, row.adjusted, row.total);
}

using ReleaseKey = std::tuple<bool, std::string, std::string, std::string, ReleaseKind>;

ReleaseKey key_of(const StatementRelease& row) {
  return {row.correction, row.period_earned, row.component, row.part, row.kind};
}

auto content_of(const StatementRelease& row) { return std::tie(row.plan, row.amount, row.corrects, row.position); }

auto content_of(const StatementPayment& row) {
  return std::tie(row.plan, row.earned, row.held, row.released, row.carried, row.drawn, row.advanced, row.recovered,
                  row.topped_up, row.forgiven, row.balance, row.carry, row.pay);
}

/// What is stored of somebody for the period in question.
struct Stored {
  Statement statement;
  std::map<LineKey, StatementLine> lines;
  std::map<ReleaseKey, StatementRelease> releases;
  std::optional<StatementPayment> payment;
  bool used = false;
};

/// Whoever has a line for one of these events in a period.
std::unordered_set<Id> paid_for(const Reader& system, const CommissionPeriod& period,
                                const std::unordered_set<Id>& events) {
  std::vector<Id> statements;
  in_pieces(std::vector<Id>(events.begin(), events.end()), [&](const std::vector<Id>& ids) {
    for (const StatementLine& line : system.list<StatementLine>(
             {.conditions = {verb::one_of(kStatementLine, "opportunity", ids)}, .fields = {"id", "statement"}})) {
      statements.push_back(line.statement);
    }
  });
  std::unordered_set<Id> people;
  in_pieces(statements, [&](const std::vector<Id>& ids) {
    for (const Statement& row : system.list<Statement>(
             {.conditions = {verb::one_of(kStatement, "id", ids), equals(kStatement, "period", period.id)},
 .fields = {"id", "employee"}})) {
      people.insert(row.employee);
    }
  });
  return people;
}

/// Whom general plans pay as they did: what nothing new concerns is not computed again.
class Kept {
 public:
  Kept(const Reader& system, const Series& series, const std::map<Id, Stored>& stored, const GeneralFacts& general)
      : period_(series.target), stored_(stored), general_(general) {
    const std::int64_t since = series.row ? series.row->facts_seq : 0;
    if (since == 0 || terms_changed_since(system, since).any()) return;
    changes_.emplace(system, since);
    concerned_ = general.with_superiors(changes_->people());
    concerned_.merge(paid_for(system, *series.row, changes_->events()));
  }

  /// Who holds a version and is not concerned.
  std::vector<Id> people(const PlanVersion& version) const {
    std::vector<Id> kept;
    if (!changes_) return kept;
    const bool some = changes_->concerns(version, period_);
    if (some && (!changes_->only_events() || GeneralFacts::crosses(*version.document))) return kept;
    for (const Id employee : general_.holders(version, period_)) {
      if (stored_.contains(employee) && !(some && concerned_.contains(employee))) kept.push_back(employee);
    }
    return kept;
  }

  /// What a version pays the others, and what of it waits.
  std::vector<Earning> earnings_of_others(const PlanVersion& version, const std::vector<Id>& kept,
                                          std::vector<GeneralFacts::Part>& parts) const {
    if (kept.empty()) return general_.earnings(version, period_, nullptr, &parts);
    std::unordered_set<Id> others;
    for (const Id employee : general_.holders(version, period_)) others.insert(employee);
    for (const Id employee : kept) others.erase(employee);
    return others.empty() ? std::vector<Earning>() : general_.earnings(version, period_, &others, &parts);
  }

  /// What is stored of it for somebody who is kept.
  void add_stored(const PlanVersion& version, Id employee, std::vector<Earning>& earnings) const {
    for (const auto& [key, line] : stored_.at(employee).lines) {
      if (line.kind != LineKind::earning || !line.basis) continue;
      earnings.push_back({employee, &version, place_of(*version.document, line.component), line.component,
                          line.opportunity, line.basis, line.earned_on, line.credit.minor, line.amount.minor});
    }
  }

 private:
  const Period& period_;
  const std::map<Id, Stored>& stored_;
  const GeneralFacts& general_;
  std::optional<GeneralChanges> changes_;
  std::unordered_set<Id> concerned_;  // in a changed event or above, or paid for one so far
};

class Settler {
 public:
  Settler(const Reader& system, Series series)
      : system_(system), terms_(system, series.calendar), holdings_(terms_, result_.series.target) {
    result_.series = std::move(series);
  }

  Settlement run() {
    require_paid_period();
    read_statements();
    look_for_changes();
    set_aside();
    read_rows();
    for (const Id employee : terms_.employees()) {
      if (holdings_.of(employee) != nullptr && !aside_.contains(employee)) static_cast<void>(draft(employee));
    }
    add_earnings();
    add_adjustments();
    add_releases();
    for (auto& [employee, made] : drafts_) {
      told_whose([&, id = employee] { return whose(id); }, [&, &draft = made] { finish(draft); });
    }
    add_payments();
    for (auto& [employee, made] : drafts_) {
      match_lines(result_.drafts.size(), employee, made);
      match_releases(result_.drafts.size(), employee, made);
      match_payment(result_.drafts.size(), employee, made);
      match_statement(result_.drafts.size(), employee, made);
      result_.drafts.push_back(std::move(made));
    }
    for (auto& [employee, old] : stored_) {
      if (old.used || aside_.contains(employee)) continue;
      result_.gone_statements.push_back(old.statement);
      for (const auto& [key, line] : old.lines) result_.gone_lines.push_back(line);
      for (const auto& [key, row] : old.releases) result_.gone_releases.push_back(row);
      if (old.payment) result_.gone_payments.push_back(*old.payment);
    }
    return std::move(result_);
  }

 private:
  /// A period that no plan pays by would be run for nothing, and every one after it asked for when closing.
  void require_paid_period() const {
    const Period& target = result_.series.target;
    const std::set<Grain> grains = terms_.intervals();
    if (result_.series.row || grains.contains(target.grain)) return;
    const Calendar calendar = calendar_named(system_, result_.series.calendar);
    std::vector<std::string> known;
    for (const Grain grain : grains) {
      known.push_back(fmt::format("{} ({})", name_of(grain), period_of(calendar, grain, target.from).label));
    }
    throw Error(
        Code::invalid, "commission_period", "label",
        known.empty()
            ? fmt::format("no plan of calendar {} is approved; approve one before {} is run", quote(calendar.name),
                          target.label)
            : fmt::format("{} is a {}, by which no approved plan of calendar {} pays; they pay by the "
                          "{}",
                          target.label, name_of(target.grain), quote(calendar.name), fmt::join(known, ", by the ")));
  }

  std::string whose(Id employee) const {
    const auto row = system_.find<Employee>(employee);
    return fmt::format("statement of {} ({}) for {}", quote(row ? row->name : ""), employee.value,
                       result_.series.target.label);
  }

  void read_statements() {
    if (!result_.series.row) return;
    for (Statement& row :
         system_.list<Statement>({.conditions = {equals(kStatement, "period", result_.series.row->id)}})) {
      stored_[row.employee].statement = std::move(row);
    }
  }

  void look_for_changes() {
    if (result_.series.takes_corrections()) corrections_ = compute_corrections(system_, terms_, result_.series);
    result_.newer = corrections_.newer;
    if (!terms_.has_general_plans()) return;
    general_.emplace(system_, terms_, calendar_named(system_, result_.series.calendar));
    stage_.emplace(system_, terms_, *general_, result_.series);
    const Kept& kept = kept_.emplace(system_, result_.series, stored_, *general_);
    for (const PlanVersion* version : general_->held(result_.series.target)) {
      kept_people_.emplace_back(version, kept.people(*version));
    }
  }

  /// Statements in which nothing can be otherwise are not looked into: not paid by others' facts, not corrected, and
  /// with nothing that waits or is paid out.
  void set_aside() {
    if (!stage_ || stage_->any()) return;
    std::unordered_set<Id> corrected;
    for (const auto& [employee, label] : corrections_.looked) corrected.insert(employee);
    std::vector<Id> ids;
    for (auto& [version, people] : kept_people_) {
      for (const Id employee : people) {
        if (corrected.contains(employee)) continue;
        aside_.insert(employee);
        const Statement& row = stored_.at(employee).statement;
        result_.untouched.push_back(row);
        ids.push_back(row.id);
      }
    }
    in_pieces(ids, [&](const std::vector<Id>& piece) {
      const Query these{.conditions = {verb::one_of(kStatementLine, "statement", piece)}};
      for (const std::int64_t rows : system_.group(kStatementLine, {}, {}, these).rows) result_.untouched_lines += rows;
    });
  }

  void read_rows() {
    std::unordered_map<Id, Id> employee_of;
    std::vector<Id> ids;
    for (const auto& [employee, old] : stored_) {
      if (aside_.contains(employee)) continue;
      ids.push_back(old.statement.id);
      employee_of.emplace(old.statement.id, employee);
    }
    for (StatementLine& line : lines_of_statements(system_, ids)) {
      stored_[employee_of.at(line.statement)].lines.emplace(key_of(line), line);
    }
    for (StatementRelease& row : releases_of_statements(system_, ids)) {
      stored_[employee_of.at(row.statement)].releases.emplace(key_of(row), row);
    }
    for (StatementPayment& row : payments_of_statements(system_, ids)) {
      stored_[employee_of.at(row.statement)].payment = row;
    }
  }

  Draft& draft(Id employee) {
    const auto [found, added] = drafts_.try_emplace(employee);
    Statement& row = found->second.statement;
    if (added) {
      const auto old = stored_.find(employee);
      if (old != stored_.end()) row = old->second.statement;
      row.employee = employee;
      row.unit = terms_.organisation().unit_on(employee, {result_.series.target.to.days - 1});
      row.currency = system_.currency();
      row.credit = row.earned = row.adjusted = row.total = {};
    }
    return found->second;
  }

  void add_earnings() {
    const Period& target = result_.series.target;
    const PeriodFacts facts(system_, terms_, target);
    std::vector<Earning> earnings = compute_earnings(facts, holdings_);
    for (const auto& [version, people] : kept_people_) {
      for (const Id employee : people) {
        if (!aside_.contains(employee)) kept_->add_stored(*version, employee, earnings);
      }
      std::vector<Earning> more = kept_->earnings_of_others(*version, people, parts_);
      std::move(more.begin(), more.end(), std::back_inserter(earnings));
    }
    if (general_) sort_earnings(earnings);
    std::set<std::pair<Id, Id>> credited;  // employee, fact
    for (const Earning& earning : earnings) {
      Draft& made = draft(earning.employee);
      StatementLine& line = made.lines.emplace_back();
      line.plan = earning.version->row.id;
      line.component = earning.name;
      line.opportunity = earning.fact;
      line.basis = earning.basis;
      if (earning.basis == LineBasis::event) line.event = earning.fact;
      if (!earning.basis) line.deal = earning.fact;
      line.earned_on = earning.day;
      line.period_earned = target.label;
      line.credit.minor = earning.credit;
      line.amount.minor = earning.amount;
      // Every component has a line for the fact; its credit counts once.
      if (!credited.emplace(earning.employee, earning.fact).second) continue;
      std::int64_t& credit = made.statement.credit.minor;
      credit = told_whose([&] { return whose(earning.employee); },
                          [&] { return checked_add(credit, earning.credit, "credit of a statement"); });
    }
  }

  /// Adjustments that nothing new concerns stay as they are; the others are those just computed.
  void add_adjustments() {
    const auto& looked = corrections_.looked;
    std::map<Id, std::vector<StatementLine>> adjustments;
    for (const auto& [employee, old] : stored_) {
      for (const auto& [key, line] : old.lines) {
        if (line.kind != LineKind::adjustment || looked.contains({employee, line.period_earned})) continue;
        adjustments[employee].push_back(line);
      }
    }
    for (Corrections::Line& line : corrections_.lines) adjustments[line.employee].push_back(std::move(line.line));
    for (auto& [employee, lines] : adjustments) {
      std::sort(lines.begin(), lines.end(), [](const StatementLine& a, const StatementLine& b) {
        return std::tie(a.period_earned, a.earned_on, a.opportunity, a.component) <
               std::tie(b.period_earned, b.earned_on, b.opportunity, b.component);
      });
      Draft& made = draft(employee);
      made.lines.insert(made.lines.end(), lines.begin(), lines.end());
    }
  }

  /// What waits and what is released. Rows that nothing new concerns stay as they are.
  void add_releases() {
    if (!stage_ || !stage_->any()) return;
    const std::string& label = result_.series.target.label;
    const auto keep = [&](Id employee, bool corrections) {
      for (const auto& [key, row] : stored_.at(employee).releases) {
        const bool own = !row.correction && row.period_earned == label;
        if (corrections ? row.correction && !corrections_.looked.contains({employee, row.period_earned}) : own) {
          draft(employee).releases.push_back(row);
        }
      }
    };
    for (const auto& [version, people] : kept_people_) {
      for (const Id employee : people) keep(employee, false);
    }
    std::map<Id, std::vector<GeneralFacts::Part>> parts;
    for (GeneralFacts::Part& part : parts_) parts[part.employee].push_back(std::move(part));
    for (const auto& [employee, own] : parts) add(employee, own_releases(own, result_.series.target, employee));
    for (const auto& [employee, old] : stored_) {
      keep(employee, true);
      const auto made = drafts_.find(employee);
      if (made == drafts_.end()) continue;  // nothing is left of that statement
      for (const StatementRelease& row : made->second.releases) {
        if (row.correction) stage_->count_posted(employee, row);
      }
    }
    for (auto& [employee, rows] : stage_->later_releases(corrections_.looked)) add(employee, rows);
  }

  void add(Id employee, const std::vector<StatementRelease>& rows) {
    if (rows.empty()) return;
    std::vector<StatementRelease>& all = draft(employee).releases;
    all.insert(all.end(), rows.begin(), rows.end());
  }

  void add_payments() {
    if (!stage_ || !stage_->any()) return;
    std::vector<PayStage::Flow> flows;
    for (const auto& [employee, made] : drafts_) {
      PayStage::Flow& flow = flows.emplace_back(PayStage::Flow{employee, made.statement.total.minor});
      for (const StatementRelease& row : made.releases) {
        std::int64_t& sum = row.kind == ReleaseKind::held ? flow.held : flow.released;
        sum = told_whose([&, id = employee] { return whose(id); },
                         [&] { return checked_add(sum, row.amount.minor, "releases of a statement"); });
      }
    }
    for (auto& [employee, row] : stage_->payments(flows, holdings_)) drafts_.at(employee).payment = row;
  }

  /// Positions and sums.
  static void finish(Draft& made) {
    Statement& row = made.statement;
    std::int64_t position = 0;
    for (StatementLine& line : made.lines) {
      line.position = ++position;
      Amount& sum = line.kind == LineKind::earning ? row.earned : row.adjusted;
      sum.minor = checked_add(sum.minor, line.amount.minor, "commission of a statement");
    }
    row.total.minor = checked_add(row.earned.minor, row.adjusted.minor, "total of a statement");
    std::sort(made.releases.begin(), made.releases.end(),
              [](const StatementRelease& a, const StatementRelease& b) { return key_of(a) < key_of(b); });
    for (std::size_t i = 0; i < made.releases.size(); ++i) {
      made.releases[i].position = static_cast<std::int64_t>(i) + 1;
    }
  }

  void match_lines(std::size_t place, Id employee, Draft& made) {
    const auto keep = [](StatementLine& line, const StatementLine& before) {
      const bool same = content_of(line) == content_of(before);
      // Where the fact itself stands as it did, so does the reason; the amount may follow other facts.
      if (line.plan == before.plan && line.earned_on == before.earned_on && line.credit == before.credit) {
        line.reason = before.reason;
      }
      return same && line.position == before.position;
    };
    match(made.lines, &Stored::lines, made.statement.id, place, employee,
          Matched{result_.new_lines, result_.changed_lines, result_.gone_lines}, keep);
  }

  void match_releases(std::size_t place, Id employee, Draft& made) {
    const auto keep = [](StatementRelease& row, const StatementRelease& before) {
      if (row.amount == before.amount) row.reason = before.reason;
      return content_of(row) == content_of(before);
    };
    match(made.releases, &Stored::releases, made.statement.id, place, employee,
          Matched{result_.new_releases, result_.changed_releases, result_.gone_releases}, keep);
  }

  template <class Row>
  struct Matched {
    std::vector<std::pair<std::size_t, std::size_t>>& added;
    std::vector<std::pair<std::size_t, std::size_t>>& changed;
    std::vector<Row>& gone;
  };

  /// Rows of a statement against those that are stored: which take the place of which. `keep` gives what stays of a
  /// stored one to its successor, and says whether it is the same.
  template <class Key, class Row, class Keep>
  void match(std::vector<Row>& rows, std::map<Key, Row> Stored::*stored_rows, Id statement, std::size_t place,
             Id employee, Matched<Row> into, const Keep& keep) {
    std::map<Key, Row> none;
    const auto stored = stored_.find(employee);
    std::map<Key, Row>& old = stored == stored_.end() ? none : stored->second.*stored_rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row& row = rows[i];
      const auto found = old.find(key_of(row));
      if (found == old.end()) {
        row.id = {};
        row.revision = 0;
        row.statement = statement;
        into.added.emplace_back(place, i);
        continue;
      }
      const Row before = found->second;
      old.erase(found);
      row.id = before.id;
      row.revision = before.revision;
      row.seq = before.seq;
      row.statement = before.statement;
      if (!keep(row, before)) into.changed.emplace_back(place, i);
    }
    for (const auto& [key, row] : old) into.gone.push_back(row);
  }

  void match_payment(std::size_t place, Id employee, Draft& made) {
    const auto stored = stored_.find(employee);
    const bool was = stored != stored_.end() && stored->second.payment.has_value();
    if (!made.payment) {
      if (was) result_.gone_payments.push_back(*stored->second.payment);
      return;
    }
    if (!was) {
      result_.new_payments.push_back(place);
      return;
    }
    const StatementPayment& before = *stored->second.payment;
    made.payment->id = before.id;
    made.payment->revision = before.revision;
    made.payment->seq = before.seq;
    made.payment->statement = before.statement;
    if (content_of(*made.payment) != content_of(before)) result_.changed_payments.push_back(place);
  }

  void match_statement(std::size_t place, Id employee, const Draft& made) {
    const auto old = stored_.find(employee);
    if (old == stored_.end()) {
      result_.new_statements.push_back(place);
      return;
    }
    old->second.used = true;
    if (content_of(made.statement) != content_of(old->second.statement)) result_.changed_statements.push_back(place);
  }

  const Reader& system_;
  Settlement result_;
  Terms terms_;
  Holdings holdings_;
  std::map<Id, Stored> stored_;
  std::map<Id, Draft> drafts_;
  std::optional<GeneralFacts> general_;
  std::vector<GeneralFacts::Part> parts_;  // of this period, computed
  Corrections corrections_;
  std::optional<PayStage> stage_;
  std::optional<Kept> kept_;
  std::vector<std::pair<const PlanVersion*, std::vector<Id>>> kept_people_;  // by version
  std::unordered_set<Id> aside_;                                             // of whom no row but the statement is read
};

}  // namespace

Settlement settle(const Reader& system, Series series) { return Settler(system, std::move(series)).run(); }

}  // namespace kith::incentive
