// SPDX-License-Identifier: Apache-2.0
#include "kith/sales/pipeline.hpp"

#include <string>

#include "engine/verbs.hpp"
#include "kith/engine/formula.hpp"
#include "kith/engine/state_machine.hpp"
#include "sales/entities.hpp"

namespace kith {
namespace sales {
namespace {

constexpr auto kPipelineFields =
    field_table<Pipeline>(field<&Pipeline::name>("name", {.required = true, .max_length = 100}));

constexpr auto kStageFields = field_table<Stage>(
    field<&Stage::pipeline>("pipeline", {.required = true, .refers_to = "pipeline"}),
    field<&Stage::name>("name", {.required = true, .max_length = 100}), field<&Stage::position>("position"),
    field<&Stage::probability>("probability", {.scale = kRateScale, .minimum = 0, .maximum = kOne}),
    field<&Stage::guard>("guard", {.max_length = 2000}));

constexpr UniqueKey kPipelineKeys[] = {{{"name"}}};
constexpr UniqueKey kStageKeys[] = {{{"pipeline", "position"}}, {{"pipeline", "name"}}};

}  // namespace

constexpr Entity kPipeline = make_entity<Pipeline>({.name = "pipeline",
                                                    .plural = "pipelines",
                                                    .fields = kPipelineFields,
                                                    .unique = kPipelineKeys,
                                                    .roles = {.title = "name"}});
constexpr Entity kStage = make_entity<Stage>(
    {.name = "stage", .plural = "stages", .fields = kStageFields, .unique = kStageKeys, .roles = {.title = "name"}});

namespace {

Expression compiled(const Reader& reader, const std::string& guard) {
  return Expression::compile(guard, scope_of(reader, kOpportunity));
}

// A guard that cannot be read would lock its stage for every deal, so it is compiled when it is configured.
void check_guard(const Reader& reader, const Stage& stage, const std::string& where, verb::Faults& faults) {
  if (!stage.guard) return;
  try {
    if (compiled(reader, *stage.guard).type() != Type::boolean) {
      faults.add("guard", where + "says neither yes nor no; write a condition such as amount > 1000 " +
                              code_of(reader.currency()));
    }
  } catch (const Error& error) {
    if (error.code != Code::invalid) throw;
    faults.add("guard", where + error.message);
  }
}

}  // namespace

void require_guard(const Reader& reader, const Stage& stage, const Opportunity& deal, std::string_view own,
                   std::string_view where) {
  if (!stage.guard) return;
  if (state_machine::holds(reader, *stage.guard, kOpportunity, &deal, own)) return;
  throw Error(Code::state, "opportunity", "stage",
              std::string(where) + "stage '" + stage.name + "' is for deals with: " + *stage.guard +
                  "; this deal does not meet that");
}

void check_stage_guards(const Reader& reader, std::vector<Finding>& findings) {
  for (const Stage& stage : reader.list<Stage>()) {
    if (!stage.guard) continue;
    if (const auto fault = Expression::fault(*stage.guard, scope_of(reader, kOpportunity))) {
      findings.push_back({"stage", stage.id, "the guard of '" + stage.name + "' must compile: " + fault->english});
    }
  }
}

Id create(Work& work, Pipeline& pipeline, std::vector<Stage>& stages) {
  work.require(Action::administer, kPipeline);
  verb::Faults faults(kStage);
  if (stages.empty()) faults.add("pipeline", "a pipeline needs at least one stage");
  for (const Stage& stage : stages) check_guard(work, stage, "'" + stage.name + "': ", faults);
  faults.raise();
  Pipeline row = pipeline;
  std::vector<Stage> rows = stages;
  Work::Step step(work);  // stages may contradict each other: then there is no pipeline either
  work.trusted([&] {
    work.create(row);
    for (Stage& stage : rows) {
      stage.pipeline = row.id;
      work.create(stage);
    }
  });
  step.keep();
  pipeline = std::move(row);
  stages = std::move(rows);
  return pipeline.id;
}

Id configure(Work& work, Stage& stage) {
  work.require(Action::administer, kPipeline);
  verb::Faults faults(kStage);
  std::optional<Stage> before;
  if (stage.id) before = work.get<Stage>(stage.id);
  if (before && before->pipeline != stage.pipeline) {
    faults.add("pipeline", "a stage stays in its pipeline, as its deals do; add a new stage to the other one");
  }
  check_guard(work, stage, "", faults);
  faults.raise();
  Stage row = stage;
  work.trusted([&] { before ? work.update(row) : static_cast<void>(work.create(row)); });
  stage = std::move(row);
  return stage.id;
}

std::vector<Stage> stages(const Reader& reader, Id pipeline) {
  Query query;
  query.conditions = {equals(kStage, "pipeline", pipeline)};
  query.order = {"position"};
  return reader.list<Stage>(query);
}

}  // namespace sales

template <>
const Entity& entity_of<Pipeline>() {
  return sales::kPipeline;
}
template <>
const Entity& entity_of<Stage>() {
  return sales::kStage;
}

}  // namespace kith
