// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Stores on a PostgreSQL server (15 or newer), alone or spread over many machines by Citus. Many tenants share the
/// tables of one schema; a Storage is one tenant. libpq is loaded on first use: a program that opens no such store
/// does not need it. docs/postgres.md tells how to run one.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith {

/// What a URL says about Kith itself; the parameter of the URL behind each. Everything else in a URL is libpq's.
struct PostgresOptions {
  std::string schema = "kith";  ///< kith_schema: where the tables are; made when it is absent
  std::int64_t tenant = 1;      ///< kith_tenant: whose rows these are; 1 or more
  bool named = true;            ///< kith_prepare=named|unnamed: unnamed for poolers that change servers between works
  bool rls = false;             ///< kith_rls=on|off: tables made by this store get row-level security
  int pool = 16;                ///< kith_pool: most connections of this store at once, 1 to 1,000
  int statement_ms = 0;         ///< kith_statement_ms: a statement that takes longer is stopped; 0 for never
  int idle_ms = 0;              ///< kith_idle_ms: a transaction that idles longer is ended by the server; 0 for never
};

/// The store at "postgresql://host/database?kith_schema=kith&kith_tenant=1". Connects at once to look what is there,
/// and changes nothing before `prepare`.
/// Errors: invalid (URL, parameters, an encoding other than UTF8); not_found (no tables, and not to be made); denied
/// (rights of the role); version (a newer Kith's tables, a server before 15); corrupt (tables of another program in the
/// way); storage (no connection, no libpq, built without it).
std::shared_ptr<Storage> open_postgres(std::string_view url, const StorageOptions& options = {});

/// The store behind the host's own PGconn*, which the host keeps open as long as anything made here lives and uses
/// from one thread. The host begins and ends the transaction: a Work is one savepoint in it, a Reader sees what it has
/// written. Nothing is closed, reset or migrated; search path, time zone, encoding and the like stay the host's and
/// change no result. Of the options, `pool`, `named`, `statement_ms` and `idle_ms` are not used.
/// Error{busy} from a Work means that the host repeats its whole transaction. A COMMIT of the host's while a Work is
/// open fails (42704) and keeps nothing. Errors: those of open_postgres; misuse outside a transaction, in pipeline
/// mode, and of every call after the host has closed the connection, which is not touched then.
std::shared_ptr<Storage> open_postgres_on(void* connection, const PostgresOptions& postgres = {},
                                          const StorageOptions& options = {});

/// The statements that spread the tables of these entities over a Citus cluster by tenant, in an order that Citus
/// accepts: reference tables, then the other tables, each kept with the others of its tenant. To be run once, on the
/// coordinator, after the store was made and before it holds much. There are no foreign keys to add behind them.
std::vector<std::string> postgres_shard_plan(std::span<const Entity* const> entities, std::string_view schema = "kith");

}  // namespace kith
