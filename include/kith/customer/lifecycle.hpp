// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The life cycle of a customer: ranked stages (default subscriber, lead, MQL, SQL, opportunity, customer; tenants
/// configure their own). Automatic moves only go forward; a move back is an explicit act with a reason. The current
/// and the highest stage are both known; time in stage counts calendar days in the store's zone, re-entry adds up.
/// (FEATURES L1, L4.)

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/customer/customer.hpp"
#include "kith/engine/effective.hpp"

namespace kith {

/// A configured stage; ranks are unique and order the stages.
struct LifecycleStage {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::int64_t rank = 0;
};
template <>
const Entity& entity_of<LifecycleStage>();

/// Who moved a customer. Numbers are stable.
enum class MoveCause : std::int32_t { automatic = 1, manual = 2 };
template <>
struct Choices<MoveCause> {
  static constexpr std::string_view names[] = {"automatic", "manual"};
};

/// A customer was in a stage for a time; [from, to) never overlap for one customer, a length of zero is kept.
struct CustomerStage {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id customer = {};
  Id stage = {};
  Timestamp from = {};
  Timestamp to = kOpenTime;
  MoveCause cause = MoveCause::automatic;
  std::optional<std::string> reason = {};
};
template <>
const Entity& entity_of<CustomerStage>();

namespace customer {

/// Adds a configured stage, or changes one (id set). Needs administer on lifecycle_stage. Errors: conflict (rank or
/// name taken); state for a rank that moves a stage customers have been in past another one.
Id configure(Work& work, LifecycleStage& stage);
/// All stages by rank.
std::vector<LifecycleStage> lifecycle(const Reader& reader);

/// Moves ask the machine "lifecycle" (engine/state_machine.hpp): a store may guard them or ask for more.
///
/// An automatic move: only forward. Errors: state for a move back or to the same stage ("automatic moves only go
/// forward; use set_stage with a reason"), invalid for an unknown stage (near names), state when `at` lies before
/// the entry into the current stage.
void advance(Work& work, Id customer, std::string_view stage, std::optional<Timestamp> at = {});
/// A person's move, forward or back. Errors: invalid (unknown stage, a move back without a reason), state (the same
/// stage, or `at` before the entry into the current one).
void set_stage(Work& work, Id customer, std::string_view stage, std::string_view reason,
               std::optional<Timestamp> at = {});

/// Calendar days spent in one stage up to a day, in the store's zone; re-entries add up.
struct StageTime {
  std::string stage = {};
  std::int64_t days = 0;
};
/// By rank, stages never entered until then left out. A stay that begins on the day itself counts 0 days.
std::vector<StageTime> time_in_stages(const Reader& reader, Id customer, Date until);
/// The highest-ranked stage entered before a moment.
std::optional<std::string> highest_stage(const Reader& reader, Id customer, Timestamp before);

}  // namespace customer
}  // namespace kith
