// SPDX-License-Identifier: Apache-2.0
// Runs every case of tests/incentive/general/*.json: a plan document, inputs, and the exact rows that must come out. A
// row of an expectation names some members of a row of the result; exactly one row of the result must have them all.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"
#include "support/source_dir.hpp"

namespace kith::incentive {
namespace {

using nlohmann::json;

// Members are merged into objects, also into elements of lists where a list is patched by an object of indexes ("0").
void patch(json& target, const json& change) {
  if (!change.is_object()) {
    target = change;
    return;
  }
  for (const auto& [key, value] : change.items()) {
    if (target.is_array()) {
      const auto index = static_cast<std::size_t>(std::stoul(key));
      if (index == target.size()) target.push_back(json());
      patch(target.at(index), value);
    } else if (value.is_null()) {
      target.erase(key);
    } else {
      if (!target.is_object()) target = json::object();
      patch(target[key], value);
    }
  }
}

bool matches(const json& row, const json& wanted) {
  for (const auto& [key, value] : wanted.items()) {
    if (!row.contains(key) || row[key] != value) return false;
  }
  return true;
}

// Where a row names an amount, the rows with its other members are the ones it speaks of.
void expect_row(const json& rows, const json& wanted, const std::string& where) {
  int found = 0;
  for (const json& row : rows) found += matches(row, wanted) ? 1 : 0;
  EXPECT_EQ(found, 1) << where << " wants " << wanted.dump() << " once in " << rows.dump(1);
}

std::vector<std::string> names_of(const std::vector<Violation>& violations) {
  std::vector<std::string> result;
  for (const Violation& violation : violations) result.push_back(violation.field + ": " + violation.message);
  return result;
}

void expect_error(const json& document, const json& inputs, const json& wanted, const std::string& where) {
  try {
    compute(PlanDocument::parse(document.dump()), parse_inputs(inputs.dump()));
    ADD_FAILURE() << where << ": no error, expected " << wanted.dump();
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code), wanted.at("code").get<std::string>()) << where << ": " << error.what();
    std::string all = error.what();
    for (const std::string& one : names_of(error.violations)) all += "\n" + one;
    EXPECT_NE(all.find(wanted.at("says").get<std::string>()), std::string::npos) << where << ": " << all;
  }
}

void expect_sums(const PlanDocument& plan, const json& result, const json& wanted, const std::string& where) {
  for (const auto& [list, sum] : wanted.items()) {
    std::int64_t all = 0;
    for (const json& row : result.at(list)) {
      all += parse_money(row.at("amount").get<std::string>(), plan.currency()).minor;
    }
    EXPECT_EQ(to_string(Money{all, plan.currency()}), sum) << where << result.at(list);
  }
}

// What the explanation of the one component must say.
void expect_explained(const PlanDocument& plan, const Inputs& inputs, const json& result, const json& wanted,
                      const std::string& where) {
  const json& row = result.at("components").at(0);
  const std::string text = explain(plan, inputs, row.at("person").get<std::string>(),
                                   row.at("component").get<std::string>(), row.at("period").get<std::string>());
  for (const json& says : wanted) {
    EXPECT_NE(text.find(says.get<std::string>()), std::string::npos) << where << text;
  }
}

void check_parts(const PlanDocument& plan, const Inputs& read, const json& result, const json& expect,
                 const std::string& where) {
  for (const auto& [part, wanted] : expect.items()) {
    if (part == "line_amounts" || part == "line_excess") {
      json amounts = json::array();
      for (const json& row : result["lines"]) {
        if (row["event"] != "") amounts.push_back(row[part == "line_amounts" ? "amount" : "excess"]);
      }
      EXPECT_EQ(amounts, wanted) << where;
      continue;
    }
    if (part == "sums") {
      expect_sums(plan, result, wanted, where);
      continue;
    }
    if (part == "explain") {
      expect_explained(plan, read, result, wanted, where);
      continue;
    }
    if (part == "count") {
      for (const auto& [list, number] : wanted.items())
        EXPECT_EQ(result.at(list).size(), number) << where << result.at(list);
      continue;
    }
    ASSERT_TRUE(result.contains(part)) << where << ": no such part " << part;
    for (const json& row : wanted) {
      if (row.is_string()) {
        EXPECT_NE(result[part].dump().find(row.get<std::string>()), std::string::npos) << where << result[part];
      } else {
        expect_row(result[part], row, where + " " + part);
      }
    }
  }
}

void run_case(const json& base, const json& base_inputs, const json& one, const std::string& where) {
  json document = base;
  if (one.contains("plan")) patch(document, one["plan"]);
  json inputs = base_inputs;
  if (one.contains("inputs")) patch(inputs, one["inputs"]);
  if (one.contains("bookings")) {  // short for one-person bookings on consecutive days
    int day = 1;
    for (const json& amount : one["bookings"]) {
      const std::string number = std::to_string(100 + day).substr(1);
      inputs["events"].push_back({{"source", "t"},
                                  {"id", number},
                                  {"type", "booking"},
                                  {"date", "2025-01-" + number},
                                  {"currency", document["currency"]},
                                  {"amount", amount},
                                  {"splits", {{{"person", "A"}, {"role", "primary"}, {"share", "1"}}}}});
      ++day;
    }
  }
  const json& expect = one.at("expect");
  ASSERT_FALSE(expect.empty()) << where;
  if (expect.contains("error")) {
    expect_error(document, inputs, expect["error"], where);
    return;
  }
  const PlanDocument plan = PlanDocument::parse(document.dump());
  EXPECT_EQ(PlanDocument::parse(plan.canonical_json()).hash(), plan.hash()) << where;
  const Inputs read = parse_inputs(inputs.dump());
  EXPECT_EQ(canonical_json(parse_inputs(canonical_json(read))), canonical_json(read)) << where;
  const std::string exported = export_commission(plan, read);
  EXPECT_TRUE(check_export(exported).empty()) << where;
  const json result = json::parse(canonical_json(plan, compute(plan, read)));
  Inputs turned = read;
  std::reverse(turned.events.begin(), turned.events.end());
  EXPECT_EQ(json::parse(canonical_json(plan, compute(plan, turned))), result) << where << ": order of events";
  check_parts(plan, read, result, expect, where);
}

TEST(GeneralCases, EveryCaseGivesItsExactFigures) {
  const std::filesystem::path folder = test::source_dir() / "tests/incentive/general";
  int cases = 0;
  std::set<std::string> ids;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const json data = json::parse(file);
    for (const json& one : data.at("cases")) {
      const std::string where = one.at("id").get<std::string>() + " (" + one.at("source").get<std::string>() + ")";
      SCOPED_TRACE(where);
      try {
        run_case(data.at("plan"), data.at("inputs"), one, where);
      } catch (const std::exception& error) {
        ADD_FAILURE() << where << ": " << error.what();
      }
      ++cases;
      ids.insert(one.at("id").get<std::string>());
    }
  }
  std::cout << "general cases: " << cases << " runs of " << ids.size() << " cases\n";
  std::ifstream list(folder / "required.txt");
  std::string id;
  int required = 0;
  while (list >> id) {
    ++required;
    EXPECT_TRUE(ids.contains(id)) << id << " has no case as a plan";
  }
  EXPECT_GT(required, 0);
}

}  // namespace
}  // namespace kith::incentive
