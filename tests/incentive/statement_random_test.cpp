// SPDX-License-Identifier: Apache-2.0
// Seeded random histories: deals come late, change, move, are shared anew, lost and won again, people change units and
// plans, periods are run and closed in between. Whatever was posted in pieces must be what one plain computation over
// the final facts gives, and no closed line may ever change.
#include <random>
#include <set>

#include "incentive/incentive_fixture.hpp"

namespace kith {
namespace {

constexpr int kMonths = 6;  // of 2025, which are run and closed
const std::string_view kPoints[] = {"line", "telescoped", "statement"};

/// The same answer by the plainest means: day by day, deal by deal.
class Oracle {
 public:
  explicit Oracle(const Reader& reader) : reader_(reader) {
    assignments_ = reader.list<PlanAssignment>();
    memberships_ = reader.list<Membership>();
    for (const Split& split : reader.list<Split>({.order = {"position"}})) splits_[split.opportunity].push_back(split);
    for (const CommissionPlan& row : reader.list<CommissionPlan>({.order = {"version desc"}})) {
      plans_.push_back(incentive::parse_plan(row.document));
    }
    Query won{.where = "status = 'won'"};
    deals_ = reader.list<Opportunity>(won);
  }

  /// What somebody earns for a month, by component; with one rounding at the end all of it under "".
  std::map<std::string, std::int64_t> earned(Id employee, const Period& month) const {
    const incentive::Plan* plan = nullptr;
    std::set<Date> days;
    for (Date day = month.from; day < month.to; ++day.days) {
      const incentive::Plan* held = plan_on(employee, month, day);
      if (held == nullptr) continue;
      if (plan == nullptr) plan = held;
      days.insert(day);
    }
    if (plan == nullptr) return {};
    std::set<Id> eligible;
    Query query{.where = plan->when};
    for (const Opportunity& deal : reader_.list<Opportunity>(query)) eligible.insert(deal.id);
    std::vector<std::int64_t> amount, sequence, id;
    std::vector<std::int32_t> date, zero;
    for (const Opportunity& deal : deals_) {
      if (!days.contains(*deal.closed_on) || !eligible.contains(deal.id)) continue;
      const auto credit = credit_of(employee, deal);
      if (!credit) continue;
      amount.push_back(*credit);
      date.push_back(deal.closed_on->days);
      id.push_back(deal.id.value);
    }
    sequence.assign(amount.size(), 0);
    zero.assign(amount.size(), 0);
    const auto result = incentive::compute_statements(*plan, {amount, zero, zero, date, sequence, id}, {1, 1});
    if (plan->rounding.point == incentive::RoundingPoint::statement) return {{"", result.amount[0]}};
    std::map<std::string, std::int64_t> by_component;
    for (std::size_t i = 0; i < plan->components.size(); ++i) {
      by_component[plan->components[i].name] = result.components[i].amount[0];
    }
    return by_component;
  }

 private:
  const incentive::Plan* plan_on(Id employee, const Period& month, Date day) const {
    auto [known, added_employee] = employees_.try_emplace(employee);
    if (added_employee) known->second = reader_.get<Employee>(employee);
    const Employee& row = known->second;
    if ((row.hired_on && day < *row.hired_on) || (row.left_on && *row.left_on < day)) return nullptr;
    std::vector<std::pair<std::optional<Id>, std::optional<Id>>> subjects{{employee, std::nullopt}};
    for (const Membership& member : memberships_) {
      if (member.employee != employee || day < member.from || member.to <= day) continue;
      subjects.emplace_back(std::nullopt, member.unit);
      auto [above, added] = above_.try_emplace({member.unit, day});
      if (added) above->second = people::ancestors(reader_, member.unit, day);
      for (const Id unit : above->second) subjects.emplace_back(std::nullopt, unit);
    }
    for (const auto& [own, unit] : subjects) {
      for (const PlanAssignment& held : assignments_) {
        if (held.employee != own || held.unit != unit || day < held.from || held.to <= day) continue;
        for (const Date at : {month.from, day}) {
          for (const incentive::Plan& plan : plans_) {
            if (plan.name == held.plan && plan.from <= at && at < plan.to) return &plan;
          }
        }
        return nullptr;
      }
    }
    return nullptr;
  }

