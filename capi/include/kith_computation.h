/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_COMPUTATION_H
#define KITH_COMPUTATION_H
/**
 * \file
 * A computation of a general plan that stays (docs/plans.md), without a store: it takes in events that come late, are
 * changed or cancelled, and computes only what depends on them. What it says is, to the byte, what kith_plan_compute
 * says of all events so far. kith.h includes this header and states the conventions.
 *
 * A computation belongs to one thread at a time; tables and texts that it has given live on without it. It keeps its
 * own copy of everything that is handed in.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kith_computation kith_computation;

/** Computes a plan over `inputs` (kith.inputs/1; NULL: none) and, where `events` is not NULL, over the events of an
 *  Arrow C stream, for millions of them. Its columns: source, id (text or integer), type, date, amount (decimal128 or
 *  text, whole units), currency; optional version, sequence, cost, quantity, reverses, cancelled; splits as a list of
 *  structs of person, role and share, or of events with one split these three columns; all others are attributes. The
 *  stream is released in every case but MISUSE for a NULL. Errors: as of kith_plan_compute. */
KITH_API int32_t kith_computation_new(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                                      struct ArrowArrayStream* events, kith_computation** out, kith_error* error);
/** Takes in events that are new, a higher version of a known one, or its cancellation, all or none: `json`, a list or
 *  kith.inputs/1 with events (NULL: none), then those of a stream as above (NULL: none). The same version again changes
 *  nothing. `out` (may be NULL) are the components that depend on them, as they are now; a person or period that did
 *  not occur before gives all. Errors: as of kith_plan_compute; nothing has changed then. */
KITH_API int32_t kith_computation_change(kith_computation* computation, const char* json, size_t size,
                                         struct ArrowArrayStream* events, kith_table** out, kith_error* error);
/** A part of the result: "credits", "lines", "components", "releases", "ledger", "statements", "payments", "pools",
 *  "amortization" or "warnings", with the names that kith_plan_compute gives in its JSON as columns. Amounts are money
 *  of the plan's currency; exact numbers, which may be fractions, are text. Error INVALID for another part. */
KITH_API int32_t kith_computation_table(const kith_computation* computation, const char* part, kith_table** out,
                                        kith_error* error);
/** The whole result, as kith_plan_compute gives it. */
KITH_API int32_t kith_computation_result(const kith_computation* computation, kith_text** out, kith_error* error);
/** As kith_plan_explain, without computing again. All texts end in a zero byte. */
KITH_API int32_t kith_computation_explain(const kith_computation* computation, const char* person,
                                          const char* component, const char* period, const char* language,
                                          kith_text** out, kith_error* error);
KITH_API void kith_computation_free(kith_computation* computation);

#ifdef __cplusplus
}
#endif

#endif /* KITH_COMPUTATION_H */
