// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Why lines of a closed period are others than what was posted for them: the kinds of facts that changed since, as far
/// as the plan reads them. Where several did, each is put back alone, and those that move the line are named.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "incentive/general_facts.hpp"

namespace kith::incentive {

class CorrectionCauses {
 public:
  /// A line: whose, of which component, for which fact.
  using Key = std::tuple<Id, std::string, Id>;
  /// `since`: the mark of the closed periods. Works after it may be those that they do not reflect.
  CorrectionCauses(const Reader& system, const Terms& terms, Calendar calendar, std::int64_t since);

  /// Whether an event was stored or changed, and whether it was there before at all.
  bool touched(Id event) const { return events_.contains(event); }
  bool came(Id event) const { return events_.contains(event) && !known_.contains(event); }
  /// Who is paid by another plan or for other days, and why: "plan changed", "role changed" and so on; "" where nothing
  /// says so.
  std::string terms_reason(Id employee, Id plan_before, Id plan_now) const;
  /// What moved a line of a general plan; `affected` are the people who are corrected in that period.
  std::string reason(const GeneralFacts& facts, const PlanVersion& version, const Period& period, const Key& line,
                     const std::unordered_set<Id>& affected);

 private:
  /// Kinds of inputs of the engine that can be put back one by one.
  enum class Kind { events, quotas, values, hierarchy, rates, service, places, assignments };
  using Amounts = std::map<Key, std::pair<std::int64_t, std::int64_t>>;  // credit, amount
  struct Trials {
    std::vector<Kind> kinds;
    std::map<Kind, Amounts> put_back;  ///< of kinds that could be computed; only where there are several
    Amounts now;
  };

  bool read(const Reader& system, std::int64_t after);
  std::vector<Kind> kinds_read(const PlanVersion& version) const;
  const Trials& trials(const GeneralFacts& facts, const PlanVersion& version, const Period& period,
                       const std::unordered_set<Id>& affected);
  void try_out(const GeneralFacts& facts, const PlanVersion& version, const Period& period,
               const std::unordered_set<Id>& affected, Trials& made);
  std::string name(Kind kind, const GeneralFacts& facts, const Key& line) const;

  const Reader& system_;
  const Terms& terms_;
  Calendar calendar_;
  std::int64_t after_;  ///< works after this one are looked at
  std::unordered_set<Id> events_, known_, sharing_;
  std::unordered_set<Id> plans_, places_, roles_, service_;  // plans; employees
  std::set<std::string> values_, quotas_, fx_;               // names, names, kinds of rates
  bool hierarchy_ = false;
  bool assignments_ = false;
  bool tree_ = false;                                    // of units
  std::map<std::pair<Id, std::string>, Trials> trials_;  // by version and period
  std::unique_ptr<Terms> terms_before_;
  std::unique_ptr<GeneralFacts> facts_before_;
};

}  // namespace kith::incentive
