// SPDX-License-Identifier: Apache-2.0
// Explanations add up, on seeded random plans and histories: credits to what is measured, slices to the raw amount,
// modifiers in a chain, lines to what is rounded, and what all parts come to is the statement. Done again, they are
// the same.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"
#include "support/soak.hpp"

namespace kith::incentive {
namespace {

using Json = nlohmann::json;
using Random = std::mt19937_64;
using Rational = boost::multiprecision::cpp_rational;

/// "12.50", "-3", "1/3".
Rational number(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) return number(text.substr(0, slash)) / number(text.substr(slash + 1));
  const std::size_t point = text.find('.');
  std::string digits = text;
  Rational scale = 1;
  if (point != std::string::npos) {
    digits.erase(point, 1);
    for (std::size_t i = point + 1; i < text.size(); ++i) scale *= 10;
  }
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));  // "012" would be octal
  const Rational value = Rational(boost::multiprecision::cpp_int(digits)) / scale;
  return negative ? Rational(-value) : value;
}

Rational part(const Json& step, const char* name) { return number(step.at(name).get<std::string>()); }

template <class T>
T one_of(Random& random, const std::vector<T>& choices) {
  return choices[random() % choices.size()];
}

Json random_tiers(Random& random, bool attained) {
  Json tiers = {{"input", attained ? "attainment" : "amount"},
                {"mode", one_of<std::string>(random, {"slab", "marginal"})},
                {"boundary", one_of<std::string>(random, {"upper", "lower"})},
                {"unit", "pct_of_base"}};
  std::uint64_t from = 0;
  for (std::uint64_t i = 0; i < 1 + random() % 4; ++i) {
    const std::string bound = attained ? std::to_string(from) + " %" : std::to_string(from * 37) + ".50";
    tiers["rows"].push_back({{"from", i == 0 ? "0" : bound}, {"value", std::to_string(random() % 150) + " %"}});
    from += 1 + random() % 60;
  }
  return tiers;
}

Json random_modifiers(Random& random, bool alone) {
  const std::vector<Json> all = {
      {{"do", "multiply"}, {"by", "0.85"}},
      {{"do", "cap"}, {"amount", "321.07"}, {"per", "period"}, {"excess", "carry"}},
      {{"do", "cap"}, {"amount", "150"}, {"per", "period"}, {"excess", "lose"}},
      {{"do", "cap"}, {"amount", "400"}, {"per", "year"}, {"excess", "lose"}},
      {{"do", "floor"}, {"amount", "12.34"}, {"per", "period"}},
      {{"do", "prorate"}, {"basis", "calendar"}},
      {{"do", "prorate"}, {"basis", "working"}},
      {{"do", "add"}, {"by", "0.1"}, {"of", "raw"}},
      {{"do", "gate"}, {"measure", "sales"}, {"at_least", "100"}, {"input", "amount"}},
      {{"do", "cap"}, {"amount", "55.55"}, {"per", "event"}, {"excess", "lose"}},
  };
  Json chosen = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool event = all[i].at("do") == "cap" && all[i].at("per") == "event";
    if (random() % 4 == 0 && (!event || alone)) chosen.push_back(all[i]);
  }
  return chosen;
}

