// SPDX-License-Identifier: Apache-2.0
// Runs the golden cases of tests/incentive/pay_cases: each names a function, what it is given and what it must give. A
// call that is unknown, a given that is not read and an expectation that is not answered are failures.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "kith/base/error.hpp"
#include "kith/base/money.hpp"
#include "kith/incentive/action_target.hpp"
#include "kith/incentive/amortization.hpp"
#include "kith/incentive/draw.hpp"
#include "kith/incentive/pool.hpp"
#include "kith/incentive/proration.hpp"
#include "kith/incentive/quota_math.hpp"
#include "kith/incentive/release.hpp"
#include "support/source_dir.hpp"

namespace kith::incentive {
namespace {

using nlohmann::json;

// What a case gives: money as text in its currency, remembering what was read.
class Given {
 public:
  explicit Given(json object) : object_(std::move(object)) {
    currency_ = kith::currency(object_.contains("currency") ? text("currency") : "USD");
    mode_ = object_.contains("rounding") ? parse_rounding(text("rounding")) : Rounding::half_up;
  }

  bool has(const std::string& key) const { return object_.contains(key); }
  const json& at(const std::string& key) {
    used_.insert(key);
    return object_.at(key);
  }
  std::string text(const std::string& key) { return at(key).get<std::string>(); }
  std::int64_t whole(const std::string& key) { return at(key).get<std::int64_t>(); }
  Decimal decimal(const std::string& key) { return parse_decimal(text(key)); }
  Decimal decimal(const std::string& key, const char* otherwise) {
    return has(key) ? decimal(key) : parse_decimal(otherwise);
  }
  std::int64_t money(const std::string& key) { return money_of(at(key)); }
  std::int64_t money_of(const json& value) const { return parse_money(value.get<std::string>(), currency_).minor; }
  Date date(const std::string& key) { return parse_date(text(key)); }
  std::vector<std::int64_t> moneys(const std::string& key) {
    std::vector<std::int64_t> all;
    for (const json& value : at(key)) all.push_back(money_of(value));
    return all;
  }
  std::vector<Decimal> decimals(const std::string& key) {
    std::vector<Decimal> all;
    for (const json& value : at(key)) all.push_back(parse_decimal(value.get<std::string>()));
    return all;
  }
  std::vector<Stretch> stretches(const std::string& key) {
    std::vector<Stretch> all;
    for (const json& row : at(key)) {
      all.push_back({parse_date(row.at(0).get<std::string>()), parse_date(row.at(1).get<std::string>()),
                     row.size() > 2 ? money_of(row.at(2)) : 0});
    }
    return all;
  }
  Exact fraction(const std::string& key) {
    const Decimal value = decimal(key);
    return exact(value.coefficient, power_of_ten(value.scale));
  }
  std::vector<Threshold> thresholds(const std::string& key) {
    std::vector<Threshold> all;
    for (const json& row : at(key)) {
      all.push_back({parse_decimal(row.at(0).get<std::string>()), parse_decimal(row.at(1).get<std::string>())});
    }
    return all;
  }
  DayBasis basis() {
    const std::string name = text("basis");
    return name == "calendar" ? DayBasis::calendar : name == "working" ? DayBasis::working : DayBasis::thirty_360;
  }
  Rounding mode() const { return mode_; }
  json show(std::int64_t minor) const { return to_string(Money{minor, currency_}); }
  json show(const std::vector<std::int64_t>& minors) const {
    json all = json::array();
    for (const std::int64_t minor : minors) all.push_back(show(minor));
    return all;
  }
  std::vector<std::string> unread() const {
    std::vector<std::string> names;
    for (const auto& [key, value] : object_.items()) {
      if (!used_.contains(key)) names.push_back(key);
    }
    return names;
  }

