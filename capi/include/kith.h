/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_H
#define KITH_H
/**
 * \file
 * Kith for C, and for everything that speaks C. Conventions, once for all functions:
 *
 *  1. Every function that can fail returns KITH_OK (0) or a KITH_ERROR_* code and fills the last argument, a
 *     caller-owned kith_error; NULL there is allowed. Nothing is kept per thread. After a failure outputs are
 *     untouched and the store is as it was before the call. NULL for an argument that is not said to be optional is
 *     KITH_ERROR_MISUSE; a function without a code answers NULL with 0 or an empty text.
 *  2. Text is UTF-8 with a length in bytes; KITH_NUL as the length means "up to the NUL". Names of the schema
 *     (entities, fields, parameters, reports, roles) and text in structs end with a NUL instead. Text that is handed
 *     out is followed by a NUL too, and belongs to the object it came from.
 *  3. Objects are opaque. Who gets one from a `kith_*_open`, `_new`, `_begin` or through a `**out` owns it and gives
 *     it back to its `_free`; `_free(NULL)` does nothing. An object keeps alive what it came from, so any order of
 *     freeing is right; freeing a work that was not committed rolls it back.
 *  4. Structs that may grow begin with `struct_size`; set it to sizeof. Later versions append members only.
 *     In those that are handed in, zeroed members mean the default.
 *  5. Alternatives are int32_t numbers that never change meaning. Money is a whole number of minor units with its ISO
 *     4217 currency; no double crosses this boundary. Days count from 1970-01-01, times are UTC microseconds since.
 *  6. A kith_store may be shared by threads. A session, and everything made from it, belongs to one thread at a time;
 *     so does each record, table and text.
 *  7. No C++ exception crosses this boundary, and nothing here starts a thread, reads the environment or prints.
 *
 * Every function is "Since 0.1" unless it says otherwise. The verbs of the areas stand in kith_areas.h, the past in
 * kith_history.h, a host's own connection in kith_host.h, others in the headers beside them; this one includes all.
 */

#include <stddef.h>
#include <stdint.h>

#include "kith_arrow.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KITH_API __attribute__((visibility("default")))
#else
#define KITH_API
#endif

/** As a length: the text ends at its NUL. */
#define KITH_NUL ((size_t)-1)
/** As a day: today in the store's zone. */
#define KITH_TODAY INT32_MIN
/** As the last day of something: it has no end yet. */
#define KITH_OPEN 2932896
/** As a time: now, by the store's clock. */
#define KITH_NOW INT64_MIN

/* --- Errors ------------------------------------------------------------------------------------------------ */

#define KITH_OK 0
#define KITH_ERROR_INVALID 1    /**< input breaks a rule; the message says which and how to mend it */
#define KITH_ERROR_NOT_FOUND 2  /**< no such record, or none that the actor may see */
#define KITH_ERROR_DENIED 3     /**< visible, but not allowed; the message names the rule */
#define KITH_ERROR_CONFLICT 4   /**< stale revision or a taken key: read again, decide again */
#define KITH_ERROR_STATE 5      /**< not in this state: closed deal, closed period, no such transition */
#define KITH_ERROR_BUSY 6       /**< another writer held the store too long: try again */
#define KITH_ERROR_STORAGE 7    /**< disk or server failed; rolled back */
#define KITH_ERROR_CORRUPT 8    /**< damaged, or no Kith store; nothing was changed */
#define KITH_ERROR_VERSION 9    /**< written by a newer Kith */
#define KITH_ERROR_MISUSE 10    /**< a defect of the caller: NULL where an object must be, an ended work, ... */
#define KITH_ERROR_CANCELLED 11 /**< a callback asked to stop */
#define KITH_ERROR_OVERFLOW 12  /**< a result does not fit 64 bits; nothing was rounded or wrapped */
#define KITH_ERROR_NO_MEMORY 13 /**< memory ran out; a work in which that happens can only be freed */
#define KITH_ERROR_INTERNAL 99  /**< a defect of Kith */

