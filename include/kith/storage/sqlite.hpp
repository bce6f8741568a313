// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A store on the host's own SQLite connection: records of Kith and of the host in one transaction. A store of its own
/// is opened by path (open_sqlite in storage.hpp).

#include <memory>
#include <string>

#include "kith/storage/storage.hpp"

namespace kith {

/// Where the tables are.
struct SqliteOptions {
  std::string schema = "main";  ///< "main", or the name under which the host attached the file
};

/// The store behind the host's own sqlite3*, which the host keeps open as long as anything made here lives, and uses
/// from one thread. The file is one that Kith made (open it once by its path); the host may keep tables of its own in
/// it, or attach it to its own database. The host begins and ends the transaction: a Work is one savepoint in it, a
/// Reader sees what it has written. Nothing is closed, configured or migrated, no hook or function is installed, and
/// the connection's busy handler, result codes and pragmas stay the host's. The host's program and Kith must use the
/// same SQLite library, that of the system.
/// Of the options, `create` and `busy_ms` are not used. Error{busy} from a Work means that another connection writes:
/// the host rolls back and repeats its whole transaction, or begins it with BEGIN IMMEDIATE. A failure of the disk can
/// end the host's transaction (Error{storage} says so).
/// Errors: misuse (null; outside a transaction); not_found (no such schema, or nothing in it); corrupt (no Kith store);
/// version.
std::shared_ptr<Storage> open_sqlite_on(void* connection, const SqliteOptions& sqlite = {},
                                        const StorageOptions& options = {});

}  // namespace kith
