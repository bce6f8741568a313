// SPDX-License-Identifier: Apache-2.0
#include "kith/storage/storage.hpp"

#include <algorithm>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/storage/postgres.hpp"

namespace kith {
namespace {

/// The scheme in front of a colon in small letters (capitals mean the same, RFC 3986), or nothing: one letter is a
/// drive, and a path may hold colons behind a slash.
std::string scheme_of(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  std::string scheme(url.substr(0, colon));
  const bool letters = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+';
  });
  if (!letters) return {};
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return scheme;
}

}  // namespace

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
  if (scheme.empty()) return open_sqlite(url, options);
  const std::string_view rest = url.substr(scheme.size() + 1);
  if (scheme == "sqlite") return open_sqlite(rest, options);
  if (scheme == "memory" && rest.empty()) return open_memory(options);
  // libpq knows both names.
  if (scheme == "postgresql" || scheme == "postgres") return open_postgres("postgresql:" + std::string(rest), options);
  throw Error(Code::invalid, "there is no storage " + quote(url) +
                                 "; use \"memory:\", \"sqlite:path\", the plain path of an SQLite file, or "
                                 "\"postgresql://host/database\"");
}

}  // namespace kith
