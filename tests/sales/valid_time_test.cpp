// SPDX-License-Identifier: Apache-2.0
// Reading by valid time: who owned what, and where deals stood, on a day; together with what was believed then.
#include "kith/engine/ownership.hpp"
#include "sales/sales_store.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

class ValidTime : public test::SalesTest {
 protected:
  Reader on(std::string_view day, std::optional<std::int64_t> as_of = {}) {
    return session().reader({.as_of_seq = as_of, .valid_on = parse_date(day)});
  }
  std::int64_t assign(const Entity& entity, Id id, std::optional<Id> owner, std::optional<std::string_view> from = {}) {
    Work work = session().work();
    ownership::assign(work, entity, id, owner, from ? std::optional(parse_timestamp(*from)) : std::nullopt);
    return work.commit().seq;
  }
  std::optional<Id> owner_on(std::string_view day, std::optional<std::int64_t> as_of = {}) {
    return on(day, as_of).get<Customer>(acme_).owner;
  }
};

TEST_P(ValidTime, AnOwnerTakesOverOnADayThatWasToldLater) {
  store().set_clock("2026-03-10T12:00:00Z");
  const std::int64_t first = assign(entity_of<Customer>(), acme_, bob_);
  EXPECT_EQ(owner_on("2026-03-09"), ann_);
  EXPECT_EQ(owner_on("2026-03-10"), bob_) << "a day shows how it ended";
  EXPECT_EQ(owner_on("2020-01-01"), ann_) << "before its first change it was always hers";
  store().set_clock("2026-04-20T12:00:00Z");
  const std::int64_t second = assign(entity_of<Customer>(), acme_, cid_, "2026-03-01T00:00:00Z");
  EXPECT_EQ(session().reader().get<Customer>(acme_).owner, cid_);
  EXPECT_EQ(owner_on("2026-03-15"), cid_);
  EXPECT_EQ(owner_on("2026-02-28"), ann_);
  // And what was believed of those days before that.
  EXPECT_EQ(owner_on("2026-03-15", second - 1), bob_);
  EXPECT_EQ(owner_on("2026-03-05", second - 1), ann_);
  EXPECT_EQ(owner_on("2026-03-15", first - 1), ann_);
  const auto rows = ownership::rows_of(session().reader(), entity_of<Customer>(), acme_);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].owner, cid_);
  EXPECT_EQ(rows[1].from, parse_timestamp("2026-03-01T00:00:00Z"));
  in_work([&](Work& work) { history::undo(work, second); });
  EXPECT_EQ(owner_on("2026-03-15"), bob_);
  EXPECT_TRUE(history::verify(session().reader()).faults.empty());
}

TEST_P(ValidTime, EveryVerbThatChangesAnOwnerLeavesItsRow) {
  store().set_clock("2026-02-01T00:00:00Z");
  in_work([&](Work& work) { customer::assign(work, acme_, bob_); });
  store().set_clock("2026-03-01T00:00:00Z");
  in_work([&](Work& work) {
    Customer changed = work.get<Customer>(acme_);
    changed.owner = cid_;
    customer::update(work, changed);
  });
  store().set_clock("2026-04-01T00:00:00Z");
  in_work([&](Work& work) {
    Customer changed = work.get<Customer>(acme_);
    changed.owner.reset();
    changed.sector = "retail";
    customer::update(work, changed);
  });
  EXPECT_EQ(owner_on("2026-01-31"), ann_);
  EXPECT_EQ(owner_on("2026-02-10"), bob_);
  EXPECT_EQ(owner_on("2026-03-31"), cid_);
  EXPECT_FALSE(owner_on("2026-04-01"));
  EXPECT_EQ(on("2026-02-10").get<Customer>(acme_).sector, "retail") << "what has no dated rows is what it is";
  EXPECT_EQ(ownership::rows_of(session().reader(), entity_of<Customer>(), acme_).size(), 4U);
}

