// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pieces that the writers of statements, scans and definitions share.

#include <string>

#include "storage/postgres_sql.hpp"

namespace kith::postgres {

/// The tenant's column, and what every statement says of it; the tenant is $1.
inline constexpr char kTenant[] = "\"tenant_id\"";
inline constexpr char kOnlyTenant[] = "\"tenant_id\" = $1";

inline std::string parameter(std::size_t number) { return "$" + std::to_string(number); }

/// How many characters of a long text stand in an index.
inline constexpr int kBeginning = 150;
inline std::string beginning(const std::string& value) {
  return "pg_catalog.\"left\"(" + value + ", " + std::to_string(kBeginning) + ")";
}

}  // namespace kith::postgres
