// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tables as the server's catalogue has them against those of the entity tables.

#ifdef KITH_POSTGRES

#include <set>
#include <span>
#include <string>
#include <vector>

#include "storage/postgres_channel.hpp"

namespace kith::postgres {

/// Names of the tables in the schema.
std::set<std::string, std::less<>> table_names(Channel& channel);

/// Every name that a table or an index made in the schema could meet there: relations of any kind, and types, for a
/// table makes one of its name.
std::set<std::string, std::less<>> taken_names(Channel& channel);

/// kith_store is the table that Kith makes, and not another program's of that name.
bool is_store_table(Channel& channel);

/// A sentence for each way in which the second wall of these tables and of kith_tenant is open, with its mending;
/// without one (`rls`) for each table that another program has walled off.
std::vector<std::string> wall_faults(Channel& channel, std::span<const Entity* const> entities, bool rls);

/// The tables and indexes of these entities are there as this library makes them; the order of columns is no matter.
/// Errors: corrupt.
void check_tables(Channel& channel, std::span<const Entity* const> entities);

/// What they lack: tables, columns and indexes, each as one statement. `rls` for row-level security on new tables,
/// `spread` to distribute them as Citus does. Errors: corrupt where a table is not what an older Kith made.
std::vector<MigrationStep> missing_steps(Channel& channel, std::span<const Entity* const> entities, bool rls,
                                         bool spread);

/// The tables of the schema are spread over a cluster.
bool is_spread(Channel& channel);

/// A sentence for each table of Kith's that the server keeps no log of, with its mending.
std::vector<std::string> unlogged_tables(Channel& channel, std::span<const Entity* const> entities);

/// A sentence for each index that the server itself holds for invalid.
std::vector<std::string> invalid_indexes(Channel& channel, std::span<const Entity* const> entities);

}  // namespace kith::postgres

#endif
