// SPDX-License-Identifier: Apache-2.0
#include "kith/sales/opportunity.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "people/unit_today.hpp"
#include "sales/deal_rules.hpp"

namespace kith {
namespace sales {
namespace {

constexpr auto kOpportunityFields = field_table<Opportunity>(
    field<&Opportunity::title>("title", {.required = true, .max_length = 200}),
    field<&Opportunity::customer>("customer", {.refers_to = "customer"}),
    field<&Opportunity::product>("product", {.refers_to = "product"}),
    field<&Opportunity::pipeline>("pipeline", {.required = true, .refers_to = "pipeline"}),
    field<&Opportunity::stage>("stage", {.required = true, .refers_to = "stage"}),
    field<&Opportunity::status>("status", {.indexed = true}),
    field<&Opportunity::owner>("owner", {.refers_to = "employee"}),
    field<&Opportunity::unit>("unit", {.refers_to = "unit"}), field<&Opportunity::amount>("amount", {.minimum = 0}),
    field<&Opportunity::currency>("currency", {.required = true}),
    field<&Opportunity::probability>("probability", {.scale = kRateScale, .minimum = 0, .maximum = kOne}),
    field<&Opportunity::engaged_on>("engaged_on"), field<&Opportunity::expected_on>("expected_on"),
    field<&Opportunity::closed_on>("closed_on", {.indexed = true}),
    field<&Opportunity::reason>("reason", {.max_length = 1000}),
    field<&Opportunity::source>("source", {.max_length = 100}),
    field<&Opportunity::external_id>("external_id", {.max_length = 200}),
    field<&Opportunity::base_amount>("base_amount", {.kept = true, .in_base = true, .begins_as = "amount"}),
    field<&Opportunity::base_rate>("base_rate", {.kept = true, .max_length = 100}),
    field<&Opportunity::base_rate_on>("base_rate_on", {.kept = true}));

constexpr UniqueKey kOpportunityKeys[] = {{{"source", "external_id"}}};

}  // namespace

constexpr Entity kOpportunity =
    make_entity<Opportunity>({.name = "opportunity",
                              .plural = "opportunities",
                              .fields = kOpportunityFields,
                              .unique = kOpportunityKeys,
                              .roles = {.owner = "owner", .unit = "unit", .currency = "currency", .title = "title"}});

namespace {

void advance_customer(Work& work, const Opportunity& deal) {
  if (!deal.customer) return;
  customer::advance_if_forward(work, *deal.customer, deal.status == DealStatus::won ? "customer" : "opportunity");
}

}  // namespace

Id create(Work& work, Opportunity& deal) {
  work.require(Action::create, kOpportunity);
  Opportunity row = deal;
  verb::Faults faults(kOpportunity);
  Placement placement(work);
  const Stage* stage = placement.place(row, faults);
  if (!row.currency) row.currency = work.currency();
  check_deal(row, faults);
  check_closed(work, row, faults);
  value_deals(work, {&row, 1}, faults);
  faults.raise();
  require_guard(work, *stage, row);
  if (!row.owner) row.owner = work.actor().employee;
  if (row.owner && !row.unit) row.unit = people::unit_today(work, *row.owner);
  work.create(row);
  work.trusted([&] {
    for (OpportunityStage& stay : first_stays(work, row)) work.create(stay);
  });
  advance_customer(work, row);
  deal = std::move(row);
  return deal.id;
}

void update(Work& work, Opportunity& deal) {
  const Opportunity before = verb::before_update(work, deal);
  verb::Faults faults(kOpportunity);
  if (deal.pipeline != before.pipeline) faults.add("pipeline", "a deal stays in its pipeline; leave it as it was read");
  if (deal.stage != before.stage) faults.add("stage", "is changed by advancing the deal; leave it as it was read");
  if (deal.status != before.status) {
    faults.add("status", "is changed by winning, losing, voiding and reopening the deal; leave it as it was read");
  } else {
    check_deal(deal, faults);
    if (deal.closed_on != before.closed_on) check_closed(work, deal, faults);  // older stores may hold such a day
  }
  Opportunity row = deal;
  if (row.amount != before.amount || row.currency != before.currency || row.closed_on != before.closed_on) {
    value_deals(work, {&row, 1}, faults);
  } else {
    row.base_amount = before.base_amount;
    row.base_rate = before.base_rate;
    row.base_rate_on = before.base_rate_on;
  }
  faults.raise();
  if (row.owner != before.owner && row.unit == before.unit) {
    row.unit = row.owner ? people::unit_today(work, *row.owner) : std::nullopt;
  }
  work.update(row);
  if (row.customer != before.customer) advance_customer(work, row);
  deal = std::move(row);
}

Decimal compute_probability(DealStatus status, std::optional<Decimal> own, Decimal stage) {
  switch (status) {
    case DealStatus::open: return own.value_or(stage);
    case DealStatus::won: return {kOne, kRateScale};
    case DealStatus::lost:
    case DealStatus::voided: break;
  }
  return {0, kRateScale};
}

Money weighted_total(const Reader& reader, const Query& query) {
  Query open = query;
  open.conditions.push_back(equals(kOpportunity, "status", static_cast<std::int64_t>(DealStatus::open)));
  open.fields = {"stage", "base_amount", "probability"};
  std::unordered_map<std::int64_t, Decimal> chances;
  for (const Stage& stage : reader.list<Stage>()) chances.emplace(stage.id.value, stage.probability);
  Int128 total = 0;  // minor units x 10^9: below 2^93 a deal, so that no store overflows 128 bits
  auto cursor = reader.scan(kOpportunity, open);
  for (Batch batch; cursor->next(batch);) {
    const Column& stage = batch.columns[0];
    const Column& amount = batch.columns[1];
    const Column& own = batch.columns[2];
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (amount.is_null(row)) continue;
      std::int64_t chance = own.word(row);
      if (own.is_null(row)) {
        const auto found = chances.find(stage.word(row));
        if (found == chances.end()) {
          throw Error(Code::denied, "stage", "probability",
                      "the actor may not read the stages that its deals are in; grant 'read' on stage");
        }
        chance = found->second.coefficient;
      }
      total += static_cast<Int128>(amount.word(row)) * chance;
    }
  }
  return {divide(total, kOne, Rounding::half_up), reader.currency()};
}

}  // namespace sales

template <>
const Entity& entity_of<Opportunity>() {
  return sales::kOpportunity;
}

}  // namespace kith
