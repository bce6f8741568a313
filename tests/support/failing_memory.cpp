// SPDX-License-Identifier: Apache-2.0
#include "support/failing_memory.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace {

struct Count {
  bool armed = false;
  bool for_good = false;
  std::int64_t fail_at = 0;
  std::int64_t allocations = 0;
  std::int64_t failures = 0;
};
thread_local Count count;

/// True when this allocation must fail.
bool fails() {
  if (!count.armed) return false;
  ++count.allocations;
  const bool now = count.fail_at > 0 &&
                   (count.allocations == count.fail_at || (count.for_good && count.allocations > count.fail_at));
  count.failures += now ? 1 : 0;
  return now;
}

void* allocate(std::size_t size) noexcept { return fails() ? nullptr : std::malloc(size == 0 ? 1 : size); }

void* allocate_or_throw(std::size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}

sqlite3_mem_methods of_sqlite;

void* sqlite_allocate(int size) { return fails() ? nullptr : of_sqlite.xMalloc(size); }
void* sqlite_reallocate(void* memory, int size) { return fails() ? nullptr : of_sqlite.xRealloc(memory, size); }

void configure_sqlite(const sqlite3_mem_methods& methods) {
  sqlite3_shutdown();
  if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK) {
    throw std::runtime_error("SQLite did not take another memory allocator");
  }
}

}  // namespace

// The whole program allocates here. Aligned allocations keep the standard functions.
void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace kith::test {

FailingMemory::FailingMemory() {
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &of_sqlite);
  if (of_sqlite.xMalloc == nullptr) {  // before the first start there is none yet
    sqlite3_initialize();
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &of_sqlite);
  }
  sqlite3_mem_methods counting = of_sqlite;
  counting.xMalloc = sqlite_allocate;
  counting.xRealloc = sqlite_reallocate;
  configure_sqlite(counting);
}

FailingMemory::~FailingMemory() {
  disarm();
  configure_sqlite(of_sqlite);
}

void FailingMemory::arm(std::int64_t k, bool for_good) { count = {true, for_good, k, 0, 0}; }
void FailingMemory::disarm() { count.armed = false; }
std::int64_t FailingMemory::allocations() { return count.allocations; }
std::int64_t FailingMemory::failures() { return count.failures; }

}  // namespace kith::test
