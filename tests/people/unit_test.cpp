// SPDX-License-Identifier: Apache-2.0
#include "kith/people/unit.hpp"

#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class UnitTest : public test::StoreTest {
 protected:
  Id add(std::string name, std::optional<Id> parent = {}, Date from = date(2025, 1, 1)) {
    Unit unit;
    unit.name = std::move(name);
    unit.parent = parent;
    in_work([&](Work& work) { people::create(work, unit, from); });
    return unit.id;
  }
  void move(Id unit, std::optional<Id> parent, Date from) {
    in_work([&](Work& work) { people::move(work, unit, parent, from); });
  }
  std::vector<std::string> names(const std::vector<Id>& units) {
    const Reader reader = session().reader();
    std::vector<std::string> result;
    for (const Id unit : units) result.push_back(reader.get<Unit>(unit).name);
    return result;
  }
};

using Names = std::vector<std::string>;

TEST_P(UnitTest, CreatesAUnitInItsPlace) {
  const Id company = add("Company");
  const Id east = add("  East\u3000Coast ", company);
  const Reader reader = session().reader();
  const Unit unit = reader.get<Unit>(east);
  EXPECT_EQ(unit.name_key, "east coast");
  EXPECT_EQ(unit.parent, company);
  EXPECT_EQ(unit.revision, 1);
  const auto places = reader.list<UnitParent>({.conditions = {equals(entity_of<UnitParent>(), "unit", east)}});
  ASSERT_EQ(places.size(), 1U);
  EXPECT_EQ(places[0].from, date(2025, 1, 1));
  EXPECT_EQ(places[0].to, kOpenDate);
  EXPECT_EQ(places[0].parent, company);
}

TEST_P(UnitTest, WalksTheTreeOfAnyDay) {
  const Id company = add("Company");
  const Id west = add("West", company);
  const Id east = add("East", company);
  const Id team = add("Team", west);
  const Id pair = add("Pair", team);
  move(team, east, date(2025, 7, 1));
  const Reader reader = session().reader();
  EXPECT_EQ(names(people::subtree(reader, company, date(2025, 6, 30))),
            (Names{"Company", "East", "West", "Team", "Pair"}));
  EXPECT_EQ(names(people::subtree(reader, company, date(2025, 7, 1))),
            (Names{"Company", "East", "Team", "Pair", "West"}));
  EXPECT_EQ(names(people::subtree(reader, west, date(2025, 7, 1))), (Names{"West"}));
  EXPECT_EQ(names(people::subtree(reader, company, date(2024, 12, 31))), (Names{"Company"}));
  EXPECT_EQ(names(people::ancestors(reader, pair, date(2025, 6, 30))), (Names{"Team", "West", "Company"}));
  EXPECT_EQ(names(people::ancestors(reader, pair, date(2025, 7, 1))), (Names{"Team", "East", "Company"}));
  EXPECT_EQ(reader.get<Unit>(team).parent, east);
  EXPECT_EQ(reader.get<Unit>(team).revision, 2);
}

TEST_P(UnitTest, MovesOnOneDayReplaceEachOther) {
  const Id a = add("A"), b = add("B"), c = add("C"), unit = add("Unit", a);
  move(unit, b, date(2025, 5, 1));
  move(unit, c, date(2025, 5, 1));
  const Reader reader = session().reader();
  const auto places =
      reader.list<UnitParent>({.conditions = {equals(entity_of<UnitParent>(), "unit", unit)}, .order = {"from"}});
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].parent, a);
  EXPECT_EQ(places[0].to, date(2025, 5, 1));
  EXPECT_EQ(places[1].parent, c);
  EXPECT_EQ(reader.get<Unit>(unit).parent, c);
}

TEST_P(UnitTest, AMoveToWhereItHangsChangesNothing) {
  const Id a = add("A"), unit = add("Unit", a);
  Work work = session().work();
  people::move(work, unit, a, date(2025, 5, 1));
  EXPECT_EQ(work.commit().seq, 0);
}

TEST_P(UnitTest, BecomesARoot) {
  const Id a = add("A"), unit = add("Unit", a);
  move(unit, std::nullopt, date(2025, 5, 1));
  const Reader reader = session().reader();
  EXPECT_EQ(reader.get<Unit>(unit).parent, std::nullopt);
  EXPECT_TRUE(people::ancestors(reader, unit, date(2025, 5, 1)).empty());
  EXPECT_EQ(people::ancestors(reader, unit, date(2025, 4, 30)), std::vector<Id>{a});
}

