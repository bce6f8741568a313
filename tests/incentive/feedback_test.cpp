// SPDX-License-Identifier: Apache-2.0
// Live feedback and the morning digest: golden cases as data, and what they must never do.
#include "kith/incentive/feedback.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "incentive/incentive_fixture.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

using nlohmann::json;
using test::says;

class FeedbackTest : public test::IncentiveTest {
 protected:
  Id target(Id whose, std::int64_t cents, std::string_view period = "2025-Q2") {
    Quota row;
    row.period = period;
    row.employee = whose;
    row.amount = Amount{cents};
    in_work([&](Work& work) { incentive::set_quota(work, row); });
    return row.id;
  }
  static Opportunity deal_of(Id owner, std::int64_t cents, std::string_view day, std::string title = "order") {
    Opportunity row;
    row.title = std::move(title);
    row.owner = owner;
    row.amount = Amount{cents};
    row.status = DealStatus::won;
    row.closed_on = parse_date(day);
    row.reason = "price";
    return row;
  }
  static std::string percent(std::int64_t actual, std::int64_t goal) {
    const auto share = incentive::compute_attainment(actual, goal);
    return share ? to_string(*share) : "n/a";
  }
  static json answer(const std::vector<Progress>& rows) {
    json told = {{"commission", json::array()}, {"attained", json::array()}, {"percent", json::array()}};
    for (const Progress& row : rows) {
      const std::string moved = to_string(Money{row.after.minor - row.before.minor, row.currency});
      if (row.kind == ProgressKind::commission) {
        told["commission"].push_back(moved);
        continue;
      }
      told["attained"].push_back(moved);
      told["percent"].push_back(
          {percent(row.before.minor, row.goal->minor), percent(row.after.minor, row.goal->minor)});
    }
    told["en"] = incentive::to_text(rows);
    told["zh"] = incentive::to_text(rows, Language::chinese);
    return told;
  }
};

TEST_P(FeedbackTest, EveryGoldenCaseHolds) {
  std::ifstream file(test::source_dir() / "tests/incentive/store_cases/feedback.json");
  const json document = json::parse(file);
  std::set<std::string> ids;
  int number = 0;
  for (const json& row : document.at("cases")) {
    SCOPED_TRACE(row.at("id").get<std::string>() + " (" + row.at("source").get<std::string>() + ")");
    ids.insert(row.at("id").get<std::string>());
    const json& given = row.at("given");
    const std::string name = "plan " + std::to_string(++number);
    plan({.name = name,
          .interval = "quarter",
          .components = {{"revenue", {{"0", given.at("rate").get<std::string>()}}}}});
    const auto cents = [&](const json& text) { return parse_money(text.get<std::string>(), currency("USD")).minor; };
    std::vector<Id> people;
    std::vector<SplitShare> shares;
    for (const json& share : given.at("shares")) {
      people.push_back(employee("Person"));
      assigned(name, people.back());
      target(people.back(), cents(given.at("target")));
      shares.push_back({people.back(), parse_decimal(share.get<std::string>())});
    }
    for (const json& amount : given.at("before")) won(people.front(), cents(amount), "2025-04-02");
    in_work([&](Work& work) {
      Opportunity order = deal_of(people.front(), cents(given.at("order")), "2025-04-03");
      sales::create(work, order);
      sales::set_splits(work, order.id, shares);
      const json told = answer(incentive::catch_up(work));
      for (const auto& [key, value] : row.at("expect").items()) EXPECT_EQ(told.at(key), value) << key;
      EXPECT_EQ(answer(incentive::catch_up(work)), told) << "asked twice in one work";
    });
  }
  for (const char* id : {"AK5", "K9", "K10"}) EXPECT_TRUE(ids.contains(id)) << id << " has no case";
}

