// SPDX-License-Identifier: Apache-2.0
// Fields that a store defines for itself where records move: into guarded stages, out of the store and back.
#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <map>

#include "engine/custom_fixture.hpp"
#include "kith/engine/generic.hpp"
#include "kith/engine/recovery.hpp"
#include "kith/engine/state_machine.hpp"
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

TEST_P(CustomMovesTest, ADefinitionWithValuesIsNotUndone) {
  made(named("size", Type::integer));
  const std::int64_t defined = session().reader().seq();
  const Id acme = added("Acme", {{"size", std::int64_t{7}}});
  const Error told = refused([&](Work& work) { history::undo(work, defined); }, Code::conflict);
  EXPECT_TRUE(says(told, "customer " + std::to_string(acme.value)));
  EXPECT_TRUE(says(told, "'size', which no custom_field defines"));
  set(acme, {{"size", Value()}});
  in_work([&](Work& work) { history::undo(work, defined); });
  // The past still holds a number under the name.
  EXPECT_TRUE(says(refused_field(named("size", Type::text), Code::state), "take another name"));
  made(named("size", Type::integer));
  EXPECT_EQ(generic::versions(session().reader(), customer(), acme).rows(), 2U);
}

TEST_P(CustomMovesTest, KeysFollowAnUndoneDefinition) {
  const CustomField size = made(named("size", Type::integer));
  added("Acme", {{"size", std::int64_t{7}}});
  changed(size, [](CustomField& field) { field.indexed = true; });
  for (int pass = 0; pass < 2; ++pass) {  // undone, done again
    in_work([&](Work& work) { history::undo(work, session().reader().seq()); });
    EXPECT_EQ(names_where("size = 7").size(), 1U);
    EXPECT_TRUE(check(session()).empty());
  }
}

TEST_P(CustomMovesTest, ADefinitionThatWasNeverUsedMayComeBackOtherwise) {
  made(named("size", Type::integer));
  in_work([&](Work& work) { history::undo(work, session().reader().seq()); });
  made(named("size", Type::text));
  EXPECT_EQ(value(added("Acme", {{"size", std::string("big")}}), "size"), Value(std::string("big")));
}

TEST_P(CustomMovesTest, WhatGuardsAndMachinesNameStays) {
  CustomField grade = named("grade", Type::choice);
  grade.choices = "a,b";
  CustomField vetted = named("vetted", Type::boolean, "opportunity");
  CustomField needed = named("needed", Type::integer, "opportunity");
  CustomField seen = named("seen", Type::boolean, "opportunity");
  CustomField counted = named("counted", Type::integer, "opportunity");
  std::map<std::string, std::int64_t> works;
  for (CustomField* field : {&grade, &vetted, &needed, &seen, &counted}) {
    in_work([&](Work& work) { custom::define(work, *field); });
    works[field->name] = session().reader().seq();
  }
  in_work([&](Work& work) {
    Pipeline pipeline{.name = "Standard"};
    std::vector<Stage> stages{{.name = "talk", .position = 1}, {.name = "offer", .position = 2, .guard = "vetted"}};
    sales::create(work, pipeline, stages);
    StateMachine machine{.name = "grades", .entity = "customer", .field = "grade", .initial = "a"};
    state_machine::define(work, machine);
    for (Transition way : work.list<Transition>({.where = "name = 'win'"})) {
      way.needs = "reason, needed";
      way.guard = "seen";
      state_machine::configure(work, way);
    }
    Measure measure;
    measure.name = "counts";
    measure.entity = "opportunity";
    measure.on = "closed_on";
    measure.value = "counted";
    incentive::set_measure(work, measure);
  });
  for (const auto& [field, name] : std::map<const CustomField*, std::string>{{&grade, "'grades' leads through grade"},
                                                                             {&vetted, "the guard of 'offer'"},
                                                                             {&needed, "needs needed"},
                                                                             {&seen, "the guard of 'win'"},
                                                                             {&counted, "the value of 'counts'"}}) {
    CustomField retired = *field;
    retired.retired = true;
    EXPECT_TRUE(says(refused_field(retired, Code::state), name)) << field->name;
    const std::int64_t seq = works[field->name];
    EXPECT_TRUE(says(refused([&](Work& work) { history::undo(work, seq); }, Code::conflict), name)) << field->name;
  }
}

