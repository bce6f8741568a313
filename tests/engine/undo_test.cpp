// SPDX-License-Identifier: Apache-2.0
// Undoing works, redoing them, and what stands in the way; who set which field to what.
#include "kith/engine/undo.hpp"

#include <random>

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/field_history.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

class UndoTest : public testing::TestWithParam<std::string> {
 protected:
  UndoTest() : store_(GetParam()), engine_(store_.open()), session_(engine_->session()) {
    made_ = in_work([&](Work& work) {
      box_ = box("crate");
      box_.code = "C1";
      work.create(box_);
      label_.box = box_.id;
      label_.text = "fragile";
      work.create(label_);
    });
  }
  ~UndoTest() override {
    for (const Finding& finding : check(session_)) ADD_FAILURE() << finding.entity << ' ' << finding.message;
  }

  template <class Function>
  std::int64_t in_work(Function&& function, const char* cause = "") {
    Work work = session_.work({.cause = cause});
    function(work);
    return work.commit().seq;
  }
  std::int64_t rename(const char* name) {
    return in_work(
        [&](Work& work) {
          Box changed = work.get<Box>(box_.id);
          changed.name = name;
          work.update(changed);
        },
        name);
  }
  std::int64_t undo(std::int64_t seq, std::int64_t records) {
    return in_work([&](Work& work) { EXPECT_EQ(history::undo(work, seq), records); });
  }
  template <class Function>
  void refused(Code code, const std::string& piece, Function&& function) {
    Work work = session_.work();
    EXPECT_KITH_ERROR(function(work), code, piece.c_str());
    EXPECT_EQ(work.commit().seq, 0) << "a refused verb left something behind";
  }
  std::string name_now() { return session_.reader().get<Box>(box_.id).name; }

  Store store_;
  std::shared_ptr<Engine> engine_;
  Session session_;
  Box box_;
  Label label_;
  std::int64_t made_ = 0;
};

TEST_P(UndoTest, AChangeIsUndoneRedoneAndUndoneAgain) {
  const std::int64_t renamed = rename("chest");
  const std::int64_t undone = undo(renamed, 1);
  EXPECT_EQ(name_now(), "crate");
  EXPECT_EQ(session_.reader().get<WorkRow>({undone}).cause, "undo of work " + std::to_string(renamed));
  const std::int64_t redone = undo(undone, 1);
  EXPECT_EQ(name_now(), "chest");
  EXPECT_EQ(session_.reader({.as_of_seq = undone}).get<Box>(box_.id).name, "crate");
  undo(redone, 1);
  EXPECT_EQ(name_now(), "crate");
  // Undone and redone works are no obstacles: the record holds again what the first one left.
  undo(made_, 2);
  EXPECT_FALSE(session_.reader().find<Box>(box_.id));
  EXPECT_TRUE(history::verify(session_.reader()).faults.empty());
}

TEST_P(UndoTest, WhatWasMadeGoesWithItsPartsAndComesBack) {
  const std::int64_t undone = undo(made_, 2);
  EXPECT_FALSE(session_.reader().find<Box>(box_.id));
  EXPECT_FALSE(session_.reader().find<Label>(label_.id));
  undo(undone, 2);
  EXPECT_EQ(session_.reader().get<Label>(label_.id).text, "fragile");
  EXPECT_EQ(session_.reader().get<Box>(box_.id).revision, box_.revision + 1);
}

TEST_P(UndoTest, ARemovalComesBackAndACodeMaySwapOwners) {
  Box other = box("other");
  const std::int64_t removed = in_work([&](Work& work) {
    work.remove<Box>(box_.id, box_.revision);
    other.code = "C1";
    work.create(other);
  });
  undo(removed, 3);  // the code goes from one to the other in one step
  EXPECT_EQ(session_.reader().get<Box>(box_.id).code, "C1");
  EXPECT_FALSE(session_.reader().find<Box>(other.id));
}

