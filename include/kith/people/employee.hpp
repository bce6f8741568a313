// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Employees and their dated membership of units. A membership is [from, to); somebody has one main unit at a time,
/// in `Employee::unit`: that of today, or of the day that is read. One recorded ahead shows there when its day comes.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kith/people/unit.hpp"

namespace kith {

/// Somebody who works here (or did).
struct Employee {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::string name_key = {};  ///< kept: fold(name)
  std::optional<std::string> email = {};
  std::optional<Id> unit = {};  ///< today's, of the membership that holds; changed by `transfer`
  std::optional<Date> hired_on = {};
  std::optional<Date> left_on = {};
  std::optional<std::string> source = {};
  std::optional<std::string> external_id = {};
};
template <>
const Entity& entity_of<Employee>();

/// Somebody belongs to a unit for a time.
struct Membership {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id employee = {};
  Id unit = {};
  Date from = {};
  Date to = kOpenDate;
};
template <>
const Entity& entity_of<Membership>();

namespace people {

/// Adds an employee; with `unit` set also the first membership, from `hired_on` (default: today). Errors: invalid,
/// not_found (unit), conflict (source + external_id taken).
Id create(Work& work, Employee& employee);
/// Changes anything but the unit. Errors: invalid for another `unit`, which `transfer` changes; conflict.
void update(Work& work, Employee& employee);
/// Moves somebody to a unit from a day on: ends the membership that holds then and opens the next; a second transfer
/// on one day replaces the first.
/// Errors: conflict when a later membership is recorded; not_found.
void transfer(Work& work, Id employee, Id unit, Date from);

/// The unit somebody belonged to on a day.
std::optional<Id> unit_of(const Reader& reader, Id employee, Date on);
/// The same for many at once, from one scan; who belonged to none is left out.
std::unordered_map<Id, Id> units_of(const Reader& reader, const std::vector<Id>& employees, Date on);
/// Members of any of the units on a day, by name key, then id.
std::vector<Employee> members(const Reader& reader, const std::vector<Id>& units, Date on);
/// All membership rows of somebody, oldest first.
std::vector<Membership> memberships(const Reader& reader, Id employee);

}  // namespace people

/// What this area registers with the engine.
extern const Area kPeopleArea;

}  // namespace kith
