// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_map>

#include "customer/entities.hpp"
#include "engine/rings.hpp"
#include "engine/verbs.hpp"

namespace kith {
namespace customer {
namespace {

constexpr const Entity* kEntities[] = {&kLifecycleStage, &kCustomer, &kCustomerStage, &kContact};

Id create_stage(Work& work, LifecycleStage& stage) { return configure(work, stage); }
void update_stage(Work& work, LifecycleStage& stage) { configure(work, stage); }

constexpr RecordVerbs kVerbs[] = {
    {.entity = "lifecycle_stage",
     .create = verb::create_record<LifecycleStage, create_stage>,
     .update = verb::update_record<LifecycleStage, update_stage>},
    {.entity = "customer",
     .create = verb::create_record<Customer, create>,
     .update = verb::update_record<Customer, update>,
     .remove = verb::remove_record<Customer>,
     .create_batch = create_batch,
     .update_batch = update_batch},
    {.entity = "contact",
     .create = verb::create_record<Contact, create>,
     .update = verb::update_record<Contact, update>,
     .remove = verb::remove_record<Contact>},
};

constexpr Mirror kMirrors[] = {
    {.entity = "customer", .field = "stage", .rows = "customer_stage", .subject = "customer", .value = "stage"},
};

constexpr FirstTransition kMoves[] = {
    {.name = "advance", .from = "*", .to = "*", .way = Way::forward},
    {.name = "set_stage", .from = "*", .to = "*", .way = Way::forward},
    {.name = "set_stage", .from = "*", .to = "*", .way = Way::back, .needs = "reason"},
};
constexpr FirstMachine kMachines[] = {
    {.name = "lifecycle",
     .entity = "customer",
     .field = "stage",
     .meaning = "A customer moves on by itself, and back only for a reason.",
     .transitions = kMoves},
};

constexpr Permit kPermits[] = {
    {"customer::create", "customer", Action::create},
    {"customer::create_batch", "customer", Action::create},
    {"customer::update", "customer", Action::edit},
    {"customer::update_batch", "customer", Action::edit},
    {"customer::assign", "customer", Action::edit},
    {"customer::create", "contact", Action::create},
    {"customer::create_contacts", "contact", Action::create},
    {"customer::update", "contact", Action::edit},
    {"customer::configure", "lifecycle_stage", Action::administer},
    {"customer::advance", "customer", Action::edit},
    {"customer::set_stage", "customer", Action::edit},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "customer", Action::read, Level::subtree}, {"manager", "customer", Action::create, Level::subtree},
    {"manager", "customer", Action::edit, Level::subtree}, {"manager", "lifecycle_stage", Action::read, Level::all},
    {"seller", "customer", Action::read, Level::own},      {"seller", "customer", Action::create, Level::own},
    {"seller", "customer", Action::edit, Level::own},      {"seller", "lifecycle_stage", Action::read, Level::all},
};

void found(Work& work) {
  std::int64_t rank = 0;
  for (const char* name : {"subscriber", "lead", "MQL", "SQL", "opportunity", "customer"}) {
    LifecycleStage stage;
    stage.name = name;
    stage.rank = rank += 10;
    configure(work, stage);
  }
}

// What the rows of a customer say its columns should hold.
struct Mirror {
  Id stage;
  Id highest;
};

void check_stages(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, std::int64_t> ranks;
  for (const LifecycleStage& stage : lifecycle(reader)) ranks[stage.id] = stage.rank;
  std::unordered_map<Id, Mirror> mirrors;
  verb::each_subject(reader, &CustomerStage::customer, "customer", [&](Id id, const std::vector<CustomerStage>& rows) {
    verb::check_rows(rows, true, findings);
    Mirror mirror{rows.back().stage, rows.front().stage};
    for (const CustomerStage& row : rows) {
      if (ranks[row.stage] > ranks[mirror.highest]) mirror.highest = row.stage;
    }
    mirrors.emplace(id, mirror);
  });
  Query query;
  query.fields = {"id", "stage", "highest_stage"};
  auto cursor = reader.scan(kCustomer, query);
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const Id id{batch.columns[0].word(row)};
      const auto mirror = mirrors.find(id);
      if (mirror == mirrors.end()) {
        findings.push_back({"customer", id, "must have a customer_stage row, has none"});
        continue;
      }
      if (batch.columns[1].word(row) != mirror->second.stage.value) {
        findings.push_back({"customer", id, "stage must be that of the newest customer_stage row"});
      }
      if (batch.columns[2].word(row) != mirror->second.highest.value) {
        findings.push_back({"customer", id, "highest_stage must be the highest-ranked of its customer_stage rows"});
      }
    }
  }
}

void check_parents(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, std::optional<Id>> parents;
  Query query;
  query.conditions = {{.op = Condition::Op::not_null, .field = kCustomer.at("parent")}};
  query.fields = {"id", "parent"};
  auto cursor = reader.scan(kCustomer, query);
  for (Batch batch; cursor->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      parents.emplace(Id{batch.columns[0].word(row)}, Id{batch.columns[1].word(row)});
    }
  }
  verb::check_rings(parents, kCustomer, "must not be a subsidiary of itself", findings);
}

void check(const Reader& reader, std::vector<Finding>& findings) {
  verb::check_name_keys(reader, kCustomer, findings);
  verb::check_name_keys(reader, kContact, findings);
  check_stages(reader, findings);
  check_parents(reader, findings);
}

}  // namespace
}  // namespace customer

constinit const Area kCustomerArea{.name = "customer",
                                   .entities = customer::kEntities,
                                   .verbs = customer::kVerbs,
                                   .permits = customer::kPermits,
                                   .grants = customer::kGrants,
                                   .reports = {},
                                   .mirrors = customer::kMirrors,
                                   .found = customer::found,
                                   .check = customer::check,
                                   .reach = nullptr,
                                   .machines = customer::kMachines};

}  // namespace kith
