// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From won deals to credits to commission lines, in memory: one scan of deals, one of splits for each batch of them,
/// then arithmetic. Nothing here asks the store for one person or one deal.

#include <span>
#include <unordered_set>
#include <vector>

#include "incentive/statement_terms.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::incentive {

/// One person's credit for a won deal.
struct Share {
  Id deal;
  Date day;  ///< on which it was won
  Id employee;
  std::int64_t amount = 0;
  std::size_t row = 0;  ///< the deal's place in its WonDeals
};

/// The deals won in [from, to) with their credits.
class WonDeals {
 public:
  /// `conditions` are tested for every deal (null: always true). With `only` the deals in which these people share.
  WonDeals(const Reader& system, Date from, Date to, std::vector<const Expression*> conditions = {},
           const std::unordered_set<Id>* only = nullptr);

  const std::vector<Share>& shares() const { return shares_; }
  /// Whether condition number `condition` holds for the deal of a share. Errors: what evaluating it for that deal came
  /// to; deals that nobody asks about stop nobody.
  bool holds(const Share& share, std::size_t condition) const;

 private:
  struct Deal {
    Id id;
    Date day;
    std::optional<Id> owner;
    std::int64_t amount = 0;
  };
  void scan(const Reader& system, const Query& won);
  void test(const Batch& batch);
  std::vector<Deal> read(const Batch& batch) const;
  void share(const Reader& system, const std::vector<Deal>& deals);

  std::vector<const Expression*> conditions_;
  std::vector<Share> shares_;
  std::vector<bool> truth_;                        // by deal, then condition
  std::unordered_map<std::size_t, Error> errors_;  // of those that cannot be told, by their place there
  std::size_t rows_ = 0;
};

/// The deals of a period with the eligibility of every plan version that may count in it.
class PeriodFacts {
 public:
  PeriodFacts(const Reader& system, const Terms& terms, const Period& period,
              const std::unordered_set<Id>* only = nullptr);

  const std::vector<Share>& shares() const { return deals_.shares(); }
  bool counts(const Share& share, const PlanVersion& version) const;
  const Reader& system() const { return system_; }

 private:
  const Reader& system_;
  std::vector<const PlanVersion*> versions_;
  std::vector<std::unique_ptr<Expression>> conditions_;
  WonDeals deals_;
};

/// What somebody earned with one component for one fact: a deal, an event, or a plan itself.
struct Earning {
  Id employee;
  const PlanVersion* version = nullptr;
  std::size_t component = 0;  ///< its place in the plan
  std::string name;           ///< of the component
  Id fact;
  std::optional<LineBasis> basis = {};  ///< absent: a deal
  Date day;
  std::int64_t credit = 0;
  std::int64_t amount = 0;  ///< where a sum is rounded, the rounded running total after it less the one before it
};
/// By employee, day, fact, component.
void sort_earnings(std::vector<Earning>& earnings);

/// What plans of won deals pay everybody (or those in `only`), sorted.
std::vector<Earning> compute_earnings(const PeriodFacts& facts, Holdings& holdings,
                                      const std::unordered_set<Id>* only = nullptr);

}  // namespace kith::incentive
