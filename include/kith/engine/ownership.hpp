// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whom a record belonged to, and for how long. Entities with an owner keep the present one in their columns; every
/// change of owner or unit, by whatever verb, ends a dated row here and begins another, so that a reader of a day of
/// valid time (ReadOptions::valid_on) sees the owner of that day. A record that never changed hands has no rows.

#include <optional>
#include <string>
#include <vector>

#include "kith/base/time.hpp"
#include "kith/engine/work.hpp"

namespace kith {

/// A record belonged to an employee and a unit for a time; [from, to) of one record never overlap. Kept by the engine.
struct Ownership {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string entity = {};
  Id record = {};
  std::optional<Id> owner = {};
  std::optional<Id> unit = {};
  Timestamp from = {};  ///< of the first one year 1: since ever
  Timestamp to = kOpenTime;
};
template <>
const Entity& entity_of<Ownership>();

namespace ownership {

/// Hands a record to another employee from a moment on, which may lie in the past: what was told of later stretches is
/// replaced. The unit becomes the one that the new owner was in on that day. Needs `edit` on the record and `read` on
/// the employee. Errors: not_found, invalid (an entity without an owner; a moment in the future), denied.
void assign(Work& work, const Entity& entity, Id record, std::optional<Id> owner, std::optional<Timestamp> from = {});
/// The rows of a record, oldest first; none where it never changed hands. Error{not_found} when the actor may not see
/// the record.
std::vector<Ownership> rows_of(const Reader& reader, const Entity& entity, Id record);

}  // namespace ownership
}  // namespace kith