 private:
  json object_;
  std::set<std::string> used_;
  Currency currency_;
  Rounding mode_ = Rounding::half_up;
};

json percent(const std::optional<Exact>& ratio) {
  if (!ratio) return "n/a";
  return to_string(rounded(exact(ratio->numerator * 100, ratio->denominator), 2, Rounding::half_up));
}

std::int64_t sum_of(const std::vector<std::int64_t>& values) {
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  return sum;
}

json call_share_pool(Given& g) {
  std::vector<PoolMember> members;
  for (const json& weight : g.at("weights")) members.push_back({weight.get<std::int64_t>(), std::nullopt});
  if (g.has("caps")) {
    const json& caps = g.at("caps");
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!caps.at(i).is_null()) members[i].cap = g.money_of(caps.at(i));
    }
  }
  std::int64_t pool = 0;
  if (g.has("profit")) {
    pool = pool_above_hurdle(g.money("profit"), g.money("hurdle"), g.decimal("rate"), g.mode());
  } else {
    pool = g.money("pool");
  }
  const PoolShares shares = share_pool(pool, members);
  EXPECT_EQ(sum_of(shares.shares), shares.paid);
  return {{"pool", g.show(pool)},        {"shares", g.show(shares.shares)},
          {"paid", g.show(shares.paid)}, {"carried", g.show(shares.carried)},
          {"capped", shares.capped},     {"nobody", shares.nobody}};
}

json call_rank_payouts(Given& g) {
  const Ties ties = g.text("ties") == "share" ? Ties::share : Ties::each;
  std::optional<std::int64_t> minimum;
  if (g.has("minimum")) minimum = g.money("minimum");
  return {{"payouts", g.show(rank_payouts(g.moneys("scores"), g.moneys("prizes"), ties, minimum))}};
}

json call_rank(Given& g) {
  const Ranking ranking = g.text("ranking") == "dense" ? Ranking::dense : Ranking::competition;
  return {{"places", rank(g.moneys("scores"), ranking)}};
}

json call_spiff(Given& g) {
  std::optional<std::int64_t> threshold;
  if (g.has("threshold")) threshold = g.money("threshold");
  return {{"pay", g.show(spiff(g.money("variable"), g.money("deal"), g.money("target"), g.decimal("rate"), threshold,
                               g.mode()))}};
}

json call_linear_pay(Given& g) {
  std::int64_t actual = 0;
  if (g.has("deals")) {
    // Deals that clear the margin asked of their kind count towards the goal.
    for (const json& deal : g.at("deals")) {
      const Decimal margin = parse_decimal(deal.at("margin").get<std::string>());
      if (margin >= parse_decimal(deal.at("minimum").get<std::string>())) actual += g.money_of(deal.at("amount"));
    }
  } else {
    actual = g.money("actual");
  }
  Exact goal;
  if (g.has("goals")) {
    goal = blend(g.stretches("goals"), g.date("from"), g.date("to"), g.basis());
  } else if (g.has("ramp")) {
    const std::vector<Decimal> ramp = g.decimals("ramp");
    Int128 sum = 0;
    for (std::size_t i = 0; i < ramp.size(); ++i) {
      sum += rounded(ramped(g.money("monthly"), ramp, static_cast<std::int64_t>(i)), g.mode());
    }
    goal = exact(sum);
  } else {
    goal = exact(g.money("goal"));
  }
  const auto pay = linear_pay(g.money("target_pay"), actual, goal, g.decimal("threshold", "0"), g.mode());
  return {{"goal", g.show(rounded(goal, g.mode()))},
          {"pay", g.show(pay.value_or(0))},
          {"applies", pay.has_value()},
          {"attainment", percent(attainment_of(actual, goal))}};
}

json call_blend(Given& g) {
  const Exact amount = blend(g.stretches("stretches"), g.date("from"), g.date("to"), g.basis());
  json result = {{"amount", g.show(rounded(amount, g.mode()))}};
  if (g.has("actual")) result["attainment"] = percent(attainment_of(g.money("actual"), amount));
  return result;
}

json call_relieve(Given& g) {
  return {{"amount",
           g.show(rounded(relieve(g.money("amount"), g.date("from"), g.date("to"), g.stretches("leaves"), g.basis()),
                          g.mode()))}};
}

json call_ramp_draw(Given& g) {
  const std::vector<Decimal> ramp = g.decimals("ramp");
  const std::int64_t earned = multiply({g.money("revenue"), currency("USD")}, g.decimal("rate"), g.mode()).minor;
  const std::int64_t draw = multiply({g.money("variable"), currency("USD")}, g.decimal("draw"), g.mode()).minor;
  const DrawResult paid = apply_draw({DrawKind::nonrecoverable, draw}, earned);
  return {{"quota", g.show(rounded(ramped(g.money("quota"), ramp, 0), g.mode()))},
          {"pay", g.show(paid.pay)},
          {"top_up", g.show(paid.topped_up)}};
}

