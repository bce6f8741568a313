// SPDX-License-Identifier: Apache-2.0
#include "sales/deal_rules.hpp"

#include <string>
#include <utility>

#include "engine/worth.hpp"
#include "kith/people/exchange_rate.hpp"

namespace kith::sales {
namespace {

bool is_known(DealStatus status) { return status >= DealStatus::open && status <= DealStatus::voided; }

OpportunityStage stay(const Opportunity& deal, DealStatus status, Timestamp from) {
  OpportunityStage row;
  row.opportunity = deal.id;
  row.stage = deal.stage;
  row.status = status;
  row.from = from;
  return row;
}

}  // namespace

const std::vector<Pipeline>& Placement::pipelines() {
  if (!listed_) pipelines_ = reader_.list<Pipeline>();
  listed_ = true;
  return pipelines_;
}

const std::vector<Stage>& Placement::stages_of(Id pipeline) {
  const auto found = stages_.find(pipeline);
  return found != stages_.end() ? found->second : stages_.emplace(pipeline, stages(reader_, pipeline)).first->second;
}

const Stage* Placement::place(Opportunity& deal, verb::Faults& faults) {
  if (!deal.pipeline) {
    if (pipelines().size() != 1) {
      std::string names;
      for (const Pipeline& pipeline : pipelines()) names += (names.empty() ? "" : ", ") + pipeline.name;
      faults.add("pipeline", pipelines().empty() ? "the store has no pipeline; add one with its stages first"
                                                 : "is missing, and there is more than one: " + names + "; name one");
      return nullptr;
    }
    deal.pipeline = pipelines().front().id;
  }
  const std::vector<Stage>& known = stages_of(deal.pipeline);
  if (known.empty()) {
    faults.add("pipeline", "there is no pipeline " + std::to_string(deal.pipeline.value) + " with stages");
    return nullptr;
  }
  if (!deal.stage) deal.stage = known.front().id;
  std::string names;
  for (const Stage& stage : known) {
    if (stage.id == deal.stage) return &stage;
    names += (names.empty() ? "" : ", ") + stage.name + " (" + std::to_string(stage.id.value) + ")";
  }
  faults.add("stage",
             std::to_string(deal.stage.value) + " is no stage of the deal's pipeline; its stages are " + names);
  return nullptr;
}

void check_deal(const Opportunity& deal, verb::Faults& faults) {
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

void check_done(const Reader& reader, std::string_view field, Date day, verb::Faults& faults) {
  const Date today = reader.today();
  if (!verb::is_day(day) || day <= today) return;
  faults.add(field, to_string(day) + " lies in the future: today is " + to_string(today) + " in " + reader.zone() +
                        "; give the day on which it was done");
}

void check_closed(const Reader& reader, const Opportunity& deal, verb::Faults& faults) {
  if (deal.closed_on && deal.status != DealStatus::open) check_done(reader, "closed_on", *deal.closed_on, faults);
}

void value_deals(const Reader& reader, std::span<Opportunity> deals, verb::Faults& faults, std::optional<Date> on) {
  const Date today = reader.today();
  const auto day_of = [&](const Opportunity& deal) { return on ? *on : deal.closed_on.value_or(today); };
  const auto worth_of = [&](const Opportunity& deal) {
    return DatedMoney{{deal.amount->minor, deal.currency}, day_of(deal)};
  };
  std::vector<DatedMoney> facts;
  for (const Opportunity& deal : deals) {
    if (deal.amount && deal.currency) facts.push_back(worth_of(deal));
  }
  const people::BaseRates rates(reader, facts);
  for (std::size_t row = 0; row < deals.size(); ++row) {
    Opportunity& deal = deals[row];
    deal.base_amount.reset();
    deal.base_rate.reset();
    deal.base_rate_on.reset();
    if (!deal.amount || !deal.currency || !verb::is_day(day_of(deal))) continue;  // the last was told with the days
    try {
      BaseValue value = rates.value(worth_of(deal));
      deal.base_amount = value.amount;
      deal.base_rate = std::move(value.rate);
      deal.base_rate_on = value.on;
    } catch (const Error& error) {
      if (error.code != Code::not_found && error.code != Code::overflow) throw;
      if (deals.size() > 1) faults.in_row(row);
      faults.add(error.code == Code::overflow ? "amount" : "currency", error.message);
    }
  }
}

void check_value(const Opportunity& deal, Currency base, std::vector<Finding>& findings) {
  std::optional<Money> money;
  if (deal.amount) money = Money{deal.amount->minor, deal.currency};
  if (auto fault = worth_fault(money, {deal.base_amount, deal.base_rate, deal.base_rate_on}, base)) {
    findings.push_back({"opportunity", deal.id, std::move(*fault)});
  }
}

std::vector<OpportunityStage> first_stays(const Reader& reader, const Opportunity& deal) {
  if (deal.status == DealStatus::open) return {stay(deal, DealStatus::open, reader.now())};
  OpportunityStage open =
      stay(deal, DealStatus::open, start_of_day(deal.engaged_on.value_or(*deal.closed_on), reader.zone()));
  OpportunityStage closed = stay(deal, deal.status, start_of_day(*deal.closed_on, reader.zone()));
  closed.reason = deal.reason;
  open.to = closed.from;
  return {open, closed};
}

}  // namespace kith::sales
