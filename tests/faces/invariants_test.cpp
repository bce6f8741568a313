// SPDX-License-Identifier: Apache-2.0
// What `check` says of a store whose invariants were broken behind the verbs' backs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/store.hpp"

namespace kith {
namespace {

class Invariants : public ::testing::Test {
 protected:
  Invariants() : store_(test::open_test_store("memory:")) {
    Work work = store_.session.work();
    Unit unit;
    unit.name = "Sales";
    unit_ = people::create(work, unit, date(2025, 1, 1));
    Employee ann;
    ann.name = "Ann";
    ann.unit = unit_;
    ann.hired_on = date(2025, 1, 1);
    ann_ = people::create(work, ann);
    Customer acme;
    acme.name = "Acme";
    acme_ = customer::create(work, acme);
    Pipeline pipeline;
    pipeline.name = "standard";
    Stage first, second;
    first.name = "first";
    second.name = "second";
    second.position = 1;
    std::vector<Stage> stages{first, second};
    sales::create(work, pipeline, stages);
    second_ = stages[1].id;
    Opportunity deal;
    deal.title = "Deal";
    deal.customer = acme_;
    deal_ = sales::create(work, deal);
    sales::set_splits(work, deal_, {{ann_, parse_decimal("1")}});
    work.commit();
    EXPECT_EQ(findings(), std::vector<std::string>{});
  }

  std::vector<std::string> findings() {
    std::vector<std::string> result;
    for (const Finding& finding : check(store_.session)) result.push_back(finding.entity + " " + finding.message);
    return result;
  }

  // Changes a record without its verb.
  template <class T, class Change>
  void twist(Id id, Change&& change) {
    Work work = store_.session.work();
    T record = work.get<T>(id);
    change(record);
    work.update(record);
    work.commit();
  }
  template <class T>
  T only() {
    return store_.session.reader().list<T>().at(0);
  }
  void expect(std::vector<std::string> expected) { EXPECT_EQ(findings(), expected); }

  test::TestStore store_;
  Id unit_, ann_, acme_, second_, deal_;
};

using Texts = std::vector<std::string>;

TEST_F(Invariants, NameKeysAreFoldedNames) {
  twist<Unit>(unit_, [](Unit& unit) { unit.name_key = "x"; });
  twist<Customer>(acme_, [](Customer& customer) { customer.name_key = "x"; });
  expect({"unit name_key must be fold(name)", "customer name_key must be fold(name)"});
}

TEST_F(Invariants, UnitsHangWhereTheirRowsSay) {
  twist<Unit>(unit_, [&](Unit& unit) { unit.parent = unit.id; });
  expect({"unit parent must be that of the newest unit_parent row", "unit must not hang below itself"});
}

TEST_F(Invariants, PlacesHaveNoGapAndDoNotOverlap) {
  twist<UnitParent>(only<UnitParent>().id, [](UnitParent& row) { row.to = date(2025, 6, 1); });
  expect({"unit_parent the last row must be open, but is [2025-01-01, 2025-06-01)"});
  Work work = store_.session.work();
  UnitParent late;
  late.unit = unit_;
  late.from = date(2025, 5, 1);
  work.create(late);
  work.commit();
  expect({"unit_parent must not overlap: [2025-05-01, 9999-12-31) and [2025-01-01, 2025-06-01)"});
  twist<UnitParent>(late.id, [](UnitParent& row) { row.from = date(2025, 7, 1); });
  expect({"unit_parent must begin where the row before it ends: [2025-01-01, 2025-06-01), [2025-07-01, 9999-12-31)"});
}

TEST_F(Invariants, EmployeesAreWhereTheirMembershipsSay) {
  twist<Employee>(ann_, [](Employee& employee) { employee.unit.reset(); });
  expect({"employee unit must be that of the newest membership"});
  twist<Membership>(only<Membership>().id, [](Membership& row) { row.to = date(2024, 1, 1); });
  expect({"membership ends before it begins: [2025-01-01, 2024-01-01)",
          "employee unit must be that of the newest membership"});
}

TEST_F(Invariants, CustomersAreInTheStageOfTheirRows) {
  const auto stages = customer::lifecycle(store_.session.reader());
  twist<Customer>(acme_, [&](Customer& customer) { customer.stage = customer.highest_stage = stages[2].id; });
  expect({"customer stage must be that of the newest customer_stage row",
          "customer highest_stage must be the highest-ranked of its customer_stage rows"});
}

TEST_F(Invariants, DealsAreInTheStageOfTheirRows) {
  twist<Opportunity>(deal_, [&](Opportunity& deal) { deal.stage = second_; });
  expect({"opportunity stage and status must be those of the newest opportunity_stage row"});
  twist<Opportunity>(deal_, [&](Opportunity& deal) { deal.status = DealStatus::won; });
  expect({"opportunity closed_on must be there exactly when the deal is not open",
          "opportunity a won deal must have an amount",
          "opportunity stage and status must be those of the newest opportunity_stage row"});
}

TEST_F(Invariants, SharesAddUp) {
  twist<Split>(only<Split>().id, [](Split& split) { split.share = parse_decimal("0.999999999"); });
  expect({"opportunity its splits must add up to exactly 1"});
}

}  // namespace
}  // namespace kith
