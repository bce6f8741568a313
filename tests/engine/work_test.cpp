// SPDX-License-Identifier: Apache-2.0
// The write funnel on every backend: what a Work keeps, refuses, undoes and leaves behind.
#include "kith/engine/work.hpp"

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

class WorkTest : public testing::TestWithParam<std::string> {
 protected:
  WorkTest() : store_(GetParam()), engine_(store_.open()), session_(engine_->session()) {}

  Id add(Box made) {
    auto work = session_.work({.cause = "add"});
    work.create(made);
    work.commit();
    return made.id;
  }
  std::int64_t last_seq() { return session_.reader().seq(); }

  Store store_;
  std::shared_ptr<Engine> engine_;
  Session session_;
};

TEST_P(WorkTest, CreateFillsIdRevisionAndSeqAndIsReadBackAlike) {
  Box made = box("Kiste 盒子");
  made.price = Amount{1250};
  made.weight = Decimal{1500, 3};
  made.colour = Colour::green;
  auto work = session_.work();
  const Id id = work.create(made);
  EXPECT_EQ(made.id, id);
  EXPECT_EQ(made.revision, 1);
  EXPECT_EQ(made.seq, work.next_seq());
  const Receipt receipt = work.commit();
  EXPECT_EQ(receipt.seq, made.seq);

  const Box read = session_.reader().get<Box>(id);
  EXPECT_EQ(read.name, "Kiste 盒子");
  EXPECT_EQ(read.price, Amount{1250});
  EXPECT_EQ(read.weight->coefficient, 1500);
  EXPECT_EQ(read.colour, Colour::green);
  EXPECT_EQ(read.seq, receipt.seq);
}

TEST_P(WorkTest, WhatIsNotCommittedIsGone) {
  const std::int64_t before = last_seq();
  {
    auto work = session_.work();
    Box made = box("gone");
    work.create(made);
    EXPECT_EQ(work.list<Box>().size(), 1U);
  }
  EXPECT_EQ(session_.reader().list<Box>().size(), 0U);
  EXPECT_EQ(last_seq(), before);
}

TEST_P(WorkTest, AStaleRevisionIsAConflictAndChangesNothing) {
  const Id id = add(box("one"));
  Box first = session_.reader().get<Box>(id);
  Box second = first;
  {
    auto work = session_.work();
    first.name = "two";
    work.update(first);
    EXPECT_EQ(first.revision, 2);
    work.commit();
  }
  const std::int64_t before = last_seq();
  auto work = session_.work();
  second.name = "three";
  EXPECT_EQ(code_of_error([&] { work.update(second); }), Code::conflict);
  EXPECT_EQ(work.commit().seq, 0);
  EXPECT_EQ(session_.reader().get<Box>(id).name, "two");
  EXPECT_EQ(last_seq(), before);
}

TEST_P(WorkTest, AnUpdateThatChangesNothingWritesNothing) {
  const Id id = add(box("same"));
  const std::int64_t before = last_seq();
  auto work = session_.work();
  Box read = work.get<Box>(id);
  work.update(read);
  EXPECT_EQ(read.revision, 1);
  EXPECT_EQ(work.commit().seq, 0);
  EXPECT_EQ(last_seq(), before);
}

TEST_P(WorkTest, ValidationNamesEveryFaultAtOnce) {
  auto work = session_.work();
  Box bad = box("  ");
  bad.inside = Id{42};
  bad.code = std::string("\xff\xfe");
  try {
    work.create(bad);
    FAIL() << "a broken record was kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::invalid);
    ASSERT_EQ(error.violations.size(), 3U);
    EXPECT_EQ(error.violations[0].field, "name");
    EXPECT_EQ(error.violations[1].field, "code");
    EXPECT_EQ(error.violations[2].field, "inside");
  }
  Box fine = box("fine");
  work.create(fine);
  work.commit();
  EXPECT_EQ(session_.reader().list<Box>().size(), 1U);
}

