// SPDX-License-Identifier: Apache-2.0
#include "kith/sales/pipeline.hpp"

#include "sales/sales_store.hpp"

namespace kith {
namespace {

using test::says;

class PipelineTest : public test::SalesTest {};

TEST_P(PipelineTest, HasStagesByPosition) {
  const Reader reader = session().reader();
  const auto stages = sales::stages(reader, pipeline_);
  ASSERT_EQ(stages.size(), 4U);
  EXPECT_EQ(stages[0].name, "prospect");
  EXPECT_EQ(stages[3].name, "contract");
  EXPECT_EQ(stages[1].probability, parse_decimal("0.4"));
  EXPECT_EQ(stages[1].pipeline, pipeline_);
}

TEST_P(PipelineTest, RefusesContradictionsAndChangesNothing) {
  Pipeline pipeline;
  pipeline.name = "other";
  const auto create = [&](std::vector<Stage> stages) {
    return [&pipeline, stages](Work& work) {
      std::vector<Stage> given = stages;
      sales::create(work, pipeline, given);
    };
  };
  refused(create({}), Code::invalid);
  refused(create({stage("a", 1, "0.1"), stage("a", 2, "0.2")}), Code::conflict);
  refused(create({stage("a", 1, "0.1"), stage("b", 1, "0.2")}), Code::conflict);
  refused(create({stage("a", 1, "0.1"), stage("b", 2, "1.1")}), Code::invalid);
  refused(create({stage("a", 1, "0.1"), stage("", 2, "0.2")}), Code::invalid);
  EXPECT_FALSE(pipeline.id);
  pipeline.name = "standard";
  refused(create({stage("a", 1, "0.1")}), Code::conflict);
  EXPECT_EQ(session().reader().list<Pipeline>().size(), 1U);
  EXPECT_EQ(session().reader().list<Stage>().size(), 4U);
}

TEST_P(PipelineTest, AGuardIsCompiledWhenConfigured) {
  Pipeline pipeline;
  pipeline.name = "other";
  std::vector<Stage> stages{stage("a", 1, "0.1", "amout > 5.00 USD"), stage("b", 2, "0.2", "title")};
  const Error told = refused([&](Work& work) { sales::create(work, pipeline, stages); }, Code::invalid);
  ASSERT_EQ(told.violations.size(), 2U);
  EXPECT_EQ(told.field, "guard");
  EXPECT_TRUE(says(told, "'a': unknown field"));
  EXPECT_TRUE(says(told, "character 1"));
  EXPECT_TRUE(says(told, "amount"));
  EXPECT_TRUE(says(told, "'b': says neither yes nor no"));

  Stage offer = sales::stages(session().reader(), pipeline_)[1];
  offer.guard = "amount >";
  EXPECT_EQ(refused([&](Work& work) { sales::configure(work, offer); }, Code::invalid).field, "guard");
  offer.guard = "amount > 1.00 USD";
  in_work([&](Work& work) { sales::configure(work, offer); });
  EXPECT_EQ(sales::stages(session().reader(), pipeline_)[1].guard, "amount > 1.00 USD");
}

TEST_P(PipelineTest, StagesAreAddedAndChanged) {
  Stage more = stage("signing", 5, "0.95");
  more.pipeline = pipeline_;
  in_work([&](Work& work) { sales::configure(work, more); });
  more.probability = parse_decimal("0.99");
  in_work([&](Work& work) { sales::configure(work, more); });
  EXPECT_EQ(sales::stages(session().reader(), pipeline_).back().probability, parse_decimal("0.99"));

  Id other;
  in_work([&](Work& work) { other = add_pipeline(work, "other"); });
  Stage moved = more;
  moved.pipeline = other;
  EXPECT_EQ(refused([&](Work& work) { sales::configure(work, moved); }, Code::invalid).field, "pipeline");
  Stage lost = stage("x", 9, "0.1");
  refused([&](Work& work) { sales::configure(work, lost); }, Code::invalid);  // names no pipeline
  Session ann = store().engine->session("ann");
  refused_for(
      ann, [&](Work& work) { sales::configure(work, more); }, Code::denied);
}

INSTANTIATE_ON_ALL_BACKENDS(PipelineTest);

}  // namespace
}  // namespace kith
