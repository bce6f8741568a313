// SPDX-License-Identifier: Apache-2.0
// Properties of the general plan engine on seeded random histories, against an oracle that shares nothing with it but
// the documents: Boost rationals, maps by name, every total from scratch.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <random>
#include <set>

#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"
#include "support/soak.hpp"

namespace kith::incentive {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Integer = boost::multiprecision::cpp_int;
using Random = std::mt19937_64;

struct Shape {
  bool slab = false;
  bool original = false;                           ///< period of returns
  std::vector<std::pair<std::int64_t, int>> rows;  ///< bound in minor units, rate in tenths of a percent
  int override_rate = 0;                           ///< tenths of a percent for the direct superior, of revenue
  std::string extra = {};                          ///< more members of the document
};

std::string decimal(std::int64_t minor) { return to_string(Money{minor, currency("USD")}); }
std::string tenths(int rate) { return std::to_string(rate / 10) + "." + std::to_string(rate % 10) + " %"; }

PlanDocument plan_of(const Shape& shape) {
  std::string rows;
  for (const auto& [from, rate] : shape.rows) {
    rows += (rows.empty() ? "" : ", ") + std::string(R"({"from": ")") + decimal(from) + R"(", "value": ")" +
            tenths(rate) + "\"}";
  }
  const std::string fx = R"("fx": {"rate": "transaction", "reversal": "original"})";
  const std::string measure =
      R"("aggregate": "sum", "accumulate": "interval", "negative": "first_tier", "return_period": ")" +
      std::string(shape.original ? "original" : "current") + "\"";
  return PlanDocument::parse(
      R"({"format": "kith.plan/2", "name": "p", "version": 1, "currency": "USD", "interval": "month",
      "valid": {"from": "2024-01-01"}, "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
      "order": ["date", "sequence", "id"], "credits": [
      {"name": "own", "role": "primary", "when": "type != 'payment'", "who": "split", "sum_must_be": "100",
       "rounding": "none", "apply": "base", "base": "amount", )" +
      fx + R"(},
      {"name": "up", "role": "manager", "when": "type != 'payment'", "who": "chain", "rounding": "none",
       "apply": "base", "base": "amount", )" +
      fx + R"(, "chain": {"of": "primary", "as_of": "event_date",
       "skip_self": false, "levels": [{"level": 1, "share": "1"}, {"level": 2, "share": "0.5"}]}}],
      "measures": [{"name": "sales", "credits": ["own"], )" +
      measure + R"(}, {"name": "team", "credits": ["up"], )" + measure + R"(}],
      "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"}, "tiers": {"input": "amount",
      "mode": ")" +
      (shape.slab ? "slab" : "marginal") + R"(", "boundary": "upper", "unit": "pct_of_base", "rows": [)" + rows +
      R"(]}}, {"name": "override", "kind": "tiers", "basis": {"measure": "team"}, "tiers": {"input": "amount",
      "mode": "marginal", "unit": "pct_of_base", "rows": [{"from": "0", "value": ")" +
      tenths(shape.override_rate) + R"("}]}}])" + shape.extra + "}");
}

Shape random_shape(Random& random, bool rising) {
  Shape shape;
  shape.slab = random() % 2 == 0;
  shape.original = random() % 2 == 0;
  shape.override_rate = static_cast<int>(random() % 40);
  std::int64_t from = 0;
  int rate = static_cast<int>(random() % 50);
  for (std::uint64_t i = 0; i < 1 + random() % 4; ++i) {
    shape.rows.emplace_back(from, rate);
    from += 1 + static_cast<std::int64_t>(random() % 900000);
    rate = rising ? rate + static_cast<int>(random() % 60) : static_cast<int>(random() % 150);
  }
  return shape;
}

const std::vector<std::string> kPeople = {"ann", "bob", "cat", "dan", "eve"};

std::vector<Split> random_splits(Random& random) {
  static const std::vector<std::vector<std::string>> kShares = {
      {"1"}, {"60 %", "0.4"}, {"0.3333", "0.3333", "0.3334"}, {"1/3", "1/3", "1/3"}, {"72.68 %", "10.93 %", "16.39 %"}};
  std::vector<Split> splits;
  std::size_t person = random() % kPeople.size();
  for (const std::string& share : kShares[random() % kShares.size()]) {
    splits.push_back({kPeople[person++ % kPeople.size()], "primary", share});
  }
  return splits;
}

