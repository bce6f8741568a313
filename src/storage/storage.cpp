// SPDX-License-Identifier: Apache-2.0
#include "kith/storage/storage.hpp"

#include <algorithm>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/storage/postgres.hpp"
#include "storage/scheme.hpp"

namespace kith {
namespace {

/// A URL that names no storage may hold a password, and so may what was meant to be one: only its beginning is told.
[[noreturn]] void fail_scheme(std::string_view beginning) {
  throw Error(Code::invalid, "there is no storage " + quote(beginning) +
                                 "; use \"memory:\", \"sqlite:path\", the plain path of an SQLite file, or "
                                 "\"postgresql://host/database\"");
}

bool is_known(std::string_view scheme) { return scheme == "memory" || scheme == "sqlite" || scheme == "postgresql"; }

/// What stands before the first colon as a scheme, or nothing.
std::string read_scheme(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  std::string scheme(url.substr(0, colon));
  const bool letters = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+';
  });
  if (!letters) return {};
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return scheme == "postgres" ? "postgresql" : scheme;
}

/// "host=db dbname=shop password=...": as libpq takes it too. As a path it would make a file of that name.
bool is_keywords(std::string_view url) {
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::string_view kWords[] = {"host", "hostaddr", "port",    "dbname",
                                         "user", "password", "service", "sslmode"};
  bool known = false;
  for (std::size_t at = url.find_first_not_of(kBlanks); at < url.size(); at = url.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(url.find_first_of(" \t\r\n=", at), url.size());
    const std::size_t equals = url.find_first_not_of(kBlanks, end);
    if (equals == std::string_view::npos || url[equals] != '=') return false;
    known = known || std::find(std::begin(kWords), std::end(kWords), url.substr(at, end - at)) != std::end(kWords);
    at = url.find_first_not_of(kBlanks, equals + 1);  // its value, whatever stands in quotes there
    at = at < url.size() && url[at] == '\'' ? url.find('\'', at + 1) : at;
    at = std::min(url.find_first_of(kBlanks, std::min(at, url.size())), url.size());
  }
  return known;
}

}  // namespace

std::string scheme_of(std::string_view url) {
  if (is_keywords(url)) {
    throw Error(Code::invalid,
                "the settings of a PostgreSQL connection are written as a URL, \"postgresql://user:password@host:port/"
                "database\"; write \"sqlite:\" before a path that looks like such settings");
  }
  const std::size_t blanks = std::min(url.find_first_not_of(" \t\r\n"), url.size());
  if (blanks != 0 && is_known(read_scheme(url.substr(blanks)))) {
    throw Error(Code::invalid, "a blank stands before the URL (" + read_scheme(url.substr(blanks)) +
                                   ":...); leave it out, or write \"sqlite:\" before a path that begins with one");
  }
  std::string scheme = read_scheme(url);
  if (scheme.empty()) {
    if (const std::size_t slashes = url.find("://"); slashes != std::string_view::npos) {
      fail_scheme(url.substr(0, slashes + 3));
    }
    return scheme;
  }
  if (!is_known(scheme)) fail_scheme(scheme + ":");
  return scheme;
}

void Transaction::migrate(const Migration& /*migration*/, std::span<const Entity* const> /*entities*/) {
  throw Error(Code::misuse, "this storage has no stores of an older format to migrate");
}

bool Storage::copy_to(const std::string& /*path*/) { return false; }

std::vector<std::string> Storage::scrub() {
  return {"this storage is the host's: rid its files and its backups of old bytes by its own means"};
}

bool Transaction::group(const GroupBy& /*by*/, Groups& /*groups*/) { return false; }

void Storage::migrate(const Migration& /*migration*/, std::span<const Entity* const> /*entities*/) {}

Migration Storage::migration(std::span<const Entity* const> /*entities*/) { return {}; }

std::shared_ptr<Storage> open_storage(std::string_view url, const StorageOptions& options) {
  if (options.busy_ms < 0) {
    throw Error(Code::invalid, "busy_ms is negative: " + std::to_string(options.busy_ms) +
                                   "; give the milliseconds that a writer waits for another, from 0");
  }
  const std::string scheme = scheme_of(url);
  if (scheme == "postgresql") return open_postgres(url, options);
  if (scheme.empty()) return open_sqlite(url, options);
  const std::string_view rest = url.substr(scheme.size() + 1);
  if (scheme == "sqlite") return open_sqlite(rest, options);
  if (rest.empty()) return open_memory(options);
  throw Error(Code::invalid, "a store in memory has no name: use \"memory:\" alone");
}

}  // namespace kith
