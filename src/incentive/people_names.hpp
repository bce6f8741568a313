// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Employees by what a host calls them.

#include <string>
#include <unordered_map>
#include <vector>

#include "kith/engine/reader.hpp"

namespace kith::incentive {

class PeopleNames {
 public:
  explicit PeopleNames(const Reader& system);
  /// The employee of an id as decimal text, "source:external_id" or a name. Errors: invalid, with near names; several
  /// of one name.
  Id find(const std::string& person) const;

 private:
  std::unordered_map<std::string, Id> ids_;
  std::unordered_map<std::string, Id> names_;  // by key; 0: not unique
  std::vector<std::string> shown_;             // names as they are written
};

}  // namespace kith::incentive
