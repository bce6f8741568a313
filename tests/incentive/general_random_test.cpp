// SPDX-License-Identifier: Apache-2.0
// Seeded random histories of events under general plans: events come late, change, move, are taken back, cancelled and
// revived; rates, superiors, goals and plans change; periods are run, closed, opened again. Whatever was posted in
// pieces must be what plain fractions over the final facts give, no closed line may change, and every closed statement
// must come out the same from the facts as they were.
#include <boost/multiprecision/cpp_int.hpp>
#include <random>
#include <set>

#include "incentive/general_fixture.hpp"
#include "kith/base/sha256.hpp"
#include "kith/incentive/payout.hpp"

namespace kith {
namespace {

using Fraction = boost::multiprecision::cpp_rational;
using Whole = boost::multiprecision::cpp_int;
using test::GeneralText;
using test::Json;

constexpr int kMonths = 5;  // of 2025, which are run and closed
constexpr int kByRole = 3;  // who of the people holds the plan by a role
const std::string_view kPoints[] = {"line", "telescoped", "component", "statement"};

std::string label(int month) { return "2025-0" + std::to_string(month); }

std::int64_t half_up(const Fraction& value) {
  const bool negative = value < 0;
  const Fraction size = negative ? Fraction(-value) : value;
  const Whole doubled = numerator(size) * 2 + denominator(size);
  const auto whole = static_cast<std::int64_t>(Whole(doubled / (denominator(size) * 2)));
  return negative ? -whole : whole;
}

/// A version of the plan as the oracle reads it.
struct Terms {
  int version = 1;
  Date from;
  std::vector<std::pair<std::int64_t, Fraction>> rows;  // cents, rate
  Fraction level_one, level_two;
  std::string point;
};

/// The final facts, as the test handed them in.
struct World {
  std::map<std::string, incentive::EventRow> events;  // newest versions by key
  std::map<std::string, std::vector<std::pair<Date, std::string>>> superiors;
  std::vector<std::pair<Date, Fraction>> euro;                        // dollars from a day on
  std::map<std::pair<std::string, std::string>, std::int64_t> goals;  // person, period ("" for all): cents
  // Who is paid by role: from the first day of a month on, whether it is the one that has the plan.
  std::map<std::string, std::map<Date, bool>> closers;
  std::vector<Terms> plans;
  std::int64_t target = 50'000;  // target pay of the bonus, cents
};

class Oracle {
 public:
  explicit Oracle(const World& world) : world_(world) {
    for (const auto& [key, event] : world.events) {
      const auto origin = world.events.find(event.reverses);
      const bool orphan = origin != world.events.end() && origin->second.cancelled;  // it counts for nothing
      if (!event.cancelled && !orphan) order_.push_back(&event);
    }
    std::sort(order_.begin(), order_.end(), [](const auto* a, const auto* b) {
      return std::tuple(a->date, a->sequence, a->source + ":" + a->id) <
             std::tuple(b->date, b->sequence, b->source + ":" + b->id);
    });
  }

  /// What somebody earns for a month by component; under "" where all is rounded once.
  std::map<std::string, std::int64_t> earned(const std::string& person, const Period& month) const {
    if (!held(person, month)) return {};
    const Terms* terms = nullptr;
    for (const Terms& one : world_.plans) {
      if (one.from <= month.from && (terms == nullptr || one.version > terms->version)) terms = &one;
    }
    std::vector<Fraction> own, team;
    for (const auto* event : order_) {
      const auto* origin = origin_of(*event);
      if (origin->date < month.from || month.to <= origin->date || origin->date < terms->from) continue;
      const Fraction base = Fraction(event->amount.minor) * rate(*event, origin->date);
      for (const incentive::Split& split : event->splits) {
        const Fraction part = base * share(split.share);
        if (split.person == person) own.push_back(part);
        const std::string first = superior(split.person, event->date);
        const std::string second = first.empty() ? "" : superior(first, event->date);
        if (first == person) team.push_back(part * terms->level_one);
        if (second == person) team.push_back(part * terms->level_two);
      }
    }
    Fraction sold = 0, paid = 0;
    std::int64_t by_line = 0;
    for (const Fraction& part : own) {
      sold += part;
      const Fraction now = tiers(*terms, sold);
      by_line += half_up(now - paid);
      paid = now;
    }
    Fraction over = 0;
    std::int64_t over_by_line = 0;
    for (const Fraction& part : team) over += part, over_by_line += half_up(part);
    const Fraction bonus = bonus_of(person, month.label, sold);
    std::int64_t bonus_by_line = 0;
    Fraction run = 0;
    for (const Fraction& part : own) {
      bonus_by_line += half_up(bonus_of(person, month.label, run + part) - bonus_of(person, month.label, run));
      run += part;
    }
    if (terms->point == "statement") return {{"", half_up(paid + over + bonus)}};
    if (terms->point == "line") return {{"revenue", by_line}, {"override", over_by_line}, {"bonus", bonus_by_line}};
    return {{"revenue", half_up(paid)}, {"override", half_up(over)}, {"bonus", half_up(bonus)}};
  }