TEST_P(UndoTest, WhatDependsIsNamedWithTheWayOut) {
  const std::int64_t renamed = rename("chest");
  const std::int64_t later = rename("trunk");
  const std::string box_text = "box " + std::to_string(box_.id.value);
  refused(Code::conflict,
          "work " + std::to_string(renamed) + " cannot be undone: " + box_text + " was changed by work " +
              std::to_string(later) + "; undo that work first",
          [&](Work& work) { history::undo(work, renamed); });
  Box inner = box("inner");
  inner.inside = box_.id;
  const std::int64_t put_in = in_work([&](Work& work) { work.create(inner); });
  const auto found = history::obstacles(session_.reader(), made_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].entity, "box");
  EXPECT_EQ(found[0].id, inner.id);
  EXPECT_EQ(found[0].seq, put_in);
  EXPECT_NE(found[0].message.find("refers to"), std::string::npos);
  EXPECT_EQ(found[1].seq, later);
  refused(Code::conflict, "(and 1 more)", [&](Work& work) { history::undo(work, made_); });
  // Doing as told leads there.
  undo(put_in, 1);
  undo(later, 1);
  undo(renamed, 1);
  undo(made_, 2);
  EXPECT_TRUE(session_.reader().list<Box>().empty());
}

TEST_P(UndoTest, APartThatCameLaterKeepsItsWhole) {
  Label second;
  const std::int64_t added = in_work([&](Work& work) {
    second.box = box_.id;
    second.text = "second";
    work.create(second);
  });
  refused(Code::conflict, "label " + std::to_string(second.id.value) + " of work " + std::to_string(added),
          [&](Work& work) { history::undo(work, made_); });
}

TEST_P(UndoTest, SomeWorksAreNeverUndone) {
  refused(Code::not_found, "there is no work", [&](Work& work) { history::undo(work, 99); });
  refused(Code::state, "made the store", [&](Work& work) { history::undo(work, 1); });
  const std::int64_t removed = in_work([&](Work& work) { work.remove<Box>(box_.id, work.get<Box>(box_.id).revision); });
  const std::int64_t purged = in_work([&](Work& work) { history::purge(work, entity_of<Box>(), box_.id); });
  refused(Code::conflict, "does not come back", [&](Work& work) { history::undo(work, purged); });
  refused(Code::conflict, "purged or archived", [&](Work& work) { history::undo(work, removed); });
  refused(Code::conflict, "purged or archived", [&](Work& work) { history::undo(work, made_); });
}

TEST_P(UndoTest, OnlyTheOneWhoDidItOrAnAdministratorMay) {
  in_work([&](Work& work) {
    access::add_principal(work, "seller", {}, {"seller"});
    access::add_principal(work, "other", {}, {"seller"});
    for (const Action action : {Action::read, Action::create, Action::edit})
      access::set_grant(work, "seller", "box", action, Level::all);
  });
  Session seller = engine_->session("seller");
  Box own = box("own");
  std::int64_t made = 0;
  {
    Work work = seller.work();
    work.create(own);
    made = work.commit().seq;
  }
  {
    Session other = engine_->session("other");
    Work work = other.work();
    EXPECT_KITH_ERROR(history::undo(work, made), Code::denied, "somebody else did it");
  }
  in_work([&](Work& work) { access::set_grant(work, "seller", "box", Action::edit, Level::none); });
  {
    Work work = seller.work();
    EXPECT_KITH_ERROR(history::undo(work, made), Code::denied, "may not be edited any more");
  }
  in_work([&](Work& work) { access::set_grant(work, "seller", "box", Action::edit, Level::all); });
  Work work = seller.work();
  EXPECT_EQ(history::undo(work, made), 1);
  work.commit();
}

