// SPDX-License-Identifier: Apache-2.0
#include "kith/people/employee.hpp"

#include "kith/base/text.hpp"
#include "kith/engine/generic.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

const int kEmployeeUnit = entity_of<Employee>().at("unit");

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
  EXPECT_TRUE(says(refused([&](Work& work) { people::update(work, known); }, Code::invalid), "changed by a transfer"));
}

// The test's day is 2026-01-01.
TEST_P(EmployeeTest, ATransferAheadShowsWhenItsDayComes) {
  const Id sales = unit("Sales"), service = unit("Service");
  const Id zhang = hire("Zhang", sales), li = hire("Li", sales), wang = hire("Wang", service, date(2026, 2, 1));
  transfer(zhang, service, date(2026, 3, 1));
  const auto unit_of = [&](Id who) { return session().reader().get<Employee>(who).unit; };
  const auto in = [&](Id where) {
    std::vector<Id> ids;
    const Query query{.where = "unit = :unit", .parameters = {{"unit", where}}, .order = {"id"}};
    for (const Employee& row : session().reader().list<Employee>(query)) ids.push_back(row.id);
    return ids;
  };
  EXPECT_EQ(unit_of(zhang), sales);
  EXPECT_EQ(unit_of(wang), std::nullopt) << "whose first day is still to come";
  EXPECT_EQ(in(sales), (std::vector<Id>{zhang, li}));
  EXPECT_EQ(in(service), std::vector<Id>{});
  const Groups groups = session().reader().group(entity_of<Employee>(), {"unit"}, {});
  EXPECT_EQ(groups.rows.size(), 2U) << "Sales and none";

  // What is written meanwhile leaves the plan alone, in one Work too.
  in_work([&](Work& work) {
    Employee row = work.get<Employee>(zhang);
    EXPECT_EQ(row.unit, sales);
    row.email = "zhang@acme.example";
    people::update(work, row);
    EXPECT_EQ(row.unit, sales);
    EXPECT_EQ(work.list<Employee>({.where = "unit is null"}).size(), 1U);
    people::transfer(work, li, service, date(2026, 3, 1));
    EXPECT_EQ(work.get<Employee>(li).unit, sales);
    EXPECT_EQ(generic::get_batch(work, entity_of<Employee>(), std::vector{li}).column(kEmployeeUnit).word(0),
              sales.value);
  });
  EXPECT_TRUE(check(session()).empty());
  const std::int64_t told = session().reader().seq();
  EXPECT_EQ(session().reader({.valid_on = date(2026, 3, 1)}).get<Employee>(zhang).unit, service);

  store().set_clock("2026-02-28T23:59:59Z");
  EXPECT_EQ(unit_of(zhang), sales);
  EXPECT_EQ(unit_of(wang), service);
  store().set_clock("2026-03-01T00:00:00Z");
  EXPECT_EQ(unit_of(zhang), service);
  EXPECT_EQ(in(sales), std::vector<Id>{});
  EXPECT_EQ(in(service), (std::vector<Id>{zhang, li, wang}));
  EXPECT_EQ(session().reader({.as_of_seq = told}).get<Employee>(zhang).unit, service) << "as it was told then of today";
  EXPECT_EQ(session().reader({.as_of_seq = told - 2}).get<Employee>(zhang).unit, sales) << "not yet told then";
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
