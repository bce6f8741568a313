// SPDX-License-Identifier: Apache-2.0
// Counts and sums by group: what storage does gives what a scan gives, on every backend, for random filters, rights and
// moments.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>

#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

/// Groups as text, in one order.
using Told = std::map<std::string, std::string>;

std::string cell(const Column& column, std::size_t row) {
  if (column.is_null(row)) return "null";
  return column.is_text() ? "'" + std::string(column.text(row)) + "'" : std::to_string(column.word(row));
}

Told told(const Groups& groups) {
  Told all;
  for (std::size_t row = 0; row < groups.rows.size(); ++row) {
    std::string key;
    for (const Column& column : groups.keys) key += cell(column, row) + " ";
    std::string value = std::to_string(groups.rows[row]);
    for (std::size_t i = 0; i < groups.sums.size(); ++i) {
      value += " " + std::to_string(groups.present[i][row]) + ":" + std::to_string(groups.sums[i][row]);
    }
    EXPECT_TRUE(all.emplace(key, value).second) << "a group came twice: " << key;
  }
  return all;
}

/// The same by hand, over a scan.
Told by_hand(const Reader& reader, const Entity& entity, const std::vector<std::string>& keys,
             const std::vector<std::string>& sums, Query query) {
  struct Sum {
    std::int64_t rows = 0;
    std::vector<std::int64_t> present;
    std::vector<Int128> total;
  };
  std::map<std::string, Sum> groups;
  auto rows = reader.scan(entity, query);
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::string key;
      for (const std::string& name : keys) key += cell(batch.column(entity.at(name)), row) + " ";
      Sum& sum = groups[key];
      sum.present.resize(sums.size());
      sum.total.resize(sums.size());
      ++sum.rows;
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const Column& column = batch.column(entity.at(sums[i]));
        if (column.is_null(row)) continue;
        ++sum.present[i];
        sum.total[i] += column.word(row);
      }
    }
  }
  Told all;
  for (const auto& [key, sum] : groups) {
    std::string value = std::to_string(sum.rows);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      value += " " + std::to_string(sum.present[i]) + ":" + std::to_string(narrow(sum.total[i]));
    }
    all[key] = value;
  }
  return all;
}

class GroupTest : public test::StoreTest {
 protected:
  /// Customers of four sellers, with nulls and awkward texts.
  void furnish(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    constexpr const char* kSectors[] = {"retail", "Retail", "宏达", "a b", "b", "", "x"};
    in_work([&](Work& work) {
      Unit unit{.name = "Sales"};
      people::create(work, unit, date(2025, 1, 1));
      std::vector<Id> owners;
      for (int i = 0; i < 4; ++i) {
        Employee one{.name = "Seller " + std::to_string(i), .unit = unit.id, .hired_on = date(2025, 1, 1)};
        people::create(work, one);
        owners.push_back(one.id);
      }
      for (int i = 0; i < 120; ++i) {
        Customer one{.name = "C" + std::to_string(i)};
        if (random() % 5 != 0) one.owner = owners[random() % owners.size()];
        if (random() % 4 != 0) one.sector = kSectors[random() % std::size(kSectors)];
        if (random() % 3 != 0) one.employees = static_cast<std::int64_t>(random() % 1000);
        if (random() % 2 != 0)
          one.annual_revenue = Decimal{static_cast<std::int64_t>(random() % 1'000'000), kQuantityScale};
        if (random() % 2 != 0) one.kind = CustomerKind::person;
        customer::create(work, one);
      }
    });
  }
};

