// SPDX-License-Identifier: Apache-2.0
// Fields that a store defines for itself where records move: into guarded stages.
#include <functional>

#include "engine/custom_fixture.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace {

using test::says;

class CustomMovesTest : public test::CustomTest {};

TEST_P(CustomMovesTest, GuardsSeeWhatANewRecordIsGiven) {
  const Entity& deals = entity_of<Opportunity>();
  made(named("vetted", Type::boolean, "opportunity"));
  CustomField risk = named("risk", Type::integer, "opportunity");
  risk.default_value = "3";
  made(risk);
  Id offer;
  in_work([&](Work& work) {
    Pipeline pipeline{.name = "Standard"};
    std::vector<Stage> stages{{.name = "talk", .position = 1},
                              {.name = "offer", .position = 2, .guard = "vetted and risk < 5"}};
    sales::create(work, pipeline, stages);
    offer = sales::stages(work, pipeline.id).back().id;
  });
  const auto deal = [&](Work& work, const custom::Values& values) {
    Opportunity row;
    row.title = "Deal";
    row.stage = offer;
    return custom::with(work, deals, values, [&] { return sales::create(work, row); });
  };
  const auto batch = [&](Work& work, const custom::Values& values) {
    Record row = generic::blank(work, deals);
    row.set("title", std::string("Deal"));
    row.set("stage", offer);
    for (const auto& [name, value] : values) row.set(name, value);
    Batch rows(deals);
    generic::append_row(row, rows);
    generic::create_batch(work, rows);
    return Id{rows.column(kIdField).word(0)};
  };
  for (const auto& create : {std::function<Id(Work&, const custom::Values&)>(deal), {batch}}) {
    EXPECT_TRUE(says(refused([&](Work& work) { create(work, {}); }, Code::state), "vetted and risk < 5"));
    refused([&](Work& work) { create(work, {{"vetted", true}, {"risk", std::int64_t{5}}}); }, Code::state);
    Id id;
    in_work([&](Work& work) { id = create(work, {{"vetted", true}}); });
    EXPECT_EQ(custom::get(session().reader(), deals, id).at("risk"), Value(std::int64_t{3})) << "the default counts";
  }
}

INSTANTIATE_ON_ALL_BACKENDS(CustomMovesTest);

}  // namespace
}  // namespace kith
