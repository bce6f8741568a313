// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_set>

#include "engine/verbs.hpp"
#include "kith/people/employee.hpp"
#include "sales/entities.hpp"

namespace kith {
namespace sales {
namespace {

constexpr auto kSplitFields =
    field_table<Split>(field<&Split::opportunity>("opportunity", {.required = true, .refers_to = "opportunity"}),
                       field<&Split::employee>("employee", {.required = true, .refers_to = "employee"}),
                       field<&Split::position>("position", {.minimum = 0}),
                       field<&Split::share>("share", {.scale = kRateScale, .minimum = 1, .maximum = kOne}));

constexpr UniqueKey kSplitKeys[] = {{{"opportunity", "employee"}}};

}  // namespace

constexpr Entity kSplit = make_entity<Split>({.name = "split",
                                              .plural = "splits",
                                              .fields = kSplitFields,
                                              .unique = kSplitKeys,
                                              .roles = {.parent = "opportunity"}});

namespace {

std::string percent(Int128 coefficient) {
  return to_string(Decimal{narrow(coefficient, "sum of shares"), kRateScale - 2}, true) + " %";
}

std::vector<Split> checked(const Reader& reader, Id deal, const std::vector<SplitShare>& shares) {
  verb::Faults faults(kSplit);
  std::unordered_set<Id> seen;
  std::vector<Split> rows;
  Int128 sum = 0;
  bool exact = true;
  for (const SplitShare& given : shares) {
    const std::string where = "share " + std::to_string(rows.size() + 1) + ": ";
    Split& row = rows.emplace_back();
    row.opportunity = deal;
    row.employee = given.employee;
    row.position = static_cast<std::int64_t>(rows.size()) - 1;
    if (!given.employee || !reader.find<Employee>(given.employee)) {
      faults.add("employee", where + "there is no employee " + std::to_string(given.employee.value));
    } else if (!seen.insert(given.employee).second) {
      faults.add("employee", where + "the employee is named twice; add the two shares up");
    }
    try {
      row.share = rescale(given.share, kRateScale);
    } catch (const Error& error) {
      faults.add("share", where + error.message);
      exact = false;
      continue;
    }
    if (row.share.coefficient <= 0)
      faults.add("share", where + to_string(given.share) + " is no share; give more than 0");
    sum += row.share.coefficient;
  }
  if (exact && !shares.empty() && sum != kOne) {
    const Int128 off = sum - kOne;
    faults.add("share", "the shares add up to " + percent(sum) + ", which is " + percent(off < 0 ? -off : off) +
                            (off < 0 ? " short of" : " more than") + " 100 %");
  }
  faults.raise();
  return rows;
}

}  // namespace

void set_splits(Work& work, Id deal, const std::vector<SplitShare>& shares) {
  work.require(Action::edit, kOpportunity, deal);
  std::vector<Split> next = checked(work, deal, shares);
  std::vector<Split> before = splits(work, deal);
  work.trusted([&] {
    // Who stays keeps the row, so that its history tells how the share changed.
    for (const Split& old : before) {
      const auto kept =
          std::find_if(next.begin(), next.end(), [&](const Split& row) { return row.employee == old.employee; });
      if (kept == next.end()) {
        work.remove<Split>(old.id, old.revision);
      } else {
        kept->id = old.id;
        kept->revision = old.revision;
      }
    }
    for (Split& row : next) row.id ? work.update(row) : static_cast<void>(work.create(row));
  });
}

std::vector<Split> splits(const Reader& reader, Id deal) {
  Query query;
  query.conditions = {equals(kSplit, "opportunity", deal)};
  query.order = {"position"};
  return reader.list<Split>(query);
}

}  // namespace sales

template <>
const Entity& entity_of<Split>() {
  return sales::kSplit;
}

}  // namespace kith