TEST_P(UnitTest, RefusesRings) {
  const Id a = add("A"), b = add("B", a), c = add("C", b);
  const auto told = refused([&](Work& work) { people::move(work, a, c, date(2025, 5, 1)); }, Code::invalid);
  EXPECT_TRUE(says(told, "'C' lies below 'A' on 2025-05-01"));
  refused([&](Work& work) { people::move(work, a, a, date(2025, 5, 1)); }, Code::invalid);
}

TEST_P(UnitTest, RefusesRingsThatALaterMoveWouldClose) {
  const Id a = add("A"), b = add("B"), c = add("C");
  move(b, a, date(2025, 9, 1));  // from September on B hangs below A
  const auto told = refused([&](Work& work) { people::move(work, a, b, date(2025, 5, 1)); }, Code::invalid);
  EXPECT_TRUE(says(told, "2025-09-01"));
  move(a, c, date(2025, 5, 1));
}

TEST_P(UnitTest, RefusesToUndoALaterMove) {
  const Id a = add("A"), b = add("B"), unit = add("Unit", a);
  move(unit, b, date(2025, 9, 1));
  EXPECT_TRUE(
      says(refused([&](Work& work) { people::move(work, unit, a, date(2025, 5, 1)); }, Code::conflict), "2025-09-01"));
  refused([&](Work& work) { people::move(work, unit, a, date(2024, 5, 1)); }, Code::conflict);
}

TEST_P(UnitTest, RefusesBadInputAndChangesNothing) {
  const Id a = add("A");
  Unit unit;
  unit.name = "Unit";
  unit.parent = Id{77};
  refused([&](Work& work) { people::create(work, unit, date(2025, 1, 1)); }, Code::not_found);
  unit.parent = a;
  refused([&](Work& work) { people::create(work, unit, kOpenDate); }, Code::invalid);
  refused([&](Work& work) { people::create(work, unit, Date{2147483647}); }, Code::invalid);
  unit.name = " ";
  EXPECT_EQ(refused([&](Work& work) { people::create(work, unit, date(2025, 1, 1)); }, Code::invalid).field, "name");
  unit.name = "bad \xff";
  EXPECT_EQ(refused([&](Work& work) { people::create(work, unit, date(2025, 1, 1)); }, Code::invalid).field, "name");
  EXPECT_FALSE(unit.id);
  refused([&](Work& work) { people::move(work, Id{77}, a, date(2025, 1, 1)); }, Code::not_found);
  refused([&](Work& work) { people::move(work, a, Id{77}, date(2025, 1, 1)); }, Code::not_found);
  refused([&](Work& work) { people::move(work, a, std::nullopt, Date{-2147483647}); }, Code::invalid);
}

TEST_P(UnitTest, UpdatesAllButThePlace) {
  const Id a = add("A"), b = add("B", a);
  Unit unit = session().reader().get<Unit>(b);
  unit.name = "Ｂ Team";
  in_work([&](Work& work) { people::update(work, unit); });
  EXPECT_EQ(unit.revision, 2);
  EXPECT_EQ(session().reader().get<Unit>(b).name_key, "b team");

  Unit stale = unit;
  stale.revision = 1;
  refused([&](Work& work) { people::update(work, stale); }, Code::conflict);
  unit.parent.reset();
  EXPECT_EQ(refused([&](Work& work) { people::update(work, unit); }, Code::invalid).field, "parent");
}

TEST_P(UnitTest, ExternalKeysAreUnique) {
  Unit unit;
  unit.name = "A";
  unit.source = "erp";
  unit.external_id = "7";
  in_work([&](Work& work) { people::create(work, unit, date(2025, 1, 1)); });
  Unit twin = unit;
  twin.id = {};
  refused([&](Work& work) { people::create(work, twin, date(2025, 1, 1)); }, Code::conflict);
}

TEST_P(UnitTest, AMoveAheadShowsWhenItsDayComes) {
  const Id east = add("East"), west = add("West"), team = add("Team", east);
  move(team, west, date(2026, 7, 1));
  const auto parent = [&] { return session().reader().get<Unit>(team).parent; };
  EXPECT_EQ(parent(), east);
  in_work([&](Work& work) {
    Unit row = work.get<Unit>(team);
    row.name = "Our team";
    people::update(work, row);
    EXPECT_EQ(row.parent, east);
  });
  EXPECT_EQ(session().reader().list<Unit>({.where = "parent = :east", .parameters = {{"east", east}}}).size(), 1U);
  EXPECT_TRUE(check(session()).empty());
  store().set_clock("2026-07-01T00:00:00Z");
  EXPECT_EQ(parent(), west);
  EXPECT_EQ(people::ancestors(session().reader(), team, session().reader().today()), std::vector<Id>{west});
}

INSTANTIATE_ON_ALL_BACKENDS(UnitTest);

}  // namespace
}  // namespace kith
