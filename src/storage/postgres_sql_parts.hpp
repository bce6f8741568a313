// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pieces that the writers of statements, scans and definitions share.

#include <string>

#include "storage/postgres_sql.hpp"

namespace kith::postgres {

inline std::string parameter(std::size_t number) { return "$" + std::to_string(number); }

/// How many characters of a long text stand in an index.
inline constexpr int kBeginning = 150;
inline std::string beginning(const std::string& value) {
  return "pg_catalog.\"left\"(" + value + ", " + std::to_string(kBeginning) + ")";
}

/// All fields of an entity, quoted, in table order.
std::string names_of(const Entity& entity);

}  // namespace kith::postgres
