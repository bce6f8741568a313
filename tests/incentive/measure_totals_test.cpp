// SPDX-License-Identifier: Apache-2.0
// What storage adds up is what the records, read one by one, are worth.
#include <random>

#include "incentive/incentive_fixture.hpp"
#include "incentive/measure_facts.hpp"

namespace kith {
namespace {

using incentive::measured;
using incentive::measured_totals;
using incentive::MeasuredShare;

class MeasureTotals : public test::IncentiveTest {};

/// By employee and day; what is worth nothing is not there.
std::map<std::pair<Id, Date>, std::int64_t> sums(const std::vector<MeasuredShare>& shares) {
  std::map<std::pair<Id, Date>, std::int64_t> found;
  for (const MeasuredShare& share : shares) found[{share.employee, share.day}] += share.amount;
  std::erase_if(found, [](const auto& one) { return one.second == 0; });
  return found;
}

Measure measure_of(std::optional<std::string> value) {
  Measure measure;
  measure.name = "test";
  measure.entity = "opportunity";
  measure.on = "closed_on";
  measure.filter = "status = 'won'";
  measure.value = std::move(value);
  measure.kind = measure.value ? MeasureKind::money : MeasureKind::count;
  return measure;
}

TEST_P(MeasureTotals, AreTheSumsOfTheRecords) {
  const Id team = unit("Team");
  const std::vector<Id> people{employee("A", team), employee("B", team), employee("C", team)};
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    const Id owner = people[random() % people.size()];
    const Id other = people[random() % people.size()];
    std::vector<SplitShare> shares;
    if (i % 4 == 0 && other != owner) shares = {{owner, {333'333'333, kRateScale}}, {other, {666'666'667, kRateScale}}};
    won(owner, 1 + static_cast<std::int64_t>(random() % 100'000), "2025-12-0" + std::to_string(1 + random() % 5),
        shares);
  }
  const Reader system = session().reader().as_system("test");
  const Date from = date(2025, 12, 2);
  const Date to = date(2025, 12, 5);
  for (const auto& value : {std::optional<std::string>("amount"), std::optional<std::string>()}) {
    const Measure measure = measure_of(value);
    const auto totals = measured_totals(system, measure, from, to);
    ASSERT_TRUE(totals);
    EXPECT_FALSE(totals->shared.empty());
    EXPECT_LE(totals->alone.size(), people.size() * 3) << "one for each employee and day";
    std::vector<MeasuredShare> all = totals->alone;
    all.insert(all.end(), totals->shared.begin(), totals->shared.end());
    const auto expected = sums(measured(system, measure, from, to));
    EXPECT_GE(expected.size(), 5U);
    EXPECT_EQ(sums(all), expected);
  }
  // What only a record's own values tell.
  EXPECT_FALSE(measured_totals(system, measure_of("amount * 2"), from, to));
  Measure by_role = measure_of("amount");
  by_role.role = "primary";
  EXPECT_FALSE(measured_totals(system, by_role, from, to));
}

INSTANTIATE_ON_ALL_BACKENDS(MeasureTotals);

}  // namespace
}  // namespace kith
