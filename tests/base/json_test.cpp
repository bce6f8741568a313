// SPDX-License-Identifier: Apache-2.0
// JSON documents where memory runs out.
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <new>
#include <optional>
#include <string>

#include "support/failing_memory.hpp"
#include "support/soak.hpp"

namespace kith {
namespace {

constexpr const char* kDeep =
    R"({"plan": {"tiers": [1, [2, {"from": ["0", "1"]}], {}], "empty": []}, "rates": [[], {}]})";

template <class Document>
class JsonMemory : public testing::Test {};
using Documents = testing::Types<Json, OrderedJson>;
TYPED_TEST_SUITE(JsonMemory, Documents);

TYPED_TEST(JsonMemory, ADocumentEndsWhereNoMemoryIsLeft) {
  const test::FailingMemory memory;
  std::int64_t failures = 0;
  // More turns than the reserve has room for: it is whole again after each.
  for (int turn = 0; turn < 20'000; ++turn) {
    std::optional<TypeParam> document = TypeParam::parse(kDeep);
    test::FailingMemory::arm(1, true);
    document.reset();
    test::FailingMemory::disarm();
    failures += test::FailingMemory::failures();
  }
  EXPECT_GE(failures, 20'000);
}

TYPED_TEST(JsonMemory, ReadingCopyingAndWritingFailAtEachAllocation) {
  if (test::sanitized()) GTEST_SKIP() << "constructors of nlohmann's documents lose what they had made by then";
  const test::FailingMemory memory;
  const std::string text = TypeParam::parse(kDeep).dump();
  const auto work = [&] {
    const TypeParam document = TypeParam::parse(kDeep);
    TypeParam built = {{"copy", document}, {"list", TypeParam::array({1, "two", document})}};
    built["more"] = document;
    return built["copy"].dump() == text;
  };
  test::FailingMemory::arm(0, false);
  EXPECT_TRUE(work());
  test::FailingMemory::disarm();
  const std::int64_t all = test::FailingMemory::allocations();
  ASSERT_GT(all, 50);
  for (std::int64_t k = 1; k <= all; ++k) {
    for (const bool for_good : {false, true}) {
      bool done = false, refused = false;
      test::FailingMemory::arm(k, for_good);
      try {
        done = work();
      } catch (const std::bad_alloc&) {
        refused = true;
      }
      test::FailingMemory::disarm();
      EXPECT_TRUE(done || refused) << k;
    }
  }
}

TYPED_TEST(JsonMemory, ADocumentDoesNotLiveInTheReserve) {
  const test::FailingMemory memory;
  TypeParam document = TypeParam::array({1});
  test::FailingMemory::arm(1, true);
  bool refused = false;
  try {
    document.push_back(2);
  } catch (const std::bad_alloc&) {
    refused = true;
  }
  test::FailingMemory::disarm();
  EXPECT_TRUE(refused);
  EXPECT_EQ(document.size(), 1U);
}

}  // namespace
}  // namespace kith