  std::optional<std::int64_t> credit_of(Id employee, const Opportunity& deal) const {
    const auto found = splits_.find(deal.id);
    if (found == splits_.end()) {
      return deal.owner == employee ? std::optional<std::int64_t>(deal.amount->minor) : std::nullopt;
    }
    const std::vector<Split>& splits = found->second;
    std::vector<Decimal> shares;
    for (const Split& split : splits) shares.push_back(split.share);
    const auto parts = incentive::apply_split(deal.amount->minor, shares);
    for (std::size_t i = 0; i < splits.size(); ++i) {
      if (splits[i].employee == employee) return parts[i];
    }
    return std::nullopt;
  }

  const Reader& reader_;
  std::vector<PlanAssignment> assignments_;
  std::vector<Membership> memberships_;
  std::map<Id, std::vector<Split>> splits_;
  mutable std::map<Id, Employee> employees_;
  mutable std::map<std::pair<Id, Date>, std::vector<Id>> above_;
  std::vector<incentive::Plan> plans_;  // newest version first
  std::vector<Opportunity> deals_;
};

class StatementRandomTest : public test::IncentiveTest {
 protected:
  int pick(int below) { return static_cast<int>(generator_() % static_cast<unsigned>(below)); }
  template <class T>
  const T& one_of(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(pick(static_cast<int>(from.size())))];
  }
  Date some_day() { return {date(2025, 1, 1).days + pick(31 * (kMonths + 1))}; }

  test::PlanText some_plan(std::string name, int version) {
    test::PlanText text;
    text.name = std::move(name);
    text.version = version;
    text.from = pick(2) == 0 ? "2025-01-01" : "2025-02-1" + std::to_string(pick(9));
    text.mode = pick(3) == 0 ? "slab" : "marginal";
    text.point = kPoints[pick(3)];
    if (pick(3) == 0) text.when = "amount >= 500.00 USD";
    text.components = {{"revenue", {{"0", "0.0" + std::to_string(1 + pick(9))}, {"3000", "0.1"}, {"9000", "0.175"}}}};
    if (pick(2) == 0) text.components.push_back({"bonus", {{"0", "0"}, {"5000", "0.013"}}});
    return text;
  }

  void found() {
    const Id company = unit("Company");
    units_ = {company, unit("East", company), unit("West", company)};
    for (int i = 0; i < 5; ++i) people_.push_back(employee("Person " + std::to_string(i), one_of(units_)));
    for (const auto* name : {"one", "two"}) {
      test::PlanText text = some_plan(name, ++versions_);
      text.from = "2025-01-01";
      plan(text);
    }
    assigned("one", {}, company);
    assigned("two", {}, units_[1], date(2025, 1, 1), date(2025, 4, 15));
    assigned("two", people_[0], {}, date(2025, 1, 20));
  }

