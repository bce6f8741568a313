// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whose a record is: a field of its own, or parts that share it out.

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "kith/incentive/measure.hpp"

namespace kith::incentive {

/// Where the credit for records of an entity stands.
struct Credited {
  int field = -1;                 ///< of the entity, an employee; also for records without parts; -1: none
  const Entity* parts = nullptr;  ///< its parts with `employee` and `share`; null: none
  int part_of = -1;               ///< of the parts: the record
};
/// Errors: invalid for a field that refers to no employee, or an entity that nobody is credited for.
Credited credited(const Model& model, const Entity& entity, const std::optional<std::string>& who);

/// `measured`, added up as far as records need not be told apart.
struct MeasuredTotals {
  std::vector<MeasuredShare> alone = {};   ///< by employee and day, of no record: what one employee has alone
  std::vector<MeasuredShare> shared = {};  ///< of the records that are shared out
};
/// Nothing where each record has to be read; then `measured` does that. Errors: those of `measured`.
std::optional<MeasuredTotals> measured_totals(const Reader& system, const Measure& measure, Date from, Date to);

/// `measured` over the records in which these people share (null: all): their own shares are all there, those of others
/// only where they share a record with them.
std::vector<MeasuredShare> measured_of(const Reader& system, const Measure& measure, Date from, Date to,
                                       const std::unordered_set<Id>* only);

}  // namespace kith::incentive
