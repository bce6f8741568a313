// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/import_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/expect_error.hpp"

namespace kith {
namespace {

constexpr std::string_view kDeals = R"({
  "format": "kith.import/1", "entity": "opportunity", "source": "maven", "key": "opportunity_id",
  "columns": {
    "opportunity_id": "title",
    "product": {"field": "product", "lookup": {"entity": "product"}, "aliases": "product"},
    "deal_stage": [{"field": "status", "values": {"Won": "won", "N/A": null}},
                   {"field": "stage", "lookup": {"entity": "stage", "by": "label", "source": "s", "where": "x = 1"}}]
  },
  "constants": {"pipeline": {"lookup": {"entity": "pipeline"}, "value": "Standard"}, "active": true, "year": 2017},
  "on_blank": {"product": "keep", "deal_stage": {"use": "Won"}},
  "ignore": ["remarks"], "quoted_empty": "text",
  "aliases": {"product": {"GTXPro": "GTX Pro"}}
})";

TEST(ImportPlan, ReadsEveryKey) {
  ImportPlan plan = parse_import_plan(kDeals);
  EXPECT_EQ(plan.entity, "opportunity");
  EXPECT_EQ(plan.source, "maven");
  EXPECT_EQ(plan.key, "opportunity_id");
  EXPECT_EQ(plan.ignore, std::vector<std::string>{"remarks"});
  EXPECT_TRUE(plan.quoted_empty_is_text);
  ASSERT_EQ(plan.targets.size(), 7u);
  EXPECT_EQ(plan.targets[0].column, "opportunity_id");
  EXPECT_EQ(plan.targets[0].field, "title");
  EXPECT_EQ(plan.targets[1].lookup->by, "name");
  EXPECT_EQ(plan.targets[1].aliases, "product");
  EXPECT_EQ(plan.targets[1].on_blank, OnBlank::keep);
  EXPECT_EQ(plan.targets[2].field, "status");
  EXPECT_EQ(plan.targets[2].values.at("Won"), "won");
  EXPECT_EQ(plan.targets[2].values.at("N/A"), std::nullopt);
  EXPECT_EQ(plan.targets[2].on_blank, OnBlank::use);
  EXPECT_EQ(plan.targets[3].lookup->by, "label");
  EXPECT_EQ(plan.targets[3].lookup->source, "s");
  EXPECT_EQ(plan.targets[3].lookup->where, "x = 1");
  EXPECT_EQ(plan.targets[3].blank_value, "Won");
  EXPECT_EQ(plan.targets[4].constant, "Standard");
  EXPECT_EQ(plan.targets[5].constant, "true");
  EXPECT_EQ(plan.targets[6].constant, "2017");

  add_aliases(plan, R"({"format": "kith.aliases/1", "aliases": {"product": {"MGMuffin": "MG Muffin"}, "sector": {}}})");
  EXPECT_EQ(plan.aliases.at("product").size(), 2u);
  EXPECT_EQ(plan.aliases.at("product").at("GTXPro"), "GTX Pro");
  EXPECT_KITH_ERROR(add_aliases(plan, R"({"format": "kith.aliases/1", "aliases": {"product": {"GTXPro": "GTK"}}})"),
                    Code::invalid, "stands for 'GTK' here and for 'GTX Pro' elsewhere");
}

TEST(ImportPlan, ReportsEveryFaultWithItsPath) {
  try {
    parse_import_plan(R"({
      "format": "kith.import/2", "key": "id", "colums": {},
      "columns": {"a": {"field": "x", "lookups": {}}, "b": 7, "c": "x", "d": {"lookup": {"by": "name"}}},
      "constants": {"y": 1.5, "z": {"value": 3}},
      "on_blank": {"a": "drop", "q": "keep"}, "ignore": ["a", 5], "quoted_empty": "none",
      "aliases": {"s": ["x"]}
    })");
    FAIL() << "no error";
  } catch (const Error& error) {
    std::set<std::string> paths;
    for (const Violation& violation : error.violations) paths.insert(violation.field);
    EXPECT_EQ(paths, (std::set<std::string>{"format", "colums", "entity", "columns.a.lookups", "columns.b", "columns.c",
                                            "columns.d.field", "columns.d.lookup.entity", "constants.y",
                                            "constants.z.value", "on_blank.a", "on_blank.q", "ignore", "ignore[1]",
                                            "quoted_empty", "aliases.s", "source"}));
    const auto colums = std::find_if(error.violations.begin(), error.violations.end(),
                                     [](const Violation& violation) { return violation.field == "colums"; });
    ASSERT_NE(colums, error.violations.end());
    EXPECT_NE(colums->message.find("Did you mean columns"), std::string::npos) << colums->message;
  }
}

TEST(ImportPlan, RefusesOtherDocuments) {
  EXPECT_KITH_ERROR(parse_import_plan("[]"), Code::invalid, "must be an object");
  EXPECT_KITH_ERROR(parse_import_plan("{"), Code::invalid, "the mapping is no JSON");
  EXPECT_KITH_ERROR(parse_import_plan(R"({"format": "kith.import/1", "entity": "x", "columns": {}})"), Code::invalid,
                    "maps nothing");
  ImportPlan plan;
  EXPECT_KITH_ERROR(add_aliases(plan, R"({"format": "kith.import/1"})"), Code::invalid, "kith.aliases/1");
}

}  // namespace
}  // namespace kith