Json random_plan(Random& random) {
  const std::string point = one_of<std::string>(random, {"telescoped", "line", "component", "statement"});
  const std::string accumulate = one_of<std::string>(random, {"interval", "year_to_date", "none"});
  const bool alone = accumulate == "none";
  const bool attained = !alone && random() % 2 == 0;
  Json plan = Json::parse(R"({"format": "kith.plan/2", "name": "p", "version": 1, "currency": "USD",
    "interval": "month", "valid": {"from": "2025-01-01"}, "order": ["date", "sequence", "id"],
    "credits": [{"name": "own", "role": "primary", "who": "split", "sum_must_be": "100", "rounding": "none",
      "apply": "base", "base": "amount", "fx": {"rate": "transaction", "reversal": "original"}}],
    "measures": [{"name": "sales", "credits": ["own"], "aggregate": "sum", "return_period": "current",
      "negative": "first_tier"},
      {"name": "plain", "credits": ["own"], "aggregate": "sum", "accumulate": "interval", "return_period": "current",
      "negative": "first_tier"}]})");
  plan["rounding"] = {
      {"mode", one_of<std::string>(random, {"half_up", "half_even", "down"})}, {"point", point}, {"unit", "0.01"}};
  if (alone && random() % 2 == 0) plan["credits"][0]["apply"] = "result";
  Json& sales = plan["measures"][0];
  sales["accumulate"] = accumulate;
  if (attained) {
    sales["goal"] = "2000";
    sales["ramp"] = "0.75";
    sales["prorate_goal"] = one_of<std::string>(random, {"none", "calendar", "30_360"});
  }
  Json revenue = {{"name", "revenue"},
                  {"kind", "tiers"},
                  {"basis", {{"measure", "sales"}}},
                  {"weight", one_of<std::string>(random, {"1", "0.5", "1/3"})},
                  {"tiers", random_tiers(random, attained)},
                  {"modifiers", random_modifiers(random, alone)}};
  Json pool = {{"name", "pool"},      {"kind", "pool_share"},
               {"pool", "1000.01"},   {"unpaid", one_of<std::string>(random, {"lose", "carry"})},
               {"member_cap", "333"}, {"basis", {{"measure", "plain"}}}};
  if (random() % 2 == 0) pool.erase("member_cap");
  const Json contest = {{"name", "contest"},
                        {"kind", "rank"},
                        {"basis", {{"measure", "plain"}}},
                        {"prizes", {"100", "50.01", "25"}},
                        {"ties", one_of<std::string>(random, {"share", "each"})},
                        {"least", "1"}};
  plan["components"] = {revenue, pool, contest};
  if (random() % 2 == 0) {
    const bool year = random() % 2 == 0;
    const std::string excess = year ? "lose" : one_of<std::string>(random, {"lose", "carry"});
    plan["statement"] =
        Json::array({{{"do", "cap"}, {"amount", "450"}, {"per", year ? "year" : "period"}, {"excess", excess}}});
  }
  return plan;
}

Inputs random_inputs(Random& random) {
  Inputs inputs;
  const std::vector<std::string> people = {"ann", "bob", "cat", "dan"};
  for (int i = 0; i < 14; ++i) {
    EventRow& event = inputs.events.emplace_back();
    event.source = "t";
    event.id = std::to_string(i);
    event.type = "order";
    event.date = {date(2025, 1, 1).days + static_cast<std::int32_t>(random() % 80)};
    event.amount = {(static_cast<std::int64_t>(random() % 8) - 1) * 30'000 + static_cast<std::int64_t>(random() % 3),
                    currency("USD")};
    const std::size_t first = random() % people.size();
    event.splits = {{people[first], "primary", "0.6"}, {people[(first + 1) % people.size()], "primary", "0.4"}};
  }
  inputs.people = {{"ann", date(2025, 1, 11), kOpenDate}, {"bob", {}, date(2025, 2, 20)}};
  return inputs;
}

/// The sums within the steps of one component.
struct Sums {
  Rational credits = 0, before = 0, measured = 0, products = 0, raw = 0, lines = 0, carried = 0, weight = 1,
           rounded = 0;
  Rational last = 0;  ///< after the last modifier
  bool whole = false;
  bool paid_before = false;
  bool is_rounded = false;
};

void take_modifier(const Json& step, Sums& sums) {
  EXPECT_EQ(part(step, "before"), sums.last) << step;
  sums.last = part(step, "after");
  if (step.contains("cut")) {
    EXPECT_EQ(part(step, "before") - part(step, "cut"), sums.last) << step;
  }
}

Sums sums_of(const Json& told) {
  Sums sums;
  for (const Json& step : told.at("steps")) {
    const std::string kind = step.at("kind");
    if (kind == "credit") {
      sums.credits += part(step, "amount");
      EXPECT_EQ(part(step, "base_amount") * part(step, "share"), part(step, "amount")) << step;
    }
    if (kind == "before_period") sums.before = part(step, "amount");
    if (kind == "measured") sums.measured = part(step, "amount");
    if (kind == "slice") sums.products += part(step, "product");
    if (kind == "share" || kind == "at_cap" || kind == "prize") sums.products += part(step, "amount");
    if (kind == "whole") sums.whole = true;
    if (kind == "paid_before") sums.products -= part(step, "amount"), sums.paid_before = true;
    if (kind == "component_weight") sums.weight = part(step, "weight");
    if (kind == "carried") sums.carried = part(step, "amount");
    if (kind == "raw") sums.raw = sums.last = part(step, "amount");
    if (step.contains("before") && step.contains("after")) take_modifier(step, sums);
    if (kind == "line" || kind == "rest") sums.lines += part(step, "amount");
    if (kind == "rounded") sums.rounded = part(step, "amount"), sums.is_rounded = true;
    if (kind == "slice") {
      EXPECT_EQ(part(step, "input") * part(step, "value"), part(step, "product")) << step;
    }
  }
  return sums;
}

