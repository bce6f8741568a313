/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_AREAS_H
#define KITH_AREAS_H
/**
 * \file
 * The verbs of the areas, one function each. kith.h includes this header and states the conventions. Plain records
 * (customers, contacts, employees, products, deals) are made and changed with kith_create and kith_update; here stands
 * what is more than that. Verbs take a work first and check everything before they write.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Who may do what --------------------------------------------------------------------------------------- */

#define KITH_ACTION_READ 1
#define KITH_ACTION_CREATE 2
#define KITH_ACTION_EDIT 3
#define KITH_ACTION_REMOVE 4
#define KITH_ACTION_CLOSE 5
#define KITH_ACTION_ADMINISTER 6

#define KITH_LEVEL_NONE 1
#define KITH_LEVEL_OWN 2     /**< one's own records */
#define KITH_LEVEL_UNIT 3    /**< those of the units one is a member of */
#define KITH_LEVEL_SUBTREE 4 /**< those units with all below */
#define KITH_LEVEL_ALL 5

/** Adds a person or process with roles by name. `employee`: whose records are "own"; 0: nobody's. `out` (its id) may
 *  be NULL. Errors: INVALID for an unknown role, CONFLICT for a taken name. */
KITH_API int32_t kith_principal_add(kith_work* work, const char* name, size_t size, int64_t employee,
                                    const char* const* roles, size_t role_count, int64_t* out, kith_error* error);
/** Lets a role do a KITH_ACTION_* to records of an entity ("*": all) over a KITH_LEVEL_*. */
KITH_API int32_t kith_grant_set(kith_work* work, const char* role, const char* entity, int32_t action, int32_t level,
                                kith_error* error);
/** May the actor do that to this record? `allowed` becomes 0 or 1; `why` (may be NULL) the rule that decided. */
KITH_API int32_t kith_may(const kith_reader* reader, int32_t action, const char* entity, int64_t id, int32_t* allowed,
                          kith_text** why, kith_error* error);

/* --- The past ---------------------------------------------------------------------------------------------- */

/** Every version of a record, oldest first: its fields, and to_seq, the work that ended it (null: still so). */
KITH_API int32_t kith_versions(const kith_reader* reader, const char* entity, int64_t id, kith_table** out,
                               kith_error* error);
/** At most `most` changes after position `after` (0: from the start), oldest first: id (the position), seq, entity,
 *  record, kind. */
KITH_API int32_t kith_changes(const kith_reader* reader, int64_t after, size_t most, kith_table** out,
                              kith_error* error);
/** Checks storage, chain, references and every area's invariants: entity, id and message of each fault; no rows when
 *  whole. */
KITH_API int32_t kith_check(kith_session* session, kith_table** out, kith_error* error);
/** SHA-256 of the store's whole content as 64 hexadecimal digits and a NUL: equal for equal stores on any backend. */
KITH_API int32_t kith_digest(kith_session* session, char out[65], kith_error* error);

/* --- In and out -------------------------------------------------------------------------------------------- */

/** What the host wants of an import. */
typedef struct kith_import_options {
  size_t struct_size;
  int32_t dry_run;          /**< 1: do everything, then roll back */
  int32_t all_or_nothing;   /**< 1: one work, kept only when no row was rejected */
  size_t chunk_rows;        /**< rows of a work otherwise, and between two calls of `progress`; 0: 1000 */
  const char* cause;        /**< of the works, for the audit trail */
  const char* rejects_path; /**< file for the rejected rows and why; made when there is the first; NULL: none */
  /** Rows read, bytes read, bytes in all. Another answer than 0 stops: KITH_ERROR_CANCELLED. */
  int32_t (*progress)(void* context, int64_t rows, int64_t bytes, int64_t total);
  void* context; /**< given to `progress` */
  /** "utf-8", "utf-16le", "utf-16be", "gb18030" (also "gbk"), "big5" or "shift_jis"; NULL: found out. The report says
   *  what was taken and why. */
  const char* encoding;
} kith_import_options;

/** The records of a query (NULL: all) that the actor may see as an Arrow C stream, read as its consumer asks for them:
 *  memory does not grow with their number. Columns and values are those of kith_table_stream. The stream keeps the
 *  snapshot alive, also after the reader is freed, and belongs to the session's thread; that of a work fails once the
 *  work has ended. Errors, at once: those of kith_find. Since 0.1. */
KITH_API int32_t kith_find_stream(const kith_reader* reader, const char* entity, const kith_query* query,
                                  struct ArrowArrayStream* out, kith_error* error);
