// SPDX-License-Identifier: Apache-2.0
// From what is missing to what has to be done, by ratios that the store's own past has shown.
#include <fmt/format.h>

#include <algorithm>

#include "incentive/big.hpp"
#include "incentive/quota_actuals.hpp"
#include "kith/incentive/quota_pace.hpp"

namespace kith::incentive {
namespace {

/// A figure of history: the node's own, and that of everybody.
struct Figure {
  std::int64_t own = 0;
  std::int64_t all = 0;
};

class History {
 public:
  History(const Reader& system, const Quota& quota, Date from, Date to)
      : system_(system), quota_(quota), from_(from), to_(to) {}

  Figure read(QuotaMetric metric, const std::string& measure = {}) const {
    return figure_of(QuotaActuals(system_, Counted{metric, measure}, from_, to_));
  }
  /// Closed deals: won and lost.
  Figure closed() const {
    Measure closed;
    closed.name = "closed deals";
    closed.entity = "opportunity";
    closed.on = "closed_on";
    closed.filter = "status = 'won' or status = 'lost'";
    return figure_of(QuotaActuals(system_, closed, from_, to_));
  }

 private:
  /// Money in the quota's currency; numbers as they are.
  Figure figure_of(const QuotaActuals& actuals) const {
    return {actuals.of(quota_), actuals.all_in_currency_of(quota_)};
  }