EventRow random_event(Random& random, int id) {
  EventRow event;
  event.source = id % 3 == 0 ? "crm" : "shop";
  event.id = std::to_string(id);
  event.type = random() % 9 == 0 ? "payment" : "booking";
  event.date = {date(2025, 1, 1).days + static_cast<std::int32_t>(random() % 120)};
  event.sequence = static_cast<std::int64_t>(random() % 3);
  event.amount = {static_cast<std::int64_t>(random() % 500000) - 60000, currency("USD")};
  if (id > 3 && random() % 5 == 0) {
    const int other = static_cast<int>(random() % static_cast<unsigned>(id));
    event.reverses = (other % 3 == 0 ? "crm:" : "shop:") + std::to_string(other);
  }
  event.splits = random_splits(random);
  return event;
}

Inputs random_inputs(Random& random, int events) {
  Inputs inputs;
  for (int i = 0; i < events; ++i) inputs.events.push_back(random_event(random, i));
  inputs.hierarchy = {{"ann", "bob", {}, date(2025, 2, 10)},
                      {"ann", "cat", date(2025, 2, 10)},
                      {"bob", "eve", {}},
                      {"cat", "eve", {}},
                      {"dan", "cat", date(2025, 1, 20), date(2025, 3, 3)}};
  return inputs;
}

// --- The oracle -------------------------------------------------------------------------------------------------

Rational share_of(std::string text) {
  const bool percent = text.ends_with('%');
  if (percent) text = text.substr(0, text.find_first_of(" %"));
  Rational value;
  if (const auto slash = text.find('/'); slash != std::string::npos) {
    value = Rational(Integer(text.substr(0, slash)), Integer(text.substr(slash + 1)));
  } else if (const auto point = text.find('.'); point != std::string::npos) {
    const std::string digits = text.substr(0, point) + text.substr(point + 1);
    value = Rational(Integer(digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1))),
                     pow(Integer(10), static_cast<unsigned>(text.size() - point - 1)));
  } else {
    value = Rational(Integer(text));
  }
  return percent ? Rational(value / 100) : value;
}

std::int64_t half_up(const Rational& value) {
  const bool negative = value < 0;
  const Rational size = abs(value) + Rational(1, 2);
  const auto whole = static_cast<std::int64_t>(Integer(numerator(size) / denominator(size)));
  return negative ? -whole : whole;
}

using Amounts = std::map<std::tuple<std::string, std::string, std::string>, std::int64_t>;  // component, person, month

std::map<std::string, EventRow> newest(const std::vector<EventRow>& events) {
  std::map<std::string, EventRow> known;
  for (const EventRow& event : events) {
    const auto [at, added] = known.try_emplace(event.source + ":" + event.id, event);
    if (!added && at->second.version < event.version) at->second = event;
  }
  std::erase_if(known, [](const auto& one) { return one.second.cancelled; });
  return known;
}

Rational marginal(const std::vector<std::pair<std::int64_t, int>>& rows, const Rational& total) {
  if (total < 0) return total * rows[0].second / 1000;
  Rational sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Rational top = i + 1 < rows.size() ? Rational(std::min(Rational(rows[i + 1].first), total)) : total;
    if (top > rows[i].first) sum += (top - rows[i].first) * rows[i].second / 1000;
  }
  return sum;
}

Rational slab(const std::vector<std::pair<std::int64_t, int>>& rows, const Rational& total) {
  int rate = rows[0].second;
  for (const auto& [from, value] : rows) {
    if (total >= from) rate = value;
  }
  return total * rate / 1000;
}

Amounts oracle(const Shape& shape, const Inputs& inputs) {
  const auto events = newest(inputs.events);
  std::set<std::string> known;
  for (const EventRow& event : inputs.events) known.insert(event.source + ":" + event.id);
  std::map<std::tuple<std::string, std::string, std::string>, Rational> sums;
  const auto superior = [&](const std::string& person, Date day) -> std::string {
    for (const Superior& row : inputs.hierarchy) {
      if (row.person == person && row.from <= day && day < row.to) return row.manager;
    }
    return "";
  };
  for (const auto& [key, event] : events) {
    if (event.type == "payment") continue;
    const auto origin = events.find(event.reverses);
    if (origin == events.end() && known.contains(event.reverses)) continue;  // what it takes back is cancelled
    const Date counted = shape.original && origin != events.end() ? origin->second.date : event.date;
    const std::string month = to_string(counted).substr(0, 7);
    for (const Split& split : event.splits) {
      const Rational base = Rational(event.amount.minor) * share_of(split.share);
      sums[{"revenue", split.person, month}] += base;
      const std::string first = superior(split.person, event.date);
      if (first.empty()) continue;
      sums[{"override", first, month}] += base;
      const std::string second = superior(first, event.date);
      if (!second.empty()) sums[{"override", second, month}] += base / 2;
    }
  }
  Amounts amounts;
  for (const auto& [key, total] : sums) {
    const bool own = std::get<0>(key) == "revenue";
    const Rational pay = !own         ? Rational(total * shape.override_rate / 1000)
                         : shape.slab ? slab(shape.rows, total)
                                      : marginal(shape.rows, total);
    if (const std::int64_t amount = half_up(pay); amount != 0) amounts[key] = amount;
  }
  return amounts;
}

