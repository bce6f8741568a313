/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_QUOTAS_H
#define KITH_QUOTAS_H
/**
 * \file
 * Quotas, live feedback, digests, bonuses, amortised costs and draws. kith.h includes this header and states the
 * conventions. Records of "measure", "quota_plan", "quota_relief", "quota_milestone", "sales_plan_line", "bonus",
 * "cost_asset" and "draw" are made and changed with kith_create and kith_update.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A node below a quota. Never grows. */
typedef struct kith_quota_child {
  int64_t unit; /**< exactly one of unit and employee; the other is 0 */
  int64_t employee;
  int64_t weight; /**< of KITH_QUOTA_RATIO, in parts of 1,000,000,000; any positive numbers */
} kith_quota_child;

#define KITH_QUOTA_FIXED 1     /**< set by hand */
#define KITH_QUOTA_RATIO 2     /**< shared by the weights */
#define KITH_QUOTA_EQUAL 3     /**< shared in equal parts */
#define KITH_QUOTA_HISTORY 4   /**< shared by what each brought in the same period of the year before */
#define KITH_QUOTA_BOTTOM_UP 5 /**< the sum of the children */

#define KITH_METRIC_WON_AMOUNT 1
#define KITH_METRIC_WON_COUNT 2
#define KITH_METRIC_NEW_CUSTOMERS 3
#define KITH_METRIC_MEASURE 4 /**< what the measure of the quota's field "measure" says */

#define KITH_GRADE_NONE 1
#define KITH_GRADE_TARGET 2
#define KITH_GRADE_STRETCH 3
#define KITH_GRADE_CHALLENGE 4

#define KITH_GRAIN_MONTH 1
#define KITH_GRAIN_QUARTER 2
#define KITH_GRAIN_YEAR 3
#define KITH_GRAIN_WEEK 4
#define KITH_GRAIN_PERIOD 5 /**< four weeks */

#define KITH_QUOTA_PLAN_DRAFT 1
#define KITH_QUOTA_PLAN_PROPOSED 2
#define KITH_QUOTA_PLAN_AGREED 3
#define KITH_QUOTA_PLAN_ACTIVE 4
#define KITH_QUOTA_PLAN_SUPERSEDED 5

#define KITH_BASIS_CALENDAR 1   /**< every day */
#define KITH_BASIS_WORKING 2    /**< Monday to Friday, or a working calendar */
#define KITH_BASIS_THIRTY_360 3 /**< months of 30 days */

#define KITH_BONUS_POOL 1
#define KITH_BONUS_CONTEST 2
#define KITH_BONUS_SPIFF 3
#define KITH_TIES_SHARE 1 /**< equals share the prizes of their places */
#define KITH_TIES_EACH 2  /**< each gets the prize of the place */

#define KITH_DRAW_RECOVERABLE 1
#define KITH_DRAW_NONRECOVERABLE 2
#define KITH_DRAW_GUARANTEE 3

/** A person's weight in a pool, or the prize of a place of a contest. Never grows. */
typedef struct kith_bonus_part {
  int64_t employee; /**< of a pool; 0 in a contest */
  int64_t weight;   /**< of a pool; 0 in a contest */
  int64_t amount;   /**< contest: the prize of the place, in minor units; pool: the person's cap, -1: none */
} kith_bonus_part;

#define KITH_LANGUAGE_ENGLISH 1
#define KITH_LANGUAGE_CHINESE 2

/** Sets a quota by hand (a record of "quota"); the record then holds what was stored. `id` may be NULL. */
KITH_API int32_t kith_quota_set(kith_work* work, kith_record* quota, int64_t* id, kith_error* error);
/** Shares a quota among children by KITH_QUOTA_*, to the cent. `over_percent` (a number; NULL: none) raises the sum: 5
 *  for 105 %. `ids` may be NULL, else has room for one id a child. */
KITH_API int32_t kith_quota_decompose(kith_work* work, int64_t quota, const kith_quota_child* children,
                                      size_t child_count, int32_t method, const kith_value* over_percent, int64_t* ids,
                                      kith_error* error);
/** Shares a quota over the periods of a KITH_GRAIN_* that make up its own, by as many weights (numbers), or equally
 *  with none. `out` (may be NULL) becomes the table that kith_quota_parts gives. */
KITH_API int32_t kith_quota_split_periods(kith_work* work, int64_t quota, int32_t grain, const kith_value* weights,
                                          size_t weight_count, kith_table** out, kith_error* error);
/** The same by what came in in those periods of so many earlier years (1 to 20), by largest remainder. Error STATE
 * where nothing did: give weights then. */
KITH_API int32_t kith_quota_split_seasonal(kith_work* work, int64_t quota, int32_t grain, int32_t years,
                                           kith_table** out, kith_error* error);
/** The targets of a quota's unit or employee in the periods of a KITH_GRAIN_* that make up its own: period, from, to,
 *  quota, amount; the last two null where none is set. */