json call_interval_attainment(Given& g) {
  const std::vector<std::int64_t> goals = decompose_equal(g.money("goal"), g.whole("parts"));
  json all = json::array();
  const std::vector<std::int64_t> actuals = g.moneys("actuals");
  for (std::size_t i = 0; i < actuals.size(); ++i) all.push_back(percent(attainment_of(actuals[i], exact(goals[i]))));
  return {{"attainment", all}};
}

json call_release_by_cash(Given& g) {
  const std::int64_t earned = g.money("earned");
  json released = json::array();
  std::int64_t so_far = 0;
  for (const std::int64_t paid : g.moneys("paid")) {
    const std::int64_t now = release_by_cash(earned, paid, g.money("due"), g.mode());
    released.push_back(g.show(now - so_far));
    so_far = now;
  }
  return {{"released", released}, {"held", g.show(earned - so_far)}};
}

json call_release(Given& g) {
  const std::map<std::string, ReleaseTrigger> triggers = {{"booking", ReleaseTrigger::booking},
                                                          {"invoice", ReleaseTrigger::invoice},
                                                          {"cash", ReleaseTrigger::cash},
                                                          {"date", ReleaseTrigger::date},
                                                          {"year_end", ReleaseTrigger::year_end}};
  std::vector<ReleaseStep> steps;
  for (const json& row : g.at("steps")) {
    ReleaseStep step{triggers.at(row.at("trigger").get<std::string>()),
                     parse_decimal(row.at("share").get<std::string>())};
    if (row.contains("on")) step.on = parse_date(row.at("on").get<std::string>());
    steps.push_back(step);
  }
  ReleaseFacts facts;
  if (g.has("booked")) facts.booked = g.date("booked");
  if (g.has("invoiced")) facts.invoiced = g.date("invoiced");
  if (g.has("year_end")) facts.year_end = g.date("year_end");
  if (g.has("due")) facts.due = g.money("due");
  if (g.has("paid")) facts.paid = g.money("paid");
  const Released released = release(g.money("earned"), steps, facts, g.date("on"));
  return {
      {"amounts", g.show(released.amounts)}, {"released", g.show(released.released)}, {"held", g.show(released.held)}};
}

json call_hold_back(Given& g) {
  const Holdback month = hold_back(g.money("earned"), g.decimal("share"), g.mode());
  const std::int64_t months = g.whole("months");
  return {{"payable", g.show(month.payable)},
          {"released", g.show(month.held * months)},
          {"share_of_sum", g.show(hold_back(g.money("earned") * months, g.decimal("share"), g.mode()).held)}};
}

json call_clawback(Given& g) {
  const std::int64_t paid = g.money("paid");
  json result = json::object();
  if (g.has("share")) result["share"] = g.show(clawback_share(paid, g.decimal("share"), g.mode()));
  if (g.has("term")) {
    result["months"] = g.show(clawback_months(paid, g.whole("term"), g.whole("served"), g.mode()));
  }
  if (g.has("ended")) {
    result["days"] = g.show(clawback_days(paid, g.date("from"), g.date("to"), g.date("ended"), g.mode()));
  }
  if (g.has("computed")) result["recompute"] = g.show(clawback_recompute(paid, g.money("computed")));
  return result;
}

json call_net_pay(Given& g) {
  std::vector<std::int64_t> pay, carry;
  std::int64_t carried = 0;
  for (const std::int64_t earned : g.moneys("earned")) {
    const NetPay net = net_pay(earned, carried);
    carried = net.carry;
    pay.push_back(net.pay);
    carry.push_back(net.carry);
  }
  return {{"pay", g.show(pay)}, {"carry", g.show(carry)}};
}

json call_draw(Given& g) {
  const std::map<std::string, DrawKind> kinds = {{"recoverable", DrawKind::recoverable},
                                                 {"nonrecoverable", DrawKind::nonrecoverable},
                                                 {"guarantee", DrawKind::guarantee}};
  const DrawTerms terms{kinds.at(g.text("kind")), g.money("draw"), g.decimal("recover_share", "1")};
  DrawState state;
  std::vector<std::int64_t> pay, balance;
  for (const std::int64_t earned : g.moneys("earned")) {
    const DrawResult result = apply_draw(terms, earned, state);
    state = result.state;
    pay.push_back(result.pay);
    balance.push_back(state.balance);
  }
  return {{"pay", g.show(pay)}, {"balance", g.show(balance)}, {"cost", g.show(state.topped_up)}};
}