TEST_P(ValidTime, ATerritoryIsThatOfTheDay) {
  Id north;
  in_work([&](Work& work) {
    Unit unit;
    unit.name = "North";
    unit.parent = unit_;
    north = people::create(work, unit, date(2025, 1, 1));
  });
  store().set_clock("2026-05-01T08:00:00Z");
  in_work([&](Work& work) { people::transfer(work, bob_, north, date(2026, 4, 1)); });
  assign(entity_of<Customer>(), acme_, bob_, "2026-04-15T00:00:00Z");
  EXPECT_EQ(on("2026-04-14").get<Customer>(acme_).unit, unit_);
  EXPECT_EQ(on("2026-04-15").get<Customer>(acme_).unit, north);
  EXPECT_EQ(on("2026-03-31").get<Employee>(bob_).unit, unit_);
  EXPECT_EQ(on("2026-04-01").get<Employee>(bob_).unit, north);
  EXPECT_EQ(on("2024-12-31").get<Employee>(bob_).unit, std::nullopt);
  // Filters, orders and limits see the day too.
  const auto found = [&](std::string_view day, Id unit) {
    return on(day).list<Customer>({.conditions = {equals(entity_of<Customer>(), "unit", unit)}}).size();
  };
  EXPECT_EQ(found("2026-04-14", unit_), 1U);
  EXPECT_EQ(found("2026-04-14", north), 0U);
  EXPECT_EQ(found("2026-04-15", north), 1U);
  Query query{.where = "unit = :u"};
  query.parameters.emplace("u", Value(north));
  query.order = {"unit desc", "name"};
  query.fields = {"name"};
  query.limit = 1;
  EXPECT_EQ(on("2026-04-15").list<Customer>(query).size(), 1U);
  EXPECT_TRUE(on("2026-04-14").list<Customer>(query).empty());
}