 private:
  bool held(const std::string& person, const Period& month) const {
    const auto rows = world_.closers.find(person);
    if (rows == world_.closers.end()) return true;
    const auto after = rows->second.upper_bound(month.from);
    return after != rows->second.begin() && std::prev(after)->second;
  }
  static Fraction share(const std::string& text) {
    const Decimal value = parse_decimal(text);
    Fraction scale = 1;
    for (int i = 0; i < value.scale; ++i) scale *= 10;
    return Fraction(value.coefficient) / scale;
  }
  const incentive::EventRow* origin_of(const incentive::EventRow& event) const {
    const auto found = world_.events.find(event.reverses);
    return found == world_.events.end() || found->second.cancelled ? &event : &found->second;
  }
  Fraction rate(const incentive::EventRow& event, Date day) const {
    if (code_of(event.amount.currency) == "USD") return 1;
    Fraction rate = 0;
    for (const auto& [from, dollars] : world_.euro) {
      if (from <= day) rate = dollars;
    }
    return rate;
  }
  std::string superior(const std::string& person, Date day) const {
    std::string found;
    const auto rows = world_.superiors.find(person);
    if (rows == world_.superiors.end()) return found;
    for (const auto& [from, manager] : rows->second) {
      if (from <= day) found = manager;
    }
    return found;
  }
  static Fraction tiers(const Terms& terms, const Fraction& sold) {
    if (sold < 0) return sold * terms.rows.front().second;
    Fraction sum = 0;
    for (std::size_t i = 0; i < terms.rows.size(); ++i) {
      const Fraction from = terms.rows[i].first;
      if (sold <= from) break;
      const Fraction to = i + 1 < terms.rows.size() ? std::min(sold, Fraction(terms.rows[i + 1].first)) : sold;
      sum += (to - from) * terms.rows[i].second;
    }
    return sum;
  }
  Fraction bonus_of(const std::string& person, const std::string& period, const Fraction& sold) const {
    for (const auto& key : {std::pair(person, period), std::pair(person, std::string())}) {
      const auto goal = world_.goals.find(key);
      if (goal == world_.goals.end()) continue;
      return goal->second == 0 ? Fraction(0) : Fraction(sold / goal->second * world_.target);
    }
    return 0;
  }

  const World& world_;
  std::vector<const incentive::EventRow*> order_;
};

class GeneralRandomTest : public test::GeneralTest {
 protected:
  int pick(int below) { return static_cast<int>(generator_() % static_cast<unsigned>(below)); }
  Date some_day() { return {date(2025, 1, 1).days + pick(31 * (kMonths + 1))}; }
  template <class T>
  const T& one_of(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(pick(static_cast<int>(from.size())))];
  }