class Checker {
 public:
  Checker(Json plan, Inputs inputs)
      : plan_(std::move(plan)),
        document_(PlanDocument::parse(plan_.dump())),
        inputs_(std::move(inputs)),
        result_(compute(document_, inputs_)),
        stays_(document_, inputs_) {}

  void check() {
    for (const ComponentResult& row : result_.components) component(row);
    for (const StatementResult& row : result_.statements) statement(row);
    pools();
    EXPECT_TRUE(check_export(export_commission(document_, inputs_)).empty());
  }

 private:
  Json told(const std::string& person, const std::string& component, const std::string& period) {
    const std::string text = explain(document_, inputs_, person, component, period, "steps");
    EXPECT_EQ(stays_.explain(person, component, period, "steps"), text) << "told again";
    for (const char* language : {"en", "zh"}) {
      EXPECT_FALSE(explain(document_, inputs_, person, component, period, language).empty());
    }
    return Json::parse(text);
  }
  bool cut_by_event() const {
    for (const Json& modifier : plan_["components"][0]["modifiers"]) {
      if (modifier.contains("per") && modifier["per"] == "event") return true;
    }
    return false;
  }

  void component(const ComponentResult& row) {
    const Json told_steps = told(row.person, row.component, row.period);
    SCOPED_TRACE(told_steps.dump());
    const Sums sums = sums_of(told_steps);
    EXPECT_EQ(sums.credits + sums.before, sums.measured);
    EXPECT_EQ(sums.raw, number(row.raw));
    const bool revenue = row.component == "revenue";
    const bool sliced = !revenue || (!sums.whole && !cut_by_event() && row.applicable);
    if (sliced) {
      EXPECT_EQ(sums.products * sums.weight + sums.carried, sums.raw);
    }
    EXPECT_EQ(sums.last, row.applicable || !revenue ? number(row.exact) : sums.last);
    const std::string point = plan_["rounding"]["point"];
    EXPECT_EQ(sums.is_rounded, point != "statement");
    if (!sums.is_rounded) return;
    EXPECT_EQ(sums.rounded * 100, Rational(row.amount));
    if (point != "component") {
      EXPECT_EQ(sums.lines, sums.rounded);
    }
    totals_[{row.person, row.period}] += sums.rounded;
  }

  void statement(const StatementResult& row) {
    Rational sum = totals_[{row.person, row.period}];
    if (plan_.contains("statement") || plan_["rounding"]["point"] == "statement") {
      const Json whole = told(row.person, "statement", row.period);
      Rational last = 0;
      for (const Json& step : whole["steps"]) {
        if (step["kind"] == "components") last = part(step, "amount");
        if (step["kind"] == "carried") last += part(step, "amount");
        if (!step.contains("after")) continue;
        EXPECT_EQ(part(step, "before"), last) << whole;
        last = part(step, "after");
      }
      sum += part(whole["steps"].back(), "amount");
    }
    EXPECT_EQ(sum * 100, Rational(row.amount)) << row.person << row.period;
  }

  /// What all get and what nobody gets is the pool; everybody's weights are those of all.
  void pools() {
    for (const PoolResult& pool : result_.pools) {
      Rational given = 0, weights = 0, all = 0, unpaid = 0;
      for (const ComponentResult& row : result_.components) {
        if (row.component != pool.component || row.period != pool.period) continue;
        const Json shares = told(row.person, row.component, row.period);
        for (const Json& step : shares["steps"]) {
          if (step["kind"] == "share" || step["kind"] == "at_cap") given += part(step, "amount");
          if (step["kind"] == "weight") weights += part(step, "weight"), all = part(step, "all");
          if (step["kind"] == "unpaid") unpaid = part(step, "amount");
        }
      }
      EXPECT_EQ((given + unpaid) * 100, Rational(pool.pool)) << pool.period;
      EXPECT_EQ(weights, all) << pool.period;
    }
  }

  Json plan_;
  PlanDocument document_;
  Inputs inputs_;
  PlanResult result_;
  Computation stays_;
  std::map<std::pair<std::string, std::string>, Rational> totals_;
};

TEST(ExplainProperties, FiguresSumToLinesAndLinesToTotals) {
  const int last = test::amount_of(8, 1500);
  for (int seed = 1; seed <= last; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(static_cast<std::uint64_t>(seed));
    const Json plan = random_plan(random);
    SCOPED_TRACE(plan.dump());
    Checker(plan, random_inputs(random)).check();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace kith::incentive
