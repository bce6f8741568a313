// SPDX-License-Identifier: Apache-2.0
// A later version of a model adds fields, an entity and grants; the chain still holds for what was written before.
#include <sqlite3.h>

#include "engine/toy.hpp"
#include "kith/engine/migration.hpp"

namespace kith::toy {

struct OldThing {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name;
};

struct NewThing {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Colour colour = Colour::green;
  std::string note = "it's \"new\"";
  std::string name;
  std::optional<Id> other;
  Bytes raw;
};

struct Fresh {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id thing;
};

}  // namespace kith::toy

namespace kith {
template <>
const Entity& entity_of<toy::OldThing>();
template <>
const Entity& entity_of<toy::NewThing>();
template <>
const Entity& entity_of<toy::Fresh>();

namespace toy {
namespace {

constexpr auto kOldFields = field_table<OldThing>(field<&OldThing::name>("name"));
constexpr auto kNewFields =
    field_table<NewThing>(field<&NewThing::colour>("colour"), field<&NewThing::note>("note", {.indexed = true}),
                          field<&NewThing::name>("name"), field<&NewThing::other>("other", {.refers_to = "thing"}),
                          field<&NewThing::raw>("raw"));
constexpr auto kFreshFields = field_table<Fresh>(field<&Fresh::thing>("thing", {.refers_to = "thing"}));
constexpr Entity kOld = make_entity<OldThing>({.name = "thing", .plural = "things", .fields = kOldFields});
constexpr Entity kNew = make_entity<NewThing>({.name = "thing", .plural = "things", .fields = kNewFields});
constexpr Entity kFresh = make_entity<Fresh>({.name = "fresh", .plural = "freshes", .fields = kFreshFields});
constexpr const Entity* kOldEntities[] = {&kOld};
constexpr const Entity* kNewEntities[] = {&kNew, &kFresh};
constexpr FirstGrant kNewGrants[] = {{"manager", "fresh", Action::read, Level::all}};
const Area kOldArea{.name = "things", .entities = kOldEntities};
const Area kNewArea{.name = "things", .entities = kNewEntities, .grants = kNewGrants};

const Model& old_model() {
  static const Area* const areas[] = {&kOldArea};
  static const Model model(areas);
  return model;
}
const Model& new_model() {
  static const Area* const areas[] = {&kNewArea};
  static const Model model(areas);
  return model;
}

void sql(const std::string& path, const std::string& statement) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, statement.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

class AddedField : public testing::Test {
 protected:
  /// A store of the old model with two things, one of them changed, marked as of format 1.
  AddedField() {
    auto engine = Engine::open(path(), old_model(), options());
    Session session = engine->session();
    for (const char* name : {"a", "b"}) {
      Work work = session.work();
      OldThing thing{.name = name};
      work.create(thing);
      work.commit();
      if (*name == 'b') continue;
      Work again = session.work();
      thing.name += "!";
      again.update(thing);
      again.commit();
    }
    sql(path(), "PRAGMA user_version=1");
  }
  const std::string& path() const { return store_.path(); }
  /// This Kith made the store, and nobody may mark it as an older one: that is told; here, what else is found.
  static std::vector<Finding> besides_the_mark(std::vector<Finding> findings) {
    const auto told = std::erase_if(findings, [](const Finding& one) {
      return one.entity == "head" && one.message.starts_with("had the format 1 before work ");
    });
    EXPECT_GE(told, 1U);
    return findings;
  }

  Store store_{"sqlite"};
};

TEST_F(AddedField, HasTheDefaultOfItsStructInPresentAndPast) {
  auto engine = Engine::open(path(), new_model(), options());
  Session session = engine->session();
  EXPECT_TRUE(besides_the_mark(check(session)).empty());
  const Reader reader = session.reader();
  const auto things = reader.list<NewThing>({.order = {"name"}});
  ASSERT_EQ(things.size(), 2U);
  for (const NewThing& thing : things) {
    EXPECT_EQ(thing.colour, Colour::green);
    EXPECT_EQ(thing.note, NewThing().note);
    EXPECT_FALSE(thing.other);
  }
  const auto versions = history::versions<NewThing>(reader, things.front().id);
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions.front().record.name, "a");
  EXPECT_EQ(versions.front().record.note, NewThing().note);
  const auto rows = reader.list<MigrationRow>({.order = {"seq"}});
  ASSERT_EQ(rows.size(), 2U) << "made, and migrated";
  EXPECT_EQ(rows.back().additions,
            "thing.colour\nthing.note\nthing.other\nthing.raw\nfresh\nhead.currency=USD\nhead.zone=UTC\n");
  EXPECT_EQ(reader.list<Grant>({.where = "entity = 'fresh'"}).size(), 1U);

  Work work = session.work();
  NewThing changed = things.front();
  changed.colour = Colour::red;
  work.update(changed);
  Fresh fresh{.thing = changed.id};
  work.create(fresh);
  work.commit();
  EXPECT_TRUE(besides_the_mark(check(session)).empty());
}

TEST_F(AddedField, IsGuardedByVerifyAllTheSame) {
  Engine::open(path(), new_model(), options());
  sql(path(), "UPDATE thing SET colour = 1 WHERE name = 'b'");
  auto engine = Engine::open(path(), new_model(), options());
  const auto findings = besides_the_mark(history::verify(engine->session().reader()).faults);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().entity, "thing");
  EXPECT_NE(findings.front().message.find("field that came after work"), std::string::npos);
}

TEST_F(AddedField, AMigrationRowThatWasChangedIsFound) {
  Engine::open(path(), new_model(), options());
  sql(path(), "UPDATE migration SET statements = statements || ' ' WHERE from_format > 0");
  auto engine = Engine::open(path(), new_model(), options());
  Session session = engine->session();
  const auto findings = besides_the_mark(check(session));
  EXPECT_EQ(findings.size(), 2U) << "the chain and the checksum";
}

}  // namespace
}  // namespace toy

template <>
const Entity& entity_of<toy::OldThing>() {
  return toy::kOld;
}
template <>
const Entity& entity_of<toy::NewThing>() {
  return toy::kNew;
}
template <>
const Entity& entity_of<toy::Fresh>() {
  return toy::kFresh;
}
}  // namespace kith