  void new_plan(Date from) {
    Terms terms;
    terms.version = static_cast<int>(world_.plans.size()) + 1;
    terms.from = from;
    terms.point = kPoints[pick(4)];
    GeneralText text;
    text.version = terms.version;
    text.from = to_string(from);
    text.point = terms.point;
    const int rates[] = {1 + pick(90), 1 + pick(150), 1 + pick(200)};  // in 0.1 %
    text.rows.clear();
    for (int i = 0; i < 3; ++i) {
      const std::int64_t bound = i == 0 ? 0 : i == 1 ? 300'000 : 900'000;
      terms.rows.emplace_back(bound, Fraction(rates[i]) / 1000);
      text.rows.emplace_back(to_string(Money{bound, currency("USD")}), to_string(Decimal{rates[i], 3}, true));
    }
    text.override_rate = "1";
    const int per_mille = 1 + pick(30);
    terms.level_one = Fraction(per_mille) / 1000;
    terms.level_two = terms.level_one / 4;
    Json plan = text.json();
    plan["credits"][1]["chain"]["levels"] =
        Json::array({{{"level", 1}, {"share", to_string(Decimal{per_mille, 3}, true)}},
                     {{"level", 2}, {"share", to_string(Decimal{per_mille * 25, 5}, true)}}});
    Json bonus = {{"name", "bonus"},
                  {"kind", "tiers"},
                  {"basis", {{"measure", "sales"}}},
                  {"target_pay", "500"},
                  {"tiers",
                   {{"input", "attainment"},
                    {"mode", "marginal"},
                    {"unit", "pct_of_target_pay"},
                    {"rows", Json::array({{{"from", "0"}, {"value", "1"}}})}}}};
    plan["measures"][0]["goal"] = {{"value", "goal"}};
    plan["components"].push_back(bonus);
    general(plan);
    world_.plans.push_back(std::move(terms));
  }

  void found() {
    for (int i = 0; i < 6; ++i) people_.push_back(employee("Person " + std::to_string(i)));
    for (const Id who : people_) {
      if (who != people_[kByRole]) assigned("general", who, {}, date(2025, 1, 1));
    }
    in_work([&](Work& work) {
      PlanAssignment row = of_closers();
      incentive::assign(work, row);
    });
    set_role(1);
    new_rate(date(2024, 1, 1));
    set_superior(2, 1, date(2024, 1, 1));
    set_superior(3, 1, date(2024, 1, 1));
    set_superior(4, 5, date(2024, 1, 1));
    set_superior(1, 0, date(2024, 1, 1));
    set_superior(5, 0, date(2024, 1, 1));
  }

  void new_rate(Date from) {
    if (!world_.euro.empty() && from <= world_.euro.back().first) return;
    ExchangeRate rate;
    rate.from_currency = currency("EUR");
    rate.rate = {900 + pick(400), 3};
    rate.from = from;
    rate.source = "test";
    world_.euro.emplace_back(from, Fraction(rate.rate.coefficient) / 1000);
    in_work([&](Work& work) { people::set_rate(work, rate); });
  }

  static PlanAssignment of_closers() {
    PlanAssignment row;
    row.plan = "general";
    row.role = "closer";
    row.from = date(2025, 1, 1);
    return row;
  }

  void set_role(int month) {
    PayeeRole row;
    row.employee = people_[kByRole];
    row.from = date(2025, month, 1);
    auto& rows = world_.closers[person(row.employee)];
    if (!rows.empty() && row.from <= rows.rbegin()->first) return;
    const bool closer = rows.empty() || !rows.rbegin()->second;
    row.role = closer ? "closer" : "opener";
    rows[row.from] = closer;
    in_work([&](Work& work) { incentive::set_role(work, row); });
  }

  void set_superior(int who, int manager, Date from) {
    auto& rows = world_.superiors[person(people_[static_cast<std::size_t>(who)])];
    if (!rows.empty() && from <= rows.back().first) return;
    reports_to(people_[static_cast<std::size_t>(who)], people_[static_cast<std::size_t>(manager)], to_string(from));
    rows.emplace_back(from, person(people_[static_cast<std::size_t>(manager)]));
  }

  std::vector<incentive::Split> some_splits() {
    const Id first = one_of(people_);
    const Id second = one_of(people_);
    if (first == second || pick(2) == 0) return {{person(first), "primary", "1"}};
    const int share = 1 + pick(99);
    return {{person(first), "primary", to_string(Decimal{share, 2}, true)},
            {person(second), "primary", to_string(Decimal{100 - share, 2}, true)}};
  }

