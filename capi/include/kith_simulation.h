/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_SIMULATION_H
#define KITH_SIMULATION_H
/**
 * \file
 * A company that never was, of any size, for tests, benchmarks and demos. kith.h includes this header and states the
 * conventions.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Which company; everything follows from it. Zero and NULL mean the default. */
typedef struct kith_company_options {
  size_t struct_size;
  uint64_t seed;        /**< 0 is a seed too */
  int64_t records;      /**< about how many customers, contacts and deals, 100 to 10000000; 0: 10000 */
  int32_t from;         /**< first day, since 1970-01-01; 0: 2023-01-02 */
  int32_t to;           /**< last day, at least 8 weeks later; 0: 2025-12-31 */
  const char* currency; /**< of all amounts and of the store; NULL: USD */
  /** Customers and deals so far, and in all. Another answer than 0 stops: KITH_ERROR_CANCELLED; what was written stays.
   */
  int32_t (*progress)(void* context, int64_t done, int64_t total);
  void* context;          /**< given to `progress` */
  int32_t without_events; /**< other than 0: bookings, invoices, payments and returns are not posted to the store */
} kith_company_options;

/** Makes a store at `url` and lives the company's life in it, week by week. `options` may be NULL. `out` becomes a
 * table of what was written (what, count). The same options give the same bytes on every storage. Errors: INVALID for a
 * size or stretch of time beyond the limits, STATE for a store in use, those of kith_open. Since 0.1. */
KITH_API int32_t kith_generate(const char* url, size_t size, const kith_company_options* options, kith_table** out,
                               kith_error* error);
/** The company's bookings, invoices, payments and returns as JSON (kith.inputs/1) for the functions on plans.
 *  `options` may be NULL; `progress` is not called, `without_events` not asked. Since 0.1. */
KITH_API int32_t kith_generate_inputs(const kith_company_options* options, kith_text** out, kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_SIMULATION_H */