/** Adds a record for each row of an Arrow C stream through the entity's own verbs, all or none; the fast way to add
 * many. Columns are named like fields; what a stream may hold is said at kith::create_from_arrow. The stream is
 * released once its entity is known, also on errors. `ids`, unless NULL, becomes a table with the column "id", one row
 * for each record, in the stream's order; the caller frees it. Errors: INVALID naming column and row, STORAGE when the
 * stream itself fails, and those of the entity's verb. Since 0.1. */
KITH_API int32_t kith_create_stream(kith_work* work, const char* entity, struct ArrowArrayStream* stream,
                                    kith_table** ids, kith_error* error);
/** Changes the record of each row of an Arrow C stream through the entity's own verbs, all or none. Column "id" names
 *  the record, "revision", where there is one, what was read: a record that somebody changed since is CONFLICT. The
 *  other columns are fields, as for kith_create_stream; a field without a column keeps its value, a null empties it.
 *  `changed`, unless NULL, becomes the number of records that were not so already. The stream is released, also after a
 *  failure, but for MISUSE and an unknown entity. Errors also: NOT_FOUND, DENIED, INVALID for a record that stands
 * there twice. Since 0.1. */
KITH_API int32_t kith_update_stream(kith_work* work, const char* entity, struct ArrowArrayStream* stream,
                                    int64_t* changed, kith_error* error);
/** Imports a CSV file by a mapping document (JSON, kith.import/1). `aliases` (JSON, kith.aliases/1) and `options` may
 *  be NULL. `out` becomes a JSON report of what was created, updated, left alone and rejected, and why. A rejected row
 *  is no failure of the call. The session must have no work open. */
KITH_API int32_t kith_import_csv(kith_session* session, const char* path, size_t path_size, const char* mapping,
                                 size_t mapping_size, const char* aliases, size_t aliases_size,
                                 const kith_import_options* options, kith_text** out, kith_error* error);
#define KITH_CSV_INTERCHANGE 1 /**< reads back exactly; a spreadsheet may take texts for formulas */
#define KITH_CSV_SPREADSHEET 2 /**< text that looks like a formula gets an apostrophe in front */

/** How to write CSV. */
typedef struct kith_csv_options {
  size_t struct_size;
  int32_t profile;         /**< KITH_CSV_*; 0: KITH_CSV_SPREADSHEET */
  int32_t delimiter;       /**< an ASCII character; 0: a comma */
  int32_t byte_order_mark; /**< 1: spreadsheets on Windows need it to recognise UTF-8 */
  int32_t crlf;            /**< 1: lines end in CR LF */
} kith_csv_options;

/** A table as CSV (UTF-8) with a header; the currency of amount "x" stands beside it as "x_currency". `options` may be
 *  NULL. Since 0.1. */
KITH_API int32_t kith_table_to_csv(const kith_table* table, const kith_csv_options* options, kith_text** out,
                                   kith_error* error);
/** Writes the records of a query (NULL: all) that the actor may see into a CSV file, in constant memory. An existing
 *  file is replaced once the new one is whole. `rows`, unless NULL, becomes their number. Since 0.1. */
KITH_API int32_t kith_export_csv(const kith_reader* reader, const char* entity, const kith_query* query,
                                 const char* path, size_t path_size, const kith_csv_options* options, int64_t* rows,
                                 kith_error* error);
/** Copies the whole store, as of some commit, into a new SQLite file while others write on; needs an administrator.
 *  The file gets its name once it is whole. Error STATE when the path is taken. Since 0.1. */
KITH_API int32_t kith_backup(kith_session* session, const char* path, size_t size, kith_error* error);
/** Writes the whole store, with its past, as JSON Lines; needs an administrator. An existing file is replaced once the
 *  new one is whole. */
KITH_API int32_t kith_dump(const kith_reader* reader, const char* path, size_t size, kith_error* error);
/** Loads a dump into a new store at `url`, all or nothing. `options` may be NULL. Error STATE for a store in use. */
KITH_API int32_t kith_load(const char* path, size_t path_size, const char* url, size_t url_size,
                           const kith_options* options, kith_error* error);

/* --- People ------------------------------------------------------------------------------------------------ */

/** Adds a unit below its `parent` from a day on; the record then holds what was stored. `id` may be NULL. */
KITH_API int32_t kith_unit_create(kith_work* work, kith_record* unit, int32_t from, int64_t* id, kith_error* error);
/** Hangs a unit below another (0: none) from a day on. Errors: INVALID for a ring, CONFLICT behind a later move. */
KITH_API int32_t kith_unit_move(kith_work* work, int64_t unit, int64_t parent, int32_t from, kith_error* error);
/** Moves somebody to a unit from a day on. Error CONFLICT when a later membership is recorded. */
KITH_API int32_t kith_employee_transfer(kith_work* work, int64_t employee, int64_t unit, int32_t from,
                                        kith_error* error);

/* --- Customers --------------------------------------------------------------------------------------------- */

