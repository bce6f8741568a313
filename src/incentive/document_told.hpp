// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The steps of an explanation as data, and what they say in English and Chinese. Each step has a kind and named parts;
/// amounts are exact texts in major units.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::incentive::general {

struct ToldStep {
  std::string_view kind;
  std::vector<std::pair<std::string_view, std::string>> parts = {};
  std::string_view words = {};  ///< under which its words stand, where one kind is told in several ways; "": its kind
};

/// What an explanation is about.
struct ToldHeading {
  std::string person;  ///< as the facts name it
  std::string shown;   ///< as people call it
  std::string component;
  std::string period;
  std::string plan;
  std::int64_t version = 0;
  std::string hash;  ///< of the plan, whole
};

/// A line a step.
std::string text_of(const ToldHeading& heading, const std::vector<ToldStep>& steps, bool chinese);
/// {"format": "kith.steps/1", "person", "component", "period", "plan", "version", "plan_hash", "steps": [{"kind",
/// ...}]}
std::string json_of(const ToldHeading& heading, const std::vector<ToldStep>& steps);

}  // namespace kith::incentive::general