  const Reader& system_;
  const Quota& quota_;
  Date from_;
  Date to_;
};

/// won of tried, the node's own where there are enough of them, else everybody's; nothing where there are none.
struct Share {
  std::int64_t won = 0;
  std::int64_t tried = 0;
  bool own = false;
};
std::optional<Share> ratio_of(const Figure& won, const Figure& tried, std::int64_t minimum) {
  if (tried.own > 0 && tried.own >= minimum && won.own > 0) return Share{won.own, tried.own, true};
  if (tried.all > 0 && won.all > 0) return Share{won.all, tried.all, false};
  return std::nullopt;
}

[[noreturn]] void fail_without(const std::string& what, const ActionPlan& plan) {
  throw Error(Code::state, "quota", "history",
              fmt::format("there is no {} from {} to {} to compute with; give another stretch, or leave that level out",
                          what, to_string(plan.history_from), to_string(plan.history_to)));
}

void add_step(ActionPlan& plan, std::string name, const Big& needed, const Share& ratio) {
  ActionStep step;
  step.name = std::move(name);
  step.count = round_big(needed, Rounding::ceiling);
  step.each_week = divide(step.count, plan.weeks, Rounding::ceiling);
  step.won = ratio.won;
  step.tried = ratio.tried;
  step.own = ratio.own;
  plan.steps.push_back(std::move(step));
}

/// How many of a level it takes for so many of the one before.
void add_level(ActionPlan& plan, std::string name, std::int64_t before, const std::optional<Share>& ratio) {
  if (!ratio) fail_without(name, plan);
  add_step(plan, std::move(name), big(Int128{before}) * ratio->tried / ratio->won, *ratio);
}

void fill_amounts(const Reader& reader, ActionPlan& plan) {
  const Currency currency = plan.quota.currency;
  for (const QuotaPace& pace : quota_pace(reader, plan.quota.id, plan.on)) {
    if (pace.node.quota.id != plan.quota.id) continue;
    plan.remaining = {std::max<std::int64_t>(0, pace.node.gap.minor), currency};
    plan.weighted = pace.weighted.value_or(Money{0, currency});
  }
  plan.needed = {std::max<std::int64_t>(0, plan.remaining.minor - plan.weighted.minor), currency};
}

void check_history(const ActionHistory& history, const ActionPlan& plan) {
  if (history.minimum < 1) throw Error(Code::invalid, "quota", "minimum", "must be above 0");
  if (plan.history_to <= plan.history_from) {
    throw Error(Code::invalid, "quota", "history",
                "ends on " + to_string(plan.history_to) + ", before it begins on " + to_string(plan.history_from));
  }
}

}  // namespace

ActionPlan action_plan(const Reader& reader, Id quota, std::optional<Date> on, const ActionHistory& history) {
  ActionPlan plan;
  plan.quota = reader.get<Quota>(quota);
  if (plan.quota.metric != QuotaMetric::won_amount) {
    throw Error(Code::invalid, "quota", "metric",
                "actions follow from a quota of won_amount; this one counts " + counted_text(plan.quota));
  }
  plan.on = on.value_or(std::clamp(reader.today(), plan.quota.from, Date{plan.quota.to.days - 1}));
  plan.history_to = history.to.value_or(std::min(plan.quota.from, Date{plan.on.days + 1}));
  plan.history_from = history.from.value_or(add_months(plan.quota.from, -12));
  check_history(history, plan);
  constexpr std::int64_t kWeek = 7;
  plan.weeks = divide(plan.quota.to.days - plan.on.days, kWeek, Rounding::ceiling);
  const Reader system = reader.as_system("action targets");
  fill_amounts(reader, plan);

  const History past(system, plan.quota, plan.history_from, plan.history_to);
  const Figure amount = past.read(QuotaMetric::won_amount);
  const Figure won = past.read(QuotaMetric::won_count);
  const auto average = ratio_of(amount, won, history.minimum);
  if (!average) fail_without("won deal", plan);
  plan.average_deal = {divide(average->won, average->tried, Rounding::half_up), plan.quota.currency};
  add_step(plan, "deals", big(Int128{plan.needed.minor}) * average->tried / average->won, *average);
  const std::int64_t deals = plan.steps.front().count;
  if (const auto fresh = ratio_of(past.read(QuotaMetric::new_customers), won, history.minimum)) {
    add_step(plan, "new_customers", big(Int128{deals}) * fresh->won / fresh->tried, *fresh);
  }
  Figure before = past.closed();
  add_level(plan, "opportunities", deals, ratio_of(won, before, history.minimum));
  for (const std::string& name : history.levels) {
    const Measure measure = measure_named(reader, name);
    if (measure.kind == MeasureKind::money) {
      throw Error(Code::invalid, "quota", "levels", "'" + name + "' adds up money; a level counts things");
    }
    const Figure tried = past.read(QuotaMetric::measure, name);
    add_level(plan, name, plan.steps.back().count, ratio_of(before, tried, history.minimum));
    before = tried;
  }
  return plan;
}

namespace {

std::string step_text(const ActionPlan& plan, std::size_t i, bool chinese) {
  const ActionStep& step = plan.steps[i];
  const std::string whose = chinese ? (step.own ? "本人" : "全体") : (step.own ? "own figures" : "figures of all");
  if (step.name == "deals") {
    const std::string average = display(plan.average_deal);
    return chinese ? fmt::format("成交 {}：{} ÷ 平均每单 {}（{} 单，{}），每周 {}\n", step.count, display(plan.needed),
                                 average, step.tried, whose, step.each_week)
                   : fmt::format("deals {}: {} / {} on average ({} won deals, {}), {} a week\n", step.count,
                                 display(plan.needed), average, step.tried, whose, step.each_week);
  }
  const std::int64_t before = step.name == "new_customers" || i == 0 ? plan.steps.front().count : 0;
  if (step.name == "new_customers") {
    return chinese ? fmt::format("新客户 {}：{} 单 × {}/{}（{}），每周 {}\n", step.count, before, step.won, step.tried,
                                 whose, step.each_week)
                   : fmt::format("new customers {}: {} deals x {}/{} ({}), {} a week\n", step.count, before, step.won,
                                 step.tried, whose, step.each_week);
  }
  const ActionStep& above = step.name == "opportunities" ? plan.steps.front() : plan.steps[i - 1];
  const std::string name = chinese && step.name == "opportunities" ? "商机" : step.name;
  return chinese ? fmt::format("{} {}：{} ÷ {}/{}（{}），每周 {}\n", name, step.count, above.count, step.won,
                               step.tried, whose, step.each_week)
                 : fmt::format("{} {}: {} / ({}/{}) ({}), {} a week\n", name, step.count, above.count, step.won,
                               step.tried, whose, step.each_week);
}

}  // namespace

std::string to_text(const ActionPlan& plan, Language language) {
  const bool chinese = language == Language::chinese;
  std::string text =
      chinese
          ? fmt::format("{} 起至 {} 前，{} 周；历史 {} 至 {}\n尚缺 {}，减加权商机 {}，须新增 {}\n", to_string(plan.on),
                        to_string(plan.quota.to), plan.weeks, to_string(plan.history_from), to_string(plan.history_to),
                        display(plan.remaining), display(plan.weighted), display(plan.needed))
          : fmt::format(
                "{} weeks from {} to {}; history from {} to {}\nmissing {} less weighted pipeline {}: {} needed\n",
                plan.weeks, to_string(plan.on), to_string(plan.quota.to), to_string(plan.history_from),
                to_string(plan.history_to), display(plan.remaining), display(plan.weighted), display(plan.needed));
  for (std::size_t i = 0; i < plan.steps.size(); ++i) text += step_text(plan, i, chinese);
  return text;
}

}  // namespace kith::incentive
