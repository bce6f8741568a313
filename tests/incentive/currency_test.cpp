// SPDX-License-Identifier: Apache-2.0
// Commission and quotas over deals in many currencies: cases E-10 and E-12 by the rates that deals keep, targets in
// another currency than the store's.
#include "incentive/general_fixture.hpp"
#include "kith/incentive/quota_facts.hpp"
#include "kith/incentive/quota_pace.hpp"

namespace kith {
namespace {

using test::says;

class ForeignMoneyTest : public test::GeneralTest {
 protected:
  void rate(std::string_view code, std::string_view value, Date from, RateKind kind = RateKind::market) {
    ExchangeRate row;
    row.from_currency = currency(code);
    row.rate = parse_decimal(value);
    row.from = from;
    row.kind = kind;
    row.source = "treasury";
    in_work([&](Work& work) { people::set_rate(work, row); });
  }
  Id won_in(std::string_view code, Id owner, std::int64_t minor, Date on) {
    Opportunity row;
    row.title = "deal";
    row.owner = owner;
    row.amount = Amount{minor};
    row.currency = currency(code);
    row.status = DealStatus::won;
    row.closed_on = on;
    row.reason = "price";
    in_work([&](Work& work) { sales::create(work, row); });
    return row.id;
  }
  Quota target(std::string_view code, std::optional<Id> of_unit, std::optional<Id> of_employee, std::int64_t minor) {
    Quota row;
    row.period = "2025-Q1";
    row.unit = of_unit;
    row.employee = of_employee;
    row.amount = Amount{minor};
    row.currency = currency(code);
    in_work([&](Work& work) { incentive::set_quota(work, row); });
    return row;
  }
  static std::string shown(const Money& money) { return to_string(money) + " " + code_of(money.currency); }
};

TEST_P(ForeignMoneyTest, E10AndE12CommissionCountsDealsAtTheRatesTheyKeep) {
  const Id ann = employee("Ann");
  plan({.components = {{"revenue", {{"0", "0.06"}}}}});
  assigned("field", ann);
  rate("EUR", "1.10", date(2025, 1, 1));
  rate("EUR", "1.06", date(2025, 1, 20));
  won_in("EUR", ann, 1'000'000, date(2025, 1, 10));
  const Id second = won_in("EUR", ann, 500'000, date(2025, 1, 25));
  run("2025-01");
  EXPECT_EQ(statement(ann, "2025-01").total.minor, 97'800) << "transaction: 16300 x 6 %";
  EXPECT_EQ(statement(ann, "2025-01").credit.minor, 1'630'000);
  close("2025-01");
  rate("EUR", "1.20", date(2025, 2, 1));
  in_work([&](Work& work) { sales::reopen(work, second, "returned"); });
  run("2025-02");
  EXPECT_EQ(statement(ann, "2025-02").total.minor, -31'800) << "original: -5300 x 6 %";
}

TEST_P(ForeignMoneyTest, E10AndE12EventsTakeTheRatesThatTheirPlanNames) {
  rate("EUR", "1.10", date(2025, 1, 1));
  rate("EUR", "1.06", date(2025, 1, 15));
  rate("EUR", "1.20", date(2025, 1, 25));
  rate("EUR", "1.05", date(2025, 1, 30));
  rate("EUR", "1.08", date(2025, 1, 1), RateKind::period_average);
  struct Case {
    const char* kind;
    const char* reversal;
    bool returned;
    std::int64_t expected;
  };
  const Case cases[] = {{"transaction", "original", false, 97'800},
                        {"period_avg", "original", false, 97'200},
                        {"period_end", "original", false, 94'500},
                        {"transaction", "original", true, 97'800 - 31'800},
                        {"transaction", "current", true, 97'800 - 36'000}};
  std::vector<Id> people;
  for (const Case& one : cases) {
    const std::string name = "plan " + std::to_string(people.size());
    const Id who = people.emplace_back(employee(name));
    test::Json plan = test::GeneralText{.name = name, .rows = {{"0", "6 %"}}}.json();
    plan["credits"][0]["fx"] = {{"rate", one.kind}, {"reversal", one.reversal}};
    general(plan);
    assigned(name, who);
    auto first = sale(name + " 1", "2025-01-05", 1'000'000, who);
    auto second = sale(name + " 2", "2025-01-20", 500'000, who);
    auto third = sale(name + " 3", "2025-01-28", -500'000, who);
    third.type = "return";
    third.reverses = "shop:" + second.id;
    std::vector<incentive::EventRow> rows{first, second, third};
    for (auto& row : rows) row.amount.currency = currency("EUR");
    if (!one.returned) rows.pop_back();
    post(rows);
  }
  run("2025-01");
  for (std::size_t i = 0; i < people.size(); ++i) {
    EXPECT_EQ(total(people[i], "2025-01"), cases[i].expected) << cases[i].kind << " " << cases[i].reversal;
  }
}

TEST_P(ForeignMoneyTest, EligibilityComparesBaseAmounts) {
  const Id ann = employee("Ann");
  plan({.when = "base_amount >= 100.00 USD"});
  assigned("field", ann);
  rate("EUR", "1.25", date(2025, 1, 1));
  won_in("EUR", ann, 8'000, date(2025, 1, 10));
  won_in("EUR", ann, 7'999, date(2025, 1, 10));
  won_in("USD", ann, 10'000, date(2025, 1, 10));
  run("2025-01");
  EXPECT_EQ(statement(ann, "2025-01").total.minor, 1'000);
}

TEST_P(ForeignMoneyTest, ATargetInAnotherCurrencyKeepsThePlanRateOfItsFirstDay) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  const Id bob = employee("Bob", company);
  rate("EUR", "1.10", date(2025, 1, 1));
  Quota early;
  early.period = "2025-Q1";
  early.unit = company;
  early.amount = Amount{1};
  early.currency = currency("EUR");
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::set_quota(work, early); }, Code::invalid),
                   "there is no plan rate from EUR to USD on 2025-01-01"));
  rate("EUR", "1.25", date(2025, 1, 1), RateKind::plan);
  const Quota root = target("EUR", company, {}, 100'000);
  EXPECT_EQ(root.base_rate, "1.25");
  std::vector<Id> parts;
  in_work([&](Work& work) {
    parts = incentive::decompose(work, root.id, {{.employee = ann}, {.employee = bob}}, QuotaMethod::equal);
  });
  EXPECT_EQ(session().reader().get<Quota>(parts[0]).currency, currency("EUR"));
  EXPECT_EQ(session().reader().get<Quota>(parts[0]).base_rate, "1.25");
  won_in("EUR", ann, 50'000, date(2025, 2, 1));  // 550.00 USD, 440.00 EUR at the plan rate
  won_in("USD", ann, 1, date(2025, 2, 1));       // 550.01 USD, 440.008 EUR
  won_in("USD", bob, 1, date(2025, 2, 1));       // 0.008 EUR
  const auto nodes = incentive::attainment(session().reader(), root.id);
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(shown(nodes[0].actual), "440.02 EUR") << "550.02 / 1.25 = 440.016, rounded once";
  EXPECT_EQ(shown(nodes[0].gap), "559.98 EUR");
  EXPECT_EQ(nodes[0].percent, (Decimal{4400, 2}));
  EXPECT_EQ(shown(nodes[1].actual), "440.01 EUR");
  EXPECT_EQ(shown(nodes[2].actual), "0.01 EUR");
  const QuotaFacts facts = incentive::quota_facts(session().reader(), root.id);
  EXPECT_EQ(shown(facts.actual), "440.02 EUR");
  EXPECT_EQ(facts.facts.size(), 3U);
  const Table table = session().reader().report("quota_facts", {{"quota", root.id.value}});
  EXPECT_EQ(table.value(2, table.at("running")), Value(Money{55'002, currency("USD")}));
  // Rates that come later change no target, nor does the next amount.
  rate("EUR", "2", date(2025, 1, 2), RateKind::plan);
  Quota row = session().reader().get<Quota>(root.id);
  row.amount = Amount{200'000};
  in_work([&](Work& work) { incentive::set_quota(work, row); });
  EXPECT_EQ(row.base_rate, "1.25");
  row.currency = currency("USD");
  refused([&](Work& work) { incentive::set_quota(work, row); }, Code::invalid);
}

TEST_P(ForeignMoneyTest, OpenDealsCountInTheCurrencyOfTheTarget) {
  const Id company = unit("Company");
  const Id ann = employee("Ann", company);
  rate("EUR", "1.10", date(2025, 1, 1));
  rate("EUR", "1.25", date(2025, 1, 1), RateKind::plan);
  const Quota root = target("EUR", company, {}, 100'000);
  won_in("EUR", ann, 50'000, date(2025, 2, 1));  // 440.00 EUR
  store().set_clock("2026-02-02T00:00:00Z");
  Opportunity open;
  open.title = "open";
  open.owner = ann;
  open.amount = Amount{10'000};
  open.currency = currency("EUR");
  open.expected_on = date(2025, 3, 1);
  in_work([&](Work& work) { sales::create(work, open); });  // 110.00 USD, 88.00 EUR; half of that weighted
  const auto pace = incentive::quota_pace(session().reader(), root.id, date(2025, 2, 2));
  ASSERT_EQ(pace.size(), 1U);
  EXPECT_EQ(shown(pace[0].node.actual), "440.00 EUR");
  EXPECT_EQ(shown(pace[0].open.value()), "88.00 EUR");
  EXPECT_EQ(shown(pace[0].weighted.value()), "44.00 EUR");
}

TEST_P(ForeignMoneyTest, AMeasureThatMixesCurrenciesSaysWhatToCount) {
  const Id ann = employee("Ann");
  rate("EUR", "1.10", date(2025, 1, 1));
  won_in("EUR", ann, 50'000, date(2025, 2, 1));
  Measure measure;
  measure.name = "mixed";
  measure.entity = "opportunity";
  measure.on = "closed_on";
  measure.value = "amount";
  in_work([&](Work& work) { incentive::set_measure(work, measure); });
  const Reader reader = session().reader();
  try {
    incentive::measured(reader, measure, date(2025, 1, 1), date(2025, 12, 31));
    ADD_FAILURE() << "EUR was added up with USD";
  } catch (const Error& error) {
    EXPECT_TRUE(says(error, "is worth 500.00 EUR; quotas are in USD: write base_amount, at the rate that it keeps"));
  }
  measure.value = "base_amount";
  const auto shares = incentive::measured(reader, measure, date(2025, 1, 1), date(2025, 12, 31));
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(shares[0].amount, 55'000);
}

INSTANTIATE_ON_ALL_BACKENDS(ForeignMoneyTest);

}  // namespace
}  // namespace kith
