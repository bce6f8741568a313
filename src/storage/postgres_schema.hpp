// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Looking at a schema before anything may change it, making its tables under a lease, and checking them.

#ifdef KITH_POSTGRES

#include <set>
#include <span>
#include <string>
#include <vector>

#include "storage/postgres_channel.hpp"

namespace kith::postgres {

/// What a schema holds.
struct Found {
  bool tables = false;  ///< made by a Kith this library knows
  bool tenant = false;  ///< with this tenant
  bool rls = false;
};
/// Changes nothing. Errors: version, storage (server too old), invalid (encoding), denied, corrupt.
Found inspect(Channel& channel);

/// Makes the schema and its tables, where they are not there, and the tenant. One process at a time: the others wait
/// for its lease, a row of kith_store, and go on where it ended. Errors: corrupt where tables of another program are
/// in the way, denied, busy.
void make_tables(Channel& channel, std::span<const Entity* const> entities);

/// The tables and indexes of these entities are there as this library makes them. Errors: corrupt.
void check_tables(Channel& channel, std::span<const Entity* const> entities);

/// A sentence for each index that the server itself holds for invalid.
std::vector<std::string> invalid_indexes(Channel& channel);

/// Names of the tables in the schema.
std::set<std::string, std::less<>> table_names(Channel& channel);

}  // namespace kith::postgres

#endif
