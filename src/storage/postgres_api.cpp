// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_api.hpp"

#ifdef KITH_POSTGRES

#include <dlfcn.h>
#include <fmt/format.h>

#include "kith/base/error.hpp"

namespace kith::postgres {
namespace {

/// Never closed: libpq may leave things behind (SSL, thread keys) that point into it.
Api load() {
  void* library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(Code::storage, fmt::format("PostgreSQL needs libpq, and it cannot be loaded ({}); install it (Debian: "
                                           "libpq5), or use another storage",
                                           dlerror()));
  }
  Api loaded;
  const char* missing = nullptr;
#define KITH_LIBPQ_LOAD(name)                                                   \
  loaded.name = reinterpret_cast<decltype(loaded.name)>(dlsym(library, #name)); \
  if (loaded.name == nullptr) missing = #name;
  KITH_LIBPQ_FUNCTIONS(KITH_LIBPQ_LOAD)
#undef KITH_LIBPQ_LOAD
  if (missing != nullptr) {
    throw Error(Code::storage,
                fmt::format("the libpq found is too old, it lacks {}; use version 14 or newer", missing));
  }
  return loaded;
}

}  // namespace

Api& replaceable_api() {
  // A failed load is tried again by the next call: the library may have been installed meanwhile.
  static Api loaded = load();
  return loaded;
}

const Api& api() { return replaceable_api(); }

}  // namespace kith::postgres

#endif
