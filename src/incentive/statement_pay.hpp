// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What of a period's earnings waits, what is released in it, and what is paid: the stage of a run after its lines.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "incentive/general_facts.hpp"
#include "incentive/statement_run.hpp"

namespace kith::incentive {

/// Somebody's statements of the same calendar and length of period before one, oldest first; with itself if asked.
std::vector<Statement> statements_before(const Reader& system, const Statement& statement, bool itself);
/// What a payment takes over from the ones before it, oldest first: its rule is that of `plan`, in a period.
BroughtForward brought_from(const std::vector<std::pair<Period, StatementPayment>>& before, const PlanVersion& version,
                            const Period& period, const std::map<Id, std::string>& plan_names);
/// The amounts of a computed payment.
void fill(StatementPayment& row, const PaymentResult& result);

/// Rows of the own period from the parts that were computed for it.
std::vector<StatementRelease> own_releases(const std::vector<GeneralFacts::Part>& parts, const Period& period,
                                           Id employee);

class PayStage {
 public:
  PayStage(const Reader& system, const Terms& terms, const GeneralFacts& general, const Series& series);

  /// Whether there is anything to do: a plan that pays apart, or rows of earlier periods.
  bool any() const { return any_; }
  /// A correction that an earlier run of the same period made and that stays: what is left to release counts it. Before
  /// `later_releases`.
  void count_posted(Id employee, const StatementRelease& row);
  using Rows = std::map<Id, std::vector<StatementRelease>>;  // by employee
  /// What is released in the period of what was earned in earlier ones, and corrections of closed periods for those
  /// that were `looked` at.
  Rows later_releases(const std::set<std::pair<Id, std::string>>& looked) const;
  /// Payments of those with a statement: its total, and its rows.
  struct Flow {
    Id employee;
    std::int64_t earned = 0;
    std::int64_t held = 0;
    std::int64_t released = 0;
  };
  std::map<Id, StatementPayment> payments(const std::vector<Flow>& flows, Holdings& holdings) const;

 private:
  using Key = std::tuple<Id, std::string, std::string, std::string>;  // employee, period earned, component, part
  struct Posted {
    std::int64_t held = 0;
    std::int64_t released = 0;
    Id plan;
    std::optional<Id> held_row;
    std::optional<Id> released_row;
  };
  /// What a part comes to by the end of the target: held, released before it, released in it.
  struct Wanted {
    Id plan;
    std::int64_t held = 0;
    std::int64_t before = 0;
    std::int64_t now = 0;
  };
  void read_posted();
  Wanted wanted(const GeneralFacts::Part& part) const;
  void release_by_day(const std::set<std::pair<Id, std::string>>& looked, Rows& rows) const;
  void release_by_event(const std::set<std::pair<Id, std::string>>& looked, Rows& rows) const;
  void correct(const std::set<std::pair<Id, std::string>>& looked, Rows& rows) const;
  /// Who may have a share in what events of the target release, by the period in which it was earned.
  std::map<Date, std::unordered_set<Id>> fired() const;
  void add_holders(const PlanVersion& version, const Period& earned, std::unordered_set<Id>& people) const;
  const PlanVersion& version(Id plan) const;
  std::optional<Period> earlier(std::string_view label) const;
  StatementRelease row(ReleaseKind kind, const Key& key, Id plan, std::int64_t amount) const;

  const Reader& system_;
  const Terms& terms_;
  const GeneralFacts& general_;
  const Series& series_;
  Calendar calendar_;
  bool any_ = false;
  std::map<Key, Posted> posted_;
  std::map<Id, std::vector<std::pair<Period, StatementPayment>>> paid_;  // by employee, oldest first
  std::map<Id, std::string> plan_names_;
  mutable std::map<Id, std::unique_ptr<PlanVersion>> versions_;
};

void check_payments(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::incentive