Amounts amounts_of(const PlanResult& result) {
  Amounts amounts;
  for (const ComponentResult& row : result.components) {
    if (row.amount != 0) amounts[{row.component, row.person, row.period}] = row.amount;
  }
  return amounts;
}

const unsigned kSeeds = static_cast<unsigned>(test::turns_of(60));

TEST(DocumentProperties, EveryAmountIsTheOraclesAndLinesSumToIt) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    const Shape shape = random_shape(random, false);
    const Inputs inputs = random_inputs(random, 40);
    const PlanResult result = compute(plan_of(shape), inputs);
    EXPECT_EQ(amounts_of(result), oracle(shape, inputs)) << "seed " << seed;
    EXPECT_EQ(amounts_of(compute(plan_of(shape), inputs, Detail::totals)), amounts_of(result)) << "seed " << seed;
    Amounts lines;
    for (const LineResult& row : result.lines) lines[{row.component, row.person, row.period}] += row.amount;
    std::erase_if(lines, [](const auto& one) { return one.second == 0; });
    EXPECT_EQ(lines, amounts_of(result)) << "seed " << seed;
  }
}

TEST(DocumentProperties, OrderAndRepetitionOfEventsChangeNoByte) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    const PlanDocument plan = plan_of(random_shape(random, false));
    Inputs inputs = random_inputs(random, 30);
    for (int i = 0; i < 6; ++i) {  // some are corrected
      EventRow event = inputs.events[random() % inputs.events.size()];
      event.version = 10 + i;
      event.amount.minor += 100;
      inputs.events.push_back(event);
    }
    const std::string once = canonical_json(plan, compute(plan, inputs));
    std::shuffle(inputs.events.begin(), inputs.events.end(), random);
    const std::vector<EventRow> same = inputs.events;
    inputs.events.insert(inputs.events.end(), same.begin(), same.end());
    EXPECT_EQ(canonical_json(plan, compute(plan, inputs)), once) << "seed " << seed;
  }
}

// Events come late, are changed, dated anew, split anew and cancelled; after each the computation that stayed has the
// bytes of one that began anew.
TEST(DocumentProperties, ChangingOneEventGivesWhatAFullRunGives) {
  for (unsigned seed = 1; seed <= kSeeds / 2; ++seed) {
    Random random(seed);
    const Shape shape = random_shape(random, false);
    const PlanDocument plan = plan_of(shape);
    Inputs inputs = random_inputs(random, 25);
    Computation computation(plan, inputs);
    for (int step = 0; step < 25; ++step) {
      EventRow event = random_event(random, static_cast<int>(random() % 35));
      const auto known = newest(inputs.events);
      for (const EventRow& one : inputs.events) {
        if (one.source == event.source && one.id == event.id) event.version = std::max(event.version, one.version + 1);
      }
      event.cancelled = random() % 5 == 0;
      if (random() % 12 == 0) event.date = date(2025, 6, static_cast<int>(1 + random() % 28));  // a new period
      inputs.events.push_back(event);
      const auto changed = computation.change(event);
      const PlanResult full = compute(plan, inputs);
      ASSERT_EQ(canonical_json(plan, computation.result()), canonical_json(plan, full))
          << "seed " << seed << "." << step;
      const Amounts now = amounts_of(full);
      for (const ComponentResult& row : changed) {
        const auto found = now.find({row.component, row.person, row.period});
        EXPECT_EQ(row.amount, found == now.end() ? 0 : found->second) << "seed " << seed;
      }
    }
    EXPECT_EQ(amounts_of(computation.result()), oracle(shape, inputs)) << "seed " << seed;
    EventRow wrong = random_event(random, 50);
    wrong.splits = {{"ann", "primary", "90 %"}};
    wrong.type = "booking";
    const std::string before = canonical_json(plan, computation.result());
    EXPECT_THROW(computation.change(wrong), Error);
    EXPECT_EQ(canonical_json(plan, computation.result()), before) << "seed " << seed;
  }
}

