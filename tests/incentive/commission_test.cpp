// SPDX-License-Identifier: Apache-2.0
// Random plans and credits against an oracle of exact rationals, and the laws that hold for all of them.
#include "kith/incentive/commission.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

#include "incentive/commission_oracle.hpp"
#include "incentive/kernel.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/trace.hpp"
#include "support/soak.hpp"

namespace kith::incentive {
namespace {

using Random = std::mt19937_64;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr Rounding kModes[] = {Rounding::half_up, Rounding::half_even, Rounding::half_down, Rounding::down,
                               Rounding::up,      Rounding::floor,     Rounding::ceiling,   Rounding::half_ceiling};

std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

template <class Enum>
Enum pick_choice(Random& random) {
  return static_cast<Enum>(pick(random, 1, static_cast<std::int64_t>(std::size(Choices<Enum>::names))));
}

Component random_component(Random& random, const std::string& name) {
  Component component;
  component.name = name;
  component.accumulate = pick_choice<Accumulate>(random);
  component.negative = pick_choice<Negative>(random);
  component.tiers.mode = pick_choice<TierMode>(random);
  if (component.tiers.mode == TierMode::slab) component.tiers.boundary = pick_choice<Boundary>(random);
  const std::int64_t count = component.tiers.mode == TierMode::flat ? 1 : pick(random, 1, 5);
  // Few digits of rate keep the 64-bit path, nine of them and large bounds leave it.
  const std::int64_t grain = power_of_ten(static_cast<int>(pick(random, 0, 8)));
  const std::int64_t widest = pick(random, 0, 9) == 0 ? 1'000'000'000'000'000 : 100'000;
  std::int64_t from = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    component.tiers.bands.push_back({{from}, {pick(random, 0, kRateUnit / grain) * grain, kRateScale}});
    from += pick(random, 1, widest);
  }
  return component;
}

Plan random_plan(Random& random) {
  Plan plan;
  plan.name = "random";
  plan.currency = currency("USD");
  plan.calendar = "calendar";
  plan.rounding = {kModes[static_cast<std::size_t>(pick(random, 0, 7))], pick_choice<RoundingPoint>(random)};
  plan.credit.role = "primary";
  const std::int64_t count = pick(random, 1, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    plan.components.push_back(random_component(random, "component " + std::to_string(i)));
  }
  return plan;
}

// Credits as columns that own their memory.
struct Data {
  std::vector<std::int64_t> amount, sequence, id;
  std::vector<std::int32_t> person, interval, date;
  Keys keys{3, 2};

