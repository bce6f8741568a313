// SPDX-License-Identifier: Apache-2.0
// What moves a deal: from stage to stage, to its end, and back. Every move ends one stay and begins the next.
#include <algorithm>
#include <string>

#include "base/quote.hpp"
#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "kith/engine/state_machine.hpp"
#include "sales/deal_rules.hpp"

namespace kith {
namespace sales {
namespace {

constexpr auto kOpportunityStageFields = field_table<OpportunityStage>(
    field<&OpportunityStage::opportunity>("opportunity", {.required = true, .refers_to = "opportunity"}),
    field<&OpportunityStage::stage>("stage", {.required = true, .refers_to = "stage"}),
    field<&OpportunityStage::status>("status"), field<&OpportunityStage::from>("from"),
    field<&OpportunityStage::to>("to"), field<&OpportunityStage::reason>("reason", {.max_length = 1000}));

}  // namespace

constexpr Entity kOpportunityStage = make_entity<OpportunityStage>({.name = "opportunity_stage",
                                                                    .plural = "opportunity_stages",
                                                                    .fields = kOpportunityStageFields,
                                                                    .roles = {.parent = "opportunity"}});

namespace {

/// Asks the machine of deals about a move; what is missing is told with the verb's other faults.
void require_move(const Work& work, std::string_view verb, DealStatus from, const Opportunity& deal,
                  std::string_view reason, std::vector<Violation>& missing, std::string_view note) {
  state_machine::require(work,
                         {.machine = "opportunity",
                          .name = verb,
                          .from = status_name(from),
                          .to = status_name(deal.status),
                          .reason = reason,
                          .note = note},
                         deal, missing);
}

/// What a refusal says of a deal that is closed.
std::string closed_since(const Opportunity& deal) {
  if (deal.status == DealStatus::open) return {};
  return "the deal is " + status_name(deal.status) + " since " + to_string(deal.closed_on.value_or(kOpenDate));
}

OpportunityStage current_stay(const Reader& reader, Id deal) {
  Query open;
  open.conditions = {equals(kOpportunityStage, "opportunity", deal), equals(kOpportunityStage, "to", kOpenTime.micros)};
  std::optional<OpportunityStage> stay = reader.find_one<OpportunityStage>(open);
  if (!stay) {
    throw Error(Code::corrupt, "opportunity", "stage",
                "the deal's stage has no open row; run check and restore a backup");
  }
  return *std::move(stay);
}

// Ends the stay at a moment and begins the next one, as the deal now says.
void write_move(Work& work, Opportunity& deal, OpportunityStage& stay, Timestamp at, std::string_view reason) {
  work.trusted([&] {
    OpportunityStage next;  // written first: its reason is all that may still be refused
    next.opportunity = deal.id;
    next.stage = deal.stage;
    next.status = deal.status;
    next.from = at;
    if (!verb::is_blank(reason)) next.reason = reason;
    work.create(next);
    stay.to = at;
    work.update(stay);
    work.update(deal);
  });
}

// A business day may be told late: the stay it ends then ends where it began, and closed_on keeps the day itself.
Timestamp moment_of(const Reader& reader, Date on, const OpportunityStage& stay) {
  const Timestamp at = on == reader.today() ? reader.now() : start_of_day(on, reader.zone());
  return std::max(at, stay.from);
}

void close(Work& work, std::string_view verb, Id id, DealStatus status, Date on, std::string_view reason,
           std::optional<Amount> amount) {
  work.require(Action::close, kOpportunity, id);
  Opportunity deal = work.get<Opportunity>(id);
  const DealStatus before = deal.status;
  const std::string note = closed_since(deal);
  OpportunityStage stay = current_stay(work, id);
  deal.status = status;
  deal.closed_on = on;
  deal.reason = reason;
  if (amount) deal.amount = amount;
  std::vector<Violation> missing;
  require_move(work, verb, before, deal, reason, missing, note);
  verb::Faults faults(kOpportunity);
  for (Violation& one : missing) faults.add(one.field, std::move(one.message));
  // Whatever a store asks for: a won deal without an amount would count nowhere.
  const bool told = std::any_of(missing.begin(), missing.end(), [](const auto& one) { return one.field == "amount"; });
  if (status == DealStatus::won && !deal.amount && !told) faults.add("amount", "a won deal needs the amount agreed");
  if (amount && amount->minor < 0) faults.add("amount", "is negative; give what the customer agreed to pay");
  verb::check_days(faults, "engaged_on", deal.engaged_on, "closed_on", on);
  check_closed(work, deal, faults);
  value_deals(work, {&deal, 1}, faults);
  faults.raise();
  write_move(work, deal, stay, moment_of(work, on, stay), reason);
  if (status == DealStatus::won && deal.customer) customer::advance_if_forward(work, *deal.customer, "customer");
}

}  // namespace

void advance(Work& work, Id deal, std::string_view stage, std::optional<Timestamp> at) {
  work.require(Action::edit, kOpportunity, deal);
  Opportunity row = work.get<Opportunity>(deal);
  if (row.status != DealStatus::open) {  // before anything is asked about the stage
    Opportunity opened = row;
    opened.status = DealStatus::open;
    std::vector<Violation> missing;
    require_move(work, "advance", row.status, opened, {}, missing, closed_since(row));
    throw Error(Code::state, "opportunity", "status", closed_since(row) + "; reopen it, then move it on");
  }
  const std::vector<Stage> known = stages(work, row.pipeline);
  const auto to = std::find_if(known.begin(), known.end(), [&](const Stage& other) { return other.name == stage; });
  if (to == known.end()) {
    std::vector<std::string_view> names;
    for (const Stage& other : known) names.push_back(other.name);
    throw Error(Code::invalid, "opportunity", "stage",
                "the deal's pipeline has no stage " + quote(stage) + "." + suggest(stage, names));
  }
  if (to->id == row.stage) {
    throw Error(Code::state, "opportunity", "stage", "the deal is in '" + to->name + "' already; name another stage");
  }
  OpportunityStage stay = current_stay(work, deal);
  const Timestamp moment = at.value_or(std::max(work.now(), stay.from));
  verb::require_past(work, "opportunity_stage", moment, stay.from);
  if (moment < stay.from) {
    throw Error(Code::state, "opportunity", "stage",
                to_string(moment) + " lies before the entry into the current stage at " + to_string(stay.from) +
                    "; give a later time");
  }
  row.stage = to->id;
  require_guard(work, *to, row);
  std::vector<Violation> missing;
  require_move(work, "advance", DealStatus::open, row, {}, missing, {});
  if (!missing.empty()) throw Error(std::move(missing));
  write_move(work, row, stay, moment, {});
}

void win(Work& work, Id deal, Date on, std::string_view reason, std::optional<Amount> amount) {
  close(work, "win", deal, DealStatus::won, on, reason, amount);
}

void lose(Work& work, Id deal, Date on, std::string_view reason) {
  close(work, "lose", deal, DealStatus::lost, on, reason, std::nullopt);
}

void void_deal(Work& work, Id deal, Date on, std::string_view reason) {
  close(work, "void_deal", deal, DealStatus::voided, on, reason, std::nullopt);
}

void reopen(Work& work, Id deal, std::string_view reason) {
  work.require(Action::close, kOpportunity, deal);
  Opportunity row = work.get<Opportunity>(deal);
  OpportunityStage stay = current_stay(work, deal);
  const DealStatus before = row.status;
  const std::string note = before == DealStatus::open ? std::string("the deal is open") : closed_since(row);
  row.status = DealStatus::open;
  row.closed_on.reset();
  row.reason.reset();
  std::vector<Violation> missing;
  require_move(work, "reopen", before, row, reason, missing, note);
  if (!missing.empty()) throw Error(std::move(missing));
  write_move(work, row, stay, std::max(work.now(), stay.from), reason);
}

std::vector<OpportunityStage> stage_rows(const Reader& reader, Id deal) {
  Query query;
  query.conditions = {equals(kOpportunityStage, "opportunity", deal)};
  query.order = verb::by_time();
  return reader.list<OpportunityStage>(query);
}

}  // namespace sales

template <>
const Entity& entity_of<OpportunityStage>() {
  return sales::kOpportunityStage;
}

}  // namespace kith
