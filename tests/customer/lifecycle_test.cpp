// SPDX-License-Identifier: Apache-2.0
#include "kith/customer/lifecycle.hpp"

#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class LifecycleTest : public test::StoreTest {
 protected:
  void adjust(Options& options) override { options.zone = "Asia/Shanghai"; }
  std::string_view start() const override { return "2025-12-31T00:00:00Z"; }

  Id add(std::string name = "Acme") {
    Customer row;
    row.name = std::move(name);
    in_work([&](Work& work) { customer::create(work, row); });
    return row.id;
  }
  static Timestamp day(int year, int month, int day_of_month) {
    return start_of_day(date(year, month, day_of_month), "Asia/Shanghai");
  }
  void advance(Id id, std::string_view stage, Timestamp at) {
    in_work([&](Work& work) { customer::advance(work, id, stage, at); });
  }
  std::string stage_of(Id id) {
    const Reader reader = session().reader();
    return reader.get<LifecycleStage>(*reader.get<Customer>(id).stage).name;
  }
  std::string highest_of(Id id) {
    const Reader reader = session().reader();
    return reader.get<LifecycleStage>(*reader.get<Customer>(id).highest_stage).name;
  }
  LifecycleStage stage(std::string_view name) {
    return *session().reader().find_one<LifecycleStage>(
        {.conditions = {equals(entity_of<LifecycleStage>(), "name", name)}});
  }
};

// Case AL1: Lead 2026-01-01, MQL 01-05, SQL 01-09, back to Lead 01-12 (manual, reason), MQL 01-20, Customer 02-01:
// days Lead 12, MQL 16, SQL 3; highest before 02-01 = SQL; automatic attempt Customer -> Lead refused.
TEST_P(LifecycleTest, AL1) {
  store().set_clock(day(2026, 1, 1));
  const Id acme = add();
  store().set_clock(day(2026, 3, 1));
  advance(acme, "lead", day(2026, 1, 1));
  advance(acme, "MQL", day(2026, 1, 5));
  advance(acme, "SQL", day(2026, 1, 9));
  in_work([&](Work& work) { customer::set_stage(work, acme, "lead", "budget withdrawn", day(2026, 1, 12)); });
  EXPECT_EQ(stage_of(acme), "lead");
  EXPECT_EQ(highest_of(acme), "SQL");
  advance(acme, "MQL", day(2026, 1, 20));
  advance(acme, "customer", day(2026, 2, 1));

  const Reader reader = session().reader();
  const auto times = customer::time_in_stages(reader, acme, date(2026, 2, 1));
  std::vector<std::pair<std::string, std::int64_t>> shown;
  for (const auto& time : times) shown.emplace_back(time.stage, time.days);
  EXPECT_EQ(shown, (std::vector<std::pair<std::string, std::int64_t>>{
                       {"subscriber", 0}, {"lead", 12}, {"MQL", 16}, {"SQL", 3}, {"customer", 0}}));
  EXPECT_EQ(customer::highest_stage(reader, acme, day(2026, 2, 1)), "SQL");
  EXPECT_EQ(customer::highest_stage(reader, acme, day(2026, 2, 2)), "customer");
  EXPECT_EQ(customer::highest_stage(reader, acme, day(2026, 1, 1)), std::nullopt);
  EXPECT_EQ(highest_of(acme), "customer");

  const Error told = refused([&](Work& work) { customer::advance(work, acme, "lead", day(2026, 3, 1)); }, Code::state);
  EXPECT_TRUE(says(told, "automatic moves only go forward"));
  EXPECT_TRUE(says(told, "use set_stage with a reason"));
}

TEST_P(LifecycleTest, TimeCountsUpToTheDayAsked) {
  store().set_clock(day(2026, 1, 1));
  const Id acme = add();
  store().set_clock(day(2026, 1, 20));
  advance(acme, "lead", day(2026, 1, 10));
  advance(acme, "MQL", day(2026, 1, 20));
  const Error future =
      refused([&](Work& work) { customer::advance(work, acme, "SQL", day(2026, 1, 21)); }, Code::invalid);
  EXPECT_TRUE(says(future, "lies in the future"));
  const Reader reader = session().reader();
  const auto times = customer::time_in_stages(reader, acme, date(2026, 1, 15));
  ASSERT_EQ(times.size(), 2U);
  EXPECT_EQ(times[0].days, 9);
  EXPECT_EQ(times[1].days, 5);
  EXPECT_EQ(customer::time_in_stages(reader, acme, date(2026, 1, 25)).back().days, 5);
  EXPECT_TRUE(customer::time_in_stages(reader, acme, date(2025, 12, 31)).empty());
}

TEST_P(LifecycleTest, CountsCalendarDaysOfTheStoresZone) {
  store().set_clock("2026-01-01T15:59:00Z");  // 23:59 in Shanghai
  const Id acme = add();
  store().set_clock("2026-01-01T16:01:00Z");
  advance(acme, "lead", parse_timestamp("2026-01-01T16:01:00Z"));  // two minutes later, on the next day
  EXPECT_EQ(customer::time_in_stages(session().reader(), acme, date(2026, 1, 3)).at(0).days, 1);
}

