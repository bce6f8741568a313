// SPDX-License-Identifier: Apache-2.0
#include "sales/deal_rules.hpp"

#include <string>

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
      faults.add("pipeline", pipelines().empty() ? "the store has no pipeline; add one with sales::create"
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

void check_deal(const Reader& reader, const Opportunity& deal, verb::Faults& faults) {
  if (deal.currency != reader.currency()) {
    faults.add("currency", code_of(deal.currency) + " is not the store's base currency, " + code_of(reader.currency()) +
                               "; convert the amount (people::convert_on) and give it in that");
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