TEST_P(GroupTest, EqualsAScanForAnyKeysFiltersAndMoments) {
  furnish(3);
  const std::int64_t then = session().reader().seq();
  in_work([](Work& work) {
    for (Customer one : work.list<Customer>({.where = "kind = 'person'"})) {
      one.employees = 7;
      one.sector = std::nullopt;
      customer::update(work, one);
    }
  });
  const std::vector<std::vector<std::string>> keys = {
      {}, {"owner"}, {"sector"}, {"kind", "sector"}, {"owner", "unit"}, {"sector", "owner", "kind"}};
  const std::vector<std::vector<std::string>> sums = {{}, {"employees"}, {"employees", "annual_revenue"}};
  const std::vector<std::string> filters = {"",
                                            "kind = 'person'",
                                            "employees > 500 or sector is null",
                                            "sector in ('b', 'x') and not kind = 'person'",
                                            "name = 'nobody'",
                                            "contains(name, '1')",
                                            "employees * 2 > 700"};
  const Entity& entity = entity_of<Customer>();
  for (const ReadOptions& moment : {ReadOptions{}, ReadOptions{.as_of_seq = then}}) {
    const Reader reader = session().reader(moment);
    for (const auto& by : keys) {
      for (const auto& add : sums) {
        for (const std::string& where : filters) {
          const Query query{.where = where};
          EXPECT_EQ(told(reader.group(entity, by, add, query)), by_hand(reader, entity, by, add, query))
              << where << " by " << by.size() << " keys";
        }
      }
    }
  }
}

TEST_P(GroupTest, SeesWhatTheWorkHasWritten) {
  furnish(4);
  Work work = session().work();
  Customer fresh{.name = "fresh", .sector = "only here"};
  customer::create(work, fresh);
  const Groups groups = work.group(entity_of<Customer>(), {"sector"}, {});
  EXPECT_EQ(told(groups).at("'only here' "), "1");
  EXPECT_EQ(told(groups), by_hand(work, entity_of<Customer>(), {"sector"}, {}, {}));
}

TEST_P(GroupTest, CountsOnlyWhatTheActorMaySee) {
  furnish(5);
  in_work([](Work& work) {
    const auto sellers = work.list<Employee>({.order = {"name"}});
    access::add_principal(work, "ann", sellers.front().id, {"seller"});
  });
  Session ann = store().engine->session("ann");
  const Entity& entity = entity_of<Customer>();
  const Told seen = told(ann.reader().group(entity, {"owner"}, {"employees"}));
  EXPECT_EQ(seen, by_hand(ann.reader(), entity, {"owner"}, {"employees"}, {}));
  EXPECT_LT(seen.size(), told(session().reader().group(entity, {"owner"}, {})).size());
}

TEST_P(GroupTest, ASumThatDoesNotFitIsAnErrorAndOneThatFitsInTheEndIsNot) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  in_work([&](Work& work) {
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::int64_t>>{
             {"a", kMost}, {"b", kMost}, {"b", 1}, {"c", kMost}, {"c", 5}, {"c", -6}}) {
      Customer one{.name = name + std::to_string(value), .sector = name};
      one.annual_revenue = Decimal{value, kQuantityScale};
      customer::create(work, one);
    }
  });
  const Reader reader = session().reader();
  const Entity& entity = entity_of<Customer>();
  EXPECT_KITH_ERROR(reader.group(entity, {"sector"}, {"annual_revenue"}), Code::overflow, "annual_revenue");
  const Groups fits = reader.group(entity, {"sector"}, {"annual_revenue"}, {.where = "sector in ('a', 'c')"});
  EXPECT_EQ(told(fits), (Told{{"'a' ", "1 1:" + std::to_string(kMost)}, {"'c' ", "3 3:" + std::to_string(kMost - 1)}}));
}

TEST_P(GroupTest, RefusesWhatHasNoSum) {
  const Reader reader = session().reader();
  const Entity& entity = entity_of<Customer>();
  EXPECT_KITH_ERROR(reader.group(entity, {"sector"}, {"name"}), Code::invalid, "has no sum");
  EXPECT_KITH_ERROR(reader.group(entity, {"sektor"}, {}), Code::invalid, "sector");
  EXPECT_KITH_ERROR(reader.group(entity, {}, {}, {.order = {"name"}}), Code::misuse, "order");
  EXPECT_KITH_ERROR(reader.group(entity, {"sector", "sector"}, {}), Code::misuse, "twice");
}

INSTANTIATE_ON_ALL_BACKENDS(GroupTest);

}  // namespace
}  // namespace kith
