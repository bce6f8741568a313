// SPDX-License-Identifier: Apache-2.0
// The past: as-of reads, versions, the change feed, the chain, and tampering that is found.
#include "kith/engine/history.hpp"

#include <random>

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

class HistoryTest : public testing::TestWithParam<std::string> {
 protected:
  HistoryTest() : store_(GetParam()), engine_(store_.open()), session_(engine_->session()) {}

  Store store_;
  std::shared_ptr<Engine> engine_;
  Session session_;
};

TEST_P(HistoryTest, EveryPastStateIsReadableAsItWas) {
  std::mt19937 random(7);
  std::vector<std::pair<std::int64_t, std::vector<std::string>>> states;
  std::vector<Box> alive;
  for (int step = 0; step < 60; ++step) {
    auto work = session_.work();
    const auto choice = random() % 3;
    if (choice == 0 || alive.empty()) {
      Box made = box("b" + std::to_string(step));
      work.create(made);
      alive.push_back(made);
    } else if (choice == 1) {
      Box& changed = alive[random() % alive.size()];
      changed.name = "c" + std::to_string(step);
      work.update(changed);
    } else {
      const std::size_t gone = random() % alive.size();
      work.remove<Box>(alive[gone].id, alive[gone].revision);
      alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(gone));
    }
    const Receipt receipt = work.commit();
    std::vector<std::string> names;
    for (const Box& one : alive) names.push_back(one.name);
    std::sort(names.begin(), names.end());
    states.emplace_back(receipt.seq, names);
  }
  for (const auto& [seq, expected] : states) {
    const Reader then = session_.reader({.as_of_seq = seq});
    std::vector<std::string> names;
    for (const Box& one : then.list<Box>({.order = {"name"}})) names.push_back(one.name);
    EXPECT_EQ(names, expected) << "as of " << seq;
    EXPECT_EQ(then.list<WorkRow>().size(), static_cast<std::size_t>(seq));
  }
  EXPECT_EQ(code_of_error([&] { session_.reader({.as_of_seq = states.back().first + 1}); }), Code::invalid);
  EXPECT_TRUE(check(session_).empty());
}

TEST_P(HistoryTest, AsOfTimeShowsWhatWasRecordedUntilThen) {
  const Reader before_all = session_.reader({.as_of_time = parse_timestamp("2026-02-28T00:00:00Z")});
  EXPECT_EQ(before_all.seq(), 0);
  EXPECT_EQ(before_all.list<Role>().size(), 0U);
  EXPECT_EQ(session_.reader({.as_of_time = parse_timestamp("2026-03-01T09:00:00Z")}).seq(), 1);
}

TEST_P(HistoryTest, TheFeedCountsWithoutGapsAndSkipsWhatMayNotBeSeen) {
  {
    auto work = session_.work();
    Box a = box("a");
    Box b = box("b");
    work.create(a);
    work.create(b);
    access::add_principal(work, "guest", {}, {});
    work.commit();
  }
  const Reader reader = session_.reader();
  const auto all = history::changes(reader, 0);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].id.value, static_cast<std::int64_t>(i) + 1);
  EXPECT_EQ(all.back().entity, "principal");
  EXPECT_EQ(history::changes(reader, all.back().id.value - 1).size(), 1U);
  EXPECT_EQ(history::changes(reader, 0, 3).size(), 3U);
  Session guest = engine_->session("guest");
  EXPECT_EQ(history::changes(guest.reader(), 0).size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Backends, HistoryTest,
                         testing::ValuesIn(std::vector<std::string>(test::backend_names().begin(),
                                                                    test::backend_names().end())),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kith::toy
