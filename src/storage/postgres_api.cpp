// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_api.hpp"

#ifdef KITH_POSTGRES

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

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

std::vector<std::string> libpq_files(std::string_view maps) {
  std::vector<std::string> files;
  while (!maps.empty()) {
    const std::size_t end = std::min(maps.find('\n'), maps.size());
    const std::string_view line = maps.substr(0, end);
    maps.remove_prefix(std::min(end + 1, maps.size()));
    const std::size_t slash = line.find('/');
    if (slash == std::string_view::npos) continue;
    std::string file(line.substr(slash));
    const std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
    // "libpq.so.5.15", and what a wheel of Python brings: "libpq-e8a033dd.so.5.16".
    if (!name.starts_with("libpq.so") && !name.starts_with("libpq-")) continue;
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
  }
  return files;
}

const Api& api() { return replaceable_api(); }

}  // namespace kith::postgres

#endif
