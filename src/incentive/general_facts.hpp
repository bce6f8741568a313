// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// General plans over the store: what a plan needs to compute one period (events, values, hierarchy, rates, members),
/// read now or as it was after an earlier work, and what it pays as lines of statements.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "incentive/statement_facts.hpp"
#include "kith/people/exchange_rate.hpp"

namespace kith::incentive {

/// Everything about plans but the events, read once.
class GeneralFacts {
 public:
  GeneralFacts(const Reader& system, const Terms& terms, Calendar calendar, std::optional<std::int64_t> as_of = {});
  /// What these people alone can be asked about; so `terms` may know them alone.
  GeneralFacts(const Reader& system, const Terms& terms, Calendar calendar, const std::unordered_set<Id>& only);

  /// First day of which facts can move what the plan pays for the period: measures and caps may look back.
  static Date window(const PlanDocument& plan, const Period& period);
  struct Event {
    BusinessEvent row;
    std::vector<EventShare> shares;
  };
  /// Ids and days of stored events by "source:id".
  using EventKeys = std::unordered_map<std::string, std::pair<Id, Date>>;
  /// How inputs are narrowed or widened.
  struct Wanted {
    const std::unordered_set<Id>* only = nullptr;  ///< only these people are asked about
    const PlanDocument* reach = nullptr;           ///< looks back as far as this plan does, if that is further
    EventKeys* keys = nullptr;                     ///< receives the events that went in
    const Period* until = nullptr;                 ///< the periods up to this one are looked at, too
  };
  /// What the plan is computed with for the period. Persons are ids of employees as decimal text. With `only`, what
  /// cannot concern these people is left out, unless the plan pays some by what others did.
  Inputs inputs(const PlanVersion& version, const Period& period, const Wanted& wanted) const;
  Inputs inputs(const PlanVersion& version, const Period& period) const { return inputs(version, period, Wanted{}); }
  /// A part of what somebody earned in a period with a component that waits for its release.
  struct Part {
    Id employee;
    const PlanVersion* version = nullptr;
    std::string component;
    std::string trigger;
    std::int64_t amount = 0;
    std::vector<ReleaseResult::In> when = {};  ///< what was released in which period
  };
  /// What it pays those who hold it in the period (and are in `only`), sorted; what of it waits goes into `parts`.
  std::vector<Earning> earnings(const PlanVersion& version, const Period& period,
                                const std::unordered_set<Id>* only = nullptr, std::vector<Part>* parts = nullptr) const;
  /// The same where the engine is given these inputs; `keys` are the events among them.
  std::vector<Earning> earnings_from(const PlanVersion& version, const Period& period, const Inputs& given,
                                     const EventKeys& keys, const std::unordered_set<Id>* only = nullptr,
                                     std::vector<Part>* parts = nullptr) const;
  /// The parts of a period with all that was released of them by the end of another one.
  std::vector<Part> parts(const PlanVersion& version, const Period& period, const Period& until,
                          const std::unordered_set<Id>* only) const;
  /// What is paid for a period where everything that is earned, held and released is brought forward; persons are ids.
  std::vector<PaymentResult> payments(const PlanVersion& version, const Period& period,
                                      const std::vector<BroughtForward>& rows) const;
  /// True where what one person is paid depends on more than the events of that person and those below.
  static bool crosses(const PlanDocument& plan);
  /// These people and all that ever reported to them, over any number of levels; or all that they ever reported to.
  std::unordered_set<Id> with_reports(const std::unordered_set<Id>& people) const;
  std::unordered_set<Id> with_superiors(const std::unordered_set<Id>& people) const;
  /// The general versions that somebody holds in the period, by id.
  std::vector<const PlanVersion*> held(const Period& period) const;
  /// Who holds that version in the period, by id.
  std::vector<Id> holders(const PlanVersion& version, const Period& period) const;

 private:
  void sort_rows();
  /// Runs `act`; errors of the engine, which knows employees by id, name them too.
  template <class Act>
  auto with_names(const Act& act) const {
    try {
      return act();
    } catch (const Error& error) {
      throw named(error);
    }
  }
  Error named(const Error& error) const;
  std::string with_name(const std::string& text) const;
  /// The events of [from, to), those they refer to and those that refer to them.
  std::unordered_map<std::string, Event> events(Date from, Date to) const;
  /// The same, as far as these people have shares in them.
  std::unordered_map<std::string, Event> events_of(const std::unordered_set<Id>& people, Date from, Date to) const;
  void add_events(const std::vector<Condition>& conditions, std::unordered_map<std::string, Event>& events) const;
  void add_named(const std::vector<std::string>& keys, std::unordered_map<std::string, Event>& events) const;
  void add_reversing(std::vector<std::string> keys, std::unordered_map<std::string, Event>& events) const;
  void add_shares(std::unordered_map<std::string, Event>& events) const;
  void add_members(const PlanVersion& version, const std::vector<Id>& people, const std::vector<Period>& periods,
                   Inputs& inputs) const;
  void add_service(Id employee, Inputs& inputs) const;
  std::vector<Part> parts_of(const PlanVersion& version, const Period& period, const Period& until,
                             const PlanResult& result, const std::vector<Id>& people) const;
  /// With `only` none that somebody else has.
  void add_values(const std::vector<Period>& periods, const std::vector<Id>& members,
                  const std::unordered_set<Id>* only, Inputs& inputs) const;
  const CommissionValue* value_for(const std::vector<const CommissionValue*>& rows, Id employee,
                                   const Period& period) const;
  using Unrated = std::set<Currency>;  ///< for which the store lacks a rate of some day
  Unrated add_rates(const PlanVersion& version, const std::unordered_map<std::string, Event>& events,
                    Inputs& inputs) const;
  bool is_strange(const PlanVersion& version, const Unrated& unrated, const Event& event, Date end,
                  const Inputs& inputs) const;
  const std::unordered_map<Id, Holding>& holdings(const Period& period) const;

  const Reader& system_;
  const Terms& terms_;
  Calendar calendar_;
  std::optional<std::int64_t> as_of_;
  std::vector<CommissionValue> values_;
  std::vector<Quota> quotas_;
  std::vector<ReportingLine> lines_;
  std::vector<ExchangeRate> rates_;
  std::unordered_map<Id, Employee> employees_;
  mutable std::map<std::pair<Date, Date>, std::unordered_map<Id, Holding>> holdings_;  // by period, resolved once
};

/// These people and all that they ever reported to.
std::unordered_set<Id> with_superiors(const Reader& system, const std::unordered_set<Id>& people);

/// Where a component's lines stand among those of a plan: what is no component of the document comes last.
std::size_t place_of(const PlanDocument& plan, const std::string& component);

}  // namespace kith::incentive
