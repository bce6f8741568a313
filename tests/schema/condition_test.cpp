// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/condition.hpp"

#include <gtest/gtest.h>

#include "storage/sample.hpp"
#include "support/expect_error.hpp"

namespace kith_test {
namespace {

using kith::Cell;
using kith::Code;
using kith::Condition;
using kith::Tri;
using Op = Condition::Op;

const Cell kNull;

/// Row 0: number 10, name "b". Row 1: both null.
kith::Batch two_rows() {
  Sample full = make_sample(1);
  full.maybe_number = 10;
  full.maybe_name = "b";
  return batch_of({full, make_sample(2)});
}

Condition number(Op op, std::vector<Cell> operands) { return {op, at("maybe_number"), std::move(operands), {}}; }
Cell word(std::int64_t value) { return value; }

/// The condition on row 0 and on row 1.
std::pair<Tri, Tri> both(const Condition& condition) {
  const kith::Batch batch = two_rows();
  return {kith::evaluate(condition, batch, 0), kith::evaluate(condition, batch, 1)};
}
using Pair = std::pair<Tri, Tri>;

TEST(Condition, ComparisonsAreUnknownWithANull) {
  EXPECT_EQ(both(number(Op::eq, {word(10)})), Pair(Tri::yes, Tri::unknown));
  EXPECT_EQ(both(number(Op::ne, {word(10)})), Pair(Tri::no, Tri::unknown));
  EXPECT_EQ(both(number(Op::lt, {word(11)})), Pair(Tri::yes, Tri::unknown));
  EXPECT_EQ(both(number(Op::le, {word(9)})), Pair(Tri::no, Tri::unknown));
  EXPECT_EQ(both(number(Op::gt, {kNull})), Pair(Tri::unknown, Tri::unknown));
  EXPECT_EQ(both(number(Op::ge, {word(10)})), Pair(Tri::yes, Tri::unknown));
  EXPECT_EQ(both(number(Op::is_null, {})), Pair(Tri::no, Tri::yes));
  EXPECT_EQ(both(number(Op::not_null, {})), Pair(Tri::yes, Tri::no));
}

TEST(Condition, RangesAndListsFollowSql) {
  EXPECT_EQ(both(number(Op::between, {word(10), word(10)})), Pair(Tri::yes, Tri::unknown));
  EXPECT_EQ(both(number(Op::between, {kNull, word(5)})), Pair(Tri::no, Tri::unknown));
  EXPECT_EQ(both(number(Op::between, {kNull, word(50)})), Pair(Tri::unknown, Tri::unknown));
  EXPECT_EQ(both(number(Op::in, {})), Pair(Tri::no, Tri::no));
  EXPECT_EQ(both(number(Op::in, {word(1), word(10)})), Pair(Tri::yes, Tri::unknown));
  EXPECT_EQ(both(number(Op::in, {kNull, word(10)})), Pair(Tri::yes, Tri::unknown));
  EXPECT_EQ(both(number(Op::in, {kNull, word(1)})), Pair(Tri::unknown, Tri::unknown));
}

TEST(Condition, ConnectivesAreThreeValued) {
  const Condition yes{Op::all, -1, {}, {}};
  const Condition no{Op::any, -1, {}, {}};
  const Condition unknown = number(Op::eq, {kNull});
  const Condition* values[] = {&no, &yes, &unknown};
  const kith::Batch batch = two_rows();
  for (const Condition* a : values) {
    for (const Condition* b : values) {
      const Tri x = kith::evaluate(*a, batch, 0);
      const Tri y = kith::evaluate(*b, batch, 0);
      const Tri conjunction = x == Tri::no || y == Tri::no     ? Tri::no
                              : x == Tri::yes && y == Tri::yes ? Tri::yes
                                                               : Tri::unknown;
      const Tri disjunction = x == Tri::yes || y == Tri::yes ? Tri::yes
                              : x == Tri::no && y == Tri::no ? Tri::no
                                                             : Tri::unknown;
      EXPECT_EQ(kith::evaluate({Op::all, -1, {}, {*a, *b}}, batch, 0), conjunction);
      EXPECT_EQ(kith::evaluate({Op::any, -1, {}, {*a, *b}}, batch, 0), disjunction);
    }
  }
  EXPECT_EQ(kith::evaluate({Op::none, -1, {}, {yes}}, batch, 0), Tri::no);
  EXPECT_EQ(kith::evaluate({Op::none, -1, {}, {no}}, batch, 0), Tri::yes);
  EXPECT_EQ(kith::evaluate({Op::none, -1, {}, {unknown}}, batch, 0), Tri::unknown);
}

TEST(Condition, TextComparesByBytes) {
  const auto name = [](Op op, std::string operand) {
    return both({op, at("maybe_name"), {Cell(std::move(operand))}, {}}).first;
  };
  EXPECT_EQ(name(Op::eq, "b"), Tri::yes);
  EXPECT_EQ(name(Op::eq, "B"), Tri::no);
  EXPECT_EQ(name(Op::lt, "é"), Tri::yes);
  EXPECT_EQ(name(Op::gt, std::string("b\0", 2)), Tri::no);
  EXPECT_EQ(name(Op::gt, ""), Tri::yes);
}

TEST(Condition, MistakesAreNamed) {
  EXPECT_KITH_ERROR(both(number(Op::eq, {})), Code::misuse, "operand");
  EXPECT_KITH_ERROR(both(number(Op::eq, {Cell(std::string("10"))})), Code::misuse, "compared");
  EXPECT_KITH_ERROR(both({Op::none, -1, {}, {}}), Code::misuse, "one term");
}

TEST(Condition, CollectsItsFieldsOnce) {
  std::vector<int> fields = {at("id")};
  const Condition negated = {Op::none, -1, {}, {number(Op::is_null, {})}};
  const Condition named = {Op::is_null, at("name"), {}, {}};
  const Condition tree = {Op::any, -1, {}, {number(Op::eq, {word(1)}), negated, named}};
  kith::collect_fields(tree, fields);
  EXPECT_EQ(fields, (std::vector<int>{at("id"), at("maybe_number"), at("name")}));
}

}  // namespace
}  // namespace kith_test
