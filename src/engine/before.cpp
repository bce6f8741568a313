// SPDX-License-Identifier: Apache-2.0
#include "engine/before.hpp"

#include <algorithm>

#include "engine/internal.hpp"
#include "engine/pending.hpp"

namespace kith {

Reader before(const Work& work, std::string_view purpose) {
  Reader reader = work.as_system(purpose);
  // Past versions are written with the change itself, so the state of the last work can be read as of it.
  Inside::state(reader).as_of = true;
  return reader;
}

bool has_touched(const Work& work, const Entity& entity) {
  const auto& touched = *Inside::state(work).held->touched;
  return std::any_of(touched.begin(), touched.end(),
                     [&](const TouchedRecord& one) { return one.entity == &entity && !one.dead; });
}

}  // namespace kith