TEST_P(FeedbackTest, StandsInTheFeedAndFollowsTheWork) {
  plan({.interval = "quarter", .components = {{"revenue", {{"0", "0.03"}, {"1000", "0.05"}}}}});
  const Id team = unit("Team");
  const Id ann = employee("Ann", team);
  assigned("field", ann);
  const Id own = target(ann, 200'000);
  const Id first = won(ann, 90'000, "2025-04-02");
  const std::int64_t feed = history::changes(session().reader(), 0, 100'000).back().id.value;
  {
    Work work = session().work();
    Opportunity order = deal_of(ann, 20'000, "2025-04-03");
    sales::create(work, order);
    // 900 + 200: the last 100 at 5 %, 27.00 -> 30.00 + 5.00.
    EXPECT_EQ(incentive::to_text(incentive::catch_up(work)), "+8.00 commission, 45.00 % to 55.00 % of target\n");
    sales::reopen(work, first, "the customer steps back");
    EXPECT_EQ(incentive::to_text(incentive::catch_up(work)), "-21.00 commission, 45.00 % to 10.00 % of target\n");
    sales::win(work, first, parse_date("2025-04-02"), "for less", Amount{70'000});
    EXPECT_TRUE(incentive::catch_up(work).empty()) << "as much as before the work";
    sales::reopen(work, first, "after all");
    sales::win(work, first, parse_date("2025-04-02"), "as agreed", Amount{90'000});
    incentive::catch_up(work);
    work.commit();
  }
  const auto rows = session().reader().list<Progress>({.order = {"kind"}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].before.minor, 2'700);
  EXPECT_EQ(rows[0].after.minor, 3'500);
  EXPECT_EQ(rows[0].name, "field");
  EXPECT_EQ(rows[0].unit, team);
  EXPECT_EQ(rows[1].quota, own);
  EXPECT_EQ(rows[1].goal, Amount{200'000});
  std::int64_t told = 0;
  for (const ChangeRow& change : history::changes(session().reader(), feed, 1000)) told += change.entity == "progress";
  EXPECT_EQ(told, 2);
  in_work([&](Work& work) {
    EXPECT_TRUE(incentive::catch_up(work).empty()) << "nothing was done yet";
    Customer other{.name = "Somebody"};
    customer::create(work, other);
    EXPECT_TRUE(incentive::catch_up(work).empty()) << "that earns nothing";
  });
}

TEST_P(FeedbackTest, AMoveToComeChangesNoUnit) {
  plan({.interval = "quarter"});
  const Id team = unit("Team");
  const Id next = unit("Next");
  const Id ann = employee("Ann", team);
  assigned("field", ann);
  target(ann, 200'000);
  in_work([&](Work& work) { people::transfer(work, ann, next, date(2026, 2, 1)); });
  const auto units = [&](std::int64_t cents) {
    Work work = session().work();
    Opportunity order = deal_of(ann, cents, "2025-04-03");
    sales::create(work, order);
    std::set<std::optional<Id>> found;
    for (const Progress& row : incentive::catch_up(work)) found.insert(row.unit);
    work.commit();
    return found;
  };
  EXPECT_EQ(units(20'000), std::set<std::optional<Id>>{team});
  store().set_clock("2026-02-01T00:00:00Z");
  EXPECT_EQ(units(30'000), std::set<std::optional<Id>>{next});
}

TEST_P(FeedbackTest, ASellerGetsTheirOwnAndNeedsNoOtherRight) {
  plan({.interval = "quarter"});
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  for (const Id one : {ann, bob}) assigned("field", one);
  for (const Id one : {ann, bob}) target(one, 100'000);
  Id order;
  in_work([&](Work& work) {
    access::add_principal(work, "ann", ann, {"seller"});
    Opportunity deal{.title = "order", .owner = ann, .amount = Amount{10'000}};
    order = sales::create(work, deal);
    sales::set_splits(work, order, {{ann, {5, 1}}, {bob, {5, 1}}});
    access::set_grant(work, "seller", "opportunity", Action::close, Level::own);
  });
  Session seller = store().engine->session("ann");
  Work work = seller.work();
  sales::win(work, order, parse_date("2025-04-03"), "price");
  const auto mine = incentive::catch_up(work);
  EXPECT_EQ(incentive::to_text(mine), "+2.50 commission, 0.00 % to 5.00 % of target\n");
  work.commit();
  EXPECT_EQ(seller.reader().list<Progress>().size(), 2U);
  EXPECT_EQ(session().reader().list<Progress>().size(), 4U);
}

TEST_P(FeedbackTest, TheMorningTellsWhatTheDayBeforeBrought) {
  plan({.interval = "quarter"});
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  assigned("field", ann);
  const Id own = target(ann, 100'000);
  Customer acme{.name = "Acme", .owner = ann};
  QuotaMilestone visit{.quota = own, .title = "Visit Acme", .due = parse_date("2025-04-01")};
  Opportunity open{.title = "Crates", .owner = ann, .amount = Amount{5}, .expected_on = parse_date("2025-04-04")};
  in_work([&](Work& work) {
    customer::create(work, acme);
    incentive::set_milestone(work, visit);
    sales::create(work, open);
  });
  won(ann, 30'000, "2025-04-01");
  won(ann, 10'000, "2025-04-03", {}, "Boxes");
  change(won(bob, 500, "2025-04-03", {}, "Lids"), [&](Opportunity& deal) { deal.customer = acme.id; });
  won(ann, 7'000, "2025-04-04");  // today's, not yesterday's
  const MorningDigest morning = incentive::digest(session().reader(), ann, parse_date("2025-04-04"));
  EXPECT_EQ(morning.deals.size(), 2U);
  EXPECT_EQ(morning.credited.minor, 10'000);
  EXPECT_EQ(morning.month_to_date.minor, 40'000);
  EXPECT_EQ(incentive::to_text(morning),
            "Ann, the morning of 2025-04-04\n"
            "Won Boxes: 100.00 USD, credited 100.00 USD\n"
            "Won Lids: 5.00 USD, credited 0.00 USD\n"
            "Yesterday 100.00 USD, month to date 400.00 USD\n"
            "field 2025-Q2: +5.00 commission\n"
            "won amount 2025-Q2: 30.00 % to 40.00 % of target\n"
            "Due 2025-04-01: Visit Acme (overdue)\n"
            "Due 2025-04-04: Crates\n");
  EXPECT_EQ(incentive::to_text(morning, Language::chinese),
            "Ann，2025-04-04 早报\n成交 Boxes：100.00 USD，计入 100.00 USD\n成交 Lids：5.00 USD，计入 0.00 USD\n"
            "昨日 100.00 USD，本月至今 400.00 USD\nfield 2025-Q2: 提成 +5.00\n赢单金额 2025-Q2: 目标达成 30.00 % → "
            "40.00 %\n"
            "到期 2025-04-01 Visit Acme（已逾期）\n到期 2025-04-04 Crates\n");
  const Table table = session().reader().report("digest", {{"employee", ann}, {"day", parse_date("2025-04-04")}});
  EXPECT_EQ(table.rows(), 2U + 2 + 2 + 2);
  const std::string quiet = incentive::to_text(incentive::digest(session().reader(), bob, parse_date("2025-04-01")));
  EXPECT_TRUE(quiet.find("No deal was won yesterday.") != std::string::npos) << quiet;
}

TEST_P(FeedbackTest, ADigestIsHandedOutOnceToThosePermitted) {
  const Id ann = employee("Ann");
  const Id bob = employee("Bob");
  in_work([&](Work& work) { access::add_principal(work, "bob", bob, {"seller"}); });
  DigestDelivery first;
  in_work([&](Work& work) { first = incentive::deliver_digest(work, ann, parse_date("2025-04-04")); });
  won(ann, 10'000, "2025-04-03");
  in_work([&](Work& work) {
    const DigestDelivery again = incentive::deliver_digest(work, ann, parse_date("2025-04-04"));
    EXPECT_EQ(again.id, first.id);
    EXPECT_EQ(again.text, first.text);
  });
  Session seller = store().engine->session("bob");
  EXPECT_EQ(incentive::digest(seller.reader(), bob, parse_date("2025-04-04")).name, "Bob");
  refused_for(
      seller, [&](Work& work) { incentive::deliver_digest(work, ann, parse_date("2025-04-05")); }, Code::denied);
  refused([&](Work& work) { incentive::deliver_digest(work, Id{99}, parse_date("2025-04-05")); }, Code::not_found);
}

/// Whatever is done to deals, the figures that each work has told lead without a gap to what statements and attainment
/// then say.
TEST_P(FeedbackTest, WhatWasToldAddsUpToWhatIs) {
  plan({.interval = "quarter", .components = {{"revenue", {{"0", "0.03"}, {"1000", "0.0555"}, {"2500", "0.08"}}}}});
  std::vector<Id> people;
  std::map<Id, Id> quotas;
  for (int i = 0; i < 3; ++i) {
    people.push_back(employee("P" + std::to_string(i)));
    assigned("field", people.back());
    quotas[people.back()] = target(people.back(), 300'001);
  }
  std::mt19937 random(20260309);
  const auto below = [&](std::size_t count) { return std::size_t{random()} % count; };
  std::vector<Id> deals;
  std::map<std::pair<Id, ProgressKind>, std::int64_t> told;
  for (int step = 0; step < 40; ++step) {
    in_work([&](Work& work) {
      for (std::size_t change = 0; change <= below(3); ++change) {
        const std::size_t what = deals.size() < 3 ? 0 : below(4);
        if (what == 0) {
          const std::string day = "2025-0" + std::to_string(4 + below(3)) + "-1" + std::to_string(below(10));
          Opportunity deal = deal_of(people[below(3)], static_cast<std::int64_t>(1 + below(90'000)), day);
          deals.push_back(sales::create(work, deal));
          continue;
        }
        const Id id = deals[below(deals.size())];
        const Opportunity deal = work.get<Opportunity>(id);
        if (what == 1) {
          sales::set_splits(work, id, {{people[0], {3333, 4}}, {people[1 + below(2)], {6667, 4}}});
        } else if (deal.status == DealStatus::won) {
          sales::reopen(work, id, "once more");
        } else {
          const std::int64_t amount = static_cast<std::int64_t>(1 + below(90'000));
          sales::win(work, id, date(2025, 4 + static_cast<int>(below(3)), 20), "price", Amount{amount});
        }
      }
      for (const Progress& row : incentive::catch_up(work)) {
        std::int64_t& sum = told[{row.employee, row.kind}];
        EXPECT_EQ(row.before.minor, sum) << "follows what was told last";
        sum = row.after.minor;
      }
    });
  }
  run("2025-Q2");
  for (const Id person : people) {
    EXPECT_EQ((told[{person, ProgressKind::commission}]), statement(person, "2025-Q2").total.minor);
    const auto node = incentive::attainment(session().reader(), quotas[person]).front();
    EXPECT_EQ((told[{person, ProgressKind::attainment}]), node.actual.minor);
  }
  std::map<std::pair<Id, ProgressKind>, std::int64_t> stored;
  for (const Progress& row : session().reader().list<Progress>()) {
    stored[{row.employee, row.kind}] += row.after.minor - row.before.minor;
  }
  EXPECT_EQ(stored, told);
}

INSTANTIATE_ON_ALL_BACKENDS(FeedbackTest);

}  // namespace
}  // namespace kith
