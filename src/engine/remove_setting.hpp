// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How what an administrator sets goes again: a rate, a calendar, a machine.

#include "engine/internal.hpp"
#include "engine/new_findings.hpp"

namespace kith::verb {

/// A record verb: removes a setting on which nothing stands. Errors: denied without `administer` on `Asked` (the whole
/// that it is part of), conflict where an area would find a fault then, and those of Work::remove.
template <class T, class Asked = T>
void remove_setting(Work& work, Id id, std::int64_t revision) {
  const Entity& entity = entity_of<T>();
  work.require(Action::administer, entity_of<Asked>());
  const auto areas = work.model().areas();
  const NewFindings findings(work.as_system("setting"), {areas.begin(), areas.end()});
  Work::Step step(work);
  work.trusted([&] { work.remove<T>(id, revision); });
  if (const auto fault = findings.first(work.as_system("setting"))) {
    throw Error(Code::conflict, std::string(entity.name), "id",
                fault->entity + " " + std::to_string(fault->id.value) + " stands on it, for without it " +
                    fault->message + "; change or remove that first");
  }
  step.keep();
}

}  // namespace kith::verb
