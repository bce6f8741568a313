// SPDX-License-Identifier: Apache-2.0
// What of statements waits, is released, drawn, paid and carried on, in a store. Numbers are those of group G of the
// golden cases, or derived by hand where the text says so.
#include "incentive/general_fixture.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/incentive/statement_payment.hpp"

namespace kith {
namespace {

using test::GeneralText;
using test::Json;

class GeneralPayTest : public test::GeneralTest {
 protected:
  /// A plan that pays all of what is sold, with `release` and `payment`.
  Id paying(const Json& release, const Json& payment, std::string interval = "month", int version = 1) {
    GeneralText text;
    text.interval = std::move(interval);
    text.version = version;
    text.when = "type = 'order'";
    text.rows = {{"0", "1"}};
    Json plan = text.json();
    if (!release.empty()) plan["release"] = release;
    if (!payment.empty()) plan["payment"] = payment;
    return general(plan);
  }
  static Json holdback() {
    return Json::array({{{"trigger", "payroll"}, {"share", "90 %"}},
                        {{"trigger", "year end"}, {"share", "10 %"}, {"on", "year_end"}}});
  }
  static Json cash() {
    return Json::array({{{"trigger", "cash"}, {"share", "1"}, {"event_type", "payment"}, {"proportional", true}}});
  }
  static Json carry() { return {{"below_zero", "carry"}}; }
  static Json draw(Json terms) { return {{"below_zero", "carry"}, {"draw", std::move(terms)}}; }

