// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A stored statement with the facts that decide it, as explanations, exports and rechecks look at it.

#include <optional>
#include <string>
#include <vector>

#include "incentive/general_facts.hpp"
#include "incentive/statement_run.hpp"

namespace kith::incentive {

/// Which facts a statement is looked at with: those that it states, or those that there are.
enum class Seen { stated, newest };

/// A statement with the facts that decide it.
class Scene {
 public:
  /// The reader must outlive it.
  Scene(const Reader& reader, Id statement, Seen seen = Seen::stated);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  const Statement& statement() const { return statement_; }
  const Period& period() const { return period_; }
  /// Read when first asked for.
  const std::vector<StatementLine>& lines() const;
  const Reader& system() const { return system_; }
  std::int64_t seq() const { return seq_; }
  bool closed() const { return statement_.status == PeriodStatus::closed; }
  const GeneralFacts& facts() const { return *facts_; }
  std::string person() const { return std::to_string(statement_.employee.value); }
  /// As the employee was called when the statement was computed; "(erased)" where that was erased since.
  std::string name() const { return name_of(statement_.employee); }
  /// The same of somebody else whom the facts name by id.
  std::string name_of(const std::string& person) const;
  std::string money(std::int64_t minor) const { return display({minor, statement_.currency}); }

  /// The general version that the employee holds in a period, or null.
  const PlanVersion* version(const Period& period) const {
    const auto holding = terms_->holding(statement_.employee, period);
    return holding && holding->version->document ? holding->version : nullptr;
  }
  Period named(const std::string& label) const;
  /// What the employee should have been paid in a period.
  std::vector<Earning> earnings(const Period& period) const;
  Inputs inputs(const Period& period) const;

 private:
  std::string name_of(Id employee) const;
  /// Reads what decides about the employee alone; about everybody only where a plan pays some by what others did.
  void look_around();

  const Reader& asked_;  // as who asked; outlives this
  Reader system_;
  std::optional<Reader> known_;  // the facts
  Statement statement_;
  CommissionPeriod row_;
  Period period_;
  mutable std::optional<std::vector<StatementLine>> lines_;
  std::int64_t seq_ = 0;
  std::optional<Terms> terms_;
  std::optional<GeneralFacts> facts_;
};

}  // namespace kith::incentive