  void deal_event() {
    const int kind = deals_.empty() ? 0 : pick(9);
    if (kind <= 2) {
      deals_.push_back(won(one_of(people_), 1 + pick(600'000), to_string(some_day())));
      return;
    }
    const Id deal = one_of(deals_);
    in_work([&](Work& work) {
      Opportunity row = work.get<Opportunity>(deal);
      if (kind == 3) row.amount = Amount{1 + pick(600'000)};
      if (kind == 4 && row.closed_on) row.closed_on = some_day();
      if (kind == 5) row.owner = one_of(people_);
      if (kind <= 5) {
        sales::update(work, row);
      } else if (kind == 6) {
        share_anew(work, deal);
      } else if (row.status == DealStatus::open) {
        kind == 7 ? sales::win(work, deal, some_day(), "price") : sales::lose(work, deal, some_day(), "price");
      } else {
        sales::reopen(work, deal, "mistake");
        if (pick(2) == 0) sales::lose(work, deal, some_day(), "price");
      }
    });
  }

  void share_anew(Work& work, Id deal) {
    std::vector<SplitShare> shares;
    const int first = pick(static_cast<int>(people_.size()));
    if (const int count = pick(4); count > 0) {
      std::int64_t left = 10'000;
      for (int i = 0; i < count; ++i) {
        const std::int64_t part = i + 1 == count ? left : 1 + pick(3'000);
        left -= part;
        shares.push_back({people_[static_cast<std::size_t>(first + i) % people_.size()], {part, 4}});
      }
    }
    sales::set_splits(work, deal, shares);
  }

  void terms_event() {
    const int kind = pick(5);
    if (kind == 0) {
      plan(some_plan(pick(2) == 0 ? "one" : "two", ++versions_));
      return;
    }
    Work work = session().work();
    try {
      if (kind == 1) people::transfer(work, one_of(people_), one_of(units_), some_day());
      if (kind == 2) {
        PlanAssignment row;
        row.plan = pick(2) == 0 ? "one" : "two";
        row.employee = one_of(people_);
        row.from = some_day();
        row.to = {row.from.days + 1 + pick(60)};
        incentive::assign(work, row);
      }
      if (kind == 4) people::move(work, units_[2], pick(2) == 0 ? std::optional<Id>(units_[1]) : units_[0], some_day());
      if (kind == 3) {
        Employee row = work.get<Employee>(one_of(people_));
        row.left_on = pick(3) == 0 ? std::optional<Date>(some_day()) : std::nullopt;
        people::update(work, row);
      }
      work.commit();
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::conflict) << error.what();  // a later transfer is recorded, assignments overlap
    }
  }

  static std::string label(int month) { return "2025-0" + std::to_string(month); }

  void run_and_compare(int month) {
    run(label(month));
    Work again = session().work();
    EXPECT_EQ(incentive::run(again, label(month)).changed, 0);
    EXPECT_EQ(again.commit().seq, 0);
    const Reader reader = session().reader();
    const Oracle oracle(reader);
    for (const Id person : people_) {
      for (int m = 1; m <= month; ++m) {
        const auto expected = oracle.earned(person, parse_period({}, label(m)));
        auto actual = posted(reader, person, label(m));
        if (expected.contains("")) {
          std::int64_t sum = 0;
          for (const auto& [component, amount] : actual) sum += amount;
          actual = {{"", sum}};
        }
        for (const auto& [component, amount] : expected) actual.try_emplace(component, 0);
        for (const auto& [component, amount] : actual) {
          const auto found = expected.find(component);
          EXPECT_EQ(amount, found == expected.end() ? 0 : found->second)
              << "person " << person.value << ", " << label(m) << " " << component << ", seen from " << label(month);
        }
      }
    }
  }

  /// Closed lines stay, and explain themselves in the same bytes and to the same amounts.
  void watch_closed() {
    const Reader reader = session().reader();
    std::map<Id, Statement> closed;
    for (const Statement& row : reader.list<Statement>({.where = "status = 'closed'"})) closed.emplace(row.id, row);
    std::map<Id, std::string> now;
    for (const StatementLine& line : reader.list<StatementLine>()) {
      if (!closed.contains(line.statement)) continue;
      const incentive::Trace trace = incentive::explain_line(reader, line.id);
      EXPECT_TRUE(incentive::recheck(trace).empty());
      if (trace.rounded) {
        EXPECT_EQ(trace.amount, standing(reader, line, closed)) << to_text(trace);
      }
      now[line.id] = std::to_string(line.revision) + " " + std::to_string(line.amount.minor) + canonical_json(trace);
    }
    for (const auto& [id, bytes] : closed_lines_) EXPECT_EQ(now[id], bytes);
    closed_lines_ = std::move(now);
  }

  /// What a line's fact has earned once the line was posted.
  static std::int64_t standing(const Reader& reader, const StatementLine& line, const std::map<Id, Statement>& closed) {
    const Statement& statement = closed.at(line.statement);
    std::int64_t sum = 0;
    for (const StatementLine& other : reader.list<StatementLine>(
             {.conditions = {equals(entity_of<StatementLine>(), "opportunity", line.opportunity)}})) {
      const auto found = closed.find(other.statement);
      if (found == closed.end() || found->second.employee != statement.employee) continue;
      if (other.component != line.component || other.period_earned != line.period_earned) continue;
      if (found->second.seq <= statement.seq) sum += other.amount.minor;
    }
    return sum;
  }

  std::mt19937 generator_;
  std::vector<Id> units_, people_, deals_;
  int versions_ = 0;
  std::map<Id, std::string> closed_lines_;
};

TEST_P(StatementRandomTest, PiecesAddUpToAFullRecomputation) {
  const unsigned seeds = std::string_view(GetParam()) == "memory" ? 4 : 1;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    if (seed > 1) SetUp();  // a store of its own
    units_.clear(), people_.clear(), deals_.clear(), closed_lines_.clear();
    generator_.seed(seed);
    found();
    for (int month = 1; month <= kMonths; ++month) {
      for (int round = pick(3); round >= 0; --round) {
        for (int i = 4 + pick(8); i > 0; --i) pick(8) == 0 ? terms_event() : deal_event();
        run_and_compare(month);
        if (HasFailure()) return;
      }
      close(label(month));
      watch_closed();
      if (HasFailure()) return;
    }
    EXPECT_TRUE(check(session()).empty());
  }
}

INSTANTIATE_ON_ALL_BACKENDS(StatementRandomTest);

}  // namespace
}  // namespace kith
