/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_COMMISSION_H
#define KITH_COMMISSION_H
/**
 * \file
 * General plans in a store (docs/statements.md): events, approval, re-opening, what-if. kith.h includes this header and
 * states the conventions. Roles, reporting lines and values of payees are plain records ("payee_role",
 * "reporting_line", "commission_value"), made with kith_create. What of a statement waits, is released and is paid are
 * records "statement_release" and "statement_payment", found with `statement = :s`.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Lets a draft pay. Error INVALID with everything kith_plan_lint finds, unless `accept_findings` is not 0: they are
 * then kept with the plan. Error STATE for one that is no draft. */
KITH_API int32_t kith_plan_approve(kith_work* work, int64_t plan, int32_t accept_findings, kith_error* error);
/** Ends an approved version: it pays for the periods before `end`, the first day of one. */
KITH_API int32_t kith_plan_retire(kith_work* work, int64_t plan, int32_t end, kith_error* error);

/** What a post did with the events it was given. */
typedef struct kith_post_result {
  size_t struct_size;
  int64_t added;
  int64_t replaced; /**< a higher version came */
  int64_t repeated; /**< there already, word for word */
  int64_t outdated; /**< older than the version that is stored */
} kith_post_result;

/** Stores business events, all or none: a JSON list, or kith.inputs/1 with `events` (docs/statements.md). The same
 *  source, id and version again changes nothing. `result` may be NULL. Errors: INVALID with every fault by its path,
 *  CONFLICT for one version with two contents. */
KITH_API int32_t kith_events_post(kith_work* work, const char* json, size_t size, kith_post_result* result,
                                  kith_error* error);

/** Events as columns. Texts end in a zero byte; columns marked optional may be NULL. The caller keeps everything. */
typedef struct kith_event_columns {
  size_t struct_size;
  size_t rows;
  const char* const* source;
  const char* const* id;
  const int64_t* version; /**< optional: 1 */
  const char* const* type;
  const int32_t* date;     /**< days since 1970-01-01 */
  const int64_t* sequence; /**< optional: 0; order within the day */
  const char* const* currency;
  const int64_t* amount;       /**< minor units */
  const int64_t* cost;         /**< optional: 0 */
  const char* const* reverses; /**< optional: "source:id" of the event it takes back or pays, "" for none */
  const uint8_t* cancelled;    /**< optional: 0 or 1 */
  size_t shares;
  const uint32_t* share_event; /**< the row of the event that a share belongs to */
  const char* const* person;   /**< an employee's id as text, "source:external_id", or a name only one has */
  const char* const* role;
  const char* const* share; /**< a fraction as decimal text, or a weight */
} kith_event_columns;

/** The same from columns. */
KITH_API int32_t kith_events_post_columns(kith_work* work, const kith_event_columns* columns, kith_post_result* result,
                                          kith_error* error);
/** Opens the newest closed period again; the reason is kept. Its lines stay until a run finds other facts; adjustments
 *  that later open periods hold are taken out of them. Error STATE where it is not closed or a newer one is. */
KITH_API int32_t kith_commission_reopen(kith_work* work, const char* period, size_t size, const char* reason,
                                        size_t reason_size, kith_error* error);
/** Computes a statement of a general plan again from the facts as they were when it was closed, or last run while it is
 *  open: entity, field and message of what differs; no rows when it is right. */
KITH_API int32_t kith_statement_recheck(const kith_reader* reader, int64_t statement, kith_table** out,
                                        kith_error* error);
/** What a general plan paid for the periods from `first` to `last`, and what another document (NULL: the same) or other
 *  values (a kith.inputs/1 document with `values` and no events; NULL: none) pay for the same facts: a JSON list of
 *  person (an employee's id), before, after, difference. Nothing is written. The last two texts end in a zero byte. */
KITH_API int32_t kith_commission_what_if(const kith_reader* reader, const char* plan, const char* document,
                                         size_t document_size, const char* values, size_t values_size,
                                         const char* first, const char* last, kith_text** out, kith_error* error);
/** What general plans would pay for a period if open deals expected in it came in as events of type "order", with
 *  amount x probability (`draws` 0) or as the mean over so many draws: a JSON list as above. */
KITH_API int32_t kith_commission_accrue(const kith_reader* reader, const char* period, int64_t draws, kith_text** out,
                                        kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_COMMISSION_H */
