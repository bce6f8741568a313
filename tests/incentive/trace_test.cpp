// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/trace.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "kith/base/error.hpp"
#include "kith/incentive/trace_text.hpp"

namespace kith::incentive {
namespace {

Plan telescoped_plan() {
  Plan plan;
  plan.name = "field sales";
  plan.version = 2;
  plan.currency = currency("USD");
  plan.calendar = "fiscal";
  plan.from = date(2025, 1, 1);
  plan.rounding = {Rounding::half_up, RoundingPoint::telescoped};
  plan.credit.role = "primary";
  Component component;
  component.name = "revenue";
  component.tiers.mode = TierMode::marginal;
  component.tiers.bands = {{{0}, {5, 2}}, {{5000}, {8, 2}}};
  plan.components.push_back(component);
  return plan;
}

std::vector<Fact> three_facts() {
  return {{11, date(2025, 1, 2), 0, 3333}, {12, date(2025, 1, 3), 0, 3333}, {13, date(2025, 1, 4), 0, -1111}};
}

TEST(Trace, TextTellsTheWholeWay) {
  const Plan plan = telescoped_plan();
  // 33.33 at 5 % is 1.6665, rounded 1.67; 50.00 at 5 % and 16.66 at 8 % are 3.8328, rounded 3.83; the line is 2.16.
  const Trace trace = explain_line(plan, 0, three_facts(), 12);
  EXPECT_EQ(trace.amount, 216);
  EXPECT_EQ(to_text(trace), "2.16 USD by plan field sales, version 2 (SHA-256 " + to_hex(hash_of(plan)) +
                                ")\n"
                                "line fact 12 of 2025-01-03 after 33.33: credit 33.33 earns 2.16\n"
                                "  band 1 from 0.00: 16.67 x 5 % = 0.8335\n"
                                "  band 2 from 50.00: 16.66 x 8 % = 1.3328\n"
                                "  rounding half_up: from running 1.6665 to 3.8328, changes -0.0063\n"
                                "facts: 11, 12\n");
}

TEST(Trace, TextComesInChineseToo) {
  const Plan plan = telescoped_plan();
  const Trace trace = explain_line(plan, 0, three_facts(), 12);
  EXPECT_EQ(to_text(trace, Language::chinese), "2.16 USD：按方案 field sales 第 2 版（SHA-256 " +
                                                   to_hex(hash_of(plan)) +
                                                   "）\n"
                                                   "明细 事实 12（2025-01-03，此前累计 33.33）：计入 33.33，所得 2.16\n"
                                                   "  第 1 档（自 0.00 起）：16.67 × 5 % = 0.8335\n"
                                                   "  第 2 档（自 50.00 起）：16.66 × 8 % = 1.3328\n"
                                                   "  舍入（half_up）：此前累计 1.6665，累计至 3.8328，差额 -0.0063\n"
                                                   "事实：11、12\n");
  EXPECT_EQ(to_text(trace, Language::english), to_text(trace));
  // What Kith has not written stays: a component may have any name.
  Plan odd = plan;
  odd.components[0].name = "band 2 from 1 after rounding";
  const std::string text = to_text(explain_total(odd, 0, three_facts()), Language::chinese);
  EXPECT_NE(text.find("提成项目 band 2 from 1 after rounding：计入 55.55"), std::string::npos) << text;
  EXPECT_EQ(text.find("component"), std::string::npos) << text;
}

TEST(Trace, AnyChangedNumberIsFound) {
  const Trace trace = explain_line(telescoped_plan(), 0, three_facts(), 12);
  ASSERT_TRUE(recheck(trace).empty());
  const std::vector<std::function<void(Trace&)>> forgeries = {
      [](Trace& t) { t.amount += 1; },
      [](Trace& t) { t.root.value += kRateUnit; },
      [](Trace& t) { t.root.input += 1; },
      [](Trace& t) { t.root.parts[0].input += 1; },
      [](Trace& t) { t.root.parts[0].rate += 1; },
      [](Trace& t) { t.root.parts[1].value -= 1; },
      [](Trace& t) { t.root.parts[2].before += kRateUnit; },
      [](Trace& t) { t.root.parts[2].after += 1; },
      [](Trace& t) { t.root.parts.pop_back(); },
      [](Trace& t) { t.root.parts.push_back(t.root.parts[0]); },
      [](Trace& t) { t.root.parts[0].parts.push_back(t.root.parts[1]); },
      [](Trace& t) { t.rounding.mode = Rounding::up; },
      [](Trace& t) { t.rounded = false; },
  };
  for (std::size_t i = 0; i < forgeries.size(); ++i) {
    Trace forged = trace;
    forgeries[i](forged);
    EXPECT_FALSE(recheck(forged).empty()) << i;
  }
}

TEST(Trace, NamesWhatIsWrongInItsJson) {
  const std::string good = canonical_json(explain_line(telescoped_plan(), 0, three_facts(), 13));
  EXPECT_EQ(canonical_json(parse_trace(good)), good);
  const auto refused = [&](std::string_view part, std::string_view by) {
    std::string bad = good;
    bad.replace(bad.find(part), part.size(), by);
    try {
      parse_trace(bad);
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid);
      return error.field;
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refused("kith.trace/1", "kith.trace/2"), "format");
  EXPECT_EQ(refused("\"USD\"", "\"UXD\""), "currency");
  EXPECT_EQ(refused("\"mode\":\"half_up\"", "\"mode\":\"half\""), "rounding.mode");
  EXPECT_EQ(refused("\"telescoped\"", "7"), "rounding.point");
  EXPECT_EQ(refused("\"slice\"", "\"slize\""), "root.parts[0].kind");
  EXPECT_EQ(refused("\"11\"", "11"), "root.facts[0]");
  EXPECT_EQ(refused("\"rate\":\"0.08\"", "\"rate\":\"0.0800000001\""), "root.parts[0].rate");
  EXPECT_EQ(refused("\"version\":2", "\"version\":2.5"), "plan.version");
  EXPECT_EQ(refused("\"amount\"", "\"amont\""), "amount");
  EXPECT_EQ(refused("{", ""), "");
}

TEST(Trace, RefusesFactsThatCannotBeToldApart) {
  const Plan plan = telescoped_plan();
  std::vector<Fact> facts = three_facts();
  const auto code = [&](const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code;
    }
    return Code::ok;
  };
  EXPECT_EQ(code([&] { explain_line(plan, 0, facts, 14); }), Code::not_found);
  EXPECT_EQ(code([&] { explain_total(plan, 1, facts); }), Code::invalid);
  facts[2].id = 11;
  EXPECT_EQ(code([&] { explain_total(plan, 0, facts); }), Code::invalid);
  EXPECT_EQ(explain_statement(plan, {}).amount, 0);
}

}  // namespace
}  // namespace kith::incentive
