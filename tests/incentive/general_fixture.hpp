// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// General plans and business events in a store, for tests.

#include <nlohmann/json.hpp>

#include "incentive/incentive_fixture.hpp"
#include "kith/incentive/event.hpp"
#include "kith/incentive/payee.hpp"

namespace kith::test {

using Json = nlohmann::json;

/// Own sales at `rows`, and the sales of direct reports at `override_rate` unless that is empty.
struct GeneralText {
  std::string name = "general";
  int version = 1;
  std::string interval = "month";
  std::string from = "2025-01-01";
  Bands rows = {{"0", "5 %"}};
  std::string override_rate = {};
  std::string mode = "marginal";
  std::string point = "telescoped";
  std::string when = {};
  std::string accumulate = "interval";
  std::string return_period = "original";

  Json json() const {
    Json fx = {{"rate", "transaction"}, {"reversal", "original"}};
    Json own = {{"name", "own"},      {"role", "primary"}, {"who", "split"},   {"sum_must_be", "100"},
                {"rounding", "none"}, {"apply", "base"},   {"base", "amount"}, {"fx", fx}};
    if (!when.empty()) own["when"] = when;
    Json plan = {{"format", "kith.plan/2"},
                 {"name", name},
                 {"version", version},
                 {"currency", "USD"},
                 {"interval", interval},
                 {"valid", {{"from", from}}},
                 {"order", {"date", "sequence", "id"}},
                 {"rounding", {{"mode", "half_up"}, {"point", point}, {"unit", "0.01"}}},
                 {"credits", Json::array({own})},
                 {"measures", Json::array({measure("sales", "own", accumulate)})},
                 {"components", Json::array()}};
    Json tiers = {{"input", "amount"}, {"mode", mode}, {"boundary", "upper"}, {"unit", "pct_of_base"}};
    for (const auto& [lower, value] : rows) tiers["rows"].push_back({{"from", lower}, {"value", value}});
    plan["components"].push_back(
        {{"name", "revenue"}, {"kind", "tiers"}, {"basis", {{"measure", "sales"}}}, {"tiers", tiers}});
    if (override_rate.empty()) return plan;
    plan["credits"].push_back({{"name", "team"},
                               {"role", "manager"},
                               {"who", "chain"},
                               {"chain",
                                {{"of", "primary"},
                                 {"as_of", "event_date"},
                                 {"skip_self", false},
                                 {"levels", Json::array({{{"level", 1}, {"share", "1"}}})}}},
                               {"rounding", "none"},
                               {"apply", "base"},
                               {"base", "amount"},
                               {"fx", fx}});
    plan["measures"].push_back(measure("team", "team", "interval"));
    Json flat = {{"input", "amount"},
                 {"mode", "marginal"},
                 {"unit", "pct_of_base"},
                 {"rows", Json::array({{{"from", "0"}, {"value", override_rate}}})}};
    plan["components"].push_back(
        {{"name", "override"}, {"kind", "tiers"}, {"basis", {{"measure", "team"}}}, {"tiers", flat}});
    return plan;
  }

 private:
  Json measure(const char* called, const char* credit, const std::string& how) const {
    return {{"name", called},
            {"credits", {credit}},
            {"aggregate", "sum"},
            {"accumulate", how},
            {"return_period", return_period},
            {"negative", "first_tier"}};
  }
};

class GeneralTest : public IncentiveTest {
 protected:
  Id general(const Json& plan, bool accept = true) {
    Id id;
    in_work([&](Work& work) {
      id = incentive::add_plan(work, plan.dump());
      incentive::approve(work, id, accept);
    });
    return id;
  }
  Id general(const GeneralText& text) { return general(text.json()); }

  static std::string person(Id employee) { return std::to_string(employee.value); }
  static incentive::EventRow sale(std::string id, std::string_view day, std::int64_t cents,
                                  std::vector<incentive::Split> splits, std::int64_t version = 1) {
    incentive::EventRow row;
    row.source = "shop";
    row.id = std::move(id);
    row.version = version;
    row.type = "order";
    row.date = parse_date(day);
    row.amount = {cents, currency("USD")};
    row.splits = std::move(splits);
    return row;
  }
  static incentive::EventRow sale(std::string id, std::string_view day, std::int64_t cents, Id who,
                                  std::int64_t version = 1) {
    return sale(std::move(id), day, cents, std::vector<incentive::Split>{{person(who), "primary", "1"}}, version);
  }
  incentive::PostResult post(const std::vector<incentive::EventRow>& rows) {
    incentive::PostResult result;
    in_work([&](Work& work) { result = incentive::post_events(work, rows); });
    return result;
  }
  void reports_to(Id employee, Id manager, std::string_view from = "2024-01-01") {
    ReportingLine line;
    line.employee = employee;
    line.manager = manager;
    line.from = parse_date(from);
    in_work([&](Work& work) { incentive::set_superior(work, line); });
  }
  void reopen(std::string_view period) {
    in_work([&](Work& work) { incentive::reopen(work, period, "mistake"); });
  }
  std::int64_t total(Id employee, std::string_view period) { return statement(employee, period).total.minor; }
};

}  // namespace kith::test
