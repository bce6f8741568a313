/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_H
#define KITH_H
/**
 * \file
 * Kith for C, and for everything that speaks C. Conventions, once for all functions:
 *
 *  1. Every function that can fail returns KITH_OK (0) or a KITH_ERROR_* code and fills the last argument, a
 *     caller-owned kith_error; NULL there is allowed. Nothing is kept per thread. After a failure outputs are
 *     untouched and the store is as it was before the call.
 *  2. Text is UTF-8 with a length in bytes; KITH_NUL as the length means "up to the NUL". Text that is handed out is
 *     followed by a NUL too, and belongs to the object it came from.
 *  3. Objects are opaque. Who gets one from a `kith_*_open`, `_new`, `_begin` or through a `**out` owns it and gives
 *     it back to its `_free`; `_free(NULL)` does nothing. An object keeps alive what it came from, so any order of
 *     freeing is right; freeing a work that was not committed rolls it back.
 *  4. Structs that may grow begin with `struct_size`; set it to sizeof. Later versions append members only.
 *  5. Alternatives are int32_t numbers that never change meaning. Money is a whole number of minor units with its ISO
 *     4217 currency; no double crosses this boundary.
 *  6. A kith_store may be shared by threads. A session, and everything made from it, belongs to one thread at a time.
 *  7. No C++ exception crosses this boundary, and nothing here starts a thread, reads the environment or prints.
 *
 * Every function is "Since 0.1" unless it says otherwise.
 */

#include <stddef.h>
#include <stdint.h>

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
#define KITH_ERROR_NO_MEMORY 13 /**< memory ran out */
#define KITH_ERROR_INTERNAL 99  /**< a defect of Kith */

/** What went wrong. Texts are cut at a character's border where they do not fit, and always end with a NUL. */
typedef struct kith_error {
  size_t struct_size;   /**< sizeof(kith_error), set by the caller */
  int32_t code;         /**< KITH_ERROR_*; 0 after success */
  int32_t violations;   /**< number of broken rules behind a KITH_ERROR_INVALID; all stand in the message */
  char entity[64];      /**< "opportunity", or "" */
  char field[64];       /**< "amount", or "" */
  char message[1024];   /**< a sentence: what, where, how to mend it */
} kith_error;

/** The stable name of a code ("not_found"); "unknown" for others. Static text. */
KITH_API const char* kith_code_name(int32_t code);
/** "0.1.0". Static text. */
KITH_API const char* kith_version(void);

/* --- Values ------------------------------------------------------------------------------------------------ */

#define KITH_NULL 0
#define KITH_ID 1        /**< integer */
#define KITH_INTEGER 2   /**< integer */
#define KITH_BOOLEAN 3   /**< integer 0 or 1 */
#define KITH_TEXT 5      /**< text, size; also choices, by name, and currencies */
#define KITH_DECIMAL 6   /**< integer is the coefficient, scale its digits after the point */
#define KITH_MONEY 7     /**< integer is minor units, currency the ISO 4217 code */
#define KITH_DATE 9      /**< integer is days since 1970-01-01 */
#define KITH_TIMESTAMP 10 /**< integer is UTC microseconds since 1970-01-01 */

/** One value; 40 bytes, never grows. On the way in, text is only read during the call; on the way out it belongs to
 *  the object that was asked. */
typedef struct kith_value {
  int32_t type;       /**< KITH_NULL ... KITH_TIMESTAMP */
  int32_t scale;      /**< of KITH_DECIMAL, 0 to 18 */
  int64_t integer;
  const char* text;   /**< of KITH_TEXT */
  size_t size;        /**< of text, in bytes; KITH_NUL allowed on the way in */
  char currency[4];   /**< of KITH_MONEY, with a NUL */
  int32_t reserved;   /**< 0 */
} kith_value;

/** A value by name: parameters of filters and reports. */
typedef struct kith_parameter {
  const char* name;  /**< NUL-terminated */
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

/** How to open. Zeroed members mean the default. */
typedef struct kith_options {
  size_t struct_size;
  int32_t must_exist;   /**< 1: do not make a store where none is */
  int32_t read_only;    /**< 1: never write */
  int32_t busy_ms;      /**< how long a writer waits for another; 0: 5000 */
  int32_t seeded;       /**< 1: salts come from `seed`, for repeatable bytes in tests; never in production */
  uint64_t seed;
  const char* currency; /**< base currency of a new store, NUL-terminated; NULL: USD */
  const char* zone;     /**< IANA zone of a new store, NUL-terminated; NULL: UTC */
  int64_t (*clock)(void* context); /**< UTC microseconds; NULL: the system's clock. May be called from any thread */
  void* context;        /**< given to `clock` */
} kith_options;

/** Opens "memory:", "sqlite:path" or a path; makes the store if it is new. `options` may be NULL. */
KITH_API int32_t kith_open(const char* url, size_t url_size, const kith_options* options, kith_store** out,
                           kith_error* error);
KITH_API void kith_store_free(kith_store* store);

/** A session that acts as a principal; NULL: "local", the administrator of an own file. */
KITH_API int32_t kith_session_open(kith_store* store, const char* principal, size_t size, kith_session** out,
                                   kith_error* error);
KITH_API void kith_session_free(kith_session* session);
