// SPDX-License-Identifier: Apache-2.0
// Removing with parts, restoring, purging.
#include "kith/engine/recovery.hpp"

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

class RecoveryTest : public testing::TestWithParam<std::string> {
 protected:
  RecoveryTest() : store_(GetParam()), engine_(store_.open()), session_(engine_->session()) {
    in_work([&](Work& work) {
      box_ = box("crate");
      box_.code = "C1";
      work.create(box_);
      label_.box = box_.id;
      label_.text = "fragile";
      work.create(label_);
    });
  }
  ~RecoveryTest() override {
    for (const Finding& finding : check(session_)) ADD_FAILURE() << finding.entity << ' ' << finding.message;
  }

  template <class Function>
  std::int64_t in_work(Function&& function) {
    Work work = session_.work();
    function(work);
    return work.commit().seq;
  }
  std::int64_t remove_box() {
    return in_work([&](Work& work) { work.remove<Box>(box_.id, work.get<Box>(box_.id).revision); });
  }
  template <class Function>
  void refused(Code code, const char* piece, Function&& function) {
    Work work = session_.work();
    EXPECT_KITH_ERROR(function(work), code, piece);
    EXPECT_EQ(work.commit().seq, 0) << "a refused verb left something behind";
  }

  Store store_;
  std::shared_ptr<Engine> engine_;
  Session session_;
  Box box_;
  Label label_;
};

TEST_P(RecoveryTest, ARemovedRecordComesBackWithItsParts) {
  const std::int64_t removed = remove_box();
  {
    const Reader reader = session_.reader();
    EXPECT_FALSE(reader.find<Box>(box_.id));
    EXPECT_FALSE(reader.find<Label>(label_.id));
    EXPECT_TRUE(session_.reader({.as_of_seq = removed - 1}).find<Label>(label_.id));
  }
  in_work([&](Work& work) { history::restore(work, entity_of<Box>(), box_.id); });
  const Reader reader = session_.reader();
  const Box back = reader.get<Box>(box_.id);
  EXPECT_EQ(back.name, "crate");
  EXPECT_EQ(back.code, box_.code);
  EXPECT_EQ(back.revision, box_.revision + 1);
  EXPECT_EQ(reader.get<Label>(label_.id).text, "fragile");
  EXPECT_FALSE(session_.reader({.as_of_seq = removed}).find<Box>(box_.id));
  EXPECT_EQ(history::versions<Box>(reader, box_.id).size(), 2U);
  EXPECT_EQ(history::changes(reader, 0).back().kind, ChangeKind::restored);
}

TEST_P(RecoveryTest, RemovingAndRestoringInOneWorkIsAnUpdateAtMost) {
  in_work([&](Work& work) {
    work.remove<Box>(box_.id, box_.revision);
    history::restore(work, entity_of<Box>(), box_.id);
  });
  EXPECT_TRUE(session_.reader().find<Label>(label_.id));
  remove_box();
  in_work([&](Work& work) {
    history::restore(work, entity_of<Box>(), box_.id);
    work.remove<Box>(box_.id, work.get<Box>(box_.id).revision);
  });
  EXPECT_FALSE(session_.reader().find<Box>(box_.id));
}

TEST_P(RecoveryTest, ARestoreIsRefusedWithItsReason) {
  refused(Code::state, "is there", [&](Work& work) { history::restore(work, entity_of<Box>(), box_.id); });
  refused(Code::not_found, "nothing is kept", [&](Work& work) { history::restore(work, entity_of<Box>(), {99}); });
  refused(Code::state, "on its own", [&](Work& work) { history::restore(work, entity_of<Label>(), label_.id); });
  Box inner = box("inner");
  inner.inside = box_.id;
  in_work([&](Work& work) { work.create(inner); });
  in_work([&](Work& work) { work.remove<Box>(inner.id, inner.revision); });
  remove_box();
  refused(Code::state, "restore that first", [&](Work& work) { history::restore(work, entity_of<Box>(), inner.id); });
  Box taker = box("taker");
  taker.code = "C1";
  in_work([&](Work& work) { work.create(taker); });
  refused(Code::conflict, "must be unique", [&](Work& work) { history::restore(work, entity_of<Box>(), box_.id); });
  in_work([&](Work& work) {
    access::add_principal(work, "guest", {}, {});
    access::add_principal(work, "reader", {}, {"seller"});
  });
  Session guest = engine_->session("guest");
  Work work = guest.work();
  EXPECT_KITH_ERROR(history::restore(work, entity_of<Box>(), box_.id), Code::not_found, "nothing is kept");
}

TEST_P(RecoveryTest, APurgedRecordIsGoneAndTheChainStillHolds) {
  in_work([&](Work& work) {
    box_.name = "secret name";
    work.update(box_);
  });
  refused(Code::state, "remove it first", [&](Work& work) { history::purge(work, entity_of<Box>(), box_.id); });
  remove_box();
  const std::int64_t purged = in_work([&](Work& work) { history::purge(work, entity_of<Box>(), box_.id); });
  const Reader reader = session_.reader();
  EXPECT_FALSE(session_.reader({.as_of_seq = 2}).find<Box>(box_.id));
  EXPECT_EQ(code_of_error([&] { history::versions(reader, entity_of<Box>(), box_.id); }), Code::not_found);
  const auto verified = history::verify(reader);
  EXPECT_TRUE(verified.faults.empty());
  ASSERT_EQ(verified.erasures.size(), 2U);  // the box and its label
  EXPECT_EQ(verified.erasures[0].message, "purged by work " + std::to_string(purged));
  refused(Code::not_found, "nothing is kept", [&](Work& work) { history::restore(work, entity_of<Box>(), box_.id); });
  refused(Code::not_found, "nothing is kept", [&](Work& work) { history::purge(work, entity_of<Box>(), box_.id); });
}

TEST_P(RecoveryTest, APurgeNeedsAnAdministratorAndAWorkOfItsOwn) {
  in_work([&](Work& work) { access::add_principal(work, "boss", {}, {"manager"}); });
  {
    Work work = session_.work();
    work.remove<Box>(box_.id, box_.revision);
    EXPECT_KITH_ERROR(history::purge(work, entity_of<Box>(), box_.id), Code::conflict, "in one of its own");
    work.commit();
  }
  Session boss = engine_->session("boss");
  Work work = boss.work();
  EXPECT_KITH_ERROR(history::purge(work, entity_of<Box>(), box_.id), Code::denied, "administer");
}

INSTANTIATE_TEST_SUITE_P(Backends, RecoveryTest,
                         testing::ValuesIn(std::vector<std::string>(test::backend_names().begin(),
                                                                    test::backend_names().end())),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kith::toy
