// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How much a test does: a short figure in `make test`, less of it under sanitizers (KITH_SANITIZED), the full one in
/// `make soak` (KITH_SOAK).

#include <cstdlib>
#include <iostream>

namespace kith::test {

inline bool soaking() { return std::getenv("KITH_SOAK") != nullptr; }
inline bool sanitized() { return std::getenv("KITH_SANITIZED") != nullptr; }

/// How often a test repeats itself with other random numbers: a quarter as often under sanitizers, which slow it down
/// as much and find in the first turns what they would find in the others.
inline int turns_of(int turns) { return sanitized() ? (turns + 3) / 4 : turns; }

/// How much a test does: the short figure, a quarter of it under sanitizers, or the full one where KITH_SOAK is set.
inline int amount_of(int short_run, int full_run) { return soaking() ? full_run : turns_of(short_run); }

/// How far apart the places are that a test looks at; the full run looks at more of them, sanitizers at fewer.
inline int step_of(int short_run, int full_run) {
  if (soaking()) return full_run;
  return sanitized() ? 4 * short_run : short_run;
}

/// Says what a test did and found; in `make soak` only.
template <class... Parts>
void tell(const Parts&... parts) {
  if (!soaking()) return;
  std::cout << "  ";
  ((std::cout << parts), ...);
  std::cout << std::endl;
}

}  // namespace kith::test