KITH_API int32_t kith_quota_parts(const kith_reader* reader, int64_t quota, int32_t grain, kith_table** out,
                                  kith_error* error);
/** Makes a quota the sum of its parts in the periods of a KITH_GRAIN_*. Error STATE naming periods without a target. */
KITH_API int32_t kith_quota_sum_periods(kith_work* work, int64_t quota, int32_t grain, kith_error* error);
/** Makes every inner node below (and with) a quota the sum of its children. `changed` may be NULL. */
KITH_API int32_t kith_quota_roll_up(kith_work* work, int64_t quota, int64_t* changed, kith_error* error);
/** What the owner of a quota promises: KITH_MONEY in its currency (XXX for numbers). Who it belongs to may. */
KITH_API int32_t kith_quota_commit(kith_work* work, int64_t quota, const kith_value* amount, kith_error* error);
/** Copies the tree below (and with) a quota into a draft, a record of "quota_plan" (made with kith_create). */
KITH_API int32_t kith_quota_plan_copy(kith_work* work, int64_t plan, int64_t root, kith_error* error);
/** Moves a version of quotas to KITH_QUOTA_PLAN_PROPOSED, _AGREED or back to _DRAFT. Error STATE for another move. */
KITH_API int32_t kith_quota_plan_move(kith_work* work, int64_t plan, int32_t state, kith_error* error);
/** Puts an agreed version in force and supersedes the one before. `out` (may be NULL) becomes the nodes whose children
 *  do not add up: quota, period, amount, children_sum, unplanned. Error STATE when it is not agreed, or is strict and
 *  has such nodes. */
KITH_API int32_t kith_quota_plan_activate(kith_work* work, int64_t plan, kith_table** out, kith_error* error);
/** Ramps somebody up from a day: month k is expected to bring the share steps[k] (a number, 0 to 1) of the target, days
 *  counted by KITH_BASIS_*. */
KITH_API int32_t kith_quota_ramp(kith_work* work, int64_t employee, int32_t from, const kith_value* steps,
                                 size_t step_count, int32_t basis, kith_error* error);
/** What a quota of money still takes, in words, a line a step; as data it is the report "quota_actions". `levels`:
 *  measures from the deal backwards, "visits,leads"; may be empty. `language`: KITH_LANGUAGE_*. */
KITH_API int32_t kith_quota_actions(const kith_reader* reader, int64_t quota, int32_t on, const char* levels,
                                    size_t size, int32_t language, kith_text** out, kith_error* error);

/** What the work has done so far for the people its records belong to, kept as records of "progress" in the work. One
 * of `text` ("+250.00 commission, 40.00 % to 45.00 % of target", a line a person) and `rows` (their fields) may be
 * NULL. */
KITH_API int32_t kith_catch_up(kith_work* work, int32_t language, kith_text** text, kith_table** rows,
                               kith_error* error);
/** Somebody's morning in words (KITH_TODAY: this one); as data it is the report "digest". */
KITH_API int32_t kith_digest_text(const kith_reader* reader, int64_t employee, int32_t day, int32_t language,
                                  kith_text** out, kith_error* error);
/** The same, handed out once: later calls of that day give what the first one gave. */
KITH_API int32_t kith_digest_deliver(kith_work* work, int64_t employee, int32_t day, int32_t language, kith_text** out,
                                     kith_error* error);

/* --- Bonuses, costs and draws: records of "bonus", "cost_asset" and "draw" are made with kith_create ---------- */

/** Sets the weights of a pool or the prizes of a contest, from the first place on; replaces what was there. */
KITH_API int32_t kith_bonus_set_parts(kith_work* work, int64_t bonus, const kith_bonus_part* parts, size_t part_count,
                                      kith_error* error);
/** Posts as records of "award" what is missing to the outcome by the facts. `added` (how many) may be NULL. */
KITH_API int32_t kith_bonus_post(kith_work* work, int64_t bonus, int64_t* added, kith_error* error);
/** What a bonus brings whom, and why, a line a person. */
KITH_API int32_t kith_bonus_text(const kith_reader* reader, int64_t bonus, int32_t language, kith_text** out,
                                 kith_error* error);
/** Posts the lines of a cost asset whose month has begun by a day. `added` may be NULL. */
KITH_API int32_t kith_cost_post(kith_work* work, int64_t asset, int32_t until, int64_t* added, kith_error* error);
/** The customer is lost on a day: what is due until then is posted, the rest written off. */
KITH_API int32_t kith_cost_write_off(kith_work* work, int64_t asset, int32_t lost_on, kith_error* error);
/** Settles a draw for a period against the person's closed statement; `line` (its id, may be NULL) is a record of
 *  "draw_line". Error STATE for an open period, or one that is settled. */
KITH_API int32_t kith_draw_post(kith_work* work, int64_t draw, const char* period, size_t size, int64_t* line,
                                kith_error* error);
/** The settled periods of a draw in words. */
KITH_API int32_t kith_draw_text(const kith_reader* reader, int64_t draw, int32_t language, kith_text** out,
                                kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_QUOTAS_H */
