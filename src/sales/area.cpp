// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_map>

#include "engine/verbs.hpp"
#include "sales/deal_rules.hpp"

namespace kith {
namespace sales {
namespace {

constexpr const Entity* kEntities[] = {&kPipeline, &kStage, &kOpportunity, &kOpportunityStage, &kSplit};

Id create_stage(Work& work, Stage& stage) { return configure(work, stage); }
void update_stage(Work& work, Stage& stage) { configure(work, stage); }

constexpr RecordVerbs kVerbs[] = {
    {.entity = "stage",
     .create = verb::create_record<Stage, create_stage>,
     .update = verb::update_record<Stage, update_stage>},
    {.entity = "opportunity",
     .create = verb::create_record<Opportunity, create>,
     .update = verb::update_record<Opportunity, update>,
     .remove = verb::remove_record<Opportunity>,
     .create_batch = create_batch},
};

constexpr std::string_view kSettled[] = {"closed_on", "reason"};
constexpr Mirror kMirrors[] = {
    {.entity = "opportunity",
     .field = "stage",
     .rows = "opportunity_stage",
     .subject = "opportunity",
     .value = "stage",
     .begins = true,
     .settled = kSettled},
    {.entity = "opportunity",
     .field = "status",
     .rows = "opportunity_stage",
     .subject = "opportunity",
     .value = "status"},
};

constexpr FirstTransition kMoves[] = {
    {.name = "advance", .from = "open", .to = "open"},
    {.name = "win", .from = "open", .to = "won", .needs = "reason,amount"},
    {.name = "lose", .from = "open", .to = "lost", .needs = "reason"},
    {.name = "void_deal", .from = "open", .to = "void", .needs = "reason"},
    {.name = "reopen", .from = "won,lost", .to = "open", .needs = "reason"},
};
constexpr FirstMachine kMachines[] = {
    {.name = "opportunity",
     .entity = "opportunity",
     .field = "status",
     .meaning = "A deal is open in a stage of its pipeline, then won, lost or void.",
     .transitions = kMoves},
};

constexpr Permit kPermits[] = {
    {"sales::create", "pipeline", Action::administer},  {"sales::configure", "pipeline", Action::administer},
    {"sales::create", "opportunity", Action::create},   {"sales::create_batch", "opportunity", Action::create},
    {"sales::update", "opportunity", Action::edit},     {"sales::advance", "opportunity", Action::edit},
    {"sales::win", "opportunity", Action::close},       {"sales::lose", "opportunity", Action::close},
    {"sales::void_deal", "opportunity", Action::close}, {"sales::reopen", "opportunity", Action::close},
    {"sales::revalue", "opportunity", Action::edit},    {"sales::set_splits", "opportunity", Action::edit},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "opportunity", Action::read, Level::subtree},
    {"manager", "opportunity", Action::create, Level::subtree},
    {"manager", "opportunity", Action::edit, Level::subtree},
    {"manager", "opportunity", Action::close, Level::subtree},
    {"manager", "pipeline", Action::read, Level::all},
    {"manager", "stage", Action::read, Level::all},
    {"seller", "opportunity", Action::read, Level::own},
    {"seller", "opportunity", Action::create, Level::own},
    {"seller", "opportunity", Action::edit, Level::own},
    {"seller", "opportunity", Action::close, Level::own},
    {"seller", "pipeline", Action::read, Level::all},
    {"seller", "stage", Action::read, Level::all},
};

// What the rows of a deal say its columns should hold.
struct Mirror {
  Id stage;
  DealStatus status = DealStatus::open;
};

void check_deal(const Opportunity& deal, const std::unordered_map<Id, Id>& pipelines, Currency base,
                std::vector<Finding>& findings) {
  const auto report = [&](std::string message) { findings.push_back({"opportunity", deal.id, std::move(message)}); };
  const bool open = deal.status == DealStatus::open;
  if (open == deal.closed_on.has_value()) report("closed_on must be there exactly when the deal is not open");
  if (open && deal.reason) report("an open deal must have no reason");
  if (deal.status == DealStatus::won && !deal.amount) report("a won deal must have an amount");
  check_value(deal, base, findings);
  const auto pipeline = pipelines.find(deal.stage);
  if (pipeline != pipelines.end() && pipeline->second != deal.pipeline)
    report("stage must be one of the deal's pipeline");
}

void check_deals(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, Mirror> mirrors;
  verb::each_subject(reader, &OpportunityStage::opportunity, "opportunity",
                     [&](Id deal, const std::vector<OpportunityStage>& rows) {
                       verb::check_rows(rows, true, findings);
                       mirrors.emplace(deal, Mirror{rows.back().stage, rows.back().status});
                     });
  std::unordered_map<Id, Id> pipelines;
  for (const Stage& stage : reader.list<Stage>()) pipelines.emplace(stage.id, stage.pipeline);
  auto cursor = reader.scan(kOpportunity);
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      Opportunity deal;
      load_row(batch, row, &deal);
      check_deal(deal, pipelines, reader.currency(), findings);
      const auto mirror = mirrors.find(deal.id);
      if (mirror == mirrors.end()) {
        findings.push_back({"opportunity", deal.id, "must have an opportunity_stage row, has none"});
      } else if (mirror->second.stage != deal.stage || mirror->second.status != deal.status) {
        findings.push_back(
            {"opportunity", deal.id, "stage and status must be those of the newest opportunity_stage row"});
      }
    }
  }
}

void check_splits(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, Int128> sums;
  for (const Split& split : reader.list<Split>()) sums[split.opportunity] += split.share.coefficient;
  for (const auto& [deal, sum] : sums) {
    if (sum != kOne) findings.push_back({"opportunity", deal, "its splits must add up to exactly 1"});
  }
}

void check(const Reader& reader, std::vector<Finding>& findings) {
  check_deals(reader, findings);
  check_splits(reader, findings);
  check_stage_guards(reader, findings);
}

}  // namespace
}  // namespace sales

constinit const Area kSalesArea{.name = "sales",
                                .entities = sales::kEntities,
                                .verbs = sales::kVerbs,
                                .permits = sales::kPermits,
                                .grants = sales::kGrants,
                                .reports = {},
                                .mirrors = sales::kMirrors,
                                .found = nullptr,
                                .check = sales::check,
                                .reach = nullptr,
                                .machines = sales::kMachines};

}  // namespace kith
