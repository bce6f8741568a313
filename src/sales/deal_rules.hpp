// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a new or changed deal must meet, for one deal and for a batch of them.

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/verbs.hpp"
#include "sales/entities.hpp"

namespace kith::sales {

/// The pipelines and stages that new deals go into, each read once.
class Placement {
 public:
  explicit Placement(const Reader& reader) : reader_(reader) {}
  /// Fills in the store's only pipeline and that pipeline's first stage where none is named. The stage the deal is in,
  /// valid as long as this; null when that could not be told: the faults then say why.
  const Stage* place(Opportunity& deal, verb::Faults& faults);

 private:
  const std::vector<Pipeline>& pipelines();
  const std::vector<Stage>& stages_of(Id pipeline);

  const Reader& reader_;
  bool listed_ = false;
  std::vector<Pipeline> pipelines_;
  std::unordered_map<Id, std::vector<Stage>> stages_;
};

/// What must hold between the fields of a deal, whoever writes it.
void check_deal(const Opportunity& deal, verb::Faults& faults);
/// Adds a fault for a day on which something was done, as it is told, but which is still to come.
void check_done(const Reader& reader, std::string_view field, Date day, verb::Faults& faults);
/// Nothing was won, lost or voided on such a day.
void check_closed(const Reader& reader, const Opportunity& deal, verb::Faults& faults);

/// Binds rates to deals: fills what they keep of their worth in the base currency, by the market rate of the day that
/// is named, else that of their closing, else today's. One query for all of them, none where all are in that currency.
void value_deals(const Reader& reader, std::span<Opportunity> deals, verb::Faults& faults, std::optional<Date> on = {});
/// Adds a finding where a deal is not worth what its rate says.
void check_value(const Opportunity& deal, Currency base, std::vector<Finding>& findings);

/// The stays of a new deal: one from now on, or, of a deal that comes in closed, the open one and what followed.
std::vector<OpportunityStage> first_stays(const Reader& reader, const Opportunity& deal);

}  // namespace kith::sales