TEST_P(ValidTime, DealsStandWhereTheyStood) {
  store().set_clock("2026-02-01T09:00:00Z");
  Opportunity deal = draft("Big");
  deal.amount = Amount{500'000};
  const Id id = add(deal);
  store().set_clock("2026-02-10T09:00:00Z");
  in_work([&](Work& work) { sales::advance(work, id, "offer"); });
  store().set_clock("2026-03-20T09:00:00Z");
  in_work([&](Work& work) { sales::win(work, id, date(2026, 3, 5), "price"); });
  const auto stage_on = [&](std::string_view day) {
    const Reader reader = on(day);
    return reader.get<Stage>(reader.get<Opportunity>(id).stage).name;
  };
  EXPECT_FALSE(on("2026-01-31").find<Opportunity>(id)) << "it was not there yet";
  EXPECT_TRUE(on("2026-01-31").list<Opportunity>().empty());
  EXPECT_EQ(stage_on("2026-02-09"), "prospect");
  EXPECT_EQ(stage_on("2026-02-10"), "offer");
  const Opportunity then = on("2026-03-04").get<Opportunity>(id);
  EXPECT_EQ(then.status, DealStatus::open);
  EXPECT_FALSE(then.closed_on);
  EXPECT_FALSE(then.reason);
  const Opportunity later = on("2026-03-05").get<Opportunity>(id);
  EXPECT_EQ(later.status, DealStatus::won);
  EXPECT_EQ(later.closed_on, date(2026, 3, 5));
  EXPECT_EQ(on("2026-03-04").list<Opportunity>({.where = "status = 'open'"}).size(), 1U);
  EXPECT_EQ(on("2026-03-05").list<Opportunity>({.where = "status = 'open'"}).size(), 0U);
  EXPECT_EQ(sales::stage_rows(on("2026-02-09"), id).size(), 1U);
  EXPECT_EQ(sales::stage_rows(on("2026-02-09"), id).front().to, kOpenTime);
}

TEST_P(ValidTime, ReportsAnswerForTheDay) {
  store().set_clock("2026-02-01T09:00:00Z");
  Opportunity deal = draft("Big");
  deal.amount = Amount{500'000};
  const Id id = add(deal);
  store().set_clock("2026-03-20T09:00:00Z");
  in_work([&](Work& work) { sales::win(work, id, date(2026, 3, 5), "price"); });
  assign(entity_of<Opportunity>(), id, bob_, "2026-03-01T00:00:00Z");
  const auto open_deals = [](const Reader& reader) {
    const Table table = reader.report("pipeline");
    std::int64_t deals = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      deals += std::get<std::int64_t>(table.value(row, table.at("deals")));
    }
    return deals;
  };
  EXPECT_EQ(open_deals(on("2026-03-04")), 1);
  EXPECT_EQ(open_deals(on("2026-03-05")), 0);
  EXPECT_EQ(open_deals(on("2026-01-15")), 0);
  EXPECT_EQ(sales::weighted_total(on("2026-03-04")).minor, 50'000);
  EXPECT_EQ(sales::weighted_total(on("2026-03-05")).minor, 0);
  // As of the moment before the win was told, the deal was believed to be open on that day.
  const Reader believed = on("2026-03-05", session().reader().seq() - 2);
  EXPECT_EQ(open_deals(believed), 1);
  EXPECT_EQ(believed.today(), date(2026, 3, 5));
  const auto owner_of = [&](std::string_view day) { return on(day).get<Opportunity>(id).owner; };
  EXPECT_EQ(owner_of("2026-02-28"), ann_);
  EXPECT_EQ(owner_of("2026-03-01"), bob_);
}

TEST_P(ValidTime, RightsAreThoseOfThePresent) {
  store().set_clock("2026-03-10T12:00:00Z");
  assign(entity_of<Customer>(), acme_, bob_);
  Session ann = store().engine->session("ann"), bob = store().engine->session("bob");
  const ReadOptions before{.valid_on = date(2026, 2, 1)};
  EXPECT_FALSE(ann.reader(before).find<Customer>(acme_)) << "it is no longer hers to see";
  EXPECT_TRUE(ann.reader(before).list<Customer>().empty());
  ASSERT_TRUE(bob.reader(before).find<Customer>(acme_));
  EXPECT_EQ(bob.reader(before).get<Customer>(acme_).owner, ann_);
  EXPECT_EQ(bob.reader(before).list<Customer>().size(), 1U);
  EXPECT_TRUE(bob.reader(before).may(Action::edit, entity_of<Customer>(), acme_));
}

TEST_P(ValidTime, IsRefusedWithItsReason) {
  EXPECT_KITH_ERROR(session().reader({.valid_on = kOpenDate}), Code::invalid, "is no day");
  refused([&](Work& work) { ownership::assign(work, entity_of<Product>(), acme_, bob_); }, Code::invalid);
  refused([&](Work& work) { ownership::assign(work, entity_of<Customer>(), {5}, bob_); }, Code::not_found);
  refused([&](Work& work) { ownership::assign(work, entity_of<Customer>(), acme_, Id{5}); }, Code::not_found);
  EXPECT_TRUE(test::says(refused(
                             [&](Work& work) {
                               ownership::assign(work, entity_of<Customer>(), acme_, bob_,
                                                 parse_timestamp("2030-01-01T00:00:00Z"));
                             },
                             Code::invalid),
                         "lies in the future"));
  Session bob = store().engine->session("bob");
  refused_for(
      bob, [&](Work& work) { ownership::assign(work, entity_of<Customer>(), acme_, bob_); }, Code::not_found);
  EXPECT_KITH_ERROR(ownership::rows_of(bob.reader(), entity_of<Customer>(), acme_), Code::not_found, "no customer");
}

INSTANTIATE_ON_ALL_BACKENDS(ValidTime);

}  // namespace
}  // namespace kith
