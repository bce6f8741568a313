// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Under which plan somebody worked on which days: plans, assignments, memberships and the tree of units, read once
/// and answered in memory. Can be read as it was after an earlier work, to find whom a later change concerns.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "incentive/entities.hpp"
#include "kith/people/employee.hpp"

namespace kith::incentive {

/// Which unit somebody belonged to, and where it hung, on any day.
class Organisation {
 public:
  /// With `as_of` as it was right after that work.
  explicit Organisation(const Reader& system, std::optional<std::int64_t> as_of = {});
  /// Knows these people alone.
  Organisation(const Reader& system, const std::unordered_set<Id>& only);

  std::optional<Id> unit_on(Id employee, Date day) const;
  /// The unit with all above it on that day, nearest first.
  std::vector<Id> chain(Id unit, Date day) const;
  /// The units right below one on that day.
  std::vector<Id> below(Id unit, Date day) const;
  /// Members of exactly that unit on that day, by id.
  std::vector<Id> members(Id unit, Date day) const;
  /// Days on which something about that employee's place may change.
  void add_bounds(Id employee, std::vector<Date>& days) const;

 private:
  std::unordered_map<Id, std::vector<Membership>> memberships_;
  std::unordered_map<Id, std::vector<UnitParent>> parents_;
};

/// A stored version of a plan with what it says: `plan` of won deals, or `document`, a general one of events.
struct PlanVersion {
  CommissionPlan row;
  std::optional<Plan> plan = {};
  std::optional<PlanDocument> document = {};
  std::string calendar = {};
  Grain interval = Grain::month;
};
/// Reads what a row says. Errors: those of the parsers.
PlanVersion read_version(CommissionPlan row);

/// The plan that counts for somebody in a period, and the stretches of days on which deals count for it.
struct Holding {
  const PlanVersion* version = nullptr;
  std::vector<std::pair<Date, Date>> days;

  bool holds(Date day) const;
  bool same_as(const Holding& other) const { return version->row.id == other.version->row.id && days == other.days; }
};

/// Everything that decides who is paid by which plan.
class Terms {
 public:
  /// Of the plans that name that calendar.
  Terms(const Reader& system, std::string_view calendar, std::optional<std::int64_t> as_of = {});
  /// Knows these people alone.
  Terms(const Reader& system, std::string_view calendar, const std::unordered_set<Id>& only);

  /// Nothing for somebody without a plan of that grain and calendar in the period. The plan is the one assigned on the
  /// first day that counts; deals count on every day on which such a plan is assigned.
  std::optional<Holding> holding(Id employee, const Period& period) const;
  /// Versions that credit deals and may count in the period, in no order of importance.
  std::vector<const PlanVersion*> versions_in(const Period& period) const;
  /// By what periods approved and retired plans pay, whenever they hold.
  std::set<Grain> intervals() const;
  /// The role in which somebody is paid on a day, or null.
  const std::string* role_on(Id employee, Date day) const;
  bool has_general_plans() const;
  /// The general versions that may pay in the period.
  std::vector<const PlanVersion*> general_versions(const Period& period) const;
  /// All general versions.
  std::vector<const PlanVersion*> general_versions() const;
  const std::vector<Id>& employees() const { return employees_; }
  const Organisation& organisation() const { return organisation_; }

 private:
  struct Service {
    std::optional<Date> hired_on;
    std::optional<Date> left_on;
  };
  void add_people(std::vector<Employee> employees, std::vector<PayeeRole> roles);
  void add_plans(std::string_view calendar, std::vector<PlanAssignment> assignments, std::vector<CommissionPlan> plans);
  const std::string* plan_on(Id employee, Date day) const;
  const PlanVersion* version_for(const std::string& name, const Period& period, Date day) const;
  std::vector<Date> bounds(Id employee, const Period& period) const;

  Organisation organisation_;
  std::vector<Id> employees_;
  std::unordered_map<Id, Service> service_;
  std::unordered_map<Id, std::vector<PlanAssignment>> own_;
  std::unordered_map<Id, std::vector<PlanAssignment>> unit_;
  std::unordered_map<std::string, std::vector<PlanAssignment>> role_;
  std::unordered_map<Id, std::vector<PayeeRole>> roles_;
  std::vector<std::unique_ptr<PlanVersion>> versions_;                        // owns
  std::unordered_map<std::string, std::vector<const PlanVersion*>> by_name_;  // newest version first
};

/// Holdings of one period, each resolved once.
class Holdings {
 public:
  Holdings(const Terms& terms, const Period& period) : terms_(terms), period_(period) {}
  /// Null for somebody without one.
  const Holding* of(Id employee);

 private:
  const Terms& terms_;
  const Period& period_;
  std::unordered_map<Id, std::optional<Holding>> known_;
};

/// Whose terms may be others than they were after a work.
struct ChangedTerms {
  bool everybody = false;
  std::vector<Id> employees;
  bool any() const { return everybody || !employees.empty(); }
};
ChangedTerms terms_changed_since(const Reader& system, std::int64_t seq);

}  // namespace kith::incentive