/** What went wrong. Texts are cut at a character's border where they do not fit, and always end with a NUL. */
typedef struct kith_error {
  size_t struct_size;     /**< sizeof(kith_error), set by the caller */
  int32_t code;           /**< KITH_ERROR_*; 0 after success */
  int32_t violations;     /**< number of broken rules behind a KITH_ERROR_INVALID; all stand in the message */
  char entity[64];        /**< "opportunity", or "" */
  char field[64];         /**< "amount", or "" */
  char message[1024];     /**< a sentence: what, where, how to mend it */
  int32_t lost, reserved; /**< lost: KITH_LOST_* (kith_run.h) where the connection was; else 0 */
} kith_error;

/** The stable name of a code ("not_found"); "unknown" for others. Static text. */
KITH_API const char* kith_code_name(int32_t code);
/** "0.1.0". Static text. */
KITH_API const char* kith_version(void);

/* --- Values ------------------------------------------------------------------------------------------------ */
#define KITH_NULL 0
#define KITH_ID 1         /**< integer */
#define KITH_INTEGER 2    /**< integer */
#define KITH_BOOLEAN 3    /**< integer 0 or 1 */
#define KITH_TEXT 5       /**< text, size; also choices, by name, currencies, and bytes as hexadecimal digits */
#define KITH_DECIMAL 6    /**< integer is the coefficient, scale its digits after the point */
#define KITH_MONEY 7      /**< integer is minor units, currency the ISO 4217 code */
#define KITH_DATE 9       /**< integer is days since 1970-01-01 */
#define KITH_TIMESTAMP 10 /**< integer is UTC microseconds since 1970-01-01 */

/** One value; 40 bytes, never grows. On the way in, text is only read during the call; on the way out it belongs to
 *  the object that was asked. */
typedef struct kith_value {
  int32_t type;  /**< KITH_NULL ... KITH_TIMESTAMP */
  int32_t scale; /**< of KITH_DECIMAL, 0 to 18 */
  int64_t integer;
  const char* text; /**< of KITH_TEXT */
  size_t size;      /**< of text, in bytes; KITH_NUL allowed on the way in */
  char currency[4]; /**< of KITH_MONEY, with a NUL */
  int32_t reserved; /**< 0 */
} kith_value;

/** A value by name: parameters of filters and reports. Never grows. */
typedef struct kith_parameter {
  const char* name;
  kith_value value;
} kith_parameter;

/** Text that a function made. */
typedef struct kith_text kith_text;
KITH_API const char* kith_text_data(const kith_text* text);
KITH_API size_t kith_text_size(const kith_text* text);
KITH_API void kith_text_free(kith_text* text);

/* --- Store and session ------------------------------------------------------------------------------------- */
typedef struct kith_store kith_store;
typedef struct kith_session kith_session;

/** How to open. */
typedef struct kith_options {
  size_t struct_size;
  int32_t must_exist; /**< 1: do not make a store where none is */
  int32_t read_only;  /**< 1: never write */
  int32_t busy_ms;    /**< how long a writer waits for another; 0: 5000 */
  int32_t seeded;     /**< 1: salts come from `seed`, for repeatable bytes in tests; never in production */
  uint64_t seed;
  const char* currency;            /**< base currency of a new store; NULL: USD */
  const char* zone;                /**< IANA zone of a new store; NULL: UTC */
  int64_t (*clock)(void* context); /**< UTC microseconds; NULL: the system's clock. May be called from any thread */
  void* context;                   /**< given to `clock`; outlives the store */
  int32_t keep_format;             /**< 1: refuse a store of an older format with VERSION, instead of migrating it */
} kith_options;

/** Opens "memory:", "sqlite:path" or a path; makes the store if it is new. `options` may be NULL. */
KITH_API int32_t kith_open(const char* url, size_t url_size, const kith_options* options, kith_store** out,
                           kith_error* error);
KITH_API void kith_store_free(kith_store* store);
/** What the store runs on, one sentence a line: for support, never to be parsed. */
KITH_API int32_t kith_doctor(kith_store* store, kith_text** out, kith_error* error);

/** A session that acts as a principal; NULL: "local", the administrator of an own file. */
KITH_API int32_t kith_session_open(kith_store* store, const char* principal, size_t size, kith_session** out,
                                   kith_error* error);