TEST_P(WorkTest, AUniqueKeyIsAConflictThatNamesTheField) {
  Box first = box("a");
  first.code = "K1";
  add(first);
  auto work = session_.work();
  Box second = box("b");
  second.code = "K1";
  try {
    work.create(second);
    FAIL() << "a taken key was given twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::conflict);
    EXPECT_NE(std::string(error.what()).find("code"), std::string::npos) << error.what();
  }
}

TEST_P(WorkTest, ARemovedRecordStaysReadableAsOfBefore) {
  const Id id = add(box("old"));
  const std::int64_t then = last_seq();
  {
    auto work = session_.work();
    work.remove<Box>(id, 1);
    work.commit();
  }
  EXPECT_FALSE(session_.reader().find<Box>(id));
  EXPECT_EQ(session_.reader({.as_of_seq = then}).get<Box>(id).name, "old");
  EXPECT_EQ(session_.reader({.as_of_seq = then - 1}).list<Box>().size(), 0U);
}

TEST_P(WorkTest, WhatIsReferredToCannotBeRemoved) {
  const Id outer = add(box("outer"));
  Box inner = box("inner");
  inner.inside = outer;
  add(inner);
  auto work = session_.work();
  EXPECT_EQ(code_of_error([&] { work.remove<Box>(outer, 1); }), Code::conflict);
}

TEST_P(WorkTest, SeveralWritesOfOneRecordInAWorkAreOneVersionAndOneChange) {
  const Id id = add(box("v1"));
  auto work = session_.work();
  Box read = work.get<Box>(id);
  read.name = "v2";
  work.update(read);
  read.name = "v3";
  work.update(read);
  Box passing = box("passing");
  work.create(passing);
  work.remove<Box>(passing.id, passing.revision);
  const Receipt receipt = work.commit();

  const Reader reader = session_.reader();
  const auto versions = history::versions<Box>(reader, id);
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].record.name, "v1");
  EXPECT_EQ(versions[0].to_seq, receipt.seq);
  EXPECT_EQ(versions[1].record.name, "v3");
  EXPECT_FALSE(versions[1].to_seq);
  EXPECT_EQ(reader.get<WorkRow>({receipt.seq}).changes, 1);
  EXPECT_TRUE(check(session_).empty());
}

TEST_P(WorkTest, AStepUndoesItsOwnWritesAndNoOthers) {
  auto work = session_.work();
  Box kept = box("kept");
  work.create(kept);
  {
    Work::Step step(work);
    Box lost = box("lost");
    work.create(lost);
    kept.name = "changed";
    work.update(kept);
    {
      Work::Step inner(work);
      Box deeper = box("deeper");
      work.create(deeper);
      inner.keep();
    }
  }
  Box after = box("after");
  {
    Work::Step step(work);
    work.create(after);
    step.keep();
  }
  const Receipt receipt = work.commit();
  const Reader reader = session_.reader();
  const auto boxes = reader.list<Box>({.order = {"name"}});
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].name, "after");
  EXPECT_EQ(boxes[1].name, "kept");
  EXPECT_EQ(reader.get<WorkRow>({receipt.seq}).changes, 2);
  EXPECT_TRUE(check(session_).empty());
}

TEST_P(WorkTest, AX4TheSameKeyTwiceIsOneWork) {
  Receipt first;
  {
    auto work = session_.work({.cause = "pay", .key = "op-1", .payload = "100"});
    EXPECT_FALSE(work.replayed());
    Box made = box("once");
    work.create(made);
    first = work.commit("box 1");
  }
  {
    auto work = session_.work({.cause = "pay", .key = "op-1", .payload = "100"});
    ASSERT_TRUE(work.replayed());
    Box again = box("twice");
    EXPECT_EQ(code_of_error([&] { work.create(again); }), Code::misuse);
    const Receipt second = work.commit();
    EXPECT_TRUE(second.replayed);
    EXPECT_EQ(second.seq, first.seq);
    EXPECT_EQ(second.result, "box 1");
  }
  EXPECT_EQ(code_of_error([&] { session_.work({.key = "op-1", .payload = "200"}); }), Code::conflict);
  EXPECT_EQ(last_seq(), first.seq);
  EXPECT_EQ(session_.reader().list<Box>().size(), 1U);
}