TEST_P(CustomMovesTest, TheFieldsOfThenShowThePast) {
  made(named("rent", Type::money));
  CustomField cost = named("cost", Type::money);
  cost.formula = "rent * 2";
  cost = made(cost);
  CustomField size = made(named("size", Type::integer));
  const std::int64_t undefined = session().reader().seq();
  made(named("later", Type::integer));
  const Currency usd = currency("USD");
  const Id acme = added("Acme", {{"rent", Money{10'000, usd}}, {"size", std::int64_t{7}}});
  const std::int64_t seq = session().reader().seq();
  changed(cost, [](CustomField& field) { field.formula = "rent * 3"; });
  changed(size, [](CustomField& field) { field.retired = true; });
  EXPECT_EQ(value(acme, "cost"), Value(Money{30'000, usd}));
  for (int pass = 0; pass < 2; ++pass) {
    const Reader then = session().reader({.as_of_seq = seq});
    const custom::Values values = custom::get(then, customer(), acme);
    EXPECT_EQ(values.at("cost"), Value(Money{20'000, usd}));
    EXPECT_EQ(values.at("size"), Value(std::int64_t{7}));
    EXPECT_EQ(then.list<Customer>({.where = "size = 7 and cost = 200.00 USD"}).size(), 1U);
    EXPECT_THROW(session().reader().list<Customer>({.where = "size = 7"}), Error);
    EXPECT_THROW(session().reader({.as_of_seq = undefined}).list<Customer>({.where = "later = 1"}), Error);
  }
}

TEST_P(CustomMovesTest, ARecordDoesNotComeBackWithValuesThatNothingDefines) {
  made(named("floors", Type::integer));
  const std::int64_t defined = session().reader().seq();
  const Id acme = added("Acme", {{"floors", std::int64_t{3}}});
  in_work([&](Work& work) { work.remove<Customer>(acme, work.get<Customer>(acme).revision); });
  const std::int64_t removed = session().reader().seq();
  in_work([&](Work& work) { history::undo(work, defined); });
  const std::int64_t undone = session().reader().seq();
  const std::string why = "'floors', which no custom_field defines since work " + std::to_string(undone);
  EXPECT_TRUE(says(refused([&](Work& work) { history::restore(work, customer(), acme); }, Code::state), why));
  EXPECT_TRUE(says(refused([&](Work& work) { history::undo(work, removed); }, Code::conflict), why));
  in_work([&](Work& work) { history::undo(work, undone); });
  in_work([&](Work& work) { history::restore(work, customer(), acme); });
  EXPECT_EQ(value(acme, "floors"), Value(std::int64_t{3}));
}

// A key's id tells nothing; that it is one at all is seen.
TEST(CustomKeys, IdsThatNoWorkGaveAreFound) {
  test::TemporaryFile file;
  const auto with_store = [&](const std::function<void(Session&)>& use) {
    test::TestStore store = test::open_test_store("sqlite:" + file.path());
    use(store.session);
  };
  with_store([](Session& session) {
    Work work = session.work();
    CustomField vat;
    vat.entity = "customer";
    vat.name = "vat";
    vat.unique = true;
    custom::define(work, vat);
    Customer acme{.name = "Acme"};
    custom::with(work, entity_of<Customer>(), {{"vat", std::string("DE1")}},
                 [&] { return customer::create(work, acme); });
    work.commit();
  });
  for (const char* id : {"id - 1000000000", "id + 1000000000", "-id", "1"}) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(file.path().c_str(), &raw), SQLITE_OK);
    const std::string sql =
        "create table if not exists kept as select id from key; update key set id = " + std::string(id);
    EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    with_store([&](Session& session) {
      const auto found = check(session);
      EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const Finding& one) { return one.entity == "key"; }))
          << id;
    });
    const char* back = "update key set id = (select id from kept); drop table kept";
    EXPECT_EQ(sqlite3_exec(raw, back, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
  }
  with_store([](Session& session) { EXPECT_TRUE(check(session).empty()); });
}

int checks_run = 0;
bool at_fault = false;
void count_checks(const Reader&, std::vector<Finding>& findings) {
  ++checks_run;
  if (at_fault) findings.push_back({"store", Id{1}, "was at fault before"});
}

TEST(CustomChecks, EveryAreaIsAskedOnceWhereASettingGoes) {
  static constexpr Area kCounting{.name = "counting", .check = count_checks};
  std::vector<const Area*> areas(model().areas().begin(), model().areas().end());
  std::erase_if(areas, [](const Area* area) { return area->name == "engine"; });  // every model has it
  areas.push_back(&kCounting);
  const Model counting(areas);
  auto clock = std::make_shared<Timestamp>();
  const auto engine = Engine::open("memory:", counting, test::test_options(clock));
  Session session = engine->session();
  Work work = session.work();
  CustomField size;
  size.entity = "customer";
  size.name = "size";
  size.type = Type::choice;
  size.choices = "small,large";
  custom::define(work, size);
  StateMachine machine{.name = "sizes", .entity = "customer", .field = "size", .initial = "small"};
  state_machine::define(work, machine);
  for (const char* name : {"grow", "swell"}) {
    Transition way{.machine = machine.id, .name = name, .from = "small", .to = "large"};
    state_machine::configure(work, way);
  }
  checks_run = 0;
  generic::remove(work, entity_of<StateMachine>(), machine.id, machine.revision);
  EXPECT_EQ(checks_run, 1) << "with its ways";
  EXPECT_TRUE(work.list<Transition>({.conditions = {equals(entity_of<Transition>(), "machine", machine.id)}}).empty());
  size.retired = true;
  custom::define(work, size);
  EXPECT_EQ(checks_run, 2);
  size.retired = false;
  custom::define(work, size);
  EXPECT_EQ(checks_run, 2) << "nothing needs a field to be away";
  at_fault = true;
  size.retired = true;
  custom::define(work, size);
  at_fault = false;
  EXPECT_EQ(checks_run, 4) << "what was at fault before is none of its business";
  EXPECT_TRUE(work.get<CustomField>(size.id).retired);
  work.commit();
}

INSTANTIATE_ON_ALL_BACKENDS(CustomMovesTest);

}  // namespace
}  // namespace kith
