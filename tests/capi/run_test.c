/* SPDX-License-Identifier: Apache-2.0 */
/* Works that are tried again: kith_session_run. */
#include <stddef.h>

#include "check.h"

/* What the calls of a run do, one entry a call. */
typedef struct script {
  kith_store* store;
  const kith_error* fates;
  int calls;
} script;

static int32_t add_customer(kith_work* work, void* context, kith_error* error) {
  script* told = context;
  const kith_error* fate = &told->fates[told->calls++];
  kith_record* customer = NULL;
  int64_t id = 0;
  int32_t code = kith_record_new(told->store, "customer", &customer, error);
  if (code == KITH_OK) code = kith_record_set_text(customer, "name", "Acme", KITH_NUL, error);
  if (code == KITH_OK) code = kith_create(work, customer, &id, error);
  kith_record_free(customer);
  if (code != KITH_OK || fate->code == KITH_OK) return code;
  *error = *fate;
  return fate->code;
}

static const kith_error fine = {.struct_size = sizeof fine};
static const kith_error busy = {.struct_size = sizeof busy, .code = KITH_ERROR_BUSY, .message = "busy"};
static const kith_error lost = {.struct_size = sizeof lost, .code = KITH_ERROR_STORAGE, .lost = KITH_LOST_WORK};
static const kith_error unknown = {
    .struct_size = sizeof unknown, .code = KITH_ERROR_STORAGE, .message = "who knows", .lost = KITH_LOST_COMMIT};
static const kith_error mine = {.struct_size = sizeof mine, .code = 1234, .message = "a reason of my own"};

static int32_t say_nothing(kith_work* work, void* context, kith_error* error) {
  (void)work;
  (void)context;
  (void)error;
  return 77;
}

static int32_t commit_itself(kith_work* work, void* context, kith_error* error) {
  (void)context;
  kith_work_free(work); /* is lent: nothing happens */
  return kith_work_commit(work, NULL, 0, NULL, error);
}

static size_t customers(const world* w) {
  kith_reader* reader = NULL;
  kith_table* table = NULL;
  OK(kith_reader_open(w->session, NULL, &reader, &check_error));
  OK(kith_find(reader, "customer", NULL, &table, &check_error));
  const size_t rows = (size_t)kith_table_rows(table);
  kith_table_free(table);
  kith_reader_free(reader);
  return rows;
}

static void a_run_is_tried_again_where_nothing_was_kept(void) {
  world w = open_world("memory:");
  const kith_error fates[] = {busy, lost, fine};
  script told = {w.store, fates, 0};
  int64_t seq = 0;
  OK(kith_session_run(w.session, NULL, add_customer, &told, NULL, &seq, &check_error));
  CHECK_INT(3, told.calls);
  CHECK(seq > 0);
  CHECK_INT(1, customers(&w));
  close_world(w);
}

static void an_unknown_commit_is_tried_again_only_with_a_key(void) {
  world w = open_world("memory:");
  const kith_error fates[] = {unknown, fine};
  script told = {w.store, fates, 0};
  FAILS(KITH_ERROR_STORAGE, "who knows",
        kith_session_run(w.session, NULL, add_customer, &told, NULL, NULL, &check_error));
  CHECK_INT(KITH_LOST_COMMIT, check_error.lost);
  CHECK_INT(0, customers(&w));
  told.calls = 0;
  const kith_work_options keyed = {.struct_size = sizeof keyed, .key = "k"};
  int64_t first = 0, again = 0;
  OK(kith_session_run(w.session, &keyed, add_customer, &told, NULL, &first, &check_error));
  CHECK_INT(2, told.calls);
  CHECK_INT(0, check_error.lost);
  OK(kith_session_run(w.session, &keyed, add_customer, &told, NULL, &again, &check_error));
  CHECK_INT(2, told.calls);
  CHECK_INT(first, again);
  CHECK_INT(1, customers(&w));
  close_world(w);
}

static void any_other_failure_rolls_back_at_once(void) {
  world w = open_world("memory:");
  script told = {w.store, &mine, 0};
  FAILS(1234, "of my own", kith_session_run(w.session, NULL, add_customer, &told, NULL, NULL, &check_error));
  CHECK_INT(1, told.calls);
  CHECK_INT(0, customers(&w));
  CHECK_INT(77, kith_session_run(w.session, NULL, say_nothing, NULL, NULL, NULL, &check_error));
  CHECK_INT(77, check_error.code);
  /* A caller that knows no member, or only the code, gets no byte more. */
  struct {
    kith_error error;
    char after[8];
  } small = {.error = {.struct_size = 0, .message = "mine"}};
  CHECK_INT(77, kith_session_run(w.session, NULL, say_nothing, NULL, NULL, NULL, &small.error));
  CHECK_TEXT("mine", small.error.message);
  small.error.struct_size = offsetof(kith_error, violations);
  told.calls = 0;
  CHECK_INT(1234, kith_session_run(w.session, NULL, add_customer, &told, NULL, NULL, &small.error));
  CHECK_INT(1234, small.error.code);
  CHECK_TEXT("mine", small.error.message);
  CHECK_INT(77, kith_session_run(w.session, NULL, say_nothing, NULL, NULL, NULL, NULL));
  const kith_error fates[] = {busy, busy};
  const kith_retry twice = {.struct_size = sizeof twice, .attempts = 2, .first_ms = 1};
  script often = {w.store, fates, 0};
  FAILS(KITH_ERROR_BUSY, "busy", kith_session_run(w.session, NULL, add_customer, &often, &twice, NULL, &check_error));
  CHECK_INT(2, often.calls);
  const kith_retry none = {.struct_size = sizeof none, .attempts = -1};
  FAILS(KITH_ERROR_MISUSE, "attempt",
        kith_session_run(w.session, NULL, add_customer, &often, &none, NULL, &check_error));
  FAILS(KITH_ERROR_MISUSE, "function", kith_session_run(w.session, NULL, NULL, NULL, NULL, NULL, &check_error));
  FAILS(KITH_ERROR_MISUSE, "session is NULL",
        kith_session_run(NULL, NULL, add_customer, &often, NULL, NULL, &check_error));
  close_world(w);
}

static void the_run_ends_the_work(void) {
  world w = open_world("memory:");
  FAILS(KITH_ERROR_MISUSE, "ends the work itself",
        kith_session_run(w.session, NULL, commit_itself, NULL, NULL, NULL, &check_error));
  close_world(w);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(a_run_is_tried_again_where_nothing_was_kept);
  RUN(an_unknown_commit_is_tried_again_only_with_a_key);
  RUN(any_other_failure_rolls_back_at_once);
  RUN(the_run_ends_the_work);
  return check_end();
}
