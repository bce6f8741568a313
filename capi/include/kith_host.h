/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_HOST_H
#define KITH_HOST_H
/**
 * \file
 * A store on the host's own database connection: records of Kith and of the host in one transaction. Included by
 * kith.h, whose conventions hold.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_HOST_SQLITE 1   /**< the handle is an sqlite3* of the system's SQLite library */
#define KITH_HOST_POSTGRES 2 /**< the handle is a PGconn* of the system's libpq.so.5 */

/** A connection that belongs to the host. */
typedef struct kith_connection {
  size_t struct_size;
  int32_t kind;       /**< KITH_HOST_SQLITE or KITH_HOST_POSTGRES */
  int32_t reserved;   /**< 0 */
  void* handle;       /**< the host's, which keeps it open until everything made from the store is freed */
  const char* schema; /**< where the tables are. NULL: "main" for SQLite (else the name of an attached file), "kith" */
  int64_t tenant;     /**< PostgreSQL: whose rows; 0: 1 */
} kith_connection;

/**
 * Opens the store behind the host's connection. The tables must be there: kith_open with the file's path or the
 * server's URL makes and migrates them once; nothing is made or migrated here.
 *
 * The host begins its transaction before this call, and ends it itself. A work is one savepoint in it: what is
 * committed here is durable with the host's COMMIT, and gone with its ROLLBACK. A reader sees what the transaction
 * has written; readers and works belong to one transaction of the host and are freed before its end. Nothing is
 * closed or configured, no hook is installed, and settings of the connection change no result.
 *
 * Threads: the store and everything made from it are used by the thread that uses the connection, and by one at a
 * time. `options` may be NULL; must_exist and, for SQLite, busy_ms are not used.
 * Errors: MISUSE (no handle, another kind, no transaction begun), NOT_FOUND (no tables of Kith there), CORRUPT (another
 * program's), VERSION, DENIED. From a work BUSY means: roll back and repeat the whole transaction.
 * Since 0.1.
 */
KITH_API int32_t kith_open_on(const kith_connection* connection, const kith_options* options, kith_store** out,
                              kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_HOST_H */