json call_leaver(Given& g) {
  const LeaverRule rule = g.text("rule") == "forgive" ? LeaverRule::forgive : LeaverRule::owe;
  const LeaverResult result = settle_leaver(rule, g.money("balance"), g.money("final"));
  return {
      {"pay", g.show(result.pay)}, {"receivable", g.show(result.receivable)}, {"forgiven", g.show(result.forgiven)}};
}

json call_amortize(Given& g) {
  std::vector<AmortizationLine> lines = amortize(g.money("cost"), g.whole("months"), g.date("start"), g.mode());
  json result = {{"first", g.show(lines.front().amount)}, {"lines", lines.size()}};
  result["expensed"] = g.show(lines.front().kind == AmortizationKind::expense ? lines.front().amount : 0);
  if (g.has("lost_after")) {
    lines = write_off(lines, g.whole("lost_after"));
    EXPECT_EQ(lines.back().kind, AmortizationKind::write_off);
    result["write_off"] = g.show(lines.back().amount);
  }
  return result;
}

json call_kickers(Given& g) {
  return {{"pay", g.show(kickers(g.money("base"), g.fraction("reached"), g.thresholds("steps"), g.mode()))}};
}

json call_factor(Given& g) {
  const Decimal factor = factor_of(g.fraction("reached"), g.thresholds("steps"), g.decimal("otherwise"));
  return {{"factor", to_string(factor)},
          {"pay", g.show(multiply({g.money("base"), currency("USD")}, factor, g.mode()).minor)}};
}

json call_objectives(Given& g) {
  std::vector<Objective> all;
  for (const Threshold& row : g.thresholds("objectives")) all.push_back({row.from, row.value});
  return {{"pay", g.show(weighted_objectives(g.money("base"), all, g.mode()))}};
}

json call_over_assign(Given& g) {
  return {{"layers", g.show(over_assign_layers(g.money("amount"), g.decimals("percents"), g.mode()))}};
}

json call_decompose(Given& g) {
  const std::string method = g.text("method");
  std::vector<std::int64_t> parts;
  const std::int64_t amount = g.money("amount");
  if (method == "equal") parts = decompose_equal(amount, g.whole("parts"));
  if (method == "ratio") parts = decompose_ratio(amount, g.decimals("weights"));
  if (method == "history") parts = decompose_history(amount, g.moneys("history"));
  if (method == "seasonal") parts = decompose_seasonal(amount, g.decimals("shares"));
  return {{"parts", g.show(parts)}, {"sum", g.show(sum_of(parts))}};
}

// Every week has the same quota; quarters have 13 weeks, the last one takes the 53rd.
json call_weekly(Given& g) {
  const std::int64_t week = g.money("week");
  json quarters = json::array();
  std::int64_t year = 0;
  for (const json& weeks : g.at("weeks")) {
    quarters.push_back(g.show(week * weeks.get<std::int64_t>()));
    year += week * weeks.get<std::int64_t>();
  }
  return {{"quarters", quarters}, {"year", g.show(year)}, {"comparable", g.show(week * 52)}};
}

json call_actions(Given& g) {
  std::vector<ActionLevel> levels;
  for (const json& row : g.at("levels")) {
    const Decimal ratio = parse_decimal(row.at(1).get<std::string>());
    levels.push_back({row.at(0).get<std::string>(), exact(ratio.coefficient, power_of_ten(ratio.scale))});
  }
  json result = json::object();
  for (const ActionTarget& target :
       action_targets(g.money("amount"), exact(g.money("average_deal")), levels, g.whole("weeks"))) {
    result[target.name] = target.count;
    result[target.name + " a week"] = target.each_week;
  }
  return result;
}

json call_capacity(Given& g) {
  std::vector<Crew> crews;
  for (const json& row : g.at("crews")) {
    crews.push_back({row.at(0).get<std::int64_t>(), parse_decimal(row.at(1).get<std::string>())});
  }
  const std::int64_t capacity = capacity_of(crews, g.money("quota"), g.decimal("attainment"), g.mode());
  return {{"capacity", g.show(capacity)}, {"gap", g.show(g.money("target") - capacity)}};
}

json call_headcount(Given& g) {
  const Headcount needed = headcount_for(g.money("target"), g.decimal("attainment"), g.money("quota"));
  return {{"required", g.show(needed.required)}, {"people", needed.people}};
}

