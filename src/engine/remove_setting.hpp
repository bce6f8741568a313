// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How what an administrator sets goes again: a rate, a calendar, a machine.

#include "engine/internal.hpp"
#include "engine/new_findings.hpp"

namespace kith::verb {

/// Removes a setting on which nothing stands, with its parts. `remove` takes them out. Errors: denied without
/// `administer` on `asked`, conflict where an area would find a fault then, and those of `remove`.
template <class Remove>
void remove_setting(Work& work, const Entity& entity, const Entity& asked, Remove&& remove) {
  work.require(Action::administer, asked);
  const auto fault = fault_of_change(work, "setting", [&] { work.trusted(remove); });
  if (!fault) return;
  throw Error(Code::conflict, std::string(entity.name), "id",
              fault->entity + " " + std::to_string(fault->id.value) + " stands on it, for without it " +
                  fault->message + "; change or remove that first");
}

/// A record verb: the same of one record. `Asked` is the whole that it is part of.
template <class T, class Asked = T>
void remove_setting(Work& work, Id id, std::int64_t revision) {
  remove_setting(work, entity_of<T>(), entity_of<Asked>(), [&] { work.remove<T>(id, revision); });
}

}  // namespace kith::verb