  StatementPayment paid(Id employee, std::string_view period) {
    const auto row = incentive::payment_of(session().reader(), statement(employee, period).id);
    EXPECT_TRUE(row) << "nothing is paid for " << period;
    return row.value_or(StatementPayment{});
  }
  std::vector<StatementRelease> releases(Id employee, std::string_view period) {
    return incentive::releases_of(session().reader(), statement(employee, period).id);
  }
  void settle(std::string_view period) { run(period), close(period); }
  /// The statement is what its facts give, may leave the store, and the store holds together.
  void expect_right(Id employee, std::string_view period) {
    const Id id = statement(employee, period).id;
    const Reader reader = session().reader();
    EXPECT_TRUE(incentive::recheck_statement(reader, id).empty()) << period;
    EXPECT_TRUE(incentive::check_export(incentive::export_statement(reader, id)).empty()) << period;
    EXPECT_TRUE(check(session()).empty());
  }
};

TEST_P(GeneralPayTest, G03WhatIsHeldBackIsReleasedAtTheEndOfTheYear) {
  const Id ann = employee("Ann");
  paying(holdback(), carry(), "quarter");
  assigned("general", ann);
  int day = 1;
  for (const char* month : {"02", "05", "08", "11"}) {
    post({sale(std::to_string(day), "2025-" + std::string(month) + "-10", 123'456, ann)});
    ++day;
  }
  for (const char* quarter : {"2025-Q1", "2025-Q2", "2025-Q3"}) {
    settle(quarter);
    EXPECT_EQ(paid(ann, quarter).held.minor, 12'346);
    EXPECT_EQ(paid(ann, quarter).pay.minor, 111'110);
  }
  EXPECT_EQ(incentive::waiting(session().reader(), statement(ann, "2025-Q3").id).size(), 3U);
  settle("2025-Q4");
  EXPECT_EQ(paid(ann, "2025-Q4").released.minor, 4 * 12'346) << "what was held, not 10 % of a sum";
  EXPECT_EQ(paid(ann, "2025-Q4").pay.minor, 123'456 - 12'346 + 4 * 12'346);
  EXPECT_TRUE(incentive::waiting(session().reader(), statement(ann, "2025-Q4").id).empty());
  const auto rows = releases(ann, "2025-Q4");
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0].period_earned, "2025-Q1");
  EXPECT_EQ(rows[0].kind, ReleaseKind::released);
  EXPECT_EQ(rows[0].part, "year end");
  for (const char* quarter : {"2025-Q1", "2025-Q4"}) expect_right(ann, quarter);
}

// Derived by hand: what was closed keeps its holdback, the correction has its own (case G-X1).
TEST_P(GeneralPayTest, ACorrectionOfAClosedMonthHoldsItsOwnPart) {
  const Id ann = employee("Ann");
  paying(holdback(), carry());
  assigned("general", ann);
  post({sale("1", "2025-01-10", 100'000, ann)});
  settle("2025-01");
  const Statement closed = statement(ann, "2025-01");
  const auto held = releases(ann, "2025-01");
  post({sale("1", "2025-01-10", 150'000, ann, 2), sale("2", "2025-02-10", 100'000, ann)});
  run("2025-02");
  EXPECT_EQ(paid(ann, "2025-02").earned.minor, 150'000);
  EXPECT_EQ(paid(ann, "2025-02").held.minor, 15'000);
  EXPECT_EQ(paid(ann, "2025-02").pay.minor, 135'000);
  const auto rows = releases(ann, "2025-02");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[1].correction);
  EXPECT_EQ(rows[1].amount.minor, 5'000);
  EXPECT_EQ(rows[1].corrects, held[0].id);
  EXPECT_EQ(rows[1].reason, "earnings changed");
  EXPECT_EQ(statement(ann, "2025-01").hash, closed.hash);

  EXPECT_EQ(run("2025-02").changed, 0);
  Work again = session().work();
  incentive::run(again, "2025-02");
  EXPECT_EQ(again.commit().seq, 0) << "the same facts again wrote something";
  for (const char* month : {"2025-01", "2025-02"}) expect_right(ann, month);

  close("2025-02");
  const Statement february = statement(ann, "2025-02");
  reopen("2025-02");
  EXPECT_EQ(run("2025-02").changed, 0);
  close("2025-02");
  EXPECT_EQ(statement(ann, "2025-02").hash, february.hash) << "opened again, it closed with other bytes";
  reopen("2025-02");
  reopen("2025-01");
  for (const StatementRelease& row : releases(ann, "2025-02")) EXPECT_FALSE(row.correction);
  EXPECT_TRUE(check(session()).empty());
  EXPECT_EQ(paid(ann, "2025-01").held.minor, 10'000) << "it stays until a run";
  settle("2025-01");
  EXPECT_EQ(paid(ann, "2025-01").held.minor, 15'000);
  settle("2025-02");
  EXPECT_EQ(paid(ann, "2025-02").held.minor, 10'000);
}

// Case G-02 with thirds, and derived by hand: a payment of January that is learned of in March.
// What is left to release counts the corrections that an earlier run of the same period has made.
TEST_P(GeneralPayTest, ALateCorrectionIsReleasedTheSameInEveryRun) {
  const Id ann = employee("Ann");
  paying(Json::array({{{"trigger", "at once"}, {"share", "1/3"}},
                      {{"trigger", "later"}, {"share", "2/3"}, {"after_months", 1}}}),
         carry());
  assigned("general", ann);
  post({sale("1", "2025-01-09", 90'000, ann)});
  settle("2025-01");
  EXPECT_EQ(paid(ann, "2025-01").pay.minor, 30'000);
  post({sale("1", "2025-01-09", 120'000, ann, 2)});
  for (int i = 0; i < 3; ++i) {
    const incentive::RunResult again = run("2025-02");
    if (i > 0) {
      EXPECT_EQ(again.changed, 0);
    }
    EXPECT_EQ(paid(ann, "2025-02").held.minor, 20'000) << "run " << i;
    EXPECT_EQ(paid(ann, "2025-02").released.minor, 80'000) << "run " << i;
    EXPECT_EQ(paid(ann, "2025-02").pay.minor, 30'000 - 20'000 + 80'000) << "run " << i;
  }
  expect_right(ann, "2025-02");
  close("2025-02");
  EXPECT_TRUE(incentive::waiting(session().reader(), statement(ann, "2025-02").id).empty());
}

TEST_P(GeneralPayTest, G02CashReleasesAndALatePaymentIsACorrection) {
  const Id ann = employee("Ann"), boss = employee("Boss");
  reports_to(ann, boss);
  Json plan = GeneralText{.rows = {{"0", "1"}}, .override_rate = "10 %", .when = "type = 'order'"}.json();
  plan["release"] = cash();
  plan["payment"] = carry();
  general(plan);
  for (const Id who : {ann, boss}) assigned("general", who);
  const auto payment = [&](std::string id, std::string_view day, std::int64_t cents) {
    auto row = sale(std::move(id), day, cents, std::vector<incentive::Split>{});
    row.type = "payment";
    row.reverses = "shop:1";
    return row;
  };
  post({sale("1", "2025-01-10", 10'000, ann), payment("2", "2025-01-20", 3'334)});
  settle("2025-01");
  EXPECT_EQ(paid(ann, "2025-01").held.minor, 10'000);
  EXPECT_EQ(paid(ann, "2025-01").pay.minor, 3'334);
  EXPECT_EQ(paid(boss, "2025-01").pay.minor, 333);
  post({payment("3", "2025-02-10", 3'333)});
  settle("2025-02");
  EXPECT_EQ(paid(ann, "2025-02").pay.minor, 3'333);
  EXPECT_EQ(paid(boss, "2025-02").pay.minor, 334) << "round(666.7) - 333";

  post({payment("4", "2025-01-31", 1'000), payment("5", "2025-03-10", 2'333)});
  settle("2025-03");
  const auto rows = releases(ann, "2025-03");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].amount.minor, 2'333);
  EXPECT_FALSE(rows[0].correction);
  EXPECT_EQ(rows[1].amount.minor, 1'000);
  EXPECT_TRUE(rows[1].correction);
  EXPECT_EQ(rows[1].reason, "came late");
  EXPECT_TRUE(rows[1].corrects);
  EXPECT_EQ(paid(ann, "2025-03").pay.minor, 3'333);
  EXPECT_TRUE(incentive::waiting(session().reader(), statement(ann, "2025-03").id).empty());
  std::int64_t sum = 0;
  for (const char* month : {"2025-01", "2025-02", "2025-03"}) {
    sum += paid(boss, month).pay.minor;
    for (const Id who : {ann, boss}) expect_right(who, month);
  }
  EXPECT_EQ(sum, 1'000);
}

TEST_P(GeneralPayTest, G09ADrawIsCarriedFromStatementToStatement) {
  const Id ann = employee("Ann");
  paying({}, draw({{"kind", "recoverable"}, {"amount", "3000"}, {"recover_share", "1"}, {"on_exit", "owe"}}));
  assigned("general", ann);
  post({sale("1", "2025-01-10", 120'000, ann), sale("2", "2025-02-10", 250'000, ann),
        sale("3", "2025-03-10", 700'000, ann)});
  const std::tuple<const char*, std::int64_t, std::int64_t> expected[] = {
      {"2025-01", 300'000, 180'000}, {"2025-02", 300'000, 230'000}, {"2025-03", 470'000, 0}};
  for (const auto& [month, pay, balance] : expected) {
    settle(month);
    EXPECT_EQ(paid(ann, month).pay.minor, pay) << month;
    EXPECT_EQ(paid(ann, month).balance.minor, balance) << month;
    EXPECT_EQ(paid(ann, month).drawn, Amount{300'000});
    expect_right(ann, month);
  }
  const Id march = statement(ann, "2025-03").id;
  const std::string english = incentive::explain_statement_text(session().reader(), march);
  EXPECT_NE(english.find("Paid: 4,700.00 USD = earned 7,000.00 USD - recovered 2,300.00 USD\n"), std::string::npos)
      << english;
  const std::string chinese = incentive::explain_statement_text(session().reader(), march, "zh");
  EXPECT_NE(chinese.find("实付：4,700.00 USD = 应得 7,000.00 USD - 扣回 2,300.00 USD\n"), std::string::npos) << chinese;

  Json stated = Json::parse(incentive::export_statement(session().reader(), march));
  stated["inputs"]["brought"][0]["balance"] = "0";
  EXPECT_FALSE(incentive::check_export(stated.dump()).empty()) << "another balance gives another pay";
}

TEST_P(GeneralPayTest, G13WhoLeavesOwesOrIsForgiven) {
  for (const char* exit : {"owe", "forgive"}) {
    GeneralText text;
    text.name = exit;
    text.rows = {{"0", "1"}};
    Json plan = text.json();
    plan["payment"] = draw({{"kind", "recoverable"}, {"amount", "3000"}, {"recover_share", "1"}, {"on_exit", exit}});
    general(plan);
    const Id who = employee(exit);
    assigned(exit, who);
    post({sale(std::string(exit) + "1", "2025-01-10", 120'000, who),
          sale(std::string(exit) + "2", "2025-02-10", 250'000, who),
          sale(std::string(exit) + "3", "2025-03-10", 100'000, who)});
    in_work([&](Work& work) {
      Employee row = work.get<Employee>(who);
      row.left_on = date(2025, 3, 19);
      people::update(work, row);
    });
  }
  for (const char* month : {"2025-01", "2025-02", "2025-03"}) settle(month);
  for (const Employee& who : session().reader().list<Employee>()) {
    const StatementPayment march = paid(who.id, "2025-03");
    const bool owes = who.name == "owe";
    EXPECT_EQ(march.pay.minor, owes ? 0 : 100'000);
    EXPECT_EQ(march.recovered.minor, owes ? 100'000 : 0);
    EXPECT_EQ(march.forgiven.minor, owes ? 0 : 230'000);
    EXPECT_EQ(march.balance.minor, owes ? 130'000 : 0);
    EXPECT_FALSE(march.drawn);
    expect_right(who.id, "2025-03");
  }
}

// Who has left has no plan any more, and still a statement of what is released.
TEST_P(GeneralPayTest, AReleaseAfterLeavingLeavesTheStoreToo) {
  const Id ann = employee("Ann");
  paying(holdback(), carry(), "quarter");
  assigned("general", ann);
  post({sale("1", "2025-02-10", 123'456, ann)});
  in_work([&](Work& work) {
    Employee row = work.get<Employee>(ann);
    row.left_on = date(2025, 5, 31);
    people::update(work, row);
  });
  for (const char* quarter : {"2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"}) settle(quarter);
  EXPECT_EQ(paid(ann, "2025-Q4").pay.minor, 12'346);
  expect_right(ann, "2025-Q4");
  const std::string text = incentive::explain_statement_json(session().reader(), statement(ann, "2025-Q4").id);
  EXPECT_TRUE(incentive::check_export(text).empty());
  Json stated = Json::parse(text);
  stated["statement"]["payment"]["pay"] = "123.47";
  EXPECT_GE(incentive::check_export(stated.dump()).size(), 3U) << "the sum, the hash and the text";
}

// Case G-11, over two versions of the plan: the term of a guarantee is the year, whatever version holds.
TEST_P(GeneralPayTest, G11AGuaranteeLooksAtTheWholeYear) {
  const Id ann = employee("Ann");
  const Json terms = draw({{"kind", "guarantee"}, {"amount", "3000"}, {"term", "year"}});
  paying({}, terms);
  assigned("general", ann);
  post({sale("1", "2025-01-10", 700'000, ann), sale("2", "2025-02-10", 120'000, ann),
        sale("3", "2025-03-10", 50'000, ann)});
  for (const char* month : {"2025-01", "2025-02", "2025-03"}) settle(month);
  EXPECT_EQ(paid(ann, "2025-02").topped_up.minor, 0);
  EXPECT_EQ(paid(ann, "2025-03").topped_up.minor, 30'000);
  EXPECT_EQ(paid(ann, "2025-03").pay.minor, 80'000);
  expect_right(ann, "2025-03");
}

// Derived by hand: 1,000 sold and taken back; the month below zero is carried.
TEST_P(GeneralPayTest, WhatIsBelowZeroGoesIntoTheNextPeriod) {
  const Id ann = employee("Ann");
  Json plan = GeneralText{.rows = {{"0", "1"}}, .return_period = "current"}.json();
  plan["payment"] = carry();
  general(plan);
  assigned("general", ann);
  auto back = sale("2", "2025-02-10", -40'000, ann);
  back.reverses = "shop:1";
  post({sale("1", "2025-01-10", 100'000, ann), back, sale("3", "2025-03-10", 50'000, ann)});
  for (const char* month : {"2025-01", "2025-02", "2025-03"}) settle(month);
  EXPECT_EQ(paid(ann, "2025-02").pay.minor, 0);
  EXPECT_EQ(paid(ann, "2025-02").carry.minor, -40'000);
  EXPECT_EQ(paid(ann, "2025-03").carried.minor, -40'000);
  EXPECT_EQ(paid(ann, "2025-03").pay.minor, 10'000);
  for (const char* month : {"2025-02", "2025-03"}) expect_right(ann, month);
}

TEST_P(GeneralPayTest, PlansWithoutReleaseOrPaymentPayTheirTotal) {
  const Id ann = employee("Ann");
  general(GeneralText{});
  assigned("general", ann);
  post({sale("1", "2025-01-10", 100'000, ann)});
  run("2025-01");
  EXPECT_FALSE(incentive::payment_of(session().reader(), statement(ann, "2025-01").id));
  EXPECT_TRUE(releases(ann, "2025-01").empty());
}

INSTANTIATE_ON_ALL_BACKENDS(GeneralPayTest);

}  // namespace
}  // namespace kith