KITH_API void kith_session_free(kith_session* session);

/* --- Reading ----------------------------------------------------------------------------------------------- */

/** A snapshot of what the session's actor may see. Everything that takes one also takes that of a work. */
typedef struct kith_reader kith_reader;
/** One record of an entity; a copy that belongs to its owner alone. */
typedef struct kith_record kith_record;
/** Rows and named columns, all in memory; nothing changes it. */
typedef struct kith_table kith_table;

/** Which moment to show: as recorded, of a business day, or both. Given none: now. */
typedef struct kith_read_options {
  size_t struct_size;
  int64_t as_of_seq;  /**< the state right after that work */
  int64_t as_of_time; /**< the state as it was recorded at that time */
  int32_t valid_on;   /**< what held on that day: owner, unit, stage, status of that day; 0: no day */
} kith_read_options;

/** A snapshot; it stays as it is whatever is written later. `options` may be NULL. */
KITH_API int32_t kith_reader_open(kith_session* session, const kith_read_options* options, kith_reader** out,
                                  kith_error* error);
/** The last work that the snapshot shows. */
KITH_API int64_t kith_reader_seq(const kith_reader* reader);
KITH_API void kith_reader_free(kith_reader* reader);

/** What to list. All members may be left out. */
typedef struct kith_query {
  size_t struct_size;
  const char* where;                /**< "status = 'open' and amount >= :least"; values only as parameters */
  const kith_parameter* parameters; /**< of `where` */
  size_t parameter_count;
  const char* const* order; /**< "closed_on desc", "name"; the id decides between equals */
  size_t order_count;
  const char* const* fields; /**< columns wanted; none: all */
  size_t field_count;
  int64_t limit;                 /**< 0: no limit */
  const struct kith_list* lists; /**< of `where`, for "id in :ids"; see kith_expressions.h */
  size_t list_count;
} kith_query;

/** The record with that id. Error NOT_FOUND when it does not exist or the actor may not see it. */
KITH_API int32_t kith_get(const kith_reader* reader, const char* entity, int64_t id, kith_record** out,
                          kith_error* error);
/** All records of a query that the actor may see. `query` may be NULL: all. An end that is still open is null. */
KITH_API int32_t kith_find(const kith_reader* reader, const char* entity, const kith_query* query, kith_table** out,
                           kith_error* error);

/* --- Writing ----------------------------------------------------------------------------------------------- */

/** A transaction: everything in it happens, or nothing. One at a time in a session. */
typedef struct kith_work kith_work;

/** What a work says about itself. */
typedef struct kith_work_options {
  size_t struct_size;
  const char* cause;   /**< why, for the audit trail */
  const char* key;     /**< idempotency key; a second work with it changes nothing and gets the first one's receipt */
  const char* payload; /**< what the key stands for; the same key with another payload is KITH_ERROR_CONFLICT */
  size_t payload_size; /**< KITH_NUL allowed */
} kith_work_options;

/** What a committed work was. */
typedef struct kith_receipt {
  size_t struct_size;
  int64_t seq;      /**< its place in the order of works; 0 when it wrote nothing */
  int32_t replayed; /**< 1: the key was committed before, this is that receipt */
  int32_t reserved;
  const char* result; /**< what commit was given, then; belongs to the work */
  size_t result_size;
} kith_receipt;

/** Begins to write; waits for the writer before it at most `busy_ms`, then BUSY. `options` may be NULL. */
KITH_API int32_t kith_work_begin(kith_session* session, const kith_work_options* options, kith_work** out,
                                 kith_error* error);
/** The work's own view, which shows what it has written. Borrowed: lives as long as the work, is never freed. */
KITH_API const kith_reader* kith_work_reader(const kith_work* work);
/** 1 when the key was committed before: write nothing, commit to get the receipt. */
KITH_API int32_t kith_work_replayed(const kith_work* work);
/** Makes everything durable and ends the work. `result` is kept with the key; NULL: none. `receipt` may be NULL. */
KITH_API int32_t kith_work_commit(kith_work* work, const char* result, size_t size, kith_receipt* receipt,
                                  kith_error* error);
/** Rolls back what was not committed. */
KITH_API void kith_work_free(kith_work* work);