TEST_P(WorkTest, EndedWorksAndTheirRowsAreMisuseNeverACrash) {
  add(box("one"));
  auto work = session_.work();
  auto rows = work.scan(entity_of<Box>());
  const Reader system = work.as_system("test");
  work.commit();
  Box late = box("late");
  EXPECT_EQ(code_of_error([&] { work.create(late); }), Code::misuse);
  EXPECT_EQ(code_of_error([&] { work.list<Box>(); }), Code::misuse);
  EXPECT_EQ(code_of_error([&] { system.list<Box>(); }), Code::misuse);
  Batch batch;
  EXPECT_EQ(code_of_error([&] { rows->next(batch); }), Code::misuse);
  EXPECT_EQ(code_of_error([&] { work.commit(); }), Code::misuse);
}

TEST_P(WorkTest, OneWorkAtATimeInASessionAndAWaitForTheOther) {
  auto work = session_.work();
  EXPECT_EQ(code_of_error([&] { session_.work(); }), Code::misuse);
  Session other = engine_->session();
  EXPECT_EQ(code_of_error([&] { other.work(); }), Code::busy);
  Box made = box("first");
  work.create(made);
  EXPECT_EQ(other.reader().list<Box>().size(), 0U) << "a reader sees only what was committed";
  work.commit();
  other.work();
  EXPECT_EQ(other.reader().list<Box>().size(), 1U);
}

TEST_P(WorkTest, ASnapshotStaysWhereItIs) {
  add(box("before"));
  const Reader old = session_.reader();
  add(box("later"));
  EXPECT_EQ(old.list<Box>().size(), 1U);
  EXPECT_EQ(session_.reader().list<Box>().size(), 2U);
}

TEST_P(WorkTest, QueriesFilterSortAndLimitAlikeOnEveryBackend) {
  for (const std::int64_t price : {300, 100, 200}) {
    Box made = box("p" + std::to_string(price));
    made.price = Amount{price};
    add(made);
  }
  add(box("free"));
  const Reader reader = session_.reader();
  const auto dear = reader.list<Box>(
      {.where = "price >= :least", .parameters = {{"least", Money{200, currency("USD")}}}, .order = {"price desc"}});
  ASSERT_EQ(dear.size(), 2U);
  EXPECT_EQ(dear[0].name, "p300");
  EXPECT_EQ(dear[1].name, "p200");
  const auto all = reader.list<Box>({.order = {"price"}, .limit = 4});
  EXPECT_EQ(all.back().name, "free") << "nulls come last";
  EXPECT_EQ(reader.list<Box>({.where = "name contains 'P1'"}).size(), 1U);
  EXPECT_EQ(code_of_error([&] { reader.list<Box>({.where = "prise = 1"}); }), Code::invalid);
  EXPECT_EQ(code_of_error([&] { reader.list<Box>({.order = {"prise"}}); }), Code::invalid);
}

TEST_P(WorkTest, BulkRowsAreLikeSingleOnes) {
  auto work = session_.work({.cause = "bulk"});
  Batch batch(entity_of<Box>());
  for (int i = 0; i < 3000; ++i) {
    const Box made = box("box " + std::to_string(i));
    store_row(&made, batch);
  }
  work.create_batch(entity_of<Box>(), batch);
  work.commit();
  EXPECT_EQ(session_.reader().list<Box>().size(), 3000U);
  EXPECT_TRUE(check(session_).empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, WorkTest,
                         testing::ValuesIn(std::vector<std::string>(test::backend_names().begin(),
                                                                    test::backend_names().end())),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kith::toy
