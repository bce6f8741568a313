// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The sales plan: what should be sold of which product to which customer by whom in a period, line by line, next to
/// what was. A line may leave any of the three open; it then stands for all.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// A line of the sales plan, in the store's currency.
struct SalesPlanLine {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string period = {};  ///< "2026-Q1" of calendar `calendar`
  std::string calendar = "calendar";
  Date from = {};  ///< kept
  Date to = {};    ///< kept
  std::optional<Id> product = {};
  std::optional<Id> customer = {};
  std::optional<Id> employee = {};
  Currency currency = {};  ///< kept
  Amount amount = {};
  std::optional<Decimal> quantity = {};  ///< scale 6; planned only: deals have none
  std::optional<std::string> note = {};
};
template <>
const Entity& entity_of<SalesPlanLine>();

/// A line with what was won.
struct SalesPlanActual {
  SalesPlanLine line = {};
  Money actual = {};                    ///< of an employee by splits
  Money gap = {};                       ///< amount - actual
  std::optional<Decimal> percent = {};  ///< 2 decimals, half up; absent for an amount of 0
};

namespace incentive {

/// Adds a line, or changes the one that was read. Needs create or edit on sales_plan_line. Errors: invalid (negative
/// amount or quantity, a period that is none, nothing that the line is about), conflict (a line for the same product,
/// customer, employee and period; stale).
Id set_sales_plan_line(Work& work, SalesPlanLine& line);
/// The lines of a period (all without one) that the actor may see, by period, with what was won, whoever may see it.
std::vector<SalesPlanActual> sales_plan(const Reader& reader, std::string_view period = {});

}  // namespace incentive
}  // namespace kith
