/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_DATA_H
#define KITH_DATA_H
/**
 * \file
 * What a store keeps as data: the ledger, fields that it defines for itself, state machines. kith.h includes this
 * header and states the conventions.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Fields of the store's own ----------------------------------------------------------------------------- */

/** A new record as kith_record_new makes it, which also knows the fields that the store has defined for itself
 *  ("custom_field"). Since 0.1. */
KITH_API int32_t kith_record_blank(const kith_reader* reader, const char* entity, kith_record** out, kith_error* error);
/** What kith_fields gives, then the fields of the store's own, with three columns more: own (1 for those), unique,
 *  formula. Since 0.1. */
KITH_API int32_t kith_reader_fields(const kith_reader* reader, const char* entity, kith_table** out, kith_error* error);

/* --- State machines ---------------------------------------------------------------------------------------- */

/** The ways that state machines lead on from where a record is: machine, transition, from, to, guard, needs, open (1:
 *  may be taken now) and why not. Machines and transitions are records ("state_machine", "transition") for
 *  kith_create and kith_update. Since 0.1. */
KITH_API int32_t kith_ways(const kith_reader* reader, const char* entity, int64_t id, kith_table** out,
                           kith_error* error);

/* --- The ledger -------------------------------------------------------------------------------------------- */

/** What a reversal says of itself; everything else mirrors the posting that is reversed. NULL: nothing. */
typedef struct kith_reversal {
  size_t struct_size;
  int32_t on;         /**< the business day, where has_on is 1; without: that of the posting that is reversed */
  int32_t has_on;     /**< 0 or 1 */
  const char* period; /**< the fiscal period; NULL: that of the posting */
  const char* source; /**< what took it back; NULL: the posting's */
} kith_reversal;

/* Accounts ("ledger_account") and postings ("posting") are made with kith_create; those of a pair of accounts, which
 * must balance, together with kith_create_stream. A posting is never changed or removed. */

/** Takes postings back: one new posting for each, of the other sign, in their order. `ids` may be NULL, else has room
 *  for one id a posting. Errors: NOT_FOUND; STATE when one was reversed already or is a reversal itself; INVALID for
 *  one side of a pair without the other. Since 0.1. */
KITH_API int32_t kith_ledger_reverse(kith_work* work, const int64_t* postings, size_t count, const kith_reversal* how,
                                     int64_t* ids, kith_error* error);
/** Takes back everything posted for a document that is not taken back yet; nothing left is no error. `ids`, unless
 *  NULL, becomes a table with the column "id", a row for each new posting; the caller frees it. Since 0.1. */
KITH_API int32_t kith_ledger_reverse_document(kith_work* work, const char* entity, int64_t document,
                                              const kith_reversal* how, kith_table** ids, kith_error* error);
/** Sums of the postings that the actor may see: the dimensions of `by` (names of fields of a posting), then currency,
 *  amount, base_amount (in the store's base currency; null where a posting has no worth), quantity and postings (their
 *  number); ordered by the dimensions. Amounts of two currencies are never added up. Of `query` (NULL: all) only
 *  `where` and its parameters. Errors: INVALID, OVERFLOW for a sum that does not fit. Since 0.1. */
KITH_API int32_t kith_ledger_balance(const kith_reader* reader, const char* const* by, size_t by_count,
                                     const kith_query* query, kith_table** out, kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_DATA_H */