  std::size_t size() const { return amount.size(); }
  CreditColumns columns() const { return {amount, person, interval, date, sequence, id}; }
  void add(std::int64_t value, std::int32_t who, std::int32_t when, std::int32_t day, std::int64_t nth,
           std::int64_t key) {
    amount.push_back(value);
    person.push_back(who);
    interval.push_back(when);
    date.push_back(day);
    sequence.push_back(nth);
    id.push_back(key);
  }
  std::vector<Fact> facts(std::int32_t who, std::int32_t when) const {
    std::vector<Fact> result;
    for (std::size_t i = 0; i < size(); ++i) {
      if (person[i] == who && interval[i] == when) result.push_back({id[i], {date[i]}, sequence[i], amount[i]});
    }
    return result;
  }
  Data shuffled(Random& random) const {
    std::vector<std::size_t> order(size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    Data result;
    result.keys = keys;
    for (const std::size_t i : order) {
      result.add(amount[i], person[i], interval[i], date[i], sequence[i], id[i]);
    }
    return result;
  }
};

std::int64_t random_amount(Random& random, const Component& component) {
  switch (pick(random, 0, 7)) {
    case 0:
      return component.tiers
                 .bands[static_cast<std::size_t>(
                     pick(random, 0, static_cast<std::int64_t>(component.tiers.bands.size()) - 1))]
                 .from.minor +
             pick(random, -1, 1);
    case 1: return -pick(random, 0, 200'000);
    case 2: return pick(random, 0, 9) == 0 ? pick(random, -1'000'000'000'000'000, 1'000'000'000'000'000) : 0;
    default: return pick(random, -20'000, 100'000);
  }
}

Data random_data(Random& random, const Component& component) {
  Data data;
  const std::int64_t rows = pick(random, 0, 40);
  for (std::int64_t i = 0; i < rows; ++i) {
    data.add(random_amount(random, component), static_cast<std::int32_t>(pick(random, 0, 2)),
             static_cast<std::int32_t>(pick(random, 0, 1)), static_cast<std::int32_t>(pick(random, 20000, 20005)),
             pick(random, 0, 2), i + 1);
  }
  return data;
}

void expect_totals(const Kernel& kernel, const Data& data, const oracle::Result& expected) {
  const Totals totals = compute_totals(kernel, data.columns(), data.keys);
  ASSERT_EQ(totals.exact.size(), 6U);
  for (std::int32_t who = 0; who < data.keys.persons; ++who) {
    for (std::int32_t when = 0; when < data.keys.intervals; ++when) {
      const auto row = static_cast<std::size_t>(who * data.keys.intervals + when);
      const auto key = std::pair(who, when);
      const bool any = expected.exact.contains(key);
      if (kernel.rounding.point != RoundingPoint::line) {
        EXPECT_EQ(oracle::exact_of(totals.exact[row]), any ? expected.exact.at(key) : oracle::cpp_rational(0));
      }
      if (kernel.rounding.point != RoundingPoint::statement) {
        EXPECT_EQ(totals.amount[row], any ? expected.amount.at(key) : oracle::cpp_int(0));
      }
    }
  }
}

void expect_lines(const Kernel& kernel, const Data& data, const oracle::Result& expected) {
  const LineColumns lines = compute_lines(kernel, data.columns(), data.keys);
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (kernel.rounding.point == RoundingPoint::statement) {
      EXPECT_EQ(oracle::exact_of(lines.exact[i]), expected.line_exact[i]);
    } else {
      EXPECT_EQ(lines.amount[i], expected.line[i]);
    }
  }
}

TEST(Commission, AgreesWithRationalsOnRandomPlans) {
  Random random(20250101);
  for (int round = 0; round < test::turns_of(400); ++round) {
    SCOPED_TRACE(round);
    const Plan plan = random_plan(random);
    const Data data = random_data(random, plan.components[0]);
    std::vector<oracle::cpp_rational> statements(6, 0);
    for (const Component& component : plan.components) {
      const Kernel kernel = compile(component, plan.rounding);
      const oracle::Result expected = oracle::compute(component, plan.rounding, data.columns());
      expect_totals(kernel, data, expected);
      expect_lines(kernel, data, expected);
      for (const auto& [key, exact] : expected.exact) {
        const bool exactly = plan.rounding.point == RoundingPoint::statement;
        statements[static_cast<std::size_t>(key.first * 2 + key.second)] +=
            exactly ? exact : oracle::cpp_rational(expected.amount.at(key));
      }
    }
    const Statements computed = compute_statements(plan, data.columns(), data.keys);
    for (std::size_t row = 0; row < statements.size(); ++row) {
      EXPECT_EQ(computed.amount[row], oracle::rounded(statements[row], plan.rounding.mode));
    }
    if (HasFailure()) return;
  }
}

TEST(Commission, DoesNotDependOnTheOrderOfRows) {
  Random random(7);
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(round);
    const Plan plan = random_plan(random);
    const Data data = random_data(random, plan.components[0]);
    const Data other = data.shuffled(random);
    EXPECT_EQ(compute_statements(plan, data.columns(), data.keys).amount,
              compute_statements(plan, other.columns(), other.keys).amount);
    const Kernel kernel = compile(plan.components[0], plan.rounding);
    const LineColumns lines = compute_lines(kernel, data.columns(), data.keys);
    const LineColumns shuffled = compute_lines(kernel, other.columns(), other.keys);
    for (std::size_t i = 0; i < other.size(); ++i) {
      const auto origin = static_cast<std::size_t>(other.id[i] - 1);
      EXPECT_TRUE(lines.amount.empty() || shuffled.amount[i] == lines.amount[origin]);
      EXPECT_TRUE(lines.exact.empty() || shuffled.exact[i] == lines.exact[origin]);
      EXPECT_TRUE(lines.before.empty() || shuffled.before[i] == lines.before[origin]);
    }
  }
}

TEST(Commission, StreamedLinesEqualColumns) {
  Random random(11);
  for (int round = 0; round < 100; ++round) {
    const Plan plan = random_plan(random);
    const Kernel kernel = compile(plan.components[0], plan.rounding);
    Data data = random_data(random, plan.components[0]);
    std::iota(data.date.begin(), data.date.end(), 20000);
    const LineColumns lines = compute_lines(kernel, data.columns(), data.keys);
    std::vector<Running> running(6);
    for (std::size_t i = 0; i < data.size(); ++i) {
      Running& state = running[static_cast<std::size_t>(data.person[i] * 2 + data.interval[i])];
      const Line line = compute_line(kernel, state, data.amount[i]);
      if (plan.rounding.point == RoundingPoint::statement) {
        EXPECT_TRUE(line.exact == lines.exact[i]);
      } else {
        EXPECT_EQ(line.amount, lines.amount[i]);
      }
    }
  }
}

bool is_symmetric(Rounding mode) {
  return mode != Rounding::floor && mode != Rounding::ceiling && mode != Rounding::half_ceiling;
}

// Each of these three ways of rounding and accumulating takes every sale back to the last unit.
TEST(Commission, ReversalsMirror) {
  Random random(13);
  int checked = 0;
  for (int round = 0; round < test::turns_of(300); ++round) {
    SCOPED_TRACE(round);
    Plan plan = random_plan(random);
    plan.components.resize(1);
    const Component& component = plan.components[0];
    const bool alone = component.accumulate == Accumulate::none;
    const bool by_line = plan.rounding.point == RoundingPoint::line;
    if (alone && component.negative != Negative::mirror) continue;
    if (by_line && !is_symmetric(plan.rounding.mode)) continue;
    Data data = random_data(random, component);
    std::iota(data.date.begin(), data.date.end(), 20000);
    const std::size_t rows = data.size();
    for (std::size_t i = rows; i-- > 0;) {
      const auto day = static_cast<std::int32_t>(30000 + (rows - i));
      data.add(-data.amount[i], data.person[i], data.interval[i], day, 0, static_cast<std::int64_t>(1000 + i));
    }
    EXPECT_EQ(compute_statements(plan, data.columns(), data.keys).amount, std::vector<std::int64_t>(6, 0));
    ++checked;
  }
  EXPECT_GT(checked, test::turns_of(100));
}

TEST(Commission, MoreSalesNeverPayLessUnderRisingMarginalRates) {
  Random random(17);
  for (int round = 0; round < test::turns_of(200); ++round) {
    Component component = random_component(random, "rising");
    component.tiers.mode = TierMode::marginal;
    component.negative = Negative::first_tier;
    component.accumulate = Accumulate::interval;
    std::vector<Decimal> rates;
    for (const Band& band : component.tiers.bands) rates.push_back(band.rate);
    std::sort(rates.begin(), rates.end());
    for (std::size_t i = 0; i < rates.size(); ++i) component.tiers.bands[i].rate = rates[i];
    const Kernel kernel = compile(component, {kModes[round % 8], RoundingPoint::telescoped});
    Running running;
    for (int step = 0; step < 50; ++step) EXPECT_GE(compute_line(kernel, running, pick(random, 0, 50'000)).amount, 0);
  }
}

TEST(Commission, FastDivisionEqualsExactDivision) {
  Random random(19);
  for (int digits = 1; digits <= kRateScale; ++digits) {
    Component component{"rate", Accumulate::interval, Negative::first_tier, {}};
    component.tiers.bands.push_back({{0}, {1, digits}});
    const Divisor unit = compile(component, {}).unit;
    ASSERT_EQ(unit.value, power_of_ten(digits));
    std::vector<std::int64_t> values = {0, 1, -1, kMax, -kMax, kMax - 1};
    for (int i = 0; i < 300; ++i) {
      const std::int64_t whole = pick(random, -kMax / unit.value + 1, kMax / unit.value - 1);
      const std::int64_t half = unit.value / 2;
      values.push_back(pick(random, -kMax, kMax));
      for (const std::int64_t rest : {-half - 1, -half, -half + 1, std::int64_t{0}, half - 1, half, half + 1}) {
        values.push_back(whole * unit.value + rest);
      }
    }
    for (const std::int64_t value : values) {
      for (const Rounding mode : kModes) {
        ASSERT_EQ(round_small(unit, value, mode), divide(value, unit.value, mode)) << value << " / " << unit.value;
      }
    }
  }
}

TEST(Commission, SlicesLeadFromOneTotalToAnother) {
  Random random(23);
  for (int round = 0; round < test::turns_of(500); ++round) {
    const Component component = random_component(random, "slices");
    const Kernel kernel = compile(component, {});
    const std::int64_t before = random_amount(random, component);
    const std::int64_t after = random_amount(random, component);
    std::int64_t input = 0;
    Int128 product = 0;
    for (const Slice& slice : compute_slices(kernel, before, after)) {
      EXPECT_TRUE(slice.product == Int128{slice.input} * slice.rate);
      input += slice.input;
      product += slice.product;
    }
    EXPECT_EQ(input, after - before);
    EXPECT_TRUE(product == compute_exact(kernel, after) - compute_exact(kernel, before));
  }
}

TEST(Commission, EveryLineAndTotalExplainsItself) {
  Random random(29);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    const Plan plan = random_plan(random);
    const Data data = random_data(random, plan.components[0]);
    const std::vector<Fact> facts = data.facts(1, 0);
    const Statements statements = compute_statements(plan, data.columns(), data.keys);
    std::vector<Trace> traces = {explain_statement(plan, facts)};
    EXPECT_EQ(traces[0].amount, statements.amount[2]);
    const Kernel kernel = compile(plan.components[0], plan.rounding);
    traces.push_back(explain_total(plan, 0, facts));
    EXPECT_TRUE(traces[1].root.value == (traces[1].rounded ? Int128{statements.components[0].amount[2]} * kRateUnit
                                                           : statements.components[0].exact[2]));
    const LineColumns lines = compute_lines(kernel, data.columns(), data.keys);
    for (const Fact& fact : facts) {
      traces.push_back(explain_line(plan, 0, facts, fact.id));
      const auto row = static_cast<std::size_t>(fact.id - 1);
      EXPECT_TRUE(traces.back().root.value ==
                  (lines.amount.empty() ? lines.exact[row] : Int128{lines.amount[row]} * kRateUnit));
    }
    for (const Trace& trace : traces) {
      const std::vector<Violation> wrong = recheck(trace);
      EXPECT_TRUE(wrong.empty()) << wrong.front().field << ": " << wrong.front().message << '\n' << to_text(trace);
      const std::string bytes = canonical_json(trace);
      EXPECT_EQ(parse_trace(bytes), trace);
      EXPECT_EQ(canonical_json(parse_trace(bytes)), bytes);
    }
  }
}

// Three tiers, a thousand lines a person; doubles get some of such lines wrong by a cent.
TEST(Commission, NoLineOfFiftyThousandDiffers) {
  Random random(31);
  Component component{"revenue", Accumulate::interval, Negative::first_tier, {TierMode::marginal, Boundary::upper, {}}};
  component.tiers.bands = {{{0}, {35, 3}}, {{50'000'000}, {525, 4}}, {{250'000'000}, {8125, 5}}};
  const PlanRounding rounding{Rounding::half_up, RoundingPoint::telescoped};
  Data data;
  data.keys = {10, 5};
  for (std::int64_t i = 0; i < test::turns_of(50'000); ++i) {
    data.add(pick(random, -5'000, 2'000'000), static_cast<std::int32_t>(pick(random, 0, 9)),
             static_cast<std::int32_t>(pick(random, 0, 4)), static_cast<std::int32_t>(20000 + i / 1000), i, i);
  }
  const Kernel kernel = compile(component, rounding);
  const LineColumns lines = compute_lines(kernel, data.columns(), data.keys);
  const Totals totals = compute_totals(kernel, data.columns(), data.keys);
  const oracle::Result expected = oracle::compute(component, rounding, data.columns());
  std::int64_t wrong = 0;
  std::vector<std::int64_t> sums(50);
  for (std::size_t i = 0; i < data.size(); ++i) {
    wrong += expected.line[i] == lines.amount[i] ? 0 : 1;
    sums[static_cast<std::size_t>(data.person[i] * 5 + data.interval[i])] += lines.amount[i];
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(sums, totals.amount);
}

Component flat(std::int64_t percent) {
  Component component{"flat", Accumulate::interval, Negative::first_tier, {}};
  component.tiers.bands.push_back({{0}, {percent, 2}});
  return component;
}

Code code_of_call(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code;
  }
  return Code::ok;
}

TEST(Commission, OverflowIsAnErrorAndHugeSumsThatFitAreNot) {
  const Kernel kernel = compile(flat(100), {});
  Data fits;
  fits.keys = {1, 1};
  for (const std::int64_t amount : {kMax, kMax, -kMax, -kMax, kMax}) {
    fits.add(amount, 0, 0, 1, 0, static_cast<std::int64_t>(fits.size()));
  }
  EXPECT_EQ(compute_totals(kernel, fits.columns(), fits.keys).amount, std::vector<std::int64_t>{kMax});
  EXPECT_EQ(code_of_call([&] { compute_lines(kernel, fits.columns(), fits.keys); }), Code::overflow);
  Data over = fits;
  over.add(1, 0, 0, 2, 0, 9);
  EXPECT_EQ(code_of_call([&] { compute_totals(kernel, over.columns(), over.keys); }), Code::overflow);
  Running running{kMax, Int128{kMax} * kRateUnit};
  EXPECT_EQ(code_of_call([&] { compute_line(kernel, running, 1); }), Code::overflow);
  EXPECT_EQ(running.base, kMax);
  Component smallest = flat(7);
  smallest.negative = Negative::mirror;
  const Kernel mirror = compile(smallest, {});
  EXPECT_TRUE(compute_exact(mirror, std::numeric_limits<std::int64_t>::min()) == -(Int128{kMax} + 1) * 70'000'000);
}

TEST(Commission, RefusesBadColumns) {
  const Kernel kernel = compile(flat(5), {});
  Data data;
  data.keys = {2, 2};
  data.add(100, 0, 0, 1, 0, 1);
  for (const auto& [who, when] : {std::pair{2, 0}, std::pair{0, 2}, std::pair{-1, 0}, std::pair{0, -1}}) {
    Data bad = data;
    bad.add(100, who, when, 1, 0, 2);
    EXPECT_EQ(code_of_call([&] { compute_totals(kernel, bad.columns(), bad.keys); }), Code::invalid);
    EXPECT_EQ(code_of_call([&] { compute_lines(kernel, bad.columns(), bad.keys); }), Code::invalid);
  }
  CreditColumns unordered = data.columns();
  unordered.date = {};
  EXPECT_EQ(compute_totals(kernel, unordered, data.keys).amount[0], 5);
  EXPECT_EQ(code_of_call([&] { compute_lines(kernel, unordered, data.keys); }), Code::invalid);
  EXPECT_EQ(code_of_call([&] { compute_totals(kernel, data.columns(), {-1, 2}); }), Code::invalid);
  EXPECT_EQ(code_of_call([&] { compute_totals(kernel, data.columns(), {1 << 20, 1 << 20}); }), Code::invalid);
}

TEST(Commission, SplitsSumToTheWholeAndMirror) {
  Random random(37);
  for (int round = 0; round < test::turns_of(200); ++round) {
    std::vector<Decimal> shares;
    std::int64_t left = 1'000'000;
    while (left > 0) {
      const std::int64_t share = pick(random, 1, left);
      shares.push_back({share, 6});
      left -= share;
    }
    const std::int64_t amount = pick(random, -1'000'000'000, 1'000'000'000);
    const std::vector<std::int64_t> parts = apply_split(amount, shares);
    const std::vector<std::int64_t> back = apply_split(-amount, shares);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}), amount);
    for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(parts[i], -back[i]);
  }
  const std::vector<Decimal> mixed = {{5, 1}, {250, 3}, {25, 2}};
  EXPECT_EQ(apply_split(100, mixed), (std::vector<std::int64_t>{50, 25, 25}));
  const auto refused = [](std::vector<Decimal> shares) {
    try {
      apply_split(100, shares);
    } catch (const Error& error) {
      return error.message;
    }
    return std::string();
  };
  EXPECT_EQ(refused({{3333, 4}, {3333, 4}, {3333, 4}}),
            "The shares sum to 99.99 %; the shares of a credit sum to exactly 100 %.");
  EXPECT_NE(refused({{2, 0}}).find("200 %"), std::string::npos);
  EXPECT_NE(refused({{15, 1}, {-5, 1}}).find("negative"), std::string::npos);
  EXPECT_NE(refused({}), "");
}

TEST(Commission, MergingKnowsVersionsAndContradictions) {
  const Currency usd = currency("USD");
  const Event first{"shop", "X", 1, {1}, 0, {100, usd}};
  Event second = first;
  second.version = 2;
  second.amount.minor = 80;
  Event other{"web", "X", 1, {0}, 0, {5, usd}};
  const Merged merged = merge_events({}, std::vector<Event>{second, other, first, second});
  EXPECT_EQ(merged.events, (std::vector<Event>{other, second}));
  EXPECT_EQ(merged.added, 2);
  EXPECT_EQ(merged.repeated, 1);
  const Merged again = merge_events(merged.events, merged.events);
  EXPECT_EQ(again.events, merged.events);
  EXPECT_EQ(again.repeated, 2);
  EXPECT_EQ(again.added + again.replaced + again.outdated, 0);
  Event forged = second;
  forged.amount.minor = 81;
  EXPECT_EQ(code_of_call([&] { merge_events(merged.events, std::vector<Event>{forged}); }), Code::conflict);
  EXPECT_EQ(code_of_call([&] { merge_events({}, std::vector<Event>{forged, second}); }), Code::conflict);
}

}  // namespace
}  // namespace kith::incentive
