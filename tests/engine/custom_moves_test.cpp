// SPDX-License-Identifier: Apache-2.0
// Fields that a store defines for itself where records move: into guarded stages, out of the store and back.
#include <functional>

#include "engine/custom_fixture.hpp"
#include "kith/engine/generic.hpp"
#include "kith/engine/recovery.hpp"
#include "kith/engine/undo.hpp"

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

TEST_P(CustomMovesTest, RestoringBringsValuesAndKeysBack) {
  define_all();
  CustomField vat = named("vat", Type::text);
  vat.unique = true;
  made(vat);
  const Id first = added("First", {{"vat", std::string("DE1")}, {"floors", std::int64_t{3}}});
  const Id user = added("User", {{"partner", first}});
  const auto remove = [&](Id id) {
    in_work([&](Work& work) { work.remove<Customer>(id, work.get<Customer>(id).revision); });
  };
  const auto restore = [&](Work& work, Id id) { history::restore(work, customer(), id); };
  remove(user);
  remove(first);
  EXPECT_TRUE(session().reader().list<KeyRow>().empty());
  EXPECT_TRUE(says(refused([&](Work& work) { restore(work, user); }, Code::state), "restore that first"));
  in_work([&](Work& work) { restore(work, first); });
  EXPECT_EQ(value(first, "floors"), Value(std::int64_t{3}));
  EXPECT_EQ(names_where("vat = 'DE1'"), (std::vector<std::string>{"First"}));
  refused([&](Work& work) { add(work, "Twin", {{"vat", std::string("DE1")}}); }, Code::conflict);
  in_work([&](Work& work) { restore(work, user); });
  EXPECT_EQ(value(user, "partner"), Value(first));
  refused([&](Work& work) { work.remove<Customer>(first, work.get<Customer>(first).revision); }, Code::conflict);

  remove(user);
  remove(first);
  const Id heir = added("Heir", {{"vat", std::string("DE1")}});
  const Error taken = refused([&](Work& work) { restore(work, first); }, Code::conflict);
  EXPECT_TRUE(says(taken, "'DE1' is that of customer " + std::to_string(heir.value)));
  in_work([&](Work& work) {
    custom::set(work, customer(), heir, {{"vat", Value()}});
    restore(work, first);
  });
  EXPECT_EQ(names_where("vat = 'DE1'"), (std::vector<std::string>{"First"}));
  remove(first);
  in_work([&](Work& work) { history::purge(work, customer(), first); });
  EXPECT_TRUE(session().reader().list<KeyRow>().empty());
  added("Last", {{"vat", std::string("DE1")}});
}

TEST_P(CustomMovesTest, AWorkIsUndoneWithItsKeys) {
  define_all();
  CustomField vat = named("vat", Type::text);
  vat.unique = true;
  made(vat);
  const Id first = added("First", {{"vat", std::string("DE1")}});
  const std::int64_t created = session().reader().seq();
  set(first, {{"vat", std::string("DE2")}});
  const std::int64_t changed = session().reader().seq();
  in_work([&](Work& work) { history::undo(work, changed); });
  EXPECT_EQ(names_where("vat = 'DE1'"), (std::vector<std::string>{"First"}));
  EXPECT_EQ(names_where("vat = 'DE2'"), (std::vector<std::string>{}));
  const Id second = added("Second", {{"vat", std::string("DE2")}, {"partner", first}});
  EXPECT_TRUE(
      says(refused([&](Work& work) { history::undo(work, created); }, Code::conflict), std::to_string(second.value)))
      << "what refers to a record depends on it";
  set(second, {{"partner", Value()}});
  in_work([&](Work& work) { history::undo(work, created); });
  EXPECT_EQ(names_where(""), (std::vector<std::string>{"Second"}));
  added("Third", {{"vat", std::string("DE1")}});
}

INSTANTIATE_ON_ALL_BACKENDS(CustomMovesTest);

}  // namespace
}  // namespace kith
