// SPDX-License-Identifier: Apache-2.0
// Rates of foreign events: which one counts, what is said where there is none, and whom that stops.
#include "incentive/general_fixture.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/people/exchange_rate.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace {

using test::GeneralText;
using test::Json;
using test::says;

class GeneralRatesTest : public test::GeneralTest {
 protected:
  void rate(std::string_view from, std::string_view to, std::int64_t hundredths) {
    ExchangeRate row;
    row.from_currency = currency("EUR");
    row.to_currency = currency("USD");
    row.rate = rescale(Decimal{hundredths, 2}, kExchangeScale);
    row.from = parse_date(from);
    row.to = to.empty() ? kOpenDate : parse_date(to);
    row.source = "ECB";
    in_work([&](Work& work) { people::set_rate(work, row); });
  }
  static incentive::EventRow euros(std::string id, std::string_view day, std::int64_t cents, Id who) {
    incentive::EventRow row = sale(std::move(id), day, cents, who);
    row.amount.currency = currency("EUR");
    return row;
  }
};

TEST_P(GeneralRatesTest, ARateThatHasEndedIsNotTakenForALaterDay) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  rate("2025-01-01", "2025-01-10", 110);
  post({euros("1", "2025-01-05", 100'000, ann)});
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 5'500);
  post({euros("2", "2025-01-20", 100'000, ann)});
  const std::string before = to_hex(state_digest(session()));
  for (const auto& verb :
       {&incentive::close, +[](Work& work, std::string_view label) { incentive::run(work, label); }}) {
    const Error told = refused([&](Work& work) { verb(work, "2025-01"); }, Code::invalid);
    EXPECT_TRUE(says(told, "shop:2")) << told.what();
    EXPECT_TRUE(says(told,
                     "transaction rate from EUR to USD on 2025-01-20; add it to the rates of the inputs, in a "
                     "store set a market rate that holds on that day"))
        << told.what();
  }
  EXPECT_EQ(to_hex(state_digest(session())), before);
  rate("2025-01-10", "", 120);
  run("2025-01"), close("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 11'500);
}

TEST_P(GeneralRatesTest, AnEventWithoutARateStopsOnlyThoseItConcerns) {
  const Id ann = employee("Ann"), bob = employee("Bob"), guest = employee("Guest");
  general(GeneralText{});
  assigned("general", ann), assigned("general", bob);
  post({sale("1", "2025-01-05", 100'000, ann), sale("2", "2025-01-06", 100'000, bob),
        euros("3", "2025-01-07", 100'000, guest)});
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 5'000);
  const Id open = statement(ann, "2025-01").id;

  post({euros("4", "2025-01-08", 100'000, bob)});
  EXPECT_TRUE(says(refused([&](Work& work) { incentive::close(work, "2025-01"); }, Code::invalid), "shop:4"));
  EXPECT_TRUE(incentive::recheck_statement(session().reader(), open).empty());
  EXPECT_TRUE(incentive::recheck_statement(session().reader(), statement(bob, "2025-01").id).empty());

  post({[&] {
    incentive::EventRow gone = euros("4", "2025-01-08", 100'000, bob);
    gone.version = 2;
    gone.cancelled = true;
    return gone;
  }()});
  run("2025-01"), close("2025-01");
  EXPECT_EQ(total(bob, "2025-01"), 5'000);
}

TEST_P(GeneralRatesTest, AnOlderEventWithoutARateKeepsBackOnlyThoseItMayPay) {
  const Id ann = employee("Ann"), bob = employee("Bob"), boss = employee("Boss");
  reports_to(ann, boss), reports_to(bob, boss);
  general(GeneralText{.override_rate = "1 %"});
  for (const Id one : {ann, bob, boss}) assigned("general", one);
  post({euros("1", "2025-01-05", 100'000, ann)});
  const auto after = [&](const std::vector<incentive::EventRow>& rows) {
    std::vector<std::pair<Id, std::int64_t>> moved;
    in_work([&](Work& work) {
      incentive::post_events(work, rows);
      for (const Progress& row : incentive::catch_up(work)) {
        moved.emplace_back(row.employee, row.after.minor - row.before.minor);
      }
    });
    return moved;
  };
  EXPECT_EQ(after({sale("2", "2025-01-06", 100'000, bob)}), (std::vector{std::pair(bob, std::int64_t{5'000})}));
  EXPECT_TRUE(after({sale("3", "2025-01-06", 100'000, ann)}).empty()) << "what is Ann's cannot be told yet";
  {
    Work work = session().work();  // never committed
    incentive::post_events(work, std::vector<incentive::EventRow>{euros("4", "2025-01-08", 100'000, bob)});
    EXPECT_KITH_ERROR(incentive::catch_up(work), Code::invalid, "shop:4");
  }
  const Error told = refused([&](Work& work) { incentive::run(work, "2025-01"); }, Code::invalid);
  EXPECT_TRUE(says(told, "shop:1")) << told.what();
  rate("2025-01-01", "", 100);
  EXPECT_EQ(after({sale("5", "2025-01-09", 100'000, ann)}).size(), 2U) << "Ann and above her the boss";
}

TEST_P(GeneralRatesTest, AMorningTellsWhatItCanAndWhyNotTheRest) {
  const Id ann = employee("Ann"), bob = employee("Bob");
  general(GeneralText{});
  assigned("general", ann), assigned("general", bob);
  post({euros("1", "2025-01-05", 100'000, ann), sale("2", "2025-01-06", 100'000, bob),
        sale("3", "2025-01-06", 100'000, ann)});
  const auto morning_of = [&](Id person) {
    return incentive::digest(session().reader(), person, parse_date("2025-01-07"));
  };
  const MorningDigest own = morning_of(bob);
  EXPECT_TRUE(own.untold.empty()) << "Ann's event is none of Bob's";
  ASSERT_EQ(own.progress.size(), 1U);
  EXPECT_EQ(own.progress[0].after.minor, 5'000);

  const MorningDigest kept_back = morning_of(ann);
  EXPECT_TRUE(kept_back.progress.empty());
  ASSERT_EQ(kept_back.untold.size(), 1U);
  const std::string why = kept_back.untold[0] + "\n";
  EXPECT_TRUE(why.starts_with("general 2025-01: ")) << why;
  EXPECT_NE(why.find("shop:1"), std::string::npos) << why;
  EXPECT_TRUE(incentive::to_text(kept_back).ends_with("\nCommission cannot be told: " + why));
  EXPECT_TRUE(incentive::to_text(kept_back, Language::chinese).ends_with("\n提成无法计算：" + why));
  const Table table = session().reader().report("digest", {{"employee", ann}, {"day", parse_date("2025-01-07")}});
  EXPECT_EQ(table.rows(), 3U) << "credited yesterday, in the month, and what cannot be told";
}

TEST_P(GeneralRatesTest, AMorningTellsNothingOfAContestOfOthers) {
  const Id ann = employee("Ann"), bob = employee("Bob");
  general(GeneralText{});
  Json contest = GeneralText{.name = "contest"}.json();
  contest["components"][0] = Json::parse(R"({"name": "contest", "kind": "rank", "basis": {"measure": "sales"},
      "prizes": ["300", "200"], "ties": "share", "least": "0"})");
  general(contest);
  assigned("general", ann), assigned("contest", bob);
  post({euros("1", "2025-01-05", 100'000, bob), sale("2", "2025-01-06", 100'000, ann)});
  const auto morning_of = [&](Id person) {
    return incentive::digest(session().reader(), person, parse_date("2025-01-07"));
  };
  const MorningDigest anns = morning_of(ann);
  EXPECT_TRUE(anns.untold.empty()) << anns.untold[0];
  EXPECT_EQ(anns.progress.size(), 1U);
  ASSERT_EQ(morning_of(bob).untold.size(), 1U);
  EXPECT_TRUE(morning_of(bob).untold[0].starts_with("contest 2025-01: "));
}

// A statement that is open is computed again from what it was computed from: what came since is no fault in it.
TEST_P(GeneralRatesTest, RecheckOfAnOpenStatementTakesTheFactsOfItsRun) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-05", 100'000, ann)});
  run("2025-01");
  post({sale("1", "2025-01-05", 300'000, ann, 2)});
  EXPECT_TRUE(incentive::recheck_statement(session().reader(), statement(ann, "2025-01").id).empty());
  run("2025-01");
  EXPECT_EQ(total(ann, "2025-01"), 15'000);
  EXPECT_TRUE(incentive::recheck_statement(session().reader(), statement(ann, "2025-01").id).empty());
}

INSTANTIATE_ON_ALL_BACKENDS(GeneralRatesTest);

}  // namespace
}  // namespace kith
