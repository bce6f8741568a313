// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Memory that runs out on order: the k-th allocation of this thread fails, once or with all after it, whether C++ or
/// SQLite asks for it.

#include <cstdint>

namespace kith::test {

/// While it lives, SQLite allocates through the counter too. No connection may be open when it comes or goes.
class FailingMemory {
 public:
  FailingMemory();
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;

  /// From now on this thread's allocations count; number `k` fails (0: none), and all after it where `for_good`.
  static void arm(std::int64_t k, bool for_good);
  /// Ends it. How many allocations there were, and how many of them failed.
  static void disarm();
  static std::int64_t allocations();
  static std::int64_t failures();
};

}  // namespace kith::test