json call_tree(Given& g) {
  const std::vector<std::int64_t> children = g.moneys("children");
  const std::int64_t parent = g.money("parent");
  const std::int64_t difference = tree_difference(parent, children, g.decimal("over_percent", "0"));
  return {{"difference", g.show(difference)},
          {"accepted", difference == 0},
          {"over", to_string(rounded(*over_assignment(parent, children), 2, Rounding::half_up))}};
}

json call_status(Given& g) {
  const std::int64_t goal = g.money("goal");
  const std::int64_t actual = g.money("actual");
  const auto landing = landing_of(goal, actual, g.money("weighted_open"));
  const auto coverage = coverage_of(goal, actual, g.money("open"));
  return {
      {"status",
       std::string(name_of(goal_status(goal, actual, g.whole("elapsed"), g.whole("days"), g.at("ended").get<bool>())))},
      {"landing", percent(landing)},
      {"coverage", coverage ? to_string(rounded(*coverage, 2, Rounding::half_up)) : "n/a"}};
}

const std::map<std::string, std::function<json(Given&)>>& calls() {
  static const std::map<std::string, std::function<json(Given&)>> table = {
      {"share_pool", call_share_pool},
      {"rank_payouts", call_rank_payouts},
      {"rank", call_rank},
      {"spiff", call_spiff},
      {"linear_pay", call_linear_pay},
      {"blend", call_blend},
      {"relieve", call_relieve},
      {"ramp_draw", call_ramp_draw},
      {"interval_attainment", call_interval_attainment},
      {"release_by_cash", call_release_by_cash},
      {"release", call_release},
      {"hold_back", call_hold_back},
      {"clawback", call_clawback},
      {"net_pay", call_net_pay},
      {"draw", call_draw},
      {"leaver", call_leaver},
      {"amortize", call_amortize},
      {"kickers", call_kickers},
      {"factor", call_factor},
      {"objectives", call_objectives},
      {"over_assign", call_over_assign},
      {"decompose", call_decompose},
      {"weekly", call_weekly},
      {"actions", call_actions},
      {"capacity", call_capacity},
      {"headcount", call_headcount},
      {"tree", call_tree},
      {"status", call_status}};
  return table;
}

void run_case(const json& row) {
  const auto call = calls().find(row.at("call").get<std::string>());
  ASSERT_NE(call, calls().end()) << "unknown call " << row.at("call");
  Given given(row.at("given"));
  const json& expect = row.at("expect");
  ASSERT_FALSE(expect.empty());
  if (expect.contains("error")) {
    try {
      call->second(given);
      ADD_FAILURE() << "nothing was refused";
    } catch (const Error& error) {
      EXPECT_EQ(name_of(error.code), expect.at("error").get<std::string>());
      EXPECT_NE(std::string(error.what()).find(expect.at("says").get<std::string>()), std::string::npos)
          << error.what();
    }
    return;
  }
  const json result = call->second(given);
  for (const auto& [key, value] : expect.items()) {
    ASSERT_TRUE(result.contains(key)) << key << " is not answered: " << result;
    EXPECT_EQ(result.at(key), value) << key;
  }
  EXPECT_EQ(given.unread(), std::vector<std::string>{}) << "given but not read";
}

TEST(PayCases, EveryGoldenCaseHolds) {
  std::set<std::string> ids;
  std::size_t runs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_dir() / "tests/incentive/pay_cases")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const json document = json::parse(file);
    for (const json& row : document.at("cases")) {
      SCOPED_TRACE(row.at("id").get<std::string>() + " (" + row.at("source").get<std::string>() + ")");
      ids.insert(row.at("id").get<std::string>());
      ++runs;
      run_case(row);
    }
  }
  std::cout << "pay cases: " << runs << " runs of " << ids.size() << " cases\n";
  for (const char* id :
       {"F-01", "F-03", "F-04", "F-06", "F-07", "F-10", "F-11", "G-02", "G-03", "G-04", "G-05", "G-07", "G-09",
        "G-10", "G-11", "G-13", "G-15", "H-01", "H-02", "H-03", "H-04", "H-06", "H-08", "H-09", "H-11", "H-13",
        "I-01", "I-03", "I-04", "I-05", "I-07", "I-10", "I-12", "I-13", "I-14", "AK1",  "AK3",  "AB6"}) {
    EXPECT_TRUE(ids.contains(id)) << id << " has no case";
  }
}

}  // namespace
}  // namespace kith::incentive