  void event() {
    const int kind = world_.events.empty() ? 0 : pick(10);
    incentive::EventRow row;
    if (kind <= 3) {
      row = sale(std::to_string(++number_), to_string(some_day()), 1 + pick(500'000), some_splits());
      row.sequence = pick(3);
      if (pick(3) == 0) row.amount.currency = currency("EUR");
      if (kind == 3) {
        auto origin = world_.events.begin();
        std::advance(origin, pick(static_cast<int>(world_.events.size())));
        row.reverses = origin->first;
        row.amount = {-row.amount.minor / 2, origin->second.amount.currency};
      }
    } else {
      auto old = world_.events.begin();
      std::advance(old, pick(static_cast<int>(world_.events.size())));
      row = old->second;
      row.version += 1 + pick(2);
      if (kind == 4 || kind == 5) row.amount.minor = 1 + pick(500'000);
      if (kind == 6) row.date = some_day();
      if (kind == 7) row.splits = some_splits();
      if (kind >= 8) row.cancelled = !row.cancelled;
    }
    post({row});
    world_.events[row.source + ":" + row.id] = row;
  }

  void goal() {
    CommissionValue row;
    row.name = "goal";
    row.employee = one_of(people_);
    if (pick(2) == 0) row.period = label(1 + pick(kMonths));
    const std::int64_t cents = pick(8) == 0 ? 0 : 10'000 * (1 + pick(100));
    row.value = to_string(Money{cents, currency("USD")});
    world_.goals[{person(*row.employee), row.period.value_or("")}] = cents;
    in_work([&](Work& work) { incentive::set_value(work, row); });
  }

  void change(int month) {
    const int kind = pick(18);
    if (kind == 16) return set_role(2 + pick(kMonths));
    if (kind == 0) return new_rate(some_day());
    if (kind == 1) return set_superior(2 + pick(3), pick(2) == 0 ? 1 : 5, some_day());
    if (kind == 2) return goal();
    if (kind == 3 && pick(3) == 0) return new_plan(date(2025, 1 + pick(month), 1));
    event();
  }

  /// What a run says of its period is what is stored, also of statements that it did not look into.
  void expect_stored(const Reader& reader, int month, const incentive::RunResult& said) {
    incentive::RunResult stored;
    stored.total = {0, said.total.currency};
    for (const Id who : people_) {
      const auto row = incentive::statement_of(reader, who, label(month));
      if (!row) continue;
      ++stored.statements;
      stored.lines += static_cast<std::int64_t>(incentive::lines_of(reader, row->id).size());
      stored.total.minor += row->total.minor;
    }
    EXPECT_EQ(said.statements, stored.statements);
    EXPECT_EQ(said.lines, stored.lines);
    EXPECT_EQ(said.total, stored.total);
  }

  void run_and_compare(int month) {
    const incentive::RunResult said = run(label(month));
    const Reader reader = session().reader();
    expect_stored(reader, month, said);
    const Oracle oracle(world_);
    for (int m = 1; m <= month; ++m) {
      for (const Id who : people_) {
        const auto expected = oracle.earned(person(who), parse_period({}, label(m)));
        auto actual = posted(reader, who, label(m));
        std::int64_t wanted = 0, sum = 0;
        for (const auto& [component, amount] : expected) wanted += amount;
        for (const auto& [component, amount] : actual) sum += amount;
        EXPECT_EQ(sum, wanted) << "person " << who.value << ", " << label(m) << ", seen from " << label(month);
        if (expected.contains("")) continue;
        for (const auto& [component, amount] : expected) {
          EXPECT_EQ(actual[component], amount) << component << " of " << who.value << " in " << label(m);
        }
      }
    }
  }

  /// Closed lines stay, and closed statements come out the same from the facts as they were.
  void watch_closed() {
    const Reader reader = session().reader();
    std::map<Id, std::string> now;
    for (const Statement& row : reader.list<Statement>({.where = "status = 'closed'"})) {
      for (const Violation& fault : incentive::recheck_statement(reader, row.id)) {
        ADD_FAILURE() << fault.field << ": " << fault.message;
      }
      now[row.id] = *row.hash + std::to_string(row.total.minor);
      for (const StatementLine& line : incentive::lines_of(reader, row.id)) {
        now[line.id] =
            std::to_string(line.revision) + " " + std::to_string(line.amount.minor) + line.reason.value_or("");
      }
    }
    for (const auto& [id, bytes] : closed_) EXPECT_EQ(now[id], bytes);
    closed_ = std::move(now);
  }

  /// Every statement checks without the store, and one other digit in it does not, whoever seals it again.
  void expect_exports() {
    const Reader reader = session().reader();
    for (const Statement& row : reader.list<Statement>()) {
      const std::string text = incentive::export_statement(reader, row.id);
      const auto faults = incentive::check_export(text);
      for (const Violation& fault : faults) ADD_FAILURE() << fault.field << ": " << fault.message;
      expect_steps(text, Json::parse(incentive::explain_statement_text(reader, row.id, "steps")));
      expect_altered_found(text, row.status == PeriodStatus::closed);
    }
  }

  /// What the store tells of a statement follows from its export alone.
  void expect_steps(const std::string& text, const Json& stored) {
    std::vector<Json> told = stored["components"];
    for (const Json& one : stored["corrections"]) told.push_back(one["steps_to"]);
    Json offline = Json::array();
    try {
      offline = Json::parse(incentive::explain_export(text, "steps"))["components"];
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::not_found) << error.what();
    }
    for (const Json& one : told) {
      if (one.is_null()) continue;
      EXPECT_NE(std::find(offline.begin(), offline.end(), one), offline.end()) << one;
      ++told_offline_;
    }
  }

  void expect_altered_found(const std::string& text, bool closed) {
    const Json exported = Json::parse(text);
    std::vector<std::string> paths;
    const Json flat = exported.flatten();
    for (const auto& [path, value] : flat.items()) {
      const bool number =
          value.is_string() && value.get<std::string>().find_first_not_of("-.0123456789") == std::string::npos;
      if (number && !value.get<std::string>().empty()) paths.push_back(path);
    }
    for (int i = 0; i < 3; ++i) {
      const std::string& path = paths[static_cast<std::size_t>(pick(static_cast<int>(paths.size())))];
      Json altered = exported;
      std::string value = altered[Json::json_pointer(path)];
      value.back() = value.back() == '9' ? '8' : '9';
      altered[Json::json_pointer(path)] = value;
      bool found = true;
      try {
        found = !incentive::check_export(altered.dump()).empty();
      } catch (const Error&) {  // it is no export any more
      }
      EXPECT_TRUE(found) << path;
      if (!closed || !path.starts_with("/statement/") || path.ends_with("/posted_before") ||
          path == "/statement/label") {  // these are beside the statement
        continue;
      }
      altered.erase("sha256");
      altered["sha256"] = to_hex(sha256(altered.dump()));
      EXPECT_FALSE(incentive::check_export(altered.dump()).empty()) << path << " sealed again";
    }
  }

  /// Opening the newest closed period again without new facts changes no byte of it.
  void open_again(int month) {
    reopen(label(month));
    run(label(month));
    close(label(month));
  }

  /// What each name has by the period it was earned in.
  static std::map<std::pair<std::string, std::string>, std::int64_t> sums(Session& from) {
    const Reader reader = from.reader();
    std::map<Id, std::string> names;
    for (const Employee& row : reader.list<Employee>()) names[row.id] = row.name;
    std::map<std::pair<std::string, std::string>, std::int64_t> result;
    std::map<Id, Id> employees;
    for (const Statement& row : reader.list<Statement>()) employees[row.id] = row.employee;
    for (const StatementLine& line : reader.list<StatementLine>()) {
      result[{names[employees[line.statement]], line.period_earned}] += line.amount.minor;
    }
    std::erase_if(result, [](const auto& row) { return row.second == 0; });
    return result;
  }

  /// All final events at once into a store of their own: nobody's sums differ.
  void compare_with_one_import() {
    const auto pieces = sums(session());
    std::vector<incentive::EventRow> rows;
    for (const auto& [key, event] : world_.events) rows.push_back(event);
    std::shuffle(rows.begin(), rows.end(), generator_);
    const Reader before = session().reader();
    std::map<std::string, std::string> names;
    for (const Employee& row : before.list<Employee>()) names[std::to_string(row.id.value)] = row.name;
    test::TestStore fresh = test::open_test_store("memory:");
    Work work = fresh.session.work();
    for (const Employee& row : before.list<Employee>({.order = {"id"}})) {
      Employee copy{.name = row.name, .hired_on = row.hired_on};
      people::create(work, copy);
      ids_[row.name] = copy.id;
    }
    for (const ExchangeRate& row : before.list<ExchangeRate>({.order = {"from"}})) {
      ExchangeRate copy = row;
      copy.id = {}, copy.revision = copy.seq = 0;
      people::set_rate(work, copy);
    }
    for (const auto& row : before.list<CommissionPlan>({.order = {"version"}})) {
      incentive::approve(work, incentive::add_plan(work, row.document), true);
    }
    for (const PayeeRole& row : before.list<PayeeRole>({.order = {"from"}})) {
      PayeeRole copy = row;
      copy.id = {}, copy.revision = copy.seq = 0;
      copy.employee = ids_[names[std::to_string(row.employee.value)]];
      incentive::set_role(work, copy);
    }
    PlanAssignment by_role = of_closers();
    incentive::assign(work, by_role);
    for (const auto& [name, id] : ids_) {
      if (name == names[person(people_[kByRole])]) continue;
      PlanAssignment assignment;
      assignment.plan = "general";
      assignment.employee = id;
      assignment.from = date(2025, 1, 1);
      incentive::assign(work, assignment);
    }
    for (const ReportingLine& row : before.list<ReportingLine>({.order = {"from"}})) {
      ReportingLine copy = row;
      copy.id = {}, copy.revision = copy.seq = 0;
      copy.employee = ids_[names[std::to_string(row.employee.value)]];
      copy.manager = ids_[names[std::to_string(row.manager.value)]];
      incentive::set_superior(work, copy);
    }
    for (const CommissionValue& row : before.list<CommissionValue>()) {
      CommissionValue copy = row;
      copy.id = {}, copy.revision = copy.seq = 0;
      copy.employee = ids_[names[std::to_string(row.employee->value)]];
      incentive::set_value(work, copy);
    }
    for (incentive::EventRow& row : rows) {
      for (incentive::Split& split : row.splits) split.person = names[split.person];
    }
    incentive::post_events(work, rows);
    for (int month = 1; month <= kMonths + 1; ++month) incentive::run(work, label(month));
    work.commit();
    EXPECT_EQ(sums(fresh.session), pieces);
  }

  std::mt19937 generator_;
  World world_;
  std::vector<Id> people_;
  std::map<std::string, Id> ids_;
  std::map<Id, std::string> closed_;
  int told_offline_ = 0;  // explanations of amounts that exports alone gave
  int number_ = 0;
};

TEST_P(GeneralRandomTest, PiecesAddUpToAFullRecomputation) {
  const unsigned seeds = std::string_view(GetParam()) == "memory" ? 5 : 1;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    if (seed > 1) SetUp();  // a store of its own
    world_ = {}, people_.clear(), ids_.clear(), closed_.clear(), number_ = 0;
    generator_.seed(seed);
    new_plan(date(2025, 1, 1));
    found();
    for (int month = 1; month <= kMonths; ++month) {
      for (int round = pick(2); round >= 0; --round) {
        for (int i = 3 + pick(8); i > 0; --i) change(month);
        run_and_compare(month);
        if (HasFailure()) return;
      }
      close(label(month));
      watch_closed();
      if (pick(2) == 0) open_again(month), watch_closed();
      if (HasFailure()) return;
    }
    run("2025-06");
    EXPECT_EQ(run("2025-06").changed, 0);
    compare_with_one_import();
    expect_exports();
    EXPECT_GT(told_offline_, 0);
    EXPECT_TRUE(check(session()).empty());
  }
}

INSTANTIATE_ON_ALL_BACKENDS(GeneralRandomTest);

}  // namespace
}  // namespace kith
