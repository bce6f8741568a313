// SPDX-License-Identifier: Apache-2.0
#include "kith/people/employee.hpp"

#include "kith/base/text.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class EmployeeTest : public test::StoreTest {
 protected:
  Id unit(std::string name, std::optional<Id> parent = {}) {
    Unit row;
    row.name = std::move(name);
    row.parent = parent;
    in_work([&](Work& work) { people::create(work, row, date(2020, 1, 1)); });
    return row.id;
  }
  Id hire(std::string name, std::optional<Id> where = {}, std::optional<Date> on = date(2025, 1, 1)) {
    Employee row;
    row.name = std::move(name);
    row.unit = where;
    row.hired_on = on;
    in_work([&](Work& work) { people::create(work, row); });
    return row.id;
  }
  void transfer(Id who, Id where, Date from) {
    in_work([&](Work& work) { people::transfer(work, who, where, from); });
  }
};

TEST_P(EmployeeTest, JoinsAUnitWhenHired) {
  const Id sales = unit("Sales");
  const Id zhang = hire("張偉", sales);
  const Reader reader = session().reader();
  const auto rows = people::memberships(reader, zhang);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].from, date(2025, 1, 1));
  EXPECT_EQ(rows[0].to, kOpenDate);
  EXPECT_EQ(people::unit_of(reader, zhang, date(2025, 1, 1)), sales);
  EXPECT_EQ(people::unit_of(reader, zhang, date(2024, 12, 31)), std::nullopt);
  EXPECT_EQ(reader.get<Employee>(zhang).name_key, fold("張偉"));
}

TEST_P(EmployeeTest, WithoutADayJoinsToday) {
  const Id zhang = hire("Zhang", unit("Sales"), std::nullopt);
  EXPECT_EQ(people::memberships(session().reader(), zhang).at(0).from, date(2026, 1, 1));
  EXPECT_TRUE(people::memberships(session().reader(), hire("Li")).empty());
}

TEST_P(EmployeeTest, TransfersFromADayOn) {
  const Id sales = unit("Sales"), service = unit("Service");
  const Id zhang = hire("Zhang", sales);
  transfer(zhang, service, date(2025, 4, 1));
  const Reader reader = session().reader();
  EXPECT_EQ(people::unit_of(reader, zhang, date(2025, 3, 31)), sales);
  EXPECT_EQ(people::unit_of(reader, zhang, date(2025, 4, 1)), service);
  const Employee row = reader.get<Employee>(zhang);
  EXPECT_EQ(row.unit, service);
  EXPECT_EQ(row.revision, 2);
  const auto rows = people::memberships(reader, zhang);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].to, rows[1].from);
}

TEST_P(EmployeeTest, ASecondTransferOnOneDayReplacesTheFirst) {
  const Id a = unit("A"), b = unit("B"), c = unit("C");
  const Id zhang = hire("Zhang", a);
  transfer(zhang, b, date(2025, 4, 1));
  transfer(zhang, c, date(2025, 4, 1));
  const auto rows = people::memberships(session().reader(), zhang);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].unit, c);
  EXPECT_EQ(session().reader().get<Employee>(zhang).unit, c);
}

TEST_P(EmployeeTest, ListsMembersOfADay) {
  const Id sales = unit("Sales"), service = unit("Service"), empty = unit("Empty");
  const Id zhang = hire("zhang", sales), li = hire("Li", sales), wang = hire("Wang", service);
  transfer(li, service, date(2025, 4, 1));
  const Reader reader = session().reader();
  const auto names = [&](const std::vector<Id>& units, Date on) {
    std::vector<std::string> result;
    for (const Employee& row : people::members(reader, units, on)) result.push_back(row.name);
    return result;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({sales}, date(2025, 3, 31)), (Names{"Li", "zhang"}));
  EXPECT_EQ(names({sales}, date(2025, 4, 1)), (Names{"zhang"}));
  EXPECT_EQ(names({sales, service}, date(2025, 4, 1)), (Names{"Li", "Wang", "zhang"}));
  EXPECT_EQ(names({empty}, date(2025, 4, 1)), Names{});
  EXPECT_EQ(names({}, date(2025, 4, 1)), Names{});
  EXPECT_TRUE(zhang && wang);
}

TEST_P(EmployeeTest, RefusesBadInputAndChangesNothing) {
  const Id sales = unit("Sales"), service = unit("Service");
  const Id zhang = hire("Zhang", sales);
  transfer(zhang, service, date(2025, 9, 1));
  EXPECT_TRUE(says(refused([&](Work& work) { people::transfer(work, zhang, sales, date(2025, 4, 1)); }, Code::conflict),
                   "2025-09-01"));
  refused([&](Work& work) { people::transfer(work, zhang, Id{5}, date(2025, 10, 1)); }, Code::not_found);
  refused([&](Work& work) { people::transfer(work, Id{5}, sales, date(2025, 10, 1)); }, Code::not_found);
  refused([&](Work& work) { people::transfer(work, zhang, sales, kOpenDate); }, Code::invalid);

  Employee row;
  row.name = "Li";
  row.hired_on = date(2025, 2, 1);
  row.left_on = date(2025, 1, 31);
  EXPECT_EQ(refused([&](Work& work) { people::create(work, row); }, Code::invalid).field, "left_on");
  row.left_on.reset();
  row.unit = Id{5};
  refused([&](Work& work) { people::create(work, row); }, Code::not_found);
  row.unit.reset();
  row.hired_on = Date{2147483647};
  EXPECT_EQ(refused([&](Work& work) { people::create(work, row); }, Code::invalid).field, "hired_on");
  EXPECT_FALSE(row.id);

  Employee known = session().reader().get<Employee>(zhang);
  known.unit = sales;
  EXPECT_TRUE(says(refused([&](Work& work) { people::update(work, known); }, Code::invalid), "people::transfer"));
}

TEST_P(EmployeeTest, ReachFollowsTheTree) {
  const Id company = unit("Company"), sales = unit("Sales", company), team = unit("Team", sales);
  const Id boss = hire("Boss", sales);
  const Reader reader = session().reader();
  const Reach reach = kPeopleArea.reach(reader, boss, reader.today());
  EXPECT_EQ(reach.units, std::vector<Id>{sales});
  EXPECT_EQ(reach.subtree_units, (std::vector<Id>{sales, team}));
  EXPECT_TRUE(reach.subtree_is_broad);
  for (const char* name : {"A", "B", "C"}) unit(name, company);
  EXPECT_TRUE(kPeopleArea.reach(reader, boss, reader.today()).subtree_is_broad) << "a reader sees its own moment";
  const Reader later = session().reader();
  EXPECT_TRUE(kPeopleArea.reach(later, boss, later.today()).subtree_is_broad) << "2 of 6";
  for (const char* name : {"D", "E", "F"}) unit(name, company);
  const Reader last = session().reader();
  EXPECT_FALSE(kPeopleArea.reach(last, boss, last.today()).subtree_is_broad) << "2 of 9";
  EXPECT_TRUE(kPeopleArea.reach(reader, boss, date(2024, 1, 1)).units.empty());
}

INSTANTIATE_ON_ALL_BACKENDS(EmployeeTest);

}  // namespace
}  // namespace kith