TEST_P(LifecycleTest, StaysOfNoLengthAreKeptInOrder) {
  const Id acme = add();
  for (const char* name : {"lead", "MQL", "SQL"}) {
    in_work([&](Work& work) { customer::advance(work, acme, name); });
  }
  const Reader reader = session().reader();
  const auto rows = reader.list<CustomerStage>({.order = {"from", "to", "seq"}});
  ASSERT_EQ(rows.size(), 4U);
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    EXPECT_EQ(rows[i].from, rows[i].to);
    EXPECT_EQ(reader.get<LifecycleStage>(rows[i].stage).name, customer::lifecycle(reader)[i].name);
  }
  EXPECT_EQ(stage_of(acme), "SQL");
  EXPECT_EQ(reader.get<Customer>(acme).revision, 4);
}

TEST_P(LifecycleTest, SeveralMovesInOneWork) {
  const Id acme = add();
  in_work([&](Work& work) {
    customer::advance(work, acme, "lead");
    customer::advance(work, acme, "SQL");
    customer::set_stage(work, acme, "subscriber", "wrong person");
  });
  EXPECT_EQ(stage_of(acme), "subscriber");
  EXPECT_EQ(highest_of(acme), "SQL");
}

TEST_P(LifecycleTest, RefusesBadMovesAndChangesNothing) {
  const Id acme = add();
  store().set_clock("2026-03-01T00:00:00Z");
  in_work([&](Work& work) { customer::advance(work, acme, "MQL"); });
  Error told = refused([&](Work& work) { customer::advance(work, acme, "opportunty"); }, Code::invalid);
  EXPECT_TRUE(says(told, "Did you mean opportunity?"));
  refused([&](Work& work) { customer::advance(work, acme, "bad \xff"); }, Code::invalid);
  refused([&](Work& work) { customer::advance(work, acme, ""); }, Code::invalid);
  refused([&](Work& work) { customer::advance(work, acme, "MQL"); }, Code::state);
  refused([&](Work& work) { customer::advance(work, Id{5}, "SQL"); }, Code::not_found);
  told = refused([&](Work& work) { customer::advance(work, acme, "SQL", parse_timestamp("2026-02-28T23:59:59Z")); },
                 Code::state);
  EXPECT_TRUE(says(told, "2026-03-01T00:00:00Z"));
  refused([&](Work& work) { customer::advance(work, acme, "SQL", kOpenTime); }, Code::invalid);

  EXPECT_EQ(refused([&](Work& work) { customer::set_stage(work, acme, "lead", " "); }, Code::invalid).field, "reason");
  refused([&](Work& work) { customer::set_stage(work, acme, "lead", std::string(1001, 'x')); }, Code::invalid);
  refused([&](Work& work) { customer::set_stage(work, acme, "lead", "bad \xff"); }, Code::invalid);
  refused([&](Work& work) { customer::set_stage(work, acme, "MQL", "same"); }, Code::state);
  refused(
      [&](Work& work) { customer::set_stage(work, acme, "lead", "early", parse_timestamp("2026-02-01T00:00:00Z")); },
      Code::state);
  EXPECT_EQ(stage_of(acme), "MQL");
}

TEST_P(LifecycleTest, APersonMayMoveForwardWithoutAReason) {
  const Id acme = add();
  in_work([&](Work& work) { customer::set_stage(work, acme, "SQL", ""); });
  EXPECT_EQ(stage_of(acme), "SQL");
  const auto rows = session().reader().list<CustomerStage>({.order = {"from", "to"}});
  EXPECT_EQ(rows.back().cause, MoveCause::manual);
  EXPECT_EQ(rows.back().reason, std::nullopt);
}

TEST_P(LifecycleTest, StagesAreConfigured) {
  LifecycleStage evangelist;
  evangelist.name = "evangelist";
  evangelist.rank = 70;
  in_work([&](Work& work) { customer::configure(work, evangelist); });
  EXPECT_EQ(customer::lifecycle(session().reader()).back().name, "evangelist");
  evangelist.name = "advocate";
  in_work([&](Work& work) { customer::configure(work, evangelist); });
  EXPECT_EQ(customer::lifecycle(session().reader()).back().name, "advocate");

  LifecycleStage twin;
  twin.name = "advocate";
  twin.rank = 80;
  refused([&](Work& work) { customer::configure(work, twin); }, Code::conflict);
  twin.name = "fan";
  twin.rank = 70;
  refused([&](Work& work) { customer::configure(work, twin); }, Code::conflict);
  twin.id = Id{5};
  refused([&](Work& work) { customer::configure(work, twin); }, Code::not_found);
  twin.id = {};
  twin.name = "";
  refused([&](Work& work) { customer::configure(work, twin); }, Code::invalid);
}

TEST_P(LifecycleTest, TheOrderOfStagesThatWereEnteredStands) {
  const Id acme = add();
  in_work([&](Work& work) { customer::advance(work, acme, "MQL"); });
  LifecycleStage mql = stage("MQL");
  mql.rank = 45;  // past SQL
  EXPECT_TRUE(says(refused([&](Work& work) { customer::configure(work, mql); }, Code::state), "'SQL'"));
  mql.rank = 35;  // no stage in between
  in_work([&](Work& work) { customer::configure(work, mql); });
  LifecycleStage sql = stage("SQL");
  sql.rank = 5;  // nobody was there yet
  in_work([&](Work& work) { customer::configure(work, sql); });
  EXPECT_EQ(customer::lifecycle(session().reader()).front().name, "SQL");
}

INSTANTIATE_ON_ALL_BACKENDS(LifecycleTest);

}  // namespace
}  // namespace kith
