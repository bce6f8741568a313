// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tenants that share the tables of one schema on a PostgreSQL server: who is there, and how one is taken away.
/// A tenant is made by opening its URL. These are for the keeper of a server, who works past every Session: what may be
/// seen and removed is what the server grants the role of the URL. Row-level security shows a role that is bound by it
/// the tenant of the URL alone; superusers and roles with BYPASSRLS see all.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/session.hpp"
#include "kith/engine/table.hpp"

namespace kith {

/// One tenant, by its own rows.
struct Tenant {
  std::int64_t id = 0;        ///< what kith_tenant says in its URL; a tenant has no other name
  std::int64_t format = 0;    ///< of its rows; below kFormat until it is opened for writing
  std::int64_t seq = 0;       ///< its last work; 0 where its tables were made and nothing was founded in them
  Timestamp recorded = {};    ///< of that work
  std::string currency = {};  ///< its base currency; "" without a work
};

namespace tenants {

/// Every tenant of the schema in the URL that its role may see, by id. While others write, each row is of its own
/// moment. Errors: invalid (no URL of a server), not_found (no tables of Kith), denied, version, corrupt, storage.
std::vector<Tenant> list(std::string_view url, const StorageOptions& options = {});

/// The same as a table: tenant, format, seq, recorded, currency.
Table to_table(const std::vector<Tenant>& tenants);

/// Removes every row of the tenant that the URL names, with its history, in one transaction, and returns how many there
/// were; nobody can bring them back but from a backup or a dump. `confirmed` repeats the tenant's number. Waits for its
/// writer at most the busy time; whoever has the tenant open is told not_found at the next transaction.
/// Errors: invalid (another number, no URL of a server), not_found (no such tenant), denied (rights of the role), busy,
/// version (a newer Kith's), storage (also of options that only read); nothing is removed then, unless the connection
/// was lost inside the commit, which the error says: `list` knows.
std::int64_t remove(std::string_view url, std::int64_t confirmed, const Model& model,
                    const StorageOptions& options = {});

}  // namespace tenants
}  // namespace kith
