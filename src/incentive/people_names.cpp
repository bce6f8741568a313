// SPDX-License-Identifier: Apache-2.0
#include "incentive/people_names.hpp"

#include <fmt/format.h>

#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "kith/people/employee.hpp"

namespace kith::incentive {

PeopleNames::PeopleNames(const Reader& system) {
  for (const Employee& row : system.list<Employee>({.fields = {"id", "name", "name_key", "source", "external_id"}})) {
    ids_.emplace(std::to_string(row.id.value), row.id);
    if (row.source && row.external_id) ids_.emplace(*row.source + ":" + *row.external_id, row.id);
    const auto [place, fresh] = names_.try_emplace(row.name_key, row.id);
    if (!fresh) place->second = Id{};
    shown_.push_back(row.name);
  }
}

Id PeopleNames::find(const std::string& person) const {
  if (const auto found = ids_.find(person); found != ids_.end()) return found->second;
  const auto named = names_.find(verb::key_of(person));
  if (named != names_.end() && named->second) return named->second;
  if (named != names_.end()) {
    throw Error(Code::invalid, fmt::format("Several employees are named {}; give the id of one.", quote(person)));
  }
  const std::vector<std::string_view> known(shown_.begin(), shown_.end());
  throw Error(Code::invalid, fmt::format("There is no employee {}; give an id, \"source:external_id\" or a name.{}",
                                         quote(person), did_you_mean(person, known)));
}

}  // namespace kith::incentive
