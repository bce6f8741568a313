// SPDX-License-Identifier: Apache-2.0
#include "kith/base/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kith/base/text.hpp"

namespace kith {
namespace {

TEST(Error, PrefixesTheMessageWithWhatIsKnown) {
  EXPECT_STREQ(Error(Code::busy, "Try again.").what(), "Try again.");
  EXPECT_STREQ(Error(Code::invalid, "opportunity", "amount", "It is negative.").what(),
               "opportunity.amount: It is negative.");
  EXPECT_STREQ(Error(Code::invalid, "opportunity", "", "No stage.").what(), "opportunity: No stage.");
  EXPECT_STREQ(Error(Code::invalid, "", "amount", "It is negative.").what(), "amount: It is negative.");
}

TEST(Error, IsUtf8WhateverItQuotes) {
  const std::string chinese("\xd3\xc3\xbb\xa7", 4);  // GB18030 for two characters; C3 BB is valid by chance
  const Error one(Code::corrupt, "file", chinese, "holds " + chinese + " and \u7528");
  EXPECT_EQ(one.message, "holds \\xD3\u00fb\\xA7 and \u7528");
  EXPECT_EQ(invalid_utf8(one.what()), std::string_view::npos) << one.what();
  const Error several({{"file", chinese, chinese}, {chinese, "", "fine"}});
  EXPECT_EQ(invalid_utf8(several.what()), std::string_view::npos) << several.what();
  EXPECT_EQ(several.violations[1].entity, "\\xD3\u00fb\\xA7");
  EXPECT_EQ(several.message, several.violations[0].message);
}

TEST(Error, KeepsItsPartsApart) {
  const Error error(Code::conflict, "customer", "name", "The name is taken.");
  EXPECT_EQ(error.code, Code::conflict);
  EXPECT_EQ(error.entity, "customer");
  EXPECT_EQ(error.field, "name");
  EXPECT_EQ(error.message, "The name is taken.");
  EXPECT_TRUE(error.violations.empty());
}

TEST(Error, ASingleInvalidFieldIsAListOfOne) {
  const Error error(Code::invalid, "customer", "name", "It is empty.");
  ASSERT_EQ(error.violations.size(), 1U);
  EXPECT_EQ(error.violations[0].entity, "customer");
  EXPECT_EQ(error.violations[0].field, "name");
  EXPECT_EQ(error.violations[0].message, "It is empty.");
}

TEST(Error, ListsEveryViolation) {
  const Error error({{"lead", "email", "It lacks an @."}, {"lead", "", "It has no owner."}, {"", "", "Stop."}});
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_STREQ(error.what(), "lead.email: It lacks an @.; lead: It has no owner.; Stop.");
  EXPECT_EQ(error.entity, "lead");
  EXPECT_EQ(error.field, "email");
  EXPECT_EQ(error.message, "It lacks an @.");
  EXPECT_EQ(error.violations.size(), 3U);
  EXPECT_EQ(Error({{"a", "b", "c"}}, Code::state).code, Code::state);
}

TEST(Error, AnEmptyListIsAMistakeOfTheCaller) {
  const Error error(std::vector<Violation>{});
  EXPECT_EQ(error.code, Code::misuse);
  EXPECT_STRNE(error.what(), "");
}

TEST(Error, CopiesKeepTheText) {
  const Error copy = [] {
    const Error original(Code::storage, "", "path", "The disk is full.");
    return Error(original);
  }();
  EXPECT_STREQ(copy.what(), "path: The disk is full.");
  try {
    throw copy;
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "path: The disk is full.");
  }
}

TEST(Error, CodesHaveDistinctNames) {
  std::set<std::string_view> names;
  for (const int number : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99}) {
    names.insert(name_of(static_cast<Code>(number)));
  }
  EXPECT_EQ(names.size(), 14U);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(name_of(Code::not_found), "not_found");
  EXPECT_EQ(name_of(Code::overflow), "overflow");
  EXPECT_EQ(name_of(static_cast<Code>(50)), "unknown");
}

}  // namespace
}  // namespace kith