// Credits of a role sum to the event; what is held and released sums to what was earned; advances less recoveries are
// the balance; what is paid is what was earned with all that happened to it.
TEST(DocumentProperties, NothingIsLostOnTheWayToPay) {
  const std::string extra = R"(, "release": [{"trigger": "now", "share": "55 %"},
      {"trigger": "later", "share": "1/3", "after_months": 1}, {"trigger": "cash", "share": "7/60",
      "event_type": "payment", "proportional": true}], "payment": {"below_zero": "carry", "draw": {
      "kind": "recoverable", "amount": "900.00", "recover_share": "50 %", "on_exit": "owe"}})";
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    Shape shape = random_shape(random, false);
    shape.extra = extra;
    const Inputs inputs = random_inputs(random, 30);
    const PlanResult result = compute(plan_of(shape), inputs);
    std::map<std::string, Rational> credited;
    for (const CreditResult& row : result.credits) {
      if (row.rule == "own")
        credited[row.event] +=
            row.exact.starts_with('-') ? Rational(-share_of(row.exact.substr(1))) : share_of(row.exact);
    }
    for (const auto& [key, event] : newest(inputs.events)) {
      if (event.type == "payment") continue;
      EXPECT_EQ(credited[key] * 100, event.amount.minor) << "seed " << seed;
    }
    std::map<std::string, std::int64_t> earned, stated, balance, carry;
    for (const ReleaseResult& row : result.releases) {
      earned[row.person] += row.amount;
    }
    for (const StatementResult& row : result.statements) {
      stated[row.person] += row.amount;
    }
    EXPECT_EQ(earned, stated) << "parts sum to the statements, seed " << seed;
    for (const PaymentResult& row : result.payments) {
      EXPECT_EQ(row.pay, row.earned - row.held + row.released + row.carried + row.advanced - row.recovered +
                             row.topped_up - row.carry)
          << "seed " << seed;
      EXPECT_GE(row.pay, 0);
      EXPECT_EQ(row.carried, carry[row.person]);
      carry[row.person] = row.carry;
      balance[row.person] += row.advanced - row.recovered - row.forgiven;
      EXPECT_EQ(balance[row.person], row.balance) << "seed " << seed;
    }
  }
}

TEST(DocumentProperties, CancellingEveryEventBringsEveryBalanceToZero) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    const PlanDocument plan = plan_of(random_shape(random, false));
    Inputs inputs = random_inputs(random, 20);
    inputs.closed = {"2025-01", "2025-02"};
    inputs.open = "2025-05";
    Inputs before = inputs;
    before.closed.clear();
    for (const LedgerLine& line : compute(plan, before).ledger) {
      if (line.earned <= "2025-02") inputs.posted.push_back({line.person, line.component, line.earned, line.amount});
    }
    std::map<std::string, std::int64_t> sums;
    for (const PostedLine& line : inputs.posted) sums[line.person] += line.amount;
    for (EventRow& event : inputs.events) {
      event.version += 1;
      event.cancelled = true;
    }
    for (const LedgerLine& line : compute(plan, inputs).ledger) {
      EXPECT_EQ(line.posted, "2025-05");
      EXPECT_EQ(line.kind, "delta");
      sums[line.person] += line.amount;
    }
    for (const auto& [person, sum] : sums) EXPECT_EQ(sum, 0) << person << " seed " << seed;
  }
}

TEST(DocumentProperties, TheExplanationEndsInTheAmount) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    Random random(seed);
    const PlanDocument plan = plan_of(random_shape(random, false));
    const Computation computation(plan, random_inputs(random, 20));
    for (const ComponentResult& row : computation.result().components) {
      const std::string text = computation.explain(row.person, row.component, row.period);
      EXPECT_TRUE(text.ends_with("rounded (half_up): " + decimal(row.amount) + "\n")) << text;
      EXPECT_NE(text.find("measured: " + row.measured + "\n"), std::string::npos) << text;
    }
  }
}