/** A new record with the defaults of its entity; not stored yet. */
KITH_API int32_t kith_record_new(kith_store* store, const char* entity, kith_record** out, kith_error* error);
/** Sets a field. Errors: INVALID for an unknown field (near names), a value of the wrong type, or a field that only
 *  verbs set. Money needs the record's currency, and gives it where the record has none yet. */
KITH_API int32_t kith_record_set(kith_record* record, const char* field, const kith_value* value, kith_error* error);
/** The same from text, as a CSV cell would be read: "2017-03-01", "1234.50", "organisation"; "" is null. */
KITH_API int32_t kith_record_set_text(kith_record* record, const char* field, const char* text, size_t size,
                                      kith_error* error);
/** Its value. Text is valid until the same field is asked for again or the record is freed. */
KITH_API int32_t kith_record_get(const kith_record* record, const char* field, kith_value* out, kith_error* error);
/** "customer". Static text. */
KITH_API const char* kith_record_entity(const kith_record* record);
KITH_API void kith_record_free(kith_record* record);

/** Adds the record through its area's own verb; the record then holds what was stored. `id` may be NULL. Errors also:
 *  INVALID where the entity has named verbs only (the message names them). */
KITH_API int32_t kith_create(kith_work* work, kith_record* record, int64_t* id, kith_error* error);
/** Replaces it; CONFLICT when its revision is no longer the stored one. */
KITH_API int32_t kith_update(kith_work* work, kith_record* record, kith_error* error);
/** Removes it; its past stays readable. */
KITH_API int32_t kith_remove(kith_work* work, const char* entity, int64_t id, int64_t revision, kith_error* error);

/* --- Tables ------------------------------------------------------------------------------------------------ */

KITH_API size_t kith_table_rows(const kith_table* table);
KITH_API size_t kith_table_columns(const kith_table* table);
/** Its stable name; belongs to the table. An empty text for a column that is not there. */
KITH_API const char* kith_table_column_name(const kith_table* table, size_t column);
/** KITH_ID ... KITH_TIMESTAMP; KITH_NULL for a column that is not there. */
KITH_API int32_t kith_table_column_type(const kith_table* table, size_t column);
/** One cell. */
KITH_API int32_t kith_table_value(const kith_table* table, size_t row, size_t column, kith_value* out,
                                  kith_error* error);
/** A JSON array with an object for each row. Ids, decimals and amounts are JSON texts, so that no reader's doubles
 *  spoil them; the currency of amount "x" stands beside it as "x_currency". */
KITH_API int32_t kith_table_to_json(const kith_table* table, kith_text** out, kith_error* error);
/** The table as an Arrow C stream; release it by its own release function, also after the table is freed. Decimals and
 *  amounts are decimal128, currencies a column "x_currency" of their own, times in UTC microseconds. */
KITH_API int32_t kith_table_stream(const kith_table* table, struct ArrowArrayStream* out, kith_error* error);
KITH_API void kith_table_free(kith_table* table);

/* --- Schema and reports ------------------------------------------------------------------------------------ */

/** The entities of a store: name, plural, and which of create, update and remove they take. */
KITH_API int32_t kith_entities(kith_store* store, kith_table** out, kith_error* error);
/** The fields of an entity, a row each: the data dictionary. */
KITH_API int32_t kith_fields(kith_store* store, const char* entity, kith_table** out, kith_error* error);
/** The reports: name and meaning. */
KITH_API int32_t kith_reports(kith_store* store, kith_table** out, kith_error* error);
/** What a report may be given: name, type, required, meaning. */
KITH_API int32_t kith_report_parameters(kith_store* store, const char* report, kith_table** out, kith_error* error);
/** Runs a report. */
KITH_API int32_t kith_report(const kith_reader* reader, const char* report, const kith_parameter* parameters,
                             size_t count, kith_table** out, kith_error* error);
#ifdef __cplusplus
}
#endif
#include "kith_areas.h"
#include "kith_commission.h"
#include "kith_expressions.h"
#include "kith_history.h"
#include "kith_run.h"
#include "kith_simulation.h"
#endif /* KITH_H */
