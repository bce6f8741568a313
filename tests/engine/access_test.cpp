// SPDX-License-Identifier: Apache-2.0
// Permission: levels, parts, and that a list is exactly the records that may be read one by one.
#include "kith/engine/access.hpp"

#include <random>

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

class AccessTest : public testing::TestWithParam<std::string> {
 protected:
  AccessTest() : store_(GetParam()), engine_(store_.open()), admin_(engine_->session()) {
    auto work = admin_.work({.cause = "people"});
    // The toy model has no employees; 7 and 8 stand for themselves.
    work.trusted([&] {
      for (const auto& [name, employee, role] :
           {std::tuple{"sam", 7, "seller"}, {"mary", 7, "manager"}, {"olga", 8, "seller"}, {"nobody", 9, ""}}) {
        access::add_principal(work, name, Id{employee},
                              *role == '\0' ? std::vector<std::string>{} : std::vector<std::string>{role});
      }
    });
    work.commit();
    mine_ = add(box("mine", Id{7}, Id{1}));
    colleague_ = add(box("colleague", Id{8}, Id{1}));
    below_ = add(box("below", Id{8}, Id{2}));
    far_ = add(box("far", Id{8}, Id{3}));
    loose_ = add(box("loose"));
  }

  Id add(Box made) {
    auto work = admin_.work();
    work.create(made);
    Label label;
    label.box = made.id;
    label.text = "on " + made.name;
    work.create(label);
    work.commit();
    return made.id;
  }
  std::vector<std::string> names(std::string_view principal) {
    std::vector<std::string> found;
    Session session = engine_->session(principal);
    for (const Box& seen : session.reader().list<Box>({.order = {"name"}})) found.push_back(seen.name);
    return found;
  }

  Store store_;
  std::shared_ptr<Engine> engine_;
  Session admin_;
  Id mine_, colleague_, below_, far_, loose_;
};

using Names = std::vector<std::string>;

TEST_P(AccessTest, LevelsReachAsFarAsTheyShould) {
  EXPECT_EQ(names("local"), (Names{"below", "colleague", "far", "loose", "mine"}));
  EXPECT_EQ(names("mary"), (Names{"below", "colleague", "mine"})) << "subtree";
  EXPECT_EQ(names("sam"), (Names{"colleague", "mine"})) << "unit";
  EXPECT_EQ(names("olga"), (Names{"below", "colleague", "far"})) << "unit of somebody in none: own";
  EXPECT_EQ(names("nobody"), Names{});
}

TEST_P(AccessTest, PartsFollowTheirParent) {
  Session sam = engine_->session("sam");
  const Reader reader = sam.reader();
  const auto labels = reader.list<Label>({.order = {"text"}});
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0].text, "on colleague");
  EXPECT_EQ(reader.list<Label>({.limit = 1}).size(), 1U);
  auto work = sam.work();
  Label extra;
  extra.box = mine_;
  extra.text = "extra";
  work.create(extra);
  extra.box = colleague_;
  EXPECT_EQ(code_of_error([&] { work.create(extra); }), Code::denied) << "readable, but edit is only for one's own";
  extra.box = far_;
  EXPECT_NE(code_of_error([&] { work.create(extra); }), Code::ok);
}

TEST_P(AccessTest, ReadableButNotAllowedIsDeniedElseNotFoundAndNothingChanges) {
  Session sam = engine_->session("sam");
  const std::int64_t before = admin_.reader().seq();
  auto work = sam.work();
  Box theirs = work.get<Box>(colleague_);
  theirs.name = "taken";
  EXPECT_EQ(code_of_error([&] { work.update(theirs); }), Code::denied);
  EXPECT_EQ(code_of_error([&] { work.get<Box>(far_); }), Code::not_found);
  Box unseen = admin_.reader().get<Box>(far_);
  unseen.name = "taken";
  EXPECT_EQ(code_of_error([&] { work.update(unseen); }), Code::not_found);
  EXPECT_EQ(code_of_error([&] { work.remove<Box>(far_, 1); }), Code::not_found);
  Box foreign = box("for olga", Id{8}, Id{1});
  EXPECT_EQ(code_of_error([&] { work.create(foreign); }), Code::denied);
  EXPECT_EQ(code_of_error([&] { access::set_grant(work, "seller", "box", Action::edit, Level::all); }), Code::denied);
  EXPECT_EQ(code_of_error([&] { check(sam); }), Code::denied);
  EXPECT_EQ(work.commit().seq, 0);
  EXPECT_EQ(admin_.reader().seq(), before);
}

TEST_P(AccessTest, AReferenceToWhatOneMayNotSeeIsRefused) {
  Session sam = engine_->session("sam");
  auto work = sam.work();
  Box nested = box("nested", Id{7}, Id{1});
  nested.inside = far_;
  EXPECT_EQ(code_of_error([&] { work.create(nested); }), Code::invalid);
}

TEST_P(AccessTest, AChangedGrantCountsForTheNextReader) {
  Session sam = engine_->session("sam");
  EXPECT_EQ(sam.reader().list<Box>().size(), 2U);
  auto work = admin_.work();
  access::set_grant(work, "seller", "box", Action::read, Level::all);
  work.commit();
  EXPECT_EQ(sam.reader().list<Box>().size(), 5U);
  auto back = admin_.work();
  access::set_grant(back, "seller", "box", Action::read, Level::none);
  back.commit();
  EXPECT_EQ(sam.reader().list<Box>().size(), 0U);
}

TEST_P(AccessTest, ListIsFilterOfMay) {
  std::mt19937 random(20260301);
  auto work = admin_.work();
  for (int i = 0; i < 200; ++i) {
    const auto pick = [&](int most) { return std::optional<Id>(Id{static_cast<std::int64_t>(random() % most)}); };
    Box made = box("r" + std::to_string(i), pick(10), pick(5));
    if (made.owner->value == 0) made.owner.reset();
    if (made.unit->value == 0) made.unit.reset();
    work.create(made);
  }
  work.commit();
  for (const char* principal : {"local", "sam", "mary", "olga", "nobody"}) {
    Session session = engine_->session(principal);
    const Reader reader = session.reader();
    std::vector<Id> listed;
    for (const Box& seen : reader.list<Box>()) listed.push_back(seen.id);
    std::vector<Id> single;
    for (const Box& any : reader.as_system("test").list<Box>()) {
      if (reader.may(Action::read, entity_of<Box>(), any.id)) single.push_back(any.id);
      EXPECT_EQ(reader.find<Box>(any.id).has_value(), reader.may(Action::read, entity_of<Box>(), any.id));
    }
    EXPECT_EQ(listed, single) << principal;
  }
}

TEST_P(AccessTest, SigningInNamesTheNearest) {
  EXPECT_EQ(code_of_error([&] { engine_->session("sma"); }), Code::not_found);
  EXPECT_EQ(code_of_error([&] { engine_->session("kith"); }), Code::denied);
}

INSTANTIATE_TEST_SUITE_P(Backends, AccessTest,
                         testing::ValuesIn(std::vector<std::string>(test::backend_names().begin(),
                                                                    test::backend_names().end())),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kith::toy
