// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>
#include <utility>
#include <vector>

#include "customer/entities.hpp"
#include "kith/people/employee.hpp"
#include "sales/deal_rules.hpp"

namespace kith::sales {
namespace {

using Deals = std::vector<Opportunity>;

Deals rows_of(const Batch& batch) {
  Deals deals(batch.rows());
  for (std::size_t row = 0; row < deals.size(); ++row) load_row(batch, row, &deals[row]);
  return deals;
}

Batch batch_of(const Deals& deals) {
  Batch batch(kOpportunity);
  batch.reserve(deals.size());
  for (const Opportunity& deal : deals) store_row(&deal, batch);
  return batch;
}

// What `create` asks of each deal, and what it fills in before it checks. `own`: values of the store's own fields.
void check(const Work& work, Deals& deals, const Column& own) {
  Placement placement(work);
  verb::Faults faults(kOpportunity);
  std::vector<const Stage*> stages;
  for (std::size_t row = 0; row < deals.size(); ++row) {
    faults.in_row(row);
    stages.push_back(placement.place(deals[row], faults));
    if (!deals[row].currency) deals[row].currency = work.currency();
    check_deal(deals[row], faults);
    check_closed(work, deals[row], faults);
  }
  value_deals(work, deals, faults);
  faults.raise();
  for (std::size_t row = 0; row < deals.size(); ++row) {
    require_guard(work, *stages[row], deals[row], own.is_null(row) ? std::string_view() : own.text(row),
                  "row " + std::to_string(row + 1) + ": ");
  }
}

void give_owners(const Work& work, Deals& deals) {
  std::vector<Id> owners;
  std::unordered_set<Id> seen;
  for (Opportunity& deal : deals) {
    if (!deal.owner) deal.owner = work.actor().employee;
    if (deal.owner && !deal.unit && seen.insert(*deal.owner).second) owners.push_back(*deal.owner);
  }
  const auto units = people::units_of(work, owners, work.today());
  for (Opportunity& deal : deals) {
    if (!deal.owner || deal.unit) continue;
    if (const auto found = units.find(*deal.owner); found != units.end()) deal.unit = found->second;
  }
}

void write_stays(Work& work, const Batch& deals) {
  Batch stays(kOpportunityStage);
  for (const Opportunity& deal : rows_of(deals)) {
    for (const OpportunityStage& stay : first_stays(work, deal)) store_row(&stay, stays);
  }
  work.trusted([&] { work.create_batch(kOpportunityStage, stays); });
}

}  // namespace

void create_batch(Work& work, Batch& deals) {
  if (deals.entity != &kOpportunity || deals.fields.size() != kOpportunity.fields.size()) {
    throw Error(Code::misuse, "opportunity", "", "create_batch takes a batch of opportunities with all fields");
  }
  work.require(Action::create, kOpportunity);
  if (deals.rows() == 0) return;
  Deals rows = rows_of(deals);
  check(work, rows, deals.column(kOpportunity.custom()));
  give_owners(work, rows);
  Batch batch = batch_of(rows);
  batch.column(kOpportunity.custom()) = deals.column(kOpportunity.custom());  // no struct has a member for it
  std::vector<customer::Arrival> arrivals;
  for (const Opportunity& deal : rows) {
    if (deal.customer) {
      arrivals.push_back({*deal.customer, deal.status == DealStatus::won ? "customer" : "opportunity"});
    }
  }
  Work::Step step(work);  // a taken key in one row leaves none of the batch behind
  work.create_batch(kOpportunity, batch);
  write_stays(work, batch);
  customer::advance_if_forward(work, arrivals);
  step.keep();
  deals = std::move(batch);
}

std::int64_t revalue(Work& work, Date on, const Query& query) {
  verb::Faults faults(kOpportunity);
  if (!verb::is_day(on)) faults.add("base_rate_on", std::string(verb::kDayExpected));
  faults.raise();
  Query open = query;
  open.fields.clear();
  open.conditions.push_back(equals(kOpportunity, "status", static_cast<std::int64_t>(DealStatus::open)));
  open.conditions.push_back({.op = Condition::Op::ne,
                             .field = kOpportunity.at("currency"),
                             .operands = {code_of(work.currency())},
                             .terms = {}});
  std::vector<Batch> changed;
  auto cursor = work.scan(kOpportunity, open);
  for (Batch batch; cursor->next(batch);) {
    Deals deals = rows_of(batch);
    value_deals(work, deals, faults, on);
    faults.raise();
    changed.push_back(batch_of(deals));
    changed.back().column(kOpportunity.custom()) = batch.column(kOpportunity.custom());
  }
  cursor.reset();
  std::int64_t count = 0;
  Work::Step step(work);
  for (Batch& batch : changed) {
    const Column before = batch.column(kRevisionField);
    work.update_batch(kOpportunity, batch);
    const Column& after = batch.column(kRevisionField);
    for (std::size_t row = 0; row < batch.rows(); ++row) count += after.word(row) != before.word(row) ? 1 : 0;
  }
  step.keep();
  return count;
}

}  // namespace kith::sales
