/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_TESTS_CHECK_H
#define KITH_TESTS_CHECK_H
/* Tests in strict C: a program runs its tests, counts them and ends with "N passed, N failed". */

#include <inttypes.h>
#include <kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_passed, check_failed, check_skipped, check_broken;
static kith_error check_error = {.struct_size = sizeof(kith_error)};

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      printf("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      ++check_broken;                                                      \
    }                                                                      \
  } while (0)

#define CHECK_INT(expected, found)                                                                    \
  do {                                                                                                \
    const int64_t want_ = (int64_t)(expected), got_ = (int64_t)(found);                               \
    if (want_ != got_) {                                                                              \
      printf("%s:%d: %s is %" PRId64 ", not %" PRId64 "\n", __FILE__, __LINE__, #found, got_, want_); \
      ++check_broken;                                                                                 \
    }                                                                                                 \
  } while (0)

#define CHECK_TEXT(expected, found)                                                                                 \
  do {                                                                                                              \
    const char *want_ = (expected), *got_ = (found);                                                                \
    if (got_ == NULL || strcmp(want_, got_) != 0) {                                                                 \
      printf("%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #found, got_ == NULL ? "NULL" : got_, want_); \
      ++check_broken;                                                                                               \
    }                                                                                                               \
  } while (0)

/* The call succeeds; its last argument is &check_error. */
#define OK(call)                                                                                 \
  do {                                                                                           \
    const int32_t code_ = (call);                                                                \
    if (code_ != KITH_OK) {                                                                      \
      printf("%s:%d: %s: %s\n", __FILE__, __LINE__, kith_code_name(code_), check_error.message); \
      ++check_broken;                                                                            \
    } else if (check_error.code != KITH_OK || check_error.message[0] != '\0') {                  \
      printf("%s:%d: success left an error behind\n", __FILE__, __LINE__);                       \
      ++check_broken;                                                                            \
    }                                                                                            \
  } while (0)

/* The call fails with that code, says why, and the message holds `words`. */
#define FAILS(expected, words, call)                                                                              \
  do {                                                                                                            \
    const int32_t code_ = (call);                                                                                 \
    if (code_ != (expected) || check_error.code != code_ || strstr(check_error.message, (words)) == NULL) {       \
      printf("%s:%d: expected %s with \"%s\", got %s: %s\n", __FILE__, __LINE__, kith_code_name(expected), words, \
             kith_code_name(code_), check_error.message);                                                         \
      ++check_broken;                                                                                             \
    }                                                                                                             \
  } while (0)

#define RUN(test)                    \
  do {                               \
    check_broken = 0;                \
    test();                          \
    if (check_broken == 0) {         \
      ++check_passed;                \
    } else {                         \
      ++check_failed;                \
      printf("FAILED: %s\n", #test); \
    }                                \
  } while (0)

/* Says why a test cannot run here. */
static inline void check_skip(const char* why) {
  printf("skipped: %s\n", why);
  ++check_skipped;
}

static inline int check_end(void) {
  printf("%d passed, %d failed, %d skipped\n", check_passed, check_failed, check_skipped);
  return check_failed == 0 && check_passed != 0 ? 0 : 1;
}

/* --- Helpers ------------------------------------------------------------------------------------------------ */

/* Days since 1970-01-01 of a Gregorian day. */
static inline int32_t day(int year, int month, int dom) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int yoe = y - era * 400;
  const int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dom - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* A clock that a test moves by hand. */
static int64_t check_now;
static inline int64_t check_clock(void* context) {
  (void)context;
  return check_now;
}
static inline void set_day(int year, int month, int dom) {
  check_now = (int64_t)day(year, month, dom) * 86400 * 1000000;
}

static inline kith_options check_options(void) {
  kith_options options = {.struct_size = sizeof options, .seeded = 1, .seed = 42, .clock = check_clock};
  return options;
}

static inline kith_value text_value(const char* text) {
  kith_value value = {.type = KITH_TEXT, .text = text, .size = KITH_NUL};
  return value;
}
static inline kith_value integer_value(int32_t type, int64_t integer) {
  kith_value value = {.type = type, .integer = integer};
  return value;
}
static inline kith_value money_value(int64_t minor, const char* currency) {
  kith_value value = {.type = KITH_MONEY, .integer = minor};
  memcpy(value.currency, currency, 4);
  return value;
}

static inline void set_text(kith_record* record, const char* field, const char* text) {
  OK(kith_record_set_text(record, field, text, KITH_NUL, &check_error));
}
static inline void set_id(kith_record* record, const char* field, int64_t id) {
  const kith_value value = integer_value(KITH_ID, id);
  OK(kith_record_set(record, field, &value, &check_error));
}
static inline kith_value field_of(const kith_record* record, const char* field) {
  kith_value value = {0};
  OK(kith_record_get(record, field, &value, &check_error));
  return value;
}

/* The column of that name; CHECKs that there is one. */
static inline size_t column_of(const kith_table* table, const char* name) {
  for (size_t i = 0; i < kith_table_columns(table); ++i) {
    if (strcmp(kith_table_column_name(table, i), name) == 0) return i;
  }
  printf("no column %s\n", name);
  ++check_broken;
  return 0;
}
static inline kith_value cell_of(const kith_table* table, size_t row, const char* column) {
  kith_value value = {0};
  OK(kith_table_value(table, row, column_of(table, column), &value, &check_error));
  return value;
}

/* A file beside the test program. */
static const char* check_program;
static inline const char* scratch(const char* name) {
  static char paths[8][512];
  static int next;
  char* path = paths[next++ % 8];
  snprintf(path, 512, "%s.%s", check_program, name);
  return path;
}
static inline void remove_store(const char* path) {
  char side[600];
  remove(path);
  snprintf(side, sizeof side, "%s-wal", path);
  remove(side);
  snprintf(side, sizeof side, "%s-shm", path);
  remove(side);
}
static inline void write_file(const char* path, const char* text) {
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL);
  if (file == NULL) return;
  CHECK(fwrite(text, 1, strlen(text), file) == strlen(text));
  CHECK(fclose(file) == 0);
}

/* A store in memory with a session of its administrator. */
typedef struct world {
  kith_store* store;
  kith_session* session;
} world;
static inline world open_world(const char* url) {
  world w = {NULL, NULL};
  const kith_options options = check_options();
  OK(kith_open(url, KITH_NUL, &options, &w.store, &check_error));
  OK(kith_session_open(w.store, NULL, 0, &w.session, &check_error));
  return w;
}
static inline void close_world(world w) {
  kith_session_free(w.session);
  kith_store_free(w.store);
}
static inline kith_work* begin(world w) {
  kith_work* work = NULL;
  OK(kith_work_begin(w.session, NULL, &work, &check_error));
  return work;
}
static inline void commit(kith_work* work) {
  OK(kith_work_commit(work, NULL, 0, NULL, &check_error));
  kith_work_free(work);
}
static inline kith_record* record_of(world w, const char* entity, const char* name_field, const char* name) {
  kith_record* record = NULL;
  OK(kith_record_new(w.store, entity, &record, &check_error));
  set_text(record, name_field, name);
  return record;
}
static inline int64_t create(kith_work* work, kith_record* record) {
  int64_t id = 0;
  OK(kith_create(work, record, &id, &check_error));
  kith_record_free(record);
  return id;
}

#endif
