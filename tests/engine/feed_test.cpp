// SPDX-License-Identifier: Apache-2.0
// Consumers of the change feed: what they get, how far they have come, and that nothing is lost.
#include "kith/engine/feed.hpp"

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

class FeedTest : public testing::TestWithParam<std::string> {
 protected:
  FeedTest() : store_(GetParam()), engine_(store_.open()), session_(engine_->session()) {}
  ~FeedTest() override {
    for (const Finding& finding : check(session_)) ADD_FAILURE() << finding.entity << ' ' << finding.message;
  }

  template <class Function>
  std::int64_t in_work(Function&& function) {
    Work work = session_.work();
    function(work);
    return work.commit().seq;
  }
  Id add(const char* name) {
    Box made = box(name);
    in_work([&](Work& work) { work.create(made); });
    return made.id;
  }
  history::Unread unread(const char* name = "mail", std::size_t most = 1000) {
    return history::unread(session_.reader(), name, most);
  }
  std::int64_t last() { return history::changes(session_.reader(), 0).back().id.value; }

  Store store_;
  std::shared_ptr<Engine> engine_;
  Session session_;
};

TEST_P(FeedTest, WhatWasNotAcknowledgedComesAgain) {
  const std::int64_t before = last();
  in_work([&](Work& work) { history::subscribe(work, "mail", before); });
  const Id first = add("a");
  const Id second = add("b");
  for (int again = 0; again < 2; ++again) {
    const auto found = unread();
    ASSERT_EQ(found.changes.size(), 2U);
    EXPECT_EQ(found.changes[0].record, first);
    EXPECT_EQ(found.changes[1].record, second);
    EXPECT_EQ(found.next, found.changes[1].id.value);
  }
  const auto half = unread("mail", 1);
  ASSERT_EQ(half.changes.size(), 1U);
  in_work([&](Work& work) { history::acknowledge(work, "mail", half.next); });
  ASSERT_EQ(unread().changes.size(), 1U);
  EXPECT_EQ(unread().changes[0].record, second);
  // A new process goes on where the old one stopped.
  Session other = engine_->session();
  EXPECT_EQ(history::unread(other.reader(), "mail").changes[0].record, second);
  in_work([&](Work& work) { history::acknowledge(work, "mail", unread().next); });
  EXPECT_TRUE(unread().changes.empty());
  const std::int64_t still = unread().next;
  in_work([&](Work& work) { history::acknowledge(work, "mail", still); });  // its own steps are no news
  EXPECT_EQ(unread().next, still);
}

TEST_P(FeedTest, APositionIsKeptWithWhatWasMadeOfItOrNotAtAll) {
  in_work([&](Work& work) { history::subscribe(work, "mail", last()); });
  add("a");
  {
    Work work = session_.work();
    Box copy = box("copy of a");
    work.create(copy);
    history::acknowledge(work, "mail", unread().next);
  }  // rolled back
  ASSERT_EQ(unread().changes.size(), 1U);
  in_work([&](Work& work) {
    Box copy = box("copy of a");
    work.create(copy);
    history::acknowledge(work, "mail", history::unread(work, "mail").next);
  });
  ASSERT_EQ(unread().changes.size(), 1U);  // its own copy, made since
  in_work([&](Work& work) { history::rewind(work, "mail", 0); });
  EXPECT_GT(unread().changes.size(), 3U);
  in_work([&](Work& work) { history::unsubscribe(work, "mail"); });
  EXPECT_EQ(code_of_error([&] { unread(); }), Code::not_found);
}

TEST_P(FeedTest, IsRefusedWithItsReason) {
  in_work([&](Work& work) { history::subscribe(work, "mail", last()); });
  add("a");
  const auto refused = [&](Code code, const char* piece, auto&& function) {
    Work work = session_.work();
    EXPECT_KITH_ERROR(function(work), code, piece);
    EXPECT_EQ(work.commit().seq, 0);
  };
  refused(Code::conflict, "must be unique", [](Work& work) { history::subscribe(work, "mail"); });
  refused(Code::invalid, "", [](Work& work) { history::subscribe(work, ""); });
  refused(Code::invalid, "the last change is", [](Work& work) { history::subscribe(work, "post", 99999); });
  refused(Code::invalid, "the last change is", [](Work& work) { history::acknowledge(work, "mail", 99999); });
  refused(Code::state, "rewind goes back", [](Work& work) { history::acknowledge(work, "mail", 0); });
  refused(Code::not_found, "mail", [](Work& work) { history::acknowledge(work, "mial", 1); });
  EXPECT_EQ(code_of_error([&] { unread("mail", 0); }), Code::invalid);
  in_work([&](Work& work) { access::add_principal(work, "seller", {}, {"seller"}); });
  Session seller = engine_->session("seller");
  EXPECT_KITH_ERROR(history::unread(seller.reader(), "mail"), Code::denied, "somebody else");
  Work work = seller.work();
  EXPECT_KITH_ERROR(history::subscribe(work, "own"), Code::denied, "");
}

TEST_P(FeedTest, AConsumerGetsWhatItMaySeeAndPassesTheRest) {
  in_work([&](Work& work) {
    access::add_principal(work, "seller", Id{7}, {"seller"});
    access::set_grant(work, "seller", "box", Action::read, Level::own);
    access::set_grant(work, "seller", "consumer", Action::create, Level::all);
  });
  Session seller = engine_->session("seller");
  {
    Work work = seller.work();
    history::subscribe(work, "own", last());
    work.commit();
  }
  add("not theirs");
  Box own = box("theirs", Id{7});
  in_work([&](Work& work) { work.create(own); });
  const auto found = history::unread(seller.reader(), "own");
  ASSERT_EQ(found.changes.size(), 1U);
  EXPECT_EQ(found.changes[0].record, own.id);
  Work work = seller.work();
  history::acknowledge(work, "own", found.next);
  work.commit();
  EXPECT_TRUE(history::unread(seller.reader(), "own").changes.empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, FeedTest,
                         testing::ValuesIn(std::vector<std::string>(test::backend_names().begin(),
                                                                    test::backend_names().end())),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kith::toy