TEST(DocumentProperties, MoreSalesNeverPayLessWhereRatesRise) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    Shape shape = random_shape(random, true);
    shape.slab = false;
    const PlanDocument plan = plan_of(shape);
    const std::vector<Violation> found = lint(plan);
    EXPECT_TRUE(std::none_of(found.begin(), found.end(),
                             [](const Violation& one) { return one.message.find("falls") != std::string::npos; }));
    Inputs inputs = random_inputs(random, 15);
    const Amounts before = oracle(shape, inputs);
    for (EventRow& event : inputs.events) event.amount.minor += static_cast<std::int64_t>(random() % 5000);
    const Amounts after = amounts_of(compute(plan, inputs));
    for (const auto& [key, amount] : before) {
      const auto paid = after.find(key);
      EXPECT_GE(paid == after.end() ? 0 : paid->second, amount) << "seed " << seed;
    }
  }
}

TEST(DocumentProperties, ManyPlansAtOnceGiveWhatEachGivesAlone) {
  Random random(7);
  const Inputs inputs = random_inputs(random, 60);
  Shape shape = random_shape(random, false);
  const PlanDocument first = plan_of(shape);
  std::vector<Shape> shapes;
  std::vector<PlanDocument> plans;
  for (int i = 0; i < 20; ++i) {
    Shape other = random_shape(random, false);
    other.extra =
        i % 4 == 0 ? R"(, "statement": [{"do": "cap", "amount": "400.00", "per": "period", "excess": "lose"}])" : "";
    shapes.push_back(other);
    plans.push_back(plan_of(other));
  }
  const auto all = what_if(first, plans, inputs);
  ASSERT_EQ(all.size(), plans.size());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    std::map<std::string, std::int64_t> alone;
    for (const StatementResult& row : compute(plans[i], inputs).statements) alone[row.person] += row.amount;
    for (const WhatIf& row : all[i]) EXPECT_EQ(row.after, alone[row.person]) << i;
  }
}

// The same events as columns and as rows.
TEST(DocumentProperties, ColumnsGiveWhatRowsGive) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    const Shape shape = random_shape(random, false);
    const PlanDocument plan = plan_of(shape);
    Inputs rows = random_inputs(random, 40);
    for (std::size_t i = 0; i < rows.events.size(); ++i) rows.events[i].sequence = static_cast<std::int64_t>(i);
    std::sort(rows.events.begin(), rows.events.end(), [](const EventRow& a, const EventRow& b) {
      return std::tie(a.date, a.sequence) < std::tie(b.date, b.sequence);
    });
    Inputs columns = rows;
    columns.events.clear();
    EventColumns& to = columns.columns;
    std::map<std::string, std::int32_t> places, keys;
    const auto place = [&](const std::string& text) {
      const auto [at, added] = places.try_emplace(text, static_cast<std::int32_t>(to.names.size()));
      if (added) to.names.push_back(text);
      return at->second;
    };
    to.currency = {currency("USD")};
    for (const EventRow& event : rows.events) {
      keys[event.source + ":" + event.id] = static_cast<std::int32_t>(to.amount.size());
      to.source.push_back(place(event.source));
      to.id.push_back(std::stoll(event.id));
      to.type.push_back(place(event.type));
      to.date.push_back(event.date.days);
      to.sequence.push_back(event.sequence);
      to.amount.push_back(event.amount.minor);
      for (const Split& split : event.splits) {
        to.person.push_back(place(split.person));
        to.role.push_back(place(split.role));
        to.share.push_back(place(split.share));
      }
      to.split_end.push_back(static_cast<std::uint32_t>(to.person.size()));
    }
    for (const EventRow& event : rows.events) {
      to.reverses.push_back(event.reverses.empty() || !keys.contains(event.reverses) ? -1 : keys[event.reverses]);
    }
    EXPECT_EQ(canonical_json(plan, compute(plan, columns)), canonical_json(plan, compute(plan, rows)))
        << "seed " << seed;
    EXPECT_EQ(amounts_of(compute(plan, columns, Detail::totals)), oracle(shape, rows)) << "seed " << seed;
    EventRow corrected = rows.events[random() % rows.events.size()];
    corrected.version = 2;
    corrected.amount.minor += 12345;
    columns.events = {corrected};
    rows.events.push_back(corrected);
    EXPECT_EQ(amounts_of(compute(plan, columns)), amounts_of(compute(plan, rows))) << "seed " << seed;
  }
}

}  // namespace
}  // namespace kith::incentive
