// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How much a fault test does: a short figure in `make test`, the full one in `make soak`, which sets KITH_SOAK.

#include <cstdlib>
#include <iostream>

namespace kith::test {

inline bool soaking() { return std::getenv("KITH_SOAK") != nullptr; }

/// The short figure, or the full one where KITH_SOAK is set.
inline int amount_of(int short_run, int full_run) { return soaking() ? full_run : short_run; }

/// Says what a test did and found; in `make soak` only.
template <class... Parts>
void tell(const Parts&... parts) {
  if (!soaking()) return;
  std::cout << "  ";
  ((std::cout << parts), ...);
  std::cout << std::endl;
}

}  // namespace kith::test
