// SPDX-License-Identifier: Apache-2.0
// Expressions over the records of a store: look-ups, lists, and filters that storage takes in part, on every backend.

#include "kith/engine/formula.hpp"

#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class FormulaTest : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      for (const char* name : {"North", "South"}) {
        Unit unit;
        unit.name = name;
        units_.push_back(people::create(work, unit, date(2020, 1, 1)));
      }
      const std::vector<std::pair<const char*, Date>> hires = {
          {"Ana", date(2024, 3, 1)}, {"Bo", date(2025, 1, 1)}, {"張偉", date(2025, 6, 30)}, {"Dee", date(2025, 7, 1)}};
      for (const auto& [name, on] : hires) {
        Employee employee;
        employee.name = name;
        employee.unit = units_[people_.size() % 2];
        employee.hired_on = on;
        people_.push_back(people::create(work, employee));
      }
      people::transfer(work, people_[0], units_[1], date(2025, 5, 1));
      ExchangeRate rate;
      rate.from_currency = currency("EUR");
      rate.rate = parse_decimal("1.10");
      rate.from = date(2025, 1, 1);
      rate.source = "treasury";
      people::set_rate(work, rate);
    });
  }

  /// The names a filter keeps.
  std::string kept(const Reader& reader, std::string_view where, const Parameters& parameters = {}) {
    std::string names;
    const Query query{.where = std::string(where), .parameters = parameters, .order = {"hired_on"}};
    for (const Employee& employee : reader.list<Employee>(query)) names += (names.empty() ? "" : " ") + employee.name;
    return names;
  }

  std::vector<Id> units_;
  std::vector<Id> people_;
};

TEST_P(FormulaTest, FiltersLookUpDatedRowsAndRates) {
  const Reader reader = session().reader();
  Parameters given = {{"north", units_[0]}};
  given.lists["some"] = {people_[1], people_[2]};
  given.lists["none"] = {};
  EXPECT_EQ(kept(reader, "lookup('membership.unit', id, date '2025-04-30') = :north", given), "Ana");
  EXPECT_EQ(kept(reader, "lookup('membership.unit', id, date '2025-07-01') = :north", given), "張偉");
  EXPECT_EQ(kept(reader, "lookup('membership.unit', id, date '2025-04-30') is null", given), "張偉 Dee");
  EXPECT_EQ(kept(reader, "id in :some", given), "Bo 張偉");
  EXPECT_EQ(kept(reader, "id not in :some and name contains 'A'", given), "Ana");
  EXPECT_EQ(kept(reader, "id in :none", given), "");
  EXPECT_EQ(kept(reader, "hired_on + 184 >= today()"), "Dee");
  EXPECT_EQ(kept(reader, "hired_on >= date '2025-01-01' and base(1 EUR, hired_on) = 1.10 USD"), "Bo 張偉 Dee");
  try {
    (void)kept(reader, "base(1 EUR, hired_on) = 1.10 USD");
    FAIL() << "a rate was made up";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::not_found);
    EXPECT_TRUE(says(error, "no market rate from EUR to USD on 2024-03-01"));
  }
  try {
    (void)reader.report("periods", given);
    FAIL() << "a list was taken for a value";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::invalid);
  }
}

TEST_P(FormulaTest, StorageAndMemoryKeepTheSameRows) {
  const Reader reader = session().reader();
  const Scope scope = scope_of(reader, entity_of<Employee>());
  const auto lookups = lookups_of(reader);
  Parameters given;
  given.lists["days"] = {std::string("2025-01-01"), Value(), std::string("2025-07-01")};
  for (const std::string_view where :
       {"hired_on in :days", "hired_on not in :days", "hired_on > date '2025-01-01' or name starts with 'a'",
        "days_between(hired_on, date '2025-07-01') between 1 and 200", "left_on is null and not name contains 'e'",
        "if(hired_on < date '2025-02-01', name, 'x') = 'x' and unit is not null", "left_on = hired_on",
        "round(days_between(hired_on, today()) / 30, 0, 'down') >= 6 and hired_on != date '2025-01-01'"}) {
    const Expression expression = Expression::compile(where, scope, given);
    const auto rows = reader.scan(entity_of<Employee>(), {.order = {"hired_on"}});
    std::string expected;
    for (Batch batch; rows->next(batch);) {
      ColumnView view;
      for (const Column& column : batch.columns) view.push_back(&column);
      const auto truth = expression.test(view, batch.rows(), lookups.get());
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (truth[row] != Tri::yes) continue;
        Employee employee;
        load_row(batch, row, &employee);
        expected += (expected.empty() ? "" : " ") + employee.name;
      }
    }
    EXPECT_EQ(kept(reader, where, given), expected) << where;
  }
}

TEST_P(FormulaTest, EvaluatesAndExplainsOneRecord) {
  const Reader reader = session().reader();
  const Entity& employee = entity_of<Employee>();
  EXPECT_EQ(evaluate(reader, employee, people_[1], "hired_on + 31"), Value(date(2025, 2, 1)));
  EXPECT_EQ(evaluate(reader, employee, people_[1], "base(10 EUR)"), Value(Money{1'100, currency("USD")}));
  EXPECT_EQ(evaluate(reader, employee, people_[1], "rate('USD', 'EUR', today()) * 11"), Value(Decimal{10, 0}));
  EXPECT_EQ(evaluate(reader, employee, people_[0], "lookup('membership.unit', id, '2025-05-01')"), Value(units_[1]));
  EXPECT_EQ(explain(reader, employee, people_[3], "hired_on + 1 > today() or name = 'Dee'").to_text(),
            "hired_on + 1 > today() or name = 'Dee' is true\n"
            "  hired_on + 1 > today() is false\n"
            "    hired_on + 1 is 2025-07-02\n"
            "      hired_on is 2025-07-01\n"
            "    today() is 2026-01-01\n"
            "  name = 'Dee' is true\n"
            "    name is 'Dee'\n");
  EXPECT_THROW((void)evaluate(reader, employee, Id{1}, "hired_on"), Error);
}

INSTANTIATE_ON_ALL_BACKENDS(FormulaTest);

}  // namespace
}  // namespace kith
