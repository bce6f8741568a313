// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// People, plans and won deals for tests of statements and quotas, in USD.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/kith.hpp"
#include "support/store.hpp"

namespace kith::test {

/// A rate table: "from" and rate as the document writes them.
using Bands = std::vector<std::pair<std::string, std::string>>;

/// A plan document with one component for each table.
struct PlanText {
  std::string name = "field";
  int version = 1;
  std::string interval = "month";
  std::string from = "2025-01-01";
  std::string when = {};
  std::string mode = "marginal";
  std::string point = "telescoped";
  std::vector<std::pair<std::string, Bands>> components = {{"revenue", {{"0", "0.05"}}}};

  std::string json() const {
    std::string text = R"({"format": "kith.plan/1", "currency": "USD", "calendar": "calendar", "name": ")" + name +
                       R"(", "version": )" + std::to_string(version) + R"(, "interval": ")" + interval +
                       R"(", "valid": {"from": ")" + from + R"("}, "rounding": {"mode": "half_up", "point": ")" +
                       point + R"("}, "order": ["date", "sequence", "id"], )";
    if (!when.empty()) text += R"("eligibility": {"when": ")" + when + R"("}, )";
    text += R"("credit": {"role": "primary", "base": "amount", "split": "from_event"}, "components": [)";
    for (std::size_t i = 0; i < components.size(); ++i) {
      text += std::string(i == 0 ? "" : ", ") + R"({"name": ")" + components[i].first +
              R"(", "accumulate": "interval", "negative": "first_tier", "tiers": {"mode": ")" + mode +
              R"(", "boundary": "upper", "bands": [)";
      const Bands& bands = components[i].second;
      for (std::size_t band = 0; band < bands.size(); ++band) {
        text += std::string(band == 0 ? "" : ", ") + R"({"from": ")" + bands[band].first + R"(", "rate": ")" +
                bands[band].second + R"("})";
      }
      text += "]}}";
    }
    return text + "]}";
  }
};

class IncentiveTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      Pipeline pipeline;
      pipeline.name = "Sales";
      Stage stage;
      stage.name = "Talking";
      stage.position = 1;
      stage.probability = {500'000'000, kRateScale};
      std::vector<Stage> stages{stage};
      sales::create(work, pipeline, stages);
    });
  }

  Id unit(std::string name, std::optional<Id> parent = {}) {
    Unit row;
    row.name = std::move(name);
    row.parent = parent;
    in_work([&](Work& work) { people::create(work, row, date(2024, 1, 1)); });
    return row.id;
  }
  Id employee(std::string name, std::optional<Id> in_unit = {}, std::optional<Date> hired_on = date(2024, 1, 1)) {
    Employee row;
    row.name = std::move(name);
    row.unit = in_unit;
    row.hired_on = hired_on;
    in_work([&](Work& work) { people::create(work, row); });
    return row.id;
  }
  Id plan(const PlanText& text) {
    Id id;
    in_work([&](Work& work) { id = incentive::add_plan(work, text.json()); });
    return id;
  }
  PlanAssignment assigned(std::string name, std::optional<Id> to_employee, std::optional<Id> to_unit = {},
                          Date from = date(2024, 1, 1), Date to = kOpenDate) {
    PlanAssignment row;
    row.plan = std::move(name);
    row.employee = to_employee;
    row.unit = to_unit;
    row.from = from;
    row.to = to;
    in_work([&](Work& work) { incentive::assign(work, row); });
    return row;
  }

  /// A deal won on a day; `cents` are minor units.
  Id won(Id owner, std::int64_t cents, std::string_view day, const std::vector<SplitShare>& shares = {},
         std::string title = "deal") {
    Opportunity row;
    row.title = std::move(title);
    row.owner = owner;
    row.amount = Amount{cents};
    row.status = DealStatus::won;
    row.closed_on = parse_date(day);
    row.reason = "price";
    in_work([&](Work& work) {
      sales::create(work, row);
      if (!shares.empty()) sales::set_splits(work, row.id, shares);
    });
    return row.id;
  }
  template <class Change>
  void change(Id deal, Change&& how) {
    in_work([&](Work& work) {
      Opportunity row = work.get<Opportunity>(deal);
      how(row);
      sales::update(work, row);
    });
  }

  incentive::RunResult run(std::string_view period) {
    incentive::RunResult result;
    in_work([&](Work& work) { result = incentive::run(work, period); });
    return result;
  }
  void close(std::string_view period) {
    in_work([&](Work& work) { incentive::close(work, period); });
  }
  Statement statement(Id employee, std::string_view period) {
    const auto found = incentive::statement_of(session().reader(), employee, period);
    EXPECT_TRUE(found) << "no statement for " << period;
    return found.value_or(Statement{});
  }
  std::vector<StatementLine> lines(Id employee, std::string_view period) {
    return incentive::lines_of(session().reader(), statement(employee, period).id);
  }

  /// Everything posted for somebody's period, wherever it was posted, by component.
  std::map<std::string, std::int64_t> posted(const Reader& reader, Id employee, std::string_view period) {
    std::map<std::string, std::int64_t> sums;
    const Condition own = equals(entity_of<Statement>(), "employee", employee);
    for (const Statement& row : reader.list<Statement>({.conditions = {own}})) {
      for (const StatementLine& line : incentive::lines_of(reader, row.id)) {
        if (line.period_earned == period) sums[line.component] += line.amount.minor;
      }
    }
    return sums;
  }
};

}  // namespace kith::test
