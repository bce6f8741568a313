/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_RUN_H
#define KITH_RUN_H
/**
 * \file
 * Works that are tried again when the store was busy or the connection was lost. kith.h includes this header and states
 * the conventions.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* kith_error.lost, with KITH_ERROR_STORAGE */
#define KITH_LOST_WORK 1   /**< nothing of the work is kept: try it again, or let kith_session_run do so */
#define KITH_LOST_COMMIT 2 /**< inside the commit: whether it is kept is not known; try again only with a key */

/** What a run does in its work, maybe several times, each on a state of its own: it must have no other effects. The
 *  work is lent: it is neither committed nor freed here. Calls are given `error`; KITH_OK commits, a code rolls back:
 *  that of the call that failed, or one of the function's own with `error` filled (its struct_size stays). */
typedef int32_t (*kith_work_function)(kith_work* work, void* context, kith_error* error);

/** How often a run is tried again. Zeroed members stand for 10 attempts, pauses from 10 ms to 2,000 ms. */
typedef struct kith_retry {
  size_t struct_size;
  int32_t attempts; /**< in all */
  int32_t first_ms; /**< the longest first pause; each one after it may be twice as long */
  int32_t most_ms;  /**< the longest pause */
  int32_t reserved;
} kith_retry;

/** Runs `function` in a work of the session, commits it, and does both again, after a pause of random length, where the
 *  store was busy or the connection was lost with nothing kept; lost inside the commit, only a work with a key is tried
 *  again. It is never applied twice, and not at all when the key was used before. On a host's connection there is one
 *  attempt: the host repeats its whole transaction. `options`, `retry` and `seq` may be NULL; `seq` becomes the work's
 *  sequence, that of the first commit for a key that was used before. Errors: those of `function` and of committing;
 * the last one when the attempts are used up. */
KITH_API int32_t kith_session_run(kith_session* session, const kith_work_options* options, kith_work_function function,
                                  void* context, const kith_retry* retry, int64_t* seq, kith_error* error);

#ifdef __cplusplus
}
#endif
#endif /* KITH_RUN_H */