/** Hands a customer to another employee; its unit becomes that of the new owner. */
KITH_API int32_t kith_customer_assign(kith_work* work, int64_t customer, int64_t owner, kith_error* error);
/** An automatic move to a stage of the life cycle: only forward, else STATE. `at`: KITH_NOW or a time. */
KITH_API int32_t kith_customer_advance(kith_work* work, int64_t customer, const char* stage, size_t size, int64_t at,
                                       kith_error* error);
/** A person's move, forward or back; back needs a reason. */
KITH_API int32_t kith_customer_set_stage(kith_work* work, int64_t customer, const char* stage, size_t size,
                                         const char* reason, size_t reason_size, int64_t at, kith_error* error);
/** Calendar days spent in each stage up to a day: stage, days; by rank. */
KITH_API int32_t kith_customer_time_in_stages(const kith_reader* reader, int64_t customer, int32_t until,
                                              kith_table** out, kith_error* error);
/** The furthest stage entered before a time; an empty text when there was none. */
KITH_API int32_t kith_customer_highest_stage(const kith_reader* reader, int64_t customer, int64_t before,
                                             kith_text** out, kith_error* error);

/* --- Sales ------------------------------------------------------------------------------------------------- */

/** A step of a new pipeline. Never grows. */
typedef struct kith_stage {
  const char* name;
  const char* guard;   /**< an expression over the deal that must hold to enter it; NULL: none */
  int64_t probability; /**< of winning from here, in parts of 1,000,000,000 */
} kith_stage;

/** Somebody's share of the credit for a deal. Never grows. */
typedef struct kith_split {
  int64_t employee;
  int64_t share; /**< in parts of 1,000,000,000; the shares of a deal add up to exactly that */
} kith_split;

/** Adds a pipeline with its stages in that order. `out` (its id) may be NULL. Error INVALID for a guard that does not
 *  compile, with the place in its text. */
KITH_API int32_t kith_pipeline_create(kith_work* work, const char* name, size_t size, const kith_stage* stages,
                                      size_t stage_count, int64_t* out, kith_error* error);
/** Moves an open deal to another stage, forward or back. Error STATE for a closed deal or an unmet guard. */
KITH_API int32_t kith_deal_advance(kith_work* work, int64_t deal, const char* stage, size_t size, int64_t at,
                                   kith_error* error);
/** Wins an open deal. `amount` (KITH_MONEY) may be NULL when the deal has one. The reason is needed; so below. */
KITH_API int32_t kith_deal_win(kith_work* work, int64_t deal, int32_t on, const char* reason, size_t size,
                               const kith_value* amount, kith_error* error);
KITH_API int32_t kith_deal_lose(kith_work* work, int64_t deal, int32_t on, const char* reason, size_t size,
                                kith_error* error);
/** Declares a deal void: it never was one, and counts neither as won nor as lost. */
KITH_API int32_t kith_deal_void(kith_work* work, int64_t deal, int32_t on, const char* reason, size_t size,
                                kith_error* error);
/** Opens a closed deal again in its last stage. */
KITH_API int32_t kith_deal_reopen(kith_work* work, int64_t deal, const char* reason, size_t size, kith_error* error);
/** Values the open deals of a query (NULL: all) at the market rates of a day, all or none; those in the base currency
 *  stay as they are. `changed` (how many did) may be NULL. Error INVALID where a rate is missing. Since 0.1. */
KITH_API int32_t kith_deal_revalue(kith_work* work, int32_t on, const kith_query* query, int64_t* changed,
                                   kith_error* error);
/** Shares the credit, replacing what was there; no shares give all to the owner again. */
KITH_API int32_t kith_deal_set_splits(kith_work* work, int64_t deal, const kith_split* splits, size_t split_count,
                                      kith_error* error);
/** Base amount x probability of the open deals of a query (NULL: all), exact and rounded once, half up. */
KITH_API int32_t kith_weighted_total(const kith_reader* reader, const kith_query* query, kith_value* out,
                                     kith_error* error);

/* --- Commission --------------------------------------------------------------------------------- */

/** What a run did. */
typedef struct kith_run_result {
  size_t struct_size;
  int64_t statements; /**< that the period has now */
  int64_t lines;
  int64_t changed;     /**< lines added, changed or removed by this run */
  int64_t adjustments; /**< adjustment lines added by this run */
  kith_value total;    /**< of all statements of the period */
} kith_run_result;

/** Stores a plan document as the next version of its name: JSON, kith.plan/1 (of won deals, approved at once) or
 *  kith.plan/2 (of events, a draft until kith_plan_approve). `out` (its id) may be NULL. */
