// SPDX-License-Identifier: Apache-2.0
#include "kith/sales/opportunity.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "kith/people/employee.hpp"
#include "sales/entities.hpp"

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
    field<&Opportunity::external_id>("external_id", {.max_length = 200}));

constexpr UniqueKey kOpportunityKeys[] = {{{"source", "external_id"}}};

}  // namespace

constexpr Entity kOpportunity =
    make_entity<Opportunity>({.name = "opportunity",
                              .plural = "opportunities",
                              .fields = kOpportunityFields,
                              .unique = kOpportunityKeys,
                              .roles = {.owner = "owner", .unit = "unit", .currency = "currency", .title = "title"}});

namespace {

bool is_known(DealStatus status) { return status >= DealStatus::open && status <= DealStatus::voided; }

// Fills in the store's only pipeline and that pipeline's first stage where none is named; the stage the deal is in,
// or nothing when that could not be told.
std::optional<Stage> place(const Reader& reader, Opportunity& deal, verb::Faults& faults) {
  if (!deal.pipeline) {
    const std::vector<Pipeline> pipelines = reader.list<Pipeline>();
    if (pipelines.size() != 1) {
      std::string names;
      for (const Pipeline& pipeline : pipelines) names += (names.empty() ? "" : ", ") + pipeline.name;
      faults.add("pipeline", pipelines.empty() ? "the store has no pipeline; add one with sales::create"
                                               : "is missing, and there is more than one: " + names + "; name one");
      return std::nullopt;
    }
    deal.pipeline = pipelines.front().id;
  }
  const std::vector<Stage> known = stages(reader, deal.pipeline);
  if (known.empty()) {
    faults.add("pipeline", "there is no pipeline " + std::to_string(deal.pipeline.value) + " with stages");
    return std::nullopt;
  }
  if (!deal.stage) deal.stage = known.front().id;
  std::string names;
  for (const Stage& stage : known) {
    if (stage.id == deal.stage) return stage;
    names += (names.empty() ? "" : ", ") + stage.name + " (" + std::to_string(stage.id.value) + ")";
  }
  faults.add("stage",
             std::to_string(deal.stage.value) + " is no stage of the deal's pipeline; its stages are " + names);
  return std::nullopt;
}

// What must hold between the fields of a deal, whoever writes it.
void check_deal(const Reader& reader, const Opportunity& deal, verb::Faults& faults) {
  if (deal.currency != reader.currency()) {
    faults.add("currency", code_of(deal.currency) + " is not the store's base currency, " + code_of(reader.currency()) +
                               "; there are no exchange rates yet, so give the amount in that");
  }
  verb::check_days(faults, "engaged_on", deal.engaged_on, "closed_on", deal.closed_on);
  if (deal.expected_on && !verb::is_day(*deal.expected_on)) faults.add("expected_on", std::string(verb::kDayExpected));
  if (!is_known(deal.status)) return;  // told with the other fields
  if (deal.status == DealStatus::open) {
    if (deal.closed_on) faults.add("closed_on", "an open deal has no closing day; leave it empty or give a status");
    if (deal.reason)
      faults.add("reason", "is that of winning, losing or voiding, and the deal is open; leave it empty");
    return;
  }
  if (!deal.closed_on) faults.add("closed_on", "a deal that is " + status_name(deal.status) + " needs its closing day");
  if (deal.status == DealStatus::won && !deal.amount) faults.add("amount", "a won deal needs the amount agreed");
}

OpportunityStage stay(const Opportunity& deal, DealStatus status, Timestamp from) {
  OpportunityStage row;
  row.opportunity = deal.id;
  row.stage = deal.stage;
  row.status = status;
  row.from = from;
  return row;
}

// The stays of a new deal: one from now on, or, of a deal that comes in closed, the open one and what followed.
void write_stays(Work& work, const Opportunity& deal) {
  if (deal.status == DealStatus::open) {
    OpportunityStage row = stay(deal, DealStatus::open, work.now());
    work.create(row);
    return;
  }
  OpportunityStage open =
      stay(deal, DealStatus::open, start_of_day(deal.engaged_on.value_or(*deal.closed_on), work.zone()));
  OpportunityStage closed = stay(deal, deal.status, start_of_day(*deal.closed_on, work.zone()));
  closed.reason = deal.reason;
  open.to = closed.from;
  work.create(open);
  work.create(closed);
}

void advance_customer(Work& work, const Opportunity& deal) {
  if (!deal.customer) return;
  customer::advance_if_forward(work, *deal.customer, deal.status == DealStatus::won ? "customer" : "opportunity");
}

}  // namespace

Id create(Work& work, Opportunity& deal) {
  work.require(Action::create, kOpportunity);
  Opportunity row = deal;
  verb::Faults faults(kOpportunity);
  const std::optional<Stage> stage = place(work, row, faults);
  if (!row.currency) row.currency = work.currency();
  check_deal(work, row, faults);
  faults.raise();
  require_guard(work, *stage, row);
  if (!row.owner) row.owner = work.actor().employee;
  if (row.owner && !row.unit) row.unit = people::unit_of(work, *row.owner, work.today());
  work.create(row);
  work.trusted([&] { write_stays(work, row); });
  advance_customer(work, row);
  deal = std::move(row);
  return deal.id;
}

void update(Work& work, Opportunity& deal) {
  const Opportunity before = verb::before_update(work, deal);
  verb::Faults faults(kOpportunity);
  if (deal.pipeline != before.pipeline) faults.add("pipeline", "a deal stays in its pipeline; leave it as it was read");
  if (deal.stage != before.stage) faults.add("stage", "is changed by sales::advance; leave it as it was read");
  if (deal.status != before.status) {
    faults.add("status", "is changed by win, lose, void_deal and reopen; leave it as it was read");
  } else {
    check_deal(work, deal, faults);
  }
  faults.raise();
  Opportunity row = deal;
  if (row.owner != before.owner && row.unit == before.unit) {
    row.unit = row.owner ? people::unit_of(work, *row.owner, work.today()) : std::nullopt;
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
  open.fields = {"stage", "amount", "probability"};
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