TEST_P(UndoTest, EveryWorkOfARandomHistoryCanBeUndoneFromTheEnd) {
  std::mt19937 random(3);
  std::vector<std::int64_t> works;
  std::vector<std::string> states;
  const auto state = [&] {
    std::string text;
    for (const Box& one : session_.reader().list<Box>({.order = {"id"}})) {
      text += std::to_string(one.id.value) + one.name + one.code.value_or("-") + "\n";
    }
    for (const Label& one : session_.reader().list<Label>({.order = {"id"}})) text += one.text + "\n";
    return text;
  };
  for (int step = 0; step < 30; ++step) {
    states.push_back(state());
    works.push_back(in_work([&](Work& work) {
      for (int i = 0; i < 3; ++i) {
        const auto boxes = work.list<Box>();
        const auto choice = random() % 4;
        if (choice == 0 || boxes.empty()) {
          Box made = box("b" + std::to_string(step * 3 + i));
          work.create(made);
          Label part;
          part.box = made.id;
          part.text = made.name;
          work.create(part);
        } else if (choice < 3) {
          Box changed = boxes[random() % boxes.size()];
          changed.name += "'";
          work.update(changed);
        } else {
          const Box& gone = boxes[random() % boxes.size()];
          work.remove<Box>(gone.id, gone.revision);
        }
      }
    }));
  }
  while (!works.empty()) {
    if (works.back() != 0) in_work([&](Work& work) { history::undo(work, works.back()); });
    EXPECT_EQ(state(), states.back());
    works.pop_back();
    states.pop_back();
  }
  EXPECT_TRUE(history::verify(session_.reader()).faults.empty());
}

TEST_P(UndoTest, AFieldTellsItsValuesWithWhoWhenAndWhy) {
  const std::int64_t renamed = rename("chest");
  const std::int64_t priced = in_work(
      [&](Work& work) {
        Box changed = work.get<Box>(box_.id);
        changed.price = Amount{1250};
        work.update(changed);
      },
      "price list");
  const std::int64_t removed =
      in_work([&](Work& work) { work.remove<Box>(box_.id, work.get<Box>(box_.id).revision); }, "lost");
  const std::int64_t restored = in_work([&](Work& work) { history::restore(work, entity_of<Box>(), box_.id); });
  const Reader reader = session_.reader();
  const auto names = history::field_values(reader, entity_of<Box>(), box_.id, "name");
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0].value, Value(std::string("crate")));
  EXPECT_EQ(names[0].by.seq, made_);
  EXPECT_EQ(names[0].to_seq, renamed);
  EXPECT_EQ(names[1].by.cause, "chest");
  EXPECT_EQ(names[1].by.actor, "local");
  EXPECT_EQ(names[1].to_seq, removed);
  EXPECT_EQ(names[2].by.seq, restored);
  EXPECT_FALSE(names[2].to_seq);
  const auto prices = history::field_values(reader, entity_of<Box>(), box_.id, "price");
  ASSERT_EQ(prices.size(), 3U);
  EXPECT_TRUE(is_null(prices[0].value));
  EXPECT_EQ(prices[1].value, Value(Money{1250, reader.currency()}));
  EXPECT_EQ(prices[1].by.seq, priced);
  const Reader then = session_.reader({.as_of_seq = renamed});
  const auto early = history::field_values(then, entity_of<Box>(), box_.id, "name");
  ASSERT_EQ(early.size(), 2U);
  EXPECT_FALSE(early[1].to_seq);
  const auto changes = history::field_changes(reader, entity_of<Box>(), box_.id);
  const auto at = [&](std::int64_t seq) {
    return std::count_if(changes.begin(), changes.end(), [&](const auto& one) { return one.by.seq == seq; });
  };
  EXPECT_EQ(at(made_), 3);  // name, colour, code
  EXPECT_EQ(at(renamed), 1);
  EXPECT_EQ(at(removed), 1);
  EXPECT_EQ(at(restored), 4);
  EXPECT_EQ(changes[3].before, Value(std::string("crate")));
  EXPECT_EQ(changes[3].after, Value(std::string("chest")));
  EXPECT_EQ(code_of_error([&] { history::field_values(reader, entity_of<Box>(), box_.id, "nam"); }), Code::invalid);
  EXPECT_EQ(code_of_error([&] { history::field_changes(reader, entity_of<Box>(), {5}); }), Code::not_found);
}

INSTANTIATE_TEST_SUITE_P(Backends, UndoTest,
                         testing::ValuesIn(std::vector<std::string>(test::backend_names().begin(),
                                                                    test::backend_names().end())),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kith::toy
