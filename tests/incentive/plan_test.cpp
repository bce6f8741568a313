// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

namespace kith::incentive {
namespace {

using nlohmann::json;

json valid_document() {
  return json::parse(R"({
    "format": "kith.plan/1", "name": "field sales", "version": 1, "currency": "USD", "calendar": "fiscal",
    "interval": "quarter", "valid": {"from": "2025-01-01", "to": "2026-01-01"},
    "rounding": {"mode": "half_up", "point": "telescoped"}, "order": ["date", "sequence", "id"],
    "eligibility": {"when": "kind = 'booking'"}, "credit": {"role": "primary", "base": "amount", "split": "from_event"},
    "components": [{"name": "revenue", "accumulate": "interval", "negative": "first_tier", "tiers":
      {"mode": "slab", "boundary": "lower",
      "bands": [{"from": "0", "rate": "0.0300"}, {"from": "25000", "rate": "0.05"}]}}]
  })");
}

// Path and message of every violation.
std::multimap<std::string, std::string> violations(const std::string& text) {
  std::multimap<std::string, std::string> found;
  try {
    parse_plan(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::invalid);
    for (const Violation& violation : error.violations) found.emplace(violation.field, violation.message);
  }
  return found;
}

std::multimap<std::string, std::string> violations(const json& document) { return violations(document.dump()); }

// The one violation of a document changed at one place.
void expect_refused(const char* pointer, const json& value, const std::string& path, const std::string& says) {
  json document = valid_document();
  document[json::json_pointer(pointer)] = value;
  const auto found = violations(document);
  ASSERT_EQ(found.size(), 1U) << pointer << " = " << value;
  EXPECT_EQ(found.begin()->first, path);
  EXPECT_NE(found.begin()->second.find(says), std::string::npos) << found.begin()->second;
}

TEST(Plan, ReadsEveryMember) {
  const Plan plan = parse_plan(valid_document().dump());
  EXPECT_EQ(plan.name, "field sales");
  EXPECT_EQ(plan.version, 1);
  EXPECT_EQ(code_of(plan.currency), "USD");
  EXPECT_EQ(plan.calendar, "fiscal");
  EXPECT_EQ(plan.interval, Grain::quarter);
  EXPECT_EQ(to_string(plan.from), "2025-01-01");
  EXPECT_EQ(to_string(plan.to), "2026-01-01");
  EXPECT_EQ(plan.rounding, (PlanRounding{Rounding::half_up, RoundingPoint::telescoped}));
  EXPECT_EQ(plan.when, "kind = 'booking'");
  EXPECT_EQ(plan.credit.role, "primary");
  ASSERT_EQ(plan.components.size(), 1U);
  const Component& component = plan.components[0];
  EXPECT_EQ(component.accumulate, Accumulate::interval);
  EXPECT_EQ(component.tiers.mode, TierMode::slab);
  EXPECT_EQ(component.tiers.boundary, Boundary::lower);
  EXPECT_EQ(component.tiers.bands[1], (Band{{2500000}, {50000000, 9}}));
}

TEST(Plan, CanonicalBytesAreStable) {
  const std::string expected =
      R"({"calendar":"fiscal","components":[{"accumulate":"interval","name":"revenue","negative":"first_tier",)"
      R"("tiers":{"bands":[{"from":"0.00","rate":"0.03"},{"from":"25000.00","rate":"0.05"}],"boundary":"lower",)"
      R"("mode":"slab"}}],"credit":{"base":"amount","role":"primary","split":"from_event"},"currency":"USD",)"
      R"("eligibility":{"when":"kind = 'booking'"},"format":"kith.plan/1","interval":"quarter","name":"field sales",)"
      R"("order":["date","sequence","id"],"rounding":{"mode":"half_up","point":"telescoped"},)"
      R"("valid":{"from":"2025-01-01","to":"2026-01-01"},"version":1})";
  const Plan plan = parse_plan(valid_document().dump(2));
  EXPECT_EQ(canonical_json(plan), expected);
  EXPECT_EQ(parse_plan(expected), plan);
  EXPECT_EQ(canonical_json(parse_plan(expected)), expected);
  EXPECT_EQ(hash_of(plan), sha256(expected));
}

TEST(Plan, DocumentsOfOneMeaningHaveOneHash) {
  json marginal = valid_document();
  marginal["components"][0]["tiers"]["mode"] = "marginal";
  json explicit_ends = marginal;
  explicit_ends["components"][0]["tiers"]["bands"][0]["to"] = "25000.00";
  explicit_ends["components"][0]["tiers"]["boundary"] = "upper";
  explicit_ends["components"][0]["tiers"]["bands"][1]["rate"] = "0.050000000";
  EXPECT_EQ(hash_of(parse_plan(marginal.dump())), hash_of(parse_plan(explicit_ends.dump())));
  marginal["components"][0]["tiers"].erase("boundary");
  EXPECT_EQ(hash_of(parse_plan(marginal.dump())), hash_of(parse_plan(explicit_ends.dump())));
  EXPECT_NE(hash_of(parse_plan(marginal.dump())), hash_of(parse_plan(valid_document().dump())));
}

TEST(Plan, RefusesEachFaultWithItsPath) {
  const std::string bands = "/components/0/tiers/bands";
  const std::string path = "components[0].tiers.bands";
  expect_refused("/format", "kith.plan/2", "format", "kith.plan/1");
  expect_refused("/version", "1", "version", "whole JSON number");
  expect_refused("/version", 0, "version", "from 1");
  expect_refused("/currency", "USX", "currency", "USX");
  expect_refused("/interval", "week", "interval", "month, quarter, year");
  expect_refused("/valid/to", "2025-01-01", "valid.to", "not after its first day");
  expect_refused("/rounding/mode", "banker", "rounding.mode", "half_even");
  expect_refused("/rounding/point", "lines", "rounding.point", "line, telescoped, statement");
  expect_refused("/order", json({"date", "id"}), "order", "sequence");
  expect_refused("/name", "  ", "name", "blank");
  expect_refused("/credit/base", "margin", "credit.base", "amount");
  expect_refused("/components", json::array(), "components", "at least one");
  expect_refused("/componets", 1, "componets", "Did you mean components?");
  expect_refused("/components/0/negatve", "zero", "components[0].negatve", "Did you mean negative?");
  expect_refused((bands + "/1/rate").c_str(), 0.05, path + "[1].rate", "write it as text: \"0.05\"");
  expect_refused((bands + "/1/from").c_str(), 25000, path + "[1].from", "write it as text: \"25000\"");
  expect_refused((bands + "/1/rate").c_str(), "5", path + "[1].rate", "5 % is \"0.05\"");
  expect_refused((bands + "/1/rate").c_str(), "-0.01", path + "[1].rate", "out of range");
  expect_refused((bands + "/1/rate").c_str(), "0.0123456789", path + "[1].rate", "more than 9 digits");
  expect_refused((bands + "/1/rate").c_str(), "5 %", path + "[1].rate", "no number");
  expect_refused((bands + "/1/from").c_str(), "25000.001", path + "[1].from", "digits");
  expect_refused((bands + "/1/from").c_str(), "0", path + "[1].from", "not after the one before");
  expect_refused((bands + "/0/from").c_str(), "1", path + "[0].from", "must begin at 0");
  expect_refused((bands + "/1/to").c_str(), "30000", path + "[1].to", "last band");
  expect_refused((bands + "/0/to").c_str(), "20000", path + "[1].from", "gap (20000, 25000)");
  expect_refused((bands + "/0/to").c_str(), "25000.01", path + "[1].from", "both claim (25000, 25000.01)");
  expect_refused(bands.c_str(), json::array(), path, "no band");
  expect_refused("/components/0/tiers/mode", "flat", path, "A flat table has one band");
}

TEST(Plan, RefusesWhatIsMissing) {
  for (const char* key : {"format", "name", "version", "currency", "calendar", "interval", "valid", "rounding", "order",
                          "credit", "components"}) {
    json document = valid_document();
    document.erase(key);
    const auto found = violations(document);
    EXPECT_EQ(found.count(key), 1U) << key;
    EXPECT_EQ(found.size(), 1U) << key;
  }
  json slab = valid_document();
  slab["components"][0]["tiers"].erase("boundary");
  EXPECT_EQ(violations(slab).count("components[0].tiers.boundary"), 1U);
  json everybody = valid_document();
  everybody.erase("eligibility");
  everybody["valid"].erase("to");
  EXPECT_TRUE(violations(everybody).empty());
}

TEST(Plan, ReportsAllFaultsAtOnce) {
  json document = valid_document();
  document["currency"] = "usd";
  document["rounding"]["point"] = "line ";
  document["components"][0]["tiers"]["bands"] = json::parse(
      R"([{"from": "5", "to": "10", "rate": 0.03}, {"from": "10.01", "rate": "2"}, {"from": "9", "rat": "0.1"}])");
  document["components"].push_back(document["components"][0]);
  const auto found = violations(document);
  const std::string bands = "components[0].tiers.bands";
  for (const std::string& path : {std::string("currency"), std::string("rounding.point"), bands + "[0].from",
                                  bands + "[0].rate", bands + "[1].from", bands + "[1].rate", bands + "[2].from",
                                  bands + "[2].rat", bands + "[2].rate", std::string("components[1].name")}) {
    EXPECT_EQ(found.count(path), 1U) << path;
  }
}

TEST(Plan, RefusesWhatIsNoDocument) {
  EXPECT_THROW(parse_plan(""), Error);
  EXPECT_THROW(parse_plan("[]"), Error);
  EXPECT_THROW(parse_plan("{\"name\": "), Error);
  EXPECT_THROW(parse_plan(std::string(std::size_t{2} << 20, ' ')), Error);
  EXPECT_THROW(parse_plan(std::string(100000, '[')), Error);
  std::string twice = valid_document().dump();
  twice.insert(1, R"("version":7,)");
  EXPECT_EQ(violations(twice).count("version"), 1U);
  std::string band = valid_document().dump();
  band.replace(band.find(R"("from":"25000")"), 14, R"("from":"25000","from":"24000")");
  EXPECT_EQ(violations(band).count("components[0].tiers.bands[1].from"), 1U);
}

TEST(Plan, ChecksPlansMadeByHand) {
  Plan plan = parse_plan(valid_document().dump());
  EXPECT_TRUE(violations_of(plan).empty());
  plan.version = 0;
  plan.currency = {};
  plan.components[0].tiers.mode = static_cast<TierMode>(9);
  plan.components[0].tiers.bands[0].from.minor = 1;
  plan.components[0].tiers.bands[1].rate = {2, 0};
  EXPECT_EQ(violations_of(plan).size(), 5U);
  EXPECT_THROW(check(plan), Error);
  EXPECT_THROW(canonical_json(plan), Error);
}

TEST(Plan, LintNamesSlabsThatPunishSuccess) {
  json document = valid_document();
  document["components"][0]["tiers"]["bands"] = json::parse(
      R"([{"from": "0", "rate": "0.05"}, {"from": "100", "rate": "0.04"}, {"from": "200", "rate": "0.04"}])");
  const std::vector<Violation> found = lint(parse_plan(document.dump()));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].field, "components[0].tiers.bands[1].rate");
  EXPECT_NE(found[0].message.find("less than just below"), std::string::npos);
  EXPECT_EQ(found[1].field, "components[0].tiers.bands[2].rate");
  EXPECT_TRUE(lint(parse_plan(valid_document().dump())).empty());
}

