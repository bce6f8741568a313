// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pipelines: ordered stages that deals move through, configured as data. Each stage has a default probability and
/// may have a guard, an expression over the opportunity that must hold to enter it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/work.hpp"

namespace kith {

/// A named way of selling.
struct Pipeline {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
};
template <>
const Entity& entity_of<Pipeline>();

/// A step of a pipeline.
struct Stage {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id pipeline = {};
  std::string name = {};
  std::int64_t position = 0;              ///< order, unique in its pipeline
  Decimal probability = {};               ///< default chance of winning as a fraction 0..1, scale 9
  std::optional<std::string> guard = {};  ///< expression over opportunity
};
template <>
const Entity& entity_of<Stage>();

namespace sales {

/// Adds a pipeline with its stages (their `pipeline` is filled in). Needs administer on pipeline. Errors: invalid (no
/// stage, a guard that does not compile, with its position), conflict.
Id create(Work& work, Pipeline& pipeline, std::vector<Stage>& stages);
/// Adds a stage to a pipeline, or changes one (id set). Needs administer on pipeline. Errors: as `create`; invalid
/// for another pipeline than it is in.
Id configure(Work& work, Stage& stage);
/// Stages by position.
std::vector<Stage> stages(const Reader& reader, Id pipeline);

}  // namespace sales
}  // namespace kith
