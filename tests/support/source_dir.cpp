// SPDX-License-Identifier: Apache-2.0
// The only test source that is compiled with a path in it, so that all others are the same wherever they are built.
#include "support/source_dir.hpp"

#include <cstdlib>

namespace kith::test {

std::filesystem::path source_dir() { return KITH_SOURCE_DIR; }

std::filesystem::path data_dir() {
  const char* given = std::getenv("KITH_REAL_DATA");
  return given != nullptr ? std::filesystem::path(given) : source_dir() / ".." / "shared" / "data";
}

}  // namespace kith::test