TEST(Plan, EligibilityIsAYesOrNoQuestionAboutTheEvent) {
  Scope scope;
  scope.title = "event";
  scope.names = {{"kind", Type::text, 0, {}}, {"amount", Type::money, 0, {}}};
  scope.currency = currency("USD");
  Plan plan = parse_plan(valid_document().dump());
  const std::unique_ptr<Expression> condition = compile_eligibility(plan, scope);
  ASSERT_NE(condition, nullptr);
  Column kind(true);
  kind.append(std::string_view("booking"));
  kind.append(std::string_view("payment"));
  EXPECT_EQ(condition->test({&kind, nullptr}, 2), (std::vector<Tri>{Tri::yes, Tri::no}));
  plan.when.clear();
  EXPECT_EQ(compile_eligibility(plan, scope), nullptr);
  const std::pair<const char*, const char*> wrongs[] = {
      {"knd = 'booking'", "at character 1"},
      {"amount", "expected a comparison"},
      {"kind =", "at character 7"},
      {"kind = 'a' and today() > date '2025-01-01'", "today() at character 16"},
      {"rate('EUR', 'USD', date '2025-01-01') > 1", "rate() at character 1"},
      {"base(amount) > 10 USD", "base() at character 1"},
      {"convert(amount, 'EUR') > 10 EUR", "convert() at character 1"},
      {"not lookup('membership.unit', 1, date '2025-01-01') = 'a'", "lookup() at character 5"}};
  for (const auto& [wrong, says] : wrongs) {
    plan.when = wrong;
    try {
      compile_eligibility(plan, scope);
      ADD_FAILURE() << wrong << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid);
      EXPECT_EQ(error.field, "eligibility.when");
      EXPECT_NE(error.message.find(says), std::string::npos) << error.message;
    }
  }
}

}  // namespace
}  // namespace kith::incentive