KITH_API int32_t kith_plan_add(kith_work* work, const char* document, size_t size, int64_t* out, kith_error* error);
/** Assigns a plan by name to an employee, or to a unit with all below it (the other is 0), for the days [from, to);
 *  KITH_OPEN as `to`: no end yet. `out` (its id) may be NULL. Error CONFLICT when it overlaps another. */
KITH_API int32_t kith_plan_assign(kith_work* work, const char* plan, size_t size, int64_t employee, int64_t unit,
                                  int32_t from, int32_t to, int64_t* out, kith_error* error);
/** Computes the statements of a period ("2017-Q2") and posts corrections of closed ones. `result` may be NULL. Error
 *  STATE for a closed period. */
KITH_API int32_t kith_commission_run(kith_work* work, const char* period, size_t size, kith_run_result* result,
                                     kith_error* error);
/** Freezes a period. Error STATE when it must be run again first, or an earlier one is open. */
KITH_API int32_t kith_commission_close(kith_work* work, const char* period, size_t size, kith_error* error);
/** Somebody's statement. Error NOT_FOUND where there is none for that period. */
KITH_API int32_t kith_statement_of(const kith_reader* reader, int64_t employee, const char* period, size_t size,
                                   kith_record** out, kith_error* error);
/** Why a statement or a line of one is what it is. `format`: "text" for people, "zh" the same in Chinese, "steps" the
 *  same as JSON, "json": for kith_trace_check, of a general plan for kith_commission_check. */
KITH_API int32_t kith_explain_statement(const kith_reader* reader, int64_t statement, const char* format,
                                        kith_text** out, kith_error* error);
KITH_API int32_t kith_explain_line(const kith_reader* reader, int64_t line, const char* format, kith_text** out,
                                   kith_error* error);
/** Does the arithmetic of an explanation again, without a store: entity, field (the path) and message of each step
 *  that does not hold; no rows when it is right. */
KITH_API int32_t kith_trace_check(const char* json, size_t size, kith_table** out, kith_error* error);

/* Plans without a store. A plan is a document (JSON, kith.plan/2, or kith.plan/1, which is converted), inputs are
 * events, values, superiors and rates (JSON, kith.inputs/1); docs/plans.md and docs/inputs.md describe them. Every
 * function is pure: it may be called from any thread. Errors: INVALID with every fault of a document by its JSON path;
 * STATE for facts whose correction has no open period; OVERFLOW. */

/** What the plan allows but people rarely mean: entity, field (the JSON path) and message; no rows where nothing. */
KITH_API int32_t kith_plan_lint(const char* plan, size_t size, kith_table** out, kith_error* error);
/** The canonical document: two spellings of one plan give the same bytes. */
KITH_API int32_t kith_plan_canonical(const char* plan, size_t size, kith_text** out, kith_error* error);
/** What changed between two documents, a line each; empty where nothing did. */
KITH_API int32_t kith_plan_diff(const char* before, size_t before_size, const char* after, size_t after_size,
                                kith_text** out, kith_error* error);
/** Computes everything: JSON with credits, lines, components, releases, ledger, statements and warnings. */
KITH_API int32_t kith_plan_compute(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                                   kith_text** out, kith_error* error);
/** The steps from the facts to what a person earned with a component in a period. The last four texts end in a zero
 *  byte; `language` is "en", "zh" or "steps" (JSON). NOT_FOUND for a component that somebody has not in the period. */
KITH_API int32_t kith_plan_explain(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                                   const char* person, const char* component, const char* period, const char* language,
                                   kith_text** out, kith_error* error);
/** What another plan would have paid: a JSON list of person, before, after, difference. Error INVALID for plans in two
 *  currencies. */
KITH_API int32_t kith_plan_what_if(const char* before, size_t before_size, const char* after, size_t after_size,
                                   const char* inputs, size_t inputs_size, kith_text** out, kith_error* error);
/** Plan, inputs and result in one text that a third party checks offline with kith_commission_check. */
KITH_API int32_t kith_commission_export(const char* plan, size_t plan_size, const char* inputs, size_t inputs_size,
                                        kith_text** out, kith_error* error);
/** Computes an export again: entity, field (the JSON path) and message of each figure that differs; no rows when it is
 *  right to the last unit. */
KITH_API int32_t kith_commission_check(const char* json, size_t size, kith_table** out, kith_error* error);
/** The steps to what an export states, from the plan and the facts that it carries; `language` as of kith_plan_explain.
 *  `person`, `component` and `period` choose; null or "" means all. NOT_FOUND where it holds no such part. */
KITH_API int32_t kith_commission_explain(const char* json, size_t size, const char* person, const char* component,
                                         const char* period, const char* language, kith_text** out, kith_error* error);

#ifdef __cplusplus
}
#endif

#include "kith_computation.h"
#include "kith_data.h"
#include "kith_host.h"
#include "kith_quotas.h"

#endif /* KITH_AREAS_H */
